"""Tests of estimating equations against explicit formulas and identities."""

import numpy as np
import pytest
import statsmodels.api as sm

from botox_analysis.numerics.counts.estimating_equations import CORRELATIONS, solve_counts
from tests.tolerances import TWO_OPTIMISERS


@pytest.fixture(scope="module")
def visits():
    """Simulate correlated counts of 40 subjects at 3 visits: counts, design of arm by visit, subject, visit."""
    rng = np.random.default_rng(5)
    subject, visit = np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    members = np.repeat(rng.gamma(4, 0.25, 40), 3)
    counts = rng.poisson(10 * members * np.exp(-0.2 * (subject % 2))).astype(float)
    cells = np.eye(6)[visit * 2 + subject % 2]
    return counts, cells, subject, visit


def mancl_derouen(counts, design, mean, variance, subject):
    """Compute the corrected sandwich under independence, subject by subject."""
    bread = np.linalg.inv((design * (mean**2 / variance)[:, None]).T @ design)
    meat = np.zeros_like(bread)
    for number in np.unique(subject):
        members = subject == number
        slope = design[members] * mean[members, None]
        inverse = np.diag(1 / variance[members])
        leverage = slope @ bread @ slope.T @ inverse
        score = slope.T @ inverse @ np.linalg.solve(np.eye(members.sum()) - leverage, counts[members] - mean[members])
        meat += np.outer(score, score)
    return bread @ meat @ bread


@pytest.mark.parametrize("dispersion", [0.0, 0.3])
def test_under_independence_the_variance_is_mancl_and_derouens_formula(visits, dispersion):
    counts, design, subject, visit = visits
    offset = np.log(np.linspace(10, 28, len(counts)))
    found = solve_counts(counts, design, offset, (subject, visit), dispersion, "independence")
    mean = np.exp(design @ found.beta + offset)
    expected = mancl_derouen(counts, design, mean, mean + dispersion * mean**2, subject)
    np.testing.assert_allclose(found.cov_beta, expected, rtol=TWO_OPTIMISERS, atol=1e-12)


def test_under_independence_the_coefficients_are_those_of_poisson_regression(visits):
    counts, design, subject, visit = visits
    found = solve_counts(counts, design, np.zeros(len(counts)), (subject, visit), 0.0, "independence")
    expected = sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-14).params
    np.testing.assert_allclose(found.beta, expected, rtol=TWO_OPTIMISERS)


@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_complete_visits_without_covariates_have_the_means_of_cells_under_any_correlation(visits, correlation):
    counts, design, subject, visit = visits
    found = solve_counts(counts, design, np.zeros(len(counts)), (subject, visit), 0.0, correlation)
    np.testing.assert_allclose(np.exp(found.beta), design.T @ counts / design.sum(axis=0), rtol=TWO_OPTIMISERS)


def test_the_correlation_corrects_means_for_missing_visits(visits):
    counts, design, _, visit = visits
    # Subjects with few days at the first visit drop out: means of observed cells are too high, those with correlation less so.
    stays = (visit == 0) | ~np.repeat(counts[visit == 0] < 8, 3)
    part = [number[stays] for number in visits]
    alone, together = (
        np.exp(solve_counts(part[0], part[1], np.zeros(stays.sum()), (part[2], part[3]), 0.0, word).beta)
        for word in ("independence", "exchangeable")
    )
    complete = design.T @ counts / design.sum(axis=0)
    assert np.abs(together - complete).sum() < np.abs(alone - complete).sum()


def test_equations_without_a_solution_return_none():
    counts = np.array([0.0, 0.0, 5.0, 3.0])
    design = np.repeat(np.eye(2), 2, axis=0)
    result = solve_counts(counts, design, np.zeros(4), (np.arange(4), np.zeros(4, dtype=int)), 0.0, "exchangeable")
    assert result is None or result.beta[0] < -15

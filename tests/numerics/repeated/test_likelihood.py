"""Tests of the likelihood from cross-products against the normal density, and of its derivatives against differences."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from botox_analysis.numerics.repeated.coordinates import FrameChart, ParameterChart
from botox_analysis.numerics.repeated.crossproducts import cross_products
from botox_analysis.numerics.repeated.likelihood import coefficient_hessian, data_hessian, evaluate, scores
from botox_analysis.numerics.repeated.problem import basis_of, pose
from botox_analysis.numerics.repeated.reml import gradient_of, is_mostly_dropout, maximise, pairwise_covariance, sequential_root
from botox_analysis.numerics.repeated.structures import STRUCTURES
from tests.tolerances import LONG_SUM

CENTRAL_FIRST = 1e-8
"""Relative error of extrapolated central differences of a likelihood near 100, at steps of 0.002."""

CENTRAL_SECOND = 1e-6
"""Relative error of second differences of the same likelihood."""

N_VISITS = 4
COLUMNS = np.array(
    [
        [[0, 1][arm] if at == visit else -1 for at in range(N_VISITS)] for visit in range(N_VISITS) for arm in range(2)
    ]
    + [[2] * N_VISITS]
    + [[3 if at == visit else -1 for at in range(N_VISITS)] for visit in range(N_VISITS)]
).T  # fmt: skip
"""Design with a mean for each arm at each visit, one slope of x for all visits, and one of z for each visit."""

STRUCTURED = [name for name, structure in STRUCTURES.items() if structure is not None]


def problem_of(data, *, restricted, n_kinds=1):
    cross = cross_products(data)
    return pose(cross, basis_of(cross, COLUMNS), restricted=restricted, n_kinds=n_kinds)


def long_form(data):
    """Yield the visits, rows of the design and responses of each subject."""
    arm, x, z = (quantity.values for quantity in data.quantities)
    for subject, seen in enumerate(np.isfinite(data.y)):
        values = np.array([arm[subject] == 0, arm[subject] == 1, x[subject], 0.0])[None, :].repeat(N_VISITS, axis=0)
        values[:, 3] = z[subject]
        rows = np.where(COLUMNS >= 0, np.take_along_axis(values, np.maximum(COLUMNS, 0), axis=1), 0.0)
        kind = 0 if data.kind is None else data.kind[subject]
        roots = np.ones(N_VISITS) if data.root_weights is None else data.root_weights[subject]
        yield kind, seen, rows[seen], data.y[subject, seen], np.outer(roots, roots)[np.ix_(seen, seen)]


def some_covariances(seed, n_kinds):
    root = np.eye(N_VISITS) + 0.3 * np.random.default_rng(seed).normal(size=(n_kinds, N_VISITS, N_VISITS))
    return root @ root.swapaxes(-1, -2)


@pytest.mark.parametrize("restricted", [False, True], ids=["ML", "REML"])
@pytest.mark.parametrize("choice", [{}, {"n_kinds": 2}, {"weighted": True}], ids=["plain", "two kinds", "weighted"])
def test_the_likelihood_is_the_normal_density_of_the_data_at_the_generalised_least_squares_fit(subject_data, restricted, choice):
    data = subject_data(1, **choice)
    n_kinds = choice.get("n_kinds", 1)
    sigma = some_covariances(2, n_kinds)
    rows = [(x, y, sigma[kind][np.ix_(seen, seen)] / roots) for kind, seen, x, y, roots in long_form(data)]
    information = sum(x.T @ np.linalg.solve(covariance, x) for x, _, covariance in rows)
    beta = np.linalg.solve(information, sum(x.T @ np.linalg.solve(covariance, y) for x, y, covariance in rows))
    expected = -sum(stats.multivariate_normal.logpdf(y, x @ beta, covariance) for x, y, covariance in rows)
    if restricted:
        expected += 0.5 * np.linalg.slogdet(information)[1] - 0.5 * len(beta) * np.log(2 * np.pi)
    point = evaluate(problem_of(data, restricted=restricted, n_kinds=n_kinds), sigma)
    assert point.nll == pytest.approx(expected, rel=LONG_SUM)


def test_coefficients_and_their_covariance_are_those_of_generalised_least_squares(subject_data):
    data, sigma = subject_data(3), some_covariances(4, 1)
    rows = [(x, y, sigma[0][np.ix_(seen, seen)]) for _, seen, x, y, _ in long_form(data)]
    cov_beta = np.linalg.inv(sum(x.T @ np.linalg.solve(covariance, x) for x, _, covariance in rows))
    problem = problem_of(data, restricted=True)
    point, to_columns = evaluate(problem, sigma), problem.basis.to_columns
    # The library's numbers are centred: slopes and differences between arms do not change.
    slopes = np.arange(2 * N_VISITS, COLUMNS.shape[1])
    arms = np.kron(np.eye(N_VISITS), [[-1.0, 1.0]])
    contrasts = np.vstack([np.eye(COLUMNS.shape[1])[slopes], np.hstack([arms, np.zeros((N_VISITS, len(slopes)))])])
    found = contrasts @ to_columns
    np.testing.assert_allclose(found @ point.phi @ found.T, contrasts @ cov_beta @ contrasts.T, atol=1e-12)
    beta = cov_beta @ sum(x.T @ np.linalg.solve(covariance, y) for x, y, covariance in rows)
    np.testing.assert_allclose(found @ (problem.beta_ols + point.beta), contrasts @ beta, atol=1e-11)
    np.testing.assert_allclose(point.half.T @ point.half, point.phi, atol=1e-12)


def test_many_covariances_at_once_have_the_likelihood_of_each_alone(subject_data):
    problem = problem_of(subject_data(5, n_kinds=2), restricted=True, n_kinds=2)
    stack = np.stack([some_covariances(seed, 2) for seed in range(3)])
    together = evaluate(problem, stack)
    np.testing.assert_allclose(together.nll, [evaluate(problem, sigma).nll for sigma in stack], rtol=LONG_SUM)


# ---- derivatives ----


@pytest.fixture(params=["unstructured", *STRUCTURED])
def charted(request, subject_data):
    """Make a problem, a chart of its covariances and a state away from the optimum."""

    def make(n_kinds, restricted):
        problem = problem_of(subject_data(6, n_kinds=n_kinds), restricted=restricted, n_kinds=n_kinds)
        structure, start = STRUCTURES[request.param], pairwise_covariance(problem)
        days = np.array([[0.0, 1, 2, 3], [0.0, 1, 3, 4]])[:n_kinds]
        distances, group = np.abs(days[:, :, None] - days[:, None, :]), np.arange(n_kinds)
        if structure is None:
            chart, state = FrameChart(N_VISITS, n_kinds), np.linalg.cholesky(start)
        else:
            chart = ParameterChart(structure, distances, group, n_kinds)
            state = np.concatenate([structure.begin(start[kind], distances[kind : kind + 1]) for kind in range(n_kinds)])
        n_parameters = chart.local(state).directions.shape[-3]
        return problem, chart, chart.move(state, np.random.default_rng(7).uniform(-0.1, 0.1, size=n_parameters))

    return make


def gradient_and_hessian(problem, chart, state):
    local = chart.local(state)
    point = evaluate(problem, chart.sigma(state))
    score = scores(problem, point, local.frame)
    curvature = local.curvature(score.g)
    by_data = data_hessian(problem, score, local.directions, score.m)
    by_coefficients = coefficient_hessian(problem, point, score, local.directions).total
    return gradient_of(score.g, local.directions), by_data + curvature + by_coefficients


def extrapolated(difference):
    """Compute central differences at two steps, extrapolated to remove the second-order error."""
    return (4 * difference(0.002) - difference(0.004)) / 3


@pytest.mark.parametrize("n_kinds", [1, 2])
@pytest.mark.parametrize("restricted", [False, True], ids=["ML", "REML"])
def test_the_gradient_is_that_of_the_likelihood(charted, n_kinds, restricted):
    problem, chart, state = charted(n_kinds, restricted)
    found, _ = gradient_and_hessian(problem, chart, state)

    def nll(step):
        return float(evaluate(problem, chart.sigma(chart.move(state, step))).nll)

    expected = [extrapolated(lambda h, e=e: (nll(h * e) - nll(-h * e)) / (2 * h)) for e in np.eye(len(found))]
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found, expected, atol=CENTRAL_FIRST * np.abs(expected).max())


@pytest.mark.long
@pytest.mark.parametrize("n_kinds", [1, 2])
@pytest.mark.parametrize("restricted", [False, True], ids=["ML", "REML"])
def test_the_hessian_is_that_of_the_likelihood_in_random_directions(charted, n_kinds, restricted):
    problem, chart, state = charted(n_kinds, restricted)
    _, found = gradient_and_hessian(problem, chart, state)

    def nll(step):
        return float(evaluate(problem, chart.sigma(chart.move(state, step))).nll)

    here = nll(np.zeros(len(found)))
    directions = np.random.default_rng(9).normal(size=(25, len(found)))
    expected = [extrapolated(lambda h, d=d: (nll(h * d) - 2 * here + nll(-h * d)) / h**2) for d in directions]
    quadratic = np.einsum("di,ij,dj->d", directions, found, directions)
    np.testing.assert_allclose(quadratic, expected, atol=CENTRAL_SECOND * np.abs(expected).max())
    np.testing.assert_allclose(found, found.T, atol=1e-10)


@pytest.mark.parametrize("restricted", [False, True], ids=["ML", "REML"])
def test_at_a_maximum_the_gradient_is_0_and_no_direction_leads_up(charted, restricted):
    problem, chart, state = charted(1, restricted)
    optimum = maximise(problem, chart, state)
    gradient, hessian = gradient_and_hessian(problem, chart, optimum.state)
    np.testing.assert_allclose(gradient, 0, atol=1e-9)
    np.testing.assert_allclose(optimum.hessian, hessian, rtol=1e-9, atol=1e-9)
    for step in 1e-3 * np.random.default_rng(8).normal(size=(10, len(gradient))):
        assert evaluate(problem, chart.sigma(chart.move(optimum.state, step))).nll > optimum.point.nll


def dropped_out(data):
    """Remove the values after the first missing one."""
    return replace(data, y=np.where(np.cumsum(np.isnan(data.y), axis=1) > 0, np.nan, data.y))


@pytest.mark.parametrize("n_kinds", [1, 2])
def test_both_starting_values_lead_to_one_maximum(subject_data, n_kinds):
    problem = problem_of(subject_data(2, n_kinds=n_kinds), restricted=True, n_kinds=n_kinds)
    roots = sequential_root(problem), np.linalg.cholesky(pairwise_covariance(problem))
    one, other = [maximise(problem, FrameChart(N_VISITS, n_kinds), root).sigma for root in roots]
    np.testing.assert_allclose(one, other, rtol=1e-8)


def test_with_dropout_alone_the_regressions_on_earlier_visits_start_near_the_maximum(subject_data):
    problem = problem_of(dropped_out(subject_data(2, n=2000)), restricted=True)
    root = sequential_root(problem)
    best = maximise(problem, FrameChart(N_VISITS, 1), root).point.nll
    ours, pairwise = [evaluate(problem, at).nll - best for at in (root @ root.swapaxes(1, 2), pairwise_covariance(problem))]
    assert 0 < ours < 0.1 * pairwise


def test_dropout_is_distinguished_from_gaps(subject_data):
    gaps = subject_data(2, n=400)
    assert not is_mostly_dropout(problem_of(gaps, restricted=True))
    assert is_mostly_dropout(problem_of(dropped_out(gaps), restricted=True))


def test_starting_values_are_positive_definite_where_few_subjects_have_all_visits(subject_data):
    data = subject_data(1)
    root = sequential_root(
        problem_of(replace(data, y=np.where(np.arange(len(data.y))[:, None] < 36, np.nan, data.y)), restricted=True)
    )
    assert (root.diagonal(axis1=1, axis2=2) > 0).all()
    assert (root == np.tril(root)).all()

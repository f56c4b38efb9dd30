"""Tests of adjusted p-values against other software, closed tests over all intersections, and their definition."""

import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botox_analysis.numerics.multiplicity.adjustment import (
    STATSMODELS,
    adjusted_p,
    double_false_discovery,
    exact_shares,
    graph_adjusted_p,
)
from tests.tolerances import ROUNDING

REFERENCE = Path(__file__).parents[2] / "reference" / "multiplicity"
P_ADJUST = pd.read_csv(REFERENCE / "p_adjust.csv")
GRAPHS = json.loads((REFERENCE / "graphs.json").read_text())
CLASSES = pd.read_csv(REFERENCE / "double_fdr.csv")

RECORDED = 1e-9
"""Rounding of the reference, which has nine decimals."""

p_values = st.one_of(st.sampled_from([0.0, 0.001, 0.0125, 0.02, 0.05, 1.0]), st.floats(0, 1))


@st.composite
def graphs(draw):
    """Draw weights, transitions and p-values of one to four hypotheses; many shares are 0, and rows add up to at most 1."""
    m = draw(st.integers(1, 4))
    shares = [draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)) for _ in range(m + 1)]
    is_full = [draw(st.integers(0, 1)) for _ in range(m + 1)]
    rows = []
    for number, (row, kept) in enumerate(zip(shares, is_full, strict=True)):
        moved = [0 if column == number - 1 else share for column, share in enumerate(row)]
        rows.append([Fraction(share, max(1, sum(moved) + kept)) for share in moved])
    return rows[0], rows[1:], draw(st.lists(p_values, min_size=m, max_size=m))


def closed(p, weights, transitions):
    """Compute the closed test: every intersection by a weighted Bonferroni test, with weights from a random walk."""
    p, w, g = np.array(p), np.array(weights, dtype=float), np.array(transitions, dtype=float)
    adjusted = np.zeros(len(p))
    for size in range(1, len(p) + 1):
        for inside in map(list, itertools.combinations(range(len(p)), size)):
            outside = [number for number in range(len(p)) if number not in inside]
            steps, visits = g[np.ix_(outside, outside)], np.eye(len(outside))
            for _ in range(40):
                visits, steps = visits + steps @ visits, steps @ steps
            shares = w[inside] + w[outside] @ (visits @ g[np.ix_(outside, inside)])
            least = min([p[number] / share for number, share in zip(inside, shares, strict=True) if share > 0], default=1.0)
            adjusted[inside] = np.maximum(adjusted[inside], min(1.0, least))
    return adjusted


@pytest.mark.parametrize("method", STATSMODELS)
def test_adjusted_p_values_are_those_of_the_reference(method):
    np.testing.assert_allclose(adjusted_p(P_ADJUST["p_value"], method), P_ADJUST[method], atol=RECORDED)


def test_the_reference_has_all_methods():
    assert set(P_ADJUST.columns) == {"p_value", *STATSMODELS}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_give_the_published_adjusted_p_values(name):
    graph = GRAPHS[name]
    found = graph_adjusted_p(graph["p_value"], graph["weights"], graph["transitions"])
    np.testing.assert_allclose(found, graph["p_adjusted"], atol=ROUNDING)


@given(graphs())
def test_the_graphical_procedure_is_the_closed_test(graph):
    weights, transitions, p = graph
    found = graph_adjusted_p(p, np.array(weights, dtype=object), np.array(transitions, dtype=object))
    np.testing.assert_allclose(found, closed(p, weights, transitions), atol=1e-10)


@given(graphs())
def test_decimals_give_the_p_values_of_fractions(graph):
    weights, transitions, p = graph
    exact = graph_adjusted_p(p, np.array(weights, dtype=object), np.array(transitions, dtype=object))
    decimal = graph_adjusted_p(p, np.array(weights, dtype=float), np.array(transitions, dtype=float))
    np.testing.assert_allclose(decimal, exact, atol=1e-10)


def test_hommel_is_closed_testing_by_simes():
    for seed in range(200):
        p = np.random.default_rng(seed).random(4).round(2)
        expected = np.zeros(4)
        for size in range(1, 5):
            for inside in map(list, itertools.combinations(range(4), size)):
                simes = (np.sort(p[inside]) * size / np.arange(1, size + 1)).min()
                expected[inside] = np.maximum(expected[inside], simes)
        np.testing.assert_allclose(adjusted_p(p, "hommel"), expected, atol=ROUNDING)


def test_a_hypothesis_without_a_share_is_never_rejected_even_with_a_p_value_of_zero():
    assert graph_adjusted_p([0.2, 0.0], [1, 0], [[0, 0], [0, 0]]).tolist() == [0.2, 1.0]


def test_an_infinitesimal_share_does_not_reject_a_p_value_of_zero_before_its_turn():
    epsilon = Fraction(1, 10**30)
    rows = [[0, 1 - epsilon, epsilon], [1 - epsilon, 0, epsilon], [0, 0, 0]]
    found = graph_adjusted_p([0.01, 0.02, 0.0], [Fraction(1, 2), Fraction(1, 2), Fraction(0)], rows)
    np.testing.assert_allclose(found, [0.02, 0.02, 0.02], atol=ROUNDING)


def test_decimals_of_simple_fractions_are_those_fractions():
    assert exact_shares([1 / 3, 1 / 3, 1 / 3], "weights") == (Fraction(1, 3),) * 3
    assert exact_shares([0.1] * 10, "weights") == (Fraction(1, 10),) * 10
    assert exact_shares([2**-0.5], "weights") == (Fraction(2**-0.5),)


def test_shares_above_one_by_rounding_are_scaled():
    scaled = exact_shares([0.5, 0.5, Fraction(1, 10**30)], "weights")
    assert sum(scaled) == 1
    assert scaled[2] > 0


def benjamini_hochberg(p):
    """Compute adjusted p-values of fractions by their definition, with exact ties."""
    return [min(other * len(p) / sum(value <= other for value in p) for other in p if other >= least) for least in p]


def class_levels(p, classes):
    return benjamini_hochberg(
        [
            min(benjamini_hochberg([value for value, number in zip(p, classes, strict=True) if number == one]))
            for one in range(max(classes) + 1)
        ]
    )


def flagged_at(level, p, classes):
    """Compute the double false discovery rate by its definition."""
    levels = class_levels(p, classes)
    pool = [number for number, one in enumerate(classes) if levels[one] <= level]
    adjusted = benjamini_hochberg([p[number] for number in pool])
    return [number in pool and adjusted[pool.index(number)] <= level for number in range(len(p))]


@st.composite
def terms(draw, most):
    """Draw p-values as fractions, so that ties are exact, and a class for each, numbered from 0."""
    m = draw(st.integers(1, most))
    p = [Fraction(draw(st.sampled_from([0, 1, 5, 10, 25, 40, 50, 100, 1000]) | st.integers(0, 1000)), 2000) for _ in range(m)]
    classes = pd.factorize(np.array([draw(st.integers(0, 2)) for _ in range(m)]))[0].tolist()
    return p, classes


def test_flagged_terms_are_those_of_c212():
    _, flagged = double_false_discovery(CLASSES["p_value"], pd.factorize(CLASSES["within"])[0], 0.05)
    assert flagged.tolist() == CLASSES["double false discovery rate"].tolist()


@pytest.mark.parametrize("method", ["benjamini-hochberg", "bonferroni"])
def test_rejected_terms_are_those_of_c212(method):
    assert (adjusted_p(CLASSES["p_value"], method) <= 0.05).tolist() == CLASSES[method].tolist()


@given(terms(7))
def test_the_adjusted_p_value_is_the_smallest_level_at_which_a_term_is_flagged(terms):
    p, classes = terms
    steps = {Fraction(1), *class_levels(p, classes)}
    for size in range(1, max(classes) + 2):
        for pool in itertools.combinations(range(max(classes) + 1), size):
            steps.update(benjamini_hochberg([value for value, number in zip(p, classes, strict=True) if number in pool]))
    flagged = {level: flagged_at(level, p, classes) for level in sorted(steps)}
    expected = [next(float(level) for level, those in flagged.items() if those[number]) for number in range(len(p))]
    adjusted, _ = double_false_discovery([float(value) for value in p], classes, 0.05)
    np.testing.assert_allclose(adjusted, expected, atol=ROUNDING)


def test_a_class_that_enters_exactly_at_the_level_counts():
    # Alone, the class of 0.02 is flagged from 0.02 * 5 / 4 = 0.025 on; at 2 * 0.0125 the other class enters: 0.02 * 7 / 5.
    adjusted, flagged = double_false_discovery([0, 0, 0, 0.0125, 0.02, 0.05, 0.05], [0, 0, 0, 1, 0, 0, 1], 0.025)
    assert adjusted[4] == pytest.approx(0.028)
    assert flagged.tolist() == [True, True, True, True, False, False, False]


@given(terms(12), st.integers(1, 1000))
def test_a_term_is_flagged_by_both_steps_at_the_level(terms, level):
    p, classes = terms
    flagged = double_false_discovery([float(value) for value in p], classes, level / 2000)[1]
    assert flagged.tolist() == flagged_at(Fraction(level, 2000), p, classes)


def test_one_class_for_all_is_benjamini_and_hochberg():
    p = CLASSES["p_value"].to_numpy()
    adjusted, _ = double_false_discovery(p, np.zeros(len(p), dtype=int), 0.05)
    np.testing.assert_allclose(adjusted, adjusted_p(p, "benjamini-hochberg"), atol=ROUNDING)


def test_one_class_for_each_hypothesis_is_benjamini_and_hochberg():
    p = CLASSES["p_value"].to_numpy()
    adjusted, _ = double_false_discovery(p, np.arange(len(p)), 0.05)
    np.testing.assert_allclose(adjusted, adjusted_p(p, "benjamini-hochberg"), atol=ROUNDING)

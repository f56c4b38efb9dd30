"""Limits of proportions against R, statsmodels, and what must hold for any counts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from botox_analysis.numerics.proportions import (
    difference_std_error,
    newcombe_difference,
    wald_difference,
    wilson_interval,
)

REFERENCE = pd.read_csv(Path(__file__).parent.parent / "reference" / "proportions" / "newcombe.csv")
PRINTED = 1e-9
"""R printed ten significant digits."""

SAME_FORMULA = 1e-12
"""Rounding, where another implementation has the same formula."""


@pytest.mark.parametrize("row", REFERENCE.to_dict("records"), ids=REFERENCE["comparison"])
def test_newcombe_limits_are_those_of_r(row):
    low, high = newcombe_difference(
        [row["n_events"]], [row["n_total"]], [row["n_events_reference"]], [row["n_total_reference"]], 0.95
    )
    assert (low[0], high[0]) == pytest.approx((row["conf_low"], row["conf_high"]), abs=PRINTED)


def test_the_reference_has_all_four_comparisons():
    assert len(REFERENCE) == 4


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_limits_are_those_of_statsmodels_for_all_counts_up_to_forty(level):
    n_events, n_total = np.array([(x, n) for n in range(1, 41) for x in range(n + 1)]).T
    expected = proportion_confint(n_events, n_total, alpha=1 - level, method="wilson")
    np.testing.assert_allclose(wilson_interval(n_events, n_total, level), expected, atol=SAME_FORMULA)


def test_newcombe_limits_are_those_of_statsmodels():
    for x1, n1, x2, n2 in [(0, 10, 0, 10), (10, 10, 0, 10), (3, 7, 5, 9), (29, 716, 1, 40)]:
        expected = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb")
        found = newcombe_difference([x1], [n1], [x2], [n2], 0.95)
        np.testing.assert_allclose(np.ravel(found), expected, atol=SAME_FORMULA)


def test_wald_limits_are_those_of_statsmodels():
    expected = confint_proportions_2indep(49, 161, 21, 140, method="wald")
    np.testing.assert_allclose(np.ravel(wald_difference([49], [161], [21], [140], 0.95)), expected, atol=SAME_FORMULA)


def test_no_events_start_the_interval_at_zero():
    assert wilson_interval([0], [31], 0.95)[0][0] == 0


def test_all_events_end_the_interval_at_one():
    assert wilson_interval([31], [31], 0.95)[1][0] == 1


def test_an_empty_arm_has_no_limits():
    assert np.isnan(wilson_interval([0], [0], 0.95)).all()
    assert np.isnan(newcombe_difference([0], [0], [3], [7], 0.95)).all()
    assert np.isnan(difference_std_error([3], [7], [0], [0])).all()


counts = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None, max_examples=60)
@given(counts)
def test_swapping_events_and_non_events_mirrors_the_limits(table):
    x, n = table
    low, high = wilson_interval([x], [n], 0.95)
    low_mirrored, high_mirrored = wilson_interval([n - x], [n], 0.95)
    assert (low[0], high[0]) == pytest.approx((1 - high_mirrored[0], 1 - low_mirrored[0]), abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(counts, counts)
def test_swapping_the_arms_turns_the_limits_round(one, other):
    low, high = newcombe_difference([one[0]], [one[1]], [other[0]], [other[1]], 0.95)
    low_swapped, high_swapped = newcombe_difference([other[0]], [other[1]], [one[0]], [one[1]], 0.95)
    assert (low[0], high[0]) == pytest.approx((-high_swapped[0], -low_swapped[0]), abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(counts, counts)
def test_newcombe_limits_hold_the_difference_and_stay_between_minus_one_and_one(one, other):
    low, high = newcombe_difference([one[0]], [one[1]], [other[0]], [other[1]], 0.95)
    difference = one[0] / one[1] - other[0] / other[1]
    assert -1 <= low[0] <= difference <= high[0] <= 1

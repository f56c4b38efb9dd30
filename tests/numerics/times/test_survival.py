"""Tests of the Kaplan-Meier curve against R, statsmodels, SciPy, and samples without censoring."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from botox_analysis.numerics.times.survival import kaplan_meier, quantile_time, restricted_mean, survival_limits

REFERENCE = Path(__file__).parents[2] / "reference" / "survival"
KNOWN = pd.read_csv(REFERENCE / "known_values.csv", dtype={"value": str})
SHARE = (0.25, 0.5, 0.75)


def half_a_unit(printed):
    """Compute half a unit of the last printed digit."""
    mantissa, _, exponent = printed.partition("e")
    return 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])) * (1 + 1e-9)


def sample(data, arm):
    rows = pd.read_csv(REFERENCE / f"{data}.csv").query("arm == @arm")
    return rows["time"].to_numpy(), rows["observed"].to_numpy(dtype=bool)


def quantity(data, arm, what, time):
    curve = kaplan_meier(*sample(data, arm))
    at = np.flatnonzero(curve.time == time)
    if what == "median":
        return quantile_time(curve, 0.5, 0.95)[0]
    if what.startswith("restricted mean"):
        mean, variance = restricted_mean(curve, time)
        return np.sqrt(variance) if "std_error" in what else mean
    return float({"survival": curve.survival, "std_error": curve.std_error}[what][at][0])


ONE_SAMPLE = KNOWN[KNOWN["quantity"].isin(["survival", "std_error", "median", "restricted mean", "restricted mean std_error"])]


@pytest.mark.parametrize("known", list(ONE_SAMPLE.itertuples()), ids=lambda row: f"{row.arm}-{row.quantity}-{row.time}")
def test_curves_medians_and_restricted_means_are_those_of_r(known):
    found = quantity(known.data, known.arm, known.quantity, known.time)
    assert found == pytest.approx(float(known.value), abs=half_a_unit(known.value), rel=0)


def censored(seed, n=60, days=40):
    rng = np.random.default_rng(seed)
    return rng.integers(1, days, n).astype(float), rng.uniform(size=n) < 0.6


@pytest.mark.parametrize("seed", range(5))
def test_survival_and_standard_errors_are_those_of_statsmodels(seed):
    time, observed = censored(seed)
    curve, other = kaplan_meier(time, observed), SurvfuncRight(time, observed.astype(int))
    at = curve.n_events > 0
    np.testing.assert_allclose(curve.survival[at], other.surv_prob, rtol=1e-12)
    np.testing.assert_allclose(curve.std_error[at], np.where(other.surv_prob > 0, other.surv_prob_se, np.nan), rtol=1e-12)
    np.testing.assert_array_equal(curve.n_at_risk[at], other.n_risk)


@pytest.mark.parametrize("seed", range(5))
def test_limits_are_those_of_scipy(seed):
    time, observed = censored(seed)
    observed[time == time.min()], observed[time == time.max()] = True, False  # SciPy warns without limits
    curve = kaplan_meier(time, observed)
    low, high = survival_limits(curve, 0.9)
    data = scipy.stats.CensoredData.right_censored(time, ~observed)
    interval = scipy.stats.ecdf(data).sf.confidence_interval(0.9, method="log-log")
    np.testing.assert_allclose(low, interval.low.probabilities, rtol=1e-12)
    np.testing.assert_allclose(high, interval.high.probabilities, rtol=1e-12)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", SHARE)
def test_limits_of_quantiles_are_those_of_statsmodels(seed, share):
    time, observed = censored(seed)
    observed[time == time.max()] = False  # statsmodels takes a logarithm of 0 where the curve is 0
    _, low, high = quantile_time(kaplan_meier(time, observed), share, 0.95)
    assert (low, high) == SurvfuncRight(time, observed.astype(int)).quantile_ci(share)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.sampled_from(SHARE))
def test_quantiles_without_censoring_are_those_of_the_sample(values, share):
    curve = kaplan_meier(values, np.ones(len(values), dtype=bool))
    # Quantiles as in SAS (definition 5): the middle where the empirical distribution is flat.
    assert quantile_time(curve, share, 0.95)[0] == np.quantile(values, share, method="averaged_inverted_cdf")


@given(st.lists(st.integers(1, 9), min_size=2, max_size=12), st.integers(1, 12))
def test_a_restricted_mean_without_censoring_is_a_mean_and_its_variance_that_of_a_mean(values, horizon):
    shorter = np.minimum(values, horizon)
    mean, variance = restricted_mean(kaplan_meier(values, np.ones(len(values), dtype=bool)), horizon)
    assert mean == pytest.approx(shorter.mean(), abs=1e-12)
    assert variance == pytest.approx(shorter.var() / len(values), abs=1e-12)


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=3, max_size=12))
def test_an_infinitesimal_jackknife_gives_the_same_variance_of_a_restricted_mean(pairs):
    time, observed = (np.array(column) for column in zip(*pairs, strict=True))
    horizon, n = float(time.max()), len(time)
    assume(observed.any())

    def mean(weights):
        survival, area, before = 1.0, 0.0, 0.0
        for when in np.unique(time):
            area += survival * (when - before)
            before = when
            at_risk = weights[time >= when].sum()
            survival *= 1 - weights[(time == when) & observed].sum() / at_risk
        return area + survival * (horizon - before)

    step = 1e-5
    slopes = [(mean(np.ones(n) + step * own) - mean(np.ones(n) - step * own)) / (2 * step) for own in np.eye(n)]
    # Contributions of a subject at different times are uncorrelated, so that the squares of their sums add up to Greenwood's sum.
    assert restricted_mean(kaplan_meier(time, observed), horizon)[1] == pytest.approx(sum(np.square(slopes)), abs=1e-7)


def test_a_subject_censored_at_the_time_of_an_event_is_at_risk_for_it():
    curve = kaplan_meier([5, 5, 7], [True, False, True])
    assert curve.n_at_risk.tolist() == [3, 1]
    assert curve.survival[0] == pytest.approx(2 / 3)


def test_without_events_the_curve_stays_at_one_and_has_no_quantiles():
    curve = kaplan_meier([3, 4], [False, False])
    assert curve.survival.tolist() == [1, 1]
    assert quantile_time(curve, 0.5, 0.95) == (np.inf, np.inf, np.inf)
    assert restricted_mean(curve, 4) == (4, 0)


def test_at_0_the_curve_has_no_standard_error_and_the_median_no_upper_limit():
    curve = kaplan_meier([2, 3], [True, True])
    assert np.isnan(curve.std_error[1])
    assert quantile_time(curve, 0.5, 0.95) == (2.5, 2, np.inf)


def test_a_curve_within_rounding_of_a_half_is_a_half():
    # 5/6 * 4/5 * 3/4 is not 1/2 in floating point.
    assert quantile_time(kaplan_meier([1, 2, 3, 4, 5, 6], [True] * 6), 0.5, 0.95)[0] == 3.5


@pytest.mark.parametrize("n", [40, 4000])
def test_a_curve_of_many_factors_reaches_a_half_where_half_of_the_subjects_have_had_the_event(n):
    curve = kaplan_meier(np.arange(1.0, n + 1), np.ones(n, dtype=bool))
    assert quantile_time(curve, 0.5, 0.95)[0] == (n + 1) / 2

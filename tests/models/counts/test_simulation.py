"""Whether limits of standardised estimates hold the truth as often as they say, under models that are wrong."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

pytestmark = pytest.mark.slow

N_TRIALS = 400
NOMINAL = 0.95
FOUR_STANDARD_ERRORS = 4 * np.sqrt(0.95 * 0.05 / N_TRIALS)
ARMS = ["placebo", "155 U"]


def simulate(rng, n_per_arm):
    """Days out of 28 whose chance has a hump over the baseline and varies more in one arm: no model here has that."""
    n = 2 * n_per_arm
    baseline = rng.integers(8, 29, n)
    arm = rng.permutation(np.arange(n) % 2)
    chance = 0.25 + 0.4 * np.exp(-(((baseline - 20) / 5) ** 2)) - arm * 0.1 * (baseline > 18)
    size = np.where(arm == 1, 2.0, 6.0)
    value = rng.binomial(28, rng.beta(size * chance, size * (1 - chance)))
    frame = pd.DataFrame(
        {"subject": np.arange(n), "arm": np.array(ARMS)[arm], "visit": "week 24", "baseline": baseline, "value": value}
    )
    return ba.as_outcomes(frame, endpoint="headache days", arms=ARMS, visits=["week 24"])


TRUE_DIFFERENCE = -28 * 0.1 * np.mean(np.arange(8, 29) > 18)


@pytest.fixture(scope="module")
def true_risk_difference():
    rng = np.random.default_rng(99)
    outcomes = simulate(rng, 400_000)
    share = (outcomes["value"] <= 0.5 * outcomes["baseline"]).groupby(outcomes["arm"], observed=True).mean()
    return share["155 U"] - share["placebo"]


def coverage(fit, truth, n_per_arm=60):
    rng = np.random.default_rng(2024)
    held = 0
    for _ in range(N_TRIALS):
        row = fit(simulate(rng, n_per_arm)).differences().iloc[0]
        held += row["conf_low"] <= truth <= row["conf_high"]
    return held / N_TRIALS


@pytest.mark.parametrize("distribution", ["negative binomial", "beta-binomial", "quasi-Poisson"])
def test_limits_of_differences_in_days_hold_the_truth_under_a_wrong_model(distribution):
    found = coverage(lambda outcomes: ba.fit_counts(outcomes, distribution=distribution), TRUE_DIFFERENCE)
    assert abs(found - NOMINAL) < FOUR_STANDARD_ERRORS


def test_limits_of_risk_differences_hold_the_truth_under_a_wrong_model(true_risk_difference):
    assert abs(coverage(ba.fit_binary, true_risk_difference) - NOMINAL) < FOUR_STANDARD_ERRORS


def simulate_events(rng, n_per_arm):
    """Clustered events whose rate has a hump over age and goes down in time, seen for times that go with age and arm."""
    n = 2 * n_per_arm
    age, arm = rng.integers(20, 66, n), rng.permutation(np.arange(n) % 2)
    days = np.ceil(rng.uniform(30, 168, n) * np.where(age > 45, 0.6, 1.0) * (1 - 0.3 * arm))
    early = np.minimum(days, 40) + 0.3 * np.maximum(days - 40, 0)
    rate = 0.01 * (0.5 + np.exp(-(((age - 40) / 8) ** 2))) * (1 + 0.4 * arm) * rng.gamma(1.0, 1.0, n)
    frame = pd.DataFrame(
        {"subject": np.arange(n), "arm": np.array(ARMS)[arm], "visit": "time observed", "age": age, "exposure_days": days,
         "value": rng.poisson(rate * early)}
    )  # fmt: skip
    return ba.as_outcomes(frame, endpoint="adverse events", arms=ARMS, visits=["time observed"])


@pytest.fixture(scope="module")
def true_log_rate_ratio():
    outcomes = simulate_events(np.random.default_rng(99), 400_000)
    sums = outcomes.groupby("arm", observed=True)[["value", "exposure_days"]].sum()
    return float(np.log(sums["value"] / sums["exposure_days"]).diff().iloc[1])


@pytest.mark.parametrize("distribution", ["negative binomial", "quasi-Poisson"])
def test_limits_of_event_rate_ratios_hold_the_truth_under_a_wrong_model(true_log_rate_ratio, distribution):
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(N_TRIALS):
        row = ba.fit_counts(simulate_events(rng, 120), distribution=distribution, covariates=("age",)).log_ratios().iloc[0]
        held += row["conf_low"] <= true_log_rate_ratio <= row["conf_high"]
    assert abs(held / N_TRIALS - NOMINAL) < FOUR_STANDARD_ERRORS

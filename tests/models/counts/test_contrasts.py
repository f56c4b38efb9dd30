"""Contrasts of standardised means: identities with differences and independent arms, linearity, refusals."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.measures import scaled, unit
from tests.tolerances import ROUNDING

ARMS = ("placebo", "155 U", "195 U")
VISITS = ("week 12", "week 24")
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high", "p_value", "n"]


@pytest.fixture(scope="module")
def frame():
    """Days of three arms of 50 at two visits, a tenth of the values missing."""
    rng = np.random.default_rng(7)
    n = 150
    baseline = rng.integers(8, 29, n)
    chance = np.clip(baseline[:, None] / 28 - 0.08 * (np.arange(n) % 3)[:, None] + rng.normal(0, 0.15, (n, 2)), 0.02, 0.98)
    days = rng.binomial(28, chance).astype(float)
    days[rng.uniform(size=days.shape) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n), 2),
            "arm": np.repeat(np.array(ARMS)[np.arange(n) % 3], 2),
            "visit": np.tile(VISITS, n),
            "baseline": np.repeat(baseline, 2),
            "value": days.ravel(),
        }
    )


def outcomes_of(frame, arms=ARMS):
    return ba.as_outcomes(frame, endpoint="headache days", arms=list(arms), visits=list(VISITS))


FITS = {
    "binary": lambda outcomes: ba.fit_binary(outcomes, reduction=0.25),
    "binary, fixed covariates": lambda outcomes: ba.fit_binary(outcomes, reduction=0.25, variance="ge"),
    "negative binomial": ba.fit_counts,
    "beta-binomial": lambda outcomes: ba.fit_counts(outcomes, distribution="beta-binomial"),
    "estimating equations": lambda outcomes: ba.fit_counts(outcomes, correlation="exchangeable"),
}


@pytest.fixture(scope="module", params=FITS)
def fit(request, frame):
    return FITS[request.param](outcomes_of(frame))


# Identities -----------------------------------------------------------------------------------------------------------


def test_a_contrast_of_an_arm_with_the_reference_is_the_difference(fit):
    pairs = {f"{arm}, {visit}": {(arm, visit): 1, (ARMS[0], visit): -1} for visit in VISITS for arm in ARMS[1:]}
    found, expected = fit.contrasts(pairs, conf_level=0.9), fit.differences(conf_level=0.9)
    np.testing.assert_allclose(found[NUMBERS], expected[NUMBERS], rtol=1e-12)
    assert found["category"].tolist() == list(pairs)
    assert found["visit"].tolist() == expected["visit"].tolist()


def test_a_contrast_is_linear_in_the_means(fit):
    weights = {"placebo": -1.0, "155 U": 0.25, "195 U": 0.75}
    found = fit.contrasts({"weighted": {(arm, "week 24"): weight for arm, weight in weights.items()}})
    means = fit.means().query("visit == 'week 24'").set_index("arm")["estimate"]
    assert found["estimate"].item() == pytest.approx(sum(weight * means[arm] for arm, weight in weights.items()), rel=1e-12)


def test_twice_the_weights_are_twice_the_estimate_and_its_standard_error(fit):
    once, twice = (
        fit.contrasts({"of two": {("195 U", "week 12"): each, ("155 U", "week 12"): -each}}).iloc[0] for each in (1.0, 2.0)
    )
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        assert twice[name] == pytest.approx(2 * once[name], rel=1e-12)
    assert twice["p_value"] == pytest.approx(once["p_value"], rel=1e-12)


@pytest.mark.long
def test_the_order_of_the_arms_moves_no_contrast(frame):
    asked = {"toxin": {("155 U", "week 24"): 0.5, ("195 U", "week 24"): 0.5, ("placebo", "week 24"): -1.0}}
    for fit_of in FITS.values():
        one, other = (fit_of(outcomes_of(frame, arms)).contrasts(asked) for arms in (ARMS, ARMS[::-1]))
        np.testing.assert_allclose(one[NUMBERS], other[NUMBERS], rtol=ROUNDING)


def test_without_covariates_a_contrast_has_the_variance_of_independent_proportions(frame):
    fit = ba.fit_binary(outcomes_of(frame), reduction=0.25, covariates=(), visits=["week 24"])
    weights = np.array([-1.0, 0.5, 0.5])
    found = fit.contrasts({"toxin": {(arm, "week 24"): weight for arm, weight in zip(ARMS, weights, strict=True)}}).iloc[0]
    means = fit.means()
    p, n = means["estimate"].to_numpy(), means["n"].to_numpy()
    assert found["std_error"] == pytest.approx(np.sqrt((weights**2 * p * (1 - p) / (n - 1)).sum()), rel=ROUNDING)
    assert found["n"] == n.sum()


def test_a_combination_of_one_mean_is_that_mean_with_its_standard_error(fit):
    cells = {f"{arm}, {visit}": {(arm, visit): 1} for visit in VISITS for arm in ARMS}
    names = ["estimate", "std_error", "n"]
    found = fit.combinations(cells)
    np.testing.assert_allclose(found[names], fit.means()[names], rtol=1e-12)
    assert found["p_value"].isna().all()


def test_values_without_spread_have_a_contrast_without_a_p_value(frame):
    days = frame.assign(value=frame["arm"].map({"placebo": 20.0, "155 U": 14.0, "195 U": 14.0}))
    fit = ba.fit_counts(outcomes_of(days), covariates=(), visits=["week 24"])
    found = fit.contrasts({"toxins": {("195 U", "week 24"): 1, ("155 U", "week 24"): -1}}).iloc[0]
    assert (found["std_error"], found["note"].split("; ")[-1]) == (0.0, "no p-value: the values have no spread")
    assert np.isnan(found["p_value"])


def test_a_contrast_of_proportions_names_the_response_and_is_written_in_percentage_points(frame):
    found = FITS["binary"](outcomes_of(frame)).contrasts({"toxins": {("195 U", "week 24"): 1, ("155 U", "week 24"): -1}})
    assert found[["category", "within", "measure"]].iloc[0].tolist() == [
        "toxins", "≥ 25 % reduction", "contrast of proportion",
    ]  # fmt: skip
    assert (unit("contrast of proportion"), scaled(0.25, "contrast of proportion")) == ("percentage points", 25.0)


# Refusals -------------------------------------------------------------------------------------------------------------


def test_means_of_two_visits_have_no_contrast(fit):
    with pytest.raises(
        ba.FitError, match=r"'late' must be of one visit, as the model estimates no covariance .* got 'week 12', 'week 24'"
    ):
        fit.contrasts({"late": {("placebo", "week 12"): -1, ("placebo", "week 24"): 1}})


def test_weights_that_do_not_add_up_to_0_are_refused(fit):
    with pytest.raises(ValueError, match="contrast 'one' must add up to 0, as it is a difference; got a sum of 1"):
        fit.contrasts({"one": {("placebo", "week 12"): 1}})


def test_an_arm_that_is_not_in_the_fit_is_refused(fit):
    with pytest.raises(ba.DataError, match="the fit has no mean of arm '300 U' at 'week 12'"):
        fit.contrasts({"more": {("300 U", "week 12"): 1, ("placebo", "week 12"): -1}})


def test_arms_and_visits_of_a_contrast_match_as_values():
    frame = pd.DataFrame(
        {"subject": range(20), "arm": [0, 1] * 10, "visit": 4, "value": [float(n % 7) for n in range(20)], "baseline": 5.0}
    )
    fit = ba.fit_ancova(ba.as_outcomes(frame, endpoint="pain", arms=[0, 1], visits=[4]), covariates=())
    contrast = fit.contrasts({"1 - 0": {(1, 4): 1, (0, 4): -1}})
    assert contrast["estimate"].tolist() == fit.differences()["estimate"].tolist()

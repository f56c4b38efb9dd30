"""Tests of reference-based strategies: identities, and R's rbmi in the reference trial."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.handling import AT_RANDOM, NEEDS_NO_REFERENCE
from botox_analysis.models.imputation.strategies import REFERENCE_BASED
from botox_analysis.numerics.imputation.imputer import imputer
from botox_analysis.numerics.imputation.strategies import Normal, completed
from botox_analysis.numerics.repeated.refits import refit, resampled
from tests.tolerances import PRINTED

REFERENCE = Path(__file__).parents[2] / "reference"
RBMI = json.loads((REFERENCE / "imputation" / "rbmi_conditional_mean.json").read_text())["strategies"]
VISITS = ["week 6", "week 12", "week 18", "week 24"]
STRATEGIES = {
    "MAR": "missing at random",
    "JR": "jump to reference",
    "CR": "copy reference",
    "CIR": "copy increments in reference",
}


@pytest.fixture(scope="module")
def trial():
    frame = pd.read_csv(next((REFERENCE / "reference_trial").glob("*.csv")))
    frame = frame[frame["arm"].isin(["placebo", "155 U"])]
    outcomes = ba.as_outcomes(frame, endpoint="days", arms=["placebo", "155 U"], visits=VISITS)
    return outcomes, ba.fit_mmrm(outcomes, covariates=("baseline", "sex"))


@pytest.fixture(scope="module")
def imputing_from(trial):
    """Make an imputer and the fit of all subjects."""
    _, fit = trial
    subjects = fit.subjects["subject"].tolist()
    event = pd.read_csv(REFERENCE / "imputation" / "reference_ice.csv").set_index("subject")["visit"]
    first = np.array([VISITS.index(event[subject]) if subject in event.index else len(VISITS) for subject in subjects])
    problem, optimum, measures = fit.fitted.problem, fit.fitted.optimum, fit.measures
    sums = resampled(measures.data, measures.sums, np.ones((1, len(subjects))))
    many = refit(problem, optimum.chart, optimum.state, sums, np.eye(problem.basis.design.shape[1]))
    return imputer(measures.data, measures.sums, problem.basis.design, first), many


@pytest.mark.parametrize("short", STRATEGIES)
def test_imputed_values_are_those_of_rbmi(trial, imputing_from, short):
    imputing, many = imputing_from
    filled = imputing.impute(many.estimate, many.sigma, REFERENCE_BASED[STRATEGIES[short]])[0]
    subjects, expected = trial[1].subjects["subject"].tolist(), RBMI[short]["imputed"]
    ours = [
        filled[subjects.index(subject), VISITS.index(visit)]
        for subject, visit in zip(expected["subject"], expected["visit"], strict=True)
    ]
    assert ours == pytest.approx(expected["change"], abs=PRINTED)
    assert len(ours) == np.isnan(imputing.y).sum()


def test_draws_have_the_conditional_mean_as_their_mean(imputing_from):
    imputing, many = imputing_from
    jump = REFERENCE_BASED["jump to reference"]
    mean = imputing.impute(many.estimate, many.sigma, jump)[0]
    same = [np.repeat(numbers[:1], 4000, axis=0) for numbers in (many.estimate, many.sigma)]
    drawn = imputing.impute(*same, jump, imputing.noise(4000, np.random.default_rng(5)))
    z = (drawn.mean(axis=0) - mean) / (drawn.std(axis=0) / np.sqrt(4000) + 1e-12)
    assert np.abs(z[np.isnan(imputing.y)]).max() < 4.5
    assert (drawn[:, ~np.isnan(imputing.y)] == imputing.y[~np.isnan(imputing.y)]).all()


@pytest.mark.parametrize("name", ["missing at random", "jump to reference"])
def test_a_shifted_value_moves_later_ones_by_their_regression(imputing_from, name):
    imputing, many = imputing_from
    lost = np.isnan(imputing.y)
    moved = imputing.passed_on(many.sigma, REFERENCE_BASED[name], lost)[0]
    assert (moved[~lost] == 0).all()
    mean = imputing.impute(many.estimate, many.sigma, REFERENCE_BASED[name])[0]
    who = np.flatnonzero(lost.sum(axis=1) == 2)[0]
    first, last = np.flatnonzero(lost[who])
    assert moved[who, first] == 1
    # The later value is imputed as if the shifted earlier value were observed, and then shifted by 1.
    seen = imputing.some(np.array([who]))
    seen.y[0, first] = mean[who, first] + 1
    later = seen.impute(many.estimate, many.sigma, REFERENCE_BASED[name])[0, 0, last]
    assert moved[who, last] == pytest.approx(later + 1 - mean[who, last], abs=1e-9)


# Identities -----------------------------------------------------------------------------------------------------------


def distribution(seed, n_visits=4):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n_visits, n_visits)) + 2 * np.eye(n_visits)
    return Normal(rng.normal(size=n_visits), root @ root.T)


@pytest.mark.parametrize("name", REFERENCE_BASED)
@pytest.mark.parametrize("first", [0, 1, 3])
def test_in_the_reference_arm_every_strategy_with_a_reference_is_missing_at_random(name, first):
    own = distribution(1)
    of = REFERENCE_BASED[name](own, own, first)
    assert of.cov == pytest.approx(own.cov, abs=1e-10)
    if name == AT_RANDOM or name not in NEEDS_NO_REFERENCE:
        assert of.mean == pytest.approx(own.mean, abs=1e-12)


@pytest.mark.parametrize("name", REFERENCE_BASED)
@pytest.mark.parametrize("first", [1, 2, 3])
def test_no_strategy_except_copy_reference_changes_the_distribution_before_the_event(name, first):
    own, reference = distribution(1), distribution(2)
    of = REFERENCE_BASED[name](own, reference, first)
    if name != "copy reference":
        assert of.mean[:first] == pytest.approx(own.mean[:first])
        assert of.cov[:first, :first] == pytest.approx(own.cov[:first, :first])


def test_after_a_jump_later_visits_depend_on_earlier_ones_as_in_the_reference():
    own, reference = distribution(1), distribution(2)
    of = REFERENCE_BASED["jump to reference"](own, reference, 2)
    slope, slope_ref = (np.linalg.solve(cov[:2, :2], cov[:2, 2:]) for cov in (of.cov, reference.cov))
    assert slope == pytest.approx(slope_ref)
    left, left_ref = (cov[2:, 2:] - cov[2:, :2] @ np.linalg.solve(cov[:2, :2], cov[:2, 2:]) for cov in (of.cov, reference.cov))
    assert left == pytest.approx(left_ref)
    assert np.linalg.eigvalsh(of.cov).min() > 0


def test_increments_are_the_references_and_a_carried_mean_has_none():
    own, reference = distribution(1), distribution(2)
    increments = REFERENCE_BASED["copy increments in reference"](own, reference, 2)
    assert np.diff(increments.mean[1:]) == pytest.approx(np.diff(reference.mean[1:]))
    assert np.diff(REFERENCE_BASED["last mean carried forward"](own, reference, 2).mean[1:]) == pytest.approx([0, 0])


def test_an_event_before_the_first_visit_leaves_no_mean_to_continue():
    own, reference = distribution(1), distribution(2)
    assert REFERENCE_BASED["copy increments in reference"](own, reference, 0).mean == pytest.approx(reference.mean)
    assert REFERENCE_BASED["last mean carried forward"](own, reference, 0).mean == pytest.approx(own.mean)


def test_a_gap_before_the_event_is_missing_at_random_also_where_the_reference_is_copied(imputing_from):
    imputing, many = imputing_from
    who = np.flatnonzero(~np.isnan(imputing.y).any(axis=1))[:3]
    holed = imputing.some(who)
    holed.y[:, 1], holed.y[:, 3], holed.first[:] = np.nan, np.nan, 3
    at_random = holed.impute(many.estimate, many.sigma, REFERENCE_BASED["missing at random"])[0]
    holed.y[:, 3] = at_random[:, 3]  # values after the event do not enter the imputation of values before it
    for name in REFERENCE_BASED:
        holed.y[:, 3] = np.nan
        filled = holed.impute(many.estimate, many.sigma, REFERENCE_BASED[name])[0]
        of_arm = imputing.some(who)
        of_arm.y[:, 1], of_arm.y[:, 2:], of_arm.first[:] = np.nan, np.where([True, False], holed.y[:, 2:], np.nan), 4
        alone = of_arm.impute(many.estimate, many.sigma, REFERENCE_BASED["missing at random"])[0]
        assert filled[:, 1] == pytest.approx(alone[:, 1], abs=1e-9)


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (lambda own, reference, first: own.mean, r"`strategy` must return a Normal, .*; got ndarray\."),
        (
            lambda own, reference, first: Normal(own.mean[0], own.cov),
            r"`strategy` must return mean and cov of the shapes \(\(.*\)\); got \(\(.*\)\)\.",
        ),
        (
            lambda own, reference, first: Normal(own.mean * np.nan, own.cov),
            "`strategy` must return finite mean and cov; got missing or infinite numbers",
        ),
    ],
)
def test_a_strategy_without_a_finite_normal_distribution_is_refused(imputing_from, strategy, message):
    imputing, many = imputing_from
    with pytest.raises(ValueError, match=message):
        imputing.impute(many.estimate, many.sigma, strategy)


def test_a_strategy_cannot_change_the_draws(imputing_from):
    imputing, many = imputing_from

    def greedy(own, reference, first):
        own.cov[...] = 0
        return own

    with pytest.raises(ValueError, match="read-only"):
        imputing.impute(many.estimate, many.sigma, greedy)


def test_a_conditional_mean_is_the_regression_on_observed_values():
    of = distribution(3)
    y = np.array([[1.0, np.nan, -2.0, np.nan]])
    lost, seen = np.isnan(y[0]), ~np.isnan(y[0])
    stacked = Normal(of.mean[None, None], of.cov[None, None])
    slope = np.linalg.solve(of.cov[np.ix_(seen, seen)], of.cov[np.ix_(seen, lost)])
    assert completed(y, lost, stacked)[0, 0, lost] == pytest.approx(of.mean[lost] + (y[0, seen] - of.mean[seen]) @ slope)

"""The direction of benefit: a mirrored endpoint has the mirrored answers, and every model carries the column `better`."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

MARGIN = 1.5
"""Of values whose differences are from some -3 to 3."""

SAME_FIT = {"rtol": 1e-8, "atol": 1e-9}
"""Two fits of one likelihood, each from its own start."""


def outcomes_of(seed, missing=0.15):
    """Values of 60 subjects in three arms at three visits; some are missing."""
    rng = np.random.default_rng(seed)
    n, visits = 60, ["week 4", "week 8", "week 12"]
    arm, baseline = np.arange(n) % 3, rng.normal(20, 4, n).round(1)
    rows = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n), 3),
            "arm": np.repeat(np.array(["placebo", "low", "high"])[arm], 3),
            "visit": visits * n,
            "baseline": np.repeat(baseline, 3),
            "site": np.repeat(np.where(rng.random(n) < 0.5, "north", "south"), 3),
        }
    )
    course = baseline[:, None] - 1.2 * arm[:, None] - np.arange(1, 4) + rng.normal(0, 2, (n, 1)) + rng.normal(0, 2, (n, 3))
    value = np.where(rng.random((n, 3)) < missing, np.nan, course).ravel().round(1)
    return ba.as_outcomes(rows.assign(value=value), endpoint="pain", arms=["placebo", "low", "high"], visits=visits)


def mirrored(outcomes):
    """The same endpoint, of which the opposite values are better."""
    turned = {name: -outcomes[name] for name in ("baseline", "value", "change")}
    return outcomes.assign(**turned, better=outcomes["better"].map({"lower": "higher", "higher": "lower"}))


@pytest.fixture(scope="module")
def outcomes():
    return outcomes_of(5)


MODELS = {
    "ancova": lambda outcomes: ba.fit_ancova(outcomes).differences(),
    "mixed model": lambda outcomes: ba.fit_mmrm(outcomes).differences(),
    "ranks": ba.compare_ranks,
}


@pytest.mark.parametrize("model", MODELS)
def test_mirroring_an_endpoint_mirrors_its_differences(outcomes, model):
    one, other = MODELS[model](outcomes), MODELS[model](mirrored(outcomes))
    np.testing.assert_allclose(
        -other[["estimate", "conf_high", "conf_low"]], one[["estimate", "conf_low", "conf_high"]], **SAME_FIT
    )
    np.testing.assert_allclose(other["p_value"], one["p_value"], **SAME_FIT)
    assert (one["better"].unique().tolist(), other["better"].unique().tolist()) == (["lower"], ["higher"])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("margin", [0.2, MARGIN, 3.0])
def test_mirroring_an_endpoint_leaves_the_conclusions_of_a_margin(outcomes, model, margin):
    one, other = (ba.non_inferiority(MODELS[model](frame), margin=margin) for frame in (outcomes, mirrored(outcomes)))
    assert one["conclusion"].tolist() == other["conclusion"].tolist()
    assert one["margin"].tolist() == (-other["margin"]).tolist() == [margin] * len(one)


def test_mirroring_an_endpoint_leaves_its_responders_and_numbers_needed(outcomes):
    events = [ba.responders(frame, points=[0, 1.5, 4]) for frame in (outcomes, mirrored(outcomes))]
    assert [each["category"].iloc[-1] for each in events] == ["fall of ≥ 4 points", "rise of ≥ 4 points"]
    pd.testing.assert_frame_equal(*(each.drop(columns="category") for each in events))
    needed = [ba.number_needed(ba.compare_rates(each)).drop(columns="category") for each in events]
    pd.testing.assert_frame_equal(*needed)


@pytest.mark.parametrize(
    "answer",
    [
        lambda frame: ba.times.first_response(frame, points=2)[["time", "observed", "better"]],
        lambda frame: ba.times.compare(ba.times.first_response(frame, points=2)).drop(columns="category"),
        lambda frame: ba.fit_binary(frame, points=2, covariates=["site"]).differences().drop(columns="category"),
    ],
)
def test_mirroring_an_endpoint_leaves_responses_by_points(outcomes, answer):
    pd.testing.assert_frame_equal(answer(outcomes), answer(mirrored(outcomes)))


def test_mirroring_an_endpoint_mirrors_its_worst_observations(outcomes):
    one, other = (ba.missing.fill(frame, rule="worst observation carried forward") for frame in (outcomes, mirrored(outcomes)))
    np.testing.assert_array_equal(one["value"], -other["value"])
    assert one["imputed"].sum() > 10
    assert not np.array_equal(
        one["value"], ba.missing.fill(outcomes.assign(better="higher"), rule=one["handling"].iloc[0])["value"]
    )


def test_mirroring_an_endpoint_mirrors_its_worst_values_after_an_event(outcomes):
    events = pd.DataFrame({"subject": [0, 1, 2], "kind": "death", "day": [30, 30, 58]})
    asked = {"strategies": {"death": "composite"}, "failure": "worst"}
    one, other = (ba.intercurrent.address(frame, events, **asked) for frame in (outcomes, mirrored(outcomes)))
    np.testing.assert_array_equal(one[["value", "change"]], -other[["value", "change"]])
    assert not one["value"].equals(outcomes["value"])
    assert one["intercurrent"].tolist() == other["intercurrent"].tolist()
    with pytest.raises(ba.DataError, match="outcomes has no column `better`, and failure='worst' needs the direction"):
        ba.intercurrent.address(outcomes.drop(columns="better"), events, **asked)


@pytest.mark.long
def test_mirroring_an_endpoint_mirrors_the_sensitivity_to_missing_values(outcomes):
    two = outcomes[outcomes["arm"] != "low"]
    one, other = (ba.missing.sensitivity(frame, n=2, seed=1) for frame in (two, mirrored(two)))
    # Draws of one seed are not mirrored, and the modified rule multiplies by a ratio of means, which are above 0.
    kept = ~one["approach"].isin(["draws", "tipping point"]) & ~one["method"].str.endswith(", modified")
    other = other[other["method"].isin(one.loc[kept, "method"])].reset_index(drop=True)
    one = one[kept].reset_index(drop=True)
    assert len(one) == 8
    assert one["method"].tolist() == other["method"].tolist()
    np.testing.assert_allclose(-other["estimate"], one["estimate"], **SAME_FIT)
    np.testing.assert_allclose(other["p_value"], one["p_value"], **SAME_FIT)


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_every_model_of_outcomes_carries_the_direction(outcomes, better):
    directed = outcomes.assign(better=better)
    fit, imputations = ba.fit_mmrm(directed), ba.missing.impute(directed, strategy="missing at random", n=2, seed=1)
    answers = [
        fit.means(),
        fit.differences(),
        fit.pairwise_differences(),
        fit.contrasts({"trend": {("high", "week 12"): 1, ("placebo", "week 12"): -1}}),
        ba.fit_ancova(directed).means(),
        ba.compare_ranks(directed),
        ba.missing.dropout(directed),
        imputations.pool(),
    ]
    assert [each["better"].unique().tolist() for each in answers] == [[better]] * len(answers)


def test_a_fall_of_the_mean_by_per_cent_is_better_the_higher_it_is(outcomes):
    described = ba.describe_change(outcomes).groupby("measure")["better"].unique().map(list).to_dict()
    assert described == {
        "mean": ["lower"],
        "standard deviation": [""],
        "mean change": ["lower"],
        "mean percent change": ["lower"],
        "percent reduction of the mean": ["higher"],
    }


def test_outcomes_without_a_direction_have_estimates_without_one(outcomes):
    undirected = outcomes.drop(columns="better")
    for answer in (
        ba.fit_mmrm(undirected).differences(),
        ba.describe_change(undirected),
        ba.event_rates(ba.responders(undirected)),
    ):
        assert "better" not in answer


def test_a_response_of_the_users_own_has_no_direction(outcomes):
    own = outcomes.assign(well=outcomes["change"].lt(-1).where(outcomes["change"].notna()).astype(float))
    assert "better" not in ba.fit_binary(own, response="well", covariates=[]).differences()


@pytest.mark.parametrize(("better", "opposite"), [("lower", "higher"), ("higher", "lower")])
def test_times_have_the_direction_of_their_events_or_the_opposite(better, opposite):
    times = pd.DataFrame({"subject": range(8), "arm": list("pppptttt"), "time": [5, 9, 12, 3, 7, 8, 11, 2], "observed": True})
    times["better"] = better
    assert ba.times.curve(times)["better"].unique().tolist() == [better]
    assert ba.times.compare(times)["better"].tolist() == [better]
    assert ba.times.compare(times, measure="restricted mean difference")["better"].tolist() == [opposite]
    for of_days in (ba.times.quantiles(times), ba.times.restricted_means(times)):
        assert of_days["better"].unique().tolist() == [opposite]
    assert "better" not in ba.times.compare(times.drop(columns="better"))


def test_times_of_several_directions_are_refused():
    times = pd.DataFrame({"subject": range(4), "arm": list("pptt"), "time": [5, 9, 12, 3], "observed": True})
    with pytest.raises(
        ba.DataError, match=r"`better` must be 'lower' or 'higher' in all rows of category ''; got 'lower', 'higher'"
    ):
        ba.times.curve(times.assign(better=["lower", "lower", "higher", "higher"]))
    with pytest.raises(ba.DataError, match="times, row 1, column 'better': found 'up' in 4 rows; expected 'lower' or 'higher'"):
        ba.times.curve(times.assign(better="up"))


def test_adverse_events_missing_values_and_discontinuations_are_harms(simulated):
    safety, outcomes = ba.safety, ba.HEADACHE_DAYS.derive(simulated)
    harms = [
        safety.counts(simulated),
        safety.prevalence(simulated),
        ba.missing.values(outcomes),
        ba.times.first_event(simulated),
        ba.intercurrent.counts(outcomes, ba.intercurrent.events(simulated)),
        safety.mean_cumulative(simulated),
        safety.counts_per_subject(simulated, "Neck pain"),
    ]
    assert [each["better"].unique().tolist() for each in harms] == [["lower"]] * len(harms)
    flow = ba.disposition(simulated).groupby("category", sort=False)["better"].first()
    assert flow[["randomised", "discontinued", "completed"]].tolist() == ["", "lower", "higher"]
    going_on = ba.diary.continuation(outcomes).groupby("category", sort=False)["better"].first()
    assert going_on.tolist() == ["higher", "lower", "lower", "lower"]
    quartiles = safety.onset_and_duration(simulated).groupby("measure", sort=False)["better"].unique()
    assert quartiles[["median day of first onset", "median duration in days"]].str[0].tolist() == ["higher", "lower"]


PERCENT_CHANGES = {
    "ANCOVA": ba.fit_ancova,
    "MMRM": ba.fit_mmrm,
    "cross-products": ba.advanced.crossproducts,
    "ranks": ba.compare_ranks,
}
"""Models of a chosen response."""


@pytest.mark.parametrize("name", PERCENT_CHANGES)
def test_percent_changes_of_baselines_below_0_are_refused(name):
    outcomes = mirrored(outcomes_of(7))
    n = outcomes.loc[outcomes["percent_change"].notna(), "subject"].nunique()
    expected = rf"baselines of 0 or more for the response 'percent_change'; got {n} below 0. Try response='change'"
    with pytest.raises(ba.DataError, match=expected):
        PERCENT_CHANGES[name](outcomes, response="percent_change")


@pytest.mark.parametrize("name", PERCENT_CHANGES)
def test_a_baseline_below_0_that_is_not_analysed_does_not_prevent_a_model_of_percent_changes(name):
    outcomes = outcomes_of(7)
    of_first = outcomes["subject"] == outcomes["subject"].iloc[0]
    outcomes.loc[of_first, ["value", "change", "percent_change"]] = np.nan
    outcomes.loc[of_first, "baseline"] = -5.0
    assert PERCENT_CHANGES[name](outcomes, response="percent_change") is not None

"""`missing.reasons` and `missing.values`: reasons by hand, and sums of counts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.endpoints.intercurrent.history import put_down_to
from botox_analysis.endpoints.intercurrent.missing import GAP, NO_FURTHER_VALUE, NO_VALUE, missing_reasons, missing_values

REFERENCE_TRIAL = Path(__file__).parents[2] / "reference" / "reference_trial" / "reference_trial.csv"
WEEKS = ["week 4", "week 8", "week 12"]
NAN = np.nan
THREE = [GAP, NO_FURTHER_VALUE, NO_VALUE]


def outcomes_of(values, arms=None, kinds=None):
    """Make *outcomes* with a baseline of 10; a row of weekly values for each subject."""
    values = np.array(values, dtype=float)
    n_visits = values.shape[1]
    arms = arms or ["P"] * len(values)
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(len(values)), n_visits),
            "arm": np.repeat(arms, n_visits),
            "visit": np.tile(WEEKS[:n_visits], len(values)),
            "baseline": 10.0,
            "value": values.ravel(),
        }
    )
    if kinds is not None:
        frame["intercurrent_event"] = np.array(kinds, dtype=object).ravel()
    return ba.as_outcomes(frame, endpoint="days", arms=sorted(set(arms)), visits=WEEKS[:n_visits])


def words(outcomes):
    reasons = missing_reasons(outcomes)
    return reasons["missing"].astype(str).to_numpy().reshape(-1, reasons["visit"].nunique()).tolist()


def n_missing(outcomes, column="change"):
    missing = outcomes[column].isna()
    return missing.groupby([outcomes["visit"], outcomes["arm"]], observed=True).sum().to_numpy()


def n_by_reason(events):
    return events.groupby(["visit", "arm"], observed=True, sort=False)["n_events"].sum().to_numpy()


# Reasons --------------------------------------------------------------------------------------------------------------


def test_the_reason_is_told_by_the_other_values_of_the_subject():
    assert words(outcomes_of([[1, 1, 1], [NAN, 1, 1], [1, NAN, 1], [1, NAN, NAN], [NAN, NAN, NAN], [NAN, 1, NAN]])) == [
        ["", "", ""], [GAP, "", ""], ["", GAP, ""], ["", NO_FURTHER_VALUE, NO_FURTHER_VALUE], [NO_VALUE] * 3,
        [GAP, "", NO_FURTHER_VALUE],
    ]  # fmt: skip


def test_an_intercurrent_event_is_the_reason_before_all_others():
    values = [[1, NAN, 1], [1, NAN, NAN], [NAN, NAN, NAN]]
    kinds = [["", "rescue", "rescue"], ["", "", "death"], ["", "death", "death"]]
    assert words(outcomes_of(values, kinds=kinds)) == [
        ["", "rescue", ""], ["", NO_FURTHER_VALUE, "death"], [NO_VALUE, "death", "death"],
    ]  # fmt: skip


def test_an_event_after_which_a_value_is_there_is_no_reason():
    events = missing_values(outcomes_of([[NAN, 1, 1]], kinds=[["", "rescue", "rescue"]]))
    assert events["category"].unique().tolist() == THREE


def test_what_has_happened_goes_on_where_nothing_is_said():
    values = [[1, NAN, NAN], [NAN, NAN, 1]]
    kinds = [["rescue", None, NAN], [None, NAN, None]]
    assert words(outcomes_of(values, kinds=kinds)) == [["", "rescue", "rescue"], [GAP, GAP, ""]]


def test_a_visit_without_a_row_is_missing():
    whole = outcomes_of([[1, 1, 1], [1, NAN, NAN], [NAN, 1, 1]])
    assert words(whole.dropna(subset="change")) == words(whole)


def test_a_subject_without_any_row_is_none():
    whole = outcomes_of([[1, 1, 1], [NAN, NAN, NAN]])
    assert missing_values(whole.dropna(subset="change"))["n_total"].unique().tolist() == [1]


def test_a_change_that_cannot_be_told_is_missing():
    outcomes = outcomes_of([[1, 1, 1], [2, 2, 2]])
    outcomes.loc[outcomes["subject"] == 1, ["baseline", "change"]] = NAN
    assert words(outcomes) == [[""] * 3, [NO_VALUE] * 3]


def test_without_any_change_the_values_count():
    outcomes = outcomes_of([[1, 1, 1], [2, NAN, NAN]]).assign(baseline=NAN, change=NAN)
    assert words(outcomes) == [[""] * 3, ["", NO_FURTHER_VALUE, NO_FURTHER_VALUE]]


def test_where_nothing_is_known_at_all_everybody_has_no_value():
    assert words(outcomes_of([[NAN, NAN]])) == [[NO_VALUE] * 2]


def test_kinds_follow_in_the_order_they_carry_and_else_of_the_alphabet():
    outcomes = outcomes_of([[1, NAN, NAN]], kinds=[["", "withdrawal", "death"]])
    assert missing_reasons(outcomes)["missing"].cat.categories.tolist() == ["", *THREE, "death", "withdrawal"]
    ordered = pd.Categorical(outcomes["intercurrent_event"], ["", "withdrawal", "death"])
    categories = missing_reasons(outcomes.assign(intercurrent_event=ordered))["missing"].cat.categories
    assert categories.tolist() == ["", *THREE, "withdrawal", "death"]


def test_a_kind_that_explains_no_missing_value_leaves_the_order_of_the_others():
    outcomes = outcomes_of([[1, NAN, NAN], [NAN, 1, 1]], kinds=[["", "death", "death"], ["", "rescue", "rescue"]])
    assert missing_reasons(outcomes)["missing"].cat.categories.tolist() == ["", *THREE, "death"]
    assert missing_values(outcomes)["category"].unique().tolist() == [*THREE, "death"]


# Counts ---------------------------------------------------------------------------------------------------------------


def test_every_reason_stands_at_every_visit_in_every_arm():
    events = missing_values(outcomes_of([[1, NAN], [1, 1], [NAN, 1]], arms=["P", "T", "T"]))
    assert events[["visit", "category", "arm", "n_events", "n_total"]].to_numpy().tolist() == [
        ["week 4", GAP, "P", 0, 1], ["week 4", GAP, "T", 1, 2],
        ["week 4", NO_FURTHER_VALUE, "P", 0, 1], ["week 4", NO_FURTHER_VALUE, "T", 0, 2],
        ["week 4", NO_VALUE, "P", 0, 1], ["week 4", NO_VALUE, "T", 0, 2],
        ["week 8", GAP, "P", 0, 1], ["week 8", GAP, "T", 0, 2],
        ["week 8", NO_FURTHER_VALUE, "P", 1, 1], ["week 8", NO_FURTHER_VALUE, "T", 0, 2],
        ["week 8", NO_VALUE, "P", 0, 1], ["week 8", NO_VALUE, "T", 0, 2],
    ]  # fmt: skip


def test_reasons_add_up_to_what_is_missing(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))
    events = missing_values(outcomes)
    np.testing.assert_array_equal(n_by_reason(events), n_missing(outcomes).ravel())
    assert events.groupby("arm", observed=True)["n_total"].unique().map(list).tolist() == [[696], [688]]


def test_events_that_were_addressed_add_up_too(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))
    rng = np.random.default_rng(2)
    kinds = np.where(rng.uniform(size=len(outcomes)) < 0.3, "discontinuation", "")
    events = missing_values(outcomes.assign(intercurrent_event=kinds))
    assert events.loc[events["category"] == "discontinuation", "n_events"].sum() > 0
    np.testing.assert_array_equal(n_by_reason(events), n_missing(outcomes).ravel())


@given(st.lists(st.lists(st.sampled_from([1.0, NAN]), min_size=3, max_size=3), min_size=1, max_size=8), st.integers(0, 3))
def test_each_missing_value_has_one_reason_and_each_value_none(values, seed):
    kinds = np.random.default_rng(seed).choice(["", "rescue"], size=(len(values), 3)).tolist()
    for of_events in (None, kinds):
        told = np.array(words(outcomes_of(values, kinds=of_events)))
        np.testing.assert_array_equal(told != "", np.isnan(values))


def test_the_reference_trial_lacks_what_its_readme_says():
    frame = pd.read_csv(REFERENCE_TRIAL)
    visits = [f"week {week}" for week in (6, 12, 18, 24)]
    outcomes = ba.as_outcomes(frame, endpoint="days", arms=["placebo", "155 U", "195 U"], visits=visits)
    events = missing_values(outcomes)
    assert events["n_events"].sum() == 156 * 4 - 551
    assert events[events["category"] == NO_VALUE].groupby("visit", sort=False)["n_events"].sum().tolist() == [3] * 4


def test_where_nothing_is_missing_every_count_is_0():
    events = missing_values(outcomes_of([[1, 1], [1, 1]]))
    assert (events["category"].unique().tolist(), events["n_events"].sum()) == (THREE, 0)


def test_nobody_has_a_gap_at_the_last_visit(simulated):
    events = missing_values(ba.HEADACHE_DAYS.derive(simulated))
    assert events.query("category == 'gap' and visit == 'week 24'")["n_events"].tolist() == [0, 0]


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(1)
    values = np.where(rng.uniform(size=(40, 3)) < 0.3, NAN, 1.0)
    kinds = rng.choice(["", "rescue", "death"], size=(40, 3))
    outcomes = outcomes_of(values, arms=["P", "T"] * 20, kinds=kinds.tolist())
    pd.testing.assert_frame_equal(missing_values(outcomes.sample(frac=1, random_state=1)), missing_values(outcomes))


def test_visits_and_arms_left_out_of_the_outcomes_are_not_counted():
    outcomes = outcomes_of([[1, NAN, NAN], [1, 1, 1]], arms=["P", "T"])
    events = missing_values(outcomes[(outcomes["visit"] != "week 12") & (outcomes["arm"] == "P")])
    assert (events["visit"].unique().tolist(), events["arm"].unique().tolist()) == (["week 4", "week 8"], ["P"])


def test_they_are_events_of_the_endpoint_and_tell_the_rule_of_its_diary(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))
    events = missing_values(outcomes)
    for column in ("trial", "population", "endpoint", "imputation"):
        assert events[column].unique().tolist() == outcomes[column].unique().tolist()
    rates = ba.event_rates(events)
    np.testing.assert_allclose(rates["estimate"], events["n_events"] / events["n_total"])


# Refusals -------------------------------------------------------------------------------------------------------------


def test_a_frame_that_is_not_outcomes_is_refused():
    with pytest.raises(ba.DataError, match="outcomes has no column 'arm', 'visit'"):
        missing_values(pd.DataFrame({"subject": ["a"]}))


def test_a_subject_in_two_arms_is_refused():
    outcomes = outcomes_of([[1, 1], [1, 1]], arms=["P", "T"])
    outcomes.loc[0, "arm"] = "T"
    with pytest.raises(ba.DataError, match="must have one arm per subject; got several for subject '0'"):
        missing_reasons(outcomes)


def test_of_several_events_the_one_that_made_a_value_missing_is_its_reason():
    """The order is the event of a hypothetical strategy, the discontinuation, the last event."""
    both = ["", "left", "left; rescue"]
    assert words(outcomes_of([[1, NAN, NAN]], kinds=[both])) == [["", "left", "rescue"]]
    stopped = outcomes_of([[1, NAN, NAN]], kinds=[["", "discontinuation; rescue", "discontinuation; rescue"]])
    assert words(stopped) == [["", "discontinuation", "discontinuation"]]
    assert put_down_to(["discontinuation", "rescue"], {"rescue": "hypothetical"}) == "rescue"
    put_back = {"a": "hypothetical", "b": "composite", "c": "hypothetical"}
    assert [put_down_to(history, put_back) for history in (["a"], ["a", "b", "c"], ["a", "c"])] == ["a", "c", "a"]


def test_the_reason_is_the_one_under_the_strategies_by_which_outcomes_were_addressed():
    events = pd.DataFrame({"subject": [0, 0], "kind": ["discontinuation", "rescue"], "day": [20, 40]})
    for strategies, reason in (({"rescue": "hypothetical"}, "rescue"), ({"rescue": "treatment policy"}, "discontinuation")):
        addressed = ba.intercurrent.address(
            outcomes_of([[1, NAN, NAN]]), events, strategies={"discontinuation": "treatment policy", **strategies}
        )
        assert words(addressed) == [["", reason, reason]]
        assert words(addressed[addressed["visit"] != "week 8"]) == [["", reason]]


def test_a_sentence_of_strategies_decides_nothing():
    stopped = outcomes_of([[1, NAN, NAN]], kinds=[["", "discontinuation; rescue", "discontinuation; rescue"]])
    told = stopped.assign(intercurrent="discontinuation: treatment policy; rescue: hypothetical")
    assert words(told) == words(stopped)


def test_what_has_happened_goes_on_where_a_later_event_is_told_alone():
    outcomes = outcomes_of([[1, NAN, NAN]], kinds=[["", "discontinuation", "rescue"]])
    assert words(outcomes) == [["", "discontinuation", "discontinuation"]]

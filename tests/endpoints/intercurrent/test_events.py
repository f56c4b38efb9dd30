"""Intercurrent events, and values after them under each strategy, by hand."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.intercurrent.events import (
    address_events,
    intercurrent_counts,
    intercurrent_events,
    n_undated_discontinuations,
    visits_after,
)
from botox_analysis.endpoints.intercurrent.strategies import _STANDS
from botox_analysis.frames.handling import EVENT_STRATEGIES, TREATMENT_POLICY

WEEKS = ["week 4", "week 8", "week 12", "week 16"]
GAP = np.nan
STOP, RESCUE, DEATH = "discontinuation", "rescue treatment", "death"
DAYS = range(1, 120)
MEASURED = ["value", "change", "percent_change"]


def outcomes_of(*courses, baseline=20.0, recorded=None):
    """Make one subject per course of values at weeks 4 to 16, arms in turn; baseline 20."""
    frame = pd.DataFrame(
        {
            "subject": np.repeat([f"s{number}" for number in range(len(courses))], 4),
            "arm": np.repeat(["P" if number % 2 == 0 else "T" for number in range(len(courses))], 4),
            "visit": WEEKS * len(courses),
            "value": np.ravel(courses).astype(float),
            "baseline": baseline,
        }
    )
    if recorded is not None:
        frame["recorded_days"] = np.ravel(recorded).astype(float)
    return ba.as_outcomes(frame, endpoint="days", arms=["P", "T"] if len(courses) > 1 else ["P"], visits=WEEKS)


def events_of(*rows):
    return pd.DataFrame(rows, columns=["subject", "kind", "day"])


def one_event_a_day():
    """Make a subject for each day from 1 to 119 of discontinuation, with a complete diary."""
    outcomes = outcomes_of(*[[16, 12, 8, 4]] * len(DAYS), recorded=[[28] * 4] * len(DAYS))
    return outcomes, events_of(*[(f"s{number}", STOP, day) for number, day in enumerate(DAYS)])


def addressed(course, *happened, baseline=20.0, recorded=None, **chosen):
    """Address events of kind, day and strategy in the outcomes of one subject."""
    outcomes = outcomes_of(course, baseline=baseline, recorded=recorded)
    events = events_of(*[("s0", kind, day) for kind, day, _ in happened])
    return address_events(outcomes, events, strategies={kind: strategy for kind, _, strategy in happened}, **chosen)


def values(*args, **chosen):
    return addressed(*args, **chosen)["value"].tolist()


def same(found, expected):
    return np.array_equal(found, expected, equal_nan=True)


# The strategies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "failure", "expected"),
    [
        ("treatment policy", "baseline", [16, 12, 8, 4]),
        ("hypothetical", "baseline", [16, 12, GAP, GAP]),
        ("composite", "baseline", [16, 12, 20, 20]),
        ("composite", "worst", [16, 12, 20, 20]),
        ("composite", 28, [16, 12, 28, 28]),
        ("while on treatment", "baseline", [16, 12, 12, 12]),
    ],
)
def test_an_event_on_day_60_changes_what_comes_after_week_8(strategy, failure, expected):
    found = addressed([16, 12, 8, 4], (STOP, 60, strategy), failure=failure)
    assert same(found["value"], expected)
    assert same(found["change"], np.array(expected) - 20)
    assert same(found["percent_change"], 5 * (np.array(expected) - 20.0))


def test_there_is_a_handling_for_every_strategy_but_treatment_policy():
    assert {*_STANDS, TREATMENT_POLICY} == set(EVENT_STRATEGIES)


def test_under_treatment_policy_the_outcomes_are_those_given():
    outcomes = outcomes_of([16, GAP, 8, 4], [15, 15, GAP, GAP])
    found = address_events(outcomes, events_of(("s0", STOP, 30), ("s1", STOP, 70)), strategies={STOP: "treatment policy"})
    same_columns = [column for column in outcomes.columns if column != "intercurrent"]
    pd.testing.assert_frame_equal(found[same_columns], outcomes[same_columns])


def test_the_worst_value_may_be_one_after_baseline_and_before_the_event():
    assert values([25, 12, 8, 4], (DEATH, 60, "composite"), failure="worst") == [25, 12, 25, 25]
    # What comes after the event is not asked.
    assert values([16, 12, 28, 28], (DEATH, 60, "composite"), failure="worst") == [16, 12, 20, 20]


def test_a_composite_strategy_fills_what_was_not_observed():
    assert same(values([16, GAP, GAP, GAP], (DEATH, 60, "composite")), [16, GAP, 20, 20])


def test_without_a_baseline_no_change_is_not_known():
    found = addressed([16, 12, 8, 4], (STOP, 60, "composite"), baseline=GAP)
    assert same(found["value"], [16, 12, GAP, GAP])
    assert found["change"].isna().all()


def test_without_a_baseline_the_worst_value_is_that_of_the_visits():
    assert values([16, 12, 8, 4], (STOP, 60, "composite"), baseline=GAP, failure="worst") == [16, 12, 16, 16]


def test_a_baseline_of_0_has_changes_and_no_percentages():
    found = addressed([1, 2, 3, 4], (STOP, 60, "composite"), baseline=0.0)
    assert found["change"].tolist() == [1, 2, 0, 0]
    assert found["percent_change"].isna().all()


def test_on_treatment_the_last_value_is_the_last_that_was_observed():
    assert same(values([16, GAP, 8, 4], (STOP, 60, "while on treatment")), [16, GAP, 16, 16])


def test_on_treatment_nothing_stands_where_nothing_was_observed_before():
    assert same(values([GAP, GAP, 8, 4], (STOP, 60, "while on treatment")), [GAP] * 4)
    assert same(values([16, 12, 8, 4], (STOP, 1, "while on treatment")), [GAP] * 4)


def test_where_only_changes_are_known_these_are_addressed():
    frame = pd.DataFrame({"subject": 1, "arm": "P", "visit": WEEKS, "change": [3.0, -2, -3, -4]})
    outcomes = ba.as_outcomes(frame, endpoint="days", arms=["P"], visits=WEEKS)

    def change(strategy, failure="baseline"):
        found = address_events(outcomes, events_of((1, STOP, 60)), strategies={STOP: strategy}, failure=failure)
        return found["change"].tolist()

    assert change("composite") == [3, -2, 0, 0]
    assert change("composite", "worst") == [3, -2, 3, 3]
    assert change("while on treatment") == [3, -2, -2, -2]
    assert same(change("hypothetical"), [3, -2, GAP, GAP])
    with pytest.raises(ba.DataError, match="if outcomes has changes only; got the value 28"):
        change("composite", 28)


# The days a value was counted in --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("treatment policy", [28, 21, 14, 28]),
        ("hypothetical", [28, 21, GAP, GAP]),
        ("composite", [28, 21, GAP, GAP]),
        ("while on treatment", [28, 21, 21, 21]),
    ],
)
def test_recorded_days_are_those_of_the_value_that_stands(strategy, expected):
    found = addressed([16, 12, 8, 4], (STOP, 60, strategy), recorded=[28, 21, 14, 28])
    assert same(found["recorded_days"], expected)


def test_a_failure_that_stands_on_treatment_has_no_recorded_days():
    happened = ((STOP, 30, "composite"), (RESCUE, 60, "while on treatment"))
    found = addressed([16, 12, 8, 4], *happened, recorded=[28, 21, 14, 28])
    assert found["value"].tolist() == [16, 20, 20, 20]
    assert same(found["recorded_days"], [28, GAP, GAP, GAP])


# Which visits are after the event -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "n_after"), [(1, 4), (27, 4), (28, 3), (29, 3), (55, 3), (56, 2), (111, 1), (112, 0), (113, 0), (400, 0)]
)
def test_a_visit_is_after_an_event_on_an_earlier_day_and_not_on_its_own(day, n_after):
    assert addressed([16, 12, 8, 4], (STOP, day, "hypothetical"))["value"].isna().sum() == n_after


@pytest.mark.parametrize(("day", "n_after"), [(1, 3), (28, 3), (29, 2), (56, 2), (57, 1), (84, 1), (85, 0), (112, 0)])
def test_a_period_is_after_an_event_as_a_whole_where_it_begins_after_its_day(day, n_after):
    found = addressed([16, 12, 8, 4], (STOP, day, "hypothetical"), recorded=[28] * 4, affected="all days")
    assert found["value"].isna().sum() == n_after


def test_the_period_of_the_event_is_the_one_that_the_two_rules_see_differently():
    any_day, all_days = (
        address_events(*one_event_a_day(), strategies={STOP: "hypothetical"}, affected=affected)["value"].isna()
        for affected in ("any day", "all days")
    )
    n_more = any_day.to_numpy().reshape(-1, 4).sum(axis=1) - all_days.to_numpy().reshape(-1, 4).sum(axis=1)
    # A period that ends with the day of the event has no day after it.
    assert n_more.tolist() == [day < 112 and day % 28 != 0 for day in DAYS]


def test_an_assessment_has_one_day():
    for day in (1, 28, 60):
        one, other = (
            values([16, 12, 8, 4], (STOP, day, "hypothetical"), affected=affected) for affected in ("any day", "all days")
        )
        assert same(one, other)


@pytest.mark.parametrize("affected", ["any day", "all days"])
def test_as_many_visits_are_after_an_event_as_are_masked(affected):
    outcomes, events = one_event_a_day()
    events = pd.concat([events, events.assign(subject="elsewhere")])
    counted = visits_after(outcomes, events, affected=affected)
    masked = address_events(outcomes, events, strategies={STOP: "hypothetical"}, affected=affected)
    assert counted[["subject", "kind", "day"]].to_numpy().tolist() == events.head(len(DAYS)).to_numpy().tolist()
    assert counted["n_visits"].tolist() == masked["value"].isna().to_numpy().reshape(-1, 4).sum(axis=1).tolist()


def test_days_may_be_given_by_visit_or_by_row():
    by_visit = dict(zip(WEEKS, [30, 61, 84, 112], strict=True))
    assert same(values([16, 12, 8, 4], (STOP, 60, "hypothetical"), visit_days=by_visit), [16, GAP, GAP, GAP])
    outcomes = outcomes_of([16, 12, 8, 4]).assign(seen_on=[30, 61, 84, 112])
    found = address_events(outcomes, events_of(("s0", STOP, 60)), strategies={STOP: "hypothetical"}, visit_days="seen_on")
    assert same(found["value"], [16, GAP, GAP, GAP])


def test_a_visit_without_a_day_of_its_own_is_where_its_name_says_and_not_before_those_the_subject_came_to():
    def after(own, day):
        outcomes = outcomes_of([16, GAP, GAP, GAP]).assign(seen_on=own)
        found = address_events(outcomes, events_of(("s0", STOP, day)), strategies={STOP: "hypothetical"}, visit_days="seen_on")
        return (found["intercurrent_event"] == STOP).tolist()

    assert after([30, GAP, GAP, GAP], 60) == [False, False, True, True]
    assert after([70, GAP, GAP, GAP], 60) == [True] * 4


def test_a_visit_whose_day_nobody_knows_is_refused_where_there_is_an_event():
    frame = pd.DataFrame({"subject": ["a", "b"] * 2, "arm": "P", "visit": ["one", "one", "two", "two"], "value": 3.0})
    outcomes = ba.as_outcomes(frame.assign(seen_on=[20, 30, GAP, 60]), endpoint="x", arms=["P"], visits=["one", "two"])

    def address(subject):
        events = events_of((subject, STOP, 25))
        return address_events(outcomes, events, strategies={STOP: "hypothetical"}, visit_days="seen_on")

    assert address("b")["value"].isna().sum() == 2
    with pytest.raises(ba.DataError, match="got none of 'two' for subject 'a'"):
        address("a")
    with pytest.raises(ba.DataError, match="must have a day in their names; got none for 'one', 'two'"):
        address_events(outcomes, events_of(("a", STOP, 25)), strategies={STOP: "hypothetical"})


# Several events -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("hypothetical", "treatment policy", [16, GAP, GAP, GAP]),
        ("treatment policy", "hypothetical", [16, 12, GAP, GAP]),
        ("composite", "treatment policy", [16, 20, 20, 20]),
        ("composite", "hypothetical", [16, 20, GAP, GAP]),
        ("hypothetical", "composite", [16, GAP, 20, 20]),
        ("hypothetical", "while on treatment", [16, GAP, 16, 16]),
        ("while on treatment", "hypothetical", [16, 16, GAP, GAP]),
        ("treatment policy", "while on treatment", [16, 12, 12, 12]),
        ("while on treatment", "composite", [16, 16, 20, 20]),
        ("composite", "while on treatment", [16, 20, 20, 20]),
    ],
)
def test_of_two_events_each_addresses_what_the_one_before_has_left(first, second, expected):
    found = addressed([16, 12, 8, 4], (STOP, 30, first), (RESCUE, 60, second))
    assert same(found["value"], expected)
    assert found["intercurrent_event"].tolist() == ["", STOP, f"{STOP}; {RESCUE}", f"{STOP}; {RESCUE}"]


def test_time_decides_and_not_the_order_of_rows_or_of_the_mapping():
    outcomes = outcomes_of([16, 12, 8, 4])
    events = events_of(("s0", RESCUE, 60), ("s0", STOP, 30))
    strategies = {STOP: "hypothetical", RESCUE: "composite"}
    found = address_events(outcomes, events, strategies=strategies)
    again = address_events(outcomes, events.iloc[::-1], strategies=dict(reversed(strategies.items())))
    assert same(found["value"], [16, GAP, 20, 20])
    assert same(found["value"], again["value"])


def test_of_two_events_on_one_day_the_later_in_the_mapping_has_the_last_word():
    outcomes, events = outcomes_of([16, 12, 8, 4]), events_of(("s0", STOP, 30), ("s0", RESCUE, 30))
    one = address_events(outcomes, events, strategies={STOP: "hypothetical", RESCUE: "composite"})
    other = address_events(outcomes, events, strategies={RESCUE: "composite", STOP: "hypothetical"})
    assert one["value"].tolist() == [16, 20, 20, 20]
    assert other["value"].isna().sum() == 3
    assert [frame["intercurrent_event"].iloc[-1] for frame in (one, other)] == [f"{STOP}; {RESCUE}", f"{RESCUE}; {STOP}"]


def test_the_same_event_again_changes_nothing_more():
    for strategy in EVENT_STRATEGIES:
        once = addressed([16, 12, 8, 4], (STOP, 30, strategy))
        events = events_of(*[("s0", STOP, day) for day in (30, 30, 90)])
        pd.testing.assert_frame_equal(address_events(outcomes_of([16, 12, 8, 4]), events, strategies={STOP: strategy}), once)


def test_subjects_are_addressed_one_by_one_as_all_together():
    rng = np.random.default_rng(3)
    courses = [np.where(rng.random(4) < 0.2, GAP, rng.integers(0, 28, 4)) for _ in range(30)]
    outcomes = outcomes_of(*courses)
    rows = [(f"s{rng.integers(30)}", kind, int(rng.integers(1, 130))) for kind in (STOP, RESCUE, DEATH) for _ in range(15)]
    events = events_of(*rows)
    strategies = {STOP: "while on treatment", RESCUE: "hypothetical", DEATH: "composite"}
    together = address_events(outcomes, events, strategies=strategies, failure="worst")
    for subject, own in events.groupby("subject"):
        kinds = {kind: word for kind, word in strategies.items() if kind in set(own["kind"])}
        alone = address_events(outcomes[outcomes["subject"] == subject], own, strategies=kinds, failure="worst")
        pd.testing.assert_frame_equal(alone[MEASURED], together.loc[alone.index, MEASURED])


def test_rows_stay_where_they_are_and_their_order_does_not_matter():
    outcomes = outcomes_of([16, 12, 8, 4], [15, 14, 13, 12], [9, 9, 9, 9])
    events = events_of(("s1", STOP, 40), ("s0", RESCUE, 90))
    strategies = {STOP: "while on treatment", RESCUE: "composite"}
    shuffled = outcomes.sample(frac=1, random_state=2)
    found = address_events(shuffled, events, strategies=strategies)
    assert found.index.equals(shuffled.index)
    pd.testing.assert_frame_equal(found.sort_index(), address_events(outcomes, events, strategies=strategies))


def test_the_frames_given_are_not_changed():
    outcomes, events = outcomes_of([16, 12, 8, 4]), events_of(("s0", STOP, 30))
    before = outcomes.copy(deep=True), events.copy(deep=True)
    address_events(outcomes, events, strategies={STOP: "composite"})
    pd.testing.assert_frame_equal(outcomes, before[0])
    pd.testing.assert_frame_equal(events, before[1])


# What is said ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "discontinuation: hypothetical; death: composite"),
        ({"failure": "worst"}, "discontinuation: hypothetical; death: composite (worst value)"),
        ({"failure": 28.0}, "discontinuation: hypothetical; death: composite (value 28)"),
        ({"affected": "all days"}, "discontinuation: hypothetical; death: composite; visits with all days after the event"),
    ],
)
def test_strategies_are_told_in_the_order_of_the_mapping(chosen, said):
    found = addressed([16, 12, 8, 4], (STOP, 30, "hypothetical"), (DEATH, 60, "composite"), **chosen)
    assert found["intercurrent"].unique().tolist() == [said]


def test_the_event_is_told_at_all_visits_after_it_whatever_its_strategy():
    for strategy in EVENT_STRATEGIES:
        told = addressed([16, 12, 8, 4], (STOP, 60, strategy))["intercurrent_event"].tolist()
        assert told == ["", "", STOP, STOP]


def test_the_kind_of_event_is_no_covariate():
    outcomes = outcomes_of([16, 12, 8, 4], [15, 14, 13, 12], [9, 9, 9, 9], [9, 8, 7, 5])
    found = address_events(outcomes, events_of(("s0", STOP, 30)), strategies={STOP: "treatment policy"})
    with pytest.raises(ba.DataError, match="intercurrent_event"):
        ba.fit_ancova(found, covariates=["intercurrent_event"])


def test_the_strategies_are_in_every_estimate():
    rng = np.random.default_rng(1)
    outcomes = outcomes_of(*rng.integers(1, 28, (40, 4)))
    found = address_events(outcomes, events_of(("s0", STOP, 30)), strategies={STOP: "hypothetical"})
    assert ba.fit_ancova(found).differences()["intercurrent"].unique().tolist() == ["discontinuation: hypothetical"]


def test_without_events_there_is_nothing_to_address():
    found = address_events(outcomes_of([16, 12, 8, 4]), events_of(), strategies={})
    assert found["value"].tolist() == [16, 12, 8, 4]
    assert found["intercurrent"].tolist() == found["intercurrent_event"].tolist() == [""] * 4


def test_events_of_subjects_who_are_not_among_the_outcomes_change_nothing():
    events = events_of(("s0", STOP, 60), ("elsewhere", RESCUE, 5))
    found = address_events(outcomes_of([16, 12, 8, 4]), events, strategies={STOP: "hypothetical", RESCUE: "composite"})
    assert same(found["value"], [16, 12, GAP, GAP])
    assert found["intercurrent"].iloc[0] == "discontinuation: hypothetical; rescue treatment: composite"


def test_a_strategy_may_be_planned_for_a_kind_that_did_not_happen():
    planned = {STOP: "hypothetical", "death": "composite"}
    found = address_events(outcomes_of([16, 12, 8, 4]), events_of(("s0", STOP, 60)), strategies=planned)
    assert same(found["value"], [16, 12, GAP, GAP])
    assert found["intercurrent"].iloc[0] == "discontinuation: hypothetical; death: composite"


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategies", "said"),
    [
        (
            {},
            "strategies: found none for 'discontinuation' among those for nothing; expected one for each kind of event there is",
        ),
        ({"discontinuaton": "composite"}, "found none for 'discontinuation' among those for 'discontinuaton'"),
        ({STOP: "LOCF"}, "found discontinuation = 'LOCF'; expected one of 'treatment policy', 'hypothetical', 'composite'"),
        ({STOP: "principal stratum"}, "which is a population .* and no handling of values"),
    ],
)
def test_strategies_that_do_not_fit_the_events_are_refused(strategies, said):
    with pytest.raises(ValueError, match=said):
        address_events(outcomes_of([16, 12, 8, 4]), events_of(("s0", STOP, 30)), strategies=strategies)


def test_one_word_for_all_kinds_is_refused():
    with pytest.raises(TypeError, match=r"`strategies` must be a dict, .*; got 'hypothetical'"):
        address_events(outcomes_of([16, 12, 8, 4]), events_of(("s0", STOP, 30)), strategies="hypothetical")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("s0", STOP, None), "row 1, column 'day': found nothing; expected a study day from 1 on"),
        (("s0", STOP, 0), "row 1, column 'day': found 0; expected a study day from 1 on"),
        (("s0", STOP, -3), "row 1, column 'day': found -3"),
        (("s0", STOP, "soon"), "row 1, column 'day': found 'soon'"),
        (("s0", STOP, np.inf), "row 1, column 'day': found inf"),
        ((None, STOP, 3), "row 1, column 'subject': found nothing"),
        (("s0", None, 3), "row 1, column 'kind': found nothing"),
    ],
)
def test_an_event_that_lacks_something_is_refused(row, said):
    with pytest.raises(ba.DataError, match=said):
        address_events(outcomes_of([16, 12, 8, 4]), events_of(row), strategies={STOP: "hypothetical"})


def test_what_is_addressed_is_not_addressed_again():
    once = addressed([16, 12, 8, 4], (STOP, 30, "hypothetical"))
    with pytest.raises(ba.DataError, match=r"must be as measured, .*; got intercurrent = 'discontinuation: hypothetical'"):
        address_events(once, events_of(("s0", STOP, 30)), strategies={STOP: "composite"})
    with pytest.raises(ba.DataError, match="got a column 'intercurrent_event'"):
        address_events(once.assign(intercurrent=""), events_of(("s0", STOP, 30)), strategies={STOP: "composite"})


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"affected": "some days"}, "`affected` must be one of 'any day', 'all days'.*; got 'some days'"),
        ({"failure": "best"}, "`failure` must be one of 'baseline', 'worst'.*; got 'best'"),
        ({"failure": np.nan}, "must be 'baseline', 'worst', or a number; got nan"),
        ({"failure": True}, "must be 'baseline', 'worst', or a number; got True"),
    ],
)
def test_unknown_words_are_refused(chosen, said):
    with pytest.raises(ValueError, match=said):
        addressed([16, 12, 8, 4], (STOP, 30, "hypothetical"), **chosen)


def test_subjects_numbered_here_and_spelled_there_are_the_same():
    outcomes = outcomes_of([16, 12, 8, 4]).assign(subject="0")
    numbered, spelled = (
        address_events(outcomes, events_of((subject, STOP, 30)), strategies={STOP: "hypothetical"}) for subject in (0, "0")
    )
    pd.testing.assert_frame_equal(numbered, spelled)
    assert numbered["value"].isna().any()


# The events of a trial ------------------------------------------------------------------------------------------------

SUBJECTS = pd.DataFrame(
    {
        "subject": ["a", "b", "c", "d", "e"],
        "arm": ["P", "T", "P", "T", "P"],
        "completed": ["yes", "no", "no", None, "no"],
        "last_day": [168, 70, -2, 30, None],
        "itt": ["yes", "yes", "no", "yes", "yes"],
    }
)


def trial_of(*rows, subjects=SUBJECTS):
    tables = {"subjects": subjects} | ({"intercurrent_events": events_of(*rows)} if rows else {})
    return ba.as_trial(tables, name="t")


def told(trial):
    return list(intercurrent_events(trial).itertuples(index=False, name=None))


def test_who_did_not_complete_discontinued_on_the_last_day_and_not_before_day_1():
    # Nobody knows when e left; whether d completed is not known.
    assert told(trial_of()) == [("b", STOP, 70), ("c", STOP, 1), ("d", STOP, 30)]


def test_events_of_the_trial_come_before_and_after_in_time():
    found = told(trial_of(("b", RESCUE, 80), ("a", RESCUE, 9), ("b", RESCUE, 20)))
    assert found == [
        ("a", RESCUE, 9), ("b", RESCUE, 20), ("b", STOP, 70), ("b", RESCUE, 80), ("c", STOP, 1), ("d", STOP, 30),
    ]  # fmt: skip


def test_who_left_on_an_unknown_day_is_counted():
    assert n_undated_discontinuations(trial_of()) == 1
    assert n_undated_discontinuations(trial_of(("b", STOP, 60))) == 0
    assert n_undated_discontinuations(trial_of(subjects=SUBJECTS.drop(columns="last_day"))) == 0


@pytest.mark.parametrize("kind", ["discontinuation", "Discontinuation"])
def test_a_trial_that_tells_discontinuations_itself_is_believed(kind):
    assert told(trial_of(("b", kind, 60))) == [("b", kind, 60)]


@pytest.mark.parametrize("lacking", ["completed", "last_day"])
def test_subjects_that_do_not_tell_who_left_and_when_tell_no_discontinuation(lacking):
    found = intercurrent_events(trial_of(subjects=SUBJECTS.drop(columns=lacking)))
    assert found.empty
    assert list(found.columns) == ["subject", "kind", "day"]
    assert told(trial_of(("a", RESCUE, 9), subjects=SUBJECTS.drop(columns=lacking))) == [("a", RESCUE, 9)]


def test_a_population_has_the_events_of_its_subjects():
    assert told(trial_of(("b", RESCUE, 80)).restrict("itt")) == [("b", STOP, 70), ("b", RESCUE, 80), ("d", STOP, 30)]


def test_every_subject_of_the_simulated_trial_who_left_has_one_discontinuation(simulated):
    found = intercurrent_events(simulated).query("kind == 'discontinuation'").set_index("subject")["day"]
    left = simulated.subjects.loc[~simulated.subjects["completed"].to_numpy(dtype=bool)].set_index("subject")["last_day"]
    assert found.to_dict() == left.astype(int).to_dict()


def test_hypothetically_nothing_of_the_simulated_trial_is_seen_after_leaving(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    events = intercurrent_events(simulated).query("kind == 'discontinuation'")
    last_day = events.set_index("subject")["day"].reindex(outcomes["subject"]).to_numpy()
    later = outcomes["visit"].str.removeprefix("week ").astype(int).to_numpy() * 7 > last_day
    any_day, all_days = (
        address_events(outcomes, events, strategies={STOP: "hypothetical"}, affected=affected)
        for affected in ("any day", "all days")
    )
    assert any_day.loc[later, "value"].isna().all()
    pd.testing.assert_series_equal(any_day.loc[~later, "value"], outcomes.loc[~later, "value"])
    # Diaries end where subjects leave: only the period in which they do may have a value.
    pd.testing.assert_frame_equal(all_days[MEASURED], outcomes[MEASURED])


# Counts ---------------------------------------------------------------------------------------------------------------


def test_subjects_with_an_event_count_once_a_kind_the_most_frequent_first():
    outcomes = outcomes_of(*np.full((5, 4), 9))
    rows = [("s0", RESCUE, 5), ("s0", RESCUE, 50), ("s0", STOP, 9), ("s1", STOP, 3), ("s3", STOP, 500), ("x", RESCUE, 1)]
    counted = intercurrent_counts(outcomes, events_of(*rows))
    assert counted[["category", "arm", "n_events", "n_total"]].to_numpy().tolist() == [
        [STOP, "P", 1, 3],
        [STOP, "T", 2, 2],
        [RESCUE, "P", 1, 3],
        [RESCUE, "T", 0, 2],
    ]
    assert counted["endpoint"].unique().tolist() == ["intercurrent events"]


def test_counts_make_a_table_by_arm():
    outcomes = outcomes_of(*np.full((4, 4), 9))
    table = ba.table.disposition(ba.event_rates(intercurrent_counts(outcomes, events_of(("s0", STOP, 5), ("s1", DEATH, 7)))))
    assert table.to_numpy().tolist() == [
        ["Discontinuation", "1 (50.0 %)", "0 (0.0 %)"],
        ["Death", "0 (0.0 %)", "1 (50.0 %)"],
    ]


def test_nobody_is_counted_where_there_are_no_events():
    assert intercurrent_counts(outcomes_of([16, 12, 8, 4]), events_of()).empty


def test_counts_of_the_simulated_trial_are_those_who_left(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    counted = intercurrent_counts(outcomes, intercurrent_events(simulated))
    assert counted[counted["category"] == STOP]["n_events"].tolist() == [84, 88]


def test_an_event_between_two_of_another_kind_is_told_between_them():
    events = events_of(("s0", STOP, 30), ("s0", RESCUE, 60), ("s0", STOP, 90))
    found = address_events(outcomes_of([16, 12, 8, 4]), events, strategies={STOP: "hypothetical", RESCUE: "composite"})
    assert same(found["value"], [16, GAP, 20, GAP])
    assert found["intercurrent_event"].tolist() == ["", STOP, f"{STOP}; {RESCUE}", f"{STOP}; {RESCUE}; {STOP}"]


def test_a_day_that_is_missing_among_whole_days_is_no_date():
    events = pd.DataFrame({"subject": ["s0", "s0"], "kind": STOP, "day": pd.Series([30, pd.NaT], dtype=object)})
    with pytest.raises(ba.DataError, match="row 2, column 'day': found nothing"):
        address_events(outcomes_of([16, 12, 8, 4]), events, strategies={STOP: "hypothetical"})


def test_a_kind_is_a_text():
    with pytest.raises(ValueError, match="strategies: found none for 'discontinuation'"):
        address_events(outcomes_of([16, 12, 8, 4]), events_of(("s0", STOP, 30)), strategies={1: "composite"})


def test_dates_are_no_study_days():
    for dates in (pd.to_datetime(["2020-03-01"]), [pd.Timestamp("2020-03-01").date()]):
        events = pd.DataFrame({"subject": ["s0"], "kind": [STOP], "day": dates})
        with pytest.raises(ba.DataError, match="must have study days in column 'day'; got dates"):
            address_events(outcomes_of([16, 12, 8, 4]), events, strategies={STOP: "hypothetical"})


def test_subjects_by_number_are_not_subjects_by_name():
    with pytest.raises(ba.DataError, match="events: found subject 1, outcomes have 's0'"):
        address_events(outcomes_of([16, 12, 8, 4]), events_of((1, STOP, 30)), strategies={STOP: "hypothetical"})


def test_a_kind_that_reads_as_several_is_refused():
    with pytest.raises(ValueError, match="found the kind 'death; rescue'; expected one without '; '"):
        addressed([16, 12, 8, 4], ("death; rescue", 30, "hypothetical"))

"""The cells of frames from a user: outcomes, events and times follow the rules of files."""

import datetime
import decimal
import re

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.cells.of_frames import places_of, read_truths, shown
from botox_analysis.frames.events import check_events
from botox_analysis.frames.times import check_times

N = 4
DAY = datetime.date(2024, 1, 1)
NO_NUMBERS = {
    "durations": pd.to_timedelta([1, 2, 3, 4], unit="D"),
    "durations as objects": pd.Series([np.timedelta64(1, "D")] * N, dtype=object),
    "durations of arrow": pd.Series(pd.to_timedelta([1, 2, 3, 4], unit="D")).astype("duration[ns][pyarrow]"),
    "durations as categories": pd.Series(pd.to_timedelta([1, 2, 3, 4], unit="D")).astype("category"),
    "a duration among numbers": pd.Series([1.0, 2.0, 3.0, pd.Timedelta(days=4)], dtype=object),
    "instants": pd.to_datetime(["2024-01-01"] * N),
    "instants in a zone": pd.to_datetime(["2024-01-01"] * N).tz_localize("Europe/Berlin"),
    "dates": pd.Series([DAY] * N, dtype=object),
    "dates of arrow": pd.Series([DAY] * N).astype("date32[pyarrow]"),
    "periods": pd.period_range("2024-01", periods=N, freq="M"),
    "intervals": pd.interval_range(0, N),
    "complex numbers": np.arange(1, N + 1) * (1 + 0j),
    "bytes": pd.Series([b"1"] * N, dtype=object),
    "truth values": [True, False, True, False],
    "truth values with a gap": pd.array([True, False, None, True], dtype="boolean"),
    "truth values of arrow": pd.Series([True, False, True, False]).astype("bool[pyarrow]"),
    "infinite numbers": [1.0, np.inf, 2.0, 3.0],
    "infinite texts": ["1", "inf", "2", "3"],
    "hexadecimal texts": ["1", "0x10", "2", "3"],
    "numbers of a comma": ["1,5", "2", "3", "4"],
    "underscored texts": ["1_000", "2", "3", "4"],
    "numbers beyond 1e12": [1.0, 2e12, 2.0, 3.0],
    "lists": pd.Series([[1]] * N, dtype=object),
}
NUMBERS = {
    "texts": ["1", "2.0", " 3 ", "4e0"],
    "decimals": pd.Series([decimal.Decimal(n) for n in range(1, 5)], dtype=object),
    "whole numbers": pd.array([1, 2, 3, 4], dtype="Int64"),
    "numbers of arrow": pd.Series([1.0, 2.0, 3.0, 4.0]).astype("float64[pyarrow]"),
    "single precision": np.arange(1, 5, dtype="float32"),
    "categories": pd.Series([1, 2, 3, 4]).astype("category"),
    "texts with a no-break space": ["\u00a01", "2\u200b", "3", "4"],
}
OUTCOMES = pd.DataFrame(
    {"subject": range(N), "arm": ["P", "T"] * 2, "visit": "w4", "baseline": 5.0, "value": [1.0, 2.0, 3.0, 4.0]}
)
TIMES = pd.DataFrame({"subject": range(N), "arm": ["P", "T"] * 2, "time": [1.0, 2.0, 3.0, 4.0], "observed": True})
EVENTS = pd.DataFrame({"arm": ["P", "T"] * 2, "category": ["x", "x", "y", "y"], "n_events": [1, 2, 3, 4], "n_total": 10})


def outcomes_of(frame=OUTCOMES, **others):
    return ba.as_outcomes(frame, **{"endpoint": "days", "arms": ["P", "T"], "visits": ["w4"], **others})


def objects(*cells):
    """A column that pandas does not make into text."""
    return pd.Series(cells, dtype=object)


# Numbers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NO_NUMBERS)
@pytest.mark.parametrize("column", ["value", "baseline", "change"])
def test_what_is_no_number_is_no_outcome(kind, column):
    with pytest.raises(ba.DataError, match=f"frame, row .*column '{column}': found .*; expected a number"):
        outcomes_of(OUTCOMES.assign(**{column: NO_NUMBERS[kind]}))


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_is_one_however_it_is_kept(kind):
    assert outcomes_of(OUTCOMES.assign(value=NUMBERS[kind]))["value"].tolist() == [1, 2, 3, 4]
    assert check_times(TIMES.assign(time=NUMBERS[kind]))["time"].tolist() == [1, 2, 3, 4]
    assert check_events(EVENTS.assign(n_events=NUMBERS[kind]))["n_events"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("kind", NO_NUMBERS)
@pytest.mark.parametrize("column", ["n_events", "n_total"])
def test_what_is_no_number_is_no_count(kind, column):
    with pytest.raises(ba.DataError, match=f"events, row .*column '{column}': found .*; expected a whole number"):
        check_events(EVENTS.assign(**{column: NO_NUMBERS[kind]}))


@pytest.mark.parametrize("kind", [kind for kind in NO_NUMBERS if "duration" not in kind])
def test_what_is_no_number_is_no_time(kind):
    with pytest.raises(ba.DataError, match=r"times, row .*column 'time': found .*; expected a number of days above 0"):
        check_times(TIMES.assign(time=NO_NUMBERS[kind]))


@pytest.mark.parametrize("kind", [kind for kind in NO_NUMBERS if kind.startswith("durations")])
def test_durations_are_days_where_a_time_is_meant(kind):
    days = check_times(TIMES.assign(time=NO_NUMBERS[kind]))["time"]
    assert days.tolist() == ([1, 1, 1, 1] if "objects" in kind else [1, 2, 3, 4])


def test_a_part_of_a_day_is_a_part_of_a_day():
    assert check_times(TIMES.assign(time=pd.to_timedelta([6, 12, 24, 36], unit="h")))["time"].tolist() == [0.25, 0.5, 1, 1.5]


@pytest.mark.parametrize(
    "time", [pd.to_timedelta([0, 1, 2, 3], unit="D"), pd.to_timedelta([-1, 1, 2, 3], unit="D"), [pd.NaT] * N]
)
def test_a_duration_that_is_no_time_is_refused(time):
    with pytest.raises(ba.DataError, match="times, row 1, column 'time'"):
        check_times(TIMES.assign(time=time))


def test_numbers_of_durations_are_those_of_days():
    durations = TIMES.assign(time=pd.to_timedelta(TIMES["time"], unit="D"))
    for verb in (
        lambda times: ba.times.restricted_means(times, horizon=3),
        ba.times.quantiles,
        ba.times.curve,
        ba.times.by_cycle,
    ):
        pd.testing.assert_frame_equal(verb(durations), verb(TIMES))


@pytest.mark.parametrize("kind", [kind for kind in NO_NUMBERS if not kind.startswith("truth")])
def test_what_is_no_truth_is_not_observed(kind):
    with pytest.raises(ba.DataError, match=r"times, row .*column 'observed': found .*; expected true or false"):
        check_times(TIMES.assign(observed=NO_NUMBERS[kind]))


def test_truths_are_read_as_values():
    truths, known = read_truths(pd.Series([True, 1, 1.0, "1", "0", 0, "yes", None, pd.Timedelta(1)], dtype=object))
    assert truths.tolist() == [True] * 4 + [False] * 5
    assert known.tolist() == [True] * 6 + [False] * 3


def test_one_wrong_cell_is_blamed_and_its_neighbours_are_not():
    with pytest.raises(ba.DataError, match=r"row 2, column 'value': found 'much'; expected a number\.$"):
        outcomes_of(OUTCOMES.assign(value=["1", "much", "2", ""]))


def test_a_wrong_name_beside_a_missing_one_is_reported_once():
    with pytest.raises(
        ba.DataError, match=r"row 1, column 'arm': found the date 2024-01-01; expected a name.* the first of 2"
    ) as told:
        check_events(EVENTS.assign(arm=objects(DAY, "T", None, "T")))
    assert told.value.problems["found"].tolist() == ["the date 2024-01-01", "nothing"]


def test_patient_years_are_numbers_and_no_durations():
    events = EVENTS.assign(at_risk=pd.to_timedelta([1, 2, 3, 4], unit="D"))
    with pytest.raises(ba.DataError, match="`at_risk` must be a number, 0 or more; got the duration 1 days"):
        ba.event_rates(events, measure="incidence rate")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pd.period_range("2024-01", periods=N, freq="M"), "must be a number, or a factor; got periods"),
        (pd.to_timedelta([1, 2, 3, 4], unit="D"), "must be a number of days, or a factor; got durations"),
        (pd.Series([DAY] * N, dtype=object), "must be a number of days, or a factor; got dates"),
        (pd.Series([pd.Timedelta(days=1)] * N, dtype=object), "got durations"),
        (pd.Series([b"a", b"b"] * 2, dtype=object), "got bytes"),
        (np.arange(N) * 1j, "holds complex numbers; expected numbers, texts or truth values"),
        (pd.Series([[1], [2], [3], [4]], dtype=object), "holds a list; expected numbers, texts or truth values"),
    ],
)
def test_a_covariate_is_a_number_or_a_factor(column, said):
    with pytest.raises(ba.DataError, match=said):
        ba.fit_ancova(outcomes_of(OUTCOMES.assign(more=column)), covariates=("more",))


# Codes and names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visits", [[4, 8], ["4", "8"], [4.0, 8.0], pd.Index([4, 8]), np.array(["4", "8"])])
@pytest.mark.parametrize("cells", [[4, 8, 4, 8], ["4", "8", "4", "8"], [4.0, 8.0, 4.0, 8.0], ["4", 8, 4.0, " 8 "]])
def test_a_visit_is_the_same_as_a_number_and_as_a_text(visits, cells):
    frame = pd.DataFrame({"subject": [1, 1, 2, 2], "arm": ["P", "P", "T", "T"], "value": 1.0}).assign(
        visit=pd.Series(cells, dtype=object)
    )
    assert outcomes_of(frame, visits=visits)["visit"].cat.categories.tolist() == ["4", "8"]


def test_visits_of_models_are_asked_for_as_numbers_or_as_texts():
    frame = pd.DataFrame(
        {"subject": np.repeat(range(8), 2), "arm": np.repeat(["P", "T"] * 4, 2), "visit": [4, 8] * 8, "baseline": 9}
    )
    outcomes = outcomes_of(frame.assign(value=np.random.default_rng(1).normal(size=16)), visits=[4, 8])
    pd.testing.assert_frame_equal(ba.fit_ancova(outcomes, visits=[8]).means(), ba.fit_ancova(outcomes, visits=["8"]).means())
    pd.testing.assert_frame_equal(ba.compare_ranks(outcomes, visits=[8.0]), ba.compare_ranks(outcomes, visits=["8"]))


def test_an_arm_and_a_subject_are_the_same_as_a_number_and_as_a_text():
    frame = pd.DataFrame({"subject": [1, "1", 2.0, "2 "], "arm": [0, "0", 1.0, "1"], "visit": [4, 8, 4, 8], "value": 1.0})
    outcomes = outcomes_of(frame, arms=[0, 1], visits=[4, 8])
    assert outcomes["subject"].tolist() == ["1", "1", "2", "2"]
    assert outcomes["arm"].tolist() == ["0", "0", "1", "1"]


def test_subjects_that_are_numbers_stay_numbers():
    assert outcomes_of()["subject"].tolist() == [0, 1, 2, 3]
    assert outcomes_of(OUTCOMES.assign(subject=["01", "1", "2", "3"]))["subject"].tolist() == ["01", "1", "2", "3"]


SPELLINGS = ["Übel", "U\u0308bel", " Übel", "Übel\u00a0", "Ü\u200bbel"]


@pytest.mark.parametrize("other", SPELLINGS)
def test_spellings_that_are_canonically_equal_are_one_arm(other):
    frame = OUTCOMES.assign(arm=["Übel", "T", other, "T"])
    assert outcomes_of(frame, arms=["Übel", "T"])["arm"].unique().tolist() == ["Übel", "T"]
    assert outcomes_of(frame, arms=[other, "T"])["arm"].unique().tolist() == ["Übel", "T"]
    times = check_times(TIMES.assign(arm=["Übel", "T", other, "T"]))
    assert times["arm"].unique().tolist() == ["Übel", "T"]


@pytest.mark.parametrize("other", SPELLINGS[1:])
@pytest.mark.parametrize("column", ["category", "visit", "stratum"])
def test_spellings_that_are_canonically_equal_are_one_row_of_events(other, column):
    with pytest.raises(ba.DataError, match="a second time; expected one row per arm and category"):
        check_events(pd.DataFrame({"arm": ["P", "P"], column: ["Übel", other], "n_events": 1, "n_total": 2}))


def test_the_order_of_a_categorical_arm_stays():
    arm = pd.Categorical(["P", "T ", "P", "T "], categories=["T ", "P"], ordered=True)
    assert check_events(EVENTS.assign(arm=arm))["arm"].cat.categories.tolist() == ["T", "P"]


LOOK_ALIKES = [
    ("Neck pain", "neck pain"),
    ("week-4", "week\u20104"),
    ("Sjögren's", "Sjögren\u2019s"),
    ("Straße", "Strasse"),
    ("A B", "AB"),
]


@pytest.mark.parametrize("names", LOOK_ALIKES)
@pytest.mark.parametrize("column", ["arm", "category", "visit", "stratum", "within"])
def test_look_alikes_are_two_spellings_of_one(names, column):
    events = pd.DataFrame({"arm": ["P", "T"], "within": "c", "n_events": 1, "n_total": 2}).assign(**{column: list(names)})
    with pytest.raises(ba.DataError, match=f"events, column '{column}': found '{names[0]}' and '{names[1]}', which look alike"):
        check_events(events)
    if column in ("arm", "category"):
        times = TIMES.assign(**{column: [*names, *names]})
        with pytest.raises(
            ba.DataError, match=f"times, column '{column}': found '{names[0]}' and '{names[1]}', which look alike"
        ):
            check_times(times)


@pytest.mark.parametrize("names", LOOK_ALIKES)
def test_look_alikes_of_an_arm_or_visit_are_refused_with_the_known_name(names):
    one, other = names
    with pytest.raises(
        ba.DataError, match=re.escape(f"found '{other}'; expected one of '{one}', 'T', of which '{one}' looks like it")
    ):
        outcomes_of(OUTCOMES.assign(arm=[other, "T", one, "T"]), arms=[one, "T"])
    with pytest.raises(ba.DataError, match=re.escape(f"of which '{one}' looks like it")):
        outcomes_of(OUTCOMES.assign(visit=other), visits=[one])
    with pytest.raises(ValueError, match=r"`arms` must have one spelling of each name; got .*, which look alike"):
        outcomes_of(arms=[one, other])


def test_a_class_and_its_term_may_have_one_name():
    events = pd.DataFrame(
        {"arm": "P", "within": ["", "Headache"], "category": ["Headache", "headache"], "n_events": 1, "n_total": 2}
    )
    assert len(check_events(events)) == 2


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "a\x00b", "a\u202eb", "\ud800"])
def test_control_characters_are_in_no_name(name):
    with pytest.raises(ba.DataError, match=r"row 1, column 'arm': found .*; expected a name: a text without control characters"):
        outcomes_of(OUTCOMES.assign(arm=objects(name, "T", "P", "T")))
    with pytest.raises(ba.DataError, match="row 1, column 'visit': found"):
        outcomes_of(OUTCOMES.assign(visit=objects(name, "w4", "w4", "w4")))
    with pytest.raises(ba.DataError, match=r"row 1, column 'subject': found .*; expected an identifier"):
        outcomes_of(OUTCOMES.assign(subject=objects(name, "1", "2", "3")))
    with pytest.raises(ba.DataError, match="row 1, column 'category': found"):
        check_events(EVENTS.assign(category=objects(name, "x", "y", "y")))
    with pytest.raises(ba.DataError, match="row 1, column 'subject': found"):
        check_times(TIMES.assign(subject=objects(name, "1", "2", "3")))


@pytest.mark.parametrize("kind", ["instants", "dates", "durations", "periods", "bytes", "complex numbers", "lists"])
@pytest.mark.parametrize("column", ["subject", "arm", "visit"])
def test_a_name_is_a_text_or_a_number(kind, column):
    with pytest.raises(ba.DataError, match=f"row 1, column '{column}': found"):
        outcomes_of(OUTCOMES.assign(**{column: NO_NUMBERS[kind]}))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("P", "`arms` must be a list of names; got 'P'"),
        (None, "`arms` must be a list of names; got None"),
        (["P", None], "each item of `arms` must be a name: .*; got None"),
        (["P", ""], "each item of `arms` must be a name: .*; got ''"),
        (["P", "T", "T "], "`arms` must have each name once; got 'P', 'T', 'T'"),
        ([DAY, "T"], "each item of `arms` must be a name: .*; got the date 2024-01-01"),
    ],
)
def test_arms_are_names_each_once(names, said):
    with pytest.raises(ValueError, match=said):
        outcomes_of(arms=names)


# Outcomes that were not made by as_outcomes ----------------------------------------------------------------------------


@pytest.mark.parametrize("names", LOOK_ALIKES)
@pytest.mark.parametrize("column", ["arm", "visit"])
def test_look_alikes_in_outcomes_are_refused(names, column):
    outcomes = outcomes_of()
    edited = outcomes.assign(**{column: pd.Categorical([*names, *names], categories=list(names))})
    with pytest.raises(ba.DataError, match=f"outcomes, column '{column}': found '{names[0]}' and '{names[1]}', which look alike"):
        ba.describe_change(edited)


@pytest.mark.parametrize("subjects", [(1, "1"), ("a", "a "), ("1", 1.0), ("Übel", "U\u0308bel"), ("a", "a\u200b")])
def test_one_subject_in_two_spellings_is_refused(subjects):
    edited = outcomes_of().assign(subject=objects(*subjects, "c", "d"))
    with pytest.raises(ba.DataError, match=r"must have one spelling per subject; got .* and .* in column 'subject'"):
        ba.describe_change(edited)
    with pytest.raises(ba.DataError, match="must have one spelling per subject"):
        ba.describe_change(edited.assign(subject=edited["subject"].astype("category")))


def test_an_endpoint_or_columns_of_the_wrong_kind_are_refused():
    with pytest.raises(TypeError, match="endpoint: found the number 5; expected what was measured, with its unit"):
        outcomes_of(endpoint=5)
    with pytest.raises(TypeError, match="columns: found a list; expected a dict such as"):
        outcomes_of(columns=["subject"])


# Subjects of two frames -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [[1, 2], [1.0, 2.0], ["1", "2"], [" 1", "2\u200b"]])
@pytest.mark.parametrize("wanted", [[2, 1], ["2", "1"], [2.0, 1.0]])
def test_subjects_of_two_frames_match_as_values(known, wanted):
    assert places_of(pd.Series(wanted, dtype=object), known, "events", "outcomes").tolist() == [1, 0]


def test_subjects_that_differ_by_leading_zeros_are_refused():
    with pytest.raises(ba.DataError, match="events: found subject '007', outcomes have '7', which differs by leading zeros"):
        places_of(pd.Series(["007"]), [7, 8], "events", "outcomes")
    assert places_of(pd.Series(["007", "7", None]), [7, 8], "events", "outcomes").tolist() == [-1, 0, -1]


def test_events_after_which_values_are_addressed_find_their_subject():
    events = pd.DataFrame({"subject": ["0", "3"], "kind": "death", "day": [1, "2"]})
    after = ba.intercurrent.visits_after(outcomes_of(), events, visit_days={"w4": 28})
    assert after["subject"].tolist() == [0, 3]


@pytest.mark.parametrize(
    "kind", [kind for kind in NO_NUMBERS if kind not in ("instants", "instants in a zone", "dates", "dates of arrow")]
)
def test_what_is_no_number_is_no_study_day(kind):
    events = pd.DataFrame({"subject": range(N), "kind": "death"}).assign(day=NO_NUMBERS[kind])
    with pytest.raises(ba.DataError, match=r"events, row .*column 'day': found .*; expected a study day from 1 on"):
        ba.intercurrent.visits_after(outcomes_of(), events, visit_days={"w4": 28})


def test_two_spellings_of_a_kind_of_event_are_refused():
    events = pd.DataFrame({"subject": [0, 1], "kind": ["Death", "death"], "day": 3})
    with pytest.raises(ba.DataError, match="events, column 'kind': found 'Death' and 'death', which look alike"):
        ba.intercurrent.counts(outcomes_of(), events)


# Words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x", "'x'"), ("a\tb", "'a\\tb'"), (np.float64(0.5), "0.5"), (True, "the truth value True"),
        (1j, "the complex number 1j"),
        (b"x", "the bytes b'x'"), (pd.Period("2024-01"), "the period 2024-01"), (pd.NaT, "NaT"), (DAY, "the date 2024-01-01"),
    ],
)  # fmt: skip
def test_a_cell_is_shown_with_its_kind(value, said):
    assert shown(value) == said

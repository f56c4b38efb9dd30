"""The table of intercurrent events at the door, and the strategies that a protocol names for them."""

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.handling import EVENT_STRATEGIES, strategy_problem

SUBJECTS = pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"]})
EVENTS = pd.DataFrame({"subject": ["a", "b"], "kind": "rescue treatment", "day": [5, 30]})
TWO = "subject,arm\na,P\nb,T\n"
DOSED = "subject,arm,first_dose_date\na,P,2024-01-01\nb,T,2024-01-10\n"


def trial_of(events=EVENTS, **columns):
    return ba.as_trial({"subjects": SUBJECTS, "intercurrent_events": events.assign(**columns)}, name="t")


# The table ------------------------------------------------------------------------------------------------------------


def test_a_trial_has_the_table_or_nothing():
    assert ba.as_trial({"subjects": SUBJECTS}, name="t").intercurrent_events is None
    assert trial_of().intercurrent_events[["kind", "day"]].to_numpy().tolist() == [
        ["rescue treatment", 5],
        ["rescue treatment", 30],
    ]


@pytest.mark.parametrize(
    ("column", "cell", "found", "expected"),
    [
        ("day", None, "nothing", "a whole study day from 1 on"),
        ("day", 0, "0", "a whole study day from 1 on"),
        ("day", -3, "-3", "a whole study day from 1 on"),
        ("day", 2.5, "2.5", "a whole study day from 1 on"),
        ("day", "soon", "'soon'", "a whole study day from 1 on"),
        ("kind", None, "nothing", "a text"),
        ("subject", None, "nothing", "a text"),
        ("subject", "z", "'z'", "a subject of subjects"),
    ],
)
def test_an_impossible_cell_is_refused_with_its_row(column, cell, found, expected):
    events = EVENTS.astype(object)
    events.loc[1, column] = cell
    with pytest.raises(ba.DataError) as caught:
        trial_of(events)
    assert str(caught.value) == f"intercurrent_events, row 3, column '{column}': found {found}; expected {expected}."


@pytest.mark.parametrize("column", ["subject", "kind", "day"])
def test_every_column_is_needed(column):
    with pytest.raises(ba.DataError, match=rf"intercurrent_events.*column '{column}'.*\[columns\.intercurrent_events\]"):
        trial_of(EVENTS.drop(columns=column))


def test_an_event_twice_on_one_day_is_refused_and_on_two_days_it_is_not():
    with pytest.raises(ba.DataError, match=r"row 4: found subject 'a', kind 'rescue treatment', day '?5'? a second time"):
        trial_of(pd.concat([EVENTS, EVENTS.iloc[[0]]]))
    assert len(trial_of(pd.concat([EVENTS, EVENTS.assign(day=60)])).intercurrent_events) == 4


def test_two_kinds_on_one_day_are_two_events():
    assert len(trial_of(pd.concat([EVENTS, EVENTS.assign(kind="death")])).intercurrent_events) == 4


@pytest.mark.parametrize("words", [["death", "Death"], ["rescue treatment", "rescue  treatment"]])
def test_two_spellings_of_a_kind_are_refused(words):
    with pytest.raises(
        ba.DataError, match=f"intercurrent_events, column 'kind': found '{words[0]}' and '{words[1]}'; expected one"
    ):
        trial_of(kind=words)


def test_further_columns_are_kept():
    assert trial_of(drug=["x", "y"]).intercurrent_events["drug"].tolist() == ["x", "y"]


# Files ----------------------------------------------------------------------------------------------------------------


def test_a_header_without_rows_means_no_events(trial_folder):
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, intercurrent_events_csv="subject,kind,day\n"))
    assert trial.intercurrent_events.empty
    assert list(trial.intercurrent_events.columns) == ["subject", "kind", "day"]


def test_dates_become_study_days(trial_folder):
    events = "subject,kind,date\na,death,2024-01-01\nb,death,2024-02-01\n"
    trial = ba.load_trial(trial_folder(subjects_csv=DOSED, intercurrent_events_csv=events))
    assert trial.intercurrent_events["day"].tolist() == [1, 23]


def test_a_missing_date_is_refused_by_the_column_the_file_has(trial_folder):
    events = "subject,kind,date\na,death,\n"
    with pytest.raises(ba.DataError, match=r"intercurrent_events\.csv, row 2, column 'date': found nothing; expected a date"):
        ba.load_trial(trial_folder(subjects_csv=DOSED, intercurrent_events_csv=events))


def test_a_date_in_the_column_of_days_is_refused_with_the_column_of_dates(trial_folder):
    events = "subject,kind,day\na,rescue treatment,2020-03-04\n"
    said = r"row 2, column 'day': found '2020-03-04'; expected a whole study day from 1 on, or a column named 'date'\."
    with pytest.raises(ba.DataError, match=said):
        ba.load_trial(trial_folder(subjects_csv=DOSED, intercurrent_events_csv=events))


def test_a_date_before_the_first_dose_is_no_intercurrent_event(trial_folder):
    events = "subject,kind,date\na,death,2023-12-31\n"
    with pytest.raises(
        ba.DataError, match=r"intercurrent_events\.csv, row 2.*found '2023-12-31'; expected a date from that of the first dose on"
    ):
        ba.load_trial(trial_folder(subjects_csv=DOSED, intercurrent_events_csv=events))


def test_days_counted_from_0_are_counted_from_1(trial_folder):
    files = {"subjects_csv": TWO, "intercurrent_events_csv": "subject,kind,day\na,death,0\nb,death,9\n"}
    assert ba.load_trial(trial_folder(**files, trial_toml="first_day = 0\n")).intercurrent_events["day"].tolist() == [1, 10]


def test_settings_name_its_columns_and_words(trial_folder):
    settings = '[columns.intercurrent_events]\nkind = "ICECAT"\n[values.intercurrent_events.kind]\n1 = "death"\n'
    files = {"subjects_csv": TWO, "intercurrent_events_csv": "subject,ICECAT,day\na,1,9\n", "trial_toml": settings}
    assert ba.load_trial(trial_folder(**files)).intercurrent_events["kind"].tolist() == ["death"]


# Strategies -----------------------------------------------------------------------------------------------------------


def test_the_strategies_of_the_settings_are_the_protocols_in_their_order(trial_folder):
    settings = '[protocol.intercurrent]\ndiscontinuation = "treatment policy"\n"rescue treatment" = "hypothetical"\n'
    planned = ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=settings)).protocol.intercurrent
    assert list(planned.items()) == [("discontinuation", "treatment policy"), ("rescue treatment", "hypothetical")]


def test_without_strategies_there_are_none(trial_folder):
    assert ba.load_trial(trial_folder(subjects_csv=TWO)).protocol.intercurrent == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'death = "composit"',
            r"\[protocol\.intercurrent\]: found death = 'composit'; expected one of 'treatment policy', 'hypo",
        ),
        ('death = "principal stratum"', r"\[protocol\.intercurrent\]: .* is a population .* and no handling of values"),
        ("death = 3", r"\[protocol\.intercurrent\]: found death = 3; expected a text"),
    ],
)
def test_an_unknown_strategy_is_refused_with_those_there_are(trial_folder, line, said):
    with pytest.raises(ba.DataError, match=said):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=f"[protocol.intercurrent]\n{line}\n"))


def test_strategies_that_are_no_table_are_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"\[protocol\]: found intercurrent = 'hypothetical'; expected a table"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml='[protocol]\nintercurrent = "hypothetical"\n'))


def test_the_known_strategies_have_no_problem():
    assert strategy_problem({f"kind {word}": word for word in EVENT_STRATEGIES}) == ""

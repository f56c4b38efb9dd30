"""Check of the tables: each impossible cell is reported with its file, row and column."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botox_analysis as ba

SUBJECTS = pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"]})
DIARY = pd.DataFrame(
    {
        "subject": ["a", "a", "b"],
        "day": [-1, 1, 1],
        "headache": [1, 1, 0],
        "headache_hours": [4.0, 24.0, 0.0],
        "severity": ["mild", "severe", "none"],
        "migraine": [0, 1, 0],
        "acute_medication": [0, 2, 0],
    }
)
EVENTS = pd.DataFrame(
    {
        "subject": ["a", "b"],
        "term": "Neck pain",
        "class": "Musculoskeletal",
        "onset_day": [1, 2],
        "end_day": [3, 4],
        "severity": ["mild", "severe"],
        "related": "yes",
        "serious": "no",
        "led_to_discontinuation": "no",
    }
)
SCORES = pd.DataFrame({"subject": ["a", "a"], "scale": "NRS", "visit": ["baseline", "week 4"], "day": [-1, 28], "value": [5, 3]})
TABLES = {"subjects": SUBJECTS, "diary": DIARY, "adverse_events": EVENTS, "assessments": SCORES}


def trial_of(**tables):
    return ba.as_trial({"subjects": SUBJECTS, **tables}, name="t")


def spoiled(table, row, column, cell):
    """A copy of a table with one other cell."""
    frame = TABLES[table].astype({column: object})
    frame.loc[row, column] = cell
    return frame


# Cells ----------------------------------------------------------------------------------------------------------------

SEVERITY = "one of 'none', 'mild', 'moderate', 'severe'"
YES = "yes or no, or a line of [values.diary.migraine]"
BAD_CELLS = [
    ("diary", "headache_hours", 25, "25", "hours from 0 to 24"),
    ("diary", "headache_hours", -0.5, "-0.5", "hours from 0 to 24"),
    ("diary", "headache_hours", "two", "'two'", "hours from 0 to 24"),
    ("diary", "headache_hours", "2,5", "'2,5'", 'hours from 0 to 24, or decimal = "," in trial.toml'),
    ("diary", "headache_hours", "inf", "'inf'", "hours from 0 to 24"),
    ("diary", "headache_hours", "NA", "'NA'", "hours from 0 to 24, or missing = ['NA'] in trial.toml"),
    ("diary", "acute_medication", -1, "-1", "a number of doses, 0 or more"),
    ("diary", "severity", "awful", "'awful'", "one of 'none', 'mild', 'moderate', 'severe'"),
    ("diary", "severity", 4, "4", f'{SEVERITY}, or a line of [values.diary.severity] for the number, such as 1 = "mild"'),
    ("diary", "severity", "1", "1", f'{SEVERITY}, or a line of [values.diary.severity] for the number, such as 1 = "mild"'),
    ("diary", "migraine", "maybe", "'maybe'", f'{YES}, such as maybe = "yes"'),
    ("diary", "migraine", 2, "2", "yes or no"),
    ("diary", "day", 1.5, "1.5", "a whole study day"),
    ("diary", "day", None, "nothing", "a whole study day"),
    ("diary", "day", "first", "'first'", "a whole study day"),
    ("diary", "subject", None, "nothing", "a text"),
    ("adverse_events", "term", None, "nothing", "a text"),
    ("adverse_events", "severity", "none", "'none'", "one of 'mild', 'moderate', 'severe'"),
    (
        "adverse_events",
        "serious",
        "perhaps",
        "'perhaps'",
        f'{YES.replace("diary.migraine", "adverse_events.serious")}, such as perhaps = "yes"',
    ),
    ("adverse_events", "onset_day", 0.5, "0.5", "a whole study day"),
    ("assessments", "value", "bad", "'bad'", "a number"),
    ("assessments", "value", np.inf, "'inf'", "a number"),
    ("assessments", "visit", None, "nothing", "a text"),
]


@pytest.mark.parametrize(("table", "column", "cell", "found", "expected"), BAD_CELLS)
def test_an_impossible_cell_is_refused_with_its_row(table, column, cell, found, expected):
    with pytest.raises(ba.DataError) as caught:
        trial_of(**{table: spoiled(table, 1, column, cell)})
    assert str(caught.value) == f"{table}, row 3, column '{column}': found {found}; expected {expected}."


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["headache_hours", "acute_medication"])), min_size=1, unique=True))
def test_every_spoiled_cell_is_in_the_table_of_problems_and_no_other(cells):
    diary = DIARY.astype(object)
    for row, column in cells:
        diary.loc[row, column] = f"x{row}"
    with pytest.raises(ba.DataError) as caught:
        trial_of(diary=diary)
    problems = caught.value.problems
    assert set(zip(problems["row"], problems["column"], strict=True)) == {(row + 2, column) for row, column in cells}


def test_a_day_of_25_hours_is_refused_with_its_row_in_the_table_of_problems():
    with pytest.raises(ba.DataError, match="row 4, column 'headache_hours': found 25; expected hours from 0 to 24") as caught:
        trial_of(diary=spoiled("diary", 2, "headache_hours", 25))
    assert caught.value.problems.to_numpy().tolist() == [["diary", 4, "headache_hours", "25", "hours from 0 to 24", 1]]


@pytest.mark.parametrize("day", [1e300, 1e7, -1e7, 20_001, -20_001])
def test_a_day_that_no_trial_reaches_is_refused(day):
    with pytest.raises(ba.DataError, match=r"diary, row 3, column 'day'"):
        trial_of(diary=spoiled("diary", 1, "day", day))


@pytest.mark.parametrize(("table", "column"), [("diary", "day"), ("adverse_events", "onset_day"), ("assessments", "day")])
def test_a_day_0_is_refused_in_frames_as_in_files(table, column):
    with pytest.raises(ba.DataError, match=rf"{table}, row 3, column '{column}': found 0; expected day 1"):
        trial_of(**{table: spoiled(table, 1, column, 0)})


@pytest.mark.parametrize("hours", [0, 24, "24", 0.25])
def test_days_of_0_to_24_hours_are_taken(hours):
    alone = spoiled("diary", 1, "headache_hours", hours)[["subject", "day", "headache_hours"]]
    assert trial_of(diary=alone).diary["headache_hours"][1] == float(hours)


@pytest.mark.parametrize("column", ["headache", "headache_hours", "severity", "migraine", "acute_medication"])
def test_a_diary_may_lack_a_cell(column):
    diary = trial_of(diary=spoiled("diary", 1, column, None)).diary
    assert diary[column].isna().tolist() == [False, True, False]


def test_a_severity_in_words_may_be_missing():
    diary = DIARY.assign(severity=["moderate", None, "none"])
    assert trial_of(diary=diary).diary["severity"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(("cell", "word"), [("mild", "mild"), ("Severe", "severe"), (" MODERATE ", "moderate")])
def test_a_severity_is_a_word_in_any_case(cell, word):
    alone = spoiled("diary", 1, "severity", cell)[["subject", "day", "severity"]]
    assert trial_of(diary=alone).diary["severity"][1] == word


@pytest.mark.parametrize("dtype", [int, float, str, object])
def test_codes_of_severity_have_the_meaning_that_the_settings_give_them(dtype):
    words = {"0": "none", "1": "mild", "2": "moderate", "3": "severe"}
    diary = DIARY.assign(severity=pd.Series([1, 3, 0], dtype=dtype))
    trial = ba.as_trial({"subjects": SUBJECTS, "diary": diary}, name="t", settings={"values": {"diary": {"severity": words}}})
    assert trial.diary["severity"].tolist() == ["mild", "severe", "none"]


@pytest.mark.parametrize("column", ["severity", "related", "serious", "led_to_discontinuation", "onset_day"])
def test_an_adverse_event_may_lack_a_cell(column):
    events = trial_of(adverse_events=spoiled("adverse_events", 1, column, None)).adverse_events
    assert events[column].isna().tolist() == [False, True]


def test_severities_are_in_order():
    severity = trial_of(diary=DIARY).diary["severity"]
    assert severity.max() == "severe"
    assert (severity > "none").tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("yes", "no"), [("yes", "no"), ("Y", "n"), ("TRUE", "False"), ("1", "0"), (1, 0), (1.0, 0.0), (True, False), (" yes ", " No")]
)
def test_yes_and_no_may_be_written_in_many_ways(yes, no):
    subjects = SUBJECTS.assign(itt=pd.Series([yes, no], dtype=object))
    assert trial_of(subjects=subjects).subjects["itt"].tolist() == [True, False]


@pytest.mark.parametrize("dtype", ["bool", "boolean", "Int64", "category", "string"])
def test_a_population_may_have_any_type(dtype):
    subjects = SUBJECTS.assign(safety=pd.Series([True, False]).astype(dtype))
    assert trial_of(subjects=subjects).restrict("safety").subjects["subject"].tolist() == ["a"]


# Rows -----------------------------------------------------------------------------------------------------------------


def test_a_subject_twice_is_refused_with_the_second_row():
    with pytest.raises(ba.DataError, match=r"^subjects, row 4: found subject 'a' a second time; expected one row per subject\.$"):
        trial_of(subjects=pd.concat([SUBJECTS, SUBJECTS.iloc[[0]]]))


def test_a_subject_three_times_is_one_problem_in_two_rows():
    with pytest.raises(ba.DataError, match="row 4: found subject 'a' a second time in 2 rows") as caught:
        trial_of(subjects=SUBJECTS.iloc[[0, 1, 0, 0]])
    assert caught.value.problems[["row", "n"]].to_numpy().tolist() == [[4, 2]]


def test_a_diary_day_twice_is_refused_as_the_file_writes_it():
    said = r"^diary, row 5: found subject 'a', day '?-1'? a second time; expected one row per subject, day\.$"
    with pytest.raises(ba.DataError, match=said):
        trial_of(diary=pd.concat([DIARY, DIARY.iloc[[0]]]))


def test_two_subjects_may_share_a_day():
    assert trial_of(diary=DIARY).diary["day"].tolist() == [-1, 1, 1]


def test_a_score_twice_at_a_visit_is_refused():
    with pytest.raises(ba.DataError, match=r"assessments, row 4: found subject 'a', scale 'NRS', visit 'week 4' a second time"):
        trial_of(assessments=pd.concat([SCORES, SCORES.iloc[[1]]]))


def test_two_scales_may_share_a_visit():
    assert len(trial_of(assessments=pd.concat([SCORES, SCORES.assign(scale="HIT-6")])).assessments) == 4


def test_an_adverse_event_may_come_again():
    assert len(trial_of(adverse_events=pd.concat([EVENTS, EVENTS])).adverse_events) == 4


@pytest.mark.parametrize("table", ["diary", "assessments", "adverse_events"])
def test_a_stranger_is_refused_with_the_row(table):
    with pytest.raises(ba.DataError, match=rf"{table}, row 2, column 'subject': found 'z'; expected a subject of subjects\."):
        trial_of(**{table: spoiled(table, 0, "subject", "z")})


def test_all_unknown_subjects_are_reported():
    with pytest.raises(ba.DataError, match="first of 2 problems") as caught:
        trial_of(diary=DIARY.assign(subject=["z", "a", "y"]))
    assert caught.value.problems["found"].tolist() == ["'z'", "'y'"]


# A table of adverse events without rows says something: nobody had any.
@pytest.mark.parametrize("table", ["subjects", "diary", "assessments"])
def test_a_table_without_rows_is_refused(table):
    with pytest.raises(ba.DataError, match=rf"{table}: found no rows; expected a header and at least one row"):
        trial_of(**{table: TABLES[table].iloc[:0]})


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("subjects", "subject"),
        ("diary", "subject"),
        ("diary", "day"),
        ("assessments", "scale"),
        ("assessments", "visit"),
        ("assessments", "value"),
        ("adverse_events", "term"),
    ],
)
def test_a_table_without_a_column_it_needs_is_refused(table, column):
    with pytest.raises(ba.DataError, match=rf"{table}.*column '{column}'.*\[columns\.{table}\] in trial\.toml"):
        trial_of(**{table: TABLES[table].drop(columns=column)})


def test_a_column_name_twice_in_a_frame_is_refused():
    with pytest.raises(ba.DataError, match=r"diary.*: found column 'day' more than once; expected each name once"):
        trial_of(diary=pd.concat([DIARY, DIARY[["day"]]], axis=1))


# Populations ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("population", ["itt", "safety", "per_protocol", "mitt"])
def test_a_population_with_a_missing_value_is_refused(population):
    subjects = SUBJECTS.assign(**{population: ["yes", None]})
    with pytest.raises(ba.DataError, match=rf"subjects, row 3, column '{population}': found nothing; expected yes or no"):
        ba.as_trial({"subjects": subjects}, name="t", settings={"populations": ["mitt"]} if population == "mitt" else None)


def test_whether_a_subject_completed_may_be_unknown():
    assert trial_of(subjects=SUBJECTS.assign(completed=["yes", None])).subjects["completed"].isna().tolist() == [False, True]


# Frames ---------------------------------------------------------------------------------------------------------------


def test_the_frames_given_are_not_changed():
    given_frames = {name: table.copy() for name, table in TABLES.items()}
    ba.as_trial(given_frames, name="t")
    for name, table in TABLES.items():
        pd.testing.assert_frame_equal(given_frames[name], table)


def test_the_index_of_a_frame_does_not_matter():
    trial = ba.as_trial({name: table.set_index(np.arange(len(table)) + 7) for name, table in TABLES.items()}, name="t")
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(trial, name), getattr(ba.as_trial(TABLES, name="t"), name))


def test_nullable_types_give_the_same_trial():
    nullable = {name: table.convert_dtypes() for name, table in TABLES.items()}
    for name in ("diary", "assessments", "adverse_events"):
        ours = getattr(ba.as_trial(nullable, name="t"), name)
        pd.testing.assert_frame_equal(ours, getattr(ba.as_trial(TABLES, name="t"), name), check_dtype=False)


def test_numbers_as_subjects_are_the_same_numbers_as_texts():
    trial = ba.as_trial({"subjects": SUBJECTS.assign(subject=[1, 2]), "diary": DIARY.assign(subject=["1", "1", "2"])}, name="t")
    assert trial.diary["subject"].tolist() == ["1", "1", "2"]


def test_columns_that_the_layout_does_not_know_are_kept():
    assert trial_of(diary=DIARY.assign(mood=[1, 2, 3])).diary["mood"].tolist() == [1, 2, 3]

"""The table of adverse events at the door: days in order, one spelling of a term, columns that may be there."""

import pandas as pd
import pytest

import botox_analysis as ba

SUBJECTS = pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"]})
EVENTS = pd.DataFrame({"subject": ["a", "b"], "term": "Neck pain", "class": "Muscular", "onset_day": [5, -1]})


def trial_of(subjects=SUBJECTS, **columns):
    return ba.as_trial({"subjects": subjects, "adverse_events": EVENTS.assign(**columns)}, name="t")


@pytest.mark.parametrize("column", ["end_day", "worsened_day"])
def test_a_day_before_the_onset_is_refused_with_its_row(column):
    said = rf"^adverse_events, row 2, column '{column}': found day 4; expected a day not before onset_day, 5\.$"
    with pytest.raises(ba.DataError, match=said):
        trial_of(**{column: [4, 7]})


@pytest.mark.parametrize("days", [[5, -1], [6, 1], [None, None]])
def test_an_event_may_end_on_the_day_it_began_and_later_and_on_an_unknown_day(days):
    assert trial_of(end_day=days).adverse_events["end_day"].isna().sum() in (0, 2)


def test_every_end_before_its_onset_is_reported():
    with pytest.raises(ba.DataError, match="first of 2 problems") as caught:
        trial_of(end_day=[4, -2])
    assert caught.value.problems["row"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("column", "words"), [("term", ["Neck pain", "neck Pain"]), ("class", ["EYE DISORDERS", "Eye  disorders"])]
)
def test_two_spellings_of_a_term_or_class_are_refused(column, words):
    with pytest.raises(
        ba.DataError, match=rf"adverse_events, column '{column}': found '{words[0]}' and '{words[1]}'; expected one"
    ):
        trial_of(**{column: words})


def test_the_same_term_in_two_classes_is_two_things():
    assert trial_of(**{"class": ["Muscular", "Nervous"]}).adverse_events["class"].tolist() == ["Muscular", "Nervous"]


def test_a_class_may_be_missing_on_some_rows():
    assert trial_of(**{"class": ["Muscular", None]}).adverse_events["class"].isna().tolist() == [False, True]


@pytest.mark.parametrize("column", ["fatal", "treatment_emergent"])
def test_a_flag_is_yes_or_no_or_nothing(column):
    assert trial_of(**{column: ["Y", None]}).adverse_events[column].tolist() == [True, pd.NA]
    with pytest.raises(ba.DataError, match=f"column '{column}': found 'maybe'; expected yes or no"):
        trial_of(**{column: ["maybe", "no"]})


def test_an_action_is_a_text():
    assert trial_of(action=["drug withdrawn", None]).adverse_events["action"].isna().tolist() == [False, True]


@pytest.mark.parametrize(("day", "found"), [(0, "0"), (-3, "-3"), (1.5, "1.5")])
def test_the_day_of_a_last_dose_is_day_1_or_later(day, found):
    said = rf"subjects, row 2, column 'last_dose_day': found {found}; expected a whole study day from 1 on"
    with pytest.raises(ba.DataError, match=said):
        trial_of(SUBJECTS.assign(last_dose_day=[day, 85]))


def test_the_day_of_a_last_dose_is_no_covariate():
    trial = trial_of(SUBJECTS.assign(last_dose_day=[1, None], age=[30, 40]))
    assert trial.covariates == ["age"]


@pytest.mark.parametrize("column", ["subject", "term", "class"])
def test_words_may_be_categories_texts_or_objects(column):
    expected = trial_of().adverse_events
    for dtype in ("category", "string", "object"):
        pd.testing.assert_frame_equal(trial_of(**{column: EVENTS[column].astype(dtype)}).adverse_events, expected)


@pytest.mark.parametrize("empty", [EVENTS.iloc[:0], EVENTS.iloc[:0].astype(object), pd.DataFrame(columns=EVENTS.columns)])
def test_days_flags_and_severities_of_a_table_without_rows_have_the_types_of_one_with_rows(empty):
    tables = {"subjects": SUBJECTS, "adverse_events": empty.assign(severity=[], serious=[])}
    found, types = (
        trial.adverse_events.dtypes for trial in (ba.as_trial(tables, name="t"), trial_of(severity="mild", serious="no"))
    )
    told = ["subject", "onset_day", "severity", "serious"]
    pd.testing.assert_series_equal(found[told], types[told])


def test_a_table_without_rows_still_needs_its_columns():
    with pytest.raises(ba.DataError, match="adverse_events, row 1, column 'term': found no such column"):
        ba.as_trial({"subjects": SUBJECTS, "adverse_events": pd.DataFrame({"subject": []})}, name="t")


def test_words_of_mixed_types_are_different_values():
    assert trial_of(term=pd.Series([1, True], dtype=object)).adverse_events["term"].tolist() == ["1", "True"]

"""A message blames the cell that is bad, and not the cells that depend on it."""

import datetime

import pandas as pd
import pytest

import botox_analysis as ba


@pytest.mark.parametrize("dose", ["2024-03-01T10:00", "01.03.2024", "0001-01-01", "9999-12-31", "45352", "NA", "2024-02-30"])
def test_a_first_dose_that_is_no_date_is_the_only_problem_of_its_subject(trial_folder, dose):
    folder = trial_folder(
        subjects_csv=f"subject,arm,first_dose_date,last_date\na,P,{dose},2024-05-01\nb,T,2024-03-01,2024-05-01\n",
        diary_csv="subject,date,headache_hours\na,2024-03-02,1\na,2024-03-03,1\nb,2024-03-01,1\n",
        adverse_events_csv="subject,term,onset_date\na,Rash,2024-03-02\n",
    )
    with pytest.raises(ba.DataError, match=r"subjects\.csv, row 2, column 'first_dose_date': found") as caught:
        ba.load_trial(folder)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("dose", [datetime.datetime(1, 1, 1), datetime.time(1), pd.Period("2024-03", "M"), True, b"x"])
def test_a_first_dose_of_another_type_is_the_only_problem_of_its_subject(dose):
    subjects = pd.DataFrame({"subject": ["a"], "first_dose_date": pd.Series([dose], dtype=object)})
    diary = pd.DataFrame({"subject": ["a"], "date": ["2024-03-02"], "headache_hours": [1.0]})
    with pytest.raises(ba.DataError, match="subjects, row 2, column 'first_dose_date': found") as caught:
        ba.as_trial({"subjects": subjects, "diary": diary}, name="x")
    assert len(caught.value.problems) == 1


def test_an_empty_first_dose_is_the_only_problem_of_its_subject(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,first_dose_date\na,\nb,2024-03-01\n",
        diary_csv="subject,date,headache_hours\na,2024-03-02,1\na,2024-03-03,1\nb,2024-03-01,1\n",
    )
    with pytest.raises(ba.DataError, match=r"found nothing for subject .a., who has dates in diary\.csv") as caught:
        ba.load_trial(folder)
    assert len(caught.value.problems) == 1


def test_a_date_of_a_stranger_is_that_of_a_stranger_and_no_more(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,first_dose_date\nb,2024-03-01\n", diary_csv="subject,date,headache_hours\nz,2024-03-02,1\nb,,1\n"
    )
    with pytest.raises(ba.DataError, match="row 2, column 'subject': found 'z'") as caught:
        ba.load_trial(folder)
    assert caught.value.problems["column"].tolist() == ["subject", "date"]

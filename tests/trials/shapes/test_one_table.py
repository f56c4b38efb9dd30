"""One table with subjects, their covariates, and a row a day or visit."""

import pandas as pd
import pytest

import botox_analysis as ba

FLAT = "subject,arm,age,day,headache_hours,note\n1,placebo,30,-1,4,x\n1,placebo,30,1,0,\n2,155 U,41,-1,3,\n2,,41,1,5,y\n"


@pytest.mark.parametrize("name", ["clinic", "diary", "subject data"])
@pytest.mark.parametrize("as_file", [True, False])
def test_a_table_is_split_into_subjects_and_days(trial_folder, name, as_file):
    folder = trial_folder(**{f"{name}_csv": FLAT})
    trial = ba.load_trial(folder / f"{name}.csv" if as_file else folder)
    assert trial.subjects[["subject", "arm", "age"]].astype(object).to_numpy().tolist() == [
        ["1", "placebo", 30],
        ["2", "155 U", 41],
    ]
    assert trial.diary["headache_hours"].tolist() == [4.0, 0.0, 3.0, 5.0]
    assert "note" in trial.diary.columns


def test_what_was_made_of_the_columns_is_noted(trial_folder):
    notes = ba.load_trial(trial_folder(clinic_csv=FLAT)).left_out
    assert notes[["where", "n"]].to_numpy().tolist()[:2] == [["clinic.csv, arm", 1], ["clinic.csv, 'age'", 1]]


def test_an_arm_that_changes_within_a_subject_is_refused_with_its_row(trial_folder):
    with pytest.raises(ba.DataError, match=r"clinic\.csv, row 5, column 'arm': found 'placebo' beside '155 U' in another row"):
        ba.load_trial(trial_folder(clinic_csv=FLAT.replace("2,,41", "2,placebo,41")))


def test_a_further_column_that_changes_stays_with_the_days(trial_folder):
    trial = ba.load_trial(trial_folder(clinic_csv=FLAT.replace("2,,41", "2,,42")))
    assert trial.covariates == []
    assert trial.diary["age"].tolist() == [30, 30, 41, 42]


def test_a_named_covariate_that_changes_is_refused(trial_folder):
    folder = trial_folder(clinic_csv=FLAT.replace("2,,41", "2,,42"), trial_toml='[columns.subjects]\nage = "age"\n')
    with pytest.raises(ba.DataError, match="row 5, column 'age': found '42' beside '41'"):
        ba.load_trial(folder)


def test_names_of_others_are_read_by_the_settings(trial_folder):
    toml = '[columns.subjects]\nsubject = "Pat"\narm = "Gruppe"\n[columns.diary]\nday = "Tag"\nheadache_hours = "Stunden"\n'
    trial = ba.load_trial(trial_folder(clinic_csv="Pat,Gruppe,Tag,Stunden\n1,A,1,3\n2,B,1,4\n", trial_toml=toml))
    assert (trial.arms, trial.diary["headache_hours"].tolist()) == (["A", "B"], [3.0, 4.0])


def test_a_frame_is_split_like_a_file():
    flat = pd.DataFrame({"subject": [1.0, 1.0, 2.0], "arm": ["p", "p", "q"], "day": [1, 2, 1], "headache": [True, False, True]})
    trial = ba.as_trial({"clinic": flat}, name="t")
    assert (trial.subjects["subject"].tolist(), len(trial.diary)) == (["1", "2"], 3)


def test_the_order_of_a_categorical_arm_of_a_frame_is_kept():
    arm = pd.Categorical(["b", "b", "a"], categories=["a", "b"])
    flat = pd.DataFrame({"subject": ["1", "1", "2"], "arm": arm, "day": [1, 2, 1], "headache": [True, False, True]})
    assert ba.as_trial({"clinic": flat}, name="t").arms == ["a", "b"]


def test_a_wrong_cell_of_a_subject_is_named_by_its_row_of_the_table(trial_folder):
    folder = trial_folder(clinic_csv="subject,arm,itt,day,headache\n1,p,yes,1,no\n1,p,yes,2,no\n2,q,perhaps,1,no\n")
    with pytest.raises(ba.DataError, match=r"clinic\.csv, row 4, column 'itt': found 'perhaps'"):
        ba.load_trial(folder)


def test_a_table_of_days_without_arms_is_no_trial(trial_folder):
    with pytest.raises(ba.DataError, match=r"found 'clinic\.csv'; expected subjects\.csv .*or one table with 'subject', 'arm'"):
        ba.load_trial(trial_folder(clinic_csv="subject,day,headache\n1,1,no\n"))


def test_letters_that_are_not_seen_are_escaped_in_columns_and_cells(trial_folder):
    with pytest.raises(ba.DataError, match="found 'plac\\\\u202eebo' beside '155 U'"):
        ba.load_trial(trial_folder(clinic_csv=FLAT.replace("2,,41", "2,plac\u202eebo,41")))
    with pytest.raises(ba.DataError, match="its columns are 'sub\\\\u202eject', 'arm'"):
        ba.load_trial(trial_folder(clinic_csv="sub\u202eject,arm\na,p\n"))

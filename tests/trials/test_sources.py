"""Names of files and tables in the settings."""

import io

import pandas as pd
import pytest

import botox_analysis as ba

SUBJECTS = "subject,arm\na,placebo\n"
DIARY = "subject,day,headache\na,1,no\n"


def files(**names):
    return "[files]\n" + "".join(f'{table} = "{name}"\n' for table, name in names.items())


def test_files_of_other_names_are_read_by_the_settings(trial_folder):
    folder = trial_folder(
        **{"Our people_csv": SUBJECTS, "Diary 2_csv": DIARY}, trial_toml=files(subjects="Our people.csv", diary="Diary 2.csv")
    )
    trial = ba.load_trial(folder)
    assert len(trial.diary) == 1
    assert trial.left_out.loc[trial.left_out["reason"].str.contains("not read")].empty


def test_a_named_file_may_be_in_a_folder_of_the_folder(trial_folder):
    folder = trial_folder(subjects_csv=SUBJECTS, trial_toml=files(diary="data/d.csv"))
    (folder / "data").mkdir()
    (folder / "data" / "d.csv").write_text(DIARY)
    assert len(ba.load_trial(folder).diary) == 1


@pytest.mark.parametrize(
    "name", ["../outside.csv", "/etc/passwd", "data/../../outside.csv", "link.csv", "", ".", "nul\\u0000l.csv"]
)
def test_a_path_out_of_the_folder_is_refused(trial_folder, name):
    folder = trial_folder(subjects_csv=SUBJECTS, trial_toml=files(diary=name))
    outside = folder.parent / "outside.csv"
    outside.write_text(DIARY)
    (folder / "link.csv").symlink_to(outside)
    with pytest.raises(ba.DataError, match=r"trial\.toml, \[files\]: found"):
        ba.load_trial(folder)


def test_a_file_that_is_not_there_is_refused_with_those_that_are(trial_folder):
    with pytest.raises(ba.DataError, match=r"found diary = 'x\.csv'; expected one of its files, 'subjects\.csv', 'trial\.toml'"):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, trial_toml=files(diary="x.csv")))


def test_a_named_file_beside_one_of_the_name_is_refused(trial_folder):
    folder = trial_folder(subjects_csv=SUBJECTS, diary_csv=DIARY, x_csv=DIARY, trial_toml=files(diary="x.csv"))
    with pytest.raises(ba.DataError, match=r"found diary = 'x\.csv' beside diary\.csv; expected one of them"):
        ba.load_trial(folder)


def test_a_table_that_no_trial_has_is_refused(trial_folder):
    folder = trial_folder(subjects_csv=SUBJECTS, x_csv=DIARY, trial_toml=files(dairy="x.csv"))
    with pytest.raises(ba.DataError, match=r"\[files\]: found tables 'dairy'; expected 'subjects' and any of 'diary'"):
        ba.load_trial(folder)


def test_a_table_that_a_file_does_not_have_is_refused(trial_folder):
    toml = '[files]\ndiary = {file = "x.csv", table = "Tagebuch"}\n'
    with pytest.raises(ba.DataError, match=r"x\.csv: found the tables 'x'; expected 'Tagebuch', by trial\.toml"):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, x_csv=DIARY, trial_toml=toml))


def workbook(folder, sheets):
    """A workbook with a table in each sheet."""
    pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    with pd.ExcelWriter(folder / "clinic.xlsx", engine="xlsxwriter") as writer:
        for name, frame in sheets.items():
            frame.to_excel(writer, sheet_name=name, index=False)


def frame_of(text):
    return pd.read_csv(io.StringIO(text))


def test_tables_are_read_from_the_sheets_that_the_settings_name(trial_folder):
    toml = '[files]\nsubjects = {file = "clinic.xlsx", table = "Leute"}\ndiary = {file = "clinic.xlsx", table = "Tagebuch"}\n'
    folder = trial_folder(trial_toml=toml)
    workbook(folder, {"Leute": frame_of(SUBJECTS), "Tagebuch": frame_of(DIARY), "Notizen": pd.DataFrame({"x": [1, 2]})})
    trial = ba.load_trial(folder)
    assert len(trial.diary) == 1
    assert ("clinic.xlsx, Notizen", "a table that the settings do not name: not read", 2) in list(
        trial.left_out.itertuples(index=False, name=None)
    )


@pytest.mark.long
def test_a_sheet_of_a_single_file_is_chosen_by_the_settings(trial_folder):
    folder = trial_folder()
    both = frame_of("subject,arm,day,headache\na,p,1,no\nb,q,1,yes\n")
    workbook(folder, {"A": both, "B": both.assign(headache="yes")})
    with pytest.raises(
        ba.DataError, match=r"found several tables with a whole trial, 'clinic\.xlsx, A', .*table = \"A\" in trial\.toml"
    ):
        ba.load_trial(folder / "clinic.xlsx")
    assert ba.load_trial(folder / "clinic.xlsx", settings={"table": "B"}).diary["headache"].tolist() == [True, True]


def test_the_only_sheet_with_a_whole_trial_is_read_and_the_others_are_noted(trial_folder):
    folder = trial_folder()
    workbook(folder, {"Notes": pd.DataFrame({"x": [1]}), "All": frame_of("subject,arm,day,headache\na,p,1,no\n")})
    trial = ba.load_trial(folder / "clinic.xlsx")
    assert len(trial.diary) == 1
    assert ("clinic.xlsx, Notes", "a table beside one table: not read", 1) in list(
        trial.left_out.itertuples(index=False, name=None)
    )


@pytest.mark.parametrize("toml", ["files = 1\n", "[files]\ndiary = 1\n", "[files]\ndiary = {table = 'x'}\n", "table = 1\n",
                                  "[files]\ndiary = {file = 'x.csv', sheet = 'x'}\n"])  # fmt: skip
def test_wrong_settings_of_files_are_refused(trial_folder, toml):
    with pytest.raises(ba.DataError, match=r"^trial\.toml"):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, trial_toml=toml))

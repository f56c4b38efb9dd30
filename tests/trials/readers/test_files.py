"""Files of a folder: those that are read, noted or refused."""

import os
from pathlib import Path

import pytest

import botox_analysis as ba
from botox_analysis.trials.readers import formats
from botox_analysis.trials.readers.files import has_data, parsing

TWO = "subject,arm\na,P\nb,T\n"
FALL = "subject,term,onset_day\na,Fall,4\n"


@pytest.mark.parametrize(
    "name",
    [
        "Adverse_Events.csv",
        "adverse_events.CSV",
        "adverse_event.csv",
        "adverse-events.csv",
        "adverse events.csv",
        "adverseevents.csv",
        "adverse_events.csv.gz",
        "adverse_events.sav",
        "adverse_events.tsv",
        "adverse_events.txt",
        "adverse_events",
        "adverse_events.parquet.bak",
        "adverse_evnets.csv",
        "adverse_events .csv",
        "adverse_events(1).csv",
        "adverse_events.feather",
        "adverse-events.sas7bdat",
        "adverse_events.pq",
    ],
)
def test_a_file_of_nearly_the_right_name_is_refused_with_the_right_one(trial_folder, name):
    folder = trial_folder(subjects_csv=TWO)
    (folder / name).write_text(FALL)
    with pytest.raises(ba.DataError, match=r"found a name that is nearly 'adverse_events\.csv', 'adverse_events\.parquet'"):
        ba.load_trial(folder)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("Subjects.csv", "subjects"),
        ("diaries.csv", "diary"),
        ("Diary.xlsx", "diary"),
        ("assesments.csv", "assessments"),
        ("intercurrent-event.csv", "intercurrent_events"),
    ],
)
def test_every_table_has_its_near_names(trial_folder, name, right):
    folder = trial_folder(subjects_csv=TWO)
    (folder / name).write_text(FALL)
    with pytest.raises(ba.DataError, match=rf"{name}: found a name that is nearly '{right}\.csv'"):
        ba.load_trial(folder)


@pytest.mark.parametrize("name", ["Trial.toml", "trial.toml.txt", "TRIAL.TOML"])
def test_settings_of_nearly_the_right_name_are_refused(trial_folder, name):
    folder = trial_folder(subjects_csv=TWO)
    (folder / name).write_text('name = "x"\n')
    with pytest.raises(ba.DataError, match=r"nearly 'trial\.toml'"):
        ba.load_trial(folder)


@pytest.mark.parametrize(
    "name", ["laboratory.csv", "dm.xpt", "vital_signs.parquet", "old.zip", "formats.sas7bcat", "clinic.accdb"]
)
def test_a_file_that_is_not_a_table_is_noted(trial_folder, name):
    folder = trial_folder(subjects_csv=TWO)
    (folder / name).write_text("a,b\n1,2\n")
    told = ba.load_trial(folder).left_out
    assert told.to_numpy().tolist() == [[name, "a file that is no table of the layout: not read", 1]]


@pytest.mark.parametrize("name", ["README.md", "diary.pdf", "subjects.docx", ".diary.csv.swp", "~$diary.xlsx", "analysis.py"])
def test_what_is_written_about_data_is_no_table(trial_folder, name):
    folder = trial_folder(subjects_csv=TWO)
    (folder / name).write_text("anything")
    assert ba.load_trial(folder).left_out.empty


def test_a_link_to_nothing_is_refused(trial_folder):
    folder = trial_folder(subjects_csv=TWO)
    (folder / "diary.csv").symlink_to(folder / "nowhere.csv")
    with pytest.raises(ba.DataError, match=r"diary\.csv: found a link to a file that does not exist; expected a file"):
        ba.load_trial(folder)


def test_a_link_to_a_file_is_read(trial_folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "d.csv"
    elsewhere.write_text("subject,day,headache_hours\na,1,3\n")
    folder = trial_folder(subjects_csv=TWO)
    (folder / "diary.csv").symlink_to(elsewhere)
    assert len(ba.load_trial(folder).diary) == 1


@pytest.mark.parametrize("name", ["diary.csv", "subjects.parquet", "trial.toml"])
def test_a_pipe_is_refused_and_not_waited_for(trial_folder, name):
    folder = trial_folder(subjects_csv=TWO)
    os.mkfifo(folder / name)
    with pytest.raises(ba.DataError, match=rf"{name}: found a pipe, socket or device of this name"):
        ba.load_trial(folder)


def make_folder(path):
    path.mkdir()


def make_dead_link(path):
    path.symlink_to(path.parent / "nowhere")


NO_FILES = [
    (make_folder, "a folder"),
    (os.mkfifo, "a pipe, socket or device"),
    (make_dead_link, "a link to a file that does not"),
]


@pytest.mark.parametrize(("make", "kind"), NO_FILES)
@pytest.mark.parametrize(
    ("read", "name"),
    [
        (ba.load_trial, "adsl.xpt"), (ba.load_trial, "ADAE.csv"), (ba.load_trial, "dm.sas7bdat"),
        (ba.load_adam, "adsl.xpt"), (ba.load_adam, "ADAE.csv"),
    ],
)  # fmt: skip
def test_what_is_no_file_under_the_name_of_a_data_set_is_refused(trial_folder, make, kind, read, name):
    folder = trial_folder(adsl_csv="USUBJID,TRT01P\n1,a\n2,b\n") if name == "ADAE.csv" else trial_folder()
    make(folder / name)
    with pytest.raises(ba.DataError, match=rf"^{name}: found {kind}"):
        read(folder)


@pytest.mark.parametrize(("make", "kind"), NO_FILES)
def test_what_is_no_file_is_refused_where_the_settings_or_the_user_name_it(trial_folder, make, kind):
    folder = trial_folder(subjects_csv=TWO, trial_toml='[files]\ndiary = "d.csv"\n')
    make(folder / "d.csv")
    with pytest.raises(ba.DataError, match=rf"^d\.csv: found {kind}|diary = 'd\.csv'; expected one of its files, "):
        ba.load_trial(folder)


def test_a_pipe_that_the_user_names_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "d.csv")
    with pytest.raises(ba.DataError, match=r"^d\.csv: found a pipe, socket or device"):
        ba.load_trial(tmp_path / "d.csv")


@pytest.mark.parametrize(("make", "kind"), NO_FILES)
@pytest.mark.parametrize("read", [ba.load_adam, lambda folder: ba.load_trial(folder / "adsl.csv")], ids=["folder", "file"])
def test_settings_that_are_no_file_are_refused_and_not_passed_over(trial_folder, make, kind, read):
    folder = trial_folder(adsl_csv="USUBJID,TRT01P\n1,a\n2,b\n")
    make(folder / "trial.toml")
    with pytest.raises(ba.DataError, match=rf"^trial\.toml: found {kind}"):
        read(folder)


def test_a_folder_that_the_settings_do_not_choose_is_left_alone(trial_folder):
    folder = trial_folder(adsl_csv="USUBJID,TRT01P\n1,a\n2,b\n", trial_toml='[adam]\ndatasets = ["ADSL"]\n')
    make_folder(folder / "adae.xpt")
    assert len(ba.load_trial(folder).subjects) == 2


def test_a_file_that_may_not_be_read_is_refused(trial_folder, monkeypatch):
    folder = trial_folder(subjects_csv=TWO)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(ba.DataError, match=r"subjects\.csv: found a file that this user may not read; expected a CSV file"):
        ba.load_trial(folder)


@pytest.mark.parametrize("error", [RecursionError("deep"), ValueError("odd"), MemoryError(), KeyError("x"), OSError(5, "I/O")])
def test_whatever_a_parser_raises_is_an_error_of_the_file(error):
    with (
        pytest.raises(
            ba.DataError, match=rf"x\.csv: found a file that cannot be read \({type(error).__name__}.*\); expected a CSV"
        ),
        parsing("x.csv", "a CSV file"),
    ):
        raise error


def test_an_error_of_our_own_passes_as_it_is():
    with pytest.raises(ba.DataError, match=r"^ours$"), parsing("x.csv", "a CSV file"):
        raise ba.DataError("ours")


@pytest.mark.parametrize("path", [None, 3, ["a"], b"x"])
def test_another_argument_than_a_path_is_refused(path):
    with pytest.raises(ba.DataError, match=r"`path` must be the path of a folder with subjects\.csv or subjects\.parquet.*; got"):
        ba.load_trial(path)


@pytest.mark.parametrize(
    "settings",
    [
        '[columns.diary]\nday = "DY"',
        "[values.diary.headache]\nja = true",
        'visits = ["week 4"]',
        'baseline = "BL"',
        "[windows]\n'week 4' = [1, 28]",
    ],
)
def test_settings_of_a_table_that_has_no_file_are_refused(trial_folder, settings):
    with pytest.raises(
        ba.DataError, match=r"trial\.toml: found .*, and no file of that table; expected (diary|assessments)\.csv"
    ):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=settings))


def test_every_file_that_can_be_read_is_one_with_data():
    assert all(has_data(Path(f"x{suffix.upper()}")) for suffix in (*formats.READERS, *formats._NAMED))

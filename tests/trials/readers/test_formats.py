"""Formats of files: the same cells are the same trial in each."""

import shutil

import pandas as pd
import pyreadstat
import pytest

import botox_analysis as ba
from botox_analysis.trials.readers.formats import READERS, files_of
from botox_analysis.trials.writing.dataset_json import write_dataset_json
from tests.trials.readers.workbooks import rows_of, write_ods, write_xls, write_xlsx

WRITERS = {
    ".csv": lambda frame, path: frame.to_csv(path, index=False),
    ".parquet": lambda frame, path: frame.to_parquet(path, index=False),
    ".xpt": lambda frame, path: pyreadstat.write_xport(frame, path),
    ".json": lambda frame, path: write_dataset_json(frame, path, path.stem),
    ".ndjson": lambda frame, path: write_dataset_json(frame, path, path.stem),
    ".dsjc": lambda frame, path: write_dataset_json(frame, path, path.stem),
    ".xlsx": lambda frame, path: write_xlsx({"Sheet1": rows_of(frame)}, path),
    ".xlsm": lambda frame, path: write_xlsx({"Sheet1": rows_of(frame)}, path),
    ".xls": lambda frame, path: write_xls({"Sheet1": rows_of(frame)}, path),
    ".ods": lambda frame, path: write_ods({"Sheet1": rows_of(frame)}, path),
}
"""A writer for each reader."""

READ_ONLY = {".sas7bdat"}
"""Formats that no library writes: `test_expected_files` reads real files of theirs."""

SUBJECTS = pd.DataFrame(
    {"subject": ["001", "002", "003"], "arm": ["placebo", "155 U", "155 U"], "site": ["A", None, "B"], "age": [41, 52, 38]}
)
DIARY = pd.DataFrame(
    {
        "subject": ["001", "001", "003"],
        "day": [-1, 2, 3],
        "headache_hours": [4.5, 0.0, None],
        "severity": ["mild", None, "severe"],
    }
)


def test_every_format_is_tried():
    assert {*WRITERS, *READ_ONLY} == set(READERS)
    assert not READ_ONLY.intersection(WRITERS)


def test_a_format_that_is_only_read_gives_a_trial(realdata, tmp_path):
    shutil.copy(realdata / "camis" / "whas500.sas7bdat", tmp_path / "subjects.sas7bdat")
    trial = ba.load_trial(tmp_path, settings={"columns": {"subjects": {"subject": "ID"}}})
    assert len(trial.subjects) == 500
    assert trial.subjects["AGE"].iloc[:3].tolist() == [83, 49, 70]


@pytest.mark.long
@pytest.mark.parametrize("suffix", WRITERS)
def test_the_same_cells_are_the_same_trial_in_every_format(suffix, tmp_path):
    WRITERS[suffix](SUBJECTS, tmp_path / f"subjects{suffix}")
    WRITERS[suffix](DIARY, tmp_path / f"diary{suffix}")
    trial, expected = ba.load_trial(tmp_path), ba.as_trial({"subjects": SUBJECTS, "diary": DIARY}, name="t")
    for table in ("subjects", "diary"):
        found, right = (getattr(each, table) for each in (trial, expected))
        pd.testing.assert_frame_equal(found.astype(str), right.astype(str))


@pytest.mark.parametrize("suffix", READERS)
def test_what_is_not_of_the_format_is_refused_with_the_name_of_the_file(suffix, tmp_path):
    (tmp_path / f"subjects{suffix}").write_bytes(b"\x00\xff\x00")
    with pytest.raises(ba.DataError, match=rf"^subjects\{suffix}[:,]"):
        ba.load_trial(tmp_path)


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_file_of_nearly_the_right_name_is_refused_in_every_format(suffix, tmp_path):
    SUBJECTS.to_csv(tmp_path / "subjects.csv", index=False)
    WRITERS[suffix](DIARY, tmp_path / f"Diary{suffix}")
    with pytest.raises(ba.DataError, match=rf"^Diary\{suffix}: found a name that is nearly 'diary\.csv', 'diary"):
        ba.load_trial(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("suffix", WRITERS)
def test_a_draft_reads_every_format(suffix, tmp_path):
    WRITERS[suffix](SUBJECTS, tmp_path / f"people{suffix}")
    draft = ba.draft_settings(tmp_path)
    assert f'subjects = "people{suffix}"' in draft
    assert "As drafted, the files are read without an error." in draft


def test_a_folder_without_subjects_is_refused_with_the_names_of_every_format(tmp_path):
    with pytest.raises(ba.DataError, match=files_of("subjects")):
        ba.load_trial(tmp_path)

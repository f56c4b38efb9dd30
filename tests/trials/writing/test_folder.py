"""The folder of a written trial replaces an unchanged earlier one, and nothing else."""

import pandas as pd
import pytest

import botox_analysis as ba


@pytest.fixture
def trial():
    return ba.as_trial({"subjects": pd.DataFrame({"subject": ["a", "b"], "arm": ["placebo", "x"]})}, name="t")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_an_earlier_trial_is_replaced_with_all_its_files(trial, tmp_path):
    ba.write_trial(ba.simulate_trial(1, n=3), tmp_path / "out")
    ba.write_trial(trial, tmp_path / "out", format="parquet")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"subjects.parquet", "trial.toml"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_and_new_parents_are_written(trial, tmp_path):
    (tmp_path / "empty").mkdir()
    assert ba.load_trial(ba.write_trial(trial, tmp_path / "empty")).name == "t"
    assert ba.load_trial(ba.write_trial(trial, tmp_path / "a" / "b" / "c")).name == "t"


@pytest.mark.parametrize("name", ["notes.txt", "diary.csv", ".hidden", "trial.toml"])
def test_a_folder_with_other_files_is_refused(name, trial, tmp_path):
    (tmp_path / name).write_text('name = "mine"\n')
    with pytest.raises(ba.DataError, match=rf"found '{name}', not written by write_trial"):
        ba.write_trial(trial, tmp_path)
    assert contents(tmp_path) == {name: b'name = "mine"\n'}


@pytest.mark.parametrize("name", ["notes.txt", "diary.csv"])
def test_files_added_to_a_written_trial_are_kept(name, trial, tmp_path):
    folder = ba.write_trial(trial, tmp_path / "out")
    (folder / name).write_text("mine")
    with pytest.raises(ba.DataError, match=f"found '{name}', not written by write_trial"):
        ba.write_trial(trial, folder)
    assert (folder / name).read_text() == "mine"


def test_a_folder_added_to_a_written_trial_is_kept(trial, tmp_path):
    folder = ba.write_trial(trial, tmp_path / "out")
    (folder / "subjects.csv").unlink()
    (folder / "subjects.csv").mkdir()
    with pytest.raises(ba.DataError, match=r"found 'subjects\.csv', not written by write_trial"):
        ba.write_trial(trial, folder)


@pytest.mark.parametrize("name", ["subjects.csv", "trial.toml"])
def test_changes_of_a_written_trial_are_kept(name, trial, tmp_path):
    folder = ba.write_trial(trial, tmp_path / "out")
    with (folder / name).open("a") as file:
        file.write('"c",\n' if name == "subjects.csv" else "# a protocol by hand\n")
    before = contents(folder)
    with pytest.raises(ba.DataError, match=f"found '{name}', changed since the trial was written"):
        ba.write_trial(trial, folder)
    assert contents(folder) == before


def test_a_file_in_place_of_the_folder_is_refused(trial, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ba.DataError, match="found a file; expected a folder"):
        ba.write_trial(trial, tmp_path / "out")
    with pytest.raises(ba.DataError, match="cannot be written"):
        ba.write_trial(trial, tmp_path / "out" / "deeper")


def test_a_failed_write_leaves_the_earlier_trial(trial, tmp_path):
    folder = ba.write_trial(trial, tmp_path / "out")
    before = contents(folder)
    odd = ba.as_trial({"subjects": trial.subjects[["subject", "arm"]]}, name="half a letter \ud800")
    with pytest.raises(ba.DataError, match="cannot be written"):
        ba.write_trial(odd, folder)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_linked_folder_is_written_in_its_place(trial, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    ba.write_trial(trial, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "subjects.csv").is_file()

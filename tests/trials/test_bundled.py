"""What comes with the library: its folders, trials by their names, published results."""

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.estimates import ESTIMATES
from botox_analysis.frames.events import EVENTS

# The published rows themselves are tested in tests/published.


@pytest.mark.parametrize("name", ["simulated", "published"])
def test_bundled_data_come_with_their_sources(name):
    assert (ba.bundled_data(name) / "SOURCE.md").is_file()


def test_unknown_bundled_data_are_refused():
    with pytest.raises(ValueError, match=r"bundled data must be one of 'simulated', 'published'.*; got 'real'"):
        ba.bundled_data("real")


def test_an_installation_without_data_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("botox_analysis.trials.bundled.__file__", str(tmp_path / "botox_analysis" / "trials" / "bundled.py"))
    with pytest.raises(ba.DataError, match=r"installed without its data: found no folder 'simulated'\. Try to install it again"):
        ba.bundled_data("simulated")


def test_a_trial_opened_by_name_remembers_the_name(simulated):
    trial = ba.open_trial("simulated")
    assert trial.provenance["origin"] == "simulated"
    pd.testing.assert_frame_equal(trial.subjects, simulated.subjects)


def test_a_trial_opened_by_folder_remembers_the_folder(trial_folder):
    folder = trial_folder(subjects_csv="subject,arm\na,P\n")
    assert ba.open_trial(str(folder)).provenance["origin"] == str(folder)


def test_a_public_trial_is_opened_by_its_name(realdata):
    assert len(ba.open_trial("cdystonia").subjects) == 109


def test_a_single_file_is_opened_with_its_path_as_the_origin(tmp_path):
    file = tmp_path / "subjects.csv"
    file.write_text("subject,arm\na,P\nb,T\n")
    trial = ba.open_trial(str(file))
    assert (trial.arms, trial.provenance["origin"]) == (["P", "T"], str(file))
    assert trial.provenance["source of subjects"] == "subjects.csv"


def test_neither_a_folder_nor_a_name_is_refused_with_the_names_there_are():
    said = "found no folder, file or trial named 'preempt'; .*'simulated', 'vickers2004', 'cdystonia', 'kostecki_dillon'"
    with pytest.raises(ba.DataError, match=said):
        ba.open_trial("preempt")


@pytest.mark.parametrize(("kind", "columns"), [("estimates", ESTIMATES), ("events", EVENTS)])
def test_published_results_have_the_columns_of_their_kind_and_a_citation(kind, columns):
    frame = ba.load_published(kind)
    assert set(columns) <= set(frame)
    assert (frame["citation"] != "").all()
    assert frame["source"].str.startswith(("http", "NCT", "PM", "10.")).all()


def test_published_results_of_an_unknown_kind_are_refused():
    with pytest.raises(ValueError, match=r"`kind` must be one of 'estimates', 'events'.*; got 'rates'"):
        ba.load_published("rates")

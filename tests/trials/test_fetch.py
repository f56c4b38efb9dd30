"""`fetch_trial`: the folder before the network, the recorded bytes or none, and the traps of each raw file."""

import numpy as np
import pandas as pd
import pytest
import requests

import botox_analysis as ba
from botox_analysis.trials.fetch import SOURCES


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """No test of this file reaches the network, whatever goes wrong."""

    def refuse(*args, **kwargs):
        raise AssertionError("a test tried to use the network")

    monkeypatch.setattr(requests.Session, "request", refuse)


@pytest.fixture
def retrieved(monkeypatch):
    """What pooch was asked for, instead of asking."""
    calls = []

    def retrieve(url, known_hash, fname, path):
        calls.append({"url": url, "known_hash": known_hash, "fname": fname})
        raise requests.exceptions.ConnectionError("no route")

    monkeypatch.setattr("pooch.retrieve", retrieve)
    return calls


# Where files come from ------------------------------------------------------------------------------------------------


def test_an_unknown_trial_is_refused_with_those_there_are():
    with pytest.raises(
        ValueError, match="trial 'preempt' is not known; it is one of 'vickers2004', 'cdystonia', 'kostecki_dillon'"
    ):
        ba.fetch_trial("preempt")


def test_the_folder_of_the_environment_comes_before_the_network(realdata, retrieved):
    assert len(ba.fetch_trial("cdystonia").subjects) == 109
    assert retrieved == []


def test_a_file_with_other_bytes_is_refused(monkeypatch, tmp_path, retrieved):
    (tmp_path / "cdystonia").mkdir()
    (tmp_path / "cdystonia" / "cdystonia.csv").write_text("patient,week\n")
    monkeypatch.setenv("BOTOX_ANALYSIS_DATA", str(tmp_path))
    said = (
        r"cdystonia/cdystonia\.csv in the folder of BOTOX_ANALYSIS_DATA: found sha256 \w{12}\.\.\.; expected 7713160ec7b9\.\.\."
    )
    with pytest.raises(ba.DataError, match=said):
        ba.fetch_trial("cdystonia")
    assert retrieved == []


@pytest.mark.parametrize("folder", ["", "an empty folder"])
def test_without_a_network_the_error_says_what_to_do(monkeypatch, tmp_path, retrieved, folder):
    monkeypatch.setenv("BOTOX_ANALYSIS_DATA", str(tmp_path) if folder else "")
    said = (
        r"cdystonia: found neither cdystonia\.csv .* nor a way to download it from https://.* \(ConnectionError\); connect .* set"
    )
    with pytest.raises(ba.DataError, match=said):
        ba.fetch_trial("cdystonia")


def test_a_download_is_pinned_by_its_address_and_checksum(monkeypatch, retrieved):
    monkeypatch.delenv("BOTOX_ANALYSIS_DATA", raising=False)
    with pytest.raises(ba.DataError, match="connect to the network once"):
        ba.fetch_trial("kostecki_dillon")
    address, checksum = SOURCES["kostecki_dillon"].files["KosteckiDillon.csv"]
    assert retrieved[0]["url"] == address
    assert retrieved[0]["known_hash"] == f"sha256:{checksum}"


def test_a_download_with_other_bytes_is_refused(monkeypatch):
    monkeypatch.delenv("BOTOX_ANALYSIS_DATA", raising=False)

    def retrieve(url, known_hash, fname, path):
        raise ValueError("SHA256 hash of downloaded file does not match the known hash")

    monkeypatch.setattr("pooch.retrieve", retrieve)
    with pytest.raises(ba.DataError, match=r"what https://.* holds today differs from the file recorded \(sha256 107b32cdf44d"):
        ba.fetch_trial("kostecki_dillon")


def test_a_downloaded_file_is_read_like_one_of_the_folder(realdata, monkeypatch):
    monkeypatch.delenv("BOTOX_ANALYSIS_DATA")
    monkeypatch.setattr("pooch.retrieve", lambda url, known_hash, fname, path: str(realdata / "cdystonia" / "cdystonia.csv"))
    assert len(ba.fetch_trial("cdystonia").assessments) == 631


def test_every_recorded_checksum_is_that_of_the_real_files(realdata):
    recorded = (line.split(maxsplit=1) for line in (realdata / "SHA256SUMS").read_text().splitlines())
    listed = {path.removeprefix("./"): checksum for checksum, path in recorded}
    files = {f"{name}/{file}": where[1] for name, source in SOURCES.items() for file, where in source.files.items()}
    assert len(files) == 6
    assert files.items() <= listed.items()


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_public_trial_says_whom_to_cite_and_on_what_terms(fetched, name):
    provenance = fetched(name).provenance
    assert provenance["citation"]
    assert provenance["terms"]
    assert provenance["simulated"] == "no"


# vickers2004 ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sheet(realdata):
    """The study's whole sheet, in which a missing result is coded 0."""
    return pd.read_csv(realdata / "vickers2004" / "acupuncture_full.csv").set_index("id").sort_index()


def outcomes_by_subject(trial, endpoint, visit):
    outcomes = ba.scale(endpoint).derive(trial)
    at_visit = outcomes[outcomes["visit"] == visit]
    return at_visit.set_index(at_visit["subject"].astype(int)).sort_index()


def test_vickers_has_196_controls_and_205_subjects_with_acupuncture(vickers2004):
    assert vickers2004.subjects["arm"].value_counts().to_dict() == {"control": 196, "acupuncture": 205}
    assert vickers2004.arms == ["control", "acupuncture"]


@pytest.mark.parametrize(("visit", "days", "score"), [("3 months", "f2", "pk2"), ("12 months", "f5", "pk5")])
def test_vickers_agrees_with_the_whole_sheet_where_the_sheet_is_not_coded_missing(vickers2004, sheet, visit, days, score):
    expected = sheet[days].where(sheet[score].notna())
    found = outcomes_by_subject(vickers2004, "headache days", visit)
    np.testing.assert_array_equal(found["value"], expected)
    np.testing.assert_array_equal(found["baseline"], sheet["f1"])
    np.testing.assert_array_equal(outcomes_by_subject(vickers2004, "headache score", visit)["value"], sheet[score])


@pytest.mark.parametrize(("visit", "n_missing"), [("3 months", 75), ("12 months", 100)])
def test_a_missing_result_of_vickers_is_missing_and_not_0(vickers2004, visit, n_missing):
    assert outcomes_by_subject(vickers2004, "headache days", visit)["value"].isna().sum() == n_missing


def test_migraine_in_vickers_is_what_the_study_says_and_not_what_the_label_file_says(vickers2004, sheet):
    subjects = vickers2004.subjects.set_index(vickers2004.subjects["subject"].astype(int)).sort_index()
    assert (subjects["migraine"] == np.where(sheet["migraine"] == 1, "migraine", "tension-type")).all()
    assert (subjects["migraine"] == "migraine").mean() > 0.9


def test_completers_of_vickers_are_140_and_161_with_a_result_at_12_months(vickers2004, sheet):
    completers = vickers2004.restrict("completers").subjects
    assert completers["arm"].value_counts().to_dict() == {"control": 140, "acupuncture": 161}
    assert set(completers["subject"].astype(int)) == set(sheet.index[sheet["completer"] == 1])


# cdystonia ------------------------------------------------------------------------------------------------------------


def test_cdystonia_has_109_subjects_and_not_the_ids_that_repeat_between_sites(cdystonia):
    assert cdystonia.subjects["arm"].value_counts().to_dict() == {
        "placebo": 36,
        "BoNT-B 5,000 U": 36,
        "BoNT-B 10,000 U": 37,
    }
    assert cdystonia.arms[0] == "placebo"


def test_a_missed_visit_of_cdystonia_is_an_absent_row(cdystonia):
    assert len(cdystonia.assessments) == 631
    outcomes = ba.TWSTRS.derive(cdystonia)
    assert len(outcomes) == 109 * 5
    assert outcomes["value"].notna().sum() == 631 - 109


def test_patient_85_of_cdystonia_has_a_baseline_only(cdystonia):
    rows = ba.TWSTRS.derive(cdystonia).query("subject == '85'")
    assert rows["value"].isna().all()
    assert rows["baseline"].notna().all()


def test_visits_of_cdystonia_are_in_time(cdystonia):
    assert list(ba.TWSTRS.derive(cdystonia)["visit"].cat.categories) == ["week 2", "week 4", "week 8", "week 12", "week 16"]


def test_baselines_of_cdystonia_are_those_of_the_data(cdystonia):
    baseline = ba.TWSTRS.derive(cdystonia).query("visit == 'week 2'").groupby("arm", observed=True)["baseline"].mean()
    assert baseline.round(2).tolist() == [43.58, 46.42, 46.92]


# kostecki_dillon ------------------------------------------------------------------------------------------------------


def test_a_diary_without_arms_is_a_trial_with_one_arm(kostecki_dillon):
    assert kostecki_dillon.arms == ["all subjects"]
    assert len(kostecki_dillon.subjects) == 133


def test_the_repeated_row_of_kostecki_dillon_is_dropped_and_counted(kostecki_dillon):
    assert len(kostecki_dillon.diary) == 4152 - 1
    assert kostecki_dillon.left_out["n"].tolist() == [1]
    assert "repeats another word for word" in kostecki_dillon.left_out["reason"][0]


def test_kostecki_dillon_has_2666_headache_days(kostecki_dillon):
    assert kostecki_dillon.diary["headache"].sum() == 2666


def test_days_of_kostecki_dillon_are_study_days_without_a_day_0(kostecki_dillon):
    day = kostecki_dillon.diary["day"]
    assert (day.min(), day.max()) == (-29, 100)
    assert not (day == 0).any()


def test_74_diaries_of_kostecki_dillon_have_gaps(kostecki_dillon):
    diary = kostecki_dillon.diary.assign(time=kostecki_dillon.diary["day"].where(lambda day: day < 0, lambda day: day - 1))
    span = diary.groupby("subject", observed=True)["time"].agg(["min", "max", "size"])
    assert (span["max"] - span["min"] + 1 > span["size"]).sum() == 74


def test_9_people_of_kostecki_dillon_have_20_days_before_and_20_after(kostecki_dillon):
    outcomes = ba.HEADACHE_DAYS.under(ba.DiaryRule("20-of-28", minimum_hours=0, minimum_days=20)).derive(kostecki_dillon)
    assert outcomes.query("visit == 'week 4'")[["baseline", "value"]].notna().all(axis=1).sum() == 9

"""Tabulations of SDTM: subjects, exposure, events and scales, on small tables and on real files."""

import json
import shutil
import zlib

import pandas as pd
import pytest

import botox_analysis as ba

DM = {
    "STUDYID": "S1",
    "USUBJID": ["a", "b", "c", "d"],
    "ARMCD": ["PBO", "ACT", "SCRNFAIL", "ACT"],
    "ARM": ["Placebo", "155 U", "Screen Failure", "155 U"],
    "ACTARM": ["Placebo", "155 U", "", "Not Treated"],
    "RFXSTDTC": ["2020-01-10", "2020-02-01T09:30", "", ""],
    "RFXENDTC": ["2020-04-10", "", "", ""],
    "AGE": [30, 40, 50, 60],
    "SITEID": ["01", "02", "01", "02"],
}
EX = {
    "USUBJID": ["a", "a", "b"], "EXTRT": ["PLACEBO", "PLACEBO", "ONABOTULINUMTOXINA"], "EXDOSE": [0, 0, 155], "EXDOSU": "U",
    "EXLOC": "FRONTALIS MUSCLE", "EXLAT": ["LEFT", "BILATERAL", ""],
    "EXSTDTC": ["2020-01-10", "2020-04-10", "2020-02-01"],
}  # fmt: skip
QS = {
    "USUBJID": ["a", "a", "a", "b", "b", "b"],
    "QSTESTCD": "HIT6",
    "QSTEST": "HIT-6 total",
    "QSSTRESN": [60, 55, 50, 62, None, 58],
    "VISIT": ["SCREENING", "BASELINE", "WEEK 12", "BASELINE", "WEEK 12", "UNSCHEDULED 1"],
    "VISITNUM": [1, 2, 10, 2, 10, 3.1],
    "QSBLFL": ["", "Y", "", "Y", "", ""],
    "QSSTAT": ["", "", "", "", "NOT DONE", ""],
    "QSDTC": ["2020-01-01", "2020-01-10", "2020-04-02", "2020-02-01", "2020-04-25", "2020-03-01"],
}


@pytest.fixture
def load(tmp_path):
    """A function: domains as columns -> the trial read from their files."""

    def read(*, settings=None, **domains):
        for name, columns in {"dm": DM, **domains}.items():
            pd.DataFrame(columns).to_csv(tmp_path / f"{name}.csv", index=False)
        return ba.load_trial(tmp_path, settings=settings or {})

    return read


def noted(trial, words):
    """The number of rows of the notes that contain some words."""
    return int(trial.left_out.loc[trial.left_out["reason"].str.contains(words, regex=False), "n"].sum())


def test_screen_failures_are_left_out_and_the_treated_are_the_safety_population(load):
    trial = load(ae={"USUBJID": ["b", "c"], "AETERM": ["rash", "cough"], "AESTDTC": ["2020-02-03", "2020-01-01"]})
    assert trial.subjects["subject"].tolist() == ["a", "b", "d"]
    assert trial.subjects["safety"].tolist() == [True, True, False]
    assert trial.subjects["actual_arm"].isna().tolist() == [False, False, True]
    assert trial.adverse_events["onset_day"].tolist() == [3]
    assert noted(trial, "screen failures") == 1


def test_a_subject_without_an_arm_is_not_randomised(load):
    assert load(dm={**DM, "ARMCD": ["PBO", "ACT", "", "ACT"], "ARM": ["Placebo", "155 U", "", "155 U"]}).subjects.shape[0] == 3


def test_exposure_becomes_treatments_with_doses_of_0(load):
    treatments = load(ex=EX).treatments
    assert treatments[["subject", "day", "dose"]].values.tolist() == [["a", 1, 0], ["a", 92, 0], ["b", 1, 155]]
    assert treatments["side"].fillna("").tolist() == ["left", "both", ""]
    assert treatments["muscle"].unique().tolist() == ["FRONTALIS MUSCLE"]
    assert treatments["product"].tolist() == ["PLACEBO", "PLACEBO", "ONABOTULINUMTOXINA"]


def test_the_last_dose_comes_from_exposure_where_demographics_have_none(load):
    subjects = load(ex={**EX, "EXENDTC": ["2020-01-10", "2020-04-10", "2020-02-29"]}).subjects
    assert subjects["last_dose_day"].fillna(0).tolist() == [92, 29, 0]


def test_a_last_dose_before_a_treatment_is_moved_to_it_and_counted(load):
    trial = load(dm={**DM, "RFXENDTC": ["2020-03-01", "", "", ""]}, ex=EX)
    assert trial.subjects["last_dose_day"].iloc[0] == 92
    assert noted(trial, "last doses before a treatment") == 1


def test_a_treatment_without_a_whole_date_is_left_out_and_counted(load):
    trial = load(ex={**EX, "EXSTDTC": ["2020-01-10", "2020-04", "2020-02-01"]})
    assert len(trial.treatments) == 2
    assert noted(trial, "treatments without a whole date") == 1


def test_doses_in_another_unit_are_named(load):
    assert noted(load(ex={**EX, "EXDOSU": ["mg", "mg", "U"]}), "doses in mg") == 2


def test_disposition_is_the_last_end_of_participation(load):
    ds = {
        "USUBJID": ["a", "a", "a", "b", "c"],
        "DSCAT": ["PROTOCOL MILESTONE", "DISPOSITION EVENT", "DISPOSITION EVENT", "DISPOSITION EVENT", "DISPOSITION EVENT"],
        "DSSCAT": ["", "STUDY TREATMENT", "STUDY PARTICIPATION", "STUDY PARTICIPATION", "STUDY PARTICIPATION"],
        "DSDECOD": ["INFORMED CONSENT OBTAINED", "ADVERSE EVENT", "COMPLETED", "DEATH", "SCREEN FAILURE"],
        "DSSTDTC": ["2020-01-01", "2020-02-01", "2020-05-01", "2020-03-01", "2020-01-01"],
    }
    subjects = load(ds=ds).subjects.set_index("subject")
    assert subjects["completed"].astype(object).where(subjects["completed"].notna(), None).tolist() == [True, False, None]
    assert subjects["discontinuation_reason"].fillna("").tolist() == ["", "DEATH", ""]
    assert subjects["last_day"].fillna(0).tolist() == [113, 30, 0]


def test_of_two_ends_without_a_scope_the_later_is_taken(load):
    ds = {"USUBJID": ["a", "a"], "DSDECOD": ["COMPLETED", "DEATH"], "DSSTDTC": ["2020-05-01", "2020-03-01"]}
    trial = load(ds=ds)
    assert trial.subjects["completed"].fillna(value=False).tolist() == [True, False, False]
    assert noted(trial, "the last is taken") == 1


def test_questionnaires_become_scales(load):
    trial = load(qs=QS)
    found = trial.assessments
    assert found[["subject", "scale", "visit", "value", "day"]].values.tolist() == [
        ["a", "HIT6", "baseline", 55, 1],
        ["a", "HIT6", "WEEK 12", 50, 84],
        ["b", "HIT6", "baseline", 62, 1],
    ]
    assert noted(trial, "were not done") == 1
    assert noted(trial, "unscheduled") == 1
    assert noted(trial, "up to the visit of the baseline") == 1


def test_the_settings_choose_tests(load):
    both = pd.concat([pd.DataFrame(QS), pd.DataFrame(QS).assign(QSTESTCD="PGIC")])
    assert set(load(qs=both, settings={"sdtm": {"tests": ["PGIC"]}}).assessments["scale"]) == {"PGIC"}
    with pytest.raises(ba.DataError, match="tests 'HIT', which no questionnaire has"):
        load(qs=both, settings={"sdtm": {"tests": ["HIT"]}})


def test_a_test_without_any_number_is_left_out_and_counted(load):
    rows = pd.DataFrame(QS).to_dict("records")
    trial = load(qs=pd.DataFrame([*rows, *({**row, "QSTESTCD": "NOTE", "QSSTRESN": None} for row in rows)]))
    assert set(trial.assessments["scale"]) == {"HIT6"}
    assert noted(trial, "without any number") == 3


def test_further_domains_are_named(load, tmp_path):
    pd.DataFrame({"USUBJID": ["a"]}).to_csv(tmp_path / "suppae.csv", index=False)
    assert "suppae.csv" in load().left_out["where"].tolist()


@pytest.mark.parametrize(
    ("settings", "words"), [({"tests": "HIT6"}, "tests = 'HIT6'"), ({"derived": "keep"}, "the key 'derived'")]
)
def test_a_wrong_setting_is_refused(load, settings, words):
    with pytest.raises(ba.DataError, match=words):
        load(settings={"sdtm": settings})


def folder_of(realdata, folder, prefix):
    for path in (realdata / "formats/xpt_v5").glob(f"{prefix}_*.xpt"):
        shutil.copy(path, folder / path.name.removeprefix(f"{prefix}_"))
    return folder


def records_of(path):
    """The records of a file, without the library."""
    if path.suffix == ".xpt":
        return pytest.importorskip("pyreadstat").read_xport(str(path))[0]
    head, *rows = zlib.decompress(path.read_bytes(), 47).decode().splitlines()
    return pd.DataFrame([json.loads(row) for row in rows], columns=[column["name"] for column in json.loads(head)["columns"]])


def test_the_pilot_has_the_subjects_events_and_treatments_of_its_files(realdata, tmp_path):
    pytest.importorskip("pyreadstat", reason="the extra 'formats' is not installed")
    folder = folder_of(realdata, tmp_path, "sdtm")
    dm, ae, ex, ds = (records_of(folder / f"{name}.xpt") for name in ("dm", "ae", "ex", "ds"))
    trial = ba.load_trial(folder)
    randomised = dm[dm["ARMCD"] != "Scrnfail"]
    assert trial.subjects["arm"].value_counts().to_dict() == randomised["ARM"].value_counts().to_dict()
    assert noted(trial, "screen failures") == (dm["ARMCD"] == "Scrnfail").sum() == 52
    assert trial.subjects["age"].tolist() == randomised["AGE"].tolist()
    assert len(trial.adverse_events) == len(ae) == 961
    assert trial.adverse_events["serious"].sum() == (ae["AESER"] == "Y").sum()
    assert trial.adverse_events["fatal"].sum() == (ae["AESDTH"] == "Y").sum()
    known = ae["AESTDY"].notna().to_numpy()
    assert trial.adverse_events["onset_day"].notna().tolist() == known.tolist()
    assert trial.adverse_events["onset_day"][known].tolist() == ae["AESTDY"][known].tolist()
    assert noted(trial, "partial dates") == (~known).sum() == 24
    assert (trial.treatments["dose"].tolist(), trial.treatments["day"].tolist()) == (ex["EXDOSE"].tolist(), ex["EXSTDY"].tolist())
    ends = ds[ds["DSCAT"].eq("DISPOSITION EVENT") & ds["DSDECOD"].ne("SCREEN FAILURE")]
    assert trial.subjects["completed"].sum() == ends["DSDECOD"].eq("COMPLETED").sum() == 110
    reasons = ends.loc[ends["DSDECOD"].ne("COMPLETED"), "DSDECOD"].value_counts().to_dict()
    assert trial.subjects["discontinuation_reason"].value_counts().to_dict() == reasons


def test_tabulations_and_analysis_data_sets_of_the_pilot_agree(realdata, tmp_path):
    pytest.importorskip("pyreadstat", reason="the extra 'formats' is not installed")
    tabulated = ba.load_trial(folder_of(realdata, tmp_path, "sdtm")).subjects.set_index("subject")
    analysed = ba.load_adam(realdata / "cdisc_pilot/xpt").subjects.set_index("subject")
    for column in ("age", "sex", "race", "completed"):
        assert tabulated[column].tolist() == analysed[column].tolist()
    assert (tabulated["arm"].astype(str) == analysed["arm"].astype(str)).all()
    assert (tabulated["last_day"] != analysed["last_day"]).sum() == 1


def test_the_sample_of_18_subjects_is_read(realdata, tmp_path):
    pytest.importorskip("pyreadstat", reason="the extra 'formats' is not installed")
    folder = folder_of(realdata, tmp_path, "msg")
    shutil.copy(realdata / "formats/dataset_json/msg_ex.dsjc", folder / "ex.dsjc")
    dm, ae, ex = (records_of(folder / name) for name in ("dm.xpt", "ae.xpt", "ex.dsjc"))
    trial = ba.load_trial(folder)
    assert len(trial.subjects) == dm["ARM"].ne("").sum() == 17
    assert trial.adverse_events["term"].tolist() == ae["AETERM"].tolist()
    assert trial.adverse_events["led_to_discontinuation"].sum() == ae["AEACN"].eq("DRUG WITHDRAWN").sum()
    assert trial.treatments["dose"].sum() == ex["EXDOSE"].sum()
    assert len(trial.treatments) == len(ex) == 1583


@pytest.mark.parametrize(("rule", "n_unknown"), [("missing", 24), ("first possible day", 0), ("last possible day", 0)])
def test_a_rule_for_partial_dates_dates_every_event_of_the_pilot(realdata, tmp_path, rule, n_unknown):
    pytest.importorskip("pyreadstat", reason="the extra 'formats' is not installed")
    trial = ba.load_trial(folder_of(realdata, tmp_path, "sdtm"), settings={"sdtm": {"partial_dates": rule}})
    assert trial.adverse_events["onset_day"].isna().sum() == n_unknown

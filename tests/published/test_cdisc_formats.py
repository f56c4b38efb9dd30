"""The CDISC pilot: its published numbers from its own files, and one trial from every format of them."""

import shutil

import pandas as pd
import pytest

import botox_analysis as ba

ARMS = ["Placebo", "Xanomeline Low Dose", "Xanomeline High Dose"]


def folder_of(realdata, folder, *files, **renamed):
    """A folder with some of the real files, each under its own name or another."""
    for name, file in {**{file.rsplit("/", 1)[1]: file for file in files}, **renamed}.items():
        shutil.copy(realdata / file, folder / (name if "." in name else f"{name}.{file.rsplit('.', 1)[1]}"))
    return folder


@pytest.fixture(scope="module")
def pilot(realdata_folder, tmp_path_factory):
    """The pilot, from files of two formats; the derived values of its data set are kept, as in its tables."""
    pytest.importorskip("pyreadstat", reason="the extra 'formats' is not installed")
    folder = folder_of(
        realdata_folder, tmp_path_factory.mktemp("pilot"), "cdisc_pilot/xpt/adae.xpt", "cdisc_pilot/xpt/adtte.xpt",
        "cdisc_pilot/dataset_json/adadas.json", adsl="formats/xpt_v5/adam_adsl.xpt",
    )  # fmt: skip
    return ba.load_adam(folder, settings={"adam": {"derived": "keep", "parameters": ["ACTOT", "TTDE"]}})


def test_populations_and_ages(pilot):
    assert pilot.arms == ARMS
    for population in ("itt", "safety"):
        assert pilot.restrict(population).subjects["arm"].value_counts(sort=False).tolist() == [86, 84, 84]
    described = ba.describe_baseline(pilot.restrict("itt"))
    age = described[described["endpoint"].eq("age")]
    found = {measure: age.loc[age["measure"].eq(measure), "estimate"].round(2).tolist()[:3] for measure in set(age["measure"])}
    assert found["mean"] == [75.21, 75.67, 74.38]
    assert found["standard deviation"] == [8.59, 8.29, 7.89]


def test_treatment_emergent_and_serious_events(pilot):
    counts = ba.safety.counts(pilot, by="overview", rule=ba.safety.AS_FLAGGED)
    found = {name: rows[["n_events", "n_total", "occurrences"]].values.tolist() for name, rows in counts.groupby("category")}
    assert found["any adverse event"] == [[65, 86, 281], [77, 84, 412], [76, 84, 433]]
    assert found["serious"] == [[0, 86, 0], [1, 84, 1], [2, 84, 2]]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("APPLICATION SITE PRURITUS", [[6, 10], [22, 32], [22, 35]]),
        ("DIZZINESS", [[2, 3], [8, 13], [11, 15]]),
    ],
)
def test_events_by_term(pilot, term, expected):
    counts = ba.safety.counts(pilot, by="term", rule=ba.safety.AS_FLAGGED)
    assert counts.loc[counts["category"].eq(term), ["n_events", "occurrences"]].values.tolist() == expected


def test_fishers_exact_test_of_any_event(pilot):
    counts = ba.safety.counts(pilot, by="overview", rule=ba.safety.AS_FLAGGED)
    compared = ba.compare_rates(counts[counts["category"].eq("any adverse event")], test="fisher")
    assert compared["p_value"].round(3).tolist() == [0.007, 0.014]


def test_table_14_3_01(pilot):
    outcomes = ba.scale("ACTOT", better="lower").derive(pilot.restrict("efficacy"))
    week_24 = outcomes[outcomes["visit"].eq("Week 24") & outcomes["change"].notna()]
    changes = week_24.groupby("arm", observed=True)["change"]
    assert changes.size().tolist() == [79, 81, 74]
    assert changes.mean().round(2).tolist() == [2.54, 2.0, 1.47]
    assert changes.std().round(2).tolist() == [5.8, 5.55, 4.26]
    described = ba.describe_change(outcomes)
    means = described[described["visit"].eq("Week 24") & described["measure"].eq("mean change")]
    assert means["estimate"].round(2).tolist() == [2.54, 2.0, 1.47]
    fit = ba.fit_ancova(outcomes, covariates=["SITEGR1", "baseline"], visits=["Week 24"])
    differences = fit.differences()
    assert differences["estimate"].round(3).tolist() == [-0.467, -1.006]
    assert differences["std_error"].round(3).tolist() == [0.818, 0.841]
    assert differences["p_value"].round(3).tolist() == [0.569, 0.233]


def test_times_to_the_first_dermatologic_event(pilot, realdata):
    pyreadstat = pytest.importorskip("pyreadstat")
    file, _ = pyreadstat.read_xport(str(realdata / "cdisc_pilot/xpt/adtte.xpt"))
    assert pilot.event_times["observed"].sum() == (file["CNSR"] == 0).sum() == 152
    assert pilot.event_times["time"].sum() == file["AVAL"].sum()


@pytest.mark.long
def test_xpt_dataset_json_and_parquet_give_one_trial(realdata, tmp_path):
    pytest.importorskip("pyreadstat", reason="the extra 'formats' is not installed")
    pilot = "cdisc_pilot/dataset_json"
    sources = {
        "xpt": {"adsl": "formats/xpt_v5/adam_adsl.xpt", "adae": "cdisc_pilot/xpt/adae.xpt"},
        "json": {"adsl": f"{pilot}/adsl.json", "adae": f"{pilot}/adae.json"},
        "ndjson": {"adsl": f"{pilot}/adsl.ndjson", "adae": f"{pilot}/adae.ndjson"},
        "dsjc": {"adsl": f"{pilot}/adsl.dsjc", "adae": "formats/dataset_json/adam_adae.dsjc"},
    }
    trials = {}
    for name, files in sources.items():
        (tmp_path / name).mkdir()
        trials[name] = ba.load_adam(folder_of(realdata, tmp_path / name, **files))
    (tmp_path / "parquet").mkdir()
    import pyreadstat

    for name, file in sources["xpt"].items():
        frame, _ = pyreadstat.read_xport(str(realdata / file))
        frame.to_parquet(tmp_path / "parquet" / f"{name}.parquet")
    trials["parquet"] = ba.load_adam(tmp_path / "parquet")
    for name, trial in trials.items():
        assert trial.arms == ARMS, name
        assert trial.populations == trials["xpt"].populations, name
        for table in ("subjects", "adverse_events"):
            pd.testing.assert_frame_equal(getattr(trial, table), getattr(trials["xpt"], table), obj=f"{table} of {name}")


def test_the_older_names_of_adsl_give_the_same_disposition(realdata, tmp_path):
    pytest.importorskip("pyreadstat", reason="the extra 'formats' is not installed")
    old = ba.load_adam(folder_of(realdata, tmp_path, "cdisc_pilot/xpt/adsl.xpt")).subjects
    (tmp_path / "new").mkdir()
    new = ba.load_adam(folder_of(realdata, tmp_path / "new", "cdisc_pilot/dataset_json/adsl.json")).subjects
    for column in ("completed", "discontinuation_reason", "last_day", "last_dose_day", "arm", "efficacy", "age"):
        pd.testing.assert_series_equal(old[column], new[column])


@pytest.mark.long
@pytest.mark.parametrize(
    ("file", "n_scales", "n_visits"), [("adam_adadas.dsjc", 15, 4), ("adam_advs.dsjc", 11, 11), ("adam_adlbhy.dsjc", 6, 9)]
)
def test_values_of_every_parameter_are_those_of_the_flagged_records(realdata, tmp_path, file, n_scales, n_visits):
    name = file.removeprefix("adam_")
    folder_of(realdata, tmp_path, "cdisc_pilot/dataset_json/adsl.ndjson", **{name: f"formats/dataset_json/{file}"})
    trial = ba.load_adam(tmp_path)
    assessments = trial.assessments
    assert assessments["scale"].nunique() == n_scales
    assert len(assessments["visit"].cat.categories) == n_visits
    records = records_of(realdata / "formats/dataset_json" / file)
    flagged = records["ANL01FL"].eq("Y") if "ANL01FL" in records else pd.Series(True, index=records.index)
    derived = records["DTYPE"].fillna("").ne("") if "DTYPE" in records else ~flagged & flagged
    kept = records[flagged & ~derived]
    assert len(assessments) == len(kept)
    assert assessments["value"].sum() == pytest.approx(kept["AVAL"].sum(), rel=1e-12)
    bases = assessments[assessments["visit"].eq("baseline")]
    assert len(bases) == kept["ABLFL"].eq("Y").sum()
    assert not trial.left_out["reason"].str.contains("differs from that of their records").any()


def records_of(path):
    """The records of a compressed Dataset-JSON file, without the library."""
    import json
    import zlib

    head, *rows = zlib.decompress(path.read_bytes(), 47).decode().splitlines()
    return pd.DataFrame([json.loads(row) for row in rows], columns=[column["name"] for column in json.loads(head)["columns"]])


@pytest.mark.long
def test_every_data_set_of_the_pilot_at_once(realdata, tmp_path):
    files = {f"{name}.dsjc": f"formats/dataset_json/adam_{name}.dsjc" for name in ("adae", "adadas", "adlbhy", "adtte", "advs")}
    trial = ba.load_adam(folder_of(realdata, tmp_path, "cdisc_pilot/dataset_json/adsl.dsjc", **files))
    assert trial.assessments["scale"].nunique() == 32
    assert (len(trial.adverse_events), len(trial.event_times)) == (1191, 254)


def test_a_data_set_in_two_files_is_refused_unless_a_format_is_chosen(realdata):
    folder = realdata / "cdisc_pilot/dataset_json"
    with pytest.raises(ba.DataError, match=r"found ADAE in adae\.json and in adae\.ndjson"):
        ba.load_adam(folder)
    chosen = ba.load_adam(folder, format="ndjson", settings={"adam": {"parameters": ["ACTOT"]}})
    assert (len(chosen.subjects), len(chosen.adverse_events)) == (254, 1191)
    assert set(chosen.assessments["scale"]) == {"ACTOT"}


@pytest.mark.long
@pytest.mark.parametrize("read", ["pandas", "pyreadstat"])
def test_frames_of_other_readers_give_the_trial_of_the_files(realdata, read):
    pyreadstat = pytest.importorskip("pyreadstat", reason="the extra 'formats' is not installed")
    folder = realdata / "cdisc_pilot/xpt"
    files = {name: str(folder / f"{name}.xpt") for name in ("adsl", "adae", "adtte")}
    if read == "pandas":
        frames = {name: pd.read_sas(file, encoding="utf-8") for name, file in files.items()}
    else:
        frames = {name.upper(): pyreadstat.read_xport(file)[0] for name, file in files.items()}
    trial, expected = ba.as_trial(frames, name="pilot"), ba.load_adam(folder)
    for table in ("subjects", "adverse_events", "event_times"):
        pd.testing.assert_frame_equal(getattr(trial, table), getattr(expected, table))

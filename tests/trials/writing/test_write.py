"""A written trial, read again, is the same trial."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.advanced import Protocol
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.writing.same import difference
from botox_analysis.trials.writing.write import WRITERS

each_format = pytest.mark.parametrize("suffix", list(WRITERS))
every_format = pytest.mark.parametrize(
    "suffix", [pytest.param(name, marks=[pytest.mark.long] if name in ("parquet", "xlsx") else []) for name in WRITERS]
)
"""As `each_format`; formats that are read in a process of their own take a second each."""

SUBJECTS = pd.DataFrame({"subject": ["001", "002", "010"], "arm": ["155 U", "placebo", "155 U"]})


def trial_of(subjects=SUBJECTS, *, settings=None, **tables):
    return ba.as_trial({"subjects": subjects, **tables}, name="t", settings=settings)


def copied(trial, folder, suffix="csv"):
    return ba.load_trial(ba.write_trial(trial, folder / "copy", format=suffix))


def left_out(copy):
    """What reading the copy left out, but the filling of a short transport file, which its reader cannot know from empty rows."""
    return [row.reason for row in copy.left_out.itertuples() if not row.reason.startswith("blank rows at the end")]


def assert_same(trial, copy):
    """All that a trial holds, but how it was read."""
    for table in TABLES:
        first, second = getattr(trial, table), getattr(copy, table)
        assert (first is None) == (second is None), table
        if first is not None:
            pd.testing.assert_frame_equal(first, second, check_index_type=False)
            for column in first.columns[first.dtypes == "category"]:
                assert list(first[column].cat.categories) == list(second[column].cat.categories)
    for name in ("name", "arms", "covariates", "populations", "population", "reference", "better", "protocol"):
        assert getattr(trial, name) == getattr(copy, name), name
    for key in ("citation", "source", "seed"):
        assert trial.provenance.get(key) == copy.provenance.get(key)
    assert trial.provenance.get("simulated", "no") == copy.provenance["simulated"]


@pytest.mark.long
@every_format
@pytest.mark.parametrize("population", ["all randomised", "itt"])
def test_the_bundled_trial_and_its_population_are_the_same_after_writing(suffix, population, simulated, tmp_path):
    trial = simulated if population == "all randomised" else simulated.restrict(population)
    assert_same(trial, copied(trial, tmp_path, suffix))


@pytest.mark.long
@each_format
@pytest.mark.parametrize("population", ["all randomised", "per_protocol"])
def test_a_simulated_trial_and_its_population_are_the_same_after_writing(suffix, population, tmp_path):
    trial = ba.simulate_trial(1, n=5)
    trial = trial if population == "all randomised" else trial.restrict(population)
    copy = copied(trial, tmp_path, suffix)
    assert_same(trial, copy)
    assert left_out(copy) == []


@every_format
def test_a_copy_of_a_copy_has_the_same_bytes_of_tables(suffix, tmp_path):
    first = ba.write_trial(ba.simulate_trial(1, n=5), tmp_path / "first", format=suffix)
    second = ba.write_trial(ba.load_trial(first), tmp_path / "second", format=suffix)
    tables = [path.name for path in first.iterdir() if path.name != "trial.toml"]
    assert tables
    for name in tables:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


@every_format
def test_equal_trials_are_equal_bytes(suffix, tmp_path):
    trial = ba.simulate_trial(1, n=5)
    folders = [ba.write_trial(trial, tmp_path / name, format=suffix) for name in ("a", "b")]
    contents = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]
    assert contents[0] == contents[1]


COVARIATES = {
    "whole numbers": [41, 52, 38],
    "floats that are whole": [41.0, 52.0, 38.0],
    "floats": [0.1 + 0.2, 1e-7, 123456789.123456789],
    "numbers with gaps": [41.5, None, 38.0],
    "no numbers": pd.array([np.nan] * 3, dtype=float),
    "no texts": [None, None, None],
    "codes with zeros": ["007", "08", "9"],
    "words for nothing": ["NA", "nan", "None"],
    "signs": ['a,b;"c"', "=1+1", "+@-"],
    "more signs": ['a, "b"', "'x'", "c"],
    "truth values": [True, False, True],
    "truth values with gaps": pd.array([True, None, False], dtype="boolean"),
    "dates": pd.to_datetime(["2024-02-29", None, "1999-12-31"]),
    "times": pd.to_datetime(["2024-02-29 23:59:59.123456", "2024-01-01", "1999-12-31"], format="ISO8601"),
    "times of few digits": pd.to_datetime(["2024-02-29 23:59:59", None, "1999-12-31"], format="ISO8601").astype("datetime64[s]"),
    "times of the last year": pd.Series(["9998-12-31T23:59:59", None, "0002-01-01"], dtype="datetime64[s]"),
    "times of all digits": pd.Series(["2024-01-01T00:00:00.000000001", None, "1700-01-01"], dtype="datetime64[ns]"),
    "a factor of numbers": pd.Categorical([3, 1, 2], categories=[3, 2, 1]),
    "a factor with an empty level": pd.Categorical(["low", "high", "low"], categories=["none", "low", "high"]),
    "an ordered factor": pd.Categorical(["low", "high", None], categories=["low", "high"], ordered=True),
}


@every_format
@pytest.mark.parametrize("kind", COVARIATES)
def test_a_covariate_keeps_its_values_and_type(suffix, kind, tmp_path):
    trial = trial_of(SUBJECTS.assign(x=COVARIATES[kind]))
    assert_same(trial, copied(trial, tmp_path, suffix))


@pytest.mark.long
@pytest.mark.parametrize("suffix", [name for name in WRITERS if name != "xpt"])
def test_letters_of_any_alphabet_are_kept(suffix, tmp_path):
    subjects = SUBJECTS.assign(arm=["Übel", "ä, ß €", "Übel"], größe=["日本", "\U0001f600", None])
    trial = trial_of(
        subjects,
        diary=pd.DataFrame({"subject": ["001"], "day": [1], "note": ["a\u2028b"]}),
        settings={"arms": ["Übel", "ä, ß €"]},
    )
    assert_same(trial, copied(trial, tmp_path, suffix))


@every_format
def test_numbers_that_are_names_stay_names(suffix, tmp_path):
    trial = trial_of(SUBJECTS.assign(site=[1, 2, 10]), settings={"factors": ["site"]})
    copy = copied(trial, tmp_path, suffix)
    assert_same(trial, copy)
    assert copy.subjects["site"].tolist() == ["1", "2", "10"]


@every_format
def test_further_columns_of_other_tables_keep_their_types(suffix, tmp_path):
    diary = pd.DataFrame(
        {"subject": ["001", "010"], "day": [-1, 2], "note": ["a\nb", None], "n": [1, 2], "ok": [True, False], "x": [0.5, None]}
    )
    trial = trial_of(diary=diary)
    assert_same(trial, copied(trial, tmp_path, suffix))


@every_format
@pytest.mark.parametrize("settings", [{}, {"reference": "155 U"}, {"arms": ["155 U", "placebo"]}])
def test_the_reference_is_the_same(suffix, settings, tmp_path):
    trial = trial_of(settings=settings)
    assert_same(trial, copied(trial, tmp_path, suffix))


def test_an_unknown_reference_stays_unknown(tmp_path):
    trial = trial_of(SUBJECTS.assign(arm=["b", "a", "b"]))
    copy = copied(trial, tmp_path)
    assert (copy.reference, copy.arms) == ("", ["b", "a"])


def test_a_trial_without_arms_stays_one_arm(tmp_path):
    trial = trial_of(SUBJECTS[["subject"]])
    assert_same(trial, copied(trial, tmp_path))


@every_format
def test_empty_tables_stay_and_absent_ones_stay_absent(suffix, tmp_path):
    trial = trial_of(intercurrent_events=pd.DataFrame({"subject": [], "kind": [], "day": []}))
    copy = copied(trial, tmp_path, suffix)
    assert copy.adverse_events is None
    assert len(copy.intercurrent_events) == 0
    assert_same(trial, copy)


SCORES = pd.DataFrame(
    {
        "subject": ["001", "001", "002", "002", "010"],
        "scale": ["HIT-6", "HIT-6", "HIT-6", "PGIC", "PGIC"],
        "visit": ["baseline", "late", "baseline", "late", "early"],
        "value": [60, 55.5, None, 3, 4],
    }
)
OF_SCORES = {"scales": {"PGIC": {"baseline": False, "better": "higher"}}, "visits": ["baseline", "late", "early"]}


@every_format
def test_scales_and_the_order_of_visits_are_the_same(suffix, tmp_path):
    trial = trial_of(assessments=SCORES, settings=OF_SCORES)
    copy = copied(trial, tmp_path, suffix)
    assert_same(trial, copy)
    assert dict(copy.better) == {"PGIC": "higher"}


@pytest.mark.parametrize("visits", [["late", "early"], ["baseline", "late", "early"]])
def test_visits_without_any_baseline_are_the_same(visits, tmp_path):
    settings = {"scales": {"PGIC": {"baseline": False}}, "visits": visits}
    trial = trial_of(assessments=SCORES[SCORES["scale"] == "PGIC"], settings=settings)
    assert list(trial.assessments["visit"].cat.categories) == visits
    assert_same(trial, copied(trial, tmp_path))


@every_format
def test_a_population_without_an_arm_a_visit_and_rows_is_the_same(suffix, tmp_path):
    subjects = SUBJECTS.assign(itt=["no", "no", "yes"], completers=["no", "yes", "yes"])
    diary = pd.DataFrame({"subject": ["001"], "day": [1], "headache": ["yes"]})
    whole = trial_of(subjects, assessments=SCORES, diary=diary, settings={**OF_SCORES, "populations": ["completers"]})
    trial = whole.restrict("completers").restrict("itt")
    assert trial.subjects["arm"].value_counts()["placebo"] == 0
    copy = copied(trial, tmp_path, suffix)
    assert_same(trial, copy)
    assert copy.population == "completers, itt"


ATTACKS = pd.DataFrame(
    {
        "subject": ["001", "001", "010", "010"],
        "start_day": [1, 3, 2, 5],
        "start_time": [22, 8.5, None, 1],
        "end_day": [2, 3, 2, None],
        "end_time": [4, 10, None, None],
        "severity": ["mild", "severe", None, "moderate"],
        "nausea": ["yes", None, "no", "no"],
    }
)
WITH_ATTACKS = {"attacks": {"open": "until the next diary entry"}}


@every_format
@pytest.mark.parametrize("rule", ["each calendar day", "first day"])
@pytest.mark.parametrize("contradictions", ["headache decides", "headache day", "not recorded"])
def test_attacks_and_the_days_made_of_them_are_the_same(suffix, rule, contradictions, tmp_path):
    diary = pd.DataFrame({"subject": ["001", "001", "001", "010"], "day": [-1, 1, 3, 2], "headache": ["no", "yes", "no", None]})
    settings = {"attacks": {"days": rule, **WITH_ATTACKS["attacks"]}, "diary": {"contradictions": contradictions}}
    trial = trial_of(diary=diary, attacks=ATTACKS, settings=settings)
    copy = copied(trial, tmp_path, suffix)
    assert_same(trial, copy)
    assert left_out(copy) == []


def test_a_diary_made_of_attacks_is_the_same(tmp_path):
    settings = {"attacks": {"recorded_from": -2, **WITH_ATTACKS["attacks"]}}
    trial = trial_of(SUBJECTS.assign(last_day=7, itt=["no", "yes", "no"]), attacks=ATTACKS, settings=settings)
    assert_same(trial, copied(trial, tmp_path / "1"))
    part = trial.restrict("itt")
    assert len(part.attacks) == 0
    assert_same(part, copied(part, tmp_path / "2"))


def test_days_in_the_diary_need_a_diary():
    with pytest.raises(ba.DataError, match=r"attacks: found days = 'in the diary' under \[attacks\], and no diary"):
        trial_of(attacks=ATTACKS, settings={"attacks": {"days": "in the diary", "open": "until the next diary entry"}})


def test_counts_that_were_scaled_are_not_scaled_again(tmp_path):
    counts = pd.DataFrame(
        {"subject": ["001"] * 2, "scale": "days", "visit": ["baseline", "week 4"], "value": [7, 5], "days_recorded": [14, 27]}
    )
    trial = trial_of(assessments=counts, settings={"scales": {"days": {"per_days": 28}}})
    assert trial.assessments["value"].tolist() == [14, 5 * 28 / 27]
    assert_same(trial, copied(trial, tmp_path))


PROTOCOL = Protocol(
    endpoint="HIT-6",
    visit="late",
    covariates=("age", "sex"),
    points=np.float64(5),
    covariance=("unstructured", "toeplitz"),
    intercurrent={'rescue, "other"': "composite"},
    emergent={"told_by": "days", "window_days": 30},
    multiplicity={"method": "graph", "endpoints": ["HIT-6"], "weights": (0.5, 0.5), "transitions": [[0, 1], [1, 0]]},
    conf_level=0.9,
    draws=7,
    unknown_severity="missing",
)


def test_every_part_of_the_protocol_is_the_same(tmp_path):
    trial = dataclasses.replace(trial_of(), protocol=PROTOCOL)
    copy = copied(trial, tmp_path)
    assert difference(trial, copy) == ""
    for field in dataclasses.fields(Protocol):
        if field.name != "multiplicity":
            assert getattr(copy.protocol, field.name) == getattr(PROTOCOL, field.name)
    assert copy.protocol.multiplicity["weights"] == [0.5, 0.5]


@pytest.mark.long
def test_the_origin_is_kept_and_the_first_files_stay_named(simulated, tmp_path):
    trial = dataclasses.replace(simulated, provenance={**simulated.provenance, "terms": "free", "origin": "simulated"})
    first = copied(trial, tmp_path / "1")
    copy = copied(first, tmp_path / "2")
    assert copy.provenance["terms"] == "free"
    assert "origin" not in copy.provenance
    assert copy.provenance["original sha256 of diary.csv"] == trial.provenance["sha256 of diary.csv"]


HARD_NAMES = ['Trial "x" = \\ # [y]', "ä\u2028b", "line\nend", "\x7f\x00", ""]


@pytest.mark.parametrize("name", HARD_NAMES)
def test_any_name_is_kept(name, tmp_path):
    trial = dataclasses.replace(trial_of(), name=name)
    assert copied(trial, tmp_path).name == name


# Refusals -------------------------------------------------------------------------------------------------------------


@every_format
@pytest.mark.parametrize("values", [pd.to_timedelta([1, 2], "D"), pd.array([1j, 2], dtype=complex), [(1,), [2]]])
def test_cells_that_no_file_has_are_refused(suffix, values, tmp_path):
    trial = trial_of(diary=pd.DataFrame({"subject": ["001", "010"], "day": [1, 2]}))
    trial = dataclasses.replace(trial, diary=trial.diary.assign(x=pd.Series(values)))
    with pytest.raises(ba.DataError, match=r"diary.*column 'x': found cells of type"):
        ba.write_trial(trial, tmp_path / "copy", format=suffix)
    assert list(tmp_path.iterdir()) == []


def test_a_change_by_writing_is_refused(tmp_path):
    trial = trial_of()
    padded = dataclasses.replace(trial, subjects=trial.subjects.assign(x=["a ", "b", "c"]))
    with pytest.raises(
        ba.DataError, match=r"expected the same trial after writing it as csv .*; found subjects, column 'x' changed"
    ):
        ba.write_trial(padded, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_would_be_refused_is_refused_with_the_reason(tmp_path):
    trial = trial_of()
    twice = dataclasses.replace(trial, subjects=trial.subjects.assign(x=["Rash", "rash", "b"]))
    with pytest.raises(
        ba.DataError, match=r"found files that would be refused: subjects.csv, column 'x': found 'Rash' and 'rash'"
    ):
        ba.write_trial(twice, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_another_library_is_one_sentence(tmp_path, monkeypatch):
    def fail(*_):
        raise KeyError("x\ny")

    monkeypatch.setitem(WRITERS, "csv", fail)
    with pytest.raises(ba.DataError, match=r"found tables that cannot be written as csv \(KeyError: 'x\\ny'\); expected another"):
        ba.write_trial(trial_of(), tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@every_format
@pytest.mark.parametrize("name", ["vickers2004", "cdystonia", "kostecki_dillon"])
def test_a_real_trial_is_the_same_after_writing(suffix, name, fetched, tmp_path):
    trial = fetched(name)
    copy = copied(trial, tmp_path, suffix)
    assert_same(trial, copy)
    assert left_out(copy) == []


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must be one of 'csv', 'parquet'"):
        ba.write_trial(trial_of(), tmp_path / "copy", format="sav")

"""Frames that other readers made: bytes, the zero of SAS, times, numbers with gaps."""

import datetime

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.shapes.frames import table_of_frame

SAS_ZERO = 5.397605346934028e-79


def subjects(**columns):
    return pd.DataFrame({"subject": ["a", "b"], "arm": ["placebo", "155 U"], **columns})


@pytest.mark.parametrize("dtype", [float, "Float64", "float64[pyarrow]"])
def test_the_zero_of_sas_is_zero_and_noted(dtype):
    trial = ba.as_trial({"subjects": subjects(weight=pd.Series([SAS_ZERO, 1.5], dtype=dtype))}, name="t")
    assert trial.subjects["weight"].tolist() == [0.0, 1.5]
    row = trial.left_out.iloc[0]
    assert (row["where"], row["n"]) == ("subjects, weight", 1)


def test_a_small_number_that_is_not_the_zero_of_sas_stays():
    trial = ba.as_trial({"subjects": subjects(weight=[5.4e-79, 1.0])}, name="t")
    assert trial.subjects["weight"].tolist() == [5.4e-79, 1.0]


def of_bytes(arm):
    """Subjects as `pandas.read_sas` reads them without an encoding."""
    return pd.DataFrame({"subject": [b"a", b"b"], "arm": arm, "age": [30.0, 40.0]})


@pytest.mark.parametrize("as_categories", [True, False])
def test_a_frame_of_bytes_has_texts(as_categories):
    arm = pd.Series([b"placebo", b"B\xc3\xbccher"], dtype=object)
    trial = ba.as_trial({"subjects": of_bytes(arm.astype("category") if as_categories else arm)}, name="t")
    assert set(trial.arms) == {"placebo", "Bücher"}
    assert trial.subjects["subject"].tolist() == ["a", "b"]


def test_the_order_of_categories_of_bytes_is_kept():
    arm = pd.Categorical([b"x", b"y"], categories=[b"y", b"x"])
    assert ba.as_trial({"subjects": of_bytes(arm)}, name="t").arms == ["y", "x"]


def test_bytes_that_are_not_utf_8_are_noted():
    trial = ba.as_trial({"subjects": of_bytes([b"placebo", b"B\xfccher"])}, name="t")
    assert trial.left_out.iloc[0].tolist() == ["subjects, arm", "'Bücher': bytes that are not UTF-8, read as cp1252", 1]


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(ba.DataError, match=r"subjects, arm: found the bytes b'\\x81\\xff', neither UTF-8 nor cp1252"):
        ba.as_trial({"subjects": of_bytes([b"placebo", b"\x81\xff"])}, name="t")


def test_bytes_beside_texts_are_refused():
    with pytest.raises(ba.DataError, match="subjects, row 2, column 'arm': found"):
        ba.as_trial({"subjects": subjects(arm=[b"placebo", b"155 U"])}, name="t")


def test_names_of_columns_may_be_bytes():
    frame = subjects().rename(columns={"arm": b"arm"})
    assert ba.as_trial({"subjects": frame}, name="t").arms == ["placebo", "155 U"]


def test_identifiers_that_are_whole_floats_are_those_of_other_tables():
    trial = ba.as_trial(
        {
            "subjects": subjects(subject=[1001.0, 1002.0]),
            "diary": pd.DataFrame({"subject": ["1001"], "day": [1], "headache": [True]}),
        },
        name="t",
    )
    assert trial.subjects["subject"].tolist() == ["1001", "1002"]


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_types_of_pandas_with_gaps_give_the_same_wide_diary(backend):
    diary = pd.DataFrame({"subject": ["a", "b"], "h1": [1, 2], "h2": [2.5, np.nan], "s1": ["mild", None], "s2": [None, "none"]})
    settings = {"diary": {"wide": {"headache_hours": "h{day}", "severity": "s{day}"}}, "missing": []}
    first, second = (
        ba.as_trial({"subjects": subjects(), "diary": frame}, name="t", settings=settings).diary
        for frame in (diary, diary.convert_dtypes(dtype_backend=backend))
    )
    pd.testing.assert_frame_equal(first, second)


def test_a_time_of_day_is_refused_by_its_cell():
    with pytest.raises(ba.DataError, match="subjects, row 2, column 'woke': found '08:30:00'"):
        ba.as_trial({"subjects": subjects(woke=[datetime.time(8, 30), None])}, name="t")


def test_times_that_are_missing_are_missing():
    trial = ba.as_trial({"subjects": subjects(seen=[pd.NaT, pd.Timestamp("2024-03-01")])}, name="t")
    assert trial.subjects["seen"].isna().tolist() == [True, False]


def test_the_frame_of_the_user_is_not_changed():
    frame = of_bytes([b"x", None]).assign(weight=[SAS_ZERO, 1.0])
    before = frame.copy(deep=True)
    table_of_frame("subjects", frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("name", "n_zeros"), [("adam_adlbhy_first500", 1229), ("adam_adsl", 344), ("adam_adtte", 238), ("sdtm_ex", 226)]
)
def test_zeros_of_read_sas_are_as_many_as_the_file_has(realdata_folder, name, n_zeros):
    path = realdata_folder / "formats" / "xpt_v5" / f"{name}.xpt"
    if not path.is_file():
        pytest.skip(f"no {name}.xpt among the real data")
    table = table_of_frame("x", pd.read_sas(path, encoding=None))
    assert sum(n for _, reason, n in table.notes if "read as 0" in reason) == n_zeros
    assert not any("not UTF-8" in reason for _, reason, _ in table.notes)
    texts = table.frame.select_dtypes(exclude="number")
    assert not any(isinstance(cell, bytes) for cell in texts.to_numpy(dtype=object).ravel())


def test_frames_of_read_sas_give_the_trial_of_the_files(realdata_folder, tmp_path):
    pytest.importorskip("pyreadstat")
    folder = realdata_folder / "formats" / "xpt_v5"
    if not (folder / "adam_adsl.xpt").is_file():
        pytest.skip("no adam_adsl.xpt among the real data")
    for name in ("adsl", "adtte"):
        (tmp_path / f"{name}.xpt").write_bytes((folder / f"adam_{name}.xpt").read_bytes())
    expected = ba.load_adam(tmp_path)
    frames = {name: pd.read_sas(tmp_path / f"{name}.xpt", encoding=None) for name in ("adsl", "adtte")}
    found = ba.as_trial(frames, name="t")
    pd.testing.assert_frame_equal(found.subjects, expected.subjects)
    pd.testing.assert_frame_equal(found.event_times, expected.event_times)

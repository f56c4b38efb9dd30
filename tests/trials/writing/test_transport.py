"""SAS transport files of a trial: the limits of version 5 hold, and other software reads the same cells."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.readers.sas.transport import read_transport
from botox_analysis.trials.writing.transport import LARGEST, SMALLEST, short_names, write_transport

pyreadstat = pytest.importorskip("pyreadstat")


def table_of(**columns):
    return pd.DataFrame({"subject": [f"{at}" for at in range(len(next(iter(columns.values()))))], **columns})


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["headache_hours", "headache_days"], ["HEADACHE", "HEADACH2"]), (["site", "Site", "SITE"], ["SITE", "SITE2", "SITE3"]),
        (["1st", "_1ST"], ["_1ST", "_1ST2"]), (["日本", "本日"], ["__", "__2"]), (["größe", "b m-i"], ["GROSSE", "B_M_I"]),
        ([f"headache_{at}" for at in range(11)], ["HEADACHE", *(f"HEADACH{at}" for at in range(2, 10)), "HEADAC10", "HEADAC11"]),
        ([""], ["_"]), (["subject"], ["SUBJECT"]),
    ],
)  # fmt: skip
def test_a_name_is_shortened_by_the_rule(names, short):
    assert list(short_names(names).values()) == short


def test_names_and_labels_are_within_the_limits_and_in_the_settings(tmp_path):
    long = "a_very_long_name_of_a_column_of_the_subjects_of_a_trial"
    table = table_of(**{long: [1.0], "größe": ["a"]})
    settings = write_transport({"subjects": table, "adverse_events": table}, tmp_path)
    assert settings["columns"]["subjects"] == {"subject": "SUBJECT", long: "A_VERY_L", "größe": "GROSSE"}
    frame, meta = pyreadstat.read_xport(tmp_path / "adverse_events.xpt")
    assert list(frame.columns) == ["SUBJECT", "A_VERY_L", "GROSSE"]
    assert meta.column_labels == ["subject", long[:40], "grosse"]
    assert meta.table_name == "ADVERSE_"


RNG = np.random.default_rng(1)
SIZES = np.concatenate([np.exp(RNG.uniform(-179, 171.8, 5_000)), [SMALLEST, LARGEST, 0.1 + 0.2, 1 / 3, 2.0**53, 1.0, 0.0]])


def test_every_float_within_the_limits_is_exact(tmp_path):
    numbers = np.concatenate([SIZES, -SIZES, [np.nan]])
    write_transport({"subjects": table_of(x=numbers)}, tmp_path)
    ours = read_transport(tmp_path / "subjects.xpt", {})[0].frame["X"].to_numpy(dtype=float)
    others = pyreadstat.read_xport(tmp_path / "subjects.xpt")[0]["X"].to_numpy()
    np.testing.assert_array_equal(ours, numbers)
    np.testing.assert_array_equal(others, numbers)


TEXTS = ["a" * 200, "  b", "", "x;y", 'say "no"', "a\nb", "~!@#$%^&*()", None]


def test_other_software_reads_the_same_texts_and_truths(tmp_path):
    truths = pd.array([True, False, None, True, None, False, True, True], dtype="boolean")
    write_transport({"subjects": table_of(x=pd.Series(TEXTS, dtype=object), ok=truths)}, tmp_path)
    frame, _ = pyreadstat.read_xport(tmp_path / "subjects.xpt")
    assert [text or None for text in frame["X"].fillna("")] == [text or None for text in TEXTS]
    assert frame["OK"].fillna("").tolist() == ["Y", "N", "", "Y", "", "N", "Y", "Y"]


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    write_transport(
        {"adverse_events": pd.DataFrame({"subject": pd.Series([], dtype=object), "onset_day": pd.Series([], dtype=float)})},
        tmp_path,
    )
    assert list(pyreadstat.read_xport(tmp_path / "adverse_events.xpt")[0].columns) == ["SUBJECT", "ONSET_DA"]


def test_all_cells_beyond_the_limits_are_in_one_sentence(tmp_path):
    subjects = table_of(word=["ä"], long=["b" * 201], small=[1e-80], large=[1e76], right=["c"], control=["\x1a"])
    with pytest.raises(ba.DataError) as refused:
        write_transport({"subjects": subjects, "diary": table_of(note=["日" * 100])}, tmp_path)
    assert str(refused.value) == (
        "a SAS transport file cannot hold this trial: subjects, column 'word': found '\\xe4'; expected letters of US-ASCII; "
        "subjects, column 'long': found a text of 201 bytes; expected at most 200; "
        "subjects, column 'small': found 1e-80; expected 0, or a size from 5.4e-79 to 4.5e+74; "
        "subjects, column 'large': found 1e+76; expected 0, or a size from 5.4e-79 to 4.5e+74; "
        "subjects, column 'control': found '\\x1a'; expected letters of US-ASCII; "
        "diary, column 'note': found '\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5"
        "\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5"
        "\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5'...; expected letters of US-ASCII; "
        "diary, column 'note': found a text of 300 bytes; expected at most 200."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_level_of_a_factor_beyond_the_limits_is_no_cell(tmp_path):
    grade = pd.Categorical(["low"], categories=["low", "größer"])
    trial = ba.as_trial({"subjects": pd.DataFrame({"subject": ["1"], "grade": grade})}, name="t")
    copy = ba.load_trial(ba.write_trial(trial, tmp_path / "copy", format="xpt"))
    assert list(copy.subjects["grade"].cat.categories) == ["low", "größer"]


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R with haven")
def test_haven_reads_the_same_cells(tmp_path):
    write_transport({"subjects": table_of(x=SIZES[:50], y=["a b"] * 50)}, tmp_path)
    code = "if (!requireNamespace('haven')) quit(status = 9); cat(sprintf('%a', haven::read_xpt('subjects.xpt')$X), sep = '\\n')"
    call = [shutil.which("Rscript"), "-e", code]
    ended = subprocess.run(call, capture_output=True, text=True, check=False, cwd=tmp_path)  # noqa: S603 - R as installed
    if ended.returncode == 9:
        pytest.skip("needs R with haven")
    np.testing.assert_array_equal([float.fromhex(word) for word in ended.stdout.split()], SIZES[:50])

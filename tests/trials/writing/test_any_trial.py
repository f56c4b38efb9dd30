"""Any trial is the same after writing, in every format: random tables with every column of the layout, and further ones."""

import os
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.cells import reading
from botox_analysis.trials.layout import COLUMNS, TABLES
from botox_analysis.trials.writing.same import difference
from botox_analysis.trials.writing.write import WRITERS

pytestmark = pytest.mark.long

few = settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", max(5, settings().max_examples // 10))), deadline=None)

ASCII = "abxyzAB1209 .,;:'\"=+-@#|/\\_%()"
OTHERS = ASCII + "äßé日\u0301\U0001f600"
COLUMN_NAMES = [
    "site",
    "b m i",
    "1st",
    "größe",
    "headache_hours_at_home",
    "headache_hours_at_work",
    "x" * 60,
    "=1",
    "nan.",
    "Ä;\"'",
]


def floats(low, high):
    """Floats that SAS has, too: 0, or of a size above 5.4e-79."""
    return st.floats(low, high).filter(lambda number: number == 0 or abs(number) > 1e-78)


NUMBERS = {
    "day": st.integers(1, 200), "cycle": st.integers(1, 9), "headache_hours": floats(0, 24), "start_time": floats(0, 24),
    "end_time": floats(0, 24), "peak": st.integers(0, 10), "aura_minutes": floats(0, 1440), "time": floats(0.5, 400),
}  # fmt: skip
"""Values of columns of numbers; of others a float from 0 to 100."""

FURTHER = st.sampled_from(["whole", "float", "text", "truth", "gaps", "date", "factor", "empty"])


def texts(letters):
    return st.text(letters, min_size=1, max_size=8).map(str.strip).filter(str)


def cells_of(column, rule, letters):
    """Cells that a column of the layout may have."""
    if rule.kind == reading.YES_NO:
        return st.sampled_from(["yes", "no"])
    if rule.kind == reading.SEVERITY:
        return st.sampled_from(reading.SEVERITIES[1:])
    if rule.kind == reading.NUMBER:
        return NUMBERS.get(column, NUMBERS["day"] if column.endswith("day") else floats(0, 100))
    return st.sampled_from(["155 U", 'placebo, "blind"', "NA", "=1+1"]) if rule.kind == reading.NAME else texts(letters)


def further(draw, kind, n, letters):
    """A column beyond the layout."""
    values = {
        "whole": st.integers(-(10**12), 10**12), "float": floats(-1e12, 1e12),
        "text": st.none() | texts(letters),
        "truth": st.booleans(), "gaps": st.none() | st.booleans(), "date": st.dates(), "factor": texts(letters),
        "empty": st.none(),
    }[kind]  # fmt: skip
    column = pd.Series(draw(st.lists(values, min_size=n, max_size=n)), dtype=object)
    if kind == "date":
        return pd.Series(column.to_numpy(dtype="datetime64[s]"))
    types = {"whole": "int64", "float": "float64", "truth": "bool", "gaps": "boolean", "factor": "category", "empty": "float64"}
    return column.astype(types.get(kind, object))


@st.composite
def trials(draw, letters):
    """A small trial with any of the tables, any of their columns, gaps, and columns of its own."""
    n = draw(st.integers(1, 5))
    names = draw(st.lists(texts(letters), min_size=n, max_size=n, unique=True))
    tables = {}
    for table in TABLES:
        if table != "subjects" and not draw(st.booleans()):
            continue
        who = names if table == "subjects" else draw(st.lists(st.sampled_from(names), min_size=1, max_size=6))
        frame = {"subject": pd.Series(who, dtype=object)}
        for column, rule in COLUMNS[table].items():
            if column != "subject" and (rule.required or draw(st.booleans())):
                cells = cells_of(column, rule, letters)
                cells = st.none() | cells if rule.nullable else cells
                frame[column] = pd.Series(draw(st.lists(cells, min_size=len(who), max_size=len(who))), dtype=object)
        if table == "assessments":
            frame["visit"] = pd.Series([f"week {4 * at}" if at else "baseline" for at in range(len(who))], dtype=object)
            frame["scale"] = "HIT-6"
            frame.pop("day", None)
        for column in draw(st.lists(st.sampled_from(COLUMN_NAMES), max_size=3, unique=True)):
            if set(column) <= set(letters) | {"_"}:
                frame[column] = further(draw, draw(FURTHER), len(who), letters)
        tables[table] = pd.DataFrame(frame)
    asked = {"diary": {"contradictions": "hours decide"}} if "diary" in tables else {}
    try:
        return ba.as_trial(tables, name=draw(texts(letters)), settings=asked)
    except ba.DataError:
        reject()


@pytest.mark.parametrize("suffix", [name for name in WRITERS if name != "xpt"])
@few
@given(trial=trials(OTHERS))
def test_a_trial_is_the_same_after_writing(suffix, trial):
    with tempfile.TemporaryDirectory() as folder:
        assert_kept(trial, suffix, Path(folder))


@few
@given(trial=trials(ASCII))
def test_a_trial_in_ascii_is_the_same_after_writing_it_for_sas(trial):
    with tempfile.TemporaryDirectory() as folder:
        assert_kept(trial, "xpt", Path(folder))


def assert_kept(trial, suffix, folder):
    ba.write_trial(trial, folder / "a", format=suffix)
    copy = ba.load_trial(folder / "a")
    assert difference(trial, copy) == ""
    for table in TABLES:
        if getattr(trial, table) is not None:
            pd.testing.assert_frame_equal(getattr(trial, table), getattr(copy, table))
    ba.write_trial(trial, folder / "b", format=suffix)
    assert {path.name: path.read_bytes() for path in (folder / "a").iterdir()} == {
        path.name: path.read_bytes() for path in (folder / "b").iterdir()
    }

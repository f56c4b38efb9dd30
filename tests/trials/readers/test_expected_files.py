"""Real files of several formats: rows, columns, cells, labels, formats, missing values and dates as listed beside them."""

import csv
import math
import os
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from botox_analysis.trials.readers.formats import READERS

PLACES = (os.environ.get("BOTOX_ANALYSIS_DATA"), Path(__file__).resolve().parents[4] / "shared" / "realdata")
FOLDER = next((Path(place) / "formats" for place in PLACES if place and (Path(place) / "formats").is_dir()), None)


def rows_listed():
    """Read all rows of the list of expected values; none without the real files."""
    if FOLDER is None:
        return []
    with (FOLDER / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


LISTED = rows_listed()
FILES = sorted({row["file"] for row in LISTED if Path(row["file"]).suffix in READERS})


@cache
def tables_in(file):
    return READERS[Path(file).suffix](FOLDER / file, {})


def cell_of(table, row):
    return table.frame[row["column"]].iloc[int(row["row"])]


def empty(column):
    return column.isna() | column.astype(object).map(lambda cell: isinstance(cell, str) and not cell.strip()).astype(bool)


def seconds_of(value):
    """Seconds since 1960 of a datetime, or of a time of day; a number as it is."""
    if isinstance(value, pd.Timestamp):
        return (value - pd.Timestamp("1960-01-01")).total_seconds()
    if isinstance(value, str):
        hours, minutes, seconds = value.split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    return float(value)


def is_cell(value, text, form):
    """Compare a cell with the text that is listed: a text, a number (also that of a date), a moment, or nothing."""
    if not text:
        return value is None or value is pd.NaT or value == "" or (isinstance(value, float) and math.isnan(value))
    if isinstance(value, pd.Timestamp):
        days = form.startswith("DATE") and not form.startswith("DATETIME")
        try:
            return math.isclose(seconds_of(value) / (86_400 if days else 1), float(text))
        except ValueError:
            return value == pd.Timestamp(text)
    if isinstance(value, str):
        return value == text or (":" in value and ":" not in text and seconds_of(value) == float(text))
    if str(value) in ("True", "False"):
        return str(value).lower() == text.lower()
    return float(value) == float(text)


def zeros(column):
    """Count the cells that are 0, the first moment of 1960, or midnight."""
    return int(column.isin([0, pd.Timestamp("1960-01-01"), "00:00:00"]).sum())


def missing(tables, row):
    return int(empty(tables[0].frame[row["column"]]).sum())


CHECKS = {
    "rows": lambda tables, row: len(tables[0].frame) == int(row["value"]),
    "columns": lambda tables, row: tables[0].frame.shape[1] == int(row["value"]),
    "name": lambda tables, row: tables[0].name == row["value"],
    "dataset_label": lambda tables, row: tables[0].label == row["value"],
    "label": lambda tables, row: tables[0].labels[row["column"]] == row["value"],
    # pandas gives the name of a format, or its name and width.
    "format": lambda tables, row: (
        tables[0].formats[row["column"]].startswith(row["value"])
        if row["how"].startswith("pandas.read_sas")
        else tables[0].formats[row["column"]].rstrip(".") == row["value"]
    ),
    "n_missing": lambda tables, row: missing(tables, row) == int(row["value"]),
    "n_missing_total": lambda tables, row: (
        sum(int(empty(column).sum()) for _, column in tables[0].frame.items()) == int(row["value"])
    ),
    "cell": lambda tables, row: is_cell(cell_of(tables[0], row), row["value"], tables[0].formats.get(row["column"], "")),
    "iso_date": lambda tables, row: pd.Timestamp(cell_of(tables[0], row)) == pd.Timestamp(row["value"]),
    "iso_datetime": lambda tables, row: pd.Timestamp(cell_of(tables[0], row)) == pd.Timestamp(row["value"]),
    "partial_date": lambda tables, row: cell_of(tables[0], row) == row["value"],
    "members": lambda tables, row: ", ".join(table.name for table in tables) == row["value"],
    "rows of A": lambda tables, row: len(tables[0].frame) == int(row["value"]),
    "rows of B": lambda tables, row: len(tables[1].frame) == int(row["value"]),
    "cell A1 of A": lambda tables, row: tables[0].frame["A1"].iloc[0] == row["value"],
    "cell B1 of B": lambda tables, row: tables[1].frame["B1"].iloc[0] == row["value"],
    # Cells that pandas misreads are zero here. A date with a fraction is a further one.
    "zeros_misread_by_pandas": lambda tables, row: (
        sum(zeros(column) for _, column in tables[0].frame.items()) in (int(row["value"]), int(row["value"]) + 1)
    ),
    # The header of this file states another number of records than it has rows.
    "records_attribute": lambda tables, row: len(tables[0].frame) != int(row["value"]),
}
"""Item of the list -> whether the tables of a file are as it says."""


@pytest.mark.skipif(FOLDER is None, reason="no real data: neither BOTOX_ANALYSIS_DATA nor ../shared/realdata is a folder")
def test_every_kind_of_item_in_the_list_is_compared():
    assert {row["item"] for row in LISTED} == set(CHECKS)
    assert {Path(file).suffix for file in FILES} == {Path(row["file"]).suffix for row in LISTED}


@pytest.mark.parametrize("file", FILES or [pytest.param("", marks=pytest.mark.skip("no real data"))])
def test_every_value_listed_for_a_real_file_is_read(file):
    asked = [row for row in LISTED if row["file"] == file]
    assert asked
    assert [row for row in asked if not CHECKS[row["item"]](tables_in(file), row)] == []

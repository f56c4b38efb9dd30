"""Cells of every kind and type: the values read, and the cells that are not of the kind."""

import datetime
import decimal
import fractions

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botox_analysis.cells.dates import LOCAL, NO_CLOCK, OFFSET, UTC, ZERO
from botox_analysis.cells.notation import LARGEST, Notation, is_number_text
from botox_analysis.cells.reading import (
    DATE,
    DAYS,
    IDENTIFIER,
    KINDS,
    NAME,
    NUMBER,
    SEVERITY,
    TEXT,
    YES_NO,
    read_column,
    recoded,
)
from botox_analysis.cells.values import distinct, text_of

WRONG = "wrong"
"""What stands in the tables below for a cell that is not of the kind."""

COMMA = Notation(decimal=",")
BERLIN = "Europe/Berlin"


def one(cell, kind, notation=Notation()):  # noqa: B008 - it is frozen
    """What one cell is read as: its value, None where it is missing, `WRONG`."""
    reading = read_column(pd.Series([cell], dtype=object), kind, notation)
    assert len(reading.values) == len(reading.wrong) == len(reading.clock) or kind in (NUMBER, DAYS)
    value = reading.values.iloc[0]
    if reading.wrong[0]:
        assert pd.isna(value)
        return WRONG
    return None if pd.isna(value) else value


def date(text):
    """The days of a date since 1970."""
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


# Empty cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "cell", ["", " ", "   ", "\t", "\u00a0", "\u200b", "\ufeff \u00ad", None, np.nan, pd.NA, pd.NaT, np.datetime64("NaT")]
)
def test_a_cell_of_nothing_is_missing_in_every_kind(kind, cell):
    assert one(cell, kind) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("code", "cell"),
    [("NA", "NA"), (".", "."), (".A", ".A"), ("NA", " NA "), ("NA", "NA\u200b"), ("\u00fc", "u\u0308"), ("-9", "-9")],
)
def test_a_missing_code_is_missing_in_every_kind(kind, code, cell):
    assert one(cell, kind, Notation(missing=(code,))) is None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != IDENTIFIER])
@pytest.mark.parametrize(
    "cell", [-9, -9.0, "-9", "-9.0", "-09", "-9e0", decimal.Decimal("-9.00"), np.int8(-9), fractions.Fraction(-9)]
)
@pytest.mark.parametrize("code", ["-9", "-9.0", "-9,0"])
def test_a_missing_code_matches_as_a_value(kind, cell, code):
    assert one(cell, kind, Notation(missing=(code,))) is None


@pytest.mark.parametrize("cell", ["-9,0", "-9", -9.0])
def test_a_missing_code_matches_under_a_decimal_comma(cell):
    assert one(cell, NUMBER, Notation(decimal=",", missing=("-9",))) is None


@pytest.mark.parametrize(("cell", "value"), [("-9.0", "-9.0"), ("-09", "-09"), (-9, None), ("-9", None)])
def test_a_missing_code_matches_an_identifier_to_the_letter(cell, value):
    assert one(cell, IDENTIFIER, Notation(missing=("-9",))) == value


@pytest.mark.parametrize("cell", ["na", "NA.", "N A", "-99", "9"])
def test_what_only_resembles_a_missing_code_is_none(cell):
    assert one(cell, NAME, Notation(missing=("NA", "-9"))) == cell


def test_a_code_0_is_not_false():
    assert one(False, YES_NO, Notation(missing=("0",))) == False  # noqa: E712 - missing would be None
    assert one("0", YES_NO, Notation(missing=("0",))) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_without_rows_has_no_values(kind):
    reading = read_column(pd.Series([], dtype=object), kind)
    assert len(reading.values) == len(reading.wrong) == 0


# Numbers --------------------------------------------------------------------------------------------------------------

NUMBERS = [
    ("4", 4.0), (" 4 ", 4.0), ("4.", 4.0), (".5", 0.5), ("+4", 4.0), ("-4", -4.0), ("1e3", 1000.0), ("1E-3", 0.001),
    ("04", 4.0), ("4\u00a0", 4.0),
    ("\u200b4", 4.0), ("0.1", 0.1), ("123456789.123456789", 123456789.123456789), ("5e-324", 5e-324), ("1e-400", 0.0),
    ("-0", -0.0),
    (4, 4.0), (np.int8(4), 4.0), (np.uint64(4), 4.0), (0.1, 0.1), (np.float32(0.5), 0.5), (np.longdouble(0.5), 0.5),
    (decimal.Decimal("0.10"), 0.1),
    (fractions.Fraction(1, 3), 1 / 3), (LARGEST, LARGEST), ("1e12", LARGEST), ("-1e12", -LARGEST),
    ("", None), (decimal.Decimal("NaN"), None),
    ("4,5", WRONG), ("1,234.5", WRONG), ("1 000", WRONG), ("1'000", WRONG), ("1_000", WRONG), ("0x10", WRONG),
    ("1e", WRONG), ("e5", WRONG), ("1e1000", WRONG),
    (".", WRONG), ("+", WRONG), ("--4", WRONG), ("4-", WRONG), ("<5", WRONG), ("5%", WRONG), ("4 h", WRONG), ("inf", WRONG),
    ("-inf", WRONG), ("nan", WRONG),
    ("NA", WRONG), ("true", WRONG), ("\u0664", WRONG), ("\uff14", WRONG), ("\u00bd", WRONG), ("\u2212" + "4", WRONG),
    ("1e13", WRONG), ("9" * 400, WRONG),
    (True, WRONG), (np.bool_(False), WRONG), (float("inf"), WRONG), (1e13, WRONG), (10**400, WRONG),
    (decimal.Decimal("1e400"), WRONG),
    (decimal.Decimal("-Infinity"), WRONG), (fractions.Fraction(10**400), WRONG), (4j, WRONG), (b"4", WRONG), ([4], WRONG),
    ((4,), WRONG), ({4}, WRONG), ({}, WRONG),
    (datetime.date(2024, 3, 1), WRONG), (datetime.datetime(2024, 3, 1), WRONG), (pd.Timestamp("2024-03-01"), WRONG),
    (datetime.time(4), WRONG),
    (pd.Period("2024-03", "M"), WRONG), (pd.Interval(0, 4), WRONG), (object(), WRONG), (int, WRONG), ("\ud800", WRONG),
    (np.datetime64("2024-03-01"), WRONG),
]  # fmt: skip


@pytest.mark.parametrize("kind", [NUMBER, DAYS])
@pytest.mark.parametrize(("cell", "value"), NUMBERS, ids=[f"{at} {type(cell).__name__}" for at, (cell, _) in enumerate(NUMBERS)])
def test_a_cell_is_a_number_or_none(cell, value, kind):
    assert one(cell, kind) == value


@pytest.mark.parametrize("cell", [datetime.timedelta(days=1.5), np.timedelta64(36, "h"), pd.Timedelta("36h")])
def test_a_duration_is_a_number_of_days_where_days_are_meant_and_nowhere_else(cell):
    assert one(cell, DAYS) == 1.5
    assert one(cell, NUMBER) == one(cell, NAME) == one(cell, DATE) == one(cell, YES_NO) == WRONG


@pytest.mark.parametrize("cell", [np.timedelta64(1, "Y"), np.timedelta64(1, "M")])
def test_a_duration_without_a_number_of_days_is_refused(cell):
    assert one(cell, DAYS) == WRONG


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("year", [-8_320_005, 0, 10_000, 33_757])
def test_a_time_beyond_the_calendar_is_of_no_kind(kind, year):
    seconds = (year - 1970) * 31_556_952
    times = pd.Series(np.array([seconds], dtype="datetime64[s]"))
    for column in (
        times,
        times.dt.tz_localize("UTC"),
        times.astype(object),
        pd.Series([np.datetime64(seconds, "s")], dtype=object),
    ):
        reading = read_column(column, kind)
        assert reading.wrong.tolist() == [True]
        assert reading.values.isna().all()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("4,5", 4.5),
        (",5", 0.5),
        ("4", 4.0),
        ("1,5e3", 1500.0),
        ("4.5", WRONG),
        ("1.234,5", WRONG),
        ("4,5,6", WRONG),
        (4.5, 4.5),
        (decimal.Decimal("4.5"), 4.5),
    ],
)
def test_the_decimal_sign_is_the_one_that_is_named_and_no_other(cell, value):
    assert one(cell, NUMBER, COMMA) == value


@given(st.floats(-LARGEST, LARGEST))
def test_a_number_comes_back_as_it_was_written(number):
    assert one(repr(number), NUMBER) == one(number, NUMBER) == one(repr(number).replace(".", ","), NUMBER, COMMA) == number


FOUR = {
    "int8": pd.array([4, 5], dtype="int8"), "uint64": pd.array([4, 5], dtype="uint64"), "float16": np.array([4, 5],
    dtype="float16"),
    "Int64": pd.array([4, 5], dtype="Int64"), "Float32": pd.array([4, 5], dtype="Float32"), "arrow": pd.array([4, 5],
    dtype="int64[pyarrow]"),
    "arrow decimal": pd.array([decimal.Decimal(4), decimal.Decimal(5)], dtype=pd.ArrowDtype(pa.decimal128(5, 2))),
    "categorical": pd.Categorical([4, 5]), "categorical texts": pd.Categorical(["4", "5"]),
    "sparse": pd.arrays.SparseArray([4.0, 5.0]),
    "text": pd.array(["4", "5"], dtype="string"), "arrow text": pd.array(["4", "5"], dtype=pd.ArrowDtype(pa.string())),
    "mixed": pd.array([4, "5"], dtype=object),
}  # fmt: skip


@pytest.mark.parametrize("values", FOUR.values(), ids=FOUR)
def test_a_number_is_the_same_in_a_column_of_any_type(values):
    column = pd.Series(values, index=[7, 7])
    reading = read_column(column, NUMBER)
    assert reading.values.tolist() == [4.0, 5.0]
    assert reading.values.index.tolist() == [7, 7]
    assert read_column(column, NUMBER, Notation(missing=("4.0",))).values.tolist()[1:] == [5.0]
    assert read_column(column, NUMBER, Notation(missing=("4.0",))).values.isna().tolist() == [True, False]


NO_NUMBERS = {
    "bool": pd.array([True, False]), "boolean": pd.array([True, None], dtype="boolean"), "complex": np.array([1j, 2]),
    "bytes": np.array([b"a", b"b"]),
    "datetime": pd.date_range("2024", periods=2), "zone": pd.date_range("2024", periods=2, tz=BERLIN),
    "period": pd.period_range("2024", periods=2, freq="M"),
    "timedelta": pd.to_timedelta([1, 2]), "interval": pd.interval_range(0, 2), "sparse bool": pd.arrays.SparseArray([True,
    False]),
    "lists": pd.array([[1], [2]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))), "records": pd.array([{"a": 1}, {}],
    dtype=pd.ArrowDtype(pa.struct({"a": pa.int64()}))),
    "arrow bytes": pd.array([b"a", b"b"], dtype=pd.ArrowDtype(pa.binary())), "arrow bool": pd.array([True, False],
    dtype="bool[pyarrow]"),
    "arrow duration": pd.array(pd.to_timedelta([1, 2]), dtype="duration[ns][pyarrow]"),
    "categorical bool": pd.Categorical([True, False]),
    "categorical interval": pd.cut(pd.Series([1, 2]), [0, 1, 2]),
}  # fmt: skip


@pytest.mark.parametrize("values", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_a_column_of_another_type_has_no_numbers(values):
    column = pd.Series(values)
    reading = read_column(column, NUMBER)
    assert reading.wrong.tolist() == column.notna().tolist()
    assert reading.values.isna().all()


# Identifiers, names and texts -----------------------------------------------------------------------------------------

NAMES = [
    ("a", "a"), (" a ", "a"), ("007", "007"), ("7", "7"), (7, "7"), (7.0, "7"), (7.5, "7.5"), (np.int64(7), "7"),
    (decimal.Decimal(7), "7"), (True, "True"),
    ("1e5", "1e5"), ("12345678901234567", "12345678901234567"), (12345678901234567, "12345678901234567"),
    (2**63 + 1, str(2**63 + 1)), ("NA", "NA"), ("nan", "nan"),
    ("U\u0308", "\u00dc"), ("a\u00a0b", "a b"), ("a\u200bb", "ab"), ("\u60a3\u8005", "\u60a3\u8005"), ("a,b", "a,b"),
    ('a"b', 'a"b'), ("-", "-"), ("'", "'"),
    (1.2345678901234568e16, WRONG), (float("inf"), WRONG), (b"a", WRONG), (1j, WRONG), ([1], WRONG), ((1,), WRONG),
    ({}, WRONG), (datetime.date(2024, 3, 1), WRONG),
    (pd.Timestamp("2024-03-01"), WRONG), (datetime.time(1), WRONG), (pd.Period("2024", "Y"), WRONG),
    (pd.Interval(0, 1), WRONG), (object(), WRONG), ("\ud800", WRONG),
]  # fmt: skip


@pytest.mark.parametrize("kind", [IDENTIFIER, NAME, TEXT])
@pytest.mark.parametrize(("cell", "value"), NAMES, ids=[f"{at} {type(cell).__name__}" for at, (cell, _) in enumerate(NAMES)])
def test_a_cell_is_a_name_or_none(cell, value, kind):
    assert one(cell, kind) == value


@pytest.mark.parametrize("cell", ["a\tb", "a\nb", "a\x00b", "a\x85b", "a\u2028b", "a\u202eb", "a\u2066b"])
def test_a_control_character_is_in_no_name_and_in_no_identifier_and_may_be_in_a_text(cell):
    assert one(cell, NAME) == one(cell, IDENTIFIER) == WRONG
    assert one(cell, TEXT) == cell


def test_spellings_that_look_the_same_are_merged_and_named():
    reading = read_column(pd.Series(["U\u0308", "\u00dc", "\u00dc\u200b", "a"]), NAME)
    assert reading.values.tolist() == ["\u00dc", "\u00dc", "\u00dc", "a"]
    assert reading.merged == {"\u00dc": ("U\u0308", "\u00dc", "\u00dc\u200b")}


def test_spaces_around_a_name_make_no_other_spelling():
    assert read_column(pd.Series(["a", " a", "a "]), NAME).merged == {}


def test_identifiers_are_categories_in_order_of_appearance():
    assert list(read_column(pd.Series(["b", "a", "b"]), IDENTIFIER).values.cat.categories) == ["b", "a"]


# Yes and no, severities -----------------------------------------------------------------------------------------------

TRUTHS = [
    ("yes", True), ("NO", False), ("Y", True), ("n", False), ("True", True), ("FALSE", False), ("1", True), ("0", False),
    (" yes ", True), ("yes\u200b", True),
    ("1.0", True), ("0.00", False), ("-0", False), (1, True), (0.0, False), (True, True), (np.bool_(False), False),
    (np.int8(1), True), (decimal.Decimal("1.0"), True),
    ("2", WRONG), (2, WRONG), (-1, WRONG), (0.5, WRONG), ("0,0", WRONG), ("ja", WRONG), ("oui", WRONG), ("t", WRONG),
    ("yes.", WRONG), ("on", WRONG), ("x", WRONG),
    ("\uff39", WRONG), (b"yes", WRONG), (np.timedelta64(1, "D"), WRONG), (datetime.date(2024, 1, 1), WRONG),
    ([True], WRONG), (1j, WRONG), (10**400, WRONG),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "value"), TRUTHS, ids=[f"{at} {type(cell).__name__}" for at, (cell, _) in enumerate(TRUTHS)])
def test_a_cell_is_yes_or_no_or_neither(cell, value):
    assert one(cell, YES_NO) == value


SEVERE = [
    ("mild", "mild"), ("MODERATE", "moderate"), (" severe ", "severe"), ("None", "none"), ("mild\u00ad", "mild"),
    ("0", WRONG), (1, WRONG), (3.0, WRONG), (True, WRONG), ("moderat", WRONG), ("leicht", WRONG), ("grade 1", WRONG),
    (b"mild", WRONG), (["mild"], WRONG), ("yes", WRONG),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "value"), SEVERE, ids=[f"{at} {type(cell).__name__}" for at, (cell, _) in enumerate(SEVERE)])
def test_a_cell_is_a_severity_by_its_word_only(cell, value):
    assert one(cell, SEVERITY) == value


# Dates ----------------------------------------------------------------------------------------------------------------

DATES = [
    ("2024-03-01", "%Y-%m-%d", "2024-03-01"), (" 2024-03-01\u00a0", "%Y-%m-%d", "2024-03-01"),
    ("2024-3-1", "%Y-%m-%d", "2024-03-01"), ("2024-02-29", "%Y-%m-%d", "2024-02-29"),
    ("29.02.24", "%d.%m.%y", "2024-02-29"), ("01MAR2024", "%d%b%Y", "2024-03-01"), ("20240301", "%Y%m%d", "2024-03-01"),
    (20240301, "%Y%m%d", "2024-03-01"),
    (20240301.0, "%Y%m%d", "2024-03-01"), ("2024-03-01 23:59", "%Y-%m-%d %H:%M", "2024-03-01"),
    ("2024-061", "%Y-%j", "2024-03-01"), ("1900-01-01", "%Y-%m-%d", "1900-01-01"),
    ("2100-12-31", "%Y-%m-%d", "2100-12-31"),
    (datetime.date(2024, 3, 1), "%d.%m.%Y", "2024-03-01"), (datetime.datetime(2024, 3, 1, 23, 59), "%Y", "2024-03-01"),
    (pd.Timestamp("2024-03-01 23:59:59.9"), "", "2024-03-01"),
    (np.datetime64("2024-03-01T23:59"), "", "2024-03-01"), (pd.Period("2024-03-01", "D"), "", "2024-03-01"),
    ("2023-02-29", "%Y-%m-%d", WRONG), ("24-03-01", "%Y-%m-%d", WRONG), ("2024-03", "%Y-%m-%d", WRONG),
    ("2024-03-01 10:00", "%Y-%m-%d", WRONG), ("2024-13-01", "%Y-%m-%d", WRONG),
    ("1112024", "%d%m%Y", WRONG), ("202431", "%Y%m%d", WRONG), ("0001-01-01", "%Y-%m-%d", WRONG),
    ("1899-12-31", "%Y-%m-%d", WRONG), ("2101-01-01", "%Y-%m-%d", WRONG),
    ("45352", "%Y-%m-%d", WRONG), (45352, "%Y-%m-%d", WRONG), (True, "%Y-%m-%d", WRONG), (b"2024-03-01", "%Y-%m-%d", WRONG),
    (datetime.time(1), "", WRONG), ([1], "", WRONG),
    (pd.Period("2024-03", "M"), "", WRONG), (pd.Interval(0, 1), "", WRONG), (datetime.datetime(1, 1, 1), "", WRONG),
    (datetime.date(9999, 12, 31), "", WRONG), (1j, "", WRONG),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "date_format", "day"), DATES, ids=[f"{cell!r} {form}"[:40] for cell, form, _ in DATES])
def test_a_cell_is_a_date_as_it_was_written_or_none(cell, date_format, day):
    assert one(cell, DATE, Notation(date_format=date_format)) == (WRONG if day == WRONG else date(day))


@pytest.mark.parametrize(
    ("cell", "origin", "day"),
    [
        ("45352", "1899-12-30", "2024-03-01"), (45352.99, "1899-12-30", "2024-03-01"),
        ("43890", "1904-01-01", "2024-03-01"), (23436, "1960-01-01", "2024-03-01"),
        ("4.5352e4", "1899-12-30", "2024-03-01"), (0, "1960-01-01", "1960-01-01"), (-1, "1960-01-01", "1959-12-31"),
        (-0.5, "1960-01-01", "1959-12-31"),
        (datetime.date(2024, 3, 1), "1899-12-30", "2024-03-01"), ("2024-03-01", "1899-12-30", WRONG),
        (1e6, "1960-01-01", WRONG), ("1e300", "1960-01-01", WRONG), (True, "1960-01-01", WRONG),
    ],
)  # fmt: skip
def test_a_count_of_days_is_a_date_by_its_origin(cell, origin, day):
    notation = Notation(date_origin=datetime.date.fromisoformat(origin))
    assert one(cell, DATE, notation) == (WRONG if day == WRONG else date(day))


@pytest.mark.parametrize(
    ("origin", "cell"), [("9999-12-31", 1), ("0001-01-01", -1), ("0001-01-01", -99_999), ("9999-12-31", "0")]
)
def test_a_count_of_days_that_ends_outside_the_calendar_is_no_date(origin, cell):
    assert one(cell, DATE, Notation(date_origin=datetime.date.fromisoformat(origin))) == WRONG


AT_NIGHT = datetime.datetime(2024, 3, 1, 23, 30)
CLOCKS = [
    (AT_NIGHT, LOCAL), (AT_NIGHT.replace(tzinfo=datetime.UTC), UTC), (pd.Timestamp(AT_NIGHT, tz="UTC"), UTC),
    (pd.Timestamp(AT_NIGHT, tz=BERLIN), OFFSET),
    (pd.Timestamp(AT_NIGHT, tz="Etc/GMT"), UTC), (pd.Timestamp(AT_NIGHT, tz="Europe/London"), OFFSET),
    (AT_NIGHT.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-8))), OFFSET),
    ("2024-03-01T23:30:00Z", UTC), ("2024-03-01T23:30:00+00:00", ZERO), ("2024-03-01T23:30:00-0800", OFFSET),
    ("", NO_CLOCK), ("x", NO_CLOCK),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "clock"), CLOCKS, ids=[str(cell) for cell, _ in CLOCKS])
def test_no_offset_moves_a_day_and_each_date_has_its_calendar(cell, clock):
    reading = read_column(pd.Series([cell], dtype=object), DATE, Notation(date_format="%Y-%m-%dT%H:%M:%S%z"))
    assert reading.clock.tolist() == [clock]
    assert clock == NO_CLOCK or reading.values.tolist() == [date("2024-03-01")]


@pytest.mark.parametrize("cell", ["2024-03-01T23:30:00Z", AT_NIGHT.replace(tzinfo=datetime.UTC)])
def test_an_instant_in_utc_is_of_the_day_of_its_place(cell):
    notation = Notation(date_format="%Y-%m-%dT%H:%M:%S%z", time_zone=BERLIN)
    assert one(cell, DATE, notation) == date("2024-03-02")


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2024-03-01", "2024-03-02"]),
        pd.to_datetime(["2024-03-01", "2024-03-02"]).astype("datetime64[s]"),
        pd.period_range("2024-03-01", periods=2, freq="D"),
        pd.array([datetime.date(2024, 3, 1), datetime.date(2024, 3, 2)], dtype=pd.ArrowDtype(pa.date32())),
        pd.Categorical(["2024-03-01", "2024-03-02"]),
        pd.Categorical(pd.to_datetime(["2024-03-01", "2024-03-02"])),
        [datetime.date(2024, 3, 1), "2024-03-02"], pd.array(["2024-03-01", "2024-03-02"], dtype="string"),
    ],
)  # fmt: skip
def test_a_date_is_the_same_in_a_column_of_any_type(values):
    assert read_column(pd.Series(values), DATE).values.tolist() == [date("2024-03-01"), date("2024-03-02")]


@given(
    st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d %B %Y", "%j.%Y"]),
)
def test_every_date_is_read_as_it_was_written(day, date_format):
    written = datetime.datetime.combine(day, datetime.time(12)).strftime(date_format)
    assert one(written, DATE, Notation(date_format=date_format)) == one(day, DATE) == (day - datetime.date(1970, 1, 1)).days


# Distinct values, texts and codes -------------------------------------------------------------------------------------


def test_values_of_different_types_are_distinct():
    codes, values = distinct(pd.Series([1, 1.0, True, "1", None, 1, [1]], dtype=object))
    assert codes.tolist() == [0, 1, 2, 3, -1, 0, 4]
    assert [type(value) for value in values] == [int, float, bool, str, list]


@pytest.mark.parametrize(
    "values",
    [[1, 2, 1], ["b", "a", "b"], pd.Categorical(["b", "a", "b"]), pd.array([1.5, None, 1.5], dtype="Float64"), [[1], [2], [1]]],
)
def test_distinct_values_in_their_places_are_the_column(values):
    column = pd.Series(values)
    codes, found = distinct(column)
    assert [None if code < 0 else found[code] for code in codes] == [None if value is pd.NA else value for value in column]


@pytest.mark.parametrize(
    ("cells", "codes", "found"),
    [(["b", None, "d"], [0, -1, 1], ["b", "d"]), ([None, None], [-1, -1], []), ([], [], []), (["d", "a"], [1, 0], ["a", "d"])],
)
def test_a_category_of_no_cell_is_no_value_of_the_column(cells, codes, found):
    given, values = distinct(pd.Series(pd.Categorical(cells, categories=list("abcd"))))
    assert given.tolist() == codes
    assert values.tolist() == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a ", "a "), (1, "1"), (1.0, "1"), (-0.0, "0"), (0.1, "0.1"), (1e15, "1000000000000000"), (1e17, "1e+17"),
        (2**70, str(2**70)), (True, "True"), (None, ""), (np.nan, ""),
        (pd.NA, ""), (pd.NaT, ""), (datetime.date(2024, 3, 1), "2024-03-01"), (pd.Timestamp("2024-03-01"), "2024-03-01"),
        (pd.Timestamp("2024-03-01 10:00"), "2024-03-01T10:00:00"),
        (decimal.Decimal("1.50"), "1.50"), (b"a", "b'a'"), (float("inf"), "inf"), (np.float32(0.5), "0.5"), (np.int8(3), "3"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_a_file_has_it(value, text):
    assert text_of(value) == text


def test_texts_are_numbers_by_their_decimal_sign():
    texts = np.array(["1", "1.5", "1,5", "", "x", "-.5", "1e5"], dtype=object)
    assert is_number_text(texts, ".").tolist() == [True, True, False, False, False, True, True]
    assert is_number_text(texts, ",").tolist() == [True, False, True, False, False, False, True]
    assert is_number_text(np.array([], dtype=object), ".").tolist() == []


CODES = {"0": "none", "1": "mild", "x": "severe", "u\u0308": "moderate"}
RECODED = [
    ("0", "none"), (0, "none"), (0.0, "none"), ("0.0", "none"), ("00", "none"), ("1", "mild"), (np.int8(1), "mild"),
    (decimal.Decimal("1.0"), "mild"), ("x", "severe"), (" x ", "severe"),
    ("\u00fc", "moderate"), ("X", "X"), ("2", "2"), (2, "2"), ("-1", "-1"), (True, "True"), (False, "False"), (None, None),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "word"), RECODED, ids=[f"{at} {type(cell).__name__}" for at, (cell, _) in enumerate(RECODED)])
def test_a_code_matches_as_a_value_and_others_stay(cell, word):
    found = recoded(pd.Series([cell], dtype=object), CODES).iloc[0]
    assert (None if pd.isna(found) else found) == word


def test_words_may_be_swapped():
    assert recoded(pd.Series(["yes", "no", "yes"]), {"yes": "no", "no": "yes"}).tolist() == ["no", "yes", "no"]
    assert recoded(pd.Series([], dtype=object), {"yes": "no"}).tolist() == []

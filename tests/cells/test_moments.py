"""Moments and times of day: their notations, and what is refused."""

import datetime

import numpy as np
import pandas as pd
import pytest

from botox_analysis.cells.notation import Notation
from botox_analysis.cells.reading import MOMENT, TIME, read_column

DAY = (datetime.date(2024, 1, 5) - datetime.date(1970, 1, 1)).days


def read(cells, kind=MOMENT, **notation):
    return read_column(cells if isinstance(cells, pd.Series) else pd.Series(cells, dtype=object), kind, Notation(**notation))


@pytest.mark.parametrize(
    ("text", "day", "hours"),
    [
        ("2024-01-05 13:30", 0, 13.5),
        ("2024-01-05T13:30", 0, 13.5),
        ("2024-01-05T13:30:36", 0, 13.51),
        ("2024-01-05T13:30:00.000", 0, 13.5),
        ("2024-01-05 1:30 pm", 0, 13.5),
        ("2024-01-05 12:15 AM", 0, 0.25),
        ("2024-01-05 12:15 p.m.", 0, 12.25),
        ("2024-01-05 00:00", 0, 0.0),
        ("2024-01-05 24:00", 1, 0.0),
        ("2024-01-05", 0, np.nan),
        ("2024-01-05T13:30+02:00", 0, 13.5),
        ("2024-01-05T13:30-0500", 0, 13.5),
    ],
)
def test_a_text_is_the_date_and_the_clock_as_written(text, day, hours):
    reading = read([text])
    assert not reading.wrong.any()
    assert reading.values.tolist() == [DAY + day]
    np.testing.assert_allclose(reading.hours, [hours])


@pytest.mark.parametrize(
    "text",
    ["2024-01-05 25:00", "2024-01-05 24:01", "2024-01-05 13:60", "2024-02-30 10:00", "13:30", "2024-01-05 13:30 pm",
     "2024-01-05 0:30 am", "05.01.2024 13:30", "2024-01-05 noon", "2024-01", "2024-01-05 1330", "1800-01-01 10:00",
     "2024-01-05 10:00:61", "9999-12-31 24:00"],
)  # fmt: skip
def test_another_text_is_wrong(text):
    assert read([text]).wrong.all()


@pytest.mark.parametrize(
    ("date_format", "text"),
    [("%d.%m.%Y", "05.01.2024 13:30"), ("%d%b%Y", "05JAN2024:13:30"), ("%m/%d/%Y", "1/5/2024 1:30PM"),
     ("%d/%m/%Y", "2024-01-05T13:30"), ("%d.%m.%Y %H:%M", "05.01.2024 13:30"), ("%Y%m%d", "20240105 13:30")],
)  # fmt: skip
def test_the_format_of_dates_is_that_of_the_trial_or_iso(date_format, text):
    reading = read([text], date_format=date_format)
    assert reading.values.tolist() == [DAY]
    assert reading.hours.tolist() == [13.5]


def test_a_time_in_utc_becomes_that_of_the_zone_of_the_trial():
    reading = read(["2024-01-05T23:30Z", "2024-07-05T23:30Z"], time_zone="Europe/Berlin")
    assert reading.values.tolist() == [DAY + 1, DAY + 183]
    assert reading.hours.tolist() == [0.5, 1.5]


def test_typed_datetimes_have_their_times():
    reading = read(pd.Series([pd.Timestamp("2024-01-05 13:30"), pd.Timestamp("2024-01-05"), pd.NaT]))
    np.testing.assert_equal(reading.hours, [13.5, 0, np.nan])


def test_typed_dates_that_are_all_at_midnight_have_no_times():
    reading = read(pd.Series([pd.Timestamp("2024-01-05"), pd.Timestamp("2024-01-06"), pd.NaT]))
    assert np.isnan(reading.hours).all()
    assert reading.values.tolist()[:2] == [DAY, DAY + 1]


@pytest.mark.parametrize("cells", [[45296.5625, 45297], ["45296.5625", "45297"]])
def test_a_count_of_days_has_its_time_as_a_fraction(cells):
    reading = read(cells, date_origin=datetime.date(1899, 12, 30))
    assert reading.values.tolist() == [DAY, DAY + 1]
    assert reading.hours.tolist() == [13.5, 0]


@pytest.mark.parametrize("cell", [True, 1e300, datetime.timedelta(1), datetime.time(1), b"x", 3 + 4j])
def test_a_cell_of_another_type_is_no_moment(cell):
    assert read([cell]).wrong.all()


@pytest.mark.parametrize(
    ("cell", "hours"),
    [("13:30", 13.5), ("1:30 pm", 13.5), ("24:00", 24), ("0:00", 0), ("13.5", 13.5), (13.25, 13.25), (8, 8),
     ("23:59:59.5", 23.99986), (datetime.time(13, 30), 13.5), (datetime.timedelta(hours=5), 5), (np.timedelta64(90, "m"), 1.5)],
)  # fmt: skip
def test_a_time_of_day_is_hours_since_midnight(cell, hours):
    reading = read([cell], TIME)
    assert not reading.wrong.any()
    np.testing.assert_allclose(reading.values, [hours], atol=1e-5)


@pytest.mark.parametrize("cell", ["25:00", "13h", "noon", "13:3", True, datetime.date(2024, 1, 5), "1:75"])
def test_another_cell_is_no_time_of_day(cell):
    assert read([cell], TIME).wrong.all()


@pytest.mark.parametrize("kind", [MOMENT, TIME])
def test_empty_cells_and_codes_are_missing(kind):
    reading = read(["", None, " ", "-9"], kind, missing=("-9",))
    assert reading.values.isna().all()
    assert not reading.wrong.any()

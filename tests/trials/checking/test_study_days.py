"""Dates become study days: calendar days as they were written."""

import datetime

import pandas as pd
import pytest

import botox_analysis as ba

OFFSETS = 'date_format = "%Y-%m-%dT%H:%M%z"\n'


def days(trial_folder, first, dates, settings=""):
    rows = "".join(f"S1,{date},5\n" for date in dates)
    folder = trial_folder(
        subjects_csv=f"subject,arm,first_dose_date\nS1,a,{first}\nS2,b,{first}\n",
        diary_csv="subject,date,headache_hours\n" + rows,
        trial_toml=settings,
    )
    return ba.load_trial(folder).diary["day"].tolist()


@pytest.mark.parametrize(
    ("date_format", "first", "second", "third"),
    [
        ("%d%m%Y", "01112024", "02112024", "03112024"),
        ("%d%m%y", "011124", "021124", "031124"),
        ("%Y%m%d", "20241101", "20241102", "20241103"),
        ("%m%d%Y", "11012024", "11022024", "11032024"),
        ("%y%m%d", "010101", "010102", "010103"),
        ("%d.%m.%Y", "01.11.2024", "2.11.2024", "03.11.2024"),
        ("%d%b%Y", "01NOV2024", "02nov2024", "03Nov2024"),
        ("%Y-%j", "2024-001", "2024-002", "2024-003"),
    ],
)
def test_compact_dates_keep_their_zeros(trial_folder, date_format, first, second, third):
    assert days(trial_folder, first, [second, third], f'date_format = "{date_format}"') == [2, 3]


def test_a_compact_date_that_lost_its_zero_is_refused_as_it_stands(trial_folder):
    with pytest.raises(ba.DataError, match=r"row 2, column 'date': found 1112024; expected a date written %d%m%Y"):
        days(trial_folder, "01112024", ["1112024"], 'date_format = "%d%m%Y"')


def test_whole_numbers_of_parquet_are_compact_dates(trial_folder):
    folder = trial_folder(
        subjects_parquet=pd.DataFrame({"subject": ["a"], "first_dose_date": [20240301]}),
        diary_parquet=pd.DataFrame({"subject": ["a"], "date": [20240302], "headache_hours": [1.0]}),
        trial_toml='date_format = "%Y%m%d"',
    )
    assert ba.load_trial(folder).diary["day"].tolist() == [2]


def test_a_change_of_the_clock_moves_no_day(trial_folder):
    assert days(trial_folder, "2024-03-30T08:00+0100", ["2024-03-31T12:00+0200", "2024-04-01T00:30+0200"], OFFSETS) == [2, 3]


def test_two_offsets_in_one_column_are_two_local_dates(trial_folder):
    assert days(trial_folder, "2024-10-26T08:00+0200", ["2024-10-26T23:30+0200", "2024-10-27T23:30+0100"], OFFSETS) == [1, 2]


def test_a_winter_at_greenwich_is_a_place_where_the_summer_has_an_offset(trial_folder):
    assert days(trial_folder, "2024-03-30T23:30+0000", ["2024-03-31T23:30+0100"], OFFSETS) == [2]


def test_instants_in_utc_are_of_one_calendar_where_all_are(trial_folder):
    assert days(trial_folder, "2024-03-01T23:30Z", ["2024-03-02T00:30Z"], OFFSETS) == [2]


@pytest.mark.parametrize("first", ["2024-03-01T08:00Z", "2024-03-01T08:00+0000"])
def test_instants_in_utc_beside_local_dates_are_refused(trial_folder, first):
    folder = trial_folder(
        subjects_csv=f"subject,arm,first_dose_date\nS1,a,{first}\n",
        diary_parquet=pd.DataFrame({"subject": ["S1"], "date": pd.to_datetime(["2024-03-01"]), "headache_hours": [1.0]}),
        trial_toml=OFFSETS,
    )
    with pytest.raises(
        ba.DataError, match=r"subjects\.csv, row 2, column 'first_dose_date'.*a local date, as in diary\.parquet.*time_zone"
    ):
        ba.load_trial(folder)


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", 2), ("America/New_York", 1), ("UTC", 1)])
def test_a_time_zone_determines_the_day_of_a_time_in_utc(trial_folder, zone, day):
    folder = trial_folder(
        subjects_csv="subject,arm,first_dose_date\nS1,a,2024-03-01\n",
        diary_parquet=pd.DataFrame(
            {"subject": ["S1"], "date": pd.to_datetime(["2024-03-01 23:30"]).tz_localize("UTC"), "headache_hours": [1.0]}
        ),
        trial_toml=f'time_zone = "{zone}"',
    )
    assert ba.load_trial(folder).diary["day"].tolist() == [day]


def test_a_time_zone_of_a_column_is_where_its_days_are(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,arm,first_dose_date\nS1,a,2024-03-30\n",
        diary_parquet=pd.DataFrame(
            {
                "subject": ["S1"],
                "date": pd.to_datetime(["2024-03-31 23:30"]).tz_localize("Europe/Berlin"),
                "headache_hours": [1.0],
            }
        ),
    )
    assert ba.load_trial(folder).diary["day"].tolist() == [2]


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "", 3])
def test_a_time_zone_that_is_none_is_refused(trial_folder, zone):
    with pytest.raises(ba.DataError, match=r"trial\.toml: found time_zone"):
        days(trial_folder, "2024-03-01", ["2024-03-01"], f"time_zone = {zone!r}")


@pytest.mark.parametrize("date", ["24-03-01", "0024-03-01", "1024-03-01", "2224-03-01", "2024-02-30", "45352", "tomorrow"])
def test_what_is_no_date_of_a_trial_is_refused_as_it_stands(trial_folder, date):
    with pytest.raises(
        ba.DataError, match=rf"diary\.csv, row 2, column 'date': found '?{date}'?; expected a date written %Y-%m-%d"
    ):
        days(trial_folder, "2024-03-01", [date])


def test_counts_of_days_in_the_place_of_dates_are_recognised(trial_folder):
    with pytest.raises(
        ba.DataError, match=r"set date_origin in trial\.toml to the first day: 1960-01-01 in SAS, 1899-12-30 or 1904-01-01"
    ):
        days(trial_folder, "2024-03-01", ["45352"])


@pytest.mark.parametrize(
    ("origin", "first", "date"), [("1899-12-30", 45352, 45353.75), ("1904-01-01", 43890, 43891), ("1960-01-01", 23436, 23437)]
)
def test_dates_may_be_counts_of_days(trial_folder, origin, first, date):
    assert days(trial_folder, first, [date], f"date_origin = {origin}") == [2]
    assert days(trial_folder, first, [date], f'date_origin = "{origin}"') == [2]


@pytest.mark.parametrize("date_format", ["%Y", "%Y-%m", "%H:%M", "%d.%m.", "nonsense", "%Q", ""])
def test_a_format_without_year_month_or_day_is_refused(trial_folder, date_format):
    with pytest.raises(ba.DataError, match=r"trial\.toml: found date_format = .*; expected year, month and day"):
        days(trial_folder, "2024-03-01", ["2024-03-01"], f'date_format = "{date_format}"')


def test_days_farther_than_any_trial_are_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"row 2, column 'date': found '1950-03-01'; expected a date up to 20,000 days away"):
        days(trial_folder, "2024-03-01", ["1950-03-01"])


@pytest.mark.long
@pytest.mark.parametrize(
    ("column", "table"),
    [
        ("date", "diary"),
        ("date", "assessments"),
        ("onset_date", "adverse_events"),
        ("end_date", "adverse_events"),
        ("worsened_date", "adverse_events"),
        ("date", "intercurrent_events"),
        ("last_date", "subjects"),
        ("last_dose_date", "subjects"),
    ],
)
@pytest.mark.parametrize("kind", [str, "datetime64[ns]", "datetime64[s]", "date", "category", "string"])
def test_frames_convert_every_documented_column_of_dates(column, table, kind):
    dates = pd.Series(["2024-03-05", "2024-03-05"])
    typed = dates.map(datetime.date.fromisoformat) if kind == "date" else dates.astype(kind)
    tables = {
        "subjects": pd.DataFrame(
            {"subject": ["a", "b"], "arm": ["P", "T"], "first_dose_date": pd.to_datetime(["2024-03-01"] * 2)}
        )
    }
    frame = {
        "diary": {"headache": 1},
        "assessments": {"scale": "X", "visit": "baseline", "value": 1},
        "adverse_events": {"term": "Fall"},
        "intercurrent_events": {"kind": "rescue"},
        "subjects": {"arm": ["P", "T"], "first_dose_date": ["2024-03-01"] * 2},
    }[table]
    tables[table] = pd.DataFrame({"subject": ["a", "b"], **frame, column: typed})
    trial = ba.as_trial(tables, name="dated")
    assert getattr(trial, table)[column.replace("date", "day")].tolist() == [5, 5]


@pytest.mark.parametrize("column", ["day", "headache_hours", "acute_medication"])
@pytest.mark.parametrize("value", [pd.Timedelta(days=3), pd.Timestamp("2024-03-01"), pd.Period("2024-03"), 3j, b"3", True, [3]])
def test_what_is_no_number_is_refused_where_one_belongs(column, value):
    diary = pd.DataFrame({"subject": ["a"], "day": [1], "headache_hours": [1.0], "acute_medication": [0]}).astype(
        {column: object}
    )
    diary[column] = pd.Series([value], dtype=object)
    with pytest.raises(ba.DataError, match=rf"diary, row 2, column '{column}': found "):
        ba.as_trial({"subjects": pd.DataFrame({"subject": ["a"]}), "diary": diary}, name="odd")

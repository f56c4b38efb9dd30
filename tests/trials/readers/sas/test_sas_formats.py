"""Formats of SAS: dates, datetimes, times and numbers that are none of these."""

import numpy as np
import pandas as pd
import pytest

from botox_analysis.trials.readers.sas.formats import DATE, DATETIME, TIME, in_format, kind_of


@pytest.mark.parametrize(
    ("kind", "forms"),
    [
        (DATE, "DATE9. DATE. MMDDYY10. DDMMYY8. YYMMDD10. YYMMDDN8. DDMMYYB10. E8601DA10. B8601DA. IS8601DA. WEEKDATE29. date9."),
        (DATE, "WORDDATE18. JULIAN7. MONYY7. YYQ6. YEAR4. EURDFDD10. NLDATE20. DOWNAME9."),
        (DATETIME, "DATETIME. DATETIME22.3 DATEAMPM. E8601DT19. E8601DT26.6 B8601DT. IS8601DT. E8601DZ. DTDATE9. MDYAMPM."),
        (TIME, "TIME. TIME8. TIME20.3 TIMEAMPM. HHMM5. TOD8. E8601TM8. B8601TM. MMSS5. HOUR."),
        ("", "BEST12. 8.2 COMMA12.2 DOLLAR15.2 $CHAR20. $12. E32. INCOME. SEX. PERCENT8. DATEX. UPDATE9. F8. DAYS. Z5."),
    ],
)
def test_the_kind_of_a_format_follows_from_its_name(kind, forms):
    assert {form: kind_of(form) for form in [*forms.split(), ""]} == {**dict.fromkeys(forms.split(), kind), "": ""}


@pytest.mark.parametrize(
    ("kind", "number", "text"),
    [
        (DATE, 0, "1960-01-01"),
        (DATE, 19725, "2014-01-02"),
        (DATE, 19725.999, "2014-01-02"),
        (DATE, -0.5, "1959-12-31"),
        (DATE, -138061, "1582-01-01"),
        # SAS writes 31DEC9999: in its calendar the years 4000 and 8000 have no 29 February.
        (DATE, 2936547, "9999-12-29"),
        (DATETIME, 0.25, "1960-01-01 00:00:00.250"),
        (DATETIME, -1, "1959-12-31 23:59:59"),
        (DATETIME, 1704326399.999999, "2014-01-02 23:59:59.999999"),
        (DATETIME, 253717747199, "9999-12-29 23:59:59"),
    ],
)
def test_a_number_is_the_moment_that_sas_writes(kind, number, text):
    values, n_beyond = in_format(np.array([number], dtype=float), kind)
    assert pd.Series(values)[0] == pd.Timestamp(text)
    assert n_beyond == 0


@pytest.mark.parametrize("kind", [DATE, DATETIME, TIME])
@pytest.mark.parametrize("number", [1e20, -1e20, 7.2e75, np.inf])
def test_a_number_that_is_no_moment_is_missing_and_counted(kind, number):
    values, n_beyond = in_format(np.array([1.0, number, np.nan]), kind)
    assert pd.Series(values).isna().tolist() == [False, True, True]
    assert n_beyond == 1


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "00:00:00"),
        (86399, "23:59:59"),
        (-90, "-00:01:30"),
        (360000, "100:00:00"),
        (0.5, "00:00:00.5"),
        (59.9999999, "00:01:00"),
    ],
)
def test_a_time_is_written_in_hours_minutes_and_seconds(number, text):
    assert in_format(np.array([number, np.nan]), TIME)[0].tolist()[0] == text


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [([1, 2], "i"), ([1, 2.5], "f"), ([1, np.nan], "f"), ([2.0**53], "f"), ([], "i"), ([np.inf], "f")],
)
def test_numbers_are_whole_if_all_are(numbers, kind):
    assert in_format(np.array(numbers, dtype=float), "")[0].dtype.kind == kind

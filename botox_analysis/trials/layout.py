"""Layout of the tables of a trial: their columns, the content of each column, and its possible values.

References
----------
ICHD-3, International Classification of Headache Disorders, 3rd edition (2018). Cephalalgia 38:1-211: a diary day has at most
24 hours; section 8.2: classes of acute medicines. ICH E9 (1998), section 5.2: the analysis sets that are columns of
``subjects``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from botox_analysis.cells.reading import CATEGORY, IDENTIFIER, NAME, NUMBER, SEVERITIES, SEVERITY, TEXT, TIME, YES_NO
from botox_analysis.errors import listed
from botox_analysis.trials.readers.files import SETTINGS

TABLES = (
    "subjects", "diary", "assessments", "adverse_events", "intercurrent_events", "attacks", "treatments", "event_times",
)  # fmt: skip
POPULATIONS = ("itt", "safety", "per_protocol")
"""Columns of ``subjects`` that are populations in every trial; a trial may name further ones."""

ONE_ARM = "all subjects"
"""Name of the arm in a trial without a column of arms."""

MOST_DAYS = 20_000
"""Largest study day, some 55 years. A count of days since 1900 is larger."""

STUDY_DAY = "a whole study day"
DOSE_DAY = "a whole study day from 1 on"
NO_DAY_0 = f"day 1 for the day of the first treatment and -1 for the day before, or first_day = 0 in {SETTINGS}"
FIRST_DOSE = "first_dose_date"

MAY_BE_EMPTY = ("adverse_events", "intercurrent_events", "attacks", "treatments", "event_times")
"""Tables that may have no rows: no subject had such an event, attack or treatment."""

HEADACHE_FEATURES = ("unilateral", "pulsating", "aggravated")
"""Characteristics of a headache, with yes or no: ICHD-3 1.1 C, beside the severity."""

FEATURES = (*HEADACHE_FEATURES, "nausea", "vomiting", "photophobia", "phonophobia")
"""Features of a migraine with yes or no: ICHD-3 1.1 C and D."""

MEDICINES = (
    "triptans", "ergots", "opioids", "combination_analgesics", "paracetamol", "aspirin", "nsaids", "simple_analgesics",
)  # fmt: skip
"""Acute medicines by the classes of ICHD-3 8.2: the first four are overused from 10 days a month on, the others from 15 on."""

KEYS = {
    "subjects": ("subject",),
    "diary": ("subject", "day"),
    "assessments": ("subject", "scale", "visit"),
    "intercurrent_events": ("subject", "kind", "day"),
    "event_times": ("subject", "endpoint"),
}
"""Key columns of each table: no two rows have the same values in them."""

DATES = {
    "subjects": {"last_date": "last_day", "last_dose_date": "last_dose_day"},
    "diary": {"date": "day"},
    "assessments": {"date": "day"},
    "adverse_events": {"onset_date": "onset_day", "end_date": "end_day", "worsened_date": "worsened_day"},
    "intercurrent_events": {"date": "day"},
    "attacks": {"start": "start_day", "end": "end_day"},
    "treatments": {"date": "day"},
    "event_times": {},
}
"""Columns of dates -> the columns of study days that replace them."""

MOMENTS = {("attacks", "start"): "start_time", ("attacks", "end"): "end_time"}
"""Columns of dates with a time of day -> the columns of hours since midnight that they replace."""

Possible = Callable[[np.ndarray], np.ndarray]


def _any(values: np.ndarray) -> np.ndarray:
    return np.ones(len(values), dtype=bool)


@dataclass(frozen=True)
class Column:
    """Description of a column of a table.

    Attributes
    ----------
    kind : str
        Kind of its cells: one of `botox_analysis.cells.reading.KINDS`.
    expected : str
        Expected content of a cell, in messages.
    required : bool
        True if the table must have the column.
    nullable : bool
        True if a cell may be empty.
    possible : callable
        Function of the values without missing ones, shape (n,). Returns ndarray of bool, shape (n,), True for possible values.
    """

    kind: str
    expected: str
    required: bool = False
    nullable: bool = True
    possible: Possible = _any


def _within(low: float, high: float) -> Possible:
    return lambda values: (values >= low) & (values <= high)


def _is_study_day(first: int) -> Possible:
    return lambda days: (days == np.floor(days)) & (days != 0) & (days >= first) & (days <= MOST_DAYS)


def _day(*, first: int = -MOST_DAYS, required: bool = False) -> Column:
    expected = STUDY_DAY if first < 1 else DOSE_DAY
    return Column(NUMBER, expected, required=required, nullable=not required, possible=_is_study_day(first))


_SUBJECT = Column(IDENTIFIER, "a text", required=True, nullable=False)
_NEEDED_NAME = Column(NAME, "a text", required=True, nullable=False)
_NAMED = Column(NAME, "a text")
_FLAG = Column(YES_NO, "yes or no")
_DOSES = Column(NUMBER, "a number of doses, 0 or more", possible=_within(0, np.inf))
_TIME = Column(TIME, "a time from 00:00 to 24:00, such as 13:30 or 13.5", possible=_within(0, 24))
_SEVERITY = Column(SEVERITY, f"one of {listed(SEVERITIES)}")
_DESCRIBED = {
    "peak": Column(NUMBER, "a rating from 0 to 10", possible=_within(0, 10)),
    **dict.fromkeys(FEATURES, _FLAG),
    "aura_minutes": Column(NUMBER, "minutes from 0 to 1440", possible=_within(0, 1440)),
    **dict.fromkeys(MEDICINES, _DOSES),
}
"""Columns that describe a day of the diary or an attack."""

COLUMNS: dict[str, dict[str, Column]] = {
    "subjects": {
        "subject": _SUBJECT,
        "arm": Column(NAME, "a text", nullable=False),
        "actual_arm": _NAMED,
        **dict.fromkeys(POPULATIONS, Column(YES_NO, "yes or no", nullable=False)),
        "completed": _FLAG,
        "discontinuation_reason": _NAMED,
        "last_day": _day(),
        "last_dose_day": _day(first=1),
    },
    "diary": {
        "subject": _SUBJECT,
        "day": _day(required=True),
        "headache": _FLAG,
        "headache_hours": Column(NUMBER, "hours from 0 to 24", possible=_within(0, 24)),
        "severity": _SEVERITY,
        "migraine": _FLAG,
        "acute_medication": _DOSES,
        **_DESCRIBED,
    },
    "assessments": {
        "subject": _SUBJECT,
        "scale": Column(CATEGORY, "a text", required=True, nullable=False),
        "visit": Column(CATEGORY, "a text", required=True, nullable=False),
        "value": Column(NUMBER, "a number", required=True),
        "days_recorded": Column(NUMBER, "days from 0 to 366", possible=_within(0, 366)),
        "day": _day(),
    },
    "adverse_events": {
        "subject": _SUBJECT,
        "term": _NEEDED_NAME,
        "class": _NAMED,
        "onset_day": _day(),
        "end_day": _day(),
        "worsened_day": _day(),
        "severity": Column(
            SEVERITY, f"one of {listed(SEVERITIES[1:])}", possible=lambda words: np.isin(words.astype(str), SEVERITIES[1:])
        ),
        "related": _FLAG,
        "serious": _FLAG,
        "led_to_discontinuation": _FLAG,
        "fatal": _FLAG,
        "treatment_emergent": _FLAG,
        "action": Column(TEXT, "a text"),
    },
    "intercurrent_events": {"subject": _SUBJECT, "kind": _NEEDED_NAME, "day": _day(first=1, required=True)},
    "attacks": {
        "subject": _SUBJECT,
        "start_day": _day(required=True),
        "start_time": _TIME,
        "end_day": _day(),
        "end_time": _TIME,
        "severity": _SEVERITY,
        "migraine": _FLAG,
        "acute_medication": _DOSES,
        **_DESCRIBED,
    },
    "treatments": {
        "subject": _SUBJECT,
        "day": _day(required=True),
        "cycle": Column(
            NUMBER, "a whole number, 1 or more", possible=lambda values: (values == np.floor(values)) & (values >= 1)
        ),
        "product": _NAMED,
        "dose": Column(NUMBER, "units, 0 or more", possible=_within(0, np.inf)),
        "muscle": _NAMED,
        "side": _NAMED,
        "site": _NAMED,
        "dilution": Column(TEXT, "a text"),
    },
    "event_times": {
        "subject": _SUBJECT,
        "endpoint": _NEEDED_NAME,
        "time": Column(NUMBER, "days above 0", required=True, nullable=False, possible=lambda values: values > 0),
        "observed": Column(YES_NO, "yes or no", required=True, nullable=False),
        "reason": _NAMED,
    },
}
"""Columns of each table, by name. Columns of dates are listed as the study days that replace them."""

COUNTED_NAMES = {
    "subjects": ("arm", "actual_arm", "discontinuation_reason"),
    "assessments": ("scale", "visit"),
    "adverse_events": ("class", "term"),
    "intercurrent_events": ("kind",),
    "treatments": ("product", "muscle", "side", "site"),
    "event_times": ("endpoint", "reason"),
}
"""Columns whose words are counted: two spellings of one word would be counted as two."""


def populations_of(named: tuple[str, ...]) -> dict[str, Column]:
    """Describe the columns of populations that a trial names.

    Parameters
    ----------
    named : tuple of str
        Columns of ``subjects``.

    Returns
    -------
    dict of str to Column
        Descriptions by name: required columns, with yes or no in every row.
    """
    return dict.fromkeys(named, Column(YES_NO, "yes or no", required=True, nullable=False))


def is_another_column(name: str) -> bool:
    """Check whether the name of a population belongs to another column of subjects.

    Parameters
    ----------
    name : str
        Name of a population.

    Returns
    -------
    bool
        True for columns of the layout that do not have yes or no.
    """
    return name in COLUMNS["subjects"] and COLUMNS["subjects"][name].kind != YES_NO


def expected_of(column: str, rule: Column, cell: str, *, decimal: str, table: str) -> str:
    """Describe the expected content of a cell, with the setting that would accept the present content.

    Parameters
    ----------
    column : str
        Name of the column.
    rule : Column
        Description of the column.
    cell : str
        Present content of the cell; empty for an empty cell.
    decimal : str
        Decimal sign of the files.
    table : str
        Name of the table.

    Returns
    -------
    str
        End of a sentence that begins with "expected".
    """
    if not cell:
        return rule.expected
    if rule.expected in (STUDY_DAY, DOSE_DAY):
        return _expected_day(column, rule, cell)
    if rule.kind == SEVERITY and re.fullmatch(r"[0-9]+([.,]0*)?", cell):
        return f'{rule.expected}, or a line of [values.{table}.{column}] for the number, such as 1 = "mild"'
    if rule.kind == YES_NO and cell.isalpha():
        return f'{rule.expected}, or a line of [values.{table}.{column}], such as {cell} = "yes"'
    return rule.expected + number_hint(cell, decimal) if rule.kind == NUMBER else rule.expected


def number_hint(cell: str, decimal: str) -> str:
    """Name the setting that would accept a cell as a number or a missing value.

    Parameters
    ----------
    cell : str
        Content of the cell.
    decimal : str
        Decimal sign of the files.

    Returns
    -------
    str
        End of a sentence that begins with "expected a number"; empty if no setting would accept the cell.

    Examples
    --------
    >>> number_hint("12,5", ".")
    ', or decimal = "," in trial.toml'
    """
    other = "," if decimal == "." else "."
    if re.fullmatch(rf"[+-]?[0-9]+{re.escape(other)}[0-9]*([eE][+-]?[0-9]+)?", cell):
        return f', or decimal = "{other}" in {SETTINGS}'
    if re.fullmatch(r"[+-]?[0-9]{1,3}([.,' ][0-9]{3})+([.,][0-9]+)?", cell):
        return ", without signs between its thousands"
    return f", or missing = ['{cell}'] in {SETTINGS}" if is_missing_word(cell) else ""


_MISSING_WORDS = {
    "na", "nan", "n/a", "n.a.", "n.a", "#n/a",
    "k.a.", "k. a.", "keine angabe", "fehlt",
    "n.d.", "#ref!", "#value!", "#div/0!", "#null!", "#num!", "none", "null", "nil", "nd", "not done", "unknown",
    "unk", "missing", "miss",
    "not available", "not applicable", "not known", "not recorded", "not assessed", "?", "-", "--",
    "---", ".", "..", "_", "x", "*", "/", "na.", "<na>",
}  # fmt: skip


def is_missing_word(cell: str) -> bool:
    """Check whether a cell has a word for a missing value in another program.

    Parameters
    ----------
    cell : str
        Content of the cell.

    Returns
    -------
    bool
        True for ``.``, SAS's ``.A`` to ``.Z`` and ``._``, ``NA``, ``unknown`` and similar words. None of them is missing without
        a setting: "NA" may be North America.

    Examples
    --------
    >>> is_missing_word(".A"), is_missing_word("N/A"), is_missing_word("forty")
    (True, True, False)
    """
    return cell.lower() in _MISSING_WORDS or bool(re.fullmatch(r"\.[A-Za-z_]", cell))


def _expected_day(column: str, rule: Column, cell: str) -> str:
    if re.fullmatch(r"[+-]?0+([.,]0*)?", cell) and rule.expected == STUDY_DAY:
        return NO_DAY_0
    date = f"{column.removesuffix('day')}date"
    if re.fullmatch(r"[12][0-9]{3}[01][0-9][0-3][0-9]", cell):
        return f"{rule.expected}, or a column named '{date}' with date_format = \"%Y%m%d\" in {SETTINGS}"
    if re.match(r"\d{4}-\d\d-\d\d", cell) or re.fullmatch(r"\d{1,2}([./-])(\d{1,2}|[A-Za-z]{3})\1\d{2,4}", cell):
        return f"{rule.expected}, or a column named '{date}'"
    if re.fullmatch(r"-?[0-9]+(\.0*)?", cell) and abs(float(cell)) > MOST_DAYS:
        return (
            f"a study day up to {MOST_DAYS:,}; a count of days since a date belongs in a column named '{date}', "
            f"with date_origin in {SETTINGS}"
        )
    return rule.expected + number_hint(cell, ".")


def expected_date(cell: str, date_format: str) -> str:
    """Describe the expected notation of a date.

    Parameters
    ----------
    cell : str
        Present content of the cell; empty for an empty cell.
    date_format : str
        Format of dates in the files.

    Returns
    -------
    str
        End of a sentence that begins with "expected".
    """
    expected = f"a date written {date_format} (or date_format in {SETTINGS})"
    if re.fullmatch(r"[0-9]{5}([.,][0-9]+)?", cell):
        return (
            f"{expected}; for dates that are counts of days, set date_origin in {SETTINGS} to the first day: 1960-01-01 in SAS, "
            "1899-12-30 or 1904-01-01 in a spreadsheet"
        )
    if is_missing_word(cell):
        return f"{expected}, or missing = ['{cell}'] in {SETTINGS}"
    if re.search(r"(?:Z|[+-]\d\d:?\d\d)$", cell) and "%z" not in date_format:
        return f"{expected}, with %z for the offset"
    return expected


def columns_of(table: str, named_populations: tuple[str, ...]) -> dict[str, Any]:
    """List the columns of a table, with the further populations that the trial names.

    Parameters
    ----------
    table : str
        One of `TABLES`.
    named_populations : tuple of str
        Columns of ``subjects`` that are populations, besides `POPULATIONS`.

    Returns
    -------
    dict of str to Column
        Descriptions by name.
    """
    return COLUMNS[table] | (populations_of(named_populations) if table == "subjects" else {})

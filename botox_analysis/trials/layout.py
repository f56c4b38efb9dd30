"""The layout of a trial's five tables, and the check at the door.

Each table is a pandera schema. `checked` turns the words of a raw table into values, checks them against the schema,
and tells all the problems of all tables at once.

References
----------
ICHD-3, International Classification of Headache Disorders, 3rd edition (2018). Cephalalgia 38:1-211: a diary day has at most
24 hours. ICH E9 (1998), section 5.2: the analysis sets that are columns of ``subjects``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.refusal import Problem, listed, refuse
from botox_analysis.schema import OF_VISITS, OUTCOMES
from botox_analysis.trials.readings import EXPECTED, LARGEST, SEVERITIES, read_column

TABLES = ("subjects", "diary", "assessments", "adverse_events", "intercurrent_events")
POPULATIONS = ("itt", "safety", "per_protocol")
"""Columns of ``subjects`` that are populations wherever they occur; a trial may name more."""

ONE_ARM = "all subjects"
"""The arm of a trial whose table of subjects names none."""

MOST_DAYS = 36_525
"""A hundred years: what lies beyond is no study day."""

STUDY_DAY = "a whole study day"
DOSE_DAY = "a whole study day from 1 on"
NO_DAY_0 = "day 1 for the day of the first treatment and -1 for the day before, or first_day = 0 in trial.toml"

MAY_BE_EMPTY = ("adverse_events", "intercurrent_events")
"""Tables without rows that say something: that nobody had any."""

ROW = "row"
"""The name of an index that holds the rows' numbers in their file."""


@cache
def table_schemas() -> dict[str, Any]:
    """The schema of each table, by name.

    Returns
    -------
    dict of str to pandera.pandas.DataFrameSchema
        A column's ``description`` says what is expected of it; its ``metadata`` how its words are read.
    """
    import pandera.pandas as pa

    def text(*, required: bool = True, nullable: bool = False) -> Any:
        return pa.Column(required=required, nullable=nullable, description="a text", metadata={"kind": "text"})

    def numeric(low: float, high: float, expected: str, *, required: bool = False, nullable: bool = True) -> Any:
        return pa.Column(
            float, pa.Check.in_range(low, high), required=required, nullable=nullable, description=expected,
            metadata={"kind": "number"},
        )  # fmt: skip

    def study_day(expected: str = STUDY_DAY, *, first: int = -MOST_DAYS, required: bool = False, nullable: bool = True) -> Any:
        return pa.Column(
            float, pa.Check(lambda days: (days == np.floor(days)) & (days != 0) & (days >= first) & (days <= MOST_DAYS)),
            required=required, nullable=nullable, description=expected, metadata={"kind": "number"},
        )  # fmt: skip

    def yes_no(*, nullable: bool = True) -> Any:
        return pa.Column(required=False, nullable=nullable, description="yes or no", metadata={"kind": "yes/no"})

    def severity(words: tuple[str, ...], *, nullable: bool) -> Any:
        return pa.Column(
            None, pa.Check.isin(words), required=False, nullable=nullable, description=f"one of {listed(words)}",
            metadata={"kind": "severity"},
        )  # fmt: skip

    any_number = (-np.inf, np.inf, "a number")
    return {
        "subjects": pa.DataFrameSchema(
            {
                "subject": text(),
                "arm": text(required=False),
                "actual_arm": text(required=False, nullable=True),
                **{population: yes_no(nullable=False) for population in POPULATIONS},
                "completed": yes_no(),
                "discontinuation_reason": text(required=False, nullable=True),
                "last_day": study_day(),
                "last_dose_day": study_day(DOSE_DAY, first=1),
            },
            unique=["subject"],
        ),
        "diary": pa.DataFrameSchema(
            {
                "subject": text(),
                "day": study_day(required=True, nullable=False),
                "headache": yes_no(),
                "headache_hours": numeric(0, 24, "hours from 0 to 24"),
                "severity": severity(SEVERITIES, nullable=True),
                "migraine": yes_no(),
                "acute_medication": numeric(0, np.inf, "a number of doses, 0 or more"),
            },
            unique=["subject", "day"],
        ),
        "assessments": pa.DataFrameSchema(
            {
                "subject": text(),
                "scale": text(),
                "visit": text(),
                "value": numeric(*any_number, required=True),
                "day": study_day(),
            },
            unique=["subject", "scale", "visit"],
        ),
        "adverse_events": pa.DataFrameSchema(
            {
                "subject": text(),
                "term": text(),
                "class": text(required=False, nullable=True),
                "onset_day": study_day(),
                "end_day": study_day(),
                "worsened_day": study_day(),
                "severity": severity(SEVERITIES[1:], nullable=True),
                "related": yes_no(),
                "serious": yes_no(),
                "led_to_discontinuation": yes_no(),
                "fatal": yes_no(),
                "treatment_emergent": yes_no(),
                "action": text(required=False, nullable=True),
            }
        ),
        "intercurrent_events": pa.DataFrameSchema(
            {
                "subject": text(),
                "kind": text(),
                "day": study_day(DOSE_DAY, first=1, required=True, nullable=False),
            },
            unique=["subject", "kind", "day"],
        ),
    }


def checked(
    tables: Mapping[str, pd.DataFrame],
    *,
    files: Mapping[str, str],
    populations: tuple[str, ...] = (),
    allowed: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> dict[str, pd.DataFrame]:
    """Tables whose words are values and whose values are possible.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``subjects`` and any of `TABLES`, as read.
    files : mapping of str to str
        What messages call each table.
    populations : tuple of str
        Columns of ``subjects`` that say yes or no, besides `POPULATIONS`.
    allowed : mapping of str to mapping of str to sequence of str, optional
        By table and column, the words there may be.

    Returns
    -------
    dict of str to DataFrame
        New frames. Columns the layout does not know are kept as they are.

    Raises
    ------
    DataError
        Its table has every problem of every file, up to a sensible number.
    """
    problems: list[Problem] = []
    values: dict[str, pd.DataFrame] = {}
    for name, raw in tables.items():
        file = files.get(name, name)
        known = table_schemas()[name].columns
        more = populations if name == "subjects" else ()
        lacking = _lacking(raw, file, [column for column, rule in known.items() if rule.required] + list(more), name)
        if lacking:
            problems += lacking
            continue
        kinds = {column: rule.metadata["kind"] for column, rule in known.items()} | dict.fromkeys(more, "yes/no")
        frame = raw.reset_index(drop=True)
        numbers = row_numbers(raw)
        for column, kind in kinds.items():
            if column in frame.columns:
                frame[column], wrong = read_column(frame[column], kind)
                if column in more:
                    wrong |= raw[column].isna().to_numpy()
                expected = EXPECTED.get(kind) or known[column].description
                problems += [
                    (
                        file,
                        int(numbers[row]),
                        column,
                        _quoted(raw[column].iloc[row]),
                        expected + _if_a_date(column, raw[column].iloc[row]),
                    )
                    for row in np.flatnonzero(wrong).tolist()
                ]
        if name == "subjects":
            problems += _unusable_covariates(frame, set(kinds), file, numbers)
        told = {problem[:3] for problem in problems}
        problems += [problem for problem in _violations(frame, name, file, numbers) if problem[:3] not in told]
        if name == "adverse_events":
            problems += _before_onset(frame, file, numbers)
        for column, words in (allowed or {}).get(name, {}).items():
            if column in frame.columns:
                problems += _not_among(frame[column], words, file, numbers)
        values[name] = frame
    if "subjects" in values:
        problems += _strangers(values, files, {name: row_numbers(raw) for name, raw in tables.items()})
    # By file, row and column, each as they stand, so that the same files always give the same sentence.
    place = {
        (files.get(name, name), str(column)): (number, at)
        for number, (name, raw) in enumerate(tables.items())
        for at, column in enumerate(raw.columns)
    }
    order = {files.get(name, name): number for number, name in enumerate(tables)}
    distinct = dict.fromkeys(problems)
    refuse(sorted(distinct, key=lambda found: (order[found[0]], found[1] or 0, place.get((found[0], found[2]), (0, -1))[1])))
    return values


def row_numbers(frame: pd.DataFrame) -> np.ndarray:
    """The number of each row as messages say it: as in the file, or counted from a header in row 1.

    Parameters
    ----------
    frame : DataFrame
        A table; its index is named `ROW` where it comes from a file.

    Returns
    -------
    ndarray of int, shape (n,)
        One a row.
    """
    return np.asarray(frame.index) if frame.index.name == ROW else np.arange(2, len(frame) + 2)


def _lacking(raw: pd.DataFrame, file: str, columns: list[str], table: str) -> list[Problem]:
    if raw.columns.has_duplicates:
        twice = listed(raw.columns[raw.columns.duplicated()])
        return [(file, 1, "", f"column {twice} more than once", "each name once")]
    there = listed(raw.columns, n_shown=30)
    problems: list[Problem] = [
        (
            file,
            1,
            column,
            f"no such column among {there}",
            f"it, or a line under [columns.{table}] in trial.toml that says its name",
        )
        for column in columns
        if column not in raw.columns
    ]
    if not len(raw) and table not in MAY_BE_EMPTY:
        problems.append((file, None, "", "no rows", "a header and at least one row"))
    return problems


def _unusable_covariates(frame: pd.DataFrame, known: set[str], file: str, numbers: np.ndarray) -> list[Problem]:
    problems: list[Problem] = []
    for column in frame.columns:
        if column in known:
            continue
        if column in (*OUTCOMES, *OF_VISITS):
            problems.append((file, 1, str(column), "this column", "another name: outcomes have a column that is called so"))
        elif pd.api.types.is_float_dtype(frame[column]):
            values = frame[column].to_numpy(dtype=float, na_value=np.nan)
            problems += [
                (file, int(numbers[row]), str(column), _quoted(float(values[row])), f"a number up to {LARGEST:g}")
                for row in np.flatnonzero(np.abs(values) > LARGEST)
            ]
    return problems


def _not_among(column: pd.Series[Any], words: Sequence[str], file: str, numbers: np.ndarray) -> list[Problem]:
    strange = np.flatnonzero(~column.isin(list(words)).to_numpy() & column.notna().to_numpy())
    return [
        (file, int(numbers[row]), str(column.name), _quoted(column.iloc[row]), f"one of {listed(words, n_shown=12)}")
        for row in strange.tolist()
    ]


def _violations(frame: pd.DataFrame, name: str, file: str, numbers: np.ndarray) -> list[Problem]:
    import pandera.errors

    schema = table_schemas()[name]
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return []
    problems: list[Problem] = []
    if schema.unique:
        for row in np.flatnonzero(frame.duplicated(schema.unique)).tolist():
            said = ", ".join(f"{column} {_quoted(frame[column].iloc[row])}" for column in schema.unique)
            problems.append((file, int(numbers[row]), "", f"{said} a second time", f"one row per {', '.join(schema.unique)}"))
    for case in cases[cases["schema_context"] != "DataFrameSchema"].itertuples():
        number = None if pd.isna(case.index) else int(numbers[int(case.index)])
        found = "nothing" if pd.isna(case.failure_case) else _quoted(case.failure_case)
        expected = schema.columns[case.column].description
        if expected == STUDY_DAY and case.failure_case == 0:
            found, expected = "day 0", NO_DAY_0
        problems.append((file, number, str(case.column), found, expected))
    return problems


def _before_onset(frame: pd.DataFrame, file: str, numbers: np.ndarray) -> list[Problem]:
    problems: list[Problem] = []
    for column in ("end_day", "worsened_day"):
        if {"onset_day", column} <= set(frame.columns):
            onset, day = frame["onset_day"].to_numpy(), frame[column].to_numpy()
            problems += [
                (file, int(numbers[row]), column, f"day {day[row]:g}", f"a day not before onset_day, {onset[row]:g}")
                for row in np.flatnonzero(day < onset).tolist()
            ]
    return problems


def _strangers(values: Mapping[str, pd.DataFrame], files: Mapping[str, str], numbers: Mapping[str, np.ndarray]) -> list[Problem]:
    known = pd.Index(values["subjects"]["subject"].unique())
    problems: list[Problem] = []
    for name, frame in values.items():
        codes, named = pd.factorize(frame["subject"])
        unknown = np.flatnonzero(np.append(known.get_indexer(named) < 0, False)[codes])
        problems += [
            (
                files.get(name, name),
                int(numbers[name][row]),
                "subject",
                _quoted(frame["subject"].iloc[row]),
                f"a subject of {files.get('subjects', 'subjects')}",
            )
            for row in unknown.tolist()
        ]
    return problems


def _if_a_date(column: str, found: object) -> str:
    """What a message adds where a date stands in a column of study days."""
    is_date = column.endswith("day") and re.match(r"\d{4}-\d\d-\d\d", str(found))
    return f", or the column to be called '{column.removesuffix('day')}date'" if is_date else ""


def _quoted(value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return "nothing"
    return f"{value:g}" if isinstance(value, float) else f"'{value}'"

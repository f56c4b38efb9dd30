"""The check at the door: raw tables become values, and every problem of every table is told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.reading import (
    NAME,
    NUMBER,
    SEVERITIES,
    SEVERITY,
    Notation,
    distinct,
    is_number_text,
    read_column,
    text_of,
)
from botox_analysis.errors import Problem, listed, refuse
from botox_analysis.names import look_alikes, outline
from botox_analysis.trials.checking.further import MOST_LEVELS, further_column
from botox_analysis.trials.checking.study_days import DAYS_OF, StudyDays
from botox_analysis.trials.checking.visits import arrange_visits
from botox_analysis.trials.layout import (
    COUNTED_NAMES,
    DOSE_DAY,
    FIRST_DOSE,
    KEYS,
    MAY_BE_EMPTY,
    MOST_DAYS,
    POPULATIONS,
    Column,
    columns_of,
    expected_of,
)
from botox_analysis.trials.readers.delimited import ROW
from botox_analysis.trials.settings.file import SETTINGS, arms_of, notation_of

Told = list[tuple[str, str, int]]
"""What reading left out, merged or assumed: where, why, how many."""

_NEAR = 0.9
"""From this likeness on the name of a column is told as a misspelt one: 'serverity' is, 'sedation' is not."""

_FEW = 1 << 26
"""Places of a table of all pairs up to which repeats are counted in it; beyond, keys are sorted."""


@dataclass
class Door:
    """What was found while tables were read.

    Attributes
    ----------
    files : mapping of str to str
        What messages call each table.
    settings : mapping
        Of ``trial.toml``.
    raw : mapping of str to DataFrame
        The tables as given.
    problems : list of Problem
        In the order in which they were found.
    told : list of (str, str, int)
        What was left out, merged or assumed.
    """

    files: Mapping[str, str]
    settings: Mapping[str, Any]
    raw: Mapping[str, pd.DataFrame]
    problems: list[Problem] = field(default_factory=list)
    told: Told = field(default_factory=list)

    @property
    def notation(self) -> Notation:
        """How cells are written."""
        return notation_of(self.settings)

    def file(self, table: str) -> str:
        """What messages call a table."""
        return self.files.get(table, table)

    def rows(self, table: str) -> np.ndarray:
        """The numbers of a table's rows, as messages say them."""
        return row_numbers(self.raw[table])

    def keep(self, table: str, frame: pd.DataFrame, chosen: np.ndarray) -> pd.DataFrame:
        """Keep some rows of a table, under their numbers.

        Parameters
        ----------
        table : str
            Which.
        frame : DataFrame
            Its values, row by row those of the raw table.
        chosen : ndarray of bool, shape (n,)
            The rows to keep.

        Returns
        -------
        DataFrame
            The chosen rows.
        """
        raw = self.raw[table]
        self.raw = {**self.raw, table: raw.set_axis(pd.Index(row_numbers(raw), name=ROW)).loc[chosen]}
        return frame.loc[chosen].reset_index(drop=True)

    def refuse_cells(self, table: str, column: str, wrong: np.ndarray, expected: Callable[[str], str]) -> None:
        """Add the problems of a column's cells, those with the same text together.

        Parameters
        ----------
        table, column : str
            Where they stand.
        wrong : ndarray of bool, shape (n,)
            Which rows.
        expected : callable, str -> str
            The text of a cell -> what would have been right.
        """
        rows = np.flatnonzero(wrong)
        if not rows.size:
            return
        codes, words = distinct(self.raw[table][column].iloc[rows])
        texts = [text_of(word).strip() for word in words] + [""]
        numbers = row_numbers(self.raw[table])[rows]
        bare = np.append(is_number_text(np.array(texts[:-1], dtype=object), self.notation.decimal), False)
        n_of = np.bincount(codes + 1, minlength=len(texts))
        for code in pd.unique(codes).tolist():
            text = texts[code]
            found = "nothing" if not text else text if bare[code] else f"'{_shortened(text)}'"
            first = int(numbers[int(np.argmax(codes == code))])
            self.problems.append(Problem(self.file(table), first, column, found, expected(text), int(n_of[code + 1])))


def _shortened(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text[:80])
    return shown if len(text) <= 80 else f"{shown}..."


def checked(
    tables: Mapping[str, pd.DataFrame],
    *,
    files: Mapping[str, str],
    settings: Mapping[str, Any],
    factors: frozenset[str] = frozenset(),
) -> tuple[dict[str, pd.DataFrame], Door]:
    """Parse raw tables, and refuse what cannot be.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``subjects`` and any of `TABLES`, as read.
    files : mapping of str to str
        What messages call each table.
    settings : mapping
        Of ``trial.toml``: how cells are written, ``first_day``, ``populations``, ``factors``.
    factors : frozenset of str
        Columns of ``subjects`` whose numbers are names, besides the settings'.

    Returns
    -------
    values : dict of str to DataFrame
        New frames; dates are study days. Columns that the layout does not know follow as numbers or texts.
    door : Door
        Without problems; ``told`` has what was merged.

    Raises
    ------
    DataError
        Its table has every problem of every file, those with the same text in a column as one.
    """
    door = Door(files, settings, tables)
    calendar = StudyDays(door)
    values = {table: _read_table(table, calendar, factors | frozenset(settings.get("factors", ()))) for table in tables}
    read = {table: frame for table, frame in values.items() if frame is not None}
    for table, frame in read.items():
        _refuse_impossible(table, frame, door)
    _refuse_unnamed_arms(read, door)
    if "assessments" in read:
        _refuse_look_alikes("assessments", read["assessments"], door)
        # Problems of cells are told first: a visit without a name has no place in time.
        if not door.problems:
            read["assessments"] = arrange_visits(read["assessments"], door)
    for table, frame in read.items():
        _refuse_repeats(table, frame, door)
        if table != "assessments":
            _refuse_look_alikes(table, frame, door)
    if "adverse_events" in read:
        _refuse_before_onset(read["adverse_events"], door)
    if "subjects" in read:
        _refuse_strangers(read, door)
    _refuse_all(door)
    if "severity" in read.get("adverse_events", ()):
        severity = read["adverse_events"]["severity"]
        read["adverse_events"]["severity"] = severity.cat.set_categories(list(SEVERITIES[1:]))
    return read, door


def _read_table(table: str, calendar: StudyDays, factors: frozenset[str]) -> pd.DataFrame | None:
    door = calendar.door
    raw = door.raw[table]
    known = columns_of(table, tuple(door.settings.get("populations", ())))
    lacking = _lacking(table, raw, known, door)
    if lacking:
        door.problems += lacking
        return None
    frame: dict[str, Any] = {}
    for column in raw.columns:
        if column == FIRST_DOSE and table == "subjects":
            continue
        if column in DAYS_OF[table]:
            frame[DAYS_OF[table][column]] = calendar.of_dates(table, column)
        elif column in known:
            frame[column] = _read_known(table, column, known[column], door)
            if column in DAYS_OF[table].values():
                frame[column] = calendar.counted(frame[column])
        else:
            frame[column] = further_column(table, column, door, factors)
    return pd.DataFrame({column: values.array for column, values in frame.items()}, copy=False)


def _read_known(table: str, column: str, rule: Column, door: Door) -> pd.Series[Any]:
    reading = read_column(door.raw[table][column], rule.kind, door.notation)
    decimal = door.notation.decimal
    door.refuse_cells(table, column, reading.wrong, lambda cell: expected_of(column, rule, cell, decimal=decimal, table=table))
    for name, spellings in reading.merged.items():
        n = int((reading.values == name).sum())
        door.told.append(
            (f"{door.file(table)}, {column}", f"'{name}' in {len(spellings)} spellings that look the same: merged", n)
        )
    if rule.kind == SEVERITY:
        return reading.values.cat.set_categories(list(SEVERITIES), ordered=True)
    return reading.values


def _lacking(table: str, raw: pd.DataFrame, known: Mapping[str, Column], door: Door) -> list[Problem]:
    file = door.file(table)
    if raw.columns.has_duplicates:
        twice = listed(raw.columns[raw.columns.duplicated()])
        return [Problem(file, 1, "", f"column {twice} more than once", "each name once")]
    there = {*raw.columns, *(day for date, day in DAYS_OF[table].items() if date in raw.columns)}
    there |= {date for date, day in DAYS_OF[table].items() if day in raw.columns}
    near = {_letters(name): str(name) for name in raw.columns}
    problems: list[Problem] = []
    for column, rule in known.items():
        if rule.required and column not in there:
            meant = near.get(_letters(column))
            line = f' ({column} = "{meant}")' if meant else " that says its name"
            problems.append(
                Problem(
                    file, 1, column, f"no such column among {listed(raw.columns, n_shown=30)}",
                    f"it, or a line under [columns.{table}] in {SETTINGS}{line}",
                )
            )  # fmt: skip
    problems += _misnamed(table, raw, {*known, *DAYS_OF[table], *([FIRST_DOSE] if table == "subjects" else [])} - there, door)
    problems += [
        Problem(file, 1, date, f"both '{day}' and '{date}'", "one of them")
        for date, day in DAYS_OF[table].items()
        if date in raw.columns and day in raw.columns
    ]
    if not len(raw) and table not in MAY_BE_EMPTY:
        problems.append(Problem(file, None, "", "no rows", "a header and at least one row"))
    return problems


def _letters(name: object) -> str:
    """What a name has beside its signs and spaces, in small letters."""
    return re.sub(r"[\W_]", "", outline(str(name)))


def _misnamed(table: str, raw: pd.DataFrame, absent: set[str], door: Door) -> list[Problem]:
    """Refuse a name that is one of the layout's but for capitals and signs; tell one that is misspelt."""
    file = door.file(table)
    columns = columns_of(table, tuple(door.settings.get("populations", ())))
    optional = {_letters(name): name for name in sorted(absent) if name not in columns or not columns[name].required}
    problems: list[Problem] = []
    for column in raw.columns.difference([*columns, *DAYS_OF[table], FIRST_DOSE], sort=False):
        ours = optional.get(_letters(column))
        near = get_close_matches(_letters(column), optional, n=1, cutoff=_NEAR)
        if ours:
            line = f'{ours} = "{column}" under [columns.{table}] in {SETTINGS}'
            problems.append(Problem(file, 1, str(column), "this name", f"'{ours}', a line {line}, or a name that differs more"))
        elif near:
            door.told.append((f"{file}, {column}", f"a name that is nearly '{optional[near[0]]}': not read as that", len(raw)))
    return problems


def _refuse_impossible(table: str, frame: pd.DataFrame, door: Door) -> None:
    """Cells that are of their kind and cannot be: 25 hours, day 0, nothing where something is needed."""
    raw = door.raw[table]
    dates = {day: date for date, day in DAYS_OF[table].items() if date in raw.columns}
    for column, rule in columns_of(table, tuple(door.settings.get("populations", ()))).items():
        if column not in frame.columns:
            continue
        values, told = frame[column], dates.get(column, column)
        missing = values.isna().to_numpy()
        if rule.kind == NUMBER:
            numbers = values.to_numpy(dtype=float)
            bad = ~(missing | rule.possible(numbers))
        elif rule.kind == SEVERITY:
            bad = ~missing & ~np.append(rule.possible(values.cat.categories.to_numpy()), False)[values.cat.codes]
        else:
            bad = np.zeros(len(values), dtype=bool)
        # A date without a study day is told where it is empty, or by the first dose that it lacks.
        if not rule.nullable and told == column:
            bad |= missing & ~_already_told(table, told, door)
        decimal = door.notation.decimal

        def expected(cell: str, column: str = column, rule: Column = rule, told: str = told, decimal: str = decimal) -> str:
            if told != column and cell:
                return (
                    "a date from that of the first dose on"
                    if rule.expected == DOSE_DAY
                    else f"a date up to {MOST_DAYS:,} days away"
                )
            return expected_of(column, rule, cell, decimal=decimal, table=table)

        door.refuse_cells(table, told, bad, expected)


def _already_told(table: str, column: str, door: Door) -> np.ndarray:
    """Cells that are missing because they were no values of their kind."""
    raw = door.raw[table][column]
    if not any(problem.file == door.file(table) and problem.column == column for problem in door.problems):
        return np.zeros(len(raw), dtype=bool)
    empty = read_column(raw, NAME, door.notation)
    return np.asarray(empty.values.notna().to_numpy() | empty.wrong)


def _refuse_unnamed_arms(values: Mapping[str, pd.DataFrame], door: Door) -> None:
    if "subjects" not in values or "arm" not in values["subjects"].columns:
        return
    arms = arms_of(door.settings) or [str(arm) for arm in distinct(values["subjects"]["arm"])[1]]
    for column in ("arm", "actual_arm"):
        if column in values["subjects"].columns:
            named = values["subjects"][column]
            door.refuse_cells(
                "subjects", column, (named.notna() & ~named.isin(arms)).to_numpy(), lambda _: f"one of {listed(arms, n_shown=12)}"
            )


def _refuse_repeats(table: str, frame: pd.DataFrame, door: Door) -> None:
    key = KEYS.get(table, ())
    if not key or not _repeats(frame, key):
        return
    numbers = row_numbers(door.raw[table])
    told = frame[list(key)]
    for row in np.flatnonzero(told.duplicated()).tolist():
        said = ", ".join(f"{column} {_quoted(told[column].iloc[row])}" for column in key)
        if told.iloc[row].notna().all():
            door.problems.append(
                Problem(door.file(table), int(numbers[row]), "", f"{said} a second time", f"one row per {', '.join(key)}")
            )


def _repeats(frame: pd.DataFrame, key: tuple[str, ...]) -> bool:
    """Whether any two rows have the same key: counted in a table of all pairs, where that is not too large."""
    place, size = np.zeros(len(frame), dtype=np.int64), 1
    for column in key:
        values = frame[column]
        if pd.api.types.is_float_dtype(values) and values.notna().all() and len(values):
            low = int(np.floor(values.min()))
            codes = values.to_numpy().astype(np.int64) - low
            n = int(codes.max()) + 1 if (values == np.floor(values)).all() and np.ptp(codes) < _FEW else 0
        else:
            n = 0
        if not n:
            codes, found = pd.factorize(values)
            codes, n = np.where(codes < 0, len(found), codes), len(found) + 1
        place, size = place * n + codes, size * n
    if size > _FEW:
        return bool(pd.Series(place).duplicated().any())
    return bool((np.bincount(place, minlength=1) > 1).any())


def _refuse_look_alikes(table: str, frame: pd.DataFrame, door: Door) -> None:
    """Refuse names that look alike: one of them is misspelt, and they would be counted apart."""
    counted = [column for column in COUNTED_NAMES.get(table, ()) if column in frame.columns]
    if table == "subjects":
        known = columns_of(table, tuple(door.settings.get("populations", ())))
        texts = [column for column in frame.columns if column not in known and not pd.api.types.is_numeric_dtype(frame[column])]
        counted += [column for column in texts if 1 < frame[column].nunique() <= MOST_LEVELS]
    for column in counted:
        names = [text_of(name) for name in distinct(frame[column])[1]]
        if column == "actual_arm" and "arm" in frame.columns:
            names = list(dict.fromkeys([*(str(name) for name in distinct(frame["arm"])[1]), *names]))
        alike = look_alikes(names)
        if alike:
            first, second = alike
            line = f'[values.{table}.{column}] "{second}" = "{first}"'
            door.problems.append(
                Problem(
                    door.file(table), None, column, f"'{first}' and '{second}'",
                    f"one spelling; where both mean one thing, write {line} in {SETTINGS}",
                )
            )  # fmt: skip


def _refuse_before_onset(frame: pd.DataFrame, door: Door) -> None:
    table = "adverse_events"
    numbers = row_numbers(door.raw[table])
    for column in ("end_day", "worsened_day"):
        if {"onset_day", column} <= set(frame.columns):
            onset, day = frame["onset_day"].to_numpy(), frame[column].to_numpy()
            door.problems += [
                Problem(
                    door.file(table),
                    int(numbers[row]),
                    column,
                    f"day {day[row]:g}",
                    f"a day not before onset_day, {onset[row]:g}",
                )
                for row in np.flatnonzero(day < onset).tolist()
            ]


def _refuse_strangers(values: Mapping[str, pd.DataFrame], door: Door) -> None:
    known = pd.Index(distinct(values["subjects"]["subject"])[1])
    at_home = door.file("subjects")
    near = {outline(name).lstrip("0"): name for name in known}
    for table, frame in values.items():
        codes, named = distinct(frame["subject"])
        strange = np.append(known.get_indexer(pd.Index(named, dtype=object)) < 0, False)
        if not strange.any():
            continue

        def expected(cell: str) -> str:
            alike = near.get(outline(cell).lstrip("0"))
            hint = f"; '{alike}' there is written otherwise (leading zeros, capitals or signs)" if alike else ""
            return f"a subject of {at_home}{hint}"

        door.refuse_cells(table, "subject", strange[codes], expected)


def _refuse_all(door: Door) -> None:
    """By file, row and column, each as they stand, so that the same files always give the same sentence."""
    column_at = {(door.file(table), str(column)): at for table, raw in door.raw.items() for at, column in enumerate(raw.columns)}
    file_at = {door.file(table): at for at, table in enumerate(door.raw)}
    told: dict[Problem, None] = dict.fromkeys(Problem(*problem) for problem in door.problems)
    in_order: list[Problem] = sorted(
        told, key=lambda one: (file_at.get(one.file, -1), one.row or 0, column_at.get((one.file, one.column), -1))
    )
    refuse(in_order)


def row_numbers(frame: pd.DataFrame) -> np.ndarray:
    """Number the rows as messages do: as in the file, or counted from a header in row 1.

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


def _quoted(value: object) -> str:
    text = text_of(value)
    return "nothing" if not text else text if isinstance(value, float) else f"'{text}'"


def populations_in(frame: pd.DataFrame, named: tuple[str, ...]) -> tuple[str, ...]:
    """List the populations that a table of subjects has.

    Parameters
    ----------
    frame : DataFrame
        The checked subjects.
    named : tuple of str
        Those that the trial names itself.

    Returns
    -------
    tuple of str
        The layout's first.
    """
    return tuple(dict.fromkeys(column for column in (*POPULATIONS, *named) if column in frame.columns))

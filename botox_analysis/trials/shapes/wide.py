"""Wide tables: a column a day, visit or month becomes a row each."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import spelled
from botox_analysis.cells.reading import DATE, IDENTIFIER, read_column
from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError, listed
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import HEADER, ROW, names_of, row_numbers
from botox_analysis.trials.settings.file import SETTINGS, notation_of
from botox_analysis.trials.settings.wide import DATE as OF_DATES
from botox_analysis.trials.settings.wide import DAY, VISIT, WIDE, Pattern, patterns_of
from botox_analysis.trials.shapes.columns import file_column, framed
from botox_analysis.trials.shapes.numbered import refuse_wide
from botox_analysis.trials.shapes.shape import Arranged

Key = int | str | datetime.date
Cells = Mapping[str, Mapping[Key, int]]
"""Column of the diary, or scale -> day, date or visit -> position of its column in the file."""


@dataclass(frozen=True)
class _Slots:
    """Rows that each row of a wide table becomes.

    Attributes
    ----------
    labels : dict of str to sequence
        New key column -> its value in each of the k rows.
    cells : dict of str to list of int
        New column -> position, in the file, of the column with its cell in each of the k rows; -1 for none.
    """

    labels: Mapping[str, Sequence[Any]]
    cells: Mapping[str, Sequence[int]]


def lengthened(found: Arranged) -> Arranged:
    """Turn wide tables into tables of one row a day or visit, by the settings.

    Parameters
    ----------
    found : Arranged
        Tables of the layout; the columns of a wide table may also be in ``subjects``.

    Returns
    -------
    Arranged
        Long tables. The index of each contains the row numbers of the wide table; for each new column of cells, a column
        named with `HEADER` contains the column of the file. An empty cell is a day or visit that was not recorded: no row.

    Raises
    ------
    DataError
        No column follows a pattern, or a day or visit has two columns. Or a table is wide and the settings have no pattern.
    """
    for table in WIDE:
        keys = dict(found.settings.get(table, {}))
        wide = keys.pop("wide", None)
        if wide is None:
            continue
        settings = {**found.settings, table: keys}
        if not keys:
            del settings[table]
        found = replace(_lengthened(found, table, patterns_of(table, wide)), settings=settings)
    refuse_wide(found)
    return found


def _lengthened(found: Arranged, table: str, patterns: Mapping[str, Pattern]) -> Arranged:
    source = table if table in found.tables else "subjects"
    if source not in found.tables:
        return found
    frame, file, settings = found.tables[source], found.files.get(source, source), found.settings
    names = names_of(frame)
    cells = {name: _positions(name, pattern, frame, file, settings) for name, pattern in patterns.items()}
    used = _used_once(cells, names, file)
    slots = _day_slots(cells, patterns) if table == "diary" else _visit_slots(cells, patterns)
    subject = file_column(settings, source, "subject")
    if source == table:
        others = [at for at in range(len(names)) if at not in used]
    elif subject in names:
        others = [names.index(subject)]
    else:
        raise DataError(f"{file} has no column '{subject}'; its columns are {listed(names, n_shown=30)}.")
    twice = sorted({*slots.labels, *slots.cells} & {names[at] for at in others})
    if twice:
        raise DataError(
            f"{file}: found the column {listed(twice)} beside columns that are read as that, by wide in {SETTINGS}; expected one "
            "of them."
        )
    long, n_empty = _long(frame, names, others, slots, settings)
    if source != table:
        long = long.rename(columns={subject: file_column(settings, table, "subject")})
    notes = [*found.notes, *_notes(file, table, patterns, cells, len(frame), settings)]
    if n_empty:
        notes.append(
            (file, f"empty cells of {listed(pattern.text for pattern in patterns.values())}: not recorded, no row", n_empty)
        )
    tables = {**found.tables, table: long}
    if source != table:
        tables[source] = frame.iloc[:, [at for at in range(len(names)) if at not in used]]
    return replace(found, tables=tables, files={**found.files, table: file}, notes=notes)


def _positions(name: str, pattern: Pattern, frame: pd.DataFrame, file: str, settings: Mapping[str, Any]) -> dict[Key, int]:
    """Find the columns that follow a pattern: day, date or visit -> position."""
    at: dict[Key, int] = {}
    headers = [text_of(header) for header in frame.columns]
    for position, header in enumerate(headers):
        part = pattern.find(spelled(header))
        key = None if part is None else _key(part, pattern.key, settings)
        if key is None:
            continue
        if key in at:
            raise DataError(
                f"{file}, row 1: found the columns '{headers[at[key]]}' and '{header}', both {pattern.key or 'column'} "
                f"{text_of(key)} of '{name}'; expected one column for each."
            )
        at[key] = position
    if not at:
        raise DataError(
            f"{file}: found no column like '{pattern.text}' (of '{name}', by wide in {SETTINGS}); "
            f"its columns are {listed(headers, n_shown=30)}."
        )
    return at if pattern.key in ("", VISIT) else dict(sorted(at.items()))


def _key(part: str, kind: str, settings: Mapping[str, Any]) -> Key | None:
    """Read the part of a header that is a day, a date or the name of a visit; None for a part that is no date."""
    if kind == OF_DATES:
        return date_in(part, settings)
    if kind in (VISIT, ""):
        return part
    return int(part) if kind == DAY else f"{kind} {int(part)}"


def date_in(text: str, settings: Mapping[str, Any]) -> datetime.date | None:
    """Read a date in a header, in the format of the settings or as a spreadsheet writes it.

    Parameters
    ----------
    text : str
        Header of a column.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    date or None
        The date; None if the text is none.

    Examples
    --------
    >>> date_in("01.03.2024", {"date_format": "%d.%m.%Y"}), date_in("age", {})
    (datetime.date(2024, 3, 1), None)
    """
    for notation in (notation_of(settings), notation_of({})):
        reading = read_column(pd.Series([text.removesuffix(" 00:00:00")], dtype=object), DATE, notation)
        day = float(reading.values.iloc[0])
        if not reading.wrong[0] and not np.isnan(day):
            return datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
    return None


def _used_once(cells: Cells, names: Sequence[str], file: str) -> set[int]:
    of: dict[int, str] = {}
    for name, at in cells.items():
        for position in at.values():
            if position in of:
                raise DataError(
                    f"{file}, row 1: found the column '{names[position]}' in the patterns of '{of[position]}' and of '{name}'; "
                    f"expected patterns in {SETTINGS} that do not overlap."
                )
            of[position] = name
    return set(of)


def _day_slots(cells: Cells, patterns: Mapping[str, Pattern]) -> _Slots:
    days = sorted({day for at in cells.values() for day in at})
    kind = next(iter(patterns.values())).key
    values = [pd.Timestamp(day) for day in days] if kind == OF_DATES else days
    return _Slots({kind: values}, {name: [at.get(day, -1) for day in days] for name, at in cells.items()})


def _visit_slots(cells: Cells, patterns: Mapping[str, Pattern]) -> _Slots:
    rows = [(scale, str(visit), position) for scale, at in cells.items() for visit, position in at.items()]
    labels = {"scale": [scale for scale, _, _ in rows]}
    days = {pattern.key for pattern in patterns.values()}
    if days != {""}:
        labels["visit"] = [f"day {visit}" if patterns[scale].key == DAY else visit for scale, visit, _ in rows]
    return _Slots(labels, {"value": [position for _, _, position in rows]})


def _long(
    frame: pd.DataFrame, names: Sequence[str], others: Sequence[int], slots: _Slots, settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, int]:
    """Repeat each row once a slot, without those whose cells are all empty; also count the empty ones."""
    n, k = len(frame), len(next(iter(slots.labels.values())))
    notation = notation_of(settings)
    new: dict[str, Any] = {}
    filled = np.zeros(n * k, dtype=bool)
    for name, positions in slots.cells.items():
        cells = _stacked(frame, positions)
        reading = read_column(cells, IDENTIFIER, notation)
        filled |= reading.values.notna().to_numpy() | reading.wrong
        new[name] = cells.array
    row, slot = np.repeat(np.arange(n), k)[filled], np.tile(np.arange(k), n)[filled]
    headers = np.array([*names, ""], dtype=object)
    long = [(names[at], frame.iloc[:, at].array.take(row)) for at in others]
    place = np.array(next(iter(slots.cells.values())))
    for name, values in slots.labels.items():
        codes, words = pd.factorize(pd.Index(values))
        key = words.take(codes[slot]).array if name in (DAY, OF_DATES) else pd.Categorical.from_codes(codes[slot], words)
        long += [(name, key), (f"{name}{HEADER}", _names_of(headers[place], slot))]
    for name, positions in slots.cells.items():
        long += [(name, new[name][filled]), (f"{name}{HEADER}", _names_of(headers[np.array(positions)], slot))]
    return framed(long, pd.Index(row_numbers(frame)[row], name=ROW)), int((~filled).sum())


def _names_of(headers: np.ndarray, slot: np.ndarray) -> pd.Categorical:
    codes, words = pd.factorize(headers)
    return pd.Categorical.from_codes(codes[slot], pd.Index(words, dtype=object))


def _stacked(frame: pd.DataFrame, positions: Sequence[int]) -> pd.Series[Any]:
    """Put the cells of columns, and empty ones for the position -1, into one column, row by row."""
    n, present = len(frame), [position for position in positions if position >= 0]
    columns = [frame.iloc[:, position] for position in present]
    kinds = {str(column.dtype) if not isinstance(column.dtype, pd.CategoricalDtype) else "category" for column in columns}
    if kinds == {"category"} and len({str(column.cat.categories.dtype) for column in columns}) == 1:
        values: Any = pd.api.types.union_categoricals([column.cat.as_unordered().array for column in columns])
    elif len(kinds) == 1 and kinds != {"category"}:
        values = pd.concat(columns, ignore_index=True).array
    elif all(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column) for column in columns):
        values = np.concatenate([column.to_numpy(dtype=float, na_value=np.nan) for column in columns])
    else:
        values = pd.concat([column.astype(object) for column in columns], ignore_index=True).array
    rank = np.array([present.index(position) if position >= 0 else -1 for position in positions])
    at = np.where(rank >= 0, rank * n + np.arange(n)[:, None], -1).ravel()
    whole = pd.Series(values, dtype=values.dtype)
    return whole.iloc[at] if (at >= 0).all() else whole.reindex(at)


def _notes(file: str, table: str, patterns: Mapping[str, Pattern], cells: Cells, n: int, settings: Mapping[str, Any]) -> Notes:
    """Note the columns that were taken as rows, and gaps in the numbers of days."""
    notes = []
    for name, pattern in patterns.items():
        at = cells[name]
        first, last = next(iter(at)), list(at)[-1]
        fills = f"'{name}'" if table == "diary" else f"the scale '{name}'"
        days = f" ({text_of(first)} to {text_of(last)})" if pattern.key and len(at) > 1 else ""
        notes.append((f"{file}, {pattern.text}", f"{len(at)} columns{days}, read as rows of {fills}", n))
        if pattern.key == DAY:
            zero = {0} if settings.get("first_day", 1) == 1 else set()
            gaps = [day for day in range(int(first), int(last)) if day not in at and day not in zero]  # type: ignore[arg-type]
            if gaps:
                notes.append((f"{file}, {pattern.text}", f"no column for day {listed(gaps)}", len(gaps)))
    return notes

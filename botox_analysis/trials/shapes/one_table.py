"""One table that has everything: subjects with their covariates, and a row a day or visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import spelled
from botox_analysis.cells.reading import IDENTIFIER, read_column
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import Problem, escaped, listed, refuse
from botox_analysis.trials.layout import COLUMNS, DATES, FIRST_DOSE
from botox_analysis.trials.readers.raw import ROW, ROW_OF_FRAME, RawTable, names_of, row_numbers
from botox_analysis.trials.settings.file import notation_of
from botox_analysis.trials.settings.wide import WIDE
from botox_analysis.trials.shapes.columns import file_column
from botox_analysis.trials.shapes.numbered import has_wide_columns, refuse_wide_subjects
from botox_analysis.trials.shapes.shape import Arranged


def is_one_table(table: RawTable, settings: Mapping[str, Any]) -> bool:
    """Check whether a table has subjects, and their days or visits in rows or columns.

    Parameters
    ----------
    table : RawTable
        A table that has not the name of one of the layout, or is the only one.
    settings : mapping
        Settings of ``trial.toml``; ``[columns]`` and the patterns of wide tables are used.

    Returns
    -------
    bool
        True for a table with subjects, at least one other column of the subjects such as ``arm``, and a column of days, dates
        or visits. Also for a table of subjects with columns that are days or visits.
    """
    names = names_of(table.frame)
    if _subject_column(names, settings) is None:
        return False
    rows = rows_of(names, settings)
    if rows:
        return bool(_columns_of_subjects(names, rows, settings))
    return bool(_wide(settings)) or has_wide_columns(table.frame, settings)


def rows_of(names: list[str], settings: Mapping[str, Any]) -> str:
    """Find the table of the layout whose rows a single table has.

    Parameters
    ----------
    names : list of str
        Names of its columns.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    str
        ``"assessments"``, ``"diary"``, or empty if the table has neither visits nor days.
    """
    if file_column(settings, "assessments", "visit") in names:
        return "assessments"
    days = {file_column(settings, "diary", column) for column in ("day", "date")}
    return "diary" if days & set(names) else ""


def arrange_one_table(table: RawTable, settings: Mapping[str, Any]) -> Arranged:
    """Split a table into subjects, and their days or visits.

    Parameters
    ----------
    table : RawTable
        The table.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    Arranged
        Subjects, and the diary or the assessments. A column belongs to the subjects by its name in the layout or in
        ``[columns.subjects]``; of the other columns, each that is equal in all rows of every subject is a covariate.

    Raises
    ------
    DataError
        A column of the subjects differs between the rows of a subject. An empty cell does not differ.
    """
    frame = table.frame.set_axis(names_of(table.frame), axis=1)
    names = list(frame.columns)
    rows = rows_of(names, settings)
    subject = str(_subject_column(names, settings))
    columns = {name: dict(of) for name, of in settings.get("columns", {}).items()}
    for name in ("subjects", *([rows] if rows else WIDE)):
        if subject != "subject" and (name in ("subjects", rows) or name in columns):
            columns.setdefault(name, {}).setdefault("subject", subject)
    settings = {**settings, "columns": columns} if columns else settings
    if not rows or frame.columns.has_duplicates:
        whole = Arranged({"subjects": table.frame}, {"subjects": table.file}, settings, list(table.notes))
        if not rows and not _wide(settings):
            refuse_wide_subjects(whole)
        return whole
    frame.index = pd.Index(row_numbers(frame), name=ROW if table.frame.index.name == ROW else ROW_OF_FRAME)
    own, further = _columns_of_subjects(names, rows, settings), []
    known = _named(rows, settings) | own | {subject}
    codes, found = pd.factorize(read_column(frame[subject], IDENTIFIER, notation_of(settings)).values)
    first = {}
    problems: list[Problem] = []
    notes = list(table.notes)
    for name in names:
        if name in own:
            first[name], wrong, n_empty = only_rows(frame[name], codes, len(found))
            problems += [differing_cell(table.file, frame[name], row, at) for row, at in wrong]
            if n_empty:
                notes.append(
                    (f"{table.file}, {name}", "empty cells of subjects with a value in another row: taken from there", n_empty)
                )
        elif name not in known and _is_constant(frame[name], codes):
            further.append(name)
    refuse(problems)
    if further:
        notes.append(
            (f"{table.file}, {listed(further)}", "columns equal in all rows of each subject: read as covariates", len(further))
        )
    start = _first_rows(codes, len(found))
    chosen = {subject: start, **{name: first.get(name, start) for name in names if name in own or name in further}}
    subjects = rows_taken(frame, chosen)
    tables = [name for name in WIDE if name == rows or name in settings.get("questions", {})]
    left = [name for name in names if name not in subjects or name == subject]
    return Arranged(
        {"subjects": subjects.set_axis(frame.index[start]), **dict.fromkeys(tables, frame[left])},
        dict.fromkeys(("subjects", *tables), table.file),
        settings,
        notes,
    )


def _wide(settings: Mapping[str, Any]) -> list[str]:
    return [table for table in WIDE if "wide" in settings.get(table, {})]


def _subject_column(names: list[str], settings: Mapping[str, Any]) -> str | None:
    likely = [file_column(settings, table, "subject") for table in ("subjects", *WIDE)]
    return next((name for name in sorted(likely, key=lambda name: name == "subject") if name in names), None)


def _named(table: str, settings: Mapping[str, Any]) -> set[str]:
    """List the names of the columns of a table: those of the layout, and those of the settings."""
    renamed = settings.get("columns", {}).get(table, {})
    of_layout = {*COLUMNS[table], *DATES[table], *([FIRST_DOSE] if table == "subjects" else [])}
    return {spelled(str(name)) for name in renamed.values()} | {name for name in of_layout if name not in renamed}


def _columns_of_subjects(names: list[str], rows: str, settings: Mapping[str, Any]) -> set[str]:
    subjects = settings.get("columns", {}).get("subjects", {})
    chosen = _named("subjects", settings) | set(settings.get("populations", ())) | set(settings.get("factors", ()))
    taken = {spelled(str(name)) for name in settings.get("columns", {}).get(rows, {}).values()} - {
        spelled(str(name)) for name in subjects.values()
    }
    return (chosen & set(names)) - taken - {file_column(settings, "subjects", "subject")}


def _contents(column: pd.Series[Any]) -> np.ndarray:
    """Give equal contents of cells one number, and empty cells -1."""
    codes, words = distinct(column)
    texts = [spelled(text_of(word)) for word in words]
    place = {text: at for at, text in enumerate(dict.fromkeys(text for text in texts if text))}
    return np.asarray(np.array([*(place.get(text, -1) for text in texts), -1])[codes])


def _first_rows(codes: np.ndarray, n: int) -> np.ndarray:
    rows = np.flatnonzero(codes >= 0)
    first = np.full(n, -1)
    first[codes[rows[::-1]]] = rows[::-1]
    return first


def _is_constant(column: pd.Series[Any], codes: np.ndarray) -> bool:
    contents, rows = _contents(column), np.flatnonzero(codes >= 0)
    first = _first_rows(codes, int(codes.max(initial=-1)) + 1)
    return bool((contents[rows] == contents[first[codes[rows]]]).all())


def only_rows(column: pd.Series[Any], codes: np.ndarray, n: int) -> tuple[np.ndarray, list[tuple[int, int]], int]:
    """Find the row with the only content of each subject.

    Parameters
    ----------
    column : Series, shape (n_rows,)
        A column of the subjects.
    codes : ndarray of int, shape (n_rows,)
        Number of the subject in each row; -1 for none.
    n : int
        Number of subjects.

    Returns
    -------
    rows : ndarray of int, shape (n,)
        First row of each subject whose cell is not empty; the first row if all are.
    differing : list of (int, int)
        Rows with another content, and the row from which each differs.
    n_empty : int
        Empty cells of subjects with a content in another row.
    """
    contents = _contents(column)
    filled = np.where(contents >= 0, codes, -1)
    first = _first_rows(filled, n)
    empty = first < 0
    rows = np.flatnonzero(filled >= 0)
    differ = rows[contents[rows] != contents[first[codes[rows]]]]
    n_empty = int(((contents < 0) & (codes >= 0) & ~np.append(empty, True)[codes]).sum())
    first[empty] = _first_rows(codes, n)[empty]
    return first, [(row, int(first[codes[row]])) for row in differ.tolist()], n_empty


def rows_taken(frame: pd.DataFrame, rows: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Take other rows of each column, with the types of the columns.

    Parameters
    ----------
    frame : DataFrame
        A table.
    rows : mapping of str to ndarray of int
        Column -> the positions of its rows.

    Returns
    -------
    DataFrame
        The columns of `rows`, numbered from 0.

    Examples
    --------
    >>> rows_taken(pd.DataFrame({"a": [1, 2]}), {"a": [1, 1, 0]})["a"].tolist()
    [2, 2, 1]
    """
    # A Series keeps its type; pandas 3 makes another type of texts in an array.
    return pd.DataFrame({name: frame[name].iloc[at].reset_index(drop=True) for name, at in rows.items()})


def differing_cell(file: str, column: pd.Series[Any], row: int, first: int) -> Problem:
    """Describe a cell that differs from another one of the same subject.

    Parameters
    ----------
    file : str
        Name of the table in messages.
    column : Series
        The column, with row numbers in the index.
    row, first : int
        Positions of the two cells.

    Returns
    -------
    Problem
        The problem of the first.
    """
    found = f"{_shown(column, row)} beside {_shown(column, first)} in another row of the subject"
    return Problem(file, int(column.index[row]), str(column.name), found, "one value in all rows of a subject")


def _shown(column: pd.Series[Any], row: int) -> str:
    return f"'{escaped(text_of(column.iloc[row]))}'"

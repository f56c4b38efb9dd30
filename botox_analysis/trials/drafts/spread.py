"""Tables that are spread otherwise: a column a day, a row a question, subjects and their days in one table, REDCap."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import DataError
from botox_analysis.trials.drafts.cells import MOSTLY, Look, date_formats_of, look_at, share_of_numbers
from botox_analysis.trials.drafts.columns import KNOWN, likeness, match_columns
from botox_analysis.trials.drafts.files import Found
from botox_analysis.trials.layout import COLUMNS as LAYOUT
from botox_analysis.trials.readers.raw import CELL_ROW, HEADER
from botox_analysis.trials.shapes.numbered import wide_patterns, wide_table
from botox_analysis.trials.shapes.questions import QUESTION, answered, question_columns
from botox_analysis.trials.shapes.redcap import EVENT, INSTRUMENT, arrange_redcap, export_names, is_redcap, proposed
from botox_analysis.trials.shapes.shape import Arranged
from botox_analysis.trials.shapes.wide import lengthened

_KEYS = {"diary": ("day", "date"), "assessments": ("visit",)}
"""Columns of a table that tell the rows of a subject apart."""


_NUMBER = re.compile(r" \(\d+\)$")
"""Pattern of the number of a label that several fields have."""

_NO_FIELD = re.compile(r"^redcap_|___|_(complete|timestamp)$|^Complete\?|\(choice=")
"""Pattern of columns of an export that are no numbers of a form."""


def in_rows(files: list[Found]) -> list[Found]:
    """Make tables with a row a subject, day or visit of tables that are spread otherwise.

    Parameters
    ----------
    files : list of Found
        Tables of files.

    Returns
    -------
    list of Found
        The tables, with the settings that made them. A single table with everything becomes several.
    """
    is_single = len(files) == 1
    made: list[Found] = []
    for found in files:
        try:
            if is_single and is_redcap(found.raw, {}):
                return _of_redcap(found)
            rows = _of_questions(found) or _of_columns(found, is_single=is_single)
            made += _of_one(rows) if is_single else [rows]
        except (DataError, tomllib.TOMLDecodeError):
            # The table is guessed as it is, and the check of the draft has the message.
            made.append(found)
    return made


def _looks(frame: pd.DataFrame) -> dict[str, Look]:
    return {str(name): look_at(frame[name]) for name in frame.columns}


def _made(found: Found, table: str, settings: Mapping[str, Any]) -> Found:
    """Apply the settings of a shape to a table of a file."""
    arranged = lengthened(answered(Arranged({table: found.frame}, {table: found.name}, settings)))
    return replace(found, frame=_without_places(arranged.tables[table]), settings=settings)


def _without_places(frame: pd.DataFrame) -> pd.DataFrame:
    """Remove the columns with the place of each cell in the file."""
    return frame[[name for name in frame.columns if not str(name).endswith((HEADER, CELL_ROW))]]


def _of_columns(found: Found, *, is_single: bool) -> Found:
    """Turn a column a day or month, or in a single table a column a scale, into rows."""
    looks = _looks(found.frame)
    ours = {*match_columns("subjects", looks, frozenset(), found).values()}
    names = [name for name in looks if name not in ours]
    table = wide_table(names)
    if table:
        patterns = wide_patterns(table, found.frame, names, {})
        settings: dict[str, Any] = {table: {"wide": patterns}}
        dated = [pattern for pattern in patterns.values() if "{date}" in pattern]
        formats = _formats_in(names, dated[0]) if dated else []
        return _made(found, table, settings | ({"date_format": formats[0]} if formats else {}))
    visits = match_columns("assessments", looks, frozenset(), found)
    if is_single and {"subject", "visit"} <= set(visits) and "value" not in visits and not looks[visits["subject"]].each_once:
        constant = _constant(found.frame, visits["subject"])
        scales = [name for name in names if name not in {*visits.values(), *constant} and share_of_numbers(looks[name]) >= MOSTLY]
        if scales:
            return _made(found, "assessments", {"assessments": {"wide": {name: name for name in scales}}})
    return found


def _formats_in(names: list[str], pattern: str) -> list[str]:
    before, after = pattern.split("{date}")
    dates = [name.removeprefix(before).removesuffix(after) for name in names if name.startswith(before) and name.endswith(after)]
    return date_formats_of(Look(tuple(dates), np.ones(len(dates), dtype=np.int64), 0))


def _of_questions(found: Found) -> Found | None:
    """Turn a row a question into a row a day, or name the scales; None for another table."""
    asked = question_columns(map(str, found.frame.columns))
    if not asked:
        return None
    looks = {name: look for name, look in _looks(found.frame).items() if name not in asked.values()}
    words = [text_of(word) for word in distinct(found.frame[asked[QUESTION]])[1]]
    renamed = {kind: name for kind, name in asked.items() if kind != name}
    for table in ("assessments", "diary"):
        columns = match_columns(table, looks, frozenset(), found)
        if "subject" not in columns or not set(_KEYS[table]) & set(columns):
            continue
        meanings = {word: word for word in words} if table == "assessments" else _columns_of_questions(words)
        if meanings:
            of_keys = {
                column: name for column, name in columns.items() if column in ("subject", *_KEYS[table]) and column != name
            }
            settings = {"columns": {table: of_keys}, "questions": {**renamed, table: meanings}}
            return replace(_made(found, table, settings), settings={"questions": settings["questions"]})
    return None


def _columns_of_questions(words: list[str]) -> dict[str, str]:
    """Find the column of the diary that each question may be."""
    columns: dict[str, str] = {}
    for word in words:
        near = {column: likeness("diary", column, word) for column in LAYOUT["diary"] if column not in ("subject", "day")}
        best = max(near, key=lambda column: near[column])
        if near[best] > KNOWN - 1 and best not in columns.values():
            columns[word] = best
    return columns


def _of_one(found: Found) -> list[Found]:
    """Split a single table into the subjects and their days or visits."""
    looks = _looks(found.frame)
    for table, keys in _KEYS.items():
        columns = match_columns(table, looks, frozenset(), found)
        has_keys = {"subject", *({"value"} if table == "assessments" else ())} <= set(columns) and set(keys) & set(columns)
        if not has_keys or looks[columns["subject"]].each_once:
            continue
        subject = columns["subject"]
        own = [name for name in _constant(found.frame, subject) if name not in columns.values()]
        if own:
            first = ~found.frame[subject].astype(object).duplicated()
            rest = [name for name in found.frame.columns if name not in own]
            return [
                replace(found, table="subjects", frame=found.frame.loc[first.to_numpy(), [subject, *own]], settings={}),
                replace(found, table=table, frame=found.frame[rest]),
            ]
    return [found]


def _constant(frame: pd.DataFrame, subject: str) -> list[str]:
    """List the columns with one content in all rows of each subject."""
    codes = distinct(frame[subject])[0]
    contents = pd.DataFrame({name: distinct(frame[name])[0] for name in frame.columns if name != subject})
    n_of = contents[codes >= 0].groupby(codes[codes >= 0]).nunique()
    return [str(name) for name in n_of.columns if (n_of[name] <= 1).all()]


def _of_redcap(found: Found) -> list[Found]:
    """Make the tables of an export of REDCap, by settings guessed from its events and repeating instruments."""
    frame = found.raw.frame.set_axis(export_names(found.raw.frame), axis=1)
    events, instruments = (_words(frame, name) for name in (EVENT, INSTRUMENT))
    asked = tomllib.loads("\n".join(proposed(events, instruments)))
    settings: dict[str, Any] = {"redcap": asked} if events or instruments else {}
    scales = _scales_of(frame) if "visits" in asked else []
    if scales:
        settings["assessments"] = {"wide": {name: name for name in scales}}
    arranged = lengthened(answered(arrange_redcap(found.raw, settings)))
    return [
        replace(found, table=table, frame=_without_places(frame), settings=settings if number == 0 else {})
        for number, (table, frame) in enumerate(arranged.tables.items())
    ]


def _words(frame: pd.DataFrame, column: str) -> list[str]:
    """List the contents of a column that are not empty; none if there is no such column."""
    return _filled(frame[column]) if column in frame else []


def _filled(column: pd.Series[Any]) -> list[str]:
    return [text for word in distinct(column)[1] if (text := text_of(word).strip())]


def _scales_of(frame: pd.DataFrame) -> list[str]:
    """List the fields with numbers in several events, beside the repetitions. A label of several fields names none of them."""
    repeated = frame[INSTRUMENT].isin(_words(frame, INSTRUMENT)).to_numpy() if INSTRUMENT in frame else np.zeros(len(frame), bool)
    event = distinct(frame[EVENT])[0]
    names = [str(name) for name in frame.columns]
    ambiguous = {_NUMBER.sub("", name) for name in names if _NUMBER.search(name)} & set(names)
    scales = []
    for at, name in enumerate(names):
        if at == 0 or name in (EVENT, INSTRUMENT) or _NO_FIELD.search(name) or _NUMBER.sub("", name) in ambiguous:
            continue
        # An export of labels may have one label for several fields.
        filled = frame.iloc[:, at].isin(_filled(frame.iloc[:, at])).to_numpy() & ~repeated
        if len(np.unique(event[filled])) > 1 and share_of_numbers(look_at(frame.iloc[:, at])) >= MOSTLY:
            scales.append(name)
    return scales

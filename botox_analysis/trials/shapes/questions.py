"""Answers of questionnaires and electronic diaries: a row a question becomes a row a day, or a score of a scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import spelled
from botox_analysis.cells.reading import DATE, IDENTIFIER, NUMBER, TEXT, read_column
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import DataError, Problem, listed, refuse, require_columns
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import CELL_ROW, HEADER, ROW, names_of, row_numbers
from botox_analysis.trials.settings.file import SETTINGS, notation_of
from botox_analysis.trials.shapes.columns import file_column, framed
from botox_analysis.trials.shapes.shape import Arranged
from botox_analysis.trials.words import bare

QUESTION, ANSWER = "question", "answer"
_LIKELY = {
    QUESTION: ("question", "item", "questionid", "questioncode", "itemcode", "itemid", "qcode"),
    ANSWER: ("answer", "response", "answervalue", "responsevalue", "result"),
}
"""Usual names of the two columns in other files, letters and digits only."""


def answered(found: Arranged) -> Arranged:
    """Turn tables with a row for each question into rows of the layout, by ``[questions]``.

    Parameters
    ----------
    found : Arranged
        Tables of the layout.

    Returns
    -------
    Arranged
        The diary has one row a day, and a column for each question. The assessments have one row a question, whose scale is
        that of the settings. Questions that the settings do not name are left out and counted.

    Raises
    ------
    DataError
        A question of the settings has no answer, or a question has two answers on a day or at a visit and the settings name no
        column that orders them. Or a table has a row a question, and the settings have no ``[questions]``.
    """
    asked: Mapping[str, Any] = found.settings.get("questions", {})
    for table, form in (("diary", _diary), ("assessments", _assessments)):
        frame = found.tables.get(table)
        if not isinstance(frame, pd.DataFrame):
            continue
        frame = frame.set_axis(names_of(frame), axis=1)
        if frame.columns.has_duplicates:
            continue
        if table not in asked:
            _refuse_questions(frame, table, found)
            continue
        file, notes = found.files.get(table, table), list(found.notes)
        rows = _chosen(frame, table, file, found.settings, notes)
        found = replace(found, tables={**found.tables, table: form(rows, found.settings, file, notes)}, notes=notes)
    return found


def question_columns(names: Iterable[str]) -> dict[str, str]:
    """Find the columns of a table with a row for each question.

    Parameters
    ----------
    names : iterable of str
        Names of its columns.

    Returns
    -------
    dict of str to str
        ``question`` and ``answer`` -> the name of the column; empty if the table has not both.

    Examples
    --------
    >>> question_columns(["subject", "date", "item", "Response"])
    {'question': 'item', 'answer': 'Response'}
    """
    written = {bare(name): name for name in names}
    likely = {kind: next((written[name] for name in usual if name in written), "") for kind, usual in _LIKELY.items()}
    return likely if all(likely.values()) else {}


def _chosen(frame: pd.DataFrame, table: str, file: str, settings: Mapping[str, Any], notes: Notes) -> pd.DataFrame:
    """Find the rows of the questions that the settings name, one a question, with the new name of each."""
    asked = settings["questions"]
    question, answer = asked.get("question", QUESTION), asked.get("answer", ANSWER)
    subject = file_column(settings, table, "subject")
    require_columns(frame, [subject, question, answer], f"{file}, by [questions] of {SETTINGS},")
    codes, words = distinct(frame[question])
    texts = [spelled(text_of(word)) for word in words]
    named = {spelled(str(code)): str(name) for code, name in asked[table].items()}
    absent = [code for code in named if code not in texts]
    if absent:
        raise DataError(
            f"{SETTINGS}, [questions.{table}]: found {listed(absent)}; expected questions of {file}, some of "
            f"{listed(texts, n_shown=20)}."
        )
    taken = [name for name in named.values() if name in (*_keys(frame, table, settings), "subject")]
    if taken:
        raise DataError(
            f"{SETTINGS}, [questions.{table}]: found {listed(taken)} as the name of an answer; expected other columns."
        )
    others = {name for of, questions in asked.items() if isinstance(questions, dict) and of != table for name in questions}
    for at, text in enumerate(texts):
        if text not in named and text not in others:
            notes.append(
                (
                    f"{file}, {question}",
                    f"'{text}': a question that [questions] does not name, left out",
                    int((codes == at).sum()),
                )
            )
    new = np.array([*(named.get(text) for text in texts), None], dtype=object)[codes]
    frame = frame.assign(**{_NEW: new}).set_axis(pd.Index(row_numbers(frame), name=ROW))
    frame = frame[np.array([name is not None for name in new], dtype=bool)]
    return _once(frame, _keys(frame, table, settings), answer, file, settings, notes)


_NEW = "name in the layout"


def _keys(frame: pd.DataFrame, table: str, settings: Mapping[str, Any]) -> list[str]:
    columns = ("day", "date") if table == "diary" else ("visit", "day", "date")
    names = [name for name in (file_column(settings, table, column) for column in columns) if name in frame.columns]
    return [file_column(settings, table, "subject"), *(names if table == "diary" else names[:1])]


def _once(
    frame: pd.DataFrame, keys: list[str], answer: str, file: str, settings: Mapping[str, Any], notes: Notes
) -> pd.DataFrame:
    """Keep one answer to each question: the last, by the column that the settings name."""
    frame = frame[_filled(frame[answer], settings)]
    key = _key_of(frame, [*keys, _NEW], settings)
    repeated = pd.Series(key).duplicated(keep=False).to_numpy()
    if not repeated.any():
        return frame
    order = settings["questions"].get("order")
    if order is None:
        refuse(_repeats(frame, keys, pd.Series(key).duplicated().to_numpy(), file, settings))
    require_columns(frame, [order], f"{file}, by order under [questions] of {SETTINGS},")
    time = _times(frame[order], settings)
    ranked = pd.DataFrame({"key": key, "time": time})
    unknown = repeated & ranked["time"].isna().to_numpy()
    last = ranked.groupby("key")["time"].transform("max").eq(ranked["time"]).to_numpy() | ~repeated
    tied = last & repeated & ranked[last].duplicated("key", keep=False).reindex(ranked.index, fill_value=False).to_numpy()
    refuse([
        Problem(file, int(frame.index[row]), order, f"'{text_of(frame[order].iloc[row])}' at one of several answers",
                "a number or a time, such as 2024-03-01 18:30, that no other answer to the question has")
        for row in np.flatnonzero(unknown | tied).tolist()
    ])  # fmt: skip
    notes.append(
        (f"{file}, {answer}", f"earlier answers to the same question: left out, the last by '{order}' counts", int((~last).sum()))
    )
    return frame[last]


def _repeats(frame: pd.DataFrame, keys: list[str], again: np.ndarray, file: str, settings: Mapping[str, Any]) -> list[Problem]:
    expected = f'one answer, or order = "..." under [questions] in {SETTINGS}: the column by which the last answer counts'
    question = settings["questions"].get("question", QUESTION)
    rows = frame[again]
    found = [
        ", ".join(f"{key} '{text_of(cell)}'" for key, cell in zip(keys, cells, strict=True))
        for cells in rows[keys].to_numpy(dtype=object)
    ]
    return [
        Problem(file, int(number), question, f"'{text_of(code)}' of {key} a second time", expected)
        for number, code, key in zip(rows.index, rows[question], found, strict=True)
    ]


def _place(column: pd.Series[Any], kinds: tuple[str, ...], settings: Mapping[str, Any]) -> np.ndarray:
    """Give equal cells of a key one number; they are read as the first kind that all of them have: 1 and 1.0 are one day."""
    readings = (read_column(column, kind, notation_of(settings)) for kind in kinds)
    known = next((reading.values for reading in readings if not reading.wrong.any()), None)
    return distinct(column)[0] if known is None else np.asarray(pd.factorize(known)[0])


def _key_of(frame: pd.DataFrame, keys: list[str], settings: Mapping[str, Any]) -> np.ndarray:
    """Give rows with equal keys one number, in order of appearance; the first key is the subject."""
    place = _place(frame[keys[0]], (IDENTIFIER, TEXT), settings)
    for key in keys[1:]:
        codes = _place(frame[key], (NUMBER, DATE, IDENTIFIER, TEXT), settings)
        place = pd.factorize((place + 1) * (int(codes.max(initial=-1)) + 2) + codes + 1)[0]
    return place


def _filled(column: pd.Series[Any], settings: Mapping[str, Any]) -> np.ndarray:
    reading = read_column(column, IDENTIFIER, notation_of(settings))
    return np.asarray(reading.values.notna().to_numpy() | reading.wrong)


def _times(column: pd.Series[Any], settings: Mapping[str, Any]) -> np.ndarray:
    """Read numbers or times as numbers that order them; missing for anything else."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return np.where(column.isna(), np.nan, column.astype("int64").to_numpy(dtype=float))
    numbers = read_column(column, NUMBER, notation_of(settings)).values.to_numpy(dtype=float)
    if not np.isnan(numbers).all():
        return np.asarray(numbers)
    codes, words = distinct(column)
    texts = pd.Series([text_of(word).strip() for word in words], dtype=object)
    date = settings.get("date_format")
    formats = ["ISO8601"] if date is None else [f"{date} %H:%M:%S", f"{date} %H:%M", date, "ISO8601"]
    times = pd.Series(np.nan, index=texts.index, dtype=float)
    for written in formats:
        read = pd.to_datetime(texts, format=written, utc=True, errors="coerce")
        seconds = (read - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
        times = times.fillna(seconds.astype(float))
    return np.asarray(np.append(times.to_numpy(), np.nan)[codes])


def _diary(rows: pd.DataFrame, settings: Mapping[str, Any], file: str, notes: Notes) -> pd.DataFrame:
    """Turn answers into one row a day; each new column has the row of each of its cells beside it."""
    asked = settings["questions"]
    answer = asked.get("answer", ANSWER)
    keys = _keys(rows, "diary", settings)
    left = [
        name for name in rows.columns if name not in {*keys, answer, asked.get("question", QUESTION), asked.get("order"), _NEW}
    ]
    if left:
        notes.append((f"{file}, {listed(left)}", "columns of answers, which have no place in a row a day: left out", len(rows)))
    day = _key_of(rows, keys, settings)
    n = int(day.max(initial=-1)) + 1
    first = np.full(n, -1)
    first[day[::-1]] = np.arange(len(day))[::-1]
    new: list[tuple[str, Any]] = [(key, rows[key].iloc[first].array) for key in keys]
    answers = rows[answer].reset_index(drop=True)
    for name in dict.fromkeys(map(str, asked["diary"].values())):
        at = np.flatnonzero((rows[_NEW] == name).to_numpy())
        place = np.full(n, -1)
        place[day[at]] = at
        new += [
            (name, answers.reindex(place).array),
            (f"{name}{HEADER}", pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), [answer])),
            (f"{name}{CELL_ROW}", np.asarray(rows.index)[np.where(place < 0, first, place)]),
        ]
    return framed(new, pd.Index(np.asarray(rows.index)[first], name=ROW))


def _assessments(rows: pd.DataFrame, settings: Mapping[str, Any], file: str, notes: Notes) -> pd.DataFrame:  # noqa: ARG001 - as `_diary`
    """Name each answer by its scale."""
    asked = settings["questions"]
    renamed = {
        _NEW: file_column(settings, "assessments", "scale"),
        asked.get("answer", ANSWER): file_column(settings, "assessments", "value"),
    }
    return rows.drop(columns=[asked.get("question", QUESTION)]).rename(columns=renamed)


def _refuse_questions(frame: pd.DataFrame, table: str, found: Arranged) -> None:
    """Raise an error for a table of questions and answers, with the settings that read it."""
    likely = question_columns(map(str, frame.columns))
    renamed = {spelled(str(name)) for name in found.settings.get("columns", {}).get(table, {}).values()}
    if not likely or renamed & set(likely.values()):
        return
    words = [text_of(word) for word in distinct(frame[likely[QUESTION]])[1]]
    file = found.files.get(table, table)
    each, new = ("day", "headache") if table == "diary" else ("score", "HIT-6")
    raise DataError(
        f"{file}: found a row for each question ({listed(words, n_shown=6)}); expected a row for each {each}, or "
        f'question = "{likely[QUESTION]}" and answer = "{likely[ANSWER]}" under [questions] in {SETTINGS}, with lines such as '
        f'"{words[0] if words else "Q1"}" = "{new}" under [questions.{table}].'
    )

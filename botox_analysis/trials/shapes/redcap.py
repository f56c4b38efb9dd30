"""REDCap exports: events, repeating instruments, checkboxes and the status of forms in one table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import spelled
from botox_analysis.cells.reading import IDENTIFIER, read_column, recoded
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import DataError, listed, refuse
from botox_analysis.frames.schema import BASELINE
from botox_analysis.trials.layout import COLUMNS, DATES
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import ROW, RawTable, names_of, row_numbers
from botox_analysis.trials.settings.file import SETTINGS, notation_of
from botox_analysis.trials.settings.wide import patterns_of
from botox_analysis.trials.shapes.columns import file_column
from botox_analysis.trials.shapes.one_table import differing_cell, only_rows, rows_taken
from botox_analysis.trials.shapes.shape import Arranged

EVENT, INSTRUMENT, INSTANCE, GROUP = (
    "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_data_access_group",
)  # fmt: skip
_OWN = (EVENT, INSTRUMENT, INSTANCE, GROUP)
_HEADERS = {
    "event name": EVENT, "repeat instrument": INSTRUMENT, "repeat instance": INSTANCE, "data access group": GROUP,
    "survey identifier": "redcap_survey_identifier",
}  # fmt: skip
"""Headers of an export of labels -> names of an export of codes."""

_OF_FORMS = re.compile(
    r".*_complete|.*_timestamp|redcap_survey_identifier|complete\?( \(\d+\)|\.\d+)?|survey timestamp( \(\d+\)|\.\d+)?",
    re.IGNORECASE,
)
_STATUS = re.compile(r".*_complete|complete\?( \(\d+\)|\.\d+)?", re.IGNORECASE)
_CHECKBOX = re.compile(r".+___.+|.+\(choice=.+\)")
_COMPLETE = ("2", "complete", "")
_ARM = re.compile(r"_arm_(\d+)[a-z]?$|\(arm (\d+):.*\)$", re.IGNORECASE)
_SOURCES = {
    "diary": r"diar|daily|day|tagebuch|headache",
    "adverse_events": r"advers|(^|_| )ae(s|_|$| )|side",
    "attacks": r"attack|migraine|episode",
    "treatments": r"treat|inject|dos(e|ing)|exposure",
    "event_times": r"time.?to|surviv",
    "intercurrent_events": r"intercurrent|rescue|discont|withdraw",
}


def is_redcap(table: RawTable, settings: Mapping[str, Any]) -> bool:
    """Check whether a table is an export of REDCap.

    Parameters
    ----------
    table : RawTable
        A table.
    settings : mapping
        Settings of ``trial.toml``; with ``[redcap]`` every table is one.

    Returns
    -------
    bool
        True for a table with a column of REDCap's own, such as ``redcap_event_name``, or ``record_id`` and the status of a form.
    """
    written = [name.lower() for name in names_of(table.frame)]
    of_forms = any(_STATUS.fullmatch(name) for name in written)
    of_labels = {"event name", "repeat instrument"} & set(written) and (of_forms or "repeat instance" in written)
    of_codes = {EVENT, INSTRUMENT} & set(written) or ("record_id" in written[:1] and of_forms)
    return "redcap" in settings or bool(of_labels or of_codes)


def arrange_redcap(table: RawTable, settings: Mapping[str, Any]) -> Arranged:
    """Make the tables of the layout of an export of REDCap.

    Parameters
    ----------
    table : RawTable
        The export, of codes or of labels.
    settings : mapping
        Settings of ``trial.toml``; ``[redcap]`` names the events and instruments.

    Returns
    -------
    Arranged
        Subjects from their events, assessments from the events that are visits, other tables from repeating instruments or
        events. A column that is empty in all rows of a table belongs to other instruments. Unused rows are noted.

    Raises
    ------
    DataError
        The settings name no events or instruments, or some that the export does not have. Or a subject has two values in one
        column of the subjects.
    """
    notes = list(table.notes)
    frame = table.frame.set_axis(_names(table, settings, notes), axis=1).set_axis(pd.Index(row_numbers(table.frame), name=ROW))
    event, instrument = _texts(frame, EVENT), _texts(frame, INSTRUMENT)
    asked = settings.get("redcap", {})
    if ((event != "").any() and "subjects" not in asked) or ((instrument != "").any() and not asked):
        raise DataError(_proposal(table.file, _distinct(event), _distinct(instrument)))
    frame = _with_checkboxes(frame)
    sources = {"subjects": asked.get("subjects", ""), **{name: asked[name] for name in _SOURCES if name in asked}}
    visits = {spelled(str(name)): str(visit) for name, visit in asked.get("visits", {}).items()}
    if visits:
        sources["assessments"] = list(visits)
    of = {name: _rows_of(name, source, event, instrument, table.file) for name, source in sources.items()}
    tables = {name: frame[rows] for name, rows in of.items()}
    if visits:
        names = [visits[name] for name in event[of["assessments"]]]
        tables["assessments"] = tables["assessments"].assign(**{file_column(settings, "assessments", "visit"): names})
    subject = _subject_column(frame, settings, table.file)
    columns = {name: dict(named) for name, named in settings.get("columns", {}).items()}
    for name in tables:
        columns.setdefault(name, {}).setdefault("subject", subject)
    settings = {**{key: value for key, value in settings.items() if key != "redcap"}, "columns": columns}
    used = np.logical_or.reduce(list(of.values()))
    _note_unused(event[~used], instrument[~used], table.file, notes)
    _note_forms(frame[used], table.file, notes)
    made = {name: _own_columns(name, rows, settings) for name, rows in tables.items()}
    if asked.get("arms"):
        made["subjects"] = made["subjects"].assign(
            **{file_column(settings, "subjects", "arm"): _arms(event[of["subjects"]], asked["arms"], table.file)}
        )
    made["subjects"] = _subjects(made["subjects"], subject, table.file, settings, notes)
    return Arranged(made, dict.fromkeys(made, table.file), settings, notes)


def _names(table: RawTable, settings: Mapping[str, Any], notes: Notes) -> list[str]:
    """Name the columns as an export of codes does; labels that are repeated are numbered, unless the settings name them."""
    names = _own_names(table.frame)
    repeated = [name for name, n in Counter(names).items() if n > 1]
    wide = settings.get("assessments", {}).get("wide")
    used = {spelled(str(name)) for of in settings.get("columns", {}).values() for name in of.values()} | set(_HEADERS.values())
    used |= {pattern.text for pattern in patterns_of("assessments", wide).values()} if wide else set()
    twice = [name for name in repeated if name in used]
    if twice:
        raise DataError(f"{table.file}, row 1: found column {listed(twice)} more than once; expected each name once.")
    if repeated:
        notes.append(
            (f"{table.file}, {listed(repeated)}", "labels of several columns: numbered from the second on", len(repeated))
        )
    return _numbered(names)


def export_names(frame: pd.DataFrame) -> list[str]:
    """List the columns of an export, with the names of an export of codes for REDCap's own.

    Parameters
    ----------
    frame : DataFrame
        Export of codes or of labels.

    Returns
    -------
    list of str
        Names in the order of the export. A repeated one is numbered from the second on.
    """
    return _numbered(_own_names(frame))


def _own_names(frame: pd.DataFrame) -> list[str]:
    names = names_of(frame)
    return [_HEADERS.get(name.lower(), name) for name in names]


def _numbered(names: list[str]) -> list[str]:
    """Add a number to the second and further ones of a name, one that no other name has."""
    taken, last, numbered = set(names), Counter[str](), []
    for name in names:
        last[name] += 1
        while last[name] > 1 and f"{name} ({last[name]})" in taken:
            last[name] += 1
        numbered.append(name if last[name] == 1 else f"{name} ({last[name]})")
    return numbered


def _subject_column(frame: pd.DataFrame, settings: Mapping[str, Any], file: str) -> str:
    """Find the column of the subjects: the one that the settings name, else ``subject``, else the first of the project."""
    subject = file_column(settings, "subjects", "subject")
    if subject in frame.columns:
        return subject
    of_project = [str(name) for name in frame.columns if name not in _OWN and not _OF_FORMS.fullmatch(name)]
    if subject != "subject" or not of_project:
        raise DataError(f"{file} has no column '{subject}'; its columns are {listed(frame.columns, n_shown=30)}.")
    return of_project[0]


def _texts(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Read a column as texts; empty ones if there is no such column."""
    if column not in frame.columns:
        return np.full(len(frame), "", dtype=object)
    codes, words = distinct(frame[column])
    return np.asarray(np.array([*(spelled(text_of(word)) for word in words), ""], dtype=object)[codes])


def _rows_of(name: str, source: str | list[str], event: np.ndarray, instrument: np.ndarray, file: str) -> np.ndarray:
    """Find the rows of events, or of repeating instruments; without a name, those of no repeating instrument."""
    sources = [spelled(text) for text in ([source] if isinstance(source, str) else source)]
    if sources == [""]:
        return np.asarray(instrument == "")
    known = [*_distinct(event), *_distinct(instrument)]
    unknown = [text for text in sources if text not in known]
    if unknown:
        raise DataError(
            f"{SETTINGS}, [redcap]: found {listed(unknown)} as {name}; expected events and repeating instruments of "
            f"{file}, some of {listed(known, n_shown=20)}."
        )
    of_event = np.isin(event, sources) & (instrument == "")
    return np.asarray(of_event | np.isin(instrument, sources))


def _distinct(texts: np.ndarray) -> list[str]:
    return [text for text in dict.fromkeys(texts.tolist()) if text]


def _with_checkboxes(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the words of checkboxes as 1 and 0, as in an export of codes."""
    boxes = [name for name in frame.columns if _CHECKBOX.fullmatch(name)]
    return frame.assign(**{name: recoded(frame[name], {"Checked": "1", "Unchecked": "0"}) for name in boxes})


def _own_columns(table: str, rows: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Keep the columns that the settings name, and of others those that belong to the rows: not empty in all of them."""
    named = {of: {spelled(str(name)) for name in names.values()} for of, names in settings["columns"].items()}
    wide = settings.get("assessments", {}).get("wide")
    scales = {pattern.text for pattern in patterns_of("assessments", wide).values()} if wide else set()
    if table == "assessments":
        wanted = named[table] | scales | set(COLUMNS[table]) | set(DATES[table])
        return rows[[name for name in rows.columns if name in wanted]]
    others = scales | set().union(*named.values()) if table == "subjects" else set()
    return rows[[
        name for name in rows.columns
        if name in named[table] or not (name in _OWN or _OF_FORMS.fullmatch(name) or name in others or _is_empty(rows[name]))
    ]]  # fmt: skip


def _is_empty(column: pd.Series[Any]) -> bool:
    codes, words = distinct(column)
    return not any(spelled(text_of(words[code])) for code in np.unique(codes[codes >= 0]))


def _arms(events: np.ndarray, arms: Mapping[str, str], file: str) -> list[str]:
    """Find the arm in the name of each event: ``baseline_arm_2``, or ``Baseline (Arm 2: Active)``."""
    numbers = [next(filter(None, found.groups()), "") if (found := _ARM.search(event)) else "" for event in events]
    unknown = [number for number in dict.fromkeys(numbers) if number not in arms]
    if unknown:
        raise DataError(
            f"{SETTINGS}, [redcap.arms]: found no arm {listed(unknown)} of the events of {file}; expected a name for each."
        )
    return [arms[number] for number in numbers]


def _subjects(rows: pd.DataFrame, subject: str, file: str, settings: Mapping[str, Any], notes: Notes) -> pd.DataFrame:
    """Make one row of the rows of each subject."""
    codes, found = pd.factorize(read_column(rows[subject], IDENTIFIER, notation_of(settings)).values)
    problems, taken, n_filled = [], {}, 0
    for name in rows.columns:
        at, wrong, n_empty = only_rows(rows[name], codes, len(found))
        problems += [differing_cell(file, rows[name], row, first) for row, first in wrong] if name != subject else []
        taken[name] = at
        n_filled += n_empty
    refuse(problems)
    if n_filled:
        notes.append((file, "cells of subjects that are empty in one event and filled in another: taken from there", n_filled))
    return rows_taken(rows, taken).set_axis(rows.index[taken[subject]])


def _note_unused(event: np.ndarray, instrument: np.ndarray, file: str, notes: Notes) -> None:
    named = [(f"the repeating instrument '{name}'", instrument == name) for name in _distinct(instrument)]
    named += [(f"the event '{name}'", (event == name) & (instrument == "")) for name in _distinct(event[instrument == ""])]
    notes += [(file, f"{what}, which [redcap] does not name: left out", int(rows.sum())) for what, rows in named]


def _note_forms(frame: pd.DataFrame, file: str, notes: Notes) -> None:
    for name in frame.columns:
        if _STATUS.fullmatch(name):
            codes, words = distinct(frame[name])
            open_words = [at for at, word in enumerate(words) if text_of(word).strip().lower() not in _COMPLETE]
            n = int(np.isin(codes, open_words).sum())
            if n:
                notes.append((f"{file}, {name}", "forms that are not marked as complete: read", n))
    left = [name for name in frame.columns if _OF_FORMS.fullmatch(name)]
    if left:
        notes.append((file, f"columns of REDCap's own ({listed(left, n_shown=4)}): not read", len(left)))


def _proposal(file: str, events: list[str], instruments: list[str]) -> str:
    """Write the sentence that refuses an export without settings, with those that would read it."""
    parts = [
        f"{kind} {listed(names)}" for kind, names in (("the events", events), ("the repeating instruments", instruments)) if names
    ]
    return (
        f"{file}: found a REDCap export with {' and '.join(parts)}; expected their use under [redcap] in {SETTINGS}, such as "
        f"{'; '.join(proposed(events, instruments))}."
    )


def proposed(events: Iterable[str], instruments: Iterable[str]) -> list[str]:
    """Guess the settings of an export from the names of its events and repeating instruments.

    Parameters
    ----------
    events, instruments : iterable of str
        Names in the export.

    Returns
    -------
    list of str
        Lines of ``[redcap]``.

    Examples
    --------
    >>> proposed(["baseline_arm_1", "week_4_arm_1"], ["daily_diary"])[0]
    'subjects = "baseline_arm_1"'
    """
    names = list(events)
    first = next((name for name in names if re.search(r"base|screen|enrol", name, re.IGNORECASE)), names[0] if names else "")
    lines = [f'subjects = "{first}"'] if first else []
    for instrument in instruments:
        table = next((table for table, words in _SOURCES.items() if re.search(words, instrument, re.IGNORECASE)), "")
        if table and not any(line.startswith(table) for line in lines):
            lines.append(f'{table} = "{instrument}"')
    visits = ", ".join(f'"{name}" = "{_visit(name)}"' for name in names)
    return [*lines, f"visits = {{{visits}}}"] if len(names) > 1 else lines or ['diary = "..."']


def _visit(event: str) -> str:
    name = _ARM.sub("", event).replace("_", " ").strip()
    return BASELINE if name.lower() == BASELINE else name

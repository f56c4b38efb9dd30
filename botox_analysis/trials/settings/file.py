"""`trial.toml`: what a trial's files call things, checked word by word."""

from __future__ import annotations

import codecs
import datetime
import re
import tomllib
import zoneinfo
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from botox_analysis.cells.dates import YEARS
from botox_analysis.cells.notation import ISO_DATE, Notation
from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError, listed
from botox_analysis.frames.schema import BASELINE, BETTER
from botox_analysis.names import has_control, spelled
from botox_analysis.trials.diary_rows import DIARY_SETTINGS, diary_problem
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.readers.files import SETTINGS as SETTINGS
from botox_analysis.trials.readers.files import parsing
from botox_analysis.trials.settings.kinds import (
    CODES,
    DAYS,
    TABLE,
    TRUTH,
    WHOLE,
    WORD,
    WORD_NUMBER_OR_TRUTH,
    WORD_OR_NUMBER,
    WORDS,
    check_keys,
    is_whole,
    shown,
)
from botox_analysis.trials.settings.protocol import check_protocol

NEAREST, LAST = CHOICES_IN_WINDOWS = ("nearest", "last")
"""Which of several assessments in one window counts: the one nearest to the visit's day (the later of two), or the last."""

_KEYS = {
    "name": WORD, "citation": WORD, "source": WORD, "simulated": TRUTH, "seed": WHOLE,
    "arms": WORDS, "reference": WORD, "visits": CODES, "baseline": WORD_OR_NUMBER, "unscheduled": CODES,
    "within_window": f"'{NEAREST}' or '{LAST}'", "populations": WORDS, "factors": WORDS, "missing": CODES,
    "first_day": "0 or 1, the number of the first treatment's day", "date_format": WORD,
    "date_origin": "a date, such as 1899-12-30", "time_zone": "the name of a time zone, such as Europe/Berlin",
    "separator": WORD, "decimal": "'.' or ','", "encoding": WORD,
    "columns": TABLE, "values": TABLE, "scales": TABLE, "windows": TABLE, "diary": TABLE, "protocol": TABLE,
}  # fmt: skip
_SCALE_KEYS = {"baseline": TRUTH, "better": "'lower' or 'higher'"}
_SEPARATORS = (",", ";", "\t", "|", ":", "^", "~", " ", "\x1f", "\x01")
_OF_NAMES = (
    "arms", "reference", "visits", "baseline", "unscheduled", "populations", "factors",
    "columns", "values", "scales", "windows", "protocol",
)  # fmt: skip
"""Settings that are names of the files, or have such names."""

_LONGEST = 1 << 20
"""Bytes of a trial.toml: more than that is another file."""


_IS: dict[str, Callable[[Any], bool]] = {
    _KEYS["first_day"]: lambda value: is_whole(value) and value in (0, 1),
    _KEYS["decimal"]: lambda value: value in (".", ","),
    _KEYS["within_window"]: lambda value: value in CHOICES_IN_WINDOWS,
    _KEYS["date_origin"]: lambda value: _is_origin(_as_date(value)),
    _KEYS["time_zone"]: lambda value: isinstance(value, str) and _is_time_zone(value),
    _SCALE_KEYS["better"]: lambda value: value in BETTER,
}


def _check_keys(found: Mapping[str, Any], expected: Mapping[str, str], where: str) -> None:
    check_keys(found, expected, where, _IS)


def read_settings(folder: Path) -> dict[str, Any]:
    """Read the settings of a folder.

    Parameters
    ----------
    folder : Path
        With or without a ``trial.toml``.

    Returns
    -------
    dict
        Empty where there is none.

    Raises
    ------
    DataError
        A key or strategy is not known, or its value is not what it should be.
    """
    path = folder / SETTINGS
    if not path.is_file():
        return {}
    with parsing(SETTINGS, "TOML in UTF-8"):
        content = path.read_bytes()
        if len(content) > _LONGEST:
            raise DataError(f"{SETTINGS}: found {len(content):,} bytes; expected settings, at most {_LONGEST:,}.")
        settings = tomllib.loads(content.decode("utf-8-sig"))
    return check_settings(settings)


def check_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse settings that are not known, or not what they should be.

    Parameters
    ----------
    settings : mapping
        As ``trial.toml`` has them.

    Returns
    -------
    dict
        The same settings; names in their canonical spelling, as those of the files.

    Raises
    ------
    DataError
        Names the key, what was found and what was expected.
    """
    settings = {key: _spelled(value) if key in _OF_NAMES else value for key, value in settings.items()}
    _check_keys(settings, _KEYS, SETTINGS)
    check_protocol(settings.get("protocol", {}), SETTINGS)
    diary = settings.get("diary", {})
    _check_keys(diary, dict.fromkeys(DIARY_SETTINGS, WORD), f"{SETTINGS}, [diary]")
    wrong = diary_problem(diary)
    if wrong:
        raise DataError(f"{SETTINGS}, [diary]: {wrong}")
    for key in ("columns", "values"):
        _check_keys(settings.get(key, {}), dict.fromkeys(TABLES, TABLE), f"{SETTINGS}, [{key}]")
    for table, names in settings.get("columns", {}).items():
        _check_keys(names, dict.fromkeys(names, WORD), f"{SETTINGS}, [columns.{table}]")
        odd = [name for name in names if not name or has_control(name)]
        if odd:
            raise DataError(f"{SETTINGS}, [columns.{table}]: found the name {listed(map(repr, odd))}; expected names of columns.")
    for table, columns in settings.get("values", {}).items():
        _check_keys(columns, dict.fromkeys(columns, TABLE), f"{SETTINGS}, [values.{table}]")
        for column, words in columns.items():
            _check_keys(words, dict.fromkeys(words, WORD_NUMBER_OR_TRUTH), f"{SETTINGS}, [values.{table}.{column}]")
    for scale, said in settings.get("scales", {}).items():
        _check_keys({scale: said}, {scale: TABLE}, f"{SETTINGS}, [scales]")
        _check_keys(said, _SCALE_KEYS, f'{SETTINGS}, [scales."{scale}"]')
    _check_windows(settings.get("windows", {}))
    for key in ("arms", "visits", "populations", "factors", "unscheduled"):
        names = [text_of(name) for name in settings.get(key, ())]
        if len(set(names)) < len(names):
            raise DataError(f"{SETTINGS}: found a name twice in {key} = {settings[key]!r}; expected each once.")
    _check_encoding(settings.get("encoding", "utf-8"))
    _check_date_format(settings.get("date_format", ISO_DATE))
    separator = settings.get("separator", ",")
    if separator not in _SEPARATORS:
        raise DataError(f"{SETTINGS}: found separator = {separator!r}; expected one of {listed(map(repr, _SEPARATORS[:8]))}.")
    return dict(settings)


def _spelled(value: Any, depth: int = 4) -> Any:
    """Names, and what is named, spelled as the names of the files are; what is deeper than any setting stays."""
    if isinstance(value, str):
        return spelled(value)
    if isinstance(value, list):
        return [spelled(item) if isinstance(item, str) else item for item in value]
    if not isinstance(value, dict) or not depth:
        return value
    keys = [spelled(key) if isinstance(key, str) else key for key in value]
    if len(set(keys)) < len(keys):
        raise DataError(f"{SETTINGS}: found a name twice among {listed(value)}; expected each once.")
    return {key: _spelled(item, depth - 1) for key, item in zip(keys, value.values(), strict=True)}


def _check_windows(windows: Mapping[str, Any]) -> None:
    _check_keys(windows, dict.fromkeys(windows, DAYS), f"{SETTINGS}, [windows]")
    in_time = sorted(windows.items(), key=lambda window: window[1])
    for (first, (_, end)), (second, (start, _)) in pairwise(in_time):
        if start <= end:
            raise DataError(
                f"{SETTINGS}, [windows]: found day {start} in '{first}' and in '{second}'; expected windows that do not overlap."
            )


def _check_encoding(encoding: str) -> None:
    """An encoding of texts in which letters, digits and signs come back as they were."""
    sample = "subject,arm;1.5\n"
    unfit = DataError(f"{SETTINGS}: found encoding = {encoding!r}; expected one of texts, such as utf-8, latin-1 or cp1252.")
    try:
        known = codecs.lookup(encoding).name.replace("-", "_")
        kept = sample.encode(encoding).decode(encoding) == sample
    except (LookupError, ValueError) as error:
        raise unfit from error
    if not kept or known in ("punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"):
        raise unfit


def _check_date_format(date_format: str) -> None:
    """A format in which a day is written whole, and its zone (if it has one) as an offset: names of zones are not read."""
    for day in (datetime.datetime(2001, 2, 3), datetime.datetime(1999, 12, 31), datetime.datetime(2000, 2, 29)):
        try:
            written = day.replace(tzinfo=datetime.UTC).strftime(date_format)
            kept = datetime.datetime.strptime(written, date_format).date() == day.date()
        except (ValueError, OverflowError, re.error):
            kept = False
        if not kept or "%Z" in date_format.replace("%%", ""):
            raise DataError(
                f"{SETTINGS}: found date_format = {shown(date_format)}; "
                "expected year, month and day, such as %Y-%m-%d or %d.%m.%Y, and an offset, if any, as %z."
            )


def _as_date(value: object) -> datetime.date | None:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_origin(day: datetime.date | None) -> bool:
    """A day since which programs count: none does since before the calendar, or since a day that no trial has."""
    return day is not None and 1582 <= day.year <= YEARS[1]


def _is_time_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def notation_of(settings: Mapping[str, Any]) -> Notation:
    """Tell how the files write numbers, dates and what is missing.

    Parameters
    ----------
    settings : mapping
        Of ``trial.toml``.

    Returns
    -------
    Notation
        With defaults where the settings have no line.
    """
    return Notation(
        decimal=settings.get("decimal", "."),
        missing=tuple(text_of(code) for code in settings.get("missing", ())),
        date_format=settings.get("date_format", ISO_DATE),
        date_origin=_as_date(settings.get("date_origin")),
        time_zone=settings.get("time_zone", ""),
    )


def arms_of(settings: Mapping[str, Any]) -> list[str] | None:
    """List the arms, reference first.

    Parameters
    ----------
    settings : mapping
        Of ``trial.toml``.

    Returns
    -------
    list of str or None
        None where the settings name none.

    Raises
    ------
    DataError
        The reference is not among them.
    """
    arms, reference = settings.get("arms"), settings.get("reference")
    if reference is None or arms is None:
        return arms
    if reference not in arms:
        raise DataError(f"{SETTINGS}: found reference = '{reference}'; expected one of the arms {listed(arms)}.")
    return [reference, *(arm for arm in arms if arm != reference)]


def visits_of(settings: Mapping[str, Any]) -> list[str] | None:
    """List the visits in the order of the settings.

    Parameters
    ----------
    settings : mapping
        Of ``trial.toml``.

    Returns
    -------
    list of str or None
        With `BASELINE` under that name; None where the settings name none.
    """
    visits = settings.get("visits")
    if visits is None:
        return None
    first = text_of(settings.get("baseline", BASELINE))
    named = [BASELINE if text_of(visit) == first or text_of(visit).lower() == BASELINE else text_of(visit) for visit in visits]
    return named if BASELINE in named else [BASELINE, *named]

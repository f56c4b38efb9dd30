"""`trial.toml`: the names and codes of a trial's files, with a check of every key and value."""

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
from botox_analysis.cells.names import has_control, spelled
from botox_analysis.cells.notation import ISO_DATE, Notation
from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError, listed
from botox_analysis.frames.schema import BASELINE, BETTER
from botox_analysis.trials.attacks.settings import attack_problem
from botox_analysis.trials.diary_rows import DIARY_SETTINGS, diary_problem
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.overview import is_of_reading
from botox_analysis.trials.readers.files import SETTINGS as SETTINGS
from botox_analysis.trials.readers.files import parsing, require_file
from botox_analysis.trials.readers.formats import FORMATS
from botox_analysis.trials.settings.cdisc import check_cdisc
from botox_analysis.trials.settings.declared import check_declared
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
from botox_analysis.trials.settings.shapes import SHAPE_KEYS, check_shapes

NEAREST, LAST = CHOICES_IN_WINDOWS = ("nearest", "last")
"""Choices among several assessments in one window: the one nearest to the day of the visit (the later of two), or the last."""

_KEYS = {
    "name": WORD, "citation": WORD, "source": WORD, "simulated": TRUTH, "seed": WHOLE,
    "arms": WORDS, "reference": WORD, "visits": CODES, "baseline": WORD_OR_NUMBER, "unscheduled": CODES,
    "within_window": f"'{NEAREST}' or '{LAST}'", "populations": WORDS, "factors": WORDS, "missing": CODES,
    "first_day": "0 or 1, the number of the first treatment's day", "date_format": WORD,
    "date_origin": "a date, such as 1899-12-30", "time_zone": "the name of a time zone, such as Europe/Berlin",
    "format": f"one of {listed(FORMATS, n_shown=30)}", "separator": WORD, "decimal": "'.' or ','", "encoding": WORD,
    "columns": TABLE, "values": TABLE, "scales": TABLE, "windows": TABLE, "diary": TABLE, "attacks": TABLE,
    "protocol": TABLE, "population": WORD, "kinds": TABLE, "levels": TABLE, "provenance": TABLE,
    **SHAPE_KEYS, "adam": TABLE, "sdtm": TABLE,
}  # fmt: skip
_SCALE_KEYS = {
    "baseline": TRUTH, "better": "'lower' or 'higher'",
    **dict.fromkeys(("per_days", "minimum_days"), "a number of days from 1 to 366"),
}  # fmt: skip
_SEPARATORS = (",", ";", "\t", "|", ":", "^", "~", " ", "\x1f", "\x01")
_OF_NAMES = (
    "arms", "reference", "visits", "baseline", "unscheduled", "populations", "factors",
    "columns", "values", "scales", "windows", "protocol", "population", "kinds", "levels",
    "assessments", "questions", "redcap",
)  # fmt: skip
"""Settings that are, or contain, names used in the files."""

_LONGEST = 1 << 20
"""Largest size of a trial.toml, in bytes."""


_IS: dict[str, Callable[[Any], bool]] = {
    _KEYS["first_day"]: lambda value: is_whole(value) and value in (0, 1),
    _KEYS["format"]: lambda value: value in FORMATS,
    _KEYS["decimal"]: lambda value: value in (".", ","),
    _KEYS["within_window"]: lambda value: value in CHOICES_IN_WINDOWS,
    _KEYS["date_origin"]: lambda value: _is_origin(_as_date(value)),
    _KEYS["time_zone"]: lambda value: isinstance(value, str) and _is_time_zone(value),
    _SCALE_KEYS["better"]: lambda value: value in BETTER,
    _SCALE_KEYS["per_days"]: lambda value: is_whole(value) and 1 <= value <= 366,
}


def _check_keys(found: Mapping[str, Any], expected: Mapping[str, str], where: str) -> None:
    check_keys(found, expected, where, _IS)


def read_settings(folder: Path) -> dict[str, Any]:
    """Read the settings of a folder.

    Parameters
    ----------
    folder : Path
        Folder of the trial.

    Returns
    -------
    dict
        Settings of its ``trial.toml``; empty if there is no such file.

    Raises
    ------
    DataError
        A key or strategy is unknown, or a value is of the wrong kind.
    """
    path = folder / SETTINGS
    if not (path.exists() or path.is_symlink()):
        return {}
    require_file(path)
    with parsing(SETTINGS, "TOML in UTF-8"):
        content = path.read_bytes()
        if len(content) > _LONGEST:
            raise DataError(f"{SETTINGS}: found {len(content):,} bytes; expected settings, at most {_LONGEST:,}.")
        settings = tomllib.loads(content.decode("utf-8-sig"))
    return check_settings(settings)


def check_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Raise an error for an unknown setting, or a value of the wrong kind.

    Parameters
    ----------
    settings : mapping
        Settings in the words of ``trial.toml``.

    Returns
    -------
    dict
        The same settings, with names in canonical spelling.

    Raises
    ------
    DataError
        A setting is unknown, or its value is of the wrong kind. The message names the key, the value and the kind expected.
    """
    settings = {key: _spelled(value) if key in _OF_NAMES else value for key, value in settings.items()}
    _check_keys(settings, _KEYS, SETTINGS)
    check_protocol(settings.get("protocol", {}), SETTINGS)
    check_declared(settings, SETTINGS)
    origin = settings.get("provenance", {})
    _check_keys(origin, {key: WORD for key in origin if not is_of_reading(key)}, f"{SETTINGS}, [provenance]")
    check_shapes(settings, SETTINGS)
    check_cdisc(settings, SETTINGS)
    diary = {key: word for key, word in settings.get("diary", {}).items() if key != "wide"}
    _check_keys(diary, dict.fromkeys(DIARY_SETTINGS, WORD), f"{SETTINGS}, [diary]")
    wrong = diary_problem(diary)
    if wrong:
        raise DataError(f"{SETTINGS}, [diary]: {wrong}")
    wrong = attack_problem(settings.get("attacks", {}))
    if wrong:
        raise DataError(f"{SETTINGS}, [attacks]: {wrong}")
    _check_names_and_words(settings)
    for scale, keys in settings.get("scales", {}).items():
        _check_keys({scale: keys}, {scale: TABLE}, f"{SETTINGS}, [scales]")
        _check_keys(keys, _SCALE_KEYS, f'{SETTINGS}, [scales."{scale}"]')
    _check_windows(settings.get("windows", {}))
    for key in ("arms", "visits", "populations", "factors", "unscheduled"):
        names = [text_of(name) for name in settings.get(key, ())]
        if len(set(names)) < len(names):
            raise DataError(f"{SETTINGS}: found a name twice in {key} = {settings[key]!r}; expected each name once.")
    _check_encoding(settings.get("encoding", "utf-8"))
    _check_date_format(settings.get("date_format", ISO_DATE))
    separator = settings.get("separator", ",")
    if separator not in _SEPARATORS:
        raise DataError(f"{SETTINGS}: found separator = {separator!r}; expected one of {', '.join(map(repr, _SEPARATORS[:8]))}.")
    return dict(settings)


def _check_names_and_words(settings: Mapping[str, Any]) -> None:
    """Check the names of columns and the words for values that the files use."""
    for key in ("columns", "values"):
        _check_keys(settings.get(key, {}), dict.fromkeys(TABLES, TABLE), f"{SETTINGS}, [{key}]")
    for table, names in settings.get("columns", {}).items():
        _check_keys(names, dict.fromkeys(names, WORD), f"{SETTINGS}, [columns.{table}]")
        odd = [name for name in names if not name or has_control(name)]
        if odd:
            raise DataError(
                f"{SETTINGS}, [columns.{table}]: found the name {', '.join(map(repr, odd))}; expected names of columns."
            )
    for table, columns in settings.get("values", {}).items():
        _check_keys(columns, dict.fromkeys(columns, TABLE), f"{SETTINGS}, [values.{table}]")
        for column, words in columns.items():
            _check_keys(words, dict.fromkeys(words, WORD_NUMBER_OR_TRUTH), f"{SETTINGS}, [values.{table}.{column}]")


def _spelled(value: Any, depth: int = 4) -> Any:
    """Spell the names in a value canonically, down to the depth of the deepest setting."""
    if isinstance(value, str):
        return spelled(value)
    if isinstance(value, list):
        return [spelled(item) if isinstance(item, str) else item for item in value]
    if not isinstance(value, dict) or not depth:
        return value
    keys = [spelled(key) if isinstance(key, str) else key for key in value]
    if len(set(keys)) < len(keys):
        raise DataError(f"{SETTINGS}: found a name twice among {listed(value)}; expected each name once.")
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
    """Raise an error for an encoding that is unknown, or that does not keep letters, digits and signs."""
    sample = "subject,arm;1.5\n"
    unfit = DataError(
        f"{SETTINGS}: found encoding = {encoding!r}; expected an encoding of text, such as utf-8, latin-1 or cp1252."
    )
    try:
        known = codecs.lookup(encoding).name.replace("-", "_")
        kept = sample.encode(encoding).decode(encoding) == sample
    except (LookupError, ValueError) as error:
        raise unfit from error
    if not kept or known in ("punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"):
        raise unfit


def _check_date_format(date_format: str) -> None:
    """Raise an error for a format without year, month and day, or with the name of a time zone, which cannot be parsed."""
    for year, month, day in ((2001, 2, 3), (1999, 12, 31), (2000, 2, 29)):
        moment = datetime.datetime(year, month, day, tzinfo=datetime.UTC)
        try:
            read = datetime.datetime.strptime(moment.strftime(date_format), date_format)  # noqa: DTZ007 - only its day is used
            kept = read.date() == moment.date()
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
    """Check whether a day can be the origin of counted dates: after the calendar reform of 1582, and not after the last year."""
    return day is not None and 1582 <= day.year <= YEARS[1]


def _is_time_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def notation_of(settings: Mapping[str, Any]) -> Notation:
    """Read the notation of numbers, dates and missing values from the settings.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    Notation
        Notation of the files; a key that is left out has its default.
    """
    return Notation(
        decimal=settings.get("decimal", "."),
        missing=tuple(text_of(code) for code in settings.get("missing", ())),
        date_format=settings.get("date_format", ISO_DATE),
        date_origin=_as_date(settings.get("date_origin")),
        time_zone=settings.get("time_zone", ""),
    )


def arms_of(settings: Mapping[str, Any]) -> list[str] | None:
    """List the arms of the settings, reference first.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    list of str or None
        Names of the arms; None if the settings have no ``arms``.

    Raises
    ------
    DataError
        The reference is not among the arms.
    """
    arms, reference = settings.get("arms"), settings.get("reference")
    if not reference or arms is None:
        return arms
    if reference not in arms:
        raise DataError(f"{SETTINGS}: found reference = '{reference}'; expected one of the arms {listed(arms)}.")
    return [reference, *(arm for arm in arms if arm != reference)]


def visits_of(settings: Mapping[str, Any]) -> list[str] | None:
    """List the visits in the order of the settings.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    list of str or None
        Names of the visits, the baseline as `BASELINE`; None if the settings have no ``visits``.
    """
    visits = settings.get("visits")
    if visits is None:
        return None
    first = text_of(settings.get("baseline", BASELINE))
    return [BASELINE if text_of(visit) == first or text_of(visit).lower() == BASELINE else text_of(visit) for visit in visits]

"""`trial.toml`: what a trial's files call things, checked word by word."""

from __future__ import annotations

import codecs
import datetime
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botox_analysis.refusal import DataError, listed
from botox_analysis.schema import BASELINE
from botox_analysis.trials.diary_rows import DIARY_SETTINGS, diary_problem
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.strategies import strategy_problem
from botox_analysis.trials.trial import Protocol

SETTINGS = "trial.toml"
_WORD, _WORDS, _CODES = "a text", "a list of texts", "a list of texts or numbers"
_KEYS = {
    "name": _WORD, "citation": _WORD, "source": _WORD, "simulated": "true or false", "seed": "a whole number",
    "arms": _WORDS, "reference": _WORD, "visits": _CODES, "baseline": "a text or a number", "populations": _WORDS,
    "factors": _WORDS, "missing": _CODES, "first_day": "a whole number", "date_format": _WORD, "separator": _WORD,
    "decimal": _WORD, "encoding": _WORD, "columns": "a table", "values": "a table", "protocol": "a table",
    "diary": "a table",
}  # fmt: skip
_PROTOCOL_KEYS = {
    "endpoint": _WORD, "visit": _WORD, "covariates": _WORDS, "efficacy_population": _WORD, "safety_population": _WORD,
    "analysis": _WORD, "handling": _WORD, "reduction": "a number", "points": "a number", "diary_rule": _WORD,
    "intercurrent": "a table", "unknown_severity": _WORD, "baseline_minimum_days": "a whole number",
}  # fmt: skip


def _is_list(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, list) and all(isinstance(item, kinds) and not isinstance(item, bool) for item in value)


_IS = {
    _WORD: lambda value: isinstance(value, str),
    _WORDS: lambda value: _is_list(value, (str,)),
    _CODES: lambda value: _is_list(value, (str, int, float)),
    "a text or a number": lambda value: isinstance(value, str | int | float) and not isinstance(value, bool),
    "true or false": lambda value: isinstance(value, bool),
    "a whole number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "a number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "a table": lambda value: isinstance(value, dict),
}


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings of a folder.

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
    if path.is_dir():
        raise DataError(f"{SETTINGS}: found a folder of this name; expected a file.")
    if not path.is_file():
        return {}
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{SETTINGS}: found something that is not TOML in UTF-8 ({error}).") from error
    _check_keys(settings, _KEYS, SETTINGS)
    _check_keys(settings.get("protocol", {}), _PROTOCOL_KEYS, f"{SETTINGS}, [protocol]")
    diary = settings.get("diary", {})
    _check_keys(diary, dict.fromkeys(DIARY_SETTINGS, _WORD), f"{SETTINGS}, [diary]")
    wrong = diary_problem(diary)
    if wrong:
        raise DataError(f"{SETTINGS}, [diary]: {wrong}")
    strategies = settings.get("protocol", {}).get("intercurrent", {})
    _check_keys(strategies, dict.fromkeys(strategies, _WORD), f"{SETTINGS}, [protocol.intercurrent]")
    wrong = strategy_problem(strategies)
    if wrong:
        raise DataError(f"{SETTINGS}, [protocol.intercurrent]: {wrong}")
    for key in ("columns", "values"):
        _check_keys(settings.get(key, {}), dict.fromkeys(TABLES, "a table"), f"{SETTINGS}, [{key}]")
    for table, names in settings.get("columns", {}).items():
        _check_keys(names, dict.fromkeys(names, _WORD), f"{SETTINGS}, [columns.{table}]")
    for table, columns in settings.get("values", {}).items():
        _check_keys(columns, dict.fromkeys(columns, "a table"), f"{SETTINGS}, [values.{table}]")
    try:
        codecs.lookup(settings.get("encoding", "utf-8"))
    except LookupError as error:
        raise DataError(
            f"{SETTINGS}: found encoding = {settings['encoding']!r}; expected one Python knows, such as latin-1."
        ) from error
    for key in ("arms", "visits", "populations", "factors"):
        names = [str(name) for name in settings.get(key, ())]
        if len(set(names)) < len(names):
            raise DataError(f"{SETTINGS}: found a name twice in {key} = {settings[key]!r}; expected each once.")
    _check_date_format(settings.get("date_format", "%Y"))
    for key in ("separator", "decimal"):
        if len(settings.get(key, ".")) != 1:
            raise DataError(f"{SETTINGS}: found {key} = {settings[key]!r}; expected one character.")
    return settings


def _check_date_format(date_format: str) -> None:
    day = datetime.datetime(2001, 2, 3, tzinfo=datetime.UTC)
    try:
        datetime.datetime.strptime(day.strftime(date_format), date_format)
    except ValueError as error:
        raise DataError(f"{SETTINGS}: found date_format = {date_format!r}; expected something like %Y-%m-%d.") from error


def _check_keys(found: Mapping[str, Any], expected: Mapping[str, str], where: str) -> None:
    unknown = [key for key in found if key not in expected]
    if unknown:
        raise DataError(f"{where}: found the key {listed(unknown)}; expected some of {listed(expected, n_shown=30)}.")
    for key, value in found.items():
        if not _IS[expected[key]](value):
            raise DataError(f"{where}: found {key} = {value!r}; expected {expected[key]}.")


def arms_of(settings: Mapping[str, Any]) -> list[str] | None:
    """The arms, reference first.

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
    arms = settings.get("arms")
    reference = settings.get("reference")
    if reference is None or arms is None:
        if reference is not None:
            raise DataError(f"{SETTINGS}: found reference = '{reference}' without arms; expected arms = [...] beside it.")
        return arms
    if reference not in arms:
        raise DataError(f"{SETTINGS}: found reference = '{reference}'; expected one of the arms {listed(arms)}.")
    return [reference, *(arm for arm in arms if arm != reference)]


def visits_of(settings: Mapping[str, Any]) -> list[str] | None:
    """The visits, baseline first.

    Parameters
    ----------
    settings : mapping
        Of ``trial.toml``.

    Returns
    -------
    list of str or None
        None where the settings name none.
    """
    visits = settings.get("visits")
    if visits is None:
        return None
    first = str(settings.get("baseline", BASELINE))
    named = [BASELINE if str(visit) == first or str(visit).lower() == BASELINE else str(visit) for visit in visits]
    return named if BASELINE in named else [BASELINE, *named]


def protocol_of(settings: Mapping[str, Any]) -> Protocol:
    """What was planned.

    Parameters
    ----------
    settings : mapping
        Of ``trial.toml``.

    Returns
    -------
    Protocol
        With defaults where the settings say nothing.

    Raises
    ------
    DataError
        The reduction is no share.
    """
    planned = dict(settings.get("protocol", {}))
    if not 0 <= planned.get("reduction", 0.5) <= 1:
        raise DataError(
            f"{SETTINGS}, [protocol]: found reduction = {planned['reduction']}; expected a share from 0 to 1, such as 0.5."
        )
    planned["covariates"] = tuple(planned.get("covariates", ()))
    return Protocol(**planned)

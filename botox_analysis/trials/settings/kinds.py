"""Kinds of values in the settings: the words for each kind in messages, and its check."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from botox_analysis.errors import DataError, listed

WORD, WORDS, CODES = "a text", "a list of texts", "a list of texts or numbers"
TRUTH, WHOLE, NUMBER, TABLE = "true or false", "a whole number", "a finite number", "a table"
NUMBERS, ROWS = "a list of numbers", "a list of lists of numbers"
WORD_OR_NUMBER, WORD_NUMBER_OR_TRUTH = "a text or a number", "a text, a number, true or false"
WORD_OR_WORDS = "a text or a list of texts"
DAYS = "two whole days, the first and the last"


def _is_list(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, list) and all(isinstance(item, kinds) and not isinstance(item, bool) for item in value)


def is_finite(value: object) -> bool:
    """Check whether a value is a finite number.

    Parameters
    ----------
    value : object
        Value of a setting.

    Returns
    -------
    bool
        True for a finite number; False for a truth value.
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object) -> bool:
    """Check whether a value is a whole number.

    Parameters
    ----------
    value : object
        Value of a setting.

    Returns
    -------
    bool
        True for a whole number; False for a truth value.
    """
    return isinstance(value, int) and not isinstance(value, bool)


IS: dict[str, Callable[[Any], bool]] = {
    WORD: lambda value: isinstance(value, str),
    WORDS: lambda value: _is_list(value, (str,)),
    CODES: lambda value: _is_list(value, (str, int, float)),
    WORD_OR_WORDS: lambda value: isinstance(value, str) or _is_list(value, (str,)),
    WORD_OR_NUMBER: lambda value: isinstance(value, str) or is_finite(value),
    WORD_NUMBER_OR_TRUTH: lambda value: isinstance(value, str | bool) or is_finite(value),
    TRUTH: lambda value: isinstance(value, bool),
    WHOLE: is_whole,
    NUMBER: is_finite,
    NUMBERS: lambda value: isinstance(value, list) and all(map(is_finite, value)),
    ROWS: lambda value: isinstance(value, list) and all(map(IS[NUMBERS], value)),
    TABLE: lambda value: isinstance(value, dict),
    DAYS: lambda value: isinstance(value, list) and len(value) == 2 and all(map(is_whole, value)) and value[0] <= value[1],
}
"""Words of a message -> the check of a value."""


def check_keys(
    found: Mapping[str, Any], expected: Mapping[str, str], where: str, also: Mapping[str, Callable[[Any], bool]] | None = None
) -> None:
    """Raise an error for an unknown key, or a value of the wrong kind.

    Parameters
    ----------
    found : mapping
        Settings to check.
    expected : mapping of str to str
        Key -> the kind of its value, in the words of `IS` or of `also`.
    where : str
        Place of the settings, for messages.
    also : mapping of str to callable, optional
        Words of further kinds -> their checks.

    Raises
    ------
    DataError
        A key is unknown, or its value is of the wrong kind. The message names the key, the value and the kind expected.
    """
    checks = IS | dict(also or {})
    unknown = [key for key in found if key not in expected]
    if unknown:
        raise DataError(f"{where}: found the key {listed(unknown)}; expected some of {listed(expected, n_shown=40)}.")
    for key, value in found.items():
        if not checks[expected[key]](value):
            raise DataError(f"{where}: found {key} = {shown(value)}; expected {expected[key]}.")


def shown(value: object) -> str:
    """Write the value of a setting for a message.

    Parameters
    ----------
    value : object
        Value of any size.

    Returns
    -------
    str
        Text of at most 80 characters.
    """
    brief = reprlib.Repr()
    brief.maxlevel, brief.maxlist, brief.maxdict, brief.maxstring, brief.maxlong = 4, 40, 40, 120, 120
    text = brief.repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

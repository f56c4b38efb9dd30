"""Patterns of wide tables in the settings: the columns of a file that are days, visits or months."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botox_analysis.errors import DataError, listed

DAY, DATE, VISIT, WEEK, MONTH = KEYS = ("day", "date", "visit", "week", "month")
"""Words that a pattern may have in braces."""

KEYS_OF = {"diary": (DAY, DATE), "assessments": (VISIT, WEEK, MONTH, DAY)}
"""Table -> words in braces that its patterns may have."""

WIDE = tuple(KEYS_OF)
"""Tables that may be wide."""

HEADACHE, HEADACHE_DAYS = "headache", "headache days"
"""Column of a diary, and scale of assessments, that a pattern without a name fills."""

_BRACES = re.compile(r"\{([^{}]*)\}")
_FOUND = {DAY: r"([+-]?\d{1,9})", WEEK: r"([+-]?\d{1,9})", MONTH: r"([+-]?\d{1,9})", DATE: r"(.+)", VISIT: r"(.+)"}


@dataclass(frozen=True)
class Pattern:
    """Pattern of the names of columns.

    Attributes
    ----------
    text : str
        The pattern as written, such as ``"d{day}"``.
    key : str
        Word in braces, one of `KEYS`; empty for the name of a single column.
    """

    text: str
    key: str

    def find(self, name: str) -> str | None:
        """Find the part of a name in the place of the braces.

        Parameters
        ----------
        name : str
            Name of a column.

        Returns
        -------
        str or None
            The part; None if the name does not follow the pattern.

        Examples
        --------
        >>> Pattern("d{day}", "day").find("d017")
        '017'
        """
        if not self.key:
            return "" if name == self.text else None
        before, after = self.text.split("{" + self.key + "}")
        found = re.fullmatch(f"{re.escape(before)}{_FOUND[self.key]}{re.escape(after)}", name)
        return found[1] if found else None


def patterns_of(table: str, wide: str | Mapping[str, str]) -> dict[str, Pattern]:
    """Read the patterns of a table.

    Parameters
    ----------
    table : str
        ``"diary"`` or ``"assessments"``.
    wide : str or mapping of str to str
        The setting ``wide``.

    Returns
    -------
    dict of str to Pattern
        Column of the diary, or scale of the assessments, -> pattern of its columns.

    Examples
    --------
    >>> patterns_of("assessments", "HIT6_{visit}")
    {'HIT6': Pattern(text='HIT6_{visit}', key='visit')}
    """
    named = {_filled(table, wide): wide} if isinstance(wide, str) else wide
    return {name: Pattern(text, "".join(_BRACES.findall(text))) for name, text in named.items()}


def _filled(table: str, pattern: str) -> str:
    if table == "diary":
        return HEADACHE
    if "{" + MONTH + "}" in pattern:
        return HEADACHE_DAYS
    return _BRACES.sub("", pattern).strip(" _-.:") or pattern


def check_wide(table: str, wide: Any, where: str) -> None:
    """Raise an error for a pattern that cannot be read.

    Parameters
    ----------
    table : str
        ``"diary"`` or ``"assessments"``.
    wide : object
        The setting ``wide``.
    where : str
        Place of the setting in messages.

    Raises
    ------
    DataError
        The setting is neither a text nor a table of texts, or a pattern has not exactly one known word in braces.
    """
    named = {"": wide} if isinstance(wide, str) else wide
    example = 'wide = "d{day}"' if table == "diary" else 'wide = {"HIT-6" = "HIT6_{visit}"}'
    if not isinstance(named, dict) or not named or not all(isinstance(text, str) for text in named.values()):
        raise DataError(f"{where}: found wide = {wide!r}; expected a pattern or a table of patterns, such as {example}.")
    for name, text in named.items():
        keys = _BRACES.findall(text)
        single = not keys and table == "assessments" and name and text
        if not single and (len(keys) != 1 or keys[0] not in KEYS_OF[table]):
            allowed = listed("{" + key + "}" for key in KEYS_OF[table])
            raise DataError(f"{where}: found wide = {text!r}; expected one of {allowed} in each pattern, such as {example}.")
    if table == "diary" and len({key for text in named.values() for key in _BRACES.findall(text)}) > 1:
        raise DataError(f"{where}: found patterns with {{day}} and with {{date}}; expected one of them.")

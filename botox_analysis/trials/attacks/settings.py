"""Settings of attacks: the rules by which days are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.layout import MOST_DAYS

EACH_DAY, FIRST_DAY = DAY_RULES = ("each calendar day", "first day")
"""Rules for the days of an attack: each calendar day that it touches, or the day of its start. By the second rule joined attacks
count on their first day with all their hours, at most 24."""

IN_DIARY = "in the diary"
"""Word in place of a rule: the diary has the days of the attacks already."""

REFUSED, UNTIL_NEXT = OPEN_RULES = ("refused", "until the next diary entry")
"""Rules for an attack without an end. By the second it lasts to the midnight before the next day with a row in the diary, or to
the next attack in a trial without a diary; without either it ends with its first day."""

ATTACK_SETTINGS = {"days": (*DAY_RULES, IN_DIARY), "open": OPEN_RULES}
"""Keys of ``[attacks]`` in ``trial.toml`` that take words."""

RECORDED_FROM = "recorded_from"
"""Key of ``[attacks]``: the study day from which attacks were recorded, in a trial without a diary."""


def are_in_diary(settings: Mapping[str, Any], diary: object, file: str) -> bool:
    """Check whether the diary has the days of the attacks already.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``.
    diary : DataFrame or None
        The diary.
    file : str
        Name of the attacks in messages.

    Returns
    -------
    bool
        True if the settings state it.

    Raises
    ------
    DataError
        The settings state it, and there is no diary.
    """
    stated = bool(settings.get("attacks", {}).get("days") == IN_DIARY)
    if stated and diary is None:
        raise DataError(f"{file}: found days = '{IN_DIARY}' under [attacks], and no diary; expected a diary, or another rule.")
    return stated


def attack_problem(settings: Mapping[str, Any]) -> str:
    """Describe the first fault in the settings of attacks.

    Parameters
    ----------
    settings : mapping
        The table ``[attacks]`` of ``trial.toml``.

    Returns
    -------
    str
        End of a sentence about the first unknown key or value; empty if all are known.
    """
    for key, value in settings.items():
        if key == RECORDED_FROM:
            if isinstance(value, bool) or not isinstance(value, int) or value == 0 or abs(value) > MOST_DAYS:
                return f"found {key} = {value!r}; expected a study day, such as -28, and no day 0."
        elif key not in ATTACK_SETTINGS:
            return f"found the key '{key}'; expected some of {listed([*ATTACK_SETTINGS, RECORDED_FROM])}."
        elif not isinstance(value, str) or value not in ATTACK_SETTINGS[key]:
            return f"found {key} = {value!r}; expected one of {listed(ATTACK_SETTINGS[key])}."
    return ""

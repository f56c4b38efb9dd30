"""Settings of attacks: the rules by which days are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botox_analysis.errors import listed
from botox_analysis.trials.layout import MOST_DAYS

EACH_DAY, FIRST_DAY = DAY_RULES = ("each calendar day", "first day")
"""Rules for the days of an attack: each calendar day that it touches, or the day of its start. By the second rule joined attacks
count on their first day with all their hours, at most 24."""

REFUSED, UNTIL_NEXT = OPEN_RULES = ("refused", "until the next diary entry")
"""Rules for an attack without an end. By the second it lasts to the midnight before the next day with a row in the diary, or to
the next attack in a trial without a diary; without either it ends with its first day."""

ATTACK_SETTINGS = {"days": DAY_RULES, "open": OPEN_RULES}
"""Keys of ``[attacks]`` in ``trial.toml`` that take words."""

RECORDED_FROM = "recorded_from"
"""Key of ``[attacks]``: the study day from which attacks were recorded, in a trial without a diary."""


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

"""Settings of data sets of CDISC: the tables ``[adam]`` and ``[sdtm]`` of ``trial.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botox_analysis.errors import DataError
from botox_analysis.trials.settings.kinds import WORDS, check_keys

LEAVE_OUT, KEEP = DERIVED = ("leave out", "keep")
"""Rules for derived records of a data set, such as those of the last observation carried forward."""

AS_MISSING, FIRST_POSSIBLE, LAST_POSSIBLE = PARTIAL_DATES = ("missing", "first possible day", "last possible day")
"""Rules for dates without a day or month, such as 2013-05."""

_DERIVED = " or ".join(f"'{rule}'" for rule in DERIVED)
_PARTIAL = f"'{AS_MISSING}', '{FIRST_POSSIBLE}' or '{LAST_POSSIBLE}'"
_KEYS = {
    "adam": {"datasets": WORDS, "parameters": WORDS, "derived": _DERIVED, "partial_dates": _PARTIAL},
    "sdtm": {"partial_dates": _PARTIAL, "tests": WORDS},
}
_IS = {_DERIVED: lambda value: value in DERIVED, _PARTIAL: lambda value: value in PARTIAL_DATES}


def check_cdisc(settings: Mapping[str, Any], where: str) -> None:
    """Raise an error for an unknown key of ``[adam]`` or ``[sdtm]``, or a value of the wrong kind.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``.
    where : str
        Place of the settings, for messages.

    Raises
    ------
    DataError
        A key is unknown, a value is of the wrong kind, or a list is empty or has a name twice.
    """
    for table, keys in _KEYS.items():
        found = settings.get(table, {})
        check_keys(found, keys, f"{where}, [{table}]", _IS)
        for key in ("datasets", "parameters", "tests"):
            names = found.get(key)
            if names is not None and (not names or len({str(name).upper() for name in names}) < len(names)):
                raise DataError(f"{where}, [{table}]: found {key} = {names!r}; expected at least one name, and each name once.")

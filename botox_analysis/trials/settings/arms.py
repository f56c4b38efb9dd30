"""The reference among arms, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable

_REFERENCE = re.compile(r"\b(placebo|sham|control|vehicle)\b", re.IGNORECASE)
_NO_REFERENCE = re.compile(r"\bactive\b", re.IGNORECASE)


def is_named_like_reference(arm: str) -> bool:
    """Check whether an arm has the name of a reference.

    Parameters
    ----------
    arm : str
        Name of an arm.

    Returns
    -------
    bool
        True for names with placebo, sham, control or vehicle, unless they have active.

    Examples
    --------
    >>> is_named_like_reference("Placebo"), is_named_like_reference("active control")
    (True, False)
    """
    return bool(_REFERENCE.search(arm)) and not _NO_REFERENCE.search(arm)


def likely_reference(arms: Iterable[str]) -> str | None:
    """Find the only arm with the name of a reference.

    Parameters
    ----------
    arms : iterable of str
        Names of the arms.

    Returns
    -------
    str or None
        The arm; None if there is none, or more than one.

    Examples
    --------
    >>> likely_reference(["155 U", "Placebo"])
    'Placebo'
    """
    likely = [arm for arm in arms if is_named_like_reference(arm)]
    return likely[0] if len(likely) == 1 else None

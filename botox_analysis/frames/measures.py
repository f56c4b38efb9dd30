"""How measures are kept and written: shares as per cent, logarithms as ratios, rates with their unit."""

from __future__ import annotations

import math

from botox_analysis.wording import capital

SHARES = ("proportion", "risk difference", "cumulative probability")
"""Measures kept as shares from 0 to 1 and written in per cent."""

RATES_IN_TIME = ("incidence rate", "event rate", "incidence rate difference", "event rate difference")
"""Measures counted in person-time."""

MOST_EXPONENT = 700.0
"""Up to here an exponential is a number."""


def scaled(value: float, measure: str) -> float:
    """A value in the unit in which its measure is written.

    Parameters
    ----------
    value : float
        As *estimates* hold it.
    measure : str
        Its measure.

    Returns
    -------
    float
        Shares become per cent, logarithms become ratios, all else (ratios, too) stays.

    Examples
    --------
    >>> scaled(0.106, "risk difference"), scaled(0.0, "log risk ratio")
    (10.6, 1.0)
    """
    if is_log_ratio(measure):
        return math.exp(min(value, MOST_EXPONENT)) if value != math.inf else value
    return 100 * value if measure in SHARES else value


def is_log_ratio(measure: str) -> bool:
    """Whether a measure is kept as a logarithm and written as a ratio.

    Parameters
    ----------
    measure : str
        Of *estimates*.

    Returns
    -------
    bool
        True for ``"log risk ratio"`` and its like.
    """
    return measure.startswith(("log ", "conditional log "))


def is_ratio(measure: str) -> bool:
    """Whether a measure is written as a ratio: kept as one, or as its logarithm.

    Parameters
    ----------
    measure : str
        Of *estimates*.

    Returns
    -------
    bool
        True for ``"log risk ratio"``, ``"risk ratio"`` and their like.
    """
    return is_log_ratio(measure) or measure.endswith(" ratio")


def no_effect(measure: str) -> float:
    """Where a measure, in the unit in which it is written, says that there is no effect.

    Parameters
    ----------
    measure : str
        Of *estimates*.

    Returns
    -------
    float
        1 for ratios, 0 for all else.
    """
    return 1.0 if is_ratio(measure) else 0.0


def measure_name(measure: str) -> str:
    """A measure as texts call it.

    Parameters
    ----------
    measure : str
        Of *estimates*.

    Returns
    -------
    str
        Without the logarithm.

    Examples
    --------
    >>> measure_name("log risk ratio"), measure_name("conditional log odds ratio"), measure_name("mean change")
    ('risk ratio', 'conditional odds ratio', 'mean change')
    """
    return measure.replace("log ", "", 1) if is_log_ratio(measure) else measure


def unit(measure: str) -> str:
    """The unit a measure adds to its endpoint's.

    Parameters
    ----------
    measure : str
        Its measure.

    Returns
    -------
    str
        Per cent, percentage points, per 100 patient-years, or nothing.
    """
    if measure == "risk difference":
        return "percentage points"
    if measure in RATES_IN_TIME:
        return "per 100 patient-years"
    return "%" if measure in SHARES or "percent" in measure else ""


def axis_label(endpoint: str, measure: str) -> str:
    """What an axis says: the measure, the endpoint, the unit.

    Parameters
    ----------
    endpoint : str
        With its own unit.
    measure : str
        Its measure.

    Returns
    -------
    str
        Starting with a capital.

    Examples
    --------
    >>> axis_label("headache days (≥ 4 h) per 28 days", "mean change")
    'Mean change in headache days (≥ 4 h) per 28 days'
    >>> axis_label("", "risk difference")
    'Risk difference, percentage points'
    """
    label = f"{capital(measure_name(measure))}{' in ' if endpoint else ''}{endpoint}"
    of_measure = unit(measure)
    return f"{label}, {of_measure}" if of_measure else label

"""Measures of *estimates*: their names, their scales, and how they are written (logarithms as ratios)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from botox_analysis.frames.schema import HIGHER, LOWER
from botox_analysis.wording import capital

IDENTITY, LOG, RATIO = SCALES = ("identity", "log", "ratio")
"""Scale of a measure in *estimates*: as written, as the logarithm of the ratio that is written, or as a ratio."""

MEAN, MEAN_CHANGE, MEAN_PERCENT_CHANGE = MEANS = ("mean", "mean change", "mean percent change")
"""Measures of an arm that a model of outcomes estimates."""

SPREADS = ("standard deviation", "median", "minimum", "maximum")
"""Descriptive statistics of values besides their mean."""

SHIFTS = ("Hodges-Lehmann shift", "Hodges-Lehmann shift in change", "Hodges-Lehmann shift in percent change")
"""Shifts of values, changes and percent changes between arms."""

VALUE, CHANGE, PERCENT_CHANGE = RESPONSES = ("value", "change", "percent change")
"""Possible responses of a measure, in words, in the order of `MEANS` and `SHIFTS`."""

PERCENT_REDUCTION = "percent reduction of the mean"

PROPORTION, CUMULATIVE_PROBABILITY = "proportion", "cumulative probability"
RISK_DIFFERENCE, NUMBER_NEEDED = "risk difference", "number needed to treat"
LOG_RISK_RATIO, LOG_ODDS_RATIO, CONDITIONAL_LOG_ODDS_RATIO = "log risk ratio", "log odds ratio", "conditional log odds ratio"
ODDS_HETEROGENEITY = "heterogeneity of the odds ratio"

INCIDENCE_RATE, EVENT_RATE = "incidence rate", "event rate"
"""Subjects with the event per patient-year at risk of the first; occurrences per patient-year."""

INCIDENCE_RATE_DIFFERENCE, EVENT_RATE_DIFFERENCE = "incidence rate difference", "event rate difference"
LOG_INCIDENCE_RATE_RATIO, LOG_EVENT_RATE_RATIO = "log incidence rate ratio", "log event rate ratio"
LOG_RATE_RATIO = "log rate ratio"
CONDITIONAL_LOG_EVENT_RATE_RATIO, CONDITIONAL_LOG_RATE_RATIO = "conditional log event rate ratio", "conditional log rate ratio"

LOG_HAZARD_RATIO, CONDITIONAL_LOG_HAZARD_RATIO = "log hazard ratio", "conditional log hazard ratio"
"""A conditional ratio is within strata, or for subjects with the same covariates. It differs from the ratio for all subjects."""

RESTRICTED_MEAN, RESTRICTED_MEAN_DIFFERENCE = "restricted mean time", "restricted mean difference"
TIME_QUARTILES = ("lower quartile of time to event", "median time to event", "upper quartile of time to event")
MEAN_CUMULATIVE = "mean cumulative number per subject"

QUARTILES = ("lower quartile of the", "median", "upper quartile of the")
ONSET, DURATION = "day of first onset", "duration in days"
"""Measures of occurrences, described by their `QUARTILES`."""

PER_YEARS = "per 100 patient-years"

SAME, OPPOSITE, NONE = DIRECTIONS = ("same", "opposite", "none")
"""Relation of the better values of a measure to those of its endpoint or number of events."""

_OPPOSITE: dict[str, str] = {LOWER: HIGHER, HIGHER: LOWER}

MOST_EXPONENT = 700.0
"""Largest exponent whose exponential is finite."""


@dataclass(frozen=True)
class Measure:
    """A measure: its scale in *estimates*, and how it is written.

    Attributes
    ----------
    name : str
        Text in the column ``measure``.
    words : str
        Name in texts, without the logarithm; by default `name`.
    scale : str
        One of `SCALES`.
    unit : str
        Unit added to that of the endpoint.
    factor : float
        Factor from the stored number to the written number: 100 for proportions.
    response : str
        One of `RESPONSES`; empty for all other measures.
    is_comparison : bool
        Whether an arm is compared with a reference by a difference, a shift or a ratio.
    direction : str
        One of `DIRECTIONS`.
    """

    name: str
    words: str = ""
    scale: str = IDENTITY
    unit: str = ""
    factor: float = 1.0
    response: str = ""
    is_comparison: bool = False
    direction: str = SAME

    def __post_init__(self) -> None:
        """Complete `words`."""
        object.__setattr__(self, "words", self.words or self.name)

    @property
    def is_change(self) -> bool:
        """Return whether the measure is of changes from baseline, which are 0 at baseline."""
        return self.response in (CHANGE, PERCENT_CHANGE)

    def better(self, better: str) -> str:
        """Return which values of the measure are better.

        Parameters
        ----------
        better : str
            Which values of the endpoint, or numbers of events, are better; empty if not known.

        Returns
        -------
        str
            ``"lower"`` or ``"higher"``; empty if not known, or if the measure has no direction.

        Examples
        --------
        >>> MEASURES["percent reduction of the mean"].better("lower")
        'higher'
        """
        if self.direction == SAME:
            return better
        return _OPPOSITE.get(better, "") if self.direction == OPPOSITE else ""


def difference_in(mean: str) -> str:
    """Return the measure of a difference between arms in one of `MEANS`.

    Parameters
    ----------
    mean : str
        Measure of each arm.

    Returns
    -------
    str
        Name of the measure.

    Examples
    --------
    >>> difference_in("mean change")
    'difference in mean change'
    """
    return f"difference in {mean}"


def contrast_of(mean: str) -> str:
    """Return the measure of a difference between combinations of means.

    Parameters
    ----------
    mean : str
        Measure of each arm.

    Returns
    -------
    str
        Name of the measure.

    Examples
    --------
    >>> contrast_of("proportion")
    'contrast of proportion'
    """
    return f"contrast of {mean}"


def combination_of(mean: str) -> str:
    """Return the measure of a weighted sum of means.

    Parameters
    ----------
    mean : str
        Measure of each arm.

    Returns
    -------
    str
        Name of the measure.

    Examples
    --------
    >>> combination_of("mean change")
    'combination of mean change'
    """
    return f"combination of {mean}"


def _of_responses() -> Iterator[Measure]:
    for mean, shift, response in zip(MEANS, SHIFTS, RESPONSES, strict=True):
        unit_of = "%" if response == PERCENT_CHANGE else ""
        for name in (mean, contrast_of(mean), combination_of(mean)):
            yield Measure(name, unit=unit_of, response=response)
        for name in (difference_in(mean), f"difference of differences in {mean}", shift):
            yield Measure(name, unit=unit_of, response=response, is_comparison=True)
    yield Measure(SPREADS[0], direction=NONE)
    yield from (Measure(name) for name in SPREADS[1:])
    yield Measure(PERCENT_REDUCTION, unit="%", direction=OPPOSITE)


def _of_shares() -> Iterator[Measure]:
    yield from (Measure(name, unit="%", factor=100.0) for name in (PROPORTION, CUMULATIVE_PROBABILITY))
    yield Measure(combination_of(PROPORTION), unit="%", factor=100.0)
    yield Measure(contrast_of(PROPORTION), unit="percentage points", factor=100.0)
    yield Measure(RISK_DIFFERENCE, unit="percentage points", factor=100.0, is_comparison=True)
    yield from (Measure(name, direction=NONE) for name in (NUMBER_NEEDED, ODDS_HETEROGENEITY))


def _of_rates_and_times() -> Iterator[Measure]:
    rates = (INCIDENCE_RATE, EVENT_RATE, contrast_of(EVENT_RATE), combination_of(EVENT_RATE))
    yield from (Measure(name, unit=PER_YEARS) for name in rates)
    yield from (Measure(name, unit=PER_YEARS, is_comparison=True) for name in (INCIDENCE_RATE_DIFFERENCE, EVENT_RATE_DIFFERENCE))
    yield from (Measure(name, direction=OPPOSITE) for name in (RESTRICTED_MEAN, *TIME_QUARTILES))
    yield Measure(MEAN_CUMULATIVE)
    yield Measure(RESTRICTED_MEAN_DIFFERENCE, is_comparison=True, direction=OPPOSITE)
    yield from (Measure(f"{quartile} {ONSET}", direction=OPPOSITE) for quartile in QUARTILES)
    yield from (Measure(f"{quartile} {DURATION}") for quartile in QUARTILES)


_WORDS_OF_LOG = {
    LOG_RISK_RATIO: "risk ratio",
    LOG_ODDS_RATIO: "odds ratio",
    CONDITIONAL_LOG_ODDS_RATIO: "conditional odds ratio",
    LOG_INCIDENCE_RATE_RATIO: "incidence rate ratio",
    LOG_EVENT_RATE_RATIO: "event rate ratio",
    CONDITIONAL_LOG_EVENT_RATE_RATIO: "conditional event rate ratio",
    LOG_RATE_RATIO: "rate ratio",
    CONDITIONAL_LOG_RATE_RATIO: "conditional rate ratio",
    LOG_HAZARD_RATIO: "hazard ratio",
    CONDITIONAL_LOG_HAZARD_RATIO: "conditional hazard ratio",
}
"""Name of the ratio of each log ratio."""


def _of_ratios() -> Iterator[Measure]:
    for name, words in _WORDS_OF_LOG.items():
        yield Measure(name, words, scale=LOG, is_comparison=True)
        yield Measure(words, scale=RATIO, is_comparison=True)


MEASURES = {measure.name: measure for of in (_of_responses, _of_shares, _of_rates_and_times, _of_ratios) for measure in of()}
"""Measures by name. Measures that are not in the table have a name only."""


def measure_of(name: str) -> Measure:
    """Return the measure of a name.

    Parameters
    ----------
    name : str
        Text in the column ``measure`` of *estimates*.

    Returns
    -------
    Measure
        The measure from the table `MEASURES`. A measure that is not in the table is written as it is, on the identity scale.

    Examples
    --------
    >>> measure_of("log risk ratio").scale, measure_of("log of a share of my own").scale
    ('log', 'identity')
    """
    return MEASURES.get(name) or Measure(name)


def scaled(value: float, measure: str) -> float:
    """Convert a value to the unit in which its measure is written.

    Parameters
    ----------
    value : float
        A value on the scale of *estimates*.
    measure : str
        Its measure.

    Returns
    -------
    float
        Proportions become per cent and logarithms become ratios. Other values, including ratios, stay.

    Examples
    --------
    >>> scaled(0.106, "risk difference"), scaled(0.0, "log risk ratio")
    (10.6, 1.0)
    """
    of = measure_of(measure)
    if of.scale == LOG:
        return math.exp(min(value, MOST_EXPONENT)) if value != math.inf else value
    return of.factor * value


def is_log_ratio(measure: str) -> bool:
    """Return whether a measure is stored as a logarithm and written as a ratio.

    Parameters
    ----------
    measure : str
        A measure of *estimates*.

    Returns
    -------
    bool
        True for ``"log risk ratio"`` and other log ratios.
    """
    return measure_of(measure).scale == LOG


def is_ratio(measure: str) -> bool:
    """Return whether a measure is written as a ratio: stored as one, or as its logarithm.

    Parameters
    ----------
    measure : str
        A measure of *estimates*.

    Returns
    -------
    bool
        True for ``"log risk ratio"``, ``"risk ratio"`` and other ratios.
    """
    return measure_of(measure).scale in (LOG, RATIO)


def is_comparison(measure: str) -> bool:
    """Return whether a measure compares an arm with a reference, so that it has a value of no effect.

    Parameters
    ----------
    measure : str
        A measure of *estimates*.

    Returns
    -------
    bool
        True for differences, shifts, ratios and their logarithms. Also True for a measure that is not in the table: the
        column ``reference`` then decides.
    """
    return measure not in MEASURES or MEASURES[measure].is_comparison


def no_effect(measure: str) -> float:
    """Return the value of no effect, in the unit in which the measure is written.

    Parameters
    ----------
    measure : str
        A measure of *estimates*.

    Returns
    -------
    float
        1 for ratios, 0 for all other measures.
    """
    return 1.0 if is_ratio(measure) else 0.0


def measure_name(measure: str) -> str:
    """Return the name of a measure in texts.

    Parameters
    ----------
    measure : str
        A measure of *estimates*.

    Returns
    -------
    str
        The name without the logarithm.

    Examples
    --------
    >>> measure_name("log risk ratio"), measure_name("conditional log odds ratio"), measure_name("mean change")
    ('risk ratio', 'conditional odds ratio', 'mean change')
    """
    return measure_of(measure).words


def unit(measure: str) -> str:
    """Return the unit that a measure adds to that of its endpoint.

    Parameters
    ----------
    measure : str
        A measure of *estimates*.

    Returns
    -------
    str
        Per cent, percentage points, per 100 patient-years, or empty.
    """
    return measure_of(measure).unit


def axis_label(endpoint: str, measure: str) -> str:
    """Write the label of an axis: the measure, the endpoint, the unit.

    Parameters
    ----------
    endpoint : str
        The endpoint with its unit.
    measure : str
        The measure.

    Returns
    -------
    str
        The label with a capital first letter.

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

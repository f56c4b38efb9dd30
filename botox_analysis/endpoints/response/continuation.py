"""`diary.continuation`: *outcomes* -> *events*, subjects who would continue treatment under a rule of a health service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.response.responders import Response
from botox_analysis.errors import DataError, kind_of, listed, require_text
from botox_analysis.frames.days import CYCLE_DAYS, DAYS_PER_WEEK, PERIOD_DAYS, day_of_visit
from botox_analysis.frames.events import Events
from botox_analysis.frames.handling import handling_of
from botox_analysis.frames.outcomes import Outcomes, grid_of, labels_of
from botox_analysis.frames.schema import HIGHER, LOWER

CONTINUES, NOT_ASSESSABLE = "continues", "not assessable"


@dataclass(frozen=True)
class ContinuationRule:
    """A rule for continuing treatment after the first cycles.

    Attributes
    ----------
    name : str
        Name of the rule.
    reduction : float
        Least reduction of headache days, as a share of the baseline (0 to 1, inclusive), in the last 28 days of the cycles.
    cycles : int
        Number of treatment cycles before the decision.
    cycle_days : int
        Length of a cycle in days.
    episodic_below : float, optional
        Headache days in 28 days below which the condition is episodic. By default the rule has no such condition.
    months_in_a_row : int
        Number of consecutive periods of 28 days that have to be below.

    Examples
    --------
    >>> stricter = ContinuationRule("half, after one cycle", reduction=0.5, cycles=1)
    >>> stricter.decision_day
    84
    """

    name: str
    reduction: float
    cycles: int = 2
    cycle_days: int = CYCLE_DAYS
    episodic_below: float | None = None
    months_in_a_row: int = 3

    def __post_init__(self) -> None:
        """Refuse a rule that cannot be applied."""
        require_text(self.name, "name", "the name of the rule, such as 'NICE'")
        if not 0 <= self.reduction <= 1:
            raise ValueError(f"`reduction` must be a share from 0 to 1, such as 0.3; got {self.reduction!r}.")
        if self.decision_day < PERIOD_DAYS or self.decision_day % PERIOD_DAYS:
            raise ValueError(
                f"`cycles` times `cycle_days` must be a positive multiple of {PERIOD_DAYS} days; got {self.cycles} cycles of "
                f"{self.cycle_days} days, {self.decision_day} days."
            )
        if self.months_in_a_row < 1:
            raise ValueError(f"`months_in_a_row` must be 1 or more; got {self.months_in_a_row!r}.")

    @property
    def decision_day(self) -> int:
        """Return the last day of the cycles.

        Examples
        --------
        >>> ba.diary.NICE_TA260.decision_day
        168
        """
        return self.cycles * self.cycle_days

    @property
    def not_enough(self) -> str:
        """Return the category of subjects who stop because of an insufficient response.

        Examples
        --------
        >>> ba.diary.NICE_TA260.not_enough
        'stops: less than 30 % reduction'
        """
        return f"stops: less than {100 * self.reduction:g} % reduction"

    @property
    def episodic(self) -> str:
        """Return the category of subjects who stop because their condition has become episodic.

        Examples
        --------
        >>> ba.diary.NICE_TA260.episodic
        'stops: fewer than 15 days in 3 months in a row'
        """
        return f"stops: fewer than {self.episodic_below:g} days in {self.months_in_a_row} months in a row"


NICE = ContinuationRule("NICE TA260", reduction=0.3, episodic_below=15)
"""Stop if headache days per month fell by less than 30 % after two cycles of treatment. Also stop if there were fewer than 15
of them for three consecutive months. National Institute for Health and Care Excellence, technology appraisal TA260 (2012),
paragraph 1.2."""

PBS = ContinuationRule("PBS", reduction=0.5)
"""Continue if headache days per month fell by at least 50 % from baseline after two cycles of 12 weeks. Pharmaceutical
Benefits Scheme, Australia (Medicare Benefits Schedule, item 18377)."""


def continuation(outcomes: Outcomes, *, rule: ContinuationRule = NICE) -> Events:
    """Count the subjects who would continue or stop treatment under a rule, and those who cannot be assessed.

    Each subject stops at the first visit at which the rule requires it. If two reasons apply at the same visit, the reason is
    the insufficient response. A month without a value ends a run of months, as an episodic condition has to be observed.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of headache days per 28 days, with a visit at the end of each period.
    rule : ContinuationRule
        `NICE`, `PBS`, or another rule.

    Returns
    -------
    DataFrame
        *events*, one row per category and arm; each subject is in exactly one category. Subjects are ``"not assessable"`` if
        the value after the cycles is missing or the baseline is not usable. Subjects with an earlier run of episodic months
        stop instead. None of the rules covers subjects who are not assessable.

    Raises
    ------
    DataError
        The frame does not have the columns of *outcomes*, or lacks a visit that the rule needs.
    TypeError
        `rule` is not a `ContinuationRule`.

    Examples
    --------
    >>> events = ba.diary.continuation(outcomes, rule=ba.diary.NICE_TA260)
    >>> events[["category", "arm", "n_events"]].head(1).to_numpy().tolist()
    [['continues', 'placebo', 75]]
    """
    if not isinstance(rule, ContinuationRule):
        raise TypeError(f"`rule` must be a ContinuationRule; got {kind_of(rule)}. Try diary.NICE_TA260.")
    grid = grid_of(outcomes)
    months = _months(outcomes, rule)
    response = Response(rule.reduction, "baseline", LOWER)
    at_decision = grid.visits.index(months[-1])
    met, known = (grid.wide(rows, absent=False)[:, at_decision] for rows in (response.met(outcomes), response.known(outcomes)))
    decided = np.where(met, CONTINUES, np.where(known, rule.not_enough, NOT_ASSESSABLE)).astype(object)
    categories = [CONTINUES, rule.not_enough]
    if rule.episodic_below is not None:
        value = grid.wide(outcomes["value"].to_numpy(dtype=float))[:, [grid.visits.index(visit) for visit in months]]
        run_ends = _first_run(value < rule.episodic_below, rule.months_in_a_row)
        at_once = (run_ends == len(months) - 1) & (decided == rule.not_enough)
        decided[(run_ends < len(months)) & ~at_once] = rule.episodic
        categories.append(rule.episodic)
    categories.append(NOT_ASSESSABLE)
    labels = labels_of(grid)
    arms, arm = list(grid.arms), grid.arm_of_subject
    counts = [np.bincount(arm[decided == category], minlength=len(arms)) for category in categories]
    return pd.DataFrame(
        {
            "trial": labels.trial,
            "population": labels.population,
            "endpoint": f"{labels.endpoint}: continuation by {rule.name}",
            "visit": months[-1],
            "arm": pd.Categorical(np.tile(arms, len(categories)), categories=arms),
            "stratum": "",
            "category": np.repeat(categories, len(arms)),
            "n_events": np.concatenate(counts),
            "n_total": np.tile(np.bincount(arm, minlength=len(arms)), len(categories)),
            **handling_of(outcomes).columns,
            "better": np.repeat([HIGHER if category == CONTINUES else LOWER for category in categories], len(arms)),
        }
    )


def _months(outcomes: Outcomes, rule: ContinuationRule) -> list[str]:
    """Return the visits whose months the rule needs, the visit of the decision last."""
    visit_on = {day_of_visit(str(visit)): str(visit) for visit in outcomes["visit"].cat.remove_unused_categories().cat.categories}
    first = PERIOD_DAYS if rule.episodic_below is not None else rule.decision_day
    days = range(first, rule.decision_day + 1, PERIOD_DAYS)
    absent = [f"week {day // DAYS_PER_WEEK}" for day in days if day not in visit_on]
    if absent:
        raise DataError(
            f"`outcomes` must have visits at {listed(absent)} for {rule.name}; got {listed(visit_on.values())}. "
            f"Each visit must count the headache days of the {PERIOD_DAYS} days before it."
        )
    return [visit_on[day] for day in days]


def _first_run(below: Any, length: int) -> Any:
    """Find the month in which the first run of the required length is complete; the number of months if there is none."""
    n_months = below.shape[1]
    if length > n_months:
        return np.full(len(below), n_months)
    complete: Any = np.lib.stride_tricks.sliding_window_view(below, length, axis=1).all(axis=2)
    return np.where(complete.any(axis=1), complete.argmax(axis=1) + length - 1, n_months)

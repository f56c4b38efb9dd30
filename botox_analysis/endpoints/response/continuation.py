"""`diary.continuation`: *outcomes* -> *events*, who would go on with treatment under a rule of a health service."""

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
    """Who goes on with treatment after the first cycles.

    Attributes
    ----------
    name : str
        Whose rule it is.
    reduction : float
        The share of the baseline by which headache days have to have fallen, inclusive, in the last 28 days of the cycles.
    cycles : int
        After how many cycles of treatment that is asked.
    cycle_days : int
        Length of a cycle.
    episodic_below : float, optional
        Headache days in 28 below which the condition counts as episodic; left out, the rule does not ask.
    months_in_a_row : int
        How many periods of 28 days in a row have to be below.

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
            raise ValueError(f"reduction is {self.reduction!r}; it is a share from 0 to 1, such as 0.3.")
        if self.decision_day < PERIOD_DAYS or self.decision_day % PERIOD_DAYS:
            raise ValueError(
                f"{self.cycles} cycles of {self.cycle_days} days are {self.decision_day} days; "
                f"expected a multiple of {PERIOD_DAYS}."
            )
        if self.months_in_a_row < 1:
            raise ValueError(f"months_in_a_row is {self.months_in_a_row!r}; it is 1 or more.")

    @property
    def decision_day(self) -> int:
        """The last day of the cycles."""
        return self.cycles * self.cycle_days

    @property
    def not_enough(self) -> str:
        """The category of those who stop because they do not respond."""
        return f"stops: less than {100 * self.reduction:g} % reduction"

    @property
    def episodic(self) -> str:
        """The category of those who stop because their condition has become episodic."""
        return f"stops: fewer than {self.episodic_below:g} days in {self.months_in_a_row} months in a row"


NICE = ContinuationRule("NICE TA260", reduction=0.3, episodic_below=15)
"""Stop where headache days per month fell by less than 30 % after two cycles of treatment, or where there were fewer than 15 of
them for three consecutive months: National Institute for Health and Care Excellence, technology appraisal TA260 (2012),
paragraph 1.2."""

PBS = ContinuationRule("PBS", reduction=0.5)
"""Go on where headache days per month fell by at least 50 % from baseline after two cycles of 12 weeks: Pharmaceutical Benefits
Scheme, Australia (Medicare Benefits Schedule, item 18377)."""


def continuation(outcomes: Outcomes, rule: ContinuationRule = NICE) -> Events:
    """Who would go on with treatment under a rule, who would stop and why, and of whom that cannot be said.

    Each subject stops at the first visit at which the rule says so; where it does so for two reasons at once, for the
    insufficient response. A month without a value ends a run of months: that a condition has become episodic has to be seen.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of headache days per 28 days, a visit at the end of each.
    rule : ContinuationRule
        `NICE`, `PBS`, or one of your own.

    Returns
    -------
    DataFrame
        *events*, one row per category and arm; the categories are exclusive and make up everybody. ``"not assessable"``: the
        value after the cycles is missing or the baseline is not usable, and no run of episodic months was seen before. None
        of the rules says what becomes of these.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, or lacks a visit that the rule asks for.
    """
    if not isinstance(rule, ContinuationRule):
        raise TypeError(f"rule: found {kind_of(rule)}; expected a ContinuationRule, such as NICE.")
    grid = grid_of(outcomes)
    months = _months(outcomes, rule)
    response = Response(rule.reduction, "baseline", LOWER)
    at_decision = grid.visits.index(months[-1])
    met, known = (grid.wide(each, absent=False)[:, at_decision] for each in (response.met(outcomes), response.known(outcomes)))
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
    """The visits whose months the rule looks at, the one of the decision last."""
    visit_on = {day_of_visit(str(visit)): str(visit) for visit in outcomes["visit"].cat.remove_unused_categories().cat.categories}
    first = PERIOD_DAYS if rule.episodic_below is not None else rule.decision_day
    days = range(first, rule.decision_day + 1, PERIOD_DAYS)
    absent = [f"week {day // DAYS_PER_WEEK}" for day in days if day not in visit_on]
    if absent:
        raise DataError(
            f"outcomes has no visit at {listed(absent)}, which {rule.name} asks for; its visits are {listed(visit_on.values())}, "
            f"and each is to hold the headache days of the {PERIOD_DAYS} days before it."
        )
    return [visit_on[day] for day in days]


def _first_run(below: Any, length: int) -> Any:
    """The month in which the first run of so many months is complete; the number of months where there is none."""
    n_months = below.shape[1]
    if length > n_months:
        return np.full(len(below), n_months)
    complete: Any = np.lib.stride_tricks.sliding_window_view(below, length, axis=1).all(axis=2)
    return np.where(complete.any(axis=1), complete.argmax(axis=1) + length - 1, n_months)

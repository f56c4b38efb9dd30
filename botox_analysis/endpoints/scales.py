"""Endpoints assessed at visits: any scale, in any condition."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from botox_analysis.endpoints.diary.endpoints import diary_endpoints_of
from botox_analysis.endpoints.diary.rule import DiaryRule
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.errors import DataError, listed, require_text
from botox_analysis.frames.schema import LOWER, Better, categories_of
from botox_analysis.trials.trial import Trial


def scale(name: str, *, label: str = "", better: Better = "lower") -> Endpoint:
    """An endpoint assessed at visits.

    Parameters
    ----------
    name : str
        What the column ``scale`` of the assessments calls it.
    label : str
        What axes and captions say, with the unit. Left out: the name.
    better : str
        Which values are better: ``"lower"`` (pain, disability) or ``"higher"`` (quality of life, function).

    Returns
    -------
    Endpoint
        Its visits are those at which anybody was assessed on this scale, in the trial's order.

    Examples
    --------
    >>> scale("NRS", label="pain rating (0-10)").label
    'pain rating (0-10)'
    """

    require_text(name, "name", "the name of a scale, such as 'HIT-6'")

    def measure(trial: Trial) -> pd.DataFrame:
        assessments = trial.assessments
        if assessments is None:
            raise DataError(f"{trial.name} has no assessments; {name} is assessed at visits.")
        rows = assessments[assessments["scale"] == name]
        if rows.empty:
            known = categories_of(assessments["scale"])
            raise DataError(f"{trial.name} has no assessment of '{name}'; its scales are {listed(known)}.")
        codes = rows["visit"].cat.codes.to_numpy()
        wide = pd.DataFrame(
            float("nan"),
            index=trial.subjects["subject"],
            columns=list(rows["visit"].cat.categories),
            dtype=float,
        )
        values = wide.to_numpy(copy=True)
        values[rows["subject"].cat.codes.to_numpy(), codes] = rows["value"].to_numpy(dtype=float)
        seen = [visit for number, visit in enumerate(wide.columns) if (codes == number).any()]
        return pd.DataFrame(values, index=wide.index, columns=wide.columns)[seen]

    return Endpoint(name, label or name, measure, better=better)


HIT_6 = scale("HIT-6", label="HIT-6 score (36 to 78)")
"""Headache Impact Test: 36 to 78 points, more is worse (Kosinski M et al. (2003). Qual Life Res 12:963-974)."""

TWSTRS = scale("TWSTRS", label="TWSTRS total score")
"""Toronto Western Spasmodic Torticollis Rating Scale, the total of severity, disability and pain; more is worse."""

PAIN_RATING = scale("pain rating", label="pain rating (0 to 10)")
"""Numerical rating scale: 0 no pain, 10 the worst imaginable."""

SCALES = (HIT_6, TWSTRS, PAIN_RATING)


def endpoints_of(trial: Trial, *, rule: DiaryRule | None = None) -> list[Endpoint]:
    """List the endpoints that a trial has measured: those of its diary, and its scales.

    Parameters
    ----------
    trial : Trial
        Any trial.
    rule : DiaryRule, optional
        How days of a diary are counted. Left out: `diary.PREEMPT` where the diary has hours, otherwise `diary.ANY_DURATION`.

    Returns
    -------
    list of Endpoint
        Those of the diary first, then scales in order of appearance; empty where nothing was measured. Known scales come with
        their labels. The better values of a scale are those that the trial states, else lower ones.

    Examples
    --------
    >>> [endpoint.name for endpoint in ba.endpoints_of(trial)][:2]
    ['headache days', 'migraine days']
    """
    of_diary = diary_endpoints_of(trial, rule)
    if trial.assessments is None:
        return [*of_diary]
    known = {endpoint.name: endpoint for endpoint in SCALES}
    of_visits = [
        replace(known.get(name, scale(name)), better=trial.better.get(name, LOWER))
        for name in categories_of(trial.assessments["scale"])
    ]
    return [*of_diary, *of_visits]

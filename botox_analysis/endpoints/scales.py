"""Endpoints assessed at visits: any scale, in any condition."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from botox_analysis.endpoints.diary.endpoints import diary_endpoints_of
from botox_analysis.endpoints.diary.rule import DiaryRule
from botox_analysis.endpoints.endpoint import Endpoint, better_in
from botox_analysis.errors import DataError, listed, require_text
from botox_analysis.frames.schema import Better, categories_of
from botox_analysis.trials.trial import Trial


def scale(name: str, *, label: str = "", better: Better | None = None) -> Endpoint:
    """Make an endpoint assessed at visits.

    Parameters
    ----------
    name : str
        Name of the scale in the column ``scale`` of the assessments.
    label : str
        Label of axes and captions, with the unit. By default the name.
    better : str, optional
        Which values are better: ``"lower"`` (pain, disability) or ``"higher"`` (quality of life, function). Left out: those
        that a trial states for the scale, otherwise lower ones.

    Returns
    -------
    Endpoint
        An endpoint whose visits are those at which any subject was assessed on this scale, in the trial's order.

    Examples
    --------
    >>> scale("NRS", label="pain rating (0-10)").label
    'pain rating (0-10)'
    """
    require_text(name, "name", "the name of a scale, such as 'HIT-6'")

    def measure(trial: Trial) -> pd.DataFrame:
        assessments = trial.assessments
        if assessments is None:
            raise DataError(f"`trial` must have assessments for {name}; got {trial.name} without any.")
        rows = assessments[assessments["scale"] == name]
        if rows.empty:
            known = categories_of(assessments["scale"])
            raise DataError(f"`trial` must have assessments of '{name}'; got {trial.name} with the scales {listed(known)}.")
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


HIT_6 = scale("HIT-6", label="HIT-6 score (36 to 78)", better="lower")
"""Headache Impact Test: 36 to 78 points, higher is worse (Kosinski M et al. (2003). Qual Life Res 12:963-974)."""

TWSTRS = scale("TWSTRS", label="TWSTRS total score", better="lower")
"""Toronto Western Spasmodic Torticollis Rating Scale, the total of severity, disability and pain; higher is worse."""

PAIN_RATING = scale("pain rating", label="pain rating (0 to 10)", better="lower")
"""Numerical rating scale: 0 is no pain, 10 is the worst imaginable pain."""

SCALES = (HIT_6, TWSTRS, PAIN_RATING)


def endpoints_of(trial: Trial, *, rule: DiaryRule | None = None) -> list[Endpoint]:
    """List the endpoints that a trial has measured: those of its diary, and its scales.

    Parameters
    ----------
    trial : Trial
        Any trial.
    rule : DiaryRule, optional
        Rule by which days of a diary are counted. By default `diary.PREEMPT` if the diary has hours, otherwise
        `diary.ANY_DURATION`.

    Returns
    -------
    list of Endpoint
        Diary endpoints first, then scales in order of appearance; empty if nothing was measured. Known scales have their
        labels. The better values of a scale are those that the trial states, otherwise lower ones.

    Raises
    ------
    DataError
        The trial states that higher values of a known scale are better, such as of `HIT_6`.

    Examples
    --------
    >>> [endpoint.name for endpoint in ba.endpoints_of(trial)][:2]
    ['headache days', 'migraine days']
    """
    of_diary = diary_endpoints_of(trial, rule)
    if trial.assessments is None:
        return [*of_diary]
    known = {endpoint.name: endpoint for endpoint in SCALES}
    of_visits = [known.get(name, scale(name)) for name in categories_of(trial.assessments["scale"])]
    return [*of_diary, *(replace(endpoint, better=better_in(trial, endpoint)) for endpoint in of_visits)]

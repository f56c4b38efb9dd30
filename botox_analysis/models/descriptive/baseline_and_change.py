"""What was there, unadjusted: `describe_baseline` a trial's subjects at baseline, `describe_change` of outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.errors import kind_of, require_conf_level, require_trial
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import Handling, handling_of, method_of
from botox_analysis.frames.measures import (
    MEAN,
    MEAN_CHANGE,
    MEAN_PERCENT_CHANGE,
    PERCENT_REDUCTION,
    PROPORTION,
    SPREADS,
    measure_of,
)
from botox_analysis.frames.outcomes import Outcomes, check_outcomes, labels_of
from botox_analysis.frames.schema import BASELINE, categories_of
from botox_analysis.models.linear.design import is_number
from botox_analysis.numerics.linear.inference import FloatArray, t_inference
from botox_analysis.trials.trial import Trial

ALL_ARMS = "all arms"
MAX_LEVELS = 30
"""Of a factor that is described."""

NUMBER, FACTOR, TEXT, DATES = KINDS = ("number", "factor", "text", "dates")
"""What a covariate may be."""

_SPREAD = (MEAN, *SPREADS)


def describe_baseline(trial: Trial, *, endpoints: Sequence[Endpoint] | None = None) -> Estimates:
    """The characteristics of a trial's subjects at baseline, by arm and in all.

    No p-values: a test of whether randomisation worked has no use. A text with more than 30 different words is no
    characteristic (comments, initials) and is left out, and so is a column of dates.

    Parameters
    ----------
    trial : Trial
        Restricted to the population that is meant.
    endpoints : sequence of Endpoint, optional
        Endpoints whose baseline values are described, too.

    Returns
    -------
    DataFrame
        *estimates* at the visit ``baseline``: for numbers mean, standard deviation, median, minimum and maximum, for
        factors the proportion in each category, with ``n_events``. ``n`` counts the subjects with a value, ``n_missing`` those
        without one.
    """
    require_trial(trial)
    numbers: list[tuple[str, pd.Series]] = []
    factors: list[tuple[str, pd.Series]] = []
    for name in trial.covariates:
        column = trial.subjects[name]
        label, kind = name.replace("_", " "), kind_of_covariate(column)
        if kind == NUMBER:
            numbers.append((label, column))
        elif kind == FACTOR:
            factors.append((label, column))
    if not isinstance(endpoints, list | tuple | None):
        raise TypeError(f"endpoints: found {kind_of(endpoints)}; expected a list, such as [HEADACHE_DAYS].")
    for endpoint in endpoints or []:
        wide = endpoint.measure(trial)
        if BASELINE in wide.columns:
            numbers.append((endpoint.label, pd.Series(wide[BASELINE].to_numpy())))
    numbers, factors = _labelled_apart(numbers, factors)
    arm = trial.subjects["arm"]
    groups = [(name, (arm == name).to_numpy()) for name in trial.arms]
    if len(groups) > 1:
        groups.append((ALL_ARMS, np.ones(len(arm), dtype=bool)))
    rows: list[dict[str, object]] = []
    for label, column in numbers:
        values = column.to_numpy(dtype=float, na_value=np.nan)
        for name, member in groups:
            known = values[member & ~np.isnan(values)]
            rows += _spread(known, {"endpoint": label, "arm": name, "n_missing": int(member.sum()) - len(known)})
    for label, column in factors:
        levels = column.astype(object)
        known = levels.notna().to_numpy()
        for level in sorted(map(str, levels[known].unique())):
            is_level = (levels.astype(str) == level).to_numpy() & known
            for name, member in groups:
                n, n_events = int((member & known).sum()), int((member & is_level).sum())
                rows.append(
                    {
                        "endpoint": label, "arm": name, "measure": PROPORTION, "category": level, "n": n,
                        "n_events": n_events, "estimate": n_events / n if n else np.nan, "n_missing": int(member.sum()) - n,
                    }
                )  # fmt: skip
    columns = ("endpoint", "arm", "measure", "category", "n", "estimate", "n_events", "n_missing")
    return as_estimates(
        {
            "trial": trial.name,
            "population": trial.population,
            "visit": BASELINE,
            **method_of("descriptive", Handling("")),
            **{column: [row.get(column, np.nan if column == "n_events" else "") for row in rows] for column in columns},
        }
    )


def kind_of_covariate(column: pd.Series) -> str:
    """Tell what a column of subjects is.

    Parameters
    ----------
    column : Series
        A covariate.

    Returns
    -------
    str
        A word of `KINDS`: a number, which has a slope; a factor, which has levels; a text of more than `MAX_LEVELS` different
        words, which describes nobody's group; or dates.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return DATES
    if is_number(column):
        return NUMBER
    return FACTOR if column.nunique() <= MAX_LEVELS else TEXT


def _labelled_apart(*described: list[tuple[str, pd.Series]]) -> list[list[tuple[str, pd.Series]]]:
    """Covariates under names of their own where their label is that of another covariate or of an endpoint."""
    labels = [label for of_kind in described for label, _ in of_kind]
    taken = {label for of_kind in described for label, column in of_kind if column.name is None}
    apart: list[list[tuple[str, pd.Series]]] = []
    for of_kind in described:
        apart.append([])
        for label, column in of_kind:
            shown = label
            if column.name is not None and labels.count(label) > 1:
                shown = column.name if column.name not in taken else f"{column.name} (column of subjects)"
            taken.add(shown)
            apart[-1].append((shown, column))
    return apart


def _spread(values: FloatArray, row: dict[str, object]) -> list[dict[str, object]]:
    n = len(values)
    numbers = (
        [
            values.mean(),
            values.std(ddof=1) if n > 1 else np.nan,
            np.median(values),
            values.min(),
            values.max(),
        ]
        if n
        else [np.nan] * 5
    )
    return [{**row, "measure": measure, "n": n, "estimate": number} for measure, number in zip(_SPREAD, numbers, strict=True)]


def describe_change(outcomes: Outcomes, *, conf_level: float = 0.95) -> Estimates:
    """Means, changes and percent reductions from baseline, unadjusted, by visit and arm.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* with t limits, at the visit ``baseline`` (subjects with a baseline) and at each visit (subjects with a
        value) the ``mean`` and ``standard deviation``; at each visit also the ``mean change``, the ``mean percent
        change``, and the ``percent reduction of the mean`` (100 times one minus the ratio of the mean to the mean
        baseline of the same subjects, limits by the delta method). A negative reduction is a rise.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*.

    References
    ----------
    Casella G, Berger RL (2002). Statistical Inference, 2nd edition, example 5.5.27: the variance of a ratio of means.
    """
    check_outcomes(outcomes)
    require_conf_level(conf_level)
    arms, visits = categories_of(outcomes["arm"]), list(outcomes["visit"].cat.categories)
    first = outcomes.drop_duplicates("subject")
    rows: list[tuple[str, str, str, int, float, float]] = []
    for arm in arms:
        baseline = first.loc[first["arm"] == arm, "baseline"].dropna().to_numpy(dtype=float)
        rows += _mean_and_sd(baseline, arm, BASELINE)
    for visit in visits:
        at_visit = outcomes[outcomes["visit"] == visit]
        for arm in arms:
            in_arm = at_visit[at_visit["arm"] == arm]
            rows += _mean_and_sd(in_arm["value"].dropna().to_numpy(dtype=float), arm, visit)
            for column, measure in (("change", MEAN_CHANGE), ("percent_change", MEAN_PERCENT_CHANGE)):
                values = in_arm[column].dropna().to_numpy(dtype=float)
                rows.append((arm, visit, measure, len(values), *_mean(values)))
            pairs = in_arm[["baseline", "value"]].dropna().to_numpy(dtype=float)
            rows.append((arm, visit, PERCENT_REDUCTION, len(pairs), *_percent_reduction(pairs)))
    arm_of, visit_of, measures, n, estimate, std_error = (list(column) for column in zip(*rows, strict=True))
    size = np.array(n, dtype=float)
    said = t_inference(np.array(estimate), np.array(std_error), size - 1, conf_level)
    labels = labels_of(outcomes)
    return as_estimates(
        {
            **labels.estimand,
            "arm": arm_of,
            "visit": visit_of,
            "measure": measures,
            **({"better": [measure_of(measure).better(labels.better) for measure in measures]} if labels.better else {}),
            **method_of("unadjusted", handling_of(outcomes)),
            "n": size,
            "estimate": said.estimate,
            "std_error": said.std_error,
            "df": size - 1,
            "conf_low": said.conf_low,
            "conf_high": said.conf_high,
            "conf_level": conf_level,
        }
    )


def _mean(values: FloatArray) -> tuple[float, float]:
    if len(values) < 2:
        return (float(values[0]) if len(values) else np.nan), np.nan
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def _mean_and_sd(values: FloatArray, arm: str, visit: str) -> list[tuple[str, str, str, int, float, float]]:
    sd = float(values.std(ddof=1)) if len(values) > 1 else np.nan
    return [
        (arm, visit, MEAN, len(values), *_mean(values)),
        (arm, visit, "standard deviation", len(values), sd, np.nan),
    ]


def _percent_reduction(pairs: FloatArray) -> tuple[float, float]:
    n = len(pairs)
    if n == 0 or pairs[:, 0].mean() == 0:
        return np.nan, np.nan
    before, after = pairs.mean(axis=0)
    ratio = after / before
    residual = pairs[:, 1] - ratio * pairs[:, 0]
    std_error = float(residual.std(ddof=1) / np.sqrt(n) / abs(before)) if n > 1 else np.nan
    return 100 * (1 - float(ratio)), 100 * std_error

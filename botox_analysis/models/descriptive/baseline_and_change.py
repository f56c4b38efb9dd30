"""`describe_baseline`: subjects of a trial at baseline; `describe_change`: unadjusted means and changes of *outcomes*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
"""Most levels of a factor that is described."""

NUMBER, FACTOR, TEXT, DATES = KINDS = ("number", "factor", "text", "dates")
"""Kinds of covariates."""

_SPREAD = (MEAN, *SPREADS)


def describe_baseline(trial: Trial, *, endpoints: Sequence[Endpoint] | None = None) -> Estimates:
    """Describe the subjects of a trial at baseline, by arm and in all arms.

    The frame has no p-values, because a test of successful randomisation has no use. Columns of dates are left out, and so are
    texts with more than 30 different values, such as comments and initials.

    Parameters
    ----------
    trial : Trial
        The trial, restricted to the population of interest.
    endpoints : sequence of Endpoint, optional
        Endpoints whose baseline values are described with the covariates.

    Returns
    -------
    DataFrame
        *estimates* at the visit ``baseline``. Numbers have mean, standard deviation, median, minimum and maximum. Factors have
        the proportion in each category, with ``n_events``. ``n`` counts subjects with a value, ``n_missing`` subjects without
        one.

    Raises
    ------
    DataError
        `trial` is not a `Trial`.
    TypeError
        `endpoints` is not a list.

    Examples
    --------
    >>> described = ba.describe_baseline(trial)
    >>> ages = described[(described["endpoint"] == "age") & (described["measure"] == "mean")]
    >>> ages[["arm", "n", "estimate"]].round(1).values.tolist()
    [['placebo', 696.0, 41.0], ['onabotulinumtoxinA', 688.0, 40.9], ['all arms', 1384.0, 40.9]]
    """
    require_trial(trial)
    if not isinstance(endpoints, list | tuple | None):
        raise TypeError(f"`endpoints` must be a list of endpoints; got {kind_of(endpoints)}. Try endpoints=[HEADACHE_DAYS].")
    numbers, factors = _labelled_apart(*_covariates_by_kind(trial, endpoints or []))
    arm = trial.subjects["arm"]
    groups = [(name, (arm == name).to_numpy()) for name in trial.arms]
    if len(groups) > 1:
        groups.append((ALL_ARMS, np.ones(len(arm), dtype=bool)))
    rows = [row for label, column in numbers for row in _spreads(label, column, groups)]
    rows += [row for label, column in factors for row in _proportions(label, column, groups)]
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
    """Name the kind of a covariate of subjects.

    Parameters
    ----------
    column : Series
        A covariate.

    Returns
    -------
    str
        A word of `KINDS`. Numbers have a slope, and factors have levels. A text has more than `MAX_LEVELS` different values and
        defines no groups.

    Raises
    ------
    DataError
        The column is of a type that no covariate can have, such as complex numbers.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return DATES
    if is_number(column):
        return NUMBER
    return FACTOR if column.nunique() <= MAX_LEVELS else TEXT


_Labelled = list[tuple[str, pd.Series]]
"""Labels and values of covariates and endpoints."""

_Groups = list[tuple[str, NDArray[np.bool_]]]
"""Names of arms and their subjects, as truth values."""


def _covariates_by_kind(trial: Trial, endpoints: Sequence[Endpoint]) -> tuple[_Labelled, _Labelled]:
    """Return numbers, with the baselines of endpoints, and factors."""
    numbers: _Labelled = []
    factors: _Labelled = []
    of_kind = {NUMBER: numbers, FACTOR: factors}
    for name in trial.covariates:
        column = trial.subjects[name]
        kind = kind_of_covariate(column)
        if kind in of_kind:
            of_kind[kind].append((name.replace("_", " "), column))
    for endpoint in endpoints:
        wide = endpoint.measure(trial)
        if BASELINE in wide.columns:
            numbers.append((endpoint.label, pd.Series(wide[BASELINE].to_numpy())))
    return numbers, factors


def _labelled_apart(*described: _Labelled) -> list[_Labelled]:
    """Rename covariates whose label is that of another covariate or of an endpoint."""
    labels = [label for of_kind in described for label, _ in of_kind]
    taken = {label for of_kind in described for label, column in of_kind if column.name is None}
    apart: list[_Labelled] = []
    for of_kind in described:
        apart.append([])
        for label, column in of_kind:
            shown = label
            if column.name is not None and labels.count(label) > 1:
                shown = column.name if column.name not in taken else f"{column.name} (column of subjects)"
            taken.add(shown)
            apart[-1].append((shown, column))
    return apart


def _spreads(label: str, column: pd.Series, groups: _Groups) -> Iterator[dict[str, object]]:
    """Yield mean, standard deviation, median, minimum and maximum of a number in each group."""
    values = column.to_numpy(dtype=float, na_value=np.nan)
    for arm, in_group in groups:
        known = values[in_group & ~np.isnan(values)]
        yield from _spread(known, {"endpoint": label, "arm": arm, "n_missing": int(in_group.sum()) - len(known)})


def _proportions(label: str, column: pd.Series, groups: _Groups) -> Iterator[dict[str, object]]:
    """Yield the proportion of each level of a factor in each group."""
    levels = column.astype(object)
    known = levels.notna().to_numpy()
    for level in sorted(map(str, levels[known].unique())):
        at_level = (levels.astype(str) == level).to_numpy() & known
        for arm, in_group in groups:
            n, n_events = int((in_group & known).sum()), int((in_group & at_level).sum())
            yield {
                "endpoint": label, "arm": arm, "measure": PROPORTION, "category": level, "n": n,
                "n_events": n_events, "estimate": n_events / n if n else np.nan, "n_missing": int(in_group.sum()) - n,
            }  # fmt: skip


def _spread(values: FloatArray, row: dict[str, object]) -> list[dict[str, object]]:
    """Return five rows, one for each measure of `_SPREAD`; missing without values."""
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
    """Describe means, changes and percent reductions from baseline, unadjusted, by visit and arm.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* with t limits. Rows at ``baseline`` are of subjects with a baseline, rows of a visit of subjects with a value.
        Both have ``mean`` and ``standard deviation``. Visits have also ``mean change``, ``mean percent change`` and ``percent
        reduction of the mean``. The reduction is 100 times one minus the ratio of the mean to the mean baseline of the same
        subjects. Its limits are by the delta method, and a negative reduction is a rise. The division by a baseline below 0
        reverses the sign of a percentage. ``better`` is therefore empty in rows of percentages if a subject of the row has such a
        baseline.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*.
    ValueError
        `conf_level` is not between 0 and 1.

    References
    ----------
    Casella G, Berger RL (2002). Statistical Inference, 2nd edition, example 5.5.27: the variance of a ratio of means.

    Examples
    --------
    >>> described = ba.describe_change(outcomes)
    >>> changes = described[(described["visit"] == "week 24") & (described["measure"] == "mean change")]
    >>> changes[["arm", "n", "estimate"]].round(2).values.tolist()
    [['placebo', 617.0, -6.16], ['onabotulinumtoxinA', 603.0, -8.33]]
    """
    check_outcomes(outcomes)
    require_conf_level(conf_level)
    arms, visits = categories_of(outcomes["arm"]), list(outcomes["visit"].cat.categories)
    first = outcomes.drop_duplicates("subject")
    rows: list[tuple[str, str, str, int, float, float]] = []
    reversed_signs: set[tuple[str, str, str]] = set()
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
            if (pairs[:, 0] < 0).any():
                reversed_signs |= {(arm, visit, measure) for measure in (MEAN_PERCENT_CHANGE, PERCENT_REDUCTION)}
    arm_of, visit_of, measures, n, estimate, std_error = (list(column) for column in zip(*rows, strict=True))
    size = np.array(n, dtype=float)
    inference = t_inference(np.array(estimate), np.array(std_error), size - 1, conf_level)
    labels = labels_of(outcomes)
    better = ["" if row[:3] in reversed_signs else measure_of(row[2]).better(labels.better) for row in rows]
    return as_estimates(
        {
            **labels.estimand,
            "arm": arm_of,
            "visit": visit_of,
            "measure": measures,
            **({"better": better} if labels.better else {}),
            **method_of("unadjusted", handling_of(outcomes)),
            "n": size,
            "estimate": inference.estimate,
            "std_error": inference.std_error,
            "df": size - 1,
            "conf_low": inference.conf_low,
            "conf_high": inference.conf_high,
            "conf_level": conf_level,
        }
    )


def _mean(values: FloatArray) -> tuple[float, float]:
    """Return a mean and its standard error."""
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
    """Return the percent reduction of the mean and its standard error, from pairs of baseline and value, shape (n, 2)."""
    n = len(pairs)
    if n == 0 or pairs[:, 0].mean() == 0:
        return np.nan, np.nan
    before, after = pairs.mean(axis=0)
    ratio = after / before
    residual = pairs[:, 1] - ratio * pairs[:, 0]
    std_error = float(residual.std(ddof=1) / np.sqrt(n) / abs(before)) if n > 1 else np.nan
    return 100 * (1 - float(ratio)), 100 * std_error

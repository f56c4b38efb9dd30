"""`responders`: *outcomes* -> *events*, subjects whose value fell by at least a share of the baseline, or by points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, listed, require_choice, require_columns
from botox_analysis.frames.events import Events
from botox_analysis.frames.handling import (
    MISSING_RESPONSES,
    NON_RESPONDERS,
    OBSERVED_CASES,
    Handling,
    MissingResponse,
    handling_of,
)
from botox_analysis.frames.outcomes import Outcomes, better_of_outcomes, check_outcomes, labels_of
from botox_analysis.frames.schema import HIGHER, LOWER, categories_of

TIE = 1e-9
"""Counts scaled to 28 days have rounding errors. A reduction short of the threshold by this share of the baseline is a tie."""


@dataclass(frozen=True)
class Response:
    """The definition of a response: a reduction by at least a share of the baseline, or an improvement by points.

    Attributes
    ----------
    threshold : float
        The share, from 0 to 1, or the points, 0 or more.
    of : str
        ``"baseline"`` or ``"points"``.
    better_values : str
        Which values of the outcomes are better; empty if they do not state it.
    """

    threshold: float
    of: str
    better_values: str

    @property
    def category(self) -> str:
        """Return the category of *events*."""
        if self.of == "baseline":
            return f"≥ {100 * self.threshold:g} % reduction"
        return f"{'rise' if self.better_values == HIGHER else 'fall'} of ≥ {self.threshold:g} points"

    @property
    def better(self) -> str:
        """Return the better direction of responses, empty if not known.

        Fewer responses are better if they are reductions and higher values are better.
        """
        if self.of == "baseline" and self.better_values == HIGHER:
            return LOWER
        return HIGHER if self.better_values else ""

    @property
    def direction(self) -> dict[str, str]:
        """Return the column ``better`` of *events*, *times* and *estimates* of responses; empty if not known."""
        return {"better": self.better} if self.better else {}

    def known(self, outcomes: Outcomes) -> Any:
        """Return whether the response of each row of *outcomes* is known.

        Parameters
        ----------
        outcomes : DataFrame
            *outcomes*.

        Returns
        -------
        ndarray of bool, shape (rows,)
            False if the change is missing, or if a share is required of a baseline of 0 or less.
        """
        there = outcomes["change"].notna().to_numpy()
        return there & (outcomes["baseline"].to_numpy(dtype=float) > 0) if self.of == "baseline" else there

    def met(self, outcomes: Outcomes) -> Any:
        """Return whether each row of *outcomes* is a response; a tie is one.

        Parameters
        ----------
        outcomes : DataFrame
            *outcomes*.

        Returns
        -------
        ndarray of bool, shape (rows,)
            False if the response is not known.
        """
        change, baseline = (outcomes[name].to_numpy(dtype=float) for name in ("change", "baseline"))
        return self.known(outcomes) & self.reached(change, baseline)

    def reached(self, change: Any, baseline: Any) -> Any:
        """Return whether changes reach the threshold; a tie does.

        Parameters
        ----------
        change, baseline : ndarray
            Arrays of broadcastable shapes, in the unit of the endpoint.

        Returns
        -------
        ndarray of bool
            False if either is missing.
        """
        if self.of == "baseline":
            return -change >= (self.threshold - TIE) * baseline
        improvement = change if self.better_values == HIGHER else -change
        return improvement >= self.threshold - TIE


def baseline_problem(outcomes: Outcomes, of: str) -> str:
    """Explain why the response is unknown for a whole arm; a response is a fall or a rise from baseline.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    of : str
        ``"baseline"`` or ``"points"``, as in `Response`.

    Returns
    -------
    str
        End of a message on the outcomes; empty if each arm has a subject whose response may be known.
    """
    baseline, changed = outcomes["baseline"], outcomes["change"].notna()
    usable = baseline > 0 if of == "baseline" else baseline.notna() | changed
    there = usable.groupby(outcomes["arm"], observed=True).any()
    without = list(there.index[~there])
    if not without:
        return ""
    what = "no baseline above 0" if baseline[outcomes["arm"].isin(without)].notna().any() else "no baseline"
    where = f" in arm {listed(without)}" if len(without) < len(there) else ""
    move = "rise" if of == "points" and labels_of(outcomes).better == HIGHER else "fall"
    return f"{what}{where}, and a response is a {move} from it; expected one, in the column 'baseline' that as_outcomes takes."


def responses(
    outcomes: Outcomes, reduction: float | Sequence[float] | None, points: float | Sequence[float] | None
) -> list[Response]:
    """Make one response per threshold.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, which need baselines if shares of them are required.
    reduction, points : float or sequence of float, optional
        Shares of the baseline (by default 0.5), or points in the better direction.

    Returns
    -------
    list of Response
        Responses in the order given.

    Raises
    ------
    DataError
        No subject of an arm has a baseline, or points are given and the outcomes have no column ``better``.
    ValueError
        Both are given, a share is not from 0 to 1, points are below 0, or a threshold occurs twice.
    """
    if reduction is not None and points is not None:
        raise ValueError("responders takes reduction or points, not both.")
    what = "reduction" if points is None else "points"
    thresholds = np.atleast_1d(np.asarray(points if points is not None else 0.5 if reduction is None else reduction, dtype=float))
    if not thresholds.size or (points is not None and not np.isfinite(thresholds).all()):
        raise ValueError(f"{what} is {thresholds.tolist()}; responders needs one threshold or more, each a number.")
    if points is None and not ((thresholds >= 0) & (thresholds <= 1)).all():
        raise ValueError(f"reduction is {thresholds.tolist()}; each is a share from 0 to 1, such as 0.5.")
    if points is not None and not (thresholds >= 0).all():
        raise ValueError(
            f"points is {thresholds.tolist()}; points are in the direction that is better, each 0 or more. Try "
            "outcomes.assign(better='higher') where a rise is an improvement."
        )
    better_values = labels_of(outcomes).better if points is None else better_of_outcomes(outcomes, "a response by points")
    of = "baseline" if points is None else "points"
    problem = baseline_problem(outcomes, of)
    if problem and points is None and not baseline_problem(outcomes, "points") and outcomes["baseline"].isna().all():
        raise DataError("outcomes has no baseline, and a share needs one; take points.")
    if problem:
        raise DataError(f"outcomes has {problem}")
    asked = [Response(float(threshold), of, better_values) for threshold in thresholds]
    names = [response.category for response in asked]
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise ValueError(f"{what} has {listed(dict.fromkeys(twice))} a second time; expected each threshold once.")
    return asked


def responders(
    outcomes: Outcomes,
    *,
    reduction: float | Sequence[float] | None = None,
    points: float | Sequence[float] | None = None,
    missing: MissingResponse = "observed cases",
    stratum: str | None = None,
) -> Events:
    """Count the subjects whose value fell by at least a share of their baseline, or improved by points.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with baselines.
    reduction : float or sequence of float, optional
        Least reduction as shares of the baseline (0 to 1, inclusive). By default 0.5, unless `points` is given.
    points : float or sequence of float, optional
        Least improvement in points instead of shares, 0 or more, inclusive. It is a reduction if the column ``better`` is
        ``"lower"``, an increase if it is ``"higher"``.
    missing : str
        ``"observed cases"``: only subjects with baseline and value are counted. ``"non-responder imputation"``: all subjects
        are counted; those with a missing value or without a usable baseline count as non-responders. It is refused for
        shares if higher values are better: a missing reduction would be a benefit.
    stratum : str, optional
        A covariate of `outcomes` whose levels are counted separately, for a stratified comparison.

    Returns
    -------
    DataFrame
        *events*, one row per threshold, visit, stratum and arm, including counts of 0. ``category`` contains the threshold in
        words, and ``threshold`` as a number. A share of a baseline of 0 or less is missing. ``better`` is ``"higher"``, as an
        event is a benefit. It is ``"lower"`` for shares if higher values are better, since shares are reductions.

    Raises
    ------
    DataError
        The frame does not have the columns of *outcomes*, or no subject of an arm has a baseline (above 0, for shares).
        Points are given without a column ``better``. Non-responders are imputed for reductions that are harms. Or the stratum
        is missing in a row or changes over a subject's visits.
    ValueError
        Both `reduction` and `points` are given, a share is not from 0 to 1, points are below 0, or a threshold occurs twice.

    References
    ----------
    NICE TA260 (30 %); Pharmaceutical Benefits Scheme, Australia (50 %).

    Examples
    --------
    >>> events = ba.responders(outcomes, reduction=0.5)
    >>> events[["visit", "arm", "category", "n_events", "n_total"]].head(1).to_numpy().tolist()
    [['week 4', 'placebo', '≥ 50 % reduction', 180, 692]]
    """
    check_outcomes(outcomes)
    require_choice(missing, MISSING_RESPONSES, "missing")
    labels = labels_of(outcomes)
    arms, visits = categories_of(outcomes["arm"]), list(outcomes["visit"].cat.categories)
    strata, stratum_code = _strata(outcomes, stratum)
    arm_code = pd.Index(arms).get_indexer(outcomes["arm"].astype(object))
    shape = (len(visits), len(strata), len(arms))
    cell = np.ravel_multi_index((outcomes["visit"].cat.codes.to_numpy(dtype=int), stratum_code, arm_code), shape)
    n_cells = int(np.prod(shape))
    handling = responses_handled(outcomes, missing)
    pieces = []
    for response in responses(outcomes, reduction, points):
        refuse_imputed_benefit(response.better, missing)
        counted = response.known(outcomes) if missing == OBSERVED_CASES else np.ones(len(outcomes), dtype=bool)
        pieces.append(
            pd.DataFrame(
                {
                    "trial": labels.trial,
                    "population": labels.population,
                    "endpoint": labels.endpoint,
                    "visit": np.repeat(visits, len(strata) * len(arms)),
                    "arm": pd.Categorical(np.tile(arms, len(visits) * len(strata)), categories=arms),
                    "stratum": np.tile(np.repeat(strata, len(arms)), len(visits)),
                    "category": response.category,
                    "n_events": np.bincount(cell[response.met(outcomes)], minlength=n_cells),
                    "n_total": np.bincount(cell[counted], minlength=n_cells),
                    **handling.columns,
                    **response.direction,
                    "threshold": response.threshold,
                }
            )
        )
    return pd.concat(pieces, ignore_index=True)


def _strata(outcomes: Outcomes, stratum: str | None) -> tuple[list[str], Any]:
    """Return the levels of the stratum in the order of the data, and the level of each row."""
    if stratum is None:
        return [""], np.zeros(len(outcomes), dtype=int)
    require_columns(outcomes, [stratum], "outcomes")
    column = outcomes[stratum]
    absent = outcomes.loc[column.isna(), "subject"].unique()
    if len(absent):
        raise DataError(
            f"outcomes: found {len(absent)} subjects without '{stratum}' ({listed(absent)}); expected a stratum for each."
        )
    moving = column.groupby(outcomes["subject"], observed=True).nunique() > 1
    if moving.any():
        raise DataError(
            f"outcomes: '{stratum}' changes over the visits of {int(moving.sum())} subjects ({listed(moving.index[moving])}); "
            "expected one stratum per subject."
        )
    levels = categories_of(column)
    return [str(level) for level in levels], pd.Index(levels).get_indexer(column.astype(object))


def refuse_imputed_benefit(better: str, missing: str) -> None:
    """Refuse non-responder imputation where no event is the benefit.

    Parameters
    ----------
    better : str
        Better direction of responses, as in `Response`; empty if not known.
    missing : str
        One of `MISSING_RESPONSES`.

    Raises
    ------
    DataError
        Missing responses would count as a benefit: a reduction is no response where higher values are better.
    """
    if better == LOWER and missing == NON_RESPONDERS:
        raise DataError(
            f"`missing` must be '{OBSERVED_CASES}' for a reduction where higher values are better, as a reduction is no response "
            f"there; got '{missing}', which counts missing values as a benefit. Try points=... for an improvement."
        )


def responses_handled(outcomes: Outcomes, missing: str) -> Handling:
    """Return the handling of missing values, including that of missing responses.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    missing : str
        One of `MISSING_RESPONSES`.

    Returns
    -------
    Handling
        The handling of the outcomes if only known responses are counted; otherwise extended by non-responder imputation.
    """
    handling = handling_of(outcomes)
    return handling if missing == OBSERVED_CASES else handling.counted_as(missing)

"""`responders`: *outcomes* -> *events*, who improved by at least a given share or number of points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from botox_analysis.refusal import DataError, require_choice
from botox_analysis.schema import categories_of, check_outcomes

MISSING_RESPONSES = ("observed cases", "non-responder imputation")

TIE = 1e-9
"""Counts scaled to 28 days carry rounding errors: a reduction short of the threshold by this share of the baseline is a tie."""


def responders(
    outcomes: pd.DataFrame,
    *,
    reduction: float | Sequence[float] | None = None,
    points: float | Sequence[float] | None = None,
    missing: str = "observed cases",
) -> pd.DataFrame:
    """Subjects whose value fell by at least a share of their baseline, or by points.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with baselines.
    reduction : float or sequence of float, optional
        Shares of the baseline, inclusive; 0.5 where neither this nor `points` is given.
    points : float or sequence of float, optional
        Points instead of shares, inclusive; a negative number asks for a rise, for scales on which more is better.
    missing : str
        ``"observed cases"``: subjects with baseline and value. ``"non-responder imputation"``: all subjects, those with
        a missing value or without a usable baseline count as non-responders.

    Returns
    -------
    DataFrame
        *events*, one row per visit, threshold and arm; ``category`` says the threshold, ``threshold`` has it as a number.
        A share of a baseline of 0 or less is missing.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, or nobody has a baseline where shares are asked for.
    ValueError
        Both `reduction` and `points` are given, or a share is not from 0 to 1.

    References
    ----------
    NICE TA260 (30 %); Pharmaceutical Benefits Scheme, Australia (50 %).
    """
    check_outcomes(outcomes)
    require_choice(missing, MISSING_RESPONSES, "missing")
    if reduction is not None and points is not None:
        raise ValueError("responders takes reduction or points, not both.")
    thresholds = np.atleast_1d(np.asarray(points if points is not None else 0.5 if reduction is None else reduction, dtype=float))
    if not thresholds.size or (points is not None and not np.isfinite(thresholds).all()):
        what = "reduction" if points is None else "points"
        raise ValueError(f"{what} is {thresholds.tolist()}; responders needs one threshold or more, each a number.")
    if points is None and not ((thresholds >= 0) & (thresholds <= 1)).all():
        raise ValueError(f"reduction is {thresholds.tolist()}; each is a share from 0 to 1, such as 0.5.")

    baseline = outcomes["baseline"].to_numpy(dtype=float)
    fall = -outcomes["change"].to_numpy(dtype=float)
    if points is None and np.isnan(baseline).all():
        raise DataError("outcomes has no baseline, and a share needs one; take points.")
    known = ~np.isnan(fall) & (baseline > 0 if points is None else np.True_)
    arms, visits = categories_of(outcomes["arm"]), list(outcomes["visit"].cat.categories)
    arm_code = pd.Index(arms).get_indexer(outcomes["arm"].astype(object))
    cell = outcomes["visit"].cat.codes.to_numpy(dtype=int) * len(arms) + arm_code
    n_cells = len(visits) * len(arms)
    in_total = known if missing == "observed cases" else np.ones_like(known)
    n_total = np.bincount(cell[in_total], minlength=n_cells)

    kind = str(outcomes["endpoint"].iloc[0])
    pieces = []
    for threshold in thresholds:
        if points is None:
            responded = known & (fall >= (threshold - TIE) * baseline)
            category = f"≥ {100 * threshold:g} % reduction"
        elif threshold >= 0:
            responded = known & (fall >= threshold - TIE)
            category = f"fall of ≥ {threshold:g} points"
        else:
            responded = known & (-fall >= -threshold - TIE)
            category = f"rise of ≥ {-threshold:g} points"
        pieces.append(
            pd.DataFrame(
                {
                    "trial": outcomes["trial"].iloc[0],
                    "population": outcomes["population"].iloc[0],
                    "endpoint": kind,
                    "visit": np.repeat(visits, len(arms)),
                    "arm": pd.Categorical(np.tile(arms, len(visits)), categories=arms),
                    "stratum": "",
                    "category": category,
                    "n_events": np.bincount(cell[responded], minlength=n_cells),
                    "n_total": n_total,
                    "imputation": _handling(str(outcomes["imputation"].iloc[0]), missing),
                    "threshold": threshold,
                }
            )
        )
    return pd.concat(pieces, ignore_index=True)


def _handling(imputation: str, missing: str) -> str:
    """The handling of missing values, with who counts as a non-responder put in the place of observed cases."""
    if missing == "observed cases":
        return imputation
    return imputation.replace("observed cases", missing) if "observed cases" in imputation else f"{imputation}; {missing}"

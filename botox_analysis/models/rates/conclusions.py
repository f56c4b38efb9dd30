"""Conclusions from comparisons: `number_needed` to treat, `exponentiate` for ratios, `non_inferiority` by a margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.values import is_real
from botox_analysis.errors import DataError, kind_of, listed
from botox_analysis.frames.estimates import (
    Estimates,
    as_estimates,
    check_estimates,
    check_measures,
    in_schema_order,
    signs_of_better,
)
from botox_analysis.frames.measures import (
    NUMBER_NEEDED,
    RATIO,
    RISK_DIFFERENCE,
    is_comparison,
    is_log_ratio,
    measure_name,
    measure_of,
)


def number_needed(differences: Estimates) -> Estimates:
    """Compute numbers needed to treat, the inverses of risk differences.

    Parameters
    ----------
    differences : DataFrame
        *estimates* of risk differences with the column ``better``. It is ``"higher"`` if an event is a benefit (a response), and
        ``"lower"`` if it is a harm (a side effect).

    Returns
    -------
    DataFrame
        *estimates* of measure ``"number needed to treat"`` in the same order. Positive numbers are to benefit one more subject
        (NNTB), negative numbers to harm one more (NNTH). If the interval of the difference contains 0, the interval of the number
        contains infinity. It then goes from ``conf_high`` (to benefit) upwards, and from ``conf_low`` (to harm) downwards. The
        estimate lies outside the two limits, and `wording.number_needed` writes "NNTB 12.0 (NNTB 5.0 to ∞ to NNTH 20.0)".
        P-values are of the differences. ``better`` is empty, as the sign states the direction.

    Raises
    ------
    DataError
        The frame is empty or of another kind, or ``better`` is empty in a row.

    References
    ----------
    Altman DG (1998). BMJ 317:1309-1312.

    Examples
    --------
    >>> events = pd.DataFrame({"arm": ["placebo", "toxin"], "n_events": [238, 308], "n_total": [696, 688], "better": "higher"})
    >>> needed = ba.number_needed(ba.compare_rates(events))
    >>> needed[["estimate", "conf_low", "conf_high"]].round(1).values.tolist()
    [[9.5, 6.4, 18.4]]
    """
    check_measures(differences, [RISK_DIFFERENCE], "differences")
    sign = signs_of_better(differences, "differences")
    estimate, one, other = (sign * differences[column].to_numpy(dtype=float) for column in ("estimate", "conf_low", "conf_high"))
    low, high = np.minimum(one, other), np.maximum(one, other)
    with np.errstate(divide="ignore"):
        # The number of a difference of 0 is infinite; an upper limit of 0 is approached from below.
        number, at_low = (1 / np.where(values == 0, 0.0, values) for values in (estimate, low))
        at_high = 1 / np.where((high == 0) & (low < 0), -0.0, high)
    kept = differences[[column for column in differences.columns if column not in ("std_error", "df")]]
    columns: dict[str, Any] = {str(column): kept[column].to_numpy() for column in kept.columns}
    return as_estimates(
        columns
        | {
            "measure": NUMBER_NEEDED,
            "better": "",
            "estimate": number,
            "conf_low": np.minimum(at_low, at_high),
            "conf_high": np.maximum(at_low, at_high),
        }
    )


def exponentiate(estimates: Estimates) -> Estimates:
    """Exponentiate log ratios, so that estimates and limits are ratios.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of log ratios, such as from `compare_rates`, `times.compare`, or ``log_ratios`` and ``conditional`` of a fit.

    Returns
    -------
    DataFrame
        *estimates* in the same order, of measure ``"risk ratio"`` in place of ``"log risk ratio"``, and so on. Estimates, limits
        and margins are exponentiated; an infinite logarithm becomes 0 or infinity. Standard errors and Monte Carlo errors are
        those of the logarithm times the ratio (the delta method), and limits do not use them. P-values are of the logarithm.

    Raises
    ------
    DataError
        The frame has no rows, or a row is of another measure than a log ratio.

    Examples
    --------
    >>> events = pd.DataFrame({"arm": ["placebo", "toxin"], "n_events": [20, 40], "n_total": [100, 100]})
    >>> ba.exponentiate(ba.compare_rates(events, measure="log risk ratio"))[["measure", "estimate"]].round(3).values.tolist()
    [['risk ratio', 2.0]]
    """
    check_estimates(estimates)
    strange = [measure for measure in estimates["measure"].unique() if not is_log_ratio(measure)]
    if strange or estimates.empty:
        found = f"the measure {listed(strange)}" if strange else "no rows"
        raise DataError(f"`estimates` must be of log ratios, such as 'log risk ratio'; got {found}.")
    with np.errstate(over="ignore", invalid="ignore"):
        columns = {name: np.exp(estimates[name].to_numpy(dtype=float)) for name in _ON_THE_SCALE if name in estimates.columns}
        errors = {
            name: estimates[name].to_numpy(dtype=float) * np.where(np.isfinite(columns["estimate"]), columns["estimate"], np.nan)
            for name in ("std_error", "monte_carlo_error")
            if name in estimates.columns
        }
    return estimates.assign(measure=[measure_name(measure) for measure in estimates["measure"]], **columns, **errors)


_ON_THE_SCALE = ("estimate", "conf_low", "conf_high", "margin")
"""Columns on the scale of the measure."""


def non_inferiority(estimates: Estimates, *, margin: float) -> pd.DataFrame:
    """Decide on non-inferiority to the reference by a margin and confidence limits.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of differences, log ratios or ratios between arms, with limits and the column ``better``. It is ``"higher"``
        (responders) or ``"lower"`` (headache days, side effects). All rows have one scale and one unit, as they have one margin.
        Two-sided 95 % limits decide at 2.5 % one-sided.
    margin : float
        Smallest difference that would matter, above 0, on the scale of the estimates. It is a number of days or points, a share
        for risk differences, and the logarithm of a ratio for log ratios. For ratios it is a ratio above 1, such as 1.25. It must
        be chosen before the data are known.

    Returns
    -------
    DataFrame
        The same rows with two further columns. ``margin`` is the value, with its sign, that limits are compared with.
        ``conclusion`` is ``"superior"`` if the whole interval is better than no effect, and ``"non-inferior"`` if it is better
        than the margin. It is ``"inferior"`` if the whole interval is worse than the margin, otherwise ``"not decided"`` or ``"no
        limits"``.

    Raises
    ------
    DataError
        The frame is empty, is not of comparisons, has measures of several scales or units, or ``better`` is empty in a row.
    ValueError
        The margin is no number above 0, or not above 1 for ratios.

    References
    ----------
    Piaggio G, Elbourne DR, Pocock SJ, Evans SJW, Altman DG (2012). JAMA 308:2594-2604, figure 1.

    Examples
    --------
    >>> events = pd.DataFrame({"arm": ["licensed", "new"], "n_events": [60, 58], "n_total": [120, 120], "better": "higher"})
    >>> ba.non_inferiority(ba.compare_rates(events), margin=0.15)["conclusion"].tolist()
    ['non-inferior']
    """
    if not (is_real(margin) and 0 < float(margin) < np.inf):
        raise ValueError(f"`margin` must be a number above 0, the smallest difference that would matter; got {kind_of(margin)}.")
    check_estimates(estimates)
    strange = [measure for measure in estimates["measure"].unique() if not is_comparison(measure)]
    if strange or estimates.empty or (estimates["reference"] == "").any():
        found = f"the measure {listed(strange)}" if strange else "rows without a reference" if len(estimates) else "no rows"
        raise DataError(f"`estimates` must be of differences or ratios between an arm and its reference; got {found}.")
    measures = [measure_of(measure) for measure in estimates["measure"].unique()]
    if len({(measure.scale, measure.unit) for measure in measures}) > 1:
        raise DataError(
            "`estimates` must have measures of one scale and one unit, as they have one margin; got "
            f"{listed(measure.name for measure in measures)}. Try one call for each measure, with its own margin."
        )
    of_ratios = measures[0].scale == RATIO
    if of_ratios and not margin > 1:
        raise ValueError(f"`margin` must be a ratio above 1 for estimates of ratios, such as 1.25; got {margin!r}.")
    margin = float(margin)
    sign = signs_of_better(estimates)
    limits = [estimates[column].to_numpy(dtype=float) for column in ("conf_low", "conf_high")]
    if of_ratios:
        with np.errstate(divide="ignore"):
            limits = [np.log(values) for values in limits]
        margin = float(np.log(margin))
    one, other = (sign * values for values in limits)
    worst, best = np.minimum(one, other), np.maximum(one, other)
    conclusion = np.select(
        [np.isnan(worst), worst > 0, worst > -margin, best < -margin],
        ["no limits", "superior", "non-inferior", "inferior"],
        "not decided",
    )
    held = np.exp(-sign * margin) if of_ratios else -sign * margin
    return in_schema_order(estimates.assign(margin=held, conclusion=conclusion))

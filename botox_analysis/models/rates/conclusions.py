"""What a comparison means: `number_needed` to treat, `exponentiate` for ratios, and `non_inferiority` by a margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, listed
from botox_analysis.frames.estimates import Estimates, as_estimates, check_estimates, check_measures, signs_of_better
from botox_analysis.frames.measures import NUMBER_NEEDED, RISK_DIFFERENCE, is_comparison, is_log_ratio, is_ratio, measure_name


def number_needed(differences: Estimates) -> Estimates:
    """How many must be treated for one more benefit, or one more harm: the inverse of a risk difference.

    Parameters
    ----------
    differences : DataFrame
        *estimates* of risk differences with the column ``better``: ``"higher"`` where an event is a benefit (a response),
        ``"lower"`` where it is a harm (a side effect).

    Returns
    -------
    DataFrame
        *estimates* in the same order, of measure ``"number needed to treat"``: positive to benefit one more (NNTB), negative
        to harm one more (NNTH). Where the interval of the difference holds 0, that of the number runs through infinity: from
        ``conf_high`` (to benefit) up, and from ``conf_low`` (to harm) down; the estimate then lies outside of the two, and
        `wording.number_needed` writes "NNTB 12.0 (NNTB 5.0 to ∞ to NNTH 20.0)". P-values are those of the differences;
        ``better`` is empty, as the sign states the direction.

    Raises
    ------
    DataError
        The frame is empty, of another kind, or has no ``better`` in a row.

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
        # A difference of 0 needs infinitely many; as an upper limit it is 0 from below.
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
    """Ratios, with limits on their own scale, from their logarithms.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of log ratios: of `compare_rates`, `times.compare`, ``log_ratios`` or ``conditional`` of a fit, or pooled.

    Returns
    -------
    DataFrame
        *estimates* in the same order, of measure ``"risk ratio"`` instead of ``"log risk ratio"``, and so on. Estimates, limits
        and margins are exponentials of what they were; an infinite logarithm becomes 0 or stays infinite. Standard errors and
        Monte Carlo errors are those of the logarithm times the ratio (the delta method): limits are not made of them. P-values
        are those of the logarithm.

    Raises
    ------
    DataError
        A row is of another measure; ratios and differences are not exponentiated.

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
        raise DataError(f"estimates has {found}; expected log ratios, such as 'log risk ratio'.")
    with np.errstate(over="ignore", invalid="ignore"):
        columns = {name: np.exp(estimates[name].to_numpy(dtype=float)) for name in _ON_THE_SCALE if name in estimates.columns}
        errors = {
            name: estimates[name].to_numpy(dtype=float) * np.where(np.isfinite(columns["estimate"]), columns["estimate"], np.nan)
            for name in ("std_error", "monte_carlo_error")
            if name in estimates.columns
        }
    return estimates.assign(measure=[measure_name(measure) for measure in estimates["measure"]], **columns, **errors)


_ON_THE_SCALE = ("estimate", "conf_low", "conf_high", "margin")
"""Columns that are values of the measure."""


def non_inferiority(estimates: Estimates, *, margin: float) -> pd.DataFrame:
    """Whether limits rule out that an arm is worse than the reference by a margin or more.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of differences, log ratios or ratios between arms, with limits, and with the column ``better``: ``"higher"``
        (responders) or ``"lower"`` (headache days, side effects). Two-sided 95 % limits decide at 2.5 % one-sided.
    margin : float
        How much worse would matter, above 0, on the scale of the estimates: days, points, a share for risk differences, the
        logarithm of a ratio for log ratios; for ratios a ratio above 1, such as 1.25. It was chosen before the data were seen.

    Returns
    -------
    DataFrame
        The same rows with two columns more: ``margin``, the value the limits are held against, with its sign; and
        ``conclusion``: ``"superior"`` (all of the interval is better than no effect), ``"non-inferior"`` (all of it is better
        than the margin), ``"inferior"`` (all of it is worse than the margin), ``"not decided"``, or ``"no limits"``.

    Raises
    ------
    DataError
        The frame is empty, no estimates, not of comparisons, of ratios beside others, or has no ``better`` in a row.
    ValueError
        The margin is not above 0 (for ratios, not above 1).

    References
    ----------
    Piaggio G, Elbourne DR, Pocock SJ, Evans SJW, Altman DG (2012). JAMA 308:2594-2604, figure 1.

    Examples
    --------
    >>> events = pd.DataFrame({"arm": ["licensed", "new"], "n_events": [60, 58], "n_total": [120, 120], "better": "higher"})
    >>> ba.non_inferiority(ba.compare_rates(events), margin=0.15)["conclusion"].tolist()
    ['non-inferior']
    """
    if not (np.isfinite(margin) and margin > 0):
        raise ValueError(f"margin is {margin!r}; it is how much worse would matter, above 0.")
    check_estimates(estimates)
    strange = [measure for measure in estimates["measure"].unique() if not is_comparison(measure)]
    if strange or estimates.empty or (estimates["reference"] == "").any():
        found = f"the measure {listed(strange)}" if strange else "rows without a reference" if len(estimates) else "no rows"
        raise DataError(f"estimates has {found}; a margin is for differences and ratios between an arm and its reference.")
    kept = {is_ratio(measure) and not is_log_ratio(measure) for measure in estimates["measure"]}
    if len(kept) > 1:
        raise DataError(
            f"estimates has {listed(estimates['measure'].unique())}; one margin is for ratios or for all else, not for both."
        )
    of_ratios = kept == {True}
    if of_ratios and not margin > 1:
        raise ValueError(f"margin is {margin!r}; of ratios it is a ratio above 1, such as 1.25.")
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
    return estimates.assign(margin=held, conclusion=conclusion)

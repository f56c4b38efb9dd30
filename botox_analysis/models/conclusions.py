"""What a comparison means: `number_needed` to treat, and `non_inferiority` by a margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.measures import is_ratio
from botox_analysis.refusal import DataError, listed, require_choice
from botox_analysis.schema import BETTER, HIGHER, as_estimates, check_estimates, check_measures

EVENTS_ARE = ("benefit", "harm")
NUMBER_NEEDED = "number needed to treat"


def number_needed(differences: pd.DataFrame, *, events_are: str) -> pd.DataFrame:
    """How many must be treated for one more benefit, or one more harm: the inverse of a risk difference.

    Parameters
    ----------
    differences : DataFrame
        *estimates* of risk differences.
    events_are : str
        ``"benefit"``: the events are responses. ``"harm"``: they are side effects.

    Returns
    -------
    DataFrame
        *estimates* in the same order, of measure ``"number needed to treat"``: positive to benefit one more (NNTB), negative
        to harm one more (NNTH). Where the interval of the difference holds 0, that of the number runs through infinity: from
        ``conf_high`` (to benefit) up, and from ``conf_low`` (to harm) down; the estimate then lies outside of the two, and
        `wording.number_needed` writes "NNTB 12.0 (NNTB 5.0 to ∞ to NNTH 20.0)". P-values are those of the differences.

    Raises
    ------
    DataError
        The frame is empty, or of another kind.
    ValueError
        `events_are` is not known.

    References
    ----------
    Altman DG (1998). BMJ 317:1309-1312.

    Examples
    --------
    >>> from botox_analysis import compare_rates
    >>> events = pd.DataFrame({"arm": ["placebo", "toxin"], "n_events": [238, 308], "n_total": [696, 688]})
    >>> number_needed(compare_rates(events), events_are="benefit")[["estimate", "conf_low", "conf_high"]].round(1).values.tolist()
    [[9.5, 6.4, 18.4]]
    """
    require_choice(events_are, EVENTS_ARE, "events_are")
    check_measures(differences, ["risk difference"], "differences")
    sign = 1.0 if events_are == "benefit" else -1.0
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
            "estimate": number,
            "conf_low": np.minimum(at_low, at_high),
            "conf_high": np.maximum(at_low, at_high),
        }
    )


def non_inferiority(estimates: pd.DataFrame, *, margin: float, better: str) -> pd.DataFrame:
    """Whether limits rule out that an arm is worse than the reference by a margin or more.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of differences or log ratios between arms, with limits. Two-sided 95 % limits decide at 2.5 % one-sided.
    margin : float
        How much worse would matter, above 0, on the scale of the estimates: days, points, a share for risk differences, the
        logarithm of a ratio. It was chosen before the data were seen.
    better : str
        ``"higher"`` (responders) or ``"lower"`` (headache days, side effects).

    Returns
    -------
    DataFrame
        The same rows with two columns more: ``margin``, the value the limits are held against, with its sign; and
        ``conclusion``: ``"superior"`` (all of the interval is better than 0), ``"non-inferior"`` (all of it is better than
        the margin), ``"inferior"`` (all of it is worse than the margin), ``"not decided"``, or ``"no limits"``.

    Raises
    ------
    DataError
        The frame is empty, no estimates, or not of comparisons.
    ValueError
        The margin is not above 0, or `better` is not known.

    References
    ----------
    Piaggio G, Elbourne DR, Pocock SJ, Evans SJW, Altman DG (2012). JAMA 308:2594-2604, figure 1.

    Examples
    --------
    >>> from botox_analysis import compare_rates
    >>> events = pd.DataFrame({"arm": ["licensed", "new"], "n_events": [60, 58], "n_total": [120, 120]})
    >>> non_inferiority(compare_rates(events), margin=0.15, better="higher")["conclusion"].tolist()
    ['non-inferior']
    """
    require_choice(better, BETTER, "better")
    if not (np.isfinite(margin) and margin > 0):
        raise ValueError(f"margin is {margin!r}; it is how much worse would matter, above 0.")
    check_estimates(estimates)
    strange = [measure for measure in estimates["measure"].unique() if not _is_comparison(measure)]
    if strange or estimates.empty or (estimates["reference"] == "").any():
        found = f"the measure {listed(strange)}" if strange else "rows without a reference" if len(estimates) else "no rows"
        raise DataError(f"estimates has {found}; a margin is for differences and log ratios between an arm and its reference.")
    sign = 1.0 if better == HIGHER else -1.0
    one, other = (sign * estimates[column].to_numpy(dtype=float) for column in ("conf_low", "conf_high"))
    worst, best = np.minimum(one, other), np.maximum(one, other)
    conclusion = np.select(
        [np.isnan(worst), worst > 0, worst > -margin, best < -margin],
        ["no limits", "superior", "non-inferior", "inferior"],
        "not decided",
    )
    return estimates.assign(margin=-sign * margin, conclusion=conclusion)


def _is_comparison(measure: str) -> bool:
    return is_ratio(measure) or "difference" in measure or "shift" in measure

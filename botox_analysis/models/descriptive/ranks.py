"""`compare_ranks`: from *outcomes* to *estimates* of shifts between arms, by ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, FitError, listed, require_choice, require_conf_level, require_two_arms
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import handling_of, method_of
from botox_analysis.frames.measures import SHIFTS
from botox_analysis.frames.outcomes import Outcomes, ResponseName, check_outcomes, labels_of, refuse_negative_baselines
from botox_analysis.frames.schema import categories_of
from botox_analysis.models.linear.design import require_covariates
from botox_analysis.models.linear.visit_rows import choose_visits, refuse_missing_stratum
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.ranks import Shift, compare_shift, tie_rounded

MEASURES = dict(zip(("value", "change", "percent_change"), SHIFTS, strict=True))
"""Measures of shifts, by the column of outcomes."""


def compare_ranks(
    outcomes: Outcomes,
    *,
    response: ResponseName = "change",
    stratum: str | None = None,
    visits: Sequence[str] | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Compare each arm with the reference at each visit by ranks, with the shift between arms, its limits and a p-value.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Missing responses do not enter; ``n`` counts the others.
    response : str
        ``"change"``, ``"value"`` or ``"percent_change"``.
    stratum : str, optional
        Covariate of `outcomes` without missing values, for van Elteren's test over its levels. Left out, or with one level:
        Wilcoxon's rank-sum test.
    visits : sequence of str, optional
        Visits to analyse. Left out: all.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* by visit, then arm. The estimate is the median of all differences between a subject of the arm and a subject
        of the reference. With a stratum the differences are within strata, weighted as in the test. Limits invert the test of the
        p-value, and there is no standard error. ``note`` counts strata with one arm only, which do not enter, and states the
        reason for missing limits.

    Raises
    ------
    DataError
        There is one arm only, or an arm has no response at a visit. Or a column or visit does not exist, or a subject has no
        stratum. Or a percent change has a baseline below 0.
    FitError
        No stratum has both arms.
    ValueError
        The response is not known, or `conf_level` is not between 0 and 1.

    Notes
    -----
    The test assumes a shift: the values of one arm have the distribution of the other arm, shifted. If spreads differ too, the
    estimate is still the median difference of pairs, but the limits are approximate. The null distribution is exact without ties
    and with fewer than 50 subjects in each arm.

    Numbers tie if they are equal. Changes also tie if they differ by rounding only, at most a share of 1e-12 of the value and
    baseline that they are computed from. An example is 5.6 - 16.8 and 11.2 - 22.4.

    References
    ----------
    Hodges JL, Lehmann EL (1963). Ann Math Stat 34:598-611. van Elteren P (1960). Bull Int Stat Inst 37:351-361.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"subject": range(8), "arm": list("pppptttt"), "visit": "week 4",
    ...                       "baseline": 20, "value": [17, 16, 18, 19, 12, 13, 15, 9]})
    >>> outcomes = ba.as_outcomes(frame, endpoint="headache days", arms=["p", "t"], visits=["week 4"])
    >>> ba.compare_ranks(outcomes)[["estimate", "conf_low", "conf_high", "p_value"]].round(3).values.tolist()
    [[-5.0, -10.0, -1.0, 0.029]]
    """
    check_outcomes(outcomes)
    require_choice(response, MEASURES, "response")
    require_conf_level(conf_level)
    if stratum is not None:
        require_covariates(outcomes, [stratum], "stratum")
        refuse_missing_stratum(outcomes, stratum, "outcomes")
    arms = categories_of(outcomes["arm"])
    require_two_arms(arms, "a comparison")
    if response != "value" and outcomes[response].isna().all() and outcomes["baseline"].isna().all():
        raise DataError(
            f"outcomes must have baselines for the response '{response}'; all are missing. Try response='value', or as_outcomes "
            "with a baseline."
        )
    rows = []
    chosen = choose_visits(outcomes, visits)
    refuse_negative_baselines(outcomes, response, chosen)
    for visit in chosen:
        at_visit = outcomes[(outcomes["visit"] == visit) & outcomes[response].notna()]
        empty = [arm for arm in arms if not (at_visit["arm"] == arm).any()]
        if empty:
            raise DataError(
                f"outcomes must have a {response} in each arm at '{visit}'; got none in arm {listed(empty)}. Try the other "
                "visits in `visits`."
            )
        at_visit = at_visit.assign(**{response: tie_rounded(at_visit[response].to_numpy(dtype=float), _size(at_visit, response))})
        for arm in arms[1:]:
            both = at_visit[at_visit["arm"].isin([arms[0], arm])]
            groups = [
                tuple(group.loc[group["arm"] == name, response].to_numpy() for name in (arm, arms[0]))
                for _, group in both.groupby(np.zeros(len(both)) if stratum is None else stratum, sort=False, observed=True)
            ]
            if not any(len(in_arm) and len(in_reference) for in_arm, in_reference in groups):
                raise FitError(
                    f"ranks at '{visit}': no level of the stratum '{stratum}' has both arm '{arm}' and '{arms[0]}'. Try no "
                    "stratum."
                )
            shift = compare_shift([in_arm for in_arm, _ in groups], [in_reference for _, in_reference in groups], conf_level)
            test = _test(shift, stratum if len(groups) > 1 else None)
            rows.append((visit, str(arm), shift, test, _note(shift, groups, stratum, conf_level)))
    shifts = [shift for _, _, shift, _, _ in rows]
    labels = labels_of(outcomes)
    return as_estimates(
        {
            **labels.estimand,
            "arm": [arm for _, arm, *_ in rows],
            "reference": str(arms[0]),
            "visit": [visit for visit, *_ in rows],
            "measure": MEASURES[response],
            **method_of([test for *_, test, _ in rows], handling_of(outcomes)),
            "n": np.array([shift.n_used for shift in shifts], dtype=float),
            "estimate": np.array([shift.estimate for shift in shifts]),
            "conf_low": np.array([shift.low for shift in shifts]),
            "conf_high": np.array([shift.high for shift in shifts]),
            "conf_level": conf_level,
            "p_value": np.array([shift.p_value for shift in shifts]),
            "note": [note for *_, note in rows],
        }
    )


def _size(rows: pd.DataFrame, response: str) -> FloatArray:
    """Return the absolute value of the largest number that each response was computed from."""
    size = rows[response].abs()
    if response != "value":
        of = rows[["value", "baseline"]].abs().max(axis=1)
        size = np.fmax(size, of if response == "change" else 100 * of / rows["baseline"].abs())
    return np.asarray(size, dtype=float)


def _test(shift: Shift, stratum: str | None) -> str:
    if stratum is not None:
        return f"van Elteren test over {stratum.replace('_', ' ')}"
    return f"Wilcoxon rank-sum test, {'exact' if shift.exact else 'normal approximation'}"


def _note(shift: Shift, groups: list[tuple[np.ndarray, ...]], stratum: str | None, conf_level: float) -> str:
    """Count strata that do not enter, and state the reason for missing limits."""
    notes = []
    lonely = [len(in_arm) + len(in_reference) for in_arm, in_reference in groups if not (len(in_arm) and len(in_reference))]
    if lonely:
        notes.append(f"left out: {sum(lonely)} subjects of {len(lonely)} levels of {stratum} with one arm only")
    values = np.concatenate([responses for pair in groups for responses in pair])
    if (values == values[0]).all():
        notes.append("all values are equal")
    elif np.isnan(shift.low):
        notes.append(f"no limits: too few subjects for {100 * conf_level:g} %")
    return "; ".join(notes)

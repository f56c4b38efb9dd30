"""`compare_ranks`: *outcomes* -> *estimates*, arms compared by ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, FitError, listed, require_choice, require_conf_level, require_two_arms
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import handling_of, method_of
from botox_analysis.frames.measures import SHIFTS
from botox_analysis.frames.outcomes import Outcomes, ResponseName, check_outcomes, labels_of
from botox_analysis.frames.schema import categories_of
from botox_analysis.models.linear.design import require_covariates
from botox_analysis.models.linear.visit_rows import choose_visits, refuse_missing_stratum
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.ranks import Shift, compare_shift, tie_rounded

MEASURES = dict(zip(("value", "change", "percent_change"), SHIFTS, strict=True))
"""The measure of each column of outcomes."""


def compare_ranks(
    outcomes: Outcomes,
    *,
    response: ResponseName = "change",
    stratum: str | None = None,
    visits: Sequence[str] | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Each arm against the reference by ranks, at each visit: the shift between them with limits, and the p-value of the test.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Missing responses do not enter; ``n`` counts those that do.
    response : str
        ``"change"``, ``"value"`` or ``"percent_change"``.
    stratum : str, optional
        A covariate of `outcomes`, which everybody has: van Elteren's test over its levels. Left out (or with one level):
        Wilcoxon's rank-sum test.
    visits : sequence of str, optional
        The visits to analyse. Left out: all.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* by visit, then arm: the median of all differences between a subject of the arm and one of the reference
        (with a stratum: within strata, weighted as in the test), with the limits that belong to the test, and its p-value.
        There is no standard error. ``note`` tells strata that have one arm only and do not count, and why limits are missing.

    Raises
    ------
    DataError
        There is one arm only, an arm has nothing at a visit, there is no such column or visit, or a subject has no stratum.
    FitError
        No stratum has both arms.
    ValueError
        The response is not known, or `conf_level` is no share.

    Notes
    -----
    A shift is what the test is of: that the values of one arm are those of the other, moved. Where their spread differs, too,
    it is the median difference of pairs all the same, but the limits are approximate. Without ties and with fewer than 50
    subjects in each arm the distribution is exact.

    Numbers tie where they are equal; changes also where they differ by no more than a share of 1e-12 of the value and the
    baseline that they are computed from, as 5.6 - 16.8 and 11.2 - 22.4 do: that is rounding.

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
        raise DataError(f"outcomes has no baseline, and so no {response}; take response='value', or give as_outcomes a baseline.")
    rows = []
    for visit in choose_visits(outcomes, visits):
        there = outcomes[(outcomes["visit"] == visit) & outcomes[response].notna()]
        empty = [arm for arm in arms if not (there["arm"] == arm).any()]
        if empty:
            raise DataError(
                f"outcomes has no {response} in arm {listed(empty)} at '{visit}'; name the visits at which each arm has some."
            )
        there = there.assign(**{response: tie_rounded(there[response].to_numpy(dtype=float), _size(there, response))})
        for arm in arms[1:]:
            both = there[there["arm"].isin([arms[0], arm])]
            groups = [
                tuple(group.loc[group["arm"] == each, response].to_numpy() for each in (arm, arms[0]))
                for _, group in both.groupby(np.zeros(len(both)) if stratum is None else stratum, sort=False, observed=True)
            ]
            if not any(len(own) and len(reference) for own, reference in groups):
                raise FitError(f"ranks at '{visit}': no level of '{stratum}' has both arm '{arm}' and '{arms[0]}'; leave it out.")
            shift = compare_shift([own for own, _ in groups], [reference for _, reference in groups], conf_level)
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
    """The size of the largest number that each response was computed from."""
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
    """What does not count, and what cannot be said."""
    said = []
    lonely = [len(own) + len(reference) for own, reference in groups if not (len(own) and len(reference))]
    if lonely:
        said.append(f"left out: {sum(lonely)} subjects of {len(lonely)} levels of {stratum} with one arm only")
    values = np.concatenate([each for pair in groups for each in pair])
    if (values == values[0]).all():
        said.append("all values are equal")
    elif np.isnan(shift.low):
        said.append(f"no limits: too few subjects for {100 * conf_level:g} %")
    return "; ".join(said)

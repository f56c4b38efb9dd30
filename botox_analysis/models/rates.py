"""`event_rates` and `compare_rates`: *events* -> *estimates*."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.numerics.proportions import DIFFERENCE_INTERVALS, difference_std_error, wilson_interval
from botox_analysis.refusal import DataError, listed, require_choice, require_conf_level
from botox_analysis.schema import EVENTS_TEXT, as_estimates, categories_of, check_events

MEASURES = ("risk difference",)
_CARRIED = ("within", "threshold", "occurrences", "exposure")
_INTERVAL_NAMES = {"newcombe": "Newcombe hybrid score interval", "wald": "Wald interval"}


def event_rates(events: pd.DataFrame, *, conf_level: float = 0.95) -> pd.DataFrame:
    """The proportion of subjects with the event, with Wilson limits, for each row of *events*.

    Parameters
    ----------
    events : DataFrame
        *events*; a frame written by hand needs ``arm``, ``n_events`` and ``n_total``.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* in the order of the rows; proportions are shares from 0 to 1, and missing where ``n_total`` is 0.
        ``n_events`` is kept beside.

    Raises
    ------
    DataError
        A count is impossible, or a row is there twice.

    Examples
    --------
    >>> import pandas as pd
    >>> rates = event_rates(pd.DataFrame({"arm": ["placebo"], "n_events": [21], "n_total": [140]}))
    >>> rates[["estimate", "conf_low", "conf_high"]].round(3).values.tolist()
    [[0.15, 0.1, 0.218]]
    """
    require_conf_level(conf_level)
    counted = check_events(events)
    _refuse_strata(counted)
    n_events, n_total = counted["n_events"].to_numpy(), counted["n_total"].to_numpy()
    low, high = wilson_interval(n_events, n_total, conf_level)
    total = np.where(n_total > 0, n_total, np.nan)
    share = n_events / total
    return as_estimates(
        {
            **_estimand(counted),
            "arm": counted["arm"].astype(str),
            "measure": "proportion",
            "method": _method("Wilson score interval", counted),
            "n": n_total,
            "estimate": share,
            "std_error": np.sqrt(share * (1 - share) / total),
            "conf_low": low,
            "conf_high": high,
            "conf_level": conf_level,
            **{column: counted[column].to_numpy() for column in _CARRIED if column in counted.columns},
            "n_events": n_events,
        }
    )


def compare_rates(
    events: pd.DataFrame,
    *,
    measure: str = "risk difference",
    interval: str = "newcombe",
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Each arm against the reference, for every category of *events*.

    Parameters
    ----------
    events : DataFrame
        *events*; the reference is the first arm: the first category of a categorical column, else the first to appear.
    measure : str
        ``"risk difference"``: arm minus reference, a share from -1 to 1.
    interval : str
        ``"newcombe"``: hybrid score, from the Wilson limits of both arms. ``"wald"``: the normal approximation, for
        reproducing older reports only.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* by category, then arm; the standard error is that of the difference with separate variances, the
        p-value is missing: these intervals come without a test.

    Raises
    ------
    DataError
        A count is impossible, there is one arm only, an arm lacks a category, or there are several strata.
    ValueError
        The measure or interval is not known.

    References
    ----------
    Newcombe RG (1998). Stat Med 17:873-890, methods 10 and 1.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"arm": ["control", "acupuncture"], "n_events": [21, 49], "n_total": [140, 161]})
    >>> compare_rates(events)[["estimate", "conf_low", "conf_high"]].round(3).values.tolist()
    [[0.154, 0.059, 0.244]]
    """
    require_choice(measure, MEASURES, "measure")
    require_choice(interval, DIFFERENCE_INTERVALS, "interval")
    require_conf_level(conf_level)
    counted = check_events(events)
    _refuse_strata(counted)
    arms = categories_of(counted["arm"])
    if len(arms) < 2:
        raise DataError(f"events has one arm only, '{arms[0]}'; a comparison needs two.")

    key = [column for column in (*EVENTS_TEXT, "within", "imputation") if column in counted.columns]
    group = counted.groupby(key, sort=False, dropna=False).ngroup().to_numpy()
    _refuse_gaps(counted, group, arms)
    is_reference = (counted["arm"] == arms[0]).to_numpy()
    reference_row = np.full(group.max() + 1, -1)
    reference_row[group[is_reference]] = np.flatnonzero(is_reference)
    own_row = np.flatnonzero(~is_reference)
    arm_code = pd.Index(arms).get_indexer(counted["arm"].astype(object))[own_row]
    own_row = own_row[np.lexsort((arm_code, group[own_row]))]
    reference_of_own = reference_row[group[own_row]]
    own, reference = counted.iloc[own_row], counted.iloc[reference_of_own]
    numbers = tuple(frame[column].to_numpy() for frame in (own, reference) for column in ("n_events", "n_total"))
    low, high = DIFFERENCE_INTERVALS[interval](numbers[0], numbers[1], numbers[2], numbers[3], conf_level)
    share, share_reference = (
        np.divide(numbers[at], numbers[at + 1], out=np.full(len(own), np.nan), where=numbers[at + 1] > 0) for at in (0, 2)
    )
    own = own.reset_index(drop=True)
    return as_estimates(
        {
            **_estimand(own),
            "arm": own["arm"].astype(str),
            "reference": str(arms[0]),
            "measure": measure,
            "method": _method(_INTERVAL_NAMES[interval], own),
            "n": numbers[1] + numbers[3],
            "estimate": share - share_reference,
            "std_error": difference_std_error(numbers[0], numbers[1], numbers[2], numbers[3]),
            "conf_low": low,
            "conf_high": high,
            "conf_level": conf_level,
            **{column: own[column].to_numpy() for column in ("within", "threshold") if column in own.columns},
        }
    )


def _refuse_gaps(counted: pd.DataFrame, group: np.ndarray, arms: list[str]) -> None:
    """Refuse a category that an arm lacks: a row that is not there is not a count of 0."""
    there = pd.crosstab(group, counted["arm"].astype(object).to_numpy()).reindex(columns=arms)
    lacking = there.to_numpy() == 0
    if lacking.any():
        at, arm = np.argwhere(lacking)[0]
        category = counted["category"].to_numpy()[group == there.index[at]][0]
        what = "the reference" if arm == 0 else "arm"
        raise DataError(
            f"events has no row of {what} '{arms[arm]}' for category '{category}'; expected one, with 0 where there were none."
        )


def _refuse_strata(counted: pd.DataFrame) -> None:
    strata = counted.groupby(
        [column for column in (*EVENTS_TEXT, "within", "imputation", "arm") if column in counted.columns and column != "stratum"],
        sort=False, dropna=False, observed=True,
    )["stratum"].nunique()  # fmt: skip
    if (strata > 1).any():
        raise DataError(
            f"events has several strata ({listed(categories_of(counted['stratum']))}) in one category; "
            "stratified rates are not computed yet: add up the counts first."
        )


def _estimand(counted: pd.DataFrame) -> dict[str, pd.Series]:
    return {column: counted[column].astype(str) for column in ("trial", "population", "endpoint", "visit", "category")}


def _method(method: str, counted: pd.DataFrame) -> pd.Series | str:
    if "imputation" not in counted.columns:
        return method
    handling = counted["imputation"].fillna("").astype(str)
    return (method + "; " + handling).where(handling != "", method)

"""`table.sensitivity`: a difference under each handling of missing values, as text."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import DataError, listed
from botox_analysis.frames.estimates import Estimates, check_estimates
from botox_analysis.frames.measures import is_log_ratio, is_ratio, measure_name, measure_of, scaled, unit


def table_sensitivity(estimates: Estimates) -> pd.DataFrame:
    """Write a difference under each handling of missing values, in the order of the rows.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of `missing.sensitivity`, or the joined results of several `Imputations.pool`. The latter need a short
        ``method`` each, as in ``pooled.assign(method="half of the gain lost")``. The rows have one measure, category,
        endpoint and visit.

    Returns
    -------
    DataFrame
        Text: the handling (and the arm if there are several), n, the difference with its limits and p. With a column
        ``variance_target`` also the target of the variance, the fraction of missing information in per cent, and the Monte
        Carlo error.

    Raises
    ------
    DataError
        There are no rows, or several measures, categories, endpoints or visits.

    Examples
    --------
    >>> estimates = ba.missing.sensitivity(outcomes, visit="week 24", n=2, seed=1)
    >>> ba.table.sensitivity(estimates)[["Handling", "n"]].iloc[0].tolist()
    ['Mixed model of all observed values', '1,220']
    """
    check_estimates(estimates)
    if estimates.empty:
        raise DataError("`estimates` must have a row per handling of missing values; got no rows.")
    for column in ("measure", "category", "endpoint", "visit"):
        if estimates[column].nunique() > 1:
            raise DataError(
                f"`estimates` must have one {column}; got {listed(estimates[column].unique())}. Try filtering the rows."
            )
    measure = str(estimates["measure"].iloc[0])
    numbers = estimates.reindex(columns=["missing_information", "monte_carlo_error"], fill_value=float("nan"))
    ratio, share = is_ratio(measure), measure_of(measure).factor
    decimals = 2 if ratio else wording.decimals_for(share * estimates["std_error"])
    of = "".join(f", {part}" for part in (estimates["category"].iloc[0], unit(measure)) if part)
    table: dict[str, list[str]] = {"Handling": [wording.capital(str(method)) for method in estimates["method"]]}
    if estimates["arm"].nunique() > 1:
        table["Arm"] = [str(arm) for arm in estimates["arm"]]
    table["n"] = [wording.count(n) for n in estimates["n"]]
    level = f"{100 * estimates['conf_level'].iloc[0]:g} % CI"
    table[f"{wording.capital(measure_name(measure))}{of} ({level})"] = [
        wording.with_limits(scaled(middle, measure), scaled(low, measure), scaled(high, measure), decimals)
        for middle, low, high in estimates[["estimate", "conf_low", "conf_high"]].itertuples(index=False)
    ]
    table["p"] = [wording.p_value(p) for p in estimates["p_value"]]
    if "variance_target" in estimates.columns:
        table["Variance"] = [str(target) or wording.MISSING for target in estimates["variance_target"].fillna("")]
        table["Missing information, %"] = [wording.number(100 * lost) for lost in numbers["missing_information"]]
        of_log = " of the logarithm" if is_log_ratio(measure) else ""
        table[f"Monte Carlo error{of_log}"] = [wording.number(share * e, decimals + 1) for e in numbers["monte_carlo_error"]]
    return pd.DataFrame(table)

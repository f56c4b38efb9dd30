"""`table.sensitivity`: a difference under every handling of what is missing, as a table of text."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import DataError, listed
from botox_analysis.frames.estimates import Estimates, check_estimates
from botox_analysis.frames.measures import is_log_ratio, is_ratio, measure_name, measure_of, scaled, unit


def table_sensitivity(estimates: Estimates) -> pd.DataFrame:
    """A difference under every handling of what is missing, in the order of the rows.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of `missing.sensitivity`, or of several `Imputations.pool` one below the other, each with a short
        ``method`` of its own, as in ``pooled.assign(method="half of the gain lost")``: of one measure, category, endpoint and
        visit.

    Returns
    -------
    DataFrame
        Texts: the handling (and the arm, where there are several), n, the difference with its limits, p, what the variance is
        of, the fraction of missing information in per cent, and the Monte Carlo error.

    Raises
    ------
    DataError
        There are no rows, or several measures, categories, endpoints or visits.
    """
    check_estimates(estimates)
    if estimates.empty:
        raise DataError("estimates has no rows; expected a difference under one handling or more.")
    for column in ("measure", "category", "endpoint", "visit"):
        if estimates[column].nunique() > 1:
            raise DataError(f"estimates has several of '{column}' ({listed(estimates[column].unique())}); a table shows one.")
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

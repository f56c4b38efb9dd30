"""`table.efficacy` and `table.change`: adjusted means and differences; unadjusted changes."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.frames.estimates import Estimates, check_measures, refuse_pairs, refuse_subgroups
from botox_analysis.frames.measures import MEAN, MEAN_CHANGE, MEANS, PERCENT_REDUCTION, SPREADS, difference_in
from botox_analysis.frames.schema import ALL_VISITS


def table_efficacy(means: Estimates, differences: Estimates) -> pd.DataFrame:
    """Write the means of each arm and the differences from the reference, with limits and p-values.

    Parameters
    ----------
    means, differences : DataFrame
        *estimates* of `Fit.means` and `Fit.differences`, of one or several endpoints.

    Returns
    -------
    DataFrame
        Text: a row per endpoint, visit and arm.

    Raises
    ------
    DataError
        The frames are empty, have another measure, or contain differences from several references.

    Examples
    --------
    >>> table = ba.table.efficacy(fit.means(), fit.differences())
    >>> table[["Visit", "Arm", "n", "Difference from placebo (95 % CI)", "p"]].iloc[1].tolist()
    ['week 4', 'onabotulinumtoxinA', '682', '−1.4 (−2.1 to −0.8)', '<0.001']
    """
    check_measures(means, MEANS, "means")
    check_measures(differences, [difference_in(measure) for measure in MEANS], "differences")
    refuse_pairs(differences, "a table of efficacy", "differences")
    for frame, frame_name in ((means, "means"), (differences, "differences")):
        refuse_subgroups(frame, frame_name)
    level = f"{100 * means['conf_level'].iloc[0]:g} % CI"
    reference = differences["reference"].iloc[0]
    key = ["endpoint", "visit", "arm"]
    found = {tuple(row[key]): row for _, row in differences.iterrows()}
    decimals = {name: wording.decimals_for(of_one["std_error"]) for name, of_one in means.groupby("endpoint", sort=False)}
    rows = []
    adjusted = {measure: f"Adjusted {measure} ({level})" for measure in means["measure"].unique()}
    for _, row in means.iterrows():
        digits = decimals[row["endpoint"]]
        difference = found.get(tuple(row[key]), found.get((row["endpoint"], ALL_VISITS, row["arm"])))
        rows.append(
            {
                "Endpoint": wording.capital(row["endpoint"]),
                "Visit": row["visit"],
                "Arm": row["arm"],
                "n": wording.count(row["n"]),
                **dict.fromkeys(adjusted.values(), wording.MISSING),
                adjusted[row["measure"]]: _written(row, digits),
                f"Difference from {reference} ({level})": wording.MISSING if difference is None else _written(difference, digits),
                "p": wording.MISSING if difference is None else wording.p_value(difference["p_value"]),
            }
        )
    return pd.DataFrame(rows)


def _written(row: pd.Series, decimals: int) -> str:
    return wording.with_limits(row["estimate"], row["conf_low"], row["conf_high"], decimals)


def table_change(estimates: Estimates) -> pd.DataFrame:
    """Write unadjusted means, changes and percent reductions of each arm.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of `describe_change`.

    Returns
    -------
    DataFrame
        Text: a row per visit and arm. The row of baseline has no change.

    Raises
    ------
    DataError
        The frame is empty, or has another measure.

    Examples
    --------
    >>> table = ba.table.change(ba.describe_change(outcomes))
    >>> table[["Visit", "Arm", "Mean (SD)", "Mean change (95 % CI)"]].iloc[2].tolist()
    ['week 4', 'placebo', '14.9 (6.9)', '−5.2 (−5.7 to −4.7)']
    """
    check_measures(estimates, (*MEANS, *SPREADS, PERCENT_REDUCTION), "estimates")
    level = f"{100 * estimates['conf_level'].iloc[0]:g} % CI"
    decimals = wording.decimals_for(estimates.loc[estimates["measure"] == MEAN, "std_error"])
    rows = []
    for (visit, arm), about in estimates.groupby(["visit", "arm"], sort=False):
        of_measure = {str(row["measure"]): row for _, row in about.iterrows()}
        mean, spread = of_measure[MEAN], of_measure[SPREADS[0]]
        shown = {
            "Visit": visit,
            "Arm": arm,
            "n": wording.count(mean["n"]),
            "Mean (SD)": f"{wording.number(mean['estimate'], decimals)} ({wording.number(spread['estimate'], decimals)})",
        }
        for measure in (MEAN_CHANGE, PERCENT_REDUCTION):
            digits = decimals if measure == MEAN_CHANGE else 1
            is_known = measure in of_measure
            shown[f"{wording.capital(measure)} ({level})"] = (
                _written(of_measure[measure], digits) if is_known else wording.MISSING
            )
        rows.append(shown)
    return pd.DataFrame(rows)

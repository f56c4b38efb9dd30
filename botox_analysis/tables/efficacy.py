"""`table_efficacy`: means by arm, differences to the reference."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.schema import check_estimates


def table_efficacy(means: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Means of each arm and differences to the reference, with limits and p-values.

    Parameters
    ----------
    means, differences : DataFrame
        *estimates* of `Fit.means` and `Fit.differences`, of one or several endpoints.

    Returns
    -------
    DataFrame
        Text: a row per endpoint, visit and arm.
    """
    check_estimates(means)
    check_estimates(differences)
    level = f"{100 * means['conf_level'].iloc[0]:g} % CI"
    reference = differences["reference"].iloc[0]
    key = ["endpoint", "visit", "arm"]
    found = {tuple(row[key]): row for _, row in differences.iterrows()}
    rows = []
    for _, row in means.iterrows():
        difference = found.get(tuple(row[key]))
        rows.append(
            {
                "Endpoint": wording.capital(row["endpoint"]),
                "Visit": row["visit"],
                "Arm": row["arm"],
                "n": wording.count(row["n"]),
                f"Adjusted {row['measure']} ({level})": _written(row),
                f"Difference to {reference} ({level})": _written(difference) if difference is not None else wording.MISSING,
                "p": wording.p_value(difference["p_value"]) if difference is not None else wording.MISSING,
            }
        )
    return pd.DataFrame(rows)


def _written(row: pd.Series) -> str:
    return wording.with_limits(row["estimate"], row["conf_low"], row["conf_high"])

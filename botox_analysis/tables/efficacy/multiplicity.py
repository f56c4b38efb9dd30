"""`table.multiplicity`: differences of a family of hypotheses with unadjusted and adjusted p-values."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import require_columns
from botox_analysis.frames.estimates import Estimates, check_estimates
from botox_analysis.frames.measures import measure_name, scaled


def table_multiplicity(adjusted: Estimates) -> pd.DataFrame:
    """Write the differences of a family of hypotheses with unadjusted and adjusted p-values.

    Parameters
    ----------
    adjusted : DataFrame
        *estimates* of `adjust_multiplicity`.

    Returns
    -------
    DataFrame
        Text: a row per hypothesis, in the order of the rows.

    Raises
    ------
    DataError
        The frame does not contain *estimates* of `adjust_multiplicity`.

    Examples
    --------
    >>> adjusted = ba.adjust_multiplicity(fit.differences(), method="holm")
    >>> ba.table.multiplicity(adjusted)[["Visit", "p", "p, adjusted", "Rejected"]].iloc[0].tolist()
    ['week 4', '<0.001', '<0.001', 'yes']
    """
    require_columns(check_estimates(adjusted), ["p_adjusted", "rejected"], "adjusted", made_by="adjust_multiplicity(estimates)")
    rows = []
    for _, row in adjusted.iterrows():
        measure = str(row["measure"])
        decimals = wording.decimals_for([scaled(row["std_error"], measure)])
        estimate, low, high = (scaled(row[name], measure) for name in ("estimate", "conf_low", "conf_high"))
        rows.append(
            {
                "Endpoint": wording.capital(str(row["endpoint"])),
                "Visit": row["visit"],
                "Arm": row["arm"],
                f"{wording.capital(measure_name(measure))} ({100 * row['conf_level']:g} % CI)": wording.with_limits(
                    estimate, low, high, decimals
                ),
                "p": wording.p_value(row["p_value"]),
                "p, adjusted": wording.p_value(row["p_adjusted"]),
                "Rejected": "yes" if row["rejected"] else "no",
            }
        )
    return pd.DataFrame(rows).fillna(wording.MISSING)

"""`table_adverse_events`: subjects with the event, occurrences, and the difference between arms."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.refusal import require_columns
from botox_analysis.schema import check_measures
from botox_analysis.tables.writers import INDENT


def table_adverse_events(rates: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Adverse events by arm: subjects n (%), occurrences in brackets; nested rows are indented.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` on `adverse_events`, in the order to show: each class before its terms.
    differences : DataFrame
        *estimates* of `compare_rates` on the same.

    Returns
    -------
    DataFrame
        Text: a row per category, a column per arm, then the differences in percentage points.

    Raises
    ------
    DataError
        The frames are empty or of another kind, or counts or occurrences are not among the columns.
    """
    require_columns(check_measures(rates, ["proportion"], "rates"), ("n_events", "occurrences", "within"), "rates")
    check_measures(differences, ["risk difference"], "differences")
    arms, others = list(rates["arm"].unique()), list(differences["arm"].unique())
    level = f"{100 * differences['conf_level'].iloc[0]:g} % CI"
    key = ["within", "category", "arm"]
    against = {tuple(row[key]): row for _, row in differences.iterrows()}
    rows = []
    for (within, category), about in rates.groupby(["within", "category"], sort=False):
        of_arm = about.set_index("arm")
        shown = {"Adverse event": f"{INDENT}{category}" if within else wording.capital(category)}
        for arm in arms:
            row = of_arm.loc[arm]
            counted = wording.count_share(row["n_events"], row["n"])
            shown[f"{arm} (n = {wording.count(row['n'])})"] = f"{counted} [{wording.count(row['occurrences'])}]"
        for arm in others:
            row = against[within, category, arm]
            name = f"{arm}, difference" if len(others) > 1 else "Difference"
            limits = (100 * row[column] for column in ("estimate", "conf_low", "conf_high"))
            shown[f"{name}, percentage points ({level})"] = wording.with_limits(*limits)
        rows.append(shown)
    return pd.DataFrame(rows)

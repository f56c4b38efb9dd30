"""`table_responders`: who improved by at least so much."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.schema import check_measures

_KEY = ["endpoint", "visit", "category", "handling"]


def table_responders(rates: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Responders of each arm, and the difference in percentage points.

    Parameters
    ----------
    rates, differences : DataFrame
        *estimates* of `event_rates` and `compare_rates` on `responders`.

    Returns
    -------
    DataFrame
        Text: a row per visit, threshold and handling of missing values, a column per arm, then the differences.

    Raises
    ------
    DataError
        The frames are empty, or of another kind.
    """
    rates, differences = (
        _with_handling(check_measures(frame, [measure], name))
        for frame, measure, name in ((rates, "proportion", "rates"), (differences, "risk difference", "differences"))
    )
    level = f"{100 * differences['conf_level'].iloc[0]:g} % CI"
    arms, others = list(rates["arm"].unique()), list(differences["arm"].unique())
    rows = []
    for key, about in rates.groupby(_KEY, sort=False):
        of_arm = about.set_index("arm")
        against = differences[(differences[_KEY] == list(key)).all(axis=1)].set_index("arm")
        shown = {
            "Response": key[2],
            "Visit": key[1],
            "Missing values": key[3],
            **{f"{arm}, n/N (%)": _count(of_arm.loc[arm]) for arm in arms},
        }
        for arm in others:
            name = f"{arm}, difference" if len(others) > 1 else "Difference"
            shown[f"{name}, percentage points ({level})"] = _points(against.loc[arm])
        rows.append(shown)
    return pd.DataFrame(rows)


def _with_handling(estimates: pd.DataFrame) -> pd.DataFrame:
    """What a method says of missing values: its parts after the first, without the diary rule."""
    said = [[part for part in method.split("; ")[1:] if " rule: " not in part] for method in estimates["method"]]
    return estimates.assign(handling=["; ".join(parts) for parts in said])


def _count(row: pd.Series) -> str:
    share = f"{wording.number(100 * row['estimate'])} %"
    return f"{wording.count(row['n_events'])}/{wording.count(row['n'])} ({share})"


def _points(row: pd.Series) -> str:
    return wording.with_limits(*(100 * row[column] for column in ("estimate", "conf_low", "conf_high")))

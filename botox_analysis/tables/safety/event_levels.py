"""`table.severity` and `table.relation`: adverse events by worst severity, and by relation to the treatment."""

from __future__ import annotations

from typing import Any

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import DataError, require_columns
from botox_analysis.frames.estimates import Estimates, check_measures
from botox_analysis.frames.measures import PROPORTION
from botox_analysis.tables.event_rows import arm_heads, event_names, rows_by_event


def table_severity(rates: Estimates) -> pd.DataFrame:
    """Write adverse events by arm and worst severity, n (%).

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` on `safety.counts` ``by="term and severity"``, in the order to show.
        `table.adverse_events` shows those of ``by="severity"``, which have a row per severity.

    Returns
    -------
    DataFrame
        Text: a row per category, a column per arm and severity. Each subject is counted in one column only.

    Raises
    ------
    DataError
        The frame is empty, has another measure, has no severities, or contains a severity twice.

    Examples
    --------
    >>> rates = ba.event_rates(ba.safety.counts(trial, by="term and severity"))
    >>> ba.table.severity(rates).iloc[0].tolist()[:4]
    ['Any adverse event', '89 (12.9 %)', '144 (20.8 %)', '100 (14.5 %)']
    """
    return _by_level(rates, "severity")


def table_relation(rates: Estimates) -> pd.DataFrame:
    """Write adverse events by arm and relation to the treatment, n (%).

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` on `safety.counts` ``by="term and relation"``, in the order to show.

    Returns
    -------
    DataFrame
        Text: a row per category, a column per arm and relation. Each subject is counted in one column only.

    Raises
    ------
    DataError
        The frame is empty, has another measure, has no relations, or contains a relation twice.

    Examples
    --------
    >>> rates = ba.event_rates(ba.safety.counts(trial, by="term and relation"))
    >>> ba.table.relation(rates).iloc[0].tolist()
    ['Any adverse event', '70 (10.1 %)', '263 (38.0 %)', '173 (25.4 %)', '213 (31.2 %)']
    """
    return _by_level(rates, "relation")


def _by_level(rates: pd.DataFrame, column: str) -> pd.DataFrame:
    check_measures(rates, [PROPORTION], "rates")
    if column not in rates.columns or rates[column].isna().any():
        raise DataError(
            f'`rates` must have a {column} in each row; got rows without one. Try safety.counts(trial, by="term and {column}").'
        )
    require_columns(rates, ["n_events"], "rates")
    events, counted = rows_by_event(rates, [PROPORTION], "rates", also=(column,))
    levels = list(rates[column].unique())
    return pd.DataFrame(
        {
            "Adverse event": event_names(events),
            **{
                f"{head}: {level}": [_count(counted.get((event, arm, level))) for event in events]
                for arm, head in arm_heads(rates).items()
                for level in levels
            },
        }
    )


def _count(row: dict[str, Any] | None) -> str:
    return wording.MISSING if row is None else wording.count_share(row["n_events"], row["n"])

"""`table.responders`: responders by arm, and comparisons of the arms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis import wording
from botox_analysis.frames.estimates import Estimates, check_measures
from botox_analysis.frames.handling import HANDLING, method_parts
from botox_analysis.frames.measures import (
    CONDITIONAL_LOG_ODDS_RATIO,
    LOG_ODDS_RATIO,
    LOG_RISK_RATIO,
    NUMBER_NEEDED,
    PROPORTION,
    RISK_DIFFERENCE,
    measure_name,
)
from botox_analysis.tables.event_rows import COMPARISONS, compared

_KEY = ["endpoint", "visit", "category", HANDLING]
_LOG_RATIOS = (LOG_RISK_RATIO, LOG_ODDS_RATIO, CONDITIONAL_LOG_ODDS_RATIO)
_OF_SHARES = (RISK_DIFFERENCE, *_LOG_RATIOS, *(measure_name(measure) for measure in _LOG_RATIOS), NUMBER_NEEDED)


def table_responders(rates: Estimates, differences: Estimates) -> pd.DataFrame:
    """Write the responders of each arm, and the comparisons of the arms.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` on `responders`.
    differences : DataFrame
        *estimates* of `compare_rates` on the same events. Several measures and numbers needed to treat may be joined by
        ``pd.concat``; each has a column, in that order.

    Returns
    -------
    DataFrame
        Text: a row per visit, threshold and handling of missing values, a column per arm, then the comparisons. Each
        comparison has the column of its p-values beside it, if it has any. If the p-values of all measures are equal, they
        have one column.

    Raises
    ------
    DataError
        A frame is empty, or has another measure.

    Examples
    --------
    >>> events = ba.responders(outcomes, reduction=0.5)
    >>> table = ba.table.responders(ba.event_rates(events), ba.compare_rates(events))
    >>> table[["Visit", "placebo, n/N (%)", "Difference, percentage points (95 % CI)", "p"]].iloc[-1].tolist()
    ['week 24', '190/617 (30.8 %)', '17.6 (12.2 to 23.0)', '<0.001']
    """
    check_measures(rates, [PROPORTION], "rates")
    check_measures(differences, _OF_SHARES, "differences")
    rates, differences = (frame.assign(handling=method_parts(frame)[HANDLING]) for frame in (rates, differences))
    level = f"{100 * differences['conf_level'].iloc[0]:g} % CI"
    arms, others = list(rates["arm"].unique()), list(differences["arm"].unique())
    measures = list(differences["measure"].unique())
    with_p = _with_p(differences)
    handled = (rates[HANDLING] != "").any()
    rows = []
    for key, about in rates.groupby(_KEY, sort=False):
        of_arm = about.set_index("arm")
        against = differences[(differences[_KEY] == list(key)).all(axis=1)].set_index(["measure", "arm"], drop=False)
        shown = {
            "Response": key[2],
            "Visit": key[1],
            **({"Missing values": key[3]} if handled else {}),
            **{f"{arm}, n/N (%)": _count(of_arm.loc[arm]) for arm in arms},
        }
        for arm in others:
            of = f"{arm}, " if len(others) > 1 else ""
            for measure in measures:
                row = against.loc[(measure, arm)] if (measure, arm) in against.index else None
                head = f"{of}{COMPARISONS[measure]}" if of else wording.capital(COMPARISONS[measure])
                shown[f"{head} ({level})"] = wording.MISSING if row is None else compared(row)
                if measure in with_p:
                    p_head = f"{of}p" if len(with_p) == 1 else f"{of}p ({measure_name(measure)})"
                    shown[p_head] = wording.MISSING if row is None else wording.p_value(row["p_value"])
        rows.append(shown)
    return pd.DataFrame(rows)


def _with_p(differences: pd.DataFrame) -> list[str]:
    """Return the measures whose p-values are shown: the last one if all have the same p-values, as score tests have."""
    tested = differences[differences["p_value"].notna() & (differences["measure"] != NUMBER_NEEDED)]
    measures = list(tested["measure"].unique())
    by_row = tested.pivot_table(index=[*_KEY, "arm"], columns="measure", values="p_value", sort=False)
    same = len(measures) > 1 and np.allclose(by_row.max(axis=1), by_row.min(axis=1), rtol=1e-9, atol=0.0)
    return measures[-1:] if same else measures


def _count(row: pd.Series) -> str:
    return f"{wording.count(row['n_events'])}/{wording.count(row['n'])} ({wording.percent(row['estimate'])} %)"

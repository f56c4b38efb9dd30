"""`table.incidence`: adverse events per 100 patient-years."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.measures import EVENT_RATE, INCIDENCE_RATE
from botox_analysis.tables.event_rows import arm_heads, comparison_columns, event_names, rows_by_event

_COUNTED = {
    INCIDENCE_RATE: ("n_events", "at_risk", "subjects", "patient-years at risk"),
    EVENT_RATE: ("occurrences", "exposure", "events", "patient-years"),
}
"""For each measure the columns of which it is the quotient, and their names."""


def table_incidence(rates: Estimates, differences: pd.DataFrame | None = None) -> pd.DataFrame:
    """Write exposure-adjusted rates by arm: the count, the patient-years, and the rate per 100 of them with its limits.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` of one measure, in the order to show. ``"incidence rate"`` is the number of subjects with
        the event per patient-years at risk of their first. ``"event rate"`` is the number of occurrences per patient-years.
    differences : DataFrame, optional
        *estimates* of `compare_rates` on the same events; several measures may be joined.

    Returns
    -------
    DataFrame
        Text: a row per category, two columns per arm, then the comparisons. A missing rate is replaced by its note.

    Raises
    ------
    DataError
        A frame is empty or has another kind of measure, there are two measures, or an event has two rows in an arm.

    Examples
    --------
    >>> rates = ba.event_rates(ba.safety.counts(trial), measure="incidence rate")
    >>> ba.table.incidence(rates).iloc[0].tolist()[:3]
    ['Any adverse event', '333 in 208.0', '160.1 (143.3 to 178.2)']
    """
    events, counted = rows_by_event(rates, _COUNTED, "rates")
    if rates["measure"].nunique() > 1:
        raise DataError(f"`rates` must have one measure; got {listed(rates['measure'].unique())}. Try filtering the rows.")
    of, over, counts, years = _COUNTED[str(rates["measure"].iloc[0])]
    require_columns(rates, [of, over], "rates")
    compared = comparison_columns(differences)
    level = f"{100 * rates['conf_level'].iloc[0]:g} % CI"
    decimals = wording.decimals_for(rates["std_error"])
    heads = arm_heads(rates)
    table = []
    for event, name in zip(events, event_names(events), strict=True):
        cells = {"Adverse event": name}
        for arm, head in heads.items():
            row = counted.get((event, arm))
            texts = (wording.MISSING,) * 2
            if row is not None:
                rate = wording.with_limits(row["estimate"], row["conf_low"], row["conf_high"], decimals)
                note = row.get("note", "") if pd.isna(row["estimate"]) else ""
                texts = (f"{wording.count(row[of])} in {wording.number(row[over])}", note or rate)
            names = (f"{head}: {counts} in {years}", f"{arm}: per 100 ({level})")
            cells |= dict(zip(names, texts, strict=True))
        table.append(cells | {head: texts.get(event, wording.MISSING) for head, texts in compared.items()})
    return pd.DataFrame(table)

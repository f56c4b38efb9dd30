"""`table.adverse_events`: subjects with the event, occurrences, and comparisons of the arms."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import require_choice, require_columns
from botox_analysis.frames.estimates import Estimates, Event
from botox_analysis.frames.measures import PROPORTION
from botox_analysis.tables.event_rows import Rows, arm_heads, comparison_columns, event_names, rows_by_event

FIRST = "Adverse event"


Occurrences = Literal["in brackets", "beside"]
OCCURRENCES: tuple[Occurrences, ...] = get_args(Occurrences)
"""Place of occurrences: in the cell of the subjects, or in a separate column."""

IN_BRACKETS, BESIDE = OCCURRENCES


def table_adverse_events(
    rates: Estimates,
    differences: pd.DataFrame | None = None,
    *,
    at_least: float = 0.0,
    occurrences: Occurrences = "in brackets",
) -> pd.DataFrame:
    """Write adverse events by arm: subjects n (%), and occurrences; terms are indented below their class.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` on `safety.counts`, in the order to show (see `safety.order_by_frequency`).
    differences : DataFrame, optional
        *estimates* of `compare_rates` on the same events. Several measures, and numbers needed to treat, may be joined by
        ``pd.concat``.
    at_least : float
        Least share of subjects (0 to 1) with the term in at least one arm. Rarer terms, and classes without a frequent
        term, are left out. The last row then states how many.
    occurrences : str
        ``"in brackets"`` after the subjects, or ``"beside"``, in a separate column.

    Returns
    -------
    DataFrame
        Text: a row per category, a column per arm, then the comparisons with their limits. Any p-values are beside their
        limits. They are adjusted if there is a column ``p_adjusted`` (of `adjust_multiplicity`).

    Raises
    ------
    DataError
        A frame is empty, has another measure, lacks ``n_events``, or contains an event twice in an arm.
    ValueError
        `at_least` is not a share, or `occurrences` is not known.

    Examples
    --------
    >>> counts = ba.safety.counts(trial)
    >>> table = ba.table.adverse_events(ba.event_rates(counts), ba.compare_rates(counts), at_least=0.05)
    >>> table.iloc[0].tolist()
    ['Any adverse event', '333 (48.1 %) [494]', '386 (56.6 %) [599]', '8.5 (3.2 to 13.7)', '0.002']
    """
    require_choice(occurrences, OCCURRENCES, "occurrences")
    if not 0 <= at_least <= 1:
        raise ValueError(f"`at_least` must be a share of subjects from 0 to 1; got {at_least!r}. Try 0.05 for 5 %.")
    events, counted = rows_by_event(rates, [PROPORTION], "rates")
    require_columns(rates, ["n_events"], "rates")
    compared = comparison_columns(differences)
    heads = arm_heads(rates)
    names = dict(zip(events, event_names(events), strict=True))
    percent = round(100 * at_least, 9)  # 29 of 0.29, whose product is 28.999999999999996
    shown = _frequent(events, counted, list(heads), percent)
    columns = {
        FIRST: [names[event] for event in shown],
        **_counts(shown, counted, heads, occurrences),
        **{head: [texts.get(event, wording.MISSING) for event in shown] for head, texts in compared.items()},
    }
    if len(shown) < len(events):
        for head, texts in columns.items():
            texts.append(_left_out(events, shown, percent) if head == FIRST else "")
    return pd.DataFrame(columns)


def _counts(shown: list[Event], counted: Rows, heads: dict[str, str], occurrences: str) -> dict[str, list[str]]:
    """Write the columns of each arm."""
    columns: dict[str, list[str]] = {}
    for arm, head in heads.items():
        rows = [counted.get((event, arm)) for event in shown]
        columns[head] = [_count(row, with_total=head == arm, in_brackets=occurrences == IN_BRACKETS) for row in rows]
        if occurrences == BESIDE:
            columns[f"{arm}, occurrences"] = [
                wording.count(math.nan if row is None else row.get("occurrences", math.nan)) for row in rows
            ]
    return columns


def _count(row: dict[str, Any] | None, *, with_total: bool, in_brackets: bool) -> str:
    if row is None:
        return wording.MISSING
    n_events, n = row["n_events"], row["n"]
    text = wording.count_share(n_events, n)
    if with_total and n > 0 and not math.isnan(n_events):
        text = f"{wording.count(n_events)}/{wording.count(n)} ({wording.percent(n_events / n)} %)"
    occurrences = row.get("occurrences", math.nan)
    return f"{text} [{wording.count(occurrences)}]" if in_brackets and not math.isnan(occurrences) else text


def _frequent(events: list[Event], counted: Rows, arms: list[str], percent: float) -> list[Event]:
    """Return the terms that are frequent enough in an arm, and the classes with such a term."""
    if percent == 0:
        return events
    classes = _classes(events)

    def is_frequent(event: Event) -> bool:
        rows = [counted[event, arm] for arm in arms if (event, arm) in counted]
        return any(row["n"] > 0 and 100 * row["n_events"] >= percent * row["n"] for row in rows)

    terms = {event for event in events if event not in classes and is_frequent(event)}
    shown_classes = {within for within, _ in terms}
    return [event for event in events if event in terms or (event in classes and event[1] in shown_classes)]


def _classes(events: list[Event]) -> set[Event]:
    holding = {within for within, _ in events}
    return {event for event in events if event[0] == "" and event[1] in holding}


def _left_out(events: list[Event], shown: list[Event], percent: float) -> str:
    classes, left_out = _classes(events), [event for event in events if event not in set(shown)]
    n_classes = sum(event in classes for event in left_out)
    text = f"Terms below {percent:g} % in every arm, not shown: {wording.count(len(left_out) - n_classes)}"
    return f"{text}; classes without another term: {wording.count(n_classes)}" if n_classes else text

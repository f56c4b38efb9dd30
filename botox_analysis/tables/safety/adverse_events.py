"""`table.adverse_events`: subjects with the event, occurrences, and how the arms compare."""

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
"""Where occurrences stand: in the cell of the subjects, or in a column of their own."""

IN_BRACKETS, BESIDE = OCCURRENCES


def table_adverse_events(
    rates: Estimates,
    differences: pd.DataFrame | None = None,
    *,
    at_least: float = 0.0,
    occurrences: Occurrences = "in brackets",
) -> pd.DataFrame:
    """Adverse events by arm: subjects n (%), and occurrences; terms are indented below their class.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` on `safety.counts`, in the order to show (see `safety.order_by_frequency`).
    differences : DataFrame, optional
        *estimates* of `compare_rates` on the same; several measures, and numbers needed to treat, may follow each other (by
        ``pd.concat``).
    at_least : float
        Only terms that this share of subjects, from 0 to 1, had in at least one arm, and their classes; the last row says how
        many terms are not shown.
    occurrences : str
        ``"in brackets"`` behind the subjects, or ``"beside"``, in a column of their own.

    Returns
    -------
    DataFrame
        Text: a row per category, a column per arm, then the comparisons with their limits; p-values stand beside their
        interval where there are any, adjusted ones if `adjust_multiplicity` was asked.

    Raises
    ------
    DataError
        A frame is empty or of another kind, counts are not among the columns, or an event has two rows in an arm.
    ValueError
        `at_least` is no share, or the place of occurrences is not known.
    """
    require_choice(occurrences, OCCURRENCES, "occurrences")
    if not 0 <= at_least <= 1:
        raise ValueError(f"at_least is {at_least!r}; it is a share from 0 to 1, such as 0.05.")
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
    """The columns of each arm."""
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
    """Terms that are frequent enough in an arm, and classes with such a term."""
    if percent == 0:
        return events
    classes = _classes(events)

    def is_frequent(event: Event) -> bool:
        rows = [counted[event, arm] for arm in arms if (event, arm) in counted]
        return any(row["n"] > 0 and 100 * row["n_events"] >= percent * row["n"] for row in rows)

    terms = {event for event in events if event not in classes and is_frequent(event)}
    alive = {within for within, _ in terms}
    return [event for event in events if event in terms or (event in classes and event[1] in alive)]


def _classes(events: list[Event]) -> set[Event]:
    holding = {within for within, _ in events}
    return {event for event in events if event[0] == "" and event[1] in holding}


def _left_out(events: list[Event], shown: list[Event], percent: float) -> str:
    classes, gone = _classes(events), [event for event in events if event not in set(shown)]
    n_classes = sum(event in classes for event in gone)
    text = f"Terms below {percent:g} % in every arm, not shown: {wording.count(len(gone) - n_classes)}"
    return f"{text}; classes without another term: {wording.count(n_classes)}" if n_classes else text

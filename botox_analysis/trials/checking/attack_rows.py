"""Checks of attacks: the order of start and end, and cells that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import Problem
from botox_analysis.trials.attacks.days import LONGEST, bounds_of, without_pain
from botox_analysis.trials.attacks.settings import REFUSED, UNTIL_NEXT
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.diary_rows import DESCRIBE_HEADACHE
from botox_analysis.trials.readers.files import SETTINGS

ATTACKS = "attacks"

_AGREE = "cells that agree on headache"

Fault = tuple[str, Any, str, str]
"""Column, rows with the fault (ndarray of bool, shape (n,)), content found and content expected."""


def refuse_impossible_attacks(values: Mapping[str, pd.DataFrame], door: Door) -> None:
    """Report attacks that end before they start, are too long, have no end, or contradict themselves.

    Parameters
    ----------
    values : mapping of str to DataFrame
        Parsed tables.
    door : Door
        Collector of the problems. Cells of the table with problems of their own come first.
    """
    frame = values.get(ATTACKS)
    if frame is None or any(problem[0] == door.file(ATTACKS) for problem in door.problems):
        return
    numbers = door.rows(ATTACKS)
    for column, wrong, found, expected in (*_of_ends(frame, door), *_of_headache(frame)):
        rows = np.flatnonzero(wrong)
        if rows.size:
            door.problems.append(Problem(door.file(ATTACKS), int(numbers[rows[0]]), column, found, expected, int(rows.size)))


def _of_ends(frame: pd.DataFrame, door: Door) -> Iterator[Fault]:
    first, last, begin, end = bounds_of(frame)
    column = next((name for name in ("end", "end_day") if name in door.raw[ATTACKS].columns), "")
    is_open = np.isnan(last)
    if door.settings.get(ATTACKS, {}).get("open", REFUSED) == REFUSED:
        rule = f'the end, or open = "{UNTIL_NEXT}" under [attacks] in {SETTINGS}'
        # A time of the end without its day has a problem of its own.
        yield column, is_open & (np.isnan(end) | (column == "end")), "an attack without an end", rule
    if column != "end":
        yield "end_time", is_open & ~np.isnan(end), "a time without 'end_day'", "both, or neither"
    hours = (last - first) * 24 + end - begin
    yield column, (last < first) | (hours <= 0), "an end that is not after the start", "an end after the start"
    too_long = f"at most {LONGEST} days; longer headache belongs in the diary"
    yield column, last - first >= LONGEST, f"an attack of more than {LONGEST} days", too_long


def _of_headache(frame: pd.DataFrame) -> Iterator[Fault]:
    """Find the attacks without headache, by severity none or peak 0, of which another cell reports headache."""
    painless = without_pain(frame)
    for column in ("severity", "migraine", *DESCRIBE_HEADACHE):
        if column not in frame.columns:
            continue
        cells = frame[column]
        reports = cells.cat.codes.to_numpy() > 0 if column == "severity" else cells.to_numpy(dtype=float, na_value=0.0) > 0
        yield column, painless & reports, f"headache by {column} beside none by severity or peak", _AGREE

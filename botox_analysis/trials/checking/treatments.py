"""Checks of treatments, and the days of treatment that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.reading import IDENTIFIER, read_column
from botox_analysis.errors import Problem
from botox_analysis.trials.checking.door import Door

TREATMENTS = "treatments"

LAST_DOSE = "last_dose_day"


def settled_by_treatments(values: Mapping[str, pd.DataFrame], door: Door) -> pd.DataFrame:
    """Check the treatments, and complete the day of the last dose of subjects by them.

    Parameters
    ----------
    values : mapping of str to DataFrame
        Parsed tables, with ``subjects``.
    door : Door
        Collector of problems and notes. The problems are doses without a product, cycles that contradict the days, and
        treatments after the stated last dose. Cells of the two tables with problems of their own come first.

    Returns
    -------
    DataFrame
        Subjects with ``last_dose_day``: as stated, else the last treatment from day 1 on.
    """
    subjects, treatments = values["subjects"], values.get(TREATMENTS)
    wrong = {problem[0] for problem in door.problems}
    if treatments is None or wrong & {door.file(TREATMENTS), door.file("subjects")}:
        return subjects
    _check(treatments, door)
    given = treatments[treatments["day"] >= 1]
    return subjects if given.empty else _with_last_doses(subjects, given, door)


def _check(frame: pd.DataFrame, door: Door) -> None:
    """Report doses without a product and cycles that contradict the days; note unusual treatments."""
    if {"product", "dose"} <= set(frame.columns):
        nameless = (frame["product"].isna() & (frame["dose"] > 0)).to_numpy()
        door.refuse_cells(
            TREATMENTS,
            "product",
            nameless,
            lambda _: "the product, as units differ between products",
        )
    if "cycle" in frame.columns:
        door.problems += _of_cycles(frame, door)
    file = door.file(TREATMENTS)
    early = int((frame["day"] < 1).sum())
    if early:
        door.notes.append((f"{file}, day", "treatments before day 1: kept, and no exposure", early))
    repeated = int(frame.duplicated().sum())
    if repeated:
        door.notes.append((file, "rows equal to an earlier one: kept as further injections", repeated))


def _of_cycles(frame: pd.DataFrame, door: Door) -> list[Problem]:
    """List the cycles that are earlier than one before, or of which a day has two."""
    known = frame.loc[frame[["subject", "day", "cycle"]].notna().all(axis=1), ["subject", "day", "cycle"]]
    if known.empty:
        return []
    of_day = known.groupby(["subject", "day"], observed=True, sort=True)["cycle"].agg(["min", "max"])
    before = of_day["max"].groupby(level="subject", observed=True)
    of_day["before"] = before.cummax().groupby(level="subject", observed=True).shift()
    rows = known.join(of_day, on=["subject", "day"])
    numbers = door.rows(TREATMENTS)
    falls = rows.loc[(rows["cycle"] < rows["before"]) | (rows["cycle"] > rows["min"]), ["subject", "day", "cycle"]]
    return [
        Problem(
            door.file(TREATMENTS), int(numbers[row]), "cycle",
            f"cycle {cycle:g} of subject '{subject}' on day {day:g}", "one cycle per day, and none before that of an earlier day",
        )
        for row, subject, day, cycle in falls.itertuples(name=None)
    ]  # fmt: skip


def _with_last_doses(subjects: pd.DataFrame, given: pd.DataFrame, door: Door) -> pd.DataFrame:
    """Complete the days of the last doses by the treatments from day 1 on."""
    names = subjects["subject"].astype(object)
    of_subject = given["day"].groupby(given["subject"].astype(object)).agg(["min", "max"])
    first, last = (names.map(of_subject[which]).to_numpy(dtype=float) for which in ("min", "max"))
    file, rows = door.file("subjects"), door.rows("subjects")
    late = np.flatnonzero(first > 1)
    if late.size:
        reason = f"first treatment after day 1, as of subject '{names.iloc[late[0]]}' on day {first[late[0]]:g}: kept"
        door.notes.append((f"{door.file(TREATMENTS)}, day", reason, int(late.size)))
    stated = subjects[LAST_DOSE].to_numpy(dtype=float) if LAST_DOSE in subjects.columns else np.full(len(subjects), np.nan)
    source = "last_dose_date" if "last_dose_date" in door.raw["subjects"].columns else LAST_DOSE
    door.problems += [
        Problem(
            file, int(rows[at]), source,
            f"last dose on day {stated[at]:g} of subject '{names.iloc[at]}', who has a treatment on day {last[at]:g}",
            f"the day of the last treatment in {door.file(TREATMENTS)}, or no column '{source}'",
        )
        for at in np.flatnonzero(stated < last).tolist()
    ]  # fmt: skip
    counted = {
        "empty: the last treatment is taken": np.isnan(stated) & ~np.isnan(last),
        "later than the last treatment: kept": stated > last,
        f"stated without a treatment in {door.file(TREATMENTS)}: kept": ~np.isnan(stated) & np.isnan(last),
    }
    door.notes += [(f"{file}, {LAST_DOSE}", reason, int(chosen.sum())) for reason, chosen in counted.items() if chosen.any()]
    return subjects.assign(**{LAST_DOSE: np.where(np.isnan(stated), last, stated)})


def first_treatments(door: Door, dates: Any, wrong: np.ndarray) -> tuple[pd.Series[Any], set[str]]:
    """Find the date of the first treatment of each subject.

    Parameters
    ----------
    door : Door
        Raw tables with ``treatments``.
    dates : ndarray of float, shape (n,)
        Dates of the treatments, in days since 1970-01-01.
    wrong : ndarray of bool, shape (n,)
        True for a cell that is not a date.

    Returns
    -------
    first : Series
        Earliest date by subject.
    misdated : set of str
        Subjects with a cell that is not a date.
    """
    subjects = read_column(door.raw[TREATMENTS]["subject"], IDENTIFIER, door.notation).values.astype(object).to_numpy()
    named = pd.notna(subjects)
    first = pd.Series(dates[named], index=subjects[named]).groupby(level=0, sort=False).min()
    return first, {str(name) for name in subjects[named & wrong]}

"""The diary of a trial with attacks: its rows, completed by the days of the attacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError
from botox_analysis.trials.attacks.days import (
    DOSES,
    LONGEST,
    STARTED,
    bounds_of,
    days_of_attacks,
    key_of,
    n_overlapping,
    ordinals,
    study_days,
)
from botox_analysis.trials.attacks.settings import EACH_DAY, RECORDED_FROM, UNTIL_NEXT
from botox_analysis.trials.diary_rows import ATTACK, OF_HEADACHES
from botox_analysis.trials.notes import Notes

MOST_ROWS = 20_000_000
"""Largest number of days of attacks, and of days that are made for a trial without a diary."""


@dataclass(frozen=True)
class AttackedDiary:
    """Rows of a diary with those of the attacks, before contradictions are resolved.

    Attributes
    ----------
    rows : DataFrame
        The rows of the diary in their order, then the days that only the attacks have. Cells that report headache are those of
        the diary; `ATTACK` is yes on days of an attack with headache.
    days : DataFrame
        Days of the attacks, as `days_of_attacks` gives them.
    notes : list of (str, str, int)
        Assumed or added content: place, reason, number of rows.
    """

    rows: pd.DataFrame
    days: pd.DataFrame
    notes: Notes = field(default_factory=list)


def with_attacks(
    diary: pd.DataFrame | None, attacks: pd.DataFrame, subjects: pd.DataFrame, *, settings: Mapping[str, Any], file: str
) -> AttackedDiary:
    """Add the days of attacks to a diary.

    Parameters
    ----------
    diary : DataFrame or None
        Checked diary; None makes one of the attacks, from the day in the settings to the last day of each subject.
    attacks : DataFrame
        Checked attacks.
    subjects : DataFrame
        Checked subjects, with ``last_day`` if there is no diary.
    settings : mapping
        The table ``[attacks]`` of ``trial.toml``.
    file : str
        Name of the attacks in messages.

    Returns
    -------
    AttackedDiary
        Rows for `settle_rows`, then for `filled`.

    Raises
    ------
    DataError
        Neither a diary nor the settings state which days were recorded, or both do.
    """
    rule = settings.get("days", EACH_DAY)
    notes: Notes = []
    closed = _closed(attacks, diary, notes, file)
    is_made = diary is None
    if diary is None:
        diary = _recorded(subjects, closed, settings, notes, file)
    elif RECORDED_FROM in settings:
        raise DataError(
            f"{file}: found {RECORDED_FROM} under [attacks] beside a diary, which has the recorded days; expected one of them."
        )
    first, last, *times = bounds_of(closed)
    n_touched = int((last - first + 1).sum())
    if n_touched > MOST_ROWS:
        raise DataError(f"{file}: found attacks of {n_touched:,} days; expected at most {MOST_ROWS:,}.")
    overlapping, timeless = n_overlapping(closed), int(np.isnan(times).any(axis=0).sum())
    days = days_of_attacks(closed, rule)
    keys = [pd.Index(key_of(rows["subject"].cat.codes, ordinals(rows["day"]))) for rows in (diary, days)]
    place = keys[0].get_indexer(keys[1])
    new = place < 0
    place[new] = len(diary) + np.arange(int(new.sum()))
    rows = _with_days(diary, days.loc[new, ["subject", "day"]]) if new.any() else diary.reset_index(drop=True)
    days = days.set_axis(pd.Index(place), axis=0)
    n_of_headache = int(days["headache"].sum())
    days = (_with_quiet_days(days, rows) if is_made else days).drop(columns=STARTED)
    counted = {
        f"days of attacks, by the rule '{rule}'": n_of_headache,
        "attacks that overlap an earlier one: joined": overlapping,
        "attacks without the time of their start or end: the hours of these days are not known": timeless,
        "days of attacks without a row in the diary: added": int(new.sum()),
    }
    notes += [(file, reason, n) for reason, n in counted.items() if n]
    of_rest = [column for column in days.columns if column not in ("subject", "day", *OF_HEADACHES)]
    attack = pd.Series(pd.NA, index=rows.index, dtype="boolean")
    attack[days.index[days["headache"].to_numpy(dtype=bool)]] = True
    return AttackedDiary(_completed(rows, days, of_rest, notes, file).assign(**{ATTACK: attack}), days, notes)


def filled(attacked: AttackedDiary, settled: pd.DataFrame, file: str) -> tuple[pd.DataFrame, Notes]:
    """Fill the cells that report headache with those of the attacks.

    Parameters
    ----------
    attacked : AttackedDiary
        Diary and days of the attacks.
    settled : DataFrame
        Its rows after contradictions were resolved.
    file : str
        Name of the attacks in messages.

    Returns
    -------
    diary : DataFrame
        The diary. Its own cells prevail where they are known.
    notes : list of (str, str, int)
        Days on which a cell of the diary differs from the attacks.
    """
    notes: Notes = []
    stands = settled[ATTACK].to_numpy(dtype=bool, na_value=False)
    days = attacked.days
    # Under a rule that takes the day as one without headache, or as not recorded, the attack does not count.
    days = days[~days["headache"].to_numpy(dtype=bool) | stands[days.index]]
    of_headaches = [column for column in days.columns if column in OF_HEADACHES]
    diary = _completed(settled.drop(columns=ATTACK), days, of_headaches, notes, file)
    return diary, notes


def _completed(rows: pd.DataFrame, days: pd.DataFrame, columns: list[str], notes: Notes, file: str) -> pd.DataFrame:
    """Fill empty cells of rows with those of the days of attacks, and note cells that differ."""
    new: dict[str, Any] = {}
    for column in columns:
        theirs = days[column].reindex(rows.index)
        if column not in rows.columns:
            new[column] = theirs
            continue
        ours = rows[column]
        differ = (ours.notna() & theirs.notna() & (ours.astype(object) != theirs.astype(object))).sum() if len(rows) else 0
        if differ:
            notes.append(
                (f"{file}, {column}", "days on which the diary differs from the attacks: the diary is taken", int(differ))
            )
        new[column] = ours.where(ours.notna(), theirs)
    return rows.assign(**new)


def _with_days(diary: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """Add days without other cells. A truth value that is missing on them makes a column of yes, no or missing."""
    truths = diary.select_dtypes("bool").columns
    return pd.concat([diary.astype(dict.fromkeys(truths, "boolean")), days], ignore_index=True)


def _with_quiet_days(days: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the recorded days without an attack: no headache. A day on which no attack starts has no doses and no aura."""
    quiet = rows.loc[rows.index.difference(days.index)].assign(headache=pd.array([False], dtype="boolean")[0], headache_hours=0.0)
    every = pd.concat([days, quiet]).sort_index()
    every["headache"] = every["headache"].astype("boolean")
    counted = [column for column in (*DOSES, "aura_minutes") if column in every.columns]
    every[counted] = every[counted].where(every[STARTED].fillna(0) > 0, 0.0)
    return every


def _closed(attacks: pd.DataFrame, diary: pd.DataFrame | None, notes: Notes, file: str) -> pd.DataFrame:
    """End the attacks without an end before the next entry of the subject."""
    ends = attacks["end_day"] if "end_day" in attacks.columns else pd.Series(np.nan, index=attacks.index)
    is_open = ends.isna().to_numpy()
    if not is_open.any():
        return attacks
    entries = attacks.rename(columns={"start_day": "day"}) if diary is None else diary
    known = pd.DataFrame({"subject": entries["subject"].cat.codes, "entry": ordinals(entries["day"])}).drop_duplicates()
    start = pd.DataFrame(
        {"subject": attacks["subject"].cat.codes, "start": ordinals(attacks["start_day"]), "row": np.arange(len(attacks))}
    )
    following = pd.merge_asof(
        start.sort_values("start"), known.sort_values("entry"), left_on="start", right_on="entry", by="subject",
        direction="forward", allow_exact_matches=False,
    ).set_index("row")["entry"].reindex(range(len(attacks))).to_numpy()  # fmt: skip
    first = ordinals(attacks["start_day"])
    last = np.where(np.isnan(following), first, np.minimum(following - 1, first + LONGEST - 1))
    notes.append((file, f"attacks without an end: taken to last {UNTIL_NEXT}", int(is_open.sum())))
    late = is_open & np.isnan(following)
    if late.any():
        notes.append(
            (
                file,
                "attacks without an end and without a later entry: taken to last to the end of their first day",
                int(late.sum()),
            )
        )
    time = attacks["end_time"] if "end_time" in attacks.columns else pd.Series(np.nan, index=attacks.index)
    return attacks.assign(end_day=ends.where(~is_open, study_days(last)), end_time=time.where(~is_open, 24.0))


def _recorded(
    subjects: pd.DataFrame, attacks: pd.DataFrame, settings: Mapping[str, Any], notes: Notes, file: str
) -> pd.DataFrame:
    """Make the recorded days of a trial without a diary: from one day for all to the last day of each subject."""
    if RECORDED_FROM not in settings:
        raise DataError(
            f"{file}: found attacks and no diary, so that the days without an attack are not known; expected a diary, or "
            f"{RECORDED_FROM} = -28 (the study day from which all attacks were recorded) under [attacks] in trial.toml."
        )
    if "last_day" not in subjects.columns:
        raise DataError(
            f"{file}: found {RECORDED_FROM} under [attacks] and no last_day; expected the column last_day of subjects."
        )
    first = float(ordinals([settings[RECORDED_FROM]])[0])
    last = ordinals(subjects["last_day"].to_numpy(dtype=float))
    unknown = np.isnan(last)
    if unknown.any():
        touched = (
            pd.Series(bounds_of(attacks)[1]).groupby(attacks["subject"].cat.codes.to_numpy()).max().reindex(range(len(subjects)))
        )
        last = np.where(unknown, touched, last)
        notes.append((file, "subjects without a last day: recorded up to their last attack", int(unknown.sum())))
    n = np.maximum(np.nan_to_num(last - first + 1, nan=0.0), 0).astype(np.int64)
    if n.sum() > MOST_ROWS:
        raise DataError(f"{file}: found {n.sum():,} days from {RECORDED_FROM} to last_day; expected at most {MOST_ROWS:,}.")
    code = np.repeat(np.arange(len(n)), n)
    day = first + np.arange(len(code)) - np.repeat(np.cumsum(n) - n, n)
    return pd.DataFrame({"subject": pd.Categorical.from_codes(code, dtype=attacks["subject"].dtype), "day": study_days(day)})

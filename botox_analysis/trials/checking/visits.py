"""Visits of the assessments: the baseline, the order in time, and the visits left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.values import distinct, pairs_of, text_of
from botox_analysis.errors import DataError, listed
from botox_analysis.frames.days import day_of_visit
from botox_analysis.frames.schema import BASELINE
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.readers.files import SETTINGS
from botox_analysis.trials.settings.file import LAST, NEAREST, visits_of

_LIKE_BASELINE = re.compile(
    r"screen|scr\b|^bl$|^bsl|base|pre[\s_-]*(treat|dose|inject|rand|intervention)|run[\s_-]*in|enrol|random|^v(isit)?[\s_-]*0?[01]$"
    r"|^(visit|v)[\s_-]*1$|inclusion|admission|^t0$|^0$|before",
    re.IGNORECASE,
)


def arrange_visits(frame: pd.DataFrame, door: Door) -> pd.DataFrame:
    """Name the visits, order them in time, and leave out unscheduled ones.

    Parameters
    ----------
    frame : DataFrame
        Parsed assessments.
    door : Door
        Settings (``visits``, ``baseline``, ``unscheduled``, ``windows``, ``within_window``, ``scales``), and the collector of
        problems and notes.

    Returns
    -------
    DataFrame
        Assessments with ``visit`` categorical, baseline first, the others in time order. The order is that of the study days,
        else of the days in the names, else of the file.

    Raises
    ------
    DataError
        The order is undetermined or contradictory, a visit of the settings has no assessments, or a scale has no baseline.
    """
    frame = frame.assign(visit=_with_baseline(frame["visit"], door))
    frame = _without_unscheduled(frame, door)
    windows: Mapping[str, list[int]] = door.settings.get("windows", {})
    if windows:
        frame = _in_windows(frame, windows, door)
    named = _present(frame["visit"])
    declared = visits_of(door.settings) or (_by_start(windows) if windows else None)
    if declared is None:
        order = _in_time(frame, named, door)
    else:
        order = declared if BASELINE in declared or BASELINE not in named else [BASELINE, *declared]
        unknown = np.append(~frame["visit"].cat.categories.isin(order), False)
        door.refuse_cells(
            "assessments", "visit", unknown[frame["visit"].cat.codes],
            lambda _: f"one of {listed(order, n_shown=12)}, or a line unscheduled = [...] in {SETTINGS}",
        )  # fmt: skip
        unseen = [visit for visit in order if visit not in {BASELINE, *named}]
        if unseen and "population" not in door.settings:
            raise DataError(
                f"{door.file('assessments')}: found no assessment at visit {listed(unseen)}; its visits are {listed(named)}."
            )
    frame, order = _after_treatment_began(frame, order, door, in_order=declared is not None)
    _require_baselines(frame, order, door)
    if "day" in frame.columns:
        _note_contradictions(frame, order, door)
    return frame.assign(visit=frame["visit"].cat.set_categories(order, ordered=True))


def _present(names: pd.Series[Any]) -> list[str]:
    """List the categories that rows have, in order of appearance."""
    return [str(names.cat.categories[code]) for code in pd.unique(names.cat.codes.to_numpy()).tolist() if code >= 0]


def _with_baseline(visit: pd.Series[Any], door: Door) -> pd.Series[Any]:
    """Rename the visit before treatment to `BASELINE`."""
    codes, named = distinct(visit)
    names = [str(name) for name in named]
    file = door.file("assessments")
    if "baseline" in door.settings:
        first = text_of(door.settings["baseline"])
        if first not in names:
            raise DataError(f"{SETTINGS}: found baseline = {first!r}; expected a visit of {file}, one of {listed(names)}.")
        if first.lower() != BASELINE and BASELINE in (name.lower() for name in names):
            raise DataError(
                f"{file}: found a visit '{BASELINE}' beside baseline = {first!r} in {SETTINGS}; expected one of them."
            )
        names = [BASELINE if name == first else name for name in names]
    names = [BASELINE if name.lower() == BASELINE else name for name in names]
    at, found = pd.factorize(np.asarray(names, dtype=object))
    return pd.Series(pd.Categorical.from_codes(np.append(at, -1)[codes], categories=found), index=visit.index, copy=False)


def _without_unscheduled(frame: pd.DataFrame, door: Door) -> pd.DataFrame:
    for name in map(text_of, door.settings.get("unscheduled", ())):
        chosen = (frame["visit"] == name).to_numpy(dtype=bool, na_value=False)
        if not chosen.any():
            raise DataError(
                f"{SETTINGS}: found unscheduled = ['{name}']; expected visits of {door.file('assessments')}, some of "
                f"{listed(distinct(frame['visit'])[1])}."
            )
        door.notes.append((f"{door.file('assessments')}, visit", f"'{name}': an unscheduled visit, left out", int(chosen.sum())))
        frame = door.keep("assessments", frame, ~chosen)
    return frame


def _by_start(windows: Mapping[str, Sequence[int]]) -> list[str]:
    return [visit for visit in sorted(windows, key=lambda name: windows[name][0]) if visit != BASELINE]


def _in_windows(frame: pd.DataFrame, windows: Mapping[str, Sequence[int]], door: Door) -> pd.DataFrame:
    """Assign each assessment to the visit whose window contains its day; the settings choose among several in one window."""
    file = door.file("assessments")
    if "day" not in frame.columns:
        raise DataError(f"{SETTINGS}: found [windows], which need days; {file} has no column 'day' or 'date'.")
    day = frame["day"].to_numpy(dtype=float)
    visit = frame["visit"].astype(object).to_numpy()
    known = (visit == BASELINE) & (BASELINE not in windows)
    new = np.full(len(frame), None, dtype=object)
    new[known] = BASELINE
    away = np.zeros(len(frame))
    for name, (first, last) in windows.items():
        inside = ~known & (day >= first) & (day <= last)
        # The target of a baseline is the last day of its window, which is nearest to treatment.
        target = float(last) if name == BASELINE else day_of_visit(name)
        target = target if first <= target <= last else (first + last) / 2
        new[inside] = name
        away[inside] = np.abs(day[inside] - target)
    dateless = ~known & np.isnan(day) & np.isin(visit.astype(str), list(windows))
    new[dateless] = visit[dateless]
    outside = np.array([name is None for name in new])
    if outside.any():
        n_dateless = int((outside & np.isnan(day)).sum())
        rows = [
            ("without a day: in no window, left out", n_dateless),
            ("in no window: left out", int(outside.sum()) - n_dateless),
        ]
        door.notes += [(f"{file}, visit", f"assessments {reason}", n) for reason, n in rows if n]
    rank = {LAST: -day, NEAREST: away}[door.settings.get("within_window", NEAREST)]
    ranked = pd.DataFrame({
        "subject": frame["subject"], "scale": frame["scale"], "visit": new, "empty": frame["value"].isna(),
        "rank": rank, "day": -day,
    })  # fmt: skip
    key = ["subject", "scale", "visit"]
    in_order = ranked[~outside].sort_values(["empty", "rank", "day"], kind="stable", na_position="last")
    of_key = in_order.groupby(key, observed=True, sort=False)
    # Two assessments on the same day are a repeat, which is reported later.
    same = (
        in_order[["empty", "rank", "day"]].fillna(-1.0) == of_key[["empty", "rank", "day"]].transform("first").fillna(-1.0)
    ).all(axis=1)
    chosen = known.copy()
    chosen[in_order.index[same].to_numpy()] = True
    beaten = ~outside & ~chosen
    if beaten.any():
        which = "the last" if door.settings.get("within_window", NEAREST) == LAST else "the one nearest to the visit's day"
        door.notes.append(
            (f"{file}, visit", f"further assessments in a window, of which {which} counts: left out", int(beaten.sum()))
        )
    moved = chosen & (visit != new)
    if moved.any():
        door.notes.append((f"{file}, visit", "assessments assigned to another visit by their window", int(moved.sum())))
    frame = frame.assign(visit=pd.Categorical(new, categories=list(dict.fromkeys(new[chosen]))))
    return door.keep("assessments", frame, chosen)


def _in_time(frame: pd.DataFrame, named: list[str], door: Door) -> list[str]:
    others = [visit for visit in named if visit != BASELINE]
    by_name = {visit: day_of_visit(visit) for visit in others}
    by_day = dict.fromkeys(others, np.nan)
    if "day" in frame.columns:
        by_day |= _median_days(frame, others)
    time = {visit: by_name[visit] if np.isnan(by_day[visit]) else by_day[visit] for visit in others}
    undated = [visit for visit in others if np.isnan(time[visit])]
    file = door.file("assessments")
    expected = f"expected visits = [...] in {SETTINGS}, in time order, or unscheduled = [...] for visits that were not planned."
    if len(undated) == len(others):
        others = _by_number(others)
    elif undated:
        dated = listed(visit for visit in others if visit not in undated)
        raise DataError(f"{file}, column 'visit': found {listed(undated)} without a day, beside {dated}; {expected}")
    else:
        others = sorted(others, key=lambda visit: time[visit])
        named_days = [by_name[visit] for visit in others if not np.isnan(by_name[visit])]
        if any(first >= second for first, second in pairwise(named_days)):
            found = listed(visit for visit in others if not np.isnan(by_name[visit]))
            raise DataError(
                f"{file}, column 'visit': found {found} in this order of their days, which their names contradict; {expected}"
            )
    return [BASELINE, *others] if BASELINE in named else others


def _median_days(frame: pd.DataFrame, visits: list[str]) -> dict[str, float]:
    """Find the median day of each visit, one visit at a time."""
    day, code = frame["day"].to_numpy(dtype=float), frame["visit"].cat.codes.to_numpy()
    at = frame["visit"].cat.categories.get_indexer(visits)
    return {
        visit: float(pd.Series(day[code == number]).dropna().median()) for visit, number in zip(visits, at.tolist(), strict=True)
    }


def _by_number(visits: list[str]) -> list[str]:
    """Sort visits by number if their names differ in a number only; else keep the order of the file."""
    parts = [re.fullmatch(r"(\D*)(\d+(?:\.\d+)?)(\D*)", visit) for visit in visits]
    if all(parts) and len({(part[1].lower(), part[3].lower()) for part in parts if part}) == 1:
        numbers = {visit: float(part[2]) for visit, part in zip(visits, parts, strict=True) if part}
        return sorted(visits, key=lambda visit: numbers[visit])
    return visits


def _after_treatment_began(
    frame: pd.DataFrame, order: list[str], door: Door, *, in_order: bool
) -> tuple[pd.DataFrame, list[str]]:
    """Leave out the visits before treatment that are not the baseline: they are not outcomes."""
    before = order[: order.index(BASELINE)] if in_order and BASELINE in order else []
    medians = _median_days(frame, order) if "day" in frame.columns else {}
    for visit in order:
        day = medians.get(visit, np.nan)
        day = day_of_visit(visit) if np.isnan(day) else day
        if visit != BASELINE and visit not in before and day < 1 and (frame["visit"] == BASELINE).any():
            before.append(visit)
    for visit in before:
        chosen = (frame["visit"] == visit).to_numpy(dtype=bool, na_value=False)
        reason = f"'{visit}': before treatment and not the baseline, left out"
        door.notes.append((f"{door.file('assessments')}, visit", reason, int(chosen.sum())))
        frame = door.keep("assessments", frame, ~chosen)
    order = [visit for visit in order if visit not in before]
    return frame, [BASELINE, *(visit for visit in order if visit != BASELINE)] if BASELINE in order else order


def _require_baselines(frame: pd.DataFrame, order: list[str], door: Door) -> None:
    """Raise an error for a scale without any baseline assessment, unless the settings declare that it has no baseline."""
    file = door.file("assessments")
    declared: Mapping[str, Mapping[str, bool]] = door.settings.get("scales", {})
    scales = _present(frame["scale"])
    unknown = [scale for scale in declared if scale not in scales]
    if unknown:
        raise DataError(f"{SETTINGS}, [scales]: found {listed(unknown)}; expected scales of {file}, some of {listed(scales)}.")
    at_baseline = set(frame["scale"][frame["visit"] == BASELINE])
    for scale in scales:
        has_baseline = scale in at_baseline
        line = f'[scales."{scale}"] baseline = false in {SETTINGS}'
        if declared.get(scale, {}).get("baseline", True) is False:
            if has_baseline:
                raise DataError(f"{file}: found '{BASELINE}' of '{scale}' beside {line}; expected one of them.")
            continue
        if not has_baseline:
            of_scale = frame[frame["scale"] == scale]
            alike = [visit for visit in order if (of_scale["visit"] == visit).any() and _looks_like_baseline(visit, of_scale)]
            likely = f'baseline = "{alike[0]}" in {SETTINGS}, which looks like a baseline, or ' if alike else ""
            raise DataError(
                f"{file}: found no '{BASELINE}' of '{scale}', whose visits are "
                f"{listed(visit for visit in order if (of_scale['visit'] == visit).any())}; "
                f"expected {likely}{line} for a scale without a baseline."
            )


def _looks_like_baseline(visit: str, rows: pd.DataFrame) -> bool:
    day = rows.loc[rows["visit"] == visit, "day"].median() if "day" in rows.columns else np.nan
    day = day_of_visit(visit) if np.isnan(day) else day
    return day <= 1 or bool(_LIKE_BASELINE.search(visit))


def _note_contradictions(frame: pd.DataFrame, order: list[str], door: Door) -> None:
    """Note the days that contradict the name of their visit, or the days of other visits of the subject."""
    day = frame["day"].to_numpy(dtype=float)
    code = frame["visit"].cat.set_categories(order).cat.codes.to_numpy()
    series, n_series = pairs_of(frame["subject"], frame["scale"])
    latest = np.full(n_series, -np.inf)
    of_name = [0.0 if name == BASELINE else day_of_visit(name) for name in order]
    known = np.sort([named for named in of_name if np.isfinite(named)])
    odd = np.zeros(len(frame), dtype=bool)
    # One visit at a time takes little memory.
    for at, (visit, named) in enumerate(zip(order, of_name, strict=True)):
        rows = np.flatnonzero(code == at)
        on = day[rows]
        strange = on > 1 if visit == BASELINE else on < 1
        if len(known) > 1 and np.isfinite(named) and visit != BASELINE:
            place = np.searchsorted(known, on).clip(1, len(known) - 1)
            strange |= np.minimum(np.abs(on - known[place - 1]), np.abs(on - known[place])) < np.abs(on - named)
        odd[rows] = strange | (on < latest[series[rows]])
        np.fmax.at(latest, series[rows], on)
    rows = np.flatnonzero(odd)
    if rows.size:
        first = int(rows[0])
        number = int(door.rows("assessments")[first])
        found = (
            f"days that contradict the visit or each other, first in row {number}: subject '{frame['subject'].iloc[first]}', "
            f"'{order[code[first]]}' on day {day[first]:g}"
        )
        door.notes.append((f"{door.file('assessments')}, day", found, int(rows.size)))

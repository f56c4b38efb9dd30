"""Whether two files of a report differ by rounding alone: numbers by their size, drawings and the page by the numbers in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd

from botox_analysis.frames.estimates import ESTIMATES_KEY
from botox_analysis.trials.readers.delimited import read_delimited

SAME = 1e-9
"""Numbers that differ by no more than this share of themselves, or of their standard error, are the same: those of one kernel
differ from those of another by 1e-11 at most."""

SAME_POINT = 1e-3
"""In points: coordinates of a drawing are written to a millionth, and seen to a tenth."""

ON_ONE_SCALE = ("estimate", "conf_low", "conf_high", "monte_carlo_error")
"""Numbers whose rounding is that of the estimate, and to be seen against the standard error."""

_NUMBER = re.compile(r"(?<![\w#.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")
_NAME = re.compile(r'(?<=id=")[^"]+|(?<=href="#)[^"]+|(?<=url\(#)[^)]+')
_PICTURE = re.compile(r"data:image/png;base64,[^\"]+")


@dataclass(frozen=True)
class Compared:
    """Two tables of estimates, row by row.

    Attributes
    ----------
    moved : list of (str, str, str)
        What, as reported, as now; in the order of the table as reported, then of the rows that it does not have.
    n_rounded : int
        Numbers that differ by rounding.
    farthest : float
        By which share of themselves, or of the standard error, at most.
    """

    moved: list[tuple[str, str, str]]
    n_rounded: int
    farthest: float


def compare_estimates(before: Path, now: Path) -> Compared:
    """What moved between two files of estimates, and what is the same to `SAME`.

    Parameters
    ----------
    before, now : Path
        As `write_report` writes them.

    Returns
    -------
    Compared
        Rows are paired by their estimand and method, in their order where several have the same.

    Raises
    ------
    DataError
        A file is no table of estimates.
    """
    old, new = (read_delimited(path, {}).astype(str) for path in (before, now))
    if not set(ESTIMATES_KEY) <= set(old.columns) or old.columns.has_duplicates:
        return Compared([("columns", ", ".join(old.columns), ", ".join(new.columns))], 0, 0.0)
    old = old[[column for column in old.columns if column in new.columns]]
    key = [*ESTIMATES_KEY, *(["within"] if "within" in new.columns and "within" in old.columns else [])]
    paired = _numbered(old, key).merge(
        _numbered(new, key), on=[*key, "number"], how="outer", suffixes=("", " now"), indicator=True
    )
    paired = paired.sort_values(["row", "row now"], ignore_index=True)
    shown = ("endpoint", "visit", "arm", "measure", "category")
    said = [", ".join(filter(None, row)) for row in paired[list(shown)].itertuples(index=False)]
    moved = [
        (row, said[row], *(("there", "not there") if side == "left_only" else ("not there", "there")))
        for row, side in enumerate(paired["_merge"])
        if side != "both"
    ]
    both = (paired["_merge"] == "both").to_numpy()
    n_rounded, farthest = 0, 0.0
    for column in (column for column in new.columns if column not in key and column in old.columns):
        one, other = paired[column], paired[f"{column} now"]
        differ = np.flatnonzero(both & (one != other).to_numpy())
        apart = _apart(one.iloc[differ], other.iloc[differ], paired["std_error"].iloc[differ] if column in ON_ONE_SCALE else None)
        n_rounded += int((apart <= SAME).sum())
        farthest = max(farthest, float(apart[apart <= SAME].max(initial=0.0)))
        moved += [(row, f"{said[row]}: {column}", one.iloc[row], other.iloc[row]) for row in differ[~(apart <= SAME)]]
    in_order = [(what, reported, found) for _, what, reported, found in sorted(moved, key=itemgetter(0))]
    return Compared(in_order, n_rounded, farthest)


def _numbered(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return frame.assign(number=frame.groupby(key, sort=False).cumcount(), row=np.arange(len(frame)))


def _apart(one: pd.Series, other: pd.Series, std_error: pd.Series | None) -> np.ndarray:
    """How far numbers are apart, as a share of the larger; missing for what is no number."""
    a, b = (pd.to_numeric(each, errors="coerce").to_numpy(dtype=float) for each in (one, other))
    size = np.maximum(np.abs(a), np.abs(b))
    if std_error is not None:
        size = np.fmax(size, pd.to_numeric(std_error, errors="coerce").to_numpy(dtype=float))
    apart = np.full(len(a), np.nan)
    known = np.isfinite(a) & np.isfinite(b) & (size > 0)
    # Divided first: numbers of a damaged file may be so large that their difference is none.
    apart[known] = np.abs(a[known] / size[known] - b[known] / size[known])
    return apart


def is_same_drawing(before: Path, now: Path) -> bool:
    """Whether two SVG files draw the same, but for coordinates that differ by rounding.

    Parameters
    ----------
    before, now : Path
        Of one figure.

    Returns
    -------
    bool
        Names of parts are matched in their order, as they are made of coordinates.
    """
    one, other = (_with_names_in_order(path.read_text("utf-8", errors="replace")) for path in (before, now))
    if _NUMBER.sub("0", one) != _NUMBER.sub("0", other):
        return False
    a, b = (np.array(_NUMBER.findall(text), dtype=float) for text in (one, other))
    with np.errstate(invalid="ignore", over="ignore"):
        # A damaged drawing may have numbers beyond all.
        return bool((np.abs(a - b) <= SAME_POINT).all())


def _with_names_in_order(svg: str) -> str:
    order = {name: f"part{number}" for number, name in enumerate(dict.fromkeys(_NAME.findall(svg)))}
    return _NAME.sub(lambda found: order[found[0]], svg)


def is_same_page(before: Path, now: Path) -> bool:
    """Whether two pages say the same; the pictures in them are those of the figures, and not compared again.

    Parameters
    ----------
    before, now : Path
        Of one report.

    Returns
    -------
    bool
        To the letter.
    """
    one, other = (_PICTURE.sub("", path.read_text("utf-8", errors="replace")) for path in (before, now))
    return one == other

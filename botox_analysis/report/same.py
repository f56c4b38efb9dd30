"""Comparison of two files of a report apart from rounding: estimates, drawings, and the page."""

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
"""Numbers are the same if they differ by at most this share of themselves, or of their standard error. Numbers of different
kernels differ by at most 1e-11."""

SAME_POINT = 1e-3
"""In points. Coordinates of a drawing are written to a millionth of a point, and visible to a tenth."""

ON_ONE_SCALE = ("estimate", "conf_low", "conf_high", "monte_carlo_error")
"""Columns whose rounding is that of the estimate, and is compared with the standard error."""

_NUMBER = re.compile(r"(?<![\w#.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")
_NAME = re.compile(r'(?<=id=")[^"]+|(?<=href="#)[^"]+|(?<=url\(#)[^)]+')
_PICTURE = re.compile(r"data:image/png;base64,[^\"]+")


@dataclass(frozen=True)
class Compared:
    """The comparison of two tables of estimates, row by row.

    Attributes
    ----------
    moved : list of (str, str, str)
        Changed numbers: name, reported value, value now. They are in the order of the reported table, then of added rows.
    n_rounded : int
        Count of numbers that differ by rounding.
    farthest : float
        Largest difference by rounding, as a share of the number or of the standard error.
    """

    moved: list[tuple[str, str, str]]
    n_rounded: int
    farthest: float


def compare_estimates(before: Path, now: Path) -> Compared:
    """Compare two files of estimates, apart from differences up to `SAME`.

    Parameters
    ----------
    before, now : Path
        Files of estimates by `write_report`.

    Returns
    -------
    Compared
        Rows are paired by their estimand and method. Rows with the same key are paired in their order.

    Raises
    ------
    DataError
        A file is no table of estimates.
    """
    old, new = (read_delimited(path, {})[0].frame.astype(str) for path in (before, now))
    if not set(ESTIMATES_KEY) <= set(old.columns) or old.columns.has_duplicates:
        return Compared([("columns", ", ".join(old.columns), ", ".join(new.columns))], 0, 0.0)
    old = old[[column for column in old.columns if column in new.columns]]
    key = [*ESTIMATES_KEY, *(["within"] if "within" in new.columns and "within" in old.columns else [])]
    paired = _numbered(old, key).merge(
        _numbered(new, key), on=[*key, "number"], how="outer", suffixes=("", " now"), indicator=True
    )
    paired = paired.sort_values(["row", "row now"], ignore_index=True)
    shown = ("endpoint", "visit", "arm", "measure", "category")
    names = [", ".join(filter(None, row)) for row in paired[list(shown)].itertuples(index=False)]
    moved = [
        (row, names[row], *(("present", "missing") if side == "left_only" else ("missing", "present")))
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
        moved += [(row, f"{names[row]}: {column}", one.iloc[row], other.iloc[row]) for row in differ[~(apart <= SAME)]]
    in_order = [(name, reported, now_found) for _, name, reported, now_found in sorted(moved, key=itemgetter(0))]
    return Compared(in_order, n_rounded, farthest)


def _numbered(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return frame.assign(number=frame.groupby(key, sort=False).cumcount(), row=np.arange(len(frame)))


def _apart(one: pd.Series, other: pd.Series, std_error: pd.Series | None) -> np.ndarray:
    """Difference of numbers as a share of the larger; missing where a cell is no number."""
    a, b = (pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float) for cells in (one, other))
    size = np.maximum(np.abs(a), np.abs(b))
    if std_error is not None:
        size = np.fmax(size, pd.to_numeric(std_error, errors="coerce").to_numpy(dtype=float))
    apart = np.full(len(a), np.nan)
    known = np.isfinite(a) & np.isfinite(b) & (size > 0)
    # Divided first: the difference of very large numbers of a damaged file may overflow.
    apart[known] = np.abs(a[known] / size[known] - b[known] / size[known])
    return apart


def is_same_drawing(before: Path, now: Path) -> bool:
    """Decide if two SVG files draw the same figure, apart from rounding of coordinates.

    Parameters
    ----------
    before, now : Path
        SVG files of one figure.

    Returns
    -------
    bool
        True for the same drawing. Names of parts are matched in their order, since they depend on coordinates.
    """
    one, other = (_with_names_in_order(path.read_text("utf-8", errors="replace")) for path in (before, now))
    if _NUMBER.sub("0", one) != _NUMBER.sub("0", other):
        return False
    a, b = (np.array(_NUMBER.findall(text), dtype=float) for text in (one, other))
    with np.errstate(invalid="ignore", over="ignore"):
        # A damaged drawing may have infinite numbers.
        return bool((np.abs(a - b) <= SAME_POINT).all())


def _with_names_in_order(svg: str) -> str:
    order = {name: f"part{number}" for number, name in enumerate(dict.fromkeys(_NAME.findall(svg)))}
    return _NAME.sub(lambda found: order[found[0]], svg)


def is_same_page(before: Path, now: Path) -> bool:
    """Decide if two pages have the same text; their figures are compared as files of their own.

    Parameters
    ----------
    before, now : Path
        Pages of one report.

    Returns
    -------
    bool
        True if every letter is the same.
    """
    one, other = (_PICTURE.sub("", path.read_text("utf-8", errors="replace")) for path in (before, now))
    return one == other

"""Agreement of value, baseline, change and percent change of *outcomes*, which follow from one another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from botox_analysis.errors import DataError
from botox_analysis.frames.grid import SubjectGrid

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

ORIGINS = ("baseline", "value", "change", "percent_change")
"""Columns of *outcomes* that follow from one another."""

ROUNDING = 1e-8
"""Largest gap between a change and value minus baseline that is due to rounding. It is a share of the larger of the two (of 1
if both are smaller). It is far above the rounding of floats (2e-16), and far below the last digit of a measurement."""


def disagreement(baseline: FloatArray, value: FloatArray, change: FloatArray, *, rounding: float = ROUNDING) -> BoolArray:
    """Find rows in which the change differs from the value minus the baseline.

    Parameters
    ----------
    baseline, value, change : ndarray, shape (rows,)
        Numbers in the unit of the endpoint; missing values are NaN.
    rounding : float
        Largest gap that is due to rounding, as a share (see `ROUNDING`).

    Returns
    -------
    ndarray of bool, shape (rows,)
        True for a disagreement; False if one of the three is missing.
    """
    scale = np.maximum(1.0, np.maximum(np.abs(value), np.abs(baseline)))
    return np.asarray(np.abs(value - baseline - change) > rounding * scale)


def rounding_of(dtypes: list[Any]) -> float:
    """Return the largest gap that is due to rounding between columns of these types.

    Parameters
    ----------
    dtypes : list of dtype
        Types of the columns.

    Returns
    -------
    float
        `ROUNDING`, or 8 units in the last place of the coarsest type (single precision: 1e-6).
    """
    plain = {getattr(dtype, "numpy_dtype", dtype) for dtype in dtypes}
    return max([ROUNDING, *[8 * float(np.finfo(dtype).eps) for dtype in plain if dtype.kind == "f"]])


def refuse_disagreement(grid: SubjectGrid) -> None:
    """Refuse *outcomes* in which one column was edited and the others were not.

    Parameters
    ----------
    grid : SubjectGrid
        Grid of outcomes whose columns are numbers.

    Raises
    ------
    DataError
        Columns disagree. The message names the first row, and the calls that mend it.
    """
    of_change, of_percent = _disagreements(grid, ROUNDING)
    if not (of_change | of_percent).any():
        return
    of_change, of_percent = _disagreements(grid, rounding_of([grid[column].dtype for column in ORIGINS]))
    baseline, value, change, percent = (grid.numbers[column] for column in ORIGINS)
    if of_change.any():
        at = int(np.flatnonzero(of_change)[0])
        raise DataError(
            f"`outcomes` must have change equal to value minus baseline; got {int(of_change.sum())} rows that differ, "
            f"the first at {_place(grid, at)} ({_shown(value[at])} - {_shown(baseline[at])} against {_shown(change[at])}). "
            "Try as_outcomes(frame.drop(columns='change'), ...), or frame.assign(change=frame['value'] - frame['baseline'])."
        )
    if of_percent.any():
        at = int(np.flatnonzero(of_percent)[0])
        raise DataError(
            f"`outcomes` must have percent_change equal to 100 * change / baseline; got {int(of_percent.sum())} rows that "
            f"differ, the first at {_place(grid, at)} "
            f"({_shown(percent[at])} against 100 * {_shown(change[at])} / {_shown(baseline[at])}). Try as_outcomes(frame, ...), "
            "which calculates it from the change; it is missing if the baseline is 0."
        )


def _disagreements(grid: SubjectGrid, rounding: float) -> tuple[BoolArray, BoolArray]:
    """Find rows in which the change, and rows in which the percent change, does not follow from the other columns."""
    baseline, value, change, percent = [grid.numbers[column] for column in ORIGINS]
    of_change = disagreement(baseline, value, change, rounding=rounding)
    of_change |= ~np.isnan(baseline) & (np.isnan(value) != np.isnan(change))
    scale = np.maximum(1.0, np.maximum(np.abs(baseline), np.abs(change)))
    of_percent = np.abs(percent / 100 * baseline - change) > rounding * scale
    of_percent |= np.where(baseline == 0, ~np.isnan(percent), ~np.isnan(baseline) & (np.isnan(percent) != np.isnan(change)))
    return of_change, of_percent


def _place(grid: SubjectGrid, row: int) -> str:
    return f"subject '{grid['subject'].iloc[row]}', visit '{grid['visit'].iloc[row]}'"


def _shown(number: float) -> str:
    return "nothing" if np.isnan(number) else f"{number:g}"

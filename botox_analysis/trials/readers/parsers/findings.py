"""`Findings`: what calamine does not tell about a sheet."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Findings:
    """Cells of a sheet that calamine reads as empty, and merged cells. Rows and columns count from 1.

    Attributes
    ----------
    errors : dict of (int, int) to str
        Row and column of a cell with an error -> the error, such as ``#N/A``.
    merged : list of (int, int, int, int)
        Merged cells: top row, left column, bottom row, right column.
    unstored : list of (int, int)
        Row and column of the formulas without a stored value.
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    unstored: list[tuple[int, int]] = field(default_factory=list)

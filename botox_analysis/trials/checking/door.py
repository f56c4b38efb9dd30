"""`Door`: the problems and notes that are collected while the tables of a trial are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.notation import Notation, is_number_text
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import Problem, escaped
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import CELL_ROW, HEADER, ROW
from botox_analysis.trials.readers.raw import row_numbers as row_numbers
from botox_analysis.trials.settings.file import notation_of

"""Content left out, merged or assumed while reading: place, reason, number of rows."""


@dataclass
class Door:
    """Tables that are being read, with their problems and notes.

    Attributes
    ----------
    files : mapping of str to str
        Name of each table in messages.
    settings : mapping
        Settings of ``trial.toml``.
    raw : mapping of str to DataFrame
        Tables before parsing.
    problems : list of Problem
        Problems in the order in which they were found.
    notes : list of (str, str, int)
        Content left out, merged or assumed: place, reason, number of rows.
    """

    files: Mapping[str, str]
    settings: Mapping[str, Any]
    raw: Mapping[str, pd.DataFrame]
    problems: list[Problem] = field(default_factory=list)
    notes: Notes = field(default_factory=list)

    @property
    def notation(self) -> Notation:
        """Notation of the cells."""
        return notation_of(self.settings)

    def file(self, table: str) -> str:
        """Find the name of a table in messages."""
        return self.files.get(table, table)

    def rows(self, table: str) -> np.ndarray:
        """Find the row numbers of a table for messages."""
        return row_numbers(self.raw[table])

    def keep(self, table: str, frame: pd.DataFrame, chosen: np.ndarray) -> pd.DataFrame:
        """Keep some rows of a table, with their row numbers in the file.

        Parameters
        ----------
        table : str
            Name of the table.
        frame : DataFrame
            Parsed table, with the rows of the raw table.
        chosen : ndarray of bool, shape (n,)
            True for the rows to keep.

        Returns
        -------
        DataFrame
            The chosen rows.
        """
        raw = self.raw[table]
        self.raw = {**self.raw, table: raw.set_axis(pd.Index(row_numbers(raw), name=ROW)).loc[chosen]}
        return frame.loc[chosen].reset_index(drop=True)

    def refuse_cells(self, table: str, column: str, wrong: np.ndarray, expected: Callable[[str], str]) -> None:
        """Add the problems of the cells of a column; cells with the same text are one problem.

        Parameters
        ----------
        table, column : str
            Names of the table and its column.
        wrong : ndarray of bool, shape (n,)
            True for the rows with a wrong cell.
        expected : callable, str -> str
            Function of the text of a cell that gives the expected content.
        """
        rows = np.flatnonzero(wrong)
        if not rows.size:
            return
        raw = self.raw[table]
        codes, words = distinct(raw[column].iloc[rows])
        texts = [text_of(word).strip() for word in words] + [""]
        headers = raw.get(f"{column}{HEADER}")
        numbers = np.asarray(raw.get(f"{column}{CELL_ROW}", row_numbers(raw)))[rows]
        bare = np.append(is_number_text(np.array(texts[:-1], dtype=object), self.notation.decimal), False)
        n_of = np.bincount(codes + 1, minlength=len(texts))
        for code in pd.unique(codes).tolist():
            text = texts[code]
            found = "nothing" if not text else text if bare[code] else f"'{_shortened(text)}'"
            first = int(np.argmax(codes == code))
            place = column if headers is None else str(headers.iloc[rows[first]])
            self.problems.append(
                Problem(self.file(table), int(numbers[first]), place, found, expected(text), int(n_of[code + 1]))
            )


def _shortened(text: str) -> str:
    shown = escaped(text[:80])
    return shown if len(text) <= 80 else f"{shown}..."

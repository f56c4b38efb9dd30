"""`Door`: what is found while the tables of a trial are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.notation import Notation, is_number_text
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import Problem
from botox_analysis.trials.readers.delimited import ROW
from botox_analysis.trials.settings.file import notation_of

Told = list[tuple[str, str, int]]
"""What reading left out, merged or assumed: where, why, how many."""


@dataclass
class Door:
    """What was found while tables were read.

    Attributes
    ----------
    files : mapping of str to str
        What messages call each table.
    settings : mapping
        Of ``trial.toml``.
    raw : mapping of str to DataFrame
        The tables as given.
    problems : list of Problem
        In the order in which they were found.
    told : list of (str, str, int)
        What was left out, merged or assumed.
    """

    files: Mapping[str, str]
    settings: Mapping[str, Any]
    raw: Mapping[str, pd.DataFrame]
    problems: list[Problem] = field(default_factory=list)
    told: Told = field(default_factory=list)

    @property
    def notation(self) -> Notation:
        """How cells are written."""
        return notation_of(self.settings)

    def file(self, table: str) -> str:
        """What messages call a table."""
        return self.files.get(table, table)

    def rows(self, table: str) -> np.ndarray:
        """The numbers of a table's rows, as messages say them."""
        return row_numbers(self.raw[table])

    def keep(self, table: str, frame: pd.DataFrame, chosen: np.ndarray) -> pd.DataFrame:
        """Keep some rows of a table, under their numbers.

        Parameters
        ----------
        table : str
            Which.
        frame : DataFrame
            Its values, row by row those of the raw table.
        chosen : ndarray of bool, shape (n,)
            The rows to keep.

        Returns
        -------
        DataFrame
            The chosen rows.
        """
        raw = self.raw[table]
        self.raw = {**self.raw, table: raw.set_axis(pd.Index(row_numbers(raw), name=ROW)).loc[chosen]}
        return frame.loc[chosen].reset_index(drop=True)

    def refuse_cells(self, table: str, column: str, wrong: np.ndarray, expected: Callable[[str], str]) -> None:
        """Add the problems of a column's cells, those with the same text together.

        Parameters
        ----------
        table, column : str
            Where they stand.
        wrong : ndarray of bool, shape (n,)
            Which rows.
        expected : callable, str -> str
            The text of a cell -> what would have been right.
        """
        rows = np.flatnonzero(wrong)
        if not rows.size:
            return
        codes, words = distinct(self.raw[table][column].iloc[rows])
        texts = [text_of(word).strip() for word in words] + [""]
        numbers = row_numbers(self.raw[table])[rows]
        bare = np.append(is_number_text(np.array(texts[:-1], dtype=object), self.notation.decimal), False)
        n_of = np.bincount(codes + 1, minlength=len(texts))
        for code in pd.unique(codes).tolist():
            text = texts[code]
            found = "nothing" if not text else text if bare[code] else f"'{_shortened(text)}'"
            first = int(numbers[int(np.argmax(codes == code))])
            self.problems.append(Problem(self.file(table), first, column, found, expected(text), int(n_of[code + 1])))


def _shortened(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text[:80])
    return shown if len(text) <= 80 else f"{shown}..."


def row_numbers(frame: pd.DataFrame) -> np.ndarray:
    """Number the rows as messages do: as in the file, or counted from a header in row 1.

    Parameters
    ----------
    frame : DataFrame
        A table; its index is named `ROW` where it comes from a file.

    Returns
    -------
    ndarray of int, shape (n,)
        One a row.
    """
    return np.asarray(frame.index) if frame.index.name == ROW else np.arange(2, len(frame) + 2)

"""`Shape`: a way to lay out the tables of a trial; `Arranged`: the tables of the layout made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import RawTable


@dataclass(frozen=True)
class Arranged:
    """Tables under the names of the layout, before parsing.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Raw tables by their names in the layout.
    files : mapping of str to str
        Name of each table in messages.
    settings : mapping
        Settings of ``trial.toml``, with those that follow from the shape: names of columns, populations, factors, baseline.
    notes : list of (str, str, int)
        Content left out, merged or assumed: place, reason, number of rows.
    shape : str
        Name of the shape of the files; empty for the layout.
    """

    tables: Mapping[str, pd.DataFrame]
    files: Mapping[str, str]
    settings: Mapping[str, Any]
    notes: Notes = field(default_factory=list)
    shape: str = ""


@dataclass(frozen=True)
class Shape:
    """A way to lay out the tables of a trial.

    Attributes
    ----------
    name : str
        Name of the shape in messages.
    root : str
        Name, in lower case, of the table that every trial of this shape has.
    belongs : callable, str -> bool
        Function of the name of a table in lower case: whether it is one of this shape.
    arrange : callable
        Function of the raw tables by their names in lower case, and of the settings, that returns `Arranged`.
    chosen : callable, (str, settings) -> bool
        Function of the name of a table of this shape, and of the settings: whether its file is read. By default every file is.
    """

    name: str
    root: str
    belongs: Callable[[str], bool]
    arrange: Callable[[Mapping[str, RawTable], Mapping[str, Any]], Arranged]
    chosen: Callable[[str, Mapping[str, Any]], bool] = lambda _name, _settings: True


@dataclass(frozen=True)
class TableShape:
    """A way to lay out a whole trial in one table.

    Attributes
    ----------
    name : str
        Name of the shape in messages.
    recognises : callable
        Function of the table and the settings: whether the table has this shape.
    arrange : callable
        Function of the table and the settings that returns `Arranged`.
    """

    name: str
    recognises: Callable[[RawTable, Mapping[str, Any]], bool]
    arrange: Callable[[RawTable, Mapping[str, Any]], Arranged]

"""SAS data sets (.sas7bdat)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.trials.readers.child import in_child
from botox_analysis.trials.readers.raw import RawTable
from botox_analysis.trials.readers.sas.formats import in_format, kind_of
from botox_analysis.trials.readers.sas.numbers import reasons_of


def read_sas7bdat(path: Path, settings: Mapping[str, Any]) -> list[RawTable]:  # noqa: ARG001 - one signature for all
    """Read a SAS data set.

    Parameters
    ----------
    path : Path
        Path of the file.
    settings : mapping
        Settings of ``trial.toml``; none is used, since the file states its encoding.

    Returns
    -------
    list of RawTable
        One table, with its name, labels and formats. Cells are those of a transport file: see `read_transport`.

    Raises
    ------
    DataError
        The file is not a SAS data set, or is damaged; or pyreadstat is not installed.
    """
    return [_in_formats(table) for table in in_child("sas7bdat", path, "a SAS data set")]


def _in_formats(table: RawTable) -> RawTable:
    """Convert numbers to what their formats make of them."""
    columns: dict[int, Any] = {}
    notes = list(table.notes)
    for at, name in enumerate(table.frame.columns):
        cells = table.frame.iloc[:, at]
        columns[at] = cells.array
        if pd.api.types.is_float_dtype(cells):
            form = table.formats.get(name, "")
            columns[at], n_beyond = in_format(cells.to_numpy(), kind_of(form))
            notes += [(f"{table.file}, {name}", reason, n) for reason, n in reasons_of({}, n_beyond, form)]
    frame = pd.DataFrame(columns, index=table.frame.index, copy=False).set_axis(table.frame.columns, axis=1)
    return replace(table, frame=frame, notes=tuple(notes))

"""SAS data sets (.sas7bdat), parsed by pyreadstat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.trials.readers.parsers.parsed import Parsed
from botox_analysis.trials.readers.sas.formats import in_format, kind_of, notes_on


def parse_sas7bdat(path: str, arguments: Mapping[str, Any]) -> list[Parsed]:  # noqa: ARG001 - one signature for all
    """Parse a SAS data set.

    Parameters
    ----------
    path : str
        Path of the file.
    arguments : mapping
        Choices of the reader; none is used.

    Returns
    -------
    list of Parsed
        One table.
    """
    import pyarrow as pa
    import pyreadstat

    # Dates stay numbers, since pyreadstat refuses those beyond Python's calendar. Special missing values come as their signs.
    frame, about = pyreadstat.read_sas7bdat(path, disable_datetime_conversion=True, user_missing=True)
    columns, formats = [], {}
    notes: list[tuple[str, str, int]] = []
    for at, name in enumerate(frame.columns):
        form = about.original_variable_types.get(name) or ""
        formats[name] = form if not form or "." in form else f"{form}."
        if about.readstat_variable_types[name] == "string":
            texts = pa.array(frame.iloc[:, at].mask(frame.iloc[:, at] == ""), type=pa.string(), from_pandas=True)
            columns.append(texts.dictionary_encode())
            continue
        numbers, special = _numbers(frame.iloc[:, at])
        values, n_beyond = in_format(numbers, kind_of(formats[name]))
        columns.append(pa.array(values, from_pandas=True))
        notes += [(f"{Path(path).name}, {name}", reason, n) for reason, n in notes_on(special, n_beyond, formats[name])]
    batch = pa.RecordBatch.from_arrays(columns, names=[str(name) for name in frame.columns])
    labels = {name: label or "" for name, label in about.column_names_to_labels.items()}
    return [
        Parsed(
            about.table_name or "", batch.schema, [batch],
            label=about.file_label or "", labels=labels, formats=formats, notes=tuple(notes),
        )
    ]  # fmt: skip


def _numbers(column: pd.Series[Any]) -> tuple[np.ndarray, Counter[str]]:
    """Convert a column to floats, and count the signs of special missing values in it."""
    if column.dtype != object:
        return column.to_numpy(dtype=float, na_value=np.nan), Counter()
    is_sign = column.map(lambda cell: isinstance(cell, str)).to_numpy(dtype=bool)
    return column.mask(is_sign).to_numpy(dtype=float, na_value=np.nan), Counter(column[is_sign])

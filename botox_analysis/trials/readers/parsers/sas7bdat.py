"""SAS data sets (.sas7bdat), parsed by pyreadstat."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.parsers.parsed import Parsed
from botox_analysis.trials.readers.sas.numbers import reasons_of


def parse_sas7bdat(path: str) -> list[Parsed]:
    """Parse a SAS data set.

    Parameters
    ----------
    path : str
        Path of the file.

    Returns
    -------
    list of Parsed
        One table of texts and numbers. Dates stay numbers, since pyreadstat refuses those beyond Python's calendar.
    """
    import pyarrow as pa
    import pyreadstat

    # Special missing values come as their signs. A frame would need pandas.
    cells, about = pyreadstat.read_sas7bdat(path, disable_datetime_conversion=True, user_missing=True, output_format="dict")
    columns, formats = [], {}
    notes: Notes = []
    for name in about.column_names:
        form = about.original_variable_types.get(name) or ""
        formats[name] = form if not form or "." in form else f"{form}."
        if about.readstat_variable_types[name] == "string":
            columns.append(pa.array([cell or None for cell in cells[name]], type=pa.string()).dictionary_encode())
            continue
        numbers, special = split_numbers(cells[name])
        columns.append(pa.array(numbers, type=pa.float64()))
        notes += [(f"{Path(path).name}, {name}", reason, n) for reason, n in reasons_of(special, 0, "")]
    batch = pa.RecordBatch.from_arrays(columns, names=list(about.column_names))
    labels = {name: label or "" for name, label in about.column_names_to_labels.items()}
    return [
        Parsed(
            about.table_name or "", batch.schema, [batch],
            label=about.file_label or "", labels=labels, formats=formats, notes=tuple(notes),
        )
    ]  # fmt: skip


def split_numbers(cells: list[Any]) -> tuple[list[float | None], Counter[str]]:
    """Separate the numbers of a column from the signs of special missing values.

    Parameters
    ----------
    cells : list
        Numbers, signs such as ``A``, and None.

    Returns
    -------
    numbers : list of float or None
        Numbers; None for a missing value.
    special : Counter
        Sign -> number of cells with it.

    Examples
    --------
    >>> split_numbers([1.0, "A", None])
    ([1.0, None, None], Counter({'A': 1}))
    """
    return [None if isinstance(cell, str) else cell for cell in cells], Counter(cell for cell in cells if isinstance(cell, str))

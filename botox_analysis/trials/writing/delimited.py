"""CSV files of the tables of a trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.trials.writing.cells import texts_of

_SPECIAL = set(',"\r\n')


def write_delimited(tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Any]:
    """Write each table as a CSV file in UTF-8.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of a trial by name.
    folder : Path
        Folder for the files.

    Returns
    -------
    dict
        Further settings of the files: none.
    """
    for name, table in tables.items():
        (folder / f"{name}.csv").write_bytes("".join(_lines(table)).encode())
    return {}


def _lines(table: pd.DataFrame) -> Iterator[str]:
    yield ",".join(map(_quoted, table.columns)) + "\n"
    columns = []
    for name in table.columns:
        codes, texts = texts_of(table[name])
        columns.append(np.array([*map(_quoted, texts), ""], dtype=object)[codes])
    yield from (",".join(cells) + "\n" for cells in zip(*columns, strict=True))


def _quoted(text: str) -> str:
    """Write a text in quotation marks if it has a separator, a quotation mark, a line end, or nothing."""
    return text if text and _SPECIAL.isdisjoint(text) else '"' + text.replace('"', '""') + '"'

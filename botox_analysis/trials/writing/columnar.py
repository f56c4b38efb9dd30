"""Parquet files of the tables of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.trials.writing.cells import is_text, texts_of


def write_columnar(tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Any]:
    """Write each table as a Parquet file: texts, numbers, truth values, and times with their unit.

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
    import pyarrow as pa
    import pyarrow.parquet

    for name, table in tables.items():
        columns = {str(column): _values(table[column]) for column in table.columns}
        pyarrow.parquet.write_table(pa.table(columns), folder / f"{name}.parquet")
    return {}


def _values(column: pd.Series[Any]) -> Any:
    import pyarrow as pa

    if pd.api.types.is_datetime64_dtype(column) or not is_text(column):
        return pa.Array.from_pandas(column)
    codes, texts = texts_of(column)
    places = pa.array(codes, mask=codes < 0, type=pa.int32())
    return pa.DictionaryArray.from_arrays(places, pa.array(texts, type=pa.string()))

"""Parquet files: every column with its type in the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError
from botox_analysis.trials.readers.files import parsing
from botox_analysis.trials.readers.raw import ROW, RawTable, only_table


def read_columnar(path: Path, settings: Mapping[str, Any]) -> list[RawTable]:  # noqa: ARG001 - one signature for all
    """Read a Parquet file.

    Parameters
    ----------
    path : Path
        Path of the file.
    settings : mapping
        Settings of ``trial.toml``; none is used.

    Returns
    -------
    list of RawTable
        One table. Columns of the file: texts as categories, dates as datetimes, whole numbers and truth values with gaps as
        nullable types.
        The index, named `ROW`, counts from 2, as if a header were row 1.

    Raises
    ------
    DataError
        The file is not a Parquet file, is damaged, or has no columns.
    """
    import pyarrow as pa
    import pyarrow.parquet

    with parsing(path.name, "a Parquet file, or a CSV file"):
        schema = pyarrow.parquet.read_schema(str(path))
        texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
        table = pyarrow.parquet.read_table(str(path), use_pandas_metadata=False, read_dictionary=texts)
        names = [str(name) for name in table.column_names]
        columns = {at: _values(column) for at, column in enumerate(table.columns)}
    if not columns:
        raise DataError(f"{path.name}: found no columns; expected a table.")
    frame = pd.DataFrame({at: pd.Series(values, copy=False).array for at, values in columns.items()}, copy=False)
    frame.columns = pd.Index(names, dtype=object)
    frame.index = pd.RangeIndex(2, len(frame) + 2, name=ROW)
    return only_table(path, frame)


def _values(column: Any) -> Any:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        if not (pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)):
            return _values(column.cast(kind.value_type))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = column.dictionary_encode()
    elif pa.types.is_integer(kind) and column.null_count:
        missing = column.is_null().to_numpy()
        return pd.arrays.IntegerArray(column.fill_null(0).to_numpy().astype(np.int64), np.array(missing))
    elif pa.types.is_boolean(kind) and column.null_count:
        missing = column.is_null().to_numpy()
        known = column.fill_null(pa.scalar(value=False)).to_numpy()
        return pd.arrays.BooleanArray(known, np.array(missing))
    elif pa.types.is_date(kind):
        return column.cast(pa.timestamp("s")).to_pandas()
    else:
        return column.to_pandas()
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], type=column.type)
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    words = np.asarray(whole.dictionary.to_pylist(), dtype=object)
    # The dictionary of a file may contain a word twice.
    at, distinct = pd.factorize(words)
    return pd.Categorical.from_codes(
        np.append(at, -1)[codes], dtype=pd.CategoricalDtype(pd.Index(distinct.astype(object), dtype=object))
    )

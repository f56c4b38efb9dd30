"""Parquet, parsed in a child process."""

from __future__ import annotations

from botox_analysis.trials.readers.parsers.parsed import Parsed, RefusalError

_ROWS = 1 << 17
"""Rows decoded at once."""


def parse_parquet(path: str) -> list[Parsed]:
    """Parse a Parquet file.

    Parameters
    ----------
    path : str
        Path of the file.

    Returns
    -------
    list of Parsed
        One table, its texts dictionary-encoded.

    Raises
    ------
    RefusalError
        The file has no columns.
    """
    import pyarrow as pa
    import pyarrow.parquet

    schema = pyarrow.parquet.read_schema(path)
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    file = pyarrow.parquet.ParquetFile(path, read_dictionary=texts)
    schema = file.schema_arrow.remove_metadata()
    if not schema.names:
        raise RefusalError("found no columns; expected a table")
    return [Parsed("", schema, (batch.replace_schema_metadata(None) for batch in file.iter_batches(_ROWS, use_threads=False)))]

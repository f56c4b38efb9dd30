"""CSV files: every row has as many cells as the header, and every cell is a text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, Problem, refuse
from botox_analysis.trials.readers.files import SETTINGS, parsing
from botox_analysis.trials.readers.raw import ROW as ROW
from botox_analysis.trials.readers.raw import RawTable, only_table

_HEAD = 1 << 16
"""Number of letters in which a header is searched first."""

_END = "\x1fend\x1f"
"""Cell of a row that is added at the end. If it is missing after parsing, a quotation mark was opened and never closed."""

_BLOCK = 1 << 24
"""Bytes read at once, and the longest row that can be read."""

_OTHER_FILES = {
    b"PK\x03\x04": ("a workbook (or another zip file)", ".xlsx"), b"\xd0\xcf\x11\xe0": ("an old workbook (or document)", ".xls"),
    b"PAR1": ("a Parquet file", ".parquet"), b"HEADER RECORD*": ("a SAS transport file", ".xpt"),
    b"\x1f\x8b": ("a gzip file", ""), b"%PDF": ("a PDF file", ""), b"BZh": ("a bzip2 file", ""), b"\xfd7zXZ": ("an xz file", ""),
    b"\x28\xb5\x2f\xfd": ("a zstd file", ""), b"{\\rtf": ("an RTF document", ""),
}  # fmt: skip
"""First bytes of a file -> its kind, and the suffix under which it is read."""


def read_delimited(path: Path, settings: Mapping[str, Any]) -> list[RawTable]:
    """Read a CSV file as texts.

    Parameters
    ----------
    path : Path
        Path of the file.
    settings : mapping
        Settings of ``trial.toml``; ``separator`` and ``encoding`` are used.

    Returns
    -------
    list of RawTable
        One table. Columns in the order of the header, each categorical: its distinct texts in order of appearance. The index,
        named `ROW`, contains the row numbers of the file. The header is row 1 unless an empty line precedes it.

    Raises
    ------
    DataError
        The file is not text in its encoding, is empty, has rows of different lengths, or an open quotation mark.
    """
    with parsing(path.name, "a CSV file"):
        content = path.read_bytes()
        _refuse_other_files(path.name, content, settings)
        text = _decoded(path.name, content, settings)
        content = content.removeprefix(b"\xef\xbb\xbf") if "encoding" not in settings else text.encode()
    separator = settings.get("separator", ",")
    first, header, n_lines = _header(path.name, text, separator)
    _refuse_separators(path.name, header, separator)
    if b'"' in content and b' "' in content and re.search(rb"(?:^|[\r\n]|" + re.escape(separator.encode()) + rb") +\"", content):
        rows = (cells for _, cells in list(_records(path.name, text, separator))[1:])
        codes_and_words = _columns_of_rows(path.name, text, separator, list(rows), len(header))
    else:
        codes_and_words = _columns_of_content(path.name, text, content, separator, n_lines, len(header))
    n_rows = len(codes_and_words[0][0])
    columns = {at: _categorical(codes, words) for at, (codes, words) in enumerate(codes_and_words)}
    frame = pd.DataFrame(columns, copy=False)
    frame.columns = pd.Index(header, dtype=object)
    frame.index = pd.RangeIndex(first + 1, first + 1 + n_rows, name=ROW)
    n_ends = content.count(b"\n") or content.count(b"\r")
    if n_ends + (not content.endswith((b"\n", b"\r"))) != n_lines + n_rows:
        numbers = [number for number, _ in _records(path.name, text, separator)][1:]
        frame.index = pd.Index(numbers, name=ROW) if len(numbers) == n_rows else frame.index
    return only_table(path, frame)


def _refuse_other_files(file: str, content: bytes, settings: Mapping[str, Any]) -> None:
    for mark, (kind, suffix) in _OTHER_FILES.items():
        if content.startswith(mark):
            ending = ".ods" if b"opendocument" in content[:100] else suffix
            right = f", or the name {Path(file).stem}{ending}" if ending else ""
            raise DataError(f"{file}: found {kind} under the name of a CSV file; expected a CSV file{right}.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) and "encoding" not in settings:
        raise DataError(f'{file}: found UTF-16; save the file as UTF-8, or write encoding = "utf-16" in {SETTINGS}.')
    if not content[:_HEAD].strip() and not content.strip():
        raise DataError(f"{file}: found an empty file; expected a header and at least one row.")


def _decoded(file: str, content: bytes, settings: Mapping[str, Any]) -> str:
    encoding = settings.get("encoding", "utf-8-sig")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{file}, row {row}: found a byte 0x{content[error.start]:02x} that is not {encoding.removesuffix('-sig')}; "
            f'save the file as UTF-8, or name its encoding in {SETTINGS} (encoding = "latin-1").'
        ) from error
    return text.removeprefix("\ufeff")


def _records(file: str, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Read the rows that are not empty, with their row numbers."""
    with parsing(file, "rows of cells"):
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=separator != " ")
        yield from ((number, cells) for number, cells in enumerate(lines, start=1) if cells)


def _header(file: str, text: str, separator: str) -> tuple[int, list[str], int]:
    """Read the header: its row number, its cells, and the number of lines up to its end."""
    with parsing(file, "a header and rows of cells"):
        for part in (text[:_HEAD], text) if len(text) > _HEAD else (text,):
            lines = csv.reader(io.StringIO(part, newline=""), delimiter=separator, skipinitialspace=separator != " ")
            number, cells = next(((number, cells) for number, cells in enumerate(lines, start=1) if cells), (0, []))
            # A header that fills the part may continue after it.
            if cells and (len(part) == len(text) or len(separator.join(cells)) < _HEAD // 2):
                return number, cells, lines.line_num
    raise DataError(f"{file}: found an empty file; expected a header and at least one row.")


def _refuse_separators(file: str, header: list[str], separator: str) -> None:
    if re.fullmatch(r"sep=.?", header[0].strip(), re.IGNORECASE) and not any(header[1:]):
        raise DataError(
            f"{file}, row 1: found '{header[0]}', a line for spreadsheets; delete it, and set separator in {SETTINGS}."
        )
    for other, shown in ((",", ","), (";", ";"), ("\t", "\\t"), ("|", "|")):
        if len(header) == 1 and other != separator and other in header[0]:
            raise DataError(
                f"{file}, row 1: found '{shown}' between the columns; expected '{separator}', or a line "
                f'separator = "{shown}" in {SETTINGS} (and decimal = "," for numbers with a decimal comma).'
            )


def _columns_of_content(
    file: str, text: str, content: bytes, separator: str, n_lines: int, width: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    import pyarrow as pa
    import pyarrow.csv

    quoted = b'"' in content
    # Arrow reads a header only if its line ends with a line break.
    content = content if content.endswith((b"\n", b"\r")) else content + b"\n"
    if quoted:
        content += separator.join([_END] * width).encode() + b"\n"
    names = [str(number) for number in range(width)]
    with parsing(file, "rows of cells"):
        try:
            table = pyarrow.csv.read_csv(
                io.BytesIO(content),
                read_options=pyarrow.csv.ReadOptions(skip_rows=n_lines, column_names=names, block_size=_BLOCK),
                parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=quoted),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
                    null_values=[], strings_can_be_null=False,
                ),
            )  # fmt: skip
        except pa.ArrowInvalid:
            # Python's reader finds the row number of each fault, which Arrow does not.
            _refuse_ragged(file, list(_records(file, text, separator)), width)
            raise
    columns = [_codes_and_words(column) for column in table.columns]
    if not quoted:
        return columns
    for codes, words in columns:
        if not len(codes) or words[codes[-1]] != _END:
            raise DataError(
                f"{file}: found a quotation mark that is opened and never closed; expected another at the end of the cell."
            )
    return [(codes[:-1], words) for codes, words in columns]


def _columns_of_rows(
    file: str, text: str, separator: str, rows: list[list[str]], width: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read the columns of a file with spaces before its quotation marks, which Arrow cannot read."""
    _refuse_ragged(file, list(_records(file, text, separator)), width)
    columns = [np.array([row[number] for row in rows], dtype=object) for number in range(width)]
    return [pd.factorize(column) for column in columns]


def _refuse_ragged(file: str, records: list[tuple[int, list[str]]], width: int) -> None:
    refuse(
        [
            Problem(file, number, "", f"{len(cells)} cells", f"{width}, as in the header")
            for number, cells in records
            if len(cells) != width
        ]
    )


def _codes_and_words(column: Any) -> tuple[np.ndarray, np.ndarray]:
    import pyarrow as pa

    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.unify_dictionaries().chunks) if whole.num_chunks else pa.array([], type=column.type)
    return whole.indices.to_numpy(), np.asarray(whole.dictionary.to_pylist(), dtype=object)


def _categorical(codes: np.ndarray, words: np.ndarray) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(pd.Index(words, dtype=object)))

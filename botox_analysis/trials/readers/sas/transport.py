"""SAS transport files (.xpt) of versions 5 and 8, with all their data sets.

pyreadstat 1.3 reads several data sets as one table with the later headers among its rows, loses the special missing values, and
makes an object of every text: 5 times the memory of the file. Rows of a fixed length need no parser in C.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.readers.files import SETTINGS, parsing
from botox_analysis.trials.readers.raw import ROW, RawTable
from botox_analysis.trials.readers.sas.formats import in_format, kind_of, notes_on
from botox_analysis.trials.readers.sas.headers import RECORD, Member, Variable, members_of, names_and_labels
from botox_analysis.trials.readers.sas.numbers import from_ibm

_BLOCK = 1 << 21
"""Bytes read at once: few enough that a block stays in the cache of the processor."""

_OLD = "cp1252"
"""Encoding of texts that are not UTF-8: that of SAS on Windows."""

_FILLING = b" \0"
"""Bytes that fill a text up to the length of its cell."""


def read_transport(path: Path, settings: Mapping[str, Any]) -> list[RawTable]:
    """Read a SAS transport file.

    Parameters
    ----------
    path : Path
        Path of the file.
    settings : mapping
        Settings of ``trial.toml``; ``encoding`` is used.

    Returns
    -------
    list of RawTable
        A table for each data set, with its name, labels and formats. Texts are categories without the blanks at their ends; a
        blank text is missing. Numbers with a format of dates are datetimes, times of day are texts.

    Raises
    ------
    DataError
        The file is not a transport file, is damaged or cut off, or contains two data sets of one name.
    """
    with parsing(path.name, "a SAS transport file"), path.open("rb") as file:
        members = members_of(file, path.name)
        tables = [
            _table(file, member, path.name if len(members) == 1 else f"{path.name}, {member.name.decode('latin-1')}", settings)
            for member in members
        ]
    twice = [name for name, n in Counter(table.name.upper() for table in tables).items() if n > 1]
    if twice:
        raise DataError(f"{path.name}: found the data set {listed(twice)} more than once; expected each name once.")
    return tables


def _table(file: BinaryIO, member: Member, place: str, settings: Mapping[str, Any]) -> RawTable:
    n_rows, n_blank = _rows_of(file, member, place)
    columns = [_Numbers(variable, n_rows) if variable.is_number else _Texts(variable, n_rows) for variable in member.variables]
    for at, block in _blocks(file, member, n_rows):
        for column in columns:
            column.add(at, block)
    notes = [(place, "blank rows at the end: taken for the filling of the last record", n_blank)] if n_blank else []
    if not member.in_order and n_rows:
        notes.append((place, "the header states other places of the cells in a row: the order of the variables is used", n_rows))
    texts = [column for column in columns if isinstance(column, _Texts)]
    encoding = _encoding_of([*names_and_labels(member), *(word for column in texts for word in column.words)], place, settings)
    if encoding == _OLD and "encoding" not in settings:
        reason = f'texts that are not UTF-8: read as Windows-1252 (encoding = "..." in {SETTINGS} chooses another)'
        notes.append((place, reason, max(n_rows, 1)))
    names = [variable.name.decode(encoding) for variable in member.variables]
    cells: dict[int, Any] = {}
    for at, name in enumerate(names):
        # A column is released before the next is made.
        column = columns.pop(0)
        cells[at] = column.values(encoding)
        notes += [(f"{place}, {name}", reason, n) for reason, n in column.notes()]
    frame = pd.DataFrame(cells, copy=False)
    frame.columns = pd.Index(names, dtype=object)
    frame.index = pd.RangeIndex(2, n_rows + 2, name=ROW)
    return RawTable(
        name=member.name.decode(encoding),
        frame=frame,
        file=place,
        label=member.label.decode(encoding),
        labels={name: variable.label.decode(encoding) for name, variable in zip(names, member.variables, strict=True)},
        formats={name: variable.form for name, variable in zip(names, member.variables, strict=True)},
        notes=tuple(notes),
    )


def _rows_of(file: BinaryIO, member: Member, place: str) -> tuple[int, int]:
    """Find the number of rows, and of blank rows that the filling of the last record cannot be told from."""
    width, n_bytes = member.width, member.end - member.start
    if member.n_rows is not None:
        if member.n_rows * width > n_bytes:
            raise DataError(
                f"{place}: found {n_bytes:,} bytes of rows; expected {member.n_rows:,} rows of {width:,}. The file is cut off."
            )
        _require_blank(file, member.start + member.n_rows * width, member, place)
        return member.n_rows, 0
    n_whole = n_bytes // width
    _require_blank(file, member.start + n_whole * width, member, place)
    # SAS takes blank rows that begin in the last record for its filling. A row with a number is never blank.
    first = max(0, -((RECORD - n_bytes) // width))
    file.seek(member.start + first * width)
    n_rows = min(first, n_whole) + -(-len(file.read((n_whole - first) * width if n_whole > first else 0).rstrip(b" ")) // width)
    return n_rows, 0 if any(variable.is_number for variable in member.variables) else n_whole - n_rows


def _require_blank(file: BinaryIO, start: int, member: Member, place: str) -> None:
    """Check that nothing but the filling of the last record follows the rows."""
    n = member.end - start
    file.seek(start)
    if n >= RECORD or file.read(n).strip(_FILLING):
        raise DataError(
            f"{place}: found {n:,} bytes after the last whole row of {member.width:,} bytes; expected blanks up to the end "
            "of the record. The file is cut off or damaged."
        )


def _blocks(file: BinaryIO, member: Member, n_rows: int) -> Iterator[tuple[int, np.ndarray]]:
    """Read the bytes of a few rows at a time, with the place of the first of them."""
    at_once = max(1, _BLOCK // member.width)
    file.seek(member.start)
    for at in range(0, n_rows, at_once):
        n = min(at_once, n_rows - at)
        yield at, np.frombuffer(file.read(n * member.width), dtype=np.uint8).reshape(n, member.width)


def _encoding_of(words: Iterable[bytes], place: str, settings: Mapping[str, Any]) -> str:
    """Find the encoding of texts, which the file does not state."""
    texts = [word for word in words if not word.isascii()]
    for encoding in (settings["encoding"],) if "encoding" in settings else ("utf-8", _OLD):
        try:
            for word in texts:
                word.decode(encoding)
        except UnicodeDecodeError:
            continue
        return str(encoding)
    raise DataError(
        f"{place}: found texts that are not {settings.get('encoding', 'UTF-8 or Windows-1252')}; name their encoding in "
        f'{SETTINGS} (encoding = "latin-1").'
    )


class _Numbers:
    """Column of numbers, filled block by block."""

    def __init__(self, variable: Variable, n_rows: int) -> None:
        self.variable = variable
        self.numbers = np.empty(n_rows)
        self.special: Counter[str] = Counter()
        self.n_beyond = 0

    def add(self, at: int, block: np.ndarray) -> None:
        """Add the cells of some rows."""
        start, length = self.variable.start, self.variable.length
        n, width = block.shape
        if length == 8:
            cells = np.ndarray((n,), dtype=">u8", buffer=block, offset=start, strides=(width,))
        else:
            filled = np.zeros((n, 8), dtype=np.uint8)
            filled[:, :length] = block[:, start : start + length]
            cells = filled.view(">u8").ravel()
        self.numbers[at : at + n], special = from_ibm(cells.astype(np.uint64))
        self.special.update(special)

    def values(self, encoding: str) -> Any:  # noqa: ARG002 - as for texts
        """Make the values of all cells."""
        values, self.n_beyond = in_format(self.numbers, kind_of(self.variable.form))
        return values

    def notes(self) -> Iterator[tuple[str, int]]:
        """Give the reason and the number of cells for values that are missing."""
        return notes_on(self.special, self.n_beyond, self.variable.form)


class _Texts:
    """Column of texts, filled block by block."""

    def __init__(self, variable: Variable, n_rows: int) -> None:
        self.variable = variable
        self.words: dict[bytes, int] = {b"": -1}
        self.codes = np.empty(n_rows, dtype=np.int8)

    def add(self, at: int, block: np.ndarray) -> None:
        """Add the cells of some rows."""
        import pyarrow as pa

        start, length = self.variable.start, self.variable.length
        n, width = block.shape
        cells = np.ndarray((n,), dtype=f"V{length}", buffer=block, offset=start, strides=(width,)).copy()
        array = pa.FixedSizeBinaryArray.from_buffers(pa.binary(length), n, [None, pa.py_buffer(cells)]).dictionary_encode()
        words = [word.rstrip(_FILLING) for word in array.dictionary.to_pylist()]
        codes = np.array([self.words.setdefault(word, len(self.words) - 1) for word in words], dtype=np.int32)
        if len(self.words) - 2 > np.iinfo(self.codes.dtype).max:
            self.codes = self.codes.astype(np.int16 if self.codes.dtype == np.int8 and len(self.words) < 1 << 15 else np.int32)
        self.codes[at : at + n] = codes[array.indices.to_numpy()]

    def values(self, encoding: str) -> pd.Categorical:
        """Make the values of all cells."""
        words = pd.Index([word.decode(encoding) for word in list(self.words)[1:]], dtype=object)
        return pd.Categorical.from_codes(self.codes, dtype=pd.CategoricalDtype(words))

    def notes(self) -> Iterator[tuple[str, int]]:
        """Give no reasons: every text is kept."""
        return iter(())

"""Headers of a transport file: its data sets, and the variables of each.

A file consists of records of 80 bytes. A data set has two records with its name and label, a description of 140 bytes for each
variable, in version 8 the long labels and the number of rows, and then the rows one after the other.
"""

from __future__ import annotations

import string
import struct
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import BinaryIO

import numpy as np

from botox_analysis.errors import DataError
from botox_analysis.trials.readers.sas.formats import written

RECORD = 80

_HEADER = b"HEADER RECORD*******%-8bHEADER RECORD!!!!!!!"
_NAMES = {
    b"LIBRARY": ("MEMBER", "DSCRPTR", "NAMESTR", "OBS"),
    b"LIBV8": ("MEMBV8", "DSCPTV8", "NAMSTV8", "OBSV8"),
}
"""First header of a file -> its headers of a data set, of its description, of its variables and of its rows."""

_VARIABLE = struct.Struct(">4h8s40s8s3h10x4xi")
_LENGTHS = {1: range(2, 9), 2: range(1, 32768)}
"""Type of a variable (1 number, 2 text) -> its possible lengths in bytes."""

_BLOCK = RECORD << 16


@dataclass(frozen=True)
class Variable:
    """Column of a data set.

    Attributes
    ----------
    name, label : bytes
        Name and label, in the encoding of the file.
    form : str
        Format, in the notation of SAS.
    is_number : bool
        False for a text.
    start, length : int
        Place of its cell in the bytes of a row, and number of bytes.
    """

    name: bytes
    label: bytes
    form: str
    is_number: bool
    start: int
    length: int


@dataclass(frozen=True)
class Member:
    """Data set of a transport file.

    Attributes
    ----------
    name, label : bytes
        Name and label, in the encoding of the file.
    variables : tuple of Variable
        Its columns, in the order of the file.
    start, end : int
        Place of its rows in the file, with the filling of the last record.
    n_rows : int or None
        Number of rows; None in version 5, which does not state it.
    in_order : bool
        True if the cells of a row have the places that the header states. %LOC2XPT and ReadStat write the cells in the order of
        the variables, and other places into the header; so the order is used.
    """

    name: bytes
    label: bytes
    variables: tuple[Variable, ...]
    start: int
    end: int
    n_rows: int | None
    in_order: bool

    @property
    def width(self) -> int:
        """Bytes of a row."""
        return sum(variable.length for variable in self.variables)


def members_of(file: BinaryIO, name: str) -> list[Member]:
    """Read the headers of all data sets of a transport file.

    Parameters
    ----------
    file : binary file
        Open file.
    name : str
        Name of the file in messages.

    Returns
    -------
    list of Member
        Data sets in the order of the file.

    Raises
    ------
    DataError
        The file is not a transport file, is cut off, or a header contradicts the file.
    """
    size = file.seek(0, 2)
    file.seek(0)
    first = file.read(RECORD)
    version = next((word for word in _NAMES if first.startswith(_HEADER % word)), None)
    if version is None:
        other = " of PROC CPORT" if b"**COMPRESSED**" in first else ""
        raise DataError(f"{name}: found a file{other} that is no SAS transport file; expected one of PROC COPY or %LOC2XPT.")
    if size % RECORD:
        raise DataError(f"{name}: found {size:,} bytes; expected a multiple of {RECORD}. The file is cut off.")
    member, description = (_HEADER % word.encode() for word in _NAMES[version][:2])
    headers = _headers(file)
    starts = [
        start for start in headers
        if _at(file, start, len(member)) == member and _at(file, start + RECORD, len(description)) == description
    ]  # fmt: skip
    if not starts:
        raise DataError(f"{name}: found no data set; expected at least one.")
    members = [_Reader(file, name, start, end, version).member() for start, end in zip(starts, [*starts[1:], size], strict=True)]
    for read in members:
        if bisect_left(headers, read.start) < bisect_left(headers, read.end):
            raise DataError(f"{name}, {read.name.decode('latin-1')}: found a header among the rows. The file is damaged.")
    return members


def _headers(file: BinaryIO) -> list[int]:
    """Find all header records: those of a damaged header of a data set would be read as rows of the data set before."""
    first = (_HEADER % b"")[:20]
    found: list[int] = []
    at = file.seek(RECORD)
    while block := file.read(_BLOCK):
        n = len(block) // RECORD
        firsts = np.ndarray((n,), dtype="S8", buffer=block, strides=(RECORD,))
        places = (RECORD * np.flatnonzero(firsts == first[:8])).tolist()
        found += [at + place for place in places if block.startswith(first, place)]
        at += len(block)
    return found


def _at(file: BinaryIO, start: int, n: int) -> bytes:
    file.seek(start)
    return file.read(n)


class _Reader:
    """Reader of the headers of one data set, from its first record on."""

    def __init__(self, file: BinaryIO, name: str, start: int, end: int, version: bytes) -> None:
        self.file, self.name, self.end = file, name, end
        self.long = version == b"LIBV8"
        _, self.description, self.variables, self.rows = _NAMES[version]
        file.seek(start)

    def member(self) -> Member:
        header = self._bytes(RECORD)
        length = self._count(header[74:78], "the length of a description of a variable")
        if length not in (136, 140):
            raise DataError(f"{self.name}: found descriptions of variables of {length} bytes; expected 140, or 136.")
        self._header(self.description)
        name = self._bytes(RECORD)[8 : 40 if self.long else 16].strip(b" \0")
        label = self._bytes(RECORD)[32:72].strip(b" \0")
        self.name = f"{self.name}, {name.decode('latin-1')}"
        n = self._count(self._header(self.variables)[48:58], "the number of variables")
        if not n:
            raise DataError(f"{self.name}: found no columns; expected a table.")
        content = self._bytes(n * length + -n * length % RECORD)
        described = [self._variable(content[at * length : (at + 1) * length]) for at in range(n)]
        ends = accumulate(variable.length for variable in described)
        variables = [replace(variable, start=end - variable.length) for variable, end in zip(described, ends, strict=True)]
        in_order = variables == described
        header = self._bytes(RECORD)
        for kind in (b"LABELV8", b"LABELV9"):
            if self.long and header.startswith(_HEADER % kind):
                header = self._with_long_labels(variables, self._count(header[48:80], "the number of long labels"), kind)
        self._require(header, self.rows)
        digits = header[48:63].strip() if self.long else b""
        n_rows = self._count(digits, "the number of rows") if digits else None
        return Member(name, label, tuple(variables), self.file.tell(), self.end, n_rows, in_order)

    def _bytes(self, n: int) -> bytes:
        content = self.file.read(min(n, max(self.end - self.file.tell(), 0)))
        if len(content) < n:
            raise DataError(f"{self.name}: found the end of the data set within its headers; expected {n:,} bytes more.")
        return content

    def _header(self, word: str) -> bytes:
        header = self._bytes(RECORD)
        self._require(header, word)
        return header

    def _require(self, header: bytes, word: str) -> None:
        if not header.startswith(_HEADER % word.encode()):
            raise DataError(f"{self.name}: found {header[:48]!r}; expected the header {word} here. The file is damaged.")

    def _count(self, digits: bytes, what: str) -> int:
        if not digits.strip().isdigit():
            raise DataError(f"{self.name}: found {digits!r} for {what}; expected a whole number. The file is damaged.")
        return int(digits)

    def _variable(self, content: bytes) -> Variable:
        kind, _, length, _, name, label, form, width, decimals, _, start = _VARIABLE.unpack(content[: _VARIABLE.size])
        # Version 8 has the name of up to 32 letters after the fields of version 5.
        name = (content[88:120] if self.long else name).strip(b" \0")
        shown = name.decode("latin-1")
        if not name:
            raise DataError(f"{self.name}: found a variable without a name; expected a name for each.")
        if length not in _LENGTHS.get(kind, ()):
            raise DataError(
                f"{self.name}, {shown}: found the type {kind} of {length} bytes; expected 1 (a number of 2 to 8 bytes) or 2 "
                "(a text of 1 to 32,767)."
            )
        word = form.strip(b" \0").decode("latin-1")
        return Variable(name, label.strip(b" \0"), written(word, width, decimals), kind == 1, start, length)

    def _with_long_labels(self, variables: list[Variable], n: int, kind: bytes) -> bytes:
        """Replace the labels, and in version 9 the formats, that are longer than their fields; return the next header."""
        n_read = 0
        for _ in range(n):
            lengths = struct.unpack(">3H", self._bytes(6)) + (struct.unpack(">2H", self._bytes(4)) if kind == b"LABELV9" else ())
            parts = [self._bytes(length) for length in lengths[1:]]
            n_read += 2 * len(lengths) + sum(lengths[1:])
            if not 1 <= lengths[0] <= len(variables):
                raise DataError(
                    f"{self.name}: found a label of variable {lengths[0]}; expected one of {len(variables)}. The file is damaged."
                )
            old = variables[lengths[0] - 1]
            form = old.form
            if len(parts) > 2:
                # The width stays in its field.
                form = parts[2].strip(b" \0").decode("latin-1") + old.form.lstrip("$" + string.ascii_letters + "_")
            variables[lengths[0] - 1] = replace(
                old, name=parts[0].strip(b" \0") or old.name, label=parts[1].strip(b" \0"), form=form
            )
        self._bytes(-n_read % RECORD)
        return self._bytes(RECORD)


def names_and_labels(member: Member) -> Iterator[bytes]:
    """Iterate over the texts of the headers of a data set.

    Parameters
    ----------
    member : Member
        Data set.

    Yields
    ------
    bytes
        Its name and label, and those of its variables.
    """
    yield member.name
    yield member.label
    for variable in member.variables:
        yield variable.name
        yield variable.label

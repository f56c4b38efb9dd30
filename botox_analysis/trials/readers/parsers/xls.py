"""Sheets of an `.xls` file (BIFF in an OLE container): errors, which calamine reads as empty cells, and merged cells."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from botox_analysis.trials.readers.parsers.findings import Findings
from botox_analysis.trials.readers.parsers.parsed import RefusalError

_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_FORMULA, _END, _PASSWORD, _SHEET, _MERGED, _ERROR, _START = 0x06, 0x0A, 0x2F, 0x85, 0xE5, 0x205, 0x809
_DAMAGED = "found a damaged or truncated file; expected a workbook"
_HEADER = 512
_SMALL = 4096
"""Streams below this size are in another stream of small sectors."""


def inspect_xls(content: bytes) -> dict[str, Findings]:
    """Find errors and merged cells.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    dict of str to Findings
        Name of a sheet -> what was found.

    Raises
    ------
    RefusalError
        The file is no workbook, or is protected by a password.
    """
    streams = _Container(content)
    if "EncryptedPackage" in streams.entries:
        raise RefusalError("found a workbook that is protected by a password; expected one without")
    name = next((name for name in ("Workbook", "WORKBOOK", "Book", "BOOK") if name in streams.entries), None)
    if name is None:
        shown = ", ".join(sorted(set(streams.entries) - {"Root Entry"}))[:80]
        if not shown:
            raise RefusalError(_DAMAGED)
        raise RefusalError(f"found a document of another program ({shown}); expected a workbook")
    book = streams.read(name)
    found = {}
    for kind, body in _records(book, 0):
        if kind == _PASSWORD:
            raise RefusalError("found a workbook that is protected by a password; expected one without")
        if kind == _SHEET:
            at, _, _, length, wide = struct.unpack_from("<IBBBB", body)
            text = body[8 : 8 + 2 * length].decode("utf-16-le") if wide & 1 else body[8 : 8 + length].decode("latin-1")
            found[text] = _sheet(book, at)
    return found


def _sheet(book: bytes, at: int) -> Findings:
    found = Findings()
    for kind, body in _records(book, at):
        if kind == _MERGED:
            for area in struct.iter_unpack("<4H", body[2 : 2 + 8 * struct.unpack_from("<H", body)[0]]):
                top, bottom, left, right = (number + 1 for number in area)
                found.merged.append((top, left, bottom, right))
        elif (kind == _ERROR and body[7]) or (kind == _FORMULA and body[6] == 2 and body[12:14] == b"\xff\xff"):
            row, column = struct.unpack_from("<HH", body)
            found.errors[row + 1, column + 1] = _ERRORS.get(body[6 if kind == _ERROR else 8], "#ERROR!")
    return found


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Walk the records of a part of the workbook, from its start to its end."""
    depth = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        depth += (kind == _START) - (kind == _END)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length
    raise RefusalError(_DAMAGED)


class _Container:
    """Streams of an OLE container."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        if len(content) < _HEADER:
            raise RefusalError(_DAMAGED)
        shift, small_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or small_shift != 6:
            raise RefusalError(_DAMAGED)
        self.sector, self.small = 1 << shift, 1 << small_shift
        directory, _, _, first_small, _, extra, _ = struct.unpack_from("<7I", content, 48)
        tables = list(struct.unpack_from("<109I", content, 76))
        seen = set()
        while extra < 0xFFFFFFFA and extra not in seen:
            seen.add(extra)
            *more, extra = struct.unpack(f"<{self.sector // 4}I", self._at(extra))
            tables += more
        numbers = b"".join(self._at(table) for table in tables if table < 0xFFFFFFFA)
        self.following = struct.unpack(f"<{len(numbers) // 4}I", numbers)
        self.entries: dict[str, tuple[int, int]] = {}
        listing = self._chain(directory)
        for place in range(0, len(listing), 128):
            length, kind = struct.unpack_from("<HB", listing, place + 64)
            if kind in (2, 5):
                name = listing[place : place + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
                self.entries[name] = struct.unpack_from("<II", listing, place + 116)
        small = self._chain(first_small) if first_small < 0xFFFFFFFA else b""
        self.following_small = struct.unpack(f"<{len(small) // 4}I", small)

    def read(self, name: str) -> bytes:
        start, size = self.entries[name]
        if size >= _SMALL:
            return self._chain(start)[:size]
        container = self._chain(self.entries["Root Entry"][0])
        parts, seen = [], set()
        while start < len(self.following_small) and start not in seen:
            seen.add(start)
            parts.append(container[start * self.small : (start + 1) * self.small])
            start = self.following_small[start]
        return b"".join(parts)[:size]

    def _at(self, number: int) -> bytes:
        part = self.content[(number + 1) * self.sector : (number + 2) * self.sector]
        if not part:
            raise RefusalError(_DAMAGED)
        return part.ljust(self.sector, b"\xff")

    def _chain(self, number: int) -> bytes:
        parts, seen = [], set()
        while number < len(self.following) and number not in seen:
            seen.add(number)
            parts.append(self._at(number))
            number = self.following[number]
        return b"".join(parts)

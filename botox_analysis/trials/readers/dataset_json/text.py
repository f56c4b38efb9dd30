"""Text of a file, in pieces of bounded size, decompressed where needed."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from botox_analysis.errors import DataError

PIECE = 1 << 19
"""Number of bytes in a piece."""

_AT_READING = 1 << 16
"""Number of bytes read at once from a compressed file."""

_GZIP, _ZLIB = b"\x1f\x8b", b"x"
_EITHER = 47
"""Window bits of zlib that accept its own header and that of gzip: the specification says zlib, its examples are gzip."""

_FREE = 1 << 25
"""Number of decompressed bytes that is accepted from any file: 32 MB."""

_RATIO = 100
"""Largest number of decompressed bytes per byte of the file, beyond `_FREE`: the pilot's data sets have 7 to 30, a bomb 1,000."""


def pieces_of(path: Path) -> Iterator[str]:
    """Read the text of a file in pieces.

    Parameters
    ----------
    path : Path
        Path of a file in UTF-8, which may be compressed by zlib or gzip.

    Yields
    ------
    str
        The next piece, without a byte order mark.

    Raises
    ------
    DataError
        The file is compressed beyond measure, ends early, or is not in UTF-8.
    """
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        compressed = head[:2] == _GZIP or head[:1] == _ZLIB
        if not compressed and (head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in head):
            raise DataError(f"{path.name}: found text in another encoding, such as UTF-16; expected UTF-8.")
        try:
            for piece in _decompressed(file, path.name) if compressed else iter(lambda: file.read(PIECE), b""):
                yield decode(piece)
            yield decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise DataError(f"{path.name}: found bytes that are not UTF-8; expected text in UTF-8.") from error
        except zlib.error as error:
            raise DataError(
                f"{path.name}: found damaged compressed content; expected Dataset-JSON, compressed by zlib."
            ) from error


def _decompressed(file: IO[bytes], name: str) -> Iterator[bytes]:
    """Decompress in pieces; members of gzip may follow each other."""
    n_in, n_out, member, waiting = 0, 0, zlib.decompressobj(_EITHER), b""
    while True:
        if not waiting:
            waiting = file.read(_AT_READING)
            n_in += len(waiting)
            if not waiting:
                break
        if member.eof:
            member = zlib.decompressobj(_EITHER)
        piece = member.decompress(waiting, PIECE)
        waiting = member.unused_data if member.eof else member.unconsumed_tail
        n_out += len(piece)
        if n_out > max(_FREE, _RATIO * (n_in - len(waiting))):
            raise DataError(
                f"{name}: found content that grows {_RATIO} times when decompressed; expected less, or the .json file within."
            )
        yield piece
    if not member.eof:
        raise DataError(f"{name}: found compressed content that ends early; expected a whole file.")

"""Values of JSON, read one after the other from pieces of text, and the rows of Dataset-JSON in blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

from botox_analysis.errors import DataError
from botox_analysis.trials.readers.dataset_json.text import PIECE, pieces_of

LONGEST = 1 << 23
"""Number of characters that a row, or any other value, may have."""

_KEPT = {"datasetJSONVersion", "name", "label", "records", "columns"}
"""Attributes that are used; of the others only the names are kept."""

_MOST_ATTRIBUTES, _LONGEST_KEY = 200, 200
_BLANKS = re.compile(r"[ \t\n\r]*")
_EXPECTED = "expected Dataset-JSON 1.1, or a CSV file"


class Stream:
    """Blocks of rows of a Dataset-JSON file, and the attributes around them.

    Only a piece of the file is in memory at a time. JSON and NDJSON are read alike: an object, and rows within or after it.

    Parameters
    ----------
    path : Path
        Path of the file.

    Attributes
    ----------
    attributes : dict of str to object
        Attributes of the data set, complete when the last block is read.
    """

    def __init__(self, path: Path) -> None:
        self.attributes: dict[str, Any] = {}
        self._name = path.name
        self._pieces = pieces_of(path)
        self._text, self._at, self._n_read = "", 0, 0
        self._read: Callable[[str, int], tuple[Any, int]] = JSONDecoder(
            object_pairs_hook=_unique, parse_constant=_no_number
        ).raw_decode

    def blocks(self) -> Iterator[list[Any]]:
        """Read the rows.

        Yields
        ------
        list
            Rows that were in memory together: at most those of a piece of the file.

        Raises
        ------
        DataError
            The file is not of JSON, or of JSON with another content.
        """
        if self._next() != "{":
            raise DataError(f"{self._name}: found no JSON object at its beginning; {_EXPECTED}.")
        self._at += 1
        within = False
        while self._next() != "}":
            key = self._value()
            if not isinstance(key, str) or self._next() != ":" or key in self.attributes:
                raise self._damaged(f"no attribute, or the attribute {key!r:.60} twice")
            if len(key) > _LONGEST_KEY or len(self.attributes) == _MOST_ATTRIBUTES:
                raise self._damaged(
                    f"more than {_MOST_ATTRIBUTES} attributes, or one with a name of more than {_LONGEST_KEY} letters"
                )
            self._at += 1
            if key == "rows":
                within = True
                self.attributes[key] = None
                yield from self._rows_within()
            else:
                self._next()
                value = self._value()
                self.attributes[key] = value if key in _KEPT else None
            self._separated("}")
        self._at += 1
        if not within:
            yield from self._rows_until("")
        elif self._next():
            raise self._damaged("more text after the end of the object")

    def _rows_within(self) -> Iterator[list[Any]]:
        if self._next() != "[":
            raise self._damaged("the attribute 'rows' without a list")
        self._at += 1
        yield from self._rows_until("]")
        self._at += 1

    def _rows_until(self, end: str) -> Iterator[list[Any]]:
        """Read rows separated by commas until a bracket, or by line ends until the end of the file."""
        rows, n_read = [], self._n_read
        while self._next() != end:
            rows.append(self._value())
            if end:
                self._separated(end)
            if self._n_read != n_read:
                yield rows
                rows, n_read = [], self._n_read
        yield rows

    def _separated(self, end: str) -> None:
        """Step over a comma that another value follows."""
        mark = self._next()
        if mark == ",":
            self._at += 1
            if self._next() != end:
                return
        elif mark == end:
            return
        raise self._damaged(f"no comma or '{end}' after a value")

    def _next(self) -> str:
        """Step to the next character that is not blank; an empty text at the end of the file."""
        text, at = self._text, self._at
        if at < len(text) and text[at] > " ":
            return text[at]
        while True:
            found = _BLANKS.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _value(self) -> Any:
        """Read a value that begins at the next character; what may be cut off by the end of the piece is read again with more."""
        while True:
            try:
                value, end = self._read(self._text, self._at)
            except RecursionError as error:
                raise self._damaged("lists or objects nested too deeply") from error
            except _RefusedError as error:
                raise self._damaged(str(error)) from error
            except JSONDecodeError as error:
                if len(self._text) - self._at > LONGEST or not self._more():
                    raise self._damaged(f"no JSON, or a value of more than {LONGEST:,} characters ({error.msg})") from error
            except ValueError as error:
                raise self._damaged("a number of too many digits") from error
            else:
                if end < len(self._text) or not self._more():
                    self._at = end
                    return value

    def _more(self) -> bool:
        """Read the next pieces behind the text that is left; False at the end of the file."""
        left = self._text[self._at :]
        # Doubling: a long value is read again a few times only.
        wanted, n, parts = max(PIECE, len(left)), 0, [left]
        for piece in self._pieces:
            parts.append(piece)
            n += len(piece)
            if n >= wanted:
                break
        self._text, self._at, self._n_read = "".join(parts), 0, self._n_read + n
        return n > 0

    def _damaged(self, found: str) -> DataError:
        return DataError(f"{self._name}: found {found}; {_EXPECTED}.")


class _RefusedError(ValueError):
    """Content that `json` accepts, and JSON does not."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RefusedError("an object with an attribute twice")
    return found


def _no_number(word: str) -> Any:
    raise _RefusedError(f"{word}, which is no number of JSON")

"""Columns of Dataset-JSON, built from blocks of cells: memory grows with the result, not with the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

_EXACT = 2.0**53
"""Whole numbers of a larger size may have no float of their value."""

_WHOLE_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_MISSING = type(None)


class _Words(dict[Any, int]):
    """Word -> its code, given at its first occurrence; a missing cell has -1."""

    def __missing__(self, word: Any) -> int:
        if type(word) is not str:
            raise TypeError
        word.encode()
        self[word] = code = len(self) - 2
        return code


class Column:
    """Cells of a column, one block after the other."""

    def __init__(self) -> None:
        self._words = _Words({None: -1, "": -1})
        self._parts: list[np.ndarray[Any, Any]] = []
        self._kind = ""

    def add(self, cells: Sequence[Any]) -> None:
        """Add the cells of a block.

        Parameters
        ----------
        cells : sequence
            Values of JSON.

        Raises
        ------
        ValueError
            A cell has no place in a table. The message states the content found and expected.
        """
        try:
            if self._kind not in ("", "text") or not self._add_texts(cells):
                self._add_others(cells)
        except UnicodeEncodeError as error:
            raise ValueError("half a character (a lone surrogate); expected Unicode text") from error

    def _add_texts(self, cells: Sequence[Any]) -> bool:
        """Add the cells as texts; False if one is no text."""
        try:
            self._parts.append(np.fromiter(map(self._words.__getitem__, cells), dtype=np.int32, count=len(cells)))
        except TypeError:
            return False
        self._kind = "text" if len(self._words) > 2 else self._kind
        return True

    def _add_others(self, cells: Sequence[Any]) -> None:
        types = set(map(type, cells)) - {_MISSING}
        strange = types - {int, float, bool, str}
        if strange:
            raise ValueError("a list or an object in a cell; expected a text, a number, true, false or null")
        kind = "truth" if types == {bool} else "number" if types <= {int, float} else "mixed"
        if bool in types and (kind == "mixed" or self._kind not in ("", "truth")):
            raise ValueError("true or false among other cells; expected cells of one type")
        if self._kind == "truth" and types - {bool}:
            raise ValueError("numbers or texts among true and false; expected cells of one type")
        if kind == "mixed":
            "".join(cell for cell in cells if type(cell) is str).encode()
            _floats([cell for cell in cells if type(cell) is not str])
            self._parts.append(np.array([None if cell == "" else cell for cell in cells], dtype=object))
        else:
            self._parts.append(_floats(cells))
        self._kind = kind if self._kind in ("", kind) or not types else "mixed"

    def finished(self, declared: dict[str, Any]) -> Any:
        """Join the blocks.

        Parameters
        ----------
        declared : dict of str to object
            Attributes of the column in the file: ``dataType`` and ``targetDataType`` are used.

        Returns
        -------
        array
            Texts as categories; numbers, truth values or datetimes as arrays; numbers and texts together as objects.

        Raises
        ------
        ValueError
            The column has truth values and is of another type. The message states the content found and expected.
        """
        data_type, target = declared["dataType"], declared.get("targetDataType")
        if self._kind == "truth" and data_type != "boolean":
            raise ValueError(f"true or false; expected cells of the dataType {data_type}")
        if self._kind == "mixed":
            return np.concatenate([self._objects(part) for part in self._parts])
        if self._kind == "number" or (not self._kind and data_type in ("integer", "float", "double")):
            return _whole_if(self._joined(np.float64))
        if self._kind == "truth":
            truths = self._joined(np.float64)
            missing = np.isnan(truths)
            known = np.where(missing, 0, truths).astype(bool)
            return pd.arrays.BooleanArray(known, missing) if missing.any() else known
        codes, words = self._joined(np.int32), list(self._words)[2:]
        converted = None
        if data_type == "decimal":
            converted = _numbers_of(words)
        elif target == "integer" and data_type in ("date", "datetime"):
            converted = _datetimes_of(words)
        if converted is not None:
            return converted[codes] if converted.dtype.kind == "M" else _whole_if(converted[codes])
        return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(pd.Index(words, dtype=object)), validate=False)

    def _joined(self, kind: Any) -> np.ndarray[Any, Any]:
        """Join the blocks; one without a known cell may be of another kind."""
        empty = np.nan if kind is np.float64 else -1
        parts = [part if part.dtype == kind else np.full(len(part), empty, dtype=kind) for part in self._parts]
        self._parts = []
        return np.concatenate([np.empty(0, dtype=kind), *parts])

    def _objects(self, part: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if part.dtype == object:
            return part
        if part.dtype == np.int32:
            return np.take(np.array([*list(self._words)[2:], None], dtype=object), part)
        cells = [None if cell != cell else int(cell) if cell.is_integer() else cell for cell in part.tolist()]  # noqa: PLR0124 - NaN
        return np.array(cells, dtype=object)


def _floats(cells: Sequence[Any]) -> np.ndarray[Any, Any]:
    try:
        floats = np.array(cells, dtype=np.float64)
    except OverflowError as error:
        raise ValueError("a number beyond the range of double precision; expected a smaller one") from error
    if len(floats) and not np.fmax.reduce(np.abs(floats), initial=0) < _EXACT:
        if np.isinf(floats).any():
            raise ValueError("a number beyond the range of double precision; expected a smaller one")
        if any(type(cell) is int and int(float(cell)) != cell for cell in cells):
            raise ValueError("a whole number beyond 2**53 that double precision cannot hold; expected it as a text")
    return floats


def _whole_if(floats: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Make a column whole if all its numbers are, and none is missing: as from other files, whatever the type is called."""
    if len(floats) and (np.abs(floats) <= _EXACT).all() and (np.trunc(floats) == floats).all():
        return floats.astype(np.int64)
    return floats


def _numbers_of(words: list[str]) -> np.ndarray[Any, Any] | None:
    """Convert decimals; None if one is no number, or has more digits than double precision holds."""
    numbers = np.full(len(words) + 1, np.nan)
    for at, word in enumerate(words):
        if not _DECIMAL.fullmatch(word) or Decimal(repr(float(word))) != Decimal(word):
            return None
        numbers[at] = float(word)
    return numbers


def _datetimes_of(words: list[str]) -> np.ndarray[Any, Any] | None:
    """Convert complete dates; None if one is incomplete, no date of the calendar, or has a zone."""
    if not all(map(_WHOLE_DATE.fullmatch, words)):
        return None
    unit = "us" if any("." in word for word in words) else "s"
    try:
        return np.array([*words, "NaT"], dtype=f"datetime64[{unit}]")
    except ValueError:
        return None

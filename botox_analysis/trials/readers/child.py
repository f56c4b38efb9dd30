"""Binary formats are parsed in a child process: a crash or an endless loop of a parser there is a `DataError` here.

The child writes its tables as Arrow streams into a temporary folder. Nothing is pickled, and no text of a file is run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError
from botox_analysis.trials.readers.extra import missing_library
from botox_analysis.trials.readers.files import parsing, unreadable
from botox_analysis.trials.readers.parsers.serve import PARSERS
from botox_analysis.trials.readers.raw import ROW, RawTable, most_cells

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from botox_analysis.trials.readers.parsers.serve import serve; serve()"
)
_ROOT = str(Path(__file__).parents[3])

_MEMORY, _MEMORY_PER_BYTE = 2 << 30, 40
_SIZE, _SIZE_PER_BYTE = 1 << 27, 64
_SECONDS, _SECONDS_PER_BYTE = 20.0, 1e-6
_WAIT = 3
"""Limits of a child, and more of each per byte of the file: memory, size of its tables, time of the processor;
wall-clock time as a multiple of that. Cells are limited, too: those that take no space in Arrow take some here."""

_LAST_SECONDS = 10.0
"""Seconds that a process may take to end after its last word: with a core dump, some."""

_QUIET = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
"""One thread needs little address space."""

_waiting: ContextVar[list[_Child] | None] = ContextVar("_waiting", default=None)
"""Process that waits for the next file, inside `one_child`."""


class _Child:
    """A process that parses one file after another."""

    def __init__(self) -> None:
        paths = [_ROOT, *(path for path in sys.path if path and path != _ROOT)]
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-I", "-S", "-c", _START, json.dumps(paths)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | _QUIET,
        )
        self.late = False

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any] | None:
        """Send a request; None if the process ended without an answer."""
        timer = threading.Timer(seconds, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
            line = self.process.stdout.readline()  # type: ignore[union-attr]
        except (BrokenPipeError, ConnectionError):
            line = b""
        finally:
            timer.cancel()
        if line.endswith(b"\n"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        # Its pipe closes before the system has the code with which it ended.
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_LAST_SECONDS)
        return None

    def _end_late(self) -> None:
        self.late = True
        self.process.kill()

    def end(self) -> int:
        """End the process and return its code."""
        code = self.process.poll()
        if code is None:
            self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()  # type: ignore[union-attr]
            except OSError:
                continue
        return self.process.wait()


@contextmanager
def one_child() -> Iterator[None]:
    """Let one child process parse all files that are read inside, and end it.

    Yields
    ------
    None
        While files are read.
    """
    if _waiting.get() is not None:
        yield
        return
    waiting: list[_Child] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
        for child in waiting:
            child.end()


def in_child(parser: str, path: Path, expected: str) -> list[RawTable]:
    """Parse a file in a child process with limits of memory and time.

    Parameters
    ----------
    parser : str
        Name of a parser, of `parsers.serve.PARSERS`.
    path : Path
        Path of the file.
    expected : str
        Expected content, for messages.

    Returns
    -------
    list of RawTable
        Tables of the file. A table without a name has that of the file, without its suffix.

    Raises
    ------
    DataError
        The parser refused the file, raised an error, crashed, or needed more memory or time than a file of its size may.
    """
    if parser not in PARSERS:
        raise KeyError(parser)
    with one_child(), parsing(path.name, expected):
        size = path.stat().st_size
        request = {
            "parser": parser, "path": str(path.resolve()),
            "memory": _MEMORY + _MEMORY_PER_BYTE * size, "size": _SIZE + _SIZE_PER_BYTE * size,
            "cells": most_cells(size), "seconds": _SECONDS + _SECONDS_PER_BYTE * size,
        }  # fmt: skip
        with tempfile.TemporaryDirectory(prefix="botox-analysis-", ignore_cleanup_errors=True) as folder:
            return _tables(path, request | {"folder": folder}, expected)


def _tables(path: Path, request: dict[str, Any], expected: str) -> list[RawTable]:
    answer = _answer(path, request, expected)
    if "refusal" in answer:
        raise DataError(f"{path.name}: {answer['refusal']}.")
    if "memory" in answer:
        raise DataError(f"{path.name}: found a file that needs more than {_gigabytes(request)} of memory; expected {expected}.")
    if "library" in answer:
        raise missing_library(answer["library"], path.name)
    if "error" in answer:
        raise unreadable(path.name, answer["error"], answer["reason"], expected)
    return [_raw(path, table, len(answer["tables"])) for table in answer["tables"]]


def _answer(path: Path, request: dict[str, Any], expected: str) -> dict[str, Any]:
    waiting = _waiting.get()
    child = waiting.pop() if waiting else _Child()
    answer, code = None, 0
    try:
        answer = child.ask(request, _WAIT * request["seconds"])
    finally:
        # Only a process that answered is asked again, and none that may still hold the memory of a large file.
        if answer is not None and waiting is not None and request["memory"] < 2 * _MEMORY:
            waiting.append(child)
        else:
            code = child.end()
    if answer is None:
        raise DataError(f"{path.name}: {_ended(child, code, request)}; expected {expected}.")
    return answer


def _ended(child: _Child, code: int, request: Mapping[str, Any]) -> str:
    """Say how a child ended."""
    name = {-number: number.name for number in signal.Signals}.get(code, f"code {code}")
    if child.late or name == "SIGXCPU":
        return f"found a file that is not read within {request['seconds']:.0f} seconds"
    if name == "SIGABRT":
        return f"found a damaged file, or one that needs more than {_gigabytes(request)} of memory ({name})"
    return f"found a damaged file that ended its reader ({name})"


def _gigabytes(request: Mapping[str, Any]) -> str:
    return f"{request['memory'] / (1 << 30):.0f} GB"


def _raw(path: Path, table: Mapping[str, Any], n_tables: int) -> RawTable:
    import pyarrow as pa

    with pa.OSFile(table["path"], "rb") as source, pa.ipc.open_stream(source) as stream:
        arrow = stream.read_all()
    Path(table["path"]).unlink()
    columns = {at: _values(column) for at, column in enumerate(arrow.columns)}
    first = table["first_row"]
    index = pd.RangeIndex(first, first + arrow.num_rows, name=ROW)
    frame = pd.DataFrame({at: pd.Series(values, copy=False).array for at, values in columns.items()}, copy=False)
    frame.index = index
    frame.columns = pd.Index([str(name) for name in arrow.column_names], dtype=object)
    return RawTable(
        name=table["name"] or path.stem,
        frame=frame,
        file=path.name if n_tables == 1 else f"{path.name}, {table['name']}",
        label=table["label"],
        labels=table["labels"],
        formats=table["formats"],
        notes=tuple((str(place), str(reason), int(n)) for place, reason, n in table["notes"]),
        fault=table["fault"],
    )


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
    elif pa.types.is_union(kind):
        values = np.empty(len(column), dtype=object)
        values[:] = column.to_pylist()
        return values
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

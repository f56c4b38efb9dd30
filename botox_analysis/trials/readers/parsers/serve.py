"""The program of the child process: a line of JSON asks for a file, its tables are written as Arrow streams, a line answers."""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botox_analysis.trials.readers.parsers.parsed import Parsed, RefusalError

PARSERS = {
    "parquet": ("parquet", "parse_parquet"),
    "sas7bdat": ("sas7bdat", "parse_sas7bdat"),
    "workbook": ("workbook", "parse_workbook"),
}
"""Name of a parser -> its module in this folder, and its function. No other is ever run."""


_OF_AN_OBJECT = 16
"""Plain cells in whose memory an object of Python has its place."""

_TOO_MANY = "found more than {:,} cells in a small file; expected a file without such repetition"


def serve() -> None:
    """Answer requests until the parent process closes the pipe or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A library may write to the standard output: the answers go another way.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _limit(request["memory"], request["seconds"], request["size"])
        answers.write(json.dumps(_answer(request)) + "\n")
        answers.flush()


def _limit(memory: int, seconds: float, size: int) -> None:
    """Limit memory, time of the processor and size of files, where the platform can."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 1
    for name, value in (("RLIMIT_CORE", 0), ("RLIMIT_AS", memory), ("RLIMIT_CPU", until), ("RLIMIT_FSIZE", size)):
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    module, function = PARSERS[request["parser"]]
    try:
        parse = getattr(importlib.import_module(f"{__package__}.{module}"), function)
        tables = parse(request["path"])
        return {"tables": [_written(table, Path(request["folder"]) / f"{at}.arrow", request) for at, table in enumerate(tables)]}
    except RefusalError as refusal:
        return {"refusal": str(refusal)}
    except MemoryError:
        return {"memory": True}
    except ModuleNotFoundError as error:
        return {"library": str(error.name)}
    except OSError as error:
        if error.errno == errno.EFBIG:
            return {"refusal": _too_large(request["size"])}
        return {"error": type(error).__name__, "reason": str(error)}
    except BaseException as error:  # noqa: BLE001 - a panic of Rust is no Exception
        if "bad_alloc" in str(error) or "out of memory" in str(error):
            return {"memory": True}
        return {"error": type(error).__name__, "reason": str(error)[:1000]}


def _too_large(size: int) -> str:
    return f"found tables of more than {size / 1e9:.1f} GB in a small file; expected a file without such repetition"


def _is_nested(kind: Any) -> bool:
    """Check whether the cells of a type become objects of Python."""
    import pyarrow as pa

    plain = (pa.types.is_primitive, pa.types.is_dictionary, pa.types.is_string, pa.types.is_large_string, pa.types.is_null)
    return not any(is_plain(kind) for is_plain in plain)


def _written(table: Parsed, path: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    import pyarrow as pa

    cells_a_row = sum(_OF_AN_OBJECT if _is_nested(kind) else 1 for kind in table.schema.types)
    n_cells = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
        for batch in table.batches:
            n_cells += batch.num_rows * cells_a_row
            if n_cells > request["cells"]:
                raise RefusalError(_TOO_MANY.format(request["cells"]))
            stream.write_batch(batch)
            if sink.tell() > request["size"]:
                raise RefusalError(_too_large(request["size"]))
    return {
        "name": table.name, "path": str(path), "first_row": table.first_row, "label": table.label, "labels": dict(table.labels),
        "formats": dict(table.formats), "notes": list(table.notes), "fault": table.fault,
    }  # fmt: skip

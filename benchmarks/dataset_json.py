"""How Dataset-JSON is read: time against `json.load` in the same run, and memory of the blocks of files of two sizes.

    python benchmarks/dataset_json.py                       100 MB and 1 GB
    python benchmarks/dataset_json.py 10 100                other sizes in MB
    python benchmarks/dataset_json.py --pilot FOLDER        the pilot's files (adsl.json, adae.json, adadas.json) of a folder

The first two make files of a data set with 40 columns and print, for JSON, NDJSON and compressed JSON, the largest memory
of a process that goes through all blocks of rows, beyond that of one that goes through none. The last prints ratios of times.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from botox_analysis.trials.readers.dataset_json.reading import read_dataset_json
from botox_analysis.trials.readers.dataset_json.stream import Stream

SIZES = (100, 1_000)
N_RUNS = 9
N_COLUMNS = 40
_BLOCK = 2_000


def pieces_of(megabytes: int, between: bytes) -> Iterator[bytes]:
    """Make rows of about so many MB, with texts, numbers and missing cells."""
    n_bytes, at = 0, 0
    while n_bytes < megabytes * 1_000_000:
        rows = []
        for row in range(at, at + _BLOCK):
            cells = [
                "STUDY",
                f"SITE-{row // 500:04d}-{row // 50:06d}",
                *(row * each % 997 / 4 for each in range(N_COLUMNS - 4)),
                None,
                "",
            ]
            rows.append(json.dumps(cells, separators=(",", ":")).encode())
        piece = (between if at else b"") + between.join(rows)
        at, n_bytes = at + _BLOCK, n_bytes + len(piece)
        yield piece


def write(path: Path, megabytes: int) -> None:
    """Write a file of about so many MB; the size of a compressed one is that of its content."""
    kinds = ["string", "string", *["float"] * (N_COLUMNS - 3), "string"]
    columns = [{"itemOID": f"IT.{at}", "name": f"C{at}", "label": "", "dataType": kind} for at, kind in enumerate(kinds)]
    head = json.dumps({"datasetJSONVersion": "1.1.0", "name": "QS", "label": "", "records": 0, "columns": columns}).encode()
    in_lines = path.suffix == ".ndjson"
    packed = zlib.compressobj(1) if path.suffix == ".dsjc" else None
    with path.open("wb") as file:

        def put(content: bytes) -> None:
            file.write(packed.compress(content) if packed else content)

        put(head + b"\n" if in_lines else head[:-1] + b',"rows":[')
        for piece in pieces_of(megabytes, b"\n" if in_lines else b","):
            put(piece)
        put(b"\n" if in_lines else b"]}")
        file.write(packed.flush() if packed else b"")


def go_through(path: Path) -> None:
    """Print the number of rows of a file, and the largest memory of this process in MB."""
    n_rows = sum(len(rows) for rows in Stream(path).blocks()) if path.exists() else 0
    print(n_rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)  # noqa: T201


def measured(path: Path) -> tuple[int, float]:
    """Go through a file in a process of its own."""
    said = subprocess.run([sys.executable, __file__, "--blocks", str(path)], capture_output=True, text=True, check=True)  # noqa: S603
    n_rows, megabytes = said.stdout.split()
    return int(n_rows), float(megabytes)


def seconds(call: Callable[[], object]) -> float:
    """Measure the processor time of one call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def print_times(folder: Path) -> None:
    """Print how many times as long as `json.load` the reader takes."""
    paths = [folder / name for name in ("adsl.json", "adae.json", "adadas.json")]
    times = [
        [(seconds(lambda: read_dataset_json(path, {})), seconds(lambda: json.loads(path.read_text("utf-8")))) for path in paths]  # noqa: B023
        for _ in range(N_RUNS)
    ]
    for at, path in enumerate(paths):
        ratio = statistics.median(run[at][0] / run[at][1] for run in times)
        print(f"{path.name}, {path.stat().st_size / 1e6:.1f} MB: {ratio:.1f} times as long as json.loads")  # noqa: T201
    ratio = statistics.median(sum(ours for ours, _ in run) / sum(theirs for _, theirs in run) for run in times)
    print(f"all three: {ratio:.1f} times")  # noqa: T201


def print_memory(sizes: tuple[int, ...]) -> None:
    """Print the memory of going through files of these sizes."""
    _, nothing = measured(Path("no file"))
    for suffix in (".json", ".ndjson", ".dsjc"):
        for size in sizes:
            with tempfile.TemporaryDirectory() as place:
                path = Path(place) / f"qs{suffix}"
                write(path, size)
                start = time.perf_counter()
                n_rows, memory = measured(path)
                took = time.perf_counter() - start
                print(  # noqa: T201
                    f"{suffix}, {size:,} MB of text, {path.stat().st_size / 1e6:,.0f} MB on disk, {n_rows:,} rows: "
                    f"{memory - nothing:.0f} MB beyond the {nothing:.0f} MB of the process, {size / took:.0f} MB a second",
                    flush=True,
                )


def main() -> None:
    """Do what the arguments say."""
    given = sys.argv[1:]
    if given[:1] == ["--blocks"]:
        go_through(Path(given[1]))
    elif given[:1] == ["--pilot"]:
        print_times(Path(given[1]))
    else:
        print_memory(tuple(map(int, given)) or SIZES)


if __name__ == "__main__":
    main()

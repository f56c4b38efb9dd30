"""How long a large SAS transport file takes from the file to outcomes, and how much memory, against a bare read by pyreadstat.

    python benchmarks/formats.py            5 million rows
    python benchmarks/formats.py 100000     fewer

Prints, each measured in a process of its own: the time and the peak memory of `read_transport`, of `load_trial`, of `load_trial`
with outcomes, and of `pyreadstat.read_xport`, which reads the rows and checks nothing; ratios to pyreadstat and to the file.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

N_ROWS = 5_000_000
PARAMETERS, VISITS = 20, 25
"""Parameters of each subject, and visits of each parameter."""

COLUMNS = {"USUBJID": 20, "PARAMCD": 8, "AVISIT": 20, "AVISITN": 0, "AVAL": 0, "ADY": 0}
"""Name of a column -> bytes of a text; 0 for a number."""

PREPARE = "import json, sys, time; from pathlib import Path; folder = Path(sys.argv[1]); "
MEASURE = (
    "start = time.perf_counter(); {call}; took = time.perf_counter() - start; "
    "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM')); "
    "print(json.dumps([took, int(peak.split()[1]) * 1024]))"
)
CALLS = {
    "pyreadstat.read_xport": ("import pyreadstat; ", "pyreadstat.read_xport(str(folder / 'adqs.xpt'))"),
    "read_transport": (
        "from botox_analysis.trials.readers.sas.transport import read_transport; import pyarrow; ",
        "read_transport(folder / 'adqs.xpt', {})",
    ),
    "load_trial": ("import botox_analysis as ba; import pyarrow; ba.load_trial; ", "ba.load_trial(folder)"),
    "load_trial and outcomes": (
        "import botox_analysis as ba; import pyarrow; ba.load_trial; ba.scale; ",
        "ba.scale('P01').derive(ba.load_trial(folder))",
    ),
}
"""What is measured -> what is imported before, and the call."""


def write_transport(path: Path, columns: dict[str, int], blocks: Iterator[list[np.ndarray]]) -> None:
    """Write a transport file of version 5, block by block; each block has an array for each column."""
    blank = b"0" * 30
    header = b"HEADER RECORD*******%-8bHEADER RECORD!!!!!!!%-32b"
    lengths = [length or 8 for length in columns.values()]
    with path.open("wb") as file:
        file.write(header % (b"LIBRARY", blank))
        file.write(b"%-8b%-8b%-8b%-8b%-32b%-16b" % (b"SAS", b"SAS", b"SASLIB", b"9.4", b"X64", b"30NOV26:00:00:00"))
        file.write(b"%-80b" % b"30NOV26:00:00:00")
        file.write(header % (b"MEMBER", b"000000000000000001600000000140") + header % (b"DSCRPTR", blank))
        name = path.stem.upper()[:8].encode()
        file.write(b"%-8b%-8b%-8b%-8b%-32b%-16b" % (b"SAS", name, b"SASDATA", b"9.4", b"X64", b"30NOV26:00:00:00"))
        file.write(b"%-80b" % b"30NOV26:00:00:00")
        file.write(header % (b"NAMESTR", b"000000%04d" % len(columns) + b"0" * 20))
        start = 0
        for at, (column, length) in enumerate(columns.items()):
            kind = (2, 0, length, at + 1) if length else (1, 0, 8, at + 1)
            file.write(struct.pack(">4h8s40s8s3h2s8s2hi52x", *kind, b"%-8b" % column.encode(), b" " * 40, b" " * 8, 0, 0, 0, b"",
                                   b" " * 8, 0, 0, start))  # fmt: skip
            start += length or 8
        file.write(b" " * (-140 * len(columns) % 80) + header % (b"OBS", blank))
        n_rows = 0
        for block in blocks:
            n = len(block[0])
            rows = np.empty((n, sum(lengths)), dtype=np.uint8)
            place = 0
            for values, length in zip(block, lengths, strict=True):
                cells = to_ibm(values) if values.dtype == float else values.astype(f"S{length}")
                texts = np.ascontiguousarray(cells).view(np.uint8).reshape(n, length)
                rows[:, place : place + length] = texts if values.dtype == float else np.where(texts == 0, 32, texts)
                place += length
            file.write(rows.tobytes())
            n_rows += n
        file.write(b" " * (-n_rows * sum(lengths) % 80))


def to_ibm(values: np.ndarray) -> np.ndarray:
    """Convert doubles to the numbers of a transport file; NaN becomes the missing value."""
    known = np.where(np.isnan(values), 0.0, np.abs(values))
    fraction, exponent = np.frexp(known)
    sixteens = -(-exponent // 4)
    bits = np.ldexp(fraction, exponent - 4 * sixteens + 56).astype(np.uint64)
    top = np.where(known == 0, 0, sixteens + 64).astype(np.uint64) | (np.signbit(values) & (known > 0)).astype(
        np.uint64
    ) << np.uint64(7)
    return np.where(np.isnan(values), np.uint64(ord(".") << 56), bits | top << np.uint64(56)).astype(">u8")


def write_trial(folder: Path, n_rows: int) -> None:
    """Write ADSL, and ADQS of so many rows."""
    rng = np.random.default_rng(14)
    n_subjects = n_rows // (PARAMETERS * VISITS)
    subjects = np.array([f"BTX-{i // 100:04d}-{i % 100:03d}" for i in range(n_subjects)])
    arms = np.where(np.arange(n_subjects) % 2, "placebo", "toxin")
    write_transport(folder / "adsl.xpt", {"USUBJID": 20, "TRT01P": 10}, iter([[subjects, arms]]))
    names = ["Baseline", *(f"Week {week}" for week in range(1, VISITS))]

    def blocks() -> Iterator[list[np.ndarray]]:
        for first in range(0, n_subjects, 100):
            some = subjects[first : first + 100]
            n = len(some) * PARAMETERS * VISITS
            visit = np.tile(np.arange(VISITS), n // VISITS)
            yield [
                np.repeat(some, PARAMETERS * VISITS),
                np.tile(np.repeat(np.array([f"P{i:02d}" for i in range(1, PARAMETERS + 1)]), VISITS), len(some)),
                np.array(names)[visit],
                visit.astype(float),
                np.where(rng.random(n) < 0.02, np.nan, np.round(rng.gamma(4, 3, n), 1)),
                np.where(visit == 0, -1.0, visit * 7.0),
            ]

    write_transport(folder / "adqs.xpt", COLUMNS, blocks())


def measured(call: str, folder: Path) -> tuple[float, int]:
    """Time a call in a process of its own, and find the peak memory of the process."""
    before, what = CALLS[call]
    program = PREPARE + before + MEASURE.format(call=what)
    found = subprocess.run([sys.executable, "-c", program, str(folder)], check=True, capture_output=True)  # noqa: S603
    seconds, peak = json.loads(found.stdout)
    return seconds, peak


def main() -> None:
    """Print the times, and the ratios."""
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else N_ROWS
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_trial(folder, n_rows)
        size = (folder / "adqs.xpt").stat().st_size
        found = {call: measured(call, folder) for call in CALLS}
        bare = found["pyreadstat.read_xport"][0]
        for call, (seconds, peak) in found.items():
            print(  # noqa: T201
                f"{call}, {n_rows:,} rows of {size / 1e6:,.0f} MB: {seconds:.2f} s, {seconds / bare:.2f} of pyreadstat; "
                f"peak {peak / 1e6:,.0f} MB, {peak / size:.2f} of the file"
            )


if __name__ == "__main__":
    main()

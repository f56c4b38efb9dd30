"""How long reading and checking a diary takes, against a bare read of the same file by pandas, in one run.

    python benchmarks/reading.py            5.6 million rows
    python benchmarks/reading.py 100000     fewer

Prints, for CSV and Parquet, the median time of each, their ratio, and the memory of the tables beside the file. The bare
read makes a frame of whatever pandas guesses; ours parses every cell by its column, checks it, and finds repeats and strangers.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import botox_analysis as ba

N_ROWS = 5_600_000
N_DAYS = 280
N_RUNS = 5
SEED = 145


def write_trial(folder: Path, n_rows: int) -> None:
    """Write subjects and a diary of so many rows, as CSV and as Parquet."""
    rng = np.random.default_rng(SEED)
    n = n_rows // N_DAYS
    subjects = pd.DataFrame({"subject": [f"S{i:06d}" for i in range(n)], "arm": np.where(np.arange(n) % 2, "placebo", "toxin")})
    hours = np.where(rng.random(n * N_DAYS) < 0.5, 0.0, np.clip(np.round(rng.gamma(2, 2, n * N_DAYS) * 2) / 2, 0.5, 24))
    grade = np.where(hours == 0, 0, rng.integers(1, 4, n * N_DAYS))
    diary = pd.DataFrame(
        {
            "subject": np.repeat(subjects["subject"].to_numpy(), N_DAYS),
            "day": np.tile([*range(-28, 0), *range(1, N_DAYS - 27)], n),
            "headache_hours": hours,
            "severity": np.array(["none", "mild", "moderate", "severe"])[grade],
            "migraine": (hours > 4).astype(int),
            "acute_medication": np.where(hours > 0, rng.poisson(1.0, n * N_DAYS), 0),
        }
    )
    for kind in ("csv", "parquet"):
        (folder / kind).mkdir()
        for name, table in (("subjects", subjects), ("diary", diary)):
            getattr(table, f"to_{kind}")(folder / kind / f"{name}.{kind}", index=False)


def seconds(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def memory(trial: ba.Trial) -> int:
    """Count the bytes of a trial's tables."""
    return sum(int(table.memory_usage(deep=True).sum()) for table in (trial.subjects, trial.diary) if table is not None)


def main() -> None:
    """Print the ratios of one run."""
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else N_ROWS
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_trial(folder, n_rows)
        for kind, bare in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
            file = folder / kind / f"diary.{kind}"
            bare(file), ba.load_trial(folder / kind)
            pairs = [(seconds(lambda: ba.load_trial(folder / kind)), seconds(lambda: bare(file))) for _ in range(N_RUNS)]  # noqa: B023
            ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            trial = ba.load_trial(folder / kind)
            print(  # noqa: T201
                f"{kind}, {n_rows:,} rows: load_trial {ours:.2f} s, bare read {theirs:.2f} s, ratio {ratio:.1f}; "
                f"tables {memory(trial) / 1e6:,.0f} MB, file {file.stat().st_size / 1e6:,.0f} MB"
            )


if __name__ == "__main__":
    main()

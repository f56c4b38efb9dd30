"""How long the main job takes: reading, diary to outcomes, the whole report, the imports.

Run with the project's environment: ``.venv/bin/python benchmarks/report.py``. Prints medians of several runs.
"""

from __future__ import annotations

import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import botox_analysis as ba


def main() -> None:
    """Measure and print a table."""
    print(f"Python {platform.python_version()}, pandas {pd.__version__}, numpy {np.__version__}, {platform.machine()}")  # noqa: T201
    # The processes first: a child's peak counts from what its parent held.
    rows = [
        ("botox-analysis --help", "0.4", _median(lambda: _run("-m", "botox_analysis.cli", "--help"), 9)),
        ("import botox_analysis, with a first name used", "0.9", _median(lambda: _run("-c", _IMPORT), 9)),
        ("botox-analysis report, the bundled trial", "15", _median(_report, 5)),
    ]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    trial = ba.load_trial(ba.bundled_data("simulated"))
    itt = trial.restrict("itt")
    large = _large_trial(n_subjects=10_000, n_days=200)
    rows += [
        ("read the bundled trial (242,000 diary days)", "", _median(lambda: ba.load_trial(ba.bundled_data("simulated")), 5)),
        ("restrict to a population", "", _median(lambda: trial.restrict("itt"), 9)),
        ("diary to outcomes, 1,384 x 196", "0.15", _median(lambda: ba.HEADACHE_DAYS.derive(itt), 9)),
        ("diary to outcomes, 10,000 x 200", "0.6", _median(lambda: ba.HEADACHE_DAYS.derive(large), 7)),
    ]
    for what, asked, seconds in rows:
        print(f"{what:<50} {asked:>6} {seconds:8.3f} s")  # noqa: T201
    print(f"{'peak memory of the report, MB':<50} {'600':>6} {peak:8.0f}")  # noqa: T201


_IMPORT = "import botox_analysis as ba; ba.DataError"


def _median(measured: Callable[[], object], n_runs: int) -> float:
    measured()
    seconds = []
    for _ in range(n_runs):
        start = time.perf_counter()
        measured()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def _report() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _run("-m", "botox_analysis.cli", "report", "--out", str(Path(folder) / "report"))


def _large_trial(*, n_subjects: int, n_days: int) -> ba.Trial:
    rng = np.random.default_rng(1)
    subject = [f"S{number:05d}" for number in range(n_subjects)]
    day = np.r_[-28:0, 1 : n_days - 27]
    diary = pd.DataFrame(
        {
            "subject": np.repeat(subject, n_days),
            "day": np.tile(day, n_subjects),
            "headache_hours": rng.choice([0.0, 2.0, 6.0, 12.0], n_subjects * n_days),
        }
    )
    arms = ["placebo", "toxin"] * (n_subjects // 2)
    return ba.as_trial({"subjects": pd.DataFrame({"subject": subject, "arm": arms}), "diary": diary}, name="large")


if __name__ == "__main__":
    main()

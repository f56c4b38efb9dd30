"""How long the mixed model takes: frame in, differences with degrees of freedom out; and many fits at once.

Run with the project's environment: ``.venv/bin/python benchmarks/mmrm.py``. Prints medians, on one BLAS thread (as the fit
itself sets). Where ``Rscript`` and the R package mmrm are installed, the same data are fitted there, too.
"""

from __future__ import annotations

import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import botox_analysis as ba

MODEL = ("baseline", "sex", "region")

SIZES = [
    # subjects, visits, share of values missing here and there, asked (ms), runs
    (200, 4, 0.0, "2", 201),
    (200, 6, 0.0, "", 101),
    (1_000, 6, 0.0, "4", 101),
    (1_000, 10, 0.1, "25", 31),
    (10_000, 6, 0.0, "8", 31),
    (100_000, 6, 0.0, "", 11),
    (1_000_000, 6, 0.0, "500", 5),
]

LARGEST_IN_R = 10_000
"""Beyond this R mmrm needs more memory than most machines have."""


def main() -> None:
    """Measure and print: times, memory, calls, resamples."""
    _say(
        f"Python {platform.python_version()}, pandas {pd.__version__}, numpy {np.__version__}, {platform.machine()}; milliseconds"
    )
    _say("| subjects x visits | p | patterns | asked | fit | first pass | after it | Kenward-Roger | R mmrm | ratio |")
    for n_subjects, n_visits, intermittent, asked, n_runs in SIZES:
        outcomes = simulated_outcomes(n_subjects, n_visits, intermittent=intermittent)
        fit = ba.fit_mmrm(outcomes, covariates=MODEL)
        measures = ba.advanced.crossproducts(outcomes, covariates=MODEL)
        whole = _median(lambda: ba.fit_mmrm(outcomes, covariates=MODEL).differences(), n_runs)  # noqa: B023
        first = _median(lambda: ba.advanced.crossproducts(outcomes, covariates=MODEL), n_runs)  # noqa: B023
        corrected = _median(
            lambda: ba.fit_mmrm(outcomes, covariates=MODEL, small_sample="kenward-roger-linear").differences(),  # noqa: B023
            n_runs,
        )
        after = _median(lambda: ba.advanced.fit_crossproducts(measures).differences(), n_runs)  # noqa: B023
        in_r = _median_in_r(outcomes) if n_subjects <= LARGEST_IN_R else None
        told = f"{in_r:.0f} | {in_r / whole:.0f}" if in_r else "- | -"
        n_patterns = len(fit.measures.sums.n)
        _say(
            f"| {n_subjects:,} x {n_visits} | {len(fit.names)} | {n_patterns} | {asked} | {whole:.2f} | {first:.2f} "
            f"| {after:.2f} | x {corrected / whole:.2f} | {told} |"
        )
    tracemalloc.start()
    ba.fit_mmrm(outcomes, covariates=MODEL).differences()
    _say(f"memory beside the frame of the last: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB (asked: 300)")
    tracemalloc.stop()

    outcomes = simulated_outcomes(1_000, 6)
    n_calls = calls(lambda: ba.fit_mmrm(outcomes).differences())
    _say(f"calls of Python functions in a fit of 1,000 x 6, baseline by visit, with its differences: {n_calls:,} (asked: 1,200)")

    for n_subjects, n_visits, asked in ((200, 4, 0.6), (1_000, 6, 1.2)):
        fit = ba.fit_mmrm(simulated_outcomes(n_subjects, n_visits), covariates=MODEL)
        seconds = _median(lambda: fit.bootstrap(n=2_000, seed=1), 5) / 1000  # noqa: B023
        _say(f"2,000 bootstrap refits, {n_subjects:,} x {n_visits}: {seconds:.2f} s (asked: {asked})")


def _say(line: str) -> None:
    print(line)  # noqa: T201


def simulated_outcomes(n_subjects: int, n_visits: int, *, intermittent: float = 0.0, seed: int = 1) -> pd.DataFrame:
    """Made-up outcomes of two arms, with dropout; texts are categories, so that a million subjects fit into memory.

    Parameters
    ----------
    n_subjects, n_visits : int
        N and T.
    intermittent : float
        Share of values that are missing here and there.
    seed : int
        Of the simulation.

    Returns
    -------
    DataFrame
        *outcomes* with the covariates sex and region.
    """
    rng = np.random.default_rng(seed)
    shape = (n_subjects, n_visits)
    baseline = rng.normal(20, 4, n_subjects)
    arm = rng.integers(0, 2, n_subjects)
    course = rng.normal(0, 3, (n_subjects, 1)) + rng.normal(0, 1.5, shape).cumsum(axis=1) + rng.normal(0, 1.5, shape)
    change = -0.4 * baseline[:, None] + 4 - 0.3 * arm[:, None] + course
    gone = np.maximum.accumulate(rng.random(shape) < 0.04, axis=1) | (rng.random(shape) < intermittent)
    gone[:, 0] = False
    change[gone] = np.nan
    visits = [f"week {4 * (visit + 1)}" for visit in range(n_visits)]

    def categories(codes: np.ndarray, names: list[str], *, ordered: bool = False) -> pd.Categorical:
        return pd.Categorical.from_codes(codes.astype(np.int8), names, ordered=ordered)

    same = np.zeros(n_subjects * n_visits)
    by_row = np.repeat(baseline, n_visits)
    said = {"trial": "simulated", "population": "all", "endpoint": "days", "intercurrent": "", "imputation": "observed cases"}
    return pd.DataFrame(
        {
            **{name: categories(same, [word]) for name, word in said.items()},
            "subject": np.repeat(np.arange(n_subjects), n_visits),
            "arm": categories(np.repeat(arm, n_visits), ["placebo", "active"]),
            "visit": categories(np.tile(np.arange(n_visits), n_subjects), visits, ordered=True),
            "baseline": by_row,
            "value": by_row + change.ravel(),
            "change": change.ravel(),
            "percent_change": 100 * change.ravel() / by_row,
            "sex": categories(np.repeat(rng.integers(0, 2, n_subjects), n_visits), ["female", "male"]),
            "region": categories(np.repeat(rng.integers(0, 3, n_subjects), n_visits), ["Asia", "Europe", "other"]),
        }
    )


def calls(measured: Callable[[], object]) -> int:
    """Count the calls of Python functions.

    Parameters
    ----------
    measured : callable
        Called twice before, so that everything is imported.

    Returns
    -------
    int
        Events ``call`` of `sys.setprofile`: a number that no load of the machine changes.
    """
    measured()
    measured()
    events: list[str] = []
    sys.setprofile(lambda _frame, event, _arg: events.append(event))
    try:
        measured()
    finally:
        sys.setprofile(None)
    return events.count("call")


def _median(measured: Callable[[], object], n_runs: int) -> float:
    """Milliseconds."""
    measured()
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        measured()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


_IN_R = """
suppressMessages(library(mmrm))
data <- read.csv("outcomes.csv", stringsAsFactors = TRUE)
data$visit <- factor(data$visit, levels = unique(as.character(data$visit)))
data$subject <- factor(data$subject)
seconds <- replicate(3, system.time(summary(mmrm(
  change ~ baseline * visit + arm * visit + sex + region + us(visit | subject), data = data)))["elapsed"])
cat(median(seconds))
"""


def _median_in_r(outcomes: pd.DataFrame) -> float | None:
    """Milliseconds of R mmrm, with its table of coefficients; none where it is not installed."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        outcomes.dropna(subset="change").to_csv(Path(folder) / "outcomes.csv", index=False)
        done = subprocess.run([rscript, "-e", _IN_R], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    return 1000 * float(done.stdout) if done.returncode == 0 else None


if __name__ == "__main__":
    main()

"""How long it takes from a trial with adverse events to the counts by class and term, with exposure and time at risk.

Run with the project's environment: ``.venv/bin/python benchmarks/adverse_events.py``. Prints medians, and the peak memory of the
whole process after the largest trial, whose frames are part of it. Beside it stands the plain way with pandas for the subjects of
each term alone, without occurrences, exposure or time at risk.
"""

from __future__ import annotations

import platform
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

import botox_analysis as ba

SIZES = [
    # How many occurrences, subjects, classes and terms; seconds asked; runs.
    (1_000, 500, 20, 200, "", 51),
    (100_000, 20_000, 27, 1_000, "", 21),
    (1_000_000, 100_000, 27, 2_000, "", 7),
    (10_000_000, 200_000, 27, 2_000, "10", 5),
]

BY = ("term", "class", "overview", "severity", "term and severity")


def main() -> None:
    """Measure and print a table."""
    _say(f"Python {platform.python_version()}, pandas {pd.__version__}, numpy {np.__version__}, {platform.machine()}; seconds")
    _say(f"| occurrences | subjects | terms | asked | {' | '.join(BY)} | term and site | pandas | as_trial |")
    for n, n_subjects, n_classes, n_terms, asked, n_runs in SIZES:
        tables = simulated_tables(n, n_subjects, n_classes, n_terms)
        start = time.perf_counter()
        trial = ba.as_trial(tables, name="simulated", arms=["placebo", "active"])
        reading = time.perf_counter() - start
        del tables
        times = [_median(lambda: ba.safety.counts(trial, by=by), n_runs) for by in BY]  # noqa: B023
        times.append(_median(lambda: ba.safety.counts(trial, stratum="site"), n_runs))  # noqa: B023
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        times.append(_median(lambda: _subjects_by_pandas(trial), min(n_runs, 3)))  # noqa: B023
        shown = " | ".join(f"{seconds:.3f}" for seconds in [*times, reading])
        _say(f"| {n:,} | {n_subjects:,} | {n_terms:,} | {asked} | {shown} |")
    _say(f"peak memory, the largest trial and its making included: {peak:.2f} GB (asked: 4)")


def _say(line: str) -> None:
    print(line)  # noqa: T201


def simulated_tables(n: int, n_subjects: int, n_classes: int, n_terms: int, *, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Made-up tables of subjects and adverse events; words are categories, so that ten million rows fit into memory.

    Parameters
    ----------
    n, n_subjects, n_classes, n_terms : int
        How many occurrences, subjects, classes, and terms in them.
    seed : int
        Of the simulation.

    Returns
    -------
    dict of str to DataFrame
        ``subjects`` and ``adverse_events``.
    """
    rng = np.random.default_rng(seed)
    subject = rng.integers(0, n_subjects, n)
    # A few terms are frequent, most are rare.
    term = np.minimum(n_terms * rng.random(n) ** 2, n_terms - 1).astype(np.int64)
    last_day = rng.integers(1, 400, n_subjects)

    def categories(codes: np.ndarray, names: list[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(codes.astype(np.int32), names)

    names = [f"S{number:07d}" for number in range(n_subjects)]
    subjects = pd.DataFrame(
        {
            "subject": names,
            "arm": np.where(rng.random(n_subjects) < 0.5, "placebo", "active"),
            "site": np.array([f"site {number:02d}" for number in range(20)])[rng.integers(0, 20, n_subjects)],
            "last_day": last_day,
        }
    )
    events = pd.DataFrame(
        {
            "subject": categories(subject, names),
            "term": categories(term, [f"Preferred term number {number:04d}" for number in range(n_terms)]),
            "class": categories(term % n_classes, [f"Organ system number {number:02d} disorders" for number in range(n_classes)]),
            "onset_day": 1.0 + (rng.random(n) * last_day[subject]).astype(np.int64),
            "severity": categories(rng.integers(0, 3, n), ["mild", "moderate", "severe"]),
            "related": rng.random(n) < 0.3,
            "serious": rng.random(n) < 0.02,
        }
    )
    return {"subjects": subjects, "adverse_events": events}


def _subjects_by_pandas(trial: ba.Trial) -> pd.Series:
    arm = trial.subjects.set_index("subject")["arm"]
    once = trial.adverse_events.drop_duplicates(["subject", "class", "term"])
    return once.groupby(["class", "term", once["subject"].map(arm)], observed=False).size()


def _median(measured: Callable[[], object], n_runs: int) -> float:
    """Seconds; the first run does not count."""
    measured()
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        measured()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()

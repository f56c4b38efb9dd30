"""How long it takes to compare thousands of adverse events: counts in, limits and p-values out; and the same through frames.

Run with the project's environment: ``.venv/bin/python benchmarks/rates.py``. Prints medians and the fastest run, in milliseconds.
Beside them the loop over statsmodels that a user would write, and how many of its limits are right.
"""

from __future__ import annotations

import platform
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

import botox_analysis as ba
from botox_analysis.numerics.rates.methods import COMPARISONS, TESTS
from botox_analysis.numerics.rates.two_arms import TwoArms, two_arms

N_TERMS = 2_000
SITES = 20
ASKED = {1: 50, SITES: 500}
MEASURES = (
    "risk difference",
    "log risk ratio",
    "log odds ratio",
    "incidence rate difference",
    "log incidence rate ratio",
)
IN_STATSMODELS = {"risk difference": "diff", "log risk ratio": "ratio", "log odds ratio": "odds-ratio"}
RIGHT = 1e-4
"""How far a limit may be from ours to count as right: what a table prints."""


def main() -> None:
    """Measure and print three tables."""
    _say(
        f"Python {platform.python_version()}, pandas {pd.__version__}, numpy {np.__version__}, {platform.machine()}; milliseconds"
    )
    _say(f"| {N_TERMS:,} terms x Miettinen-Nurminen | asked | limits | fastest | frame to frame | fastest |")
    for n_sites in (1, SITES):
        counts = simulated_counts(N_TERMS, n_sites)
        events = as_events(counts)
        for measure in MEASURES:
            compare = COMPARISONS[measure]["miettinen-nurminen"].compare
            numbers = _measured(lambda: compare(counts, 0.95, 0.0))  # noqa: B023
            frames = _measured(lambda: ba.compare_rates(events, measure=measure))  # noqa: B023
            where = "" if n_sites == 1 else f", {n_sites} sites"
            _say(f"| {measure}{where} | {ASKED[n_sites]} | {numbers} | {frames} |")

    counts = simulated_counts(N_TERMS, 1)
    _say(f"| other methods, {N_TERMS:,} terms | limits or p-values | fastest |")
    for measure, interval in (
        ("risk difference", "newcombe"),
        ("log odds ratio", "mantel-haenszel"),
        ("log odds ratio", "conditional exact"),
    ):
        _say(f"| {measure}, {interval} | {_measured(lambda: COMPARISONS[measure][interval].compare(counts, 0.95, 0.0))} |")  # noqa: B023
    for test in ("fisher", "mid-p"):
        _say(f"| {test} | {_measured(lambda: TESTS[test].p_value(counts))} |")  # noqa: B023
    one = two_arms([12], [120], [5], [118])
    exact = COMPARISONS["risk difference"]["exact"].compare
    _say(f"| risk difference, exact, one term of 238 subjects | {_measured(lambda: exact(one, 0.95, 0.0))} |")

    _say(f"| the same {N_TERMS:,} terms in a loop over statsmodels | once | limits right | refused |")
    for measure in IN_STATSMODELS:
        _say(f"| {measure} | {_in_statsmodels(counts, measure)} |")


def _say(line: str) -> None:
    print(line)  # noqa: T201


def simulated_counts(n_terms: int, n_sites: int, *, seed: int = 1) -> TwoArms:
    """Made-up counts of adverse events, most of them rare, in two arms of about 350 subjects in all sites together.

    Parameters
    ----------
    n_terms, n_sites : int
        Comparisons and strata.
    seed : int
        Of the simulation.

    Returns
    -------
    TwoArms
        Subjects; as person-time they are taken for years.
    """
    rng = np.random.default_rng(seed)
    size = 350 // n_sites
    total, total_ref = rng.integers(size - size // 3, size + size // 3 + 1, size=(2, 1, n_sites)) + np.zeros(
        (n_terms, 1), dtype=int
    )
    rate = rng.beta(0.5, 8, size=(n_terms, 1))
    return two_arms(rng.binomial(total, rate), total, rng.binomial(total_ref, 0.8 * rate), total_ref)


def as_events(counts: TwoArms) -> pd.DataFrame:
    """The same counts as a frame.

    Parameters
    ----------
    counts : TwoArms
        Of terms, over sites.

    Returns
    -------
    DataFrame
        *events*, with ``at_risk`` in patient-years.
    """
    n_terms, n_sites = counts.events.shape
    term, site, arm = (at.ravel() for at in np.meshgrid(np.arange(n_terms), np.arange(n_sites), [0, 1], indexing="ij"))
    total = np.stack([counts.total_ref, counts.total], axis=2).ravel()
    return pd.DataFrame(
        {
            "category": pd.Categorical.from_codes(term, [f"term {number}" for number in range(n_terms)]),
            "stratum": pd.Categorical.from_codes(site, [f"site {number}" for number in range(n_sites)]),
            "arm": pd.Categorical.from_codes(arm, ["placebo", "toxin"]),
            "n_events": np.stack([counts.events_ref, counts.events], axis=2).ravel(),
            "n_total": total,
            "at_risk": total,
        }
    )


def _measured(measured: Callable[[], object], n_runs: int = 15) -> str:
    measured()
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        measured()
        times.append(1000 * (time.perf_counter() - start))
    return f"{statistics.median(times):.1f} | {min(times):.1f}"


def _in_statsmodels(counts: TwoArms, measure: str) -> str:
    from statsmodels.stats.proportion import confint_proportions_2indep

    ours = COMPARISONS[measure]["miettinen-nurminen"].compare(counts, 0.95, 0.0)
    tables = np.column_stack([counts.events, counts.total, counts.events_ref, counts.total_ref]).tolist()
    back = np.asarray if measure == "risk difference" else np.exp
    refused, right = 0, 0
    start = time.perf_counter()
    for table, low, high in zip(tables, back(ours.low), back(ours.high), strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                limits = confint_proportions_2indep(*table, method="score", compare=IN_STATSMODELS[measure])
            except (ValueError, ZeroDivisionError, RuntimeError):
                refused += 1
                continue
        right += bool(np.allclose(limits, (low, high), rtol=RIGHT, atol=RIGHT))
    return f"{1000 * (time.perf_counter() - start):,.0f} | {right:,} of {len(tables):,} | {refused:,}"


if __name__ == "__main__":
    main()

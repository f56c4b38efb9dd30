"""How fast this machine is at the moment: a fixed loop in Python and a fixed matrix product, beside their reference times.

Run with the project's environment: ``.venv/bin/python benchmarks/yardstick.py``. Time limits of the tests hold on two quiet cores
where both take their reference times; on another machine they are longer or shorter in proportion to the sum.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

REFERENCE = {"loop in Python": 0.70, "matrix product": 0.41}
"""Seconds, measured in November 2026 on a quiet virtual machine with 2 cores (AMD EPYC, x86_64), Python 3.11.7, numpy 2.4.6."""

RUNS = 7


def main() -> None:
    """Print the median of both, their reference times, and the proportion."""
    took = {"loop in Python": _median(_loop), "matrix product": _median(_product)}
    _say("| what | seconds | reference |")
    _say("|---|---|---|")
    for name, seconds in took.items():
        _say(f"| {name} | {seconds:.3f} | {REFERENCE[name]:.3f} |")
    _say(f"Time limits are longer here by the factor {sum(took.values()) / sum(REFERENCE.values()):.2f}.")


def _loop() -> None:
    """Five million steps of a linear congruential generator, counted by their last digit."""
    state, counts = 1, [0] * 10
    for _ in range(5_000_000):
        state = (1_103_515_245 * state + 12_345) % 2_147_483_648
        counts[state % 10] += 1


def _product() -> None:
    """Ten products of two 1,000 x 1,000 matrices, on one BLAS thread."""
    left, right = np.random.default_rng(1).normal(size=(2, 1_000, 1_000))
    with threadpool_limits(limits=1, user_api="blas"):
        for _ in range(10):
            left @ right


def _median(work: Callable[[], None]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _say(line: str) -> None:
    print(line)  # noqa: T201 - a benchmark prints


if __name__ == "__main__":
    main()

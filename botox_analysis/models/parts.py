"""Bootstrap samples drawn in parts with a seed each, so that the number of workers does not change the numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from botox_analysis.errors import FitError
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.percentiles import fewest_resamples
from botox_analysis.numerics.repeated.refits import drawn_within
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray

AT_ONCE = 100
"""Data sets of one part, which are drawn from one seed. Another size would change the numbers of every seed."""

MOST_FAILED = 0.1
"""Largest share of resamples that may fail to determine the model; the others would no longer represent all resamples."""

MOST_VALUES = 2**28
"""Most values in memory (data sets x subjects x visits): 2 GB."""

Part = tuple[Any, ...]
"""Arrays whose first dimension is the data set; the last item is the number of resamples that failed."""


def require_draws(n: object, seed: object, what: str) -> None:
    """Refuse an invalid number of data sets or an invalid seed.

    Parameters
    ----------
    n, seed : int
        Number of data sets, at least 2, and seed of the random number generator, at least 0.
    what : str
        Values that are imputed, for the message.

    Raises
    ------
    ValueError
        `n` or `seed` is no such whole number.
    """
    if n is None and seed is None:
        raise ValueError(f"`n` and `seed` must be whole numbers, as {what} imputed many times; got None. Try n=200, seed=1.")
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 2:
        raise ValueError(f"`n` must be a whole number, 2 or more, as {what} imputed many times; got {n!r}. Try n=200.")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"`seed` must be a whole number, 0 or more; got {seed!r}. Try seed=1.")


def require_reach(conf_level: float, n: int) -> None:
    """Refuse a nominal coverage for which there are too few resamples.

    Parameters
    ----------
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    n : int
        Number of resamples.

    Raises
    ------
    ValueError
        Percentile limits would lie below the smallest or above the largest resample.
    """
    beyond = beyond_reach(conf_level, n)
    if beyond:
        raise ValueError(f"{beyond}.")


def beyond_reach(conf_level: float, n: int) -> str:
    """Describe the lack of resamples for percentile limits of a nominal coverage.

    Parameters
    ----------
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    n : int
        Number of resamples.

    Returns
    -------
    str
        The level and number found, and those that would be right; empty if the resamples suffice.
    """
    fewest = fewest_resamples(conf_level)
    if n >= fewest:
        return ""
    reached = f", or a conf_level of at most {np.floor(1000 * (1 - 2 / (n + 1))) / 1000:g}" if n > 1 else ""
    found = f"conf_level is {conf_level:g}, whose percentile limits lie beyond {n} resamples"
    return f"{found}; take {fewest:,} resamples or more{reached}"


def refuse_many(n_sets: int, n_subjects: int, n_visits: int) -> None:
    """Refuse data sets that do not fit into memory.

    Parameters
    ----------
    n_sets, n_subjects, n_visits : int
        Number of data sets, subjects and visits.

    Raises
    ------
    ValueError
        The data sets have more than `MOST_VALUES` values.
    """
    n_values = n_sets * n_subjects * n_visits
    if n_values > MOST_VALUES:
        raise ValueError(
            f"{n_sets:,} data sets of {n_subjects:,} subjects have {n_values:,} values, more than fit into memory "
            f"({MOST_VALUES:,}); take fewer data sets."
        )


def seeds_of_parts(n: int, seed: int | np.random.SeedSequence) -> Sequence[np.random.SeedSequence]:
    """Derive a seed for each part.

    Parameters
    ----------
    n : int
        Number of data sets.
    seed : int or SeedSequence
        Seed of all parts.

    Returns
    -------
    sequence of SeedSequence
        One seed for each `AT_ONCE` data sets. The seeds of a smaller `n` are the first seeds of a larger one.
    """
    parent = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    return parent.spawn(-(-n // AT_ONCE))


def in_parts(
    draw: Callable[[int, np.random.SeedSequence], Part], n: int, seed: int | np.random.SeedSequence, too_many: str
) -> tuple[Part, int]:
    """Draw data sets in parts, by the workers of ``joblib.parallel_config`` if they are set.

    Parameters
    ----------
    draw : callable, (int, SeedSequence) -> tuple
        Function that draws a number of data sets from a seed and returns a `Part`.
    n : int
        Number of data sets.
    seed : int or SeedSequence
        Seed of all parts.
    too_many : str
        Reason and advice of the message for more failed resamples than `MOST_FAILED`.

    Returns
    -------
    arrays : tuple
        Arrays of all n data sets.
    n_failed : int
        Number of resamples that failed and were drawn again.

    Raises
    ------
    FitError
        More resamples failed than `MOST_FAILED` allows.
    """
    sizes = [min(AT_ONCE, n - first) for first in range(0, n, AT_ONCE)]
    parts = Parallel()(delayed(draw)(size, part_seed) for size, part_seed in zip(sizes, seeds_of_parts(n, seed), strict=True))
    n_failed = int(sum(part[-1] for part in parts))
    if n_failed > MOST_FAILED * n:
        raise FitError(_too_many(n_failed, n, too_many))
    return tuple(np.concatenate(pieces) for pieces in zip(*(part[:-1] for part in parts), strict=True)), n_failed


def determined(
    refit: Callable[[FloatArray], tuple[tuple[FloatArray, ...], BoolArray]],
    group: IntArray,
    size: int,
    rng: np.random.Generator,
    too_many: str,
) -> Part:
    """Refit a model in bootstrap samples until enough of them determine it.

    Parameters
    ----------
    refit : callable, (B, N) -> (arrays, (B,) of bool)
        Function of the weights of B samples. It returns the refits, and True for samples that determine the model.
    group : ndarray of int, shape (N,)
        Groups within which subjects are drawn; subjects of group -1 are never drawn.
    size : int
        Number of refits.
    rng : Generator
        Random number generator.
    too_many : str
        As for `in_parts`.

    Returns
    -------
    tuple
        Weights, refits, and the number of samples that failed.

    Raises
    ------
    FitError
        More samples failed than refits were needed.
    """
    found: list[tuple[FloatArray, ...]] = []
    n_known = n_failed = 0
    while n_known < size:
        weights = drawn_within(group, size - n_known, rng)
        fitted, known = refit(weights)
        found.append(tuple(array[known] for array in (weights, *fitted)))
        n_known += int(known.sum())
        n_failed += int((~known).sum())
        if n_failed > max(size, AT_ONCE):
            raise FitError(_too_many(n_failed, n_known, too_many))
    return (*(np.concatenate(pieces) for pieces in zip(*found, strict=True)), n_failed)


def _too_many(n_failed: int, n: int, advice: str) -> str:
    return f"{n_failed} resamples of subjects do not determine {advice.format(n=n)}"

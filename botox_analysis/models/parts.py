"""Many data sets from bootstrap samples, in parts with a seed each: the same numbers for any number of workers."""

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
"""Data sets that are drawn from one seed: what a worker takes. It is part of what a seed means."""

MOST_FAILED = 0.1
"""The share of resamples that may fail to determine the model; beyond it those that do not would be too few to stand for all."""

MOST_VALUES = 2**28
"""Values (data sets x subjects x visits) that are held: 2 GB."""

Part = tuple[Any, ...]
"""Arrays whose first dimension is the data set; at the end, how many resamples failed."""


def require_draws(n: object, seed: object, what: str) -> None:
    """Refuse a number of data sets or a seed that is none.

    Parameters
    ----------
    n, seed : int
        At least 2 data sets; a seed of 0 or more.
    what : str
        What is imputed, for the message.

    Raises
    ------
    ValueError
        Either is no such whole number.
    """
    if n is None and seed is None:
        raise ValueError(f"n is None and seed is None; {what} imputed many times: expected both, such as n=200, seed=1.")
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 2:
        raise ValueError(f"n is {n!r}; {what} imputed many times: expected a whole number of 2 or more, such as 200.")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed is {seed!r}; expected a whole number, so that the same values can be drawn again.")


def require_reach(conf_level: float, n: int) -> None:
    """Refuse percentile limits of a level that a number of resamples does not reach.

    Parameters
    ----------
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    n : int
        Resamples.

    Raises
    ------
    ValueError
        The limits would be beyond the least and the largest of them.
    """
    beyond = beyond_reach(conf_level, n)
    if beyond:
        raise ValueError(f"{beyond}.")


def beyond_reach(conf_level: float, n: int) -> str:
    """Say that percentile limits of a level are beyond what a number of resamples reaches.

    Parameters
    ----------
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    n : int
        Resamples.

    Returns
    -------
    str
        What was found, and what would be right; empty where the level is reached.
    """
    fewest = fewest_resamples(conf_level)
    if n >= fewest:
        return ""
    reached = f", or a conf_level of at most {np.floor(1000 * (1 - 2 / (n + 1))) / 1000:g}" if n > 1 else ""
    found = f"conf_level is {conf_level:g}, whose percentile limits lie beyond {n} resamples"
    return f"{found}; take {fewest:,} resamples or more{reached}"


def refuse_many(n_sets: int, n_subjects: int, n_visits: int) -> None:
    """Refuse more values than are held.

    Parameters
    ----------
    n_sets, n_subjects, n_visits : int
        Of the data sets asked for.

    Raises
    ------
    ValueError
        There are more than `MOST_VALUES`.
    """
    n_values = n_sets * n_subjects * n_visits
    if n_values > MOST_VALUES:
        raise ValueError(
            f"{n_sets:,} data sets of {n_subjects:,} subjects have {n_values:,} values, more than fit into memory "
            f"({MOST_VALUES:,}); take fewer data sets."
        )


def seeds_of_parts(n: int, seed: int | np.random.SeedSequence) -> Sequence[np.random.SeedSequence]:
    """A seed for each part.

    Parameters
    ----------
    n : int
        Data sets.
    seed : int or SeedSequence
        From which they come.

    Returns
    -------
    sequence of SeedSequence
        One for `AT_ONCE` data sets; those of a smaller n are the first of a larger one.
    """
    parent = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    return parent.spawn(-(-n // AT_ONCE))


def in_parts(
    draw: Callable[[int, np.random.SeedSequence], Part], n: int, seed: int | np.random.SeedSequence, too_many: str
) -> tuple[Part, int]:
    """Data sets drawn part by part, by the workers of ``joblib.parallel_config`` where one is set.

    Parameters
    ----------
    draw : callable, (int, SeedSequence) -> tuple
        How many and from what -> a `Part`.
    n : int
        Data sets.
    seed : int or SeedSequence
        From which they come.
    too_many : str
        What the message says, and advises, where more resamples fail than `MOST_FAILED`.

    Returns
    -------
    arrays : tuple
        Of all n data sets.
    n_failed : int
        Resamples that were drawn anew.

    Raises
    ------
    FitError
        Too many failed.
    """
    sizes = [min(AT_ONCE, n - first) for first in range(0, n, AT_ONCE)]
    parts = Parallel()(delayed(draw)(size, own) for size, own in zip(sizes, seeds_of_parts(n, seed), strict=True))
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
    """Refits in as many bootstrap samples as determine them.

    Parameters
    ----------
    refit : callable, (B, N) -> (arrays, (B,) of bool)
        Weights -> what was fitted, and which samples determine it.
    group : ndarray of int, shape (N,)
        Within which subjects are drawn; those of -1 never.
    size : int
        How many.
    rng : Generator
        Draws.
    too_many : str
        As for `in_parts`.

    Returns
    -------
    tuple
        Weights, what was fitted, and how many samples were drawn in vain.

    Raises
    ------
    FitError
        More failed than were asked for.
    """
    found: list[tuple[FloatArray, ...]] = []
    n_known = n_failed = 0
    while n_known < size:
        weights = drawn_within(group, size - n_known, rng)
        fitted, known = refit(weights)
        found.append(tuple(each[known] for each in (weights, *fitted)))
        n_known += int(known.sum())
        n_failed += int((~known).sum())
        if n_failed > max(size, AT_ONCE):
            raise FitError(_too_many(n_failed, n_known, too_many))
    return (*(np.concatenate(pieces) for pieces in zip(*found, strict=True)), n_failed)


def _too_many(n_failed: int, n: int, advice: str) -> str:
    return f"{n_failed} resamples of subjects do not determine {advice.format(n=n)}"

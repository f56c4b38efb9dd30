"""How many events a subject would have had in the time in which it was not observed, by strategy, given those that were seen.

A negative binomial count with mean m and variance m + d m^2 is a Poisson count with mean m g, where the subject's own g has a
gamma distribution with mean 1 and variance d. What was seen of a subject tells of its g, and through it of what was not seen.

References
----------
Keene ON, Roger JH, Hartley BF, Kenward MG (2014). Pharm Stat 13:258-264.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from botox_analysis.numerics.counts.likelihoods import NegativeBinomial
from botox_analysis.numerics.counts.maximum_likelihood import maximise
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.many_regressions import UNDETERMINED

CountStrategy = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
"""The subject's mean in the time observed and in the time not observed, as in its own arm, and both as in the reference -> the
means of both times under which the later count is imputed given the earlier one."""

SMALLEST_SHARE = 2.0**-54
"""What stands for a 0 among uniform numbers, whose steps are twice as large: at 0 a quantile is below the counts."""


def missing_at_random(
    own_seen: FloatArray,
    own_lost: FloatArray,
    reference_seen: FloatArray,  # noqa: ARG001 - one signature for all
    reference_lost: FloatArray,  # noqa: ARG001
) -> tuple[FloatArray, FloatArray]:
    """At the rate of the own arm, as those who went on.

    Parameters
    ----------
    own_seen, own_lost : ndarray
        Means of the time observed and of the time not observed in the subject's own arm.
    reference_seen, reference_lost : ndarray
        The same in the reference.

    Returns
    -------
    seen, lost : ndarray
        Means of both times to impute under.
    """
    return own_seen, own_lost


def jump_to_reference(
    own_seen: FloatArray,
    own_lost: FloatArray,  # noqa: ARG001 - one signature for all
    reference_seen: FloatArray,  # noqa: ARG001
    reference_lost: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """At once at the rate of the reference: a subject who had more events than its arm has more than the reference, too.

    Parameters
    ----------
    own_seen, own_lost : ndarray
        Means of the time observed and of the time not observed in the subject's own arm.
    reference_seen, reference_lost : ndarray
        The same in the reference.

    Returns
    -------
    seen, lost : ndarray
        Means of both times to impute under.
    """
    return own_seen, reference_lost


def copy_reference(
    own_seen: FloatArray,  # noqa: ARG001 - one signature for all
    own_lost: FloatArray,  # noqa: ARG001
    reference_seen: FloatArray,
    reference_lost: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """As if in the reference all along: few events under a treatment that works tell of a subject with few events.

    Parameters
    ----------
    own_seen, own_lost : ndarray
        Means of the time observed and of the time not observed in the subject's own arm.
    reference_seen, reference_lost : ndarray
        The same in the reference.

    Returns
    -------
    seen, lost : ndarray
        Means of both times to impute under.
    """
    return reference_seen, reference_lost


def conditional_mean(count: FloatArray, seen: FloatArray, lost: FloatArray, dispersion: FloatArray) -> FloatArray:
    """The mean of the count of the time not observed, given that of the time observed.

    Parameters
    ----------
    count : ndarray
        Events seen; 0 where no time was observed.
    seen, lost : ndarray
        Means of the time observed and of the time not observed.
    dispersion : ndarray
        d, 0 or more; at 0 what was seen tells nothing.

    Returns
    -------
    ndarray
        Of the shape to which all broadcast.
    """
    return np.asarray(lost * (1 + dispersion * count) / (1 + dispersion * seen))


def draw_counts(
    count: FloatArray, seen: FloatArray, lost: FloatArray, dispersion: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Counts of the time not observed, given those of the time observed: negative binomial with size 1/d + count.

    Parameters
    ----------
    count : ndarray
        Events seen; 0 where no time was observed.
    seen, lost : ndarray
        Means of the time observed and of the time not observed.
    dispersion : ndarray
        d, 0 or more; at 0 they are Poisson.
    rng : Generator
        Draws.

    Returns
    -------
    ndarray
        Whole numbers, of the shape to which all broadcast. The same generator gives more events, or as many, under a larger
        mean of the time not observed, and leaves off at the same place whatever the means are.
    """
    shape = np.broadcast_shapes(*(np.shape(each) for each in (count, seen, lost, dispersion)))
    d = np.broadcast_to(dispersion, shape)
    dispersed = d > 0
    size = np.add(np.divide(1.0, d, out=np.zeros(shape), where=dispersed), count, out=np.ones(shape), where=dispersed)
    own = np.where(dispersed, rng.standard_gamma(size) * d / (1 + d * seen), 1.0)
    # One uniform number a count: the generator's own Poisson counts take more or fewer of its numbers with the mean.
    share = np.maximum(rng.random(shape), SMALLEST_SHARE)
    return np.asarray(stats.poisson.ppf(share, own * lost), dtype=float)


def refit_rates(counts: FloatArray, offset: FloatArray, design: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Negative binomial regressions of resamples, by maximum likelihood.

    Parameters
    ----------
    counts, offset : ndarray, shape (n,)
        Events, and what is added to the linear predictor.
    design : ndarray, shape (n, p)
        Of full column rank.
    weights : ndarray, shape (B, n)
        How often each subject is drawn.

    Returns
    -------
    beta : ndarray, shape (B, p)
        Coefficients; missing where a resample does not determine them.
    dispersion : ndarray, shape (B,)
        0 where counts are no more dispersed than Poisson ones; missing likewise.
    """
    beta, dispersion = np.full((len(weights), design.shape[1]), np.nan), np.full(len(weights), np.nan)
    # Orthonormal columns: what a resample leaves undetermined shows in the smallest eigenvalue.
    q = np.linalg.qr(design)[0]
    gram = (q.T[None] * weights[:, None, :]) @ q
    determined = np.linalg.eigvalsh(gram)[:, 0] > UNDETERMINED * gram.diagonal(axis1=1, axis2=2).max(axis=1)
    for each in np.flatnonzero(determined):
        rows = np.repeat(np.arange(len(counts)), weights[each].astype(int))
        found = maximise(NegativeBinomial(counts[rows]), design[rows], offset[rows], dispersed="estimated")
        if found.converged:
            beta[each], dispersion[each] = found.beta, found.dispersion
    return beta, dispersion

"""Imputation of the number of events in unobserved time, by strategy, given the observed events.

A negative binomial count with mean m and variance m + d m^2 is a Poisson count with mean m g. The factor g of a subject has a
gamma distribution with mean 1 and variance d. The observed count is informative about g, and through it about the unobserved
count.

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
"""Function of four means of a subject: in observed and unobserved time in its arm, then both in the reference. It returns the
means in observed and unobserved time under which the later count is imputed given the earlier one."""

SMALLEST_SHARE = 2.0**-54
"""Replacement of 0 among uniform random numbers, whose steps are twice as large. The quantile at 0 is below all counts."""


def missing_at_random(
    own_seen: FloatArray,
    own_lost: FloatArray,
    reference_seen: FloatArray,  # noqa: ARG001 - one signature for all
    reference_lost: FloatArray,  # noqa: ARG001
) -> tuple[FloatArray, FloatArray]:
    """Impute at the rate of the subject's arm, as for subjects who continued.

    Parameters
    ----------
    own_seen, own_lost : ndarray
        Means in observed and in unobserved time in the subject's arm.
    reference_seen, reference_lost : ndarray
        The same means in the reference.

    Returns
    -------
    seen, lost : ndarray
        Means in observed and unobserved time for imputation, in the shape of the arguments.

    Examples
    --------
    >>> means = (np.array([1.0]), np.array([2.0]), np.array([3.0]), np.array([6.0]))
    >>> [mean.tolist() for mean in missing_at_random(*means)]
    [[1.0], [2.0]]
    """
    return own_seen, own_lost


def jump_to_reference(
    own_seen: FloatArray,
    own_lost: FloatArray,  # noqa: ARG001 - one signature for all
    reference_seen: FloatArray,  # noqa: ARG001
    reference_lost: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Impute at the rate of the reference, at once after the event.

    A subject with more events than the mean of its arm also has more than the mean of the reference.

    Parameters
    ----------
    own_seen, own_lost : ndarray
        Means in observed and in unobserved time in the subject's arm.
    reference_seen, reference_lost : ndarray
        The same means in the reference.

    Returns
    -------
    seen, lost : ndarray
        Means in observed and unobserved time for imputation, in the shape of the arguments.

    Examples
    --------
    >>> means = (np.array([1.0]), np.array([2.0]), np.array([3.0]), np.array([6.0]))
    >>> [mean.tolist() for mean in jump_to_reference(*means)]
    [[1.0], [6.0]]
    """
    return own_seen, reference_lost


def copy_reference(
    own_seen: FloatArray,  # noqa: ARG001 - one signature for all
    own_lost: FloatArray,  # noqa: ARG001
    reference_seen: FloatArray,
    reference_lost: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Impute as if the subject had always been in the reference.

    Few observed events under an effective treatment then predict few later events.

    Parameters
    ----------
    own_seen, own_lost : ndarray
        Means in observed and in unobserved time in the subject's arm.
    reference_seen, reference_lost : ndarray
        The same means in the reference.

    Returns
    -------
    seen, lost : ndarray
        Means in observed and unobserved time for imputation, in the shape of the arguments.

    Examples
    --------
    >>> means = (np.array([1.0]), np.array([2.0]), np.array([3.0]), np.array([6.0]))
    >>> [mean.tolist() for mean in copy_reference(*means)]
    [[3.0], [6.0]]
    """
    return reference_seen, reference_lost


def conditional_mean(count: FloatArray, seen: FloatArray, lost: FloatArray, dispersion: FloatArray) -> FloatArray:
    """Compute the mean count in unobserved time, given the count in observed time.

    Parameters
    ----------
    count : ndarray
        Number of observed events; 0 without observed time.
    seen, lost : ndarray
        Means in observed and in unobserved time.
    dispersion : ndarray
        Dispersion d, 0 or more; at 0 the observed count is not informative.

    Returns
    -------
    ndarray, broadcast shape
        Conditional means.

    Examples
    --------
    >>> conditional_mean(np.array([0.0, 4.0]), np.array([2.0, 2.0]), np.array([3.0, 3.0]), np.array([0.5, 0.5])).tolist()
    [1.5, 4.5]
    """
    return np.asarray(lost * (1 + dispersion * count) / (1 + dispersion * seen))


def draw_counts(
    count: FloatArray, seen: FloatArray, lost: FloatArray, dispersion: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw counts in unobserved time, given those in observed time: negative binomial with size 1/d + count.

    Parameters
    ----------
    count : ndarray
        Number of observed events; 0 without observed time.
    seen, lost : ndarray
        Means in observed and in unobserved time.
    dispersion : ndarray
        Dispersion d, 0 or more; at 0 the counts are Poisson.
    rng : Generator
        Random number generator.

    Returns
    -------
    ndarray, broadcast shape
        Whole numbers. With the same seed, a larger mean in unobserved time never gives fewer events. The number of random numbers
        used does not depend on the means.
    """
    shape = np.broadcast_shapes(*(np.shape(values) for values in (count, seen, lost, dispersion)))
    d = np.broadcast_to(dispersion, shape)
    dispersed = d > 0
    size = np.add(np.divide(1.0, d, out=np.zeros(shape), where=dispersed), count, out=np.ones(shape), where=dispersed)
    factor = np.where(dispersed, rng.standard_gamma(size) * d / (1 + d * seen), 1.0)
    # One uniform number for each count: for Poisson draws the generator uses a number of values that depends on the mean.
    share = np.maximum(rng.random(shape), SMALLEST_SHARE)
    return np.asarray(stats.poisson.ppf(share, factor * lost), dtype=float)


def refit_rates(counts: FloatArray, offset: FloatArray, design: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fit negative binomial regressions of resamples by maximum likelihood.

    Parameters
    ----------
    counts, offset : ndarray, shape (n,)
        Number of events, and the offset of the linear predictor.
    design : ndarray, shape (n, p)
        Design, of full column rank.
    weights : ndarray, shape (B, n)
        Number of draws of each subject in a resample; whole numbers.

    Returns
    -------
    beta : ndarray, shape (B, p)
        Coefficients; missing (nan) where a resample does not determine them.
    dispersion : ndarray, shape (B,)
        Dispersions, 0 without overdispersion; missing (nan) in the same resamples.
    """
    beta, dispersion = np.full((len(weights), design.shape[1]), np.nan), np.full(len(weights), np.nan)
    # In orthonormal columns the smallest eigenvalue shows whether a resample determines all coefficients.
    q = np.linalg.qr(design)[0]
    gram = (q.T[None] * weights[:, None, :]) @ q
    determined = np.linalg.eigvalsh(gram)[:, 0] > UNDETERMINED * gram.diagonal(axis1=1, axis2=2).max(axis=1)
    for resample in np.flatnonzero(determined):
        rows = np.repeat(np.arange(len(counts)), weights[resample].astype(int))
        found = maximise(NegativeBinomial(counts[rows]), design[rows], offset[rows], dispersed="estimated")
        if found.converged:
            beta[resample], dispersion[resample] = found.beta, found.dispersion
    return beta, dispersion

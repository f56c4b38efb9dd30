"""Convergence diagnostics of Markov chains: agreement of chains, and effective sample sizes.

References
----------
Vehtari A, Gelman A, Simpson D, Carpenter B, Bürkner PC (2021). Bayesian Anal 16:667-718.
"""

from __future__ import annotations

import numpy as np
from scipy import fft, special, stats

from botox_analysis.numerics.linear.inference import FloatArray


def split_r_hat(run: FloatArray) -> FloatArray:
    """Compute the rank-normalised split R-hat of m quantities.

    Parameters
    ----------
    run : ndarray, shape (C, S, m)
        Values of m quantities that vary, in C chains of S steps; S is 4 or more.

    Returns
    -------
    ndarray, shape (m,)
        R-hat: 1 where the halves of all chains have the same distribution, larger where they differ. It is the larger of the
        values for location and for spread.
    """
    apart = np.abs(run - np.median(run, axis=(0, 1)))
    return np.maximum(_plain_r_hat(_normal_scores(_halves(run))), _plain_r_hat(_normal_scores(_halves(apart))))


def effective_size(run: FloatArray, *, every: int = 1) -> FloatArray:
    """Compute the effective sample size of draws from chains, the number of independent draws of equal precision.

    Parameters
    ----------
    run : ndarray, shape (C, S, m)
        Values of m quantities that vary, in C chains of S steps; S is 4 or more.
    every : int
        Number of steps from one draw of a chain to the next.

    Returns
    -------
    ndarray, shape (m,)
        Effective sample size for the mean of normal scores. Autocorrelations are computed from all steps. They count up to the
        lag at which the sum of two neighbours is no longer positive (Geyer's rule).
    """
    halves = _normal_scores(_halves(run))
    n_steps = halves.shape[1]
    within, overall = _variances(halves)
    deviation = halves - halves.mean(axis=1, keepdims=True)
    spectrum = fft.rfft(deviation, fft.next_fast_len(2 * n_steps, real=True), axis=1)
    products = fft.irfft(spectrum * spectrum.conj(), fft.next_fast_len(2 * n_steps, real=True), axis=1)[:, :n_steps]
    correlation = 1 - (within - products.mean(axis=0) / (n_steps - 1)) / overall
    pairs = correlation[: n_steps // 2 * 2].reshape(-1, 2, correlation.shape[-1]).sum(axis=1)
    counts = np.repeat(np.logical_and.accumulate(pairs > 0, axis=0), 2, axis=0)
    draws_for_one = 1 + 2 * (correlation[: len(counts)] * counts)[every::every].sum(axis=0)
    n_draws = run.shape[0] * (run.shape[1] // every)
    return np.asarray(n_draws / np.maximum(draws_for_one, 1 / np.log10(max(n_draws, 10))))


def _halves(run: FloatArray) -> FloatArray:
    """Split each chain into two halves, shape (2 C, S // 2, m)."""
    half = run.shape[1] // 2
    return np.concatenate([run[:, :half], run[:, -half:]])


def _normal_scores(values: FloatArray) -> FloatArray:
    """Replace values by normal quantiles of their ranks among all values of the quantity."""
    flat = values.reshape(-1, values.shape[-1])
    return np.asarray(special.ndtri((stats.rankdata(flat, axis=0) - 0.375) / (len(flat) + 0.25)).reshape(values.shape))


def _plain_r_hat(chains: FloatArray) -> FloatArray:
    """Compute R-hat: the root of the ratio of the overall variance to that within chains."""
    within, overall = _variances(chains)
    return np.asarray(np.sqrt(overall / within))


def _variances(chains: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Compute the variance within chains, and that of the distribution over all chains."""
    n_steps = chains.shape[1]
    within = chains.var(axis=1, ddof=1).mean(axis=0)
    return within, (n_steps - 1) / n_steps * within + chains.mean(axis=1).var(axis=0, ddof=1)

"""Whether Markov chains agree, and how many independent draws their draws are worth.

References
----------
Vehtari A, Gelman A, Simpson D, Carpenter B, Bürkner PC (2021). Bayesian Anal 16:667-718.
"""

from __future__ import annotations

import numpy as np
from scipy import fft, special, stats

from botox_analysis.numerics.linear.inference import FloatArray


def split_r_hat(run: FloatArray) -> FloatArray:
    """How far chains are from agreement, by ranks of the values in their halves.

    Parameters
    ----------
    run : ndarray, shape (C, S, m)
        C chains of S steps, 4 or more, of m quantities that vary.

    Returns
    -------
    ndarray, shape (m,)
        1 where the halves of all chains have the same distribution, larger where they do not: the larger one of two, for where
        the values lie and for how far they spread.
    """
    apart = np.abs(run - np.median(run, axis=(0, 1)))
    return np.maximum(_plain_r_hat(_normal_scores(_halves(run))), _plain_r_hat(_normal_scores(_halves(apart))))


def effective_size(run: FloatArray, *, every: int = 1) -> FloatArray:
    """The number of independent draws that draws from chains are worth.

    Parameters
    ----------
    run : ndarray, shape (C, S, m)
        C chains of S steps, 4 or more, of m quantities that vary.
    every : int
        Draws are taken from each chain at every such step only.

    Returns
    -------
    ndarray, shape (m,)
        For means of normal scores. Autocorrelations are of all steps, also where few are taken; they count up to the lag at
        which the sum of two neighbours is no longer positive (Geyer's rule).
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
    half = run.shape[1] // 2
    return np.concatenate([run[:, :half], run[:, -half:]])


def _normal_scores(values: FloatArray) -> FloatArray:
    """Quantiles of the normal distribution at the ranks among all values of a quantity."""
    flat = values.reshape(-1, values.shape[-1])
    return np.asarray(special.ndtri((stats.rankdata(flat, axis=0) - 0.375) / (len(flat) + 0.25)).reshape(values.shape))


def _plain_r_hat(chains: FloatArray) -> FloatArray:
    within, overall = _variances(chains)
    return np.asarray(np.sqrt(overall / within))


def _variances(chains: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Variance within chains, and of the distribution that they would share."""
    n_steps = chains.shape[1]
    within = chains.var(axis=1, ddof=1).mean(axis=0)
    return within, (n_steps - 1) / n_steps * within + chains.mean(axis=1).var(axis=0, ddof=1)

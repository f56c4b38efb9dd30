"""Strategies of reference-based imputation: the joint distribution of a subject's visits after an intercurrent event.

Each strategy is a function of the distributions of the subject's visits in its arm and in the reference, and of the first visit
after the event. It returns the distribution under which missing values are imputed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray


@dataclass(frozen=True)
class Normal:
    """Normal distributions of V visits; leading dimensions (imputations, subjects) broadcast.

    They are distributions of changes from baseline where changes are modelled, else of values. A user's strategy returns a new
    `Normal` and must not change its arguments.

    Attributes
    ----------
    mean : ndarray, shape (..., V)
        Mean at each visit.
    cov : ndarray, shape (..., V, V)
        Covariance between visits.

    Examples
    --------
    >>> def lose_gain_after_event(own: Normal, reference: Normal, first: int) -> Normal:
    ...     mean = own.mean.copy()
    ...     mean[..., first:] = 0
    ...     return Normal(mean, own.cov)
    >>> before = Normal(np.array([-3.0, -4.0, -5.0]), np.eye(3))
    >>> lose_gain_after_event(before, before, 2).mean.tolist()
    [-3.0, -4.0, 0.0]
    """

    mean: FloatArray
    cov: FloatArray


Strategy = Callable[[Normal, Normal, int], Normal]
"""Function of the distributions in the subject's arm and in the reference, and of the first visit after the event. It returns the
distribution for imputation."""


def missing_at_random(own: Normal, reference: Normal, first: int) -> Normal:
    """Impute as for subjects of the same arm who continued: the event has no effect.

    Parameters
    ----------
    own, reference : Normal
        Distributions of the subject's visits in its arm and in the reference.
    first : int
        First visit after the event, from 0.

    Returns
    -------
    Normal
        Distribution of the subject's visits for imputation.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.

    Examples
    --------
    >>> own = Normal(np.array([-3.0, -4.0, -5.0]), np.eye(3))
    >>> reference = Normal(np.array([-1.0, -1.5, -2.0]), np.eye(3))
    >>> missing_at_random(own, reference, first=2).mean.tolist()
    [-3.0, -4.0, -5.0]
    """
    return own


def jump_to_reference(own: Normal, reference: Normal, first: int) -> Normal:
    """Impute with the mean of the reference, at once after the event.

    Parameters
    ----------
    own, reference : Normal
        Distributions of the subject's visits in its arm and in the reference.
    first : int
        First visit after the event, from 0.

    Returns
    -------
    Normal
        Distribution of the subject's visits for imputation.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.

    Examples
    --------
    >>> own = Normal(np.array([-3.0, -4.0, -5.0]), np.eye(3))
    >>> reference = Normal(np.array([-1.0, -1.5, -2.0]), np.eye(3))
    >>> jump_to_reference(own, reference, first=2).mean.tolist()
    [-3.0, -4.0, -2.0]
    """
    return Normal(_from(first, own.mean, reference.mean), _joined(own.cov, reference.cov, first))


def copy_reference(own: Normal, reference: Normal, first: int) -> Normal:
    """Impute as if the subject had always been in the reference: its gain before the event fades with the correlations.

    Parameters
    ----------
    own, reference : Normal
        Distributions of the subject's visits in its arm and in the reference.
    first : int
        First visit after the event, from 0.

    Returns
    -------
    Normal
        Distribution of the subject's visits for imputation.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.

    Examples
    --------
    >>> own = Normal(np.array([-3.0, -4.0, -5.0]), np.eye(3))
    >>> reference = Normal(np.array([-1.0, -1.5, -2.0]), np.eye(3))
    >>> copy_reference(own, reference, first=2).mean.tolist()
    [-1.0, -1.5, -2.0]
    """
    return reference


def copy_increments(own: Normal, reference: Normal, first: int) -> Normal:
    """Impute with the increments of the reference after the last mean before the event: the gain is kept and does not grow.

    Parameters
    ----------
    own, reference : Normal
        Distributions of the subject's visits in its arm and in the reference.
    first : int
        First visit after the event, from 0. At 0 no mean precedes the event, and the reference is used.

    Returns
    -------
    Normal
        Distribution of the subject's visits for imputation.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.

    Examples
    --------
    >>> own = Normal(np.array([-3.0, -4.0, -5.0]), np.eye(3))
    >>> reference = Normal(np.array([-1.0, -1.5, -2.0]), np.eye(3))
    >>> copy_increments(own, reference, first=2).mean.tolist()
    [-3.0, -4.0, -4.5]
    """
    gained = (own.mean - reference.mean)[..., first - 1, None] if first > 0 else 0.0
    return Normal(_from(first, own.mean, reference.mean + gained), _joined(own.cov, reference.cov, first))


def last_mean_carried_forward(own: Normal, reference: Normal, first: int) -> Normal:
    """Impute with the mean of the arm at the last visit before the event: no further gain or loss.

    Parameters
    ----------
    own, reference : Normal
        Distributions of the subject's visits in its arm and in the reference.
    first : int
        First visit after the event, from 0. At 0 no mean precedes the event, and the means of the arm are used.

    Returns
    -------
    Normal
        Distribution of the subject's visits for imputation.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.

    Examples
    --------
    >>> own = Normal(np.array([-3.0, -4.0, -5.0]), np.eye(3))
    >>> reference = Normal(np.array([-1.0, -1.5, -2.0]), np.eye(3))
    >>> last_mean_carried_forward(own, reference, first=2).mean.tolist()
    [-3.0, -4.0, -4.0]
    """
    return own if first == 0 else Normal(_from(first, own.mean, own.mean[..., first - 1, None]), own.cov)


def _from(first: int, before: FloatArray, after: FloatArray) -> FloatArray:
    """Join means before the event with means from the first visit after it on."""
    return np.where(np.arange(before.shape[-1]) >= first, after, before)


def _joined(cov: FloatArray, cov_ref: FloatArray, first: int) -> FloatArray:
    """Join the covariance of the arm before the event with the regression of later on earlier visits in the reference."""
    if first == 0:
        return cov_ref
    before, before_ref = cov[..., :first, :first], cov_ref[..., :first, :first]
    slope = np.linalg.solve(before_ref, cov_ref[..., :first, first:]).swapaxes(-1, -2)
    joined = np.broadcast_to(cov_ref, np.broadcast_shapes(cov.shape, cov_ref.shape)).copy()
    joined[..., :first, :first] = before
    joined[..., first:, :first] = slope @ before
    joined[..., :first, first:] = (slope @ before).swapaxes(-1, -2)
    joined[..., first:, first:] -= slope @ (before_ref - before) @ slope.swapaxes(-1, -2)
    return joined


def conditional(cov: FloatArray, missing: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Compute the regression of missing values on the others, and their conditional covariance.

    Parameters
    ----------
    cov : ndarray, shape (..., V, V)
        Covariance between visits.
    missing : ndarray of bool, shape (V,)
        Whether a visit is to be imputed; m visits are.

    Returns
    -------
    slope : ndarray, shape (..., V - m, m)
        Regression coefficients of missing values on the others.
    covariance : ndarray, shape (..., m, m)
        Covariance of missing values given the others.
    """
    seen, lost = np.flatnonzero(~missing), np.flatnonzero(missing)
    with_lost = cov[..., seen[:, None], lost]
    slope = np.asarray(np.linalg.solve(cov[..., seen[:, None], seen], with_lost))
    return slope, np.asarray(cov[..., lost[:, None], lost] - with_lost.swapaxes(-1, -2) @ slope)


def completed(y: FloatArray, missing: BoolArray, of: Normal, noise: FloatArray | None = None) -> FloatArray:
    """Impute the values of subjects with the same missing visits.

    Parameters
    ----------
    y : ndarray, shape (n, V) or (B, n, V)
        Values of n subjects.
    missing : ndarray of bool, shape (V,)
        Whether a visit is to be imputed; at least one is.
    of : Normal
        Distributions of B imputations: means (B, n, V), and covariances (B, 1, V, V), equal for all n subjects.
    noise : ndarray, shape (B, n, m), optional
        Standard normal numbers for the m missing visits. By default conditional means are imputed.

    Returns
    -------
    ndarray, shape (B, n, V)
        Completed values; observed values are unchanged.
    """
    slope, covariance = conditional(of.cov[..., 0, :, :], missing)
    values = np.array(np.broadcast_to(y, of.mean.shape))
    expected = of.mean[..., missing] + (values[..., ~missing] - of.mean[..., ~missing]) @ slope
    if noise is not None:
        expected = expected + noise @ np.linalg.cholesky(covariance).swapaxes(-1, -2)
    values[..., missing] = expected
    return values

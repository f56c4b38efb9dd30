"""What a subject's outcomes would have been after an intercurrent event: a joint distribution of its visits, by strategy.

Each strategy is a function of one signature: the distribution of the subject's visits in its own arm, that in the reference,
and the first visit after the event give the distribution under which missing values are imputed.
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

    Of changes from baseline where changes are known, else of values. A strategy of one's own gives a new one and leaves those
    it is given as they are.

    Attributes
    ----------
    mean : ndarray, shape (..., V)
        By visit.
    cov : ndarray, shape (..., V, V)
        Between visits.

    Examples
    --------
    >>> def nothing_gained_stays(own: Normal, reference: Normal, first: int) -> Normal:
    ...     mean = own.mean.copy()
    ...     mean[..., first:] = 0
    ...     return Normal(mean, own.cov)
    >>> before = Normal(np.array([-3.0, -4.0, -5.0]), np.eye(3))
    >>> nothing_gained_stays(before, before, 2).mean.tolist()
    [-3.0, -4.0, 0.0]
    """

    mean: FloatArray
    cov: FloatArray


Strategy = Callable[[Normal, Normal, int], Normal]
"""Own arm, reference, first visit after the event -> what missing values are imputed from."""


def missing_at_random(own: Normal, reference: Normal, first: int) -> Normal:
    """As subjects of the same arm who went on: the event changes nothing.

    Parameters
    ----------
    own, reference : Normal
        Of the subject in its own arm, and in the reference.
    first : int
        The first visit after the event, from 0.

    Returns
    -------
    Normal
        Of the subject's visits.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.
    """
    return own


def jump_to_reference(own: Normal, reference: Normal, first: int) -> Normal:
    """After the event at once as in the reference.

    Parameters
    ----------
    own, reference : Normal
        Of the subject in its own arm, and in the reference.
    first : int
        The first visit after the event, from 0.

    Returns
    -------
    Normal
        Of the subject's visits.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.
    """
    return Normal(_from(first, own.mean, reference.mean), _joined(own.cov, reference.cov, first))


def copy_reference(own: Normal, reference: Normal, first: int) -> Normal:
    """As if the subject had been in the reference all along: what was gained so far fades as correlations do.

    Parameters
    ----------
    own, reference : Normal
        Of the subject in its own arm, and in the reference.
    first : int
        The first visit after the event, from 0.

    Returns
    -------
    Normal
        Of the subject's visits.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.
    """
    return reference


def copy_increments(own: Normal, reference: Normal, first: int) -> Normal:
    """From the last mean before the event on in steps like the reference's: what was gained is kept, nothing is added.

    Parameters
    ----------
    own, reference : Normal
        Of the subject in its own arm, and in the reference.
    first : int
        The first visit after the event, from 0; at 0 there is nothing to go on from, and the reference stands.

    Returns
    -------
    Normal
        Of the subject's visits.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.
    """
    gained = (own.mean - reference.mean)[..., first - 1, None] if first > 0 else 0.0
    return Normal(_from(first, own.mean, reference.mean + gained), _joined(own.cov, reference.cov, first))


def last_mean_carried_forward(own: Normal, reference: Normal, first: int) -> Normal:
    """After the event the arm's mean stays where it was: nothing more is gained or lost.

    Parameters
    ----------
    own, reference : Normal
        Of the subject in its own arm, and in the reference.
    first : int
        The first visit after the event, from 0; at 0 there is no mean to carry, and the own arm's stand.

    Returns
    -------
    Normal
        Of the subject's visits.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3.
    """
    return own if first == 0 else Normal(_from(first, own.mean, own.mean[..., first - 1, None]), own.cov)


def _from(first: int, before: FloatArray, after: FloatArray) -> FloatArray:
    return np.where(np.arange(before.shape[-1]) >= first, after, before)


def _joined(cov: FloatArray, cov_ref: FloatArray, first: int) -> FloatArray:
    """The own covariance before the event, and the reference's dependence of later visits on earlier ones."""
    if first == 0:
        return cov_ref
    own, ref = cov[..., :first, :first], cov_ref[..., :first, :first]
    slope = np.linalg.solve(ref, cov_ref[..., :first, first:]).swapaxes(-1, -2)
    joined = np.broadcast_to(cov_ref, np.broadcast_shapes(cov.shape, cov_ref.shape)).copy()
    joined[..., :first, :first] = own
    joined[..., first:, :first] = slope @ own
    joined[..., :first, first:] = (slope @ own).swapaxes(-1, -2)
    joined[..., first:, first:] -= slope @ (ref - own) @ slope.swapaxes(-1, -2)
    return joined


def conditional(cov: FloatArray, missing: BoolArray) -> tuple[FloatArray, FloatArray]:
    """How missing values depend on the others, and how they vary given these.

    Parameters
    ----------
    cov : ndarray, shape (..., V, V)
        Between visits.
    missing : ndarray of bool, shape (V,)
        The visits to impute, m of them.

    Returns
    -------
    slope : ndarray, shape (..., V - m, m)
        Of missing values on the others.
    covariance : ndarray, shape (..., m, m)
        Of missing values, given the others.
    """
    seen, lost = np.flatnonzero(~missing), np.flatnonzero(missing)
    with_lost = cov[..., seen[:, None], lost]
    slope = np.asarray(np.linalg.solve(cov[..., seen[:, None], seen], with_lost))
    return slope, np.asarray(cov[..., lost[:, None], lost] - with_lost.swapaxes(-1, -2) @ slope)


def completed(y: FloatArray, missing: BoolArray, of: Normal, noise: FloatArray | None = None) -> FloatArray:
    """Values of subjects who miss the same visits, with what is missing in place.

    Parameters
    ----------
    y : ndarray, shape (n, V) or (B, n, V)
        Of n subjects.
    missing : ndarray of bool, shape (V,)
        Visits to impute, one or more.
    of : Normal
        Means (B, n, V) and covariances (B, 1, V, V), the same for all n, of B imputations.
    noise : ndarray, shape (B, n, m), optional
        Standard normal numbers for the m missing visits. Left out: their conditional means.

    Returns
    -------
    ndarray, shape (B, n, V)
        Observed values as they are.
    """
    slope, covariance = conditional(of.cov[..., 0, :, :], missing)
    values = np.array(np.broadcast_to(y, of.mean.shape))
    expected = of.mean[..., missing] + (values[..., ~missing] - of.mean[..., ~missing]) @ slope
    if noise is not None:
        expected = expected + noise @ np.linalg.cholesky(covariance).swapaxes(-1, -2)
    values[..., missing] = expected
    return values

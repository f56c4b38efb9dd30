"""Standardisation: what the mean would be if everybody were in one arm, from predictions of a model.

References
----------
Bannick MS, Shao J, Liu J, Du Y, Yi Y, Ye T (2025). Biometrika 112(3):asaf029. Ye T, Bannick M, Yi Y, Shao J (2023). Stat
Theory Relat Fields 7:159-163, p. 161.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray

NO_SPREAD = 1e-10
"""Share of its terms below which a variance is 0: rounding of their sum is 1e-15."""

ROUNDED = 1e-8
"""A standard error that is a smaller share of the mean is 0: predictions, and what they leave of values without spread, are
known to 1e-9."""


@dataclass(frozen=True)
class Standardised:
    """Standardised means of A arms.

    Attributes
    ----------
    mean : ndarray, shape (A,)
        If everybody were in the arm.
    covariance : ndarray, shape (A, A)
        Of the means.
    """

    mean: FloatArray
    covariance: FloatArray


def standardise(response: FloatArray, arm: np.ndarray, predicted: FloatArray) -> Standardised:
    """Means of predictions, corrected by the mean residual of each arm, and their variance under simple randomisation.

    The mean of arm a is mean(m_a) + mean(y - m_a | arm a), m_a being the prediction of everybody in arm a. With a canonical
    link and the arm in the model (logistic or Poisson regression) the second term is 0. n times the covariance is, for a and
    for a and b,

        [Var(y_a) - 2 Cov(y_a, m_a) + Var(m_a)] / share_a + 2 Cov(y_a, m_a) - Var(m_a),
        Cov(y_a, m_b) + Cov(y_b, m_a) - Cov(m_a, m_b),

    moments of y_a among those in arm a, of predictions alone among all. The covariates are random, as subjects are, and the
    model may be wrong. Without covariates it is the variance of each arm over its number. Under stratified randomisation it is
    too large, if anything.

    Parameters
    ----------
    response : ndarray, shape (n,)
        Observed.
    arm : ndarray of int, shape (n,)
        Code of the arm, each of the A with two subjects or more.
    predicted : ndarray, shape (n, A)
        Of each subject in each arm.

    Returns
    -------
    Standardised
        Of the A arms; a variance is with n - 1. Where values and predictions have no spread it is 0.
    """
    n, n_arms = predicted.shape
    members = [arm == each for each in range(n_arms)]
    mean = predicted.mean(axis=0) + [float((response[own] - predicted[own, a]).mean()) for a, own in enumerate(members)]
    among_all = np.cov(predicted, rowvar=False).reshape(n_arms, n_arms)
    # with_predictions[a, b] is Cov(y_a, m_b).
    with_predictions = np.empty((n_arms, n_arms))
    own_variance = np.empty(n_arms)
    for a, own in enumerate(members):
        moments = np.cov(np.column_stack([response[own], predicted[own]]), rowvar=False)
        own_variance[a], with_predictions[a] = moments[0, 0], moments[0, 1:]
    share = np.array([own.mean() for own in members])
    of_both, of_predictions = np.diagonal(with_predictions), np.diagonal(among_all)
    residual = own_variance - 2 * of_both + of_predictions
    covariance = with_predictions + with_predictions.T - among_all + np.diag(residual / share)
    terms = (own_variance + 2 * np.abs(of_both) + of_predictions) / share
    return without_rounding(mean, covariance / n, terms / n)


def without_rounding(mean: FloatArray, covariance: FloatArray, terms: FloatArray) -> Standardised:
    """Standardised means, of which those that have no spread but for rounding have a variance of 0.

    Parameters
    ----------
    mean : ndarray, shape (A,)
        Of each arm.
    covariance : ndarray, shape (A, A)
        Of the means.
    terms : ndarray, shape (A,)
        The size of what each variance is the sum of.

    Returns
    -------
    Standardised
        Covariances of such means are 0, too.
    """
    none = np.abs(np.diagonal(covariance)) <= NO_SPREAD * terms + (ROUNDED * mean) ** 2
    return Standardised(mean, np.where(none[:, None] | none, 0.0, covariance))


def combine(means: Standardised, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Linear combinations of standardised means, and their variances.

    Parameters
    ----------
    means : Standardised
        Of A arms.
    weights : ndarray, shape (k, A)
        Of each combination.

    Returns
    -------
    estimate, variance : ndarray, shape (k,)
        A variance that is rounding of its terms is 0.
    """
    variance = np.einsum("ka,ab,kb->k", weights, means.covariance, weights)
    terms = np.einsum("ka,ab,kb->k", np.abs(weights), np.abs(means.covariance), np.abs(weights))
    return weights @ means.mean, np.where(np.abs(variance) <= NO_SPREAD * terms, 0.0, variance)


def rate_contributions(counts: FloatArray, time: FloatArray, arm: np.ndarray) -> FloatArray:
    """What each subject adds to the rate of its arm, all counts over all the time: numbers of which this is the mean.

    They are R + (y - R t)/mean(t), with R = sum(y)/sum(t), y the count and t the time of a subject of the arm. The variance of
    their mean is that of R in large samples, however counts and times hang together. With predictions of a unit of time,
    `standardise` makes of them R_a + mean(m_a) - mean(m_a | arm a): the rate of the arm, corrected for chance differences of its
    subjects, and right whether or not predictions are.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Of each subject.
    time : ndarray, shape (n,)
        Above 0.
    arm : ndarray of int, shape (n,)
        Code of the arm.

    Returns
    -------
    ndarray, shape (n,)
        Per unit of time; where all times are the same, counts over time.

    References
    ----------
    Cochran WG (1977). Sampling Techniques, 3rd edition, section 2.11, theorem 2.5.
    """
    n, all_counts, all_time = (np.bincount(arm, each) for each in (np.ones(len(arm)), counts, time))
    rate = (all_counts / all_time)[arm]
    return np.asarray(rate + (counts - rate * time) / (all_time / n)[arm])


def sandwich_of_scores(design: FloatArray, score: FloatArray, curvature: FloatArray) -> FloatArray:
    """Covariance of coefficients that does not trust the model's variance (HC0).

    Parameters
    ----------
    design : ndarray, shape (n, p)
        Of full rank.
    score, curvature : ndarray, shape (n,)
        First and second derivatives of the log-likelihood by the linear predictor.

    Returns
    -------
    ndarray, shape (p, p)
        White H (1982). Econometrica 50:1-25, theorem 3.2.
    """
    bread = np.linalg.pinv((design * -curvature[:, None]).T @ design, hermitian=True)
    meat = (design * score[:, None] ** 2).T @ design
    return np.asarray(bread @ meat @ bread)

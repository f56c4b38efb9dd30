"""Standardisation: the mean if all subjects were in one arm, from predictions of a model.

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
"""Share of its terms below which a variance is 0. Rounding of their sum is 1e-15."""

ROUNDED = 1e-8
"""Share of the mean below which a standard error is 0. Predictions, and residuals of values without spread, have rounding of
1e-9."""


@dataclass(frozen=True)
class Standardised:
    """Standardised means of A arms.

    Attributes
    ----------
    mean : ndarray, shape (A,)
        Mean if all subjects were in the arm.
    covariance : ndarray, shape (A, A)
        Covariance of the means.
    """

    mean: FloatArray
    covariance: FloatArray


def standardise(response: FloatArray, arm: np.ndarray, predicted: FloatArray) -> Standardised:
    """Average predictions over all subjects, corrected by the mean residual of each arm.

    The mean of arm a is mean(m_a) + mean(y - m_a | arm a), where m_a are the predictions of all subjects in arm a. With a
    canonical link and the arm in the model (logistic or Poisson regression) the second term is 0. The covariance holds under
    simple randomisation. n times the covariance is, for a and for a and b,

        [Var(y_a) - 2 Cov(y_a, m_a) + Var(m_a)] / share_a + 2 Cov(y_a, m_a) - Var(m_a),
        Cov(y_a, m_b) + Cov(y_b, m_a) - Cov(m_a, m_b),

    Moments of y_a are over the subjects of arm a, moments of predictions alone over all subjects. Covariates are random, and the
    model may be wrong. Without covariates it is the variance of each arm divided by its number of subjects. Under stratified
    randomisation it is conservative.

    Parameters
    ----------
    response : ndarray, shape (n,)
        Observed responses.
    arm : ndarray of int, shape (n,)
        Code of the arm of each subject, from 0; each of the A arms has at least two subjects.
    predicted : ndarray, shape (n, A)
        Prediction of each subject in each arm.

    Returns
    -------
    Standardised
        Means of the A arms. Variances have the divisor n - 1; they are 0 where responses and predictions have no spread.
    """
    n, n_arms = predicted.shape
    members = [arm == code for code in range(n_arms)]
    mean = predicted.mean(axis=0) + [float((response[of_arm] - predicted[of_arm, a]).mean()) for a, of_arm in enumerate(members)]
    among_all = np.cov(predicted, rowvar=False).reshape(n_arms, n_arms)
    # with_predictions[a, b] is Cov(y_a, m_b).
    with_predictions = np.empty((n_arms, n_arms))
    of_response = np.empty(n_arms)
    for a, of_arm in enumerate(members):
        moments = np.cov(np.column_stack([response[of_arm], predicted[of_arm]]), rowvar=False)
        of_response[a], with_predictions[a] = moments[0, 0], moments[0, 1:]
    share = np.array([of_arm.mean() for of_arm in members])
    of_both, of_predictions = np.diagonal(with_predictions), np.diagonal(among_all)
    residual = of_response - 2 * of_both + of_predictions
    covariance = with_predictions + with_predictions.T - among_all + np.diag(residual / share)
    terms = (of_response + 2 * np.abs(of_both) + of_predictions) / share
    return without_rounding(mean, covariance / n, terms / n)


def without_rounding(mean: FloatArray, covariance: FloatArray, terms: FloatArray) -> Standardised:
    """Set variances of means that are rounding alone to 0.

    Parameters
    ----------
    mean : ndarray, shape (A,)
        Mean of each arm.
    covariance : ndarray, shape (A, A)
        Covariance of the means.
    terms : ndarray, shape (A,)
        Sum of the sizes of the terms of each variance.

    Returns
    -------
    Standardised
        The means. Covariances of means without spread are 0, too.
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
    """Compute the contribution of each subject to the rate of its arm, whose mean is the rate.

    The contributions are R + (y - R t)/mean(t), with R = sum(y)/sum(t). Here y is the count and t the time of a subject. The
    variance of their mean is that of R in large samples, whatever the dependence of counts and times. With predictions per unit
    of time, `standardise` gives R_a + mean(m_a) - mean(m_a | arm a). This is the rate of the arm, corrected for chance imbalance
    of covariates. It is consistent also under a wrong model.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Count of each subject.
    time : ndarray, shape (n,)
        Time of each subject, above 0.
    arm : ndarray of int, shape (n,)
        Code of the arm of each subject, from 0.

    Returns
    -------
    ndarray, shape (n,)
        Contributions per unit of time; where all times are equal, counts divided by time.

    References
    ----------
    Cochran WG (1977). Sampling Techniques, 3rd edition, section 2.11, theorem 2.5.
    """
    n, all_counts, all_time = (np.bincount(arm, summed) for summed in (np.ones(len(arm)), counts, time))
    rate = (all_counts / all_time)[arm]
    return np.asarray(rate + (counts - rate * time) / (all_time / n)[arm])


def sandwich_of_scores(design: FloatArray, score: FloatArray, curvature: FloatArray) -> FloatArray:
    """Compute the sandwich covariance of coefficients, which holds also under a wrong variance of the model (HC0).

    Parameters
    ----------
    design : ndarray, shape (n, p)
        Design, of full column rank.
    score, curvature : ndarray, shape (n,)
        First and second derivatives of the log-likelihood by the linear predictor.

    Returns
    -------
    ndarray, shape (p, p)
        Covariance of the coefficients.

    References
    ----------
    White H (1982). Econometrica 50:1-25, theorem 3.2.
    """
    bread = np.linalg.pinv((design * -curvature[:, None]).T @ design, hermitian=True)
    meat = (design * score[:, None] ** 2).T @ design
    return np.asarray(bread @ meat @ bread)

"""`LikelihoodRatio`: the likelihood ratio test of two nested fits of one data set."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from botox_analysis.errors import DataError, FitError, require_fit
from botox_analysis.models.repeated.covariance import Covariance
from botox_analysis.models.repeated.fitted import FittedModel
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.structures import STRUCTURES
from botox_analysis.numerics.repeated.subject_data import patterns

WITHIN = 1e-7
"""Largest squared share of a direction of the smaller mean outside the larger mean, for nested means. Rounding leaves 1e-12, and
nearly aliased columns `ALIASED` squared."""

SAME_LIKELIHOOD = 1e-6
"""Difference by which rounding (1e-10) may put the log-likelihood of a larger model below that of a smaller one."""

SPECIAL_CASES = {
    "compound symmetry": ("toeplitz",),
    "ar1": ("toeplitz", "ante-dependence"),
}
"""Larger structures of which a structure is a special case, besides its heterogeneous form and the unstructured covariance."""


def _refuse_other_values(smaller: FittedModel, larger: FittedModel) -> None:
    one, other = smaller.measures, larger.measures
    for name in one.labels:
        if one.labels[name] != other.labels[name]:
            raise DataError(
                f"the fits differ in {name}: '{one.labels[name]}' and '{other.labels[name]}'; expected fits of the same values."
            )
    for what, mine, theirs in (
        ("the handling of missing values", one.handling, other.handling),
        ("weights", one.weights, other.weights),
        ("visits", ", ".join(one.visits), ", ".join(other.visits)),
        ("numbers of values", f"{smaller.n_values:,}", f"{larger.n_values:,}"),
        ("numbers of subjects", f"{smaller.n_subjects:,}", f"{larger.n_subjects:,}"),
    ):
        if mine != theirs:
            raise DataError(f"the fits differ in {what}: '{mine}' and '{theirs}'; expected fits of the same values.")
    if one.data is None or other.data is None:
        if one.terms != other.terms or one.mean != other.mean:
            raise FitError(
                "different means are compared by subjects, but a sum of parts contains no subjects. Try to fit the outcomes."
            )
        same = np.isclose(one.sums.squares.sum(), other.sums.squares.sum(), rtol=1e-9)
    else:
        everybody = slice(0, len(one.data.y))
        same = (
            one.data.y.shape == other.data.y.shape
            and one.subjects()["subject"].equals(other.subjects()["subject"])
            and np.array_equal(one.data.observed(everybody), other.data.observed(everybody))
            and np.array_equal(one.data.y, other.data.y, equal_nan=True)
        )
    if not same:
        raise DataError("the fits are of different values at some visits; expected fits of the same outcomes.")


def _is_mean_within(smaller: FittedModel, larger: FittedModel) -> bool:
    """Check that each mean of the smaller model is a mean of the larger model."""
    one, other = smaller.measures, larger.measures
    if one.data is None or other.data is None:
        return True  # of the same terms, see `_refuse_other_values`
    inner = _rows(smaller).T @ _rows(larger)  # of orthonormal columns
    return bool((1 - (inner**2).sum(axis=1) < WITHIN).all())


def _rows(fit: FittedModel) -> FloatArray:
    """Build the rows of the design of all subjects and visits, with orthonormal columns; 0 for missing values."""
    data, cross = fit.measures.of_subjects, fit.measures.sums
    r, n_visits = cross.uu.shape[-1], data.y.shape[1]
    design = fit.fitted.problem.basis.rows.reshape(n_visits, r, -1)
    pieces = []
    for rows, observed, _ in patterns(data):
        u = data.chunk(rows, observed, cross.centre, cross.centre_y)[:, :r]
        pieces.append(((u @ design).transpose(1, 0, 2) * observed[..., None]).reshape(-1, design.shape[-1]))
    return np.concatenate(pieces)


def _is_special_case(smaller: Covariance, larger: Covariance) -> bool:
    if smaller.by not in ("", larger.by):
        return False
    if (smaller.structure, smaller.on) == (larger.structure, larger.on):
        return True
    if smaller.on or larger.on:
        return False
    if larger.structure == "unstructured":
        return True
    if smaller.is_heterogeneous and not larger.is_heterogeneous:
        return False
    plain, whole = (_PLAIN[phrase.structure] for phrase in (smaller, larger))
    return plain == whole or whole in SPECIAL_CASES.get(plain, ())


_PLAIN = {
    name: next(other for other, plain in STRUCTURES.items() if plain and plain.correlation is structure.correlation)
    for name, structure in STRUCTURES.items()
    if structure
}
"""Each structure -> the structure with the same correlation and one variance."""


class LikelihoodRatio(FittedModel):
    """A fit that can be compared with the fit of a smaller model."""

    def likelihood_ratio(self, smaller: FittedModel) -> pd.DataFrame:
        """Test by the ratio of likelihoods that a smaller mixed model is sufficient.

        Models with equal means are compared by REML or by maximum likelihood, models with different means by maximum likelihood
        only. The chi-squared distribution holds in large samples; in small samples tests of means reject too often.

        Parameters
        ----------
        smaller : MmrmFit
            A fit of the same values whose covariance, mean, or both are a special case of this fit.

        Returns
        -------
        DataFrame
            One row: endpoint, test (``"covariance"``, ``"mean"``, ``"mean and covariance"``), smaller, larger (the methods),
            loglik_smaller, loglik_larger, statistic (twice their difference), df, p_value.

        Raises
        ------
        DataError
            The fits are of different values.
        FitError
            The larger model has the smaller likelihood, so one fit is not at its maximum.
        ValueError
            The fits have different estimation, or different means by REML. Or the smaller model is no special case of the larger.

        References
        ----------
        Verbeke G, Molenberghs G (2000). Linear Mixed Models for Longitudinal Data, sections 6.2-6.3.

        Examples
        --------
        >>> smaller = ba.fit_mmrm(outcomes, covariance="toeplitz")
        >>> fit.likelihood_ratio(smaller)["df"].tolist()
        [15.0]
        """
        require_fit(smaller, "smaller")
        _refuse_other_values(smaller, self)
        restricted = [fit.fitted.problem.restricted for fit in (smaller, self)]
        if restricted[0] != restricted[1]:
            words = ["REML" if is_restricted else "maximum likelihood" for is_restricted in restricted]
            raise ValueError(
                f"the smaller model is fitted by {words[0]}, the larger by {words[1]}; expected the same estimation."
            )
        p_smaller, p_larger = (int(fit.fitted.problem.basis.kept.sum()) for fit in (smaller, self))
        same_mean = p_smaller == p_larger and _is_mean_within(smaller, self)
        if not same_mean:
            if restricted[0]:
                raise ValueError(
                    "the models have different means, whose REML likelihoods are not comparable. Try both by maximum likelihood: "
                    "advanced.fit_crossproducts(fit.measures, covariance=fit.covariance_structure, estimation='ml')."
                )
            if not _is_mean_within(smaller, self):
                raise ValueError("`smaller` must have a mean that is a special case of the mean of the larger model.")
        phrases = smaller.covariance_structure, self.covariance_structure
        if not _is_special_case(*phrases):
            raise ValueError(
                f"`smaller` must have a covariance that is a special case of '{self.structure}'; got '{smaller.structure}'. "
                "Try the method likelihood_ratio of the larger model."
            )
        df = p_larger - p_smaller + self.n_parameters - smaller.n_parameters
        if df < 1:
            raise ValueError("both models have the same mean and covariance; expected a smaller and a larger model.")
        # Different columns for the same mean change a REML likelihood by a constant.
        logliks = [fit.loglik + (fit.fitted.problem.basis.log_det / 2 if restricted[0] else 0.0) for fit in (smaller, self)]
        statistic = 2 * (logliks[1] - logliks[0])
        if statistic < -SAME_LIKELIHOOD:
            raise FitError(
                f"the larger model has the smaller likelihood, by {-statistic / 2:.3g}: one fit is not at its maximum. Try to "
                "scale the covariates, or compare other models."
            )
        statistic = max(statistic, 0.0)
        changed = [word for word, differs in (("mean", not same_mean), ("covariance", phrases[0] != phrases[1])) if differs]
        return pd.DataFrame(
            {
                "endpoint": [smaller.labels["endpoint"]],
                "test": [" and ".join(changed)],
                "smaller": [smaller.method],
                "larger": [self.method],
                "loglik_smaller": [smaller.loglik],
                "loglik_larger": [self.loglik],
                "statistic": [statistic],
                "df": [float(df)],
                "p_value": [float(special.chdtrc(df, statistic))],
            }
        )

"""The section of diagnostics: residuals and correlations of the primary mixed model."""

from __future__ import annotations

import math
from functools import partial

import pandas as pd

from botox_analysis import wording
from botox_analysis.figures.checking.covariance import plot_covariance
from botox_analysis.figures.checking.residuals import plot_residuals
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.section import Figure, Section


def report_diagnostics(analysis: Analysis) -> Section:
    """Show the residuals and the correlations of the primary mixed model.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        Empty for other models. Correlations are shown for three visits or more.
    """
    fit = analysis.primary.fit
    if not isinstance(fit, MmrmFit):
        return Section("diagnostics")
    residuals = Figure(
        "residuals",
        f"Normalised residuals of the primary model, {wording.count(fit.n_values)} values. They are divided by the standard "
        "deviation, and the correlation within subjects is removed. From left to right: against the fitted values; against the "
        "quantiles of a normal distribution, equal on the line; by visit. If the model holds, 95 % lie between the dashed lines.",
        partial(plot_residuals, _rounded(fit.residuals())),
    )
    correlations = Figure(
        "covariance",
        "Correlation between the visits of a subject, as fitted in the primary model "
        f"({fit.covariance_structure.words}, the same in all arms).",
        partial(plot_covariance, fit.correlation()),
    )
    return Section(
        name="diagnostics",
        heading="Diagnostics of the primary model",
        link="Diagnostics",
        shows=(residuals, correlations if len(fit.visits) > 2 else None),
    )


def _rounded(residuals: pd.DataFrame) -> pd.DataFrame:
    """Round residuals to a millionth of their range, less than a pixel: the last bits of a fit then do not change a drawing."""

    def rounded(numbers: pd.Series) -> pd.Series:
        span = float(numbers.max() - numbers.min())
        return numbers.round(6 - math.floor(math.log10(span))) if span > 0 else numbers

    return residuals.assign(**{name: rounded(residuals[name]) for name in ("fitted", "residual")})

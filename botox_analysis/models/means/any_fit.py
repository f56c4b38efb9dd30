"""`AnyFit`: the attributes and methods that every fit has; the columns of its summary, and its display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, FitError
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.handling import DERIVATION, HANDLING, MODEL
from botox_analysis.frames.measures import measure_name, measure_of, unit
from botox_analysis.models.means.contrasts import Weights
from botox_analysis.wording import Overview, arms_in_words, count, decimals_for, interval, number, p_value, some_of

SUMMARY_TEXTS = ("visit", "estimation", "structure", "mean", "covariates")
SUMMARY = (
    *SUMMARY_TEXTS, "n_subjects", "n_values", "n_coefficients", "n_parameters", "loglik", "aic", "bic", "residual_sd",
    "dispersion", "n_iterations", "model",
)  # fmt: skip
"""Columns of every summary."""

MOST_LINES = 25
"""Most lines of a fit in a terminal."""


@runtime_checkable
class AnyFit(Protocol):
    """A fitted model of *outcomes* of any kind, with means of arms at visits and comparisons of these means.

    Attributes
    ----------
    arms : tuple of str
        Arms, the reference first.
    visits : tuple of str
        Visits, in the order of time.

    Examples
    --------
    >>> isinstance(fit, ba.advanced.AnyFit), isinstance(outcomes, ba.advanced.AnyFit)
    (True, False)
    """

    @property
    def arms(self) -> tuple[str, ...]:
        """Arms, the reference first.

        Examples
        --------
        >>> fit.arms
        ('placebo', 'onabotulinumtoxinA')
        """

    @property
    def visits(self) -> tuple[str, ...]:
        """Visits, in the order of time.

        Examples
        --------
        >>> fit.visits[-1]
        'week 24'
        """

    @property
    def method(self) -> str:
        """The model and the handling of missing values, in words.

        Examples
        --------
        >>> fit.method.split(",")[0]
        'MMRM'
        """

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects who do not enter the model: columns ``where``, ``reason``, ``n``.

        Examples
        --------
        >>> fit.left_out[["reason", "n"]].values.tolist()
        [['no change at any visit', 10]]
        """

    def means(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate the mean of each arm at each visit.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm; without p-values.

        Examples
        --------
        >>> fit.means().query("visit == 'week 24'")[["arm", "estimate"]].round(2).values.tolist()
        [['placebo', -5.99], ['onabotulinumtoxinA', -8.13]]
        """

    def differences(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate the difference of each arm to the reference at each visit.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* of arm minus reference, by visit and arm.

        Examples
        --------
        >>> fit.differences().query("visit == 'week 24'")[["estimate", "conf_low", "conf_high"]].round(2).values.tolist()
        [[-2.14, -2.93, -1.35]]
        """

    def contrasts(self, weights: Weights, *, conf_level: float = 0.95) -> Estimates:
        """Estimate differences between combinations of the means, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            For each name, weights of the means of arms at visits. The weights of a name add up to 0.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* in the given order; ``category`` contains the name.

        Examples
        --------
        >>> late = {("placebo", "week 4"): -1, ("placebo", "week 24"): 1}
        >>> fit.contrasts({"from week 4 to week 24, placebo": late})["estimate"].round(2).tolist()
        [-0.83]
        """

    def summary(self) -> pd.DataFrame:
        """Summarise the fit in a frame whose columns are the same for every model.

        Returns
        -------
        DataFrame
            The columns `SUMMARY`. A model of each visit has one row for each visit. A model of all visits has one row with an
            empty ``visit``.

        Examples
        --------
        >>> fit.summary()[["structure", "n_subjects", "n_values"]].values.tolist()
        [['unstructured', 1374, 7762]]
        """


def summary_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Make the summary of a fit.

    Parameters
    ----------
    rows : sequence of mapping of str to object
        For each fitted model, known values by column of `SUMMARY`.

    Returns
    -------
    DataFrame
        The columns `SUMMARY`; unknown texts are empty, and unknown numbers are missing.
    """
    unknown = dict.fromkeys(SUMMARY, np.nan) | dict.fromkeys(SUMMARY_TEXTS, "")
    return pd.DataFrame([unknown | dict(row) for row in rows], columns=list(SUMMARY))


def summary_row(n: int, n_coefficients: int, n_parameters: int, loglik: float) -> dict[str, Any]:
    """Make the row of a summary for a model of one visit, whose likelihood is of all its parameters.

    Parameters
    ----------
    n, n_coefficients, n_parameters : int
        Number of subjects, of coefficients, and of further parameters such as a dispersion.
    loglik : float
        Log-likelihood; missing (nan) for a model without a likelihood.

    Returns
    -------
    dict of str to object
        Values by column of `SUMMARY`. ``aic`` and ``bic`` count coefficients and parameters.
    """
    p = n_coefficients + n_parameters
    return {
        "n_subjects": n,
        "n_values": n,
        "n_coefficients": n_coefficients,
        "n_parameters": n_parameters,
        "loglik": loglik,
        "aic": 2 * p - 2 * loglik,
        "bic": float(np.log(n)) * p - 2 * loglik,
    }


def overview_of(fit: AnyFit) -> Overview:
    """Summarise a fit in a few lines: its model, its data, and the differences to the reference.

    Parameters
    ----------
    fit : AnyFit
        A fit of any model.

    Returns
    -------
    Overview
        Means replace differences if the fit has one arm or no difference between arms. The middle of many rows is left out.
    """
    n = fit.summary()["n_subjects"]
    subjects = count(n.min()) if n.nunique() == 1 else f"{count(n.min())} to {count(n.max())}, by visit"
    of_fit = (
        ("arms", arms_in_words(fit.arms)),
        ("visits", some_of(fit.visits)),
        ("subjects", subjects),
        ("left out", _left_out(fit.left_out)),
    )
    kind = type(fit).__name__
    try:
        estimates = _compared(fit)
    except FitError as undetermined:
        alone = (("model", fit.method), *of_fit, ("estimates", str(undetermined)))
        return Overview(kind, alone, most_lines=MOST_LINES, lines_per_row=2)
    row = estimates.iloc[0]
    rows = (
        ("trial", ", ".join(filter(None, (row["trial"], row["population"])))),
        ("response", row["category"]),
        ("model", row[MODEL]),
        ("missing values", row[HANDLING]),
        ("diary", row[DERIVATION]),
        ("intercurrent events", row["intercurrent"]),
        *of_fit,
    )
    return Overview(f"{kind}: {row['endpoint']}", rows, _cells(estimates), MOST_LINES, lines_per_row=2)


def _compared(fit: AnyFit) -> Estimates:
    try:
        return fit.differences()
    except DataError:  # one arm, or a mean without a difference between arms
        return fit.means()


def _left_out(rows: pd.DataFrame) -> str:
    """List the reasons with the number of subjects of each."""
    n = rows.groupby("reason", sort=False)["n"].agg(["min", "max", "size"])
    return "; ".join(
        f"{reason}: {count(least)}" + (f" to {count(most)}, by visit" if n_rows > 1 else "")
        for reason, least, most, n_rows in n.itertuples()
    )


def _cells(estimates: Estimates) -> tuple[tuple[str, ...], ...]:
    """Return a header, and visit, arm, n, estimate, limits and p-value as texts; no p-values for means."""
    measure, level = estimates[["measure", "conf_level"]].iloc[0]
    factor = measure_of(measure).factor
    decimals = decimals_for(factor * estimates["std_error"])
    of = ", ".join(filter(None, (measure_name(measure), unit(measure))))
    header = ("visit", "arm", "n", of, f"{100 * level:g} % limits", "p")
    names = ["visit", "arm", "n", "estimate", "conf_low", "conf_high", "p_value"]
    rows = [
        (
            visit,
            arm,
            count(n),
            number(factor * estimate, decimals),
            interval(factor * low, factor * high, decimals),
            p_value(p),
        )
        for visit, arm, n, estimate, low, high, p in estimates[names].itertuples(index=False)
    ]
    n_columns = len(header) - bool(estimates["p_value"].isna().all())
    return tuple(row[:n_columns] for row in (header, *rows))

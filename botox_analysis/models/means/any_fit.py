"""`AnyFit`: what every fit answers, whatever model was fitted; the columns of its summary, and the fit in few lines."""

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
"""The columns of every summary."""

MOST_LINES = 25
"""Lines of a fit in a terminal."""


@runtime_checkable
class AnyFit(Protocol):
    """A fitted model of *outcomes*, whichever: adjusted or standardised means of arms at visits, and comparisons of them.

    Attributes
    ----------
    arms : tuple of str
        Reference first.
    visits : tuple of str
        In time.
    """

    @property
    def arms(self) -> tuple[str, ...]:
        """Reference first."""

    @property
    def visits(self) -> tuple[str, ...]:
        """In time."""

    @property
    def method(self) -> str:
        """The model and the handling of missing values, in words."""

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects that do not enter: where, reason, n."""

    def means(self, *, conf_level: float = 0.95) -> Estimates:
        """Means of each arm at each visit.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm; without p-values.
        """

    def differences(self, *, conf_level: float = 0.95) -> Estimates:
        """Differences of each arm to the reference at each visit.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm.
        """

    def contrasts(self, weights: Weights, *, conf_level: float = 0.95) -> Estimates:
        """Differences between combinations of the means, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            For each name, the weight of the mean of an arm at a visit. They add up to 0.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* in the order given; the name is in ``category``.
        """

    def summary(self) -> pd.DataFrame:
        """Numbers that describe the fit: frames of several fits can be stacked.

        Returns
        -------
        DataFrame
            The columns `SUMMARY`: a row for each visit that was fitted on its own, else one row with an empty visit.
        """


def summary_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The summary of a fit.

    Parameters
    ----------
    rows : sequence of mapping of str to object
        For each model that was fitted, what is known of the columns `SUMMARY`.

    Returns
    -------
    DataFrame
        Texts that are left out are empty, numbers missing.
    """
    unknown = dict.fromkeys(SUMMARY, np.nan) | dict.fromkeys(SUMMARY_TEXTS, "")
    return pd.DataFrame([unknown | dict(row) for row in rows], columns=list(SUMMARY))


def summary_row(n: int, n_coefficients: int, n_parameters: int, loglik: float) -> dict[str, Any]:
    """Columns of the summary of a model of one visit, whose likelihood is of all its parameters.

    Parameters
    ----------
    n, n_coefficients, n_parameters : int
        Subjects, coefficients, and parameters beside them, such as a dispersion.
    loglik : float
        Missing where there is no likelihood.

    Returns
    -------
    dict of str to object
        With both criteria, which count coefficients and parameters.
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
    """A fit in few lines: what was fitted to what, and differences to the reference.

    Parameters
    ----------
    fit : AnyFit
        Any.

    Returns
    -------
    Overview
        Means stand for differences where arms are not compared. The middle of many rows is left out.
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
    """Reasons, and how many subjects each is the reason of."""
    n = rows.groupby("reason", sort=False)["n"].agg(["min", "max", "size"])
    return "; ".join(
        f"{reason}: {count(least)}" + (f" to {count(most)}, by visit" if n_rows > 1 else "")
        for reason, least, most, n_rows in n.itertuples()
    )


def _cells(estimates: Estimates) -> tuple[tuple[str, ...], ...]:
    """Visit, arm, number of subjects, estimate, limits and, where there is one, p-value as texts; a header before them."""
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

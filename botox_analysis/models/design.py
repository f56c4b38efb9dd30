"""The columns of a linear model: arms, slopes of numbers, levels of factors, and the rows that are means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from botox_analysis.numerics.inference import FloatArray
from botox_analysis.refusal import DataError, listed
from botox_analysis.schema import OF_VISITS, OUTCOMES


@dataclass(frozen=True)
class Design:
    """The design of one visit: a cell for each arm, then the covariates.

    Attributes
    ----------
    matrix : ndarray, shape (n, p)
        One column per arm, then per number, then per level (but the first) of each factor.
    names : tuple of str
        Of the p columns.
    observed, equal : ndarray, shape (A, p)
        The combination of coefficients that is the mean of each arm, factors as observed or each level the same.
    """

    matrix: FloatArray
    names: tuple[str, ...]
    observed: FloatArray
    equal: FloatArray


def build_design(rows: pd.DataFrame, covariates: Sequence[str], arms: Sequence[str]) -> Design:
    """The design of the subjects of one visit.

    Parameters
    ----------
    rows : DataFrame
        *outcomes* of the subjects analysed, nothing missing in the covariates.
    covariates : sequence of str
        Columns of `rows`: numbers become slopes, all else factors.
    arms : sequence of str
        Reference first.

    Returns
    -------
    Design
        Numbers are centred at their mean, so that an arm's column is its mean there.
    """
    arm_codes = pd.Index(list(arms)).get_indexer(rows["arm"].astype(object))
    blocks = [np.equal.outer(arm_codes, np.arange(len(arms))).astype(float)]
    names = [f"arm {arm}" for arm in arms]
    equal_margins: list[float] = []
    for covariate in covariates:
        column = rows[covariate]
        if is_number(column):
            numbers = column.to_numpy(dtype=float)
            blocks.append((numbers - numbers.mean())[:, None])
            names.append(covariate)
            equal_margins.append(0.0)
        else:
            levels = sorted(column.astype(str).unique())
            level_codes = pd.Categorical(column.astype(str), categories=levels).codes
            blocks.append(np.equal.outer(level_codes, np.arange(1, len(levels))).astype(float))
            names += [f"{covariate} {level}" for level in levels[1:]]
            equal_margins += [1 / len(levels)] * (len(levels) - 1)
    matrix = np.column_stack(blocks)
    cells = np.eye(len(arms))
    observed_margins = matrix[:, len(arms) :].mean(axis=0)
    observed_margins[[name in covariates for name in names[len(arms) :]]] = 0.0  # a centred number's mean is 0, but for rounding
    return Design(
        matrix,
        tuple(names),
        np.hstack([cells, np.tile(observed_margins, (len(arms), 1))]),
        np.hstack([cells, np.tile(np.array(equal_margins, dtype=float), (len(arms), 1))]),
    )


def is_number(column: pd.Series) -> bool:
    """Whether a covariate is a number, which has a slope, or a factor, which has levels.

    Parameters
    ----------
    column : Series
        A column of outcomes.

    Returns
    -------
    bool
        Truth values and texts are factors, also texts that look like numbers.

    Raises
    ------
    DataError
        The column holds dates, or numbers that pandas does not know as such.
    """
    if column.dtype.kind in "iuf":
        return True
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(column):
        return False
    contents = pd.api.types.infer_dtype(column)
    if contents in NO_COVARIATE:
        right = "a number of days" if NO_COVARIATE[contents] in ("dates", "durations") else "a number"
        raise DataError(f"outcomes: the covariate '{column.name}' holds {NO_COVARIATE[contents]}; expected {right}, or a factor.")
    if column.dtype == object and contents in NUMBERS_AS_OBJECTS:
        raise DataError(
            f"outcomes: the covariate '{column.name}' holds numbers, but its type is object; "
            "expected a column of numbers (astype(float)), or of texts for a factor."
        )
    return False


NUMBERS_AS_OBJECTS = ("integer", "floating", "mixed-integer-float", "decimal")

NO_COVARIATE = {
    **dict.fromkeys(("datetime64", "datetime", "date", "time"), "dates"),
    **dict.fromkeys(("timedelta64", "timedelta"), "durations"),
    **dict.fromkeys(("period", "interval"), "periods"),
    "bytes": "bytes",
    "complex": "complex numbers",
}
"""What `pandas.api.types.infer_dtype` finds where there is neither a number nor a level."""


NOT_COVARIATES = frozenset({*OUTCOMES, *OF_VISITS} - {"baseline"})
"""Columns of *outcomes* that are something else."""


def require_covariates(outcomes: pd.DataFrame, covariates: Sequence[str], what: str = "covariate") -> None:
    """Refuse covariates that outcomes does not have.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    covariates : sequence of str
        What the model asks for.
    what : str
        What the column is to be, for the message.

    Raises
    ------
    DataError
        Names the covariate, and those that there are.
    """
    usable = [column for column in outcomes.columns if column not in NOT_COVARIATES]
    unknown = [covariate for covariate in covariates if covariate not in usable]
    if unknown:
        raise DataError(f"outcomes has no {what} {listed(unknown)}; its covariates are {listed(usable, n_shown=30)}.")


def refuse_one_value(covariate: str, levels: Sequence[str]) -> None:
    """Refuse an effect of arm by a covariate that is the same for everybody.

    Parameters
    ----------
    covariate : str
        Its name.
    levels : sequence of str
        Those that occur; empty for a number.

    Raises
    ------
    DataError
        Always.
    """
    found = f"one level, '{levels[0]}'," if levels else "one value"
    raise DataError(
        f"outcomes: the covariate '{covariate}' has {found} among the subjects analysed, so its effect by arm is not determined; "
        f"expected two or more, or '{covariate}' without 'arm:'."
    )


def refuse_missing_covariate(covariate: str) -> None:
    """Refuse a covariate that nobody has.

    Parameters
    ----------
    covariate : str
        Its name.

    Raises
    ------
    DataError
        Always.
    """
    raise DataError(
        f"outcomes: the covariate '{covariate}' is missing for every subject; give it values, or leave it out of covariates."
    )

"""Designs of a linear model: columns of arms, numbers and levels of factors, and the rows of coefficients that are means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, listed
from botox_analysis.frames.outcomes import OF_VISITS, OUTCOMES, Outcomes, default_covariates
from botox_analysis.models.means.covariates import Covariate, read_covariates
from botox_analysis.models.means.fitted_mean import Column
from botox_analysis.numerics.linear.inference import FloatArray


@dataclass(frozen=True)
class Design:
    """The design of one visit: columns of arms, then of covariates.

    Attributes
    ----------
    matrix : ndarray, shape (n, p)
        One column for each arm, each number, and each level of a factor except the first. An effect by arm has its columns in
        each arm.
    columns : tuple of Column
        Descriptions of the p columns.
    observed, equal : ndarray, shape (A, p)
        For the mean of each arm, its combination of coefficients: with observed shares or with equal weights of levels.
    levels : mapping of str to tuple of str
        Levels of each covariate; empty for a number.
    centres : mapping of str to float
        Mean of each number.
    shares : mapping of str to ndarray
        Shares of the levels of each factor.
    n : mapping of str to ndarray, shape (A, 1, L)
        Number of subjects at each level, for factors with an effect by arm.
    """

    matrix: FloatArray
    columns: tuple[Column, ...]
    observed: FloatArray
    equal: FloatArray
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    centres: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, FloatArray] = field(default_factory=dict)
    n: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the p columns."""
        return tuple(column.name for column in self.columns)


def covariates_of(outcomes: Outcomes, covariates: Sequence[str] | None) -> tuple[Covariate, ...]:
    """Read the covariates of a model that is fitted at each visit.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    covariates : sequence of str, optional
        ``"x"`` or ``"arm:x"``, which includes ``"x"``. Left out: the baseline, unless all baselines are missing.

    Returns
    -------
    tuple of Covariate
        In the given order, without covariates that others include; all are columns of the outcomes.

    Raises
    ------
    DataError
        A covariate does not exist.
    ValueError
        `covariates` is no list of such names, each once.
    """
    if covariates is None:
        return tuple(Covariate(name) for name in default_covariates(outcomes))
    asked = read_covariates(covariates, outcomes.columns)
    require_covariates(outcomes, [each.name for each in asked])
    return asked


MOST = 1e100
"""Largest number whose squares have a finite sum over subjects; its inverse is the smallest."""


def finite_numbers(values: FloatArray, name: str) -> FloatArray:
    """Return the numbers of a covariate; raise an error if one is infinite or cannot be squared.

    Parameters
    ----------
    values : ndarray
        Numbers; NaN if missing.
    name : str
        Name of the covariate, for the message.

    Returns
    -------
    ndarray
        The same numbers.

    Raises
    ------
    DataError
        A number is infinite, or its square overflows or underflows.
    """
    if np.isinf(values).any():
        raise DataError(f"outcomes: found an infinite {name}; expected finite or missing numbers.")
    largest = float(np.fmax.reduce(np.abs(values), axis=None, initial=0.0))
    if largest and not 1 / MOST <= largest <= MOST:
        raise DataError(f"outcomes: the largest {name} is {largest:g}, too far from 1 to be squared. Try another unit.")
    return values


def build_design(rows: Outcomes, covariates: Sequence[Covariate], arms: Sequence[str]) -> Design:
    """Build the design of one visit.

    Parameters
    ----------
    rows : DataFrame
        *outcomes* of the analysed subjects, without missing covariates.
    covariates : sequence of Covariate
        Columns of `rows`. Numbers have slopes, all other columns are factors.
    arms : sequence of str
        Arms, the reference first.

    Returns
    -------
    Design
        Numbers are centred, so that the coefficient of an arm is its mean at the mean of numbers.
    """
    in_arm = np.equal.outer(pd.Index(list(arms)).get_indexer(rows["arm"].astype(object)), np.arange(len(arms))).astype(float)
    blocks = [in_arm]
    columns = [Column(f"arm {arm}", arm=place) for place, arm in enumerate(arms)]
    levels_of: dict[str, tuple[str, ...]] = {}
    centres: dict[str, float] = {}
    shares: dict[str, FloatArray] = {}
    n: dict[str, FloatArray] = {}
    for covariate in covariates:
        name, column = covariate.name, rows[covariate.name]
        if is_number(column):
            numbers = finite_numbers(column.to_numpy(dtype=float), name)
            # The mean of equal numbers is another number by rounding, and the column would not be 0.
            centre = numbers[0] if (numbers == numbers[0]).all() else numbers.mean()
            levels_of[name], centres[name] = (), float(centre)
            block, of_block = (numbers - centre)[:, None], [Column(name, variable=name)]
        else:
            levels = sorted(column.astype(str).unique())
            codes = pd.Categorical(column.astype(str), categories=levels).codes
            indicators = np.equal.outer(codes, np.arange(len(levels))).astype(float)
            levels_of[name], shares[name] = tuple(levels), indicators.mean(axis=0)
            block = indicators[:, 1:]
            of_block = [Column(f"{name} {level}", variable=name, level=code) for code, level in enumerate(levels)][1:]
            if covariate.by_arm:
                n[name] = (in_arm.T @ indicators)[:, None]
        for place in range(len(arms)) if covariate.by_arm else (-1,):
            within = "" if place < 0 else f"arm {arms[place]}: "
            blocks.append(block if place < 0 else block * in_arm[:, place : place + 1])
            columns += [replace(other, name=within + other.name, arm=place) for other in of_block]
    means = np.zeros((2, len(arms), len(columns)))
    for at, each in enumerate(columns):
        margins = np.ones(2) if not each.variable else np.zeros(2)  # a centred number's mean is 0
        if each.level >= 0:
            margins = np.array([shares[each.variable][each.level], 1 / len(shares[each.variable])])
        means[:, slice(None) if each.arm < 0 else each.arm, at] = margins if each.arm >= 0 else margins[:, None]
    return Design(np.column_stack(blocks), tuple(columns), means[0], means[1], levels_of, centres, shares, n)


def is_number(column: pd.Series) -> bool:
    """Return True for a covariate that is a number, with a slope, and False for a factor, with levels.

    Parameters
    ----------
    column : Series
        A column of outcomes.

    Returns
    -------
    bool
        Truth values and texts are factors, including texts of digits.

    Raises
    ------
    DataError
        The column contains dates, or numbers of type object.
    """
    if column.dtype.kind in "iuf":
        return True
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(column):
        return False
    contents = pd.api.types.infer_dtype(column)
    if contents in NO_COVARIATE:
        right = "a number of days" if NO_COVARIATE[contents] in ("dates", "durations") else "a number"
        raise DataError(f"outcomes: the covariate '{column.name}' must be {right}, or a factor; got {NO_COVARIATE[contents]}.")
    if column.dtype == object and contents in NUMBERS_AS_OBJECTS:
        raise DataError(
            f"outcomes: the covariate '{column.name}' must be a column of numbers, or of texts for a factor; got numbers of type "
            "object. Try astype(float)."
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
"""Contents of a column by `pandas.api.types.infer_dtype` that are neither numbers nor levels, in words."""


NOT_COVARIATES = frozenset({*OUTCOMES, *OF_VISITS} - {"baseline"})
"""Columns of *outcomes* that cannot be covariates."""


def require_covariates(outcomes: Outcomes, covariates: Sequence[str], what: str = "covariate") -> None:
    """Refuse covariates that are no columns of outcomes.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    covariates : sequence of str
        Names of columns.
    what : str
        Role of the columns, for the message.

    Raises
    ------
    DataError
        A column does not exist. The message names it, and the possible covariates.
    """
    unknown = [covariate for covariate in covariates if covariate in NOT_COVARIATES or covariate not in outcomes.columns]
    if unknown:
        usable = [column for column in outcomes.columns if column not in NOT_COVARIATES]
        raise DataError(f"outcomes has no {what} {listed(unknown)}; its covariates are {listed(usable, n_shown=30)}.")


def refuse_one_value(covariate: str, levels: Sequence[str]) -> None:
    """Refuse an effect of arm by a covariate that has one value only.

    Parameters
    ----------
    covariate : str
        Name of the covariate.
    levels : sequence of str
        Observed levels; empty for a number.

    Raises
    ------
    DataError
        Always.
    """
    found = f"one level, '{levels[0]}'," if levels else "one value"
    raise DataError(
        f"outcomes: the covariate 'arm:{covariate}' must have two values or more, as its effect differs between arms; got "
        f"{found} among the subjects analysed. Try '{covariate}' without 'arm:'."
    )


def refuse_empty_level(covariate: str, arm: str, level: str, where: str) -> None:
    """Refuse an effect of arm by a factor with a level that is absent in an arm.

    Parameters
    ----------
    covariate, arm, level : str
        Names of the factor, of the arm and of its absent level.
    where : str
        The visit, as in `` at 'week 4'``, or an empty text.

    Raises
    ------
    DataError
        Always.
    """
    raise DataError(
        f"outcomes: each arm must have a subject at each level of the covariate 'arm:{covariate}'; got no subject of arm '{arm}' "
        f"at '{level}'{where}. Try merging levels, or '{covariate}' without 'arm:'."
    )


def refuse_missing_covariate(covariate: str) -> None:
    """Refuse a covariate that is missing for all subjects.

    Parameters
    ----------
    covariate : str
        Name of the covariate.

    Raises
    ------
    DataError
        Always.
    """
    raise DataError(
        f"outcomes: the covariate '{covariate}' must have values; it is missing for every subject. Try leaving it out of "
        "`covariates`."
    )

"""The columns of a linear model: arms, slopes of numbers, levels of factors, and the rows that are means."""

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
    """The design of one visit: a cell for each arm, then the covariates.

    Attributes
    ----------
    matrix : ndarray, shape (n, p)
        One column per arm, then per number, then per level (but the first) of each factor; of an effect by arm, in each arm.
    columns : tuple of Column
        The p columns in words.
    observed, equal : ndarray, shape (A, p)
        The combination of coefficients that is the mean of each arm, factors as observed or each level the same.
    levels : mapping of str to tuple of str
        Of each covariate; empty for a number.
    centres : mapping of str to float
        Of each number, its mean.
    shares : mapping of str to ndarray
        Of each factor, the shares of its levels.
    n : mapping of str to ndarray, shape (A, 1, L)
        Of each factor with an effect by arm, subjects at its levels.
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
        """Of the p columns."""
        return tuple(column.name for column in self.columns)


def covariates_of(outcomes: Outcomes, covariates: Sequence[str] | None) -> tuple[Covariate, ...]:
    """Read the covariates of a model of each visit on its own.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    covariates : sequence of str, optional
        ``"x"`` or ``"arm:x"``, which includes ``"x"``. Left out: the baseline, where there is one.

    Returns
    -------
    tuple of Covariate
        In the order given, without those that others include; all are columns of the outcomes.

    Raises
    ------
    DataError
        A covariate does not exist.
    ValueError
        It is no list of such names, each once.
    """
    if covariates is None:
        return tuple(Covariate(name) for name in default_covariates(outcomes))
    asked = read_covariates(covariates, outcomes.columns)
    require_covariates(outcomes, [each.name for each in asked])
    return asked


def build_design(rows: Outcomes, covariates: Sequence[Covariate], arms: Sequence[str]) -> Design:
    """The design of the subjects of one visit.

    Parameters
    ----------
    rows : DataFrame
        *outcomes* of the subjects analysed, nothing missing in the covariates.
    covariates : sequence of Covariate
        Columns of `rows`: numbers become slopes, all else factors.
    arms : sequence of str
        Reference first.

    Returns
    -------
    Design
        Numbers are centred at their mean, so that an arm's column is its mean there.
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
            numbers = column.to_numpy(dtype=float)
            levels_of[name], centres[name] = (), float(numbers.mean())
            block, own = (numbers - numbers.mean())[:, None], [Column(name, variable=name)]
        else:
            levels = sorted(column.astype(str).unique())
            codes = pd.Categorical(column.astype(str), categories=levels).codes
            indicators = np.equal.outer(codes, np.arange(len(levels))).astype(float)
            levels_of[name], shares[name] = tuple(levels), indicators.mean(axis=0)
            block = indicators[:, 1:]
            own = [Column(f"{name} {level}", variable=name, level=code) for code, level in enumerate(levels)][1:]
            if covariate.by_arm:
                n[name] = (in_arm.T @ indicators)[:, None]
        for place in range(len(arms)) if covariate.by_arm else (-1,):
            within = "" if place < 0 else f"arm {arms[place]}: "
            blocks.append(block if place < 0 else block * in_arm[:, place : place + 1])
            columns += [replace(each, name=within + each.name, arm=place) for each in own]
    means = np.zeros((2, len(arms), len(columns)))
    for at, each in enumerate(columns):
        margins = np.ones(2) if not each.variable else np.zeros(2)  # a centred number's mean is 0
        if each.level >= 0:
            margins = np.array([shares[each.variable][each.level], 1 / len(shares[each.variable])])
        means[:, slice(None) if each.arm < 0 else each.arm, at] = margins if each.arm >= 0 else margins[:, None]
    return Design(np.column_stack(blocks), tuple(columns), means[0], means[1], levels_of, centres, shares, n)


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


def require_covariates(outcomes: Outcomes, covariates: Sequence[str], what: str = "covariate") -> None:
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
    unknown = [covariate for covariate in covariates if covariate in NOT_COVARIATES or covariate not in outcomes.columns]
    if unknown:
        usable = [column for column in outcomes.columns if column not in NOT_COVARIATES]
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


def refuse_empty_level(covariate: str, arm: str, level: str, where: str) -> None:
    """Refuse an effect of arm by a factor of which an arm has nobody at a level.

    Parameters
    ----------
    covariate, arm, level : str
        Which.
    where : str
        `` at 'week 4'``, or empty.

    Raises
    ------
    DataError
        Always.
    """
    raise DataError(
        f"outcomes: nobody in arm '{arm}' has the {covariate} '{level}'{where}, so the effect of arm by {covariate} is not "
        f"determined; expected somebody at each level in each arm: merge levels, or take '{covariate}' without 'arm:'."
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

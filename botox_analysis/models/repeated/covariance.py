"""Covariances of the visits: phrases such as ``"ar1 by arm"``, and the subjects that share a covariance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from botox_analysis import wording
from botox_analysis.cells.notation import LARGEST
from botox_analysis.errors import DataError, require_choice, require_text
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.outcomes import Outcomes
from botox_analysis.models.linear.design import require_covariates
from botox_analysis.models.repeated.covariates import levels_of, numbers_of
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.structures import STRUCTURES, StructureName
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray, SubjectData

Kind = tuple[str, tuple[float, ...]]
"""Subjects with the same covariance: the level of a column, and the days of their visits."""

LEAST_APART = 0.005
"""Least distance in days (some minutes) between values of a subject: at smaller distances the correlation underflows."""


@dataclass(frozen=True)
class Covariance:
    """Covariance of the visits of a subject.

    Attributes
    ----------
    structure : str
        A name in `STRUCTURES`.
    on : str
        The column of days of a spatial structure; empty for structures on visits.
    by : str
        The column by which covariances differ; empty for one covariance.
    """

    structure: str
    on: str = ""
    by: str = ""

    @property
    def is_heterogeneous(self) -> bool:
        """True for a separate variance at each visit."""
        structure = STRUCTURES[self.structure]
        return structure is None or structure.heterogeneous

    def __str__(self) -> str:
        """Give the phrase from which the covariance was read."""
        return self._with_columns(self.structure)

    @property
    def words(self) -> str:
        """The covariance in words, with proper names such as Toeplitz."""
        return self._with_columns(wording.structure(self.structure))

    def _with_columns(self, structure: str) -> str:
        return structure + (f" on {self.on}" if self.on else "") + (f" by {self.by}" if self.by else "")


AnyCovariance = StructureName | str | Covariance
"""The name of a structure, a phrase with its columns behind the name, or what was read from one."""

ON_DAYS = tuple(name for name, structure in STRUCTURES.items() if structure is not None and structure.on_days)
"""Structures that need a column of days."""


def read_covariance(phrase: str | Covariance) -> Covariance:
    """Read a phrase such as ``"heterogeneous ar1 by arm"``.

    Parameters
    ----------
    phrase : str or Covariance
        A structure. Spatial structures have `` on `` and a column of days. `` by `` and a column give a covariance for each
        level. A `Covariance` is returned unchanged.

    Returns
    -------
    Covariance
        Structure, column of days and column of levels.

    Raises
    ------
    ValueError
        The structure is unknown, or lacks its days.
    """
    if isinstance(phrase, Covariance):
        return phrase
    require_text(phrase, "covariance", "the name of a structure, such as 'unstructured'")
    rest, _, by = phrase.partition(" by ")
    structure, _, on = rest.partition(" on ")
    require_choice(structure, STRUCTURES, "covariance")
    if (structure in ON_DAYS) != bool(on):
        right = f"'{structure} on day', with the column of days" if structure in ON_DAYS else f"'{structure}', without days"
        raise ValueError(f"`covariance` must be {right}; got {phrase!r}.")
    return Covariance(structure, on, by)


def read_covariances(phrases: str | Covariance | Iterable[str | Covariance]) -> tuple[Covariance, ...]:
    """Read one covariance, or several in the order in which they are tried.

    Parameters
    ----------
    phrases : str, Covariance, or iterable of these
        As for `read_covariance`.

    Returns
    -------
    tuple of Covariance
        One covariance or more.

    Raises
    ------
    ValueError
        `phrases` is empty, or a structure is unknown or lacks its days.
    """
    if isinstance(phrases, str | Covariance) or not isinstance(phrases, Iterable):
        return (read_covariance(phrases),)
    read = tuple(read_covariance(phrase) for phrase in phrases)
    if not read:
        raise ValueError("`covariance` must be a structure, or several in the order in which to try them; got an empty list.")
    return read


def with_kinds(
    data: SubjectData, phrase: Covariance, *, outcomes: Outcomes, grid: SubjectGrid, arms: tuple[str, ...]
) -> tuple[SubjectData, tuple[Kind, ...]]:
    """Add to subjects the number of the covariance that each has.

    Parameters
    ----------
    data : SubjectData
        The subjects.
    phrase : Covariance
        The covariance to fit.
    outcomes : DataFrame
        *outcomes*, with the columns of `phrase`.
    grid : SubjectGrid
        Grid of the outcomes.
    arms : tuple of str
        Arms, the reference first.

    Returns
    -------
    data : SubjectData
        The subjects with `kind`, the place of each in `kinds`.
    kinds : tuple of Kind
        Level and days of each covariance.

    Raises
    ------
    DataError
        A column does not exist, a level or day is missing, or two days of a subject are equal or nearly equal.
    """
    n_subjects = grid.n_subjects
    group = np.zeros(n_subjects, dtype=np.int64)
    groups: tuple[str, ...] = ("",)
    if phrase.by == "arm":
        group, groups = data.quantities[0].values.astype(np.int64), arms
    elif phrase.by:
        require_covariates(outcomes, [phrase.by], "column")
        codes, groups = levels_of(outcomes[phrase.by])
        if (codes < 0).any():
            raise DataError(f"outcomes: found rows without '{phrase.by}', by which covariances differ; expected a level in each.")
        group = grid.of_subjects(codes, phrase.by)
    if not phrase.by and not phrase.on:
        return data, (("", ()),)
    observed = data.observed(slice(0, n_subjects))
    days = np.zeros((n_subjects, 0)) if not phrase.on else _days(outcomes, phrase.on, grid, observed)
    entered = observed.any(axis=1)
    distinct, place = np.unique(np.column_stack([group, days])[entered], axis=0, return_inverse=True)
    kind = np.zeros(n_subjects, dtype=np.int64)
    kind[entered] = place.ravel()
    # Subjects without a value do not enter the fit, but values imputed for them have the covariance of their group.
    of_group = {int(row[0]): number for number, row in reversed(list(enumerate(distinct)))}
    kind[~entered] = [of_group.get(int(code), 0) for code in group[~entered]]
    kinds = tuple((groups[int(row[0])], tuple(float(day) for day in row[1:])) for row in distinct)
    return replace(data, kind=kind), kinds or (("", ()),)


def _days(outcomes: Outcomes, column: str, grid: SubjectGrid, observed: BoolArray) -> FloatArray:
    """Read the day of each observed value; missing visits have the median day, so that more subjects share a covariance."""
    days = np.asarray(grid.wide(numbers_of(outcomes, column, "days")))
    if np.isinf(days).any():
        raise DataError(f"outcomes: found an infinite day in '{column}'; expected numbers.")
    if (np.abs(days) > LARGEST).any():
        raise DataError(
            f"outcomes: found a day of {np.nanmax(np.abs(days)):g} in '{column}'; expected numbers up to {LARGEST:g}."
        )
    days = np.where(observed, days, np.nan)
    unknown = int((np.isnan(days) & observed).sum())
    if unknown:
        raise DataError(
            f"outcomes: found {unknown} observed values without '{column}'; the spatial covariance needs the day of each."
        )
    if (np.diff(np.sort(days, axis=1), axis=1) == 0).any():
        raise DataError(f"outcomes: found two values of a subject on the same '{column}'; a spatial covariance needs days apart.")
    apart = np.diff(np.sort(days, axis=1), axis=1)
    nearest = float(np.nanmin(apart)) if np.isfinite(apart).any() else 1.0
    if nearest < LEAST_APART:
        raise DataError(
            f"outcomes: found two values of a subject only {nearest:g} days apart in '{column}'; expected days, "
            "such as 28 between visits 4 weeks apart."
        )
    typical = np.array([np.median(day[known]) if known.any() else 0.0 for day, known in zip(days.T, observed.T, strict=True)])
    return np.where(observed, days, typical)


def with_days(kind: Kind, visits: IntArray, n_visits: int) -> Kind:
    """Extend the days of a kind of subjects from the visits of a part to all visits.

    Parameters
    ----------
    kind : Kind
        Level and days of subjects in a part of the data.
    visits : ndarray of int
        Places of its visits among all visits.
    n_visits : int
        Number of all visits.

    Returns
    -------
    Kind
        Level and days at all visits. Visits absent from the part have day 0: no value at these enters.
    """
    if not kind[1] or len(visits) == n_visits:
        return kind
    days = np.zeros(n_visits)
    days[visits] = kind[1]
    return kind[0], tuple(float(day) for day in days)

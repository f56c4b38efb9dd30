"""*Outcomes*: the values measured, one row per subject and scheduled visit, and their check."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any

import numpy as np
import pandas as pd

from botox_analysis.cells.notation import LARGEST
from botox_analysis.errors import DataError, listed, require_columns, require_outcomes
from botox_analysis.frames.agreement import ORIGINS, FloatArray, refuse_disagreement
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.handling import DERIVATION, HANDLING
from botox_analysis.frames.schema import BASELINE, BETTER, REQUIRED, WHERE_IT_APPLIES, Column, Schema

RECORDED_DAYS = "recorded_days"
"""The column of diary outcomes that has the recorded days a value was counted from. It changes from visit to visit and is no
covariate: a value times the recorded days over the days of the period is the whole number that was counted (or no whole number,
where headache days of unknown severity count with the share of the known)."""

EXPOSURE_DAYS = "exposure_days"
"""The column of outcomes that are counts of events in person-time: the days in which they were counted. It is no covariate."""

INTERCURRENT_EVENT = "intercurrent_event"
"""The column of outcomes that has the kind of the intercurrent event that has happened to the subject by the visit (of several,
each, in time, with ``"; "`` between); empty where there was none. It changes from visit to visit and is no covariate."""

MISSING_AFTER = "missing_after"
"""The column of outcomes that has the kind of the intercurrent event to which a value that is missing at the visit is put down;
empty where none has happened."""

IMPUTED = "imputed"
"""The column of outcomes that is true where the value stands for one that is missing."""

OUTCOMES_SCHEMA = Schema(
    name="outcomes",
    rows="subject and scheduled visit",
    parts=(
        Column("trial", "text", "Name of the trial."),
        Column("population", "text", "Subjects who are analysed, such as 'ITT'; empty where it is all of them."),
        Column("endpoint", "text", "What was measured, with its unit."),
        Column("intercurrent", "text", "How intercurrent events were handled; empty where nothing was chosen."),
        Column("imputation", "text", "What stands for missing values."),
        Column("subject", "identifier", "The subject; numbers and texts match as values.", "", REQUIRED),
        Column("arm", "category", "Arm; the reference arm is the first category.", "", REQUIRED),
        Column("visit", "category", "Scheduled visit; the categories stand in time.", "", REQUIRED),
        Column("baseline", "number", "Value before treatment.", "of the endpoint"),
        Column("value", "number", "Value at the visit; missing where it was not observed.", "of the endpoint", REQUIRED),
        Column("change", "number", "Value minus baseline.", "of the endpoint"),
        Column("percent_change", "number", "100 times the change over the baseline; missing where the baseline is 0.", "%"),
        Column(RECORDED_DAYS, "number", "Recorded days of a diary from which the value was counted.", "days", WHERE_IT_APPLIES),
        Column(EXPOSURE_DAYS, "number", "Days in which events were counted.", "days", WHERE_IT_APPLIES),
        Column(INTERCURRENT_EVENT, "text", "Kinds of intercurrent event that have happened by the visit.", "", WHERE_IT_APPLIES),
        Column(MISSING_AFTER, "text", "Kind of event to which a missing value is put down; empty if none.", "", WHERE_IT_APPLIES),
        Column(IMPUTED, "truth", "Whether the value stands for a missing one.", "", WHERE_IT_APPLIES),
        Column(HANDLING, "text", "What stands for missing values: the first part of `imputation`.", "", WHERE_IT_APPLIES),
        Column(DERIVATION, "text", "How values were counted from a diary: its second part.", "", WHERE_IT_APPLIES),
        Column("better", "text", "Which values of the endpoint are better.", "'lower' or 'higher'", WHERE_IT_APPLIES),
    ),
    key=("subject", "visit"),
)
"""One row per subject and scheduled visit; covariates of the subject follow."""

Outcomes = Annotated[pd.DataFrame, OUTCOMES_SCHEMA]
"""A frame of the shape of `OUTCOMES_SCHEMA`."""

OUTCOMES = OUTCOMES_SCHEMA.columns

OF_VISITS = OUTCOMES_SCHEMA.further
"""Columns of *outcomes* that tell how a value came about: no covariates."""

_SAME_IN_EACH_ROW = OUTCOMES_SCHEMA.of_kind("text")
_ORDERED = OUTCOMES_SCHEMA.of_kind("category")


@dataclass(frozen=True)
class Labels:
    """What *outcomes* are of: the text columns, the same in each row.

    Attributes
    ----------
    trial, population, endpoint, intercurrent : str
        As the columns of the same names.
    better : str
        A word of `BETTER`; empty where the outcomes have no such column.
    """

    trial: str
    population: str
    endpoint: str
    intercurrent: str
    better: str = ""

    @property
    def estimand(self) -> dict[str, str]:
        """The columns of *estimates* that outcomes decide; ``better`` is one of them where it is known."""
        return {name: word for name, word in vars(self).items() if word or name != "better"}


_LABELS = tuple(field.name for field in fields(Labels))


def labels_of(outcomes: pd.DataFrame | SubjectGrid) -> Labels:
    """Read what *outcomes* are of.

    Parameters
    ----------
    outcomes : DataFrame or SubjectGrid
        *outcomes*, checked, or their grid.

    Returns
    -------
    Labels
        Of the first row.
    """
    if isinstance(outcomes, SubjectGrid):
        return Labels(*[outcomes.words[name] for name in _LABELS])
    return Labels(*[str(outcomes[name].array[0]) for name in _LABELS if name in outcomes.columns])


def better_of_outcomes(outcomes: pd.DataFrame | SubjectGrid, needed_by: str) -> str:
    """Read which values of *outcomes* are better.

    Parameters
    ----------
    outcomes : DataFrame or SubjectGrid
        *outcomes*, checked, or their grid.
    needed_by : str
        The choice that needs it, for the message.

    Returns
    -------
    str
        A word of `BETTER`.

    Raises
    ------
    DataError
        The outcomes do not state it.
    """
    better = labels_of(outcomes).better
    if not better:
        raise DataError(
            f"outcomes has no column `better`, and {needed_by} needs the direction. Try outcomes.assign(better='lower') where "
            "lower values are better, or better='higher'."
        )
    return better


def has_baseline(outcomes: pd.DataFrame) -> bool:
    """Whether anybody has a baseline.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Returns
    -------
    bool
        False where every baseline is missing.
    """
    return bool(outcomes[BASELINE].notna().any())


def response_of(outcomes: pd.DataFrame) -> str:
    """Find what is analysed of *outcomes* where nobody says.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Returns
    -------
    str
        ``"change"``; ``"value"`` where nobody has a baseline and no change is known.
    """
    return "change" if has_baseline(outcomes) or outcomes["change"].notna().any() else "value"


def default_covariates(outcomes: pd.DataFrame) -> tuple[str, ...]:
    """Find what comparisons of *outcomes* are adjusted for where nobody says.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Returns
    -------
    tuple of str
        The baseline; nothing where nobody has one.
    """
    return (BASELINE,) if has_baseline(outcomes) else ()


def check_outcomes(frame: pd.DataFrame) -> pd.DataFrame:
    """Refuse *outcomes* whose columns are missing or that hold nothing.

    Parameters
    ----------
    frame : DataFrame
        *outcomes*.

    Returns
    -------
    DataFrame
        The same frame.

    Raises
    ------
    DataError
        A column is missing or no number, there is no row, ``arm`` or ``visit`` are missing or carry no order, there are
        several trials, populations, endpoints, strategies or imputations, ``better`` is no word of `BETTER`, a subject has two
        rows at a visit, a number is beyond `LARGEST`, or value, baseline, change and percent change do not agree.
    """
    grid_of(frame)
    return frame


def grid_of(frame: pd.DataFrame) -> SubjectGrid:
    """Check *outcomes*, and say where each row stands.

    Parameters
    ----------
    frame : DataFrame
        *outcomes*.

    Returns
    -------
    SubjectGrid
        Of its subjects and visits.

    Raises
    ------
    DataError
        As `check_outcomes`.
    """
    grid = SubjectGrid(frame) if isinstance(frame, pd.DataFrame) else None
    if grid is None or not grid.has(OUTCOMES):
        require_outcomes(frame)
        require_columns(frame, OUTCOMES, "outcomes", made_by="as_outcomes(frame, endpoint=..., arms=..., visits=...)")
        grid = SubjectGrid(frame)
    if not len(frame):
        raise DataError("outcomes has no rows; expected one per subject and scheduled visit.")
    for column in _ORDERED:
        categories = grid[column].array
        if not isinstance(categories, pd.Categorical):
            raise DataError(
                f"outcomes: column '{column}' carries no order (its type is {frame[column].dtype}); "
                "build the frame with as_outcomes, which sets the order of arms and visits."
            )
        if categories.codes.min() < 0:
            raise DataError(f"outcomes: found {int((categories.codes < 0).sum())} rows without {column}; expected one in each.")
        grid.ordered[column] = categories
    for column in [*_SAME_IN_EACH_ROW, *[name for name in (HANDLING, DERIVATION, "better") if name in frame.columns]]:
        word = _one_word(grid[column])
        if word is None:
            raise DataError(
                f"outcomes has several of '{column}': {listed(frame[column].unique())}; expected those of one: filter the frame."
            )
        grid.words[column] = word
    better = grid.words.setdefault("better", "")
    if better and better not in BETTER:
        raise DataError(f"outcomes: found '{better}' in column 'better'; expected 'lower' or 'higher'.")
    _read_numbers(grid)
    for column in ORIGINS[:-1]:
        _refuse_far(column, grid.numbers[column])
    grid.place()
    refuse_disagreement(grid)
    return grid


def _one_word(column: pd.Series[Any]) -> str | None:
    """The text that is the same in each row; None where it is not, or is missing."""
    values = column.array
    if isinstance(values, pd.Categorical):
        codes = values.codes
        return str(values.categories.array[codes[0]]) if codes[0] >= 0 and (codes == codes[0]).all() else None
    # Arrow finds the distinct texts in one call, where a pandas array takes some twenty.
    found = (
        values.__arrow_array__().unique().to_pylist() if isinstance(values, pd.arrays.ArrowExtensionArray) else values.unique()
    )
    word = found[0] if len(found) == 1 else None
    return str(word) if isinstance(word, str) or not pd.isna(word) else None


def _read_numbers(grid: SubjectGrid) -> None:
    """Columns of plain numbers are read as one table; those of pandas' own types, and what is no number, one by one."""
    table = grid.table(ORIGINS)
    if table.dtype.kind in "iuf":
        grid.numbers.update(zip(ORIGINS, table.T.astype(float, copy=False), strict=True))
        return
    for column in ORIGINS:
        if grid[column].dtype.kind not in "iuf":
            raise DataError(f"outcomes: column '{column}' holds {grid[column].dtype}; expected numbers.")
        grid.numbers[column] = grid[column].to_numpy(dtype=float, na_value=np.nan)


def _refuse_far(column: str, numbers: FloatArray) -> None:
    if np.fmin.reduce(numbers) >= -LARGEST and np.fmax.reduce(numbers) <= LARGEST:
        return
    far = np.abs(numbers) > LARGEST
    if far.any():
        found = numbers[far][0]
        what = f"an infinite {column}" if np.isinf(found) else f"a {column} of {found:g}"
        raise DataError(f"outcomes: found {what} in {int(far.sum())} rows; expected numbers up to {LARGEST:g}, or nothing.")

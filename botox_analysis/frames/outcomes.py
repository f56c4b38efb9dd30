"""*Outcomes*: measured values, one row per subject and scheduled visit, and their checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd

from botox_analysis.cells.notation import LARGEST
from botox_analysis.errors import DataError, listed, require_columns, require_outcomes
from botox_analysis.frames.agreement import ORIGINS, FloatArray, refuse_disagreement
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.handling import DERIVATION, HANDLING
from botox_analysis.frames.schema import BASELINE, BETTER, REQUIRED, WHERE_IT_APPLIES, Column, Schema

RECORDED_DAYS = "recorded_days"
"""Column of diary outcomes with the number of recorded days from which the value was counted. It changes from visit to visit,
so it is not a covariate. The value times the recorded days over the days of the period is the number that was counted.
That number is whole, unless headache days of unknown severity are counted by the share of known ones."""

EXPOSURE_DAYS = "exposure_days"
"""Column of outcomes that are counts in person-time: the number of days in which events were counted. It is not a covariate."""

INTERCURRENT_EVENT = "intercurrent_event"
"""Column of outcomes with the kind of the intercurrent event that has happened to the subject by the visit. Several kinds are
in the order of time, separated by ``"; "``; without an event it is empty. It changes from visit to visit, so it is not a
covariate."""

MISSING_AFTER = "missing_after"
"""Column of outcomes with the kind of the intercurrent event that explains a missing value at the visit. It is empty if no
event has happened."""

IMPUTED = "imputed"
"""Column of outcomes that is true for a value that replaces a missing one."""

OUTCOMES_SCHEMA = Schema(
    name="outcomes",
    rows="subject and scheduled visit",
    parts=(
        Column("trial", "text", "Name of the trial."),
        Column("population", "text", "Subjects analysed, such as 'ITT'; empty for all subjects."),
        Column("endpoint", "text", "Endpoint that was measured, with its unit."),
        Column("intercurrent", "text", "Strategies for intercurrent events; empty if none was chosen."),
        Column("imputation", "text", "Handling of missing values and diary rule, in words."),
        Column("subject", "identifier", "The subject; numbers and texts match as values.", "", REQUIRED),
        Column("arm", "category", "Arm; the reference arm is the first category.", "", REQUIRED),
        Column("visit", "category", "Scheduled visit; the categories are in the order of time.", "", REQUIRED),
        Column("baseline", "number", "Value before treatment.", "of the endpoint"),
        Column("value", "number", "Value at the visit; missing if it was not observed.", "of the endpoint", REQUIRED),
        Column("change", "number", "Value minus baseline.", "of the endpoint"),
        Column("percent_change", "number", "100 times the change over the baseline; missing if the baseline is 0.", "%"),
        Column(RECORDED_DAYS, "number", "Recorded days of a diary from which the value was counted.", "days", WHERE_IT_APPLIES),
        Column(EXPOSURE_DAYS, "number", "Days in which events were counted.", "days", WHERE_IT_APPLIES),
        Column(INTERCURRENT_EVENT, "text", "Kinds of intercurrent event that have happened by the visit.", "", WHERE_IT_APPLIES),
        Column(MISSING_AFTER, "text", "Kind of event that explains a missing value; empty if none.", "", WHERE_IT_APPLIES),
        Column(IMPUTED, "truth", "Whether the value replaces a missing one.", "", WHERE_IT_APPLIES),
        Column(HANDLING, "text", "Handling of missing values: the first part of `imputation`.", "", WHERE_IT_APPLIES),
        Column(DERIVATION, "text", "Diary rule: the second part of `imputation`.", "", WHERE_IT_APPLIES),
        Column("better", "text", "Which values of the endpoint are better.", "'lower' or 'higher'", WHERE_IT_APPLIES),
    ),
    key=("subject", "visit"),
)
"""One row per subject and scheduled visit; covariates of the subject follow."""

Outcomes = Annotated[pd.DataFrame, OUTCOMES_SCHEMA]
"""A frame of the shape of `OUTCOMES_SCHEMA`."""

OUTCOMES = OUTCOMES_SCHEMA.columns

ResponseName = Literal["change", "value", "percent_change"]
"""Columns of *outcomes* that a model can analyse."""

OF_VISITS = OUTCOMES_SCHEMA.further
"""Columns of *outcomes* on the origin of a value; they are not covariates."""

_SAME_IN_EACH_ROW = OUTCOMES_SCHEMA.of_kind("text")
_ORDERED = OUTCOMES_SCHEMA.of_kind("category")


@dataclass(frozen=True)
class Labels:
    """Text columns of *outcomes*, which are the same in each row.

    Attributes
    ----------
    trial, population, endpoint, intercurrent : str
        Texts of the columns of the same names.
    better : str
        A word of `BETTER`; empty if the outcomes have no such column, or it is missing in all rows.
    """

    trial: str
    population: str
    endpoint: str
    intercurrent: str
    better: str = ""

    @property
    def estimand(self) -> dict[str, str]:
        """Return the columns of *estimates* that the outcomes determine; ``better`` is one of them if it is known."""
        return {name: word for name, word in vars(self).items() if word or name != "better"}


_LABELS = tuple(field.name for field in fields(Labels))


def labels_of(outcomes: pd.DataFrame | SubjectGrid) -> Labels:
    """Read the labels of *outcomes*.

    Parameters
    ----------
    outcomes : DataFrame or SubjectGrid
        *outcomes*, checked, or their grid.

    Returns
    -------
    Labels
        Labels of the first row.
    """
    if isinstance(outcomes, SubjectGrid):
        return Labels(*[outcomes.words[name] for name in _LABELS])
    first = {name: outcomes[name].array[0] for name in _LABELS if name in outcomes.columns}
    return Labels(**{name: str(word) for name, word in first.items() if name != "better" or not pd.isna(word)})


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
        lacks = "word in column" if "better" in outcomes.columns else "column"
        raise DataError(
            f"outcomes has no {lacks} `better`, and {needed_by} needs the direction. Try outcomes.assign(better='lower') where "
            "lower values are better, or better='higher'."
        )
    return better


def has_baseline(outcomes: pd.DataFrame) -> bool:
    """Return whether any subject has a baseline.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Returns
    -------
    bool
        False if every baseline is missing.
    """
    return bool(outcomes[BASELINE].notna().any())


def response_of(outcomes: pd.DataFrame) -> ResponseName:
    """Choose the default response of *outcomes*.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Returns
    -------
    str
        ``"change"``; ``"value"`` if all baselines and all changes are missing.
    """
    return "change" if has_baseline(outcomes) or outcomes["change"].notna().any() else "value"


def refuse_negative_baselines(outcomes: pd.DataFrame, response: str, visits: Sequence[str]) -> None:
    """Refuse percent changes from baselines below 0, as the division by such a baseline reverses the sign of the change.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    response : str
        Column that a model analyses. Columns other than ``"percent_change"`` pass.
    visits : sequence of str
        Visits that the model analyses.

    Raises
    ------
    DataError
        A subject with a percent change at one of the visits has a baseline below 0. The message counts these subjects.
    """
    if response != "percent_change":
        return
    analysed = outcomes[outcomes["visit"].isin(visits) & outcomes[response].notna()]
    n_below = analysed.loc[analysed[BASELINE] < 0, "subject"].nunique()
    if n_below:
        raise DataError(
            f"outcomes must have baselines of 0 or more for the response '{response}'; got {n_below} below 0. Try "
            "response='change'."
        )


def default_covariates(outcomes: pd.DataFrame) -> tuple[str, ...]:
    """Choose the default covariates of comparisons of *outcomes*.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Returns
    -------
    tuple of str
        The baseline; empty if all baselines are missing.
    """
    return (BASELINE,) if has_baseline(outcomes) else ()


def check_outcomes(frame: pd.DataFrame) -> pd.DataFrame:
    """Refuse *outcomes* that lack columns or rows, or whose columns disagree.

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
        A column is missing or not numeric, or there are no rows. ``arm`` or ``visit`` has missing values or no order. There
        are several trials, populations, endpoints, strategies or imputations, or ``better`` is not a word of `BETTER`. A
        subject has two rows at a visit. A number is beyond `LARGEST`, or value, baseline, change and percent change disagree.
    """
    grid_of(frame)
    return frame


def grid_of(frame: pd.DataFrame) -> SubjectGrid:
    """Check *outcomes*, and find the place of each row.

    Parameters
    ----------
    frame : DataFrame
        *outcomes*.

    Returns
    -------
    SubjectGrid
        Grid of subjects by visits.

    Raises
    ------
    DataError
        As in `check_outcomes`.
    """
    grid = SubjectGrid(frame) if isinstance(frame, pd.DataFrame) else None
    if grid is None or not grid.has(OUTCOMES):
        require_outcomes(frame)
        require_columns(frame, OUTCOMES, "outcomes", made_by="as_outcomes(frame, endpoint=..., arms=..., visits=...)")
        grid = SubjectGrid(frame)
    if not len(frame):
        raise DataError("`outcomes` must have a row per subject and scheduled visit; got no rows.")
    for column in _ORDERED:
        categories = grid[column].array
        if not isinstance(categories, pd.Categorical):
            raise DataError(
                f"`outcomes` must have an ordered column '{column}' (a categorical); got {frame[column].dtype}. "
                "Try as_outcomes, which sets the order of arms and visits."
            )
        if categories.codes.min() < 0:
            raise DataError(
                f"`outcomes` must have {'an' if column == 'arm' else 'a'} {column} in each row; "
                f"got {int((categories.codes < 0).sum())} rows without {column}."
            )
        grid.ordered[column] = categories
    for column in [*_SAME_IN_EACH_ROW, *[name for name in (HANDLING, DERIVATION, "better") if name in frame.columns]]:
        word = _direction(grid[column]) if column == "better" else _one_word(grid[column])
        if word is None:
            raise DataError(f"`outcomes` must have one {column}; got {listed(frame[column].unique())}. Try filtering the rows.")
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
    """Return the text that is the same in each row; None if rows differ or it is missing."""
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


def _direction(column: pd.Series[Any]) -> str | None:
    """Return the direction that is the same in each row, empty if all rows lack it; None if rows differ."""
    word = _one_word(column)
    return "" if word is None and column.isna().all() else word


def _read_numbers(grid: SubjectGrid) -> None:
    """Read columns of plain numbers as one table; extension types and other columns are read one by one."""
    table = grid.table(ORIGINS)
    if table.dtype.kind in "iuf":
        grid.numbers.update(zip(ORIGINS, table.T.astype(float, copy=False), strict=True))
        return
    for column in ORIGINS:
        if grid[column].dtype.kind not in "iuf":
            raise DataError(f"`outcomes` must have numbers in column '{column}'; got {grid[column].dtype}.")
        grid.numbers[column] = grid[column].to_numpy(dtype=float, na_value=np.nan)


def _refuse_far(column: str, numbers: FloatArray) -> None:
    if np.fmin.reduce(numbers) >= -LARGEST and np.fmax.reduce(numbers) <= LARGEST:
        return
    far = np.abs(numbers) > LARGEST
    if far.any():
        found = numbers[far][0]
        number = f"an infinite {column}" if np.isinf(found) else f"a {column} of {found:g}"
        raise DataError(
            f"`outcomes` must have numbers up to {LARGEST:g}, or missing values; got {number} in {int(far.sum())} rows."
        )

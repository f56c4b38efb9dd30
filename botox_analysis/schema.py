"""The shapes of the frames that walk through the library.

Three plain pandas frames carry everything: *outcomes* (what was measured), *events* (counts) and
*estimates* (answers). In *estimates* the estimand is the key of a row: ICH E9(R1) names its attributes
(population, treatment, variable, intercurrent events, summary measure), and each has its column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.refusal import DataError, Problem, listed, refuse, require_columns
from botox_analysis.subject_grid import SubjectGrid

OUTCOMES = (
    "trial",
    "population",
    "endpoint",
    "intercurrent",
    "imputation",
    "subject",
    "arm",
    "visit",
    "baseline",
    "value",
    "change",
    "percent_change",
)
"""Columns of *outcomes*, one row per subject and scheduled visit; covariates follow."""

EVENTS = (
    "trial",
    "population",
    "endpoint",
    "visit",
    "arm",
    "stratum",
    "category",
    "n_events",
    "n_total",
)
"""Columns of *events*, one row per arm, stratum and category.

Where they apply, further columns follow: ``within`` (the category this one is nested in), ``imputation`` (what
stands for a missing value), ``threshold`` (of a responder), ``occurrences`` and ``exposure`` (patient-years).
"""

EVENTS_TEXT = ("trial", "population", "endpoint", "visit", "stratum", "category")

ESTIMAND = (
    "trial",
    "population",
    "arm",
    "reference",
    "endpoint",
    "visit",
    "intercurrent",
    "measure",
    "category",
)
"""The columns of *estimates* that say what is estimated."""

ESTIMATES = (
    *ESTIMAND,
    "method",
    "n",
    "estimate",
    "std_error",
    "df",
    "conf_low",
    "conf_high",
    "conf_level",
    "p_value",
)
"""Columns of *estimates*, one row per estimand and method.

Where they apply, ``within``, ``threshold``, ``n_events``, ``occurrences``, ``exposure``, ``citation`` and
``note`` follow.
"""

MEANS = ("mean", "mean change", "mean percent change")
"""Measures of an arm that a model of outcomes estimates."""

SPREADS = ("standard deviation", "median", "minimum", "maximum")
"""What describes values beside their mean."""

ESTIMATES_KEY = (*ESTIMAND, "method")
ALSO_KEY = ("within", "citation")
"""Columns that tell rows apart where they are there."""

ESTIMATES_NUMBERS = ("n", "estimate", "std_error", "df", "conf_low", "conf_high", "conf_level", "p_value")

BASELINE = "baseline"
"""The name of the visit before treatment."""


def categories_of(column: pd.Series[Any]) -> list[Any]:
    """The distinct values of a column, in the order the data carry.

    Parameters
    ----------
    column : Series
        A categorical column gives its categories (those that occur), any other the order of appearance.

    Returns
    -------
    list
        Missing values are not among them.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.remove_unused_categories().cat.categories)
    return list(pd.unique(column.dropna()))


def as_estimates(columns: Mapping[str, Any]) -> pd.DataFrame:
    """A frame of *estimates* from the columns that are known.

    Parameters
    ----------
    columns : mapping of str to array-like or scalar
        At least ``estimate``, as an array. A text column left out is empty, a number missing.

    Returns
    -------
    DataFrame
        *estimates*; columns that are not among `ESTIMATES` follow in the order given.

    Raises
    ------
    DataError
        Two rows have the same estimand and method.
    """
    n_rows = len(columns["estimate"])
    text = {column: _words(columns.get(column, ""), n_rows) for column in ESTIMATES if column not in ESTIMATES_NUMBERS}
    rest = {column: values for column, values in columns.items() if column not in ESTIMATES}
    keys = [*(text[column] for column in ESTIMATES_KEY), *(list(rest[column]) for column in ALSO_KEY if column in rest)]
    seen = set(zip(*keys, strict=True))
    complete: dict[str, Any] = {}
    for column in ESTIMATES:
        if column in text:
            complete[column] = _text_array(text[column])
        else:
            values = np.empty(n_rows)
            values[:] = columns.get(column, np.nan)
            complete[column] = values
    frame = pd.DataFrame({**complete, **{column: np.asarray(values) for column, values in rest.items()}}, copy=False)
    return frame if len(seen) == n_rows else check_estimates(frame)


def _words(values: Any, n_rows: int) -> list[str]:
    if isinstance(values, str):
        return [values] * n_rows
    words = [str(word) for word in values]
    return words * n_rows if len(words) == 1 != n_rows else words


_TEXT = pd.Series(["text"]).dtype
"""What pandas makes of text: ``str``, or ``object`` before pandas 3."""


def _text_array(words: list[str]) -> Any:
    constant = len(words) > 0 and words.count(words[0]) == len(words)
    return _constant(words[0], len(words)).copy() if constant else _as_text(words)


@lru_cache(maxsize=256)
def _constant(word: str, n_rows: int) -> Any:
    """Most columns of estimates say the same in each row."""
    return _as_text([word] * n_rows)


def _as_text(words: list[str]) -> Any:
    return pd.array(words, dtype=_TEXT) if isinstance(_TEXT, pd.StringDtype) else np.array(words, dtype=object)


def check_estimates(frame: pd.DataFrame) -> pd.DataFrame:
    """Refuse *estimates* whose columns are missing or whose estimands are not unique.

    Parameters
    ----------
    frame : DataFrame
        *estimates*.

    Returns
    -------
    DataFrame
        The same frame.

    Raises
    ------
    DataError
        Names the missing column, or the first row that is there twice.
    """
    require_columns(frame, ESTIMATES, "estimates")
    key = [*ESTIMATES_KEY, *(column for column in ALSO_KEY if column in frame.columns)]
    twice = frame.duplicated(key)
    if twice.any():
        row = frame[key].iloc[int(np.flatnonzero(twice)[0])]
        said = ", ".join(f"{column} '{row[column]}'" for column in key if row[column] != "")
        raise DataError(
            f"estimates: {int(twice.sum())} rows repeat an estimand and method, the first is {said}; each is to be there once."
        )
    return frame


def check_measures(frame: pd.DataFrame, measures: Collection[str], frame_name: str) -> pd.DataFrame:
    """Refuse *estimates* of another kind than a table or figure shows.

    Parameters
    ----------
    frame : DataFrame
        *estimates*.
    measures : collection of str
        The measures there may be.
    frame_name : str
        What the message calls the frame.

    Returns
    -------
    DataFrame
        The same frame.

    Raises
    ------
    DataError
        It has no rows, or a row of another measure; also what `check_estimates` refuses.
    """
    check_estimates(frame)
    if frame.empty:
        raise DataError(f"{frame_name} has no rows; expected estimates of {listed(measures)}.")
    strange = [measure for measure in frame["measure"].unique() if measure not in measures]
    if strange:
        raise DataError(f"{frame_name} has the measure {listed(strange)}; expected {listed(measures)}.")
    return frame


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
        several trials, populations, endpoints, strategies or imputations, or a subject has two rows at a visit.
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
    require_columns(frame, OUTCOMES, "outcomes")
    if not len(frame):
        raise DataError("outcomes has no rows; expected one per subject and scheduled visit.")
    grid = SubjectGrid(frame)
    for column in ("arm", "visit"):
        values = grid[column].array
        if not isinstance(values, pd.Categorical):
            raise DataError(
                f"outcomes: column '{column}' carries no order (its type is {frame[column].dtype}); "
                "build the frame with as_outcomes, which sets the order of arms and visits."
            )
        if values.codes.min() < 0:
            raise DataError(f"outcomes: found {int((values.codes < 0).sum())} rows without {column}; expected one in each.")
    for column in ("endpoint", "trial", "population", "intercurrent", "imputation"):
        words = grid[column].array
        if not (words == words[0]).all():
            raise DataError(
                f"outcomes has several of '{column}': {listed(frame[column].unique())}; expected those of one: filter the frame."
            )
    for column in ("baseline", "value", "change"):
        if grid[column].dtype.kind not in "iuf":
            raise DataError(f"outcomes: column '{column}' holds {frame[column].dtype}; expected numbers.")
        if np.isinf(grid[column].to_numpy(dtype=float)).any():
            raise DataError(f"outcomes: found an infinite {column}; expected numbers, or nothing.")
    grid.place()
    return grid


def _plain(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else f"{value}"


def check_events(frame: pd.DataFrame) -> pd.DataFrame:
    """Complete and check a frame of *events*, also one written by hand.

    Parameters
    ----------
    frame : DataFrame
        ``arm``, ``n_events`` and ``n_total`` at least; text columns left out become empty.

    Returns
    -------
    DataFrame
        A new frame with every column of `EVENTS`; ``n_events`` and ``n_total`` as floats.

    Raises
    ------
    DataError
        A count is missing, negative, not whole, larger than its total, or a row is there twice.
    """
    require_columns(frame, ("arm", "n_events", "n_total"), "events")
    if frame.empty:
        raise DataError("events has no rows; expected one per arm, stratum and category.")
    events = frame.reset_index(drop=True)
    for column in EVENTS_TEXT:
        if column not in events.columns:
            events[column] = ""
    problems: list[Problem] = [
        ("events", int(row) + 1, "arm", "nothing", "the name of an arm") for row in np.flatnonzero(events["arm"].isna())
    ]
    for column in ("n_events", "n_total"):
        numbers = pd.to_numeric(events[column], errors="coerce").to_numpy(dtype=float)
        wrong = ~(np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers)))
        problems += [
            ("events", int(row) + 1, column, _plain(frame[column].iloc[row]), "a whole number, 0 or more")
            for row in np.flatnonzero(wrong)
        ]
        events[column] = numbers
    refuse(problems)
    too_many = np.flatnonzero(events["n_events"].to_numpy() > events["n_total"].to_numpy())
    refuse(
        [
            (
                "events",
                int(row) + 1,
                "n_events",
                f"{events['n_events'].iloc[row]:.0f} subjects with the event",
                f"at most n_total = {events['n_total'].iloc[row]:.0f}",
            )
            for row in too_many
        ]
    )
    key = [column for column in (*EVENTS_TEXT, "within", "imputation", "arm") if column in events.columns]
    twice = events.duplicated(key)
    refuse(
        [
            (
                "events",
                int(row) + 1,
                "arm",
                f"'{events['arm'].iloc[row]}' a second time",
                "one row per arm and category",
            )
            for row in np.flatnonzero(twice)
        ]
    )
    rest = [column for column in events.columns if column not in EVENTS]
    return events[[*EVENTS, *rest]]

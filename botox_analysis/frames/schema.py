"""The shapes of the frames that walk through the library.

Four plain pandas frames carry everything: *outcomes* (what was measured), *events* (counts), *times* (when) and
*estimates* (answers). In *estimates* the estimand is the key of a row: ICH E9(R1) names its attributes
(population, treatment, variable, intercurrent events, summary measure), and each has its column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.reading import LARGEST
from botox_analysis.errors import DataError, listed, require_columns, require_estimates, require_outcomes
from botox_analysis.frames.agreement import ORIGINS, refuse_disagreement
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.handling import DERIVATION, HANDLING, METHOD_PARTS

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
"""Columns of *outcomes*, one row per subject and scheduled visit; those of `OF_VISITS` that apply, and covariates, follow."""

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

Where they apply, further columns follow: ``within`` (the category this one is nested in), ``severity`` or ``relation`` (of
adverse events counted by both term and one of them), ``imputation`` (what stands for a missing value, with its parts
``handling`` and ``derivation``), ``threshold`` (of a responder), ``occurrences``, ``exposure`` and ``at_risk`` (patient-years: in
all, and until the first event).
"""

TIMES = ("trial", "population", "endpoint", "category", "subject", "arm", "time", "observed")
"""Columns of *times*, one row per subject and category.

``time`` is in days from the first treatment, above 0; ``observed`` says whether the event happened then (the subject is
censored there if not). Where they apply, ``imputation`` (with its parts ``handling`` and ``derivation``), ``note`` and the
covariates of the subject follow.
"""

TIMES_TEXT = ("trial", "population", "endpoint", "category")

EVENTS_TEXT = ("trial", "population", "endpoint", "visit", "stratum", "category")

EVENTS_KEY = (*EVENTS_TEXT, "within", "severity", "relation", "imputation", "arm")
"""Columns that tell rows of *events* apart, as far as they are there."""

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

The parts of the sentence ``method`` follow: ``model`` (what was fitted), ``handling`` (what stands for missing values),
``derivation`` (how values were counted). Where they apply, ``within``, ``threshold``, ``time`` (days), ``n_events``,
``n_censored``, ``occurrences``, ``exposure``, ``citation`` and ``note``
follow; of subgroups, ``subgroup`` (the covariate) and ``level`` (the level, or the value of a number).
"""

MEANS = ("mean", "mean change", "mean percent change")
"""Measures of an arm that a model of outcomes estimates."""

SPREADS = ("standard deviation", "median", "minimum", "maximum")
"""What describes values beside their mean."""

ESTIMATES_KEY = (*ESTIMAND, "method")
ALSO_KEY = ("within", "severity", "relation", "citation", "delta", "delta_reference", "subgroup", "level")
"""Columns that tell rows apart where they are there."""

Event = tuple[str, str]
"""An adverse event: the class it is nested in (empty for what stands alone, and for the classes themselves), its category."""

_SHOWN_BY = {"severity": "table_severity or plot_severity", "relation": "table_relation"}
"""What shows an event by these."""

ESTIMATES_NUMBERS = ("n", "estimate", "std_error", "df", "conf_low", "conf_high", "conf_level", "p_value")

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

OF_VISITS = (RECORDED_DAYS, EXPOSURE_DAYS, INTERCURRENT_EVENT, MISSING_AFTER, IMPUTED, HANDLING, DERIVATION)
"""Columns of *outcomes* that tell how a value came about: no covariates. All of them may be absent."""

BASELINE = "baseline"
"""The name of the visit before treatment."""

BETTER = LOWER, HIGHER = ("lower", "higher")
"""Which values of an endpoint are better."""

ALL_VISITS = "all visits"
"""The visit of a difference that is the same at all of them by the model."""


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
    texts = [column for column in ESTIMATES if column not in ESTIMATES_NUMBERS]
    parts = [column for column in METHOD_PARTS if column in columns]
    text = {column: _words(columns.get(column, ""), n_rows) for column in (*texts, *parts)}
    rest = {column: values for column, values in columns.items() if column not in ESTIMATES and column not in parts}
    keys = [*(text[column] for column in ESTIMATES_KEY), *(list(rest[column]) for column in ALSO_KEY if column in rest)]
    seen = set(zip(*keys, strict=True))
    complete: dict[str, Any] = {}
    for column in (*ESTIMATES, *parts):
        if column in text:
            complete[column] = _text_array(text[column])
        else:
            values = np.empty(n_rows)
            values[:] = columns.get(column, np.nan)
            values += 0.0  # no negative zero
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


def check_estimates(frame: pd.DataFrame, frame_name: str = "estimates") -> pd.DataFrame:
    """Refuse *estimates* whose columns are missing or whose estimands are not unique.

    Parameters
    ----------
    frame : DataFrame
        *estimates*.
    frame_name : str
        What the message calls the frame.

    Returns
    -------
    DataFrame
        The same frame.

    Raises
    ------
    DataError
        It is no such frame; names the missing column, or the first row that is there twice.
    """
    require_estimates(frame, frame_name)
    require_columns(frame, ESTIMATES, frame_name)
    key = [*ESTIMATES_KEY, *(column for column in ALSO_KEY if column in frame.columns)]
    twice = frame.duplicated(key)
    if twice.any():
        row = frame[key].iloc[int(np.flatnonzero(twice)[0])]
        said = ", ".join(f"{column} '{row[column]}'" for column in key if row[column] != "")
        raise DataError(
            f"{frame_name}: {int(twice.sum())} rows repeat an estimand and method, the first is {said}; each is to be there once."
        )
    return frame


def refuse_subgroups(frame: pd.DataFrame, frame_name: str) -> None:
    """Refuse *estimates* of several levels of covariates where a table or figure shows one.

    Parameters
    ----------
    frame : DataFrame
        *estimates*.
    frame_name : str
        What the message calls the frame.

    Raises
    ------
    DataError
        Names the levels.
    """
    if "level" not in frame.columns:
        return
    levels = frame["level"].fillna("all").unique()
    if len(levels) > 1:
        raise DataError(f"{frame_name} has several levels of subgroups ({listed(levels)}): filter one, or take plot_forest.")


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
    check_estimates(frame, frame_name)
    if frame.empty:
        raise DataError(f"{frame_name} has no rows; expected estimates of {listed(measures)}.")
    strange = [measure for measure in frame["measure"].unique() if measure not in measures]
    if strange:
        raise DataError(f"{frame_name} has the measure {listed(strange)}; expected {listed(measures)}.")
    return frame


def refuse_pairs(frame: pd.DataFrame, shown_by: str, frame_name: str = "estimates") -> None:
    """Refuse differences to several references, which a figure or table would show as if they were to one.

    Parameters
    ----------
    frame : DataFrame
        *estimates*.
    shown_by : str
        The figure or table, with its article.
    frame_name : str
        What the message calls the frame.

    Raises
    ------
    DataError
        Names the references.
    """
    references = [name for name in frame["reference"].unique() if name]
    if len(references) > 1:
        raise DataError(
            f"{frame_name} has differences to several references ({listed(references)}); {shown_by} shows those to one, "
            "plot_forest shows all pairs."
        )


def with_events(
    estimates: pd.DataFrame, measures: Collection[str], frame_name: str, *, also: tuple[str, ...] = ()
) -> pd.DataFrame:
    """*Estimates* of adverse events with their events told apart.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*; ``within`` may be missing.
    measures : collection of str
        The measures there may be.
    frame_name : str
        What the message calls the frame.
    also : tuple of str
        Columns that tell rows apart, besides event and arm.

    Returns
    -------
    DataFrame
        The same rows with the column ``event``, an `Event`.

    Raises
    ------
    DataError
        There are no rows, a measure is of another kind, or an event has two rows in an arm.
    """
    check_measures(estimates, measures, frame_name)
    within = estimates["within"].fillna("") if "within" in estimates.columns else [""] * len(estimates)
    events = pd.Series(list(zip(within, estimates["category"], strict=True)), index=estimates.index, dtype=object)
    told_apart = estimates.assign(event=events)
    twice = told_apart.duplicated(["event", "arm", *also]).to_numpy()
    if not twice.any():
        return told_apart
    first = told_apart[twice].iloc[0]
    for level, shown_by in _SHOWN_BY.items():
        if level in estimates.columns and level not in also and not told_apart.duplicated(["event", "arm", level, *also]).any():
            raise DataError(
                f"{frame_name} has '{first['category']}' in arm '{first['arm']}' by {level}: filter one, or take {shown_by}."
            )
    raise DataError(
        f"{frame_name} has two rows of '{first['category']}' in arm '{first['arm']}'; "
        "expected those of one trial, population and method: filter the rows."
    )


_OF_ALL_ROWS = ("endpoint", "trial", "population", "intercurrent", "imputation")
"""Columns of *outcomes* that say the same in each row."""


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
        several trials, populations, endpoints, strategies or imputations, a subject has two rows at a visit, a number is
        beyond `LARGEST`, or value, baseline, change and percent change do not agree.
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
    require_outcomes(frame)
    require_columns(frame, OUTCOMES, "outcomes", made_by="as_outcomes(frame, endpoint=..., arms=..., visits=...)")
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
    for column in (*_OF_ALL_ROWS, *(name for name in (HANDLING, DERIVATION) if name in frame.columns)):
        words = grid[column].array
        if not (words == words[0]).all():
            raise DataError(
                f"outcomes has several of '{column}': {listed(frame[column].unique())}; expected those of one: filter the frame."
            )
    for column in ORIGINS:
        if grid[column].dtype.kind not in "iuf":
            raise DataError(f"outcomes: column '{column}' holds {frame[column].dtype}; expected numbers.")
        if column != "percent_change":
            _refuse_far(grid[column])
    grid.place()
    refuse_disagreement(grid)
    return grid


def _refuse_far(column: pd.Series[Any]) -> None:
    number = column.to_numpy(dtype=float, na_value=np.nan)
    far = np.abs(number) > LARGEST
    if far.any():
        found = number[far][0]
        what = f"an infinite {column.name}" if np.isinf(found) else f"a {column.name} of {found:g}"
        raise DataError(f"outcomes: found {what} in {int(far.sum())} rows; expected numbers up to {LARGEST:g}, or nothing.")

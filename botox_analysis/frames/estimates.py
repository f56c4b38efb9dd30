"""*Estimates*: the answers, one row per estimand and method, and their checks.

The estimand is the key of a row: ICH E9(R1) names its attributes (population, treatment, variable, intercurrent events, summary
measure), and each has its column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

try:
    from pandas.api.internals import create_dataframe_from_blocks
except ImportError:  # before pandas 3
    create_dataframe_from_blocks = None

from botox_analysis.errors import DataError, listed, require_columns, require_estimates
from botox_analysis.frames.handling import DERIVATION, HANDLING, METHOD_PARTS, MODEL
from botox_analysis.frames.schema import HIGHER, REQUIRED, WHERE_IT_APPLIES, Column, Schema, read_better

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
"""Columns of *estimates* that define the estimand."""

ESTIMATES_SCHEMA = Schema(
    name="estimates",
    rows="estimand and method",
    parts=(
        # The subject of the estimate is first and the estimate last: on a narrow terminal pandas hides the columns between.
        Column("visit", "text", "Visit; empty for the whole trial."),
        Column("arm", "text", "Arm; empty for all arms together."),
        Column("category", "text", "Event that is counted, or name of a contrast; empty otherwise."),
        Column("reference", "text", "Arm that is subtracted, or divided by; empty without a comparison."),
        Column("within", "text", "Category in which this one is nested, such as the class of a term.", "", WHERE_IT_APPLIES),
        Column("severity", "text", "Severity of events counted by term and severity.", "", WHERE_IT_APPLIES),
        Column("relation", "text", "Relation to treatment of events counted by term and relation.", "", WHERE_IT_APPLIES),
        Column("subgroup", "text", "Covariate that defines subgroups.", "", WHERE_IT_APPLIES),
        Column("level", "text", "Level of the covariate, or its value if it is a number.", "", WHERE_IT_APPLIES),
        Column("endpoint", "text", "Endpoint that was measured or counted, with its unit."),
        Column("measure", "text", "Summary measure, such as 'mean change' or 'log risk ratio'.", "", REQUIRED),
        Column("population", "text", "Subjects analysed, such as 'ITT'; empty for all subjects."),
        Column("intercurrent", "text", "Strategies for intercurrent events; empty if none was chosen."),
        Column("trial", "text", "Name of the trial."),
        Column("time", "number", "Day of the estimate, or end of the time that it covers.", "days", WHERE_IT_APPLIES),
        Column("threshold", "number", "Least improvement of a responder.", "share of the baseline, or points", WHERE_IT_APPLIES),
        Column("delta", "number", "Shift of imputed values of the arm.", "of the endpoint", WHERE_IT_APPLIES),
        Column("delta_reference", "number", "Shift of imputed values of the reference.", "of the endpoint", WHERE_IT_APPLIES),
        Column("method", "text", "Model and handling of missing values, in words."),
        Column(MODEL, "text", "Model that was fitted: the first part of `method`.", "", WHERE_IT_APPLIES),
        Column(HANDLING, "text", "Handling of missing values: the second part of `method`.", "", WHERE_IT_APPLIES),
        Column(DERIVATION, "text", "Diary rule: the third part of `method`.", "", WHERE_IT_APPLIES),
        Column("approach", "text", "Kind of handling in a sensitivity analysis, such as 'draws'.", "", WHERE_IT_APPLIES),
        Column("details", "text", "Method in full, if `method` is a label.", "", WHERE_IT_APPLIES),
        Column("citation", "text", "Publication of the estimate.", "", WHERE_IT_APPLIES),
        Column("variance_target", "text", "Quantity whose variance is estimated.", "", WHERE_IT_APPLIES),
        Column("adjustment", "text", "Adjustment of the limits for several comparisons.", "", WHERE_IT_APPLIES),
        Column("multiplicity", "text", "Method, family and level of the procedure, in words.", "", WHERE_IT_APPLIES),
        Column("conclusion", "text", "Conclusion from the limits and the margin.", "", WHERE_IT_APPLIES),
        Column(
            "better",
            "text",
            "Which values of the measure are better (of percent changes: where baselines are above 0); of a comparison: which "
            "favour the arm over the reference.",
            "'lower' or 'higher'",
            WHERE_IT_APPLIES,
        ),
        Column("note", "text", "Remark on the row.", "", WHERE_IT_APPLIES),
        Column("n", "count", "Subjects who contribute.", "0 or more"),
        Column("n_events", "count", "Subjects with the event.", "0 to n", WHERE_IT_APPLIES),
        Column("n_missing", "count", "Subjects without a value.", "0 or more", WHERE_IT_APPLIES),
        Column("n_censored", "count", "Subjects who are censored.", "0 to n", WHERE_IT_APPLIES),
        Column("occurrences", "count", "Events, of which a subject may have several.", "0 or more", WHERE_IT_APPLIES),
        Column("exposure", "number", "Time at risk of all subjects.", "patient-years", WHERE_IT_APPLIES),
        Column("at_risk", "number", "Time at risk until the first event of each subject.", "patient-years", WHERE_IT_APPLIES),
        Column("n_imputations", "count", "Completed data sets that were pooled.", "2 or more", WHERE_IT_APPLIES),
        Column("missing_information", "number", "Fraction of missing information.", "0 to 1", WHERE_IT_APPLIES),
        Column("monte_carlo_error", "number", "Monte Carlo error of the estimate.", "of the measure", WHERE_IT_APPLIES),
        Column("margin", "number", "Margin of non-inferiority.", "of the measure", WHERE_IT_APPLIES),
        Column("p_adjusted", "number", "Adjusted p-value.", "0 to 1", WHERE_IT_APPLIES),
        Column("rejected", "truth", "Whether the row is rejected at the level of the procedure.", "", WHERE_IT_APPLIES),
        Column("std_error", "number", "Standard error.", "of the measure"),
        Column("df", "number", "Degrees of freedom; missing for the normal distribution."),
        Column("conf_level", "number", "Nominal coverage of the limits.", "above 0 and below 1"),
        Column("p_value", "number", "Two-sided p-value of no effect, or of the value tested.", "0 to 1"),
        Column("estimate", "number", "The estimate.", "of the measure; shares from 0 to 1", REQUIRED),
        Column("conf_low", "number", "Lower confidence limit.", "of the measure", REQUIRED),
        Column("conf_high", "number", "Upper confidence limit.", "of the measure", REQUIRED),
    ),
    key=(
        *ESTIMAND,
        "method",
        "within",
        "severity",
        "relation",
        "citation",
        "delta",
        "delta_reference",
        "subgroup",
        "level",
    ),
)
"""One row per estimand and method."""

Estimates = Annotated[pd.DataFrame, ESTIMATES_SCHEMA]
"""A frame of the shape of `ESTIMATES_SCHEMA`."""

ESTIMATES = ESTIMATES_SCHEMA.columns

_ALL = tuple(part.name for part in ESTIMATES_SCHEMA.parts if part.name in {*ESTIMATES, *METHOD_PARTS, "better"})
_NAMES = {columns: pd.Index(columns) for columns in (_ALL, tuple(name for name in _ALL if name != "better"))}


class _Places(dict[str, float]):
    """Place of each column of the schema; other columns are before the numbers."""

    def __missing__(self, column: str) -> float:
        return self["n"] - 0.5


_PLACES = _Places({part.name: place for place, part in enumerate(ESTIMATES_SCHEMA.parts)})

_TEXT = pd.Series(["text"]).dtype
"""Type of text columns in pandas: ``str``, or ``object`` before pandas 3."""

ESTIMATES_KEY = tuple(column for column in ESTIMATES_SCHEMA.key if column in ESTIMATES)
"""Columns of the key in every frame of estimates."""

ALSO_KEY = tuple(column for column in ESTIMATES_SCHEMA.key if column not in ESTIMATES)
"""Further columns of the key, in frames that have them."""

ESTIMATES_NUMBERS = ESTIMATES_SCHEMA.of_kind("number", "count")

Event = tuple[str, str]
"""An adverse event: its class (empty for events without a class, and for classes themselves) and its category."""

_SHOWN_BY = {"severity": "table.severity, or plot.severity", "relation": "or table.relation"}
"""Table and figure of events by level."""


def as_estimates(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Build a frame of *estimates* from the known columns.

    Parameters
    ----------
    columns : mapping of str to array-like or scalar
        At least ``estimate``, as an array. Text columns left out become empty, numbers missing.

    Returns
    -------
    DataFrame
        *estimates*, columns in the order of the schema; those that are not in it follow the texts in the order given.

    Raises
    ------
    DataError
        Two rows have the same estimand and method.
    """
    n_rows = len(columns["estimate"])
    in_order = sorted(dict.fromkeys(ESTIMATES) | dict(columns), key=_PLACES.__getitem__)
    complete: dict[str, Any] = dict.fromkeys(in_order, "") | dict.fromkeys(ESTIMATES_NUMBERS, np.nan) | dict(columns)
    for column, values in complete.items():
        if column in ESTIMATES_NUMBERS:
            numbers = np.empty(n_rows)
            numbers[:] = values
            complete[column] = numbers + 0.0  # no negative zero
        elif isinstance(values, str):
            complete[column] = [values] * n_rows
        elif column in _ALL:
            words = [word if isinstance(word, str) else "" if pd.isna(word) else str(word) for word in values]
            complete[column] = words * n_rows if len(words) == 1 != n_rows else words
        else:
            array = np.array(values)
            complete[column] = array if array.ndim else np.full(n_rows, array)
    frame = _frame_of(complete, n_rows)
    seen = set(zip(*[list(complete[column]) for column in ESTIMATES_SCHEMA.key if column in complete], strict=True))
    return frame if len(seen) == n_rows else check_estimates(frame)


def in_schema_order(estimates: pd.DataFrame) -> pd.DataFrame:
    """Order the columns of *estimates* as `as_estimates` does, after further columns were added.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*.

    Returns
    -------
    DataFrame
        The same rows and columns, the estimate and its limits last.
    """
    places = [_PLACES[column] for column in estimates.columns]
    return estimates.iloc[:, np.argsort(places, kind="stable")]


def _frame_of(columns: Mapping[str, Any], n_rows: int) -> pd.DataFrame:
    """Build a frame from columns that are lists of texts or arrays.

    It is built of blocks, which takes a tenth of the time that pandas takes to inspect each column. The function of pandas
    requires that each column is in one block, and that each block has a cell per row. Both hold here.
    """
    if create_dataframe_from_blocks is None or not isinstance(_TEXT, pd.StringDtype):
        of_objects = {name: np.array(column, dtype=object) for name, column in columns.items() if isinstance(column, list)}
        return pd.DataFrame({**columns, **of_objects}, index=pd.RangeIndex(n_rows))
    values = list(columns.values())
    of_text = [place for place, column in enumerate(values) if isinstance(column, list)]
    of_numbers = [place for place, column in enumerate(values) if getattr(column, "dtype", None) == np.float64]
    texts = pd.array([word for place in of_text for word in values[place]], dtype=_TEXT)
    blocks = [(texts[at * n_rows : (at + 1) * n_rows], np.array([place])) for at, place in enumerate(of_text)]
    blocks.append((np.array([values[place] for place in of_numbers]), np.array(of_numbers)))
    for place in set(range(len(values))).difference(of_text, of_numbers):  # other types keep their array
        column = pd.Series(values[place])
        plain = isinstance(column.dtype, np.dtype)
        blocks.append((column.to_numpy(copy=True)[None] if plain else column.array.copy(), np.array([place])))
    known = _NAMES.get(tuple(columns))
    names = pd.Index(list(columns)) if known is None else known.view()
    return create_dataframe_from_blocks(blocks, index=pd.RangeIndex.from_range(range(n_rows)), columns=names)


def check_estimates(frame: pd.DataFrame, frame_name: str = "estimates") -> pd.DataFrame:
    """Refuse *estimates* that lack columns or repeat an estimand.

    Parameters
    ----------
    frame : DataFrame
        *estimates*.
    frame_name : str
        Name of the frame in the message.

    Returns
    -------
    DataFrame
        The same frame.

    Raises
    ------
    DataError
        The frame lacks a column, or two rows have the same estimand and method. The message names the first.
    """
    require_estimates(frame, frame_name)
    require_columns(frame, ESTIMATES, frame_name)
    key = ESTIMATES_SCHEMA.key_of(frame)
    twice = frame.duplicated(key)
    if twice.any():
        row = frame[key].iloc[int(np.flatnonzero(twice)[0])]
        labels = ", ".join(f"{column} '{row[column]}'" for column in key if row[column] != "")
        raise DataError(
            f"`{frame_name}` must have each estimand and method once; got {int(twice.sum())} rows that repeat an estimand and "
            f"method, the first is {labels}."
        )
    return frame


def signs_of_better(estimates: pd.DataFrame, frame_name: str = "estimates") -> NDArray[np.float64]:
    """Read the better direction of each row of *estimates*.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*.
    frame_name : str
        Name of the frame in the message.

    Returns
    -------
    ndarray, shape (rows,)
        1 if higher values are better, -1 if lower values are.

    Raises
    ------
    DataError
        The column ``better`` is absent, is missing in a row, or contains another word.
    """
    help_ = f"Try {frame_name}.assign(better='lower') where lower values of the measure are better, or better='higher'."
    if "better" not in estimates.columns:
        raise DataError(f"{frame_name} has no column `better`. {help_}")
    better = read_better(estimates["better"], frame_name).to_numpy()
    lacking = np.flatnonzero(better == "")
    if lacking.size:
        raise DataError(
            f"{frame_name} has nothing in column `better` in {lacking.size} of {len(better)} rows, the first is row "
            f"{lacking[0] + 1}. {help_}"
        )
    return np.where(better == HIGHER, 1.0, -1.0)


def refuse_subgroups(frame: pd.DataFrame, frame_name: str) -> None:
    """Refuse *estimates* of several levels of a covariate, for a table or figure of one level.

    Parameters
    ----------
    frame : DataFrame
        *estimates*.
    frame_name : str
        Name of the frame in the message.

    Raises
    ------
    DataError
        There are several levels. The message names them.
    """
    if "level" not in frame.columns:
        return
    levels = frame["level"].fillna("all").unique()
    if len(levels) > 1:
        raise DataError(
            f"`{frame_name}` must have one level of subgroups; got {listed(levels)}. Try filtering the rows, or plot.forest."
        )


def check_measures(frame: pd.DataFrame, measures: Collection[str], frame_name: str) -> pd.DataFrame:
    """Refuse *estimates* of measures that a table or figure does not show.

    Parameters
    ----------
    frame : DataFrame
        *estimates*.
    measures : collection of str
        The allowed measures.
    frame_name : str
        Name of the frame in the message.

    Returns
    -------
    DataFrame
        The same frame.

    Raises
    ------
    DataError
        There are no rows, a measure is not allowed, or `check_estimates` refuses the frame.
    """
    check_estimates(frame, frame_name)
    if frame.empty:
        raise DataError(f"`{frame_name}` must have rows of the measures {listed(measures)}; got no rows.")
    strange = [measure for measure in frame["measure"].unique() if measure not in measures]
    if strange:
        raise DataError(f"`{frame_name}` must have rows of the measures {listed(measures)}; got the measure {listed(strange)}.")
    return frame


def refuse_pairs(frame: pd.DataFrame, shown_by: str, frame_name: str = "estimates") -> None:
    """Refuse differences from several references, for a figure or table that cannot distinguish them.

    Parameters
    ----------
    frame : DataFrame
        *estimates*.
    shown_by : str
        The figure or table, with its article.
    frame_name : str
        Name of the frame in the message.

    Raises
    ------
    DataError
        There are several references. The message names them.
    """
    references = [name for name in frame["reference"].unique() if name]
    if len(references) > 1:
        raise DataError(
            f"`{frame_name}` must have one reference, as {shown_by} shows differences from one; got {listed(references)}. "
            "Try filtering the rows, or plot.forest, which shows all pairs."
        )


def with_events(
    estimates: pd.DataFrame, measures: Collection[str], frame_name: str, *, also: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Add the adverse event of each row to *estimates*, and check that each event is there once per arm.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*; ``within`` may be missing.
    measures : collection of str
        The allowed measures.
    frame_name : str
        Name of the frame in the message.
    also : tuple of str
        Columns of the key besides event and arm.

    Returns
    -------
    DataFrame
        The same rows with the column ``event``, an `Event`.

    Raises
    ------
    DataError
        There are no rows, a measure is not allowed, or an event has two rows in an arm.
    """
    check_measures(estimates, measures, frame_name)
    within = estimates["within"].fillna("") if "within" in estimates.columns else [""] * len(estimates)
    events = pd.Series(list(zip(within, estimates["category"], strict=True)), index=estimates.index, dtype=object)
    keyed = estimates.assign(event=events)
    twice = keyed.duplicated(["event", "arm", *also]).to_numpy()
    if not twice.any():
        return keyed
    first = keyed[twice].iloc[0]
    for level, shown_by in _SHOWN_BY.items():
        if level in estimates.columns and level not in also and not keyed.duplicated(["event", "arm", level, *also]).any():
            raise DataError(
                f"`{frame_name}` must have each event once per arm; got '{first['category']}' in arm '{first['arm']}' "
                f"by {level}. Try filtering one {level}, {shown_by}."
            )
    raise DataError(
        f"`{frame_name}` must have each event once per arm; got two rows of '{first['category']}' in arm '{first['arm']}'. "
        "Try filtering one trial, population and method."
    )

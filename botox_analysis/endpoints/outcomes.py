"""`as_outcomes`: *outcomes* from a tidy frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import look_alikes
from botox_analysis.cells.of_frames import read_identifiers, read_names, read_numbers, read_truths, spell_all
from botox_analysis.endpoints.endpoint import Endpoint, outcomes_frame
from botox_analysis.errors import (
    DataError,
    Problem,
    kind_of,
    listed,
    refuse,
    require_columns,
)
from botox_analysis.frames.agreement import disagreement, rounding_of
from botox_analysis.frames.handling import DERIVATION, HANDLING, IMPUTATION, OBSERVED_CASES, Handling
from botox_analysis.frames.outcomes import IMPUTED, MISSING_AFTER, OUTCOMES, Outcomes
from botox_analysis.frames.schema import BETTER, LOWER

_NAMED = ("subject", "arm", "visit", "value", "baseline", "change")
"""Columns that may have other names in a frame."""

_TEXTS = ("trial", "population", "intercurrent", IMPUTATION, HANDLING, DERIVATION, "better")
"""Columns with one text in all rows."""

_MADE_BY = "a frame with one row per subject and visit"


def as_outcomes(
    frame: pd.DataFrame,
    *,
    endpoint: str | Endpoint,
    arms: Sequence[str],
    visits: Sequence[Any],
    columns: Mapping[str, str] | None = None,
) -> Outcomes:
    """Make *outcomes* from a tidy frame, one row per subject and visit.

    Parameters
    ----------
    frame : DataFrame
        Columns for subject, arm, visit, and value or change (or both); a baseline may be absent. Rows of unobserved visits
        may have missing values, or be absent. Names and identifiers match as values: 12 and ``"12"`` are the same visit. The
        baseline is a column, not a visit. All further columns stay as covariates. A covariate with the same value at all
        observed visits of each subject has it at the other visits, too. ``trial``, ``population``, ``intercurrent``,
        ``imputation`` (or its parts ``handling`` and ``derivation``) and ``better`` are used if the frame has them.
    endpoint : str or Endpoint
        Name of the endpoint with its unit, or an `Endpoint`. Lower values are better, unless the `Endpoint` or the
        frame's column ``better`` states it.
    arms : sequence of str
        The arms, reference first.
    visits : sequence
        The visits after baseline, in time.
    columns : mapping of str to str, optional
        The frame's names for ``subject``, ``arm``, ``visit``, ``value``, ``baseline`` and ``change``, if they differ.

    Returns
    -------
    DataFrame
        *outcomes* with the full grid of subjects and visits. ``change`` is calculated if only the value is given, and
        ``value`` if only the change is given.

    Raises
    ------
    DataError
        A column is missing, or an arm or visit is not among those named. A subject has two rows at a visit, two arms or two
        baselines. A cell is not a number (such as a date, duration or boolean) or not a name. Value, baseline and change
        disagree. Or ``better`` is not a word of an `Endpoint`, differs from that of the one given, or is missing in some
        rows.
    ValueError
        `arms` or `visits` is not a list of names, repeats a name, or contains two names that look alike.
    TypeError
        `endpoint` or `columns` is of the wrong type.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"USUBJID": [1, 1, 2, 2], "arm": ["A", "A", "B", "B"], "visit": [4, 8, 4, 8], "value": [9, 7, 8, 8], "baseline": 10}
    ... )
    >>> outcomes = ba.as_outcomes(
    ...     frame, endpoint="pain, 0-10", arms=["B", "A"], visits=[4, 8], columns={"subject": "USUBJID"}
    ... )
    >>> outcomes["change"].tolist()
    [-1.0, -3.0, -2.0, -2.0]
    """
    given = _under_our_names(frame, columns)
    if not isinstance(endpoint, str | Endpoint):
        raise TypeError(f"endpoint: found {kind_of(endpoint)}; expected what was measured, with its unit, or an Endpoint.")
    arms, visits = spell_all(arms, "arms"), spell_all(visits, "visits")
    rounding = rounding_of([given[column].dtype for column in ("value", "baseline", "change") if column in given.columns])
    _refuse_no_covariates(given)
    refuse(_read_cells(given))
    _refuse_strangers(given, arms, visits)
    _refuse_repeats(given)

    subjects = pd.Index(pd.unique(given["subject"]))
    grid = pd.MultiIndex.from_product([subjects, visits], names=["subject", "visit"])
    placed = given.set_index(["subject", "visit"]).reindex(grid)
    of_subject = placed.groupby(level="subject", sort=False)
    arm = of_subject["arm"].transform("first")
    missing = np.full(len(placed), np.nan)
    baseline = of_subject["baseline"].transform("first").to_numpy(dtype=float) if "baseline" in given.columns else missing
    value = placed["value"].to_numpy(dtype=float) if "value" in given.columns else missing
    change = placed["change"].to_numpy(dtype=float) if "change" in given.columns else missing
    _refuse_contradictions(placed, baseline, value, change, rounding)
    change = np.where(np.isnan(change), value - baseline, change)
    value = np.where(np.isnan(value), baseline + change, value)
    texts = {name: _one_word(given, name) if name in given.columns else "" for name in _TEXTS}
    return outcomes_frame(
        {
            **texts,
            "endpoint": endpoint.label if isinstance(endpoint, Endpoint) else endpoint,
            "better": _better(texts["better"], endpoint),
        },
        _handling(texts),
        subject=pd.Series(placed.index.get_level_values("subject")),
        arm=pd.Series(pd.Categorical.from_codes(pd.Index(arms).get_indexer(arm), arms)),
        visit=pd.Categorical.from_codes(np.tile(np.arange(len(visits)), len(subjects)), visits, ordered=True),
        values=(baseline, value, change),
        covariates=_covariates(placed),
    )


def _under_our_names(frame: pd.DataFrame, columns: Mapping[str, str] | None) -> pd.DataFrame:
    """Return the frame with our names of columns; raise an error if columns are missing or have two names."""
    require_columns(frame, (), "frame", made_by=_MADE_BY)
    if columns is not None and not isinstance(columns, Mapping):
        raise TypeError(f"columns: found {kind_of(columns)}; expected a dict such as {{'subject': 'USUBJID'}}.")
    if frame.columns.has_duplicates:
        twice_named = frame.columns[frame.columns.duplicated()]
        raise DataError(f"frame: found column {listed(twice_named)} more than once; expected each name once.")
    names = {column: column for column in _NAMED} | dict(columns or {})
    unknown = [column for column in names if column not in _NAMED]
    if unknown:
        raise ValueError(f"columns names {listed(unknown)}; it takes subject, arm, visit, value, baseline and change.")
    require_columns(frame, [names[column] for column in ("subject", "arm", "visit")], "frame", made_by=_MADE_BY)
    require_columns(frame, (columns or {}).values(), "frame")
    both = [ours for ours, theirs in (columns or {}).items() if ours != theirs and ours in frame.columns]
    if both:
        raise DataError(f"frame has a column {listed(both)} beside the one that columns names for it; drop one of the two.")
    if names["value"] not in frame.columns and names["change"] not in frame.columns:
        raise DataError(
            f"frame has neither a value ('{names['value']}') nor a change ('{names['change']}'); "
            f"its columns are {listed(frame.columns, n_shown=30)}."
        )
    given = frame.rename(columns={theirs: ours for ours, theirs in names.items()}).reset_index(drop=True)
    if given.empty:
        raise DataError("frame has no rows; expected one per subject and visit.")
    return given


def _refuse_repeats(given: pd.DataFrame) -> None:
    """Raise an error for a subject with two rows at a visit, two arms or two baselines."""
    problems = [
        Problem(
            "frame",
            int(row) + 1,
            "visit",
            f"subject '{given['subject'].iloc[row]}' at '{given['visit'].iloc[row]}' a second time",
            "one row per subject and visit",
        )
        for row in np.flatnonzero(given.duplicated(["subject", "visit"]))
    ]
    for column in ("arm", "baseline"):
        if column in given.columns:
            several = given.groupby("subject", sort=False)[column].nunique()
            problems += [
                Problem("frame", None, column, f"{int(n)} values for subject '{subject}'", "one per subject")
                for subject, n in several[several > 1].items()
            ]
    refuse(problems)


def _covariates(placed: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """Return the further columns; one that is constant within subjects is known at their unobserved visits, too."""
    of_subject = placed.groupby(level="subject", sort=False)
    covariates = {}
    for name in placed.columns:
        if name not in (*OUTCOMES, *_TEXTS):
            fixed = (of_subject[name].nunique() <= 1).all()
            covariates[name] = (of_subject[name].transform("first") if fixed else placed[name]).reset_index(drop=True)
    if IMPUTED in covariates:
        covariates[IMPUTED] = _truths(covariates[IMPUTED])
    if MISSING_AFTER in covariates:
        covariates[MISSING_AFTER] = covariates[MISSING_AFTER].fillna("")
    return covariates


def _truths(column: pd.Series[Any]) -> pd.Series[Any]:
    """Read which values were imputed; False at visits that the frame does not have."""
    truths, known = read_truths(column)
    strange = column[column.notna().to_numpy() & ~known]
    if len(strange):
        raise DataError(f"frame: column '{column.name}' holds {strange.iloc[0]!r}; expected true or false.")
    return pd.Series(truths)


def _handling(said: Mapping[str, str]) -> Handling:
    """Read the handling from a frame; a sentence that differs from its parts is kept whole."""
    parts = Handling(said[HANDLING], said[DERIVATION])
    sentence = said[IMPUTATION] or str(parts) or OBSERVED_CASES
    return parts if sentence == str(parts) else Handling(sentence)


def _better(said: str, endpoint: str | Endpoint) -> str:
    """Return the direction of the endpoint, else of the frame, else that of an endpoint without one."""
    if said and said not in BETTER:
        raise DataError(f"frame: found '{said}' in column 'better'; expected 'lower' or 'higher'.")
    stated = endpoint.better if isinstance(endpoint, Endpoint) else None
    if isinstance(endpoint, Endpoint) and stated and said and said != stated:
        raise DataError(
            f"frame: found '{said}' in column 'better', and {stated} values of {endpoint.name} are better; drop the column."
        )
    return stated or said or LOWER


def _one_word(given: pd.DataFrame, name: str) -> str:
    column, problems = read_names(given[name], "frame")
    refuse(problems)
    if name == "better" and column.isna().any() and not column.isna().all():
        raise DataError(
            f"frame: `better` must be 'lower' or 'higher' in all rows, or in none; got {int(column.isna().sum())} rows of "
            f"{len(column)} without it. Try frame.drop(columns='better') if the endpoint states it."
        )
    words = column.dropna().unique()
    if len(words) > 1:
        raise DataError(f"frame has several of '{name}' ({listed(words)}); outcomes are of one: filter the frame first.")
    return str(words[0]) if len(words) else ""


def _refuse_no_covariates(given: pd.DataFrame) -> None:
    """Refuse further columns that contain anything but numbers or levels."""
    for name in (name for name in given.columns if name not in OUTCOMES):
        column = given[name]
        if column.dtype.kind == "c":
            raise DataError(f"frame: column '{name}' holds complex numbers; expected numbers, texts or truth values.")
        strange = next((cell for cell in column if type(cell).__hash__ is None), None) if column.dtype == object else None
        if strange is not None:
            raise DataError(f"frame: column '{name}' holds {kind_of(strange)}; expected numbers, texts or truth values.")


def _read_cells(given: pd.DataFrame) -> list[Problem]:
    """Read the columns in place: names in one spelling, identifiers as values, numbers as numbers."""
    problems: list[Problem] = []
    given["subject"], wrong = read_identifiers(given["subject"], "frame")
    problems += wrong
    for column in ("arm", "visit"):
        names, wrong = read_names(given[column], "frame")
        given[column] = names.astype(object)
        problems += wrong
    if isinstance(given["subject"].dtype, pd.CategoricalDtype):
        # The order and the unused categories of the given column are dropped.
        given["subject"] = given["subject"].astype(given["subject"].cat.categories.dtype)
    for column in ("value", "baseline", "change"):
        if column in given.columns:
            given[column], wrong = read_numbers(given[column], "frame", "a number")
            problems += wrong
    return problems


def _refuse_strangers(given: pd.DataFrame, arms: Sequence[str], visits: Sequence[str]) -> None:
    problems: list[Problem] = []
    for column, known in (("arm", arms), ("visit", visits)):
        strange = np.flatnonzero(~given[column].isin(known).to_numpy())
        for row, name in zip(strange.tolist(), given[column].iloc[strange], strict=True):
            problems.append(
                Problem("frame", row + 1, column, "nothing" if pd.isna(name) else f"'{name}'", _expected(name, known))
            )
        absent = [name for name in known if name not in set(given[column])]
        if absent and not strange.size:
            problems.append(Problem("frame", None, column, f"no row at {listed(absent)}", f"rows for each of {listed(known)}"))
    no_subject = np.flatnonzero(given["subject"].isna())
    problems += [Problem("frame", int(row) + 1, "subject", "nothing", "a subject") for row in no_subject]
    refuse(problems)


def _expected(name: object, known: Sequence[str]) -> str:
    alike = look_alikes([str(name), *known])
    return f"one of {listed(known)}" + (f", of which '{alike[1]}' looks like it" if alike and alike[0] == name else "")


def _refuse_contradictions(placed: pd.DataFrame, baseline: Any, value: Any, change: Any, rounding: float) -> None:
    wrong = np.flatnonzero(disagreement(baseline, value, change, rounding=rounding))
    if wrong.size:
        subject, visit = placed.index[wrong[0]]
        raise DataError(
            f"frame: found {wrong.size} rows whose change is not value minus baseline, the first at subject '{subject}', "
            f"visit '{visit}' ({value[wrong[0]]:g} - {baseline[wrong[0]]:g} against {change[wrong[0]]:g}); "
            "leave out the column that is not to be used."
        )

"""`Trial`: the checked tables of one trial, and what its protocol says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.refusal import DataError, listed, refuse
from botox_analysis.schema import BASELINE, categories_of
from botox_analysis.trials.diary_rows import settle_rows
from botox_analysis.trials.layout import ONE_ARM, POPULATIONS, TABLES, checked, row_numbers
from botox_analysis.trials.readings import SEVERITIES

ALL_RANDOMISED = "all randomised"
LEFT_OUT = ("where", "reason", "n")
"""Columns of the counted frames that say what was left out: the step, why, and how many subjects or rows."""

_NO_COVARIATE = {
    "subject",
    "arm",
    "actual_arm",
    "completed",
    "discontinuation_reason",
    "last_day",
    "last_dose_day",
    *POPULATIONS,
}

_WORDS = {"assessments": ("scale", "visit"), "adverse_events": ("class", "term"), "intercurrent_events": ("kind",)}
"""Columns whose words are what is counted: two spellings of one would be two."""


@dataclass(frozen=True)
class Protocol:
    """What a trial's protocol says of its analysis; a report follows it.

    Attributes
    ----------
    endpoint : str
        The primary endpoint: a diary endpoint (``"headache days"``) or a scale. Empty: the first there is.
    visit : str
        The primary visit. Empty: the last.
    covariates : tuple of str
        Columns of subjects that enter the model beside arm and baseline: strata, sites, ages.
    efficacy_population, safety_population : str
        Columns of ``subjects``. Empty: all randomised.
    analysis : str
        How arms are compared: ``"mmrm"`` (a mixed model for repeated measures, all visits together) or ``"ancova"`` (an
        analysis of covariance, each visit on its own). Empty: the mixed model where the primary endpoint has two or more
        visits at which the arms can be compared and no `handling` is planned, else the analysis of covariance.
    handling : str
        What stands for a missing value in the primary analysis, a word `impute` knows; empty: nothing does.
    reduction : float
        The share by which a responder's value falls.
    points : float
        The points by which a responder's value falls; where it is not 0 it takes the place of ``reduction``. A negative
        number asks for a rise.
    diary_rule : str
        The name of a ready-made `DiaryRule`. Empty: PREEMPT where the diary has hours, else any duration.
    unknown_severity : str
        How headache days of unknown severity count, a word of `DiaryRule`. Empty: as in the rule.
    baseline_minimum_days : int
        A baseline with fewer recorded diary days is missing. 0: as in the rule.
    intercurrent : mapping of str to str
        Kind of intercurrent event -> the strategy for the values after it, a word of `EVENT_STRATEGIES`. Empty: values are
        used whether or not an event happened.
    """

    endpoint: str = ""
    visit: str = ""
    covariates: tuple[str, ...] = ()
    efficacy_population: str = ""
    safety_population: str = ""
    analysis: str = ""
    handling: str = ""
    reduction: float = 0.5
    points: float = 0.0
    diary_rule: str = ""
    unknown_severity: str = ""
    baseline_minimum_days: int = 0
    intercurrent: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """The checked tables of one trial.

    Attributes
    ----------
    name : str
        What reports call it.
    subjects : DataFrame
        One row per subject: ``subject``, ``arm`` (categorical, reference first), populations, covariates.
    diary : DataFrame or None
        One row per subject and recorded day; day 1 is the day of the first treatment, day -1 the day before.
    assessments : DataFrame or None
        One row per subject, scale and visit; ``visit`` is categorical, in time.
    adverse_events : DataFrame or None
        One row per occurrence.
    intercurrent_events : DataFrame or None
        One row per event: ``subject``, ``kind`` and ``day``, from day 1 on.
    population : str
        Which subjects these are.
    populations : tuple of str
        The columns of ``subjects`` that `restrict` takes.
    protocol : Protocol
        What was planned.
    provenance : mapping of str to str
        Where the data come from; ``simulated`` is ``"yes"`` where they are made up.
    left_out : DataFrame
        What reading left out or resolved: where, reason, n.
    """

    name: str
    subjects: pd.DataFrame
    diary: pd.DataFrame | None = None
    assessments: pd.DataFrame | None = None
    adverse_events: pd.DataFrame | None = None
    intercurrent_events: pd.DataFrame | None = None
    population: str = ALL_RANDOMISED
    populations: tuple[str, ...] = ()
    protocol: Protocol = field(default_factory=Protocol)
    provenance: Mapping[str, str] = field(default_factory=dict)
    left_out: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(LEFT_OUT)))

    @property
    def arms(self) -> list[str]:
        """The arms, reference first."""
        return list(self.subjects["arm"].cat.categories)

    @property
    def covariates(self) -> list[str]:
        """The columns of ``subjects`` that describe a subject."""
        fixed = _NO_COVARIATE | set(self.populations)
        return [column for column in self.subjects.columns if column not in fixed]

    def restrict(self, population: str) -> Trial:
        """The same trial with the subjects of a population only.

        Parameters
        ----------
        population : str
            One of ``populations``, or ``"all randomised"``.

        Returns
        -------
        Trial
            Its tables keep the rows of those subjects; ``population`` says which they are.

        Raises
        ------
        DataError
            The trial has no such population, or nobody is in it.
        """
        already = self.population.split(", ")
        if population in already:
            return self
        if population == ALL_RANDOMISED:
            raise DataError(
                f"{self.name} is restricted to '{self.population}'; take all randomised from the trial as it was loaded."
            )
        if population not in self.populations:
            raise DataError(
                f"{self.name} has no population '{population}'; its populations are "
                f"{listed([ALL_RANDOMISED, *self.populations])}."
            )
        member = self.subjects[population].to_numpy(dtype=bool)
        if not member.any():
            raise DataError(f"{self.name}: nobody is in the population '{population}'; expected at least one subject.")
        kept = self.subjects.loc[member].reset_index(drop=True)
        named = population if self.population == ALL_RANDOMISED else f"{self.population}, {population}"
        return replace(
            self,
            subjects=kept,
            diary=_rows_of(self.diary, kept),
            assessments=_rows_of(self.assessments, kept),
            adverse_events=_rows_of(self.adverse_events, kept),
            intercurrent_events=_rows_of(self.intercurrent_events, kept),
            population=named,
        )


def as_trial(
    tables: Mapping[str, pd.DataFrame],
    *,
    name: str,
    arms: list[str] | None = None,
    visits: list[str] | None = None,
    populations: tuple[str, ...] = (),
    protocol: Protocol | None = None,
    provenance: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    diary: Mapping[str, str] | None = None,
) -> Trial:
    """A `Trial` from frames that are already in memory, checked like files.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``subjects`` and any of ``diary``, ``assessments``, ``adverse_events``, ``intercurrent_events``, in the documented
        layout.
    name : str
        What reports call the trial.
    arms : list of str, optional
        The arms, reference first. Left out: in order of appearance.
    visits : list of str, optional
        The visits of the assessments, baseline first. Left out: baseline, then by day, or by the number in the name.
    populations : tuple of str
        Columns of ``subjects`` that are populations, besides ``itt``, ``safety`` and ``per_protocol``.
    protocol : Protocol, optional
        What was planned.
    provenance : mapping of str to str, optional
        Where the data come from.
    files : mapping of str to str, optional
        What messages call each table.

    Returns
    -------
    Trial
        With all subjects.

    Raises
    ------
    DataError
        What was found, where, and what would have been right; its ``problems`` has all of it.

    Examples
    --------
    >>> import pandas as pd
    >>> subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["placebo", "155 U"]})
    >>> as_trial({"subjects": subjects}, name="two people").arms
    ['placebo', '155 U']
    """
    files = files or {}
    if not arms and "subjects" in tables and "arm" in tables["subjects"].columns:
        column = tables["subjects"]["arm"]
        arms = [str(arm) for arm in categories_of(column)] if isinstance(column.dtype, pd.CategoricalDtype) else None
    unknown = [table for table in tables if table not in TABLES]
    if unknown or "subjects" not in tables:
        raise DataError(f"{name}: found tables {listed(tables)}; expected 'subjects' and any of {listed(TABLES[1:])}.")
    tables = {name: _with_baseline(table) if name == "assessments" else table for name, table in tables.items()}
    allowed = {"subjects": {"arm": arms, "actual_arm": arms}} if arms else {}
    if visits:
        allowed["assessments"] = {"visit": visits}
    values = checked(tables, files=files, populations=populations, allowed=allowed)
    subjects = values["subjects"]
    if "arm" not in subjects.columns:
        subjects.insert(1, "arm", ONE_ARM)
    for column in ("arm", "actual_arm"):
        if column in subjects.columns:
            arms = arms or categories_of(subjects["arm"])
            subjects[column] = _in_order(subjects, column, arms, files.get("subjects", "subjects"))
    empty = [arm for arm in subjects["arm"].cat.categories if arm not in set(subjects["arm"])]
    if empty:
        raise DataError(
            f"{files.get('subjects', 'subjects')}: found nobody in arm {listed(empty)}; expected somebody in each arm named."
        )
    _refuse_twins(subjects["arm"], files.get("subjects", "subjects"))
    for table, columns in _WORDS.items():
        for column in columns:
            if table in values and column in values[table].columns:
                _refuse_twins(values[table][column], files.get(table, table))
    order = pd.CategoricalDtype(subjects["subject"])
    for table in TABLES[1:]:
        if table in values:
            values[table]["subject"] = values[table]["subject"].astype(order)
    if "assessments" in values:
        assessments = values["assessments"]
        visits = visits or _visits_in_time(assessments)
        unseen = [visit for visit in visits if visit not in {BASELINE, *assessments["visit"]}]
        if unseen:
            raise DataError(
                f"{files.get('assessments', 'assessments')}: found nothing at visit {listed(unseen)}; "
                f"its visits are {listed(categories_of(assessments['visit']))}."
            )
        assessments["visit"] = pd.Categorical(assessments["visit"], categories=visits, ordered=True)
    for table in ("diary", "adverse_events"):
        if table in values and "severity" in values[table].columns:
            words = SEVERITIES if table == "diary" else SEVERITIES[1:]
            values[table]["severity"] = values[table]["severity"].astype(pd.CategoricalDtype(list(words), ordered=True))
    left_out: list[tuple[str, str, int]] = []
    if "diary" in values:
        file, numbers = files.get("diary", "diary"), row_numbers(tables["diary"])
        settled = settle_rows(values["diary"], subjects, settings=diary, file=file, numbers=numbers)
        refuse(settled.problems)
        values["diary"], left_out = settled.diary, settled.left_out
    elif diary:
        raise DataError(f"{name}: found settings of a diary, {listed(diary)}, and no diary; expected both or neither.")
    found = tuple(dict.fromkeys(column for column in (*POPULATIONS, *populations) if column in subjects.columns))
    return Trial(
        name=name,
        subjects=subjects,
        diary=values.get("diary"),
        assessments=values.get("assessments"),
        adverse_events=values.get("adverse_events"),
        intercurrent_events=values.get("intercurrent_events"),
        populations=found,
        protocol=protocol or Protocol(),
        provenance=dict(provenance or {}),
        left_out=pd.DataFrame(left_out, columns=list(LEFT_OUT)),
    )


def _with_baseline(assessments: pd.DataFrame) -> pd.DataFrame:
    """The visit before treatment under its one name, however its first letter is written."""
    if "visit" not in assessments.columns or assessments.columns.has_duplicates:
        return assessments
    visit = assessments["visit"].astype(object)
    return assessments.assign(visit=visit.map(lambda name: BASELINE if str(name).strip().lower() == BASELINE else name))


def _refuse_twins(column: pd.Series[Any], file: str) -> None:
    """Refuse names that differ only in capitals or spaces: one of them is misspelt."""
    seen: dict[str, str] = {}
    for name in map(str, categories_of(column)):
        plain = "".join(name.lower().split())
        if plain in seen:
            raise DataError(f"{file}, column '{column.name}': found '{seen[plain]}' and '{name}'; expected one spelling.")
        seen[plain] = name


def _in_order(subjects: pd.DataFrame, column: str, arms: list[str], file: str) -> pd.Categorical:
    refuse(
        [
            (file, int(row) + 2, column, f"'{subjects[column].iloc[row]}'", f"one of {listed(arms)}")
            for row in np.flatnonzero(~subjects[column].isin(arms).to_numpy() & subjects[column].notna().to_numpy())
        ]
    )
    return pd.Categorical(subjects[column], categories=arms)


def _visits_in_time(assessments: pd.DataFrame) -> list[str]:
    visits = assessments["visit"]
    named = categories_of(visits)
    if "day" in assessments.columns and assessments["day"].notna().any():
        time: Any = assessments.groupby("visit", sort=False)["day"].median()
    else:
        time = pd.Series(named, index=named).str.extract(r"(-?\d+(?:\.\d+)?)", expand=False).astype(float)
    in_time = sorted(named, key=lambda visit: (np.isnan(time[visit]), time[visit] if time[visit] == time[visit] else 0.0))
    first = [visit for visit in in_time if visit == BASELINE]
    return first + [visit for visit in in_time if visit not in first]


def _rows_of(table: pd.DataFrame | None, subjects: pd.DataFrame) -> pd.DataFrame | None:
    if table is None:
        return None
    order = pd.CategoricalDtype(subjects["subject"])
    # Old category code -> new; -1 for those who are not in the population.
    new_code = order.categories.get_indexer(table["subject"].cat.categories)
    codes = new_code[table["subject"].cat.codes.to_numpy()]
    kept = codes >= 0
    rows = table.loc[kept].reset_index(drop=True)
    rows["subject"] = pd.Categorical.from_codes(codes[kept], dtype=order)
    return rows

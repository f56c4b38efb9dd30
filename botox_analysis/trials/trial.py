"""`Trial`: the checked tables of one trial, and what its protocol says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.cells.values import distinct
from botox_analysis.errors import DataError, listed, refuse, require_columns, require_text, wrong_kind
from botox_analysis.frames.left_out import LEFT_OUT
from botox_analysis.frames.schema import categories_of
from botox_analysis.trials.checking.checks import checked, populations_in
from botox_analysis.trials.checking.door import Door, Told
from botox_analysis.trials.checking.under_our_names import under_our_names
from botox_analysis.trials.diary_rows import settle_rows
from botox_analysis.trials.layout import FIRST_DOSE as FIRST_DOSE
from botox_analysis.trials.layout import ONE_ARM, POPULATIONS, TABLES, columns_of, is_another_column
from botox_analysis.trials.readers.delimited import ROW
from botox_analysis.trials.settings.file import SETTINGS, arms_of, check_settings
from botox_analysis.trials.settings.protocol import Protocol as Protocol
from botox_analysis.trials.settings.protocol import protocol_of

ALL_RANDOMISED = "all randomised"
"""Columns of the counted frames of what was left out, merged or assumed: the step, why, and how many subjects or rows."""

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

_REFERENCE = re.compile(r"\b(placebo|sham|control|vehicle)\b", re.IGNORECASE)
_NO_REFERENCE = re.compile(r"\bactive\b", re.IGNORECASE)


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
    better : mapping of str to str
        Which values of a scale are better, ``"lower"`` or ``"higher"``; of a scale that is not named, lower ones.
    reference : str
        The arm that others are compared with, where the settings, the order of a categorical column or its name (placebo, sham,
        control, vehicle) say which it is; empty where the first arm stands in its place.
    left_out : DataFrame
        What reading left out, merged or assumed: where, reason, n.
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
    better: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""
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
        require_text(population, "population", "the name of one, such as 'itt'")
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
                f"{listed([ALL_RANDOMISED, *self.populations])}.{did_you_mean(population, self.populations)}"
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
    arms: Sequence[str] | None = None,
    visits: Sequence[str] | None = None,
    protocol: Protocol | None = None,
    provenance: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Trial:
    """Make a `Trial` of frames that are already in memory, checked like files.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``subjects`` and any of ``diary``, ``assessments``, ``adverse_events``, ``intercurrent_events``, in the documented
        layout. Dates become study days as in files. A categorical covariate is a factor, also one of numbers.
    name : str
        What reports call the trial.
    arms : sequence of str, optional
        The arms, reference first. Left out: in the order of a categorical column, else with the one called placebo, sham, control
        or vehicle first (where there is one such), else in order of appearance.
    visits : sequence of str, optional
        The visits of the assessments, baseline first. Left out: baseline, then by day, or by the day that the name tells.
    protocol : Protocol, optional
        What was planned.
    provenance : mapping of str to str, optional
        Where the data come from.
    settings : mapping, optional
        Whatever else ``trial.toml`` may have, in its words: ``{"scales": {"PGIC": {"baseline": False}}}``, or
        ``{"populations": ["completers"]}`` for columns of ``subjects`` that are populations, besides ``itt``, ``safety`` and
        ``per_protocol``.

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
    >>> subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["155 U", "placebo"]})
    >>> ba.as_trial({"subjects": subjects}, name="two people").arms
    ['placebo', '155 U']
    """
    ordered = {"arms": arms, "visits": visits}
    named = {key: list(words) if isinstance(words, tuple) else words for key, words in ordered.items() if words}
    return checked_trial(
        tables, name=name, settings=dict(settings or {}) | named, files={}, protocol=protocol, provenance=provenance
    )


def checked_trial(
    tables: Mapping[str, pd.DataFrame],
    *,
    name: str,
    settings: Mapping[str, Any],
    files: Mapping[str, str],
    protocol: Protocol | None = None,
    provenance: Mapping[str, str] | None = None,
) -> Trial:
    """Make a `Trial` of tables that were read from files, or are in memory.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        As for `as_trial`.
    name : str
        What reports call the trial.
    settings : mapping
        Of ``trial.toml``.
    files : mapping of str to str
        What messages call each table. A table without an entry is called by its name.
    protocol : Protocol, optional
        What was planned. Left out: as the settings state.
    provenance : mapping of str to str, optional
        Where the data come from.

    Returns
    -------
    Trial
        With all subjects.

    Raises
    ------
    DataError
        As for `as_trial`.
    """
    if not isinstance(tables, Mapping):
        raise wrong_kind(tables, "tables", "a dict of frames by name, such as {'subjects': frame, 'diary': frame}")
    unknown = [table for table in tables if table not in TABLES]
    if unknown or "subjects" not in tables:
        raise DataError(f"{name}: found tables {listed(tables)}; expected 'subjects' and any of {listed(TABLES[1:])}.")
    asked = check_settings(settings)
    _refuse_unfit_populations(asked.get("populations", ()))
    told: Told = []
    raw = {table: under_our_names(frame, table, files.get(table, table), asked, told) for table, frame in tables.items()}
    require_columns(raw["subjects"], asked.get("factors", ()), f"{files.get('subjects', 'subjects')}, by factors in {SETTINGS},")
    if not asked.get("arms") and "arm" in raw["subjects"].columns:
        ordered = raw["subjects"]["arm"]
        if isinstance(ordered.dtype, pd.CategoricalDtype) and not _from_file(ordered):
            asked["arms"] = [str(arm) for arm in categories_of(ordered)]
    values, door = checked(raw, files=files, settings=asked, factors=_factors(raw["subjects"], asked))
    values["subjects"] = _with_arms(values["subjects"], door)
    order = pd.Index(values["subjects"]["subject"])
    for table in TABLES[1:]:
        if table in values:
            values[table]["subject"] = values[table]["subject"].cat.set_categories(order)
    if "diary" in values:
        values["diary"] = _with_settled_rows(values, door)
    elif asked.get("diary"):
        raise DataError(f"{name}: found settings of a diary, {listed(asked['diary'])}, and no diary; expected both or neither.")
    return Trial(
        name=name,
        subjects=values["subjects"],
        diary=values.get("diary"),
        assessments=values.get("assessments"),
        adverse_events=values.get("adverse_events"),
        intercurrent_events=values.get("intercurrent_events"),
        populations=populations_in(values["subjects"], tuple(asked.get("populations", ()))),
        protocol=protocol or protocol_of(asked),
        provenance=dict(provenance or {}),
        better={scale: said["better"] for scale, said in asked.get("scales", {}).items() if "better" in said},
        reference=_reference_of(values["subjects"], asked),
        left_out=pd.DataFrame(told + door.told, columns=list(LEFT_OUT)),
    )


def _refuse_unfit_populations(named: Iterable[str]) -> None:
    """Refuse columns that are something else already, and names that could not be told from several."""
    unfit = [name for name in named if name == ALL_RANDOMISED or ", " in name or is_another_column(name)]
    if unfit:
        raise DataError(
            f"{SETTINGS}: found the populations {listed(unfit)}; expected columns of yes or no, named without a comma."
        )


def _from_file(column: pd.Series[Any]) -> bool:
    """Whether a column was read from a file, where texts are categorical without a meaning of their order."""
    return bool(column.index.name == ROW)


def _with_settled_rows(values: Mapping[str, pd.DataFrame], door: Door) -> pd.DataFrame:
    """The diary without rows that contradict themselves, and with the doses that an empty cell means."""
    said, file, numbers = door.settings.get("diary"), door.file("diary"), door.rows("diary")
    settled = settle_rows(values["diary"], values["subjects"], settings=said, file=file, numbers=numbers)
    refuse(settled.problems)
    door.told += settled.left_out
    return settled.diary


def _factors(subjects: pd.DataFrame, settings: Mapping[str, Any]) -> frozenset[str]:
    """The covariates that a frame itself calls factors."""
    known = columns_of("subjects", tuple(settings.get("populations", ())))
    return frozenset(
        str(column)
        for column in subjects.columns
        if column not in known and isinstance(subjects[column].dtype, pd.CategoricalDtype) and not _from_file(subjects[column])
    )


def _with_arms(subjects: pd.DataFrame, door: Door) -> pd.DataFrame:
    """Subjects whose arms are categories, reference first."""
    subjects = subjects.assign(subject=subjects["subject"].astype(subjects["subject"].cat.categories.dtype))
    if "arm" not in subjects.columns:
        subjects.insert(1, "arm", ONE_ARM)
    named = [str(arm) for arm in distinct(subjects["arm"])[1]]
    arms = arms_of(door.settings) or _reference_first(named, door)
    empty = [arm for arm in arms if arm not in named]
    if empty:
        raise DataError(f"{door.file('subjects')}: found nobody in arm {listed(empty)}; expected somebody in each arm named.")
    columns = [column for column in ("arm", "actual_arm") if column in subjects.columns]
    return subjects.assign(
        **{column: pd.Categorical(subjects[column].where(subjects[column].isin(arms)), categories=arms) for column in columns}
    )


def _reference_first(named: list[str], door: Door) -> list[str]:
    """The arms with the reference in front: as the settings have it, else the only one that is called like one."""
    reference = door.settings.get("reference")
    if reference is not None and reference not in named:
        raise DataError(
            f"{door.file('subjects')}: found the arms {listed(named)}; expected the reference '{reference}' among them."
        )
    called = [arm for arm in named if _REFERENCE.search(arm) and not _NO_REFERENCE.search(arm)]
    if reference is None and len(named) > 1 and len(called) == 1:
        reference = called[0]
        door.told.append((f"{door.file('subjects')}, arm", f"no reference is named: '{reference}' is taken for it", len(named)))
    return named if reference is None else [reference, *(arm for arm in named if arm != reference)]


def _reference_of(subjects: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    """The first arm, where it is known to be the reference."""
    first = str(subjects["arm"].cat.categories[0])
    named = settings.get("arms") or settings.get("reference") is not None
    return first if named or (_REFERENCE.search(first) and not _NO_REFERENCE.search(first)) else ""


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

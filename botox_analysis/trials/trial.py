"""`Trial`: the checked tables of one trial, and its protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.errors import DataError, listed, refuse, require_columns, require_text, wrong_kind
from botox_analysis.frames.left_out import LEFT_OUT, left_out_in_words
from botox_analysis.frames.schema import Better, categories_of
from botox_analysis.trials.arms import reference_of, with_arms
from botox_analysis.trials.attacks.diary import filled, with_attacks
from botox_analysis.trials.attacks.settings import are_in_diary
from botox_analysis.trials.checking.checks import checked, population_of, populations_in
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.checking.under_our_names import under_our_names
from botox_analysis.trials.diary_rows import settle_rows
from botox_analysis.trials.layout import FIRST_DOSE as FIRST_DOSE
from botox_analysis.trials.layout import POPULATIONS, TABLES, columns_of, is_another_column
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.overview import files_of, rows_of_tables
from botox_analysis.trials.readers.raw import HEADER, ROW
from botox_analysis.trials.settings.file import SETTINGS, check_settings
from botox_analysis.trials.settings.protocol import Protocol as Protocol
from botox_analysis.trials.settings.protocol import protocol_of
from botox_analysis.trials.shapes.frames import table_of_frame
from botox_analysis.trials.shapes.shape import Arranged
from botox_analysis.trials.shapes.shapes import SHAPES, arranged, is_alone, shape_of
from botox_analysis.wording import Overview, Shown, count, some_of

ALL_RANDOMISED = "all randomised"
"""Name of the population of all subjects."""

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


@dataclass(frozen=True, repr=False)
class Trial(Shown):
    """Checked tables of one trial, with its protocol.

    Attributes
    ----------
    name : str
        Name of the trial in reports.
    subjects : DataFrame
        One row per subject: ``subject``, ``arm`` (categorical, reference first), populations, covariates.
    diary : DataFrame or None
        One row per subject and recorded day. Day 1 is the day of the first treatment, and day -1 is the day before.
    assessments : DataFrame or None
        One row per subject, scale and visit; ``visit`` is categorical, in time order.
    adverse_events : DataFrame or None
        One row per occurrence of an adverse event.
    intercurrent_events : DataFrame or None
        One row per event: ``subject``, ``kind`` and ``day``, from day 1 on.
    attacks : DataFrame or None
        One row per attack: ``subject``, ``start_day``, ``start_time`` in hours since midnight, ``end_day``, ``end_time``, the
        features and medicines. The days that are made of the attacks are in ``diary``.
    treatments : DataFrame or None
        One row per treatment or injection: ``subject``, ``day``, ``cycle``, ``product``, ``dose`` in units, ``muscle``, ``side``.
    event_times : DataFrame or None
        One row per subject and endpoint: ``time`` in days, ``observed``, and the ``reason`` of a time without the event.
    population : str
        Name of the population that these subjects form.
    populations : tuple of str
        Columns of ``subjects`` that `restrict` accepts.
    protocol : Protocol
        Planned analysis.
    provenance : mapping of str to str
        Origin of the data: citation, source, checksums. ``simulated`` is ``"yes"`` for simulated data.
    better : mapping of str to str
        Direction of benefit by scale, ``"lower"`` or ``"higher"``. A scale that is not named is better when lower.
    reference : str
        Reference arm, known from the settings, from the order of a categorical column, or from its name (placebo, sham,
        control, vehicle). Empty if it is unknown; the first arm then takes its place.
    left_out : DataFrame
        Rows left out, merged or assumed while reading: ``where``, ``reason`` and ``n``, their number.

    Examples
    --------
    >>> trial.arms, len(trial.subjects), list(trial.populations)
    (['placebo', 'onabotulinumtoxinA'], 1384, ['itt', 'safety', 'per_protocol'])
    """

    name: str
    subjects: pd.DataFrame
    diary: pd.DataFrame | None = None
    assessments: pd.DataFrame | None = None
    adverse_events: pd.DataFrame | None = None
    intercurrent_events: pd.DataFrame | None = None
    attacks: pd.DataFrame | None = None
    treatments: pd.DataFrame | None = None
    event_times: pd.DataFrame | None = None
    population: str = ALL_RANDOMISED
    populations: tuple[str, ...] = ()
    protocol: Protocol = field(default_factory=Protocol)
    provenance: Mapping[str, str] = field(default_factory=dict)
    better: Mapping[str, Better] = field(default_factory=dict)
    reference: str = ""
    left_out: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(LEFT_OUT)))

    def _overview(self) -> Overview:
        n = self.subjects["arm"].value_counts(sort=False)
        arms = some_of(f"{arm} ({'reference, ' if arm == self.reference else ''}{count(n[arm])})" for arm in self.arms)
        of_tables = rows_of_tables({name: getattr(self, name) for name in TABLES[1:]})
        planned = " at ".join(filter(None, (self.protocol.endpoint, self.protocol.visit)))
        origin = "simulated" if self.provenance.get("simulated") == "yes" else self.provenance.get("origin", "")
        members = (f"{name} ({count(self.subjects[name].sum())})" for name in self.populations)
        rows = (
            ("subjects", f"{count(len(self.subjects))}, {self.population}"),
            ("arms", arms),
            ("populations", some_of(members)),
            ("covariates", some_of(self.covariates)),
            *of_tables,
            ("primary", planned),
            ("read from", ": ".join(filter(None, (origin, some_of(files_of(self.provenance), 5))))),
            ("left out", left_out_in_words(self.left_out)),
        )
        return Overview(f"Trial: {self.name}", rows)

    @property
    def arms(self) -> list[str]:
        """Names of the arms, reference first.

        Examples
        --------
        >>> trial.arms
        ['placebo', 'onabotulinumtoxinA']
        """
        return list(self.subjects["arm"].cat.categories)

    @property
    def covariates(self) -> list[str]:
        """Names of the covariates: columns of ``subjects`` that are neither populations nor columns of the layout.

        Examples
        --------
        >>> trial.covariates
        ['age', 'sex', 'overuse']
        """
        fixed = _NO_COVARIATE | set(self.populations)
        return [column for column in self.subjects.columns if column not in fixed]

    def restrict(self, population: str) -> Trial:
        """Restrict the trial to the subjects of a population.

        Parameters
        ----------
        population : str
            One of ``populations``, or ``"all randomised"``.

        Returns
        -------
        Trial
            A new trial with the rows of these subjects; its ``population`` is their name.

        Raises
        ------
        DataError
            The trial has no such population, or the population has no subjects.

        Examples
        --------
        >>> treated = trial.restrict("safety")
        >>> treated.population, len(treated.subjects)
        ('safety', 1374)
        """
        require_text(population, "population", "the name of a population, such as 'itt'")
        already = self.population.split(", ")
        if population in already:
            return self
        if population == ALL_RANDOMISED:
            raise DataError(
                f"{self.name} is restricted to '{self.population}' already; take all randomised from the trial as it was loaded."
            )
        if population not in self.populations:
            raise DataError(
                f"{self.name} has no population '{population}'; its populations are "
                f"{listed([ALL_RANDOMISED, *self.populations])}.{did_you_mean(population, self.populations)}"
            )
        member = self.subjects[population].to_numpy(dtype=bool)
        if not member.any():
            raise DataError(f"{self.name}: found no subject in the population '{population}'; expected at least one.")
        kept = self.subjects.loc[member].reset_index(drop=True)
        named = population if self.population == ALL_RANDOMISED else f"{self.population}, {population}"
        others: dict[str, Any] = {table: _rows_of(getattr(self, table), kept) for table in TABLES[1:]}
        return replace(self, subjects=kept, population=named, **others)


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
    """Make a `Trial` from frames in memory, with the checks for files.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``subjects`` and any of ``diary``, ``assessments``, ``adverse_events``, ``intercurrent_events``, ``attacks``,
        ``treatments`` and ``event_times``, in the documented layout. Dates become study days as in files. A categorical
        covariate is a factor, also one of numbers.
    name : str
        Name of the trial in reports.
    arms : sequence of str, optional
        Names of the arms, reference first. Left out: the order of a categorical column, else the order of appearance. Then the
        only arm named placebo, sham, control or vehicle comes first.
    visits : sequence of str, optional
        Visits of the assessments, baseline first. Left out: baseline, then by study day, or by the day in the name.
    protocol : Protocol, optional
        Planned analysis.
    provenance : mapping of str to str, optional
        Origin of the data.
    settings : mapping, optional
        Further settings, with the keys of ``trial.toml``: ``{"scales": {"PGIC": {"baseline": False}}}``, or
        ``{"populations": ["completers"]}`` for columns of ``subjects`` that are populations, besides ``itt``, ``safety`` and
        ``per_protocol``.

    Returns
    -------
    Trial
        The checked trial with all subjects.

    Raises
    ------
    DataError
        A table, column or cell is not as the layout describes. ``problems`` of the error has a row for each fault.

    Examples
    --------
    >>> import pandas as pd
    >>> subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["155 U", "placebo"]})
    >>> ba.as_trial({"subjects": subjects}, name="two people").arms
    ['placebo', '155 U']
    """
    ordered = {"arms": arms, "visits": visits}
    named = {key: list(words) if isinstance(words, tuple) else words for key, words in ordered.items() if words}
    asked = check_settings(dict(settings or {}) | named)
    found = _arranged_frames(tables, asked)
    trial = checked_trial(
        found.tables, name=name, settings=found.settings, files=found.files, protocol=protocol, provenance=provenance
    )
    return with_notes(trial, found.notes)


def with_notes(trial: Trial, notes: Notes) -> Trial:
    """Put notes before those of a trial.

    Parameters
    ----------
    trial : Trial
        A trial.
    notes : list of (str, str, int)
        Content left out, merged or assumed before the checks: place, reason, number of rows.

    Returns
    -------
    Trial
        The trial with all notes in ``left_out``.
    """
    if not notes:
        return trial
    return replace(trial, left_out=pd.concat([pd.DataFrame(notes, columns=list(LEFT_OUT)), trial.left_out], ignore_index=True))


def _arranged_frames(tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> Arranged:
    """Arrange a user's frames like the tables of files; frames of no known shape stay as they are, for the checks to refuse."""
    if not isinstance(tables, Mapping):
        raise wrong_kind(tables, "tables", "a dict of frames by name, such as {'subjects': frame, 'diary': frame}")
    shape = shape_of(map(str, tables))
    unknown = shape is SHAPES[0] and any(table not in TABLES for table in tables)
    if unknown or not all(isinstance(frame, pd.DataFrame) for frame in tables.values()):
        return Arranged(tables, {}, settings)
    raw = {str(table): table_of_frame(str(table), frame) for table, frame in tables.items()}
    if shape is None and not (len(raw) == 1 and is_alone(next(iter(raw.values())), settings)):
        return Arranged(tables, {}, settings)
    return arranged(raw, settings)


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
    notes: Notes = []
    raw = {table: under_our_names(frame, table, files.get(table, table), asked, notes) for table, frame in tables.items()}
    require_columns(raw["subjects"], asked.get("factors", ()), f"{files.get('subjects', 'subjects')}, by factors in {SETTINGS},")
    if not asked.get("arms") and "arm" in raw["subjects"].columns:
        ordered = raw["subjects"]["arm"]
        if isinstance(ordered.dtype, pd.CategoricalDtype) and not _from_file(ordered):
            asked["arms"] = [str(arm) for arm in categories_of(ordered)]
    values, door = checked(raw, files=files, settings=asked, factors=_factors(raw["subjects"], asked))
    values["subjects"] = with_arms(values["subjects"], door)
    order = pd.Index(values["subjects"]["subject"])
    for table in TABLES[1:]:
        if table in values:
            values[table]["subject"] = values[table]["subject"].cat.set_categories(order)
    if values.keys() & {"diary", "attacks"}:
        values["diary"] = _with_settled_rows(values, door)
    for table in ("diary", "attacks"):
        if asked.get(table) and table not in values:
            found = f"{name}: found settings of {table}, {listed(asked[table])}, and no {table}"
            raise DataError(f"{found}; expected both or neither.")
    populations = populations_in(values["subjects"], tuple(asked.get("populations", ())))
    checked_tables: dict[str, Any] = {table: values.get(table) for table in TABLES}
    return Trial(
        name=name,
        **checked_tables,
        population=population_of(values["subjects"], populations, asked) or ALL_RANDOMISED,
        populations=populations,
        protocol=protocol or protocol_of(asked),
        provenance=dict(provenance or {}),
        better={scale: keys["better"] for scale, keys in asked.get("scales", {}).items() if "better" in keys},
        reference=reference_of(values["subjects"], asked),
        left_out=pd.DataFrame(notes + door.notes, columns=list(LEFT_OUT)),
    )


def _refuse_unfit_populations(named: Iterable[str]) -> None:
    """Raise an error for populations with the name of another column, or with a comma, which separates populations."""
    unfit = [name for name in named if name == ALL_RANDOMISED or ", " in name or is_another_column(name)]
    if unfit:
        raise DataError(
            f"{SETTINGS}: found the populations {listed(unfit)}; expected columns of yes or no, named without a comma."
        )


def _from_file(column: pd.Series[Any]) -> bool:
    """Check whether a column was read from a file. Its texts are categories too, but their order has no meaning."""
    return bool(column.index.name == ROW)


def _with_settled_rows(values: Mapping[str, pd.DataFrame], door: Door) -> pd.DataFrame:
    """Resolve contradictory rows of the diary, and fill empty cells of doses, by the settings; add the days of attacks."""
    diary, subjects, file, attacked = values.get("diary"), values["subjects"], door.file("attacks"), None
    numbers = np.zeros(0, dtype=np.int64) if diary is None else door.rows("diary")
    headers = {} if diary is None else _headers(diary, door.raw["diary"])
    if "attacks" in values and not are_in_diary(door.settings, diary, file):
        attacked = with_attacks(diary, values["attacks"], subjects, settings=door.settings.get("attacks", {}), file=file)
        further = np.zeros(len(attacked.rows) - len(numbers), dtype=np.int64)
        numbers = np.append(numbers, further)
        headers = {column: [*of_cells, *[column] * len(further)] for column, of_cells in headers.items()}
        door.notes += attacked.notes
        diary = attacked.rows
    settings, of_diary = door.settings.get("diary"), door.file("diary")
    settled = settle_rows(diary, subjects, settings=settings, file=of_diary, numbers=numbers, headers=headers)
    refuse(settled.problems)
    door.notes += settled.left_out
    if attacked is None:
        return settled.diary
    diary, notes = filled(attacked, settled.diary, file)
    door.notes += notes
    return diary


def _headers(diary: pd.DataFrame, raw: pd.DataFrame) -> dict[str, list[str]]:
    """Find the column of the file that has each cell of a diary with a column a day."""
    named = {column: f"{column}{HEADER}" for column in diary.columns}
    return {column: raw[header].astype(str).tolist() for column, header in named.items() if header in raw.columns}


def _factors(subjects: pd.DataFrame, settings: Mapping[str, Any]) -> frozenset[str]:
    """Find the covariates that are categorical in a user's frame."""
    known = columns_of("subjects", tuple(settings.get("populations", ())))
    return frozenset(
        str(column)
        for column in subjects.columns
        if column not in known and isinstance(subjects[column].dtype, pd.CategoricalDtype) and not _from_file(subjects[column])
    )


def _rows_of(table: pd.DataFrame | None, subjects: pd.DataFrame) -> pd.DataFrame | None:
    if table is None:
        return None
    order = pd.CategoricalDtype(subjects["subject"])
    # Old category code -> new; -1 for subjects who are not in the population.
    new_code = order.categories.get_indexer(table["subject"].cat.categories)
    codes = new_code[table["subject"].cat.codes.to_numpy()]
    kept = codes >= 0
    rows = table.loc[kept].reset_index(drop=True)
    rows["subject"] = pd.Categorical.from_codes(codes[kept], dtype=order)
    return rows

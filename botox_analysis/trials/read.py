"""`load_trial`: a folder of CSV or Parquet files -> `Trial`.

A small ``trial.toml`` beside the files says what is called otherwise; without it the documented layout is expected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.refusal import DataError, Problem, listed, refuse
from botox_analysis.schema import BASELINE
from botox_analysis.trials.layout import TABLES, row_numbers, table_schemas
from botox_analysis.trials.raw_files import find_table, read_table
from botox_analysis.trials.settings import SETTINGS, arms_of, protocol_of, read_settings, visits_of
from botox_analysis.trials.study_days import with_study_days
from botox_analysis.trials.trial import Trial, as_trial

MOSTLY = 0.8
"""The share of numbers from which a column of a few words beside them is taken for a mistake."""


def load_trial(folder: str | Path) -> Trial:
    """A trial from a folder of CSV or Parquet files.

    Parameters
    ----------
    folder : str or Path
        Holds ``subjects`` and any of ``diary``, ``assessments``, ``adverse_events`` and ``intercurrent_events``, each as
        ``.csv`` or ``.parquet``, and, where the layout differs from the documented one, ``trial.toml``.

    Returns
    -------
    Trial
        With all subjects. Empty cells and the missing codes named in ``trial.toml`` are missing values; nothing else
        is ("NA" may be North America). Dates are study days: day 1 is that of ``first_dose_date``, the day before is -1.

    Raises
    ------
    DataError
        A file or column is missing, or cells are not what they should be: file, row and column of each.

    References
    ----------
    CDISC Study Data Tabulation Model Implementation Guide 3.4, section 4.4.4: study days, without a day 0.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: found no such folder; expected one with subjects.csv or subjects.parquet.")
    settings = read_settings(folder)
    paths = {table: find_table(folder, table) for table in TABLES}
    if paths["subjects"] is None:
        found = sorted(path.name for path in folder.iterdir())
        raise DataError(f"{folder}: found {listed(found)}; expected subjects.csv or subjects.parquet among them.")
    present = {table: path for table, path in paths.items() if path is not None}
    raw = {table: read_table(path, table, settings) for table, path in present.items()}
    files = {table: path.name for table, path in present.items()}
    _refuse_words_among_numbers(raw["subjects"], files["subjects"], settings)
    raw = with_study_days(raw, files, settings)
    if "assessments" in raw and "baseline" in settings and "visit" in raw["assessments"].columns:
        visit = raw["assessments"]["visit"].astype(object).map(str)
        first = str(settings["baseline"])
        if not (visit == first).any():
            raise DataError(
                f"{SETTINGS}: found baseline = {first!r}; {files['assessments']} has the visits {listed(visit.unique())}."
            )
        raw["assessments"] = raw["assessments"].assign(visit=visit.where(visit != first, BASELINE))
    return as_trial(
        raw,
        name=settings.get("name", folder.resolve().name),
        arms=arms_of(settings),
        visits=visits_of(settings),
        populations=tuple(settings.get("populations", ())),
        protocol=protocol_of(settings),
        provenance=_provenance(settings, [*present.values(), folder / SETTINGS]),
        files=files,
        diary=settings.get("diary"),
    )


def _refuse_words_among_numbers(subjects: pd.DataFrame, file: str, settings: Mapping[str, Any]) -> None:
    """Refuse a covariate of numbers with a word among them: it would silently become a factor."""
    known = {*table_schemas()["subjects"].columns, *settings.get("factors", ()), *settings.get("populations", ())}
    numbers_of_rows = row_numbers(subjects)
    problems: list[Problem] = []
    for column in subjects.columns:
        if column in known or pd.api.types.is_numeric_dtype(subjects[column]) or column.endswith("_date"):
            continue
        there = subjects[column].notna().to_numpy()
        read = pd.to_numeric(subjects[column], errors="coerce").notna().to_numpy()
        if read.sum() > MOSTLY * there.sum() and not read[there].all():
            problems += [
                (file, int(numbers_of_rows[row]), str(column), f"'{subjects[column].iloc[row]}'",
                 f"a number, an empty cell, or factors = ['{column}'] in {SETTINGS}")
                for row in np.flatnonzero(there & ~read)
            ]  # fmt: skip
    refuse(problems)


def sha256_of(path: Path) -> str:
    """The SHA-256 checksum of a file.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _provenance(settings: Mapping[str, Any], paths: list[Path]) -> dict[str, str]:
    said = {key: str(settings[key]) for key in ("citation", "source", "seed") if key in settings}
    said["simulated"] = "yes" if settings.get("simulated") else "no"
    return said | {f"sha256 of {path.name}": sha256_of(path) for path in paths if path.is_file()}

"""`load_trial`: a folder of CSV or Parquet files -> `Trial`.

A ``trial.toml`` beside the files describes names and codes that differ from the documented layout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.errors import DataError, listed, require_path
from botox_analysis.frames.left_out import LEFT_OUT
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.overview import FILE
from botox_analysis.trials.readers.columnar import read_columnar
from botox_analysis.trials.readers.delimited import read_delimited
from botox_analysis.trials.readers.files import find_tables, parsing
from botox_analysis.trials.settings.file import SETTINGS, read_settings
from botox_analysis.trials.trial import Trial, checked_trial

_ONLY_WITH = {
    "assessments": ("visits", "baseline", "unscheduled", "windows", "within_window", "scales"),
    "diary": ("diary",),
}
"""Settings that need a table."""


def load_trial(folder: str | Path) -> Trial:
    """Read a trial from a folder of CSV or Parquet files.

    Parameters
    ----------
    folder : str or Path
        Folder with ``subjects`` and any of ``diary``, ``assessments``, ``adverse_events`` and ``intercurrent_events``, each as
        ``.csv`` or ``.parquet``. A ``trial.toml`` describes names and codes that differ from the documented layout.

    Returns
    -------
    Trial
        The checked trial with all subjects. Empty cells and the codes named in ``trial.toml`` are missing values; no other word
        is ("NA" may be North America). Dates become study days: day 1 is ``first_dose_date``, and the day before is day -1.
        ``left_out`` lists the rows left out, merged or assumed.

    Raises
    ------
    DataError
        A file or column is missing, or a cell is not as the layout describes. ``problems`` of the error has the file, row and
        column of each fault.

    References
    ----------
    CDISC Study Data Tabulation Model Implementation Guide 3.4, section 4.4.4: study days, without a day 0.

    Examples
    --------
    >>> loaded = ba.load_trial(ba.bundled_data("simulated"))
    >>> loaded.name, len(loaded.subjects)
    ('Simulated trial in chronic migraine', 1384)
    """
    require_path(folder, "folder", "the path of a folder with subjects.csv or subjects.parquet")
    folder = Path(folder)
    with parsing(str(folder), "a folder"):
        is_folder = folder.is_dir()
    if not is_folder:
        raise DataError(f"{folder}: found no such folder; expected one with subjects.csv or subjects.parquet.")
    paths, notes = find_tables(folder, TABLES)
    settings = read_settings(folder)
    if "subjects" not in paths:
        found = sorted(path.name for path in folder.iterdir())
        raise DataError(f"{folder}: found {listed(found)}; expected subjects.csv or subjects.parquet among them.")
    _refuse_settings_of_absent_tables(settings, set(paths))
    raw = {
        table: read_columnar(path) if path.suffix == ".parquet" else read_delimited(path, settings)
        for table, path in paths.items()
    }
    trial = checked_trial(
        raw,
        name=settings.get("name", folder.resolve().name),
        provenance=_provenance(settings, [*paths.values(), folder / SETTINGS]),
        files={table: path.name for table, path in paths.items()},
        settings=settings,
    )
    unread = pd.DataFrame(notes, columns=list(LEFT_OUT))
    return replace(trial, left_out=pd.concat([unread, trial.left_out], ignore_index=True)) if notes else trial


def _refuse_settings_of_absent_tables(settings: Mapping[str, Any], present: set[str]) -> None:
    for table in TABLES:
        if table in present:
            continue
        keys = [f"[{key}.{table}]" for key in ("columns", "values") if settings.get(key, {}).get(table)]
        keys += [key for key in _ONLY_WITH.get(table, ()) if key in settings]
        if keys:
            raise DataError(
                f"{SETTINGS}: found {listed(keys)}, and no file of that table; expected {table}.csv or {table}.parquet."
            )


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 checksum of a file.

    Parameters
    ----------
    path : Path
        Path of the file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _provenance(settings: Mapping[str, Any], paths: list[Path]) -> dict[str, str]:
    origin = {key: str(settings[key]) for key in ("citation", "source", "seed") if key in settings}
    origin["simulated"] = "yes" if settings.get("simulated") else "no"
    return origin | {f"{FILE}{path.name}": sha256_of(path) for path in paths if path.is_file()}

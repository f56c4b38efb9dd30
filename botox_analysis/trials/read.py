"""`load_trial`: a folder or a file -> `Trial`.

A ``trial.toml`` beside the files describes names and codes that differ from the documented layout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botox_analysis.errors import DataError, listed, require_choice, require_path, require_text
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.overview import FILE, SOURCE
from botox_analysis.trials.readers.formats import FORMATS, files_of
from botox_analysis.trials.settings.file import SETTINGS, check_settings, read_settings
from botox_analysis.trials.shapes.cdisc.adam import ADAM
from botox_analysis.trials.shapes.shape import Arranged
from botox_analysis.trials.shapes.shapes import arranged
from botox_analysis.trials.sources import files_at, files_in, require_place, tables_of
from botox_analysis.trials.trial import Trial, checked_trial, with_notes

_ONLY_WITH = {
    "assessments": ("visits", "baseline", "unscheduled", "windows", "within_window", "scales"),
    "attacks": ("attacks",),
}
"""Settings that need a table."""


def load_trial(path: str | Path, *, settings: Mapping[str, Any] | None = None) -> Trial:
    """Read a trial from a folder or a single file.

    Parameters
    ----------
    path : str or Path
        Folder with ``subjects`` and any of ``diary``, ``assessments``, ``adverse_events``, ``intercurrent_events``,
        ``attacks``, ``treatments`` and ``event_times``; or a single file. Formats are CSV, Parquet, Dataset-JSON and SAS
        transport files. With the extra ``formats`` also spreadsheets (``.xlsx``, ``.xls``, ``.ods``) and SAS data sets
        (``.sas7bdat``). Folders of ADaM and SDTM, wide tables and exports of REDCap are recognised. A ``trial.toml`` beside
        the files describes names and codes that differ from the documented layout.
    settings : mapping, optional
        Settings with the keys of ``trial.toml``, in place of that file.

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
    require_path(path, "path", f"the path of a folder with {files_of('subjects')}, or of a file")
    path = Path(path)
    is_folder = require_place(path)
    folder = path if is_folder else path.parent
    asked = read_settings(folder) if settings is None else check_settings(settings)
    paths, unread = files_at(path, asked)
    return _trial_of(path, paths, unread, asked, [folder / SETTINGS] if settings is None else [])


def load_adam(folder: str | Path, *, format: str | None = None, settings: Mapping[str, Any] | None = None) -> Trial:  # noqa: A002
    """Read a trial from a folder of analysis data sets of CDISC ADaM.

    ADSL makes the subjects. A data set of adverse events, such as ADAE, makes the adverse events. Data sets of the basic
    structure make the assessments, one scale a ``PARAMCD``. ADTTE and its like make the times to events. Files of all formats
    may be mixed. The standard names need no settings.

    Parameters
    ----------
    folder : str or Path
        Folder with ``adsl`` and other data sets, each in one file. A ``trial.toml`` beside them may choose data sets,
        parameters and rules under ``[adam]``.
    format : str, optional
        Suffix of the files to read, such as ``"xpt"``, where a data set has several.
    settings : mapping, optional
        Settings with the keys of ``trial.toml``, in place of that file.

    Returns
    -------
    Trial
        The checked trial with all randomised subjects. Screen failures are left out. Flags such as ITTFL, SAFFL and PPROTFL
        are the populations ``itt``, ``safety`` and ``per_protocol``. ``left_out`` lists what was left out or assumed.

    Raises
    ------
    DataError
        There is no ADSL, a data set is in two files, or a cell is not as ADaM and the layout describe.
    ValueError
        The format is unknown.

    References
    ----------
    CDISC Analysis Data Model Implementation Guide 1.3: ADSL and the basic structure. CDISC ADaM Structure for Occurrence Data
    1.1. CDISC ADaM Basic Data Structure for Time-to-Event Analyses 1.0.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> adsl = pd.DataFrame({"USUBJID": ["01", "02"], "TRT01P": ["Placebo", "155 U"], "TRT01PN": [0, 1], "ITTFL": ["Y", "Y"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     adsl.to_csv(f"{folder}/adsl.csv", index=False)
    ...     loaded = ba.load_adam(folder)
    >>> loaded.arms, loaded.populations
    (['Placebo', '155 U'], ('itt',))
    """
    require_path(folder, "folder", "the path of a folder with adsl, in a file of any format")
    path = Path(folder)
    if not require_place(path):
        raise DataError(f"{path}: found a file; expected a folder with ADSL and other data sets.")
    asked = read_settings(path) if settings is None else check_settings(settings)
    if format is not None:
        require_text(format, "format", "the suffix of the files, such as 'xpt'")
        asked |= {"format": require_choice(format.lower().removeprefix("."), FORMATS, "format")}
    paths, unread = files_in(path, asked, (ADAM,))
    return _trial_of(path, paths, unread, asked, [path / SETTINGS] if settings is None else [])


def _trial_of(path: Path, paths: Mapping[str, Path], unread: Notes, asked: Mapping[str, Any], beside: list[Path]) -> Trial:
    """Read the tables of files, arrange them, and check them."""
    found = arranged(tables_of(paths, asked), asked)
    _refuse_settings_of_absent_tables(asked, set(found.tables))
    trial = checked_trial(
        found.tables,
        name=asked.get("name", path.resolve().name if path.is_dir() else path.stem),
        provenance=_provenance(asked, [*paths.values(), *beside]) | _sources(found),
        files=found.files,
        settings=found.settings,
    )
    return with_notes(trial, [*unread, *found.notes])


def _refuse_settings_of_absent_tables(settings: Mapping[str, Any], present: set[str]) -> None:
    for table in TABLES:
        if table in present:
            continue
        keys = [f"[{key}.{table}]" for key in ("columns", "values", "kinds", "levels") if settings.get(key, {}).get(table)]
        keys += [key for key in _ONLY_WITH.get(table, ()) if key in settings]
        keys += ["diary"] if table == "diary" and "diary" in settings and "attacks" not in present else []
        if keys:
            raise DataError(f"{SETTINGS}: found {listed(keys)}, and no file of that table; expected {files_of(table)}.")


def _sources(found: Arranged) -> dict[str, str]:
    """Name the file of each table, and the shape of the files if it is not the layout."""
    shape = f" ({found.shape})" if found.shape else ""
    return {f"{SOURCE}{table}": f"{found.files.get(table, table)}{shape}" for table in found.tables}


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
    return (
        dict(settings.get("provenance", {}))
        | origin
        | {f"{FILE}{path.name}": sha256_of(path) for path in paths if path.is_file()}
    )

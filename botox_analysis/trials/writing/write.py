"""`write_trial`: a `Trial` -> a folder of files that `load_trial` reads as the same trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from botox_analysis.errors import DataError, require_choice, require_trial
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.read import load_trial
from botox_analysis.trials.readers.files import cause_of
from botox_analysis.trials.settings.file import check_settings
from botox_analysis.trials.settings.toml import toml_text
from botox_analysis.trials.trial import Trial
from botox_analysis.trials.writing.cells import require_cells
from botox_analysis.trials.writing.columnar import write_columnar
from botox_analysis.trials.writing.data_sets import write_data_sets
from botox_analysis.trials.writing.delimited import write_delimited
from botox_analysis.trials.writing.folder import replaced, sign
from botox_analysis.trials.writing.same import difference
from botox_analysis.trials.writing.settings import settings_of
from botox_analysis.trials.writing.transport import write_transport
from botox_analysis.trials.writing.workbook import write_workbook

Writer = Callable[[Mapping[str, pd.DataFrame], Path], dict[str, Any]]
"""A writer takes the tables of a trial and a folder, and returns the settings that its files need, such as names of columns."""

FileFormat = Literal["csv", "parquet", "xlsx", "xpt", "dataset-json"]

WRITERS: dict[FileFormat, Writer] = {
    "csv": write_delimited,
    "parquet": write_columnar,
    "xlsx": write_workbook,
    "xpt": write_transport,
    "dataset-json": write_data_sets,
}
"""Format -> writer."""


def write_trial(trial: Trial, folder: str | Path, *, format: FileFormat = "csv") -> Path:  # noqa: A002 - the word of trial.toml
    """Write a trial as files that `load_trial` reads as the same trial.

    The tables have the names of the layout. A ``trial.toml`` contains all that they cannot: the name, the order of arms and
    visits, populations, the kinds of further columns, the protocol, the origin. The files are read again before they take
    their place. Equal trials give equal bytes.

    Parameters
    ----------
    trial : Trial
        The trial, with all subjects or restricted to a population.
    folder : str or Path
        Folder for the files. It is made if it does not exist; an earlier written trial in it is replaced.
    format : str
        ``"csv"``, ``"parquet"``, ``"xlsx"`` (one workbook ``trial.xlsx``, a sheet for each table), ``"dataset-json"``
        (Dataset-JSON 1.1), or ``"xpt"`` (SAS transport files of version 5). A transport file has names of 8 letters, and texts
        of US-ASCII up to 200 bytes. ``[columns]`` of ``trial.toml`` contains the names that were shortened.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataError
        The trial has content that the format cannot carry. Or the folder has files that `write_trial` did not write, or that
        were changed since. No file is changed then.
    ValueError
        The format is unknown.

    Notes
    -----
    The copy has the tables, settings and origin of the trial, and no rows left out, merged or assumed. Checksums of the files
    from which the trial was read are kept under ``[provenance]``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = ba.write_trial(trial, f"{parent}/copy", format="parquet")
    ...     ba.load_trial(folder).arms
    ['placebo', 'onabotulinumtoxinA']
    """
    require_trial(trial)
    require_choice(format, WRITERS, "format")
    tables = {name: getattr(trial, name) for name in TABLES if getattr(trial, name) is not None}
    require_cells(tables)
    settings = settings_of(trial, tables)
    check_settings(settings)
    origin = {"provenance": settings.pop("provenance")}
    with replaced(folder) as new:
        sign(new, toml_text(settings | _written(tables, new, format) | origin))
        _refuse_another(trial, new, format)
    return Path(folder)


def _written(tables: Mapping[str, pd.DataFrame], folder: Path, format: FileFormat) -> dict[str, Any]:  # noqa: A002
    """Write the tables. Errors of other libraries become a `DataError`; those of the file system stay."""
    try:
        return WRITERS[format](tables, folder)
    except (DataError, OSError):
        raise
    except Exception as error:
        cause = cause_of(type(error).__name__, str(error))
        raise DataError(f"found tables that cannot be written as {format} ({cause}); expected another format.") from error


def _refuse_another(trial: Trial, folder: Path, format: FileFormat) -> None:  # noqa: A002
    """Refuse to leave files that are read as another trial, or not at all."""
    expected = f"expected the same trial after writing it as {format} and reading it again"
    try:
        copy = load_trial(folder)
    except DataError as error:
        raise DataError(f"{trial.name}: {expected}; found files that would be refused: {error}", error.problems) from error
    place = difference(trial, copy)
    if place:
        raise DataError(f"{trial.name}: {expected}; found {place} changed. Another format may keep it.")

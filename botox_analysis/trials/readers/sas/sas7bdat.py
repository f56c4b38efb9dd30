"""SAS data sets (.sas7bdat)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botox_analysis.trials.readers.child import in_child
from botox_analysis.trials.readers.raw import RawTable


def read_sas7bdat(path: Path, settings: Mapping[str, Any]) -> list[RawTable]:  # noqa: ARG001 - one signature for all
    """Read a SAS data set.

    Parameters
    ----------
    path : Path
        Path of the file.
    settings : mapping
        Settings of ``trial.toml``; none is used, since the file states its encoding.

    Returns
    -------
    list of RawTable
        One table, with its name, labels and formats. Cells are those of a transport file: see `read_transport`.

    Raises
    ------
    DataError
        The file is not a SAS data set, or is damaged; or pyreadstat is not installed.
    """
    return in_child("sas7bdat", path, {}, "a SAS data set")

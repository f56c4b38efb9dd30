"""The file of each table in a folder, and the other files of the folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from botox_analysis.cells.names import outline
from botox_analysis.errors import DataError, listed
from botox_analysis.trials.notes import Notes

SETTINGS = "trial.toml"

_DATA = {
    "csv", "tsv", "tab", "txt", "dat", "psv", "parquet", "pq", "feather", "arrow", "xlsx", "xls", "xlsm", "xlsb", "ods",
    "numbers", "json", "ndjson", "dsjc", "xpt", "sas7bdat", "sav", "dta", "rds", "rdata", "sqlite", "db", "gz", "bz2",
    "xz", "zst", "zip", "7z", "sas7bcat", "por", "zsav", "rda", "jsonl", "orc", "mdb", "accdb",
}  # fmt: skip
"""Suffixes of files that contain data."""

_WRITINGS = {
    "md", "rst", "pdf", "doc", "docx", "odt", "rtf", "html", "htm", "tex", "png", "svg", "jpg", "jpeg", "ipynb", "py", "r", "sas",
    "log", "sha256", "md5", "asc", "cff",
}  # fmt: skip
"""Suffixes of files about data, which may have the name of a table."""

_NEAR = 0.85
"""Smallest likeness of a misspelt name: 'adverse_event' is misspelt, 'laboratory' is another name."""

_LONGEST_REASON = 120


@contextmanager
def parsing(file: str, expected: str) -> Iterator[None]:
    """Turn any error of a parser or codec into a `DataError` that names the file.

    Parameters
    ----------
    file : str
        Name of the file in messages.
    expected : str
        Expected content, for messages.

    Yields
    ------
    None
        While the parser runs.

    Raises
    ------
    DataError
        The parser raised an error. A damaged file can lead to any error of another library.
    """
    try:
        yield
    except DataError:
        raise
    except PermissionError as error:
        raise DataError(f"{file}: found a file that this user may not read; expected {expected}.") from error
    except Exception as error:
        raise unreadable(file, type(error).__name__, str(error), expected) from error


def unreadable(file: str, error: str, reason: str, expected: str) -> DataError:
    """Make the error for a file at which a parser failed.

    Parameters
    ----------
    file : str
        Name of the file in messages.
    error, reason : str
        Name and message of the parser's error.
    expected : str
        Expected content, for messages.

    Returns
    -------
    DataError
        The error, with the start of the reason.
    """
    return DataError(f"{file}: found a file that cannot be read ({cause_of(error, reason)}); expected {expected}.")


def cause_of(error: str, reason: str) -> str:
    """Write an error of another library in one short line.

    Parameters
    ----------
    error, reason : str
        Name and message of the error.

    Returns
    -------
    str
        The name, and the start of the message if it has one.

    Examples
    --------
    >>> cause_of("OSError", "no  space"), cause_of("KeyError", "")
    ('OSError: no space', 'KeyError')
    """
    reason = " ".join(reason.split())[:_LONGEST_REASON]
    return f"{error}: {reason}" if reason else error


def find_tables(
    folder: Path, tables: tuple[str, ...], suffixes: tuple[str, ...], named: Collection[str] = ()
) -> tuple[dict[str, Path], Notes]:
    """Find the file of each table.

    Parameters
    ----------
    folder : Path
        Folder of the trial.
    tables : tuple of str
        Names of the tables.
    suffixes : tuple of str
        Suffixes that the file of a table may have.
    named : collection of str
        Names of files that are skipped, since the settings name them.

    Returns
    -------
    paths : dict of str to Path
        Path of each table that has a file, in the order of `tables`.
    notes : list of (str, str, int)
        Other files with data: name, reason for leaving it out, number of files.

    Raises
    ------
    DataError
        A table has two files, a file has nearly the name of a table, or a folder or link has the name of a table.
    """
    with parsing(str(folder), "a folder that can be read"):
        entries = sorted(folder.iterdir())
    expected = {f"{table}{suffix}": table for table in tables for suffix in suffixes} | {SETTINGS: SETTINGS}
    paths: dict[str, Path] = {}
    notes: Notes = []
    for path in entries:
        if path.name in named:
            continue
        table = expected.get(path.name)
        if table is None:
            near = _nearly(path, expected, suffixes)
            if near:
                raise DataError(
                    f"{path.name}: found a name that is nearly {listed(near)}; expected exactly that, or another name."
                )
            if has_data(path) and not path.is_dir() and not path.name.startswith((".", "~$")):
                notes.append((path.name, "a file that is no table of the layout: not read", 1))
            continue
        require_file(path)
        if table in paths:
            raise DataError(f"{folder}: found both {paths[table].name} and {path.name}; expected one of them.")
        paths[table] = path
    return {table: paths[table] for table in tables if table in paths}, notes


def has_data(path: Path) -> bool:
    """Check whether the name of a file is that of a file with data.

    Parameters
    ----------
    path : Path
        Path of the file.

    Returns
    -------
    bool
        True for the suffixes of files with data.
    """
    return _ending(path) in _DATA


def require_file(path: Path) -> None:
    """Raise an error for an entry of a folder that is no file, and would be opened as one.

    Parameters
    ----------
    path : Path
        Path of the entry.

    Raises
    ------
    DataError
        The entry is a folder, a link to nothing, a pipe, a socket or a device.
    """
    if path.is_symlink() and not path.exists():
        raise DataError(f"{path.name}: found a link to a file that does not exist; expected a file.")
    if path.is_dir():
        raise DataError(f"{path.name}: found a folder of this name; expected a file.")
    if not path.is_file():
        raise DataError(f"{path.name}: found a pipe, socket or device of this name; expected a file.")


def _nearly(path: Path, expected: dict[str, str], suffixes: tuple[str, ...]) -> list[str]:
    """Find the names of tables that a misspelt name of a file may stand for."""
    if path.name.startswith((".", "~$")) or _ending(path) in _WRITINGS or path.is_dir():
        return []
    if get_close_matches(path.name.lower(), [SETTINGS], cutoff=_NEAR):
        return [SETTINGS]
    stem = outline(path.name.strip())
    while "." in stem and stem.rsplit(".", 1)[1] in _DATA | {"toml", "tml", "bak", "old", "orig"}:
        stem = stem.rsplit(".", 1)[0]
    table = nearest(stem, (name.split(".", 1)[0] for name in expected))
    if table is None:
        return []
    if table == SETTINGS.split(".", 1)[0]:
        return [SETTINGS] if "toml" in path.name.lower() else []
    return [f"{table}{suffix}" for suffix in suffixes]


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Find the name that a misspelt name may stand for.

    Parameters
    ----------
    word : str
        Name of a file without its suffix, or of a sheet.
    names : iterable of str
        Names that are known.

    Returns
    -------
    str or None
        The likest of the names; None if none is like it.

    Examples
    --------
    >>> nearest("Adverse Events (2)", ["diary", "adverse_events"])
    'adverse_events'
    """
    letters = re.sub(r"ies$", "y", re.sub(r"[^a-z]", "", outline(word.strip())))
    known = {re.sub(r"[^a-z]", "", name): name for name in names}
    found = get_close_matches(letters, known, n=1, cutoff=_NEAR)
    return known[found[0]] if found else None


def _ending(path: Path) -> str:
    return path.name.lower().rsplit(".", 1)[1] if "." in path.name else ""

"""The files of a trial: which files of a folder are read, and their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.readers.child import one_child
from botox_analysis.trials.readers.files import SETTINGS, find_tables, parsing
from botox_analysis.trials.readers.formats import READERS, files_of
from botox_analysis.trials.readers.raw import RawTable
from botox_analysis.trials.shapes.shapes import SHAPES, shape_of

Notes = list[tuple[str, str, int]]


def files_in(folder: Path, settings: Mapping[str, Any]) -> tuple[dict[str, Path], Notes]:
    """Find the files of a folder that have tables of a trial.

    Parameters
    ----------
    folder : Path
        Folder of the trial.
    settings : mapping
        Settings of ``trial.toml``; ``format`` is used.

    Returns
    -------
    paths : dict of str to Path
        Name of the table, or of the file without its suffix, -> path.
    notes : list of (str, str, int)
        Files with data that are not read: name, reason, 1.

    Raises
    ------
    DataError
        No file of the folder has the subjects of a trial, or a table has two files.
    """
    paths, notes = find_tables(folder, TABLES, tuple(READERS))
    if "subjects" in paths:
        return paths, notes
    others = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in READERS and path.is_file()]
    shape = shape_of(path.stem for path in others)
    if shape is None and len(others) == 1 and others[0].stem not in TABLES:
        return {others[0].stem: others[0]}, [note for note in notes if note[0] != others[0].name]
    if shape is None:
        found = sorted(path.name for path in folder.iterdir())
        roots = listed(known.root for known in SHAPES[1:])
        further = f", or a file of the name {roots}" if roots else ""
        raise DataError(f"{folder}: found {listed(found)}; expected {files_of('subjects')} among them{further}.")
    read: dict[str, Path] = {}
    for path in others:
        name = path.stem.lower()
        if not shape.belongs(name) or settings.get("format", path.suffix.lower()[1:]) != path.suffix.lower()[1:]:
            continue
        if name in read:
            raise DataError(
                f"{folder}: found {name.upper()} in {read[name].name} and in {path.name}; expected one of them, or a line "
                f'such as format = "{path.suffix.lower()[1:]}" in {SETTINGS}.'
            )
        read[name] = path
    names = {path.name for path in read.values()}
    return read, [note for note in notes if note[0] not in names]


def tables_of(paths: Mapping[str, Path], settings: Mapping[str, Any]) -> dict[str, RawTable]:
    """Read the tables of files.

    Parameters
    ----------
    paths : mapping of str to Path
        Name of the table -> path of its file.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    dict of str to RawTable
        Tables by name. A file with one table gives a table of the name in `paths`; a single file with several gives them all.

    Raises
    ------
    DataError
        A file cannot be read, or one of several files has several tables and none of its name.
    """
    with one_child():
        return _tables_of(paths, settings)


def _tables_of(paths: Mapping[str, Path], settings: Mapping[str, Any]) -> dict[str, RawTable]:
    read: dict[str, RawTable] = {}
    for name, path in paths.items():
        tables = READERS[path.suffix.lower()](path, settings)
        if len(paths) == 1 and (len(tables) > 1 or (name not in TABLES and shape_of([tables[0].name]))):
            return {table.name: table for table in tables}
        chosen = tables if len(tables) == 1 else [table for table in tables if table.name.lower() == name.lower()]
        if len(chosen) != 1:
            raise DataError(
                f"{path.name}: found the tables {listed(table.name for table in tables)}; expected one, or one named '{name}'."
            )
        read[name] = replace(chosen[0], name=name)
    return read


def require_place(path: Path) -> bool:
    """Check that a path is that of a folder or file that can be read.

    Parameters
    ----------
    path : Path
        Path that a user gave.

    Returns
    -------
    bool
        True for a folder, False for a file.

    Raises
    ------
    DataError
        There is no such folder or file, or the file has another format.
    """
    with parsing(str(path), "a folder or file"):
        if path.is_dir():
            return True
        is_file = path.is_file()
    if not is_file:
        raise DataError(f"{path}: found no such folder or file; expected a folder with {files_of('subjects')}, or a file.")
    if path.suffix.lower() not in READERS:
        raise DataError(f"{path.name}: found a file of another format; expected one of {listed(READERS, n_shown=30)}.")
    return False

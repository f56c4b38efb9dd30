"""The files of a trial: which files of a folder are read, and their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.child import one_child
from botox_analysis.trials.readers.files import SETTINGS, find_tables, parsing, require_file
from botox_analysis.trials.readers.formats import READERS, files_of, reader_of
from botox_analysis.trials.readers.raw import RawTable, Reader
from botox_analysis.trials.shapes.shape import Shape
from botox_analysis.trials.shapes.shapes import SHAPES, shape_of


def files_at(place: Path, settings: Mapping[str, Any]) -> tuple[dict[str, Path], Notes]:
    """Find the files of a folder that have tables of a trial, or the tables that a single file has.

    Parameters
    ----------
    place : Path
        Folder of the trial, or a file.
    settings : mapping
        Settings of ``trial.toml``; ``files`` and ``format`` are used. Of ``files``, a single file has the entries with its name.

    Returns
    -------
    paths : dict of str to Path
        Name of the table, or of the file without its suffix, -> path.
    notes : list of (str, str, int)
        Files with data that are not read: name, reason, 1.

    Raises
    ------
    DataError
        As for `files_in`.
    """
    if place.is_dir():
        return files_in(place, settings)
    named = {name: place for name, entry in settings.get("files", {}).items() if _file_and_table(entry)[0] == place.name}
    return _with_named({}, named) if named else {place.stem: place}, []


def files_in(folder: Path, settings: Mapping[str, Any], shapes: tuple[Shape, ...] = SHAPES) -> tuple[dict[str, Path], Notes]:
    """Find the files of a folder that have tables of a trial.

    Parameters
    ----------
    folder : Path
        Folder of the trial.
    settings : mapping
        Settings of ``trial.toml``; ``files`` names files, and ``format`` chooses among several files of a table.
    shapes : tuple of Shape
        Shapes that the trial may have.

    Returns
    -------
    paths : dict of str to Path
        Name of the table, or of the file without its suffix, -> path.
    notes : list of (str, str, int)
        Files with data that are not read: name, reason, 1.

    Raises
    ------
    DataError
        No file of the folder has the subjects of a trial, a table has two files, or a file of the settings is not there.
    """
    named = {name: _named_file(folder, name, _file_and_table(entry)[0]) for name, entry in settings.get("files", {}).items()}
    of_names = [path.name for path in named.values() if path.parent == folder]
    paths, notes = find_tables(folder, TABLES, tuple(READERS), of_names) if shapes is SHAPES else ({}, [])
    if named:
        return _with_named(paths, named), notes
    if "subjects" in paths:
        return paths, notes
    entries = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in READERS]
    others = [path for path in entries if path.is_file()]
    if len(paths) == 1 and len(others) == 1:
        return paths, notes
    shape = shape_of((path.stem for path in entries), shapes)
    if shape is None and shapes is SHAPES and len(others) == 1:
        return {others[0].stem: others[0]}, [note for note in notes if note[0] != others[0].name]
    if shape is None:
        found = sorted(path.name for path in folder.iterdir())
        roots = [known.root for known in shapes if known.root != "subjects"]
        needed = [files_of("subjects")] if shapes is SHAPES else []
        needed += [f"a file of the name {listed(roots)}"] if roots else []
        raise DataError(f"{folder}: found {listed(found)}; expected {', or '.join(needed)} among them.")
    for path in entries:
        if shape.belongs(path.stem.lower()) and shape.chosen(path.stem.lower(), settings):
            require_file(path)
    reasons = {path.name: "a table of the layout beside another shape: not read" for path in paths.values()}
    read, unread = _files_of_shape(folder, shape, others, settings)
    reasons |= {name: reason for name, reason in unread.items() if name not in reasons}
    names = {path.name for path in read.values()}
    further = [note for note in notes if note[0] not in names and note[0] not in reasons]
    return read, [*((name, reason, 1) for name, reason in sorted(reasons.items())), *further]


def _files_of_shape(
    folder: Path, shape: Shape, others: list[Path], settings: Mapping[str, Any]
) -> tuple[dict[str, Path], dict[str, str]]:
    """Choose the files of a shape; the other files have the reason for which they are not read."""
    unread = {
        path.name: f"a file that is no table of {shape.name}: not read" for path in others if not shape.belongs(path.stem.lower())
    }
    files_by_name: dict[str, list[Path]] = {}
    for path in others:
        if path.name not in unread:
            files_by_name.setdefault(path.stem.lower(), []).append(path)
    read: dict[str, Path] = {}
    for name, files in files_by_name.items():
        if shape.chosen(name, settings):
            read[name] = _only(folder, name, files, settings)
        not_chosen = [path.name for path in files if read.get(name) != path]
        unread |= dict.fromkeys(not_chosen, "a file that the settings do not choose: not read")
    return read, unread


def _only(folder: Path, name: str, files: list[Path], settings: Mapping[str, Any]) -> Path:
    """Choose the file of a table: the only one, or the one of the format in the settings."""
    chosen = [path for path in files if path.suffix.lower()[1:] == settings.get("format")] if len(files) > 1 else files
    if len(chosen) == 1:
        return chosen[0]
    first, second = (chosen or files)[:2]
    raise DataError(
        f"{folder}: found {name.upper()} in {first.name} and in {second.name}; expected one of them, or a line such as "
        f'format = "{second.suffix.lower()[1:]}" in {SETTINGS}.'
    )


def _file_and_table(entry: Any) -> tuple[str, str]:
    """Read an entry of ``[files]``: the name of the file, and of its table or sheet; empty for the only one."""
    return (entry, "") if isinstance(entry, str) else (entry["file"], entry.get("table", ""))


def _named_file(folder: Path, name: str, file: str) -> Path:
    """Find a file that the settings name; it must be in the folder, and no link may lead out of it."""
    place = f"{SETTINGS}, [files]: found {name} = '{file}'"
    path = folder / file
    with parsing(place, "the name of a file in the folder"):
        is_inside = path.resolve().is_relative_to(folder.resolve()) and ".." not in Path(file).parts
    if not is_inside:
        raise DataError(f"{place}; expected a file in the folder of the trial.")
    if path.is_dir() or not (path.exists() or path.is_symlink()):
        raise DataError(f"{place}; expected one of its files, {listed(sorted(other.name for other in folder.iterdir()))}.")
    require_file(path)
    require_place(path)
    return path


def _with_named(paths: Mapping[str, Path], named: Mapping[str, Path]) -> dict[str, Path]:
    """Add the files of the settings to those with the names of the layout."""
    for name in named:
        if name in paths:
            raise DataError(
                f"{SETTINGS}, [files]: found {name} = '{named[name].name}' beside {paths[name].name}; expected one of them."
            )
    found = {**paths, **named}
    shape = shape_of(found)
    strange = [name for name in named if shape is not None and not shape.belongs(name.lower())]
    if strange or (shape is None and len(found) > 1):
        raise DataError(
            f"{SETTINGS}, [files]: found tables {listed(strange or found)}; expected 'subjects' and any of {listed(TABLES[1:])}."
        )
    return found


def tables_of(paths: Mapping[str, Path], settings: Mapping[str, Any]) -> dict[str, RawTable]:
    """Read the tables of files.

    Parameters
    ----------
    paths : mapping of str to Path
        Name of the table -> path of its file.
    settings : mapping
        Settings of ``trial.toml``; ``files``, ``table`` and those of the reader are used.

    Returns
    -------
    dict of str to RawTable
        Tables by name. A file with one table gives a table of the name in `paths`; a single file with several gives them all.

    Raises
    ------
    DataError
        A file cannot be read, has not the table of the settings, or is one of several and has several tables and none of its
        name.
    """
    with one_child():
        return _tables_of(paths, settings)


def _tables_of(paths: Mapping[str, Path], settings: Mapping[str, Any]) -> dict[str, RawTable]:
    read: dict[str, RawTable] = {}
    opened: dict[Path, list[RawTable]] = {}
    for name, path in paths.items():
        if path not in opened:
            opened[path] = _read(path, settings)
        entry = settings.get("files", {}).get(name)
        wanted = _file_and_table(entry)[1] if entry else settings.get("table", "")
        several = len(opened[path]) > 1 or (name not in TABLES and shape_of([opened[path][0].name]))
        if len(paths) == 1 and several and not wanted:
            return {table.name: table for table in opened[path]}
        read[name] = _chosen(opened[path], name, wanted, path.name)
    used = {id(table) for table in read.values()}
    unread = [table for tables in opened.values() for table in tables if id(table) not in used]
    notes = [(table.file, "a table that the settings do not name: not read", max(len(table.frame), 1)) for table in unread]
    named = {name: replace(table, name=name) for name, table in read.items()}
    last = next(reversed(named))
    return {**named, last: replace(named[last], notes=(*named[last].notes, *notes))}


def _chosen(tables: Sequence[RawTable], name: str, wanted: str, file: str) -> RawTable:
    """Choose a table of a file: the one that the settings name, the only one, or the one of the name."""
    names = [table.name for table in tables]
    chosen = [table for table in tables if table.name == wanted] if wanted else list(tables)
    if len(chosen) > 1:
        chosen = [table for table in tables if table.name.lower() == name.lower()]
    if len(chosen) != 1:
        expected = f"'{wanted}', by {SETTINGS}" if wanted else f"one, or one named '{name}'"
        raise DataError(f"{file}: found the tables {listed(names)}; expected {expected}.")
    return chosen[0]


def _read(path: Path, settings: Mapping[str, Any]) -> list[RawTable]:
    return _require_reader(path)(path, settings)


def _require_reader(path: Path) -> Reader:
    reader = reader_of(path)
    if reader is None:
        raise DataError(f"{path.name}: found a file of another format; expected one of {listed(READERS, n_shown=30)}.")
    return reader


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
        exists = path.exists()
    if not exists:
        raise DataError(f"{path}: found no such folder or file; expected a folder with {files_of('subjects')}, or a file.")
    require_file(path)
    _require_reader(path)
    return False

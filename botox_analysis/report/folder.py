"""The folder of a report: its manifest, and files that the report did not write."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from botox_analysis.errors import DataError, escaped, listed, require_path
from botox_analysis.trials.readers.files import parsing

MANIFEST = "manifest.json"
MADE_BY = "botox-analysis report"

_INSIDE = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*")
"""Pattern of paths inside a report. Each part begins with a letter, a digit, ``_`` or ``-``, so no path leads outside."""

_LONGEST_PATH = 250
_LONGEST_SHOWN = 80
_LARGEST_MANIFEST = 10_000_000
"""Largest manifest in bytes; that of a report has about 10,000."""


def folder_of(path: str | Path) -> Path:
    """Resolve the path of a report's folder, which need not exist.

    Parameters
    ----------
    path : str or Path
        Path of the folder.

    Returns
    -------
    Path
        Absolute path, with all links followed.

    Raises
    ------
    DataError
        No folder can have this path, or it is the root of the file system.
    """
    require_path(path, "folder", "the path of a report's folder: write_report(trial, folder)")
    try:
        folder = Path(path).resolve()
        # Since Python 3.13 a link to itself is resolved to itself.
        is_loop = folder.is_symlink()
        os.lstat(folder)
    except FileNotFoundError:
        is_loop = False
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"{printable(path)}: found a path that leads to no folder ({reason}); expected that of a folder."
        ) from error
    if is_loop:
        raise DataError(f"{printable(path)}: found a link that leads to itself; expected a folder, or a path that is free.")
    if folder.parent == folder:
        raise DataError(f"{folder}: found the root of the file system; expected a folder inside it.")
    return folder


def refuse_foreign(folder: Path, called: str) -> None:
    """Refuse to replace a folder that is not a report, or a report with added files.

    Parameters
    ----------
    folder : Path
        Folder to replace; it need not exist.
    called : str
        Name of the folder in messages.

    Raises
    ------
    DataError
        The folder has a file, folder, link, pipe or socket that its manifest does not name, or no manifest.
    """
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise DataError(f"{called}: found a file; expected a folder for the report, or none.")
    with parsing(called, "a folder that can be read"):
        names = [path.name for path in folder.iterdir()]
    if not names:
        return
    if MANIFEST not in names:
        raise DataError(f"{called}: found other files and no {MANIFEST}; expected an earlier report, an empty folder, or none.")
    outputs = read_manifest(folder, called)["outputs"]
    with parsing(called, "folders that can be read"):
        foreign = sorted(foreign_to(folder, outputs))
    if foreign:
        raise DataError(
            f"{called}: found {listed(foreign)}, not written by the earlier report; expected files of the report only. Try "
            "another folder, or move it away."
        )


def foreign_to(folder: Path, outputs: Iterable[str]) -> Iterator[str]:
    """List files in the folder of a report that the report did not write.

    Parameters
    ----------
    folder : Path
        Folder of the report.
    outputs : iterable of str
        Files in its manifest.

    Yields
    ------
    str
        Printable path from the folder, of a file, a link, a pipe or a socket. The path of a folder, empty or not, has ``/`` at
        its end. Foreign folders are not entered, and links are not followed.
    """
    files = {MANIFEST, *outputs}
    parents = {parent.as_posix() for file in files for parent in PurePosixPath(file).parents}
    to_visit = ["."]
    while to_visit:
        place = to_visit.pop()
        with os.scandir(folder / place) as entries:
            for entry in entries:
                path = entry.name if place == "." else f"{place}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if path in parents:
                        to_visit.append(path)
                    else:
                        yield f"{printable(path)}/"
                elif path not in files or not entry.is_file(follow_symlinks=False):
                    yield printable(path)


def file_inside(folder: Path, file: str) -> Path | None:
    """Find a regular file of a report, without following links.

    Parameters
    ----------
    folder : Path
        Folder of the report.
    file : str
        Path of the file from the folder.

    Returns
    -------
    Path or None
        None where the file is missing, or is no regular file (a folder, a pipe, a socket, a device). None also for links, and
        for files in linked folders.
    """
    path, mode = folder, stat.S_IFDIR
    for name in PurePosixPath(file).parts:
        if not stat.S_ISDIR(mode):
            return None
        path = path / name
        try:
            mode = path.lstat().st_mode
        except (OSError, ValueError):
            return None
    return path if stat.S_ISREG(mode) else None


def read_manifest(folder: Path, called: str = "") -> dict[str, Any]:
    """Read the manifest of a report.

    Parameters
    ----------
    folder : Path
        Folder of the report.
    called : str
        Name of the folder in messages; left out: its name on disk.

    Returns
    -------
    dict
        Record by `write_report`.

    Raises
    ------
    DataError
        The manifest is missing, damaged or of another program, or it names a file outside the folder.
    """
    called = called or printable(folder.name)
    path = file_inside(folder, MANIFEST)
    if path is None:
        raise DataError(f"{called}: found no {MANIFEST}; expected the folder of a report.")
    with parsing(f"{called}/{MANIFEST}", "JSON in UTF-8, as botox-analysis wrote it"):
        if path.stat().st_size > _LARGEST_MANIFEST:
            raise DataError(
                f"{called}/{MANIFEST}: found {path.stat().st_size:,} bytes; expected at most {_LARGEST_MANIFEST:,}, as "
                "botox-analysis writes."
            )
        manifest = json.loads(path.read_bytes().decode("utf-8"))
        # A text with half of a surrogate pair can be read, and cannot be written.
        json.dumps(manifest, ensure_ascii=False).encode()
    if not isinstance(manifest, dict) or manifest.get("made_by") != MADE_BY or not isinstance(manifest.get("outputs"), dict):
        raise DataError(f"{called}: found a {MANIFEST} that is not of a report; expected one that botox-analysis wrote.")
    for part in ("inputs", "settings", "versions", "kernels"):
        if not isinstance(manifest.setdefault(part, {}), dict):
            raise DataError(f"{called}/{MANIFEST}: found {_shown(manifest[part])} under '{part}'; expected names and values.")
    for file, checksum in manifest["outputs"].items():
        if not _INSIDE.fullmatch(file) or len(file) > _LONGEST_PATH:
            raise DataError(f"{called}/{MANIFEST}: found the output {_shown(file)}; expected a file inside the folder.")
        if not isinstance(checksum, str):
            raise DataError(f"{called}/{MANIFEST}: found {_shown(checksum)} for '{file}'; expected a checksum, as a text.")
    return manifest


def printable(value: object) -> str:
    r"""Make a name or value from a file printable in one line of a message.

    Parameters
    ----------
    value : object
        Its text may contain line breaks, control sequences of a terminal, or bytes that are no text.

    Returns
    -------
    str
        With these as escapes. The end of a long text is left out.

    Examples
    --------
    >>> printable("a\nb")
    'a\\nb'
    """
    text = value if isinstance(value, str) else str(value)
    shown = escaped(text[: _LONGEST_SHOWN * 2])
    return shown if len(text) <= _LONGEST_SHOWN * 2 else f"{shown}..."


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 3]}..."

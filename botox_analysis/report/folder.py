"""The folder of a report: what is in it is ours or foreign, and a new report replaces the old one whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botox_analysis.refusal import DataError, listed
from botox_analysis.trials.readers.files import parsing

MANIFEST = "manifest.json"
MADE_BY = "botox-analysis report"

_INSIDE = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*")
"""Paths of files inside a report: no way out of the folder begins with a letter, a digit, ``_`` or ``-``."""

_LONGEST_PATH = 250


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Replace a report by what is written into a draft, when all of it is written.

    Parameters
    ----------
    folder : Path
        Of the report; absolute.

    Yields
    ------
    Path
        The draft, an empty folder.

    Raises
    ------
    DataError
        The folder holds something else than a report.
    """
    _refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the last step is a rename.
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield draft
        _swap(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    """Refuse to replace anything that is not a report, or a report to which somebody has added files."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder.name}: found a file; expected a folder for the report, or none.")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if not there:
        return
    if MANIFEST not in there:
        raise DataError(
            f"{folder.name}: found other files and no {MANIFEST}; expected an earlier report, an empty folder, or none."
        )
    strange = sorted(there - {MANIFEST, *read_manifest(folder)["outputs"]})
    if strange:
        raise DataError(
            f"{folder.name}: found {listed(strange)}, which the earlier report did not write; "
            "move it away, or choose another folder."
        )


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a report.

    Parameters
    ----------
    folder : Path
        Of the report.

    Returns
    -------
    dict
        What `write_report` recorded.

    Raises
    ------
    DataError
        There is none, it is something else's, or damaged; or it names a file outside the folder.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise DataError(f"{folder.name}: found no {MANIFEST}; expected the folder of a report.")
    with parsing(f"{folder.name}/{MANIFEST}", "JSON in UTF-8, as botox-analysis wrote it"):
        manifest = json.loads(path.read_bytes().decode("utf-8"))
        # A text with half of a pair of code units can be read, and not written.
        json.dumps(manifest, ensure_ascii=False).encode()
    if not isinstance(manifest, dict) or manifest.get("made_by") != MADE_BY or not isinstance(manifest.get("outputs"), dict):
        raise DataError(f"{folder.name}: found a {MANIFEST} that is not of a report; expected one that botox-analysis wrote.")
    for part in ("inputs", "settings", "versions", "kernels"):
        if not isinstance(manifest.setdefault(part, {}), dict):
            raise DataError(
                f"{folder.name}/{MANIFEST}: found {_shown(manifest[part])} under '{part}'; expected names and values."
            )
    for file, checksum in manifest["outputs"].items():
        if not _INSIDE.fullmatch(file) or len(file) > _LONGEST_PATH:
            raise DataError(f"{folder.name}/{MANIFEST}: found the output {_shown(file)}; expected a file inside the folder.")
        if not isinstance(checksum, str):
            raise DataError(f"{folder.name}/{MANIFEST}: found {_shown(checksum)} for '{file}'; expected a checksum, as a text.")
    return manifest


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def _swap(draft: Path, folder: Path) -> None:
    draft.chmod(0o755)
    if not folder.exists():
        draft.rename(folder)
        return
    old = draft.with_name(f"{draft.name}-old")
    folder.rename(old)
    try:
        draft.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old)

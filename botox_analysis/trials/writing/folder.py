"""The folder of a written trial: it replaces an earlier one by renames, and no other files."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from botox_analysis.errors import DataError, listed, require_path
from botox_analysis.trials.read import sha256_of
from botox_analysis.trials.readers.files import SETTINGS

_FIRST_LINE = "# Written by write_trial of botox-analysis. Checksums (SHA-256) of its files:"
_FILE_LINE = re.compile(r"# ([0-9a-f]{64})  ([\w.-]+)")
_DRAFT = ".botox-trial-"


@contextmanager
def replaced(path: str | Path) -> Iterator[Path]:
    """Replace the folder of a written trial after the new one is complete.

    Parameters
    ----------
    path : str or Path
        Path of the folder; it need not exist.

    Yields
    ------
    Path
        Empty folder for the new files.

    Raises
    ------
    DataError
        The folder has files that `write_trial` did not write, or that were changed since; or it cannot be written.
    """
    require_path(path, "folder", "the path of a folder to write: write_trial(trial, folder)")
    try:
        target = Path(path).resolve()
        _refuse_foreign(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=target.parent))
        try:
            (draft / target.name).mkdir()
            yield draft / target.name
            _refuse_foreign(target)
            _swap(draft, target)
        finally:
            if target.exists() or not _old(draft, target).exists():
                shutil.rmtree(draft, ignore_errors=True)
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path}: found that the trial cannot be written ({reason}); expected a folder that can be.") from error


def sign(folder: Path, settings: str) -> None:
    """Write the settings, with the checksums of the files of a folder before them.

    Parameters
    ----------
    folder : Path
        Folder with the tables.
    settings : str
        Text of ``trial.toml``.
    """
    sums = {path.name: sha256_of(path) for path in sorted(folder.iterdir())} | {SETTINGS: _sha256_of_text(settings)}
    lines = [_FIRST_LINE, *(f"# {checksum}  {name}" for name, checksum in sums.items()), "", settings]
    (folder / SETTINGS).write_bytes("\n".join(lines).encode())


def _refuse_foreign(target: Path) -> None:
    """Refuse to replace files other than those of an unchanged written trial."""
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise DataError(f"{target}: found a file; expected a folder to write to.")
    present = {path.name for path in target.iterdir()}
    if not present:
        return
    written, settings = _written_in(target)
    expected = "an empty folder, none, or an earlier trial as write_trial wrote it"
    foreign = sorted(name for name in present if name not in written or not _is_plain_file(target / name))
    if foreign:
        raise DataError(f"{target}: found {listed(foreign)}, not written by write_trial; expected {expected}.")
    found = {name: sha256_of(target / name) for name in present - {SETTINGS}} | {SETTINGS: _sha256_of_text(settings)}
    changed = sorted(name for name in present if found[name] != written[name])
    if changed:
        raise DataError(f"{target}: found {listed(changed)}, changed since the trial was written; expected {expected}.")


def _is_plain_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _sha256_of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _written_in(target: Path) -> tuple[dict[str, str], str]:
    """Read the checksums before the settings of a written trial, which are empty if there are none, and the settings."""
    if not _is_plain_file(target / SETTINGS):
        return {}, ""
    head, _, settings = (target / SETTINGS).read_bytes().decode(errors="replace").partition("\n\n")
    first, *lines = head.split("\n")
    found = [_FILE_LINE.fullmatch(line) for line in lines]
    return {match[2]: match[1] for match in found if match} if first == _FIRST_LINE else {}, settings


def _old(draft: Path, target: Path) -> Path:
    return draft / f"{target.name}.old"


def _swap(draft: Path, target: Path) -> None:
    """Move the earlier folder aside and the new one in; put the earlier one back if that fails."""
    new, old = draft / target.name, _old(draft, target)
    if not target.exists():
        new.rename(target)
        return
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        with suppress(OSError):
            old.rename(target)
        raise

"""The draft of a report: it is written beside the old report, and replaces it by two renames.

Drafts of killed runs are removed by the next run.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from botox_analysis.errors import DataError
from botox_analysis.report import runs
from botox_analysis.report.folder import folder_of, printable, read_manifest, refuse_foreign

PREFIX = ".botox-analysis-"
"""Prefix of the names of drafts. They are beside the folder of the report, so that each step of the swap is a rename."""

RUN, NEW, OLD, GONE = "run.json", "new", "old", "gone"
"""Contents of a draft: the record of the run, the new report, the old report between the renames, and after them."""

_MADE_BY = "botox-analysis draft"
_BEGIN = f'{{"made_by": "{_MADE_BY}"'
"""First characters of every record."""
_PROBES, _SECONDS_BETWEEN = 5, 0.1
"""Another run may hold the lock of a draft for a moment, to test if its run is alive."""


@dataclass(frozen=True)
class Found:
    """A draft of another run.

    Attributes
    ----------
    folder : str
        Name of the report's folder, beside the draft; empty where the run was killed before it recorded the name.
    pid : str
        Number of the process, for messages.
    lock : str
        `FREE`: the run has ended. `HELD`: it is alive. `NOT_KNOWN`: it was on another machine, or there are no locks.
    """

    folder: str
    pid: str
    lock: str


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Replace a report by a draft, after the draft is complete.

    Parameters
    ----------
    path : str or Path
        Path of the report's folder.

    Yields
    ------
    Path
        Empty folder for the new report.

    Raises
    ------
    DataError
        The folder contains other files than a report, another run is writing to it, or it cannot be written. Its contents are
        kept.
    """
    target = folder_of(path)
    mend(target)
    _refuse_foreign(target)
    with _as_data_error(target), _parents_of(target):
        draft, run = _begin(target)
        with run:
            try:
                _refuse_second(target, draft)
                (draft / NEW).mkdir()
                yield draft / NEW
                _swap(draft, target)
            finally:
                if sys.platform == "win32":
                    # A file that is open cannot be removed there.
                    run.close()
                _clear(draft, target)
                _refuse_taken(draft, target)


def mend(path: str | Path) -> list[str]:
    """Put back reports that killed runs had moved aside, and remove their drafts beside a folder.

    Parameters
    ----------
    path : str or Path
        Path of a report's folder; it need not exist.

    Returns
    -------
    list of str
        A sentence for each report that was put back. Drafts are kept if their run is alive, or if this is not known because
        it was on another machine.

    Raises
    ------
    DataError
        No folder can have this path.
    """
    parent = folder_of(path).parent
    sentences = []
    for draft in _drafts(parent):
        with _probed(draft) as found:
            if found is None or found.lock != runs.FREE:
                continue
            target = parent / found.folder if found.folder else None
            with suppress(OSError):
                if _clear(draft, target) and target is not None:
                    sentences.append(f"{printable(target)}: put back the report that a killed run had moved aside.")
    return sentences


def put_back(path: str | Path) -> list[str]:
    """Put back a report that a killed run had moved aside.

    Parameters
    ----------
    path : str or Path
        Path of the report's folder.

    Returns
    -------
    list of str
        A sentence if the report was put back. A folder with any content is not changed.

    Raises
    ------
    DataError
        No folder can have this path.
    """
    folder = folder_of(path)
    try:
        in_place = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError:
        in_place = True
    return [] if in_place else mend(folder)


@contextmanager
def _as_data_error(target: Path) -> Iterator[None]:
    """Turn an error of the file system into one message."""
    try:
        yield
    except OSError as error:
        at = f" at {printable(error.filename)}" if error.filename else ""
        raise DataError(
            f"{printable(target)}: found that the report cannot be written ({error.strerror or error}{at}); expected a "
            "folder that can be written and replaced, with 20 MB of free space. Earlier contents of it are unchanged."
        ) from error


@contextmanager
def _parents_of(target: Path) -> Iterator[None]:
    """Make the parents of the report's folder, and remove them if the report is not written."""
    new = [place for place in target.parents if not place.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in new:
            with suppress(OSError):
                place.rmdir()
        raise


def _begin(target: Path) -> tuple[Path, IO[str]]:
    """Make a new draft, and its record, which is locked while this run is alive."""
    for _ in range(_PROBES):
        draft = Path(tempfile.mkdtemp(prefix=PREFIX, dir=target.parent))
        try:
            run = (draft / RUN).open("x", encoding="utf-8")
        except FileNotFoundError:
            # Another run took the draft, still empty, for that of a killed run, and removed it.
            continue
        except BaseException:
            draft.rmdir()
            raise
        try:
            if runs.lock(run.fileno()) != runs.HELD and _is_same(run, draft / RUN):
                record = {"made_by": _MADE_BY, "folder": target.name, "pid": str(os.getpid()), **runs.machine()}
                run.write(json.dumps(record))
                run.flush()
                return draft, run
        except BaseException:
            with suppress(OSError):
                # Closing writes again the text that could not be written before.
                run.close()
            shutil.rmtree(draft, ignore_errors=True)
            raise
        run.close()
        # Another run held the lock, to test if this one is alive: the draft is empty, and nobody else removes it.
        shutil.rmtree(draft, ignore_errors=True)
    raise OSError(errno.EBUSY, "other runs remove every draft of this one", str(target.parent))


def _is_same(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except FileNotFoundError:
        return False


def _drafts(parent: Path) -> list[Path]:
    try:
        return sorted(path for path in parent.iterdir() if path.name.startswith(PREFIX))
    except OSError:
        return []


@contextmanager
def _probed(draft: Path) -> Iterator[Found | None]:
    """Read the record of a draft, and hold its lock meanwhile if it was free; None for a folder that may be no draft."""
    found = None
    try:
        names = {path.name for path in draft.iterdir()} if stat.S_ISDIR(draft.lstat().st_mode) else {"no folder"}
        if not names:
            draft.rmdir()
        is_file = RUN in names and stat.S_ISREG((draft / RUN).lstat().st_mode)
        run = (draft / RUN).open("r+", encoding="utf-8") if is_file and names <= {RUN, NEW, OLD, GONE} else None
    except OSError:
        run = None
    if run is None:
        yield None
        return
    with run:
        lock = runs.lock(run.fileno())
        try:
            text = run.read(10_000)
            # The run was killed, or the disk was full, before the record was complete and before other contents.
            record = (
                None if names == {RUN} and _BEGIN.startswith(text[: len(_BEGIN)]) and not text.endswith("}") else json.loads(text)
            )
        except (ValueError, RecursionError, OSError):
            record = {}
        if record is None:
            found = Found("", "", lock)
        elif isinstance(record, dict) and record.get("made_by") == _MADE_BY and _is_name(record.get("folder")):
            found = Found(record["folder"], printable(record.get("pid", "")), lock if runs.is_here(record) else runs.NOT_KNOWN)
        yield found


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name not in ("", ".", "..") and "\0" not in name and Path(name).name == name


def _refuse_foreign(target: Path) -> None:
    """Refuse a folder with other contents, but not one that another run replaces at this moment."""
    for _ in range(_PROBES - 1):
        with suppress(DataError):
            refuse_foreign(target, printable(target.name))
            return
        _refuse_second(target, target)
    refuse_foreign(target, printable(target.name))


def _refuse_second(target: Path, draft_of_run: Path) -> None:
    """Refuse to write a report while another run writes it."""
    for probe in range(_PROBES):
        alive = []
        for draft in _drafts(target.parent):
            if draft != draft_of_run:
                with _probed(draft) as found:
                    alive += [found] if found is not None and found.lock == runs.HELD and found.folder == target.name else []
        if not alive:
            return
        if probe < _PROBES - 1:
            time.sleep(_SECONDS_BETWEEN)
    raise DataError(
        f"{printable(target)}: found another run that is writing this report (process {alive[0].pid}); expected one run at a "
        "time. Try again after its end, or another folder."
    )


def _swap(draft: Path, target: Path) -> None:
    """Move the old report aside and the new one in. If the second step fails, the caller puts the old report back."""
    called = printable(target.name)
    # Checked again: the analysis since the first check may have taken hours.
    refuse_foreign(target, called)
    if not target.exists():
        (draft / NEW).rename(target)
        return
    rights = stat.S_IMODE(target.stat().st_mode)
    target.rename(draft / OLD)
    refuse_foreign(draft / OLD, called)
    (draft / NEW).rename(target)
    target.chmod(rights)


def _clear(draft: Path, target: Path | None) -> bool:
    """Remove a draft, and return True if the old report was in it and was put back into its free place."""
    old = draft / OLD
    put_back = False
    if target is not None and old.is_dir() and not old.is_symlink():
        if _is_free(target):
            old.rename(target)
            put_back = True
        elif _holds_report(target):
            old.rename(draft / GONE)
        else:
            # Other contents are in its place: the old report stays in the draft.
            return False
    for name in (NEW, GONE):
        shutil.rmtree(draft / name, ignore_errors=True)
    with suppress(OSError):
        # The record is removed last: if the run is killed here, the rest is still known as a draft.
        if [path.name for path in draft.iterdir()] == [RUN]:
            (draft / RUN).unlink()
            draft.rmdir()
    return put_back


def _refuse_taken(draft: Path, target: Path) -> None:
    """Raise an error with the place of the old report, if other contents took its place between the two renames."""
    if (draft / OLD).exists():
        raise DataError(
            f"{printable(target)}: found other contents, written here during the run; expected none. The earlier report is in "
            f"{printable(draft / OLD)}."
        )


def _is_free(target: Path) -> bool:
    """Decide if a path does not exist, after an empty folder in its place is removed."""
    try:
        target.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _holds_report(target: Path) -> bool:
    try:
        read_manifest(target)
    except DataError:
        return False
    return True

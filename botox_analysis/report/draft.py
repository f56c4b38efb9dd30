"""The draft of a report, written beside the old one and swapped in by two renames; what a killed run left, the next clears."""

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
"""Names of drafts begin so; they stand beside the folder of the report, so that each step of the swap is a rename."""

RUN, NEW, OLD, GONE = "run.json", "new", "old", "gone"
"""In a draft: whose it is, the new report, the old one between the two renames, and the old one after them."""

_MADE_BY = "botox-analysis draft"
_BEGIN = f'{{"made_by": "{_MADE_BY}"'
"""Of every record."""
_PROBES, _SECONDS_BETWEEN = 5, 0.1
"""A draft may be held for a moment by a run that looks whether its own is alive."""


@dataclass(frozen=True)
class Found:
    """A draft that another run made.

    Attributes
    ----------
    folder : str
        Name of the folder that the report is for, beside the draft; empty where the run was killed before it said so.
    pid : str
        Of the process, for messages.
    lock : str
        `FREE`: the run is no longer alive. `HELD`: it is. `NOT_KNOWN`: it was on another machine, or there are no locks.
    """

    folder: str
    pid: str
    lock: str


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Replace a report by what is written into a draft, when all of it is written.

    Parameters
    ----------
    path : str or Path
        Of the report's folder.

    Yields
    ------
    Path
        The new report, an empty folder.

    Raises
    ------
    DataError
        The folder holds something else than a report, another run is writing it, or it cannot be written. What was there stays.
    """
    target = folder_of(path)
    mend(target)
    refuse_foreign(target, printable(target.name))
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
    """Put back reports that killed runs had moved aside, and remove the drafts they left beside a folder.

    Parameters
    ----------
    path : str or Path
        Of a report's folder; it need not be there.

    Returns
    -------
    list of str
        A sentence for each report that was put back. Drafts of runs that are alive, or of which this cannot be known (on
        another machine), are left alone.

    Raises
    ------
    DataError
        No folder can have this path.
    """
    parent = folder_of(path).parent
    told = []
    for draft in _drafts(parent):
        with _probed(draft) as found:
            if found is None or found.lock != runs.FREE:
                continue
            target = parent / found.folder if found.folder else None
            with suppress(OSError):
                if _clear(draft, target) and target is not None:
                    told.append(f"{printable(target)}: put back the report that a run had moved aside when it was killed.")
    return told


def put_back(path: str | Path) -> list[str]:
    """Put back a report that is not in its place because a run was killed while it replaced it.

    Parameters
    ----------
    path : str or Path
        Of the report's folder.

    Returns
    -------
    list of str
        A sentence, where it was put back; nothing is touched where there is something in the folder.

    Raises
    ------
    DataError
        No folder can have this path.
    """
    folder = folder_of(path)
    try:
        is_there = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError:
        is_there = True
    return [] if is_there else mend(folder)


@contextmanager
def _as_data_error(target: Path) -> Iterator[None]:
    """Turn what a disk or its rights refuse into one sentence."""
    try:
        yield
    except OSError as error:
        at = f" at {printable(error.filename)}" if error.filename else ""
        raise DataError(
            f"{printable(target)}: found that the report cannot be written ({error.strerror or error}{at}); expected a "
            "folder that may be written and replaced, with room for 20 MB; what was there before is as it was."
        ) from error


@contextmanager
def _parents_of(target: Path) -> Iterator[None]:
    """Make the folders that are to hold the report's; if it comes to nothing, they go again."""
    made = [place for place in target.parents if not place.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in made:
            with suppress(OSError):
                place.rmdir()
        raise


def _begin(target: Path) -> tuple[Path, IO[str]]:
    """A new draft, and the file that is locked as long as this run is alive."""
    for _ in range(_PROBES):
        draft = Path(tempfile.mkdtemp(prefix=PREFIX, dir=target.parent))
        try:
            run = (draft / RUN).open("x", encoding="utf-8")
        except FileNotFoundError:
            # Another run took it, still empty, for a killed one's.
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
                # It writes what it could not write before, once more.
                run.close()
            shutil.rmtree(draft, ignore_errors=True)
            raise
        run.close()
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
    """What is known of a draft, with its lock held in the meantime where it was free; None for what is not provably one."""
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
            # Killed, or without room, before the record was whole, and before anything else was.
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


def _refuse_second(target: Path, own: Path) -> None:
    """Refuse to write a report that another run is writing."""
    for probe in range(_PROBES):
        alive = []
        for draft in _drafts(target.parent):
            if draft != own:
                with _probed(draft) as found:
                    alive += [found] if found is not None and found.lock == runs.HELD and found.folder == target.name else []
        if not alive:
            return
        if probe < _PROBES - 1:
            time.sleep(_SECONDS_BETWEEN)
    raise DataError(
        f"{printable(target)}: found another run that is writing this report (process {alive[0].pid}); expected one at a time: "
        "wait for its end, or choose another folder."
    )


def _swap(draft: Path, target: Path) -> None:
    """Move the old report aside and the new one in; whoever calls puts the old one back if the second step fails."""
    called = printable(target.name)
    # Hours may have gone by since the first look.
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
    """Remove a draft; whether the old report was in it and has been put back, since nothing else is in its place."""
    old = draft / OLD
    put_back = False
    if target is not None and old.is_dir() and not old.is_symlink():
        if _is_free(target):
            old.rename(target)
            put_back = True
        elif _holds_report(target):
            old.rename(draft / GONE)
        else:
            # Something else stands in its place: the old report stays where it is.
            return False
    for name in (NEW, GONE):
        shutil.rmtree(draft / name, ignore_errors=True)
    with suppress(OSError):
        # The last, so that what is left by a run killed here is known for a draft.
        if [path.name for path in draft.iterdir()] == [RUN]:
            (draft / RUN).unlink()
            draft.rmdir()
    return put_back


def _refuse_taken(draft: Path, target: Path) -> None:
    """Say where the old report is if something else has come into its place between the two renames."""
    if (draft / OLD).exists():
        raise DataError(
            f"{printable(target)}: found that something else has taken the place of the report meanwhile; the earlier report is "
            f"in {printable(draft / OLD)}."
        )


def _is_free(target: Path) -> bool:
    """Whether nothing is there, or an empty folder, which a rename replaces."""
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

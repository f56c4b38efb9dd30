"""Locks and records of runs that write reports: they show if a run is alive, and if it was on this machine."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

FREE, HELD, NOT_KNOWN = "free", "held", "not known"
"""States of a lock. The operating system releases a lock when its process ends. A process number that is used again is
therefore not mistaken for the old process. Some file systems, and Windows, have no such locks: drafts of killed runs stay."""

if sys.platform == "win32":

    def lock(_descriptor: int) -> str:
        """Return `NOT_KNOWN`: Windows has no locks of this kind."""
        return NOT_KNOWN

else:
    import fcntl

    def lock(descriptor: int) -> str:
        """Lock an open file for as long as this process is alive.

        Parameters
        ----------
        descriptor : int
            Descriptor of the file.

        Returns
        -------
        str
            `FREE`: this process now holds the lock. `HELD`: another process holds it. `NOT_KNOWN`: there are no locks.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return HELD
        except OSError:
            return NOT_KNOWN
        return FREE


def machine() -> dict[str, str]:
    """Name this machine and its last start.

    Returns
    -------
    dict of str to str
        ``host``, ``machine``, ``boot``; empty texts where the system has no such name.
    """
    return {
        "host": platform.node(),
        "machine": _text_of("/etc/machine-id"),
        "boot": _text_of("/proc/sys/kernel/random/boot_id"),
    }


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""


def is_here(record: dict[str, Any]) -> bool:
    """Decide if a run was on this machine, where its lock is visible.

    Parameters
    ----------
    record : dict
        Record of the run, from its draft.

    Returns
    -------
    bool
        True also after a restart of the machine. False where this is not known.
    """
    here = machine()
    if here["boot"] and here["boot"] == record.get("boot"):
        return True
    same_host = here["host"] == record.get("host") and here["machine"] == record.get("machine")
    return same_host and bool(here["machine"] or not here["boot"])

"""Runs that write reports: whether one is alive, and whether it was on this machine."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

FREE, HELD, NOT_KNOWN = "free", "held", "not known"
"""Locks: the kernel gives one back when its process ends, however it ends, so that a number used again for another process
is not mistaken for it. Some file systems, and Windows, have none of this kind: there drafts of killed runs stay."""

if sys.platform == "win32":

    def lock(_descriptor: int) -> str:
        """Answer that there are no locks of this kind."""
        return NOT_KNOWN

else:
    import fcntl

    def lock(descriptor: int) -> str:
        """Lock an open file for as long as this process is alive.

        Parameters
        ----------
        descriptor : int
            Of the file.

        Returns
        -------
        str
            `FREE` where the lock is now held here, `HELD` where another process holds it, `NOT_KNOWN` where there are no locks.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return HELD
        except OSError:
            return NOT_KNOWN
        return FREE


def machine() -> dict[str, str]:
    """Name this machine, and the time since it was started.

    Returns
    -------
    dict of str to str
        ``host``, ``machine``, ``boot``; empty where the system has none.
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
    """Tell whether a run was on this machine, before or after it was started again: its lock can be seen from here.

    Parameters
    ----------
    record : dict
        That the run left in its draft.

    Returns
    -------
    bool
        False where this is not known.
    """
    here = machine()
    if here["boot"] and here["boot"] == record.get("boot"):
        return True
    same_host = here["host"] == record.get("host") and here["machine"] == record.get("machine")
    return same_host and bool(here["machine"] or not here["boot"])

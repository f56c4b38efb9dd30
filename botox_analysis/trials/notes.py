"""`Notes`: what was left out, merged or assumed, while a trial is read."""

from __future__ import annotations

Note = tuple[str, str, int]
"""Place, reason, number of rows."""

Notes = list[Note]

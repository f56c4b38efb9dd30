"""Settings of the shapes of files: their names, and wide tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botox_analysis.trials.settings.kinds import TABLE, WORD, check_keys
from botox_analysis.trials.settings.wide import check_wide

SHAPE_KEYS = {"assessments": TABLE, "files": TABLE, "table": WORD}
"""Keys of ``trial.toml`` that describe the shape of the files, and the kinds of their values."""

_PATTERNS = "a pattern, or a table of patterns"
_FILE = 'the name of a file, or a table such as {file = "clinic.xlsx", table = "Diary"}'
_IS: dict[str, Callable[[Any], bool]] = {
    _PATTERNS: lambda value: isinstance(value, str | dict),
    _FILE: lambda value: isinstance(value, str) or (isinstance(value, dict) and "file" in value),
}


def check_shapes(settings: Mapping[str, Any], where: str) -> None:
    """Raise an error for a setting of a shape that is not as documented.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``.
    where : str
        Name of the file in messages.

    Raises
    ------
    DataError
        A key is unknown, or its value is of the wrong kind. The message names the key, the value and the kind expected.
    """
    check_keys(settings.get("assessments", {}), {"wide": _PATTERNS}, f"{where}, [assessments]", _IS)
    files = settings.get("files", {})
    check_keys(files, dict.fromkeys(files, _FILE), f"{where}, [files]", _IS)
    for name, entry in files.items():
        if isinstance(entry, dict):
            check_keys(entry, {"file": WORD, "table": WORD}, f"{where}, [files.{name}]")
    for table in ("diary", "assessments"):
        if "wide" in settings.get(table, {}):
            check_wide(table, settings[table]["wide"], f"{where}, [{table}]")

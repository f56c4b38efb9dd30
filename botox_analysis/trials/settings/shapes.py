"""Settings of the shapes of files: names of files, wide tables, questions and answers, REDCap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.settings.kinds import TABLE, WORD, WORD_OR_WORDS, check_keys
from botox_analysis.trials.settings.wide import WIDE, check_wide

SHAPE_KEYS = {"assessments": TABLE, "files": TABLE, "table": WORD, "questions": TABLE, "redcap": TABLE}
"""Keys of ``trial.toml`` that describe the shape of the files, and the kinds of their values."""

_PATTERNS = "a pattern, or a table of patterns"
_FILE = 'the name of a file, or a table such as {file = "clinic.xlsx", table = "Diary"}'
_QUESTIONS = {"question": WORD, "answer": WORD, "order": WORD, "diary": TABLE, "assessments": TABLE}
_REDCAP = {
    "subjects": WORD_OR_WORDS, "visits": TABLE, "arms": TABLE,
    **dict.fromkeys((table for table in TABLES if table not in ("subjects", "assessments")), WORD_OR_WORDS),
}  # fmt: skip
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
            check_keys(entry, {"file": WORD, "table": WORD, "questions": TABLE, "redcap": TABLE}, f"{where}, [files.{name}]")
    check_keys(settings.get("questions", {}), _QUESTIONS, f"{where}, [questions]", _IS)
    check_keys(settings.get("redcap", {}), _REDCAP, f"{where}, [redcap]", _IS)
    for section, key in (("questions", "diary"), ("questions", "assessments"), ("redcap", "visits"), ("redcap", "arms")):
        names = settings.get(section, {}).get(key, {})
        check_keys(names, dict.fromkeys(names, WORD), f"{where}, [{section}.{key}]")
    for table in WIDE:
        if "wide" in settings.get(table, {}):
            check_wide(table, settings[table]["wide"], f"{where}, [{table}]")

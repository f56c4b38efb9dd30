"""The text of a draft: settings as TOML, guesses marked, questions as comments."""

from __future__ import annotations

import datetime
import json
import re
import textwrap
from dataclasses import dataclass, field
from typing import Any

from botox_analysis.errors import DataError

GUESS = "guess"
_WIDTH = 112


@dataclass
class Page:
    """Lines of a draft, section by section.

    Attributes
    ----------
    lines : dict of (str, ...) to list of str
        By section: ``()`` for the settings at the top, else the parts of its name.
    settings : dict
        What the lines say, as `read_settings` would read them.
    """

    lines: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def say(self, section: tuple[str, ...], key: str, value: Any, reason: str = "") -> None:
        """Add a setting.

        Parameters
        ----------
        section : tuple of str
            Where it belongs.
        key : str
            Its name.
        value : object
            A text, number, truth value, date, or list of these.
        reason : str
            What stands behind it as a comment; what is guessed begins with `GUESS`.
        """
        line = f"{_key(key)} = {_toml(value)}"
        self.lines.setdefault(section, []).append(f"{line}  # {_tidy(reason)}" if reason else line)
        inner = self.settings
        for part in section:
            inner = inner.setdefault(part, {})
        inner[key] = value

    def ask(self, section: tuple[str, ...], text: str) -> None:
        """Add a comment.

        Parameters
        ----------
        section : tuple of str
            Where it belongs.
        text : str
            A question, or what was found.
        """
        wrapped = textwrap.wrap(_tidy(text), _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
        self.lines.setdefault(section, []).extend(wrapped)

    def propose(self, section: tuple[str, ...], key: str, value: Any, reason: str) -> None:
        """Add a setting that is not in force: a question with an answer that only has to be uncommented.

        Parameters
        ----------
        section : tuple of str
            Where it belongs.
        key, value
            The setting.
        reason : str
            The question.
        """
        self.lines.setdefault(section, []).append(f"# {_key(key)} = {_toml(value)}  # {_tidy(reason)}")

    def __str__(self) -> str:
        """The draft. A section in which nothing is in force is a comment, too."""
        parts = ["\n".join(self.lines.get((), []))]
        for section, lines in self.lines.items():
            if section:
                header = f"[{'.'.join(map(_key, section))}]"
                in_force = any(not line.startswith("#") for line in lines)
                parts.append("\n".join([header if in_force else f"# {header}", *lines]))
        return "\n\n".join(parts) + "\n"


def problem_lines(error: DataError, n_shown: int = 6) -> list[str]:
    """List the problems of a refusal.

    Parameters
    ----------
    error : DataError
        What was raised.
    n_shown : int
        The most lines.

    Returns
    -------
    list of str
        One each, or the message where there is no table of problems.
    """
    if error.problems.empty:
        return [str(error)]
    said = [
        f"{row.file}{f', column {row.column!r}' if row.column else ''}: found {row.found}"
        f"{f' in {row.n:,} rows' if row.n > 1 else ''}; expected {row.expected}"
        for row in error.problems.head(n_shown).itertuples()
    ]
    more = len(error.problems) - n_shown
    return [*said, f"and {more} more"] if more > 0 else said


def _tidy(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)

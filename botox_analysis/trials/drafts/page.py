"""Text of a draft: settings as TOML, guesses marked, questions as comments."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any

from botox_analysis.errors import DataError
from botox_analysis.trials.settings.toml import toml_key, toml_value

GUESS = "guess"
_WIDTH = 112


@dataclass
class Page:
    """Lines of a draft by section.

    Attributes
    ----------
    lines : dict of (str, ...) to list of str
        Section -> its lines. The section is ``()`` for the settings at the top, else the parts of its name.
    settings : dict
        Settings of the lines, as `read_settings` would read them.
    """

    lines: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def set(self, section: tuple[str, ...], key: str, value: Any, reason: str = "") -> None:
        """Add a setting.

        Parameters
        ----------
        section : tuple of str
            Section of the setting.
        key : str
            Key of the setting.
        value : object
            A text, number, truth value, date, or list of these.
        reason : str
            Comment after the setting; that of a guess begins with `GUESS`. Empty for none.
        """
        line = f"{toml_key(key)} = {toml_value(value)}"
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
            Section of the comment.
        text : str
            A question, or a description of the data.
        """
        wrapped = textwrap.wrap(_tidy(text), _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
        self.lines.setdefault(section, []).extend(wrapped)

    def propose(self, section: tuple[str, ...], key: str, value: Any, reason: str) -> None:
        """Add a setting as a comment, with a question; a user accepts it by removing the comment sign.

        Parameters
        ----------
        section : tuple of str
            Section of the setting.
        key, value
            Key and value of the setting.
        reason : str
            The question.
        """
        self.lines.setdefault(section, []).append(f"# {toml_key(key)} = {toml_value(value)}  # {_tidy(reason)}")

    def __str__(self) -> str:
        """Write the draft; a section that has only comments is a comment itself."""
        parts = ["\n".join(self.lines.get((), []))]
        for section, lines in self.lines.items():
            if section:
                header = f"[{'.'.join(map(toml_key, section))}]"
                in_force = any(not line.startswith("#") for line in lines)
                parts.append("\n".join([header if in_force else f"# {header}", *lines]))
        return "\n\n".join(parts) + "\n"


def problem_lines(error: DataError, n_shown: int = 6) -> list[str]:
    """List the problems of an error.

    Parameters
    ----------
    error : DataError
        The error.
    n_shown : int
        Largest number of problems listed.

    Returns
    -------
    list of str
        One line per problem, or the message if the error has no table of problems.
    """
    if error.problems.empty:
        return [str(error)]
    lines = [
        f"{row.file}{f', column {row.column!r}' if row.column else ''}: found {row.found}"
        f"{f' in {row.n:,} rows' if row.n > 1 else ''}; expected {row.expected}"
        for row in error.problems.head(n_shown).itertuples()
    ]
    more = len(error.problems) - n_shown
    return [*lines, f"and {more} more"] if more > 0 else lines


def _tidy(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())

"""The tables of a trial in few words each."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from botox_analysis.frames.schema import categories_of
from botox_analysis.wording import count, number, some_of

FILE = "sha256 of "
"""What stands before the name of a file in the provenance of a trial."""


ORIGIN = "origin"
"""Key of the name in the provenance under which a trial was opened."""


def is_of_reading(key: str) -> bool:
    """Check whether an entry of a provenance describes how the trial was read, and not the trial itself.

    Parameters
    ----------
    key : str
        Key of the entry.

    Returns
    -------
    bool
        True for the name under which the trial was opened, and for the checksums of its files.

    Examples
    --------
    >>> is_of_reading("sha256 of diary.csv"), is_of_reading("citation")
    (True, False)
    """
    return key == ORIGIN or key.startswith(FILE)


def rows_of_tables(tables: Mapping[str, pd.DataFrame | None]) -> tuple[tuple[str, str], ...]:
    """Each table of a trial beside its subjects, in words.

    Parameters
    ----------
    tables : mapping of str to DataFrame or None
        ``diary``, ``assessments``, ``adverse_events`` and ``intercurrent_events``, as a `Trial` has them.

    Returns
    -------
    tuple of (str, str)
        The name of each and what it holds; an empty text where there is no such table.
    """
    return tuple(
        (name.replace("_", " "), "" if tables[name] is None else in_words(tables[name])) for name, in_words in _IN_WORDS.items()
    )


def files_of(provenance: Mapping[str, str]) -> list[str]:
    """List the files from which a trial was read.

    Parameters
    ----------
    provenance : mapping of str to str
        Of the trial.

    Returns
    -------
    list of str
        Their names; empty where the trial was made of frames.
    """
    return [key.removeprefix(FILE) for key in provenance if key.startswith(FILE)]


def _diary(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "no days"
    days = f"day {number(rows['day'].min(), 0)} to {number(rows['day'].max(), 0)}"
    return f"{count(len(rows))} days of {_subjects(rows)}, {days}"


def _assessments(rows: pd.DataFrame) -> str:
    return f"{some_of(categories_of(rows['scale']), 4)}; visits {some_of(categories_of(rows['visit']))}"


def _adverse_events(rows: pd.DataFrame) -> str:
    return f"{count(len(rows))} of {_subjects(rows)}"


def _intercurrent_events(rows: pd.DataFrame) -> str:
    n = rows["kind"].value_counts(sort=False)
    return some_of(f"{kind} ({count(n[kind])})" for kind in categories_of(rows["kind"])) or "none"


def _subjects(rows: pd.DataFrame) -> str:
    n = rows["subject"].nunique()
    return f"{count(n)} subject{'' if n == 1 else 's'}"


_IN_WORDS = {
    "diary": _diary,
    "assessments": _assessments,
    "adverse_events": _adverse_events,
    "intercurrent_events": _intercurrent_events,
}

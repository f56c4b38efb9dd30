"""The tables of a trial in few words each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from botox_analysis.frames.schema import categories_of
from botox_analysis.wording import count, number, some_of

FILE = "sha256 of "
"""What stands before the name of a file in the provenance of a trial."""


ORIGIN = "origin"
"""Key of the name in the provenance under which a trial was opened."""

SOURCE = "source of "
"""What stands before the name of a table in the provenance of a trial."""


def is_of_reading(key: str) -> bool:
    """Check whether an entry of a provenance describes how the trial was read, and not the trial itself.

    Parameters
    ----------
    key : str
        Key of the entry.

    Returns
    -------
    bool
        True for the name under which the trial was opened, for the checksums of its files, and for the file of each table.

    Examples
    --------
    >>> is_of_reading("sha256 of diary.csv"), is_of_reading("citation")
    (True, False)
    """
    return key == ORIGIN or key.startswith((FILE, SOURCE))


def rows_of_tables(tables: Mapping[str, pd.DataFrame | None]) -> tuple[tuple[str, str], ...]:
    """Each table of a trial beside its subjects, in words.

    Parameters
    ----------
    tables : mapping of str to DataFrame or None
        Tables by their names in the layout, as a `Trial` has them.

    Returns
    -------
    tuple of (str, str)
        The name of each and what it holds; an empty text where there is no such table.
    """
    return tuple(
        (name.replace("_", " "), "" if tables[name] is None else in_words(tables[name])) for name, in_words in _IN_WORDS.items()
    )


def details_of_tables(tables: Mapping[str, pd.DataFrame | None], n_subjects: int) -> Iterator[tuple[str, str]]:
    """Describe the attacks, treatments and event times of a trial.

    Parameters
    ----------
    tables : mapping of str to DataFrame or None
        Tables by their names in the layout, as a `Trial` has them.
    n_subjects : int
        Number of subjects of the trial.

    Yields
    ------
    what, found : str
        A table and a fact about it; nothing for a table that the trial does not have.
    """
    for table, describe in _DETAILS.items():
        rows = tables[table]
        if rows is not None:
            yield from ((table.replace("_", " "), fact) for fact in describe(rows, n_subjects))


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


def sources_of(provenance: Mapping[str, str]) -> dict[str, str]:
    """Find the file from which each table of a trial was read.

    Parameters
    ----------
    provenance : mapping of str to str
        Provenance of the trial.

    Returns
    -------
    dict of str to str
        Name of the table -> its file, with its sheet or data set, and the shape of the files if it is not the layout.
    """
    return {key.removeprefix(SOURCE): file for key, file in provenance.items() if key.startswith(SOURCE)}


def _diary(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "no days"
    days = f"day {number(rows['day'].min(), 0)} to {number(rows['day'].max(), 0)}"
    return f"{count(len(rows))} days of {_subjects(rows)}, {days}"


def _assessments(rows: pd.DataFrame) -> str:
    return f"{some_of(categories_of(rows['scale']), 4)}; visits {some_of(categories_of(rows['visit']))}"


def _rows_and_subjects(rows: pd.DataFrame) -> str:
    return f"{count(len(rows))} of {_subjects(rows)}"


def _intercurrent_events(rows: pd.DataFrame) -> str:
    n = rows["kind"].value_counts(sort=False)
    return some_of(f"{kind} ({count(n[kind])})" for kind in categories_of(rows["kind"])) or "none"


def _attacks_in_detail(rows: pd.DataFrame, n_subjects: int) -> Iterator[str]:
    yield f"{count(len(rows))} of {_subjects(rows)}{_days(rows, 'start_day')}"
    n_open = int(rows["end_day"].isna().sum()) if "end_day" in rows.columns else len(rows)
    if n_open:
        yield f"{count(n_open)} without an end"
    without = n_subjects - rows["subject"].nunique()
    if without:
        yield f"none of {count(without)} subject{'' if without == 1 else 's'}"


def _treatments_in_detail(rows: pd.DataFrame, n_subjects: int) -> Iterator[str]:
    yield f"{count(len(rows))} of {_subjects(rows)}{_days(rows, 'day')}"
    without = n_subjects - rows["subject"].nunique()
    if without:
        yield f"none of {count(without)} subject{'' if without == 1 else 's'}"
    for product in categories_of(rows["product"]) if "product" in rows.columns else ():
        of_product = rows[rows["product"] == product]
        yield f"{product}: {count(len(of_product))} of {_subjects(of_product)}{_range(of_product, 'dose', ', dose ')}"
    if "product" not in rows.columns or rows["product"].isna().any():
        unnamed = rows[rows["product"].isna()] if "product" in rows.columns else rows
        yield f"of no named product: {count(len(unnamed))}{_range(unnamed, 'dose', ', dose ')}"
    if "cycle" in rows.columns:
        yield f"cycles{_range(rows, 'cycle', ' ')}" if rows["cycle"].notna().any() else "no cycle named"
    yield from (
        f"{column}: {some_of(categories_of(rows[column]), 12)}"
        for column in ("muscle", "side", "site")
        if column in rows.columns and rows[column].notna().any()
    )


def _event_times_in_detail(rows: pd.DataFrame, n_subjects: int) -> Iterator[str]:
    for endpoint in categories_of(rows["endpoint"]):
        of_endpoint = rows[rows["endpoint"] == endpoint]
        observed = f"{count(of_endpoint['observed'].sum())} observed"
        yield f"{endpoint}: {_subjects(of_endpoint)} of {count(n_subjects)}, {observed}{_range(of_endpoint, 'time', ', time ')}"
    if rows.empty:
        yield "no rows"


def _days(rows: pd.DataFrame, column: str) -> str:
    return _range(rows, column, ", study days ")


def _range(rows: pd.DataFrame, column: str, before: str) -> str:
    if column not in rows.columns or rows[column].isna().all():
        return ""
    low, high = rows[column].min(), rows[column].max()
    return f"{before}{low:g} to {high:g}" if low < high else f"{before}{low:g}"


def _treatments(rows: pd.DataFrame) -> str:
    products = categories_of(rows["product"]) if "product" in rows.columns else []
    named = f": {some_of(products)}" if products else ""
    return f"{count(len(rows))} of {_subjects(rows)}{named}"


def _event_times(rows: pd.DataFrame) -> str:
    n = rows.groupby("endpoint", sort=False, observed=True)["observed"].sum()
    return some_of(f"{endpoint} ({count(n[endpoint])} observed)" for endpoint in n.index) or "none"


def _subjects(rows: pd.DataFrame) -> str:
    n = rows["subject"].nunique()
    return f"{count(n)} subject{'' if n == 1 else 's'}"


_IN_WORDS = {
    "diary": _diary,
    "assessments": _assessments,
    "adverse_events": _rows_and_subjects,
    "intercurrent_events": _intercurrent_events,
    "attacks": _rows_and_subjects,
    "treatments": _treatments,
    "event_times": _event_times,
}
"""Words for a table in the overview of a trial."""

_DETAILS: dict[str, Callable[[pd.DataFrame, int], Iterator[str]]] = {
    "attacks": _attacks_in_detail,
    "treatments": _treatments_in_detail,
    "event_times": _event_times_in_detail,
}
"""Facts about a table, for `validate_trial`."""

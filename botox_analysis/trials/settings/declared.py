"""Declared kinds of the columns beyond the layout: `[kinds]` and `[levels]` of `trial.toml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.layout import COLUMNS, TABLES
from botox_analysis.trials.settings.kinds import TABLE, WORD, WORDS, check_keys

TEXT, FACTOR, ORDERED_FACTOR = "text", "factor", "ordered factor"
NUMBER, WHOLE_NUMBER, TRUTH, TRUTH_OR_MISSING = "number", "whole number", "yes or no", "yes, no or missing"

TYPES = {
    NUMBER: "float64", WHOLE_NUMBER: "int64", TRUTH: "bool", TRUTH_OR_MISSING: "boolean",
    "time in seconds": "datetime64[s]", "time in milliseconds": "datetime64[ms]",
    "time in microseconds": "datetime64[us]", "time in nanoseconds": "datetime64[ns]",
}  # fmt: skip
"""Kind -> the type of its column in a trial."""

_FACTORS = (FACTOR, ORDERED_FACTOR)
_KINDS = (TEXT, *_FACTORS, *TYPES)


def check_declared(settings: Mapping[str, Any], where: str) -> None:
    """Raise an error for an unknown kind of a column, or a factor without levels.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``; ``kinds`` and ``levels`` are used.
    where : str
        Name of the file in messages.

    Raises
    ------
    DataError
        A kind is unknown, a factor has no levels, or levels belong to no factor. The message names the column.
    """
    kinds, levels = settings.get("kinds", {}), settings.get("levels", {})
    for key, tables, expected in (("kinds", kinds, WORD), ("levels", levels, WORDS)):
        check_keys(tables, dict.fromkeys(TABLES, TABLE), f"{where}, [{key}]")
        for table, columns in tables.items():
            check_keys(columns, dict.fromkeys(columns, expected), f"{where}, [{key}.{table}]")
    for table, columns in kinds.items():
        _check_kinds(columns, f"{where}, [kinds.{table}]", table)
    for table, columns in levels.items():
        _check_levels(columns, f"{where}, [levels.{table}]")
    of_factors = {(table, column) for table, columns in kinds.items() for column, kind in columns.items() if kind in _FACTORS}
    with_levels = {(table, column) for table, columns in levels.items() for column in columns}
    for table, column in sorted(of_factors ^ with_levels):
        raise DataError(
            f"{where}: found [kinds.{table}] and [levels.{table}] that disagree on '{column}'; expected levels of each "
            f"'{FACTOR}' or '{ORDERED_FACTOR}', and of no other column."
        )


def _check_kinds(columns: Mapping[str, str], where: str, table: str) -> None:
    for column, kind in columns.items():
        if kind not in _KINDS:
            raise DataError(f"{where}: found {column} = '{kind}'; expected one of {listed(_KINDS, n_shown=20)}.")
        if column in COLUMNS[table]:
            raise DataError(f"{where}: found '{column}'; expected columns beyond the layout.")


def _check_levels(columns: Mapping[str, list[str]], where: str) -> None:
    for column, names in columns.items():
        if len(set(names)) < len(names):
            twice = next(name for name, n in Counter(names).items() if n > 1)
            raise DataError(f"{where}: found '{twice}' twice among the levels of '{column}'; expected each level once.")

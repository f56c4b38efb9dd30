"""The files of a trial, read as they are: every row with as many cells as the header, texts as texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.refusal import DataError, Problem, refuse, require_columns
from botox_analysis.trials.layout import ROW, table_schemas
from botox_analysis.trials.settings import SETTINGS


def find_table(folder: Path, table: str) -> Path | None:
    """The file of a table.

    Parameters
    ----------
    folder : Path
        Of the trial.
    table : str
        Its name.

    Returns
    -------
    Path or None
        None where there is none.

    Raises
    ------
    DataError
        There are two.
    """
    for path in (folder / f"{table}.csv", folder / f"{table}.parquet"):
        if path.is_dir():
            raise DataError(f"{path.name}: found a folder of this name; expected a file.")
    found = [path for path in (folder / f"{table}.csv", folder / f"{table}.parquet") if path.is_file()]
    if len(found) > 1:
        raise DataError(f"{folder}: found both {found[0].name} and {found[1].name}; expected one of them.")
    return found[0] if found else None


def read_table(path: Path, table: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    """A table with the columns' names and the words of the layout.

    Parameters
    ----------
    path : Path
        A CSV or Parquet file.
    table : str
        Which table it is.
    settings : mapping
        Of ``trial.toml``.

    Returns
    -------
    DataFrame
        Empty cells and missing codes are missing.

    Raises
    ------
    DataError
        The file is not what its name says, its rows differ in length, or a column that the settings name is not there.
    """
    return _renamed(_read_raw(path, table, settings), table, path.name, settings)


def _read_raw(path: Path, table: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    codes = [str(code) for code in settings.get("missing", ())]
    if path.suffix == ".parquet":
        return _read_parquet(path, codes)
    text = _read_text(path, settings)
    separator = settings.get("separator", ",")
    header, numbers = _check_cells(path, text, separator)
    # What is a text by the layout is read as one: '007' is not 7.
    theirs = {name: ours for ours, name in settings.get("columns", {}).get(table, {}).items()}
    words = {column for column, rule in table_schemas()[table].columns.items() if rule.metadata["kind"] == "text"}
    words |= set(settings.get("factors", ())) if table == "subjects" else set()
    as_text = {name: str for name in header if theirs.get(name.strip(), name.strip()) in words}
    frame = pd.read_csv(
        io.StringIO(text), sep=separator, decimal=settings.get("decimal", "."), keep_default_na=False, na_values=["", *codes],
        low_memory=False, skipinitialspace=True, index_col=False, dtype=as_text,
    )  # fmt: skip
    if len(numbers) == len(frame):
        frame.index = pd.Index(numbers, name=ROW)
    return frame


def _read_parquet(path: Path, codes: list[str]) -> pd.DataFrame:
    import pyarrow

    try:
        frame = pd.read_parquet(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path.name}: found no Parquet file ({type(error).__name__}); expected one, or a CSV file.") from error
    for column in frame.columns:
        known = (
            frame[column].astype(object).map(lambda value: f"{value:g}" if isinstance(value, float | np.floating) else str(value))
        )
        frame[column] = frame[column].mask(known.isin(["", *codes]).to_numpy())
    return frame


def _read_text(path: Path, settings: Mapping[str, Any]) -> str:
    encoding = settings.get("encoding", "utf-8-sig")
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        raise DataError(f"{path.name}: found a workbook (or another zip file) under the name of a CSV file; expected a CSV file.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) and "encoding" not in settings:
        raise DataError(f'{path.name}: found UTF-16; save the file as UTF-8, or write encoding = "utf-16" in {SETTINGS}.')
    if not content.strip():
        raise DataError(f"{path.name}: found an empty file; expected a header and at least one row.")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path.name}, row {row}: found a byte 0x{content[error.start]:02x} that is not {encoding.removesuffix('-sig')}; "
            f'save the file as UTF-8, or name its encoding in {SETTINGS} (encoding = "latin-1").'
        ) from error


def _check_cells(path: Path, text: str, separator: str) -> tuple[list[str], list[int]]:
    """The header and the number of each row that is not empty, after all have been seen to have as many cells."""
    problems: list[Problem] = []
    header: list[str] = []
    numbers: list[int] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True), start=1):
            if not header:
                header = cells
            elif cells:
                numbers.append(number)
                if len(cells) != len(header):
                    problems.append((path.name, number, "", f"{len(cells)} cells", f"{len(header)}, as in the header"))
    except csv.Error as error:
        raise DataError(f"{path.name}: found something that is not CSV ({error}); expected rows of cells.") from error
    if len(header) == 1 and separator == ",":
        for other, said in ((";", ";"), ("\t", "\\t")):
            if other in header[0]:
                raise DataError(
                    f"{path.name}, row 1: found '{said}' between the columns; expected ',', or a line "
                    f'separator = "{said}" in {SETTINGS} (and decimal = "," where numbers have one).'
                )
    names = [name.strip() for name in header]
    twice = [name for number, name in enumerate(names) if name and name in names[:number]]
    problems += [(path.name, 1, "", f"column '{name}' more than once", "each name once") for name in dict.fromkeys(twice)]
    refuse(problems)
    return header, numbers


def _renamed(frame: pd.DataFrame, table: str, file: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    # A column without a name is the index that some program wrote along.
    frame = frame.loc[:, [not str(column).startswith("Unnamed: ") for column in frame.columns]]
    frame = frame.rename(columns=lambda column: str(column).strip())
    names = settings.get("columns", {}).get(table, {})
    require_columns(frame, names.values(), f"{file}, by [columns.{table}] of {SETTINGS},")
    frame = frame.rename(columns={theirs: ours for ours, theirs in names.items()})
    for column, words in settings.get("values", {}).get(table, {}).items():
        require_columns(frame, [column], f"{file}, by [values.{table}] of {SETTINGS},")
        read = frame[column].astype(object).where(frame[column].notna(), "")
        recoded = read.map(_spelled).map(lambda word, words=words: words.get(word, word))
        frame[column] = recoded.where(recoded != "", np.nan)
        numbers = pd.to_numeric(frame[column], errors="coerce")
        if numbers.notna().equals(frame[column].notna()):
            frame[column] = numbers
    return frame


def _spelled(value: object) -> str:
    """A value as a file would have it: 1, not 1.0."""
    return f"{value:.15g}" if isinstance(value, float | np.floating) else str(value)

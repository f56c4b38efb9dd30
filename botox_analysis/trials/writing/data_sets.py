"""Dataset-JSON files of the tables of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.trials.layout import KEYS
from botox_analysis.trials.writing.cells import cells_of, is_text
from botox_analysis.trials.writing.dataset_json import write_dataset_json


def write_data_sets(tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Any]:
    """Write each table as Dataset-JSON 1.1, with the type and place of each column and the keys of the table.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of a trial by name.
    folder : Path
        Folder for the files.

    Returns
    -------
    dict
        Further settings of the files: none.
    """
    for name, table in tables.items():
        columns = {str(column): _cells(table[column]) for column in table.columns}
        write_dataset_json(pd.DataFrame(columns), folder / f"{name}.json", name, keys=KEYS.get(name, ()))
    return {}


def _cells(column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(cells_of(column), dtype=object) if is_text(column) else column.reset_index(drop=True)

"""The diary of a trial: contradictory rows and empty doses settled, and the days of attacks added."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from botox_analysis.errors import refuse
from botox_analysis.trials.attacks.diary import filled, with_attacks
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.diary_rows import settle_rows
from botox_analysis.trials.readers.raw import HEADER


def settled_diary(values: Mapping[str, pd.DataFrame], door: Door) -> pd.DataFrame:
    """Resolve contradictory rows of the diary and fill empty cells of doses, by the settings; add the days of attacks.

    Parameters
    ----------
    values : mapping of str to DataFrame
        Checked tables with ``subjects``, and with ``diary`` or ``attacks``.
    door : Door
        Settings, and the collector of notes.

    Returns
    -------
    DataFrame
        The diary.

    Raises
    ------
    DataError
        Rows are contradictory, and the settings have no rule for them; or the recorded days of attacks are not known.
    """
    diary, subjects, file, attacked = values.get("diary"), values["subjects"], door.file("attacks"), None
    numbers = np.zeros(0, dtype=np.int64) if diary is None else door.rows("diary")
    headers = {} if diary is None else _headers(diary, door.raw["diary"])
    if "attacks" in values:
        attacked = with_attacks(diary, values["attacks"], subjects, settings=door.settings.get("attacks", {}), file=file)
        further = np.zeros(len(attacked.rows) - len(numbers), dtype=np.int64)
        numbers = np.append(numbers, further)
        headers = {column: [*of_cells, *[column] * len(further)] for column, of_cells in headers.items()}
        door.notes += attacked.notes
        diary = attacked.rows
    settings, of_diary = door.settings.get("diary"), door.file("diary")
    settled = settle_rows(diary, subjects, settings=settings, file=of_diary, numbers=numbers, headers=headers)
    refuse(settled.problems)
    door.notes += settled.left_out
    if attacked is None:
        return settled.diary
    diary, notes = filled(attacked, settled.diary, file)
    door.notes += notes
    return diary


def _headers(diary: pd.DataFrame, raw: pd.DataFrame) -> dict[str, list[str]]:
    """Find the column of the file that has each cell of a diary with a column a day."""
    named = {column: f"{column}{HEADER}" for column in diary.columns}
    return {column: raw[header].astype(str).tolist() for column, header in named.items() if header in raw.columns}

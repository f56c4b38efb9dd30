"""Counts of a month, scaled by the days that were recorded in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.readers.files import SETTINGS

DAYS_RECORDED = "days_recorded"

LEAST_DAYS = 14
"""Fewest recorded days of a count that is scaled, unless the settings name another number."""


def scaled_to_a_period(frame: pd.DataFrame, door: Door) -> pd.DataFrame:
    """Scale counts to a number of days, by the days recorded: value x days / days recorded.

    Parameters
    ----------
    frame : DataFrame
        Checked assessments, with ``days_recorded`` if the settings scale a scale of them.
    door : Door
        Settings (``per_days`` and ``minimum_days`` of each of ``scales``), and the collector of notes.

    Returns
    -------
    DataFrame
        Assessments with scaled values. A value with fewer recorded days than the minimum, or of unknown days, is missing.

    Raises
    ------
    DataError
        There is no column of recorded days, or a minimum without a period.

    References
    ----------
    Pijpers JA et al. (2019), CHARM: 14 to 27 recorded days are scaled to 28.
    """
    scales: Mapping[str, Mapping[str, Any]] = door.settings.get("scales", {})
    file = door.file("assessments")
    for scale, keys in scales.items():
        if "per_days" not in keys:
            if "minimum_days" in keys:
                raise DataError(f'{SETTINGS}, [scales."{scale}"]: found minimum_days without per_days; expected both.')
            continue
        if DAYS_RECORDED not in frame.columns:
            raise DataError(f"{file}: found no column '{DAYS_RECORDED}'; per_days of '{scale}' in {SETTINGS} needs it.")
        per, minimum = keys["per_days"], keys.get("minimum_days", LEAST_DAYS)
        value, days = (frame[column].to_numpy(dtype=float) for column in ("value", DAYS_RECORDED))
        counted = (frame["scale"] == scale).to_numpy(dtype=bool, na_value=False) & ~np.isnan(value)
        enough = counted & (days >= minimum)
        changed = enough & (days != per)
        notes = {
            f"'{scale}' scaled to {per:g} days by the days recorded": changed,
            f"'{scale}' with fewer than {minimum:g} recorded days, or an unknown number: missing": counted & ~enough,
            f"'{scale}' above the days recorded: kept": counted & (value > days),
        }
        door.notes += [(f"{file}, value", reason, int(rows.sum())) for reason, rows in notes.items() if rows.any()]
        scaled = np.divide(value * per, days, out=np.full(len(value), np.nan), where=enough)
        frame = frame.assign(value=np.where(counted, scaled, value))
    return frame

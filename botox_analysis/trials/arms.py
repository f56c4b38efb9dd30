"""Arms of the subjects in their order, and the reference among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from botox_analysis.cells.values import distinct
from botox_analysis.errors import DataError, listed
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.layout import ONE_ARM
from botox_analysis.trials.settings.arms import is_named_like_reference, likely_reference
from botox_analysis.trials.settings.file import arms_of


def with_arms(subjects: pd.DataFrame, door: Door) -> pd.DataFrame:
    """Make the arms of the subjects categorical, reference first.

    Parameters
    ----------
    subjects : DataFrame
        Checked subjects. Without a column of arms, all are in one arm.
    door : Door
        Settings, and the collector of notes.

    Returns
    -------
    DataFrame
        Subjects with ``arm``, and with ``actual_arm`` if the table has it, as categories in one order.

    Raises
    ------
    DataError
        The reference or an arm of the settings has no subjects.
    """
    subjects = subjects.assign(subject=subjects["subject"].astype(subjects["subject"].cat.categories.dtype))
    if "arm" not in subjects.columns:
        subjects.insert(1, "arm", ONE_ARM)
    named = [str(arm) for arm in distinct(subjects["arm"])[1]]
    arms = arms_of(door.settings) or _reference_first(named, door)
    empty = [arm for arm in arms if arm not in named]
    if empty and "population" not in door.settings:
        raise DataError(f"{door.file('subjects')}: found no subject in arm {listed(empty)}; expected subjects in each arm named.")
    columns = [column for column in ("arm", "actual_arm") if column in subjects.columns]
    return subjects.assign(
        **{column: pd.Categorical(subjects[column].where(subjects[column].isin(arms)), categories=arms) for column in columns}
    )


def _reference_first(named: list[str], door: Door) -> list[str]:
    """Put the reference first: the one in the settings, else the only arm with the name of a reference."""
    reference = door.settings.get("reference")
    if reference and reference not in named:
        raise DataError(
            f"{door.file('subjects')}: found the arms {listed(named)}; expected the reference '{reference}' among them."
        )
    if reference is None and len(named) > 1:
        reference = likely_reference(named)
        if reference is None:
            return named
        door.notes.append((f"{door.file('subjects')}, arm", f"no reference is named: '{reference}' is taken for it", len(named)))
    return named if not reference else [reference, *(arm for arm in named if arm != reference)]


def reference_of(subjects: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    """Find the reference: the first arm, if the settings or its name make it one.

    Parameters
    ----------
    subjects : DataFrame
        Subjects with ``arm``, in the order of `with_arms`.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    str
        Name of the arm; empty if the reference is unknown.
    """
    first = str(subjects["arm"].cat.categories[0])
    if settings.get("reference") == "":
        return ""
    named = settings.get("arms") or settings.get("reference") is not None
    return first if named or is_named_like_reference(first) else ""

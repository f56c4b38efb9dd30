"""Settings of a trial that its tables cannot carry: the `trial.toml` of its copy."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.notation import LARGEST
from botox_analysis.cells.values import distinct
from botox_analysis.frames.schema import BASELINE
from botox_analysis.trials.layout import POPULATIONS, columns_of
from botox_analysis.trials.overview import is_of_reading
from botox_analysis.trials.settings.declared import FACTOR, NUMBER, ORDERED_FACTOR, TEXT, TYPES, WHOLE_NUMBER
from botox_analysis.trials.settings.protocol import Protocol
from botox_analysis.trials.trial import ALL_RANDOMISED, Trial

_ORIGINAL = "original "
"""Beginning of the entries on the files from which the written trial was read."""

_AT_THE_TOP = ("citation", "source")


def settings_of(trial: Trial, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Collect the settings with which the tables of a trial are read as the same trial.

    Parameters
    ----------
    trial : Trial
        The trial.
    tables : mapping of str to DataFrame
        Its tables.

    Returns
    -------
    dict
        Settings with the keys of ``trial.toml``.
    """
    settings: dict[str, Any] = {"name": trial.name, **_origin_of(trial.provenance)}
    settings |= {"arms": trial.arms, "reference": trial.reference}
    assessments = tables.get("assessments")
    if assessments is not None:
        settings["visits"] = [str(visit) for visit in assessments["visit"].cat.categories]
        settings["scales"] = _scales_of(assessments, trial.better)
    further = [name for name in trial.populations if name not in POPULATIONS]
    if further:
        settings["populations"] = further
    if trial.population != ALL_RANDOMISED:
        settings["population"] = trial.population
    settings["protocol"] = planned_in(trial.protocol)
    settings["kinds"], settings["levels"] = {}, {}
    for table, frame in tables.items():
        known = columns_of(table, trial.populations if table == "subjects" else ())
        columns = [column for column in frame.columns if column not in known]
        kinds = {column: kind_of(frame[column]) for column in columns}
        settings["kinds"][table] = {column: kind for column, kind in kinds.items() if kind}
        settings["levels"][table] = {
            column: [str(level) for level in frame[column].cat.categories]
            for column, kind in kinds.items()
            if kind in (FACTOR, ORDERED_FACTOR)
        }
    settings["provenance"] = _further_origin_of(trial.provenance)
    return settings


def kind_of(column: pd.Series[Any]) -> str:
    """Find the kind of a column beyond the layout.

    Parameters
    ----------
    column : Series
        Column of a table of a trial.

    Returns
    -------
    str
        A word of ``[kinds]``; empty if no kind describes the column.
    """
    of = pd.api.types
    if isinstance(column.dtype, pd.CategoricalDtype):
        return ORDERED_FACTOR if column.cat.ordered else FACTOR
    by_type = {name: kind for kind, name in TYPES.items()}
    kind = by_type.get(str(column.dtype), "")
    if kind in (NUMBER, WHOLE_NUMBER):
        return "" if (column.abs() > LARGEST).any() else kind
    if kind or of.is_numeric_dtype(column) or of.is_datetime64_any_dtype(column):
        return kind
    _, words = distinct(column)
    return TEXT if all(isinstance(word, str) for word in words) else ""


def planned_in(protocol: Protocol) -> dict[str, Any]:
    """Collect the settings of a protocol that differ from its defaults.

    Parameters
    ----------
    protocol : Protocol
        Planned analysis.

    Returns
    -------
    dict
        The table ``[protocol]`` of ``trial.toml``.
    """
    default = Protocol()
    planned = {field.name: _plain(getattr(protocol, field.name)) for field in dataclasses.fields(Protocol)}
    return {name: value for name, value in planned.items() if value != _plain(getattr(default, name))}


def _plain(value: Any) -> Any:
    """Make lists of tuples and arrays, and numbers of Python of those of numpy, as TOML has them."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _scales_of(rows: pd.DataFrame, directions: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Collect the direction of each scale with rows, and whether it has a baseline."""
    with_baseline = set(rows.loc[(rows["visit"] == BASELINE).to_numpy(), "scale"])
    scales: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(rows["scale"]):
        baseline = {} if name in with_baseline else {"baseline": False}
        better = {"better": directions[name]} if name in directions else {}
        if baseline or better:
            scales[str(name)] = baseline | better
    return scales


def _origin_of(provenance: Mapping[str, str]) -> dict[str, Any]:
    origin: dict[str, Any] = {"simulated": provenance.get("simulated") == "yes"}
    if _is_seed(provenance.get("seed")):
        origin["seed"] = int(provenance["seed"])
    return origin | {key: provenance[key] for key in _AT_THE_TOP if key in provenance}


def _further_origin_of(provenance: Mapping[str, str]) -> dict[str, str]:
    """Collect the other entries, with the files from which the trial was read first."""
    known = {*_AT_THE_TOP, "simulated", *(["seed"] if _is_seed(provenance.get("seed")) else [])}
    of_trial = {key: str(word) for key, word in provenance.items() if key not in known and not is_of_reading(key)}
    of_reading = {f"{_ORIGINAL}{key}": str(word) for key, word in provenance.items() if is_of_reading(key)}
    return of_trial if any(key.startswith(_ORIGINAL) for key in of_trial) else of_trial | of_reading


def _is_seed(seed: str | None) -> bool:
    return seed is not None and seed.isascii() and seed.isdigit() and str(int(seed)) == seed

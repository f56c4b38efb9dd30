"""Measurements of ADaM: data sets of the basic structure (BDS), by parameter and visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.frames.schema import BASELINE
from botox_analysis.trials.settings.cdisc import KEEP, LEAVE_OUT
from botox_analysis.trials.shapes.cdisc.cohort import SUBJECT, Cohort
from botox_analysis.trials.shapes.cdisc.data_set import DataSet

_READ = {
    SUBJECT, "PARAMCD", "PARAM", "AVAL", "BASE", "CHG", "AVISIT", "AVISITN", "VISIT", "VISITNUM", "ABLFL", "ANL01FL", "DTYPE",
    "ADY", "ADT", "ADTM", "ATPT", "BASETYPE",
}  # fmt: skip
_SAME = 1e-9
"""Largest relative difference of numbers that are equal beside the rounding of a file."""


def is_measured(data: DataSet) -> bool:
    """Check whether a data set has the basic structure, with a visit of each record."""
    return "PARAMCD" in data and "AVAL" in data and "CNSR" not in data and bool(data.first_of("AVISIT", "VISIT"))


def of_parameters(data: DataSet, parameters: Sequence[str] | None) -> DataSet:
    """Keep the records of some parameters; of all if none are named."""
    if parameters is None:
        return data
    chosen = data.text("PARAMCD").isin(list(parameters)).to_numpy()
    data.note("PARAMCD", "records of parameters that the settings do not name: left out", int((~chosen).sum()))
    return data.keep(chosen)


def measurements(data: DataSet, cohort: Cohort, derived: str = LEAVE_OUT) -> pd.DataFrame:
    """Make rows of assessments of a data set.

    Parameters
    ----------
    data : DataSet
        Records of the basic structure.
    cohort : Cohort
        Subjects of the trial.
    derived : str
        Rule for derived records, one of `DERIVED`.

    Returns
    -------
    DataFrame
        ``subject``, ``scale``, ``visit``, ``value``, ``day`` and ``parameter``, and ``order``, the number of the visit.
    """
    data = cohort.records(data)
    others = [name for name in data.frame.columns if name not in _READ]
    data.note_columns(others, "not read")
    visit = data.first_of("AVISIT", "VISIT")
    data, is_base = _chosen(data, visit, derived)
    names = data.text(visit).astype(object).where(~is_base, BASELINE)
    order = data.number("AVISITN" if visit == "AVISIT" else "VISITNUM")
    frame = pd.DataFrame(
        {
            "subject": data.frame[SUBJECT] if pd.api.types.is_numeric_dtype(data.frame[SUBJECT]) else data.text(SUBJECT),
            "scale": _scales(data, visit),
            "visit": names,
            "value": data.frame["AVAL"],
            "day": cohort.days(data, ["ADY"], ["ADT", "ADTM"]),
            "parameter": data.text("PARAM").astype(object),
            "order": np.where(is_base, -np.inf, order),
        },
        index=data.frame.index,
    )
    _compare_with_file(data, frame)
    return frame.dropna(axis="columns", how="all") if len(frame) else frame


def _chosen(data: DataSet, visit: str, derived: str) -> tuple[DataSet, np.ndarray]:
    """Keep the records for analysis, and tell which are baselines."""
    flagged = "ABLFL" in data
    is_base = data.is_yes("ABLFL") if flagged else data.one_of(visit, [BASELINE.upper()])
    if not flagged:
        data.note(visit, "records at a visit 'Baseline', without ABLFL: read as baseline", int(is_base.sum()))
    out = np.zeros(len(data), dtype=bool)

    def leave(column: str, which: np.ndarray, reason: str) -> None:
        nonlocal out
        new = which & ~out
        data.note(column, f"records {reason}: left out", int(new.sum()))
        out = out | new

    is_derived = data.text("DTYPE").notna().to_numpy()
    if derived == KEEP:
        data.note("DTYPE", "derived records (such as LOCF): kept, by the settings", int(is_derived.sum()))
    else:
        leave("DTYPE", is_derived, "that are derived (such as LOCF)")
    if "ANL01FL" in data:
        leave("ANL01FL", ~data.is_yes("ANL01FL") & ~is_base, "without the flag of the analysis")
    leave(visit, data.text(visit).isna().to_numpy() & ~is_base, "without a visit of the analysis")
    if flagged and is_base.any():
        number = data.number("AVISITN" if visit == "AVISIT" else "VISITNUM")
        usual = data.text(visit)[is_base].value_counts()
        at = data.text(visit).astype(object).to_numpy() == (usual.index[0] if len(usual) else None)
        of_usual = np.nanmedian(number[is_base & at]) if np.isfinite(number[is_base & at]).any() else -np.inf
        leave(visit, ~is_base & (at | (number <= of_usual)), "up to the visit of the baseline, without ABLFL")
    return data.keep(~out), is_base[~out]


def _scales(data: DataSet, visit: str) -> pd.Series[Any]:
    """Name the scales: the parameter, with the time point where a visit has several."""
    scale = data.text("PARAMCD").astype(object)
    for column in ("ATPT", "BASETYPE"):
        if column not in data:
            continue
        point = data.text(column).astype(object)
        keys = pd.DataFrame({"subject": data.text(SUBJECT), "scale": scale, "visit": data.text(visit)}).assign(point=point)
        of_visit = keys.groupby(["subject", "scale", "visit"], observed=True)["point"].transform("nunique")
        several = scale.isin(scale[of_visit.reindex(scale.index).fillna(0) > 1].unique()) & point.notna()
        if several.any():
            data.note(column, "parameters measured several times at a visit: a scale for each", int(several.sum()))
            scale = scale.where(~several, scale + ", " + point)
    return scale


def _compare_with_file(data: DataSet, frame: pd.DataFrame) -> None:
    """Compare BASE and CHG of the file with the baseline and change of the records, and count differences."""
    if not len(frame):
        return
    value = data.number("AVAL")
    key = pd.MultiIndex.from_arrays([data.text(SUBJECT).astype(object), frame["scale"]])
    is_base = (frame["visit"] == BASELINE).to_numpy()
    of_key = pd.Series(value[is_base], index=key[is_base])
    ours = of_key[~of_key.index.duplicated()].reindex(key).to_numpy()
    for column, derived in (("BASE", ours), ("CHG", np.where(is_base, np.nan, value - ours))):
        if column not in data:
            continue
        given = data.number(column)
        differ = np.abs(given - derived) > _SAME * np.maximum(1, np.abs(given))
        alone = ~np.isnan(given) & np.isnan(derived) & ~is_base
        data.note(column, f"records whose {column} differs from that of their records: derived anew", int(differ.sum()))
        data.note(column, f"records with {column}, whose baseline is not in the file: {column} is not used", int(alone.sum()))


def of_visits(frame: pd.DataFrame, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that follow from the measurements: the order of visits, and scales without a baseline.

    Parameters
    ----------
    frame : DataFrame
        Rows of all data sets, with ``order``.
    settings : mapping
        Settings of ``trial.toml``, which come first.

    Returns
    -------
    dict
        Settings with ``visits`` and ``scales``.
    """
    new = dict(settings)
    with_base = set(frame.loc[frame["visit"] == BASELINE, "scale"])
    lacking = [scale for scale in dict.fromkeys(frame["scale"]) if scale not in with_base]
    if lacking:
        own: Mapping[str, Mapping[str, Any]] = settings.get("scales", {})
        new["scales"] = {**{scale: {"baseline": False} for scale in lacking}, **own}
        for scale in lacking:
            new["scales"][scale] = {"baseline": False, **own.get(scale, {})}
    if "visits" in settings or "windows" in settings or "order" not in frame.columns:
        return new
    order_of = frame.loc[frame["visit"] != BASELINE].groupby("visit", sort=False)["order"].median()
    if order_of.notna().all():
        visits = [str(name) for name in order_of.sort_values(kind="stable").index]
        new["visits"] = [*([BASELINE] if with_base else []), *visits]
    return new

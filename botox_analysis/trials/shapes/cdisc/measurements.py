"""Measurements by parameter and visit: data sets of the basic structure of ADaM, and questionnaires of SDTM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.values import pairs_of
from botox_analysis.frames.schema import BASELINE
from botox_analysis.trials.settings.cdisc import KEEP, LEAVE_OUT
from botox_analysis.trials.shapes.cdisc.cohort import SUBJECT, Cohort
from botox_analysis.trials.shapes.cdisc.data_set import DataSet

_FURTHER = ("STUDYID", SUBJECT, "BASE", "CHG", "ANL01FL", "DTYPE")
"""Columns that are read beside those of `Names`."""


@dataclass(frozen=True)
class Names:
    """Names of the columns of a data set of measurements; a pair of names has the first in ADaM that is there.

    Attributes
    ----------
    parameter, label, value : str
        Code of the parameter, its name, and the number.
    visits : tuple of (str, str)
        Columns of visits, each with that of their numbers; the first that is there is used.
    flags : tuple of str
        Flags of the baseline; the first that is there is used.
    days, dates, points : tuple of str
        Study days, dates, and time points within a visit.
    status : str
        Column with NOT DONE for a record without a measurement; empty if there is none.
    """

    parameter: str
    label: str
    value: str
    visits: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    days: tuple[str, ...]
    dates: tuple[str, ...]
    points: tuple[str, ...]
    status: str = ""


ADAM_NAMES = Names(
    "PARAMCD", "PARAM", "AVAL", (("AVISIT", "AVISITN"), ("VISIT", "VISITNUM")), ("ABLFL",), ("ADY",), ("ADT", "ADTM"),
    ("ATPT", "BASETYPE"),
)  # fmt: skip
QS_NAMES = Names(
    "QSTESTCD", "QSTEST", "QSSTRESN", (("VISIT", "VISITNUM"),), ("QSLOBXFL", "QSBLFL"), ("QSDY",), ("QSDTC",), ("QSTPT",),
    "QSSTAT",
)  # fmt: skip

_SAME = 1e-9
"""Largest relative difference of numbers that are equal beside the rounding of a file."""


def is_measured(data: DataSet, names: Names = ADAM_NAMES) -> bool:
    """Check whether a data set has parameters, numbers and visits."""
    has_visits = any(visit in data for visit, _ in names.visits)
    return SUBJECT in data and names.parameter in data and names.value in data and has_visits


def of_parameters(data: DataSet, parameters: Sequence[str] | None, column: str = ADAM_NAMES.parameter) -> DataSet:
    """Keep the records of some parameters; of all if none are named."""
    if parameters is None:
        return data
    chosen = data.text(column).isin(list(parameters)).to_numpy()
    data.note(column, "records of parameters that the settings do not name: left out", int((~chosen).sum()))
    return data.keep(chosen)


def measurements(data: DataSet, cohort: Cohort, names: Names = ADAM_NAMES, derived: str = LEAVE_OUT) -> pd.DataFrame:
    """Make rows of assessments of a data set.

    Parameters
    ----------
    data : DataSet
        Records of one measurement each.
    cohort : Cohort
        Subjects of the trial.
    names : Names
        Names of the columns.
    derived : str
        Rule for derived records, one of `DERIVED`.

    Returns
    -------
    DataFrame
        ``subject``, ``scale``, ``visit``, ``value``, ``day`` and ``parameter``, and ``order``, the number of the visit.
    """
    data = cohort.records(data)
    data.note_columns(_unread(data, names), "not read")
    visit, number = next(pair for pair in names.visits if pair[0] in data)
    data, is_base = _chosen(data, names, visit, number, derived)
    scale = _scales(data, names, visit)
    numberless = ~scale.isin(scale[~np.isnan(data.number(names.value))].unique()).to_numpy()
    data.note(names.value, "records of parameters without any number: left out", int(numberless.sum()))
    data, is_base, scale = data.keep(~numberless), is_base[~numberless], scale[~numberless]
    visits = data.text(visit)
    visits = visits if BASELINE in visits.cat.categories else visits.cat.add_categories([BASELINE])
    frame = pd.DataFrame(
        {
            "subject": data.text(SUBJECT),
            "scale": scale,
            "visit": visits.mask(is_base, BASELINE),
            "value": data.frame[names.value],
            "day": cohort.days(data, names.days, names.dates),
            "parameter": data.text(names.label),
            "order": np.where(is_base, -np.inf, data.number(number)),
        },
        index=data.frame.index,
        copy=False,
    )
    if names is ADAM_NAMES:
        _compare_with_file(data, frame)
    return frame.drop(columns=[name for name in ("day", "parameter") if frame[name].isna().all()])


def _unread(data: DataSet, names: Names) -> list[str]:
    pairs = [name for pair in names.visits for name in pair]
    read = {names.parameter, names.label, names.value, names.status, *names.flags, *names.days, *names.dates, *names.points}
    return [name for name in data.frame.columns if name not in {*read, *pairs, *_FURTHER}]


def _chosen(data: DataSet, names: Names, visit: str, number: str, derived: str) -> tuple[DataSet, np.ndarray]:
    """Keep the records for analysis, and tell which are baselines."""
    flag = data.first_of(*names.flags)
    flagged = data.is_yes(flag) if flag else np.zeros(len(data), dtype=bool)
    parameter = data.text(names.parameter)
    unflagged = ~parameter.isin(parameter[flagged].unique()).to_numpy() & data.one_of(visit, [BASELINE.upper()])
    reason = f"records at a visit 'Baseline', of parameters without {names.flags[-1]}: read as baseline"
    data.note(visit, reason, int(unflagged.sum()))
    is_base = flagged | unflagged
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
    leave(names.status, data.one_of(names.status, ["NOT DONE"]), "that were not done")
    if "ANL01FL" in data:
        leave("ANL01FL", ~data.is_yes("ANL01FL") & ~is_base, "without the flag of the analysis")
    leave(visit, data.text(visit).isna().to_numpy() & ~is_base, "without a visit")
    unscheduled = data.matching(visit, lambda word: word.upper().startswith("UNSCHEDULED"))
    leave(visit, unscheduled & ~is_base, "at unscheduled visits")
    if flagged.any():
        leave(visit, ~is_base & _up_to_baseline(data, visit, number, flagged), f"up to the visit of the baseline, without {flag}")
    return data.keep(~out), is_base[~out]


def _up_to_baseline(data: DataSet, visit: str, number: str, is_base: np.ndarray) -> np.ndarray:
    """Find the records at the visit that most baselines have, or at an earlier one."""
    usual = data.text(visit)[is_base].value_counts()
    at = data.matching(visit, lambda word: len(usual) > 0 and word == usual.index[0])
    numbers = data.number(number)
    known = numbers[is_base & at & np.isfinite(numbers)]
    return np.asarray(at | (numbers <= np.median(known))) if known.size else np.asarray(at)


def _scales(data: DataSet, names: Names, visit: str) -> pd.Series[Any]:
    """Name the scales: the parameter, with the time point where a visit has several."""
    scale = data.text(names.parameter)
    for column in names.points:
        if column not in data:
            continue
        point = data.text(column).astype(object)
        keys = pd.DataFrame({"subject": data.text(SUBJECT), "scale": scale, "visit": data.text(visit)}).assign(point=point)
        of_visit = keys.groupby(["subject", "scale", "visit"], observed=True)["point"].transform("nunique")
        several = scale.isin(scale[of_visit.reindex(scale.index).fillna(0) > 1].unique()) & point.notna()
        if several.any():
            data.note(column, "parameters measured several times at a visit: a scale for each", int(several.sum()))
            scale = scale.astype(object)
            scale = scale.where(~several, scale + ", " + point)
            scale = pd.Series(pd.Categorical(scale, categories=scale.dropna().unique()), index=scale.index)
    return scale


def _compare_with_file(data: DataSet, frame: pd.DataFrame) -> None:
    """Compare BASE and CHG of the file with the baseline and change of the records, and count differences."""
    if not ("BASE" in data or "CHG" in data):
        return
    value = data.number("AVAL")
    key, n_keys = pairs_of(frame["subject"], frame["scale"])
    is_base = (frame["visit"] == BASELINE).to_numpy()
    of_key = np.full(n_keys, np.nan)
    # The first of several baselines counts.
    of_key[key[is_base][::-1]] = value[is_base][::-1]
    ours = of_key[key]
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
    lacking = [scale for scale in frame["scale"].unique() if scale not in with_base]
    if lacking:
        own: Mapping[str, Mapping[str, Any]] = settings.get("scales", {})
        new["scales"] = {**{scale: {"baseline": False} for scale in lacking}, **own}
        for scale in lacking:
            new["scales"][scale] = {"baseline": False, **own.get(scale, {})}
    if "visits" in settings or "windows" in settings or "order" not in frame.columns:
        return new
    order, codes = frame["order"].to_numpy(), frame["visit"].cat.codes.to_numpy()
    names = frame["visit"].cat.categories
    present = [code for code in pd.unique(codes).tolist() if code >= 0 and names[code] != BASELINE]
    order_of = pd.Series({names[code]: pd.Series(order[codes == code]).dropna().median() for code in present}, dtype=float)
    if order_of.notna().all():
        visits = [str(name) for name in order_of.sort_values(kind="stable").index]
        new["visits"] = [*([BASELINE] if with_base else []), *visits]
    return new

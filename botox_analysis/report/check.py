"""`check_report`: a report is made again, and what moved is named."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.refusal import DataError, require_path, require_trial
from botox_analysis.report.write import ESTIMATES, MANIFEST, Progress, read_manifest, write_report
from botox_analysis.schema import ESTIMATES_KEY
from botox_analysis.trials.bundled import SIMULATED, open_trial
from botox_analysis.trials.fetch import SOURCES
from botox_analysis.trials.read import sha256_of
from botox_analysis.trials.readers.delimited import read_delimited
from botox_analysis.trials.readers.files import parsing
from botox_analysis.trials.trial import Trial

MOVED = ("file", "what", "reported", "now")
_N_NUMBERS = 50


def check_report(folder: str | Path, *, trial: Trial | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """What differs between a report and the same report made now.

    Parameters
    ----------
    folder : str or Path
        A report of `write_report`.
    trial : Trial, optional
        The trial it is about. Left out: opened again from where the manifest says it came from.
    progress : callable, optional
        Told before each step: what, steps done, steps in all.

    Returns
    -------
    DataFrame
        Empty where every file is the same to the byte. Otherwise a row per file that changed since it was written, is
        missing, is new, or comes out differently now, and a row per number of ``estimates.csv`` that moved (up to 50).

    Raises
    ------
    DataError
        The folder holds no report, or the manifest does not say where the trial came from.
    """
    require_path(folder, "folder", "the path of a report's folder: write_report(trial, folder)")
    if trial is not None:
        require_trial(trial)
    folder = Path(folder)
    manifest = read_manifest(folder)
    reported: dict[str, str] = manifest["outputs"]
    if trial is None:
        trial = _trial_of(folder, str(manifest.get("origin", "")))
    rows = _changed_since(folder, reported)
    with tempfile.TemporaryDirectory(prefix="botox-analysis-") as place:
        again = Path(place) / "report"
        write_report(trial, again, progress=progress)
        now = read_manifest(again)
        rows += _settings_moved(manifest, now)
        for file in sorted({*reported, *now["outputs"]}):
            before, after = reported.get(file, ""), now["outputs"].get(file, "")
            if before != after:
                rows.append((file, "sha256", before[:12] or "not there", after[:12] or "not there"))
        if (folder / ESTIMATES).is_file():
            rows += _numbers_moved(folder / ESTIMATES, again / ESTIMATES)
    return pd.DataFrame(rows, columns=list(MOVED))


def _trial_of(folder: Path, origin: str) -> Trial:
    if not origin:
        raise DataError(f"{folder}: the manifest does not say where the trial came from; give the trial.")
    with parsing(f"{folder.name}/{MANIFEST}", "a folder's path as the origin"):
        is_folder = Path(origin).is_dir()
    if origin not in (SIMULATED, *SOURCES) and not is_folder:
        raise DataError(
            f"{folder}: the report was made from '{origin}', found no such folder from here; give the trial (--trial)."
        )
    return open_trial(origin)


Row = tuple[str, str, str, str]


def _changed_since(folder: Path, reported: dict[str, str]) -> list[Row]:
    rows: list[Row] = []
    for file, checksum in reported.items():
        path = folder / file
        with parsing(f"{folder.name}/{file}", "a file of the report"):
            now = sha256_of(path) if path.is_file() else ""
        if not now:
            rows.append((file, "missing since it was written", checksum[:12], "not there"))
        elif now != checksum:
            rows.append((file, "changed since it was written", checksum[:12], now[:12]))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    rows += [(file, "not part of the report", "not there", "there") for file in sorted(there - {*reported, MANIFEST})]
    return rows


def _settings_moved(before: dict[str, Any], now: dict[str, Any]) -> list[Row]:
    rows: list[Row] = []
    for part in ("inputs", "settings", "versions"):
        for key in sorted({*before[part], *now[part]}):
            old, new = before[part].get(key, "not there"), now[part].get(key, "not there")
            if old != new:
                rows.append((MANIFEST, f"{part}: {key}", str(old), str(new)))
    return rows


def _numbers_moved(before: Path, now: Path) -> list[Row]:
    """Rows of estimates that moved, by their estimand."""
    old, new = (read_delimited(path, {}).astype(str) for path in (before, now))
    if not set(ESTIMATES_KEY) <= set(old.columns) or old.columns.has_duplicates:
        return [(ESTIMATES, "columns", ", ".join(old.columns), ", ".join(new.columns))]
    old = old[[column for column in old.columns if column in new.columns]]
    key = [*ESTIMATES_KEY, *(["within"] if "within" in new.columns and "within" in old.columns else [])]
    paired = old.drop_duplicates(key).merge(new, on=key, how="outer", suffixes=("", " now"), indicator=True)
    rows: list[Row] = []
    numbers = [column for column in new.columns if column not in key and column in old.columns]
    for record in paired.to_dict("records"):
        said = ", ".join(str(record[column]) for column in ("endpoint", "visit", "arm", "measure", "category") if record[column])
        if record["_merge"] != "both":
            there = record["_merge"] == "left_only"
            rows.append((ESTIMATES, said, "there" if there else "not there", "not there" if there else "there"))
            continue
        rows += [
            (ESTIMATES, f"{said}: {column}", record[column], record[f"{column} now"])
            for column in numbers
            if record[column] != record[f"{column} now"]
        ]
        if len(rows) >= _N_NUMBERS:
            break
    return rows[:_N_NUMBERS]

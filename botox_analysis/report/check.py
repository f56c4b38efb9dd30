"""`check_report`: a report is made again, and what moved is named, apart from what differs by rounding."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.refusal import DataError, require_path, require_trial
from botox_analysis.report.folder import MANIFEST, read_manifest
from botox_analysis.report.same import SAME, compare_estimates, is_same_drawing, is_same_page
from botox_analysis.report.write import ESTIMATES, PAGE, Progress, write_report
from botox_analysis.trials.bundled import SIMULATED, open_trial
from botox_analysis.trials.fetch import SOURCES
from botox_analysis.trials.read import sha256_of
from botox_analysis.trials.readers.files import parsing
from botox_analysis.trials.trial import Trial

COLUMNS = ("file", "what", "reported", "now", "verdict")
MOVED = "moved"
ROUNDED = f"the same to {SAME:.0e}".replace("e-09", "e-9")
"""What differs in the last bits, of which kernels of other processors have others, and what follows from that."""

_N_NUMBERS = 50


def check_report(folder: str | Path, *, trial: Trial | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """What differs between a report and the same report made now, and whether it moved or is rounding.

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
        missing, is new, or comes out differently now, and a row per number of ``estimates.csv`` that moved (up to 50). The
        ``verdict`` is `MOVED`, or `ROUNDED`: numbers the same to 1e-9; figures the same to a thousandth of a point; the page, if
        its words are the same, too. Kernels that differ are told beside.

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
        rows += _outputs_moved(folder, again, reported, now["outputs"])
        if rows:
            rows += _part_moved("kernels", manifest, now, ROUNDED)
    return pd.DataFrame(rows, columns=list(COLUMNS))


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


Row = tuple[str, str, str, str, str]


def _changed_since(folder: Path, reported: dict[str, str]) -> list[Row]:
    rows: list[Row] = []
    for file, checksum in reported.items():
        path = folder / file
        with parsing(f"{folder.name}/{file}", "a file of the report"):
            now = sha256_of(path) if path.is_file() else ""
        if not now:
            rows.append((file, "missing since it was written", checksum[:12], "not there", MOVED))
        elif now != checksum:
            rows.append((file, "changed since it was written", checksum[:12], now[:12], MOVED))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    rows += [(file, "not part of the report", "not there", "there", MOVED) for file in sorted(there - {*reported, MANIFEST})]
    return rows


def _settings_moved(before: dict[str, Any], now: dict[str, Any]) -> list[Row]:
    return [row for part in ("inputs", "settings", "versions") for row in _part_moved(part, before, now, MOVED)]


def _part_moved(part: str, before: dict[str, Any], now: dict[str, Any], verdict: str) -> list[Row]:
    rows: list[Row] = []
    earlier, later = before.get(part, {}), now.get(part, {})
    for key in sorted({*earlier, *later}):
        old, new = earlier.get(key, "not there"), later.get(key, "not there")
        if old != new:
            rows.append((MANIFEST, f"{part}: {key}", str(old), str(new), verdict))
    return rows


def _outputs_moved(folder: Path, again: Path, reported: dict[str, str], now: dict[str, str]) -> list[Row]:
    """Files that come out differently, and the numbers that are why."""
    rows: list[Row] = []
    numbers = compare_estimates(folder / ESTIMATES, again / ESTIMATES) if (folder / ESTIMATES).is_file() else None
    differ = [file for file in sorted({*reported, *now}) if reported.get(file, "") != now.get(file, "")]
    rounded = [file for file in differ if file in reported and file in now and _is_rounding(file, folder, again)]
    if numbers is not None and not numbers.moved and numbers.n_rounded:
        rounded.append(ESTIMATES)
    figures = [file for file in differ if file.startswith("figures/")]
    if PAGE in rounded and not set(figures) <= set(rounded):
        rounded.remove(PAGE)
    for file in differ:
        before, after = reported.get(file, ""), now.get(file, "")
        verdict = ROUNDED if file in rounded else MOVED
        rows.append((file, "sha256", before[:12] or "not there", after[:12] or "not there", verdict))
    if numbers is not None:
        rows += [(ESTIMATES, *what, MOVED) for what in numbers.moved[:_N_NUMBERS]]
        if numbers.n_rounded:
            said = f"{numbers.n_rounded} numbers, at most {numbers.farthest:.0e} apart"
            rows.append((ESTIMATES, said, "the last bits", "others", ROUNDED))
    return rows


def _is_rounding(file: str, folder: Path, again: Path) -> bool:
    """Whether a figure or the page differs by rounding alone; a figure is known by its lines, of which the others are made."""
    if file == PAGE:
        return all((place / PAGE).is_file() for place in (folder, again)) and is_same_page(folder / PAGE, again / PAGE)
    lines = Path(file).with_suffix(".svg")
    return (
        file.startswith("figures/")
        and all((place / lines).is_file() for place in (folder, again))
        and is_same_drawing(folder / lines, again / lines)
    )

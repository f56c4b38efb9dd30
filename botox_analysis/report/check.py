"""`check_report`: a report is made again, and what moved is named, apart from what differs by rounding."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.errors import DataError, require_trial
from botox_analysis.report.draft import put_back
from botox_analysis.report.folder import MANIFEST, folder_of, foreign_to, own_file, printable, read_manifest
from botox_analysis.report.same import SAME, Compared, compare_estimates, is_same_drawing, is_same_page
from botox_analysis.report.write import ESTIMATES, PAGE, Progress, write_report
from botox_analysis.trials.bundled import SIMULATED, open_trial
from botox_analysis.trials.public.fetch import SOURCES
from botox_analysis.trials.read import sha256_of
from botox_analysis.trials.readers.files import parsing
from botox_analysis.trials.trial import Trial

COLUMNS = ("file", "what", "reported", "now", "verdict", "cause")
MOVED = "moved"
ROUNDED = f"the same to {SAME:.0e}".replace("e-09", "e-9")
"""What differs in the last bits, of which kernels of other processors have others, and what follows from that."""

BY_HAND = "changed in the folder since it was written"
INPUTS = "other files of the trial"
SETTINGS = "other settings"
VERSIONS = "other versions of packages"
KERNELS = "other kernels"
NOT_KNOWN = "not known"

_PARTS = {"inputs": INPUTS, "settings": SETTINGS, "versions": VERSIONS, "kernels": KERNELS}
"""Parts of the manifest, and what they are the cause of where they differ."""

_N_NUMBERS = 50
_LARGEST = 100_000_000
"""In bytes: larger files are not compared but by their checksum; none of a report has a hundredth of it."""


def check_report(folder: str | Path, *, trial: Trial | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """What differs between a report and the same report made now, and whether it moved or is rounding.

    Parameters
    ----------
    folder : str or Path
        A report of `write_report`. No link in it is followed; what is behind one counts as missing. A report that a killed run
        had moved aside is put back first.
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
        its words are the same, too. Kernels that differ are told beside. The ``cause`` is what else differs and can be the
        reason: the file was changed in the folder, or the trial's files, the settings, the versions or the kernels are others
        than the manifest says; `NOT_KNOWN` where none of them is.

    Raises
    ------
    DataError
        The folder holds no report, the manifest does not say where the trial came from, or no report can be made of it now.
    FitError
        A model is not determined by the data.
    """
    if trial is not None:
        require_trial(trial)
    for repaired in put_back(folder):
        if progress is not None:
            progress(repaired, 0, 1)
    folder = folder_of(folder)
    manifest = read_manifest(folder)
    reported: dict[str, str] = manifest["outputs"]
    if trial is None:
        trial = _trial_of(folder, str(manifest.get("origin", "")))
    trial = replace(trial, provenance=_from(manifest.get("origin"), trial.provenance))
    rows = _changed_since(folder, reported)
    with tempfile.TemporaryDirectory(prefix="botox-analysis-") as place:
        again = Path(place) / "report"
        write_report(trial, again, progress=progress)
        now = read_manifest(again)
        parts = {part: _part_moved(part, manifest, now) for part in _PARTS}
        causes = [cause for part, cause in _PARTS.items() if parts[part]]
        rows += [row for part in ("inputs", "settings", "versions") for row in parts[part]]
        rows += _outputs_moved(folder, again, reported, now["outputs"], causes)
        if rows:
            rows += parts["kernels"]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def reasons_for(found: pd.DataFrame) -> list[str]:
    """Say of a check what the differences can come from, apart: changes in the folder, the trial's files, versions.

    Parameters
    ----------
    found : DataFrame
        Of `check_report`.

    Returns
    -------
    list of str
        A sentence for each.
    """
    by_hand = found.loc[found["cause"] == BY_HAND, "file"].drop_duplicates()
    n = "1 file was" if len(by_hand) == 1 else f"{len(by_hand):,} files were"
    told = [f"In the folder, {n} changed, added or removed since the report was written."] if len(by_hand) else []
    of_manifest = found[found["file"] == MANIFEST]
    for part, begin in (
        ("inputs", "The trial's files are others than those of the report"),
        ("settings", "The settings of the analysis are others"),
        ("versions", "The report was made with other versions of packages, which may be why it comes out differently"),
    ):
        rows = of_manifest[of_manifest["what"].str.startswith(f"{part}: ")]
        names = [what.removeprefix(f"{part}: ").removeprefix("sha256 of ") for what in rows["what"]]
        if part == "versions":
            names = [f"{name} {then}, now {now}" for name, then, now in zip(names, rows["reported"], rows["now"], strict=True)]
        if names:
            told.append(f"{begin}: {', '.join(names)}.")
    return told


def _trial_of(folder: Path, origin: str) -> Trial:
    if not origin:
        raise DataError(f"{printable(folder)}: the manifest does not say where the trial came from; give the trial.")
    with parsing(f"{folder.name}/{MANIFEST}", "a folder's path as the origin"):
        is_folder = Path(origin).is_dir()
    if origin not in (SIMULATED, *SOURCES) and not is_folder:
        raise DataError(
            f"{printable(folder)}: the report was made from '{printable(origin)}', found no such folder from here; give the "
            "trial (--trial)."
        )
    return open_trial(origin)


def _from(origin: object, provenance: Mapping[str, str]) -> dict[str, str]:
    """The provenance with the origin of the report, which names it on its page: a trial that was moved is the same."""
    others = {key: value for key, value in provenance.items() if key != "origin"}
    return {"origin": origin, **others} if isinstance(origin, str) and origin else others


Row = tuple[str, str, str, str, str, str]


def _changed_since(folder: Path, reported: dict[str, str]) -> list[Row]:
    rows: list[Row] = []
    for file, checksum in reported.items():
        path = own_file(folder, file)
        try:
            now = "not there" if path is None else sha256_of(path)
        except OSError as error:
            now = f"cannot be read: {error.strerror}"
        if now != checksum:
            what = "missing since it was written" if path is None else "changed since it was written"
            rows.append(
                (file, what, printable(checksum[:12]), now[:12] if len(now) == len(checksum) else now[:80], MOVED, BY_HAND)
            )
    with parsing(printable(folder), "folders that can be read"):
        strange = sorted(foreign_to(folder, reported))
    return rows + [(file, "not part of the report", "not there", "there", MOVED, BY_HAND) for file in strange]


def _part_moved(part: str, before: dict[str, Any], now: dict[str, Any]) -> list[Row]:
    rows: list[Row] = []
    earlier, later = before.get(part, {}), now.get(part, {})
    for key in sorted({*earlier, *later}):
        old, new = earlier.get(key, "not there"), later.get(key, "not there")
        if old != new:
            verdict = ROUNDED if part == "kernels" else MOVED
            rows.append((MANIFEST, f"{part}: {printable(key)}", printable(old), printable(new), verdict, _PARTS[part]))
    return rows


def _outputs_moved(folder: Path, again: Path, reported: dict[str, str], now: dict[str, str], causes: list[str]) -> list[Row]:
    """Files that come out differently, and the numbers that are why."""
    rows: list[Row] = []
    cause = "; ".join(causes) or NOT_KNOWN
    numbers = _numbers_of(folder, again)
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
        rows.append((file, "sha256", printable(before[:12]) or "not there", after[:12] or "not there", verdict, cause))
    if numbers is not None:
        why = cause if ESTIMATES in differ else BY_HAND
        rows += [
            (ESTIMATES, printable(what), printable(old), printable(new), MOVED, why)
            for what, old, new in numbers.moved[:_N_NUMBERS]
        ]
        if numbers.n_rounded:
            said = f"{numbers.n_rounded} numbers, at most {numbers.farthest:.0e} apart"
            rows.append((ESTIMATES, said, "the last bits", "others", ROUNDED, why))
    return rows


def _numbers_of(folder: Path, again: Path) -> Compared | None:
    """What moved between the estimates; that they are no table any more, where they are none."""
    before = _to_compare(folder, ESTIMATES)
    if before is None:
        return None
    try:
        return compare_estimates(before, again / ESTIMATES)
    except DataError as error:
        return Compared([("no table of estimates", str(error), "a table")], 0, 0.0)


def _is_rounding(file: str, folder: Path, again: Path) -> bool:
    """Whether a figure or the page differs by rounding alone; a figure is known by its lines, of which the others are made."""
    if file != PAGE and not file.startswith("figures/"):
        return False
    shown = file if file == PAGE else Path(file).with_suffix(".svg").as_posix()
    before, now = (_to_compare(place, shown) for place in (folder, again))
    if before is None or now is None:
        return False
    return is_same_page(before, now) if file == PAGE else is_same_drawing(before, now)


def _to_compare(place: Path, file: str) -> Path | None:
    path = own_file(place, file)
    return path if path is not None and path.stat().st_size <= _LARGEST else None

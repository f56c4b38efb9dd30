"""`check_report`: make a report again, and list the differences apart from those of rounding."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.errors import DataError, require_trial
from botox_analysis.report.draft import put_back
from botox_analysis.report.folder import MANIFEST, file_inside, folder_of, foreign_to, printable, read_manifest
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
"""Verdict on differences in the last bits of numbers, which depend on the kernels of the processor."""

BY_HAND = "changed in the folder since it was written"
INPUTS = "other files of the trial"
SETTINGS = "other settings"
VERSIONS = "other versions of packages"
KERNELS = "other kernels"
NOT_KNOWN = "not known"

_PARTS = {"inputs": INPUTS, "settings": SETTINGS, "versions": VERSIONS, "kernels": KERNELS}
"""Parts of the manifest, with the cause that a difference of each part is."""

_N_NUMBERS = 50
_LARGEST = 100_000_000
"""In bytes. Larger files are compared by their checksum only; files of a report have less than a hundredth of this size."""


def check_report(folder: str | Path, *, trial: Trial | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Make a report again, and list its differences from the report in a folder.

    Parameters
    ----------
    folder : str or Path
        Folder of a report by `write_report`. Links in it are not followed; a file behind a link counts as missing. A report
        that a killed run had moved aside is put back first.
    trial : Trial, optional
        The trial of the report. Left out: it is opened again from its origin in the manifest.
    progress : callable, optional
        Called before each step, with its name, the number of steps done, and the total number of steps.

    Returns
    -------
    DataFrame
        Empty where every file is the same to the byte. Otherwise it has a row for each file that was changed, removed or
        added since the report was written, or that now has other contents. Up to 50 rows are numbers of ``estimates.csv``
        that changed. The ``verdict`` is `MOVED` or `ROUNDED`. `ROUNDED` are numbers equal within
        1e-9, figures equal within a thousandth of a point, and pages with the same words. The ``cause`` is a possible
        reason. It is a change in the folder, or a difference in files of the trial, settings, versions or kernels. It is
        `NOT_KNOWN` where none of these differs.

    Raises
    ------
    DataError
        The folder contains no report, the manifest has no origin of the trial, or the report cannot be made now.
    FitError
        The data do not determine the primary model.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory(prefix="no-report") as folder:
    ...     try:
    ...         ba.check_report(folder)
    ...     except ba.DataError as error:
    ...         print(str(error).split(": ")[-1])
    found no manifest.json; expected the folder of a report.
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
    """Write sentences on the possible reasons for differences: changes in the folder, files of the trial, settings, versions.

    Parameters
    ----------
    found : DataFrame
        Differences found by `check_report`.

    Returns
    -------
    list of str
        A sentence for each reason.
    """
    by_hand = found.loc[found["cause"] == BY_HAND, "file"].drop_duplicates()
    n = "1 file was" if len(by_hand) == 1 else f"{len(by_hand):,} files were"
    sentences = [f"In the folder, {n} changed, added or removed since the report was written."] if len(by_hand) else []
    of_manifest = found[found["file"] == MANIFEST]
    for part, begin in (
        ("inputs", "The trial's files are others than those of the report"),
        ("settings", "The settings of the analysis are others"),
        ("versions", "The report was made with other versions of packages, which may be why it comes out differently"),
    ):
        rows = of_manifest[of_manifest["cause"] == _PARTS[part]]
        names = [what.removeprefix(f"{part}: ").removeprefix("sha256 of ") for what in rows["what"]]
        if part == "versions":
            names = [f"{name} {then}, now {now}" for name, then, now in zip(names, rows["reported"], rows["now"], strict=True)]
        if names:
            sentences.append(f"{begin}: {', '.join(names)}.")
    return sentences


def _trial_of(folder: Path, origin: str) -> Trial:
    if not origin:
        raise DataError(
            f"{printable(folder)}: found no origin of the trial in the manifest; expected one, or the argument trial (--trial)."
        )
    with parsing(f"{folder.name}/{MANIFEST}", "a folder's path as the origin"):
        is_folder = Path(origin).is_dir()
    if origin not in (SIMULATED, *SOURCES) and not is_folder:
        raise DataError(
            f"{printable(folder)}: found the origin '{printable(origin)}' of the trial in the manifest, and no such folder; "
            "expected the folder of the trial. Try the argument trial (--trial)."
        )
    return open_trial(origin)


def _from(origin: object, provenance: Mapping[str, str]) -> dict[str, str]:
    """Put the origin of the report into the provenance: the page names it, and a trial in a new folder is the same trial."""
    others = {key: value for key, value in provenance.items() if key != "origin"}
    return {"origin": origin, **others} if isinstance(origin, str) and origin else others


Row = tuple[str, str, str, str, str, str]


def _changed_since(folder: Path, reported: dict[str, str]) -> list[Row]:
    rows: list[Row] = []
    for file, checksum in reported.items():
        path = file_inside(folder, file)
        try:
            now = "missing" if path is None else sha256_of(path)
        except OSError as error:
            now = f"cannot be read: {error.strerror}"
        if now != checksum:
            what = "missing since it was written" if path is None else "changed since it was written"
            rows.append(
                (file, what, printable(checksum[:12]), now[:12] if len(now) == len(checksum) else now[:80], MOVED, BY_HAND)
            )
    with parsing(printable(folder), "folders that can be read"):
        foreign = sorted(foreign_to(folder, reported))
    return rows + [(file, "not part of the report", "missing", "present", MOVED, BY_HAND) for file in foreign]


def _part_moved(part: str, before: dict[str, Any], now: dict[str, Any]) -> list[Row]:
    rows: list[Row] = []
    earlier, later = before.get(part, {}), now.get(part, {})
    for key in sorted({*earlier, *later}):
        old, new = earlier.get(key, "missing"), later.get(key, "missing")
        if old != new:
            verdict = ROUNDED if part == "kernels" else MOVED
            rows.append((MANIFEST, f"{part}: {printable(key)}", printable(old), printable(new), verdict, _PARTS[part]))
    return rows


def _outputs_moved(folder: Path, again: Path, reported: dict[str, str], now: dict[str, str], causes: list[str]) -> list[Row]:
    """List the files with other contents, and the numbers that cause them."""
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
        rows.append((file, "sha256", printable(before[:12]) or "missing", after[:12] or "missing", verdict, cause))
    if numbers is not None:
        of_numbers = cause if ESTIMATES in differ else BY_HAND
        rows += [
            (ESTIMATES, printable(what), printable(old), printable(new), MOVED, of_numbers)
            for what, old, new in numbers.moved[:_N_NUMBERS]
        ]
        if numbers.n_rounded:
            what = f"{numbers.n_rounded} numbers, at most {numbers.farthest:.0e} apart"
            rows.append((ESTIMATES, what, "the last bits", "others", ROUNDED, of_numbers))
    return rows


def _numbers_of(folder: Path, again: Path) -> Compared | None:
    """Compare the estimates of two folders; None where the earlier file is missing or too large."""
    before = _to_compare(folder, ESTIMATES)
    if before is None:
        return None
    try:
        return compare_estimates(before, again / ESTIMATES)
    except DataError as error:
        return Compared([("no table of estimates", str(error), "a table")], 0, 0.0)


def _is_rounding(file: str, folder: Path, again: Path) -> bool:
    """Decide if a figure or the page differs by rounding only; the SVG file of a figure decides for its other files."""
    if file != PAGE and not file.startswith("figures/"):
        return False
    shown = file if file == PAGE else Path(file).with_suffix(".svg").as_posix()
    before, now = (_to_compare(place, shown) for place in (folder, again))
    if before is None or now is None:
        return False
    return is_same_page(before, now) if file == PAGE else is_same_drawing(before, now)


def _to_compare(place: Path, file: str) -> Path | None:
    path = file_inside(place, file)
    return path if path is not None and path.stat().st_size <= _LARGEST else None

"""`write_report`: write the report of a trial into a folder, completely or not at all."""

from __future__ import annotations

import hashlib
import json
import platform
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from botox_analysis.errors import require_trial
from botox_analysis.figures.drawing import style
from botox_analysis.frames.left_out import LeftOut
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.contents import analyse, with_left_out
from botox_analysis.report.draft import mend, replacing
from botox_analysis.report.folder import MADE_BY, MANIFEST, folder_of
from botox_analysis.report.kernels import kernels
from botox_analysis.report.page import figures_of, render_page, tables_of
from botox_analysis.tables.writers import write_table
from botox_analysis.trials.trial import Trial

PAGE, ESTIMATES = "index.html", "estimates.csv"
_PACKAGES = ("botox-analysis", "numpy", "scipy", "pandas", "matplotlib", "seaborn")

Progress = Callable[[str, int, int], None]
"""A function of the name of the current step, the number of steps done, and the number of steps in total."""


def write_report(trial: Trial, folder: str | Path, *, progress: Progress | None = None) -> Path:
    """Write the report of a trial: a page, figures, tables, all estimates, and a manifest.

    Parameters
    ----------
    trial : Trial
        Trial with all randomised subjects. Its protocol names the primary endpoint and its analysis.
    folder : str or Path
        Folder of the report. An earlier report in it is replaced when the new one is complete, and kept if an error occurs.
        Drafts of killed runs beside it are put back or removed.
    progress : callable, optional
        Called before each step, with its name, the number of steps done, and the total number of steps.

    Returns
    -------
    Path
        The page, ``index.html``.

    Raises
    ------
    DataError
        The folder contains other files than a report, another run is writing to it, or it cannot be written. Or the trial
        cannot be analysed.
    FitError
        The data do not determine the primary model.

    Examples
    --------
    A report compares arms; a trial without assessments has no endpoint:

    >>> import pandas as pd
    >>> subjects = pd.DataFrame({"subject": ["1", "2"], "arm": ["placebo", "toxin"]})
    >>> ba.write_report(ba.as_trial({"subjects": subjects}, name="A trial"), "report")
    Traceback (most recent call last):
    ...
    botox_analysis.errors.DataError: A trial: found no diary and no assessments; expected one of them: a report needs an endpoint.
    """
    require_trial(trial)
    folder = folder_of(folder)
    report_step = progress or (lambda *_: None)
    for repaired in mend(folder):
        report_step(repaired, 0, 1)
    with replacing(folder) as draft:
        _fill(trial, draft, report_step)
    return folder / PAGE


def _fill(trial: Trial, folder: Path, progress: Progress) -> None:
    progress("analysing", 0, 1)
    analysis = analyse(trial)
    shown = figures_of(analysis.sections)
    n_steps = len(shown) + 3
    (folder / "figures").mkdir()
    lacking: set[str] = set()
    for number, figure in enumerate(shown, start=1):
        progress(f"drawing {figure.name.replace('_', ' ')}", number, n_steps)
        lacking.update(_save(figure.draw(), folder / "figures" / figure.name))
    progress("writing tables", n_steps - 2, n_steps)
    (folder / ESTIMATES).write_bytes(analysis.estimates.to_csv(index=False, lineterminator="\n").encode())
    letters = "".join(sorted(lacking))
    rows = [LeftOut(style.missing_letters(letters), len(letters), "figures")] if letters else []
    analysis = with_left_out(analysis, rows)
    (folder / "tables").mkdir()
    for table in tables_of(analysis.sections):
        write_table(table.frame, folder / "tables" / table.name, title=table.title)
    progress("writing the page", n_steps - 1, n_steps)
    (folder / PAGE).write_bytes(render_page(analysis, folder, _versions()).encode())
    (folder / MANIFEST).write_bytes(_manifest(analysis, folder).encode())
    progress("done", n_steps, n_steps)


def _save(ax: Any, path: Path) -> str:
    """Save a figure, and return the letters that its font lacks; the report names them once for all figures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", style.MissingLettersWarning)
        style.save_figure(ax, path)
    return style.letters_lacking(ax)


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _manifest(analysis: Analysis, folder: Path) -> str:
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    trial = analysis.trial
    manifest = {
        "made_by": MADE_BY,
        "trial": trial.name,
        "origin": trial.provenance.get("origin", ""),
        "simulated": trial.provenance.get("simulated", "no"),
        "seed": trial.provenance.get("seed"),
        "settings": analysis.settings,
        "inputs": {key: value for key, value in trial.provenance.items() if key.startswith("sha256 of ")},
        "outputs": {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in written},
        "versions": _versions(),
        "kernels": kernels(),
    }
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"

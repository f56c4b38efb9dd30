"""`write_report`: a trial becomes a folder, written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis import figures, wording
from botox_analysis.errors import require_trial
from botox_analysis.frames.left_out import LeftOut, left_out_frame
from botox_analysis.frames.measures import MEAN, MEAN_CHANGE, PERCENT_REDUCTION
from botox_analysis.frames.schema import BASELINE, HIGHER
from botox_analysis.report.analysis.analysis import analyse
from botox_analysis.report.analysis.parts import Analysis, Efficacy, secondary_visit
from botox_analysis.report.draft import mend, replacing
from botox_analysis.report.draw import FIGURES, draw
from botox_analysis.report.folder import MADE_BY, MANIFEST, folder_of
from botox_analysis.report.kernels import kernels
from botox_analysis.report.prose import paragraphs, phrases, sentences
from botox_analysis.report.prose.footnotes import footnotes
from botox_analysis.report.prose.headline import headline
from botox_analysis.report.prose.validity import validity
from botox_analysis.tables.efficacy.baseline import table_baseline
from botox_analysis.tables.efficacy.disposition import table_disposition
from botox_analysis.tables.efficacy.efficacy import table_change, table_efficacy
from botox_analysis.tables.efficacy.missing import table_missing
from botox_analysis.tables.efficacy.multiplicity import table_multiplicity
from botox_analysis.tables.efficacy.responders import table_responders
from botox_analysis.tables.efficacy.sensitivity import table_sensitivity
from botox_analysis.tables.safety.adverse_events import table_adverse_events
from botox_analysis.tables.safety.incidence import table_incidence
from botox_analysis.tables.writers import to_html, write_table
from botox_analysis.trials.trial import Trial

PAGE, ESTIMATES = "index.html", "estimates.csv"
_PACKAGES = ("botox-analysis", "numpy", "scipy", "pandas", "matplotlib", "seaborn")

REM_PER_INCH = 7.6
"""Size of figures on the page."""

Progress = Callable[[str, int, int], None]
"""What is being done, how many steps are done, how many there are."""


def write_report(trial: Trial, folder: str | Path, *, progress: Progress | None = None) -> Path:
    """A report of a trial: a page, figures, tables, every number, and a manifest.

    Parameters
    ----------
    trial : Trial
        With all who were randomised. Its protocol says what is primary.
    folder : str or Path
        Where to write. A report that is there is replaced when the new one is complete, and stays if anything fails; what a
        killed run left beside it is put back or removed.
    progress : callable, optional
        Told before each step: what, steps done, steps in all.

    Returns
    -------
    Path
        The page, ``index.html``.

    Raises
    ------
    DataError
        The folder holds something else than a report, another run is writing it, it cannot be written, or the trial cannot be
        analysed.
    FitError
        A model is not determined by the data.
    """
    require_trial(trial)
    folder = folder_of(folder)
    tell = progress or (lambda *_: None)
    for repaired in mend(folder):
        tell(repaired, 0, 1)
    with replacing(folder) as draft:
        _fill(trial, draft, tell)
    return folder / PAGE


def _fill(trial: Trial, folder: Path, progress: Progress) -> None:
    n_steps = len(FIGURES) + 3
    progress("analysing", 0, n_steps)
    analysis = analyse(trial)
    (folder / "figures").mkdir()
    captions = sentences.captions(analysis)
    lacking: set[str] = set()
    for number, name in enumerate(FIGURES):
        progress(f"drawing {name.replace('_', ' ')}", 1 + number, n_steps)
        if name in captions:
            lacking.update(_save(draw(name, analysis), folder / "figures" / name))
    progress("writing tables", n_steps - 2, n_steps)
    estimates = analysis.estimates
    (folder / ESTIMATES).write_bytes(estimates.to_csv(index=False, lineterminator="\n").encode())
    tables = _write_tables(_with_letters_left_out(analysis, "".join(sorted(lacking))), folder / "tables")
    progress("writing the page", n_steps - 1, n_steps)
    page = _render(analysis, captions, tables, folder)
    (folder / PAGE).write_bytes(page.encode())
    (folder / MANIFEST).write_bytes(_manifest(analysis, folder).encode())
    progress("done", n_steps, n_steps)


def _save(ax: Any, path: Path) -> str:
    """Save a figure; the letters that its font lacks, which the report names once for all of its figures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", figures.style.MissingLettersWarning)
        figures.style.save_figure(ax, path)
    return figures.style.letters_lacking(ax)


def _with_letters_left_out(analysis: Analysis, letters: str) -> Analysis:
    if not letters:
        return analysis
    row = left_out_frame([LeftOut(figures.style.missing_letters(letters), len(letters), "figures")])
    return replace(analysis, left_out=pd.concat([analysis.left_out, row], ignore_index=True))


def _write_tables(analysis: Analysis, folder: Path) -> dict[str, pd.DataFrame]:
    folder.mkdir()
    primary = analysis.primary
    tables = {
        "disposition": table_disposition(analysis.disposition_rates),
        "efficacy": _adjusted(table_efficacy(primary.means, primary.differences), analysis).drop(columns="Endpoint"),
        "change": _change(primary),
    }
    if not analysis.intercurrent_rates.empty:
        tables["intercurrent"] = table_disposition(analysis.intercurrent_rates).rename(columns={"Stage": "Event"})
    if not analysis.baseline.empty:
        tables["baseline"] = table_baseline(analysis.baseline)
    if analysis.secondary:
        chosen = [
            (frame[frame["visit"] == secondary_visit(efficacy, analysis.visit)])
            for efficacy in analysis.secondary
            for frame in (efficacy.means, efficacy.differences)
        ]
        tables["secondary"] = _adjusted(table_efficacy(pd.concat(chosen[0::2]), pd.concat(chosen[1::2])), analysis)
    if not analysis.adjusted.empty:
        tables["adjusted"] = table_multiplicity(analysis.adjusted)
    tables["validity"] = _grounds(analysis)
    if analysis.missing is not None:
        tables["missing"] = table_missing(analysis.missing.counted)
    if analysis.missing is not None and not analysis.missing.handlings.empty:
        tables["handlings"] = table_sensitivity(analysis.missing.handlings)
    if analysis.responses is not None:
        responses = analysis.responses
        compared = pd.concat([responses.differences, responses.needed], ignore_index=True)
        tables["responders"] = table_responders(_told(responses.rates, analysis), _told(compared, analysis))
    if analysis.safety is not None:
        safety = analysis.safety
        tables["adverse_events_overview"] = table_adverse_events(
            safety.overview, safety.overview_differences, occurrences="beside"
        )
        if not safety.incidence.empty:
            tables["incidence"] = table_incidence(safety.incidence, safety.incidence_ratios)
        if not safety.terms.empty:
            tables["adverse_events"] = table_adverse_events(safety.terms, safety.differences)
    left_out = analysis.left_out
    tables["left_out"] = pd.DataFrame(
        {
            "Where": left_out["where"],
            "Why": left_out["reason"],
            "n": [wording.count(n) for n in left_out["n"]],
        }
    )
    titles = sentences.table_titles(analysis)
    for name, table in tables.items():
        write_table(table, folder / name, title=titles[name])
    return tables


def _adjusted(table: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """The table with means that nothing is adjusted for called so: those of values, without covariates beside the baseline."""
    planned = analysis.trial.protocol.covariates
    if any(name != BASELINE for name in planned or ()):
        return table
    level = phrases.level(analysis.primary.means.iloc[0])
    unadjusted = (MEAN,) if planned is None or len(planned) else (MEAN, MEAN_CHANGE)
    return table.rename(columns={f"Adjusted {each} ({level})": f"{wording.capital(each)} ({level})" for each in unadjusted})


def _change(primary: Efficacy) -> pd.DataFrame:
    """Means and changes; without a baseline the means alone."""
    level = phrases.level(primary.unadjusted.iloc[0])
    change, reduction = (f"{wording.capital(measure)} ({level})" for measure in (MEAN_CHANGE, PERCENT_REDUCTION))
    if primary.has_baseline:
        table = table_change(primary.unadjusted)
        return table.drop(columns=reduction) if primary.endpoint.better == HIGHER else table
    return table_change(primary.unadjusted[primary.unadjusted["visit"] != BASELINE]).drop(columns=[change, reduction])


def _grounds(analysis: Analysis) -> pd.DataFrame:
    """What each primary difference rests on; what holds for several is there once."""
    grounds = validity(analysis)
    n = grounds["arm"].nunique()
    key = ["status", "what", "detail"]
    grounds = grounds.groupby(key, sort=False)["arm"].agg(list).reset_index()
    of_all = grounds["arm"].map(len) == n
    grounds = grounds.assign(of_all=of_all).sort_values(["status", "of_all"], ascending=[False, True], kind="stable")
    of_all = grounds["of_all"]
    named = grounds["arm"].map(", ".join).mask(of_all, "all")
    return pd.DataFrame(
        ({"Difference": named} if n > 1 else {})
        | {
            "Status": grounds["status"].map(wording.capital),
            "What": grounds["what"].map(wording.capital),
            "Detail": grounds["detail"].map(wording.capital),
        }
    )


def _told(responses: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """The responders a reader asks for: every threshold at the primary visit, the protocol's own at every visit."""
    planned = analysis.trial.protocol
    own = (responses["threshold"] - (planned.points or planned.reduction)).abs() < 1e-12
    return responses[own | (responses["visit"] == analysis.visit)]


def _render(analysis: Analysis, captions: dict[str, str], tables: dict[str, pd.DataFrame], folder: Path) -> str:
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("botox_analysis.report") / "templates" / "report.html").read_text("utf-8"))
    pictures = {
        name: base64.b64encode((folder / "figures" / f"{name}.png").read_bytes()).decode() for name in FIGURES if name in captions
    }
    trial = analysis.trial
    # Shown somewhat larger than in print, all at the same scale.
    widths = {name: f"{figures.style.inches_wide(folder / 'figures' / f'{name}.png') * REM_PER_INCH:.1f}" for name in pictures}
    return template.render(
        name=trial.name,
        banner=sentences.SIMULATED_BANNER if trial.provenance.get("simulated") == "yes" else "",
        headline=headline(analysis),
        estimand=paragraphs.estimand(analysis),
        captions=captions,
        pictures=pictures,
        widths=widths,
        order={name: number for number, name in enumerate(pictures, start=1)},
        tables={name: Markup(to_html(table)) for name, table in tables.items()},  # noqa: S704 - to_html escapes every text
        titles=sentences.table_titles(analysis),
        notes=footnotes(analysis),
        methods=paragraphs.methods(analysis),
        provenance=trial.provenance,
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _manifest(analysis: Analysis, folder: Path) -> str:
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    trial = analysis.trial
    said = {
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
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"

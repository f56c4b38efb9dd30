"""Drafts of a `trial.toml` for files in a shape that is known, such as the data sets of a standard."""

from __future__ import annotations

from collections import Counter

from botox_analysis.errors import listed
from botox_analysis.trials.drafts.files import Found
from botox_analysis.trials.drafts.notation import TOP
from botox_analysis.trials.drafts.page import GUESS, Page
from botox_analysis.trials.settings.cdisc import DERIVED, PARTIAL_DATES
from botox_analysis.trials.shapes.shape import Shape
from botox_analysis.trials.trial import Trial

_RULES: dict[str, dict[str, tuple[tuple[str, ...], str]]] = {
    "adam": {"derived": (DERIVED, "derived records, such as those of the last observation carried forward"),
             "partial_dates": (PARTIAL_DATES, "dates without a day or month")},
    "sdtm": {"partial_dates": (PARTIAL_DATES, "dates without a day or month")},
}  # fmt: skip
"""Section of a shape -> its rules, with their words, the default first."""


def draft_shape(page: Page, shape: Shape, files: list[Found]) -> None:
    """Describe files whose tables and columns have known names, and choose between two forms of one data set.

    Parameters
    ----------
    page : Page
        Draft to which the lines are added.
    shape : Shape
        Shape of the files.
    files : list of Found
        Tables of the files.
    """
    ours = [found for found in files if shape.belongs(found.stem.lower())]
    others = [found for found in files if not shape.belongs(found.stem.lower())]
    page.ask(TOP, f"The files are {shape.name}: {listed([found.name for found in ours], n_shown=30)}. The names of their columns "
                  "are known, and no line is needed for them.")  # fmt: skip
    if others:
        page.ask(TOP, f"Not read: {listed([found.name for found in others], n_shown=30)}.")
    n_forms = Counter(found.stem.lower() for found in ours)
    twice = [name.upper() for name, n in n_forms.items() if n > 1]
    if twice:
        n_of = Counter(found.path.suffix.lower()[1:] for found in ours)
        chosen, *rest = [suffix for suffix, _ in n_of.most_common()]
        page.set(TOP, "format", chosen, f"{GUESS}: {listed(twice)} in two formats; or {listed(rest)}?")


def draft_analysis(page: Page, shape: Shape, trial: Trial) -> None:
    """Describe a trial that was read from a shape, and propose the settings that remain.

    Parameters
    ----------
    page : Page
        Draft to which the lines are added.
    shape : Shape
        Shape of the files.
    trial : Trial
        The trial, as drafted.
    """
    page.ask(TOP, f"Arms: {listed(trial.arms, n_shown=12)}. Populations: {listed(trial.populations) or 'none'}.")
    if not trial.reference:
        page.propose(TOP, "reference", trial.arms[0], "which arm is the reference? Without this line it is this one")
    section = (shape.name.lower(),)
    for key, (words, what) in _RULES.get(section[0], {}).items():
        page.propose(section, key, words[0], f"the rule for {what}; or {listed(words[1:])}")
    if trial.assessments is None:
        return
    scales = [str(scale) for scale in trial.assessments["scale"].unique()]
    visits = list(trial.assessments["visit"].cat.categories)
    page.ask(("protocol",), "What was planned? Left out: the first endpoint, its last visit, the baseline as the only covariate.")
    page.propose(("protocol",), "endpoint", scales[0], f"which is primary? Measured: {listed(scales, n_shown=30)}")
    page.propose(("protocol",), "visit", visits[-1], f"which visit is primary? Visits: {listed(visits, n_shown=30)}")

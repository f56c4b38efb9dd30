"""Drafts of a `trial.toml` for files in a shape that is known, such as the data sets of a standard."""

from __future__ import annotations

from collections import Counter

from botox_analysis.errors import listed
from botox_analysis.trials.drafts.files import Found
from botox_analysis.trials.drafts.notation import TOP
from botox_analysis.trials.drafts.page import GUESS, Page
from botox_analysis.trials.shapes.shape import Shape


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
    ours = [found for found in files if shape.belongs(found.raw.name.lower())]
    others = [found for found in files if not shape.belongs(found.raw.name.lower())]
    page.ask(TOP, f"The files are {shape.name}: {listed([found.name for found in ours], n_shown=30)}. The names of their columns "
                  "are known, and no line is needed for them.")  # fmt: skip
    if others:
        page.ask(TOP, f"Not read: {listed([found.name for found in others], n_shown=30)}.")
    n_forms = Counter(found.raw.name.lower() for found in ours)
    twice = [name.upper() for name, n in n_forms.items() if n > 1]
    if twice:
        n_of = Counter(found.path.suffix.lower()[1:] for found in ours)
        chosen, *rest = [suffix for suffix, _ in n_of.most_common()]
        page.set(TOP, "format", chosen, f"{GUESS}: {listed(twice)} in two formats; or {listed(rest)}?")

"""`draft_settings`: files -> the text of a `trial.toml`, with marked guesses and with questions."""

from __future__ import annotations

from pathlib import Path

from botox_analysis.errors import DataError, require_path
from botox_analysis.trials.drafts.files import open_files
from botox_analysis.trials.drafts.notation import TOP
from botox_analysis.trials.drafts.page import GUESS, Page, problem_lines
from botox_analysis.trials.drafts.shape import draft_analysis, draft_shape
from botox_analysis.trials.drafts.tables import draft_tables
from botox_analysis.trials.read import load_trial
from botox_analysis.trials.readers.files import SETTINGS
from botox_analysis.trials.readers.formats import files_of
from botox_analysis.trials.shapes.shapes import SHAPES, shape_of
from botox_analysis.trials.sources import require_place
from botox_analysis.trials.trial import Trial


def draft_settings(path: str | Path) -> str:
    """Draft a ``trial.toml`` from a folder or a single file; the names of files, sheets and columns are free.

    Parameters
    ----------
    path : str or Path
        Folder with files, or a file, of any format that `load_trial` reads. A ``trial.toml`` beside them is not read.

    Returns
    -------
    str
        TOML with a line for each setting that is needed. Guesses are marked, and questions are comments. Further comments list
        the problems for which `load_trial` would refuse the files as drafted.

    Raises
    ------
    DataError
        There is no such folder or file, or it has no table that can be read.

    Examples
    --------
    >>> draft = ba.draft_settings(ba.bundled_data("simulated"))
    >>> [line for line in draft.splitlines() if line.startswith("reference")]
    ['reference = "placebo"  # guess: the arm with which the others are compared']
    """
    require_path(path, "path", "the path of a folder with a trial's files, or of a file")
    place = Path(path)
    is_folder = require_place(place)
    files, unread = open_files(place)
    if not files:
        reasons = f" {' '.join(unread)}" if unread else ""
        raise DataError(f"{place}: found no file with a table that can be read; expected {files_of('subjects')}.{reasons}")
    source = "the files of this folder" if is_folder else place.name
    said = f"Drafted from {source}. Lines marked '{GUESS}' are guesses; answer the questions, then: botox-analysis validate, "
    top = (
        [f"{said}with this path.", *unread],
        (place.resolve().name if is_folder else place.stem).encode(errors="replace").decode(),
    )
    shape = shape_of(found.stem for found in files)
    if shape is None or shape is SHAPES[0]:
        page = _started(*top)
        draft_tables(page, files)
        _read_as_drafted(page, place)
        return str(page)
    page = _started(*top)
    draft_shape(page, shape, files)
    trial = _read_as_drafted(page, place)
    if trial is not None:
        draft_analysis(page, shape, trial)
        return str(page)
    free = _started(*top)
    draft_tables(free, files)
    return str(page if _read_as_drafted(free, place) is None else free)


def _started(sentences: list[str], name: str) -> Page:
    """Begin a draft."""
    page = Page()
    for sentence in sentences:
        page.ask(TOP, sentence)
    page.set(TOP, "name", name)
    return page


def _read_as_drafted(page: Page, place: Path) -> Trial | None:
    """Read the files under the drafted settings; for files that would be refused add the problems."""
    try:
        trial = load_trial(place, settings=page.settings)
    except DataError as error:
        page.ask(TOP, f"As drafted, the files are refused. Add settings to {SETTINGS}, or correct the cells:")
        for line in problem_lines(error):
            page.ask(TOP, f"- {line}")
        return None
    page.ask(TOP, "As drafted, the files are read without an error.")
    return trial

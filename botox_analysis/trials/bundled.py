"""Data that come with the library: the simulated trial and the published results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from botox_analysis.errors import DataError, listed, require_choice, require_path
from botox_analysis.frames.estimates import ESTIMATES_NUMBERS, Estimates
from botox_analysis.trials.public.fetch import SOURCES, fetch_trial
from botox_analysis.trials.read import load_trial
from botox_analysis.trials.readers.files import parsing
from botox_analysis.trials.trial import Trial

SIMULATED = "simulated"
"""Name of the bundled trial on the command line, and of its folder."""

BundledName = Literal["simulated", "published"]
BUNDLED: tuple[BundledName, ...] = get_args(BundledName)

PublishedKind = Literal["estimates", "events"]
PUBLISHED: tuple[PublishedKind, ...] = get_args(PublishedKind)


def bundled_data(name: BundledName) -> Path:
    """Find a folder of data that come with the library.

    Parameters
    ----------
    name : str
        ``"simulated"`` (a trial for `load_trial`) or ``"published"``.

    Returns
    -------
    Path
        Folder in the installed package, or beside it in a checkout.

    Raises
    ------
    ValueError
        The name is unknown.
    DataError
        The installation lacks its data.

    Examples
    --------
    >>> sorted(path.name for path in ba.bundled_data("published").iterdir())
    ['SOURCE.md', 'estimates.csv', 'events.csv']
    """
    require_choice(name, BUNDLED, "bundled data")
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "data" / name, package.parent / "data" / name):
        if folder.is_dir():
            return folder
    raise DataError(f"botox_analysis is installed without its data: found no folder '{name}'. Try to install it again.")


def open_trial(name: str) -> Trial:
    """Open a trial by its name on the command line.

    Parameters
    ----------
    name : str
        ``"simulated"`` (the bundled trial), the name of a public trial of `fetch_trial`, or a folder or file for `load_trial`.

    Returns
    -------
    Trial
        The checked trial. Its provenance contains the name as ``origin``, so that a report can be made again.

    Raises
    ------
    DataError
        There is no such trial, folder or file, or the files are not as the layout describes.

    Examples
    --------
    >>> opened = ba.open_trial("simulated")
    >>> opened.provenance["origin"], opened.provenance["simulated"]
    ('simulated', 'yes')
    """
    require_path(name, "name", "the name of a trial, such as 'simulated', or the path of a folder or file")
    if name == SIMULATED:
        trial = load_trial(bundled_data("simulated"))
    elif name in SOURCES:
        trial = fetch_trial(name)
    elif _is_place(name):
        trial = load_trial(name)
    else:
        raise DataError(
            f"found no folder, file or trial named '{name}'; expected a folder with subjects.csv, a file, or one of "
            f"{listed([SIMULATED, *SOURCES])}."
        )
    return replace(trial, provenance={"origin": name, **trial.provenance})


def load_published(kind: PublishedKind) -> Estimates:
    """Load published results with their citations.

    Parameters
    ----------
    kind : str
        ``"estimates"``: means, changes, differences, ratios. ``"events"``: counts of subjects.

    Returns
    -------
    DataFrame
        *estimates* or *events*, one row per result, with ``citation``, ``source`` and ``note``. A result with two sources has
        two rows. Values that were not published are missing.

    Raises
    ------
    ValueError
        The kind is unknown.

    Examples
    --------
    >>> published = ba.load_published("events")
    >>> published.columns[-3:].tolist()
    ['citation', 'source', 'note']
    """
    require_choice(kind, PUBLISHED, "kind")
    numbers = {"estimates": (*ESTIMATES_NUMBERS, "n_events"), "events": ("n_events", "n_total")}[kind]
    frame = pd.read_csv(
        bundled_data("published") / f"{kind}.csv", keep_default_na=False, na_values={name: [""] for name in numbers}
    )
    return frame.astype({column: str for column in frame.columns if column not in numbers})


def _is_place(name: str) -> bool:
    with parsing(name[:80], "a folder or file"):
        return Path(name).is_dir() or Path(name).is_file()

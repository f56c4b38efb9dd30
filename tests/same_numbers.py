"""Compare the numbers of two states of the project: reports, notebooks and reference tests, row of *estimates* by row.

    python tests/same_numbers.py record OLD.parquet --project FOLDER    every row that is made there, once
    python tests/same_numbers.py compare OLD.parquet NEW.parquet        each row of the first must be in the second

Rows are matched by their texts, the estimand and the method. `RENAMED` has the words that have changed since; a row whose words
have changed and are not in it counts as lost. The script is its own plugin for pytest and needs no more of a project than the one
function that makes *estimates*.
"""

# ruff: noqa: T201 - it prints what it finds

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TOLERANCE = 1e-12
"""Of a number, as a share of the larger of it and 1: what another order of sums may change."""

NUMBERS = ("n", "estimate", "std_error", "df", "conf_low", "conf_high", "conf_level", "p_value")
TEXTS = (
    "trial", "population", "arm", "reference", "endpoint", "visit", "category", "intercurrent", "measure", "method",
    "subgroup", "level", "within", "severity", "relation", "delta", "delta_reference",
)  # fmt: skip

MAKERS = ("botox_analysis.frames.estimates", "botox_analysis.frames.schema", "botox_analysis.schema")
"""Where `as_estimates` was and is."""

RENAMED: dict[str, dict[str, str]] = {}
"""Column -> the old word -> the new word."""

REPORTS = ("simulated", "cdystonia", "vickers2004")

SLOWER = ("test_simulation.py",)
"""Modules left out: they simulate for minutes. Of the others all tests run, whatever their marks, but no properties."""


class Recorder:
    """Keeps each row of *estimates* that is made, once."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Any, ...], None] = {}

    def keep(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Keep the rows of a frame, and give the frame back."""
        texts = [[_text(cell) for cell in frame[name]] if name in frame else [""] * len(frame) for name in TEXTS]
        numbers = [pd.to_numeric(frame[name]).astype(float) if name in frame else [np.nan] * len(frame) for name in NUMBERS]
        self.rows.update(dict.fromkeys(zip(*texts, *(map(repr, map(float, column)) for column in numbers), strict=True)))
        return frame

    def listen(self) -> None:
        """Let every frame of *estimates* pass through here. Before any other module of the package is imported."""
        module = _home_of_estimates()
        make = module.as_estimates
        vars(module)["as_estimates"] = lambda columns: self.keep(make(columns))

    def write(self, folder: str) -> None:
        """Write the rows into a file of this process."""
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(list(self.rows)), "utf-8")


def _home_of_estimates() -> Any:
    for place in MAKERS:
        try:
            module = importlib.import_module(place)
        except ModuleNotFoundError:
            continue
        if hasattr(module, "as_estimates"):
            return module
    raise RuntimeError(f"as_estimates is in none of {', '.join(MAKERS)}")


def _text(cell: object) -> str:
    return "" if cell is None or pd.isna(cell) else str(cell)


HEARD = Recorder()


def pytest_configure() -> None:
    """Listen, where pytest runs with this file as a plugin."""
    HEARD.listen()


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave properties out: the number of their examples is a matter of the profile, not of the code."""
    properties = [item for item in items if getattr(getattr(item, "obj", None), "is_hypothesis_test", False)]
    config.hook.pytest_deselected(items=properties)
    items[:] = [item for item in items if item not in properties]


def pytest_unconfigure() -> None:
    """Write what was heard."""
    HEARD.write(os.environ["SAME_NUMBERS"])


def run_report(name: str) -> None:
    """Make a report, listening."""
    HEARD.listen()
    from botox_analysis import open_trial, write_report

    with tempfile.TemporaryDirectory() as folder:
        write_report(open_trial(name), Path(folder) / "report")
    HEARD.write(os.environ["SAME_NUMBERS"])


def run_notebook(path: str) -> None:
    """Run the cells of a notebook in this process, listening."""
    HEARD.listen()
    cells = json.loads(Path(path).read_text("utf-8"))["cells"]
    os.chdir(Path(path).parent)
    space: dict[str, Any] = {"__name__": "__main__", "display": print}
    for cell in cells:
        source = "".join(line for line in cell["source"] if not line.startswith("%"))
        if cell["cell_type"] == "code":
            exec(compile(source, path, "exec"), space)  # noqa: S102 - the project's own notebook
    HEARD.write(os.environ["SAME_NUMBERS"])


def record(target: Path, project: Path) -> None:
    """Run reports, notebooks and reference tests of a project, and keep all rows of *estimates*."""
    references = sorted(
        str(path)
        for path in (project / "tests").rglob("test_*.py")
        if path.name not in SLOWER and "reference" in (text := path.read_text("utf-8")) and "__file__" in text
    )
    with tempfile.TemporaryDirectory() as heard:
        ours = {
            **os.environ,
            "SAME_NUMBERS": heard,
            "MPLBACKEND": "agg",
            "PYTHONPATH": f"{project}{os.pathsep}{Path(__file__).parent}",
        }
        called = [
            *([sys.executable, __file__, "report", name] for name in REPORTS),
            *([sys.executable, __file__, "notebook", str(path)] for path in sorted((project / "notebooks").glob("*.ipynb"))),
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "same_numbers",
                "-p",
                "no:xdist",
                *references,
            ],
        ]
        for call in called:
            print(" ".join(call[2:])[:120], flush=True)
            ended = subprocess.run(call, cwd=project, env=ours, capture_output=True, text=True, check=False)  # noqa: S603
            if ended.returncode:
                print(ended.stdout[-2000:], ended.stderr[-2000:])
        rows = {tuple(row) for file in Path(heard).iterdir() for row in json.loads(file.read_text("utf-8"))}
    frame = pd.DataFrame(sorted(rows), columns=[*TEXTS, *NUMBERS])
    frame[list(NUMBERS)] = frame[list(NUMBERS)].astype(float)
    frame.to_parquet(target)
    print(f"{len(frame):,} rows in {target}")


def _rounded(text: str) -> str:
    """A shift that was searched for or divided into steps, without the digits that another order of sums changes."""
    return f"{float(text):.9g}" if text else ""


def matched(old: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Find the rows of the first that the second does not have, and the largest gap of those it has."""
    for column, words in RENAMED.items():
        old = old.assign(**{column: old[column].replace(words)})
    for column in ("delta", "delta_reference"):
        old, new = (frame.assign(**{column: frame[column].map(_rounded)}) for frame in (old, new))
    by_words: dict[tuple[str, ...], list[np.ndarray]] = {}
    for texts, numbers in zip(new[list(TEXTS)].itertuples(index=False, name=None), new[list(NUMBERS)].to_numpy(), strict=True):
        by_words.setdefault(texts, []).append(numbers)
    lost, largest = [], 0.0
    for at, (texts, numbers) in enumerate(
        zip(old[list(TEXTS)].itertuples(index=False, name=None), old[list(NUMBERS)].to_numpy(), strict=True)
    ):
        gaps = [_gap(numbers, other) for other in by_words.get(texts, [])]
        nearest = min(gaps, default=np.inf)
        if nearest > TOLERANCE:
            lost.append(at)
        else:
            largest = max(largest, nearest)
    return old.iloc[lost], largest


def _gap(ours: np.ndarray, theirs: np.ndarray) -> float:
    if (np.isnan(ours) != np.isnan(theirs)).any():
        return np.inf
    known = ~np.isnan(ours) & (ours != theirs)
    if (np.isinf(ours[known]) | np.isinf(theirs[known])).any():
        return np.inf
    size = np.maximum(1.0, np.abs(ours[known]))
    return float((np.abs(ours[known] - theirs[known]) / size).max(initial=0.0))


def compare(old: Path, new: Path) -> int:
    """Print what is lost; 0 where nothing is."""
    first, second = pd.read_parquet(old), pd.read_parquet(new)
    lost, largest = matched(first, second)
    print(f"{len(first):,} rows before, {len(second):,} now; {len(lost):,} lost; largest gap of the others {largest:.1e}")
    if len(lost):
        with pd.option_context("display.width", 250, "display.max_columns", 40, "display.max_rows", 40):
            print(lost.groupby(["trial", "measure", "method"], sort=False).size())
    return int(len(lost) > 0)


def main() -> int:
    """Record, or compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    recording = verbs.add_parser("record")
    recording.add_argument("target", type=Path)
    recording.add_argument("--project", type=Path, default=Path(__file__).parents[1])
    comparing = verbs.add_parser("compare")
    comparing.add_argument("old", type=Path)
    comparing.add_argument("new", type=Path)
    for verb in ("report", "notebook"):
        verbs.add_parser(verb).add_argument("name")
    asked = parser.parse_args()
    if asked.verb == "compare":
        return compare(asked.old, asked.new)
    if asked.verb == "record":
        record(asked.target.resolve(), asked.project.resolve())
    elif asked.verb == "report":
        run_report(asked.name)
    else:
        run_notebook(asked.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

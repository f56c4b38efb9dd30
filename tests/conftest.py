"""Fixtures of all tests: real data where there are any, folders of small files, reports whose figures are not saved."""

import os
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.figures.drawing import style

DATA_VARIABLE = "BOTOX_ANALYSIS_DATA"
BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "realdata"


@pytest.fixture(scope="session")
def realdata_folder() -> Path:
    """The folder of real data: what BOTOX_ANALYSIS_DATA names, else ../shared/realdata; skips where there is neither."""
    named = os.environ.get(DATA_VARIABLE)
    places = [*([Path(named)] if named else []), BESIDE_THE_PROJECT]
    there = [place for place in places if place.is_dir()]
    if not there:
        pytest.skip(f"no real data: {DATA_VARIABLE} ({named or 'not set'}) is no folder, and neither is {BESIDE_THE_PROJECT}")
    return there[0]


@pytest.fixture
def realdata(realdata_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of real data, with BOTOX_ANALYSIS_DATA set to it."""
    monkeypatch.setenv(DATA_VARIABLE, str(realdata_folder))
    return realdata_folder


@pytest.fixture(scope="session")
def fetched(realdata_folder: Path) -> Callable[[str], ba.Trial]:
    """A function: the name of a public trial -> the trial, from the folder of real data, read once."""
    read: dict[str, ba.Trial] = {}

    def fetch(name: str) -> ba.Trial:
        if name not in read:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(DATA_VARIABLE, str(realdata_folder))
                read[name] = ba.fetch_trial(name)
        return read[name]

    return fetch


@pytest.fixture(scope="session")
def vickers2004(fetched: Callable[[str], ba.Trial]) -> ba.Trial:
    """Acupuncture for chronic headache, from the real files."""
    return fetched("vickers2004")


@pytest.fixture(scope="session")
def cdystonia(fetched: Callable[[str], ba.Trial]) -> ba.Trial:
    """Botulinum toxin type B in cervical dystonia, from the real file."""
    return fetched("cdystonia")


@pytest.fixture(scope="session")
def kostecki_dillon(fetched: Callable[[str], ba.Trial]) -> ba.Trial:
    """A daily migraine diary, from the real file."""
    return fetched("kostecki_dillon")


@pytest.fixture
def trial_folder(tmp_path: Path) -> Callable[..., Path]:
    """A function: what each file holds, by its name with ``_`` for the dot -> a folder with these files."""

    def write(**contents: str | bytes | pd.DataFrame) -> Path:
        for name, content in contents.items():
            stem, suffix = name.rsplit("_", 1)
            path = tmp_path / f"{stem}.{suffix}"
            if isinstance(content, pd.DataFrame):
                content.to_parquet(path)
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


def save_sketch(ax: plt.Axes, path: Path, *, formats: tuple[str, ...] = style.FORMATS) -> list[Path]:
    """In place of `save_figure`, which takes most of the time of a report: files of a few bytes, the beginning of a PNG."""
    files = [path.with_name(f"{path.name}.{name}") for name in formats]
    for file in files:
        file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + 2 * (1500).to_bytes(4, "big"))
    plt.close(ax.figure)
    return files


@pytest.fixture
def sketches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of reports are drawn, and sketches saved: for tests that ask for words, numbers and files."""
    monkeypatch.setattr(style, "save_figure", save_sketch)


@pytest.fixture(scope="session")
def sketched() -> Callable[[ba.Trial, Path], Path]:
    """A function like `write_report` that saves sketches of the figures."""

    def write(trial: ba.Trial, folder: Path) -> Path:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(style, "save_figure", save_sketch)
            return ba.write_report(trial, folder)

    return write


@pytest.fixture(scope="session")
def edit() -> Callable[..., pd.DataFrame]:
    """A function: outcomes and columns -> outcomes with these, and with what follows from them.

    The value follows from a change, the change from a value; the percent change from both.
    """

    def follow(outcomes: pd.DataFrame, **columns: object) -> pd.DataFrame:
        new = outcomes.assign(**columns)
        baseline = new["baseline"]
        if "value" not in columns:
            new["value"] = (baseline + new["change"]).where(baseline.notna(), new["value"])
        elif "change" not in columns:
            new["change"] = new["value"] - baseline
        return new.assign(percent_change=(100 * new["change"] / baseline).where(baseline != 0))

    return follow

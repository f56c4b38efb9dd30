"""The wheel, installed elsewhere, carries its data; the lock file names no host."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from botox_analysis.trials.readers.formats import READERS

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_the_installed_wheel_reports_the_bundled_trial_outside_the_checkout(tmp_path):
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    # An empty environment in which the dependencies of this one are found behind its own packages, and the checkout is not.
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    packages = subprocess.run(  # noqa: S603
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True
    ).stdout.strip()
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", wheel], check=True, cwd=tmp_path)  # noqa: S603
    here = Path(__import__("pandas").__file__).parent.parent
    (Path(packages) / "dependencies.pth").write_text(str(here))
    command = [python, "-m", "botox_analysis.cli", "report", "--out", tmp_path / "report"]
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    said = subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, text=True, env=clean)  # noqa: S603
    assert "The report is at" in said.stdout
    where = "import botox_analysis; print(botox_analysis.__file__)"
    found = subprocess.run([python, "-c", where], check=True, capture_output=True, text=True, cwd=tmp_path, env=clean).stdout  # noqa: S603
    assert Path(found.strip()).is_relative_to(tmp_path)


def test_the_lock_file_has_hashes_and_no_host():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert lock.count("--hash=sha256:") > 100
    assert "://" not in lock
    assert "index-url" not in lock
    assert "find-links" not in lock


def test_every_dependency_is_locked():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    names = [name.split(">=")[0].split("[")[0] for name in wanted]
    assert [name for name in names if f"\n{name}==" not in f"\n{lock}"] == []


EXTRA = {"pyreadstat": "pyreadstat", "python-calamine": "python_calamine", "xlsxwriter": "xlsxwriter"}
"""Libraries of the extra ``formats`` -> their modules."""

NEEDING = {".xlsx": "python_calamine", ".sas7bdat": "pyreadstat"}
"""Suffixes of files that need a library."""


@pytest.fixture
def without_extra(tmp_path):
    """A function: program -> its output, where none of the libraries of the extra can be imported."""
    for module in EXTRA.values():
        (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError('No module named {module}', name='{module}')\n")

    def run(program):
        place = os.pathsep.join([str(tmp_path), str(ROOT)])
        found = subprocess.run(  # noqa: S603
            [sys.executable, "-c", program], check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": place}
        )
        return found.stdout

    return run


def test_the_extra_has_the_libraries_that_are_optional():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {wanted.split(">=")[0] for wanted in project["optional-dependencies"]["formats"]}
    assert names == set(EXTRA)
    assert not names & {wanted.split(">=")[0] for wanted in project["dependencies"]}


@pytest.mark.long
@pytest.mark.parametrize("place", ["wide_diary", "monthly_counts", "redcap", "dataset_json", "sas_transport"])
def test_formats_of_the_core_are_read_without_the_extra(place, without_extra):
    folder = ROOT / "tests" / "data" / place
    program = f"import botox_analysis as ba; print(ba.draft_settings({str(folder)!r}))"
    assert "As drafted, the files are read without an error." in without_extra(program)


@pytest.mark.long
@pytest.mark.parametrize("suffix", [suffix for suffix in NEEDING if suffix in READERS])
def test_a_file_of_the_extra_is_refused_with_the_command_that_installs_it(suffix, without_extra, tmp_path):
    file = tmp_path / f"subjects{suffix}"
    file.write_bytes((ROOT / "tests" / "data" / "one_sheet.xlsx").read_bytes() if suffix == ".xlsx" else b"")
    call = f"ba.load_trial({str(file)!r}, settings={{}})"
    said = without_extra(f"import botox_analysis as ba\ntry: {call}\nexcept ba.DataError as error: print(error)")
    assert f"needs the library {NEEDING[suffix]}; install it by: pip install 'botox-analysis[formats]'." in said

"""The wheel, installed elsewhere, carries its data; the lock file names no host."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

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

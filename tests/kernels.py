"""Run tests under the kernels of other processors: ``make test-portable`` runs this.

The last bits of a number depend on the kernels that compute it: those of linear algebra (OpenBLAS has some for each processor),
numpy's own loops, and functions of the C library. All three can be told to do as on an older processor. Which settings this one
can run is found by trying.
"""

# ruff: noqa: T201 - it prints what it runs

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

Setting = dict[str, str]
"""Environment variables."""

PROJECT = Path(__file__).resolve().parents[1]

CORES = (
    "Haswell", "Sandybridge", "Nehalem", "SkylakeX", "Prescott", "Zen", "Cooperlake", "Sapphirerapids",  # x86-64
    "ARMV8", "NEOVERSEN1", "NEOVERSEV1", "CORTEXA57", "THUNDERX2T99", "VORTEX", "ARMV8SVE",
)  # fmt: skip
"""OpenBLAS's names of processors, in the order in which they are taken."""

N_CORES = 3

C_LIBRARY = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX"
"""Without these glibc takes its functions for older processors."""

TOLD = """
import json
import numpy as np
from scipy import linalg
from botox_analysis.report.kernels import kernels
square = np.arange(10000.0).reshape(100, 100) % 17 + 100 * np.eye(100)
assert np.isfinite(linalg.inv(square) @ np.linalg.cholesky(square @ square.T)).all()
print(json.dumps(kernels()))
"""
"""Computes, to find out whether it can, and says with which kernels."""

COMPUTING = ["tests/numerics", "tests/models", "tests/report", "tests/trials/simulated", "-m", "not slow"]
PROMISED = ["tests/test_notebooks.py", "tests/report/test_kernels.py", "-m", "slow or long"]


def environment(setting: Setting) -> Setting:
    """The variables of this process, with those of a setting in place of others of their kind."""
    ours = {"OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "GLIBC_TUNABLES"}
    return {name: value for name, value in os.environ.items() if name not in ours} | setting


def kernels_under(setting: Setting) -> Setting | None:
    """The kernels that compute under a setting; None where this processor cannot run them."""
    told = subprocess.run(  # noqa: S603 - this Python
        [sys.executable, "-c", TOLD], env=environment(setting), cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return json.loads(told.stdout.splitlines()[-1]) if told.returncode == 0 else None


def reduced() -> Setting:
    """The settings in which numpy's loops and the C library do as on an older processor."""
    own = kernels_under({}) or {}
    features = own.get("numpy", "") if "none" not in own.get("numpy", "none") else ""
    setting = {"NPY_DISABLE_CPU_FEATURES": features} if features else {}
    return setting | ({"GLIBC_TUNABLES": C_LIBRARY} if own.get("C library", "").startswith("glibc") else {})


def settings() -> list[Setting]:
    """Three other kernels of linear algebra, or as many as there are, then this machine's own with all else reduced."""
    seen = [(kernels_under({}) or {}).get("linear algebra")]
    found: list[Setting] = []
    for core in CORES:
        if len(found) == N_CORES:
            break
        told = kernels_under({"OPENBLAS_CORETYPE": core})
        if told and told["linear algebra"] not in seen:
            seen.append(told["linear algebra"])
            found.append({"OPENBLAS_CORETYPE": core})
    return [setting for setting in (*found, reduced()) if setting]


def most_different() -> Setting:
    """One setting: another kernel of linear algebra, with all else reduced; empty where there is no other."""
    other = [setting for setting in settings() if "OPENBLAS_CORETYPE" in setting]
    return (other[0] if other else {}) | reduced()


def run(setting: Setting, *tests: list[str]) -> str:
    """Run tests under a setting; what pytest says at the end, after ``failed:`` where any failed."""
    said = []
    for chosen in tests:
        print(f"\n== {' '.join(f'{name}={value}' for name, value in setting.items())}: {' '.join(chosen)}", flush=True)
        with subprocess.Popen(  # noqa: S603 - this Python
            [sys.executable, "-m", "pytest", "-q", "-n", os.environ.get("WORKERS", "auto"), *chosen],
            env=environment(setting), cwd=PROJECT, stdout=subprocess.PIPE, text=True,
        ) as pytest:  # fmt: skip
            line = ""
            for line in pytest.stdout or ():
                print(line, end="", flush=True)
        said.append(("failed: " if pytest.returncode else "") + line.strip())
    return "; ".join(said)


def main(which: str) -> int:
    """Run under ``every`` setting or under ``one``; the exit status says whether a test failed."""
    if which not in ("every", "one"):
        print(f"found {which!r}; expected every or one")
        return 2
    chosen = settings() if which == "every" else [most_different()]
    if not any(chosen):
        print("this machine has no other kernels to run the tests under")
        return 0
    suites = [COMPUTING, PROMISED] if which == "every" else [COMPUTING]
    results = [(setting, kernels_under(setting), run(setting, *suites)) for setting in chosen]
    print()
    for setting, kernels, said in results:
        print(f"{setting}\n  {kernels}\n  {said}")
    return int(any("failed: " in said for _, _, said in results))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["every"]))

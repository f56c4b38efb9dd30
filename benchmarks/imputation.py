"""How long multiple imputation takes: outcomes in, pooled differences out; and a grid of tipping points.

Run with the project's environment: ``.venv/bin/python benchmarks/imputation.py``. Prints medians on one worker. Where ``Rscript``
and the R package rbmi are installed, the same data are imputed there, too.
"""

from __future__ import annotations

import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

import botox_analysis as ba

MODEL = ("baseline", "sex")


def main() -> None:
    """Measure and print."""
    _say(f"Python {platform.python_version()}, pandas {pd.__version__}, numpy {np.__version__}, {platform.machine()}; seconds")
    small, large = simulated_outcomes(172, 4), simulated_outcomes(1_000, 6)
    for name, outcomes in (("172 x 4", small), ("1,000 x 6", large)):
        missing = outcomes["change"].isna().mean()
        _say(f"{name}: {100 * missing:.0f} % of values missing")
    _say("| what | asked | median |")
    rows: list[tuple[str, str, Callable[[], object], int]] = [
        (
            "172 x 4, 500 imputations by approximate Bayes, jump to reference, analysed and pooled",
            "1.5",
            _of(small, n=500, seed=1),
            9,
        ),
        ("172 x 4, the same by Bayes", "", _of(small, n=500, seed=1, draws="Bayes"), 5),
        ("172 x 4, conditional means with jackknife", "0.15", _of(small, variance="jackknife"), 21),
        ("172 x 4, conditional means, 500 bootstrap samples", "", _of(small, n=500, seed=1, variance="bootstrap"), 9),
        ("1,000 x 6, 500 imputations by approximate Bayes", "6", _of(large, n=500, seed=1), 5),
        ("1,000 x 6, 500 imputations by Bayes", "", _of(large, n=500, seed=1, draws="Bayes"), 3),
        ("1,000 x 6, conditional means with jackknife", "", _of(large, variance="jackknife"), 3),
    ]
    drawn = {name: ba.missing.impute(each, strategy="missing at random", n=100, seed=1, covariates=MODEL) for name, each in
             (("172 x 4", small), ("1,000 x 6", large))}  # fmt: skip
    for name, imputations in drawn.items():
        rows += [
            (f"{name}, 21 x 21 {shift} shifts of 100 imputations", "3", _grid(imputations, shift), 9)
            for shift in ("marginal", "sequential")
        ]
    rows.append(
        ("172 x 4, every handling side by side, 200 imputations", "", lambda: ba.missing.sensitivity(small, n=200, seed=1), 5)
    )
    for what, asked, measured, n_runs in rows:
        _say(f"| {what} | {asked} | {_median(measured, n_runs):.3f} |")
    with joblib.parallel_config(backend="loky", n_jobs=2):
        both = _median(_of(large, n=500, seed=1), 3)
    _say(f"| 1,000 x 6, 500 imputations, two worker processes | | {both:.3f} |")
    in_r = _seconds_in_r(small)
    for what, seconds in in_r.items():
        _say(f"rbmi, 172 x 4, {what}: {seconds:.1f}")
    if not in_r:
        _say("rbmi: not here")


def _of(outcomes: pd.DataFrame, **how: object) -> Callable[[], object]:
    def run() -> object:
        verb = ba.missing.conditional_means if "variance" in how else ba.missing.impute
        imputations = verb(outcomes, strategy="jump to reference", covariates=MODEL, **how)
        return imputations.pool(covariates=MODEL)

    return run


def _grid(imputations: ba.missing.Imputations, shift: str) -> Callable[[], object]:
    visit = imputations.grid.visits[-1]
    return lambda: imputations.tipping_surface(visit, covariates=MODEL, kind=shift)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def simulated_outcomes(n_subjects: int, n_visits: int, *, seed: int = 1) -> pd.DataFrame:
    """Made-up outcomes of two arms, with dropout and a few gaps.

    Parameters
    ----------
    n_subjects, n_visits : int
        N and V.
    seed : int
        Of the simulation.

    Returns
    -------
    DataFrame
        *outcomes* with the covariate sex.
    """
    rng = np.random.default_rng(seed)
    shape = (n_subjects, n_visits)
    baseline = rng.normal(20, 4, n_subjects)
    arm = np.arange(n_subjects) % 2
    course = rng.normal(0, 3, (n_subjects, 1)) + rng.normal(0, 1.5, shape).cumsum(axis=1) + rng.normal(0, 1.5, shape)
    change = -0.4 * baseline[:, None] + 4 - 0.3 * arm[:, None] * np.arange(1, n_visits + 1) + course
    gone = np.maximum.accumulate(rng.random(shape) < 0.06, axis=1) | (rng.random(shape) < 0.02)
    gone[:, 0] = False
    change[gone] = np.nan
    visits = [f"week {4 * (visit + 1)}" for visit in range(n_visits)]
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n_subjects), n_visits),
            "arm": np.repeat(np.array(["placebo", "active"])[arm], n_visits),
            "visit": np.tile(visits, n_subjects),
            "baseline": np.repeat(baseline, n_visits),
            "change": change.ravel(),
            "sex": np.repeat(np.where(rng.random(n_subjects) < 0.5, "F", "M"), n_visits),
        }
    )
    return ba.as_outcomes(frame, endpoint="days", arms=["placebo", "active"], visits=visits)


def _median(measured: Callable[[], object], n_runs: int) -> float:
    """Seconds."""
    measured()
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        measured()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


_IN_R = """
suppressMessages({library(rbmi); library(dplyr)})
data <- read.csv("outcomes.csv", stringsAsFactors = TRUE)
data$visit <- factor(data$visit, levels = unique(as.character(data$visit)))
data$subject <- factor(data$subject)
data$arm <- factor(data$arm, levels = c("placebo", "active"))
last <- data %>% group_by(subject) %>% summarise(first = max(c(0, which(!is.na(change)))) + 1)
ice <- last %>% filter(first <= nlevels(data$visit)) %>%
  transmute(subject, visit = levels(data$visit)[first], strategy = "JR") %>% as.data.frame()
vars <- set_vars(outcome = "change", visit = "visit", subjid = "subject", group = "arm",
                 covariates = c("baseline*visit", "arm*visit", "sex"), strategy = "strategy")
of_analysis <- set_vars(outcome = "change", visit = "visit", subjid = "subject", group = "arm", covariates = c("baseline", "sex"))
timed <- function(method) {
  set.seed(1)
  system.time({
    drawn <- draws(data, ice, vars, method, quiet = TRUE)
    imputed <- impute(drawn, references = c(placebo = "placebo", active = "placebo"))
    pool(analyse(imputed, ancova, vars = of_analysis))
  })["elapsed"]
}
cat(timed(method_approxbayes(n_samples = 500)), timed(method_condmean(type = "jackknife")))
"""


def _seconds_in_r(outcomes: pd.DataFrame) -> dict[str, float]:
    """Seconds of rbmi; empty where it is not installed."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        outcomes.to_csv(Path(folder) / "outcomes.csv", index=False, na_rep="NA")
        done = subprocess.run([rscript, "-e", _IN_R], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        return {}
    names = ("500 imputations by approximate Bayes", "conditional means with jackknife")
    return dict(zip(names, map(float, done.stdout.split()), strict=True))


if __name__ == "__main__":
    main()

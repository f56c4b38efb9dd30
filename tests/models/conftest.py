"""Fixtures of the tests of models: small repeated-measures trials, made on the spot."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

ARMS = ("placebo", "155 U", "195 U")


@pytest.fixture(scope="session")
def repeated() -> Callable[..., pd.DataFrame]:
    """A function: a seed and what is to differ -> *outcomes* of a trial with the covariates sex, region, pain and dose.

    ``missing`` is the share of values that are not there; each subject keeps the first. ``region`` has levels a, b and c;
    ``pain`` is a number and ``clinic`` a factor that change over visits, ``weight`` is positive.
    """

    def make(seed, *, n_per_arm=20, n_arms=2, n_visits=4, missing=0.0, correlation=0.6):
        rng = np.random.default_rng(seed)
        n = n_per_arm * n_arms
        visits = [f"week {4 * (visit + 1)}" for visit in range(n_visits)]
        lag = np.abs(np.subtract.outer(np.arange(n_visits), np.arange(n_visits)))
        covariance = np.sqrt(correlation) * correlation ** (lag / 2)
        errors = rng.multivariate_normal(np.zeros(n_visits), covariance, size=n, method="cholesky")
        errors = errors + rng.normal(size=(n, n_visits)) * np.sqrt(0.5 + 0.2 * np.arange(n_visits))
        baseline = rng.normal(20, 4, size=n)
        arm = np.arange(n) % n_arms
        change = -0.3 * (baseline[:, None] - 20) - 0.5 * arm[:, None] * np.arange(1, n_visits + 1) + 3 * errors
        gone = rng.uniform(size=(n, n_visits)) < missing
        gone[:, 0] = False
        frame = pd.DataFrame(
            {
                "subject": np.repeat([f"S{i:04d}" for i in range(n)], n_visits),
                "arm": np.repeat(np.array(ARMS)[arm], n_visits),
                "visit": np.tile(visits, n),
                "baseline": np.repeat(baseline, n_visits),
                "change": np.where(gone, np.nan, change).ravel(),
                "sex": np.repeat(rng.choice(["female", "male"], size=n), n_visits),
                "region": np.repeat(rng.choice(["a", "b", "c"], size=n), n_visits),
                "pain": rng.normal(size=n * n_visits),
                "clinic": rng.choice(["east", "north", "south"], size=n * n_visits),
                "weight": rng.uniform(0.5, 2, size=n * n_visits),
            }
        )
        return ba.as_outcomes(frame, endpoint="headache days", arms=ARMS[:n_arms], visits=visits)

    return make

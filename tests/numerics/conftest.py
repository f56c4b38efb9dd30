"""Fixtures of the tests of numerics: repeated measures as arrays."""

from collections.abc import Callable

import numpy as np
import pytest

from botox_analysis.numerics.repeated.subject_data import Quantity, SubjectData


@pytest.fixture(scope="session")
def subject_data() -> Callable[..., SubjectData]:
    """Make a function of a seed and options that simulates subjects of 2 arms with numbers x and z, and gaps.

    z changes over the visits. 30 % of the values are missing; each subject has at least one.
    """

    def make(seed, *, n=40, n_visits=4, n_kinds=1, weighted=False):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=(n, n_visits)) + rng.normal(size=(n, 1)) + 10
        y[rng.uniform(size=y.shape) < 0.3] = np.nan
        y[np.arange(n), rng.integers(n_visits, size=n)] = rng.normal(size=n) + 10
        return SubjectData(
            y,
            (
                Quantity(rng.permutation(np.arange(n) % 2), 2),
                Quantity(rng.normal(5, 2, size=n)),
                Quantity(rng.normal(size=y.shape)),
            ),
            np.arange(n) % n_kinds if n_kinds > 1 else None,
            np.sqrt(rng.uniform(0.5, 2, size=y.shape)) if weighted else None,
        )

    return make

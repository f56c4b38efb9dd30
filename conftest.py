"""The bundled trial, read once for tests and for the examples of docstrings.

Examples find ``ba``, ``trial``, ``outcomes`` and ``fit`` without a line that makes them. An example must not change them,
as those after it use the same: at the end of the session all are compared with copies.
"""

import gc
from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import settings

import botox_analysis as ba

TABLES = ("subjects", "diary", "assessments", "adverse_events")


for profile, n_examples in (("quick", 10), ("test", 40), ("full", 200)):
    settings.register_profile(profile, max_examples=n_examples, deadline=None)
settings.load_profile("quick")  # unless --hypothesis-profile names another


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the collected tests: millions of objects that stay to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def simulated() -> ba.Trial:
    """The bundled simulated trial, all subjects."""
    return ba.load_trial(ba.bundled_data("simulated"))


@pytest.fixture(scope="session")
def doctest_namespace(simulated: ba.Trial) -> Iterator[dict[str, object]]:
    """The names of all examples: the package, the bundled trial, its headache days (intention to treat) and their mixed model."""
    outcomes = ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))
    fit = ba.fit_mmrm(outcomes)

    def frames() -> list[pd.DataFrame]:
        return [outcomes, fit.differences(), *(getattr(simulated, table) for table in TABLES)]

    before = [frame.copy() for frame in frames()]
    yield {"ba": ba, "trial": simulated, "outcomes": outcomes, "fit": fit}
    assert all(now.equals(then) for now, then in zip(frames(), before, strict=True)), "an example changed what the next ones use"

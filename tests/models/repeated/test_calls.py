"""How many Python functions a fit calls: a count, which no load of the machine changes."""

import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis import frames

MOST_OWN = 380
"""Calls of functions of this package in a fit of two arms and six visits, some 30 more than there are."""

MOST = 1200 if int(pd.__version__.split(".")[0]) >= 3 else 1500
"""All calls; before pandas 3 a frame is built column by column."""

HERE = frames.__file__.removesuffix("frames/__init__.py")


def made_up(n_subjects, n_visits=6, seed=1):
    """Outcomes with dropout, whose texts are categories."""
    rng = np.random.default_rng(seed)
    n_rows = n_subjects * n_visits
    baseline = np.repeat(rng.normal(20, 4, n_subjects), n_visits)
    course = rng.normal(0, 3, (n_subjects, 1)) + rng.normal(0, 1.5, (n_subjects, n_visits)).cumsum(axis=1)
    gone = np.maximum.accumulate(rng.random(course.shape) < 0.04, axis=1)
    gone[:, 0] = False
    change = np.where(gone, np.nan, course).ravel() - 0.4 * baseline
    texts = {"trial": "made up", "population": "all", "endpoint": "days", "intercurrent": "", "imputation": "observed cases"}
    visits = [f"week {4 * (visit + 1)}" for visit in range(n_visits)]
    return pd.DataFrame(
        {
            **{column: pd.Categorical.from_codes(np.zeros(n_rows, dtype=np.int8), [word]) for column, word in texts.items()},
            "subject": np.repeat(np.arange(n_subjects), n_visits),
            "arm": pd.Categorical.from_codes(np.repeat(rng.integers(0, 2, n_subjects), n_visits), ["placebo", "active"]),
            "visit": pd.Categorical.from_codes(np.tile(np.arange(n_visits), n_subjects), visits, ordered=True),
            "baseline": baseline,
            "value": baseline + change,
            "change": change,
            "percent_change": 100 * change / baseline,
        }
    )


def calls_of(outcomes):
    """Count the calls of a fit with its differences by file, after all imports."""
    for _ in range(2):
        ba.fit_mmrm(outcomes).differences()
    calls = Counter()

    def count(frame, event, _arg):
        if event == "call":
            calls[frame.f_code.co_filename] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        ba.fit_mmrm(outcomes).differences()
    finally:
        sys.setprofile(before)
    return calls


@pytest.fixture(scope="module")
def calls():
    return calls_of(made_up(1000))


def test_a_fit_calls_few_functions_of_its_own(calls):
    assert 0 < sum(n for file, n in calls.items() if file.startswith(HERE)) <= MOST_OWN


def test_a_fit_calls_at_most_1200_functions(calls):
    assert calls.total() <= MOST


MOST_OF_THE_DIRECTION = 70
"""Calls of reading one column of text more, and of writing one: some 60."""


def test_the_direction_of_benefit_takes_few_calls(calls):
    assert calls_of(made_up(1000).assign(better="lower")).total() <= calls.total() + MOST_OF_THE_DIRECTION


MOST_WITH_ALL_COLUMNS = 1290
"""Calls for outcomes with all columns of `as_outcomes`: 1,268. pandas takes some 30 to look up one column."""


@pytest.mark.skipif(MOST > 1200, reason="before pandas 3 texts are objects, and a frame is built column by column")
def test_texts_of_all_columns_take_few_calls():
    made = made_up(1000)
    given = made[["subject", "baseline", "value"]].assign(arm=made["arm"].astype(str), visit=made["visit"].astype(str))
    visits = list(made["visit"].cat.categories)
    outcomes = ba.as_outcomes(given, endpoint=ba.HEADACHE_DAYS, arms=["placebo", "active"], visits=visits)
    assert calls_of(outcomes).total() <= MOST_WITH_ALL_COLUMNS


def test_more_subjects_take_no_more_calls(calls):
    # One more chunk of subjects, in which patterns are few; a call for each subject would be thousands.
    assert calls_of(made_up(10_000)).total() < 1.1 * calls.total()


def test_names_of_subjects_are_read_together():
    named = made_up(1000).assign(subject=lambda frame: "S" + frame["subject"].astype(str))
    assert calls_of(named).total() < 1.1 * MOST

"""Exposure and time at risk of adverse events, by hand at the edges and against plain loops over random trials."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.endpoints.safety import tally
from botox_analysis.endpoints.safety.categories import ANY
from botox_analysis.endpoints.safety.tally import AtRisk, Occurrences, coded_days, count

YEAR = 365.25
SUBJECTS = pd.DataFrame({"subject": list("abc"), "arm": ["P", "P", "T"], "last_day": [100.0, 50.0, 10.0]})


def days_at_risk(rows, subjects=SUBJECTS, by="term", category="X"):
    """Return the days at risk of term X by arm; rows are subject and onset."""
    events = pd.DataFrame(rows, columns=["subject", "onset_day"]).assign(term="X")
    trial = ba.as_trial({"subjects": subjects, "adverse_events": events}, name="t", arms=["P", "T"])
    found = ba.safety.counts(trial, by=by)
    return (YEAR * found.loc[found["category"] == category, "at_risk"]).round(6).tolist()


# By hand --------------------------------------------------------------------------------------------------------------


def test_time_at_risk_ends_on_the_day_of_the_first_occurrence():
    assert days_at_risk([("a", 30), ("a", 20), ("b", 50)]) == [70, 10]


def test_an_event_on_day_1_has_one_day_at_risk():
    assert days_at_risk([("a", 1)]) == [51, 10]


def test_an_onset_after_the_last_day_counts_with_the_time_until_the_last_day():
    assert days_at_risk([("b", 60)]) == [150, 10]


def test_an_event_of_somebody_who_left_before_treatment_has_one_day_at_risk():
    assert days_at_risk([("b", 3)], SUBJECTS.assign(last_day=[100, -5, 10])) == [101, 10]


def test_an_event_before_treatment_leaves_its_subject_at_risk():
    assert days_at_risk([("a", -9), ("b", 5)]) == [105, 10]


def test_an_unknown_onset_makes_the_time_at_risk_of_its_arm_unknown():
    found = days_at_risk([("a", None), ("a", 20), ("c", 4)])
    assert math.isnan(found[0])
    assert found[1] == 4


def test_an_unknown_onset_does_not_matter_after_an_event_on_day_1():
    assert days_at_risk([("a", None), ("a", 1)]) == [51, 10]


def test_an_unknown_onset_does_not_matter_in_another_category():
    assert days_at_risk([("a", None), ("c", 4)], category="uncoded") == pytest.approx([math.nan, 4], nan_ok=True)
    events = pd.DataFrame({"subject": ["a", "c"], "term": ["Y", "X"], "onset_day": [None, 4]})
    rows = ba.safety.counts(ba.as_trial({"subjects": SUBJECTS, "adverse_events": events}, name="t", arms=["P", "T"]))
    assert rows.loc[rows["category"] == "X", "at_risk"].notna().all()


def test_an_unknown_last_day_matters_only_for_those_without_the_event():
    subjects = SUBJECTS.assign(last_day=[100, None, 10])
    assert days_at_risk([("b", 7)], subjects) == [107, 10]
    assert math.isnan(days_at_risk([("a", 7)], subjects)[0])


def test_a_worsening_is_an_event_on_its_own_day():
    events = pd.DataFrame({"subject": ["a"], "term": "X", "onset_day": [-4], "worsened_day": [6]})
    trial = ba.as_trial({"subjects": SUBJECTS, "adverse_events": events}, name="t", arms=["P", "T"])
    assert ba.safety.counts(trial, by="class")["at_risk"].iloc[0] * YEAR == pytest.approx(56)


def test_the_worst_severity_has_the_day_on_which_it_began():
    events = pd.DataFrame({"subject": "a", "term": "X", "onset_day": [5, 40, 30], "severity": ["mild", "severe", "severe"]})
    trial = ba.as_trial({"subjects": SUBJECTS, "adverse_events": events}, name="t", arms=["P", "T"])
    rows = ba.safety.counts(trial, by="severity").query("arm == 'P'").set_index("category")["at_risk"] * YEAR
    assert rows.round(6).tolist() == [150, 150, 80]


def test_without_any_event_all_are_at_risk_for_as_long_as_they_were_observed(simulated):
    rows = ba.safety.counts(simulated.restrict("safety"), by="special interest", special={"none": ["No such term"]})
    assert rows["at_risk"].equals(rows["exposure"])


def test_nobody_is_at_risk_for_longer_than_observed(simulated):
    rows = ba.safety.counts(simulated.restrict("safety"))
    assert (rows["at_risk"] <= rows["exposure"]).all()
    assert (rows["at_risk"] > 0).all()


# Against plain loops --------------------------------------------------------------------------------------------------


def plainly(trial, category, severity=None):
    """Count subjects, occurrences and days at risk by arm, one subject after another."""
    words = ["mild", "moderate", "severe"]
    found = []
    for arm in trial.arms:
        n_events = occurrences = days = 0
        for _, subject in trial.subjects[trial.subjects["arm"] == arm].iterrows():
            own = trial.adverse_events[(trial.adverse_events["subject"] == subject["subject"]) & category]
            own = own[~(own["onset_day"] < 1)]
            worst = max(own["severity"], key=words.index, default=None)
            own = own if severity is None else own[own["severity"] == severity]
            has_event = len(own) > 0 and severity in (None, worst)
            n_events += has_event
            occurrences += len(own)
            last = max(subject["last_day"], 0)
            onsets = own["onset_day"].tolist()
            if has_event and 1 not in onsets and any(math.isnan(onset) for onset in onsets):
                days = math.nan
            elif has_event:
                first = min(onset for onset in onsets if not math.isnan(onset))
                days += first if math.isnan(last) else max(min(first, last), 1)
            else:
                days += last
        found.append((n_events, occurrences, days))
    return found


SOMETIMES_UNKNOWN = st.sampled_from([1, 2, 3, 5, 9, -1, 1, 4, None])


@st.composite
def trials(draw):
    n = draw(st.integers(2, 4))
    names = [f"s{number}" for number in range(n)]
    last = draw(st.lists(st.sampled_from([1, 4, 8, 8, -2, None]), min_size=n, max_size=n))
    subjects = pd.DataFrame({"subject": names, "arm": ["P", "T"] * (n // 2) + ["T"] * (n % 2), "last_day": last}).astype(
        {"last_day": float}
    )
    row = st.tuples(
        st.sampled_from(names),
        st.sampled_from("XYZ"),
        st.sampled_from("KL"),
        SOMETIMES_UNKNOWN,
        st.sampled_from(["mild", "moderate", "severe"]),
    )
    rows = draw(st.lists(row, min_size=1, max_size=16))
    events = pd.DataFrame(rows, columns=["subject", "term", "class", "onset_day", "severity"]).astype({"onset_day": float})
    return ba.as_trial({"subjects": subjects, "adverse_events": events}, name="t", arms=["P", "T"])


few = settings(max_examples=settings().max_examples // 2)
"""Loops in Python take their time."""


def assert_counted(rows, trial, severity_column=None):
    table = trial.adverse_events
    for (within, category, severity), own in rows.groupby(["within", "category", severity_column or "visit"], sort=False):
        if category == ANY:
            chosen = np.ones(len(table), dtype=bool)
        elif within:
            chosen = (table["class"] == within) & (table["term"] == category)
        else:
            chosen = table["class"] == category
        expected = np.array(plainly(trial, chosen, severity or None), dtype=float)
        found = own[["n_events", "occurrences", "at_risk"]].to_numpy(dtype=float) * [1, 1, YEAR]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)


@few
@given(trials())
def test_classes_and_terms_are_counted_as_by_looking_at_each_subject(trial):
    rows = ba.safety.counts(trial)
    assert_counted(rows, trial)
    emerged = trial.adverse_events[~(trial.adverse_events["onset_day"] < 1)]
    assert rows["within"].ne("").sum() == 2 * len(emerged[["class", "term"]].drop_duplicates())


@pytest.mark.long
@few
@given(trials())
def test_severities_in_terms_are_counted_as_by_looking_at_each_subject(trial):
    assert_counted(ba.safety.counts(trial, by="term and severity"), trial, "severity")


@given(st.integers(1, 4), st.integers(1, 50), st.integers(0, 60), st.integers(0, 2**32 - 1))
def test_many_categories_in_small_blocks_are_counted_as_each_on_its_own(n_ranks, n_categories, n, seed):
    """A single category has room for a table of pairs; many together are sorted, and pairs extend over blocks."""
    rng = np.random.default_rng(seed)
    subjects = AtRisk(rng.integers(0, 3, 20), rng.integers(0, 40, 20).astype(float), 3)
    days = np.where(rng.random(n) < 0.1, np.nan, rng.integers(1, 36_525, n))
    occurrences = Occurrences(rng.integers(0, 20, n), coded_days(days), rng.integers(0, n_ranks, n), n_ranks)
    category = rng.integers(-1, n_categories, n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "_BLOCK", 3)
        together = count(occurrences, category, n_categories=n_categories, subjects=subjects)
    for number in range(n_categories):
        alone = count(occurrences, np.where(category == number, 0, -1), n_categories=1, subjects=subjects)
        for name in ("n_events", "occurrences", "at_risk"):
            np.testing.assert_allclose(getattr(together, name)[number], getattr(alone, name)[0], rtol=1e-12)

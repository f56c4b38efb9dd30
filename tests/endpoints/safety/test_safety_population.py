"""Adverse events are counted in the safety population, unless the user has chosen another."""

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.safety.counts import n_not_emergent
from botox_analysis.endpoints.safety.emergent import safety_population

pytestmark = pytest.mark.long

COUNTING = [
    ba.safety.counts,
    ba.safety.listing,
    ba.times.first_event,
    ba.safety.prevalence,
    ba.safety.counts_per_subject,
    ba.safety.onsets,
    ba.safety.mean_cumulative,
    ba.safety.onset_and_duration,
]


def trial_of(protocol=None, **columns):
    """Make six subjects, the last of each arm never treated; one of these two has an event."""
    subjects = pd.DataFrame({"subject": list("abcdef"), "arm": ["P", "P", "P", "T", "T", "T"], "last_day": 90}).assign(**columns)
    events = pd.DataFrame(
        {"subject": ["a", "d", "d", "f", "f"], "term": "Neck pain", "onset_day": [5, 9, -3, 12, -4], "end_day": 20}
    )
    settings = {"populations": ["treated"]} if "treated" in columns else None
    tables = {"subjects": subjects, "adverse_events": events}
    return ba.as_trial(tables, name="t", settings=settings, protocol=protocol)


TREATED = ["yes", "yes", "no", "yes", "yes", "no"]


def same(one, other):
    pd.testing.assert_frame_equal(one, other)
    return True


def test_denominators_are_the_safety_population_and_the_population_says_so():
    events = ba.safety.counts(trial_of(safety=TREATED))
    assert events["n_total"].unique().tolist() == [2]
    assert events["population"].unique().tolist() == ["safety"]
    assert events["n_events"].tolist()[:2] == [1, 1]


@pytest.mark.parametrize("count", COUNTING)
def test_a_trial_of_all_randomised_is_counted_in_its_safety_population(count):
    trial = trial_of(safety=TREATED)
    assert same(count(trial), count(trial.restrict("safety")))
    assert len(count(trial_of())) > 0


@pytest.mark.parametrize("count", COUNTING)
def test_the_protocols_population_goes_before_the_column_safety(count):
    trial = trial_of(ba.advanced.Protocol(safety_population="treated"), safety="yes", treated=TREATED)
    assert same(count(trial), count(trial.restrict("treated")))


@pytest.mark.parametrize("count", COUNTING)
def test_a_trial_that_is_restricted_stays_as_it_is(count):
    trial = trial_of(safety=TREATED, itt=["yes", "no", "yes", "yes", "no", "yes"])
    assert same(count(trial.restrict("itt")), count(trial_of(itt=["yes", "no", "yes", "yes", "no", "yes"]).restrict("itt")))


@pytest.mark.parametrize("count", COUNTING)
def test_without_a_safety_population_everybody_is_counted(count):
    everybody = trial_of(ba.advanced.Protocol(safety_population="all randomised"), safety=TREATED)
    assert same(count(trial_of()), count(everybody))


def test_what_is_not_emergent_is_counted_in_the_safety_population():
    assert n_not_emergent(trial_of()) == 2
    assert n_not_emergent(trial_of(safety=TREATED)) == 1


def test_the_safety_population_is_the_protocols_else_the_column_else_everybody():
    named = ba.advanced.Protocol(safety_population="treated")
    assert safety_population(trial_of(named, safety=TREATED, treated=TREATED)) == "treated"
    assert safety_population(trial_of(safety=TREATED)) == "safety"
    assert safety_population(trial_of()) == "all randomised"


def test_a_safety_population_that_is_not_there_or_empty_is_refused():
    with pytest.raises(ba.DataError, match="t has no population 'dosed'; its populations are 'all randomised', 'safety'"):
        ba.safety.counts(trial_of(ba.advanced.Protocol(safety_population="dosed"), safety=TREATED))
    with pytest.raises(ba.DataError, match="found no subject in the population 'safety'"):
        ba.safety.counts(trial_of(safety="no"))


def test_the_bundled_trial_gives_the_same_counts_with_and_without_restriction(simulated):
    assert same(ba.safety.counts(simulated), ba.safety.counts(simulated.restrict("safety")))

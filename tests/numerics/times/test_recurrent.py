"""Tests of the mean cumulative function against hand calculation, its definition in loops, and complete observation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botox_analysis.numerics.times.recurrent import cumulative_limits, cumulative_mean
from botox_analysis.numerics.times.survival import kaplan_meier


def by_definition(subject, time, last, until):
    """Compute mean and variance up to a time, subject by subject and time by time."""
    mean, parts = 0.0, np.zeros(len(last))
    for when in sorted(set(time)):
        if when > until:
            break
        n = sum(end >= when for end in last)
        rate = sum(t == when for t in time) / n
        mean += rate
        for number, end in enumerate(last):
            of_subject = sum(t == when and s == number for s, t in zip(subject, time, strict=True))
            parts[number] += (of_subject - rate * (end >= when)) / n
    return mean, float((parts**2).sum())


@st.composite
def histories(draw):
    last = draw(st.lists(st.integers(1, 8), min_size=1, max_size=6))
    events = draw(
        st.lists(st.integers(0, len(last) - 1).flatmap(lambda number: st.tuples(st.just(number), st.integers(1, last[number]))))
    )
    return [number for number, _ in events], [time for _, time in events], last


@given(histories())
def test_mean_and_variance_are_those_of_the_definition(history):
    curve = cumulative_mean(*history)
    expected = [by_definition(*history, until) for until in curve.time]
    np.testing.assert_allclose(np.column_stack([curve.mean, curve.variance]), expected, atol=1e-12)


@given(st.lists(st.lists(st.integers(1, 9), max_size=4), min_size=2, max_size=6))
def test_with_complete_observation_it_is_the_mean_of_the_counts_with_the_variance_of_a_mean(times):
    subject = [number for number, of_subject in enumerate(times) for _ in of_subject]
    curve = cumulative_mean(subject, [t for of_subject in times for t in of_subject], [9] * len(times))
    counts = np.array([len(of_subject) for of_subject in times])
    assert curve.mean[-1] == pytest.approx(counts.mean())
    assert curve.variance[-1] == pytest.approx(counts.var() / len(counts), abs=1e-12)


def test_with_events_that_end_observation_it_is_the_cumulative_hazard():
    last, observed = [2, 3, 3, 5, 8], np.array([True, True, False, True, False])
    curve = cumulative_mean(np.flatnonzero(observed), np.array(last)[observed], last)
    hazards = kaplan_meier(last, observed)
    np.testing.assert_allclose(curve.mean, np.cumsum(hazards.n_events / hazards.n_at_risk))


def test_limits_multiply_and_divide_by_the_same_factor():
    curve = cumulative_mean([0, 0, 1], [2, 4, 4], [9, 9, 9])
    low, high = cumulative_limits(curve, 0.95)
    np.testing.assert_allclose(low * high, curve.mean**2)
    np.testing.assert_allclose(np.log(high / curve.mean), 1.959964 * np.sqrt(curve.variance) / curve.mean, rtol=1e-6)


def test_before_the_first_event_there_are_no_limits():
    low, high = cumulative_limits(cumulative_mean([0], [4], [9, 2]), 0.95)
    assert np.isnan([low[0], high[0]]).all()
    assert np.isfinite([low[1], high[1]]).all()


def test_a_subject_whose_observation_has_ended_is_no_longer_at_risk():
    curve = cumulative_mean([1], [5], [3, 9])
    assert curve.n_at_risk.tolist() == [2, 1, 1]
    assert curve.mean.tolist() == [0, 1, 1]

"""Arguments of a simulated trial, and those that are refused in one sentence."""

import math

import numpy as np
import pytest

import botox_analysis as ba
from botox_analysis.trials.simulated.plan import (
    DROPOUT,
    EFFECT,
    EFFECTS,
    EVENT_TERMS,
    SHARE_DAILY,
    SUBJECTS,
    planned_arms,
)

PLACEBO, TOXIN = "placebo", "onabotulinumtoxinA"


@pytest.mark.parametrize(
    ("planned", "message"),
    [
        ({"n": 0}, "`n` in placebo must be a whole number from 2 to 10,000.*; got the number 0"),
        ({"n": 1}, "`n` in placebo must be a whole number from 2 to 10,000.*; got the number 1"),
        ({"n": -5}, "`n` in placebo must be a whole number from 2.*; got the number -5"),
        ({"n": 1e9}, "`n` in placebo must be a whole number from 2.*; got the number 1000000000.0"),
        ({"n": 10**9}, "`n` in placebo must be a whole number from 2.*; got the number 1000000000"),
        ({"n": 10**400}, "`n` in placebo must be a whole number from 2.*; got the number 1000.*"),
        ({"n": 50.0}, "`n` in placebo must be a whole number from 2.*; got the number 50.0"),
        ({"n": 50.5}, "`n` in placebo must be a whole number from 2.*; got the number 50.5"),
        ({"n": math.nan}, "`n` in placebo must be a whole number from 2.*; got the number nan"),
        ({"n": {TOXIN: 0}}, "`n` in onabotulinumtoxinA must be a whole number from 2.*; got the number 0"),
        ({"n": {"Placebo": 9}}, r"`n` must have arms among 'placebo', .*; got 'Placebo'\. Did you mean 'placebo'\?"),
        ({"effect": -40}, "`effect` must be from -6 to 2.8 headache days per 28 days.*; got the number -40"),
        ({"effect": 15.0}, "`effect` must be from -6 to 2.8 headache days per 28 days.*; got the number 15.0"),
        ({"effect": 10**400}, "`effect` must be from -6.*; got the number 1000.*"),
        ({"effect": math.nan}, "`effect` must be from -6.*; got the number nan"),
        ({"effect": -math.inf}, "`effect` must be from -6.*; got the number -inf"),
        ({"dropout": 1}, "`dropout` in placebo must be a share from 0 to below 1.*; got the number 1"),
        ({"dropout": 13}, "`dropout` in placebo must be a share from 0 to below 1.*; got the number 13"),
        ({"dropout": -0.1}, "`dropout` in placebo must be a share from 0.*; got the number -0.1"),
        ({"dropout": {TOXIN: math.nan}}, "`dropout` in onabotulinumtoxinA must be a share.*; got the number nan"),
        ({"dropout": {"toxin": 0.1}}, "`dropout` must have arms among 'placebo', 'onabotulinumtoxinA'; got 'toxin'"),
        ({"event_rates": {"Rash": 1.5}}, "`event_rates` of 'Rash' in placebo must be a share from 0 to 1.*; got the number 1.5"),
        ({"event_rates": {"Rash": -0.1}}, "`event_rates` of 'Rash' in placebo must be a share.*; got the number -0.1"),
        ({"event_rates": {"Rash": {TOXIN: 8}}}, "`event_rates` of 'Rash' in onabotulinumtoxinA must be .*; got the number 8"),
        (
            {"event_rates": {"Neckpain": 0.1}},
            r"`event_rates` must have terms among .*; got 'Neckpain'\. Did you mean 'Neck pain'\?",
        ),
        ({"event_rates": {5: 0.1}}, "`event_rates` must have terms among 'Neck pain', .*; got 5"),
        ({"event_rates": {"Rash": {"drug": 0.1}}}, "`event_rates` of 'Rash' must have arms among .*; got 'drug'"),
    ],
)
def test_a_number_out_of_its_range_or_an_unknown_word_is_refused_in_one_sentence(planned, message):
    with pytest.raises(ValueError, match=message) as refused:
        ba.simulate_trial(1, **planned)
    assert not isinstance(refused.value, ba.DataError)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", [None, True, "50", b"50", [50, 50], np.array([50, 50]), {"placebo": "50"}, {"placebo": None}])
@pytest.mark.parametrize("name", ["n", "dropout"])
def test_another_kind_than_a_number_is_refused(name, given):
    with pytest.raises(ba.DataError, match=f"`{name}` must be a .*, or one for each arm; got "):
        ba.simulate_trial(1, **{name: given})


@pytest.mark.parametrize("given", [None, False, "-1.8", {"onabotulinumtoxinA": -1.8}, [-1.8]])
def test_another_kind_of_effect_is_refused(given):
    with pytest.raises(ba.DataError, match=r"`effect` must be a difference in headache days per 28 days, such as -1.8; got "):
        ba.simulate_trial(1, effect=given)


@pytest.mark.parametrize("given", [0.5, "Neck pain", ["Neck pain"], True])
def test_another_kind_of_event_rates_is_refused(given):
    with pytest.raises(ba.DataError, match=r"`event_rates` must be a dict of rates by term, .*; got "):
        ba.simulate_trial(1, event_rates=given)


@pytest.mark.parametrize("given", [None, "0.1", [0.1], False])
def test_another_kind_of_rate_is_refused(given):
    with pytest.raises(ba.DataError, match=r"`event_rates` of 'Rash' must be a share of treated subjects.*; got "):
        ba.simulate_trial(1, event_rates={"Rash": given})


def test_left_out_arguments_are_the_bundled_plan():
    placebo, toxin = planned_arms(SUBJECTS, EFFECT, DROPOUT, None)
    assert (placebo.name, placebo.n, toxin.name, toxin.n) == (PLACEBO, 696, TOXIN, 688)
    assert (placebo.effect, toxin.effect) == (0, -1.8)
    assert placebo.event_rates == tuple(rate / 1000 for _, _, rate, _, _ in EVENT_TERMS)
    assert toxin.event_rates == tuple(rate / 1000 for _, _, _, rate, _ in EVENT_TERMS)


def test_numbers_of_numpy_are_numbers():
    planned = planned_arms(np.int64(50), np.float64(-1.0), np.float32(0.25), {"Rash": np.float64(0.5)})
    assert planned == planned_arms(50, -1.0, 0.25, {"Rash": 0.5})


def test_without_effect_the_arms_are_planned_alike():
    placebo, toxin = planned_arms(100, 0, 0.1, {term: 0.05 for term, *_ in EVENT_TERMS})
    assert (placebo.share_responder, placebo.effect, placebo.event_rates) == (toxin.share_responder, 0, toxin.event_rates)


@pytest.mark.parametrize("effect", EFFECTS)
def test_the_largest_effects_are_shares_of_responders(effect):
    _, toxin = planned_arms(100, effect, 0.1, None)
    assert 0 <= toxin.share_responder <= 1 - SHARE_DAILY

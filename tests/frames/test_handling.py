"""The words of handlings: each has its function, in the order of messages; sentences are made of parts."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.handling import (
    IMPUTATION_STRATEGIES,
    NEEDS_NO_REFERENCE,
    SINGLE_VALUE_RULES,
    Handling,
    handling_of,
    handlings_of,
    method_of,
    method_parts,
)
from botox_analysis.models.imputation.single_values import SINGLE_VALUES
from botox_analysis.models.imputation.strategies import COUNT_STRATEGIES, REFERENCE_BASED


def test_each_rule_and_strategy_has_a_function():
    assert tuple(SINGLE_VALUES) == SINGLE_VALUE_RULES
    assert tuple(REFERENCE_BASED) == IMPUTATION_STRATEGIES


def test_strategies_of_counts_are_strategies():
    assert set(COUNT_STRATEGIES) <= set(IMPUTATION_STRATEGIES)


def test_strategies_without_a_reference_are_strategies():
    assert set(NEEDS_NO_REFERENCE) <= set(IMPUTATION_STRATEGIES)


DIARY = Handling("observed cases", "PREEMPT rule: x; y")


def test_what_is_put_in_the_place_of_missing_values_takes_the_place_of_observed_cases_alone():
    assert DIARY.filled_by("a rule") == Handling("a rule", DIARY.derivation)
    assert Handling("a rule").filled_by("another") == Handling("another; a rule")


def test_what_missing_responses_count_as_stands_after_what_was_imputed():
    assert DIARY.counted_as("no response") == Handling("no response", DIARY.derivation)
    assert DIARY.filled_by("a rule").counted_as("no response").missing == "a rule; no response"


def test_the_sentence_of_a_handling_is_read_back_from_its_columns():
    frame = pd.DataFrame([DIARY.columns, Handling("a rule").columns])
    assert handlings_of(frame) == [DIARY, Handling("a rule")]


@pytest.mark.parametrize("said", ["observed cases; by hand", "PREEMPT rule: x; y", "imputed"])
def test_a_sentence_by_hand_stands_for_itself(said):
    assert handling_of(pd.DataFrame([DIARY.columns]).assign(imputation=said)) == Handling(said)
    assert handling_of(pd.DataFrame({"imputation": [said]})) == Handling(said)


def test_a_frame_that_does_not_say_has_an_empty_handling():
    assert handling_of(pd.DataFrame({"arm": ["A"]})) == handling_of(pd.DataFrame({"imputation": [np.nan]})) == Handling("")


def test_the_parts_of_a_method_are_read_back_from_its_columns():
    estimates = pd.DataFrame(method_of(["a model; a test", "another"], DIARY))
    parts = method_parts(estimates)
    assert parts["model"].tolist() == ["a model; a test", "another"]
    assert parts["handling"].tolist() == ["observed cases"] * 2
    assert parts["derivation"].tolist() == [DIARY.derivation] * 2


def test_a_method_by_hand_is_a_model():
    estimates = pd.DataFrame(method_of("a model", DIARY))
    for by_hand in (estimates.assign(method="mine; observed cases"), pd.DataFrame({"method": ["mine; observed cases"]})):
        assert method_parts(by_hand).iloc[0].tolist() == ["mine; observed cases", "", ""]


def test_estimates_of_ours_beside_those_by_hand_lack_parts_and_not_words():
    events = pd.DataFrame({"arm": ["a", "b"], "n_events": [3, 9], "n_total": [20, 20]})
    ours = ba.compare_rates(events)
    by_hand = ours.drop(columns=["model", "handling", "derivation"]).assign(trial="by hand")
    needed = ba.number_needed(pd.concat([ours, by_hand]).assign(better="higher"))
    assert needed["model"].tolist() == [ours["model"].iloc[0], ""]

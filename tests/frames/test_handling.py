"""The words of handlings: each has its function, in the order in which messages list them."""

from botox_analysis.frames.handling import IMPUTATION_STRATEGIES, NEEDS_NO_REFERENCE, SINGLE_VALUE_RULES
from botox_analysis.models.imputation.single_values import SINGLE_VALUES
from botox_analysis.models.imputation.strategies import COUNT_STRATEGIES, REFERENCE_BASED


def test_each_rule_and_strategy_has_a_function():
    assert tuple(SINGLE_VALUES) == SINGLE_VALUE_RULES
    assert tuple(REFERENCE_BASED) == IMPUTATION_STRATEGIES


def test_strategies_of_counts_are_strategies():
    assert set(COUNT_STRATEGIES) <= set(IMPUTATION_STRATEGIES)


def test_strategies_without_a_reference_are_strategies():
    assert set(NEEDS_NO_REFERENCE) <= set(IMPUTATION_STRATEGIES)

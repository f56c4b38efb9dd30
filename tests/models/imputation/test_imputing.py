"""Values carried forward, by hand."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.models.imputation.single_values import SINGLE_VALUES

FORWARD = "last observation carried forward"
WITH_BASELINE = "last observation carried forward, baseline included"


@pytest.fixture
def outcomes():
    frame = pd.DataFrame(
        {
            "subject": np.repeat(["seen", "left", "gap", "never"], 3),
            "arm": "a",
            "visit": ["w1", "w2", "w3"] * 4,
            "baseline": 20.0,
            "value": [18, 16, 14, 15, np.nan, np.nan, np.nan, 12, np.nan, np.nan, np.nan, np.nan],
        }
    )
    return ba.as_outcomes(frame, endpoint="days", arms=["a"], visits=["w1", "w2", "w3"])


def values(outcomes, subject):
    return outcomes.loc[outcomes["subject"] == subject, "value"].tolist()


def test_the_last_value_stands_for_those_after_it(outcomes):
    assert values(ba.missing.fill(outcomes, rule=FORWARD), "left") == [15, 15, 15]


def test_without_the_baseline_what_came_before_the_first_value_stays_missing(outcomes):
    filled = ba.missing.fill(outcomes, rule=FORWARD)
    assert np.isnan(values(filled, "gap")[0])
    assert values(filled, "gap")[1:] == [12, 12]
    assert np.isnan(values(filled, "never")).all()


def test_with_the_baseline_nobody_who_has_one_is_missing(outcomes):
    filled = ba.missing.fill(outcomes, rule=WITH_BASELINE)
    assert values(filled, "gap") == [20, 12, 12]
    assert values(filled, "never") == [20, 20, 20]


@pytest.mark.parametrize(
    ("strategy", "better", "left", "gap", "never"),
    [
        ("baseline observation carried forward", "lower", [15, 20, 20], [20, 12, 20], [20, 20, 20]),
        ("worst observation carried forward", "lower", [15, 20, 20], [20, 12, 20], [20, 20, 20]),
        ("worst observation carried forward", "higher", [15, 15, 15], [20, 12, 12], [20, 20, 20]),
    ],
)
def test_rules_by_hand(outcomes, strategy, better, left, gap, never):
    filled = ba.missing.fill(outcomes.assign(better=better), rule=strategy)
    assert [values(filled, who) for who in ("left", "gap", "never")] == [left, gap, never]
    assert filled["imputation"].unique().tolist() == [strategy]


def test_the_modified_rule_moves_the_last_value_by_the_ratio_of_the_means_of_those_seen_at_both(outcomes):
    filled = ba.missing.fill(outcomes, rule="last observation carried forward, modified")
    # from baseline to w1 20, 20 became 18, 15; from w1 to w2 18 became 16; from w2 to w3 16 became 14
    first, second, third = 33 / 40, 16 / 18, 14 / 16
    assert values(filled, "left") == pytest.approx([15, 15 * second, 15 * second * third])
    assert values(filled, "gap") == pytest.approx([20 * first, 12, 12 * third])
    assert values(filled, "never") == pytest.approx([20 * first, 20 * first * second, 20 * first * second * third])


def test_the_worst_observation_needs_a_direction(outcomes):
    undirected = outcomes.drop(columns="better")
    ba.missing.fill(undirected, rule="last observation carried forward")
    with pytest.raises(ba.DataError, match="outcomes has no column `better`, and rule 'worst observation carried forward' needs"):
        ba.missing.fill(undirected, rule="worst observation carried forward")


def test_the_modified_rule_needs_values():
    frame = pd.DataFrame({"subject": [1, 1], "arm": "a", "visit": ["w1", "w2"], "change": [-3.0, np.nan]})
    changes = ba.as_outcomes(frame, endpoint="days", arms=["a"], visits=["w1", "w2"])
    with pytest.raises(
        ba.DataError, match="has changes and no values, but 'last observation carried forward, modified' multiplies"
    ):
        ba.missing.fill(changes, rule="last observation carried forward, modified")


@pytest.mark.parametrize("strategy", SINGLE_VALUES)
def test_nothing_missing_leaves_every_rule_nothing_to_do(outcomes, strategy):
    complete = outcomes[outcomes["subject"] == "seen"]
    filled = ba.missing.fill(complete, rule=strategy)
    assert not filled["imputed"].any()
    told = ["imputation", "handling"]
    pd.testing.assert_frame_equal(filled.drop(columns=[*told, "imputed"]), complete.drop(columns=told), check_dtype=False)


def test_change_and_percent_follow_the_filled_value(outcomes):
    filled = ba.missing.fill(outcomes, rule=FORWARD)
    assert filled.loc[filled["subject"] == "left", "change"].tolist() == [-5, -5, -5]
    assert filled.loc[filled["subject"] == "left", "percent_change"].tolist() == [-25, -25, -25]


def test_observed_values_do_not_move_and_the_frame_given_is_not_changed(outcomes):
    before = outcomes.copy(deep=True)
    filled = ba.missing.fill(outcomes, rule=WITH_BASELINE)
    pd.testing.assert_frame_equal(outcomes, before)
    seen = outcomes["value"].notna()
    pd.testing.assert_series_equal(filled.loc[seen, "value"], outcomes.loc[seen, "value"])


def test_the_strategy_is_named_in_imputation(outcomes):
    assert ba.missing.fill(outcomes, rule=FORWARD)["imputation"].unique().tolist() == [FORWARD]


def test_the_diary_rule_stays_in_imputation(simulated):
    filled = ba.missing.fill(ba.HEADACHE_DAYS.derive(simulated), rule=FORWARD)
    assert filled["imputation"].iloc[0].startswith(f"{FORWARD}; PREEMPT rule")


def test_the_order_of_rows_does_not_matter(outcomes):
    shuffled = ba.missing.fill(outcomes.sample(frac=1, random_state=1), rule=FORWARD).sort_index()
    pd.testing.assert_frame_equal(shuffled, ba.missing.fill(outcomes, rule=FORWARD))


def test_changes_are_carried_where_only_changes_are_known():
    frame = pd.DataFrame(
        {"subject": [1, 1, 2, 2], "arm": "a", "visit": ["w1", "w2"] * 2, "change": [-3.0, np.nan, np.nan, np.nan]}
    )
    outcomes = ba.as_outcomes(frame, endpoint="days", arms=["a"], visits=["w1", "w2"])
    assert ba.missing.fill(outcomes, rule=FORWARD)["change"].tolist()[:2] == [-3, -3]
    assert ba.missing.fill(outcomes, rule=WITH_BASELINE)["change"].tolist() == [-3, -3, 0, 0]


def test_a_change_that_was_recorded_without_a_baseline_stays(outcomes):
    known = outcomes.copy()
    rows = known["subject"] == "never"
    known.loc[rows, "baseline"] = np.nan
    known.loc[rows, "change"] = [-1.0, -2.0, -3.0]
    assert ba.missing.fill(known, rule=FORWARD).loc[rows, "change"].tolist() == [-1, -2, -3]


def test_rules_that_need_a_baseline_are_refused_without(outcomes):
    for rule in (WITH_BASELINE, "baseline observation carried forward"):
        with pytest.raises(ba.DataError, match=f"outcomes has no baseline, by which '{rule}' imputes missing values"):
            ba.missing.fill(outcomes.assign(baseline=np.nan, change=np.nan), rule=rule)


def test_the_modified_rule_is_refused_where_its_ratio_is_none(edit, outcomes):
    low = edit(outcomes, baseline=outcomes["baseline"] - 40, value=outcomes["value"] - 40)
    with pytest.raises(ba.DataError, match="and the visit before, but their mean before is -20"):
        ba.missing.fill(low, rule="last observation carried forward, modified")


def test_absent_rows_are_refused(outcomes):
    with pytest.raises(ba.DataError, match=r"lacks \d rows of its 3 subjects at 3 visits"):
        ba.missing.fill(outcomes[outcomes["value"].notna()], rule=FORWARD)


def test_an_imputation_of_its_own_is_told_beside_the_rule(outcomes):
    told = ba.missing.fill(outcomes.assign(imputation="as in the case report form"), rule=FORWARD)
    assert told["imputation"].iloc[0] == f"{FORWARD}; as in the case report form"


def test_what_is_imputed_is_not_imputed_again_under_another_name(outcomes):
    with pytest.raises(ba.DataError, match=r"has imputed values \('last observation carried forward', in \d rows\)"):
        ba.missing.fill(ba.missing.fill(outcomes, rule=FORWARD), rule=WITH_BASELINE)


def test_an_unknown_strategy_is_told_with_the_known_ones(outcomes):
    with pytest.raises(ValueError, match=r"`rule` must be one of 'last observation.*; got 'LOCF'"):
        ba.missing.fill(outcomes, rule="LOCF")

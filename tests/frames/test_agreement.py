"""Value, baseline, change and percent change of outcomes: a frame in which one was edited alone is refused."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.agreement import rounding_of
from botox_analysis.frames.outcomes import check_outcomes

FRAME = pd.DataFrame(
    {
        "subject": np.repeat(["a", "b", "c", "d"], 2),
        "arm": np.repeat(["P", "T", "P", "T"], 2),
        "visit": ["w4", "w8"] * 4,
        "baseline": np.repeat([20.0, 18.5, 0.0, 7.1], 2),
        "value": [16.0, 12.0, 10.5, np.nan, 1.0, 0.0, 6.9, 3.3],
    }
)


@pytest.fixture
def outcomes():
    """Make four subjects, with a missing value and a baseline of 0."""
    return ba.as_outcomes(FRAME, endpoint="days", arms=["P", "T"], visits=["w4", "w8"])


def test_outcomes_as_they_are_made_agree(outcomes):
    assert check_outcomes(outcomes) is outcomes


@pytest.mark.parametrize("column", ["value", "baseline", "change"])
@pytest.mark.parametrize("edited", [lambda old: old + 1, lambda old: old * 1.001, lambda old: old.clip(upper=-1)])
def test_a_column_that_was_edited_alone_is_refused_with_the_way_to_say_which_holds(outcomes, column, edited):
    with pytest.raises(
        ba.DataError, match=r"must have change equal to value minus baseline; got \d rows that differ, .*Try as_outcomes"
    ) as refused:
        check_outcomes(outcomes.assign(**{column: edited(outcomes[column])}))
    assert "as_outcomes(frame.drop(columns='change'), ...)" in str(refused.value)
    assert "frame.assign(change=frame['value'] - frame['baseline'])" in str(refused.value)


def test_the_first_row_is_named_with_its_numbers(outcomes):
    outcomes.loc[1, "value"] = 15.0
    with pytest.raises(
        ba.DataError, match=r"got 1 rows that differ, the first at subject 'a', visit 'w8' \(15 - 20 against -8\)"
    ):
        check_outcomes(outcomes)


@pytest.mark.parametrize("column", ["value", "change"])
def test_a_value_or_a_change_that_was_taken_out_alone_is_refused(outcomes, column):
    with pytest.raises(ba.DataError, match=r"must have change equal to value minus baseline.*nothing"):
        check_outcomes(outcomes.assign(**{column: outcomes[column].mask(outcomes["visit"] == "w8")}))


@pytest.mark.parametrize("edited", [lambda old: old + 1, lambda old: old.mask(old < -40), lambda old: old.fillna(0.0)])
def test_a_percent_change_that_was_edited_alone_is_refused(outcomes, edited):
    with pytest.raises(
        ba.DataError, match=r"percent_change equal to 100 \* change / baseline; .*Try as_outcomes\(frame, \.\.\.\)"
    ):
        check_outcomes(outcomes.assign(percent_change=edited(outcomes["percent_change"])))


def test_taking_out_value_and_change_leaves_a_percent_change_that_is_refused(outcomes):
    gone = outcomes["visit"] == "w8"
    with pytest.raises(ba.DataError, match="must have percent_change equal to"):
        check_outcomes(outcomes.assign(value=outcomes["value"].mask(gone), change=outcomes["change"].mask(gone)))


def test_each_way_that_the_message_names_leads_to_outcomes(outcomes):
    edited = outcomes.assign(value=outcomes["value"] + 1)
    assigned = edited.assign(change=edited["value"] - edited["baseline"])
    again = {"endpoint": "days", "arms": ["P", "T"], "visits": ["w4", "w8"]}
    by_value = ba.as_outcomes(edited.drop(columns="change"), **again)
    by_change = ba.as_outcomes(edited.drop(columns="value"), **again)
    pd.testing.assert_frame_equal(ba.as_outcomes(assigned, **again), by_value)
    pd.testing.assert_frame_equal(by_change, outcomes)


def test_a_change_without_a_baseline_stands_for_itself(outcomes):
    assert len(check_outcomes(outcomes.assign(baseline=np.nan, value=np.nan))) == 8


@pytest.mark.parametrize("dtype", ["float32", "Float64", "Float32"])
def test_numbers_of_another_precision_agree(outcomes, dtype):
    numbers = ["baseline", "value", "change", "percent_change"]
    assert len(check_outcomes(outcomes.astype(dict.fromkeys(numbers, dtype)))) == 8
    single = FRAME.assign(change=FRAME["value"] - FRAME["baseline"]).astype({"value": dtype, "baseline": dtype, "change": dtype})
    assert len(ba.as_outcomes(single, endpoint="days", arms=["P", "T"], visits=["w4", "w8"])) == 8


def test_rounding_is_wider_for_single_precision_only():
    assert rounding_of([np.dtype("float64"), np.dtype("int64")]) == 1e-8
    assert 1e-7 < rounding_of([np.dtype("float64"), np.dtype("float32")]) < 1e-5


@pytest.mark.parametrize("column", ["baseline", "value", "change"])
@pytest.mark.parametrize(
    ("number", "said"), [(np.inf, "an infinite"), (-np.inf, "an infinite"), (2e12, "of 2e\\+12"), (-1e300, "of -1e")]
)
def test_numbers_that_no_measurement_has_are_refused(outcomes, column, number, said):
    far = outcomes.copy()
    far.loc[0, column] = number
    with pytest.raises(ba.DataError, match=f"must have numbers up to 1e.*; got an? .*{column}.* in 1 rows") as refused:
        check_outcomes(far)
    assert said.replace("\\", "") in str(refused.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda outcomes: ba.fit_mmrm(outcomes),
        lambda outcomes: ba.fit_ancova(outcomes),
        lambda outcomes: ba.fit_counts(outcomes),
        lambda outcomes: ba.fit_binary(outcomes, reduction=0.5),
        lambda outcomes: ba.responders(outcomes, reduction=0.5),
        lambda outcomes: ba.describe_change(outcomes),
        lambda outcomes: ba.missing.dropout(outcomes),
        lambda outcomes: ba.compare_ranks(outcomes),
        lambda outcomes: ba.missing.fill(outcomes, rule="last observation carried forward"),
        lambda outcomes: ba.missing.reasons(outcomes),
        lambda outcomes: ba.times.first_response(outcomes, reduction=0.5, visit_days={"w4": 28, "w8": 56}),
        lambda outcomes: ba.plot.distribution(outcomes, visit="w4"),
        lambda outcomes: ba.missing.sensitivity(outcomes, n=2, seed=1),
    ],
)
def test_every_verb_refuses_them(outcomes, call):
    with pytest.raises(ba.DataError, match="must have change equal to value minus baseline"):
        call(outcomes.assign(value=outcomes["value"] * 2))


def test_imputed_moved_and_addressed_outcomes_agree(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated).head(6 * 100)
    events = ba.intercurrent.events(simulated)
    for strategy in (
        "last observation carried forward",
        "worst observation carried forward",
        "baseline observation carried forward",
    ):
        check_outcomes(ba.missing.fill(outcomes, rule=strategy))
    for word in ("composite", "hypothetical", "while on treatment"):
        check_outcomes(ba.intercurrent.address(outcomes, events, strategies=dict.fromkeys(events["kind"].unique(), word)))
    imputations = ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1)
    check_outcomes(imputations.completed(1))
    check_outcomes(imputations.shift({"placebo": 2.0}, kind=ba.missing.Shift(on="all imputed")).completed(1))

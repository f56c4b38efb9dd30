"""`responders`: responders counted by hand, with the ties of scaled counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import botox_analysis as ba


def outcomes_of(baseline, value, arm=None, **columns):
    """Make one subject per pair of baseline and value, at one visit."""
    frame = pd.DataFrame({"subject": range(len(value)), "visit": "week 24", "value": value, **columns})
    frame["arm"] = "T" if arm is None else arm
    if baseline is not None:
        frame["baseline"] = baseline
    arms = list(dict.fromkeys(frame["arm"]))
    return ba.as_outcomes(frame, endpoint="days", arms=arms, visits=["week 24"])


def counts(events):
    return events[["n_events", "n_total"]].to_numpy().tolist()


# Shares ---------------------------------------------------------------------------------------------------------------


def test_half_of_the_baseline_is_a_response_and_a_day_more_is_none():
    assert counts(ba.responders(outcomes_of([20, 20, 20], [10, 11, 9]))) == [[2, 3]]


@pytest.mark.parametrize(("reduction", "n_events"), [(0.0, 5), (0.3, 4), (0.5, 3), (0.75, 2), (1.0, 1)])
def test_every_reduction_is_inclusive(reduction, n_events):
    outcomes = outcomes_of([20.0] * 6, [21, 20, 14, 10, 5, 0])
    assert counts(ba.responders(outcomes, reduction=reduction)) == [[n_events, 6]]


@given(st.integers(1, 28), st.sampled_from([0.3, 0.5, 0.75, 1.0]), st.integers(10, 28))
def test_a_tie_stays_a_tie_when_counts_are_scaled_to_28_days(baseline, reduction, n_recorded):
    value = round(baseline * (1 - reduction), 6)
    assume(value == int(value))
    scaled = 28 / n_recorded
    found = counts(
        ba.responders(outcomes_of([baseline * scaled] * 2, [value * scaled, (value + 1) * scaled]), reduction=reduction)
    )
    assert found == [[1, 2]]


def test_a_tie_of_days_scaled_from_27_recorded_ones_is_a_response():
    # 18 and 9 headache days, each in 27 recorded days, scaled by two different roundings.
    outcomes = outcomes_of([18 * (28 / 27)], [9 * 28 / 27])
    assert counts(ba.responders(outcomes, reduction=0.5)) == [[1, 1]]


def test_a_share_of_a_baseline_of_0_is_missing():
    outcomes = outcomes_of([0, 20], [0, 0])
    assert counts(ba.responders(outcomes)) == [[1, 1]]
    assert counts(ba.responders(outcomes, missing="non-responder imputation")) == [[1, 2]]


def test_a_rise_from_a_negative_baseline_is_no_reduction():
    assert counts(ba.responders(outcomes_of([-4, 20], [-3, 5])))[0][0] == 1


def test_several_thresholds_are_several_categories_with_their_numbers():
    events = ba.responders(outcomes_of([20, 20], [10, 14]), reduction=[0.3, 0.5])
    assert events["category"].tolist() == ["≥ 30 % reduction", "≥ 50 % reduction"]
    assert events["threshold"].tolist() == [0.3, 0.5]
    assert counts(events) == [[2, 2], [1, 2]]


def test_half_is_the_reduction_where_none_is_named():
    outcomes = outcomes_of([20, 20], [10, 14])
    pd.testing.assert_frame_equal(ba.responders(outcomes), ba.responders(outcomes, reduction=0.5))


def test_a_larger_reduction_never_has_more_responders(simulated):
    events = ba.responders(ba.HEADACHE_DAYS.derive(simulated), reduction=np.linspace(0, 1, 21))
    counted = events.groupby(["visit", "arm"], observed=True, sort=False)["n_events"]
    assert counted.apply(lambda n: n.is_monotonic_decreasing).all()
    assert counted.agg(lambda n: n.iloc[0] > n.iloc[-1]).all()


# Points ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("better", "points", "n_events"),
    [
        *(("lower", points, n_events) for points, n_events in ((4, 3), (5, 2), (6, 1), (0, 4))),
        *(("higher", points, n_events) for points, n_events in ((1, 1), (2, 1), (3, 0), (0, 2))),
    ],
)
def test_points_count_falls_where_lower_is_better_and_rises_where_higher_is(better, points, n_events):
    outcomes = outcomes_of([60] * 5, [54, 55, 56, 60, 62]).assign(better=better)
    assert counts(ba.responders(outcomes, points=points)) == [[n_events, 5]]


@pytest.mark.parametrize(("better", "category"), [("lower", "fall of ≥ 5 points"), ("higher", "rise of ≥ 5 points")])
def test_points_name_the_direction_that_is_better(better, category):
    events = ba.responders(outcomes_of([60], [55]).assign(better=better), points=5)
    assert (events["category"].tolist(), events["threshold"].tolist()) == ([category], [5])
    assert events["better"].tolist() == ["higher"]


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_points_tie_in_spite_of_rounding(better):
    outcomes = outcomes_of([0.3, 0.1], [0.1, 0.3]).assign(better=better)
    assert counts(ba.responders(outcomes, points=0.2)) == [[1, 2]]


def test_points_below_0_are_refused():
    with pytest.raises(ValueError, match=r"points is \[-5.0\]; points are in the direction that is better, each 0 or more"):
        ba.responders(outcomes_of([60], [55]), points=-5)


def test_points_of_outcomes_without_a_direction_are_refused():
    outcomes = outcomes_of([60], [55]).drop(columns="better")
    with pytest.raises(ba.DataError, match="outcomes has no column `better`, and a response by points needs the direction"):
        ba.responders(outcomes, points=5)
    assert "better" not in ba.responders(outcomes, reduction=0.5)


def test_a_fall_of_what_is_better_high_is_a_harm():
    events = [ba.responders(outcomes_of([60], [20]).assign(better=better), reduction=0.5) for better in ("lower", "higher")]
    assert [each["better"].iloc[0] for each in events] == ["higher", "lower"]


IMPUTED = "non-responder imputation"


@pytest.mark.parametrize("verb", ["responders", "fit_binary"])
@pytest.mark.parametrize("asked", [{}, {"reduction": 0.5}])
def test_a_missing_value_is_no_benefit_where_a_reduction_is_a_harm(verb, asked):
    outcomes = course().assign(better="higher")
    with pytest.raises(
        ba.DataError, match=r"must be 'observed cases' for a reduction where higher values are better.*Try points"
    ):
        getattr(ba, verb)(outcomes, **asked, missing=IMPUTED)


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_a_missing_value_counts_as_no_improvement_by_points_in_both_directions(better):
    outcomes = outcomes_of([60, 60], [np.nan, 50 if better == "lower" else 70]).assign(better=better)
    assert counts(ba.responders(outcomes, points=5, missing=IMPUTED)) == [[1, 2]]


def test_reductions_that_are_harms_are_counted_among_observed_cases():
    assert counts(ba.responders(outcomes_of([60, 60], [np.nan, 20]).assign(better="higher"), reduction=0.5)) == [[1, 1]]


def test_points_from_a_baseline_of_0_count():
    assert counts(ba.responders(outcomes_of([0, 5], [0, 0]), points=5)) == [[1, 2]]


def test_points_need_the_change_only():
    outcomes = outcomes_of(None, [np.nan, np.nan], change=[-5.0, -4.0])
    assert counts(ba.responders(outcomes, points=5)) == [[1, 2]]


# Missing values -------------------------------------------------------------------------------------------------------


def test_observed_cases_leave_out_whoever_lacks_a_baseline_or_a_value():
    outcomes = outcomes_of([20, 20, np.nan, np.nan], [5, np.nan, 5, np.nan])
    assert counts(ba.responders(outcomes)) == [[1, 1]]


def test_non_responder_imputation_counts_them_as_non_responders():
    outcomes = outcomes_of([20, 20, np.nan, np.nan], [5, np.nan, 5, np.nan])
    assert counts(ba.responders(outcomes, missing="non-responder imputation")) == [[1, 4]]


@pytest.mark.parametrize("asked", [{"reduction": 0.5}, {"points": 3}])
def test_both_ways_agree_where_nothing_is_missing(asked):
    outcomes = outcomes_of([20, 20, 8], [5, 15, 5])
    observed, imputed = (ba.responders(outcomes, missing=way, **asked) for way in ("observed cases", "non-responder imputation"))
    assert counts(observed) == counts(imputed)


def test_the_handling_of_missing_values_travels_with_the_events(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    said = ba.responders(outcomes, missing="non-responder imputation")["imputation"].unique().tolist()
    assert said == ["non-responder imputation; PREEMPT rule: at least 10 of 28 days recorded, scaled to 28"]


def test_non_responder_imputation_is_told_beside_an_imputation_done_before():
    outcomes = outcomes_of([20], [5]).assign(imputation="last observation carried forward")
    said = ba.responders(outcomes, missing="non-responder imputation")["imputation"][0]
    assert said == "last observation carried forward; non-responder imputation"


def test_everybody_is_in_the_total_of_non_responder_imputation(simulated):
    events = ba.responders(ba.HEADACHE_DAYS.derive(simulated), missing="non-responder imputation")
    assert events["n_total"].tolist() == [696, 688] * 6


def test_responses_are_the_same_in_both_ways_and_only_totals_differ(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    observed, imputed = (ba.responders(outcomes, missing=way) for way in ("observed cases", "non-responder imputation"))
    assert (observed["n_events"] == imputed["n_events"]).all()
    assert (observed["n_total"] < imputed["n_total"]).all()


# Arms and visits ------------------------------------------------------------------------------------------------------


def test_every_arm_stands_at_every_visit_in_order_even_without_events():
    frame = pd.DataFrame(
        {"subject": ["a", "b", "a"], "arm": ["T", "P", "T"], "visit": ["w4", "w4", "w8"], "baseline": 10, "value": [9, 9, 1]}
    )
    events = ba.responders(ba.as_outcomes(frame, endpoint="days", arms=["P", "T"], visits=["w4", "w8"]))
    assert events[["visit", "arm", "n_events", "n_total"]].astype(object).to_numpy().tolist() == [
        ["w4", "P", 0, 1],
        ["w4", "T", 0, 1],
        ["w8", "P", 0, 0],
        ["w8", "T", 1, 1],
    ]


def test_arms_and_visits_left_out_of_the_outcomes_are_not_counted():
    outcomes = outcomes_of([20, 20, 20], [5, 5, 20], arm=["P", "T", "X"])
    events = ba.responders(outcomes[outcomes["arm"] != "T"])
    assert events["arm"].tolist() == ["P", "X"]
    assert counts(events) == [[1, 1], [0, 1]]


def test_responders_are_events_of_the_endpoint():
    row = ba.responders(outcomes_of([20], [5], population="itt", trial="X")).iloc[0]
    assert (row["trial"], row["population"], row["endpoint"], row["visit"], row["stratum"]) == ("X", "itt", "days", "week 24", "")


def test_one_arm_only_is_refused_where_arms_are_compared():
    with pytest.raises(ba.DataError, match="events has one arm only, 'T'; a comparison needs two"):
        ba.compare_rates(ba.responders(outcomes_of([20], [5])))


# Refusals -------------------------------------------------------------------------------------------------------------


def test_reduction_and_points_at_once_are_refused():
    with pytest.raises(ValueError, match="responders takes reduction or points, not both"):
        ba.responders(outcomes_of([20], [5]), reduction=0.5, points=5)


@pytest.mark.parametrize("reduction", [50, -0.1, 1.01, [0.3, 30], float("nan")])
def test_a_reduction_that_is_no_share_is_refused(reduction):
    with pytest.raises(ValueError, match=r"reduction is \[.*\]; each is a share from 0 to 1, such as 0\.5"):
        ba.responders(outcomes_of([20], [5]), reduction=reduction)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"reduction": [0.3, 0.5, 0.3]}, r"reduction has '≥ 30 % reduction' a second time; expected each threshold once\."),
        ({"reduction": [0.3, 0.1 + 0.2]}, "reduction has '≥ 30 % reduction' a second time"),
        ({"points": [5, 5.0]}, "points has 'fall of ≥ 5 points' a second time"),
    ],
)
def test_a_threshold_that_is_there_twice_is_refused_at_the_door(asked, said):
    with pytest.raises(ValueError, match=rf"^{said}"):
        ba.responders(outcomes_of([20], [5]), **asked)


def test_points_that_are_no_number_are_refused():
    with pytest.raises(ValueError, match="points"):
        ba.responders(outcomes_of([20], [5]), points=float("nan"))


def test_an_unknown_handling_is_refused():
    with pytest.raises(ValueError, match=r"`missing` must be one of 'observed cases', 'non-responder imputation'.*; got 'worst'"):
        ba.responders(outcomes_of([20], [5]), missing="worst")


def test_a_share_of_baselines_that_are_not_there_is_refused():
    with pytest.raises(ba.DataError, match="baseline"):
        ba.responders(outcomes_of(None, [5, 6]))


def test_a_frame_that_is_not_outcomes_is_refused():
    with pytest.raises(ba.DataError, match="outcomes has no column 'arm', 'visit'"):
        ba.responders(pd.DataFrame({"subject": ["a"]}))


def test_outcomes_without_an_order_of_visits_are_refused():
    with pytest.raises(ba.DataError, match="must have an ordered column 'visit'"):
        ba.responders(outcomes_of([20], [5]).astype({"visit": str}))


# Strata ---------------------------------------------------------------------------------------------------------------


def test_each_stratum_has_its_rows_in_the_order_of_the_data():
    outcomes = outcomes_of([20] * 5, [10, 10, 20, 10, 20], arm=list("abaab"), overuse=["yes", "yes", "no", "no", "no"])
    events = ba.responders(outcomes, stratum="overuse")
    assert events[["stratum", "arm", "n_events", "n_total"]].to_numpy().tolist() == [
        ["yes", "a", 1, 1], ["yes", "b", 1, 1], ["no", "a", 1, 2], ["no", "b", 0, 1],
    ]  # fmt: skip


def test_a_stratum_without_anybody_in_an_arm_has_a_row_of_0():
    outcomes = outcomes_of([20, 20], [10, 10], arm=["a", "b"], overuse=["yes", "no"])
    assert ba.responders(outcomes, stratum="overuse")["n_total"].tolist() == [1, 0, 0, 1]


def test_strata_add_up_to_the_whole(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    key = ["visit", "arm", "category"]
    whole = ba.responders(outcomes, reduction=[0.3, 0.5]).set_index(key)[["n_events", "n_total"]]
    strata = ba.responders(outcomes, reduction=[0.3, 0.5], stratum="overuse")
    summed = strata.groupby(key, observed=True, sort=False)[["n_events", "n_total"]].sum()
    pd.testing.assert_frame_equal(summed.loc[whole.index], whole, check_dtype=False, check_index_type=False)


@pytest.mark.parametrize(
    ("overuse", "said"),
    [(["yes", None], "found 1 subjects without 'overuse'"), (None, "outcomes has no column 'overuse'")],
)
def test_a_stratum_that_is_missing_is_refused(overuse, said):
    outcomes = outcomes_of([20, 20], [10, 10], **({"overuse": overuse} if overuse else {}))
    with pytest.raises(ba.DataError, match=said):
        ba.responders(outcomes, stratum="overuse")


def test_a_stratum_that_changes_over_visits_is_refused(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    with pytest.raises(ba.DataError, match="'phase' changes over the visits of 1384 subjects"):
        ba.responders(outcomes.assign(phase=outcomes["visit"].astype(str)), stratum="phase")


# Baselines ------------------------------------------------------------------------------------------------------------


def course(**columns):
    """Make eight subjects in two arms at weeks 4 and 24."""
    frame = pd.DataFrame(
        {
            "subject": np.repeat(range(8), 2), "arm": np.repeat(["P", "T"] * 4, 2), "visit": ["week 4", "week 24"] * 8,
            "baseline": np.repeat([20.0, 18, 16, 22, 25, 19, 21, 17], 2), "value": np.arange(16) % 11 + 5.0,
        }
    ).assign(**columns)  # fmt: skip
    return ba.as_outcomes(frame.dropna(axis=1, how="all"), endpoint="days", arms=["P", "T"], visits=["week 4", "week 24"])


VERBS = {
    "responders": lambda outcomes, **asked: ba.responders(outcomes, **asked),
    "non-responders": lambda outcomes, **asked: ba.responders(outcomes, **asked, missing="non-responder imputation"),
    "fit_binary": lambda outcomes, **asked: ba.fit_binary(outcomes, **asked, covariates=()),
    "first_response": lambda outcomes, **asked: ba.times.first_response(outcomes, **asked),
    "pool_responders": lambda outcomes, **asked: ba.missing.impute(
        outcomes, strategy="missing at random", n=2, seed=1, covariates=()
    ).pool_responders(**asked),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("asked", [{"points": 2}, {"reduction": 0.5}])
def test_nobody_with_a_baseline_is_no_0_of_0(verb, asked):
    with pytest.raises(ba.DataError, match="outcomes has no baseline, and a response is a fall from it; expected one"):
        VERBS[verb](course(baseline=np.nan), **asked)


@pytest.mark.parametrize(("better", "move"), [("lower", "fall"), ("higher", "rise")])
def test_a_response_by_points_without_a_baseline_is_a_change_to_the_better(better, move):
    with pytest.raises(ba.DataError, match=f"outcomes has no baseline, and a response is a {move} from it"):
        ba.responders(course(baseline=np.nan).assign(better=better), points=2)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "pool_responders"])
@pytest.mark.parametrize("asked", [{"points": 2}, {"reduction": 0.5}])
def test_an_arm_in_which_nobody_has_a_baseline_is_named(verb, asked):
    half = course(baseline=np.repeat([20.0, np.nan] * 4, 2))
    with pytest.raises(ba.DataError, match="outcomes has no baseline in arm 'T', and a response is a fall from it"):
        VERBS[verb](half, **asked)


def test_imputations_of_one_arm_have_no_difference():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"subject": np.repeat(range(40), 2), "visit": ["week 4", "week 24"] * 40, "value": rng.normal(10, 3, 80)}
    )
    frame = frame.assign(arm=np.where(frame["subject"] % 2, "T", "P"), baseline=np.where(frame["subject"] % 2, np.nan, 20.0))
    half = ba.as_outcomes(frame, endpoint="days", arms=["P", "T"], visits=["week 4", "week 24"])
    with pytest.raises(
        ba.DataError, match=r"imputations has one arm only, 'P' \(left_out counts who did not enter\); a difference needs two"
    ):
        VERBS["pool_responders"](half, points=2)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "pool_responders"])
def test_an_arm_whose_baselines_are_all_0_has_no_shares(verb):
    with pytest.raises(ba.DataError, match="outcomes has no baseline above 0 in arm 'T', and a response is a fall from it"):
        VERBS[verb](course(baseline=np.repeat([20.0, 0.0] * 4, 2)), reduction=0.5)


def test_a_subject_without_a_baseline_leaves_the_others():
    some = course(baseline=np.repeat([np.nan, 18, 16, 22, 25, 19, 21, 17], 2))
    assert ba.responders(some, points=2)["n_total"].tolist() == [3, 4, 3, 4]


def test_changes_without_baselines_are_points_and_no_shares():
    changes = course(baseline=np.nan, value=np.nan, change=-3.0)
    assert ba.responders(changes, points=2)["n_events"].tolist() == [4, 4, 4, 4]
    with pytest.raises(ba.DataError, match=r"outcomes has no baseline, and a share needs one; take points\."):
        ba.responders(changes, reduction=0.5)


def test_ranks_of_changes_need_a_baseline():
    with pytest.raises(
        ba.DataError, match=r"outcomes must have baselines for the response 'change'; all are missing\. Try response='value'"
    ):
        ba.compare_ranks(course(baseline=np.nan))
    assert len(ba.compare_ranks(course(baseline=np.nan), response="value")) == 2


def test_continuation_of_subjects_without_a_baseline_is_not_assessable():
    events = ba.diary.continuation(course(baseline=np.repeat([20.0, np.nan] * 4, 2)), rule=ba.diary.PBS)
    assert events.query("category == 'not assessable'")["n_events"].tolist() == [0, 4]
    assert events["n_total"].unique().tolist() == [4]

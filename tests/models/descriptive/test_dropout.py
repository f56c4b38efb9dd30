"""`missing.dropout`: courses by the last visit with a value, by hand and against the means of all."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import botox_analysis as ba
from botox_analysis.models.descriptive.dropout import describe_dropout
from tests.tolerances import ROUNDING

NAN = np.nan
WEEKS = ["week 4", "week 8", "week 12"]


def outcomes_of(changes, arms=None, baseline=20.0):
    changes = np.array(changes, dtype=float)
    arms = arms or ["P"] * len(changes)
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(len(changes)), 3),
            "arm": np.repeat(arms, 3),
            "visit": np.tile(WEEKS, len(changes)),
            "baseline": baseline,
            "change": changes.ravel(),
        }
    )
    return ba.as_outcomes(frame, endpoint="days", arms=sorted(set(arms)), visits=WEEKS)


def shown(estimates, *columns):
    return estimates[["category", "visit", *columns]].to_numpy().tolist()


def pooled(estimates):
    """Means over all groups, weighted by their subjects, and how many these are."""
    known = estimates.assign(total=(estimates["estimate"] * estimates["n"]).fillna(0))
    sums = known.groupby(["visit", "arm"], sort=False)[["total", "n"]].sum()
    return sums["total"] / sums["n"], sums["n"]


def test_groups_go_by_the_last_value_and_each_course_ends_there():
    estimates = describe_dropout(outcomes_of([[-1, NAN, NAN], [-3, NAN, NAN], [-2, -4, -6], [-4, -6, -8]]))
    assert shown(estimates, "n", "estimate") == [
        ["last seen at week 4", "week 4", 2, -2], ["seen to the end", "week 4", 2, -3],
        ["seen to the end", "week 8", 2, -5], ["seen to the end", "week 12", 2, -7],
    ]  # fmt: skip


def test_a_gap_lacks_in_the_mean_and_moves_nobody_to_another_group():
    estimates = describe_dropout(outcomes_of([[-2, NAN, -6], [-4, -6, -8]]))
    assert shown(estimates, "n", "estimate") == [
        ["seen to the end", "week 4", 2, -3], ["seen to the end", "week 8", 1, -6], ["seen to the end", "week 12", 2, -7],
    ]  # fmt: skip


def test_a_visit_at_which_a_whole_group_has_a_gap_has_a_row_without_a_mean():
    estimates = describe_dropout(outcomes_of([[-2, NAN, -6]]))
    assert estimates["n"].tolist() == [1, 0, 1]
    np.testing.assert_array_equal(estimates["estimate"], [-2, NAN, -6])


def test_one_subject_has_a_mean_and_no_standard_error():
    estimates = describe_dropout(outcomes_of([[-2, -5, NAN]]))
    assert estimates["estimate"].tolist() == [-2, -5]
    assert estimates[["std_error", "df", "conf_low", "conf_high"]].isna().all(axis=None)


def test_subjects_without_any_value_are_in_no_group():
    estimates = describe_dropout(outcomes_of([[NAN] * 3, [-1, -1, -1]]))
    assert (estimates["category"].unique().tolist(), estimates["n"].tolist()) == (["seen to the end"], [1, 1, 1])


def test_limits_are_those_of_a_one_sample_t():
    estimates = describe_dropout(outcomes_of([[-1, NAN, NAN], [-3, NAN, NAN], [-8, NAN, NAN]]), conf_level=0.9)
    limits = stats.ttest_1samp([-1, -3, -8], 0).confidence_interval(0.9)
    row = estimates.iloc[0]
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((limits.low, limits.high), rel=ROUNDING)
    assert (row["df"], row["conf_level"]) == (2, 0.9)


@pytest.mark.parametrize(("measure", "columns"), [("mean change", []), ("mean", ["baseline", "change"])])
def test_without_missing_values_the_only_group_has_the_means_of_all(repeated, measure, columns):
    outcomes = repeated(3, n_arms=3)
    outcomes[columns] = NAN
    estimates = describe_dropout(outcomes)
    whole = ba.describe_change(outcomes).query("measure == @measure and visit != 'baseline'")
    assert estimates["category"].unique().tolist() == ["seen to the end"]
    numbers = ["n", "estimate", "std_error", "df", "conf_low", "conf_high"]
    matched = estimates.set_index(["visit", "arm"])[numbers].loc[[*zip(whole["visit"], whole["arm"], strict=True)]]
    np.testing.assert_allclose(matched, whole[numbers], rtol=ROUNDING)
    assert (estimates["measure"] == measure).all()


@pytest.mark.parametrize("seed", [1, 2])
def test_groups_together_have_the_observed_means(repeated, seed):
    outcomes = repeated(seed, n_arms=3, missing=0.3)
    mean, n = pooled(describe_dropout(outcomes))
    whole = ba.describe_change(outcomes).query("measure == 'mean change'").set_index(["visit", "arm"])
    np.testing.assert_allclose(mean, whole.loc[mean.index, "estimate"], rtol=ROUNDING)
    np.testing.assert_array_equal(n, whole.loc[mean.index, "n"])


def test_groups_of_a_large_trial_have_the_observed_means(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))
    mean, n = pooled(describe_dropout(outcomes))
    whole = ba.describe_change(outcomes).query("measure == 'mean change'").set_index(["visit", "arm"])
    np.testing.assert_allclose(mean, whole.loc[mean.index, "estimate"], rtol=ROUNDING)
    np.testing.assert_array_equal(n, whole.loc[mean.index, "n"])


def test_the_groups_of_an_arm_are_all_its_subjects_with_a_value(repeated):
    outcomes = repeated(5, missing=0.4)
    ends = describe_dropout(outcomes).drop_duplicates(["arm", "category"], keep="last")
    with_value = outcomes.dropna(subset="change").groupby("arm", observed=True)["subject"].nunique()
    assert ends.groupby("arm", sort=False)["n"].sum().tolist() == with_value.tolist()


def test_the_order_of_rows_does_not_matter(repeated):
    outcomes = repeated(4, missing=0.3)
    shuffled = describe_dropout(outcomes.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(shuffled, describe_dropout(outcomes), rtol=ROUNDING)


def test_arms_stand_in_their_order_and_early_groups_before_late_ones():
    estimates = describe_dropout(outcomes_of([[1, 1, 1], [1, 1, NAN], [1, NAN, NAN], [1, 1, 1]], arms=["T", "T", "P", "P"]))
    ends = estimates.drop_duplicates(["arm", "category"])
    assert ends[["arm", "category"]].to_numpy().tolist() == [
        ["P", "last seen at week 4"], ["P", "seen to the end"], ["T", "last seen at week 8"], ["T", "seen to the end"],
    ]  # fmt: skip


def test_nobody_is_seen_to_the_end_of_a_visit_without_any_value():
    estimates = describe_dropout(outcomes_of([[1, 1, NAN], [1, NAN, NAN]]))
    assert estimates["category"].unique().tolist() == ["last seen at week 4", "last seen at week 8"]


def test_the_method_tells_what_was_averaged_and_the_handling_of_missing_values(simulated):
    method = describe_dropout(ba.HEADACHE_DAYS.derive(simulated))["method"].unique().tolist()
    assert method == [
        "observed means by last visit with a value; observed cases; PREEMPT rule: at least 10 of 28 days recorded, scaled to 28"
    ]


def test_imputed_values_leave_nobody_who_was_seen_shorter():
    outcomes = ba.missing.fill(outcomes_of([[-1, NAN, NAN], [-2, -4, -6]]), rule="last observation carried forward")
    assert describe_dropout(outcomes)["category"].unique().tolist() == ["seen to the end"]


def test_outcomes_without_any_value_are_refused():
    with pytest.raises(ba.DataError, match="must have a change or a value in some row; all are missing"):
        describe_dropout(outcomes_of([[NAN] * 3]))


def test_a_confidence_level_in_per_cent_is_refused():
    with pytest.raises(ValueError, match=r"`conf_level` must be a number strictly between 0 and 1.*; got 95"):
        describe_dropout(outcomes_of([[1, 1, 1]]), conf_level=95)


def test_a_frame_that_is_not_outcomes_is_refused():
    with pytest.raises(ba.DataError, match="outcomes has no column 'arm', 'visit'"):
        describe_dropout(pd.DataFrame({"subject": ["a"]}))

"""Descriptions of subjects and of changes, by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import botox_analysis as ba


@pytest.fixture
def outcomes():
    frame = pd.DataFrame(
        {
            "subject": [1, 2, 3, 4],
            "arm": "a",
            "visit": "week 4",
            "baseline": [20.0, 10.0, 15.0, 12.0],
            "value": [10.0, 9.0, 12.0, np.nan],
        }
    )
    return ba.as_outcomes(frame, endpoint="days", arms=["a"], visits=["week 4"])


def estimate(frame, measure, visit="week 4"):
    return frame[(frame["measure"] == measure) & (frame["visit"] == visit)].iloc[0]


def test_the_baseline_is_of_everybody_who_has_one(outcomes):
    row = estimate(ba.describe_change(outcomes), "mean", "baseline")
    assert (row["n"], row["estimate"]) == (4, 14.25)


def test_the_mean_change_and_its_limits_are_a_one_sample_t(outcomes):
    row = estimate(ba.describe_change(outcomes), "mean change")
    test = stats.ttest_1samp([-10.0, -1.0, -3.0], 0).confidence_interval()
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((test.low, test.high))


def test_the_percent_reduction_is_of_the_mean_of_the_same_subjects(outcomes):
    row = estimate(ba.describe_change(outcomes), "percent reduction of the mean")
    assert row["estimate"] == pytest.approx(100 * (1 - 31 / 45))
    assert row["n"] == 3


def test_the_percent_reduction_has_the_error_of_a_simulated_ratio():
    rng = np.random.default_rng(5)
    drawn = rng.multivariate_normal([20, 12], [[9, 4], [4, 16]], size=(4000, 150), method="cholesky")
    ratios = 100 * (1 - drawn[:, :, 1].mean(axis=1) / drawn[:, :, 0].mean(axis=1))
    frame = pd.DataFrame({"subject": range(150), "arm": "a", "visit": "v", "baseline": drawn[0, :, 0], "value": drawn[0, :, 1]})
    row = estimate(
        ba.describe_change(ba.as_outcomes(frame, endpoint="days", arms=["a"], visits=["v"])), "percent reduction of the mean", "v"
    )
    # 150 subjects estimate a standard error to about 6 %, 4,000 repetitions to about 1 %.
    assert row["std_error"] == pytest.approx(ratios.std(), rel=0.2)


def test_the_mean_of_percent_changes_is_another_number(outcomes):
    row = estimate(ba.describe_change(outcomes), "mean percent change")
    assert row["estimate"] == pytest.approx(np.mean([-50, -10, -20]))


def test_one_subject_has_a_mean_and_no_limits(outcomes):
    row = estimate(ba.describe_change(outcomes.head(1)), "mean change")
    assert row["estimate"] == -10
    assert np.isnan(row["conf_low"])


def test_describe_counts_those_with_a_value():
    subjects = pd.DataFrame({"subject": ["a", "b", "c"], "arm": ["p", "p", "t"], "age": [40, None, 50], "sex": ["f", "m", "f"]})
    rows = ba.describe_baseline(ba.as_trial({"subjects": subjects}, name="three people"))
    age = rows[(rows["endpoint"] == "age") & (rows["arm"] == "p")].set_index("measure")
    assert (age.loc["mean", "n"], age.loc["mean", "estimate"]) == (1, 40)
    women = rows[(rows["category"] == "f") & (rows["arm"] == "all arms")].iloc[0]
    assert (women["n_events"], women["n"], women["estimate"]) == (2, 3, pytest.approx(2 / 3))


def test_describe_makes_no_p_values(simulated):
    assert ba.describe_baseline(simulated, endpoints=[ba.HEADACHE_DAYS])["p_value"].isna().all()


@pytest.mark.parametrize(("baseline", "better"), [(15.0, ["lower", "lower", "higher"]), (-15.0, ["lower", "", ""])])
def test_percentages_of_baselines_below_0_have_no_better_direction(outcomes, baseline, better):
    frame = outcomes[["subject", "arm", "visit", "value"]].assign(baseline=[20.0, 10.0, baseline, 12.0])
    made = ba.as_outcomes(frame, endpoint="days", arms=["a"], visits=["week 4"])
    described = ba.describe_change(made.assign(better="lower"))
    measures = ["mean change", "mean percent change", "percent reduction of the mean"]
    assert [estimate(described, measure)["better"] for measure in measures] == better

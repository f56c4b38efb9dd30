"""Arms compared by ranks: what the frame says, and refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import botox_analysis as ba
from botox_analysis.frames.estimates import check_estimates

ARMS = ("placebo", "155 U", "195 U")


@pytest.fixture(scope="module")
def outcomes():
    rng = np.random.default_rng(6)
    n = 90
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n), 2),
            "arm": np.repeat(np.array(ARMS)[np.arange(n) % 3], 2),
            "visit": np.tile(["week 12", "week 24"], n),
            "baseline": np.repeat(rng.integers(15, 29, n), 2),
            "value": np.where(rng.uniform(size=2 * n) < 0.1, np.nan, rng.integers(0, 29, 2 * n)),
            "site": np.repeat(rng.choice(["a", "b", "c"], n), 2),
        }
    )
    return ba.as_outcomes(frame, endpoint="headache days", arms=ARMS, visits=["week 12", "week 24"])


def values(outcomes, arm, visit="week 24", response="change"):
    return outcomes.query("arm == @arm and visit == @visit")[response].dropna().to_numpy(dtype=float)


@pytest.mark.parametrize("response", ["change", "value", "percent_change"])
def test_each_arm_is_compared_with_the_reference_at_each_visit(outcomes, response):
    rows = ba.compare_ranks(outcomes, response=response)
    assert rows[["visit", "arm"]].values.tolist() == [[visit, arm] for visit in ("week 12", "week 24") for arm in ARMS[1:]]
    for row in rows.itertuples():
        own, reference = (values(outcomes, arm, row.visit, response) for arm in (row.arm, row.reference))
        assert row.n == len(own) + len(reference)
        assert row.estimate == pytest.approx(np.median(np.subtract.outer(own, reference)), abs=1e-8)
        assert row.p_value == pytest.approx(stats.mannwhitneyu(own, reference, method="asymptotic").pvalue, rel=1e-6)


def test_measures_of_change_and_value_are_told_apart(outcomes):
    frames = [ba.compare_ranks(outcomes, response=response) for response in ("value", "change", "percent_change")]
    both = check_estimates(pd.concat(frames))
    assert both["measure"].unique().tolist() == [
        "Hodges-Lehmann shift",
        "Hodges-Lehmann shift in change",
        "Hodges-Lehmann shift in percent change",
    ]


def test_the_method_says_which_test_and_which_distribution(edit, outcomes):
    few = edit(outcomes[outcomes["subject"] < 12], change=lambda rows: rows["change"] + rows["subject"] / 100)
    said = [
        ba.compare_ranks(each, **call)["method"].iloc[0]
        for each, call in ((outcomes, {}), (few, {"visits": ["week 12"]}), (outcomes, {"stratum": "site"}))
    ]
    assert said == [
        "Wilcoxon rank-sum test, normal approximation; observed cases",
        "Wilcoxon rank-sum test, exact; observed cases",
        "van Elteren test over site; observed cases",
    ]


def test_one_stratum_is_none(outcomes):
    pd.testing.assert_frame_equal(ba.compare_ranks(outcomes.assign(country="x"), stratum="country"), ba.compare_ranks(outcomes))


def test_subjects_without_a_stratum_are_refused_as_responders_does(outcomes):
    holed = outcomes.assign(site=outcomes["site"].where(outcomes["subject"] > 1))
    said = r"outcomes: found 2 subjects without 'site' \('0', '1'\); expected a stratum for each"
    for ask in (ba.compare_ranks, ba.responders):
        with pytest.raises(ba.DataError, match=said):
            ask(holed, stratum="site")


def test_an_outlier_takes_no_digit_of_the_others(edit, outcomes):
    far = edit(outcomes, change=outcomes["change"].mask(outcomes["change"] == outcomes["change"].max(), 9e11))
    columns = ["estimate", "conf_low", "conf_high", "p_value"]
    pd.testing.assert_frame_equal(ba.compare_ranks(far)[columns], ba.compare_ranks(outcomes)[columns])


@pytest.mark.parametrize("response", ["change", "percent_change"])
def test_changes_that_differ_by_rounding_tie(response):
    frame = pd.DataFrame(
        {"subject": range(6), "arm": list("pppttt"), "visit": "week 4", "baseline": [16.8, 5.0, 8.4, 22.4, 16.0, 15.0],
         "value": [5.6, 5.3, 2.8, 11.2, 16.3, 15.9]}
    )  # fmt: skip
    changes = ba.as_outcomes(frame, endpoint="days", arms=["p", "t"], visits=["week 4"])
    tied = changes.assign(change=changes["change"].round(9), percent_change=changes["percent_change"].round(9))
    found, expected = (ba.compare_ranks(each, response=response).iloc[0] for each in (changes, tied))
    assert changes[response].nunique() > tied[response].nunique()
    assert (found["method"], found["p_value"]) == (expected["method"], expected["p_value"])
    assert found["estimate"] == pytest.approx(expected["estimate"], abs=1e-9)


def test_a_stratum_with_one_arm_does_not_count_and_the_note_says_so(outcomes):
    lonely = outcomes.assign(site=outcomes["site"].mask(outcomes["subject"] == 3, "d"))
    row = ba.compare_ranks(lonely, stratum="site").iloc[0]
    assert row["note"] == "left out: 1 subjects of 1 levels of site with one arm only"


def test_there_are_no_limits_where_there_are_too_few_subjects(outcomes):
    row = ba.compare_ranks(outcomes[outcomes["subject"] < 6], visits=["week 12"]).iloc[0]
    assert np.isnan([row["conf_low"], row["conf_high"]]).all()
    assert row["note"] == "no limits: too few subjects for 95 %"


def test_values_that_are_all_equal_differ_by_0_with_certainty(edit, outcomes):
    row = ba.compare_ranks(edit(outcomes, change=-1.0)).iloc[0]
    assert (row["estimate"], row["conf_low"], row["conf_high"], row["p_value"], row["note"]) == (
        0,
        0,
        0,
        1,
        "all values are equal",
    )


def test_it_can_be_drawn_as_a_forest(outcomes):
    label = ba.plot.forest(ba.compare_ranks(outcomes)).get_xlabel()
    assert label.startswith("Hodges-Lehmann shift in change in headache days")


def test_the_order_of_rows_does_not_matter(outcomes):
    shuffled = outcomes.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(ba.compare_ranks(shuffled, stratum="site"), ba.compare_ranks(outcomes, stratum="site"))


def test_an_arm_without_values_is_named(edit, outcomes):
    gone = edit(outcomes, change=outcomes["change"].where((outcomes["arm"] != "155 U") | (outcomes["visit"] != "week 24")))
    with pytest.raises(ba.DataError, match="must have a change in each arm at 'week 24'; got none in arm '155 U'"):
        ba.compare_ranks(gone)


def test_one_arm_is_refused(outcomes):
    with pytest.raises(ba.DataError, match="one arm only, 'placebo'; a comparison needs two"):
        ba.compare_ranks(outcomes[outcomes["arm"] == "placebo"])


def test_strata_of_one_arm_each_are_refused(outcomes):
    with pytest.raises(ba.FitError, match="no level of the stratum 'dose' has both arm '155 U' and 'placebo'"):
        ba.compare_ranks(outcomes.assign(dose=outcomes["arm"].astype(str)), stratum="dose")


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        ({"response": "ranks"}, ValueError, "`response` must be one of .*; got 'ranks'"),
        ({"conf_level": 95}, ValueError, "`conf_level` must be .*; got 95"),
        ({"stratum": "centre"}, ba.DataError, "no stratum 'centre'"),
        ({"visits": ["week 99"]}, ba.DataError, "nothing at 'week 99'"),
        ({"visits": "week 12"}, ValueError, "`visits` must be a list of names, each once; got 'week 12'"),
    ],
)
def test_unknown_words_are_refused(outcomes, call, error, said):
    with pytest.raises(error, match=said):
        ba.compare_ranks(outcomes, **call)

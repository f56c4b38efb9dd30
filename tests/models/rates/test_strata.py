"""Strata of events: added up, compared within, and whether an odds ratio is common to them."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

CATEGORIES = ["pain", "ptosis", "nausea"]
NUMBERS = ["n", "estimate", "std_error", "conf_low", "conf_high", "p_value"]


@pytest.fixture
def events() -> pd.DataFrame:
    """Three categories in four sites, two doses and placebo, with person-time; none is empty."""
    rng = np.random.default_rng(3)
    grid = pd.MultiIndex.from_product([CATEGORIES, ["north", "south", "east", "west"], ["placebo", "low", "high"]])
    frame = grid.to_frame(index=False, name=["category", "stratum", "arm"])
    frame["n_total"] = rng.integers(20, 60, len(frame))
    frame["n_events"] = rng.binomial(frame["n_total"], 0.2)
    frame["at_risk"] = frame["n_total"] * 0.4
    return frame


def pooled(events):
    return events.groupby(["category", "arm"], sort=False, as_index=False)[["n_total", "n_events", "at_risk"]].sum()


@pytest.mark.parametrize("measure", ["proportion", "incidence rate"])
def test_rates_are_those_of_the_strata_added_up(events, measure):
    whole, added = ba.event_rates(events, measure=measure), ba.event_rates(pooled(events), measure=measure)
    pd.testing.assert_frame_equal(whole[added.columns], added)


def test_a_time_that_is_unknown_in_one_stratum_is_unknown(events):
    events.loc[0, "at_risk"] = np.nan
    rates = ba.event_rates(events, measure="incidence rate")
    assert rates["note"].tolist() == ["patient-years are not known", *[""] * 8]
    compared = ba.compare_rates(events, measure="incidence rate difference")
    assert compared["note"].tolist() == ["patient-years are not known"] * 2 + [""] * 4


def test_several_strata_are_compared_within_them_and_the_method_says_so(events):
    compared = ba.compare_rates(events)
    assert compared["method"].unique().tolist() == [
        "stratified Miettinen-Nurminen interval, Cochran-Mantel-Haenszel weights, 4 strata"
    ]
    assert (compared["estimate"] != ba.compare_rates(pooled(events))["estimate"]).all()


def test_the_order_of_categories_and_arms_is_that_of_the_data(events):
    compared = ba.compare_rates(events)
    assert compared[["category", "arm"]].to_numpy().tolist() == [[what, arm] for what in CATEGORIES for arm in ("low", "high")]


def test_the_order_of_rows_within_a_category_does_not_matter(events):
    ordered = events.assign(arm=pd.Categorical(events["arm"], ["placebo", "low", "high"]))
    shuffled = ordered.sample(frac=1, random_state=1).sort_values(
        "category", key=lambda c: c.map(CATEGORIES.index), kind="stable"
    )
    pd.testing.assert_frame_equal(ba.compare_rates(ordered)[NUMBERS], ba.compare_rates(shuffled)[NUMBERS])


def test_names_of_strata_do_not_matter(events):
    renamed = events.assign(stratum=events["category"] + " " + events["stratum"])
    pd.testing.assert_frame_equal(ba.compare_rates(events), ba.compare_rates(renamed))


def test_a_stratum_without_a_name_is_a_stratum(events):
    nameless = events.assign(stratum=events["stratum"].replace("south", None))
    pd.testing.assert_frame_equal(ba.compare_rates(events), ba.compare_rates(nameless))


def test_each_category_is_compared_within_its_own_strata(events):
    fewer = events[~((events["category"] == "ptosis") & (events["stratum"].isin(["east", "west"])))]
    fewer = fewer[~((fewer["category"] == "nausea") & (fewer["stratum"] != "north"))]
    compared = ba.compare_rates(fewer)
    words = "stratified Miettinen-Nurminen interval, Cochran-Mantel-Haenszel weights"
    assert (
        compared["method"].tolist()
        == [f"{words}, 4 strata"] * 2 + [f"{words}, 2 strata"] * 2 + ["Miettinen-Nurminen interval"] * 2
    )
    alone = pd.concat([ba.compare_rates(fewer[fewer["category"] == category]) for category in CATEGORIES], ignore_index=True)
    pd.testing.assert_frame_equal(compared, alone)


def test_one_stratum_by_any_name_is_no_stratification():
    events = pd.DataFrame({"arm": ["a", "b"], "n_events": [3, 5], "n_total": 20})
    pd.testing.assert_frame_equal(ba.compare_rates(events), ba.compare_rates(events.assign(stratum="all sites")))


def test_strata_with_one_arm_only_do_not_count_and_are_told(events):
    lacking = events.assign(n_total=events["n_total"].where((events["stratum"] != "east") | (events["arm"] != "low"), 0))
    lacking["n_events"] = lacking[["n_events", "n_total"]].min(axis=1)
    compared = ba.compare_rates(lacking)
    assert compared["note"].tolist() == ["1 of 4 strata have one arm only and do not count", ""] * 3
    without = ba.compare_rates(events[events["stratum"] != "east"])
    assert compared["estimate"].iloc[::2].tolist() == pytest.approx(without["estimate"].iloc[::2].tolist())


def test_a_ratio_in_strata_that_do_not_count_and_have_no_event_says_both():
    events = pd.DataFrame({"stratum": list("uuvv"), "arm": list("ab") * 2, "n_events": [0, 1, 0, 5], "n_total": [10, 10, 0, 10]})
    row = ba.compare_rates(events, measure="log risk ratio").iloc[0]
    assert row["note"] == "1 of 2 strata have one arm only and do not count; no event in the reference"


def test_an_odds_ratio_that_is_infinite_within_each_stratum_says_why():
    events = pd.DataFrame({"stratum": list("uuvv"), "arm": list("ab") * 2, "n_events": [10, 1, 3, 0], "n_total": 10})
    row = ba.compare_rates(events, measure="log odds ratio").iloc[0]
    assert row["estimate"] == -np.inf
    assert row["note"] == "in each stratum nobody or everybody of an arm has the event"


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"interval": "mee"}, "for several strata, 'miettinen-nurminen', 'newcombe', .* as events has 4 strata; got 'mee'"),
        ({"interval": "exact"}, "'miettinen-nurminen', 'newcombe', 'mantel-haenszel', as .* add up the counts first"),
        ({"measure": "log risk ratio", "interval": "log"}, "'miettinen-nurminen', 'mantel-haenszel', as .* or add up"),
        ({"test": "fisher"}, "got 'fisher'. Try test='cochran-mantel-haenszel', or leave it out"),
    ],
)
def test_what_is_for_one_stratum_is_refused_for_several_with_what_is_not(events, choice, said):
    with pytest.raises(ValueError, match=said):
        ba.compare_rates(events, **choice)


def test_an_arm_that_lacks_a_stratum_is_not_taken_for_one_without_events(events):
    rows = (events["category"] == "ptosis") & (events["stratum"] == "south") & (events["arm"] == "high")
    with pytest.raises(ba.DataError, match="with 0 for no events; got none of arm 'high' for category 'ptosis', stratum 'south'"):
        ba.compare_rates(events[~rows])


def test_the_test_of_cochran_mantel_and_haenszel_is_part_of_the_method(events):
    compared = ba.compare_rates(events, interval="newcombe", test="cochran-mantel-haenszel")
    assert compared["method"].iloc[0].endswith("4 strata, Cochran-Mantel-Haenszel test")
    assert compared["p_value"].tolist() == pytest.approx(ba.compare_rates(events)["p_value"].tolist())


def test_homogeneity_is_breslow_and_day_s_statistic_of_each_category_and_arm(events):
    # Doll and Hill (1950), as in Fagerland, Lydersen and Laake (2017), chapter 10: P = 0.02292, T = 5.175.
    smoking = pd.DataFrame(
        {
            "stratum": ["men"] * 2 + ["women"] * 2,
            "arm": ["none", "smoker"] * 2,
            "n_events": [2, 647, 19, 41],
            "n_total": [29, 1269, 51, 69],
        }
    )
    row = ba.homogeneity(smoking).iloc[0]
    assert f"{row['estimate']:.3f} {row['df']:.0f} {row['p_value']:.5f}" == "5.175 1 0.02292"
    told = ba.homogeneity(events)
    assert told[["category", "arm"]].to_numpy().tolist() == ba.compare_rates(events)[["category", "arm"]].to_numpy().tolist()
    assert told["df"].tolist() == [3] * 6


def test_homogeneity_of_equal_odds_ratios_is_complete():
    same = pd.DataFrame({"stratum": list("uuvv"), "arm": list("ab") * 2, "n_events": [4, 8, 8, 16], "n_total": [20, 20, 40, 40]})
    row = ba.homogeneity(same).iloc[0]
    assert (row["estimate"], row["p_value"]) == pytest.approx((0, 1), abs=1e-9)


def test_homogeneity_without_events_is_missing_with_a_note():
    none = pd.DataFrame({"stratum": list("uuvv"), "arm": list("ab") * 2, "n_events": 0, "n_total": 20})
    row = ba.homogeneity(none).iloc[0]
    assert np.isnan([row["estimate"], row["df"], row["p_value"]]).all()
    assert row["note"] == "too few strata with and without the event say anything of a common odds ratio"


def test_homogeneity_of_one_stratum_is_refused():
    with pytest.raises(ba.DataError, match="must have two strata or more for a test of homogeneity; got one"):
        ba.homogeneity(pd.DataFrame({"arm": ["a", "b"], "n_events": [3, 5], "n_total": 20}))

"""`times.compare`: Cox's model, log-rank tests and restricted means against R, by brute force, and at the edges."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from scipy.optimize import minimize

import botox_analysis as ba

REFERENCE = Path(__file__).parents[2] / "reference" / "survival"
KNOWN = pd.read_csv(REFERENCE / "known_values.csv", dtype={"value": str})
COMPARISONS = KNOWN[KNOWN["quantity"].str.contains("hazard|p$")]
ARMS = ["placebo", "low", "high"]


def half_a_unit(printed):
    """Half of the last digit that was printed."""
    mantissa, _, exponent = printed.partition("e")
    return 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])) * (1 + 1e-9)


def known_times(data, arm):
    """The data of a reference with the arm compared in the second place."""
    times = pd.read_csv(REFERENCE / f"{data}.csv")
    return times.assign(arm=pd.Categorical(times["arm"], sorted(times["arm"].unique(), key=lambda name: name == arm)))


def by_hand(*rows):
    """*times* from (arm, time, observed) in the order of arms given."""
    frame = pd.DataFrame(rows, columns=["arm", "time", "observed"])
    return frame.assign(subject=frame.index, arm=pd.Categorical(frame["arm"], list(dict.fromkeys(frame["arm"]))))


@pytest.fixture
def times():
    """Three arms, two sites, a number and a factor, ties and censoring."""
    rng = np.random.default_rng(4)
    n = 150
    arm, age = rng.integers(0, 3, n), rng.normal(45, 9, n)
    time = np.ceil(rng.exponential(30 * np.exp(0.4 * arm - 0.02 * (age - 45))))
    return pd.DataFrame(
        {
            "subject": np.arange(n),
            "arm": pd.Categorical(np.take(ARMS, arm), ARMS),
            "time": np.minimum(time, 60),
            "observed": time <= 60,
            "age": age,
            "sex": rng.choice(["female", "male"], n),
            "site": rng.choice(["east", "west"], n),
        }
    )


def efron(beta, x, time, observed, stratum):
    """Minus the logarithm of Efron's partial likelihood, as he wrote it."""
    total = 0.0
    for where in np.unique(stratum):
        for when in np.unique(time[observed & (stratum == where)]):
            risk = np.exp(x[(time >= when) & (stratum == where)] @ beta).sum()
            tied = x[(time == when) & observed & (stratum == where)] @ beta
            total += sum(np.log(risk - share * np.exp(tied).sum()) for share in np.arange(len(tied)) / len(tied)) - tied.sum()
    return total


def brute_force(times, covariates, stratum):
    """Coefficients of the arms and their standard errors, by numerical optimisation and differentiation."""
    columns = [times["arm"].eq(arm) for arm in ARMS[1:]]
    columns += [times[name].eq("male") if name == "sex" else times[name] - 45 for name in covariates]
    x = np.column_stack(columns).astype(float)
    groups = times[stratum].to_numpy() if stratum else np.zeros(len(times))
    data = (x, times["time"].to_numpy(), times["observed"].to_numpy(), groups)
    best = minimize(efron, np.zeros(x.shape[1]), data, method="BFGS", options={"gtol": 1e-7}).x
    step = 1e-3 * np.eye(len(best))
    hessian = [
        [sum(a * b * efron(best + a * one + b * other, *data) for a in (-1, 1) for b in (-1, 1)) / 4e-6 for one in step]
        for other in step
    ]
    return best[:2], np.sqrt(np.diag(np.linalg.inv(hessian)))[:2]


@pytest.mark.parametrize("known", list(COMPARISONS.itertuples()), ids=lambda row: f"{row.data}-{row.quantity}")
def test_hazard_ratios_and_p_values_are_those_of_r(known):
    test = "log-rank" if "log-rank" in known.quantity else "wald"
    row = ba.times.compare(known_times(known.data, known.arm), test=test).iloc[0]
    column = "p_value" if known.quantity.endswith(" p") else "std_error" if "std_error" in known.quantity else "estimate"
    assert row[column] == pytest.approx(float(known.value), abs=half_a_unit(known.value), rel=0)


@pytest.mark.long
@pytest.mark.parametrize(("covariates", "stratum"), [((), None), (("age", "sex"), None), ((), "site"), (("age",), "site")])
def test_coefficients_and_standard_errors_are_those_of_brute_force(times, covariates, stratum):
    compared = ba.times.compare(times, covariates=covariates, stratum=stratum)
    estimate, std_error = brute_force(times, covariates, stratum)
    np.testing.assert_allclose(compared["estimate"], estimate, atol=2e-6)
    np.testing.assert_allclose(compared["std_error"], std_error, rtol=1e-4)


def test_the_limits_and_the_p_value_are_those_of_the_normal_distribution(times):
    row = ba.times.compare(times, conf_level=0.9).iloc[1]
    assert row["conf_low"] == pytest.approx(row["estimate"] - 1.6448536 * row["std_error"])
    assert row["p_value"] == pytest.approx(2 * scipy.stats.norm.sf(abs(row["estimate"] / row["std_error"])))
    assert (row["n"], row["n_events"]) == (
        times["arm"].isin(["placebo", "high"]).sum(),
        times.loc[times["arm"].isin(["placebo", "high"]), "observed"].sum(),
    )


def test_the_log_rank_test_is_that_of_the_arm_and_the_reference_alone(times):
    row = ba.times.compare(times, test="log-rank").iloc[1]
    placebo, high = (
        scipy.stats.CensoredData.right_censored(own["time"], ~own["observed"])
        for own in (times.query("arm == 'placebo'"), times.query("arm == 'high'"))
    )
    assert row["p_value"] == pytest.approx(scipy.stats.logrank(placebo, high).pvalue, rel=1e-10)


def test_a_stratified_log_rank_test_adds_up_its_strata(times):
    two = times[times["arm"] != "low"]
    difference = variance = 0.0
    for _, stratum in two.groupby("site"):
        for when in stratum.loc[stratum["observed"], "time"].unique():
            risk = stratum[stratum["time"] >= when]
            n, n_high, d = len(risk), (risk["arm"] == "high").sum(), (risk["time"].eq(when) & risk["observed"]).sum()
            difference += (risk["time"].eq(when) & risk["observed"] & risk["arm"].eq("high")).sum() - d * n_high / n
            variance += d * (n_high / n) * (1 - n_high / n) * (n - d) / max(n - 1, 1)
    row = ba.times.compare(times, test="log-rank", stratum="site").iloc[1]
    assert row["p_value"] == pytest.approx(scipy.stats.chi2.sf(difference**2 / variance, 1), rel=1e-10)


def test_changing_places_changes_the_sign(times):
    two = times[times["arm"] != "low"]
    turned = two.assign(arm=two["arm"].cat.set_categories(["high", "placebo"]))
    one, other = ba.times.compare(two).iloc[0], ba.times.compare(turned).iloc[0]
    assert (one["estimate"], one["std_error"]) == pytest.approx((-other["estimate"], other["std_error"]))


def test_a_covariate_that_is_shifted_or_a_day_that_is_half_as_long_changes_nothing(times):
    moved = times.assign(age=times["age"] * 3 + 1000, time=times["time"] / 2)
    one, other = ba.times.compare(times, covariates=["age"]), ba.times.compare(moved, covariates=["age"])
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-8)


def test_the_method_says_strata_covariates_and_test(times):
    row = ba.times.compare(times.assign(imputation="observed cases"), covariates=["age", "sex"], stratum="site").iloc[0]
    assert row["method"] == (
        "Cox's model with Efron's ties, stratified by site, conditional on age and sex; Wald test; observed cases"
    )


@pytest.mark.parametrize(
    ("arguments", "measure"),
    [
        ({}, "log hazard ratio"),
        ({"test": "log-rank"}, "log hazard ratio"),
        ({"stratum": "site"}, "conditional log hazard ratio"),
        ({"covariates": ["age"]}, "conditional log hazard ratio"),
    ],
)
def test_a_hazard_ratio_within_strata_or_beside_covariates_is_called_conditional(times, arguments, measure):
    assert ba.times.compare(times, **arguments)["measure"].unique().tolist() == [measure]


def test_conditional_hazard_ratios_are_drawn_as_ratios(times):
    ax = ba.plot.forest(ba.times.compare(times, stratum="site"))
    assert (ax.get_xscale(), ax.get_xlabel().split("\n")[0]) == ("log", "Conditional hazard ratio")


def test_subjects_without_a_covariate_do_not_enter_and_are_counted(times):
    gaps = times.assign(age=times["age"].where(times.index % 10 > 0))
    row = ba.times.compare(gaps, covariates=["age"]).iloc[1]
    complete = ba.times.compare(gaps.dropna(), covariates=["age"]).iloc[1]
    assert (row["estimate"], row["n"]) == pytest.approx((complete["estimate"], complete["n"]))
    n_gaps = (gaps["age"].isna() & gaps["arm"].isin(["placebo", "high"])).sum()
    assert row["note"] == f"{n_gaps} subjects without a covariate do not enter"


def test_without_censoring_the_difference_of_restricted_means_is_that_of_means():
    rows = [("a", 3, True), ("a", 8, True), ("a", 20, True), ("b", 5, True), ("b", 9, True), ("b", 30, True), ("b", 40, True)]
    row = ba.times.compare(by_hand(*rows), measure="restricted mean difference", horizon=25).iloc[0]
    a, b = np.array([3, 8, 20]), np.array([5, 9, 25, 25])
    assert row["estimate"] == pytest.approx(b.mean() - a.mean())
    assert row["std_error"] == pytest.approx(np.sqrt(a.var() / 3 + b.var() / 4))
    assert (row["visit"], row["time"], row["n_events"]) == ("day 25", 25, 5)


def test_a_difference_of_restricted_means_is_that_of_the_means(times):
    means = ba.times.restricted_means(times).set_index("arm")
    rows = ba.times.compare(times, measure="restricted mean difference").set_index("arm")
    assert rows.loc["high", "estimate"] == pytest.approx(means.loc["high", "estimate"] - means.loc["placebo", "estimate"])
    assert rows.loc["high", "std_error"] == pytest.approx(np.hypot(*means.loc[["high", "placebo"], "std_error"]))


# The edges ------------------------------------------------------------------------------------------------------------


def test_an_arm_without_events_has_a_hazard_ratio_of_0_without_limits_and_leaves_the_others_as_they_are(times):
    two = times[times["arm"] != "high"]
    none = times.assign(observed=times["observed"] & (times["arm"] != "high"))
    rows = ba.times.compare(none).set_index("arm")
    assert rows.loc["high", "estimate"] == -np.inf
    assert rows.loc["high", ["std_error", "conf_low", "conf_high", "p_value"]].isna().all()
    assert rows.loc["high", "note"] == ("no event in 'high' while 'placebo' is at risk: the hazard ratio is 0, without limits")
    alone = ba.times.compare(two).iloc[0]
    assert rows.loc["low", ["estimate", "std_error"]].tolist() == pytest.approx(alone[["estimate", "std_error"]].tolist())


def test_a_reference_without_events_makes_every_hazard_ratio_infinite_and_the_log_rank_test_still_answers(times):
    none = times.assign(observed=times["observed"] & (times["arm"] != "placebo"))
    rows = ba.times.compare(none, test="log-rank")
    assert rows["estimate"].tolist() == [np.inf, np.inf]
    assert (rows["p_value"] < 1e-4).all()
    assert rows["note"].iloc[0] == "no event in 'placebo' while 'low' is at risk: the hazard ratio is infinite, without limits"


def test_without_any_event_nothing_is_known_and_the_note_says_so(times):
    rows = ba.times.compare(times.assign(observed=False), test="log-rank")
    assert rows[["estimate", "p_value"]].isna().all(axis=None)
    assert rows["note"].iloc[0] == (
        "no event while 'low' and 'placebo' are both at risk: the hazard ratio is not known; "
        "no event while both arms are at risk: no log-rank test"
    )


def test_arms_that_are_never_at_risk_together_in_a_stratum_are_not_compared():
    times = by_hand(("a", 3, True), ("a", 5, True), ("b", 4, True), ("b", 6, True)).assign(site=["x", "x", "y", "y"])
    row = ba.times.compare(times, stratum="site").iloc[0]
    assert np.isnan(row["estimate"])
    assert "the hazard ratio is not known" in row["note"]


def test_an_arm_whose_subjects_all_fail_before_any_other_has_an_infinite_hazard_ratio():
    row = ba.times.compare(by_hand(("a", 3, True), ("a", 5, True), ("b", 1, True), ("b", 2, True))).iloc[0]
    assert row["estimate"] == np.inf


def test_arms_are_comparable_by_way_of_a_third():
    # a fails while b is at risk, b while c is, c while a is.
    times = by_hand(("a", 2, True), ("a", 9, False), ("b", 4, True), ("b", 3, False), ("c", 6, True), ("c", 5, False))
    rows = ba.times.compare(times)
    assert np.isfinite(rows["estimate"]).all()


def test_one_subject_an_arm_is_compared_or_told_why_not():
    row = ba.times.compare(by_hand(("a", 3, True), ("b", 5, True))).iloc[0]
    assert row["estimate"] == -np.inf
    difference = ba.times.compare(by_hand(("a", 3, True), ("b", 5, True)), measure="restricted mean difference").iloc[0]
    assert difference["estimate"] == 0
    assert "no variance in 'b': before day 3" in difference["note"]


def test_ties_of_all_at_once_leave_the_hazard_ratio_at_its_efron_value():
    row = ba.times.compare(by_hand(("a", 3, True), ("a", 3, True), ("b", 3, True), ("b", 3, True))).iloc[0]
    assert row["estimate"] == pytest.approx(0, abs=1e-12)


def test_a_covariate_that_separates_is_refused_by_name(times):
    early = times["observed"] & (times["time"] < 60)
    with pytest.raises(ba.FitError, match="the partial likelihood of Cox's model has no maximum: early"):
        ba.times.compare(times.assign(early=np.where(early, "yes", "no")), covariates=["early"])


def test_a_covariate_that_says_the_arm_again_is_refused(times):
    with pytest.raises(ba.FitError, match=r"is aliased with others. Try leaving one out"):
        ba.times.compare(times.assign(again=times["arm"].eq("high")), covariates=["again"])


def test_a_covariate_that_is_the_same_for_all_is_refused(times):
    with pytest.raises(ba.FitError, match="does not vary among subjects at risk"):
        ba.times.compare(times.assign(planet="earth", weight=70.0), covariates=["weight"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"measure": "odds"}, "`measure` must be one of .*; got 'odds'"),
        ({"test": "score"}, "`test` must be one of .*; got 'score'"),
        ({"horizon": 30}, "`horizon` must be left out for the measure 'log hazard ratio'.* got 30"),
        (
            {"measure": "restricted mean difference", "stratum": "site"},
            "must be left out for the measure 'restricted mean difference'",
        ),
        ({"conf_level": 95}, "`conf_level` must be .*; got 95"),
    ],
)
def test_what_makes_no_sense_is_refused(times, arguments, said):
    with pytest.raises(ValueError, match=said):
        ba.times.compare(times, **arguments)


def test_one_arm_is_refused_with_its_category(times):
    both = pd.concat([times.assign(category="pain"), times[times["arm"] == "low"].assign(category="ptosis")])
    with pytest.raises(ba.DataError, match="times has one arm only, 'low' for category 'ptosis'; a comparison needs two"):
        ba.times.compare(both)


def test_an_arm_in_which_nobody_has_the_covariate_is_not_compared(times):
    gone = times.assign(age=times["age"].where(times["arm"] != "low"))
    rows = ba.times.compare(gone, covariates=["age"], test="log-rank").set_index("arm")
    assert rows.loc["low", ["estimate", "p_value"]].isna().all()
    assert rows.loc["low", "note"].startswith(f"{(times['arm'] == 'low').sum()} subjects without a covariate do not enter")
    assert np.isfinite(rows.loc["high", "estimate"])


def test_subjects_without_a_stratum_are_refused_as_responders_does(times):
    holed = times.assign(site=times["site"].where(times["subject"] != 7))
    with pytest.raises(ba.DataError, match=r"times: found 1 subjects without 'site' \('7'\); expected a stratum for each"):
        ba.times.compare(holed, stratum="site")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"covariates": ["height"]}, "no covariate 'height'; its covariates are 'age', 'sex', 'site'"),
        ({"covariates": ["age", "time"]}, "no covariate 'time'; its covariates are 'age', 'sex', 'site'"),
        ({"stratum": "height"}, "no stratum 'height'; its covariates are 'age', 'sex', 'site'"),
        ({"stratum": "arm"}, "the stratum must be another column than 'arm'"),
    ],
)
def test_what_is_no_covariate_is_refused(times, arguments, said):
    with pytest.raises(ba.DataError, match=said):
        ba.times.compare(times, **arguments)


@pytest.mark.parametrize("covariates", ["sex", ["age", "age"]])
def test_covariates_that_are_no_list_of_names_are_refused_as_fit_ancova_does(times, covariates):
    with pytest.raises(ValueError, match=r"`covariates` must be a list of names"):
        ba.times.compare(times, covariates=covariates)


@pytest.mark.parametrize("covariates", [["arm"], ["arm:sex"]])
def test_hazard_ratios_have_no_effects_by_arm(times, covariates):
    with pytest.raises(ValueError, match=r"`covariates` must be .*; got '" + covariates[0]):
        ba.times.compare(times, covariates=covariates)


@pytest.mark.parametrize("unit", [1e-9, 1e-6, 1e6])
def test_units_of_covariates_do_not_matter_to_a_hazard_ratio(times, unit):
    plain, other = (
        ba.times.compare(times.assign(age=by * times["age"]), covariates=("age", "site"))[["estimate", "std_error"]]
        for by in (1.0, unit)
    )
    np.testing.assert_allclose(other, plain, rtol=1e-9)


@pytest.mark.parametrize("share", [1e-3, 1e-5])
def test_a_covariate_that_another_nearly_determines_is_in_the_model(times, share):
    other = np.random.default_rng(6).normal(size=len(times))
    plain, nearly = (
        ba.times.compare(times.assign(other=column), covariates=("age", "other"))[["estimate", "std_error"]]
        for column in (other, times["age"] + share * other)
    )
    np.testing.assert_allclose(nearly, plain, rtol=1e-7)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e9])
def test_a_covariate_that_is_the_same_in_all_is_refused(times, value):
    with pytest.raises(ba.FitError, match="one does not vary among subjects at risk, or is aliased"):
        ba.times.compare(times.assign(same=value), covariates=("same",))

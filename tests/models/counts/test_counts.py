"""Headache days as counts: identities, oracles, what the diary knows, refusals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import botox_analysis as ba
from botox_analysis.frames.estimates import check_estimates
from tests.tolerances import ROUNDING, TWO_OPTIMISERS

DISTRIBUTIONS = ("negative binomial", "beta-binomial", "quasi-Poisson")
distributions = pytest.mark.parametrize("distribution", DISTRIBUTIONS)


def make(seed, n_per_arm=30, arms=("placebo", "155 U"), n_visits=2, missing=0.1):
    """*outcomes* of overdispersed days, some of them of incomplete periods."""
    rng = np.random.default_rng(seed)
    n = n_per_arm * len(arms)
    visits = [f"week {4 * (visit + 1)}" for visit in range(n_visits)]
    baseline = rng.integers(8, 29, n)
    chance = 1 / (1 + np.exp(-(baseline - 22) / 8 + 0.3 * (np.arange(n) % len(arms))))
    own = rng.beta(4 * chance, 4 * (1 - chance))
    recorded = rng.choice([28, 28, 27, 25, 14], size=(n, n_visits))
    counts = rng.binomial(recorded, own[:, None]).astype(float)
    counts[rng.uniform(size=counts.shape) < missing] = np.nan
    counts[:, 0] = np.where(np.isnan(counts[:, 0]), 3, counts[:, 0])
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n), n_visits),
            "arm": np.repeat(np.array(arms)[np.arange(n) % len(arms)], n_visits),
            "visit": np.tile(visits, n),
            "baseline": np.repeat(baseline, n_visits),
            "value": (counts * 28 / recorded).ravel(),
            "recorded_days": recorded.ravel(),
            "sex": np.repeat(rng.choice(["female", "male"], n), n_visits),
        }
    )
    return ba.as_outcomes(frame, endpoint="headache days per 28 days", arms=arms, visits=visits)


@pytest.fixture(scope="module")
def outcomes():
    return make(1)


def at(outcomes, visit):
    rows = outcomes[(outcomes["visit"] == visit) & outcomes["value"].notna()]
    design = np.column_stack([rows["arm"] == arm for arm in outcomes["arm"].cat.categories]).astype(float)
    return rows, design, np.rint(rows["value"] * rows["recorded_days"] / 28).to_numpy()


# Identities -----------------------------------------------------------------------------------------------------------


@distributions
def test_without_covariates_means_are_those_of_the_arms_and_differences_have_the_standard_error_of_welch(outcomes, distribution):
    fit = ba.fit_counts(outcomes, distribution=distribution, covariates=())
    for visit in fit.visits:
        rows, *_ = at(outcomes, visit)
        a, b = (rows.loc[rows["arm"] == arm, "value"].to_numpy(dtype=float) for arm in ("155 U", "placebo"))
        means = fit.means().query("visit == @visit")
        assert means["estimate"].tolist() == pytest.approx([b.mean(), a.mean()], rel=ROUNDING)
        row = fit.differences().query("visit == @visit").iloc[0]
        welch = stats.ttest_ind(a, b, equal_var=False)
        assert row["estimate"] / row["std_error"] == pytest.approx(welch.statistic, rel=1e-8)


@distributions
def test_the_difference_is_that_of_the_means(outcomes, distribution):
    fit = ba.fit_counts(outcomes, distribution=distribution, covariates=("baseline", "sex"))
    means = fit.means()["estimate"].to_numpy().reshape(2, 2)
    np.testing.assert_allclose(fit.differences()["estimate"], means[:, 1] - means[:, 0], rtol=ROUNDING)
    np.testing.assert_allclose(fit.log_ratios()["estimate"], np.log(means[:, 1] / means[:, 0]), rtol=ROUNDING)


def test_when_every_period_is_complete_quasi_poisson_means_are_averages_of_predictions(edit, outcomes):
    complete = edit(outcomes, recorded_days=28.0, value=outcomes["value"].round())
    fit = ba.fit_counts(complete, distribution="quasi-Poisson", covariates=("baseline", "sex"), visits=["week 4"])
    rows, design, counts = at(complete, "week 4")
    design = np.column_stack([design, rows["baseline"], rows["sex"] == "male"]).astype(float)
    theirs = sm.GLM(counts, design, family=sm.families.Poisson()).fit(tol=1e-14)
    for each, found in enumerate(fit.means()["estimate"]):
        moved = design.copy()
        moved[:, :2] = np.eye(2)[each]
        assert found == pytest.approx(theirs.predict(moved).mean(), rel=TWO_OPTIMISERS)


@distributions
def test_the_order_of_rows_does_not_matter(outcomes, distribution):
    shuffled = outcomes.sample(frac=1, random_state=3)
    found = ba.fit_counts(shuffled, distribution=distribution).differences()
    pd.testing.assert_frame_equal(found, ba.fit_counts(outcomes, distribution=distribution).differences(), rtol=1e-7)


@distributions
def test_the_difference_is_near_that_of_ancova(outcomes, distribution):
    counts, ancova = ba.fit_counts(outcomes, distribution=distribution).differences(), ba.fit_ancova(outcomes).differences()
    assert (np.abs(counts["estimate"] - ancova["estimate"]) < 0.25 * ancova["std_error"]).all()
    np.testing.assert_allclose(counts["std_error"], ancova["std_error"], rtol=0.15)


def test_differences_in_days_of_every_model_stand_in_one_forest(outcomes):
    fits = (
        ba.fit_mmrm(outcomes),
        ba.fit_ancova(outcomes),
        *(ba.fit_counts(outcomes, distribution=distribution) for distribution in DISTRIBUTIONS),
        ba.fit_counts(outcomes, correlation="exchangeable"),
    )
    rows = check_estimates(pd.concat([fit.differences() for fit in fits]))
    assert rows["measure"].unique().tolist() == ["difference in mean change"]
    ax = ba.plot.forest(rows)
    assert ax.get_xlabel().startswith("Difference in mean change in headache days per 28 days")
    assert [bar[0].get_xdata().item() for bar in ax.containers] == pytest.approx(rows["estimate"].tolist())
    assert len({label.get_text() for label in ax.get_yticklabels()}) == len(rows)


def test_without_the_baseline_it_is_no_difference_in_mean_change(outcomes):
    assert ba.fit_counts(outcomes, covariates=("sex",)).differences()["measure"].unique().tolist() == ["difference in mean"]


# Oracles --------------------------------------------------------------------------------------------------------------


def test_the_conditional_rate_ratio_is_that_of_statsmodels(outcomes):
    fit = ba.fit_counts(outcomes, covariates=("baseline",), visits=["week 8"])
    rows, design, counts = at(outcomes, "week 8")
    design = np.column_stack([np.ones(len(rows)), design[:, 1], rows["baseline"]])
    offset = np.log(rows["recorded_days"].to_numpy(dtype=float))
    theirs = sm.NegativeBinomial(counts, design, offset=offset).fit(disp=0, method="newton", tol=1e-14, maxiter=200)
    row = fit.conditional().iloc[0]
    assert row["estimate"] == pytest.approx(theirs.params[1], rel=TWO_OPTIMISERS)
    assert fit.summary()["dispersion"].iloc[0] == pytest.approx(theirs.params[3], rel=TWO_OPTIMISERS)
    assert fit.summary()["loglik"].iloc[0] == pytest.approx(theirs.llf, rel=1e-10)
    assert fit.summary()["aic"].iloc[0] == pytest.approx(theirs.aic, rel=1e-10)
    assert fit.summary()["bic"].iloc[0] == pytest.approx(theirs.bic, rel=1e-10)
    # The standard error is of the expected information at this dispersion, as with R's glm.nb.
    family = sm.families.NegativeBinomial(alpha=theirs.params[3])
    fixed = sm.GLM(counts, design, family=family, offset=offset).fit(tol=1e-14)
    assert row["std_error"] == pytest.approx(fixed.bse[1], rel=1e-5)


def test_the_conditional_rate_ratio_of_quasi_poisson_is_that_of_statsmodels(outcomes):
    fit = ba.fit_counts(outcomes, distribution="quasi-Poisson", visits=["week 8"])
    rows, design, counts = at(outcomes, "week 8")
    design = np.column_stack([np.ones(len(rows)), design[:, 1], rows["baseline"]])
    offset = np.log(rows["recorded_days"].to_numpy(dtype=float))
    theirs = sm.GLM(counts, design, family=sm.families.Poisson(), offset=offset).fit(scale="X2", tol=1e-14, use_t=True)
    row = fit.conditional().iloc[0]
    found = row[["estimate", "std_error", "p_value", "df"]].astype(float).tolist()
    assert found == pytest.approx([theirs.params[1], theirs.bse[1], theirs.pvalues[1], theirs.df_resid], rel=TWO_OPTIMISERS)
    assert fit.summary()["dispersion"].iloc[0] == pytest.approx(theirs.scale, rel=TWO_OPTIMISERS)


@distributions
@pytest.mark.slow
def test_standard_errors_are_those_of_the_bootstrap(distribution):
    outcomes = make(4, n_per_arm=80, n_visits=1, missing=0.0)
    rng = np.random.default_rng(0)
    of_arm = [np.flatnonzero(outcomes["arm"] == arm) for arm in outcomes["arm"].cat.categories]
    drawn = []
    for _ in range(300):
        picked = np.concatenate([rng.choice(own, len(own)) for own in of_arm])
        again = outcomes.iloc[picked].assign(subject=np.arange(len(picked)))
        drawn.append(ba.fit_counts(again, distribution=distribution).differences()["estimate"].iloc[0])
    # The standard deviation of 300 draws has a standard error of 4 %.
    assert np.std(drawn) == pytest.approx(
        ba.fit_counts(outcomes, distribution=distribution).differences()["std_error"].iloc[0], rel=0.12
    )


# Recorded days --------------------------------------------------------------------------------------------------------


def test_scaled_values_without_recorded_days_are_refused(outcomes):
    with pytest.raises(
        ba.DataError, match=r"no whole number of days .*be counts, or scaled counts beside the column recorded_days"
    ):
        ba.fit_counts(outcomes.drop(columns="recorded_days"))


def test_whole_values_without_recorded_days_are_counts_of_the_period(edit, outcomes):
    whole = edit(outcomes, value=outcomes["value"].round())
    bare = ba.fit_counts(whole.drop(columns="recorded_days"))
    pd.testing.assert_frame_equal(bare.differences(), ba.fit_counts(whole.assign(recorded_days=28)).differences())


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("value", -2.0, "below 0"),
        ("recorded_days", 0.0, "recorded_days are not 1 to 28"),
        ("recorded_days", 31.0, "recorded_days are not 1 to 28"),
        ("value", 13.3, r"no whole number of days \(the first is 13.3 of subject '0'\)"),
    ],
)
def test_what_is_no_count_is_refused(edit, outcomes, column, value, said):
    odd = edit(outcomes, **{column: outcomes[column].where(outcomes.index > 0, value)})
    with pytest.raises(ba.DataError, match=f"found 1 values at 'week 4' .*{said}"):
        ba.fit_counts(odd)


def test_more_days_than_recorded_are_no_beta_binomial(edit):
    many = edit(make(2), value=40.0, recorded_days=28)
    with pytest.raises(ba.DataError, match="above the recorded days"):
        ba.fit_counts(many, distribution="beta-binomial")


# Edges ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("distribution", "limit"), [("negative binomial", "Poisson"), ("beta-binomial", "binomial")])
def test_days_without_overdispersion_are_fitted_at_the_limit_and_the_note_says_so(edit, outcomes, distribution, limit):
    steady = edit(outcomes, value=10.0 + outcomes.index % 3, recorded_days=28)
    fit = ba.fit_counts(steady, distribution=distribution)
    assert fit.summary()["dispersion"].tolist() == [0, 0]
    assert fit.differences()["note"].tolist() == [f"no overdispersion: {limit}"] * 2


def test_days_that_are_all_28_have_no_p_value_and_the_note_says_so(edit, outcomes):
    row = ba.fit_counts(edit(outcomes, value=28.0, recorded_days=28)).differences().iloc[0]
    assert (row["estimate"], row["std_error"]) == pytest.approx((0, 0), abs=1e-12)
    assert np.isnan(row["p_value"])
    assert "no p-value: the values have no spread" in row["note"]


@distributions
def test_an_arm_without_a_headache_day_is_refused(edit, outcomes, distribution):
    none = edit(outcomes, value=outcomes["value"].where(outcomes["arm"] == "placebo", 0.0))
    with pytest.raises(ba.FitError, match=r"at 'week 4': each value of arm '155 U' is 0, .*compare_ranks"):
        ba.fit_counts(none, distribution=distribution)


def test_an_arm_with_headache_every_day_is_no_beta_binomial(edit, outcomes):
    all_days = edit(outcomes, value=outcomes["value"].where(outcomes["arm"] == "placebo", 28.0))
    with pytest.raises(ba.FitError, match="each value of arm '155 U' is all days recorded"):
        ba.fit_counts(all_days, distribution="beta-binomial")


@distributions
def test_a_covariate_that_picks_out_zeros_is_named(edit, outcomes, distribution):
    some = outcomes["subject"] > 5
    split = edit(outcomes, value=outcomes["value"].where(some, 0.0), site=np.where(some, "a", "b"))
    with pytest.raises(ba.FitError, match="at 'week 4': 'site' perfectly separates the outcomes of 6 subjects"):
        ba.fit_counts(split, distribution=distribution, covariates=("baseline", "site"))


def test_one_subject_in_an_arm_is_refused(outcomes):
    few = outcomes[(outcomes["arm"] == "placebo") | (outcomes["subject"] == 1)]
    with pytest.raises(ba.FitError, match="as one has no variance; got one in arm '155 U'"):
        ba.fit_counts(few)


def test_more_coefficients_than_subjects_are_refused(outcomes):
    few = outcomes[outcomes["subject"] < 5]
    with pytest.raises(ba.FitError, match=r"5 subjects do not determine 6 coefficients and their variance. Try fewer covariates"):
        ba.fit_counts(few.assign(site=few["subject"].astype(str)), covariates=("site",), visits=["week 4"])


def test_a_constant_covariate_changes_nothing(outcomes):
    more = ba.fit_counts(outcomes.assign(country=1.0, drug="yes"), covariates=("baseline", "country", "drug"))
    plain = ba.fit_counts(outcomes)
    np.testing.assert_allclose(more.differences()["estimate"], plain.differences()["estimate"], rtol=1e-8)


def test_a_covariate_that_is_the_arm_again_is_refused(outcomes):
    with pytest.raises(ba.FitError, match="is aliased with a covariate"):
        ba.fit_counts(outcomes.assign(dose=outcomes["arm"].astype(str)), covariates=("dose",))


def test_who_does_not_enter_is_counted(outcomes):
    holed = outcomes.assign(age=np.where(outcomes["subject"] == 3, np.nan, 40.0 + outcomes["subject"] % 7))
    left_out = ba.fit_counts(holed, covariates=("baseline", "age")).left_out
    n_missing = outcomes["value"].isna().sum() - (outcomes["value"].isna() & (outcomes["subject"] == 3)).sum()
    assert left_out.query("reason == 'no age recorded'")["n"].tolist() == [1, 1]
    assert left_out.query("reason == 'no value recorded'")["n"].sum() == n_missing


def test_one_arm_has_means_and_no_differences(outcomes):
    fit = ba.fit_counts(outcomes[outcomes["arm"] == "placebo"])
    assert fit.means()["arm"].unique().tolist() == ["placebo"]
    for ask in (fit.differences, fit.ratios, fit.conditional):
        with pytest.raises(ba.DataError, match="one arm only, 'placebo'"):
            ask()


def test_three_arms_are_each_compared_with_the_reference():
    fit = ba.fit_counts(make(3, arms=("placebo", "155 U", "195 U")))
    rows = fit.differences()
    assert rows["arm"].tolist() == ["155 U", "195 U"] * 2
    assert rows["reference"].unique().tolist() == ["placebo"]


def test_a_variance_that_comes_out_negative_leaves_no_limits_and_the_note_says_so(edit):
    four = make(3, n_per_arm=2, n_visits=1, missing=0.0)
    tiny = edit(four, value=[5.0, 22, 18, 25], baseline=[16, 18, 27, 21], recorded_days=28)
    row = ba.fit_counts(tiny).differences().iloc[0]
    assert np.isnan(row[["std_error", "conf_low", "conf_high", "p_value"]].astype(float)).all()
    assert row["note"].endswith("no limits: the estimated variance is negative, of too few subjects")


def test_limits_of_means_stay_above_0(edit):
    low = ba.fit_counts(
        edit(make(3, n_per_arm=4), value=lambda rows: (rows["subject"] < 2) * 1.0, recorded_days=28), covariates=()
    )
    assert (low.means()["conf_low"] > 0).all()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"distribution": "normal"}, "`distribution` must be one of .*; got 'normal'"),
        ({"correlation": "toeplitz"}, "`correlation` must be one of .*; got 'toeplitz'"),
        (
            {"correlation": "exchangeable", "distribution": "beta-binomial"},
            "`correlation` must be left out for the beta-binomial",
        ),
        ({"covariates": "baseline"}, "`covariates` must be a list of names; got 'baseline'"),
        ({"period_days": 27.5}, "`period_days` must be a whole number of days, 1 to 36525; got 27.5"),
        ({"period_days": 10**10}, "`period_days` must be a whole number of days, 1 to 36525; got 10000000000"),
    ],
)
def test_unknown_words_are_refused(outcomes, call, said):
    with pytest.raises(ValueError, match=said):
        ba.fit_counts(outcomes, **call)


def test_a_visit_that_does_not_exist_is_named_with_those_that_do(outcomes):
    with pytest.raises(ba.DataError, match=r"nothing at 'week 99'; its visits are 'week 4', 'week 8'"):
        ba.fit_counts(outcomes, visits=["week 99"])


def test_the_method_says_model_covariates_and_handling(outcomes):
    method = ba.fit_counts(outcomes, covariates=("baseline", "sex")).differences()["method"].iloc[0]
    assert method == "negative binomial regression at each visit, adjusted for baseline, sex, standardised; observed cases"


def test_where_one_visit_is_scheduled_the_method_says_nothing_of_visits(outcomes):
    last = outcomes[outcomes["visit"] == "week 8"]
    last = last.assign(visit=last["visit"].cat.remove_unused_categories())
    method = ba.fit_counts(last).differences()["method"].iloc[0]
    assert method == "negative binomial regression, adjusted for baseline, standardised; observed cases"


# All visits at once ---------------------------------------------------------------------------------------------------


def test_under_independence_estimating_equations_have_the_coefficients_of_each_visit(outcomes):
    together = ba.fit_counts(outcomes, distribution="quasi-Poisson", correlation="independence")
    apart = ba.fit_counts(outcomes, distribution="quasi-Poisson")
    np.testing.assert_allclose(together.coefficients.beta, apart.coefficients.beta, rtol=1e-6)
    assert together.names == apart.names


@pytest.mark.long
@pytest.mark.parametrize("distribution", ["negative binomial", "quasi-Poisson"])
@pytest.mark.parametrize("correlation", ["exchangeable", "unstructured"])
def test_estimating_equations_come_near_the_fit_of_each_visit(distribution, correlation):
    outcomes = make(6, n_per_arm=250)
    together = ba.fit_counts(outcomes, distribution=distribution, correlation=correlation).differences()
    apart = ba.fit_counts(outcomes, distribution=distribution).differences()
    assert (np.abs(together["estimate"] - apart["estimate"]) < 0.5 * apart["std_error"]).all()
    np.testing.assert_allclose(together["std_error"], apart["std_error"], rtol=0.3)


def test_with_a_logarithm_as_link_the_marginal_ratio_of_estimating_equations_is_the_conditional_one(outcomes):
    fit = ba.fit_counts(outcomes, correlation="exchangeable", covariates=("baseline", "sex"))
    marginal, conditional = fit.log_ratios(), fit.conditional()
    np.testing.assert_allclose(marginal[["estimate", "std_error"]], conditional[["estimate", "std_error"]], rtol=1e-8)


def test_without_covariates_the_variance_of_estimating_equations_is_that_of_means_with_one_left_out(edit, outcomes):
    one_visit = edit(outcomes[outcomes["visit"] == "week 4"], recorded_days=28.0, value=lambda rows: rows["value"].round())
    fit = ba.fit_counts(one_visit, covariates=(), visits=["week 4"], correlation="independence", distribution="quasi-Poisson")
    for arm, found in zip(fit.arms, fit.means()["std_error"], strict=True):
        own = one_visit.loc[one_visit["arm"] == arm, "value"].to_numpy(dtype=float)
        n = len(own)
        # Residuals are divided by 1 - 1/n.
        assert found == pytest.approx(np.sqrt(((own - own.mean()) ** 2).sum() / n**2) * n / (n - 1), rel=1e-6)


def test_the_method_of_estimating_equations_says_its_correlation(outcomes):
    method = ba.fit_counts(outcomes, correlation="exchangeable").differences()["method"].iloc[0]
    assert "generalised estimating equations, exchangeable working correlation, Mancl-DeRouen variance" in method


# Rounding -------------------------------------------------------------------------------------------------------------

HOW = [{"distribution": name} for name in DISTRIBUTIONS] + [{"correlation": name} for name in ("independence", "exchangeable")]
hows = pytest.mark.parametrize("how", HOW, ids=lambda how: next(iter(how.values())))


@pytest.mark.long
@hows
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_of_covariates_do_not_matter(outcomes, how, unit):
    number = outcomes["baseline"] + np.sin(outcomes["subject"].astype(int))
    plain, other = (
        ba.fit_counts(outcomes.assign(number=by * number), covariates=("baseline", "number"), **how).differences()
        for by in (1.0, unit)
    )
    np.testing.assert_allclose(other[["estimate", "std_error"]], plain[["estimate", "std_error"]], rtol=TWO_OPTIMISERS)


@hows
def test_a_covariate_that_another_nearly_determines_is_in_the_model(outcomes, how):
    number = np.sin(outcomes["subject"].astype(int))
    plain, nearly = (
        ba.fit_counts(outcomes.assign(number=column), covariates=("baseline", "number"), **how).differences()
        for column in (number, outcomes["baseline"] + 1e-4 * number)
    )
    np.testing.assert_allclose(nearly[["estimate", "std_error"]], plain[["estimate", "std_error"]], rtol=1e-6)


@hows
@pytest.mark.parametrize("covariates", [(), ("baseline",)])
def test_values_without_spread_have_means_and_no_p_value(edit, outcomes, how, covariates):
    value = np.where(outcomes["arm"] == "placebo", 4.0, 7.0)
    same = edit(outcomes, value=np.where(outcomes["value"].isna(), np.nan, value), recorded_days=28)
    fit = ba.fit_counts(same, covariates=covariates, **how)
    np.testing.assert_allclose(fit.means()["estimate"], [4, 7, 4, 7], rtol=ROUNDING)
    assert (fit.means()["std_error"] == 0).all()
    for told in (fit.differences(), fit.ratios()):
        assert (told["std_error"] == 0).all()
        assert told["p_value"].isna().all()
        assert told["note"].str.endswith("no p-value: the values have no spread").all()

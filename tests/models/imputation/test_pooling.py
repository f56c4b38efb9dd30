"""Pooling: Rubin's rules, resamples, responders of imputed values."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import special, stats

import botox_analysis as ba
from botox_analysis.numerics.imputation.rubin import pool_by_rubin, pooled_wilson_interval
from botox_analysis.numerics.rates.proportions import wilson_interval
from tests.completed import completed_by


@pytest.fixture(scope="module")
def outcomes(repeated):
    return repeated(11, n_per_arm=40, missing=0.25)


@pytest.fixture(scope="module")
def drawn(outcomes):
    return ba.missing.impute(outcomes, strategy="missing at random", n=60, seed=5)


@pytest.fixture(scope="module")
def few(outcomes):
    """As many data sets as show what an analysis of one's own, which takes time, does."""
    return ba.missing.impute(outcomes, strategy="missing at random", n=6, seed=5)


# Rubin's rules ---------------------------------------------------------------------------------------------------------


def test_all_data_sets_at_once_are_each_of_them_by_statsmodels_pooled_by_hand(drawn):
    estimates, variances = [], []
    for number in range(len(drawn)):
        rows = drawn.completed(number).query("visit == 'week 12'")
        x = np.column_stack([np.ones(len(rows)), rows["arm"] == "155 U", rows["baseline"], rows["sex"] == "male"]).astype(float)
        one = sm.OLS(rows["change"].to_numpy(), x).fit()
        estimates.append(one.params[1])
        variances.append(one.bse[1] ** 2)
    pooled = drawn.pool(covariates=("baseline", "sex"), visits=["week 12"]).iloc[0]
    m = len(drawn)
    total = np.mean(variances) + (1 + 1 / m) * np.var(estimates, ddof=1)
    assert pooled["estimate"] == pytest.approx(np.mean(estimates), abs=1e-11)
    assert pooled["std_error"] == pytest.approx(np.sqrt(total), rel=1e-10)
    assert pooled["monte_carlo_error"] == pytest.approx(np.std(estimates, ddof=1) / np.sqrt(m), rel=1e-9)
    assert pooled["n_imputations"] == 60


def test_an_analysis_of_ones_own_gives_what_the_quick_one_gives(few):
    quick = few.pool("means", covariates=("baseline", "region"))
    own = few.pool(lambda outcomes: ba.fit_ancova(outcomes, covariates=("baseline", "region")).means())
    columns = ["estimate", "std_error", "df", "conf_low", "conf_high", "missing_information"]
    assert own[columns].to_numpy() == pytest.approx(quick[columns].to_numpy(), rel=1e-8)
    assert own["method"].tolist() == quick["method"].tolist()


def test_on_completed_data_the_mixed_model_pools_to_the_analysis_of_covariance(few):
    mixed = few.pool(lambda outcomes: ba.fit_mmrm(outcomes).differences())
    alone = few.pool()
    assert mixed["estimate"].to_numpy() == pytest.approx(alone["estimate"].to_numpy(), abs=1e-8)
    assert mixed["std_error"].to_numpy() == pytest.approx(alone["std_error"].to_numpy(), rel=1e-6)


def test_covariates_that_change_over_visits_enter_at_each(few):
    quick = few.pool(covariates=("baseline", "pain"))
    own = few.pool(lambda outcomes: ba.fit_ancova(outcomes, covariates=("baseline", "pain")).differences())
    assert own["estimate"].to_numpy() == pytest.approx(quick["estimate"].to_numpy(), abs=1e-9)


def test_more_is_missing_later_and_the_fraction_says_so(edit, repeated):
    outcomes = repeated(2, n_per_arm=60)
    late = outcomes["visit"].cat.codes.to_numpy() >= 2
    gone = late & outcomes["subject"].isin(outcomes["subject"].unique()[::3]).to_numpy()
    some = edit(outcomes, change=outcomes["change"].mask(gone), value=outcomes["value"].mask(gone))
    fraction = ba.missing.impute(some, strategy="missing at random", n=200, seed=1).pool()["missing_information"]
    assert (fraction[:2] == 0).all()
    assert fraction[2:].between(0.05, 0.5).all()


def test_a_pooled_row_says_which_variance_it_targets(outcomes):
    def target(strategy, **how):
        return completed_by(outcomes, strategy=strategy, **how).pool()["variance_target"].unique().tolist()

    assert target("missing at random", n=5, seed=1) == ["repeated sampling"]
    assert target("jump to reference", n=5, seed=1) == ["information-anchored"]
    assert target("jump to reference", draws="jackknife") == ["repeated sampling"]
    assert target("jump to reference", n=20, seed=1, draws="bootstrap") == ["repeated sampling"]


@pytest.mark.long
def test_under_jump_to_reference_rubins_variance_is_larger_than_that_over_repeated_trials(edit, repeated):
    outcomes = repeated(4, n_per_arm=60)
    number = pd.factorize(outcomes["subject"])[0]  # even ones are in one arm, odd ones in the other
    gone = (outcomes["visit"].cat.codes >= 1) & (number % 4 < 2)
    left = edit(outcomes, change=outcomes["change"].mask(gone), value=outcomes["value"].mask(gone))

    def last(strategy, **how):
        return completed_by(left, strategy=strategy, **how).pool().iloc[-1]

    rubin, jackknife = last("jump to reference", n=300, seed=1), last("jump to reference", draws="jackknife")
    random = last("missing at random", n=300, seed=1), last("missing at random", draws="jackknife")
    assert rubin["std_error"] > 1.15 * jackknife["std_error"]
    assert random[0]["std_error"] == pytest.approx(random[1]["std_error"], rel=0.1)
    assert rubin["estimate"] == pytest.approx(jackknife["estimate"], abs=0.1)


# Resamples -------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_bootstrap_has_normal_limits_or_those_of_its_quantiles(outcomes):
    imputations = ba.missing.conditional_means(outcomes, strategy="jump to reference", n=400, seed=2, variance="bootstrap")
    normal, percentile = (imputations.pool(interval=interval) for interval in ("normal", "percentile"))
    assert normal["estimate"].to_numpy() == pytest.approx(percentile["estimate"].to_numpy())
    half = special.ndtri(0.975) * normal["std_error"]
    assert (normal["conf_high"] - normal["estimate"]).to_numpy() == pytest.approx(half.to_numpy())
    assert percentile["conf_low"].to_numpy() == pytest.approx(normal["conf_low"].to_numpy(), abs=0.35 * half.max())
    assert percentile["df"].isna().all()
    assert percentile["p_value"].between(2 / 401, 1).all()
    jackknife = ba.missing.conditional_means(outcomes, strategy="jump to reference", variance="jackknife").pool()
    assert normal["std_error"].to_numpy() == pytest.approx(jackknife["std_error"].to_numpy(), rel=0.15)


@pytest.mark.long
def test_a_jackknife_without_missing_values_is_the_jackknife_of_the_analysis(repeated):
    complete = repeated(6, n_per_arm=15)
    pooled = ba.missing.conditional_means(complete, strategy="missing at random", variance="jackknife").pool()
    subjects = complete["subject"].unique()
    each = np.array(
        [ba.fit_ancova(complete[complete["subject"] != one]).differences()["estimate"].to_numpy() for one in subjects]
    )
    n = len(subjects)
    spread = np.sqrt((n - 1) / n * ((each - each.mean(axis=0)) ** 2).sum(axis=0))
    assert pooled["std_error"].to_numpy() == pytest.approx(spread, rel=1e-8)


@pytest.fixture(scope="module")
def sites(repeated):
    frame = repeated(31, n_per_arm=15, n_visits=2, missing=0.15)
    number = pd.factorize(frame["subject"])[0]
    return frame.assign(site=[f"site {each // 2 % 8}" for each in number])


@pytest.mark.long
def test_a_resample_without_a_level_is_analysed_as_the_model_analyses_it(sites):
    imputations = ba.missing.conditional_means(sites, strategy="missing at random", n=40, seed=0, variance="bootstrap")
    quick = imputations.pool(covariates=("baseline", "site"))
    own = imputations.pool(lambda each: ba.fit_ancova(each, covariates=("baseline", "site")).differences())
    assert quick["std_error"].to_numpy() == pytest.approx(own["std_error"].to_numpy(), rel=1e-8)
    assert quick["n_imputations"].tolist() == [40, 40]
    grid = imputations.tipping_surface("week 8", covariates=("baseline", "site"), deltas=[0.0], reference_deltas=[0.0])
    assert grid["std_error"].iloc[0] == pytest.approx(quick["std_error"].iloc[-1], rel=1e-9)


@pytest.mark.long
def test_a_jackknife_without_the_only_subject_of_a_site_is_determined(sites):
    frame = sites.assign(site=np.where(sites["subject"] == sites["subject"].iloc[0], "alone", "other"))
    imputations = ba.missing.conditional_means(frame, strategy="missing at random", variance="jackknife")
    quick = imputations.pool(covariates=("baseline", "site"))
    own = imputations.pool(lambda each: ba.fit_ancova(each, covariates=("baseline", "site")).differences())
    assert quick["std_error"].to_numpy() == pytest.approx(own["std_error"].to_numpy(), rel=1e-8)


@pytest.mark.long
def test_percentile_limits_and_p_values_say_the_same(outcomes):
    imputations = ba.missing.conditional_means(outcomes, strategy="jump to reference", n=300, seed=2, variance="bootstrap")
    for level in (0.5, 0.8, 0.9, 0.99):
        rows = imputations.pool(interval="percentile", conf_level=level)
        excluded = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
        assert (excluded == (rows["p_value"] < 1 - level)).all()


def test_percentile_limits_beyond_the_resamples_are_missing_with_a_note(outcomes):
    imputations = ba.missing.conditional_means(outcomes, strategy="jump to reference", n=30, seed=2, variance="bootstrap")
    rows = imputations.pool(interval="percentile", conf_level=0.95)
    assert rows[["conf_low", "conf_high"]].isna().all(axis=None)
    assert rows["p_value"].notna().all()
    assert rows["note"].str.contains("beyond 30 resamples; take 39 resamples or more").all()


def test_ratios_and_adjusted_limits_are_not_pooled(few):
    def ratio(outcomes):
        return ba.fit_ancova(outcomes).differences().assign(measure="risk ratio")

    with pytest.raises(ba.DataError, match=r"the measure 'risk ratio'; expected its logarithm. Try log ratios, such as log"):
        few.pool(ratio)
    with pytest.raises(
        ba.DataError, match=r"Dunnett's limits and p-values at each visit, which pooling does not keep. Try adjustm"
    ):
        few.pool(lambda outcomes: ba.fit_ancova(outcomes).differences(adjustment="dunnett"))


@pytest.mark.long
def test_few_resamples_do_not_contradict_themselves_at_any_level(repeated):
    said = []
    for seed in range(12):
        imputations = ba.missing.conditional_means(
            repeated(seed, n_visits=2, missing=0.2), strategy="missing at random", n=40, seed=seed, variance="bootstrap"
        )
        for level in (0.8, 0.85, 0.9, 0.93, 0.95):
            rows = imputations.pool(interval="percentile", conf_level=level)
            excluded = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
            assert (excluded == (rows["p_value"] <= 1 - level)).all()
            said += excluded.tolist()
    assert 10 < sum(said) < len(said) - 10


# Responders ------------------------------------------------------------------------------------------------------------


def test_responders_are_counted_in_each_data_set_and_pooled(few):
    pooled = few.pool_responders(reduction=0.1, visits=["week 16"]).iloc[0]
    own = few.pool(
        lambda outcomes: ba.compare_rates(ba.responders(outcomes, reduction=0.1).query("visit == 'week 16'"), interval="wald")
    ).iloc[0]
    assert pooled["estimate"] == pytest.approx(own["estimate"], abs=1e-12)
    assert pooled["std_error"] == pytest.approx(own["std_error"], rel=1e-9)
    assert pooled["category"] == own["category"] == "≥ 10 % reduction"


def test_shares_of_responders_are_those_of_the_data_sets_on_average(few):
    shares = few.pool_responders("proportions", points=2, visits=["week 8"])
    each = [
        ba.event_rates(ba.responders(few.completed(number), points=2).query("visit == 'week 8'"))["estimate"].to_numpy()
        for number in range(len(few))
    ]
    assert shares["estimate"].to_numpy() == pytest.approx(np.mean(each, axis=0), abs=1e-12)
    assert (shares["conf_low"] < shares["estimate"]).all()
    assert (shares["conf_high"] <= 1).all()


def test_without_missing_values_shares_have_wilsons_limits(repeated):
    complete = repeated(3, n_per_arm=25)
    pooled = ba.missing.impute(complete, strategy="missing at random", n=3, seed=1).pool_responders("proportions", reduction=0.1)
    plain = ba.event_rates(ba.responders(complete, reduction=0.1))
    for name in ("estimate", "conf_low", "conf_high"):
        assert pooled[name].to_numpy() == pytest.approx(plain[name].to_numpy(), abs=1e-9)


def test_score_limits_solve_their_equation():
    shares = np.array([[0.30, 0.0], [0.34, 0.0], [0.26, 0.02], [0.36, 0.0]])
    n = np.array([50.0, 50.0])
    within = (shares * (1 - shares) / n).mean(axis=0)
    pooled = pool_by_rubin(shares, shares * (1 - shares) / n, np.full(2, np.inf))
    increase = (1 + 1 / 4) * shares.var(axis=0, ddof=1) / within
    for level in (0.9, 0.95):
        t = stats.t.ppf(0.5 + level / 2, 3 * (1 + 1 / increase) ** 2)
        for limit in pooled_wilson_interval(pooled, within, n, level):
            distance = (pooled.estimate - limit) ** 2
            assert distance == pytest.approx(t**2 * limit * (1 - limit) / n * (1 + increase), rel=1e-9)


def test_score_limits_of_imputations_that_do_not_differ_are_wilsons():
    shares = np.tile([[0.0, 0.28, 1.0]], (5, 1))
    n = np.array([25.0, 25.0, 25.0])
    pooled = pool_by_rubin(shares, shares * (1 - shares) / n, np.full(3, np.inf))
    low, high = pooled_wilson_interval(pooled, (shares * (1 - shares) / n).mean(axis=0), n, 0.95)
    assert np.array([low, high]) == pytest.approx(np.array(wilson_interval([0, 7, 25], n, 0.95)), abs=1e-12)


def test_where_nobody_responds_there_are_no_limits(drawn):
    row = drawn.pool_responders(points=1000, visits=["week 8"]).iloc[0]
    assert row["estimate"] == 0
    assert row[["std_error", "conf_low", "conf_high", "p_value"]].isna().all()
    assert row["note"] == "no variance: no limits"


def test_each_row_has_the_method_of_its_own_analysis(few):
    def two(outcomes):
        return pd.concat([ba.fit_ancova(outcomes).differences(), ba.fit_mmrm(outcomes).means()], ignore_index=True)

    methods = few.pool(two)["method"]
    assert methods.iloc[0].startswith("ANCOVA at each visit")
    assert methods.iloc[-1].startswith("MMRM")
    assert methods.str.endswith("; missing at random (6 imputations by approximate Bayes, seed 5)").all()


# Refusals --------------------------------------------------------------------------------------------------------------


def test_data_sets_are_taken_one_after_the_other_or_by_their_number(drawn):
    together = list(drawn)
    assert len(together) == len(drawn)
    pd.testing.assert_frame_equal(together[-1], drawn[-1])
    pd.testing.assert_frame_equal(drawn[0], drawn.completed(0))
    for number in (len(drawn), -len(drawn) - 1):
        with pytest.raises((IndexError, ba.DataError), match=f"must be from 0 to {len(drawn) - 1}"):
            drawn[number]


def test_limits_and_words_are_checked(drawn):
    with pytest.raises(ValueError, match="`interval` must be 'normal' for draws by approximate Bayes; got 'percentile'"):
        drawn.pool(interval="percentile")
    with pytest.raises(ValueError, match=r"`analysis` must be one of 'differences', 'means'.*; got 'medians'"):
        drawn.pool("medians")
    with pytest.raises(ValueError, match="must be left out where `analysis` is a function"):
        drawn.pool(lambda outcomes: ba.fit_ancova(outcomes).means(), covariates=("baseline",))
    with pytest.raises(ba.DataError, match="outcomes has no covariate 'height'"):
        drawn.pool(covariates=("height",))


def test_an_analysis_that_changes_its_mind_is_refused(few):
    seen = []

    def moody(outcomes):
        seen.append(1)
        estimates = ba.fit_ancova(outcomes).differences()
        return estimates if len(seen) < 3 else estimates.iloc[::-1]

    with pytest.raises(ba.DataError, match=r"data set 2 returns other rows than that of the first \('visit' differ\)"):
        few.pool(moody)


def test_an_analysis_without_a_finite_number_is_refused(few):
    def infinite(outcomes):
        return ba.fit_ancova(outcomes).differences().assign(estimate=np.inf)

    with pytest.raises(
        ba.FitError, match="6 of 6 data sets give no finite estimate and standard error of difference in mean change"
    ):
        few.pool(infinite)


def test_shares_derived_from_means_are_refused(outcomes):
    with pytest.raises(
        ba.DataError, match=r"contain conditional means \(jackknife\), and a share derived from means is not the mean share"
    ):
        ba.missing.conditional_means(outcomes, strategy="missing at random", variance="jackknife").pool_responders()


def test_a_visit_that_is_not_there_is_told(drawn):
    with pytest.raises(ba.DataError, match="have nothing at 'week 99'; their visits are 'week 4'"):
        drawn.pool_responders(visits=["week 99"])
    with pytest.raises(ba.DataError, match="outcomes has nothing at 'week 99'"):
        drawn.pool(visits=["week 99"])


def test_estimates_of_several_strategies_stand_in_one_frame(outcomes):
    each = [ba.missing.impute(outcomes, strategy=s, n=3, seed=1).pool() for s in ("missing at random", "copy reference")]
    assert len(ba.plot.forest(pd.concat(each)).get_yticklabels()) == 2 * len(each[0])

"""Many fits at once are the fits one would make one by one."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

REFIT = 1e-6
"""Relative to a standard error: where refits stop."""

COVARIATES = ("baseline", "region")


@pytest.fixture(scope="module")
def outcomes(repeated):
    return repeated(5, n_per_arm=25, missing=0.2)


def drawn(outcomes, counts):
    """Repeat each subject by its count, under different names."""
    subjects = outcomes["subject"].unique()
    names = np.repeat(subjects, counts)
    copies = pd.DataFrame({"subject": names, "copy": [f"{name}, {place}" for place, name in enumerate(names)]})
    joined = copies.merge(outcomes, on="subject").drop(columns="subject").rename(columns={"copy": "subject"})
    return joined.astype({"arm": outcomes["arm"].dtype, "visit": outcomes["visit"].dtype})


def alone(outcomes, **choices):
    fit = ba.fit_mmrm(outcomes, **choices)
    differences = fit.differences()
    shape = (len(fit.visits), len(fit.arms) - 1)
    return (differences[column].to_numpy().reshape(shape).T for column in ("estimate", "std_error"))


@pytest.mark.parametrize("covariance", ["unstructured", "heterogeneous ar1", "unstructured by arm"])
def test_a_weighted_refit_is_the_fit_of_the_subjects_drawn(outcomes, covariance):
    fit = ba.fit_mmrm(outcomes, covariance=covariance, covariates=COVARIATES)
    counts = np.random.default_rng(3).multinomial(50, np.full(50, 1 / 50), size=3)
    many = fit.refit_weighted(counts)
    for place, count in enumerate(counts):
        estimate, std_error = alone(drawn(outcomes, count), covariance=covariance, covariates=COVARIATES)
        np.testing.assert_allclose(many.estimate[place], estimate, atol=REFIT)
        np.testing.assert_allclose(many.std_error[place], std_error, rtol=REFIT)


def test_weights_stand_in_the_order_of_subjects(outcomes):
    shuffled = outcomes.sample(frac=1, random_state=2).astype({"subject": "category"})
    fit = ba.fit_mmrm(shuffled)
    without = fit.subjects["subject"] != "S0007"
    estimate, _ = alone(outcomes[outcomes["subject"] != "S0007"])
    np.testing.assert_allclose(fit.refit_weighted(without.to_numpy()[None, :]).estimate[0], estimate, atol=REFIT)


def test_a_level_that_nobody_drawn_has_is_left_out_as_in_a_fit_of_its_own(outcomes):
    rare = outcomes["subject"].isin(outcomes["subject"].unique()[:3])
    outcomes = outcomes.assign(region=outcomes["region"].where(~rare, "d"))
    fit = ba.fit_mmrm(outcomes, covariates=COVARIATES)
    counts = np.ones((20, 50), dtype=int)
    counts[:, :3] = 0
    counts[np.arange(20), 5 + np.arange(20)] = 2
    many = fit.refit_weighted(counts)
    assert many.n_failed == 0
    for place in (0, 19):
        estimate, std_error = alone(drawn(outcomes, counts[place]), covariates=COVARIATES)
        np.testing.assert_allclose(many.estimate[place], estimate, atol=REFIT)
        np.testing.assert_allclose(many.std_error[place], std_error, rtol=REFIT)


def test_a_resample_without_an_arm_has_no_estimate(outcomes):
    fit = ba.fit_mmrm(outcomes)
    weights = np.stack([np.ones(50), (fit.subjects["arm"] == "placebo").to_numpy(dtype=float)])
    many = fit.refit_weighted(weights)
    assert many.n_failed == 1
    assert np.isnan(many.estimate[1]).all()
    assert not np.isnan(many.estimate[0]).any()


def test_a_resample_of_subjects_without_a_value_has_no_estimate(outcomes):
    unseen = outcomes["subject"].isin(outcomes["subject"].unique()[np.arange(50) % 4 < 2])
    outcomes = outcomes.assign(**{name: outcomes[name].mask(unseen) for name in ("value", "change", "percent_change")})
    weights = np.stack([np.ones(50), np.arange(50) % 4 < 2]).astype(float)
    many = ba.fit_mmrm(outcomes).refit_weighted(weights)
    assert many.n_failed == 1
    assert np.isnan(many.estimate[1]).all()
    assert np.isnan(many.std_error[1]).all()


def test_the_jackknife_leaves_out_each_subject_in_turn(outcomes):
    fit = ba.fit_mmrm(outcomes)
    told = fit.jackknife()
    each = np.array([next(alone(outcomes[outcomes["subject"] != subject])).ravel() for subject in outcomes["subject"].unique()])
    spread = np.sqrt(49 / 50 * ((each - each.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(told["std_error"], spread, rtol=REFIT)
    np.testing.assert_array_equal(told["estimate"], fit.differences()["estimate"])
    assert (told["df"] == 49).all()


def test_the_jackknife_is_near_its_approximation_cr3(outcomes):
    told = ba.fit_mmrm(outcomes).jackknife()["std_error"]
    np.testing.assert_allclose(told, ba.fit_mmrm(outcomes, variance="CR3").differences()["std_error"], rtol=0.1)


def test_the_jackknife_stands_a_site_of_one_subject(outcomes):
    first = outcomes["subject"] == outcomes["subject"].iloc[0]
    alone_there = outcomes.assign(region=outcomes["region"].where(~first, "d"))
    assert (ba.fit_mmrm(alone_there, covariates=COVARIATES).jackknife()["std_error"] > 0).all()


@pytest.mark.long
def test_a_bootstrap_is_drawn_by_its_seed(outcomes):
    fit = ba.fit_mmrm(outcomes)
    one, again, other = (fit.bootstrap(n=200, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    assert not np.allclose(one["std_error"], other["std_error"])
    np.testing.assert_allclose(one["std_error"], fit.differences()["std_error"], rtol=0.25)
    assert ((one["conf_low"] < one["estimate"]) & (one["estimate"] < one["conf_high"])).all()
    assert one["method"].str.contains("bootstrap of 200 resamples, seed 1").all()


@pytest.mark.long
def test_percentile_limits_of_a_bootstrap_and_its_p_value_say_the_same(repeated):
    said = []
    for seed in range(40, 52):
        fit = ba.fit_mmrm(repeated(seed, n_per_arm=12, n_visits=2))
        for level in (0.5, 0.8, 0.9, 0.95):
            rows = fit.bootstrap(n=60, seed=seed, conf_level=level)
            excluded = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
            assert (excluded == (rows["p_value"] <= 1 - level)).all()
            said += excluded.tolist()
    assert 10 < sum(said) < len(said) - 10


def test_a_level_beyond_the_resamples_is_refused_before_they_are_drawn(outcomes):
    fit = ba.fit_mmrm(outcomes)
    with pytest.raises(
        ValueError,
        match=r"conf_level is 0.95, .* beyond 20 resamples; take 39 resamples or more, or a conf_level of at most 0.904",
    ):
        fit.bootstrap(n=20, seed=1)
    assert fit.bootstrap(n=20, seed=1, conf_level=0.904)["conf_low"].notna().all()


def test_a_wider_level_gives_wider_limits(outcomes):
    fit = ba.fit_mmrm(outcomes)
    narrow, wide = (fit.bootstrap(n=60, seed=1, conf_level=level) for level in (0.8, 0.95))
    assert (narrow["conf_high"] < wide["conf_high"]).all()


@pytest.mark.long
@pytest.mark.parametrize("covariance", ["unstructured", "compound symmetry", "toeplitz by arm"])
def test_many_data_sets_at_once_have_the_fits_of_each(repeated, covariance):
    frames = [repeated(seed, missing=0.1 * (seed % 3)) for seed in range(20, 26)]
    parts = [ba.advanced.crossproducts(frame, covariance=covariance, covariates=COVARIATES) for frame in frames]
    many = ba.advanced.fit_many(parts, covariance=covariance)
    for place, frame in enumerate(frames):
        estimate, std_error = alone(frame, covariance=covariance, covariates=COVARIATES)
        np.testing.assert_allclose(many.estimate[place], estimate, atol=REFIT)
        np.testing.assert_allclose(many.std_error[place], std_error, rtol=REFIT)


def test_a_level_of_one_data_set_is_not_missed_in_the_others(repeated):
    frames = [repeated(seed) for seed in (31, 32, 33)]
    frames[1] = frames[1].assign(region=frames[1]["region"].replace("c", "d"))
    many = ba.advanced.fit_many([ba.advanced.crossproducts(frame, covariates=COVARIATES) for frame in frames])
    for place, frame in enumerate(frames):
        np.testing.assert_allclose(many.estimate[place], next(alone(frame, covariates=COVARIATES)), atol=REFIT)


def test_data_sets_with_days_of_their_own_are_fitted_together(repeated):
    covariance = "spatial exponential on day"
    rng = np.random.default_rng(8)
    frames = []
    for seed in (41, 42):
        frame = repeated(seed, n_per_arm=8, missing=0.1)
        day = 28 * (frame["visit"].cat.codes + 1) + rng.integers(-3, 4, size=len(frame))
        frames.append(frame.assign(day=day.astype(float)))
    many = ba.advanced.fit_many(
        [ba.advanced.crossproducts(frame, covariance=covariance) for frame in frames], covariance=covariance
    )
    for place, frame in enumerate(frames):
        np.testing.assert_allclose(many.estimate[place], next(alone(frame, covariance=covariance)), atol=REFIT)


def test_what_cannot_be_resampled_is_refused(outcomes):
    fit = ba.fit_mmrm(outcomes)
    with pytest.raises(ValueError, match="`n` must be a whole number of 2 or more; got 1"):
        fit.bootstrap(n=1, seed=1)
    with pytest.raises(
        ValueError, match=r"`weights` must have one row for each resample and 50 columns, .*; got the shape \(1, 3\)"
    ):
        fit.refit_weighted(np.ones((1, 3)))
    with pytest.raises(ValueError, match="all numbers at least 0"):
        fit.refit_weighted(-np.ones((1, 50)))
    with pytest.raises(ba.FitError, match="resamples: a fit of summed cross-products contains no subjects"):
        ba.advanced.fit_crossproducts(
            fit.measures + ba.advanced.crossproducts(outcomes.assign(subject=outcomes["subject"] + "b"))
        ).bootstrap(n=99, seed=1)
    with pytest.raises(ba.DataError, match="one arm only"):
        ba.fit_mmrm(outcomes[outcomes["arm"] == "placebo"]).bootstrap(n=99, seed=1)
    with pytest.raises(ba.DataError, match=r"`many` must be a list of cross-products, .*; got an empty list"):
        ba.advanced.fit_many([])
    with pytest.raises(ba.DataError, match="many, item 1 must be cross-products; got outcomes"):
        ba.advanced.fit_many([outcomes])

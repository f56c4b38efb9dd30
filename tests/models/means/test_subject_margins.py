"""Means over subjects and g-computation: R's numbers, identities, refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.numerics.counts.standardisation import standardise
from tests.tolerances import PRINTED, SAME_OPTIMUM

REFERENCE = Path(__file__).parents[2] / "reference"
REFERENCE_TRIAL = pd.read_csv(REFERENCE / "reference_trial" / "reference_trial.csv")
MMRM = pd.read_csv(REFERENCE / "mmrm" / "gcomputation.csv")
ROBINCAR = pd.read_csv(REFERENCE / "ancova" / "robincar.csv")

MODELS = {
    "base": {"covariates": ("sex", "region", "baseline")},
    "arm*visit*(sex+baseline)": {"covariates": ("region", "arm:sex", "arm:baseline"), "by_visit": ("arm:sex", "arm:baseline")},
}
SMALL_SAMPLE = {"Satterthwaite": "satterthwaite", "Kenward-Roger": "kenward-roger-linear"}

NUMBERS = ["estimate", "std_error", "df"]


@pytest.fixture(scope="module")
def outcomes():
    return ba.as_outcomes(
        REFERENCE_TRIAL,
        endpoint="headache days",
        arms=["placebo", "155 U", "195 U"],
        visits=["week 6", "week 12", "week 18", "week 24"],
    )


@pytest.fixture(scope="module")
def fits(outcomes):
    return {
        (model, df_method): ba.fit_mmrm(outcomes, **asked, small_sample=word)
        for model, asked in MODELS.items()
        for df_method, word in SMALL_SAMPLE.items()
    }


def test_the_grid_of_the_reference_is_whole():
    assert MMRM.groupby(["model", "df_method", "margins", "kind"]).size().tolist() == [8, 12] * 12


@pytest.mark.parametrize("margins", ["observed", "subjects", "g-computation"])
@pytest.mark.parametrize("df_method", SMALL_SAMPLE)
@pytest.mark.parametrize("model", MODELS)
def test_means_and_differences_over_subjects_are_those_of_r(fits, model, df_method, margins):
    fit = fits[model, df_method]
    for kind, ours in (("mean", fit.means(margins=margins)), ("difference", fit.differences(margins=margins))):
        theirs = MMRM[(MMRM[["model", "df_method", "margins", "kind"]] == [model, df_method, margins, kind]).all(axis=1)]
        both = ours.merge(theirs, on=["visit", "arm"], suffixes=("", "_theirs"))
        assert len(both) == len(ours)
        # By Kenward and Roger mmrm leaves the degrees of freedom of fixed covariates.
        same = NUMBERS[:2] if (margins, df_method) == ("g-computation", "Kenward-Roger") else NUMBERS
        for name in same:
            np.testing.assert_allclose(both[name], both[f"{name}_theirs"], rtol=PRINTED, err_msg=name)


def test_degrees_of_freedom_are_those_of_a_sum_of_variances_of_which_that_of_the_covariates_is_known(fits):
    for fit in (fits["base", word] for word in SMALL_SAMPLE):
        random, at = fit.means(margins="g-computation"), fit._at("g-computation")
        rows = at.rows.transpose(1, 0, 2).reshape(len(random), -1)
        variance = np.einsum("kp,pq,kq->k", rows, fit.coefficients.cov_beta, rows)
        expected = fit.coefficients.df(rows) * (random["std_error"] ** 2 / variance) ** 2
        np.testing.assert_allclose(random["df"], expected, rtol=SAME_OPTIMUM)


def test_g_computation_is_the_mean_of_everybodys_fitted_values_with_their_variance_over_the_subjects(fits, outcomes):
    fit = fits["arm*visit*(sex+baseline)", "Satterthwaite"]
    (mean,), beta = fit.fitted_means, fit.coefficients.beta
    everybody = outcomes.drop_duplicates("subject")
    at = {
        "baseline": everybody["baseline"].to_numpy(),
        **{name: np.equal.outer(everybody[name].to_numpy(), mean.levels[name]).astype(float) for name in ("sex", "region")},
    }
    for _, row in fit.means(margins="g-computation").iterrows():
        arm, visit = (
            np.full(len(everybody), names.index(row[name])) for name, names in (("arm", fit.arms), ("visit", fit.visits))
        )
        rows = mean.rows_at(arm, visit, at)
        average = rows.mean(axis=0)
        variance = average @ fit.coefficients.cov_beta @ average + np.var(rows @ beta, ddof=1) / len(everybody)
        assert [row["estimate"], row["std_error"]] == pytest.approx([average @ beta, np.sqrt(variance)], rel=SAME_OPTIMUM)


@pytest.mark.parametrize(
    ("covariates", "by_visit", "mean"),
    [
        (("sex", "baseline"), ("baseline",), "arm by visit"),
        (("arm:sex", "region", "baseline"), (), "arm by visit"),
        (("sex", "region"), (), "common baseline"),
        (("baseline", "sex"), ("baseline",), "constant effect"),
    ],
)
def test_where_everybody_has_every_visit_subjects_are_the_rows(repeated, covariates, by_visit, mean):
    fit = ba.fit_mmrm(repeated(3), covariates=covariates, by_visit=by_visit, mean=mean)
    for ask in ("means", "differences"):
        over_subjects, over_rows = (getattr(fit, ask)(margins=margins) for margins in ("subjects", "observed"))
        np.testing.assert_allclose(over_subjects[NUMBERS], over_rows[NUMBERS], rtol=1e-7)
        np.testing.assert_allclose(getattr(fit, ask)(margins="g-computation")["estimate"], over_rows["estimate"], rtol=1e-7)


def test_without_covariates_all_margins_are_the_same(outcomes):
    fit = ba.fit_mmrm(outcomes, covariates=())
    for margins in ("equal", "subjects", "g-computation"):
        np.testing.assert_allclose(fit.means(margins=margins)[NUMBERS], fit.means()[NUMBERS], rtol=SAME_OPTIMUM)


def test_differences_without_effects_by_arm_do_not_depend_on_the_subjects(fits):
    fit = fits["base", "Satterthwaite"]
    for margins in ("equal", "subjects", "g-computation"):
        np.testing.assert_allclose(fit.differences(margins=margins)[NUMBERS], fit.differences()[NUMBERS], rtol=1e-8)


def test_simultaneous_limits_are_those_of_the_variance_with_random_covariates(fits):
    fit = fits["arm*visit*(sex+baseline)", "Satterthwaite"]
    plain, adjusted = (fit.differences(margins="g-computation", adjustment=word) for word in ("none", "dunnett"))
    np.testing.assert_allclose(adjusted[NUMBERS], plain[NUMBERS], rtol=1e-12)
    assert (adjusted["p_value"] > plain["p_value"]).all()
    pairs = fit.pairwise_differences(margins="g-computation").query("reference == 'placebo'")
    np.testing.assert_allclose(pairs[NUMBERS], plain[NUMBERS], rtol=1e-12)


# ---- analysis of covariance ----


def analysed(outcomes):
    seen = outcomes[(outcomes["visit"] == "week 24") & outcomes["change"].notna()]
    return seen.assign(visit=seen["visit"].cat.remove_unused_categories())


@pytest.mark.parametrize("estimator", ["ANOVA", "ANCOVA", "ANHECOVA"])
def test_estimates_of_all_subjects_are_those_of_robincar_and_its_variance_is_that_of_standardisation(outcomes, estimator):
    covariates = {"ANOVA": (), "ANCOVA": ("sex", "region", "baseline"), "ANHECOVA": ("arm:sex", "arm:region", "arm:baseline")}
    seen = analysed(outcomes)
    fit = ba.fit_ancova(seen, covariates=covariates[estimator])
    theirs = ROBINCAR[ROBINCAR["estimator"] == estimator].set_index(["kind", "arm"])
    for kind, ours in (("mean", fit.means(margins="g-computation")), ("difference", fit.differences(margins="g-computation"))):
        expected = [theirs.loc[(kind, arm), "estimate"] for arm in ours["arm"]]
        np.testing.assert_allclose(ours["estimate"], expected, rtol=PRINTED)
    (mean,) = fit.fitted_means
    at = {
        name: np.equal.outer(seen[name].to_numpy(), mean.levels[name]).astype(float)
        for name in ("sex", "region")
        if name in mean.levels
    }
    at |= {"baseline": seen["baseline"].to_numpy()} if "baseline" in mean.levels else {}
    nobody = np.zeros(len(seen), dtype=int)
    predicted = np.column_stack([mean.rows_at(nobody + arm, nobody, at) @ fit.coefficients.beta for arm in range(3)])
    told = standardise(seen["change"].to_numpy(), seen["arm"].cat.codes.to_numpy(), predicted)
    for arm, name in enumerate(fit.arms):
        assert np.sqrt(told.covariance[arm, arm]) == pytest.approx(theirs.loc[("mean", name), "std_error"], rel=PRINTED)
        if arm:
            variance = told.covariance[arm, arm] + told.covariance[0, 0] - 2 * told.covariance[0, arm]
            assert np.sqrt(variance) == pytest.approx(theirs.loc[("difference", name), "std_error"], rel=PRINTED)


def test_an_analysis_of_covariance_averages_over_everybody_with_covariates_also_without_a_value(outcomes):
    fit = ba.fit_ancova(outcomes, covariates=("baseline", "sex"), visits=["week 24"], variance="HC3")
    everybody, seen = outcomes[outcomes["visit"] == "week 24"], analysed(outcomes)
    assert len(everybody) > len(seen)
    slope = {name.split(": ")[1]: value for name, value in zip(fit.names, fit.coefficients.beta, strict=True)}
    moved = slope["baseline"] * (everybody["baseline"].mean() - seen["baseline"].mean())
    moved += slope["sex M"] * ((everybody["sex"] == "M").mean() - (seen["sex"] == "M").mean())
    over_all, over_seen = fit.means(margins="g-computation"), fit.means(margins="subjects")
    np.testing.assert_allclose(over_all["estimate"] - over_seen["estimate"], moved, rtol=1e-7)
    pd.testing.assert_frame_equal(over_seen[NUMBERS], fit.means()[NUMBERS])


def test_the_method_says_over_whom(fits, outcomes):
    for fit in (fits["base", "Satterthwaite"], ba.fit_ancova(outcomes)):
        assert fit.means(margins="g-computation")["method"].str.contains(", g-computation over all subjects; ").all()
        assert fit.means(margins="subjects")["method"].str.contains(", averaged over the subjects analysed; ").all()
        assert (fit.means()["method"] == fit.method).all()


# ---- refusals ----


def test_a_level_that_nobody_analysed_has_is_refused_with_what_may_be_taken(edit, outcomes):
    gone = outcomes["subject"] == "S001"
    strange = edit(outcomes, change=outcomes["change"].where(~gone)).assign(site=np.where(gone, "elsewhere", "here"))
    said = "cannot be 'g-computation': subjects without a value have levels of 'site' that are absent.*margins='subjects'"
    for fit in (ba.fit_ancova(strange, covariates=("site",)), ba.fit_mmrm(strange, covariates=("site",))):
        with pytest.raises(ba.FitError, match=said):
            fit.means(margins="g-computation")
        assert fit.means(margins="subjects")["estimate"].notna().all()


def test_covariates_that_change_over_visits_are_refused(repeated):
    fit = ba.fit_mmrm(repeated(4), covariates=("baseline", "pain"), by_visit=())
    for margins in ("subjects", "g-computation"):
        with pytest.raises(
            ba.FitError, match=rf"margins '{margins}': the covariate 'pain' changes over visits.*margins 'observed'"
        ):
            fit.means(margins=margins)


def test_sums_of_parts_have_no_subjects(outcomes):
    whole = ba.advanced.fit_crossproducts(
        ba.advanced.crossproducts(outcomes) + ba.advanced.crossproducts(outcomes.assign(subject=outcomes["subject"] + "b"))
    )
    with pytest.raises(ba.FitError, match="margins 'subjects' are of subjects, but summed cross-products contain no subjects"):
        whole.differences(margins="subjects")


def test_margins_that_are_not_known_are_refused(fits):
    for ask in ("means", "differences", "pairwise_differences"):
        with pytest.raises(
            ValueError, match=r"`margins` must be one of 'observed', 'equal', 'subjects', 'g-comp.*; got 'everybody'"
        ):
            getattr(fits["base", "Satterthwaite"], ask)(margins="everybody")

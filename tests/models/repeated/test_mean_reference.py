"""Means beside arm by visit, subgroups, F tests and likelihood ratios against R."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.models.means.hypotheses import hypotheses
from botox_analysis.numerics.linear.inference import infer
from tests.summed import fit_summed

pytestmark = pytest.mark.long

REFERENCE = Path(__file__).parents[2] / "reference"
VISITS = ["week 6", "week 12", "week 18", "week 24"]

THIRTEEN_DIGITS = 1e-10
"""Relative: the files have 13 digits, and R went on until the gradient was below 1e-11."""

PRINTED_LIKELIHOOD = 1e-9
"""Relative to a ratio: log-likelihoods are printed to 1e-9 points, and the smallest ratio is 0.15."""

OWN_CODE = {"estimate": 1e-6, "std_error": 1e-6, "df": 1e-5}
"""Relative: that code has derivatives by differences, and stopped at a gradient of 2e-7."""

SANDWICH = {"Empirical": "CR0", "Empirical-Bias-Reduced": "CR2", "Empirical-Jackknife": "CR3"}
SMALL_SAMPLE = {
    **{("Between-Within", name): ("between-within", word) for name, word in SANDWICH.items()},
    **{("Residual", name): ("residual", word) for name, word in SANDWICH.items()},
    **{("Satterthwaite", name): ("satterthwaite", word) for name, word in SANDWICH.items()},
    ("Satterthwaite", "Asymptotic"): ("satterthwaite", "model"),
    ("Kenward-Roger", "Kenward-Roger"): ("kenward-roger", "model"),
    ("Kenward-Roger", "Kenward-Roger-Linear"): ("kenward-roger-linear", "model"),
    ("Between-Within", "Asymptotic"): ("between-within", "model"),
    ("Residual", "Asymptotic"): ("residual", "model"),
}
STRUCTURE = {
    "us": "unstructured",
    "cs": "compound symmetry",
    "csh": "heterogeneous compound symmetry",
    "ar1": "ar1",
    "ar1h": "heterogeneous ar1",
    "toep": "toeplitz",
    "toeph": "heterogeneous toeplitz",
    "ad": "ante-dependence",
    "adh": "heterogeneous ante-dependence",
    "sp_exp": "spatial exponential on week",
    "spatial exponential (own code, checked by nlme::gls)": "spatial exponential on week",
}
MODELS = {
    "base": {"covariates": ("sex", "region", "baseline")},
    "additive": {"covariates": ("sex", "region", "baseline"), "by_visit": (), "mean": "constant effect"},
    "arm_sex": {"covariates": ("region", "baseline", "arm:sex"), "by_visit": ("baseline", "arm:sex")},
    "arm_region": {"covariates": ("sex", "baseline", "arm:region"), "by_visit": ("baseline", "arm:region")},
    "arm_baseline": {"covariates": ("sex", "region", "arm:baseline"), "by_visit": ("arm:baseline",)},
    "constant_effect": {"covariates": ("sex", "region", "baseline"), "mean": "constant effect"},
    "constant_effect_additive": {"covariates": ("sex", "region", "baseline"), "by_visit": (), "mean": "constant effect"},
    "arm*visit": {"covariates": ("sex", "region", "baseline")},
    "baseline + arm*week": {"covariates": ("sex", "region", "baseline"), "mean": "slope on week"},
    "no covariate": {"mean": "common baseline"},
    "covariates constant": {"covariates": ("sex", "region"), "mean": "common baseline"},
    "covariates by visit": {"covariates": ("sex", "region"), "by_visit": ("sex", "region"), "mean": "common baseline"},
    # of the ratios of likelihoods
    "sex + region + baseline*visit + arm + visit": {"covariates": ("sex", "region", "baseline"), "mean": "constant effect"},
    "sex + region + baseline*visit + arm*visit": {"covariates": ("sex", "region", "baseline")},
    "sex + region + baseline*visit": {"covariates": ("sex", "region", "baseline"), "mean": "no difference"},
    "sex + region + baseline + arm*visit": {"covariates": ("sex", "region", "baseline"), "by_visit": ()},
    "region + baseline*visit + arm*visit": {"covariates": ("region", "baseline")},
    "sex + baseline*visit + arm*visit": {"covariates": ("sex", "baseline")},
    "sex + region + baseline*visit + arm*visit*sex": {
        "covariates": ("region", "baseline", "arm:sex"),
        "by_visit": ("baseline", "arm:sex"),
    },
    "sex + region + arm*visit*baseline": {"covariates": ("sex", "region", "arm:baseline"), "by_visit": ("arm:baseline",)},
    "sex + region + visit + arm*visit": {"covariates": ("sex", "region")},
}
NOT_A_MEAN_OF_OURS = "sex + region + baseline + arm"
"""Neither visits nor a slope: a model for nobody."""

SEVERAL_CONTAINING = {
    ("arm_sex", "sex"), ("arm_sex", "visit"), ("arm_sex", "arm"), ("arm_region", "region"), ("arm_region", "visit"),
    ("arm_region", "arm"), ("arm_baseline", "baseline"),
}  # fmt: skip
"""Effects of type II that are contained in several others; see the README, and for the definition test_hypotheses.py."""


def read(name):
    return pd.read_csv(REFERENCE / "mean_models" / f"{name}.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def outcomes():
    frame = pd.read_csv(REFERENCE / "reference_trial" / "reference_trial.csv")
    outcomes = ba.as_outcomes(frame, endpoint="headache days", arms=["placebo", "155 U", "195 U"], visits=VISITS)
    return outcomes.assign(week=outcomes["visit"].astype(str).str.removeprefix("week ").astype(float))


@pytest.fixture(scope="module")
def fitted(outcomes):
    """Give a function from a model in R and its fitting method to our fit, fitted once."""
    known = {}

    def fit(model, df_method="Satterthwaite", vcov_method="Asymptotic", estimation="REML", covariance="us"):
        key = model, df_method, vcov_method, estimation, covariance
        if key not in known:
            small_sample, variance = SMALL_SAMPLE[df_method, vcov_method]
            known[key] = fit_summed(
                outcomes, covariance=STRUCTURE[covariance], small_sample=small_sample, variance=variance,
                estimation=estimation.lower(), **MODELS[model],
            )  # fmt: skip
        return known[key]

    return fit


def rows_of(frame, **keys):
    """Select the rows with given words."""
    chosen = np.ones(len(frame), dtype=bool)
    for name, word in keys.items():
        chosen &= (frame[name] == word).to_numpy()
    return frame[chosen]


def pairs(ours, theirs, names, tolerance=THIRTEEN_DIGITS):
    """Compare the columns of one row with those of R's."""
    for name in names:
        allowed = tolerance[name] if isinstance(tolerance, dict) else tolerance
        assert float(ours[name]) == pytest.approx(float(theirs[name]), rel=allowed), (name, dict(theirs))


# ---- F tests of effects ----

TERM_TESTS = read("term_tests")
COMPARED_TESTS = list(TERM_TESTS.groupby(["model", "df_method", "vcov_method", "type"], sort=False).groups)


def of_effect(tests, name):
    names = {each: frozenset(each.split(" by ")) for each in tests["test"]}
    return tests.set_index(tests["test"].map(names)).loc[[frozenset(name.split(":"))]].iloc[0]


def test_the_grid_of_f_tests_is_complete():
    assert len(COMPARED_TESTS) == 44
    assert len(TERM_TESTS) == 332


@pytest.mark.parametrize(("model", "df_method", "vcov_method", "kind"), COMPARED_TESTS)
def test_f_tests_of_effects_are_those_of_mmrm(fitted, model, df_method, vcov_method, kind):
    theirs = rows_of(TERM_TESTS, model=model, df_method=df_method, vcov_method=vcov_method, type=kind)
    ours = fitted(model, df_method, vcov_method).term_tests(kind)
    assert len(ours) == len(theirs)
    for _, row in theirs.iterrows():
        if kind == "II" and (model, row["term"]) in SEVERAL_CONTAINING:
            continue
        own = of_effect(ours, row["term"]).rename({"statistic": "f_value", "df": "denom_df"})
        pairs(own, row, ["f_value", "num_df", "denom_df"])
        assert own["p_value"] == pytest.approx(float(row["p_value"]), rel=1e-8)


CONTRASTS = json.loads((REFERENCE / "mean_models" / "term_contrasts.json").read_text())
FIRST = {"visit": VISITS, "arm": ["placebo", "155 U", "195 U"], "sex": ["F", "M"], "region": ["Europe", "North America", "Other"]}


def row_of_coefficient(mean, name):
    """Compute the combination of our coefficients that is a coefficient in R, with numbers at 0 or 1."""
    levels = {}
    for part in [] if name == "(Intercept)" else name.split(":"):
        factor = next((each for each in FIRST if part.startswith(each)), part)
        levels[factor] = FIRST[factor].index(part.removeprefix(factor)) if factor in FIRST else 1
    total = 0.0
    for there in product((0, 1), repeat=len(levels)):
        at = dict(zip(levels, (level * on for level, on in zip(levels.values(), there, strict=True)), strict=True))
        factors = {each: np.eye(len(FIRST[each]))[[at.get(each, 0)]] for each in ("sex", "region")}
        row = mean.rows_at(
            [at.get("arm", 0)], [at.get("visit", 0)], factors | {"baseline": np.array([float(at.get("baseline", 0))])}
        )
        total = total + (-1) ** (len(levels) - sum(there)) * row[0]
    return total


@pytest.mark.parametrize("model", CONTRASTS)
@pytest.mark.parametrize("kind", ["II", "III"])
def test_rows_of_a_hypothesis_are_those_of_mmrm(fitted, model, kind):
    mean = fitted(model).fitted_means[0]
    coefficients = np.array([row_of_coefficient(mean, name) for name in CONTRASTS[model]["coefficients"]])
    ours = {frozenset(term): rows for term, rows in hypotheses(mean, kind).items()}
    for name, rows in CONTRASTS[model][kind].items():
        if kind == "II" and (model, name) in SEVERAL_CONTAINING:
            continue
        theirs = np.array(rows) @ coefficients
        own = ours[frozenset(name.split(":"))]
        assert len(own) == len(theirs)
        distance = np.abs(own[:, None] - theirs[None]).max(axis=2).min(axis=1)  # mmrm has them in another order
        assert distance.max() < 1e-8 * max(1.0, np.abs(theirs).max())


@pytest.mark.parametrize(("model", "name"), sorted(SEVERAL_CONTAINING))
def test_at_the_rows_of_mmrm_also_other_f_tests_are_those_of_mmrm(fitted, model, name):
    fit = fitted(model)
    mean = fit.fitted_means[0]
    coefficients = np.array([row_of_coefficient(mean, each) for each in CONTRASTS[model]["coefficients"]])
    told = fit.uncertainty.test_of(
        np.array(CONTRASTS[model]["II"][name]) @ coefficients @ fit.coefficients.beta,
        np.array(CONTRASTS[model]["II"][name]) @ coefficients @ fit.to_columns,
    )
    row = rows_of(TERM_TESTS, model=model, term=name, type="II", df_method="Satterthwaite", vcov_method="Asymptotic").iloc[0]
    assert told.statistic == pytest.approx(float(row["f_value"]), rel=1e-9)
    assert told.df == pytest.approx(float(row["denom_df"]), rel=1e-9)


# ---- subgroups ----

SUBGROUPS, INTERACTION_TESTS = read("subgroups"), read("interaction_tests")
SUBGROUP_FITS = list(SUBGROUPS.groupby(["model", "df_method", "vcov_method"], sort=False).groups)


@pytest.mark.parametrize(("model", "df_method", "vcov_method"), SUBGROUP_FITS)
def test_subgroups_and_slopes_are_those_of_emmeans(fitted, model, df_method, vcov_method):
    fit = fitted(model, df_method, vcov_method)
    covariate = model.removeprefix("arm_")
    at = [12, 18, 24] if covariate == "baseline" else None
    ours = {
        "mean, equal margins": fit.subgroup_means(covariate, at=at, margins="equal"),
        "difference to placebo": fit.subgroup_differences(covariate, at=at),
    }
    if at:
        ours |= {"slope of baseline": fit.slopes(covariate), "difference of slopes to placebo": fit.slope_differences(covariate)}
    else:
        ours["difference of differences"] = fit.subgroup_interactions(covariate)
    chosen = rows_of(SUBGROUPS, model=model, df_method=df_method, vcov_method=vcov_method)
    compared = 0
    for _, row in chosen.iterrows():
        own = ours[row["kind"]]
        own = own[(own["visit"] == row["visit"]) & (own["arm"] == row["arm"])]
        if "level" in own:
            own = own[own["level"] == row["level"]]
        if row["level"] == "Other - North America":
            assert own.empty  # not to the first level
            continue
        limits = [] if row["kind"] in ("difference to placebo", "difference of slopes to placebo") else ["conf_low", "conf_high"]
        pairs(own.iloc[0], row, ["estimate", "std_error", "df", *limits])
        compared += 1
    assert compared == sum(len(frame) for frame in ours.values())


@pytest.mark.parametrize(("model", "df_method", "vcov_method"), SUBGROUP_FITS)
def test_tests_of_interactions_are_those_of_mmrm(fitted, model, df_method, vcov_method):
    ours = fitted(model, df_method, vcov_method).interaction_tests(model.removeprefix("arm_")).set_index("test")
    chosen = rows_of(INTERACTION_TESTS, model=model, df_method=df_method, vcov_method=vcov_method)
    assert len(chosen) == len(ours) == 6
    for _, row in chosen.iterrows():
        own = ours.loc[row["test"].removesuffix(" (all)")].rename({"statistic": "f_value", "df": "denom_df"})
        pairs(own, row, ["f_value", "num_df", "denom_df", "p_value"])


# ---- one difference for all visits ----

CONSTANT = read("constant_effect")


@pytest.mark.parametrize(
    ("model", "df_method", "vcov_method"), CONSTANT.groupby(["model", "df_method", "vcov_method"], sort=False).groups
)
def test_a_constant_effect_is_that_of_mmrm(fitted, model, df_method, vcov_method):
    fit = fitted(model, df_method, vcov_method)
    chosen = rows_of(CONSTANT, model=model, df_method=df_method, vcov_method=vcov_method)
    n_visit = fit.n.sum(axis=0)
    weights = {"equal": np.full(4, 1 / 4), "observed": n_visit / n_visit.sum()}  # emmeans weights the visits alike
    differences = fit.average_differences() if model == "arm*visit" else fit.differences()
    between = fit.contrasts({"": {("195 U", "week 6"): 1, ("155 U", "week 6"): -1}})
    for _, row in chosen.iterrows():
        if row["kind"].startswith("mean over visits"):
            margins = row["kind"].split(", ")[1].removesuffix(" margins")
            rows = np.einsum("v,avp->ap", weights[margins], fit.rows[margins])[[fit.arms.index(row["arm"])]]
            own = pd.Series({name: value[0] for name, value in vars(infer(fit.coefficients, rows, 0.95)).items()})
            pairs(own, row, ["estimate", "std_error", "df", "conf_low", "conf_high"])
        else:
            own = between if row["kind"] == "difference 195 U - 155 U" else differences[differences["arm"] == row["arm"]]
            pairs(own.iloc[0], row, ["estimate", "std_error", "df"])


# ---- slopes ----

SLOPES, SLOPES_TESTS = read("slopes"), read("slopes_tests")
SLOPE_FITS = [
    key
    for key in SLOPES.groupby(["estimation", "covariance", "df_method", "vcov_method"], sort=False).groups
    if key[1] in STRUCTURE and not key[1].startswith("spatial")
]


def own_slope_row(fit, quantity):
    if quantity.startswith("slope difference "):
        own = fit.slope_differences("week")
        return own[own["arm"] == quantity.removeprefix("slope difference ")].iloc[0]
    if quantity.startswith("slope "):
        own = fit.slopes("week")
        return own[own["arm"] == quantity.removeprefix("slope ")].iloc[0]
    if quantity.startswith("coefficient "):
        return None
    visit, _, arm = quantity.removeprefix("difference at ").partition(", ")
    own = fit.differences()
    return own[(own["arm"] == arm) & (own["visit"] == visit)].iloc[0]


@pytest.mark.parametrize(("estimation", "covariance", "df_method", "vcov_method"), SLOPE_FITS)
def test_slopes_on_weeks_are_those_of_mmrm(fitted, estimation, covariance, df_method, vcov_method):
    fit = fitted("baseline + arm*week", df_method, vcov_method, estimation, covariance)
    chosen = rows_of(SLOPES, estimation=estimation, covariance=covariance, df_method=df_method, vcov_method=vcov_method)
    at_start = fit.subgroup_differences("week", at=[0]).set_index("arm")
    covariates = dict(zip(fit.names, fit.coefficients.beta, strict=True))
    compared = 0
    for _, row in chosen.iterrows():
        assert fit.loglik == pytest.approx(float(row["logLik"]), abs=2e-9)
        own = own_slope_row(fit, row["quantity"])
        name = row["quantity"].removeprefix("coefficient ")
        if own is None and name in ("arm155 U", "arm195 U"):
            own = at_start.loc[name.removeprefix("arm")]
        elif own is None and name in ("sexM", "baseline"):
            assert covariates[{"sexM": "sex M"}.get(name, name)] == pytest.approx(float(row["estimate"]), rel=THIRTEEN_DIGITS)
            compared += 1
        if own is not None:
            pairs(own, row, ["estimate", "std_error", "df"])
            compared += 1
    assert compared == 12


def test_a_spatial_covariance_on_weeks_is_that_of_other_code(fitted):
    row = SLOPES[(SLOPES["covariance"].str.startswith("spatial exponential")) & (SLOPES["estimation"] == "REML")].iloc[0]
    fit = fitted("baseline + arm*week", covariance=row["covariance"])
    pairs(own_slope_row(fit, row["quantity"]), row, ["estimate", "std_error", "df"], OWN_CODE)


@pytest.mark.parametrize("number", SLOPES_TESTS.index[SLOPES_TESTS["item"] == "F test arm:week"])
def test_the_test_of_arm_by_week_is_that_of_mmrm(fitted, number):
    row = SLOPES_TESTS.loc[number]
    fit = fitted("baseline + arm*week", row["df_method"], row["vcov_method"], row["estimation"], row["covariance"])
    own = fit.interaction_tests("week").iloc[0].rename({"statistic": "value", "df": "denom_df"})
    pairs(own, row, ["value", "num_df", "denom_df", "p_value"])


# ---- the baseline as a response ----

COMMON = read("common_baseline")
COMMON_FITS = list(COMMON.groupby(["model", "estimation", "df_method", "vcov_method"], sort=False).groups)


@pytest.mark.parametrize(("model", "estimation", "df_method", "vcov_method"), COMMON_FITS)
def test_a_common_baseline_is_that_of_mmrm(fitted, model, estimation, df_method, vcov_method):
    fit = fitted(model, df_method, vcov_method, estimation)
    chosen = rows_of(COMMON, model=model, estimation=estimation, df_method=df_method, vcov_method=vcov_method)
    differences, means = (frame.set_index(["arm", "visit"]) for frame in (fit.differences(), fit.means()))
    for _, row in chosen.iterrows():
        assert fit.loglik == pytest.approx(float(row["logLik"]), abs=2e-9)
        kind, _, where = row["quantity"].partition(", ")
        if row["quantity"].startswith("difference "):
            own = differences.loc[tuple(row["quantity"].removeprefix("difference ").split(" at "))]
            pairs(own, row, ["estimate", "std_error", "df"])
        elif kind == "change from baseline":
            pairs(means.loc[tuple(where.split(" at "))], row, ["estimate", "std_error", "df"])
        elif row["quantity"].startswith("F test"):
            test = fit.overall_test().iloc[0]
            assert test["num_df"] == 8
            assert test["statistic"] == pytest.approx(float(row["estimate"]), rel=THIRTEEN_DIGITS)
            assert test["df"] == pytest.approx(float(row["df"]), rel=THIRTEEN_DIGITS)
        else:
            assert row["quantity"] == "common baseline mean"
            where = fit.names.index("baseline")
            assert fit.coefficients.beta[where] == pytest.approx(float(row["estimate"]), rel=THIRTEEN_DIGITS)
            assert np.sqrt(fit.coefficients.cov_beta[where, where]) == pytest.approx(float(row["std_error"]), rel=THIRTEEN_DIGITS)


@pytest.mark.parametrize("estimation", ["REML", "ML"])
def test_the_covariance_with_the_baseline_is_that_of_mmrm(fitted, estimation):
    theirs = pd.read_csv(REFERENCE / "mean_models" / f"common_baseline_covariance_{estimation}.csv", index_col=0)
    ours = fitted("no covariate", estimation=estimation).covariance()
    assert list(ours.columns) == list(theirs.columns) == ["baseline", *VISITS]
    assert ours.to_numpy() == pytest.approx(theirs.to_numpy(), rel=THIRTEEN_DIGITS)


# ---- ratios of likelihoods ----

RATIOS = read("likelihood_ratio")


@pytest.mark.parametrize("number", RATIOS.index[RATIOS["smaller"] != NOT_A_MEAN_OF_OURS])
def test_a_ratio_of_likelihoods_is_that_of_mmrm(fitted, number):
    row = RATIOS.loc[number]
    fits = []
    for side in ("smaller", "larger"):
        model, covariance = ("base", row[side]) if row["comparison"] == "covariance" else (row[side], "us")
        fits.append(fitted(model, estimation=row["estimation"], covariance=covariance))
        assert fits[-1].loglik == pytest.approx(float(row[f"loglik_{side}"]), abs=2e-9)
    own = fits[1].likelihood_ratio(fits[0]).iloc[0]
    assert own["test"] == row["comparison"]
    assert own["df"] == float(row["df"])
    assert own["statistic"] == pytest.approx(float(row["chi2"]), rel=PRINTED_LIKELIHOOD)
    assert own["p_value"] == pytest.approx(float(row["p_value"]), rel=1e-8)


def test_all_ratios_of_likelihoods_but_one_are_compared():
    assert (RATIOS["smaller"] == NOT_A_MEAN_OF_OURS).sum() == 1
    assert len(RATIOS) == 46


# ---- analysis of covariance ----

ANCOVA_TESTS, ANCOVA_SUBGROUPS = read("ancova_tests"), read("ancova_subgroups")
PLAIN = ("sex", "region", "baseline")


@pytest.mark.parametrize("kind", ["II", "III"])
def test_f_tests_of_an_ancova_are_those_of_car(outcomes, kind):
    ours = ba.fit_ancova(outcomes, covariates=PLAIN, visits=["week 24"]).term_tests(kind).set_index("test")
    theirs = ANCOVA_TESTS[ANCOVA_TESTS["type"].astype(str) == str(len(kind))].set_index("term")
    for term in (*PLAIN, "arm"):
        own = ours.loc[term].rename({"statistic": "f_value", "df": "denom_df"})
        pairs(own, theirs.loc[term], ["f_value", "num_df", "denom_df", "p_value"])


@pytest.mark.parametrize("covariate", PLAIN)
def test_subgroups_of_an_ancova_are_those_of_emmeans(outcomes, covariate):
    fit = ba.fit_ancova(outcomes, covariates=[*PLAIN, f"arm:{covariate}"], visits=["week 24"])
    at = [12, 18, 24] if covariate == "baseline" else None
    ours = {
        "mean, equal margins": fit.subgroup_means(covariate, at=at, margins="equal"),
        "difference to placebo": fit.subgroup_differences(covariate, at=at),
    }
    theirs = ANCOVA_SUBGROUPS[(ANCOVA_SUBGROUPS["covariate"] == covariate) & (ANCOVA_SUBGROUPS["vcov"] == "classical")]
    compared = 0
    for _, row in theirs[theirs["kind"].isin(list(ours))].iterrows():
        own = ours[row["kind"]]
        own = own[(own["arm"] == row["arm"]) & (own["level"] == row["level"])].iloc[0]
        pairs(own, row, ["estimate", "std_error", "df"])
        compared += 1
    assert compared == sum(len(frame) for frame in ours.values())
    test = ANCOVA_TESTS[ANCOVA_TESTS["model"].str.endswith(f"arm:{covariate}") & (ANCOVA_TESTS["vcov"] == "classical")].iloc[0]
    own = fit.interaction_tests(covariate).iloc[0].rename({"statistic": "f_value", "df": "denom_df"})
    pairs(own, test, ["f_value", "num_df", "denom_df", "p_value"])


@pytest.mark.parametrize("covariate", PLAIN)
def test_robust_tests_of_subgroups_are_those_of_car(outcomes, covariate):
    """Degrees of freedom are Bell and McCaffrey's here, and those of the residuals there."""
    fit = ba.fit_ancova(outcomes, covariates=[*PLAIN, f"arm:{covariate}"], visits=["week 24"], variance="HC3")
    differences = fit.subgroup_differences(covariate, at=[12, 18, 24] if covariate == "baseline" else None)
    theirs = rows_of(ANCOVA_SUBGROUPS, covariate=covariate, vcov="HC3", kind="difference to placebo")
    assert len(theirs) == len(differences)
    for _, row in theirs.iterrows():
        pairs(rows_of(differences, arm=row["arm"], level=row["level"]).iloc[0], row, ["estimate", "std_error"])
    test = ANCOVA_TESTS[ANCOVA_TESTS["model"].str.endswith(f"arm:{covariate}") & (ANCOVA_TESTS["vcov"] == "HC3")].iloc[0]
    pairs(fit.interaction_tests(covariate).iloc[0].rename({"statistic": "f_value"}), test, ["f_value", "num_df"])

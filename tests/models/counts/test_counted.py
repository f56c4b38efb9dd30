"""What values are counts of: days of a diary; adverse events in person-time, with crude rates and statsmodels as oracles."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import botox_analysis as ba
from botox_analysis.frames.estimates import check_estimates
from botox_analysis.models.counts.counted import MOST_COUNTED
from tests.tolerances import ROUNDING, TWO_OPTIMISERS

PER_DAY = 36525
"""Days in 100 patient-years."""

DISTRIBUTIONS = ("negative binomial", "quasi-Poisson")
distributions = pytest.mark.parametrize("distribution", DISTRIBUTIONS)
ARMS = ("placebo", "155 U", "195 U")


def make(seed, n=240, arms=ARMS[:2]):
    """*outcomes* of clustered events, whose rate and time both go with age, and the time with the arm."""
    rng = np.random.default_rng(seed)
    arm, age = np.arange(n) % len(arms), rng.integers(20, 66, n)
    days = np.ceil(rng.uniform(20, 168, n) * np.exp(-0.01 * (age - 40)) * (1 - 0.2 * arm))
    rate = np.exp(-4.5 + 0.02 * (age - 40) + 0.3 * arm) * rng.gamma(1.5, 1 / 1.5, n)
    frame = pd.DataFrame(
        {
            "subject": np.arange(n),
            "arm": np.array(arms)[arm],
            "visit": "time observed",
            "value": rng.poisson(rate * days).astype(float),
            "exposure_days": days,
            "age": age,
            "sex": rng.choice(["female", "male"], n),
        }
    )
    return ba.as_outcomes(frame, endpoint="adverse events", arms=arms, visits=["time observed"])


@pytest.fixture(scope="module")
def outcomes():
    return make(1)


def design_of(outcomes, *covariates):
    columns = [outcomes["arm"] == arm for arm in outcomes["arm"].cat.categories]
    columns += [outcomes["sex"] == "male" if name == "sex" else outcomes[name] - 40 for name in covariates]
    return np.column_stack(columns).astype(float)


def numbers(row, *columns):
    return row[list(columns)].astype(float).tolist()


@pytest.mark.parametrize("exposure", [{}, {"exposure_days": 168.0}], ids=["days", "events"])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_counts_that_no_subject_can_have_are_refused_before_memory_is_used(exposure, distribution):
    rows = pd.DataFrame(
        {"subject": range(8), "arm": list("pppptttt"), "visit": "week 4", "value": [0.0, 1, 2, 3, 2, 1, 2.8e10, 1]}
    )
    outcomes = ba.as_outcomes(rows.assign(**exposure), endpoint="events", arms=["p", "t"], visits=["week 4"])
    expected = r"1 values at 'week 4' with counts above 10,000,000 \(the first is 2.8e\+10 of subject '6'\); .* Try fit_ancova"
    with pytest.raises(ba.DataError, match=expected):
        ba.fit_counts(outcomes, covariates=(), distribution=distribution)


@pytest.mark.long
def test_the_largest_count_that_is_allowed_is_counted():
    rows = pd.DataFrame({"subject": range(4), "arm": list("pptt"), "visit": "week 4", "value": [1.0, 2.0, 3.0, MOST_COUNTED]})
    outcomes = ba.as_outcomes(rows, endpoint="events", arms=["p", "t"], visits=["week 4"])
    means = ba.fit_counts(outcomes, covariates=(), distribution="quasi-Poisson").means()
    assert means["estimate"].tolist() == pytest.approx([1.5, (3 + MOST_COUNTED) / 2])


# Days of a diary ------------------------------------------------------------------------------------------------------


def test_a_diary_gives_counts_back(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))
    fit = ba.fit_counts(outcomes, visits=["week 24"])
    assert fit.n.sum() == outcomes.query("visit == 'week 24'")["value"].notna().sum()


def test_hours_are_no_counts(simulated):
    with pytest.raises(ba.DataError, match="no whole number of days"):
        ba.fit_counts(ba.HEADACHE_HOURS.derive(simulated.restrict("itt")))


@pytest.mark.parametrize(("unknown_severity", "whole"), [("share of the known", False), ("as not", True), ("missing", True)])
def test_days_of_unknown_severity_are_counts_but_where_they_count_as_shares(simulated, unknown_severity, whole):
    grade = simulated.diary["severity"].cat.codes
    unknown = (grade > 0) & (simulated.diary.index % 7 == 0)
    diary = simulated.diary.assign(severity=simulated.diary["severity"].mask(unknown))
    endpoint = ba.MODERATE_SEVERE_DAYS.under(replace(ba.diary.PREEMPT, unknown_severity=unknown_severity))
    outcomes = endpoint.derive(replace(simulated, diary=diary).restrict("itt"))
    if whole:
        assert ba.fit_counts(outcomes, distribution="quasi-Poisson", visits=["week 24"]).n.sum() > 1000
        return
    with pytest.raises(ba.DataError, match=r"no whole number of days .*unknown_severity='missing' or 'as not'"):
        ba.fit_counts(outcomes)


def test_imputed_values_are_counted_from_no_days(simulated):
    outcomes = ba.missing.fill(ba.HEADACHE_DAYS.derive(simulated.restrict("itt")), rule="last observation carried forward")
    with pytest.raises(ba.DataError, match=r"without recorded_days .*imputed values do not have"):
        ba.fit_counts(outcomes)


def test_the_days_of_the_period_have_to_be_told():
    rule = ba.diary.DiaryRule("monthly", period_days=30)
    diary = pd.DataFrame({"day": np.tile(np.r_[-30:0, 1:31], 8), "subject": np.repeat([f"s{i}" for i in range(8)], 60)})
    diary["headache_hours"] = np.where(np.random.default_rng(0).uniform(size=len(diary)) < 0.4, 6.0, 0.0)
    subjects = pd.DataFrame({"subject": diary["subject"].unique(), "arm": list("ppppdddd")})
    trial = ba.as_trial({"subjects": subjects, "diary": diary}, name="t", arms=["p", "d"])
    outcomes = ba.HEADACHE_DAYS.under(rule).derive(trial)
    assert ba.fit_counts(outcomes, covariates=(), period_days=30).means()["estimate"].tolist() == pytest.approx(
        outcomes.groupby("arm", observed=True)["value"].mean().tolist()
    )
    with pytest.raises(ba.DataError, match=r"recorded_days are not 1 to 28 .*Try period_days with its length"):
        ba.fit_counts(outcomes, covariates=())


# Crude rates ----------------------------------------------------------------------------------------------------------


@distributions
def test_without_covariates_rates_differences_and_ratios_are_the_crude_ones(simulated, distribution):
    fit = ba.fit_counts(
        ba.safety.counts_per_subject(simulated.restrict("safety"), "Neck pain"), covariates=(), distribution=distribution
    )
    crude = ba.safety.counts(simulated.restrict("safety")).query("category == 'Neck pain'")
    compared = {"differences": "event rate difference", "log_ratios": "log event rate ratio"}
    pairs = [(fit.means(), ba.event_rates(crude, measure="event rate"))]
    pairs += [(getattr(fit, ask)(), ba.compare_rates(crude, measure=measure)) for ask, measure in compared.items()]
    for found, expected in pairs:
        assert found["estimate"].tolist() == pytest.approx(expected["estimate"].tolist(), rel=ROUNDING)
        assert found[["measure", "arm", "n"]].values.tolist() == expected[["measure", "arm", "n"]].values.tolist()


def test_the_conditional_ratio_of_quasi_poisson_is_the_crude_one_without_covariates(outcomes):
    fit = ba.fit_counts(outcomes, covariates=(), distribution="quasi-Poisson")
    assert fit.conditional()["estimate"].iloc[0] == pytest.approx(fit.log_ratios()["estimate"].iloc[0], rel=ROUNDING)
    assert fit.conditional()["measure"].iloc[0] == "conditional log event rate ratio"


def test_rates_stand_beside_crude_ones_in_a_forest(simulated):
    trial = simulated.restrict("safety")
    crude = ba.compare_rates(ba.safety.counts(trial, by="overview").head(2), measure="log event rate ratio")
    both = pd.concat([crude, ba.fit_counts(ba.safety.counts_per_subject(trial), covariates=("age",)).log_ratios()])
    ax = ba.plot.forest(check_estimates(both))
    assert [bar[0].get_xdata().item() for bar in ax.containers] == pytest.approx(np.exp(both["estimate"]).tolist())
    assert ax.get_xlabel().replace("\n", " ").startswith("Event rate ratio in treatment-emergent adverse events (from day 1)")


@distributions
def test_the_same_exposure_of_all_is_a_period_of_recorded_days(outcomes, distribution):
    call = {"distribution": distribution, "covariates": ("age", "sex")}
    counted = outcomes.assign(exposure_days=28.0)
    events, days = ba.fit_counts(counted, **call), ba.fit_counts(counted.drop(columns="exposure_days"), **call)
    for ask, scale in (("means", PER_DAY / 28), ("differences", PER_DAY / 28), ("ratios", 1), ("conditional", 1)):
        found, expected = (getattr(fit, ask)()[["estimate", "std_error"]] for fit in (events, days))
        np.testing.assert_allclose(found, expected * scale, rtol=1e-7)


@distributions
def test_twice_the_time_halves_the_rates_and_leaves_their_ratio(outcomes, distribution):
    call = {"distribution": distribution, "covariates": ("age",)}
    one = ba.fit_counts(outcomes, **call)
    twice = ba.fit_counts(outcomes.assign(exposure_days=2 * outcomes["exposure_days"]), **call)
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(twice.differences()[columns], one.differences()[columns] / 2, rtol=TWO_OPTIMISERS)
    np.testing.assert_allclose(twice.ratios()[columns], one.ratios()[columns], rtol=TWO_OPTIMISERS)


# Oracles --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariates", [(), ("age", "sex")])
def test_the_negative_binomial_is_that_of_statsmodels_with_exposure(outcomes, covariates):
    fit = ba.fit_counts(outcomes, covariates=covariates)
    design = design_of(outcomes, *covariates)
    design = np.column_stack([np.ones(len(design)), design[:, 1:]])
    years = outcomes["exposure_days"].to_numpy() / 365.25
    model = sm.NegativeBinomial(outcomes["value"].to_numpy(), design, exposure=years)
    theirs = model.fit(disp=0, method="newton", tol=1e-14, maxiter=200)
    row, told = fit.conditional().iloc[0], fit.summary().iloc[0]
    assert row["estimate"] == pytest.approx(theirs.params[1], rel=TWO_OPTIMISERS)
    found = fit.coefficients.beta
    assert found[2:].tolist() == pytest.approx(theirs.params[2:-1].tolist(), rel=TWO_OPTIMISERS)
    assert numbers(told, "dispersion", "loglik", "aic") == pytest.approx([theirs.params[-1], theirs.llf, theirs.aic], rel=1e-6)
    family = sm.families.NegativeBinomial(alpha=theirs.params[-1])
    fixed = sm.GLM(outcomes["value"].to_numpy(), design, family=family, exposure=years).fit(tol=1e-14)
    assert row["std_error"] == pytest.approx(fixed.bse[1], rel=1e-5)


def poisson(outcomes, *covariates, **call):
    model = sm.GLM(
        outcomes["value"].to_numpy(), design_of(outcomes, *covariates), family=sm.families.Poisson(),
        exposure=outcomes["exposure_days"].to_numpy() / 365.25,
    )  # fmt: skip
    return model.fit(tol=1e-14, **call)


def test_quasi_poisson_is_that_of_statsmodels_with_exposure(outcomes):
    fit = ba.fit_counts(outcomes, covariates=("age", "sex"), distribution="quasi-Poisson")
    theirs = poisson(outcomes, "age", "sex", scale="X2", use_t=True)
    contrast = theirs.t_test([-1, 1, 0, 0])
    found = numbers(fit.conditional().iloc[0], "estimate", "std_error", "p_value")
    expected = [contrast.effect.item(), contrast.sd.item(), contrast.pvalue.item()]
    assert found == pytest.approx(expected, rel=TWO_OPTIMISERS)
    assert fit.summary()["dispersion"].iloc[0] == pytest.approx(theirs.scale, rel=TWO_OPTIMISERS)


@distributions
def test_without_covariates_the_variance_of_the_ratio_is_the_sandwich_of_poisson(outcomes, distribution):
    fit = ba.fit_counts(outcomes, covariates=(), distribution=distribution)
    theirs = np.diag(poisson(outcomes, cov_type="HC0").cov_params())
    # Ours is with n - 1 of each arm.
    n = fit.n[:, 0]
    assert fit.log_ratios()["std_error"].iloc[0] == pytest.approx(np.sqrt((theirs * n / (n - 1)).sum()), rel=TWO_OPTIMISERS)


@distributions
def test_a_rate_is_that_of_the_arm_and_what_its_subjects_differ_from_all_in_their_predictions(outcomes, distribution):
    fit = ba.fit_counts(outcomes, covariates=("age", "sex"), distribution=distribution)
    for code, found in enumerate(fit.means()["estimate"]):
        own = (outcomes["arm"].cat.codes == code).to_numpy()
        moved = design_of(outcomes, "age", "sex")
        moved[:, :2] = np.eye(2)[code]
        beta = fit.coefficients.beta
        # Numbers are centred at their means.
        moved[:, 2:] -= [outcomes["age"].mean() - 40, 0]
        rate = np.exp(moved @ beta)
        crude = outcomes["value"][own].sum() / outcomes["exposure_days"][own].sum() * 365.25
        assert found == pytest.approx(100 * (crude + rate.mean() - rate[own].mean()), rel=ROUNDING)


@distributions
@pytest.mark.slow
def test_standard_errors_are_those_of_the_bootstrap(distribution):
    outcomes = make(4)
    fit = {"distribution": distribution, "covariates": ("age", "sex")}
    rng = np.random.default_rng(0)
    of_arm = [np.flatnonzero(outcomes["arm"] == arm) for arm in outcomes["arm"].cat.categories]
    drawn = []
    for _ in range(300):
        picked = np.concatenate([rng.choice(own, len(own)) for own in of_arm])
        again = ba.fit_counts(outcomes.iloc[picked].assign(subject=np.arange(len(picked))), **fit)
        drawn.append([again.differences()["estimate"].iloc[0], again.log_ratios()["estimate"].iloc[0]])
    told = ba.fit_counts(outcomes, **fit)
    expected = [told.differences()["std_error"].iloc[0], told.log_ratios()["std_error"].iloc[0]]
    # The standard deviation of 300 draws has a standard error of 4 %.
    assert np.std(drawn, axis=0).tolist() == pytest.approx(expected, rel=0.12)


# Estimating equations -------------------------------------------------------------------------------------------------


def test_estimating_equations_of_one_visit_have_the_crude_rates_too(outcomes):
    call = {"covariates": (), "distribution": "quasi-Poisson"}
    together, apart = ba.fit_counts(outcomes, correlation="independence", **call), ba.fit_counts(outcomes, **call)
    np.testing.assert_allclose(together.means()["estimate"], apart.means()["estimate"], rtol=1e-6)
    np.testing.assert_allclose(together.log_ratios()["std_error"], apart.log_ratios()["std_error"], rtol=0.05)


# Who does not enter ---------------------------------------------------------------------------------------------------


def test_who_was_never_observed_does_not_enter_and_is_counted(outcomes):
    never = outcomes.assign(exposure_days=outcomes["exposure_days"].mask(outcomes["subject"] < 3, 0.0))
    fit = ba.fit_counts(never, covariates=("age",))
    told = ("negative binomial regression, adverse events, time observed", "no exposure recorded", 3)
    assert fit.left_out.values.tolist() == [list(told)]
    rest = ba.fit_counts(outcomes[outcomes["subject"] > 2], covariates=("age",))
    pd.testing.assert_frame_equal(fit.ratios(), rest.ratios())


def test_an_arm_that_was_never_observed_is_refused(outcomes):
    never = outcomes.assign(exposure_days=outcomes["exposure_days"].mask(outcomes["arm"] == "155 U", 0.0))
    with pytest.raises(ba.DataError, match="got none in arm '155 U'"):
        ba.fit_counts(never, covariates=())


@pytest.mark.parametrize("days", [np.nan, -1.0, np.inf])
def test_a_count_in_no_known_time_is_refused(outcomes, days):
    unknown = outcomes.assign(exposure_days=outcomes["exposure_days"].mask(outcomes["subject"].isin([5, 6]), days))
    with pytest.raises(
        ba.DataError, match=r"0 for subjects who were not observed; got 2 counts without.*the first is of subject '5'"
    ):
        ba.fit_counts(unknown, covariates=())


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "said"), [(-1.0, "below 0"), (1.5, "no whole number of events .*counts and not rates")])
def test_what_is_no_count_of_events_is_refused(outcomes, value, said):
    with pytest.raises(ba.DataError, match=f"found 1 values at 'time observed' .*{said}"):
        ba.fit_counts(outcomes.assign(value=outcomes["value"].mask(outcomes["subject"] == 9, value)), covariates=())


def test_days_of_two_kinds_are_refused(outcomes):
    with pytest.raises(ba.DataError, match="one of the columns recorded_days and exposure_days; got both"):
        ba.fit_counts(outcomes.assign(recorded_days=28), covariates=())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            {"distribution": "beta-binomial"},
            "for events in exposure_days, .* got 'beta-binomial'. Try distribution='negative binomial' or 'quasi-Poi",
        ),
        ({"period_days": 168}, "`period_days` must be left out for events in exposure_days; got 168"),
    ],
)
def test_what_is_of_periods_is_refused(outcomes, call, said):
    with pytest.raises(ValueError, match=said):
        ba.fit_counts(outcomes, covariates=(), **call)


@distributions
def test_an_arm_without_an_event_is_refused(outcomes, distribution):
    none = outcomes.assign(value=outcomes["value"].where(outcomes["arm"] == "placebo", 0.0))
    with pytest.raises(ba.FitError, match=r"each value of arm '155 U' is 0, .*adverse_events, then compare_rates"):
        ba.fit_counts(none, covariates=(), distribution=distribution)


def test_adverse_events_have_no_baseline_and_are_not_adjusted(simulated):
    events = ba.safety.counts_per_subject(simulated.restrict("safety"))
    pd.testing.assert_frame_equal(ba.fit_counts(events).log_ratios(), ba.fit_counts(events, covariates=()).log_ratios())
    with pytest.raises(ba.DataError, match=r"'baseline' must have values; it is missing for every subject. Try leaving it out"):
        ba.fit_counts(events, covariates=("baseline",))


# Words ----------------------------------------------------------------------------------------------------------------


def test_the_method_says_events_in_person_time_and_no_visits(outcomes):
    fit = ba.fit_counts(outcomes, covariates=("age",))
    said = "negative binomial regression of events in person-time, adjusted for age, standardised; observed cases"
    assert fit.means()["method"].iloc[0] == said


def test_rates_have_the_names_of_compare_rates(outcomes):
    fit = ba.fit_counts(outcomes, covariates=("age",))
    frames = (fit.means(), fit.differences(), fit.log_ratios(), fit.conditional())
    assert [frame["measure"].iloc[0] for frame in frames] == [
        "event rate",
        "event rate difference",
        "log event rate ratio",
        "conditional log event rate ratio",
    ]


def test_three_arms_are_each_compared_with_the_reference():
    fit = ba.fit_counts(make(3, n=180, arms=ARMS), covariates=("age",))
    assert fit.ratios()["arm"].tolist() == ["155 U", "195 U"]

"""Covariates: one list for all models, and those of them whose coefficients differ between visits."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.models.means.covariates import Covariate, read_covariates, read_covariates_by_visit
from botox_analysis.models.means.words import USUAL_MEAN, read_mean

COLUMNS = ("arm", "visit", "baseline", "sex", "a:b", "sex:visit", "arm:dose", "dose")

NUMBERS = ["estimate", "std_error", "df"]


def read(covariates, by_visit=None, mean=USUAL_MEAN):
    return read_covariates_by_visit(covariates, by_visit, mean, COLUMNS)


@pytest.fixture(scope="module")
def outcomes(repeated):
    return repeated(71, n_per_arm=12, n_visits=3, missing=0.1)


@pytest.fixture(scope="module")
def unmeasured(outcomes):
    """Values without a baseline."""
    return outcomes.assign(baseline=np.nan, change=np.nan, percent_change=np.nan)


def verbs(frame):
    """Each verb that takes covariates -> a call of it with covariates and nothing else."""
    response = "change" if frame["baseline"].notna().any() else "value"
    return {
        "fit_mmrm": lambda **asked: ba.fit_mmrm(frame, response=response, **asked).differences(),
        "crossproducts": lambda **asked: ba.advanced.fit_crossproducts(
            ba.advanced.crossproducts(frame, response=response, **asked)
        ).differences(),
        "fit_ancova": lambda **asked: ba.fit_ancova(frame, response=response, **asked).differences(),
        "fit_binary": lambda **asked: ba.fit_binary(
            frame.assign(yes=frame["value"] > frame["value"].median()), response="yes", **asked
        ).differences(),
        "fit_counts": lambda **asked: (
            ba.fit_counts(frame.assign(value=frame["subject"].str[-1].astype(int)), **asked).log_ratios()
            if response == "value"
            else ba.fit_counts(_counted(frame), **asked).differences()
        ),
        "impute": lambda **asked: ba.missing.impute(frame, strategy="missing at random", n=3, seed=1, **asked).pool(
            covariates=()
        ),
        "conditional_means": lambda **asked: ba.missing.conditional_means(frame, strategy="missing at random", **asked).pool(
            covariates=()
        ),
        "sensitivity": lambda **asked: ba.missing.sensitivity(frame, n=3, seed=1, **asked).drop(columns=["method", "details"]),
        "pool": lambda **asked: ba.missing.impute(frame, strategy="missing at random", n=3, seed=1).pool(**asked),
        "tipping_point": lambda **asked: ba.missing.impute(frame, strategy="missing at random", n=3, seed=1).tipping_point(
            "week 12", **asked
        ),
    }


def _counted(frame):
    """The same subjects with counts of days."""
    baseline = frame["baseline"].rank(method="dense") % 28
    value = (frame.index.to_series() * 7 % 23).where(frame["value"].notna()).astype(float)
    return frame.assign(
        baseline=baseline,
        value=value,
        change=value - baseline,
        percent_change=100 * (value - baseline) / baseline.where(baseline > 0),
    )


OF_ALL_VISITS = ("fit_mmrm", "crossproducts", "impute", "conditional_means")
PANEL = pytest.param("sensitivity", marks=pytest.mark.long)
VERBS = (*OF_ALL_VISITS, PANEL, "fit_ancova", "fit_binary", "fit_counts", "pool", "tipping_point")


# ---- the default ----


@pytest.mark.parametrize("verb", VERBS)
def test_the_baseline_is_the_only_covariate_where_none_is_named(outcomes, verb):
    call = verbs(outcomes)[verb]
    pd.testing.assert_frame_equal(call(), call(covariates=("baseline",)))
    assert not call()[NUMBERS].equals(call(covariates=("sex",))[NUMBERS])


@pytest.mark.parametrize("verb", VERBS)
def test_without_a_baseline_there_is_no_covariate_where_none_is_named(unmeasured, verb):
    call = verbs(unmeasured)[verb]
    pd.testing.assert_frame_equal(call(), call(covariates=()))


@pytest.mark.parametrize("verb", OF_ALL_VISITS)
def test_the_baseline_differs_by_visit_where_by_visit_is_left_out(outcomes, verb):
    call = verbs(outcomes)[verb]
    covariates = ("baseline", "sex")
    pd.testing.assert_frame_equal(call(covariates=covariates), call(covariates=covariates, by_visit=("baseline",)))
    assert not call(covariates=covariates)[NUMBERS].equals(call(covariates=covariates, by_visit=())[NUMBERS])


@pytest.mark.long
def test_imputations_of_counts_and_of_days_are_adjusted_for_the_baseline_where_there_is_one(simulated):
    events = ba.safety.counts_per_subject(simulated.restrict("safety"), "Neck pain")
    call = {"planned_days": 168, "strategy": "missing at random", "n": 2, "seed": 1}
    np.testing.assert_array_equal(
        ba.missing.impute_counts(events, **call).values, ba.missing.impute_counts(events, covariates=(), **call).values
    )
    baseline = 1.0 + events.groupby("subject", sort=False).ngroup() % 5
    change = events["value"] - baseline
    before = events.assign(baseline=baseline, change=change, percent_change=100 * change / baseline)
    np.testing.assert_array_equal(
        ba.missing.impute_counts(before, **call).values, ba.missing.impute_counts(before, covariates=("baseline",), **call).values
    )
    some = [ba.missing.impute_diary(simulated, ba.HEADACHE_DAYS, n=2, seed=1, **asked).values for asked in (
        {}, {"covariates": ("baseline",)}, {"covariates": ()},
    )]  # fmt: skip
    np.testing.assert_array_equal(some[0], some[1])
    assert not np.array_equal(some[0], some[2])


def test_a_hazard_ratio_is_conditional_on_no_covariate_that_is_not_named(outcomes):
    times = ba.times.first_response(outcomes, points=1.0)
    assert times["baseline"].notna().any()
    assert ba.times.compare(times)["measure"].tolist() == ["log hazard ratio"]
    assert ba.times.compare(times, covariates=("baseline",))["measure"].tolist() == ["conditional log hazard ratio"]


# ---- by visit ----


@pytest.mark.parametrize(
    ("covariates", "by_visit", "expected"),
    [
        (("baseline", "sex"), None, [("baseline", True, False), ("sex", False, False)]),
        (("baseline", "sex"), (), [("baseline", False, False), ("sex", False, False)]),
        (("baseline", "arm:sex"), ("arm:sex",), [("baseline", False, False), ("sex", True, True)]),
        (("sex", "arm:sex"), ("sex",), [("sex", True, False), ("sex", False, True)]),
        (("sex", "arm:sex"), ("arm:sex",), [("sex", True, True)]),
        (("arm:baseline",), None, [("baseline", True, False), ("baseline", False, True)]),
        ((), None, []),
    ],
)
def test_by_visit_names_the_covariates_whose_coefficients_differ(covariates, by_visit, expected):
    assert [(each.name, each.by_visit, each.by_arm) for each in read(covariates, by_visit)] == expected


def test_slopes_have_no_effects_of_visits_to_begin_with():
    assert read(("baseline",), mean=read_mean("slope on week")) == (Covariate("baseline"),)


def test_at_one_visit_by_visit_changes_nothing(outcomes):
    one = outcomes[outcomes["visit"] == "week 8"]
    fits = [ba.fit_mmrm(one, covariates=("baseline", "sex"), by_visit=by_visit) for by_visit in ((), ("baseline", "sex"))]
    for fit in fits:
        theirs = ba.fit_ancova(one, covariates=("baseline", "sex"), visits=["week 8"]).differences()
        np.testing.assert_allclose(fit.differences()[NUMBERS], theirs[NUMBERS], rtol=1e-9)


@pytest.mark.parametrize("kind", [list, iter, np.array, pd.Index, lambda names: (name for name in names)])
def test_names_may_stand_in_any_sequence_and_are_read_once(outcomes, kind):
    asked = {
        "covariance": ("unstructured by sex", "ar1 by arm"),
        "by_visit": kind(["sex"]),
        "covariates": kind(["baseline", "sex"]),
    }
    fit = ba.fit_mmrm(outcomes, **asked)
    assert str(fit.covariance_structure).startswith("unstructured")
    assert "adjusted for baseline, sex by visit" in fit.method


@pytest.mark.long
def test_imputations_read_names_once_too(simulated):
    events = ba.safety.counts_per_subject(simulated.restrict("safety"), "Neck pain")
    call = {"planned_days": 168, "strategy": "missing at random", "n": 2, "seed": 1}
    once, listed = (ba.missing.impute_counts(events, covariates=given, **call) for given in (iter(["age"]), ["age"]))
    np.testing.assert_array_equal(once.values, listed.values)
    days = ba.missing.impute_diary(simulated, ba.HEADACHE_DAYS, n=2, seed=1, covariates=iter(["baseline", "age"]))
    asked = {"strategy": "missing at random", "seed": 1}
    once, listed = (days.impute(covariates=kind(["baseline", "age"]), by_visit=kind(["age"]), **asked) for kind in (iter, list))
    np.testing.assert_array_equal(once.values, listed.values)


def test_a_mixed_model_takes_at_most_eight_choices():
    assert len(inspect.signature(ba.fit_mmrm).parameters) <= 8


# ---- names ----


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:b", Covariate("a:b")),
        ("arm:a:b", Covariate("a:b", by_arm=True)),
        ("sex:visit", Covariate("sex:visit")),
        ("arm:sex:visit", Covariate("sex:visit", by_arm=True)),
        ("arm:dose", Covariate("arm:dose")),
    ],
)
def test_a_name_with_colons_is_that_of_the_column_where_there_is_one(text, expected):
    assert read((text,)) == read_covariates((text,), COLUMNS) == (expected,)
    assert read((text,), (text,))[0].by_visit


def test_a_column_with_a_colon_is_fitted_by_its_name(outcomes):
    strange = outcomes.rename(columns={"sex": "sex:visit", "region": "arm:region"})
    plain = ba.fit_mmrm(outcomes, covariates=("baseline", "sex", "region"), by_visit=("sex",)).differences()
    ours = ba.fit_mmrm(strange, covariates=("baseline", "sex:visit", "arm:region"), by_visit=("sex:visit",)).differences()
    np.testing.assert_array_equal(ours[NUMBERS], plain[NUMBERS])


# ---- refusals ----

OF_ONE = [
    ("baseline", "`covariates` must be a list of names; got 'baseline'. Try covariates=('baseline',)."),
    ({"baseline": 1}, "must be a list of names, in order; got a dict. Try covariates=('baseline',)."),
    (5, "must be a list of names, in order; got the number 5"),
    (("baseline", 5), "must be a list of names (str); got 5"),
    ((None,), "must be a list of names (str); got None"),
    (("sex", "dose", "sex"), "each once; got 'sex' twice. Try covariates=('sex', 'dose')."),
    (("arm",), "must be columns beside arm and visit, which are always in the model; got 'arm'. Try covariates=()."),
    (("sex", "visit"), "always in the model; got 'visit'. Try covariates=('sex',)."),
    (("arm:visit",), "always in the model; got 'arm:visit'"),
    (("sex:arm",), "or 'arm:' and such a name; got 'sex:arm'. Try covariates=('arm:sex',)."),
    (("arm:arm:sex",), "got 'arm:arm:sex'. Try covariates=('arm:sex',)."),
    (("sex", "dose:visit:visit"), "got 'dose:visit:visit'. Try covariates=('sex', 'dose')"),
]


@pytest.mark.parametrize(("covariates", "said"), OF_ONE, ids=str)
def test_what_names_no_covariates_is_refused_with_what_is_right(covariates, said):
    for reading in (read, lambda given: read_covariates(given, COLUMNS)):
        with pytest.raises(ValueError, match=re.escape(said)):
            reading(covariates)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses_a_text_and_an_effect_by_visit_in_covariates(outcomes, verb):
    call = verbs(outcomes)[verb]
    with pytest.raises(ValueError, match=r"`covariates` must be a list of names; got 'baseline'\. Try"):
        call(covariates="baseline")
    right = r"\('baseline', 'sex'\)" + (r", by_visit=\('baseline',\)\." if verb in OF_ALL_VISITS else ": each")
    with pytest.raises(ValueError, match=rf"got 'baseline:visit'\. Try covariates={right}"):
        call(covariates=("baseline:visit", "sex"))
    with pytest.raises(ba.DataError, match="no covariate 'height'; its covariates are 'baseline'"):
        call(covariates=("height",))


@pytest.mark.parametrize(
    ("covariates", "by_visit", "said"),
    [
        (
            ("baseline:visit", "arm:dose:visit"),
            None,
            "Try covariates=('baseline', 'arm:dose'), by_visit=('baseline', 'arm:dose').",
        ),
        (("sex", "baseline:visit"), ("sex",), "Try covariates=('sex', 'baseline'), by_visit=('baseline', 'sex')."),
        (("sex",), ("baseline",), "which are 'sex'; got 'baseline'. Try covariates=('sex', 'baseline'), by_visit=('baseline',)."),
        (("sex",), ("sex:visit",), "which are 'sex'; got 'sex:visit'"),
        (("baseline",), ("baseline:visit",), "got 'baseline:visit'. Try covariates=('baseline',), by_visit=('baseline',)."),
        ((), ("sex",), "some of the covariates, which are none; got 'sex'. Try covariates=('sex',), by_visit=('sex',)."),
        (("sex",), ("visit", "sex"), "got 'visit'. Try covariates=('sex',), by_visit=('sex',)."),
        (("sex",), "sex", "`by_visit` must be a list of names; got 'sex'. Try by_visit=('sex',)."),
        (("sex",), ("sex", "sex"), "`by_visit` must be a list of names, each once; got 'sex' twice. Try by_visit=('sex',)."),
        (("dose",), ("arm:sex",), "got 'arm:sex'. Try covariates=('dose', 'arm:sex'), by_visit=('arm:sex',)."),
    ],
)
def test_by_visit_names_covariates_of_the_model_only(covariates, by_visit, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        read(covariates, by_visit)


def test_by_visit_cannot_name_a_baseline_that_is_not_there(unmeasured):
    with pytest.raises(ValueError, match=r"`by_visit` must be some of the covariates, which are none; got 'baseline'"):
        ba.fit_mmrm(unmeasured, response="value", by_visit=("baseline",))


@pytest.mark.parametrize("verb", ["fit_binary", "fit_counts", "pool", "tipping_point", "sensitivity"])
def test_models_without_effects_by_arm_refuse_them_with_what_is_right(outcomes, verb):
    with pytest.raises(ValueError, match=r"'arm:sex'"):
        verbs(outcomes)[verb](covariates=("baseline", "arm:sex"))


def test_an_effect_of_the_baseline_by_arm_includes_the_baseline_by_visit(outcomes):
    alone, listed = (ba.fit_mmrm(outcomes, covariates=names) for names in (("arm:baseline",), ("baseline", "arm:baseline")))
    pd.testing.assert_frame_equal(alone.differences(), listed.differences())


@pytest.mark.parametrize("verb", ["fit_mmrm", "fit_ancova", "fit_binary", "fit_counts"])
@pytest.mark.parametrize(("number", "said"), [(np.inf, "found an infinite dose"), (1e155, "too far from 1 to be squared")])
def test_every_model_refuses_covariates_that_cannot_be_squared(outcomes, verb, number, said):
    dose = np.where(outcomes["subject"] == outcomes["subject"].iloc[0], number, 1.0)
    with pytest.raises(ba.DataError, match=said):
        verbs(outcomes.assign(dose=dose))[verb](covariates=("dose",))


@pytest.mark.parametrize("verb", ["fit_mmrm", "fit_ancova", "fit_binary", "fit_counts"])
@pytest.mark.parametrize("number", [10.0, 10.1, 0.1, 1 / 3, -7.3, 1e9 + 0.1])
def test_a_covariate_with_one_value_changes_no_difference(outcomes, verb, number):
    call = verbs(outcomes.assign(dose=number))[verb]
    np.testing.assert_allclose(call(covariates=("dose",))["estimate"], call(covariates=())["estimate"], rtol=1e-9)

"""The analysis of an endpoint in a report: its model and its sentences."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.report.analysis.plan import plan_of
from botox_analysis.report.contents import analyse
from botox_analysis.report.prose.paragraphs import estimand
from botox_analysis.report.sections.participants import flow_of
from botox_analysis.report.sections.sensitivity import OF_ALL_OBSERVED, differences_by_model, other_analyses
from tests.report.scores import CARRIED, apart, holed_of, scores_of, trial_of
from tests.report.shown import captions, titles


@pytest.fixture(scope="module")
def scores():
    return scores_of("NRS", ["week 4", "week 8", "week 12"])


@pytest.fixture(scope="module")
def holed(scores):
    return holed_of(scores)


@pytest.fixture(scope="module")
def mixed(holed):
    return analyse(trial_of(holed))


def said_by(analysis):
    return " ".join([*analysis.headline, estimand(analysis), *captions(analysis).values(), *analysis.methods])


# The choice -----------------------------------------------------------------------------------------------------------


def test_several_visits_are_analysed_together(mixed):
    assert mixed.primary.by_mmrm
    assert mixed.settings["analysis"] == "mmrm"
    assert mixed.settings["covariance"] == "unstructured"


def test_one_visit_is_analysed_by_covariance_and_has_no_diagnostics():
    analysis = analyse(trial_of(scores_of("NRS", ["week 4"])))
    assert not analysis.primary.by_mmrm
    assert analysis.settings["analysis"] == "ancova"
    assert "covariance" not in analysis.settings
    assert "repeated measures" not in said_by(analysis)
    assert not {"residuals", "covariance"} & set(captions(analysis))


@pytest.mark.long
def test_one_visit_at_which_the_arms_can_be_compared_is_one_visit(scores):
    in_one_arm = scores[(scores["visit"].isin(["baseline", "week 4"])) | (scores["subject"].str[1:].astype(int) % 2 == 0)]
    analysis = analyse(trial_of(in_one_arm))
    assert not analysis.primary.by_mmrm
    assert analysis.left_out["where"].tolist() == ["NRS, week 8", "NRS, week 12"]


@pytest.mark.long
def test_a_protocol_with_single_imputation_keeps_the_analysis_of_covariance(holed):
    assert not analyse(trial_of(holed, handling=CARRIED)).primary.by_mmrm


@pytest.mark.long
def test_the_protocol_may_ask_for_the_analysis_of_covariance(holed):
    analysis = analyse(trial_of(holed, analysis="ancova"))
    assert not analysis.primary.by_mmrm
    assert "Arms are compared by analysis of covariance" in said_by(analysis)


@pytest.mark.long
def test_the_protocol_may_ask_for_a_mixed_model_of_imputed_values(holed):
    analysis = analyse(trial_of(holed, analysis="mmrm", handling=CARRIED))
    assert analysis.primary.by_mmrm
    assert f"Missing values: {CARRIED}." in said_by(analysis)
    assert next(iter(other_analyses(analysis)[0])).label == f"MMRM, {CARRIED} (primary)"
    assert OF_ALL_OBSERVED in other_analyses(analysis)[0]


def test_an_unknown_analysis_is_refused_with_those_there_are(holed):
    with pytest.raises(ba.DataError, match="protocol: found analysis = 'anova'; expected one of 'mmrm', 'ancova'"):
        analyse(trial_of(holed, analysis="anova"))


def test_the_mixed_model_of_one_visit_is_refused_also_by_validate():
    trial = trial_of(scores_of("NRS", ["week 4"]), analysis="mmrm", endpoint="NRS")
    for check in (analyse, plan_of):
        with pytest.raises(
            ba.DataError, match="found analysis = 'mmrm', and NRS can be compared at 'week 4' only; expected two or more visits"
        ):
            check(trial)


@pytest.mark.parametrize("name", ["vickers2004", "cdystonia"])
def test_published_trials_keep_the_analysis_that_was_published(request, name):
    assert request.getfixturevalue(name).protocol.analysis == "ancova"


# The models -----------------------------------------------------------------------------------------------------------


def test_the_difference_is_that_of_the_mixed_model_with_baseline_by_visit(holed, mixed):
    outcomes = ba.scale("NRS").derive(trial_of(holed))
    fit = ba.fit_mmrm(outcomes, small_sample="kenward-roger-linear", covariates=("baseline", "site"))
    pd.testing.assert_frame_equal(mixed.primary.differences, fit.differences())
    pd.testing.assert_frame_equal(mixed.primary.average, fit.average_differences())


@pytest.mark.long
def test_on_complete_data_the_mixed_model_and_the_analysis_of_covariance_agree(scores):
    trial = trial_of(scores)
    analysis = analyse(dataclasses.replace(trial, protocol=ba.advanced.Protocol()))
    rows = differences_by_model(other_analyses(analysis)[0], analysis)
    mixed_row, ancova_row = (rows[label].iloc[0] for label in ("MMRM, all observed values (primary)", "ANCOVA, observed cases"))
    numbers = ["n", "estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
    assert mixed_row[numbers].tolist() == pytest.approx(ancova_row[numbers].tolist(), rel=1e-6)


@pytest.mark.long
def test_a_visit_that_an_arm_lacks_is_not_in_the_mixed_model_and_is_told(holed):
    late = holed.tail(3).assign(visit="week 16", subject=["s0", "s2", "s4"])
    analysis = analyse(trial_of(pd.concat([holed, late])))
    assert analysis.primary.fit.visits == ("week 4", "week 8", "week 12")
    assert "NRS, week 16" in analysis.left_out["where"].tolist()
    assert analysis.headline[1].startswith("At week 16, the last visit, at least one arm has no value")


@pytest.mark.long
def test_visits_never_seen_together_get_the_next_structure_and_the_text_names_it(scores):
    analysis = analyse(trial_of(apart(scores, lambda number: number >= 0)))
    assert analysis.primary.fit.structure == "heterogeneous toeplitz"
    assert analysis.settings["covariance"] == "heterogeneous toeplitz"
    said = said_by(analysis)
    assert "a heterogeneous Toeplitz covariance (planned before it, and not determined by the data: unstructured)" in said
    assert "with heterogeneous Toeplitz covariance, adjusted for baseline by visit and site" in said


def test_a_primary_model_that_cannot_be_fitted_is_refused_and_not_replaced(scores):
    same = scores.assign(value=np.where(scores["visit"] == "baseline", scores["value"], 40.0))
    with pytest.raises(ba.FitError, match=r"Try analysis = 'ancova' in the protocol"):
        analyse(trial_of(same))


@pytest.mark.long
def test_a_secondary_model_that_cannot_be_fitted_is_told_and_not_replaced(scores):
    same = scores.assign(value=np.where(scores["visit"] == "baseline", scores["value"], 40.0), scale="mood")
    analysis = analyse(trial_of(pd.concat([scores, same])))
    assert analysis.secondary == []
    told = analysis.left_out.query("where == 'mood'")["reason"]
    assert told.str.startswith("not analysed: MMRM: the coefficients reproduce every value").tolist() == [True]


@pytest.mark.long
def test_a_secondary_endpoint_of_one_visit_is_analysed_by_covariance_and_the_text_says_so(scores):
    analysis = analyse(trial_of(pd.concat([scores, scores_of("mood", ["week 12"], seed=2)])))
    assert [efficacy.by_mmrm for efficacy in analysis.secondary] == [False]
    assert "mood has one visit (week 12), at which the mixed model is an analysis of covariance" in " ".join(analysis.methods)


# What is said ---------------------------------------------------------------------------------------------------------


def test_the_methods_name_the_model_as_it_was_fitted(mixed):
    said = " ".join(mixed.methods)
    for phrase in (
        "mixed model for repeated measures (MMRM) of the change, with all visits together",
        "Fixed effects: arm by visit, baseline by visit and site",
        "an unstructured covariance, the same in all arms",
        "restricted maximum likelihood (REML) to 74 values of 30 subjects",
        "missing at random",
        "Kenward and Roger",
    ):
        assert phrase in said
    assert "under missing at random" in estimand(mixed)
    assert "observed cases" not in captions(mixed)["course"]


def test_subjects_with_a_value_at_the_visit_are_told_apart_from_those_in_the_model(mixed):
    assert "n = 30, 22 of them with a value at week 12)." in mixed.headline[0]
    assert "30 subjects, 22 of them with a value at week 12" in captions(mixed)["forest"]
    assert titles(mixed)["efficacy"].endswith("(n: subjects with a value)")
    stages = flow_of(mixed).groupby(["category", "within"], sort=False)["n_events"].sum()
    assert stages["in the primary analysis", ""] == 30
    assert stages["with a value at week 12", "in the primary analysis"] == 22


def test_missing_values_are_counted_though_their_subjects_are_in_the_model(mixed):
    rows = mixed.left_out.set_index("where")
    assert rows["n"].to_dict() == {"MMRM, NRS, week 8": 8, "MMRM, NRS, week 12": 8}
    assert rows["reason"].unique().tolist() == ["no value recorded; other visits are used"]


def test_the_average_over_visits_is_in_the_estimates(mixed):
    rows = mixed.estimates.query("visit == 'average of week 4 to week 12'")
    assert rows["estimate"].tolist() == mixed.primary.average["estimate"].tolist()


@pytest.mark.long
def test_the_report_has_diagnostics_of_a_mixed_model_and_says_what_was_fitted(holed, tmp_path, sketches):
    page = ba.write_report(trial_of(holed), tmp_path / "out").read_text("utf-8")
    assert {"residuals.png", "covariance.png"} <= {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert 'id="diagnostics"' in page
    settings = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["settings"]
    assert (settings["analysis"], settings["covariance"]) == ("mmrm", "unstructured")


@pytest.mark.long
def test_two_visits_have_their_correlation_in_the_text_and_not_in_a_figure():
    analysis = analyse(trial_of(scores_of("NRS", ["week 4", "week 8"])))
    correlation = analysis.primary.fit.correlation().iloc[0, 1]
    assert f"an unstructured covariance with a correlation of {correlation:.2f}" in said_by(analysis)
    assert "covariance" not in captions(analysis)

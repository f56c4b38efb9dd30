"""Which analysis a report makes, by which model, and what it says of it."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.report.analysis.analysis import analyse
from botox_analysis.report.analysis.efficacy import EACH_ARM, OF_ALL_OBSERVED
from botox_analysis.report.analysis.plan import plan_of
from botox_analysis.report.prose.headline import headline
from botox_analysis.report.prose.paragraphs import estimand, methods
from botox_analysis.report.prose.phrases import model
from botox_analysis.report.prose.sentences import captions, table_titles

CARRIED = "last observation carried forward"
N = 30


def scores_of(scale, visits, seed=1):
    """Scores of all subjects at baseline and at each visit, correlated within subjects; the second arm falls by 2 more."""
    rng = np.random.default_rng(seed)
    of_subject = rng.normal(50, 6, N)
    pieces = [
        pd.DataFrame(
            {
                "subject": [f"s{n}" for n in range(N)],
                "scale": scale,
                "visit": visit,
                "value": of_subject + rng.normal(0, 4, N) - (3 + 2 * (np.arange(N) % 2)) * (visit != "baseline"),
            }
        )
        for visit in ("baseline", *visits)
    ]
    return pd.concat(pieces, ignore_index=True)


def trial_of(assessments, **planned):
    subjects = pd.DataFrame(
        {
            "subject": [f"s{n}" for n in range(N)],
            "arm": ["placebo", "toxin"] * (N // 2),
            "site": np.repeat(["north", "south"], N // 2),
        }
    )
    tables = {"subjects": subjects, "assessments": assessments}
    settings = {"reference": "placebo"}
    return ba.as_trial(
        tables,
        name="A trial",
        settings=settings,
        protocol=ba.advanced.Protocol(**{"covariates": ("baseline", "site"), **planned}),
    )


@pytest.fixture(scope="module")
def scores():
    return scores_of("NRS", ["week 4", "week 8", "week 12"])


@pytest.fixture(scope="module")
def holed(scores):
    """One subject in four leaves after week 4."""
    return scores[~(scores["visit"].isin(["week 8", "week 12"]) & scores["subject"].isin([f"s{n}" for n in range(0, N, 4)]))]


@pytest.fixture(scope="module")
def mixed(holed):
    return analyse(trial_of(holed))


@pytest.fixture(scope="module")
def bundled():
    return analyse(ba.open_trial("simulated"))


def apart(scores, among):
    """Of some subjects, nobody is seen at week 8 and at week 12 both."""
    number = scores["subject"].str[1:].astype(int)
    left = np.where(number % 4 < 2, "week 8", "week 12")
    return scores[~((scores["visit"] == left) & among(number))]


def said_by(analysis):
    return " ".join([*headline(analysis), estimand(analysis), *captions(analysis).values(), *methods(analysis)])


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
    assert next(iter(analysis.sensitivity)).label == f"MMRM, {CARRIED} (primary)"
    assert OF_ALL_OBSERVED in analysis.sensitivity


def test_an_unknown_analysis_is_refused_with_those_there_are(holed):
    with pytest.raises(ba.DataError, match="protocol: found analysis = 'anova'; expected one of 'mmrm', 'ancova'"):
        analyse(trial_of(holed, analysis="anova"))


def test_the_mixed_model_of_one_visit_is_refused_also_by_validate():
    trial = trial_of(scores_of("NRS", ["week 4"]), analysis="mmrm", endpoint="NRS")
    for check in (analyse, plan_of):
        with pytest.raises(ba.DataError, match="'mmrm' needs two or more visits; NRS can be compared at 'week 4' only"):
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


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        ({"by_visit": ()}, "adjusted for baseline and site"),
        ({"by_visit": ("site",)}, "adjusted for baseline and site by visit"),
        ({"covariates": ()}, "unadjusted"),
        ({"covariates": ("site",)}, "adjusted for site"),
        ({"covariates": None}, "adjusted for baseline by visit"),
    ],
)
def test_covariates_are_those_of_the_protocol_in_the_model_and_in_words(holed, planned, said):
    trial = trial_of(holed, **planned)
    analysis = analyse(trial)
    asked = {"covariates": ("baseline", "site"), **planned}
    fit = ba.fit_mmrm(ba.scale("NRS").derive(trial), small_sample="kenward-roger-linear", **asked)
    pd.testing.assert_frame_equal(analysis.primary.differences, fit.differences())
    assert f"unstructured covariance, {said}; missing values" in model(analysis)


def test_a_baseline_that_an_endpoint_lacks_is_no_covariate_of_it(holed):
    impression = holed[holed["visit"] != "baseline"].assign(scale="PGIC")
    known = trial_of(holed)
    trial = ba.as_trial(
        {"subjects": known.subjects, "assessments": pd.concat([holed, impression])}, name="A trial", protocol=known.protocol,
        settings={"reference": "placebo", "scales": {"PGIC": {"baseline": False}}},
    )  # fmt: skip
    secondary = analyse(trial).secondary[0]
    assert "adjusted for site;" in secondary.differences["method"].iloc[0]


def test_on_complete_data_the_mixed_model_and_the_analysis_of_covariance_agree(scores):
    trial = trial_of(scores)
    rows = analyse(dataclasses.replace(trial, protocol=ba.advanced.Protocol())).primary_differences
    mixed_row, ancova_row = (rows[label].iloc[0] for label in ("MMRM, all observed values (primary)", "ANCOVA, observed cases"))
    numbers = ["n", "estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
    assert mixed_row[numbers].tolist() == pytest.approx(ancova_row[numbers].tolist(), rel=1e-6)


@pytest.mark.long
def test_a_visit_that_an_arm_lacks_is_not_in_the_mixed_model_and_is_told(holed):
    late = holed.tail(3).assign(visit="week 16", subject=["s0", "s2", "s4"])
    analysis = analyse(trial_of(pd.concat([holed, late])))
    assert analysis.primary.fit.visits == ("week 4", "week 8", "week 12")
    assert "NRS, week 16" in analysis.left_out["where"].tolist()
    assert headline(analysis)[1].startswith("At week 16, the last visit, an arm has no value")


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
    with pytest.raises(ba.FitError, match=r"A protocol with analysis = 'ancova' takes each visit on its own\."):
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
    assert "mood has one visit (week 12), at which the mixed model is an analysis of covariance" in " ".join(methods(analysis))


# What is said ---------------------------------------------------------------------------------------------------------


def test_the_methods_name_the_model_as_it_was_fitted(mixed):
    said = " ".join(methods(mixed))
    for phrase in (
        "mixed model for repeated measures (MMRM) of the change, all visits together",
        "Fixed effects: arm by visit, baseline by visit and site",
        "an unstructured covariance, the same in all arms",
        "restricted maximum likelihood (REML), to 74 values of 30 subjects",
        "missing at random",
        "Kenward and Roger",
    ):
        assert phrase in said
    assert "under missing at random" in estimand(mixed)
    assert "observed cases" not in captions(mixed)["course"]


def test_subjects_with_a_value_at_the_visit_are_told_apart_from_those_in_the_model(mixed):
    assert "n = 30, 22 of them with a value at week 12)." in headline(mixed)[0]
    assert "30 subjects, 22 of them with a value at week 12" in captions(mixed)["forest"]
    assert table_titles(mixed)["efficacy"].endswith("(n: subjects with a value)")
    stages = mixed.flow.groupby(["category", "within"], sort=False)["n_events"].sum()
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


# Sensitivity ----------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_mixed_model_is_first_then_the_analyses_of_covariance_then_the_unadjusted(bundled):
    assert list(bundled.primary_differences) == [
        "MMRM, all observed values (primary)",
        "MMRM, a covariance for each arm",
        "ANCOVA, observed cases",
        "ANCOVA, observed cases, HC2 variance",
        "unadjusted, observed cases",
    ]
    assert [frame["n"].tolist() for frame in bundled.primary_differences.values()] == [[1212]] * 5


@pytest.mark.long
def test_an_analysis_of_covariance_has_the_mixed_model_among_its_sensitivity_analyses(holed):
    analysis = analyse(trial_of(holed, handling=CARRIED))
    assert list(analysis.primary_differences) == [
        f"ANCOVA, {CARRIED} (primary)",
        "MMRM, all observed values",
        "ANCOVA, observed cases",
        f"ANCOVA, {CARRIED}, HC2 variance",
        f"unadjusted, {CARRIED}",
    ]
    assert "a mixed model for repeated measures (MMRM) of all observed values (fixed effects arm by visit, baseline by visit" in (
        " ".join(methods(analysis))
    )


@pytest.mark.long
def test_the_robust_analysis_of_covariance_has_the_difference_of_the_plain_one_and_its_sentence(bundled):
    plain, robust = (bundled.primary_differences[f"ANCOVA, observed cases{end}"].iloc[0] for end in ("", ", HC2 variance"))
    assert robust["estimate"] == pytest.approx(plain["estimate"], rel=1e-9)
    assert robust["std_error"] != plain["std_error"]
    assert "lets the spread differ between arms and subjects (HC2, with Bell and McCaffrey's degrees of freedom)" in " ".join(
        methods(bundled)
    )
    assert "HC2 variance: the spread may differ between subjects. " in captions(bundled)["sensitivity"]


def test_every_sensitivity_analysis_is_one_row_an_arm_at_the_primary_visit(mixed):
    for frame in mixed.primary_differences.values():
        assert frame["visit"].tolist() == ["week 12"]


@pytest.mark.long
def test_a_sensitivity_analysis_that_cannot_be_fitted_is_told(scores):
    analysis = analyse(trial_of(apart(scores, lambda number: number % 2 == 1)))
    told = analysis.left_out[analysis.left_out["where"] == "sensitivity analyses, MMRM, a covariance for each arm"]
    assert told["reason"].str.startswith("not analysed: MMRM: no subject in arm 'toxin' has values at both").tolist() == [True]
    assert EACH_ARM not in analysis.sensitivity

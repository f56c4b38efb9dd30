"""Other models of the primary difference: their choice, names and sentences."""

import pytest

import botox_analysis as ba
from botox_analysis.report.contents import analyse
from botox_analysis.report.sections.sensitivity import EACH_ARM, differences_by_model, other_analyses
from tests.report.scores import CARRIED, apart, holed_of, scores_of, trial_of
from tests.report.shown import captions


@pytest.fixture(scope="module")
def scores():
    return scores_of("NRS", ["week 4", "week 8", "week 12"])


@pytest.fixture(scope="module")
def holed(scores):
    return holed_of(scores)


@pytest.fixture(scope="module")
def mixed(holed):
    return analyse(trial_of(holed))


@pytest.fixture(scope="module")
def bundled():
    return analyse(ba.open_trial("simulated"))


def differences(analysis):
    """The primary difference by the label of each model."""
    return differences_by_model(other_analyses(analysis)[0], analysis)


@pytest.mark.long
def test_the_mixed_model_is_first_then_the_analyses_of_covariance_then_the_unadjusted(bundled):
    found = differences(bundled)
    assert list(found) == [
        "MMRM, all observed values (primary)",
        "MMRM, a covariance for each arm",
        "ANCOVA, observed cases",
        "ANCOVA, observed cases, HC2 variance",
        "unadjusted, observed cases",
    ]
    assert [frame["n"].tolist() for frame in found.values()] == [[1212]] * 5


@pytest.mark.long
def test_an_analysis_of_covariance_has_the_mixed_model_among_its_sensitivity_analyses(holed):
    analysis = analyse(trial_of(holed, handling=CARRIED))
    assert list(differences(analysis)) == [
        f"ANCOVA, {CARRIED} (primary)",
        "MMRM, all observed values",
        "ANCOVA, observed cases",
        f"ANCOVA, {CARRIED}, HC2 variance",
        f"unadjusted, {CARRIED}",
    ]
    methods = " ".join(analysis.methods)
    assert "A mixed model for repeated measures (MMRM) of all observed values is valid under missing at random." in methods
    assert "Its fixed effects are arm by visit, baseline by visit" in methods


@pytest.mark.long
def test_the_robust_analysis_of_covariance_has_the_difference_of_the_plain_one_and_its_sentence(bundled):
    plain, robust = (differences(bundled)[f"ANCOVA, observed cases{end}"].iloc[0] for end in ("", ", HC2 variance"))
    assert robust["estimate"] == pytest.approx(plain["estimate"], rel=1e-9)
    assert robust["std_error"] != plain["std_error"]
    assert "has a robust variance (HC2, with Bell and McCaffrey's degrees of freedom" in " ".join(bundled.methods)
    assert "HC2 variance: the variance may differ between subjects. " in captions(bundled)["sensitivity"]


def test_every_sensitivity_analysis_is_one_row_an_arm_at_the_primary_visit(mixed):
    for frame in differences(mixed).values():
        assert frame["visit"].tolist() == ["week 12"]


@pytest.mark.long
def test_a_sensitivity_analysis_that_cannot_be_fitted_is_told(scores):
    analysis = analyse(trial_of(apart(scores, lambda number: number % 2 == 1)))
    told = analysis.left_out[analysis.left_out["where"] == "sensitivity analyses, MMRM, a covariance for each arm"]
    assert told["reason"].str.startswith("not analysed: MMRM: no subject in arm 'toxin' has values at both").tolist() == [True]
    assert EACH_ARM not in other_analyses(analysis)[0]

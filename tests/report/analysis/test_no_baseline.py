"""A scale that has no baseline, such as a global impression of change: values are compared, and the headline states it."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.report.contents import analyse
from botox_analysis.report.prose.paragraphs import estimand
from botox_analysis.report.sections.responders import responses_of
from tests.report.shown import captions, tables

N = 30
SCALES = {"scales": {"PGIC": {"baseline": False}}}
VISITS = ("week 4", "week 8", "week 12")


def impressions():
    rng = np.random.default_rng(3)
    rows = [
        (f"s{n}", "PGIC", visit, int(rng.integers(1, 8)) - (n % 2))
        for n in range(N)
        for visit in VISITS
        if not (visit == "week 12" and n % 7 == 0)
    ]
    return pd.DataFrame(rows, columns=["subject", "scale", "visit", "value"])


def trial_of(assessments=None, events=None, **planned):
    subjects = pd.DataFrame(
        {"subject": [f"s{n}" for n in range(N)], "arm": ["placebo", "toxin"] * (N // 2), "age": range(30, 30 + N)}
    )
    tables = {"subjects": subjects, "assessments": impressions() if assessments is None else assessments}
    if events is not None:
        tables["intercurrent_events"] = events
    return ba.as_trial(tables, name="A trial", settings=SCALES, protocol=ba.advanced.Protocol(endpoint="PGIC", **planned))


@pytest.fixture(scope="module")
def analysis():
    return analyse(trial_of())


def test_values_are_compared_by_the_mixed_model_without_covariates(analysis):
    fit = ba.fit_mmrm(ba.scale("PGIC").derive(trial_of()), small_sample="kenward-roger-linear", covariates=(), response="value")
    pd.testing.assert_frame_equal(analysis.primary.differences, fit.differences())


def test_the_first_page_says_that_nothing_is_adjusted_and_names_the_reference(analysis):
    assert analysis.headline[1] == (
        "There is no baseline of PGIC. Its values are compared instead of changes, without adjustment for covariates."
    )
    assert analysis.headline[0].startswith("At week 12, the mean of PGIC was")
    assert "The analysis included 30 of 30 subjects randomised." in analysis.headline[0]
    assert "toxin compared with placebo, the reference arm. Variable: PGIC at week 12. Summary measure: " in estimand(analysis)


@pytest.mark.long
def test_covariates_of_the_protocol_are_all_that_is_adjusted_for():
    said = analyse(trial_of(covariates=("age",))).headline
    assert "Its values are compared instead of changes, adjusted for age only." in said[1]


def test_nothing_on_the_page_is_a_change_or_adjusted(analysis):
    texts = " ".join([*analysis.headline, estimand(analysis), *captions(analysis).values(), *analysis.methods])
    assert "change from" not in texts
    assert "from baseline" not in texts
    assert "adjusted for baseline" not in texts
    assert "adjusted mean" not in texts.lower()
    assert "of the value, with all visits together" in texts


def test_tables_have_means_and_neither_changes_nor_a_baseline(analysis):
    found = tables(analysis)
    assert list(found["efficacy"].columns) == ["Visit", "Arm", "n", "Mean (95 % CI)", "Difference from placebo (95 % CI)", "p"]
    assert list(found["change"].columns) == ["Visit", "Arm", "n", "Mean (SD)"]
    assert found["change"]["Visit"].unique().tolist() == list(VISITS)


def test_that_nobody_can_respond_is_told(analysis):
    assert responses_of(analysis) is None
    assert analysis.settings["response"] == ""
    told = analysis.left_out.set_index("where").loc["responders, PGIC"]
    assert told["reason"] == "no baseline, so no response is defined"


@pytest.mark.long
def test_it_is_a_report(tmp_path, sketches):
    page = ba.write_report(trial_of(), tmp_path / "out").read_text("utf-8")
    assert "without adjustment for covariates" in page
    assert not {"distribution.png", "responder_curve.png"} & {path.name for path in (tmp_path / "out" / "figures").iterdir()}


DIED = pd.DataFrame({"subject": ["s1"], "kind": ["death"], "day": [40]})


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        ({"points": 2}, "found points = 2, a change from baseline, and PGIC has no baseline; leave that line out"),
        ({"reduction": 0.3}, "found reduction = 0.3, a change from baseline, and PGIC has no baseline"),
        ({"handling": "baseline observation carried forward"}, "by which 'baseline observation carried forward' imputes"),
        ({"handling": "last observation carried forward, baseline included"}, "outcomes has no baseline, by which 'last obs"),
        ({"intercurrent": {"death": "composite"}}, "found 'composite' for 'death', which needs a baseline, and PGIC has none"),
    ],
)  # fmt: skip
def test_what_needs_a_baseline_is_refused_in_a_sentence_also_by_validate(planned, said):
    trial = trial_of(events=DIED if "intercurrent" in planned else None, **planned)
    with pytest.raises(ba.DataError, match=said):
        analyse(trial)
    assert said in ba.validate_trial(trial).report


@pytest.mark.long
@pytest.mark.parametrize("handling", ["last observation carried forward", "worst observation carried forward"])
def test_what_needs_no_baseline_is_done(handling):
    trial = trial_of(handling=handling)
    assert analyse(trial).primary.handling == handling


def test_other_strategies_for_events_need_no_baseline():
    trial = trial_of(events=DIED, intercurrent={"death": "hypothetical"})
    assert ba.validate_trial(trial).report == "yes"


@pytest.mark.long
def test_baselines_that_are_all_missing_are_none():
    lacking = impressions().assign(scale="NRS")
    before = pd.DataFrame({"subject": [f"s{n}" for n in range(N)], "scale": "NRS", "visit": "baseline", "value": np.nan})
    subjects = pd.DataFrame({"subject": [f"s{n}" for n in range(N)], "arm": ["placebo", "toxin"] * (N // 2)})
    trial = ba.as_trial({"subjects": subjects, "assessments": pd.concat([before, lacking])}, name="lost")
    assert "There is no baseline of NRS" in analyse(trial).headline[1]


@pytest.mark.long
def test_a_secondary_endpoint_without_a_baseline_is_told_in_the_methods():
    rng = np.random.default_rng(5)
    scores = pd.DataFrame(
        [(f"s{n}", "NRS", visit, int(rng.integers(30, 60))) for n in range(N) for visit in ("baseline", *VISITS)],
        columns=["subject", "scale", "visit", "value"],
    )
    trial = trial_of(pd.concat([scores, impressions()]))
    told = analyse(ba.as_trial(
        {"subjects": trial.subjects, "assessments": pd.concat([scores, impressions()])}, name="both", settings=SCALES
    )).methods  # fmt: skip
    assert "PGIC has no baseline: its values are compared instead of changes, without adjustment for covariates." in told


def test_a_table_of_endpoints_with_and_without_baseline_has_no_empty_cell():
    frame = pd.DataFrame({"subject": range(6), "arm": list("ab") * 3, "visit": 4, "value": [1, 2, 4, 3, 5, 7], "baseline": 1})
    fits = [
        ba.fit_ancova(ba.as_outcomes(frame, endpoint=endpoint, arms=["a", "b"], visits=[4]), covariates=(), response=response)
        for endpoint, response in (("NRS", "change"), ("PGIC", "value"))
    ]
    means, differences = (pd.concat(frames) for frames in zip(*((fit.means(), fit.differences()) for fit in fits), strict=True))
    table = ba.table.efficacy(means, differences)
    assert list(table.columns)[4:6] == ["Adjusted mean change (95 % CI)", "Adjusted mean (95 % CI)"]
    assert table.notna().all().all()
    assert table["Adjusted mean (95 % CI)"].tolist()[:2] == ["–", "–"]

"""The missing values of a report: the difference under every handling, in words, and absent where no value is missing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.report.contents import analyse
from botox_analysis.report.sections.missing import missing_values_of
from tests.report.shown import captions

VISITS = ["week 4", "week 8", "week 12"]


def trial_of(*, missing, n=40, arms=("placebo", "toxin"), events=None, draws=4):
    rng = np.random.default_rng(3)
    subjects = [f"s{number:03d}" for number in range(n)]
    own = rng.normal(0, 4, n)
    arm = np.arange(n) % len(arms)
    rows = [
        (subject, "TWSTRS", visit, 45 + own[i] - (place > 0) * (2 + 3 * arm[i]) + rng.normal(0, 3))
        for i, subject in enumerate(subjects)
        for place, visit in enumerate(["baseline", *VISITS])
        if not (place > 1 and i < missing)
    ]
    tables = {
        "subjects": pd.DataFrame({"subject": subjects, "arm": np.array(arms)[arm]}),
        "assessments": pd.DataFrame(rows, columns=["subject", "scale", "visit", "value"]),
    }
    if events is not None:
        tables["intercurrent_events"] = pd.DataFrame(events, columns=["subject", "kind", "day"])
    protocol = ba.advanced.Protocol(
        draws=draws, intercurrent={} if events is None else {kind: "hypothetical" for _, kind, _ in events}
    )
    return ba.as_trial(tables, name="A trial", arms=list(arms), protocol=protocol)


@pytest.fixture(scope="module")
def analysis():
    return analyse(trial_of(missing=8, draws=100))


@pytest.fixture(scope="module")
def missing(analysis):
    return missing_of(analysis)


def missing_of(analysis):
    return missing_values_of(analysis)[0]


@pytest.mark.long
def test_the_rows_are_those_of_sensitivity(analysis, missing):
    outcomes = ba.TWSTRS.derive(analysis.trial)
    pd.testing.assert_frame_equal(missing.handlings, ba.missing.sensitivity(outcomes, n=100, seed=1))
    assert analysis.settings["draws"] == 100
    assert analysis.settings["seed"] == 1


def test_the_estimates_of_the_report_hold_them(analysis, missing):
    methods_of_all = set(analysis.estimates["method"])
    assert set(missing.handlings["method"]) <= methods_of_all


def test_the_surface_is_that_of_the_same_imputations(analysis, missing):
    outcomes = ba.TWSTRS.derive(analysis.trial)
    imputations = ba.missing.impute(outcomes, strategy="missing at random", n=100, seed=1)
    pd.testing.assert_frame_equal(missing.surface, imputations.tipping_surface("week 12"))


def test_captions_and_methods_say_what_was_done(analysis):
    texts = captions(analysis)
    assert texts["handlings"].startswith("The primary difference at week 12 by handling of missing values")
    assert "multiple imputation (100 data sets under each assumption" in texts["handlings"]
    assert "Each subject is a row" in texts["missing"]
    assert "after values imputed under missing at random are shifted" in texts["tipping_point"]
    said = " ".join(analysis.methods)
    assert "draws 100 data sets from a mixed model" in said
    assert "Values after the last value are imputed" in said


@pytest.mark.long
def test_after_a_discontinuation_that_is_recorded_strategies_begin_there():
    events = [(f"s{number:03d}", "discontinuation", 30) for number in range(8)] + [("s020", "rescue", 40)]
    analysis = analyse(trial_of(missing=6, events=events))
    missing = missing_of(analysis)
    said = " ".join(analysis.methods)
    assert "If the last value is of the period of discontinuation, the strategies begin at the next visit." in said
    assert "Gaps, and values missing without a discontinuation, are imputed under missing at random." in said
    jump = missing.handlings.set_index("method").loc["imputed: jump to reference", "details"]
    assert "jump to reference (4 imputations" in jump
    assert "values not after such an event: missing at random" in jump
    assert missing.counted.query("category == 'discontinuation' and visit == 'week 12'")["n_events"].sum() == 8


@pytest.mark.long
def test_a_value_counted_in_the_period_of_leaving_is_of_the_days_before(simulated):
    policy = dict.fromkeys(simulated.protocol.intercurrent, "treatment policy")
    analysis = analyse(replace(simulated, protocol=replace(simulated.protocol, intercurrent=policy)))
    outcomes = ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))
    rows = missing_of(analysis).handlings.set_index("method")["estimate"]
    # No value is recorded after discontinuation: strategies begin after the last value, except for a few with a later event.
    plain = ba.missing.sensitivity(outcomes, n=100, seed=1, covariates=("baseline", "overuse")).set_index("method")["estimate"]
    for strategy in ("jump to reference", "copy increments in reference"):
        assert rows[f"imputed: {strategy}"] == pytest.approx(plain[f"imputed: {strategy}"], abs=0.02)


@pytest.mark.long
def test_without_a_value_missing_after_a_discontinuation_strategies_begin_after_the_last():
    """The last value of the discontinued subject is in the period of discontinuation, or the baseline replaces later values."""
    for day, strategy in ((80, "treatment policy"), (40, "composite")):
        trial = trial_of(missing=8, events=[("s020", "discontinuation", day), ("s021", "rescue", 40)])
        late = analyse(
            replace(trial, protocol=ba.advanced.Protocol(intercurrent={"discontinuation": strategy, "rescue": "composite"}))
        )
        assert "Values after the last value are imputed" in " ".join(late.methods)
        rows = missing_of(late).handlings.set_index("method")["estimate"]
        assert rows["imputed: jump to reference"] != rows["imputed: missing at random"]
        assert not missing_of(late).surface.empty


@pytest.mark.long
def test_of_three_events_the_last_before_a_visit_has_the_last_word():
    events = [("s001", "a", 20), ("s001", "b", 40), ("s001", "a", 70)]
    trial = trial_of(missing=0, events=events)
    composite = replace(trial, protocol=ba.advanced.Protocol(intercurrent={"a": "hypothetical", "b": "composite"}))
    told = analyse(composite).left_out.query("reason.str.startswith('after ')").set_index("reason")["n"]
    assert told.to_dict() == {
        "after a: recorded values not used (hypothetical)": 2,
        "after b: recorded values replaced by the baseline (composite)": 1,
    }


@pytest.mark.long
def test_where_nothing_is_missing_nothing_is_said_of_it():
    analysis = analyse(trial_of(missing=0))
    assert missing_of(analysis) is None
    assert not {"missing", "handlings", "tipping_point"} & set(captions(analysis))
    assert "multiple imputation" not in " ".join(analysis.methods).lower()
    assert "draws" not in analysis.settings


@pytest.mark.long
def test_several_differences_have_no_surface():
    analysis = analyse(trial_of(missing=8, n=60, arms=("placebo", "low", "high")))
    missing = missing_of(analysis)
    assert missing.surface.empty
    assert missing.handlings["arm"].unique().tolist() == ["low", "high"]
    assert "tipping_point" not in captions(analysis)


@pytest.mark.long
def test_what_cannot_be_imputed_is_told_and_the_report_goes_on():
    analysis = analyse(trial_of(missing=34))
    rows = missing_of(analysis).handlings.set_index("method")
    assert rows["estimate"].loc[["observed cases", "last observation carried forward"]].notna().all()
    assert rows.loc["imputed: jump to reference", "estimate"] != rows.loc["imputed: jump to reference", "estimate"]
    told = analysis.left_out[analysis.left_out["where"] == "shifts of imputed values"]
    assert told["reason"].str.startswith("not analysed: ").tolist() == [True]
    assert told["n"].tolist() == [34]
    texts, said = captions(analysis), " ".join(analysis.methods)
    assert {"missing", "handlings"} < set(texts)
    assert "tipping_point" not in texts
    assert not any(word in texts["handlings"] for word in ("imputations", "jackknife", "shift"))
    assert "Single values by rule" in said
    assert not any(word in said for word in ("Multiple imputation", "Conditional means"))
    assert "imputations" not in analysis.settings


@pytest.mark.long
def test_who_lacks_what_is_shown_where_nothing_can_be_compared(monkeypatch):
    def refused(*_, **__):
        raise ba.FitError("the difference is determined under no handling")

    monkeypatch.setattr("botox_analysis.report.sections.missing.sensitivity", refused)
    analysis = analyse(trial_of(missing=8))
    missing = missing_of(analysis)
    assert missing.handlings.empty
    assert missing.counted["n_events"].sum() > 0
    assert "handlings" not in captions(analysis)
    assert "Multiple imputation" not in " ".join(analysis.methods)
    told = analysis.left_out.set_index("where").loc["sensitivity to missing values"]
    assert told["reason"] == "not analysed: the difference is determined under no handling"


@pytest.mark.long
def test_visits_that_nobody_has_both_of_do_not_stop_the_surface():
    """The surface has the same fall-back covariance as the other handlings."""
    trial = trial_of(missing=6)
    values = trial.assessments
    number = values["subject"].str[1:].astype(int)
    lost = np.where(number % 4 < 2, values["visit"] == "week 4", values["visit"] == "week 8")
    apart = replace(trial, assessments=values[~lost].reset_index(drop=True))
    analysis = analyse(apart)
    assert not missing_of(analysis).surface.empty

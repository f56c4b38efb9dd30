"""`validate_trial`: what was understood, and why there is no report where there is none."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

N = 24


def trial_of(settings=None, *, subjects=None, tables=None, **planned):
    """Make a trial of two arms with a scale at three visits, and other settings or tables."""
    who = [f"s{n}" for n in range(N)]
    columns = {"subject": who, "arm": ["placebo", "toxin"] * (N // 2)} | (subjects or {})
    rows = [
        (s, "NRS", visit, 50 + (7 * n) % 11 - 2 * at - at * (n % 2) + (n * at) % 5)
        for n, s in enumerate(who)
        for at, visit in enumerate(("baseline", "week 4", "week 8"))
    ]
    made = {"subjects": pd.DataFrame(columns), "assessments": pd.DataFrame(rows, columns=["subject", "scale", "visit", "value"])}
    return ba.as_trial(made | (tables or {}), name="A trial", settings=settings, protocol=ba.advanced.Protocol(**planned))


def found(trial, what):
    understood = ba.validate_trial(trial).understood
    return understood.loc[understood["what"] == what, "found"].tolist()


# What was understood --------------------------------------------------------------------------------------------------


def test_the_reference_is_named_among_the_arms():
    assert found(trial_of(), "arm") == ["placebo: 12, the reference", "toxin: 12"]
    assert found(trial_of({"reference": "toxin"}), "arm") == ["toxin: 12, the reference", "placebo: 12"]


def test_an_assumed_reference_is_told():
    assert "no reference is named: 'placebo' is taken for it" in str(ba.validate_trial(trial_of()))
    assert "is taken for it" not in str(ba.validate_trial(trial_of({"reference": "placebo"})))


def test_visits_are_shown_in_time_with_the_baseline():
    assert found(trial_of(), "endpoint") == ["NRS, the primary endpoint: baseline, then week 4, week 8"]


def test_columns_that_no_rule_reads_are_listed_once_for_each_table():
    days = pd.DataFrame({"subject": ["s0", "s1"], "day": [1, 1], "headache": ["yes", "no"], "slept": [7, 8], "mood": ["a", "b"]})
    events = pd.DataFrame({"subject": ["s0"], "term": ["ptosis"], "comment": ["left"]})
    trial = trial_of(tables={"diary": days, "adverse_events": events})
    assert found(trial, "kept, not read") == ["diary: 'slept', 'mood'", "adverse events: 'comment'"]
    assert found(trial_of(subjects={"age": range(N)}), "kept, not read") == []


def test_the_file_of_each_table_is_shown_with_its_rows_and_columns(simulated):
    assert found(simulated, "read")[:2] == [
        "subjects from subjects.csv: 1,384 rows, 11 columns",
        "diary from diary.csv: 241,592 rows, 6 columns",
    ]
    assert found(trial_of(), "read") == []


def test_an_endpoint_without_a_baseline_is_shown_as_such():
    once = pd.DataFrame({"subject": ["s0", "s1"], "scale": "PGIC", "visit": "week 8", "value": 3})
    assessed = pd.concat([trial_of().assessments.astype({"visit": str, "subject": str}), once])
    shown = found(trial_of({"scales": {"PGIC": {"baseline": False}}}, tables={"assessments": assessed}), "endpoint")
    assert shown[1] == "PGIC: no baseline; week 8"


@pytest.mark.parametrize(
    ("values", "settings", "kind"),
    [
        (range(30, 30 + N), {}, "x: a number from 30 to 53"),
        ([1, 2, 3] * (N // 3), {}, "x: a number with the values 1, 2, 3 (a factor if it is named under factors)"),
        ([1, 2, 3] * (N // 3), {"factors": ["x"]}, "x: a factor: '1' 8, '2' 8, '3' 8"),
        ([f"level {n % 12:02d}" for n in range(N)], {}, "and 2 more levels"),
        (["a", None] * (N // 2), {}, "x: a factor: 'a' 12; 12 missing"),
        ([None] * N, {}, "x: missing in every row"),
        (pd.date_range("1980-01-01", periods=N), {}, "x: dates, in no table or model"),
    ],
)
def test_the_kind_of_each_covariate_is_shown(values, settings, kind):
    (shown,) = found(trial_of(settings, subjects={"x": list(values)}), "covariate")
    assert kind in shown


def test_a_text_of_many_words_is_no_factor():
    who = [f"t{n}" for n in range(40)]
    subjects = pd.DataFrame({"subject": who, "arm": ["placebo", "toxin"] * 20, "x": [f"seen by {name}" for name in who]})
    trial = ba.as_trial({"subjects": subjects}, name="texts")
    assert found(trial, "covariate") == ["x: a text with more than 30 different words, in no table"]


def test_covariates_of_the_protocol_are_marked():
    trial = trial_of(subjects={"age": range(30, 30 + N)}, covariates=("age",))
    assert found(trial, "covariate") == ["age: a number from 30 to 53, a covariate of the protocol"]
    assert found(trial, "model")[0].endswith("adjusted for baseline and age")


def test_populations_and_their_use_are_shown():
    trial = trial_of(subjects={"itt": [True] * 20 + [False] * 4, "safety": True}, safety_population="safety")
    assert found(trial, "population") == ["itt: 20, the efficacy population", "safety: 24, the safety population"]
    assert found(trial, "efficacy") == ["in itt: 20 subjects"]


def test_kinds_of_intercurrent_events_are_shown_with_their_strategy():
    events = pd.DataFrame({"subject": ["s1", "s2", "s2"], "kind": "rescue", "day": [3, 40, 50]})
    assert found(trial_of(tables={"intercurrent_events": events}), "intercurrent event") == [
        "rescue: 2 subjects; treatment policy (no strategy is named)"
    ]
    named = trial_of(tables={"intercurrent_events": events}, intercurrent={"rescue": "hypothetical"})
    assert found(named, "intercurrent event") == ["rescue: 2 subjects; hypothetical"]


def test_the_text_ends_with_the_promise_and_no_line_is_long(simulated):
    lines = str(ba.validate_trial(simulated)).splitlines()
    assert lines[-1] == "report: yes"
    assert max(map(len, lines)) <= 110


def test_the_trial_is_not_changed(simulated):
    before = simulated.subjects.copy()
    ba.validate_trial(simulated)
    pd.testing.assert_frame_equal(simulated.subjects, before)


# Why there is no report -----------------------------------------------------------------------------------------------

BORN = list(pd.date_range("1980-01-01", periods=N))
DIED = pd.DataFrame({"subject": ["s1"], "kind": ["death"], "day": [40]})


@pytest.mark.parametrize(
    ("trial", "reason"),
    [
        (lambda: trial_of(endpoint="HIT-6"), "found endpoint = 'HIT-6'; expected one that the trial measured: 'NRS'"),
        (lambda: trial_of(visit="week 12"), "expected a visit at which every arm has a value of NRS: 'week 4', 'week 8'"),
        (lambda: trial_of(visit="baseline"), "found visit = 'baseline'; expected a visit at which every arm has a value"),
        (lambda: trial_of(efficacy_population="fas"), "no population 'fas'; its populations are 'all randomised'"),
        (lambda: trial_of(safety_population="treated"), "no population 'treated'"),
        (lambda: trial_of(handling="LOCF"), "found handling = 'LOCF'; expected one of 'last observation carried forward'"),
        (lambda: trial_of(analysis="anova"), "found analysis = 'anova'; expected one of 'mmrm', 'ancova'"),
        (lambda: trial_of(covariates=("age",)), "found the covariate 'age'; expected columns of subjects"),
        (lambda: trial_of(covariates=("baseline",)), "found 'baseline' among the covariates"),
        (lambda: trial_of(subjects={"x": range(N)}, covariates=("x", "x")), "found the covariate 'x' more than once"),
        (lambda: trial_of(subjects={"x": BORN}, covariates=("x",)), "a number of days, or a factor; got dates"),
        (lambda: trial_of(subjects={"x": [np.nan] * N}, covariates=("x",)), "'x' must have values; it is missing"),
        (
            lambda: trial_of(subjects={"x": [None, "a"] * (N // 2)}, covariates=("x",)),
            "baseline and x of NRS; expected one or more. At 'week 8', 'placebo' has none.",
        ),
        (lambda: trial_of(subjects={"x": ["a", "b"] * (N // 2)}, covariates=("x",)), "is aliased with a covariate"),
        (lambda: trial_of(subjects={"x": [f"t{n}" for n in range(N)]}, covariates=("x",)), "the mean of arm 'toxin' is aliased"),
        (lambda: trial_of(subjects={"itt": [True, False] * (N // 2)}), "found no subject of arm 'toxin' in the population 'itt'"),
        (lambda: trial_of(subjects={"itt": False}), "found no subject in the population 'itt'"),
        (lambda: trial_of(subjects={"arm": ["placebo"] * N}), "found one arm only, 'placebo'"),
        (lambda: trial_of(tables={"intercurrent_events": DIED}, intercurrent={"dead": "composite"}), "found none for 'death'"),
    ],
)  # fmt: skip
def test_a_report_is_refused_with_the_reason_that_validate_told(trial, reason, tmp_path):
    trial = trial()
    said = ba.validate_trial(trial)
    assert reason in said.report
    with pytest.raises((ba.DataError, ba.FitError)) as refused:
        ba.write_report(trial, tmp_path / "out")
    assert said.report == f"no, because {refused.value}"
    assert not (tmp_path / "out").exists()


def test_a_safety_population_without_an_arm_is_told_where_there_are_adverse_events():
    events = pd.DataFrame({"subject": ["s0"], "term": ["cough"]})
    safe = {"safety": [True, False] * (N // 2)}
    said = ba.validate_trial(trial_of(subjects=safe, tables={"adverse_events": events}))
    assert (
        said.refusal == "A trial: found no subject of arm 'toxin' in the population 'safety'; expected one or more in each arm."
    )
    assert ba.validate_trial(trial_of(subjects=safe)).report == "yes"


def test_a_restricted_trial_is_asked_for_whole():
    restricted = trial_of(subjects={"itt": True}).restrict("itt")
    assert "found the population 'itt'; expected all randomised subjects" in ba.validate_trial(restricted).report


def test_what_was_understood_is_shown_also_where_there_is_no_report():
    said = ba.validate_trial(dataclasses.replace(trial_of(), protocol=ba.advanced.Protocol(visit="week 99")))
    assert {"arm", "endpoint", "assessments"} <= set(said.understood["what"])
    assert "model" not in set(said.understood["what"])


def test_a_trial_without_any_measurement_is_told():
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["placebo", "toxin"]})
    said = ba.validate_trial(ba.as_trial({"subjects": subjects}, name="bare"))
    assert said.refusal == "bare: found no diary and no assessments; expected one of them: a report needs an endpoint."


@pytest.mark.parametrize("given", ["simulated", None, pd.DataFrame()])
def test_what_is_no_trial_is_refused(given):
    with pytest.raises((ba.DataError, TypeError), match="load_trial"):
        ba.validate_trial(given)


# What fails beside the primary analysis is told in the report ---------------------------------------------------------


@pytest.mark.long
def test_dates_among_the_covariates_are_left_out_of_the_baseline_table_and_counted(tmp_path):
    from botox_analysis.report.contents import analyse
    from botox_analysis.report.sections.participants import baseline_of

    analysis = analyse(trial_of(subjects={"born": BORN}))
    assert ("baseline characteristics", "born: dates", N) in analysis.left_out.itertuples(index=False, name=None)
    assert "born" not in set(baseline_of(analysis)["endpoint"])

"""Intercurrent events in a report: addressed as planned, described, and counted."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.intercurrent.events import address_events, intercurrent_events
from botox_analysis.report.analysis.plan import plan_of
from botox_analysis.report.contents import analyse
from botox_analysis.report.prose.paragraphs import estimand
from botox_analysis.report.sections.sensitivity import differences_by_model, other_analyses

N = 30
VISITS = ("week 4", "week 8", "week 12")
POLICY, HYPOTHETICAL = "treatment policy", "hypothetical"
EVENTS = [("s0", "rescue treatment", 40), ("s1", "rescue treatment", 70), ("s2", "death", 50), ("s3", "death", 84)]


def trial_of(rows=EVENTS, *, names=VISITS, days=None, tables=None, handling="", **strategies):
    """Scores of 30 subjects at three visits; strategies by kind, with ``_`` for the space."""
    rng = np.random.default_rng(4)
    of_subject = rng.normal(50, 6, N)
    subjects = pd.DataFrame({"subject": [f"s{n}" for n in range(N)], "arm": ["placebo", "toxin"] * (N // 2)})
    scores = pd.concat(
        [
            pd.DataFrame(
                {"subject": subjects["subject"], "scale": "NRS", "visit": visit, "value": of_subject + rng.normal(0, 4, N)}
            )
            for visit in ("baseline", *names)
        ],
        ignore_index=True,
    )
    if days is not None:
        scores["day"] = scores["visit"].map({"baseline": -1, **dict(zip(names, days, strict=True))})
    events = {"intercurrent_events": pd.DataFrame(rows, columns=["subject", "kind", "day"])} if rows is not None else {}
    planned = ba.advanced.Protocol(
        intercurrent={kind.replace("_", " "): word for kind, word in strategies.items()}, handling=handling
    )
    there = {"subjects": subjects, "assessments": scores, **events} | (tables or {})
    return ba.as_trial(there, name="A trial", visits=["baseline", *names], protocol=planned)


def left_out(analysis):
    rows = analysis.left_out[analysis.left_out["where"] == "NRS"]
    return dict(zip(rows["reason"], rows["n"], strict=True))


@pytest.fixture(scope="module")
def planned():
    return analyse(trial_of(rescue_treatment=POLICY, death=HYPOTHETICAL))


# What is done ---------------------------------------------------------------------------------------------------------


def test_outcomes_are_addressed_as_address_events_does_it(planned):
    trial = planned.trial
    measured = ba.scale("NRS").derive(trial)
    found = address_events(measured, intercurrent_events(trial), strategies=trial.protocol.intercurrent)
    pd.testing.assert_frame_equal(planned.primary.observed, found)
    pd.testing.assert_frame_equal(planned.primary.measured, measured)


def test_the_strategies_are_in_every_estimate_of_efficacy(planned):
    said = "rescue treatment: treatment policy; death: hypothetical"
    assert planned.primary.differences["intercurrent"].unique().tolist() == [said]
    assert planned.primary.unadjusted["intercurrent"].unique().tolist() == [said]
    for frame in differences_by_model(other_analyses(planned)[0], planned).values():
        assert frame["intercurrent"].tolist() == [said]


@pytest.mark.long
def test_treatment_policy_gives_the_numbers_of_no_strategy():
    numbers = ["n", "estimate", "std_error", "conf_low", "conf_high", "p_value"]
    with_policy, without = (analyse(trial_of(**each)) for each in ({"rescue_treatment": POLICY, "death": POLICY}, {}))
    pd.testing.assert_frame_equal(with_policy.primary.differences[numbers], without.primary.differences[numbers])


def test_a_hypothetical_strategy_leaves_values_out_of_the_model(planned):
    assert planned.primary.fit.n_values == 3 * N - 2
    assert planned.primary.masks_values


@pytest.mark.long
def test_missing_values_are_handled_after_events_are_addressed():
    carried = "last observation carried forward"
    analysis = analyse(trial_of(rescue_treatment=POLICY, death=HYPOTHETICAL, handling=carried))
    rows = analysis.primary.outcomes.query("subject == 's2'")["value"].tolist()
    assert rows == [rows[0]] * 3
    assert "hypothetical" in analysis.primary.differences["intercurrent"].iloc[0]


@pytest.mark.long
def test_events_of_those_outside_the_population_count_as_kinds_and_change_nothing():
    trial = trial_of(rescue_treatment=POLICY, death=HYPOTHETICAL)
    subjects = trial.subjects.assign(itt=[n not in (2, 3) for n in range(N)])
    analysis = analyse(dataclasses.replace(trial, subjects=subjects, populations=("itt",)))
    assert not analysis.primary.masks_values
    rates = analysis.intercurrent_rates.set_index(["category", "arm"])["n_events"]
    assert rates["death"].tolist() == [0, 0]
    assert rates["rescue treatment"].tolist() == [1, 1]


# Days of visits -------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_an_assessment_is_on_its_own_day_where_that_is_recorded():
    # By its name week 8 is day 56, after the death of s2 on day 50.
    late = analyse(trial_of(days=[28, 49, 84], rescue_treatment=POLICY, death=HYPOTHETICAL))
    assert late.primary.fit.n_values == 3 * N - 1


@pytest.mark.long
def test_visits_whose_names_tell_no_day_are_on_the_days_of_the_others():
    names = ("first", "second", "last")
    analysis = analyse(trial_of(names=names, days=[28, 56, 84], rescue_treatment=POLICY, death=HYPOTHETICAL))
    assert analysis.primary.fit.n_values == 3 * N - 2


@pytest.mark.long
def test_a_visit_of_which_nothing_tells_the_day_is_refused():
    trial = trial_of(names=("first", "second", "last"), rescue_treatment=POLICY, death=HYPOTHETICAL)
    with pytest.raises(ba.DataError, match="found the visits 'first', 'second', 'last' of NRS without a day"):
        analyse(trial)
    assert analyse(dataclasses.replace(trial, protocol=ba.advanced.Protocol())).visit == "last"


# What is counted ------------------------------------------------------------------------------------------------------


def test_what_a_hypothetical_strategy_masks_is_counted_by_kind(planned):
    # The death on day 84 is on the day of the last visit.
    assert left_out(planned) == {
        "after death: recorded values not used (hypothetical)": 2,
        "death on the day of the last visit or later: no visit after it": 1,
    }
    assert "no value recorded, or not used after an intercurrent event; other visits are used" in set(planned.left_out["reason"])


@pytest.mark.long
def test_what_stands_in_the_place_of_values_is_counted_by_kind():
    trial = trial_of(rescue_treatment="while on treatment", death="composite")
    scores = trial.assessments[(trial.assessments["subject"] != "s2") | (trial.assessments["visit"] != "week 12")]
    found = left_out(analyse(dataclasses.replace(trial, assessments=scores)))
    assert found == {
        "after rescue treatment: recorded values replaced by the last value before it (while on treatment)": 3,
        "after death: recorded values replaced by the baseline (composite)": 1,
        "after death: the baseline used where no value was recorded (composite)": 1,
        "death on the day of the last visit or later: no visit after it": 1,
    }


@pytest.mark.long
def test_a_value_masked_before_an_event_under_treatment_policy_is_told_of_the_event_that_masked_it():
    rows = [("s0", "death", 30), ("s0", "rescue treatment", 60)]
    found = left_out(analyse(trial_of(rows, rescue_treatment=POLICY, death=HYPOTHETICAL)))
    assert found == {"after death: recorded values not used (hypothetical)": 2}


@pytest.mark.long
def test_the_events_are_a_table_by_arm(planned, tmp_path, sketches):
    ba.write_report(planned.trial, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "tables" / "intercurrent.csv")
    assert table.to_numpy().tolist() == [
        ["Rescue treatment", "1 (6.7 %)", "1 (6.7 %)"],
        ["\u2003of these, with a value recorded after it", "1 (100.0 %)", "1 (100.0 %)"],
        ["Death", "1 (6.7 %)", "1 (6.7 %)"],
        ["\u2003of these, with a value recorded after it", "1 (100.0 %)", "0 (0.0 %)"],
    ]
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert page.index('id="table-disposition"') < page.index('id="table-intercurrent"') < page.index('id="efficacy"')
    settings = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["settings"]
    assert settings["intercurrent"] == {"rescue treatment": POLICY, "death": HYPOTHETICAL}


@pytest.mark.long
def test_without_events_there_is_no_table(tmp_path, sketches):
    page = ba.write_report(trial_of(None), tmp_path / "out").read_text("utf-8")
    assert "table-intercurrent" not in page


@pytest.mark.long
def test_who_left_on_an_unknown_day_is_told():
    subjects = trial_of().subjects.assign(completed=["no"] * 3 + ["yes"] * (N - 3), last_day=[9, None, None] + [84] * (N - 3))
    rows = analyse(trial_of(None, tables={"subjects": subjects})).left_out
    assert rows.query("where == 'intercurrent events'")[["reason", "n"]].to_numpy().tolist() == [
        ["discontinuations on a day that is not recorded", 2]
    ]


# What is said ---------------------------------------------------------------------------------------------------------


def test_the_estimand_names_the_strategy_of_each_kind(planned):
    assert (
        "Intercurrent events: rescue treatment is handled by treatment policy (recorded values are used regardless of "
        "the event). A value was recorded after rescue treatment in 2 of 2 subjects (100.0 %). Death is handled by a "
        "hypothetical strategy (values after it are not used). Missing values:"
    ) in estimand(planned)
    assert "A visit is after an intercurrent event if its value covers a day later than the day of the event." in " ".join(
        planned.methods
    )


@pytest.mark.long
def test_kinds_with_one_strategy_are_named_together():
    said = estimand(analyse(trial_of(rescue_treatment="composite", death="composite")))
    assert (
        "Intercurrent events: rescue treatment and death are handled by a composite strategy (values after them are "
        "replaced by no change from baseline)."
    ) in said


@pytest.mark.long
def test_what_is_done_without_strategies_is_treatment_policy_and_called_that():
    said = estimand(analyse(trial_of()))
    assert (
        "Intercurrent events: recorded values are used whether or not rescue treatment or death happened (treatment policy). "
        "A value was recorded after rescue treatment in 2 of 2 subjects (100.0 %) and after death in 1 of 2 subjects (50.0 %)."
    ) in said
    assert analyse(trial_of()).primary.differences["intercurrent"].unique().tolist() == [""]


@pytest.mark.long
def test_a_trial_without_events_says_that_none_are_recorded():
    for rows in (None, []):
        assert "Summary measure: difference of means. No intercurrent events are recorded. Missing values:" in estimand(
            analyse(trial_of(rows))
        )


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategies", "said"),
    [
        ({"death": POLICY}, "found none for 'rescue treatment' among those for 'death'; expected one for each kind"),
        ({"death": "LOCF", "rescue_treatment": POLICY}, "found death = 'LOCF'; expected one of 'treatment policy'"),
        ({"death": "principal stratum", "rescue_treatment": POLICY}, "which is a population"),
    ],
)
def test_strategies_that_do_not_fit_the_events_are_refused_by_report_and_validate(strategies, said):
    for check in (analyse, plan_of):
        with pytest.raises(ba.DataError, match=f"A trial, the protocol's strategies for intercurrent events: .*{said}"):
            check(trial_of(**strategies))

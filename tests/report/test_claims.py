"""Claims of a report: the data support them, and the protocol asks for them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.safety.counts import ANY  # noqa: F401 - named in a query
from botox_analysis.report.analysis.begins import strategies_begin
from botox_analysis.report.analysis.estimand import claimed, recorded_after
from botox_analysis.report.analysis.plan import plan_of
from botox_analysis.report.contents import analyse
from botox_analysis.report.prose.paragraphs import estimand
from botox_analysis.report.sections.grounds import validity
from botox_analysis.report.sections.missing import missing_values_of
from botox_analysis.report.sections.responders import responses_of
from botox_analysis.report.sections.sensitivity import other_analyses
from tests.report.shown import notes

N, VISITS = 60, ("week 4", "week 8", "week 12")
ARMS = ("placebo", "75 U", "155 U")


def trial_of(*, arms=ARMS[:2], leave=(), stay_seen=0, scales=None, tables=None, named="placebo", **planned):
    """Scores of 60 subjects on two scales; those of `leave` stop on day 30, and the first `stay_seen` have values after it."""
    rng = np.random.default_rng(7)
    subject = [f"S{number:02d}" for number in range(N)]
    arm = np.array([arms[number % len(arms)] for number in range(N)], dtype=object)
    gone = np.isin(np.arange(N), leave)
    subjects = pd.DataFrame(
        {
            "subject": subject,
            "arm": arm,
            "region": np.where(np.arange(N) % 5 < 2, "north", "south"),
            "completed": ~gone,
            "last_day": np.where(gone, 30, 84),
        }
    )
    level = rng.normal(50, 6, N)
    effect = {"placebo": 0.0, "75 U": 4.0, "155 U": 7.0}
    rows = []
    for scale, size in (("NRS", 1.0), ("HIT-6", 0.7)):
        for number, visit in enumerate(("baseline", *VISITS)):
            better = np.array([effect.get(each, 3.0) for each in arm]) * size * (number > 0)
            value = level - 2 * number - better + rng.normal(0, 3, N)
            seen = ~gone | (number < 2) | np.isin(np.arange(N), list(leave)[:stay_seen])
            rows.append(pd.DataFrame({"subject": subject, "scale": scale, "visit": visit, "value": value})[seen])
    protocol = ba.advanced.Protocol(endpoint="NRS", **planned)
    return ba.as_trial(
        {"subjects": subjects, "assessments": pd.concat(rows, ignore_index=True)} | (tables or {}),
        name="A trial",
        arms=None if named is None else list(arms),
        visits=["baseline", *VISITS],
        protocol=protocol,
        settings={"scales": scales} if scales else None,
    )


LEAVE = (*range(0, 30, 2), 1, 3, 5)


# Estimand -------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_treatment_policy_is_not_claimed_where_few_values_follow_the_event():
    analysis = analyse(trial_of(leave=LEAVE, stay_seen=3))
    recorded = recorded_after(analysis)["discontinuation"]
    assert (recorded.n, recorded.n_with) == (3, 18)
    assert claimed(analysis) == {"discontinuation": "hypothetical"}
    said = estimand(analysis)
    assert "After discontinuation, a value was recorded in only 3 of 18 subjects (16.7 %). The mixed model" in said
    assert "(treatment policy)" not in said


@pytest.mark.long
def test_treatment_policy_is_claimed_from_a_fifth_on():
    analysis = analyse(trial_of(leave=LEAVE[:15], stay_seen=3))
    assert claimed(analysis) == {"discontinuation": "treatment policy"}
    assert "A value was recorded after discontinuation in 3 of 15 subjects (20.0 %)" in estimand(analysis)


@pytest.mark.long
def test_the_counts_are_shown_by_arm():
    rates = analyse(trial_of(leave=LEAVE, stay_seen=3)).intercurrent_rates
    nested = rates[rates["within"] == "discontinuation"].set_index("arm")
    assert nested[["n_events", "n"]].to_numpy().tolist() == [[3, 15], [0, 3]]


@pytest.mark.long
def test_values_of_the_days_before_leaving_are_not_recorded_after_it(simulated):
    analysis = analyse(dataclasses.replace(simulated, protocol=dataclasses.replace(simulated.protocol, draws=2)))
    recorded = recorded_after(analysis)["discontinuation"]
    assert recorded.n == 0
    assert recorded.n_with > 100


@pytest.mark.long
def test_discontinuations_without_a_day_are_not_called_no_intercurrent_events():
    trial = trial_of(leave=LEAVE)
    subjects = trial.subjects.drop(columns="last_day")
    said = estimand(analyse(dataclasses.replace(trial, subjects=subjects)))
    assert "18 subjects discontinued on a day that is not recorded" in said
    assert "No intercurrent events" not in said


# Imputation as primary ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def imputed():
    policy = {"discontinuation": "treatment policy"}
    return analyse(trial_of(leave=LEAVE, imputation="jump to reference", draws=30, seed=5, intercurrent=policy))


def test_the_primary_numbers_are_those_of_the_planned_imputation(imputed):
    outcomes = imputed.primary.observed
    _, imputed_from, begins = strategies_begin(outcomes, "change")
    assert begins == "discontinuation"
    drawn = ba.missing.impute(imputed_from, strategy="jump to reference", n=30, seed=5, covariance=ba.missing.FALL_BACK)
    pooled = drawn.pool()
    ours = imputed.primary.differences
    assert ours[["estimate", "std_error", "df"]].to_numpy() == pytest.approx(pooled[["estimate", "std_error", "df"]].to_numpy())


def test_headline_and_methods_follow_the_imputation(imputed):
    said = " ".join(imputed.headline)
    row = imputed.primary.differences.iloc[-1]
    assert f"The difference was {ba.wording.number(row['estimate'], 1)}" in said
    assert "The analysis included 60 of 60 subjects randomised." in said
    assert "multiple imputation, jump to reference" in estimand(imputed)
    assert "pooled by Rubin's rules" in " ".join(imputed.methods)
    assert next(iter(other_analyses(imputed)[0])).label == "ANCOVA, imputed (primary)"


@pytest.mark.long
def test_figures_and_tables_follow_the_imputation(imputed, tmp_path, sketches):
    page = ba.write_report(imputed.trial, tmp_path / "out")
    assert page.is_file()
    table = pd.read_csv(tmp_path / "out" / "tables" / "efficacy.csv")
    assert table["n"].tolist() == [30] * 6
    estimates = pd.read_csv(tmp_path / "out" / "estimates.csv")
    shown = estimates[(estimates["measure"] == "risk difference") & estimates["method"].str.contains("jump to reference")]
    assert len(shown)


@pytest.mark.long
@pytest.mark.parametrize("variance", ["jackknife", "bootstrap"])
def test_conditional_means_can_be_primary(variance):
    analysis = analyse(trial_of(leave=LEAVE, imputation="copy reference", draws=20, variance=variance))
    assert analysis.primary.fit.imputations.draws == variance
    assert analysis.primary.differences["variance_target"].unique().tolist() == ["repeated sampling"]


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        ({"imputation": "jump to placebo"}, "expected one of"),
        ({"imputation": "jump to reference", "handling": "last observation carried forward"}, "expected one of them"),
        ({"imputation": "jump to reference", "analysis": "mmrm"}, "expected analysis = 'ancova' or none"),
        ({"imputation": "jump to reference", "variance": "robust"}, "found variance = 'robust'"),
        ({"imputation": "jump to reference", "draws": 1}, "expected 2 draws or more"),
        ({"imputation": "jump to reference", "seed": -1}, "a seed from 0 on"),
    ],
)
def test_an_imputation_that_cannot_be_primary_is_refused(planned, said):
    with pytest.raises(ba.DataError, match=said):
        plan_of(trial_of(**planned))


def test_a_strategy_that_needs_a_reference_is_refused_where_none_is_known():
    trial = trial_of(arms=("low", "high"), named=None, imputation="jump to reference")
    assert trial.reference == ""
    with pytest.raises(ba.DataError, match="and no reference arm"):
        plan_of(trial)
    assert plan_of(trial_of(arms=("low", "high"), named=None, imputation="missing at random"))


# Responders -----------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_responders_of_all_in_the_population_come_first():
    responses = responses_of(analyse(trial_of(leave=LEAVE, reduction=0.1)))
    assert [each.words for each in responses.handled] == ["non-responder imputation", "observed cases"]
    at_last = responses.handled[0].rates.query("visit == 'week 12' and threshold == 0.1")
    assert at_last["n"].tolist() == [30, 30]


@pytest.mark.long
def test_the_protocol_may_put_another_handling_first():
    responses = responses_of(analyse(trial_of(leave=LEAVE, responders="observed cases")))
    assert responses.handled[0].words == "observed cases"


@pytest.mark.long
def test_difference_and_number_needed_are_of_the_handling_beside_them():
    analysis = analyse(trial_of(leave=LEAVE, reduction=0.1))
    first = responses_of(analysis).handled[0]
    own = (first.differences["visit"] == "week 12") & (first.differences["threshold"] == 0.1)
    difference, needed = first.differences[own].iloc[0], first.needed[own].iloc[0]
    assert needed["estimate"] == pytest.approx(1 / difference["estimate"])
    sentence = next(text for text in analysis.headline if text.startswith("A reduction"))
    assert ba.wording.number_needed(*needed[["estimate", "conf_low", "conf_high"]]) in sentence


@pytest.mark.long
def test_handlings_that_count_the_same_subjects_are_shown_once():
    responses = responses_of(analyse(trial_of()))
    assert [each.words for each in responses.handled] == ["non-responder imputation"]


@pytest.mark.long
def test_a_response_that_is_counted_alike_at_one_visit_is_shown_there_once():
    responses = responses_of(analyse(trial_of(leave=LEAVE)))
    visits = [each.rates["visit"].unique().tolist() for each in responses.handled]
    assert visits == [["week 4", "week 8", "week 12"], ["week 8", "week 12"]]


@pytest.mark.long
def test_responders_are_compared_within_strata():
    analysis = analyse(trial_of(reduction=0.1, stratum="region"))
    events = ba.responders(analysis.primary.observed, reduction=0.1, missing="non-responder imputation", stratum="region")
    expected = ba.compare_rates(events[events["visit"] == "week 12"])["estimate"].tolist()
    ours = responses_of(analysis).handled[0].differences.query("visit == 'week 12' and threshold == 0.1")
    assert ours["estimate"].tolist() == pytest.approx(expected)
    assert "within the strata of region" in " ".join(analysis.methods)


# Protocol -------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_every_limit_has_the_level_of_the_protocol():
    analysis = analyse(trial_of(conf_level=0.9, leave=LEAVE))
    levels = analysis.estimates["conf_level"].dropna().unique().tolist()
    assert levels == [0.9]
    assert "90 % CI" in analysis.headline[0]


@pytest.mark.long
def test_p_values_are_adjusted_over_doses_and_endpoints():
    planned = {"method": "holm", "endpoints": ["NRS", "HIT-6"]}
    analysis = analyse(trial_of(arms=ARMS, multiplicity=planned))
    rows = pd.concat([each.differences for each in (analysis.primary, *analysis.secondary)])
    expected = ba.adjust_multiplicity(rows[rows["visit"] == "week 12"], method="holm")
    assert analysis.adjusted["p_adjusted"].tolist() == pytest.approx(expected["p_adjusted"].tolist())
    assert len(analysis.adjusted) == 4
    assert "adjusted p" in analysis.headline[0]
    assert "Holm, 4 hypotheses" in analysis.headline[1]
    assert analysis.estimates["p_adjusted"].notna().sum() == 4


@pytest.mark.long
def test_a_graph_of_the_protocol_is_followed():
    planned = {
        "method": "graph", "endpoints": ["NRS", "HIT-6"], "weights": [0.5, 0.5, 0, 0],
        "transitions": [[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]],
    }  # fmt: skip
    analysis = analyse(trial_of(arms=ARMS, multiplicity=planned))
    graph = ba.advanced.TestingGraph(planned["weights"], planned["transitions"])
    assert analysis.adjusted["p_adjusted"].tolist() == pytest.approx(graph.adjusted(analysis.adjusted["p_value"]).tolist())


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        ({"method": "holm"}, "found one hypothesis"),
        ({"method": "holmes"}, "Did you mean 'holm'"),
        ({"method": "holm", "endpoints": ["NRS", "pain"]}, "expected some of 'NRS', 'HIT-6'"),
        ({"method": "holm", "endpoints": ["NRS", "NRS"]}, "each once"),
        ({"method": "graph", "endpoints": ["NRS", "HIT-6"]}, "weights and transitions"),
        ({"method": "graph", "endpoints": ["NRS", "HIT-6"], "weights": [1], "transitions": [[0]]}, "names"),
        ({"method": "graph", "endpoints": ["NRS", "HIT-6"], "weights": [0.7, 0.7], "transitions": [[0, 1], [1, 0]]}, "weights"),
    ],
)
def test_an_adjustment_that_cannot_be_made_is_refused(planned, said):
    with pytest.raises(ba.DataError, match=said):
        plan_of(trial_of(multiplicity=planned))


@pytest.mark.long
def test_the_headline_says_that_nothing_is_adjusted():
    assert "The p-values are not adjusted for multiplicity." in analyse(trial_of(arms=ARMS)).headline[1]


@pytest.mark.long
def test_the_sandwich_variance_of_the_protocol_follows_a_fall_back():
    order = ("ante-dependence", "compound symmetry")
    plain = analyse(trial_of(covariance=order[1:]))
    assert plain.primary.fit.structure == "compound symmetry"
    first = analyse(trial_of(covariance=order[1:], fall_back_variance="CR2"))
    assert first.primary.differences["std_error"].tolist() == pytest.approx(plain.primary.differences["std_error"].tolist())


@pytest.mark.long
def test_a_fall_back_has_the_sandwich_variance(monkeypatch):
    from botox_analysis.models.repeated import mmrm

    fitted = mmrm._fit

    def fails(measures, phrase, *rest):
        if phrase.structure == "unstructured":
            raise mmrm.CovarianceError("not determined")
        return fitted(measures, phrase, *rest)

    monkeypatch.setattr(mmrm, "_fit", fails)
    order = ("unstructured", "compound symmetry")
    analysis = analyse(trial_of(covariance=order, fall_back_variance="CR3"))
    outcomes = analysis.primary.outcomes
    robust = ba.fit_mmrm(outcomes, covariance="compound symmetry", variance="CR3")
    assert analysis.primary.differences["std_error"].tolist() == pytest.approx(robust.differences()["std_error"].tolist())
    assert "sandwich variance CR3" in " ".join(analysis.methods)


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        ({"covariance": ("unstructred",)}, "Did you mean 'unstructured'"),
        ({"covariance": ("spatial exponential on day",)}, "expected a structure of scheduled visits"),
        ({"covariance": ("ar1", "ar1")}, "found a covariance twice"),
        ({"fall_back_variance": "HC3"}, "found fall_back_variance = 'HC3'"),
        ({"responders": "LOCF"}, "found responders = 'LOCF'"),
        ({"stratum": "site"}, "found stratum = 'site'"),
        ({"conf_level": 95}, "found conf_level = 95"),
        ({"emergent": {"window_days": 30}}, "no table of adverse events"),
    ],
)
def test_words_of_the_protocol_that_are_not_known_are_refused(planned, said):
    with pytest.raises(ba.DataError, match=said):
        plan_of(trial_of(**planned))


EVENTS = pd.DataFrame({"subject": ["S00", "S01", "S03"], "term": "ptosis", "onset_day": [20, 70, -3]})


@pytest.mark.long
def test_adverse_events_follow_the_rule_of_the_protocol():
    trial = trial_of(tables={"adverse_events": EVENTS})
    subjects = trial.subjects.assign(last_dose_day=1)
    trial = dataclasses.replace(trial, subjects=subjects)
    windowed = dataclasses.replace(trial, protocol=dataclasses.replace(trial.protocol, emergent={"window_days": 30}))
    shown = "category == @ANY and measure == 'proportion'"
    counts = [analyse(each).estimates.query(shown)["n_events"].tolist() for each in (trial, windowed)]
    assert counts == [[1, 1], [1, 0]]
    assert "not later than 30 days after the last dose" in " ".join(analyse(windowed).methods)


@pytest.mark.parametrize(
    ("rule", "said"),
    [({"window_days": 30}, "no column 'last_dose_day'"), ({"told_by": "flag"}, "must have a column 'treatment_emergent'")],
)
def test_a_rule_that_the_trial_does_not_allow_is_refused(rule, said):
    with pytest.raises(ba.DataError, match=said):
        plan_of(trial_of(tables={"adverse_events": EVENTS}, emergent=rule))


# Direction ------------------------------------------------------------------------------------------------------------

HIGHER = {"NRS": {"better": "higher"}}


def test_no_reduction_is_a_response_where_more_is_better():
    analysis = analyse(trial_of(scales=HIGHER))
    assert analysis.primary.endpoint.better == "higher"
    assert responses_of(analysis) is None
    assert "higher values are better, so a fall is no response; points = 5 in the protocol defines" in " ".join(
        analysis.left_out["reason"]
    )
    assert "reduction" not in " ".join(analysis.headline)
    understood = ba.validate_trial(analysis.trial).understood
    assert understood.set_index("what")["found"]["response"].startswith("none, since higher values are better")


@pytest.mark.long
def test_a_rise_in_points_is_a_response_where_more_is_better():
    analysis = analyse(trial_of(scales=HIGHER, points=2.0))
    assert analysis.settings["response"] == "rise of at least 2 points"
    assert responses_of(analysis) is not None


@pytest.mark.long
def test_the_worst_value_is_the_lowest_where_more_is_better():
    analysis = analyse(trial_of(scales=HIGHER, leave=LEAVE, draws=2))
    rule = "worst observation carried forward"
    reported = missing_values_of(analysis)[0].handlings.set_index("method").loc[rule, "estimate"]
    outcomes = analysis.primary.observed
    lowest, highest = (
        ba.fit_ancova(ba.missing.fill(outcomes.assign(better=better), rule=rule), visits=[analysis.visit]).differences()
        for better in ("higher", "lower")
    )
    assert reported == pytest.approx(lowest["estimate"].iloc[0])
    assert reported != pytest.approx(highest["estimate"].iloc[0])


def test_points_below_0_are_refused_with_the_direction_to_state():
    with pytest.raises(ba.DataError, match=r'found points = -2; expected 0 or more.*Try better = "higher" for the scale'):
        plan_of(trial_of(points=-2.0))


def test_a_direction_that_is_none_is_refused():
    with pytest.raises(ba.DataError, match="found better = 'up'; expected 'lower' or 'higher'"):
        trial_of(scales={"NRS": {"better": "up"}})


# Facts and assumptions, and counts that differ ------------------------------------------------------------------------


@pytest.mark.long
def test_what_is_verified_stands_apart_from_what_is_assumed():
    grounds = validity(analyse(trial_of(leave=LEAVE)))
    verified = grounds[grounds["status"] == "verified"].set_index("statement")["detail"]
    assert verified["subjects with a value observed at week 12"] == "15 in placebo and 27 in 75 U"
    assert verified["subjects in the model, from all randomised subjects"] == "30 in placebo and 30 in 75 U"
    assert "missing at random" in grounds.loc[grounds["status"] == "assumed", "statement"].tolist()


@pytest.mark.long
def test_each_difference_has_its_grounds():
    grounds = validity(analyse(trial_of(arms=ARMS)))
    assert grounds["arm"].unique().tolist() == ["75 U", "155 U"]
    assert "missing at random" not in grounds["statement"].tolist()


@pytest.mark.long
def test_discontinuations_that_are_counted_otherwise_are_explained():
    trial = trial_of(leave=LEAVE)
    subjects = trial.subjects.assign(safety=trial.subjects["subject"] != "S00")
    found = notes(analyse(dataclasses.replace(trial, subjects=subjects, populations=("safety",))))
    assert found["flow"] == found["intercurrent"]
    assert "never treated (1 in placebo and 0 in 75 U)" in found["flow"][0]


@pytest.mark.long
def test_counts_that_agree_have_no_footnote():
    assert notes(analyse(trial_of(leave=LEAVE))) == {}


@pytest.mark.long
def test_each_cell_of_the_overview_counts_one_thing(tmp_path, sketches):
    events = EVENTS.assign(severity=["mild", "severe", "mild"])
    ba.write_report(trial_of(tables={"adverse_events": events}), tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "tables" / "adverse_events_overview.csv")
    assert not table.apply(lambda column: column.astype(str).str.contains(r"\[")).to_numpy().any()
    worst = table[table.iloc[:, 0].str.startswith("Worst")]
    assert set(worst["placebo, occurrences"]) == {"–"}

"""The first argument of every public function: what is of another kind is refused in our own words."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.advanced import TestingGraph
from botox_analysis.errors import kind_of
from tests.public import CLASSES, FUNCTIONS, PUBLIC

EVENTS = {"strategies": {"discontinuation": "composite"}}
EVENT = pd.DataFrame({"subject": ["S1"], "kind": ["death"], "day": [3]})
TRIAL, OUTCOMES, EVENTS_FRAME = ("must be a Trial; got .*load_trial", "a frame of outcomes", "a frame of events")
TIMES, ESTIMATES, IMPUTATIONS = ("a frame of times", "a frame of estimates", "must be imputations; got .*missing.impute")
FIT, WORD = ("must be a fit of fit_mmrm; got .*fit_mmrm", "must be one of")
LISTS = "safety.listing"

# Of each public function: what it takes first, what a message says is meant, the other arguments it must have.
TAKES: dict[str, tuple[str, str, dict]] = {
    "intercurrent.address": ("outcomes", OUTCOMES, {"events": EVENT, **EVENTS}),
    "adjust_multiplicity": ("estimates", ESTIMATES, {}),
    "safety.counts": ("trial", TRIAL, {}),
    "as_outcomes": (
        "frame outcomes",
        "as_outcomes|one row per subject and visit",
        {"endpoint": "x", "arms": ["a"], "visits": [1]},
    ),
    "as_trial": ("dict", "a dict of frames by name", {"name": "x"}),
    "bundled_data": ("", WORD, {}),
    "check_report": ("path", r"a report's folder: write_report", {}),
    "compare_ranks": ("outcomes", OUTCOMES, {}),
    "compare_rates": ("events", EVENTS_FRAME, {}),
    "times.compare": ("times", TIMES, {}),
    "diary.continuation": ("outcomes", OUTCOMES, {}),
    "advanced.crossproducts": ("outcomes", OUTCOMES, {}),
    "describe_baseline": ("trial", TRIAL, {}),
    "describe_change": ("outcomes", OUTCOMES, {}),
    "missing.dropout": ("outcomes", OUTCOMES, {}),
    "diary.endpoint": ("path", "the name of an endpoint", {"wording": "x", "daily": len}),
    "disposition": ("trial", TRIAL, {}),
    "draft_settings": ("path", "the path of a folder with a trial's files", {}),
    "endpoints_of": ("trial", TRIAL, {}),
    "safety.counts_per_subject": ("trial", TRIAL, {}),
    "times.curve": ("times", TIMES, {}),
    "times.quantiles": ("times", TIMES, {}),
    "event_rates": ("events", EVENTS_FRAME, {}),
    "times.by_cycle": ("times", TIMES, {}),
    "fetch_trial": ("", WORD, {}),
    "times.first_event": ("trial", TRIAL, {}),
    "times.first_response": ("outcomes", OUTCOMES, {"reduction": 0.5}),
    "times.recorded": ("trial", TRIAL, {"event": "relapse"}),
    "fit_ancova": ("outcomes", OUTCOMES, {}),
    "fit_binary": ("outcomes", OUTCOMES, {"reduction": 0.5}),
    "fit_counts": ("outcomes", OUTCOMES, {}),
    "advanced.fit_crossproducts": ("", "cross-products; got .*advanced.crossproducts", {}),
    "advanced.fit_many": ("", "cross-products", {}),
    "fit_mmrm": ("outcomes", OUTCOMES, {}),
    "homogeneity": ("events", EVENTS_FRAME, {}),
    "missing.conditional_means": ("outcomes", OUTCOMES, {"strategy": "missing at random"}),
    "missing.fill": ("outcomes", OUTCOMES, {"rule": "last observation carried forward"}),
    "missing.impute": ("outcomes", OUTCOMES, {"strategy": "missing at random", "n": 2, "seed": 1}),
    "missing.impute_counts": ("outcomes", OUTCOMES, {"planned_days": 168, "strategy": "missing at random", "n": 2, "seed": 1}),
    "missing.impute_diary": ("trial", TRIAL, {"endpoint": ba.HEADACHE_DAYS, "n": 2, "seed": 1}),
    "intercurrent.counts": ("outcomes", OUTCOMES, {"events": EVENT}),
    "intercurrent.events": ("trial", TRIAL, {}),
    "safety.listing": ("trial", TRIAL, {}),
    "safety.onsets": ("trial", TRIAL, {}),
    "safety.time_at_risk": ("trial", TRIAL, {}),
    "load_published": ("", WORD, {}),
    "load_adam": ("path", "the path of a folder with adsl", {}),
    "load_trial": ("path", "the path of a folder with subjects.csv", {}),
    "safety.mean_cumulative": ("trial", TRIAL, {}),
    "missing.reasons": ("outcomes", OUTCOMES, {}),
    "missing.values": ("outcomes", OUTCOMES, {}),
    "exponentiate": ("estimates", ESTIMATES, {}),
    "non_inferiority": ("estimates", ESTIMATES, {"margin": 1.0}),
    "number_needed": ("estimates", ESTIMATES, {}),
    "safety.onset_and_duration": ("trial", TRIAL, {}),
    "open_trial": ("path", "the name of a trial", {}),
    "safety.order_by_frequency": ("events estimates", r"safety.counts\(trial\)", {}),
    "plot.adverse_events": ("estimates", ESTIMATES, {"differences": None}),
    "plot.butterfly": ("estimates", ESTIMATES, {}),
    "plot.calendar": ("", "diary.select", {}),
    "plot.course": ("estimates", ESTIMATES, {}),
    "plot.covariance": ("frame", r"fit.covariance\(\)", {}),
    "plot.distribution": ("outcomes", OUTCOMES, {"visit": "week 4"}),
    "plot.dropout": ("estimates", ESTIMATES, {}),
    "plot.event_curve": ("estimates", ESTIMATES, {}),
    "plot.flow": ("", r"disposition\(trial\)", {}),
    "plot.forest": ("estimates", ESTIMATES, {}),
    "plot.missing": ("", r"missing.reasons\(outcomes\)", {}),
    "plot.multiplicity_graph": ("", r"graph.nodes\(\)", {"edges": None}),
    "plot.onset_raster": ("", r"safety.onsets\(trial\)", {}),
    "plot.residuals": ("", r"fit.residuals\(\)", {}),
    "plot.responder_curve": ("estimates", ESTIMATES, {}),
    "plot.severity": ("estimates", ESTIMATES, {}),
    "plot.tipping_surface": ("estimates", ESTIMATES, {}),
    "plot.volcano": ("estimates", ESTIMATES, {"differences": None}),
    "safety.prevalence": ("trial", TRIAL, {}),
    "responders": ("outcomes", OUTCOMES, {"reduction": 0.5}),
    "times.restricted_means": ("times", TIMES, {}),
    "plot.save": ("", "the Axes of a figure", {"path": "x"}),
    "scale": ("path", "the name of a scale", {}),
    "diary.select": ("trial", TRIAL, {"outcomes": None, "visit": "week 4"}),
    "missing.sensitivity": ("outcomes", OUTCOMES, {"n": 2, "seed": 1}),
    "simulate_trial": ("number", "a whole number", {}),
    "table.adverse_events": ("estimates", ESTIMATES, {}),
    "table.baseline": ("estimates", ESTIMATES, {}),
    "table.change": ("estimates", ESTIMATES, {}),
    "table.disposition": ("estimates", ESTIMATES, {}),
    "table.efficacy": ("estimates", ESTIMATES, {"differences": None}),
    "table.incidence": ("estimates", ESTIMATES, {}),
    "table.listing": ("frame outcomes events times estimates", LISTS, {}),
    "table.missing": ("events", r"missing.values\(outcomes\)", {}),
    "table.multiplicity": ("estimates", ESTIMATES, {}),
    "table.relation": ("estimates", ESTIMATES, {}),
    "table.responders": ("estimates", ESTIMATES, {"differences": None}),
    "table.sensitivity": ("estimates", ESTIMATES, {}),
    "table.severity": ("estimates", ESTIMATES, {}),
    "diary.unknown_days": ("trial", TRIAL, {"endpoint": ba.HEADACHE_DAYS}),
    "validate_trial": ("trial", TRIAL, {}),
    "intercurrent.visits_after": ("outcomes", OUTCOMES, {"events": EVENT}),
    "write_report": ("trial", TRIAL, {"folder": "nowhere"}),
    "write_trial": ("trial", TRIAL, {"folder": "x"}),
}


@pytest.fixture(scope="module")
def kinds(simulated):
    """An argument of every kind, by its name here."""
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    small = outcomes[outcomes["subject"].isin(simulated.subjects["subject"].head(40))]
    events = ba.responders(small, reduction=0.5)
    return {
        "trial": simulated,
        "outcomes": small,
        "events": events,
        "times": ba.times.first_event(simulated),
        "estimates": ba.event_rates(events),
        "fit": ba.fit_mmrm(small),
        "ancova": ba.fit_ancova(small),
        "imputations": ba.missing.impute(small, strategy="missing at random", n=2, seed=1),
        "endpoint": ba.HEADACHE_DAYS,
        "rule": ba.diary.PREEMPT,
        "path": "subjects.csv",
        "path object": Path("subjects.csv"),
        "none": None,
        "number": 5,
        "list": [1, 2],
        "array": np.ones(3),
        "column": small["value"],
        "function": ba.HEADACHE_DAYS.derive,
        "frame": pd.DataFrame({"a": [1]}),
        "frame without columns": pd.DataFrame(),
        "dict": {"a": 1},
    }


def test_the_walk_has_every_public_function():
    assert set(FUNCTIONS) == set(TAKES)


@pytest.mark.parametrize("name", sorted(TAKES))
def test_another_kind_of_first_argument_is_refused_in_our_own_words(name, kinds, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    right, meant, further = TAKES[name]
    for kind, given in kinds.items():
        words = {"path object": "path", "frame without columns": "empty frame"}
        if words.get(kind, kind) in right.split():
            continue
        with pytest.raises((ba.DataError, TypeError, ValueError), match=meant) as refused:
            PUBLIC[name](given, **further)
        said = str(refused.value)
        shown = {"frame": "has no column|a frame", "path": "subjects.csv", "list": "a list|item 1"}.get(kind, kind_of(given))
        assert re.search(shown, said), (kind, said)


GRAPH = TestingGraph.holm(2)
# Of each method and class: how it is called, what it takes first, what a message says is meant.
METHODS = {
    "Endpoint.derive": (lambda kinds, given: ba.HEADACHE_DAYS.derive(given), "trial", TRIAL),
    "Endpoint.under": (lambda kinds, given: ba.HEADACHE_DAYS.under(given), "rule", "`rule` must be a DiaryRule"),
    "Endpoint": (lambda kinds, given: ba.Endpoint(given, "x", len), "path", "the name of an endpoint"),
    "Trial.restrict": (lambda kinds, given: kinds["trial"].restrict(given), "", "populations are|the name of a population"),
    "MmrmFit.residuals": (lambda kinds, given: kinds["fit"].residuals(given), "", WORD),
    "MmrmFit.covariance": (lambda kinds, given: kinds["fit"].covariance(given), "", "one covariance|a level of the column"),
    "MmrmFit.correlation": (lambda kinds, given: kinds["fit"].correlation(given), "", "one covariance|a level of the column"),
    "MmrmFit.average_differences": (
        lambda kinds, given: kinds["fit"].average_differences(given), "none", "its visits are|a list of one visit or more"
    ),
    "MmrmFit.term_tests": (lambda kinds, given: kinds["fit"].term_tests(given), "", WORD),
    "MmrmFit.subgroup_differences": (
        lambda kinds, given: kinds["fit"].subgroup_differences(given), "", "the name of a covariate|effect differs between arms"
    ),
    "MmrmFit.contrasts": (lambda kinds, given: kinds["fit"].contrasts(given), "", "a name for each contrast"),
    "Imputations.completed": (lambda kinds, given: kinds["imputations"].completed(given), "", "must be from 0 to 1"),
    "diary.ContinuationRule": (lambda kinds, given: ba.diary.ContinuationRule(given, 0.5), "path", "the name of the rule"),
    "safety.EmergentRule": (lambda kinds, given: ba.safety.EmergentRule(given), "path", "the name of the rule"),
    "diary.DiaryRule": (lambda kinds, given: ba.diary.DiaryRule(given), "path", "the name of the rule"),
    "advanced.TestingGraph": (lambda _, given: TestingGraph(given, [[0]]), "", "a list of shares|at most 1|from 0 to 1|rows of"),
    "TestingGraph.holm": (lambda kinds, given: TestingGraph.holm(given), "number list array", "their number or a list of"),
    "TestingGraph.fixed_sequence": (
        lambda kinds, given: TestingGraph.fixed_sequence(given), "number list array", "their number or a list of their names"
    ),
    "TestingGraph.serial_gatekeeping": (lambda _, given: TestingGraph.serial_gatekeeping(given), "list", "list of numbers or"),
    "TestingGraph.adjusted": (lambda kinds, given: GRAPH.adjusted(given), "list", "a list of p-values|one for each hypothesis"),
    "TestingGraph.named_after": (lambda kinds, given: GRAPH.named_after(given), "estimates", ESTIMATES),
    "TestingGraph.nodes": (lambda kinds, given: GRAPH.nodes(given), "none estimates", ESTIMATES),
    "TestingGraph.require_rows": (lambda kinds, given: GRAPH.require_rows(given), "estimates", ESTIMATES),
}  # fmt: skip


PLAIN = {"path", "number", "list", "array", "column", "dict", "frame"}


@pytest.mark.parametrize("method", METHODS)
def test_methods_and_classes_refuse_another_kind_too(method, kinds):
    call, right, meant = METHODS[method]
    for kind, given in kinds.items():
        if kind not in right.split():
            with pytest.raises((ba.DataError, TypeError, ValueError), match=meant) as refused:
                call(kinds, given)
            if kind not in PLAIN:
                assert kind_of(given) in str(refused.value)


# A second frame, trial or endpoint of a function: what a message says is meant.
SECOND = {
    "intercurrent.address": (
        lambda ba, kinds, given: ba.intercurrent.address(kinds["outcomes"], given, strategies={}),
        r"intercurrent\.events",
    ),
    "intercurrent.counts": (lambda ba, kinds, given: ba.intercurrent.counts(kinds["outcomes"], given), r"intercurrent\.events"),
    "intercurrent.visits_after": (
        lambda ba, kinds, given: ba.intercurrent.visits_after(kinds["outcomes"], given),
        r"intercurrent\.events",
    ),
    "diary.select": (lambda ba, kinds, given: ba.diary.select(kinds["trial"], given, visit="week 4"), OUTCOMES),
    "table.responders": (lambda ba, kinds, given: ba.table.responders(kinds["estimates"], given), ESTIMATES),
    "diary.unknown_days": (
        lambda ba, kinds, given: ba.diary.unknown_days(kinds["trial"], given),
        "`endpoint` must be an Endpoint of a diary",
    ),
    "missing.impute_diary": (lambda ba, kinds, given: ba.missing.impute_diary(kinds["trial"], given, n=2, seed=1), "an Endpoint"),
    "diary.continuation": (
        lambda ba, kinds, given: ba.diary.continuation(kinds["outcomes"], rule=given),
        "`rule` must be a ContinuationRule",
    ),
}


@pytest.mark.parametrize("name", SECOND)
@pytest.mark.parametrize("kind", ["trial", "fit", "imputations", "path object", "none", "function", "times"])
def test_another_kind_of_second_argument_is_refused_too(name, kind, kinds):
    call, meant = SECOND[name]
    with pytest.raises((ba.DataError, TypeError), match=meant) as refused:
        call(ba, kinds, kinds[kind])
    assert kind_of(kinds[kind]) in str(refused.value)


PUBLIC_CLASSES = {"Endpoint", "ContinuationRule", "EmergentRule", "DiaryRule", "TestingGraph"}
MADE_BY_FUNCTIONS = {
    "Trial",
    "Protocol",
    "AnyFit",
    "Fit",
    "StandardisedFit",
    "Imputations",
    "Normal",
    "Validation",
    "Shift",
    "DataError",
    "FitError",
}


def test_the_walk_has_every_public_class():
    classes = {name.rpartition(".")[2] for name in CLASSES}
    assert classes == PUBLIC_CLASSES | MADE_BY_FUNCTIONS
    assert {name.rpartition(".")[2] for name in METHODS} >= PUBLIC_CLASSES

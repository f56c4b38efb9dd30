"""Words of closed sets complete in an editor, parameters are few, and a word has one meaning and one default in all verbs."""

import ast
import importlib
import inspect
import pkgutil
import typing
from functools import cache
from pathlib import Path

import pytest

import botox_analysis
from botox_analysis.endpoints.safety import categories
from botox_analysis.figures.drawing import style
from botox_analysis.frames import handling, outcomes
from botox_analysis.models.counts import binary, counts
from botox_analysis.models.imputation import draws, single_values, strategies
from botox_analysis.models.linear import ancova
from botox_analysis.models.linear import fit as linear
from botox_analysis.models.means import words
from botox_analysis.models.multiplicity import adjustment
from botox_analysis.models.rates import rates
from botox_analysis.models.repeated import mmrm
from botox_analysis.numerics.rates import methods, proportions
from botox_analysis.numerics.repeated import predictions, sandwich, small_sample, structures
from botox_analysis.report.analysis import planned
from botox_analysis.trials.public import fetch
from botox_analysis.trials.settings import protocol
from botox_analysis.trials.writing import write
from tests.signatures import OF_FUNCTIONS, OF_METHODS, OF_VALUES, literals_in, parts_of, without_none

CALLED = OF_FUNCTIONS | OF_METHODS
EVERY = CALLED | OF_VALUES

MOST_PARAMETERS = 8

# Literals -------------------------------------------------------------------------------------------------------------

TABLES = {
    "measures of two arms": (methods.ComparedMeasure, methods.COMPARISONS),
    "intervals of two arms": (methods.ComparisonInterval, {name for of in methods.COMPARISONS.values() for name in of}),
    "tests of two arms": (methods.ComparisonTest, methods.TESTS),
    "measures of an arm": (rates.RateMeasure, rates.COUNTED),
    "intervals of a proportion": (proportions.ProportionInterval, proportions.PROPORTION_INTERVALS),
    "multiplicity": (adjustment.MethodName, {*adjustment.STATSMODELS, *adjustment.GRAPHS, adjustment.DOUBLE}),
    "responses": (outcomes.ResponseName, linear.RESPONSES),
    "variances of least squares": (ancova.VarianceName, ancova.VARIANCES),
    "variances of proportions": (binary.VarianceName, binary.VARIANCES),
    "variances of the mixed model": (mmrm.VarianceName, {"model", *sandwich.ADJUSTMENTS}),
    "variances of conditional means": (draws.VarianceName, draws.VARIANCES),
    "draws": (draws.DrawsName, draws.DRAWS),
    "distributions": (counts.DistributionName, counts.DISTRIBUTIONS),
    "structures": (structures.StructureName, structures.STRUCTURES),
    "small samples": (small_sample.SmallSampleName, small_sample.SMALL_SAMPLE),
    "means": (words.MeanName, set(words.KINDS) - {words.SLOPE}),
    "rules of single values": (handling.SingleValueRule, single_values.SINGLE_VALUES),
    "strategies of imputation": (handling.ImputationStrategy, strategies.REFERENCE_BASED),
    "strategies of counts": (strategies.CountStrategyName, strategies.COUNT_STRATEGIES),
    "groups of adverse events": (categories.ByName, categories.BY),
    "groups without ranks": (categories.UnrankedName, {by for by, (_, ranked) in categories.BY.items() if ranked is None}),
    "formats of figures": (style.Format, style._METADATA),
    "predictions": (predictions.ConditionName, predictions.CONDITIONS),
    "formats of trials": (write.FileFormat, write.WRITERS),
    "public trials": (fetch.PublicTrial, fetch.SOURCES),
}

OF_A_PROTOCOL = {
    "analysis": {"mmrm", "ancova"},
    "handling": set(single_values.SINGLE_VALUES),
    "imputation": set(strategies.REFERENCE_BASED),
    "variance": set(planned.VARIANCES),
    "responders": set(planned.RESPONDERS),
    "fall_back_variance": set(sandwich.ADJUSTMENTS),
    "unknown_severity": set(handling.UNKNOWN_SEVERITY),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_words_of_a_literal_are_the_keys_of_the_table_that_makes_functions_of_them(name):
    literal, table = TABLES[name]
    assert set(typing.get_args(literal)) == set(table)


@pytest.mark.parametrize("name", OF_A_PROTOCOL)
def test_a_protocol_takes_the_words_that_a_report_knows(name):
    assert set(typing.get_args(typing.get_type_hints(protocol.Protocol)[name])) - {""} == OF_A_PROTOCOL[name]


@cache
def refusals():
    """The name of each argument that is refused by a list of choices, and the lists that can be read from the code.

    Most names are any text; those of trials that the library has are literals all the same.
    """
    names, lists = set(), []
    for found in pkgutil.walk_packages(botox_analysis.__path__, "botox_analysis."):
        module = importlib.import_module(found.name)
        for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "require_choice":
                label = node.args[2].values[0] if isinstance(node.args[2], ast.JoinedStr) else node.args[2]
                names.add(label.value.split()[0])
                code = compile(ast.Expression(node.args[1]), found.name, "eval")
                if set(code.co_names) <= set(vars(module)):
                    lists.append(frozenset(eval(code, vars(module))))  # noqa: S307 - the library's own code
    return frozenset(names - {"name"} | {"formats", "strategies"}), frozenset(lists)


NO_LITERAL = {
    ("load_adam", "format"): "the suffix of files that any reader knows",
    ("fit_binary", "response"): "the name of any column that holds yes or no",
    ("advanced.Protocol", "covariance"): "phrases; reading a trial loads no model that knows them",
}
"""Arguments that share their name with one of a closed set, and why they take any text."""


def is_text(annotation):
    """Whether an annotation takes a text and does not list the words."""
    return any(part is str for part in parts_of(annotation)) and not literals_in(annotation)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_an_argument_whose_refusal_lists_its_words_is_a_literal(name):
    names, _ = refusals()
    texts = {each.name for each in EVERY[name] if each.name in names and is_text(each.annotation)}
    assert {each for each in texts if (name, each) not in NO_LITERAL} == set()


def test_each_exception_to_literals_takes_any_text():
    taken = {(name, each.name) for name, parameters in EVERY.items() for each in parameters if is_text(each.annotation)}
    assert set(NO_LITERAL) - taken == set()


@pytest.mark.parametrize("name", sorted(OF_FUNCTIONS | OF_METHODS))
def test_a_literal_has_the_words_of_a_refusal_or_of_a_table(name):
    _, lists = refusals()
    known = lists | {frozenset(table) for _, table in TABLES.values()} | {frozenset(handling.EVENT_STRATEGIES)}
    known |= {frozenset({*proportions.PROPORTION_INTERVALS, "exact"})}
    for each in CALLED[name]:
        for literal in literals_in(each.annotation):
            assert frozenset(typing.get_args(literal)) in known, each.name


# Few parameters, and no switch ----------------------------------------------------------------------------------------


def test_a_function_or_method_has_at_most_8_parameters():
    assert {name for name, parameters in CALLED.items() if len(parameters) > MOST_PARAMETERS} == set()


@pytest.mark.parametrize("name", sorted(EVERY))
def test_no_parameter_is_a_switch(name):
    for each in EVERY[name]:
        assert bool not in without_none(each.annotation), each.name
        assert not isinstance(each.default, bool), each.name


@pytest.mark.parametrize("name", sorted(CALLED))
def test_at_most_two_parameters_are_given_by_position_and_each_has_a_name(name):
    assert sum(each.positional for each in CALLED[name]) <= 2
    assert {each.kind for each in CALLED[name]} <= {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


# One word, one meaning, one default -----------------------------------------------------------------------------------


def shared():
    """By name, the parameters that several functions or methods have; frames that figures and tables show are no choices."""
    found = {}
    for name, parameters in CALLED.items():
        for each in parameters:
            if not (name.startswith(("plot.", "table.")) and each.positional):
                found.setdefault(each.name, {})[name] = each
    return {name: of for name, of in found.items() if len(of) > 1}


SHARED = shared()

DEFAULTS = {
    "format": ("files are read in all their formats, and written in one", {"write_trial"}),
    "arms": ("frames of a trial say which arm is the reference; outcomes made by hand have to name it", {"as_trial"}),
    "visits": ("outcomes made by hand have to name the order of visits; a model takes all", {"as_outcomes"}),
    "by": ("what imputed values are moved by is no grouping", {"Completed.moved"}),
    "interval": ("each verb has intervals of its own; of one arm the measure decides", {"Pooling.pool", "event_rates"}),
    "kind": ("each verb has kinds of its own", {"TermTests.term_tests", "MmrmFit.residuals", "load_published"}),
    "label": ("of an endpoint it is the name where it is left out; in a rule it is completed", {"scale"}),
    "measure": ("each verb has measures of its own", {"event_rates", "times.compare"}),
    "n": (
        "how many is never assumed, but in a figure and in the published trial; a jackknife draws nothing",
        {"diary.select", "missing.conditional_means", "simulate_trial"},
    ),
    "seed": ("a jackknife draws nothing", {"missing.conditional_means"}),
    "response": ("a response of fit_binary is a fall of the value where no column is named", {"fit_binary"}),
    "rule": (
        "each family has a rule of its own; which single value stands in is never assumed",
        {"DiaryEndpoint.under", "Endpoint.under", "diary.continuation", "diary.endpoint", "endpoints_of", "missing.fill"},
    ),
    "test": ("each verb has tests of its own", {"times.compare"}),
    "trial": ("a report can be checked with its trial or without", {"check_report"}),
    "variance": ("each model has variances of its own", {"fit_binary", "missing.conditional_means"}),
    "visit": ("the sensitivity to missing values is of the last visit where none is named", {"missing.sensitivity"}),
    "weights": (
        "weights of subjects, of hypotheses and of means are three things",
        {"TestingGraph.bonferroni", "TestingGraph.fall_back", "TestingGraph.holm", "advanced.crossproducts"},
    ),
}
"""Words with several defaults: why, and which verbs differ from the others."""

ANNOTATIONS = {
    "format": ("a suffix of files is read, and a format of several files is written", {"write_trial"}),
    "adjustment": (
        "Dunnett's is of differences to the reference, Tukey's of all pairs",
        {"Fit.pairwise_differences"},
    ),
    "analysis": (
        "a completed data set has means, or proportions of responders; only means have a model of one's own",
        {"PoolingResponders.pool_responders"},
    ),
    "by": ("what imputed values are moved by is no grouping", {"Completed.moved", "safety.onset_and_duration"}),
    "covariance": (
        "several are tried in turn where a model is fitted, and one where it is prepared",
        {"advanced.crossproducts", "advanced.fit_many"},
    ),
    "endpoint": ("outcomes made by hand may have any label", {"as_outcomes"}),
    "interval": ("each verb has intervals of its own; of one arm the measure decides", {"Pooling.pool", "event_rates"}),
    "kind": ("each verb has kinds of its own", {"TermTests.term_tests", "MmrmFit.residuals", "load_published"}),
    "measure": ("each verb has measures of its own", {"event_rates", "times.compare"}),
    "n": ("the arms of a simulated trial may differ in size", {"simulate_trial"}),
    "margins": ("subgroups are not averaged over subjects", {"TermAnswers.subgroup_means"}),
    "name": ("bundled and public trials are known by name", {"bundled_data", "fetch_trial"}),
    "points": (
        "proportions may be of several thresholds, a time or a model is of one",
        {"PoolingResponders.pool_responders", "responders"},
    ),
    "reduction": (
        "proportions may be of several thresholds, a time or a model is of one",
        {"PoolingResponders.pool_responders", "responders"},
    ),
    "response": ("a response of fit_binary is a fall of the value where no column is named", {"fit_binary"}),
    "rule": (
        "each family has a rule of its own; which single value stands in is never assumed",
        {"DiaryEndpoint.under", "Endpoint.under", "diary.continuation", "diary.endpoint", "endpoints_of", "missing.fill"},
    ),
    "strategy": ("counts and values have strategies of their own", {"missing.impute_counts"}),
    "test": ("each verb has tests of its own", {"times.compare"}),
    "variance": ("each model has variances of its own", {"fit_ancova", "fit_binary", "missing.conditional_means"}),
    "visits": ("outcomes made by hand may have visits that are numbers", {"as_outcomes"}),
    "weights": (
        "weights of subjects, of hypotheses and of means are three things",
        {
            "Resampling.refit_weighted",
            "TestingGraph.bonferroni",
            "TestingGraph.fall_back",
            "TestingGraph.holm",
            "advanced.crossproducts",
        },
    ),
}
"""Words with several annotations, likewise."""

POSITIONS = {
    "endpoint": "data of diary.unknown_days and missing.impute_diary, a label of as_outcomes",
    "name": "what is opened, fetched or made comes first; of a trial made of frames, the frames do",
    "seed": "all that simulate_trial needs",
    "trial": "what check_report checks is the folder",
}
"""Words that some functions take by position and others by keyword, and why."""


def several(of, what):
    """Whether parameters of one name differ in something."""
    return len({repr(what(each)) for each in of.values()}) > 1


def differing(of, excepted, what):
    """The verbs that differ from the first that is no exception."""
    first = next(repr(what(each)) for verb, each in of.items() if verb not in excepted)
    return {verb for verb, each in of.items() if repr(what(each)) != first}


def annotation_of(each):
    """What a parameter takes, the order of unions and None aside."""
    return sorted(map(str, without_none(each.annotation)))


@pytest.mark.parametrize("name", sorted(SHARED))
def test_a_word_has_one_default_in_all_verbs(name):
    _, excepted = DEFAULTS.get(name, ("", set()))
    assert differing(SHARED[name], excepted, lambda each: each.default) == excepted


@pytest.mark.parametrize("name", sorted(SHARED))
def test_a_word_takes_one_kind_of_thing_in_all_verbs(name):
    _, excepted = ANNOTATIONS.get(name, ("", set()))
    assert differing(SHARED[name], excepted, annotation_of) == excepted


def test_no_exception_is_of_a_word_that_verbs_do_not_share():
    assert {*DEFAULTS, *ANNOTATIONS, *POSITIONS} - set(SHARED) == set()


def test_a_word_is_given_by_position_or_by_keyword_in_all_functions():
    of_functions = {name: {verb: each for verb, each in of.items() if verb in OF_FUNCTIONS} for name, of in SHARED.items()}
    assert {name for name, of in of_functions.items() if several(of, lambda each: each.positional)} == set(POSITIONS)


OTHER_WORDS = {"alpha", "level", "n_per_arm", "control", "limits", "reference_arm", "only", "random_state", "endpoint_name", "ci"}
"""Words for what has another word already: conf_level, error_rate, n, reference, interval, category, seed, endpoint."""


@pytest.mark.parametrize("name", sorted(EVERY))
def test_no_second_word_is_used_for_an_idea(name):
    assert {each.name for each in EVERY[name]} & OTHER_WORDS == set()

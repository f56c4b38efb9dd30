"""Multiplicity: families of estimates, procedures and their graphs."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

import botox_analysis as ba
from botox_analysis.frames.estimates import ESTIMATES_SCHEMA, as_estimates
from botox_analysis.models.multiplicity.adjustment import METHODS
from tests.tolerances import ROUNDING

REFERENCE = Path(__file__).parents[2] / "reference" / "multiplicity"
VACCINE = pd.read_csv(REFERENCE / "vaccine.csv")
EPSILON = ba.advanced.TestingGraph.EPSILON

THROMBOLYSIS = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip
"""The fifteen p-values of Benjamini and Hochberg (1995), section 4."""


def rows_of(p_values, **columns):
    names = [f"endpoint {number + 1}" for number in range(len(p_values))]
    return as_estimates({"endpoint": names, "estimate": np.ones(len(p_values)), "p_value": p_values, **columns})


def test_adjusted_p_values_stand_in_the_order_of_the_schema_before_the_limits():
    adjusted = ba.adjust_multiplicity(rows_of([0.01, 0.04]))
    assert list(adjusted.columns) == [part.name for part in ESTIMATES_SCHEMA.parts if part.name in adjusted.columns]
    assert list(adjusted.columns[-3:]) == ["estimate", "conf_low", "conf_high"]


@pytest.fixture
def vaccine():
    counts = zip(*(VACCINE[column] for column in ("n_events_control", "n_total_control", "n_events", "n_total")), strict=True)
    p_values = [fisher_exact([[x0, n0 - x0], [x1, n1 - x1]]).pvalue for x0, n0, x1, n1 in counts]
    frame = {"category": VACCINE["category"], "estimate": np.zeros(40), "p_value": p_values, "within": VACCINE["within"]}
    return as_estimates(frame)


@pytest.mark.parametrize(("method", "n_rejected"), [("bonferroni", 3), ("hochberg", 3), ("benjamini-hochberg", 4)])
def test_of_the_fifteen_hypotheses_of_1995_as_many_are_rejected_as_printed(method, n_rejected):
    assert ba.adjust_multiplicity(rows_of(THROMBOLYSIS), method=method)["rejected"].sum() == n_rejected


def test_each_of_eight_endpoints_has_a_level_of_0_00625():
    graph = ba.advanced.TestingGraph.bonferroni(8)
    assert (0.05 * graph.nodes()["weight"]).tolist() == [0.00625] * 8
    p_values = [0.0001, 0.00625, 0.00626, 0.009, 0.02, 0.2, 0.3, 0.9]
    for method in ("bonferroni", graph):
        assert ba.adjust_multiplicity(rows_of(p_values), method=method)["rejected"].tolist() == [True] * 2 + [False] * 6


@pytest.mark.long
@pytest.mark.parametrize("method", ["bonferroni", "holm"])
@given(st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 1.0])), min_size=1, max_size=7))
def test_the_graph_of_a_method_is_the_method(method, p_values):
    graph = getattr(ba.advanced.TestingGraph, method)(len(p_values))
    expected = ba.adjust_multiplicity(rows_of(p_values), method=method)["p_adjusted"]
    np.testing.assert_allclose(graph.adjusted(p_values), expected, atol=ROUNDING)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_a_fixed_sequence_rejects_up_to_the_first_that_is_not(p_values):
    adjusted = ba.adjust_multiplicity(rows_of(p_values), method="fixed sequence")["p_adjusted"]
    assert adjusted.tolist() == pytest.approx(np.maximum.accumulate(p_values).tolist(), abs=ROUNDING)


def test_a_fall_back_leaves_the_share_of_what_is_rejected_to_the_next():
    # By hand: 0.05 in shares of 0.6, 0.2, 0.2; the second is tested at 0.01, the third at 0.01 + what the second leaves.
    graph = ba.advanced.TestingGraph.fall_back(3, [0.6, 0.2, 0.2])
    assert (graph.adjusted([0.031, 0.01, 0.02]) <= 0.05 + ROUNDING).tolist() == [False, True, True]
    assert (graph.adjusted([0.031, 0.011, 0.011]) <= 0.05 + ROUNDING).tolist() == [False, False, False]
    assert (graph.adjusted([0.030, 0.040, 0.050]) <= 0.05 + ROUNDING).tolist() == [True, True, True]


def test_the_word_fall_back_has_equal_shares():
    p_values = [0.01, 0.04, 0.03]
    found = ba.adjust_multiplicity(rows_of(p_values), method="fall-back")["p_adjusted"]
    assert found.tolist() == ba.advanced.TestingGraph.fall_back(3, [1 / 3] * 3).adjusted(p_values).tolist()


@given(st.lists(st.lists(st.one_of(st.floats(0, 1), st.just(0.0)), min_size=1, max_size=3), min_size=1, max_size=3))
def test_serial_gatekeeping_is_holm_in_each_family_once_all_before_are_rejected(families):
    expected, before = [], 0.0
    for p_values in families:
        adjusted = np.maximum(ba.advanced.TestingGraph.holm(len(p_values)).adjusted(p_values), before)
        expected, before = [*expected, *adjusted], adjusted.max()
    graph = ba.advanced.TestingGraph.serial_gatekeeping([len(p_values) for p_values in families])
    np.testing.assert_allclose(graph.adjusted([p for p_values in families for p in p_values]), expected, atol=ROUNDING)


def test_parallel_gatekeeping_opens_the_second_family_with_what_the_first_leaves():
    graph = ba.advanced.TestingGraph.parallel_gatekeeping([2, 2])
    # Only the first is rejected at 0.025; the second family has 0.025 by Holm's method: 0.0125, then 0.025.
    assert graph.adjusted([0.02, 0.2, 0.0125, 0.025]).tolist() == pytest.approx([0.04, 0.4, 0.05, 0.05])
    assert graph.adjusted([0.2, 0.2, 0.0, 0.0]).tolist() == pytest.approx([0.4, 0.4, 0.4, 0.4])


def test_improved_parallel_gatekeeping_returns_the_level_when_the_second_family_is_rejected():
    half = Fraction(1, 2)
    rows = [[0, 0, half, half], [0, 0, half, half], [EPSILON, 0, 0, 1 - EPSILON], [0, EPSILON, 1 - EPSILON, 0]]
    improved = ba.advanced.TestingGraph([0.5, 0.5, 0, 0], rows)
    p_values = [0.02, 0.04, 0.01, 0.015]
    plain = ba.advanced.TestingGraph.parallel_gatekeeping([2, 2]).adjusted(p_values)
    assert plain.tolist() == pytest.approx([0.04, 0.08, 0.04, 0.04])
    # H1, H3 and H4 rejected, H2 has the whole level.
    assert improved.adjusted(p_values).tolist() == pytest.approx([0.04, 0.04, 0.04, 0.04])


def test_an_infinitesimal_share_may_be_written_beside_shares_that_add_up_to_one():
    graph = ba.advanced.TestingGraph([0.5, 0.5, 0], [[0, 1, EPSILON], [1, 0, EPSILON], [0, 0, 0]])
    assert graph.adjusted([0.01, 0.2, 0.0]).tolist() == pytest.approx([0.02, 0.2, 0.2])


def test_holm_with_weights_passes_on_in_proportion():
    graph = ba.advanced.TestingGraph.holm(3, [0.5, 0.3, 0.2])
    # Weighted Holm by hand: 0.01/0.5, then 0.02/(0.3/0.5), then 0.05.
    assert graph.adjusted([0.01, 0.02, 0.05]).tolist() == pytest.approx([0.02, 0.02 / 0.6, 0.05])


def test_names_of_families_are_names_of_hypotheses():
    graph = ba.advanced.TestingGraph.parallel_gatekeeping([["days", "hours"], ["HIT-6"]])
    assert graph.names == ("days", "hours", "HIT-6")
    assert graph.edges().to_numpy().tolist() == [["days", "HIT-6", 1.0], ["hours", "HIT-6", 1.0]]


def test_each_visit_may_be_a_family_of_its_own():
    tests = rows_of([0.01, 0.04, 0.02, 0.03], visit=["week 4", "week 8"] * 2)
    adjusted = ba.adjust_multiplicity(tests, family="visit")
    assert adjusted["p_adjusted"].tolist() == pytest.approx([0.02, 0.06, 0.02, 0.06])
    assert adjusted["multiplicity"].iloc[1] == "Holm, 2 hypotheses of 'week 8', family-wise error rate 5 %"


def test_two_columns_make_a_family_of_each_combination():
    tests = rows_of([0.01] * 4, visit=["week 4", "week 4", "week 8", "week 8"], trial=["a", "b", "a", "b"])
    assert ba.adjust_multiplicity(tests, family=["trial", "visit"])["p_adjusted"].tolist() == [0.01] * 4


def test_rows_stay_in_their_order_with_all_they_had():
    tests = rows_of([0.04, 0.001, 0.03]).set_index(pd.Index([7, 3, 5]))
    adjusted = ba.adjust_multiplicity(tests)
    pd.testing.assert_frame_equal(adjusted[tests.columns], tests)
    assert adjusted["p_adjusted"].tolist() == pytest.approx([0.06, 0.003, 0.06])


@pytest.mark.parametrize("method", METHODS)
def test_one_hypothesis_stays_as_it_is(method):
    row = ba.adjust_multiplicity(rows_of([0.03], within=["class"]), method=method).iloc[0]
    assert (row["p_adjusted"], row["rejected"]) == (pytest.approx(0.03), True)


@pytest.mark.parametrize("method", METHODS)
def test_p_values_of_zero_and_one_stay_there(method):
    adjusted = ba.adjust_multiplicity(rows_of([0.0, 0.0, 1.0, 1.0], within=["class"] * 4), method=method)
    assert adjusted["p_adjusted"].tolist() == [0, 0, 1, 1]
    assert adjusted["rejected"].tolist() == [True, True, False, False]


def test_of_forty_events_after_a_vaccine_irritability_is_flagged_from_24_times_its_p_value_on(vaccine):
    irritability = VACCINE["category"].tolist().index("irritability")
    assert (vaccine["p_value"] < 0.05).sum() == 4
    at_ten, at_five = (
        ba.adjust_multiplicity(vaccine, method="double false discovery rate", error_rate=level) for level in (0.1, 0.05)
    )
    assert np.flatnonzero(at_ten["rejected"]).tolist() == [irritability]
    assert not at_five["rejected"].any()
    assert at_ten["p_adjusted"][irritability] == pytest.approx(24 * vaccine["p_value"][irritability])
    assert at_ten["multiplicity"][0] == "double false discovery rate, 40 hypotheses in 8 classes, false discovery rate 10 %"


def test_a_term_flagged_at_a_smaller_level_only_is_said_to_be():
    # Alone in its class, 0.02 is flagged at 0.04. At 0.05 the class of a hundred joins the pool, and nothing is flagged.
    tests = rows_of([0.02, 0.0005, *[0.9] * 99], within=["alone", *["many"] * 100])
    first = ba.adjust_multiplicity(tests, method="double false discovery rate").iloc[0]
    assert (first["p_adjusted"], first["rejected"]) == (pytest.approx(0.04), False)
    assert first["multiplicity"].endswith("rejected at a smaller level, at 5 % further classes join the pool")
    assert ba.adjust_multiplicity(tests, method="double false discovery rate", error_rate=0.04)["rejected"].iloc[0]


def test_a_tie_with_the_level_is_rejected_whatever_the_last_bit():
    assert 0.035 / 0.7 > 0.05
    graph = ba.advanced.TestingGraph([0.7, 0.3], np.zeros((2, 2)))
    assert ba.adjust_multiplicity(rows_of([0.035, 0.5]), method=graph)["rejected"].tolist() == [True, False]


def test_nodes_carry_the_decisions_and_the_names_of_the_rows():
    tests = rows_of([0.01, 0.2], visit="week 24")
    graph = ba.advanced.TestingGraph.holm(2).named_after(tests)
    nodes = graph.nodes(ba.adjust_multiplicity(tests, method=graph))
    assert nodes["name"].tolist() == ["endpoint 1", "endpoint 2"]
    assert nodes["rejected"].tolist() == [True, False]
    assert graph.edges()["source"].tolist() == ["endpoint 1", "endpoint 2"]


def test_names_say_all_that_differs_and_nothing_else():
    tests = rows_of([0.1] * 3, visit=["week 12", "week 24", "week 24"], trial="one", measure="difference")
    tests["endpoint"] = ["days", "days", "hours"]
    assert ba.advanced.TestingGraph.holm(3).named_after(tests).names == ("days, week 12", "days, week 24", "hours, week 24")


def test_a_hypothesis_by_itself_has_the_name_of_its_endpoint():
    assert ba.advanced.TestingGraph.holm(1).named_after(rows_of([0.1])).names == ("endpoint 1",)
    assert ba.advanced.TestingGraph.holm(1).named_after(rows_of([0.1], endpoint="")).names == ("H1",)


def test_a_model_gives_the_p_values_and_limits_stay(simulated):
    differences = ba.fit_ancova(ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))).differences()
    adjusted = ba.adjust_multiplicity(differences, method="hochberg")
    assert (adjusted["p_adjusted"] >= adjusted["p_value"]).all()
    pd.testing.assert_frame_equal(adjusted[["conf_low", "conf_high"]], differences[["conf_low", "conf_high"]])


@pytest.mark.parametrize(
    ("p_values", "said"),
    [
        ([0.1, np.nan, 0.2], "got 1 of 3 rows without one, the first is endpoint 'endpoint 2'"),
        ([np.nan, np.nan], "must have p-values; all are missing"),
        ([0.1, 1.2], "p-values from 0 to 1; got 1.2 for endpoint 'endpoint 2'"),
        ([], "must have a row for each hypothesis; got no rows"),
    ],
)
def test_a_family_whose_size_or_p_values_are_not_plain_is_refused(p_values, said):
    with pytest.raises(ba.DataError, match=said):
        ba.adjust_multiplicity(rows_of(p_values))


def test_a_graph_for_another_number_of_rows_is_refused():
    with pytest.raises(ba.DataError, match=r"2 hypotheses \('H1', 'H2'\), in the same order; got 3 rows"):
        ba.adjust_multiplicity(rows_of([0.1] * 3), method=ba.advanced.TestingGraph.holm(2))


def test_the_double_rate_asks_for_a_class_in_each_row():
    with pytest.raises(ba.DataError, match="no column 'within'"):
        ba.adjust_multiplicity(rows_of([0.1]), method="double false discovery rate")
    said = (
        r"got 1 of 2 rows without one, the first is endpoint 'endpoint 2'\. Try the terms alone: "
        r"estimates\[estimates\['within'\] != ''\]\.$"
    )
    with pytest.raises(ba.DataError, match=said):
        ba.adjust_multiplicity(rows_of([0.1, 0.2], within=["eye", ""]), method="double false discovery rate")


def test_unknown_words_and_levels_are_refused():
    with pytest.raises(ValueError, match=r"`method` must be one of .*; got 'BH'"):
        ba.adjust_multiplicity(rows_of([0.1]), method="BH")
    with pytest.raises(ValueError, match="`error_rate` must be a number strictly between 0 and 1; got 5"):
        ba.adjust_multiplicity(rows_of([0.1]), error_rate=5)
    with pytest.raises(ba.DataError, match="no column 'week'"):
        ba.adjust_multiplicity(rows_of([0.1]), family="week")


def test_nodes_of_rows_that_are_not_adjusted_are_refused():
    with pytest.raises(ba.DataError, match="no column 'p_adjusted', 'rejected'"):
        ba.advanced.TestingGraph.holm(1).nodes(rows_of([0.1]))


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        ({"weights": [0.6, 0.6]}, r"weights must add up to at most 1; got a sum of 1\.2"),
        ({"weights": [-0.1, 1.0]}, r"weights must be shares from 0 to 1; got -0\.1"),
        ({"weights": [np.nan, 1.0]}, r"weights must be shares from 0 to 1; got nan"),
        ({"weights": [], "transitions": []}, "`weights` must have one hypothesis or more; got an empty list"),
        ({"transitions": [[0, 1.5], [1, 0]]}, "row 'H1', must be shares from 0 to 1; got 1.5"),
        ({"transitions": [[0.5, 0.5], [1, 0]]}, "0 on the diagonal; got a share that 'H1' passes on to itself"),
        ({"transitions": [[0, 1]]}, r"2 rows of 2 numbers, .* got rows of \[2\] numbers"),
        ({"names": ["a", "a"]}, "`names` must be distinct; got 'a' more than once"),
        ({"names": ["a"]}, "one name for each of 2 weights; got 1 names"),
    ],
)
def test_what_is_no_graph_is_refused(graph, said):
    with pytest.raises(ValueError, match=said):
        ba.advanced.TestingGraph(**{"weights": [0.5, 0.5], "transitions": [[0, 1], [1, 0]], **graph})


def test_hypotheses_are_counted_or_named():
    with pytest.raises(ValueError, match="`hypotheses` must be their number or a list of their names; got the text 'days'"):
        ba.advanced.TestingGraph.holm("days")
    with pytest.raises(ValueError, match="`hypotheses` must be one or more; got 0"):
        ba.advanced.TestingGraph.holm(0)
    with pytest.raises(
        ValueError, match=r"`families` must be a list of numbers or of lists of names; got the number 4. Try families=\[2, 2\]"
    ):
        ba.advanced.TestingGraph.parallel_gatekeeping(4)
    with pytest.raises(ValueError, match="must be above 0 for Holm's method; got 0 for 1 hypotheses"):
        ba.advanced.TestingGraph.holm(2, [1, 0])
    with pytest.raises(ValueError, match=r"`p_value` must have shape \(2,\), one for each hypothesis; got \(3,\)"):
        ba.advanced.TestingGraph.holm(2).adjusted([0.1] * 3)


def test_rows_without_words_are_told_by_their_number():
    with pytest.raises(ba.DataError, match=r"the first is row 2. Try"):
        ba.adjust_multiplicity(rows_of([0.1, np.nan], endpoint=["days", ""]))

"""Forests of ratios, of infinite limits and with margins; those of differences are among the other figures."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.estimates import as_estimates

EVENTS = pd.DataFrame(
    {
        "category": np.repeat(["usual", "none in the reference", "none in the arm", "none at all"], 2),
        "arm": ["placebo", "toxin"] * 4,
        "n_events": [20, 30, 0, 3, 3, 0, 0, 0],
        "n_total": 100,
    }
)


def arrows(ax):
    """Return the places of the arrows of infinite limits: (row, direction)."""
    return [(line.get_ydata()[0], line.get_marker()) for line in ax.lines if line.get_marker() in ("<", ">")]


def written(ax):
    return [text.get_text() for text in ax.texts]


def test_log_ratios_stand_as_ratios_on_a_log_axis():
    ratios = ba.compare_rates(EVENTS.head(2), measure="log risk ratio")
    ax = ba.plot.forest(ratios)
    assert ax.get_xscale() == "log"
    assert ax.containers[0].lines[0].get_xdata()[0] == pytest.approx(1.5)
    low, high = np.exp(ratios[["conf_low", "conf_high"]].iloc[0])
    assert f"1.50 ({low:.2f} to {high:.2f})" in written(ax)
    assert ax.get_xlabel() == "Risk ratio in usual\ntoxin to placebo"


def test_an_infinite_limit_is_an_arrow_and_no_row_is_lost():
    ax = ba.plot.forest(ba.compare_rates(EVENTS, measure="log odds ratio"))
    assert arrows(ax) == [(1, ">"), (2, "<"), (3, "<"), (3, ">")]
    assert len(ax.get_yticklabels()) == 4


def test_the_line_of_no_effect_is_at_1_for_ratios_and_at_0_for_differences():
    for measure, place in (("log risk ratio", 1.0), ("risk difference", 0.0)):
        ax = ba.plot.forest(ba.compare_rates(EVENTS.head(2), measure=measure))
        assert any(list(line.get_xdata()) == [place, place] for line in ax.lines)


def test_a_margin_is_a_dashed_line_in_the_unit_of_the_axis():
    judged = ba.non_inferiority(ba.compare_rates(EVENTS.head(2)).assign(better="higher"), margin=0.1)
    dashed = [line for line in ba.plot.forest(judged).lines if line.get_linestyle() == "--"]
    assert [list(line.get_xdata()) for line in dashed] == [[-10.0, -10.0]]


def test_differences_and_ratios_do_not_share_an_axis():
    both = pd.concat([ba.compare_rates(EVENTS, measure=measure) for measure in ("risk difference", "log risk ratio")])
    with pytest.raises(ba.DataError, match="differences only or ratios only; got 'risk difference', 'log risk ratio'"):
        ba.plot.forest(both)


def test_numbers_needed_run_through_infinity_and_are_refused():
    with pytest.raises(ba.DataError, match="finite limits; got 'number needed to treat'"):
        ba.plot.forest(ba.number_needed(ba.compare_rates(EVENTS.head(2)).assign(better="higher")))


def test_what_all_methods_share_is_not_in_the_labels():
    handled = EVENTS.head(2).assign(imputation="observed cases", handling="observed cases")
    both = [ba.compare_rates(handled, interval=interval) for interval in ("newcombe", "wald")]
    assert [rows["method"].iloc[0] for rows in both] == [
        "Newcombe hybrid score interval; observed cases",
        "Wald interval; observed cases",
    ]
    labels = [label.get_text() for label in ba.plot.forest(pd.concat(both)).get_yticklabels()]
    assert labels == ["Newcombe hybrid score interval", "Wald interval"]


def test_methods_that_differ_in_the_handling_alone_are_labelled_by_it():
    both = [
        ba.compare_rates(EVENTS.head(2).assign(imputation=handling, handling=handling))
        for handling in ("observed cases", "non-responder imputation")
    ]
    labels = [label.get_text() for label in ba.plot.forest(pd.concat(both)).get_yticklabels()]
    assert labels == ["Observed cases", "Non-responder imputation"]


def test_ratios_are_drawn_where_their_logarithms_are():
    for events, margin in ((EVENTS, None), (EVENTS.head(2), np.log(1.5))):
        logs = ba.compare_rates(events, measure="log risk ratio")
        logs = logs if margin is None else ba.non_inferiority(logs.assign(better="lower"), margin=margin)
        of_logs, of_ratios, of_both = (
            ba.plot.forest(rows) for rows in (logs, ba.exponentiate(logs), pd.concat([logs, ba.exponentiate(logs)]))
        )
        np.testing.assert_allclose(of_ratios.get_xlim(), of_logs.get_xlim())
        np.testing.assert_allclose(of_both.get_xlim(), of_logs.get_xlim())
        assert of_ratios.get_xscale() == "log"
        assert of_ratios.get_xlabel() == of_logs.get_xlabel()
        assert written(of_ratios) == written(of_logs)
        assert arrows(of_ratios) == arrows(of_logs)
        assert [line.get_xdata()[0] for line in of_ratios.lines] == pytest.approx([line.get_xdata()[0] for line in of_logs.lines])


def test_levels_of_subgroups_are_in_the_labels():
    differences = as_estimates(
        {
            "arm": "toxin", "reference": "placebo", "endpoint": "headache days", "visit": "week 24", "method": "ANCOVA",
            "measure": "difference in mean change", "estimate": np.array([-1.0, -2.0, 0.0]), "std_error": 1.0, "conf_low": -3.0,
            "conf_high": 1.0, "conf_level": 0.95, "p_value": 0.3, "subgroup": [None, "age_group", "age_group"],
            "level": [None, "under 40", "40 or more"],
        }
    )  # fmt: skip
    labels = [label.get_text() for label in ba.plot.forest(differences.iloc[1:]).get_yticklabels()]
    assert labels == ["Age group under 40", "Age group 40 or more"]
    ba.plot.forest(differences)
    with pytest.raises(ba.DataError, match=r"must have one level of subgroups; got 'all', 'under 40', '40 or more'"):
        ba.plot.course(differences)

"""Tables write the given numbers."""

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.tables.writers import INDENT, to_html, write_table


@pytest.fixture(scope="module")
def itt(simulated):
    return simulated.restrict("itt")


@pytest.fixture(scope="module")
def outcomes(itt):
    return ba.HEADACHE_DAYS.derive(itt)


def test_baseline_has_means_with_standard_deviations_and_counts_with_shares(itt):
    table = ba.table.baseline(ba.describe_baseline(itt, endpoints=[ba.HEADACHE_DAYS])).set_index("Characteristic")
    assert list(table.columns) == ["placebo (n = 696)", "onabotulinumtoxinA (n = 688)", "all arms (n = 1,384)"]
    assert table.loc["Headache days (≥ 4 h) per 28 days, mean (SD)"].tolist() == ["20.1 (3.8)", "19.8 (3.8)", "19.9 (3.8)"]
    assert table.loc[f"{INDENT}female"].tolist()[0] == "600 (86.2 %)"


def test_a_characteristic_that_says_yes_or_no_takes_one_row(itt):
    rows = ba.table.baseline(ba.describe_baseline(itt))["Characteristic"].tolist()
    assert [row for row in rows if "verus" in row] == ["Overuse, n (%)"]


def test_efficacy_has_a_row_per_visit_and_arm_and_no_difference_for_the_reference(outcomes):
    fit = ba.fit_ancova(outcomes, covariates=("baseline", "overuse"))
    table = ba.table.efficacy(fit.means(), fit.differences())
    assert len(table) == 12
    last = table.tail(2)
    assert last["Difference from placebo (95 % CI)"].tolist() == ["–", "−2.3 (−3.1 to −1.5)"]
    assert last["p"].tolist() == ["–", "<0.001"]


def test_changes_have_means_and_percent_reductions_and_none_at_baseline(outcomes):
    table = ba.table.change(ba.describe_change(outcomes))
    assert table.iloc[0].tolist() == ["baseline", "placebo", "696", "20.1 (3.8)", "–", "–"]
    last = table.iloc[-1]
    assert last["Mean change (95 % CI)"] == "−8.3 (−8.9 to −7.7)"
    assert last["Percent reduction of the mean (95 % CI)"] == "42.2 (39.2 to 45.2)"


def test_decimals_follow_the_spread():
    frame = pd.DataFrame({"subject": range(8), "arm": ["a", "b"] * 4, "visit": "v", "value": [0.001, 0.002, 0.003, 0.004] * 2})
    fit = ba.fit_ancova(ba.as_outcomes(frame, endpoint="g", arms=["a", "b"], visits=["v"]), covariates=(), response="value")
    assert ba.table.efficacy(fit.means(), fit.differences()).iloc[0, 4].startswith("0.0020 (")


def test_responders_keep_the_handlings_of_missing_values_apart(outcomes):
    events = pd.concat([ba.responders(outcomes), ba.responders(outcomes, missing="non-responder imputation")])
    table = ba.table.responders(ba.event_rates(events), ba.compare_rates(events)).query("Visit == 'week 24'")
    assert table["Missing values"].tolist() == ["observed cases", "non-responder imputation"]
    assert table["placebo, n/N (%)"].tolist() == ["190/617 (30.8 %)", "190/696 (27.3 %)"]


def test_each_measure_of_a_comparison_has_its_column(outcomes):
    events = ba.responders(outcomes, reduction=1.0).query("visit == 'week 24'")
    compared = [ba.compare_rates(events, measure=measure) for measure in ("risk difference", "log risk ratio")]
    together = pd.concat([*compared, ba.number_needed(compared[0])])
    row = ba.table.responders(ba.event_rates(events), together).iloc[0]
    assert row["Difference, percentage points (95 % CI)"] == "1.9 (−0.2 to 4.1)"
    assert row["Risk ratio (95 % CI)"] == "1.73 (0.95 to 3.15)"
    assert row["Number needed to treat (95 % CI)"] == "NNTB 54 (NNTB 25 to ∞ to NNTH 518)"
    assert row["p"] == "0.074"
    wald = ba.compare_rates(events, interval="wald")
    both = ba.table.responders(ba.event_rates(events), pd.concat([wald, compared[1]])).columns
    assert {"p (risk difference)", "p (risk ratio)"} <= set(both)


def test_a_conditional_odds_ratio_has_its_column():
    events = pd.DataFrame({"arm": ["p", "t"], "n_events": [1, 2], "n_total": 9})
    ratio = ba.compare_rates(events, measure="log odds ratio").assign(measure="conditional log odds ratio", p_value=0.04)
    row = ba.table.responders(ba.event_rates(events), ratio).iloc[0]
    assert row["Conditional odds ratio (95 % CI)"].startswith("2.29 (")  # 2 x 8 / 7
    assert row["p"] == "0.040"


def test_rates_without_missing_values_have_no_column_for_them():
    events = pd.DataFrame({"arm": ["p", "t"], "n_events": [1, 2], "n_total": 9})
    assert "Missing values" not in ba.table.responders(ba.event_rates(events), ba.compare_rates(events)).columns


def test_a_comparison_that_an_arm_lacks_is_a_dash():
    events = pd.DataFrame({"arm": ["p", "a", "b"], "n_events": [1, 2, 3], "n_total": 9})
    ratio = ba.compare_rates(events, measure="log odds ratio").query("arm == 'b'")
    row = ba.table.responders(ba.event_rates(events), pd.concat([ba.compare_rates(events), ratio])).iloc[0]
    assert row["a, odds ratio (95 % CI)"] == "–"
    assert row["b, odds ratio (95 % CI)"].startswith("4.00 (")


def test_adverse_events_have_counts_occurrences_and_differences(simulated):
    events = ba.safety.counts(simulated.restrict("safety"))
    table = ba.table.adverse_events(ba.event_rates(events), ba.compare_rates(events)).set_index("Adverse event")
    assert table.loc[f"{INDENT}Neck pain"].tolist() == ["24 (3.5 %) [31]", "59 (8.7 %) [64]", "5.2 (2.7 to 7.8)", "<0.001"]
    assert table.index[0] == "Any adverse event"


def test_disposition_indents_the_reasons(simulated):
    table = ba.table.disposition(ba.event_rates(ba.disposition(simulated))).set_index("Stage")
    assert table.loc["Completed"].tolist() == ["612 (87.9 %)", "600 (87.2 %)"]
    assert table.loc[f"{INDENT}adverse event"].tolist() == ["12 (1.7 %)", "25 (3.6 %)"]


def test_estimates_of_another_kind_are_refused_and_not_shown_under_a_wrong_heading(outcomes):
    fit = ba.fit_ancova(outcomes)
    events = ba.responders(outcomes)
    rates, means, differences = ba.event_rates(events), fit.means(), fit.differences()
    for call in (
        lambda: ba.table.efficacy(differences, differences),
        lambda: ba.table.efficacy(rates, differences),
        lambda: ba.table.efficacy(means, means),
        lambda: ba.table.change(differences),
        lambda: ba.table.baseline(differences),
        lambda: ba.table.responders(rates, rates),
        lambda: ba.table.disposition(means),
    ):
        with pytest.raises(ba.DataError, match=r"must have rows of the measures '.*'; got the measure '"):
            call()


def test_no_estimates_are_refused(outcomes):
    means = ba.fit_ancova(outcomes).means().head(0)
    for show in (ba.table.baseline, ba.table.change, ba.plot.forest, ba.plot.responder_curve):
        with pytest.raises(ba.DataError, match=r"`estimates` must have .*; got no rows"):
            show(means)


def test_labels_are_escaped_in_html():
    html = to_html(pd.DataFrame({"<b>arm</b>": ["<script>alert(1)</script>"], "n": ["1 & 2"]}))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "1 &amp; 2" in html


def test_a_table_is_written_as_csv_and_html(tmp_path):
    table = pd.DataFrame({"Stage": ["Randomised", f"{INDENT}other"], "n": ["3", "1"]})
    as_csv, as_html = write_table(table, tmp_path / "t", title="A <title>")
    pd.testing.assert_frame_equal(pd.read_csv(as_csv, dtype=str), table, check_dtype=False)
    assert "A &lt;title&gt;" in as_html.read_text("utf-8")

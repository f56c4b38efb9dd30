"""The table of missing values writes the given counts and their sum."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.intercurrent.missing import missing_values
from botox_analysis.tables.efficacy.missing import table_missing
from botox_analysis.tables.writers import INDENT, to_html


@pytest.fixture
def events():
    return pd.DataFrame(
        {
            "population": "itt",
            "endpoint": "days",
            "visit": ["week 4"] * 4 + ["week 8"] * 4,
            "arm": pd.Categorical(["P", "T"] * 4, ["P", "T"]),
            "category": ["gap", "gap", "death", "death"] * 2,
            "n_events": [1, 0, 0, 0, 0, 0, 2, 1],
            "n_total": [20, 1000] * 4,
        }
    )


def test_a_visit_has_what_is_missing_in_all_and_its_reasons_below(events):
    table = table_missing(events)
    assert table.columns.tolist() == ["Missing values", "P (n = 20)", "T (n = 1,000)"]
    assert table.to_numpy().tolist() == [
        ["Week 4", "1 (5.0 %)", "0 (0.0 %)"],
        [f"{INDENT}gap", "1 (5.0 %)", "0 (0.0 %)"],
        [f"{INDENT}death", "0 (0.0 %)", "0 (0.0 %)"],
        ["Week 8", "2 (10.0 %)", "1 (0.1 %)"],
        [f"{INDENT}gap", "0 (0.0 %)", "0 (0.0 %)"],
        [f"{INDENT}death", "2 (10.0 %)", "1 (0.1 %)"],
    ]


def test_a_reason_that_nobody_has_takes_no_row(events):
    table = table_missing(events.assign(n_events=events["n_events"].where(events["category"] == "death", 0)))
    assert table["Missing values: death"].tolist() == ["Week 4", "Week 8"]
    two = table_missing(events.assign(n_events=events["n_events"].where(events["category"].isin(["death", "gap"]), 0)))
    assert two["Missing values"].tolist()[:3] == ["Week 4", f"{INDENT}gap", f"{INDENT}death"]


def test_where_nothing_is_missing_each_visit_says_0(events):
    table = table_missing(events.assign(n_events=0))
    assert table["P (n = 20)"].tolist() == ["0 (0.0 %)"] * 2


def test_the_total_of_a_trial_is_all_that_is_missing(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))
    table = table_missing(missing_values(outcomes)).set_index("Missing values")
    missing = outcomes["change"].isna().groupby([outcomes["arm"], outcomes["visit"]], observed=True).sum()
    for (arm, n_missing), head in zip(missing.groupby("arm", observed=True), table.columns, strict=True):
        assert head.startswith(arm)
        totals = [int(table.loc[visit.capitalize(), head].split(" ")[0]) for visit in outcomes["visit"].cat.categories]
        np.testing.assert_array_equal(totals, n_missing)


def test_reasons_are_nested_rows_of_the_page(events):
    assert to_html(table_missing(events)).count('<tr class="nested">') == 4


def test_two_endpoints_at_once_are_refused(events):
    both = pd.concat([events, events.assign(endpoint="hours")])
    with pytest.raises(ba.DataError, match="must have one endpoint; got 'days', 'hours'"):
        table_missing(both)


def test_a_row_that_is_there_twice_is_refused(events):
    with pytest.raises(ba.DataError, match="must have one row per visit, reason and arm; got 'gap' at 'week 4' in arm 'P' twice"):
        table_missing(pd.concat([events, events.head(1)]))


def test_an_empty_frame_and_one_of_another_kind_are_refused(events):
    with pytest.raises(ba.DataError, match="a row per visit, reason and arm; got no rows"):
        table_missing(events.head(0))
    with pytest.raises(ba.DataError, match="events has no column 'category'"):
        table_missing(events.drop(columns="category"))


def test_counts_of_0_that_were_left_out_are_refused(events):
    with pytest.raises(ba.DataError, match="must have 8 rows, one for each visit, reason and arm, also if it counts 0; got 3"):
        table_missing(events[events["n_events"] > 0])

"""Tables of adverse events write the given counts in the given order, and drop nothing silently."""

import re

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.estimates import as_estimates
from botox_analysis.tables.writers import INDENT, to_html

ARMS = ["placebo", "toxin"]
ROWS = [
    ("", "any adverse event", (30, 50), (44, 81)),
    ("", "Eye disorders", (1, 9), (1, 12)),
    ("Eye disorders", "Ptosis", (0, 8), (0, 10)),
    ("Eye disorders", "Redness", (1, 1), (1, 2)),
    ("", "Skin disorders", (2, 1), (2, 1)),
    ("Skin disorders", "Redness", (2, 1), (2, 1)),
]


def events_by_hand(rows=ROWS, arms=ARMS, n_total=100, **columns):
    frame = pd.DataFrame(
        [
            (arm, within, category, counts[number], occurrences[number])
            for within, category, counts, occurrences in rows
            for number, arm in enumerate(arms)
        ],
        columns=["arm", "within", "category", "n_events", "occurrences"],
    )
    return frame.assign(arm=pd.Categorical(frame["arm"], categories=arms), n_total=n_total, **columns)


@pytest.fixture
def events():
    return events_by_hand()


@pytest.fixture
def rates(events):
    return ba.event_rates(events)


@pytest.fixture
def differences(events):
    return ba.compare_rates(events, interval="newcombe").assign(p_value=np.nan)


def test_each_arm_has_subjects_shares_and_occurrences(rates):
    table = ba.table.adverse_events(rates)
    assert list(table.columns) == ["Adverse event", "placebo (n = 100)", "toxin (n = 100)"]
    assert table.iloc[0].tolist() == ["Any adverse event", "30 (30.0 %) [44]", "50 (50.0 %) [81]"]


def test_rows_stay_in_order_and_terms_are_indented_below_their_class(rates):
    table = ba.table.adverse_events(rates)
    assert table["Adverse event"].tolist() == [
        "Any adverse event", "Eye disorders", f"{INDENT}Ptosis", f"{INDENT}Redness", "Skin disorders", f"{INDENT}Redness",
    ]  # fmt: skip


def test_a_term_of_two_classes_keeps_its_own_counts(rates):
    table = ba.table.adverse_events(rates)
    assert table["toxin (n = 100)"].tolist()[3::2] == ["1 (1.0 %) [2]", "1 (1.0 %) [1]"]
    assert table["placebo (n = 100)"].tolist()[3::2] == ["1 (1.0 %) [1]", "2 (2.0 %) [2]"]


def test_terms_without_rows_of_their_class_are_not_indented_and_say_it_where_two_have_one_name(rates):
    table = ba.table.adverse_events(rates[rates["within"] != ""])
    assert table["Adverse event"].tolist() == ["Ptosis", "Redness (Eye disorders)", "Redness (Skin disorders)"]


def test_a_frame_without_classes_and_occurrences_is_shown_as_it_is():
    flat = pd.DataFrame({"arm": ARMS, "category": "dry mouth", "n_events": [1, 5], "n_total": [36, 37]})
    assert ba.table.adverse_events(ba.event_rates(flat)).iloc[0].tolist() == ["Dry mouth", "1 (2.8 %)", "5 (13.5 %)"]


def test_a_difference_has_its_limits_and_no_p_value_where_there_is_none(rates, differences):
    table = ba.table.adverse_events(rates, differences)
    assert list(table.columns)[3:] == ["Difference, percentage points (95 % CI)"]
    # Newcombe's limits of 50/100 v 30/100, by statsmodels' confint_proportions_2indep(method="newcomb").
    assert table.iloc[0, 3] == "20.0 (6.4 to 32.6)"


def test_a_p_value_stands_beside_its_interval_and_says_that_it_is_not_adjusted(rates, differences):
    table = ba.table.adverse_events(rates, differences.assign(p_value=0.00412))
    assert list(table.columns)[3:] == ["Difference, percentage points (95 % CI)", "p, not adjusted"]
    assert set(table["p, not adjusted"]) == {"0.004"}


def test_an_adjusted_p_value_takes_the_place_of_the_other(rates, differences):
    adjusted = ba.adjust_multiplicity(differences.assign(p_value=0.01), method="bonferroni")
    table = ba.table.adverse_events(rates, adjusted)
    assert list(table.columns)[4:] == ["p, adjusted"]
    assert set(table["p, adjusted"]) == {"0.060"}  # 6 rows x 0.01


def test_ratios_are_written_as_ratios_beside_the_differences():
    ratio = as_estimates(
        {
            "arm": "toxin", "reference": "placebo", "measure": "log risk ratio", "category": "Ptosis", "method": "by hand",
            "estimate": np.log([2.0]), "conf_low": np.log([0.5]), "conf_high": [np.inf], "conf_level": 0.95,
        }
    )  # fmt: skip
    rows = pd.DataFrame({"arm": ARMS, "category": "Ptosis", "n_events": [2, 4], "n_total": [50, 50]})
    compared = pd.concat([ba.compare_rates(rows).assign(p_value=np.nan), ratio])
    table = ba.table.adverse_events(ba.event_rates(rows), compared)
    assert list(table.columns)[3:] == ["Difference, percentage points (95 % CI)", "Risk ratio (95 % CI)"]
    assert table.iloc[0, 4] == "2.00 (0.50 to ∞)"


def test_numbers_needed_to_harm_stand_beside_the_differences_they_are_the_inverse_of(rates, differences):
    compared = differences.assign(p_value=0.004)
    needed = ba.number_needed(compared.assign(better="lower"))
    table = ba.table.adverse_events(rates, pd.concat([compared, needed]))
    assert list(table.columns)[3:] == [
        "Difference, percentage points (95 % CI)", "p, not adjusted", "Number needed to treat (95 % CI)",
    ]  # fmt: skip
    assert table.iloc[0, 3:].tolist() == [
        "20.0 (6.4 to 32.6)",
        "0.004",
        "NNTH 5 (4 to 16)",
    ]  # 1 / 0.2, 1 / 0.326, 1 / 0.064
    assert re.fullmatch(r"NNTB 100 \(NNTB \d+ to ∞ to NNTH \d+\)", table.iloc[4, 5])  # 1 v 2 of 100


def test_numbers_needed_of_two_arms_name_their_arm():
    events = events_by_hand([("", "fall", (1, 2, 30), (1, 2, 30))], ["placebo", "low", "high"])
    needed = ba.number_needed(ba.compare_rates(events).assign(better="lower"))
    table = ba.table.adverse_events(ba.event_rates(events), needed)
    assert list(table.columns)[4:] == [f"{arm}, number needed to treat (95 % CI)" for arm in ("low", "high")]


def test_a_conditional_odds_ratio_is_written_as_a_ratio(rates, differences):
    ratio = differences.assign(measure="conditional log odds ratio", estimate=np.log(2), conf_low=0.0, conf_high=np.log(4))
    table = ba.table.adverse_events(rates, ratio)
    assert table["Conditional odds ratio (95 % CI)"].unique().tolist() == ["2.00 (1.00 to 4.00)"]


def test_three_arms_have_two_comparisons_each():
    events = events_by_hand([("", "fall", (1, 2, 3), (1, 2, 3)), ("", "cough", (0, 4, 5), (0, 4, 9))], ["placebo", "low", "high"])
    table = ba.table.adverse_events(ba.event_rates(events), ba.compare_rates(events).assign(p_value=np.nan))
    level = "percentage points (95 % CI)"
    assert list(table.columns)[4:] == [f"low, difference, {level}", f"high, difference, {level}"]
    assert [text.split(" ")[0] for text in table.iloc[1, 4:]] == ["4.0", "5.0"]


def test_one_arm_needs_no_comparison():
    events = events_by_hand([("", "fall", (1,), (2,))], ["toxin"])
    assert ba.table.adverse_events(ba.event_rates(events)).to_numpy().tolist() == [["Fall", "1 (1.0 %) [2]"]]


def test_denominators_that_differ_between_rows_stand_in_the_cells():
    events = pd.DataFrame({"arm": "toxin", "category": ["fall", "ovarian cyst"], "n_events": 2, "n_total": [100, 80]})
    table = ba.table.adverse_events(ba.event_rates(events))
    assert table["toxin"].tolist() == ["2/100 (2.0 %)", "2/80 (2.5 %)"]


def test_nobody_in_an_arm_is_no_percentage():
    events = pd.DataFrame({"arm": ARMS, "category": "fall", "n_events": [0, 1], "n_total": [0, 10]})
    assert ba.table.adverse_events(ba.event_rates(events)).iloc[0].tolist() == ["Fall", "0", "1 (10.0 %)"]


def test_an_arm_without_a_row_is_a_dash_and_not_a_nought(rates):
    kept = rates.drop(index=rates.index[(rates["category"] == "Ptosis") & (rates["arm"] == "placebo")])
    assert ba.table.adverse_events(kept).iloc[2].tolist() == [f"{INDENT}Ptosis", "–", "8 (8.0 %) [10]"]


def test_rare_terms_are_counted_in_the_last_row_with_the_classes_that_go_with_them(rates, differences):
    table = ba.table.adverse_events(rates, differences, at_least=0.05)
    assert table["Adverse event"].tolist() == [
        "Any adverse event", "Eye disorders", f"{INDENT}Ptosis",
        "Terms below 5 % in every arm, not shown: 2; classes without another term: 1",
    ]  # fmt: skip
    assert table.iloc[-1, 1:].tolist() == ["", "", ""]


def test_a_term_at_the_threshold_is_shown_also_where_the_share_is_no_binary_fraction():
    # 29 of 100 is 0.29, which times 100 is 28.999999999999996.
    events = events_by_hand([("", "fall", (29, 0), (29, 0)), ("", "cough", (28, 28), (28, 28))])
    table = ba.table.adverse_events(ba.event_rates(events), at_least=0.29)
    assert table["Adverse event"].tolist() == ["Fall", "Terms below 29 % in every arm, not shown: 1"]


def test_shown_and_not_shown_add_up_to_all_terms(simulated):
    rates = ba.event_rates(ba.safety.counts(simulated.restrict("safety")))
    n_terms = (rates.drop_duplicates(["within", "category"])["within"] != "").sum()
    for at_least in (0.01, 0.02, 0.035):
        names = ba.table.adverse_events(rates, at_least=at_least)["Adverse event"]
        gone = int(names.iloc[-1].split("not shown: ")[1].split(";")[0])
        assert names.str.startswith(INDENT).sum() + gone == n_terms


def test_a_threshold_that_nothing_reaches_leaves_the_count(rates):
    table = ba.table.adverse_events(rates, at_least=0.99)
    assert table["Adverse event"].tolist() == ["Terms below 99 % in every arm, not shown: 4; classes without another term: 2"]


def test_a_threshold_is_a_share(rates):
    with pytest.raises(ValueError, match="`at_least` must be a share of subjects from 0 to 1; got 5"):
        ba.table.adverse_events(rates, at_least=5)


def test_two_populations_in_a_table_are_refused(rates):
    both = pd.concat([rates, rates.assign(population="per protocol")])
    said = "each event once per arm; got two rows of 'any adverse event' in arm 'placebo'"
    with pytest.raises(ba.DataError, match=said):
        ba.table.adverse_events(both)


def test_no_rows_and_rates_in_the_place_of_differences_are_refused(rates):
    with pytest.raises(ba.DataError, match="`rates` must have rows of the measures 'proportion'; got no rows"):
        ba.table.adverse_events(rates.head(0))
    with pytest.raises(ba.DataError, match="got the measure 'proportion'"):
        ba.table.adverse_events(rates, rates)


@pytest.mark.parametrize("term", ["<b>Nausea</b> & vomiting", "注射部位疼痛", "Neck pain " * 40 + "end", 'the "flu"'])
def test_html_has_each_term_escaped_and_whole(term):
    events = events_by_hand([("", "class <1>", (1, 2), (1, 2)), ("class <1>", term, (1, 2), (1, 2))])
    html = to_html(ba.table.adverse_events(ba.event_rates(events)))
    assert "<b>" not in html
    assert "class &lt;1&gt;" in html.replace("Class", "class")
    assert html.count(term.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")) == 1


def test_two_thousand_terms_are_written_each_once():
    rows = [(f"class {n % 20}", f"term {n}", (n % 7, n % 11), (n % 7, n % 11)) for n in range(2000)]
    events = events_by_hand(rows)
    table = ba.table.adverse_events(ba.event_rates(events), ba.compare_rates(events))
    assert table["Adverse event"].tolist() == [f"Term {n}" for n in range(2000)]


def by_level(column, levels, counts):
    """Make rates of one term by severity or relation, 20 subjects in each of two arms."""
    return ba.event_rates(
        pd.DataFrame(
            [(arm, "Eye disorders", "Ptosis", level, counts[arm][number]) for number, level in enumerate(levels) for arm in ARMS],
            columns=["arm", "within", "category", column, "n_events"],
        ).assign(n_total=20)
    )


def test_severities_stand_side_by_side_in_each_arm():
    rates = by_level("severity", ["mild", "severe", "not recorded"], {"placebo": (1, 0, 0), "toxin": (3, 1, 2)})
    table = ba.table.severity(rates)
    assert table.iloc[0].to_dict() == {
        "Adverse event": "Ptosis",
        "placebo (n = 20): mild": "1 (5.0 %)",
        "placebo (n = 20): severe": "0 (0.0 %)",
        "placebo (n = 20): not recorded": "0 (0.0 %)",
        "toxin (n = 20): mild": "3 (15.0 %)",
        "toxin (n = 20): severe": "1 (5.0 %)",
        "toxin (n = 20): not recorded": "2 (10.0 %)",
    }


def test_relations_stand_side_by_side_in_each_arm():
    rates = by_level("relation", ["related", "not related"], {"placebo": (1, 2), "toxin": (3, 4)})
    assert ba.table.relation(rates).iloc[0, 1:].tolist() == ["1 (5.0 %)", "2 (10.0 %)", "3 (15.0 %)", "4 (20.0 %)"]


def test_severities_of_a_term_add_up_to_its_subjects(simulated):
    safe = simulated.restrict("safety")
    by_term = ba.table.adverse_events(ba.event_rates(ba.safety.counts(safe, by="term")))
    by_severity = ba.table.severity(ba.event_rates(ba.safety.counts(safe, by="term and severity")))
    assert by_severity["Adverse event"].tolist() == by_term["Adverse event"].tolist()
    for arm in by_term.columns[1:]:
        parts = by_severity.filter(like=f"{arm}: ").map(lambda text: int(text.split(" ")[0]))
        assert parts.sum(axis=1).tolist() == [int(text.split(" ")[0]) for text in by_term[arm]]


@pytest.mark.parametrize("level", ["severity", "relation"])
def test_rates_that_say_no_severity_or_relation_are_refused_with_what_to_take(rates, level):
    show = {"severity": ba.table.severity, "relation": ba.table.relation}[level]
    said = rf'^`rates` must have a {level} in each row; .* Try safety\.counts\(trial, by="term and {level}"\)\.$'
    with pytest.raises(ba.DataError, match=said):
        show(rates)
    some = by_level(level, ["one"], {"placebo": (1,), "toxin": (3,)})
    with pytest.raises(ba.DataError, match=said):
        show(pd.concat([rates, some]))


@pytest.mark.parametrize(
    ("level", "instead"), [("severity", "table.severity, or plot.severity"), ("relation", "or table.relation")]
)
@pytest.mark.parametrize("show", [ba.table.adverse_events, ba.table.incidence, ba.plot.butterfly])
def test_rates_by_severity_or_relation_are_refused_with_the_table_that_shows_them(level, instead, show):
    rates = by_level(level, ["one", "two"], {"placebo": (1, 2), "toxin": (3, 4)})
    if show is ba.table.incidence:
        rates = rates.assign(measure="incidence rate", at_risk=10.0)
    with pytest.raises(ba.DataError, match=rf"got 'Ptosis' in arm 'placebo' by {level}\. .* {instead}\.$"):
        show(rates)


def test_rates_of_one_severity_are_a_table_of_their_own():
    rates = by_level("severity", ["mild", "severe"], {"placebo": (1, 2), "toxin": (3, 4)})
    table = ba.table.adverse_events(rates[rates["severity"] == "severe"])
    assert table.iloc[0].tolist() == ["Ptosis", "2 (10.0 %)", "4 (20.0 %)"]


def test_incidences_have_subjects_patient_years_and_exact_limits():
    events = pd.DataFrame(
        {"arm": ARMS, "category": "fall", "n_events": [0, 5], "n_total": 60, "at_risk": [50.0, 40.0], "occurrences": 9}
    )
    table = ba.table.incidence(ba.event_rates(events, measure="incidence rate"))
    assert list(table.columns)[1:3] == ["placebo (n = 60): subjects in patient-years at risk", "placebo: per 100 (95 % CI)"]
    # Garwood's limits: 3.6889 / 50 for none; 1.6235 / 40 and 11.6683 / 40 for five (tables of the Poisson distribution).
    assert table.iloc[0, 1:].tolist() == ["0 in 50.0", "0.0 (0.0 to 7.4)", "5 in 40.0", "12.5 (4.1 to 29.2)"]


def test_event_rates_count_occurrences():
    events = pd.DataFrame(
        {"arm": ARMS, "category": "fall", "n_events": 2, "n_total": 60, "occurrences": [4, 9], "exposure": [50.0, 45.0]}
    )
    rates = ba.event_rates(events, measure="event rate")
    ratios = ba.compare_rates(events, measure="log event rate ratio")
    table = ba.table.incidence(rates, ratios)
    assert table.columns[1] == "placebo (n = 60): events in patient-years"
    assert [text.split(" (")[0] for text in table.iloc[0, 1:5]] == ["4 in 50.0", "8.0", "9 in 45.0", "20.0"]
    assert table["Event rate ratio (95 % CI)"].iloc[0].startswith("2.50 (")


def test_no_patient_years_are_told_in_the_place_of_the_rate():
    events = pd.DataFrame({"arm": ARMS, "category": "fall", "n_events": [0, 1], "n_total": [0, 9], "at_risk": [0.0, 8.0]})
    assert "no patient-years" in ba.table.incidence(ba.event_rates(events, measure="incidence rate")).iloc[0].tolist()


@pytest.fixture
def quiet():
    """Make a trial without adverse events."""
    subjects = pd.DataFrame({"subject": list("abcde"), "arm": ["P", "P", "T", "T", "T"], "last_day": 100})
    events = pd.DataFrame({"subject": [], "term": [], "severity": []})
    return ba.as_trial({"subjects": subjects, "adverse_events": events}, name="quiet")


def test_where_nobody_had_any_a_table_has_noughts_with_their_limits(quiet):
    events = ba.safety.counts(quiet)
    table = ba.table.adverse_events(ba.event_rates(events), ba.compare_rates(events))
    assert table.iloc[0, :3].tolist() == ["Any adverse event", "0 (0.0 %) [0]", "0 (0.0 %) [0]"]
    assert table.iloc[0, 3].startswith("0.0 (−")
    by_severity = ba.table.severity(ba.event_rates(ba.safety.counts(quiet, by="term and severity")))
    assert by_severity.iloc[0, 1:].unique().tolist() == ["0 (0.0 %)"]
    in_time = ba.event_rates(events, measure="incidence rate")
    ratios = ba.compare_rates(events, measure="log incidence rate ratio")
    assert ba.table.incidence(in_time, ratios).iloc[0, [1, 5]].tolist() == ["0 in 0.5", "– (0.00 to ∞)"]
    assert ba.table.listing(ba.safety.listing(quiet)).empty


def test_a_listing_is_written_in_words():
    listing = pd.DataFrame(
        {
            "subject": ["S1", "S2"],
            "onset_day": [-3.0, np.nan],
            "dose": [2.5, 1055.0],
            "serious": pd.array([True, None], dtype="boolean"),
            "severity": pd.Categorical(["severe", None]),
            "date": pd.to_datetime(["2025-03-01", None]),
        }
    )
    assert ba.table.listing(listing).to_dict("records") == [
        {"Subject": "S1", "Onset day": "−3", "Dose": "2.5", "Serious": "yes", "Severity": "severe", "Date": "2025-03-01"},
        {"Subject": "S2", "Onset day": "–", "Dose": "1055", "Serious": "–", "Severity": "–", "Date": "–"},
    ]


def test_a_listing_without_lines_keeps_its_heads():
    assert list(ba.table.listing(pd.DataFrame({"onset_day": []})).columns) == ["Onset day"]

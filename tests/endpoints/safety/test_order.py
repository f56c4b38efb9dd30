"""Adverse events are in the order that regulators use: by frequency in the active arm, then alphabetically."""

import itertools

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

ARMS = ["placebo", "toxin"]


def counted(rows):
    """Make events: class, category, then subjects of placebo and of toxin, 100 in each arm."""
    frame = pd.DataFrame(
        [(arm, within, category, n, 100) for within, category, *counts in rows for arm, n in zip(ARMS, counts, strict=True)],
        columns=["arm", "within", "category", "n_events", "n_total"],
    )
    return frame.assign(arm=pd.Categorical(frame["arm"], categories=ARMS))


EVENTS = counted(
    [
        ("", "any adverse event", 30, 40),
        ("", "Eye disorders", 3, 9),
        ("Eye disorders", "Ptosis", 0, 7),
        ("Eye disorders", "Dry eye", 3, 2),
        ("", "Infections", 20, 12),
        ("Infections", "influenza", 9, 5),
        ("Infections", "Bronchitis", 2, 5),
        ("Infections", "Sinusitis", 9, 6),
    ]
)


def order(frame, **options):
    return ba.safety.order_by_frequency(frame, **options)["category"].drop_duplicates().tolist()


def test_classes_and_their_terms_stand_by_frequency_in_the_active_arm_then_by_the_alphabet():
    expected = ["any adverse event", "Infections", "Sinusitis", "Bronchitis", "influenza", "Eye disorders", "Ptosis", "Dry eye"]
    assert order(EVENTS) == expected


def test_the_order_does_not_depend_on_the_order_before():
    shuffled = EVENTS.sample(frac=1, random_state=7)
    assert order(shuffled) == order(EVENTS)


def test_another_arm_may_count():
    infections = ["Infections", "influenza", "Sinusitis", "Bronchitis"]
    assert order(EVENTS, arm="placebo") == ["any adverse event", *infections, "Eye disorders", "Dry eye", "Ptosis"]


def test_nothing_is_lost_and_the_arms_of_an_event_keep_their_order():
    ordered = ba.safety.order_by_frequency(EVENTS)
    assert sorted(map(tuple, ordered.to_numpy())) == sorted(map(tuple, EVENTS.to_numpy()))
    assert ordered["arm"].tolist() == ARMS * 8
    assert ordered["arm"].dtype == EVENTS["arm"].dtype


def test_ordering_commutes_with_estimating():
    before = ba.event_rates(ba.safety.order_by_frequency(EVENTS))
    pd.testing.assert_frame_equal(before, ba.safety.order_by_frequency(ba.event_rates(EVENTS)))


def test_comparisons_take_the_order_of_their_events():
    compared = ba.compare_rates(ba.safety.order_by_frequency(EVENTS))
    assert compared["category"].tolist() == order(EVENTS)


def test_comparisons_themselves_are_refused_for_they_have_no_counts():
    with pytest.raises(ba.DataError, match="must have counts; got comparisons"):
        ba.safety.order_by_frequency(ba.compare_rates(EVENTS))


def test_any_adverse_event_comes_first_also_where_a_class_is_as_frequent():
    tied = counted([("", "AAA disorders", 1, 5), ("AAA disorders", "Zoster", 1, 5), ("", "any adverse event", 1, 5)])
    assert order(tied) == ["any adverse event", "AAA disorders", "Zoster"]


def test_terms_whose_class_has_no_row_stand_in_one_list():
    assert order(EVENTS[EVENTS["within"] != ""])[:3] == ["Ptosis", "Sinusitis", "Bronchitis"]


def test_terms_of_one_name_follow_each_their_class():
    twice = counted(
        [("", "eye", 0, 4), ("eye", "redness", 0, 4), ("", "skin", 0, 9), ("skin", "redness", 0, 3), ("skin", "rash", 0, 6)]
    )
    ordered = ba.safety.order_by_frequency(twice).drop_duplicates(["within", "category"])
    assert ordered[["within", "category"]].to_numpy().tolist() == [
        ["", "skin"], ["skin", "rash"], ["skin", "redness"], ["", "eye"], ["eye", "redness"],
    ]  # fmt: skip


def test_severities_of_a_term_count_together_and_keep_their_order():
    rows = [("Ptosis", "mild", 1), ("Ptosis", "severe", 1), ("Fall", "mild", 0), ("Fall", "severe", 3)]
    frame = pd.DataFrame(rows, columns=["category", "severity", "n_events"]).assign(arm="toxin", n_total=50)
    ordered = ba.safety.order_by_frequency(frame)
    assert ordered[["category", "severity"]].to_numpy().tolist() == [
        ["Fall", "mild"], ["Fall", "severe"], ["Ptosis", "mild"], ["Ptosis", "severe"],
    ]  # fmt: skip


def test_trials_stay_apart():
    both = pd.concat([EVENTS.assign(trial="second"), EVENTS.assign(trial="first")])
    ordered = ba.safety.order_by_frequency(both)
    assert ordered["trial"].drop_duplicates().tolist() == ["second", "first"]
    assert order(ordered[ordered["trial"] == "first"]) == order(EVENTS)


def test_the_last_of_three_arms_counts_where_none_is_named():
    frame = pd.DataFrame(
        [
            (arm, term, n, 50)
            for term, counts in (("a", (9, 0, 1)), ("b", (0, 9, 2)))
            for arm, n in zip("xyz", counts, strict=True)
        ],
        columns=["arm", "category", "n_events", "n_total"],
    )
    assert order(frame) == ["b", "a"]
    assert order(frame, arm="x") == ["a", "b"]


def test_an_arm_without_subjects_leaves_the_alphabet():
    assert order(EVENTS.assign(n_events=0, n_total=0))[1:3] == ["Eye disorders", "Dry eye"]


def test_a_gap_an_unknown_arm_and_a_missing_count_are_refused():
    with pytest.raises(ba.DataError, match=r"a row of each event in arm 'toxin', .*; got none of 'Infections'"):
        ba.safety.order_by_frequency(EVENTS[(EVENTS["category"] != "Infections") | (EVENTS["arm"] == "placebo")])
    with pytest.raises(ba.DataError, match="`arm` must be one of 'placebo', 'toxin'; got '155 U'"):
        ba.safety.order_by_frequency(EVENTS, arm="155 U")
    with pytest.raises(ba.DataError, match="no column 'n_events'"):
        ba.safety.order_by_frequency(EVENTS.drop(columns="n_events"))


def test_no_rows_stay_no_rows():
    assert ba.safety.order_by_frequency(EVENTS.head(0)).empty


def test_classes_come_before_their_terms_whatever_the_counts():
    rng = np.random.default_rng(4)
    rows = [("", f"class {c}", 0, int(rng.integers(40))) for c in range(6)]
    rows += [(f"class {c}", f"term {t}", 0, int(rng.integers(40))) for c, t in itertools.product(range(6), range(4))]
    ordered = ba.safety.order_by_frequency(counted(rows)).drop_duplicates(["within", "category"])
    latest = ""
    for within, category in ordered[["within", "category"]].itertuples(index=False):
        latest = category if within == "" else latest
        assert within in ("", latest)

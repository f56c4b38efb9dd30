"""Recorded times to events: read as times, with the arms and covariates of the subjects."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

N = 40
SUBJECTS = pd.DataFrame(
    {"subject": [f"s{i:02}" for i in range(N)], "arm": ["155 U", "placebo"] * (N // 2), "age": range(20, 20 + N)}
)
ROWS = pd.DataFrame(
    {
        "subject": SUBJECTS["subject"],
        "endpoint": "relapse",
        "time": np.arange(N) * 3.5 + 1,
        "observed": ["yes", "no", "yes"] * (N // 3) + ["yes"],
        "reason": [None, "lost to follow-up", None] * (N // 3) + [None],
    }
)


def trial_of(rows=ROWS, subjects=SUBJECTS):
    return ba.as_trial({"subjects": subjects, "event_times": rows}, name="t")


def test_times_are_those_of_the_table_in_the_order_of_the_subjects():
    found = ba.times.recorded(trial_of(ROWS.iloc[::-1]), "relapse")
    assert found["subject"].tolist() == SUBJECTS["subject"].tolist()
    assert found["time"].tolist() == ROWS["time"].tolist()
    assert found["observed"].tolist() == [word == "yes" for word in ROWS["observed"]]
    assert found["note"].tolist()[:2] == ["", "lost to follow-up"]
    assert found["age"].tolist() == SUBJECTS["age"].tolist()


def test_curve_and_comparison_are_those_of_the_same_times_written_by_hand():
    recorded = ba.times.recorded(trial_of(), "relapse")
    arms = pd.Categorical(SUBJECTS["arm"], categories=["placebo", "155 U"])
    by_hand = pd.DataFrame(
        {"subject": SUBJECTS["subject"], "arm": arms, "time": ROWS["time"], "observed": ROWS["observed"] == "yes"}
    )
    for of in (ba.times.curve, ba.times.compare):
        ours, theirs = of(recorded), of(by_hand)
        np.testing.assert_allclose(ours["estimate"], theirs["estimate"])
        np.testing.assert_allclose(ours["conf_low"], theirs["conf_low"])


def test_other_endpoints_and_subjects_without_a_row_are_left_out():
    other = pd.DataFrame({"subject": ["s00"], "endpoint": ["death"], "time": [9], "observed": [True]})
    trial = trial_of(pd.concat([ROWS.iloc[:5], other]))
    assert len(ba.times.recorded(trial, "relapse")) == 5
    assert ba.times.recorded(trial, "death")["time"].tolist() == [9]


def test_a_restricted_trial_has_the_times_of_its_subjects():
    trial = trial_of(subjects=SUBJECTS.assign(itt=["yes"] * 10 + ["no"] * (N - 10))).restrict("itt")
    found = ba.times.recorded(trial, "relapse")
    assert len(found) == 10
    assert set(found["population"]) == {"itt"}


def test_an_unknown_endpoint_is_refused_with_those_that_are_known():
    with pytest.raises(ba.DataError, match="no event times of 'relaps'; its endpoints are 'relapse'"):
        ba.times.recorded(trial_of(), "relaps")


def test_a_trial_without_event_times_is_refused():
    with pytest.raises(ba.DataError, match="t has no event_times"):
        ba.times.recorded(ba.as_trial({"subjects": SUBJECTS}, name="t"), "relapse")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": 0}, "column 'time': found 0 in 40 rows.*expected days above 0"),
        ({"time": -1}, "column 'time': found -1"),
        ({"time": None}, "column 'time': found nothing"),
        ({"observed": None}, "column 'observed': found nothing"),
        ({"observed": "censored"}, "column 'observed': found 'censored'"),
        ({"subject": "s00"}, "subject 's00', endpoint 'relapse' a second time"),
        ({"subject": "who"}, "column 'subject': found 'who'"),
        ({"endpoint": None}, "column 'endpoint': found nothing"),
    ],
)
def test_an_impossible_row_is_refused(change, message):
    with pytest.raises(ba.DataError, match=message):
        trial_of(ROWS.assign(**change))


def test_a_header_without_rows_is_a_trial_without_times():
    trial = trial_of(ROWS.iloc[:0])
    with pytest.raises(ba.DataError, match="no event times of 'relapse'"):
        ba.times.recorded(trial, "relapse")
    assert ba.validate_trial(trial).understood.query("what == 'event times'")["found"].tolist() == ["no rows"]

"""`EmergentRule`: an event counts by its day, by a window after the last dose, or by the trial's flag."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.safety.counts import n_not_emergent
from botox_analysis.endpoints.safety.emergent import emergent, not_emergent

LAST_DOSE = 84
SUBJECTS = pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"], "last_day": 168, "last_dose_day": [LAST_DOSE, None]})
UP_TO_LAST_DOSE = ba.safety.EmergentRule("to the last dose", window_days=0)


def trial_with(subjects=SUBJECTS, **columns):
    events = pd.DataFrame({"subject": "a", "term": "X", **columns}, index=[0])
    return ba.as_trial({"subjects": subjects, "adverse_events": events}, name="t")


def counted(rule, subjects=SUBJECTS, **columns):
    """Return whether one event counts, and the day on which it emerged."""
    counts, day = emergent(trial_with(subjects, **columns), rule)
    return bool(counts[0]), float(day[0])


# From day 1 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("onset", "counts"), [(-1, False), (1, True), (19_000, True)])
def test_from_day_1_there_is_a_beginning_and_no_end(onset, counts):
    assert counted(ba.safety.FROM_DAY_1, onset_day=onset)[0] is counts


def test_an_event_that_was_there_before_and_got_worse_counts_from_that_day():
    assert counted(ba.safety.FROM_DAY_1, onset_day=-30, worsened_day=9) == (True, 9.0)


def test_one_that_got_worse_before_the_first_dose_does_not_count():
    assert counted(ba.safety.FROM_DAY_1, onset_day=-30, worsened_day=-2)[0] is False


def test_an_event_that_began_under_treatment_counts_from_its_onset_and_not_from_its_worsening():
    assert counted(ba.safety.FROM_DAY_1, onset_day=4, worsened_day=9) == (True, 4.0)


def test_an_event_of_unknown_onset_counts_and_its_day_is_unknown():
    counts, day = counted(ba.safety.FROM_DAY_1, onset_day=None, worsened_day=9)
    assert counts
    assert np.isnan(day)


@pytest.mark.parametrize(("end", "counts"), [(-1, False), (1, True), (None, True)])
def test_an_event_of_unknown_onset_does_not_count_when_it_ended_before_treatment(end, counts):
    assert counted(ba.safety.FROM_DAY_1, onset_day=None, end_day=end)[0] is counts


# With a window --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("onset", "counts"), [(-1, False), (1, True), (LAST_DOSE + 30, True), (LAST_DOSE + 31, False)])
def test_the_window_ends_so_many_days_after_the_last_dose(onset, counts):
    assert counted(ba.safety.WITHIN_30_DAYS, onset_day=onset)[0] is counts


@pytest.mark.parametrize(("onset", "counts"), [(LAST_DOSE, True), (LAST_DOSE + 1, False)])
def test_a_window_of_0_days_ends_on_the_day_of_the_last_dose(onset, counts):
    assert counted(UP_TO_LAST_DOSE, onset_day=onset)[0] is counts


@pytest.mark.parametrize(("worsened", "counts"), [(LAST_DOSE, True), (LAST_DOSE + 1, False)])
def test_a_worsening_counts_within_the_window_only(worsened, counts):
    assert counted(UP_TO_LAST_DOSE, onset_day=-30, worsened_day=worsened)[0] is counts


def test_a_window_without_a_known_last_dose_has_no_end():
    assert counted(UP_TO_LAST_DOSE, subject="b", onset_day=150)[0] is True


def test_each_subject_has_its_own_window():
    subjects = SUBJECTS.assign(last_dose_day=[10, 90])
    events = pd.DataFrame({"subject": ["b", "a"], "term": "X", "onset_day": 50})
    trial = ba.as_trial({"subjects": subjects, "adverse_events": events}, name="t")
    assert emergent(trial, ba.safety.WITHIN_30_DAYS)[0].tolist() == [True, False]


def test_a_window_of_a_trial_without_last_doses_is_refused():
    with pytest.raises(ba.DataError, match="must have a column 'last_dose_day' for adverse events from day 1 to 30 days after"):
        counted(ba.safety.WITHIN_30_DAYS, SUBJECTS.drop(columns="last_dose_day"), onset_day=1)


# As flagged -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flag", "counts"), [("yes", True), ("no", False), (None, False)])
def test_a_flag_decides_and_an_empty_one_is_no_yes(flag, counts):
    trial = trial_with(onset_day=5, treatment_emergent=flag)
    assert emergent(trial, ba.safety.AS_FLAGGED)[0].tolist() == [counts]


def test_a_flagged_event_that_began_before_treatment_has_the_day_of_its_worsening_or_none():
    assert counted(ba.safety.AS_FLAGGED, onset_day=-5, worsened_day=3, treatment_emergent="yes") == (True, 3.0)
    assert np.isnan(counted(ba.safety.AS_FLAGGED, onset_day=-5, treatment_emergent="yes")[1])


def test_flags_that_are_not_there_are_refused():
    with pytest.raises(ba.DataError, match="must have a column 'treatment_emergent' for events as flagged"):
        counted(ba.safety.AS_FLAGGED, onset_day=5)


# What is told ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (ba.safety.FROM_DAY_1, "from day 1"),
        (UP_TO_LAST_DOSE, "from day 1 to the last dose"),
        (ba.safety.EmergentRule("a day", window_days=1), "from day 1 to 1 day after the last dose"),
        (ba.safety.WITHIN_30_DAYS, "from day 1 to 30 days after the last dose"),
        (ba.safety.AS_FLAGGED, "as flagged by the trial"),
    ],
)
def test_the_endpoint_says_the_rule(rule, words):
    events = ba.safety.counts(trial_with(onset_day=5, treatment_emergent="yes"), by="overview", rule=rule)
    assert events["endpoint"].unique().tolist() == [f"treatment-emergent adverse events ({words})"]


@pytest.mark.parametrize(("rule", "n"), [(ba.safety.FROM_DAY_1, 1), (ba.safety.WITHIN_30_DAYS, 2), (ba.safety.AS_FLAGGED, 3)])
def test_what_does_not_count_is_counted_under_each_rule(rule, n):
    events = pd.DataFrame({"subject": "a", "term": "X", "onset_day": [-3, 5, 150], "treatment_emergent": ["no", None, "no"]})
    trial = ba.as_trial({"subjects": SUBJECTS, "adverse_events": events}, name="t")
    assert n_not_emergent(trial, rule) == n
    assert ba.safety.counts(trial, by="overview", rule=rule)["occurrences"].head(2).sum() == 3 - n


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"window_days": -1}, "`window_days` must be a whole number, 0 or more; got -1"),
        ({"window_days": 1.5}, "`window_days` must be a whole number, 0 or more; got 1.5"),
        ({"window_days": float("nan")}, "`window_days` must be a whole number, 0 or more; got nan"),
        ({"window_days": float("inf")}, "`window_days` must be a whole number, 0 or more; got inf"),
        ({"window_days": "30"}, "`window_days` must be a whole number, 0 or more; got '30'"),
        ({"window_days": True}, "`window_days` must be a whole number, 0 or more; got True"),
        ({"told_by": "dates"}, "`told_by` must be one of 'days', 'flag'.*; got 'dates'"),
        ({"told_by": "flag", "window_days": 30}, "`window_days` must be left out if told_by is 'flag'; got 30"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(asked, said):
    with pytest.raises(ValueError, match=said):
        ba.safety.EmergentRule("mine", **asked)


def test_a_whole_window_is_a_whole_number_in_words():
    assert ba.safety.EmergentRule("mine", window_days=30.0) == ba.safety.EmergentRule("mine", window_days=30)
    assert ba.safety.EmergentRule("mine", window_days=np.int64(2)).words == "from day 1 to 2 days after the last dose"


@pytest.mark.parametrize(
    ("rule", "reasons"),
    [
        (ba.safety.FROM_DAY_1, {"onset before the first treatment: not treatment-emergent": 2}),
        (
            ba.safety.WITHIN_30_DAYS,
            {
                "onset before the first treatment: not treatment-emergent": 2,
                "onset or worsening more than 30 days after the last dose: not treatment-emergent": 2,
            },
        ),
        (
            UP_TO_LAST_DOSE,
            {
                "onset before the first treatment: not treatment-emergent": 2,
                "onset or worsening after the last dose: not treatment-emergent": 2,
            },
        ),
        (ba.safety.AS_FLAGGED, {"not flagged by the trial: not treatment-emergent": 5}),
    ],
)
def test_what_does_not_count_has_its_reason(rule, reasons):
    onset, worsened = [-3, None, 5, 150, -3], [None, -2, None, None, 150]
    events = pd.DataFrame({"subject": "a", "term": "X", "onset_day": onset, "worsened_day": worsened, "treatment_emergent": None})
    trial = ba.as_trial({"subjects": SUBJECTS, "adverse_events": events}, name="t")
    assert not_emergent(trial, rule) == reasons
    assert n_not_emergent(trial, rule) == sum(reasons.values())
    assert (~ba.safety.listing(trial, rule=rule)["emergent"]).sum() == sum(reasons.values())


def test_a_word_is_no_rule():
    with pytest.raises(TypeError, match=r"must be an EmergentRule, such as FROM_DAY_1, .*; got 'from day 1'"):
        ba.safety.counts(ba.open_trial("simulated"), rule="from day 1")

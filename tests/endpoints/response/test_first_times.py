"""Times to first responses and first adverse events, counted on paper; a published analysis data set of times reproduced."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

WEEKS = ["week 4", "week 8", "week 12"]


def outcomes_of(*values, baseline=20.0, **columns):
    """Make one subject per triple of values at weeks 4, 8 and 12."""
    frame = pd.DataFrame(
        {
            "subject": np.repeat(range(len(values)), 3),
            "visit": WEEKS * len(values),
            "value": np.ravel(values).astype(float),
            "baseline": np.repeat(np.broadcast_to(np.asarray(baseline, dtype=float), len(values)), 3),
            "arm": "a",
            **columns,
        }
    )
    return ba.as_outcomes(frame, endpoint="headache days", arms=["a"], visits=WEEKS)


def told(times):
    return times[["time", "observed"]].to_numpy().tolist()


# Responses ------------------------------------------------------------------------------------------------------------


def test_the_first_of_several_responses_counts():
    assert told(ba.times.first_response(outcomes_of([15, 10, 9], [10, 15, 5], [20, 19, 18]))) == [
        [56, True],
        [28, True],
        [84, False],
    ]


def test_who_leaves_is_censored_at_the_last_visit_with_a_value():
    assert told(ba.times.first_response(outcomes_of([15, np.nan, np.nan], [15, np.nan, 14]))) == [[28, False], [84, False]]


def test_a_response_at_a_missed_visit_is_found_at_the_next():
    assert told(ba.times.first_response(outcomes_of([15, np.nan, 10]))) == [[84, True]]


def test_who_has_no_value_or_no_baseline_is_censored_on_day_1_and_counted():
    times = ba.times.first_response(outcomes_of([np.nan] * 3, [5, 5, 5], [5, 5, 5], baseline=[20, 0, np.nan]))
    assert told(times) == [[1, False]] * 3
    assert times["note"].tolist() == [
        "no value after baseline: censored on day 1",
        *["no usable baseline: censored on day 1"] * 2,
    ]


def test_those_censored_on_day_1_change_no_estimate_but_the_number_at_its_start(simulated):
    times = ba.times.first_response(ba.HEADACHE_DAYS.derive(simulated))
    seen = times[times["note"] == ""]
    assert len(seen) < len(times)
    pd.testing.assert_series_equal(ba.times.compare(times)["estimate"], ba.times.compare(seen)["estimate"])
    pd.testing.assert_series_equal(ba.times.quantiles(times)["estimate"], ba.times.quantiles(seen)["estimate"])


def test_a_tie_is_a_response_as_it_is_for_responders(simulated):
    outcomes = ba.HEADACHE_DAYS.under(ba.diary.CHARM).derive(simulated)
    first = ba.times.first_response(outcomes, reduction=0.5).query("time == 28 and observed").groupby("arm", observed=True).size()
    responders = ba.responders(outcomes).query("visit == 'week 4'").set_index("arm")["n_events"]
    assert first.to_dict() == responders.to_dict()


def test_who_ever_responds_has_an_observed_time(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    ever = (outcomes["percent_change"] <= -50 + 1e-7).groupby(outcomes["subject"], sort=False).any()
    assert ba.times.first_response(outcomes)["observed"].tolist() == ever.tolist()


def test_points_ask_for_a_fall_or_a_rise():
    outcomes = outcomes_of([15, 10, 26])
    assert told(ba.times.first_response(outcomes, points=8)) == [[56, True]]
    rises = ba.times.first_response(outcomes.assign(better="higher"), points=6)
    assert told(rises) == [[84, True]]
    assert rises[["category", "better"]].to_numpy().tolist() == [["rise of ≥ 6 points", "higher"]]


def test_days_of_each_row_take_the_place_of_the_visit():
    outcomes = outcomes_of([15, 10, 9], [15, 15, 15], day=[25, 61.0, 84, 29, 50, 90])
    times = ba.times.first_response(outcomes, visit_days="day")
    assert told(times) == [[61, True], [90, False]]
    assert "day" not in times.columns


def test_a_value_without_its_day_is_refused():
    outcomes = outcomes_of([15, 10, 9], day=[25, np.nan, 84])
    with pytest.raises(ba.DataError, match="got 1 values without a day, the first of subject '0' at 'week 8'"):
        ba.times.first_response(outcomes, visit_days="day")


def test_baseline_and_covariates_follow_but_those_that_change_over_visits_do_not():
    times = ba.times.first_response(outcomes_of([15, 10, 9], age=40, pain=[1, 2, 3]))
    assert times[["baseline", "age"]].to_numpy().tolist() == [[20, 40]]
    assert "pain" not in times.columns


def test_several_thresholds_are_several_calls():
    with pytest.raises(ValueError, match="must be one threshold; got 2"):
        ba.times.first_response(outcomes_of([1, 2, 3]), reduction=[0.3, 0.5])


def test_reduction_and_points_exclude_each_other():
    with pytest.raises(ValueError, match="reduction or points, not both"):
        ba.times.first_response(outcomes_of([1, 2, 3]), reduction=0.3, points=4)


# Cycles ---------------------------------------------------------------------------------------------------------------


def test_the_last_day_of_a_cycle_belongs_to_it():
    times = pd.DataFrame({"subject": range(4), "arm": "a", "time": [84, 85, 168, 168], "observed": [True, True, True, False]})
    events = ba.times.by_cycle(times)
    assert events[["visit", "n_events", "n_total"]].to_numpy().tolist() == [
        ["cycle 1", 1, 4], ["cycle 2", 2, 4], ["cycle 1", 1, 4], ["cycle 2", 3, 4],
    ]  # fmt: skip


def test_first_events_of_all_cycles_add_up_to_those_who_have_it(simulated):
    times = ba.times.first_response(ba.HEADACHE_DAYS.derive(simulated))
    events = ba.times.by_cycle(times, cycle_days=28)
    first = events[events["category"] == "≥ 50 % reduction, first in the cycle"].groupby("arm", observed=True)["n_events"].sum()
    last = events[events["category"].str.endswith("end of the cycle")].groupby("arm", observed=True)["n_events"].last()
    ever = times.groupby("arm", observed=True)["observed"].sum()
    assert first.tolist() == last.tolist() == ever.tolist()


def test_rates_take_the_cycles_and_say_what_became_of_the_censored(simulated):
    rates = ba.event_rates(ba.times.by_cycle(ba.times.first_response(ba.HEADACHE_DAYS.derive(simulated))))
    assert rates["handling"].unique().tolist() == ["observed cases; censored subjects count as without the event"]
    assert [rates["handling"].iloc[0] in method for method in rates["method"]] == [True] * len(rates)
    assert rates["visit"].unique().tolist() == ["cycle 1", "cycle 2"]


def test_cycles_of_times_of_several_directions_are_refused():
    times = pd.DataFrame({"subject": range(2), "arm": "a", "time": [5, 9], "observed": True, "better": ["lower", "higher"]})
    with pytest.raises(ba.DataError, match="must be 'lower' or 'higher' in all rows of category ''; got 'lower', 'higher'"):
        ba.times.by_cycle(times)
    by_category = ba.times.by_cycle(times.assign(category=["harm", "benefit"]))
    assert by_category.drop_duplicates("better")["better"].tolist() == ["lower", "higher"]


def test_a_cycle_has_a_length():
    with pytest.raises(ValueError, match="`cycle_days` must be a number of days above 0; got 0"):
        ba.times.by_cycle(pd.DataFrame({"subject": [1], "arm": "a", "time": [3], "observed": [True]}), cycle_days=0)


# Adverse events -------------------------------------------------------------------------------------------------------


@pytest.fixture
def trial():
    """Make six subjects: two events and a later one, one after the last day, an unknown onset, none, none and not treated."""
    subjects = pd.DataFrame(
        {
            "subject": list("abcdef"),
            "arm": ["P", "P", "P", "T", "T", "T"],
            "actual_arm": ["P", "P", "T", "T", "T", None],
            "last_day": [90, 20, 80, 70, 60, -3],
        }
    )
    events = pd.DataFrame(
        {
            "subject": ["a", "a", "b", "c", "c"],
            "term": ["Neck pain", "Neck pain", "Neck pain", "Ptosis", "Neck pain"],
            "class": ["Muscles", "Muscles", "Muscles", "Eyes", "Muscles"],
            "onset_day": [40, 12, 33, np.nan, 50],
            "end_day": [45, 19, np.nan, np.nan, 55],
            "serious": ["no", "yes", "no", "no", "no"],
        }
    )
    return ba.as_trial({"subjects": subjects, "adverse_events": events}, name="six")


def test_the_first_event_counts_and_what_is_later_than_the_last_day_counts_on_it(trial):
    times = ba.times.first_event(trial, "Neck pain")
    assert told(times) == [[12, True], [20, True], [50, True], [70, False], [60, False], [1, False]]
    assert times["arm"].tolist() == ["P", "P", "T", "T", "T", "T"]
    assert times["note"].tolist() == [
        "", "onset after the last day: counted on it", "", "", "", "not observed after the first treatment: censored on day 1",
    ]  # fmt: skip


def test_an_unknown_onset_counts_on_day_1_and_is_noted(trial):
    row = ba.times.first_event(trial).iloc[2]
    assert (row["time"], row["observed"], row["note"]) == (1, True, "onset not known: counted on day 1")


@pytest.mark.parametrize(
    ("category", "n"), [("any adverse event", 3), ("serious", 1), ("Muscles", 3), ("Eyes", 1), ("Ptosis", 1), ("weakness", 3)]
)
def test_a_category_is_any_a_kind_a_class_a_term_or_a_list(trial, category, n):
    special = {"weakness": ["neck pain", "Dysphagia"]}
    assert ba.times.first_event(trial, category, special=special)["observed"].sum() == n


def test_what_nobody_calls_so_is_refused(trial):
    with pytest.raises(ba.DataError, match=r"must be a class or term of six, or one of .*; got 'Neck ache'"):
        ba.times.first_event(trial, "Neck ache")


def test_who_has_no_event_and_no_last_day_is_refused(trial):
    subjects = trial.subjects.assign(last_day=[90, 20, 80, np.nan, 60, 5])
    unknown = ba.as_trial({"subjects": subjects, "adverse_events": trial.adverse_events}, name="six")
    with pytest.raises(ba.DataError, match="got none for 1 subjects of six, the first is 'd'"):
        ba.times.first_event(unknown)


@pytest.mark.parametrize(
    "category", ["any adverse event", "serious", "Neck pain", "Musculoskeletal and connective tissue disorders"]
)
def test_the_times_add_up_to_the_time_at_risk_of_adverse_events(simulated, category):
    trial = simulated.restrict("safety")
    years = ba.times.first_event(trial, category).groupby("arm", observed=True)["time"].sum() / 365.25
    counted = pd.concat([ba.safety.counts(trial), ba.safety.counts(trial, by="overview")]).query("category == @category")
    at_risk = counted.drop_duplicates("arm").set_index("arm")["at_risk"]
    assert years.to_dict() == pytest.approx(at_risk.to_dict())


def test_a_published_data_set_of_times_is_reproduced(realdata):
    """Every time to the first dermatologic event of the CDISC pilot's ADTTE, from its ADSL and ADAE."""
    folder = realdata / "cdisc_pilot" / "xpt"
    read = {name: pd.read_sas(folder / f"{name}.xpt", encoding="latin1") for name in ("adsl", "adae", "adtte")}
    adsl, adae = read["adsl"].query("SAFFL == 'Y'"), read["adae"].query("SAFFL == 'Y'")
    subjects = pd.DataFrame({"subject": adsl["USUBJID"], "arm": adsl["TRT01A"], "last_day": adsl["RFENDT"] - adsl["TRTSDT"] + 1})
    skin = adae["CQ01NAM"].fillna("") != ""
    events = pd.DataFrame(
        {
            "subject": adae["USUBJID"],
            "term": adae["AEDECOD"],
            "class": np.where(skin, "DERMATOLOGIC EVENTS", adae["AEBODSYS"]),
            "onset_day": adae["ASTDY"],
            "treatment_emergent": np.where(adae["TRTEMFL"] == "Y", "yes", "no"),
        }
    )
    trial = ba.as_trial({"subjects": subjects, "adverse_events": events}, name="CDISC pilot")
    times = ba.times.first_event(trial, "DERMATOLOGIC EVENTS", rule=ba.safety.AS_FLAGGED).set_index("subject")
    published = read["adtte"].set_index("USUBJID").loc[times.index]
    np.testing.assert_array_equal(times["time"], published["AVAL"])
    np.testing.assert_array_equal(times["observed"], published["CNSR"] < 0.5)
    assert times["observed"].sum() == 152

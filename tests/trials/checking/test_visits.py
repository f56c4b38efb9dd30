"""Visits in time's order, the baseline among them, and those that are not scheduled."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.frames.days import day_of_visit

SUBJECTS = "subject,arm\n" + "".join(f"S{i},{'P' if i % 2 else 'T'}\n" for i in range(1, 9))


def trial_at(trial_folder, names, settings="", *, scale="HIT-6", days=None):
    """Every subject assessed at each of the visits, in the order given."""
    head = "subject,scale,visit,value" + (",day" if days else "") + "\n"
    rows = "".join(
        f"S{i},{scale},{name},{60 + i - at}" + (f",{days[at]}" if days else "") + "\n"
        for i in range(1, 9)
        for at, name in enumerate(names)
    )
    return ba.load_trial(trial_folder(subjects_csv=SUBJECTS, assessments_csv=head + rows, trial_toml=settings))


def order(trial):
    return list(trial.assessments["visit"].cat.categories)


@pytest.mark.parametrize(
    "names",
    [
        ["Week 2", "Week 6", "Month 3", "Month 6"],
        ["Day 14", "Month 1", "Week 12"],
        ["Month 6", "Year 1"],
        ["4 weeks", "3 months", "1 year"],
        ["D14", "W4", "M3", "Y1"],
        ["week-4", "week-8", "week-12"],
        ["wk 4", "mo 3", "yr 2"],
        ["2 wks", "2 mths", "2 yrs"],
        ["1st week", "2nd month", "3rd year"],
        ["Week 12 (EOT)", "follow-up at week 24"],
        ["Visit 2", "Visit 9", "Visit 10"],
        ["V2", "V9", "V10"],
        ["2", "9", "10"],
        ["first", "second", "third"],
        ["days 1 to 28", "days 29 to 56"],
    ],
)
@pytest.mark.parametrize("shuffled", [False, True])
def test_visits_come_in_the_order_of_the_time_that_their_names_tell(trial_folder, names, shuffled):
    told = not np.isnan(day_of_visit(names[0])) or any(letter.isdigit() for letter in names[0])
    given = names[::-1] if shuffled and told else names
    assert order(trial_at(trial_folder, ["baseline", *given])) == ["baseline", *names]


def test_visits_come_in_the_order_of_their_days_whatever_their_names(trial_folder):
    trial = trial_at(trial_folder, ["end", "start", "baseline"], days=[168, 28, -1])
    assert order(trial) == ["baseline", "start", "end"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["week 4", "end of study"], "found 'end of study' without a day, beside 'week 4'"),
        (["week 4", "V3"], "found 'V3' without a day, beside 'week 4'"),
        (["week 4", "day 28"], "which their names contradict"),
        (["week 4", "week 12 or month 4"], "without a day"),
    ],
)
def test_visits_of_unknown_order_are_refused_with_the_line_that_orders_them(trial_folder, names, said):
    with pytest.raises(ba.DataError, match=rf"{said}.*expected visits = \[\.\.\.\] in trial\.toml, in time"):
        trial_at(trial_folder, ["baseline", *names])


def test_days_that_contradict_the_names_of_visits_are_refused(trial_folder):
    with pytest.raises(ba.DataError, match="found 'week 8', 'week 4' in this order of their days, which their names contradict"):
        trial_at(trial_folder, ["baseline", "week 4", "week 8"], days=[-1, 57, 29])


def test_the_settings_have_the_last_word_on_the_order(trial_folder):
    trial = trial_at(trial_folder, ["baseline", "week 4", "end"], 'visits = ["end", "week 4"]')
    assert order(trial) == ["baseline", "end", "week 4"]


def test_a_single_contradictory_day_is_noted_with_its_row_and_subject(trial_folder):
    rows = "subject,scale,visit,value,day\n" + "".join(
        f"S{i},X,{visit},5,{day}\n" for i in range(1, 9) for visit, day in (("baseline", -1), ("week 4", 28), ("week 8", 56))
    )
    rows = rows.replace("S3,X,week 8,5,56", "S3,X,week 8,5,26")
    told = ba.load_trial(trial_folder(subjects_csv=SUBJECTS, assessments_csv=rows)).left_out
    assert told["reason"].tolist() == [
        "days that contradict the visit or each other, first in row 10: subject 'S3', 'week 8' on day 26"
    ]
    assert told["n"].tolist() == [1]


@pytest.mark.parametrize("day", [2, 30])
def test_a_baseline_after_the_start_of_treatment_is_noted(trial_folder, day):
    told = trial_at(trial_folder, ["baseline", "week 8"], days=[day, 56]).left_out
    assert told["n"].tolist() == [8]


# Baseline -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "screening",
        "Screening visit",
        "BL",
        "Base line",
        "day -1",
        "Day 1",
        "week 0",
        "visit 1",
        "V1",
        "pre-treatment",
        "Pre dose",
        "randomisation",
        "run-in",
        "enrolment",
        "month 0",
        "0",
    ],
)
def test_a_scale_without_a_baseline_is_refused_with_the_visit_that_looks_like_one(trial_folder, name):
    others = ["V2", "V3"] if name == "V1" else ["visit 2", "visit 3"] if name == "visit 1" else ["4", "8"] if name == "0" else []
    others = others or (["first", "second"] if np.isnan(day_of_visit(name)) else ["week 4", "week 8"])
    with pytest.raises(ba.DataError, match=rf"found no 'baseline' of 'HIT-6'.*expected baseline = \"{name}\" in trial\.toml"):
        trial_at(trial_folder, [name, *others])


def test_a_scale_without_a_baseline_or_a_similar_visit_is_refused_with_the_line_that_declares_it(trial_folder):
    with pytest.raises(
        ba.DataError, match=r"expected \[scales\.\"PGIC\"\] baseline = false in trial\.toml for a scale without a baseline"
    ):
        trial_at(trial_folder, ["week 4", "week 8"], scale="PGIC")


def test_a_scale_without_a_baseline_is_accepted_if_declared(trial_folder):
    trial = trial_at(trial_folder, ["week 4", "week 8"], '[scales."PGIC"]\nbaseline = false', scale="PGIC")
    assert order(trial) == ["week 4", "week 8"]
    assert ba.scale("PGIC").derive(trial)["baseline"].isna().all()


def test_a_scale_with_a_baseline_that_is_declared_without_one_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match="found 'baseline' of 'PGIC' beside"):
        trial_at(trial_folder, ["baseline", "week 8"], '[scales."PGIC"]\nbaseline = false', scale="PGIC")


def test_settings_of_a_scale_that_is_not_there_are_refused(trial_folder):
    with pytest.raises(
        ba.DataError, match=r"trial\.toml, \[scales\]: found 'PGI'; expected scales of assessments\.csv, some of 'PGIC'"
    ):
        trial_at(trial_folder, ["baseline", "week 8"], '[scales."PGI"]\nbaseline = false', scale="PGIC")


@pytest.mark.parametrize(
    ("names", "days"), [(["week -4", "baseline", "week 4"], None), (["first", "baseline", "second"], [-30, -1, 28])]
)
def test_a_visit_before_treatment_that_is_not_the_baseline_is_left_out_and_counted(trial_folder, names, days):
    trial = trial_at(trial_folder, names, days=days)
    assert order(trial) == names[1:]
    assert trial.left_out["reason"].tolist() == [f"'{names[0]}': before treatment and not the baseline, left out"]
    assert trial.left_out["n"].tolist() == [8]


def test_a_visit_named_before_the_baseline_is_before_treatment(trial_folder):
    trial = trial_at(trial_folder, ["screening", "baseline", "end"], 'visits = ["screening", "baseline", "end"]')
    assert order(trial) == ["baseline", "end"]


def test_a_baseline_of_the_settings_beside_another_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match="found a visit 'baseline' beside baseline = 'screening'"):
        trial_at(trial_folder, ["screening", "Baseline", "week 4"], 'baseline = "screening"')


# Unscheduled visits ---------------------------------------------------------------------------------------------------


def test_unscheduled_visits_are_left_out_and_counted(trial_folder):
    trial = trial_at(trial_folder, ["baseline", "week 4", "ET", "ET"], 'unscheduled = ["ET"]')
    assert order(trial) == ["baseline", "week 4"]
    assert trial.left_out.to_numpy().tolist() == [["assessments.csv, visit", "'ET': an unscheduled visit, left out", 16]]


def test_an_unscheduled_visit_that_is_not_there_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"found unscheduled = \['UNS'\]; expected visits of assessments\.csv, some of"):
        trial_at(trial_folder, ["baseline", "week 4"], 'unscheduled = ["UNS"]')


WINDOWS = "[windows]\n'week 4' = [15, 42]\n'week 12' = [71, 98]\n"


@pytest.mark.parametrize(("choice", "value"), [("nearest", 12.0), ("last", 13.0)])
def test_windows_assign_visits_by_their_days(trial_folder, choice, value):
    rows = "subject,scale,visit,value,day\n" + "".join(
        f"S{i},X,baseline,20,-1\nS{i},X,V2,11,20\nS{i},X,UNS,12,29\nS{i},X,V3,13,40\nS{i},X,V4,14,60\nS{i},X,V5,15,84\n"
        for i in range(1, 9)
    )
    settings = f'within_window = "{choice}"\n{WINDOWS}'
    trial = ba.load_trial(trial_folder(subjects_csv=SUBJECTS, assessments_csv=rows, trial_toml=settings))
    assert order(trial) == ["baseline", "week 4", "week 12"]
    assert trial.assessments["value"].tolist() == [20.0, value, 15.0] * 8
    assert dict(zip(trial.left_out["reason"].str.slice(0, 40), trial.left_out["n"], strict=True)) == {
        "assessments in no window: left out": 8,
        "further assessments in a window, of whic": 16,
        "assessments assigned to another visit by": 16,
    }


def test_of_two_assessments_as_near_the_later_counts_and_an_empty_one_never(trial_folder):
    rows = "subject,scale,visit,value,day\nS1,X,baseline,20,-1\nS1,X,a,1,27\nS1,X,b,2,29\nS1,X,c,9,80\n"
    rows += "S2,X,baseline,20,-1\nS2,X,a,3,20\nS2,X,b,,28\n"
    trial = ba.load_trial(trial_folder(subjects_csv=SUBJECTS, assessments_csv=rows, trial_toml=WINDOWS))
    assert trial.assessments.query("visit == 'week 4'")["value"].tolist() == [2.0, 3.0]


def test_two_assessments_of_one_day_in_a_window_are_a_repeat(trial_folder):
    rows = "subject,scale,visit,value,day\nS1,X,baseline,20,-1\nS1,X,a,1,28\nS1,X,b,2,28\nS1,X,c,3,84\n"
    with pytest.raises(
        ba.DataError, match=r"assessments\.csv, row 4: found subject 'S1', scale 'X', visit 'week 4' a second time"
    ):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, assessments_csv=rows, trial_toml=WINDOWS))


@pytest.mark.parametrize(
    "settings",
    [
        "[windows]\n'week 4' = [28]",
        "[windows]\n'week 4' = [28, 14]",
        "[windows]\n'week 4' = [1, 28]\n'week 8' = [28, 56]",
        "[windows]\n'week 4' = 28",
        "within_window = 'first'",
        "[windows]\n'week 4' = [1.5, 28]",
    ],
)
def test_windows_that_cannot_be_are_refused(trial_folder, settings):
    with pytest.raises(ba.DataError, match=r"trial\.toml"):
        trial_at(trial_folder, ["baseline", "week 4"], settings, days=[-1, 28])


def test_windows_without_days_are_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"found \[windows\], which need days; assessments\.csv has no column 'day' or 'date'"):
        trial_at(trial_folder, ["baseline", "week 4"], WINDOWS)


def test_visits_of_frames_follow_the_same_rules():
    frame = pd.DataFrame({"subject": "a", "scale": "X", "visit": ["Month 3", "Week 2", "Baseline"], "value": 1.0})
    trial = ba.as_trial({"subjects": pd.DataFrame({"subject": ["a"]}), "assessments": frame}, name="t")
    assert order(trial) == ["baseline", "Week 2", "Month 3"]


# Days and visits ------------------------------------------------------------------------------------------------------

ORDER = ["baseline", "week 4", "week 8", "end"]
DAY_OF = {"baseline": 0, "week 4": 28, "week 8": 56}


def contradicts(rows, at):
    """Whether the day of a row contradicts its visit, or a row of the subject at an earlier visit: the definition."""
    subject, scale, visit, day = rows[at]
    if day is None:
        return False
    if day > 1 if visit == "baseline" else day < 1:
        return True
    if visit in DAY_OF and visit != "baseline" and min(abs(day - of) for of in DAY_OF.values()) < abs(day - DAY_OF[visit]):
        return True
    return any(
        other[:2] == (subject, scale) and other[3] is not None and other[3] > day and ORDER.index(other[2]) < ORDER.index(visit)
        for other in rows
    )


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.sampled_from("XY"), st.sampled_from(ORDER)),
        st.one_of(st.none(), st.integers(1, 90), st.integers(-3, -1)),
        max_size=16,
    )
)
def test_rows_whose_days_contradict_are_those_of_the_definition(days):
    # Further subjects at all visits, so that every order has its visits, and most of their days are of their names.
    planned = zip(ORDER, (-1, 28, 56, 80), strict=True)
    full = {(subject, scale, visit): day for visit, day in planned for subject in "defghijk" for scale in "XY"}
    rows = [(*key, day) for key, day in (full | days).items()]
    frame = pd.DataFrame(rows, columns=["subject", "scale", "visit", "day"]).assign(value=1.0)
    subjects = pd.DataFrame({"subject": list("abcdefghijk"), "arm": "toxin"})
    trial = ba.as_trial({"subjects": subjects, "assessments": frame}, name="t", visits=ORDER)
    noted = trial.left_out[trial.left_out["where"] == "assessments, day"]["n"]
    assert noted.sum() == sum(contradicts(rows, at) for at in range(len(rows)))


def test_scales_and_visits_without_rows_are_not_asked_for():
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": "toxin"})
    names = pd.CategoricalDtype(["Y", "X", "x"])
    visits = pd.CategoricalDtype(["V9", "second", "v9", "baseline"])
    frame = pd.DataFrame({
        "subject": ["a", "a", "b"], "scale": pd.Series(["X"] * 3, dtype=names),
        "visit": pd.Series(["baseline", "second", "baseline"], dtype=visits), "value": [1, 2, 3],
    })  # fmt: skip
    trial = ba.as_trial({"subjects": subjects, "assessments": frame}, name="t")
    assert list(trial.assessments["visit"].cat.categories) == ["baseline", "second"]
    assert trial.assessments["scale"].tolist() == ["X"] * 3
    assert not isinstance(trial.assessments["scale"].dtype, pd.CategoricalDtype)


def test_a_scale_of_unscheduled_visits_alone_needs_no_baseline(trial_folder):
    rows = "subject,scale,visit,value\nS1,X,baseline,5\nS1,X,week 4,4\nS1,Y,extra,3\n"
    folder = trial_folder(subjects_csv=SUBJECTS, assessments_csv=rows, trial_toml='unscheduled = ["extra"]\n')
    assert ba.load_trial(folder).assessments["scale"].tolist() == ["X", "X"]

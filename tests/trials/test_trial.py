"""`Trial` and `as_trial`: the order of arms and visits, and the rows of a population."""

import dataclasses

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.trial import ALL_RANDOMISED, checked_trial

SUBJECTS = pd.DataFrame(
    {
        "subject": ["a", "b", "c"],
        "arm": ["T", "P", "T"],
        "itt": ["yes", "yes", "no"],
        "safety": ["no", "yes", "yes"],
        "completed": ["yes", "no", "yes"],
        "last_day": [168, 20, 168],
        "age": [30, 40, 50],
    }
)
DIARY = pd.DataFrame({"subject": ["c", "a", "b", "a"], "day": [1, 1, 1, 2], "headache_hours": [1.0, 2.0, 3.0, 4.0]})
EVENTS = pd.DataFrame({"subject": ["c", "b"], "term": ["X", "Y"]})


def trial_of(subjects=SUBJECTS, *, arms=None, visits=None, **tables):
    return ba.as_trial({"subjects": subjects, **tables}, name="t", arms=arms, visits=visits)


def scores_at(*visits, **columns):
    return pd.DataFrame({"subject": "a", "scale": "NRS", "visit": visits, "value": 1.0, **columns})


def visits_of(trial):
    return list(trial.assessments["visit"].cat.categories)


# Tables and arms ------------------------------------------------------------------------------------------------------


def test_a_trial_without_subjects_is_refused():
    with pytest.raises(ba.DataError, match="t: found tables 'diary'; expected 'subjects' and any of 'diary', 'assessments'"):
        ba.as_trial({"diary": DIARY}, name="t")


def test_a_table_of_another_name_is_refused():
    with pytest.raises(ba.DataError, match="found tables 'subjects', 'visits'; expected 'subjects' and any of"):
        ba.as_trial({"subjects": SUBJECTS, "visits": SUBJECTS}, name="t")


def test_arms_come_in_order_of_appearance():
    assert trial_of().arms == ["T", "P"]


def test_arms_come_in_the_order_named():
    assert trial_of(arms=["P", "T"]).arms == ["P", "T"]


def test_arms_come_in_the_order_of_a_categorical_column():
    subjects = SUBJECTS.assign(arm=pd.Categorical(SUBJECTS["arm"], categories=["P", "T"]))
    assert trial_of(subjects).arms == ["P", "T"]


def test_subjects_without_arms_are_a_trial_with_one_arm():
    trial = trial_of(SUBJECTS.drop(columns="arm"))
    assert trial.arms == ["all subjects"]
    assert trial.subjects["arm"].tolist() == ["all subjects"] * 3


def test_an_unknown_arm_is_refused_with_its_row():
    with pytest.raises(ba.DataError, match=r"subjects, row 3, column 'arm': found 'P'; .*'T', 'X'"):
        trial_of(arms=["T", "X"])


def test_an_actual_arm_without_any_randomised_subject_is_refused():
    with pytest.raises(ba.DataError, match="row 3, column 'actual_arm': found 'Z'"):
        trial_of(SUBJECTS.assign(actual_arm=["T", "Z", None]))


def test_an_actual_arm_may_be_unknown_and_has_the_order_of_arms():
    actual = trial_of(SUBJECTS.assign(actual_arm=["T", None, "P"]), arms=["P", "T"]).subjects["actual_arm"]
    assert list(actual.cat.categories) == ["P", "T"]
    assert actual.isna().tolist() == [False, True, False]


def test_a_trial_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        trial_of().name = "other"


def test_what_describes_a_subject_is_a_covariate_and_nothing_else_is():
    assert trial_of(SUBJECTS.assign(site="S1")).covariates == ["age", "site"]


def test_a_population_named_by_the_user_is_no_covariate():
    trial = ba.as_trial({"subjects": SUBJECTS.assign(mitt="yes")}, name="t", settings={"populations": ["mitt"]})
    assert trial.populations == ("itt", "safety", "mitt")
    assert trial.covariates == ["age"]


def test_tables_may_be_called_by_their_files_in_messages():
    with pytest.raises(ba.DataError, match=r"^people\.xlsx, row 2, column 'itt'"):
        checked_trial({"subjects": SUBJECTS.assign(itt="maybe")}, name="t", settings={}, files={"subjects": "people.xlsx"})


def test_the_order_of_arms_may_be_a_tuple():
    assert trial_of(arms=("T", "P")).arms == ["T", "P"]


# Visits ---------------------------------------------------------------------------------------------------------------


def test_visits_are_in_time_by_the_number_in_their_names():
    assert visits_of(trial_of(assessments=scores_at("week 12", "week 4", "baseline"))) == ["baseline", "week 4", "week 12"]


def test_visits_are_in_time_by_their_days():
    scores = scores_at("end", "start", "baseline", day=[168, 28, -1])
    assert visits_of(trial_of(assessments=scores)) == ["baseline", "start", "end"]


def test_a_visit_without_a_day_in_its_name_among_others_is_refused():
    with pytest.raises(ba.DataError, match=r"found 'follow-up' without a day, beside 'week 12', 'week 4'; expected visits = "):
        trial_of(assessments=scores_at("baseline", "follow-up", "week 12", "week 4"))


def test_visits_come_in_the_order_named():
    scores = scores_at("early", "late", "baseline")
    assert visits_of(trial_of(assessments=scores, visits=["baseline", "late", "early"])) == ["baseline", "late", "early"]


def test_an_unknown_visit_is_refused_with_its_row():
    with pytest.raises(ba.DataError, match=r"assessments, row 3, column 'visit': found 'week 99'; .*'baseline', 'week 4'"):
        trial_of(assessments=scores_at("baseline", "week 99", "week 4"), visits=["baseline", "week 4"])


@pytest.mark.parametrize("word", ["Baseline", "BASELINE"])
def test_baseline_in_capitals_is_baseline(word):
    assert visits_of(trial_of(assessments=scores_at("week 4", word))) == ["baseline", "week 4"]


# Populations ----------------------------------------------------------------------------------------------------------


def test_a_population_keeps_the_rows_of_its_subjects_in_every_table():
    happened = pd.DataFrame({"subject": ["c", "b"], "kind": "death", "day": [9, 7]})
    trial = trial_of(
        diary=DIARY, adverse_events=EVENTS, assessments=scores_at("baseline", "week 4"), intercurrent_events=happened
    ).restrict("itt")
    assert trial.subjects["subject"].tolist() == ["a", "b"]
    assert trial.diary["headache_hours"].tolist() == [2.0, 3.0, 4.0]
    assert trial.diary["subject"].tolist() == ["a", "b", "a"]
    assert trial.adverse_events["term"].tolist() == ["Y"]
    assert trial.intercurrent_events["day"].tolist() == [7]
    assert len(trial.assessments) == 2
    assert trial.population == "itt"


def test_a_restricted_trial_is_the_trial_of_those_subjects_alone():
    restricted = trial_of(diary=DIARY, arms=["P", "T"]).restrict("safety")
    alone = trial_of(SUBJECTS.iloc[1:], diary=DIARY[DIARY["subject"] != "a"], arms=["P", "T"])
    pd.testing.assert_frame_equal(restricted.subjects, alone.subjects)
    pd.testing.assert_frame_equal(restricted.diary, alone.diary)


def test_all_randomised_is_the_trial_itself():
    trial = trial_of()
    assert trial.population == ALL_RANDOMISED
    assert trial.restrict(ALL_RANDOMISED) is trial


def test_restricting_leaves_the_trial_as_it_was():
    trial = trial_of(diary=DIARY)
    trial.restrict("itt")
    assert len(trial.subjects) == 3
    assert len(trial.diary) == 4


def test_two_populations_leave_those_in_both_in_either_order():
    one, other = trial_of().restrict("itt").restrict("safety"), trial_of().restrict("safety").restrict("itt")
    assert one.subjects["subject"].tolist() == other.subjects["subject"].tolist() == ["b"]
    assert one.population == "itt, safety"


def test_the_same_population_twice_is_that_population():
    assert trial_of().restrict("itt").restrict("itt").population == "itt"


def test_an_unknown_population_is_refused_with_those_there_are():
    with pytest.raises(ba.DataError, match="t has no population 'mitt'; its populations are 'all randomised', 'itt', 'safety'"):
        trial_of().restrict("mitt")


def test_a_column_that_is_no_population_cannot_be_restricted_to():
    with pytest.raises(ba.DataError, match="t has no population 'completed'"):
        trial_of().restrict("completed")


def test_an_empty_population_is_refused():
    with pytest.raises(ba.DataError, match="found no subject in the population 'itt'; expected at least one"):
        trial_of(SUBJECTS.assign(itt="no")).restrict("itt")


def test_a_restricted_trial_refuses_to_go_back_to_all_randomised():
    with pytest.raises(ba.DataError, match="restricted to 'itt'"):
        trial_of().restrict("itt").restrict(ALL_RANDOMISED)


def test_every_population_of_the_simulated_trial_keeps_whole_diaries(simulated):
    for population in simulated.populations:
        kept = simulated.restrict(population)
        n_days = simulated.diary["subject"].astype(str).value_counts()
        assert kept.diary["subject"].astype(str).value_counts().sum() == n_days[kept.subjects["subject"]].sum()

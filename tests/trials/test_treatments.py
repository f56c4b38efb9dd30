"""Treatments: their checks, day 1 and the last dose that follow from them, time at risk after the last dose."""

import pandas as pd
import pytest

import botox_analysis as ba

SUBJECTS = pd.DataFrame({"subject": ["a", "b", "c"], "arm": ["155 U", "placebo", "155 U"], "last_day": [168, 168, 20]})
TREATMENTS = pd.DataFrame(
    {
        "subject": ["a", "a", "b"],
        "day": [1, 85, 1],
        "cycle": [1, 2, 1],
        "product": ["onabotulinumtoxinA", "onabotulinumtoxinA", "placebo"],
        "dose": [155, 195.5, 0],
    }
)


def trial_of(treatments=TREATMENTS, subjects=SUBJECTS, **more):
    return ba.as_trial({"subjects": subjects, "treatments": treatments, **more}, name="t")


def notes_of(trial, place):
    of = trial.left_out["where"].str.startswith(place)
    return dict(zip(trial.left_out.loc[of, "reason"], trial.left_out.loc[of, "n"], strict=True))


def test_rows_in_any_order_keep_their_cells():
    shuffled = TREATMENTS.sample(frac=1, random_state=1)
    read = trial_of(shuffled).treatments
    again = read.sort_values(["subject", "day"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(again, trial_of().treatments)


def test_the_last_dose_is_the_last_treatment_where_subjects_do_not_state_it():
    trial = trial_of()
    assert trial.subjects["last_dose_day"].tolist()[:2] == [85, 1]
    assert trial.subjects["last_dose_day"].isna().tolist() == [False, False, True]
    assert notes_of(trial, "subjects, last_dose_day") == {"empty: the last treatment is taken": 2}


def test_time_at_risk_after_the_last_dose_uses_the_treatments():
    at_risk = ba.safety.time_at_risk(trial_of(), rule=ba.safety.WITHIN_30_DAYS)
    assert at_risk["end_day"].tolist() == [115, 31, 20]


@pytest.mark.parametrize(("stated", "reason"), [(100, "later than the last treatment: kept"), (85, None)])
def test_a_stated_last_dose_that_is_not_earlier_is_kept(stated, reason):
    trial = trial_of(subjects=SUBJECTS.assign(last_dose_day=[stated, 1, None]))
    assert trial.subjects["last_dose_day"].iloc[0] == stated
    assert (reason in notes_of(trial, "subjects, last_dose_day")) == (reason is not None)


def test_a_stated_last_dose_before_a_treatment_is_refused():
    with pytest.raises(ba.DataError, match=r"subjects, row 2, column 'last_dose_day'.*day 84 of subject 'a'.*day 85"):
        trial_of(subjects=SUBJECTS.assign(last_dose_day=[84, 1, None]))


def test_treatments_before_day_1_are_kept_and_are_no_exposure():
    trial = trial_of(TREATMENTS.assign(day=[-30, 1, -30], cycle=None))
    assert len(trial.treatments) == 3
    assert trial.subjects["last_dose_day"].fillna(0).tolist() == [1, 0, 0]
    assert notes_of(trial, "treatments, day")["treatments before day 1: kept, and no exposure"] == 2


def test_equal_rows_are_further_injections_and_are_counted():
    trial = trial_of(pd.concat([TREATMENTS, TREATMENTS.iloc[[0, 0]]]))
    assert len(trial.treatments) == 5
    assert notes_of(trial, "treatments")["rows equal to an earlier one: kept as further injections"] == 2


def test_a_first_treatment_after_day_1_is_noted():
    assert list(notes_of(trial_of(TREATMENTS.assign(day=[1, 85, 3])), "treatments, day")) == [
        "first treatment after day 1, as of subject 'b' on day 3: kept"
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"day": [1, 0, 1]}, "column 'day': found 0"),
        ({"day": [1, None, 1]}, "row 3, column 'day': found nothing"),
        ({"day": [1, 2.5, 1]}, "column 'day': found 2.5"),
        ({"dose": [155, -1, 0]}, "column 'dose': found -1; expected units, 0 or more"),
        ({"dose": [155, "155 U", 0]}, "column 'dose': found '155 U'"),
        ({"cycle": [1, 0, 1]}, "column 'cycle': found 0"),
        ({"cycle": [1, 1.5, 1]}, "column 'cycle': found 1.5"),
        ({"cycle": [2, 1, 1]}, "row 3, column 'cycle': found cycle 1 of subject 'a' on day 85"),
        ({"day": [1, 1, 1]}, "row 3, column 'cycle': found cycle 2 of subject 'a' on day 1"),
        ({"product": ["onabotulinumtoxinA", None, "placebo"]}, "row 3, column 'product': found nothing; expected the product"),
        ({"product": ["toxin A", "Toxin A", "placebo"]}, "'toxin A' and 'Toxin A'"),
        ({"subject": ["a", "a", "z"]}, "column 'subject': found 'z'; expected a subject of subjects"),
    ],
)
def test_an_impossible_treatment_is_refused(change, message):
    with pytest.raises(ba.DataError, match=message):
        trial_of(TREATMENTS.assign(**change))


def test_a_cycle_may_have_several_days_and_sites():
    rows = pd.concat([TREATMENTS, pd.DataFrame({"subject": ["a"], "day": [90], "cycle": [2], "product": ["x"], "dose": [5]})])
    assert len(trial_of(rows).treatments) == 4


def test_a_header_without_rows_derives_no_dose():
    trial = trial_of(TREATMENTS.iloc[:0])
    assert len(trial.treatments) == 0
    assert "last_dose_day" not in trial.subjects.columns


DATED = pd.DataFrame({"subject": ["b", "a", "a"], "date": ["2024-02-01", "2024-04-04", "2024-01-11"]})


def test_day_1_is_the_first_treatment_where_subjects_have_no_date_of_it():
    diary = pd.DataFrame({"subject": ["a", "b"], "date": ["2024-01-10", "2024-02-01"], "headache": ["yes", "no"]})
    trial = trial_of(DATED, diary=diary)
    assert trial.treatments["day"].tolist() == [1, 85, 1]
    assert trial.diary["day"].tolist() == [-1, 1]
    assert trial.left_out["reason"].str.startswith("day 1 is the first treatment").sum() == 1


def test_the_date_of_the_first_dose_of_subjects_prevails():
    trial = trial_of(DATED, SUBJECTS.assign(first_dose_date=["2024-01-10", "2024-02-01", None]))
    assert trial.treatments["day"].tolist() == [1, 86, 2]


def test_dates_of_a_subject_without_treatment_are_refused():
    diary = pd.DataFrame({"subject": ["c"], "date": ["2024-01-10"], "headache": ["yes"]})
    with pytest.raises(ba.DataError, match="treatments, column 'date': found nothing for subject 'c', who has dates in diary"):
        trial_of(DATED, diary=diary)


def test_a_wrong_date_of_treatment_is_one_problem():
    with pytest.raises(ba.DataError) as caught:
        trial_of(DATED.assign(date=["2024-02-01", "2024-02-31", "2024-01-11"]))
    assert caught.value.problems["found"].tolist() == ["'2024-02-31'"]


def test_a_restricted_trial_has_the_treatments_of_its_subjects():
    safe = trial_of(subjects=SUBJECTS.assign(safety=["yes", "no", "yes"])).restrict("safety")
    assert safe.treatments["subject"].tolist() == ["a", "a"]


def test_validate_counts_injections_subjects_products_cycles_and_doses():
    shown = ba.validate_trial(trial_of()).understood.query("what == 'treatments'")["found"].tolist()
    assert shown == [
        "3 of 2 subjects, study days 1 to 85",
        "none of 1 subject",
        "onabotulinumtoxinA: 2 of 1 subject, dose 155 to 195.5",
        "placebo: 1 of 1 subject, dose 0",
        "cycles 1 to 2",
    ]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_give_the_trial_of_the_frames(tmp_path, suffix):
    for name, frame in {"subjects": SUBJECTS, "treatments": TREATMENTS}.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False) if suffix == "csv" else frame.to_parquet(tmp_path / f"{name}.parquet")
    read, made = ba.load_trial(tmp_path), trial_of()
    pd.testing.assert_frame_equal(read.treatments, made.treatments)
    pd.testing.assert_frame_equal(read.subjects, made.subjects)

"""Attacks of a trial: their checks, the diary that is completed or made by them, files and frames."""

import datetime

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

SUBJECTS = pd.DataFrame(
    {"subject": ["a", "b"], "arm": ["155 U", "placebo"], "last_day": [10, 5], "first_dose_date": "2024-01-01"}
)
ATTACKS = pd.DataFrame(
    {
        "subject": ["a", "a", "b", "a"],
        "start": ["2024-01-02 22:00", "2024-01-03T01:00", "2023-12-31 10:00", "2024-01-05 12:00"],
        "end": ["2024-01-03 04:00", "2024-01-03 06:30", "2024-01-01 00:00", "2024-01-05 14:00"],
        "severity": ["mild", "severe", "moderate", None],
        "nausea": ["yes", "no", None, "no"],
        "triptans": [1, 1, 0, 2],
        "peak": [3, 8, 5, None],
    }
)
DIARY = pd.DataFrame({"subject": ["a", "a", "a", "b"], "day": [1, 2, 4, -1], "headache": ["no", "yes", "no", "yes"]})
FROM = {"attacks": {"recorded_from": -2}}


def trial_of(rows=ATTACKS, *, diary=None, subjects=SUBJECTS, contradictions=None, **settings):
    tables = {"subjects": subjects, "attacks": rows} | ({} if diary is None else {"diary": diary})
    of_diary = {"diary": {"contradictions": contradictions}} if contradictions else {}
    return ba.as_trial(tables, name="t", settings=settings | of_diary)


def notes_of(trial, place="attacks"):
    of = trial.left_out["where"].str.startswith(place)
    return dict(zip(trial.left_out.loc[of, "reason"], trial.left_out.loc[of, "n"], strict=True))


def by_day(trial, column):
    return {(subject, day): cell for subject, day, cell in trial.diary[["subject", "day", column]].itertuples(index=False)}


def test_without_a_diary_each_day_from_the_one_named_to_the_last_is_recorded():
    diary = trial_of(**FROM).diary
    assert diary.groupby("subject", observed=True)["day"].agg(list).tolist() == [
        [-2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        [-2, -1, 1, 2, 3, 4, 5],
    ]
    assert diary["headache"].notna().all()
    assert diary.loc[diary["headache"].astype(bool), "day"].tolist() == [2, 3, 5, -1]
    assert diary.loc[~diary["headache"].astype(bool), "headache_hours"].eq(0).all()


def test_hours_and_doses_of_the_days_sum_to_those_of_the_attacks():
    diary = trial_of(**FROM).diary
    assert diary["headache_hours"].sum() == 8.5 + 14 + 2
    assert diary["triptans"].sum() == ATTACKS["triptans"].sum()
    assert diary["triptans"].notna().all()


def test_headache_days_are_counted_from_the_days_of_the_attacks():
    days = pd.DataFrame({"subject": "a", "start": [f"2024-01-{day:02} 08:00" for day in range(1, 29, 2)]})
    attacks = days.assign(end=days["start"].str.replace("08:00", "14:00"))
    trial = trial_of(attacks, subjects=SUBJECTS.assign(last_day=28), attacks={"recorded_from": -28})
    outcomes = ba.HEADACHE_DAYS.derive(trial)
    assert outcomes.loc[outcomes["subject"] == "a", ["baseline", "value"]].to_numpy().tolist() == [[0, 14]]


def test_without_a_diary_and_without_a_first_day_the_trial_is_refused():
    with pytest.raises(ba.DataError, match=r"no diary.*expected a diary, or recorded_from = -28"):
        trial_of()


def test_a_first_day_beside_a_diary_is_refused():
    with pytest.raises(ba.DataError, match="found recorded_from under"):
        trial_of(diary=DIARY, **FROM)


def test_a_first_day_needs_the_last_days():
    with pytest.raises(ba.DataError, match="no last_day"):
        trial_of(subjects=SUBJECTS.drop(columns="last_day"), **FROM)


def test_a_subject_without_a_last_day_is_recorded_up_to_the_last_attack():
    trial = trial_of(subjects=SUBJECTS.assign(last_day=[None, 5]), **FROM)
    assert trial.diary.loc[trial.diary["subject"] == "a", "day"].max() == 5
    assert notes_of(trial)["subjects without a last day: recorded up to their last attack"] == 1


def test_a_diary_keeps_its_rows_and_gains_the_days_of_the_attacks():
    trial = trial_of(diary=DIARY)
    assert trial.diary[["subject", "day"]].iloc[:4].to_numpy().tolist() == DIARY[["subject", "day"]].to_numpy().tolist()
    hours = by_day(trial, "headache_hours")
    assert hours["a", 2] == 2
    assert hours["a", 3] == 6.5
    assert np.isnan(hours["a", 1])
    assert bool(by_day(trial, "headache")["a", 5])
    assert notes_of(trial)["days of attacks without a row in the diary: added"] == 2


def test_a_diary_without_headache_on_a_day_of_an_attack_is_a_contradiction():
    diary = DIARY.assign(day=[1, 2, 5, -1])
    with pytest.raises(ba.DataError, match=r"diary, row 4, column 'headache': found headache 'no' beside an attack 'yes'"):
        trial_of(diary=diary)


@pytest.mark.parametrize(
    ("rule", "headache", "hours"),
    [("headache decides", False, None), ("hours decide", False, None), ("headache day", True, 2), ("not recorded", None, None)],
)
def test_a_contradiction_is_resolved_by_the_rule_of_the_diary(rule, headache, hours):
    trial = trial_of(diary=DIARY.assign(day=[1, 2, 5, -1]), contradictions=rule)
    found = by_day(trial, "headache")["a", 5]
    assert (None if pd.isna(found) else found) == headache
    found = by_day(trial, "headache_hours")["a", 5]
    assert (None if pd.isna(found) else found) == hours
    assert by_day(trial, "triptans")["a", 5] == 2


def test_a_known_cell_of_the_diary_prevails_and_is_counted():
    trial = trial_of(diary=DIARY.assign(headache_hours=[0, 5, 0, 14]))
    assert by_day(trial, "headache_hours")["a", 2] == 5
    assert notes_of(trial)["days on which the diary differs from the attacks: the diary is taken"] == 1


def test_doses_of_an_attack_are_not_blank():
    tables = {"subjects": SUBJECTS, "attacks": ATTACKS.rename(columns={"triptans": "acute_medication"})}
    diary = DIARY.assign(acute_medication=[None, None, None, 3])
    trial = ba.as_trial(tables | {"diary": diary}, name="t", settings={"diary": {"blank_dose": "none taken"}})
    doses = by_day(trial, "acute_medication")
    assert [doses["a", day] for day in (1, 2, 3, 4, 5)] == [0, 1, 1, 0, 2]
    assert doses["b", -1] == 3


def test_attacks_in_study_days_and_times_give_the_days_of_those_in_dates():
    in_days = ATTACKS.drop(columns=["start", "end"]).assign(
        start_day=[2, 3, -1, 5], start_time=["22:00", "1:00", "10:00", 12], end_day=[3, 3, -1, 5],
        end_time=["04:00", "6.5", "24:00", datetime.time(14)],
    )  # fmt: skip
    one, other = trial_of(in_days, **FROM), trial_of(**FROM)
    pd.testing.assert_frame_equal(one.diary, other.diary[one.diary.columns])


def test_study_days_alone_give_headache_days_of_unknown_hours():
    in_days = pd.DataFrame({"subject": ["a", "b"], "start_day": [2, 3], "end_day": [3, 3]})
    trial = trial_of(in_days, **FROM)
    assert trial.diary.loc[trial.diary["headache"].astype(bool), "day"].tolist() == [2, 3, 3]
    assert trial.diary.loc[trial.diary["headache"].astype(bool), "headache_hours"].isna().all()
    assert any("hours of these days are not known" in reason for reason in notes_of(trial))


def test_dates_without_times_give_headache_days_of_unknown_hours():
    dated = ATTACKS.assign(start=ATTACKS["start"].str[:10], end=ATTACKS["end"].str[:10])
    trial = trial_of(dated, **FROM)
    assert "start_time" not in trial.attacks.columns
    assert trial.diary.loc[trial.diary["headache"].astype(bool), "day"].tolist() == [2, 3, 5, -1, 1]


def test_typed_datetimes_give_the_trial_of_texts():
    typed = ATTACKS.assign(**{column: pd.to_datetime(ATTACKS[column], format="ISO8601") for column in ("start", "end")})
    pd.testing.assert_frame_equal(trial_of(typed, **FROM).diary, trial_of(**FROM).diary)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_give_the_trial_of_the_frames(tmp_path, suffix):
    for name, frame in {"subjects": SUBJECTS, "attacks": ATTACKS, "diary": DIARY}.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False) if suffix == "csv" else frame.to_parquet(tmp_path / f"{name}.parquet")
    read, made = ba.load_trial(tmp_path), trial_of(diary=DIARY)
    pd.testing.assert_frame_equal(read.attacks, made.attacks)
    pd.testing.assert_frame_equal(read.diary, made.diary)


def test_rows_in_any_order_give_the_same_days():
    pd.testing.assert_frame_equal(trial_of(ATTACKS.iloc[::-1], **FROM).diary, trial_of(**FROM).diary)


def test_reading_the_diary_of_a_trial_again_changes_nothing():
    once = trial_of(**FROM)
    again = ba.as_trial({"subjects": once.subjects, "attacks": once.attacks, "diary": once.diary}, name="t")
    pd.testing.assert_frame_equal(again.diary[once.diary.columns], once.diary)
    pd.testing.assert_frame_equal(again.attacks, once.attacks)


OPEN = ATTACKS.assign(end=[*ATTACKS["end"][:3], None])


def test_an_attack_without_an_end_is_refused_by_default():
    with pytest.raises(ba.DataError, match=r"row 5, column 'end': found an attack without an end; expected the end, or open = "):
        trial_of(OPEN, diary=DIARY)


def test_an_attack_without_an_end_lasts_to_the_next_entry_of_the_diary():
    entries = pd.concat([DIARY, pd.DataFrame({"subject": ["a", "b", "a"], "day": [8, 2, 10], "headache": None})])
    trial = trial_of(OPEN, diary=entries, attacks={"open": "until the next diary entry"})
    hours = by_day(trial, "headache_hours")
    assert [hours["a", day] for day in (5, 6, 7)] == [12, 24, 24]
    assert np.isnan(hours["a", 8])
    assert notes_of(trial)["attacks without an end: taken to last until the next diary entry"] == 1
    assert trial.attacks["end_day"].isna().sum() == 1


def test_an_attack_without_an_end_or_a_later_entry_lasts_to_the_end_of_its_day():
    trial = trial_of(OPEN, diary=DIARY, attacks={"open": "until the next diary entry"})
    assert by_day(trial, "headache_hours")["a", 5] == 12
    assert ("a", 6) not in by_day(trial, "headache")
    assert any("to the end of their first day" in reason for reason in notes_of(trial))


def test_by_the_first_day_the_second_day_of_an_attack_has_none():
    trial = trial_of(attacks={"recorded_from": -2, "days": "first day"})
    assert trial.diary.loc[trial.diary["headache"].astype(bool), "day"].tolist() == [2, 5, -1]
    assert by_day(trial, "headache_hours")["a", 2] == 8.5
    assert by_day(trial, "triptans")["a", 2] == 2


def test_a_restricted_trial_has_the_attacks_of_its_subjects():
    trial = trial_of(subjects=SUBJECTS.assign(itt=["no", "yes"]), **FROM).restrict("itt")
    assert trial.attacks["subject"].tolist() == ["b"]
    assert set(trial.diary["subject"]) == {"b"}


def test_a_header_without_rows_means_no_attacks():
    trial = trial_of(ATTACKS.iloc[:0], **FROM)
    assert len(trial.attacks) == 0
    assert not trial.diary["headache"].astype(bool).any()
    assert len(trial.diary) == 12 + 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"end": "2024-01-01 00:00"}, "column 'end': found an end that is not after the start in 3 rows"),
        ({"end": ATTACKS["start"]}, "column 'end': found an end that is not after the start in 4 rows"),
        ({"end": "2025-06-01 00:00"}, "an attack of more than 366 days in 4 rows"),
        ({"start": None}, "column 'start': found nothing"),
        ({"start": "2024-01-02 25:00"}, "column 'start': found '2024-01-02 25:00'"),
        ({"peak": 11}, "column 'peak': found 11 in 4 rows.*expected a rating from 0 to 10"),
        ({"aura_minutes": 1441}, "column 'aura_minutes': found 1441"),
        ({"aura_minutes": -1}, "column 'aura_minutes': found -1"),
        ({"triptans": -1}, "column 'triptans': found -1"),
        ({"nausea": "some"}, "column 'nausea': found 'some'"),
        ({"peak": [0, 8, 5, None]}, "row 2, column 'severity': found headache by severity beside none"),
        ({"severity": "none"}, "column 'peak': found headache by peak beside none by severity or peak in 3 rows"),
        ({"severity": "none", "peak": 0, "pulsating": "yes"}, "column 'pulsating': found headache by pulsating"),
        ({"severity": "none", "peak": 0, "migraine": "yes"}, "column 'migraine': found headache by migraine"),
        ({"start_day": 2}, "both 'start_day' and 'start'"),
        ({"start_time": "10:00"}, "'start_time' beside times in 'start'"),
        ({"subject": "z"}, "column 'subject': found 'z'"),
    ],
)
def test_an_impossible_attack_is_refused(change, message):
    with pytest.raises(ba.DataError) as caught:
        trial_of(ATTACKS.assign(**change), diary=DIARY)
    shown = f"{caught.value} " + " ".join(
        f"column '{column}': found {found}"
        for column, found in caught.value.problems[["column", "found"]].itertuples(index=False)
    )
    assert pd.Series([shown]).str.contains(message).all(), shown


@pytest.mark.parametrize(
    "change",
    [
        {"start_time": 25},
        {"start_time": "25:00"},
        {"end_time": "10:00", "end_day": None},
        {"end_time": 0, "start_time": 0, "end_day": 2},
    ],
)
def test_an_impossible_time_is_refused(change):
    rows = pd.DataFrame({"subject": ["a"], "start_day": [2], "end_day": [3], "start_time": [1], "end_time": [2]}).astype(object)
    with pytest.raises(ba.DataError):
        trial_of(rows.assign(**change), diary=DIARY, attacks={"open": "until the next diary entry"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"day": "first day"}, "found the key 'day'; expected some of 'days', 'open', 'recorded_from'"),
        ({"days": "last day"}, "found days = 'last day'; expected one of 'each calendar day', 'first day'"),
        ({"days": ["first day"]}, "found days = "),
        ({"open": "yes"}, "found open = 'yes'"),
        ({"recorded_from": 0}, "found recorded_from = 0"),
        ({"recorded_from": "-28"}, "found recorded_from = '-28'"),
        ({"recorded_from": True}, "found recorded_from = True"),
        ({"recorded_from": -30000}, "found recorded_from = -30000"),
    ],
)
def test_a_wrong_setting_is_refused(settings, message):
    with pytest.raises(ba.DataError, match=message):
        trial_of(attacks=settings)


def test_settings_of_attacks_need_attacks(tmp_path):
    with pytest.raises(ba.DataError, match="settings of attacks"):
        ba.as_trial({"subjects": SUBJECTS}, name="t", settings=FROM)
    SUBJECTS.to_csv(tmp_path / "subjects.csv", index=False)
    (tmp_path / "trial.toml").write_text("[attacks]\nrecorded_from = -2\n")
    with pytest.raises(ba.DataError, match="found 'attacks', and no file of that table"):
        ba.load_trial(tmp_path)


def test_more_days_than_fit_in_memory_are_refused():
    n = 3000
    subjects = pd.DataFrame({"subject": [str(i) for i in range(n)], "arm": "x", "last_day": 20_000})
    attacks = pd.DataFrame({"subject": ["1"], "start_day": [1], "end_day": [1]})
    with pytest.raises(ba.DataError, match="expected at most 20,000,000"):
        trial_of(attacks, subjects=subjects, **FROM)


def test_attacks_of_more_days_than_fit_in_memory_are_refused():
    rows = pd.DataFrame({"subject": ["a"], "start_day": [1], "end_day": [366]})
    with pytest.raises(ba.DataError, match="found attacks of 21,960,000 days"):
        trial_of(rows.loc[[0] * 60_000], diary=DIARY)


def test_a_column_of_a_diary_named_attack_is_kept():
    diary = DIARY.assign(**{"attack": "x", "an attack": "y"})
    assert trial_of(diary=diary).diary["an attack"].iloc[0] == "y"
    alone = ba.as_trial({"subjects": SUBJECTS, "diary": diary}, name="t")
    assert alone.diary["attack"].eq("x").all()


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_written_trial_with_attacks_treatments_and_event_times_is_read_as_it_was(tmp_path, file_format):
    treatments = pd.DataFrame(
        {"subject": ["a", "a", "b"], "day": [1, 3, 1], "product": ["x", "x", "placebo"], "dose": [155, 5.5, 0]}
    )
    times = pd.DataFrame({"subject": ["b"], "endpoint": "relapse", "time": [4.5], "observed": ["no"], "reason": ["lost"]})
    tables = {"subjects": SUBJECTS, "attacks": ATTACKS, "treatments": treatments, "event_times": times}
    trial = ba.as_trial(tables, name="t", settings=FROM)
    ba.write_trial(trial, tmp_path / "t", format=file_format)
    read = ba.load_trial(tmp_path / "t")
    for name in ("subjects", "diary", "attacks", "treatments", "event_times"):
        one, other = getattr(trial, name), getattr(read, name)
        pd.testing.assert_frame_equal(one, other[one.columns], check_dtype=False)


@pytest.mark.parametrize("format", ["csv", "dataset-json", "parquet"])
def test_a_truth_value_of_the_diary_is_not_known_on_an_added_day(tmp_path, format):  # noqa: A002
    tables = {
        "subjects": pd.DataFrame({"subject": ["1", "2"], "arm": ["a", "b"]}),
        "diary": pd.DataFrame({"subject": ["1", "1"], "day": [1, 2], "headache": ["yes", "no"], "at_work": [True, False]}),
        "attacks": pd.DataFrame({"subject": ["1"], "start_day": [5], "end_day": [5]}),
    }
    trial = ba.as_trial(tables, name="x")
    assert trial.diary["at_work"].tolist() == [True, False, pd.NA]
    ba.write_trial(trial, tmp_path / "out", format=format)
    assert ba.load_trial(tmp_path / "out").diary["at_work"].equals(trial.diary["at_work"])

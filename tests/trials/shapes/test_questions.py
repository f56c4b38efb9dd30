"""A row for each question: electronic diaries and questionnaires."""

import pandas as pd
import pytest

import botox_analysis as ba

SUBJECTS = "subject,arm\na,placebo\nb,155 U\n"
DIARY = """subject,day,item,response,at
a,1,Q1,yes,2024-03-01 20:00
a,1,Q2,4,2024-03-01 20:01
a,2,Q1,no,2024-03-02 20:00
b,1,Q2,6,2024-03-01 21:00
b,1,Q9,tired,2024-03-01 21:00
"""
TOML = """
[questions]
question = "item"
answer = "response"
order = "at"
[questions.diary]
Q1 = "headache"
Q2 = "headache_hours"
"""


def rows(frame, *columns):
    return frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None).to_numpy().tolist()


def test_answers_become_one_row_a_day(trial_folder):
    trial = ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=DIARY, trial_toml=TOML))
    assert rows(trial.diary, "subject", "day", "headache", "headache_hours") == [
        ["a", 1, True, 4.0], ["a", 2, False, None], ["b", 1, None, 6.0],
    ]  # fmt: skip
    assert ("diary.csv, item", "'Q9': a question that [questions] does not name, left out", 1) in list(
        trial.left_out.itertuples(index=False, name=None)
    )


def test_a_wrong_answer_is_named_by_its_own_row(trial_folder):
    content = DIARY.replace("a,1,Q2,4,", "a,1,Q2,44,")
    with pytest.raises(ba.DataError, match=r"diary\.csv, row 3, column 'response': found 44; expected hours from 0 to 24"):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=content, trial_toml=TOML))


@pytest.mark.parametrize("again", ["a,1,Q2,5,2024-03-01 23:00", "a,1.0,Q2,5,2024-03-02T00:00:00", "a ,1,Q2,5,2024-03-01 20:02"])
def test_the_last_of_repeated_answers_counts_by_the_named_column(trial_folder, again):
    trial = ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=f"{DIARY}{again}\n", trial_toml=TOML))
    assert rows(trial.diary, "subject", "day", "headache_hours")[0] == ["a", 1, 5.0]
    assert ("diary.csv, response", "earlier answers to the same question: left out, the last by 'at' counts", 1) in list(
        trial.left_out.itertuples(index=False, name=None)
    )


def test_an_earlier_answer_further_down_does_not_count(trial_folder):
    content = f"{DIARY}a,1,Q2,5,2024-03-01 19:00\n"
    assert (
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=content, trial_toml=TOML)).diary["headache_hours"].iloc[0]
        == 4.0
    )


def test_repeated_answers_without_an_order_are_refused(trial_folder):
    toml = TOML.replace('order = "at"\n', "")
    with pytest.raises(
        ba.DataError, match=r"diary\.csv, row 7, column 'item': found 'Q2' of subject 'a', day '1' a second time; expected one"
    ):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=f"{DIARY}a,1,Q2,5,x\n", trial_toml=toml))


@pytest.mark.parametrize("at", ["", "later", "2024-03-01 20:01"])
def test_repeated_answers_whose_order_is_unknown_are_refused(trial_folder, at):
    with pytest.raises(ba.DataError, match=r"diary\.csv, row \d, column 'at': found '.*' at one of several answers"):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=f"{DIARY}a,1,Q2,5,{at}\n", trial_toml=TOML))


def test_an_empty_answer_is_none(trial_folder):
    content = f"{DIARY}a,1,Q2,,2024-03-09\n"
    trial = ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=content, trial_toml=TOML))
    assert trial.diary["headache_hours"].iloc[0] == 4.0


def test_questions_may_be_scales(trial_folder):
    content = "subject,visit,question,answer\na,baseline,H,60\na,week 4,H,55\nb,baseline,H,61\nb,baseline,X,1\n"
    toml = '[questions.assessments]\nH = "HIT-6"\n'
    trial = ba.load_trial(trial_folder(subjects_csv=SUBJECTS, assessments_csv=content, trial_toml=toml))
    assert rows(trial.assessments, "subject", "scale", "visit", "value") == [
        ["a", "HIT-6", "baseline", 60.0], ["a", "HIT-6", "week 4", 55.0], ["b", "HIT-6", "baseline", 61.0],
    ]  # fmt: skip


def test_one_file_may_have_subjects_a_diary_and_scores(trial_folder):
    content = (
        "subject,arm,day,visit,question,answer\na,p,1,,headache,yes\na,p,-1,baseline,hit,60\na,p,29,week 4,hit,50\n"
        "b,q,1,,headache,no\nb,q,-1,baseline,hit,61\n"
    )
    toml = '[questions.diary]\nheadache = "headache"\n[questions.assessments]\nhit = "HIT-6"\n'
    trial = ba.load_trial(trial_folder(export_csv=content, trial_toml=toml))
    assert rows(trial.diary, "subject", "day", "headache") == [["a", 1, True], ["b", 1, False]]
    assert rows(trial.assessments, "subject", "visit", "value", "day")[1] == ["a", "week 4", 50.0, 29.0]
    assert trial.subjects["arm"].tolist() == ["p", "q"]


def test_a_question_without_answers_is_refused(trial_folder):
    with pytest.raises(
        ba.DataError, match=r"\[questions\.diary\]: found 'Q7'; expected questions of diary\.csv, some of 'Q1', 'Q2'"
    ):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=DIARY, trial_toml=f'{TOML}Q7 = "migraine"\n'))


def test_a_diary_of_questions_is_refused_with_the_settings_that_read_it(trial_folder):
    with pytest.raises(ba.DataError) as caught:
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=DIARY))
    assert 'question = "item" and answer = "response" under [questions] in trial.toml' in str(caught.value)
    assert '"Q1" = "headache" under [questions.diary]' in str(caught.value)


def test_a_frame_of_answers_is_read_like_a_file():
    answers = pd.DataFrame(
        {"subject": ["a", "a", "b"], "day": [1, 1, 1], "question": ["Q1", "Q2", "Q2"], "answer": ["1", 4, 6.0]}
    )
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["p", "q"]})
    settings = {"questions": {"diary": {"Q1": "headache", "Q2": "headache_hours"}}}
    trial = ba.as_trial({"subjects": subjects, "diary": answers}, name="t", settings=settings)
    assert rows(trial.diary, "subject", "day", "headache", "headache_hours") == [["a", 1, True, 4.0], ["b", 1, None, 6.0]]


@pytest.mark.parametrize("toml", ["questions = 1\n", "[questions]\nitem = 'x'\n", "[questions]\nquestion = 1\n",
                                  "[questions]\ndiary = 'x'\n", "[questions.diary]\nQ1 = 1\n"])  # fmt: skip
def test_wrong_settings_are_refused(trial_folder, toml):
    with pytest.raises(ba.DataError, match=r"^trial\.toml"):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv=DIARY, trial_toml=toml))

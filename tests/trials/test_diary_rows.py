"""Rows that contradict themselves: found, refused, resolved by rule; empty doses that mean none."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.diary.cells import any_headache
from botox_analysis.trials.diary_rows import CONTRADICTIONS, NO, OPEN, YES, has_record, settle_rows

COLUMNS = ("headache", "headache_hours", "severity", "migraine")
SUBJECTS = pd.DataFrame({"subject": ["a", "b"], "arm": pd.Categorical(["placebo", "155 U"], ["placebo", "155 U"])})
GRADES = ("none", "mild", "moderate", "severe")
ROWS = list(product([True, False, None], [0.0, 0.5, 6.0, None], [*GRADES, None], [True, False, None]))
"""All rows that a diary can hold, but for doses."""


def trial_of(columns=None, **settings):
    diary = pd.DataFrame({"subject": ["a", "b", "b"], "day": [1, 1, 2], **(columns or {})})
    return ba.as_trial({"subjects": SUBJECTS, "diary": diary}, name="t", settings={"diary": settings})


def diary_of(rows):
    diary = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    return pd.DataFrame(
        {
            "subject": pd.Categorical.from_codes(np.arange(len(rows)) % 2, ["a", "b"]),
            "day": 1.0 + np.arange(len(rows)),
            "headache": diary["headache"].astype("boolean"),
            "headache_hours": diary["headache_hours"].astype(float),
            "severity": pd.Categorical(diary["severity"], categories=list(GRADES), ordered=True),
            "migraine": diary["migraine"].astype("boolean"),
        }
    )


def settled(rows, **settings):
    subjects = SUBJECTS.assign(arm=pd.Categorical(SUBJECTS["arm"], categories=["placebo", "155 U"]))
    return settle_rows(diary_of(rows), subjects, settings=settings, file="diary.csv", numbers=np.arange(2, len(rows) + 2))


def cells_of(diary):
    whole = diary[list(COLUMNS)].astype(object)
    return list(whole.where(whole.notna(), None).itertuples(index=False, name=None))


def said(row):
    """Report of headache in each cell: True, False, or None."""
    headache, hours, severity, migraine = row
    return (
        headache,
        None if hours is None else hours > 0,
        None if severity is None else severity != "none",
        True if migraine else None,
    )


def contradicts_itself(row):
    return {True, False} <= set(said(row))


def without(row, truth):
    """The row without the cells that say otherwise."""
    return tuple(None if says is not None and says != truth else cell for cell, says in zip(row, said(row), strict=True))


def first(*truths):
    return next(truth for truth in truths if truth is not None)


RESOLVED = {
    "hours decide": lambda row: without(row, first(said(row)[1], said(row)[0], said(row)[2])),
    "headache decides": lambda row: without(row, first(*said(row)[:3])),
    "headache day": lambda row: without(row, True),
    "not recorded": lambda row: (None, None, None, None),
}

by_rule = pytest.mark.parametrize("rule", CONTRADICTIONS)


# Found ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"headache": "no", "headache_hours": 6}, "headache 'no' beside headache_hours 6"),
        ({"headache": "yes", "headache_hours": 0}, "headache_hours 0 beside headache 'yes'"),
        ({"headache_hours": 0, "severity": "severe"}, "headache_hours 0 beside severity 'severe'"),
        ({"headache_hours": 5, "severity": "none"}, "severity 'none' beside headache_hours 5"),
        ({"headache_hours": 0, "migraine": "yes"}, "headache_hours 0 beside migraine 'yes'"),
        ({"headache": "no", "migraine": "yes"}, "headache 'no' beside migraine 'yes'"),
        ({"headache": "no", "severity": "mild"}, "headache 'no' beside severity 'mild'"),
        ({"headache": "yes", "severity": "none"}, "severity 'none' beside headache 'yes'"),
        ({"severity": "none", "migraine": "yes"}, "severity 'none' beside migraine 'yes'"),
        (
            {"headache": "no", "headache_hours": 0, "severity": "mild", "migraine": "yes"},
            "headache 'no', headache_hours 0 beside severity 'mild', migraine 'yes'",
        ),
    ],
)
def test_cells_that_contradict_each_other_are_refused_as_they_stand(columns, found):
    rows = {column: [None, cell, None] for column, cell in columns.items()}
    with pytest.raises(ba.DataError) as caught:
        trial_of(rows)
    row = caught.value.problems.iloc[0]
    assert (row["file"], row["row"], row["column"], row["found"]) == ("diary", 3, found.split()[0], found)
    assert "'hours decide', 'headache decides', 'headache day', 'not recorded'" in row["expected"]


def test_a_row_of_a_file_is_refused_by_its_number(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,arm\na,P\nb,T\n", diary_csv="subject,day,headache,headache_hours\na,1,yes,5\n\nb,1,no,6\n"
    )
    with pytest.raises(
        ba.DataError, match=r"^diary\.csv, row 4, column 'headache': found headache 'no' beside headache_hours 6;"
    ):
        ba.load_trial(folder)


@pytest.mark.parametrize(
    "columns",
    [
        {"headache": "no", "acute_medication": 2},
        {"headache_hours": 0.25, "severity": "mild"},
        {"headache": "yes", "migraine": "no"},
        {"headache_hours": 0, "severity": "none", "headache": "no", "migraine": "no"},
        {"headache": "yes", "headache_hours": None, "severity": None},
    ],
)
def test_cells_that_agree_are_taken_as_they_are(columns):
    trial = trial_of(columns)
    assert trial.left_out.empty
    assert len(trial.diary) == 3


def test_a_row_with_a_cell_that_reports_headache_and_one_that_reports_none_is_refused():
    problems = settled(ROWS).problems
    n_found = sum(int(found[3].split("(")[1].split()[0]) if "(" in found[3] else 1 for found in problems)
    assert n_found == sum(map(contradicts_itself, ROWS)) == 94


def test_rows_that_are_alike_are_one_problem_with_their_number():
    problems = settled([(False, 6.0, None, None)] * 3 + [(True, 0.0, None, None)]).problems
    assert [problem[1:4] for problem in problems] == [
        (2, "headache", "headache 'no' beside headache_hours 6 (3 such rows)"),
        (5, "headache_hours", "headache_hours 0 beside headache 'yes'"),
    ]


# Resolved -------------------------------------------------------------------------------------------------------------


@by_rule
def test_a_rule_leaves_the_cells_that_its_definition_leaves(rule):
    found = cells_of(settled(ROWS, contradictions=rule).diary)
    assert found == [RESOLVED[rule](row) if contradicts_itself(row) else row for row in ROWS]


@by_rule
def test_no_row_contradicts_itself_after_a_rule(rule):
    assert not any(map(contradicts_itself, cells_of(settled(ROWS, contradictions=rule).diary)))


@by_rule
def test_rows_that_were_resolved_are_counted_by_arm(rule):
    rows = settled(ROWS, contradictions=rule).left_out
    expected = [sum(map(contradicts_itself, ROWS[place::2])) for place in (0, 1)]
    assert [(where, n) for where, _, n in rows] == list(zip(["diary, placebo", "diary, 155 U"], expected, strict=True))
    assert all(reason.startswith("contradictory rows, ") for _, reason, _ in rows)


@by_rule
def test_doses_stay_and_other_rows_are_not_touched(rule):
    trial = trial_of(
        {"headache": ["no", "no", "yes"], "headache_hours": [6, 0, 3], "acute_medication": [2, 0, 1]}, contradictions=rule
    )
    assert trial.diary["acute_medication"].tolist() == [2, 0, 1]
    assert trial.diary["headache_hours"].tolist()[1:] == [0, 3]
    assert trial.left_out["n"].tolist() == [1]


def test_nothing_to_resolve_is_the_frame_as_it_was_and_no_row():
    diary = settled([(True, 6.0, None, None)], contradictions="hours decide")
    assert (diary.left_out, diary.problems) == ([], [])


def test_the_setting_of_a_file_resolves_its_rows(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,arm\na,P\nb,T\n",
        diary_csv="subject,day,headache,headache_hours\na,1,no,6\nb,1,no,0\n",
        trial_toml='[diary]\ncontradictions = "hours decide"\n',
    )
    trial = ba.load_trial(folder)
    assert trial.left_out.to_numpy().tolist() == [["diary, P", "contradictory rows, hours decide", 1]]
    assert trial.diary["headache"].tolist() == [pd.NA, False]


def test_resolved_rows_are_counted_in_a_restricted_trial_too():
    subjects = SUBJECTS.assign(itt=["yes", "yes"])
    diary = pd.DataFrame({"subject": ["a"], "day": [1], "headache": ["no"], "headache_hours": [6]})
    trial = ba.as_trial({"subjects": subjects, "diary": diary}, name="t", settings={"diary": {"contradictions": "headache day"}})
    assert trial.restrict("itt").left_out["reason"].tolist() == ["contradictory rows, taken as headache days"]


# Empty doses ----------------------------------------------------------------------------------------------------------


def test_empty_doses_are_none_by_the_settings_on_days_with_a_record():
    trial = trial_of({"headache_hours": [6, 0, None], "acute_medication": [None, None, None]}, blank_dose="none taken")
    assert trial.diary["acute_medication"].isna().tolist() == [False, False, True]
    assert trial.left_out.to_numpy().tolist() == [
        ["diary, placebo", "empty acute_medication, taken as none", 1],
        ["diary, 155 U", "empty acute_medication, taken as none", 1],
    ]


def test_in_a_diary_of_doses_alone_a_row_is_a_record():
    trial = trial_of({"acute_medication": [1, None, None]}, blank_dose="none taken")
    assert trial.diary["acute_medication"].tolist() == [1, 0, 0]
    assert has_record(trial.diary).all()


def test_a_row_that_is_taken_as_not_recorded_had_a_record_of_doses():
    columns = {"headache": ["no", "no", "yes"], "headache_hours": [6, 0, 6], "acute_medication": [None, None, 1]}
    trial = trial_of(columns, blank_dose="none taken", contradictions="not recorded")
    assert trial.diary["acute_medication"].tolist() == [0, 0, 1]
    assert len(trial.left_out) == 3


def test_empty_doses_that_mean_none_make_medication_days_known(trial_folder):
    days = [*range(-28, 0), *range(1, 29)]
    rows = "".join(f"a,{day},6,{1 if day % 2 == 0 else ''}\nb,{day},6,{1 if day % 4 == 0 else ''}\n" for day in days)
    folder = trial_folder(
        subjects_csv="subject,arm\na,P\nb,T\n",
        diary_csv=f"subject,day,headache_hours,acute_medication\n{rows}",
        trial_toml='[diary]\nblank_dose = "none taken"\n',
    )
    assert ba.ACUTE_MEDICATION_DAYS.derive(ba.load_trial(folder))["value"].tolist() == [14, 7]


def test_empty_doses_of_a_diary_without_doses_are_refused():
    with pytest.raises(ba.DataError, match="'acute_medication': found no such column, and blank_dose = 'none taken'"):
        trial_of({"headache_hours": 6}, blank_dose="none taken")


# Words of trial.toml --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "match"),
    [
        ('contradictions = "hours"', "found contradictions = 'hours'; expected one of 'hours decide', 'headache decides'"),
        ("contradictions = 1", "found contradictions = 1; expected a text"),
        ('blank_dose = "0"', "found blank_dose = '0'; expected 'none taken'"),
        ('blank_hours = "0"', "found the key 'blank_hours'; expected some of 'contradictions', 'blank_dose'"),
    ],
)
def test_unknown_words_are_refused(trial_folder, toml, match):
    with pytest.raises(ba.DataError, match=rf"trial\.toml, \[diary\]: {match}"):
        ba.load_trial(trial_folder(subjects_csv="subject\na\n", trial_toml=f"[diary]\n{toml}\n"))


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"contradiction": "hours decide"}, r"\[diary\]: found the key 'contradiction'; expected some of 'contradictions'"),
        ({"contradictions": 3}, r"\[diary\]: found contradictions = 3; expected a text"),
        ("hours decide", r"found diary = 'hours decide'; expected a table"),
    ],
)
def test_unknown_settings_of_a_frame_are_refused(settings, match):
    diary = pd.DataFrame({"subject": ["a"], "day": [1], "headache_hours": [6]})
    with pytest.raises(ba.DataError, match=match):
        ba.as_trial({"subjects": SUBJECTS, "diary": diary}, name="t", settings={"diary": settings})


def test_settings_of_a_diary_that_is_not_there_are_refused(trial_folder):
    folder = trial_folder(subjects_csv="subject\na\n", trial_toml='[diary]\nblank_dose = "none taken"\n')
    with pytest.raises(ba.DataError, match=r"found 'diary', and no file of that table; expected diary\.csv"):
        ba.load_trial(folder)


def test_the_protocol_of_a_file_names_severity_and_baseline(trial_folder):
    protocol = '[protocol]\nunknown_severity = "as not"\nbaseline_minimum_days = 20\n'
    planned = ba.load_trial(trial_folder(subjects_csv="subject\na\n", trial_toml=protocol)).protocol
    assert (planned.unknown_severity, planned.baseline_minimum_days) == ("as not", 20)


def test_the_frame_that_was_given_is_not_changed():
    diary = pd.DataFrame({"subject": ["a"], "day": [1], "headache": ["no"], "headache_hours": [6]})
    before = diary.copy(deep=True)
    ba.as_trial({"subjects": SUBJECTS, "diary": diary}, name="t", settings={"diary": {"contradictions": "headache day"}})
    pd.testing.assert_frame_equal(diary, before)


DESCRIBED = {
    "peak": [5, 0, None],
    "pulsating": ["yes", "no", None],
    "nausea": ["yes", "yes", None],
    "aura_minutes": [20, 0, None],
}


def test_features_and_medicines_are_kept_as_they_are_recorded():
    diary = trial_of({"headache": ["yes", "no", None], **DESCRIBED, "triptans": [2, 0, None], "nsaids": [0, 1, None]}).diary
    assert diary["peak"].tolist()[:2] == [5, 0]
    assert diary["nausea"].tolist()[:2] == [True, True]
    assert diary["aura_minutes"].tolist()[:2] == [20, 0]
    assert diary["nsaids"].tolist()[:2] == [0, 1]
    assert diary.iloc[2][["peak", "pulsating", "nausea", "triptans"]].isna().all()


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"headache": "no", "peak": 5}, "headache 'no' beside peak 5"),
        ({"headache": "yes", "peak": 0}, "peak 0 beside headache 'yes'"),
        ({"severity": "none", "pulsating": "yes"}, "severity 'none' beside pulsating 'yes'"),
        ({"headache_hours": 0, "unilateral": "yes"}, "headache_hours 0 beside unilateral 'yes'"),
        ({"peak": 0, "aggravated": "yes"}, "peak 0 beside aggravated 'yes'"),
    ],
)
def test_a_described_headache_on_a_day_without_headache_is_refused(columns, found):
    with pytest.raises(ba.DataError, match=found):
        trial_of(columns)


@pytest.mark.parametrize("column", ["nausea", "vomiting", "photophobia", "phonophobia"])
def test_a_day_without_headache_may_have_nausea_and_the_like(column):
    assert trial_of({"headache": "no", column: "yes"}).diary[column].all()


def test_a_day_without_headache_may_have_aura_and_doses():
    diary = trial_of({"headache": "no", "aura_minutes": 30, "triptans": 1, "pulsating": "no"}).diary
    assert not diary["headache"].any()
    assert diary["aura_minutes"].eq(30).all()


@pytest.mark.parametrize("rule", CONTRADICTIONS)
def test_each_rule_resolves_a_peak_beside_no_headache(rule):
    diary = trial_of({"headache": "no", "peak": 5, "nausea": "yes"}, contradictions=rule).diary
    assert diary["peak"].notna().all() == (rule == "headache day")
    assert diary["headache"].notna().all() == (rule in ("headache decides", "hours decide"))
    assert diary["nausea"].all()


@pytest.mark.parametrize("rule", CONTRADICTIONS)
def test_each_rule_resolves_a_feature_beside_a_peak_of_0(rule):
    diary = trial_of({"peak": 0, "pulsating": "yes"}, contradictions=rule).diary
    assert diary["peak"].notna().all() == (rule in ("headache decides", "hours decide"))
    assert diary["pulsating"].notna().all() == (rule == "headache day")


def test_features_count_no_day_as_one_with_headache():
    columns = {"headache": ["yes", None, "no"], "peak": [5, 5, None], "pulsating": ["yes", "yes", None]}
    assert any_headache(trial_of(columns).diary).tolist() == [YES, OPEN, NO]
    assert has_record(trial_of(columns).diary).tolist() == [True, False, True]

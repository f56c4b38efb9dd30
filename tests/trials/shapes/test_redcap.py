"""Exports of REDCap: events, repeating instruments, checkboxes, forms; codes or labels."""

import re

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.shapes.redcap import export_names

HEADER = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,group,age,history___1,"
    "history___2,hit6,visit_date,first_dose_date,visit_complete,diary_date,hours,headache_diary_complete,ae,ae_start,adverse_event_complete"
)
RAW = f"""{HEADER}
1,baseline_arm_1,,,berlin,placebo,30,1,0,60,2024-03-01,2024-03-01,2,,,,,,
1,week_4_arm_1,,,berlin,,,,,55,2024-03-29,,2,,,,,,
1,baseline_arm_1,headache_diary,1,berlin,,,,,,,,,2024-02-29,4,2,,,
1,baseline_arm_1,headache_diary,2,berlin,,,,,,,,,2024-03-01,0,0,,,
1,baseline_arm_1,adverse_event,1,berlin,,,,,,,,,,,,Neck pain,2024-03-05,2
2,baseline_arm_1,,,paris,155 U,41,0,1,61,2024-03-02,2024-03-02,2,,,,,,
2,week_4_arm_1,,,paris,,,,,,,,0,,,,,,
2,baseline_arm_1,headache_diary,1,paris,,,,,,,,,2024-03-03,6,2,,,
"""
LABELS = (
    RAW.replace("redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group",
                "Event Name,Repeat Instrument,Repeat Instance,Data Access Group")
    .replace("baseline_arm_1", "Baseline (Arm 1: Drug)").replace("week_4_arm_1", "Week 4 (Arm 1: Drug)")
    .replace(",headache_diary,", ",Headache diary,").replace(",adverse_event,", ",Adverse event,")
    .replace(",30,1,0,", ",30,Checked,Unchecked,").replace(",41,0,1,", ",41,Unchecked,Checked,")
)  # fmt: skip
COMMON = """
[assessments]
wide = {"HIT-6" = "hit6"}
[columns.subjects]
arm = "group"
[columns.assessments]
date = "visit_date"
[columns.diary]
date = "diary_date"
headache_hours = "hours"
[columns.adverse_events]
term = "ae"
onset_date = "ae_start"
"""
TOML = (
    '[redcap]\nsubjects = "baseline_arm_1"\ndiary = "headache_diary"\nadverse_events = "adverse_event"\n'
    '[redcap.visits]\nbaseline_arm_1 = "baseline"\nweek_4_arm_1 = "week 4"\n'
) + COMMON
TOML_OF_LABELS = (
    '[redcap]\nsubjects = "Baseline (Arm 1: Drug)"\ndiary = "Headache diary"\nadverse_events = "Adverse event"\n'
    '[redcap.visits]\n"Baseline (Arm 1: Drug)" = "baseline"\n"Week 4 (Arm 1: Drug)" = "week 4"\n'
) + COMMON


def test_an_export_of_codes_becomes_the_tables_of_a_trial(trial_folder):
    trial = ba.load_trial(trial_folder(export_csv=RAW, trial_toml=TOML))
    assert trial.subjects[["subject", "arm", "age"]].astype(object).to_numpy().tolist() == [
        ["1", "placebo", 30],
        ["2", "155 U", 41],
    ]
    assert trial.covariates == ["age", "history___1", "history___2"]
    assert trial.diary[["subject", "day", "headache_hours"]].astype(object).to_numpy().tolist() == [
        ["1", -1, 4.0], ["1", 1, 0.0], ["2", 2, 6.0],
    ]  # fmt: skip
    assert trial.assessments[["subject", "visit", "value", "day"]].astype(object).to_numpy().tolist() == [
        ["1", "baseline", 60.0, 1.0], ["1", "week 4", 55.0, 29.0], ["2", "baseline", 61.0, 1.0],
    ]  # fmt: skip
    assert trial.adverse_events[["subject", "term", "onset_day"]].astype(object).to_numpy().tolist() == [["1", "Neck pain", 5.0]]


def test_an_export_of_labels_gives_the_same_trial(tmp_path):
    trials = []
    for name, content, toml in (("codes", RAW, TOML), ("labels", LABELS, TOML_OF_LABELS)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "export.csv").write_text(content)
        (folder / "trial.toml").write_text(toml)
        trials.append(ba.load_trial(folder))
    for table in ("subjects", "diary", "assessments", "adverse_events"):
        pd.testing.assert_frame_equal(getattr(trials[0], table), getattr(trials[1], table))


def test_an_export_is_refused_with_settings_that_read_it(trial_folder):
    with pytest.raises(ba.DataError) as caught:
        ba.load_trial(trial_folder(export_csv=RAW))
    message = str(caught.value)
    assert "export.csv: found a REDCap export with the events 'baseline_arm_1', 'week_4_arm_1'" in message
    assert "and the repeating instruments 'headache_diary', 'adverse_event'" in message
    assert 'subjects = "baseline_arm_1"; diary = "headache_diary"; adverse_events = "adverse_event"' in message
    assert 'visits = {"baseline_arm_1" = "baseline", "week_4_arm_1" = "week 4"}' in message


def test_events_and_instruments_that_are_not_used_are_noted(trial_folder):
    toml = '[redcap]\nsubjects = "baseline_arm_1"\n[columns.subjects]\narm = "group"\n'
    notes = ba.load_trial(trial_folder(export_csv=RAW, trial_toml=toml)).left_out
    found = dict(zip(notes["reason"], notes["n"], strict=True))
    assert found["the repeating instrument 'headache_diary', which [redcap] does not name: left out"] == 3
    assert found["the repeating instrument 'adverse_event', which [redcap] does not name: left out"] == 1
    assert found["the event 'week_4_arm_1', which [redcap] does not name: left out"] == 2


def test_forms_that_are_not_complete_are_noted_and_read(trial_folder):
    notes = ba.load_trial(trial_folder(export_csv=RAW, trial_toml=TOML)).left_out
    rows = notes.loc[notes["reason"].str.contains("not marked as complete"), ["where", "n"]].to_numpy().tolist()
    assert rows == [["export.csv, visit_complete", 1], ["export.csv, headache_diary_complete", 1]]


def test_rows_of_other_instruments_are_no_empty_rows_of_a_table(trial_folder):
    trial = ba.load_trial(trial_folder(export_csv=RAW, trial_toml=TOML))
    assert len(trial.diary) == 3
    assert not {"ae", "hit6", "group"} & set(trial.diary.columns)


def test_a_wrong_cell_is_named_by_its_row_of_the_export(trial_folder):
    with pytest.raises(ba.DataError, match=r"export\.csv, row 9, column 'headache_hours': found 66"):
        ba.load_trial(trial_folder(export_csv=RAW.replace("2024-03-03,6,", "2024-03-03,66,"), trial_toml=TOML))


def test_a_wrong_score_is_named_by_its_row_and_field(trial_folder):
    with pytest.raises(ba.DataError, match=r"export\.csv, row 3, column 'hit6': found 'high'"):
        ba.load_trial(trial_folder(export_csv=RAW.replace(",55,2024-03-29", ",high,2024-03-29"), trial_toml=TOML))


@pytest.mark.parametrize(("old", "new"), [('"baseline_arm_1"', '"baseline_arm_9"'), ('"headache_diary"', '"diaries"'),
                                          ('week_4_arm_1 = "week 4"', 'week_5_arm_1 = "week 4"')])  # fmt: skip
def test_an_event_that_the_export_does_not_have_is_refused(trial_folder, old, new):
    with pytest.raises(
        ba.DataError, match=r"trial\.toml, \[redcap\]: found '.*' as .*; expected events and repeating instruments"
    ):
        ba.load_trial(trial_folder(export_csv=RAW, trial_toml=TOML.replace(old, new)))


def test_a_subject_with_two_ages_is_refused(trial_folder):
    toml = TOML.replace('subjects = "baseline_arm_1"', 'subjects = ["baseline_arm_1", "week_4_arm_1"]')
    content = RAW.replace("1,week_4_arm_1,,,berlin,,,", "1,week_4_arm_1,,,berlin,,31,")
    with pytest.raises(
        ba.DataError, match=r"export\.csv, row 3, column 'age': found '31' beside '30' in another row of the subject"
    ):
        ba.load_trial(trial_folder(export_csv=content, trial_toml=toml))


def test_subjects_may_be_in_several_events(trial_folder):
    toml = TOML.replace('subjects = "baseline_arm_1"', 'subjects = ["baseline_arm_1", "week_4_arm_1"]')
    trial = ba.load_trial(trial_folder(export_csv=RAW, trial_toml=toml))
    assert trial.subjects["age"].tolist() == [30, 41]


def test_arms_of_events_are_arms_of_the_trial(trial_folder):
    content = RAW.replace("2,baseline_arm_1", "2,baseline_arm_2").replace("2,week_4_arm_1", "2,week_4_arm_2")
    toml = '[redcap]\nsubjects = ["baseline_arm_1", "baseline_arm_2"]\narms = {1 = "placebo", 2 = "155 U"}\n'
    trial = ba.load_trial(trial_folder(export_csv=content, trial_toml=toml))
    assert trial.subjects["arm"].tolist() == ["placebo", "155 U"]


def test_an_arm_without_a_name_is_refused(trial_folder):
    toml = '[redcap]\nsubjects = "baseline_arm_1"\narms = {2 = "placebo"}\n'
    with pytest.raises(ba.DataError, match=r"\[redcap\.arms\]: found no arm '1'"):
        ba.load_trial(trial_folder(export_csv=RAW, trial_toml=toml))


def test_the_site_may_be_the_group_of_data_access(trial_folder):
    toml = TOML.replace('arm = "group"', 'arm = "group"\nsite = "redcap_data_access_group"')
    assert ba.load_trial(trial_folder(export_csv=RAW, trial_toml=toml)).subjects["site"].tolist() == ["berlin", "paris"]


def test_a_classic_export_without_events_needs_no_settings(trial_folder):
    trial = ba.load_trial(trial_folder(export_csv="record_id,arm,age,demographics_complete\n7,p,30,2\n8,q,31,2\n"))
    assert (trial.subjects["subject"].tolist(), trial.covariates) == (["7", "8"], ["age"])


def test_days_of_repeated_instances_are_the_days_of_a_diary(trial_folder):
    content = "record_id,redcap_repeat_instrument,redcap_repeat_instance,arm,headache\n1,,,p,\n1,diary,1,,yes\n1,diary,2,,no\n"
    toml = '[redcap]\ndiary = "diary"\n[columns.diary]\nday = "redcap_repeat_instance"\n'
    trial = ba.load_trial(trial_folder(export_csv=content, trial_toml=toml))
    assert trial.diary[["day", "headache"]].astype(object).to_numpy().tolist() == [[1.0, True], [2.0, False]]


def test_a_frame_is_read_like_the_export():
    import io
    import tomllib

    trial = ba.as_trial({"export": pd.read_csv(io.StringIO(RAW))}, name="t", settings=tomllib.loads(TOML))
    assert trial.diary["headache_hours"].tolist() == [4.0, 0.0, 6.0]
    assert trial.subjects["subject"].tolist() == ["1", "2"]


def test_labels_of_several_columns_are_numbered(trial_folder):
    content = (
        "Record ID,Event Name,Repeat Instrument,Repeat Instance,Group,Comment,Ill (choice=Nausea),Complete?,Comment,Complete?\n"
        "1,Baseline,,,p,well,Checked,Complete,fine,Complete\n2,Baseline,,,q,ill,Unchecked,Complete,bad,Incomplete\n"
    )
    toml = '[redcap]\nsubjects = "Baseline"\n[columns.subjects]\narm = "Group"\nnausea = "Ill (choice=Nausea)"\n'
    trial = ba.load_trial(trial_folder(export_csv=content, trial_toml=toml))
    assert trial.covariates == ["Comment", "nausea", "Comment (2)"]
    assert trial.subjects["nausea"].tolist() == [1, 0]
    notes = dict(zip(trial.left_out["where"], trial.left_out["n"], strict=True))
    assert (notes["export.csv, 'Comment', 'Complete?'"], notes["export.csv, Complete? (2)"]) == (2, 1)


def test_a_label_of_several_columns_that_the_settings_name_is_refused(trial_folder):
    content = "Record ID,Event Name,Repeat Instrument,Repeat Instance,Group,Group\n1,Baseline,,,p,q\n"
    toml = '[redcap]\nsubjects = "Baseline"\n[columns.subjects]\narm = "Group"\n'
    with pytest.raises(ba.DataError, match=r"export\.csv, row 1: found column 'Group' more than once"):
        ba.load_trial(trial_folder(export_csv=content, trial_toml=toml))


def test_a_column_of_event_names_alone_is_no_export(trial_folder):
    folder = trial_folder(clinic_csv="subject,arm,day,headache,Event Name\n1,p,1,no,fall\n")
    assert "Event Name" in ba.load_trial(folder).covariates


def test_a_column_of_subjects_that_the_export_does_not_have_is_refused(trial_folder):
    toml = TOML.replace('arm = "group"', 'arm = "group"\nsubject = "patient"')
    with pytest.raises(ba.DataError, match=r"export\.csv has no column 'patient'; its columns are 'record_id'"):
        ba.load_trial(trial_folder(export_csv=RAW, trial_toml=toml))


def test_a_repeating_event_may_be_a_diary(trial_folder):
    content = (
        "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,arm,headache\n"
        "1,base_arm_1,,,p,\n1,day_arm_1,,1,,yes\n1,day_arm_1,,2,,no\n"
    )
    toml = '[redcap]\nsubjects = "base_arm_1"\ndiary = "day_arm_1"\n[columns.diary]\nday = "redcap_repeat_instance"\n'
    trial = ba.load_trial(trial_folder(export_csv=content, trial_toml=toml))
    assert trial.diary[["day", "headache"]].astype(object).to_numpy().tolist() == [[1.0, True], [2.0, False]]


def test_an_export_without_settings_of_its_subjects_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r'under \[redcap\] in trial\.toml, such as subjects = "baseline_arm_1"'):
        ba.load_trial(trial_folder(export_csv=RAW, trial_toml='[redcap]\ndiary = "headache_diary"\n'))


@pytest.mark.parametrize("toml", ["redcap = 1\n", "[redcap]\nevents = 'x'\n", "[redcap]\ndiary = 1\n", "[redcap]\nvisits = 'x'\n",
                                  "[redcap.visits]\na = 1\n", "[redcap]\narms = ['a']\n"])  # fmt: skip
def test_wrong_settings_are_refused(trial_folder, toml):
    with pytest.raises(ba.DataError, match=r"^trial\.toml"):
        ba.load_trial(trial_folder(export_csv=RAW, trial_toml=toml))


def with_boxes(n):
    """The export of codes with a checkbox of several choices in the diary."""
    names = "".join(f",symptoms___{choice}" for choice in range(1, n + 1))
    header, *rows = RAW.strip().split("\n")
    return "\n".join([header + names, *(row + (",1" * n if "headache_diary" in row else "," * n) for row in rows)]) + "\n"


@pytest.mark.parametrize("n", [2, 3, 8])
def test_the_boxes_of_a_diary_are_not_taken_for_days(trial_folder, n):
    folder = trial_folder(export_csv=with_boxes(n))
    draft = ba.draft_settings(folder)
    assert "{day}" not in draft
    assert 'diary = "headache_diary"' in draft
    assert 'headache_hours = "hours"' in draft


def test_times_to_an_event_are_read_from_their_instrument(trial_folder):
    export = (
        "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,arm,what,days_to,happened\n"
        "1,start_arm_1,,,placebo,,,\n1,start_arm_1,time_to_relapse,1,,relapse,12,1\n"
        "2,start_arm_1,,,155 U,,,\n2,start_arm_1,time_to_relapse,1,,relapse,84,0\n"
    )
    toml = (
        '[redcap]\nsubjects = "start_arm_1"\nevent_times = "time_to_relapse"\n'
        '[columns.event_times]\nendpoint = "what"\ntime = "days_to"\nobserved = "happened"\n'
    )
    trial = ba.load_trial(trial_folder(export_csv=export, trial_toml=toml))
    found = trial.event_times[["subject", "endpoint", "time", "observed"]].astype(object).to_numpy().tolist()
    assert found == [["1", "relapse", 12.0, True], ["2", "relapse", 84.0, False]]


@pytest.mark.parametrize("instrument", ["diary", "adverse_events", "treatments", "intercurrent_events"])
def test_a_row_of_a_subject_without_the_first_event_is_refused(trial_folder, instrument):
    columns = {"diary": "headache", "adverse_events": "term", "treatments": "product", "intercurrent_events": "kind"}
    export = (
        "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,arm,day,said\n"
        "1,start,,,placebo,,\n1,start,forms,1,,2,yes\n2,start,,,155 U,,\n4,start,forms,1,,2,yes\n"
    )
    toml = f'[redcap]\nsubjects = "start"\n{instrument} = "forms"\n[columns.{instrument}]\n{columns[instrument]} = "said"\n'
    with pytest.raises(ba.DataError, match=r"export\.csv, row 5, column 'subject': found 4; expected a subject of export\.csv"):
        ba.load_trial(trial_folder(export_csv=export, trial_toml=toml))


@pytest.mark.parametrize(
    ("header", "numbered"),
    [
        ("Record ID,Pain,Pain,Pain", ["Record ID", "Pain", "Pain (2)", "Pain (3)"]),
        ("Pain,Pain,Pain (2),Pain", ["Pain", "Pain (3)", "Pain (2)", "Pain (4)"]),
        ("Event Name,redcap_event_name", ["redcap_event_name", "redcap_event_name (2)"]),
    ],
)
def test_repeated_names_are_numbered_so_that_each_is_once(header, numbered):
    assert export_names(pd.DataFrame([], columns=header.split(","))) == numbered


def of_one_event(name):
    return f"record_id,redcap_event_name,redcap_repeat_instrument,{name},arm\n1,start,,start,placebo\n2,start,,start,toxin\n"


TWICE = r"export\.csv, row 1: found column 'redcap_[a-z_]*' more than once; expected each name once"


@pytest.mark.parametrize("name", ["redcap_event_name", "Event Name", "redcap_repeat_instrument", "Repeat Instrument"])
def test_a_column_of_redcap_twice_is_refused(trial_folder, name):
    with pytest.raises(ba.DataError, match=TWICE):
        ba.load_trial(trial_folder(export_csv=of_one_event(name)))


@pytest.mark.parametrize("name", ["redcap_event_name", "redcap_repeat_instrument"])
def test_a_draft_says_that_a_column_of_redcap_is_there_twice(trial_folder, name):
    draft = ba.draft_settings(trial_folder(export_csv=of_one_event(name)))
    assert re.search(TWICE, " ".join(draft.replace("\n#", " ").split()))


def test_a_label_of_two_fields_is_drafted(trial_folder):
    export = (
        "Record ID,Event Name,arm,Pain,Pain,Complete?\n1,Baseline,placebo,3,4,Complete\n1,Week 4,,2,1,Complete\n"
        "2,Baseline,toxin,3,4,Complete\n2,Week 4,,2,1,Complete\n"
    )
    folder = trial_folder(export_csv=export.replace("arm", "arm,HIT-6").replace("o,3", "o,60,3").replace("n,3", "n,62,3")
                          .replace(",,2", ",,55,2"))  # fmt: skip
    draft = ba.draft_settings(folder)
    assert 'subjects = "Baseline"' in draft
    assert 'wide = {HIT-6 = "HIT-6"}' in draft
    assert "read without an error" in draft

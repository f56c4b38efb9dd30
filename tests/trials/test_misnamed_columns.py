"""A column with nearly the name of one of the layout is refused or noted, and never ignored."""

import re
import tomllib

import pandas as pd
import pytest

import botox_analysis as ba

TWO = "subject,arm\na,P\nb,T\n"


@pytest.mark.parametrize("name", ["ARM", "Arm", "arm.", "\u0410rm"])
def test_an_arm_of_nearly_that_name_does_not_make_a_trial_of_one_arm(trial_folder, name):
    with pytest.raises(ba.DataError, match=rf"column '{name}': found this name; expected 'arm', a line arm = \"{name}\" under"):
        ba.load_trial(trial_folder(subjects_csv=f"subject,{name}\na,P\nb,T\n"))


@pytest.mark.parametrize(
    ("table", "name", "ours"),
    [
        ("subjects", "ITT", "itt"),
        ("subjects", "Safety", "safety"),
        ("subjects", "per-protocol", "per_protocol"),
        ("subjects", "Last Day", "last_day"),
        ("subjects", "FirstDoseDate", "first_dose_date"),
        ("diary", "Headache Hours", "headache_hours"),
        ("diary", "Severity", "severity"),
        ("diary", "acute.medication", "acute_medication"),
        ("adverse_events", "ONSET_DAY", "onset_day"),
        ("adverse_events", "Onset date", "onset_date"),
        ("adverse_events", "Treatment emergent", "treatment_emergent"),
        ("assessments", "Day", "day"),
        ("intercurrent_events", "Day", "day"),
    ],
)
def test_a_name_that_differs_in_capitals_and_signs_is_refused_with_the_line_that_reads_it(trial_folder, table, name, ours):
    head = {"subjects": "subject", "diary": "subject,day,headache", "assessments": "subject,scale,visit,value",
            "adverse_events": "subject,term", "intercurrent_events": "subject,kind"}[table]  # fmt: skip
    row = ",".join(["a", *["1"] * (head.count(",") + 1)])
    files = {"subjects_csv": TWO} | {f"{table}_csv": f"{head},{name}\n{row}\n"}
    with pytest.raises(ba.DataError, match=rf"{table}\.csv, row 1, column .*{ours} = \"{name}\""):
        ba.load_trial(trial_folder(**files))


HEADS = {
    "subjects": "subject",
    "diary": "subject,day,headache",
    "assessments": "subject,scale,visit,value",
    "adverse_events": "subject,term",
    "intercurrent_events": "subject,kind,day",
}


def noted(trial_folder, table, name, settings=""):
    """Notes on a table with a further column of a name."""
    head = f"{HEADS[table]},{name}"
    rows = ["a", "x", "baseline", "1"] if table == "assessments" else ["a", *["1"] * HEADS[table].count(",")]
    files = {"subjects_csv": TWO, f"{table}_csv": f"{head}\n{','.join([*rows, '1'])}\n"}
    if table == "subjects":
        files["subjects_csv"] = f"{head}\na,1\nb,0\n"
    return ba.load_trial(trial_folder(**files, trial_toml=settings)).left_out.to_numpy().tolist()


def reads(ours, name, table):
    return f'{ours} = "{name}" under [columns.{table}] in trial.toml reads it'


@pytest.mark.parametrize(
    ("table", "name", "ours"),
    [
        ("diary", "headache_hour", "headache_hours"),
        ("diary", "serverity", "severity"),
        ("diary", "acute_medications", "acute_medication"),
        ("diary", "rescue_medicatons", "acute_medication"),
        ("subjects", "treatment_group_", "arm"),
        ("adverse_events", "treatmnt_emergent", "treatment_emergent"),
    ],
)
def test_a_misspelt_name_is_noted_with_the_line_that_reads_it(trial_folder, table, name, ours):
    n = 2 if table == "subjects" else 1
    (where, reason, rows), *others = noted(trial_folder, table, name)
    assert (where, rows, others) == (f"{table}.csv, {name}", n, [])
    assert reason.endswith(f"'{ours}': not read as that; {reads(ours, name, table)}")


@pytest.mark.parametrize(
    ("table", "name", "ours"),
    [
        ("diary", "hours", "headache_hours"),
        ("diary", "Stunden", "headache_hours"),
        ("diary", "Intensit\u00e4t", "severity"),
        ("diary", "doses", "acute_medication"),
        ("subjects", "TRT01P", "arm"),
        ("subjects", "group", "arm"),
        ("subjects", "FASFL", "itt"),
        ("subjects", "EOSDY", "last_day"),
        ("adverse_events", "SOC", "class"),
        ("adverse_events", "AESER", "serious"),
        ("adverse_events", "ASTDY", "onset_day"),
        ("assessments", "ADY", "day"),
    ],
)
def test_a_usual_name_of_an_absent_column_is_noted_with_the_line_that_reads_it(trial_folder, table, name, ours):
    n = 2 if table == "subjects" else 1
    reason = f"another name of '{ours}': not read as that; {reads(ours, name, table)}"
    assert noted(trial_folder, table, name) == [[f"{table}.csv, {name}", reason, n]]


@pytest.mark.parametrize(
    ("table", "name", "ours"),
    [
        ("diary", "headache_severity", "severity"),
        ("diary", "MaxSeverity2 severity", "severity"),
        ("adverse_events", "event is serious", "serious"),
        ("adverse_events", "aeFatal", "fatal"),
    ],
)
def test_a_name_that_ends_with_that_of_an_absent_column_is_noted(trial_folder, table, name, ours):
    assert noted(trial_folder, table, name)[0][1].startswith(f"a name that ends like '{ours}'")


def test_a_name_that_other_files_use_for_two_columns_has_a_line_for_each(trial_folder):
    ((_, reason, _),) = noted(trial_folder, "adverse_events", "onset")
    assert 'onset_date = "onset" or onset_day = "onset" under [columns.adverse_events]' in reason


def test_a_name_with_quotes_gives_a_line_that_is_toml():
    frames = {
        "subjects": pd.DataFrame({"subject": ["a"], "arm": ["P"]}),
        "diary": pd.DataFrame({"subject": ["a"], "day": [1], "headache": [True], 'headache "hours': [3.0]}),
    }
    with pytest.raises(ba.DataError) as refused:
        ba.as_trial(frames, name="frames")
    line = re.search(r"a line (.*) under", refused.value.problems["expected"][0]).group(1)
    assert tomllib.loads(line) == {"headache_hours": 'headache "hours'}


@pytest.mark.parametrize(
    ("table", "name", "line"),
    [
        ("diary", "hours", '[columns.diary]\nheadache_hours = "hours"'),
        ("diary", "hours", '[columns.diary]\nslept = "hours"'),
        ("subjects", "group", 'factors = ["group"]'),
        ("subjects", "fas", 'populations = ["fas"]'),
    ],
)
def test_a_setting_that_names_the_column_decides_it(trial_folder, table, name, line):
    assert noted(trial_folder, table, name, line) == []


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("subjects", "age"), ("subjects", "sex"), ("subjects", "site"), ("subjects", "migraine_years"), ("subjects", "severity"),
        ("subjects", "prior_headache"), ("diary", "sleep"), ("diary", "headache_location"), ("diary", "comment"),
        ("adverse_events", "outcome"), ("adverse_events", "reaction"), ("assessments", "rater"), ("intercurrent_events", "note"),
    ],
)  # fmt: skip
def test_a_name_of_another_meaning_is_not_noted(trial_folder, table, name):
    assert noted(trial_folder, table, name) == []


def test_a_usual_name_beside_the_column_itself_is_not_noted(trial_folder):
    diary = "subject,day,headache_hours,hours,severity,intensity\na,1,2,3,mild,2\n"
    subjects = "subject,arm,group,id,treatment,age\na,P,x,1,t,30\nb,T,y,2,u,40\n"
    assert ba.load_trial(trial_folder(subjects_csv=subjects, diary_csv=diary)).left_out.empty


def test_frames_have_the_same_notes_as_files():
    frames = {
        "subjects": pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"]}),
        "diary": pd.DataFrame({"subject": ["a"], "day": [1], "headache": [True], "hours": [3.0]}),
    }
    left_out = ba.as_trial(frames, name="frames").left_out
    assert left_out.to_numpy().tolist() == [
        ["diary, hours", f"another name of 'headache_hours': not read as that; {reads('headache_hours', 'hours', 'diary')}", 1]
    ]


@pytest.mark.parametrize(
    ("table", "csv", "lines"),
    [
        ("subjects", "USUBJID,arm\na,P\n", 'subject = "USUBJID"'),
        ("diary", "subject,datum,headache\na,2024-03-01,1\n", 'date = "datum"'),
        ("diary", "subject,studyday,headache\na,1,1\n", 'day = "studyday"'),
        ("assessments", "subject,PARAMCD,visit,AVAL\na,x,baseline,1\n", 'value = "AVAL"'),
        ("adverse_events", "patient,AEDECOD\na,x\n", 'term = "AEDECOD"'),
    ],
)
def test_a_required_column_under_a_usual_name_is_refused_with_the_line_that_reads_it(trial_folder, table, csv, lines):
    with pytest.raises(ba.DataError) as refused:
        ba.load_trial(trial_folder(**{"subjects_csv": TWO, f"{table}_csv": csv}))
    assert any(lines in expected for expected in refused.value.problems["expected"])


@pytest.mark.parametrize(
    "header",
    ["subject,arm,Arm", "subject,arm,age", "subject,arm,site", "subject,arm,alarm", "subject,arm,start_date", "subject,arm,sex"],
)
def test_a_name_that_is_there_or_is_another_word_is_no_misspelt_one(trial_folder, header):
    assert ba.load_trial(trial_folder(subjects_csv=f"{header}\na,P,x\nb,T,y\n")).left_out.empty


def test_a_day_beside_its_date_under_another_name_is_no_misspelt_one(trial_folder):
    diary = "subject,day,Date,headache\na,1,2024-03-01,1\n"
    assert ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=diary)).left_out.empty


def test_the_line_of_the_message_reads_the_column(trial_folder):
    folder = trial_folder(subjects_csv="subject,ARM\na,P\nb,T\n", trial_toml='[columns.subjects]\narm = "ARM"')
    assert ba.load_trial(folder).arms == ["P", "T"]


@pytest.mark.parametrize("name", ["headache_minutes", "duration_min", "Headache duration (min)", "Dauer Minuten", "HA_mins"])
def test_minutes_are_neither_read_nor_proposed_nor_drafted_as_hours(trial_folder, name):
    rows = "".join(f"{subject},{day},{5 * day}\n" for subject in "ab" for day in (1, 2, 3))
    folder = trial_folder(subjects_csv="subject,arm\na,P\nb,T\n", diary_csv=f"subject,day,{name}\n{rows}")
    trial = ba.load_trial(folder)
    assert "headache_hours" not in trial.diary.columns
    note = trial.left_out[trial.left_out["where"] == f"diary.csv, {name}"]
    assert note["reason"].tolist() == [
        "a duration in minutes: not read as 'headache_hours'; a column of hours, minutes / 60, is read"
    ]
    assert "\nheadache_hours =" not in ba.draft_settings(folder)


@pytest.mark.parametrize("name", ["hours", "duration_h", "headache duration"])
def test_hours_under_another_name_are_still_proposed(trial_folder, name):
    folder = trial_folder(subjects_csv="subject,arm\na,P\nb,T\n", diary_csv=f"subject,day,{name}\na,1,5\nb,1,6\n")
    assert ba.load_trial(folder).left_out["reason"].str.contains(f'headache_hours = "{name}"', regex=False).any()

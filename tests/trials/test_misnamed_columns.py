"""A column with nearly the name of one of the layout is refused or noted, and never ignored."""

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


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("headache_hour", "headache_hours"),
        ("serverity", "severity"),
        ("migrane", "migraine"),
        ("acute_medications", "acute_medication"),
    ],
)
def test_a_misspelt_name_is_noted(trial_folder, name, ours):
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=f"subject,day,headache,{name}\na,1,1,1\nb,1,0,0\n"))
    assert trial.left_out.to_numpy().tolist() == [[f"diary.csv, {name}", f"a name that is nearly '{ours}': not read as that", 2]]


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

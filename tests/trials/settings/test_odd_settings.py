"""Settings that are written otherwise than the files, or are no settings at all."""

import pandas as pd
import pytest

import botox_analysis as ba

TWO = "subject,arm\na,P\nb,\u00dcber\n"
DATED = "subject,arm,first_dose_date\na,P,2024-03-01\n"
VISITS = "subject,scale,visit,value\n"
NFD = "U\u0308ber"
"""The name of an arm as some keyboards write it: a letter and its dots."""


@pytest.mark.parametrize(
    "date_format", ["%Y-%Y-%m-%d", "%Y" * 999 + "-%m-%d", "%Y-%m-%d %Z", "%Y-%m-%d\\u0000", "%j", "%Y-%m-%d %z%z"]
)
def test_a_format_of_dates_that_cannot_be_read_is_refused(trial_folder, date_format):
    with pytest.raises(ba.DataError, match=r"found date_format = .*; expected year, month and day, .* an offset, if any, as %z"):
        ba.load_trial(trial_folder(subjects_csv=DATED, trial_toml=f'date_format = "{date_format}"'))


@pytest.mark.parametrize("date_format", ["%%Z %Y-%m-%d", "[%Y](%m)+%d$"])
def test_signs_in_a_format_of_dates_stand_for_themselves(trial_folder, date_format):
    day = date_format.replace("%%", "%").replace("%Y", "2024").replace("%m", "03").replace("%d", "01")
    folder = trial_folder(subjects_csv=DATED.replace("2024-03-01", day), trial_toml=f'date_format = "{date_format}"')
    assert ba.load_trial(folder).subjects["subject"].tolist() == ["a"]


@pytest.mark.parametrize("line", [f'arms = ["P", "{NFD}"]', f'reference = "{NFD}"', f'arms = ["P\\u200b", "\\u00a0{NFD}"]'])
def test_arms_of_the_settings_are_spelled_as_those_of_the_files(trial_folder, line):
    assert set(ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=line)).arms) == {"P", "\u00dcber"}


@pytest.mark.parametrize(
    ("visit", "line"),
    [
        ("week 8", 'visits = ["week\u00a04", "week 8"]\nbaseline = "week\u00a00"'),
        ("\u00fcber", 'baseline = "week 0\u200b"\nunscheduled = ["u\u0308ber"]'),
        ("week 8", 'baseline = "week 0"\n[scales."N\u200b"]\nbaseline = true'),
        ("week 8", 'baseline = "week 0"\n[values.assessments."visit\u200b"]\n"week\u00a08" = "week 9"'),
    ],
)
def test_visits_and_scales_of_the_settings_are_spelled_as_those_of_the_files(trial_folder, visit, line):
    rows = f"{VISITS}a,N,week 0,3\na,N,week 4,4\nb,N,{visit},5\n"
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, assessments_csv=rows, trial_toml=line))
    assert list(trial.assessments["visit"].cat.categories[:2]) == ["baseline", "week 4"]


@pytest.mark.parametrize(
    "line", ['populations = ["\u00fc"]', 'factors = ["u\u0308"]', '[values.subjects."u\u0308"]\n1 = "yes"\n0 = "no"']
)
def test_columns_of_the_settings_are_spelled_as_those_of_the_files(trial_folder, line):
    trial = ba.load_trial(trial_folder(subjects_csv="subject,arm,u\u0308\na,P,1\nb,T,0\n", trial_toml=line))
    assert trial.subjects["\u00fc"].tolist() in ([True, False], ["1", "0"], ["yes", "no"])


def test_a_name_in_two_spellings_is_there_twice(trial_folder):
    line = '[values.subjects.arm]\n"\u00dcber" = "x"\n"U\u0308ber" = "y"'
    with pytest.raises(ba.DataError, match="found a name twice among '\u00dcber', 'U\u0308ber'; expected each name once"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=line))


@pytest.mark.parametrize("name", ["", "a\\tb", "\\u202eb"])
def test_a_name_that_no_column_can_have_is_refused(trial_folder, name):
    with pytest.raises(ba.DataError, match=r"\[columns\.subjects\]: found the name .*; expected names of columns"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=f'[columns.subjects]\n"{name}" = "arm"'))


def test_a_factor_that_is_no_column_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"subjects\.csv, by factors in trial\.toml, has no column 'site'; its columns are"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml='factors = ["site"]'))
    with pytest.raises(ba.DataError, match="has no column 'site'"):
        ba.as_trial({"subjects": pd.DataFrame({"subject": ["a"]})}, name="x", settings={"factors": ["site"]})


@pytest.mark.long
@pytest.mark.parametrize(
    "key",
    [
        "name",
        "columns.subjects",
        "values.subjects.arm",
        "values.subjects.arm.x",
        "protocol.intercurrent",
        "scales",
        "windows.x",
        "arms",
    ],
)
@pytest.mark.parametrize("line", ["{}." + ".".join("a" * 3000) + " = 1", "{} = " + "[" * 300 + "]" * 300])
def test_settings_that_are_nested_without_end_are_refused(trial_folder, key, line):
    with pytest.raises(ba.DataError, match=r"^trial\.toml"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=line.format(key)))


@pytest.mark.parametrize(("decimal", "separator"), [(".", ","), (",", ";")])
def test_a_number_in_the_place_of_a_code_is_read_under_either_decimal_sign(trial_folder, decimal, separator):
    folder = trial_folder(
        subjects_csv="subject\na\nb\n",
        diary_csv="subject,day,headache_hours\na,1,2\nb,1,x\n".replace(",", separator),
        trial_toml=f'decimal = "{decimal}"\nseparator = "{separator}"\n[values.diary.headache_hours]\nx = 3.5\n',
    )
    assert ba.load_trial(folder).diary["headache_hours"].tolist() == [2, 3.5]


def test_a_baseline_may_have_a_window_and_the_last_before_treatment_counts(trial_folder):
    rows = "a,N,scr,5,-20\na,N,pre,4,-1\na,N,x,2,28\nb,N,scr,6,-14\n"
    folder = trial_folder(
        subjects_csv=TWO,
        assessments_csv=f"subject,scale,visit,value,day\n{rows}",
        trial_toml='[windows]\nbaseline = [-30, 1]\n"week 4" = [20, 40]',
    )
    trial = ba.load_trial(folder)
    kept = trial.assessments[["subject", "visit", "value"]].astype(str).to_numpy().tolist()
    assert kept == [["a", "baseline", "4.0"], ["a", "week 4", "2.0"], ["b", "baseline", "6.0"]]
    assert trial.left_out["n"].tolist() == [1, 3]


@pytest.mark.parametrize("name", ["all randomised", "arm", "subject", "last_day", "itt, week 4"])
def test_a_population_that_is_something_else_is_refused(trial_folder, name):
    content = 'subject,arm,last_day,all randomised,"itt, week 4"\na,P,1,1,1\nb,T,1,1,0\n'
    with pytest.raises(ba.DataError, match=f"found the populations '{name}'; expected columns of yes or no"):
        ba.load_trial(trial_folder(subjects_csv=content, trial_toml=f'populations = ["{name}"]'))


def test_two_ways_to_write_a_number_are_no_two_arms(trial_folder):
    with pytest.raises(ba.DataError, match=r"column 'arm': found '1' and '1\.0'; expected one spelling"):
        ba.load_trial(trial_folder(subjects_csv="subject,arm\na,1\nb,1.0\n"))


@pytest.mark.parametrize("origin", ["9999-12-31", "0001-01-01", '"2101-01-01"', "07:32:00", "45352", '"x"'])
def test_an_origin_of_dates_since_which_no_program_counts_is_refused(trial_folder, origin):
    with pytest.raises(ba.DataError, match=r"found date_origin = .*; expected a date, such as 1899-12-30"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=f"date_origin = {origin}"))


def test_points_below_0_are_refused_with_the_direction_to_state(trial_folder):
    with pytest.raises(
        ba.DataError, match=r"found points = -5; expected points in the direction that is better, 0 or more \(for a"
    ):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml="[protocol]\npoints = -5\n"))


@pytest.mark.parametrize("word", ['"xptt"', '".csv"', '""', "3", '["csv"]'])
def test_a_format_of_files_that_is_none_is_refused(trial_folder, word):
    with pytest.raises(ba.DataError, match=r"trial\.toml: found format = .*; expected one of 'csv', 'parquet', 'xpt', "):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=f"format = {word}"))

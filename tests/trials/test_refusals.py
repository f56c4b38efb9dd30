"""Files that are damaged or misnamed by accident are refused in one sentence."""

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.simulated.trial import write_simulated_trial

TWO = "subject,arm\na,P\nb,T\n"


def test_a_real_trial_is_not_overwritten_by_a_simulated_one(trial_folder):
    folder = trial_folder(subjects_csv=TWO)
    with pytest.raises(ba.DataError, match="found files that are not a simulated trial"):
        write_simulated_trial(folder, seed=1)
    assert (folder / "subjects.csv").read_text() == TWO


def test_one_word_among_numbers_is_refused_and_does_not_make_a_factor(trial_folder):
    rows = "".join(f"s{n},{'PT'[n % 2]},{30 + n}\n" for n in range(20))
    with pytest.raises(
        ba.DataError, match=r"row 22, column 'age': found 'unknown'; expected a number, .* or factors = \['age'\]"
    ):
        ba.load_trial(trial_folder(subjects_csv=f"subject,arm,age\n{rows}x,P,unknown\n"))


def test_a_column_named_under_factors_is_a_factor_though_it_looks_like_a_number(trial_folder):
    rows = "".join(f"s{n},{'PT'[n % 2]},{n % 3}\n" for n in range(20))
    trial = ba.load_trial(trial_folder(subjects_csv=f"subject,arm,site\n{rows}x,P,other\n", trial_toml='factors = ["site"]\n'))
    assert sorted(trial.subjects["site"].unique()) == ["0", "1", "2", "other"]


@pytest.mark.parametrize(("age", "expected"), [("inf", "a number, an empty cell"), ("1e300", r"a number up to 1e\+12")])
def test_a_covariate_beyond_all_measure_is_refused(trial_folder, age, expected):
    with pytest.raises(ba.DataError, match=rf"row 3, column 'age': found .*; expected {expected}"):
        ba.load_trial(trial_folder(subjects_csv=f"subject,arm,age\na,P,40\nb,T,{age}\n"))


@pytest.mark.parametrize("name", ["diary.csv", "trial.toml"])
def test_a_folder_in_the_place_of_a_file_is_not_passed_over(trial_folder, name):
    folder = trial_folder(subjects_csv=TWO)
    (folder / name).mkdir()
    with pytest.raises(ba.DataError, match="found a folder of this name; expected a file"):
        ba.load_trial(folder)


def test_days_and_dates_in_one_table_are_refused(trial_folder):
    subjects = "subject,arm,first_dose_date\na,P,2024-01-01\nb,T,2024-01-01\n"
    with pytest.raises(
        ba.DataError, match=r"diary\.csv, row 1, column 'date': found both 'day' and 'date'; expected one of them"
    ):
        ba.load_trial(trial_folder(subjects_csv=subjects, diary_csv="subject,day,date,headache_hours\na,1,2024-03-01,3\n"))


def test_two_spellings_of_one_visit_are_refused(trial_folder):
    rows = "a,NRS,week 4,3\nb,NRS,Week 4,3\n"
    with pytest.raises(ba.DataError, match="column 'visit': found 'week 4' and 'Week 4'; expected one spelling"):
        ba.load_trial(trial_folder(subjects_csv=TWO, assessments_csv=f"subject,scale,visit,value\n{rows}"))


def test_truth_values_are_no_hours():
    tables = {
        "subjects": pd.DataFrame({"subject": ["a"]}),
        "diary": pd.DataFrame({"subject": ["a", "a"], "day": [1, 2], "headache_hours": [True, True]}),
    }
    with pytest.raises(ba.DataError, match="expected hours from 0 to 24"):
        ba.as_trial(tables, name="true")


def test_a_covariate_called_like_a_column_of_outcomes_is_refused():
    with pytest.raises(ba.DataError, match="found this column; expected another name"):
        ba.as_trial({"subjects": pd.DataFrame({"subject": ["a"], "value": [3]})}, name="reserved")


def test_a_workbook_called_csv_is_recognised(trial_folder):
    with pytest.raises(ba.DataError, match="found a workbook"):
        ba.load_trial(trial_folder(subjects_csv=b"PK\x03\x04\x14\x00\xee"))


def test_settings_with_a_byte_order_mark_are_read(trial_folder):
    folder = trial_folder(subjects_csv=TWO, trial_toml=b'\xef\xbb\xbfname = "with a mark"\n')
    assert ba.load_trial(folder).name == "with a mark"


@pytest.mark.parametrize(
    ("call", "said"),
    [({"covariates": "baseline"}, "`covariates` must be a list of names; got 'baseline'"), ({"visits": ["w", "w"]}, "each once")],
)
def test_a_word_in_the_place_of_a_list_is_refused(call, said):
    frame = pd.DataFrame({"subject": range(4), "arm": list("aabb"), "visit": "w", "value": [1.0, 2, 3, 5]})
    outcomes = ba.as_outcomes(frame, endpoint="x", arms=["a", "b"], visits=["w"])
    with pytest.raises(ValueError, match=said):
        ba.fit_ancova(outcomes, **{"covariates": (), **call})


def test_an_infinite_change_is_refused_in_outcomes():
    frame = pd.DataFrame({"subject": range(4), "arm": list("aabb"), "visit": "w", "change": [1.0, 2, 3, 5]})
    outcomes = ba.as_outcomes(frame, endpoint="x", arms=["a", "b"], visits=["w"])
    with pytest.raises(ba.DataError, match="got an infinite change"):
        ba.fit_ancova(outcomes.assign(change=float("inf")), covariates=())


def test_the_name_of_a_rule_is_no_rule():
    with pytest.raises(TypeError, match="`rule` must be a DiaryRule; got the text 'CHARM'"):
        ba.HEADACHE_DAYS.under("CHARM")


@pytest.mark.parametrize("word", ["Total", "TOTAL:", "Mean", " sum ", "Gesamt", "Mittelwert"])
def test_a_row_that_summarises_others_is_no_subject(trial_folder, word):
    with pytest.raises(
        ba.DataError, match=r"row 4, column 'subject': found .*; expected a subject; delete rows that summarise others"
    ):
        ba.load_trial(trial_folder(subjects_csv=f"subject,arm,age\na,P,40\nb,T,50\n{word},P,45\n"))


@pytest.mark.parametrize("name", ["Max", "SD", "N", "Summer", "Totali", "mean-1"])
def test_names_and_initials_are_subjects_though_they_are_short_for_a_statistic(trial_folder, name):
    assert name in set(ba.load_trial(trial_folder(subjects_csv=f"{TWO}{name},P\n")).subjects["subject"])


def test_a_total_below_a_diary_is_refused_with_what_to_do(trial_folder):
    diary = "subject,day,headache_hours\na,1,3\nb,1,4\nTotal,2,7\n"
    with pytest.raises(
        ba.DataError, match=r"found 'Total'; expected a subject of subjects\.csv; delete rows that summarise others"
    ):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=diary))


@pytest.mark.parametrize(("cells", "separator", "line", "sign"), [
    (["1,5", "2,25", "3,0"], ";", "", ","), (["1,150", "2,250", ""], ";", "", ","),
    (["1.5", "2.5", "3.5"], ";", 'decimal = ","\n', "."),
])  # fmt: skip
def test_a_covariate_whose_numbers_have_another_decimal_sign_is_noted(trial_folder, cells, separator, line, sign):
    rows = "".join(f"s{n};{'PTP'[n]};{cell}\n" for n, cell in enumerate(cells))
    trial = ba.load_trial(trial_folder(subjects_csv=f"subject;arm;bmi\n{rows}", trial_toml=f'separator = "{separator}"\n{line}'))
    note = trial.left_out[trial.left_out["where"] == "subjects.csv, bmi"]
    assert note["reason"].tolist() == [
        f"numbers with the sign '{sign}', read as names; decimal = \"{sign}\" in trial.toml reads them as numbers"
    ]
    assert note["n"].tolist() == [sum(cell != "" for cell in cells)]


@pytest.mark.parametrize("cells", [["1,5", "high", "low"], ["", "", ""], ["a,b", "1,5", "2,5"]])
def test_a_text_with_a_comma_is_no_number_of_another_decimal_sign(trial_folder, cells):
    rows = "".join(f"s{n};{'PTP'[n]};{cell}\n" for n, cell in enumerate(cells))
    trial = ba.load_trial(trial_folder(subjects_csv=f"subject;arm;note\n{rows}", trial_toml='separator = ";"\n'))
    assert not trial.left_out["reason"].str.contains("read as names").any()


@pytest.mark.parametrize(("separator", "line"), [(";", ""), (";", 'separator = ";"\n'), (",", ""), ("\t", 'separator = "\\t"\n')])
def test_a_line_of_the_separator_above_the_header_is_named(trial_folder, separator, line):
    text = f"sep={separator}\n" + TWO.replace(",", separator)
    with pytest.raises(ba.DataError, match=r"subjects\.csv, row 1: found 'sep=.*', a line for spreadsheets; delete it"):
        ba.load_trial(trial_folder(subjects_csv=text, trial_toml=line))


def test_an_end_at_a_time_without_a_day_is_not_called_an_open_attack(trial_folder):
    attacks = "subject,start_day,start_time,end_time\na,1,22:00,06:00\n"
    with pytest.raises(ba.DataError, match="column 'end_time': found a time without 'end_day'; expected both, or neither"):
        ba.load_trial(trial_folder(subjects_csv=TWO, attacks_csv=attacks, trial_toml="[attacks]\nrecorded_from = -3\n"))

"""Wide tables: a column a day, date, visit or month."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

SUBJECTS = "subject,arm,first_dose_date\na,placebo,2024-03-01\nb,155 U,2024-03-02\n"
HOURS = '[diary]\nwide = {headache_hours = "h{day}"}\n'


def rows(frame, *columns):
    return frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None).to_numpy().tolist()


def diary_of(folder):
    return rows(ba.load_trial(folder).diary, "subject", "day", "headache_hours")


@pytest.mark.parametrize("header", ["subject,h-1,h1,h2,h3", "subject,h-01,h01,h02,h3", "subject,h1,h3,h-1,h2"])
def test_the_order_and_zeros_of_numbered_columns_do_not_matter(trial_folder, header):
    cells = {"-1": "2", "1": "0", "2": "4.5", "3": "24"}
    row = ",".join(cells[str(int(name[1:]))] for name in header.split(",")[1:])
    folder = trial_folder(subjects_csv=SUBJECTS, diary_csv=f"{header}\na,{row}\n", trial_toml=HOURS)
    assert diary_of(folder) == [["a", -1, 2.0], ["a", 1, 0.0], ["a", 2, 4.5], ["a", 3, 24.0]]


def test_a_wide_diary_is_the_trial_of_the_long_one(trial_folder, tmp_path):
    hours = np.random.default_rng(1).integers(0, 25, size=(2, 20)).astype(float)
    days = [day for day in range(-9, 12) if day]
    wide = pd.DataFrame(hours, columns=[f"h{day}" for day in days]).assign(subject=["a", "b"])
    long = pd.DataFrame({"subject": np.repeat(["a", "b"], 20), "day": days * 2, "headache_hours": hours.ravel()})
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["placebo", "155 U"]})
    settings = {"diary": {"wide": {"headache_hours": "h{day}"}}}
    by_frame = ba.as_trial({"subjects": subjects, "diary": wide}, name="t", settings=settings)
    by_file = ba.load_trial(
        trial_folder(subjects_csv=subjects.to_csv(index=False), diary_csv=wide.to_csv(index=False), trial_toml=HOURS)
    )
    expected = ba.as_trial({"subjects": subjects, "diary": long}, name="t").diary
    pd.testing.assert_frame_equal(by_frame.diary, expected)
    pd.testing.assert_frame_equal(by_file.diary, expected)


def test_an_empty_cell_is_a_day_that_was_not_recorded(trial_folder):
    folder = trial_folder(
        subjects_csv=SUBJECTS, diary_csv="subject,h1,h2,h3\na,1,,-9\nb,,0,NA\n", trial_toml=f'missing = ["-9", "NA"]\n{HOURS}'
    )
    trial = ba.load_trial(folder)
    assert diary_of(folder) == [["a", 1, 1.0], ["b", 2, 0.0]]
    assert ("diary.csv", "empty cells of 'h{day}': not recorded, no row", 4) in list(
        trial.left_out.itertuples(index=False, name=None)
    )


def test_a_day_recorded_in_one_measure_is_missing_in_the_other(trial_folder):
    folder = trial_folder(
        subjects_csv=SUBJECTS, diary_csv="subject,h1,s1,h2,s2,h3,s3\na,,mild,3,,,\n",
        trial_toml='[diary]\nwide = {headache_hours = "h{day}", severity = "s{day}"}\n',
    )  # fmt: skip
    assert rows(ba.load_trial(folder).diary, "day", "headache_hours", "severity") == [[1, None, "mild"], [2, 3.0, None]]


def test_a_measure_may_have_fewer_days_than_another(trial_folder):
    folder = trial_folder(
        subjects_csv=SUBJECTS, diary_csv="subject,h1,h2,s2\na,2,3,mild\n",
        trial_toml='[diary]\nwide = {headache_hours = "h{day}", severity = "s{day}"}\n',
    )  # fmt: skip
    assert rows(ba.load_trial(folder).diary, "day", "headache_hours", "severity") == [[1, 2.0, None], [2, 3.0, "mild"]]


def test_a_wrong_cell_is_named_by_its_row_and_column_of_the_file(trial_folder):
    folder = trial_folder(subjects_csv=SUBJECTS, diary_csv="subject,h1,h2,h17\n\na,1,2,3\nb,4,5,25\n", trial_toml=HOURS)
    with pytest.raises(ba.DataError, match=r"diary\.csv, row 4, column 'h17': found 25; expected hours from 0 to 24") as caught:
        ba.load_trial(folder)
    assert caught.value.problems[["row", "column"]].to_numpy().tolist() == [[4, "h17"]]


def test_a_contradiction_is_named_by_its_row_and_column_of_the_file(trial_folder):
    folder = trial_folder(
        subjects_csv=SUBJECTS, diary_csv="subject,h1,h2,s1,s2\na,1,0,mild,none\nb,2,0,mild,severe\n",
        trial_toml='[diary]\nwide = {headache_hours = "h{day}", severity = "s{day}"}\n',
    )  # fmt: skip
    with pytest.raises(ba.DataError, match=r"row 3, column 'h2': found headache_hours 0 beside severity 'severe'"):
        ba.load_trial(folder)


def test_a_subject_in_two_rows_is_refused(trial_folder):
    folder = trial_folder(subjects_csv=SUBJECTS, diary_csv="subject,h1,h2\na,1,0\na,2,\n", trial_toml=HOURS)
    with pytest.raises(ba.DataError, match="row 3: found subject 'a', day 1 a second time"):
        ba.load_trial(folder)


def test_a_subject_without_any_recorded_day_has_no_row(trial_folder):
    trial = ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv="subject,h1,h2\na,1,0\nb,,\n", trial_toml=HOURS))
    assert trial.diary["subject"].tolist() == ["a", "a"]


def test_a_wide_diary_without_rows_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"diary\.csv: found no rows"):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv="subject,h1,h2\n", trial_toml=HOURS))


def test_a_wide_diary_without_any_value_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"diary\.csv: found no rows"):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv="subject,h1,h2\na,,\n", trial_toml=HOURS))


def test_a_wrong_cell_of_a_frame_is_named_by_its_row_and_column():
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": "x"})
    diary = pd.DataFrame({"subject": ["a", "b"], "h1": [1.0, 2.0], "h2": [np.nan, 99.0]})
    with pytest.raises(ba.DataError, match="diary, row 3, column 'h2': found 99"):
        ba.as_trial({"subjects": subjects, "diary": diary}, name="t", settings={"diary": {"wide": {"headache_hours": "h{day}"}}})


def test_day_0_is_refused_in_a_trial_without_day_0(trial_folder):
    folder = trial_folder(subjects_csv=SUBJECTS, diary_csv="subject,h-1,h0,h1\na,1,2,3\n", trial_toml=HOURS)
    with pytest.raises(ba.DataError, match=r"row 2, column 'h0': found 0; expected .*first_day = 0"):
        ba.load_trial(folder)


def test_day_0_is_day_1_if_the_first_day_is_0(trial_folder):
    folder = trial_folder(subjects_csv=SUBJECTS, diary_csv="subject,h-1,h0,h1\na,1,2,3\n", trial_toml=f"first_day = 0\n{HOURS}")
    assert diary_of(folder) == [["a", -1, 1.0], ["a", 1, 2.0], ["a", 2, 3.0]]


@pytest.mark.parametrize("header", ["h1,h01", "h1,h1", "h1,h+1"])
def test_a_day_in_two_columns_is_refused(trial_folder, header):
    folder = trial_folder(subjects_csv=SUBJECTS, diary_csv=f"subject,{header}\na,1,1\n", trial_toml=HOURS)
    with pytest.raises(ba.DataError, match=r"found the columns 'h1' and 'h.*', both day 1 of 'headache_hours'"):
        ba.load_trial(folder)


def test_a_column_in_two_patterns_is_refused(trial_folder):
    toml = '[diary]\nwide = {headache_hours = "h{day}", severity = "{day}"}\n'
    folder = trial_folder(
        subjects_csv=SUBJECTS, diary_csv="subject,h1,1\na,1,1\n", trial_toml=toml.replace('"{day}"', '"h{day}"')
    )
    with pytest.raises(ba.DataError, match="found the column 'h1' in the patterns of 'headache_hours' and of 'severity'"):
        ba.load_trial(folder)


def test_a_pattern_without_columns_is_refused(trial_folder):
    folder = trial_folder(subjects_csv=SUBJECTS, diary_csv="subject,x1,x2\na,1,1\n", trial_toml=HOURS)
    with pytest.raises(
        ba.DataError, match=r"diary\.csv: found no column like 'h\{day\}' .*its columns are 'subject', 'x1', 'x2'"
    ):
        ba.load_trial(folder)


def test_gaps_between_the_days_are_noted(trial_folder):
    trial = ba.load_trial(trial_folder(subjects_csv=SUBJECTS, diary_csv="subject,h-1,h1,h4\na,1,2,3\n", trial_toml=HOURS))
    assert ("diary.csv, h{day}", "no column for day '2', '3'", 2) in list(trial.left_out.itertuples(index=False, name=None))


def test_a_thousand_columns_become_a_thousand_days(trial_folder):
    header = ",".join(f"h{day}" for day in range(1, 1001))
    folder = trial_folder(subjects_csv=SUBJECTS, diary_csv=f"subject,{header}\na{',1' * 1000}\n", trial_toml=HOURS)
    assert len(ba.load_trial(folder).diary) == 1000


@pytest.mark.parametrize(
    ("headers", "date_format"),
    [("2024-02-29,2024-03-01,2024-03-03", ""), ("29.02.2024,01.03.2024,03.03.2024", 'date_format = "%d.%m.%Y"\n'),
     ("2024-02-29 00:00:00,2024-03-01 00:00:00,2024-03-03 00:00:00", "")],
)  # fmt: skip
def test_dates_as_headers_are_study_days(trial_folder, headers, date_format):
    first = "01.03.2024" if date_format else "2024-03-01"
    folder = trial_folder(
        subjects_csv=f"subject,arm,first_dose_date\na,x,{first}\n", diary_csv=f"subject,{headers}\na,1,2,3\n",
        trial_toml=f'{date_format}[diary]\nwide = {{headache_hours = "{{date}}"}}\n',
    )  # fmt: skip
    assert diary_of(folder) == [["a", -1, 1.0], ["a", 1, 2.0], ["a", 3, 3.0]]


def test_dates_that_head_the_columns_of_a_frame_are_study_days():
    subjects = pd.DataFrame({"subject": ["a"], "arm": "x", "first_dose_date": [pd.Timestamp("2024-03-01")]})
    diary = pd.DataFrame([["a", 1.0, 2.0]], columns=["subject", pd.Timestamp("2024-02-29"), pd.Timestamp("2024-03-02")])
    trial = ba.as_trial(
        {"subjects": subjects, "diary": diary}, name="t", settings={"diary": {"wide": {"headache_hours": "{date}"}}}
    )
    assert rows(trial.diary, "day", "headache_hours") == [[-1, 1.0], [2, 2.0]]


def test_days_may_be_columns_of_the_subjects(trial_folder):
    folder = trial_folder(clinic_csv="subject,arm,age,h-1,h1\na,x,30,4,2\nb,y,40,1,3\n", trial_toml=HOURS)
    trial = ba.load_trial(folder)
    assert trial.covariates == ["age"]
    assert rows(trial.diary, "subject", "day", "headache_hours") == [["a", -1, 4.0], ["a", 1, 2.0], ["b", -1, 1.0], ["b", 1, 3.0]]


def test_scores_at_visits_may_be_columns(trial_folder):
    table = "subject,arm,HIT6_baseline,HIT6_w4,HIT6_w12,QOL_baseline,QOL_w4\na,x,60,55,50,1,2\nb,y,61,,51,3,4\n"
    toml = '[assessments]\nwide = {"HIT-6" = "HIT6_{visit}", QOL = "QOL_{visit}"}\n'
    trial = ba.load_trial(trial_folder(clinic_csv=table, trial_toml=toml))
    assert list(trial.assessments["visit"].cat.categories) == ["baseline", "w4", "w12"]
    found = rows(trial.assessments[trial.assessments["subject"] == "b"], "scale", "visit", "value")
    assert found == [["HIT-6", "baseline", 61.0], ["HIT-6", "w12", 51.0], ["QOL", "baseline", 3.0], ["QOL", "w4", 4.0]]


def test_monthly_counts_are_outcomes(trial_folder):
    toml = 'baseline = "month 0"\n[assessments]\nwide = "M{month}"\n'
    trial = ba.load_trial(trial_folder(clinic_csv="subject,arm,M0,M1,M2\na,placebo,12,4,3\nb,B,9,8,7\n", trial_toml=toml))
    assert rows(trial.assessments, "scale", "visit", "value")[:3] == [
        ["headache days", "baseline", 12.0], ["headache days", "month 1", 4.0], ["headache days", "month 2", 3.0],
    ]  # fmt: skip


def test_scales_may_be_columns_beside_a_column_of_visits(trial_folder):
    table = "subject,arm,visit,HIT6,MIDAS\na,x,baseline,60,30\na,x,week 4,50,\nb,y,baseline,61,31\nb,y,week 4,51,21\n"
    trial = ba.load_trial(
        trial_folder(clinic_csv=table, trial_toml='[assessments]\nwide = {"HIT-6" = "HIT6", MIDAS = "MIDAS"}\n')
    )
    assert rows(trial.assessments, "subject", "scale", "visit", "value")[:3] == [
        ["a", "HIT-6", "baseline", 60.0], ["a", "MIDAS", "baseline", 30.0], ["a", "HIT-6", "week 4", 50.0],
    ]  # fmt: skip


# Recognition ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "content", "line"),
    [
        ("diary", "subject,d1,d2,d3\na,1,0,1\n", '{"headache" = "d{day}"} under [diary]'),
        ("diary", "subject,day_-2,day_-1,day_1\na,yes,no,no\n", '{"headache" = "day_{day}"} under [diary]'),
        ("diary", "subject,d1,d2,d3\na,4,0,1\n", '{"headache_hours" = "d{day}"} under [diary]'),
        ("diary", "subject,1,2,3\na,4,0,1\n", '{"headache_hours" = "{day}"} under [diary]'),
        ("diary", "subject,2024-03-01,2024-03-02,2024-03-03\na,4,0,1\n", '{"headache_hours" = "{date}"} under [diary]'),
        ("diary", "subject,h1,h2,h3,sev1,sev2,sev3\na,4,0,1,2,3,1\n",
         '{"headache_hours" = "h{day}", "severity" = "sev{day}"} under [diary]'),
        ("assessments", "subject,HIT6_w0,HIT6_w4\na,4,0\n", '{"HIT6" = "HIT6_{visit}"} under [assessments]'),
        ("assessments", "subject,M0,M1,M2\na,4,0,1\n", '{"headache days" = "M{month}"} under [assessments]'),
        ("export", "subject,arm,d1,d2,d3\na,x,1,0,1\n", '{"headache" = "d{day}"} under [diary]'),
        ("subjects", "subject,arm,d1,d2,d3,d4,d5,d6,d7\na,x,1,0,1,1,1,1,1\n", '{"headache" = "d{day}"} under [diary]'),
    ],
)  # fmt: skip
def test_a_wide_table_is_refused_with_the_line_that_reads_it(trial_folder, table, content, line):
    files = {} if table in ("export", "subjects") else {"subjects_csv": SUBJECTS}
    folder = trial_folder(**files, **{f"{table}_csv": content})
    with pytest.raises(ba.DataError) as caught:
        ba.load_trial(folder)
    assert f"the line wide = {line} in trial.toml" in str(caught.value)
    wide, section = line.split(" under ")
    baseline = "baseline = 'month 0'" if "month" in wide else ""
    (folder / "trial.toml").write_text(f"{baseline}\n{section}\nwide = {wide}\n")
    try:
        ba.load_trial(folder)
    except ba.DataError as error:
        assert "expected a row for each" not in str(error)  # noqa: PT017 - the small table may lack other things


def test_numbered_covariates_of_a_trial_with_a_diary_stay_covariates(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,arm,d1,d2,d3,d4,d5,d6,d7\na,x,1,2,3,4,5,6,7\n", diary_csv="subject,day,headache\na,1,no\n"
    )
    assert ba.load_trial(folder).covariates == [f"d{number}" for number in range(1, 8)]


# Settings -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "toml",
    [
        "[diary]\nwide = 1\n", "[diary]\nwide = {}\n", '[diary]\nwide = "d"\n', '[diary]\nwide = "d{days}"\n',
        '[diary]\nwide = "d{day}{day}"\n', '[diary]\nwide = "m{month}"\n', "[diary]\nwide = {headache = 1}\n",
        '[diary]\nwide = {headache = "d{day}", severity = "s{date}"}\n', '[assessments]\nwide = "HIT6"\n',
        '[assessments]\nwide = {HIT6 = "HIT6_{date}"}\n', "[assessments]\nwide = 5\n", '[assessments]\nlong = "x"\n',
    ],
)  # fmt: skip
def test_a_wrong_pattern_is_refused(trial_folder, toml):
    with pytest.raises(ba.DataError, match=r"^trial\.toml, \[(diary|assessments)\]: found"):
        ba.load_trial(trial_folder(subjects_csv=SUBJECTS, trial_toml=toml))

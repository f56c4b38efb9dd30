"""`load_trial`: files in many shapes become the same trial, or an error that states the fault and its place."""

import hashlib

import pandas as pd
import pytest

import botox_analysis as ba

TWO = "subject,arm\na,P\nb,T\n"
DOSED = "subject,arm,first_dose_date\na,P,2020-03-01\nb,T,2020-03-02\n"
DIARY = "subject,day,headache_hours\n"
VISITS = "subject,scale,visit,value\n"


def days_of(trial):
    return trial.diary["day"].tolist()


# Files ----------------------------------------------------------------------------------------------------------------


def test_only_subjects_are_required(trial_folder):
    trial = ba.load_trial(trial_folder(subjects_csv=TWO))
    assert trial.subjects["subject"].tolist() == ["a", "b"]
    assert (trial.diary, trial.assessments, trial.adverse_events) == (None, None, None)


def test_a_trial_without_settings_is_called_like_its_folder(trial_folder):
    folder = trial_folder(subjects_csv=TWO)
    assert ba.load_trial(str(folder)).name == folder.name


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(
        ba.DataError, match=r"nowhere: found no such folder or file; expected a folder with subjects\.csv or subjects\.parquet"
    ):
        ba.load_trial(tmp_path / "nowhere")


def test_a_folder_without_subjects_is_refused_with_its_files(trial_folder):
    with pytest.raises(ba.DataError, match=r"found 'diary\.csv'; expected subjects\.csv or subjects\.parquet.* among them"):
        ba.load_trial(trial_folder(diary_csv=DIARY + "a,1,3\n"))


def test_the_same_table_in_two_files_is_refused(trial_folder):
    folder = trial_folder(subjects_csv=TWO, subjects_parquet=pd.DataFrame({"subject": ["a"]}))
    with pytest.raises(ba.DataError, match=r"found both subjects\.csv and subjects\.parquet; expected one of them"):
        ba.load_trial(folder)


@pytest.mark.parametrize("content", ["", "\n\n", "  \n"])
def test_an_empty_file_is_refused(trial_folder, content):
    with pytest.raises(ba.DataError, match=r"diary\.csv: found an empty file; expected a header and at least one row"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=content))


@pytest.mark.parametrize("table", ["subjects", "diary", "assessments"])
def test_a_header_without_rows_is_refused(trial_folder, table):
    files = {"subjects_csv": TWO, f"{table}_csv": "subject,arm,day,scale,visit,value\n"}
    with pytest.raises(ba.DataError, match=rf"{table}\.csv: found no rows; expected a header and at least one row"):
        ba.load_trial(trial_folder(**files))


@pytest.mark.parametrize("content", ["subject,arm", "\nsubject,arm", '"subject","arm"', "\ufeffsubject,arm", "subject,arm\r"])
def test_a_header_whose_line_does_not_end_is_one_without_rows(trial_folder, content):
    with pytest.raises(ba.DataError, match=r"subjects\.csv: found no rows; expected a header and at least one row"):
        ba.load_trial(trial_folder(subjects_csv=content))


def test_a_row_longer_than_any_row_is_refused_by_the_files_name(trial_folder, monkeypatch):
    monkeypatch.setattr("botox_analysis.trials.readers.delimited._BLOCK", 64)
    with pytest.raises(ba.DataError, match=r"subjects\.csv: found a file that cannot be read \(ArrowInvalid"):
        ba.load_trial(trial_folder(subjects_csv=f"subject,arm\na,{'P' * 999}\n"))


EVENT_COLUMNS = ["subject", "term", "class", "onset_day", "severity", "related", "fatal"]


def test_adverse_events_without_rows_mean_that_no_subject_had_any(trial_folder):
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, adverse_events_csv=",".join(EVENT_COLUMNS) + "\n"))
    assert trial.adverse_events.empty
    assert list(trial.adverse_events.columns) == EVENT_COLUMNS
    assert ba.safety.counts(trial)["n_events"].tolist() == [0, 0]


def test_adverse_events_without_rows_may_be_dated_or_in_parquet(trial_folder):
    dosed = "subject,arm,first_dose_date\na,P,2024-01-01\nb,T,2024-01-01\n"
    dated = trial_folder(subjects_csv=dosed, adverse_events_csv="subject,term,onset_date\n")
    assert list(ba.load_trial(dated).adverse_events.columns) == ["subject", "term", "onset_day"]
    (dated / "adverse_events.csv").unlink()
    assert ba.load_trial(trial_folder(adverse_events_parquet=pd.DataFrame(columns=EVENT_COLUMNS))).adverse_events.empty


def test_a_file_of_adverse_events_without_a_header_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"adverse_events\.csv: found an empty file; expected a header"):
        ba.load_trial(trial_folder(subjects_csv=TWO, adverse_events_csv="\n"))


def test_a_missing_column_is_refused_with_those_there_and_the_way_out(trial_folder):
    said = (
        r"diary\.csv.*column 'day'.*'subject', 'hours'.*; expected this column.* a line under \[columns\.diary\] in trial\.toml"
    )
    with pytest.raises(ba.DataError, match=said):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv="subject,hours\na,1\n"))


def test_a_dated_table_without_subjects_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"diary\.csv.*column 'subject'"):
        ba.load_trial(trial_folder(subjects_csv=DOSED, diary_csv="date,headache\n2020-03-01,1\n"))


def test_mixed_encodings_are_refused_with_the_row_of_the_first_strange_byte(trial_folder):
    mixed = "subject,arm\nä,P\n".encode() + "ö,T\n".encode("latin-1")
    with pytest.raises(ba.DataError, match=r"subjects\.csv, row 3: found a byte 0xf6 that is not utf-8.*save the file as UTF-8"):
        ba.load_trial(trial_folder(subjects_csv=mixed))


def test_a_named_encoding_is_read(trial_folder):
    folder = trial_folder(subjects_csv="subject,arm\nä,P\n".encode("latin-1"), trial_toml='encoding = "latin-1"')
    assert ba.load_trial(folder).subjects["subject"].tolist() == ["ä"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_another_separator_is_refused_with_the_setting_that_names_it(trial_folder, separator):
    content = TWO.replace(",", separator)
    with pytest.raises(
        ba.DataError, match=r"subjects\.csv, row 1: found '(;|\\t)' between the columns; expected ',', or .*separator = "
    ):
        ba.load_trial(trial_folder(subjects_csv=content))


def test_semicolons_and_decimal_commas_are_read_by_the_settings(trial_folder):
    folder = trial_folder(subjects_csv="subject;arm;age\na;P;40,5\n", trial_toml='separator = ";"\ndecimal = ","')
    assert ba.load_trial(folder).subjects["age"].tolist() == [40.5]


@pytest.mark.parametrize("content", ["subject,arm\na,P,3\nb,T\n", 'subject,arm\n"a,P\nb,T\n'])
def test_rows_of_different_lengths_are_refused(trial_folder, content):
    with pytest.raises(ba.DataError, match=r"subjects\.csv, row 2: found [13] cells; expected 2, as in the header"):
        ba.load_trial(trial_folder(subjects_csv=content))


def test_a_row_that_is_too_short_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"subjects\.csv, row 2: found 2 cells; expected 3, as in the header"):
        ba.load_trial(trial_folder(subjects_csv="subject,arm,age\na,P\nb,T,40\n"))


def test_a_column_name_twice_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"subjects\.csv.*: found column 'age' more than once; expected each name once"):
        ba.load_trial(trial_folder(subjects_csv="subject,age,age\na,40,50\n"))


@pytest.mark.parametrize("header", [",subject,arm", "subject,arm,"])
def test_a_column_without_a_name_is_no_covariate(trial_folder, header):
    row = "0,a,P" if header.startswith(",") else "a,P,"
    assert ba.load_trial(trial_folder(subjects_csv=f"{header}\n{row}\n")).covariates == []


@pytest.mark.parametrize(
    "content",
    [
        b"subject,arm\r\na,P\r\nb,T\r\n",
        b"\xef\xbb\xbfsubject,arm\na,P\nb,T\n",
        b"subject , arm\n a , P \nb,T",
        b'"subject","arm"\n"a","P"\n"b","T"\n',
        b"\nsubject,arm\na,P\n\nb,T\n\n",
    ],
    ids=["windows line ends", "byte order mark", "spaces", "quotes", "blank lines"],
)
def test_the_way_a_file_was_saved_does_not_matter(trial_folder, content):
    trial = ba.load_trial(trial_folder(subjects_csv=content))
    assert trial.subjects.astype(str).to_dict("list") == {"subject": ["a", "b"], "arm": ["P", "T"]}


def test_a_cell_of_spaces_is_missing(trial_folder):
    with pytest.raises(ba.DataError, match=r"subjects\.csv, row 2, column 'arm': found nothing"):
        ba.load_trial(trial_folder(subjects_csv='subject,arm\na,"  "\nb,T\n'))


def test_blank_lines_do_not_shift_the_rows_that_messages_name(trial_folder):
    with pytest.raises(ba.DataError, match=r"diary\.csv, row 4, column 'headache_hours': found 25"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=DIARY + "a,1,3\n\na,2,25\n"))


# Subjects' names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ["1", "2"],
        ["001", "002"],
        ["001", "00A"],
        ["12345678901234567", "12345678901234568"],
        ["1e5", "100000"],
        ["Å–1😀", "患者"],
    ],
    ids=["numbers", "leading zeros", "zeros beside letters", "17 digits", "like powers of ten", "unicode"],
)
def test_subjects_keep_their_names_in_every_table(trial_folder, names):
    first, second = names
    folder = trial_folder(subjects_csv=f"subject,arm\n{first},P\n{second},T\n", diary_csv=DIARY + f"{first},1,3\n")
    trial = ba.load_trial(folder)
    assert trial.subjects["subject"].tolist() == names
    assert trial.diary["subject"].tolist() == [first]


def test_subjects_numbered_in_parquet_are_those_numbered_in_csv(trial_folder):
    subjects = pd.DataFrame({"subject": pd.array([1, 2], dtype="Int64"), "arm": ["P", "T"]})
    trial = ba.load_trial(trial_folder(subjects_parquet=subjects, diary_csv=DIARY + "2,1,3\n"))
    assert trial.diary["subject"].tolist() == ["2"]


# Missing values -------------------------------------------------------------------------------------------------------


def test_na_is_an_arm_and_a_region_and_not_missing(trial_folder):
    trial = ba.load_trial(trial_folder(subjects_csv="subject,arm,region\nNA,NA,NA\nnull,None,nan\n"))
    assert trial.arms == ["NA", "None"]
    assert trial.subjects["region"].tolist() == ["NA", "nan"]


def test_na_in_a_column_of_numbers_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"row 2, column 'headache_hours': found 'NA'; expected hours from 0 to 24"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=DIARY + "a,1,NA\n"))


def test_missing_codes_are_missing_in_every_table(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,arm,age\na,P,-9\nb,T,40\n", diary_csv=DIARY + "a,1,.\nb,1,-9\n", trial_toml='missing = [-9, "."]'
    )
    trial = ba.load_trial(folder)
    assert trial.subjects["age"].isna().tolist() == [True, False]
    assert trial.diary["headache_hours"].isna().all()


@pytest.mark.parametrize("code", ["-9", '"-9"'])
def test_missing_codes_are_missing_in_parquet_whatever_their_type(trial_folder, code):
    subjects = pd.DataFrame({"subject": ["a", "b"], "age": [-9, 40], "score": [1.5, -9.0]})
    trial = ba.load_trial(trial_folder(subjects_parquet=subjects, trial_toml=f"missing = [{code}]"))
    assert trial.subjects[["age", "score"]].isna().to_numpy().tolist() == [[True, False], [False, True]]


def test_an_empty_text_in_parquet_is_missing_as_in_csv(trial_folder):
    with pytest.raises(ba.DataError, match=r"subjects\.parquet, row 2, column 'arm': found nothing"):
        ba.load_trial(trial_folder(subjects_parquet=pd.DataFrame({"subject": ["a", "b"], "arm": ["", "T"]})))


# Parquet --------------------------------------------------------------------------------------------------------------

TABLES = {
    "subjects": pd.DataFrame(
        {"subject": ["a", "b"], "arm": ["P", "T"], "itt": [True, False], "completed": [True, None], "age": [40, 50]}
    ),
    "diary": pd.DataFrame(
        {
            "subject": ["a", "a", "b"],
            "day": [-1, 1, 1],
            "headache_hours": [4.5, None, 0.0],
            "severity": ["severe", "mild", "none"],
            "migraine": [True, None, False],
        }
    ),
    "assessments": pd.DataFrame({"subject": ["b", "b"], "scale": "HIT-6", "visit": ["week 4", "baseline"], "value": [60, 66]}),
    "adverse_events": pd.DataFrame({"subject": ["b"], "term": ["Neck pain"], "onset_day": [3.0], "serious": [False]}),
}


def test_parquet_gives_the_same_trial_as_csv(tmp_path):
    for kind in ("csv", "parquet"):
        (tmp_path / kind).mkdir()
        for name, table in TABLES.items():
            getattr(table, f"to_{kind}")(tmp_path / kind / f"{name}.{kind}", index=False)
    ours, theirs = (ba.load_trial(tmp_path / kind) for kind in ("csv", "parquet"))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(ours, name), getattr(theirs, name))


def test_nullable_columns_of_parquet_are_read(trial_folder):
    diary = pd.DataFrame(
        {"subject": ["a", "b"], "day": pd.array([1, 2], dtype="Int64"), "headache_hours": pd.array([3, None], "Int64")}
    )
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, diary_parquet=diary))
    assert trial.diary["headache_hours"].isna().tolist() == [False, True]


def test_a_missing_day_in_a_nullable_column_is_refused_with_its_row(trial_folder):
    diary = pd.DataFrame({"subject": ["a", "b"], "day": pd.array([1, None], dtype="Int64"), "headache_hours": [1.0, 2.0]})
    with pytest.raises(ba.DataError, match=r"diary\.parquet, row 3, column 'day': found nothing; expected a whole study day"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_parquet=diary))


@pytest.mark.parametrize("content", [b"", b"PAR1 and nothing else"], ids=["empty", "broken"])
def test_a_broken_parquet_file_is_refused(trial_folder, content):
    with pytest.raises(ba.DataError, match=r"subjects\.parquet"):
        ba.load_trial(trial_folder(subjects_parquet=content))


def test_dates_in_parquet_become_study_days(trial_folder):
    subjects = pd.DataFrame({"subject": ["a"], "first_dose_date": pd.to_datetime(["2020-03-01"])})
    diary = pd.DataFrame({"subject": ["a", "a"], "date": pd.to_datetime(["2020-02-29", "2020-03-01"]), "headache": [True, False]})
    assert days_of(ba.load_trial(trial_folder(subjects_parquet=subjects, diary_parquet=diary))) == [-1, 1]


# Settings: what is called otherwise -----------------------------------------------------------------------------------


def test_settings_rename_columns_and_values(trial_folder):
    settings = """
        arms = ["placebo", "toxin"]
        [columns.subjects]
        subject = "USUBJID"
        arm = "TRT01PN"
        [values.subjects]
        arm = {0 = "placebo", 1 = "toxin"}
        sex = {1 = "male", 2 = "female", 9 = ""}
    """
    trial = ba.load_trial(trial_folder(subjects_csv="USUBJID,TRT01PN,sex\nx,1,1\ny,0,2\nz,0,9\n", trial_toml=settings))
    assert trial.arms == ["placebo", "toxin"]
    assert trial.subjects["arm"].tolist() == ["toxin", "placebo", "placebo"]
    assert trial.subjects["sex"].fillna("missing").tolist() == ["male", "female", "missing"]


def test_two_columns_may_swap_their_names(trial_folder):
    settings = '[columns.subjects]\nsubject = "arm"\narm = "subject"'
    trial = ba.load_trial(trial_folder(subjects_csv="arm,subject\na,P\nb,T\n", trial_toml=settings))
    assert trial.subjects["subject"].tolist() == ["a", "b"]


def test_values_that_are_not_recoded_keep_their_digits_and_stay_numbers(trial_folder):
    trial = ba.load_trial(
        trial_folder(subjects_csv="subject,score\na,none\nb,1234567.5\n", trial_toml='[values.subjects]\nscore = {none = "0"}')
    )
    assert trial.subjects["score"].tolist() == [0.0, 1234567.5]


def test_numbers_may_be_recoded_to_yes_and_no(trial_folder):
    settings = "[values.subjects]\ncompleted = {C = true, D = false}"
    trial = ba.load_trial(trial_folder(subjects_csv="subject,completed\na,C\nb,D\n", trial_toml=settings))
    assert trial.subjects["completed"].tolist() == [True, False]


@pytest.mark.parametrize(("named", "said"), [("columns", "AGEX"), ("values", "agex")])
def test_settings_that_name_an_absent_column_are_refused(trial_folder, named, said):
    settings = f'[{named}.subjects]\nage = "AGEX"' if named == "columns" else '[values.subjects]\nagex = {1 = "one"}'
    with pytest.raises(ba.DataError, match=rf"subjects\.csv, by \[{named}\.subjects\] of trial\.toml, has no column '{said}'"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=settings))


def test_a_column_given_a_name_that_is_taken_is_refused(trial_folder):
    settings = '[columns.subjects]\nsubject = "id"'
    with pytest.raises(ba.DataError, match=r"subjects\.csv.*: found column 'subject' more than once"):
        ba.load_trial(trial_folder(subjects_csv="id,subject\na,x\n", trial_toml=settings))


def test_an_unknown_key_is_refused_with_the_known_ones(trial_folder):
    with pytest.raises(ba.DataError, match=r"trial\.toml: found the key 'armz'; expected some of .*'arms'.*'visits'"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml='armz = ["P", "T"]'))


@pytest.mark.parametrize("key", ["columns", "values"])
def test_an_unknown_table_in_the_settings_is_refused(trial_folder, key):
    with pytest.raises(
        ba.DataError, match=rf"trial\.toml, \[{key}\]: found the key 'people'; expected some of 'subjects', 'diary'"
    ):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=f'[{key}.people]\nage = "AGE"'))


def test_an_unknown_key_of_the_protocol_is_refused(trial_folder):
    with pytest.raises(
        ba.DataError, match=r"trial\.toml, \[protocol\]: found the key 'alpha'; expected some of 'endpoint', 'visit'"
    ):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml="[protocol]\nalpha = 0.05"))


@pytest.mark.parametrize("content", ["arms = [", b'name = "\xe4"'], ids=["not TOML", "not UTF-8"])
def test_settings_that_are_not_toml_are_refused(trial_folder, content):
    with pytest.raises(ba.DataError, match=r"trial\.toml: found a file that cannot be read \(.*\); expected TOML in UTF-8"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=content))


@pytest.mark.parametrize(
    "line",
    [
        'arms = "PT"',
        'arms = ["P", "T", "P"]',
        'visits = "week 4"',
        'visits = ["week 4", "week 4"]',
        "missing = -9",
        'missing = "-9"',
        'populations = "itt"',
        'separator = ";;"',
        'separator = ""',
        'decimal = ",,"',
        'encoding = "klingon"',
        'date_format = "%Q"',
        'protocol = "ITT"',
        '[columns]\nsubjects = "x"',
        '[values]\nsubjects = "x"',
        '[values.subjects]\narm = "x"',
        "[protocol]\nanalysis = true",
        '[protocol]\nreduction = "half"',
        "[protocol]\nreduction = 50",
        "arms = [0, 1]",
        "seed = true",
        "[columns.subjects]\nage = 3",
        '[protocol]\ncovariates = "age"',
    ],
)
def test_a_setting_of_the_wrong_kind_is_refused(trial_folder, line):
    folder = trial_folder(
        subjects_csv=DOSED,
        diary_csv="subject,date,headache\na,2020-03-01,1\n",
        assessments_csv=VISITS + "a,NRS,baseline,3\na,NRS,week 4,3\n",
        trial_toml=line,
    )
    with pytest.raises(ba.DataError, match=r"trial\.toml"):
        ba.load_trial(folder)


# Settings: order ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "arms"),
    [
        ("", ["T", "P"]),
        ('arms = ["P", "T"]', ["P", "T"]),
        ('arms = ["T", "P"]\nreference = "P"', ["P", "T"]),
        ('reference = "P"', ["P", "T"]),
    ],
    ids=["order of appearance", "order named", "reference first", "reference alone"],
)
def test_the_reference_comes_first(trial_folder, settings, arms):
    assert ba.load_trial(trial_folder(subjects_csv="subject,arm\na,T\nb,P\n", trial_toml=settings)).arms == arms


def test_numbers_as_arms_are_named_by_their_words(trial_folder):
    folder = trial_folder(subjects_csv="subject,arm\na,0\nb,01\n", trial_toml='arms = ["01", "0"]')
    assert ba.load_trial(folder).arms == ["01", "0"]


def test_an_unknown_arm_is_refused_with_its_row(trial_folder):
    with pytest.raises(ba.DataError, match=r"subjects\.csv, row 3, column 'arm': found 'Q'; .*'P', 'T'"):
        ba.load_trial(trial_folder(subjects_csv="subject,arm\na,P\nb,Q\nc,T\n", trial_toml='arms = ["P", "T"]'))


def test_all_unknown_arms_are_reported_at_once(trial_folder):
    with pytest.raises(ba.DataError, match="first of 2 problems") as caught:
        ba.load_trial(trial_folder(subjects_csv="subject,arm\na,P\nb,Q\nc,T\nd,Z\n", trial_toml='arms = ["P", "T"]'))
    assert caught.value.problems["row"].tolist() == [3, 5]


def test_an_arm_without_subjects_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match="'X'"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml='arms = ["P", "T", "X"]'))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('arms = ["P", "T"]\nreference = "X"', r"found reference = 'X'; expected one of the arms 'P', 'T'"),
        ('reference = "X"', r"found the arms 'P', 'T'; expected the reference 'X' among them"),
    ],
)
def test_a_reference_that_is_no_arm_is_refused(trial_folder, settings, said):
    with pytest.raises(ba.DataError, match=said):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=settings))


def test_visits_come_in_the_order_named_after_baseline(trial_folder):
    rows = "a,NRS,late,3\na,NRS,early,4\na,NRS,screening,5\n"
    settings = 'visits = ["early", "late"]\nbaseline = "screening"'
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, assessments_csv=VISITS + rows, trial_toml=settings))
    assert list(trial.assessments["visit"].cat.categories) == ["baseline", "early", "late"]
    assert trial.assessments["visit"].tolist() == ["late", "early", "baseline"]


def test_visits_may_be_numbers(trial_folder):
    folder = trial_folder(
        subjects_csv=TWO,
        assessments_csv=VISITS + "a,NRS,12,3\na,NRS,4,4\na,NRS,0,5\n",
        trial_toml="baseline = 0\nvisits = [4, 12]",
    )
    assert list(ba.load_trial(folder).assessments["visit"].cat.categories) == ["baseline", "4", "12"]


def test_a_visit_that_is_not_named_is_refused_with_its_row(trial_folder):
    folder = trial_folder(
        subjects_csv=TWO,
        assessments_csv=VISITS + "a,NRS,week 4,3\nb,NRS,week 99,3\na,NRS,baseline,3\n",
        trial_toml='visits = ["week 4"]',
    )
    with pytest.raises(ba.DataError, match=r"assessments\.csv, row 3, column 'visit': found 'week 99'; .*'baseline', 'week 4'"):
        ba.load_trial(folder)


@pytest.mark.parametrize("settings", ['visits = ["week 4", "week 99"]', 'baseline = "week 99"'])
def test_a_visit_name_that_does_not_exist_is_refused(trial_folder, settings):
    folder = trial_folder(subjects_csv=TWO, assessments_csv=VISITS + "a,NRS,baseline,3\na,NRS,week 4,3\n", trial_toml=settings)
    with pytest.raises(ba.DataError, match="'week 99'"):
        ba.load_trial(folder)


def test_a_population_named_in_the_settings_can_be_restricted_to(trial_folder):
    folder = trial_folder(subjects_csv="subject,arm,mitt\na,P,Y\nb,T,N\n", trial_toml='populations = ["mitt"]')
    assert ba.load_trial(folder).restrict("mitt").subjects["subject"].tolist() == ["a"]


def test_a_population_without_a_column_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"subjects\.csv.*column 'mitt'"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml='populations = ["mitt"]'))


def test_a_population_known_anyway_is_not_there_twice(trial_folder):
    folder = trial_folder(subjects_csv="subject,arm,itt\na,P,yes\nb,T,no\n", trial_toml='populations = ["itt"]')
    assert ba.load_trial(folder).populations == ("itt",)


# Days -----------------------------------------------------------------------------------------------------------------


def test_dates_become_study_days_without_a_day_0(trial_folder):
    dates = "subject,date,headache\na,2020-02-02,1\na,2020-02-29,1\na,2020-03-01,1\na,2020-03-02,1\nb,2020-03-01,1\n"
    trial = ba.load_trial(trial_folder(subjects_csv=DOSED, diary_csv=dates))
    assert days_of(trial) == [-28, -1, 1, 2, -1]
    assert "date" not in trial.diary
    assert "first_dose_date" not in trial.subjects


def test_dates_of_adverse_events_and_of_leaving_become_study_days(trial_folder):
    trial = ba.load_trial(
        trial_folder(
            subjects_csv="subject,first_dose_date,last_date\na,2020-03-01,2020-03-31\n",
            adverse_events_csv="subject,term,onset_date,end_date\na,X,2020-02-28,2020-03-05\na,Y,,2020-03-05\n",
        )
    )
    assert trial.subjects["last_day"].tolist() == [31]
    assert trial.adverse_events["onset_day"].fillna(99).tolist() == [-2, 99]
    assert trial.adverse_events["end_day"].tolist() == [5, 5]


def test_dates_may_be_written_as_the_settings_say(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,first_dose_date\na,01/03/2020\n",
        diary_csv="subject,date,headache\na,29/02/2020,1\n",
        trial_toml='date_format = "%d/%m/%Y"',
    )
    assert days_of(ba.load_trial(folder)) == [-1]


def test_a_study_day_is_a_calendar_day_whatever_the_hour(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,first_dose_date\na,2020-03-01 14:00\n",
        diary_csv="subject,date,headache\na,2020-02-29 23:00,1\na,2020-03-01 02:00,1\n",
        trial_toml='date_format = "%Y-%m-%d %H:%M"',
    )
    assert days_of(ba.load_trial(folder)) == [-1, 1]


def test_badly_written_dates_of_all_files_are_reported_at_once(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,first_dose_date\na,01.03.2020\n", diary_csv="subject,date,headache\na,2020-02-30,1\n"
    )
    said = r"subjects\.csv, row 2, column 'first_dose_date': found '01\.03\.2020'; expected a date written %Y-%m-%d"
    with pytest.raises(ba.DataError, match=said) as caught:
        ba.load_trial(folder)
    assert caught.value.problems["found"].tolist() == ["'01.03.2020'", "'2020-02-30'"]


def test_dates_without_a_first_dose_are_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"diary\.csv has dates \('date'\) and subjects\.csv has no column 'first_dose_date'"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv="subject,date,headache\na,2020-02-29,1\n"))


def test_a_dated_diary_of_a_subject_never_dosed_is_refused_by_the_missing_first_dose(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,first_dose_date\na,\nb,2020-03-02\n",
        diary_csv="subject,date,headache\na,2020-02-29,1\nb,2020-03-02,1\n",
    )
    with pytest.raises(ba.DataError, match="first_dose_date"):
        ba.load_trial(folder)


def test_a_missing_date_is_refused_by_the_column_the_file_has(trial_folder):
    folder = trial_folder(subjects_csv=DOSED, diary_csv="subject,date,headache\na,,1\n")
    with pytest.raises(ba.DataError, match=r"diary\.csv, row 2, column 'date': found nothing"):
        ba.load_trial(folder)


def test_a_dated_diary_of_a_stranger_is_refused_as_that_of_a_stranger(trial_folder):
    folder = trial_folder(subjects_csv=DOSED, diary_csv="subject,date,headache\nz,2020-03-02,1\n")
    with pytest.raises(
        ba.DataError, match=r"diary\.csv, row 2, column 'subject': found 'z'; expected a subject of subjects\.csv"
    ):
        ba.load_trial(folder)


@pytest.mark.parametrize("name", ["a ", " a"])
def test_spaces_around_a_subject_do_not_keep_it_from_its_dates(trial_folder, name):
    folder = trial_folder(
        subjects_csv=f'subject,first_dose_date\n"{name}",2020-03-01\n', diary_csv="subject,date,headache\na,2020-02-29,1\n"
    )
    assert days_of(ba.load_trial(folder)) == [-1]


def test_days_counted_from_0_are_counted_from_1_by_the_settings(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,last_day\na,3\n", diary_csv=DIARY + "a,-1,1\na,0,1\na,1,1\n", trial_toml="first_day = 0"
    )
    trial = ba.load_trial(folder)
    assert days_of(trial) == [-1, 1, 2]
    assert trial.subjects["last_day"].tolist() == [4]


def test_a_day_0_is_refused_with_its_row_and_the_two_ways_out(trial_folder):
    said = r"diary\.csv, row 3, column 'day': found 0; expected day 1 .* -1 for the day before, or first_day = 0 in trial\.toml"
    with pytest.raises(ba.DataError, match=said):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=DIARY + "a,-1,1\na,0,1\n"))


def test_a_first_day_other_than_0_and_1_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"trial\.toml: found first_day = 2; expected 0 or 1"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml="first_day = 2"))


# Problems -------------------------------------------------------------------------------------------------------------


def test_the_problems_of_all_files_are_reported_at_once(trial_folder):
    folder = trial_folder(
        subjects_csv="subject,arm,itt\na,P,maybe\na,T,yes\n",
        diary_csv="subject,day,headache_hours,acute_medication\nz,1,25,0\na,1,x,0\na,1,3,-1\n",
    )
    with pytest.raises(ba.DataError, match="This is the first of 7 problems") as caught:
        ba.load_trial(folder)
    told = {(row.file, row.row, row.column) for row in caught.value.problems.itertuples()}
    assert told == {
        ("subjects.csv", 2, "itt"),
        ("subjects.csv", 3, ""),
        ("diary.csv", 2, "subject"),
        ("diary.csv", 2, "headache_hours"),
        ("diary.csv", 3, "headache_hours"),
        ("diary.csv", 4, "acute_medication"),
        ("diary.csv", 4, ""),
    }


def test_the_problems_of_a_row_come_in_the_order_of_its_columns(trial_folder):
    columns = ["headache_hours", "severity", "migraine", "acute_medication"]
    diary = f"subject,day,{','.join(columns)}\na,1,25,9,maybe,-1\n"
    with pytest.raises(ba.DataError, match="first of 4 problems") as caught:
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=diary))
    assert caught.value.problems["column"].tolist() == columns


def test_columns_missing_from_two_files_are_reported_at_once(trial_folder):
    with pytest.raises(ba.DataError) as caught:
        ba.load_trial(trial_folder(subjects_csv="id,arm\na,P\n", diary_csv="subject,hours\na,1\n"))
    assert set(caught.value.problems["file"]) == {"subjects.csv", "diary.csv"}


def test_the_message_counts_every_problem_of_a_file(trial_folder):
    rows = "".join(f"a,{day},25\n" for day in range(1, 1501))
    with pytest.raises(ba.DataError, match="row 2, column 'headache_hours': found 25 in 1,500 rows; expected"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=DIARY + rows))


def test_a_day_0_does_not_hide_the_other_problems(trial_folder):
    with pytest.raises(ba.DataError, match="first of 2 problems"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=DIARY + "a,0,1\na,1,25\n"))


# What is kept beside --------------------------------------------------------------------------------------------------


def test_the_provenance_has_the_checksum_of_every_file(trial_folder):
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml='name = "N"\ncitation = "C"\nsource = "S"'))
    assert trial.name == "N"
    assert trial.provenance["sha256 of subjects.csv"] == hashlib.sha256(TWO.encode()).hexdigest()
    assert (trial.provenance["citation"], trial.provenance["source"], trial.provenance["simulated"]) == ("C", "S", "no")
    assert "sha256 of trial.toml" in trial.provenance


def test_the_protocol_of_the_settings_is_the_trials(trial_folder):
    settings = '[protocol]\nendpoint = "HIT-6"\nvisit = "week 4"\ncovariates = ["age"]\nanalysis = "mmrm"\nreduction = 0.3'
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=settings))
    assert trial.protocol == ba.advanced.Protocol(
        endpoint="HIT-6", visit="week 4", covariates=("age",), analysis="mmrm", reduction=0.3
    )

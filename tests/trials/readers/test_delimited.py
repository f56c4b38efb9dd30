"""CSV files: texts stay texts, and files that are not CSV are refused."""

import pytest

import botox_analysis as ba

TWO = "subject,arm\na,P\nb,T\n"
DIARY = "subject,day,headache_hours\n"


def test_a_quotation_mark_that_is_never_closed_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"diary\.csv: found a quotation mark that is opened and never closed"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=DIARY + 'a,1,5\na,2,"5\n'))


@pytest.mark.parametrize("cell", ['"say ""no"""', '"two\nlines"', "5'10\"", '"a,b"'])
def test_quoted_cells_are_the_texts_inside(trial_folder, cell):
    events = f"subject,term,action\na,Fall,{cell}\nb,Fall,none\n"
    right = cell[1:-1].replace('""', '"') if cell.startswith('"') else cell
    assert ba.load_trial(trial_folder(subjects_csv=TWO, adverse_events_csv=events)).adverse_events["action"][0] == right


@pytest.mark.parametrize("row", ['a, "Fall, hard"', ' "a", "Fall, hard"'])
def test_spaces_before_quotation_marks_do_not_matter(trial_folder, row):
    events = ba.load_trial(trial_folder(subjects_csv=TWO, adverse_events_csv=f"subject,term\n{row}\n")).adverse_events
    assert events["term"].tolist() == ["Fall, hard"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blank_lines_and_line_ends_do_not_shift_the_rows_of_messages(trial_folder, end):
    rows = end.join(["", "subject,day,headache_hours", "a,1,3", "", "a,2,25", "", ""])
    with pytest.raises(ba.DataError, match=r"diary\.csv, row 5, column 'headache_hours': found 25"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=rows))


@pytest.mark.parametrize(("empty", "n"), [(",,\n", 1), (",,\n,,\n , ,\n", 3)])
def test_empty_rows_at_the_end_are_left_out_and_counted(trial_folder, empty, n):
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=DIARY + "a,1,3\n" + empty))
    assert len(trial.diary) == 1
    assert trial.left_out.to_numpy().tolist() == [["diary.csv", "empty rows at the end: left out", n]]


def test_an_empty_row_between_others_is_refused(trial_folder):
    with pytest.raises(ba.DataError, match=r"diary\.csv, row 3, column 'subject': found nothing"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=DIARY + "a,1,3\n,,\na,2,3\n"))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04xx", "a workbook"),
        (b"\xd0\xcf\x11\xe0xx", "an old workbook"),
        (b"\x1f\x8bxx", "a gzip file"),
        (b"%PDF-1.4", "a PDF file"),
        (b"PAR1xx", "a Parquet file"),
    ],
)
def test_another_kind_of_file_under_the_name_of_a_csv_is_recognised(trial_folder, content, what):
    with pytest.raises(ba.DataError, match=rf"subjects\.csv: found {what}.* under the name of a CSV file; expected a CSV file"):
        ba.load_trial(trial_folder(subjects_csv=content))


@pytest.mark.parametrize(
    "name", ["hex", "zlib", "rot13", "punycode", "idna", "undefined", "unicode_escape", "utf\\u0000", "klingon", "base64", ""]
)
def test_an_encoding_of_other_content_than_text_is_refused_by_name(trial_folder, name):
    with pytest.raises(ba.DataError, match=r"trial\.toml: found encoding = .*; expected an encoding of text, such as utf-8"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=f'encoding = "{name}"'))


@pytest.mark.parametrize("name", ["utf-8", "latin-1", "cp1252", "utf-16", "utf-16-le", "cp037", "shift_jis"])
def test_encodings_of_texts_are_read(trial_folder, name):
    folder = trial_folder(subjects_csv=TWO.encode(name), trial_toml=f'encoding = "{name}"')
    assert ba.load_trial(folder).arms == ["P", "T"]


@pytest.mark.parametrize("sign", ["\\n", "\\r", "\\u00a7", "a", "1", ".", "-", '\\"', ""])
def test_a_separator_that_cannot_be_is_refused(trial_folder, sign):
    with pytest.raises(ba.DataError, match=r"trial\.toml: found separator = "):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=f'separator = "{sign}"'))


@pytest.mark.parametrize("sign", [";", "\\t", "|", ":"])
def test_common_separators_are_read(trial_folder, sign):
    folder = trial_folder(subjects_csv=TWO.replace(",", sign.replace("\\t", "\t")), trial_toml=f'separator = "{sign}"')
    assert ba.load_trial(folder).arms == ["P", "T"]


@pytest.mark.parametrize(
    "content",
    ["a = " + "[" * 100_000, "first_day = " + "9" * 5000, "a = {" * 5000, "\x00", 'a = "\ud800"'.encode(errors="surrogatepass")],
)
def test_settings_that_break_a_parser_are_refused(trial_folder, content):
    with pytest.raises(ba.DataError, match=r"trial\.toml"):
        ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=content))


def test_parquet_with_damaged_metadata_is_read_or_refused(trial_folder, tmp_path):
    import pandas as pd

    whole = tmp_path / "whole.parquet.bin"
    pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"]}).to_parquet(whole)
    damaged = bytearray(whole.read_bytes())
    whole.unlink()
    place = damaged.rfind(b'"columns"')
    damaged[place : place + 4] = b"\xff\xfe{["
    folder = trial_folder(subjects_parquet=bytes(damaged))
    assert ba.load_trial(folder).arms == ["P", "T"]


# Columns --------------------------------------------------------------------------------------------------------------


def test_a_column_without_a_name_is_refused_where_it_has_values(trial_folder):
    with pytest.raises(
        ba.DataError, match=r"subjects\.csv, row 1: found column 3 without a name; expected a name for each column"
    ):
        ba.load_trial(trial_folder(subjects_csv="subject,arm,,sex\na,P,30,F\nb,T,41,M\n"))


@pytest.mark.parametrize(
    ("header", "rows"),
    [(",subject,arm", "0,a,P\n1,b,T\n"), ("Unnamed: 0,subject,arm", "1,a,P\n2,b,T\n"), ("subject,arm,", "a,P,\nb,T,\n")],
)
def test_row_numbers_and_empty_columns_without_a_name_are_left_out_and_counted(trial_folder, header, rows):
    trial = ba.load_trial(trial_folder(subjects_csv=f"{header}\n{rows}"))
    assert trial.covariates == []
    assert trial.left_out["reason"].str.contains("without a name: left out").tolist() == [True]


def test_one_column_of_a_file_may_stand_for_two_of_the_layout(trial_folder):
    settings = '[columns.subjects]\nitt = "FAS"\nsafety = "FAS"'
    trial = ba.load_trial(trial_folder(subjects_csv="subject,arm,FAS\na,P,yes\nb,T,no\n", trial_toml=settings))
    assert trial.populations == ("itt", "safety")
    assert trial.subjects["itt"].tolist() == trial.subjects["safety"].tolist() == [True, False]


@pytest.mark.parametrize("theirs", ["arm", "subject"])
def test_a_column_may_keep_its_name_and_feed_another(trial_folder, theirs):
    settings = f'[columns.subjects]\n{theirs} = "{theirs}"\nactual_arm = "arm"'
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, trial_toml=settings if theirs == "arm" else settings + '\narm = "arm"'))
    assert trial.subjects["actual_arm"].astype(str).tolist() == ["P", "T"]


def test_a_missing_column_is_reported_with_the_line_that_names_a_similar_one(trial_folder):
    with pytest.raises(ba.DataError, match=r'a line under \[columns\.subjects\] in trial\.toml \(subject = "Subject"\)'):
        ba.load_trial(trial_folder(subjects_csv="Subject,arm\na,P\n"))

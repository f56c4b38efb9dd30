"""The workbook of a trial: texts are texts, numbers have all digits, and the limits of a sheet hold."""

import re
import zipfile

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.writing import workbook
from botox_analysis.trials.writing.workbook import write_workbook

SIGNS = ["=1+1", "+1", "-1", "@x", "=cmd|' /C calc'!A0", "https://example.org", "mailto:a@b", "{=1}", "  x", "007", "1E5", "TRUE"]


def sheet_of(path, number=1):
    with zipfile.ZipFile(path) as book:
        return book.read(f"xl/worksheets/sheet{number}.xml").decode()


def test_no_text_is_a_formula_a_link_or_a_number(tmp_path):
    write_workbook({"subjects": pd.DataFrame({"subject": SIGNS, "=A1": SIGNS})}, tmp_path)
    sheet = sheet_of(tmp_path / "trial.xlsx")
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert sheet.count('t="s"') == 2 * len(SIGNS) + 2


@pytest.mark.parametrize("number", [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, 123456789012345678.0, -0.0])
def test_a_number_has_all_its_digits(number, tmp_path):
    write_workbook({"subjects": pd.DataFrame({"x": [number]})}, tmp_path)
    written = re.search(r"<v>([^<]*)</v></c></row></sheetData>", sheet_of(tmp_path / "trial.xlsx"))
    assert float(written[1]) == number


@pytest.mark.long
def test_a_workbook_has_a_sheet_for_each_table_and_is_read_by_its_path(tmp_path):
    trial = ba.simulate_trial(1, n=2)
    folder = ba.write_trial(trial, tmp_path / "out", format="xlsx")
    assert {path.name for path in folder.iterdir()} == {"trial.xlsx", "trial.toml"}
    copy = ba.load_trial(folder / "trial.xlsx")
    pd.testing.assert_frame_equal(copy.diary, trial.diary)
    assert copy.protocol == trial.protocol


def test_a_table_beyond_a_sheet_is_refused_before_writing(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "_MOST_ROWS", 3)
    write_workbook({"subjects": pd.DataFrame({"subject": ["a", "b"]})}, tmp_path)
    (tmp_path / "trial.xlsx").unlink()
    with pytest.raises(ba.DataError, match="diary: found 3 rows and 1 columns; a sheet has at most 2 rows below its header"):
        write_workbook({"subjects": pd.DataFrame({"subject": ["a"]}), "diary": pd.DataFrame({"subject": list("abc")})}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_longest_text_of_a_cell_is_written(tmp_path):
    write_workbook({"subjects": pd.DataFrame({"subject": ["a"], "note": ["x" * 32_767]})}, tmp_path)
    with zipfile.ZipFile(tmp_path / "trial.xlsx") as book:
        assert "x" * 32_767 in book.read("xl/sharedStrings.xml").decode()


@pytest.mark.parametrize("letters", ["x" * 32_768, "\U0001f600" * 16_384])
def test_a_text_beyond_a_cell_is_refused_before_writing(letters, tmp_path):
    table = {"subjects": pd.DataFrame({"subject": ["a"], "note": [letters]})}
    with pytest.raises(ba.DataError, match="column 'note': found a text of 32,768 letters; a cell of a sheet has at most 32,767"):
        write_workbook(table, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_one_sentence_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(
        ba.DataError, match=r"needs the library xlsxwriter; install it by: pip install 'botox-analysis\[formats\]'"
    ):
        ba.write_trial(ba.simulate_trial(1, n=2), tmp_path / "out", format="xlsx")
    assert list(tmp_path.iterdir()) == []

"""The script that compares the numbers of two states of the project finds what has moved."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

specification = importlib.util.spec_from_file_location("same_numbers", Path(__file__).parent / "same_numbers.py")
same_numbers = importlib.util.module_from_spec(specification)
specification.loader.exec_module(same_numbers)

ROW = dict.fromkeys(same_numbers.TEXTS, "") | dict.fromkeys(same_numbers.NUMBERS, 1.0) | {"measure": "mean change"}


def rows(*changes):
    return pd.DataFrame([ROW | change for change in changes])


def test_rows_that_are_all_there_are_not_lost_in_whatever_order():
    old = rows({"arm": "A", "df": float("nan")}, {"arm": "B", "estimate": 2.0})
    lost, largest = same_numbers.matched(old, old.iloc[::-1])
    assert lost.empty
    assert largest == 0


@pytest.mark.parametrize(
    "change", [{"estimate": 1 + 1e-11}, {"estimate": float("inf")}, {"df": float("nan")}, {"arm": "B"}, {"method": "another"}]
)
def test_a_row_with_another_number_or_word_is_lost(change):
    lost, _ = same_numbers.matched(rows({}), rows(change))
    assert len(lost) == 1


def test_the_gap_of_a_row_that_is_there_is_told():
    lost, largest = same_numbers.matched(rows({"estimate": 1000.0}), rows({"estimate": 1000.0 + 1e-10}))
    assert lost.empty
    assert largest == pytest.approx(1e-13, rel=1e-3)


def test_a_word_that_was_renamed_is_found_under_its_new_name(monkeypatch):
    monkeypatch.setattr(same_numbers, "RENAMED", {"measure": {"mean change": "change"}})
    lost, _ = same_numbers.matched(rows({}), rows({"measure": "change"}))
    assert lost.empty

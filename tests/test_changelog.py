"""The table of old and new names leads to names that are there."""

import re
from pathlib import Path

import pytest

import botox_analysis as ba
from botox_analysis.models.imputation.imputations import Imputations
from botox_analysis.models.repeated.fit import MmrmFit
from tests.public import PUBLIC

CHANGES = (Path(__file__).resolve().parents[1] / "CHANGELOG.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \|$", CHANGES, flags=re.MULTILINE)
METHODS = {"Imputations": Imputations, "MmrmFit": MmrmFit}


@pytest.mark.parametrize(("old", "new"), ROWS)
def test_a_new_name_is_there_and_an_old_one_is_not(old, new):
    owner, _, name = new.rpartition(".")
    assert hasattr(METHODS[owner], name) if owner in METHODS else new in PUBLIC
    assert old not in ba.__all__

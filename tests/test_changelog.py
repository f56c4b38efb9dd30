"""The table of old and new names leads to names that are there."""

import re
from pathlib import Path

from tests.public import FUNCTIONS, NAMESPACES, PUBLIC

CHANGES = (Path(__file__).resolve().parents[1] / "CHANGELOG.md").read_text("utf-8")
ROWS = re.findall(r"^\| `([^`]+)` \| `?([^`|]+)`?[^|]* \|$", CHANGES, flags=re.MULTILINE)


def test_every_name_in_a_namespace_has_a_row():
    new = {found for _, found in ROWS}
    moved = {name for name in PUBLIC if name.split(".")[0] in NAMESPACES and name != "missing.Shift"}
    assert moved - new == set()


def test_a_new_name_is_there_and_an_old_one_is_not():
    for old, new in ROWS:
        if re.fullmatch(r"[A-Za-z_0-9]+(\.[A-Za-z_0-9]+)?", new) and new != "botox_analysis.frames":
            assert new in PUBLIC
            assert old not in {name for name in FUNCTIONS if "." not in name}

"""The README: its names are public, and its calls run in the order in which they stand."""

import re
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import botox_analysis as ba
from tests.public import NAMESPACES, PUBLIC

README = (Path(__file__).resolve().parents[1] / "README.md").read_text("utf-8")
BLOCKS_AND_ROWS = re.findall(r"```python\n((?:.|\n)*?)```|^\| [^|`\n]+ \| (`.*`) \|$", README, flags=re.MULTILINE)
CALLS = [call for block, row in BLOCKS_AND_ROWS for call in ([block] if block else re.findall(r"`([^`]+)`", row))]
SPACES = "|".join(NAMESPACES)
NAMES = set(re.findall(rf"\bba\.((?:(?:{SPACES})\.)?\w+)", " ".join(CALLS)))
WHOLE_RUNS = ("ba.write_report(", "ba.check_report(")
COMMON_TASKS = {
    "load_trial",
    "validate_trial",
    "draft_settings",
    "fetch_trial",
    "as_outcomes",
    "responders",
    "fit_mmrm",
    "plot.forest",
    "plot.save",
    "number_needed",
    "non_inferiority",
    "missing.values",
    "missing.impute",
    "table.adverse_events",
    "times.curve",
    "adjust_multiplicity",
    "write_report",
}


def test_every_name_in_a_call_is_public():
    assert NAMES - set(PUBLIC) == set()


def test_the_common_tasks_have_a_call():
    assert COMMON_TASKS <= NAMES


@pytest.mark.long
def test_every_call_runs_in_the_order_of_the_page(tmp_path, monkeypatch, realdata):
    shutil.copytree(ba.bundled_data("simulated"), tmp_path / "my_trial")
    monkeypatch.chdir(tmp_path)
    variables = {}
    for call in CALLS:
        if not call.startswith(WHOLE_RUNS):
            exec(call, variables)  # noqa: S102 - the calls of the page itself
            plt.close("all")
    assert (tmp_path / "course.svg").is_file()
    assert (tmp_path / "efficacy.csv").is_file()

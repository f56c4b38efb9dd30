"""The page "From your file to the layout": every recipe is about a file that is there, and gives what the page states."""

import doctest
import os
import re
import shutil
from pathlib import Path

import pytest

import botox_analysis as ba
from tests.data import make

ROOT = Path(__file__).resolve().parent
PAGE = (ROOT.parent / "docs" / "from-your-file.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n?)*)", PAGE, flags=re.MULTILINE))
RECIPES = {title: text for title, text in SECTIONS.items() if "```python" in text}
LIBRARIES = {".xlsx": "python_calamine", ".xpt": "pyreadstat", ".sas7bdat": "pyreadstat"}
KINDS = (
    "CSV with other names", "Excel, a sheet for each table", "Excel, one sheet", "Wide diary", "Monthly counts", "REDCap",
    "A row for each question", "Attacks", "Treatments", "SAS transport", "sas7bdat", "ADaM", "SDTM", "Dataset-JSON", "Frames",
)  # fmt: skip


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The working folder, with a copy of the small files of every recipe."""
    shutil.copytree(ROOT / "data", tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "*.md", "__pycache__"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("title", RECIPES)
def test_the_recipe_gives_what_the_page_states(title, files, request):
    text = RECIPES[title]
    for suffix, library in LIBRARIES.items():
        if suffix in text:
            pytest.importorskip(library)
    if "BOTOX_ANALYSIS_DATA" in text:
        request.getfixturevalue("realdata")
    for settings in blocks(text, "toml"):
        place, content = re.fullmatch(r"# (\S+)\n(.*)", settings, flags=re.DOTALL).groups()
        (files / place).write_text(content, encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest("".join(blocks(text, "python")), {"ba": ba, "os": os}, title, None, 0)
    assert examples.examples
    found = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(examples)
    assert found.failed == 0


@pytest.mark.parametrize("title", RECIPES)
def test_the_file_begins_as_the_page_shows(title):
    for name, shown in re.findall(r"`(\S+\.csv)`:\n\n```text\n(.*?)^```", RECIPES[title], flags=re.MULTILINE | re.DOTALL):
        assert (ROOT / "data" / name).read_text("utf-8").startswith(shown)


@pytest.mark.parametrize("title", RECIPES)
def test_the_recipe_has_a_pitfall(title):
    assert RECIPES[title].count("**Pitfall**") == 1


def test_every_kind_of_file_has_a_recipe():
    assert [kind for kind in KINDS if not any(kind in title for title in RECIPES)] == []


def test_the_files_are_those_that_their_program_writes(tmp_path):
    make.write_texts(tmp_path)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {name: (ROOT / "data" / name).read_bytes() for name in written} == written


def test_the_files_are_small():
    assert max(path.stat().st_size for path in (ROOT / "data").rglob("*.*") if path.suffix not in (".py", ".pyc")) < 10_000

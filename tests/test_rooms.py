"""The limits of the house: how many modules a folder holds, and how long a module is."""

import ast
import re
import statistics
from pathlib import Path

import pytest

import botox_analysis

PACKAGE = Path(botox_analysis.__file__).parent

MOST_MODULES = 12
"""Modules of a folder beside its `__init__`: as many as one finds without searching."""

MEDIAN_LINES = 180
"""Lines of half of the modules, docstrings and blank lines included."""

LONGEST_FUNCTION = 80
"""Lines of a function beside its docstring: as many as one sees at once."""

MOST_LINES = 250
"""Lines of a module that are neither blank nor docstring: as many as one reads in one sitting."""


def modules_of(folder):
    """The modules of a folder, without its `__init__`."""
    return [path for path in folder.glob("*.py") if path.name != "__init__.py"]


def statement_lines(text):
    """The lines of a module that are neither blank nor within a docstring."""
    documented = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False) is not None:
            documented |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return sum(1 for number, line in enumerate(text.splitlines(), 1) if line.strip() and number not in documented)


def test_lines_of_docstrings_and_blank_lines_are_not_counted():
    module = '"""A module.\n\nOf one function.\n"""\n\n\ndef one():\n    """Return 1."""\n    # A reason.\n    return 1\n'
    assert statement_lines(module) == 3
    assert statement_lines('text = """\n\nlong\n"""\n') == 3


@pytest.mark.parametrize("folder", sorted({path.parent for path in PACKAGE.rglob("*.py")}), ids=lambda path: path.name)
def test_a_folder_holds_at_most_twelve_modules(folder):
    found = modules_of(folder)
    assert len(found) <= MOST_MODULES, f"{folder.name} holds {len(found)} modules; part it into rooms"


def test_a_module_has_at_most_250_statement_lines():
    lengths = {str(path.relative_to(PACKAGE)): statement_lines(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


def test_half_of_the_modules_have_fewer_than_180_lines():
    lengths = [len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")]
    assert statistics.median(lengths) < MEDIAN_LINES


def test_a_function_has_fewer_than_80_lines_beside_its_docstring():
    lengths = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                first = node.body[0]
                documented = ast.get_docstring(node, clean=False) is not None
                lengths[f"{path.stem}.{node.name}"] = (
                    node.end_lineno - node.lineno + 1 - (first.end_lineno - first.lineno + 1) * documented
                )
    assert {name: n for name, n in lengths.items() if n >= LONGEST_FUNCTION} == {}


def test_a_folder_of_tests_has_the_name_of_a_room():
    tests = Path(__file__).parent
    others = {"reference", "published", "fuzz"}
    rooms = [path.parent.relative_to(tests) for path in tests.rglob("test_*.py") if path.parent != tests]
    strange = {str(room) for room in rooms if room.parts[0] not in others and not (PACKAGE / room).is_dir()}
    assert strange == set()


def test_no_file_that_a_run_left_behind_is_in_the_top_folder():
    root = PACKAGE.parent
    if not (root / "Makefile").is_file():
        pytest.skip("the tests run on an installed package")
    odd = [path.name for path in root.iterdir() if not re.fullmatch(r"[.\w-]+", path.name)]
    assert odd == []

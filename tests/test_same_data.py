"""Data of tests, benchmarks and examples are the same on every machine."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
FOLDERS = ("botox_analysis", "tests", "benchmarks", "notebooks")
FILES = sorted(path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py"))


def drawn_by_singular_values(source):
    """Lines that draw from a multivariate normal distribution by the default, the signs of which depend on the library."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    of_normals = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "multivariate_normal")
    return [
        call.lineno
        for call in of_normals
        if not any(given.arg == "method" and ast.literal_eval(given.value) == "cholesky" for given in call.keywords)
    ]


@pytest.mark.long
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_normal_vectors_are_drawn_by_a_triangle(path):
    assert drawn_by_singular_values(path.read_text("utf-8")) == []


def test_a_draw_by_singular_values_is_found():
    drawn = "rng.multivariate_normal(m, c)"
    assert drawn_by_singular_values(f"x = 1\n{drawn}\n{drawn[:-1]}, method='cholesky')") == [2]

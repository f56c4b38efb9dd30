"""The notebooks, run again, print and draw what they are kept with; they use public names and define nothing long."""

import ast
import base64
import importlib.util
import io
from pathlib import Path

import matplotlib.image
import nbformat
import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NEEDS_REAL_DATA = {
    "04_published_trials_reproduced.ipynb", "05_mmrm.ipynb", "07_missing_data.ipynb", "08_cdisc_pilot.ipynb",
}  # fmt: skip
SAME_PICTURE = 0.002
"""Mean difference of a pixel, on a scale from 0 to 1: what another build of a font library may change."""

specification = importlib.util.spec_from_file_location("run_notebooks", FOLDER / "run.py")
run = importlib.util.module_from_spec(specification)
specification.loader.exec_module(run)


def pixels(encoded):
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(encoded)))


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_run_again_gives_what_it_is_kept_with(path, request):
    if path.name in NEEDS_REAL_DATA:
        request.getfixturevalue("realdata")
    kept, now = run.outputs_of(nbformat.read(path, as_version=4)), run.outputs_of(run.executed(path))
    assert len(kept) == len(now)
    n_outputs = 0
    for kept_cell, now_cell in zip(kept, now, strict=True):
        assert [sorted(output) for output in kept_cell] == [sorted(output) for output in now_cell]
        for kept_output, now_output in zip(kept_cell, now_cell, strict=True):
            for kind, content in kept_output.items():
                n_outputs += 1
                if kind == "image/png":
                    before, after = pixels(content), pixels(now_output[kind])
                    assert before.shape == after.shape
                    assert np.abs(before - after).mean() <= SAME_PICTURE
                else:
                    assert content == now_output[kind]
    assert n_outputs >= 5


def test_all_eight_notebooks_are_here():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06", "07", "08"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_as_run_without_errors(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    assert not [
        output for cell in cells for output in cell.outputs if output.output_type == "error" or output.get("name") == "stderr"
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_every_figure_it_draws(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and "ba.plot_" in cell.source:
            assert [output for output in cell.outputs if "image/png" in output.get("data", {})], cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_imports_public_names_only_and_defines_nothing_long(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("botox_analysis.")
            if isinstance(node, ast.Import):
                assert not [alias.name for alias in node.names if alias.name.startswith("botox_analysis.")]
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert node.end_lineno - node.lineno < 3

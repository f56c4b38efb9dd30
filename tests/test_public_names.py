"""The front door: about 40 names at the top, the rest in namespaces; each is documented and in the map."""

import inspect
import re
import subprocess
import sys

import pytest

import botox_analysis as ba
from tests.public import FUNCTIONS, NAMESPACES, PUBLIC


def test_the_namespaces_are_those_of_the_field():
    assert set(NAMESPACES) == {"advanced", "diary", "intercurrent", "missing", "plot", "safety", "table", "times"}


def test_a_reader_can_learn_the_names_at_the_top():
    # The 43rd is `load_adam`: analysis data sets have names of their own, by which a researcher looks for them. The 44th is
    # `write_trial`, which belongs beside `load_trial`.
    assert len(ba.__all__) - len(NAMESPACES) <= 44


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_is_there_and_documented(name):
    found = PUBLIC[name]
    if inspect.isfunction(found) or inspect.isclass(found):
        assert inspect.getdoc(found)


@pytest.mark.parametrize("space", sorted(NAMESPACES))
def test_a_namespace_says_in_one_sentence_what_it_holds(space):
    assert re.fullmatch(r"[A-Z][^.]*\.", inspect.getdoc(NAMESPACES[space]))


def test_the_map_has_every_public_function_and_no_other():
    functions = {name for name in FUNCTIONS if not name.startswith(("plot.", "table."))}
    words = set(re.findall(r"[A-Za-z_0-9]+(?:\.[A-Za-z_0-9]+)?", ba.__doc__))
    assert functions - words == set()
    dotted = {word for word in words if word.split(".")[0] in NAMESPACES and "." in word}
    assert dotted - set(PUBLIC) == set()


@pytest.mark.parametrize("name", ["plot_pie", "plot_forest"])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(AttributeError, match=name):
        getattr(ba, name)


def test_importing_the_library_imports_no_drawing_and_no_models():
    code = "import sys, botox_analysis; print(*(name for name in ('matplotlib', 'scipy', 'pandas') if name in sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - this Python
    assert ended.stdout.split() == []

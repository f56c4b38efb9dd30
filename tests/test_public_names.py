"""The front hall: every public name exists and has a docstring; the map names no function that is not there."""

import inspect
import re

import pytest

import botox_analysis as ba


@pytest.mark.parametrize("name", sorted(set(ba.__all__) - {"__version__"}))
def test_a_public_name_is_there_and_documented(name):
    found = getattr(ba, name)
    if inspect.isfunction(found) or inspect.isclass(found):
        assert inspect.getdoc(found)


def test_the_map_names_only_what_is_there():
    named = re.findall(r"\b(?:load|fetch|simulate|as|fit|event|compare|describe|write|check)_[a-z_]+\b", ba.__doc__)
    assert len(named) > 10
    assert [name for name in named if name not in ba.__all__] == []


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="plot_pie"):
        _ = ba.plot_pie


def test_functions_have_at_most_two_positional_arguments_and_no_catch_all():
    for name in ba.__all__:
        found = getattr(ba, name)
        if inspect.isfunction(found):
            kinds = [parameter.kind for parameter in inspect.signature(found).parameters.values()]
            assert kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD) <= 2, name
            assert inspect.Parameter.VAR_KEYWORD not in kinds, name

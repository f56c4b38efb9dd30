"""Docstrings of the public names in plain words: short sentences that begin with a verb or a noun of the field."""

import inspect
import re

import pytest

from tests.public import PUBLIC

MOST_WORDS = 25
"""In one sentence, for a reader who learnt English from papers."""

_SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
_NOT_PROSE = ("Examples", "References", "See Also")
_QUESTION_WORD = re.compile(r"(Who|What|Where|When|Which|Whether|How)\b")


def members_of(name, found):
    """A public function with its docstring; a public class with those of its own methods and properties."""
    yield name, inspect.getdoc(found)
    if inspect.isclass(found):
        for member, value in vars(found).items():
            if not member.startswith("_") and (
                inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod)
            ):
                yield f"{name}.{member}", inspect.getdoc(value)


DOCSTRINGS = {
    member: text
    for name, found in PUBLIC.items()
    if inspect.isfunction(found) or inspect.isclass(found)
    for member, text in members_of(name, found)
}


def sections_of(text):
    """Title -> text of each section of a docstring; the title of the part before the first section is empty."""
    parts = _SECTION.split(text)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def prose_of(text):
    """The paragraphs and descriptions of a docstring, without names of parameters, examples and references."""
    for title, section in sections_of(text).items():
        if title in _NOT_PROSE:
            continue
        lines = (
            section.split("\n")
            if not title
            else [line if line.startswith("    ") or not line else "" for line in section.split("\n")]
        )
        for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
            if paragraph.strip():
                yield " ".join(paragraph.split())


def sentences_of(text):
    """Sentences of a docstring; code in backquotes is one word, and may begin a sentence; so does each item of a list."""
    for paragraph in prose_of(text):
        plain = re.sub(r"(`+)[^`]+\1", "Code", paragraph)
        yield from re.split(r"(?<=[.?!:])\s+(?=[A-Z0-9])|\s+\*\s+", plain)


@pytest.mark.parametrize("name", sorted(DOCSTRINGS))
def test_a_sentence_of_a_public_docstring_has_few_words(name):
    long = [sentence for sentence in sentences_of(DOCSTRINGS[name]) if len(sentence.split()) > MOST_WORDS]
    assert long == []


@pytest.mark.parametrize("name", sorted(DOCSTRINGS))
def test_a_public_docstring_begins_with_a_verb_or_a_noun(name):
    assert not _QUESTION_WORD.match(DOCSTRINGS[name])


@pytest.mark.parametrize("name", sorted(DOCSTRINGS))
def test_a_public_docstring_has_an_example(name):
    assert ">>>" in sections_of(DOCSTRINGS[name]).get("Examples", "")


def test_functions_methods_and_properties_are_checked():
    assert {"load_trial", "Trial.restrict", "Trial.arms", "advanced.Protocol", "DataError", "plot.forest"} <= set(DOCSTRINGS)


def test_a_long_sentence_is_found():
    text = f"Fit a model.\n\nParameters\n----------\nx : int\n    {'word ' * MOST_WORDS}more.\n\nExamples\n--------\n>>> 1\n1"
    assert [len(sentence.split()) for sentence in sentences_of(text)] == [3, MOST_WORDS + 1]

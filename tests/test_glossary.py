"""The glossary: one meaning a term, and no term that the library does not use."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]

TERMS = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", (PROJECT / "docs" / "glossary.md").read_text("utf-8"), flags=re.MULTILINE)
TERMS = [(term.strip("*"), meaning) for term, meaning in TERMS if term not in ("term", "---")]


@pytest.fixture(scope="module")
def sources():
    """All texts of the package, with spaces in the place of line ends, in small letters."""
    texts = [path.read_text("utf-8") for path in (PROJECT / "botox_analysis").rglob("*.py")]
    return re.sub(r"\s+", " ", " ".join(texts)).casefold()


def test_about_sixty_terms_have_a_meaning():
    assert 60 <= len(TERMS) <= 90
    assert len({term for term, _ in TERMS}) == len(TERMS)


@pytest.mark.parametrize("term", [term for term, _ in TERMS])
def test_a_term_is_used(term, sources):
    assert re.search(rf"\b{re.escape(term.casefold())}s?\b", sources)


@pytest.mark.parametrize(("term", "meaning"), TERMS, ids=[term for term, _ in TERMS])
def test_a_meaning_is_one_short_sentence(term, meaning):
    assert meaning.endswith(".")
    assert len(meaning.split()) <= 25

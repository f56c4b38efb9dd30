"""One spelling for names that are canonically equal; names that only look alike stay different, and are found."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botox_analysis.cells.names import has_control, look_alikes, outline, spelled

SPACES = ["\u00a0", "\u2007", "\u202f", "\u2003", "\u2009", "\u3000"]
NO_WIDTH = [
    "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\ufeff", "\u00ad", "\u180e", "\u034f", "\u061c", "\u115f",
    "\u2064",
    "\u3164", "\ufe0f", "\uffa0", "\ufffb", "\U000e0041", "\U000e0100",
]  # fmt: skip
CONTROLS = ["\t", "\n", "\r", "\0", "\x1f", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u2069", "\ud800"]


@pytest.mark.parametrize("space", SPACES)
def test_a_space_of_another_width_is_a_space(space):
    assert spelled(f"{space}week{space}4{space}") == "week 4"


@pytest.mark.parametrize("mark", NO_WIDTH)
def test_a_mark_without_a_width_is_nothing(mark):
    assert spelled(f"{mark}we{mark}ek 4{mark}") == "week 4"
    assert outline(f"We{mark}ek 4") == outline("week 4")


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("U\u0308", "\u00dc"),
        ("e\u0301", "\u00e9"),
        ("\u212b", "\u00c5"),
        ("\u2126", "\u03a9"),
        ("\u1100\u1161", "\uac00"),
        ("a\u0323\u0307", "a\u0307\u0323"),
    ],
)
def test_canonically_equal_names_have_one_spelling(name, same):
    assert spelled(name) == spelled(same)


@pytest.mark.parametrize(
    "name", ["", "placebo", "155 U", "a  b", "Stra\u00dfe", "x\u00b2", "\ufb01", "\U0001f600", "NA", "\u0410rm"]
)
def test_a_name_in_its_canonical_spelling_stays(name):
    assert spelled(name) == name


@given(st.text())
def test_the_spelling_of_a_spelling_is_itself(name):
    assert spelled(spelled(name)) == spelled(name)


@given(st.text())
def test_names_of_one_spelling_have_one_outline(name):
    assert outline(spelled(name)) == outline(name)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_character_is_found(control):
    assert has_control(f"week{control}4")
    assert has_control(f"w\u00f6che{control}4")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "week 4",
        "\u00dcbelkeit",
        "\u60a3\u8005 1",
        "\u05e9\u05dc\u05d5\u05dd",
        "a\u0301",
        "\U0001f600",
        "5 \u00b5g",
        "~!@#$%^&*()",
    ],
)
def test_a_name_without_control_characters_has_none(name):
    assert not has_control(name)


def test_every_character_of_the_unicode_category_control_is_one():
    controls = [letter for letter in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(letter) in ("Cc", "Cs")]
    assert len(controls) == 65 + 2048
    assert all(map(has_control, controls))


ALIKE = [
    ("Neck pain", "neck pain"), ("a b", "a  b"), ("a b", "ab"), ("a-b", "a\u2010b"), ("a-b", "a\u2011b"), ("a-b", "a\u2013b"),
    ("a-b", "a\u2212b"), ("Bell's palsy", "Bell\u2019s palsy"), ("o'b", "o`b"), ("o'b", "o\u02bcb"), ("5'", "5\u2032"),
    ('"a"', "\u201ca\u201d"),
    ('"a"', "\u00aba\u00bb"), ("Stra\u00dfe", "STRASSE"), ("fi", "\ufb01"), ("A+", "\uff21+"), ("m2", "m\u00b2"),
    ("5 \u00b5g", "5 \u03bcg"),
    ("Arm", "\u0410rm"), ("placebo", "pl\u0430\u0441\u0435b\u043e"), ("a/b", "a\u2044b"), ("2 x 5", "2 \u00d7 5"),
    ("a\u00b7b", "a\u2022b"),
    ("\u03a3", "\u03c2"), ("II", "\u2161"), ("a...", "a\u2026"), ("\u00dc", "u\u0308"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [*ALIKE, ("4", "4.0"), ("01", "1"), ("1", "+1"), ("10", "10.")])
def test_names_that_look_alike_are_found(first, second):
    assert look_alikes(["Rash", first, "Ptosis", second]) == (first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("week 4", "week 14"),
        ("A", "B"),
        ("A1", "A2"),
        ("a-b", "ab"),
        ("NRS", "NRS+"),
        ("<5", "5"),
        ("\u00fc", "u"),
        ("Rash", "Rashes"),
        ("1.5", "15"),
        ("-1", "1"),
    ],
)
def test_names_that_differ_do_not_look_alike(first, second):
    assert look_alikes([first, second]) is None


def test_a_name_that_is_there_twice_is_no_look_alike():
    assert look_alikes(["a", "a", "b"]) is None

"""How numbers are written."""

import pytest

from botox_analysis import wording


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (-1.84, 1, "−1.8"),
        (-0.04, 1, "0.0"),
        (2.675, 2, "2.68"),
        (0.5, 0, "1"),
        (-12.5, 0, "−13"),
        (1e6, 0, "1,000,000"),
        (float("inf"), 1, "∞"),
    ],
)
def test_a_number_has_its_decimals_a_true_minus_and_halves_away_from_zero(value, decimals, text):
    assert wording.number(value, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.00099, "<0.001"), (0.001, "0.001"), (0.0996, "0.10"), (0.0994, "0.099"), (0.995, ">0.99")]
)
def test_a_p_value_is_never_written_as_zero_or_one(value, text):
    assert wording.p_value(value) == text


def test_what_is_missing_is_a_dash_and_not_nan():
    nan = float("nan")
    assert {wording.number(nan), wording.interval(nan, nan), wording.p_value(nan), wording.count(nan)} == {wording.MISSING}
    assert wording.p_phrase(nan) == ""
    assert wording.with_limits(1.0, nan, nan) == "1.0"


def test_a_share_of_nothing_is_only_its_count():
    assert wording.count_share(0, 0) == "0"


def test_parts_of_a_sentence_are_joined():
    assert [wording.joined(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize("value", [2.3449999999999998, 2.345, 2.3450000000000006])
def test_a_half_is_one_whatever_the_last_bit_is(value):
    assert (wording.number(value, 2), wording.number(-value, 2)) == ("2.35", "−2.35")
    assert wording.signed(value) == wording.signed(2.345)


def test_large_counts_keep_every_digit():
    assert wording.number(123_456_789_012_345.0, 0) == "123,456,789,012,345"
    assert wording.number(98_765_432_109.5, 1) == "98,765,432,109.5"


@pytest.mark.parametrize("spread", [0.1, 0.1 - 1e-16, 0.1 + 2e-17])
def test_decimals_do_not_hang_on_the_last_bit_of_a_spread(spread):
    assert wording.decimals_for([spread]) == 1


@pytest.mark.parametrize(
    ("n", "total", "said"),
    [
        (1, 3000, "1 (<0.1 %)"), (2999, 3000, "2,999 (>99.9 %)"), (0, 3000, "0 (0.0 %)"), (3000, 3000, "3,000 (100.0 %)"),
        (1, 1999, "1 (0.1 %)"), (1, 2001, "1 (<0.1 %)"), (1998, 1999, "1,998 (99.9 %)"), (2000, 2001, "2,000 (>99.9 %)"),
    ],
)  # fmt: skip
def test_a_positive_share_is_never_none_nor_a_partial_one_all(n, total, said):
    assert wording.count_share(n, total) == said


def test_numbers_needed_are_whole_and_rounded_up():
    assert wording.number_needed(9.01, 6.0, 18.000000000000004) == "NNTB 10 (6 to 18)"
    assert wording.number_needed(-9.01, -12.5, -6.2) == "NNTH 10 (7 to 13)"


OVERVIEW = wording.Overview(
    "Trial: <script>alert(1)</script>\x1b[31m\nsecond line",
    (("arms", "a, " * 60), ("name", "x" * 300), ("left out", "")),
    (("visit", "arm"), ("week 4", "T" * 200), ("week 24", "<b>")),
)


def test_an_overview_has_no_line_longer_than_100_columns():
    lines = OVERVIEW.text.splitlines()
    assert [len(line) <= 100 for line in lines] == [True] * 6
    assert [line.split()[0] for line in lines] == ["Trial:", "arms", "name", "visit", "week", "week"]


def test_an_overview_moves_no_cursor():
    assert OVERVIEW.text.replace("\n", "").isprintable()


def test_a_text_that_is_too_long_ends_in_dots_and_may_take_more_lines():
    long = wording.Overview("Fit", (("model", "adjusted for baseline " * 12),), lines_per_row=2)
    first, second = long.text.splitlines()[1:]
    assert first.startswith("  model  adjusted")
    assert (second.startswith("         "), second.endswith("…")) == (True, True)
    whole = wording.Overview("Fit", (("model", "adjusted for baseline " * 7),), lines_per_row=2)
    assert " ".join(whole.text.split()) == "Fit model" + " adjusted for baseline" * 7


def test_the_columns_of_an_overview_stand_below_each_other():
    header, first, second = wording.Overview("", (), (("visit", "n"), ("week 4", "3"), ("all", "12"))).text.splitlines()[1:]
    assert header.index("n") == first.index("3") == second.index("12")


def test_an_overview_in_html_holds_whole_texts_and_escapes_them():
    assert "x" * 300 in OVERVIEW.html
    assert "&lt;b&gt;" in OVERVIEW.html
    assert not {"<script", "<b>", "<img", "\x1b"} & {part for part in ("<script", "<b>", "<img", "\x1b") if part in OVERVIEW.html}


def test_a_long_list_of_names_is_counted():
    assert wording.some_of("abcdefg", 4) == "a, b, ..., g (7)"
    assert wording.some_of("abcd", 4) == "a, b, c, d"

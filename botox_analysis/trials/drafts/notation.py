"""Notation of numbers, dates and missing values in the files of a draft: one notation for all files."""

from __future__ import annotations

from collections import Counter

from botox_analysis.cells.notation import ISO_DATE
from botox_analysis.cells.reading import NUMBER
from botox_analysis.errors import listed
from botox_analysis.trials.drafts.cells import (
    MOSTLY,
    Look,
    date_formats_of,
    date_origin_of,
    decimal_of,
    missing_numbers_of,
    missing_words_of,
    share_of_numbers,
)
from botox_analysis.trials.drafts.columns import Guess
from botox_analysis.trials.drafts.page import GUESS, Page
from botox_analysis.trials.layout import COLUMNS as LAYOUT
from botox_analysis.trials.layout import DATES, FIRST_DOSE
from botox_analysis.trials.words import RELATIONS, SEVERITY_WORDS, plain

_NO_DAY = 999
"""Smallest number that may be a code of missing values in a column of study days."""

TOP = ()
"""Section of the settings at the top of the file."""


def draft_notation(page: Page, guesses: list[Guess]) -> None:
    """Write the settings for all files: encoding, separator, decimal sign, missing values, dates, the first day.

    Parameters
    ----------
    page : Page
        Draft to which the lines are added.
    guesses : list of Guess
        Tables of the draft. Columns of dates that are not needed are removed from them.
    """
    texts = [guess for guess in guesses if guess.found.separator]
    for key, usual, of in (("encoding", "utf-8", "encoding"), ("separator", ",", "separator")):
        found = Counter(getattr(guess.found, of) for guess in texts)
        if len(found) > 1:
            by_file = ", ".join(f"{guess.found.name} {getattr(guess.found, of)!r}" for guess in texts)
            page.ask(TOP, f"Expected one {key} for all files; found {by_file}. Save all files with the same {key}.")
        if found and found.most_common(1)[0][0] != usual:
            page.set(TOP, key, found.most_common(1)[0][0], GUESS)
    decimal = decimal_of(look for guess in guesses for look in guess.looks.values())
    if decimal == ",":
        page.set(TOP, "decimal", decimal, GUESS)
    elif not decimal:
        page.ask(
            TOP, 'Are the commas in numbers such as 1,250 decimal signs? Then write decimal = ",". If they are between '
            "thousands, delete them in the files. Without either these cells are texts.",
        )  # fmt: skip
        decimal = "."
    _draft_missing(page, guesses, decimal)
    _draft_dates(page, guesses)


def _draft_missing(page: Page, guesses: list[Guess], decimal: str) -> None:
    """Write the codes of missing values, and ask about codes that are values in another column."""
    where: dict[str, list[str]] = {}
    taken: dict[str, list[str]] = {}
    for guess in guesses:
        layout_names = {name: column for column, name in guess.columns.items()}
        for name, look in guess.looks.items():
            place = f"{guess.found.name}, {name}"
            codes = _codes_in(guess.table, layout_names.get(name, ""), look, decimal)
            for word in codes:
                where.setdefault(word, []).append(place)
            for word in set(look.words) - set(codes):
                taken.setdefault(word, []).append(place)
    free = [word for word in where if not taken.get(word)]
    if free:
        page.set(TOP, "missing", free, f"{GUESS}: in {listed(where[free[0]], n_shown=3)}")
    for word, places in where.items():
        if taken.get(word):
            page.ask(
                TOP, f"Is {word!r} in {listed(places, n_shown=3)} a missing value? It is also in "
                f"{listed(taken[word], n_shown=3)}, and missing = [...] applies to all files.",
            )  # fmt: skip


def _codes_in(table: str, column: str, look: Look, decimal: str) -> list[str]:
    rule = LAYOUT[table].get(column)
    dated = column in DATES[table] or column == FIRST_DOSE
    if rule is not None and rule.kind not in (NUMBER, "yes/no", "severity"):
        return []
    if rule is None and not dated and (column or table != "subjects" or share_of_numbers(look) < MOSTLY):
        return []
    words = [word for word in missing_words_of(look) if plain(word) not in {**RELATIONS, **SEVERITY_WORDS} or dated]
    if dated or (rule is not None and rule.kind != NUMBER):
        return words
    # A study day of -1 or 99 is no code.
    least = _NO_DAY if column in DATES[table].values() else 0
    return words + [word for word in missing_numbers_of(look, decimal) if abs(float(word.replace(",", "."))) >= least]


def _draft_dates(page: Page, guesses: list[Guess]) -> None:
    _draft_date_format(page, _dated_columns(page, guesses))
    for guess in guesses:
        for column in DATES[guess.table].values():
            look = guess.look(column)
            if look is not None and (look.numbers(".") == 0).any() and "first_day" not in page.settings:
                place = f"{guess.found.name}, {guess.columns[column]}"
                page.set(TOP, "first_day", 0, f"{GUESS}: there is a day 0 in {place}; is it the day of the first treatment?")


def _dated_columns(page: Page, guesses: list[Guess]) -> list[tuple[Guess, str]]:
    """List the columns with dates; if the date of day 1 is not certain, ask for it."""
    dated = [(guess, column) for guess in guesses for column in DATES[guess.table] if column in guess.columns]
    subjects = next((guess for guess in guesses if guess.table == "subjects"), None)
    if not dated and subjects is not None and subjects.columns.get(FIRST_DOSE, FIRST_DOSE) != FIRST_DOSE:
        del subjects.columns[FIRST_DOSE]
    if dated and subjects is not None and FIRST_DOSE not in subjects.columns:
        free = {name: look for name, look in subjects.looks.items() if name not in subjects.columns.values()}
        may_be = [name for name, look in free.items() if date_formats_of(look)]
        if len(may_be) == 1:
            subjects.columns[FIRST_DOSE] = may_be[0]
        else:
            dates = f" Columns with dates: {listed(may_be)}." if may_be else ""
            page.ask(TOP, f"Dates become study days by {FIRST_DOSE} in subjects, the date of day 1. Which column is it?{dates}")
    if subjects is not None and FIRST_DOSE in subjects.columns:
        dated.append((subjects, FIRST_DOSE))
    return dated


def _draft_date_format(page: Page, dated: list[tuple[Guess, str]]) -> None:
    looks = {f"{guess.found.name}, {guess.columns[column]}": guess.looks[guess.columns[column]] for guess, column in dated}
    counted = {place: origin for place, look in looks.items() if not date_formats_of(look) and (origin := date_origin_of(look))}
    if counted:
        origin = next(iter(counted.values()))
        page.set(TOP, "date_origin", origin, f"{GUESS}: dates in {listed(counted, n_shown=3)} are counts of days")
    formats = [date_formats_of(look) for place, look in looks.items() if place not in counted and not look.is_typed_date]
    common = [written for written in formats[0] if all(written in others for others in formats)] if formats else []
    if formats and not common:
        page.ask(
            TOP, f"Expected one date_format for all files; found several in {listed(looks, n_shown=6)}. Write all dates alike."
        )
    elif common and common[0] != ISO_DATE and "date_format" not in page.settings:
        example = next(word for place, look in looks.items() if place not in counted for word in look.words)
        also = f"; or {listed(common[1:])}?" if common[1:] else ""
        page.set(TOP, "date_format", common[0], f"{GUESS}, from {example!r}{also}")

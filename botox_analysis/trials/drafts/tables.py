"""Settings of tables with free names: files, arms, covariates, visits, columns, codes, the protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.reading import YES_NO
from botox_analysis.cells.values import text_of
from botox_analysis.errors import listed
from botox_analysis.frames.days import day_of_visit
from botox_analysis.frames.outcomes import OF_VISITS, OUTCOMES
from botox_analysis.frames.schema import BASELINE
from botox_analysis.trials.drafts.cells import MOSTLY, Look, share_of_numbers, truths_of
from botox_analysis.trials.drafts.columns import Guess, coded_columns, guess_tables, rows_of_subjects
from botox_analysis.trials.drafts.files import Found
from botox_analysis.trials.drafts.notation import TOP, draft_notation
from botox_analysis.trials.drafts.page import GUESS, Page
from botox_analysis.trials.drafts.spread import in_rows
from botox_analysis.trials.layout import COLUMNS as LAYOUT
from botox_analysis.trials.layout import DATES, POPULATIONS
from botox_analysis.trials.readers.formats import READERS
from botox_analysis.trials.words import PLACES, TRUTHS, bare, plain

_REFERENCE = re.compile(r"\b(placebo|sham|control|vehicle|plac|plb|pbo|kontrolle|saline)\b", re.IGNORECASE)
_UNSCHEDULED = re.compile(r"unsched|unplanned|ungeplant|phone|extra", re.IGNORECASE)
_BASELINES = (
    r"baseline|^bl$|^bsl$|^basis", r"screen|scr\b|run[\s_-]*in|pre[\s_-]*(treat|dose|rand)|enrol|random|inclusion|vor behandlung",
    r"^(week|day|month|visit|v|t|w|d|m)?[\s_-]*0+(\.0+)?$", r"^(visit|v)[\s_-]*0*1(\.0+)?$",
)  # fmt: skip
"""Patterns of the name of the visit before treatment, the likeliest first."""

_FEW = 6
"""Most distinct whole numbers in a column whose numbers may be codes."""


def draft_tables(page: Page, files: list[Found]) -> None:
    """Write the settings of tables with free names.

    Parameters
    ----------
    page : Page
        Draft to which the lines are added.
    files : list of Found
        Tables of the files.
    """
    guesses, others = guess_tables(in_rows(files))
    _draft_files(page, guesses, others)
    for guess in guesses:
        _set_shape(page, guess.found.settings)
    draft_notation(page, guesses)
    of_table = {guess.table: guess for guess in guesses}
    if "subjects" in of_table:
        _draft_arms(page, of_table["subjects"])
        _draft_covariates(page, of_table["subjects"])
    if "assessments" in of_table:
        _draft_visits(page, of_table["assessments"])
    for guess in guesses:
        _draft_columns(page, guess)
    for guess in guesses:
        _draft_values(page, guess)
    _draft_protocol(page, of_table)


def _set_shape(page: Page, settings: Mapping[str, Any]) -> None:
    """Write the settings that turn a table of another shape into rows."""
    for key, inner in settings.items():
        for name, value in inner.items() if isinstance(inner, dict) else ():
            page.set((key,), name, value, GUESS)
        if not isinstance(inner, dict):
            page.set(TOP, key, inner, GUESS)


def _draft_files(page: Page, guesses: list[Guess], others: list[Found]) -> None:
    for guess in guesses:
        found = guess.found
        if not found.table and not (found.is_alone and found.path.name in {f"{guess.table}{suffix}" for suffix in READERS}):
            if found.path.name.encode(errors="ignore").decode() == found.path.name:
                page.set(("files",), guess.table, found.place, f"{GUESS}: it is that table")
            else:
                page.ask(TOP, f"Rename {found.name} (guess: it is {guess.table}): its name has bytes that no text has.")
    for found in others:
        page.ask(TOP, f"Is {found.name} a table of the trial? Its columns: {listed(found.frame.columns, n_shown=12)}. Not read.")
        twin = next((guess.found.name for guess in guesses if list(guess.found.frame.columns) == list(found.frame.columns)), None)
        if twin is not None:
            page.ask(TOP, f"{found.name} has the columns of {twin}, which alone is read. Do they belong together, as two sites "
                          "or parts? Then write their rows into one table.")  # fmt: skip
            continue
        subjects = rows_of_subjects(found)
        if subjects is None:
            continue
        name, each_once, arm = subjects
        if each_once:
            page.ask(TOP, f"{found.name} has one row of each '{name}'. If its columns are visits, write a row per "
                          "subject, scale and visit to assessments.csv.")  # fmt: skip
        elif arm:
            page.ask(TOP, f"{found.name} has several rows of each '{name}', and the arm in '{arm}'. If it contains two "
                          "tables, write a row per subject to subjects.csv, and values to assessments.csv or "
                          "diary.csv.")  # fmt: skip
    if not any(guess.table == "subjects" for guess in guesses):
        page.ask(TOP, "Which table has one row per subject, with the arm? None looks like it; subjects are required.")


def _draft_arms(page: Page, guess: Guess) -> None:
    look = guess.look("arm")
    if look is None:
        page.ask(TOP, f"No column of {guess.found.name} looks like the arm: the trial would have one arm only. "
                      f"Its columns: {listed(guess.looks, n_shown=30)}.")  # fmt: skip
        return
    page.ask(TOP, f"Arms in {guess.found.name}: {look.shown}.")
    likely = [word for word in look.words if _REFERENCE.search(word) and "active" not in word.lower()]
    if len(likely) == 1:
        page.set(TOP, "reference", likely[0], f"{GUESS}: the arm with which the others are compared")
    elif look.words:
        page.propose(TOP, "reference", look.words[0], "which arm is the reference? Without this line the first in the file is")


def _draft_covariates(page: Page, guess: Guess) -> None:
    """Write the settings of further columns of subjects: numbers, factors, populations."""
    factors: list[str] = []
    codes: list[str] = []
    for name, look in _further(guess).items():
        numeric = share_of_numbers(look) >= MOSTLY
        numbers = look.numbers(page.settings.get("decimal", "."))
        known = numbers[~np.isnan(numbers)]
        whole = len(known) > 0 and bool((known == np.floor(known)).all())
        if not numeric and truths_of(look) is not None and bare(name).endswith(("fl", "set", "population", "pop")):
            page.propose(TOP, "populations", [name], "a population, in which arms may be compared?")
        elif numeric and whole and (bare(name) in PLACES):
            factors.append(name)
        elif numeric and whole and len(known) <= _FEW:
            codes.append(name)
        elif not numeric and share_of_numbers(look) > 0:
            page.ask(TOP, f"Column {name} has numbers and words: {look.shown}. Which words are missing values?")
    if factors:
        page.set(TOP, "factors", factors, f"{GUESS}: numbers that are names, not quantities")
    if codes:
        page.propose(
            TOP, "factors", [*factors, *codes], "are their numbers names, too?" if factors else "are their numbers names?"
        )
    shown = []
    for name, look in _further(guess).items():
        label = guess.found.label(name)
        shown.append(f"{name} ({f'{label}: ' if label else ''}{look.shown if share_of_numbers(look) < MOSTLY else 'numbers'})")
    if shown:
        page.ask(TOP, f"Further columns of subjects become covariates: {'; '.join(shown)}.")


def _further(guess: Guess) -> dict[str, Look]:
    """Find the columns beyond the layout."""
    return {name: look for name, look in guess.looks.items() if name not in guess.columns.values()}


def _draft_visits(page: Page, guess: Guess) -> None:
    look = guess.look("visit")
    if look is None:
        return
    page.ask(TOP, f"Visits in {guess.found.name}: {look.shown}.")
    unscheduled = [word for word in look.words if _UNSCHEDULED.search(word)]
    if unscheduled:
        page.set(TOP, "unscheduled", unscheduled, f"{GUESS}: left out and counted")
    visits = [word for word in look.words if word not in unscheduled]
    has_baseline = any(word.lower() == BASELINE for word in visits)
    first = None if has_baseline else _baseline_of(visits)
    if first is not None:
        page.set(TOP, "baseline", first, f"{GUESS}: the visit before treatment")
    scale = guess.look("scale")
    if scale is None:
        return
    page.ask(TOP, f"Scales in {guess.found.name}: {scale.shown}.")
    before = {word for word in visits if word.lower() == BASELINE} | ({first} if first is not None else set())
    seen = _pairs(guess.found.frame, guess.columns["scale"], guess.columns["visit"])
    for name in scale.words:
        if not any((name, visit) in seen for visit in before):
            page.set(("scales", name), "baseline", value=False, reason=f"{GUESS}: no subject was assessed on it before treatment")
    others = [word for word in visits if word not in before]
    if (
        guess.look("day") is None
        and guess.look("date") is None
        and len({bool(np.isnan(day_of_visit(word))) for word in others}) > 1
    ):
        order = sorted(others, key=lambda word: (np.isnan(day_of_visit(word)), day_of_visit(word)))
        page.propose(TOP, "visits", order, "is this the order in time? Some names contain no time")


def _baseline_of(visits: list[str]) -> str | None:
    for pattern in _BASELINES:
        likely = [visit for visit in visits if re.search(pattern, visit, re.IGNORECASE)]
        if likely:
            return likely[0]
    days = {visit: day_of_visit(visit) for visit in visits}
    before = [visit for visit in visits if days[visit] < 1]
    return max(before, key=lambda visit: days[visit]) if before else None


def _pairs(frame: pd.DataFrame, first: str, second: str) -> set[tuple[str, str]]:
    both = pd.DataFrame({0: frame[first].astype(object), 1: frame[second].astype(object)}).drop_duplicates()
    return {(text_of(left).strip(), text_of(right).strip()) for left, right in both.itertuples(index=False)}


def _draft_columns(page: Page, guess: Guess) -> None:
    section = ("columns", guess.table)
    for layout_name, name in guess.columns.items():
        if layout_name != name:
            label = guess.found.label(name)
            page.set(section, layout_name, name, f"{GUESS}: {label}" if label else GUESS)
    for name in _set_aside(guess):
        page.set(section, f"their_{name}", name, f"{GUESS}: another content than {name} in the layout, so under another name")
    dated = {day: date for date, day in DATES[guess.table].items()}
    for column in _lacking(guess):
        if not {column, dated.get(column)} & set(guess.looks):
            required = f"{column} (or {dated[column]})" if column in dated else column
            page.ask(section, f"Which column is {required}? It is required. Not used yet: {listed(_further(guess), n_shown=30)}.")


def _lacking(guess: Guess) -> list[str]:
    """List the required columns that no column of the file is guessed to be."""
    dated = {day: date for date, day in DATES[guess.table].items()}
    needed = [column for column, rule in LAYOUT[guess.table].items() if rule.required]
    return [column for column in needed if not {column, dated.get(column)} & set(guess.columns)]


def _set_aside(guess: Guess) -> list[str]:
    """Find the columns with a name that has another meaning in the layout.

    A required column keeps its name, so that the draft lists the cells that are wrong in it.
    """
    layout = {*LAYOUT[guess.table], *DATES[guess.table]}
    taken = layout | ({*OUTCOMES, *OF_VISITS} if guess.table == "subjects" else set())
    lacking = _lacking(guess)
    kept = {*lacking, *(date for date, day in DATES[guess.table].items() if day in lacking)}
    return [name for name in _further(guess) if name in taken - kept]


def _ticked(guess: Guess) -> Iterator[str]:
    """Find the columns of yes or no in which all cells that are not empty mean yes, and an empty cell is unknown."""
    for column, rule in LAYOUT[guess.table].items():
        look = guess.look(column)
        if rule.kind == YES_NO and rule.nullable and look is not None and look.n_empty and look.words:
            words = truths_of(look) or {}
            if {words.get(word, TRUTHS.get(plain(word))) for word in look.words} == {"yes"}:
                yield column


def _draft_values(page: Page, guess: Guess) -> None:
    for column, words in coded_columns(guess):
        for code, word in sorted(words.items()):
            page.set(("values", guess.table, column), code, word, GUESS)
    for column in _ticked(guess):
        question = (
            f'{column} has no word for no. Does an empty cell mean no? Then write "" = "no". Without it the cell is unknown.'
        )
        page.ask(("values", guess.table, column), question)
    arm = guess.look("arm") if guess.table == "subjects" else None
    if arm is not None and share_of_numbers(arm) == 1:
        for word in arm.words:
            page.propose(("values", "subjects", "arm"), word, "placebo", "what is the name of this arm?")
    for column in ("severity", "term", "class", "kind"):
        look = guess.look(column)
        if look is not None and column != "severity":
            page.ask(("columns", guess.table), f"{column}: {look.shown}.")


def _draft_protocol(page: Page, of_table: Mapping[str, Guess]) -> None:
    section = ("protocol",)
    scale = of_table["assessments"].look("scale") if "assessments" in of_table else None
    measured = list(scale.words) if scale is not None else []
    diary = set(of_table["diary"].columns) if "diary" in of_table else set()
    measured = ["headache days"] * bool(diary & {"headache", "headache_hours"}) + measured
    visit = of_table["assessments"].look("visit") if "assessments" in of_table else None
    page.ask(section, "What was planned? Left out: the first endpoint, its last visit, the baseline as the only covariate.")
    if measured:
        page.propose(section, "endpoint", measured[0], f"which is primary? Measured: {listed(measured)}")
    if visit is not None and visit.words:
        page.propose(section, "visit", visit.words[-1], "which visit is primary?")
    if "subjects" not in of_table:
        return
    guess = of_table["subjects"]
    further = [name for name in _further(guess) if name not in _set_aside(guess)]
    if further:
        page.propose(section, "covariates", further[:1], f"beside the baseline; some of {listed(further, n_shown=12)}")
    present = [name for name in POPULATIONS if name in guess.columns]
    for key, usual in (("efficacy_population", "itt"), ("safety_population", "safety")):
        if present:
            page.propose(section, key, usual if usual in present else present[0], f"one of {listed(present)}")
    kinds = of_table["intercurrent_events"].look("kind") if "intercurrent_events" in of_table else None
    for kind in kinds.words if kinds is not None else ():
        page.propose(("protocol", "intercurrent"), kind, "treatment policy", "which strategy is planned for the values after it?")

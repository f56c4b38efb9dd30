"""`safety.counts`: Trial -> *events*, by class and term, severity, relatedness, seriousness."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.safety.categories import ANY as ANY
from botox_analysis.endpoints.safety.categories import BY, Special, check_special, levels_of, ranking_of
from botox_analysis.endpoints.safety.emergent import adverse_event_table, arms_received, emergent, not_emergent, safety_trial
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule
from botox_analysis.endpoints.safety.tally import AtRisk, Occurrences, coded_days, count
from botox_analysis.endpoints.safety.time_at_risk import TimeAtRisk, time_of
from botox_analysis.errors import DataError, listed, require_choice, require_trial
from botox_analysis.frames.events import Events
from botox_analysis.frames.schema import LOWER, categories_of
from botox_analysis.trials.trial import Trial

ENDPOINT = "treatment-emergent adverse events"
"""The words of the rule follow it."""


def adverse_events(
    trial: Trial,
    *,
    by: str = "term",
    rule: EmergentRule = FROM_DAY_1,
    special: Special | None = None,
    stratum: str | None = None,
) -> Events:
    """Subjects with treatment-emergent adverse events, occurrences, and time at risk, by arm.

    A subject counts once in each row, an occurrence each time. The denominators are the subjects of the safety population, by
    the arm actually received where the table of subjects says it.

    Parameters
    ----------
    trial : Trial
        With adverse events. One of all randomised is taken in its safety population (the protocol's, else the column
        ``safety``) where it has one; one that is restricted stays as it is.
    by : str
        ``"class"``: any event, then each class. ``"term"``: each class, then its terms (``within`` says the class); a term
        that is in two classes has a row in each, and what has no class is in "uncoded".

        ``"overview"``: any event, related, severe, serious, serious and related, leading to discontinuation, fatal, as far as
        the table has them, and of special interest where `special` is given. What is not known to be unrelated counts as
        related; what is not known to be severe, serious and so on does not count as such.

        ``"severity"``: subjects by the worst severity known, occurrences by their own. ``"relation"``: subjects with
        anything related (or not known to be unrelated), and with unrelated events only. ``"term and severity"``,
        ``"term and relation"``: the same in each class and term; the column ``severity`` or ``relation`` tells the rows
        apart. Where a severity is not recorded, there is a row for it.

        ``"special interest"``: each name of `special`, then its terms (``within`` says the name).
    rule : EmergentRule
        Which events are treatment-emergent; ``endpoint`` says it in words.
    special : mapping of str to sequence of str, optional
        Events of special interest: by name, the terms that belong to it, in whatever class; capitals and spaces do not
        matter. A term that nobody has is a row of 0.
    stratum : str, optional
        A covariate of the subjects; each of its values has rows of its own. Left out: one stratum, without a name.

    Returns
    -------
    DataFrame
        *events* by category, stratum and arm, with every arm in every stratum and category; classes, and the terms of a
        class, in the order of the alphabet.

        ``occurrences``; ``exposure``: patient-years at risk of all, from day 1 to the end of their time at risk, both included
        (missing where anybody's end is). The end is the last day, the death before it, or the end of the rule's window, as
        `safety.time_at_risk` shows. ``at_risk``: patient-years of those with the event from day 1 to its onset, both
        included, and of the others to the end (among them, by severity, those who count at another one). An onset after the
        last day counts, with the time until the last day; an event has a day at least. ``at_risk`` is missing where a time is
        not known: somebody without the event has no ``last_day``, or an event of unknown onset may have been somebody's first
        (it may not where there is another on day 1). Where somebody died before the last day, or has no known last dose under
        a window, ``note`` counts them.

    Raises
    ------
    DataError
        The trial has no adverse events table, or lacks what `by`, `rule` or `stratum` asks for.
    ValueError
        `by` is not known, or `special` is missing, empty or not asked for.
    """
    require_trial(trial)
    require_choice(by, BY, "by")
    if special is not None and by not in ("overview", "special interest"):
        raise ValueError(f'special is given with by="{by}"; it is for by="overview" and by="special interest".')
    check_special(special)
    trial = safety_trial(trial)
    table = adverse_event_table(trial)
    counts, day = emergent(trial, rule)
    events, day = (table, day) if counts.all() else (table.loc[counts], day[counts])
    at_risk = time_of(trial, rule)
    subjects, strata, arms = _subjects(trial, at_risk, stratum)
    levels, ranking = levels_of(events, by, special), ranking_of(events, by)
    occurrences = Occurrences(
        events["subject"].cat.codes.to_numpy(), coded_days(day), ranking.rank, 1 + max(rank for rank, _ in ranking.words)
    )
    counted = [count(occurrences, level.code, n_categories=len(level.names), subjects=subjects) for level in levels]

    # Categories (in order), ranks (those shown), cells: strata, and arms in them.
    order = np.argsort(np.concatenate([level.place for level in levels]), kind="stable")
    shown = [rank for rank, _ in ranking.words]
    n_events, n_occurrences, years = (
        np.concatenate([getattr(each, name) for each in counted])[order][:, shown].ravel()
        for name in ("n_events", "occurrences", "at_risk")
    )
    names = np.array([name for level in levels for name in level.names], dtype=object)[order]
    category, within = names[:, 0], names[:, 1]
    blocks = len(order) * len(shown)
    n_cells = subjects.n_cells
    note = at_risk.told(subjects.cell, n_cells)
    ranked = {ranking.column: _over([word for _, word in ranking.words], len(order), n_cells)} if ranking.column else {}
    return pd.DataFrame(
        {
            "trial": trial.name,
            "population": trial.population,
            "endpoint": rule.define(ENDPOINT),
            "visit": "",
            "arm": pd.Categorical.from_codes(np.tile(np.arange(len(arms)), blocks * len(strata)), categories=arms),
            "stratum": _over(strata, blocks, len(arms)),
            "category": _over(category, 1, len(shown) * n_cells),
            "n_events": n_events,
            "n_total": np.tile(subjects.n_total, blocks),
            "within": _over(within, 1, len(shown) * n_cells),
            **ranked,
            "better": LOWER,
            "occurrences": n_occurrences,
            "exposure": np.tile(subjects.exposure, blocks),
            "at_risk": years,
            **({"note": _over(note, blocks, 1)} if any(note) else {}),
        }
    )


def n_not_emergent(trial: Trial, rule: EmergentRule = FROM_DAY_1) -> int:
    """How many occurrences are not treatment-emergent and not counted.

    Parameters
    ----------
    trial : Trial
        With or without adverse events, in the population in which `safety.counts` counts them.
    rule : EmergentRule
        Which events are treatment-emergent.

    Returns
    -------
    int
        Rows of the table of adverse events; `not_emergent` says why.
    """
    return 0 if trial.adverse_events is None else sum(not_emergent(safety_trial(trial), rule).values())


def _over(words: object, n_before: int, n_each: int) -> np.ndarray:
    """Words, each so many times in a row, and all of it so many times."""
    return np.tile(np.repeat(np.asarray(words, dtype=object), n_each), n_before)


def _subjects(trial: Trial, at_risk: TimeAtRisk, stratum: str | None) -> tuple[AtRisk, list[str], list[str]]:
    """Who may have an event; the strata and the arms that their cells stand for."""
    arm = arms_received(trial).cat
    strata, stratum_of = _strata(trial, stratum)
    cell = stratum_of * len(arm.categories) + arm.codes.to_numpy(dtype=np.int64)
    return AtRisk(cell, at_risk.days, len(strata) * len(arm.categories)), strata, list(arm.categories)


def _strata(trial: Trial, stratum: str | None) -> tuple[list[str], np.ndarray]:
    if stratum is None:
        return [""], np.zeros(len(trial.subjects), dtype=np.int64)
    if stratum not in trial.covariates:
        raise DataError(
            f"{trial.name} has no covariate '{stratum}' for strata; its covariates are {listed(trial.covariates, n_shown=30)}."
        )
    column = trial.subjects[stratum]
    if column.isna().any():
        who = trial.subjects["subject"][column.isna().to_numpy()]
        raise DataError(
            f"subjects: found no {stratum} for {len(who)} of them, the first is '{who.iloc[0]}'; "
            "expected one for each, to stratify by it."
        )
    values = categories_of(column)
    names = [f"{value:.15g}" if isinstance(value, float) else str(value) for value in values]
    return names, pd.Categorical(column.astype(object), categories=values).codes.astype(np.int64)

"""`safety.counts`: Trial -> *events*, by class and term, severity, relation and seriousness."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.safety.categories import ANY as ANY
from botox_analysis.endpoints.safety.categories import BY, ByName, Special, check_special, levels_of, ranking_of
from botox_analysis.endpoints.safety.emergent import adverse_event_table, arms_received, emergent, not_emergent, safety_trial
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule
from botox_analysis.endpoints.safety.tally import AtRisk, Occurrences, coded_days, count
from botox_analysis.endpoints.safety.time_at_risk import TimeAtRisk, time_of
from botox_analysis.errors import DataError, listed, require_choice, require_trial
from botox_analysis.frames.events import Events
from botox_analysis.frames.schema import LOWER, categories_of
from botox_analysis.trials.trial import Trial

ENDPOINT = "treatment-emergent adverse events"
"""Text of the column ``endpoint``, followed by the words of the rule."""


def adverse_events(
    trial: Trial,
    *,
    by: ByName = "term",
    rule: EmergentRule = FROM_DAY_1,
    special: Special | None = None,
    stratum: str | None = None,
) -> Events:
    """Count subjects with treatment-emergent adverse events, occurrences, and time at risk, by arm.

    Each subject is counted once per row, and each occurrence once. The denominators are the subjects of the safety
    population, by the arm actually received if the table of subjects contains it.

    Parameters
    ----------
    trial : Trial
        A trial with adverse events. A trial of all randomised subjects is restricted to its safety population (the
        protocol's, else the column ``safety``), if it has one. A restricted trial is used as it is.
    by : str
        ``"class"``: any event, then each class. ``"term"``: each class, then its terms (``within`` is the class). A term in
        two classes has a row in each, and events without a class are in "uncoded".
        ``"overview"``: any event, related, severe, serious, serious and related, leading to discontinuation, fatal, as far as
        the table has them. Events of special interest follow if `special` is given. Events not known to be unrelated count as
        related. Events not known to be severe, serious and so on do not count as such.
        ``"severity"``: subjects by the worst known severity, occurrences by their own. ``"relation"``: subjects with a
        related event (or one not known to be unrelated), and subjects with unrelated events only. ``"term and severity"`` and
        ``"term and relation"``: the same in each class and term, with a column ``severity`` or ``relation``. Events of
        unknown severity have a row.
        ``"special interest"``: each name of `special`, then its terms (``within`` is the name).
    rule : EmergentRule
        Rule by which events are treatment-emergent; ``endpoint`` contains it in words.
    special : mapping of str to sequence of str, optional
        Events of special interest: a name and its terms, in any class; capitals and spaces are ignored. A term without events
        has a row of 0.
    stratum : str, optional
        A covariate of the subjects; each of its values has separate rows. By default there is one stratum, without a name.

    Returns
    -------
    DataFrame
        *events* by category, stratum and arm, with every arm in every stratum and category. Classes, and the terms of a
        class, are in alphabetical order.

        ``occurrences`` is the number of events. ``exposure`` is the patient-years at risk of all subjects, from day 1 to the
        end of their time at risk, both included. It is missing if any end is. The end is the last day, an earlier death, or
        the end of the rule's window, as in `safety.time_at_risk`.

        ``at_risk`` is the patient-years until the first event: from day 1 to its onset, both included, and for other subjects
        to the end. By severity, the other subjects include those counted at another severity. An onset after the last day is
        counted with the time until the last day; each event has at least one day. ``at_risk`` is missing if a time is not
        known. Then a subject without the event has no ``last_day``, or an event of unknown onset may be a subject's first. It
        cannot be the first if another event is on day 1.

        ``note`` counts subjects who died before the last day, or have no known last dose under a window.

    Raises
    ------
    DataError
        The trial has no table of adverse events, or lacks a column that `by`, `rule` or `stratum` needs.
    ValueError
        `by` is not known, or `special` is missing, empty or not used.

    Examples
    --------
    >>> counts = ba.safety.counts(trial, by="overview")
    >>> counts[["category", "arm", "n_events", "n_total"]].head(1).to_numpy().tolist()
    [['any adverse event', 'placebo', 333, 692]]
    """
    require_trial(trial)
    require_choice(by, BY, "by")
    if special is not None and by not in ("overview", "special interest"):
        raise ValueError(f'`special` must be used with by="overview" or by="special interest"; got by="{by}".')
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
        np.concatenate([getattr(level_counts, name) for level_counts in counted])[order][:, shown].ravel()
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
    """Count the occurrences that are not treatment-emergent and not counted.

    Parameters
    ----------
    trial : Trial
        A trial with or without adverse events, in the population in which `safety.counts` counts them.
    rule : EmergentRule
        Rule by which events are treatment-emergent.

    Returns
    -------
    int
        Number of rows of the table of adverse events; `not_emergent` returns the reasons.
    """
    return 0 if trial.adverse_events is None else sum(not_emergent(safety_trial(trial), rule).values())


def _over(words: object, n_before: int, n_each: int) -> np.ndarray:
    """Repeat each word in a row, and then the whole sequence."""
    return np.tile(np.repeat(np.asarray(words, dtype=object), n_each), n_before)


def _subjects(trial: Trial, at_risk: TimeAtRisk, stratum: str | None) -> tuple[AtRisk, list[str], list[str]]:
    """Return the subjects at risk, and the strata and arms of their cells."""
    arm = arms_received(trial).cat
    strata, stratum_of = _strata(trial, stratum)
    cell = stratum_of * len(arm.categories) + arm.codes.to_numpy(dtype=np.int64)
    return AtRisk(cell, at_risk.days, len(strata) * len(arm.categories)), strata, list(arm.categories)


def _strata(trial: Trial, stratum: str | None) -> tuple[list[str], np.ndarray]:
    if stratum is None:
        return [""], np.zeros(len(trial.subjects), dtype=np.int64)
    if stratum not in trial.covariates:
        raise DataError(
            f"`stratum` must be a covariate of {trial.name}, {listed(trial.covariates, n_shown=30)}; got '{stratum}'."
        )
    column = trial.subjects[stratum]
    if column.isna().any():
        without = trial.subjects["subject"][column.isna().to_numpy()]
        raise DataError(
            f"`stratum` must be known for each subject; got no {stratum} for {len(without)} subjects, the first is "
            f"'{without.iloc[0]}'."
        )
    values = categories_of(column)
    names = [f"{value:.15g}" if isinstance(value, float) else str(value) for value in values]
    return names, pd.Categorical(column.astype(object), categories=values).codes.astype(np.int64)

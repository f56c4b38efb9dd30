"""`adverse_events`: Trial -> *events*, by class and term, severity, relatedness, seriousness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from botox_analysis.refusal import DataError, require_choice
from botox_analysis.trials.layout import SEVERITIES
from botox_analysis.trials.trial import Trial

DAYS_PER_YEAR = 365.25
ANY = "any adverse event"
ENDPOINT = "treatment-emergent adverse events"
UNCODED = "uncoded"
"""The class of events in a table without classes."""


def adverse_events(trial: Trial, *, by: str = "term") -> pd.DataFrame:
    """Subjects with treatment-emergent adverse events, and occurrences, by arm.

    An event is treatment-emergent when it begins on day 1 or later; one whose onset is not known counts (the cautious
    reading). A subject counts once in each row. The denominators are all subjects of the trial as given, by the arm
    actually received where the table of subjects says it: restrict the trial to its safety population first.

    Parameters
    ----------
    trial : Trial
        With adverse events.
    by : str
        ``"term"``: each class, then its terms (``within`` says the class). ``"overview"``: any event, related, severe,
        serious, and leading to discontinuation, as far as the table has them; what is not known to be unrelated counts
        as related. ``"severity"``: by the worst severity known.

    Returns
    -------
    DataFrame
        *events*, with every arm in every category; ``occurrences``, and ``exposure`` in patient-years from day 1 to the
        subject's last day (missing in an arm where anybody's ``last_day`` is).

    Raises
    ------
    DataError
        The trial has no adverse events table, or it lacks what `by` asks for.
    ValueError
        `by` is not known.
    """
    require_choice(by, _GROUPINGS, "by")
    events, arm_of = _emergent(trial)
    arms = arm_of.cat.categories
    rows = []
    for category, within, chosen in _GROUPINGS[by](events):
        arm_codes = arm_of.cat.codes.to_numpy()
        hit = chosen["subject"].cat.codes.to_numpy()
        subjects = np.unique(hit)
        rows.append(
            pd.DataFrame(
                {
                    "arm": pd.Categorical(arms, categories=arms),
                    "category": category,
                    "within": within,
                    "n_events": np.bincount(arm_codes[subjects], minlength=len(arms)),
                    "occurrences": np.bincount(arm_codes[hit], minlength=len(arms)),
                }
            )
        )
    counted = pd.concat(rows, ignore_index=True)
    n_total = arm_of.value_counts(sort=False).reindex(arms)
    return pd.DataFrame(
        {
            "trial": trial.name,
            "population": trial.population,
            "endpoint": ENDPOINT,
            "visit": "",
            "arm": counted["arm"],
            "stratum": "",
            "category": counted["category"],
            "n_events": counted["n_events"],
            "n_total": counted["arm"].map(n_total).astype(int),
            "within": counted["within"],
            "occurrences": counted["occurrences"],
            "exposure": counted["arm"].map(_exposure(trial, arm_of)).astype(float),
        }
    )


def n_not_emergent(trial: Trial) -> int:
    """How many occurrences began before the first treatment and are not counted.

    Parameters
    ----------
    trial : Trial
        With or without adverse events.

    Returns
    -------
    int
        Rows of the table of adverse events with an onset before day 1.
    """
    if trial.adverse_events is None or "onset_day" not in trial.adverse_events.columns:
        return 0
    return int((trial.adverse_events["onset_day"] < 1).sum())


def _emergent(trial: Trial) -> tuple[pd.DataFrame, pd.Series]:
    if trial.adverse_events is None:
        raise DataError(f"{trial.name} has no adverse events; expected a table adverse_events.")
    events = trial.adverse_events
    if "onset_day" in events.columns:
        events = events[~(events["onset_day"] < 1)]
    arm = trial.subjects["arm"]
    if "actual_arm" in trial.subjects.columns:
        arm = trial.subjects["actual_arm"].fillna(arm)
    return events, arm


def _exposure(trial: Trial, arm_of: pd.Series) -> pd.Series:
    if "last_day" not in trial.subjects.columns:
        return pd.Series(np.nan, index=arm_of.cat.categories)
    days = trial.subjects["last_day"].clip(lower=0)
    # One unknown last day makes the exposure of its arm unknown; a sum over the others would be too small.
    return days.groupby(arm_of, observed=False).agg(lambda own: own.sum(skipna=False)) / DAYS_PER_YEAR


Grouping = list[tuple[str, str, pd.DataFrame]]
"""Category, the category it is nested in, and the rows of the table that belong to it."""


def _by_term(events: pd.DataFrame) -> Grouping:
    classes = events["class"] if "class" in events.columns else pd.Series(UNCODED, index=events.index)
    groups: Grouping = [(ANY, "", events)]
    for name in sorted(classes.unique()):
        in_class = events[classes == name]
        groups.append((str(name), "", in_class))
        groups += [(str(term), str(name), in_class[in_class["term"] == term]) for term in sorted(in_class["term"].unique())]
    return groups


def _flag(events: pd.DataFrame, column: str, *, unknown: bool) -> np.ndarray:
    return np.asarray(events[column].to_numpy(dtype=bool, na_value=unknown))


def _overview(events: pd.DataFrame) -> Grouping:
    groups: Grouping = [(ANY, "", events)]
    if "related" in events.columns:
        groups.append(("treatment-related", "", events[_flag(events, "related", unknown=True)]))
    if "severity" in events.columns:
        groups.append(("severe", "", events[events["severity"] == "severe"]))
    if "serious" in events.columns:
        groups.append(("serious", "", events[_flag(events, "serious", unknown=False)]))
        if "related" in events.columns:
            both = _flag(events, "serious", unknown=False) & _flag(events, "related", unknown=True)
            groups.append(("serious and treatment-related", "", events[both]))
    if "led_to_discontinuation" in events.columns:
        left = _flag(events, "led_to_discontinuation", unknown=False)
        groups.append(("leading to discontinuation", "", events[left]))
    return groups


def _by_severity(events: pd.DataFrame) -> Grouping:
    if "severity" not in events.columns:
        raise DataError("adverse_events has no column 'severity'; it is needed for by=\"severity\".")
    worst = events.groupby("subject", observed=True)["severity"].transform("max")
    at_worst = events[(events["severity"] == worst).to_numpy()]
    return [(f"worst severity: {severity}", "", at_worst[at_worst["severity"] == severity]) for severity in SEVERITIES[1:]]


_GROUPINGS: dict[str, Callable[[pd.DataFrame], Grouping]] = {
    "term": _by_term,
    "overview": _overview,
    "severity": _by_severity,
}

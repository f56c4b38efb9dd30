"""`disposition`: Trial -> *events*, numbers of subjects randomised, treated, completed and discontinued, with reasons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, require_trial
from botox_analysis.frames.events import Events
from botox_analysis.frames.schema import HIGHER, LOWER
from botox_analysis.trials.trial import Trial

RANDOMISED, NOT_TREATED, TREATED = "randomised", "not treated", "treated"
DISCONTINUED, COMPLETED = "discontinued", "completed"
NO_REASON = "reason not recorded"
ENDPOINT = "disposition"

_BETTER = {NOT_TREATED: LOWER, DISCONTINUED: LOWER, COMPLETED: HIGHER}
"""Whether more subjects of a category are better, or fewer."""


def disposition(trial: Trial) -> Events:
    """Count the flow of subjects through a trial, by arm.

    Parameters
    ----------
    trial : Trial
        An unrestricted trial: the flow begins with all randomised subjects.

    Returns
    -------
    DataFrame
        *events* with the categories randomised, not treated, treated, discontinued and completed. Treated subjects are the
        members of the population ``safety``, if there is one. Discontinued and completed subjects are counted among the
        treated. Reasons are nested in discontinued, the most frequent first. Categories that the table of subjects does not
        contain are absent. A subject whose ``completed`` is missing counts as discontinued.

    Raises
    ------
    DataError
        The trial is already restricted to a population.

    References
    ----------
    Hopewell S et al. (2025). CONSORT 2025 statement. PLoS Med 22:e1004587, figure 1.

    Examples
    --------
    >>> flow = ba.disposition(trial)
    >>> flow[flow["arm"] == "placebo"][["category", "n_events"]].head(3).to_numpy().tolist()
    [['randomised', 696], ['not treated', 4], ['treated', 692]]
    """
    require_trial(trial)
    if trial.population != "all randomised":
        raise DataError(
            f"`trial` must contain all randomised subjects; got {trial.name} restricted to '{trial.population}'. "
            "Try the trial before restrict."
        )
    subjects = trial.subjects
    everyone = np.ones(len(subjects), dtype=bool)
    stages: list[tuple[str, str, np.ndarray]] = [(RANDOMISED, "", everyone)]
    treated = subjects["safety"].to_numpy(dtype=bool) if "safety" in subjects.columns else everyone
    if "safety" in subjects.columns:
        stages += [(NOT_TREATED, "", ~treated), (TREATED, "", treated)]
    if "completed" in subjects.columns:
        completed = subjects["completed"].to_numpy(dtype=bool, na_value=False) & treated
        left = treated & ~completed
        stages.append((DISCONTINUED, "", left))
        if "discontinuation_reason" in subjects.columns:
            reason = subjects["discontinuation_reason"].replace("", None).fillna(NO_REASON)
            stages += [
                (str(name), DISCONTINUED, left & (reason == name).to_numpy(dtype=bool))
                for name in reason[left].value_counts(sort=False).sort_values(ascending=False, kind="stable").index
            ]
        stages.append((COMPLETED, "", completed))
    arm = subjects["arm"]
    n_total = arm.value_counts(sort=False)
    pieces = [
        pd.DataFrame(
            {
                "trial": trial.name,
                "population": trial.population,
                "endpoint": ENDPOINT,
                "visit": "",
                "arm": pd.Categorical(trial.arms, categories=trial.arms),
                "stratum": "",
                "category": category,
                "n_events": arm[member].value_counts(sort=False).to_numpy(),
                "n_total": n_total.to_numpy(),
                "within": within,
                "better": _BETTER.get(within or category, ""),
            }
        )
        for category, within, member in stages
    ]
    return pd.concat(pieces, ignore_index=True)

"""`disposition`: Trial -> *events*, how many were randomised, treated, stayed, and left for what reason."""

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
    """The flow of subjects through a trial, by arm.

    Parameters
    ----------
    trial : Trial
        Not restricted: the flow begins with all who were randomised.

    Returns
    -------
    DataFrame
        *events* with the categories randomised, not treated and treated (members of the population ``safety``, where there
        is one), of those treated discontinued, nested in it each reason, most frequent first, and completed. What the table
        of subjects does not tell is not there. A subject whose ``completed`` is missing counts as discontinued.

    Raises
    ------
    DataError
        The trial is already restricted to a population.

    References
    ----------
    Hopewell S et al. (2025). CONSORT 2025 statement. PLoS Med 22:e1004587, figure 1.
    """
    require_trial(trial)
    if trial.population != "all randomised":
        raise DataError(f"{trial.name} is restricted to '{trial.population}'; the flow begins with all who were randomised.")
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

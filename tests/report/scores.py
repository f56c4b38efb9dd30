"""Trials of scores at three visits, complete and with subjects who discontinue."""

import numpy as np
import pandas as pd

import botox_analysis as ba

CARRIED = "last observation carried forward"
N = 30


def scores_of(scale, visits, seed=1):
    """Scores of all subjects at baseline and at each visit, correlated within subjects; the second arm falls by 2 more."""
    rng = np.random.default_rng(seed)
    of_subject = rng.normal(50, 6, N)
    pieces = [
        pd.DataFrame(
            {
                "subject": [f"s{n}" for n in range(N)],
                "scale": scale,
                "visit": visit,
                "value": of_subject + rng.normal(0, 4, N) - (3 + 2 * (np.arange(N) % 2)) * (visit != "baseline"),
            }
        )
        for visit in ("baseline", *visits)
    ]
    return pd.concat(pieces, ignore_index=True)


def trial_of(assessments, **planned):
    subjects = pd.DataFrame(
        {
            "subject": [f"s{n}" for n in range(N)],
            "arm": ["placebo", "toxin"] * (N // 2),
            "site": np.repeat(["north", "south"], N // 2),
        }
    )
    tables = {"subjects": subjects, "assessments": assessments}
    settings = {"reference": "placebo"}
    return ba.as_trial(tables, name="A trial", settings=settings, protocol=ba.advanced.Protocol(covariates=("site",), **planned))


def holed_of(scores):
    """The same scores, where one subject in four discontinues after week 4."""
    return scores[~(scores["visit"].isin(["week 8", "week 12"]) & scores["subject"].isin([f"s{n}" for n in range(0, N, 4)]))]


def apart(scores, among):
    """Remove values so that none of some subjects has values at both week 8 and week 12."""
    number = scores["subject"].str[1:].astype(int)
    left = np.where(number % 4 < 2, "week 8", "week 12")
    return scores[~((scores["visit"] == left) & among(number))]

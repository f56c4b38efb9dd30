"""Events of the simulated trial: adverse ones (which terms, in how many subjects, when, how bad), and intercurrent ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.trials.strategies import DISCONTINUATION, TREATMENT_POLICY

# Term, class, subjects per 1,000 in placebo and toxin, share related to treatment. The first nine are the leading
# treatment-related events of COMPEL in its order; the shares, and all the others, are assumed.
EVENT_TERMS = (
    ("Neck pain", "Musculoskeletal and connective tissue disorders", 26, 84, 0.80),
    ("Eyelid ptosis", "Eye disorders", 4, 36, 0.95),
    ("Musculoskeletal stiffness", "Musculoskeletal and connective tissue disorders", 10, 36, 0.85),
    ("Injection site pain", "General disorders and administration site conditions", 20, 28, 0.95),
    ("Headache", "Nervous system disorders", 22, 34, 0.66),
    ("Muscular weakness", "Musculoskeletal and connective tissue disorders", 3, 20, 0.92),
    ("Facial paresis", "Nervous system disorders", 1, 17, 0.95),
    ("Migraine", "Nervous system disorders", 20, 30, 0.43),
    ("Skin tightness", "Skin and subcutaneous tissue disorders", 1, 10, 0.95),
    ("Nasopharyngitis", "Infections and infestations", 52, 50, 0.0),
    ("Upper respiratory tract infection", "Infections and infestations", 50, 46, 0.0),
    ("Sinusitis", "Infections and infestations", 44, 40, 0.0),
    ("Influenza", "Infections and infestations", 24, 22, 0.0),
    ("Bronchitis", "Infections and infestations", 20, 18, 0.0),
    ("Urinary tract infection", "Infections and infestations", 22, 21, 0.0),
    ("Gastroenteritis viral", "Infections and infestations", 16, 14, 0.0),
    ("Nausea", "Gastrointestinal disorders", 29, 26, 0.10),
    ("Diarrhoea", "Gastrointestinal disorders", 16, 15, 0.05),
    ("Dyspepsia", "Gastrointestinal disorders", 9, 10, 0.0),
    ("Toothache", "Gastrointestinal disorders", 11, 9, 0.0),
    ("Myalgia", "Musculoskeletal and connective tissue disorders", 6, 22, 0.20),
    ("Back pain", "Musculoskeletal and connective tissue disorders", 26, 28, 0.0),
    ("Arthralgia", "Musculoskeletal and connective tissue disorders", 15, 14, 0.0),
    ("Dizziness", "Nervous system disorders", 15, 16, 0.15),
    ("Paraesthesia", "Nervous system disorders", 6, 8, 0.20),
    ("Fatigue", "General disorders and administration site conditions", 15, 16, 0.15),
    ("Pyrexia", "General disorders and administration site conditions", 8, 9, 0.0),
    ("Insomnia", "Psychiatric disorders", 14, 13, 0.0),
    ("Anxiety", "Psychiatric disorders", 12, 13, 0.0),
    ("Depression", "Psychiatric disorders", 16, 15, 0.0),
    ("Rash", "Skin and subcutaneous tissue disorders", 9, 11, 0.10),
    ("Vision blurred", "Eye disorders", 4, 6, 0.40),
    ("Fall", "Injury, poisoning and procedural complications", 10, 11, 0.0),
    ("Ligament sprain", "Injury, poisoning and procedural complications", 11, 10, 0.0),
    ("Hypertension", "Vascular disorders", 10, 12, 0.0),
    ("Seasonal allergy", "Immune system disorders", 14, 13, 0.0),
)

SEVERITY_SHARES = (45 / 116, 47 / 116, 24 / 116)
"""Mild, moderate, severe: the maximal intensities of REPOSE (2019), table 5."""

SHARE_SERIOUS = 0.03

INJECTION_DAYS = (1, 85)

INTERCURRENT_KINDS = (("new preventive treatment", 0.05, 0.03), ("medication overuse", 0.06, 0.04))
"""Kind, shares of the subjects randomised to placebo and toxin; assumed."""

FIRST_INTERCURRENT_DAY = 29

INTERCURRENT_STREAM = 5
"""The random stream of intercurrent events, beside the seed: all other tables are drawn as if there were none."""

STRATEGIES = dict.fromkeys((DISCONTINUATION, *(kind for kind, _, _ in INTERCURRENT_KINDS)), TREATMENT_POLICY)
"""What the simulated trial's protocol plans for the values after each kind."""


def draw_events(
    treated: NDArray[np.bool_],
    last_day: NDArray[np.int64],
    reason: NDArray[np.object_],
    *,
    active: bool,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The adverse events of one arm, one row per occurrence.

    Parameters
    ----------
    treated : ndarray of bool, shape (n,)
        Who was injected; nobody else has an event.
    last_day : ndarray of int, shape (n,)
        Each subject's last study day.
    reason : ndarray of str, shape (n,)
        Why a subject left; who left for an adverse event has one that says so.
    active : bool
        Whether the arm has the toxin.
    rng : Generator
        Where the numbers come from.

    Returns
    -------
    DataFrame
        The table of adverse events with ``who``, the position of the subject, in the place of ``subject``.
    """
    safe = np.flatnonzero(treated)
    left_for_event = np.flatnonzero(treated & (reason == "adverse event"))
    pieces = []
    for term, organ_class, placebo, toxin, share_related in EVENT_TERMS:
        per_thousand = toxin if active else placebo
        n_subjects = round(per_thousand * safe.size / 1000)
        who = rng.choice(safe, n_subjects, replace=False)
        # Of those with the event a fixed share is related, so that the published ranking holds in any draw.
        related = np.arange(n_subjects) < round(share_related * n_subjects)
        again = rng.poisson(0.15, n_subjects)
        who, related = np.repeat(who, 1 + again), np.repeat(related, 1 + again)
        second = (last_day[who] > INJECTION_DAYS[1]) & (rng.random(who.size) < 0.4)
        injection = np.where(second, INJECTION_DAYS[1], INJECTION_DAYS[0])
        soon = injection + np.floor(rng.exponential(6.0, who.size)).astype(int)
        onset = np.where(related, np.minimum(soon, last_day[who]), rng.integers(1, last_day[who] + 1))
        pieces.append(
            pd.DataFrame(
                {
                    "who": who,
                    "term": term,
                    "class": organ_class,
                    "onset_day": onset,
                    "end_day": onset + 1 + np.floor(rng.exponential(12.0, who.size)).astype(int),
                    "severity": np.array(["mild", "moderate", "severe"])[rng.choice(3, who.size, p=SEVERITY_SHARES)],
                    "related": np.where(related, "yes", "no"),
                    "serious": np.where(rng.random(who.size) < SHARE_SERIOUS, "yes", "no"),
                    "led_to_discontinuation": "no",
                }
            )
        )
    events = pd.concat(pieces, ignore_index=True)
    # Who left for an adverse event has one: the last before leaving, or else anxiety.
    last = events[events["who"].isin(left_for_event)].groupby("who")["onset_day"].idxmax()
    events.loc[last, "led_to_discontinuation"] = "yes"
    without = np.setdiff1d(left_for_event, events["who"])
    extra = pd.DataFrame(
        {
            "who": without,
            "term": "Anxiety",
            "class": "Psychiatric disorders",
            "onset_day": last_day[without] - 2,
            "end_day": last_day[without] + 5,
            "severity": "moderate",
            "related": "no",
            "serious": "no",
            "led_to_discontinuation": "yes",
        }
    )
    return pd.concat([events, extra], ignore_index=True)


def draw_intercurrent_events(subjects: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """The intercurrent events of a simulated trial, one row each.

    Parameters
    ----------
    subjects : DataFrame
        The table of subjects, arms in it as they were randomised: who did not complete discontinued on the last day, and
        some of those still in on day 29 have another event between then and their last day. Nothing else follows from these.
    seed : int
        That of the trial.

    Returns
    -------
    DataFrame
        The table of intercurrent events, by subject, in time.
    """
    rng = np.random.default_rng([seed, INTERCURRENT_STREAM])
    left = subjects[subjects["completed"] == "no"]
    pieces = [pd.DataFrame({"subject": left["subject"], "kind": DISCONTINUATION, "day": left["last_day"]})]
    for kind, in_placebo, in_toxin in INTERCURRENT_KINDS:
        for arm, randomised in subjects.groupby("arm", sort=True):
            share = in_placebo if arm == "placebo" else in_toxin
            there = randomised[randomised["last_day"] >= FIRST_INTERCURRENT_DAY]
            chosen = there.iloc[rng.choice(len(there), round(share * len(randomised)), replace=False)]
            day = rng.integers(FIRST_INTERCURRENT_DAY, chosen["last_day"].to_numpy() + 1)
            pieces.append(pd.DataFrame({"subject": chosen["subject"], "kind": kind, "day": day}))
    events = pd.concat(pieces, ignore_index=True)
    return events.sort_values(["subject", "day", "kind"], kind="stable").reset_index(drop=True)

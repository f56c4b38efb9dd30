"""Words that a program could take for its own, in every text that a user can set; each has a plain twin of the same shape."""

import re

import numpy as np
import pandas as pd

import botox_analysis as ba
from botox_analysis.cells.reading import SEVERITIES

WORDS = (
    "rule: imputed; log trial",
    "assumed missing at random",
    "percent change at any visit",
    "imputed",
    "log imputed; 50 U",
    "change in ratio: observed cases",
    "log change",
    "imputed at any visit",
    "ratio; no value recorded",
    "percent of rule: by arm; log",
    "worst severity: log ratio",
    "log risk ratio; imputed",
    "assumed missing at random: change",
    "mean change; observed cases",
    "baseline by week",
    "imputed percent",
    "conditional log change",
    "missing at random by rule",
)
"""Of the slots `TRIAL` to `RESCUE`."""

_NEXT = str.maketrans("aeiouy;:", "bfjpvzqx")


def plain(word):
    """Nonsense of the same shape: lines break at the same places, and the order of the alphabet stays."""
    return word.translate(_NEXT)


PLAIN = tuple(plain(word) for word in WORDS)
_BACK = dict(zip(PLAIN, WORDS, strict=True))
_BACK |= {twin[:1].upper() + twin[1:]: word[:1].upper() + word[1:] for twin, word in _BACK.items()}
_BACK |= {twin.replace(" ", "_"): word.replace(" ", "_") for twin, word in _BACK.items()}
_ANY = re.compile("|".join(map(re.escape, sorted(_BACK, key=len, reverse=True))))


def hostile(text):
    """A text about plain words, with the words of `WORDS` in their places."""
    return _ANY.sub(lambda found: _BACK[found[0]], text)


def renamed(frame):
    """A frame whose texts, and names of columns, have the words of `WORDS` in their places."""
    new = frame.rename(columns=lambda name: hostile(name) if isinstance(name, str) else name)
    for place, name in enumerate(new.columns):
        column = frame.iloc[:, place]
        if isinstance(column.dtype, pd.CategoricalDtype):
            new[name] = column.cat.rename_categories(lambda word: hostile(word) if isinstance(word, str) else word).to_numpy()
            new[name] = pd.Categorical(new[name], [hostile(str(word)) for word in column.cat.categories], column.cat.ordered)
        elif not pd.api.types.is_numeric_dtype(column.dtype):
            new[name] = [hostile(value) if isinstance(value, str) else value for value in column]
    return new


def one_line(text):
    """A text without its line breaks."""
    return " ".join(text.split())


def trial_of(words, *, n=24, **protocol):
    """A trial of two arms with scores, dropouts, adverse events and intercurrent events, all of whose texts are `words`."""
    name, population, primary, secondary, *rest = words
    reference, arm, first, second, third, factor, level, other, term, another, of_class, quantity, rescue, reason = rest
    rng = np.random.default_rng(8)
    place = np.arange(n)
    visits = (first, second, third)
    last = np.where(place % 6 == 1, 40, 90)
    subjects = pd.DataFrame(
        {
            "subject": [f"s{number:02d}" for number in place],
            "arm": np.array([reference, arm])[place % 2],
            population.replace(" ", "_"): place % 9 != 4,
            "completed": last == 90,
            "discontinuation_reason": np.where(last == 90, None, reason),
            "last_day": last,
            factor.replace(" ", "_"): np.array([level, other])[rng.integers(2, size=n)],
            quantity.replace(" ", "_"): rng.integers(20, 60, n),
        }
    )
    rows = []
    for scale, noise in ((primary, 3.0), (secondary, 2.0)):
        own = rng.normal(40, 5, n)
        for at, (visit, day) in enumerate(zip(("baseline", *visits), (-1, 28, 56, 84), strict=True)):
            value = own - at * (1 + place % 2) + rng.normal(0, noise, n)
            there = (day <= last) & ~((place % 11 == 3) & (at == 1))
            rows += [(subjects["subject"][i], scale, visit, value[i], day) for i in place[there]]
    events = [
        (subjects["subject"][i], [term, another, another][i % 3], of_class, 10 + i, 15 + i, SEVERITIES[1 + i % 3], i % 5 == 0)
        for i in place
        if i % 4
    ]
    tables = {
        "subjects": subjects,
        "assessments": pd.DataFrame(rows, columns=["subject", "scale", "visit", "value", "day"]),
        "adverse_events": pd.DataFrame(
            events, columns=["subject", "term", "class", "onset_day", "end_day", "severity", "serious"]
        ),
        "intercurrent_events": pd.DataFrame([(f"s{i:02d}", rescue, 50) for i in (2, 7, 12)], columns=["subject", "kind", "day"]),
    }
    covariates = (factor.replace(" ", "_"), quantity.replace(" ", "_"))
    planned = {"endpoint": primary, "covariates": covariates, "efficacy_population": population.replace(" ", "_"), "draws": 5}
    return ba.as_trial(
        tables, name=name, arms=[reference, arm], visits=["baseline", *visits],
        settings={"populations": [population.replace(" ", "_")]},
        protocol=ba.advanced.Protocol(**planned | protocol),
    )  # fmt: skip


def of_visit(frame, visit):
    """The rows of one visit."""
    return frame[frame["visit"] == visit]


def frames_of(words):
    """Frames for figures and tables, of the trial of these words."""
    trial = trial_of(words)
    outcomes = ba.scale(words[2]).derive(trial)
    fit = ba.fit_ancova(outcomes, covariates=["baseline", trial.protocol.covariates[0]])
    unadjusted = ba.fit_ancova(outcomes, covariates=[])
    differences = fit.differences()
    filled = ba.missing.fill(outcomes, rule="last observation carried forward")
    events = [
        of_visit(ba.responders(frame, points=[1.0, 3.0], missing=missing), words[8])
        for frame in (outcomes, filled)
        for missing in ("observed cases", "non-responder imputation")
    ]
    terms = ba.safety.counts(trial, by="term")
    worst = ba.safety.counts(trial, by="severity").query("category != 'any adverse event'")
    return {
        "outcomes": outcomes,
        "means": fit.means(),
        "differences": differences,
        "models": pd.concat([differences, unadjusted.differences()], ignore_index=True),
        "ratios": ba.compare_rates(terms, measure="log risk ratio"),
        "adjusted": ba.adjust_multiplicity(differences, method="holm"),
        "change": ba.describe_change(outcomes),
        "dropout": ba.missing.dropout(outcomes),
        "reasons": ba.missing.reasons(outcomes),
        "missing": ba.missing.values(outcomes),
        "baseline": ba.describe_baseline(trial),
        "flow": ba.disposition(trial),
        "disposition": ba.event_rates(ba.disposition(trial)),
        "responders": pd.concat([ba.event_rates(each) for each in events], ignore_index=True),
        "responders compared": pd.concat([ba.compare_rates(each) for each in events], ignore_index=True),
        "curve": ba.event_rates(of_visit(ba.responders(outcomes, reduction=[0, 0.1, 0.2]), words[8])),
        "terms": ba.event_rates(terms),
        "terms compared": ba.compare_rates(terms),
        "worst": ba.event_rates(worst),
        "terms by severity": ba.event_rates(ba.safety.counts(trial, by="term and severity")),
        "incidence": ba.event_rates(terms, measure="incidence rate"),
        "incidence compared": ba.compare_rates(terms, measure="log incidence rate ratio"),
        "times": ba.times.curve(ba.times.first_event(trial)),
        "onsets": ba.safety.onsets(trial),
        "listing": ba.safety.listing(trial),
    }

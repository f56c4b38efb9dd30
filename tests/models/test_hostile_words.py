"""Words that a program could take for its own change labels and nothing else, in whatever a user can name."""

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.cells.reading import SEVERITIES
from botox_analysis.frames.handling import method_parts
from botox_analysis.models.repeated.covariance import Covariance

PARTS = (
    "imputed", "assumed missing at random", ";", ":", "observed cases", "by", "on", "rule:", "log", "percent", "mixed model",
    "at any visit", "arm:", ":visit", "the value stays missing", "last observation carried forward", "imputations by", "mean",
    "ratio", "difference", "any adverse event", "no value recorded", "discontinuation: hypothetical", "non-responder imputation",
)  # fmt: skip
"""Of which the names are made: each begins with one and ends with one."""

SLOTS = (
    "trial", "population", "scale", "placebo", "toxin", "first", "second", "third", "factor", "low", "high", "number", "subject",
    "term", "other term", "class", "special", "kind", "other kind", "rule", "contrast", "days",
    "imputation", "intercurrent",
)  # fmt: skip

N = 40
ROUNDING = 1e-8
"""Of numbers near 1; sums in another order of levels differ by 1e-12."""


PLAIN = {slot: f"zq{chr(97 + place)}" for place, slot in enumerate(SLOTS)}
"""Nonsense for each slot."""

IN_ORDER = (("low", "high"), ("term", "other term"), ("kind", "other kind"))
"""Slots whose names stand in the order of the alphabet in every set of names, since levels, terms and kinds are put in it."""


def subjects_of(word):
    """A table of subjects, and which visits each was seen at."""
    rng = np.random.default_rng(5)
    place = np.arange(N)
    last = np.where(place % 5 == 1, 50, 90)
    return rng, pd.DataFrame(
        {
            "subject": [f"{word['subject']} {number:02d}" for number in place],
            "arm": np.array([word["placebo"], word["toxin"]])[place % 2],
            word["population"]: place % 13 != 4,
            "completed": last == 90,
            "last_day": last,
            word["factor"]: np.array([word["low"], word["high"]])[(place // 2) % 2],
            word["number"]: rng.integers(20, 60, N),
        }
    )


def trial_of(word):
    """A trial of two arms with a scale, a diary, dropouts, adverse events and intercurrent events."""
    rng, subjects = subjects_of(word)
    who, last, arm = subjects["subject"], subjects["last_day"], np.arange(N) % 2
    visits = [word[visit] for visit in ("first", "second", "third")]
    own = rng.normal(40, 5, N)
    rows, days = [], []
    for at, (visit, day) in enumerate(zip(["baseline", *visits], (-1, 28, 56, 84), strict=True)):
        value = own - 2 * at * (1 + arm) + rng.normal(0, 3, N)
        there = (day <= last) & ~((np.arange(N) % 11 == 3) & (at == 1))
        rows += [(who[i], word["scale"], visit, value[i], day) for i in np.flatnonzero(there)]
    for i in range(N):
        recorded = [day for day in range(-28, 57) if day != 0 and (day < 0 or i % 6 or day < 40) and (i + day) % 9]
        days += [(who[i], day, int(rng.uniform() < 0.6 - 0.2 * arm[i] * (day > 0))) for day in recorded]
    adverse = [
        (who[i], word["other term" if i % 5 > 2 else "term"], word["class"], 10 + i, 15 + i, SEVERITIES[1 + i % 3], i % 4 == 0)
        for i in np.flatnonzero(np.arange(N) % 3)
    ]
    happened = [(who[i], word["kind"], 30) for i in (2, 5, 12)] + [(who[i], word["other kind"], 60) for i in (2, 7)]
    tables = {
        "subjects": subjects,
        "assessments": pd.DataFrame(rows, columns=["subject", "scale", "visit", "value", "day"]),
        "diary": pd.DataFrame(days, columns=["subject", "day", "headache"]),
        "adverse_events": pd.DataFrame(
            adverse, columns=["subject", "term", "class", "onset_day", "end_day", "severity", "serious"]
        ),
        "intercurrent_events": pd.DataFrame(happened, columns=["subject", "kind", "day"]),
    }
    return ba.as_trial(
        tables, name=word["trial"], arms=[word["placebo"], word["toxin"]], visits=["baseline", *visits],
        settings={"populations": [word["population"]]},
    )  # fmt: skip


def of_outcomes(word, trial, outcomes, days):
    """Outcomes -> outcomes, events, times."""
    rule = "last observation carried forward"
    filled = ba.missing.fill(outcomes, rule=rule)
    yield "filled", filled
    events = trial.intercurrent_events
    strategies = {word["kind"]: "hypothetical", word["other kind"]: "composite"}
    addressed = ba.intercurrent.address(outcomes, events, strategies=strategies, visit_days=days)
    yield "addressed", addressed
    yield "after", ba.intercurrent.visits_after(outcomes, events, visit_days=days)
    yield "counts of kinds", ba.intercurrent.counts(outcomes, events)
    for name, frame in (("outcomes", outcomes), ("addressed", addressed), ("filled", filled)):
        yield f"{name}, reasons", ba.missing.reasons(frame)
        missing = ba.missing.values(frame)
        # Whether kinds stand before the other reasons depends on the alphabet.
        of_kind = missing["category"].isin([word["kind"], word["other kind"]])
        yield f"{name}, missing after events", missing[of_kind].reset_index(drop=True)
        yield f"{name}, missing for other reasons", missing[~of_kind].reset_index(drop=True)
        for missing in ("observed cases", "non-responder imputation"):
            yield f"{name}, {missing}", ba.responders(frame, points=[2.0, 5.0], missing=missing, stratum=word["factor"])
    times = ba.times.first_response(outcomes, points=4.0, visit_days=days)
    yield "times", times
    yield "cycles", ba.times.by_cycle(times)
    labelled = outcomes.assign(imputation=word["imputation"], intercurrent=word["intercurrent"])
    own = ba.as_outcomes(labelled, endpoint=word["scale"], arms=trial.arms, visits=list(outcomes["visit"].cat.categories))
    yield "labelled", own
    filled = ba.missing.fill(own, rule=rule)
    yield "labelled, filled", filled
    yield "labelled, rates", ba.event_rates(ba.responders(filled, points=2.0, missing="non-responder imputation"))
    yield "labelled, pooled", ba.missing.impute(own, strategy="missing at random", n=2, seed=1).pool()


def of_safety(word, trial):
    """A trial -> events and times of adverse events."""
    special = {word["special"]: [word["term"]]}
    for by in ("term", "overview", "severity", "special interest", "term and severity"):
        told = special if by in ("overview", "special interest") else None
        events = ba.safety.counts(trial, by=by, special=told)
        yield by, events
        yield f"{by}, in order", ba.safety.order_by_frequency(events)
        yield f"{by}, rates", ba.event_rates(events)
    yield "terms compared", ba.compare_rates(ba.safety.counts(trial), measure="log risk ratio")
    yield "first event", ba.times.first_event(trial, word["term"])
    yield "cumulative", ba.safety.mean_cumulative(trial, word["class"])
    yield "durations", ba.safety.onset_and_duration(trial)
    counts = ba.safety.counts_per_subject(trial, word["other term"])
    fit = ba.fit_counts(counts, covariates=[word["number"]])
    yield "counts, fit", fit.log_ratios()
    ahead = ba.missing.impute_counts(counts, planned_days=90, strategy="missing at random", n=2, seed=1)
    yield "counts, imputed", ahead.completed(1)
    yield (
        "counts, pooled",
        ahead.pool(lambda completed: ba.fit_counts(completed, covariates=()).log_ratios()),
    )


def of_models(word, outcomes):
    """Outcomes -> estimates."""
    factor, number = word["factor"], word["number"]
    ancova = ba.fit_ancova(outcomes, covariates=["baseline", f"arm:{factor}", number])
    yield "ancova", ancova.differences()
    yield "ancova, left out", ancova.left_out
    yield "ancova, subgroups", ancova.subgroup_differences(factor)
    fits = [
        ba.fit_mmrm(
            outcomes,
            covariates=["baseline", f"arm:{factor}", number],
            by_visit=["baseline", f"arm:{factor}"],
            covariance=covariance,
        )
        for covariance in ("ar1", f"ar1 by {factor}", Covariance("spatial exponential", on=word["days"]))
    ]
    for place, fit in enumerate(fits):
        yield f"mmrm {place}", fit.differences()
        yield f"mmrm {place}, summary", fit.summary()
    yield "mmrm, left out", fits[0].left_out
    yield "mmrm, tests", fits[0].term_tests()
    yield "mmrm, interactions", fits[0].interaction_tests(factor)
    yield "mmrm, subgroups", fits[0].subgroup_means(factor)
    weights = {(arm, word["third"]): sign for arm, sign in zip(fits[0].arms, (-1.0, 1.0), strict=True)}
    yield "mmrm, contrast", fits[0].contrasts({word["contrast"]: weights})
    yield "likelihoods", fits[1].likelihood_ratio(fits[0])
    simple = ba.fit_mmrm(outcomes, covariance="compound symmetry")
    yield "jackknife", simple.jackknife()
    differences = simple.differences()
    yield "adjusted", ba.adjust_multiplicity(differences, method="holm")
    yield "margin", ba.non_inferiority(differences, margin=2.0)
    yield "binary", ba.fit_binary(outcomes, points=4.0, covariates=[factor], visits=[word["second"]]).differences()
    yield "change", ba.describe_change(outcomes)
    yield "dropout", ba.missing.dropout(outcomes)
    yield "ranks", ba.compare_ranks(outcomes, stratum=factor)
    events = ba.responders(outcomes, points=3.0, stratum=factor)
    yield "rates", ba.event_rates(events)
    rates = ba.compare_rates(events)
    yield "rates compared", rates
    yield "needed", ba.number_needed(rates)
    yield "odds", ba.exponentiate(ba.compare_rates(events, measure="log odds ratio"))
    yield "homogeneity", ba.homogeneity(events)


def of_times(word, outcomes, days):
    """Times -> estimates."""
    times = ba.times.first_response(outcomes, points=4.0, visit_days=days)
    yield "curve", ba.times.curve(times)
    yield "quantiles", ba.times.quantiles(times)
    yield "restricted means", ba.times.restricted_means(times)
    yield "hazards", ba.times.compare(times, covariates=[word["number"]], stratum=word["factor"], test="log-rank")


def of_imputations(word, trial, outcomes, days):
    """Outcomes -> completed outcomes -> estimates."""
    strategies = {word["kind"]: "hypothetical", word["other kind"]: "treatment policy"}
    addressed = ba.intercurrent.address(outcomes, trial.intercurrent_events, strategies=strategies, visit_days=days)
    assumed = {word["kind"]: "jump to reference", word["other kind"]: "missing at random"}
    covariates = ["baseline", word["factor"]]
    imputations = ba.missing.impute(
        addressed, strategy=assumed, n=4, seed=1, covariates=covariates, covariance=f"ar1 by {word['factor']}"
    )
    yield "imputed", imputations.completed(2)
    yield "imputed, left out", imputations.left_out
    yield "pooled", imputations.pool(covariates=["baseline", word["number"]])
    yield "pooled, any", imputations.pool(lambda frame: ba.fit_ancova(frame).differences())
    yield "pooled responders", imputations.pool_responders(points=2.0)
    shifted = imputations.shift({word["toxin"]: 1.0})
    yield "shifted", shifted.pool()
    yield "surface", imputations.tipping_surface(word["third"], deltas=[0.0, 2.0], reference_deltas=[0.0, 2.0])
    at_random = ba.missing.conditional_means(outcomes, strategy="missing at random", variance="jackknife")
    yield "conditional means", at_random.pool()
    yield "panel", ba.missing.sensitivity(addressed, n=2, seed=1, after=[word["kind"]])


def of_diary(word, trial):
    """A diary under a rule of one's own."""
    rule = ba.diary.DiaryRule(word["rule"], minimum_hours=0.0, minimum_days=10)
    endpoint = ba.HEADACHE_DAYS.under(rule)
    outcomes = endpoint.derive(trial)
    yield "diary", outcomes
    yield (
        "diary, responders",
        ba.event_rates(ba.responders(ba.missing.fill(outcomes, rule="baseline observation carried forward"))),
    )
    yield "diary, counts", ba.fit_counts(outcomes, covariates=["baseline", word["factor"]]).differences()
    imputations = ba.missing.impute_diary(trial, endpoint, n=2, seed=1, covariates=["baseline", word["factor"]])
    yield "days imputed", imputations.completed(1)
    yield "days, left out", imputations.left_out
    further = imputations.impute(strategy="missing at random", seed=1)
    yield "days imputed further", further.completed(1)
    yield "days, left out then", further.left_out
    yield "days pooled", further.pool()


def everything(word):
    """Every verb of the endpoints and models on the trial of these words: name -> frame."""
    everybody = trial_of(word)
    trial = everybody.restrict(word["population"])
    outcomes = ba.scale(word["scale"]).derive(trial)
    days = {word["first"]: 28, word["second"]: 56, word["third"]: 84}
    outcomes[word["days"]] = outcomes["visit"].astype(str).map(days)
    found = [("outcomes", outcomes), ("baseline", ba.describe_baseline(trial)), ("flow", ba.disposition(everybody))]
    found += of_outcomes(word, trial, outcomes, days)
    found += of_safety(word, trial)
    found += of_models(word, outcomes)
    found += of_times(word, outcomes, days)
    found += of_imputations(word, trial, outcomes, days)
    found += of_diary(word, trial)
    return dict(found)


def names_of(seed):
    """A name for each slot, of three parts; kinds of events have no semicolon with a space after it."""
    word = {}
    for place, (slot, parts) in enumerate(zip(SLOTS, np.random.default_rng(seed).choice(PARTS, (len(SLOTS), 3)), strict=True)):
        name = "{} {} {} {}".format(parts[0], chr(97 + place), *parts[1:])
        word[slot] = name.replace("; ", ";") if "kind" in slot else name
    return word | {slot: name for group in IN_ORDER for slot, name in zip(group, sorted(map(word.get, group)), strict=True)}


@cache
def plain_frames():
    """Of the plain twin."""
    return everything(PLAIN)


@pytest.mark.long
@given(st.integers(0, 2**32))
@settings(max_examples=2, deadline=None)
def test_hostile_words_change_labels_and_nothing_else(seed):
    word = names_of(seed)
    back = {PLAIN[slot]: word[slot] for slot in SLOTS}

    def hostile(text):
        return re.sub("zq[a-z]", lambda token: back[token[0]], text) if isinstance(text, str) else text

    frames = everything(word)
    for name, plain in plain_frames().items():
        expected = plain.rename(columns=hostile)
        for column in expected.columns:
            if not pd.api.types.is_numeric_dtype(expected[column].dtype):
                expected[column] = [hostile(cell) for cell in expected[column].astype(object)]
        found = frames[name].astype({column: expected[column].dtype for column in expected.columns})
        pd.testing.assert_frame_equal(found, expected, rtol=ROUNDING, atol=ROUNDING, obj=name)


@pytest.mark.long
def test_every_method_is_the_sentence_of_its_parts():
    for name, frame in plain_frames().items():
        if "measure" in frame.columns and name != "panel":
            assert method_parts(frame)["model"].tolist() == frame["model"].tolist(), name

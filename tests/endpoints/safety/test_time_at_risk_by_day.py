"""Every verb that counts adverse events against plain loops over subjects and days of random trials, under every rule.

The loops know nothing of intervals: they ask of each subject and each day whether it is one at risk, and of each event on which
of the days it emerged. Lists and fractions only; slow and plain on purpose.
"""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.safety.categories import ANY
from botox_analysis.endpoints.safety.counts import n_not_emergent

pytestmark = pytest.mark.long

YEAR = 365.25
HORIZON = 100
"""No day of these trials is later."""

ARMS = ["P", "T"]
RULES = {
    "from day 1": ba.safety.FROM_DAY_1,
    "within 30 days": ba.safety.WITHIN_30_DAYS,
    "within 5 days": ba.safety.EmergentRule("within 5 days", window_days=5),
    "to the last dose": ba.safety.EmergentRule("to the last dose", window_days=0),
    "as flagged": ba.safety.AS_FLAGGED,
}
N_FEW, N_TRIALS = 15, 72
"""Random trials: a few, shared out among the rules; many, each under every rule."""

OPTIONAL = ["end_day", "worsened_day", "fatal", "serious", "class"]


# Random trials --------------------------------------------------------------------------------------------------------


def random_tables(seed):
    """Draw subjects, events and deaths as lists of plain dicts; days are small, so that edge cases are frequent."""
    rng = np.random.default_rng(seed)
    one_of = lambda *values: values[rng.integers(len(values))]  # noqa: E731
    length = one_of(8, 25, 60)
    all_known = rng.random() < 0.7
    subjects = [
        {
            "subject": f"s{number}",
            "arm": ARMS[number % 2],
            "actual_arm": one_of(None, None, "P", "T"),
            "last_day": None if not all_known and rng.random() < 0.2 else one_of(-3, 1, *rng.integers(1, length + 1, 6).tolist()),
            "last_dose_day": one_of(None, 1, *rng.integers(1, length + 1, 4).tolist()),
        }
        for number in range(rng.integers(2, 8))
    ]
    events, goes_on = [], rng.random()
    for _ in range(rng.integers(0, 14)):
        onset = one_of(None, -5, 1, *rng.integers(1, length + 5, 5).tolist())
        from_onset = lambda onset=onset: later(onset, one_of(0, 0, 1, 3, 10, 25))  # noqa: E731
        events.append(
            {
                "subject": one_of(*subjects)["subject"],
                "term": one_of("X", "Y", "Z"),
                "class": one_of("K", "L"),
                "onset_day": onset,
                "end_day": None if rng.random() < goes_on else one_of(-2 if onset is None else from_onset(), from_onset()),
                "worsened_day": one_of(None, None, -1 if onset is None else from_onset(), from_onset()),
                "serious": one_of("yes", "no", None),
                "fatal": one_of("yes", "no", "no", "no", None) if rng.random() < 0.5 else "no",
                "treatment_emergent": one_of("yes", "yes", "no", None),
            }
        )
    happened = [
        {"subject": subject["subject"], "kind": one_of("death", "Death", "rescue"), "day": int(rng.integers(1, length + 1))}
        for subject in subjects
        if rng.random() < 0.15
    ]
    absent = [column for column in OPTIONAL if rng.random() < 0.2]
    return subjects, [{key: value for key, value in event.items() if key not in absent} for event in events], happened


def later(onset, days):
    """Add days to an onset; there is no day 0, and an unknown onset is day 2 here."""
    start = 2 if onset is None else onset
    return start + days + (start < 0 <= start + days)


def trial_of(subjects, events, happened):
    columns = ["subject", "term", "onset_day", "treatment_emergent"]
    tables = {"subjects": pd.DataFrame(subjects), "adverse_events": pd.DataFrame(events, columns=None if events else columns)}
    kinds = {row["kind"] for row in happened}
    if happened and not {"death", "Death"} <= kinds:
        tables["intercurrent_events"] = pd.DataFrame(happened)
    return ba.as_trial(tables, name="t", arms=ARMS)


# By subject and day ---------------------------------------------------------------------------------------------------


class ByDay:
    """One trial under one rule, evaluated on every day of every subject."""

    def __init__(self, subjects, events, happened, rule):
        self.subjects, self.events, self.rule = subjects, events, rule
        kinds = {row["kind"] for row in happened}
        self.happened = happened if not {"death", "Death"} <= kinds else []
        self.arm = {subject["subject"]: subject["actual_arm"] or subject["arm"] for subject in subjects}

    def death(self, subject):
        name = subject["subject"]
        stated = [row["day"] for row in self.happened if row["subject"] == name and row["kind"].lower() == "death"]
        if stated:
            return max(stated)
        days = []
        for event in self.events:
            if event["subject"] == name and event.get("fatal") == "yes" and self.rule is not ba.safety.AS_FLAGGED:
                days += known(event.get("end_day")) or known(event["onset_day"], event.get("worsened_day"))
        return max([day for day in days if day >= 1], default=None)

    def in_window(self, subject, day):
        dose, window = subject["last_dose_day"], self.rule.window_days
        return window is None or dose is None or day <= dose + window

    def observed(self, subject):
        """The days on which a subject is observed; None where nobody knows."""
        last, death = subject["last_day"], self.death(subject)
        if last is None and death is None:
            return None
        return [day for day in range(1, HORIZON) if (last is None or day <= last) and (death is None or day <= death)]

    def at_risk(self, subject):
        """The days on which a subject is at risk; None where nobody knows."""
        days = self.observed(subject)
        return None if days is None else [day for day in days if self.in_window(subject, day)]

    def emerged(self, subject, event):
        """Whether an event counts, and the day on which it emerged, None where that is not known."""
        onset, worsened = event["onset_day"], event.get("worsened_day")
        flagged = self.rule is ba.safety.AS_FLAGGED
        days = [
            day
            for day in range(1, HORIZON)
            if day in (onset, worsened) and (flagged or self.in_window(subject, day)) and onset is not None
        ]
        if flagged:
            counts = event["treatment_emergent"] == "yes"
        elif onset is None:
            got_worse = any(day == worsened and self.in_window(subject, day) for day in range(1, HORIZON))
            counts = got_worse or not any(day < 1 for day in known(event.get("end_day"), worsened))
        else:
            counts = len(days) > 0
        return counts, min(days, default=None)

    def occurrences(self, subject, category):
        """The events of a subject that count, each with the day on which it emerged, and the day on which it counts."""
        found, at_risk = [], self.at_risk(subject)
        for event in self.events:
            counts, day = self.emerged(subject, event)
            if counts and event["subject"] == subject["subject"] and is_of(event, category):
                placed = day or 1
                if at_risk is not None:
                    placed = min(placed, max([1, *at_risk]))
                found.append((event, day, placed))
        return found

    def in_arm(self, arm):
        return [subject for subject in self.subjects if self.arm[subject["subject"]] == arm]

    def counts(self, arm, category):
        """n_events, n_total, occurrences, days of exposure and days at risk of an arm."""
        n_events = n_occurrences = 0
        exposure = until_first = 0.0
        for subject in self.in_arm(arm):
            days, own = self.at_risk(subject), self.occurrences(subject, category)
            n_events += len(own) > 0
            n_occurrences += len(own)
            exposure += math.nan if days is None else len(days)
            emerged = [day for _, day, _ in own]
            if own and None in emerged and 1 not in emerged:
                until_first = math.nan
            elif own:
                until_first += min(placed for (_, day, placed) in own if day is not None)
            else:
                until_first += math.nan if days is None else len(days)
        return n_events, len(self.in_arm(arm)), n_occurrences, exposure, until_first

    def first(self, subject, category):
        """The time to the first event, and whether it was observed; the time is None where nobody knows."""
        days, own = self.at_risk(subject), self.occurrences(subject, category)
        if own:
            return min(placed for _, _, placed in own), True
        return (None if days is None else max([1, *days])), False

    def curve(self, arm, category):
        """By day with events or an end: number at risk, occurrences, their mean number so far, and its variance."""
        subjects, rows = self.in_arm(arm), []
        own = [[placed for _, _, placed in self.occurrences(subject, category)] for subject in subjects]
        present = [set(self.at_risk(subject)) | ({1} if days else set()) for subject, days in zip(subjects, own, strict=True)]
        mean, parts = Fraction(0), [Fraction(0)] * len(subjects)
        for day in range(1, HORIZON):
            n_at_risk = sum(day in days for days in present)
            here = [days.count(day) for days in own]
            if n_at_risk:
                rate = Fraction(sum(here), n_at_risk)
                mean += rate
                parts = [
                    part + (n - (rate if day in days else 0)) / n_at_risk
                    for part, n, days in zip(parts, here, present, strict=True)
                ]
            if sum(here) or any(days and day == max(days) for days in present):
                rows.append((day, n_at_risk, sum(here), float(mean), float(sum(part**2 for part in parts))))
        return rows

    def prevalence(self, arm, category, day):
        """Subjects with an event that goes on, and subjects at risk, on a day."""
        there = [subject for subject in self.in_arm(arm) if day in self.at_risk(subject)]
        cases = sum(
            any(
                (start or 1) <= day <= (event.get("end_day") or HORIZON)
                for event, start, _ in self.occurrences(subject, category)
            )
            for subject in there
        )
        return cases, len(there)

    def lengths(self, arm, category):
        """Days of first onset; durations of occurrences, and whether they ended."""
        onsets, durations = [], []
        for subject in self.in_arm(arm):
            own = [(event, day) for event, day, _ in self.occurrences(subject, category) if day is not None]
            onsets += [min(day for _, day in own)] if own else []
            for event, day in own:
                end = event.get("end_day")
                last = max([day, *(self.observed(subject) or [])]) if end is None else max(day, end)
                durations.append((last - day + 1, end is not None))
        return [(onset, True) for onset in onsets], durations


def known(*days):
    return [day for day in days if day is not None]


def is_of(event, category):
    if category == ANY:
        return True
    if category == "serious":
        return event["serious"] == "yes"
    return category in (event["term"], event.get("class"))


def quartile(times, share):
    """Find the first time at which fewer than 1 - share are left, by the product-limit estimate; the middle of a tie."""
    left, tied = Fraction(1), None
    for time in sorted({time for time, ended in times if ended}):
        left *= 1 - Fraction(sum(t == time and ended for t, ended in times), sum(t >= time for t, _ in times))
        if left < 1 - share:
            return time if tied is None else (tied + time) / 2
        if left == 1 - share and tied is None:
            tied = time
    return math.nan if tied is None else tied


# Every verb under every rule ------------------------------------------------------------------------------------------


def same(found, expected):
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.asarray(expected, dtype=float), rtol=1e-12, atol=1e-9)


def categories_in(by_day):
    """List any event, serious ones, and the classes and terms with an event that counts."""
    emergent = [event for subject in by_day.subjects for event, _, _ in by_day.occurrences(subject, ANY)]
    named = {name for event in emergent for name in (event["term"], event.get("class")) if name}
    return [ANY, *(["serious"] if any("serious" in event for event in by_day.events) else []), *sorted(named)]


def check_counts(trial, by_day):
    """Check subjects, occurrences, exposure and time at risk, and the listings."""
    rule = by_day.rule
    frames = [ba.safety.counts(trial, by=by, rule=rule) for by in ("class", "overview")]
    rows = pd.concat(frames).drop_duplicates(["category", "arm"]).set_index(["category", "arm"])
    for category in categories_in(by_day):
        if (category, "P") not in rows.index:
            continue  # a term: below
        for arm in ARMS:
            row = rows.loc[(category, arm)]
            found = [row["n_events"], row["n_total"], row["occurrences"], YEAR * row["exposure"], YEAR * row["at_risk"]]
            same(found, by_day.counts(arm, category))
    terms = ba.safety.counts(trial, rule=rule)
    for row in terms[terms["within"] != ""].itertuples():
        of_class = ByDay(by_day.subjects, by_day.events, by_day.happened, rule)
        # Events of the class alone count here; deaths are those of all events.
        of_class.death = by_day.death
        of_class.events = [event for event in by_day.events if event.get("class", "uncoded") == row.within]
        found = [row.n_events, row.n_total, row.occurrences, YEAR * row.exposure, YEAR * row.at_risk]
        same(found, of_class.counts(row.arm, row.category))
    n = sum(len(by_day.occurrences(subject, ANY)) for subject in by_day.subjects)
    assert n_not_emergent(trial, rule) == len(by_day.events) - n
    assert ba.safety.listing(trial, rule=rule)["emergent"].sum() == n
    onsets = ba.safety.onsets(trial, rule=rule)
    assert len(onsets) == n
    ends = {subject["subject"]: by_day.at_risk(subject) for subject in by_day.subjects}
    for subject, last in onsets[["subject", "last_day"]].to_numpy():
        same(max(last, 0), math.nan if ends[subject] is None else max([0, *ends[subject]]))
    listed = ba.safety.time_at_risk(trial, rule=rule)
    same(listed["days"], [math.nan if days is None else len(days) for days in ends.values()])
    assert listed["arm"].tolist() == list(by_day.arm.values())


def check_times(trial, by_day, category):
    """Check event counts, times, mean cumulative numbers, prevalence, onsets and durations."""
    rule, subjects = by_day.rule, by_day.subjects
    outcomes = ba.safety.counts_per_subject(trial, category, rule=rule)
    same(outcomes["value"], [len(by_day.occurrences(subject, category)) for subject in subjects])
    days = [by_day.at_risk(subject) for subject in subjects]
    same(outcomes["exposure_days"], [math.nan if known_days is None else len(known_days) for known_days in days])
    first = [by_day.first(subject, category) for subject in subjects]
    if any(time is None for time, _ in first):
        with pytest.raises(ba.DataError, match=r"must have a last_day, .*; got none"):
            ba.times.first_event(trial, category, rule=rule)
    else:
        same(ba.times.first_event(trial, category, rule=rule)[["time", "observed"]], first)
    if None in days:
        for verb in (ba.safety.mean_cumulative, ba.safety.prevalence):
            with pytest.raises(ba.DataError, match=r"must have a last_day, .*; got none"):
                verb(trial, category, rule=rule)
    else:
        check_curves(trial, by_day, category)
    check_lengths(trial, by_day, category)


def check_curves(trial, by_day, category):
    curve = ba.safety.mean_cumulative(trial, category, rule=by_day.rule)
    for arm, rows in curve.groupby("arm", sort=False):
        expected = by_day.curve(arm, category)
        n = len(by_day.in_arm(arm))
        same(rows.iloc[0][["n", "estimate", "time", "occurrences"]], [n, 0, 0, 0])
        same(rows.iloc[1:][["time", "n", "occurrences", "estimate"]], np.reshape([row[:4] for row in expected], (-1, 4)))
        if n > 1:
            same(rows.iloc[1:]["std_error"] ** 2, [row[4] for row in expected])
    days = list(range(1, HORIZON, 3))
    found = ba.safety.prevalence(trial, category, days=days, rule=by_day.rule)
    same(found[["n_events", "n_total"]], [by_day.prevalence(arm, category, day) for day in days for arm in ARMS])


def check_lengths(trial, by_day, category):
    found = ba.safety.onset_and_duration(trial, by="class" if category in ("K", "L") else "overview", rule=by_day.rule)
    found = found[found["category"] == category]
    for arm in ARMS if len(found) else []:
        onsets, durations = by_day.lengths(arm, category)
        for what, times in (("day of first onset", onsets), ("duration in days", durations)):
            rows = found[(found["arm"] == arm) & found["measure"].str.endswith(what)]
            same(rows["n"], [len(times)] * 3)
            same(rows["estimate"], [quartile(times, Fraction(number, 4)) for number in (1, 2, 3)])


def check_trial(seed, rule):
    """Check any event, and one other category."""
    tables = random_tables(seed)
    trial, by_day = trial_of(*tables), ByDay(*tables, rule)
    check_counts(trial, by_day)
    anything, *others = categories_in(by_day)
    for category in (anything, *others[seed % max(len(others), 1) :][:1]):
        check_times(trial, by_day, category)


@pytest.mark.parametrize("name", RULES)
def test_every_verb_counts_what_loops_over_days_count(name):
    for seed in range(list(RULES).index(name), N_FEW, len(RULES)):
        check_trial(seed, RULES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", RULES)
def test_every_verb_counts_what_loops_over_days_count_in_many_trials(name):
    for seed in range(N_TRIALS):
        check_trial(seed, RULES[name])


@pytest.mark.parametrize(("n_trials", "often"), [(N_FEW, 1), pytest.param(N_TRIALS, 10, marks=pytest.mark.slow)])
def test_the_random_trials_have_every_end_of_the_time_at_risk_often(n_trials, often):
    trials = [trial_of(*random_tables(seed)) for seed in range(n_trials)]
    ends = pd.concat([ba.safety.time_at_risk(trial, rule=RULES["within 5 days"])["reason"] for trial in trials]).value_counts()
    assert len(ends) == 6
    assert ends.min() >= often

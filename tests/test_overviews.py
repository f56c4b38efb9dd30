"""What a person sees of a trial, an endpoint, a rule and imputations: few lines, the same each time, escaped in HTML."""

import html
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

MOST_LINES, MOST_COLUMNS = 12, 100

HOSTILE = {
    "name": "trial <script>alert('&')</script> \u202e",
    "arms": ('<b>placebo</b> & "sugar"', *(f"<img src=x onerror=alert({dose})> of a long name" for dose in range(8))),
    "visits": ("baseline", "week <4>", "week &amp; 8"),
    "scale": "</td><script>",
    "kind": "<i>death</i>",
    "covariate": "<u>site</u>",
}


def trial_of(name, arms, visits, scale, kind, covariate):
    """Nine subjects or more, each table, and reasons why rows are left out."""
    n = 5 * len(arms)
    subject = [f"S{place:02d}" for place in range(n)]
    subjects = pd.DataFrame({"subject": subject, "arm": np.array(arms, dtype=object)[np.arange(n) % len(arms)], "itt": True})
    subjects[covariate] = np.where(np.arange(n) % 2, "a", "b")
    rng = np.random.default_rng(3)
    tables = {
        "subjects": subjects,
        "assessments": pd.DataFrame(
            {
                "subject": np.repeat(subject, len(visits)),
                "scale": scale,
                "visit": np.tile(np.array(visits, dtype=object), n),
                "value": rng.integers(0, 40, n * len(visits)),
                "day": np.tile(28 * np.arange(len(visits)) - 1, n),
            }
        ),
        "diary": pd.DataFrame({"subject": np.repeat(subject, 84), "day": np.tile([*range(-28, 0), *range(1, 57)], n)}).assign(
            headache=rng.integers(0, 2, 84 * n)
        ),
        "adverse_events": pd.DataFrame({"subject": subject[:3], "term": "Neck pain", "onset_day": 3}),
        "intercurrent_events": pd.DataFrame({"subject": subject[:2], "kind": kind, "day": 30}),
    }
    trial = ba.as_trial(
        tables, name=name, arms=list(arms), visits=list(visits), provenance={f"sha256 of {name}.csv": "0", "origin": name}
    )
    return replace(trial, left_out=pd.DataFrame({"where": [name], "reason": ["row that repeats another"], "n": [2]}))


def imputations_of(trial, endpoint):
    outcomes = endpoint.derive(trial)
    outcomes.loc[::7, ["value", "change", "percent_change"]] = np.nan
    return ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1, covariates=[], covariance="ar1")


def shown_of(words):
    """One of each kind."""
    trial = trial_of(**words)
    rule = replace(ba.diary.CHARM, name=words["name"], baseline_minimum_days=20)
    return {
        "Trial": trial,
        "Endpoint": ba.scale(words["scale"], label=words["name"]),
        "DiaryEndpoint": ba.HEADACHE_DAYS.under(rule),
        "DiaryRule": rule,
        "Imputations": imputations_of(trial, ba.scale(words["scale"])),
    }


@pytest.fixture(scope="module")
def hostile():
    return shown_of(HOSTILE)


KINDS = ("Trial", "Endpoint", "DiaryEndpoint", "DiaryRule", "Imputations")
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_it_shows_itself_in_12_lines_of_100_columns(hostile, kind):
    lines = repr(hostile[kind]).splitlines()
    assert lines[0].startswith(f"{kind}: ")
    assert 1 < len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= MOST_COLUMNS
    assert "".join(lines).isprintable()


@each_kind
def test_html_has_every_name_escaped_and_neither_image_nor_script(hostile, kind):
    page = hostile[kind]._repr_html_()
    for tag in ("<script", "<img", "<b>", "<i>", "<u>", "<4>", "</td><script", "\u202e"):
        assert tag not in page
    name = html.escape(
        "</td><script>" if kind == "Imputations" else HOSTILE["name"].replace("\u202e", "\N{REPLACEMENT CHARACTER}")
    )
    assert name in page


@each_kind
def test_it_shows_the_same_each_time(hostile, kind):
    again = shown_of(HOSTILE)[kind]
    assert (repr(again), again._repr_html_()) == (repr(hostile[kind]), hostile[kind]._repr_html_())


def rows_of(shown):
    return dict(line.strip().split("  ", 1) for line in repr(shown).splitlines()[1:])


def test_a_trial_shows_arms_populations_tables_and_files():
    trial = ba.open_trial("simulated").restrict("safety")
    rows = {name: text.strip() for name, text in rows_of(trial).items()}
    n = trial.subjects["arm"].value_counts()
    assert rows["subjects"] == f"{len(trial.subjects):,}, safety"
    assert rows["arms"] == f"placebo (reference, {n['placebo']}), onabotulinumtoxinA ({n['onabotulinumtoxinA']})"
    assert rows["populations"].startswith(f"itt ({trial.subjects['itt'].sum():,}), safety ({len(trial.subjects):,})")
    assert rows["assessments"] == "HIT-6; visits baseline, week 4, week 8, week 12, ..., week 24 (7)"
    assert rows["adverse events"] == f"{len(trial.adverse_events):,} of {trial.adverse_events['subject'].nunique()} subjects"
    assert rows["read from"] == "simulated: subjects.csv, diary.csv, assessments.csv, ..., trial.toml (6)"
    assert list(rows) == [
        "subjects", "arms", "populations", "covariates", "diary", "assessments", "adverse events", "intercurrent events",
        "primary", "read from",
    ]  # fmt: skip


def test_an_arm_that_is_not_known_to_be_the_reference_is_not_called_one():
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["100 U", "200 U"]})
    assert "reference" not in repr(ba.as_trial({"subjects": subjects}, name="two doses"))


def test_tables_without_rows_are_shown_as_such():
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["placebo", "200 U"]})
    none = pd.DataFrame({"subject": [], "kind": [], "day": []})
    rows = rows_of(ba.as_trial({"subjects": subjects, "intercurrent_events": none}, name="quiet"))
    assert rows["intercurrent events"].strip() == "none"
    assert "diary" not in rows


def test_a_rule_shows_in_words_what_it_counts():
    rows = {name: text.strip() for name, text in rows_of(ba.diary.CHARM).items()}
    assert rows == {
        "headache day": "headache of any duration",
        "migraine day": "fulfils the criteria, or is a headache day treated with acute medication",
        "period of 28 days": "at least 14 of 28 days recorded, scaled to 28",
        "unknown severity": "counted by the share of the known",
    }
    stricter = replace(ba.diary.PREEMPT, incomplete="as recorded", baseline_minimum_days=20, unknown_severity="missing")
    rows = {name: text.strip() for name, text in rows_of(stricter).items()}
    assert rows["headache day"] == "headache for at least 4 h"
    assert rows["baseline"] == "at least 20 of 28 days recorded, counted as recorded"
    assert rows["unknown severity"] == "counted as not recorded"


def test_rules_that_count_otherwise_show_otherwise():
    rules = [ba.diary.PREEMPT, *(replace(ba.diary.PREEMPT, **other) for other in (
        {"minimum_hours": 0.0}, {"minimum_days": 20}, {"incomplete": "as recorded"}, {"period_days": 30},
        {"treated_is_migraine": "criteria or treated"}, {"baseline_minimum_days": 20}, {"unknown_severity": "missing"},
    ))]  # fmt: skip
    assert len({repr(rule) for rule in rules}) == len(rules)


def test_an_endpoint_of_a_diary_shows_its_label_and_its_rule():
    rows = {name: text.strip() for name, text in rows_of(ba.HEADACHE_DAYS).items()}
    assert (rows["label"], rows["better"], rows["rule"]) == ("headache days (≥ 4 h) per 28 days", "lower values", "PREEMPT")
    assert rows["headache day"] == "headache for at least 4 h"


def test_imputations_show_how_many_values_they_imputed():
    words = {"name": "t", "arms": ("placebo", "U"), "visits": ("baseline", "week 4", "week 8"), "scale": "pain", "kind": "death"}
    imputations = imputations_of(trial_of(**words, covariate="site"), ba.scale("pain"))
    rows = {name: text.strip() for name, text in rows_of(imputations).items()}
    n = int(imputations.imputed.sum())
    assert rows["imputed"].startswith(f"{n} ({100 * n / imputations.imputed.size:.1f} %) of the values")
    assert rows["data sets"] == f"2 of {len(imputations.values[0])} subjects"
    assert rows["arms"] == "placebo (reference), U"
    assert rows["missing values"] == imputations.words

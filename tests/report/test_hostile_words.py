"""Words of the program in the texts of a trial change the labels of its report, and no number."""

import pandas as pd
import pytest

from botox_analysis.report.contents import analyse
from botox_analysis.report.prose.paragraphs import estimand
from botox_analysis.report.sections.grounds import validity
from botox_analysis.report.sections.safety import adverse_events_of
from tests.hostile import PLAIN, WORDS, hostile, renamed, trial_of
from tests.report.shown import captions, notes, tables, titles

TERM, CLASS, RESCUE = 13, 14, 16
"""The places of a term of adverse events, of its class, and of a kind of intercurrent event."""

POLICY, HYPOTHETICAL = "treatment policy", "hypothetical"

PROTOCOLS = {
    "mixed model": lambda words: {"intercurrent": {"discontinuation": POLICY, words[RESCUE]: HYPOTHETICAL}},
    "imputations": lambda words: {
        "imputation": "jump to reference",
        "intercurrent": {"discontinuation": HYPOTHETICAL, words[RESCUE]: POLICY},
    },
    "single values": lambda _: {
        "handling": "last observation carried forward",
        "responders": "as in the primary analysis",
        "points": 2.0,
    },
}
"""Settings of the protocol, with the words of the trial."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=PROTOCOLS)
def pair(request):
    """The analyses of the plain trial and of its hostile twin."""
    return tuple(analyse(trial_of(words, **PROTOCOLS[request.param](words))) for words in (PLAIN, WORDS))


def in_hostile_words(said):
    if isinstance(said, str):
        return hostile(said)
    if isinstance(said, dict):
        return {in_hostile_words(key): in_hostile_words(value) for key, value in said.items()}
    return [in_hostile_words(part) for part in said] if isinstance(said, list | tuple) else said


def test_estimates_have_the_same_numbers_under_other_names(pair):
    plain, other = pair
    pd.testing.assert_frame_equal(renamed(plain.estimates), other.estimates, check_exact=True)


def headline(analysis):
    return analysis.headline


def methods(analysis):
    return analysis.methods


@pytest.mark.parametrize("say", [estimand, methods, headline, captions, titles, notes], ids=lambda say: say.__name__)
def test_sentences_differ_in_labels_alone(pair, say):
    plain, other = pair
    assert in_hostile_words(say(plain)) == say(other)


def test_grounds_settings_and_what_was_left_out_differ_in_labels_alone(pair):
    plain, other = pair
    pd.testing.assert_frame_equal(renamed(validity(plain)), validity(other))
    pd.testing.assert_frame_equal(renamed(plain.left_out), other.left_out)
    assert len(plain.left_out) > 0
    assert in_hostile_words(plain.settings) == in_hostile_words(other.settings)


def test_tables_differ_in_labels_alone(pair):
    plain, other = map(tables, pair)
    assert list(plain) == list(other)
    for name, table in plain.items():
        pd.testing.assert_frame_equal(renamed(table), other[name])


def test_a_term_with_the_name_of_all_events_stays_among_the_terms():
    words = ["any adverse event" if place == TERM else word for place, word in enumerate(PLAIN)]
    trial = trial_of(words)
    terms = adverse_events_of(trial, trial.protocol).terms
    assert ("any adverse event", words[CLASS]) in set(zip(terms["category"], terms["within"], strict=True))
    assert terms.loc[terms["within"] == "", "category"].unique().tolist() == [words[CLASS]]

"""What every fit answers, whatever was fitted: each `fit_` of the front door is tried, also one that is new."""

import html
import inspect
import re

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.estimates import ESTIMATES, ESTIMATES_SCHEMA
from botox_analysis.frames.left_out import LEFT_OUT
from botox_analysis.models.means.any_fit import MOST_LINES, SUMMARY, SUMMARY_TEXTS, overview_of
from tests.public import FUNCTIONS
from tests.tolerances import ROUNDING

NUMBERS = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value", "n"]

SEVERAL = {"advanced.fit_many": "arrays of many data sets: a frame for each would take longer than all fits"}
"""The only one whose result is no fit, and why."""

PREPARED = {"advanced.fit_crossproducts": ba.advanced.crossproducts}
"""What is not fitted to outcomes: from outcomes to what it is fitted to."""

NAMES = sorted(name for name in FUNCTIONS if name.split(".")[-1].startswith("fit_") and name not in SEVERAL)

HOSTILE = {
    "endpoint": "days <script>alert('&')</script>\u202e of </td>",
    "arms": ('<b>placebo</b> & "sugar"', "155 U <img src=x onerror=alert(1)>", "</table>195 U"),
    "visits": ("week <4>", "week &amp; 8"),
}
PLAIN = {"endpoint": "headache days per 28 days", "arms": ("placebo", "155 U", "195 U"), "visits": ("week 4", "week 8")}


def outcomes_of(endpoint, arms, visits, n_per_arm=40):
    """Days of a period, a tenth of them missing; responses everywhere."""
    rng = np.random.default_rng(11)
    n, n_visits = n_per_arm * len(arms), len(visits)
    arm = np.arange(n) % len(arms)
    baseline = rng.integers(12, 29, n)
    days = baseline[:, None] * rng.uniform(0.2, 1.1, (n, n_visits)) - 0.5 * arm[:, None]
    days = np.clip(np.rint(days), 0, 28)
    days[rng.uniform(size=days.shape) < 0.1] = np.nan
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n), n_visits),
            "arm": np.repeat(np.array(arms, dtype=object)[arm], n_visits),
            "visit": np.tile(np.array(visits, dtype=object), n),
            "baseline": np.repeat(baseline, n_visits),
            "value": days.ravel(),
        }
    )
    return ba.as_outcomes(frame, endpoint=endpoint, arms=list(arms), visits=list(visits))


def fitted(name, outcomes):
    return FUNCTIONS[name](PREPARED.get(name, lambda each: each)(outcomes))


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def fit(name):
    return fitted(name, outcomes_of(**PLAIN))


@pytest.fixture(scope="module")
def hostile(name):
    return fitted(name, outcomes_of(**HOSTILE))


# One face -------------------------------------------------------------------------------------------------------------


def test_those_that_are_no_fit_are_there_and_say_why():
    assert set(SEVERAL) <= set(FUNCTIONS)
    many = ba.advanced.fit_many([ba.advanced.crossproducts(outcomes_of(**PLAIN))] * 3)
    assert not isinstance(many, ba.advanced.AnyFit)
    assert (len(many), many.arms, many.visits) == (3, PLAIN["arms"], PLAIN["visits"])
    assert repr(many).splitlines()[0] == "ManyFits: differences of 3 data sets"


def test_a_fit_has_every_part(fit):
    assert isinstance(fit, ba.advanced.AnyFit)
    assert (fit.arms, fit.visits) == (PLAIN["arms"], PLAIN["visits"])
    assert fit.method.endswith("observed cases")
    assert list(fit.left_out) == list(LEFT_OUT)


@pytest.mark.parametrize("part", ["means", "differences", "contrasts"])
def test_a_fit_takes_the_same_arguments(fit, part):
    there = inspect.signature(getattr(fit, part)).parameters
    assert (there["conf_level"].kind, there["conf_level"].default) == (inspect.Parameter.KEYWORD_ONLY, 0.95)
    first = [each for each, parameter in there.items() if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert first == (["weights"] if part == "contrasts" else [])
    beside = {"margins", "adjustment"} if isinstance(fit, ba.advanced.Fit) else set()
    assert set(there) - {"weights", "conf_level"} <= beside


def test_means_are_by_visit_and_arm_without_p_values(fit):
    means = fit.means()
    assert list(zip(means["visit"], means["arm"], strict=True)) == [(visit, arm) for visit in fit.visits for arm in fit.arms]
    assert set(means["reference"]) == {""}
    assert means["p_value"].isna().all()
    assert means[["estimate", "std_error", "conf_low", "conf_high", "n"]].notna().all(axis=None)


def test_differences_are_by_visit_and_arm_against_the_reference(fit):
    found = fit.differences()
    assert list(zip(found["visit"], found["arm"], strict=True)) == [(visit, arm) for visit in fit.visits for arm in fit.arms[1:]]
    assert set(found["reference"]) == {fit.arms[0]}
    assert found["p_value"].notna().all()


def test_a_contrast_of_two_arms_is_their_difference(fit):
    pairs = {f"{arm}: {visit}": {(arm, visit): 1, (fit.arms[0], visit): -1} for visit in fit.visits for arm in fit.arms[1:]}
    found, expected = fit.contrasts(pairs), fit.differences()
    np.testing.assert_allclose(found[NUMBERS], expected[NUMBERS], rtol=ROUNDING)
    assert found["category"].tolist() == list(pairs)
    assert set(found["arm"]) == set(found["reference"]) == {""}
    assert found["measure"].str.startswith("contrast of ").all()


@pytest.mark.parametrize("part", ["means", "differences"])
def test_estimates_have_the_columns_of_the_schema_in_its_order(fit, part):
    estimates = getattr(fit, part)()
    assert list(estimates) == [each.name for each in ESTIMATES_SCHEMA.parts if each.name in set(estimates)]
    assert {*ESTIMATES, "model", "handling", "derivation"} <= set(estimates)


@pytest.mark.parametrize("part", ["means", "differences"])
def test_limits_of_a_lower_level_lie_within(fit, part):
    wide, narrow = getattr(fit, part)(), getattr(fit, part)(conf_level=0.8)
    assert set(narrow["conf_level"]) == {0.8}
    assert (wide["conf_low"] < narrow["conf_low"]).all()
    assert (narrow["conf_high"] < wide["conf_high"]).all()


def test_a_summary_has_the_same_columns_and_counts(fit):
    summary = fit.summary()
    assert list(summary) == list(SUMMARY)
    assert summary["visit"].tolist() in ([""], list(fit.visits))
    assert all(isinstance(cell, str) for name in SUMMARY_TEXTS for cell in summary[name])
    assert (summary["n_subjects"] <= summary["n_values"]).all()
    n = fit.means().groupby("visit", sort=False)["n"].sum()
    assert summary["n_values"].tolist() == (n.tolist() if len(summary) > 1 else [n.sum()])
    assert (summary["estimation"] != "").all()
    assert summary["covariates"].str.startswith("baseline").all()


def test_summaries_of_all_fits_can_be_stacked():
    outcomes = outcomes_of(**PLAIN)
    stacked = pd.concat([fitted(name, outcomes).summary() for name in NAMES])
    assert list(stacked) == list(SUMMARY)
    assert stacked["n_subjects"].notna().all()


# What a person sees ---------------------------------------------------------------------------------------------------


def test_a_fit_shows_itself_in_25_lines_of_100_columns(fit, hostile):
    for each in (fit, hostile):
        lines = repr(each).splitlines()
        assert len(lines) <= MOST_LINES == 25
        assert max(map(len, lines)) <= 100
        assert "".join(lines).isprintable()


def test_a_fit_shows_arms_visits_and_each_difference(fit):
    lines = repr(fit).splitlines()
    assert lines[0] == f"{type(fit).__name__}: {PLAIN['endpoint']}"
    shown = dict(line.strip().split("  ", 1) for line in lines if line.strip().count("  "))
    assert shown["arms"].strip() == "placebo (reference), 155 U, 195 U"
    assert shown["visits"].strip() == "week 4, week 8"
    assert [line.split()[:4] for line in lines[-4:]] == [
        [*visit.split(), *arm.split()] for visit in fit.visits for arm in fit.arms[1:]
    ]


def test_the_same_fit_shows_the_same(name, fit):
    again = fitted(name, outcomes_of(**PLAIN))
    assert (repr(again), again._repr_html_()) == (repr(fit), fit._repr_html_())


def test_a_fit_of_many_visits_leaves_out_the_middle(name):
    many = {"arms": ("placebo", *(f"{dose} U with a long name of the dose" for dose in range(4)))}
    many["visits"] = [f"week {4 * visit}" for visit in range(1, 9)]
    lines = repr(fitted(name, outcomes_of(PLAIN["endpoint"], **many))).splitlines()
    assert len(lines) == 25
    assert max(map(len, lines)) <= 100
    assert re.fullmatch(r"  \.\.\. \d+ rows \.\.\.", lines[-2])
    assert lines[-1].startswith("  week 32")


def test_a_fit_of_one_arm_shows_means(name):
    one = repr(fitted(name, outcomes_of(PLAIN["endpoint"], ["placebo"], PLAIN["visits"])))
    assert "reference" not in one
    assert "difference" not in one
    assert one.splitlines()[-3].split()[-2:] == ["%", "limits"]
    assert [line.split()[:3] for line in one.splitlines()[-2:]] == [["week", "4", "placebo"], ["week", "8", "placebo"]]


def test_a_fit_without_estimates_shows_why(fit, monkeypatch):
    def undetermined(self, **given):
        raise ba.FitError("the mean of 'placebo' is not determined")

    monkeypatch.setattr(type(fit), "differences", undetermined)
    last = repr(fit).splitlines()[-1]
    assert last.split(maxsplit=1) == ["estimates", "the mean of 'placebo' is not determined"]


def test_html_has_every_name_escaped_and_neither_image_nor_script(hostile):
    page = hostile._repr_html_()
    for tag in ("<script", "<img", "<b>", "<4>", "\u202e", "</td> ", "</table>195"):
        assert tag not in page
    assert page.count("<table>") == page.count("</table>") == 2
    for text in (*HOSTILE["arms"], HOSTILE["endpoint"], *HOSTILE["visits"]):
        assert html.escape(" ".join(text.replace("\u202e", "\N{REPLACEMENT CHARACTER}").split())) in page


def test_a_terminal_of_100_columns_shows_visit_arm_estimate_and_limits(fit, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "30")
    with pd.option_context("display.max_columns", 0):
        lines = str(fit.differences()).splitlines()
    assert {"visit", "arm", "estimate", "conf_low", "conf_high"} <= set(lines[0].split())
    assert max(map(len, lines)) <= 100


def test_overviews_need_nothing_but_the_face_of_a_fit(fit):
    class Wrapped:
        """Another fit, of another class."""

        arms, visits, method, left_out = fit.arms, fit.visits, fit.method, fit.left_out
        means, differences, contrasts, summary = fit.means, fit.differences, fit.contrasts, fit.summary

    assert overview_of(Wrapped()).text.splitlines()[1:] == repr(fit).splitlines()[1:]

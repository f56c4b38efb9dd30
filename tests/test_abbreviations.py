"""Abbreviations of the field: every argument that takes a word answers them with the word that is meant."""

from dataclasses import replace

import pytest

import botox_analysis as ba
from botox_analysis import abbreviations
from botox_analysis.abbreviations import did_you_mean
from botox_analysis.endpoints.diary import rule as diary_rule
from botox_analysis.endpoints.intercurrent import events as intercurrent
from botox_analysis.endpoints.response import responders
from botox_analysis.endpoints.safety import categories, emergent_rule
from botox_analysis.endpoints.safety import counts as adverse_events
from botox_analysis.frames.handling import EVENT_STRATEGIES, IMPUTATION_STRATEGIES, SINGLE_VALUE_RULES
from botox_analysis.models.counts import binary, counts
from botox_analysis.models.imputation import draws as imputation_draws
from botox_analysis.models.imputation import pooled_responders, pooling, shifts
from botox_analysis.models.imputation.strategies import COUNT_STRATEGIES
from botox_analysis.models.linear import fit
from botox_analysis.models.means import hypotheses
from botox_analysis.models.means import words as mean_words
from botox_analysis.models.multiplicity import adjustment as multiplicity
from botox_analysis.models.rates import rates
from botox_analysis.models.repeated import fit as mmrm_fit
from botox_analysis.models.repeated import mmrm
from botox_analysis.models.times import comparisons as hazards
from botox_analysis.numerics.repeated import structures as covariance

STRUCTURES = list(covariance.STRUCTURES)


@pytest.fixture(scope="module")
def outcomes(simulated):
    """Headache days of 40 subjects."""
    return ba.HEADACHE_DAYS.derive(simulated).head(40 * 6)


@pytest.fixture(scope="module")
def events(outcomes):
    """Responders of these."""
    return ba.responders(outcomes, reduction=0.5)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("UN", "unstructured"),
        ("un", "unstructured"),
        ("US", "unstructured"),
        ("CS", "compound symmetry"),
        ("CSH", "heterogeneous compound symmetry"),
        ("AR1", "ar1"),
        ("AR(1)", "ar1"),
        ("ARH(1)", "heterogeneous ar1"),
        ("ar1h", "heterogeneous ar1"),
        ("TOEP", "toeplitz"),
        ("TOEPH", "heterogeneous toeplitz"),
        ("AD", "ante-dependence' or 'heterogeneous ante-dependence"),
        ("ANTE(1)", "heterogeneous ante-dependence' or 'ante-dependence"),
        ("SP", "spatial exponential"),
        ("SP(EXP)", "spatial exponential"),
        ("sp_exp", "spatial exponential"),
        ("SP(POW)", "spatial exponential"),
        ("Compound-Symmetry", "compound symmetry"),
        ("unstructerd", "unstructured"),
    ],
)
def test_covariances_of_other_software_are_named(outcomes, word, meant):
    for phrase in (word, f"{word} by arm", [word, "ar1"]):
        with pytest.raises(ValueError, match=rf"Did you mean '{meant}'\?"):
            ba.fit_mmrm(outcomes, covariance=phrase)


def test_a_covariance_on_days_is_named_too(outcomes):
    with pytest.raises(ValueError, match="Did you mean 'spatial exponential'"):
        ba.advanced.crossproducts(outcomes, covariance="SP(POW) on day")
    with pytest.raises(ValueError, match="Did you mean 'unstructured'"):
        ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1, covariance="UN")


@pytest.mark.parametrize(
    ("argument", "word", "meant"),
    [
        ("small_sample", "KR", "kenward-roger' or 'kenward-roger-linear"),
        ("small_sample", "Satterth", "satterthwaite"),
        ("small_sample", "satterth", "satterthwaite"),
        ("small_sample", "Satterthwaite", "satterthwaite"),
        ("small_sample", "BW", "between-within"),
        ("small_sample", "RESID", "residual"),
        ("variance", "cr2", "CR2"),
        ("variance", "sandwich", "CR2' or 'CR0' or 'CR3"),
        ("variance", "Empirical-Jackknife", "CR3"),
        ("response", "CHG", "change"),
        ("response", "AVAL", "value"),
        ("response", "PCHG", "percent_change"),
    ],
)
def test_words_of_a_mixed_model_are_named(outcomes, argument, word, meant):
    with pytest.raises(ValueError, match=rf"^`{argument}` must be one of .*; got '{word}'. Did you mean '{meant}'\?"):
        ba.fit_mmrm(outcomes, **{argument: word})


@pytest.mark.parametrize(("word", "meant"), [("REML", "reml"), ("ML", "ml")])
def test_words_of_estimation_are_named(outcomes, word, meant):
    with pytest.raises(ValueError, match=rf"^`estimation` must be one of .*; got '{word}'. Did you mean '{meant}'\?"):
        ba.advanced.fit_crossproducts(ba.advanced.crossproducts(outcomes), estimation=word)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("LOCF", "last observation carried forward' or"),
        ("BOCF", "baseline observation carried forward"),
        ("WOCF", "worst observation carried forward"),
        ("mLOCF", "last observation carried forward, modified"),
        ("MAR", "missing at random"),
        ("J2R", "jump to reference"),
        ("JR", "jump to reference"),
        ("CR", "copy reference"),
        ("CIR", "copy increments in reference"),
        ("LMCF", "last mean carried forward"),
        ("Jump to Reference", "jump to reference"),
    ],
)
def test_strategies_are_named(outcomes, word, meant):
    with pytest.raises(ValueError, match=f"Did you mean '{meant}"):
        ba.missing.impute(outcomes, strategy=word, n=2, seed=1)


def test_strategies_by_event_are_named(simulated, outcomes):
    events = ba.intercurrent.events(simulated)
    addressed = ba.intercurrent.address(outcomes, events, strategies=dict.fromkeys(events["kind"].unique(), "hypothetical"))
    kinds = [kind for kind in addressed["intercurrent_event"].unique() if kind]
    with pytest.raises(ValueError, match=r"`strategy` must be one of .*; got 'J2R'. Did you mean 'jump to reference'\?"):
        ba.missing.impute(addressed, strategy=dict.fromkeys(kinds, "J2R"), n=2, seed=1)
    with pytest.raises(ValueError, match=r"Did you mean 'treatment policy'\?"):
        ba.intercurrent.address(outcomes, ba.intercurrent.events(simulated), strategies={"discontinuation": "TP"})


def test_a_word_of_another_call_is_answered_with_that_call(outcomes, events):
    with pytest.raises(ValueError, match=r"'NRI' is for responders\(outcomes"):
        ba.missing.fill(outcomes, rule="NRI")
    with pytest.raises(ValueError, match=r"'HR' is for times.compare\(times"):
        ba.compare_rates(events, measure="HR")
    with pytest.raises(ValueError, match=r"'NNT' is for number_needed\(differences"):
        ba.compare_rates(events, measure="NNT")
    with pytest.raises(ValueError, match=r"'LOCF' is for missing.fill\(outcomes"):
        ba.responders(outcomes, reduction=0.5, missing="LOCF")
    with pytest.raises(ValueError, match=r"'OR' is for compare_rates\(events"):
        ba.event_rates(events, measure="OR")
    with pytest.raises(ValueError, match=r"'GS' is for method=TestingGraph\.serial_gatekeeping"):
        ba.adjust_multiplicity(ba.compare_rates(events), method="GS")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("OR", "log odds ratio"),
        ("RR", "log risk ratio' or 'log incidence rate ratio' or 'log event rate ratio"),
        ("RD", "risk difference"),
        ("IRR", "log incidence rate ratio' or 'log event rate ratio"),
        ("IRD", "incidence rate difference"),
        ("odds ratio", "log odds ratio"),
        ("Risk Difference", "risk difference"),
    ],
)
def test_measures_of_rates_are_named(events, word, meant):
    with pytest.raises(ValueError, match=rf"Did you mean '{meant}'\?"):
        ba.compare_rates(events, measure=word)


@pytest.mark.parametrize(
    ("further", "meant"),
    [
        ({"interval": "MN"}, "miettinen-nurminen"),
        ({"interval": "MH"}, "mantel-haenszel"),
        ({"interval": "CMH"}, "mantel-haenszel"),
        ({"interval": "AC"}, "agresti-caffo"),
        ({"interval": "score"}, "miettinen-nurminen"),
        ({"test": "CMH"}, "cochran-mantel-haenszel"),
        ({"test": "FET"}, "fisher"),
    ],
)
def test_intervals_and_tests_are_named(events, further, meant):
    with pytest.raises(ValueError, match=rf"Did you mean '{meant}'\?"):
        ba.compare_rates(events, **further)


def test_intervals_of_shares_are_named(events):
    with pytest.raises(ValueError, match=r"Did you mean 'clopper-pearson'\?"):
        ba.event_rates(events, interval="CP")
    with pytest.raises(ValueError, match=r"Did you mean 'agresti-coull'\?"):
        ba.event_rates(events, interval="AC")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Holm", "holm"),
        ("BH", "benjamini-hochberg"),
        ("FDR", "benjamini-hochberg"),
        ("Bonf", "bonferroni"),
        ("FS", "fixed sequence"),
    ],
)
def test_methods_of_multiplicity_are_named(events, word, meant):
    with pytest.raises(ValueError, match=rf"Did you mean '{meant}'\?"):
        ba.adjust_multiplicity(ba.compare_rates(events), method=word)


def test_measures_and_tests_of_times_are_named(simulated):
    times = ba.times.first_event(simulated)
    with pytest.raises(ValueError, match=r"Did you mean 'log hazard ratio'\?"):
        ba.times.compare(times, measure="HR")
    with pytest.raises(ValueError, match=r"Did you mean 'restricted mean difference'\?"):
        ba.times.compare(times, measure="RMST")
    with pytest.raises(ValueError, match=r"Did you mean 'log-rank'\?"):
        ba.times.compare(times, test="LR")


def test_words_of_counts_responders_and_adverse_events_are_named(simulated, outcomes):
    with pytest.raises(ValueError, match=r"Did you mean 'negative binomial'\?"):
        ba.fit_counts(outcomes, distribution="NB")
    with pytest.raises(ValueError, match=r"Did you mean 'exchangeable'\?"):
        ba.fit_counts(outcomes, correlation="CS")
    with pytest.raises(ValueError, match=r"Did you mean 'non-responder imputation'\?"):
        ba.fit_binary(outcomes, reduction=0.5, missing="NRI")
    with pytest.raises(ValueError, match=r"Did you mean 'class'\?"):
        ba.safety.counts(simulated, by="SOC")
    with pytest.raises(ba.DataError, match=r"Did you mean 'serious'\?"):
        ba.safety.listing(simulated, category="SAE")


@pytest.mark.parametrize(("word", "meant"), [("ITT", "itt"), ("FAS", "itt"), ("SAF", "safety")])
def test_populations_are_named(simulated, word, meant):
    with pytest.raises(ba.DataError, match=rf"has no population '{word}'; .*Did you mean '{meant}'\?"):
        simulated.restrict(word)


def test_a_protocol_is_answered_too(simulated, tmp_path):
    for field, word, meant in (("handling", "LOCF", "last observation carried forward"), ("analysis", "MMRM", "mmrm")):
        planned = replace(simulated, protocol=replace(simulated.protocol, **{field: word}))
        with pytest.raises(ba.DataError, match=f"found {field} = '{word}'; .*Did you mean '{meant}'"):
            ba.write_report(planned, tmp_path / "report")


def test_strategies_of_counts_are_named(simulated):
    counts_in_time = ba.safety.counts_per_subject(simulated, "Neck pain")
    with pytest.raises(ValueError, match=r"`strategy` must be one of .*; got 'J2R'. Did you mean 'jump to reference'\?"):
        ba.missing.impute_counts(counts_in_time, planned_days=168, strategy="J2R", n=2, seed=1)


CHOICES = {
    "covariance": STRUCTURES,
    "small_sample": mmrm.SMALL_SAMPLE,
    "mean": [*mean_words.KINDS[:-1], "slope on week"],
    "kind of a test": hypotheses.TYPES,
    "estimation": mmrm.ESTIMATION,
    "variance": mmrm.VARIANCES,
    "variance of a binary fit": binary.VARIANCES,
    "margins": fit.MARGINS,
    "response": fit.RESPONSES,
    "kind": mmrm_fit.RESIDUALS,
    "strategy": (*SINGLE_VALUE_RULES, *IMPUTATION_STRATEGIES),
    "strategy of counts": COUNT_STRATEGIES,
    "strategies": EVENT_STRATEGIES,
    "draws": imputation_draws.DRAWS,
    "variance of conditional means": imputation_draws.VARIANCES,
    "missing": responders.MISSING_RESPONSES,
    "affected": intercurrent.AFFECTED,
    "failure": intercurrent.FAILURES,
    "measure of events": rates.COUNTED,
    "measure": rates.COMPARISONS,
    "test": rates.TESTS,
    "test of times": hazards.TESTS,
    "interval": rates.PROPORTION_INTERVALS,
    "method": multiplicity.METHODS,
    "distribution": counts.DISTRIBUTIONS,
    "correlation": counts.CORRELATIONS,
    "by": adverse_events.BY,
    "category": categories.KINDS,
    "told_by": emergent_rule.TOLD_BY,
    "incomplete": diary_rule.INCOMPLETE,
    "interval of resamples": pooling.INTERVALS,
    "analysis of responders": pooled_responders.OF_RESPONDERS,
    "on": shifts.ON,
    "shift": shifts.KINDS,
}


@pytest.mark.parametrize("argument", CHOICES)
def test_another_way_of_writing_a_word_is_answered_with_the_word(argument):
    for word in CHOICES[argument]:
        for written in (word.upper(), word.title(), word.replace(" ", "_").replace("-", " ")):
            assert f"'{word}'" in did_you_mean(written, CHOICES[argument])


def test_every_word_that_an_abbreviation_stands_for_is_one_that_some_call_takes():
    known = {word for choices in CHOICES.values() for word in choices}
    known |= {
        "itt",
        "safety",
        "per_protocol",
        "baseline",
        "worst",
        "special interest",
        "restricted mean difference",
        *abbreviations._TAKEN_BY,
    }
    known |= {word for intervals in rates.COMPARISONS.values() for word in intervals}
    meant = {word for words in abbreviations._ABBREVIATIONS.values() for word in words}
    assert meant - known == set()


def test_a_word_that_is_near_nothing_gets_no_question():
    assert did_you_mean("banded", STRUCTURES) == ""

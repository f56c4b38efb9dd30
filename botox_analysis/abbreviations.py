"""Abbreviations of the field, and the words of this library for them.

The abbreviations are those of SAS's ``TYPE=``, ``DDFM=`` and ``CL=``, of SPSS, of the R packages mmrm, rbmi and nlme, of CDISC
and of reports. No argument accepts them; a message names the word to use.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_ABBREVIATIONS: dict[str, tuple[str, ...]] = {
    # Covariances of repeated measures.
    "UN": ("unstructured",),
    "US": ("unstructured",),
    "UNR": ("unstructured",),
    "UNST": ("unstructured",),
    "corSymm": ("unstructured",),
    "CS": ("compound symmetry", "exchangeable"),
    "EXCH": ("compound symmetry", "exchangeable"),
    "corCompSymm": ("compound symmetry",),
    "CSH": ("heterogeneous compound symmetry",),
    "HCS": ("heterogeneous compound symmetry",),
    "AR": ("ar1",),
    "corAR1": ("ar1",),
    "AR1H": ("heterogeneous ar1",),
    "ARH1": ("heterogeneous ar1",),
    "ARH": ("heterogeneous ar1",),
    "HAR1": ("heterogeneous ar1",),
    "TOEP": ("toeplitz",),
    "TP": ("toeplitz", "treatment policy"),
    "TOEPH": ("heterogeneous toeplitz",),
    "TPH": ("heterogeneous toeplitz",),
    # AD has a variance for each visit in SAS and SPSS, and one variance in mmrm.
    "AD": ("ante-dependence", "heterogeneous ante-dependence"),
    "ADH": ("heterogeneous ante-dependence",),
    "AD1": ("heterogeneous ante-dependence",),
    "ANTE": ("heterogeneous ante-dependence", "ante-dependence"),
    "ANTE1": ("heterogeneous ante-dependence", "ante-dependence"),
    "SP": ("spatial exponential",),
    "SPEXP": ("spatial exponential",),
    "SPPOW": ("spatial exponential",),
    "SPATIAL": ("spatial exponential",),
    "EXP": ("spatial exponential",),
    "corExp": ("spatial exponential",),
    "corCAR1": ("spatial exponential",),
    "SPEXPH": ("heterogeneous spatial exponential",),
    "IND": ("independence",),
    "IN": ("independence",),
    # Degrees of freedom, variances, estimation.
    "KR": ("kenward-roger", "kenward-roger-linear"),
    "KR1": ("kenward-roger-linear",),
    "KR2": ("kenward-roger",),
    "KRL": ("kenward-roger-linear",),
    "KR-FIRSTORDER": ("kenward-roger-linear",),
    "SAT": ("satterthwaite",),
    "SATT": ("satterthwaite",),
    "SATTERTH": ("satterthwaite",),
    "BW": ("between-within",),
    "BETWITHIN": ("between-within",),
    "RES": ("residual",),
    "RESID": ("residual",),
    "ROBUST": ("CR2", "CR0", "CR3"),
    "SANDWICH": ("CR2", "CR0", "CR3"),
    "EMPIRICAL": ("CR0",),
    "HC": ("CR0",),
    "HC0": ("CR0", "ge"),
    "HC2": ("CR2",),
    "HC3": ("CR3",),
    "EMPIRICAL-JACKKNIFE": ("CR3",),
    "EMPIRICAL-BIAS-REDUCED": ("CR2",),
    "ASYMPTOTIC": ("model",),
    # Means, and tests of effects.
    "CLDA": ("common baseline",),
    "CLDAM": ("common baseline",),
    "TYPE3": ("III",),
    "3": ("III",),
    "TYPE2": ("II",),
    "2": ("II",),
    # Missing values.
    "LOCF": (
        "last observation carried forward",
        "last observation carried forward, modified",
        "last observation carried forward, baseline included",
    ),
    "mLOCF": ("last observation carried forward, modified",),
    "BOCF": ("baseline observation carried forward", "baseline"),
    "WOCF": ("worst observation carried forward", "worst"),
    "NRI": ("non-responder imputation",),
    "OC": ("observed cases",),
    "CC": ("observed cases",),
    "MAR": ("missing at random",),
    "MI": ("missing at random",),
    "J2R": ("jump to reference",),
    "JR": ("jump to reference",),
    "JTR": ("jump to reference",),
    "CR": ("copy reference", "CR0", "CR2", "CR3"),
    "CIR": ("copy increments in reference",),
    "CIN": ("copy increments in reference",),
    "LMCF": ("last mean carried forward",),
    "CONDMEAN": ("jackknife", "bootstrap"),
    "MCMC": ("Bayes",),
    "BOOT": ("bootstrap",),
    "WOT": ("while on treatment",),
    "WHILE ALIVE": ("while on treatment",),
    "COMP": ("composite",),
    "HYP": ("hypothetical",),
    # Measures.
    "OR": ("log odds ratio",),
    "RR": ("log risk ratio", "log incidence rate ratio", "log event rate ratio"),
    "RD": ("risk difference",),
    "ARR": ("risk difference",),
    "ARD": ("risk difference",),
    "HR": ("log hazard ratio",),
    "IRR": ("log incidence rate ratio", "log event rate ratio"),
    "ERR": ("log event rate ratio",),
    "IRD": ("incidence rate difference",),
    "ERD": ("event rate difference",),
    "IR": ("incidence rate",),
    "EAIR": ("incidence rate",),
    "ER": ("event rate",),
    "EAER": ("event rate",),
    "PROP": ("proportion",),
    "RMST": ("restricted mean difference",),
    "RMSTD": ("restricted mean difference",),
    "NNT": ("number needed to treat",),
    "NNH": ("number needed to treat",),
    # Intervals and tests.
    "MN": ("miettinen-nurminen",),
    "MH": ("mantel-haenszel", "cochran-mantel-haenszel"),
    "CMH": ("cochran-mantel-haenszel", "mantel-haenszel"),
    "CP": ("clopper-pearson",),
    "EXACT": ("clopper-pearson", "exact", "conditional exact", "fisher"),
    "AC": ("agresti-coull", "agresti-caffo"),
    "SCORE": ("wilson", "miettinen-nurminen"),
    "NC": ("newcombe",),
    "FET": ("fisher",),
    "LR": ("log-rank",),
    "COX": ("wald",),
    # Several tests.
    "BONF": ("bonferroni",),
    "BH": ("benjamini-hochberg",),
    "FDR": ("benjamini-hochberg",),
    "BY": ("benjamini-yekutieli",),
    "DFDR": ("double false discovery rate",),
    "FS": ("fixed sequence",),
    "FST": ("fixed sequence",),
    "FB": ("fall-back",),
    "GS": ("serial gatekeeping",),
    "SG": ("serial gatekeeping",),
    "GP": ("parallel gatekeeping",),
    "PG": ("parallel gatekeeping",),
    # Counts.
    "NB": ("negative binomial",),
    "NEGBIN": ("negative binomial",),
    "BB": ("beta-binomial",),
    "QP": ("quasi-Poisson",),
    # Populations, columns and categories.
    "FAS": ("itt",),
    "mITT": ("itt",),
    "SAF": ("safety",),
    "SS": ("safety",),
    "PP": ("per_protocol",),
    "PPS": ("per_protocol",),
    "AVAL": ("value",),
    "CHG": ("change",),
    "CFB": ("change",),
    "PCHG": ("percent_change",),
    "OM": ("observed",),
    "OBSMARGINS": ("observed",),
    "PT": ("term",),
    "AEDECOD": ("term",),
    "SOC": ("class",),
    "AEBODSYS": ("class",),
    "AESEV": ("severity",),
    "AEREL": ("relation",),
    "AESI": ("special interest", "of special interest"),
    "SAE": ("serious",),
    "AESER": ("serious",),
    "TRAE": ("treatment-related",),
    "ADR": ("treatment-related",),
    "SADR": ("serious and treatment-related",),
    "TRSAE": ("serious and treatment-related",),
}
"""Abbreviation -> words of this library, the likeliest first."""

_TAKEN_BY = {
    "log hazard ratio": "times.compare(times, measure='log hazard ratio')",
    "restricted mean difference": "times.compare(times, measure='restricted mean difference')",
    "number needed to treat": "number_needed(differences)",
    "log odds ratio": "compare_rates(events, measure='log odds ratio')",
    "log risk ratio": "compare_rates(events, measure='log risk ratio')",
    "risk difference": "compare_rates(events, measure='risk difference')",
    "log incidence rate ratio": "compare_rates(events, measure='log incidence rate ratio')",
    "incidence rate difference": "compare_rates(events, measure='incidence rate difference')",
    "proportion": "event_rates(events, measure='proportion')",
    "incidence rate": "event_rates(events, measure='incidence rate')",
    "event rate": "event_rates(events, measure='event rate')",
    "non-responder imputation": "responders(outcomes, reduction=0.5, missing='non-responder imputation')",
    "last observation carried forward": "missing.fill(outcomes, rule='last observation carried forward')",
    "baseline observation carried forward": "missing.fill(outcomes, rule='baseline observation carried forward')",
    "worst observation carried forward": "missing.fill(outcomes, rule='worst observation carried forward')",
    "missing at random": "missing.impute(outcomes, strategy='missing at random', n=200, seed=1)",
    "jump to reference": "missing.impute(outcomes, strategy='jump to reference', n=200, seed=1)",
    "copy reference": "missing.impute(outcomes, strategy='copy reference', n=200, seed=1)",
    "copy increments in reference": "missing.impute(outcomes, strategy='copy increments in reference', n=200, seed=1)",
    "last mean carried forward": "missing.impute(outcomes, strategy='last mean carried forward', n=200, seed=1)",
    "cochran-mantel-haenszel": "compare_rates(events, test='cochran-mantel-haenszel')",
    "log-rank": "times.compare(times, test='log-rank')",
    "kenward-roger": "fit_mmrm(outcomes, small_sample='kenward-roger')",
    "satterthwaite": "fit_mmrm(outcomes, small_sample='satterthwaite')",
    "serial gatekeeping": "method=TestingGraph.serial_gatekeeping(families)",
    "parallel gatekeeping": "method=TestingGraph.parallel_gatekeeping(families)",
}
"""Word -> the call that takes it, for messages of another argument."""


def _folded(word: str) -> str:
    """Reduce a word to its letters and digits, in small letters: AR(1), ar-1 and ar1 are equal."""
    return "".join(sign for sign in word.casefold() if sign.isalnum())


_BY_FOLDED = {_folded(abbreviation): words for abbreviation, words in _ABBREVIATIONS.items()}


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Name the choice that is nearest to a word, by abbreviation or by spelling.

    Parameters
    ----------
    word : str
        A word that is not among the choices.
    choices : iterable of str
        Words that are accepted.

    Returns
    -------
    str
        A question that names the choice, with a space before it. If the abbreviation belongs to another call, a sentence that
        names this call. Empty if no choice is near.

    Examples
    --------
    >>> did_you_mean("KR", ["satterthwaite", "kenward-roger"])
    " Did you mean 'kenward-roger'?"
    >>> did_you_mean("NNT", ["risk difference"])
    " 'NNT' is for number_needed(differences)."
    """
    by_folded = {_folded(choice): choice for choice in choices}
    plain = _folded(word)
    words = _BY_FOLDED.get(plain, ())
    known = [choice for choice in words if _folded(choice) in by_folded]
    if plain in by_folded:
        near = [by_folded[plain]]
    elif known:
        near = known
    elif words and words[0] in _TAKEN_BY:
        return f" '{word}' is for {_TAKEN_BY[words[0]]}."
    else:
        near = [by_folded[match] for match in get_close_matches(plain, by_folded, n=1)]
    return f" Did you mean {' or '.join(repr(choice) for choice in near)}?" if near else ""

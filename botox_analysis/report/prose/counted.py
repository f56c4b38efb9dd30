"""Paragraphs on missing values, responders and adverse events: how each was counted and compared."""

from __future__ import annotations

from botox_analysis import wording
from botox_analysis.endpoints.safety.emergent_rule import EmergentRule
from botox_analysis.endpoints.safety.time_at_risk import DEATH, time_of
from botox_analysis.frames.handling import CONDITIONAL_MEANS, DRAWN
from botox_analysis.report.analysis.begins import LAST_VALUE
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.analysis.planned import emergent_rule_of
from botox_analysis.report.prose import phrases


def missing_values(analysis: Analysis) -> str:
    """What stands for missing values in the sensitivity analyses of the primary difference.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        A paragraph; empty where there is nothing of the kind.
    """
    missing = analysis.missing
    if missing is None or missing.handlings.empty:
        return ""
    said = (
        f"The difference at {analysis.visit} is shown under several handlings of missing values. Single values by rule "
        "treat a guess as if it had been observed."
    )
    if not missing.determined(DRAWN):
        return said
    fixed = wording.joined(["arm by visit", *phrases.effects(analysis, by_mmrm=True)])
    known = missing.begins != LAST_VALUE
    also = f", and what is missing without a {missing.begins}," if known else ""
    begins = " (from the visit after, where the last value is of the period of leaving)" if known else ""
    conditional = (
        " Conditional means need no random numbers: missing values are put at their means, and a jackknife of the whole "
        "analysis gives the standard error over repeated trials."
    )
    return (
        f"{said} Multiple imputation draws {analysis.trial.protocol.draws} data sets from a mixed "
        f"model of the observed values (fixed effects {fixed}; unstructured covariance, or the next simpler one that the "
        "values determine), whose parameters are estimated anew in a bootstrap sample of subjects for each (approximate "
        f"Bayes, seed {analysis.trial.protocol.seed}). Gaps{also} are missing at random. After {missing.begins}{begins}, "
        "values are imputed as those of the own arm (missing at random), at once as in the reference (jump to reference), as if "
        "in the reference from the start (copy reference), with the gain so far kept (copy increments in reference), or with the "
        "arm's mean staying where it was (last mean carried forward). Data sets are analysed by analysis of covariance and "
        "pooled by Rubin's rules with Barnard and Rubin's degrees of freedom; the Monte Carlo error is how far the estimate "
        "would move with other draws. Under every strategy but missing at random the variance of Rubin's rules is anchored to "
        "the information that is lost, and larger than that over repeated trials."
        + (conditional if missing.determined(CONDITIONAL_MEANS) else "")
    )


def responders(analysis: Analysis) -> str:
    """How responders are counted and compared.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        A paragraph; empty where there is nothing of the kind.
    """
    if analysis.responses is None:
        return ""
    handled = wording.joined([each.words for each in analysis.responses.handled])
    stratum = analysis.trial.protocol.stratum.replace("_", " ")
    stratified = f"; arms are compared within the strata of {stratum}, weighted together" if stratum else ""
    return (
        "Percent reductions are of the mean, unadjusted, in the subjects seen at the visit, with limits by the delta method. "
        "Responders are compared by the difference of proportions with Miettinen and Nurminen's score interval and the test it "
        "inverts, and by its inverse, the number needed to treat for one more responder (NNTB; NNTH: one fewer); "
        "where the difference may be none, its limits run through infinity. Single proportions have Wilson intervals. Responders "
        f"are shown under these handlings of missing values: {handled}{stratified}. What counts the same subjects is shown once."
    )


def adverse_events(analysis: Analysis) -> str:
    """How adverse events are counted and compared.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        A paragraph; empty where there is nothing of the kind.
    """
    if analysis.safety is None:
        return ""
    rule = emergent_rule_of(analysis.trial.protocol)
    died = (time_of(analysis.safety.trial, rule).reason == DEATH).any()
    death = " Time at risk ends with death where that is before the last day." if died else ""
    received = "received" if "actual_arm" in analysis.trial.subjects.columns else "to which subjects were randomised"
    return (
        f"Adverse events are counted in {phrases.population(analysis.safety.trial.population)}, by the arm {received}; an event "
        f"is treatment-emergent {_emergent(rule)}. A subject counts "
        "once per class and once per term; occurrences are in brackets. Classes, and terms within them, are in the order of "
        f"their frequency in {analysis.trial.arms[-1]}. Differences have Miettinen and Nurminen's score limits, incidences per "
        f"100 patient-years at risk of the first event exact ones.{death} Side effects are described, not tested, and limits are "
        "not adjusted for their number."
    )


def _emergent(rule: EmergentRule) -> str:
    if rule.told_by == "flag":
        return "as flagged by the trial"
    until = "" if rule.window_days is None else f" and not later than {rule.window_days} days after the last dose"
    return f"when it begins or worsens on day 1 or later{until}, or when its onset is not known"

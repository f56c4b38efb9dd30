"""Paragraphs on the endpoints: the primary estimand, and how outcomes were measured and compared."""

from __future__ import annotations

from botox_analysis import wording
from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint
from botox_analysis.frames.handling import OBSERVED_CASES
from botox_analysis.frames.measures import measure_of
from botox_analysis.models.imputation.completed import RUBIN
from botox_analysis.models.imputation.fit import ImputedFit
from botox_analysis.models.linear.design import is_number
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.models.repeated.refusals import FALL_BACK
from botox_analysis.report.analysis.estimand import intercurrent_sentence
from botox_analysis.report.analysis.parts import Analysis, Efficacy
from botox_analysis.report.prose import phrases

SMALL_SAMPLE_TOLD = (
    "Standard errors and degrees of freedom are those of Kenward and Roger, in the linear form that SAS has for an unstructured "
    "covariance: they keep the size of the test in small trials, and change next to nothing in large ones."
)


def estimand(analysis: Analysis) -> str:
    """The primary estimand, in words.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        Population, treatments, variable, summary measure, and strategies for intercurrent events; what the handling of
        missing values stands for.
    """
    arms = analysis.trial.arms
    measure = measure_of(analysis.primary.fit.labels["measure"])
    since = f" from baseline to {analysis.visit}" if measure.is_change else f" at {analysis.visit}"
    label = analysis.primary.endpoint.label
    variable = f"{measure.response} in {label}" if measure.is_change else label
    return (
        f"{wording.capital(phrases.efficacy_population(analysis))}; {wording.joined(arms[1:])} compared with "
        f"{arms[0]}, the reference arm; {variable}{since}; difference of means. {intercurrent_sentence(analysis)} "
        f"Missing values: {analysis.primary.missing}."
    )


def endpoint_paragraphs(analysis: Analysis) -> tuple[str, ...]:
    """Describe how the endpoints were measured and compared.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    tuple of str
        Paragraphs.
    """
    said = [_primary_endpoint(analysis), *_diary_rules(analysis), *_comparison(analysis)]
    return tuple(filter(None, [*said, _without_baseline(analysis), _after_events(analysis)]))


def _primary_endpoint(analysis: Analysis) -> str:
    subjects, randomised = analysis.efficacy_trial.subjects, analysis.trial.subjects
    return (
        f"The primary endpoint is {analysis.primary.endpoint.label}, at {analysis.visit}. It was analysed in "
        f"{phrases.efficacy_population(analysis)}: {wording.count(len(subjects))} of "
        f"{wording.count(len(randomised))} randomised."
    )


def _diary_rules(analysis: Analysis) -> list[str]:
    every = (analysis.primary, *analysis.secondary)
    endpoints = [efficacy.endpoint for efficacy in every if isinstance(efficacy.endpoint, DiaryEndpoint)]
    said = []
    for rule in sorted({endpoint.rule for endpoint in endpoints}, key=lambda each: each.name):
        hours = f"at least {rule.minimum_hours:g} hours of headache" if rule.minimum_hours else "headache of any duration"
        said.append(
            f"Diaries are counted under the {rule.name} rule: a headache day has {hours}; {rule.periods_handling}. "
            f"Baseline is the {rule.period_days} days before the first treatment, and the first period is days 1 to "
            f"{rule.period_days}."
        )
    for endpoint in endpoints:
        n = int(endpoint.measure.periods(analysis.efficacy_trial).unknown_severity.sum())
        if n:
            said.append(
                f"{wording.capital(endpoint.name)}: {wording.count(n)} headache days have no severity "
                f"({endpoint.rule.severity_handling})."
            )
    return said


def _without_baseline(analysis: Analysis) -> str:
    """Secondary endpoints that have no baseline to be adjusted for."""
    names = [efficacy.endpoint.name for efficacy in analysis.secondary if not efficacy.has_baseline]
    if not names:
        return ""
    verb, whose = ("has", "its") if len(names) == 1 else ("have", "their")
    planned = [name.replace("_", " ") for name in analysis.trial.protocol.covariates]
    adjusted = f"adjusted for {wording.joined(planned)} only" if planned else "and nothing is adjusted"
    return f"{wording.joined(names)} {verb} no baseline: {whose} values are compared instead of changes, {adjusted}."


def _after_events(analysis: Analysis) -> str:
    """Which values are after an intercurrent event, where the protocol has strategies for them."""
    if not analysis.trial.protocol.intercurrent:
        return ""
    diary = "; the diary period in which it falls is after it" * isinstance(analysis.primary.endpoint, DiaryEndpoint)
    return (
        f"A visit is after an intercurrent event where its value looks at a day later than the event's{diary}. The strategies of "
        "the primary estimand hold for all endpoints."
    )


def _comparison(analysis: Analysis) -> list[str]:
    primary = analysis.primary
    inference = f"Limits and p-values are two-sided, from Student's t. {_multiplicity(analysis)}"
    if isinstance(primary.fit, MmrmFit):
        errors = SMALL_SAMPLE_TOLD if not _is_fall_back(analysis) else _robust(analysis)
        return [_mixed_model(analysis, primary.fit), f"{errors} {inference}{_secondary(analysis, primary.fit)}"]
    only_seen = primary.handling == OBSERVED_CASES and not primary.is_imputed
    missing = primary.missing + ", that is, subjects with a value at the visit" * only_seen
    return [
        f"Arms are compared by analysis of covariance (least squares) of the {_response(primary)} at each visit on its own"
        f"{phrases.adjusted(analysis, by_mmrm=False)}{_margins(analysis)}.{_kinds(analysis)} "
        f"Missing values: {missing}.{_completed(primary)} {inference}"
    ]


def _is_fall_back(analysis: Analysis) -> bool:
    """Whether the primary model has another covariance than the first planned, and the sandwich variance planned for that."""
    planned, fit = analysis.trial.protocol, analysis.primary.fit
    order = planned.covariance or FALL_BACK
    return bool(planned.fall_back_variance) and isinstance(fit, MmrmFit) and fit.structure != order[0]


def _robust(analysis: Analysis) -> str:
    return (
        f"Standard errors are those of the sandwich variance {analysis.trial.protocol.fall_back_variance}, which holds where the "
        "covariance is not the one that was fitted, with degrees of freedom of Satterthwaite."
    )


def _completed(primary: Efficacy) -> str:
    """How completed data sets are analysed, where the primary analysis is of such."""
    if not isinstance(primary.fit, ImputedFit):
        return ""
    if primary.fit.imputations.pooled_by == RUBIN:
        return (
            " Each completed data set is analysed, and the results are pooled by Rubin's rules with Barnard and Rubin's degrees "
            "of freedom."
        )
    return f" The standard error over repeated trials is that of a {primary.fit.imputations.draws} of the whole analysis."


def _multiplicity(analysis: Analysis) -> str:
    """The adjustment over arms and endpoints."""
    adjusted = analysis.adjusted
    if adjusted.empty:
        return "No p-value is adjusted for multiplicity."
    endpoints = wording.joined(list(dict.fromkeys(adjusted["endpoint"])))
    return (
        f"The p-values of the differences in {endpoints} at {analysis.visit} are adjusted together "
        f"({adjusted['multiplicity'].iloc[0]}); no other p-value is adjusted."
    )


def _mixed_model(analysis: Analysis, fit: MmrmFit) -> str:
    """The mixed model for repeated measures, as it was fitted."""
    primary = analysis.primary
    fixed = wording.joined(["arm by visit", *phrases.effects(analysis, by_mmrm=True)])
    if primary.handling == OBSERVED_CASES:
        missing = (
            "Missing values are not replaced: all observed values of all visits are used, which is right when what is missing "
            "depends on nothing but what was observed (missing at random)."
        )
    else:
        missing = f"Missing values: {primary.handling}."
    return (
        f"Arms are compared by a mixed model for repeated measures (MMRM) of the {_response(primary)}, all visits together. "
        f"Fixed effects: {fixed}{_margins(analysis)}.{_kinds(analysis)} Within subjects the visits have "
        f"{phrases.covariance(fit, analysis)}, the same in all arms. The fit is by restricted maximum likelihood (REML), to "
        f"{wording.count(fit.n_values)} values of {wording.count(fit.n_subjects)} subjects. {missing}"
    )


def _secondary(analysis: Analysis, primary: MmrmFit) -> str:
    """Where a secondary endpoint has another model than the primary one."""
    said = []
    for efficacy in analysis.secondary:
        name, fit = efficacy.endpoint.name, efficacy.fit
        if not isinstance(fit, MmrmFit):
            said.append(f"{name} has one visit ({fit.visits[0]}), at which the mixed model is an analysis of covariance")
        elif fit.structure != primary.structure:
            said.append(f"{name} has {phrases.covariance(fit, analysis)}")
    return f" {'; '.join(['Secondary endpoints are analysed alike', *said])}." if analysis.secondary else ""


def _response(primary: Efficacy) -> str:
    return measure_of(primary.fit.labels["measure"]).response


def _margins(analysis: Analysis) -> str:
    return "; means are at the observed margins of the covariates" if analysis.covariates else ""


def _kinds(analysis: Analysis) -> str:
    """Which covariates have a slope and which have levels."""
    outcomes = analysis.primary.outcomes
    numbers = [name.replace("_", " ") for name in analysis.covariates if is_number(outcomes[name])]
    factors = [name.replace("_", " ") for name in analysis.covariates if not is_number(outcomes[name])]
    said = [
        f"{wording.joined(names)} as {f'a {kind}' if len(names) == 1 else f'{kind}s'}"
        for names, kind in ((numbers, "number"), (factors, "factor"))
        if names
    ]
    return f" The model takes {wording.joined(said)}." if said else ""

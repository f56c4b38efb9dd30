"""Paragraphs on the primary estimand, and on the measurement and comparison of the endpoints."""

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

SMALL_SAMPLE_SENTENCES = (
    "Standard errors and degrees of freedom are those of Kenward and Roger, in the linear form that SAS uses for an unstructured "
    "covariance. They keep the size of the test in small trials, and change almost nothing in large trials."
)
"""Sentences on the small-sample method of the mixed model."""


def estimand(analysis: Analysis) -> str:
    """Write the primary estimand in words.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    str
        Population, treatments, variable, summary measure, strategies for intercurrent events, and handling of missing values.
    """
    arms = analysis.trial.arms
    measure = measure_of(analysis.primary.fit.labels["measure"])
    since = f" from baseline to {analysis.visit}" if measure.is_change else f" at {analysis.visit}"
    label = analysis.primary.endpoint.label
    variable = f"{measure.response} in {label}" if measure.is_change else label
    return (
        f"Population: {phrases.efficacy_population(analysis)}. Treatments: {wording.joined(arms[1:])} compared with {arms[0]}, "
        f"the reference arm. Variable: {variable}{since}. Summary measure: difference of means. "
        f"{intercurrent_sentence(analysis)} Missing values: {analysis.primary.missing}."
    )


def endpoint_paragraphs(analysis: Analysis) -> tuple[str, ...]:
    """Describe how the endpoints were measured and compared.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    tuple of str
        Paragraphs.
    """
    paragraphs = [_primary_endpoint(analysis), *_diary_rules(analysis), *_comparison(analysis)]
    return tuple(filter(None, [*paragraphs, _without_baseline(analysis), _after_events(analysis)]))


def _primary_endpoint(analysis: Analysis) -> str:
    subjects, randomised = analysis.efficacy_trial.subjects, analysis.trial.subjects
    return (
        f"The primary endpoint is {analysis.primary.endpoint.label}, at {analysis.visit}. It was analysed in "
        f"{phrases.efficacy_population(analysis)}: {wording.count(len(subjects))} of "
        f"{wording.count(len(randomised))} randomised subjects."
    )


def _diary_rules(analysis: Analysis) -> list[str]:
    every = (analysis.primary, *analysis.secondary)
    endpoints = [efficacy.endpoint for efficacy in every if isinstance(efficacy.endpoint, DiaryEndpoint)]
    sentences = []
    for rule in sorted({endpoint.rule for endpoint in endpoints}, key=lambda rule: rule.name):
        hours = f"at least {rule.minimum_hours:g} hours of headache" if rule.minimum_hours else "headache of any duration"
        sentences.append(
            f"Diaries are counted under the {rule.name} rule: a headache day has {hours}. Periods: {rule.periods_handling}. "
            f"Baseline is the {rule.period_days} days before the first treatment, and the first period is days 1 to "
            f"{rule.period_days}."
        )
    for endpoint in endpoints:
        n = int(endpoint.measure.periods(analysis.efficacy_trial).unknown_severity.sum())
        if n:
            sentences.append(
                f"{wording.capital(endpoint.name)}: {wording.count(n)} headache days have no severity "
                f"({endpoint.rule.severity_handling})."
            )
    return sentences


def _without_baseline(analysis: Analysis) -> str:
    """Name the secondary endpoints that have no baseline."""
    names = [efficacy.endpoint.name for efficacy in analysis.secondary if not efficacy.has_baseline]
    if not names:
        return ""
    verb, whose = ("has", "its") if len(names) == 1 else ("have", "their")
    planned = [name.replace("_", " ") for name in analysis.trial.protocol.covariates]
    adjusted = f"adjusted for {wording.joined(planned)} only" if planned else "without adjustment for covariates"
    return f"{wording.joined(names)} {verb} no baseline: {whose} values are compared instead of changes, {adjusted}."


def _after_events(analysis: Analysis) -> str:
    """Define the values after an intercurrent event, where the protocol has strategies for them."""
    if not analysis.trial.protocol.intercurrent:
        return ""
    diary = " The diary period that contains the event is after it." * isinstance(analysis.primary.endpoint, DiaryEndpoint)
    return (
        f"A visit is after an intercurrent event if its value covers a day later than the day of the event.{diary} The "
        "strategies of the primary estimand apply to all endpoints."
    )


def _comparison(analysis: Analysis) -> list[str]:
    primary = analysis.primary
    inference = f"Confidence limits and p-values are two-sided, from Student's t distribution. {_multiplicity(analysis)}"
    if isinstance(primary.fit, MmrmFit):
        errors = SMALL_SAMPLE_SENTENCES if not _is_fall_back(analysis) else _robust(analysis)
        return [_mixed_model(analysis, primary.fit), f"{errors} {inference}{_secondary(analysis, primary.fit)}"]
    only_observed = primary.handling == OBSERVED_CASES and not primary.is_imputed
    missing = primary.missing + ", that is, subjects with a value at the visit" * only_observed
    model = (
        f"Arms are compared by analysis of covariance (least squares) of the {_response(primary)} at each visit separately"
        f"{phrases.adjusted(analysis, by_mmrm=False)}{_margins(analysis)}.{_kinds(analysis)}"
    )
    return [f"{model} Missing values: {missing}.{_completed(primary)} {inference}"]


def _is_fall_back(analysis: Analysis) -> bool:
    """Decide if the primary model has a later covariance of the plan, and the sandwich variance planned for it."""
    planned, fit = analysis.trial.protocol, analysis.primary.fit
    order = planned.covariance or FALL_BACK
    return bool(planned.fall_back_variance) and isinstance(fit, MmrmFit) and fit.structure != order[0]


def _robust(analysis: Analysis) -> str:
    return (
        f"Standard errors are those of the sandwich variance {analysis.trial.protocol.fall_back_variance}, with degrees of "
        "freedom of Satterthwaite. They are valid where the true covariance differs from the fitted one."
    )


def _completed(primary: Efficacy) -> str:
    """Describe the analysis of completed data sets, where the primary analysis has them."""
    if not isinstance(primary.fit, ImputedFit):
        return ""
    if primary.fit.imputations.pooled_by == RUBIN:
        return (
            " Each completed data set is analysed. The results are pooled by Rubin's rules with Barnard and Rubin's degrees of "
            "freedom."
        )
    return f" The standard error over repeated trials is that of a {primary.fit.imputations.draws} of the whole analysis."


def _multiplicity(analysis: Analysis) -> str:
    """Describe the adjustment over arms and endpoints."""
    adjusted = analysis.adjusted
    if adjusted.empty:
        return "No p-value is adjusted for multiplicity."
    endpoints = wording.joined(list(dict.fromkeys(adjusted["endpoint"])))
    return (
        f"The p-values of the differences in {endpoints} at {analysis.visit} are adjusted together "
        f"({adjusted['multiplicity'].iloc[0]}). No other p-value is adjusted."
    )


def _mixed_model(analysis: Analysis, fit: MmrmFit) -> str:
    """Describe the fitted mixed model for repeated measures."""
    primary = analysis.primary
    fixed = wording.joined(["arm by visit", *phrases.effects(analysis, by_mmrm=True)])
    if primary.handling == OBSERVED_CASES:
        missing = (
            "Missing values are not replaced: all observed values of all visits are used. This is valid if the missingness of a "
            "value depends on observed data only (missing at random)."
        )
    else:
        missing = f"Missing values: {primary.handling}."
    return (
        f"Arms are compared by a mixed model for repeated measures (MMRM) of the {_response(primary)}, with all visits "
        f"together. Fixed effects: {fixed}{_margins(analysis)}.{_kinds(analysis)} The visits of a subject have "
        f"{phrases.covariance(fit, analysis)}, the same in all arms. The model is fitted by restricted maximum likelihood (REML) "
        f"to {wording.count(fit.n_values)} values of {wording.count(fit.n_subjects)} subjects. {missing}"
    )


def _secondary(analysis: Analysis, primary: MmrmFit) -> str:
    """Name the secondary endpoints that have another model than the primary one."""
    exceptions = []
    for efficacy in analysis.secondary:
        name, fit = efficacy.endpoint.name, efficacy.fit
        if not isinstance(fit, MmrmFit):
            exceptions.append(f"{name} has one visit ({fit.visits[0]}), at which the mixed model is an analysis of covariance")
        elif fit.structure != primary.structure:
            exceptions.append(f"{name} has {phrases.covariance(fit, analysis)}")
    if not analysis.secondary:
        return ""
    apart = f", with these exceptions: {'; '.join(exceptions)}" if exceptions else ""
    return f" Secondary endpoints are analysed in the same way{apart}."


def _response(primary: Efficacy) -> str:
    return measure_of(primary.fit.labels["measure"]).response


def _margins(analysis: Analysis) -> str:
    return ". Means are at the observed margins of the covariates" if analysis.covariates else ""


def _kinds(analysis: Analysis) -> str:
    """Name the covariates that are numbers, with a slope, and those that are factors, with levels."""
    outcomes = analysis.primary.outcomes
    numbers = [name.replace("_", " ") for name in analysis.covariates if is_number(outcomes[name])]
    factors = [name.replace("_", " ") for name in analysis.covariates if not is_number(outcomes[name])]
    parts = [
        f"{wording.joined(names)} as {f'a {kind}' if len(names) == 1 else f'{kind}s'}"
        for names, kind in ((numbers, "number"), (factors, "factor"))
        if names
    ]
    return f" The model includes {wording.joined(parts)}." if parts else ""

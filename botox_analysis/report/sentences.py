"""The sentences of a report: headline, captions, methods. Numbers come from *estimates* and are written by `wording`."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.adverse_events import ANY
from botox_analysis.models.design import is_number
from botox_analysis.report.parts import Analysis, Efficacy, handling_of

SIMULATED_BANNER = "Simulated data. Nobody in this trial exists; nothing here is evidence of any effect."


def headline(analysis: Analysis) -> list[str]:
    """What was found, in a few sentences.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    list of str
        The primary difference, percentages, responders, adverse events.
    """
    return [
        *_difference_sentences(analysis),
        *_reduction_sentences(analysis),
        *_responder_sentences(analysis),
        *_safety_sentences(analysis),
    ]


def _difference_sentences(analysis: Analysis) -> list[str]:
    primary, visit = analysis.primary, analysis.visit
    differences = primary.differences[primary.differences["visit"] == visit]
    means = primary.means[primary.means["visit"] == visit].set_index("arm")
    digits = wording.decimals_for(primary.means["std_error"])
    said = []
    last = str(primary.outcomes["visit"].cat.categories[-1])
    if not analysis.trial.protocol.visit and visit != last:
        said.append(f"At {last}, the last visit, an arm has no value; the last at which the arms can be compared is {visit}.")
    for _, row in differences.iterrows():
        arm, reference = row["arm"], row["reference"]
        said.append(
            f"At {visit}, the {'adjusted ' if analysis.covariates else ''}{primary.fit.labels['measure']} in {row['endpoint']} was "
            f"{wording.number(means.loc[arm, 'estimate'], digits)} with {arm} and "
            f"{wording.number(means.loc[reference, 'estimate'], digits)} with {reference}: a difference of "
            f"{wording.number(row['estimate'], digits)} ({_level(row)} {wording.interval(row['conf_low'], row['conf_high'], digits)}"
            f"{_comma(wording.p_phrase(row['p_value']))}; n = {wording.count(row['n'])})."
        )
    return said


def _reduction_sentences(analysis: Analysis) -> list[str]:
    reduction = _of(analysis.primary.unadjusted, "percent reduction of the mean", analysis.visit)
    if reduction["estimate"].isna().any():
        return []
    parts = []
    for _, row in reduction.iterrows():
        fell = row["estimate"] >= 0
        low, high = sorted((row["conf_low"], row["conf_high"])) if fell else sorted((-row["conf_low"], -row["conf_high"]))
        parts.append(
            f"{'fell' if fell else 'rose'} by {wording.number(abs(row['estimate']), 0)} % "
            f"({_level(row)} {wording.interval(low, high, 0)}) with {row['arm']}"
        )
    return [f"Unadjusted, the mean {wording.joined(parts)}, compared with baseline."]


def _responder_sentences(analysis: Analysis) -> list[str]:
    responses = analysis.responses
    if responses is None:
        return []
    planned = analysis.trial.protocol
    handling = handling_of(analysis.primary)
    chosen = [
        _at(frame, analysis.visit, planned.points or planned.reduction) for frame in (responses.rates, responses.differences)
    ]
    rates, differences = (frame[[handling in method.split("; ") for method in frame["method"]]] for frame in chosen)
    if not (rates["n"] > 0).all():
        return []
    parts = [
        f"{wording.count(row['n_events'])} of {wording.count(row['n'])} ({wording.number(100 * row['estimate'])} %) with {row['arm']}"
        for _, row in rates.iterrows()
    ]
    sentence = f"A {analysis.response} was seen in {wording.joined(parts)} ({handling}), "
    sentence += wording.joined([_points_sentence(row, name_arm=len(differences) > 1) for _, row in differences.iterrows()])
    imputed = chosen[0][chosen[0]["method"].str.contains("non-responder")]
    counted = [f"{wording.number(100 * row['estimate'])} % with {row['arm']}" for _, row in imputed.iterrows()]
    return [sentence + ".", f"If missing values count as non-response, the shares are {wording.joined(counted)}."]


def _safety_sentences(analysis: Analysis) -> list[str]:
    safety = analysis.safety
    if safety is None:
        return []
    rates = safety.overview[safety.overview["category"] == ANY]
    differences = safety.overview_differences[safety.overview_differences["category"] == ANY]
    parts = [
        f"{wording.count(row['n_events'])} of {wording.count(row['n'])} subjects with {row['arm']} ({wording.number(100 * row['estimate'])} %)"
        for _, row in rates.iterrows()
    ]
    said = [
        f"At least one treatment-emergent adverse event occurred in {wording.joined(parts)}, "
        + wording.joined([_points_sentence(row, name_arm=len(differences) > 1) for _, row in differences.iterrows()])
        + "."
    ]
    if not safety.shown.empty and safety.shown["estimate"].max() > 0:
        top = safety.shown.loc[safety.shown["estimate"].idxmax()]
        pair = safety.terms[(safety.terms["category"] == top["category"]) & (safety.terms["within"] == top["within"])].set_index(
            "arm"
        )
        shares = [f"{wording.number(100 * pair.loc[arm, 'estimate'])} % with {arm}" for arm in (top["arm"], top["reference"])]
        n_terms = len(safety.shown.drop_duplicates(["within", "category"]))
        which = f"Of the {n_terms} most frequent terms, the" if n_terms > 1 else "The"
        said.append(f"{which} largest excess over {top['reference']} was in {top['category']}: {wording.joined(shares)}.")
    return said


def _points_sentence(row: pd.Series, *, name_arm: bool) -> str:
    low, high = 100 * row["conf_low"], 100 * row["conf_high"]
    of_arm = f" for {row['arm']}" if name_arm else ""
    return (
        f"a difference{of_arm} of {wording.number(100 * row['estimate'])} percentage points "
        f"({_level(row)} {wording.interval(low, high)})"
    )


def captions(analysis: Analysis) -> dict[str, str]:
    """The caption of each figure: the estimand, n and method.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    dict of str to str
        By the figure's name.
    """
    primary, visit = analysis.primary, analysis.visit
    population = _population(analysis.efficacy_trial.population)
    in_fit = wording.count(float(primary.fit.n[:, list(primary.fit.visits).index(visit)].sum()))
    adjusted = _adjusted(analysis)
    level = _level(primary.means.iloc[0])
    response = primary.fit.labels["measure"]
    n_sensitivity = [wording.count(n) for n in analysis.sensitivity["n"]]
    texts = {
        "flow": (
            "Flow of subjects from randomisation to the primary analysis, by arm. Who left late may have been observed long enough "
            f"to be analysed at {visit}."
        ),
        "course": (
            f"{wording.capital(_adjective(analysis) + response)} in {primary.endpoint.label}, {population}, with {level}. Analysis of covariance at each visit{adjusted}; "
            f"{handling_of(primary)}. Numbers below are the subjects analysed."
        ),
        "forest": (
            f"Difference in {response} in {primary.endpoint.label} from {primary.fit.arms[0]}, {population}, with {level}; "
            f"{in_fit} subjects at {visit}. Analysis of covariance at each visit{adjusted}; {handling_of(primary)}. "
            "Limits are not adjusted for several visits."
        ),
        "sensitivity": (
            f"The primary difference at {visit} under other handlings of missing values, and without covariates; {population}, with {level}. "
            f"Analysis of covariance{adjusted} unless said otherwise; n = {wording.joined(n_sensitivity)}, from top to bottom."
        ),
    }
    if primary.outcomes["change"].notna().any():
        texts["distribution"] = (
            f"Distribution of the change in {primary.endpoint.label} at {visit}, {population}; {handling_of(primary)}. "
            "The dashed line marks no change."
        )
    if analysis.responses is not None and analysis.responses.curve is not None:
        texts["responder_curve"] = (
            f"Cumulative responder curve at {visit}, {population}: the share of subjects whose {primary.endpoint.label} fell by at least "
            f"the percentage on the horizontal axis, with pointwise {level} (Wilson); {handling_of(primary)}. The grey line marks 50 %."
        )
    if analysis.diaries is not None:
        n = analysis.diaries["subject"].nunique()
        texts["calendar"] = (
            f"Diaries of {n} subjects. In each arm subjects were put in the order of their change at {visit}, and every k-th was taken, so that "
            "good and bad courses appear in proportion. The vertical line is the first treatment."
        )
    if analysis.safety is not None and not analysis.safety.shown.empty:
        shown = len(analysis.safety.shown.drop_duplicates(["within", "category"]))
        most = f", the {shown} most frequent terms" if shown > 1 else ""
        texts["adverse_events"] = (
            f"Treatment-emergent adverse events{most}, {_population(analysis.safety.trial.population)}; by the "
            "largest difference. A subject counts once per term. Left: share of subjects, with crude counts beside; right: difference with Newcombe "
            f"{level}. Nothing is adjusted for the number of terms compared."
        )
    return texts


def methods(analysis: Analysis) -> list[str]:
    """How the numbers were computed, in paragraphs.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    list of str
        Paragraphs.
    """
    primary, trial = analysis.primary, analysis.trial
    planned = trial.protocol
    said = [
        f"The primary endpoint is {primary.endpoint.label}, at {analysis.visit}. It was analysed in {_population(analysis.efficacy_trial.population)}: "
        f"{wording.count(len(analysis.efficacy_trial.subjects))} of {wording.count(len(trial.subjects))} randomised."
    ]
    rules = {efficacy.endpoint.rule for efficacy in (primary, *analysis.secondary) if efficacy.endpoint.rule is not None}
    for rule in sorted(rules, key=lambda each: each.name):
        hours = f"at least {rule.minimum_hours:g} hours of headache" if rule.minimum_hours else "headache of any duration"
        said.append(
            f"Diaries are counted under the {rule.name} rule: a headache day has {hours}; {rule.handling.split(': ', 1)[1]}. Baseline is the "
            f"{rule.period_days} days before the first treatment, and the first period is days 1 to {rule.period_days}."
        )
    margins = "; means are at the observed margins of the covariates" if analysis.covariates else ""
    said.append(
        f"Arms are compared by analysis of covariance (least squares) of the {primary.fit.labels['measure'].removeprefix('mean ')} at each visit on its own"
        f"{_adjusted(analysis)}{margins}.{_kinds(analysis)} Missing values: {handling_of(primary)}"
        + ("." if planned.handling else ", that is, subjects with a value at the visit.")
        + " Limits and p-values are two-sided, from Student's t. No p-value is adjusted for multiplicity."
    )
    if analysis.responses is not None:
        said.append(
            "Percent reductions are of the mean, unadjusted, in the subjects seen at the visit, with limits by the delta method. Responders are compared by "
            "the difference of proportions with Newcombe's hybrid score interval; single proportions have Wilson intervals. Responders are shown "
            + (f"with missing values handled as in the primary analysis ({handling_of(primary)}), " if planned.handling else "")
            + "for observed cases, and with missing values counted as non-response."
        )
    if analysis.safety is not None:
        received = "received" if "actual_arm" in trial.subjects.columns else "to which subjects were randomised"
        said.append(
            f"Adverse events are counted in {_population(analysis.safety.trial.population)}, by the arm {received}; an event is treatment-emergent when it "
            "begins on day 1 or later, or when its onset is not known. A subject counts once per class and once per term; occurrences are in brackets."
        )
    return said


def estimand(analysis: Analysis) -> str:
    """The primary estimand, as one sentence.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        Population, treatments, variable, and summary measure; what the handling of missing values stands for.
    """
    arms = analysis.trial.arms
    measure = analysis.primary.fit.labels["measure"].removeprefix("mean ")
    since = f" from baseline to {analysis.visit}" if "change" in measure else f" at {analysis.visit}"
    variable = analysis.primary.endpoint.label if measure == "mean" else f"{measure} in {analysis.primary.endpoint.label}"
    return (
        f"{wording.capital(_population(analysis.efficacy_trial.population))}; {wording.joined(arms[1:])} compared with {arms[0]}; "
        f"{variable}{since}; difference of means. No strategy for intercurrent events is applied to the values. "
        f"Missing values: {handling_of(analysis.primary)}."
    )


def table_titles(analysis: Analysis) -> dict[str, str]:
    """The title of each table.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    dict of str to str
        By the table's name.
    """
    population = _population(analysis.efficacy_trial.population)
    titles = {
        "baseline": f"Baseline characteristics, {population}",
        "disposition": "Disposition, all randomised",
        "efficacy": f"{wording.capital(analysis.primary.endpoint.label)}, {population}",
        "change": f"{wording.capital(analysis.primary.endpoint.label)}, unadjusted, {population}",
        "secondary": f"Secondary endpoints at {analysis.visit}{_or_last(analysis)}, {population}",
        "responders": f"Responders, {analysis.primary.endpoint.label}, {population}",
        "left_out": "What was left out, and why",
    }
    if analysis.safety is not None:
        safe = _population(analysis.safety.trial.population)
        titles["adverse_events_overview"] = f"Adverse events: overview, {safe}"
        titles["adverse_events"] = f"Adverse events by class and term, {safe}: subjects n (%) [occurrences]"
    return titles


def _or_last(analysis: Analysis) -> str:
    """What the title adds where an endpoint was not assessed at the primary visit."""
    elsewhere = any(analysis.visit not in efficacy.fit.visits for efficacy in analysis.secondary)
    return " or their last visit" if elsewhere else ""


def _of(estimates: pd.DataFrame, measure: str, visit: str) -> pd.DataFrame:
    return estimates[(estimates["measure"] == measure) & (estimates["visit"] == visit)]


def _at(estimates: pd.DataFrame, visit: str, threshold: float) -> pd.DataFrame:
    return estimates[(estimates["visit"] == visit) & ((estimates["threshold"] - threshold).abs() < 1e-12)]


def _level(row: pd.Series) -> str:
    return f"{100 * row['conf_level']:g} % CI"


def _comma(text: str) -> str:
    return f", {text}" if text else ""


def _adjusted(analysis: Analysis) -> str:
    names = [name.replace("_", " ") for name in analysis.covariates]
    return f", adjusted for {wording.joined(names)}" if names else ", unadjusted"


def _adjective(analysis: Analysis) -> str:
    return "adjusted " if analysis.covariates else ""


def _kinds(analysis: Analysis) -> str:
    """Which covariates have a slope and which have levels."""
    outcomes = analysis.primary.outcomes
    numbers = [name.replace("_", " ") for name in analysis.covariates if is_number(outcomes[name])]
    factors = [name.replace("_", " ") for name in analysis.covariates if not is_number(outcomes[name])]
    said = [f"{wording.joined(numbers)} as numbers"] if numbers else []
    said += [f"{wording.joined(factors)} as factors"] if factors else []
    return f" The model takes {wording.joined(said)}." if said else ""


_POPULATIONS = {
    "itt": "the intention-to-treat population",
    "safety": "the safety population",
    "per_protocol": "the per-protocol population",
    "all randomised": "all randomised subjects",
}


def _population(name: str) -> str:
    return _POPULATIONS.get(name, f"the population '{name}'")


def secondary_visit(efficacy: Efficacy, visit: str) -> str:
    """The visit at which a secondary endpoint is tabulated.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.
    visit : str
        The primary visit.

    Returns
    -------
    str
        The primary visit where the endpoint has it, else its last.
    """
    return visit if visit in efficacy.fit.visits else efficacy.fit.visits[-1]

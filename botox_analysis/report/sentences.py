"""The sentences of a report: headline, captions, titles. Numbers come from *estimates* and are written by `wording`."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.adverse_events import ANY
from botox_analysis.models.mmrm_fit import MmrmFit
from botox_analysis.report import phrases
from botox_analysis.report.efficacy import ROBUST, robust_of
from botox_analysis.report.parts import N_IMPUTATIONS, Analysis, Efficacy

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
        *_baseline_sentences(analysis),
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
            f"At {visit}, the {phrases.adjective(analysis)}{phrases.mean_of(primary)} was "
            f"{wording.number(means.loc[arm, 'estimate'], digits)} with {arm} and "
            f"{wording.number(means.loc[reference, 'estimate'], digits)} with {reference}: a difference of "
            f"{wording.number(row['estimate'], digits)} ({phrases.level(row)} {wording.interval(row['conf_low'], row['conf_high'], digits)}"
            f"{_comma(wording.p_phrase(row['p_value']))}; {_n(primary, row)})."
        )
    return said


def _baseline_sentences(analysis: Analysis) -> list[str]:
    """Where there is no baseline, what is compared and what is adjusted for."""
    if analysis.primary.has_baseline:
        return []
    names = phrases.effects(analysis, by_mmrm=False)
    adjusted = f"they are adjusted for {wording.joined(names)} only" if names else "nothing is adjusted"
    label = analysis.primary.endpoint.label
    return [f"There is no baseline of {label}: its values are compared instead of changes, and {adjusted}."]


def _n(primary: Efficacy, row: pd.Series) -> str:
    """Subjects of a difference; where all visits are analysed together, those in the model, too."""
    in_model = primary.average.set_index("arm").loc[row["arm"], "n"] if primary.by_mmrm else row["n"]
    if in_model == row["n"]:
        return f"n = {wording.count(in_model)}"
    return f"n = {wording.count(in_model)}, {wording.count(row['n'])} of them with a value at {row['visit']}"


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
            f"({phrases.level(row)} {wording.interval(low, high, 0)}) with {row['arm']}"
        )
    return [f"Unadjusted, the mean {wording.joined(parts)}, compared with baseline."]


def _responder_sentences(analysis: Analysis) -> list[str]:
    responses = analysis.responses
    if responses is None:
        return []
    planned = analysis.trial.protocol
    handling = analysis.primary.handling
    chosen = [
        _at(frame, analysis.visit, planned.points or planned.reduction)
        for frame in (responses.rates, responses.differences, responses.needed)
    ]
    # As in the primary analysis first, as non-response last.
    rates, differences, needed = (frame[frame["method"] == frame["method"].iloc[0]] for frame in chosen)
    if not (rates["n"] > 0).all():
        return []
    parts = [
        f"{wording.count(row['n_events'])} of {wording.count(row['n'])} ({wording.number(100 * row['estimate'])} %) with {row['arm']}"
        for _, row in rates.iterrows()
    ]
    sentence = f"A {analysis.response} was seen in {wording.joined(parts)} ({handling}), "
    sentence += wording.joined([_points_sentence(row, name_arm=len(differences) > 1) for _, row in differences.iterrows()])
    imputed = chosen[0][chosen[0]["method"] == chosen[0]["method"].iloc[-1]]
    counted = [f"{wording.number(100 * row['estimate'])} % with {row['arm']}" for _, row in imputed.iterrows()]
    return [
        f"{sentence}{_needed(needed)}.",
        f"If missing values count as non-response, the shares are {wording.joined(counted)}.",
    ]


def _needed(needed: pd.DataFrame) -> str:
    """The numbers needed to treat, after the differences they are the inverse of."""
    several = len(needed) > 1
    said = [
        wording.number_needed(row["estimate"], row["conf_low"], row["conf_high"]) + (f" with {row['arm']}" if several else "")
        for _, row in needed.iterrows()
    ]
    return f"; number needed to treat: {wording.joined(said)}"


def _safety_sentences(analysis: Analysis) -> list[str]:
    safety = analysis.safety
    if safety is None:
        return []
    rates = safety.overview[safety.overview["category"] == ANY]
    if not rates["n_events"].any():
        subjects = [
            f"{wording.count(row['n'])}{' subjects' * (not at)} with {row['arm']}" for at, (_, row) in enumerate(rates.iterrows())
        ]
        return [f"No treatment-emergent adverse event was recorded: in none of {wording.joined(subjects)}."]
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
        f"({phrases.level(row)} {wording.interval(low, high)})"
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
    population = phrases.population(analysis.efficacy_trial.population)
    level = phrases.level(primary.means.iloc[0])
    adjusted = phrases.adjusted(analysis, by_mmrm=False)
    n_sensitivity = [wording.count(n) for frame in analysis.primary_differences.values() for n in frame["n"]]
    by_mmrm = any(isinstance(fit, MmrmFit) for fit in analysis.sensitivity.values())
    robust = robust_of(primary) in analysis.sensitivity
    texts = {
        "flow": (
            "Flow of subjects from randomisation to the primary analysis, by arm. "
            + (
                "All with a value at any visit are in the primary analysis."
                if primary.by_mmrm
                else f"Who left late may have been observed long enough to be analysed at {visit}."
            )
        ),
        "course": (
            f"{wording.capital(phrases.adjective(analysis) + phrases.mean_of(primary))}, {population}, with {level}. {phrases.model(analysis)}. "
            f"Numbers below are the subjects {'with a value at the visit' if primary.by_mmrm else 'analysed'}."
        ),
        "forest": (
            f"Difference in {phrases.mean_of(primary)} from {primary.fit.arms[0]}, {population}, with {level}"
            f"{', at each visit and averaged over them' if primary.by_mmrm else ''}; {phrases.in_model(primary, visit)}. {phrases.model(analysis)}. "
            "Limits are not adjusted for several visits."
        ),
        "sensitivity": (
            f"The primary difference at {visit} by other models{', and without covariates' if analysis.covariates else ''}; "
            f"{population}, with {level}. "
            + ("MMRM: mixed model for repeated measures, of all visits. " if by_mmrm else "")
            + f"ANCOVA: analysis of covariance at {visit} alone{adjusted}. "
            + (f"{ROBUST} variance: the spread may differ between subjects. " if robust else "")
            + f"Subjects with a value at {visit}, observed or imputed, from top to bottom: "
            f"n = {wording.joined(n_sensitivity)}."
        ),
    }
    texts |= _missing_captions(analysis, population, level)
    if primary.outcomes["change"].notna().any():
        texts["distribution"] = (
            f"Distribution of the change in {primary.endpoint.label} at {visit}, {population}; {primary.handling}. "
            "The dashed line marks no change."
        )
    if analysis.responses is not None and analysis.responses.curve is not None:
        texts["responder_curve"] = (
            f"Cumulative responder curve at {visit}, {population}: the share of subjects whose {primary.endpoint.label} fell by at least "
            f"the percentage on the horizontal axis, with pointwise {level} (Wilson); {primary.handling}. The grey line marks 50 %."
        )
    if analysis.diaries is not None:
        n = analysis.diaries["subject"].nunique()
        texts["calendar"] = (
            f"Diaries of {n} subjects. In each arm subjects were put in the order of their change at {visit}, and every k-th was taken, so that "
            "good and bad courses appear in proportion. The vertical line is the first treatment."
        )
    if analysis.safety is not None and analysis.safety.severities["n_events"].any():
        texts["severity"] = (
            f"Subjects by the worst severity of their treatment-emergent adverse events, {phrases.population(analysis.safety.trial.population)}; "
            "n (%) beside."
        )
    if analysis.safety is not None and not analysis.safety.shown.empty:
        shown = len(analysis.safety.shown.drop_duplicates(["within", "category"]))
        most = f", the {shown} most frequent terms" if shown > 1 else ""
        texts["adverse_events"] = (
            f"Treatment-emergent adverse events{most}, {phrases.population(analysis.safety.trial.population)}; by the "
            "largest difference. A subject counts once per term. Left: share of subjects, with crude counts beside; right: difference with Miettinen-Nurminen "
            f"{level}. Nothing is adjusted for the number of terms compared."
        )
    return texts | _diagnostic_captions(primary)


def _missing_captions(analysis: Analysis, population: str, level: str) -> dict[str, str]:
    missing = analysis.missing
    if missing is None:
        return {}
    label, visit = analysis.primary.endpoint.label, analysis.visit
    texts = {
        "missing": (
            f"Who lacks a value of {label} when, and why, {population}. Each subject is a row, in the order of the last visit with a value; the share missing stands below."
        )
    }
    if not missing.handlings.empty:
        by_draws = (
            f", {N_IMPUTATIONS} imputations under each assumption of what the missing values would have been (Rubin's rules)"
            if missing.determined("imputed")
            else ""
        )
        jackknifed = ", conditional means with a jackknife" if missing.determined("conditional mean") else ""
        tipped = ""
        if missing.determined("tipping"):
            tipped = " At the tipping point imputed values are moved by so much that a limit reaches 0."
        elif not missing.surface.empty:
            tipped = " No shift of imputed values brings a limit to 0."
        texts["handlings"] = (
            f"The primary difference at {visit} under these handlings of missing values, {population}, with {level}: a mixed model and observed cases, single values by rule"
            f"{by_draws}{jackknifed}.{tipped}"
        )
    if not missing.surface.empty:
        texts["tipping_point"] = (
            f"The p-value of the primary difference at {visit}, where values imputed under missing at random are moved by the shifts on the axes. The line is where the conclusion "
            "tips."
            + (
                " In the plausible region those who left are between what was imputed and no change from baseline on average."
                if missing.surface["plausible_from"].notna().any()
                else ""
            )
        )
    return texts


def _diagnostic_captions(primary: Efficacy) -> dict[str, str]:
    if not isinstance(primary.fit, MmrmFit):
        return {}
    texts = {
        "residuals": (
            f"Normalised residuals of the primary model, {wording.count(primary.fit.n_values)} values: divided by the standard deviation, and with the correlation "
            "within subjects removed. From left to right: against the fitted values; against the quantiles of a normal distribution, equal on the line; by visit. "
            "If the model holds, 95 % lie between the dashed lines."
        )
    }
    if len(primary.fit.visits) > 2:
        texts["covariance"] = (
            f"Correlation between the visits of a subject, as fitted in the primary model ({wording.structure(primary.fit.structure)}, the same in all arms)."
        )
    return texts


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
    population = phrases.population(analysis.efficacy_trial.population)
    titles = {
        "baseline": f"Baseline characteristics, {population}",
        "disposition": "Disposition, all randomised",
        "intercurrent": f"Intercurrent events, {population}",
        "efficacy": f"{wording.capital(analysis.primary.endpoint.label)}, {population}"
        + (" (n: subjects with a value)" if analysis.primary.by_mmrm else ""),
        "change": f"{wording.capital(analysis.primary.endpoint.label)}, unadjusted, {population}",
        "secondary": f"Secondary endpoints at {analysis.visit}{_or_last(analysis)}, {population}",
        "responders": f"Responders, {analysis.primary.endpoint.label}, {population}",
        "left_out": "What was left out, and why",
    }
    if analysis.missing is not None:
        titles["missing"] = f"Missing values of {analysis.primary.endpoint.label}, {population}"
        titles["handlings"] = (
            f"The difference at {analysis.visit} by how missing values are handled, {population} (n: subjects with a value there, "
            "observed or imputed)"
        )
    if analysis.safety is not None:
        safe = phrases.population(analysis.safety.trial.population)
        titles["adverse_events_overview"] = f"Adverse events: overview, {safe}"
        titles["incidence"] = f"Adverse events: incidence per 100 patient-years at risk of the first, {safe}"
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


def _comma(text: str) -> str:
    return f", {text}" if text else ""


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

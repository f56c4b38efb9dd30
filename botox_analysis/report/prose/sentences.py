"""The captions of figures and the titles of tables. Numbers come from *estimates* and are written by `wording`."""

from __future__ import annotations

from botox_analysis import wording
from botox_analysis.frames.handling import CONDITIONAL_MEANS, DRAWN, TIPPING_POINT
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.report.analysis.efficacy import ROBUST, robust_of
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.prose import phrases

SIMULATED_BANNER = "Simulated data. Nobody in this trial exists; nothing here is evidence of any effect."


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
                else f"Of those analysed at {visit} values were observed or imputed."
                if primary.is_imputed
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
    return texts


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
            f", {analysis.trial.protocol.draws} imputations under each assumption of what the missing values would have been (Rubin's rules)"
            if missing.determined(DRAWN)
            else ""
        )
        jackknifed = ", conditional means with a jackknife" if missing.determined(CONDITIONAL_MEANS) else ""
        tipped = ""
        if missing.determined(TIPPING_POINT):
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
        "intercurrent": f"Intercurrent events, {population}: subjects n (%)",
        "efficacy": f"{wording.capital(analysis.primary.endpoint.label)}, {population}"
        + (" (n: subjects with a value)" if analysis.primary.by_mmrm else ""),
        "change": f"{wording.capital(analysis.primary.endpoint.label)}, unadjusted, {population}",
        "secondary": f"Secondary endpoints at {analysis.visit}{_or_last(analysis)}, {population}",
        "responders": f"Responders, {analysis.primary.endpoint.label}, {population}",
        "validity": "What the primary difference rests on",
        "left_out": "What was left out, and why",
    }
    if not analysis.adjusted.empty:
        titles["adjusted"] = f"Adjustment for multiplicity: {analysis.adjusted['multiplicity'].iloc[0]}"
    if analysis.missing is not None:
        titles["missing"] = f"Missing values of {analysis.primary.endpoint.label}, {population}"
        titles["handlings"] = (
            f"The difference at {analysis.visit} by how missing values are handled, {population} (n: subjects with a value there, "
            "observed or imputed)"
        )
    if analysis.safety is not None:
        safe = phrases.population(analysis.safety.trial.population)
        titles["adverse_events_overview"] = f"Adverse events: overview, {safe}: subjects n (%), and occurrences"
        titles["incidence"] = f"Adverse events: incidence per 100 patient-years at risk of the first, {safe}"
        titles["adverse_events"] = f"Adverse events by class and term, {safe}: subjects n (%) [occurrences]"
    return titles


def _or_last(analysis: Analysis) -> str:
    """What the title adds where an endpoint was not assessed at the primary visit."""
    elsewhere = any(analysis.visit not in efficacy.fit.visits for efficacy in analysis.secondary)
    return " or their last visit" if elsewhere else ""

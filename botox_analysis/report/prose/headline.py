"""Sentences of the headline on the primary endpoint, with numbers from *estimates* in the form of `wording`."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.measures import PERCENT_REDUCTION
from botox_analysis.report.analysis.parts import Analysis, Efficacy
from botox_analysis.report.prose import phrases


def primary_sentences(analysis: Analysis) -> tuple[str, ...]:
    """State the primary difference, and the percentages by which the means fell.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    tuple of str
        A paragraph for each difference. One paragraph more: on the missing baseline, or on percentages.
    """
    return (*_difference_sentences(analysis), *_baseline_sentences(analysis), *_reduction_sentences(analysis))


def _difference_sentences(analysis: Analysis) -> list[str]:
    primary, visit = analysis.primary, analysis.visit
    differences = primary.differences[primary.differences["visit"] == visit]
    means = primary.means[primary.means["visit"] == visit].set_index("arm")
    digits = wording.decimals_for(primary.means["std_error"])
    n, randomised = sum(primary.n_analysed(visit)), len(analysis.trial.subjects)
    sentences = []
    for _, row in differences.iterrows():
        arm, reference = row["arm"], row["reference"]
        sentences.append(
            f"At {visit}, the {phrases.adjective(analysis)}{phrases.mean_of(primary)} was "
            f"{wording.number(means.loc[arm, 'estimate'], digits)} with {arm} and "
            f"{wording.number(means.loc[reference, 'estimate'], digits)} with {reference}. The difference was "
            f"{wording.number(row['estimate'], digits)} "
            f"({phrases.level(row)} {wording.interval(row['conf_low'], row['conf_high'], digits)}"
            f"{_comma(wording.p_phrase(row['p_value']))}{_comma(_adjusted(analysis, arm))}; {_n(primary, row)})."
        )
    sentences[-1] += f" The analysis included {wording.count(n)} of {wording.count(randomised)} subjects randomised."
    if differences["p_value"].notna().any():
        sentences[-1] += f" {_adjustment(analysis, len(differences))}"
    last = str(primary.outcomes["visit"].cat.categories[-1])
    if not analysis.trial.protocol.visit and visit != last:
        sentences.append(
            f"At {last}, the last visit, at least one arm has no value. The last visit at which all arms can be compared is "
            f"{visit}."
        )
    return sentences


def _adjusted(analysis: Analysis, arm: str) -> str:
    """Write the adjusted p-value of the primary difference of an arm; empty where it is not adjusted."""
    adjusted = analysis.adjusted
    if adjusted.empty:
        return ""
    of_arm = adjusted[(adjusted["endpoint"] == analysis.primary.endpoint.label) & (adjusted["arm"] == arm)]
    return f"adjusted {wording.p_phrase(of_arm['p_adjusted'].iloc[0])}" if len(of_arm) else ""


def _adjustment(analysis: Analysis, n: int) -> str:
    """State the adjustment for multiplicity, or that p-values are not adjusted."""
    if not analysis.adjusted.empty:
        return f"Adjustment for multiplicity: {analysis.adjusted['multiplicity'].iloc[0]}."
    return f"The {'p-values are' if n > 1 else 'p-value is'} not adjusted for multiplicity."


def _baseline_sentences(analysis: Analysis) -> list[str]:
    """State the comparison of values and its covariates, where there is no baseline."""
    if analysis.primary.has_baseline:
        return []
    names = phrases.effects(analysis, by_mmrm=False)
    adjusted = f"adjusted for {wording.joined(names)} only" if names else "without adjustment for covariates"
    label = analysis.primary.endpoint.label
    return [f"There is no baseline of {label}. Its values are compared instead of changes, {adjusted}."]


def _n(primary: Efficacy, row: pd.Series) -> str:
    """State n of a difference; where all visits are analysed together, also n of the model."""
    if primary.is_imputed:
        observed = primary.observed[primary.observed["visit"] == row["visit"]].dropna(subset=["value"])
        n_observed = observed["arm"].isin([row["arm"], row["reference"]]).sum()
        return f"n = {wording.count(row['n'])}, {wording.count(n_observed)} of them with a value at {row['visit']}"
    in_model = primary.average.set_index("arm").loc[row["arm"], "n"] if primary.by_mmrm else row["n"]
    if in_model == row["n"]:
        return f"n = {wording.count(in_model)}"
    return f"n = {wording.count(in_model)}, {wording.count(row['n'])} of them with a value at {row['visit']}"


def _reduction_sentences(analysis: Analysis) -> list[str]:
    reduction = _of(analysis.primary.unadjusted, PERCENT_REDUCTION, analysis.visit)
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
    return [f"Compared with baseline, the unadjusted mean {wording.joined(parts)}."]


def _of(estimates: Estimates, measure: str, visit: str) -> pd.DataFrame:
    return estimates[(estimates["measure"] == measure) & (estimates["visit"] == visit)]


def _comma(text: str) -> str:
    return f", {text}" if text else ""

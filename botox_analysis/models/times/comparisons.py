"""`times.compare`: from *times* to *estimates*, arms against the reference by hazards or by restricted means."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy.stats import chi2

from botox_analysis.errors import DataError, FitError, listed, require_choice, require_conf_level, require_two_arms
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import DERIVATION, HANDLING, IMPUTATION, in_words
from botox_analysis.frames.measures import CONDITIONAL_LOG_HAZARD_RATIO, LOG_HAZARD_RATIO, RESTRICTED_MEAN_DIFFERENCE
from botox_analysis.frames.times import TIMES, Times
from botox_analysis.models.linear.design import build_design
from botox_analysis.models.linear.visit_rows import refuse_missing_stratum
from botox_analysis.models.means.covariates import Covariate, read_covariates, refuse_by_arm
from botox_analysis.models.times.curves import TimesOfCategory, by_category, no_variance, normal_inference, on_day
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.least_squares import independent_columns
from botox_analysis.numerics.times.survival import restricted_mean
from botox_analysis.wording import joined

TimeMeasure = Literal["log hazard ratio", "restricted mean difference"]
TimeTest = Literal["wald", "log-rank"]

MEASURES: tuple[TimeMeasure, ...] = get_args(TimeMeasure)
TESTS: tuple[TimeTest, ...] = get_args(TimeTest)
LOST_INFORMATION = 1e-6
"""Share of the information at 0 below which a coefficient diverges. At the end of a divergent search the share is at most 1e-13;
at a hazard ratio of a million it is 1e-6."""

CONVERGED = 1e-10
"""Largest increase that the log partial likelihood may still have at convergence, approximately. Rounding leaves 1e-26, and 1e-16
with nearly aliased covariates."""

LARGEST_CONDITION = 1e10
"""Largest condition number of the information about coefficients of orthonormal columns. Above it, a column does not vary among
subjects at risk: rounding gives 1e15 for such a column. Just below it, a coefficient has six digits."""


def compare_times(
    times: Times,
    *,
    measure: TimeMeasure = "log hazard ratio",
    test: TimeTest = "wald",
    stratum: str | None = None,
    covariates: Sequence[str] | None = None,
    horizon: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Compare times to the event of each arm with the reference, for every category of *times*.

    Parameters
    ----------
    times : DataFrame
        *times*; the reference is the first arm.
    measure : str
        ``"log hazard ratio"``: Cox's model of all arms, with Efron's method for ties; above 0 if the event is earlier than in the
        reference. With a stratum or covariates it is conditional on them, and has a measure of its own. ``"restricted mean
        difference"``: days without the event up to the horizon, arm minus reference.
    test : str
        Test of a log hazard ratio. ``"wald"`` agrees with the limits. ``"log-rank"`` compares the arm and the reference alone,
        within strata if the model has them, and without covariates.
    stratum : str, optional
        Column of `times` without missing values, each level of which has its own baseline hazard.
    covariates : sequence of str, optional
        Columns of `times` that enter Cox's model; numbers have a slope, all other columns are factors. Left out: none, not even a
        baseline, as the hazard ratio conditional on covariates is another estimand.
    horizon : float, optional
        Horizon of restricted means, in days; the column ``visit`` states it. Left out: the smallest of the arms' largest times.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* by category and arm, with normal limits; ``n`` and ``n_events`` count both arms. A hazard ratio is infinite or
        0 if one of the arms has no event while the other is at risk. It is missing if the arms are never at risk together. Limits
        are then missing, and ``note`` states the reason; a log-rank test still needs an event only. Subjects without a covariate
        do not enter a model; ``note`` counts them.

    Raises
    ------
    DataError
        The frame is not of the shape of *times*, a stratum or covariate does not exist, or a subject has no stratum. Or a
        category has one arm only, or an arm is not observed up to the horizon.
    FitError
        A covariate of Cox's model is aliased with others, or separates subjects with the event from subjects without.
    ValueError
        A word is not known, or `covariates` is no list of names. Or restricted means have a stratum, covariates or a test, which
        are for hazards only.

    References
    ----------
    Cox DR (1972). J R Stat Soc B 34:187-220. Efron B (1977). J Am Stat Assoc 72:557-565. Mantel N (1966). Cancer Chemother Rep
    50:163-170. Royston P, Parmar MKB (2013). BMC Med Res Methodol 13:152.

    Examples
    --------
    >>> times = ba.times.first_response(outcomes)
    >>> ba.times.compare(times, stratum="overuse")[["estimate", "conf_low", "conf_high"]].round(2).values.tolist()
    [[0.38, 0.24, 0.52]]
    """
    require_choice(measure, MEASURES, "measure")
    require_choice(test, TESTS, "test")
    require_conf_level(conf_level)
    groups = by_category(times)
    asked = () if covariates is None else read_covariates(covariates, times.columns)
    refuse_by_arm(asked, "Cox's model")
    for group in groups:
        where = f" for category '{group.labels['category']}'" if len(groups) > 1 else ""
        require_two_arms(list(group.curves), "a comparison", "times", where=where)
    if measure == RESTRICTED_MEAN_DIFFERENCE:
        if stratum is not None or asked or test != "wald":
            raise ValueError(f"`stratum`, `covariates` and `test` must be left out for the measure {measure!r}; got one of them.")
        rows = [row for group in groups for row in _mean_differences(group, group.horizon(horizon))]
    else:
        if horizon is not None:
            raise ValueError(
                f"`horizon` must be left out for the measure {measure!r}, which compares hazards over all time; got {horizon!r}."
            )
        strata = [stratum] if stratum else []
        _require_covariates(times, strata, "stratum")
        _require_covariates(times, [each.name for each in asked], "covariate")
        for column in strata:
            refuse_missing_stratum(times, column, "times")
        rows = [row for group in groups for row in _hazard_ratios(group, stratum, asked, test)]
    frame = pd.DataFrame(rows)
    inference = normal_inference(frame["estimate"], frame["std_error"], conf_level)
    p_value = inference.p_value if test == "wald" else frame.pop("p_value")
    return as_estimates(
        {
            **frame,
            "measure": CONDITIONAL_LOG_HAZARD_RATIO if stratum or asked else measure,
            "conf_low": inference.conf_low,
            "conf_high": inference.conf_high,
            "conf_level": conf_level,
            "p_value": p_value,
        }
    )


def _require_covariates(times: pd.DataFrame, names: Sequence[str], what: str) -> None:
    if "arm" in names:
        raise DataError(f"times: the {what} must be another column than 'arm', which is compared.")
    usable = [column for column in times.columns if column not in (*TIMES, IMPUTATION, HANDLING, DERIVATION, "better", "note")]
    unknown = [name for name in names if name not in usable]
    if unknown:
        raise DataError(f"times has no {what} {listed(unknown)}; its covariates are {listed(usable, n_shown=30)}.")


def _mean_differences(group: TimesOfCategory, until: float) -> list[dict[str, Any]]:
    parts = {arm: restricted_mean(curve, until) for arm, curve in group.curves.items()}
    reference, *others = parts
    rows = []
    for arm in others:
        pair = (arm, reference)
        without = [name for name in pair if parts[name][1] == 0]
        rows.append(
            {
                **group.estimand(RESTRICTED_MEAN_DIFFERENCE),
                "arm": arm,
                "reference": reference,
                "visit": on_day([until])[0],
                **group.method("area between the Kaplan-Meier curves"),
                "n": sum(group.curves[name].n_at_risk[0] for name in pair),
                "estimate": parts[arm][0] - parts[reference][0],
                "std_error": np.nan if without else np.sqrt(parts[arm][1] + parts[reference][1]),
                "time": until,
                "n_events": sum(group.curves[name].n_events[group.curves[name].time <= until].sum() for name in pair),
                "note": "; ".join(no_variance(name, until) for name in without),
            }
        )
    return rows


def _hazard_ratios(
    group: TimesOfCategory, stratum: str | None, covariates: Sequence[Covariate], test: str
) -> list[dict[str, Any]]:
    names = [each.name for each in covariates]
    complete = group.rows[names].notna().all(axis=1).to_numpy()
    rows, arm, arms = group.rows[complete], group.arm[complete], list(group.curves)
    sample = _Sample(
        rows["time"].to_numpy(),
        rows["observed"].to_numpy(),
        arm,
        pd.factorize(rows[stratum])[0] if stratum else np.zeros(len(rows), dtype=int),
    )
    sooner = _sooner_than(sample, len(arms))
    compared = np.flatnonzero(sooner[0] & sooner[:, 0])
    estimate, std_error = np.full((2, len(arms)), np.nan)
    estimate[sooner[:, 0] & ~sooner[0]], estimate[~sooner[:, 0] & sooner[0]] = np.inf, -np.inf
    if len(compared) > 1:
        kept = np.isin(arm, compared)
        design = build_design(rows[kept].assign(arm=np.take(arms, arm[kept])), covariates, [arms[at] for at in compared])
        coefficients = _cox(sample.only(kept), design.matrix[:, 1:], design.names[1:])
        estimate[compared[1:]], std_error[compared[1:]] = (numbers[: len(compared) - 1] for numbers in coefficients)
    words = [
        "Cox's model with Efron's ties",
        *([f"stratified by {stratum}"] if stratum else []),
        *([f"conditional on {joined(names)}"] if names else []),
    ]
    found = []
    for at in range(1, len(arms)):
        pair = np.isin(arm, (0, at))
        n_without = int((np.isin(group.arm, (0, at)) & ~complete).sum())
        p_value = _log_rank(sample.only(pair)) if test == "log-rank" else np.nan
        notes = [
            *([f"{n_without} subjects without a covariate do not enter"] if n_without else []),
            *([_why(arms[at], arms[0], estimate[at])] if np.isnan(std_error[at]) else []),
            *(["no event while both arms are at risk: no log-rank test"] if test == "log-rank" and np.isnan(p_value) else []),
        ]
        found.append(
            {
                **group.estimand(LOG_HAZARD_RATIO),
                "arm": arms[at],
                "reference": arms[0],
                **group.method(in_words(", ".join(words), _TEST_NAMES[test])),
                "n": pair.sum(),
                "estimate": estimate[at],
                "std_error": std_error[at],
                "p_value": p_value,
                "n_events": sample.observed[pair].sum(),
                "note": "; ".join(notes),
            }
        )
    return found


_TEST_NAMES = {"wald": "Wald test", "log-rank": "log-rank test"}


@dataclass(frozen=True)
class _Sample:
    """Times as arrays, shape (n,): the time, True for an observed event, and codes of arm and stratum."""

    time: FloatArray
    observed: Any
    arm: Any
    stratum: Any

    def only(self, kept: Any) -> _Sample:
        return _Sample(self.time[kept], self.observed[kept], self.arm[kept], self.stratum[kept])


def _sooner_than(sample: _Sample, n_arms: int) -> Any:
    """Return True for pairs of arms of which one has an event while the other is at risk, directly or through other arms.

    The partial likelihood of arms is a likelihood of rankings. A log hazard ratio is finite if this holds in both directions
    (Hunter DR (2004). Ann Stat 32:384-406, assumption 1).
    """
    sooner = np.eye(n_arms, dtype=bool)
    for stratum in np.unique(sample.stratum):
        in_stratum = sample.stratum == stratum
        first_event, last_time = np.full(n_arms, np.inf), np.full(n_arms, -np.inf)
        np.maximum.at(last_time, sample.arm[in_stratum], sample.time[in_stratum])
        happened = in_stratum & sample.observed
        np.minimum.at(first_event, sample.arm[happened], sample.time[happened])
        sooner |= first_event[:, None] <= last_time
    for between in range(n_arms):
        sooner |= sooner[:, between, None] & sooner[between]
    return sooner


def _why(arm: str, reference: str, estimate: float) -> str:
    """State the reason for missing limits of a hazard ratio."""
    if np.isnan(estimate):
        return f"no event while '{arm}' and '{reference}' are both at risk: the hazard ratio is not known"
    without, at_risk = (reference, arm) if estimate > 0 else (arm, reference)
    size = "infinite" if estimate > 0 else "0"
    return f"no event in '{without}' while '{at_risk}' is at risk: the hazard ratio is {size}, without limits"


def _cox(sample: _Sample, matrix: FloatArray, names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Fit Cox's model; return coefficients and their standard errors."""
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

    length = np.linalg.norm(matrix, axis=0)
    unit = matrix / np.where(length > 0, length, 1.0)
    # Orthonormal columns, scaled to a root mean square of 1, keep the digits under any units and with nearly aliased columns.
    root = np.sqrt(len(matrix))
    q, r = np.linalg.qr(unit)
    model = PHReg(sample.time, root * q, status=sample.observed.astype(int), ties="efron", strata=sample.stratum)
    at_start = -model.hessian(np.zeros(matrix.shape[1]))
    spread = np.linalg.eigvalsh(at_start)
    if len(independent_columns(unit)) < matrix.shape[1] or not spread[0] * LARGEST_CONDITION > spread[-1]:
        raise FitError(
            f"times do not determine Cox's model: of {joined(list(names))}, one does not vary among subjects at risk, or is "
            "aliased with others. Try leaving one out."
        )
    with warnings.catch_warnings():
        # Convergence is checked below.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", HessianInversionWarning)
        fit = model.fit()
    information, slope = -model.hessian(fit.params), model.score(fit.params)
    at_end, at_zero = (((r.T @ products) * r.T).sum(axis=1) for products in (information, at_start))
    lost = ~(at_end > LOST_INFORMATION * at_zero)
    if lost.any() or slope @ np.linalg.solve(information, slope) > CONVERGED:
        separating = [name for name, is_lost in zip(names, lost, strict=True) if is_lost] or list(names)
        raise FitError(
            f"the partial likelihood of Cox's model has no maximum: {joined(separating)} separates subjects with the event from "
            "subjects without. Try leaving it out, or joining levels."
        )
    back = root * np.linalg.inv(r) / length[:, None]
    return back @ fit.params, np.sqrt(((back @ fit.cov_params()) * back).sum(axis=1))


def _log_rank(sample: _Sample) -> float:
    """Return the p-value of the log-rank test of two arms; missing if the test has no variance."""
    from statsmodels.duration.survfunc import survdiff

    if len(np.unique(sample.arm)) < 2:
        return float("nan")
    try:
        statistic, _ = survdiff(sample.time, sample.observed.astype(int), sample.arm, strata=sample.stratum)
    except np.linalg.LinAlgError:
        return float("nan")
    return float(chi2.sf(statistic, 1))

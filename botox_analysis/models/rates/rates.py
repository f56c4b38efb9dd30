"""`event_rates` and `compare_rates`: from *events* to *estimates*."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells.of_frames import read_numbers, shown
from botox_analysis.errors import DataError, require_choice, require_columns, require_conf_level
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.events import Events, check_events
from botox_analysis.frames.handling import handlings_of, method_of
from botox_analysis.frames.measures import (
    CONDITIONAL_LOG_ODDS_RATIO,
    EVENT_RATE,
    EVENT_RATE_DIFFERENCE,
    INCIDENCE_RATE,
    INCIDENCE_RATE_DIFFERENCE,
    LOG_EVENT_RATE_RATIO,
    LOG_INCIDENCE_RATE_RATIO,
    LOG_ODDS_RATIO,
    LOG_RISK_RATIO,
    PROPORTION,
    RISK_DIFFERENCE,
)
from botox_analysis.models.rates.strata import LinedUp, add_strata, line_up
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.rates.methods import COMPARISONS, TESTS, ComparedMeasure, ComparisonInterval, ComparisonTest, Method
from botox_analysis.numerics.rates.person_time import poisson_interval
from botox_analysis.numerics.rates.proportions import PROPORTION_INTERVALS, Limits, ProportionInterval
from botox_analysis.numerics.rates.two_arms import Compared

PER_YEARS = 100
"""Patient-years that a rate in person-time is per."""

RateMeasure = Literal["proportion", "incidence rate", "event rate"]

RateInterval = Literal[ProportionInterval, "exact"]
"""Intervals of a proportion, and that of rates in person-time."""

COUNTED = {
    PROPORTION: ("n_events", "n_total"),
    INCIDENCE_RATE: ("n_events", "at_risk"),
    EVENT_RATE: ("occurrences", "exposure"),
}
"""Columns of *events* that are numerator and denominator of a rate."""

_COUNTED_BY = {
    **dict.fromkeys((RISK_DIFFERENCE, LOG_RISK_RATIO, LOG_ODDS_RATIO), COUNTED[PROPORTION]),
    **dict.fromkeys((INCIDENCE_RATE_DIFFERENCE, LOG_INCIDENCE_RATE_RATIO), COUNTED[INCIDENCE_RATE]),
    **dict.fromkeys((EVENT_RATE_DIFFERENCE, LOG_EVENT_RATE_RATIO), COUNTED[EVENT_RATE]),
}
_PROPORTION_WORDS = {
    "wilson": "Wilson score interval",
    "clopper-pearson": "Clopper-Pearson exact interval",
    "mid-p": "mid-P interval",
    "agresti-coull": "Agresti-Coull interval",
    "jeffreys": "Jeffreys interval",
}
_OF_CATEGORY = ("within", "severity", "relation", "better", "threshold", "time")
_CARRIED = (*_OF_CATEGORY, "occurrences", "exposure", "at_risk")


def event_rates(
    events: Events, *, measure: RateMeasure = "proportion", interval: RateInterval | None = None, conf_level: float = 0.95
) -> Estimates:
    """Estimate proportions or rates of events in each arm and category, with limits.

    Parameters
    ----------
    events : DataFrame
        *events*; a frame written by hand needs ``arm``, ``n_events`` and ``n_total``. Strata are added up.
    measure : str
        ``"proportion"``: share of subjects with the event, from 0 to 1. ``"incidence rate"``: subjects with the event per 100
        patient-years at risk of the first event (needs ``at_risk``). ``"event rate"``: occurrences per 100 patient-years of
        exposure (needs ``occurrences`` and ``exposure``). The limits of an event rate assume independent occurrences within a
        subject.
    interval : str, optional
        For proportions ``"wilson"``, ``"clopper-pearson"`` (never below its nominal coverage), ``"mid-p"``, ``"agresti-coull"``
        or ``"jeffreys"``. For rates in person-time ``"exact"``, Garwood's exact limits. Left out: ``"wilson"`` or ``"exact"``.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* in the order of the rows, with the counts as further columns. An estimate without subjects or without time is
        missing, and ``note`` states the reason.

    Raises
    ------
    DataError
        A count is impossible, a row occurs twice, or a column that the measure needs is missing.
    ValueError
        The measure or interval is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> rates = ba.event_rates(pd.DataFrame({"arm": ["placebo"], "n_events": [21], "n_total": [140]}))
    >>> rates[["estimate", "conf_low", "conf_high"]].round(3).values.tolist()
    [[0.15, 0.1, 0.218]]
    """
    require_choice(measure, COUNTED, "measure")
    intervals = tuple(PROPORTION_INTERVALS) if measure == PROPORTION else ("exact",)
    chosen = interval or intervals[0]
    require_choice(chosen, intervals, "interval")
    require_conf_level(conf_level)
    counted = add_strata(_with_counts(check_events(events), measure, COUNTED[measure]))
    happened, total = (counted[column].to_numpy(dtype=float) for column in COUNTED[measure])
    known = total > 0
    share, std_error, (low, high), words = _rates(happened, np.where(known, total, np.nan), measure, chosen, conf_level)
    nothing = (
        "no subjects" if measure == PROPORTION else np.where(np.isnan(total), "patient-years are not known", "no patient-years")
    )
    return as_estimates(
        {
            **_estimand(counted),
            "arm": counted["arm"].astype(str),
            "measure": measure,
            **method_of(words, handlings_of(counted)),
            "n": np.where(counted["n_total"] > 0, counted["n_total"], np.nan),
            "estimate": share,
            "std_error": std_error,
            "conf_low": low,
            "conf_high": high,
            "conf_level": conf_level,
            **{column: counted[column].to_numpy() for column in _CARRIED if column in counted.columns},
            "n_events": counted["n_events"].to_numpy(),
            **({} if known.all() else {"note": np.where(known, "", nothing)}),
        }
    )


def _rates(
    happened: FloatArray, total: FloatArray, measure: str, interval: str, conf_level: float
) -> tuple[FloatArray, FloatArray, Limits, str]:
    share = happened / total
    if measure == PROPORTION:
        limits = PROPORTION_INTERVALS[interval](happened, np.nan_to_num(total), conf_level)
        return share, np.sqrt(share * (1 - share) / total), limits, _PROPORTION_WORDS[interval]
    time = total / PER_YEARS
    return (
        happened / time,
        np.sqrt(happened) / time,
        poisson_interval(happened, time, conf_level),
        "Garwood exact interval (Poisson counts)",
    )


def compare_rates(
    events: Events,
    *,
    measure: ComparedMeasure = "risk difference",
    interval: ComparisonInterval = "miettinen-nurminen",
    test: ComparisonTest | None = None,
    null: float = 0.0,
    conf_level: float = 0.95,
) -> Estimates:
    """Compare proportions or rates of each arm with the reference, for every category of *events*.

    Parameters
    ----------
    events : DataFrame
        *events*. The reference is the first category of a categorical column ``arm``, otherwise the first arm that appears. A
        category with several strata has a stratified comparison.
    measure : str
        ``"risk difference"``: arm minus reference, a share from -1 to 1. ``"log risk ratio"``, ``"log odds ratio"``: natural
        logarithms. An odds ratio within strata is conditional on them, and has a measure of its own.
        ``"incidence rate difference"``, ``"event rate difference"`` (per 100 patient-years),
        ``"log incidence rate ratio"``, ``"log event rate ratio"``: rates as in `event_rates`. The limits of these four assume
        Poisson counts, and ``method`` states it. They are too narrow for recurrent events, which are correlated within a subject.
        For recurrent events use ``fit_counts(safety.counts_per_subject(trial, ...))``, whose standard errors are by subject.
    interval : str
        ``"miettinen-nurminen"``: score interval for every measure, with or without strata; its coverage is close to nominal in
        small arms, too. Differences also have ``"mee"`` (without the factor N / (N - 1)) and ``"newcombe"`` (hybrid score, in
        closed form, with or without strata). Others are ``"agresti-caffo"``, ``"wald"`` (to reproduce older reports) and
        ``"mantel-haenszel"`` (Sato's variance, for many small strata). ``"exact"`` is unconditional, never below its nominal
        coverage, for up to 500 subjects in each arm. Ratios also have ``"koopman"``, ``"log"``, ``"mantel-haenszel"``. Odds
        ratios also have ``"score"``, ``"log"``, ``"conditional exact"``, ``"mantel-haenszel"``, ``"peto"`` (rare events, arms of
        equal size). Rates in person-time also have ``"mantel-haenszel"`` and, for ratios, ``"exact"``.
    test : str, optional
        A test of no difference between proportions, for any interval: ``"cochran-mantel-haenszel"``, ``"fisher"``, ``"mid-p"``,
        ``"barnard"``, ``"boschloo"``. Left out: the test that the interval inverts, so that p-values agree with limits.
        Newcombe's interval inverts no test.
    null : float
        Value of the measure under the null hypothesis of the p-value, such as a margin of non-inferiority.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* by category, then arm. A log ratio is infinite if one arm has no event. ``note`` states the reason for a
        missing or infinite estimate, and counts strata that do not enter.

    Raises
    ------
    DataError
        A count is impossible, there is one arm only, or an arm lacks a category or stratum.
    ValueError
        The measure, interval or test is not known, or is not for several strata.

    References
    ----------
    Miettinen O, Nurminen M (1985). Stat Med 4:213-226. Mee RW (1984). Biometrics 40:1175-1176. Koopman PAR (1984). Biometrics
    40:513-517. References of the other methods are in ``numerics``.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"arm": ["control", "acupuncture"], "n_events": [21, 49], "n_total": [140, 161]})
    >>> ba.compare_rates(events)[["estimate", "conf_low", "conf_high"]].round(3).values.tolist()
    [[0.154, 0.06, 0.246]]
    """
    require_choice(measure, COMPARISONS, "measure")
    require_choice(interval, COMPARISONS[measure], f"interval of the {measure}")
    require_conf_level(conf_level)
    method = COMPARISONS[measure][interval]
    columns = _COUNTED_BY[measure]
    _refuse_test(test, measure, null)
    _refuse_null(null, measure)
    counted = _with_counts(check_events(events), measure, columns)
    compared = line_up(counted, columns, 1.0 if columns == COUNTED[PROPORTION] else PER_YEARS)
    _refuse_strata(method, test, measure, interval, int(compared.n_strata.max()))
    result = method.compare(compared.counts, conf_level, float(null)).where(compared.known)
    p_value = np.where(compared.known, TESTS[test].p_value(compared.counts), np.nan) if test else result.p_value
    note = _notes(compared, result, "nobody" if columns == COUNTED[PROPORTION] else "no patient-years")
    return as_estimates(
        {
            **compared.estimand,
            "measure": _estimated(measure, compared.n_strata),
            **method_of(_words(method, test, null, compared.n_strata), handlings_of(compared.about)),
            "n": compared.n,
            "estimate": result.estimate,
            "std_error": np.where(result.std_error > 0, result.std_error, np.nan),
            "conf_low": result.low,
            "conf_high": result.high,
            "conf_level": conf_level,
            "p_value": p_value,
            **{column: compared.about[column].to_numpy() for column in _OF_CATEGORY if column in compared.about.columns},
            **({"note": note} if any(note) else {}),
        }
    )


def _estimated(measure: str, n_strata: NDArray[np.intp]) -> list[str]:
    """Return the measures: an odds ratio within strata differs from the marginal one, even without confounding."""
    within = CONDITIONAL_LOG_ODDS_RATIO if measure == LOG_ODDS_RATIO else measure
    return [within if strata > 1 else measure for strata in n_strata]


def _with_counts(counted: pd.DataFrame, measure: str, columns: tuple[str, str]) -> pd.DataFrame:
    require_columns(counted, columns, f"events, for the {measure},")
    for column in columns:
        numbers, _ = read_numbers(counted[column], "events", "")
        right = np.isfinite(numbers) & (numbers >= 0)
        if column in ("at_risk", "exposure"):
            right |= counted[column].isna().to_numpy()
        if not right.all():
            row = int(np.flatnonzero(~right)[0]) + 1
            raise DataError(
                f"events row {row}: `{column}` must be a number, 0 or more; got {shown(counted[column].iloc[row - 1])}."
            )
        counted[column] = numbers
    if columns[0] == "occurrences":
        times, subjects = (counted[column].to_numpy(dtype=float) for column in ("occurrences", "n_events"))
        wrong = np.flatnonzero((times != np.floor(times)) | (times < subjects))
        if wrong.size:
            row = int(wrong[0])
            raise DataError(
                f"events row {row + 1}: `occurrences` must be a whole number, at least one for each of {subjects[row]:g} "
                f"subjects with the event; got {times[row]:g}."
            )
    return counted


def _refuse_test(test: str | None, measure: str, null: float) -> None:
    if test is None:
        return
    require_choice(test, TESTS, "test")
    if _COUNTED_BY[measure] != COUNTED[PROPORTION]:
        raise ValueError(f"`test` must be left out for the {measure}; got '{test}', which compares proportions.")
    if null != 0:
        raise ValueError(f"`test` must be left out for a null of {null:g}; got '{test}', a test of no difference.")


def _refuse_null(null: float, measure: str) -> None:
    if not np.isfinite(null) or (measure == RISK_DIFFERENCE and not -1 < null < 1):
        expected = "a share between -1 and 1" if measure == RISK_DIFFERENCE else "a number"
        raise ValueError(f"`null` must be {expected}, as it is a {measure}; got {null!r}.")


def _refuse_strata(method: Method, test: str | None, measure: str, interval: str, n_strata: int) -> None:
    if n_strata == 1:
        return
    if not method.stratified:
        usable = ", ".join(f"'{name}'" for name, other in COMPARISONS[measure].items() if other.stratified)
        raise ValueError(
            f"`interval` must be one for several strata, {usable}, as events has {n_strata} strata; got '{interval}'. Try one of "
            "them, or add up the counts first."
        )
    if test and not TESTS[test].stratified:
        raise ValueError(
            f"`test` must be one for several strata, as events has {n_strata} strata; got '{test}'. Try "
            "test='cochran-mantel-haenszel', or leave it out."
        )


def _words(method: Method, test: str | None, null: float, n_strata: NDArray[np.intp]) -> list[str]:
    tested = (f", {TESTS[test].words}" if test else "") + (f", tested against {null:g}" if null else "")
    return [(f"{method.stratified}, {strata} strata" if strata > 1 else method.words) + tested for strata in n_strata]


def _notes(compared: LinedUp, result: Compared, nothing: str) -> list[str]:
    """State the reasons for missing or infinite estimates, and count strata that do not enter."""
    counts, n_strata = compared.counts, compared.n_strata
    used = (counts.weight > 0).sum(axis=1)
    # Most comparisons need no note.
    noted = np.flatnonzero(~compared.known | (used < n_strata) | ~np.isfinite(result.estimate) | (result.low == result.high))
    notes = [""] * len(used)
    for row in noted:
        if not compared.known[row] or used[row] == 0:
            notes[row] = f"{nothing} in one of the arms" if compared.known[row] else "patient-years are not known"
            continue
        lacking = n_strata[row] - used[row]
        parts = [f"{lacking} of {n_strata[row]} strata have one arm only and do not count"] if lacking else []
        if not np.isfinite(result.estimate[row]):
            own, ref = counts.events[row].sum(), counts.events_ref[row].sum()
            who = "either arm" if own + ref == 0 else "the arm" if own == 0 else "the reference" if ref == 0 else ""
            ends = "all subjects of an arm have" if used[row] == 1 else "in each stratum nobody or everybody of an arm has"
            parts.append(f"no event in {who}" if who else f"{ends} the event")
        elif result.low[row] == result.high[row]:
            parts.append("no variance: the limits say nothing")
        notes[row] = "; ".join(parts)
    return notes


def _estimand(counted: pd.DataFrame) -> dict[str, pd.Series]:
    return {column: counted[column].astype(str) for column in ("trial", "population", "endpoint", "visit", "category")}

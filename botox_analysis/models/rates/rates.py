"""`event_rates` and `compare_rates`: *events* -> *estimates*."""

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
"""Patient-years in which rates in person-time are counted."""

RateMeasure = Literal["proportion", "incidence rate", "event rate"]

RateInterval = Literal[ProportionInterval, "exact"]
"""Intervals of a proportion, and that of rates in person-time."""

COUNTED = {
    PROPORTION: ("n_events", "n_total"),
    INCIDENCE_RATE: ("n_events", "at_risk"),
    EVENT_RATE: ("occurrences", "exposure"),
}
"""The columns of *events* that a rate is the quotient of."""

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
    """How often the event happened, with limits, for each arm and category of *events*.

    Parameters
    ----------
    events : DataFrame
        *events*; a frame written by hand needs ``arm``, ``n_events`` and ``n_total``. Strata are added up.
    measure : str
        ``"proportion"``: subjects with the event among all, a share from 0 to 1. ``"incidence rate"``: subjects with the
        event per 100 patient-years at risk of their first (needs ``at_risk``). ``"event rate"``: occurrences per 100
        patient-years of exposure (needs ``occurrences`` and ``exposure``); its limits hold where occurrences of one subject
        do not come in clusters.
    interval : str, optional
        Of a proportion: ``"wilson"`` (taken where this is left out), ``"clopper-pearson"`` (never below its nominal
        coverage), ``"mid-p"``, ``"agresti-coull"`` or ``"jeffreys"``. Rates in person-time have Garwood's exact limits,
        ``"exact"``.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* in the order of the rows; missing, with a ``note``, where there is nobody or no time. Counts are kept
        beside.

    Raises
    ------
    DataError
        A count is impossible, a row is there twice, or the columns that the measure needs are not there.
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
    known = tuple(PROPORTION_INTERVALS) if measure == PROPORTION else ("exact",)
    chosen = interval or known[0]
    require_choice(chosen, known, "interval")
    require_conf_level(conf_level)
    counted = add_strata(_with_counts(check_events(events), measure, COUNTED[measure]))
    happened, total = (counted[column].to_numpy(dtype=float) for column in COUNTED[measure])
    there = total > 0
    share, std_error, (low, high), words = _rates(happened, np.where(there, total, np.nan), measure, chosen, conf_level)
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
            **({} if there.all() else {"note": np.where(there, "", nothing)}),
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
    """Each arm against the reference, for every category of *events*; with several strata, within them.

    Parameters
    ----------
    events : DataFrame
        *events*; the reference is the first arm: the first category of a categorical column, else the first to appear.
        Where a category has several strata the comparison is stratified.
    measure : str
        ``"risk difference"``: arm minus reference, a share from -1 to 1. ``"log risk ratio"``, ``"log odds ratio"``: natural
        logarithms; an odds ratio within strata is conditional on them, and its measure says so.
        ``"incidence rate difference"``, ``"event rate difference"`` (per 100 patient-years),
        ``"log incidence rate ratio"``, ``"log event rate ratio"``: see `event_rates` for what they count. Limits of these four
        take counts as Poisson's, and ``method`` says so: they are too narrow for recurrent events, which come in clusters of
        one subject. For these take ``fit_counts(safety.counts_per_subject(trial, ...))``, whose standard errors are of subjects.
    interval : str
        ``"miettinen-nurminen"``: the score interval, for every measure, also stratified; its coverage is close to nominal in
        small arms, too. Of a difference also ``"mee"`` (without the factor N / (N - 1)), ``"newcombe"`` (hybrid score, in
        closed form, also stratified), ``"agresti-caffo"``, ``"wald"`` (for reproducing older reports), ``"exact"``
        (unconditional; never below its nominal coverage; up to 500 subjects an arm), ``"mantel-haenszel"`` (Sato's variance;
        many small strata). Of a ratio also ``"koopman"``, ``"log"``, ``"mantel-haenszel"``. Of an odds ratio also
        ``"score"``, ``"log"``, ``"conditional exact"``, ``"mantel-haenszel"``, ``"peto"`` (rare events, arms of one size). Of
        rates in person-time also ``"mantel-haenszel"`` and, for ratios, ``"exact"``.
    test : str, optional
        Left out: p-values are of the test that the interval inverts, so that both say the same (Newcombe's inverts none).
        ``"cochran-mantel-haenszel"``, ``"fisher"``, ``"mid-p"``, ``"barnard"``, ``"boschloo"``: of no difference between
        proportions, whatever the interval.
    null : float
        The value, on the scale of the measure, that the p-value is of: a margin of non-inferiority, for instance.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* by category, then arm. Log ratios are infinite where one arm has no event. Where an estimate is missing
        or not finite, or strata do not count, ``note`` says why.

    Raises
    ------
    DataError
        A count is impossible, there is one arm only, or an arm lacks a category or stratum.
    ValueError
        The measure, interval or test is not known, or not for several strata.

    References
    ----------
    Miettinen O, Nurminen M (1985). Stat Med 4:213-226. Mee RW (1984). Biometrics 40:1175-1176. Koopman PAR (1984). Biometrics
    40:513-517. The other methods are cited where they are written, in ``numerics``.

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
    said = method.compare(compared.counts, conf_level, float(null)).where(compared.known)
    p_value = np.where(compared.known, TESTS[test].p_value(compared.counts), np.nan) if test else said.p_value
    note = _notes(compared, said, "nobody" if columns == COUNTED[PROPORTION] else "no patient-years")
    return as_estimates(
        {
            **compared.estimand,
            "measure": _estimated(measure, compared.n_strata),
            **method_of(_words(method, test, null, compared.n_strata), handlings_of(compared.about)),
            "n": compared.n,
            "estimate": said.estimate,
            "std_error": np.where(said.std_error > 0, said.std_error, np.nan),
            "conf_low": said.low,
            "conf_high": said.high,
            "conf_level": conf_level,
            "p_value": p_value,
            **{column: compared.about[column].to_numpy() for column in _OF_CATEGORY if column in compared.about.columns},
            **({"note": note} if any(note) else {}),
        }
    )


def _estimated(measure: str, n_strata: NDArray[np.intp]) -> list[str]:
    """An odds ratio within strata is another number than that of all subjects together, also without confounding."""
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
                f"events row {row}: found {column} {shown(counted[column].iloc[row - 1])}; expected a number, 0 or more."
            )
        counted[column] = numbers
    if columns[0] == "occurrences":
        times, subjects = (counted[column].to_numpy(dtype=float) for column in ("occurrences", "n_events"))
        wrong = np.flatnonzero((times != np.floor(times)) | (times < subjects))
        if wrong.size:
            row = int(wrong[0])
            raise DataError(
                f"events row {row + 1}: found {times[row]:g} occurrences in {subjects[row]:g} subjects with the event; expected "
                "a whole number, at least one for each."
            )
    return counted


def _refuse_test(test: str | None, measure: str, null: float) -> None:
    if test is None:
        return
    require_choice(test, TESTS, "test")
    if _COUNTED_BY[measure] != COUNTED[PROPORTION]:
        raise ValueError(f"test is '{test}', which compares proportions; leave it out for the {measure}.")
    if null != 0:
        raise ValueError(f"test is '{test}', a test of no difference, and null is {null:g}; leave out one of the two.")


def _refuse_null(null: float, measure: str) -> None:
    if not np.isfinite(null) or (measure == RISK_DIFFERENCE and not -1 < null < 1):
        expected = "a share between -1 and 1" if measure == RISK_DIFFERENCE else "a number"
        raise ValueError(f"null is {null!r}; the {measure} to test is {expected}.")


def _refuse_strata(method: Method, test: str | None, measure: str, interval: str, n_strata: int) -> None:
    if n_strata == 1:
        return
    if not method.stratified:
        usable = ", ".join(f"'{name}'" for name, other in COMPARISONS[measure].items() if other.stratified)
        raise ValueError(
            f"events has {n_strata} strata, and the interval '{interval}' is for one; take {usable}, or add up the counts first."
        )
    if test and not TESTS[test].stratified:
        raise ValueError(
            f"events has {n_strata} strata, and the test '{test}' is for one; take 'cochran-mantel-haenszel', or leave it out."
        )


def _words(method: Method, test: str | None, null: float, n_strata: NDArray[np.intp]) -> list[str]:
    tested = (f", {TESTS[test].words}" if test else "") + (f", tested against {null:g}" if null else "")
    return [(f"{method.stratified}, {strata} strata" if strata > 1 else method.words) + tested for strata in n_strata]


def _notes(compared: LinedUp, said: Compared, nothing: str) -> list[str]:
    """Why an estimate is missing or infinite, and how many strata do not count."""
    counts, n_strata = compared.counts, compared.n_strata
    used = (counts.weight > 0).sum(axis=1)
    # Most comparisons have nothing to tell.
    telling = np.flatnonzero(~compared.known | (used < n_strata) | ~np.isfinite(said.estimate) | (said.low == said.high))
    notes = [""] * len(used)
    for row in telling:
        if not compared.known[row] or used[row] == 0:
            notes[row] = f"{nothing} in one of the arms" if compared.known[row] else "patient-years are not known"
            continue
        lacking = n_strata[row] - used[row]
        parts = [f"{lacking} of {n_strata[row]} strata have one arm only and do not count"] if lacking else []
        if not np.isfinite(said.estimate[row]):
            own, ref = counts.events[row].sum(), counts.events_ref[row].sum()
            who = "either arm" if own + ref == 0 else "the arm" if own == 0 else "the reference" if ref == 0 else ""
            ends = "all subjects of an arm have" if used[row] == 1 else "in each stratum nobody or everybody of an arm has"
            parts.append(f"no event in {who}" if who else f"{ends} the event")
        elif said.low[row] == said.high[row]:
            parts.append("no variance: the limits say nothing")
        notes[row] = "; ".join(parts)
    return notes


def _estimand(counted: pd.DataFrame) -> dict[str, pd.Series]:
    return {column: counted[column].astype(str) for column in ("trial", "population", "endpoint", "visit", "category")}

"""`validate_trial`: describe a trial as it was read, and decide if `write_report` can make a report of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.intercurrent.events import intercurrent_events
from botox_analysis.endpoints.safety.emergent import adverse_event_table, safety_population
from botox_analysis.errors import DataError, FitError, listed, require_trial
from botox_analysis.frames.handling import TREATMENT_POLICY
from botox_analysis.frames.schema import BASELINE, HIGHER
from botox_analysis.models.descriptive.baseline_and_change import DATES, FACTOR, MAX_LEVELS, NUMBER, kind_of_covariate
from botox_analysis.models.imputation.fit import ImputedFit
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.report.analysis.efficacy import analyse_endpoint
from botox_analysis.report.analysis.left_out import attempt
from botox_analysis.report.analysis.parts import Efficacy
from botox_analysis.report.analysis.plan import Plan, efficacy_population, endpoints_in_order, plan_of
from botox_analysis.report.analysis.planned import response
from botox_analysis.trials.layout import COLUMNS, TABLES
from botox_analysis.trials.overview import details_of_tables, sources_of
from botox_analysis.trials.trial import ALL_RANDOMISED, Trial

UNDERSTOOD = ("what", "found")
"""Columns of the description."""

_WIDTH = 110
_FEW_VALUES = 6
"""A number with at most so many different whole values may be a code."""

_SHOWN = 10
"""Levels of a factor that are shown."""

_MOST_KEPT = 30
"""Columns beyond the layout that are shown."""

Fact = tuple[str, str]


@dataclass(frozen=True)
class Validation:
    """A trial as it was read, and the decision if a report can be made of it.

    Attributes
    ----------
    understood : DataFrame
        Columns ``what`` (the item) and ``found``. The items are arms and the reference, populations, kinds of covariates,
        endpoints with their visits, and intercurrent events. If a report can be made, the primary analysis follows. Each arm is
        a row.
    left_out : DataFrame
        Rows left out, merged or assumed in reading: where, reason, n.
    refusal : str
        The error of `write_report`; empty if it makes a report.

    Examples
    --------
    >>> validation = ba.validate_trial(trial)
    >>> validation.report, validation.refusal
    ('yes', '')
    >>> validation.understood.query("what == 'arm'")["found"].tolist()
    ['placebo: 696, the reference', 'onabotulinumtoxinA: 688']
    """

    understood: pd.DataFrame
    left_out: pd.DataFrame
    refusal: str

    @property
    def report(self) -> str:
        """The decision: ``"yes"``, or ``"no, because ..."``.

        Examples
        --------
        >>> ba.validate_trial(trial).report
        'yes'
        """
        return f"no, because {self.refusal}" if self.refusal else "yes"

    def __str__(self) -> str:
        """Write two columns of text, rows left out, and the last line ``report: yes`` or ``report: no, because ...``."""
        rows = list(self.understood.itertuples(index=False, name=None))
        facts = rows + [("left out", f"{where}: {reason} ({n:,})") for where, reason, n in self.left_out.itertuples(index=False)]
        width = max(len(what) for what, _ in facts) + 2
        lines: list[str] = []
        for what, found in groupby(facts, key=lambda fact: fact[0]):
            first = what.ljust(width)
            for _, text in found:
                lines += textwrap.wrap(
                    text, _WIDTH, initial_indent=first, subsequent_indent=" " * (width + 2), break_long_words=False
                ) or [first.rstrip()]
                first = " " * width
        return "\n".join([*lines, f"report: {self.report}"])


def validate_trial(trial: Trial) -> Validation:
    """Describe a trial as it was read, and decide if `write_report` can make a report of it.

    The primary model is fitted by the functions of the report, so that both give the same decision. A secondary endpoint or a
    sensitivity analysis that fails does not end a report, and is counted in it.

    Parameters
    ----------
    trial : Trial
        Trial with all randomised subjects.

    Returns
    -------
    Validation
        Text for `print`, and frames.

    Raises
    ------
    DataError
        The argument is no `Trial`.

    Examples
    --------
    >>> ba.validate_trial(trial).report
    'yes'
    """
    require_trial(trial)
    facts = [*_of_subjects(trial), *_of_tables(trial), *_of_events(trial), *_of_endpoints(trial)]
    refusal = ""
    try:
        plan = plan_of(trial)
        facts += _of_plan(plan)
        primary = analyse_endpoint(plan.primary)
        facts += [("missing values", _missing(primary)), ("model", _model(primary, plan))]
    except (DataError, FitError) as error:
        refusal = str(error)
    return Validation(pd.DataFrame(facts, columns=list(UNDERSTOOD)), trial.left_out, refusal)


def _of_subjects(trial: Trial) -> Iterable[Fact]:
    subjects = trial.subjects
    yield "trial", trial.name
    if trial.provenance.get("simulated") == "yes":
        yield "", "simulated data: nobody in this trial exists"
    for table, source in sources_of(trial.provenance).items():
        frame = getattr(trial, table)
        yield "read", f"{table.replace('_', ' ')} from {source}: {len(frame):,} rows, {len(frame.columns):,} columns"
    yield "subjects", wording.count(len(subjects))
    n_of = subjects["arm"].value_counts(sort=False)
    for number, arm in enumerate(trial.arms):
        yield "arm", f"{arm}: {n_of[arm]:,}{', the reference' if number == 0 and len(trial.arms) > 1 else ''}"
    for population in trial.populations:
        used = [f"{use} population" for use, name in _used(trial).items() if name == population]
        yield "population", f"{population}: {int(subjects[population].sum()):,}{''.join(f', the {use}' for use in used)}"
    for name in trial.covariates:
        planned = ", a covariate of the protocol" if name in trial.protocol.covariates else ""
        yield "covariate", f"{name}: {_kind(subjects[name])}{planned}"


def _used(trial: Trial) -> dict[str, str]:
    return {"efficacy": efficacy_population(trial), "safety": safety_population(trial)}


def _kind(column: pd.Series) -> str:
    """Describe a covariate: a number with its range, a factor with its levels, or another kind."""
    known = column.dropna()
    missing = f"; {len(column) - len(known):,} missing" if len(known) < len(column) else ""
    kind = kind_of_covariate(column)
    if known.empty:
        return "missing in every row"
    if kind == NUMBER:
        values = np.unique(known.to_numpy(dtype=float))
        if len(values) <= _FEW_VALUES and (values == np.floor(values)).all():
            shown = ", ".join(f"{value:g}" for value in values)
            return f"a number with the values {shown} (a factor if it is named under factors){missing}"
        return f"a number from {values[0]:g} to {values[-1]:g}{missing}"
    if kind == DATES:
        return f"dates, in no table or model{missing}"
    if kind != FACTOR:
        return f"a text with more than {MAX_LEVELS} different words, in no table{missing}"
    n_of = known.astype(str).value_counts(sort=False).sort_index()
    shown = ", ".join(f"'{level}' {n:,}" for level, n in n_of.head(_SHOWN).items())
    more = f", and {len(n_of) - _SHOWN} more levels" if len(n_of) > _SHOWN else ""
    return f"a factor: {shown}{more}{missing}"


def _of_tables(trial: Trial) -> Iterable[Fact]:
    for what, table in (("diary", trial.diary), ("assessments", trial.assessments), ("adverse events", trial.adverse_events)):
        if table is None:
            yield what, "no table"
            continue
        rows = f"{len(table):,} rows of {table['subject'].nunique():,} subjects"
        day = table.get("day", table.get("onset_day"))
        dated = day is not None and bool(day.notna().any())
        yield what, f"{rows}, study days {day.min():g} to {day.max():g}" if dated and day is not None else rows
        if table is trial.adverse_events:
            yield "", f"{adverse_event_table(trial)['term'].nunique():,} different terms"
    yield from details_of_tables({name: getattr(trial, name) for name in TABLES}, len(trial.subjects))
    for name in TABLES[1:]:
        table = getattr(trial, name)
        kept = [] if table is None else [str(column) for column in table.columns if column not in COLUMNS[name]]
        if kept:
            yield "kept, not read", f"{name.replace('_', ' ')}: {listed(kept, n_shown=_MOST_KEPT)}"


def _of_events(trial: Trial) -> Iterable[Fact]:
    """List the kinds of intercurrent events, with the strategies for the values after them."""
    events, strategies = intercurrent_events(trial), trial.protocol.intercurrent
    for kind in dict.fromkeys(events["kind"]):
        n = events.loc[events["kind"] == kind, "subject"].nunique()
        strategy = strategies.get(kind, "no strategy named" if strategies else f"{TREATMENT_POLICY} (no strategy is named)")
        yield "intercurrent event", f"{kind}: {n:,} subjects; {strategy}"
    if events.empty:
        yield "intercurrent event", "none recorded"


def _of_endpoints(trial: Trial) -> Iterable[Fact]:
    none: list[Endpoint] = []
    endpoints, failed = attempt(lambda: endpoints_in_order(trial), none, "", 0)
    if failed:
        yield "endpoint", failed[0].reason
    for number, endpoint in enumerate(endpoints):
        primary = ", the primary endpoint" if number == 0 else ""
        yield "endpoint", f"{endpoint.label}{primary}: {_course(endpoint, trial)}"


def _course(endpoint: Endpoint, trial: Trial) -> str:
    """List the visits of an endpoint in order of time, after its baseline where there is one."""
    wide, failed = attempt(lambda: endpoint.measure(trial), pd.DataFrame(), "", 0)
    if failed:
        return failed[0].reason
    visits = [str(visit) for visit in wide.columns if visit != BASELINE]
    has_baseline = BASELINE in wide.columns and bool(wide[BASELINE].notna().any())
    first = f"{BASELINE}, then " if has_baseline else f"no {BASELINE}; "
    return first + (", ".join(visits) or "no visit")


def _of_plan(plan: Plan) -> Iterable[Fact]:
    planned, primary = plan.trial.protocol, plan.primary
    yield "primary visit", f"{plan.visit}{'' if planned.visit else ' (the last visit at which arms can be compared)'}"
    for use, name in _used(plan.trial).items():
        n = len(plan.trial.subjects) if name == ALL_RANDOMISED else int(plan.trial.subjects[name].sum())
        if use == "efficacy" or plan.safe is not None:
            yield use, f"in {name}: {n:,} subjects"
    yield "compared", "changes from baseline" if primary.response == "change" else "values, since there is no baseline"
    yield "response", _response(plan)
    if isinstance(primary.endpoint, DiaryEndpoint):
        yield "diary rule", primary.endpoint.rule.handling
    if plan.family:
        yield "adjusted together", f"{listed(plan.family)}, by {planned.multiplicity['method']}"


def _response(plan: Plan) -> str:
    """Define a response, or state why no response is defined."""
    if plan.primary.response != "change":
        return "none, since there is no baseline"
    if plan.primary.endpoint.better == HIGHER and not plan.trial.protocol.points:
        return "none, since higher values are better and the protocol names no points"
    return response(plan.trial.protocol, plan.primary.endpoint.better)


def _missing(primary: Efficacy) -> str:
    return primary.missing


def _model(primary: Efficacy, plan: Plan) -> str:
    fit, names = primary.fit, [name.replace("_", " ") for name in plan.primary.covariates]
    adjusted = f"adjusted for {wording.joined(names)}" if names else "unadjusted"
    if isinstance(fit, ImputedFit):
        return f"analysis of covariance at each visit of {len(fit.imputations)} completed data sets, {adjusted}"
    if isinstance(fit, MmrmFit):
        return f"mixed model for repeated measures, {fit.covariance_structure.words} covariance, {adjusted}"
    return f"analysis of covariance at each visit, {adjusted}"

"""From a trial's raw diaries to its published figures.

One rule carries the library: a `Trial` is measured by an `Endpoint`, which gives *outcomes*; a model of outcomes gives
*estimates*; figures and tables show estimates and nothing else.

    load_trial, fetch_trial, simulate_trial, as_trial          files, frames or a seed -> Trial
    Trial.restrict                                             Trial -> Trial of one population
    Endpoint.derive, as_outcomes                               Trial or a tidy frame -> outcomes
    impute                                                     outcomes -> completed outcomes
    responders                                                 outcomes -> events
    adverse_events, disposition                                Trial -> events
    fit_ancova (then .means(), .differences())                 outcomes -> estimates
    describe, describe_change                                  Trial, outcomes -> estimates
    event_rates, compare_rates                                 events -> estimates
    plot_*, table_*                                            estimates -> a picture, a frame of text
    write_report, check_report                                 Trial -> a folder with the report

Outcomes, events and estimates are plain pandas frames; `botox_analysis.schema` lists their columns.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botox_analysis.endpoints.adverse_events import adverse_events
    from botox_analysis.endpoints.diary import (
        ACUTE_MEDICATION_DAYS,
        HEADACHE_DAYS,
        HEADACHE_HOURS,
        MIGRAINE_DAYS,
        MODERATE_SEVERE_DAYS,
        diary_endpoint,
        diary_endpoints_of,
        select_diaries,
    )
    from botox_analysis.endpoints.diary_rule import (
        ANY_DURATION,
        AT_LEAST_20,
        CHARM,
        COMPLETE,
        HALF_HOUR,
        PREEMPT,
        DiaryRule,
    )
    from botox_analysis.endpoints.disposition import disposition
    from botox_analysis.endpoints.endpoint import Endpoint, as_outcomes
    from botox_analysis.endpoints.responders import responders
    from botox_analysis.endpoints.scales import HIT_6, PAIN_RATING, TWSTRS, endpoints_of, scale
    from botox_analysis.figures.adverse_events import plot_adverse_events
    from botox_analysis.figures.calendar import plot_calendar
    from botox_analysis.figures.course import plot_course
    from botox_analysis.figures.distribution import plot_distribution
    from botox_analysis.figures.flow import plot_flow
    from botox_analysis.figures.forest import plot_forest
    from botox_analysis.figures.responder_curve import plot_responder_curve
    from botox_analysis.figures.style import save_figure
    from botox_analysis.models.ancova import fit_ancova
    from botox_analysis.models.descriptives import describe, describe_change
    from botox_analysis.models.fit import Fit
    from botox_analysis.models.imputation import impute
    from botox_analysis.models.rates import compare_rates, event_rates
    from botox_analysis.report.check import check_report
    from botox_analysis.report.write import write_report
    from botox_analysis.schema import DataError, FitError
    from botox_analysis.tables.adverse_events import table_adverse_events
    from botox_analysis.tables.baseline import table_baseline
    from botox_analysis.tables.disposition import table_disposition
    from botox_analysis.tables.efficacy import table_efficacy
    from botox_analysis.tables.responders import table_responders
    from botox_analysis.trials.bundled import bundled_data, load_published, open_trial
    from botox_analysis.trials.fetch import fetch_trial
    from botox_analysis.trials.read import load_trial
    from botox_analysis.trials.simulate import simulate_trial
    from botox_analysis.trials.trial import Protocol, Trial, as_trial

__version__ = "0.1.0"

_HOMES = {
    "endpoints.adverse_events": ["adverse_events"],
    "endpoints.diary": [
        "ACUTE_MEDICATION_DAYS",
        "HEADACHE_DAYS",
        "HEADACHE_HOURS",
        "MIGRAINE_DAYS",
        "MODERATE_SEVERE_DAYS",
        "diary_endpoint",
        "diary_endpoints_of",
        "select_diaries",
    ],
    "endpoints.diary_rule": ["ANY_DURATION", "AT_LEAST_20", "CHARM", "COMPLETE", "HALF_HOUR", "PREEMPT", "DiaryRule"],
    "endpoints.disposition": ["disposition"],
    "endpoints.endpoint": ["Endpoint", "as_outcomes"],
    "endpoints.responders": ["responders"],
    "endpoints.scales": ["HIT_6", "PAIN_RATING", "TWSTRS", "endpoints_of", "scale"],
    "figures.adverse_events": ["plot_adverse_events"],
    "figures.calendar": ["plot_calendar"],
    "figures.course": ["plot_course"],
    "figures.distribution": ["plot_distribution"],
    "figures.flow": ["plot_flow"],
    "figures.forest": ["plot_forest"],
    "figures.responder_curve": ["plot_responder_curve"],
    "figures.style": ["save_figure"],
    "models.ancova": ["fit_ancova"],
    "models.descriptives": ["describe", "describe_change"],
    "models.fit": ["Fit"],
    "models.imputation": ["impute"],
    "models.rates": ["compare_rates", "event_rates"],
    "report.check": ["check_report"],
    "report.write": ["write_report"],
    "schema": ["DataError", "FitError"],
    "tables.adverse_events": ["table_adverse_events"],
    "tables.baseline": ["table_baseline"],
    "tables.disposition": ["table_disposition"],
    "tables.efficacy": ["table_efficacy"],
    "tables.responders": ["table_responders"],
    "trials.bundled": ["bundled_data", "load_published", "open_trial"],
    "trials.fetch": ["fetch_trial"],
    "trials.read": ["load_trial"],
    "trials.simulate": ["simulate_trial"],
    "trials.trial": ["Protocol", "Trial", "as_trial"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    """A public name, its module imported when it is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'botox_analysis' has no attribute {name!r}")
    found = getattr(import_module(f"botox_analysis.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names."""
    return __all__

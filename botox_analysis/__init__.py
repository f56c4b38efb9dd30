"""From a trial's raw diaries to its published figures.

One rule carries the library: a `Trial` is measured by an `Endpoint`, which gives *outcomes*; a model of outcomes gives
*estimates*; figures and tables show estimates and nothing else.

    load_trial, fetch_trial, simulate_trial, as_trial          files, frames or a seed -> Trial
    Trial.restrict                                             Trial -> Trial of one population
    Endpoint.derive, as_outcomes                               Trial or a tidy frame -> outcomes
    impute                                                     outcomes -> completed outcomes
    responders                                                 outcomes -> events
    adverse_events, disposition                                Trial -> events
    fit_mmrm, fit_ancova (then .means(), .differences())       outcomes -> estimates
    bootstrap, jackknife                                       a fit -> estimates with other limits
    describe, describe_change                                  Trial, outcomes -> estimates
    event_rates, compare_rates                                 events -> estimates
    plot_*, table_*                                            estimates -> a picture, a frame of text
    write_report, check_report                                 Trial -> a folder with the report

Outcomes, events and estimates are plain pandas frames; `botox_analysis.schema` lists their columns.
"""

import lazy_loader

# The names are in __init__.pyi, for type checkers and for this line; a module is imported when a name of it is first asked for.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"

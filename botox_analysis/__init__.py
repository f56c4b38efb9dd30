"""From a trial's raw diaries to its published figures.

One rule carries the library: a `Trial` is measured by an `Endpoint`, which gives *outcomes*; a model of outcomes gives
*estimates*; figures and tables show estimates and nothing else.

    draft_settings                                             a folder of files -> a draft of its trial.toml
    load_trial, fetch_trial, simulate_trial, as_trial          files, frames or a seed -> Trial
    validate_trial                                             Trial -> what was understood, and whether a report can be made
    Trial.restrict                                             Trial -> Trial of one population
    Endpoint.derive, as_outcomes                               Trial or a tidy frame -> outcomes
    intercurrent_events, address_events                        Trial -> events with their day; outcomes -> outcomes
    impute                                                     outcomes -> completed outcomes, once or many times
    impute_diary, impute_counts                                Trial, outcomes -> outcomes completed many times
    pool_imputations, pool_responders                          imputations -> estimates
    shift_imputations, tipping_point, tipping_delta            imputations -> imputations; -> estimates
    sensitivity                                                outcomes -> estimates under every handling of what is missing
    missing_reasons, missing_values, describe_dropout          outcomes -> who is missing when and why
    responders, continuation                                   outcomes -> events
    adverse_events, disposition, prevalence                    Trial -> events
    first_response, first_event                                outcomes, Trial -> times; events_by_cycle: times -> events
    fit_mmrm, fit_ancova, fit_counts, fit_binary               outcomes -> a fit: .means(), .differences(), ...
    bootstrap, jackknife                                       a fit -> estimates with other limits
    likelihood_ratio                                           two fits -> the test that the smaller model is enough
    compare_ranks                                              outcomes -> estimates
    describe, describe_change                                  Trial, outcomes -> estimates
    event_rates, compare_rates, homogeneity                    events -> estimates
    event_curve, event_quantiles, restricted_means,            times -> estimates
      compare_times
    mean_cumulative, onset_and_duration                        Trial -> estimates
    number_needed, exponentiate, non_inferiority,              estimates -> estimates
      adjust_multiplicity
    plot_*, table_*                                            estimates -> a picture, a frame of text
    write_report, check_report                                 Trial -> a folder with the report

Outcomes, events, times and estimates are plain pandas frames; `botox_analysis.frames` lists their columns.

Examples begin where these lines end:

    import botox_analysis as ba
    trial = ba.open_trial("simulated")
    outcomes = ba.HEADACHE_DAYS.derive(trial.restrict("itt"))
    fit = ba.fit_mmrm(outcomes)
"""

import lazy_loader

# The names are in __init__.pyi, for type checkers and for this line; a module is imported when a name of it is first asked for.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"

"""From a trial's raw diaries to its published figures.

One rule carries the library. A `Trial` is measured by an `Endpoint`, which gives *outcomes*. A model of outcomes gives
*estimates*. Figures and tables show estimates and nothing else.

Read
    draft_settings                                      a folder of files -> a draft of its trial.toml
    load_trial, open_trial, fetch_trial, as_trial       files, a name, frames -> Trial
    load_adam                                           a folder of analysis data sets of CDISC -> Trial
    simulate_trial                                      a seed -> Trial
    write_trial                                         Trial -> files that load_trial reads as the same trial
    validate_trial                                      Trial -> its description, and if a report can be made
    bundled_data, load_published                        the data that come with the library
    Trial.restrict                                      Trial -> Trial of one population
Measure
    HEADACHE_DAYS and others, scale, endpoints_of       endpoints; Endpoint.derive: Trial -> outcomes
    as_outcomes                                         a tidy frame -> outcomes
    responders, disposition                             outcomes, Trial -> events
    diary.endpoint, diary.select, diary.unknown_days    diaries and their rules (diary.PREEMPT, diary.CHARM, ...)
    diary.continuation                                  outcomes -> events, by a rule such as diary.NICE_TA260
    safety.counts, safety.prevalence                    Trial -> events
    safety.listing, safety.onsets, safety.time_at_risk  Trial -> a row per event or subject
    safety.counts_per_subject                           Trial -> outcomes
    safety.order_by_frequency                           events, estimates -> the same in the order of frequency
    times.first_response, times.first_event             outcomes, Trial -> times; times.by_cycle: times -> events
    times.recorded                                      Trial with event_times -> times
Missing values and intercurrent events
    intercurrent.events, intercurrent.address           Trial -> events with their day; outcomes -> outcomes by strategy
    intercurrent.counts, intercurrent.visits_after      outcomes -> events; -> which visits are after an event
    missing.values, missing.reasons, missing.dropout    outcomes -> events; -> reasons; -> estimates
    missing.fill                                        outcomes -> outcomes with one value for each missing one
    missing.impute, missing.conditional_means           outcomes -> outcomes completed many times (Imputations)
    missing.impute_diary, missing.impute_counts         Trial, outcomes -> Imputations
    missing.sensitivity                                 outcomes -> estimates under every handling of missing values
    Imputations: pool, pool_responders, shift, tipping_surface, tipping_point
Compare
    fit_mmrm, fit_ancova, fit_counts, fit_binary        outcomes -> a fit: means(), differences(), contrasts(), summary()
                                                        (advanced.AnyFit); bootstrap(), jackknife(), likelihood_ratio(smaller)
    compare_ranks                                       outcomes -> estimates
    describe_baseline, describe_change                  Trial, outcomes -> estimates
    event_rates, compare_rates, homogeneity             events -> estimates
    times.curve, times.quantiles                        times -> estimates
    times.restricted_means, times.compare               times -> estimates
    safety.mean_cumulative, safety.onset_and_duration   Trial -> estimates
    number_needed, exponentiate, non_inferiority        estimates -> estimates
    adjust_multiplicity                                 estimates -> estimates; with a graph: advanced.TestingGraph
    advanced.crossproducts, advanced.fit_crossproducts  outcomes -> sums; sums -> a fit
    advanced.fit_many                                   many sums -> many fits
Show
    plot.forest, plot.course, ... plot.save             estimates -> a picture, files
    table.efficacy, table.responders, ...               estimates -> a frame of text
    write_report, check_report                          Trial -> a folder with the report

Outcomes, events, times and estimates are plain pandas frames; `botox_analysis.frames` lists their columns.

Examples begin where these lines end:

    import botox_analysis as ba
    trial = ba.open_trial("simulated")
    outcomes = ba.HEADACHE_DAYS.derive(trial.restrict("itt"))
    fit = ba.fit_mmrm(outcomes)
"""

import lazy_loader

# The names are in __init__.pyi, for type checkers and for this line; a module is imported when a name of it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"

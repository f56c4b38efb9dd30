"""The public names; `botox_analysis/__init__.py` reads them from here."""

from .endpoints.adverse_events import adverse_events as adverse_events
from .endpoints.continuation import (
    NICE as NICE,
)
from .endpoints.continuation import (
    PBS as PBS,
)
from .endpoints.continuation import (
    ContinuationRule as ContinuationRule,
)
from .endpoints.continuation import (
    continuation as continuation,
)
from .endpoints.diary import (
    ACUTE_MEDICATION_DAYS as ACUTE_MEDICATION_DAYS,
)
from .endpoints.diary import (
    HEADACHE_DAYS as HEADACHE_DAYS,
)
from .endpoints.diary import (
    HEADACHE_HOURS as HEADACHE_HOURS,
)
from .endpoints.diary import (
    MIGRAINE_DAYS as MIGRAINE_DAYS,
)
from .endpoints.diary import (
    MODERATE_SEVERE_DAYS as MODERATE_SEVERE_DAYS,
)
from .endpoints.diary import (
    diary_endpoint as diary_endpoint,
)
from .endpoints.diary import (
    diary_endpoints_of as diary_endpoints_of,
)
from .endpoints.diary import (
    select_diaries as select_diaries,
)
from .endpoints.diary import (
    unknown_days as unknown_days,
)
from .endpoints.diary_rule import (
    ANY_DURATION as ANY_DURATION,
)
from .endpoints.diary_rule import (
    AT_LEAST_20 as AT_LEAST_20,
)
from .endpoints.diary_rule import (
    CHARM as CHARM,
)
from .endpoints.diary_rule import (
    COMPLETE as COMPLETE,
)
from .endpoints.diary_rule import (
    HALF_HOUR as HALF_HOUR,
)
from .endpoints.diary_rule import (
    PREEMPT as PREEMPT,
)
from .endpoints.diary_rule import (
    DiaryRule as DiaryRule,
)
from .endpoints.disposition import disposition as disposition
from .endpoints.emergent_rule import (
    AS_FLAGGED as AS_FLAGGED,
)
from .endpoints.emergent_rule import (
    FROM_DAY_1 as FROM_DAY_1,
)
from .endpoints.emergent_rule import (
    WITHIN_30_DAYS as WITHIN_30_DAYS,
)
from .endpoints.emergent_rule import (
    EmergentRule as EmergentRule,
)
from .endpoints.endpoint import (
    Endpoint as Endpoint,
)
from .endpoints.endpoint import (
    as_outcomes as as_outcomes,
)
from .endpoints.event_history import (
    event_counts as event_counts,
)
from .endpoints.event_history import (
    list_onsets as list_onsets,
)
from .endpoints.event_history import (
    prevalence as prevalence,
)
from .endpoints.event_listing import (
    list_adverse_events as list_adverse_events,
)
from .endpoints.event_listing import (
    list_time_at_risk as list_time_at_risk,
)
from .endpoints.first_times import (
    events_by_cycle as events_by_cycle,
)
from .endpoints.first_times import (
    first_event as first_event,
)
from .endpoints.first_times import (
    first_response as first_response,
)
from .endpoints.intercurrent import (
    address_events as address_events,
)
from .endpoints.intercurrent import (
    intercurrent_counts as intercurrent_counts,
)
from .endpoints.intercurrent import (
    intercurrent_events as intercurrent_events,
)
from .endpoints.intercurrent import (
    visits_after as visits_after,
)
from .endpoints.missing import (
    missing_reasons as missing_reasons,
)
from .endpoints.missing import (
    missing_values as missing_values,
)
from .endpoints.responders import responders as responders
from .endpoints.scales import (
    HIT_6 as HIT_6,
)
from .endpoints.scales import (
    PAIN_RATING as PAIN_RATING,
)
from .endpoints.scales import (
    TWSTRS as TWSTRS,
)
from .endpoints.scales import (
    endpoints_of as endpoints_of,
)
from .endpoints.scales import (
    scale as scale,
)
from .figures.adverse_events import plot_adverse_events as plot_adverse_events
from .figures.butterfly import plot_butterfly as plot_butterfly
from .figures.calendar import plot_calendar as plot_calendar
from .figures.course import plot_course as plot_course
from .figures.covariance import plot_covariance as plot_covariance
from .figures.distribution import plot_distribution as plot_distribution
from .figures.dropout import plot_dropout as plot_dropout
from .figures.event_curve import plot_event_curve as plot_event_curve
from .figures.flow import plot_flow as plot_flow
from .figures.forest import plot_forest as plot_forest
from .figures.missing import plot_missing as plot_missing
from .figures.multiplicity_graph import plot_multiplicity_graph as plot_multiplicity_graph
from .figures.onset_raster import plot_onset_raster as plot_onset_raster
from .figures.residuals import plot_residuals as plot_residuals
from .figures.responder_curve import plot_responder_curve as plot_responder_curve
from .figures.severity import plot_severity as plot_severity
from .figures.style import save_figure as save_figure
from .figures.tipping_point import plot_tipping_point as plot_tipping_point
from .figures.volcano import plot_volcano as plot_volcano
from .models.adverse_event_order import order_by_frequency as order_by_frequency
from .models.ancova import fit_ancova as fit_ancova
from .models.binary import fit_binary as fit_binary
from .models.conclusions import (
    exponentiate as exponentiate,
)
from .models.conclusions import (
    non_inferiority as non_inferiority,
)
from .models.conclusions import (
    number_needed as number_needed,
)
from .models.count_imputation import impute_counts as impute_counts
from .models.counts import fit_counts as fit_counts
from .models.descriptives import (
    describe as describe,
)
from .models.descriptives import (
    describe_change as describe_change,
)
from .models.diary_imputation import impute_diary as impute_diary
from .models.dropout import describe_dropout as describe_dropout
from .models.fit import Fit as Fit
from .models.hazards import compare_times as compare_times
from .models.imputation import impute as impute
from .models.imputations import Imputations as Imputations
from .models.likelihood_ratio import likelihood_ratio as likelihood_ratio
from .models.mmrm import (
    fit_crossproducts as fit_crossproducts,
)
from .models.mmrm import (
    fit_mmrm as fit_mmrm,
)
from .models.mmrm_refusals import FALL_BACK as FALL_BACK
from .models.multiplicity import adjust_multiplicity as adjust_multiplicity
from .models.pooled_responders import pool_responders as pool_responders
from .models.pooling import pool_imputations as pool_imputations
from .models.ranks import compare_ranks as compare_ranks
from .models.rates import (
    compare_rates as compare_rates,
)
from .models.rates import (
    event_rates as event_rates,
)
from .models.recurrent import (
    mean_cumulative as mean_cumulative,
)
from .models.recurrent import (
    onset_and_duration as onset_and_duration,
)
from .models.repeated import crossproducts as crossproducts
from .models.resampling import (
    bootstrap as bootstrap,
)
from .models.resampling import (
    fit_many as fit_many,
)
from .models.resampling import (
    jackknife as jackknife,
)
from .models.resampling import (
    refit_weighted as refit_weighted,
)
from .models.sensitivity import sensitivity as sensitivity
from .models.shifts import (
    shift_imputations as shift_imputations,
)
from .models.standardised import StandardisedFit as StandardisedFit
from .models.strata import homogeneity as homogeneity
from .models.testing_graph import TestingGraph as TestingGraph
from .models.times import (
    event_curve as event_curve,
)
from .models.times import (
    event_quantiles as event_quantiles,
)
from .models.times import (
    restricted_means as restricted_means,
)
from .models.tipping import (
    tipping_delta as tipping_delta,
)
from .models.tipping import (
    tipping_point as tipping_point,
)
from .numerics.reference_based import (
    REFERENCE_BASED as REFERENCE_BASED,
)
from .numerics.reference_based import (
    Normal as Normal,
)
from .refusal import (
    DataError as DataError,
)
from .refusal import (
    FitError as FitError,
)
from .report.check import check_report as check_report
from .report.validation import (
    Validation as Validation,
)
from .report.validation import (
    validate_trial as validate_trial,
)
from .report.write import write_report as write_report
from .tables.adverse_events import table_adverse_events as table_adverse_events
from .tables.baseline import table_baseline as table_baseline
from .tables.disposition import table_disposition as table_disposition
from .tables.efficacy import (
    table_change as table_change,
)
from .tables.efficacy import (
    table_efficacy as table_efficacy,
)
from .tables.event_levels import (
    table_relation as table_relation,
)
from .tables.event_levels import (
    table_severity as table_severity,
)
from .tables.incidence import table_incidence as table_incidence
from .tables.listing import table_listing as table_listing
from .tables.missing import table_missing as table_missing
from .tables.multiplicity import table_multiplicity as table_multiplicity
from .tables.responders import table_responders as table_responders
from .tables.sensitivity import table_sensitivity as table_sensitivity
from .trials.bundled import (
    bundled_data as bundled_data,
)
from .trials.bundled import (
    load_published as load_published,
)
from .trials.bundled import (
    open_trial as open_trial,
)
from .trials.drafts.draft import draft_settings as draft_settings
from .trials.fetch import fetch_trial as fetch_trial
from .trials.read import load_trial as load_trial
from .trials.simulate import simulate_trial as simulate_trial
from .trials.trial import (
    Protocol as Protocol,
)
from .trials.trial import (
    Trial as Trial,
)
from .trials.trial import (
    as_trial as as_trial,
)

__version__: str

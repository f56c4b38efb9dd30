"""The public names; `botox_analysis/__init__.py` reads them from here."""

from .endpoints.diary.endpoints import (
    ACUTE_MEDICATION_DAYS as ACUTE_MEDICATION_DAYS,
)
from .endpoints.diary.endpoints import (
    HEADACHE_DAYS as HEADACHE_DAYS,
)
from .endpoints.diary.endpoints import (
    HEADACHE_HOURS as HEADACHE_HOURS,
)
from .endpoints.diary.endpoints import (
    MIGRAINE_DAYS as MIGRAINE_DAYS,
)
from .endpoints.diary.endpoints import (
    MODERATE_SEVERE_DAYS as MODERATE_SEVERE_DAYS,
)
from .endpoints.diary.endpoints import (
    diary_endpoint as diary_endpoint,
)
from .endpoints.diary.endpoints import (
    diary_endpoints_of as diary_endpoints_of,
)
from .endpoints.diary.endpoints import (
    select_diaries as select_diaries,
)
from .endpoints.diary.endpoints import (
    unknown_days as unknown_days,
)
from .endpoints.diary.rule import (
    ANY_DURATION as ANY_DURATION,
)
from .endpoints.diary.rule import (
    AT_LEAST_20 as AT_LEAST_20,
)
from .endpoints.diary.rule import (
    CHARM as CHARM,
)
from .endpoints.diary.rule import (
    COMPLETE as COMPLETE,
)
from .endpoints.diary.rule import (
    HALF_HOUR as HALF_HOUR,
)
from .endpoints.diary.rule import (
    PREEMPT as PREEMPT,
)
from .endpoints.diary.rule import (
    DiaryRule as DiaryRule,
)
from .endpoints.disposition import disposition as disposition
from .endpoints.endpoint import (
    Endpoint as Endpoint,
)
from .endpoints.intercurrent.events import (
    address_events as address_events,
)
from .endpoints.intercurrent.events import (
    intercurrent_counts as intercurrent_counts,
)
from .endpoints.intercurrent.events import (
    intercurrent_events as intercurrent_events,
)
from .endpoints.intercurrent.events import (
    visits_after as visits_after,
)
from .endpoints.intercurrent.missing import (
    missing_reasons as missing_reasons,
)
from .endpoints.intercurrent.missing import (
    missing_values as missing_values,
)
from .endpoints.outcomes import (
    as_outcomes as as_outcomes,
)
from .endpoints.response.continuation import (
    NICE as NICE,
)
from .endpoints.response.continuation import (
    PBS as PBS,
)
from .endpoints.response.continuation import (
    ContinuationRule as ContinuationRule,
)
from .endpoints.response.continuation import (
    continuation as continuation,
)
from .endpoints.response.first_times import (
    events_by_cycle as events_by_cycle,
)
from .endpoints.response.first_times import (
    first_event as first_event,
)
from .endpoints.response.first_times import (
    first_response as first_response,
)
from .endpoints.response.responders import responders as responders
from .endpoints.safety.counts import adverse_events as adverse_events
from .endpoints.safety.emergent_rule import (
    AS_FLAGGED as AS_FLAGGED,
)
from .endpoints.safety.emergent_rule import (
    FROM_DAY_1 as FROM_DAY_1,
)
from .endpoints.safety.emergent_rule import (
    WITHIN_30_DAYS as WITHIN_30_DAYS,
)
from .endpoints.safety.emergent_rule import (
    EmergentRule as EmergentRule,
)
from .endpoints.safety.history import (
    event_counts as event_counts,
)
from .endpoints.safety.history import (
    list_onsets as list_onsets,
)
from .endpoints.safety.history import (
    prevalence as prevalence,
)
from .endpoints.safety.listing import (
    list_adverse_events as list_adverse_events,
)
from .endpoints.safety.listing import (
    list_time_at_risk as list_time_at_risk,
)
from .endpoints.safety.order import order_by_frequency as order_by_frequency
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
from .errors import (
    DataError as DataError,
)
from .errors import (
    FitError as FitError,
)
from .figures.checking.covariance import plot_covariance as plot_covariance
from .figures.checking.dropout import plot_dropout as plot_dropout
from .figures.checking.missing import plot_missing as plot_missing
from .figures.checking.multiplicity_graph import plot_multiplicity_graph as plot_multiplicity_graph
from .figures.checking.residuals import plot_residuals as plot_residuals
from .figures.checking.tipping_point import plot_tipping_point as plot_tipping_point
from .figures.drawing.style import save_figure as save_figure
from .figures.efficacy.calendar import plot_calendar as plot_calendar
from .figures.efficacy.course import plot_course as plot_course
from .figures.efficacy.distribution import plot_distribution as plot_distribution
from .figures.efficacy.flow import plot_flow as plot_flow
from .figures.efficacy.forest import plot_forest as plot_forest
from .figures.efficacy.responder_curve import plot_responder_curve as plot_responder_curve
from .figures.safety.adverse_events import plot_adverse_events as plot_adverse_events
from .figures.safety.butterfly import plot_butterfly as plot_butterfly
from .figures.safety.event_curve import plot_event_curve as plot_event_curve
from .figures.safety.onset_raster import plot_onset_raster as plot_onset_raster
from .figures.safety.severity import plot_severity as plot_severity
from .figures.safety.volcano import plot_volcano as plot_volcano
from .models.counts.binary import fit_binary as fit_binary
from .models.counts.counts import fit_counts as fit_counts
from .models.counts.fit import StandardisedFit as StandardisedFit
from .models.descriptive.baseline_and_change import (
    describe as describe,
)
from .models.descriptive.baseline_and_change import (
    describe_change as describe_change,
)
from .models.descriptive.dropout import describe_dropout as describe_dropout
from .models.descriptive.ranks import compare_ranks as compare_ranks
from .models.imputation.imputations import Imputations as Imputations
from .models.imputation.imputing import impute as impute
from .models.imputation.pooled_responders import pool_responders as pool_responders
from .models.imputation.pooling import pool_imputations as pool_imputations
from .models.imputation.strategies import (
    REFERENCE_BASED as REFERENCE_BASED,
)
from .models.linear.ancova import fit_ancova as fit_ancova
from .models.linear.fit import Fit as Fit
from .models.multiplicity.adjustment import adjust_multiplicity as adjust_multiplicity
from .models.multiplicity.testing_graph import TestingGraph as TestingGraph
from .models.rates.conclusions import (
    exponentiate as exponentiate,
)
from .models.rates.conclusions import (
    non_inferiority as non_inferiority,
)
from .models.rates.conclusions import (
    number_needed as number_needed,
)
from .models.rates.rates import (
    compare_rates as compare_rates,
)
from .models.rates.rates import (
    event_rates as event_rates,
)
from .models.rates.strata import homogeneity as homogeneity
from .models.repeated.crossproducts import crossproducts as crossproducts
from .models.repeated.likelihood_ratio import likelihood_ratio as likelihood_ratio
from .models.repeated.mmrm import (
    fit_crossproducts as fit_crossproducts,
)
from .models.repeated.mmrm import (
    fit_mmrm as fit_mmrm,
)
from .models.repeated.refusals import FALL_BACK as FALL_BACK
from .models.repeated.resampling import (
    bootstrap as bootstrap,
)
from .models.repeated.resampling import (
    fit_many as fit_many,
)
from .models.repeated.resampling import (
    jackknife as jackknife,
)
from .models.repeated.resampling import (
    refit_weighted as refit_weighted,
)
from .models.sensitivity.counts import impute_counts as impute_counts
from .models.sensitivity.diary import impute_diary as impute_diary
from .models.sensitivity.panel import sensitivity as sensitivity
from .models.sensitivity.shifts import (
    shift_imputations as shift_imputations,
)
from .models.sensitivity.tipping import (
    tipping_delta as tipping_delta,
)
from .models.sensitivity.tipping import (
    tipping_point as tipping_point,
)
from .models.times.comparisons import compare_times as compare_times
from .models.times.curves import (
    event_curve as event_curve,
)
from .models.times.curves import (
    event_quantiles as event_quantiles,
)
from .models.times.curves import (
    restricted_means as restricted_means,
)
from .models.times.recurrent import (
    mean_cumulative as mean_cumulative,
)
from .models.times.recurrent import (
    onset_and_duration as onset_and_duration,
)
from .numerics.imputation.strategies import (
    Normal as Normal,
)
from .report.check import check_report as check_report
from .report.validation import (
    Validation as Validation,
)
from .report.validation import (
    validate_trial as validate_trial,
)
from .report.write import write_report as write_report
from .tables.efficacy.baseline import table_baseline as table_baseline
from .tables.efficacy.disposition import table_disposition as table_disposition
from .tables.efficacy.efficacy import (
    table_change as table_change,
)
from .tables.efficacy.efficacy import (
    table_efficacy as table_efficacy,
)
from .tables.efficacy.missing import table_missing as table_missing
from .tables.efficacy.multiplicity import table_multiplicity as table_multiplicity
from .tables.efficacy.responders import table_responders as table_responders
from .tables.efficacy.sensitivity import table_sensitivity as table_sensitivity
from .tables.safety.adverse_events import table_adverse_events as table_adverse_events
from .tables.safety.event_levels import (
    table_relation as table_relation,
)
from .tables.safety.event_levels import (
    table_severity as table_severity,
)
from .tables.safety.incidence import table_incidence as table_incidence
from .tables.safety.listing import table_listing as table_listing
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
from .trials.public.fetch import fetch_trial as fetch_trial
from .trials.read import load_trial as load_trial
from .trials.simulated.trial import simulate_trial as simulate_trial
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

"""The public names; `botox_analysis/__init__.py` reads them from here."""

from .endpoints.adverse_events import adverse_events as adverse_events
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
from .endpoints.endpoint import (
    Endpoint as Endpoint,
)
from .endpoints.endpoint import (
    as_outcomes as as_outcomes,
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
from .figures.calendar import plot_calendar as plot_calendar
from .figures.course import plot_course as plot_course
from .figures.covariance import plot_covariance as plot_covariance
from .figures.distribution import plot_distribution as plot_distribution
from .figures.flow import plot_flow as plot_flow
from .figures.forest import plot_forest as plot_forest
from .figures.residuals import plot_residuals as plot_residuals
from .figures.responder_curve import plot_responder_curve as plot_responder_curve
from .figures.style import save_figure as save_figure
from .models.ancova import fit_ancova as fit_ancova
from .models.descriptives import (
    describe as describe,
)
from .models.descriptives import (
    describe_change as describe_change,
)
from .models.fit import Fit as Fit
from .models.imputation import impute as impute
from .models.mmrm import (
    fit_crossproducts as fit_crossproducts,
)
from .models.mmrm import (
    fit_mmrm as fit_mmrm,
)
from .models.mmrm_refusals import FALL_BACK as FALL_BACK
from .models.rates import (
    compare_rates as compare_rates,
)
from .models.rates import (
    event_rates as event_rates,
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
from .refusal import (
    DataError as DataError,
)
from .refusal import (
    FitError as FitError,
)
from .report.check import check_report as check_report
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
from .tables.responders import table_responders as table_responders
from .trials.bundled import (
    bundled_data as bundled_data,
)
from .trials.bundled import (
    load_published as load_published,
)
from .trials.bundled import (
    open_trial as open_trial,
)
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

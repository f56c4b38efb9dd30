"""Rules by which a headache diary is counted, rules of continuation, and endpoints of your own."""

from botox_analysis.endpoints.diary.endpoints import diary_endpoint as endpoint
from botox_analysis.endpoints.diary.endpoints import select_diaries as select
from botox_analysis.endpoints.diary.endpoints import unknown_days as unknown_days
from botox_analysis.endpoints.diary.rule import ANY_DURATION as ANY_DURATION
from botox_analysis.endpoints.diary.rule import AT_LEAST_20 as AT_LEAST_20
from botox_analysis.endpoints.diary.rule import CHARM as CHARM
from botox_analysis.endpoints.diary.rule import COMPLETE as COMPLETE
from botox_analysis.endpoints.diary.rule import HALF_HOUR as HALF_HOUR
from botox_analysis.endpoints.diary.rule import PREEMPT as PREEMPT
from botox_analysis.endpoints.diary.rule import DiaryRule as DiaryRule
from botox_analysis.endpoints.response.continuation import NICE as NICE_TA260
from botox_analysis.endpoints.response.continuation import PBS as PBS
from botox_analysis.endpoints.response.continuation import ContinuationRule as ContinuationRule
from botox_analysis.endpoints.response.continuation import continuation as continuation

__all__ = [
    "ANY_DURATION",
    "AT_LEAST_20",
    "CHARM",
    "COMPLETE",
    "HALF_HOUR",
    "NICE_TA260",
    "PBS",
    "PREEMPT",
    "ContinuationRule",
    "DiaryRule",
    "continuation",
    "endpoint",
    "select",
    "unknown_days",
]

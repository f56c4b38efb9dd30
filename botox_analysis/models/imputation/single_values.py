"""Single imputation by name: last value, baseline or worst value carried forward.

Each rule treats an imputed value as observed: standard errors are too small, and the direction of the bias is unknown in general.
Many protocols and older reports prescribe such rules.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from botox_analysis.cells.of_frames import read_truths
from botox_analysis.errors import DataError, listed, require_choice, require_outcomes
from botox_analysis.frames.agreement import ORIGINS
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.handling import (
    BASELINE_OBSERVATION,
    IMPUTATION_STRATEGIES,
    LAST_MODIFIED,
    LAST_OBSERVATION,
    LAST_OR_BASELINE,
    SINGLE_VALUE_RULES,
    WORST_OBSERVATION,
    SingleValueRule,
    handling_of,
)
from botox_analysis.frames.outcomes import EXPOSURE_DAYS, IMPUTED, Outcomes, better_of_outcomes, grid_of
from botox_analysis.frames.schema import HIGHER
from botox_analysis.numerics.linear.inference import FloatArray


def fill(outcomes: Outcomes, *, rule: SingleValueRule) -> Outcomes:
    """Impute each missing value by a rule, once.

    The imputed value is treated as observed: standard errors are too small, and the direction of the bias is unknown in general.
    Many protocols and older reports prescribe such rules. `missing.impute` includes the uncertainty of imputed values.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with a row for each subject and visit.
    rule : str
        ``"last observation carried forward"``: subjects without any value after baseline stay missing. The same with
        ``", baseline included"``: the baseline counts as an observation. The same with ``", modified"``: the last observation is
        multiplied by the ratio of the means at both visits, in subjects with both. This is our interpretation of the "modified"
        rule of the PREEMPT trials, whose definition we have not seen. ``"baseline observation carried forward"``: the baseline.
        ``"worst observation carried forward"``: the worst value so far, baseline included. The worst is the highest if the column
        ``better`` is ``"lower"``, else the lowest.

    Returns
    -------
    DataFrame
        A new frame of *outcomes*; ``imputed`` is true for imputed values, and ``handling`` contains the rule. Observed values and
        changes are unchanged.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes* or has imputed values. Or the rule needs values, baselines or the column
        ``better``, which are missing.
    ValueError
        The rule is unknown.

    Examples
    --------
    >>> filled = ba.missing.fill(outcomes, rule="last observation carried forward")
    >>> int(outcomes["value"].isna().sum()) > int(filled["value"].isna().sum())
    True
    """
    require_outcomes(outcomes)
    if str(rule) in IMPUTATION_STRATEGIES:
        raise ValueError(
            f"`rule` must be one of {listed(SINGLE_VALUE_RULES)}; got {rule!r}, a strategy of multiple imputation. Try "
            f"missing.impute(outcomes, strategy={rule!r}, ...)."
        )
    require_choice(rule, SINGLE_VALUE_RULES, "rule")
    grid = grid_of(outcomes)
    refuse_absent_rows(outcomes, grid)
    refuse_imputed(outcomes)
    # Outcomes with changes alone have the change carried forward; the baseline is a change of 0.
    carried = "value" if outcomes["value"].notna().any() else "change"
    if carried == "change" and rule == LAST_MODIFIED:
        raise DataError(f"outcomes has changes and no values, but '{LAST_MODIFIED}' multiplies values. Try '{LAST_OBSERVATION}'.")
    if carried == "value" and rule in NEEDS_BASELINE and outcomes["baseline"].isna().all():
        raise DataError(f"outcomes has no baseline, by which '{rule}' imputes missing values; expected the baselines.")
    observed = wide_of(grid, carried)
    before = wide_of(grid, "baseline")[:, 0] if carried == "value" else np.zeros(len(observed))
    # The rule of the worst observation selects the highest; endpoints with better higher values are mirrored.
    is_mirrored = rule == WORST_OBSERVATION and better_of_outcomes(grid, f"rule '{rule}'") == HIGHER
    sign = -1.0 if is_mirrored else 1.0
    return with_values(outcomes, grid, sign * SINGLE_VALUES[rule](sign * observed, sign * before), carried, rule)


def refuse_absent_rows(outcomes: Outcomes, grid: SubjectGrid) -> None:
    """Refuse outcomes with absent rows, whose missing values cannot be imputed or counted.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    grid : SubjectGrid
        Grid of the outcomes.

    Raises
    ------
    DataError
        A subject has no row at a visit; or values are events in person-time.
    """
    n_absent = grid.n_subjects * len(grid.visits) - len(outcomes)
    if n_absent:
        raise DataError(
            f"outcomes lacks {n_absent} rows of its {grid.n_subjects} subjects at {len(grid.visits)} visits; "
            "expected a row for each, observed or missing. Try as_outcomes, which builds them."
        )
    if EXPOSURE_DAYS in outcomes.columns:
        raise DataError("outcomes are counts of events in person-time; expected values at visits. Try missing.impute_counts.")


def refuse_imputed(outcomes: Outcomes) -> None:
    """Refuse outcomes with imputed values.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Raises
    ------
    DataError
        Some values are imputed; the message contains the handling.
    """
    n_imputed = int(read_truths(outcomes[IMPUTED])[0].sum()) if IMPUTED in outcomes.columns else 0
    if n_imputed:
        found = f"'{handling_of(outcomes).missing}', in {n_imputed} rows"
        raise DataError(f"outcomes has imputed values ({found}); expected observed and missing values only.")


def wide_of(grid: SubjectGrid, column: str) -> FloatArray:
    """Arrange a column of outcomes as a table of subjects by visits.

    Parameters
    ----------
    grid : SubjectGrid
        Grid of the outcomes.
    column : str
        A column of numbers.

    Returns
    -------
    ndarray, shape (N, V)
        A copy; absent rows are nan.
    """
    return np.array(grid.wide(grid[column].to_numpy(dtype=float)))


def with_values(outcomes: pd.DataFrame, grid: SubjectGrid, filled: FloatArray, column: str, words: str) -> pd.DataFrame:
    """Insert values for the missing values of outcomes.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* as observed.
    grid : SubjectGrid
        Grid of the outcomes.
    filled : ndarray, shape (N, V)
        Values of `column`; entries at observed values are not used.
    column : str
        ``"value"`` or ``"change"``; the other is computed from it.
    words : str
        Description of the imputation.

    Returns
    -------
    DataFrame
        A new frame of *outcomes*.
    """
    new = filled.ravel() if grid.cell is None else filled.ravel()[grid.cell]
    baseline, value, change, percent = (grid[name].to_numpy(dtype=float, copy=True) for name in ORIGINS)
    missing = np.isnan(value) & np.isnan(change)
    change = np.where(missing, new - baseline if column == "value" else new, change)
    value = np.where(missing, new if column == "value" else baseline + new, value)
    np.divide(100 * change, baseline, out=percent, where=missing & (baseline != 0))
    return outcomes.assign(
        value=value,
        change=change,
        percent_change=percent,
        **handling_of(outcomes).filled_by(words).columns,
        **{IMPUTED: missing & ~(np.isnan(value) & np.isnan(change))},
    )


def _carry_forward(value: FloatArray, baseline: FloatArray) -> FloatArray:  # noqa: ARG001 - one signature for all rules
    return np.asarray(pd.DataFrame(value).ffill(axis=1), dtype=float)


def _carry_forward_baseline(value: FloatArray, baseline: FloatArray) -> FloatArray:
    return _carry_forward(np.column_stack([baseline, value]), baseline)[:, 1:]


def _carry_forward_modified(value: FloatArray, baseline: FloatArray) -> FloatArray:
    course = np.column_stack([baseline, value])
    filled = course.copy()
    for visit in range(1, course.shape[1]):
        both = ~np.isnan(course[:, visit]) & ~np.isnan(course[:, visit - 1])
        lacking = np.isnan(course[:, visit]) & ~np.isnan(filled[:, visit - 1])
        if lacking.any():
            before = course[both, visit - 1].mean() if both.any() else np.nan
            if not before > 0:
                found = f"their mean before is {before:.3g}" if both.any() else "no subject has both"
                raise DataError(
                    f"'{LAST_MODIFIED}' multiplies values at visit {visit} by the ratio of the means of subjects with this visit "
                    f"and the visit before, but {found}; expected a mean above 0."
                )
            filled[lacking, visit] = course[both, visit].mean() / before * filled[lacking, visit - 1]
    return filled[:, 1:]


def _baseline_forward(value: FloatArray, baseline: FloatArray) -> FloatArray:
    return np.where(np.isnan(value), baseline[:, None], value)


def _worst_forward(value: FloatArray, baseline: FloatArray) -> FloatArray:
    return np.where(np.isnan(value), np.fmax.accumulate(np.column_stack([baseline, value]), axis=1)[:, 1:], value)


NEEDS_BASELINE = (LAST_OR_BASELINE, BASELINE_OBSERVATION)

SINGLE_VALUES: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    LAST_OBSERVATION: _carry_forward,
    LAST_MODIFIED: _carry_forward_modified,
    LAST_OR_BASELINE: _carry_forward_baseline,
    BASELINE_OBSERVATION: _baseline_forward,
    WORST_OBSERVATION: _worst_forward,
}
"""Rules by name: functions from values (subjects x visits) and baselines to completed values."""

"""Single values for missing ones, by name: carried forward, or the baseline, or the worst.

Each treats a guess as if it had been seen: standard errors are too small, and the direction of the bias is not known in
general. They are here because many protocols and older reports prescribe them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from botox_analysis.cells.of_frames import read_truths
from botox_analysis.errors import DataError, require_choice, require_outcomes
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
    """Put one value in the place of each missing one, by a rule.

    A value by a rule is a guess that is treated as if it had been seen: standard errors are too small, and the direction of the
    bias is not known in general. Many protocols and older reports prescribe it. `missing.impute` carries the uncertainty.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with the full grid of subjects and visits.
    rule : str
        ``"last observation carried forward"`` (a subject without any value after baseline stays missing), the same
        ``", baseline included"`` (the baseline counts as an observation), the same ``", modified"`` (moved by the ratio of the
        means at both visits of those seen at both: our reading of the "modified" rule of the PREEMPT trials, whose definition
        we have not seen), ``"baseline observation carried forward"``, ``"worst observation carried forward"`` (the worst so far,
        baseline included: the highest where the column ``better`` is ``"lower"``, else the lowest).

    Returns
    -------
    DataFrame
        A new frame of *outcomes*; ``imputed`` is true where a value stands for a missing one, ``handling`` names the rule.
        Observed values and changes are as they were.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, is imputed already, or has no values, or no column ``better``, where the
        rule needs them.
    ValueError
        The rule is not known.

    Examples
    --------
    >>> filled = ba.missing.fill(outcomes, rule="last observation carried forward")
    >>> int(outcomes["value"].isna().sum()) > int(filled["value"].isna().sum())
    True
    """
    require_outcomes(outcomes)
    if str(rule) in IMPUTATION_STRATEGIES:
        raise ValueError(
            f"rule {rule!r} draws from a model, in many data sets: take missing.impute(outcomes, strategy={rule!r}, ...)."
        )
    require_choice(rule, SINGLE_VALUE_RULES, "rule")
    grid = grid_of(outcomes)
    refuse_absent_rows(outcomes, grid)
    refuse_imputed(outcomes)
    # Where only changes are known they are carried forward, and the baseline is a change of 0.
    carried = "value" if outcomes["value"].notna().any() else "change"
    if carried == "change" and rule == LAST_MODIFIED:
        raise DataError(
            f"outcomes has changes and no values, and '{LAST_MODIFIED}' multiplies values; take one that carries changes."
        )
    if carried == "value" and rule in NEEDS_BASELINE and outcomes["baseline"].isna().all():
        raise DataError(f"outcomes has no baseline, and '{rule}' puts it in the place of missing values.")
    observed = wide_of(grid, carried)
    before = wide_of(grid, "baseline")[:, 0] if carried == "value" else np.zeros(len(observed))
    # The rule of the worst observation takes the highest: values of which higher ones are better are mirrored for it.
    is_mirrored = rule == WORST_OBSERVATION and better_of_outcomes(grid, f"rule '{rule}'") == HIGHER
    sign = -1.0 if is_mirrored else 1.0
    return with_values(outcomes, grid, sign * SINGLE_VALUES[rule](sign * observed, sign * before), carried, rule)


def refuse_absent_rows(outcomes: Outcomes, grid: SubjectGrid) -> None:
    """Refuse outcomes that lack rows: what is absent can be neither filled in nor counted.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    grid : SubjectGrid
        Of these.

    Raises
    ------
    DataError
        A subject has no row at a visit; or values are events in person-time.
    """
    n_absent = grid.n_subjects * len(grid.visits) - len(outcomes)
    if n_absent:
        raise DataError(
            f"outcomes lacks {n_absent} rows of its {grid.n_subjects} subjects at {len(grid.visits)} visits; "
            "expected a row for each, observed or not: build the frame with as_outcomes."
        )
    if EXPOSURE_DAYS in outcomes.columns:
        raise DataError("outcomes are counts of events in person-time; missing.impute_counts imputes the time not observed.")


def refuse_imputed(outcomes: Outcomes) -> None:
    """Refuse outcomes in which something stands for missing values already.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Raises
    ------
    DataError
        Names what does.
    """
    n_imputed = int(read_truths(outcomes[IMPUTED])[0].sum()) if IMPUTED in outcomes.columns else 0
    if n_imputed:
        found = f"'{handling_of(outcomes).missing}', in {n_imputed} rows"
        raise DataError(f"outcomes is imputed already ({found}); impute the outcomes as they were observed.")


def wide_of(grid: SubjectGrid, column: str) -> FloatArray:
    """A column of outcomes as a table.

    Parameters
    ----------
    grid : SubjectGrid
        Of the outcomes.
    column : str
        Of numbers.

    Returns
    -------
    ndarray, shape (N, V)
        A copy, missing where there is no row.
    """
    return np.array(grid.wide(grid[column].to_numpy(dtype=float)))


def with_values(outcomes: pd.DataFrame, grid: SubjectGrid, filled: FloatArray, column: str, words: str) -> pd.DataFrame:
    """Outcomes with values in the place of missing ones.

    Parameters
    ----------
    outcomes : DataFrame
        As observed.
    grid : SubjectGrid
        Of them.
    filled : ndarray, shape (N, V)
        Of `column`; only what is missing in the outcomes is taken.
    column : str
        ``"value"`` or ``"change"``, of which the other follows.
    words : str
        What stands for missing values now.

    Returns
    -------
    DataFrame
        A new frame.
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


def _carry_forward(value: FloatArray, baseline: FloatArray) -> FloatArray:  # noqa: ARG001 - one signature for all
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
                found = f"their mean before is {before:.3g}" if both.any() else "there are none"
                raise DataError(
                    f"'{LAST_MODIFIED}' moves values at visit {visit} by the ratio of the means of those seen at it and before, "
                    f"and {found}; expected a mean above 0."
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
"""Handling of missing values by name: values (subjects x visits) and baselines -> completed values."""

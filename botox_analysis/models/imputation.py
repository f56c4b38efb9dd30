"""`impute`: *outcomes* -> completed *outcomes*, under a named handling of missing values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from botox_analysis.endpoints.endpoint import OBSERVED_CASES
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.refusal import DataError, require_choice
from botox_analysis.schema import check_outcomes


def impute(outcomes: pd.DataFrame, *, strategy: str) -> pd.DataFrame:
    """Outcomes in which something stands for a missing value.

    Single values treat a guess as if it had been seen: standard errors are too small, and the direction of the bias is not
    known in general. They are here because many protocols and older reports prescribe them.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with the full grid of subjects and visits.
    strategy : str
        ``"last observation carried forward"``: the last value after baseline; a subject without any stays missing.
        ``"last observation carried forward, baseline included"``: the baseline where there is no value after it.

    Returns
    -------
    DataFrame
        A new frame; ``imputation`` names the strategy. Observed values and changes are as they were.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, or is imputed already.
    ValueError
        The strategy is not known.
    """
    check_outcomes(outcomes)
    require_choice(strategy, STRATEGIES, "strategy")
    done = [name for name in STRATEGIES if outcomes["imputation"].astype(str).str.contains(name, regex=False).any()]
    if done:
        raise DataError(f"outcomes is imputed already ('{done[0]}'); impute the outcomes as they were observed.")
    subject, first_seen = pd.factorize(outcomes["subject"])
    visits = outcomes["visit"].cat.codes.to_numpy()
    given = {
        column: outcomes[column].to_numpy(dtype=float, copy=True) for column in ("baseline", "value", "change", "percent_change")
    }
    # Where only changes are known they are carried forward, and the baseline is a change of 0.
    carried = "value" if not np.isnan(given["value"]).all() else "change"
    observed = np.full((len(first_seen), len(outcomes["visit"].cat.categories)), np.nan)
    observed[subject, visits] = given[carried]
    before = np.full(len(first_seen), np.nan)
    before[subject] = given["baseline"] if carried == "value" else 0.0
    filled = STRATEGIES[strategy](observed, before)[subject, visits]

    missing = np.isnan(given[carried])
    baseline = given["baseline"]
    change = np.where(missing, filled - baseline if carried == "value" else filled, given["change"])
    value = np.where(missing, filled if carried == "value" else baseline + filled, given["value"])
    percent = given["percent_change"]
    np.divide(100 * change, baseline, out=percent, where=missing & (baseline != 0))
    return outcomes.assign(
        value=value,
        change=change,
        percent_change=percent,
        # Where something else stands for missing values already, or the diary rule is told, that stays.
        imputation=[word.replace(OBSERVED_CASES, strategy) for word in outcomes["imputation"].astype(str)],
    )


def _carry_forward(value: FloatArray, baseline: FloatArray) -> FloatArray:  # noqa: ARG001 - one signature for all
    return np.asarray(pd.DataFrame(value).ffill(axis=1), dtype=float)


def _carry_forward_baseline(value: FloatArray, baseline: FloatArray) -> FloatArray:
    return np.asarray(pd.DataFrame(np.column_stack([baseline, value])).ffill(axis=1), dtype=float)[:, 1:]


STRATEGIES: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "last observation carried forward": _carry_forward,
    "last observation carried forward, baseline included": _carry_forward_baseline,
}
"""Handling of missing values by name: values (subjects x visits) and baselines -> completed values."""

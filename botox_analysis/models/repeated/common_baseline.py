"""The baseline as the first response: *outcomes* -> responses and visits of a constrained longitudinal model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from botox_analysis.errors import DataError
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.schema import BASELINE
from botox_analysis.models.repeated.covariates import quantity_of
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import Quantity


def with_baseline(grid: SubjectGrid) -> tuple[FloatArray, tuple[str, ...]]:
    """The baseline of each subject, then its values.

    Parameters
    ----------
    grid : SubjectGrid
        Of outcomes.

    Returns
    -------
    y : ndarray, shape (N, 1 + V)
        Missing (nan) where not observed.
    visits : tuple of str
        The baseline, then the visits in time.

    Raises
    ------
    DataError
        There is no baseline, a subject has several, or a visit has its name.

    References
    ----------
    Liang KY, Zeger SL (2000). Sankhya B 62:134-148. Liu GF, Lu K, Mogg R, Mallick M, Mehrotra DV (2009). Stat Med
    28:2509-2530, section 2.
    """
    if BASELINE in grid.visits:
        raise DataError(
            f"outcomes has a visit '{BASELINE}', and the mean 'common baseline' takes the column '{BASELINE}' as the response "
            "there; leave out the rows of that visit."
        )
    values = grid.wide(grid["value"].to_numpy(dtype=float))
    baseline, _ = quantity_of(grid[BASELINE], grid)
    if not baseline.known.any():
        raise DataError(f"outcomes has no {BASELINE}, which the mean 'common baseline' takes as a response; give it values.")
    if baseline.varying:
        raise DataError(f"outcomes: found subjects with several values of {BASELINE}; expected one each.")
    return np.column_stack([baseline.values, values]), (BASELINE, *grid.visits)


def refuse_varying(names: Sequence[str], quantities: Sequence[Quantity]) -> None:
    """Refuse covariates that change over the visits: of the baseline they have no value.

    Parameters
    ----------
    names : sequence of str
        Of the covariates.
    quantities : sequence of Quantity
        Their values.

    Raises
    ------
    DataError
        Names the covariate.
    """
    for name, quantity in zip(names, quantities, strict=True):
        if quantity.varying:
            raise DataError(
                f"outcomes: the covariate '{name}' changes over the visits and has no value at {BASELINE}, which the mean "
                "'common baseline' takes as a response; leave it out of covariates."
            )

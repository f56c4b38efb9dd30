"""One small symmetric matrix, by LAPACK itself: several times as fast as a function that takes stacks of any type."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from botox_analysis.numerics.linear.inference import FloatArray


def eigenvalues(matrix: FloatArray) -> FloatArray:
    """Eigenvalues of a symmetric matrix.

    Parameters
    ----------
    matrix : ndarray, shape (p, p)
        Finite numbers; its lower triangle is read.

    Returns
    -------
    ndarray, shape (p,)
        In ascending order.

    Raises
    ------
    numpy.linalg.LinAlgError
        They are not found, as where an entry is no number.
    """
    if not len(matrix):
        return np.zeros(0)
    values, _, info = lapack.dsyevd(matrix, compute_v=0, lower=1)
    if info:
        raise np.linalg.LinAlgError("the eigenvalues are not found")
    return np.asarray(values)

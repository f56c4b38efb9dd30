"""Decompositions of small symmetric matrices.

LAPACK takes a stack of few matrices one by one, in a fraction of the time of numpy's functions for stacks. numpy takes larger
stacks.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from botox_analysis.numerics.linear.inference import FloatArray

FEW = 12
"""Most matrices of a stack that LAPACK decomposes faster one by one."""


def eigenvalues(matrix: FloatArray) -> FloatArray:
    """Compute the eigenvalues of a symmetric matrix.

    Parameters
    ----------
    matrix : ndarray, shape (p, p)
        Finite numbers; only the lower triangle is read.

    Returns
    -------
    ndarray, shape (p,)
        Eigenvalues in ascending order.

    Raises
    ------
    numpy.linalg.LinAlgError
        The algorithm does not converge.
    """
    values, _, info = lapack.dsyevd(matrix, compute_v=0, lower=1)
    if info:
        raise np.linalg.LinAlgError("the algorithm for eigenvalues did not converge.")
    return np.asarray(values)


def eigen(stack: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Compute eigenvalues and eigenvectors of symmetric matrices.

    Parameters
    ----------
    stack : ndarray, shape (..., p, p)
        Finite numbers.

    Returns
    -------
    values : ndarray, shape (..., p)
        Eigenvalues in ascending order.
    vectors : ndarray, shape (..., p, p)
        Eigenvectors of length 1, in columns.

    Raises
    ------
    numpy.linalg.LinAlgError
        The algorithm does not converge.
    """
    if stack.ndim > 3 or not 0 < len(stack) <= FEW:
        values, vectors = np.linalg.eigh(stack)
        return values, vectors
    matrices = stack.reshape(-1, *stack.shape[-2:])
    of_each, vectors_of_each, infos = zip(*[lapack.dsyevd(matrix, lower=1) for matrix in matrices], strict=True)
    if any(infos):
        raise np.linalg.LinAlgError("the algorithm for eigenvalues did not converge.")
    return np.array(of_each).reshape(stack.shape[:-1]), np.array(vectors_of_each).reshape(stack.shape)


def inverse_root(stack: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Compute inverse Cholesky factors of symmetric matrices, and the logarithms of their determinants.

    Parameters
    ----------
    stack : ndarray, shape (..., p, p)
        Positive definite matrices.

    Returns
    -------
    inverse : ndarray, shape (..., p, p)
        Lower triangular M, with M'M the inverse of the matrix.
    log_det : ndarray, shape (...)
        Logarithm of the determinant of each matrix.

    Raises
    ------
    numpy.linalg.LinAlgError
        A matrix is not positive definite.
    """
    if stack.ndim == 2:
        root, wrong = lapack.dpotrf(stack, lower=1)
        inverse = lapack.dtrtri(root, lower=1)[0]
    elif stack.ndim == 3 and 0 < len(stack) <= FEW:
        roots, infos = zip(*[lapack.dpotrf(matrix, lower=1) for matrix in stack], strict=True)
        wrong, inverse = any(infos), np.array([lapack.dtrtri(root, lower=1)[0] for root in roots])
    else:
        wrong, inverse = False, np.linalg.inv(np.linalg.cholesky(stack))
    if wrong:
        raise np.linalg.LinAlgError("every matrix must be positive definite; at least one is not.")
    return inverse, -2 * np.add.reduce(np.log(inverse.diagonal(axis1=-2, axis2=-1)), axis=-1)

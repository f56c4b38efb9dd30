"""Tests of decompositions of few matrices, one by one, against those of many."""

import numpy as np
import pytest

from botox_analysis.numerics.linear.symmetric import FEW, eigen, eigenvalues, inverse_root
from tests.tolerances import ROUNDING


@pytest.fixture
def many():
    half = np.random.default_rng(3).normal(size=(3 * FEW, 5, 5))
    return half @ half.swapaxes(1, 2) + np.eye(5)


def test_inverse_roots_and_determinants_do_not_depend_on_the_number_of_matrices(many):
    inverse, log_det = inverse_root(many)
    np.testing.assert_allclose(inverse.swapaxes(1, 2) @ inverse @ many, np.broadcast_to(np.eye(5), many.shape), atol=1e-12)
    for some in (slice(0, FEW), slice(0, 1)):
        np.testing.assert_allclose(inverse_root(many[some])[0], inverse[some], atol=ROUNDING)
        np.testing.assert_allclose(inverse_root(many[some])[1], log_det[some], rtol=ROUNDING)
    one, of_one = inverse_root(many[7])
    np.testing.assert_allclose(one, inverse[7], atol=ROUNDING)
    assert float(of_one) == pytest.approx(np.linalg.slogdet(many[7])[1], rel=ROUNDING)


@pytest.mark.parametrize("some", [slice(None), slice(0, 2), 4], ids=["many", "few", "one"])
def test_eigenvalues_and_eigenvectors_reproduce_the_matrices(many, some):
    values, vectors = eigen(many[some])
    np.testing.assert_allclose((vectors * values[..., None, :]) @ vectors.swapaxes(-1, -2), many[some], atol=1e-12)
    assert (np.diff(values, axis=-1) >= 0).all()


def test_eigenvalues_alone_are_the_same(many):
    np.testing.assert_allclose(eigenvalues(many[0]), eigen(many[0])[0], rtol=ROUNDING)


@pytest.mark.parametrize("n", [3, 2 * FEW])
def test_a_matrix_that_is_not_positive_definite_is_refused(many, n):
    many[1] -= 100 * np.eye(5)
    for stack in (many[:n], many[1]):
        with pytest.raises(np.linalg.LinAlgError):
            inverse_root(stack)

"""Tests of structures of a covariance: positive definite matrices, derivatives and starting values."""

import numpy as np
import pytest

from botox_analysis.numerics.repeated.structures import STRUCTURES
from tests.tolerances import ROUNDING

CENTRAL = 1e-8
"""Absolute error of central differences at steps of 1e-5, for entries of the order of 1."""

WITH_PARAMETERS = {name: structure for name, structure in STRUCTURES.items() if structure is not None}
CONDITIONAL = {"toeplitz", "heterogeneous toeplitz"}
"""Structures that are positive definite at some parameters only."""

UNCONDITIONAL = [name for name in WITH_PARAMETERS if name not in CONDITIONAL]

N_VISITS = 5
DAYS = np.array([[0.0, 1, 2, 3, 4], [0.0, 2, 3, 7, 8]])
"""Distances of two kinds of subject, in units of the planned distance."""

DISTANCES = np.abs(DAYS[:, :, None] - DAYS[:, None, :])


@pytest.fixture(params=WITH_PARAMETERS)
def structure(request):
    return WITH_PARAMETERS[request.param]


def n_parameters(structure):
    return structure.begin(np.eye(N_VISITS), DISTANCES).shape[-1]


def some(structure, seed, size=()):
    """Draw parameters of correlations up to about 0.5, for which a Toeplitz matrix is positive definite, too."""
    return np.random.default_rng(seed).uniform(-0.3, 0.3, size=(*size, n_parameters(structure)))


def differences_of(function, theta):
    """Compute central differences of an array by each parameter; the first dimension is the parameter."""
    step = 1e-5
    return np.array([(function(theta + h) - function(theta - h)) / (2 * step) for h in step * np.eye(len(theta))])


def smallest_eigenvalue(matrix):
    sd = np.sqrt(np.diagonal(matrix, axis1=-2, axis2=-1))
    return np.linalg.eigvalsh(matrix / (sd[..., :, None] * sd[..., None, :])).min()


def test_only_the_unstructured_covariance_has_no_parameters():
    assert [name for name, structure in STRUCTURES.items() if structure is None] == ["unstructured"]


@pytest.mark.parametrize("name", UNCONDITIONAL)
@pytest.mark.parametrize("seed", range(5))
def test_the_matrix_is_symmetric_and_positive_definite_at_all_parameters(name, seed):
    structure = WITH_PARAMETERS[name]
    theta = np.random.default_rng(seed).normal(scale=2, size=n_parameters(structure))
    matrix = structure.derivatives(theta, DISTANCES)[0]
    assert matrix.shape[-3:] in ((1, N_VISITS, N_VISITS), (2, N_VISITS, N_VISITS))
    np.testing.assert_array_equal(matrix, matrix.swapaxes(-1, -2))
    assert smallest_eigenvalue(matrix) > 0


@pytest.mark.parametrize("seed", range(3))
def test_first_derivatives_are_those_of_the_matrix(structure, seed):
    theta = some(structure, seed)
    expected = differences_of(lambda at: structure.derivatives(at, DISTANCES)[0], theta)
    np.testing.assert_allclose(structure.derivatives(theta, DISTANCES)[1], expected, atol=CENTRAL)


@pytest.mark.parametrize("seed", range(3))
def test_second_derivatives_are_those_of_the_first_and_symmetric(structure, seed):
    theta = some(structure, seed)
    second = structure.derivatives(theta, DISTANCES)[2]
    expected = differences_of(lambda at: structure.derivatives(at, DISTANCES)[1], theta)
    np.testing.assert_allclose(second, expected, atol=CENTRAL)
    np.testing.assert_array_equal(second, second.swapaxes(0, 1))


def test_many_parameters_at_once_have_the_derivatives_of_each_alone(structure):
    theta = some(structure, 7, size=(2, 3))
    together = structure.derivatives(theta, DISTANCES)
    for place in np.ndindex(2, 3):
        for all_of_them, alone in zip(together, structure.derivatives(theta[place], DISTANCES), strict=True):
            np.testing.assert_allclose(all_of_them[place], alone, atol=ROUNDING)


def test_the_first_parameters_are_logarithms_of_standard_deviations(structure):
    theta = some(structure, 8)
    n_sd = structure.n_deviations(N_VISITS)
    assert n_sd == (N_VISITS if structure.heterogeneous else 1)
    variances = np.diagonal(structure.derivatives(theta, DISTANCES)[0], axis1=-2, axis2=-1)
    np.testing.assert_allclose(variances, np.broadcast_to(np.exp(2 * theta[:n_sd]), variances.shape), rtol=ROUNDING)


@pytest.mark.parametrize("seed", range(5))
def test_starting_values_are_finite_parameters_of_a_positive_definite_matrix(structure, seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(N_VISITS, N_VISITS)) * rng.uniform(0.01, 100, size=(N_VISITS, 1))
    theta = structure.begin(root @ root.T, DISTANCES)
    assert np.isfinite(theta).all()
    assert smallest_eigenvalue(structure.derivatives(theta, DISTANCES)[0]) > 1e-6


@pytest.mark.parametrize("correlation", [-0.2499, 0.0, 0.9999, 0.999999])
def test_starting_values_are_away_from_the_boundary(structure, correlation):
    covariance = np.full((N_VISITS, N_VISITS), correlation) + (1 - correlation) * np.eye(N_VISITS)
    theta = structure.begin(covariance, DISTANCES)
    assert np.abs(theta).max() < 10
    assert smallest_eigenvalue(structure.derivatives(theta, DISTANCES)[0]) > 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_starting_values_reproduce_a_covariance_of_the_structure(structure, seed):
    theta = np.abs(some(structure, seed))
    equal = DISTANCES[:1]
    np.testing.assert_allclose(structure.begin(structure.derivatives(theta, equal)[0][0], equal), theta, atol=ROUNDING)


def test_the_lowest_correlation_of_compound_symmetry_is_that_of_a_singular_matrix():
    structure = WITH_PARAMETERS["compound symmetry"]
    lowest, highest = structure.derivatives(np.array([[0.0, -40.0], [0.0, 40.0]]), DISTANCES)[0][:, 0, 0, 1]
    assert (lowest, highest) == pytest.approx((-1 / (N_VISITS - 1), 1.0))


def test_the_spatial_correlation_falls_by_the_same_factor_each_day():
    correlation = WITH_PARAMETERS["spatial exponential"].derivatives(np.array([0.0, 0.4]), DISTANCES)[0]
    np.testing.assert_allclose(np.log(correlation), DISTANCES * np.log(correlation[0, 0, 1]), atol=ROUNDING)

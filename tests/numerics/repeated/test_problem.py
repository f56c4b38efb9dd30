"""Tests of the coordinates of a design: the rounding of aliased columns is far below the tolerance."""

import numpy as np
import pytest

from botox_analysis.numerics.repeated.crossproducts import cross_products
from botox_analysis.numerics.repeated.problem import ALIASED, ROUNDING, basis_of, columns_of, pose, roots_of
from botox_analysis.numerics.repeated.subject_data import Quantity, SubjectData

N_VISITS = 4
WELL_BELOW = 50
"""Smallest ratio of the tolerance to the rounding of an aliased column."""


def data(seed, near=0.0, n=120):
    """Simulate two arms and two numbers, the second twice the first plus a share `near`; 30 % of values are missing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(20, 4, size=n)
    other = 2 * x + near * rng.normal(0, 8, size=n) + 3
    y = rng.normal(size=(n, N_VISITS)) - 0.3 * x[:, None]
    y[:, 1:][rng.uniform(size=(n, N_VISITS - 1)) < 0.3] = np.nan
    return SubjectData(y, (Quantity(np.arange(n) % 2, 2), Quantity(x), Quantity(other)))


def design(n_quantities=2):
    """Design with a mean for each arm and visit, then a slope of each quantity for each visit."""
    source = np.concatenate([np.tile(np.arange(2), N_VISITS), np.repeat(2 + np.arange(n_quantities), N_VISITS)])
    visit = np.concatenate([np.repeat(np.arange(N_VISITS), 2), np.tile(np.arange(N_VISITS), n_quantities)])
    return np.where(visit == np.arange(N_VISITS)[:, None], source, -1)


def remains(cross):
    """Compute the residual length of each of the last columns, as for the coordinates."""
    n_columns = design().shape[1]
    pooled = np.einsum("gt,gij->tij", cross.observed.astype(float), cross.uu)
    stacked = (roots_of(pooled) @ columns_of(cross, design())).reshape(-1, n_columns)
    stacked /= np.linalg.norm(stacked, axis=0)
    q, _ = np.linalg.qr(stacked[:, : n_columns - N_VISITS])
    last = stacked[:, n_columns - N_VISITS :]
    return np.linalg.norm(last - q @ (q.T @ last), axis=0)


@pytest.mark.parametrize("seed", range(20))
def test_rounding_of_an_aliased_column_is_far_below_the_tolerance(seed):
    assert remains(cross_products(data(seed))).max() < ALIASED / WELL_BELOW


@pytest.mark.parametrize(("near", "n_aliased"), [(0.0, 4), (1e-7, 4), (1e-6, 4), (1e-4, 0), (1e-2, 0)])
def test_columns_are_aliased_by_their_residual_length(near, n_aliased):
    basis = basis_of(cross_products(data(1, near)), design())
    assert (~basis.kept).sum() == n_aliased


def test_the_rounding_of_a_design_grows_with_the_inverse_square_of_the_residual_length_of_a_column():
    far, near = (basis_of(cross_products(data(1, share)), design()).rounding for share in (1.0, 1e-3))
    assert ROUNDING <= far < 1e3 * ROUNDING
    assert 1e5 * far < near < 1e7 * far


@pytest.mark.parametrize("seed", range(5))
def test_values_less_leverages_add_up_to_values_less_coefficients(seed):
    cross = cross_products(data(seed, 1.0))
    problem = pose(cross, basis_of(cross, design()), restricted=True, n_kinds=1)
    assert problem.free.sum() == pytest.approx(cross.n_observations - design().shape[1], rel=1e-10)
    assert problem.free.min() > -1e-9


def test_as_many_coefficients_as_values_leave_no_free_values():
    few = data(3, 1.0, n=4)
    few.y[:] = np.random.default_rng(1).normal(size=few.y.shape)
    problem = pose(cross_products(few), basis_of(cross_products(few), design()), restricted=True, n_kinds=1)
    np.testing.assert_allclose(problem.free, 0, atol=1e-9)


def test_roots_have_the_products_and_0_in_an_entry_that_is_0():
    rows = np.random.default_rng(2).normal(size=(9, 4)) * [1.0, 1e-6, 0.0, 1e6]
    root = roots_of(rows.T @ rows)
    np.testing.assert_allclose(root.T @ root, rows.T @ rows, rtol=1e-12, atol=1e-9)
    assert (root[:, 2] == 0).all()

"""Tests of cross-products by pattern: their definition, their addition and their centres."""

from dataclasses import replace

import numpy as np
import pytest

from botox_analysis.numerics.repeated.crossproducts import cross_products
from botox_analysis.numerics.repeated.subject_data import Quantity, SubjectData
from tests.tolerances import ROUNDING

SUMS = ("n", "n_by_arm", "uu", "uy", "yy")


def means_of(cross):
    """Average each column of the design over the observations."""
    return cross.centre + cross.totals / cross.n_observations


def same_sums(one, other):
    """Check that both have the same patterns, in any order, with the same sums."""
    sums, reference = (
        {(int(kind), *seen): place for place, (kind, seen) in enumerate(zip(cross.kind, cross.observed.tolist(), strict=True))}
        for cross in (one, other)
    )
    assert sums.keys() == reference.keys()
    order = [reference[key] for key in sums]
    for name in SUMS:
        expected = getattr(other, name)[order]
        np.testing.assert_allclose(getattr(one, name), expected, atol=ROUNDING * np.abs(expected).max(), err_msg=name)
    assert (one.n_observations, one.log_weights) == pytest.approx((other.n_observations, other.log_weights))
    np.testing.assert_allclose(means_of(one), means_of(other), rtol=1e-10)


def some(data, rows):
    """Select subjects."""
    return SubjectData(
        data.y[rows],
        tuple(replace(quantity, values=quantity.values[rows]) for quantity in data.quantities),
        None if data.kind is None else data.kind[rows],
        None if data.root_weights is None else data.root_weights[rows],
    )


@pytest.fixture(params=[{}, {"n_kinds": 2}, {"weighted": True}], ids=["plain", "two kinds", "weighted"])
def data(request, subject_data):
    return subject_data(1, n=60, **request.param)


def test_cross_products_are_the_sums_over_the_subjects_of_a_pattern(subject_data):
    data = subject_data(2)
    cross = cross_products(data)
    arm, x, z = (quantity.values for quantity in data.quantities)
    seen = np.isfinite(data.y)
    y = np.where(seen, data.y - cross.centre_y, 0.0)
    u = np.column_stack([np.equal.outer(arm, [0, 1]), x - cross.centre[2], z - cross.centre[3]])
    for place, pattern in enumerate(cross.observed):
        members = (seen == pattern).all(axis=1)
        assert cross.n[place] == members.sum() > 0
        np.testing.assert_allclose(cross.uu[place], u[members].T @ u[members], atol=1e-12)
        np.testing.assert_allclose(cross.uy[place], u[members].T @ y[members], atol=1e-12)
        np.testing.assert_allclose(cross.yy[place], y[members].T @ y[members], atol=1e-12)
    assert cross.n.sum() == 40
    assert cross.n_observations == seen.sum()
    np.testing.assert_allclose(means_of(cross)[2:], [np.repeat(x, seen.sum(axis=1)).mean(), z[seen].mean()])


def test_the_order_of_subjects_does_not_matter(data):
    whole = cross_products(data)
    turned = cross_products(some(data, np.random.default_rng(3).permutation(60)))
    same_sums(turned.recentred(whole.centre, whole.centre_y), whole)


@pytest.mark.parametrize("ends", [[30], [1, 2, 7, 40]])
def test_parts_add_up_to_the_whole(data, ends):
    whole = cross_products(data)
    first, *others = (cross_products(some(data, rows)) for rows in np.split(np.arange(60), ends))
    summed = sum(others, start=first)
    same_sums(summed.recentred(whole.centre, whole.centre_y), whole)


def test_the_order_of_addition_does_not_matter(data):
    one, other = (cross_products(some(data, rows)) for rows in (slice(0, 20), slice(20, 60)))
    same_sums((one + other).recentred(other.centre, other.centre_y), other + one)


def test_moving_to_other_centres_and_back_changes_no_sum(data):
    cross = cross_products(data)
    by = np.random.default_rng(4).normal(size=cross.centre.shape) * (np.arange(len(cross.centre)) > 1)
    away = cross.recentred(cross.centre + by, cross.centre_y - 3)
    assert np.abs(away.yy - cross.yy).max() > 1
    same_sums(away.recentred(cross.centre, cross.centre_y), cross)


def test_sums_about_other_centres_are_those_of_data_less_these_centres(subject_data):
    data = subject_data(5)
    cross = cross_products(data)
    by, by_y = np.array([0, 0, 2.0, -1.0]), np.array([1.0, -1, 2, 0.5])
    arm, x, z = data.quantities
    shifted = SubjectData(
        data.y - by_y, (arm, Quantity(x.values - by[2]), Quantity(z.values - by[3])), data.kind, data.root_weights
    )
    direct = cross_products(shifted)
    same_sums(
        replace(cross.recentred(direct.centre + by, direct.centre_y + by_y), centre=direct.centre, centre_y=direct.centre_y),
        direct,
    )


def test_a_pattern_of_two_kinds_has_two_sums(subject_data):
    one, two = (cross_products(subject_data(6, n_kinds=n_kinds)) for n_kinds in (1, 2))
    assert set(two.kind) == {0, 1}
    for pattern, n in zip(one.observed, one.n, strict=True):
        assert two.n[(two.observed == pattern).all(axis=1)].sum() == n


def test_subjects_without_a_value_or_without_a_quantity_are_in_no_pattern(subject_data):
    data = subject_data(7)
    data.y[:3] = np.nan
    data.quantities[1].values[3:5] = np.nan
    same_sums(cross_products(data).recentred(np.zeros(4), np.zeros(4)), cross_products(some(data, slice(5, 40))).recentred(
        np.zeros(4), np.zeros(4)
    ))  # fmt: skip


def test_values_without_a_quantity_of_their_visit_are_not_observed(subject_data):
    data = subject_data(8)
    z = data.quantities[2].values
    z[:10, 1] = np.nan
    without = SubjectData(np.where(np.isnan(z), np.nan, data.y), (*data.quantities[:2], Quantity(np.nan_to_num(z))), None, None)
    assert cross_products(data).n_observations == cross_products(without).n_observations
    np.testing.assert_allclose(means_of(cross_products(data)), means_of(cross_products(without)))


def test_more_visits_than_an_integer_has_bits_still_form_patterns(subject_data):
    data = subject_data(9, n=12, n_visits=70)
    cross = cross_products(data)
    seen = np.isfinite(data.y)
    assert {tuple(pattern) for pattern in cross.observed.tolist()} == {tuple(pattern) for pattern in seen.tolist()}
    np.testing.assert_allclose(np.diagonal(cross.yy.sum(axis=0)), np.nansum((data.y - cross.centre_y) ** 2, axis=0))


def test_subjects_of_all_chunks_enter_the_sums(subject_data):
    data = subject_data(10, n=20_000)
    whole = cross_products(data)
    halves = cross_products(some(data, slice(0, 9_000))) + cross_products(some(data, slice(9_000, 20_000)))
    assert whole.n.sum() == 20_000
    same_sums(halves.recentred(whole.centre, whole.centre_y), whole)

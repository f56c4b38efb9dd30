"""Design and data of a fit, in coordinates that lose no digits to rounding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.least_squares import independent_columns
from botox_analysis.numerics.linear.symmetric import eigen
from botox_analysis.numerics.repeated.crossproducts import CrossProducts
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray, positions

LOG_2PI = float(np.log(2 * np.pi))
"""Logarithm of 2 pi."""

ALIASED = 1e-5
"""Tolerance for aliased columns: the part of a column not explained by those before it, as a share of its length.

This part is computed from sums of squares, whose rounding is about 1e-15. So an aliased column leaves 5e-8, under any kernel. A
column just above the tolerance has a coefficient of six digits. R's rule of 1e-7 applies to the columns themselves (see
`least_squares`)."""

ESTIMABLE = 1e-4
"""Largest share of an estimable contrast outside the row space of the design: each aliased column adds up to `ALIASED`."""

ROUNDING = 1e-15
"""Share of a sum of products that is rounding; 2e-16 to 2e-15 in data of 10 to 100,000 subjects."""


NO_SPREAD = 1e-10
"""Share of the sum of squares of responses below which the residual sum of squares is rounding, which is 1e-15."""


@dataclass(frozen=True)
class Basis:
    """Design in orthonormal coordinates: the p columns that are not aliased, by their pooled QR decomposition.

    Attributes
    ----------
    design : ndarray of int, shape (T, P)
        Column of the cross-products that each coefficient multiplies at each visit; -1 for none.
    rows : ndarray, shape (T * r, p)
        Map from u to the row of the design: at visit t it is ``u @ rows[t * r : (t + 1) * r]``.
    to_columns : ndarray, shape (P, p)
        Matrix from these coordinates to the coefficients of all P columns; 0 for aliased ones.
    kept : ndarray of bool, shape (P,)
        Whether a column is not determined by those before it.
    made_up : ndarray, shape (T * r, P)
        Constructed rows with the sums of squares and products of the columns.
    row_space : ndarray, shape (p, P)
        Orthonormal rows that span the contrasts (times `scale`) that the data determine.
    scale : ndarray, shape (P,)
        Length of each column.
    log_det : float
        Logarithm of the determinant of X'X of the columns kept.
    rounding : float
        Share of sums of products in these coordinates that is rounding: `ROUNDING`, or more with nearly aliased columns.
    """

    design: IntArray
    rows: FloatArray
    to_columns: FloatArray
    kept: BoolArray
    made_up: FloatArray
    row_space: FloatArray
    scale: FloatArray
    log_det: float
    rounding: float

    def is_estimable(self, contrasts: FloatArray) -> BoolArray:
        """Check whether the data determine contrasts of the coefficients.

        Parameters
        ----------
        contrasts : ndarray, shape (k, P)
            Weights of the coefficients, one contrast a row.

        Returns
        -------
        ndarray of bool, shape (k,)
            True where a contrast lies in the row space of the design.
        """
        if len(self.row_space) == len(self.scale):
            return np.array([True] * len(contrasts), dtype=bool)
        scaled = contrasts / self.scale
        outside = scaled - (scaled @ self.row_space.T) @ self.row_space
        return np.asarray(np.linalg.norm(outside, axis=1) <= ESTIMABLE * np.linalg.norm(scaled, axis=1))


def basis_of(cross: CrossProducts, design: IntArray) -> Basis:
    """Compute the coordinates of a fit, without squaring singular values of the design.

    Parameters
    ----------
    cross : CrossProducts
        Cross-products of one data set.
    design : ndarray of int, shape (T, P)
        Column of the cross-products that each coefficient multiplies at each visit; -1 for none.

    Returns
    -------
    Basis
        Orthonormal coordinates of the columns that are not aliased (`ALIASED`).
    """
    n_visits, n_columns = design.shape
    r = cross.uu.shape[-1]
    x = columns_of(cross, design)
    pooled = (cross.observed.T.astype(float) @ cross.uu.reshape(-1, r * r)).reshape(n_visits, r, r)
    made_up = (roots_of(pooled) @ x).reshape(n_visits * r, n_columns)
    scale = np.sqrt(np.add.reduce(made_up**2))
    scale[scale == 0] = 1.0
    stacked = made_up / scale
    kept = np.ones(n_columns, dtype=bool)
    row_space = np.eye(n_columns)
    upper = _upper(stacked)
    if len(upper) < n_columns or np.abs(upper.diagonal()).min() < 10 * ALIASED:  # column by column, if one is near the tolerance
        kept[:] = False
        kept[independent_columns(stacked, ALIASED)] = True
        upper = _upper(stacked[:, kept])
    if not kept.all():
        row_space = linalg.qr(np.linalg.lstsq(stacked[:, kept], stacked)[0].T, mode="economic")[0].T
    to_columns = np.zeros((n_columns, len(upper)))
    inverse = lapack.dtrtri(upper)[0]
    to_columns[kept] = inverse / scale[kept, None]
    return Basis(
        design=design,
        rows=(x @ to_columns).reshape(n_visits * r, -1),
        to_columns=to_columns,
        kept=kept,
        made_up=made_up,
        row_space=row_space,
        scale=scale,
        log_det=2 * float(np.log(np.abs(upper.diagonal()) * scale[kept]).sum()),
        rounding=ROUNDING * float((inverse * inverse).sum(axis=0).max(initial=1.0)),
    )


def columns_of(cross: CrossProducts, design: IntArray) -> FloatArray:
    """Write a design as combinations of the entries of u.

    Parameters
    ----------
    cross : CrossProducts
        Cross-products of one data set.
    design : ndarray of int, shape (T, P)
        Column of the cross-products that each coefficient multiplies at each visit; -1 for none.

    Returns
    -------
    ndarray, shape (T, r, P)
        Matrices x, with ``u @ x[t]`` the row of the design at visit t.
    """
    n_visits, n_columns = design.shape
    x = np.zeros((n_visits, cross.uu.shape[-1], n_columns))
    visit, column = (design >= 0).nonzero()
    x[visit, positions(cross.varying, n_visits)[visit, design[visit, column]], column] = 1.0
    return x


def roots_of(products: FloatArray) -> FloatArray:
    """Construct r rows with given sums of products.

    Parameters
    ----------
    products : ndarray, shape (..., r, r)
        Sums of products of rows of u, in any units.

    Returns
    -------
    ndarray, shape (..., r, r)
        R, with R'R the sums of products; 0 in the column of an entry that is always 0.
    """
    length = np.sqrt(products.diagonal(axis1=-2, axis2=-1))
    unit = np.where(length > 0, length, 1.0)
    values, vectors = eigen(products / (unit[..., :, None] * unit[..., None, :]))
    return np.asarray(np.sqrt(np.maximum(values, 0))[..., None] * vectors.swapaxes(-1, -2) * length[..., None, :])


def _upper(matrix: FloatArray) -> FloatArray:
    """Compute R of the QR decomposition."""
    place = np.arange(matrix.shape[1])
    factored = lapack.dgeqrf(matrix)[0][: len(place)]  # below the diagonal are the reflectors of Q
    return np.asarray(factored * (place[: len(factored), None] <= place))


@dataclass(frozen=True)
class Pieces:
    """m constructed subjects with the sums of x x' of the data.

    Attributes
    ----------
    pattern : ndarray of int, shape (m,)
        Pattern of each subject, ascending.
    rows : ndarray, shape (m, T, p)
        Rows of the design of each subject.
    """

    pattern: IntArray
    rows: FloatArray


@dataclass(frozen=True)
class Problem:
    """Design and the cross-products about its least-squares fit.

    Attributes
    ----------
    cross : CrossProducts
        Cross-products with the residuals of `beta_ols` in place of the responses.
    basis : Basis
        Coordinates of the design.
    beta_ols : ndarray, shape (..., p)
        Least-squares coefficients in these coordinates, or others near the optimum.
    restricted : bool
        True for REML, False for maximum likelihood.
    pairs : ndarray, shape (G, T, T)
        1 where both visits belong to the pattern.
    absent : ndarray, shape (G, T, T)
        1 on the diagonal at visits that do not belong to the pattern.
    n_kinds : int
        Number of kinds of subjects, each with one covariance.
    variances : str
        ``"by visit"``, or ``"one"`` for a variance common to all visits.
    rounding : float
        Share of the residual sums of products that is rounding.
    """

    cross: CrossProducts
    basis: Basis
    beta_ols: FloatArray
    restricted: bool
    pairs: FloatArray
    absent: FloatArray
    n_kinds: int
    variances: str
    rounding: float

    @cached_property
    def constant(self) -> FloatArray:
        """Part of minus twice the log-likelihood that does not depend on the covariance, shape (...)."""
        n_values = (self.cross.n * self.cross.observed.sum(axis=1)).sum(axis=-1)
        p = self.basis.rows.shape[1] if self.restricted else 0
        log_det = self.basis.log_det if self.restricted else 0.0
        return np.asarray((n_values - p) * LOG_2PI + log_det - self.cross.log_weights)

    @cached_property
    def free(self) -> FloatArray:
        """Number of values less their leverages, shape (G, T): 0 where the coefficients reproduce any values."""
        leverage = np.zeros(self.cross.observed.shape)
        np.add.at(leverage, self.pieces.pattern, (self.pieces.rows**2).sum(axis=-1))
        return np.asarray((self.cross.n_by_arm.sum(axis=1)[:, None] - leverage) * self.cross.observed)

    @cached_property
    def pieces(self) -> Pieces:
        """Constructed subjects with the sums of u u' of each pattern, in the number of its rank."""
        uu, n_visits, r = self.cross.uu, self.pairs.shape[-1], self.cross.uu.shape[-1]
        length = np.sqrt(np.add.reduce(uu.diagonal(axis1=1, axis2=2)))
        length[length == 0] = 1.0
        values, vectors = eigen(uu / (length[:, None] * length))
        # Eigenvalues that are rounding, 1e-15, are omitted; they would not change the sums.
        pattern, axis = (values > 1e-14 * values[:, -1:]).nonzero()
        root = vectors.swapaxes(1, 2)[pattern, axis] * np.sqrt(values[pattern, axis])[:, None] * length
        by_visit = self.basis.rows.reshape(n_visits, r, -1).swapaxes(0, 1).reshape(r, -1)
        return Pieces(pattern, (root @ by_visit).reshape(len(pattern), n_visits, -1))

    @cached_property
    def space_of_rows(self) -> tuple[FloatArray, FloatArray]:
        """Two work arrays of the shape of the rows of the pieces."""
        return np.empty_like(self.pieces.rows), np.empty_like(self.pieces.rows)

    @cached_property
    def space_of_products(self) -> tuple[FloatArray, FloatArray]:
        """Two work arrays for the products of all pairs of visits of the pieces."""
        _, n_visits, p = self.pieces.rows.shape
        return np.empty((n_visits * p, n_visits * p)), np.empty((n_visits, n_visits, p, p))

    @cached_property
    def patterns_of_kind(self) -> tuple[slice, ...]:
        """Patterns of each kind; patterns are in order of kind."""
        bounds = self.cross.kind.searchsorted(np.arange(self.n_kinds + 1)).tolist()
        return tuple(map(slice, bounds[:-1], bounds[1:]))

    @cached_property
    def rows_of_kind(self) -> tuple[slice, ...]:
        """Pieces of each kind."""
        bounds = self.cross.kind[self.pieces.pattern].searchsorted(np.arange(self.n_kinds + 1)).tolist()
        return tuple(map(slice, bounds[:-1], bounds[1:]))

    def by_kind(self, matrices: FloatArray) -> FloatArray:
        """Sum matrices over the patterns of each kind.

        Parameters
        ----------
        matrices : ndarray, shape (..., G, T, T)
            Matrix of each pattern.

        Returns
        -------
        ndarray, shape (..., K, T, T)
            Sum of each kind.
        """
        if self.n_kinds == 1:
            return np.asarray(np.add.reduce(matrices, axis=-3, keepdims=True))
        sums = [matrices[..., patterns, :, :].sum(axis=-3) for patterns in self.patterns_of_kind]
        return np.stack(sums, axis=-3)


def pose(
    cross: CrossProducts,
    basis: Basis,
    *,
    restricted: bool,
    n_kinds: int,
    variances: str = "by visit",
    about: FloatArray | None = None,
) -> Problem:
    """Pose the problem of fitting a design to data.

    Parameters
    ----------
    cross : CrossProducts
        Cross-products of one or many data sets.
    basis : Basis
        Coordinates of the design.
    restricted : bool
        True for REML, False for maximum likelihood.
    n_kinds : int
        Number of kinds of subjects, each with one covariance.
    variances : str
        ``"by visit"``, or ``"one"`` for a variance common to all visits. The common variance keeps its digits also when the
        coefficients reproduce the values of a visit.
    about : ndarray, shape (p,), optional
        Coefficients near the optimum, about which sums are taken so that later ones do not cancel. By default those of least
        squares.

    Returns
    -------
    Problem
        Design and data.
    """
    seen = cross.observed.astype(float)
    n_visits, r = seen.shape[1], cross.uu.shape[-1]
    beta = (np.add.reduce(cross.uy, axis=-3).T.reshape(-1) @ basis.rows) if about is None else about
    fitted = (basis.rows @ beta).reshape(n_visits, r)
    u_fitted = (cross.uu @ fitted.T) * seen[:, None, :]
    crossed = fitted @ cross.uy
    pairs = seen[:, :, None] * seen[:, None, :]
    yy = cross.yy + (fitted @ u_fitted - crossed - crossed.swapaxes(-1, -2)) * pairs
    absent = np.eye(n_visits) * (1 - seen)[:, None, :]
    about_fit = replace(cross, uy=cross.uy - u_fitted, yy=yy)
    before, left = np.add.reduce(cross.squares, axis=-2), np.add.reduce(about_fit.squares, axis=-2)
    if variances == "one":
        n = cross.n @ seen
        left = n * (left.sum(axis=-1) / np.maximum(n.sum(axis=-1), 1.0))[..., None]
    lost = before / np.maximum(left, NO_SPREAD * np.where(before > 0, before, 1.0))
    rounding = basis.rounding * float(lost.max(initial=1.0))
    return Problem(about_fit, basis, beta, restricted, pairs, absent, n_kinds, variances, rounding)

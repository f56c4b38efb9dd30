"""Effects at the levels of a covariate, and slopes on a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from botox_analysis.cells.values import text_of
from botox_analysis.errors import kind_of, listed, require_choice
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.measures import difference_in
from botox_analysis.models.means.labelled_rows import LabelledRows
from botox_analysis.models.means.term_tests import TermTests
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray

SubgroupMargins = Literal["observed", "equal"]
MARGINS: tuple[SubgroupMargins, ...] = get_args(SubgroupMargins)


@dataclass(frozen=True)
class _Axes:
    """Names along the axes of an array of estimates: arms (A), visits (V), and levels (L) of a covariate."""

    arms: Sequence[str]
    visits: Sequence[str]
    levels: Sequence[str]
    covariate: str


class TermAnswers(TermTests):
    """A fit with estimates by subgroup and by slope, and with F tests."""

    def subgroup_means(
        self,
        covariate: str,
        *,
        at: Sequence[float] | None = None,
        margins: SubgroupMargins = "observed",
        conf_level: float = 0.95,
    ) -> Estimates:
        """Estimate the adjusted mean of each arm at each visit and each level of a covariate.

        Parameters
        ----------
        covariate : str
            Covariate whose effect differs between arms in the model (``"arm:x"``), or the number of a mean with slopes.
        at : sequence of float, optional
            Values of a number at which means are estimated; left out for a factor.
        margins : str
            Weights of the levels of other factors: ``"observed"`` for their shares among all analysed subjects, ``"equal"`` for
            equal weights.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* with the columns ``subgroup`` (the covariate) and ``level``, by visit, level and arm, without p-values.
            ``n`` counts subjects at the level, or all subjects for a number. A mean that the data do not determine is missing.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            The model has no effect of arm by the covariate, or `at` does not suit the covariate.

        Examples
        --------
        >>> by_overuse = ba.fit_ancova(outcomes, covariates=["baseline", "arm:overuse"], visits=["week 24"])
        >>> by_overuse.subgroup_means("overuse")[["level", "arm", "estimate"]].round(2).values.tolist()[:2]
        [['no', 'placebo', -5.06], ['no', 'onabotulinumtoxinA', -8.8]]
        """
        levels = self._levels(covariate, at)
        require_choice(margins, MARGINS, "margins")
        rows, n = self._subgroup_rows(covariate, levels, at, margins)
        visits, places = (("",), [0]) if covariate == self.fitted_means[0].time else (self.visits, slice(None))
        axes = _Axes(self.arms, visits, levels, covariate)
        estimates = self._subgroup_estimates(rows[:, places], n[:, places], axes, "", self.labels["measure"], conf_level)
        return estimates.assign(p_value=np.nan)

    def subgroup_differences(self, covariate: str, *, at: Sequence[float] | None = None, conf_level: float = 0.95) -> Estimates:
        """Estimate the adjusted difference of each arm to the reference at each visit and each level of a covariate.

        Parameters
        ----------
        covariate, at, conf_level
            As for `subgroup_means`.

        Returns
        -------
        DataFrame
            *estimates* of arm minus reference with the columns ``subgroup`` and ``level``, by visit, level and arm. ``n``
            counts both arms. A difference that the data do not determine is missing.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            As for `subgroup_means`.

        Examples
        --------
        >>> by_overuse = ba.fit_ancova(outcomes, covariates=["baseline", "arm:overuse"], visits=["week 24"])
        >>> by_overuse.subgroup_differences("overuse")[["level", "estimate", "std_error"]].round(2).values.tolist()
        [['no', -3.74, 0.7], ['yes', -1.5, 0.51]]
        """
        levels = self._levels(covariate, at)
        rows, n = self._subgroup_rows(covariate, levels, at, "observed")
        visits, places = (("",), [0]) if covariate == self.fitted_means[0].time else self._compared
        rows, n = (rows[1:] - rows[:1])[:, places], (n[1:] + n[:1])[:, places]
        axes = _Axes(self.arms[1:], visits, levels, covariate)
        return self._subgroup_estimates(rows, n, axes, self.arms[0], difference_in(self.labels["measure"]), conf_level)

    def subgroup_interactions(self, covariate: str, *, conf_level: float = 0.95) -> Estimates:
        """Compare the differences to the reference at each level of a factor with those at its first level.

        Parameters
        ----------
        covariate : str
            Factor whose effect differs between arms in the model; for numbers see `slope_differences`.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* with the columns ``subgroup`` and ``level`` (``"M - F"``), by visit, level and arm.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            The model has no effect of arm by the covariate, or the covariate is a number.

        Examples
        --------
        >>> by_overuse = ba.fit_ancova(outcomes, covariates=["baseline", "arm:overuse"], visits=["week 24"])
        >>> by_overuse.subgroup_interactions("overuse")[["level", "estimate", "std_error"]].round(2).values.tolist()
        [['yes - no', 2.23, 0.87]]
        """
        self._require_by_arm(covariate)
        if not self.fitted_means[0].levels[covariate]:
            raise ValueError(f"`covariate` must be a factor; got the number '{covariate}'. Try slope_differences('{covariate}').")
        levels = self._levels(covariate, None)
        rows, n = self._subgroup_rows(covariate, levels, None, "observed")
        visits, places = self._compared
        rows, n = (rows[1:] - rows[:1])[:, places], (n[1:] + n[:1])[:, places]
        rows, n = rows[:, :, 1:] - rows[:, :, :1], n[:, :, 1:] + n[:, :, :1]
        axes = _Axes(self.arms[1:], visits, [f"{level} - {levels[0]}" for level in levels[1:]], covariate)
        measure = f"difference of differences in {self.labels['measure']}"
        return self._subgroup_estimates(rows, n, axes, self.arms[0], measure, conf_level)

    def slopes(self, covariate: str, *, conf_level: float = 0.95) -> Estimates:
        """Estimate the slope of the mean on a number in each arm.

        Parameters
        ----------
        covariate : str
            Number whose effect differs between arms in the model, or the number of a mean with slopes.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* per unit of the number, by visit (if slopes differ between visits) and arm.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            The model has no slope by arm on this number.

        Examples
        --------
        >>> by_baseline = ba.fit_ancova(outcomes, covariates=["arm:baseline"], visits=["week 24"])
        >>> by_baseline.slopes("baseline")[["arm", "estimate", "std_error"]].round(3).values.tolist()
        [['placebo', -0.265, 0.078], ['onabotulinumtoxinA', -0.327, 0.078]]
        """
        rows, visits, n = self._slope_rows(covariate)
        return self._at_visits(rows, self.arms, visits, "", f"slope of {self.labels['measure']} on {covariate}", n, conf_level)

    def slope_differences(self, covariate: str, *, conf_level: float = 0.95) -> Estimates:
        """Estimate the difference between the slope on a number in each arm and the slope in the reference.

        Parameters
        ----------
        covariate, conf_level
            As for `slopes`.

        Returns
        -------
        DataFrame
            *estimates* of arm minus reference, by visit (if slopes differ between visits) and arm; ``n`` counts both arms.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            As for `slopes`.

        Examples
        --------
        >>> by_baseline = ba.fit_ancova(outcomes, covariates=["arm:baseline"], visits=["week 24"])
        >>> by_baseline.slope_differences("baseline")[["estimate", "std_error"]].round(3).values.tolist()
        [[-0.062, 0.11]]
        """
        rows, visits, n = self._slope_rows(covariate)
        measure = f"difference in slope of {self.labels['measure']} on {covariate}"
        rows, n = rows[1:] - rows[:1], n[1:] + n[:1]
        return self._at_visits(rows, self.arms[1:], visits, self.arms[0], measure, n, conf_level)

    def _slope_rows(self, covariate: str) -> tuple[FloatArray, tuple[str, ...], FloatArray]:
        """Return combinations of coefficients, shape (A, K, p), the K visits, and numbers of subjects, shape (A, K)."""
        self._require_by_arm(covariate)
        if self.fitted_means[0].levels[covariate]:
            raise ValueError(
                f"`covariate` must be a number, which has a slope; got the factor '{covariate}'. Try "
                f"subgroup_differences('{covariate}')."
            )
        pieces = []
        for mean in self.fitted_means:
            rows = mean.rows_compared({covariate: mean.centres[covariate] + np.arange(2.0)}, {})
            pieces.append(self._placed(mean, rows[:, :, 1] - rows[:, :, 0]))
        rows = np.concatenate(pieces, axis=1)
        mean = self.fitted_means[0]
        if len(self.fitted_means) > 1 or ("arm", covariate, "visit") in mean.terms or len(mean.compared) == 1:
            return rows, self.visits, self.n
        return rows[:, :1], ("",), self._n_of_any()

    def _n_of_any(self) -> FloatArray:
        """Return the number of subjects with a value at any visit, shape (A, 1)."""
        return np.asarray(self.n.max(axis=1, keepdims=True))

    def _at_visits(
        self, rows: FloatArray, arms: Sequence[str], visits: Sequence[str], reference: str, measure: str, n: FloatArray,
        conf_level: float,
    ) -> pd.DataFrame:  # fmt: skip
        """Estimate rows of shape (A, K, p) for A arms and K visits."""
        n_arms, n_visits, p = rows.shape
        labelled = LabelledRows(
            rows=rows.transpose(1, 0, 2).reshape(-1, p),
            arm=list(arms) * n_visits,
            visit=[visit for visit in visits for _ in range(n_arms)],
            reference=reference,
            measure=measure,
            n=n.T.ravel(),
        )
        return self._estimates(labelled, conf_level)

    def _subgroup_rows(
        self, covariate: str, levels: Sequence[str], at: Sequence[float] | None, margins: str
    ) -> tuple[FloatArray, FloatArray]:
        """Return combinations of coefficients, shape (A, V, L, p), missing for absent levels, and subjects, shape (A, V, L)."""
        pieces, counts = [], []
        first = 0
        for mean in self.fitted_means:
            observed = mean.levels[covariate]
            values = np.equal.outer(levels, observed).astype(float) if at is None else np.asarray(at, dtype=float)
            others = {
                name: np.full((1, len(of_factor)), 1 / len(of_factor))
                for name, of_factor in mean.levels.items()
                if margins == "equal" and of_factor and name not in ("arm", "visit", covariate)
            }
            rows = self._placed(mean, mean.rows_compared({covariate: values}, others))
            n = np.zeros(rows.shape[:3]) + self.n[:, first : first + rows.shape[1], None]
            if at is None:
                places = [place for place, name in enumerate(levels) if name in observed]
                n[:] = 0.0
                n[:, :, places] = mean.n[covariate][:, -rows.shape[1] :]
                rows[:, :, [name not in observed for name in levels]] = np.nan
            pieces.append(rows)
            counts.append(n)
            first += rows.shape[1]
        return np.concatenate(pieces, axis=1), np.concatenate(counts, axis=1)

    def _subgroup_estimates(
        self, rows: FloatArray, n: FloatArray, axes: _Axes, reference: str, measure: str, conf_level: float
    ) -> pd.DataFrame:
        """Estimate rows of shape (A, V, L, p), with subjects of shape (A, V, L); missing if the data do not determine them."""
        by_visit = rows.transpose(1, 2, 0, 3)
        shape, p = by_visit.shape[:3], by_visit.shape[3]
        visits, levels, arms = (codes.ravel() for codes in np.indices(shape))
        flat = by_visit.reshape(-1, p)
        known = self._known(flat)
        labelled = LabelledRows(
            rows=np.where(known[:, None], flat, 0.0),
            arm=[axes.arms[int(code)] for code in arms],
            visit=[axes.visits[int(code)] for code in visits],
            reference=reference,
            measure=measure,
            n=n.transpose(1, 2, 0).ravel(),
            further={
                "subgroup": np.full(len(flat), axes.covariate, dtype=object),
                "level": np.array([axes.levels[int(code)] for code in levels], dtype=object),
            },
        )
        estimates = self._estimates(labelled, conf_level)
        numbers = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
        estimates.loc[~known, numbers] = np.nan
        return estimates

    def _known(self, rows: FloatArray) -> BoolArray:
        """Return True for combinations of the coefficients of all means that the data determine."""
        known = np.asarray(~np.isnan(rows).any(axis=1))
        for mean in self.fitted_means:
            known &= mean.is_estimable(rows[:, mean.first : mean.first + len(mean.columns)])
        return known

    def _levels(self, covariate: str, at: Sequence[float] | None) -> list[str]:
        self._require_by_arm(covariate)
        levels = {name: None for mean in self.fitted_means for name in mean.levels[covariate]}
        if levels and at is not None:
            raise ValueError(
                f"`at` must be left out for the factor '{covariate}', whose levels are {listed(levels)}; got {kind_of(at)}."
            )
        if levels:
            return list(levels)
        values = np.asarray([] if at is None else at)
        if not values.size or values.ndim != 1 or values.dtype.kind not in "iuf" or len(np.unique(values)) < len(values):
            raise ValueError(f"`at` must be a list of values of the number '{covariate}', each once; got {kind_of(at)}.")
        if not np.isfinite(values).all():
            raise ValueError(f"`at` must be a list of finite numbers; got {at!r}.")
        return [text_of(value) for value in values.astype(float)]

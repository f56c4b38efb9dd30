"""Effects within the levels of a covariate, and slopes on a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd

from botox_analysis.cells.values import text_of
from botox_analysis.errors import kind_of, listed, require_choice
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.measures import difference_in
from botox_analysis.models.means.term_tests import TermTests
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray

SubgroupMargins = Literal["observed", "equal"]
MARGINS: tuple[SubgroupMargins, ...] = get_args(SubgroupMargins)


class TermAnswers(TermTests):
    """Answers of a fit by subgroup and by slope, beside its F tests."""

    def subgroup_means(
        self,
        covariate: str,
        *,
        at: Sequence[float] | None = None,
        margins: SubgroupMargins = "observed",
        conf_level: float = 0.95,
    ) -> Estimates:
        """Adjusted means of each arm at each visit, at each level of a covariate.

        Parameters
        ----------
        covariate : str
            One whose effect differs between arms in the model (``"arm:x"``), or the one that the mean is a slope on.
        at : sequence of float, optional
            Of a number, the values at which to estimate.
        margins : str
            Other factors: ``"observed"`` as they occur among all analysed, ``"equal"`` with each level the same.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* with the columns ``subgroup`` (the covariate) and ``level``, by visit, level and arm; without p-values.
            ``n`` counts subjects at the level (of a number, all). Missing where the data do not determine the mean.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            The model has no effect of arm by the covariate, or `at` is not what it needs.
        """
        levels = self._levels(covariate, at)
        require_choice(margins, MARGINS, "margins")
        rows, n = self._subgroup_rows(covariate, levels, at, margins)
        visits, places = (("",), [0]) if covariate == self.fitted_means[0].time else (self.visits, slice(None))
        return self._subgroup_estimates(
            rows[:, places], arms=self.arms, visits=visits, levels=levels, reference="", measure=self.labels["measure"],
            n=n[:, places], subgroup=covariate, conf_level=conf_level,
        ).assign(p_value=np.nan)  # fmt: skip

    def subgroup_differences(self, covariate: str, *, at: Sequence[float] | None = None, conf_level: float = 0.95) -> Estimates:
        """Adjusted differences of each arm to the reference at each visit, at each level of a covariate.

        Parameters
        ----------
        covariate, at, conf_level
            As for `subgroup_means`.

        Returns
        -------
        DataFrame
            *estimates* of arm minus reference with the columns ``subgroup`` and ``level``, by visit, level and arm; ``n``
            counts both arms. Missing where the data do not determine the difference.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            As `subgroup_means`.
        """
        levels = self._levels(covariate, at)
        rows, n = self._subgroup_rows(covariate, levels, at, "observed")
        visits, places = (("",), [0]) if covariate == self.fitted_means[0].time else self._compared
        return self._subgroup_estimates(
            (rows[1:] - rows[:1])[:, places], arms=self.arms[1:], visits=visits, levels=levels, reference=self.arms[0],
            measure=difference_in(self.labels["measure"]), n=(n[1:] + n[:1])[:, places], subgroup=covariate,
            conf_level=conf_level,
        )  # fmt: skip

    def subgroup_interactions(self, covariate: str, *, conf_level: float = 0.95) -> Estimates:
        """How much the differences to the reference differ from those at the first level of a factor.

        Parameters
        ----------
        covariate : str
            A factor whose effect differs between arms in the model; of a number, ask for `slope_differences`.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* with the columns ``subgroup`` and ``level`` (``"M - F"``), by visit, level and arm.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            The model has no effect of arm by the covariate, or it is a number.
        """
        self._require_by_arm(covariate)
        if not self.fitted_means[0].levels[covariate]:
            raise ValueError(f"'{covariate}' is a number; ask for slope_differences('{covariate}').")
        levels = self._levels(covariate, None)
        rows, n = self._subgroup_rows(covariate, levels, None, "observed")
        visits, places = self._compared
        rows, n = (rows[1:] - rows[:1])[:, places], (n[1:] + n[:1])[:, places]
        return self._subgroup_estimates(
            rows[:, :, 1:] - rows[:, :, :1], arms=self.arms[1:], visits=visits,
            levels=[f"{level} - {levels[0]}" for level in levels[1:]], reference=self.arms[0],
            measure=f"difference of differences in {self.labels['measure']}", n=n[:, :, 1:] + n[:, :, :1], subgroup=covariate,
            conf_level=conf_level,
        )  # fmt: skip

    def slopes(self, covariate: str, *, conf_level: float = 0.95) -> Estimates:
        """Slopes of the mean on a number, in each arm.

        Parameters
        ----------
        covariate : str
            A number whose effect differs between arms in the model, or the one that the mean is a slope on.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* per unit of the number, by visit (where slopes differ between visits) and arm.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            The model has no slope by arm on it.
        """
        rows, visits, n = self._slope_rows(covariate)
        return self._at_visits(rows, self.arms, visits, "", f"slope of {self.labels['measure']} on {covariate}", n, conf_level)

    def slope_differences(self, covariate: str, *, conf_level: float = 0.95) -> Estimates:
        """Differences of slopes on a number to that in the reference.

        Parameters
        ----------
        covariate, conf_level
            As for `slopes`.

        Returns
        -------
        DataFrame
            *estimates* of arm minus reference, by visit (where slopes differ between visits) and arm; ``n`` counts both arms.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            As `slopes`.
        """
        rows, visits, n = self._slope_rows(covariate)
        measure = f"difference in slope of {self.labels['measure']} on {covariate}"
        rows, n = rows[1:] - rows[:1], n[1:] + n[:1]
        return self._at_visits(rows, self.arms[1:], visits, self.arms[0], measure, n, conf_level)

    def _slope_rows(self, covariate: str) -> tuple[FloatArray, tuple[str, ...], FloatArray]:
        """Shape (A, K, p), the K visits, and subjects."""
        self._require_by_arm(covariate)
        if self.fitted_means[0].levels[covariate]:
            raise ValueError(f"'{covariate}' is a factor and has no slope; ask for subgroup_differences('{covariate}').")
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
        """Subjects with a value at any visit, shape (A, 1)."""
        return np.asarray(self.n.max(axis=1, keepdims=True))

    def _at_visits(
        self, rows: FloatArray, arms: Sequence[str], visits: Sequence[str], reference: str, measure: str, n: FloatArray,
        conf_level: float,
    ) -> pd.DataFrame:  # fmt: skip
        n_arms, n_visits, p = rows.shape
        return self._estimates(
            rows.transpose(1, 0, 2).reshape(-1, p), arm=list(arms) * n_visits, visit=np.repeat(list(visits), n_arms),
            reference=reference, measure=measure, n=n.T.ravel(), conf_level=conf_level,
        )  # fmt: skip

    def _subgroup_rows(
        self, covariate: str, levels: Sequence[str], at: Sequence[float] | None, margins: str
    ) -> tuple[FloatArray, FloatArray]:
        """Shape (A, V, L, p), missing for a level that nobody has, and subjects (A, V, L)."""
        pieces, counts = [], []
        first = 0
        for mean in self.fitted_means:
            own = mean.levels[covariate]
            values = np.equal.outer(levels, own).astype(float) if at is None else np.asarray(at, dtype=float)
            others = {
                name: np.full((1, len(each)), 1 / len(each))
                for name, each in mean.levels.items()
                if margins == "equal" and each and name not in ("arm", "visit", covariate)
            }
            rows = self._placed(mean, mean.rows_compared({covariate: values}, others))
            n = np.zeros(rows.shape[:3]) + self.n[:, first : first + rows.shape[1], None]
            if at is None:
                there = [place for place, name in enumerate(levels) if name in own]
                n[:] = 0.0
                n[:, :, there] = mean.n[covariate][:, -rows.shape[1] :]
                rows[:, :, [name not in own for name in levels]] = np.nan
            pieces.append(rows)
            counts.append(n)
            first += rows.shape[1]
        return np.concatenate(pieces, axis=1), np.concatenate(counts, axis=1)

    def _subgroup_estimates(
        self, rows: FloatArray, *, arms: Sequence[str], visits: Sequence[str], levels: Sequence[str], reference: str,
        measure: str, n: FloatArray, subgroup: str, conf_level: float,
    ) -> pd.DataFrame:  # fmt: skip
        by_visit = rows.transpose(1, 2, 0, 3)
        shape, p = by_visit.shape[:3], by_visit.shape[3]
        visit, level, arm = (each.ravel() for each in np.indices(shape))
        flat = by_visit.reshape(-1, p)
        known = self._known(flat)
        estimates = self._estimates(
            np.where(known[:, None], flat, 0.0), arm=[arms[int(each)] for each in arm],
            visit=[visits[int(each)] for each in visit],
            reference=reference, measure=measure, n=n.transpose(1, 2, 0).ravel(), conf_level=conf_level,
            also={"subgroup": np.full(len(flat), subgroup, dtype=object),
                  "level": np.array([levels[int(each)] for each in level], dtype=object)},
        )  # fmt: skip
        numbers = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value"]
        estimates.loc[~known, numbers] = np.nan
        return estimates

    def _known(self, rows: FloatArray) -> BoolArray:
        """Whether the data determine combinations of the coefficients of all means."""
        known = np.asarray(~np.isnan(rows).any(axis=1))
        for mean in self.fitted_means:
            known &= mean.is_estimable(rows[:, mean.first : mean.first + len(mean.columns)])
        return known

    def _levels(self, covariate: str, at: Sequence[float] | None) -> list[str]:
        self._require_by_arm(covariate)
        levels = {name: None for mean in self.fitted_means for name in mean.levels[covariate]}
        if levels and at is not None:
            raise ValueError(f"at: '{covariate}' is a factor, whose levels are {listed(levels)}; leave it out.")
        if levels:
            return list(levels)
        values = np.asarray([] if at is None else at)
        if not values.size or values.ndim != 1 or values.dtype.kind not in "iuf" or len(np.unique(values)) < len(values):
            raise ValueError(f"at: found {kind_of(at)}; '{covariate}' is a number, expected a list of its values, each once.")
        if not np.isfinite(values).all():
            raise ValueError(f"at: found {at!r}; expected a list of numbers, each finite.")
        return [text_of(value) for value in values.astype(float)]

"""Tipping points: shifts of imputed values that change a conclusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from botox_analysis.errors import DataError, FitError, kind_of, listed, require_conf_level
from botox_analysis.frames.estimates import Estimates
from botox_analysis.models.imputation.completed import Completed
from botox_analysis.models.imputation.pooling import Analysed, determined_design, pooled
from botox_analysis.models.imputation.shifts import Kind, Shift, ShiftRule, as_shift, direction_of, numbers_by_visit, shift_rule
from botox_analysis.models.linear.ancova import fit_ancova
from botox_analysis.models.linear.design import covariates_of
from botox_analysis.models.means.covariates import refuse_by_arm
from botox_analysis.numerics.imputation.shifts import MovedRegressions, moved_regressions
from botox_analysis.numerics.linear.inference import FloatArray

GRID = 21
"""Number of shifts of each arm, by default."""

ROUND_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
"""Steps of a grid, times a power of ten."""

MOST_MOVED = 64.0
"""Largest shift of the search, in standard deviations of the response: far beyond plausible shifts."""

STEPS = 512
"""Number of steps of the search, so that the crossing nearest to 0 is found."""


@dataclass(frozen=True)
class _Way:
    """Movement of imputed values under a shift of 1."""

    imputations: Completed
    rule: ShiftRule
    by_visit: FloatArray

    def of(self, arm: str) -> FloatArray:
        """Compute the movement of the values of an arm, shape (N, V) or (B, N, V)."""
        return direction_of(self.imputations, arm, self.rule, self.by_visit)


def _way(imputations: Completed, how: Shift) -> _Way:
    rule = shift_rule(imputations, how)
    if how.by_visit is not None and not isinstance(how.by_visit, Mapping):
        raise ValueError(f"`by_visit` must be a mapping {{visit: number}}, which a shift of 1 adds; got {kind_of(how.by_visit)}.")
    return _Way(imputations, rule, numbers_by_visit(imputations, 1.0 if how.by_visit is None else how.by_visit, "`by_visit`"))


@dataclass(frozen=True)
class _Movable:
    """The difference of one arm at one visit as a function of the shifts of the arm and of the reference."""

    imputations: Completed
    way: _Way
    row: pd.DataFrame
    regressions: MovedRegressions
    df: float
    spread: float
    """Standard deviation of the response."""

    def estimates(self, shifts: FloatArray, conf_level: float) -> pd.DataFrame:
        """Compute *estimates* at shifts of (arm, reference), shape (G, 2)."""
        estimate, variance = self.regressions.at(shifts)
        rows = self.row.loc[self.row.index.repeat(len(shifts))].assign(delta=shifts[:, 0], delta_reference=shifts[:, 1])
        analysed = Analysed(rows.reset_index(drop=True), estimate, variance, np.full(len(shifts), self.df))
        return pooled(self.imputations, analysed, "normal", conf_level)


def _movable_difference(way: _Way, visit: str, arm: str | None, covariates: Sequence[str] | None, on: str) -> _Movable:
    imputations = way.imputations
    grid = imputations.grid
    if visit not in grid.visits:
        raise DataError(f"the imputations have nothing at '{visit}'; their visits are {listed(grid.visits, n_shown=12)}.")
    others = grid.arms[1:]
    if arm is None and len(others) != 1:
        raise DataError(f"`arm` must be one of {listed(others)}, the {len(others)} arms beside the reference; got None.")
    chosen = arm if arm is not None else others[0]
    if chosen not in others:
        raise DataError(f"`arm` must be one of {listed(others)}, compared with '{grid.arms[0]}'; got {chosen!r}.")
    place = grid.visits.index(visit)
    in_both = np.isin(imputations.grid.arm_of_subject, [0, grid.arms.index(chosen)])
    if not (way.rule.moved[:, place] & in_both).any():
        raise DataError(
            f"no value of '{chosen}' or '{grid.arms[0]}' was imputed {on.replace('all imputed', 'at all')} at '{visit}'; "
            "expected imputed values to shift."
        )
    first = imputations.completed(0)
    asked = covariates_of(first, covariates)
    refuse_by_arm(asked, "pooled differences")
    names = [covariate.name for covariate in asked]
    differences = fit_ancova(first, covariates=names, response=imputations.response, visits=[visit]).differences()
    rows = grid.wide(np.arange(len(first)), -1)[:, place]
    columns = [imputations.response, *(name for name in names if name != imputations.response)]
    known = first[columns].notna().all(axis=1).to_numpy()[rows]
    design = determined_design(first.iloc[rows[known]], asked, grid.arms)
    directions = [way.of(shifted)[..., known, place] for shifted in (chosen, grid.arms[0])]
    if not any(direction.any() for direction in directions):
        raise DataError(f"`by_visit` and `lags` must be other than 0 at '{visit}'; got 0.")
    number = grid.arms.index(chosen)
    regressions = moved_regressions(
        design.matrix,
        imputations.values[:, known, place],
        directions,
        design.observed[number] - design.observed[0],
        None if imputations.weights is None else imputations.weights[:, known],
    )
    return _Movable(
        imputations,
        way,
        differences[differences["arm"] == chosen],
        regressions,
        float(int(known.sum()) - design.matrix.shape[1]),
        float(imputations.values[0, known, place].std()) or 1.0,
    )


class Tipping(Completed):
    """Completed data sets with tipping points."""

    def tipping_surface(
        self,
        visit: str,
        *,
        arm: str | None = None,
        deltas: Sequence[float] | None = None,
        reference_deltas: Sequence[float] | None = None,
        covariates: Sequence[str] | None = None,
        kind: Kind | Shift = "marginal",
        conf_level: float = 0.95,
    ) -> Estimates:
        """Estimate the difference at a visit over a grid of shifts of the imputed values of both arms.

        `tipping_point` finds the shift of one arm at which the conclusion changes. Estimates are linear in the shifts and
        residual sums of squares quadratic, so the whole grid takes little more time than one analysis.

        Parameters
        ----------
        visit : str
            Visit of the difference.
        arm : str, optional
            Arm that is compared with the reference; required if the trial has several.
        deltas, reference_deltas : sequence of float, optional
            Shifts of the arm and of the reference, in units of the endpoint. Default: 21 each, around 0, to beyond plausible
            shifts.
        covariates : sequence of str, optional
            Covariates of the analysis of covariance. Default: the baseline, if it exists.
        kind : str or Shift
            Rule of the shift: ``"marginal"``, ``"sequential"``, ``"accumulating"``, or a `Shift` with further choices.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, one row for each pair of shifts, with ``delta`` and ``delta_reference``. Plausible shifts are constant
            columns: ``plausible_from`` and ``plausible_to`` for the arm, with ``_reference`` for the reference. They extend from
            0 (as imputed) to the shift after which these subjects had on average no change from baseline. They are missing if
            only values, no changes, are known. Replace the columns by other limits where justified. `plot.tipping_surface` plots
            the frame.

        Raises
        ------
        DataError
            No imputed value can be moved, a visit or arm is unknown, or a visit lacks a number.
        ValueError
            A word is unknown, or shifts are not finite numbers.

        References
        ----------
        Permutt T (2016). Stat Med 35:2876-2879. Cro S, Morris TP, Kenward MG, Carpenter JR (2020). Stat Med 39:2815-2842.

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=20, seed=1)
        >>> surface = imputations.tipping_surface("week 24", deltas=[0, 5, 10], reference_deltas=[0])
        >>> surface[["delta", "estimate"]].round(1).to_numpy().tolist()
        [[0.0, -2.2], [5.0, -1.5], [10.0, -0.9]]
        """
        require_conf_level(conf_level)
        how = as_shift(kind)
        movable = _movable_difference(_way(self, how), visit, arm, covariates, how.on)
        chosen = str(movable.row["arm"].iloc[0])
        no_change = [_to_no_change(movable.way, visit, name) for name in (chosen, self.grid.arms[0])]
        reach = _round_reach(max(1.5 * float(np.abs(no_change).max()), movable.spread))
        axes = [_shifts(given, name, reach) for given, name in ((deltas, "deltas"), (reference_deltas, "reference_deltas"))]
        pairs = np.array([(of_arm, of_reference) for of_reference in axes[1] for of_arm in axes[0]])
        estimates = movable.estimates(pairs, conf_level)
        (low, high), (low_reference, high_reference) = (sorted((0.0, end)) for end in no_change)
        nan_without_change = np.nan if self.response != "change" else 0.0
        return estimates.assign(
            plausible_from=low + nan_without_change,
            plausible_to=high + nan_without_change,
            plausible_from_reference=low_reference + nan_without_change,
            plausible_to_reference=high_reference + nan_without_change,
        )

    def tipping_point(
        self,
        visit: str,
        *,
        arm: str | None = None,
        covariates: Sequence[str] | None = None,
        kind: Kind | Shift = "marginal",
        conf_level: float = 0.95,
    ) -> Estimates:
        """Find the shift of the imputed values of one arm at which the difference at a visit loses, or gains, significance.

        Parameters
        ----------
        visit : str
            Visit of the difference.
        arm : str, optional
            Arm whose imputed values are moved, also the reference. Default: the only arm beside the reference.
        covariates, kind
            As for `tipping_surface`.
        conf_level : float
            Nominal coverage; the difference is significant if its confidence interval excludes 0.

        Returns
        -------
        DataFrame
            *estimates*, one row: the difference at the tipping shift nearest to 0, which is ``delta`` (or ``delta_reference``).
            Its p-value is 1 - `conf_level`. If no shift changes the conclusion, ``delta`` is infinite, the other numbers are
            missing, and ``note`` contains the reason.

        Raises
        ------
        DataError
            As for `tipping_surface`.
        FitError
            The analysis is not determined.

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=20, seed=1)
        >>> tipped = imputations.tipping_point("week 24")
        >>> bool(8 < tipped["delta"].iloc[0] < 12), round(float(tipped["p_value"].iloc[0]), 6)
        (True, 0.05)
        """
        require_conf_level(conf_level)
        how = as_shift(kind)
        way = _way(self, how)
        reference = self.grid.arms[0]
        of_reference = arm == reference
        if of_reference and len(self.grid.arms) != 2:
            raise DataError(
                f"`arm` must not be the reference '{reference}', compared with several arms. Try outcomes of two arms."
            )
        movable = _movable_difference(way, visit, None if of_reference else arm, covariates, how.on)
        moved = reference if of_reference else str(movable.row["arm"].iloc[0])
        if not (movable.regressions.slope[:, 2 if of_reference else 1] != 0).any():
            raise DataError(f"no value of '{moved}' was imputed at '{visit}'; expected imputed values to shift.")
        axis = np.array([0.0, 1.0]) if of_reference else np.array([1.0, 0.0])

        def beyond(shift_by: float) -> float:
            """Compute the level less the p-value."""
            row = movable.estimates(np.array([shift_by * axis]), conf_level)
            return float(1 - conf_level - row["p_value"].iloc[0])

        if np.isnan(beyond(0.0)):
            raise FitError(f"the difference at '{visit}' has no p-value: its values have no spread.")
        # Steps in standard deviations, fine near 0 and coarse far from 0, first upwards and then downwards.
        steps = MOST_MOVED * (np.arange(STEPS + 1) / STEPS) ** 3
        found = []
        for side in (movable.spread, -movable.spread):
            p_value = movable.estimates(side * steps[:, None] * axis, conf_level)["p_value"].to_numpy()
            crossed = np.flatnonzero(np.diff((p_value < 1 - conf_level).astype(int)) != 0)
            if crossed.size:
                ends = steps[crossed[0]], steps[crossed[0] + 1]
                found.append(side * float(optimize.brentq(lambda by, side=side: beyond(side * by), *ends, xtol=1e-12)))
        if not found:
            return _no_tip(movable, conf_level, of_reference=of_reference)
        return movable.estimates(np.array([min(found, key=abs) * axis]) + 0.0, conf_level)  # no negative zero


def _round_reach(least: float) -> float:
    """Compute the end of a grid whose steps are round numbers."""
    step = 2 * least / (GRID - 1)
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(digit * power for digit in ROUND_STEPS if digit * power >= step)) * (GRID - 1) / 2


def _shifts(given: Sequence[float] | None, name: str, reach: float) -> FloatArray:
    if given is None:
        return np.linspace(-reach, reach, GRID)
    shifts = np.atleast_1d(np.asarray(given, dtype=float))
    if shifts.ndim != 1 or not shifts.size or not np.isfinite(shifts).all() or len(np.unique(shifts)) < len(shifts):
        raise ValueError(f"`{name}` must be a list of different finite numbers; got {given!r}.")
    return shifts


def _to_no_change(way: _Way, visit: str, arm: str) -> float:
    """Compute the shift after which the moved subjects of an arm have on average no change from baseline; 0 if none moves."""
    imputations = way.imputations
    place = imputations.grid.visits.index(visit)
    moved = way.rule.moved[:, place] & (imputations.grid.arm_of_subject == imputations.grid.arms.index(arm))
    if not moved.any() or imputations.response != "change":
        return 0.0
    typical = float(way.of(arm)[..., moved, place].mean())
    return float(-imputations.values[:, moved, place].mean()) / typical if typical else 0.0


def _no_tip(movable: _Movable, conf_level: float, *, of_reference: bool) -> pd.DataFrame:
    row = movable.estimates(np.zeros((1, 2)), conf_level)
    kept = "remains" if row["p_value"].iloc[0] < 1 - conf_level else "is never reached"
    numbers = dict.fromkeys(("estimate", "std_error", "df", "conf_low", "conf_high", "p_value", "monte_carlo_error"), np.nan)
    which = "delta_reference" if of_reference else "delta"
    return row.assign(**numbers, missing_information=np.nan, note=f"significance {kept} whatever the shift", **{which: np.inf})

"""Shifts of imputed values: marginal, sequential or accumulating over visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np

from botox_analysis import wording
from botox_analysis.errors import DataError, kind_of, listed, require_choice
from botox_analysis.frames.outcomes import EXPOSURE_DAYS
from botox_analysis.models.imputation.completed import Completed
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray

On = Literal["after the event", "all imputed"]
Kind = Literal["marginal", "sequential", "accumulating"]

ON, KINDS = get_args(On), get_args(Kind)


@dataclass(frozen=True)
class Shift:
    """Rule by which a shift moves imputed values.

    Attributes
    ----------
    kind : str
        ``"marginal"``: each value is moved by the shift. ``"sequential"``: each value is moved in turn, and later values are
        imputed given the moved ones; shifts add up over correlated visits. ``"accumulating"``: each value is moved by the sum of
        the shifts over the visits since the event, so subjects become worse from visit to visit.
    on : str
        ``"after the event"``: values imputed after the intercurrent event (or the last value). ``"all imputed"``: gaps, too.
    by_visit : mapping of str to float, optional
        Number that a shift of 1 adds at each visit, for tipping points. Default: 1. A marginal shift depends on the number of the
        analysed visit alone.
    lags : sequence of float, optional
        Factors of the shift at the first, second and later visits after the event, such as ``[1, 0.5, 0.25]`` for a decreasing
        shift. With ``"accumulating"`` the products are summed. Default: 1 at each visit.

    Examples
    --------
    >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1)
    >>> worse = imputations.shift({"onabotulinumtoxinA": 1.0}, kind=ba.missing.Shift("accumulating", lags=[1, 0.5, 0, 0, 0, 0]))
    >>> bool((worse.values >= imputations.values).all())
    True
    """

    kind: Kind = "marginal"
    on: On = "after the event"
    by_visit: Mapping[str, float] | None = None
    lags: Sequence[float] | None = None


def as_shift(kind: Kind | Shift) -> Shift:
    """Convert the kind of a shift to a `Shift`.

    Parameters
    ----------
    kind : str or Shift
        A word of `KINDS`, or a `Shift`.

    Returns
    -------
    Shift
        The shift, whose words are not checked.
    """
    return kind if isinstance(kind, Shift) else Shift(kind)


@dataclass(frozen=True)
class ShiftRule:
    """Spread of a shift of 1 over N subjects at V visits.

    Attributes
    ----------
    moved : ndarray of bool, shape (N, V)
        Values that move.
    kind : str
        A word of `KINDS`.
    factors : ndarray, shape (N, V)
        Factors of the shift, by the number of visits since the event; 1 without `lags`.
    """

    moved: BoolArray
    kind: str
    factors: FloatArray


class Shifting(Completed):
    """Completed data sets whose imputed values can be moved."""

    def shift(
        self,
        delta: Mapping[str, float | Mapping[str, float]],
        *,
        kind: Kind | Shift = "marginal",
    ) -> Self:
        """Move the imputed values of some arms.

        Parameters
        ----------
        delta : mapping of str to float, or to mapping of str to float
            Numbers to add by arm, in units of the endpoint: one number for all visits, or one for each visit. Arms that are not
            named are not moved.
        kind : str or Shift
            Rule of the shift: ``"marginal"``, ``"sequential"``, ``"accumulating"``, or a `Shift` with further choices.

        Returns
        -------
        Imputations
            New imputations, whose method contains the shift.

        Raises
        ------
        DataError
            An arm or visit is unknown, a visit lacks a number, or these imputations cannot be moved in sequence.
        TypeError
            `delta` is no mapping, or is empty.
        ValueError
            A word is unknown, a delta is no number, `by_visit` is given, or `lags` has too few factors.

        Notes
        -----
        ``delta={arm: {visit: number}}`` with ``kind=Shift("accumulating", lags=...)`` corresponds to the arguments ``delta`` and
        ``dlag`` of R's rbmi. Visits after the event with an observed value count in the sum, but observed values are not moved.

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=20, seed=1)
        >>> worse = imputations.shift({"onabotulinumtoxinA": 2.0})
        >>> pooled = [each.pool(visits=["week 24"])["estimate"].iloc[0] for each in (imputations, worse)]
        >>> bool(pooled[1] > pooled[0])
        True
        """
        how = as_shift(kind)
        rule = shift_rule(self, how)
        if how.by_visit is not None:
            raise ValueError("`by_visit` must be left out, as it is for tipping points. Try delta={arm: {visit: number}}.")
        if not isinstance(delta, Mapping) or not delta:
            raise TypeError(f"`delta` must be a mapping from arms to numbers, such as {{'155 U': 2.0}}; got {delta!r}.")
        unknown = [arm for arm in delta if arm not in self.grid.arms]
        if unknown:
            raise DataError(f"`delta` must have keys among the arms {listed(self.grid.arms)}; got {listed(unknown)}.")
        by = sum(
            direction_of(self, arm, rule, numbers_by_visit(self, value, f"`delta` of '{arm}'")) for arm, value in delta.items()
        )
        shifts = ", ".join(f"{_in_words(value)} in {arm}" for arm, value in delta.items())
        factors = "" if how.lags is None else f", factors {', '.join(f'{factor:g}' for factor in how.lags)} by visit"
        return self.moved(np.asarray(by, dtype=float), f"{how.kind} shift of {shifts} ({how.on}{factors})")


def _in_words(value: float | Mapping[str, float]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{wording.signed(number)} at {visit}" for visit, number in value.items())
    return wording.signed(value)


def numbers_by_visit(imputations: Completed, given: float | Mapping[str, float], what: str) -> FloatArray:
    """Read a number for each visit.

    Parameters
    ----------
    imputations : Completed
        Imputations of V visits.
    given : float or mapping of str to float
        One number for all visits, or one for each.
    what : str
        Name of the argument, for the message.

    Returns
    -------
    ndarray, shape (V,)
        Numbers in the order of the visits.

    Raises
    ------
    DataError
        A visit is unknown, or lacks a number.
    ValueError
        A number is not finite.
    """
    visits = imputations.grid.visits
    by_visit = given if isinstance(given, Mapping) else dict.fromkeys(visits, given)
    unknown = [visit for visit in by_visit if visit not in visits]
    if unknown:
        raise DataError(f"{what} must have keys among the visits {listed(visits, n_shown=12)}; got {listed(unknown)}.")
    lacking = [visit for visit in visits if visit not in by_visit]
    if lacking:
        raise DataError(f"{what} must have a number at each visit, 0 for no shift; got none at {listed(lacking)}.")
    return _numbers([by_visit[visit] for visit in visits], what)


def _numbers(given: Sequence[float], what: str) -> FloatArray:
    wrong = [number for number in given if not isinstance(number, int | float | np.number) or not np.isfinite(number)]
    if wrong or any(isinstance(number, bool) for number in given):
        raise ValueError(f"{what} must have finite numbers; got {kind_of((wrong or list(given))[0])}.")
    return np.array(given, dtype=float)


def require_movable(imputations: Completed, how: Shift) -> None:
    """Refuse imputations that cannot be shifted.

    Parameters
    ----------
    imputations : Completed
        Imputations of values; for counts, rates are multiplied instead.
    how : Shift
        The shift, whose words are checked.

    Raises
    ------
    DataError
        These are imputations of counts.
    ValueError
        A word is unknown.
    """
    require_choice(how.on, ON, "on")
    require_choice(how.kind, KINDS, "kind")
    if EXPOSURE_DAYS in imputations.outcomes.columns:
        raise DataError("these imputations are counts of events, which have no shift. Try rate_ratio of missing.impute_counts.")


def shift_rule(imputations: Completed, how: Shift) -> ShiftRule:
    """Spread a shift over subjects and visits.

    Parameters
    ----------
    imputations : Completed
        Imputations of N subjects at V visits.
    how : Shift
        The shift.

    Returns
    -------
    ShiftRule
        Spread of the shift in all arms.

    Raises
    ------
    DataError
        As for `require_movable`; or the imputations cannot be moved in sequence.
    ValueError
        As for `require_movable`; or a shift by visits since the event is on all imputed values, or factors are too few.
    """
    require_movable(imputations, how)
    if how.kind == "sequential" and imputations.onward is None:
        raise DataError(
            f"`kind` must be 'marginal' for imputations without one model of all visits ({imputations.words}); got 'sequential'."
        )
    if how.on == "all imputed" and (how.kind == "accumulating" or how.lags is not None):
        choice = "an accumulating shift" if how.kind == "accumulating" else "`lags`"
        raise ValueError(
            f"`on` must be 'after the event' for {choice}; got 'all imputed', which also moves gaps before the event."
        )
    moved = movable(imputations, how.on)
    if how.lags is None:
        return ShiftRule(moved, how.kind, np.ones(moved.shape))
    since = imputations.since_event.cumsum(axis=1)  # 1 at the first visit after the event
    if not isinstance(how.lags, list | tuple | np.ndarray):
        raise ValueError(
            f"`lags` must be a list of factors for each visit since the event, such as [1, 0.5]; got {kind_of(how.lags)}."
        )
    factors = _factors(list(how.lags), int(since.max(initial=0)))
    return ShiftRule(moved, how.kind, factors[since])


def _factors(lags: Sequence[float], n_most: int) -> FloatArray:
    if len(lags) < n_most:
        raise ValueError(
            f"`lags` must have a factor for each visit after the event, 0 for no shift; got {len(lags)} factors, but some "
            f"subjects have {n_most} visits after the event."
        )
    return np.append(0.0, _numbers(lags, "`lags`"))


def direction_of(imputations: Completed, arm: str, rule: ShiftRule, by_visit: FloatArray) -> FloatArray:
    """Compute the movement of values under a shift of the imputed values of one arm.

    Parameters
    ----------
    imputations : Completed
        Imputations of N subjects at V visits.
    arm : str
        An arm of the imputations.
    rule : ShiftRule
        Spread of the shift.
    by_visit : ndarray, shape (V,)
        Shift at each visit, in units of the endpoint.

    Returns
    -------
    ndarray, shape (N, V) or (B, N, V)
        Movement; 0 for values that do not move.
    """
    of_arm = (imputations.grid.arm_of_subject == imputations.grid.arms.index(arm))[:, None]
    moved = rule.moved & of_arm
    steps = by_visit * rule.factors
    if rule.kind == "accumulating":
        steps = np.where(imputations.since_event, steps, 0.0).cumsum(axis=1)
    steps = np.where(moved, steps, 0.0)
    if rule.kind != "sequential" or imputations.onward is None:
        return np.asarray(steps)
    onward: FloatArray = imputations.onward(steps)
    return onward


def movable(imputations: Completed, on: str) -> BoolArray:
    """Select the values that a shift moves.

    Parameters
    ----------
    imputations : Completed
        Imputations of N subjects at V visits.
    on : str
        A word of `ON`.

    Returns
    -------
    ndarray of bool, shape (N, V)
        Values imputed after an event, or all imputed values.
    """
    return imputations.imputed if on == "all imputed" else imputations.after

"""Imputed values moved by a shift, at a visit alone, onward from it, or more with each visit."""

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
    """How a shift moves imputed values.

    Attributes
    ----------
    kind : str
        ``"marginal"``: each value is moved by the shift. ``"sequential"``: each in turn is moved, and those after it are imputed
        given the moved ones, so that a shift adds up over visits as far as visits are correlated. ``"accumulating"``: each value
        is moved by the sum of the shifts over the visits since the event, so that subjects become worse from visit to visit.
    on : str
        ``"after the event"``: values imputed after the intercurrent event (or the last value); ``"all imputed"``: gaps, too.
    by_visit : mapping of str to float, optional
        What a shift of 1 adds at each visit, for tipping points. Left out: 1 at each. A marginal shift depends on the number of
        the visit that is asked for alone.
    lags : sequence of float, optional
        Factors of the shift at the first visit after the event, the second, and so on, for example ``[1, 0.5, 0.25]`` where it
        levels off; with ``"accumulating"`` the products are summed. Left out: 1 at each.
    """

    kind: Kind = "marginal"
    on: On = "after the event"
    by_visit: Mapping[str, float] | None = None
    lags: Sequence[float] | None = None


def as_shift(kind: Kind | Shift) -> Shift:
    """Take a kind of shift for the shift that is nothing else.

    Parameters
    ----------
    kind : str or Shift
        A word of `KINDS`, or more than that.

    Returns
    -------
    Shift
        Not checked yet.
    """
    return kind if isinstance(kind, Shift) else Shift(kind)


@dataclass(frozen=True)
class ShiftRule:
    """How a shift of 1 is spread over N subjects at V visits.

    Attributes
    ----------
    moved : ndarray of bool, shape (N, V)
        Values that move.
    kind : str
        A word of `KINDS`.
    factors : ndarray, shape (N, V)
        Of the shift, by the visits since the event; 1 where they are not asked for.
    """

    moved: BoolArray
    kind: str
    factors: FloatArray


class Shifting(Completed):
    """Data sets whose imputed values can be moved."""

    def shift(
        self,
        delta: Mapping[str, float | Mapping[str, float]],
        *,
        kind: Kind | Shift = "marginal",
    ) -> Self:
        """Imputations with the imputed values of some arms moved.

        Parameters
        ----------
        delta : mapping of str to float, or to mapping of str to float
            By arm, what is added, in units of the endpoint: a number for all visits, or a number for each visit. Arms that
            are not named are not moved.
        kind : str or Shift
            How values are moved: ``"marginal"``, ``"sequential"``, ``"accumulating"``, or a `Shift` with more than that.

        Returns
        -------
        Imputations
            New ones, whose words contain the shift.

        Raises
        ------
        DataError
            There is no such arm or visit, a visit lacks a number, or these imputations cannot be moved in sequence.
        ValueError
            A word is not known, a delta is no number, `by_visit` is given, or factors are too few.

        Notes
        -----
        ``delta={arm: {visit: number}}`` with ``kind=Shift("accumulating", lags=...)`` is what R's rbmi does with its arguments
        ``delta`` and ``dlag``. Visits after the event at which a value was observed count in the sum, but their values are
        not moved.

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
            raise ValueError("by_visit is of tipping points; give delta of an arm by visit: {arm: {visit: number}}.")
        if not isinstance(delta, Mapping) or not delta:
            raise TypeError(f"delta is {delta!r}; it says for each arm what is added, such as {{'155 U': 2.0}}.")
        strange = [arm for arm in delta if arm not in self.grid.arms]
        if strange:
            raise DataError(f"delta names the arm {listed(strange)}; the arms are {listed(self.grid.arms)}.")
        by = sum(
            direction_of(self, arm, rule, numbers_by_visit(self, value, f"delta of '{arm}'")) for arm, value in delta.items()
        )
        told = ", ".join(f"{_told(value)} in {arm}" for arm, value in delta.items())
        factors = "" if how.lags is None else f", factors {', '.join(f'{each:g}' for each in how.lags)} by visit"
        return self.moved(np.asarray(by, dtype=float), f"{how.kind} shift of {told} ({how.on}{factors})")


def _told(value: float | Mapping[str, float]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{wording.signed(number)} at {visit}" for visit, number in value.items())
    return wording.signed(value)


def numbers_by_visit(imputations: Completed, given: float | Mapping[str, float], what: str) -> FloatArray:
    """A number for each visit.

    Parameters
    ----------
    imputations : Completed
        Of V visits.
    given : float or mapping of str to float
        One for all, or one for each.
    what : str
        What is given, for the message.

    Returns
    -------
    ndarray, shape (V,)
        In time.

    Raises
    ------
    DataError
        There is no such visit, or one lacks a number.
    ValueError
        A number is none.
    """
    visits = imputations.grid.visits
    by_visit = given if isinstance(given, Mapping) else dict.fromkeys(visits, given)
    strange = [visit for visit in by_visit if visit not in visits]
    if strange:
        raise DataError(f"{what} names the visit {listed(strange)}; the visits are {listed(visits, n_shown=12)}.")
    lacking = [visit for visit in visits if visit not in by_visit]
    if lacking:
        raise DataError(f"{what} has no number at {listed(lacking)}; expected one at each visit, 0 where nothing is added.")
    return _numbers([by_visit[visit] for visit in visits], what)


def _numbers(given: Sequence[float], what: str) -> FloatArray:
    wrong = [each for each in given if not isinstance(each, int | float | np.number) or not np.isfinite(each)]
    if wrong or any(isinstance(each, bool) for each in given):
        raise ValueError(f"{what}: found {kind_of((wrong or list(given))[0])}; expected a finite number.")
    return np.array(given, dtype=float)


def require_movable(imputations: Completed, how: Shift) -> None:
    """Refuse what cannot be moved.

    Parameters
    ----------
    imputations : Completed
        Of values; rates of counts are multiplied instead.
    how : Shift
        Its words are checked.

    Raises
    ------
    DataError
        These are imputations of counts.
    ValueError
        A word is not known.
    """
    require_choice(how.on, ON, "on")
    require_choice(how.kind, KINDS, "kind")
    if EXPOSURE_DAYS in imputations.outcomes.columns:
        raise DataError("these imputations are counts of events, which are moved by the rate_ratio of missing.impute_counts.")


def shift_rule(imputations: Completed, how: Shift) -> ShiftRule:
    """Spread a shift over subjects and visits.

    Parameters
    ----------
    imputations : Completed
        Of N subjects at V visits.
    how : Shift
        How values are moved.

    Returns
    -------
    ShiftRule
        For all arms.

    Raises
    ------
    DataError
        As `require_movable`; or the imputations cannot be moved in sequence.
    ValueError
        As `require_movable`; or what counts visits since the event is to move values before it, or factors are too few.
    """
    require_movable(imputations, how)
    if how.kind == "sequential" and imputations.onward is None:
        raise DataError(f"these imputations ({imputations.words}) are not of one model of all visits; take kind 'marginal'.")
    if how.on == "all imputed" and (how.kind == "accumulating" or how.lags is not None):
        what = "an accumulating shift begins" if how.kind == "accumulating" else "lags begin"
        raise ValueError(
            f"{what} at the event, but on is 'all imputed', which moves gaps before it, too; take 'after the event'."
        )
    moved = movable(imputations, how.on)
    if how.lags is None:
        return ShiftRule(moved, how.kind, np.ones(moved.shape))
    since = imputations.since_event.cumsum(axis=1)  # 1 at the first visit after the event
    if not isinstance(how.lags, list | tuple | np.ndarray):
        raise ValueError(f"lags: found {kind_of(how.lags)}; expected a factor for each visit since the event, such as [1, 0.5].")
    factors = _factors(list(how.lags), int(since.max(initial=0)))
    return ShiftRule(moved, how.kind, factors[since])


def _factors(lags: Sequence[float], n_most: int) -> FloatArray:
    if len(lags) < n_most:
        raise ValueError(
            f"lags has {len(lags)} factors, but some subjects have {n_most} visits after the event; expected one for each visit, "
            "0 where nothing is added."
        )
    return np.append(0.0, _numbers(lags, "lags"))


def direction_of(imputations: Completed, arm: str, rule: ShiftRule, by_visit: FloatArray) -> FloatArray:
    """How far values move when the imputed ones of an arm are moved by what is given for each visit.

    Parameters
    ----------
    imputations : Completed
        Of N subjects at V visits.
    arm : str
        One of its arms.
    rule : ShiftRule
        How a shift is spread.
    by_visit : ndarray, shape (V,)
        In units of the endpoint.

    Returns
    -------
    ndarray, shape (N, V) or (B, N, V)
        0 where nothing moves.
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
    """Which values are moved.

    Parameters
    ----------
    imputations : Completed
        Of N subjects at V visits.
    on : str
        A word of `ON`.

    Returns
    -------
    ndarray of bool, shape (N, V)
        Those imputed after an event, or all imputed.
    """
    return imputations.imputed if on == "all imputed" else imputations.after

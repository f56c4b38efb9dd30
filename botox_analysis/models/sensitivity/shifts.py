"""`shift_imputations`: imputed values moved by a shift, at a visit alone, onward from it, or more with each visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from botox_analysis import wording
from botox_analysis.errors import DataError, kind_of, listed, require_choice, require_imputations
from botox_analysis.frames.outcomes import EXPOSURE_DAYS
from botox_analysis.models.imputation.imputations import Imputations
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray

ON = ("after the event", "all imputed")
SHIFTS = ("marginal", "sequential", "accumulating")


@dataclass(frozen=True)
class ShiftRule:
    """How a shift of 1 is spread over N subjects at V visits.

    Attributes
    ----------
    moved : ndarray of bool, shape (N, V)
        Values that move.
    shift : str
        A word of `SHIFTS`.
    factors : ndarray, shape (N, V)
        Of the shift, by the visits since the event; 1 where they are not asked for.
    """

    moved: BoolArray
    shift: str
    factors: FloatArray


def shift_imputations(
    imputations: Imputations,
    delta: Mapping[str, float | Mapping[str, float]],
    *,
    on: str = "after the event",
    shift: str = "marginal",
    lags: Sequence[float] | None = None,
) -> Imputations:
    """Imputations with the imputed values of some arms moved.

    Parameters
    ----------
    imputations : Imputations
        From `impute`.
    delta : mapping of str to float, or to mapping of str to float
        By arm, what is added, in units of the endpoint: a number for all visits, or a number for each visit. Arms that are not
        named are not moved.
    on : str
        ``"after the event"``: values imputed after the intercurrent event (or the last value); ``"all imputed"``: gaps, too.
    shift : str
        ``"marginal"``: each value is moved by delta. ``"sequential"``: each in turn is moved by delta, and those after it are
        imputed given the moved ones, so that a shift adds up over visits as far as visits are correlated. ``"accumulating"``:
        each value is moved by the sum of delta over the visits since the event, so that subjects become worse from visit to
        visit.
    lags : sequence of float, optional
        Factors of delta at the first visit after the event, the second, and so on, for example ``[1, 0.5, 0.25]`` where the shift
        levels off; with ``"accumulating"`` the products are summed. Left out: 1 at each.

    Returns
    -------
    Imputations
        New ones, for `pool_imputations` and `pool_responders`; their words tell the shift.

    Raises
    ------
    DataError
        There is no such arm or visit, a visit lacks a number, or these imputations cannot be moved in sequence.
    ValueError
        A word is not known, a delta is no number, or factors are too few.

    Notes
    -----
    ``delta={arm: {visit: number}}`` with ``lags`` and ``shift="accumulating"`` is what R's rbmi does with its arguments ``delta``
    and ``dlag``. Visits after the event at which a value was observed count in the sum, but their values are not moved.

    Examples
    --------
    >>> imputations = ba.impute(outcomes, strategy="missing at random", n=20, seed=1)
    >>> worse = ba.shift_imputations(imputations, {"onabotulinumtoxinA": 2.0})
    >>> pooled = [ba.pool_imputations(each, visits=["week 24"])["estimate"].iloc[0] for each in (imputations, worse)]
    >>> bool(pooled[1] > pooled[0])
    True
    """
    if not isinstance(delta, Mapping) or not delta:
        require_movable(imputations, on, shift)
        raise TypeError(f"delta is {delta!r}; it says for each arm what is added, such as {{'155 U': 2.0}}.")
    rule = shift_rule(imputations, on, shift, lags)
    strange = [arm for arm in delta if arm not in imputations.grid.arms]
    if strange:
        raise DataError(f"delta names the arm {listed(strange)}; the arms are {listed(imputations.grid.arms)}.")
    by = sum(
        direction_of(imputations, arm, rule, numbers_by_visit(imputations, value, f"delta of '{arm}'"))
        for arm, value in delta.items()
    )
    told = ", ".join(f"{_told(value)} in {arm}" for arm, value in delta.items())
    factors = "" if lags is None else f", factors {', '.join(f'{each:g}' for each in lags)} by visit"
    return imputations.moved(np.asarray(by, dtype=float), f"{shift} shift of {told} ({on}{factors})")


def _told(value: float | Mapping[str, float]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{wording.signed(number)} at {visit}" for visit, number in value.items())
    return wording.signed(value)


def numbers_by_visit(imputations: Imputations, given: float | Mapping[str, float], what: str) -> FloatArray:
    """A number for each visit.

    Parameters
    ----------
    imputations : Imputations
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


def require_movable(imputations: Imputations, on: str, shift: str) -> None:
    """Refuse what cannot be moved.

    Parameters
    ----------
    imputations : Imputations
        Of values; rates of counts are multiplied instead.
    on, shift : str
        As for `shift_imputations`.

    Raises
    ------
    DataError
        These are no imputations, or those of counts.
    ValueError
        A word is not known.
    """
    require_imputations(imputations)
    require_choice(on, ON, "on")
    require_choice(shift, SHIFTS, "shift")
    if EXPOSURE_DAYS in imputations.outcomes.columns:
        raise DataError("these imputations are counts of events, which are moved by the rate_ratio of impute_counts.")


def shift_rule(imputations: Imputations, on: str, shift: str, lags: Sequence[float] | None) -> ShiftRule:
    """How shifts are spread over subjects and visits.

    Parameters
    ----------
    imputations : Imputations
        Of N subjects at V visits.
    on, shift : str
        As for `shift_imputations`.
    lags : sequence of float, optional
        As for `shift_imputations`.

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
    require_movable(imputations, on, shift)
    if shift == "sequential" and imputations.onward is None:
        raise DataError(f"these imputations ({imputations.words}) are not of one model of all visits; take shift 'marginal'.")
    if on == "all imputed" and (shift == "accumulating" or lags is not None):
        what = "an accumulating shift begins" if shift == "accumulating" else "lags begin"
        raise ValueError(
            f"{what} at the event, but on is 'all imputed', which moves gaps before it, too; take 'after the event'."
        )
    moved = movable(imputations, on)
    if lags is None:
        return ShiftRule(moved, shift, np.ones(moved.shape))
    since = imputations.since_event.cumsum(axis=1)  # 1 at the first visit after the event
    if not isinstance(lags, list | tuple | np.ndarray):
        raise ValueError(f"lags: found {kind_of(lags)}; expected a factor for each visit since the event, such as [1, 0.5].")
    factors = _factors(list(lags), int(since.max(initial=0)))
    return ShiftRule(moved, shift, factors[since])


def _factors(lags: Sequence[float], n_most: int) -> FloatArray:
    if len(lags) < n_most:
        raise ValueError(
            f"lags has {len(lags)} factors, but some subjects have {n_most} visits after the event; expected one for each visit, "
            "0 where nothing is added."
        )
    return np.append(0.0, _numbers(lags, "lags"))


def direction_of(imputations: Imputations, arm: str, rule: ShiftRule, by_visit: FloatArray) -> FloatArray:
    """How far values move when the imputed ones of an arm are moved by what is given for each visit.

    Parameters
    ----------
    imputations : Imputations
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
    if rule.shift == "accumulating":
        steps = np.where(imputations.since_event, steps, 0.0).cumsum(axis=1)
    steps = np.where(moved, steps, 0.0)
    if rule.shift != "sequential" or imputations.onward is None:
        return np.asarray(steps)
    onward: FloatArray = imputations.onward(steps)
    return onward


def movable(imputations: Imputations, on: str) -> BoolArray:
    """Which values are moved.

    Parameters
    ----------
    imputations : Imputations
        Of N subjects at V visits.
    on : str
        A word of `ON`.

    Returns
    -------
    ndarray of bool, shape (N, V)
        Those imputed after an event, or all imputed.
    """
    return imputations.imputed if on == "all imputed" else imputations.after

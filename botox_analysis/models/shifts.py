"""`shift_imputations`: imputed values moved by a shift, at a visit alone or onward from it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from botox_analysis import wording
from botox_analysis.models.imputations import Imputations
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.numerics.subject_data import BoolArray
from botox_analysis.refusal import DataError, listed, require_choice, require_imputations
from botox_analysis.schema import EXPOSURE_DAYS

ON = ("after the event", "all imputed")
SHIFTS = ("marginal", "sequential")


def shift_imputations(
    imputations: Imputations, delta: Mapping[str, float], *, on: str = "after the event", shift: str = "marginal"
) -> Imputations:
    """Imputations with the imputed values of some arms moved.

    Parameters
    ----------
    imputations : Imputations
        From `impute`.
    delta : mapping of str to float
        By arm, what is added, in units of the endpoint; arms that are not named are not moved.
    on : str
        ``"after the event"``: values imputed after the intercurrent event (or the last value); ``"all imputed"``: gaps, too.
    shift : str
        ``"marginal"``: each value is moved by delta. ``"sequential"``: each in turn is moved by delta, and those after it are
        imputed given the moved ones, so that a shift adds up over visits as far as visits are correlated.

    Returns
    -------
    Imputations
        New ones, for `pool_imputations` and `pool_responders`; their words tell the shift.

    Raises
    ------
    DataError
        There is no such arm, or these imputations cannot be moved in sequence.
    ValueError
        A word is not known, or a delta is no number.

    Examples
    --------
    >>> import botox_analysis as ba
    >>> outcomes = ba.HEADACHE_DAYS.derive(ba.open_trial("simulated").restrict("itt"))
    >>> imputations = ba.impute(outcomes, strategy="missing at random", n=20, seed=1)
    >>> worse = ba.shift_imputations(imputations, {"onabotulinumtoxinA": 2.0})
    >>> pooled = [ba.pool_imputations(each, visits=["week 24"])["estimate"].iloc[0] for each in (imputations, worse)]
    >>> bool(pooled[1] > pooled[0])
    True
    """
    require_movable(imputations, on, shift)
    if not isinstance(delta, Mapping) or not delta:
        raise TypeError(f"delta is {delta!r}; it says for each arm what is added, such as {{'155 U': 2.0}}.")
    strange = [arm for arm in delta if arm not in imputations.grid.arms]
    if strange:
        raise DataError(f"delta names the arm {listed(strange)}; the arms are {listed(imputations.grid.arms)}.")
    if not all(np.isfinite(each) for each in delta.values()):
        raise ValueError(f"delta is {dict(delta)!r}; each is a number, in units of the endpoint.")
    by = sum(value * direction_of(imputations, arm, on, shift) for arm, value in delta.items())
    told = ", ".join(f"{wording.signed(value)} in {arm}" for arm, value in delta.items())
    return imputations.moved(np.asarray(by, dtype=float), f"{shift} shift of {told} ({on})")


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


def direction_of(imputations: Imputations, arm: str, on: str, shift: str) -> FloatArray:
    """How far values move when the imputed ones of an arm are moved by 1.

    Parameters
    ----------
    imputations : Imputations
        Of N subjects at V visits.
    arm : str
        One of its arms.
    on, shift : str
        As for `shift_imputations`.

    Returns
    -------
    ndarray, shape (N, V) or (B, N, V)
        0 where nothing moves.

    Raises
    ------
    DataError
        These imputations cannot be moved in sequence.
    """
    moved = movable(imputations, on) & (arms_of(imputations) == imputations.grid.arms.index(arm))[:, None]
    if shift == "marginal":
        return np.asarray(moved, dtype=float)
    if imputations.onward is None:
        raise DataError(f"these imputations ({imputations.words}) are not of one model of all visits; take shift 'marginal'.")
    onward: FloatArray = imputations.onward(moved)
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


def arms_of(imputations: Imputations) -> np.ndarray:
    """The code of each subject's arm.

    Parameters
    ----------
    imputations : Imputations
        Of N subjects.

    Returns
    -------
    ndarray of int, shape (N,)
        The place in ``grid.arms``.
    """
    return np.asarray(imputations.grid.wide(imputations.grid.arm, -1).max(axis=1))

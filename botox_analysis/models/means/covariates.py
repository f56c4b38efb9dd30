"""Covariates of a model: their columns, and the effects that differ between arms or between visits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from botox_analysis.errors import kind_of, listed
from botox_analysis.frames.schema import BASELINE
from botox_analysis.models.means.words import COMMON_BASELINE, CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE, MeanModel

BY_ARM, BY_VISIT = "arm:", ":visit"
"""Prefix of a covariate whose coefficient differs between arms, and a suffix that is refused with a hint to `by_visit`."""

ALWAYS = ("arm", "visit")
"""Columns that are in every model."""


@dataclass(frozen=True)
class Covariate:
    """A covariate of a model.

    Attributes
    ----------
    name : str
        A column of *outcomes*.
    by_visit, by_arm : bool
        True if its coefficient differs between visits, and between arms.
    """

    name: str
    by_visit: bool = False
    by_arm: bool = False

    def __str__(self) -> str:
        """Return its name in the argument `covariates`."""
        return BY_ARM * self.by_arm + self.name


def read_covariates(covariates: Sequence[str], columns: Collection[str]) -> tuple[Covariate, ...]:
    """Read covariates whose coefficients do not differ between visits, or of a model of one visit.

    Parameters
    ----------
    covariates : sequence of str
        ``"x"`` or ``"arm:x"``, which includes ``"x"``.
    columns : collection of str
        Columns of the frame, whose names may contain colons.

    Returns
    -------
    tuple of Covariate
        In the given order, without covariates that others include.

    Raises
    ------
    ValueError
        `covariates` is no list of names. Or a name occurs twice, ends with ``":visit"`` or is always in the model.
    """
    names = names_in("covariates", covariates)
    asked = [_read(name, columns) for name in names]
    reason = ": each visit, analysed on its own, has its own coefficients" * any(
        covariate is not None and covariate.by_visit for covariate in asked
    )
    _refuse_strange(names, asked, f"covariates={_right_names(asked)}{reason}")
    return _without_included(asked)


def read_covariates_by_visit(
    covariates: Sequence[str], by_visit: Sequence[str] | None, mean: MeanModel, columns: Collection[str]
) -> tuple[Covariate, ...]:
    """Read the covariates of a model of all visits.

    Parameters
    ----------
    covariates : sequence of str
        ``"x"`` or ``"arm:x"``, which includes ``"x"``.
    by_visit : sequence of str, optional
        Covariates whose coefficient differs between visits. Left out: the baseline, if it is a covariate and the mean has effects
        of visits.
    mean : MeanModel
        The mean of the model.
    columns : collection of str
        Columns of the outcomes, whose names may contain colons.

    Returns
    -------
    tuple of Covariate
        In the given order, without covariates that others include.

    Raises
    ------
    ValueError
        As for `read_covariates`, or `by_visit` has a name that is not among the covariates.
    """
    names, differing = names_in("covariates", covariates), () if by_visit is None else names_in("by_visit", by_visit)
    asked = [_read(name, columns) for name in names]
    varying = tuple(dict.fromkeys([*(str(each) for each in asked if each is not None and each.by_visit), *differing]))
    _refuse_strange(names, asked, f"covariates={_right_names(asked)}" + f", by_visit={varying}" * bool(varying))
    _refuse_no_covariates(differing, names, columns)
    if by_visit is None and mean.kind != SLOPE:
        differing = (BASELINE,)
        if any(each is not None and each.name == BASELINE for each in asked) and BASELINE not in names:
            asked = [Covariate(BASELINE), *asked]  # "arm:baseline" includes the baseline
    return _without_included([replace(each, by_visit=str(each) in differing) for each in asked if each is not None])


def usual_covariates(mean: MeanModel, *, has_baseline: bool) -> tuple[Covariate, ...]:
    """Return the default covariates of a model of all visits.

    Parameters
    ----------
    mean : MeanModel
        The mean of the model.
    has_baseline : bool
        True if at least one subject has a baseline.

    Returns
    -------
    tuple of Covariate
        The baseline, unless it is missing for all subjects or is a response. It has a coefficient for each visit if the mean has
        effects of visits.
    """
    if mean.kind == COMMON_BASELINE or not has_baseline:
        return ()
    return (Covariate(BASELINE, by_visit=mean.kind != SLOPE),)


def names_in(what: str, given: Iterable[str]) -> tuple[str, ...]:
    """Read a list of names.

    Parameters
    ----------
    what : str
        Name of the argument, for the message.
    given : iterable of str
        The argument: a list, or an index, an array or a generator.

    Returns
    -------
    tuple of str
        The names.

    Raises
    ------
    ValueError
        The argument is one text or no list, an item is no text, or a name occurs twice.
    """
    if isinstance(given, str):
        raise ValueError(f"`{what}` must be a list of names; got {given!r}. Try {what}=({given!r},).")
    if isinstance(given, Mapping | set | frozenset) or not isinstance(given, Iterable):
        raise ValueError(f"`{what}` must be a list of names, in order; got {kind_of(given)}. Try {what}=('{BASELINE}',).")
    names = tuple(given)
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise ValueError(f"`{what}` must be a list of names (str); got {wrong[0]!r}. Try {what}=('{BASELINE}',).")
    once = tuple(dict.fromkeys(map(str, names)))
    if len(once) < len(names):
        twice = [name for name in once if names.count(name) > 1]
        raise ValueError(f"`{what}` must be a list of names, each once; got {listed(twice)} twice. Try {what}={once}.")
    return once


def refuse_by_arm(covariates: Sequence[Covariate], model: str) -> None:
    """Refuse covariates whose coefficients differ between arms.

    Parameters
    ----------
    covariates : sequence of Covariate
        Covariates of the model.
    model : str
        The model in words, for the message.

    Raises
    ------
    ValueError
        A coefficient differs between arms. The message names the covariates.
    """
    by_arm = [str(each) for each in covariates if each.by_arm]
    if by_arm:
        right = tuple(each.name for each in covariates)
        raise ValueError(
            f"`covariates` must be names of columns for {model}, without 'arm:'; got {listed(by_arm)}. Try covariates={right}."
        )


def _read(text: str, columns: Collection[str]) -> Covariate | None:
    """Read one covariate; a column of the whole name takes precedence. None for arm and visit."""
    if text in columns and text not in ALWAYS:
        return Covariate(text)
    name = text.removeprefix(BY_ARM)
    if name != text and name in columns and name not in ALWAYS:
        return Covariate(name, by_arm=True)
    parts = text.split(":")
    names = [part for part in parts if part not in ALWAYS]
    if not names:
        return None
    if len(names) == 1:
        return Covariate(names[0], by_visit="visit" in parts, by_arm="arm" in parts)
    by_arm, by_visit = text.startswith(BY_ARM), text.endswith(BY_VISIT)
    return Covariate(text.removeprefix(BY_ARM).removesuffix(BY_VISIT), by_visit, by_arm)


def _right_names(asked: Sequence[Covariate | None]) -> tuple[str, ...]:
    """Return the correct names of covariates, each once."""
    return tuple(dict.fromkeys(str(each) for each in asked if each is not None))


def _refuse_strange(names: Sequence[str], asked: Sequence[Covariate | None], right: str) -> None:
    for name, each in zip(names, asked, strict=True):
        if each is None:
            raise ValueError(
                f"`covariates` must be columns beside arm and visit, which are always in the model; got {name!r}. Try {right}."
            )
        if str(each) != name:
            raise ValueError(f"`covariates` must be names of columns, or 'arm:' and such a name; got {name!r}. Try {right}.")


def _refuse_no_covariates(differing: Sequence[str], names: Sequence[str], columns: Collection[str]) -> None:
    strange = [name for name in differing if name not in names]
    if strange:
        read = [str(each) for each in (_read(name, columns) for name in differing) if each is not None]
        right = tuple(dict.fromkeys(read))
        raise ValueError(
            f"`by_visit` must be some of the covariates, which are {listed(names) if names else 'none'}; got {listed(strange)}. "
            f"Try covariates={tuple(dict.fromkeys((*names, *right)))}, by_visit={right}."
        )


def _without_included(asked: Sequence[Covariate | None]) -> tuple[Covariate, ...]:
    covariates = [covariate for covariate in asked if covariate is not None]
    return tuple(each for each in covariates if not any(_includes(other, each) for other in covariates))


def _includes(whole: Covariate, part: Covariate) -> bool:
    return whole.name == part.name and whole.by_arm and not part.by_arm and (whole.by_visit or not part.by_visit)


def with_effects_at_baseline(covariates: Sequence[Covariate], mean: MeanModel) -> tuple[Covariate, ...]:
    """Add the common effect by visit of covariates whose effect differs between arms, for a mean with a common baseline.

    Parameters
    ----------
    covariates : sequence of Covariate
        Covariates of the model.
    mean : MeanModel
        The mean of the model.

    Returns
    -------
    tuple of Covariate
        The same covariates for all other means.
    """
    if mean.kind != COMMON_BASELINE:
        return tuple(covariates)
    added = {each: (Covariate(each.name, by_visit=True), each) if each.by_arm else (each,) for each in covariates}
    return tuple(dict.fromkeys(one for each in covariates for one in added[each]))


def refuse_not_composed(
    mean: MeanModel, covariates: Sequence[Covariate], response: str, weights: str | None, days_on: str
) -> None:
    """Refuse covariates, a response, weights or days that the mean of a model cannot have.

    Parameters
    ----------
    mean : MeanModel
        The mean of the model.
    covariates : sequence of Covariate
        Covariates of the model.
    response : str
        Column that is modelled.
    weights : str, optional
        Column of weights.
    days_on : str
        Column of the days of a spatial covariance; empty for other covariances.

    Raises
    ------
    ValueError
        The mean and one of the others exclude each other. The message names both, and a model that can be fitted.
    """
    _refuse_with_slope(mean, covariates)
    _refuse_unequal_effects(mean, covariates)
    if mean.kind == COMMON_BASELINE:
        _refuse_at_common_baseline(mean, covariates)
        if response == "percent_change":
            raise ValueError(f"the mean '{mean}' is of values, not of 'percent_change'; take response 'change' or 'value'.")
        if weights is not None:
            raise ValueError(
                f"the mean '{mean}' has no weights of baselines; leave out weights, or take the mean 'arm by visit'."
            )
        if days_on:
            raise ValueError(f"the mean '{mean}' has no days of baselines; take a covariance without '{days_on}'.")


def _refuse_with_slope(mean: MeanModel, covariates: Sequence[Covariate]) -> None:
    """Refuse covariates by visit, and the number of the slope as a covariate, in a mean with slopes."""
    if mean.kind != SLOPE:
        return
    by_visit = [covariate for covariate in covariates if covariate.by_visit]
    if by_visit:
        raise ValueError(
            f"`by_visit` must be empty where the mean is '{mean}', which has no effects of visits; got '{by_visit[0]}'. Try "
            "by_visit=()."
        )
    if mean.on in [covariate.name for covariate in covariates]:
        raise ValueError(f"the covariate '{mean.on}' is always in the model, as the mean is '{mean}'; leave it out.")


def _refuse_unequal_effects(mean: MeanModel, covariates: Sequence[Covariate]) -> None:
    """Refuse covariates by arm in a mean without differences, and by arm and visit in one with a constant effect."""
    by_arm = [covariate for covariate in covariates if covariate.by_arm]
    by_both = [covariate for covariate in by_arm if covariate.by_visit]
    if mean.kind == CONSTANT_EFFECT and by_both:
        raise ValueError(
            f"the covariate '{by_both[0]}' makes the effect of the arm differ between visits, but the mean is '{mean}'; leave it "
            "out of by_visit, or take the mean 'arm by visit'."
        )
    if mean.kind == NO_DIFFERENCE and by_arm:
        raise ValueError(f"the covariate '{by_arm[0]}' makes arms differ, but the mean is '{mean}'; leave out 'arm:'.")


def _refuse_at_common_baseline(mean: MeanModel, covariates: Sequence[Covariate]) -> None:
    """Refuse covariates that make arms differ at baseline, and the baseline, which is a response."""
    at_all_visits = [covariate for covariate in covariates if covariate.by_arm and not covariate.by_visit]
    if at_all_visits:
        raise ValueError(
            f"the covariate '{at_all_visits[0]}' makes arms differ at baseline, but the mean is '{mean}'; name it in by_visit, "
            "too: its effect is then of the visits after baseline."
        )
    if BASELINE in [covariate.name for covariate in covariates]:
        raise ValueError(f"the baseline is a response, as the mean is '{mean}'; leave it out of covariates.")

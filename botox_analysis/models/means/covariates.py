"""Covariates as they are asked for: columns, and whether the coefficient of each differs between arms and between visits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from botox_analysis.errors import kind_of, listed
from botox_analysis.frames.schema import BASELINE
from botox_analysis.models.means.words import COMMON_BASELINE, CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE, MeanModel

BY_ARM, BY_VISIT = "arm:", ":visit"
"""Before the name of a column: its coefficient differs between arms. After it: no longer a word, but refused with one."""

ALWAYS = ("arm", "visit")
"""Columns that are in each model."""


@dataclass(frozen=True)
class Covariate:
    """A covariate as it was asked for.

    Attributes
    ----------
    name : str
        A column of *outcomes*.
    by_visit, by_arm : bool
        Whether its coefficient differs between visits, and between arms.
    """

    name: str
    by_visit: bool = False
    by_arm: bool = False

    def __str__(self) -> str:
        """As `covariates` names it."""
        return BY_ARM * self.by_arm + self.name


def read_covariates(covariates: Sequence[str], columns: Collection[str]) -> tuple[Covariate, ...]:
    """Read covariates whose coefficients do not differ between visits, or of a model of one visit.

    Parameters
    ----------
    covariates : sequence of str
        ``"x"`` or ``"arm:x"``, which includes ``"x"``.
    columns : collection of str
        Of the frame: the name of one may have colons in it.

    Returns
    -------
    tuple of Covariate
        In the order given, without those that others include.

    Raises
    ------
    ValueError
        It is no list of names, or a name is there twice, ends with ``":visit"`` or is always in the model.
    """
    names = names_in("covariates", covariates)
    asked = [_read(name, columns) for name in names]
    own = ": each visit, analysed on its own, has its own coefficients" * any(
        each is not None and each.by_visit for each in asked
    )
    _refuse_strange(names, asked, f"covariates={_right_names(asked)}{own}")
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
        Those of them whose coefficient differs between visits. Left out: the baseline, where it is one of them and the mean has
        effects of visits.
    mean : MeanModel
        Of the model.
    columns : collection of str
        Of the outcomes: the name of one may have colons in it.

    Returns
    -------
    tuple of Covariate
        In the order given, without those that others include.

    Raises
    ------
    ValueError
        As `read_covariates`, or `by_visit` names something that is no covariate of the model.
    """
    names, differing = names_in("covariates", covariates), () if by_visit is None else names_in("by_visit", by_visit)
    asked = [_read(name, columns) for name in names]
    varying = tuple(dict.fromkeys([*(str(each) for each in asked if each is not None and each.by_visit), *differing]))
    _refuse_strange(names, asked, f"covariates={_right_names(asked)}" + f", by_visit={varying}" * bool(varying))
    _refuse_no_covariates(differing, names, columns)
    if by_visit is None and mean.kind != SLOPE:
        differing = (BASELINE,)
    return _without_included([replace(each, by_visit=str(each) in differing) for each in asked if each is not None])


def usual_covariates(mean: MeanModel, *, has_baseline: bool) -> tuple[Covariate, ...]:
    """The covariates of a model of all visits where none are named.

    Parameters
    ----------
    mean : MeanModel
        Of the model.
    has_baseline : bool
        Whether a subject has a baseline.

    Returns
    -------
    tuple of Covariate
        The baseline, where there is one and it is no response, with a coefficient for each visit where the mean has effects of
        visits.
    """
    if mean.kind == COMMON_BASELINE or not has_baseline:
        return ()
    return (Covariate(BASELINE, by_visit=mean.kind != SLOPE),)


def names_in(what: str, given: Iterable[str]) -> tuple[str, ...]:
    """Read a list of names.

    Parameters
    ----------
    what : str
        The argument.
    given : iterable of str
        What was given, also an index, an array or a generator.

    Returns
    -------
    tuple of str
        The names.

    Raises
    ------
    ValueError
        It is one text or no list, an item is no text, or a name is there twice.
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
    """Refuse covariates whose coefficients differ between arms, where a model has none.

    Parameters
    ----------
    covariates : sequence of Covariate
        As they were asked for.
    model : str
        In words.

    Raises
    ------
    ValueError
        Names the covariates, and what would be right.
    """
    by_arm = [str(each) for each in covariates if each.by_arm]
    if by_arm:
        right = tuple(each.name for each in covariates)
        raise ValueError(
            f"`covariates` must be names of columns for {model}, without 'arm:'; got {listed(by_arm)}. Try covariates={right}."
        )


def _read(text: str, columns: Collection[str]) -> Covariate | None:
    """What a covariate is: a column that is called so first. None for one that is always in the model."""
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
    """The covariates as they are to be named, each once."""
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
    there = [each for each in asked if each is not None]
    return tuple(each for each in there if not any(_includes(other, each) for other in there))


def _includes(whole: Covariate, part: Covariate) -> bool:
    return whole.name == part.name and whole.by_arm and not part.by_arm and (whole.by_visit or not part.by_visit)


def with_effects_at_baseline(covariates: Sequence[Covariate], mean: MeanModel) -> tuple[Covariate, ...]:
    """The covariates, where the effect by arm of one is of the visits after baseline also with the effect that it has there.

    Parameters
    ----------
    covariates : sequence of Covariate
        As they were asked for.
    mean : MeanModel
        Of the same model.

    Returns
    -------
    tuple of Covariate
        The same but for a common baseline.
    """
    if mean.kind != COMMON_BASELINE:
        return tuple(covariates)
    added = {each: (Covariate(each.name, by_visit=True), each) if each.by_arm else (each,) for each in covariates}
    return tuple(dict.fromkeys(one for each in covariates for one in added[each]))


def refuse_not_composed(
    mean: MeanModel, covariates: Sequence[Covariate], response: str, weights: str | None, days_on: str
) -> None:
    """Refuse a mean with covariates, responses, weights or days that it cannot have.

    Parameters
    ----------
    mean : MeanModel
        The mean.
    covariates : sequence of Covariate
        In it.
    response : str
        What is modelled.
    weights : str, optional
        Column of weights.
    days_on : str
        Column of the days of a spatial covariance; empty where there is none.

    Raises
    ------
    ValueError
        Says what cannot be, and what can.
    """
    with_visits = [each for each in covariates if each.by_visit]
    if mean.kind == SLOPE and with_visits:
        raise ValueError(
            f"`by_visit` must be empty where the mean is '{mean}', which has no effects of visits; got '{with_visits[0]}'. Try "
            "by_visit=()."
        )
    if mean.kind == SLOPE and mean.on in [each.name for each in covariates]:
        raise ValueError(f"the covariate '{mean.on}' is always in the model, as the mean is '{mean}'; leave it out.")
    with_arms = [each for each in covariates if each.by_arm]
    both = [each for each in with_arms if each.by_visit]
    if mean.kind == CONSTANT_EFFECT and both:
        raise ValueError(
            f"the covariate '{both[0]}' makes the effect of the arm differ between visits, but the mean is '{mean}'; leave it "
            "out of by_visit, or take the mean 'arm by visit'."
        )
    if mean.kind == NO_DIFFERENCE and with_arms:
        raise ValueError(f"the covariate '{with_arms[0]}' makes arms differ, but the mean is '{mean}'; leave out 'arm:'.")
    if mean.kind != COMMON_BASELINE:
        return
    one_for_all = [each for each in with_arms if not each.by_visit]
    if one_for_all:
        raise ValueError(
            f"the covariate '{one_for_all[0]}' makes arms differ at baseline, but the mean is '{mean}'; name it in by_visit, "
            "too: its effect is then of the visits after baseline."
        )
    if BASELINE in [each.name for each in covariates]:
        raise ValueError(f"the baseline is a response, as the mean is '{mean}'; leave it out of covariates.")
    if response == "percent_change":
        raise ValueError(f"the mean '{mean}' is of values, not of 'percent_change'; take response 'change' or 'value'.")
    if weights is not None:
        raise ValueError(f"the mean '{mean}' has no weights of baselines; leave out weights, or take the mean 'arm by visit'.")
    if days_on:
        raise ValueError(f"the mean '{mean}' has no days of baselines; take a covariance without '{days_on}'.")

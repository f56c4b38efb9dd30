"""How the mean of a model is asked for: its words, and the covariates in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from botox_analysis.errors import listed, require_choice, require_text
from botox_analysis.frames.schema import BASELINE

ARM_BY_VISIT = "arm by visit"
CONSTANT_EFFECT = "constant effect"
COMMON_BASELINE = "common baseline"
NO_DIFFERENCE = "no difference"
SLOPE = "slope"

MeanName = Literal["arm by visit", "constant effect", "common baseline", "no difference"]
MeanPhrase = MeanName | str
"""The name of a mean, or a phrase such as ``"slope on week"``."""

USUAL_COVARIATES = {
    ARM_BY_VISIT: (f"{BASELINE}:visit",),
    CONSTANT_EFFECT: (f"{BASELINE}:visit",),
    SLOPE: (BASELINE,),
    COMMON_BASELINE: (),
    NO_DIFFERENCE: (f"{BASELINE}:visit",),
}
"""For each mean, the covariates where none are named."""


@dataclass(frozen=True)
class MeanModel:
    """How arms and visits enter a mean: one of `USUAL_COVARIATES`, and for slopes the column of numbers."""

    kind: str
    on: str = ""

    def __str__(self) -> str:
        """As it was asked for."""
        return f"{self.kind} on {self.on}" if self.on else self.kind


USUAL_MEAN = MeanModel(ARM_BY_VISIT)


@dataclass(frozen=True)
class Covariate:
    """A covariate as it was asked for.

    Attributes
    ----------
    name : str
        A column of *outcomes*.
    by_visit, by_arm : bool
        Whether its effect differs between visits, and between arms.
    """

    name: str
    by_visit: bool = False
    by_arm: bool = False

    def __str__(self) -> str:
        """As it was asked for."""
        return ("arm:" if self.by_arm else "") + self.name + (":visit" if self.by_visit else "")


def read_mean(phrase: str) -> MeanModel:
    """The parts of a phrase such as ``"slope on week"``.

    Parameters
    ----------
    phrase : str
        ``"arm by visit"``, ``"constant effect"``, ``"common baseline"``, ``"no difference"``, or ``"slope on "`` and a column
        of numbers.

    Returns
    -------
    MeanModel
        Its parts.

    Raises
    ------
    ValueError
        The word is not known, or a slope lacks its column.
    """
    require_text(phrase, "mean", "how arms and visits enter it, such as 'arm by visit'")
    kind, _, on = phrase.partition(" on ")
    if kind == SLOPE and on:
        return MeanModel(kind, on)
    if phrase == SLOPE:
        raise ValueError("mean is 'slope'; expected 'slope on week', with the column of numbers.")
    known = [word for word in USUAL_COVARIATES if word != SLOPE]
    require_choice(phrase, [*known, "slope on week"], "mean")
    return MeanModel(phrase)


def read_covariates(
    covariates: Sequence[str] | None, mean: MeanModel | None = None, columns: Collection[str] = ()
) -> tuple[Covariate, ...]:
    """The columns that covariates name, and with what the effect of each differs.

    Parameters
    ----------
    covariates : sequence of str, optional
        ``"x"``, ``"x:visit"``, ``"arm:x"``, ``"arm:x:visit"``; an effect by arm or visit includes the effect itself, which
        may be named besides. Left out: the usual ones of the mean.
    mean : MeanModel, optional
        Left out: arm by visit, and covariates have to be named.
    columns : collection of str
        Of the outcomes: the name of one may have colons in it.

    Returns
    -------
    tuple of Covariate
        In the order given, without those that others include.

    Raises
    ------
    ValueError
        It is no list, names a column twice, or something else stands before or after a colon.
    """
    if covariates is None and mean is not None:
        covariates = USUAL_COVARIATES[mean.kind]
    if covariates is None or isinstance(covariates, str):
        raise ValueError(f"covariates is {covariates!r}; it is a list of names, each once.")
    asked = [_covariate(str(covariate), columns) for covariate in covariates]
    for by_arm in (False, True):
        names = [each.name for each in asked if each.by_arm == by_arm]
        if len(set(names)) < len(names):
            right = "'arm:x' or 'arm:x:visit'" if by_arm else "'x' or 'x:visit'"
            raise ValueError(f"covariates names a column twice: {listed(covariates)}; expected each once, {right}.")
    return tuple(each for each in asked if not any(_includes(other, each) for other in asked))


def readings(text: str) -> list[Covariate]:
    """What a covariate may be, by what stands before and after a colon.

    Parameters
    ----------
    text : str
        ``"x"``, ``"x:visit"``, ``"arm:x"`` or ``"arm:x:visit"``.

    Returns
    -------
    list of Covariate
        The column that is called so first: a name may have colons in it.
    """
    found = []
    for by_arm, by_visit in ((False, False), (False, True), (True, False), (True, True)):
        before, after = "arm:" if by_arm else "", ":visit" if by_visit else ""
        name = text.removeprefix(before).removesuffix(after)
        if before + name + after == text:
            found.append(Covariate(name, by_visit, by_arm))
    return found


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


def _covariate(text: str, columns: Collection[str]) -> Covariate:
    if text in ("arm", "visit", "arm:visit"):
        raise ValueError(f"the covariate {text!r} is always in the model, as arm by visit; leave it out.")
    for own in readings(text):
        if own.name in columns and own.name not in ("arm", "visit"):
            return own
    parts = text.split(":")
    by_arm = len(parts) > 1 and parts[0] == "arm"
    by_visit = len(parts) > 1 and parts[-1] == "visit"
    names = parts[int(by_arm) : len(parts) - int(by_visit)]
    if len(names) != 1 or names[0] in ("arm", "visit"):
        column = next((part for part in parts if part not in ("arm", "visit")), parts[0])
        raise ValueError(
            f"the covariate {text!r} is not known; expected '{column}' or '{column}:visit', with 'arm:' before it or without."
        )
    return Covariate(names[0], by_visit, by_arm)


def _includes(whole: Covariate, part: Covariate) -> bool:
    return whole.name == part.name and whole.by_arm and not part.by_arm and (whole.by_visit or not part.by_visit)


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
            f"the covariate '{with_visits[0]}' has an effect at each visit, but the mean is '{mean}', without effects of visits; "
            "leave out ':visit'."
        )
    if mean.kind == SLOPE and mean.on in [each.name for each in covariates]:
        raise ValueError(f"the covariate '{mean.on}' is always in the model, as the mean is '{mean}'; leave it out.")
    with_arms = [each for each in covariates if each.by_arm]
    both = [each for each in with_arms if each.by_visit]
    if mean.kind == CONSTANT_EFFECT and both:
        raise ValueError(
            f"the covariate '{both[0]}' makes the effect of the arm differ between visits, but the mean is '{mean}'; leave out "
            "':visit', or take the mean 'arm by visit'."
        )
    if mean.kind == NO_DIFFERENCE and with_arms:
        raise ValueError(f"the covariate '{with_arms[0]}' makes arms differ, but the mean is '{mean}'; leave out 'arm:'.")
    if mean.kind != COMMON_BASELINE:
        return
    one_for_all = [each for each in with_arms if not each.by_visit]
    if one_for_all:
        raise ValueError(
            f"the covariate '{one_for_all[0]}' makes arms differ at baseline, but the mean is '{mean}'; take "
            f"'{one_for_all[0]}:visit', which is of the visits after it."
        )
    if BASELINE in [each.name for each in covariates]:
        raise ValueError(f"the baseline is a response, as the mean is '{mean}'; leave it out of covariates.")
    if response == "percent_change":
        raise ValueError(f"the mean '{mean}' is of values, not of 'percent_change'; take response 'change' or 'value'.")
    if weights is not None:
        raise ValueError(f"the mean '{mean}' has no weights of baselines; leave out weights, or take the mean 'arm by visit'.")
    if days_on:
        raise ValueError(f"the mean '{mean}' has no days of baselines; take a covariance without '{days_on}'.")

"""Strategies after intercurrent events: words or functions, one for all events or one for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

from botox_analysis.errors import DataError, listed, require_choice
from botox_analysis.frames.handling import (
    AT_RANDOM,
    COPY_INCREMENTS,
    COPY_REFERENCE,
    EVENT_STRATEGIES,
    JUMP_TO_REFERENCE,
    LAST_MEAN,
    SINGLE_VALUE_RULES,
)
from botox_analysis.frames.outcomes import INTERCURRENT_EVENT
from botox_analysis.numerics.imputation import counts, strategies
from botox_analysis.numerics.imputation.counts import CountStrategy
from botox_analysis.numerics.imputation.strategies import Strategy

REFERENCE_BASED: dict[str, Strategy] = {
    AT_RANDOM: strategies.missing_at_random,
    JUMP_TO_REFERENCE: strategies.jump_to_reference,
    COPY_REFERENCE: strategies.copy_reference,
    COPY_INCREMENTS: strategies.copy_increments,
    LAST_MEAN: strategies.last_mean_carried_forward,
}
"""Strategies by name; a further one is a function of the same signature."""

CountStrategyName = Literal["missing at random", "jump to reference", "copy reference"]

COUNT_STRATEGIES: dict[str, CountStrategy] = {
    AT_RANDOM: counts.missing_at_random,
    JUMP_TO_REFERENCE: counts.jump_to_reference,
    COPY_REFERENCE: counts.copy_reference,
}
"""Strategies of counts of events by name; a further one is a function of the same signature."""

Function = TypeVar("Function", bound=Callable[..., object])


def strategy_function(strategy: str | Function, known: Mapping[str, Function]) -> Function:
    """The function that a word names, or the function itself.

    Parameters
    ----------
    strategy : str or callable
        Of a user.
    known : mapping of str to callable
        Functions by name.

    Returns
    -------
    callable
        Of the signature of those known.

    Raises
    ------
    ValueError
        The word is not known, or is one of another family: a rule that gives one value, or which values are used.
    """
    if not isinstance(strategy, str):
        return strategy
    if strategy in SINGLE_VALUE_RULES:
        raise ValueError(
            f"strategy {strategy!r} puts one value in the place of a missing one, and is for missing.fill; from a model, in many "
            f"data sets, take one of {listed(known)}."
        )
    if strategy in EVENT_STRATEGIES:
        raise ValueError(
            f"strategy {strategy!r} says which values are used, and is for intercurrent.address; to impute what is missing "
            f"take one of {listed(known)}."
        )
    require_choice(strategy, known, "strategy")
    return known[strategy]


def strategies_by_kind(
    strategy: str | Function | Mapping[str, str | Function], occurring: Sequence[str], known: Mapping[str, Function], *, of: str
) -> dict[str, Function]:
    """The strategy of each kind of intercurrent event.

    Parameters
    ----------
    strategy : str, callable, or mapping of str to these
        For every event, or by its kind.
    occurring : sequence of str
        The kinds that occur.
    known : mapping of str to callable
        Functions by name.
    of : str
        ``"data"`` where kinds are those of a column; else what stands for one where there is none, for the message.

    Returns
    -------
    dict of str to callable
        By kind.

    Raises
    ------
    DataError
        Kinds are not known, or one that occurs has no strategy.
    ValueError
        A word is not known.
    """
    if not isinstance(strategy, Mapping):
        return dict.fromkeys(occurring, strategy_function(strategy, known))
    if of != "data":
        raise DataError(
            f"outcomes has no column '{INTERCURRENT_EVENT}', and strategy is by the kind of the event; "
            f"take intercurrent.address first, or one strategy for all {of}."
        )
    lacking = [kind for kind in occurring if kind not in strategy]
    if lacking:
        raise DataError(
            f"strategy says nothing of the intercurrent event {listed(lacking)}; it names {listed(strategy)}, and the events of "
            f"outcomes are {listed(occurring)}."
        )
    functions = {kind: strategy_function(each, known) for kind, each in strategy.items()}
    return {kind: functions[kind] for kind in occurring}


def first_other(history: Sequence[str], by_kind: Mapping[str, Function], at_random: Function) -> Function:
    """The strategy that holds after several events.

    Parameters
    ----------
    history : sequence of str
        Kinds of events, in time.
    by_kind : mapping of str to callable
        The strategy of each.
    at_random : callable
        Missing at random.

    Returns
    -------
    callable
        Of the first event whose strategy is not missing at random; missing at random where there is none.
    """
    return next((by_kind[kind] for kind in history if by_kind[kind] is not at_random), at_random)


def words_of(strategy: object, occurring: Sequence[str] = ()) -> str:
    """Strategies in words.

    Parameters
    ----------
    strategy : str, callable, or mapping of str to these
        For every event, or by its kind.
    occurring : sequence of str
        The kinds that occur; those planned for and not seen are not told.

    Returns
    -------
    str
        A function is called by its name.
    """
    if isinstance(strategy, Mapping):
        return ", ".join(f"{words_of(each)} after {kind}" for kind, each in strategy.items() if kind in occurring) or AT_RANDOM
    if isinstance(strategy, str):
        return strategy
    name = str(getattr(strategy, "__name__", "<"))
    return "a strategy without a name" if name.startswith("<") else name.replace("_", " ")

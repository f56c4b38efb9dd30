"""Strategies after intercurrent events: words or functions, one for all events or one for each kind of event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

from botox_analysis.errors import DataError, kind_of, listed, require_choice
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
"""Strategies by name; a further strategy is a function of the same signature."""

CountStrategyName = Literal["missing at random", "jump to reference", "copy reference"]

COUNT_STRATEGIES: dict[str, CountStrategy] = {
    AT_RANDOM: counts.missing_at_random,
    JUMP_TO_REFERENCE: counts.jump_to_reference,
    COPY_REFERENCE: counts.copy_reference,
}
"""Strategies for counts of events by name; a further strategy is a function of the same signature."""

Function = TypeVar("Function", bound=Callable[..., object])


def strategy_function(strategy: str | Function, known: Mapping[str, Function]) -> Function:
    """Look up the function of a strategy.

    Parameters
    ----------
    strategy : str or callable
        A name, or a function.
    known : mapping of str to callable
        Functions by name.

    Returns
    -------
    callable
        The function of that name, or `strategy` itself.

    Raises
    ------
    ValueError
        The name is unknown, or is a rule of single imputation, or a strategy of `intercurrent.address`.
    """
    if callable(strategy):
        return strategy
    if not isinstance(strategy, str):
        raise ValueError(f"`strategy` must be one of {listed(known)}, or a function; got {kind_of(strategy)}.")
    if strategy in SINGLE_VALUE_RULES:
        raise ValueError(
            f"`strategy` must be one of {listed(known)}; got {strategy!r}, a rule of single imputation. Try "
            f"missing.fill(outcomes, rule={strategy!r})."
        )
    if strategy in EVENT_STRATEGIES:
        raise ValueError(
            f"`strategy` must be one of {listed(known)}; got {strategy!r}, a strategy that selects values. Try "
            "intercurrent.address."
        )
    require_choice(strategy, known, "strategy")
    return known[strategy]


def strategies_by_kind(
    strategy: str | Function | Mapping[str, str | Function], occurring: Sequence[str], known: Mapping[str, Function], *, of: str
) -> dict[str, Function]:
    """Look up the strategy of each kind of intercurrent event.

    Parameters
    ----------
    strategy : str, callable, or mapping of str to these
        One strategy for all events, or one for each kind of event.
    occurring : sequence of str
        Kinds of events that occur.
    known : mapping of str to callable
        Functions by name.
    of : str
        ``"data"`` for kinds read from a column; else a description of the subjects with an event, for the message.

    Returns
    -------
    dict of str to callable
        Function by kind of event.

    Raises
    ------
    DataError
        Kinds are unknown, or a kind that occurs has no strategy.
    ValueError
        A name is unknown.
    """
    if not isinstance(strategy, Mapping):
        return dict.fromkeys(occurring, strategy_function(strategy, known))
    if of != "data":
        raise DataError(
            f"outcomes has no column '{INTERCURRENT_EVENT}', but `strategy` is by kind of event. Try intercurrent.address first, "
            f"or one strategy for all {of}."
        )
    lacking = [kind for kind in occurring if kind not in strategy]
    if lacking:
        raise DataError(
            f"`strategy` must have a strategy for each kind of event in outcomes, {listed(occurring)}; got {listed(strategy)}, "
            f"without {listed(lacking)}."
        )
    functions = {kind: strategy_function(of_kind, known) for kind, of_kind in strategy.items()}
    return {kind: functions[kind] for kind in occurring}


def first_other(history: Sequence[str], by_kind: Mapping[str, Function], at_random: Function) -> Function:
    """Select the strategy that holds after several events.

    Parameters
    ----------
    history : sequence of str
        Kinds of events, in order of time.
    by_kind : mapping of str to callable
        Strategy of each kind.
    at_random : callable
        The strategy missing at random.

    Returns
    -------
    callable
        Strategy of the first event that is not missing at random; else missing at random.
    """
    return next((by_kind[kind] for kind in history if by_kind[kind] is not at_random), at_random)


def words_of(strategy: object, occurring: Sequence[str] = ()) -> str:
    """Describe strategies in words.

    Parameters
    ----------
    strategy : str, callable, or mapping of str to these
        One strategy for all events, or one for each kind of event.
    occurring : sequence of str
        Kinds of events that occur; others are left out of the words.

    Returns
    -------
    str
        Names of strategies; a function has its own name.
    """
    if isinstance(strategy, Mapping):
        return (
            ", ".join(f"{words_of(of_kind)} after {kind}" for kind, of_kind in strategy.items() if kind in occurring) or AT_RANDOM
        )
    if isinstance(strategy, str):
        return strategy
    name = str(getattr(strategy, "__name__", "<"))
    return "a strategy without a name" if name.startswith("<") else name.replace("_", " ")

"""The two errors of the library, and the refusals that raise them: what was found, where, what would have been right."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from botox_analysis.abbreviations import did_you_mean


class Problem(NamedTuple):
    """What is wrong in one place, or in several cells of a column with the same text.

    Attributes
    ----------
    file : str
        The file, or what else the table is called.
    row : int or None
        The first row; the header is row 1. None where no single row is meant.
    column : str
        Empty where no single column is meant.
    found, expected : str
        What is there, and what would have been right.
    n : int
        In how many rows.
    """

    file: str
    row: int | None
    column: str
    found: str
    expected: str
    n: int = 1


TRIAL, OUTCOMES, EVENTS, TIMES, ESTIMATES = "a Trial", "outcomes", "events", "times", "estimates"
IMPUTATIONS, MIXED_MODEL, CROSS_PRODUCTS = "imputations", "a fit of fit_mmrm", "cross-products"

_CLASSES = {
    "Trial": TRIAL,
    "Endpoint": "an Endpoint",
    "DiaryRule": "a DiaryRule",
    "EmergentRule": "an EmergentRule",
    "ContinuationRule": "a ContinuationRule",
    "Protocol": "a Protocol",
    "TestingGraph": "a TestingGraph",
    "MmrmFit": MIXED_MODEL,
    "BinaryFit": "a fit of fit_binary",
    "StandardisedFit": "a fit of counts",
    "Fit": "a fit",
    "ManyFits": "refitted models",
    "Imputations": IMPUTATIONS,
    "RepeatedMeasures": CROSS_PRODUCTS,
}
"""Our classes, and how a message calls them."""

_COLUMNS = {
    ESTIMATES: ("measure", "estimate", "conf_low", "conf_high"),
    OUTCOMES: ("subject", "arm", "visit", "baseline", "value", "change"),
    TIMES: ("subject", "arm", "time", "observed"),
    EVENTS: ("arm", "n_events", "n_total"),
    "intercurrent events": ("subject", "kind", "day"),
    "reasons for missing values": ("subject", "arm", "visit", "missing"),
    "residuals": ("subject", "arm", "visit", "fitted", "residual"),
    "onsets": ("subject", "arm", "onset_day", "end_day"),
}
"""Our frames, and the columns by which they are known: the first of which a frame has all."""

_MADE_BY: Mapping[str, Mapping[str, str]] = {
    TRIAL: {
        "": "load_trial(folder)",
        OUTCOMES: "that from which they were derived, or load_trial(folder)",
        "a path": "load_trial(path)",
        "a frame": "load_trial(folder), or as_trial({'subjects': frame, ...}, name=...)",
        "a dict": "load_trial(folder), or as_trial(tables, name=...)",
    },
    OUTCOMES: {
        "": "HEADACHE_DAYS.derive(trial), or as_outcomes(frame, ...)",
        TRIAL: "HEADACHE_DAYS.derive(trial), or another endpoint",
        "an Endpoint": "endpoint.derive(trial)",
        "a frame": "as_outcomes(frame, endpoint=..., arms=..., visits=...)",
        IMPUTATIONS: "imputations.completed(0) is one; imputations.pool(analysis) analyses all",
    },
    EVENTS: {
        "": "safety.counts(trial), or responders(outcomes, reduction=0.5)",
        TRIAL: "safety.counts(trial)",
        OUTCOMES: "responders(outcomes, reduction=0.5)",
        TIMES: "times.by_cycle(times)",
        "intercurrent events": "intercurrent.counts(outcomes, events)",
        "reasons for missing values": "missing.values(outcomes)",
        IMPUTATIONS: "imputations.pool_responders(reduction=0.5) analyses them",
    },
    TIMES: {
        "": "times.first_event(trial), or times.first_response(outcomes, reduction=0.5)",
        TRIAL: "times.first_event(trial)",
        OUTCOMES: "times.first_response(outcomes, reduction=0.5)",
    },
    ESTIMATES: {
        "": "event_rates(events), fit.differences() and their like",
        TRIAL: "describe_baseline(trial)",
        OUTCOMES: "fit_mmrm(outcomes).differences()",
        EVENTS: "event_rates(events), or compare_rates(events)",
        TIMES: "times.curve(times), or times.compare(times)",
        IMPUTATIONS: "imputations.pool()",
        MIXED_MODEL: "fit.means(), or fit.differences()",
        "a fit": "fit.means(), or fit.differences()",
        "a fit of counts": "fit.means(), or fit.ratios()",
        "a fit of fit_binary": "fit.means(), or fit.differences()",
    },
    IMPUTATIONS: {
        "": "missing.impute(outcomes, strategy='missing at random', n=200, seed=1)",
    },
    MIXED_MODEL: {"": "fit_mmrm(outcomes)", CROSS_PRODUCTS: "advanced.fit_crossproducts(measures)"},
    CROSS_PRODUCTS: {"": "advanced.crossproducts(outcomes)"},
}
"""The call that makes what is meant, by what was given; the empty text stands for all else."""


class DataError(ValueError):
    """The data are not of the promised shape.

    Parameters
    ----------
    message : str
        What was found, where, and what would have been right.
    problems : DataFrame, optional
        Every problem that was found, one row each: file, (first) row, column, found, expected, and in how many rows, n.
    """

    def __init__(self, message: str, problems: pd.DataFrame | None = None) -> None:
        super().__init__(message)
        self.problems = problems if problems is not None else pd.DataFrame(columns=list(Problem._fields))


class FitError(ArithmeticError):
    """The numbers do not determine the model, or the optimiser failed."""


def refuse(problems: Iterable[tuple[Any, ...]], *, n_shown: int = 50) -> None:
    """Raise one `DataError` for a list of problems; do nothing where there is none.

    Parameters
    ----------
    problems : iterable of Problem
        Or of tuples with the same fields, ``n`` may be left out. Those that differ in their rows only become one.
    n_shown : int
        How many of them the error's table keeps.

    Raises
    ------
    DataError
        Its message tells the first problem and how many there are.
    """
    together: dict[tuple[str, str, str, str], Problem] = {}
    for one in (Problem(*problem) for problem in problems):
        key = (one.file, one.column, one.found, one.expected)
        first = together.get(key)
        together[key] = one if first is None else first._replace(n=first.n + one.n)
    if not together:
        return
    distinct = list(together.values())
    file, row, column, found, expected, n = distinct[0]
    where = file if row is None else f"{file}, row {row}"
    if column:
        where += f", column '{column}'"
    message = f"{where}: found {found}{f' in {n:,} rows' if n > 1 else ''}; expected {expected}."
    if len(distinct) > 1:
        message += f" This is the first of {len(distinct):,} problems."
    raise DataError(message, pd.DataFrame(distinct[:n_shown], columns=list(Problem._fields)))


def listed(names: Iterable[object], *, n_shown: int = 8) -> str:
    """Names in quotation marks for a message, the middle of a long list left out.

    Parameters
    ----------
    names : iterable
        What to name, in order.
    n_shown : int
        The longest list that is shown whole.

    Returns
    -------
    str
        For instance ``'week 4', ..., 'week 24'``; ``nothing`` for an empty list.

    Examples
    --------
    >>> listed(["placebo", "155 U"])
    "'placebo', '155 U'"
    """
    quoted = [f"'{name}'" for name in names]
    if not quoted:
        return "nothing"
    if len(quoted) > n_shown:
        quoted = [*quoted[: n_shown - 2], "...", quoted[-1]]
    return ", ".join(quoted)


def kind_of(given: object) -> str:
    """Name the kind of an argument, for a message.

    Parameters
    ----------
    given : object
        Anything.

    Returns
    -------
    str
        Our classes by their name, our frames by their columns, all else in plain words.

    Examples
    --------
    >>> kind_of(pd.DataFrame(columns=["subject", "arm", "time", "observed"])), kind_of(None), kind_of(5)
    ('times', 'None', 'the number 5')
    """
    for of in type(given).__mro__:
        if of.__module__.startswith("botox_analysis.") and of.__name__ in _CLASSES:
            return _CLASSES[of.__name__]
    if isinstance(given, pd.DataFrame):
        there = set(given.columns)
        known = (kind for kind, columns in _COLUMNS.items() if there.issuperset(columns))
        return next(known, "a frame" if there else "a frame without columns")
    if given is None or isinstance(given, bool):
        return f"{given}"
    if isinstance(given, numbers.Number):
        return f"the number {given}"
    if isinstance(given, str | Path):
        return f"the {'text' if isinstance(given, str) else 'path'} '{given}'"
    if isinstance(given, type) or callable(given):
        word = "class" if isinstance(given, type) else "function"
        return f"the {word} {getattr(given, '__name__', type(given).__name__)}, not what it returns"
    if isinstance(given, bytes | bytearray):
        return "bytes"
    name = {"ndarray": "array"}.get(type(given).__name__, type(given).__name__)
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def wrong_kind(given: object, name: str, expected: str) -> DataError:
    """The error for an argument of another kind than is meant.

    Parameters
    ----------
    given : object
        What was given.
    name : str
        Of the argument.
    expected : str
        What is meant, and the call that makes it.

    Returns
    -------
    DataError
        To be raised.
    """
    return DataError(f"{name}: found {kind_of(given)}; expected {expected}.")


def _require(given: object, name: str, meant: str) -> None:
    """Refuse what is not of the kind that is meant, with the call that makes it."""
    columns = _COLUMNS.get(meant)
    there = set(given.columns) if isinstance(given, pd.DataFrame) else set()
    if columns and there.issuperset(columns):
        return
    found = kind_of(given)
    if found == meant:
        return
    of_kind = "a path" if isinstance(given, str | Path) else found
    call = _MADE_BY[meant].get(of_kind, _MADE_BY[meant][""])
    if columns and found == "a frame":
        lacking = [column for column in columns if column not in there]
        raise DataError(
            f"{name} has no column {listed(lacking)}; its columns are {listed(given.columns, n_shown=30)}. "  # type: ignore[attr-defined]
            f"Expected {meant}: {call}."
        )
    raise wrong_kind(given, name, f"{meant}: {call}")


def require_trial(given: object, name: str = "trial") -> None:
    """Refuse what is no `Trial`.

    Parameters
    ----------
    given : Trial
        An argument.
    name : str
        Of the argument.

    Raises
    ------
    DataError
        Names what was given, what is meant, and the call that makes it.
    """
    _require(given, name, TRIAL)


def require_outcomes(given: object, name: str = "outcomes") -> None:
    """Refuse what are no *outcomes*.

    Parameters
    ----------
    given : DataFrame
        An argument.
    name : str
        Of the argument.

    Raises
    ------
    DataError
        Names what was given, what is meant, and the call that makes it.
    """
    _require(given, name, OUTCOMES)


def require_events(given: object, name: str = "events") -> None:
    """Refuse what are no *events*.

    Parameters
    ----------
    given : DataFrame
        An argument.
    name : str
        Of the argument.

    Raises
    ------
    DataError
        Names what was given, what is meant, and the call that makes it.
    """
    _require(given, name, EVENTS)


def require_times(given: object, name: str = "times") -> None:
    """Refuse what are no *times*.

    Parameters
    ----------
    given : DataFrame
        An argument.
    name : str
        Of the argument.

    Raises
    ------
    DataError
        Names what was given, what is meant, and the call that makes it.
    """
    _require(given, name, TIMES)


def require_estimates(given: object, name: str = "estimates") -> None:
    """Refuse what are no *estimates*.

    Parameters
    ----------
    given : DataFrame
        An argument.
    name : str
        Of the argument.

    Raises
    ------
    DataError
        Names what was given, what is meant, and the call that makes it.
    """
    _require(given, name, ESTIMATES)


def require_imputations(given: object, name: str = "imputations") -> None:
    """Refuse what are no `Imputations`.

    Parameters
    ----------
    given : Imputations
        An argument.
    name : str
        Of the argument.

    Raises
    ------
    DataError
        Names what was given, what is meant, and the call that makes it.
    """
    _require(given, name, IMPUTATIONS)


def require_fit(given: object, name: str = "fit") -> None:
    """Refuse what is no fit of `fit_mmrm`.

    Parameters
    ----------
    given : MmrmFit
        An argument.
    name : str
        Of the argument.

    Raises
    ------
    DataError
        Names what was given, what is meant, and the call that makes it.
    """
    _require(given, name, MIXED_MODEL)


def require_crossproducts(given: object, name: str = "measures") -> None:
    """Refuse what are no cross-products.

    Parameters
    ----------
    given : RepeatedMeasures
        An argument.
    name : str
        Of the argument.

    Raises
    ------
    DataError
        Names what was given, what is meant, and the call that makes it.
    """
    _require(given, name, CROSS_PRODUCTS)


def require_text(given: object, name: str, expected: str) -> None:
    """Refuse what is no text.

    Parameters
    ----------
    given : str
        An argument.
    name : str
        Of the argument.
    expected : str
        What the text is, with an example.

    Raises
    ------
    TypeError
        Names what was given and what is meant.
    """
    if not isinstance(given, str):
        raise TypeError(f"{name}: found {kind_of(given)}; expected {expected}.")


def require_path(given: object, name: str, expected: str) -> None:
    """Refuse what is no path.

    Parameters
    ----------
    given : str or Path
        An argument.
    name : str
        Of the argument.
    expected : str
        What is at the path, with an example.

    Raises
    ------
    DataError
        Names what was given and what is meant.
    """
    if not isinstance(given, str | PathLike):
        raise wrong_kind(given, name, expected)


def require_columns(frame: pd.DataFrame, columns: Iterable[str], frame_name: str, *, made_by: str = "") -> None:
    """Refuse a frame that lacks a column.

    Parameters
    ----------
    frame : DataFrame
        Any frame.
    columns : iterable of str
        The columns it must have.
    frame_name : str
        What the message calls the frame.
    made_by : str
        The call that makes such a frame, where there is one.

    Raises
    ------
    DataError
        Names the columns that are missing and those that are there; or it is no frame.
    """
    call = f": {made_by}" if made_by else ""
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{frame_name}: found {kind_of(frame)}; expected a frame{call}.")
    there = set(frame.columns)
    missing = [column for column in columns if column not in there]
    if not missing:
        return
    if made_by and kind_of(frame) not in ("a frame", frame_name):
        raise DataError(f"{frame_name}: found {kind_of(frame)}, without column {listed(missing)}; expected{call[1:]}.")
    expected = f" Expected{call[1:]}." if made_by else ""
    raise DataError(
        f"{frame_name} has no column {listed(missing)}; its columns are {listed(frame.columns, n_shown=30)}.{expected}"
    )


Word = TypeVar("Word", bound=str)


def require_choice(choice: str, choices: Iterable[Word], what: str) -> Word:
    """Refuse a word that is not among the choices.

    Parameters
    ----------
    choice : str
        The word given.
    choices : iterable of str
        The words there are.
    what : str
        What is chosen, for the message.

    Returns
    -------
    str
        The word, as one of the choices.

    Raises
    ------
    ValueError
        Names the word, the choices, and the one that is meant: for an abbreviation of the field, or the nearest in spelling.
    """
    choices = list(choices)
    if not isinstance(choice, str):
        raise ValueError(f"{what}: found {kind_of(choice)}; it is one of {listed(choices, n_shown=30)}.")
    if choice not in choices:
        meant = did_you_mean(choice, choices)
        raise ValueError(f"{what} {choice!r} is not known; it is one of {listed(choices, n_shown=30)}.{meant}")
    return choice


def require_two_arms(arms: Sequence[object], needing: str, frame_name: str = "outcomes", *, where: str = "") -> None:
    """Refuse one arm where arms are compared.

    Parameters
    ----------
    arms : sequence
        The arms there are.
    needing : str
        What needs two, with its article: ``"a difference"`` or ``"a comparison"``.
    frame_name : str
        What the message calls the frame.
    where : str
        What else the message tells of the one arm, behind a space.

    Raises
    ------
    DataError
        Names the arm.
    """
    if len(arms) < 2:
        raise DataError(f"{frame_name} has one arm only, '{arms[0]}'{where}; {needing} needs two.")


def require_conf_level(conf_level: float) -> None:
    """Refuse a confidence level that is not strictly between 0 and 1.

    Parameters
    ----------
    conf_level : float
        Nominal coverage.

    Raises
    ------
    ValueError
        Also for 95 where 0.95 is meant.
    """
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level is {conf_level!r}; it is a share strictly between 0 and 1, such as 0.95.")


def is_whole_number(given: object) -> bool:
    """Whether an argument is a whole number, and no truth value.

    Parameters
    ----------
    given : object
        Anything.

    Returns
    -------
    bool
        True for an int, also of numpy.
    """
    return isinstance(given, numbers.Integral) and not isinstance(given, bool)


def require_seed(seed: object) -> None:
    """Refuse a seed that is no whole number of 0 or more.

    Parameters
    ----------
    seed : int
        Of the random number generator.

    Raises
    ------
    ValueError
        Names what was given.
    """
    if not is_whole_number(seed) or not seed >= 0:  # type: ignore[operator]
        raise ValueError(f"seed: found {kind_of(seed)}; expected a whole number, 0 or more.")

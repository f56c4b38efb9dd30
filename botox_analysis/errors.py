"""The two errors of the library, and the checks that raise them. A message states the place, what was found and expected."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from botox_analysis.abbreviations import did_you_mean


class Problem(NamedTuple):
    """One fault of the data: in one place, or in several cells of a column with the same text.

    Attributes
    ----------
    file : str
        Name of the file or table.
    row : int or None
        Number of the first row with the fault; the header is row 1. None if the fault belongs to no single row.
    column : str
        Name of the column; empty if the fault belongs to no single column.
    found, expected : str
        The content found, and the content expected.
    n : int
        Number of rows with the fault.
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
"""Classes of the library, and their names in messages."""

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
"""Frames of the library, and the columns that identify each. A frame is of the first kind whose columns it has."""

_MADE_BY: Mapping[str, Mapping[str, str]] = {
    TRIAL: {
        "": "load_trial(folder)",
        OUTCOMES: "the trial from which they were derived, or load_trial(folder)",
        "a path": "load_trial(path)",
        "a frame": "load_trial(folder), or as_trial({'subjects': frame, ...}, name=...)",
        "a dict": "load_trial(folder), or as_trial(tables, name=...)",
    },
    OUTCOMES: {
        "": "HEADACHE_DAYS.derive(trial), or as_outcomes(frame, ...)",
        TRIAL: "HEADACHE_DAYS.derive(trial), or another endpoint",
        "an Endpoint": "endpoint.derive(trial)",
        "a frame": "as_outcomes(frame, endpoint=..., arms=..., visits=...)",
        IMPUTATIONS: "imputations.completed(0), or imputations.pool(analysis) for all of them",
    },
    EVENTS: {
        "": "safety.counts(trial), or responders(outcomes, reduction=0.5)",
        TRIAL: "safety.counts(trial)",
        OUTCOMES: "responders(outcomes, reduction=0.5)",
        TIMES: "times.by_cycle(times)",
        "intercurrent events": "intercurrent.counts(outcomes, events)",
        "reasons for missing values": "missing.values(outcomes)",
        IMPUTATIONS: "imputations.pool_responders(reduction=0.5)",
    },
    TIMES: {
        "": "times.first_event(trial), or times.first_response(outcomes, reduction=0.5)",
        TRIAL: "times.first_event(trial)",
        OUTCOMES: "times.first_response(outcomes, reduction=0.5)",
    },
    ESTIMATES: {
        "": "event_rates(events), or fit.differences()",
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
"""Calls that make the expected kind, by the kind that was given; the empty text stands for every other kind."""


class DataError(ValueError):
    """Error of data that are not of the promised shape.

    Parameters
    ----------
    message : str
        The place, the content found, and the content expected. Letters that no screen shows as they are become escapes: a
        cell of a file may reverse a line or hide a part of it.
    problems : DataFrame, optional
        One row per problem: ``file``, ``row`` (the first), ``column``, ``found``, ``expected`` and ``n``, the number of rows.

    Examples
    --------
    >>> subjects = trial.subjects.assign(itt="perhaps")
    >>> try:
    ...     ba.as_trial({"subjects": subjects}, name="a trial")
    ... except ba.DataError as error:
    ...     print(error)
    subjects, row 2, column 'itt': found 'perhaps' in 1,384 rows; expected yes or no, or a line of [values.subjects.itt], \
such as perhaps = "yes".
    """

    def __init__(self, message: str, problems: pd.DataFrame | None = None) -> None:
        super().__init__(escaped(message))
        self.problems = problems if problems is not None else pd.DataFrame(columns=list(Problem._fields))


class FitError(ArithmeticError):
    """Error of numbers that do not determine the model, or of an optimiser that did not converge.

    Examples
    --------
    >>> four = outcomes[outcomes["subject"].isin(outcomes["subject"].unique()[:4])]
    >>> try:
    ...     ba.fit_mmrm(four)
    ... except ba.FitError as error:
    ...     reason = str(error)
    >>> "4 subjects" in reason
    True
    """


def refuse(problems: Iterable[tuple[Any, ...]], *, n_shown: int = 50) -> None:
    """Raise one `DataError` for a list of problems; do nothing if the list is empty.

    Parameters
    ----------
    problems : iterable of Problem
        Tuples with the same fields are accepted; ``n`` may be left out. Problems that differ only in their rows become one.
    n_shown : int
        Number of problems that the table of the error keeps.

    Raises
    ------
    DataError
        The list has a problem. The message states the first problem and the number of problems. The frame ``problems`` of the
        error lists them.
    """
    merged: dict[tuple[str, str, str, str], Problem] = {}
    for given in problems:
        problem = Problem(*map(_storable, given))
        key = (problem.file, problem.column, problem.found, problem.expected)
        first = merged.get(key)
        merged[key] = problem if first is None else first._replace(n=first.n + problem.n)
    if not merged:
        return
    distinct = list(merged.values())
    file, row, column, found, expected, n = distinct[0]
    where = file if row is None else f"{file}, row {row}"
    if column:
        where += f", column '{column}'"
    message = f"{where}: found {found}{f' in {n:,} rows' if n > 1 else ''}; expected {expected}."
    if len(distinct) > 1:
        message += f" This is the first of {len(distinct):,} problems. The frame `problems` of this error lists "
        message += "all of them." if len(distinct) <= n_shown else f"the first {n_shown}."
    raise DataError(message, pd.DataFrame(distinct[:n_shown], columns=list(Problem._fields)))


def _storable(part: Any) -> Any:
    """Write half a character in ASCII: Arrow, which keeps the texts of a frame, does not accept it."""
    return part.encode(errors="backslashreplace").decode() if isinstance(part, str) else part


def escaped(text: str) -> str:
    r"""Write control letters, marks of direction and other letters without a shape as escapes.

    Parameters
    ----------
    text : str
        Text of a file or user, or a message with such a text.

    Returns
    -------
    str
        The text, with an escape of Python in place of each such letter.

    Examples
    --------
    >>> escaped("Placebo" + chr(0x202E))
    'Placebo\\u202e'
    """
    return text if text.isprintable() else "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


_LONGEST_NAME = 120
"""Letters of the longest name that a message has whole."""


def listed(names: Iterable[object], *, n_shown: int = 8) -> str:
    """List names in quotation marks for a message, without the middle of a long list and the end of a long name.

    Parameters
    ----------
    names : iterable
        Names in the order of the list.
    n_shown : int
        Length of the longest list that is shown whole.

    Returns
    -------
    str
        For instance ``'week 4', ..., 'week 24'``; ``nothing`` for an empty list.

    Examples
    --------
    >>> listed(["placebo", "155 U"])
    "'placebo', '155 U'"
    """
    texts = [str(name) for name in names]
    quoted = [f"'{text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + '...'}'" for text in texts]
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
        An argument of any type.

    Returns
    -------
    str
        A class of the library by its name, a frame of the library by its columns, any other object in plain words.

    Examples
    --------
    >>> kind_of(pd.DataFrame(columns=["subject", "arm", "time", "observed"])), kind_of(None), kind_of(5)
    ('times', 'None', 'the number 5')
    """
    for of in type(given).__mro__:
        if of.__module__.startswith("botox_analysis.") and of.__name__ in _CLASSES:
            return _CLASSES[of.__name__]
    if isinstance(given, pd.DataFrame):
        present = set(given.columns)
        known = (kind for kind, columns in _COLUMNS.items() if present.issuperset(columns))
        return next(known, "a frame" if present else "a frame without columns")
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


def quoted(name: str) -> str:
    """Write the name of an argument for a message, in backquotes if it is a name of Python.

    Parameters
    ----------
    name : str
        The argument, such as ``"arms"``, or a description, such as ``"bundled data"``.

    Returns
    -------
    str
        The name.

    Examples
    --------
    >>> quoted("arms"), quoted("bundled data")
    ('`arms`', 'bundled data')
    """
    return f"`{name}`" if name.isidentifier() else name


def wrong_kind(given: object, name: str, expected: str, *, made_by: str = "") -> DataError:
    """Make the error for an argument of the wrong kind.

    Parameters
    ----------
    given : object
        The argument.
    name : str
        Name of the argument.
    expected : str
        The expected kind, with its article: ``"a Trial"``.
    made_by : str
        A call that makes the expected kind; empty for none.

    Returns
    -------
    DataError
        The caller raises it.

    Examples
    --------
    >>> print(wrong_kind(5, "trial", "a Trial", made_by="load_trial(folder)"))
    `trial` must be a Trial; got the number 5. Try load_trial(folder).
    """
    hint = f" Try {made_by}." if made_by else ""
    return DataError(f"{quoted(name)} must be {expected}; got {kind_of(given)}.{hint}")


def _require(given: object, name: str, expected: str) -> None:
    """Raise an error if an argument is not of the expected kind; the message names a call that makes that kind."""
    columns = _COLUMNS.get(expected)
    present = set(given.columns) if isinstance(given, pd.DataFrame) else set()
    if columns and present.issuperset(columns):
        return
    found = kind_of(given)
    if found == expected:
        return
    given_kind = "a path" if isinstance(given, str | Path) else found
    call = _MADE_BY[expected].get(given_kind, _MADE_BY[expected][""])
    if columns and found == "a frame":
        lacking = [column for column in columns if column not in present]
        raise DataError(
            f"{name} has no column {listed(lacking)}; its columns are {listed(given.columns, n_shown=30)}. "  # type: ignore[attr-defined]
            f"For a frame of {expected}, try {call}."
        )
    raise wrong_kind(given, name, f"a frame of {expected}" if columns else expected, made_by=call)


def require_trial(given: object, name: str = "trial") -> None:
    """Raise an error if an argument is not a `Trial`.

    Parameters
    ----------
    given : Trial
        The argument.
    name : str
        Name of the argument.

    Raises
    ------
    DataError
        The argument is of another kind. The message names both kinds, and a call that makes the expected one.
    """
    _require(given, name, TRIAL)


def require_outcomes(given: object, name: str = "outcomes") -> None:
    """Raise an error if an argument is not a frame of *outcomes*.

    Parameters
    ----------
    given : DataFrame
        The argument.
    name : str
        Name of the argument.

    Raises
    ------
    DataError
        The argument is of another kind. The message names both kinds, and a call that makes the expected one.
    """
    _require(given, name, OUTCOMES)


def require_events(given: object, name: str = "events") -> None:
    """Raise an error if an argument is not a frame of *events*.

    Parameters
    ----------
    given : DataFrame
        The argument.
    name : str
        Name of the argument.

    Raises
    ------
    DataError
        The argument is of another kind. The message names both kinds, and a call that makes the expected one.
    """
    _require(given, name, EVENTS)


def require_times(given: object, name: str = "times") -> None:
    """Raise an error if an argument is not a frame of *times*.

    Parameters
    ----------
    given : DataFrame
        The argument.
    name : str
        Name of the argument.

    Raises
    ------
    DataError
        The argument is of another kind. The message names both kinds, and a call that makes the expected one.
    """
    _require(given, name, TIMES)


def require_estimates(given: object, name: str = "estimates") -> None:
    """Raise an error if an argument is not a frame of *estimates*.

    Parameters
    ----------
    given : DataFrame
        The argument.
    name : str
        Name of the argument.

    Raises
    ------
    DataError
        The argument is of another kind. The message names both kinds, and a call that makes the expected one.
    """
    _require(given, name, ESTIMATES)


def require_imputations(given: object, name: str = "imputations") -> None:
    """Raise an error if an argument is not an `Imputations`.

    Parameters
    ----------
    given : Imputations
        The argument.
    name : str
        Name of the argument.

    Raises
    ------
    DataError
        The argument is of another kind. The message names both kinds, and a call that makes the expected one.
    """
    _require(given, name, IMPUTATIONS)


def require_fit(given: object, name: str = "fit") -> None:
    """Raise an error if an argument is not a fit of `fit_mmrm`.

    Parameters
    ----------
    given : MmrmFit
        The argument.
    name : str
        Name of the argument.

    Raises
    ------
    DataError
        The argument is of another kind. The message names both kinds, and a call that makes the expected one.
    """
    _require(given, name, MIXED_MODEL)


def require_crossproducts(given: object, name: str = "measures") -> None:
    """Raise an error if an argument is not of cross-products.

    Parameters
    ----------
    given : RepeatedMeasures
        The argument.
    name : str
        Name of the argument.

    Raises
    ------
    DataError
        The argument is of another kind. The message names both kinds, and a call that makes the expected one.
    """
    _require(given, name, CROSS_PRODUCTS)


def require_text(given: object, name: str, expected: str) -> None:
    """Raise an error if an argument is not a text.

    Parameters
    ----------
    given : str
        The argument.
    name : str
        Name of the argument.
    expected : str
        Meaning of the text, with an example.

    Raises
    ------
    TypeError
        The argument is not a text. The message states the kind found and the meaning expected.
    """
    if not isinstance(given, str):
        raise TypeError(f"{quoted(name)} must be a text (str), {expected}; got {kind_of(given)}.")


def require_path(given: object, name: str, expected: str) -> None:
    """Raise an error if an argument is not a path.

    Parameters
    ----------
    given : str or Path
        The argument.
    name : str
        Name of the argument.
    expected : str
        Content of the path, with an example.

    Raises
    ------
    DataError
        The argument is not a path. The message states the kind found and the content expected.
    """
    if not isinstance(given, str | PathLike):
        raise wrong_kind(given, name, expected)


def require_columns(frame: pd.DataFrame, columns: Iterable[str], frame_name: str, *, made_by: str = "") -> None:
    """Raise an error if a frame lacks a column.

    Parameters
    ----------
    frame : DataFrame
        The frame.
    columns : iterable of str
        Columns that the frame must have.
    frame_name : str
        Name of the frame in the message.
    made_by : str
        A call that makes such a frame; empty for none.

    Raises
    ------
    DataError
        A column is missing, or the argument is not a frame. The message names the missing columns and those of the frame.
    """
    if not isinstance(frame, pd.DataFrame):
        raise wrong_kind(frame, frame_name, "a frame", made_by=made_by)
    present = set(frame.columns)
    missing = [column for column in columns if column not in present]
    if not missing:
        return
    hint = f" Try {made_by}." if made_by else ""
    kind = kind_of(frame)
    if made_by and kind not in ("a frame", frame_name):
        raise DataError(f"{quoted(frame_name)} must have a column {listed(missing)}; got {kind}.{hint}")
    raise DataError(f"{frame_name} has no column {listed(missing)}; its columns are {listed(frame.columns, n_shown=30)}.{hint}")


Word = TypeVar("Word", bound=str)


def require_choice(choice: str, choices: Iterable[Word], what: str) -> Word:
    """Raise an error if a word is not among the choices.

    Parameters
    ----------
    choice : str
        The word.
    choices : iterable of str
        Words that are accepted.
    what : str
        Name of the argument.

    Returns
    -------
    str
        The word, as one of the choices.

    Raises
    ------
    ValueError
        The word is not a choice. The message names the choices, and the nearest one: by abbreviation or by spelling.

    Examples
    --------
    >>> require_choice("KR", ["satterthwaite", "kenward-roger"], "small_sample")
    Traceback (most recent call last):
    ValueError: `small_sample` must be one of 'satterthwaite', 'kenward-roger'; got 'KR'. Did you mean 'kenward-roger'?
    """
    choices = list(choices)
    if isinstance(choice, str) and choice in choices:
        return choice
    found, hint = (repr(choice), did_you_mean(choice, choices)) if isinstance(choice, str) else (kind_of(choice), "")
    raise ValueError(f"{quoted(what)} must be one of {listed(choices, n_shown=30)}; got {found}.{hint}")


def require_two_arms(arms: Sequence[object], needing: str, frame_name: str = "outcomes", *, where: str = "") -> None:
    """Raise an error if there are fewer than two arms to compare.

    Parameters
    ----------
    arms : sequence
        Arms of the frame.
    needing : str
        The quantity that needs two arms, with its article: ``"a difference"`` or ``"a comparison"``.
    frame_name : str
        Name of the frame in the message.
    where : str
        Part of the frame with one arm only, such as ``" for category 'x'"``, with the space before it; empty for the whole frame.

    Raises
    ------
    DataError
        There is one arm only. The message names it.
    """
    if len(arms) < 2:
        raise DataError(f"{frame_name} has one arm only, '{arms[0]}'{where}; {needing} needs two.")


def require_conf_level(conf_level: object) -> None:
    """Raise an error if a confidence level is not strictly between 0 and 1.

    Parameters
    ----------
    conf_level : float
        Nominal coverage.

    Raises
    ------
    ValueError
        The level is out of its range: 95, for instance, in place of 0.95.
    """
    if not isinstance(conf_level, numbers.Real) or not 0 < float(conf_level) < 1:
        raise ValueError(f"`conf_level` must be a number strictly between 0 and 1, such as 0.95; got {conf_level!r}.")


def is_whole_number(given: object) -> bool:
    """Check whether an argument is a whole number.

    Parameters
    ----------
    given : object
        An argument of any type.

    Returns
    -------
    bool
        True for an int, also of numpy; False for a truth value.
    """
    return isinstance(given, numbers.Integral) and not isinstance(given, bool)


def require_seed(seed: object) -> None:
    """Raise an error if a seed is not a whole number of 0 or more.

    Parameters
    ----------
    seed : int
        Seed of the random number generator.

    Raises
    ------
    ValueError
        The seed is another number, or of another kind.
    """
    if not is_whole_number(seed) or not seed >= 0:  # type: ignore[operator]
        raise ValueError(f"`seed` must be a whole number of 0 or more; got {kind_of(seed)}.")

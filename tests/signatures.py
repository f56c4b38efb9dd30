"""The signatures of public functions, of the methods of what they give, and of the rules a user writes."""

import inspect
import typing
from types import UnionType

from tests.public import CLASSES, FUNCTIONS


class Parameter(typing.NamedTuple):
    """A parameter: its name, its annotation with everything resolved, its default, and how it is given."""

    name: str
    annotation: object
    default: object
    kind: inspect._ParameterKind

    @property
    def positional(self):
        """Whether it may be given by position."""
        return self.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD


def parameters_of(function):
    """The parameters of a function, without self."""
    function = inspect.unwrap(function)
    hints = typing.get_type_hints(function)
    return [
        Parameter(each.name, hints.get(each.name), each.default, each.kind)
        for each in inspect.signature(function).parameters.values()
        if each.name not in ("self", "cls")
    ]


def methods_of(cls):
    """The public methods of a class, by name; those of a dict, an error or the like are left out."""
    found = {name: inspect.getattr_static(cls, name) for name in dir(cls) if not name.startswith("_")}
    found = {name: each.__func__ if isinstance(each, classmethod | staticmethod) else each for name, each in found.items()}
    return {
        name: each for name, each in found.items() if inspect.isfunction(each) and each.__module__.startswith("botox_analysis")
    }


def parts_of(annotation):
    """An annotation and all that it is made of."""
    yield annotation
    if typing.get_origin(annotation) is not typing.Literal:
        for part in typing.get_args(annotation):
            yield from parts_of(part) if not isinstance(part, list) else (each for item in part for each in parts_of(item))


def literals_in(annotation):
    """The literals in an annotation."""
    return [part for part in parts_of(annotation) if typing.get_origin(part) is typing.Literal]


def without_none(annotation):
    """An annotation but for None: the parts of a union."""
    parts = typing.get_args(annotation) if typing.get_origin(annotation) in (typing.Union, UnionType) else (annotation,)
    return frozenset(part for part in parts if part is not type(None))


def _given(functions):
    """The classes that functions give."""
    hints = (typing.get_type_hints(inspect.unwrap(each)).get("return") for each in functions)
    return {
        part
        for hint in hints
        for part in parts_of(hint)
        if inspect.isclass(part) and part.__module__.startswith("botox_analysis")
    }


GIVEN = {cls.__name__: cls for cls in _given(FUNCTIONS.values())}

OF_FUNCTIONS = {name: parameters_of(function) for name, function in FUNCTIONS.items()}

OF_METHODS = {
    method.__qualname__: parameters_of(method)
    for cls in {*CLASSES.values(), *GIVEN.values()}
    for method in methods_of(cls).values()
}
"""By the class that defines the method."""

WRITTEN = (
    "Endpoint",
    "advanced.Protocol",
    "advanced.TestingGraph",
    "diary.ContinuationRule",
    "diary.DiaryRule",
    "missing.Shift",
    "safety.EmergentRule",
)
"""Frozen values that a user writes. They state all of their parts, which may be many; functions make the others."""

OF_VALUES = {
    name: [
        Parameter(each.name, typing.get_type_hints(CLASSES[name])[each.name], each.default, each.kind)
        for each in inspect.signature(CLASSES[name]).parameters.values()
    ]
    for name in WRITTEN
}

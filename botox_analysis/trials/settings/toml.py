"""Settings as the text of a `trial.toml`."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any


def toml_text(settings: Mapping[str, Any]) -> str:
    r"""Write settings as TOML.

    Parameters
    ----------
    settings : mapping
        Settings with the keys of ``trial.toml``. Mappings become sections.

    Returns
    -------
    str
        Text that `tomllib` reads as the same settings.

    Examples
    --------
    >>> toml_text({"name": "x", "protocol": {"draws": 5}})
    'name = "x"\n\n[protocol]\ndraws = 5\n'
    """
    return "\n".join("".join(f"{line}\n" for line in section) for section in _sections(settings, ()))


def toml_key(name: str) -> str:
    """Write a key, in quotation marks if it needs them.

    Parameters
    ----------
    name : str
        Name of the key.

    Returns
    -------
    str
        The key in TOML.

    Examples
    --------
    >>> toml_key("draws"), toml_key("week 4")
    ('draws', '"week 4"')
    """
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_value(name)


def toml_value(value: Any) -> str:
    """Write a value.

    Parameters
    ----------
    value : object
        A text, number, truth value, date, or a list or mapping of these.

    Returns
    -------
    str
        The value in TOML.

    Examples
    --------
    >>> toml_value(["a", 1.5, True])
    '["a", 1.5, true]'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml_key(key)} = {toml_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _sections(settings: Mapping[str, Any], name: tuple[str, ...]) -> Iterator[list[str]]:
    """Write the lines of a section, and then those of the sections in it."""
    lines = [f"{toml_key(key)} = {toml_value(value)}" for key, value in settings.items() if not isinstance(value, Mapping)]
    if lines:
        yield [f"[{'.'.join(map(toml_key, name))}]", *lines] if name else lines
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _sections(value, (*name, key))

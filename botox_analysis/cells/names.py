"""Spelling of names: one spelling for canonically equal names, and a search for different names that look alike.

References
----------
Unicode Standard Annex 15, Unicode Normalization Forms, section 1.1: canonical and compatibility equivalence. Unicode Technical
Standard 39, Unicode Security Mechanisms, section 4: names that look alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u202f\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u3000"), " ")
_INVISIBLE = dict.fromkeys(
    [
        0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010),
        *range(0x2060, 0x2066),
        *range(0x206A, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC), *range(0x1BCA0, 0x1BCA4),
        *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000),
    ],
    "",
)  # fmt: skip
"""Unicode's marks of no width (its property Default_Ignorable_Code_Point), except those that turn the direction of writing."""

_CANONICAL = {**_SPACES, **_INVISIBLE}
"""Replacements: every space becomes a plain one; marks of no width and soft hyphens are removed."""

_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u02b9\u2032\u00b4`\u02bb\uff07"), "'")
_QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"), '"')
_SIGNS = str.maketrans("\u2044\u2215\u29f8\u00d7\u2022\u2219\u22c5\u0387\u2027\u30fb", "///x" + "\u00b7" * 6)
# Letters of Cyrillic and Greek with the shape of Latin ones (after case folding), which keyboards of other languages write.
_LETTERS = str.maketrans("асеорхуіјѕкмтвнԁԛԝοαερτυνικ", "aceopxyijskmtbhdqwoaeptuvik")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?")
_CONTROL = {"Cc", "Cs"}
_DIRECTION = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
"""Marks that turn the direction of writing or begin a line. They can hide a part of a name."""


def spelled(name: str) -> str:
    r"""Spell a name in its one canonical way.

    Parameters
    ----------
    name : str
        A name as written in a file.

    Returns
    -------
    str
        The name in Unicode's normalization form C, with plain spaces, without marks of no width and without spaces around it.

    Examples
    --------
    >>> spelled("U\u0308belkeit") == "\u00dcbelkeit"
    True
    """
    if name.isascii():
        return name.strip()
    return unicodedata.normalize("NFC", name.translate(_CANONICAL)).strip()


def spelled_all(names: Sequence[str]) -> list[str]:
    """Spell each of many names in its one canonical way.

    Parameters
    ----------
    names : sequence of str
        Names as written in a file.

    Returns
    -------
    list of str
        The spelled names, in the order of `names`.

    Examples
    --------
    >>> spelled_all(["S1 ", "S2"])
    ['S1', 'S2']
    """
    if "".join(names).isascii():  # the usual case: one check for all names
        return [name.strip() for name in names]
    return [spelled(name) for name in names]


def has_control(name: str) -> bool:
    r"""Check whether a name contains a control character.

    Parameters
    ----------
    name : str
        A name, spelled by `spelled`.

    Returns
    -------
    bool
        True for control characters (also tabs and line ends), lone surrogates, and marks that turn the direction of writing.

    Examples
    --------
    >>> has_control("week 4"), has_control("week\t4")
    (False, True)
    """
    if name.isascii():
        return not name.isprintable()
    return any(unicodedata.category(letter) in _CONTROL or letter in _DIRECTION for letter in name)


def outline(name: str) -> str:
    r"""Reduce a name to a key that is equal for names which look alike.

    Parameters
    ----------
    name : str
        Any name.

    Returns
    -------
    str
        Key for comparisons only. It ignores differences in capitals, spaces, hyphens, apostrophes, quotation marks, slashes,
        middle dots, widths, ligatures and the sharp s. Letters of the same shape in two alphabets are equal, and so are two
        ways to write one number.

    Examples
    --------
    >>> outline("Injection-site pain") == outline("injection\u2010site  Pain")
    True
    """
    if not name.isascii():
        # Marks of no width go before the compatibility form; the micro sign becomes the Greek letter, both drawn as u.
        name = unicodedata.normalize("NFKC", name.translate(_CANONICAL).translate(_APOSTROPHES).translate(_QUOTES))
        name = "".join("-" if unicodedata.category(letter) == "Pd" or letter == "\u2212" else letter for letter in name)
        name = unicodedata.normalize("NFC", name.casefold()).translate(_LETTERS).translate(_SIGNS)
    else:
        name = name.casefold().replace("`", "'")
    name = "".join(name.split())
    return f"{Decimal(name).normalize():f}" if _NUMBER.fullmatch(name) else name


def look_alikes(names: Iterable[str]) -> tuple[str, str] | None:
    """Find two different names that look alike.

    Parameters
    ----------
    names : iterable of str
        Distinct names.

    Returns
    -------
    tuple of (str, str) or None
        The first two names that look alike, in the order of `names`; None if there are none.

    Examples
    --------
    >>> look_alikes(["Rash", "Neck pain", "neck pain"])
    ('Neck pain', 'neck pain')
    """
    seen: dict[str, str] = {}
    for name in names:
        reduced = outline(name)
        if reduced in seen and seen[reduced] != name:
            return seen[reduced], name
        seen[reduced] = name
    return None

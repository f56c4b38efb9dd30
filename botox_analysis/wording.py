"""Texts of numbers (decimals, the minus sign, intervals, p-values) and of objects. Numbers are rounded in this module only."""

from __future__ import annotations

import html
import math
import statistics
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MISSING = "–"
"""Text of a missing number."""

LARGEST = 1e15
"""Numbers of this size and above are written with their power of ten."""

KNOWN_DIGITS = 12
"""Digits to which estimates are equal on every machine. A number is rounded as a half if these digits make it one."""


def number(value: float, decimals: int = 1) -> str:
    """Write a number with a fixed number of decimals and a true minus sign.

    Halves are rounded away from 0, as in SAS and in journals.

    Parameters
    ----------
    value : float
        Number to write; a missing value gives `MISSING`.
    decimals : int
        Number of digits after the point.

    Returns
    -------
    str
        Text of the number; 0 has no sign.

    Examples
    --------
    >>> number(-1.84), number(-0.01), number(12.5, 0), number(12.499999999999998, 0), number(1384, 0), number(float("nan"))
    ('−1.8', '0.0', '13', '13', '1,384', '–')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) >= LARGEST:
        return f"{value:.3g}".replace("-", "−")
    known = repr(float(value)) if abs(value) >= 10.0 ** (KNOWN_DIGITS - 1) else f"{float(value):.{KNOWN_DIGITS}g}"
    rounded = Decimal(known).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{abs(rounded) if rounded == 0 else rounded:,.{max(decimals, 0)}f}".replace("-", "−")


def signed(value: float) -> str:
    """Write a number with its sign, plus or minus, to three significant digits.

    Parameters
    ----------
    value : float
        Any number.

    Returns
    -------
    str
        Text of the number; 0 has no sign.

    Examples
    --------
    >>> signed(7.633), signed(-2.0), signed(0.00412), signed(0.0)
    ('+7.63', '−2', '+0.00412', '0')
    """
    return f"{float(f'{value:.{KNOWN_DIGITS}g}'):+.3g}".replace("-", "−") if value else "0"


def decimals_for(spreads: Iterable[float]) -> int:
    """Choose the number of decimals for numbers of a given spread: enough to show the spread, and at least one.

    Parameters
    ----------
    spreads : iterable of float
        Standard errors of estimates, or a tenth of the standard deviations of values. Missing values and zeros are skipped.

    Returns
    -------
    int
        Number of decimals, from 1 to 8.

    Examples
    --------
    >>> decimals_for([0.4, 0.3]), decimals_for([14.0]), decimals_for([0.0004])
    (1, 1, 4)
    """
    known = [spread for spread in spreads if math.isfinite(spread) and spread > 0]
    if not known:
        return 1
    return min(8, max(1, math.ceil(round(-math.log10(statistics.median(known)), KNOWN_DIGITS - 1))))


def interval(low: float, high: float, decimals: int = 1) -> str:
    """Write two limits, joined by "to".

    Parameters
    ----------
    low, high : float
        Limits; `MISSING` is written if both are missing.
    decimals : int
        Number of digits after the point.

    Returns
    -------
    str
        Text of the limits.

    Examples
    --------
    >>> interval(-2.46, -1.1)
    '−2.5 to −1.1'
    """
    if math.isnan(low) and math.isnan(high):
        return MISSING
    return f"{number(low, decimals)} to {number(high, decimals)}"


def with_limits(estimate: float, low: float, high: float, decimals: int = 1) -> str:
    """Write an estimate with its limits in parentheses.

    Parameters
    ----------
    estimate, low, high : float
        Estimate and limits; limits that are both missing are left out.
    decimals : int
        Number of digits after the point.

    Returns
    -------
    str
        Text of the estimate and its limits.

    Examples
    --------
    >>> with_limits(-1.8, -2.46, -1.1)
    '−1.8 (−2.5 to −1.1)'
    """
    if math.isnan(low) and math.isnan(high):
        return number(estimate, decimals)
    return f"{number(estimate, decimals)} ({interval(low, high, decimals)})"


def p_value(value: float) -> str:
    """Write a p-value as journals print it.

    Parameters
    ----------
    value : float
        P-value from 0 to 1; a missing value gives `MISSING`.

    Returns
    -------
    str
        Text with three decimals below 0.1, else two; ``<0.001`` or ``>0.99`` for the extremes.

    Examples
    --------
    >>> p_value(0.00036), p_value(0.0031), p_value(0.344), p_value(0.9999)
    ('<0.001', '0.003', '0.34', '>0.99')
    """
    if math.isnan(value):
        return MISSING
    if value < 0.001:
        return "<0.001"
    if value > 0.99:
        return ">0.99"
    return number(value, 3 if value < 0.0995 else 2)


def p_phrase(value: float) -> str:
    """Write a p-value for a sentence.

    Parameters
    ----------
    value : float
        P-value from 0 to 1, or missing.

    Returns
    -------
    str
        Text with "p" and the sign of equality or inequality; empty for a missing value.

    Examples
    --------
    >>> p_phrase(0.0004), p_phrase(0.0312)
    ('p < 0.001', 'p = 0.031')
    """
    if math.isnan(value):
        return ""
    text = p_value(value)
    return f"p {text[0]} {text[1:]}" if text[0] in "<>" else f"p = {text}"


def count(value: float) -> str:
    """Write a whole number with separators of thousands.

    Parameters
    ----------
    value : float
        A count; a missing value gives `MISSING`.

    Returns
    -------
    str
        Text without decimals.

    Examples
    --------
    >>> count(1384)
    '1,384'
    """
    return number(value, 0)


def percent(share: float, decimals: int = 1) -> str:
    """Write a share in per cent.

    A share above 0 is never written as 0, and a share below 1 is never written as 100.

    Parameters
    ----------
    share : float
        Share from 0 to 1; a missing value gives `MISSING`.
    decimals : int
        Number of digits after the point.

    Returns
    -------
    str
        Text without the per cent sign.

    Examples
    --------
    >>> percent(0.304), percent(1 / 3000), percent(2999 / 3000), percent(0.0), percent(1.0)
    ('30.4', '<0.1', '>99.9', '0.0', '100.0')
    """
    text, step = number(100 * share, decimals), 10.0**-decimals
    if share > 0 and text == number(0.0, decimals):
        return f"<{number(step, decimals)}"
    if share < 1 and text == number(100.0, decimals):
        return f">{number(100 - step, decimals)}"
    return text


def count_share(n_events: float, n_total: float) -> str:
    """Write a count with its share in per cent.

    Parameters
    ----------
    n_events, n_total : float
        Count and total; the share is left out if the total is 0.

    Returns
    -------
    str
        Text of the count and its share.

    Examples
    --------
    >>> count_share(49, 161)
    '49 (30.4 %)'
    """
    if math.isnan(n_events) or not n_total > 0:
        return count(n_events)
    return f"{count(n_events)} ({percent(n_events / n_total)} %)"


def number_needed(estimate: float, low: float, high: float) -> str:
    """Write a number needed to treat with its limits, as whole subjects, rounded up.

    Limits of both signs form an interval through infinity.

    Parameters
    ----------
    estimate, low, high : float
        Number and limits, from `number_needed` of the models: positive to benefit (NNTB), negative to harm (NNTH).

    Returns
    -------
    str
        Text of the number and its limits, with their direction.

    References
    ----------
    Altman DG (1998). BMJ 317:1309-1312.

    Examples
    --------
    >>> number_needed(9.459, 6.384, 18.42)
    'NNTB 10 (7 to 19)'
    >>> number_needed(12.0, -20.0, 5.0)
    'NNTB 12 (NNTB 5 to ∞ to NNTH 20)'
    >>> number_needed(-14.0, -60.0, -8.0)
    'NNTH 14 (8 to 60)'
    """
    if math.isnan(estimate):
        return MISSING

    def with_direction(value: float) -> str:
        return f"{'NNTB' if value > 0 else 'NNTH'} {_rounded_up(abs(value))}"

    text = "∞" if math.isinf(estimate) else with_direction(estimate)
    if math.isnan(low) or math.isnan(high):
        return text
    if low < 0 < high:
        near, far = (low, high) if estimate < 0 else (high, low)
        return f"{text} ({with_direction(near)} to ∞ to {with_direction(far)})"
    near, far = sorted((abs(low), abs(high)))
    return f"{text} ({_rounded_up(near)} to {_rounded_up(far)})"


def _rounded_up(value: float) -> str:
    """Write a number of subjects, rounded up, unless it differs from a whole number by rounding error only."""
    return number(value if math.isinf(value) else math.ceil(float(f"{value:.{KNOWN_DIGITS}g}")), 0)


def capital(text: str) -> str:
    """Write a text with a capital first letter.

    Parameters
    ----------
    text : str
        Any text; it may be empty.

    Returns
    -------
    str
        The text; only its first letter is changed.

    Examples
    --------
    >>> capital("mean HIT-6")
    'Mean HIT-6'
    """
    return text[:1].upper() + text[1:]


def joined(parts: list[str]) -> str:
    """Join parts of a sentence by commas and "and".

    Parameters
    ----------
    parts : list of str
        Parts in the order of the sentence.

    Returns
    -------
    str
        One phrase; empty if there are no parts.

    Examples
    --------
    >>> joined(["arm", "baseline", "site"])
    'arm, baseline and site'
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


_STRUCTURES = {
    "toeplitz": "Toeplitz",
    "heterogeneous toeplitz": "heterogeneous Toeplitz",
    "ar1": "AR(1)",
    "heterogeneous ar1": "heterogeneous AR(1)",
}
"""Covariance structures with proper names."""


def structure(word: str) -> str:
    """Write the name of a covariance structure for a text.

    Parameters
    ----------
    word : str
        Structure, as an argument of `fit_mmrm`.

    Returns
    -------
    str
        Name of the structure, with capitals in proper names.

    Examples
    --------
    >>> structure("heterogeneous ar1")
    'heterogeneous AR(1)'
    """
    return _STRUCTURES.get(word, word)


MOST_COLUMNS = 100
"""Characters of a line of an overview: as many as a terminal shows."""


@dataclass(frozen=True)
class Overview:
    """An object in few lines: a title, named texts and a table of cells.

    Attributes
    ----------
    title : str
        The kind of the object, and its name.
    rows : tuple of (str, str)
        Names and texts; empty texts are left out.
    cells : tuple of tuple of str
        Rows of a table below, the header first; empty where there is none.
    most_lines : int
        Lines of `text`; the middle of the table is left out where there are more.
    lines_per_row : int
        Lines of `text` that a text may take; the rest of it is left out.
    """

    title: str
    rows: tuple[tuple[str, str], ...]
    cells: tuple[tuple[str, ...], ...] = ()
    most_lines: int = 12
    lines_per_row: int = 1

    @property
    def text(self) -> str:
        """For a terminal: no line is longer than `MOST_COLUMNS`."""
        named = [(_printable(name), _printable(text)) for name, text in self.rows if text]
        indent = 4 + max((len(name) for name, _ in named), default=0)
        lines = [_shortened(_printable(self.title), MOST_COLUMNS)]
        for name, text in named:
            parts = textwrap.wrap(text, MOST_COLUMNS - indent, break_on_hyphens=False) or [""]
            kept = parts[: self.lines_per_row]
            if len(parts) > len(kept):
                kept[-1] = _shortened(f"{kept[-1]} {parts[len(kept)]}", MOST_COLUMNS - indent)
            starts = [f"  {name}".ljust(indent), *[" " * indent] * (len(kept) - 1)]
            lines += [f"{start}{part}" for start, part in zip(starts, kept, strict=True)]
        table, room = _aligned(self.cells), self.most_lines - len(lines)
        if len(table) > room:
            table = [*table[: room - 2], f"  ... {len(table) - room + 1} rows ...", table[-1]]
        return "\n".join([*lines, *table])

    @property
    def html(self) -> str:
        """For a notebook: whole texts, escaped."""
        named = "".join(_html_row(row, "td") for row in self.rows if row[1])
        below = "".join(_html_row(row, "td" if place else "th") for place, row in enumerate(self.cells))
        tables = "".join(f"<table><tbody>{rows}</tbody></table>" for rows in (named, below) if rows)
        return f"<div><p><strong>{_escaped(self.title)}</strong></p>{tables}</div>"


class Shown:
    """An object that shows its overview: as text in a terminal, as a table in a notebook."""

    def _overview(self) -> Overview:
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the overview as text."""
        return self._overview().text

    def _repr_html_(self) -> str:
        return self._overview().html


def some_of(names: Iterable[object], n_shown: int = 6) -> str:
    """Names, the middle of a long list left out and all of them counted.

    Parameters
    ----------
    names : iterable
        In order.
    n_shown : int
        The longest list that is shown whole.

    Returns
    -------
    str
        Joined by commas.

    Examples
    --------
    >>> some_of(["placebo", "155 U"]), some_of(range(1, 13), 4)
    ('placebo, 155 U', '1, 2, ..., 12 (12)')
    """
    texts = [str(name) for name in names]
    if len(texts) <= n_shown:
        return ", ".join(texts)
    return f"{', '.join(texts[: n_shown - 2])}, ..., {texts[-1]} ({len(texts)})"


def arms_in_words(arms: Sequence[str]) -> str:
    """Arms, the first of several named as the reference.

    Parameters
    ----------
    arms : sequence of str
        Reference first.

    Returns
    -------
    str
        Joined by commas.

    Examples
    --------
    >>> arms_in_words(["placebo", "155 U"]), arms_in_words(["155 U"])
    ('placebo (reference), 155 U', '155 U')
    """
    return some_of([f"{arms[0]} (reference)", *arms[1:]] if len(arms) > 1 else arms)


def _printable(text: str) -> str:
    """Put a text on one line, and replace characters that move the cursor or change the direction of writing."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in " ".join(text.split()))


def _html_row(cells: Iterable[str], tag: str) -> str:
    start, end = f'<{tag} style="text-align:left">', f"</{tag}>"
    return f"<tr>{''.join(f'{start}{_escaped(cell)}{end}' for cell in cells)}</tr>"


def _escaped(text: str) -> str:
    return html.escape(_printable(text))


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2].rstrip()} …"


def _aligned(cells: tuple[tuple[str, ...], ...]) -> list[str]:
    """Rows of cells as lines; the widest columns are shortened until all fit."""
    if not cells:
        return []
    columns = [[_printable(cell) for cell in column] for column in zip(*cells, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    while sum(widths) + 2 * len(widths) > MOST_COLUMNS:
        widths[widths.index(max(widths))] -= 1
    shown = [[_shortened(cell, width).ljust(width) for cell in column] for column, width in zip(columns, widths, strict=True)]
    return [f"  {'  '.join(row)}".rstrip() for row in zip(*shown, strict=True)]

"""Numbers of transport files: the hexadecimal floating point of the IBM System/360, and the special missing values of SAS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

SPECIAL = "_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Signs of the special missing values, written ``._`` and ``.A`` to ``.Z`` in SAS. The plain missing value is ``.``."""

_FRACTION = np.uint64((1 << 56) - 1)
_TOP = np.uint64(56)

_scale = np.ldexp(1.0, 4 * (np.arange(128) - 64) - 56)
_SCALE = np.concatenate([_scale, -_scale])
"""First byte -> factor of the fraction, a whole number of 56 bits. The byte has the sign, and the exponent of 16 plus 64."""

_EMPTY = np.zeros(256)
_EMPTY[[ord("."), *map(ord, SPECIAL)]] = np.nan
"""First byte -> the value of a cell whose other bytes are zero."""


def from_ibm(cells: np.ndarray) -> tuple[np.ndarray, dict[str, int]]:
    """Convert numbers of a transport file to doubles.

    Parameters
    ----------
    cells : ndarray of uint64, shape (n,)
        Bytes of each number, the first as the highest. A number of fewer than 8 bytes ends with zeros.

    Returns
    -------
    values : ndarray of float, shape (n,)
        The nearest double of each number; NaN for a missing value. Every number written from a double comes back exactly, if
        its size is from 5.4e-79 to 7.2e75.
    special : dict of str to int
        Sign of each special missing value -> number of cells with it.

    References
    ----------
    SAS technical note TS-140: the record layout of a data set in SAS transport format.

    Examples
    --------
    >>> import numpy as np
    >>> from_ibm(np.array([0x4110000000000000, 0xC118000000000000, 0x4100000000000000], dtype=np.uint64))
    (array([ 1. , -1.5,  nan]), {'A': 1})
    """
    top = (cells >> _TOP).astype(np.uint8)
    fraction = cells & _FRACTION
    values = fraction.astype(float)
    values *= _SCALE[top]
    empty = np.flatnonzero(fraction == 0)
    values[empty] = _EMPTY[top[empty]]
    n_of = np.bincount(top[empty], minlength=256)
    return values, {sign: int(n_of[ord(sign)]) for sign in SPECIAL if n_of[ord(sign)]}


def reasons_of(special: Mapping[str, int], n_beyond: int, form: str) -> Iterator[tuple[str, int]]:
    """Describe the cells of a column of numbers that are missing for a reason.

    Parameters
    ----------
    special : mapping of str to int
        Sign of each special missing value -> number of cells with it.
    n_beyond : int
        Number of cells that are no moment from 1582 to 9999.
    form : str
        Format of the column.

    Yields
    ------
    (str, int)
        Reason, and number of cells.

    Examples
    --------
    >>> list(reasons_of({"A": 2, "_": 1}, 0, ""))
    [('special missing values .A (2), ._ (1): missing', 3)]
    """
    if special:
        signs = ", ".join(f".{sign} ({n:,})" for sign, n in special.items())
        yield f"special missing values {signs}: missing", sum(special.values())
    if n_beyond:
        yield f"numbers of the format {form} that are no date from 1582 to 9999: missing", n_beyond

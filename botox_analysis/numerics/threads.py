"""Small matrices are multiplied fastest by one thread; the user's setting is left as it was."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from math import inf
from typing import Any

from threadpoolctl import ThreadpoolController

FEW = 2**18
"""Multiplications in a product of matrices up to which OpenBLAS takes one thread by itself."""

_FREE = nullcontext()


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread(n_multiplications: float = inf) -> AbstractContextManager[Any]:
    """Limit BLAS to one thread while in the context.

    Parameters
    ----------
    n_multiplications : float
        In the largest product of matrices that is computed there; of few (`FEW`) BLAS needs no limit. Left out: it may be many.

    Returns
    -------
    context manager
        Restores what was set before.
    """
    if n_multiplications <= FEW:
        return _FREE
    limited: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limited

"""Number of threads of BLAS: small matrices are multiplied fastest by one thread.

The user's setting is restored afterwards.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from math import inf
from typing import Any

from threadpoolctl import ThreadpoolController

FEW = 2**18
"""Most multiplications in a product of matrices for which OpenBLAS uses one thread without a limit."""

_FREE = nullcontext()


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    """Find the loaded BLAS libraries, once."""
    return ThreadpoolController()


def one_thread(n_multiplications: float = inf) -> AbstractContextManager[Any]:
    """Limit BLAS to one thread while in the context.

    Parameters
    ----------
    n_multiplications : float
        Number of multiplications in the largest product of matrices in the context. Up to `FEW`, BLAS needs no limit. By default
        unlimited.

    Returns
    -------
    context manager
        Restores the previous number of threads at its end.
    """
    if n_multiplications <= FEW:
        return _FREE
    limited: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limited

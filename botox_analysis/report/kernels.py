"""Kernels that determine the last bits of numbers: those of linear algebra and of numpy, the C library, and the processor."""

from __future__ import annotations

import platform

import scipy.linalg  # noqa: F401 - loads its BLAS, which is then listed too
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__  # where numpy.show_runtime reads them
from threadpoolctl import threadpool_info

NOT_KNOWN = "not known"


def kernels() -> dict[str, str]:
    """List the kernels in use.

    Returns
    -------
    dict of str to str
        ``linear algebra``: library, version and architecture of each loaded BLAS. ``numpy``: features of the processor that it
        uses beyond those of its build. ``C library`` and ``machine``: their names.

    Examples
    --------
    >>> list(kernels())
    ['linear algebra', 'numpy', 'C library', 'machine']
    """
    loaded = [library for library in threadpool_info() if library.get("user_api") == "blas"]
    names = {" ".join(str(blas.get(part) or "") for part in ("internal_api", "version", "architecture")) for blas in loaded}
    used = [feature for feature in __cpu_dispatch__ if __cpu_features__[feature]]
    return {
        "linear algebra": ", ".join(sorted(names)) or NOT_KNOWN,
        "numpy": " ".join(used) or "none beyond those it was built for",
        "C library": " ".join(platform.libc_ver()).strip() or NOT_KNOWN,
        "machine": platform.machine() or NOT_KNOWN,
    }

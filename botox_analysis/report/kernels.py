"""What the last bits of a number depend on: the processor's kernels of linear algebra and of numpy, and the C library."""

from __future__ import annotations

import platform

import scipy.linalg  # noqa: F401 - its BLAS is loaded, and told, too
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__  # where numpy.show_runtime reads them
from threadpoolctl import threadpool_info

NOT_KNOWN = "not known"


def kernels() -> dict[str, str]:
    """The kernels that compute now.

    Returns
    -------
    dict of str to str
        ``linear algebra``: library, version and architecture of each BLAS that is loaded. ``numpy``: features of the processor
        that its loops use beyond those it was built for. ``C library`` and ``machine``.

    Examples
    --------
    >>> list(kernels())
    ['linear algebra', 'numpy', 'C library', 'machine']
    """
    loaded = [each for each in threadpool_info() if each.get("user_api") == "blas"]
    libraries = {" ".join(str(each.get(part) or "") for part in ("internal_api", "version", "architecture")) for each in loaded}
    used = [feature for feature in __cpu_dispatch__ if __cpu_features__[feature]]
    return {
        "linear algebra": ", ".join(sorted(libraries)) or NOT_KNOWN,
        "numpy": " ".join(used) or "none beyond those it was built for",
        "C library": " ".join(platform.libc_ver()).strip() or NOT_KNOWN,
        "machine": platform.machine() or NOT_KNOWN,
    }

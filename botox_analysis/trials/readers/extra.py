"""Libraries of the extra ``formats``, imported when a file needs them."""

from __future__ import annotations

import importlib
from types import ModuleType

from botox_analysis.errors import DataError


def imported(library: str, file: str) -> ModuleType:
    """Import a library of the extra ``formats``.

    Parameters
    ----------
    library : str
        Name of the module.
    file : str
        Name of the file that needs it, for messages.

    Returns
    -------
    module
        The library.

    Raises
    ------
    DataError
        The library is not installed. The message has the command that installs it.
    """
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        raise missing_library(library, file) from error


def missing_library(library: str, file: str) -> DataError:
    """Make the error for a library that is not installed.

    Parameters
    ----------
    library : str
        Name of the module.
    file : str
        Name of the file that needs it.

    Returns
    -------
    DataError
        Its message has the command that installs the library.
    """
    return DataError(
        f"{file}: found a file that needs the library {library}; install it by: pip install 'botox-analysis[formats]'."
    )

"""The tolerances that several modules of tests share, each with its reason; one that only a module needs stands there."""

ROUNDING = 1e-12
"""The last of 16 digits: the same formula in other words, or the same sum in another order."""

LONG_SUM = 1e-11
"""Relative: sums of some hundred terms, in another order."""

PRINTED = 1e-9
"""Relative: R printed 10 to 15 significant digits, of fits whose gradient was below 1e-11."""

SAME_OPTIMUM = 1e-9
"""Relative: the optimiser goes on until its steps are rounding, or there is a formula in closed form."""

ANOTHER_ROAD = 1e-8
"""Relative: the same optimum, found in other coordinates or by another algorithm."""

TWO_OPTIMISERS = 1e-7
"""Relative: two optimisers on one likelihood."""

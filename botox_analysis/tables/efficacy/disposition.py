"""`table.disposition`: numbers of subjects randomised, treated, completed and discontinued."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import require_columns
from botox_analysis.frames.estimates import Estimates, check_measures
from botox_analysis.frames.measures import PROPORTION
from botox_analysis.tables.writers import INDENT


def table_disposition(rates: Estimates) -> pd.DataFrame:
    """Write the flow of subjects by arm, n (%) of those randomised.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` on `disposition`.

    Returns
    -------
    DataFrame
        Text: a row per stage, the reasons indented below, and a column per arm.

    Raises
    ------
    DataError
        The frame is empty, has another measure, or lacks ``n_events`` or ``within``.

    Examples
    --------
    >>> ba.table.disposition(ba.event_rates(ba.disposition(trial))).iloc[1].to_dict()
    {'Stage': 'Not treated', 'placebo': '4 (0.6 %)', 'onabotulinumtoxinA': '6 (0.9 %)'}
    """
    require_columns(check_measures(rates, [PROPORTION], "rates"), ("n_events", "within"), "rates")
    arms = list(rates["arm"].unique())
    rows = []
    for (within, category), about in rates.groupby(["within", "category"], sort=False):
        of_arm = about.set_index("arm")
        counted = {arm: wording.count_share(of_arm.loc[arm, "n_events"], of_arm.loc[arm, "n"]) for arm in arms}
        rows.append({"Stage": f"{INDENT}{category}" if within else wording.capital(category)} | counted)
    return pd.DataFrame(rows)

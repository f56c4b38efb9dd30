"""`table.baseline`: baseline characteristics of the subjects."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.frames.estimates import Estimates, check_measures
from botox_analysis.frames.measures import MEAN, PROPORTION, SPREADS
from botox_analysis.tables.writers import INDENT

MISSING_ROW = "Missing, n"


def table_baseline(estimates: Estimates) -> pd.DataFrame:
    """Write baseline characteristics: mean (SD) of numbers, n (%) of categories, without p-values.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of `describe_baseline`.

    Returns
    -------
    DataFrame
        Text: a row per characteristic or category, a column per arm, headed by its number of subjects. Percentages and means
        are of the subjects with a value. If subjects lack a value, an additional row contains their number. A characteristic
        with the categories yes and no has one row, for yes.

    Raises
    ------
    DataError
        The frame is empty, or has another measure.

    Examples
    --------
    >>> ba.table.baseline(ba.describe_baseline(trial)).iloc[0].to_dict()
    {'Characteristic': 'Age, mean (SD)', 'placebo (n = 696)': '41.0 (10.5)',
     'onabotulinumtoxinA (n = 688)': '40.9 (10.2)', 'all arms (n = 1,384)': '40.9 (10.3)'}
    """
    check_measures(estimates, (MEAN, *SPREADS, PROPORTION), "estimates")
    arms = list(estimates["arm"].unique())
    if "n_missing" not in estimates.columns:
        estimates = estimates.assign(n_missing=0.0)
    size = (estimates["n"] + estimates["n_missing"].fillna(0.0)).groupby(estimates["arm"], sort=False).max()
    heads = {arm: f"{arm} (n = {wording.count(size[arm])})" for arm in arms}
    rows: list[dict[str, str]] = []
    for label in estimates["endpoint"].unique():
        about = estimates[estimates["endpoint"] == label]
        name = wording.capital(label)
        if (about["measure"] == PROPORTION).any():
            levels = list(about["category"].unique())
            if set(levels) <= {"yes", "no", "True", "False"}:
                wanted = [level for level in levels if level in ("yes", "True")]
                rows += [{"Characteristic": f"{name}, n (%)"} | _shares(about, level, heads) for level in wanted]
            else:
                rows.append({"Characteristic": f"{name}, n (%)"} | dict.fromkeys(heads.values(), ""))
                rows += [{"Characteristic": f"{INDENT}{level}"} | _shares(about, level, heads) for level in levels]
        else:
            rows.append({"Characteristic": f"{name}, mean (SD)"} | {head: _mean_sd(about, arm) for arm, head in heads.items()})
        missing = about.drop_duplicates("arm").set_index("arm")["n_missing"]
        if (missing > 0).any():
            counted = {head: wording.count(missing[arm]) for arm, head in heads.items()}
            rows.append({"Characteristic": f"{INDENT}{MISSING_ROW}"} | counted)
    return pd.DataFrame(rows, columns=["Characteristic", *heads.values()])


def _shares(about: pd.DataFrame, level: str, heads: dict[str, str]) -> dict[str, str]:
    of_level = about[about["category"] == level].set_index("arm")
    return {head: wording.count_share(of_level.loc[arm, "n_events"], of_level.loc[arm, "n"]) for arm, head in heads.items()}


def _mean_sd(about: pd.DataFrame, arm: str) -> str:
    of_arm = about[about["arm"] == arm].set_index("measure")["estimate"]
    spread = of_arm["standard deviation"]
    decimals = wording.decimals_for([spread / 10])
    return f"{wording.number(of_arm['mean'], decimals)} ({wording.number(spread, decimals)})"

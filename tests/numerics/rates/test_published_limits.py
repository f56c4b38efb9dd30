"""Tests of limits, estimates and p-values of proportions against R, SAS and papers, to the digits printed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from botox_analysis.numerics.rates.methods import COMPARISONS, TESTS
from botox_analysis.numerics.rates.proportions import PROPORTION_INTERVALS
from botox_analysis.numerics.rates.two_arms import two_arms

FOLDER = Path(__file__).parents[2] / "reference" / "proportions"
SINGLE, COMPARED, P_VALUES = (pd.read_csv(FOLDER / f"{name}.csv") for name in ("single", "comparisons", "p_values"))


def as_printed(value, digits):
    """Compare to all digits printed: half a unit of the last digit, with a tolerance for halves rounded the other way."""
    return pytest.approx(value, abs=0.51 * 10.0**-digits)


def counts(tables):
    """Parse strata such as "4/10 2/20; 3/10 0/10", the arm before its reference."""
    cells = [[tuple(map(float, arm.split("/"))) for arm in stratum.split()] for stratum in tables.split(";")]
    return two_arms(*np.array([(*arm, *reference) for arm, reference in cells]).T[:, None, :])


def names(rows):
    return [" ".join(str(row[column])[:40] for column in list(rows)[:3]) for _, row in rows.iterrows()]


@pytest.mark.parametrize("row", SINGLE.to_dict("records"), ids=names(SINGLE))
def test_limits_of_a_proportion_are_those_printed(row):
    low, high = PROPORTION_INTERVALS[row["interval"]].limits([row["n_events"]], [row["n_total"]], row["conf_level"])
    assert low[0] == as_printed(row["conf_low"], row["digits"])
    assert high[0] == as_printed(row["conf_high"], row["digits"])


@pytest.mark.parametrize("row", COMPARED.to_dict("records"), ids=names(COMPARED))
def test_a_comparison_has_the_estimate_and_limits_printed(row):
    result = COMPARISONS[row["measure"]][row["interval"]].compare(counts(row["tables"]), row["conf_level"], 0.0)
    back = np.exp if row["measure"].startswith("log") else np.asarray
    for printed, found in ((row["estimate"], result.estimate), (row["conf_low"], result.low), (row["conf_high"], result.high)):
        if not np.isnan(printed):
            assert back(found)[0] == as_printed(printed, row["digits"])


@pytest.mark.parametrize("row", P_VALUES.to_dict("records"), ids=names(P_VALUES))
def test_p_values_are_those_printed(row):
    table = counts(row["tables"])
    score = COMPARISONS["risk difference"]["mee"]
    p_value = score.compare(table, 0.95, 0.0).p_value if row["test"] == "score" else TESTS[row["test"]].p_value(table)
    assert p_value[0] == as_printed(row["p_value"], row["digits"])


def test_the_mantel_haenszel_difference_and_sato_s_standard_error_are_those_of_agresti():
    row = COMPARED.query("source == 'Agresti 2013'").iloc[0]
    result = COMPARISONS["risk difference"]["mantel-haenszel"].compare(counts(row["tables"]), 0.95, 0.0)
    assert result.estimate[0] == as_printed(0.130, 3)
    assert result.std_error[0] == as_printed(0.050, 3)


def test_sato_s_standard_error_is_the_one_of_sas():
    row = COMPARED.query("source == 'tern' and interval == 'mantel-haenszel'").iloc[0]
    result = COMPARISONS["risk difference"]["mantel-haenszel"].compare(counts(row["tables"]), 0.9, 0.0)
    assert result.std_error[0] == as_printed(0.1080533, 7)


@pytest.mark.long
def test_the_exact_one_sided_p_value_is_the_one_of_lrstat():
    result = COMPARISONS["risk difference"]["exact"].compare(counts("2/68 1/65"), 0.95, 0.0)
    assert result.p_value[0] / 2 == as_printed(0.354387, 6)


COMPUTED = {"proportion": {"agresti-coull"}, "log odds ratio": {"log", "conditional exact"}}
"""Intervals without a printed value: the modules of their tests compare them with statsmodels and scipy."""


@pytest.mark.parametrize("measure", ["proportion", "risk difference", "log risk ratio", "log odds ratio"])
def test_every_interval_is_among_the_references(measure):
    known = PROPORTION_INTERVALS if measure == "proportion" else COMPARISONS[measure]
    printed = SINGLE if measure == "proportion" else COMPARED[COMPARED["measure"] == measure]
    assert set(known) - set(printed["interval"]) == COMPUTED.get(measure, set())


def test_the_references_are_complete():
    assert (len(SINGLE), len(COMPARED), len(P_VALUES)) == (15, 56, 13)

"""A table of handlings of ratios."""

import numpy as np
import pandas as pd

import botox_analysis as ba
from botox_analysis.frames.estimates import as_estimates


def pooled():
    return as_estimates(
        {
            "arm": "toxin", "reference": "placebo", "visit": "week 24", "measure": "log rate ratio", "method": ["one", "other"],
            "n": 100.0, "estimate": np.log([1.5, 2.0]), "std_error": [0.004, 0.003], "conf_low": np.log([1.1, 1.2]),
            "conf_high": np.log([2.0, 3.0]), "conf_level": 0.95, "p_value": 0.03, "variance_target": "repeated sampling",
            "missing_information": 0.2, "monte_carlo_error": [0.012, 0.02],
        }
    )  # fmt: skip


def test_ratios_and_their_logarithms_are_written_alike_with_two_decimals():
    of_logs, of_ratios = (ba.table_sensitivity(rows) for rows in (pooled(), ba.exponentiate(pooled())))
    written = "Rate ratio (95 % CI)"
    assert of_logs[written].tolist() == of_ratios[written].tolist() == ["1.50 (1.10 to 2.00)", "2.00 (1.20 to 3.00)"]


def test_a_monte_carlo_error_is_that_of_what_is_shown_or_said_to_be_of_the_logarithm():
    of_logs, of_ratios = (ba.table_sensitivity(rows) for rows in (pooled(), ba.exponentiate(pooled())))
    assert of_logs["Monte Carlo error of the logarithm"].tolist() == ["0.012", "0.020"]
    assert of_ratios["Monte Carlo error"].tolist() == ["0.018", "0.040"]


def test_shares_have_their_monte_carlo_error_in_percentage_points():
    shares = pd.DataFrame(pooled()).assign(measure="risk difference", estimate=0.1, conf_low=0.0, conf_high=0.2, std_error=0.05)
    table = ba.table_sensitivity(shares)
    assert table["Monte Carlo error"].tolist() == ["1.20", "2.00"]

"""The order of categories is that of the data."""

import pandas as pd

from botox_analysis.frames.schema import categories_of


def test_categories_come_in_their_order_without_those_that_do_not_occur():
    column = pd.Series(pd.Categorical(["T", "P", None], categories=["P", "X", "T"]))
    assert categories_of(column) == ["P", "T"]


def test_plain_values_come_in_order_of_appearance():
    assert categories_of(pd.Series(["T", None, "P", "T"])) == ["T", "P"]

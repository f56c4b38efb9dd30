"""Brashear 1999 by ranks: R's numbers for the changes at week 4 of 10,000 U against placebo."""

from pathlib import Path

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.numerics.ranks import compare_shift
from tests.tolerances import PRINTED

KNOWN = pd.read_csv(Path(__file__).parent.parent / "reference" / "counts" / "known_values.csv")
HODGES_LEHMANN = KNOWN.query("id == 'cd-hl'").set_index("quantity")["value"]
VAN_ELTEREN = KNOWN.query("id == 'cd-vanelteren'").set_index("quantity")["value"]
ROOT_FINDING = 1e-4
"""The tolerance to which wilcox.test finds shifts; here they are differences of pairs."""

ARM = "BoNT-B 10,000 U"


@pytest.fixture(scope="module")
def carried(cdystonia):
    return ba.missing.fill(ba.TWSTRS.derive(cdystonia), rule="last observation carried forward, baseline included")


def row_of(carried, **call):
    return ba.compare_ranks(carried, visits=["week 4"], **call).set_index("arm").loc[ARM]


def test_the_shift_is_the_median_of_the_pairwise_differences(carried):
    assert row_of(carried)["estimate"] == HODGES_LEHMANN["median of pairwise differences"]


def test_the_shift_and_its_limits_are_what_the_roots_of_r_round_to(carried):
    found = row_of(carried)[["estimate", "conf_low", "conf_high"]].astype(float).tolist()
    assert found == [-7, -11, -3]
    assert found == pytest.approx(HODGES_LEHMANN[["estimate", "ci_low", "ci_high"]].tolist(), abs=ROOT_FINDING)


def test_the_p_value_of_the_rank_sum_test_is_that_of_r(carried):
    assert row_of(carried)["p_value"] == pytest.approx(HODGES_LEHMANN["p"], rel=PRINTED)


def test_the_p_value_of_van_elterens_test_over_sites_is_that_of_r(carried):
    assert row_of(carried, stratum="site")["p_value"] == pytest.approx(VAN_ELTEREN["p"], rel=PRINTED)


def test_van_elterens_statistic_is_that_of_r(carried):
    at_week_4 = carried[carried["visit"] == "week 4"]
    x, y = (
        [of_site["change"].to_numpy() for _, of_site in at_week_4[at_week_4["arm"] == arm].groupby("site")]
        for arm in (ARM, "placebo")
    )
    assert compare_shift(x, y, 0.95).statistic == pytest.approx(VAN_ELTEREN["z"], rel=PRINTED)

"""`LeftOut`: a value with parts, and the row that is made of them."""

import pytest

import botox_analysis as ba
from botox_analysis.frames.left_out import NO_VALUE, NO_VALUE_EVER, STAYS_MISSING, LeftOut, left_out_frame


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (LeftOut("no age recorded", 3, "MMRM", "pain"), "MMRM, pain"),
        (LeftOut("no weight", 3, "MMRM", "pain", of="values"), "MMRM, pain: values"),
        (LeftOut("no value recorded", 3, "ANCOVA", "pain, 0-10", "week 4"), "ANCOVA, pain, 0-10, week 4"),
        (LeftOut("days left open", 3, endpoint="pain", at="placebo"), "pain, placebo"),
    ],
)
def test_the_place_is_made_of_the_parts(row, where):
    assert left_out_frame([row]).to_numpy().tolist() == [[where, row.reason, 3]]


def test_nothing_left_out_is_a_frame_without_rows():
    assert list(left_out_frame([])) == ["where", "reason", "n"]


def test_models_say_which_rows_count_missing_responses():
    trial = ba.simulate_trial(1, n=40, dropout=0.3)
    outcomes = ba.HEADACHE_DAYS.derive(trial)
    mixed, alone = ba.fit_mmrm(outcomes), ba.fit_ancova(outcomes, visits=["week 24"])
    assert {row.kind for row in mixed.not_entered} <= {NO_VALUE_EVER, ""}
    assert sum(row.n for row in alone.not_entered if row.kind == NO_VALUE) == int(
        (outcomes["change"].isna() & outcomes["baseline"].notna())[outcomes["visit"] == "week 24"].sum()
    )
    days = ba.missing.impute_diary(trial, ba.HEADACHE_DAYS, n=2, seed=1)
    further = days.impute(strategy="missing at random", seed=1, covariance="ar1")
    assert STAYS_MISSING in {row.kind for row in days.not_entered}
    assert STAYS_MISSING not in {row.kind for row in further.not_entered}

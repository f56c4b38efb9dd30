"""Headache days per month as outcomes: read as a scale, with or without the recorded days, up to a report."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

N = 24
MONTHS = ["baseline", "month 1", "month 2", "month 3"]
SUBJECTS = pd.DataFrame({"subject": [f"s{i:02}" for i in range(N)], "arm": ["155 U", "placebo"] * (N // 2)})
COUNTS = pd.DataFrame(
    [
        (f"s{i:02}", "headache days", visit, value)
        for i in range(N)
        for visit, value in zip(
            MONTHS, (20, 18 - i % 5, 15 - i % 4 - 3 * (i % 2 == 0), 12 - i % 7 - 2 * (i % 2 == 0)), strict=True
        )
    ],
    columns=["subject", "scale", "visit", "value"],
)
PER_28 = {"scales": {"headache days": {"per_days": 28}}}


def trial_of(rows=COUNTS, settings=None):
    return ba.as_trial({"subjects": SUBJECTS, "assessments": rows}, name="t", settings=settings)


def values_of(trial):
    return ba.endpoints_of(trial)[0].derive(trial)["value"].to_numpy()


def test_counts_of_months_are_an_endpoint_with_responders():
    trial = trial_of()
    outcomes = ba.endpoints_of(trial)[0].derive(trial)
    assert list(outcomes["visit"].cat.categories) == MONTHS[1:]
    assert set(outcomes["baseline"]) == {20}
    events = ba.responders(outcomes, reduction=0.5)
    at_month_3 = COUNTS[COUNTS["visit"] == "month 3"]
    assert events.loc[events["visit"] == "month 3", "n_events"].sum() == (at_month_3["value"] <= 10).sum() > 0


@pytest.mark.long
def test_counts_of_months_make_a_report(tmp_path):
    trial = trial_of()
    assert ba.validate_trial(trial).report == "yes"
    ba.write_report(trial, tmp_path / "report")
    assert "headache days" in (tmp_path / "report" / "index.html").read_text("utf-8")


def test_counts_are_scaled_by_the_recorded_days():
    recorded = np.resize([28, 14, 21, 30, 13], len(COUNTS))
    trial = trial_of(COUNTS.assign(days_recorded=recorded), PER_28)
    expected = np.where(recorded >= 14, COUNTS["value"] * 28 / recorded, np.nan)
    np.testing.assert_allclose(trial.assessments["value"], expected)
    notes = dict(zip(trial.left_out["reason"], trial.left_out["n"], strict=True))
    assert notes["'headache days' scaled to 28 days by the days recorded"] == (np.isin(recorded, [14, 21, 30])).sum()
    assert notes["'headache days' with fewer than 14 recorded days, or an unknown number: missing"] == (recorded == 13).sum()
    above = notes["'headache days' above the days recorded: kept"]
    assert above == (COUNTS["value"].to_numpy() > recorded).sum()


def test_a_full_period_changes_no_count():
    np.testing.assert_array_equal(values_of(trial_of(COUNTS.assign(days_recorded=28), PER_28)), values_of(trial_of()))


def test_another_minimum_leaves_other_counts():
    settings = {"scales": {"headache days": {"per_days": 28, "minimum_days": 20}}}
    trial = trial_of(COUNTS.assign(days_recorded=np.resize([28, 19, 20], len(COUNTS))), settings)
    assert trial.assessments["value"].isna().sum() == len(COUNTS) // 3


def test_an_unknown_number_of_recorded_days_makes_the_count_missing():
    days = [None if i == 5 else 28 for i in range(len(COUNTS))]
    assert trial_of(COUNTS.assign(days_recorded=days), PER_28).assessments["value"].isna().sum() == 1


def test_other_scales_are_not_scaled():
    other = COUNTS.assign(scale="HIT-6", value=60, days_recorded=None)
    trial = trial_of(pd.concat([COUNTS.assign(days_recorded=14), other]), PER_28)
    assert trial.assessments.loc[trial.assessments["scale"] == "HIT-6", "value"].eq(60).all()


def test_recorded_days_without_the_setting_change_nothing():
    np.testing.assert_array_equal(values_of(trial_of(COUNTS.assign(days_recorded=14))), values_of(trial_of()))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"per_days": 0}, "found per_days = 0; expected a number of days from 1 to 366"),
        ({"per_days": 28.5}, "found per_days = 28.5"),
        ({"per_days": True}, "found per_days = True"),
        ({"per_days": 28, "minimum_days": "14"}, "found minimum_days = '14'"),
        ({"minimum_days": 14}, "found minimum_days without per_days"),
        ({"per_day": 28}, "found the key 'per_day'"),
    ],
)
def test_a_wrong_setting_is_refused(keys, message):
    with pytest.raises(ba.DataError, match=message):
        trial_of(COUNTS.assign(days_recorded=28), {"scales": {"headache days": keys}})


def test_a_period_without_recorded_days_is_refused():
    with pytest.raises(ba.DataError, match="found no column 'days_recorded'; per_days of 'headache days'"):
        trial_of(settings=PER_28)


@pytest.mark.parametrize("days", [-1, 367, "many"])
def test_impossible_recorded_days_are_refused(days):
    with pytest.raises(ba.DataError, match="column 'days_recorded'"):
        trial_of(COUNTS.assign(days_recorded=days))


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_scaled_counts_are_not_scaled_again_in_a_written_trial(tmp_path, file_format):
    rows = pd.DataFrame({"subject": ["a", "a"], "visit": ["baseline", "month 1"], "value": [14, 10], "days_recorded": [28, 20]})
    tables = {"subjects": pd.DataFrame({"subject": ["a"]}), "assessments": rows.assign(scale="headache days")}
    first = ba.as_trial(tables, name="counts", settings={"scales": {"headache days": {"per_days": 28}}})
    ba.write_trial(first, tmp_path / "written", format=file_format)
    again = ba.load_trial(tmp_path / "written")
    assert first.assessments["value"].tolist() == again.assessments["value"].tolist() == [14, 14]


def test_counts_beside_a_diary_get_another_name_by_the_line_of_the_message():
    days = pd.MultiIndex.from_product([SUBJECTS["subject"], [*range(-28, 0), *range(1, 85)]], names=["subject", "day"])
    diary = days.to_frame(index=False).assign(headache_hours=[float(at % 7) for at in range(len(days))])
    rows = pd.DataFrame([(s, "headache days", v, 9 + n) for s in SUBJECTS["subject"] for n, v in enumerate(MONTHS)],
                        columns=["subject", "scale", "visit", "value"])  # fmt: skip
    tables = {"subjects": SUBJECTS, "diary": diary, "assessments": rows}
    settings = {"reference": "placebo"}
    said = str(ba.validate_trial(ba.as_trial(tables, name="both", settings=settings)))
    assert '"headache days" = "headache days, reported"' in " ".join(said.split())
    settings["values"] = {"assessments": {"scale": {"headache days": "headache days, reported"}}}
    names = [endpoint.name for endpoint in ba.endpoints_of(ba.as_trial(tables, name="both", settings=settings))]
    assert names.count("headache days") == names.count("headache days, reported") == 1

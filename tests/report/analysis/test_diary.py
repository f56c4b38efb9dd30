"""A report of a diary with empty cells and contradictory rows."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.report.contents import analyse
from botox_analysis.report.sections.participants import baseline_of
from botox_analysis.report.write import write_report

DAYS = [day for day in range(-28, 57) if day]
ARMS = ["placebo", "155 U"]


def diary_of(n_subjects=16, seed=1):
    rng = np.random.default_rng(seed)
    subject = np.repeat([f"s{number}" for number in range(n_subjects)], len(DAYS))
    share = np.repeat(rng.uniform(0.3, 0.8, n_subjects), len(DAYS))
    headache = rng.uniform(size=len(subject)) < share
    return pd.DataFrame(
        {
            "subject": subject,
            "day": np.tile(DAYS, n_subjects),
            "headache": headache,
            "headache_hours": np.where(headache, 6.0, 0.0),
            "severity": np.array(["none", "mild", "moderate", "severe"], dtype=object)[
                np.where(headache, rng.integers(1, 4, len(subject)), 0)
            ],
            "acute_medication": np.where(headache, 1.0, 0.0),
        }
    )


def trial_of(diary, protocol=None, **settings):
    subjects = pd.DataFrame({"subject": pd.unique(diary["subject"])})
    subjects["arm"] = [ARMS[place % 2] for place in range(len(subjects))]
    return ba.as_trial(
        {"subjects": subjects, "diary": diary}, name="t", arms=ARMS, protocol=protocol, settings={"diary": settings}
    )


def told(analysis):
    return {(where, reason): n for where, reason, n in analysis.left_out.itertuples(index=False)}


@pytest.fixture(scope="module")
def gappy():
    """Each fifth headache day lacks hours, each fourth severity; one row contradicts itself."""
    diary = diary_of()
    headache = diary["headache"].to_numpy()
    diary.loc[headache & (diary.index % 5 == 0), "headache_hours"] = None
    diary.loc[headache & (diary.index % 4 == 0), "severity"] = None
    diary.loc[np.flatnonzero(~headache)[0], "headache_hours"] = 3.0
    return analyse(trial_of(diary, contradictions="headache decides"))


def test_open_days_are_counted_by_arm_and_once_for_endpoints_that_share_them(gappy):
    diary = gappy.trial.diary
    lacking = diary[diary["headache_hours"].isna() & diary["headache"]]
    in_placebo = lacking["subject"].isin(gappy.trial.subjects.query("arm == 'placebo'")["subject"]).sum()
    reason = "days that the recorded cells leave open, all of them with headache: not a random sample of days"
    assert told(gappy)["headache days, headache hours, placebo", reason] == in_placebo


def test_days_of_unknown_severity_are_counted_by_arm_and_named_in_the_methods(gappy):
    reason = "headache days, unknown severity counted by the share of the known"
    n = [n for (_, why), n in told(gappy).items() if why == reason]
    assert len(n) == 2
    how = "unknown severity counted by the share of the known"
    assert f"Moderate/severe headache days: {sum(n)} headache days have no severity ({how})." in gappy.methods


def test_resolved_rows_are_told_in_the_report(gappy):
    assert told(gappy)["diary, placebo", "contradictory rows, headache decides"] == 1


@pytest.mark.long
def test_doses_that_are_never_0_stop_their_endpoint_and_not_the_report(tmp_path, sketches):
    trial = trial_of(diary_of().assign(acute_medication=lambda diary: diary["acute_medication"].replace(0.0, np.nan)))
    analysis = analyse(trial)
    reasons = [why for (where, why) in told(analysis) if where == ba.ACUTE_MEDICATION_DAYS.label]
    assert len(reasons) == 1
    assert reasons[0].startswith("not analysed: diary: 'acute_medication' never holds 0")
    labels = set(baseline_of(analysis)["endpoint"])
    assert ba.HEADACHE_DAYS.label in labels
    assert ba.ACUTE_MEDICATION_DAYS.label not in labels
    assert write_report(trial, tmp_path / "out").is_file()


@pytest.mark.long
def test_a_diary_without_empty_cells_leaves_nothing_open():
    assert not any("leave open" in why or "severity" in why for _, why in told(analyse(trial_of(diary_of()))))


def test_the_protocol_names_the_handling_of_severity_and_the_minimum_of_the_baseline(gappy):
    planned = ba.advanced.Protocol(unknown_severity="missing", baseline_minimum_days=28)
    analysis = analyse(trial_of(gappy.trial.diary.assign(subject=gappy.trial.diary["subject"].astype(str)), planned))
    assert any("unknown severity counted as not recorded" in why for _, why in told(analysis))
    assert analysis.settings["diary_rule"] == "PREEMPT rule: at least 10 of 28 days recorded, at baseline 28, scaled to 28"
    assert analysis.primary.outcomes["baseline"].isna().any()


@pytest.mark.parametrize(
    ("planned", "match"),
    [
        (
            {"unknown_severity": "none"},
            "found unknown_severity = 'none'; expected one of 'share of the known', 'as not', 'missing'",
        ),
        ({"baseline_minimum_days": 29}, "found baseline_minimum_days = 29; expected 1 to 28"),
        ({"baseline_minimum_days": -1}, "found baseline_minimum_days = -1; expected 1 to 28"),
    ],
)
def test_words_of_the_protocol_that_are_not_known_are_refused(planned, match):
    with pytest.raises(ba.DataError, match=match):
        analyse(trial_of(diary_of(4), ba.advanced.Protocol(**planned)))

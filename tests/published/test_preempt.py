"""Numbers that follow from the published counts of PREEMPT pooled, beside those printed."""

import pandas as pd
import pytest

import botox_analysis as ba


@pytest.mark.parametrize(
    ("interval", "limits"),
    [("miettinen-nurminen", (0.05428922541, 0.156633148)), ("newcombe", (0.05424985318, 0.1564183941))],
)
def test_responders_differ_by_10_6_points_with_the_limits_of_r(interval, limits):
    events = pd.DataFrame({"arm": ["placebo", "toxin"], "n_events": [238, 308], "n_total": [696, 688]})
    row = ba.compare_rates(events, interval=interval).iloc[0]
    assert f"{100 * row['estimate']:.1f}" == "10.6"
    assert (row["conf_low"], row["conf_high"]) == pytest.approx(limits, abs=1e-9)


def test_the_published_changes_are_42_and_33_per_cent_of_the_baseline():
    rows = ba.load_published("estimates").query("trial == 'PREEMPT pooled' and endpoint == 'headache days per 28 days'")
    mean = rows.query("measure == 'mean' and visit == 'baseline'").set_index("arm")["estimate"]
    change = rows.query("measure == 'mean change' and visit == 'week 24'").set_index("arm")["estimate"]
    assert {arm: round(-100 * change[arm] / mean[arm]) for arm in mean.index} == {
        "placebo": 33,
        "onabotulinumtoxinA 155-195 U": 42,
    }

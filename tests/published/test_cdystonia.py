"""Brashear 1999 from the data printed in Davis (2002), to the digits printed, and R's numbers for the same models."""

import pytest

import botox_analysis as ba
from tests.tolerances import PRINTED

ARMS = ["placebo", "BoNT-B 5,000 U", "BoNT-B 10,000 U"]
FORWARD = "last observation carried forward"


@pytest.fixture(scope="module")
def observed(cdystonia):
    return ba.TWSTRS.derive(cdystonia)


@pytest.fixture(scope="module")
def carried(observed):
    return ba.missing.fill(observed, rule=f"{FORWARD}, baseline included")


def mean_changes(outcomes):
    rows = ba.describe_change(outcomes).query("visit == 'week 4' and measure == 'mean change'").set_index("arm")["estimate"]
    return [rows[arm] for arm in ARMS]


def test_subjects_are_36_36_and_37(cdystonia):
    assert cdystonia.subjects["arm"].value_counts(sort=False).to_dict() == dict(zip(ARMS, [36, 36, 37], strict=True))


def test_baselines(observed):
    rows = ba.describe_change(observed).query("visit == 'baseline' and measure == 'mean'").set_index("arm")["estimate"]
    assert [f"{rows[arm]:.2f}" for arm in ARMS] == ["43.58", "46.42", "46.92"]


def test_the_published_means_are_those_with_the_baseline_carried_forward(carried):
    assert [f"{-change:.1f}" for change in mean_changes(carried)] == ["4.3", "9.3", "11.7"]
    assert mean_changes(carried) == pytest.approx([-4.305555556, -9.277777778, -11.7027027], abs=1e-8)


def test_observed_cases_give_other_means(observed):
    assert [f"{-change:.2f}" for change in mean_changes(observed)] == ["4.43", "9.11", "12.03"]


@pytest.mark.parametrize(
    ("rule", "means"),
    [
        ("observed cases", ["4.4", "9.1", "12.0"]),
        (FORWARD, ["4.4", "9.3", "11.7"]),
        (f"{FORWARD}, baseline included", ["4.3", "9.3", "11.7"]),
    ],
)
def test_three_rules_give_three_sets_of_means_and_one_of_them_is_published(observed, rule, means):
    outcomes = observed if rule == "observed cases" else ba.missing.fill(observed, rule=rule)
    assert [f"{-change:.1f}" for change in mean_changes(outcomes)] == means
    facts = ba.load_published("estimates").query("trial == 'Brashear 1999' and measure == 'mean change' and visit == 'week 4'")
    published = [f"{-value:.1f}" for value in facts["estimate"]]
    assert (means == published) == (rule == f"{FORWARD}, baseline included")


def test_standard_deviations_of_the_change_are_those_of_r(carried):
    spread = carried.query("visit == 'week 4'").groupby("arm", observed=True)["change"].std()
    assert [spread[arm] for arm in ARMS] == pytest.approx([6.827756144, 8.189230249, 9.338881877], rel=PRINTED)


@pytest.mark.parametrize(
    ("arm", "estimate", "std_error", "p_value"),
    [
        ("BoNT-B 5,000 U", -5.025904218, 1.952097498, 0.0115465601),
        ("BoNT-B 10,000 U", -7.210153161, 1.951362635, 0.0003640185368),
    ],
)
def test_the_analysis_of_covariance_is_that_of_r(carried, arm, estimate, std_error, p_value):
    rows = ba.fit_ancova(carried, covariates=("baseline", "site"), visits=["week 4"]).differences().set_index("arm")
    found = rows.loc[arm, ["estimate", "std_error", "p_value"]].astype(float).tolist()
    assert found == pytest.approx([estimate, std_error, p_value], rel=PRINTED)


def test_the_published_p_value_and_limits_of_10000_units(carried):
    row = ba.fit_ancova(carried, covariates=("baseline", "site"), visits=["week 4"]).differences().set_index("arm").loc[ARMS[2]]
    assert [row["estimate"], row["conf_low"], row["conf_high"]] == pytest.approx([-7.210, -11.083, -3.337], abs=5e-4)
    assert f"{row['p_value']:.5f}" == "0.00036"
    assert f"{row['p_value']:.4f}" == "0.0004"

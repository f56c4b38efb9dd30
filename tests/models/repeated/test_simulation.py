"""Small simulated trials with dropout: limits cover and tests reject as often as they say.

By the linear form of Kenward and Roger: that of mmrm's parameters has standard errors that are too small in such trials,
see `test_in_the_parameters_of_mmrm_kenward_and_rogers_standard_errors_are_below_the_exact_ones`.
"""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

pytestmark = pytest.mark.slow

N_TRIALS = 1500

MONTE_CARLO = 3 * np.sqrt(0.05 * 0.95 / N_TRIALS)
"""Three standard errors of a share of 5 %."""

VISITS = ["week 4", "week 8", "week 12", "week 16"]
EFFECT = -1.5
"""The true difference, the same at each visit: so there is an effect to cover, and no interaction of arm and visit."""

COVARIANCE = np.array([[4.0, 2.4, 2.0, 1.6], [2.4, 5.0, 3.2, 2.6], [2.0, 3.2, 6.0, 4.2], [1.6, 2.6, 4.2, 7.0]])


def simulated(edit, rng, template):
    """20 subjects an arm; who is worse than the mean at a visit is likelier to be gone at the next, and for good."""
    n = len(template) // len(VISITS)
    treated = (template["arm"].cat.codes.to_numpy().reshape(n, -1) == 1)[:, :1]
    baseline = rng.normal(20, 3, size=(n, 1))
    change = rng.multivariate_normal(np.zeros(4), COVARIANCE, size=n, method="cholesky") - 0.4 * (baseline - 20)
    change += EFFECT * treated - np.arange(4)
    staying = rng.uniform(size=(n, 3)) > 1 / (1 + np.exp(2.2 - 0.5 * (change[:, :3] + np.arange(3) - EFFECT * treated)))
    gone = np.column_stack([np.zeros(n, dtype=bool), ~np.logical_and.accumulate(staying, axis=1)])
    return edit(template, baseline=np.repeat(baseline.ravel(), 4), change=np.where(gone, np.nan, change).ravel())


@pytest.fixture(scope="module")
def trials(edit):
    """Of each trial: whether limits hold the effect at each visit and on average, the p-value of the interaction, values."""
    grid = pd.MultiIndex.from_product([range(40), VISITS], names=["subject", "visit"]).to_frame(index=False)
    frame = grid.assign(arm=np.where(grid["subject"] % 2, "active", "placebo"), value=0.0, baseline=0.0)
    template = ba.as_outcomes(frame, endpoint="headache days", arms=["placebo", "active"], visits=VISITS)
    rng = np.random.default_rng(20_231)
    rows = []
    for _ in range(N_TRIALS):
        fit = ba.fit_mmrm(simulated(edit, rng, template), small_sample="kenward-roger-linear")
        said = pd.concat([fit.differences(), fit.average_differences()])
        held = said["conf_low"].to_numpy() <= EFFECT, said["conf_high"].to_numpy() >= EFFECT
        rows.append([*(held[0] & held[1]), fit.joint_test()["p_value"].item(), fit.n_values])
    return pd.DataFrame(rows, columns=[*VISITS, "average", "interaction", "n_values"])


def test_between_a_tenth_and_two_fifths_of_the_values_are_missing(trials):
    assert 0.6 < trials["n_values"].mean() / 160 < 0.9


@pytest.mark.parametrize("where", [*VISITS, "average"])
def test_limits_of_95_percent_cover_the_effect_in_95_percent_of_trials(trials, where):
    assert trials[where].mean() == pytest.approx(0.95, abs=MONTE_CARLO)


def test_the_test_of_arm_by_visit_at_5_percent_rejects_in_5_percent_of_trials(trials):
    assert (trials["interaction"] < 0.05).mean() == pytest.approx(0.05, abs=MONTE_CARLO)

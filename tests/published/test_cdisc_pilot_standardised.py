"""The worked example of the R package beeca (vignette "estimand and implementations"), from the CDISC pilot's adtte.

Its variance is Ge's with ``type = "HC0"``, the package's default.

One subject has a race that nobody else has. R's glm stops with a coefficient of 25 there and says nothing; the library refuses.
In the limit that R comes near to, the subject's prediction is what was observed (an event), whichever the arm.
"""

import pandas as pd
import pytest

import botox_analysis as ba

ARMS = ["Placebo", "Xanomeline High Dose"]
ALONE = "AMERICAN INDIAN OR ALASKA NATIVE"


@pytest.fixture(scope="module")
def outcomes(realdata_folder):
    table = pd.read_sas(realdata_folder / "cdisc_pilot" / "xpt" / "adtte.xpt", encoding="ascii")
    chosen = table[table["TRTP"].isin(ARMS)]
    frame = pd.DataFrame(
        {
            "subject": chosen["USUBJID"],
            "arm": chosen["TRTP"],
            "visit": "end",
            "value": 0.0,
            "event": chosen["CNSR"].round() == 0,
            **{name.lower(): chosen[name] for name in ("SEX", "RACE", "AGE")},
        }
    )
    return ba.as_outcomes(frame, endpoint="dermatologic event", arms=ARMS, visits=["end"])


def fitted(outcomes):
    return ba.fit_binary(outcomes, response="event", covariates=("sex", "race", "age"), variance="ge")


def test_the_race_of_one_subject_is_refused(outcomes):
    with pytest.raises(ba.FitError, match="'race' perfectly separates the outcomes of 1 subject"):
        fitted(outcomes)


def test_the_standardised_proportions_with_that_subject_predicted_as_observed(outcomes):
    others = fitted(outcomes[outcomes["race"] != ALONE]).means()
    n = len(outcomes)
    assert [f"{((n - 1) * estimate + 1) / n:.3f}" for estimate in others["estimate"]] == ["0.344", "0.722"]
    assert [f"{(n - 1) * std_error / n:.4f}" for std_error in others["std_error"]] == ["0.0510", "0.0493"]


def test_the_risk_difference_with_that_subject_predicted_as_observed(outcomes):
    row = fitted(outcomes[outcomes["race"] != ALONE]).differences().iloc[0]
    n = len(outcomes)
    assert [f"{(n - 1) * row[column] / n:.{digits}f}" for column, digits in (("estimate", 3), ("std_error", 4))] == [
        "0.378",
        "0.0714",
    ]
    assert [f"{(n - 1) * row[column] / n:.2f}" for column in ("conf_low", "conf_high")] == ["0.24", "0.52"]
    assert f"{row['p_value']:.2e}" == "1.15e-07"

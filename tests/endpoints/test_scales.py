"""Scales assessed at visits: any scale, any condition, the same *outcomes*."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

SCORES = pd.DataFrame(
    [
        ("a", "NRS", "baseline", 8),
        ("a", "NRS", "week 4", 5),
        ("a", "NRS", "week 12", 4),
        ("b", "NRS", "baseline", 6),
        ("b", "NRS", "week 12", 6),
        ("c", "NRS", "week 4", 3),
        ("a", "HIT-6", "baseline", 66),
        ("a", "HIT-6", "week 24", 60),
    ],
    columns=["subject", "scale", "visit", "value"],
)
NRS = ba.scale("NRS", label="pain rating (0 to 10)")


def trial_of(scores=SCORES, **more):
    subjects = pd.DataFrame({"subject": ["a", "b", "c", "d"], "arm": ["T", "P", "T", "P"], "age": [30, 40, 50, 60]})
    return ba.as_trial({"subjects": subjects, "assessments": scores}, name="t", arms=["P", "T"], **more)


def test_values_and_changes_stand_in_the_full_grid_of_subjects_and_visits():
    outcomes = NRS.derive(trial_of())
    assert outcomes[["subject", "visit"]].to_numpy().tolist() == [[s, v] for s in "abcd" for v in ("week 4", "week 12")]
    np.testing.assert_array_equal(outcomes["value"], [5, 4, np.nan, 6, 3, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(outcomes["baseline"], [8, 8, 6, 6, np.nan, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(outcomes["change"], [-3, -4, np.nan, 0, np.nan, np.nan, np.nan, np.nan])


def test_percent_change_is_change_over_baseline():
    np.testing.assert_array_equal(NRS.derive(trial_of())["percent_change"][:4], [-37.5, -50, np.nan, 0])


def test_the_reference_is_the_first_category_of_the_arm_and_visits_are_in_time():
    outcomes = NRS.derive(trial_of())
    assert list(outcomes["arm"].cat.categories) == ["P", "T"]
    assert outcomes["visit"].cat.ordered
    assert list(outcomes["visit"].cat.categories) == ["week 4", "week 12"]


def test_visits_of_other_scales_are_not_scheduled():
    assert list(ba.HIT_6.derive(trial_of())["visit"].cat.categories) == ["week 24"]


def test_covariates_of_the_subject_stand_at_every_visit():
    assert NRS.derive(trial_of())["age"].tolist() == [30, 30, 40, 40, 50, 50, 60, 60]


def test_visits_come_in_the_order_of_the_trial():
    trial = trial_of(visits=["baseline", "week 12", "week 4", "week 24"])
    assert list(NRS.derive(trial)["visit"].cat.categories) == ["week 12", "week 4"]


def test_the_order_of_the_rows_does_not_matter():
    pd.testing.assert_frame_equal(NRS.derive(trial_of(SCORES.iloc[::-1])), NRS.derive(trial_of()))


def test_a_scale_is_called_by_its_label():
    assert NRS.derive(trial_of())["endpoint"].unique().tolist() == ["pain rating (0 to 10)"]
    assert ba.scale("VAS").label == "VAS"


def test_outcomes_say_what_they_are_of():
    row = NRS.derive(trial_of()).iloc[0]
    assert (row["trial"], row["population"], row["intercurrent"], row["imputation"]) == (
        "t",
        "all randomised",
        "",
        "observed cases",
    )


@pytest.mark.parametrize("word", ["Baseline", "BASELINE"])
def test_a_baseline_in_capitals_is_the_baseline(word):
    outcomes = NRS.derive(trial_of(SCORES.replace({"visit": {"baseline": word}})))
    assert list(outcomes["visit"].cat.categories) == ["week 4", "week 12"]
    assert outcomes["change"][0] == -3


def test_a_trial_without_assessments_is_refused():
    trial = ba.as_trial({"subjects": pd.DataFrame({"subject": ["a"]})}, name="t")
    with pytest.raises(ba.DataError, match="must have assessments for NRS; got t"):
        NRS.derive(trial)


def test_an_unknown_scale_is_refused_with_those_there_are():
    with pytest.raises(ba.DataError, match="must have assessments of 'TWSTRS'; got t with the scales 'NRS', 'HIT-6'"):
        ba.TWSTRS.derive(trial_of())


def test_a_scale_assessed_at_baseline_only_is_refused():
    with pytest.raises(ba.DataError, match="must have a visit after baseline for NRS; got none in t"):
        NRS.derive(trial_of(SCORES[SCORES["visit"] == "baseline"]))


def test_a_diary_rule_does_not_apply_to_a_scale():
    with pytest.raises(ValueError, match="must be used with a diary endpoint; got 'HIT-6'"):
        ba.HIT_6.under(ba.diary.CHARM)


def test_the_scales_of_a_trial_come_in_order_of_appearance_with_their_labels():
    assert [endpoint.label for endpoint in ba.endpoints_of(trial_of())] == ["NRS", "HIT-6 score (36 to 78)"]


def test_a_trial_without_assessments_has_no_scales():
    assert ba.endpoints_of(ba.as_trial({"subjects": pd.DataFrame({"subject": ["a"]})}, name="t")) == []


def test_a_known_scale_of_a_real_trial_comes_with_its_label(cdystonia):
    assert [endpoint.label for endpoint in ba.endpoints_of(cdystonia)] == ["TWSTRS total score"]


# Direction ------------------------------------------------------------------------------------------------------------


def stating(better, scale="NRS"):
    return trial_of(settings={"scales": {scale: {"better": better}}})


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_a_scale_without_a_direction_takes_that_of_the_trial(better):
    trial = stating(better)
    of_trial = next(endpoint for endpoint in ba.endpoints_of(trial) if endpoint.name == "NRS")
    assert ba.scale("NRS").derive(trial)["better"].unique().tolist() == [better]
    assert ba.Endpoint("NRS", "NRS", NRS.measure).derive(trial)["better"].unique().tolist() == [better]
    assert of_trial.better == better


def test_lower_values_are_better_where_neither_scale_nor_trial_states_it():
    assert ba.scale("NRS").better is None
    assert ba.scale("NRS").derive(trial_of())["better"].unique().tolist() == ["lower"]


def test_the_direction_of_a_scale_is_kept_where_the_trial_states_the_same_or_none():
    higher = ba.scale("NRS", better="higher")
    for trial in (trial_of(), stating("higher")):
        assert higher.derive(trial)["better"].unique().tolist() == ["higher"]


@pytest.mark.parametrize(("ours", "theirs"), [("lower", "higher"), ("higher", "lower")])
def test_a_scale_whose_direction_is_not_that_of_the_trial_is_refused(ours, theirs):
    with pytest.raises(ba.DataError, match=f"t, scales: found better = '{theirs}' for 'NRS'; expected '{ours}'"):
        ba.scale("NRS", better=ours).derive(stating(theirs))


def test_a_trial_cannot_turn_a_known_scale():
    trial = stating("higher", "HIT-6")
    for verb in (ba.HIT_6.derive, ba.endpoints_of):
        with pytest.raises(ba.DataError, match="t, scales: found better = 'higher' for 'HIT-6'; expected 'lower'"):
            verb(trial)
    assert [endpoint.better for endpoint in (ba.HIT_6, ba.TWSTRS, ba.PAIN_RATING)] == ["lower"] * 3

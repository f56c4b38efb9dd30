"""`as_outcomes`: a tidy frame becomes *outcomes*, or is refused with the reason."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.frames.outcomes import OUTCOMES, check_outcomes

FRAME = pd.DataFrame(
    {
        "subject": ["a", "a", "b", "b"],
        "arm": ["P", "P", "T", "T"],
        "visit": ["w4", "w8", "w4", "w8"],
        "baseline": [8.0, 8.0, 0.0, 0.0],
        "value": [6.0, 4.0, 3.0, 0.0],
    }
)


def outcomes_of(frame=FRAME, *, arms=("P", "T"), visits=("w4", "w8"), endpoint="pain (0 to 10)", columns=None):
    return ba.as_outcomes(frame, endpoint=endpoint, arms=arms, visits=visits, columns=columns)


# Values, baselines, changes -------------------------------------------------------------------------------------------


def test_outcomes_from_a_frame_are_outcomes():
    outcomes = outcomes_of()
    assert list(outcomes) == [*OUTCOMES, "handling", "derivation", "better"]
    assert check_outcomes(outcomes) is outcomes
    assert outcomes["endpoint"].unique().tolist() == ["pain (0 to 10)"]


def test_change_is_value_minus_baseline():
    assert outcomes_of()["change"].tolist() == [-2, -4, 3, 0]


def test_percent_change_is_missing_where_the_baseline_is_0():
    np.testing.assert_array_equal(outcomes_of()["percent_change"], [-25, -50, np.nan, np.nan])


def test_a_baseline_may_be_absent():
    outcomes = outcomes_of(FRAME.drop(columns="baseline"))
    assert outcomes["value"].tolist() == [6, 4, 3, 0]
    assert outcomes[["baseline", "change", "percent_change"]].isna().all(axis=None)


def test_a_change_may_be_all_there_is():
    outcomes = outcomes_of(FRAME.assign(change=[-2.0, -4.0, 3.0, 0.0])[["subject", "arm", "visit", "change"]])
    assert outcomes["change"].tolist() == [-2, -4, 3, 0]
    assert outcomes[["value", "baseline"]].isna().all(axis=None)


def test_a_value_is_baseline_plus_change_where_only_the_change_is_given():
    outcomes = outcomes_of(FRAME.assign(change=[-2.0, -4.0, 3.0, 0.0]).drop(columns="value"))
    pd.testing.assert_frame_equal(outcomes, outcomes_of())


def test_a_change_given_in_part_is_taken_there_and_computed_elsewhere():
    assert outcomes_of(FRAME.assign(change=[-2.0, np.nan, 3.0, np.nan]))["change"].tolist() == [-2, -4, 3, 0]


def test_a_change_without_a_baseline_is_taken_as_it_is():
    outcomes = outcomes_of(FRAME.assign(change=[1.0, 2.0, 3.0, 4.0]).drop(columns="baseline"))
    assert outcomes["change"].tolist() == [1, 2, 3, 4]
    assert outcomes["value"].tolist() == [6, 4, 3, 0]


def test_a_baseline_given_once_holds_at_every_visit():
    assert outcomes_of(FRAME.assign(baseline=[8.0, np.nan, np.nan, 0.0]))["baseline"].tolist() == [8, 8, 0, 0]


def test_rounding_is_no_contradiction():
    frame = FRAME.assign(baseline=0.1, value=0.3, change=0.1 + 0.1)
    assert outcomes_of(frame)["change"].tolist() == [0.2] * 4


def test_a_change_that_is_not_value_minus_baseline_is_refused():
    said = r"found 1 rows whose change is not value minus baseline, the first at subject 'a', visit 'w8' \(4 - 8 against 4\)"
    with pytest.raises(ba.DataError, match=said):
        outcomes_of(FRAME.assign(change=[-2.0, 4.0, 3.0, 0.0]))


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), st.permutations(range(4)))
def test_values_are_kept_whatever_the_order_of_the_rows(values, order):
    frame = FRAME.assign(value=values)
    found = outcomes_of(frame.iloc[list(order)]).set_index(["subject", "visit"])["value"]
    assert all(found[row.subject, row.visit] == row.value for row in frame.itertuples())


# The grid -------------------------------------------------------------------------------------------------------------


def test_a_missing_row_is_an_unobserved_visit():
    outcomes = outcomes_of(FRAME.iloc[:3])
    assert len(outcomes) == 4
    assert outcomes["value"].isna().tolist() == [False, False, False, True]
    assert outcomes["baseline"].tolist() == [8, 8, 0, 0]
    assert outcomes["arm"].tolist() == ["P", "P", "T", "T"]


def test_the_frame_of_all_rows_and_that_without_the_missing_ones_are_the_same():
    frame = FRAME.assign(value=[6.0, np.nan, 3.0, 0.0])
    pd.testing.assert_frame_equal(outcomes_of(frame), outcomes_of(frame.dropna(subset="value")))


def test_arms_and_visits_have_the_order_named():
    outcomes = outcomes_of(arms=["T", "P"], visits=["w8", "w4"])
    assert list(outcomes["arm"].cat.categories) == ["T", "P"]
    assert list(outcomes["visit"].cat.categories) == ["w8", "w4"]
    assert outcomes["value"].tolist() == [4, 6, 0, 3]


def test_subjects_come_in_order_of_appearance():
    assert outcomes_of(FRAME.iloc[[2, 3, 0, 1]])["subject"].tolist() == ["b", "b", "a", "a"]


@pytest.mark.parametrize("visits", [[4, 8], [4.0, 8.0], np.array([4, 8])], ids=["ints", "floats", "array"])
@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_visits_may_be_numbers(visits, dtype):
    frame = FRAME.assign(visit=pd.array([4, 8, 4, 8], dtype=dtype))
    outcomes = outcomes_of(frame, visits=visits)
    assert outcomes["visit"].notna().all()
    assert outcomes["value"].tolist() == [6, 4, 3, 0]


def test_numbers_as_visits_become_their_words():
    assert list(outcomes_of(FRAME.assign(visit=[4, 8, 4, 8]), visits=[4, 8])["visit"].cat.categories) == ["4", "8"]


@pytest.mark.parametrize("subjects", [[1, 1, 2, 2], ["患者", "患者", "Å–1", "Å–1"], [1.5, 1.5, 2.0, 2.0]])
def test_subjects_may_be_anything(subjects):
    assert outcomes_of(FRAME.assign(subject=subjects))["subject"].tolist() == subjects


def test_numbers_as_arms_become_their_words():
    arm = outcomes_of(FRAME.assign(arm=[0, 0, 1, 1]), arms=[0, 1])["arm"]
    assert arm.tolist() == ["0", "0", "1", "1"]
    assert list(arm.cat.categories) == ["0", "1"]


# Types ----------------------------------------------------------------------------------------------------------------


def test_categorical_columns_do_not_bring_their_own_order_or_further_categories():
    frame = FRAME.assign(
        subject=pd.Categorical(FRAME["subject"], ["z", "b", "a"]),
        arm=pd.Categorical(FRAME["arm"], ["X", "T", "P"]),
        visit=pd.Categorical(FRAME["visit"], ["baseline", "w8", "w4"]),
    )
    found = outcomes_of(frame)
    pd.testing.assert_frame_equal(found.astype({"subject": "str"}), outcomes_of().astype({"subject": "str"}))


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_nullable_types_give_the_same_outcomes(backend):
    frame = FRAME.assign(value=[6, None, 3, 0])
    found = outcomes_of(frame.convert_dtypes(dtype_backend=backend))
    pd.testing.assert_frame_equal(found.astype({"subject": "str"}), outcomes_of(frame).astype({"subject": "str"}))


def test_numbers_written_as_texts_are_numbers():
    assert outcomes_of(FRAME.assign(value=["6", "4", "3", "0"]))["value"].tolist() == [6, 4, 3, 0]


def test_the_frame_given_is_not_changed():
    frame = FRAME.assign(value=["6", "4", "3", "0"])
    before = frame.copy()
    outcomes_of(frame)
    pd.testing.assert_frame_equal(frame, before)


# Names and further columns --------------------------------------------------------------------------------------------


def test_columns_say_what_the_frame_calls_them():
    theirs = {"subject": "USUBJID", "arm": "TRTP", "visit": "AVISIT", "value": "AVAL", "baseline": "BASE"}
    pd.testing.assert_frame_equal(outcomes_of(FRAME.rename(columns=theirs), columns=theirs), outcomes_of())


def test_further_columns_stay_as_covariates():
    outcomes = outcomes_of(FRAME.assign(site=["S1", "S1", "S2", "S2"], dose=[1, 2, 1, 2]))
    assert list(outcomes)[len(OUTCOMES) :] == ["handling", "derivation", "better", "site", "dose"]
    assert outcomes["dose"].tolist() == [1, 2, 1, 2]


def test_the_direction_is_that_of_the_endpoint_or_of_the_frame_or_lower():
    higher = ba.Endpoint("function", "function", len, better="higher")
    assert outcomes_of(FRAME)["better"].unique().tolist() == ["lower"]
    assert outcomes_of(FRAME.assign(better="higher"))["better"].unique().tolist() == ["higher"]
    assert outcomes_of(FRAME, endpoint=higher)["better"].unique().tolist() == ["higher"]
    of_frame = outcomes_of(FRAME.assign(better="higher"), endpoint=ba.Endpoint("function", "function", len))
    assert of_frame["better"].unique().tolist() == ["higher"]
    assert outcomes_of(FRAME.assign(better="higher"), endpoint=higher)["better"].unique().tolist() == ["higher"]


def test_a_direction_that_is_none_or_another_than_that_of_the_endpoint_is_refused():
    with pytest.raises(ba.DataError, match="frame: found 'up' in column 'better'; expected 'lower' or 'higher'"):
        outcomes_of(FRAME.assign(better="up"))
    with pytest.raises(ba.DataError, match="found 'lower' in column 'better', and higher values of function are better"):
        outcomes_of(FRAME.assign(better="lower"), endpoint=ba.Endpoint("function", "function", len, better="higher"))


@pytest.mark.parametrize("empty", [None, np.nan, pd.NA, ""])
def test_a_direction_in_some_rows_is_not_that_of_the_others(empty):
    some = FRAME.assign(better=["higher", empty, "higher", empty])
    with pytest.raises(ba.DataError, match="must be 'lower' or 'higher' in all rows, or in none; got 2 rows of 4 without it"):
        outcomes_of(some)


@pytest.mark.parametrize("empty", [None, np.nan, pd.NA, ""])
def test_an_empty_column_of_directions_states_none(empty):
    higher = ba.Endpoint("function", "function", len, better="higher")
    assert outcomes_of(FRAME.assign(better=empty))["better"].unique().tolist() == ["lower"]
    assert outcomes_of(FRAME.assign(better=empty), endpoint=higher)["better"].unique().tolist() == ["higher"]


def test_a_covariate_that_is_fixed_in_a_subject_is_known_at_unobserved_visits():
    outcomes = outcomes_of(FRAME.assign(age=[30, 30, 40, 40], overuse=[True, True, False, False]).iloc[:3])
    assert outcomes["age"].tolist() == [30, 30, 40, 40]
    assert outcomes["overuse"].tolist() == [True, True, False, False]


def test_a_covariate_that_changes_is_missing_at_unobserved_visits():
    np.testing.assert_array_equal(outcomes_of(FRAME.assign(dose=[1, 2, 1, 2]).iloc[:3])["dose"], [1, 2, 1, np.nan])


def test_trial_population_and_handling_are_taken_where_the_frame_has_them():
    outcomes = outcomes_of(FRAME.assign(trial="X", population="itt", intercurrent="treatment policy", imputation="LOCF"))
    row = outcomes.iloc[0]
    assert (row["trial"], row["population"], row["intercurrent"], row["imputation"]) == ("X", "itt", "treatment policy", "LOCF")


def test_the_parts_of_the_handling_are_taken_as_they_were_written():
    derived = outcomes_of(FRAME.assign(imputation="LOCF; a rule: x; y", handling="LOCF", derivation="a rule: x; y"))
    assert derived[["imputation", "handling", "derivation"]].iloc[0].tolist() == ["LOCF; a rule: x; y", "LOCF", "a rule: x; y"]
    by_hand = outcomes_of(FRAME.assign(imputation="as we like it", handling="LOCF", derivation="a rule"))
    assert by_hand[["imputation", "handling", "derivation"]].iloc[0].tolist() == ["as we like it", "as we like it", ""]


def test_which_values_were_imputed_is_known_at_each_visit_also_after_a_file():
    again = outcomes_of(FRAME.assign(imputed=[True, 0, False, 1]).iloc[:3])
    assert again["imputed"].tolist() == [True, False, False, False]
    with pytest.raises(ba.DataError, match="column 'imputed' holds 'perhaps'; expected true or false"):
        outcomes_of(FRAME.assign(imputed="perhaps"))


def test_handling_is_observed_cases_where_the_frame_says_nothing():
    assert outcomes_of()["imputation"].unique().tolist() == ["observed cases"]


def test_an_endpoint_gives_its_label():
    assert outcomes_of(endpoint=ba.HIT_6)["endpoint"].unique().tolist() == ["HIT-6 score (36 to 78)"]


@pytest.mark.parametrize("column", ["trial", "population", "imputation"])
def test_rows_of_two_populations_or_trials_at_once_are_refused(column):
    with pytest.raises(ba.DataError, match=f"'{column}'"):
        outcomes_of(FRAME.assign(**{column: ["one", "one", "other", "other"]}))


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["subject", "arm", "visit"])
def test_a_frame_without_a_needed_column_is_refused(column):
    with pytest.raises(ba.DataError, match=f"frame has no column '{column}'; its columns are"):
        outcomes_of(FRAME.drop(columns=column))


def test_a_frame_with_neither_value_nor_change_is_refused():
    with pytest.raises(ba.DataError, match=r"frame has neither a value \('value'\) nor a change \('change'\); its columns are"):
        outcomes_of(FRAME.drop(columns="value"))


def test_a_name_in_columns_that_the_frame_does_not_have_is_refused():
    with pytest.raises(ba.DataError, match="frame has no column 'USUBJID'; its columns are 'subject', 'arm'"):
        outcomes_of(columns={"subject": "USUBJID"})


def test_a_name_in_columns_that_is_not_one_of_ours_is_refused():
    with pytest.raises(ValueError, match="columns names 'who'; it takes subject, arm, visit, value, baseline and change"):
        outcomes_of(columns={"who": "subject"})


def test_two_columns_for_one_name_are_refused():
    with pytest.raises(ba.DataError, match="frame has a column 'value' beside the one that columns names for it"):
        outcomes_of(FRAME.assign(AVAL=1.0), columns={"value": "AVAL"})


@pytest.mark.parametrize("column", ["value", "subject", "site"])
def test_a_column_name_twice_is_refused(column):
    frame = FRAME.assign(site="S1")
    with pytest.raises(ba.DataError, match=f"'{column}'"):
        outcomes_of(pd.concat([frame, frame[[column]]], axis=1))


def test_a_frame_without_rows_is_refused():
    with pytest.raises(ba.DataError, match="frame has no rows; expected one per subject and visit"):
        outcomes_of(FRAME.iloc[:0])


@pytest.mark.parametrize(("column", "known"), [("arm", "'P', 'T'"), ("visit", "'w4', 'w8'")])
def test_an_unknown_arm_or_visit_is_refused_with_its_row(column, known):
    frame = FRAME.copy()
    frame.loc[1, column] = "Q"
    with pytest.raises(ba.DataError, match=f"frame, row 2, column '{column}': found 'Q'; expected one of {known}"):
        outcomes_of(frame)


def test_all_strange_rows_are_told_at_once():
    with pytest.raises(ba.DataError, match="the first of 3 problems") as caught:
        outcomes_of(FRAME.assign(arm=["P", "Q", "T", "T"], visit=["w4", "w8", "W4", "w9"]))
    assert caught.value.problems["found"].tolist() == ["'Q'", "'W4'", "'w9'"]


@pytest.mark.parametrize("column", ["subject", "arm", "visit"])
def test_a_row_without_subject_arm_or_visit_is_refused(column):
    frame = FRAME.copy()
    frame.loc[1, column] = None
    with pytest.raises(ba.DataError, match=f"frame, row 2, column '{column}': found nothing"):
        outcomes_of(frame)


def test_a_visit_name_that_does_not_exist_is_refused():
    with pytest.raises(ba.DataError, match="column 'visit': found no row at 'w99'; expected rows for each of 'w4', 'w8', 'w99'"):
        outcomes_of(visits=["w4", "w8", "w99"])


def test_an_arm_without_rows_is_refused():
    with pytest.raises(ba.DataError, match="column 'arm': found no row at 'X'; expected rows for each of 'P', 'T', 'X'"):
        outcomes_of(arms=["P", "T", "X"])


def test_one_arm_only_is_refused_where_two_are_named():
    with pytest.raises(ba.DataError, match="column 'arm': found no row at 'T'"):
        outcomes_of(FRAME.iloc[:2])


def test_one_arm_only_is_refused_where_arms_are_compared():
    frame = pd.DataFrame({"subject": range(6), "arm": "P", "visit": "w4", "baseline": range(6), "value": [1, 4, 2, 8, 5, 7]})
    fit = ba.fit_ancova(outcomes_of(frame, arms=["P"], visits=["w4"]))
    assert len(fit.means()) == 1
    with pytest.raises(ba.DataError, match="outcomes has one arm only, 'P'; a difference needs two"):
        fit.differences()


def test_all_values_of_a_visit_missing_are_refused_where_the_visit_is_analysed():
    subjects = pd.DataFrame({"subject": range(6), "arm": ["P"] * 3 + ["T"] * 3, "value": [1.0, 4, 2, 8, 5, 7]})
    frame = pd.concat([subjects.assign(visit="w4"), subjects.assign(visit="w8", value=np.nan)]).assign(baseline=5.0)
    with pytest.raises(ba.DataError, match="outcomes must have a change and all covariates for some subjects at 'w8'; got none"):
        ba.fit_ancova(outcomes_of(frame), covariates=[])


@pytest.mark.parametrize(("names", "said"), [({"arms": ["P", "T", "P"]}, "arms"), ({"visits": ["w4", "w4"]}, "visits")])
def test_a_name_twice_among_arms_or_visits_is_refused(names, said):
    with pytest.raises(ValueError, match=f"`{said}` must have each name once"):
        outcomes_of(**names)


def test_a_subject_twice_at_a_visit_is_refused_with_the_second_row():
    with pytest.raises(
        ba.DataError, match="row 5, column 'visit': found subject 'a' at 'w8' a second time; expected one row per"
    ):
        outcomes_of(FRAME.iloc[[0, 1, 2, 3, 1]])


@pytest.mark.parametrize(("column", "cells"), [("arm", ["P", "T", "T", "T"]), ("baseline", [8.0, 7.0, 0.0, 0.0])])
def test_a_subject_with_two_arms_or_two_baselines_is_refused(column, cells):
    with pytest.raises(ba.DataError, match=f"column '{column}': found 2 values for subject 'a'; expected one per subject"):
        outcomes_of(FRAME.assign(**{column: cells}))


@pytest.mark.parametrize("column", ["value", "baseline", "change"])
@pytest.mark.parametrize(("cell", "found"), [("much", "'much'"), (np.inf, "inf")])
def test_a_number_that_is_none_is_refused_with_its_row(column, cell, found):
    cells = pd.Series([1.0, cell, 1.0, 1.0], dtype=object)
    with pytest.raises(ba.DataError, match=f"frame, row 2, column '{column}': found {found}; expected a number"):
        outcomes_of(FRAME.assign(**{column: cells}))


# Endpoints ------------------------------------------------------------------------------------------------------------


def test_a_trials_outcomes_and_those_of_the_same_tidy_frame_are_the_same(simulated):
    derived = ba.HIT_6.derive(simulated)
    tidy = derived[["subject", "arm", "visit", "baseline", "value", "age"]].dropna(subset="value").sample(frac=1, random_state=1)
    again = outcomes_of(tidy, arms=simulated.arms, visits=list(derived["visit"].cat.categories), endpoint=ba.HIT_6)
    both = again.merge(derived, on=["subject", "visit"], suffixes=("", "_derived"))
    assert len(both) == len(again)
    for column in ("value", "change", "percent_change", "age"):
        np.testing.assert_array_equal(both[column], both[f"{column}_derived"])


@pytest.mark.parametrize("endpoint", [ba.HEADACHE_DAYS, ba.HIT_6], ids=lambda endpoint: endpoint.name)
def test_the_outcomes_of_a_population_are_the_rows_of_its_subjects(simulated, endpoint):
    population = simulated.restrict("per_protocol")
    ours, all_rows = endpoint.derive(population), endpoint.derive(simulated)
    theirs = all_rows[all_rows["subject"].isin(population.subjects["subject"])].reset_index(drop=True)
    assert len(ours) < len(all_rows)
    pd.testing.assert_frame_equal(ours, theirs.assign(population="per_protocol"))


def test_an_endpoint_under_a_rule_leaves_the_endpoint_as_it_was():
    changed = ba.HEADACHE_DAYS.under(ba.diary.CHARM)
    assert changed.rule is ba.diary.CHARM
    assert ba.HEADACHE_DAYS.rule is ba.diary.PREEMPT

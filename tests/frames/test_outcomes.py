"""The shape of *outcomes*, and their default response and covariates."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.outcomes import check_outcomes, default_covariates, grid_of, labels_of, response_of


def outcomes_of(endpoint="pain"):
    frame = pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"], "visit": "week 4", "baseline": 6, "value": [5, 2]})
    return ba.as_outcomes(frame, endpoint=endpoint, arms=["P", "T"], visits=["week 4"])


def test_outcomes_pass_unchanged():
    outcomes = outcomes_of()
    assert check_outcomes(outcomes) is outcomes


def test_outcomes_without_a_column_are_refused():
    with pytest.raises(ba.DataError, match="outcomes has no column 'baseline'"):
        check_outcomes(outcomes_of().drop(columns="baseline"))


def test_outcomes_without_rows_are_refused():
    with pytest.raises(ba.DataError, match="must have a row per subject and scheduled visit; got no rows"):
        check_outcomes(outcomes_of().iloc[:0])


@pytest.mark.parametrize("column", ["arm", "visit"])
def test_outcomes_whose_arms_or_visits_carry_no_order_are_refused(column):
    with pytest.raises(ba.DataError, match=rf"column '{column}' .*; got (str|object)\. Try as_outcomes"):
        check_outcomes(outcomes_of().astype({column: str}))


def test_outcomes_with_a_subject_twice_at_a_visit_are_refused():
    with pytest.raises(ba.DataError, match="'a'"):
        check_outcomes(pd.concat([outcomes_of(), outcomes_of().iloc[[0]]]))


def test_outcomes_of_two_endpoints_at_once_are_refused():
    with pytest.raises(ba.DataError, match=r"'pain'.*'mood'|one endpoint"):
        check_outcomes(pd.concat([outcomes_of("pain"), outcomes_of("mood")]))


def test_labels_are_those_of_the_frame_and_of_its_grid():
    outcomes = outcomes_of()
    assert labels_of(outcomes) == labels_of(grid_of(outcomes))
    assert labels_of(outcomes).estimand == {
        "trial": "",
        "population": "",
        "endpoint": "pain",
        "intercurrent": "",
        "better": "lower",
    }


def test_outcomes_without_a_direction_have_labels_without_one():
    outcomes = outcomes_of().drop(columns="better")
    assert labels_of(outcomes) == labels_of(grid_of(outcomes))
    assert "better" not in labels_of(outcomes).estimand


EMPTY = {
    "none": [None, None],
    "nan": [np.nan, np.nan],
    "text": ["", ""],
    "string": pd.array([pd.NA, pd.NA], "string"),
    "category": pd.Categorical([None, None], ["lower", "higher"]),
}


@pytest.mark.parametrize("empty", EMPTY.values(), ids=EMPTY)
def test_an_empty_direction_is_one_that_is_not_known(empty):
    outcomes = outcomes_of().assign(better=empty)
    assert labels_of(outcomes) == labels_of(grid_of(outcomes)) == labels_of(outcomes_of().drop(columns="better"))
    assert "better" not in ba.responders(outcomes, reduction=0.5)
    with pytest.raises(
        ba.DataError, match="outcomes has no word in column `better`, and a response by points needs the direction"
    ):
        ba.responders(outcomes, points=1)


def test_a_direction_in_some_rows_is_refused():
    with pytest.raises(ba.DataError, match="`outcomes` must have one better; got 'lower'"):
        grid_of(outcomes_of().assign(better=["lower", np.nan]))


def test_a_direction_that_is_none_is_refused():
    with pytest.raises(ba.DataError, match="outcomes: found 'up' in column 'better'; expected 'lower' or 'higher'"):
        grid_of(outcomes_of().assign(better="up"))


def course_of(subjects, arms):
    frame = pd.DataFrame({"subject": subjects, "arm": arms}).merge(pd.DataFrame({"visit": ["week 4", "week 8"]}), how="cross")
    return ba.as_outcomes(frame.assign(baseline=6.0, value=5.0), endpoint="pain", arms=["P", "T"], visits=["week 4", "week 8"])


def test_a_subject_in_two_arms_has_no_arm():
    outcomes = course_of(["a", "b"], ["P", "T"])
    outcomes.loc[0, "arm"] = "T"
    with pytest.raises(ba.DataError, match="must have one arm per subject; got several for subject 'a'"):
        _ = grid_of(outcomes).arm_of_subject


def test_subjects_and_their_arms_come_in_order_of_appearance_whatever_the_order_of_rows():
    outcomes = course_of(["b", "a", "c"], ["T", "P", "T"])
    grid = grid_of(outcomes.iloc[[3, 5, 0, 1, 4]].reset_index(drop=True))  # one row is not there
    assert grid.subjects.tolist() == ["a", "c", "b"]
    assert grid.arm_of_subject.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("baseline", "change", "response", "covariates"),
    [
        ([6.0, np.nan], [1.0, np.nan], "change", ("baseline",)),
        ([np.nan, np.nan], [np.nan, np.nan], "value", ()),
        ([np.nan, np.nan], [1.0, np.nan], "change", ()),
        ([6.0, 6.0], [np.nan, np.nan], "change", ("baseline",)),
    ],
)
def test_changes_are_analysed_where_there_is_a_baseline_or_a_change(baseline, change, response, covariates):
    outcomes = pd.DataFrame({"baseline": baseline, "change": change})
    assert response_of(outcomes) == response
    assert default_covariates(outcomes) == covariates

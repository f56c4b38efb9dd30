"""All handlings of missing values side by side: each row is what its own verbs give."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.models.imputation.single_values import SINGLE_VALUES
from botox_analysis.models.imputation.strategies import REFERENCE_BASED


@pytest.fixture(scope="module")
def outcomes(edit, repeated):
    frame = repeated(23, n_per_arm=40)
    frame["baseline"], frame["value"] = frame["baseline"] + 5, frame["value"] + 5
    gone = (frame["visit"].cat.codes >= 2) & (pd.factorize(frame["subject"])[0] % 5 == 0)
    return edit(frame, change=frame["change"].mask(gone), value=frame["value"].mask(gone))


@pytest.fixture(scope="module")
def every(outcomes):
    return ba.missing.sensitivity(outcomes, n=30, seed=4, covariates=("baseline", "sex")).set_index("method")


NUMBERS = ["estimate", "std_error", "p_value"]


def same(row, other):
    assert row[NUMBERS].astype(float).tolist() == pytest.approx(other.iloc[-1][NUMBERS].astype(float).tolist(), rel=1e-9)


def test_every_handling_has_a_row(every):
    assert every.index.tolist()[:-1] == [
        "mixed model of all observed values",
        "observed cases",
        *SINGLE_VALUES,
        *(f"imputed: {strategy}" for strategy in REFERENCE_BASED),
        "conditional mean, jackknife: missing at random",
        "conditional mean, jackknife: jump to reference",
    ]
    assert every.index[-1].startswith("tipping point: missing at random, +")
    assert (every["visit"] == "week 16").all()


@pytest.mark.parametrize("strategy", REFERENCE_BASED)
def test_imputed_rows_are_those_of_impute_with_the_same_seed(outcomes, every, strategy):
    imputations = ba.missing.impute(outcomes, strategy=strategy, n=30, seed=4, covariates=("baseline", "sex"))
    same(every.loc[f"imputed: {strategy}"], imputations.pool(covariates=("baseline", "sex")))


def test_rows_of_one_model_are_those_of_the_model(outcomes, every):
    covariates = ("baseline", "sex")
    same(every.loc["observed cases"], ba.fit_ancova(outcomes, covariates=covariates).differences())
    rule = "baseline observation carried forward"
    same(every.loc[rule], ba.fit_ancova(ba.missing.fill(outcomes, rule=rule), covariates=covariates).differences())
    mixed = ba.fit_mmrm(outcomes, covariates=("baseline", "sex"), small_sample="kenward-roger-linear")
    same(every.loc["mixed model of all observed values"], mixed.differences())


def test_the_tipping_row_has_the_p_value_of_the_level_and_tells_its_shift(every):
    row = every.iloc[-1]
    assert row["p_value"] == pytest.approx(0.05, abs=1e-9)
    assert f"{row['delta']:+.3g} in 155 U" in row.name


@pytest.mark.long
def test_responders_are_those_of_their_verbs(outcomes):
    every = ba.missing.sensitivity(outcomes, n=20, seed=4, reduction=0.1).set_index("method")
    responders = ba.responders(outcomes, reduction=0.1, missing="non-responder imputation")
    same(every.loc["non-responder imputation"], ba.compare_rates(responders))
    imputations = ba.missing.impute(outcomes, strategy="copy reference", n=20, seed=4)
    same(every.loc["imputed: copy reference"], imputations.pool_responders(reduction=0.1))
    assert every["measure"].unique().tolist() == ["risk difference"]


def test_without_missing_values_all_handlings_agree(repeated):
    every = ba.missing.sensitivity(repeated(3, n_per_arm=25), n=3, seed=1)
    assert every["estimate"].to_numpy() == pytest.approx(every["estimate"].iloc[0], abs=1e-8)
    assert not every["method"].str.startswith("tipping").any()


@pytest.mark.long
def test_values_after_an_event_leave_each_strategy_its_own_fit(outcomes):
    """Under strategies that refer to the reference the model is not fitted to what was seen after the event."""
    late = outcomes["visit"].cat.codes >= 2
    some = late & (pd.factorize(outcomes["subject"])[0] % 4 == 1)
    seen = outcomes.assign(intercurrent_event=np.where(some | outcomes["change"].isna(), "discontinuation", ""))
    every = ba.missing.sensitivity(seen, n=10, seed=4).set_index("method")
    for strategy in ("missing at random", "jump to reference"):
        same(every.loc[f"imputed: {strategy}"], ba.missing.impute(seen, strategy=strategy, n=10, seed=4).pool())


@pytest.mark.long
def test_a_handling_that_is_not_determined_keeps_its_row_and_says_why(outcomes):
    changes = outcomes.assign(value=np.nan, baseline=np.nan)
    every = ba.missing.sensitivity(changes, n=5, seed=1, covariates=("sex",)).set_index("method")
    row = every.loc["last observation carried forward, modified"]
    assert np.isnan(row["estimate"])
    assert row["note"].startswith("outcomes has changes and no values")
    assert every.loc["observed cases", "note"] == ""


@pytest.mark.long
def test_what_the_mixed_model_for_imputation_cannot_fit_leaves_the_other_rows(edit, repeated):
    frame = repeated(21, n_per_arm=30)
    # nobody is seen at both of two visits, so that no unstructured covariance is determined; a simpler one is
    number = pd.factorize(frame["subject"])[0]
    gone = ((frame["visit"] == "week 4") & (number % 4 < 2)) | ((frame["visit"] == "week 8") & (number % 4 >= 2))
    every = ba.missing.sensitivity(edit(frame, change=frame["change"].mask(gone), value=frame["value"].mask(gone)), n=20, seed=1)
    lacking = every[every["estimate"].isna()]
    assert lacking["method"].tolist() == ["last observation carried forward, modified"]
    assert lacking["note"].str.contains("but no subject has both; expected a mean above 0").all()


@pytest.mark.long
def test_a_misspelt_kind_of_event_is_refused(outcomes):
    seen = outcomes.assign(intercurrent_event=np.where(outcomes["change"].isna(), "discontinuation", ""))
    with pytest.raises(
        ba.DataError, match="`after` must have a kind among the events of outcomes, 'discontinuation'; got 'discontinuaton'"
    ):
        ba.missing.sensitivity(seen, n=5, seed=1, after=["discontinuaton"])
    with pytest.raises(ValueError, match="`after` must be a list of kinds of intercurrent events; got 'discontinuation'"):
        ba.missing.sensitivity(seen, n=5, seed=1, after="discontinuation")
    named = ba.missing.sensitivity(seen, n=5, seed=1, after=["discontinuation", "death"]).set_index("method")["estimate"]
    assert named.to_numpy() == pytest.approx(ba.missing.sensitivity(seen, n=5, seed=1)["estimate"].to_numpy(), abs=1e-9)


@pytest.mark.parametrize(
    ("n", "seed", "said"), [(1, 1, "`n` must .* got 1"), (20, None, "`seed` must .* got None"), (20.0, 1, "`n` must .* got 20")]
)
def test_numbers_of_draws_are_checked(outcomes, n, seed, said):
    with pytest.raises(ValueError, match=said):
        ba.missing.sensitivity(outcomes, n=n, seed=seed)


def test_one_forest_and_one_table_show_it(every):
    estimates = every.reset_index()
    ax = ba.plot.forest(estimates)
    assert [label.get_text().replace("\n", " ") for label in ax.get_yticklabels()][1] == "Observed cases"
    table = ba.table.sensitivity(estimates)
    assert table.columns.tolist() == [
        "Handling", "n", "Difference in mean change (95 % CI)", "p", "Variance", "Missing information, %", "Monte Carlo error",
    ]  # fmt: skip
    assert table["Handling"].iloc[8] == "Imputed: jump to reference"
    assert table["Variance"].iloc[8] == "information-anchored"
    assert table["Variance"].iloc[0] == "–"


def test_what_is_not_there_is_told(outcomes):
    with pytest.raises(ba.DataError, match="outcomes has nothing at 'week 99'; its visits are"):
        ba.missing.sensitivity(outcomes, visit="week 99", n=2, seed=1)
    alone = outcomes[outcomes["arm"] == "155 U"]
    with pytest.raises(ba.DataError, match="has one arm only, '155 U'; a difference needs two"):
        ba.missing.sensitivity(alone, n=2, seed=1)
    with pytest.raises(ba.DataError, match="outcomes has no column `better`, and the worst observation needs the direction"):
        ba.missing.sensitivity(outcomes.drop(columns="better"), n=2, seed=1)
    with pytest.raises(ba.DataError, match="has imputed values"):
        ba.missing.sensitivity(ba.missing.fill(outcomes, rule="last observation carried forward"), n=2, seed=1)
    with pytest.raises(ba.DataError, match="must have one visit; got"):
        ba.table.sensitivity(ba.fit_ancova(outcomes).differences())


@pytest.mark.long
def test_values_after_other_events_are_not_moved_to_the_tipping_point(outcomes):
    """With after the tipping row moves what follows the kinds named, as if no other event were told."""
    gone = outcomes["change"].isna()
    kinds = np.where(gone & (pd.factorize(outcomes["subject"])[0] % 20 < 10), "discontinuation", "")
    two = np.where(gone & (kinds == ""), "rescue", kinds)
    tip = [
        float(table.loc[table["method"].str.startswith("tipping"), "delta"].iloc[0])
        for table in (
            ba.missing.sensitivity(outcomes.assign(intercurrent_event=two), n=20, seed=1, after=["discontinuation"]),
            ba.missing.sensitivity(outcomes.assign(intercurrent_event=kinds), n=20, seed=1),
            ba.missing.sensitivity(outcomes.assign(intercurrent_event=two), n=20, seed=1),
        )
    ]
    assert tip[0] == pytest.approx(tip[1], abs=1e-9)
    assert abs(tip[0]) > abs(tip[2])


def test_after_needs_events(outcomes):
    with pytest.raises(
        ba.DataError,
        match=r"has no column 'intercurrent_event', but `after` has kinds of events\. Try intercurrent\.address",
    ):
        ba.missing.sensitivity(outcomes, n=2, seed=1, after=["discontinuation"])

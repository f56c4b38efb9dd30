"""Frames and Parquet files of unusual types: read as the same values in a CSV file, or refused by their cell."""

import datetime
import decimal
import fractions

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import botox_analysis as ba

SUBJECTS = pd.DataFrame({"subject": ["a", "b", "c"], "arm": ["P", "T", "T"]})


def covariate(values, **settings):
    """The covariate of three subjects as the trial has it."""
    return ba.as_trial({"subjects": SUBJECTS.assign(x=values)}, name="x", settings=settings).subjects["x"]


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([7, 8, 9], name="row"), pd.Index(list("xyz"), name="row"), pd.date_range("2024", periods=3, name="row"),
        pd.Index([1, 1, 1], name="row"),
        pd.Index(["a", "a", "b"], name="subject"), pd.MultiIndex.from_tuples([(1, 1), (1, 2), (2, 1)]),
        pd.Index([0.5, 0.5, np.nan]),
    ],
)  # fmt: skip
def test_the_index_of_a_frame_means_nothing(index):
    diary = pd.DataFrame({"subject": ["a", "a", "b"], "day": [1, 2, 1], "headache_hours": [1, 2, 25]}).set_axis(index)
    with pytest.raises(ba.DataError, match="diary, row 4, column 'headache_hours': found 25"):
        ba.as_trial({"subjects": SUBJECTS, "diary": diary}, name="x")


@pytest.mark.parametrize("name", [0, ("a", 1), pd.Timestamp("2024-03-01"), 1.5, True])
def test_columns_may_have_names_of_any_type(name):
    trial = ba.as_trial({"subjects": SUBJECTS.assign(x=1).rename(columns={"x": name})}, name="x")
    assert len(trial.covariates) == 1


@pytest.mark.parametrize("name", [None, np.nan, "", "\u200b"])
def test_a_column_without_a_name_is_refused(name):
    with pytest.raises(ba.DataError, match="found column 3 without a name"):
        ba.as_trial({"subjects": SUBJECTS.assign(x=[5, 7, 6]).rename(columns={"x": name})}, name="x")


def test_a_typed_fraction_is_read_as_its_value():
    assert covariate([fractions.Fraction(1, 2), 1, 2]).tolist() == [0.5, 1.0, 2.0]
    assert covariate([fractions.Fraction(1, 2), fractions.Fraction(3, 2), fractions.Fraction(2)]).tolist() == [0.5, 1.5, 2.0]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1, 2, 3], [1, 2, 3]), ([1, "2", 3.0], [1, 2, 3]), ([decimal.Decimal("1.5"), None, "2"], [1.5, None, 2.0]),
        (pd.array([1, None, 3], dtype="Int64"), [1.0, None, 3.0]),
        (pd.array([1, None, 3], dtype="int64[pyarrow]"), [1.0, None, 3.0]), ([pd.NA, 1, "2"], [None, 1.0, 2.0]),
        (pd.arrays.SparseArray([0.0, 1.0, np.nan]), [0.0, 1.0, None]),
        (pd.array([True, None, False], dtype="boolean"), [True, None, False]),
        (pd.array(["u", None, "w"], dtype="string[pyarrow]"), ["u", None, "w"]),
        (pd.Categorical([1, 2, 1]), ["1", "2", "1"]), (np.array(["u", "v", "w"]), ["u", "v", "w"]), ([None, None, None],
        [None, None, None]),
    ],
)  # fmt: skip
def test_a_covariate_of_any_type_has_its_values(values, kept):
    assert [None if pd.isna(value) else value for value in covariate(values)] == kept


@pytest.mark.parametrize(
    "values",
    [
        pd.array([[1], [2], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
        pd.array([{"a": 1}, None, {}], dtype=pd.ArrowDtype(pa.struct({"a": pa.int64()}))),
        [[1], [2], [3]], [{}, {}, {}], [{1}, {2}, {3}], [(1,), (2,), (3,)], [b"u", b"v", b"w"], [1j, 2, 3],
        pd.to_timedelta([1, 2, 3], unit="D"), [datetime.timedelta(1)] * 3,
        pd.period_range("2024-01", periods=3, freq="M"), pd.interval_range(0, 3),
        [datetime.time(1)] * 3, [object()] * 3, [np.array([1])] * 3, pd.Series([10**400, 1, 2], dtype=object),
        [fractions.Fraction(10**400), 1, 2], [decimal.Decimal("Infinity"), 1, 2], [np.timedelta64(1, "D"), 1, 2],
        pd.Series(["\ud800", "u", "v"], dtype=object),
    ],
)  # fmt: skip
def test_a_covariate_of_another_kind_is_refused_by_its_cell(values):
    with pytest.raises(ba.DataError, match="subjects, row 2, column 'x': found"):
        covariate(values)


def test_half_of_a_pair_of_code_units_is_in_no_text():
    half = pd.Series(["\ud800", "fine"], dtype=object)
    events = pd.DataFrame({"subject": ["a", "b"], "term": ["t", "u"], "action": half})
    with pytest.raises(ba.DataError, match=r"adverse_events, row 2, column 'action': found '\\ud800'; expected a text"):
        ba.as_trial({"subjects": SUBJECTS, "adverse_events": events}, name="x")
    diary = pd.DataFrame({"subject": ["a", "b"], "day": [1, 1], "headache_hours": [1, 2], "note": half})
    assert ba.as_trial({"subjects": SUBJECTS, "diary": diary}, name="x").diary["note"].isna().tolist() == [True, False]


def test_truth_values_with_gaps_stay_truth_values_in_parquet(trial_folder):
    whole = trial_folder(subjects_parquet=SUBJECTS.assign(x=[True, None, False]))
    assert ba.load_trial(whole).subjects["x"].fillna(True).tolist() == [True, True, False]
    assert ba.load_trial(whole).subjects["x"].dtype == "boolean"


@pytest.mark.parametrize("kind", ["decimal", "int", "bool"])
def test_yes_and_no_may_be_numbers_of_any_type_in_parquet(trial_folder, kind):
    values = {
        "decimal": [decimal.Decimal("1.0"), decimal.Decimal("0.0"), None],
        "int": [1, 0, None],
        "bool": [True, False, None],
    }[kind]
    table = SUBJECTS.assign(completed=pd.Series(values, dtype=object))
    assert ba.load_trial(trial_folder(subjects_parquet=table)).subjects["completed"].fillna(False).tolist() == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "value", [np.datetime64("2024-03-02"), datetime.date(2024, 3, 2), pd.Timestamp("2024-03-02"), "2024-03-02"]
)
def test_a_date_may_be_of_any_type_of_dates(value):
    subjects = SUBJECTS.assign(first_dose_date="2024-03-01", last_date=pd.Series([value] * 3, dtype=object))
    assert ba.as_trial({"subjects": subjects}, name="x").subjects["last_day"].tolist() == [2, 2, 2]


@pytest.mark.parametrize("column", ["x", "first_dose_date", "last_date", "arm", "age"])
@pytest.mark.parametrize("zone", [None, "UTC", "+02:00", "-11:30", "Europe/Berlin"])
def test_a_time_beyond_the_calendar_is_refused_by_its_cell(trial_folder, column, zone):
    times = pa.array([10**12, 0, 0], type=pa.timestamp("s", tz=zone)).to_pandas()
    table = SUBJECTS.assign(first_dose_date=pd.Timestamp("2024-03-01", tz=zone)).assign(**{column: times})
    with pytest.raises(ba.DataError, match=rf"row 2, column '{column}': found '33658-"):
        ba.load_trial(trial_folder(subjects_parquet=table))


@pytest.mark.parametrize("column", ["subject", "arm", "itt", "age", "last_day", "first_dose_date"])
def test_half_a_character_in_any_column_is_refused_by_its_cell(column):
    subjects = SUBJECTS.assign(itt="yes", age=[41, 52, 38], last_day=[1, 2, 3], first_dose_date="2024-03-01").astype(object)
    subjects.loc[0, column] = "\ud800"
    with pytest.raises(ba.DataError, match=rf"'{column}'.*\\ud800") as error:
        ba.as_trial({"subjects": subjects}, name="x")
    str(error.value).encode()

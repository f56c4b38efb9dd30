"""Declared kinds of columns, populations of files, and entries of the origin: what is wrong is refused by its name."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

SUBJECTS = pd.DataFrame({"subject": ["a", "b"], "arm": ["placebo", "x"], "itt": ["yes", "no"], "n": ["1", "2"]})


def read(cells=("1", "2"), names=None, **settings):
    kinds = settings.pop("kind", None)
    declared = {"kinds": {"subjects": {"n": kinds}}} if kinds else {}
    declared |= {"levels": {"subjects": {"n": names}}} if names else {}
    tables = {"subjects": SUBJECTS.assign(n=list(cells))}
    return ba.as_trial(tables, name="t", settings=declared | settings).subjects["n"]


@pytest.mark.parametrize(
    ("kind", "cells", "values", "type_"),
    [
        ("text", ["1", "02"], ["1", "02"], None), ("number", ["1", ""], [1.0, None], "float64"),
        ("number", ["", ""], [None, None], "float64"),
        ("whole number", ["1", "2.0"], [1, 2], "int64"), ("yes or no", ["Y", "0"], [True, False], "bool"),
        ("yes, no or missing", ["no", ""], [False, None], "boolean"),
        ("time in seconds", ["2024-03-01", "2024-03-01T12:30:00"], ["2024-03-01T00:00:00", "2024-03-01T12:30:00"],
         "datetime64[s]"),
        ("time in milliseconds", ["", "1999-12-31 23:59:59.999"], ["NaT", "1999-12-31T23:59:59.999"],
         "datetime64[ms]"),
    ],
)  # fmt: skip
def test_a_column_is_read_as_its_kind(kind, cells, values, type_):
    column = read(cells, kind=kind)
    assert type_ in (None, str(column.dtype))
    found = np.datetime_as_string(column.to_numpy()).tolist() if kind.startswith("time") else column.tolist()
    assert [None if pd.isna(cell) else cell for cell in found] == values


@pytest.mark.parametrize(
    ("kind", "cells", "found", "expected"),
    [
        ("number", ["1", "many"], "'many'", "a number"), ("whole number", ["1", "2.5"], "2.5", "a whole number"),
        ("whole number", ["1", ""], "nothing", "a whole number"), ("yes or no", ["yes", ""], "nothing", "yes or no"),
        ("yes, no or missing", ["yes", "perhaps"], "'perhaps'", "yes or no"),
        ("time in seconds", ["2024-03-01", "yesterday"], "'yesterday'", "a time in seconds"),
        ("number", ["1", "1e13"], "1e13", "a number"),
        ("time in seconds", ["2024-03-01T12:30:00.5", ""], "'2024-03-01T12:30:00.5'", "a time in seconds"),
        ("time in seconds", ["2024-03-01T12:30:00Z", ""], "'2024-03-01T12:30:00Z'", "a time in seconds"),
        ("time in seconds", ["2024-03-01T12:30+02:00", "2024-03-01"], r"'2024-03-01T12:30\+02:00'", "a time in seconds"),
        ("time in seconds", ["2024-02-30", ""], "'2024-02-30'", "a time in seconds"),
        ("time in seconds", ["2024", ""], "2024", "a time in seconds"), ("time in seconds", ["now", ""], "'now'", "a time"),
        ("time in nanoseconds", ["9999-01-01", ""], "'9999-01-01'", "a time in nanoseconds"),
    ],
)  # fmt: skip
def test_a_cell_of_another_kind_is_refused(kind, cells, found, expected):
    with pytest.raises(ba.DataError, match=f"column 'n': found {found}; expected {expected}"):
        read(cells, kind=kind)


def test_a_factor_has_its_levels_in_their_order():
    column = read(["low", "high"], kind="ordered factor", names=["low", "middle", "high"])
    assert column.cat.ordered
    assert list(column.cat.categories) == ["low", "middle", "high"]
    with pytest.raises(ba.DataError, match="found 'other'; expected one of the levels"):
        read(["low", "other"], kind="factor", names=["low"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kinds": {"subjects": {"n": "integer"}}}, r"\[kinds.subjects\]: found n = 'integer'; expected one of 'text', 'factor'"),
        ({"kinds": {"subjects": {"n": 5}}}, r"\[kinds.subjects\]: found n = 5; expected a text"),
        ({"kinds": {"people": {}}}, r"\[kinds\]: found the key 'people'"),
        ({"kinds": {"subjects": {"n": "factor"}}}, r"\[kinds.subjects\] and \[levels.subjects\] that disagree on 'n'"),
        ({"levels": {"subjects": {"n": ["1"]}}}, r"\[kinds.subjects\] and \[levels.subjects\] that disagree on 'n'"),
        ({"levels": {"subjects": {"n": "1"}}}, r"\[levels.subjects\]: found n = '1'; expected a list of texts"),
        ({"kinds": {"subjects": {"m": "number"}}}, "has no column 'm'"),
        ({"kinds": {"subjects": {"arm": "text"}}}, r"\[kinds.subjects\]: found 'arm'; expected columns beyond the layout"),
        ({"population": "safety"}, "found population = 'safety'; expected some of 'itt'"),
        ({"population": "itt"}, "found population = 'itt', and 1 subjects with 'itt' no"),
        ({"population": 5}, "found population = 5; expected a text"),
        ({"provenance": {"origin": "x"}}, r"\[provenance\]: found the key 'origin'"),
        ({"provenance": {"sha256 of subjects.csv": "x"}}, r"\[provenance\]: found the key 'sha256 of subjects.csv'"),
        ({"provenance": {"terms": 5}}, r"\[provenance\]: found terms = 5; expected a text"),
    ],
)
def test_a_wrong_setting_is_refused(settings, message):
    with pytest.raises(ba.DataError, match=message):
        read(**settings)


def test_levels_are_named_once():
    with pytest.raises(ba.DataError, match="found '1' twice among the levels of 'n'"):
        read(kind="factor", names=["1", "2", "1"])


def test_no_arm_is_the_reference_if_it_is_empty(tmp_path):
    (tmp_path / "subjects.csv").write_text("subject,arm\na,x\nb,placebo\n")
    trial = ba.load_trial(tmp_path, settings={"reference": ""})
    assert (trial.arms, trial.reference) == (["x", "placebo"], "")
    assert trial.left_out.empty

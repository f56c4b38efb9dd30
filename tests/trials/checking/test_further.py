"""Columns beyond the layout, names that look alike, and the messages about them."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

TWO = "subject,arm\na,P\nb,T\n"


def ages(word, share, n=40):
    return "subject,arm,age\n" + "".join(f"{i},{'PT'[i % 2]},{word if i % share == 0 else 30 + i}\n" for i in range(1, n + 1))


@pytest.mark.long
@pytest.mark.parametrize("word", [".", ".A", ".Z", "._", "NA", "N/A", "NaN", "nan", "unknown", "missing", "#N/A", "?", "ND"])
@pytest.mark.parametrize("share", [40, 10, 4, 3, 2])
def test_words_among_numbers_are_refused_at_any_share_with_the_line_that_cures_it(trial_folder, word, share):
    with pytest.raises(ba.DataError) as caught:
        ba.load_trial(trial_folder(subjects_csv=ages(word, share)))
    assert f"found '{word}'" in str(caught.value)
    assert f"expected a number, an empty cell, or missing = ['{word}'], or factors = ['age'] in trial.toml" in str(caught.value)
    assert caught.value.problems["n"].sum() == 40 // share


@pytest.mark.parametrize("word", [".", "NA", "unknown"])
def test_the_line_of_the_message_cures_it(trial_folder, word):
    age = ba.load_trial(trial_folder(subjects_csv=ages(word, 4), trial_toml=f"missing = ['{word}']")).subjects["age"]
    assert (age.dtype, int(age.isna().sum())) == (np.dtype(float), 10)


def test_words_among_numbers_are_refused_in_frames_and_parquet_too(trial_folder):
    subjects = pd.DataFrame({"subject": ["a", "b", "c"], "arm": ["P", "T", "T"], "age": ["30", "NA", "50"]})
    for load in (
        lambda: ba.as_trial({"subjects": subjects}, name="t"),
        lambda: ba.load_trial(trial_folder(subjects_parquet=subjects)),
    ):
        with pytest.raises(ba.DataError, match=r"row 3, column 'age': found 'NA'; expected a number"):
            load()


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["30", "41"], "int64"),
        (["30", ""], "float64"),
        (["30.5", "41"], "float64"),
        (["1e3", "2"], "float64"),
        (["+3", "-4"], "int64"),
        (["F", "M"], "text"),
        (["F", ""], "text"),
        (["001", "012"], "text"),
        (["155 U", "0 U"], "text"),
        (["NA", "nan"], "text"),
        (["", ""], "text"),
    ],
)
def test_a_covariate_is_a_number_where_all_its_cells_are(trial_folder, cells, kind):
    column = ba.load_trial(trial_folder(subjects_csv=f"subject,arm,x\na,P,{cells[0]}\nb,T,{cells[1]}\n")).subjects["x"]
    assert ("text" if column.dtype == pd.Series(["a"]).dtype else str(column.dtype)) == kind


def test_codes_with_leading_zeros_keep_them(trial_folder):
    subjects = ba.load_trial(trial_folder(subjects_csv="subject,arm,site\na,P,007\nb,T,012\n")).subjects
    assert subjects["site"].tolist() == ["007", "012"]


def test_a_categorical_covariate_of_a_frame_is_a_factor():
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"], "site": pd.Categorical([1, 2])})
    assert ba.as_trial({"subjects": subjects}, name="t").subjects["site"].tolist() == ["1", "2"]


def test_the_levels_of_a_frames_factor_keep_their_order():
    subjects = pd.DataFrame(
        {"subject": ["a", "b"], "arm": ["P", "T"], "size": pd.Categorical(["small", "large"], ["small", "large"])}
    )
    assert list(ba.as_trial({"subjects": subjects}, name="t").subjects["size"].cat.categories) == ["small", "large"]


@pytest.mark.parametrize("value", [pd.Timedelta(days=3), pd.Period("2024-03"), 3j])
def test_a_covariate_of_durations_periods_or_complex_numbers_is_refused(value):
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"], "age": [value, value]})
    with pytest.raises(
        ba.DataError, match=r"subjects, row 2, column 'age': found .* in 2 rows; expected a number, such as days, or a text"
    ):
        ba.as_trial({"subjects": subjects}, name="t")


@pytest.mark.parametrize(
    ("decimal", "cells", "said"),
    [
        (".", ["12,5", "13"], 'decimal = ","'),
        (",", ["12.5", "13"], r'decimal = "\."'),
        (",", ["1.299,99", "3"], "without signs between its thousands"),
    ],
)
def test_a_number_with_the_other_decimal_sign_is_refused_with_that_as_the_hint(trial_folder, decimal, cells, said):
    subjects = f"subject;arm;x\na;P;{cells[0]}\nb;T;{cells[1]}\n"
    with pytest.raises(ba.DataError, match=rf"row 2, column 'x': found '{cells[0]}'; expected a number.*{said}"):
        ba.load_trial(trial_folder(subjects_csv=subjects, trial_toml=f'separator = ";"\ndecimal = "{decimal}"'))


def test_the_cell_that_is_blamed_is_the_bad_one(trial_folder):
    rows = "subject;scale;visit;value\n" + "".join(
        f"{who};X;baseline;{cell}\n" for who, cell in zip("ab", ["12,5", "<5"], strict=True)
    )
    with pytest.raises(ba.DataError, match=r"assessments\.csv, row 3, column 'value': found '<5'; expected a number") as caught:
        ba.load_trial(
            trial_folder(subjects_csv=TWO.replace(",", ";"), assessments_csv=rows, trial_toml='separator = ";"\ndecimal = ","')
        )
    assert len(caught.value.problems) == 1


# Codes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [["1", "0"], ["1.0", "0.0"], ["01", "00"], [1, 0], [1.0, 0.0], [True, False]])
def test_codes_match_as_values(trial_folder, typed):
    subjects = pd.DataFrame({"subject": ["a", "b"], "arm": typed})
    settings = "[values.subjects.arm]\n1 = 'toxin'\n0 = 'placebo'\n"
    settings = settings.replace("1 =", "true =").replace("0 =", "false =") if typed[0] is True else settings
    for file in ({"subjects_csv": subjects.to_csv(index=False)}, {"subjects_parquet": subjects}):
        folder = trial_folder(trial_toml=settings, **file)
        if typed[0] is True and "subjects_csv" in file:
            (folder / "trial.toml").write_text(settings.replace("true", "True").replace("false", "False"))
        assert ba.load_trial(folder).subjects["arm"].tolist() == ["toxin", "placebo"]
        next(folder.glob("subjects.*")).unlink()


@pytest.mark.parametrize("code", ["-9", '"-9"', '"-9.0"', "-9.0"])
@pytest.mark.parametrize("cell", ["-9", "-9.0", "-09"])
def test_missing_codes_match_as_values(trial_folder, code, cell):
    folder = trial_folder(subjects_csv=f"subject,arm,age\na,P,{cell}\nb,T,40\n", trial_toml=f"missing = [{code}]")
    assert ba.load_trial(folder).subjects["age"].isna().tolist() == [True, False]


def test_a_missing_code_is_no_identifier_that_only_has_its_value(trial_folder):
    folder = trial_folder(subjects_csv="subject,arm\n099,P\n98,T\n", trial_toml="missing = [99]")
    assert ba.load_trial(folder).subjects["subject"].tolist() == ["099", "98"]


def test_a_rating_of_severity_is_never_read_as_words(trial_folder):
    diary = "subject,day,headache_hours,severity\n" + "".join(f"a,{day},5,{day % 4}\n" for day in range(1, 9))
    with pytest.raises(ba.DataError, match=r"found 1 in 2 rows; .*or a line of \[values\.diary\.severity\] for the number"):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=diary))


def test_a_word_of_another_language_is_reported_once_with_its_rows(trial_folder):
    diary = "subject,day,headache\n" + "".join(f"a,{day},ja\n" for day in range(1, 1931))
    said = (
        r"row 2, column 'headache': found 'ja' in 1,930 rows; expected yes or no, or a line of \[values\.diary\.headache\], such"
    )
    with pytest.raises(ba.DataError, match=said):
        ba.load_trial(trial_folder(subjects_csv=TWO, diary_csv=diary))


# Names ----------------------------------------------------------------------------------------------------------------

ALIKE = [
    ("Injection-site pain", "Injection\u2010site pain"),
    ("Bell's palsy", "Bell\u2019s palsy"),
    ("Stra\u00dfe", "STRASSE"),
    ("Neck pain", "neck pain"),
    ("Neck pain", "Neck  pain"),
    ("fi", "\ufb01"),
    ("Fall", "F\u0430ll"),
    ("\u00b5g", "\u03bcg"),
]
SAME = [
    ("\u00dcbelkeit", "U\u0308belkeit"),
    ("Neck pain", "Neck\u00a0pain"),
    ("Neck pain", "Neck\u200b pain"),
    ("Fall", "\ufeffFall"),
    ("Fall", "Fa\u00adll"),
]
PLACES = [
    ("adverse_events", "term"),
    ("adverse_events", "class"),
    ("intercurrent_events", "kind"),
    ("assessments", "scale"),
    ("assessments", "visit"),
    ("subjects", "arm"),
    ("subjects", "sex"),
    ("subjects", "discontinuation_reason"),
]


def named(table, column, first, second):
    frame = {
        "adverse_events": {"term": ["X", "Y"], "class": "C"},
        "intercurrent_events": {"kind": ["X", "Y"], "day": 3},
        "assessments": {"scale": "S", "visit": ["baseline", "week 4"], "value": 1.0},
        "subjects": {"arm": ["P", "T"]},
    }[table]
    changed = pd.DataFrame({"subject": ["a", "b"], **frame}).assign(**{column: [first, second]})
    if column == "visit":
        changed = pd.concat([changed, changed.assign(visit="baseline")])
    if column == "scale":
        changed["visit"] = "baseline"
    return {"subjects": pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"]}), table: changed}


@pytest.mark.long
@pytest.mark.parametrize(("first", "second"), ALIKE)
@pytest.mark.parametrize(("table", "column"), PLACES)
def test_two_spellings_that_look_alike_are_refused(table, column, first, second):
    with pytest.raises(ba.DataError, match=rf"{table}, column '{column}': found '.*' and '.*'; expected one spelling"):
        ba.as_trial(named(table, column, first, second), name="t")


@pytest.mark.parametrize(("first", "second"), SAME)
@pytest.mark.parametrize(("table", "column"), [place for place in PLACES if place[1] != "visit"])
def test_two_spellings_that_are_canonically_equal_are_merged_and_counted(table, column, first, second):
    trial = ba.as_trial(named(table, column, first, second), name="t")
    assert getattr(trial, table)[column].nunique() == 1
    assert trial.left_out["reason"].str.contains("2 spellings that look the same: merged").tolist() == [True]
    assert trial.left_out["n"].tolist() == [2]


@pytest.mark.parametrize("name", ["Neck\tpain", "Neck\npain", "Neck\x00pain", "Neck\u202epain", "Neck\x1bpain", "Neck\x85pain"])
@pytest.mark.parametrize(("table", "column"), PLACES)
def test_control_characters_in_names_are_refused(table, column, name):
    with pytest.raises(ba.DataError, match=rf"{table}, row 2, column '{column}': found 'Neck"):
        ba.as_trial(named(table, column, name, "other"), name="t")


@pytest.mark.parametrize(("known", "strange"), [("007", "7"), ("7", "007"), ("s-1", "S\u20101"), ("S1", "s1")])
def test_an_unknown_subject_who_differs_by_signs_only_is_refused_with_the_known_one(trial_folder, known, strange):
    folder = trial_folder(subjects_csv=f"subject,arm\n{known},P\nb,T\n", diary_csv=f"subject,day,headache\n{strange},1,yes\n")
    with pytest.raises(
        ba.DataError, match=rf"found '?{strange}'?; expected a subject of subjects\.csv, where '{known}' differs by leading zeros"
    ):
        ba.load_trial(folder)


@pytest.mark.parametrize("value", [12345678901234567890.0, 1e16, b"x", pd.Timestamp("2024-01-01"), 1j])
def test_an_identifier_that_lost_digits_or_is_none_is_refused(value):
    subjects = pd.DataFrame({"subject": pd.Series([value, "b"], dtype=object), "arm": ["P", "T"]})
    with pytest.raises(ba.DataError, match="subjects, row 2, column 'subject': found "):
        ba.as_trial({"subjects": subjects}, name="t")


# The reference --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["placebo", "Placebo", "Sham injection", "control group", "vehicle", "PLACEBO (saline)"])
def test_the_only_arm_with_the_name_of_a_reference_becomes_it_with_a_note(trial_folder, reference):
    trial = ba.load_trial(trial_folder(subjects_csv=f"subject,arm\na,155 U\nb,{reference}\nc,195 U\n"))
    assert trial.arms == [reference, "155 U", "195 U"]
    assert trial.left_out["reason"].tolist() == [f"no reference is named: '{reference}' is taken for it"]


@pytest.mark.parametrize(
    "arms", [("toxin", "saline"), ("toxin", "active control"), ("toxin", "placebo", "sham"), ("toxin", "uncontrolled")]
)
def test_where_no_single_arm_is_called_so_arms_come_as_they_appear(arms):
    subjects = pd.DataFrame({"subject": list("abc")[: len(arms)], "arm": arms})
    trial = ba.as_trial({"subjects": subjects}, name="t")
    assert (trial.arms, trial.left_out.empty) == (list(arms), True)


@pytest.mark.parametrize("settings", ['reference = "toxin"', 'arms = ["toxin", "placebo"]'])
def test_a_reference_that_is_named_is_not_guessed(trial_folder, settings):
    trial = ba.load_trial(trial_folder(subjects_csv="subject,arm\na,placebo\nb,toxin\n", trial_toml=settings))
    assert (trial.arms, trial.left_out.empty) == (["toxin", "placebo"], True)

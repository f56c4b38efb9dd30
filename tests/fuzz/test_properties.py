"""What must not matter to a trial: the format of its files, the order of rows and columns, names, codes, how files are saved."""

import datetime
import os
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.trials.layout import TABLES

pytestmark = pytest.mark.long

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", settings().max_examples // 5))
"""Trials for each property, each some files to read; `make fuzz` sets more."""

few = settings(max_examples=EXAMPLES, deadline=None)

LETTERS = st.text("abcdxyzABÜß é-.'/123", min_size=1, max_size=6).map(str.strip).filter(str)
WORDS = st.sampled_from(["placebo", "155 U", "195 U", "Botulinum toxin, low", 'so-called "sham"', "NA", "1", "ä; ö", "-"])
NUMBERS = st.one_of(st.integers(0, 24), st.sampled_from([0.5, 12.25, 23.875]), st.none())
SEVERITY = st.sampled_from(["none", "mild", "moderate", "severe", None])
TRUTH = st.sampled_from(["yes", "no", None])


@st.composite
def tables(draw):
    """The tables of a small trial, each cell a text, a number or None."""
    n = draw(st.integers(1, 6))
    names = draw(
        st.lists(LETTERS, min_size=n, max_size=n, unique_by=lambda name: name.casefold().replace(" ", "").replace("ß", "ss"))
    )
    subjects = pd.DataFrame(
        {
            "subject": names,
            "arm": draw(st.lists(WORDS, min_size=n, max_size=n)),
            "itt": draw(st.lists(st.sampled_from(["yes", "no"]), min_size=n, max_size=n)),
            "age": draw(st.lists(st.one_of(st.integers(18, 65), st.none()), min_size=n, max_size=n)),
            "last_day": draw(st.lists(st.one_of(st.integers(1, 84), st.none()), min_size=n, max_size=n)),
        }
    ).astype(object)
    days = draw(
        st.lists(st.tuples(st.sampled_from(names), st.integers(-28, 84).filter(bool)), min_size=1, max_size=12, unique=True)
    )
    # A day without hours is one that was not recorded: nothing in it contradicts anything.
    rows = [(who, day, draw(NUMBERS)) for who, day in days]
    diary = pd.DataFrame(rows, columns=["subject", "day", "headache_hours"]).astype(object)
    visits = ["baseline", "week 4", "week 8", "month 3"]
    values = [(who, "HIT-6", visit, draw(NUMBERS)) for who in names for visit in visits]
    assessments = pd.DataFrame(values, columns=["subject", "scale", "visit", "value"]).astype(object)
    terms = st.sampled_from(["Neck pain", "Bell's palsy", "Übelkeit", "Ptosis, bilateral"])
    events = [
        (who, draw(terms), draw(st.one_of(st.integers(1, 84), st.none())), draw(TRUTH))
        for who in draw(st.lists(st.sampled_from(names), max_size=5))
    ]
    adverse_events = pd.DataFrame(events, columns=["subject", "term", "onset_day", "serious"]).astype(object)
    return {"subjects": subjects, "diary": diary, "assessments": assessments, "adverse_events": adverse_events}


def text(cell):
    """A cell as a CSV file has it."""
    return "" if pd.isna(cell) else str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def csv(frame, separator=",", decimal=".", quoted=False, end="\n"):
    """A frame as the text of a CSV file."""

    def cell(value):
        written = text(value)
        if not isinstance(value, str):
            written = written.replace(".", decimal)
        odd = any(sign in written for sign in (separator, '"', "\n", "\r")) or written != written.strip()
        return '"' + written.replace('"', '""') + '"' if quoted or odd else written

    rows = [list(frame.columns), *frame.to_numpy(dtype=object).tolist()]
    return "".join(separator.join(map(cell, row)) + end for row in rows)


def load(files, toml=""):
    """The trial of files: by their name, bytes or a text or a frame (Parquet)."""
    folder = Path(tempfile.mkdtemp(prefix="property-"))
    try:
        for name, content in files.items():
            if isinstance(content, pd.DataFrame):
                content.to_parquet(folder / f"{name}.parquet", index=False)
            else:
                (folder / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        if toml:
            (folder / "trial.toml").write_text(toml, encoding="utf-8")
        return ba.load_trial(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def same(first, second, *, told=True):
    """Whether two trials have the same values, names and orders."""
    assert first.arms == second.arms
    assert first.covariates == second.covariates
    for table in TABLES:
        one, other = getattr(first, table), getattr(second, table)
        assert (one is None) == (other is None)
        if one is not None:
            pd.testing.assert_frame_equal(one, other, check_dtype=False, check_categorical=True)
    if told:
        assert first.left_out["reason"].tolist() == second.left_out["reason"].tolist()


def as_csv(frames, **how):
    """Each table as the text of a CSV file."""
    return {name: csv(frame, **how) for name, frame in frames.items()}


@few
@given(tables(), st.data())
def test_a_table_in_parquet_is_the_table_in_csv(frames, data):
    chosen = data.draw(st.sets(st.sampled_from(sorted(frames)), min_size=1))
    texts = as_csv(frames)
    typed = {name: frames[name].convert_dtypes() for name in chosen}
    worded = {name: frames[name].map(lambda cell: text(cell) or None) for name in chosen}
    for parquet in (typed, worded):
        same(load(texts), load({name: parquet.get(name, texts[name]) for name in frames}))


@few
@given(tables())
def test_frames_in_memory_are_the_files(frames):
    same(load(as_csv(frames)), ba.as_trial(frames, name="x"))


@few
@given(
    tables(), st.sampled_from(["\r\n", "\r"]), st.sampled_from(["", "\ufeff"]), st.booleans(), st.sampled_from(["", "\n", "\n\n"])
)
def test_how_a_file_was_saved_does_not_matter(frames, end, mark, quoted, before):
    blank = end * len(before)
    saved = {name: mark + blank + csv(frame, end=end, quoted=quoted) + blank for name, frame in frames.items()}
    same(load(as_csv(frames)), load(saved))


@few
@given(tables(), st.data())
def test_blank_lines_anywhere_do_not_matter(frames, data):
    spaced = {}
    for name, frame in frames.items():
        lines = csv(frame).splitlines(keepends=True)
        lines.insert(data.draw(st.integers(0, len(lines))), "\n")
        spaced[name] = "".join(lines)
    same(load(as_csv(frames)), load(spaced))


@few
@given(tables(), st.sampled_from(["utf-16", "utf-32", "utf-8-sig", "cp1252", "latin-1", "cp037", "mac-roman", "gb18030"]))
def test_the_encoding_that_is_named_does_not_matter(frames, encoding):
    same(
        load(as_csv(frames)),
        load({name: content.encode(encoding) for name, content in as_csv(frames).items()}, f'encoding = "{encoding}"'),
    )


@few
@given(tables(), st.sampled_from([";", "\t", "|", "^", "~"]), st.sampled_from([".", ","]))
def test_the_separator_and_the_decimal_sign_that_are_named_do_not_matter(frames, separator, decimal):
    named = {"\t": "\\t"}.get(separator, separator)
    same(
        load(as_csv(frames)),
        load(as_csv(frames, separator=separator, decimal=decimal), f'separator = "{named}"\ndecimal = "{decimal}"'),
    )


@few
@given(tables(), st.sampled_from(["\u00a0{}", "{}\u200b", "\ufeff{}", " {} ", "{}\u00ad", "\u2060{}\u00a0"]), st.data())
def test_spaces_and_marks_around_a_cell_change_nothing_but_what_is_told(frames, around, data):
    name = data.draw(st.sampled_from(sorted(frames)))
    column = data.draw(st.sampled_from(list(frames[name].columns)))
    marked = frames[name].assign(
        **{column: frames[name][column].map(lambda cell: around.format(text(cell)) if text(cell) else "")}
    )
    same(load(as_csv(frames)), load(as_csv(frames | {name: marked})), told=False)


@few
@given(tables(), st.data())
def test_the_order_of_columns_matters_to_their_own_order_only(frames, data):
    orders = {name: data.draw(st.permutations(list(frame.columns))) for name, frame in frames.items()}
    turned = load(as_csv({name: frame[orders[name]] for name, frame in frames.items()}))
    trial = load(as_csv(frames))
    assert turned.arms == trial.arms
    for table in frames:
        one, other = getattr(trial, table), getattr(turned, table)
        pd.testing.assert_frame_equal(one, other[list(one.columns)])


@few
@given(tables(), st.data())
def test_the_order_of_rows_matters_to_the_order_of_appearance_only(frames, data):
    shuffled = {name: frame.iloc[data.draw(st.permutations(range(len(frame))))] for name, frame in frames.items()}
    trial, turned = load(as_csv(frames)), load(as_csv(shuffled))
    assert sorted(turned.arms) == sorted(trial.arms)
    assert list(turned.assessments["visit"].cat.categories) == list(trial.assessments["visit"].cat.categories)
    for table, frame in frames.items():
        one, other = (getattr(each, table).astype({"subject": str}) for each in (trial, turned))
        back = pd.Series(range(len(frame)), index=frame.index).loc[shuffled[table].index].argsort().to_numpy()
        different = ["arm"] if table == "subjects" else []
        pd.testing.assert_frame_equal(
            one.astype(dict.fromkeys(different, str)),
            other.astype(dict.fromkeys(different, str)).iloc[back].reset_index(drop=True),
        )


@few
@given(tables())
def test_columns_may_have_any_names_where_the_settings_say_so(frames):
    renamed = {name: frame.set_axis([f"Their {column}" for column in frame.columns], axis=1) for name, frame in frames.items()}
    toml = "".join(
        f"[columns.{name}]\n" + "".join(f'{column} = "Their {column}"\n' for column in frame.columns)
        for name, frame in frames.items()
    )
    same(load(as_csv(frames)), load(as_csv(renamed), toml))


@few
@given(tables(), st.randoms(use_true_random=False))
def test_words_may_be_coded_where_the_settings_say_so(frames, chance):
    toml, coded = "", dict(frames)
    for name, column in (
        ("subjects", "arm"),
        ("subjects", "itt"),
        ("assessments", "visit"),
        ("adverse_events", "term"),
        ("adverse_events", "serious"),
    ):
        words = list(dict.fromkeys(cell for cell in frames[name][column] if not pd.isna(cell)))
        numbers = chance.sample(range(100), len(words))
        codes = dict(zip(words, map(str, numbers), strict=True))
        coded[name] = coded[name].assign(**{column: coded[name][column].map(lambda cell, codes=codes: codes.get(cell))})
        lines = [f"{codes[word]} = '''{word}'''\n" for word in words]
        toml += f"[values.{name}.{column}]\n{''.join(lines)}"
    same(load(as_csv(frames)), load(as_csv(coded), toml))


@few
@given(
    tables(),
    st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d %b %Y"]),
)
def test_dates_are_the_study_days_that_they_stand_for(frames, start, date_format):
    def dated(frame, day, date):
        dates = frame[day].map(
            lambda n: "" if pd.isna(n) else (start + datetime.timedelta(days=int(n) - (n > 0))).strftime(date_format)
        )
        return frame.assign(**{day: dates}).rename(columns={day: date})

    subjects = dated(frames["subjects"], "last_day", "last_date").assign(first_dose_date=start.strftime(date_format))
    given_dates = {
        "subjects": subjects,
        "diary": dated(frames["diary"], "day", "date"),
        "adverse_events": dated(frames["adverse_events"], "onset_day", "onset_date"),
    }
    same(load(as_csv(frames)), load(as_csv(frames | given_dates), f'date_format = "{date_format}"'))


@few
@given(tables(), st.sampled_from(["-99", ".", "NK", ".A", "not known"]))
def test_a_missing_code_changes_the_cells_that_have_it_and_no_others(frames, code):
    named = f'missing = ["{code}"]'
    same(load(as_csv(frames)), load(as_csv(frames), named))
    coded = {name: frame.map(lambda cell: code if pd.isna(cell) else cell) for name, frame in frames.items()}
    same(load(as_csv(frames)), load(as_csv(coded), named))


@few
@given(tables(), st.data())
def test_values_follow_their_subjects(frames, data):
    names = frames["subjects"]["subject"].tolist()
    other = dict(zip(names, data.draw(st.permutations(names)), strict=True))
    moved = {
        name: frame.assign(subject=frame["subject"].map(other)) if name != "subjects" else frame for name, frame in frames.items()
    }
    trial, turned = load(as_csv(frames)), load(as_csv(moved))
    for table in ("diary", "assessments", "adverse_events"):
        one, two = getattr(trial, table), getattr(turned, table)
        assert [other[name] for name in one["subject"]] == two["subject"].astype(object).tolist()
        pd.testing.assert_frame_equal(one.drop(columns="subject"), two.drop(columns="subject"))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_frame_as_text_is_what_is_meant_here(line_end):
    frame = pd.DataFrame({"a": ['x "y"', None], "b": [1.5, 2.0]}, dtype=object)
    assert csv(frame, end=line_end) == line_end.join(["a,b", '"x ""y""",1.5', ",2", ""])

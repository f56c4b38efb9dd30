"""`draft_settings`: folders of others become a draft, which `load_trial` accepts where its guesses are right."""

import datetime
import os
import tomllib

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.settings.file import check_settings

N = 12


def ids(pattern="S{:02d}"):
    return [pattern.format(number) for number in range(N)]


def load_as_drafted(folder):
    """Draft, settings, and the trial that is read with the draft beside the files."""
    draft = ba.draft_settings(folder)
    (folder / "trial.toml").write_text(draft, encoding="utf-8")
    return draft, tomllib.loads(draft), ba.load_trial(folder)


def table(rows, separator=",", encoding="utf-8"):
    return ("\n".join(separator.join(map(str, row)) for row in rows) + "\n").encode(encoding)


@pytest.fixture
def folder(tmp_path):
    """A function: contents by the name of the file -> a folder with these files."""

    def write(**contents):
        for name, content in contents.items():
            stem, suffix = name.rsplit("_", 1)
            if isinstance(content, pd.DataFrame):
                content.to_parquet(tmp_path / f"{stem}.{suffix}")
            else:
                (tmp_path / f"{stem}.{suffix}").write_bytes(content)
        return tmp_path

    return write


@pytest.fixture
def analysis_data(folder):
    """Names and codes of CDISC: flags of Y and nothing, causality in words, dates beside days."""
    subjects = [("STUDYID", "USUBJID", "TRT01P", "AGE", "SEX", "SITEID", "ITTFL", "SAFFL", "TRTSDT", "EOSSTT")]
    subjects += [
        ("X1", s, ("Placebo", "Xanomeline")[n % 2], 40 + n, "MF"[n % 2], 701 + n % 3, "Y", "Y" if n else "", "2014-01-02",
         ("COMPLETED", "DISCONTINUED")[n == 3]) for n, s in enumerate(ids("01-{:03d}"))
    ]  # fmt: skip
    events = [("USUBJID", "AESEQ", "AEDECOD", "AEBODSYS", "AESEV", "AEREL", "AESER", "ASTDT", "ASTDY", "TRTEMFL")]
    events += [
        (s, 1, ("PRURITUS", "ERYTHEMA")[n % 2], "SKIN", ("MILD", "MODERATE", "SEVERE")[n % 3],
         ("NONE", "POSSIBLE", "PROBABLE")[n % 3], "N", "2014-01-05", 4 + n, "Y") for n, s in enumerate(ids("01-{:03d}"))
    ]  # fmt: skip
    scores = [("USUBJID", "PARAMCD", "AVISIT", "AVAL", "ADY")]
    for n, s in enumerate(ids("01-{:03d}")):
        scores += [
            (s, "ACTOT", visit, 20 + n + (n * day) % 7, day)
            for visit, day in (("Baseline", -1), ("Week 8", 56), ("Week 16", 113))
        ]
        scores += [(s, "CIBIC", "Week 16", 4, 113)]
    return lambda *names: folder(**dict(zip(names, map(table, (subjects, events, scores)), strict=True)))


FREE = ("patients_csv", "events_csv", "scores_csv")


@pytest.mark.long
def test_columns_in_the_names_of_cdisc_are_read_as_drafted(analysis_data):
    draft, settings, trial = load_as_drafted(analysis_data(*FREE))
    assert settings["reference"] == "Placebo"
    assert settings["factors"] == ["SITEID"]
    assert trial.arms == ["Placebo", "Xanomeline"]
    assert trial.populations == ("itt", "safety")
    assert int(trial.subjects["safety"].sum()) == N - 1
    assert trial.subjects["completed"].tolist().count(False) == 1
    assert trial.adverse_events["onset_day"].tolist() == [4 + n for n in range(N)]
    assert trial.adverse_events["related"].tolist() == [n % 3 > 0 for n in range(N)]
    assert settings["scales"] == {"CIBIC": {"baseline": False}}
    assert "As drafted, the files are read without an error." in draft


def test_data_sets_of_cdisc_need_no_settings(analysis_data):
    draft, settings, trial = load_as_drafted(analysis_data("adsl_csv", "adae_csv", "adqs_csv"))
    assert list(settings) == ["name"]
    assert "The files are ADaM: 'adae.csv', 'adqs.csv', 'adsl.csv'." in draft
    assert '# partial_dates = "missing"' in draft
    assert "Measured: 'ACTOT', 'CIBIC'" in draft
    assert (trial.arms, trial.populations) == (["Placebo", "Xanomeline"], ("itt", "safety"))


def test_the_format_of_a_data_set_in_two_files_is_drafted(analysis_data):
    folder = analysis_data("adsl_csv", "adae_csv", "adqs_csv")
    pd.read_csv(folder / "adsl.csv", dtype=str).to_parquet(folder / "adsl.parquet")
    draft, settings, trial = load_as_drafted(folder)
    assert settings["format"] == "csv"
    assert "'ADSL' in two formats; or 'parquet'?" in draft
    assert trial.adverse_events is not None


@pytest.mark.long
def test_sheets_of_a_workbook_are_named_in_the_draft(tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    with xlsxwriter.Workbook(tmp_path / "Klinik.xlsx") as book:
        for name, rows in {
            "Patienten": [("Patient", "Gruppe"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))],
            "Tagebuch": [("Patient", "Tag", "Stunden"), *((s, d, d + 2) for s in ids() for d in (-1, 1))],
        }.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    for place in (tmp_path, tmp_path / "Klinik.xlsx"):
        settings = tomllib.loads(ba.draft_settings(place))
        assert settings["files"] == {
            "subjects": {"file": "Klinik.xlsx", "table": "Patienten"}, "diary": {"file": "Klinik.xlsx", "table": "Tagebuch"}
        }  # fmt: skip
        assert ba.load_trial(place, settings=settings).diary["headache_hours"].tolist() == [1, 3] * N


def test_labels_of_columns_help_the_guesses(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pd.DataFrame({"V1": ids(), "V2": ["a", "b"] * 6, "V3": ["x", "y"] * 6})
    labels = ["Subject ID", "Treatment group", "Any other treatment group before"]
    pyreadstat.write_xport(frame, tmp_path / "patients.xpt", table_name="PATIENTS", column_labels=labels)
    draft, settings, trial = load_as_drafted(tmp_path)
    assert settings["columns"]["subjects"] == {"subject": "V1", "arm": "V2"}
    assert 'arm = "V2"  # guess: Treatment group' in draft
    assert "V3 (Any other treatment group before: 'x' 6, 'y' 6)" in draft
    assert trial.arms == ["a", "b"]


@pytest.mark.long
def test_every_column_that_was_guessed_is_marked(analysis_data):
    folder = analysis_data(*FREE)
    lines = ba.draft_settings(folder).splitlines()
    assert [line for line in lines if line.startswith("subject = ")] == ['subject = "USUBJID"  # guess'] * 3
    settings = [line for line in lines if "=" in line and not line.startswith("#")]
    assert [line for line in settings if "# guess" not in line] == [f'name = "{folder.name}"']


@pytest.mark.long
def test_a_draft_can_be_reported(analysis_data):
    *_, trial = load_as_drafted(analysis_data(*FREE))
    assert ba.validate_trial(trial).report == "yes"


@pytest.fixture
def german(folder):
    """Semicolons, decimal commas, latin-1, ja and nein, dates of day and month, -9 for missing values."""
    start = datetime.date(2021, 3, 1)
    subjects = [("Patient", "Gruppe", "Größe", "Alter", "Datum der ersten Behandlung", "Geschlecht")]
    subjects += [
        (s, ("Verum", "Plazebo")[n % 2], f"1,{60 + n}", -9 if n == 2 else 30 + n, "01.03.2021", ("w", "m")[n % 2])
        for n, s in enumerate(ids("P{}"))
    ]
    diary = [("Patient", "Datum", "Kopfschmerz", "Stunden", "Stärke")]
    for s in ids("P{}"):
        for day in range(-28, 28):
            told = (start + datetime.timedelta(days=day)).strftime("%d.%m.%Y")
            diary.append((s, told, *(("ja", "6,5", "mittel") if day % 2 else ("nein", "0,0", "keine"))))
    written = {"separator": ";", "encoding": "latin-1"}
    return folder(Patienten_csv=table(subjects, **written), Tagebuch_csv=table(diary, **written))


@pytest.mark.long
def test_a_german_diary_is_read_as_drafted(german):
    _, settings, trial = load_as_drafted(german)
    assert (settings["separator"], settings["decimal"], settings["date_format"]) == (";", ",", "%d.%m.%Y")
    assert settings["missing"] == ["-9"]
    assert settings["values"]["diary"]["headache"] == {"ja": "yes", "nein": "no"}
    assert settings["values"]["diary"]["severity"] == {"mittel": "moderate", "keine": "none"}
    assert settings["columns"]["subjects"]["first_dose_date"] == "Datum der ersten Behandlung"
    assert sorted(trial.diary["day"].unique()) == [*range(-28, 0), *range(1, 29)]
    assert trial.diary["headache_hours"].max() == 6.5
    assert trial.subjects["Größe"].iloc[0] == 1.6
    assert trial.subjects["Alter"].isna().sum() == 1


def test_a_folder_in_the_layout_needs_nothing_but_its_name(folder):
    tidy = folder(
        subjects_csv=table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))]),
        assessments_csv=table(
            [("subject", "scale", "visit", "value"), *((s, "NRS", v, 5) for s in ids() for v in ("baseline", "week 4"))]
        ),
    )
    _, settings, _ = load_as_drafted(tidy)
    assert list(settings) == ["name"]


def test_a_single_file_is_read_as_drafted(folder):
    rows = table([("Patient", "Gruppe"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))], ";")
    file = folder(Patienten_txt=rows) / "Patienten.txt"
    settings = tomllib.loads(ba.draft_settings(file))
    assert settings["separator"] == ";"
    assert ba.load_trial(file, settings=settings).arms == ["a", "b"]
    (file.parent / "trial.toml").write_text(ba.draft_settings(file), encoding="utf-8")
    assert ba.load_trial(file).subjects["subject"].tolist() == ids()


def test_files_of_other_names_are_named_in_the_draft(folder):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    days = table([("subject", "day", "headache"), *((s, d, "yes") for s in ids() for d in (-1, 1))])
    draft, settings, trial = load_as_drafted(folder(subjects_csv=subjects, ediary_csv=days, laboratory_csv=b"a,b\n1,2\n"))
    assert settings["files"] == {"diary": "ediary.csv"}
    assert "Is laboratory.csv a table of the trial?" in draft
    assert len(trial.diary) == 2 * N
    assert "laboratory.csv" in trial.left_out["where"].tolist()


def test_a_file_with_nearly_the_name_of_a_table_is_named_in_the_draft(folder):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    events = table([("subject", "term"), *((s, "ptosis") for s in ids())])
    _, settings, trial = load_as_drafted(folder(subjects_csv=subjects, **{"Adverse Events_csv": events}))
    assert settings["files"] == {"adverse_events": "Adverse Events.csv"}
    assert len(trial.adverse_events) == N


@pytest.mark.long
def test_the_bundled_trial_is_read_as_drafted(tmp_path, simulated):
    for path in ba.bundled_data("simulated").glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    *_, trial = load_as_drafted(tmp_path)
    pd.testing.assert_frame_equal(trial.subjects, simulated.subjects)
    pd.testing.assert_frame_equal(trial.diary, simulated.diary)
    assert trial.arms == simulated.arms


@pytest.mark.long
def test_parquet_files_and_counts_of_days_are_read_as_drafted(folder):
    first = (datetime.date(2019, 5, 6) - datetime.date(1960, 1, 1)).days
    subjects = pd.DataFrame({"SUBJID": np.arange(N) + 100, "TRTP": ["sham", "active"] * 6, "TRTSDT": first})
    events = pd.DataFrame({"SUBJID": np.arange(N) + 100, "AETERM": "nausea", "AESTDTC": first + 3, "SERIOUS": [True, False] * 6})
    _, settings, trial = load_as_drafted(folder(dm_parquet=subjects, ae_parquet=events))
    assert settings["date_origin"] == datetime.date(1960, 1, 1)
    assert trial.adverse_events["onset_day"].tolist() == [4] * N
    assert trial.adverse_events["serious"].tolist() == [True, False] * 6
    assert trial.arms == ["sham", "active"]


def test_visits_in_numbers_coded_arms_and_a_day_0_are_read_as_drafted(folder):
    subjects = table([("id", "group", "site"), *((n, n % 2, n % 3) for n in range(N))], "\t")
    rows = [(n, "TWSTRS", week, week * 7, 40 - week if (n, week) != (3, 4) else 999) for n in range(N) for week in (0, 2, 4)]
    scores = table([("id", "measure", "week", "day", "score"), *rows], "\t")
    draft, settings, trial = load_as_drafted(folder(patients_txt=subjects, scores_tsv=scores))
    assert (settings["separator"], settings["baseline"], settings["first_day"]) == ("\t", "0", 0)
    assert settings["missing"] == ["999"]
    assert trial.assessments["visit"].cat.categories.tolist() == ["baseline", "2", "4"]
    assert trial.assessments["day"].unique().tolist() == [1, 15, 29]
    assert '# 0 = "placebo"  # what is the name of this arm?' in draft
    assert '# reference = "0"  # which arm is the reference?' in draft


def test_intercurrent_events_and_a_second_file_of_a_table_are_found(folder):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    events = table([("patient", "event", "study day"), *((s, "rescue treatment", 30 + n) for n, s in enumerate(ids()[:4]))])
    odd = table([("subject", "alt"), *((s, 20) for s in ids())])
    draft, _, trial = load_as_drafted(folder(subjects_csv=subjects, rescue_csv=events, laboratory_csv=odd))
    assert trial.intercurrent_events["day"].tolist() == [30, 31, 32, 33]
    assert "Is laboratory.csv a table of the trial?" in draft
    assert '# "rescue treatment" = "treatment policy"  # which strategy is planned for the values after it?' in draft


# What is not known is asked -------------------------------------------------------------------------------------------


def test_a_code_that_is_a_value_elsewhere_is_asked_and_not_set(folder):
    subjects = table([("subject", "arm", "age"), *((s, "ab"[n % 2], -9 if n == 1 else 50 + n) for n, s in enumerate(ids()))])
    diary = table([("subject", "day", "headache"), *((s, day, "yes") for s in ids() for day in (-9, -8, 1, 2))])
    draft, settings, _ = load_as_drafted(folder(subjects_csv=subjects, diary_csv=diary))
    assert "missing" not in settings
    assert "# Is '-9' in 'subjects.csv, age' a missing value? It is also in 'diary.csv, day'" in draft


def test_a_rating_from_0_to_10_is_never_drafted_as_a_severity(folder):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    diary = table([("subject", "day", "headache", "severity"), *((s, d, "yes", d) for s in ids() for d in range(1, 10))])
    draft, settings, _ = load_as_drafted(folder(subjects_csv=subjects, diary_csv=diary))
    assert "values" not in settings
    assert settings["columns"]["diary"] == {"their_severity": "severity"}
    assert "guess: another content than severity in the layout" in draft


def test_dates_of_two_readings_are_drafted_with_the_other_as_a_question(folder):
    subjects = table([("subject", "arm", "first_dose_date"), *((s, "ab"[n % 2], "03/04/2021") for n, s in enumerate(ids()))])
    diary = table([("subject", "date", "headache"), *((s, "05/04/2021", "yes") for s in ids())])
    draft = ba.draft_settings(folder(subjects_csv=subjects, diary_csv=diary))
    assert 'date_format = "%d/%m/%Y"  # guess, from' in draft
    assert "or '%m/%d/%Y'?" in draft


def test_a_required_column_that_is_nowhere_is_asked_for(folder):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    scores = table([("subject", "visit", "value"), *((s, v, 5) for s in ids() for v in ("baseline", "week 4"))])
    draft = ba.draft_settings(folder(subjects_csv=subjects, assessments_csv=scores))
    assert "# Which column is scale? It is required." in draft
    assert "As drafted, the files are refused" in draft


def test_two_tables_in_one_file_are_described_in_a_comment(folder):
    rows = [(n, week, ("Placebo", "5000U")[n % 2], 40) for n in range(N) for week in (0, 2, 4)]
    draft = ba.draft_settings(folder(cd_csv=table([("patient", "week", "treat", "twstrs"), *rows])))
    assert "cd.csv has several rows of each 'patient', and the arm in 'treat'" in draft
    assert "subjects are required" in draft


@pytest.mark.parametrize(
    "name", ['a"b.csv', "a\nb.csv", "\u00fc \u2014.csv", "a'b\\c.csv", "\x7f.csv", "#x = [.csv", "SUBJECTS.CSV"]
)
def test_an_odd_name_of_a_file_is_written_as_it_is(tmp_path, name):
    (tmp_path / name).write_bytes(b"subject,arm\na,P\nb,T\n")
    _, settings, trial = load_as_drafted(tmp_path)
    assert (settings["files"], trial.arms) == ({"subjects": name}, ["P", "T"])


def test_a_name_that_is_no_text_is_to_be_changed(tmp_path):
    (tmp_path / os.fsdecode(b"a\xffb.csv")).write_bytes(b"subject,arm\na,P\nb,T\n")
    draft = ba.draft_settings(tmp_path)
    assert "files" not in tomllib.loads(draft)
    assert "# Rename a b.csv (guess: it is subjects): its name has bytes that no text has." in draft
    assert draft.encode()


@pytest.mark.parametrize("rows", [[], [("a", "P")]])
def test_an_empty_table_and_one_subject_are_drafted(folder, rows):
    draft = ba.draft_settings(folder(people_csv=table([("subject", "arm"), *rows])))
    assert ("As drafted, the files are refused" in draft) == (not rows)


# Tables that are spread otherwise -------------------------------------------------------------------------------------


def test_a_table_of_subjects_and_visits_is_read_as_drafted(folder):
    rows = [(n, week, ("Placebo", "5000U")[n % 2], 30 + n, 40 + n - week) for n in range(N) for week in (0, 2, 4)]
    _, settings, trial = load_as_drafted(folder(cd_csv=table([("patient", "week", "treat", "age", "twstrs"), *rows])))
    assert settings["assessments"] == {"wide": {"twstrs": "twstrs"}}
    assert (trial.arms, trial.covariates) == (["Placebo", "5000U"], ["age"])
    assert trial.assessments["value"].tolist() == [40 + n - week for n in range(N) for week in (0, 2, 4)]


def test_a_table_of_subjects_and_days_is_read_as_drafted(folder):
    rows = [(s, "ab"[n % 2], 30 + n, d, (n + d) % 24) for n, s in enumerate(ids()) for d in (-2, -1, 1, 2)]
    _, settings, trial = load_as_drafted(folder(all_csv=table([("Patient", "Group", "Age", "Study day", "Hours"), *rows])))
    assert "files" not in settings
    assert trial.covariates == ["Age"]
    assert trial.diary["headache_hours"].tolist() == [(n + d) % 24 for n in range(N) for d in (-2, -1, 1, 2)]


@pytest.mark.parametrize("header", ["d{}", "day {}", "hours_{}"])
def test_a_wide_diary_is_read_as_drafted(folder, header):
    days = [*range(-4, 0), *range(1, 5)]
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    diary = table([("Patient", *map(header.format, days)), *((s, *((n + d) % 24 for d in days)) for n, s in enumerate(ids()))])
    _, settings, trial = load_as_drafted(folder(subjects_csv=subjects, calendar_csv=diary))
    assert settings["diary"]["wide"] == {"headache_hours": header.format("{day}")}
    assert settings["files"] == {"diary": "calendar.csv"}
    assert trial.diary["headache_hours"].tolist() == [(n + d) % 24 for n in range(N) for d in days]


def test_a_wide_diary_of_dates_and_words_in_the_table_of_subjects_is_read_as_drafted(folder):
    days = [datetime.date(2024, 2, 27) + datetime.timedelta(days=n) for n in range(9)]
    head = ("Patient", "Gruppe", "Erste Behandlung", *(f"{day:%d.%m.%Y}" for day in days))
    rows = [(s, "ab"[n % 2], "01.03.2024", *(("ja", "nein")[(n + at) % 2] for at in range(9))) for n, s in enumerate(ids())]
    _, settings, trial = load_as_drafted(folder(alles_csv=table([head, *rows], ";")))
    assert settings["diary"]["wide"] == {"headache": "{date}"}
    assert trial.diary["day"].unique().tolist() == [-3, -2, -1, 1, 2, 3, 4, 5, 6]
    assert trial.diary["headache"].tolist() == [(n + at) % 2 == 0 for n in range(N) for at in range(9)]


def test_monthly_counts_are_read_as_drafted(folder):
    rows = [(s, "ab"[n % 2], 15 + n % 5, *(14 - m + n % 3 for m in (1, 2, 3))) for n, s in enumerate(ids())]
    _, settings, trial = load_as_drafted(folder(counts_csv=table([("id", "group", "M0", "M1", "M2", "M3"), *rows])))
    assert settings["assessments"] == {"wide": {"headache days": "M{month}"}}
    assert trial.assessments["visit"].cat.categories.tolist() == ["baseline", "month 1", "month 2", "month 3"]
    assert ba.scale("headache days").derive(trial)["value"].tolist() == [14 - m + n % 3 for n in range(N) for m in (1, 2, 3)]


@pytest.mark.parametrize("names", [("question", "answer"), ("Item", "Response")])
def test_a_row_for_each_question_is_read_as_drafted(folder, names):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    rows = [
        (s, day, *asked) for s in ids() for day in (-1, 1) for asked in (("Headache", "yes"), ("DURATION", day + 2), ("Mood", 3))
    ]
    _, settings, trial = load_as_drafted(folder(subjects_csv=subjects, epro_csv=table([("subject", "day", *names), *rows])))
    assert settings["questions"]["diary"] == {"Headache": "headache", "DURATION": "headache_hours"}
    assert trial.diary["headache_hours"].tolist() == [1, 3] * N
    assert "'Mood': a question that [questions] does not name, left out" in trial.left_out["reason"].tolist()


def test_questions_of_questionnaires_are_read_as_drafted(folder):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    rows = [(s, visit, "HIT6", 60 + n) for n, s in enumerate(ids()) for visit in ("baseline", "week 4")]
    _, _, trial = load_as_drafted(
        folder(subjects_csv=subjects, scores_csv=table([("subject", "visit", "question", "answer"), *rows]))
    )
    assert trial.assessments["scale"].unique().tolist() == ["HIT6"]
    assert trial.assessments["value"].tolist() == [60 + n for n in range(N) for _ in range(2)]


@pytest.mark.parametrize("form", ["codes", "labels"])
def test_an_export_of_redcap_is_read_as_drafted(folder, form):
    head = [
        "record_id",
        "redcap_event_name",
        "redcap_repeat_instrument",
        "redcap_repeat_instance",
        "group",
        "hit6",
        "day",
        "hours",
    ]
    if form == "labels":
        head[1:4] = ["Event Name", "Repeat Instrument", "Repeat Instance"]
    events = ("baseline_arm_1", "week_4_arm_1") if form == "codes" else ("Baseline", "Week 4")
    rows = []
    for n in range(N):
        rows += [(n, events[0], "", "", "ab"[n % 2], 60 + n, "", ""), (n, events[1], "", "", "", 55 + n, "", "")]
        rows += [(n, events[0], "diary", 1 + at, "", "", day, at) for at, day in enumerate((-1, 1))]
    _, settings, trial = load_as_drafted(folder(export_csv=table([head, *rows])))
    assert (settings["redcap"]["subjects"], settings["redcap"]["diary"]) == (events[0], "diary")
    assert trial.assessments["value"].tolist() == [v + n for n in range(N) for v in (60, 55)]
    assert trial.diary["headache_hours"].tolist() == [0, 1] * N


# What is not known is asked, and what cannot be read is told -----------------------------------------------------------


def test_files_that_cannot_be_read_are_listed_in_the_draft(folder):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    draft = ba.draft_settings(folder(subjects_csv=subjects, scores_sav=b"$FL2", diary_csv=b""))
    assert "# scores.sav is not read: save it as CSV." in draft
    assert "# diary.csv is not read: diary.csv: found an empty file" in draft


@pytest.mark.parametrize("content", [{}, {"notes_md": b"# nothing"}, {"scores_sav": b"$FL2"}, {"diary_csv": b""}])
def test_a_folder_without_tables_is_refused(folder, content):
    with pytest.raises(ba.DataError, match=r"found no file with a table that can be read; expected subjects\.csv"):
        ba.draft_settings(folder(**content))


@pytest.mark.parametrize("given", [3, None, "nowhere"])
def test_another_argument_than_a_place_is_refused(given):
    with pytest.raises(
        ba.DataError, match=r"`path` must be the path of a folder|nowhere: found no such folder or file; expected"
    ):
        ba.draft_settings(given)


# Whatever the files are, a draft is TOML that is checked --------------------------------------------------------------

ODD = (
    "subject,arm\n'a\",b#c\n",
    'subject,arm\n"x = ""1""",[b]\n"y\\z",é\u2019\n',
    "subject;arm;first dose date\n1;=2;01.02.03\n2;#;nothing\n",
    "subject,arm,value,baseline,visit,day,severity\na,P,1,2,x,y,z\nb,T,,,,,\n",
    "USUBJID,TRT01P\n,\n,\n",
    "a\nb\n",
    "subject,subject,arm\n1,2,3\n",
)


@pytest.mark.parametrize("content", ODD)
def test_odd_cells_never_break_the_draft(folder, content):
    draft = ba.draft_settings(folder(subjects_csv=content.encode(), ae_csv=content.encode()))
    check_settings(tomllib.loads(draft))


def test_attacks_with_dates_and_times_are_recognised(folder):
    rows = [("Patient", "Beginn", "Ende", "Triptane")]
    rows += [(s, f"{13 + n % 9}.03.2024 22:30", f"{14 + n % 9}.03.2024 06:00", 1) for n, s in enumerate(ids())]
    people = [("Patient", "Gruppe", "Erste Injektion")] + [
        (s, ("Placebo", "Verum")[n % 2], "04.03.2024") for n, s in enumerate(ids())
    ]
    path = folder(Attacken_csv=table(rows, ";"), Patienten_csv=table(people, ";"))
    settings = tomllib.loads(ba.draft_settings(path))
    assert settings["date_format"] == "%d.%m.%Y"
    assert settings["columns"]["attacks"] == {"subject": "Patient", "start": "Beginn", "end": "Ende", "triptans": "Triptane"}
    assert settings["columns"]["subjects"]["first_dose_date"] == "Erste Injektion"


def test_questions_are_recognised_in_any_spelling_of_their_columns(folder):
    rows = [("SubjectNo", "EntryDate", "ItemID", "Response")]
    for s in ids():
        for day in (13, 14, 15):
            rows += [(s, f"2024-03-{day}", "HEADACHE_YN", "Yes"), (s, f"2024-03-{day}", "HEADACHE_DUR", day - 9)]
    people = [("SubjectNo", "Treatment", "DateOfFirstInjection")] + [
        (s, ("P", "B")[n % 2], "2024-03-14") for n, s in enumerate(ids())
    ]
    _, settings, trial = load_as_drafted(folder(epro_csv=table(rows), people_csv=table(people)))
    assert settings["questions"]["diary"] == {"HEADACHE_YN": "headache", "HEADACHE_DUR": "headache_hours"}
    assert trial.diary.loc[:2, "headache_hours"].tolist() == [4, 5, 6]


@pytest.mark.parametrize(
    ("cell", "measure"), [(lambda n, day: (n + day) % 2, "headache"), (lambda n, day: (3 * n + day) % 9, "headache_hours")]
)
def test_yes_and_no_of_a_calendar_are_no_hours_despite_words_and_totals(folder, cell, measure):
    days = [*range(-14, 0), *range(1, 15)]
    rows = [["Pat.", "Gruppe", *(f"T{day}" for day in days)]]
    rows += [[s, ("Placebo", "Verum")[n % 2], *(cell(n, day) for day in days)] for n, s in enumerate(ids())]
    rows[3][2:20] = ["n.d."] * 18
    rows += [["Summe", "", 7, *([""] * (len(days) - 1))]]
    settings = tomllib.loads(ba.draft_settings(folder(Kalender_csv=table(rows))))
    assert settings["diary"]["wide"] == ({measure: "T{day}"})


@pytest.mark.parametrize("name", ["Severity (0-10)", "severity_0_10", "Pain severity NRS", "Severity /10", "Severity 0 to 100"])
def test_small_numbers_of_a_rating_are_never_drafted_as_severities(folder, name):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    diary = table([("subject", "day", "headache", name), *((s, d, "yes", 1 + d % 3) for s in ids() for d in range(1, 10))])
    _, settings, trial = load_as_drafted(folder(subjects_csv=subjects, diary_csv=diary))
    assert "severity" not in trial.diary.columns
    assert "values" not in settings


def test_commas_that_may_be_between_thousands_are_asked_about_and_no_decimal_signs(folder):
    rows = [(s, "ab"[n % 2], f'"{n + 1},250"') for n, s in enumerate(ids())]
    draft, settings, trial = load_as_drafted(folder(subjects_csv=table([("subject", "arm", "platelets"), *rows])))
    assert "decimal" not in settings
    assert "# Are the commas in numbers such as 1,250 decimal signs?" in draft
    assert trial.subjects["platelets"].iloc[0] == "1,250"


@pytest.mark.parametrize("one", ["0,250", "12,5", "1234,500", "0012,500"])
def test_one_comma_that_cannot_be_between_thousands_makes_all_decimal_signs(folder, one):
    rows = [(s, "ab"[n % 2], f'"{n + 1},250"' if n else f'"{one}"') for n, s in enumerate(ids())]
    settings = tomllib.loads(ba.draft_settings(folder(subjects_csv=table([("subject", "arm", "dose_mg"), *rows]))))
    assert settings["decimal"] == ","


def test_commas_in_texts_of_typed_tables_are_drafted_beside_numbers_with_points(folder):
    subjects = pd.DataFrame({"subject": ids(), "arm": ["a", "b"] * 6, "bmi": [20.25 + n for n in range(N)]})
    hours = [f"{n % 5},5" for n in range(N)]
    diary = pd.DataFrame({"subject": ids(), "day": [1] * N, "headache_hours": hours})
    _, settings, trial = load_as_drafted(folder(subjects_parquet=subjects, diary_parquet=diary))
    assert settings["decimal"] == ","
    assert trial.subjects["bmi"].tolist() == [20.25 + n for n in range(N)]
    assert trial.diary["headache_hours"].tolist() == [n % 5 + 0.5 for n in range(N)]


@pytest.mark.parametrize(("column", "cell"), [("date", "4th of March"), ("subject", "S99")])
def test_a_required_column_with_wrong_cells_keeps_its_name_so_that_they_are_listed(folder, column, cell):
    subjects = table([("subject", "arm", "first_dose_date"), *((s, "ab"[n % 2], "2024-03-04") for n, s in enumerate(ids()))])
    rows = [
        {"subject": s, "date": "2024-03-05", "headache": "yes"} | ({column: f"{cell}{n}"} if n % 3 else {})
        for n, s in enumerate(ids())
    ]
    diary = table([("subject", "date", "headache"), *(row.values() for row in rows)])
    draft = ba.draft_settings(folder(subjects_csv=subjects, diary_csv=diary))
    assert f"their_{column}" not in draft
    assert "Which column is" not in draft
    assert f"diary.csv, column '{column}': found '{cell}" in draft


def test_labels_of_several_numeric_fields_of_a_redcap_export_are_drafted(folder):
    header = [
        "Record ID",
        "Event Name",
        "Repeat Instrument",
        "Repeat Instance",
        "Arm",
        "Score",
        "Date",
        "Date",
        "Score",
        "Complete?",
        "Complete?",
    ]
    rows = [
        [n, event, "", "", "AB"[n % 2], 60 + n, "2024-03-01", "2024-03-02", 3, "Complete", "Complete"]
        for n in range(1, 5)
        for event in ("Baseline", "Week 12")
    ]
    draft = ba.draft_settings(folder(export_csv=table([header, *rows])))
    assert "[redcap]" in draft


def test_a_second_table_with_the_same_columns_is_asked_about_since_its_rows_are_not_read(folder):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    first, second = (
        table([("subject", "day", "headache_hours"), *((s, day, 2) for s in ids()[at::2])]) for at, day in ((0, 1), (1, 2))
    )
    draft = ba.draft_settings(folder(subjects_csv=subjects, north_csv=first, south_csv=second))
    assert "has the columns of north.csv, which alone is read." in " ".join(draft.replace("#", "").split())


@pytest.mark.parametrize("tick", ["x", "yes", "1", "ja"])
def test_empty_cells_beside_ticks_alone_are_asked_about_and_the_line_reads_them(folder, tick):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    diary = table([("subject", "day", "headache"), *((s, day, tick if day % 2 else "") for s in ids() for day in (1, 2, 3))])
    path = folder(subjects_csv=subjects, diary_csv=diary)
    draft, settings, trial = load_as_drafted(path)
    assert "headache has no word for no. Does an empty cell mean no?" in draft
    assert trial.diary["headache"].isna().sum() == N
    settings.setdefault("values", {}).setdefault("diary", {}).setdefault("headache", {})[""] = "no"
    assert ba.load_trial(path, settings=settings).diary["headache"].tolist() == [True, False, True] * N


@pytest.mark.parametrize("other", ["no", "nein", "0"])
def test_empty_cells_beside_yes_and_no_are_unknown_without_a_question(folder, other):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    words = {"no": "yes", "nein": "ja", "0": "1"}
    rows = ((s, day, ("", other, words[other])[day - 1]) for s in ids() for day in (1, 2, 3))
    draft = ba.draft_settings(folder(subjects_csv=subjects, diary_csv=table([("subject", "day", "headache"), *rows])))
    assert "has no word for no" not in draft

"""`draft_settings`: folders of others become a draft, which `load_trial` accepts where its guesses are right."""

import datetime
import re
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
    """Draft, settings, and the trial that is read after the files are renamed by the comments of the draft."""
    draft = ba.draft_settings(folder)
    for old, new in re.findall(r"# Rename (\S+) to (\S+):", draft):
        (folder / old).rename(folder / new)
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
    return folder(adsl_csv=table(subjects), adae_csv=table(events), adqs_csv=table(scores))


def test_data_in_the_names_of_cdisc_are_read_as_drafted(analysis_data):
    draft, settings, trial = load_as_drafted(analysis_data)
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


def test_every_column_that_was_guessed_is_marked(analysis_data):
    lines = ba.draft_settings(analysis_data).splitlines()
    assert [line for line in lines if line.startswith("subject = ")] == ['subject = "USUBJID"  # guess'] * 3
    settings = [line for line in lines if "=" in line and not line.startswith("#")]
    assert [line for line in settings if "# guess" not in line] == [f'name = "{analysis_data.name}"']


@pytest.mark.long
def test_a_draft_can_be_reported(analysis_data):
    *_, trial = load_as_drafted(analysis_data)
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


@pytest.mark.long
def test_the_bundled_trial_is_read_as_drafted(tmp_path, simulated):
    for path in ba.bundled_data("simulated").glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    *_, trial = load_as_drafted(tmp_path)
    pd.testing.assert_frame_equal(trial.subjects, simulated.subjects)
    pd.testing.assert_frame_equal(trial.diary, simulated.diary)
    assert trial.arms == simulated.arms


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
    assert "subjects.csv is required" in draft


def test_files_that_cannot_be_read_are_listed_in_the_draft(folder):
    subjects = table([("subject", "arm"), *((s, "ab"[n % 2]) for n, s in enumerate(ids()))])
    draft = ba.draft_settings(folder(subjects_csv=subjects, scores_sav=b"PK", diary_csv=b""))
    assert "# scores.sav is not read: save it as CSV or Parquet." in draft
    assert "# diary.csv is not read: diary.csv: found an empty file" in draft


@pytest.mark.parametrize("content", [{}, {"notes_md": b"# nothing"}, {"scores_sav": b"PK"}])
def test_a_folder_without_tables_is_refused(folder, content):
    with pytest.raises(ba.DataError, match="found no CSV or Parquet file that can be read; expected one or more"):
        ba.draft_settings(folder(**content))


@pytest.mark.parametrize("given", [3, None, "nowhere"])
def test_another_argument_than_a_folder_is_refused(given):
    with pytest.raises(ba.DataError, match=r"`folder` must be the path of a folder|nowhere: found no such folder; expected one"):
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

"""Write the small files of the recipes in docs/from-your-file.md: `python tests/data/make.py`. Nobody in them exists."""

import csv
import datetime
import io
import json
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent

SUBJECTS = ("S1", "S2", "S3", "S4")
ARM = dict(zip(SUBJECTS, ("placebo", "toxin") * 2, strict=True))
AGE = dict(zip(SUBJECTS, (31, 38, 45, 52), strict=True))
START = datetime.date(2024, 3, 4)
DAYS = (-3, -2, -1, 1, 2, 3)
VISITS = {"baseline": -1, "week 12": 85}
SCORES = {("S1", "baseline"): 64, ("S1", "week 12"): 62, ("S2", "baseline"): 66, ("S2", "week 12"): 55,
          ("S3", "baseline"): 60, ("S3", "week 12"): 61, ("S4", "baseline"): 68, ("S4", "week 12"): 58}  # fmt: skip


def date_of(day):
    """Date of a study day; every subject starts on the same day."""
    return START + datetime.timedelta(days=day - (day > 0))


def hours_of(subject, day):
    """Hours of headache: fewer after the toxin."""
    number = SUBJECTS.index(subject)
    return (day + 1) % 3 if day > 0 and ARM[subject] == "toxin" else (2 * number + day) % 5


DIARY = [(subject, day, hours_of(subject, day)) for subject in SUBJECTS for day in DAYS]
MONTHS = {
    subject: (18 + n, 17 - n, 15 - 3 * (ARM[subject] == "toxin"), "" if n == 2 else 14 - n) for n, subject in enumerate(SUBJECTS)
}
"""Headache days of the month before treatment, and of three months after it."""


def table(*rows, separator=","):
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator="\n").writerows(rows)
    return written.getvalue()


PATIENTS = table(("subject", "arm", "age"), *((s, ARM[s], AGE[s]) for s in SUBJECTS))


def own_names():
    """CSV files with other names: German words, semicolons, decimal commas, dates of day and month."""
    arms = {"placebo": "Plazebo", "toxin": "Verum"}
    patients = [(s, arms[ARM[s]], AGE[s], f"{START:%d.%m.%Y}") for s in SUBJECTS]
    days = [(s, f"{date_of(day):%d.%m.%Y}", "ja" if hours else "nein", f"{hours},{5 * (hours > 0)}") for s, day, hours in DIARY]
    return {
        "own_names/Patienten.csv": table(("Patient", "Gruppe", "Alter", "Erste Behandlung"), *patients, separator=";"),
        "own_names/Tagebuch.csv": table(("Patient", "Datum", "Kopfschmerz", "Stunden"), *days, separator=";"),
    }


def wide_diary():
    days = [(s, *(hours_of(s, day) for day in DAYS)) for s in SUBJECTS]
    return {"wide_diary/subjects.csv": PATIENTS, "wide_diary/diary.csv": table(("subject", *(f"d{day}" for day in DAYS)), *days)}


def monthly_counts():
    rows = [(s, ARM[s], *MONTHS[s]) for s in SUBJECTS]
    return {"monthly_counts/counts.csv": table(("subject", "arm", "month0", "month1", "month2", "month3"), *rows)}


def redcap():
    """Export of a project with two events, checkboxes and a repeating instrument."""
    head = ("record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "arm", "age", "hit6_total",
            "diary_day", "diary_headache", "diary_features___1", "diary_features___2", "baseline_complete")  # fmt: skip
    rows = []
    for n, s in enumerate(SUBJECTS, start=1):
        coded = 1 + (ARM[s] == "toxin")
        rows.append((n, "baseline_arm_1", "", "", coded, AGE[s], SCORES[s, "baseline"], "", "", "", "", 2))
        rows.append((n, "week_12_arm_1", "", "", "", "", SCORES[s, "week 12"], "", "", "", "", ""))
        for at, day in enumerate(DAYS, start=1):
            aching = int(hours_of(s, day) > 0)
            rows.append((n, "baseline_arm_1", "diary", at, "", "", "", day, aching, aching, 0, ""))
    return {"redcap/export.csv": table(head, *rows)}


def questions():
    """Export of an electronic diary: a row a question."""
    rows = []
    for s, day, hours in DIARY:
        rows.append((s, date_of(day), "HEADACHE", "yes" if hours else "no"))
        rows += [(s, date_of(day), "DURATION", hours)] if hours else []
    patients = table(("subject", "arm", "first_dose_date"), *((s, ARM[s], START) for s in SUBJECTS))
    return {
        "questions/subjects.csv": patients,
        "questions/epro.csv": table(("subject", "date", "question", "answer"), *rows),
    }


def attacks():
    rows = [("S1", -3, 22, -2, 6, 7, "yes"), ("S1", 2, 9, 2, 15, 5, "no"), ("S2", -2, 13, -2, 20, 8, "yes"),
            ("S3", -1, 6, -1, 23, 6, "yes"),
            ("S3", 1, 20, 3, 4, 9, "yes"), ("S4", -3, 10, -3, 16, 4, "no")]  # fmt: skip
    columns = ("subject", "start_day", "start_time", "end_day", "end_time", "peak", "nausea")
    patients = table(("subject", "arm", "last_day"), *((s, ARM[s], 4) for s in SUBJECTS))
    return {"attacks/subjects.csv": patients, "attacks/attacks.csv": table(columns, *rows)}


def treatments():
    sites = [(muscle, side, dose) for muscle, dose in (("frontalis", 10), ("temporalis", 20)) for side in ("left", "right")]
    product = {"toxin": "onabotulinumtoxinA", "placebo": "placebo"}
    units = {"toxin": 1, "placebo": 0}
    rows = [(s, 1, 1, product[ARM[s]], units[ARM[s]] * dose, muscle, side) for s in SUBJECTS for muscle, side, dose in sites]
    columns = ("subject", "day", "cycle", "product", "dose", "muscle", "side")
    return {"treatments/subjects.csv": PATIENTS, "treatments/treatments.csv": table(columns, *rows)}


TEXTS = (own_names, wide_diary, monthly_counts, redcap, questions, attacks, treatments)


def adsl():
    return pd.DataFrame(
        {
            "STUDYID": "MADEUP", "USUBJID": SUBJECTS, "TRT01P": list(ARM.values()), "TRT01A": list(ARM.values()),
            "AGE": [float(age) for age in AGE.values()], "SEX": ["F", "M", "F", "F"], "ITTFL": "Y", "SAFFL": "Y",
            "TRTSDT": [START] * 4, "TRTEDT": [date_of(85)] * 4, "EOSSTT": ["COMPLETED", "COMPLETED", "DISCONTINUED", "COMPLETED"],
            "DCSREAS": ["", "", "ADVERSE EVENT", ""],
        }
    )  # fmt: skip


def adae():
    return pd.DataFrame(
        {
            "STUDYID": "MADEUP", "USUBJID": ["S2", "S4", "S4"], "AEDECOD": ["Neck pain", "Eyelid ptosis", "Neck pain"],
            "AEBODSYS": ["Musculoskeletal disorders", "Eye disorders", "Musculoskeletal disorders"],
            "AESEV": ["MILD", "MODERATE", "MILD"], "AESER": "N", "AEREL": ["POSSIBLE", "PROBABLE", "NONE"], "TRTEMFL": "Y",
            "ASTDT": [date_of(day) for day in (4, 9, 20)], "ASTDY": [4.0, 9.0, 20.0],
        }
    )  # fmt: skip


def adqs():
    rows = [(s, visit, float(VISITS[visit]), float(score), float(SCORES[s, "baseline"])) for (s, visit), score in SCORES.items()]
    frame = pd.DataFrame(rows, columns=["USUBJID", "AVISIT", "ADY", "AVAL", "BASE"])
    frame["AVISIT"] = frame["AVISIT"].str.capitalize()
    frame["ABLFL"] = ["Y" if visit == "Baseline" else "" for visit in frame["AVISIT"]]
    return frame.assign(STUDYID="MADEUP", PARAMCD="HIT6", PARAM="HIT-6 total score", ANL01FL="Y")


def sdtm():
    """Domains of the same subjects; dates are ISO 8601 texts."""
    start, last = START.isoformat(), date_of(85).isoformat()
    scores = [(s, visit, VISITS[visit], float(score)) for (s, visit), score in SCORES.items()]
    qs = pd.DataFrame(scores, columns=["USUBJID", "VISIT", "QSDY", "QSSTRESN"]).astype({"QSDY": float})
    return {
        "dm": pd.DataFrame({
            "STUDYID": "MADEUP", "DOMAIN": "DM", "USUBJID": SUBJECTS, "ARM": list(ARM.values()), "ACTARM": list(ARM.values()),
            "AGE": [float(age) for age in AGE.values()], "SEX": ["F", "M", "F", "F"], "RFXSTDTC": start, "RFXENDTC": last,
        }),
        "ae": adae()[["STUDYID", "USUBJID", "AEDECOD", "AEBODSYS", "AESEV", "AESER", "AEREL"]].assign(
            DOMAIN="AE", AESTDTC=["2024-03-07", "2024-03", "2024-03-23"]
        ),
        "ex": pd.DataFrame({
            "STUDYID": "MADEUP", "DOMAIN": "EX", "USUBJID": SUBJECTS * 2, "EXTRT": list(ARM.values()) * 2,
            "EXDOSE": [155.0 * (arm == "toxin") for arm in ARM.values()] * 2, "EXDOSU": "U", "EXSTDTC": [start] * 4 + [last] * 4,
        }),
        "ds": pd.DataFrame({
            "STUDYID": "MADEUP", "DOMAIN": "DS", "USUBJID": SUBJECTS, "DSCAT": "DISPOSITION EVENT", "DSSTDTC": last,
            "DSDECOD": ["COMPLETED", "COMPLETED", "ADVERSE EVENT", "COMPLETED"],
        }),
        "qs": qs.assign(
            STUDYID="MADEUP", DOMAIN="QS", QSTESTCD="HIT6", QSTEST="HIT-6 total score", QSCAT="HIT-6",
            QSBLFL=["Y" if visit == "baseline" else "" for visit in qs["VISIT"]],
            VISITNUM=[float(1 + (visit != "baseline")) for visit in qs["VISIT"]],
        ),
    }  # fmt: skip


LABELS = {
    "USUBJID": "Unique Subject Identifier", "TRT01P": "Planned Treatment for Period 01", "AVAL": "Analysis Value",
    "SUBJID": "Subject identifier", "GROUP": "Treatment group", "AGEY": "Age in years", "STDAY": "Study day",
    "HAHRS": "Hours of headache",
}  # fmt: skip


def xpt(frame, path, name):
    import pyreadstat

    labels = [LABELS.get(column, column) for column in frame.columns]
    pyreadstat.write_xport(frame, path, table_name=name, file_format_version=5, column_labels=labels)


def workbook(path, **sheets):
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"created": datetime.datetime(2024, 1, 1)})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for at, cell in enumerate(row):
                    sheet.write_datetime(number, at, cell) if isinstance(cell, datetime.date) else sheet.write(number, at, cell)


def dataset_json(frame, name):
    types = {"O": "string", "f": "double", "i": "integer"}
    columns = []
    for column in frame.columns:
        is_date = isinstance(frame[column].iloc[0], datetime.date)
        kind = "date" if is_date else types[frame[column].dtype.kind if frame[column].dtype.kind in "fi" else "O"]
        columns.append({"itemOID": f"IT.{name}.{column}", "name": column, "label": LABELS.get(column, column), "dataType": kind})
    rows = [
        [cell.isoformat() if isinstance(cell, datetime.date) else cell for cell in row] for row in frame.astype(object).to_numpy()
    ]
    whole = {
        "datasetJSONCreationDateTime": "2024-01-01T00:00:00", "datasetJSONVersion": "1.1.0", "itemGroupOID": f"IG.{name}",
        "records": len(frame), "name": name, "label": name, "columns": columns, "rows": rows,
    }  # fmt: skip
    return json.dumps(whole, indent=1)


def write_binary(folder):
    """Write the files that are no texts."""
    patients = [("Patient", "Group", "Age", "First injection"), *((s, ARM[s], AGE[s], START) for s in SUBJECTS)]
    days = [("Patient", "Date", "Headache hours"), *((s, date_of(day), hours) for s, day, hours in DIARY)]
    scores = [
        ("Patient", "Questionnaire", "Visit", "Score"),
        *((s, "HIT-6", visit, score) for (s, visit), score in SCORES.items()),
    ]
    workbook(folder / "workbook.xlsx", Patients=patients, Days=days, Scores=scores)
    whole = [("subject", "arm", "age", "day", "headache_hours"), *((s, ARM[s], AGE[s], day, hours) for s, day, hours in DIARY)]
    workbook(folder / "one_sheet.xlsx", Sheet1=whole)
    ages = [float(age) for age in AGE.values()]
    hours = pd.DataFrame(DIARY, columns=["SUBJID", "STDAY", "HAHRS"]).astype({"STDAY": float, "HAHRS": float})
    frames = {
        "sas_transport/patients": pd.DataFrame({"SUBJID": SUBJECTS, "GROUP": ARM.values(), "AGEY": ages}),
        "sas_transport/diary": hours,
        "adam/adsl": adsl(), "adam/adae": adae(), "adam/adqs": adqs(),
        **{f"sdtm/{name}": frame for name, frame in sdtm().items()},
    }  # fmt: skip
    for name, frame in frames.items():
        (folder / name).parent.mkdir(exist_ok=True)
        xpt(frame, folder / f"{name}.xpt", Path(name).name.upper())


def write_texts(folder):
    """Write the files that are texts."""
    files = {name: text for make in TEXTS for name, text in make().items()}
    files |= {
        f"dataset_json/{name.lower()}.json": dataset_json(frame, name) for name, frame in (("ADSL", adsl()), ("ADQS", adqs()))
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


if __name__ == "__main__":
    write_texts(HERE)
    write_binary(HERE)

"""Tables in other shapes: a column a day, REDCap, a row a question, one table, ADaM and SDTM, all as CSV files."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from botox_analysis.trials.drafts.draft import draft_settings
from botox_analysis.trials.readers.formats import READERS
from tests.fuzz.targets import joined, parts

FOLDER = Path(__file__).resolve().parents[1] / "data"

COLUMNS = (
    "USUBJID", "SUBJID", "STUDYID", "DOMAIN", "ARM", "ARMCD", "ACTARM", "TRT01P", "TRT01A", "TRT01PN", "ITTFL", "SAFFL",
    "RANDFL", "TRTSDT", "TRTEDT", "RFSTDTC", "RFXSTDTC", "EOSSTT", "DCSREAS", "PARAMCD", "PARAM", "AVISIT", "AVISITN",
    "AVAL", "AVALC", "BASE", "CHG", "ABLFL", "ANL01FL", "DTYPE", "ADT", "ADY", "ASTDT", "ASTDY", "AENDY", "AENDT", "TRTEMFL",
    "AEBODSYS", "AEDECOD", "AESEV", "AEREL", "AESER", "AEACN", "AESDTH", "AESTDTC", "AEENDTC", "EXTRT", "EXDOSE", "EXDOSU",
    "EXSTDTC", "EXSTDY", "EPOCH", "DSDECOD", "DSSTDTC", "DSCAT", "QSTESTCD", "QSSTRESN", "QSSTRESC", "QSBLFL", "QSDTC",
    "QSDY", "VISIT", "VISITNUM", "CNSR", "STARTDT", "SRCDOM", "record_id", "redcap_event_name", "redcap_repeat_instrument",
    "redcap_repeat_instance", "features___1", "features___99", "d1", "d-1", "d0", "d01", "d366", "month0", "month1",
    "2024-03-04", "question", "answer", "subject", "arm", "day", "visit", "age", "",
)  # fmt: skip
"""Names of columns that mean something in one of the shapes."""

CELLS = (
    "Y", "N", "U", "MILD", "SEVERE", "FATAL", "PLACEBO", "Screen Failure", "SCRNFAIL", "NOTTRT", "Not Assigned", "LOCF",
    "COMPLETED", "DEATH", "ADVERSE EVENT", "DEFINITE", "PROBABLE", "RELATED", "DOSE NOT CHANGED", "DRUG WITHDRAWN", "2013",
    "2013-05", "2013-05-32", "2013-05-01T", "2013-05-01T25:00", "2013---01", "-1", "0", "1", "84", "1e99", "19000", "days",
    "DAYS", "WEEKS", "mg", "U", "baseline_arm_1", "week_12_arm_1", "diary", "Checked", "Unchecked", "Baseline",
    "UNSCHEDULED 1.1", "Week 12 (Month 3)",
)  # fmt: skip
"""Cells of the shapes, beside those of any table."""

SETTINGS = (
    "[adam]\nderived = 'keep'", "[adam]\npartial_dates = 'first possible day'",
    "[adam]\npartial_dates = 'last possible day'", "[adam]\nparameters = ['HIT6']", "[adam]\nparameters = ['x']",
    "[adam]\ndatasets = ['ADSL', 'ADQS']", "[adam]\ndatasets = ['x']", "[sdtm]\npartial_dates = 'last possible day'",
    "[sdtm]\ntests = ['HIT6']", "[sdtm]\ntests = ['x']", "[redcap]\nsubjects = 'baseline_arm_1'",
    "[redcap]\ndiary = 'diary'", "[questions]\nquestion = 'x'\nanswer = 'y'", "[diary]\nwide = {headache = 'd{day}'}",
    "[diary]\nwide = {headache = '{date}'}", "[assessments]\nwide = {x = 'month{month}'}",
)  # fmt: skip
"""Tables of settings of the shapes, right for one of them."""


def seeds() -> list[bytes]:
    """Give each folder of `tests/data`, its tables as CSV files, with the settings that are drafted for it."""
    folders = [folder for folder in sorted(FOLDER.iterdir()) if folder.is_dir()]
    return [
        _as_csv(files)
        for files in ([path for path in sorted(folder.iterdir()) if path.suffix in READERS] for folder in folders)
        if files
    ]


def _as_csv(paths: list[Path]) -> bytes:
    files = {}
    for path in paths:
        if path.suffix == ".csv":
            files[f"{path.stem.lower()}.csv"] = path.read_bytes()
        else:
            files |= {
                f"{table.name.lower()}.csv": table.frame.to_csv(index=False).encode() for table in READERS[path.suffix](path, {})
            }
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        for name, content in files.items():
            (Path(place) / name).write_bytes(content)
        return joined(files | {"trial.toml": draft_settings(place).encode()})


def damaged(data: bytes, chance: Random, change: Callable[[bytes, Random], bytes]) -> bytes:
    """Change a cell or a name into one of the shapes, or the settings of a shape, or the file as any other."""
    files = parts(data)
    names = [name for name in files if name.endswith(".csv") and files[name]]
    if chance.random() < 0.5 or not names:
        return change(data, chance)
    if chance.random() < 0.15:
        said = files.get("trial.toml", b"").decode("utf-8", errors="surrogateescape").split("\n[")
        tables = [chance.choice(SETTINGS), *(f"[{table}" for table in said[1:] if chance.random() < 0.8)]
        files["trial.toml"] = "\n".join([said[0], *tables]).encode("utf-8", errors="surrogateescape")
        return joined(files)
    if chance.random() < 0.05:
        del files[chance.choice(names)]
        return joined(files)
    name = chance.choice(names)
    rows = [line.split(b",") for line in files[name].split(b"\n")]
    row = rows[0] if chance.random() < 0.4 else chance.choice(rows)
    row[chance.randrange(len(row))] = chance.choice(COLUMNS if row is rows[0] else CELLS).encode()
    files[name] = b"\n".join(map(b",".join, rows))
    return joined(files)

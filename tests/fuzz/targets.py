"""What fuzzers and replays call: the bytes of some files in, nothing out.

A target returns where the library reads the files or refuses them by an error of its own, and raises where an error of another
library comes through, or where what was read is not what every trial is.
"""

import contextlib
import re
import shutil
import tempfile
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from botox_analysis.cells.names import has_control, spelled
from botox_analysis.cells.notation import LARGEST
from botox_analysis.cells.reading import SEVERITIES
from botox_analysis.errors import DataError, FitError
from botox_analysis.frames.estimates import ESTIMATES
from botox_analysis.report import check
from botox_analysis.trials.drafts.draft import draft_settings
from botox_analysis.trials.layout import COUNTED_NAMES, DOSE_DAY, KEYS, MOST_DAYS, STUDY_DAY, TABLES, columns_of
from botox_analysis.trials.read import load_trial
from botox_analysis.trials.settings.file import check_settings
from botox_analysis.trials.trial import Trial, as_trial
from tests.fuzz import workbook as workbooks

_PART = re.compile(rb"(?:\A|\n)=== ([a-z_]{1,24}\.[a-z]{1,8}) ===\n")

BASE = {
    "subjects.csv": b"subject,arm,itt,age,completed,last_day,first_dose_date\n"
    b"S1,placebo,yes,41,yes,84,2024-03-01\nS2,155 U,yes,52,no,30,2024-02-28\nS3,155 U,no,,yes,84,2023-12-31\n",
    "diary.csv": b"subject,day,headache_hours,severity,migraine,acute_medication\n"
    b"S1,-1,4.5,severe,yes,1\nS1,1,0,none,no,0\nS2,-2,,,,\nS2,3,24,mild,no,2\nS3,1,3,moderate,yes,0\n",
    "assessments.csv": b"subject,scale,visit,value\n"
    b"S1,HIT-6,baseline,66\nS1,HIT-6,week 4,60\nS1,HIT-6,month 3,58\nS2,HIT-6,baseline,64\n",
    "adverse_events.csv": b"subject,term,class,onset_date,end_date,severity,related,serious\n"
    b"S2,Neck pain,Musculoskeletal disorders,2024-03-02,2024-03-09,mild,yes,no\n"
    b"S3,Ptosis,Eye disorders,2024-01-08,,severe,,yes\n",
    "intercurrent_events.csv": b"subject,kind,day\nS2,discontinuation,30\nS3,rescue treatment,12\n",
    "attacks.csv": b"subject,start_day,start_time,end_day,end_time,peak,nausea\n"
    b"S1,-1,18:45,-1,23:15,7,yes\nS2,-2,13,-2,20.5,8,no\nS3,1,6,1,9,9,\n",
    "treatments.csv": b"subject,date,cycle,product,dose,muscle\n"
    b"S1,2024-03-01,1,placebo,0,frontalis\nS2,2024-02-28,1,toxin,155,frontalis\nS2,2024-05-22,2,toxin,155,\n",
    "event_times.csv": b"subject,endpoint,time,observed,reason\nS1,relapse,30,yes,relapse\nS2,relapse,84,no,end of study\n",
}
"""A small trial in the documented layout."""


def parts(data: bytes) -> dict[str, bytes]:
    """Take files out of the text that contains them, each behind a line with its name."""
    found = _PART.split(data)
    return {name.decode(): content for name, content in zip(found[1::2], found[2::2], strict=True)}


def joined(files: Mapping[str, bytes]) -> bytes:
    """Put files into one text, as `parts` takes them out."""
    return b"\n".join(f"=== {name} ===\n".encode() + content for name, content in files.items())


def csv(data: bytes) -> None:
    """Read a folder of CSV files and settings, of the layout or of another shape."""
    _load({name: content for name, content in parts(data).items() if name.endswith((".csv", ".toml"))})


def parquet(data: bytes) -> None:
    """Read a Parquet file of one table beside CSV files of the others."""
    files = {name: content for name, content in parts(data).items() if name.endswith((".parquet", ".toml"))}
    given = {name.split(".")[0] for name in files}
    _load({name: content for name, content in BASE.items() if name == "subjects.csv" and "subjects" not in given} | files)


def workbook(data: bytes) -> None:
    """Read a workbook of one or more sheets, in the child process: a cell far from the others may need all its memory."""
    _load({f"subjects{workbooks.suffix_of(data)}": data})


def sas7bdat(data: bytes) -> None:
    """Read subjects of a SAS data set, in the child process: a crash of its parser is a refusal, too."""
    _load({name: content for name, content in BASE.items() if name != "subjects.csv"} | {"subjects.sas7bdat": data})


def draft(data: bytes) -> None:
    """Draft the settings of a folder of CSV files; a draft is always TOML that can be read."""
    files = {name: content for name, content in parts(data).items() if name.endswith((".csv", ".txt"))}
    with _folder(files) as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            text = draft_settings(folder)
        except DataError:
            return
    check_settings(tomllib.loads(text))


def toml(data: bytes) -> None:
    """Read a trial with these settings."""
    _load(BASE | {"trial.toml": data})


def dataset_json(data: bytes) -> None:
    """Read subjects of Dataset-JSON, in whichever form, beside CSV files of the other tables."""
    _load({name: content for name, content in BASE.items() if name != "subjects.csv"} | {"subjects.dsjc": data})


def transport(data: bytes) -> None:
    """Read subjects of a SAS transport file beside CSV files of the other tables."""
    _load({name: content for name, content in BASE.items() if name != "subjects.csv"} | {"subjects.xpt": data})


def manifest(data: bytes) -> None:
    """Check a report of these files; the report that is made anew has fixed files."""
    with _folder(parts(data)) as folder, _fixed_report(), contextlib.suppress(DataError, FitError):
        check.check_report(folder, trial=_TRIAL)
        check.check_report(folder)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "csv": csv,
    "parquet": parquet,
    "dataset_json": dataset_json,
    "transport": transport,
    "workbook": workbook,
    "sas7bdat": sas7bdat,
    "shapes": csv,
    "draft": draft,
    "toml": toml,
    "manifest": manifest,
}


def _load(files: Mapping[str, bytes]) -> None:
    with _folder(files) as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            trial = load_trial(folder)
        except (DataError, FitError):
            return
    require_sound(trial)


@contextlib.contextmanager
def _folder(files: Mapping[str, bytes]) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def require_sound(trial: Trial) -> None:
    """Refuse a trial that has what no trial can have."""
    subjects = trial.subjects["subject"]
    assert subjects.notna().all()
    assert subjects.is_unique
    assert trial.subjects["arm"].notna().all()
    assert set(trial.subjects["arm"]) == set(trial.arms)
    assert (trial.left_out["n"] > 0).all()
    for table in TABLES:
        frame = getattr(trial, table)
        if frame is None:
            continue
        assert not frame.duplicated(list(KEYS.get(table, frame.columns))).any() or table not in KEYS
        assert table == "subjects" or list(frame["subject"].cat.categories) == list(subjects)
        assert table == "subjects" or frame["subject"].notna().all()
        for column in COUNTED_NAMES.get(table, ()):
            if column in frame:
                names = [str(name) for name in frame[column].dropna().unique()]
                assert all(name and spelled(name) == name and not has_control(name) for name in names)
        of_days = [column for column, rule in columns_of(table, ()).items() if rule.expected in (STUDY_DAY, DOSE_DAY)]
        for column in frame.columns.intersection(of_days):
            days = frame[column].dropna().to_numpy(dtype=float)
            assert ((days == np.floor(days)) & (days != 0) & (np.abs(days) <= MOST_DAYS)).all()
        if table in ("diary", "adverse_events") and "severity" in frame:
            assert set(frame["severity"].dropna()) <= set(SEVERITIES)
    if trial.diary is not None and "headache_hours" in trial.diary:
        assert trial.diary["headache_hours"].dropna().between(0, 24).all()
    if trial.assessments is not None:
        assert trial.assessments["visit"].notna().all()
        assert (trial.assessments["value"].dropna().abs() <= LARGEST).all()


_TRIAL = as_trial({"subjects": pd.DataFrame({"subject": ["a", "b"], "arm": ["placebo", "155 U"]})}, name="two")

REPORT = {
    "manifest.json": b'{"made_by": "botox-analysis report", "trial": "two", "origin": "simulated", "simulated": "yes", '
    b'"seed": "1", "settings": {"visit": "week 4", "endpoint": "HIT-6"}, "inputs": {"sha256 of subjects.csv": "00ff"}, '
    b'"outputs": {"estimates.csv": "5d", "tables/efficacy.csv": "6e"}, "versions": {"python": "3.11.7", "numpy": "2.0.0"}, '
    b'"kernels": {"openblas": "Haswell"}}\n',
    "estimates.csv": f"{','.join(ESTIMATES)},within\n".encode()
    + b"two,all randomised,155 U,placebo,HIT-6,week 4,used,difference of means,,ANCOVA,2,-1.25,0.5,10,-2,0,0.95,0.1,\n"
    b'two,all randomised,155 U,,HIT-6,week 4,used,mean,,"ANCOVA, adjusted",2,-3,0.25,10,-4,-2,0.95,,\n',
}
"""The files of a report that `check` reads."""


@contextlib.contextmanager
def _fixed_report() -> Iterator[None]:
    """Make a report of fixed files, of a fixed trial, within: what is tried is the reading of the earlier one."""

    def write(trial: Trial, folder: Path, **_: object) -> Path:
        folder.mkdir()
        for name, content in REPORT.items():
            (folder / name).write_bytes(content)
        return folder / "index.html"

    before = check.write_report, check.open_trial
    check.write_report, check.open_trial = write, lambda _: _TRIAL
    try:
        yield
    finally:
        check.write_report, check.open_trial = before

"""`load_trial`: a folder of CSV or Parquet files -> `Trial`.

A small ``trial.toml`` beside the files says what is called otherwise; without it the documented layout is expected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botox_analysis.schema import BASELINE, DataError, listed
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.raw_files import find_table, read_table
from botox_analysis.trials.settings import SETTINGS, arms_of, protocol_of, read_settings, visits_of
from botox_analysis.trials.study_days import with_study_days
from botox_analysis.trials.trial import Trial, as_trial


def load_trial(folder: str | Path) -> Trial:
    """A trial from a folder of CSV or Parquet files.

    Parameters
    ----------
    folder : str or Path
        Holds ``subjects`` and any of ``diary``, ``assessments`` and ``adverse_events``, each as ``.csv`` or
        ``.parquet``, and, where the layout differs from the documented one, ``trial.toml``.

    Returns
    -------
    Trial
        With all subjects. Empty cells and the missing codes named in ``trial.toml`` are missing values; nothing else
        is ("NA" may be North America). Dates are study days: day 1 is that of ``first_dose_date``, the day before is -1.

    Raises
    ------
    DataError
        A file or column is missing, or cells are not what they should be: file, row and column of each.

    References
    ----------
    CDISC Study Data Tabulation Model Implementation Guide 3.4, section 4.4.4: study days, without a day 0.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: found no such folder; expected one with subjects.csv or subjects.parquet.")
    settings = read_settings(folder)
    paths = {table: find_table(folder, table) for table in TABLES}
    if paths["subjects"] is None:
        found = sorted(path.name for path in folder.iterdir())
        raise DataError(f"{folder}: found {listed(found)}; expected subjects.csv or subjects.parquet among them.")
    present = {table: path for table, path in paths.items() if path is not None}
    raw = {table: read_table(path, table, settings) for table, path in present.items()}
    files = {table: path.name for table, path in present.items()}
    raw = with_study_days(raw, files, settings)
    if "assessments" in raw and "baseline" in settings and "visit" in raw["assessments"].columns:
        visit = raw["assessments"]["visit"].astype(object).map(str)
        first = str(settings["baseline"])
        if not (visit == first).any():
            raise DataError(
                f"{SETTINGS}: found baseline = {first!r}; {files['assessments']} has the visits {listed(visit.unique())}."
            )
        raw["assessments"] = raw["assessments"].assign(visit=visit.where(visit != first, BASELINE))
    return as_trial(
        raw,
        name=settings.get("name", folder.resolve().name),
        arms=arms_of(settings),
        visits=visits_of(settings),
        populations=tuple(settings.get("populations", ())),
        protocol=protocol_of(settings),
        provenance=_provenance(settings, [*present.values(), folder / SETTINGS]),
        files=files,
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 checksum of a file.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _provenance(settings: Mapping[str, Any], paths: list[Path]) -> dict[str, str]:
    said = {key: str(settings[key]) for key in ("citation", "source", "seed") if key in settings}
    said["simulated"] = "yes" if settings.get("simulated") else "no"
    return said | {f"sha256 of {path.name}": sha256_of(path) for path in paths if path.is_file()}

"""`load_trial`: a folder of CSV or Parquet files -> `Trial`.

A small ``trial.toml`` beside the files says what is called otherwise; without it the documented layout is expected.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.schema import BASELINE, DataError, Problem, listed, refuse, require_columns
from botox_analysis.trials.layout import TABLES, table_schemas
from botox_analysis.trials.trial import Protocol, Trial, as_trial

SETTINGS = "trial.toml"
_WORD, _WORDS, _CODES = "a text", "a list of texts", "a list of texts or numbers"
_KEYS = {
    "name": _WORD, "citation": _WORD, "source": _WORD, "simulated": "true or false", "seed": "a whole number",
    "arms": _WORDS, "reference": _WORD, "visits": _CODES, "baseline": "a text or a number", "populations": _WORDS,
    "factors": _WORDS, "missing": _CODES, "first_day": "a whole number", "date_format": _WORD, "separator": _WORD,
    "decimal": _WORD, "encoding": _WORD, "columns": "a table", "values": "a table", "protocol": "a table",
}  # fmt: skip
_PROTOCOL_KEYS = {
    "endpoint": _WORD, "visit": _WORD, "covariates": _WORDS, "efficacy_population": _WORD, "safety_population": _WORD,
    "handling": _WORD, "reduction": "a number", "points": "a number", "diary_rule": _WORD,
}  # fmt: skip


def _is_list(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, list) and all(isinstance(item, kinds) and not isinstance(item, bool) for item in value)


_IS = {
    _WORD: lambda value: isinstance(value, str),
    _WORDS: lambda value: _is_list(value, (str,)),
    _CODES: lambda value: _is_list(value, (str, int, float)),
    "a text or a number": lambda value: isinstance(value, str | int | float) and not isinstance(value, bool),
    "true or false": lambda value: isinstance(value, bool),
    "a whole number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "a number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "a table": lambda value: isinstance(value, dict),
}
_DAY_COLUMNS = {
    "diary": [("day", "date")],
    "assessments": [("day", "date")],
    "adverse_events": [("onset_day", "onset_date"), ("end_day", "end_date")],
    "subjects": [("last_day", "last_date")],
}
FIRST_DOSE = "first_dose_date"


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
    settings = _read_settings(folder)
    paths = {table: _find_table(folder, table) for table in TABLES}
    if paths["subjects"] is None:
        found = sorted(path.name for path in folder.iterdir())
        raise DataError(f"{folder}: found {listed(found)}; expected subjects.csv or subjects.parquet among them.")
    present = {table: path for table, path in paths.items() if path is not None}
    raw = {table: _renamed(_read_table(path, table, settings), table, path.name, settings) for table, path in present.items()}
    files = {table: path.name for table, path in present.items()}
    _add_study_days(raw, files, settings)
    if "assessments" in raw and "baseline" in settings and "visit" in raw["assessments"].columns:
        visit = raw["assessments"]["visit"].astype(str)
        raw["assessments"]["visit"] = visit.where(visit != str(settings["baseline"]), BASELINE)
    return as_trial(
        raw,
        name=settings.get("name", folder.resolve().name),
        arms=_arms(settings),
        visits=_visits(settings),
        populations=tuple(settings.get("populations", ())),
        protocol=_protocol(settings),
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


def _read_settings(folder: Path) -> dict[str, Any]:
    path = folder / SETTINGS
    if not path.is_file():
        return {}
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{SETTINGS}: found something that is not TOML in UTF-8 ({error}).") from error
    _check_keys(settings, _KEYS, SETTINGS)
    _check_keys(settings.get("protocol", {}), _PROTOCOL_KEYS, f"{SETTINGS}, [protocol]")
    for key in ("columns", "values"):
        _check_keys(settings.get(key, {}), dict.fromkeys(TABLES, "a table"), f"{SETTINGS}, [{key}]")
    for table, names in settings.get("columns", {}).items():
        _check_keys(names, dict.fromkeys(names, _WORD), f"{SETTINGS}, [columns.{table}]")
    for table, columns in settings.get("values", {}).items():
        _check_keys(columns, dict.fromkeys(columns, "a table"), f"{SETTINGS}, [values.{table}]")
    try:
        codecs.lookup(settings.get("encoding", "utf-8"))
    except LookupError as error:
        raise DataError(
            f"{SETTINGS}: found encoding = {settings['encoding']!r}; expected one Python knows, such as latin-1."
        ) from error
    for key in ("separator", "decimal"):
        if len(settings.get(key, ".")) != 1:
            raise DataError(f"{SETTINGS}: found {key} = {settings[key]!r}; expected one character.")
    return settings


def _check_keys(found: Mapping[str, Any], expected: Mapping[str, str], where: str) -> None:
    unknown = [key for key in found if key not in expected]
    if unknown:
        raise DataError(f"{where}: found the key {listed(unknown)}; expected some of {listed(expected, n_shown=30)}.")
    for key, value in found.items():
        if not _IS[expected[key]](value):
            raise DataError(f"{where}: found {key} = {value!r}; expected {expected[key]}.")


def _find_table(folder: Path, table: str) -> Path | None:
    found = [path for path in (folder / f"{table}.csv", folder / f"{table}.parquet") if path.is_file()]
    if len(found) > 1:
        raise DataError(f"{folder}: found both {found[0].name} and {found[1].name}; expected one of them.")
    return found[0] if found else None


def _read_table(path: Path, table: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    codes = [str(code) for code in settings.get("missing", ())]
    if path.suffix == ".parquet":
        return _read_parquet(path, codes)
    text = _read_text(path, settings)
    separator = settings.get("separator", ",")
    header = _check_cells(path, text, separator)
    # What is a text by the layout is read as one: '007' is not 7.
    theirs = {name: ours for ours, name in settings.get("columns", {}).get(table, {}).items()}
    words = {column for column, rule in table_schemas()[table].columns.items() if rule.metadata["kind"] == "text"}
    words |= set(settings.get("factors", ())) if table == "subjects" else set()
    as_text = {name: str for name in header if theirs.get(name.strip(), name.strip()) in words}
    return pd.read_csv(
        io.StringIO(text), sep=separator, decimal=settings.get("decimal", "."), keep_default_na=False, na_values=["", *codes],
        low_memory=False, skipinitialspace=True, index_col=False, dtype=as_text,
    )  # fmt: skip


def _read_parquet(path: Path, codes: list[str]) -> pd.DataFrame:
    import pyarrow

    try:
        frame = pd.read_parquet(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path.name}: found no Parquet file ({type(error).__name__}); expected one, or a CSV file.") from error
    for column in frame.columns:
        known = (
            frame[column].astype(object).map(lambda value: f"{value:g}" if isinstance(value, float | np.floating) else str(value))
        )
        frame[column] = frame[column].mask(known.isin(["", *codes]).to_numpy())
    return frame


def _read_text(path: Path, settings: Mapping[str, Any]) -> str:
    encoding = settings.get("encoding", "utf-8-sig")
    content = path.read_bytes()
    if not content.strip():
        raise DataError(f"{path.name}: found an empty file; expected a header and at least one row.")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path.name}, row {row}: found a byte 0x{content[error.start]:02x} that is not {encoding}; "
            f'save the file as UTF-8, or name its encoding in {SETTINGS} (encoding = "latin-1").'
        ) from error


def _check_cells(path: Path, text: str, separator: str) -> list[str]:
    """The header, after every row has been seen to have as many cells."""
    problems: list[Problem] = []
    header: list[str] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True), start=1):
            if not header:
                header = cells
            elif cells and len(cells) != len(header):
                problems.append((path.name, number, "", f"{len(cells)} cells", f"{len(header)}, as in the header"))
    except csv.Error as error:
        raise DataError(f"{path.name}: found something that is not CSV ({error}); expected rows of cells.") from error
    if len(header) == 1 and separator == ",":
        for other, said in ((";", ";"), ("\t", "\\t")):
            if other in header[0]:
                raise DataError(
                    f"{path.name}, row 1: found '{said}' between the columns; expected ',', or a line "
                    f'separator = "{said}" in {SETTINGS} (and decimal = "," where numbers have one).'
                )
    refuse(problems)
    return header


def _renamed(frame: pd.DataFrame, table: str, file: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    frame = frame.rename(columns=lambda column: str(column).strip())
    names = settings.get("columns", {}).get(table, {})
    require_columns(frame, names.values(), f"{file}, by [columns.{table}] of {SETTINGS},")
    frame = frame.rename(columns={theirs: ours for ours, theirs in names.items()})
    for column, words in settings.get("values", {}).get(table, {}).items():
        require_columns(frame, [column], f"{file}, by [values.{table}] of {SETTINGS},")
        read = frame[column].astype(object).where(frame[column].notna(), "")
        spelled = read.map(lambda word: f"{word:g}" if isinstance(word, float) else str(word))
        recoded = spelled.map(lambda word, words=words: words.get(word, word))
        frame[column] = recoded.where(recoded != "", np.nan)
    return frame


def _add_study_days(raw: dict[str, pd.DataFrame], files: Mapping[str, str], settings: Mapping[str, Any]) -> None:
    """Turn dates into study days, and days counted from 0 into days counted from 1, in place."""
    first_day = settings.get("first_day", 1)
    if first_day not in (0, 1):
        raise DataError(f"{SETTINGS}: found first_day = {first_day}; expected 0 or 1, the number of the first treatment's day.")
    problems: list[Problem] = []
    first_dose: pd.Series[Any] | None = None
    subjects = raw["subjects"]
    if FIRST_DOSE in subjects.columns and "subject" in subjects.columns:
        dates = _dates(subjects[FIRST_DOSE], files["subjects"], FIRST_DOSE, settings, problems)
        first_dose = pd.Series(dates.to_numpy(), index=subjects["subject"].astype(str))
        first_dose = first_dose[~first_dose.index.duplicated()]
        raw["subjects"] = subjects.drop(columns=FIRST_DOSE)
    for table, pairs in _DAY_COLUMNS.items():
        for day, date in pairs:
            if table not in raw:
                continue
            if date in raw[table].columns and day not in raw[table].columns:
                if first_dose is None:
                    raise DataError(
                        f"{files[table]} has dates ('{date}') and {files['subjects']} has no column '{FIRST_DOSE}'; "
                        "study days need both."
                    )
                dates = _dates(raw[table][date], files[table], date, settings, problems)
                start = raw[table]["subject"].astype(str).map(first_dose)
                days = (dates - pd.to_datetime(start)).dt.days.astype(float)
                raw[table] = raw[table].drop(columns=date).assign(**{day: days.where(days < 0, days + 1)})
            elif day in raw[table].columns:
                days = pd.to_numeric(raw[table][day], errors="coerce")
                if first_day == 0:
                    raw[table][day] = days.where(days < 0, days + 1).where(days.notna(), raw[table][day])
                else:
                    problems += [
                        (
                            files[table],
                            int(row) + 2,
                            day,
                            "day 0",
                            f"day 1 for the day of the first treatment and -1 for the day before, or first_day = 0 in {SETTINGS}",
                        )
                        for row in np.flatnonzero((days == 0).to_numpy())
                    ]
    refuse(problems)


def _dates(column: pd.Series[Any], file: str, name: str, settings: Mapping[str, Any], problems: list[Problem]) -> pd.Series[Any]:
    date_format = settings.get("date_format", "%Y-%m-%d")
    dates = pd.to_datetime(column, format=date_format, errors="coerce")
    wrong = column.notna().to_numpy() & dates.isna().to_numpy()
    problems += [
        (
            file,
            int(row) + 2,
            name,
            f"'{column.iloc[row]}'",
            f"a date written {date_format} (or date_format in {SETTINGS})",
        )
        for row in np.flatnonzero(wrong)
    ]
    return dates


def _arms(settings: Mapping[str, Any]) -> list[str] | None:
    arms = settings.get("arms")
    reference = settings.get("reference")
    if reference is None or arms is None:
        if reference is not None:
            raise DataError(f"{SETTINGS}: found reference = '{reference}' without arms; expected arms = [...] beside it.")
        return arms
    if reference not in arms:
        raise DataError(f"{SETTINGS}: found reference = '{reference}'; expected one of the arms {listed(arms)}.")
    return [reference, *(arm for arm in arms if arm != reference)]


def _visits(settings: Mapping[str, Any]) -> list[str] | None:
    visits = settings.get("visits")
    if visits is None:
        return None
    first = str(settings.get("baseline", BASELINE))
    named = [BASELINE if str(visit) == first or str(visit).lower() == BASELINE else str(visit) for visit in visits]
    return named if BASELINE in named else [BASELINE, *named]


def _protocol(settings: Mapping[str, Any]) -> Protocol:
    planned = dict(settings.get("protocol", {}))
    if not 0 <= planned.get("reduction", 0.5) <= 1:
        raise DataError(
            f"{SETTINGS}, [protocol]: found reduction = {planned['reduction']}; expected a share from 0 to 1, such as 0.5."
        )
    planned["covariates"] = tuple(planned.get("covariates", ()))
    return Protocol(**planned)


def _provenance(settings: Mapping[str, Any], paths: list[Path]) -> dict[str, str]:
    said = {key: str(settings[key]) for key in ("citation", "source", "seed") if key in settings}
    said["simulated"] = "yes" if settings.get("simulated") else "no"
    return said | {f"sha256 of {path.name}": sha256_of(path) for path in paths if path.is_file()}

"""How files are damaged: one change at a time, of a header, a cell, a row, a line of settings, a type, a byte."""

import contextlib
import datetime
import decimal
import io
import json
import re
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from botox_analysis.trials.layout import DATES, TABLES, columns_of
from tests.fuzz import dataset_json, sas7bdat, shapes, transport, workbook
from tests.fuzz.targets import BASE, REPORT, joined, parts

CELLS = (
    "", " ", "0", "-0", "1", "01", "1.0", "1e5", "1E400", "-9", "-9.0", "-9,0", ".", ".A", "NA", "N/A", "NaN", "nan", "inf", "-inf",
    "unknown", "None", "True", "yes", "NO", "ja", "mild", "Severe", "3", "25", "24.0", "1,5", "1.234,5", "1 000", "1'000", "0x10",
    "1_000", "٣", "１２", "<5", "5*", "+5", "--5", "1e-400", "9" * 17, "9" * 400, "1e12", "1e13", "20001", "2024-03-01", "2024-02-30",
    "2024-3-1", "2024-03-01T23:30:00Z", "2024-03-01T23:30:00+02:00", "2024-03-01 25:00", "0001-01-01", "9999-12-31", "01.03.2024",
    "1.3.24", "20240301", "45352", "23071.5", "UN-Mar-2024", "01MAR2024", "baseline", "Baseline", "week 4", "Week 4", "week\u00a04",
    "wk 8", "month 3", "Year 1", "day -1", "day 0", "V1", "V10", "visit 1", "screening", "unscheduled", "Week 12 (EOT)", "S1", "s1",
    "S\u200b1", "\ufeffS1", "Ü", "U\u0308", "ß", "SS", "Bell\u2019s", "Bell's", "\u202eevil", "a\tb", "a\nb", "a\x00b", "a\x1fb", "\x85",
    "\u2028", "😀", "\u0430", "x" * 5000, '"', '""', "'", '"a', 'a"b', "=1+1", "#REF!", "placebo", "sham", "active placebo",
)  # fmt: skip
"""Cells that mean something in one column and nothing in another."""

TYPES = (np.nan, None, True, -1, 10**30, 1e300, float("inf"), 1.5, b"bytes", "text", [1, 2], {"a": 1}, 1 + 2j,
         decimal.Decimal("1.5"), decimal.Decimal("NaN"), datetime.date(2024, 3, 1), datetime.datetime(2024, 3, 1, 23, 30),
         datetime.datetime(2024, 3, 1, 23, 30, tzinfo=datetime.UTC), datetime.timedelta(days=3), datetime.time(1, 2))  # fmt: skip

_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "cp437", "cp037", "mac-roman", "ascii", "utf-7",
              "hz", "iso2022_jp", "shift_jis", "gb18030", "big5", "charmap", "idna", "hex", "mbcs", "oem", "palmos")  # fmt: skip

_SETTINGS: dict[str, tuple[str, ...]] = {
    "name": ('"N"', '""', "3"), "arms": ('["placebo", "155 U"]', '["155 U"]', "[]", '["placebo", "placebo"]', '[""]', '"placebo"'),
    "reference": ('"placebo"', '"155 U"', '"x"', "1"), "visits": ('["week 4", "month 3"]', '["baseline", "week 4"]', "[4, 12]", "[nan]", '["month 3", "week 4"]'),
    "baseline": ('"week 4"', '"baseline"', "0", "nan", "-0.0", "1e308", '"Baseline"'),
    "unscheduled": ('["month 3"]', '["week 4", "month 3"]', '["baseline"]', "[3]", "[]"),
    "within_window": ('"last"', '"nearest"', '"first"'), "populations": ('["itt"]', '["arm"]', '["age"]', '["subject"]', '["x"]'),
    "factors": ('["age"]', '["arm"]', '["subject"]', '["x"]', "[]"), "missing": ('["-9", "."]', "[-9]", "[nan]", "[inf]", '[""]', '["S1"]', "[0, 1]", "[1e400]"),
    "first_day": ("0", "1", "2", "true", "0.0"), "date_format": ('"%Y-%m-%d"', '"%d.%m.%Y"', '"%Y-%m-%dT%H:%M:%S%z"', '"%y"', '"%"', '"%Y%m%d"', '"%s"', '"%c"', '"%G-%V-%u"', '"%Y-%j"', '"\\u0000%Y"', '"%Y-%m-%d%"', '"[%Y-%m-%d"'),
    "date_origin": ("1960-01-01", '"1899-12-30"', "1904-01-01", "0001-01-01", "9999-12-31", "1979-05-27T07:32:00Z", "07:32:00", '"x"'),
    "time_zone": ('"Europe/Berlin"', '"UTC"', '"../etc/passwd"', '"/etc"', '""', '"Europe"', '"localtime"', '"\\u0000"', '"a\\nb"', '"posixrules"'),
    "separator": ('";"', '","', '"\\t"', '" "', '"\\u0000"', '"\\n"', '"\\""', '"§"', '"."', '"x"'), "decimal": ('","', '"."', '"x"', '""'),
    "encoding": tuple(f'"{name}"' for name in _ENCODINGS), "simulated": ("true", "false", "1"), "seed": ("1", "-1", "1.5", "9" * 30),
    "citation": ('"C"', "[]"), "source": ('"S"', "1979-05-27"),
    "columns": tuple(f"{{{table} = {{{our} = {their!r}}}}}" for table in TABLES[:3] for our, their in (("subject", "arm"), ("x", "subject"), ("arm", ""), ("day", "value"))),
    "values": ('{subjects = {arm = {"placebo" = "P"}}}', '{diary = {severity = {"3" = "severe"}}}', '{diary = {migraine = {"yes" = false, "no" = true}}}',
               '{diary = {headache_hours = {"" = 3}}}', '{assessments = {visit = {"week 4" = "month 3"}}}', '{assessments = {value = {"66" = "x"}}}',
               '{subjects = {subject = {"S1" = "S2"}}}', '{subjects = {first_dose_date = {"2024-03-01" = 3.5}}}', '{subjects = {x = {}}}', '{subjects = {age = {"41" = nan}}}'),
    "scales": ('{"HIT-6" = {baseline = false}}', '{"HIT-6" = {baseline = true}}', '{x = {baseline = false}}', '{"HIT-6" = 3}', '{"HIT-6" = {}}'),
    "windows": ('{"week 4" = [1, 60]}', '{"week 4" = [60, 1]}', '{"week 4" = [1, 60], "month 3" = [60, 99]}', '{baseline = [-28, -1]}', '{"week 4" = [1.0, 2.0]}', "{}"),
    "diary": ("{}", '{severity = {}}', '{blank_dose = "none taken"}', '{contradictions = "hours"}', "{x = 1}", '{wide = "day{day}"}', '{wide = {severity = "{date}"}}', '{wide = "{day"}'),
    "assessments": ("{}", '{wide = "value{visit}"}', '{wide = {"HIT-6" = "value"}}', '{wide = {value = "{week}"}}', '{wide = {}}', "{wide = [1]}"),
    "files": ("{}", '{diary = "assessments.csv"}', '{diary = "../x.csv"}', '{diary = "/etc/passwd"}', '{x = "subjects.csv"}', '{diary = {file = "diary.csv", table = "diary"}}', "{diary = 1}"),
    "table": ('"subjects"', '""', "1"), "redcap": ("{}", '{subjects = "x"}', '{diary = ""}', '{visits = {}}', '{arms = {1 = 2}}'),
    "questions": ("{}", '{question = "visit", answer = "value", assessments = {baseline = "x"}}', '{question = "severity", answer = "headache", diary = {mild = "headache"}}', '{diary = {x = "headache"}}'),
    "protocol": ('{endpoint = "HIT-6"}', '{visit = "week 4"}', '{covariates = ["age"]}', "{reduction = 2}", "{points = nan}", '{intercurrent = {discontinuation = "treatment policy"}}',
                 '{intercurrent = {discontinuation = "x"}}', "{intercurrent = {a = 1}}", '{handling = "x"}', '{analysis = "mmrm"}', '{safety_population = "x"}', "{x = []}"),
}  # fmt: skip
"""Lines of settings, right and wrong: key -> values."""


def seeds(target: str) -> list[bytes]:
    """Give the inputs from which a run starts."""
    chance = Random(1)
    if target == "csv":
        names = list(BASE)
        return [
            joined(BASE),
            *(joined({"subjects.csv": BASE["subjects.csv"], name: BASE[name]}) for name in names[1:]),
            joined({name: content.replace(b",", b";").replace(b".", b",") for name, content in BASE.items()}
                   | {"trial.toml": b'separator = ";"\ndecimal = ","\n'}),
            joined({name: content.decode().encode("utf-16") for name, content in BASE.items()} | {"trial.toml": b'encoding = "utf-16"\n'}),
            joined({name: content.replace(b"\n", b"\r\n") for name, content in BASE.items()}),
        ]  # fmt: skip
    if target == "parquet":
        return [damaged_parquet(b"", chance, whole=True) for _ in range(60)]
    if target == "dataset_json":
        return dataset_json.seeds()
    if target == "transport":
        return transport.seeds()
    if target == "workbook":
        return workbook.seeds()
    if target == "sas7bdat":
        return sas7bdat.seeds()
    if target == "shapes":
        return shapes.seeds()
    if target == "draft":
        return [joined(BASE), *shapes.seeds()]
    if target == "toml":
        return [f"{key} = {value}\n".encode() for key, values in _SETTINGS.items() for value in values]
    return [joined(REPORT), joined({"manifest.json": REPORT["manifest.json"]})]


def mutated(target: str, data: bytes, chance: Random) -> bytes:
    """Change an input of a target in one place."""
    change = {
        "csv": damaged_csv,
        "parquet": damaged_parquet,
        "dataset_json": dataset_json.damaged,
        "transport": transport.damaged,
        "workbook": workbook.damaged,
        "sas7bdat": sas7bdat.damaged,
        "shapes": _damaged_shape,
        "draft": _damaged_shape,
        "toml": damaged_settings,
        "manifest": damaged_report,
    }[target]
    return change(data, chance)


def _damaged_shape(data: bytes, chance: Random) -> bytes:
    return shapes.damaged(data, chance, damaged_csv)


def damaged_csv(data: bytes, chance: Random) -> bytes:
    """Change a cell, a row, a column, the header, the separator, the encoding or a setting of a folder of CSV files."""
    files = parts(data) or dict(BASE)
    tables = [name for name in files if name.endswith(".csv")]
    if not tables or chance.random() < 0.15:
        files["trial.toml"] = damaged_settings(files.get("trial.toml", b""), chance)
        return joined(files)
    name = chance.choice(tables)
    if chance.random() < 0.1:
        return joined(_encoded(files, name, chance))
    text = files[name].decode("utf-8", errors="surrogateescape")
    end = chance.choice(["\n", "\n", "\n", "\r\n", "\r"])
    separator = ";" if text.count(";") > text.count(",") else ","
    rows = [line.split(separator) for line in re.split(r"\r\n|\n|\r", text)]
    _change_rows(rows, name.split(".")[0], chance)
    files[name] = end.join(separator.join(row) for row in rows).encode("utf-8", errors="surrogateescape")
    return joined(files)


def _encoded(files: dict[str, bytes], name: str, chance: Random) -> dict[str, bytes]:
    encoding = chance.choice(_ENCODINGS)
    with contextlib.suppress(LookupError, UnicodeError):
        files[name] = files[name].decode("utf-8", errors="ignore").encode(encoding, errors="ignore")
    if chance.random() < 0.7:
        files["trial.toml"] = files.get("trial.toml", b"") + f'\nencoding = "{encoding}"\n'.encode()
    return files


_OF_ESTIMATES = ["a", "estimate", "method", "within", "number", "_merge", "estimate now", "std_error now", ""]


def _change_rows(rows: list[list[str]], table: str, chance: Random) -> None:
    row = chance.choice(rows)
    place = chance.randrange(len(row)) if row else 0
    what = chance.randrange(12)
    known = (
        [*columns_of(table, ()), *DATES.get(table, ()), "first_dose_date", "row", "index", "0", ""]
        if table in TABLES
        else _OF_ESTIMATES
    )
    if what < 4 and row:
        row[place] = chance.choice(CELLS)
    elif what == 10 and row:
        row[place] = chance.choice(
            ['"{}"', ' "{}"', '"{}" ', '"{}', '{}"', '"{}\n"', "'{}'", "\u00a0{}", "{}\u200b", " {} "]
        ).format(row[place])
    elif what == 4:
        rows[0][chance.randrange(len(rows[0]))] = chance.choice([*known, *CELLS])
    elif 7 <= what <= 9:
        _change_number_of_rows(rows, row, what, chance)
    else:
        _change_columns(rows, place, what, known, chance)


def _change_number_of_rows(rows: list[list[str]], row: list[str], what: int, chance: Random) -> None:
    """Repeat a row, drop it, or add an empty one."""
    if what == 7:
        rows.insert(chance.randrange(len(rows) + 1), list(row))
    elif what == 8:
        rows.remove(row)
    else:
        rows.insert(chance.randrange(len(rows) + 1), chance.choice([[], [""], [" "] * len(row), [""] * len(row)]))


def _change_columns(rows: list[list[str]], place: int, what: int, known: list[str], chance: Random) -> None:
    """Add a column, drop one, or fill one with other cells."""
    if what == 5:
        for number, cells in enumerate(rows):
            cells.insert(min(place, len(cells)), chance.choice(known) if number == 0 else chance.choice(CELLS))
    elif what == 6:
        for cells in rows:
            del cells[place : place + 1]
    else:
        for cells in rows[1:]:
            if place < len(cells):
                cells[place] = chance.choice(CELLS)


def damaged_settings(data: bytes, chance: Random) -> bytes:
    """Add, repeat or drop a line of settings."""
    lines = data.decode("utf-8", errors="surrogateescape").split("\n")
    what = chance.randrange(6)
    if what == 0 and len(lines) > 1:
        del lines[chance.randrange(len(lines))]
    elif what == 1:
        key = chance.choice(list(_SETTINGS))
        other = chance.choice([value for values in _SETTINGS.values() for value in values])
        lines.insert(0, f"{key} = {other}")
    else:
        key = chance.choice(list(_SETTINGS))
        lines = [line for line in lines if not line.startswith(f"{key} ")]
        lines.insert(0, f"{key} = {chance.choice(_SETTINGS[key])}")
    return "\n".join(lines).encode("utf-8", errors="surrogateescape")


def damaged_report(data: bytes, chance: Random) -> bytes:
    """Put something else in a place of the manifest, or in a cell of the estimates."""
    files = parts(data) or dict(REPORT)
    if chance.random() < 0.3 and "estimates.csv" in files:
        rows = [line.split(",") for line in files["estimates.csv"].decode("utf-8", errors="surrogateescape").split("\n")]
        _change_rows(rows, "", chance)
        files["estimates.csv"] = "\n".join(map(",".join, rows)).encode("utf-8", errors="surrogateescape")
        return joined(files)
    try:
        said = json.loads(files.get("manifest.json", b"{}"))
    except (ValueError, RecursionError):
        said = json.loads(REPORT["manifest.json"])
    odd: Any = chance.choice([None, True, 0, -1.5, 1e308, "", "x", "../../etc/passwd", "/etc/passwd", "a\x00b", "x" * 300, "a/" * 3000, [], [1], [[]],
                              {}, {"a": []}, {"": ""}, {"../x": "y"}, {"/": "y"}, {"manifest.json": "y"}, {"\ud800": "y"}])  # fmt: skip
    place: Any = said
    while isinstance(place, dict) and place and chance.random() < 0.8:
        key = chance.choice(list(place))
        if not isinstance(place[key], dict) or chance.random() < 0.4:
            place[key] = odd
            break
        place = place[key]
    else:
        said = odd if place is said else said
    files["manifest.json"] = json.dumps(said).encode()
    return joined(files)


def damaged_parquet(data: bytes, chance: Random, *, whole: bool = False) -> bytes:
    """Write a Parquet file of odd types anew, or turn some bytes of the one given."""
    files = parts(data)
    name = next((name for name in files if name.endswith(".parquet")), "")
    if whole or not name or chance.random() < 0.4:
        table = chance.choice([table for table in TABLES if f"{table}.csv" in BASE])
        files = {f"{table}.parquet": _parquet_of(table, chance)}
        if chance.random() < 0.3:
            files["trial.toml"] = damaged_settings(b"", chance)
        return joined(files)
    content = bytearray(files[name])
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        if content:
            # The footer has the types and the counts: it is where a changed byte means something else.
            end = len(content) if chance.random() < 0.1 else max(1, len(content) - 8)  # the last 8 are the mark and a length
            at = chance.randrange(max(0, end - 2000) if chance.random() < 0.6 else 0, end)
            content[at] = chance.choice([chance.randrange(256), content[at] ^ (1 << chance.randrange(8)), 0, 255])
    if chance.random() < 0.03:
        del content[chance.randrange(len(content) + 1) :]
    files[name] = bytes(content)
    return joined(files)


def _parquet_of(table: str, chance: Random) -> bytes:
    base = pd.read_csv(io.BytesIO(BASE[f"{table}.csv"]), dtype=str, keep_default_na=False)
    columns = {column: _typed(base[column].tolist(), chance) for column in base.columns}
    if chance.random() < 0.3:
        columns[chance.choice(["age", "row", "0", "", "__index_level_0__", "date", "day", "\u200b", "subject "])] = _typed(
            ["1", "2", "3", "4", "5"][: len(base)], chance
        )
    with io.BytesIO() as file:
        options = {"compression": chance.choice(["snappy", "none", "zstd", "gzip"]), "version": chance.choice(["1.0", "2.6"])}
        pq.write_table(pa.table(columns), file, use_dictionary=chance.random() < 0.5, **options)
        return file.getvalue()


def _typed(texts: list[str], chance: Random) -> pa.Array:
    """An array of the texts where they can be of a type drawn by chance, else of something else of that type."""
    n = len(texts)
    if chance.random() < 0.6:
        return pa.array(
            [text or None for text in texts], type=chance.choice([pa.string(), pa.large_string(), pa.string_view()][:2])
        )
    whole = [chance.choice([0, 1, 2, 3, -9, 45352, None]) for _ in range(n)]
    day = [chance.choice([datetime.datetime(2024, 3, 1, 23, 30), datetime.datetime(1, 1, 1), None]) for _ in range(n)]
    kind = chance.randrange(20)
    made: list[Any] = [
        lambda: pa.array(whole, type=chance.choice([pa.int8(), pa.int16()])) if 45352 not in whole else pa.array(whole, type=pa.int32()),
        lambda: pa.array([abs(v) if v is not None else None for v in whole], type=pa.uint64()),
        lambda: pa.array([2**63 + 5] * n, type=pa.uint64()),
        lambda: pa.array([None if v is None else v + 0.5 for v in whole], type=chance.choice([pa.float32(), pa.float64()])),
        lambda: pa.array(np.array([chance.choice([1, 2, 3]) for _ in range(n)], dtype=np.float16)),
        lambda: pa.array([chance.choice([True, False, None]) for _ in range(n)]),
        lambda: pa.array(day, type=pa.timestamp(chance.choice(["s", "ms", "us"]), tz=chance.choice([None, "UTC", "Europe/Berlin", "+02:00"]))),
        lambda: pa.array([None if v is None else v * 10**9 for v in whole], type=pa.timestamp("ns")),
        lambda: pa.array([None if v is None else abs(v) for v in whole], type=chance.choice([pa.date32(), pa.time32("s"), pa.duration("s")])),
        lambda: pa.array([None if v is None else abs(v) * 86_400_000 for v in whole], type=pa.date64()),
        lambda: pa.array([decimal.Decimal(v or 0) for v in whole], type=pa.decimal128(12, 2)),
        lambda: pa.array([[v, v] for v in whole], type=pa.list_(pa.int64())),
        lambda: pa.array([{"a": v} for v in whole]),
        lambda: pa.array([[("a", v)] for v in whole], type=pa.map_(pa.string(), pa.int64())),
        lambda: pa.array([text.encode() for text in texts], type=chance.choice([pa.binary(), pa.large_binary()])),
        lambda: pa.nulls(n),
        lambda: pa.array([text or None for text in texts]).dictionary_encode(),
        lambda: pa.array(whole, type=pa.int64()).dictionary_encode(),
        lambda: pa.array([chance.choice(CELLS) for _ in range(n)]),
        lambda: pa.array([float("nan"), float("inf"), -0.0, 1e300, None][:n]),
    ]  # fmt: skip
    return made[kind]()

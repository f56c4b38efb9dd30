"""How files of Dataset-JSON are damaged: a cell, an attribute, a piece of the text, the form, the compression."""

import contextlib
import csv
import gzip
import io
import json
import zlib
from random import Random
from typing import Any

from tests.fuzz.targets import BASE

_VALUES = (
    None, True, False, 0, -1, 1.5, 2**53 + 1, 10**400, 1e308, "", "S1", "\ud800", "2024-03-01", "2024-02-30", "2024-03", "24:00",
    "2024-03-01T10:11:12.5", "1.50", "1e999", "NaN", "x" * 3000, "a\x00b", [], {}, [1], [[]],
)  # fmt: skip
_PIECES = (
    "[", "]", "{", "}", ",", ":", '"', "\\", "\\ud800", "null", "true", "NaN", "-Infinity", "1e999", "9" * 5000, "[" * 5000, "\n",
    "\x00", "\ufeff", '"rows":', '"columns":[]', "}{", "][", "],[",
)  # fmt: skip
_TYPES = ("string", "integer", "decimal", "float", "double", "boolean", "datetime", "date", "time", "URI", "text", "", None, 1)


def of_csv(content: bytes, types: tuple[str, ...] = ()) -> dict[str, Any]:
    """Make the object of a data set of a CSV file; columns without a type are texts."""
    header, *rows = csv.reader(io.StringIO(content.decode()))
    columns = [
        {"itemOID": f"IT.{name}", "name": name, "label": name, "dataType": types[at] if at < len(types) else "string"}
        for at, name in enumerate(header)
    ]
    attributes = {
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": "IG.X",
        "records": len(rows),
        "name": "X",
        "label": "",
        "columns": columns,
    }
    return {**attributes, "rows": rows}


def seeds() -> list[bytes]:
    """Give subjects as objects, as lines, and compressed."""
    data = of_csv(BASE["subjects.csv"])
    typed = of_csv(BASE["subjects.csv"], ("string", "string", "boolean", "integer", "string", "integer", "date"))
    typed["columns"][-1] |= {"targetDataType": "integer", "displayFormat": "DATE9."}
    typed["rows"] = [
        [subject, arm, itt == "yes", int(age) if age else None, completed, int(day), date]
        for subject, arm, itt, age, completed, day, date in typed["rows"]
    ]
    texts = [json.dumps(data).encode(), _lines(data).encode(), json.dumps(typed).encode(), _lines(typed).encode()]
    return [*texts, zlib.compress(texts[2]), gzip.compress(texts[3], mtime=0)]


def damaged(content: bytes, chance: Random) -> bytes:
    """Change a content in one place."""
    text = _text_of(content)
    what = chance.randrange(10)
    if what < 5:
        data = _data_of(text) or _data_of(seeds()[chance.randrange(4)].decode()) or {}
        _change(data, chance)
        text = chance.choice([json.dumps, json.dumps, _lines, _shuffled(chance)])(data)
    elif what < 9:
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 0, 1, 5, 40]))
        text = text[:start] + chance.choice(_PIECES) * (chance.random() < 0.7) + text[end:]
    content = text.encode("utf-8", errors="surrogatepass")
    content = chance.choice([bytes, bytes, bytes, zlib.compress, gzip.compress])(content)
    if what == 9 and content:
        at = chance.randrange(len(content))
        content = content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + chance.choice([1, 1, 2]) :]
    return content


def _text_of(content: bytes) -> str:
    with contextlib.suppress(zlib.error):
        content = zlib.decompress(content, 47)
    return content[: 1 << 15].decode("utf-8", errors="replace")


def _data_of(text: str) -> dict[str, Any] | None:
    """The object of a data set with rows and columns that can be changed; None if it has none."""
    try:
        first, *others = text.splitlines()
        data = json.loads(first)
        data.setdefault("rows", [json.loads(line) for line in others])
        usable = data["columns"] and data["rows"] and all(data["rows"]) and all(data["columns"])
        return data if usable and isinstance(data["rows"][0], list) and isinstance(data["columns"][0], dict) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _change(data: dict[str, Any], chance: Random) -> None:
    if not data:
        return
    what, value = chance.randrange(6), chance.choice(_VALUES)
    row, column = chance.choice(data["rows"]), chance.choice(data["columns"])
    if what == 0:
        data[chance.choice(list(data))] = value
    elif what == 1 and isinstance(column, dict):
        column[chance.choice(["name", "label", "targetDataType", "displayFormat"])] = value
    elif what == 2 and isinstance(column, dict):
        column |= {"dataType": chance.choice(_TYPES), "targetDataType": chance.choice([None, "integer", "decimal"])}
    elif what == 3 and isinstance(row, list):
        row[chance.randrange(len(row))] = value
    elif what == 4:
        data["rows"].insert(
            chance.randrange(len(data["rows"])), list(row) if chance.random() < 0.7 and isinstance(row, list) else value
        )
    elif isinstance(row, list):
        row.append(value) if chance.random() < 0.5 else row.pop()


def _lines(data: dict[str, Any]) -> str:
    rows = data.get("rows")
    attributes = {key: value for key, value in data.items() if key != "rows"}
    return "".join(f"{json.dumps(value)}\n" for value in (attributes, *(rows if isinstance(rows, list) else [rows])))


def _shuffled(chance: Random) -> Any:
    return lambda data: json.dumps({key: data[key] for key in chance.sample(list(data), len(data))})

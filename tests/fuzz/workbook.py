"""Workbooks: those a run starts from, and how a member of their archive, or a byte, is damaged."""

import io
import re
import tempfile
import zipfile
from pathlib import Path
from random import Random

from tests.trials.readers.workbooks import write_ods, write_xls, write_xlsx

_SHEETS = {
    "subjects": [["subject", "arm", "age"], ["S1", "placebo", 41], ["S2", "155 U", None], ["S3", "155 U", 52.5]],
    "diary": [["subject", "day", "headache"], ["S1", 1, True], ["S2", -1, False]],
}
_PIECES = (
    b"<", b">", b"/>", b"</row>", b'<c r="A1"', b'<c r="XFD1048576"><v>1</v></c>', b'<row r="999999999"/>', b' t="s"', b' t="d"',
    b' t="e"', b' t="b"', b"<v>NaN</v>", b"<v>1e999</v>", b"<v>-1</v>", b"<f>1/0</f>", b"<mergeCell ref='A1:B2'/>", b"\x00",
    b"&x;",
    b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>", b'table:number-columns-repeated="999999999"', b"]]>", b"\xff",
)  # fmt: skip


def suffix_of(data: bytes) -> str:
    """Choose the suffix that a workbook of these bytes has."""
    if not data.startswith(b"PK"):
        return ".xls"
    return ".ods" if b"opendocument" in data[:200] else ".xlsx"


def seeds() -> list[bytes]:
    """Give the inputs from which a run starts."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        for write in (write_ods, write_xls, write_xlsx):
            for names in (["subjects"], list(_SHEETS)):
                write({name: _SHEETS[name] for name in names}, path)
                made.append(path.read_bytes())
    return made


def damaged(data: bytes, chance: Random) -> bytes:
    """Change a member of an archive, or a byte of another file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(info, archive.read(info)) for info in archive.infolist()]
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OSError, KeyError, RuntimeError, SystemError):
        return _changed(data, chance)
    except Exception:  # noqa: BLE001 - a damaged stream of zlib, lzma or bzip2
        return _changed(data, chance)
    if not members or chance.random() < 0.1:
        return _changed(data, chance)
    which = chance.randrange(len(members))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", chance.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])) as archive:
        for at, (info, content) in enumerate(members):
            if at != which:
                archive.writestr(info.filename, content)
            elif chance.random() > 0.05:
                archive.writestr(info.filename, _changed(content, chance))
    return packed.getvalue()


def _changed(content: bytes, chance: Random) -> bytes:
    text = bytearray(content)
    at = chance.randrange(len(text) + 1)
    numbers = list(re.finditer(rb"[0-9]+", content))
    kind = chance.randrange(6)
    if kind == 0:
        text[at : at + 1] = chance.randbytes(1)
    elif kind == 1:
        text[at:at] = chance.choice(_PIECES)
    elif kind == 2 and numbers:
        found = chance.choice(numbers)
        text[found.start() : found.end()] = chance.choice([b"0", b"-1", b"1e9", b"65536", b"9" * 20, b"", b"60"])
    elif kind == 3:
        del text[at:]
    elif kind == 4:
        del text[at : at + chance.randrange(1, 64)]
    else:
        text[at:at] = text[at : at + chance.randrange(1, 64)]
    return bytes(text)

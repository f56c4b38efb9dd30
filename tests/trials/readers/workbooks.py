"""Writers of small workbooks by hand: no library writes `.xls`, `.xlsb` and `.ods` here."""

import datetime
import struct
import zipfile
from html import escape
from pathlib import Path

import pandas as pd

_NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
    for short in ("office", "table", "text", "style", "number")
)
OPEN = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMESPACES} office:version="1.2"><office:body>'


def rows_of(frame):
    """Header and rows of a frame, a missing value as None."""
    cells = [[None if pd.isna(value) else value for value in row] for row in frame.astype(object).to_numpy()]
    return [list(frame.columns), *cells]


def ods_cell(value):
    """A cell of an `.ods` file."""
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, bool):
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
    if isinstance(value, datetime.date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
    if isinstance(value, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{value!r}"><text:p>{value}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def ods_sheet(name, rows):
    """A sheet of an `.ods` file."""
    lines = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    return f'<table:table table:name="{escape(name)}">{lines}</table:table>'


def write_ods(sheets, path, content=None):
    """Write sheets, name -> rows, as an `.ods` file."""
    body = "".join(ods_sheet(name, rows) for name, rows in sheets.items())
    content = content or f"{OPEN}<office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), kind)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)


def write_xlsx(sheets, path, options=None):
    """Write sheets, name -> rows, as an `.xlsx` file; texts stay texts."""
    import xlsxwriter

    asked = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path) if isinstance(path, Path) else path, asked | (options or {})) as book:
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, value in enumerate(cells):
                    if isinstance(value, datetime.date):
                        sheet.write_datetime(row, column, value, moment if isinstance(value, datetime.datetime) else day)
                    elif value is not None:
                        sheet.write(row, column, value)


ERRORS = {"#NULL!": 0, "#DIV/0!": 7, "#VALUE!": 15, "#REF!": 23, "#NAME?": 29, "#NUM!": 36, "#N/A": 42}


def biff(kind, body=b""):
    """A record of an `.xls` file."""
    return struct.pack("<HH", kind, len(body)) + body


def xls_cell(row, column, value):
    """A record of a cell: an error is written as its text."""
    place = struct.pack("<HH", row, column)
    if isinstance(value, bool):
        return biff(0x205, place + struct.pack("<HBB", 0, value, 0))
    if isinstance(value, datetime.date):
        moment = value if isinstance(value, datetime.datetime) else datetime.datetime(value.year, value.month, value.day)
        serial = (moment - datetime.datetime(1899, 12, 30)) / datetime.timedelta(days=1)
        return biff(0x203, place + struct.pack("<Hd", 1, serial))
    if isinstance(value, int | float):
        return biff(0x203, place + struct.pack("<Hd", 0, value))
    if value in ERRORS:
        return biff(0x205, place + struct.pack("<HBB", 0, ERRORS[value], 1))
    text = value.encode("utf-16-le")
    return biff(0x204, place + struct.pack("<HHB", 0, len(text) // 2, 1) + text)


def write_xls(sheets, path, *, more=b"", first=b"", epoch=0):
    """Write sheets, name -> rows, as an `.xls` file; `more` are records of the first sheet, `first` of the workbook."""
    start = struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)
    day = "yyyy\\-mm\\-dd hh:mm"
    book = biff(0x809, start) + first + biff(0x22, struct.pack("<H", epoch))
    book += biff(0x41E, struct.pack("<HHB", 200, len(day), 0) + day.encode())
    book += biff(0xE0, struct.pack("<HH", 0, 0) + bytes(16)) + biff(0xE0, struct.pack("<HH", 0, 200) + bytes(16))
    names = [name.encode("utf-16-le") for name in sheets]
    at = len(book) + sum(4 + 8 + len(name) for name in names) + 4
    tables, listing = b"", b""
    for number, (name, rows) in enumerate(zip(names, sheets.values(), strict=True)):
        listing += biff(0x85, struct.pack("<IBBBB", at + len(tables), 0, 0, len(name) // 2, 1) + name)
        cells = [xls_cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row) if value is not None]
        size = biff(0x200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows), default=0), 0))
        tables += biff(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 0, 0, 0)) + size + b"".join(cells)
        tables += (b"" if number else more) + biff(0x0A)
    Path(path).write_bytes(ole({"Workbook": (book + listing + biff(0x0A) + tables).ljust(4096, b"\0")}))


def ole(streams):
    """Streams of 4096 bytes or more in an OLE container."""
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    entries, sectors, following = [("Root Entry", 5, end, 0)], b"", []
    for name, content in streams.items():
        n = -(-len(content) // 512)
        entries.append((name, 2, len(following), len(content)))
        following += [*range(len(following) + 1, len(following) + n), end]
        sectors += content.ljust(512 * n, b"\0")
    listing = b""
    for at, (name, kind, start, size) in enumerate(entries):
        text = name.encode("utf-16-le")
        child, right = (1 if at == 0 else free), (at + 1 if 0 < at < len(entries) - 1 else free)
        about = struct.pack("<HBBIII", len(text) + 2, kind, 1, free, right, child)
        listing += text.ljust(64, b"\0") + about + bytes(36) + struct.pack("<III", start, size, 0)
    n = -(-len(listing) // 512)
    directory = len(following)
    following += [*range(directory + 1, directory + n), end]
    sectors += listing.ljust(512 * n, b"\0")
    n_tables = 1
    while len(following) + n_tables > 128 * n_tables:
        n_tables += 1
    first = len(following)
    following += [table] * n_tables
    following += [free] * (128 * n_tables - len(following))
    sectors += struct.pack(f"<{len(following)}I", *following)
    places = [*range(first, first + n_tables)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, n_tables, directory, 0, 4096, end, 0, end, 0)
    return header + struct.pack("<109I", *places, *[free] * (109 - n_tables)) + sectors

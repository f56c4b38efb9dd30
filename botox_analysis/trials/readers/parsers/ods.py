"""Sheets of an `.ods` file: errors, which calamine reads as empty cells, and merged cells."""

from __future__ import annotations

import io
import zipfile

from botox_analysis.trials.readers.parsers.archive import parse_xml, xml_parser
from botox_analysis.trials.readers.parsers.findings import Findings

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "


def inspect_ods(archive: zipfile.ZipFile) -> dict[str, Findings]:
    """Find errors and merged cells.

    Parameters
    ----------
    archive : ZipFile
        The workbook.

    Returns
    -------
    dict of str to Findings
        Name of a sheet -> what was found.
    """
    content = archive.read("content.xml")
    if not any(word in content for word in (b"-spanned", b"error")):
        return {}
    seen = _Sheets()
    parser = xml_parser()
    parser.StartElementHandler = seen.opened
    parser.EndElementHandler = seen.closed
    parser.CharacterDataHandler = seen.written
    parse_xml(parser, io.BytesIO(content), "content.xml")
    return seen.found


class _Sheets:
    """Place of each cell, while XML is parsed."""

    def __init__(self) -> None:
        self.found: dict[str, Findings] = {}
        self.sheet = Findings()
        self.row = self.column = 1
        self.repeated = 1
        self.error: tuple[int, int] | None = None

    def opened(self, tag: str, about: dict[str, str]) -> None:
        if tag == f"{_TABLE}table":
            self.sheet = self.found.setdefault(about.get(f"{_TABLE}name", ""), Findings())
            self.row = 1
        elif tag == f"{_TABLE}table-row":
            self.column, self.repeated = 1, int(about.get(f"{_TABLE}number-rows-repeated", 1))
        elif tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._cell(about)

    def _cell(self, about: dict[str, str]) -> None:
        right = self.column + int(about.get(f"{_TABLE}number-columns-spanned", 1)) - 1
        bottom = self.row + int(about.get(f"{_TABLE}number-rows-spanned", 1)) - 1
        if (bottom, right) != (self.row, self.column):
            self.sheet.merged.append((self.row, self.column, bottom, right))
        if about.get(f"{_CALC}value-type") == "error" and about.get(f"{_OFFICE}string-value", "") == "":
            self.error = (self.row, self.column)
            self.sheet.errors[self.error] = ""
        self.column += int(about.get(f"{_TABLE}number-columns-repeated", 1))

    def written(self, text: str) -> None:
        if self.error:
            self.sheet.errors[self.error] += text.strip()

    def closed(self, tag: str) -> None:
        if tag == f"{_TABLE}table-row":
            self.row += self.repeated
        elif tag == f"{_TABLE}table-cell" and self.error:
            self.sheet.errors[self.error] = self.sheet.errors[self.error] or "#ERROR!"
            self.error = None

"""Sheets of an `.xlsx` file: errors, and formulas without a value, which calamine reads as empty cells."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Mapping
from xml.etree import ElementTree

from botox_analysis.trials.readers.parsers.archive import parse_xml, xml_parser
from botox_analysis.trials.readers.parsers.findings import Findings
from botox_analysis.trials.readers.parsers.parsed import RefusalError

_RELATION = re.compile(
    r"\{http://(schemas\.openxmlformats\.org|purl\.oclc\.org)/(ooxml/)?officeDocument/(2006/)?relationships\}id"
)
_PLACE = re.compile("([A-Za-z]{1,3})([0-9]{1,7})")
_HINTS = (b'"e"', b"'e'", b"f>", b"f ", b"f/", b"f\t", b"f\n", b"f\r")
"""Bytes of which a sheet with an error or a formula has some."""


def inspect_xlsx(archive: zipfile.ZipFile) -> dict[str, Findings]:
    """Find the cells that calamine does not tell.

    Parameters
    ----------
    archive : ZipFile
        The workbook.

    Returns
    -------
    dict of str to Findings
        Name of a sheet -> what was found. Merged cells are left to calamine.

    Raises
    ------
    RefusalError
        A cell with an error, or with a formula without a value, has no place.
    """
    found = {}
    for name, member in _sheets(archive).items():
        content = archive.read(member) if member in archive.namelist() else b""
        seen = _Cells(name)
        if any(hint in content for hint in _HINTS):
            parse_xml(seen.parser, io.BytesIO(content), member)
        found[name] = seen.found
    return found


class _Cells:
    """Cells of a sheet with an error or a formula, while XML is parsed."""

    def __init__(self, sheet: str) -> None:
        self.sheet = sheet
        self.found = Findings()
        self.cell: Mapping[str, str] = {}
        self.has_formula = self.is_value = False
        self.value = ""
        self.parser = xml_parser()
        self.parser.StartElementHandler = self.opened

    def opened(self, tag: str, about: dict[str, str]) -> None:
        self.is_value = tag.endswith(" v")
        if tag.endswith(" c"):
            self.cell, self.has_formula, self.value = about, False, ""
            if about.get("t") == "e":
                self.follow()
        elif tag.endswith(" f"):
            self.has_formula = True
            self.follow()

    def follow(self) -> None:
        """Ask for the content of the open cell; that of all cells would take most of the time."""
        self.parser.EndElementHandler, self.parser.CharacterDataHandler = self.closed, self.written

    def written(self, text: str) -> None:
        if self.is_value:
            self.value += text

    def closed(self, tag: str) -> None:
        self.is_value = False
        if not tag.endswith(" c"):
            return
        kind, value = self.cell.get("t"), self.value.strip()
        if kind == "e":
            self.found.errors[_place(self.sheet, self.cell)] = value or "#ERROR!"
        if self.has_formula and not value and kind not in ("str", "inlineStr"):
            self.found.unstored.append(_place(self.sheet, self.cell))
        self.parser.EndElementHandler = self.parser.CharacterDataHandler = None


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Find the member of each sheet."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - without a document type
    targets = {relation.get("Id"): str(relation.get("Target")) for relation in relations}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    sheets = {}
    for sheet in book.iter():
        key = next((value for name, value in sheet.items() if _RELATION.fullmatch(name)), None)
        if sheet.tag.endswith("}sheet") and key in targets:
            sheets[str(sheet.get("name"))] = posixpath.normpath(posixpath.join("/xl", targets[key])).lstrip("/")
    return sheets


def _place(sheet: str, cell: Mapping[str, str]) -> tuple[int, int]:
    place = _PLACE.fullmatch(cell.get("r", ""))
    if place is None:
        raise RefusalError(
            f"sheet {sheet}: found an error or a formula in a cell without its place; expected the place of each cell"
        )
    column = 0
    for letter in place[1].upper():
        column = 26 * column + ord(letter) - 64
    return int(place[2]), column

"""Sheets of an `.xlsx` file: errors, and formulas without a value, which calamine reads as empty cells."""

from __future__ import annotations

import posixpath
import re
import zipfile
from xml.etree import ElementTree

from botox_analysis.trials.readers.parsers.findings import Findings
from botox_analysis.trials.readers.parsers.parsed import RefusalError

_RELATION = re.compile(
    r"\{http://(schemas\.openxmlformats\.org|purl\.oclc\.org)/(ooxml/)?officeDocument/(2006/)?relationships\}id"
)
_ERROR = re.compile(rb"<(?:\w+:)?c\b([^<>]*\bt\s*=\s*[\"']e[\"'][^<>]*)>(.*?)</(?:\w+:)?c\s*>", re.DOTALL)
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^<>]*)>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f\s*>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v\s*>\s*</(?:\w+:)?v\s*>)?\s*</(?:\w+:)?c\s*>"
)
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*>([^<]*)<")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"']")
_TEXT = re.compile(rb"\bt\s*=\s*[\"']str[\"']")


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
        A cell with an error has no place.
    """
    found = {}
    for name, member in _sheets(archive).items():
        content = archive.read(member) if member in archive.namelist() else b""
        errors = {}
        for cell in _ERROR.finditer(content):
            value = _VALUE.search(cell[2])
            errors[_place(name, cell[1])] = value[1].decode() if value else "#ERROR!"
        unstored = [_place(name, cell[1]) for cell in _FORMULA.finditer(content) if not _TEXT.search(cell[1])]
        found[name] = Findings(errors, unstored=unstored)
    return found


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


def _place(sheet: str, attributes: bytes) -> tuple[int, int]:
    place = _PLACE.search(attributes)
    if place is None:
        raise RefusalError(f"sheet {sheet}: found an error in a cell without its place; expected the place of each cell")
    column = 0
    for letter in place[1].upper():
        column = 26 * column + letter - 64
    return int(place[2]), column

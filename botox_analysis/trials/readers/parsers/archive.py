"""Zip archives of XML: limits before anything is unpacked, and XML without faults or declarations of its own."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO
from xml.parsers import expat

from botox_analysis.trials.readers.parsers.parsed import RefusalError

_MEMBERS = 10_000
_UNPACKED, _UNPACKED_PER_BYTE = 1 << 26, 50
"""Largest size of all members together: of any archive, and more per byte of it."""


def open_archive(path: str) -> zipfile.ZipFile:
    """Open a zip archive, and check its directory.

    Parameters
    ----------
    path : str
        Path of the file.

    Returns
    -------
    ZipFile
        The archive.

    Raises
    ------
    RefusalError
        Members are too many, too large, encrypted, two of one name, overlap, or have XML with a fault or a document type.
    """
    archive = zipfile.ZipFile(path)
    members = archive.infolist()
    largest = _UNPACKED + _UNPACKED_PER_BYTE * Path(path).stat().st_size
    unpacked = sum(member.file_size for member in members)
    ends = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.flag_bits & 1:
            raise RefusalError("found a workbook that is protected by a password; expected one without")
        if member.header_offset < ends:
            raise RefusalError("found a zip file whose members overlap; expected a workbook")
        ends = member.header_offset + member.compress_size
    if len(members) > _MEMBERS:
        raise RefusalError(f"found a zip file of {len(members):,} members; expected a workbook")
    if unpacked > largest:
        raise RefusalError(f"found a small file that unpacks to {unpacked / 1e9:.1f} GB; expected a workbook")
    if len({member.filename for member in members}) < len(members):
        raise RefusalError("found a zip file with two members of one name; expected a workbook")
    for member in members:
        if member.filename.lower().endswith((".xml", ".rels")):
            _check_xml(archive, member)
    return archive


def _check_xml(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse XML with a fault anywhere: calamine reads up to it, and would leave out the rest without a word."""
    # LibreOffice writes empty parts.
    if member.file_size:
        with archive.open(member) as part:
            parse_xml(xml_parser(), part, member.filename)


def xml_parser() -> expat.XMLParserType:
    """Make a parser of XML that refuses a document type: its entities may grow without bound, or name other files.

    Returns
    -------
    XMLParserType
        A parser for `parse_xml`. Names of elements and attributes follow their namespace and a space.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    return parser


def parse_xml(parser: expat.XMLParserType, part: IO[bytes], name: str) -> None:
    """Parse a part of an archive.

    Parameters
    ----------
    parser : XMLParserType
        Parser with handlers, by `xml_parser`.
    part : file
        The part.
    name : str
        Its name in messages.

    Raises
    ------
    RefusalError
        The part has a document type, or is no XML of the rules.
    """
    try:
        parser.ParseFile(part)
    except _DocumentTypeError as error:
        raise RefusalError(f"found a document type (<!DOCTYPE) in {name}; expected a workbook without one") from error
    except expat.ExpatError as error:
        raise RefusalError(f"found damaged XML in {name} ({error}); expected a workbook") from error


class _DocumentTypeError(Exception):
    """A part begins with a document type."""


def _refuse_document_type(*_: object) -> None:
    raise _DocumentTypeError

"""Zip archives of XML: limits before anything is unpacked, and XML without declarations of its own."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

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
        Members are too many, too large, encrypted, two of one name, or overlap.
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
    """Refuse XML with a document type: its entities may grow without bound, or name other files."""
    with archive.open(member) as part:
        before = b""
        while block := part.read(1 << 20):
            text = before + block
            # Without zero bytes: text of two bytes a letter, too.
            if b"\x00" in text[:4096]:
                text = text.replace(b"\x00", b"")
            if re.search(rb"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
                raise RefusalError(f"found a document type (<!DOCTYPE) in {member.filename}; expected a workbook without one")
            before = block[-64:]

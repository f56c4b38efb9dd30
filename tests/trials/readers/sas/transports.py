"""Small transport files, written byte by byte."""

import struct
from dataclasses import dataclass, field

import numpy as np


@dataclass
class DataSet:
    """A data set: name -> length of a text (0 for a number), and rows of bytes or floats."""

    columns: dict
    rows: list = field(default_factory=list)
    name: str = "DATA"
    label: str = ""
    formats: dict = field(default_factory=dict)
    labels: dict = field(default_factory=dict)
    number_length: int = 8


def header(word, tail="0" * 30):
    return f"HEADER RECORD*******{word:<8}HEADER RECORD!!!!!!!{tail:<32}".encode()


def padded(content):
    return content + b" " * (-len(content) % 80)


def ibm(value):
    """The 8 bytes of a number; a text of one sign is a special missing value."""
    if isinstance(value, str):
        return value.encode() + bytes(7)
    if value is None:
        return b"." + bytes(7)
    if value == 0:
        return bytes(8)
    fraction, exponent = np.frexp(abs(value))
    sixteens = -(-int(exponent) // 4)
    return struct.pack(
        ">Q", int(np.ldexp(fraction, int(exponent) - 4 * sixteens + 56)) | (sixteens + 64) << 56 | (value < 0) << 63
    )


def member(data, version):
    long = version != 5
    words = ("MEMBV8", "DSCPTV8", "NAMSTV8", "OBSV8") if long else ("MEMBER", "DSCRPTR", "NAMESTR", "OBS")
    name = f"{data.name:<32}" if long else f"{data.name:<8}"
    content = header(words[0], "000000000000000001600000000140") + header(words[1])
    content += f"{'SAS':<8}{name}{'SASDATA':<8}{'9.4':<8}".encode().ljust(64) + b"30NOV26:00:00:00"
    content += padded(f"{'30NOV26:00:00:00':<32}{data.label:<40}{'':<8}".encode())
    content += header(words[2], f"000000{len(data.columns):04d}" + "0" * 20)
    described, start = b"", 0
    for at, (column, length) in enumerate(data.columns.items(), start=1):
        form, width, decimals = data.formats.get(column, ("", 0, 0))
        stored = length or data.number_length
        raw, label = column.encode(), data.labels.get(column, "").encode()
        described += struct.pack(
            ">4h8s40s8s3h2x8s2hi32sh18x", 2 if length else 1, 0, stored, at, raw[:8].ljust(8), label[:40].ljust(40),
            form.encode().ljust(8), width, decimals, 0, b" " * 8, 0, 0, start, raw.ljust(32) if long else bytes(32), len(label),
        )  # fmt: skip
        start += stored
    content += padded(described)
    if long and any(len(label) > 40 for label in data.labels.values()):
        several = [(at, c, data.labels[c]) for at, c in enumerate(data.columns, start=1) if len(data.labels.get(c, "")) > 40]
        extra = b"".join(
            struct.pack(">3H", at, len(c), len(label)) + (struct.pack(">2H", 7, 0) if version == 9 else b"") + c.encode()
            + label.encode() + (b"LONGFMT" if version == 9 else b"")
            for at, c, label in several
        )  # fmt: skip
        content += header("LABELV9" if version == 9 else "LABELV8", str(len(several))) + padded(extra)
    content += header(words[3], f"{len(data.rows):>15}" if long else "0" * 30)
    cells = b"".join(
        bytes(value).ljust(length) if length else ibm(value)[: data.number_length]
        for row in data.rows
        for value, length in zip(row, data.columns.values(), strict=True)
    )
    return content + padded(cells)


def transport(*data, version=5):
    """The bytes of a transport file of version 5 or 8; 9 is version 8 with long formats."""
    first = header("LIBRARY" if version == 5 else "LIBV8")
    real = f"{'SAS':<8}{'SAS':<8}{'SASLIB':<8}{'9.4':<8}{'X64':<8}".encode().ljust(64) + b"30NOV26:00:00:00"
    return first + real + padded(b"30NOV26:00:00:00") + b"".join(member(each, version) for each in data)

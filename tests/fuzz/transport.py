"""SAS transport files: those a run starts from, and how they are damaged."""

from random import Random

from tests.trials.readers.sas.transports import DataSet, transport

_SUBJECTS = DataSet(
    {"subject": 3, "arm": 8, "age": 0, "dose_at": 0},
    [[b"S1", b"placebo", 41.0, 23436.0], [b"S2", b"155 U", None, "A"], [b"S3", b"155 U", 52.5, 23436.5]],
    name="SUBJECTS",
    labels={"age": "Age in whole years at the first visit of the trial, in years"},
    formats={"dose_at": ("DATE", 9, 0)},
)
_TEXTS = DataSet({"subject": 3, "arm": 8}, [[b"S1", b"placebo"], [b"S2", "Ü".encode("cp1252")], [b"S3", b""]], name="SUBJECTS")


def seeds() -> list[bytes]:
    """Give the inputs from which a run starts."""
    return [transport(*data, version=version) for version in (5, 8, 9) for data in ([_SUBJECTS], [_TEXTS], [_TEXTS, _SUBJECTS])]


def damaged(data: bytes, chance: Random) -> bytes:
    """Change a byte, a number, a digit or some records."""
    content = bytearray(data)
    at = chance.randrange(len(content) + 1)
    record = at // 80 * 80
    kind = chance.randrange(8)
    if kind == 0:
        content[at : at + 1] = chance.randbytes(1)
    elif kind == 1:
        content[at : at + 2] = chance.choice([0, 1, 2, 3, 8, 32767, 65535]).to_bytes(2, "big")
    elif kind == 2:
        digits = [place for place, byte in enumerate(content) if 48 <= byte <= 57]
        for place in digits and [chance.choice(digits)]:
            content[place : place + 1] = str(chance.randrange(10)).encode()
    elif kind == 3:
        del content[record : record + 80 * chance.randrange(1, 4)]
    elif kind == 4:
        content[record:record] = content[record : record + 80 * chance.randrange(1, 4)]
    elif kind == 5:
        content[record:record] = chance.choice([b" ", b"\0", b"9", chance.randbytes(1)]) * 80
    elif kind == 6:
        del content[chance.choice([at, record]) :]
    else:
        content[at : at + 8] = chance.choice([b"A" + bytes(7), b"\x7f" + b"\xff" * 7, b" " * 8, b"\xc3" * 8, chance.randbytes(8)])
    return bytes(content)

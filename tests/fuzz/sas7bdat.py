"""SAS data sets: the real ones a run starts from, since only SAS writes them, and how their pages are damaged."""

import os
from pathlib import Path
from random import Random

_PLACES = (os.environ.get("BOTOX_ANALYSIS_DATA"), Path(__file__).resolve().parents[3] / "shared" / "realdata")
_LARGEST = 50_000
_SIZES = (0, 1, 2, 8, 256, 512, 1024, 4096, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1)


def seeds() -> list[bytes]:
    """Give the small data sets in the folder of real data; none where there is no such folder."""
    folder = next((Path(place) for place in _PLACES if place and Path(place).is_dir()), None)
    found = sorted(folder.rglob("*.sas7bdat")) if folder else []
    return [path.read_bytes() for path in found if path.stat().st_size <= _LARGEST]


def damaged(data: bytes, chance: Random) -> bytes:
    """Change a byte, a number of two, four or eight bytes, a part, or the end; near the headers more often than elsewhere."""
    content = bytearray(data)
    near = chance.choice([288, 1024, 1400, 4096, len(content)])
    at = chance.randrange(min(near, len(content)) + 1)
    kind = chance.randrange(6)
    if kind == 0:
        content[at : at + 1] = chance.randbytes(1)
    elif kind == 1:
        size = chance.choice([2, 4, 8])
        number = chance.choice(_SIZES) % (1 << 8 * size)
        at -= at % size
        content[at : at + size] = number.to_bytes(size, chance.choice(["little", "big"]))
    elif kind == 2:
        del content[at : at + chance.choice([1, 4, 512])]
    elif kind == 3:
        content[at:at] = content[at : at + chance.choice([1, 4, 512])]
    elif kind == 4:
        del content[at:]
    else:
        content[at : at + 1] = bytes([content[at] ^ (1 << chance.randrange(8))]) if at < len(content) else b"\0"
    return bytes(content)

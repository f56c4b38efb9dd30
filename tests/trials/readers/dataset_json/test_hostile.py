"""Dataset-JSON that comes by e-mail: bombs, cuts and flipped bits are refused in seconds, and memory follows the result."""

import gzip
import re
import time
import tracemalloc
import zlib

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.readers import raw
from botox_analysis.trials.readers.dataset_json import stream as streams
from botox_analysis.trials.readers.dataset_json import text as texts
from botox_analysis.trials.readers.dataset_json.reading import read_dataset_json
from botox_analysis.trials.readers.dataset_json.stream import Stream

HEAD = (
    '{"datasetJSONVersion": "1.1.0", "records": %d, "name": "DM", "label": "", "columns": '
    '[{"name": "USUBJID", "label": "Ü", "dataType": "string"}, {"name": "AGE", "label": "", "dataType": "float"}]'
)
SMALL = (HEAD % 3 + ', "rows": [["01", 4.5], ["ü", null], ["03", -1e2]]}').encode()
LINES = (HEAD % 3 + '}\n["01", 4.5]\n["ü", null]\n["03", -1e2]\n').encode()
CONTENTS = {"json": SMALL, "ndjson": LINES, "zlib": zlib.compress(SMALL), "gzip": gzip.compress(LINES, mtime=0)}


def read(content, folder):
    path = folder / "dm.dsjc"
    path.write_bytes(content)
    (table,) = read_dataset_json(path, {})
    return table


def tried(content, folder):
    """The table of a content, or None, and the message of the error, or an empty text."""
    try:
        return read(content, folder), ""
    except ba.DataError as error:
        return None, str(error)


def packed(head, repeated, n, tail=b"", wbits=15):
    """Compressed content of a megabyte of text, n times."""
    compress = zlib.compressobj(wbits=wbits)
    block = repeated * ((1 << 20) // len(repeated))
    return b"".join(
        [compress.compress(head), *(compress.compress(block) for _ in range(n)), compress.compress(tail), compress.flush()]
    )


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_file_cut_anywhere_is_refused_or_short_of_records(kind, tmp_path):
    content = CONTENTS[kind]
    whole = read(content, tmp_path)
    assert whole.frame["USUBJID"].tolist() == ["01", "ü", "03"]
    assert whole.notes == ()
    for end in range(len(content)):
        table, message = tried(content[:end], tmp_path)
        if table is None:
            assert re.fullmatch(r"dm\.dsjc.*: found .*; expected .*\.", message)
            continue
        assert kind == "ndjson"
        assert (len(table.frame) < 3 and table.notes) or content[end:] == b"\n"
        pd.testing.assert_frame_equal(table.frame.astype(object), whole.frame[: len(table.frame)].astype(object))


@pytest.mark.long
@pytest.mark.parametrize("kind", CONTENTS)
def test_a_flipped_bit_gives_a_table_or_a_sentence(kind, tmp_path):
    content, rng = CONTENTS[kind], np.random.default_rng(14)
    messages = []
    for _ in range(1_000):
        damaged = bytearray(content)
        for at in rng.choice(len(content), rng.choice([1, 1, 2, 8]), replace=False):
            damaged[at] ^= 1 << int(rng.integers(8))
        messages.append(tried(bytes(damaged), tmp_path)[1])
    refused = [message for message in messages if message]
    assert len(refused) > 200
    assert [message for message in refused if not re.fullmatch(r"dm\.dsjc.*: found .*; expected .*\.", message)] == []


BOMBS = {
    "blanks": lambda wbits: packed(b"", b" ", 400, wbits=wbits),
    "zeros": lambda wbits: packed(b"", b"\0", 400, wbits=wbits),
    "rows": lambda wbits: packed((HEAD % 1).encode() + b', "rows": [["a", 1]', b',["a",1]', 400, b"]}", wbits=wbits),
    "one row": lambda wbits: packed((HEAD % 1).encode() + b', "rows": [[', b"1,", 400, b"1]]}", wbits=wbits),
    "one text": lambda wbits: packed((HEAD % 1).encode() + b', "rows": [["', b"a", 400, b'"]]}', wbits=wbits),
    "columns": lambda wbits: packed(b'{"datasetJSONVersion": "1.1", "columns": [', b"{},", 400, b"{}]}", wbits=wbits),
    "digits": lambda wbits: packed((HEAD % 1).encode() + b', "rows": [["a", ', b"9", 400, b"]]}", wbits=wbits),
}


@pytest.mark.long
@pytest.mark.parametrize("wbits", [15, 31], ids=["zlib", "gzip"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_seconds(bomb, wbits, tmp_path):
    content = BOMBS[bomb](wbits)
    assert len(content) < 1 << 20
    start = time.process_time()
    with pytest.raises(ba.DataError, match=r"^dm\.dsjc: found .*; expected"):
        read(content, tmp_path)
    assert time.process_time() - start < 20


@pytest.mark.long
def test_the_memory_of_a_bomb_is_bounded(tmp_path):
    content = BOMBS["one text"](15)
    tracemalloc.start()
    try:
        with pytest.raises(ba.DataError):
            read(content, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_repeated_texts_are_no_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "_FREE", 1 << 10)
    rows = "".join(f', ["S{i:05d}", {i % 7}]' for i in range(20_000))
    content = (HEAD % 20_001 + f', "rows": [["S", 1]{rows}]}}').encode()
    assert len(read(zlib.compress(content), tmp_path).frame) == 20_001
    with pytest.raises(ba.DataError, match=r"grows 100 times when decompressed; expected less, or the \.json file within"):
        read(packed(content[:-2], b" ", 60, b"]}"), tmp_path)


def test_many_rows_in_a_small_file_are_refused_below_the_ratio_of_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(raw, "_CELLS", 1000)
    content = (HEAD % 1).encode() + b', "rows": [["a", 1]' + b',["a",1]' * 20_000 + b"]}"
    assert len(read(content, tmp_path).frame) == 20_001
    sentence = r"found more than [\d,]+ cells in a small file; expected less, or the \.json file within\."
    with pytest.raises(ba.DataError, match=sentence):
        read(zlib.compress(content), tmp_path)


def test_an_absurd_number_of_records_takes_no_memory(tmp_path):
    tracemalloc.start()
    try:
        table = read(SMALL.replace(b'"records": 3', b'"records": 999999999999999999'), tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()
    assert len(table.frame) == 3
    assert table.notes[0][2] == 3


def _made(path, n_rows):
    """A file of so many rows: JSON, lines, or compressed JSON."""
    rows = (f'["S{i % 500:04d}", {i % 24}.5]' for i in range(n_rows))
    if path.suffix == ".ndjson":
        path.write_text(HEAD % n_rows + "}\n" + "\n".join(rows) + "\n")
    else:
        content = (HEAD % n_rows + ', "rows": [' + ",".join(rows) + "]}").encode()
        path.write_bytes(zlib.compress(content) if path.suffix == ".dsjc" else content)
    return path


def _peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def small_pieces(monkeypatch):
    """Pieces of 32 kB, so that small files have many."""
    for module in (texts, streams):
        monkeypatch.setattr(module, "PIECE", 1 << 15)


@pytest.mark.long
@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("suffix", [".json", ".ndjson", ".dsjc"])
def test_memory_of_the_blocks_does_not_grow_with_the_file(suffix, tmp_path):
    peaks = {}
    for n_rows in (20_000, 100_000):
        path = _made(tmp_path / f"dm{suffix}", n_rows)
        peaks[n_rows] = _peak(lambda path=path: [len(rows) for rows in Stream(path).blocks()])
    assert peaks[100_000] < 1.2 * peaks[20_000]
    assert peaks[100_000] < 4e6


@pytest.mark.long
@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("suffix", [".json", ".ndjson", ".dsjc"])
def test_memory_of_reading_grows_with_the_result_only(suffix, tmp_path):
    peaks, sizes = {}, {}
    for n_rows in (20_000, 100_000):
        path = _made(tmp_path / f"dm{suffix}", n_rows)
        sizes[n_rows] = read_dataset_json(path, {})[0].frame.memory_usage(deep=True).sum()
        peaks[n_rows] = _peak(lambda path=path: read_dataset_json(path, {}))
    assert peaks[100_000] - peaks[20_000] < 3 * (sizes[100_000] - sizes[20_000])

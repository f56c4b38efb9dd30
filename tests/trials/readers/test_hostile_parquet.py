"""Small Parquet files of many cells, or of long texts, are refused before they fill the memory."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import botox_analysis as ba
from botox_analysis.trials.readers.columnar import read_columnar

N_BLOCK = 1 << 22
KINDS = {
    "no value": (pa.nulls(1), 1),
    "truth values": (pa.array([True]), 1),
    "whole numbers": (pa.array([0], pa.int8()), 1),
    "texts": (pa.array(["S1"]), 1),
    "bytes": (pa.array([b""]), 16),
    "lists": (pa.array([[]], pa.list_(pa.int8())), 16),
    "decimals": (pa.array([1], pa.decimal128(38, 0)), 16),
}
"""Kinds of cells, and how many plain cells stand for one of them."""


def write_repeated(path, cell, n_blocks):
    """Write blocks of rows that all have one cell; the file has almost no bytes for them."""
    block = pa.table({"subject": cell.take(pa.array(np.zeros(N_BLOCK, "i4")))})
    with pq.ParquetWriter(path, block.schema, compression="zstd") as writer:
        for _ in range(n_blocks):
            writer.write_table(block)


@pytest.mark.long
@pytest.mark.parametrize(("cell", "weight"), KINDS.values(), ids=KINDS)
def test_a_small_file_of_many_rows_is_refused(tmp_path, cell, weight):
    path = tmp_path / "subjects.parquet"
    write_repeated(path, cell, n_blocks=8 if weight == 1 else 1)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ba.DataError, match=r"^subjects\.parquet: found more than [\d,]+ cells in a small file; expected a file "):
        read_columnar(path, {})


@pytest.mark.long
def test_many_columns_count_as_many_rows_do(tmp_path):
    cells = pa.array(np.zeros(1 << 18))
    pq.write_table(pa.table({f"c{number}": cells for number in range(80)}), tmp_path / "subjects.parquet", compression="zstd")
    with pytest.raises(ba.DataError, match=r"found more than [0-9,]+ cells in a small file"):
        read_columnar(tmp_path / "subjects.parquet", {})


@pytest.mark.long
def test_a_small_file_of_a_long_text_is_refused(tmp_path):
    path = tmp_path / "subjects.parquet"
    pq.write_table(pa.table({"subject": ["S" * (1 << 28)]}), path, compression="zstd")
    with pytest.raises(ba.DataError, match=re.escape("found tables of more than 0.1 GB in a small file")):
        read_columnar(path, {})


def test_a_million_repeated_rows_are_read(tmp_path):
    write_repeated(tmp_path / "subjects.parquet", pa.array(["S1"]), n_blocks=1)
    [table] = read_columnar(tmp_path / "subjects.parquet", {})
    assert len(table.frame) == N_BLOCK
    assert set(table.frame["subject"].cat.categories) == {"S1"}

"""SAS data sets: special missing values, and files that are damaged."""

import numpy as np
import pytest

import botox_analysis as ba
from botox_analysis.trials.readers.child import one_child
from botox_analysis.trials.readers.parsers.sas7bdat import split_numbers
from botox_analysis.trials.readers.sas.sas7bdat import read_sas7bdat


@pytest.mark.long
def test_the_file_states_its_name_label_and_formats(realdata):
    table = read_sas7bdat(realdata / "camis" / "whas500.sas7bdat", {})[0]
    assert (table.name, table.label, table.file, table.notes) == ("WHAS500", "Written by SAS", "whas500.sas7bdat", ())
    group = read_sas7bdat(realdata / "camis" / "bmt.sas7bdat", {})[0]
    assert group.formats == {"Group": "DISEASEGROUP.", "T": "", "Status": "", "WaitTime": ""}
    assert group.frame.iloc[0].tolist() == [1, 2081, 0, 98]


def test_special_missing_values_are_missing_and_counted():
    numbers, special = split_numbers([1.0, "A", None, "_", "A", 0.0])
    assert numbers == [1.0, None, None, None, None, 0.0]
    assert special == {"A": 2, "_": 1}


@pytest.mark.long
@pytest.mark.parametrize("file", ["formats/sas7bdat/datetime.sas7bdat", "camis/bmt.sas7bdat"])
def test_a_damaged_file_gives_a_table_or_a_refusal(realdata, tmp_path, file):
    content = (realdata / file).read_bytes()
    path = tmp_path / "a.sas7bdat"
    rng = np.random.default_rng(14)
    damaged = [content[: int(n)] for n in np.linspace(0, len(content) - 1, 12)]
    for at in rng.integers(0, min(len(content), 6000), 60).tolist():
        changed = bytearray(content)
        changed[at : at + 4] = rng.bytes(4)
        damaged.append(bytes(changed))
    n_refused = 0
    with one_child():
        for some in damaged:
            path.write_bytes(some)
            try:
                tables, refusal = read_sas7bdat(path, {}), ""
            except ba.DataError as error:
                tables, refusal = [], str(error)
            assert bool(tables) != refusal.startswith("a.sas7bdat: found")
            n_refused += not tables
    assert n_refused >= 6

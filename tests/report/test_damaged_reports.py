"""Reports that were damaged or changed by hand are read as far as they can be, or refused in one sentence."""

import json

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.report import check
from botox_analysis.report.folder import MADE_BY, read_manifest
from botox_analysis.schema import as_estimates

MEANS = {"endpoint": ["HIT-6"], "visit": "week 4", "arm": "155 U", "measure": "mean", "method": 'ANCOVA, "adjusted"'}


@pytest.fixture
def report(tmp_path):
    """A function: changes of the manifest, and the estimates -> the folder of a report."""

    def write(estimates=None, **changes):
        folder = tmp_path / "report"
        folder.mkdir()
        said = {"made_by": MADE_BY, "outputs": {"estimates.csv": "00"}, "inputs": {}, "settings": {}, "versions": {}}
        (folder / "manifest.json").write_text(json.dumps(said | changes))
        if estimates is not None:
            (folder / "estimates.csv").write_bytes(estimates)
        return folder

    return write


@pytest.fixture
def made_again(monkeypatch):
    """A report made now has these estimates and nothing else."""

    def write(trial, folder, **_):
        folder.mkdir()
        (folder / "manifest.json").write_text(
            json.dumps({"made_by": MADE_BY, "outputs": {}, "inputs": {}, "settings": {}, "versions": {}})
        )
        as_estimates(MEANS | {"estimate": [1.5]}).to_csv(folder / "estimates.csv", index=False)

    monkeypatch.setattr(check, "write_report", write)
    return ba.as_trial({"subjects": pd.DataFrame({"subject": ["a"]})}, name="one")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a": "\\ud800"}', b"9" * 5000], ids=range(6))
def test_a_manifest_that_is_no_json_in_utf_8_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ba.DataError, match=r"manifest\.json: found a file that cannot be read \(.*\); expected JSON in UTF-8"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("part", ["inputs", "settings", "versions", "kernels"])
@pytest.mark.parametrize("value", [None, [1], "x", 3, True])
def test_a_part_of_the_manifest_that_has_no_names_is_refused(report, part, value):
    with pytest.raises(ba.DataError, match=rf"found .* under '{part}'; expected names and values"):
        read_manifest(report(**{part: value}))


@pytest.mark.parametrize("value", [None, 7, [], {"sha256": "00"}, True])
def test_a_checksum_that_is_no_text_is_refused(report, value):
    with pytest.raises(ba.DataError, match=r"for 'index\.html'; expected a checksum, as a text"):
        read_manifest(report(outputs={"index.html": value}))


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/etc/hostname",
        "tables/../../x",
        "a/./b",
        "",
        ".",
        "..",
        "/",
        "a//b",
        "C:\\x",
        "C:x",
        "..\\x",
        "a\0b",
        "a\nb",
        "x" * 300,
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(report, path):
    with pytest.raises(ba.DataError, match=r"found the output .*; expected a file inside the folder"):
        read_manifest(report(outputs={path: "00"}))


def test_the_paths_of_a_report_are_inside(report):
    paths = dict.fromkeys(["index.html", "tables/left_out.csv", "figures/tipping_point.svg", "a-b/c_d/e.f.g"], "00")
    assert read_manifest(report(outputs=paths))["outputs"] == paths


@pytest.mark.parametrize("origin", ["x" * 5000, "a\0b", "nowhere"])
def test_an_origin_that_is_no_folder_is_refused(report, origin):
    with pytest.raises(ba.DataError, match=r"origin|give the trial"):
        ba.check_report(report(origin=origin))


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"\x81\x82", b"a,b\n1\n", b"PK\x03\x04"])
def test_estimates_that_are_no_table_are_refused(report, made_again, content):
    with pytest.raises(ba.DataError, match=r"estimates\.csv"):
        ba.check_report(report(content), trial=made_again)


@pytest.mark.parametrize("header", ["estimate", "trial,trial", "_merge", ""])
def test_estimates_of_other_columns_are_told(report, made_again, header):
    moved = ba.check_report(report(f"{header},x\n{header},1\n".encode()), trial=made_again)
    assert "columns" in moved["what"].tolist()


def test_further_columns_of_estimates_are_passed_over_and_a_number_that_moved_is_told(report, made_again):
    before = as_estimates(MEANS | {"estimate": [1.25]}).assign(**{"_merge": "x", "estimate now": "y"})
    moved = ba.check_report(report(before.to_csv(index=False).encode()), trial=made_again)
    numbers = moved[moved["what"].str.endswith(": estimate")]
    assert numbers[["reported", "now"]].to_numpy().tolist() == [["1.25", "1.5"]]


def test_a_file_that_is_a_pipe_or_a_folder_is_missing(report, made_again):
    folder = report(outputs={"index.html": "00", "tables": "00"})
    (folder / "tables").mkdir()
    moved = ba.check_report(folder, trial=made_again)
    assert moved.loc[moved["what"] == "missing since it was written", "file"].tolist() == ["index.html", "tables"]

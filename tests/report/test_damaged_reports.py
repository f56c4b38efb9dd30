"""Reports that were damaged or changed by hand are read as far as they can be, or refused in one sentence."""

import hashlib
import json
import os
import shutil

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.estimates import as_estimates
from botox_analysis.report import check
from botox_analysis.report.folder import MADE_BY, read_manifest, refuse_foreign

MEANS = {"endpoint": ["HIT-6"], "visit": "week 4", "arm": "155 U", "measure": "mean", "method": 'ANCOVA, "adjusted"'}


@pytest.fixture
def report(tmp_path):
    """A function that writes the folder of a report from changes of its manifest, and from estimates."""

    def write(estimates=None, **changes):
        folder = tmp_path / "report"
        folder.mkdir()
        said = {"made_by": MADE_BY, "outputs": {"estimates.csv": "00"}, "inputs": {}, "settings": {}, "versions": {}}
        (folder / "manifest.json").write_text(json.dumps(said | changes))
        if estimates is not None:
            (folder / "estimates.csv").write_bytes(estimates)
        return folder

    write.folder = tmp_path / "report"
    return write


@pytest.fixture
def made_again(monkeypatch):
    """Make `write_report` write these estimates and no other file."""

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
def test_estimates_that_are_no_table_have_moved(report, made_again, content):
    moved = ba.check_report(report(content), trial=made_again)
    told = moved.loc[moved["what"].isin(["no table of estimates", "columns"]), ["file", "verdict"]]
    assert told.to_numpy().tolist() == [["estimates.csv", check.MOVED]]


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


# What is in the folder ------------------------------------------------------------------------------------------------


def linked(folder):
    (folder.parent / "secret").write_text("secret")
    (folder / "index.html").symlink_to(folder.parent / "secret")


def linked_folder(folder):
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "x.csv").write_text("secret")
    (folder / "tables").symlink_to(folder.parent / "elsewhere")


def looped(folder):
    (folder / "index.html").symlink_to("index.html")


def nested(folder):
    (folder / "index.html").mkdir()
    (folder / "index.html" / "x").write_text("")


def piped(folder):
    os.mkfifo(folder / "index.html")


DAMAGES = [linked, linked_folder, looped, nested, piped]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_file_of_the_folder_is_missing_and_never_read(report, made_again, monkeypatch, damage):
    folder = report(outputs={"index.html": "00", "tables/x.csv": "00"})
    damage(folder)
    read = []
    monkeypatch.setattr(check, "sha256_of", lambda path: read.append(path) or "00")
    moved = ba.check_report(folder, trial=made_again)
    missing = moved.loc[moved["what"] == "missing since it was written", "file"].tolist()
    assert missing == ["index.html", "tables/x.csv"]
    assert read == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_file_of_the_folder_is_not_replaced(report, damage):
    folder = report(outputs={"index.html": "00", "tables/x.csv": "00"})
    damage(folder)
    with pytest.raises(ba.DataError, match=r"found '(index\.html|tables)/?', not written by the earlier report"):
        refuse_foreign(folder, "report")


def test_a_manifest_that_is_a_link_is_not_followed(report, tmp_path):
    folder = report()
    (folder / "manifest.json").rename(tmp_path / "other.json")
    (folder / "manifest.json").symlink_to(tmp_path / "other.json")
    with pytest.raises(ba.DataError, match=r"found no manifest\.json"):
        read_manifest(folder)


def test_a_manifest_larger_than_any_is_not_read(report, monkeypatch):
    monkeypatch.setattr("botox_analysis.report.folder._LARGEST_MANIFEST", 10)
    with pytest.raises(ba.DataError, match=r"manifest\.json: found \d+ bytes; expected at most 10"):
        read_manifest(report())


@pytest.mark.parametrize("name", ["empty", "notes.txt", "b\x1b[2Jell", os.fsdecode(b"\xff"), "line\nbreak"])
def test_whatever_a_foreign_thing_is_called_its_name_can_be_printed(report, made_again, name):
    folder = report()
    (folder / name).mkdir()
    moved = ba.check_report(folder, trial=made_again)
    told = moved.loc[moved["what"] == "not part of the report", "file"].tolist()
    assert len(told) == 1
    assert told[0].endswith("/")
    assert told[0].isprintable()


@pytest.mark.parametrize("value", ["a\nb\x1b[2J", "x" * 100_000, [["deep"]] * 3, {"a": None}, 1e308])
def test_whatever_a_manifest_says_fits_one_line(report, made_again, value):
    moved = ba.check_report(report(settings={"x": value}, versions={"a\rb": value}), trial=made_again)
    shown = moved.loc[moved["file"] == "manifest.json", ["what", "reported"]].to_numpy().ravel().tolist()
    assert len(shown) == 4
    assert all(text.isprintable() and len(text) < 200 for text in shown)


def test_a_file_that_cannot_be_read_has_changed(report, made_again, monkeypatch):
    folder = report(outputs={"index.html": "00"})
    (folder / "index.html").write_text("x")

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(check, "sha256_of", refuse)
    moved = ba.check_report(folder, trial=made_again).set_index("what")
    assert moved.loc["changed since it was written", "now"] == "cannot be read: Permission denied"


def test_numbers_beyond_all_are_compared_without_a_warning(report, made_again):
    before = as_estimates(MEANS | {"estimate": [1.5], "std_error": [1.0]}).astype({"estimate": object, "std_error": object})
    for one in ("1e308", "-1e999", "1e-320"):
        content = before.assign(estimate=one, std_error="1e308").to_csv(index=False).encode()
        shutil.rmtree(report.folder, ignore_errors=True)
        assert (ba.check_report(report(content), trial=made_again)["verdict"] == check.MOVED).any()


# What it can come from ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "cause", "said"),
    [
        ("inputs", check.INPUTS, "The trial's files are others than those of the report: diary.csv."),
        ("versions", check.VERSIONS, "which may be why it comes out differently: diary.csv 0.0.9, now missing."),
        ("settings", check.SETTINGS, "The settings of the analysis are others: diary.csv."),
        ("kernels", check.KERNELS, ""),
    ],
)
def test_what_comes_out_differently_has_the_cause_that_the_manifest_has(report, made_again, part, cause, said):
    before = as_estimates(MEANS | {"estimate": [1.25]}).to_csv(index=False).encode()
    checksum = hashlib.sha256(before).hexdigest()
    folder = report(before, outputs={"estimates.csv": checksum}, **{part: {"sha256 of diary.csv": "0.0.9"}})
    found = ba.check_report(folder, trial=made_again)
    assert found.loc[found["file"] == "estimates.csv", "cause"].unique().tolist() == [cause]
    assert [text for text in check.reasons_for(found) if said in text] == check.reasons_for(found)
    assert bool(check.reasons_for(found)) is bool(said)


def test_a_difference_without_a_cause_says_so(report, made_again):
    before = as_estimates(MEANS | {"estimate": [1.25]}).to_csv(index=False).encode()
    found = ba.check_report(report(before, outputs={"estimates.csv": hashlib.sha256(before).hexdigest()}), trial=made_again)
    assert found["cause"].unique().tolist() == [check.NOT_KNOWN]


def test_a_change_by_hand_is_told_apart_from_other_files_of_the_trial(report, made_again):
    folder = report(outputs={"estimates.csv": "00", "page.html": "00"}, inputs={"sha256 of diary.csv": "00"})
    (folder / "page.html").write_text("mine")
    found = ba.check_report(folder, trial=made_again)
    of_page = found[found["file"] == "page.html"].set_index("what")["cause"]
    assert of_page["changed since it was written"] == check.BY_HAND
    assert of_page["sha256"] == check.INPUTS
    assert check.reasons_for(found)[0] == "In the folder, 2 files were changed, added or removed since the report was written."

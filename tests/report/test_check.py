"""Verdicts of a check: moved, or the same to 1e-9, for every number and file."""

import hashlib
import io
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import botox_analysis as ba
from botox_analysis.cli import app
from botox_analysis.report import check as checking
from botox_analysis.report.check import MOVED, ROUNDED
from botox_analysis.report.same import compare_estimates, is_same_drawing, is_same_page


@pytest.fixture(scope="module")
def trial():
    subjects = pd.DataFrame({"subject": [f"s{n}" for n in range(24)], "arm": ["placebo", "toxin"] * 12})
    rows = [
        (subject, "NRS", visit, 8 - n % 3 - (visit != "baseline") * (n % 5))
        for n, subject in enumerate(subjects["subject"])
        for visit in ("baseline", "week 4")
    ]
    assessments = pd.DataFrame(rows, columns=["subject", "scale", "visit", "value"])
    return ba.as_trial({"subjects": subjects, "assessments": assessments}, name="small")


@pytest.fixture(scope="module")
def made(trial, sketched, tmp_path_factory):
    return sketched(trial, tmp_path_factory.mktemp("made") / "out").parent


@pytest.fixture(scope="module")
def made_with_figures(trial, tmp_path_factory):
    return ba.write_report(trial, tmp_path_factory.mktemp("made") / "out").parent


def copied(made, folder, monkeypatch):
    """A copy of a report, for changes; a new report is equal to the original."""
    monkeypatch.setattr(checking, "write_report", lambda _trial, again, **_: shutil.copytree(made, again))
    return shutil.copytree(made, folder)


@pytest.fixture
def report(made, tmp_path, monkeypatch):
    return copied(made, tmp_path / "out", monkeypatch)


@pytest.fixture
def drawn(made_with_figures, tmp_path, monkeypatch):
    return copied(made_with_figures, tmp_path / "out", monkeypatch)


def rewritten(report, file, change):
    """Change a file of a report and its checksum in the manifest, as if another machine had written it."""
    path = report / file
    path.write_bytes(change(path.read_bytes()))
    manifest = json.loads((report / "manifest.json").read_text("utf-8"))
    manifest["outputs"][file] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest["kernels"]["linear algebra"] = "another library"
    (report / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def nudged(by):
    """Increase every standard error of the estimates by a share."""

    def change(content):
        frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        known = frame["std_error"] != ""
        frame.loc[known, "std_error"] = [repr(float(number) * (1 + by)) for number in frame.loc[known, "std_error"]]
        return frame.to_csv(index=False, lineterminator="\n").encode()

    return change


def test_last_bits_of_estimates_are_the_same_to_1e_9_and_kernels_are_told(trial, report):
    rewritten(report, "estimates.csv", nudged(1e-12))
    found = ba.check_report(report, trial=trial)
    assert found["verdict"].unique().tolist() == [ROUNDED]
    assert found["file"].unique().tolist() == ["estimates.csv", "manifest.json"]
    assert found.loc[found["file"] == "manifest.json", "reported"].tolist() == ["another library"]
    assert found["what"].str.match(r"\d+ numbers, at most 1e-12 apart").sum() == 1


def test_a_share_of_1e_8_has_moved(trial, report):
    rewritten(report, "estimates.csv", nudged(1e-8))
    found = ba.check_report(report, trial=trial)
    moved = found[found["verdict"] == MOVED]
    assert moved["file"].unique().tolist() == ["estimates.csv"]
    assert moved["what"].str.endswith(": std_error").any()


def test_what_was_changed_by_hand_has_moved_however_little(trial, report):
    path = report / "estimates.csv"
    path.write_bytes(nudged(1e-12)(path.read_bytes()))
    found = ba.check_report(report, trial=trial)
    assert found.loc[found["verdict"] == MOVED, "what"].tolist() == ["changed since it was written"]


def test_a_word_in_estimates_has_moved(trial, report):
    rewritten(report, "estimates.csv", lambda content: content.replace(b"ANCOVA", b"Ancova", 1))
    assert (ba.check_report(report, trial=trial)["verdict"] == MOVED).any()


def test_a_number_of_a_table_has_moved(trial, report):
    rewritten(report, "tables/efficacy.csv", lambda content: content.replace(b"1", b"2", 1))
    found = ba.check_report(report, trial=trial)
    assert found.set_index("file")["verdict"]["tables/efficacy.csv"] == MOVED


@pytest.mark.long
def test_a_figure_whose_lines_are_the_same_is_the_same_in_all_formats_and_on_the_page(trial, drawn):
    rewritten(drawn, "figures/course.svg", lambda content: content.replace(b"stroke-width: 0.8", b"stroke-width: 0.80001", 1))
    rewritten(drawn, "figures/course.png", lambda content: content + b" ")
    rewritten(drawn, "index.html", lambda content: content.replace(b"base64,iVBOR", b"base64,iVBOr"))
    found = ba.check_report(drawn, trial=trial).query("file != 'manifest.json'")
    assert found["file"].tolist() == ["figures/course.png", "figures/course.svg", "index.html"]
    assert found["verdict"].unique().tolist() == [ROUNDED]


@pytest.mark.long
def test_a_page_with_a_picture_that_moved_has_moved(trial, drawn):
    rewritten(drawn, "figures/course.svg", lambda content: content.replace(b"stroke-width: 0.8", b"stroke-width: 0.9", 1))
    rewritten(drawn, "index.html", lambda content: content.replace(b"base64,iVBOR", b"base64,iVBOr"))
    found = ba.check_report(drawn, trial=trial).set_index("file")["verdict"]
    assert (found["figures/course.svg"], found["index.html"]) == (MOVED, MOVED)


def test_a_word_of_the_page_has_moved(trial, report):
    rewritten(report, "index.html", lambda content: content.replace(b"placebo", b"sham", 1))
    assert ba.check_report(report, trial=trial).set_index("file")["verdict"]["index.html"] == MOVED


def test_a_report_without_kernels_is_checked_too(trial, report):
    manifest = json.loads((report / "manifest.json").read_text("utf-8"))
    manifest.pop("kernels")
    (report / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert ba.check_report(report, trial=trial).empty


@pytest.mark.parametrize(("by", "status", "said"), [(1e-12, 0, "every number is the same to 1e-9"), (1e-6, 1, "std_error: ")])
def test_the_exit_status_says_whether_a_number_moved(trial, report, monkeypatch, by, status, said):
    monkeypatch.setattr(ba, "open_trial", lambda _: trial)
    rewritten(report, "estimates.csv", nudged(by))
    checked = CliRunner().invoke(app, ["check", str(report), "--trial", "small"])
    assert checked.exit_code == status
    assert said in checked.output


# ---- estimates ----

ROW = {
    "trial": "t", "population": "itt", "arm": "a", "reference": "p", "endpoint": "e", "visit": "v", "intercurrent": "",
    "measure": "difference", "category": "", "method": "m", "estimate": 1.5, "std_error": 0.5, "p_value": 0.01,
}  # fmt: skip


def compared(tmp_path, before, now):
    paths = tmp_path / "before.csv", tmp_path / "now.csv"
    for path, rows in zip(paths, (before, now), strict=True):
        pd.DataFrame([{**ROW, **row} for row in rows]).to_csv(path, index=False)
    return compare_estimates(*paths)


@pytest.mark.parametrize("now", [{"estimate": 1.5 + 1e-12}, {"p_value": 0.01 * (1 - 1e-12)}, {"estimate": 1.5 * (1 + 9e-10)}])
def test_a_number_that_differs_by_less_than_1e_9_of_itself_is_rounding(tmp_path, now):
    found = compared(tmp_path, [{}], [now])
    assert (found.moved, found.n_rounded) == ([], 1)


def test_a_difference_of_nothing_is_seen_against_its_standard_error(tmp_path):
    found = compared(tmp_path, [{"estimate": 1e-17}], [{"estimate": -3e-17}])
    assert (found.moved, found.n_rounded) == ([], 1)
    assert compared(tmp_path, [{"p_value": 1e-17}], [{"p_value": 3e-17}]).moved == [
        ("e, v, a, difference: p_value", "1e-17", "3e-17")
    ]


@pytest.mark.parametrize("now", [{"estimate": 1.5 + 2e-9}, {"estimate": np.nan}, {"method": "n"}, {"p_value": 0.0}])
def test_all_else_has_moved(tmp_path, now):
    assert compared(tmp_path, [{}], [now]).moved != []


def test_rows_that_are_not_there_have_moved(tmp_path):
    found = compared(tmp_path, [{}, {"arm": "b"}], [{}])
    assert found.moved == [("e, v, b, difference", "present", "missing")]
    assert compared(tmp_path, [{}], [{}, {"arm": "b"}]).moved == [("e, v, b, difference", "missing", "present")]


def test_rows_of_one_estimand_are_paired_in_their_order(tmp_path):
    surface = [{"delta": delta, "estimate": estimate} for delta, estimate in ((0, 1.0), (1, 2.0), (2, 3.0))]
    assert compared(tmp_path, surface, surface) == compare_estimates(tmp_path / "before.csv", tmp_path / "before.csv")
    assert compared(tmp_path, surface, surface).moved == []


# ---- drawings and pages ----

SVG = '<g clip-path="url(#{name})"><path d="M {x} 20.5 L 3e-05 4 "/><clipPath id="{name}"/></g>'


def drawings(tmp_path, one, other):
    paths = tmp_path / "one.svg", tmp_path / "other.svg"
    for path, text in zip(paths, (one, other), strict=True):
        path.write_text(text, "utf-8")
    return paths


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (SVG.format(name="p0123456789", x="10.000001"), True),
        (SVG.format(name="pabcdef0123", x="10"), True),
        (SVG.format(name="p0123456789", x="10.01"), False),
        (SVG.format(name="p0123456789", x="10").replace("M", "L"), False),
        (SVG.format(name="p0123456789", x="10").replace(" 4 ", " 4 5 "), False),
        (SVG.format(name="p0123456789", x="10").replace("url(#p0123456789)", "url(#p0123456780)"), False),
    ],
)
def test_drawings_are_the_same_but_for_a_thousandth_of_a_point_and_names(tmp_path, other, same):
    assert is_same_drawing(*drawings(tmp_path, SVG.format(name="p0123456789", x="10"), other)) is same


def test_pages_are_the_same_to_the_letter_but_for_pictures(tmp_path):
    page = '<p>1.5</p><img src="data:image/png;base64,{}" alt="x">'
    assert is_same_page(*drawings(tmp_path, page.format("abc+/="), page.format("xyz")))
    assert not is_same_page(*drawings(tmp_path, page.format("abc"), page.format("abc").replace("1.5", "1.6")))

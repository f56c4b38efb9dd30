"""A report is replaced completely or not at all when its run is killed, and other files are never changed."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import botox_analysis as ba
from botox_analysis.report import draft as drafts
from botox_analysis.report import runs
from botox_analysis.report.draft import GONE, NEW, OLD, PREFIX, RUN, mend, put_back, replacing
from botox_analysis.report.folder import MADE_BY, folder_of


class KilledHere(BaseException):
    """The end of a killed run."""


def fill(folder, text):
    (folder / "tables").mkdir(parents=True)
    (folder / "tables" / "x.csv").write_text(text)
    (folder / "index.html").write_text(text)
    outputs = {"tables/x.csv": "00", "index.html": "00"}
    (folder / "manifest.json").write_text(json.dumps({"made_by": MADE_BY, "outputs": outputs}))


def write(folder, text="new", then=lambda: None):
    with replacing(folder) as place:
        fill(place, text)
        then()


def text_of(folder):
    return {path.read_text() for path in (folder / "index.html", folder / "tables" / "x.csv")}


@pytest.fixture
def report(tmp_path):
    """The folder of a report, alone in its parent."""
    fill(tmp_path / "report", "old")
    return tmp_path / "report"


@pytest.fixture
def left_behind(report):
    """A function that makes the draft of a killed run, from its contents and changes of its record."""

    def leave(*parts, name="dead", **changes):
        draft = report.parent / f"{PREFIX}{name}"
        draft.mkdir()
        record = {"made_by": "botox-analysis draft", "folder": "report", "pid": str(os.getpid()), **runs.machine()}
        (draft / RUN).write_text(json.dumps(record | changes))
        for part in parts:
            fill(draft / part, part)
        return draft

    return leave


def names(report):
    return sorted(path.name for path in report.parent.iterdir())


def killed(monkeypatch, report, at):
    """Kill a run at a rename (from 0) or just after it, and return True if it reached the rename."""
    rename, n = Path.rename, [0]

    def rename_or_die(self, target):
        step, n[0] = n[0], n[0] + 1
        if step == at // 2 and at % 2 == 0:
            raise KilledHere
        rename(self, target)
        if step == at // 2:
            raise KilledHere

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename_or_die)
        clear = drafts._clear
        # Who is killed clears nothing; but the last rename is part of clearing.
        patch.setattr(drafts, "_clear", lambda *args: clear(*args) if n[0] == 2 and at > 3 else False)
        try:
            write(report)
        except (KilledHere, ba.DataError):
            return True
    return False


@pytest.mark.parametrize(("at", "expected"), list(enumerate(["old", "old", "old", "new", "new", "new"])))
def test_a_run_killed_at_any_rename_loses_nothing_and_the_next_run_leaves_nothing(monkeypatch, report, at, expected):
    assert killed(monkeypatch, report, at)
    assert len(names(report)) == (1 if at in (1, 2) else 2)
    told = mend(report)
    assert text_of(report) == {expected}
    assert names(report) == ["report"]
    assert bool(told) is (at in (1, 2))
    write(report, "third")
    assert text_of(report) == {"third"}
    assert names(report) == ["report"]


def test_a_check_puts_back_what_a_killed_run_had_moved_aside_and_tells_it(report, left_behind):
    shutil.rmtree(report)
    left_behind(OLD, NEW)
    assert put_back(report) == [f"{report}: put back the report that a killed run had moved aside."]
    assert text_of(report) == {"old"}
    assert names(report) == ["report"]
    assert put_back(report) == []


def test_what_is_put_back_is_told_to_who_watches(report, left_behind):
    shutil.rmtree(report)
    left_behind(OLD)
    told = []
    with pytest.raises(ba.DataError, match="found no origin of the trial in the manifest"):
        ba.check_report(report, progress=lambda *step: told.append(step))
    assert [(what.split(": ")[1][:8], *steps) for what, *steps in told] == [("put back", 0, 1)]


def test_a_check_of_a_report_that_is_there_touches_nothing_beside_it(report, left_behind):
    left_behind(NEW)
    assert put_back(report) == []
    assert len(names(report)) == 2


def test_the_next_run_removes_drafts_of_killed_runs_whatever_they_had_done(report, left_behind):
    left_behind(name="a")
    left_behind(NEW, name="b")
    left_behind(NEW, GONE, name="c")
    left_behind(OLD, name="d")
    left_behind(NEW, name="e", folder="another")
    (report.parent / f"{PREFIX}f").mkdir()
    (report.parent / f"{PREFIX}g").mkdir()
    (report.parent / f"{PREFIX}g" / RUN).touch()
    (report.parent / f"{PREFIX}h").mkdir()
    (report.parent / f"{PREFIX}h" / RUN).write_text('{"made_by": "botox-analysis draft", "fol')
    write(report)
    assert names(report) == ["report"]
    assert text_of(report) == {"new"}


@pytest.mark.parametrize(
    "changes",
    [
        {"boot": "another", "host": "another"},
        {"boot": "another", "machine": "another"},
        {"boot": "another", "machine": ""},
        {"made_by": "somebody"},
        {"folder": "../report"},
        {"folder": ""},
        {"folder": None},
        {"folder": "a\0b"},
    ],
)
def test_drafts_that_are_not_provably_of_a_dead_run_of_this_machine_stay(report, left_behind, changes):
    draft = left_behind(NEW, OLD, **changes)
    assert mend(report) == []
    write(report)
    assert sorted(path.name for path in draft.iterdir()) == [NEW, OLD, RUN]
    assert text_of(report) == {"new"}


def test_a_draft_of_before_the_machine_was_started_again_goes(report, left_behind, monkeypatch):
    here = {"host": "h", "machine": "m", "boot": "second"}
    monkeypatch.setattr(runs, "machine", lambda: here)
    left_behind(NEW, boot="first")
    mend(report)
    assert names(report) == ["report"]


def test_where_there_are_no_locks_drafts_stay_and_reports_are_written(report, left_behind, monkeypatch):
    monkeypatch.setattr(runs, "lock", lambda _: runs.NOT_KNOWN)
    left_behind(NEW)
    write(report)
    assert text_of(report) == {"new"}
    assert names(report) == [f"{PREFIX}dead", "report"]


def with_a_letter(draft):
    (draft / "thesis.docx").write_text("years of work")


def with_a_record_in_pieces(draft):
    (draft / RUN).write_text('{"made_by": "botox-analysis draft", "fol')


def with_another_record_alone(draft):
    shutil.rmtree(draft / NEW)
    shutil.rmtree(draft / OLD)
    (draft / RUN).write_text('{"made_by": "another"}')


def with_a_record_of_brackets(draft):
    (draft / RUN).write_text("[" * 100_000)


def with_a_record_that_is_a_pipe(draft):
    (draft / RUN).unlink()
    os.mkfifo(draft / RUN)


def as_a_link(draft):
    draft.rename(draft.with_name("mine"))
    draft.symlink_to("mine")


def as_a_file(draft):
    shutil.rmtree(draft)
    draft.write_text("mine")


@pytest.mark.parametrize(
    "change",
    [
        with_a_letter,
        with_a_record_in_pieces,
        with_another_record_alone,
        with_a_record_of_brackets,
        with_a_record_that_is_a_pipe,
        as_a_link,
        as_a_file,
    ],
)
def test_what_only_looks_like_a_draft_stays(report, left_behind, change):
    change(left_behind(NEW, OLD))
    before = names(report)
    write(report)
    assert names(report) == before
    assert text_of(report) == {"new"}


def test_an_old_report_whose_place_something_else_has_taken_stays_where_it_is(report, left_behind):
    draft = left_behind(OLD)
    shutil.rmtree(report)
    report.mkdir()
    (report / "thesis.docx").write_text("years of work")
    with pytest.raises(ba.DataError, match="found other files and no manifest"):
        write(report)
    assert text_of(draft / OLD) == {"old"}
    assert (report / "thesis.docx").exists()


@pytest.mark.long
def test_two_runs_at_once_are_one_too_many(report):
    with replacing(report) as place:
        fill(place, "first")
        with pytest.raises(
            ba.DataError, match=rf"another run that is writing this report \(process {os.getpid()}\); expected one"
        ):
            write(report, "second")
        write(report.parent / "another", "second")
        assert text_of(report) == {"old"}
    assert text_of(report) == {"first"}
    assert names(report) == ["another", "report"]


@pytest.mark.long
@pytest.mark.parametrize("n_runs", [2, 8])
def test_of_runs_that_begin_together_each_writes_a_whole_report_or_is_refused(report, n_runs):
    begin, done = threading.Barrier(n_runs), []

    def run(number):
        begin.wait()
        try:
            write(report, f"run {number}")
            done.append("written")
        except ba.DataError as error:
            done.append(str(error))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(n_runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == n_runs
    assert all(said == "written" or "another run that is writing this report" in said for said in done)
    assert len(text_of(report)) == 1
    assert names(report) == ["report"]


def test_a_run_on_another_machine_that_was_faster_is_replaced_whole(report, monkeypatch):
    with replacing(report) as place:
        fill(place, "slow")
        with monkeypatch.context() as patch:
            patch.setattr(runs, "is_here", lambda _: False)
            write(report, "fast")
        assert text_of(report) == {"fast"}
    assert text_of(report) == {"slow"}
    assert names(report) == ["report"]


def add_file(folder):
    (folder / "notes.txt").write_text("mine")


def add_folder(folder):
    (folder / "empty").mkdir()


def add_link(folder):
    (folder / "tables" / "link").symlink_to("x.csv")


def add_pipe(folder):
    os.mkfifo(folder / "tables" / "pipe")


@pytest.mark.parametrize("add", [add_file, add_folder, add_link, add_pipe])
def test_what_somebody_adds_while_the_report_is_made_ends_it(report, add):
    before = "not written by the earlier report"
    with pytest.raises(ba.DataError, match=before):
        write(report, then=lambda: add(report))
    assert text_of(report) == {"old"}
    assert names(report) == ["report"]
    with pytest.raises(ba.DataError, match=before):
        write(report)


def test_what_somebody_adds_between_the_last_look_and_the_swap_is_put_back(report, monkeypatch):
    rename = Path.rename

    def add_first(self, target):
        if self == report:
            add_file(self)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", add_first)
    with pytest.raises(ba.DataError, match=r"report: found 'notes\.txt'"):
        write(report)
    assert text_of(report) == {"old"}
    assert (report / "notes.txt").read_text() == "mine"
    assert names(report) == ["report"]


def test_what_takes_the_place_of_the_report_in_the_swap_stays_and_the_old_report_is_named(report, monkeypatch):
    rename = Path.rename

    def come_first(self, target):
        if self.name == NEW:
            report.mkdir()
            add_file(report)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", come_first)
    with pytest.raises(ba.DataError, match=r"The earlier report is in .*/old\."):
        write(report)
    assert (report / "notes.txt").exists()
    [draft] = report.parent.glob(f"{PREFIX}*")
    assert text_of(draft / OLD) == {"old"}


@pytest.mark.parametrize("step", ["mkdtemp", "open", "mkdir", "rename"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(30, "Read-only file system")])
def test_what_the_disk_refuses_is_one_sentence_and_the_old_report_stays(report, monkeypatch, step, error):
    def refuse(*args, **kwargs):
        raise error

    opened = Path.open

    def refuse_record(self, *args, **kwargs):
        return refuse() if self.name == RUN else opened(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        name = "tempfile.mkdtemp" if step == "mkdtemp" else f"pathlib.Path.{step}"
        patch.setattr(name, refuse_record if step == "open" else refuse)
        with pytest.raises(ba.DataError, match=rf"report: found that the report cannot be written \({error.strerror}"):
            write(report)
    assert text_of(report) == {"old"}
    assert names(report) == ["report"]


FULL = """
import resource, sys
from pathlib import Path
import botox_analysis as ba
from botox_analysis.report.draft import replacing
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    with replacing(sys.argv[1]) as place:
        (place / "index.html").write_bytes(bytes(1_000_000))
except ba.DataError as error:
    sys.exit(7)
"""


@pytest.mark.long
@pytest.mark.parametrize("n_bytes", [0, 100, 10_000])
def test_a_disk_without_room_for_the_first_bytes_is_left_clean(report, n_bytes):
    ended = subprocess.run([sys.executable, "-c", FULL, str(report), str(n_bytes)], check=False)  # noqa: S603
    assert ended.returncode == 7
    assert text_of(report) == {"old"}
    assert names(report) == ["report"]


def test_a_disk_that_is_full_half_way_leaves_the_old_report(report):
    def refuse():
        raise OSError(28, "No space left on device", "/a/x.csv")

    with pytest.raises(ba.DataError, match=r"No space left on device at /a/x\.csv"):
        write(report, then=refuse)
    assert text_of(report) == {"old"}
    assert names(report) == ["report"]


def test_folders_made_for_a_report_that_came_to_nothing_go_again(tmp_path):
    with pytest.raises(KilledHere), replacing(tmp_path / "a" / "b" / "report"):
        raise KilledHere
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "a" / "b" / "report")
    assert text_of(tmp_path / "a" / "b" / "report") == {"new"}


def test_a_report_keeps_the_rights_of_the_one_it_replaces(report):
    report.chmod(0o750)
    write(report)
    assert report.stat().st_mode & 0o777 == 0o750


def test_a_link_to_a_folder_stays_one(report):
    link = report.parent / "latest"
    link.symlink_to("report")
    write(link)
    assert link.is_symlink()
    assert text_of(report) == {"new"}


def itself(place):
    (place / "loop").symlink_to("loop")
    return place / "loop"


def inside_a_file(place):
    (place / "file").touch()
    return place / "file" / "report"


PATHS = {
    "the root": (lambda _: "/", "found the root of the file system"),
    "NUL": (lambda place: place / "a\0b", r"a\\x00b: found a path that leads to no folder \("),
    "half a letter": (lambda place: place / "\ud800", "found a path that leads to no folder"),
    "a long name": (lambda place: place / ("x" * 300), r"found a path that leads to no folder \(File name too long\)"),
    "a long path": (lambda place: place / "/".join(["x" * 200] * 30), "found a path that leads to no folder"),
    "a loop": (itself, "found a (path|link) that leads to (no folder|itself)"),
    "in a loop": (lambda place: itself(place) / "report", "found a path that leads to no folder"),
    "in a file": (inside_a_file, r"found a path that leads to no folder \(Not a directory\)"),
    "a file": (lambda place: inside_a_file(place).parent, "file: found a file; expected a folder for the report, or none"),
    "a number": (lambda _: 7, "`folder` must be the path of a report's folder.*; got the number 7"),
    "None": (lambda _: None, "`folder` must be the path of a report's folder.*; got None"),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_path_that_no_report_can_have_is_refused_in_one_sentence(tmp_path, name):
    make, said = PATHS[name]
    with pytest.raises(ba.DataError, match=said):
        write(make(tmp_path))
    with pytest.raises(ba.DataError, match=said if name != "a file" else "found no manifest"):
        ba.check_report(make(tmp_path) if name not in ("a loop", "in a loop") else tmp_path / "loop")


def test_names_of_255_letters_can_be_those_of_reports(tmp_path):
    write(tmp_path / ("x" * 255))
    assert text_of(tmp_path / ("x" * 255)) == {"new"}


def test_a_folder_of_others_is_not_walked_through(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.docx").touch()
    monkeypatch.setattr(os, "scandir", lambda *_: pytest.fail("it was walked through"))
    monkeypatch.setattr(Path, "iterdir", lambda self: iter([self / "thesis.docx"]))
    with pytest.raises(ba.DataError, match="found other files and no manifest"):
        drafts.refuse_foreign(folder_of(tmp_path / "home"), "home")


KILLED = """
import os, signal, sys
from pathlib import Path
from botox_analysis.report.draft import replacing
with replacing(sys.argv[1]) as place:
    (place / "index.html").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.long
def test_a_run_that_the_kernel_ends_is_no_longer_alive_though_its_number_is(report, monkeypatch):
    ended = subprocess.run([sys.executable, "-c", KILLED, str(report)], check=False)  # noqa: S603
    assert ended.returncode == -9
    [draft] = report.parent.glob(f"{PREFIX}*")
    record = json.loads((draft / RUN).read_text()) | {"pid": str(os.getpid())}
    (draft / RUN).write_text(json.dumps(record))
    assert (draft / NEW / "index.html").exists()
    write(report)
    assert names(report) == ["report"]

"""A parser in a child process: whatever it does there is a sentence here, and nothing stays behind."""

import os
import subprocess
import sys
import tempfile
import threading
import time

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.readers import child
from botox_analysis.trials.readers.child import in_child, one_child
from botox_analysis.trials.readers.columnar import read_columnar
from botox_analysis.trials.readers.parsers.serve import PARSERS

ODD = """
import ctypes, os, sys, time
from botox_analysis.trials.readers.parsers import parsed, serve

def raises(error):
    raise error

def odd(path):
    with open(path) as file:
        does = file.read()
    {
        "segfault": lambda: ctypes.string_at(0),
        "late segfault": lambda: (os.closerange(1, 64), time.sleep(0.3), ctypes.string_at(0)),
        "abort": os.abort,
        "exit": lambda: os._exit(3),
        "loop": lambda: [None for _ in iter(int, 1)],
        "sleep": lambda: time.sleep(60),
        "memory": lambda: [bytearray(1 << 28) for _ in range(100)],
        "recursion": lambda: odd(path),
        "system exit": sys.exit,
        "error": lambda: raises(ValueError("of  a\\nlibrary " + "x" * 500)),
        "refusal": lambda: raises(parsed.RefusalError("found x; expected y")),
        "library": lambda: __import__("no_such_library"),
        "talk": lambda: (print("{}"), os.write(1, b"[]\\n"), os.write(2, b"[]\\n")),
    }[does]()
    return []

parsed.odd = odd
serve.PARSERS["odd"] = ("parsed", "odd")
serve.serve()
"""
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


@pytest.fixture
def odd(monkeypatch, tmp_path):
    """A parser that does what its file of a few bytes tells it."""
    monkeypatch.setitem(PARSERS, "odd", ("parsed", "odd"))
    monkeypatch.setattr(child, "_START", child._START.replace("from botox_analysis", f"exec({ODD!r}); from botox_analysis"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / "f.xls"

    def read(does):
        path.write_text(does)
        return in_child("odd", path, "a workbook")

    return read


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "f.parquet"
    pd.DataFrame({"a": ["x", "y"]}).to_parquet(path)
    return path


@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        pytest.param("segfault", r"found a damaged file that ended its reader \(SIGSEGV\); expected a workbook\.", marks=POSIX),
        pytest.param("late segfault", r"found a damaged file that ended its reader \(SIGSEGV\); ", marks=POSIX),
        pytest.param("abort", r"found a damaged file, or one that needs more than 2 GB of memory \(SIGABRT\); ", marks=POSIX),
        ("exit", r"found a damaged file that ended its reader \(code 3\); "),
        ("recursion", r"found a file that cannot be read \(RecursionError: .*\); expected a workbook\."),
        ("system exit", r"found a file that cannot be read \(SystemExit\); "),
        ("error", r"found a file that cannot be read \(ValueError: of a library x{100,115}\); expected a workbook\.$"),
        ("refusal", r"found x; expected y\.$"),
        (
            "library",
            r"found a file that needs the library no_such_library; install it by: pip install 'botox-analysis\[formats\]'",
        ),
    ],
)
def test_whatever_a_parser_does_is_a_sentence_with_the_name_of_the_file(odd, tmp_path, does, sentence):
    with pytest.raises(ba.DataError, match=rf"^f\.xls: {sentence}"):
        odd(does)
    assert [path.name for path in tmp_path.iterdir()] == ["f.xls"]


@pytest.mark.long
@POSIX
def test_memory_is_limited(odd):
    with pytest.raises(ba.DataError, match=r"^f\.xls: found a file that needs more than 2 GB of memory; expected a workbook"):
        odd("memory")


@pytest.mark.parametrize("does", [pytest.param("loop", marks=pytest.mark.long), "sleep"])
def test_a_parser_that_does_not_end_is_ended(odd, monkeypatch, does):
    monkeypatch.setattr(child, "_SECONDS", 0.2)
    start = time.monotonic()
    with pytest.raises(ba.DataError, match=r"^f\.xls: found a file that is not read within 0 seconds; expected a workbook"):
        odd(does)
    assert time.monotonic() - start < 30


@POSIX
@pytest.mark.long
def test_a_loop_is_ended_by_the_time_of_the_processor_too(odd, monkeypatch):
    monkeypatch.setattr(child, "_SECONDS", 0.2)
    monkeypatch.setattr(child, "_WAIT", 1000)
    with pytest.raises(ba.DataError, match="is not read within"):
        odd("loop")


def test_what_a_parser_prints_is_no_answer(odd):
    assert odd("talk") == []


def test_after_a_crash_the_next_file_of_the_load_is_read(odd, table):
    with one_child():
        for _ in range(2):
            with pytest.raises(ba.DataError, match="ended its reader"):
                odd("exit")
            assert read_columnar(table, {})[0].frame["a"].tolist() == ["x", "y"]


def test_one_process_reads_all_files_of_a_load_and_is_ended(table, monkeypatch):
    started = []
    start = subprocess.Popen

    def counted(*arguments, **choices):
        started.append(start(*arguments, **choices))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", counted)
    with one_child():
        for _ in range(3):
            read_columnar(table, {})
        assert [process.poll() for process in started] == [None]
    assert started[0].poll() is not None
    read_columnar(table, {})
    assert len(started) == 2
    assert started[1].poll() is not None


def test_an_interruption_ends_the_process_and_removes_its_files(odd, tmp_path, monkeypatch):
    started = []
    ask = child._Child.ask

    def interrupted(process, request, seconds):
        started.append(process.process)
        raise KeyboardInterrupt

    monkeypatch.setattr(child._Child, "ask", interrupted)
    with pytest.raises(KeyboardInterrupt):
        odd("talk")
    assert started[0].poll() is not None
    assert [path.name for path in tmp_path.iterdir()] == ["f.xls"]
    monkeypatch.setattr(child._Child, "ask", ask)
    assert odd("talk") == []


def test_files_are_read_in_several_threads(table):
    read = []
    threads = [threading.Thread(target=lambda: read.append(read_columnar(table, {})[0].frame["a"].tolist())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [["x", "y"]] * 3


@pytest.mark.parametrize("name", ["a; rm -rf $HOME.parquet", "-c.parquet", 'a"b\n.parquet', "ä é.parquet", "%s{0}.parquet"])
def test_a_name_of_a_file_is_only_a_name(table, name, monkeypatch):
    if sys.platform == "win32" and set(name) & set('"\n'):
        pytest.skip("no name of a file on Windows")
    path = table.rename(table.parent / name)
    monkeypatch.chdir(table.parent)
    assert read_columnar(path.relative_to(table.parent), {})[0].frame["a"].tolist() == ["x", "y"]


@POSIX
def test_a_name_that_is_not_unicode_is_refused(table):
    path = table.rename(os.fsdecode(os.fsencode(table.parent) + b"/\xff.parquet"))
    with pytest.raises(ba.DataError, match=r"^\\udcff\.parquet: found a file that cannot be read \(UnicodeEncodeError"):
        read_columnar(path, {})


def test_a_module_beside_the_file_is_not_imported(table, monkeypatch):
    (table.parent / "pyarrow.py").write_text("raise SystemExit")
    monkeypatch.chdir(table.parent)
    monkeypatch.syspath_prepend("")
    monkeypatch.setenv("PYTHONPATH", str(table.parent))
    assert len(read_columnar(table, {})[0].frame) == 2


def test_only_parsers_of_the_table_are_run(table):
    with pytest.raises(KeyError):
        in_child("os", table, "a file")


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(ba.DataError, match=r"^none\.parquet: found a file that cannot be read \(FileNotFoundError"):
        read_columnar(tmp_path / "none.parquet", {})


def test_the_child_starts_without_the_libraries_of_the_analysis():
    code = (
        "import sys; from botox_analysis.trials.readers.parsers import serve, parquet, workbook; "
        "print([name for name in ('pandas', 'scipy', 'statsmodels', 'matplotlib', 'numpy', 'pyarrow') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=child._ROOT)  # noqa: S603 - our own
    assert answer.stdout.strip() == "[]"

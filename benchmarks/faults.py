"""What becomes of a report when its run is killed, the disk is full, or its manifest is damaged.

Run with the project's environment, on Linux or macOS: ``.venv/bin/python benchmarks/faults.py --seed 1``. Prints what was tried
and what survived; the exit status is 1 where anything was lost or left behind. The report is a real one, of the bundled trial by
`write_report`; that it is quick, the analysis is made once, and four of its figures are drawn. Only processes that were started
here are killed; all is written into one temporary folder, which goes again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from typer.testing import CliRunner

import botox_analysis as ba
from botox_analysis.cli import app
from botox_analysis.report import check, write
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.contents import analyse
from botox_analysis.report.draft import mend, replacing
from botox_analysis.report.folder import MANIFEST
from botox_analysis.report.section import Figure, Shown

FIGURES = ("flow", "course", "distribution", "forest")
N_RENAMES = 3
"""Of a run that replaces a report: the old one aside, the new one in, the old one out of the way."""

REFUSED = 3
"""How a child ends whose report was refused in one sentence."""


def main() -> int:
    """Try everything and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True, help="of the moments at which runs are killed")
    parser.add_argument("--moments", type=int, default=60, help="how many")
    asked = parser.parse_args()
    trial = ba.open_trial("simulated")
    analysis = with_few_figures(analyse(trial))
    write.analyse = lambda named: replace(analysis, trial=named)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(prefix="botox-analysis-faults-") as place:
        base = Path(place)
        found = Faults(trial, base)
        seconds = found.seconds_of_a_run()
        print(f"a report takes {seconds:.1f} s and has {size_of(base / 'home' / 'report') / 1e6:.1f} MB")  # noqa: T201
        found.kill_at_moments(Random(asked.seed), asked.moments, seconds)  # noqa: S311 - no secret rests on it
        found.kill_at_renames()
        found.kill_first_runs()
        found.fill_disks()
        found.damage_manifests()
    for what, counted in found.survived.items():
        print(f"{what}: {', '.join(f'{said} {n}' for said, n in counted.items())}")  # noqa: T201
    for lost in found.lost:
        print(f"LOST: {lost}")  # noqa: T201
    print(f"{sum(map(Counter.total, found.survived.values()))} faults, {len(found.lost)} of them lost something")  # noqa: T201
    return 1 if found.lost else 0


def with_few_figures(analysis: Analysis) -> Analysis:
    """The same analysis, whose sections show `FIGURES` and no others."""

    def kept(item: Shown) -> Shown:
        if isinstance(item, tuple):
            return tuple(one for one in item if one is not None and one.name in FIGURES)
        return None if isinstance(item, Figure) and item.name not in FIGURES else item

    sections = [replace(section, shows=tuple(map(kept, section.shows))) for section in analysis.sections]
    return replace(analysis, sections=tuple(sections))


class Faults:
    """What was tried on one folder, what survived, and what did not."""

    def __init__(self, trial: ba.Trial, base: Path) -> None:
        self.trial, self.base = trial, base
        self.survived: dict[str, Counter[str]] = {}
        self.lost: list[str] = []
        self.n_runs = 0

    def run(self, folder: Path, before: Callable[[], Any] = lambda: None) -> int:
        """Begin a child that writes a report, whose name is that of the run; its number."""
        self.n_runs += 1
        sys.stdout.flush()
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            before()
            ba.write_report(replace(self.trial, name=f"run {self.n_runs}"), folder)
            status = 0
        except (ba.DataError, ba.FitError):
            status = REFUSED
        finally:
            os._exit(status)

    def seconds_of_a_run(self) -> float:
        """Write the first report."""
        start = time.perf_counter()
        if status_of(self.run(self.base / "home" / "report")) != 0:
            raise SystemExit("no report can be written here")
        return time.perf_counter() - start

    def judge(self, what: str, moment: str, folder: Path, whole: set[str]) -> None:
        """Say what the next run finds: one whole report, one of those that may be there, and nothing beside it."""
        told = mend(folder)
        left = sorted(path.name for path in folder.parent.iterdir() if path != folder)
        name = name_of(folder)
        if name not in whole:
            self.lost.append(f"{what}, {moment}: found {name or 'no whole report'}; expected one of {sorted(whole)}")
        elif left:
            self.lost.append(f"{what}, {moment}: left behind {left}")
        else:
            now = (
                "no report, as before"
                if name == "none"
                else "the new report"
                if name == f"run {self.n_runs}"
                else "the old report"
            )
            self.survived.setdefault(what, Counter())[f"{now}{', put back' if told else ''}"] += 1

    def kill_at_moments(self, random: Random, n: int, seconds: float) -> None:
        """Kill runs at random moments."""
        folder = self.base / "home" / "report"
        for _ in range(n):
            old, moment = name_of(folder), random.uniform(0, 1.05 * seconds)
            child = self.run(folder)
            time.sleep(moment)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            self.judge("killed at a random moment", f"{moment:.3f} s", folder, {old, f"run {self.n_runs}"})

    def kill_at_renames(self) -> None:
        """Kill runs just before and just after each rename of the swap."""
        folder = self.base / "home" / "report"
        for number in range(N_RENAMES):
            for after in (False, True):
                old = name_of(folder)
                ended = status_of(self.run(folder, lambda number=number, after=after: die_at_rename(number, after=after)))
                moment = f"rename {number}, {'after' if after else 'before'}"
                if ended != -signal.SIGKILL:
                    self.lost.append(f"{moment} was never reached")
                self.judge("killed at a rename", moment, folder, {old, f"run {self.n_runs}"})
        self.check_next_run(folder)

    def kill_first_runs(self) -> None:
        """Kill runs where there was no report before."""
        for after in (False, True):
            folder = self.base / f"first-{after}" / "report"
            status_of(self.run(folder, lambda after=after: die_at_rename(0, after=after)))
            self.judge("killed at the rename of a first report", f"{after}", folder, {"none", f"run {self.n_runs}"})
        self.check_next_run(folder)

    def check_next_run(self, folder: Path) -> None:
        """Let a run end, and see that it left one report and nothing else."""
        status = status_of(self.run(folder))
        if status != 0:
            self.lost.append(f"the next run ended with status {status}")
        self.judge("the next run, not killed", "its end", folder, {f"run {self.n_runs}"})

    def fill_disks(self) -> None:
        """Write where there is no room: a small file system, or files that may not grow."""
        size = size_of(self.base / "home" / "report")
        for share in (0.02, 0.2, 0.4, 0.6, 0.8, 0.95):
            with small_disk(self.base / "disk", int(size * 1.05) + int(size * share), 0) as folder:
                if folder is not None:
                    self.fill_disk("full disk (tmpfs)", folder, f"{share:.0%} of a report")
        for n_inodes in (1, 3, 10, 30):
            with small_disk(self.base / "disk", 3 * size, files_in(self.base / "home" / "report") + 3 + n_inodes) as folder:
                if folder is not None:
                    self.fill_disk("no inodes (tmpfs)", folder, f"{n_inodes} of them")
        for limit in (0, 100, 10_000, 50_000, 100_000):
            folder = self.base / "home" / "report"
            old = name_of(folder)
            status = status_of(self.run(folder, lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))))
            self.refused("files that may not grow (RLIMIT_FSIZE)", f"{limit} bytes", folder, old, status)

    def fill_disk(self, what: str, folder: Path, moment: str) -> None:
        """Copy a report to a small disk, and write the next one there."""
        shutil.copytree(self.base / "home" / "report", folder)
        old = name_of(folder)
        self.refused(what, moment, folder, old, status_of(self.run(folder)))

    def refused(self, what: str, moment: str, folder: Path, old: str, status: int) -> None:
        """Judge a run that has to be refused in one sentence."""
        if status != REFUSED:
            self.lost.append(f"{what}, {moment}: ended with status {status}; expected one sentence")
        self.judge(what, moment, folder, {old})

    def damage_manifests(self) -> None:
        """Damage manifests, and check and replace the reports: exit status 0, 1 or 2, and no byte of a refused one changed."""
        home, copy = self.base / "home" / "report", self.base / "damaged" / "report"
        check.write_report = lambda _trial, again, **_: shutil.copytree(home, again)  # type: ignore[attr-defined]
        for name, damage in DAMAGES.items():
            shutil.rmtree(copy.parent, ignore_errors=True)
            shutil.copytree(home, copy, symlinks=True)
            damage(copy / MANIFEST)
            before = content_of(copy)
            checked = CliRunner().invoke(app, ["check", str(copy), "--trial", "simulated"])
            if checked.exit_code not in (0, 1, 2) or not isinstance(checked.exception, SystemExit | None):
                self.lost.append(f"manifest {name}: check ended with {checked.exception!r}")
            said = f"check ends with {checked.exit_code}"
            try:
                with replacing(copy) as place:
                    shutil.copytree(home, place, dirs_exist_ok=True)
                said += " and it is replaced"
            except ba.DataError:
                said += " and it is not replaced"
                if content_of(copy) != before:
                    self.lost.append(f"manifest {name}: refused, but changed")
            if [path.name for path in copy.parent.iterdir()] != ["report"]:
                self.lost.append(f"manifest {name}: something was left behind")
            self.survived.setdefault("damaged manifest", Counter())[said] += 1


def die_at_rename(number: int, *, after: bool) -> None:
    """Let this process be killed at one of its renames of folders."""
    rename, n = Path.rename, [0]

    def rename_or_die(self: Path, target: Any) -> Any:
        here = n[0] == number
        n[0] += 1
        if here and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        rename(self, target)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)

    Path.rename = rename_or_die  # type: ignore[method-assign,assignment]


def status_of(child: int) -> int:
    """Wait for a child; its exit status, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def name_of(folder: Path) -> str:
    """The run that wrote the whole report in a folder; ``none`` where there is nothing, empty where it is not whole."""
    if not folder.exists():
        return "none"
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        outputs = manifest["outputs"]
        found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        whole = set(found) == {MANIFEST, *outputs} and all(
            hashlib.sha256(found[file].read_bytes()).hexdigest() == checksum for file, checksum in outputs.items()
        )
    except (OSError, ValueError, KeyError):
        return ""
    return str(manifest["trial"]) if whole else ""


def content_of(folder: Path) -> dict[str, bytes | str]:
    """Every byte in a folder, and where its links lead."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def size_of(folder: Path) -> int:
    """Bytes in a folder, in whole pages, as a file system in memory counts."""
    page = resource.getpagesize()
    return sum(-(-path.stat().st_size // page) * page for path in folder.rglob("*") if path.is_file())


def files_in(folder: Path) -> int:
    """Files and folders in a folder."""
    return sum(1 for _ in folder.rglob("*"))


@contextlib.contextmanager
def small_disk(place: Path, n_bytes: int, n_inodes: int) -> Iterator[Path | None]:
    """A folder on a file system of a size, or None where this user may mount none."""
    place.mkdir(exist_ok=True)
    options = f"size={n_bytes}" + (f",nr_inodes={n_inodes}" if n_inodes else "")
    program = shutil.which("mount")
    command = [program or "mount", "-t", "tmpfs", "-o", options, "botox-analysis-faults", str(place)]
    mounted = program is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603
    try:
        yield place / "report" if mounted else None
    finally:
        if mounted:
            subprocess.run([shutil.which("umount") or "umount", str(place)], check=True)  # noqa: S603


def _json(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], Any]:
    """Damage by what the manifest says."""

    def damage(path: Path) -> None:
        manifest = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps(change(manifest)), "utf-8")

    return damage


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], Any]:
    """Damage by the bytes of the file."""
    return lambda path: path.write_bytes(change(path.read_bytes()))


def _as_link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere.json")
    path.symlink_to("../elsewhere.json")
    (path.parent.parent / "elsewhere.json").rename(path.parent / "index.html")


def _as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "gone": Path.unlink,
    "empty": _bytes(lambda _: b""),
    "half of it": _bytes(lambda content: content[: len(content) // 2]),
    "twice": _bytes(lambda content: content * 2),
    "one bit flipped": _bytes(lambda content: bytes([*content[:200], content[200] ^ 64, *content[201:]])),
    "not UTF-8": _bytes(lambda content: content.replace(b"simulated", b"\xff\xfe", 1)),
    "zeros": _bytes(lambda content: bytes(len(content))),
    "100,000 brackets": _bytes(lambda _: b"[" * 100_000),
    "20 MB of spaces": _bytes(lambda content: content + b" " * 20_000_000),
    "a link out of the folder": _as_link,
    "a folder": _as_folder,
    "a pipe": _as_pipe,
    "a list": _json(lambda manifest: [manifest]),
    "of another program": _json(lambda manifest: manifest | {"made_by": "another"}),
    "a checksum that is a number": _json(lambda manifest: manifest | {"outputs": dict.fromkeys(manifest["outputs"], 7)}),
    "a path out of the folder": _json(lambda manifest: manifest | {"outputs": manifest["outputs"] | {"../../x": "00"}}),
    "an output fewer": _json(lambda manifest: manifest | {"outputs": dict(list(manifest["outputs"].items())[1:])}),
    "an output more": _json(lambda manifest: manifest | {"outputs": manifest["outputs"] | {"more.csv": "00"}}),
    "other checksums": _json(lambda manifest: manifest | {"outputs": dict.fromkeys(manifest["outputs"], "0" * 64)}),
    "an older version": _json(lambda manifest: manifest | {"versions": {"botox-analysis": "0.0.1"}}),
    "settings that are nothing": _json(lambda manifest: manifest | {"settings": None}),
    "no parts but the outputs": _json(lambda manifest: {key: manifest[key] for key in ("made_by", "outputs")}),
    "commands of a terminal": _json(lambda manifest: manifest | {"settings": {"\x1b[2J": "\x07\n"}}),
}


if __name__ == "__main__":
    sys.exit(main())

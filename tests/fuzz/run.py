"""Feed damaged files to the readers for as long as told, guided by what of their code is reached.

``python -m tests.fuzz.run csv parquet --seconds 600`` takes 600 seconds of processor time for each target. Failures are made
small and kept in ``tests/fuzz/corpus``, where `test_corpus` replays them. Needs atheris.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).resolve().parent / "corpus"
WORK = ROOT / ".fuzz"
"""What was reached by earlier runs; a run goes on from there."""

NAMES = ("csv", "parquet", "dataset_json", "transport", "workbook", "sas7bdat", "shapes", "draft", "toml", "manifest")
_INSTRUMENTED = ["botox_analysis.trials", "botox_analysis.cells.reading", "botox_analysis.cells.names", "botox_analysis.errors",
                 "botox_analysis.report.check", "botox_analysis.report.folder"]  # fmt: skip
_LONGEST = 1 << 16
_SECONDS_AN_INPUT = 300
"""Of a clock on the wall: a machine with much else to do is slow."""

_INPUTS_A_CHILD = 200
"""That one child process reads. Its time is counted when it has ended."""

_MEGABYTES = 3000
_TRIES = 1500


def main() -> int:
    """Run the targets one after the other; exit status 1 where any failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"some of {', '.join(NAMES)}; left out: all")
    parser.add_argument("--seconds", type=float, default=60, help="processor time for each target")
    parser.add_argument("--within", type=Path, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.within:
        _fuzz(said.targets[0], said.seconds, said.within)
    return max([_run(target, said.seconds) for target in said.targets or NAMES])


def _run(target: str, seconds: float) -> int:
    """Run a target in processes of its own: a damaged file may end one."""
    place = WORK / target
    for folder in ("reached", "failures", "ended"):
        (place / folder).mkdir(parents=True, exist_ok=True)
    from tests.fuzz.mutations import seeds

    started = seeds(target)
    if not started:
        print(f"{target}: not run, since no file to start from is here (see BOTOX_ANALYSIS_DATA)")  # noqa: T201
        return 0
    for seed in started:
        (place / "reached" / _name(seed)).write_bytes(seed)
    n_runs, used, ended, reached = 0, 0.0, 0, []
    while used < seconds - 1:
        command = [sys.executable, "-m", "tests.fuzz.run", target, "--seconds", str(seconds - used), "--within", str(place)]
        (place / "counts.json").unlink(missing_ok=True)
        with (place / "log").open("w") as log:
            code = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode  # noqa: S603
        reached += re.findall(r"cov: (\d+) ft: (\d+)", (place / "log").read_text(errors="replace"))
        counted = json.loads((place / "counts.json").read_text()) if (place / "counts.json").exists() else {"n": 0, "seconds": 60}
        n_runs, used = n_runs + counted["n"], used + counted["seconds"]
        if code:
            ended += 1
            if not list((place / "ended").iterdir()):
                raise SystemExit(f"{target}: the run itself failed; see {place / 'log'}")
    failures = _kept(target, place)
    growth = f"features {reached[0][1]} -> {reached[-1][1]}" if reached else "no features counted"
    print(f"{target}: {n_runs:,} runs in {used:,.0f} s of processor time, {growth}, "  # noqa: T201
          f"{len(failures)} failures, {ended} processes ended")  # fmt: skip
    for name, what in failures.items():
        print(f"  {name}: {what}")  # noqa: T201
    for path in sorted((place / "ended").iterdir()):
        print(f"  ended by {path}")  # noqa: T201
    return int(bool(failures) or ended > 0)


def _fuzz(target: str, seconds: float, place: Path) -> None:
    """Feed a target until the time is over. Exceptions are noted and do not end the process."""
    import atheris

    with atheris.instrument_imports(include=_INSTRUMENTED):
        from botox_analysis.trials.readers.child import one_child
        from tests.fuzz.mutations import mutated
        from tests.fuzz.targets import TARGETS

        TARGETS[target](b"")
    call = TARGETS[target]
    n, begun, noted, process = 0, _processor_time(), 0.0, ExitStack()

    def once(data: bytes) -> None:
        nonlocal n, noted
        if n % _INPUTS_A_CHILD == 0:
            process.close()
            process.enter_context(one_child())
        failed = failure_of(call, data)
        if failed:
            path = place / "failures" / hashlib.sha256(failed.encode()).hexdigest()[:12]
            if not path.exists() or len(data) < path.stat().st_size:
                path.write_bytes(data)
        n, used = n + 1, _processor_time() - begun
        if used - noted > 1:
            noted = used
            (place / "counts.json").write_text(json.dumps({"n": n, "seconds": used}))
        if used > seconds:
            sys.stderr.flush()
            os._exit(0)  # libFuzzer knows no end by processor time

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        chance = Random(seed)
        if chance.random() < 0.3:
            return atheris.Mutate(data, max_size)
        for _ in range(chance.choice([1, 1, 2, 4])):
            data = mutated(target, data, chance)
        return data[:max_size]

    limits = [
        f"-max_len={_LONGEST}",
        f"-timeout={_SECONDS_AN_INPUT}",
        f"-report_slow_units={_SECONDS_AN_INPUT}",
        f"-rss_limit_mb={_MEGABYTES}",
        "-len_control=0",
    ]
    where = [str(place / "reached"), f"-artifact_prefix={place / 'ended'}/"]
    atheris.Setup([sys.argv[0], *where, *limits], once, custom_mutator=mutate)
    atheris.Fuzz()


def _processor_time() -> float:
    """Seconds of this process and of its children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def failure_of(call: Callable[[bytes], None], data: bytes) -> str:
    """Name what a target raises, by its kind and the last of our lines that it came through; empty where nothing."""
    try:
        call(data)
    except Exception as error:  # noqa: BLE001 - any exception is what is looked for
        ours = (ROOT / "botox_analysis", ROOT / "tests")
        last = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(ours[0])
                or Path(frame.filename).is_relative_to(ours[1])][-1]  # fmt: skip
        return f"{type(error).__name__} in {Path(last.filename).name}, {last.name}: {last.line}"
    return ""


def smaller(call: Callable[[bytes], None], data: bytes) -> bytes:
    """Leave out of a failing input what its failure does not need: parts of halving size, lines first, then bytes."""
    failed, tries = failure_of(call, data), 0
    for ends in (True, False):
        pieces = re.split(rb"(?<=\n)", data) if ends else [data[at : at + 1] for at in range(len(data))]
        size = len(pieces) // 2
        while size and tries < _TRIES:
            at = 0
            while at < len(pieces) and tries < _TRIES:
                rest = pieces[:at] + pieces[at + size :]
                tries += 1
                if failure_of(call, b"".join(rest)) == failed:
                    pieces = rest
                else:
                    at += size
            size //= 2
        data = b"".join(pieces)
    return data


def _kept(target: str, place: Path) -> dict[str, str]:
    from tests.fuzz.targets import TARGETS

    kept = {}
    for path in sorted((place / "failures").iterdir()):
        data = path.read_bytes()
        if failure_of(TARGETS[target], data):
            data = smaller(TARGETS[target], data)
            (CORPUS / target).mkdir(parents=True, exist_ok=True)
            (CORPUS / target / _name(data)).write_bytes(data)
            kept[f"{target}/{_name(data)}"] = failure_of(TARGETS[target], data)
        path.unlink()
    return kept


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())

"""Every input that ever failed is read or refused now; and so are the inputs that runs start from."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import settings

from botox_analysis.trials.readers.child import one_child
from tests.fuzz.mutations import mutated, seeds
from tests.fuzz.run import CORPUS, NAMES, failure_of, smaller
from tests.fuzz.targets import BASE, TARGETS, joined, parts, require_sound

FAILED = sorted(path for path in CORPUS.rglob("*") if path.is_file())
_LONG = ("workbook",)
"""Targets with a bomb among their failures."""

N_CHANGED = settings().max_examples
"""Inputs a target; a run of `make fuzz` tries some thousands a minute."""


@pytest.fixture
def one_process():
    """One process reads all binary files of a test."""
    with one_child():
        yield


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=f"{path.parent.name}-{path.name}", marks=[pytest.mark.long] * (path.parent.name in _LONG))
        for path in FAILED
    ],
)
def test_what_failed_once_is_read_or_refused(path):
    assert failure_of(TARGETS[path.parent.name], path.read_bytes()) == ""


@pytest.mark.long
@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("target", NAMES)
def test_changed_files_are_read_or_refused(target):
    chance, started = Random(11), seeds(target)
    if not started:
        pytest.skip("no program but SAS writes such files: give a folder of real ones by BOTOX_ANALYSIS_DATA")
    for number in range(N_CHANGED):
        data = started[number % len(started)]
        for _ in range(chance.choice([0, 1, 1, 2, 3])):
            data = mutated(target, data, chance)
        assert failure_of(TARGETS[target], data) == "", data


def test_every_target_has_failures_to_replay_in_folders_of_its_name():
    assert {path.parent.name for path in FAILED} <= set(NAMES) == set(TARGETS)


def test_files_come_out_as_they_were_put_in():
    assert parts(joined({"a.csv": b"x", "b.toml": b"y\n\n"})) == {"a.csv": b"x", "b.toml": b"y\n\n"}
    assert parts(joined(BASE)) == BASE
    assert parts(b"") == {}


def test_a_failure_is_named_by_its_line_and_made_small():
    def fails(data: bytes) -> None:
        if b"x" in data:
            raise KeyError

    assert failure_of(fails, b"a") == ""
    assert failure_of(fails, b"x").startswith("KeyError in test_corpus.py, fails: raise KeyError")
    assert smaller(fails, b"a\nbxc\nd\n") == b"x"


def test_a_trial_that_cannot_be_is_found(trial_folder):
    import botox_analysis as ba

    files = {name.replace(".", "_"): content for name, content in BASE.items()}
    trial = ba.load_trial(trial_folder(**files))
    require_sound(trial)
    trial.diary.loc[0, "headache_hours"] = 25
    with pytest.raises(AssertionError):
        require_sound(trial)


def test_the_corpus_is_beside_these_tests():
    assert Path(__file__).parent / "corpus" == CORPUS

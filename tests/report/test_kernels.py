"""Reports and simulated files under kernels of another processor: the same to the byte, but for the last bits of estimates."""

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import botox_analysis as ba
from botox_analysis.report.check import ROUNDED
from botox_analysis.report.kernels import kernels
from botox_analysis.report.same import compare_estimates

PLACE = Path(__file__).resolve().parents[1] / "kernels.py"
specification = importlib.util.spec_from_file_location("kernels_of_tests", PLACE)
choice = importlib.util.module_from_spec(specification)
specification.loader.exec_module(choice)

WRITE = """
import sys
import botox_analysis as ba
from botox_analysis.trials.simulated.trial import write_simulated_trial
ba.write_report(ba.open_trial("simulated"), sys.argv[1] + "/report")
for seed in (145, 7):
    write_simulated_trial(f"{sys.argv[1]}/seed {seed}", seed=seed)
"""
TO_THE_LAST_BIT = {"estimates.csv", "manifest.json"}


def checksums(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Files written under the kernels of this machine, and under others."""
    other = choice.most_different()
    if not other:
        pytest.skip("this machine has no other kernels")
    found = []
    for name, setting in (("own", {}), ("other", other)):
        place = tmp_path_factory.mktemp(name)
        environment = choice.environment(setting)
        subprocess.run([sys.executable, "-c", WRITE, str(place)], env=environment, cwd=choice.PROJECT, check=True)  # noqa: S603
        found.append(place)
    return found


@pytest.mark.slow
def test_every_file_is_the_same_to_the_byte_but_for_estimates(places):
    own, other = (checksums(place) for place in places)
    assert len(own) > 80
    assert {Path(file).name for file in own.keys() | other.keys() if own.get(file) != other.get(file)} <= TO_THE_LAST_BIT


@pytest.mark.slow
def test_estimates_are_the_same_to_1e_9(places):
    compared = compare_estimates(*(place / "report" / "estimates.csv" for place in places))
    assert compared.moved == []
    assert compared.farthest < 1e-11


@pytest.mark.slow
def test_manifests_say_which_kernels_wrote_and_differ_in_nothing_else(places):
    own, other = (json.loads((place / "report" / "manifest.json").read_text("utf-8")) for place in places)
    assert own.pop("kernels") != other.pop("kernels")
    for manifest in (own, other):
        manifest["outputs"].pop("estimates.csv")
    assert own == other


@pytest.mark.slow
def test_a_report_of_another_processor_is_checked_as_the_same(places):
    found = ba.check_report(places[1] / "report")
    assert set(found["verdict"]) <= {ROUNDED}


@pytest.mark.long
def test_the_kernels_that_are_chosen_are_others_than_this_machines():
    other = choice.most_different()
    if not other:
        pytest.skip("this machine has no other kernels")
    assert choice.kernels_under(other) not in (None, choice.kernels_under({}))


def test_kernels_are_named():
    told = kernels()
    assert list(told) == ["linear algebra", "numpy", "C library", "machine"]
    assert all(told.values())

"""`validate_trial` and `write_report` decide alike on made-up trials: valid ones, nearly valid ones, and others."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import pytest

import botox_analysis as ba
from botox_analysis.report import contents, validation
from botox_analysis.report.analysis import analysis
from botox_analysis.trials.settings import file as settings
from botox_analysis.trials.settings import protocol
from botox_analysis.trials.settings.shapes import SHAPE_KEYS

N_QUICK, N_TRIALS, N_CHUNKS = 42, 2_000, 8
"""Number of trials of each run, and ranges of trials for parallel tests."""

N_WHOLE = 48
"""Trials whose whole analysis or report is made or refused."""

OURS = (ba.DataError, ba.FitError)


class Reached(Exception):  # noqa: N818 - a signal, no error
    """Raised before the first model is fitted."""


def reach(comparison):
    raise Reached


@pytest.fixture
def unfitted(monkeypatch):
    """Fit no model: `validate_trial` takes it as determined, and the report ends before it."""
    monkeypatch.setattr(validation, "analyse_endpoint", lambda comparison: None)
    monkeypatch.setattr(validation, "_model", lambda primary, plan: "not fitted")
    monkeypatch.setattr(validation, "_missing", lambda primary: "not fitted")
    monkeypatch.setattr(analysis, "analyse_endpoint", reach)


@contextmanager
def refused():
    """Return the message of a `DataError` or `FitError`; empty without an error."""
    said = []
    try:
        yield said
    except OURS as error:
        said.append(str(error))


def with_few_draws(trial):
    """Reduce the imputations of a trial."""
    return replace(trial, protocol=replace(trial.protocol, draws=min(trial.protocol.draws, 4)))


def outcome_of(made, folder):
    """Classify a made-up trial before the first fit: refused by reading, no report, or a report."""
    written = made.write(folder)
    with refused() as problem:
        trial = ba.load_trial(written)
    if problem:
        assert problem[0]
        return "refused by reading"
    found = ba.validate_trial(trial)
    assert str(found).endswith(f"report: {found.report}")
    with refused() as reason:
        if found.refusal:
            ba.write_report(trial, folder.parent / "report")
        else:
            with pytest.raises(Reached):
                contents.analyse(trial)
    assert found.refusal == "".join(reason)
    return "report: no" if found.refusal else "report: yes"


@pytest.mark.parametrize(
    "seeds",
    [
        range(N_QUICK),
        *(pytest.param(range(chunk, N_TRIALS, N_CHUNKS), marks=pytest.mark.slow) for chunk in range(N_CHUNKS)),
    ],
    ids=str,
)
def test_what_is_promised_is_done_up_to_the_first_fit(made_up, unfitted, tmp_path, seeds):
    counted = Counter()
    for seed in seeds:
        made = made_up(seed)
        counted["nearly valid"] += len(made.faults) == 1
        counted[outcome_of(made, tmp_path / "trial")] += 1
    n = len(seeds)
    print(f"of {n} trials {counted['nearly valid']} have one fault; {dict(counted)}")  # noqa: T201 - the share accepted
    assert min(counted["report: yes"], counted["report: no"], counted["refused by reading"]) > n / 20


@pytest.mark.slow
def test_every_setting_is_used_right_and_wrong_and_every_fault_made(made_up, every_fault):
    n = 3 * N_TRIALS // 2
    made = [made_up(seed) for seed in range(n)]
    right = set().union(*(one.right for one in made))
    faults = {fault for one in made for fault in one.faults}
    known = {*settings._KEYS, *(f"protocol.{key}" for key in protocol.PROTOCOL_KEYS)}
    of_other_files = {"format", "adam", "sdtm", *SHAPE_KEYS}  # made-up trials are CSV files of the layout
    assert known - right == {"protocol", *of_other_files}  # the keys of the protocol are
    assert known <= {fault.removeprefix("setting ").replace("protocol ", "protocol.") for fault in faults}
    assert faults == set(every_fault)
    assert sum(len(one.faults) == 1 for one in made) >= n / 3


@pytest.mark.parametrize(
    ("chunk", "n"),
    [
        pytest.param(0, 4, marks=pytest.mark.long),
        *(pytest.param(chunk, N_WHOLE // 4, marks=pytest.mark.slow) for chunk in range(4)),
    ],
)
def test_what_is_promised_is_done_by_the_whole_analysis(made_up, tmp_path, chunk, n):
    counted = Counter()
    for seed in range(10_000 + chunk, 20_000, 4):
        with refused():
            trial = with_few_draws(ba.load_trial(made_up(seed).write(tmp_path / "trial")))
            found = ba.validate_trial(trial)
            with refused() as reason:
                assert not contents.analyse(trial).estimates.empty
            assert found.refusal == "".join(reason), seed
            counted[found.report[:3]] += 1
        if counted.total() == n:
            break
    assert counted["yes"] > n / 3


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(8))
def test_what_is_promised_is_written(made_up, tmp_path, chunk):
    n = 0
    for seed in range(20_000 + chunk, 30_000, 8):
        with refused():
            trial = ba.load_trial(made_up(seed).write(tmp_path / "trial"))
            found = ba.validate_trial(trial)
            with refused() as reason:
                assert ba.write_report(trial, tmp_path / f"report {seed}").is_file()
            assert found.refusal == "".join(reason), seed
            n += not found.refusal
        if n == N_WHOLE // 8:
            break
    assert n == N_WHOLE // 8

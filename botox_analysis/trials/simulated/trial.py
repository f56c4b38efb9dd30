"""`simulate_trial`: a simulated trial in chronic migraine, modelled on PREEMPT pooled.

Subjects are a mixture: persistent daily headache, responders, non-responders. Headache comes in runs of days
(a two-state Markov chain). Subjects differ in their share of unrecorded days, and those with more headache leave more often.
``data/simulated/SOURCE.md`` lists the published quantities and the assumptions.

References
----------
Dodick DW et al. (2010). Headache 50:921-936: PREEMPT pooled, 688 and 696 subjects.
Silberstein SD et al. (2015). J Neurol Neurosurg Psychiatry 86:996-1001, table 1: the baseline.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from botox_analysis.cells.reading import SEVERITIES
from botox_analysis.errors import DataError, require_seed
from botox_analysis.trials.simulated.diary import (
    DAYS,
    PLACE,
    assess_hit6,
    baseline_medication_days,
    draw_headache,
    draw_recorded,
    write_diary,
)
from botox_analysis.trials.simulated.events import (
    STRATEGIES,
    draw_events,
    draw_intercurrent_events,
    draw_leaving,
    give_reasons,
)
from botox_analysis.trials.simulated.plan import ARMS, DROPOUT, EFFECT, SUBJECTS, ArmPlan, planned_arms
from botox_analysis.trials.trial import Protocol, Trial, as_trial

SEED = 995
"""Seed of the bundled trial: the first, counted from 1, whose trial agrees with the publication; see its SOURCE.md."""

NAME = "Simulated trial in chronic migraine"

AGE, AGE_SD, SHARE_FEMALE = 41.3, 10.4, 0.864
"""Age in years and share of women, of both arms together (Silberstein 2015); the standard deviation is assumed."""

SHARE_PER_PROTOCOL = 0.94
"""Share of the treated subjects in the per-protocol population; assumed."""

HEADACHE, RECORD, DIARY, LEAVING, SUBJECT, INTERCURRENT, EVENTS, ASSESSMENTS = range(1, 9)
"""Numbers of the random streams: each part of a trial has a stream of its own, so that no part depends on the others."""


def simulate_trial(
    seed: int,
    *,
    n: int | Mapping[str, int] = SUBJECTS,
    effect: float = EFFECT,
    dropout: float | Mapping[str, float] = DROPOUT,
    event_rates: Mapping[str, float | Mapping[str, float]] | None = None,
) -> Trial:
    """Simulate a two-arm trial in chronic migraine with 28 + 168 days of diary.

    All planned numbers are expectations: the number of subjects with an event, or who leave, is binomial. The same seed with
    another dropout or other event rates gives the same headache days.

    Parameters
    ----------
    seed : int
        Seed of the random number generator, 0 or more. The same seed gives the same trial; 995 gives the bundled trial.
    n : int or mapping of arm to int
        Subjects randomised to each arm, 2 to 10,000. Left out: 696 to placebo and 688 to onabotulinumtoxinA.
    effect : float
        Difference in headache days per 28 days at week 24 without dropout, onabotulinumtoxinA minus placebo. From -6 to 2.8;
        a benefit is negative. 0 is no effect on headache, severity and HIT-6. A larger effect means more responders, each
        with 10 days fewer.
    dropout : float or mapping of arm to float
        Share of subjects who leave before week 24, from 0 to below 1. Left out: 12.7 % in placebo and 13.2 % in
        onabotulinumtoxinA. Subjects with more recorded headache days leave more often. Values after leaving are missing at
        random.
    event_rates : mapping of term to float, or of term to mapping of arm to float, optional
        Share of treated subjects with the adverse event, from 0 to 1. ``{"Neck pain": 0.05}`` is for both arms,
        ``{"Neck pain": {"onabotulinumtoxinA": 0.1}}`` for one. Other terms have the rates of the bundled trial.

    Returns
    -------
    Trial
        The simulated trial. Its provenance contains the seed and every argument that was not left out.

    Raises
    ------
    DataError
        An argument is of the wrong kind.
    ValueError
        A number is out of its range, or a word is not the name of an arm or term.

    References
    ----------
    ``data/simulated/SOURCE.md`` lists published quantities and assumptions.

    Examples
    --------
    >>> small = ba.simulate_trial(1, n=20, effect=0, dropout=0)
    >>> len(small.subjects), bool(small.subjects["completed"].all())
    (40, True)
    """
    require_seed(seed)
    arms = planned_arms(n, effect, dropout, event_rates)
    given = {
        "n": (n, SUBJECTS),
        "effect": (effect, EFFECT),
        "dropout": (dropout, DROPOUT),
        "event_rates": (event_rates, None),
    }
    tables = _tables(seed, arms)
    happened = set(tables["intercurrent_events"]["kind"])
    return as_trial(
        tables,
        name=NAME,
        arms=list(ARMS),
        protocol=Protocol(
            endpoint="headache days",
            visit="week 24",
            covariates=("overuse",),
            efficacy_population="itt",
            safety_population="safety",
            intercurrent={kind: strategy for kind, strategy in STRATEGIES.items() if kind in happened},
        ),
        provenance={"simulated": "yes", "seed": str(seed)}
        | {name: str(value) for name, (value, default) in given.items() if value is not default},
        settings={"values": {"diary": {"severity": {str(code): word for code, word in enumerate(SEVERITIES)}}}},
    )


def write_simulated_trial(folder: str | Path, *, seed: int) -> None:
    """Write a simulated trial, planned like the bundled one, as the files that `load_trial` reads.

    Parameters
    ----------
    folder : str or Path
        Folder for the files. It is made if it does not exist; an earlier simulated trial in it is replaced.
    seed : int
        Seed of the random number generator. The same seed writes the same bytes.

    Raises
    ------
    DataError
        The path is that of a file, or the folder contains files of another kind.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: found a file; expected a folder to write to.")
    settings = folder / "trial.toml"
    earlier = settings.is_file() and "simulated = true" in settings.read_text(encoding="utf-8", errors="replace")
    if folder.is_dir() and any(folder.iterdir()) and not earlier:
        raise DataError(f"{folder}: found files that are not a simulated trial; expected an empty folder, or none.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in _tables(seed, planned_arms(SUBJECTS, EFFECT, DROPOUT, None)).items():
        (folder / f"{name}.csv").write_bytes(table.to_csv(index=False, lineterminator="\n").encode())
    strategies = "\n".join(f'"{kind}" = "{strategy}"' for kind, strategy in STRATEGIES.items())
    severities = "\n".join(f'{code} = "{word}"' for code, word in enumerate(SEVERITIES))
    (folder / "trial.toml").write_bytes(
        _SETTINGS.format(name=NAME, seed=seed, arms=list(ARMS), severities=severities, strategies=strategies).encode()
    )


_SETTINGS = """\
# Simulated data: nobody in this trial exists. See SOURCE.md.
name = "{name}"
simulated = true
seed = {seed}
arms = {arms}
reference = "placebo"

[values.diary.severity]
{severities}

[protocol]
endpoint = "headache days"
visit = "week 24"
covariates = ["overuse"]
efficacy_population = "itt"
safety_population = "safety"

[protocol.intercurrent]
{strategies}
"""


def stream(seed: int, *part: int) -> np.random.Generator:
    """Make the random number generator of one part of a trial.

    Parameters
    ----------
    seed : int
        Seed of the trial.
    *part : int
        Number of the stream, such as `HEADACHE`, and the number of the arm if each arm has a stream of its own.

    Returns
    -------
    Generator
        A generator that is independent of those of other parts.
    """
    return np.random.default_rng(np.random.SeedSequence(int(seed), spawn_key=part))


def _tables(seed: int, arms: tuple[ArmPlan, ...]) -> dict[str, pd.DataFrame]:
    parts = [_simulate_arm(arm, seed, number) for number, arm in enumerate(arms)]
    n = sum(arm.n for arm in arms)
    # Identifiers are numbered in the order of randomisation, which mixes the arms.
    width = max(4, len(str(n)))
    ids = np.array([f"S{number:0{width}d}" for number in range(1, n + 1)])[stream(seed, SUBJECT).permutation(n)]
    start = 0
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in parts[0]}
    for part, arm in zip(parts, arms, strict=True):
        arm_ids = ids[start : start + arm.n]
        start += arm.n
        for name, table in part.items():
            table.insert(0, "subject", arm_ids[table.pop(PLACE)])
            tables[name].append(table)
    order = {"diary": ["subject", "day"], "adverse_events": ["subject", "onset_day", "term"]}
    joined = {}
    for name, pieces in tables.items():
        table = pd.concat(pieces, ignore_index=True)
        joined[name] = table.sort_values(order.get(name, ["subject"]), kind="stable").reset_index(drop=True)
    return joined | {"intercurrent_events": draw_intercurrent_events(joined["subjects"], rng=stream(seed, INTERCURRENT))}


def _simulate_arm(arm: ArmPlan, seed: int, number: int) -> dict[str, pd.DataFrame]:
    headache = draw_headache(arm, stream(seed, HEADACHE, number))
    recorded = draw_recorded(headache, stream(seed, RECORD, number))
    last_day, completed, treated = draw_leaving(arm, headache.days, recorded, stream(seed, LEAVING, number))
    diary = write_diary(headache, recorded & (last_day[:, None] >= DAYS), stream(seed, DIARY, number))
    rng = stream(seed, EVENTS, number)
    reason, events = give_reasons(draw_events(arm, treated, last_day, rng), completed, treated, rng)
    rng = stream(seed, SUBJECT, number)
    subjects = pd.DataFrame(
        {
            PLACE: np.arange(arm.n),
            "arm": arm.name,
            "itt": "yes",
            "safety": np.where(treated, "yes", "no"),
            "per_protocol": np.where((rng.random(arm.n) < SHARE_PER_PROTOCOL) & treated, "yes", "no"),
            "age": np.clip(np.round(rng.normal(AGE, AGE_SD, arm.n)), 18, 65).astype(int),
            "sex": np.where(rng.random(arm.n) < SHARE_FEMALE, "female", "male"),
            "overuse": np.where(baseline_medication_days(diary, arm.n) >= 10, "yes", "no"),
            "completed": np.where(completed, "yes", "no"),
            "discontinuation_reason": reason,
            "last_day": last_day,
        }
    )
    return {
        "subjects": subjects,
        "diary": diary,
        "assessments": assess_hit6(arm, headache, last_day, stream(seed, ASSESSMENTS, number)),
        "adverse_events": events,
    }

"""`simulate_trial`: a made-up trial in chronic migraine, in the likeness of PREEMPT pooled, from a seed.

Subjects are a mixture: persistent daily headache, responders, non-responders. Headache comes in runs of days
(a two-state Markov chain), effort at the diary differs between people, and those who are not helped leave sooner.
What was published and what had to be assumed is listed in ``data/simulated/SOURCE.md``.

References
----------
Dodick DW et al. (2010). Headache 50:921-936: PREEMPT pooled, 688 and 696 subjects.
Silberstein SD et al. (2015). J Neurol Neurosurg Psychiatry 86:996-1001, table 1: the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells import SEVERITIES
from botox_analysis.refusal import DataError, require_seed
from botox_analysis.trials.simulate_events import STRATEGIES, draw_events, draw_intercurrent_events
from botox_analysis.trials.trial import Protocol, Trial, as_trial

SEED = 145
"""The seed of the bundled trial."""

NAME = "Simulated trial in chronic migraine"
PERIOD = 28
N_DAYS = 168
VISITS = ("baseline", "week 4", "week 8", "week 12", "week 16", "week 20", "week 24")
COURSE = np.array([0.72, 0.86, 0.90, 0.93, 0.97, 1.0])
"""Share of a subject's final effect that is reached in each period of 28 days; assumed."""

REASONS = ("adverse event", "lack of efficacy", "lost to follow-up", "withdrew consent", "other")


@dataclass(frozen=True)
class ArmPlan:
    """What is put into one arm.

    Attributes
    ----------
    name : str
        The arm.
    n : int
        Subjects randomised.
    n_untreated : int
        Of these, never injected.
    age, share_female : float
        Mean age in years; share of women.
    share_daily, share_responder : float
        Shares of the mixture; the rest do not respond.
    n_discontinued : int
        Subjects who leave before week 24.
    reasons : tuple of int
        Of these, by `REASONS`.
    hit6_shift : float
        Change of HIT-6 that does not follow from headache days, points.
    """

    name: str
    n: int
    n_untreated: int
    age: float
    share_female: float
    share_daily: float
    share_responder: float
    n_discontinued: int
    reasons: tuple[int, ...]
    hit6_shift: float


ARMS = (
    ArmPlan("placebo", 696, 4, 41.5, 0.852, 0.09, 0.295, 88, (10, 25, 18, 24, 11), 0.7),
    ArmPlan("onabotulinumtoxinA", 688, 1, 41.1, 0.876, 0.09, 0.455, 91, (24, 15, 18, 23, 11), -1.1),
)

Floats = NDArray[np.float64]


def simulate_trial(seed: int) -> Trial:
    """A simulated two-arm trial in chronic migraine, 1,384 subjects with 28 + 168 days of diary.

    Parameters
    ----------
    seed : int
        The same seed gives the same trial. `SEED` gives the bundled one.

    Returns
    -------
    Trial
        Its name and provenance say that it is simulated.

    References
    ----------
    ``data/simulated/SOURCE.md`` lists what is published and what is assumed.
    """
    require_seed(seed)
    tables = _tables(seed)
    return as_trial(
        tables,
        name=NAME,
        arms=[arm.name for arm in ARMS],
        protocol=Protocol(
            endpoint="headache days",
            visit="week 24",
            covariates=("overuse",),
            efficacy_population="itt",
            safety_population="safety",
            intercurrent=dict(STRATEGIES),
        ),
        provenance={"simulated": "yes", "seed": str(seed)},
        settings={"values": {"diary": {"severity": {str(code): word for code, word in enumerate(SEVERITIES)}}}},
    )


def write_simulated_trial(folder: str | Path, *, seed: int) -> None:
    """Write a simulated trial as the files that `load_trial` reads.

    Parameters
    ----------
    folder : str or Path
        Made where it does not exist; an earlier simulated trial in it is replaced.
    seed : int
        The same seed writes the same bytes.

    Raises
    ------
    DataError
        The folder is a file, or holds anything but a simulated trial.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: found a file; expected a folder to write to.")
    settings = folder / "trial.toml"
    earlier = settings.is_file() and "simulated = true" in settings.read_text(encoding="utf-8", errors="replace")
    if folder.is_dir() and any(folder.iterdir()) and not earlier:
        raise DataError(f"{folder}: found files that are no simulated trial; expected an empty folder, or none.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in _tables(seed).items():
        (folder / f"{name}.csv").write_bytes(table.to_csv(index=False, lineterminator="\n").encode())
    strategies = "\n".join(f'"{kind}" = "{strategy}"' for kind, strategy in STRATEGIES.items())
    severities = "\n".join(f'{code} = "{word}"' for code, word in enumerate(SEVERITIES))
    (folder / "trial.toml").write_bytes(
        _SETTINGS.format(
            name=NAME, seed=seed, arms=[arm.name for arm in ARMS], severities=severities, strategies=strategies
        ).encode()
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


def _tables(seed: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    parts = [_simulate_arm(arm, rng) for arm in ARMS]
    n = sum(arm.n for arm in ARMS)
    # Numbers are given in the order of randomisation, which mixes the arms.
    ids = np.array([f"S{number:04d}" for number in range(1, n + 1)])[rng.permutation(n)]
    start = 0
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in parts[0]}
    for part, arm in zip(parts, ARMS, strict=True):
        own = ids[start : start + arm.n]
        start += arm.n
        for name, table in part.items():
            table.insert(0, "subject", own[table.pop("who")])
            tables[name].append(table)
    order = {"diary": ["subject", "day"], "adverse_events": ["subject", "onset_day", "term"]}
    joined = {}
    for name, pieces in tables.items():
        table = pd.concat(pieces, ignore_index=True)
        joined[name] = table.sort_values(order.get(name, ["subject"]), kind="stable").reset_index(drop=True)
    return joined | {"intercurrent_events": draw_intercurrent_events(joined["subjects"], seed=seed)}


def _simulate_arm(arm: ArmPlan, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    kind = rng.choice(3, size=arm.n, p=[arm.share_daily, arm.share_responder, 1 - arm.share_daily - arm.share_responder])
    effect = np.select(
        [kind == 0, kind == 1],
        [rng.normal(0.06, 0.06, arm.n), rng.beta(6.2, 2.9, arm.n)],
        np.clip(rng.normal(0.10, 0.12, arm.n), -0.25, 0.40),
    )
    stickiness = np.where(kind == 0, 0.2, rng.beta(3, 5, arm.n))
    missing_rate = rng.beta(1.2, 25, arm.n)
    share, baseline = _enrol(kind, stickiness, rng)

    noise = rng.normal(0, 0.10, (arm.n, len(COURSE)))
    by_period = share[:, None] * (1 - effect[:, None] * COURSE) * (1 + noise)
    by_day = np.repeat(np.clip(by_period, 0.004, 0.99), PERIOD, axis=1)
    headache = np.column_stack([baseline, _markov_days(by_day, stickiness, rng)])

    last_day, completed, reason = _leave(arm, effect, rng)
    treated = np.ones(arm.n, dtype=bool)
    untreated = rng.choice(np.flatnonzero(~completed), arm.n_untreated, replace=False)
    treated[untreated] = False
    last_day[untreated] = 1
    reason[untreated] = "not treated"

    diary = _write_diary(headache, kind, effect, missing_rate, last_day, rng)
    medication_days = _baseline_medication_days(diary, arm.n)
    relative_change = 1 - by_period / share[:, None]
    subjects = pd.DataFrame(
        {
            "who": np.arange(arm.n),
            "arm": arm.name,
            "itt": "yes",
            "safety": np.where(treated, "yes", "no"),
            "per_protocol": np.where(treated & (rng.random(arm.n) > 0.06), "yes", "no"),
            "age": np.clip(np.round(rng.normal(arm.age, 10.4, arm.n)), 18, 65).astype(int),
            "sex": np.where(rng.random(arm.n) < arm.share_female, "female", "male"),
            "overuse": np.where(medication_days >= 10, "yes", "no"),
            "completed": np.where(completed, "yes", "no"),
            "discontinuation_reason": reason,
            "last_day": last_day,
        }
    )
    return {
        "subjects": subjects,
        "diary": diary,
        "assessments": _assess_hit6(arm, relative_change, last_day, rng),
        "adverse_events": draw_events(treated, last_day, reason, active=arm.name != "placebo", rng=rng),
    }


def _enrol(kind: NDArray[np.int64], stickiness: Floats, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Each subject's share of headache days, and 28 baseline days that meet the entry criterion of 15."""
    n = len(kind)
    share, baseline = np.empty(n), np.empty((n, PERIOD), dtype=bool)
    waiting = np.arange(n)
    while waiting.size:
        candidate = np.where(
            kind[waiting] == 0,
            rng.uniform(0.94, 0.99, waiting.size),
            0.295 + 0.58 * rng.beta(2.2, 2.6, waiting.size),
        )
        days = _markov_days(np.repeat(candidate[:, None], PERIOD, axis=1), stickiness[waiting], rng)
        enters = days.sum(axis=1) >= 15
        share[waiting[enters]], baseline[waiting[enters]] = candidate[enters], days[enters]
        waiting = waiting[~enters]
    return share, baseline


def _markov_days(share: Floats, stickiness: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Days with headache, in runs: a two-state chain with the given stationary share and autocorrelation."""
    n, n_days = share.shape
    drawn = rng.random((n, n_days))
    days = np.empty((n, n_days), dtype=bool)
    days[:, 0] = drawn[:, 0] < share[:, 0]
    for day in range(1, n_days):
        chance = share[:, day] * (1 - stickiness) + stickiness * days[:, day - 1]
        days[:, day] = drawn[:, day] < chance
    return days


def _leave(
    arm: ArmPlan, effect: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.object_]]:
    weight = np.exp(-1.2 * effect)
    leavers = rng.choice(arm.n, arm.n_discontinued, replace=False, p=weight / weight.sum())
    last_day = np.full(arm.n, N_DAYS)
    last_day[leavers] = rng.integers(15, N_DAYS - 6, arm.n_discontinued)
    completed = np.ones(arm.n, dtype=bool)
    completed[leavers] = False
    reason = np.full(arm.n, "", dtype=object)
    reason[leavers] = rng.permutation(np.repeat(np.array(REASONS, dtype=object), arm.reasons))
    return last_day, completed, reason


def _write_diary(
    headache: NDArray[np.bool_], kind: NDArray[np.int64], effect: Floats, missing_rate: Floats,
    last_day: NDArray[np.int64], rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    n, n_days = headache.shape
    day = np.concatenate([np.arange(-PERIOD, 0), np.arange(1, N_DAYS + 1)])
    usual = np.clip(np.where(kind == 0, 18.0, 14.6) + rng.normal(0, 3.0, n), 7, 22)
    long_hours = np.clip(rng.gamma(6.0, (usual / 6.0)[:, None], (n, n_days)), 4, 24)
    short = rng.random((n, n_days)) < 0.12
    short_hours = rng.integers(1, 8, (n, n_days)) / 2
    hours = np.where(headache, np.round(long_hours * 2) / 2, np.where(short, short_hours, 0.0))

    eased = np.where(day > 0, 0.22 * np.clip(effect, 0, 1)[:, None], 0.0)
    grade = rng.random((n, n_days))
    share_severe = rng.beta(3, 4, (n, 1))
    severity = np.where(grade < 0.09 + eased, 1, np.where(grade < 1 - 0.9 * share_severe, 2, 3))
    severity = np.where(headache, severity, np.where(short, 1, 0))
    migraine = headache & (rng.random((n, n_days)) < 0.95)
    taker = rng.random(n) < 0.755
    takes = np.where(taker, rng.beta(9, 4, n), rng.beta(2, 6, n))[:, None]
    doses = np.where(headache & (rng.random((n, n_days)) < takes), 1 + rng.poisson(0.6, (n, n_days)), 0)

    recorded = rng.random((n, n_days)) >= missing_rate[:, None]
    gap_start = np.asarray(rng.integers(10, N_DAYS, n))
    gap = np.where(rng.random(n) < 0.25, rng.integers(3, 15, n), 0)
    recorded &= ~((day >= gap_start[:, None]) & (day < (gap_start + gap)[:, None]))
    # Who recorded fewer than 20 baseline days, or by the record had no 15 headache days in 28, would not have been enrolled.
    n_recorded = recorded[:, :PERIOD].sum(axis=1)
    n_headache = (recorded & headache)[:, :PERIOD].sum(axis=1)
    recorded[(n_recorded < 20) | (n_headache * PERIOD < 15 * n_recorded), :PERIOD] = True
    recorded &= day <= last_day[:, None]
    who, column = np.nonzero(recorded)
    return pd.DataFrame(
        {
            "who": who,
            "day": day[column],
            "headache_hours": hours[who, column],
            "severity": severity[who, column],
            "migraine": migraine[who, column].astype(int),
            "acute_medication": doses[who, column],
        }
    )


def _baseline_medication_days(diary: pd.DataFrame, n: int) -> Floats:
    before = diary[diary["day"] < 0]
    recorded = np.bincount(before["who"], minlength=n)
    taken = np.bincount(before["who"], weights=before["acute_medication"] > 0, minlength=n)
    return taken * PERIOD / recorded


def _assess_hit6(arm: ArmPlan, relative_change: Floats, last_day: NDArray[np.int64], rng: np.random.Generator) -> pd.DataFrame:
    before = np.clip(rng.normal(65.5, 4.4, arm.n), 48, 78)
    own = rng.normal(0, 4.0, arm.n)
    course = np.minimum(COURSE / COURSE[-1], 1)
    change = (arm.hit6_shift + own[:, None]) * course - 7.4 * relative_change + rng.normal(0, 2.6, relative_change.shape)
    scores = np.clip(np.round(np.column_stack([before, before[:, None] + change])), 36, 78).astype(int)
    visit_day = np.array([-1, *range(PERIOD, N_DAYS + 1, PERIOD)])
    there = (visit_day <= last_day[:, None]) & (rng.random(scores.shape) > 0.02)
    there[:, 0] = True
    who, column = np.nonzero(there)
    return pd.DataFrame(
        {
            "who": who,
            "scale": "HIT-6",
            "visit": np.array(VISITS)[column],
            "day": visit_day[column],
            "value": scores[who, column],
        }
    )

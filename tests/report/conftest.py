"""Made-up trials by seed: valid ones, nearly valid ones with one fault, and ones with several; every setting right and wrong."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from botox_analysis.trials.trial import Protocol

DAY_COLUMNS = {
    "subjects": ("last_day", "last_dose_day"),
    "diary": ("day",),
    "assessments": ("day",),
    "adverse_events": ("onset_day", "end_day", "worsened_day"),
    "intercurrent_events": ("day",),
    "attacks": ("start_day", "end_day"),
    "treatments": ("day",),
}
YES_NO = {
    "subjects": ("itt", "safety", "per_protocol", "completers", "completed"),
    "diary": ("headache", "migraine"),
    "adverse_events": ("related", "serious", "fatal", "led_to_discontinuation", "treatment_emergent"),
    "attacks": ("nausea",),
}
ARMS = (("placebo", "toxin"), ("placebo", "155 U", "195 U"), ("sham", "active"), ("A", "B"), ("low", "high", "vehicle", "mid"))
SCHEDULES = (
    ("week", (4, 8, 12), 7), ("month", (1, 3, 6), 30.4375), ("day", (14, 28), 1), ("week", (12,), 7), ("visit", (2, 3, 4), 28),
)  # fmt: skip
KINDS = ("rescue treatment", "new preventive treatment", "death", "discontinuation")
STRATEGIES = ("treatment policy", "hypothetical", "composite", "while on treatment")
HANDLINGS = ("last observation carried forward", "baseline observation carried forward", "worst observation carried forward")


@dataclass
class Made:
    """A made-up trial: its tables as they are written, its settings, and its faults."""

    rng: np.random.Generator
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    protocol: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    right: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def one_of(self, things: Any) -> Any:
        return things[int(self.rng.integers(len(things)))]

    def write(self, folder: Path) -> Path:
        if folder.exists():
            for old in folder.iterdir():
                old.unlink()
        else:
            folder.mkdir(parents=True)
        settings = self.settings | ({"protocol": self.protocol} if self.protocol else {})
        encoding, separator = str(settings.get("encoding", "utf-8")), str(settings.get("separator", ","))
        for table, frame in self.tables.items():
            if table in self.absent:
                continue
            text = "\n".join(separator.join(row) for row in [list(frame.columns), *frame.to_numpy().tolist()]) + "\n"
            try:
                content = text.encode(encoding, errors="replace")
            except (LookupError, ValueError):
                content = text.encode()
            (folder / f"{table}.csv").write_bytes(content)
        if settings:
            text = "\n".join(f"{json.dumps(key)} = {toml_of(value)}" for key, value in settings.items())
            (folder / "trial.toml").write_text(text + "\n", encoding="utf-8")
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder


def toml_of(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {toml_of(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_of(one) for one in value) + "]"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return repr(float(value)) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def make(seed: int) -> Made:
    """A made-up trial; of three, one is meant to be valid, one has one fault, and one has one fault or several."""
    made = Made(np.random.default_rng(seed))
    _subjects(made)
    _assessments(made)
    _diary(made)
    _events(made)
    _attacks(made)
    _treatments(made)
    _protocol(made)
    _declare(made)
    _disguise(made)
    n_faults = (0, 1, int(made.rng.integers(1, 5)))[seed % 3]
    for _ in range(n_faults):
        name = made.one_of(list(FAULTS))
        if FAULTS[name](made) is not False:
            made.faults.append(name)
    return made


# What is valid --------------------------------------------------------------------------------------------------------


def _subjects(made: Made) -> None:
    rng, n = made.rng, int(made.rng.integers(8, 21))
    arms = made.one_of(ARMS)
    frame = pd.DataFrame({"subject": [f"S{number:03d}" for number in range(n)], "arm": [arms[k % len(arms)] for k in range(n)]})
    frame["arm"] = frame["arm"].to_numpy()[rng.permutation(n)]
    columns: dict[str, Callable[[], Any]] = {
        "age": lambda: _with_gaps(made, [str(age) for age in rng.integers(18, 66, n)], 0.05),
        "sex": lambda: [made.one_of(("female", "male")) for _ in range(n)],
        "site": lambda: [made.one_of(("1", "2")) for _ in range(n)],
        "weight": lambda: [f"{weight:.1f}" for weight in rng.uniform(50, 90, n)],
        "comment": lambda: [f"seen by {number}" for number in range(n)],
        "itt": lambda: [made.one_of(("yes", "yes", "yes", "yes", "no")) for _ in range(n)],
        "safety": lambda: [made.one_of(("yes", "yes", "yes", "no")) for _ in range(n)],
        "completers": lambda: [made.one_of(("yes", "no")) for _ in range(n)],
        "actual_arm": lambda: [arm if rng.random() < 0.9 else made.one_of(arms) for arm in frame["arm"]],
        "last_dose_day": lambda: [str(day) for day in rng.integers(1, 40, n)],
    }
    for name, values in columns.items():
        if made.chance(0.3):
            frame[name] = values()
    if made.chance(0.4):
        done = rng.random(n) < 0.8
        frame["completed"] = np.where(done, "yes", "no")
        frame["discontinuation_reason"] = np.where(done, "", [made.one_of(("lost", "adverse event")) for _ in range(n)])
        frame["last_day"] = np.where(done, "90", [str(day) for day in rng.integers(1, 90, n)])
    made.tables["subjects"] = frame
    if "completers" in frame.columns:
        made.settings["populations"] = ["completers"]
    if "site" in frame.columns and made.chance(0.5):
        made.settings["factors"] = ["site"]


def _with_gaps(made: Made, values: list[str], share: float) -> list[str]:
    return ["" if made.chance(share) else value for value in values]


def _assessments(made: Made) -> None:
    if made.chance(0.15):
        return
    unit, numbers, days = made.one_of(SCHEDULES)
    visit_days = {f"{unit} {number}": round(number * days) for number in numbers}
    visits = list(visit_days)
    dated = made.chance(0.5) or unit == "visit"
    scales = [("NRS", True), ("HIT-6", True), ("PGIC", False)]
    chosen = [scale for scale in scales if made.chance(0.5)] or [made.one_of(scales)]
    rows = [row for scale, has_baseline in chosen for row in _scores(made, scale, has_baseline, visit_days)]
    frame = pd.DataFrame(rows, columns=["subject", "scale", "visit", "value", "day"])
    made.tables["assessments"] = frame if dated else frame.drop(columns="day")
    if {scale for scale, has_baseline in chosen if not has_baseline} & set(frame["scale"]):
        made.settings["scales"] = {"PGIC": {"baseline": False}}
    elif made.chance(0.1):
        made.settings["scales"] = {str(frame["scale"].iloc[0]): {"better": made.one_of(("lower", "higher"))}}
    if made.chance(0.2):
        made.settings["visits"] = ["baseline", *visits] if made.chance(0.5) else visits
    elif made.chance(0.15) and dated:
        edges = [0, *visit_days.values()]
        made.settings["windows"] = {
            visit: [1 + edges[at] + (3 if at else 0), edges[at + 1] + 3] for at, visit in enumerate(visits)
        }  # fmt: skip
        if made.chance(0.5):
            made.settings["within_window"] = made.one_of(("nearest", "last"))
    if made.chance(0.15):
        extra = frame.iloc[:2].assign(visit="phone call", day="33")
        made.tables["assessments"] = pd.concat([made.tables["assessments"], extra[made.tables["assessments"].columns]])
        made.settings["unscheduled"] = ["phone call"]


def _scores(made: Made, scale: str, has_baseline: bool, visit_days: dict[str, int]) -> Iterator[tuple[str, ...]]:
    """Values of a scale at the visits; some are missing, and some subjects leave after the first visit."""
    subjects = made.tables["subjects"]
    for subject, arm in zip(subjects["subject"], subjects["arm"], strict=True):
        level, leaves = int(made.rng.integers(30, 70)), made.chance(0.1)
        for number, (visit, day) in enumerate([("baseline", -1), *visit_days.items()]):
            if (not has_baseline and number == 0) or (leaves and number > 1) or made.chance(0.04):
                continue
            value = level + int(made.rng.integers(-9, 10)) - 3 * (arm != "placebo") * (number > 0)
            yield subject, scale, visit, "" if made.chance(0.02) else str(value), str(day)


def _diary(made: Made) -> None:
    if not made.chance(0.3):
        return
    rng, subjects = made.rng, made.tables["subjects"]["subject"]
    last = int(made.one_of((28, 56, 30)))
    days = np.array([*range(-28, 0), *range(1, last + 1)])
    seen = rng.random((len(subjects), len(days))) < 0.9
    who, when = np.nonzero(seen)
    hours = np.where(rng.random(len(who)) < 0.5, rng.integers(1, 25, len(who)), 0)
    frame = pd.DataFrame({"subject": subjects.to_numpy()[who], "day": days[when].astype(str)})
    optional = {
        "headache_hours": hours.astype(str),
        "headache": np.where(hours > 0, "yes", "no"),
        "severity": np.where(hours > 12, "severe", np.where(hours > 0, "mild", "none")),
        "migraine": np.where(hours > 8, "yes", "no"),
        "acute_medication": np.where(hours > 6, "2", "0"),
    }
    chosen = [name for name in optional if made.chance(0.6)] or ["headache"]
    if made.chance(0.4):
        made.settings["diary"] = {"contradictions": made.one_of(("hours decide", "headache day", "not recorded"))}
    if "acute_medication" in chosen and made.chance(0.4):
        optional["acute_medication"] = np.where(hours > 6, "2", "")
        made.settings.setdefault("diary", {})["blank_dose"] = "none taken"
    made.tables["diary"] = frame.assign(**{name: optional[name] for name in chosen})


def _events(made: Made) -> None:
    rng, subjects = made.rng, made.tables["subjects"]["subject"].to_numpy()
    if made.chance(0.4):
        n = int(rng.integers(0, 25))
        onset = rng.integers(-5, 80, n)
        onset = np.where(onset >= 0, onset + 1, onset)
        optional = {
            "class": [made.one_of(("Nervous system", "Eye", "")) for _ in range(n)],
            "onset_day": onset.astype(str),
            "end_day": np.where(onset > 0, onset + 3, 1).astype(str),
            "severity": [made.one_of(("mild", "moderate", "severe", "")) for _ in range(n)],
            "related": [made.one_of(("yes", "no", "")) for _ in range(n)],
            "serious": [made.one_of(("yes", "no")) for _ in range(n)],
            "treatment_emergent": ["yes"] * n,
            "action": ["none"] * n,
        }
        chosen = {name: values for name, values in optional.items() if made.chance(0.6)}
        terms = [made.one_of(("Neck pain", "Ptosis", "Headache")) for _ in range(n)]
        made.tables["adverse_events"] = pd.DataFrame({"subject": rng.choice(subjects, n), "term": terms, **chosen})
    if made.chance(0.35):
        n = int(rng.integers(0, 8))
        kinds = [made.one_of(KINDS[:3]) for _ in range(n)]
        frame = pd.DataFrame({"subject": rng.choice(subjects, n), "kind": kinds, "day": rng.integers(1, 85, n).astype(str)})
        made.tables["intercurrent_events"] = frame.drop_duplicates()


def _attacks(made: Made) -> None:
    """Give attacks by study days, whose ends are never before their starts."""
    if not made.chance(0.15):
        return
    rng, subjects = made.rng, made.tables["subjects"]["subject"].to_numpy()
    start = np.sort(rng.integers(1, 80, int(rng.integers(0, 40))))
    who = rng.choice(subjects, len(start))
    optional = {
        "end_day": (start + rng.integers(0, 3, len(start))).astype(str),
        "severity": [made.one_of(("mild", "moderate", "severe", "")) for _ in start],
        "nausea": [made.one_of(("yes", "no", "")) for _ in start],
    }
    chosen = {name: values for name, values in optional.items() if made.chance(0.6)}
    made.tables["attacks"] = pd.DataFrame({"subject": who, "start_day": start.astype(str), **chosen})
    rules: dict[str, Any] = {"days": made.one_of(("each calendar day", "first day"))}
    if "end_day" in chosen and made.chance(0.5):
        made.tables["attacks"]["end_day"] = _with_gaps(made, list(chosen["end_day"]), 0.2)
        rules["open"] = "until the next diary entry"
    elif "end_day" not in chosen:
        rules["open"] = "until the next diary entry"
    if "diary" not in made.tables:
        rules["recorded_from"] = -28
    made.settings["attacks"] = rules


def _treatments(made: Made) -> None:
    subjects = made.tables["subjects"]
    if "last_dose_day" in subjects.columns or not made.chance(0.15):
        return
    rows = [(subject, str(day), str(cycle)) for subject in subjects["subject"] for cycle, day in enumerate((1, 84), 1)]
    made.tables["treatments"] = pd.DataFrame(rows, columns=["subject", "day", "cycle"])


def _declare(made: Made) -> None:
    """Say what the columns and the subjects are, and where the data are from."""
    columns = made.tables["subjects"].columns
    of_kinds = [("site", "text"), ("comment", "text"), ("weight", "number"), ("age", "number")]
    kinds = {name: kind for name, kind in of_kinds if name in columns and made.chance(0.1)}
    if "sex" in columns and made.chance(0.2):
        kinds["sex"] = made.one_of(("factor", "ordered factor"))
        made.settings["levels"] = {"subjects": {"sex": ["female", "male", "diverse"]}}
    if kinds:
        made.settings["kinds"] = {"subjects": kinds}
    if made.chance(0.1):
        made.settings["population"] = made.one_of(("itt", "randomised and treated"))
    if made.chance(0.1):
        made.settings["provenance"] = {"terms": "CC BY 4.0"}


def _protocol(made: Made) -> None:
    subjects, assessed = made.tables["subjects"], made.tables.get("assessments")
    protocol: dict[str, Any] = {}
    _plan_endpoint(made, protocol)
    _plan_subjects(made, protocol)
    choices = {
        "analysis": ("mmrm", "ancova"), "handling": HANDLINGS, "reduction": (0.5, 0.3, 0.75, 1.0, 0.0),
        "points": (5.0, 3.0, 2), "diary_rule": ("PREEMPT", "any-duration", "CHARM"),
    }  # fmt: skip
    choices |= {"unknown_severity": ("as not", "missing", "share of the known"), "baseline_minimum_days": (5, 14)}
    choices |= {
        "conf_level": (0.9, 0.99), "draws": (4, 6), "seed": (0, 3), "variance": ("rubin", "bootstrap"),
        "responders": ("observed cases", "non-responder imputation", "as in the primary analysis"),
        "covariance": ("compound symmetry", ["heterogeneous ar1", "compound symmetry"]), "fall_back_variance": ("CR0", "CR2"),
    }  # fmt: skip
    known = Protocol.__dataclass_fields__
    protocol |= {key: made.one_of(words) for key, words in choices.items() if made.chance(0.15) and key in known}
    if made.chance(0.06):
        protocol["imputation"] = made.one_of(("missing at random", "last mean carried forward", "jump to reference"))
    if "sex" in subjects.columns and made.chance(0.2):
        protocol["stratum"] = "sex"
    if "adverse_events" in made.tables and "last_dose_day" in subjects.columns and made.chance(0.3):
        protocol["emergent"] = {"told_by": "days", "window_days": 30}
    if assessed is not None and len(set(subjects["arm"])) > 2 and made.chance(0.3):
        protocol["multiplicity"] = {"method": made.one_of(("holm", "fixed sequence"))}
    _plan_strategies(made, protocol)
    made.protocol = protocol


def _plan_endpoint(made: Made, protocol: dict[str, Any]) -> None:
    assessed = made.tables.get("assessments")
    if assessed is not None and made.chance(0.5):
        protocol["endpoint"] = str(assessed["scale"].iloc[-1])
        after = [visit for visit in assessed["visit"].unique() if visit not in ("baseline", "phone call")]
        if made.chance(0.6):
            protocol["visit"] = str(after[-1])


def _plan_subjects(made: Made, protocol: dict[str, Any]) -> None:
    """Plan covariates and populations."""
    columns = made.tables["subjects"].columns
    covariates = [name for name in ("age", "sex", "site", "weight") if name in columns and made.chance(0.5)]
    if covariates:
        protocol["covariates"] = covariates
    for key, names in (("efficacy_population", ("itt", "completers")), ("safety_population", ("safety",))):
        known = [name for name in names if name in columns]
        if known and made.chance(0.4):
            protocol[key] = made.one_of(known)


def _plan_strategies(made: Made, protocol: dict[str, Any]) -> None:
    """Plan strategies for intercurrent events."""
    subjects = made.tables["subjects"]
    events = made.tables.get("intercurrent_events")
    kinds = list(events["kind"].unique()) if events is not None else []
    if {"completed", "last_day"} <= set(subjects.columns) and (subjects["completed"] == "no").any():
        kinds.append("discontinuation")
    if kinds and made.chance(0.6):
        protocol["intercurrent"] = {kind: made.one_of(STRATEGIES[: 2 if kind == "death" else 4]) for kind in kinds}


# As others write it ---------------------------------------------------------------------------------------------------


def _disguise(made: Made) -> None:
    settings, tables = made.settings, made.tables
    arms = list(dict.fromkeys(tables["subjects"]["arm"]))
    for key, value in (
        ("name", "A made-up trial"), ("citation", "Nobody, nowhere"), ("source", "made up"), ("simulated", True), ("seed", 3),
    ):  # fmt: skip
        if made.chance(0.2):
            settings[key] = value
    if made.chance(0.3):
        settings["arms"] = arms
    if made.chance(0.3):
        settings["reference"] = made.one_of(arms)
    _name_baseline(made)
    _date_or_shift(made)
    _write_otherwise(made)
    made.right = {*settings, *(f"protocol.{key}" for key in made.protocol)}


def _name_baseline(made: Made) -> None:
    assessed = made.tables.get("assessments")
    if assessed is None or "baseline" not in set(assessed["visit"]) or not made.chance(0.25):
        return
    name = made.one_of(("week 0", "screening"))
    assessed["visit"] = assessed["visit"].replace("baseline", name)
    made.settings["baseline"] = name
    if "visits" in made.settings:
        made.settings["visits"] = [name if visit == "baseline" else visit for visit in made.settings["visits"]]


def _date_or_shift(made: Made) -> None:
    settings, tables = made.settings, made.tables
    if made.chance(0.2):
        _give_dates(made)
    elif made.chance(0.2) and "windows" not in settings:
        settings["first_day"] = int(made.one_of((0, 1)))
        if settings["first_day"] == 0:
            for table, columns in DAY_COLUMNS.items():
                for column in columns:
                    if table in tables and column in tables[table].columns:
                        days = tables[table][column]
                        tables[table][column] = [str(int(day) - 1) if day and int(day) > 0 else day for day in days]


def _give_dates(made: Made) -> None:
    form = made.one_of(("%Y-%m-%d", "%d.%m.%Y", "origin", "zone"))
    start = datetime.date(2021, 3, 1)
    origin = datetime.date(1960, 1, 1)
    written = {
        "origin": lambda day: str((day - origin).days),
        "zone": lambda day: f"{day.isoformat()}T12:00:00Z",
    }.get(form, lambda day: day.strftime(form))
    if form == "origin":
        made.settings["date_origin"] = made.one_of((origin, origin.isoformat()))
    elif form == "zone":
        made.settings |= {"date_format": "%Y-%m-%dT%H:%M:%S%z", "time_zone": "Europe/Berlin"}
    elif form != "%Y-%m-%d":
        made.settings["date_format"] = form
    made.tables["subjects"]["first_dose_date"] = written(start)
    for table, columns in DAY_COLUMNS.items():
        for column in columns:
            if table in made.tables and column in made.tables[table].columns:
                days = [int(day) if day else None for day in made.tables[table][column]]
                after = [None if day is None else start + datetime.timedelta(days=day - (day > 0)) for day in days]
                made.tables[table][column] = ["" if day is None else written(day) for day in after]
                made.tables[table] = made.tables[table].rename(columns={column: f"{column.removesuffix('day')}date"})


def _write_otherwise(made: Made) -> None:
    _write_missing(made)
    if made.chance(0.2):
        made.settings["encoding"] = made.one_of(("utf-8", "latin-1", "cp1252"))
    _separate_otherwise(made)
    _translate_answers(made)
    _rename_columns(made)


def _write_missing(made: Made) -> None:
    settings, tables = made.settings, made.tables
    if made.chance(0.2):
        # A diary's day -9 is no missing value.
        code = "NA" if "diary" in tables and "day" in tables["diary"].columns else made.one_of(("-9", -9, "NA"))
        settings["missing"] = [code]
        for table, frame in tables.items():
            tables[table] = frame.replace("", str(code))


def _separate_otherwise(made: Made) -> None:
    settings, tables = made.settings, made.tables
    if made.chance(0.2):
        settings["separator"] = ";"
        if made.chance(0.7):
            settings["decimal"] = ","
            for table, frame in tables.items():
                if "weight" in frame.columns:
                    tables[table] = frame.assign(weight=frame["weight"].str.replace(".", ","))


def _translate_answers(made: Made) -> None:
    settings, tables = made.settings, made.tables
    if made.chance(0.2):
        words = {"yes": "ja", "no": "nein"}
        for table, columns in YES_NO.items():
            for column in columns:
                if table in tables and column in tables[table].columns and made.chance(0.5):
                    tables[table][column] = tables[table][column].replace(words)
                    settings.setdefault("values", {}).setdefault(table, {})[column] = {ja: yes for yes, ja in words.items()}


def _rename_columns(made: Made) -> None:
    settings, tables = made.settings, made.tables
    if made.chance(0.2):
        theirs = {"subject": "USUBJID", "value": "AVAL", "visit": "AVISIT", "term": "AEDECOD", "arm": "TRT01P", "kind": "EVENT"}
        for table, frame in tables.items():
            mine = {ours: name for ours, name in theirs.items() if ours in frame.columns and made.chance(0.7)}
            values = settings.get("values", {}).get(table, {})
            if mine and not set(mine) & set(values):
                tables[table] = frame.rename(columns=mine)
                settings.setdefault("columns", {})[table] = mine


# What is wrong --------------------------------------------------------------------------------------------------------

WRONG = {
    "name": (3, ["x"]), "citation": (1,), "source": (False,), "simulated": ("yes", 1), "seed": ("145", 1.5, True),
    "arms": ("placebo", ["placebo", "nobody"], ["placebo", "placebo"], [1, 2], []), "reference": ("nobody", 1, ""),
    "visits": (["week 99"], "week 4", ["week 4", "week 4"], [], [True]), "baseline": ("week 99", ["week 0"], float("nan")),
    "unscheduled": (["nowhere"], "phone", [["x"]]), "within_window": ("first", 1), "populations": (["nowhere"], "itt", [""]),
    "factors": ("site", [1], ["age", "age"]), "missing": ("-9", [None], [True]), "first_day": (2, "1", True),
    "date_format": ("%d", "%q", "", 5), "date_origin": ("yesterday", 21916, "1960-13-01"), "time_zone": ("Berlin", "", 2),
    "separator": ("", ";;", "a", 1), "decimal": (";", "", 1), "encoding": ("utf-99", "rot13", "undefined", "base64", 3),
    "columns": ({"nowhere": {}}, {"subjects": {"arm": "nowhere"}}, "x", {"subjects": {"arm": 1}}, {"diary": "x"}),
    "values": ({"nowhere": {}}, {"subjects": {"nowhere": {"1": "x"}}}, {"subjects": {"arm": {"1": []}}}, 3),
    "scales": ({"nowhere": {"baseline": False}}, {"NRS": False}, {"NRS": {"base": False}}, {"NRS": {"baseline": 0}}),
    "windows": (
        {"week 4": [1, 40], "week 8": [30, 60]}, {"week 4": [9, 1]}, {"week 4": [1]}, {"week 4": "1 to 9"},
        {"week 99": [900, 990]},
    ),
    "diary": (3, {"nowhere": 1}, {"blank_dose": "none"}, {"contradictions": "coin"}, {"wide": "d{days}"}, {"wide": "d{day}"}),
    "assessments": (3, {"nowhere": 1}, {"wide": "x"}, {"wide": "X_{visit}"}), "table": (3, "nowhere"), "format": (3,),
    "files": (3, {"nowhere": "x.csv"}, {"diary": "../diary.csv"}, {"diary": {"table": "x"}}), "adam": (3, {"nowhere": 1}),
    "questions": (3, {"nowhere": 1}, {"diary": {"Q1": "headache"}}), "redcap": (3, {"nowhere": 1}, {"visits": ["x"]}),
    "attacks": (3, {"days": "each"}, {"nowhere": 1}, {"recorded_from": 0}, {"open": "closed"}),
    "kinds": (3, {"nowhere": {}}, {"subjects": {"nowhere": "text"}}, {"subjects": {"arm": "number"}}, {"subjects": {"sex": 1}}),
    "levels": (3, {"subjects": {"sex": ["female"]}}, {"subjects": {"nowhere": ["x"]}}, {"subjects": {"sex": "female"}}),
    "population": (3, "", "nobody's"), "provenance": (3, {"terms": 1}, {"format": "csv"}), "sdtm": (3, {"nowhere": 1}),
    "protocol": (3, [], "x"), "reading": ("x",), "Arms": (["placebo"],),
}  # fmt: skip
WRONG_PROTOCOL = {
    "endpoint": ("nowhere", 3, "nrs"), "visit": ("week 99", "baseline", 12),
    "covariates": (["nowhere"], "age", ["arm"], ["baseline"]),
    "efficacy_population": ("nowhere", "all", 1), "safety_population": ("nowhere", True), "analysis": ("anova", "MMRM", 1),
    "handling": ("LOCF", 1, "missing at random"), "reduction": (50, -0.5, float("nan"), "half", True),
    "points": (float("inf"), float("nan"), -5.0, "five", True), "diary_rule": ("preempt", 4),
    "intercurrent": ({"nothing": "treatment policy"}, {"death": "LOCF"}, {"death": "principal stratum"}, "composite",
                     {"death": 1}),
    "Visit": ("week 4",), "unknown_severity": ("maybe", 1), "baseline_minimum_days": (99, -1, "ten"),
    "conf_level": (95, 0, 1, "0.95"), "imputation": ("rbmi", 3), "draws": (1, 2.5, "many"), "seed": (-1, 1.5, "one"),
    "variance": ("robust", 1), "responders": ("LOCF", 1), "stratum": ("nowhere", 1), "fall_back_variance": ("HC3", 2),
    "covariance": ("unstructred", [1], ["ar1", "ar1"]), "emergent": ({"told_by": "me"}, {"window_days": -1}, {"days": 3}, 30),
    "multiplicity": ({"method": "holmes"}, {}, {"method": "holm", "endpoints": ["nowhere"]}, {"method": "graph"}, "holm"),
}  # fmt: skip


def _spoil_setting(key: str) -> Callable[[Made], Any]:
    def spoil(made: Made) -> Any:
        wrong = made.one_of(WRONG[key])
        if key == "missing" and wrong == [None]:
            made.files["trial.toml"] = b"missing = [null]\n"
        else:
            made.settings[key] = wrong
            if key == "protocol":
                made.protocol = {}

    return spoil


def _spoil_protocol(key: str) -> Callable[[Made], Any]:
    def spoil(made: Made) -> Any:
        made.protocol[key] = made.one_of(WRONG_PROTOCOL[key])

    return spoil


def _spoil_cells(text: str, column: str, share: float) -> Callable[[Made], Any]:
    """Replace some cells of one column of any table, or all of them, by a text."""

    def spoil(made: Made) -> Any:
        there = [table for table, frame in made.tables.items() if list(frame.columns).count(column) == 1 and len(frame)]
        if not there:
            return False
        table = made.one_of(there)
        frame = made.tables[table].reset_index(drop=True)
        rows = made.rng.random(len(frame)) < share
        rows[int(made.rng.integers(len(frame)))] = True
        made.tables[table] = frame.assign(**{column: np.where(rows, text, frame[column])})
        return None

    return spoil


def _spoil_table(change: Callable[[pd.DataFrame, Made], pd.DataFrame]) -> Callable[[Made], Any]:
    def spoil(made: Made) -> Any:
        table = made.one_of(list(made.tables))
        made.tables[table] = change(made.tables[table], made)

    return spoil


def _spoil_subjects(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Made], Any]:
    def spoil(made: Made) -> Any:
        made.tables["subjects"] = change(made.tables["subjects"])

    return spoil


def _spoil_file(name: str, content: bytes) -> Callable[[Made], Any]:
    def spoil(made: Made) -> Any:
        made.files[name] = content

    return spoil


def _without(table: str) -> Callable[[Made], Any]:
    return lambda made: made.absent.add(table) if table in made.tables else False


def _one_arm(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].iloc[0] for name in ("arm", "TRT01P") if name in frame.columns})


def _within_arm(frame: pd.DataFrame, name: str, say: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    return frame.assign(**{name: say(_first_arm(frame))})


def _planned_covariate(name: str, values: Callable[[pd.DataFrame], Any]) -> Callable[[Made], Any]:
    """Plan a covariate that is constant, or equal to the arm."""

    def spoil(made: Made) -> Any:
        frame = made.tables["subjects"]
        made.tables["subjects"] = frame.assign(**{name: values(frame)})
        made.protocol["covariates"] = [name]

    return spoil


def _few_values(keep: Callable[[pd.DataFrame, set[str]], Any]) -> Callable[[Made], Any]:
    """Remove assessments of an arm, or of all subjects."""

    def spoil(made: Made) -> Any:
        frame, subjects = made.tables.get("assessments"), made.tables["subjects"]
        if frame is None or {"AVAL", "AVISIT", "USUBJID"} & {*frame.columns, *subjects.columns}:
            return False
        if not {"subject", "visit"} <= set(frame.columns) or "subject" not in subjects.columns:
            return False
        made.tables["assessments"] = frame[keep(frame, set(subjects.loc[_first_arm(subjects), "subject"]))]
        return None

    return spoil


CELLS = (
    ("ja", "headache"), ("maybe", "completed"), ("ten", "value"), ("1e99", "value"), ("12,5", "value"), ("n/a", "age"),
    ("x", "day"),
    ("0", "day"), ("25", "headache_hours"), ("-1", "headache_hours"), ("terrible", "severity"), ("2.5", "last_day"),
    ("", "subject"),
    ("S999", "subject"), ("", "arm"), ("Placebo", "arm"), ("", "visit"), ("Baseline ", "visit"), ("week 4", "visit"),
    ("", "scale"),
    ("nrs", "scale"), ("", "term"), ("neck pain", "term"), ("", "kind"), ("no", "itt"), ("no", "safety"), ("no", "completers"),
    ("40", "value"), ("", "value"), ("30000", "onset_day"), ("-3", "acute_medication"), ("2021-02-30", "date"),
    ("", "first_dose_date"), ("2020-03-01", "day"), ("1", "severity"), ("a\tb", "sex"),
)  # fmt: skip
FAULTS: dict[str, Callable[[Made], Any]] = {
    **{f"setting {key}": _spoil_setting(key) for key in WRONG},
    **{f"protocol {key}": _spoil_protocol(key) for key in WRONG_PROTOCOL},
    **{f"cells {text!r} in {column}": _spoil_cells(text, column, 0.1) for text, column in CELLS},
    **{f"all {text!r} in {column}": _spoil_cells(text, column, 1.0) for text, column in CELLS[:8] + CELLS[22:34]},
    "a column away": _spoil_table(lambda frame, made: frame.drop(columns=made.one_of(list(frame.columns)))),
    "a column twice": _spoil_table(lambda frame, made: pd.concat([frame, frame.iloc[:, -1:]], axis=1)),
    "rows twice": _spoil_table(lambda frame, made: pd.concat([frame, frame.head(2)])),
    "no rows": _spoil_table(lambda frame, made: frame.head(0)),
    "few rows": _spoil_table(lambda frame, made: frame.head(3)),
    "a column without a name": _spoil_table(lambda frame, made: frame.rename(columns={frame.columns[-1]: ""})),
    "empty rows": _spoil_table(lambda frame, made: pd.concat([frame, frame.head(1).map(lambda cell: "")])),
    "one arm": _spoil_subjects(_one_arm),
    "no arm": _spoil_subjects(lambda frame: frame.drop(columns=[name for name in ("arm", "TRT01P") if name in frame.columns])),
    "an arm out of the population": _spoil_subjects(
        lambda frame: _within_arm(frame, "itt", lambda first: np.where(first, "no", "yes"))
    ),
    "an arm out of safety": _spoil_subjects(
        lambda frame: _within_arm(frame, "safety", lambda first: np.where(first, "no", "yes"))
    ),
    "a covariate like the arm": _planned_covariate("dose", lambda frame: np.where(_first_arm(frame), "none", "some")),
    "a constant covariate": _planned_covariate("consent", lambda frame: ["yes"] * len(frame)),
    "a covariate of each its own": _planned_covariate("initials", lambda frame: [f"x{n}" for n in range(len(frame))]),
    "a covariate of nobody": _planned_covariate("depth", lambda frame: [""] * len(frame)),
    "a covariate of one arm": _planned_covariate("depth", lambda frame: np.where(_first_arm(frame), "", "3")),
    "a date as a covariate": _planned_covariate("born", lambda frame: ["1980-01-01"] * len(frame)),
    "two covariates in one": lambda made: made.protocol.update(covariates=["age", "age"]),
    "an arm never assessed": _few_values(lambda frame, first: ~frame["subject"].isin(first)),
    "an arm without baseline": _few_values(lambda frame, first: ~(frame["subject"].isin(first) & (frame["visit"] == "baseline"))),
    "nobody after baseline": _few_values(lambda frame, first: frame["visit"] == "baseline"),
    "nobody at baseline": _few_values(lambda frame, first: frame["visit"] != "baseline"),
    "three subjects assessed": _few_values(lambda frame, first: frame["subject"].isin(frame["subject"].unique()[:3])),
    "nothing measured": lambda made: made.absent.update({"assessments", "diary"}),
    "no file of subjects": _without("subjects"),
    "no assessments": _without("assessments"),
    "an empty file": _spoil_file("diary.csv", b""),
    "no text": _spoil_file("subjects.csv", b"\x00\xff\xfe\x80"),
    "a workbook": _spoil_file("diary.csv", b"PK\x03\x04 and so on"),
    "ragged": _spoil_file("diary.csv", b"subject,day,headache\nS000,1\nS001,1,yes,no\n"),
    "an open quotation mark": _spoil_file("diary.csv", b'subject,day,headache\n"S000,1,yes\n'),
    "no TOML": _spoil_file("trial.toml", b"arms = [placebo]\n"),
    "settings of no text": _spoil_file("trial.toml", b"\xff\xfe"),
    "nearly the right name": _spoil_file("Subjects.csv", b"subject\nS000\n"),
    "an unknown file": _spoil_file("laboratory.csv", b"subject,alt\nS000,3\n"),
    "a table in two files": _spoil_file("subjects.parquet", b"PAR1"),
    "a broken Parquet file": _spoil_file("diary.parquet", b"PAR1 and nothing else"),
}
"""Faults by name. Some are allowed: an unknown file is reported, and empty rows are skipped."""


def _first_arm(frame: pd.DataFrame) -> np.ndarray:
    arm = next((frame[name] for name in ("arm", "TRT01P") if name in frame.columns), frame.iloc[:, 0])
    return (arm == arm.iloc[0]).to_numpy() if len(arm) else np.zeros(0, dtype=bool)


@pytest.fixture(scope="session")
def made_up() -> Callable[[int], Made]:
    """A function that makes a trial from a seed; its ``write`` writes it into a folder."""
    return make


@pytest.fixture(scope="session")
def every_fault() -> dict[str, Callable[[Made], Any]]:
    """Faults of made-up trials, by name."""
    return FAULTS

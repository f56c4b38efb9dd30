"""`fetch_trial`: public patient-level trials, downloaded once and pinned by sha256.

Each reader handles the peculiarities of its raw files, so that no other part of the library has to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from botox_analysis.errors import require_choice
from botox_analysis.frames.handling import LAST_OBSERVATION, LAST_OR_BASELINE
from botox_analysis.frames.left_out import LEFT_OUT
from botox_analysis.frames.schema import BASELINE
from botox_analysis.trials.overview import FILE
from botox_analysis.trials.public.download import Recorded, obtain
from botox_analysis.trials.shapes.shapes import arranged
from botox_analysis.trials.sources import tables_of
from botox_analysis.trials.trial import Protocol, Trial, checked_trial, with_notes


@dataclass(frozen=True)
class Source:
    """Source of a public trial.

    Attributes
    ----------
    files : mapping of str to Recorded
        Address, sha256 and size of each raw file, by its name.
    citation : str
        Citation of the trial and its data.
    terms : str
        Terms of use of the data.
    read : callable
        Function of the paths of the raw files that returns a `Trial`.
    """

    files: Mapping[str, Recorded]
    citation: str
    terms: str
    read: Callable[[Mapping[str, Path]], Trial]


def fetch_trial(name: PublicTrial) -> Trial:
    """Fetch a public patient-level trial by name.

    The files are read from a folder named after the trial, inside the folder of the environment variable
    ``BOTOX_ANALYSIS_DATA``. If they are missing they are downloaded once and kept in the user's cache. Each file must have the
    recorded sha256. A download reads no more than the recorded size and takes at most a minute.

    Parameters
    ----------
    name : str
        Name of the trial. ``"vickers2004"``: acupuncture for chronic headache, 401 subjects. ``"cdystonia"``: botulinum toxin
        type B in cervical dystonia, 109 subjects. ``"kostecki_dillon"``: a daily migraine diary, 133 subjects, one arm.
        ``"cdisc_pilot"``: xanomeline in Alzheimer's disease, 254 subjects, as analysis data sets of CDISC.

    Returns
    -------
    Trial
        The checked trial. Its provenance contains the citation, the terms of use and the checksums.

    Raises
    ------
    ValueError
        The name is unknown.
    DataError
        A file is missing and cannot be downloaded, or differs from the recorded one.

    References
    ----------
    Vickers AJ et al. (2004). BMJ 328:744; raw data: Vickers AJ (2006). Trials 7:15.
    Brashear A et al. (1999). Neurology 53:1439-1446; printed in Davis CS (2002), Statistical Methods for the Analysis
    of Repeated Measurements, pp. 161-163.
    Kostecki-Dillon T, Monette G, Wong P (1999), as ``KosteckiDillon`` in the R package carData.
    CDISC SDTM/ADaM Pilot Project (2008, 2013): the submission of study CDISCPILOT01.

    Examples
    --------
    >>> ba.fetch_trial("vickers")
    Traceback (most recent call last):
    ValueError: `name` must be one of 'vickers2004', 'cdystonia', 'kostecki_dillon', 'cdisc_pilot'; got 'vickers'...
    """
    require_choice(name, SOURCES, "name")
    source = SOURCES[name]
    paths = {file: obtain(name, file, recorded) for file, recorded in source.files.items()}
    trial = source.read(paths)
    provenance = {
        "citation": source.citation,
        "terms": source.terms,
        "simulated": "no",
        **{f"{FILE}{file}": recorded.sha256 for file, recorded in source.files.items()},
    }
    return replace(trial, provenance=provenance)


def _read_vickers(paths: Mapping[str, Path]) -> Trial:
    """Read the four small files, in which a missing result is an absent row (the whole sheet codes it 0).

    Their label file swaps the codes of migraine; the description of the trial has 1 for migraine. ``sex`` is 1 in 84 % of the
    subjects: women. Completers are subjects with results at 12 months.
    """
    people = pd.read_csv(paths["acupuncture_demographics.csv"])
    completer = pd.read_csv(paths["acupuncture_one_year_results.csv"])["id"]
    pieces = []
    for file, visit, columns in (
        ("acupuncture_baseline_results.csv", BASELINE, ("f1", "pk1")),
        ("acupuncture_three_month_results.csv", "3 months", ("f2", "pk2")),
        ("acupuncture_one_year_results.csv", "12 months", ("f5", "pk5")),
    ):
        results = pd.read_csv(paths[file]).rename(columns=dict(zip(columns, ("headache days", "headache score"), strict=True)))
        pieces.append(results.melt("id", ["headache days", "headache score"], "scale", "value").assign(visit=visit))
    subjects = pd.DataFrame(
        {
            "subject": people["id"],
            "arm": people["grp"].map({0: "control", 1: "acupuncture"}),
            "itt": True,
            "completers": people["id"].isin(completer),
            "completed": people["id"].isin(completer),
            "age": people["age"],
            "sex": people["sex"].map({0: "male", 1: "female"}),
            "migraine": people["migraine"].map({0: "tension-type", 1: "migraine"}),
            "chronicity": people["chronicity"],
            "acupuncturist": "A" + people["acupuncturist"].astype(str).str.zfill(2),
        }
    )
    return checked_trial(
        {
            "subjects": subjects,
            "assessments": pd.concat(pieces, ignore_index=True).rename(columns={"id": "subject"}),
        },
        name="Acupuncture for chronic headache (Vickers 2004)",
        settings={
            "arms": ["control", "acupuncture"],
            "visits": [BASELINE, "3 months", "12 months"],
            "populations": ["completers"],
        },
        protocol=Protocol(
            endpoint="headache days",
            visit="12 months",
            covariates=("age", "sex", "migraine", "chronicity", "acupuncturist"),
            efficacy_population="completers",
            analysis="ancova",
        ),
        files=_spoken_of("vickers2004"),
    )


def _read_cdystonia(paths: Mapping[str, Path]) -> Trial:
    """Read one row per subject and week; a missed visit is an absent row. ``id`` repeats between sites, ``patient`` does not."""
    rows = pd.read_csv(paths["cdystonia.csv"])
    rows["arm"] = rows["treat"].map({"Placebo": "placebo", "5000U": "BoNT-B 5,000 U", "10000U": "BoNT-B 10,000 U"})
    people = rows.drop_duplicates("patient")
    last = rows.groupby("patient")["week"].max()
    subjects = pd.DataFrame(
        {
            "subject": people["patient"],
            "arm": people["arm"],
            "itt": True,
            "completed": people["patient"].map(last).ge(16),
            "age": people["age"],
            "sex": people["sex"].map({"F": "female", "M": "male"}),
            "site": "site " + people["site"].astype(str),
        }
    )
    assessments = pd.DataFrame(
        {
            "subject": rows["patient"],
            "scale": "TWSTRS",
            "visit": rows["week"].map(lambda week: BASELINE if week == 0 else f"week {week}"),
            "value": rows["twstrs"],
        }
    )
    return checked_trial(
        {"subjects": subjects, "assessments": assessments},
        name="Botulinum toxin type B in cervical dystonia (cdystonia)",
        settings={
            "arms": ["placebo", "BoNT-B 5,000 U", "BoNT-B 10,000 U"],
            "visits": [BASELINE, *(f"week {week}" for week in (2, 4, 8, 12, 16))],
        },
        protocol=Protocol(
            endpoint="TWSTRS",
            visit="week 4",
            covariates=("site",),
            efficacy_population="itt",
            analysis="ancova",
            handling=LAST_OR_BASELINE,
        ),
        files=_spoken_of("cdystonia"),
    )


def _read_kostecki_dillon(paths: Mapping[str, Path]) -> Trial:
    """Read a diary without arms. ``time`` 0 is the day of the first treatment, here day 1. One row is repeated word for word."""
    rows = pd.read_csv(paths["KosteckiDillon.csv"]).drop(columns="rownames")
    twice = rows.duplicated()
    rows = rows.loc[~twice]
    people = rows.drop_duplicates("id")
    diary = pd.DataFrame(
        {
            "subject": rows["id"],
            "day": rows["time"].where(rows["time"] < 0, rows["time"] + 1),
            "headache": rows["headache"],
            "medication": rows["medication"],
            "air_quality": rows["airq"],
        }
    )
    subjects = people[["id", "age", "sex", "hatype"]].rename(columns={"id": "subject", "hatype": "headache_type"})
    trial = checked_trial(
        {"subjects": subjects, "diary": diary},
        name="Daily migraine diary (Kostecki-Dillon)",
        settings={},
        protocol=Protocol(endpoint="headache days"),
        files=_spoken_of("kostecki_dillon"),
    )
    left_out = pd.DataFrame(
        [("KosteckiDillon.csv", "diary row that repeats another word for word", int(twice.sum()))],
        columns=list(LEFT_OUT),
    )
    return replace(trial, left_out=pd.concat([left_out, trial.left_out], ignore_index=True))


def _read_cdisc_pilot(paths: Mapping[str, Path]) -> Trial:
    """Read analysis data sets of two formats. Their values of the last observation carried forward are left out."""
    settings = {"scales": {"ACTOT": {"better": "lower"}}}
    found = arranged(tables_of({path.stem: path for path in paths.values()}, settings), settings)
    trial = checked_trial(
        found.tables,
        name="Xanomeline in Alzheimer's disease (CDISC pilot)",
        settings=found.settings,
        protocol=Protocol(
            endpoint="ACTOT",
            visit="Week 24",
            covariates=("SITEGR1",),
            efficacy_population="efficacy",
            analysis="ancova",
            handling=LAST_OBSERVATION,
        ),
        files=found.files,
    )
    return with_notes(trial, found.notes)


def _spoken_of(name: str) -> dict[str, str]:
    return {table: f"{name} ({table})" for table in ("subjects", "diary", "assessments")}


_PHUSE_FILES = (
    "https://raw.githubusercontent.com/phuse-org/phuse-scripts/11b416b7b379f6094caccbc1f9069713033500c4/data/adam/cdiscpilot01/"
)
_CDISC_FILES = (
    "https://raw.githubusercontent.com/cdisc-org/DataExchange-DatasetJson/a379f49a3f43c2aaed63bdeca761bdb7140df2c3/examples/adam/"
)
_VICKERS_FILES = "https://raw.githubusercontent.com/pmean/introduction-to-sql/d1c76562791a6c080526ada6d0b5ab94ad260860/data/"

PublicTrial = Literal["vickers2004", "cdystonia", "kostecki_dillon", "cdisc_pilot"]

SOURCES: dict[PublicTrial, Source] = {
    "vickers2004": Source(
        files={
            file: Recorded(_VICKERS_FILES + file, checksum, n_bytes)
            for file, checksum, n_bytes in (
                ("acupuncture_demographics.csv", "65be57b4f816272b8df4de36326c906bc1ba6443275e6986aa9fb96e5ecb93db", 8_428),
                ("acupuncture_baseline_results.csv", "bfcd138153aec9d435c1728da24d0ef50dd77e297918be927585e50a7ea3dd0c", 4_746),
                (
                    "acupuncture_three_month_results.csv",
                    "9db4f715df63125d093fba4020b8477e9d31d843b2dec6fd59e8ddc633a5a198",
                    3_725,
                ),
                ("acupuncture_one_year_results.csv", "d88446cabc2ff24634c71787a7032af4d549a5dbde853a66383d6c5e81d19ee1", 3_413),
            )
        },
        citation="Vickers AJ et al. BMJ 2004;328:744; raw data: Vickers AJ. Trials 2006;7:15",
        terms="CC0 at the address used. The study's own sheet asks users to contact the author before publishing analyses.",
        read=_read_vickers,
    ),
    "cdystonia": Source(
        files={
            "cdystonia.csv": Recorded(
                "https://raw.githubusercontent.com/fonnesbeck/statistical-analysis-python-tutorial/main/data/cdystonia.csv",
                "7713160ec7b9f10500b1a58d97ff555bcdee630ebde3e61672a371c103b9c636",
                16_838,
            )
        },
        citation=(
            "Davis CS (2002), Statistical Methods for the Analysis of Repeated Measurements, pp. 161-163; the trial: "
            "Brashear A et al. Neurology 1999;53:1439-46"
        ),
        terms="No licence of the data is stated at the address used: download, do not redistribute.",
        read=_read_cdystonia,
    ),
    "kostecki_dillon": Source(
        files={
            "KosteckiDillon.csv": Recorded(
                "https://vincentarelbundock.github.io/Rdatasets/csv/carData/KosteckiDillon.csv",
                "107b32cdf44d965567a8a0ca8271809e3e994993d9e988be468bad4a0efded51",
                195_722,
            )
        },
        citation="Kostecki-Dillon T, Monette G, Wong P (1999); KosteckiDillon in the R package carData",
        terms="GPL (>= 2), as part of carData. Not randomised: for the mechanics of a diary only.",
        read=_read_kostecki_dillon,
    ),
    "cdisc_pilot": Source(
        files={
            file: Recorded(folder + file.split("/")[1], checksum, n_bytes)
            for file, folder, checksum, n_bytes in (
                ("xpt/adsl.xpt", _PHUSE_FILES, "c5139f873a93ef6add77bc4297beb6460a398bbdd036874382a9f39dfc92091d", 114_640),
                ("xpt/adae.xpt", _PHUSE_FILES, "b8678e70946473a753bb01d002917f478bf51b59bdd0dc19587b97128059b6a0", 713_600),
                ("xpt/adtte.xpt", _PHUSE_FILES, "68513fc4126744b6b2c7328eb70eb7b9683865d12c58b36539325f3c0c0ab93d", 91_840),
                (
                    "dataset_json/adadas.json",
                    _CDISC_FILES,
                    "d1193944091d3ec96f4e7e77c0bb09f238d16d8eb9de8a156843c8b4ab4d3d73",
                    3_280_436,
                ),
            )
        },
        citation="CDISC SDTM/ADaM Pilot Project, study CDISCPILOT01; data of phuse-org/phuse-scripts and of CDISC's Dataset-JSON",
        terms="MIT licence.",
        read=_read_cdisc_pilot,
    ),
}
"""The public trials, by name."""

"""`Endpoint`: what is measured, and how a trial's tables become *outcomes*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import (
    DataError,
    require_choice,
    require_text,
    require_trial,
)
from botox_analysis.frames.handling import DERIVATION, HANDLING, IMPUTATION, OBSERVED_CASES, Handling
from botox_analysis.frames.outcomes import OUTCOMES, RECORDED_DAYS, Outcomes
from botox_analysis.frames.schema import BASELINE, BETTER, LOWER
from botox_analysis.trials.trial import Trial
from botox_analysis.wording import Overview, Shown


@dataclass(frozen=True)
class Measured:
    """Values of all subjects of a trial at baseline and at the scheduled visits.

    Attributes
    ----------
    values : DataFrame, shape (N, 1 + V)
        One row per subject of the trial, one column per visit in time, `BASELINE` first; missing values where nothing was
        measured. The baseline may be absent.
    recorded : DataFrame, shape (N, 1 + V), optional
        The days from which each value was counted, for values of a diary.
    derivation : str
        How incomplete periods of a diary are counted, in words.
    left_empty : str
        A sentence about cells that leave days open, for a diary without a scheduled period.
    """

    values: pd.DataFrame
    recorded: pd.DataFrame | None = None
    derivation: str = ""
    left_empty: str = ""


@dataclass(frozen=True, repr=False)
class Endpoint(Shown):
    """What is measured on each subject at each visit.

    Attributes
    ----------
    name : str
        What a protocol calls it, such as ``"headache days"``.
    wording : str
        The name with its unit.
    measure : callable, (Trial) -> DataFrame
        One row per subject of the trial, one column per visit in time, `BASELINE` first; missing values where
        nothing was measured.
    better : str
        Which values are better: ``"lower"`` or ``"higher"``.
    """

    name: str
    wording: str
    measure: Callable[[Trial], pd.DataFrame]
    better: str = LOWER

    def __post_init__(self) -> None:
        """Refuse a name that is none, and a direction that is not known."""
        require_text(self.name, "name", "the name of an endpoint, such as 'headache days'")
        require_choice(self.better, BETTER, "better")

    def _overview(self) -> Overview:
        return Overview(f"{type(self).__name__}: {self.name}", (("label", self.label), ("better", f"{self.better} values")))

    @property
    def label(self) -> str:
        """Name with unit, as axes and captions print it."""
        return self.wording

    def under(self, rule: object) -> Endpoint:  # noqa: ARG002 - a rule of a diary does not apply
        """Refuse a diary rule; a `DiaryEndpoint` takes one.

        Parameters
        ----------
        rule : DiaryRule
            Of any kind.

        Returns
        -------
        Endpoint
            Of no other endpoint than one of a diary.

        Raises
        ------
        ValueError
            The endpoint does not come from a diary.
        """
        raise ValueError(f"{self.name!r} is assessed at visits; a diary rule applies to diary endpoints only.")

    def measured(self, trial: Trial) -> Measured:
        """Measure all subjects of a trial.

        Parameters
        ----------
        trial : Trial
            Restricted to the population that is meant.

        Returns
        -------
        Measured
            One row per subject, one column per visit.
        """
        return Measured(self.measure(trial))

    def derive(self, trial: Trial) -> Outcomes:
        """The *outcomes* of a trial.

        Parameters
        ----------
        trial : Trial
            Restricted to the population that is meant.

        Returns
        -------
        DataFrame
            *outcomes*, one row per subject and scheduled visit, observed or not, with the ``better`` of the
            endpoint. ``percent_change`` is missing where the baseline is 0. Those of a diary have ``recorded_days``, from how
            many recorded days a value was counted (missing where it is). Covariates are the columns of the trial's subjects.

        Raises
        ------
        DataError
            What is given is no trial, or has not the tables or columns that the endpoint needs, or no visit after baseline.
        """
        require_trial(trial)
        measured = self.measured(trial)
        wide = measured.values
        visits = [visit for visit in wide.columns if visit != BASELINE]
        if not visits:
            raise DataError(
                f"{trial.name} has no visit after baseline for {self.name}; expected one or more.{measured.left_empty}"
            )
        n_visits = len(visits)
        value = wide[visits].to_numpy(dtype=float).ravel()
        before = wide[BASELINE].to_numpy(dtype=float) if BASELINE in wide.columns else np.full(len(wide), np.nan)
        baseline = np.repeat(before, n_visits)
        recorded = {} if measured.recorded is None else {RECORDED_DAYS: measured.recorded[visits].to_numpy().ravel()}
        covariates = recorded | {
            name: trial.subjects[name].repeat(n_visits).reset_index(drop=True)
            for name in trial.covariates
            if name not in OUTCOMES and name not in recorded
        }
        return outcomes_frame(
            trial=trial.name,
            population=trial.population,
            endpoint=self.label,
            better=self.better,
            handling=Handling(OBSERVED_CASES, measured.derivation),
            subject=trial.subjects["subject"].repeat(n_visits).reset_index(drop=True),
            arm=trial.subjects["arm"].repeat(n_visits).reset_index(drop=True),
            visit=pd.Categorical.from_codes(np.tile(np.arange(n_visits), len(wide)), visits, ordered=True),
            values=(baseline, value, value - baseline),
            covariates=covariates,
        )


def outcomes_frame(
    *, trial: str, population: str, endpoint: str, better: str, handling: Handling, subject: pd.Series[Any], arm: pd.Series[Any],
    visit: pd.Categorical, values: tuple[Any, Any, Any], covariates: Mapping[str, Any], intercurrent: str = "",
) -> pd.DataFrame:  # fmt: skip
    baseline, value, change = values
    percent = np.full(len(value), np.nan)
    np.divide(100 * change, baseline, out=percent, where=baseline != 0)
    return pd.DataFrame(
        {
            "trial": trial,
            "population": population,
            "endpoint": endpoint,
            "intercurrent": intercurrent,
            IMPUTATION: str(handling),
            "subject": subject,
            "arm": arm,
            "visit": visit,
            "baseline": baseline,
            "value": value,
            "change": change,
            "percent_change": percent,
            HANDLING: handling.missing,
            DERIVATION: handling.derivation,
            "better": better,
            **covariates,
        }
    )

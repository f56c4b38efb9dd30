"""`Endpoint`: the measurement of subjects at visits, which makes *outcomes* of a trial's tables."""

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
from botox_analysis.frames.schema import BASELINE, BETTER, LOWER, Better
from botox_analysis.trials.trial import Trial
from botox_analysis.wording import Overview, Shown


@dataclass(frozen=True)
class Measured:
    """Values of all subjects of a trial at baseline and at the scheduled visits.

    Attributes
    ----------
    values : DataFrame, shape (N, 1 + V)
        One row per subject of the trial, one column per visit in time, `BASELINE` first; missing if not measured. The
        baseline may be absent.
    recorded : DataFrame, shape (N, 1 + V), optional
        For a diary: the number of days from which each value was counted.
    derivation : str
        Handling of incomplete periods of a diary, in words.
    left_empty : str
        For a diary without a scheduled period: a sentence on the cells that leave days open.
    """

    values: pd.DataFrame
    recorded: pd.DataFrame | None = None
    derivation: str = ""
    left_empty: str = ""


@dataclass(frozen=True, repr=False)
class Endpoint(Shown):
    """A quantity measured on each subject at each visit.

    Attributes
    ----------
    name : str
        Name in a protocol, such as ``"headache days"``.
    wording : str
        The name with its unit.
    measure : callable, (Trial) -> DataFrame
        Function that returns one row per subject of the trial, one column per visit in time, `BASELINE` first; missing values
        if not measured.
    better : str, optional
        Which values are better: ``"lower"`` or ``"higher"``. Left out: those that a trial states for this name, otherwise
        lower ones.

    Examples
    --------
    >>> import pandas as pd
    >>> weeks = ["baseline", "week 12"]
    >>> def grip(trial):
    ...     return pd.DataFrame(20.0, index=trial.subjects["subject"], columns=weeks)
    >>> endpoint = ba.Endpoint("grip strength", wording="grip strength (kg)", measure=grip, better="higher")
    >>> endpoint.derive(trial)["change"].unique().tolist()
    [0.0]
    """

    name: str
    wording: str
    measure: Callable[[Trial], pd.DataFrame]
    better: Better | None = None

    def __post_init__(self) -> None:
        """Refuse an invalid name, and an unknown direction."""
        require_text(self.name, "name", "the name of an endpoint, such as 'headache days'")
        if self.better is not None:
            require_choice(self.better, BETTER, "better")

    def _overview(self) -> Overview:
        better = "lower values, unless the trial states higher ones" if self.better is None else f"{self.better} values"
        return Overview(f"{type(self).__name__}: {self.name}", (("label", self.label), ("better", better)))

    @property
    def label(self) -> str:
        """Return the name with its unit, for axes and captions.

        Examples
        --------
        >>> ba.HEADACHE_DAYS.label
        'headache days (≥ 4 h) per 28 days'
        """
        return self.wording

    def under(self, rule: object) -> Endpoint:  # noqa: ARG002 - a rule of a diary does not apply
        """Refuse a diary rule; a `DiaryEndpoint` takes one.

        Parameters
        ----------
        rule : DiaryRule
            Any rule.

        Returns
        -------
        Endpoint
            Never; only a `DiaryEndpoint` returns.

        Raises
        ------
        ValueError
            The endpoint is not counted from a diary.

        Examples
        --------
        >>> ba.HIT_6.under(ba.diary.CHARM)
        Traceback (most recent call last):
            ...
        ValueError: `rule` must be used with a diary endpoint; got 'HIT-6', which is assessed at visits.
        """
        raise ValueError(f"`rule` must be used with a diary endpoint; got {self.name!r}, which is assessed at visits.")

    def measured(self, trial: Trial) -> Measured:
        """Measure all subjects of a trial.

        Parameters
        ----------
        trial : Trial
            A trial, restricted to the population of interest.

        Returns
        -------
        Measured
            One row per subject, one column per visit.

        Examples
        --------
        >>> ba.HIT_6.measured(trial).values.columns.tolist()[:2]
        ['baseline', 'week 4']
        """
        return Measured(self.measure(trial))

    def derive(self, trial: Trial) -> Outcomes:
        """Derive the *outcomes* of a trial.

        Parameters
        ----------
        trial : Trial
            A trial, restricted to the population of interest.

        Returns
        -------
        DataFrame
            *outcomes*, one row per subject and scheduled visit, observed or not. ``better`` is that of the endpoint, otherwise
            that which the trial states for its name, otherwise ``"lower"``.
            ``percent_change`` is missing if the baseline is 0. Outcomes of a diary have ``recorded_days``, the number of
            recorded days from which a value was counted (missing if the value is). Covariates are the columns of the trial's
            subjects.

        Raises
        ------
        DataError
            `trial` is not a `Trial`, or lacks tables or columns that the endpoint needs, or has no visit after baseline. Or
            it states another ``better`` than the endpoint.

        Examples
        --------
        >>> outcomes = ba.HEADACHE_DAYS.derive(trial.restrict("itt"))
        >>> outcomes[["baseline", "value", "change"]].head(2).round(1).to_numpy().tolist()
        [[17.6, 20.0, 2.4], [17.6, 14.5, -3.1]]
        """
        require_trial(trial)
        better = better_in(trial, self)
        measured = self.measured(trial)
        wide = measured.values
        visits = [visit for visit in wide.columns if visit != BASELINE]
        if not visits:
            raise DataError(
                f"`trial` must have a visit after baseline for {self.name}; got none in {trial.name}.{measured.left_empty}"
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
            {"trial": trial.name, "population": trial.population, "endpoint": self.label, "better": better},
            Handling(OBSERVED_CASES, measured.derivation),
            subject=trial.subjects["subject"].repeat(n_visits).reset_index(drop=True),
            arm=trial.subjects["arm"].repeat(n_visits).reset_index(drop=True),
            visit=pd.Categorical.from_codes(np.tile(np.arange(n_visits), len(wide)), visits, ordered=True),
            values=(baseline, value, value - baseline),
            covariates=covariates,
        )


def better_in(trial: Trial, endpoint: Endpoint) -> Better:
    """Determine which values of an endpoint are better in a trial.

    Parameters
    ----------
    trial : Trial
        Any trial.
    endpoint : Endpoint
        Endpoint whose ``better`` may be left out.

    Returns
    -------
    str
        Direction of the endpoint, otherwise that of the trial, otherwise ``"lower"``.

    Raises
    ------
    DataError
        Both state it, and they differ.
    """
    stated = trial.better.get(endpoint.name)
    if stated and endpoint.better and stated != endpoint.better:
        raise DataError(
            f"{trial.name}, scales: found better = '{stated}' for '{endpoint.name}'; expected '{endpoint.better}', as in its "
            "endpoint. Try leaving out one of the two."
        )
    return endpoint.better or stated or LOWER


def outcomes_frame(
    texts: Mapping[str, str],
    handling: Handling,
    *,
    subject: pd.Series[Any],
    arm: pd.Series[Any],
    visit: pd.Categorical,
    values: tuple[Any, Any, Any],
    covariates: Mapping[str, Any],
) -> pd.DataFrame:
    """Build the frame of *outcomes* from its columns.

    Parameters
    ----------
    texts : mapping of str to str
        Texts that are the same in each row: ``trial``, ``population``, ``endpoint``, ``better`` (``"lower"``, ``"higher"``, or
        empty if not known) and ``intercurrent``, which is empty if left out.
    handling : Handling
        Handling of missing values, and diary rule.
    subject, arm : Series, shape (rows,)
        Subject and arm of each row.
    visit : Categorical, shape (rows,)
        Scheduled visit of each row, ordered.
    values : tuple of ndarray, shape (rows,)
        Baseline, value and change.
    covariates : mapping of str to array-like
        Further columns.

    Returns
    -------
    DataFrame
        *outcomes*; ``percent_change`` is missing if the baseline is 0.
    """
    baseline, value, change = values
    percent = np.full(len(value), np.nan)
    np.divide(100 * change, baseline, out=percent, where=baseline != 0)
    return pd.DataFrame(
        {
            "trial": texts["trial"],
            "population": texts["population"],
            "endpoint": texts["endpoint"],
            "intercurrent": texts.get("intercurrent", ""),
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
            "better": texts["better"],
            **covariates,
        }
    )

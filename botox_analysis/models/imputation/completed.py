"""`Completed`: *outcomes* completed many times, the data of `Imputations`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, is_whole_number, kind_of
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.handling import Handling, handling_of
from botox_analysis.frames.left_out import LeftOut, left_out_frame, left_out_in_words
from botox_analysis.frames.outcomes import IMPUTED, Outcomes, ResponseName
from botox_analysis.models.imputation.single_values import with_values
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray
from botox_analysis.wording import Overview, Shown, arms_in_words, count, count_share, some_of

APPROXIMATE_BAYES, BAYES = "approximate Bayes", "Bayes"
JACKKNIFE, BOOTSTRAP = "jackknife", "bootstrap"

RUBIN, RESAMPLED = "Rubin", "resampled"
"""Kinds of data sets: draws of missing values, or conditional means in all subjects and in resamples of them."""

_POOLED = {RUBIN: "Rubin's rules", RESAMPLED: "resamples of subjects"}

_AFTER = "an event, or the last value"

REPEATED_SAMPLING, INFORMATION_ANCHORED = "repeated sampling", "information-anchored"
"""Targets of a variance: the variance of estimates over repeated trials; or the variance of complete data, enlarged by the lost
share of information. That share is the one under missing at random (Cro S, Carpenter JR, Kenward MG (2019). J R Stat Soc A
182:623-645)."""


@dataclass(frozen=True, repr=False)
class Completed(Shown):
    """*Outcomes* of N subjects at V visits, completed B times.

    Attributes
    ----------
    outcomes : DataFrame
        *outcomes* as observed, of the subjects who enter.
    grid : SubjectGrid
        Grid of the outcomes.
    response : str
        The column that is imputed, ``"change"`` or ``"value"``; the other column is computed from it.
    values : ndarray, shape (B, N, V)
        Completed responses, in the unit of the endpoint.
    imputed, after : ndarray of bool, shape (N, V)
        Imputed values; and imputed values after the intercurrent event of the subject (or after the last value, if events are
        unknown).
    draws : str
        Method: approximate Bayes, Bayes, jackknife or bootstrap.
    words : str
        Description of the imputation.
    target : str
        Target of the variance: `REPEATED_SAMPLING` or `INFORMATION_ANCHORED`.
    weights : ndarray, shape (B, N), optional
        For conditional means: counts of each subject. The first data set has each subject once, the others are resamples.
    diagnostics : DataFrame
        For Bayes: parameter, mean, standard deviation, split R-hat and effective sample size of its draws; else empty.
    not_entered : tuple of LeftOut
        Subjects who do not enter, and values that are not imputed.
    onward : callable, optional
        Function from shifts, shape (N, V), to the movement of imputed values, shape (B, N, V). Each value is shifted in turn, and
        later values are imputed given the shifted ones.
    begun : ndarray of bool, shape (N, V), optional
        Visits after the event of the subject, imputed or observed. Default: from the first visit in `after`.
    in_part : ndarray of bool, shape (N, V), optional
        Imputed values with a recorded part, such as some days of a period. Default: none.

    Examples
    --------
    >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1)
    >>> imputations.draws, len(imputations)
    ('approximate Bayes', 2)
    """

    outcomes: pd.DataFrame
    grid: SubjectGrid
    response: ResponseName
    values: FloatArray
    imputed: BoolArray
    after: BoolArray
    draws: str
    words: str
    target: str
    weights: FloatArray | None = None
    diagnostics: pd.DataFrame = field(default_factory=pd.DataFrame)
    not_entered: tuple[LeftOut, ...] = ()
    onward: Callable[[FloatArray], FloatArray] | None = None
    begun: BoolArray | None = None
    in_part: BoolArray | None = None

    def _overview(self) -> Overview:
        n_sets, n_subjects, _ = self.values.shape
        n_imputed, n_after = int(self.imputed.sum()), int((self.imputed & self.after).sum())
        words = {name: self.grid.words.get(name, "") for name in ("endpoint", "trial", "population", "intercurrent")}
        rows = (
            ("trial", ", ".join(filter(None, (words["trial"], words["population"])))),
            ("missing values", self.handling.missing),
            ("diary", self.handling.derivation),
            ("intercurrent events", words["intercurrent"]),
            ("data sets", f"{count(n_sets)} of {count(n_subjects)} subjects"),
            ("arms", arms_in_words(self.grid.arms)),
            ("visits", some_of(self.grid.visits)),
            ("imputed", f"{count_share(n_imputed, self.imputed.size)} of the values, {count(n_after)} of them after {_AFTER}"),
            ("variance", f"{_POOLED[self.pooled_by]}, {self.target}"),
            ("left out", left_out_in_words(self.left_out)),
        )
        return Overview(f"Imputations: {words['endpoint']}", rows)

    def __len__(self) -> int:
        """Count the data sets."""
        return len(self.values)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Iterate over the completed data sets."""
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> pd.DataFrame:
        """Give one completed data set, as `completed` does; a negative number counts from the end."""
        if is_whole_number(number) and -len(self) <= number < 0:
            return self.completed(number + len(self))
        if is_whole_number(number) and number >= len(self):
            raise IndexError(f"`number` must be from 0 to {len(self) - 1}; got {number}.")
        return self.completed(number)

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects and values that do not enter, counted by analysis and reason.

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1)
        >>> len(imputations.left_out)
        0
        """
        return left_out_frame(self.not_entered)

    @property
    def handling(self) -> Handling:
        """Handling of missing values in each data set, and derivation of values.

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1)
        >>> imputations.handling.missing
        'missing at random (2 imputations by approximate Bayes, seed 1)'
        """
        return handling_of(self.outcomes).filled_by(self.words)

    @property
    def since_event(self) -> BoolArray:
        """Visits after the event of the subject, imputed or observed, shape (N, V).

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1)
        >>> imputations.since_event.shape == imputations.values.shape[1:]
        True
        """
        return np.asarray(np.logical_or.accumulate(self.after, axis=1)) if self.begun is None else self.begun

    @property
    def pooled_by(self) -> str:
        """Rule by which the data sets are pooled: `RUBIN` or `RESAMPLED`.

        Examples
        --------
        >>> ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1).pooled_by
        'Rubin'
        """
        return RUBIN if self.weights is None else RESAMPLED

    def completed(self, number: int) -> Outcomes:
        """Give one completed data set.

        Parameters
        ----------
        number : int
            Number of the data set, from 0.

        Returns
        -------
        DataFrame
            *outcomes*, for any analysis. ``imputed`` is true for imputed values without a recorded part. In a resample subjects
            are renumbered: a subject drawn twice occurs twice, a subject not drawn is absent.

        Raises
        ------
        DataError
            No data set has this number.

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1)
        >>> int(imputations.completed(0)["value"].isna().sum())
        0
        """
        if not is_whole_number(number) or not 0 <= number < len(self):
            found = kind_of(number).removeprefix("the number ")
            raise DataError(f"`number` must be from 0 to {len(self) - 1}, a data set; got {found}.")
        filled = with_values(self.outcomes, self.grid, self.values[number], self.response, self.words)
        if self.in_part is not None:
            in_part = self.in_part.ravel() if self.grid.cell is None else self.in_part.ravel()[self.grid.cell]
            filled[IMPUTED] &= ~in_part
        if self.weights is None or (self.weights[number] == 1).all():
            return filled
        return _repeated(filled, self.grid, self.weights[number].astype(int))

    def moved(self, by: FloatArray, words: str) -> Self:
        """Add numbers to imputed values.

        Parameters
        ----------
        by : ndarray, shape (N, V) or (B, N, V)
            Numbers to add, in the unit of the endpoint; 0 for observed values.
        words : str
            Description of the numbers, for the method.

        Returns
        -------
        Imputations
            New imputations.

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1)
        >>> moved = imputations.moved(1.0 * imputations.imputed, "1 day added")
        >>> moved.words
        'missing at random (2 imputations by approximate Bayes, seed 1), 1 day added'
        """
        return replace(self, values=self.values + by, words=f"{self.words}, {words}")


def _repeated(filled: pd.DataFrame, grid: SubjectGrid, times: np.ndarray) -> pd.DataFrame:
    rows = grid.wide(np.arange(len(filled)), -1)
    drawn = np.repeat(rows, times, axis=0)
    return filled.iloc[drawn.ravel()].reset_index(drop=True).assign(subject=np.repeat(np.arange(len(drawn)), drawn.shape[1]))

"""`Completed`: *outcomes*, completed many times: the data that `Imputations` answers from."""

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
"""What several data sets are: draws of what is missing, or conditional means in all subjects and in resamples of them."""

_POOLED = {RUBIN: "Rubin's rules", RESAMPLED: "resamples of subjects"}

_AFTER = "an event, or the last value"

REPEATED_SAMPLING, INFORMATION_ANCHORED = "repeated sampling", "information-anchored"
"""What a variance is of: estimates over repeated trials; or what complete data would have, enlarged by the share of the
information that is lost under missing at random (Cro S, Carpenter JR, Kenward MG (2019). J R Stat Soc A 182:623-645)."""


@dataclass(frozen=True, repr=False)
class Completed(Shown):
    """*Outcomes* of N subjects at V visits, completed B times.

    Attributes
    ----------
    outcomes : DataFrame
        *outcomes* as observed, of the subjects who enter.
    grid : SubjectGrid
        Of these.
    response : str
        The column that is imputed, ``"change"`` or ``"value"``; the other follows.
    values : ndarray, shape (B, N, V)
        The response with what is missing in place.
    imputed, after : ndarray of bool, shape (N, V)
        What was imputed; and of that, what came after the subject's intercurrent event (or last value, where events are not
        known).
    draws : str
        How: approximate Bayes, Bayes, jackknife, bootstrap.
    words : str
        What stands for missing values, in words.
    target : str
        What the variance is of that the draws lead to: `REPEATED_SAMPLING` or `INFORMATION_ANCHORED`.
    weights : ndarray, shape (B, N), optional
        For conditional means: how often each subject counts. The first data set has everybody once, the others are resamples.
    diagnostics : DataFrame
        For Bayes: parameter, mean, standard deviation, split R-hat and effective sample size of its draws; else empty.
    not_entered : tuple of LeftOut
        Subjects who do not enter, and values that are not imputed.
    onward : callable, optional
        (N, V) -> (B, N, V): how far imputed values move when they are moved by these numbers, each in turn, and later ones are
        imputed given the moved ones.
    begun : ndarray of bool, shape (N, V), optional
        Visits after the subject's event, whether imputed or not. Left out: from the first of `after`.
    in_part : ndarray of bool, shape (N, V), optional
        Of what was imputed, the values of which a part was recorded, such as some days of a period. Left out: none.
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
        """How many data sets there are."""
        return len(self.values)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Give the completed data sets, one after the other."""
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> pd.DataFrame:
        """Give one of the completed data sets, as `completed` does; a negative number counts from the end."""
        if is_whole_number(number) and -len(self) <= number < 0:
            return self.completed(number + len(self))
        if is_whole_number(number) and number >= len(self):
            raise IndexError(f"there is no data set {number}; they are numbered from 0 to {len(self) - 1}.")
        return self.completed(number)

    @property
    def left_out(self) -> pd.DataFrame:
        """Who, or what, does not enter: where, reason, n."""
        return left_out_frame(self.not_entered)

    @property
    def handling(self) -> Handling:
        """What stands for missing values in each data set, and how values were derived."""
        return handling_of(self.outcomes).filled_by(self.words)

    @property
    def since_event(self) -> BoolArray:
        """Visits after the subject's event, whether imputed or not, shape (N, V)."""
        return np.asarray(np.logical_or.accumulate(self.after, axis=1)) if self.begun is None else self.begun

    @property
    def pooled_by(self) -> str:
        """By which kind of rule the data sets are pooled: `RUBIN` or `RESAMPLED`."""
        return RUBIN if self.weights is None else RESAMPLED

    def completed(self, number: int) -> Outcomes:
        """One of the completed data sets.

        Parameters
        ----------
        number : int
            From 0.

        Returns
        -------
        DataFrame
            *outcomes*, for any analysis; ``imputed`` is true where a value stands for one of which nothing was recorded. In a
            resample subjects are numbered: who is drawn twice is there twice, who is not drawn is absent.

        Raises
        ------
        DataError
            There is no such data set.
        """
        if not is_whole_number(number) or not 0 <= number < len(self):
            found = kind_of(number).removeprefix("the number ")
            raise DataError(f"there is no data set {found}; they are numbered from 0 to {len(self) - 1}.")
        filled = with_values(self.outcomes, self.grid, self.values[number], self.response, self.words)
        if self.in_part is not None:
            in_part = self.in_part.ravel() if self.grid.cell is None else self.in_part.ravel()[self.grid.cell]
            filled[IMPUTED] &= ~in_part
        if self.weights is None or (self.weights[number] == 1).all():
            return filled
        return _repeated(filled, self.grid, self.weights[number].astype(int))

    def moved(self, by: FloatArray, words: str) -> Self:
        """The same with imputed values moved.

        Parameters
        ----------
        by : ndarray, shape (N, V) or (B, N, V)
            Added to the values; 0 where nothing was imputed.
        words : str
            What was added, for the method.

        Returns
        -------
        Imputations
            New ones.
        """
        return replace(self, values=self.values + by, words=f"{self.words}, {words}")


def _repeated(filled: pd.DataFrame, grid: SubjectGrid, times: np.ndarray) -> pd.DataFrame:
    rows = grid.wide(np.arange(len(filled)), -1)
    drawn = np.repeat(rows, times, axis=0)
    return filled.iloc[drawn.ravel()].reset_index(drop=True).assign(subject=np.repeat(np.arange(len(drawn)), drawn.shape[1]))

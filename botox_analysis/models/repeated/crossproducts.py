"""`advanced.crossproducts`: sums over *outcomes* to which a model of repeated measures is fitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, FitError, kind_of, require_choice
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.handling import Handling, handling_of
from botox_analysis.frames.left_out import NO_VALUE_EVER, LeftOut
from botox_analysis.frames.outcomes import Outcomes, ResponseName, grid_of, labels_of, refuse_negative_baselines
from botox_analysis.frames.schema import BASELINE
from botox_analysis.models.linear.design import require_covariates
from botox_analysis.models.linear.fit import RESPONSES
from botox_analysis.models.means.covariates import (
    Covariate,
    read_covariates_by_visit,
    refuse_not_composed,
    usual_covariates,
    with_effects_at_baseline,
)
from botox_analysis.models.means.words import COMMON_BASELINE, SLOPE, USUAL_MEAN, MeanModel, MeanPhrase, read_mean
from botox_analysis.models.repeated.covariance import AnyCovariance, Covariance, Kind, read_covariance, with_days, with_kinds
from botox_analysis.models.repeated.covariates import (
    Term,
    common_terms,
    covariates_entering,
    mean_entering,
    refuse_varying,
    root_weights,
    with_baseline,
)
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.crossproducts import Columns, CrossProducts, cross_products
from botox_analysis.numerics.repeated.subject_data import BoolArray, Quantity, SubjectData

NO_SUBJECTS = "a sum of parts contains no subjects. Try to fit the outcomes of all parts at once."


@dataclass(frozen=True)
class RepeatedMeasures:
    """Cross-products of *outcomes* for each pattern of observed visits, sufficient for a model of repeated measures.

    Parts of the data (sites, files, workers) are added. The sum equals `advanced.crossproducts` of both parts together. Each
    subject must be in one part only.

    Attributes
    ----------
    labels : mapping of str to str
        Trial, population, endpoint, intercurrent, measure.
    response : str
        The column of outcomes that is modelled.
    handling : Handling
        Handling of missing values.
    arms, visits : tuple of str
        Arms (reference first) and visits (in order of time) that occur in the data.
    arm_order, visit_order : tuple of str
        All arms and visits of the trial, also those absent from a part.
    terms : tuple of Term
        The covariates.
    grouped_by, days_on : str
        Column by which covariances differ, and column of days; empty for none.
    kinds : tuple of (str, tuple of float)
        The level and the days of the subjects that share a covariance.
    weights : str
        The column of weights; empty for none.
    sums : CrossProducts
        The cross-products.
    data : SubjectData, optional
        The subjects, for residuals and sandwich variances; none for a sum of parts.
    grid : SubjectGrid, optional
        Places of the rows of the outcomes in `data`.
    left_out : tuple of LeftOut
        Subjects and values that do not enter.
    mean : MeanModel
        Model of the mean in arms and visits.
    mean_terms : tuple of Term
        Further terms of the mean: the number on which slopes are, or a constant.
    """

    labels: Mapping[str, str]
    response: str
    handling: Handling
    arms: tuple[str, ...]
    visits: tuple[str, ...]
    arm_order: tuple[str, ...]
    visit_order: tuple[str, ...]
    terms: tuple[Term, ...]
    grouped_by: str
    days_on: str
    kinds: tuple[Kind, ...]
    weights: str
    sums: CrossProducts
    data: SubjectData | None = None
    grid: SubjectGrid | None = None
    left_out: tuple[LeftOut, ...] = ()
    mean: MeanModel = USUAL_MEAN
    mean_terms: tuple[Term, ...] = ()

    @cached_property
    def entering(self) -> tuple[Term, ...]:
        """The covariates, then further terms of the mean, in the order of the quantities in `data`."""
        return (*self.terms, *self.mean_terms)

    @property
    def is_of_change(self) -> bool:
        """True for means of changes from a baseline that is a response."""
        return self.mean.kind == COMMON_BASELINE and self.response != "value"

    @cached_property
    def patterns_of_levels(self) -> dict[str, BoolArray]:
        """Patterns of each level of the column by which covariances differ, as truth values of shape (G,)."""
        levels = [level for level, _ in self.kinds]
        of_pattern = [levels[kind] for kind in self.sums.kind.tolist()]
        return {level: np.array([name == level for name in of_pattern], dtype=bool) for level in dict.fromkeys(levels)}

    @cached_property
    def n(self) -> FloatArray:
        """Number of subjects by arm and visit, shape (A, V)."""
        return np.asarray(self.sums.n_by_arm.T @ self.sums.observed.astype(float))

    @property
    def of_subjects(self) -> SubjectData:
        """Data of the subjects; `FitError` for a sum of parts, which contains no subjects."""
        if self.data is None:
            raise FitError(NO_SUBJECTS)
        return self.data

    def subjects(self) -> pd.DataFrame:
        """List the subjects in the order of `data`.

        Returns
        -------
        DataFrame
            Columns subject and arm (its code), one row for each subject.

        Raises
        ------
        FitError
            The cross-products are a sum of parts.

        Examples
        --------
        >>> fit.measures.subjects()["subject"].is_unique
        True
        """
        if self.grid is None or self.data is None:
            raise FitError(NO_SUBJECTS)
        return pd.DataFrame({"subject": self.grid.subjects, "arm": self.data.quantities[0].values})

    def __add__(self, other: RepeatedMeasures) -> RepeatedMeasures:
        """Add the cross-products of two parts of the data."""
        for name in ("labels", "handling", "arm_order", "visit_order", "grouped_by", "days_on", "weights", "mean"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise DataError(
                    f"parts differ in their {name.replace('_', ' ')}: '{mine}' and '{theirs}'; expected parts of one trial with "
                    "the same arms, visits and choices."
                )
        whole = replace(
            self,
            arms=tuple(arm for arm in self.arm_order if arm in self.arms or arm in other.arms),
            visits=tuple(visit for visit in self.visit_order if visit in self.visits or visit in other.visits),
            terms=common_terms(self.terms, other.terms),
            mean_terms=common_terms(self.mean_terms, other.mean_terms),
            data=None,
            grid=None,
        )
        kinds: dict[Kind, None] = {}
        for part in (self, other):
            visits = np.array([whole.visits.index(visit) for visit in part.visits])
            kinds |= dict.fromkeys(with_days(kind, visits, len(whole.visits)) for kind in part.kinds)
        whole = replace(whole, kinds=tuple(kinds))
        left_out = Counter({replace(row, n=0): row.n for row in self.left_out})
        left_out.update({replace(row, n=0): row.n for row in other.left_out})
        sums = self.placed_in(whole) + other.placed_in(whole)
        return replace(
            whole,
            sums=_level(sums) if self.mean.kind == SLOPE else sums,
            left_out=tuple(replace(row, n=n) for row, n in left_out.items()),
        )

    def placed_in(self, whole: RepeatedMeasures) -> CrossProducts:
        """Place the sums among the arms, levels and kinds of the whole data.

        Parameters
        ----------
        whole : RepeatedMeasures
            Has all arms, levels and kinds of this part.

        Returns
        -------
        CrossProducts
            The sums; 0 for arms, levels and kinds absent from this part.

        Examples
        --------
        >>> fit.measures.placed_in(fit.measures).n_by_arm.shape == fit.measures.sums.n_by_arm.shape
        True
        """
        where = [whole.arms.index(arm) for arm in self.arms]
        arms, n_arms, weighted = where.copy(), len(whole.arms), bool(self.weights)
        varying, only_in = [weighted] * n_arms, [-1] * n_arms
        centre, first_of_part = [0.0] * n_arms, len(arms)  # a number has the same centre in all arms, also in absent ones
        for mine, common in zip(self.entering, whole.entering, strict=True):
            width = max(len(common.levels), 1)
            levels = [common.levels.index(level) for level in mine.levels] if common.levels else [0]
            blocks = arms if mine.by_arm else [0]
            where += [len(varying) + block * width + level for block in blocks for level in levels]
            for arm in range(n_arms) if mine.by_arm else (-1,):
                varying += [weighted or common.varying] * width
                only_in += [arm] * width
                centre += [0.0 if common.levels else float(self.sums.centre[first_of_part])] * width
            first_of_part += max(len(mine.levels), 1) * len(blocks)
        visits = np.array([whole.visits.index(visit) for visit in self.visits])
        columns = Columns(n_arms, tuple(varying), tuple(only_in))
        placed = self.sums.placed(np.array(where), columns, visits, len(whole.visits))
        kinds = [with_days(kind, visits, len(whole.visits)) for kind in self.kinds]
        kind = np.array([whole.kinds.index(kind_of_part) for kind_of_part in kinds], dtype=np.int64)
        return replace(placed, kind=kind[placed.kind], centre=np.array(centre))

    def __radd__(self, other: int) -> RepeatedMeasures:
        """Add 0, with which ``sum(parts)`` begins."""
        return self if other == 0 else NotImplemented


def _level(sums: CrossProducts) -> CrossProducts:
    """Centre responses about one number for all visits, for a mean without effects of visits."""
    return sums.recentred(sums.centre, np.full_like(sums.centre_y, sums.centre_y.mean()))


def crossproducts(
    outcomes: Outcomes,
    *,
    covariance: AnyCovariance = "unstructured",
    covariates: Sequence[str] | None = None,
    by_visit: Sequence[str] | None = None,
    response: ResponseName = "change",
    weights: str | None = None,
    mean: MeanPhrase = "arm by visit",
) -> RepeatedMeasures:
    """Sum cross-products over *outcomes*, for `advanced.fit_crossproducts`; sums of parts of the data can be added.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*: a trial, or a part of it with **whole subjects**, each in one part only. A subject whose visits are split over
        two parts counts as two subjects.
    covariance, covariates, by_visit, response, mean
        As for `fit_mmrm`.
    weights : str, optional
        A column of positive weights: the variance of a value is divided by its weight.

    Returns
    -------
    RepeatedMeasures
        Cross-products. Their size depends on the visits and covariates, not on the number of subjects.

    Raises
    ------
    DataError
        As for `fit_mmrm`.
    ValueError
        As for `fit_mmrm`.

    Examples
    --------
    >>> first = outcomes["subject"].isin(outcomes["subject"].unique()[:500])
    >>> parts = [ba.advanced.crossproducts(outcomes[first]), ba.advanced.crossproducts(outcomes[~first])]
    >>> abs(ba.advanced.fit_crossproducts(sum(parts)).loglik - fit.loglik) < 1e-9
    True
    """
    if weights is not None and not isinstance(weights, str):
        raise ValueError(f"`weights` must be the name of a column of outcomes (str); got {kind_of(weights)}.")
    phrase = read_covariance(covariance)
    grid = grid_of(outcomes)
    require_choice(response, RESPONSES, "response")
    model = read_mean(mean)
    asked = covariates_of_all_visits(outcomes, grid, covariates, by_visit, model)
    return measured(outcomes, grid, phrase, asked, response, model, weights)


def measured(
    outcomes: Outcomes,
    grid: SubjectGrid,
    covariance: Covariance,
    covariates: Sequence[Covariate],
    response: ResponseName,
    mean: MeanModel = USUAL_MEAN,
    weights: str | None = None,
) -> RepeatedMeasures:
    """Sum cross-products over *outcomes* for a model whose arguments are already parsed.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    grid : SubjectGrid
        Grid of the outcomes.
    covariance : Covariance
        Covariance of the visits of a subject.
    covariates : sequence of Covariate
        Covariates of the model; columns of the outcomes.
    response : str
        The column that is modelled.
    mean : MeanModel
        Model of the mean in arms and visits.
    weights : str, optional
        A column of weights.

    Returns
    -------
    RepeatedMeasures
        The cross-products of `crossproducts`.

    Raises
    ------
    DataError, ValueError
        As for `crossproducts`.
    """
    refuse_not_composed(mean, covariates, response, weights, covariance.on)
    arms, visits, order = grid.arms, grid.visits, grid.visit_order
    arm = grid.arm_of_subject
    refuse_negative_baselines(outcomes, response, visits)
    if mean.kind == COMMON_BASELINE:
        y, visits = with_baseline(grid)
        order = (visits[0], *order)
    else:
        y = np.array(grid.wide(grid.numbers[response]))  # a copy: later changes of the frame do not reach the fit

    of_arms = Quantity(arm, len(arms))
    terms, quantities = covariates_entering(with_effects_at_baseline(covariates, mean), grid, of_arms)
    mean_terms, further = mean_entering(mean, outcomes, grid, of_arms)
    if mean.kind == COMMON_BASELINE:
        refuse_varying([term.name for term in terms], quantities)
    roots = None if weights is None else root_weights(outcomes, weights, grid)
    data = SubjectData(y, (of_arms, *quantities, *further), None, roots)
    data, kinds = with_kinds(data, covariance, outcomes=outcomes, grid=grid, arms=arms)
    sums = cross_products(data)
    return RepeatedMeasures(
        labels=labels_of(grid).estimand | {"measure": RESPONSES[response]},
        response=response,
        handling=handling_of(grid),
        arms=arms,
        visits=visits,
        arm_order=grid.arm_order,
        visit_order=order,
        terms=terms,
        grouped_by=covariance.by,
        days_on=covariance.on,
        kinds=kinds,
        weights=weights or "",
        sums=_level(sums) if mean.kind == SLOPE else sums,
        data=data,
        grid=grid,
        left_out=_left_out(data, (*terms, *mean_terms), grid, response),
        mean=mean,
        mean_terms=mean_terms,
    )


def covariates_of_all_visits(
    outcomes: Outcomes,
    grid: SubjectGrid,
    covariates: Sequence[str] | None,
    by_visit: Sequence[str] | None,
    mean: MeanModel = USUAL_MEAN,
) -> tuple[Covariate, ...]:
    """Read the covariates of a mixed model.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    grid : SubjectGrid
        Grid of the outcomes.
    covariates, by_visit : sequence of str, optional
        As for `fit_mmrm`.
    mean : MeanModel
        Mean of the model.

    Returns
    -------
    tuple of Covariate
        Covariates that are columns of the outcomes.

    Raises
    ------
    DataError
        A covariate does not exist.
    ValueError
        `covariates` or `by_visit` is no list of names of covariates.
    """
    usual = usual_covariates(mean, has_baseline=not np.isnan(grid.numbers[BASELINE]).all()) if covariates is None else ()
    if covariates is None and by_visit is None:
        return usual
    asked = read_covariates_by_visit(
        [str(covariate) for covariate in usual] if covariates is None else covariates, by_visit, mean, outcomes.columns
    )
    require_covariates(outcomes, [covariate.name for covariate in asked])
    return asked


def _left_out(data: SubjectData, terms: Sequence[Term], grid: SubjectGrid, response: str) -> tuple[LeftOut, ...]:
    model = {"analysis": "MMRM", "endpoint": grid.words["endpoint"]}
    seen = np.isfinite(data.y)
    some = seen.any(axis=1)
    counted = []
    if not some.all():
        value, baseline = (np.isfinite(grid.wide(grid.numbers[name])).any(axis=1) for name in ("value", "baseline"))
        only_value = ~some & value & ~baseline
        counted.append(LeftOut("no baseline recorded", int(only_value.sum()), **model))
        reason = f"no {response.replace('_', ' ')} at any visit"
        counted.append(LeftOut(reason, int((~some & ~only_value).sum()), kind=NO_VALUE_EVER, **model))
    for term, quantity in zip(terms, data.quantities[1:], strict=True):
        known = quantity.known
        if known.all():
            continue
        lost = seen & ~(known if quantity.varying else known[:, None])
        seen &= ~lost
        still = seen.any(axis=1)
        counted.append(LeftOut(f"no {term.name} recorded", int((some & ~still).sum()), **model))
        counted.append(LeftOut(f"no {term.name} recorded at the visit", int(lost[still].sum()), of="values", **model))
        some = still
    if data.root_weights is not None:
        lost = seen & ~(data.root_weights > 0)
        counted.append(LeftOut("no weight", int(lost.sum()), of="values", **model))
    return tuple(row for row in counted if row.n)

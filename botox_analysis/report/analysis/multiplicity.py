"""The protocol's adjustment over arms and endpoints, and what the headline says of it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from botox_analysis.errors import DataError, listed
from botox_analysis.frames.estimates import Estimates
from botox_analysis.models.multiplicity.adjustment import adjust_multiplicity
from botox_analysis.report.analysis.parts import Efficacy, secondary_visit
from botox_analysis.report.analysis.plan import Plan
from botox_analysis.report.analysis.planned import graph_of


def adjusted_of(plan: Plan, analysed: Sequence[Efficacy]) -> Estimates:
    """Adjust the differences at the primary visit over the arms and endpoints of the protocol's family.

    Parameters
    ----------
    plan : Plan
        Has the family and the method.
    analysed : sequence of Efficacy
        The primary endpoint first.

    Returns
    -------
    DataFrame
        *estimates* with ``p_adjusted``, ``rejected`` and ``multiplicity``, endpoint by endpoint in the order of the family; of an
        endpoint without the primary visit, those at its last. Empty where nothing is adjusted.

    Raises
    ------
    DataError
        An endpoint of the family could not be analysed.
    """
    if not plan.family:
        return pd.DataFrame()
    of_name = {efficacy.endpoint.name: efficacy for efficacy in analysed}
    lacking = [name for name in plan.family if name not in of_name]
    if lacking:
        raise DataError(f"{listed(lacking)} could not be analysed, and the family has one hypothesis for each of its arms.")
    rows = []
    for name in plan.family:
        differences = of_name[name].differences
        rows.append(differences[differences["visit"] == secondary_visit(of_name[name], plan.visit)])
    family = pd.concat(rows, ignore_index=True)
    names = [f"{endpoint}, {arm}" for endpoint, arm in zip(family["endpoint"], family["arm"], strict=True)]
    planned = plan.trial.protocol
    return adjust_multiplicity(family, method=graph_of(planned, names), error_rate=1 - planned.conf_level)

"""The protocol's adjustment for multiplicity, over arms and endpoints."""

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
    """Adjust the differences at the primary visit over all arms and endpoints of the protocol's family.

    Parameters
    ----------
    plan : Plan
        Plan with the family of endpoints and the protocol.
    analysed : sequence of Efficacy
        The primary endpoint first.

    Returns
    -------
    DataFrame
        *estimates* with ``p_adjusted``, ``rejected`` and ``multiplicity``, in the order of the family. An endpoint without the
        primary visit has those of its last visit. Empty where nothing is adjusted.

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
        raise DataError(f"found no analysis of {listed(lacking)}; expected one for each endpoint adjusted together.")
    rows = []
    for name in plan.family:
        differences = of_name[name].differences
        rows.append(differences[differences["visit"] == secondary_visit(of_name[name], plan.visit)])
    family = pd.concat(rows, ignore_index=True)
    names = [f"{endpoint}, {arm}" for endpoint, arm in zip(family["endpoint"], family["arm"], strict=True)]
    planned = plan.trial.protocol
    return adjust_multiplicity(family, method=graph_of(planned, names), error_rate=1 - planned.conf_level)

"""`EmergentRule`: the named rules by which adverse events are treatment-emergent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, get_args

from botox_analysis.errors import require_choice, require_text

ToldBy = Literal["days", "flag"]
TOLD_BY: tuple[ToldBy, ...] = get_args(ToldBy)


@dataclass(frozen=True)
class EmergentRule:
    """Which adverse events are treatment-emergent. The rule travels with the counts: its words stand in ``endpoint``.

    By days, an event counts when it began, or when one that was there before got worse (``worsened_day``, where the table has
    it), on day 1 or later and not after the window. What is not known is read cautiously: an event of unknown onset counts
    unless it ended or got worse before day 1, and without a known last dose the window has no end.

    A window ends the time at risk, too: after it no event can count. `safety.time_at_risk` has the interval of each subject.

    Attributes
    ----------
    name : str
        What the rule is called.
    window_days : int, optional
        The window ends so many days after the subject's last dose (``last_dose_day`` of the subjects). Left out: it has no
        end.
    told_by : str
        ``"days"``, or ``"flag"``: an event counts when the trial's own ``treatment_emergent`` says yes; an empty cell is no
        yes, as in CDISC's flags.

    References
    ----------
    ICH E9 (1998), glossary: "Treatment Emergent".
    """

    name: str
    window_days: int | None = None
    told_by: ToldBy = "days"

    def __post_init__(self) -> None:
        """Refuse a rule that cannot be followed."""
        require_text(self.name, "name", "the name of the rule")
        require_choice(self.told_by, TOLD_BY, "told_by")
        days: Any = self.window_days
        if days is None:
            return
        if self.told_by == "flag":
            raise ValueError(f"window_days is {days} and told_by is 'flag'; a flag needs no window.")
        is_number = isinstance(days, Real) and not isinstance(days, bool)
        if not is_number or not math.isfinite(days) or days != int(days) or days < 0:
            raise ValueError(f"window_days is {days!r}; it is a whole number, 0 or more.")
        object.__setattr__(self, "window_days", int(days))

    @property
    def words(self) -> str:
        """What the rule says, in words."""
        if self.told_by == "flag":
            return "as flagged by the trial"
        if self.window_days is None:
            return "from day 1"
        after = f"{self.window_days} day{'s' if self.window_days != 1 else ''} after " if self.window_days else ""
        return f"from day 1 to {after}the last dose"

    def define(self, label: str) -> str:
        """A label with the rule's words behind it.

        Parameters
        ----------
        label : str
            What is counted.

        Returns
        -------
        str
            The label of the endpoint under this rule.

        Examples
        --------
        >>> WITHIN_30_DAYS.define("treatment-emergent adverse events")
        'treatment-emergent adverse events (from day 1 to 30 days after the last dose)'
        """
        return f"{label} ({self.words})"


FROM_DAY_1 = EmergentRule("from day 1")
"""On or after the day of the first treatment, for as long as the trial recorded."""

WITHIN_30_DAYS = EmergentRule("within 30 days", window_days=30)
"""From day 1 to 30 days after the last dose: a common window, an option; not seen in a source on botulinum toxin."""

AS_FLAGGED = EmergentRule("as flagged", told_by="flag")
"""What the trial itself flagged (``TRTEMFL`` of the CDISC analysis data set of adverse events)."""


def require_rule(rule: object) -> None:
    """Refuse a rule that is none.

    Parameters
    ----------
    rule : object
        What was given.

    Raises
    ------
    TypeError
        It is no `EmergentRule`.
    """
    if not isinstance(rule, EmergentRule):
        raise TypeError(f"rule is {rule!r}; it is an EmergentRule, such as FROM_DAY_1, WITHIN_30_DAYS or AS_FLAGGED.")

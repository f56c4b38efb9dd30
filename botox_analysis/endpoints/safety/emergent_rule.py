"""`EmergentRule`: rules by which adverse events are treatment-emergent."""

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
    """A rule by which adverse events are treatment-emergent. The column ``endpoint`` of counts contains its words.

    By days, an event counts if it began on day 1 or later and not after the window. An event that existed before counts if it
    worsened then (``worsened_day``, if the table has it). Unknown days are handled conservatively. An event of unknown onset
    counts unless it ended or worsened before day 1. Without a known last dose the window has no end.

    A window also ends the time at risk, as no later event can count. `safety.time_at_risk` returns the interval of each
    subject.

    Attributes
    ----------
    name : str
        Name of the rule.
    window_days : int, optional
        Number of days after the subject's last dose (``last_dose_day`` of the subjects) at which the window ends. By default
        it has no end.
    told_by : str
        ``"days"``, or ``"flag"``: an event counts if the trial's own ``treatment_emergent`` is yes. An empty cell is not yes,
        as in the flags of CDISC.

    References
    ----------
    ICH E9 (1998), glossary: "Treatment Emergent".

    Examples
    --------
    >>> rule = ba.safety.EmergentRule("within two weeks", window_days=14)
    >>> rule.words
    'from day 1 to 14 days after the last dose'
    """

    name: str
    window_days: int | None = None
    told_by: ToldBy = "days"

    def __post_init__(self) -> None:
        """Refuse a rule that cannot be applied."""
        require_text(self.name, "name", "the name of the rule")
        require_choice(self.told_by, TOLD_BY, "told_by")
        days: Any = self.window_days
        if days is None:
            return
        if self.told_by == "flag":
            raise ValueError(f"`window_days` must be left out if told_by is 'flag'; got {days}.")
        is_number = isinstance(days, Real) and not isinstance(days, bool)
        if not is_number or not math.isfinite(days) or days != int(days) or days < 0:
            raise ValueError(f"`window_days` must be a whole number, 0 or more; got {days!r}.")
        object.__setattr__(self, "window_days", int(days))

    @property
    def words(self) -> str:
        """Return the rule in words.

        Examples
        --------
        >>> ba.safety.WITHIN_30_DAYS.words
        'from day 1 to 30 days after the last dose'
        """
        if self.told_by == "flag":
            return "as flagged by the trial"
        if self.window_days is None:
            return "from day 1"
        after = f"{self.window_days} day{'s' if self.window_days != 1 else ''} after " if self.window_days else ""
        return f"from day 1 to {after}the last dose"

    def define(self, label: str) -> str:
        """Append the rule's words to a label.

        Parameters
        ----------
        label : str
            Name of the counted events.

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
"""Events on or after the day of the first treatment, as long as the trial recorded events."""

WITHIN_30_DAYS = EmergentRule("within 30 days", window_days=30)
"""Events from day 1 to 30 days after the last dose: a common window, as an option; not seen in a source on botulinum toxin."""

AS_FLAGGED = EmergentRule("as flagged", told_by="flag")
"""Events flagged by the trial (``TRTEMFL`` of the CDISC analysis data set of adverse events)."""


def require_rule(rule: object) -> None:
    """Refuse an argument that is not an `EmergentRule`.

    Parameters
    ----------
    rule : object
        The argument.

    Raises
    ------
    TypeError
        It is not an `EmergentRule`.
    """
    if not isinstance(rule, EmergentRule):
        raise TypeError(f"`rule` must be an EmergentRule, such as FROM_DAY_1, WITHIN_30_DAYS or AS_FLAGGED; got {rule!r}.")

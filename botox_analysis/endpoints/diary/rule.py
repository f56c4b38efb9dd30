"""`DiaryRule`: what counts as a day, and what becomes of a period that was not recorded whole."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

from botox_analysis.errors import require_choice, require_text
from botox_analysis.frames.days import PERIOD_DAYS
from botox_analysis.wording import Overview, Shown

INCOMPLETE = ("scaled", "as recorded")

SHARE_OF_THE_KNOWN, AS_NOT, MISSING = UNKNOWN_SEVERITY = ("share of the known", "as not", "missing")
"""How a headache day of unknown severity counts as a moderate or severe one."""

_COUNTED = {
    SHARE_OF_THE_KNOWN: "by the share of the known",
    AS_NOT: "as not moderate or severe",
    MISSING: "as not recorded",
}


@dataclass(frozen=True, repr=False)
class DiaryRule(Shown):
    """How a diary is counted. The rule travels with the outcomes: its definition in ``endpoint``, the rest in ``imputation``.

    Attributes
    ----------
    name : str
        Where the rule comes from.
    minimum_hours : float
        A headache day has at least so many hours of headache; 0 takes headache of any duration.
    minimum_days : int
        A period with fewer recorded days is missing.
    incomplete : str
        What becomes of a period with enough, but not all days: ``"scaled"`` to the full period (count times days in the period
        over days recorded), or ``"as recorded"`` (days without record count as days without headache).
    treated_is_migraine : str
        A migraine day fulfils the ``"criteria"``, or also is a headache day treated with acute medication: ``"criteria or
        treated"``.
    period_days : int
        Days in a period.
    baseline_minimum_days : int, optional
        A baseline with fewer recorded days is missing. Left out: ``minimum_days``.
    unknown_severity : str
        How a headache day without a severity counts as a moderate or severe one: with the ``"share of the known"``, ``"as not"``
        (0), or as ``"missing"`` (not recorded).

    Notes
    -----
    The share of the known is that of moderate or severe days among the subject's headache days of known severity in the same
    period. Where the period has none of these, it is the share of the subject's whole diary. Where that has none either, the
    period has no value.
    """

    name: str
    minimum_hours: float = 4.0
    minimum_days: int = 10
    incomplete: str = "scaled"
    treated_is_migraine: str = "criteria"
    period_days: int = PERIOD_DAYS
    baseline_minimum_days: int | None = None
    unknown_severity: str = SHARE_OF_THE_KNOWN

    def __post_init__(self) -> None:
        """Refuse a rule that cannot be followed."""
        require_text(self.name, "name", "the name of the rule")
        require_choice(self.incomplete, INCOMPLETE, "incomplete")
        require_choice(self.treated_is_migraine, ("criteria", "criteria or treated"), "treated_is_migraine")
        if not 0 <= self.minimum_hours <= 24:
            raise ValueError(f"minimum_hours is {self.minimum_hours}; it is from 0 to 24.")
        require_choice(self.unknown_severity, UNKNOWN_SEVERITY, "unknown_severity")
        _refuse_no_days("period_days", self.period_days, None)
        _refuse_no_days("minimum_days", self.minimum_days, self.period_days)
        _refuse_no_days("baseline_minimum_days", self.minimum_of_baseline, self.period_days)

    @property
    def minimum_of_baseline(self) -> int:
        """The recorded days below which a baseline is missing."""
        return self.minimum_days if self.baseline_minimum_days is None else self.baseline_minimum_days

    def define(self, label: str) -> str:
        """A label with the rule's definition in it.

        Parameters
        ----------
        label : str
            Has ``{duration}`` where the minimum duration goes, and ``{period}`` for the days of a period.

        Returns
        -------
        str
            The label of the endpoint under this rule.

        Examples
        --------
        >>> PREEMPT.define("headache days{duration} per {period} days")
        'headache days (≥ 4 h) per 28 days'
        """
        duration = f" (≥ {self.minimum_hours:g} h)" if self.minimum_hours > 0 else ""
        treated = " or treated" if self.treated_is_migraine == "criteria or treated" else ""
        return label.format(duration=duration, treated=treated, period=self.period_days)

    @property
    def in_words(self) -> tuple[tuple[str, str], ...]:
        """What counts as a day, and what becomes of incomplete periods: names and texts."""
        hours = f"headache for at least {self.minimum_hours:g} h" if self.minimum_hours > 0 else "headache of any duration"
        treated = ", or is a headache day treated with acute medication" if self.treated_is_migraine != "criteria" else ""
        at_baseline = "" if self.minimum_of_baseline == self.minimum_days else self.baseline_handling
        return (
            ("headache day", hours),
            ("migraine day", f"fulfils the criteria{treated}"),
            (f"period of {self.period_days} days", self._kept(self.minimum_days)),
            ("baseline", at_baseline),
            ("unknown severity", f"counted {_COUNTED[self.unknown_severity]}"),
        )

    def _overview(self) -> Overview:
        return Overview(f"DiaryRule: {self.name}", self.in_words)

    @property
    def handling(self) -> str:
        """What becomes of incomplete periods, in words, with the name of the rule."""
        return f"{self.name} rule: {self.periods_handling}"

    @property
    def periods_handling(self) -> str:
        """What becomes of incomplete periods, in words."""
        at_baseline = self.minimum_of_baseline
        if at_baseline == self.minimum_days:
            return self._kept(self.minimum_days)
        if self.minimum_days == self.period_days:
            return f"{self._kept(self.minimum_days)}, at baseline {self._kept(at_baseline)}"
        return f"at least {self.minimum_days} of {self.period_days} days recorded, at baseline {at_baseline}, {self._fate}"

    @property
    def baseline_handling(self) -> str:
        """What becomes of an incomplete baseline, in words."""
        return self._kept(self.minimum_of_baseline)

    @property
    def severity_handling(self) -> str:
        """How headache days of unknown severity count, in words."""
        return f"unknown severity counted {_COUNTED[self.unknown_severity]}"

    def _kept(self, minimum: int) -> str:
        if minimum == self.period_days:
            return f"all {self.period_days} days recorded"
        return f"at least {minimum} of {self.period_days} days recorded, {self._fate}"

    @property
    def _fate(self) -> str:
        return f"scaled to {self.period_days}" if self.incomplete == "scaled" else "counted as recorded"


def _refuse_no_days(name: str, days: Any, most: int | None) -> None:
    """Refuse a number of days that is not whole, or not among those of a period."""
    if isinstance(days, bool) or not isinstance(days, Real) or days % 1 != 0:
        raise ValueError(f"{name} is {days!r}; it is a whole number of days.")
    if most is not None and not 1 <= float(days) <= most:
        raise ValueError(f"{name} is {days}; it is from 1 to period_days, {most}.")


PREEMPT = DiaryRule("PREEMPT")
"""At least 4 hours (NCT00156910). At least 10 recorded days, scaled to 28, is common knowledge, not seen in a source."""

CHARM = DiaryRule("CHARM", minimum_hours=0.0, minimum_days=14, treated_is_migraine="criteria or treated")
"""Any duration; 14 to 27 recorded days are scaled to 28, fewer are missing (Pijpers 2019; 10.1186/s10194-018-0953-0)."""

COMPLETE = DiaryRule("complete-28", minimum_days=28)
"""All 28 days recorded, as in the COMPEL subanalysis (Young 2019, 10.1186/s10194-018-0953-0); at least 4 hours."""

AT_LEAST_20 = DiaryRule("20-of-28", minimum_days=20)
"""At least 20 of 28 days (entry criterion of NCT05028569); at least 4 hours; scaled to 28, as an option."""

ANY_DURATION = DiaryRule("any-duration", minimum_hours=0.0)
"""Headache of any duration; for diaries that say yes or no. At least 10 recorded days, scaled to 28, as an option."""

HALF_HOUR = DiaryRule("half-hour", minimum_hours=0.5)
"""At least 30 minutes, as some trials take it (common knowledge, not seen in a source)."""

RULES = {rule.name: rule for rule in (PREEMPT, CHARM, COMPLETE, AT_LEAST_20, ANY_DURATION, HALF_HOUR)}
"""The ready-made rules by name."""

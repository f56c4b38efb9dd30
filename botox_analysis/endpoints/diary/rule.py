"""`DiaryRule`: the definition of a counted day, and the handling of incomplete periods."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, get_args

from botox_analysis.errors import require_choice, require_text
from botox_analysis.frames.days import PERIOD_DAYS
from botox_analysis.frames.handling import UNKNOWN_SEVERITY, UnknownSeverity
from botox_analysis.wording import Overview, Shown

Incomplete = Literal["scaled", "as recorded"]
TreatedIsMigraine = Literal["criteria", "criteria or treated"]

INCOMPLETE: tuple[Incomplete, ...] = get_args(Incomplete)
TREATED_IS_MIGRAINE: tuple[TreatedIsMigraine, ...] = get_args(TreatedIsMigraine)

SHARE_OF_THE_KNOWN, AS_NOT, MISSING = UNKNOWN_SEVERITY

_COUNTED = {
    SHARE_OF_THE_KNOWN: "by the share of the known",
    AS_NOT: "as not moderate or severe",
    MISSING: "as not recorded",
}


@dataclass(frozen=True, repr=False)
class DiaryRule(Shown):
    """A rule by which a diary is counted.

    The outcomes contain the rule: ``endpoint`` contains its definition, and ``imputation`` contains the rest.

    Attributes
    ----------
    name : str
        Source of the rule.
    minimum_hours : float
        Least hours of headache of a headache day, from 0 to 24; 0 for headache of any duration.
    minimum_days : int
        Least number of recorded days of a period; with fewer the value is missing.
    incomplete : str
        Handling of a period with enough, but not all days. ``"scaled"``: the count times days in the period over days
        recorded. ``"as recorded"``: days without a record count as days without headache.
    treated_is_migraine : str
        Definition of a migraine day: it fulfils the ``"criteria"``, or ``"criteria or treated"``, which adds headache days
        treated with acute medication.
    period_days : int
        Number of days in a period.
    baseline_minimum_days : int, optional
        Least number of recorded days of a baseline; with fewer it is missing. By default ``minimum_days``.
    unknown_severity : str
        Handling of headache days of unknown severity in counts of moderate or severe days: ``"share of the known"``, ``"as
        not"`` (0), or ``"missing"`` (not recorded).

    Notes
    -----
    The share of the known is the share of moderate or severe days among the subject's headache days of known severity in the
    same period. If the period has none of these, the share of the subject's whole diary is used. If the diary has none
    either, the period has no value.

    Examples
    --------
    >>> rule = ba.diary.DiaryRule("of the protocol", minimum_hours=2.0, minimum_days=20)
    >>> ba.HEADACHE_DAYS.under(rule).label
    'headache days (≥ 2 h) per 28 days'
    """

    name: str
    minimum_hours: float = 4.0
    minimum_days: int = 10
    incomplete: Incomplete = "scaled"
    treated_is_migraine: TreatedIsMigraine = "criteria"
    period_days: int = PERIOD_DAYS
    baseline_minimum_days: int | None = None
    unknown_severity: UnknownSeverity = "share of the known"

    def __post_init__(self) -> None:
        """Refuse a rule that cannot be applied."""
        require_text(self.name, "name", "the name of the rule")
        require_choice(self.incomplete, INCOMPLETE, "incomplete")
        require_choice(self.treated_is_migraine, TREATED_IS_MIGRAINE, "treated_is_migraine")
        if not 0 <= self.minimum_hours <= 24:
            raise ValueError(f"`minimum_hours` must be from 0 to 24; got {self.minimum_hours}.")
        require_choice(self.unknown_severity, UNKNOWN_SEVERITY, "unknown_severity")
        _refuse_no_days("period_days", self.period_days, None)
        _refuse_no_days("minimum_days", self.minimum_days, self.period_days)
        _refuse_no_days("baseline_minimum_days", self.minimum_of_baseline, self.period_days)

    @property
    def minimum_of_baseline(self) -> int:
        """Return the number of recorded days below which a baseline is missing.

        Examples
        --------
        >>> ba.diary.PREEMPT.minimum_of_baseline
        10
        """
        return self.minimum_days if self.baseline_minimum_days is None else self.baseline_minimum_days

    def define(self, label: str) -> str:
        """Insert the rule's definition into a label.

        Parameters
        ----------
        label : str
            Label with ``{duration}`` for the minimum duration, and ``{period}`` for the days of a period.

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
        """Describe a counted day, and the handling of incomplete periods: names and texts.

        Examples
        --------
        >>> ba.diary.PREEMPT.in_words[0]
        ('headache day', 'headache for at least 4 h')
        """
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
        """Describe the handling of incomplete periods, with the name of the rule.

        Examples
        --------
        >>> ba.diary.PREEMPT.handling
        'PREEMPT rule: at least 10 of 28 days recorded, scaled to 28'
        """
        return f"{self.name} rule: {self.periods_handling}"

    @property
    def periods_handling(self) -> str:
        """Describe the handling of incomplete periods.

        Examples
        --------
        >>> ba.diary.COMPLETE.periods_handling
        'all 28 days recorded'
        """
        at_baseline = self.minimum_of_baseline
        if at_baseline == self.minimum_days:
            return self._kept(self.minimum_days)
        if self.minimum_days == self.period_days:
            return f"{self._kept(self.minimum_days)}, at baseline {self._kept(at_baseline)}"
        return f"at least {self.minimum_days} of {self.period_days} days recorded, at baseline {at_baseline}, {self._fate}"

    @property
    def baseline_handling(self) -> str:
        """Describe the handling of an incomplete baseline.

        Examples
        --------
        >>> ba.diary.PREEMPT.baseline_handling
        'at least 10 of 28 days recorded, scaled to 28'
        """
        return self._kept(self.minimum_of_baseline)

    @property
    def severity_handling(self) -> str:
        """Describe the handling of headache days of unknown severity.

        Examples
        --------
        >>> ba.diary.PREEMPT.severity_handling
        'unknown severity counted by the share of the known'
        """
        return f"unknown severity counted {_COUNTED[self.unknown_severity]}"

    def _kept(self, minimum: int) -> str:
        if minimum == self.period_days:
            return f"all {self.period_days} days recorded"
        return f"at least {minimum} of {self.period_days} days recorded, {self._fate}"

    @property
    def _fate(self) -> str:
        return f"scaled to {self.period_days}" if self.incomplete == "scaled" else "counted as recorded"


def _refuse_no_days(name: str, days: Any, most: int | None) -> None:
    """Refuse a number of days that is not whole, or not within a period."""
    if isinstance(days, bool) or not isinstance(days, Real) or days % 1 != 0:
        raise ValueError(f"`{name}` must be a whole number of days; got {days!r}.")
    if most is not None and not 1 <= float(days) <= most:
        raise ValueError(f"`{name}` must be from 1 to period_days, {most}; got {days}.")


PREEMPT = DiaryRule("PREEMPT")
"""Headache of at least 4 hours (NCT00156910). At least 10 recorded days, scaled to 28; this part is common knowledge, not
seen in a source."""

CHARM = DiaryRule("CHARM", minimum_hours=0.0, minimum_days=14, treated_is_migraine="criteria or treated")
"""Headache of any duration; 14 to 27 recorded days are scaled to 28, fewer are missing (Pijpers 2019;
10.1186/s10194-018-0953-0)."""

COMPLETE = DiaryRule("complete-28", minimum_days=28)
"""All 28 days recorded, as in the COMPEL subanalysis (Young 2019, 10.1186/s10194-018-0953-0); headache of at least 4 hours."""

AT_LEAST_20 = DiaryRule("20-of-28", minimum_days=20)
"""At least 20 of 28 recorded days (entry criterion of NCT05028569), scaled to 28, as an option; headache of at least 4 hours."""

ANY_DURATION = DiaryRule("any-duration", minimum_hours=0.0)
"""Headache of any duration, for diaries of yes and no. At least 10 recorded days, scaled to 28, as an option."""

HALF_HOUR = DiaryRule("half-hour", minimum_hours=0.5)
"""Headache of at least 30 minutes, as in some trials (common knowledge, not seen in a source)."""

RULES = {rule.name: rule for rule in (PREEMPT, CHARM, COMPLETE, AT_LEAST_20, ANY_DURATION, HALF_HOUR)}
"""The rules of this module by name."""

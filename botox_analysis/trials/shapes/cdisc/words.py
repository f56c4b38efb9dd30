"""Words of the controlled terminology of CDISC."""

from __future__ import annotations

NOT_RANDOMISED = frozenset({
    "SCREEN FAILURE", "SCRNFAIL", "NOT ASSIGNED", "NOTASSGN", "NOT RANDOMIZED", "NOT RANDOMISED",
})  # fmt: skip
"""Words for the arm of a subject who was not randomised."""

NOT_TREATED = frozenset({"NOT TREATED", "NOTTRT", "UNPLANNED TREATMENT", "UNPLAN"})
"""Words for the actual arm of a randomised subject who did not get one of the arms."""

RELATED = {
    **dict.fromkeys((
        "Y", "YES", "RELATED", "PROBABLE", "POSSIBLE", "PROBABLY RELATED", "POSSIBLY RELATED", "DEFINITE", "DEFINITELY RELATED",
        "CERTAIN", "LIKELY", "LIKELY RELATED", "HIGHLY PROBABLE",
    ), "yes"),
    **dict.fromkeys((
        "N", "NO", "NOT RELATED", "UNRELATED", "NONE", "REMOTE", "UNLIKELY", "UNLIKELY RELATED", "DOUBTFUL", "NOT SUSPECTED",
    ), "no"),
}  # fmt: skip
"""Relation to the treatment, in words -> whether the event is related."""

WITHDRAWN = "DRUG WITHDRAWN"
UNKNOWN = frozenset({"", "UNKNOWN", "U", "UNK"})

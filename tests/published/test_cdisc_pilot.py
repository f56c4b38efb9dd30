"""The adverse events of the CDISC pilot submission (xanomeline): the published table, and what the trial itself flagged."""

import pandas as pd
import pytest
from scipy.stats import fisher_exact

import botox_analysis as ba
from botox_analysis.endpoints.safety.categories import ANY

ARMS = ["Placebo", "Xanomeline Low Dose", "Xanomeline High Dose"]


def read(folder, name):
    return pd.read_sas(folder / "cdisc_pilot" / "xpt" / f"{name}.xpt", encoding="utf-8").replace("", None)


@pytest.fixture(scope="module")
def adae(realdata_folder):
    return read(realdata_folder, "adae")


@pytest.fixture(scope="module")
def trial(realdata_folder, adae):
    adsl = read(realdata_folder, "adsl")
    subjects = pd.DataFrame(
        {
            "subject": adsl["USUBJID"],
            "arm": adsl["TRT01P"],
            "actual_arm": adsl["TRT01A"],
            "safety": adsl["SAFFL"],
            "sex": adsl["SEX"],
            "last_day": adsl["RFENDT"] - adsl["TRTSDT"] + 1,
            "last_dose_day": adsl["TRTEDT"] - adsl["TRTSDT"] + 1,
        }
    )
    events = pd.DataFrame(
        {
            "subject": adae["USUBJID"],
            "term": adae["AEDECOD"],
            "class": adae["AEBODSYS"],
            "onset_day": adae["ASTDY"],
            "end_day": adae["AENDY"],
            "severity": adae["AESEV"],
            "serious": adae["AESER"],
            "fatal": adae["AESDTH"],
            "treatment_emergent": adae["TRTEMFL"],
        }
    )
    tables = {"subjects": subjects, "adverse_events": events}
    return ba.as_trial(tables, name="CDISC pilot", arms=ARMS).restrict("safety")


def said(events):
    """Subjects [occurrences] by arm, as the tables of the submission write them."""
    return [f"{row.n_events} [{row.occurrences}]" for row in events.itertuples()]


def test_the_safety_population_has_86_84_and_84_subjects(trial):
    assert ba.safety.counts(trial, by="overview")["n_total"].head(3).tolist() == [86, 84, 84]


def test_subjects_and_occurrences_of_the_overview_are_those_published(trial):
    rows = ba.safety.counts(trial, by="overview", rule=ba.safety.AS_FLAGGED).groupby("category", sort=False)
    assert said(rows.get_group(ANY)) == ["65 [281]", "77 [412]", "76 [433]"]
    assert said(rows.get_group("serious")) == ["0 [0]", "1 [1]", "2 [2]"]


@pytest.mark.parametrize(
    ("term", "published"),
    [("APPLICATION SITE PRURITUS", ["6 [10]", "22 [32]", "22 [35]"]), ("DIZZINESS", ["2 [3]", "8 [13]", "11 [15]"])],
)
def test_subjects_and_occurrences_of_a_term_are_those_published(trial, term, published):
    events = ba.safety.counts(trial, rule=ba.safety.AS_FLAGGED)
    assert said(events[events["category"] == term]) == published


def test_fishers_test_of_any_event_gives_the_published_p_values(trial):
    rows = ba.safety.counts(trial, by="overview", rule=ba.safety.AS_FLAGGED).query("category == @ANY")
    placebo, *others = [[row.n_events, row.n_total - row.n_events] for row in rows.itertuples()]
    assert [f"{fisher_exact([other, placebo]).pvalue:.3f}" for other in others] == ["0.007", "0.014"]


@pytest.mark.parametrize(("by", "flag", "nested"), [("class", "AOCCSFL", False), ("term", "AOCCPFL", True)])
def test_subjects_of_every_class_and_term_are_the_first_occurrences_that_the_trial_flagged(trial, adae, by, flag, nested):
    events = ba.safety.counts(trial, by=by, rule=ba.safety.AS_FLAGGED).query("category != @ANY and n_events > 0")
    counted = events[events["within"] != ""] if nested else events
    name = "AEDECOD" if nested else "AEBODSYS"
    flagged = adae[adae[flag] == "Y"].groupby(["TRTA", name]).size()
    assert counted.set_index(["arm", "category"])["n_events"].to_dict() == flagged.to_dict()


def test_from_day_1_counts_the_same_but_for_events_of_unknown_onset(trial, adae):
    by_day = ba.safety.counts(trial, by="overview")["occurrences"].head(3).sum()
    assert by_day - 281 - 412 - 433 == (adae["ASTDY"].isna() & ~(adae["AENDY"] < 1)).sum()


def test_within_30_days_counts_onsets_up_to_that_date_and_unknown_ones(trial, adae):
    dated = adae["ASTDT"].between(adae["TRTSDT"], adae["TRTEDT"] + 30)
    unknown = adae["ASTDY"].isna() & ~(adae["AENDY"] < 1)
    found = ba.safety.counts(trial, by="overview", rule=ba.safety.WITHIN_30_DAYS)["occurrences"].head(3).sum()
    assert found == (dated | unknown).sum() < len(adae)


def test_the_time_at_risk_of_dermatologic_events_is_that_of_the_trials_own_times(trial, adae, realdata_folder):
    times = read(realdata_folder, "adtte")
    special = {"dermatologic": adae.loc[adae["CQ01NAM"].notna(), "AEDECOD"].unique().tolist()}
    events = ba.safety.counts(trial, by="special interest", special=special, rule=ba.safety.AS_FLAGGED)
    rows = events[events["category"] == "dermatologic"].set_index("arm")
    assert rows["n_events"].to_dict() == (times["CNSR"] < 0.5).groupby(times["TRTA"]).sum().to_dict()
    assert (365.25 * rows["at_risk"]).to_dict() == pytest.approx(times.groupby("TRTA")["AVAL"].sum().to_dict(), rel=1e-12)

"""Analysis data sets of ADaM: what becomes of subjects, events, measurements and times, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

ADSL = {
    "STUDYID": "S1",
    "USUBJID": ["S1-01", "S1-02", "S1-03", "S1-04"],
    "TRT01P": ["Low", "Placebo", "High", "Placebo"],
    "TRT01PN": [1, 0, 2, 0],
    "TRT01A": ["Low", "Placebo", "Low", "Placebo"],
    "ITTFL": ["Y", "Y", "Y", "Y"],
    "SAFFL": ["Y", "N", "Y", "Y"],
    "TRTSDT": pd.to_datetime(["2020-01-10", "2020-02-01", "2020-03-01", "2020-04-01"]),
    "AGE": [30, 40, 50, 60],
}


@pytest.fixture
def load(tmp_path):
    """A function: data sets as columns -> the trial read from their files."""

    def read(*, settings=None, file_format="csv", **sets):
        sets = {"adsl": ADSL, **sets}
        for name, columns in sets.items():
            frame = pd.DataFrame(columns)
            path = tmp_path / f"{name}.{file_format}"
            frame.to_csv(path, index=False) if file_format == "csv" else frame.to_parquet(path)
        return ba.load_adam(tmp_path, settings=settings or {})

    return read


def noted(trial, words):
    """The number of rows of the notes that contain some words."""
    return int(trial.left_out.loc[trial.left_out["reason"].str.contains(words, regex=False), "n"].sum())


def bds(rows, **further):
    """Records of a BDS data set of one parameter: subject, visit, its number, value, ABLFL."""
    frame = pd.DataFrame(rows, columns=["USUBJID", "AVISIT", "AVISITN", "AVAL", "ABLFL"])
    return frame.assign(PARAMCD="TOT", PARAM="Total", **further)


PLANNED = [
    ("S1-01", "Baseline", 0, 10.0, "Y"),
    ("S1-01", "Week 12", 12, 7.0, ""),
    ("S1-01", "Week 4", 4, 8.0, ""),
    ("S1-02", "Baseline", 0, 12.0, "Y"),
    ("S1-02", "Week 4", 4, 11.0, ""),
]


class TestSubjects:
    def test_arms_are_in_the_order_of_their_numbers(self, load):
        assert load().arms == ["Placebo", "Low", "High"]

    def test_a_placebo_with_the_largest_number_is_the_reference(self, load):
        trial = load(adsl={**ADSL, "TRT01PN": [1, 9, 2, 9]})
        assert (trial.arms, trial.reference) == (["Placebo", "Low", "High"], "Placebo")

    def test_numbers_that_do_not_order_the_arms_are_not_used(self, load):
        trial = load(adsl={**ADSL, "TRT01PN": [1, 0, 2, 5]})
        assert trial.arms == ["Placebo", "Low", "High"]
        assert noted(trial, "do not order the arms") == 4

    def test_planned_and_actual_arms_are_both_kept(self, load):
        subjects = load().subjects
        assert subjects["arm"].tolist() == ["Low", "Placebo", "High", "Placebo"]
        assert subjects["actual_arm"].tolist() == ["Low", "Placebo", "Low", "Placebo"]

    def test_the_user_may_compare_the_actual_arms(self, load):
        trial = load(settings={"columns": {"subjects": {"arm": "TRT01A"}}})
        assert trial.subjects["arm"].value_counts().to_dict() == {"Low": 2, "Placebo": 2}

    @pytest.mark.parametrize("word", ["", "Screen Failure", "NOT ASSIGNED"])
    def test_screen_failures_are_left_out_and_counted(self, load, word):
        trial = load(
            adsl={**ADSL, "TRT01P": ["Low", word, "High", "Placebo"]},
            adae={"USUBJID": ["S1-01", "S1-02", "S1-02"], "AEDECOD": ["RASH", "RASH", "COUGH"], "ASTDY": [1, 2, 3]},
        )
        assert trial.subjects["subject"].tolist() == ["S1-01", "S1-03", "S1-04"]
        assert trial.adverse_events["subject"].tolist() == ["S1-01"]
        assert noted(trial, "screen failures") == 1
        assert noted(trial, "records of subjects who were not randomised") == 2

    def test_flags_are_populations_under_their_names(self, load):
        flags = {"PPROTFL": list("YNYN"), "FASFL": "Y", "EFFFL": list("YYNN"), "COMP8FL": list("NNNY")}
        trial = load(adsl={**ADSL, **flags})
        assert trial.populations == ("itt", "safety", "per_protocol", "full_analysis", "efficacy", "comp8fl")
        assert trial.subjects["efficacy"].tolist() == [True, True, False, False]
        assert trial.subjects["safety"].tolist() == [True, False, True, True]

    def test_a_blank_flag_of_a_population_is_not_in_it(self, load):
        trial = load(adsl={**ADSL, "ITTFL": ["Y", "", None, "Y"]})
        assert trial.subjects["itt"].tolist() == [True, False, False, True]
        assert noted(trial, "not in the population 'itt'") == 2

    def test_a_flag_of_y_or_blank_is_no_population_and_its_blanks_are_n(self, load):
        trial = load(adsl={**ADSL, "DTHFL": ["", "Y", "", ""]})
        assert "dthfl" not in trial.populations
        assert trial.subjects["DTHFL"].tolist() == ["N", "Y", "N", "N"]

    @pytest.mark.parametrize(
        "columns",
        [
            {"EOSSTT": ["COMPLETED", "DISCONTINUED"] * 2, "DCSREAS": ["", "Death"] * 2},
            {"COMPLFL": ["Y", "N"] * 2, "DCSREAS": ["", "Death"] * 2},
            {"DCDECOD": ["COMPLETED", "DEATH"] * 2, "DCREASCD": ["Completed", "Death"] * 2},
            {"DISCONFL": ["", "Y"] * 2, "DCREASCD": ["Completed", "Death"] * 2},
        ],
        ids=lambda columns: next(iter(columns)),
    )
    def test_disposition_is_read_by_new_and_old_names(self, load, columns):
        subjects = load(adsl={**ADSL, **columns}).subjects
        assert subjects["completed"].tolist() == [True, False, True, False]
        assert subjects["discontinuation_reason"].fillna("").tolist() == ["", "Death", "", "Death"]

    def test_who_is_still_in_the_study_has_neither_completed_nor_stopped(self, load):
        subjects = load(adsl={**ADSL, "EOSSTT": ["ONGOING", "COMPLETED", "DISCONTINUED", ""]}).subjects
        assert subjects["completed"].isna().tolist() == [True, False, False, True]

    def test_the_first_dose_is_day_1_and_there_is_no_day_0(self, load):
        ends = pd.to_datetime(["2020-01-10", "2020-01-31", "2020-03-31", None])
        subjects = load(adsl={**ADSL, "EOSDT": ends}).subjects
        assert subjects["last_day"].fillna(0).tolist() == [1, -1, 31, 0]

    def test_dates_of_a_subject_without_a_first_dose_have_no_day(self, load):
        started = pd.to_datetime(["2020-01-10", None, "2020-03-01", "2020-04-01"])
        trial = load(adsl={**ADSL, "TRTSDT": started, "EOSDT": pd.to_datetime(["2020-02-10"] * 4)})
        assert trial.subjects["last_day"].isna().tolist() == [False, True, False, False]
        assert noted(trial, "without a first dose") == 1

    def test_a_site_of_digits_is_a_factor(self, load):
        trial = load(adsl={**ADSL, "SITEGR1": ["701", "900", "701", "900"]})
        assert trial.subjects["SITEGR1"].tolist() == ["701", "900", "701", "900"]

    def test_codes_of_other_columns_are_left_out_and_named(self, load):
        trial = load(adsl={**ADSL, "SEX": list("FMFM"), "SEXN": [1, 2, 1, 2], "RANGEN": [1, 2, 3, 4]})
        assert {"SEXN", "TRT01PN"}.isdisjoint(trial.subjects.columns)
        assert "RANGEN" in trial.subjects.columns
        assert trial.left_out["reason"].str.contains("TRT01PN, SEXN").any()

    def test_a_code_that_the_user_names_is_kept(self, load):
        trial = load(adsl={**ADSL, "SEX": list("FMFM"), "SEXN": [1, 2, 1, 2]}, settings={"factors": ["SEXN"]})
        assert trial.subjects["SEXN"].tolist() == ["1", "2", "1", "2"]

    def test_treatments_of_a_later_period_are_named(self, load):
        trial = load(adsl={**ADSL, "TRT02P": ["Placebo", "Low", "", "High"]})
        assert trial.subjects["TRT02P"].fillna("").tolist() == ["Placebo", "Low", "", "High"]
        assert noted(trial, "treatments of a later period") == 3

    def test_records_with_another_arm_than_that_of_their_subject_are_counted(self, load):
        trial = load(adae=events(TRTA=["Low", "Placebo", "Low"], TRTP=["Low", "Low", "High"]))
        assert noted(trial, "another arm than that of their subject") == 1

    def test_one_subject_is_a_trial(self, load):
        assert len(load(adsl=pd.DataFrame(ADSL).iloc[:1], adqs=bds(PLANNED[:3])).assessments) == 3

    def test_only_screen_failures_are_refused(self, load):
        with pytest.raises(ba.DataError, match="no rows"):
            load(adsl={**ADSL, "TRT01P": "Screen Failure"})

    def test_no_subject_is_refused(self, load):
        with pytest.raises(ba.DataError, match="no rows"):
            load(adsl=pd.DataFrame({name: pd.Series(dtype=object) for name in ADSL}))

    def test_a_data_set_without_subjects_is_refused(self, load):
        with pytest.raises(ba.DataError, match="no column 'USUBJID'"):
            load(adsl={"TRT01P": ["a"]})

    def test_a_subject_twice_is_refused(self, load):
        with pytest.raises(ba.DataError, match="subject 'S1-01' a second time"):
            load(adsl={**ADSL, "USUBJID": ["S1-01", "S1-01", "S1-03", "S1-04"]})


class TestMeasurements:
    def test_visits_are_in_the_order_of_their_numbers(self, load):
        trial = load(adqs=bds(PLANNED))
        assert list(trial.assessments["visit"].cat.categories) == ["baseline", "Week 4", "Week 12"]
        assert trial.assessments["value"].tolist() == [10, 7, 8, 12, 11]
        assert set(trial.assessments["scale"]) == {"TOT"}
        assert set(trial.assessments["parameter"]) == {"Total"}

    @pytest.mark.parametrize(("derived", "n_values"), [("leave out", 5), ("keep", 6)])
    def test_derived_records_are_kept_or_left_out_by_the_rule(self, load, derived, n_values):
        rows = [*PLANNED, ("S1-02", "Week 12", 12, 11.0, "")]
        trial = load(adqs=bds(rows, DTYPE=["", "", "", "", "", "LOCF"]), settings={"adam": {"derived": derived}})
        assert len(trial.assessments) == n_values
        assert noted(trial, "LOCF") == 1

    def test_records_without_the_flag_of_the_analysis_are_left_out_and_counted(self, load):
        rows = [*PLANNED, ("S1-02", "Week 4", 4, 99.0, ""), ("S1-02", "Week 4", 4, 98.0, "")]
        trial = load(adqs=bds(rows, ANL01FL=["Y"] * 5 + ["", "N"]))
        assert trial.assessments["value"].max() == 12
        assert noted(trial, "without the flag of the analysis") == 2

    def test_two_records_of_a_visit_are_refused(self, load):
        with pytest.raises(ba.DataError, match="subject 'S1-02', scale 'TOT', visit 'Week 4' a second time"):
            load(adqs=bds([*PLANNED, ("S1-02", "Week 4", 4, 99.0, "")]))

    def test_two_flagged_baselines_of_a_subject_are_refused(self, load):
        with pytest.raises(ba.DataError, match="visit 'baseline' a second time"):
            load(adqs=bds([*PLANNED, ("S1-02", "Screening", -1, 9.0, "Y")]))

    def test_visits_named_unscheduled_are_left_out_and_counted(self, load):
        trial = load(adqs=bds([*PLANNED, ("S1-02", "Unscheduled 1.1", 5, 9.0, "")]))
        assert len(trial.assessments) == 5
        assert noted(trial, "unscheduled") == 1

    def test_unscheduled_records_are_left_out_and_counted(self, load):
        trial = load(adqs=bds([*PLANNED, ("S1-02", "", np.nan, 99.0, ""), ("S1-02", None, 7, 99.0, "")]))
        assert len(trial.assessments) == 5
        assert noted(trial, "without a visit") == 2

    def test_the_flagged_record_is_the_baseline_whatever_its_visit(self, load):
        rows = [("S1-01", "Screening", -1, 9.0, ""), ("S1-01", "Day 1", 1, 10.0, "Y"), ("S1-01", "Week 4", 4, 8.0, "")]
        trial = load(adqs=bds(rows))
        assert trial.assessments[["visit", "value"]].values.tolist() == [["baseline", 10.0], ["Week 4", 8.0]]
        assert noted(trial, "up to the visit of the baseline") == 1

    def test_without_the_flag_a_visit_of_the_name_is_the_baseline(self, load):
        trial = load(adqs=bds(PLANNED).drop(columns="ABLFL"))
        assert trial.assessments["visit"].eq("baseline").sum() == 2
        assert noted(trial, "without ABLFL: read as baseline") == 2

    def test_a_visit_of_the_name_is_the_baseline_of_a_parameter_without_flags(self, load):
        other = bds(PLANNED).assign(PARAMCD="ITEM", ABLFL="")
        trial = load(adqs=pd.concat([bds(PLANNED), other]))
        assert trial.assessments["visit"].eq("baseline").sum() == 4
        assert noted(trial, "without ABLFL: read as baseline") == 2

    def test_scores_of_change_with_carried_values_and_no_baseline_are_read(self, load):
        rows = [(subject, f"Week {week}", week, 4.0, None) for subject in ("S1-01", "S1-02") for week in (8, 16, 24)]
        carried = bds(rows, ANL01FL="Y", DTYPE=["", "", "", "", "LOCF", "LOCF"]).drop(columns="ABLFL").assign(PARAMCD="CIBICVAL")
        trial = load(adqscibc=carried)
        assert trial.assessments["visit"].tolist() == ["Week 8", "Week 16", "Week 24", "Week 8"]
        assert ba.scale("CIBICVAL").derive(trial)["baseline"].isna().all()

    def test_a_parameter_without_a_baseline_is_read_without_one(self, load):
        trial = load(adqs=bds([("S1-01", "Week 4", 4, 3.0, ""), ("S1-02", "Week 4", 4, 2.0, "")]))
        assert ba.scale("TOT").derive(trial)["baseline"].isna().all()

    def test_time_points_of_a_visit_are_scales_of_their_own(self, load):
        rows = [(*row[:3], row[3] + 10 * standing, row[4]) for standing in (0, 1) for row in PLANNED]
        trial = load(advs=bds(rows, ATPT=["LYING"] * 5 + ["STANDING"] * 5))
        assert trial.assessments.groupby("scale")["value"].min().to_dict() == {"TOT, LYING": 7, "TOT, STANDING": 17}

    def test_one_time_point_is_no_scale_of_its_own(self, load):
        assert set(load(advs=bds(PLANNED, ATPT="LYING")).assessments["scale"]) == {"TOT"}

    def test_a_baseline_of_the_file_that_differs_is_counted(self, load):
        trial = load(adqs=bds(PLANNED, BASE=[10, 10, 10, 11.5, 11.5], CHG=[np.nan, -3, -2, np.nan, -1]))
        assert noted(trial, "whose BASE differs") == 2
        assert noted(trial, "whose CHG differs") == 0
        assert ba.scale("TOT").derive(trial)["baseline"].dropna().unique().tolist() == [10, 12]

    def test_study_days_come_from_the_file_else_from_its_dates(self, load):
        dates = pd.to_datetime(["2020-01-10", "2020-04-01", "2020-02-07", "2020-02-01", "2020-02-28"])
        from_dates = load(adqs=bds(PLANNED, ADT=dates)).assessments["day"]
        assert from_dates.tolist() == [1, 83, 29, 1, 28]
        from_both = load(adqs=bds(PLANNED, ADT=dates, ADY=[1, np.nan, 30, 1, 28])).assessments["day"]
        assert from_both.tolist() == [1, 83, 30, 1, 28]

    def test_the_settings_choose_parameters(self, load):
        both = pd.concat([bds(PLANNED), bds(PLANNED).assign(PARAMCD="ITEM")])
        trial = load(adqs=both, settings={"adam": {"parameters": ["TOT"]}})
        assert set(trial.assessments["scale"]) == {"TOT"}
        assert noted(trial, "parameters that the settings do not name") == 5

    def test_a_parameter_that_no_data_set_has_is_refused(self, load):
        with pytest.raises(ba.DataError, match="parameters 'TOTAL', which no data set has"):
            load(adqs=bds(PLANNED), settings={"adam": {"parameters": ["TOT", "TOTAL"]}})

    def test_the_settings_choose_data_sets(self, load):
        trial = load(adqs=bds(PLANNED), adlb={"USUBJID": ["nobody"]}, settings={"adam": {"datasets": ["ADQS"]}})
        assert len(trial.assessments) == 5
        assert "adlb.csv" in trial.left_out["where"].tolist()

    def test_two_data_sets_have_their_scales_in_one_table(self, load):
        other = bds([("S1-01", "Week 8", 8, 1.0, "")]).assign(PARAMCD="OTHER")
        trial = load(adqs=bds(PLANNED), adzz=other)
        assert list(trial.assessments["visit"].cat.categories) == ["baseline", "Week 4", "Week 8", "Week 12"]
        assert len(trial.assessments) == 6

    def test_a_measurement_of_a_stranger_is_refused(self, load):
        with pytest.raises(ba.DataError, match="'S1-99'"):
            load(adqs=bds([*PLANNED, ("S1-99", "Week 4", 4, 1.0, "")]))

    def test_a_data_set_without_visits_is_left_out_and_named(self, load):
        trial = load(adex={"USUBJID": ["S1-01"], "PARAMCD": ["DUR"], "AVAL": [3.0]})
        assert trial.assessments is None
        assert "adex.csv" in trial.left_out["where"].tolist()


def events(**columns):
    """Three adverse events of two subjects."""
    return {
        "USUBJID": ["S1-01", "S1-01", "S1-03"],
        "AEDECOD": ["RASH", "COUGH", "RASH"],
        "AEBODSYS": ["SKIN", "LUNGS", "SKIN"],
        "ASTDY": [2, 3, -4],
        **columns,
    }


class TestAdverseEvents:
    def test_standard_names_need_no_settings(self, load):
        trial = load(
            adae=events(
                AENDY=[5, np.nan, -2], AESEV=["MILD", "SEVERE", ""], AESER=["N", "Y", ""], AESDTH=["N", "N", "Y"],
                AEREL=["POSSIBLE", "REMOTE", ""], AEACN=["DRUG WITHDRAWN", "DOSE NOT CHANGED", "UNKNOWN"], TRTEMFL=["Y", "Y", ""],
            )
        )  # fmt: skip
        table = trial.adverse_events
        assert table["term"].tolist() == ["RASH", "COUGH", "RASH"]
        assert table["class"].tolist() == ["SKIN", "LUNGS", "SKIN"]
        assert table["onset_day"].tolist() == [2, 3, -4]
        assert table["end_day"].fillna(0).tolist() == [5, 0, -2]
        assert table["severity"].astype(object).fillna("").tolist() == ["mild", "severe", ""]
        answers = {
            name: table[name].astype(object).where(table[name].notna(), None).tolist()
            for name in ("serious", "fatal", "related", "led_to_discontinuation", "treatment_emergent")
        }
        assert answers == {
            "serious": [False, True, None],
            "fatal": [False, False, True],
            "related": [True, False, None],
            "led_to_discontinuation": [True, False, None],
            "treatment_emergent": [True, True, False],
        }
        assert noted(trial, "'REMOTE': read as no of related") == 1

    def test_an_unknown_word_for_the_relation_is_refused(self, load):
        with pytest.raises(ba.DataError, match="'PERHAPS'"):
            load(adae=events(AEREL=["PERHAPS", "RELATED", "RELATED"]))

    def test_the_users_words_come_first(self, load):
        trial = load(
            adae=events(AEREL=["PERHAPS", "REMOTE", "RELATED"]),
            settings={"values": {"adverse_events": {"related": {"PERHAPS": "no", "REMOTE": "yes", "RELATED": "yes"}}}},
        )
        assert trial.adverse_events["related"].tolist() == [False, True, True]

    def test_a_death_is_read_from_the_outcome_where_there_is_no_flag(self, load):
        trial = load(adae=events(AEOUT=["FATAL", "RECOVERED/RESOLVED", "UNKNOWN"]))
        assert trial.adverse_events["fatal"].fillna(False).tolist() == [True, False, False]
        assert trial.adverse_events["fatal"].isna().tolist() == [False, False, True]

    def test_an_event_without_a_coded_term_keeps_its_reported_term(self, load):
        trial = load(adae=events(AEDECOD=["RASH", "", "RASH"], AETERM=["red skin", "coughing", "red"]))
        assert trial.adverse_events["term"].tolist() == ["RASH", "coughing", "RASH"]
        assert noted(trial, "without a coded term") == 1

    @pytest.mark.parametrize(
        ("rule", "days"),
        [("missing", [None, None, 1]), ("first possible day", [-9, -9, 1]), ("last possible day", [22, 357, 1])],
    )
    def test_partial_dates_follow_the_rule(self, load, rule, days):
        data = {"USUBJID": ["S1-01"] * 3, "AETERM": list("abc"), "AESTDTC": ["2020-01", "2020", "2020-01-10T10:30"]}
        trial = load(adae=data, settings={"adam": {"partial_dates": rule}})
        onset = trial.adverse_events["onset_day"]
        assert onset.astype(object).where(onset.notna(), None).tolist() == days
        assert noted(trial, "partial dates") == 2

    def test_an_impossible_date_is_refused_with_its_row(self, load):
        with pytest.raises(ba.DataError, match=r"adae\.csv, row 3, column 'AESTDTC': found '2020-02-30'"):
            load(adae={"USUBJID": ["S1-01"] * 2, "AETERM": ["a", "b"], "AESTDTC": ["2020-02-01", "2020-02-30"]})

    def test_another_name_of_the_data_set_is_read(self, load):
        assert len(load(adaex=events()).adverse_events) == 3

    def test_two_data_sets_of_events_are_refused_with_the_setting_that_chooses(self, load):
        with pytest.raises(ba.DataError, match=r'adae\.csv and adcq\.csv.*datasets = \["ADSL", "ADAE"\]'):
            load(adae=events(), adcq=events())
        assert len(load(adae=events(), adcq=events(), settings={"adam": {"datasets": ["ADAE"]}}).adverse_events) == 3

    def test_no_event_is_an_empty_table(self, load):
        trial = load(adae=pd.DataFrame(events()).iloc[:0])
        assert trial.adverse_events is not None
        assert len(trial.adverse_events) == 0

    def test_columns_of_the_subjects_are_not_repeated(self, load):
        trial = load(adae=events(AGE=[30, 30, 50], TRT01P="Low"))
        assert {"AGE", "TRT01P"}.isdisjoint(trial.adverse_events.columns)


TIMES = {
    "USUBJID": ["S1-01", "S1-02", "S1-03"],
    "PARAMCD": "TTE",
    "AVAL": [5, 20, 7],
    "CNSR": [0, 1, 2],
    "EVNTDESC": ["Rash", "End", "Lost"],
}


class TestTimesToEvents:
    def test_cnsr_0_is_an_event_and_any_other_number_a_censored_time(self, load):
        times = load(adtte=TIMES).event_times
        assert times["observed"].tolist() == [True, False, False]
        assert times["time"].tolist() == [5, 20, 7]
        assert times["reason"].tolist() == ["Rash", "End", "Lost"]
        assert times["endpoint"].unique().tolist() == ["TTE"]

    def test_times_in_months_are_left_out_and_counted(self, load):
        trial = load(adtte={**TIMES, "AVALU": ["DAYS", "MONTHS", "DAYS"]})
        assert trial.event_times["time"].tolist() == [5, 7]
        assert noted(trial, "another unit than days") == 1

    def test_times_that_contradict_their_dates_are_counted(self, load):
        dates = {"STARTDT": pd.to_datetime(["2020-01-01"] * 3), "ADT": pd.to_datetime(["2020-01-05", "2020-01-21", "2020-03-01"])}
        assert noted(load(adtte={**TIMES, **dates}), "differ from ADT - STARTDT") == 1

    def test_a_time_without_cnsr_is_refused(self, load):
        with pytest.raises(ba.DataError, match="observed"):
            load(adtte={**TIMES, "CNSR": [0, None, 1]})

    def test_a_time_of_0_is_refused(self, load):
        with pytest.raises(ba.DataError, match="time"):
            load(adtte={**TIMES, "AVAL": [0, 1, 2]})


class TestFiles:
    def test_a_data_set_in_two_files_is_refused_naming_both(self, load, tmp_path):
        pd.DataFrame(ADSL).to_parquet(tmp_path / "adsl.parquet")
        with pytest.raises(ba.DataError, match=r'ADSL in adsl\.csv and in adsl\.parquet.*format = "parquet"'):
            load()

    @pytest.mark.parametrize("file_format", ["csv", "parquet", ".CSV"])
    def test_format_chooses_among_several_files_of_a_data_set_only(self, load, tmp_path, file_format):
        load(adqs=bds(PLANNED))
        pd.DataFrame(ADSL).to_parquet(tmp_path / "adsl.parquet")
        trial = ba.load_adam(tmp_path, format=file_format)
        assert len(trial.assessments) == 5
        chosen = file_format.lower().removeprefix(".")
        other = {"csv": "parquet", "parquet": "csv"}[chosen]
        assert f"sha256 of adsl.{chosen}" in trial.provenance
        assert f"adsl.{other}" in trial.left_out["where"].tolist()

    def test_a_format_that_no_file_has_is_refused(self, load, tmp_path):
        load()
        pd.DataFrame(ADSL).to_parquet(tmp_path / "adsl.parquet")
        with pytest.raises(ba.DataError, match=r"adsl\.csv and in adsl\.parquet"):
            ba.load_adam(tmp_path, format="xpt")

    def test_load_trial_recognises_the_data_sets_by_adsl(self, load, tmp_path):
        read = load(adae=events())
        pd.testing.assert_frame_equal(ba.load_trial(tmp_path).adverse_events, read.adverse_events)

    def test_a_folder_with_a_table_of_subjects_is_read_as_adam_when_asked(self, load, tmp_path):
        (tmp_path / "subjects.csv").write_text("subject,arm\n1,a\n", encoding="utf-8")
        trial = load()
        assert len(trial.subjects) == 4
        assert "subjects.csv" in trial.left_out["where"].tolist()
        assert len(ba.load_trial(tmp_path).subjects) == 1

    def test_a_folder_without_adsl_is_refused(self, tmp_path):
        pd.DataFrame(events()).to_csv(tmp_path / "adae.csv", index=False)
        with pytest.raises(ba.DataError, match=r"'adae\.csv'; expected a file of the name 'adsl'"):
            ba.load_adam(tmp_path)

    def test_a_file_is_refused(self, load, tmp_path):
        load()
        with pytest.raises(ba.DataError, match="expected a folder"):
            ba.load_adam(tmp_path / "adsl.csv")

    def test_a_folder_that_is_not_there_is_refused(self, tmp_path):
        with pytest.raises(ba.DataError, match="no such folder"):
            ba.load_adam(tmp_path / "adam")

    def test_names_in_capitals_and_columns_in_small_letters_are_read(self, tmp_path):
        frame = pd.DataFrame(ADSL).rename(columns=str.lower)
        frame.to_parquet(tmp_path / "ADSL.parquet")
        assert ba.load_adam(tmp_path).arms == ["Placebo", "Low", "High"]

    def test_csv_and_parquet_give_the_same_trial(self, load, tmp_path):
        sets = {"adsl": pd.DataFrame({**ADSL, "SITEGR1": ["701", "900", "701", "900"]}), "adqs": bds(PLANNED), "adae": events()}
        typed = load(**sets, file_format="parquet")
        for name, columns in sets.items():
            pd.DataFrame(columns).to_csv(tmp_path / f"{name}.csv", index=False)
        texts = ba.load_adam(tmp_path, format="csv")
        for table in ("subjects", "assessments", "adverse_events"):
            pd.testing.assert_frame_equal(getattr(texts, table), getattr(typed, table))

    def test_frames_with_bytes_dates_of_sas_and_zeros_misread_by_pandas_are_read(self):
        dates = {"TRTSDT": [21924.0, 21946.0, 21975.0, np.nan], "EOSDT": [21930.0, 21946.0, 21976.0, np.nan]}
        adsl = pd.DataFrame({**ADSL, **dates, "DOSE": [2.0**-260, 155, 195, 2.0**-260]})
        for name in ("USUBJID", "TRT01P", "ITTFL"):
            adsl[name] = [text.encode() for text in adsl[name]]
        times = pd.DataFrame({**TIMES, "CNSR": [2.0**-260, 1, 2]})
        trial = ba.as_trial({"ADSL": adsl, "ADTTE": times}, name="from pandas")
        assert trial.arms == ["Placebo", "Low", "High"]
        assert trial.subjects["last_day"].fillna(0).tolist() == [7, 1, 2, 0]
        assert trial.subjects["DOSE"].tolist() == [0, 155, 195, 0]
        assert trial.event_times["observed"].tolist() == [True, False, False]
        assert noted(trial, "which pandas.read_sas makes of 0") == 3

    def test_a_frame_that_the_settings_do_not_choose_is_named(self):
        frames = {"adsl": pd.DataFrame(ADSL), "adae": pd.DataFrame(events()), "adqs": bds(PLANNED)}
        trial = ba.as_trial(frames, name="chosen", settings={"adam": {"datasets": ["ADQS"]}})
        assert trial.adverse_events is None
        assert len(trial.assessments) == 5
        assert noted(trial, "do not choose") == 3


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"derived": "drop"}, r"\[adam\]: found derived = 'drop'; expected 'leave out' or 'keep'"),
            ({"partial_dates": "middle"}, "found partial_dates = 'middle'"),
            ({"parameters": "TOT"}, "found parameters = 'TOT'"),
            ({"parameters": []}, "at least one name"),
            ({"datasets": ["ADSL", "adsl"]}, "each name once"),
            ({"param": ["TOT"]}, "found the key 'param'"),
            ({"derived": ["keep"]}, "found derived"),
        ],
    )
    def test_a_wrong_setting_is_refused(self, load, settings, message):
        with pytest.raises(ba.DataError, match=message):
            load(settings={"adam": settings})

    @pytest.mark.parametrize("word", ["xptt", "", "xpt.gz", "pq"])
    def test_a_format_that_is_none_is_refused_also_where_each_data_set_has_one_file(self, load, tmp_path, word):
        load()
        with pytest.raises(ValueError, match="`format` must be one of 'csv', 'parquet', 'xpt'"):
            ba.load_adam(tmp_path, format=word)

    def test_a_format_that_is_no_text_is_refused(self, load, tmp_path):
        load()
        with pytest.raises(TypeError, match="`format` must be a text"):
            ba.load_adam(tmp_path, format=3)


class TestImputedDaysOfAnEvent:
    """Day 1 is 2020-01-10 (ADSL): a partial date never makes an event end before its onset."""

    @pytest.mark.parametrize(
        ("rule", "start", "end", "days"),
        [
            ("last possible day", "2020-01", "2020-01-20", (11, 11)),
            ("last possible day", "2020", "2020-02", (51, 51)),
            ("last possible day", "2020-01-12", "2020-01", (3, 22)),
            ("first possible day", "2020-01-12", "2020-01", (3, 3)),
            ("first possible day", "2020-02", "2020", (23, 23)),
            ("first possible day", "2020-01", "2020-01-20", (-9, 11)),
        ],
    )
    def test_they_are_in_order(self, load, rule, start, end, days):
        data = {"USUBJID": ["S1-01"], "AETERM": ["a"], "AESTDTC": [start], "AEENDTC": [end]}
        trial = load(adae=data, settings={"adam": {"partial_dates": rule}})
        assert tuple(trial.adverse_events.loc[0, ["onset_day", "end_day"]]) == days
        assert noted(trial, "end before their onset") == int(days[0] == days[1])

    @pytest.mark.parametrize(
        ("rule", "start", "end"),
        [
            ("last possible day", "2020-03", "2020-02-10"),
            ("first possible day", "2020-03-05", "2020-02"),
            ("last possible day", "2020-03-05", "2020-02-10"),
        ],
    )
    def test_an_order_that_no_day_makes_right_is_refused(self, load, rule, start, end):
        data = {"USUBJID": ["S1-01"], "AETERM": ["a"], "AESTDTC": [start], "AEENDTC": [end]}
        with pytest.raises(ba.DataError, match=r"'end_day': found .* not before onset_day"):
            load(adae=data, settings={"adam": {"partial_dates": rule}})


def test_the_impressions_of_the_pilot_beside_its_subjects(realdata, tmp_path):
    (tmp_path / "adqscibc.csv").write_bytes((realdata / "camis/adcibc.csv").read_bytes())
    (tmp_path / "adsl.xpt").write_bytes((realdata / "cdisc_pilot/xpt/adsl.xpt").read_bytes())
    trial = ba.load_adam(tmp_path)
    rows = trial.assessments
    assert rows[["scale", "visit"]].astype(str).drop_duplicates().to_numpy().tolist() == [["CIBICVAL", "Week 8"]]
    by_arm = rows.merge(trial.subjects[["subject", "arm"]], on="subject").groupby("arm", observed=True)["value"]
    assert {arm: (len(values), values.sum()) for arm, values in by_arm} == {
        "Placebo": (77, 301), "Xanomeline Low Dose": (81, 320), "Xanomeline High Dose": (73, 299),
    }  # fmt: skip
    of_file = pd.read_csv(tmp_path / "adqscibc.csv")
    assert dict(zip(rows["subject"].astype(str), rows["value"], strict=True)) == dict(
        zip(of_file["USUBJID"], of_file["AVAL"], strict=True)
    )

"""The report: the same bytes each time, complete, with its limits stated, and never half written."""

import dataclasses
import hashlib
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.figures.drawing.style import missing_letters
from botox_analysis.frames.estimates import ESTIMATES_SCHEMA
from botox_analysis.frames.left_out import LeftOut
from botox_analysis.report import write as writing
from botox_analysis.report.analysis.left_out import left_out_of_safety, merge_endpoints
from botox_analysis.report.contents import analyse
from botox_analysis.report.sections.responders import responses_of

FIGURES = {
    "flow",
    "course",
    "distribution",
    "forest",
    "sensitivity",
    "missing",
    "handlings",
    "tipping_point",
    "responder_curve",
    "calendar",
    "severity",
    "adverse_events",
    "residuals",
    "covariance",
}


def checksums(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def trial():
    return ba.open_trial("simulated")


@pytest.fixture(scope="module")
def report(trial, sketched, tmp_path_factory):
    return sketched(trial, tmp_path_factory.mktemp("report") / "out").parent


@pytest.fixture(scope="module")
def whole_report(trial, tmp_path_factory):
    """The report with its figures."""
    return ba.write_report(trial, tmp_path_factory.mktemp("whole report") / "out").parent


@pytest.fixture(scope="module")
def small():
    """A trial of 24 subjects without diary: quick to report."""
    subjects = pd.DataFrame(
        {
            "subject": [f"s{n}" for n in range(24)],
            "arm": ["placebo", "<b>toxin</b>"] * 12,
            "age": range(30, 54),
            "site": ["x & y", "z", "z"] * 8,
        }
    )
    rows = [
        (s, "NRS", visit, 8 - n % 3 - (visit != "baseline") * (n % 5))
        for n, s in enumerate(subjects["subject"])
        for visit in ("baseline", "week 4")
    ]
    assessments = pd.DataFrame(rows, columns=["subject", "scale", "visit", "value"])
    return ba.as_trial({"subjects": subjects, "assessments": assessments}, name="A <small> trial")


@pytest.fixture(scope="module")
def small_report(small, sketched, tmp_path_factory):
    return sketched(small, tmp_path_factory.mktemp("small report") / "out").parent


@pytest.mark.slow
def test_two_reports_are_the_same_to_the_byte(trial, whole_report, tmp_path):
    ba.write_report(trial, tmp_path / "again")
    assert checksums(tmp_path / "again") == checksums(whole_report)


@pytest.mark.long
def test_all_figures_are_there_in_three_formats(whole_report):
    assert {path.stem for path in (whole_report / "figures").iterdir()} == FIGURES
    assert len(list((whole_report / "figures").iterdir())) == 3 * len(FIGURES)


@pytest.mark.long
def test_all_tables_are_there_as_csv_and_html(report):
    names = {
        "baseline",
        "disposition",
        "intercurrent",
        "efficacy",
        "change",
        "secondary",
        "missing",
        "handlings",
        "responders",
        "adverse_events_overview",
        "incidence",
        "adverse_events",
        "left_out",
        "validity",
    }
    assert {path.name for path in (report / "tables").iterdir()} == {
        f"{name}.{kind}" for name in names for kind in ("csv", "html")
    }


@pytest.mark.long
def test_the_page_needs_no_other_file_to_be_read(report):
    page = (report / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert "<link" not in page
    assert set(re.findall(r'src="([a-z]+:[a-z/]+)', page)) == {"data:image/png"}


@pytest.mark.long
def test_links_of_the_page_lead_to_files_of_the_report(report):
    page = (report / "index.html").read_text("utf-8")
    links = re.findall(r'href="([^"#]+)"', page)
    assert len(links) > 30
    assert [link for link in links if not (report / link).is_file()] == []


@pytest.mark.long
def test_simulated_data_say_so_on_the_page_and_in_the_manifest(report):
    assert "Simulated data. Nobody in this trial exists" in (report / "index.html").read_text("utf-8")
    assert json.loads((report / "manifest.json").read_text("utf-8"))["simulated"] == "yes"


@pytest.mark.long
def test_the_manifest_has_the_checksum_of_every_other_file(report):
    manifest = json.loads((report / "manifest.json").read_text("utf-8"))
    found = checksums(report)
    found.pop("manifest.json")
    assert manifest["outputs"] == found
    assert manifest["seed"] == "995"
    assert {"python", "numpy", "pandas", "botox-analysis"} <= set(manifest["versions"])
    assert {"sha256 of diary.csv", "sha256 of subjects.csv"} <= set(manifest["inputs"])


@pytest.mark.long
def test_the_estimates_have_no_column_without_a_meaning(report):
    columns = pd.read_csv(report / "estimates.csv", nrows=0).columns
    assert set(columns) <= {*ESTIMATES_SCHEMA.columns, *ESTIMATES_SCHEMA.further}


@pytest.mark.long
def test_the_numbers_of_the_headline_are_in_the_estimates(report):
    estimates = pd.read_csv(report / "estimates.csv")
    row = estimates.query(
        "measure == 'difference in mean change' and visit == 'week 24' and endpoint.str.startswith('headache days') and "
        "method.str.startswith('MMRM, unstructured covariance, REML')"
    )
    assert len(row) == 1
    estimate, low, high = row[["estimate", "conf_low", "conf_high"]].iloc[0]
    said = f"The difference was −{-estimate:.1f} (95 % CI −{-low:.1f} to −{-high:.1f}"
    assert said in (report / "index.html").read_text("utf-8")


@pytest.mark.long
def test_every_count_of_the_adverse_event_table_is_in_the_estimates(report):
    table = pd.read_csv(report / "tables" / "adverse_events.csv")
    estimates = pd.read_csv(report / "estimates.csv").query(
        "endpoint.str.startswith('treatment-emergent adverse events') and measure == 'proportion'"
    )
    counts = {(row.category, row.arm): f"{row.n_events:.0f}" for row in estimates.itertuples()}
    shown = table.set_index(table.columns[0])["placebo (n = 692)"]
    assert len(shown) > 40
    written = {name.strip(): text.split(" ")[0] for name, text in shown.items()}
    assert written == {name: counts[name.lower() if name == "Any adverse event" else name, "placebo"] for name in written}


@pytest.mark.long
def test_who_was_left_out_is_counted(report, simulated):
    left_out = pd.read_csv(report / "tables" / "left_out.csv")
    never = left_out[left_out["Analysis or data"] == "MMRM, all diary endpoints"]
    at_end = left_out[left_out["Analysis or data"] == "MMRM, all diary endpoints, week 24"]
    measured, events = ba.HEADACHE_DAYS.derive(simulated), ba.intercurrent.events(simulated)
    outcomes = ba.intercurrent.address(measured, events, strategies=simulated.protocol.intercurrent).query("visit == 'week 24'")
    assert never["n"].sum() + at_end["n"].sum() == outcomes["change"].isna().sum()


def test_what_is_said_of_several_endpoints_is_merge_endpoints():
    endpoints = [ba.scale("VAS"), ba.scale("NRS"), ba.HEADACHE_DAYS, ba.MIGRAINE_DAYS]
    rows = [LeftOut("no value", n, "MMRM", endpoint.label, "week 4") for endpoint, n in zip(endpoints, (3, 3, 2, 2), strict=True)]
    told = merge_endpoints([*rows, dataclasses.replace(rows[0], n=1), LeftOut("days", 9, "diary")], endpoints)
    assert [(row.where, row.reason, row.n) for row in told] == [
        ("MMRM, VAS, NRS, week 4", "no value", 3),
        ("MMRM, all diary endpoints, week 4", "no value", 2),
        (f"MMRM, {endpoints[0].label}, week 4", "no value", 1),
        ("diary", "days", 9),
    ]


def test_what_is_said_of_all_endpoints_is_said_of_all():
    endpoints = [ba.scale("VAS"), ba.HEADACHE_DAYS]
    told = merge_endpoints([LeftOut("late", 2, endpoint=endpoint.label) for endpoint in endpoints], endpoints)
    assert told == [LeftOut("late", 2, endpoint="all endpoints")]


def test_a_reason_with_the_label_of_another_endpoint_stays_with_its_own():
    endpoints = [ba.scale("VAS"), ba.scale("VAS, week 4")]
    row = LeftOut("no VAS recorded", 2, "MMRM", endpoints[1].label, "VAS at any visit")
    assert merge_endpoints([row], endpoints) == [row]


@pytest.mark.long
def test_the_page_says_what_the_mixed_model_of_the_bundled_trial_found(report):
    page = (report / "index.html").read_text("utf-8")
    assert (
        "The difference was −2.2 (95 % CI −3.0 to −1.4, p &lt; 0.001; n = 1,350, 1,212 of them with a value at week 24)" in page
    )
    assert "7,665 values of 1,350 subjects" in page


@pytest.mark.slow
def test_a_check_of_an_unchanged_report_finds_nothing(whole_report):
    assert ba.check_report(whole_report).empty


def test_a_check_names_the_file_and_the_number_that_moved(small, small_report, tmp_path, sketches):
    shutil.copytree(small_report, tmp_path / "out")
    estimates = tmp_path / "out" / "estimates.csv"
    lines = estimates.read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if "difference in mean change" in line)
    number = re.search(r"-?\d+\.\d{6,}", lines[at]).group()
    lines[at] = lines[at].replace(number, "9.75", 1)
    estimates.write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "out" / "figures" / "course.svg").unlink()
    moved = ba.check_report(tmp_path / "out", trial=small)
    assert "9.75" in moved["reported"].tolist()
    assert "figures/course.svg" in moved["file"].tolist()


@pytest.mark.long
def test_a_check_names_what_comes_out_differently_now(small, tmp_path):
    ba.write_report(small, tmp_path / "out")
    older = small.assessments.assign(value=small.assessments["value"] + (small.assessments["visit"] == "week 4"))
    moved = ba.check_report(
        tmp_path / "out", trial=ba.as_trial({"subjects": small.subjects, "assessments": older}, name=small.name)
    )
    assert {"estimates.csv", "figures/course.png", "index.html"} <= set(moved["file"])
    assert moved["what"].str.contains("mean change").any()


def test_a_check_without_origin_asks_for_the_trial(small_report):
    with pytest.raises(ba.DataError, match="found no origin of the trial in the manifest; expected one, or the argument trial"):
        ba.check_report(small_report)


def test_a_check_of_no_report_is_refused(tmp_path):
    with pytest.raises(ba.DataError, match=r"found no manifest\.json; expected the folder of a report"):
        ba.check_report(tmp_path)
    (tmp_path / "manifest.json").write_text("[1, 2]", "utf-8")
    with pytest.raises(ba.DataError, match=r"found a manifest\.json that is not of a report"):
        ba.check_report(tmp_path)


@pytest.mark.long
def test_an_interrupted_run_leaves_the_old_report_whole(small, tmp_path, monkeypatch, sketches):
    folder = tmp_path / "out"
    ba.write_report(small, folder)
    before = checksums(folder)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "render_page", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ba.write_report(small, folder)
    assert checksums(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_other_files_is_not_overwritten(small, tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ba.DataError, match=r"found other files and no manifest\.json"):
        ba.write_report(small, tmp_path)
    assert (tmp_path / "thesis.docx").read_text() == "years of work"


def test_a_folder_with_somebody_elses_manifest_is_not_overwritten(small, tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "a web application"}')
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ba.DataError, match=r"found a manifest\.json that is not of a report"):
        ba.write_report(small, tmp_path)
    assert (tmp_path / "thesis.docx").exists()


def test_a_report_to_which_somebody_added_a_file_is_not_overwritten(small, small_report, tmp_path):
    shutil.copytree(small_report, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(ba.DataError, match=r"found 'notes\.txt', not written by the earlier report"):
        ba.write_report(small, tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").exists()


@pytest.mark.long
def test_a_visit_at_which_an_arm_has_no_value_is_left_out_and_counted(small):
    late = small.assessments.tail(2).assign(visit="week 8", subject=["s0", "s2"])
    trial = ba.as_trial(
        {"subjects": small.subjects, "assessments": pd.concat([small.assessments.astype({"visit": str}), late])}, name="late"
    )
    analysis = analyse(trial)
    assert analysis.visit == "week 4"
    assert analysis.left_out["where"].tolist() == ["NRS, week 8"]
    assert analysis.headline[1].startswith("At week 8, the last visit, at least one arm has no value")


@pytest.mark.long
def test_a_secondary_endpoint_that_cannot_be_compared_is_said_and_does_not_stop_the_report(small):
    once = small.assessments.head(1).assign(scale="mood", visit="week 4")
    tables = {"subjects": small.subjects, "assessments": pd.concat([small.assessments.astype({"visit": str}), once])}
    analysis = analyse(ba.as_trial(tables, name="once", settings={"scales": {"mood": {"baseline": False}}}))
    assert analysis.secondary == []
    assert analysis.left_out["reason"].str.contains("not analysed").tolist() == [True]


@pytest.mark.long
def test_a_trial_without_baselines_is_compared_by_its_values(small, tmp_path, sketches):
    after = small.assessments[small.assessments["visit"] != "baseline"].astype({"visit": str})
    tables, settings = {"subjects": small.subjects, "assessments": after}, {"scales": {"NRS": {"baseline": False}}}
    page = ba.write_report(ba.as_trial(tables, name="after only", settings=settings), tmp_path / "out")
    text = page.read_text("utf-8")
    assert "the mean of NRS was" in text
    assert "from baseline" not in text
    assert not (tmp_path / "out" / "figures" / "distribution.png").exists()


def test_responders_may_be_planned_by_points(small):
    planned = ba.advanced.Protocol(points=2)
    trial = ba.as_trial(
        {"subjects": small.subjects, "assessments": small.assessments.astype({"visit": str})}, name="p", protocol=planned
    )
    responses = responses_of(analyse(trial))
    assert responses.curve is None
    assert responses.handled[0].rates["category"].unique().tolist() == ["fall of ≥ 2 points"]


@pytest.mark.long
def test_adverse_events_that_all_began_before_treatment_are_none_of_it(small, tmp_path, sketches):
    events = pd.DataFrame({"subject": ["s0", "s1"], "term": "cough", "onset_day": [-3, -1]})
    tables = {"subjects": small.subjects, "assessments": small.assessments.astype({"visit": str}), "adverse_events": events}
    page = ba.write_report(ba.as_trial(tables, name="before"), tmp_path / "out").read_text("utf-8")
    # Shares of 0 are no sentence; that there were none is.
    assert "No treatment-emergent adverse event was recorded in any of 12 subjects with placebo and 12 with &lt;b&gt;" in page
    assert "onset before the first treatment" in page


@pytest.mark.long
def test_a_trial_in_which_nobody_had_an_adverse_event_is_reported_as_one(small, tmp_path, sketches):
    subjects = small.subjects.assign(last_day=28)
    columns = ["subject", "term", "class", "onset_day", "severity", "related", "serious"]
    tables = {
        "subjects": subjects,
        "assessments": small.assessments.astype({"visit": str}),
        "adverse_events": pd.DataFrame(columns=columns),
    }
    page = ba.write_report(ba.as_trial(tables, name="quiet"), tmp_path / "out").read_text("utf-8")
    assert page.count("No treatment-emergent adverse event was recorded") == 1
    overview = pd.read_csv(tmp_path / "out" / "tables" / "adverse_events_overview.csv")
    assert overview.iloc[0, 1:5].astype(str).tolist() == ["0 (0.0 %)", "0"] * 2
    assert len(overview) == 8
    assert (tmp_path / "out" / "tables" / "incidence.csv").exists()
    assert not (tmp_path / "out" / "figures" / "severity.png").exists()
    assert not (tmp_path / "out" / "figures" / "adverse_events.png").exists()


@pytest.mark.long
def test_events_of_subjects_outside_the_safety_population_are_counted_as_left_out(small):
    subjects = small.subjects.assign(safety=["no", "no", *["yes"] * 22])
    events = pd.DataFrame({"subject": ["s0", "s0", "s1", "s2", "s3"], "term": "cough", "onset_day": [-3, 1, 2, -1, 5]})
    events["severity"] = [None, "mild", "mild", None, None]
    tables = {"subjects": subjects, "assessments": small.assessments.astype({"visit": str}), "adverse_events": events}
    left_out = analyse(ba.as_trial(tables, name="some")).left_out.query("where == 'adverse events'")
    assert left_out[["reason", "n"]].to_numpy().tolist() == [
        ["subjects not in the population 'safety'", 2],
        ["occurrences in those subjects", 3],
        ["onset before the first treatment: not treatment-emergent", 1],
        ["severity not recorded: not counted as such", 2],
    ]


@pytest.fixture
def followed(small):
    """Make four subjects whose time at risk ends early or is not known, and events at its limits."""
    last_day, last_dose = [100.0] * 24, [50.0] * 24
    last_day[0], last_day[1], last_dose[2], last_dose[4], last_dose[3] = np.nan, -2, None, None, None
    events = pd.DataFrame(
        {
            "subject": ["s5", "s6", "s7", "s8", "s9"],
            "term": ["cough", "cough", "stroke", "cough", "cough"],
            "onset_day": [-3, 150, 20, 90, 30],
            "end_day": [5, None, 21, None, None],
            "fatal": ["no", "no", "yes", "no", "no"],
        }
    )
    subjects = small.subjects.assign(arm=["placebo", "toxin"] * 12, last_day=last_day, last_dose_day=last_dose)
    tables = {"subjects": subjects, "assessments": small.assessments.astype({"visit": str}), "adverse_events": events}
    return ba.as_trial(tables, name="followed")


ALWAYS_TOLD = [
    ["no last_day: time at risk not known (placebo 1, toxin 0)", 1],
    ["not observed after the first treatment: never at risk (placebo 0, toxin 1)", 1],
]


@pytest.mark.long
def test_whose_time_at_risk_ends_otherwise_is_counted_by_arm(followed):
    left_out = analyse(followed).left_out.query("where == 'adverse events'")
    assert left_out[["reason", "n"]].to_numpy().tolist() == [
        ["onset before the first treatment: not treatment-emergent", 1],
        ["onset after the last day: counted on it", 1],
        *ALWAYS_TOLD,
        ["died: at risk to the death (placebo 0, toxin 1)", 1],
    ]


def test_events_after_the_window_have_their_own_reason(followed):
    found = [[row.reason, row.n] for row in left_out_of_safety(followed, ba.safety.WITHIN_30_DAYS)]
    assert found == [
        ["onset before the first treatment: not treatment-emergent", 1],
        ["onset or worsening more than 30 days after the last dose: not treatment-emergent", 2],
        *ALWAYS_TOLD,
        ["last dose not known: at risk to the last day (placebo 2, toxin 1)", 3],
        ["died: at risk to the death (placebo 0, toxin 1)", 1],
    ]


@pytest.mark.long
def test_methods_say_that_death_ends_time_at_risk_where_it_does(followed):
    said = "Time at risk ends at death, if death is before the last day."
    assert said in "".join(analyse(followed).methods)
    alive = dataclasses.replace(followed, adverse_events=followed.adverse_events.drop(columns="fatal"))
    assert said not in "".join(analyse(alive).methods)


def test_names_of_arms_and_sites_are_escaped_on_the_page(small_report):
    page = (small_report / "index.html").read_text("utf-8")
    assert "<b>toxin</b>" not in page
    assert "&lt;b&gt;toxin&lt;/b&gt;" in page
    assert "A &lt;small&gt; trial" in page
    assert "x &amp; y" in page


@pytest.mark.long
def test_letters_that_the_font_of_figures_lacks_are_counted_as_left_out_without_a_warning(small, tmp_path):
    subjects = small.subjects.assign(arm=["安慰剂", "肉毒素 🧪"] * 12)
    tables = {"subjects": subjects, "assessments": small.assessments.astype({"visit": str})}
    ba.write_report(ba.as_trial(tables, name="letters"), tmp_path / "out")
    left_out = pd.read_csv(tmp_path / "out" / "tables" / "left_out.csv")
    [row] = left_out[left_out["Analysis or data"] == "figures"].to_numpy().tolist()
    letters = "".join(sorted("安慰剂肉毒素🧪"))
    assert row == ["figures", missing_letters(letters), 7]


@pytest.mark.long
def test_progress_is_told_from_start_to_end(small, tmp_path, sketches):
    told = []
    ba.write_report(small, tmp_path / "out", progress=lambda *step: told.append(step))
    assert [step[1] for step in told] == sorted(step[1] for step in told)
    assert told[-1][0] == "done"
    assert told[-1][1] == told[-1][2]


def test_a_report_without_safety_data_has_no_safety_section(small_report):
    page = (small_report / "index.html").read_text("utf-8")
    assert 'id="safety"' not in page
    assert "Simulated data" not in page


def test_one_arm_is_refused_with_what_to_do_instead():
    subjects = pd.DataFrame({"subject": ["a", "b"]})
    with pytest.raises(ba.DataError, match="found one arm only, 'all subjects'; expected two or more"):
        analyse(ba.as_trial({"subjects": subjects}, name="one arm"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"endpoint": "joy"}, "found endpoint = 'joy'; expected one that the trial measured: 'NRS'"),
        (
            {"visit": "week 99"},
            "found visit = 'week 99'; expected a visit at which every arm has a value of NRS: 'week 4'",
        ),
        ({"covariates": ("height",)}, "found the covariate 'height'; expected columns of subjects"),
        ({"efficacy_population": "happy"}, "no population 'happy'"),
    ],
)
def test_a_protocol_that_does_not_fit_the_trial_is_refused(small, change, said):
    planned = ba.advanced.Protocol(**change)
    trial = ba.as_trial({"subjects": small.subjects, "assessments": small.assessments}, name="small", protocol=planned)
    with pytest.raises(ba.DataError, match=said):
        analyse(trial)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vickers2004", "cdystonia"])
def test_real_trials_are_reported_like_the_bundled_one(realdata, name, tmp_path):
    page = ba.write_report(ba.open_trial(name), tmp_path / "out").read_text("utf-8")
    expected = {
        "vickers2004": "difference was −1.8 (95 % CI −2.9 to −0.6, p = 0.003",
        "cdystonia": "difference was −7.2 (95 % CI −11.1 to −3.3, p &lt; 0.001",
    }
    assert expected[name] in page
    assert "Simulated data" not in page
    shutil.rmtree(tmp_path / "out")

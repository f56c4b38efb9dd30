"""`fetch_trial`: the folder before the network, the recorded bytes or none, and the traps of each raw file."""

import contextlib
import dataclasses
import gzip
import hashlib
import http.server
import json
import os
import socket
import threading

import numpy as np
import pandas as pd
import pytest
import requests

import botox_analysis as ba
from botox_analysis.trials.public import download
from botox_analysis.trials.public.download import Recorded, obtain
from botox_analysis.trials.public.fetch import SOURCES


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch, tmp_path):
    """No test of this file reaches the network or the user's cache, whatever goes wrong; the cache's folder."""
    send = requests.adapters.HTTPAdapter.send

    def refuse(adapter, request, **settings):
        if not request.url.startswith("http://127.0.0.1:"):
            raise requests.exceptions.ConnectionError("no route")
        return send(adapter, request, **settings | {"proxies": {}})

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", refuse)
    monkeypatch.setattr("pooch.os_cache", lambda _: tmp_path / "cache")
    monkeypatch.delenv("BOTOX_ANALYSIS_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def downloaded(monkeypatch):
    """What was asked for by the network, instead of asking."""
    asked = []

    def ask(recorded):
        asked.append(recorded)
        raise download.NoWayError("ConnectionError")

    monkeypatch.setattr(download, "_received", ask)
    return asked


# Where files come from ------------------------------------------------------------------------------------------------


def test_an_unknown_trial_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"`name` must be one of 'vickers2004', 'cdystonia', 'kostecki_dillon'.*; got 'preempt'"):
        ba.fetch_trial("preempt")


def test_the_folder_of_the_environment_comes_before_the_network(realdata, downloaded):
    assert len(ba.fetch_trial("cdystonia").subjects) == 109
    assert downloaded == []


def test_a_file_with_other_bytes_is_refused(monkeypatch, tmp_path, downloaded):
    (tmp_path / "cdystonia").mkdir()
    (tmp_path / "cdystonia" / "cdystonia.csv").write_text("patient,week\n")
    monkeypatch.setenv("BOTOX_ANALYSIS_DATA", str(tmp_path))
    said = (
        r"cdystonia/cdystonia\.csv in the folder of BOTOX_ANALYSIS_DATA: found sha256 \w{12}\.\.\.; expected 7713160ec7b9\.\.\."
    )
    with pytest.raises(ba.DataError, match=said):
        ba.fetch_trial("cdystonia")
    assert downloaded == []


@pytest.mark.parametrize("folder", ["", "an empty folder"])
def test_without_a_network_the_error_names_a_remedy(monkeypatch, tmp_path, downloaded, folder):
    monkeypatch.setenv("BOTOX_ANALYSIS_DATA", str(tmp_path) if folder else "")
    said = (
        r"cdystonia: found no cdystonia\.csv .* could not download it from https://.* \(ConnectionError\)\. Try to connect .* set"
    )
    with pytest.raises(ba.DataError, match=said):
        ba.fetch_trial("cdystonia")


def test_a_download_is_pinned_by_its_address_checksum_and_size(monkeypatch, downloaded):
    with pytest.raises(ba.DataError, match="Try to connect to the network"):
        ba.fetch_trial("kostecki_dillon")
    assert downloaded == [SOURCES["kostecki_dillon"].files["KosteckiDillon.csv"]]


def test_a_downloaded_file_is_read_like_one_of_the_folder_and_kept(realdata, monkeypatch, only_this_machine):
    content = (realdata / "cdystonia" / "cdystonia.csv").read_bytes()
    monkeypatch.delenv("BOTOX_ANALYSIS_DATA")
    monkeypatch.setattr(download, "_received", lambda recorded: content)
    assert len(ba.fetch_trial("cdystonia").assessments) == 631
    assert [path.name for path in only_this_machine.iterdir()] == ["cdystonia-cdystonia.csv"]
    monkeypatch.setattr(download, "_received", lambda recorded: pytest.fail("it is in the cache"))
    assert len(ba.fetch_trial("cdystonia").assessments) == 631


def test_every_recorded_checksum_is_that_of_the_real_files(realdata):
    recorded = (line.split(maxsplit=1) for line in (realdata / "SHA256SUMS").read_text().splitlines())
    listed = {path.removeprefix("./"): checksum for checksum, path in recorded}
    files = {f"{name}/{file}": recorded for name, source in SOURCES.items() for file, recorded in source.files.items()}
    assert len(files) == 10
    assert {file: recorded.sha256 for file, recorded in files.items()}.items() <= listed.items()
    assert {file: recorded.n_bytes for file, recorded in files.items()} == {
        file: (realdata / file).stat().st_size for file in files
    }


# Servers that do not do what they should -------------------------------------------------------------------------------

CONTENT = b"patient,week\n1,0\n"


@pytest.fixture
def serve():
    """A function: answer of a server to a request -> the file recorded at its address; servers end with the test."""
    servers, ended = [], threading.Event()

    def start(answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with contextlib.suppress(OSError):
                    answer(self, ended)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/x.csv"
        return Recorded(address, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))

    yield start
    ended.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler, content=CONTENT, status=200, **headers):
    handler.send_response(status)
    for name, value in ({"Content_Length": len(content)} | headers).items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(content)


def a_byte_a_moment(handler, ended):
    send(handler, b"", Content_Length=len(CONTENT))
    while not ended.wait(0.05):
        handler.wfile.write(b"x")


def a_header_without_an_end(handler, ended):
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
    while not ended.wait(0.05):
        handler.wfile.write(b"x")


def silence(handler, ended):
    ended.wait()


def bytes_without_an_end(handler, ended):
    send(handler, b"", Content_Length=None)
    while not ended.is_set():
        handler.wfile.write(b"x" * 65_536)


def chunks_without_an_end(handler, ended):
    handler.protocol_version = "HTTP/1.1"
    send(handler, b"", Content_Length=None, Transfer_Encoding="chunked")
    while not ended.is_set():
        handler.wfile.write(b"4\r\nxxxx\r\n")


def round_in_circles(handler, ended):
    send(handler, b"", 302, Location=handler.path + "x")


def to_a_file(handler, ended):
    send(handler, b"", 302, Location="file:///etc/hostname")


def with_a_redirect_that_does_not_end(handler, ended):
    if handler.path == "/x.csv":
        send(handler, b"", 302, Location="/y.csv", Content_Length=None)
        while not ended.is_set():
            handler.wfile.write(b"x" * 65_536)
    send(handler)


def compressed(handler, ended):
    send(handler, gzip.compress(bytes(10_000_000)), Content_Encoding="gzip")


def by_a_short_length(handler, ended):
    send(handler, Content_Length=5)


def by_a_long_length(handler, ended):
    send(handler, Content_Length=500)


def that_breaks_off(handler, ended):
    send(handler, CONTENT[:5], Content_Length=len(CONTENT))


def by_no_number(handler, ended):
    send(handler, Content_Length="many")


def nothing(handler, ended):
    send(handler, b"")


def other_bytes(handler, ended):
    send(handler, CONTENT.replace(b"1", b"2"))


def more_bytes(handler, ended):
    send(handler, CONTENT + b"2")


def an_error_page(handler, ended):
    send(handler, b"not here", 404)


def no_web_page(handler, ended):
    handler.wfile.write(b"\x00\xff\r\n\r\n")


REFUSED = [
    (a_byte_a_moment, r"\(not done in 0\.4 seconds\)"),
    (a_header_without_an_end, r"\(not done in 0\.4 seconds\)"),
    (silence, r"\(not done in 0\.4 seconds\)"),
    (bytes_without_an_end, "found more than the 17 bytes recorded"),
    (chunks_without_an_end, "found more than the 17 bytes recorded"),
    (round_in_circles, r"\(more than 5 redirects\)"),
    (to_a_file, r"\(InvalidSchema\)"),
    (compressed, r"\(compressed, which was not asked for\)"),
    (by_a_short_length, "found 5 bytes; expected 17"),
    (that_breaks_off, r"\((IncompleteRead|ProtocolError)\)|found 5 bytes; expected 17"),
    (nothing, "found 0 bytes; expected 17"),
    (other_bytes, r"found sha256 \w{12}\.\.\."),
    (more_bytes, "found more than the 17 bytes recorded"),
    (an_error_page, r"\(status 404\)"),
    (no_web_page, r"\(ConnectionError\)"),
]


@pytest.mark.long
@pytest.mark.parametrize(("answer", "said"), REFUSED)
def test_a_server_that_does_not_send_the_file_is_refused_in_time_and_nothing_is_kept(
    serve, monkeypatch, only_this_machine, answer, said
):
    monkeypatch.setattr(download, "SECONDS", 0.4 if "not done" in said else 20)
    with pytest.raises(ba.DataError, match=said):
        obtain("trial", "x.csv", serve(answer))
    assert not only_this_machine.exists()


@pytest.mark.parametrize(
    "answer", [lambda handler, ended: send(handler), by_no_number, by_a_long_length, with_a_redirect_that_does_not_end]
)
def test_a_server_that_sends_the_file_is_believed_by_its_bytes(serve, only_this_machine, answer):
    kept = obtain("trial", "x.csv", serve(answer))
    assert kept.read_bytes() == CONTENT
    assert list(only_this_machine.iterdir()) == [kept]


def test_an_address_without_a_server_is_named_in_the_error(serve):
    recorded = serve(silence)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/x.csv"
        with pytest.raises(ba.DataError, match=r"could not download it from http://127.* \(ConnectionError\)"):
            obtain("trial", "x.csv", dataclasses.replace(recorded, address=address))


# The cache ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [b"", CONTENT[:5], CONTENT + b"x", CONTENT.replace(b"1", b"3")])
def test_a_file_of_the_cache_that_is_half_written_or_changed_is_downloaded_again(serve, only_this_machine, there):
    only_this_machine.mkdir()
    (only_this_machine / "trial-x.csv").write_bytes(there)
    assert obtain("trial", "x.csv", serve(lambda handler, ended: send(handler))).read_bytes() == CONTENT


def test_parts_that_killed_runs_left_in_the_cache_go_and_those_of_others_stay(serve, only_this_machine):
    only_this_machine.mkdir()
    for name in (".trial-x.csv-old.part", ".trial-x.csv-new.part", ".trial-y.csv-old.part"):
        (only_this_machine / name).touch()
        if "old" in name:
            os.utime(only_this_machine / name, (0, 0))
    obtain("trial", "x.csv", serve(lambda handler, ended: send(handler)))
    left = sorted(path.name for path in only_this_machine.iterdir())
    assert left == [".trial-x.csv-new.part", ".trial-y.csv-old.part", "trial-x.csv"]


def test_a_cache_that_cannot_be_written_is_refused_with_a_remedy_and_left_clean(serve, only_this_machine, monkeypatch):
    def refuse(descriptor, mode):
        os.close(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", refuse)
    with pytest.raises(
        ba.DataError, match=r"could not write .* \(No space left on device\)\. Try to free space in the cache, or set BOTOX"
    ):
        obtain("trial", "x.csv", serve(lambda handler, ended: send(handler)))
    assert list(only_this_machine.iterdir()) == []


def test_a_folder_in_the_place_of_a_file_of_the_cache_is_refused(serve, only_this_machine):
    (only_this_machine / "trial-x.csv").mkdir(parents=True)
    with pytest.raises(ba.DataError, match=r"could not write .* \(Is a directory\)"):
        obtain("trial", "x.csv", serve(lambda handler, ended: send(handler)))


# Public trials --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_public_trial_has_its_citation_and_terms_of_use(fetched, name):
    provenance = fetched(name).provenance
    assert provenance["citation"]
    assert provenance["terms"]
    assert provenance["simulated"] == "no"


# vickers2004 ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sheet(realdata):
    """The study's whole sheet, in which a missing result is coded 0."""
    return pd.read_csv(realdata / "vickers2004" / "acupuncture_full.csv").set_index("id").sort_index()


def outcomes_by_subject(trial, endpoint, visit):
    outcomes = ba.scale(endpoint).derive(trial)
    at_visit = outcomes[outcomes["visit"] == visit]
    return at_visit.set_index(at_visit["subject"].astype(int)).sort_index()


def test_vickers_has_196_controls_and_205_subjects_with_acupuncture(vickers2004):
    assert vickers2004.subjects["arm"].value_counts().to_dict() == {"control": 196, "acupuncture": 205}
    assert vickers2004.arms == ["control", "acupuncture"]


@pytest.mark.parametrize(("visit", "days", "score"), [("3 months", "f2", "pk2"), ("12 months", "f5", "pk5")])
def test_vickers_agrees_with_the_whole_sheet_where_the_sheet_is_not_coded_missing(vickers2004, sheet, visit, days, score):
    expected = sheet[days].where(sheet[score].notna())
    found = outcomes_by_subject(vickers2004, "headache days", visit)
    np.testing.assert_array_equal(found["value"], expected)
    np.testing.assert_array_equal(found["baseline"], sheet["f1"])
    np.testing.assert_array_equal(outcomes_by_subject(vickers2004, "headache score", visit)["value"], sheet[score])


@pytest.mark.parametrize(("visit", "n_missing"), [("3 months", 75), ("12 months", 100)])
def test_a_missing_result_of_vickers_is_missing_and_not_0(vickers2004, visit, n_missing):
    assert outcomes_by_subject(vickers2004, "headache days", visit)["value"].isna().sum() == n_missing


def test_migraine_in_vickers_is_coded_as_in_the_description_and_not_as_in_the_label_file(vickers2004, sheet):
    subjects = vickers2004.subjects.set_index(vickers2004.subjects["subject"].astype(int)).sort_index()
    assert (subjects["migraine"] == np.where(sheet["migraine"] == 1, "migraine", "tension-type")).all()
    assert (subjects["migraine"] == "migraine").mean() > 0.9


def test_completers_of_vickers_are_140_and_161_with_a_result_at_12_months(vickers2004, sheet):
    completers = vickers2004.restrict("completers").subjects
    assert completers["arm"].value_counts().to_dict() == {"control": 140, "acupuncture": 161}
    assert set(completers["subject"].astype(int)) == set(sheet.index[sheet["completer"] == 1])


# cdystonia ------------------------------------------------------------------------------------------------------------


def test_cdystonia_has_109_subjects_and_not_the_ids_that_repeat_between_sites(cdystonia):
    assert cdystonia.subjects["arm"].value_counts().to_dict() == {
        "placebo": 36,
        "BoNT-B 5,000 U": 36,
        "BoNT-B 10,000 U": 37,
    }
    assert cdystonia.arms[0] == "placebo"


def test_a_missed_visit_of_cdystonia_is_an_absent_row(cdystonia):
    assert len(cdystonia.assessments) == 631
    outcomes = ba.TWSTRS.derive(cdystonia)
    assert len(outcomes) == 109 * 5
    assert outcomes["value"].notna().sum() == 631 - 109


def test_patient_85_of_cdystonia_has_a_baseline_only(cdystonia):
    rows = ba.TWSTRS.derive(cdystonia).query("subject == '85'")
    assert rows["value"].isna().all()
    assert rows["baseline"].notna().all()


def test_visits_of_cdystonia_are_in_time(cdystonia):
    assert list(ba.TWSTRS.derive(cdystonia)["visit"].cat.categories) == ["week 2", "week 4", "week 8", "week 12", "week 16"]


def test_baselines_of_cdystonia_are_those_of_the_data(cdystonia):
    baseline = ba.TWSTRS.derive(cdystonia).query("visit == 'week 2'").groupby("arm", observed=True)["baseline"].mean()
    assert baseline.round(2).tolist() == [43.58, 46.42, 46.92]


# kostecki_dillon ------------------------------------------------------------------------------------------------------


def test_a_diary_without_arms_is_a_trial_with_one_arm(kostecki_dillon):
    assert kostecki_dillon.arms == ["all subjects"]
    assert len(kostecki_dillon.subjects) == 133


def test_the_repeated_row_of_kostecki_dillon_is_dropped_and_counted(kostecki_dillon):
    assert len(kostecki_dillon.diary) == 4152 - 1
    assert kostecki_dillon.left_out["n"].tolist() == [1]
    assert "repeats another word for word" in kostecki_dillon.left_out["reason"][0]


def test_kostecki_dillon_has_2666_headache_days(kostecki_dillon):
    assert kostecki_dillon.diary["headache"].sum() == 2666


def test_days_of_kostecki_dillon_are_study_days_without_a_day_0(kostecki_dillon):
    day = kostecki_dillon.diary["day"]
    assert (day.min(), day.max()) == (-29, 100)
    assert not (day == 0).any()


def test_74_diaries_of_kostecki_dillon_have_gaps(kostecki_dillon):
    diary = kostecki_dillon.diary.assign(time=kostecki_dillon.diary["day"].where(lambda day: day < 0, lambda day: day - 1))
    span = diary.groupby("subject", observed=True)["time"].agg(["min", "max", "size"])
    assert (span["max"] - span["min"] + 1 > span["size"]).sum() == 74


def test_9_people_of_kostecki_dillon_have_20_days_before_and_20_after(kostecki_dillon):
    outcomes = ba.HEADACHE_DAYS.under(ba.diary.DiaryRule("20-of-28", minimum_hours=0, minimum_days=20)).derive(kostecki_dillon)
    assert outcomes.query("visit == 'week 4'")[["baseline", "value"]].notna().all(axis=1).sum() == 9


# cdisc_pilot ----------------------------------------------------------------------------------------------------------


def test_the_pilot_is_read_without_the_values_that_its_files_carry_forward(fetched):
    pilot = fetched("cdisc_pilot")
    assert pilot.arms == ["Placebo", "Xanomeline Low Dose", "Xanomeline High Dose"]
    assert (len(pilot.subjects), len(pilot.adverse_events), len(pilot.event_times)) == (254, 1191, 254)
    assert len(pilot.assessments) == 12463 - 241 - 341
    assert pilot.better == {"ACTOT": "lower"}


def test_the_last_observation_carried_forward_of_the_pilot_is_that_of_its_own_files(fetched, realdata):
    outcomes = ba.scale("ACTOT").derive(fetched("cdisc_pilot").restrict("efficacy"))
    filled = ba.missing.fill(outcomes, rule="last observation carried forward")
    ours = filled[filled["visit"].eq("Week 24")].set_index("subject")["change"].dropna()
    content = json.loads((realdata / "cdisc_pilot/dataset_json/adadas.json").read_text("utf-8"))
    file = pd.DataFrame(content["rows"], columns=[column["name"] for column in content["columns"]])
    chosen = file["PARAMCD"].eq("ACTOT") & file["AVISITN"].eq(24) & file["ANL01FL"].eq("Y") & file["EFFFL"].eq("Y")
    theirs = file[chosen].set_index("USUBJID")["CHG"]
    assert file.loc[chosen, "DTYPE"].eq("LOCF").sum() > 50
    assert len(ours) == len(theirs) == 79 + 81 + 74
    np.testing.assert_allclose(ours, theirs[ours.index], rtol=0, atol=1e-9)

"""The command line: one sentence and exit status 2 for bad input, 1 where a check finds something."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from botox_analysis.cli import app

RUN = CliRunner()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "subjects.csv").write_text("subject,arm\n" + "".join(f"s{n},{'ab'[n % 2]}\n" for n in range(12)))
    rows = [
        f"s{n},pain,{visit},{7 - n % 4 - (visit != 'baseline') * (n % 3)}\n"
        for n in range(12)
        for visit in ("baseline", "week 4")
    ]
    (tmp_path / "trial" / "assessments.csv").write_text("subject,scale,visit,value\n" + "".join(rows))
    return tmp_path


def test_report_then_check_then_check_after_a_change(folder, sketches):
    out = folder / "out"
    written = RUN.invoke(app, ["report", str(folder / "trial"), "--out", str(out)])
    assert written.exit_code == 0
    assert "The report is at" in written.output
    same = RUN.invoke(app, ["check", str(out)])
    assert same.exit_code == 0
    assert "every file and every number is the same" in same.output
    assessments = folder / "trial" / "assessments.csv"
    assessments.write_text(assessments.read_text().replace("s3,pain,week 4,4", "s3,pain,week 4,5"))
    moved = RUN.invoke(app, ["check", str(out)])
    assert moved.exit_code == 1
    assert "estimates.csv" in moved.output
    assert "sha256 of assessments.csv" in moved.output


@pytest.mark.long
def test_a_trial_that_was_moved_gives_the_same_report_and_changed_files_of_it_do_not(folder, sketches):
    out, moved = folder / "out", folder / "elsewhere" / "trial"
    RUN.invoke(app, ["report", str(folder / "trial"), "--out", str(out)])
    moved.parent.mkdir()
    (folder / "trial").rename(moved)
    gone = RUN.invoke(app, ["check", str(out)])
    assert gone.exit_code == 2
    assert "Try the argument trial (--trial)" in gone.output
    same = RUN.invoke(app, ["check", str(out), "--trial", str(moved)])
    assert (same.exit_code, same.output) == (0, f"{out}: every file and every number is the same.\n")
    assessments = moved / "assessments.csv"
    assessments.write_text(assessments.read_text().replace("s3,pain,week 4,4", "s3,pain,week 4,5"))
    other = RUN.invoke(app, ["check", str(out), "--trial", str(moved)])
    assert other.exit_code == 1
    assert other.output.splitlines()[-1] == "The trial's files are others than those of the report: assessments.csv."


def test_report_and_check_print_the_files_they_restored(folder, monkeypatch):
    monkeypatch.setattr("botox_analysis.report.draft.mend", lambda _: ["it was put back."])
    refused = RUN.invoke(app, ["check", str(folder / "out")])
    assert refused.exit_code == 2
    assert refused.stderr.startswith("botox-analysis: it was put back.\nbotox-analysis: out: found no manifest.json")
    assert "botox-analysis: it was put back." in RUN.invoke(app, ["report", "nowhere", "--out", str(folder / "out")]).stderr


def test_bad_input_is_one_sentence_and_exit_status_2(folder):
    (folder / "trial" / "assessments.csv").write_text("subject,scale,visit,value\ns0,pain,week 4,ten\ns99,pain,week 4,3\n")
    refused = RUN.invoke(app, ["report", str(folder / "trial"), "--out", str(folder / "out")])
    assert refused.exit_code == 2
    assert "assessments.csv, row 2, column 'value': found 'ten'; expected a number" in refused.output
    assert "s99" in refused.output
    assert "Traceback" not in refused.output
    assert not (folder / "out").exists()


@pytest.mark.parametrize("command", [["report", "nowhere"], ["check", "nowhere"], ["validate", "nowhere"]])
def test_a_missing_trial_or_report_is_named_with_exit_status_2(command):
    refused = RUN.invoke(app, command)
    assert refused.exit_code == 2
    assert "found" in refused.output
    assert "nowhere" in refused.output


def test_a_trial_with_one_arm_is_refused(folder):
    (folder / "trial" / "subjects.csv").write_text("subject\n" + "".join(f"s{n}\n" for n in range(12)))
    refused = RUN.invoke(app, ["report", str(folder / "trial"), "--out", str(folder / "out")])
    assert refused.exit_code == 2
    assert "one arm only" in refused.output


def test_validate_prints_the_content_of_the_files(folder):
    said = RUN.invoke(app, ["validate", str(folder / "trial")])
    assert said.exit_code == 0
    assert "assessments         24 rows of 12 subjects" in said.output
    assert said.output.splitlines()[-1] == "report: yes"


@pytest.mark.long
def test_simulate_writes_a_trial_that_validates(tmp_path):
    assert RUN.invoke(app, ["simulate", "--out", str(tmp_path / "sim"), "--seed", "7"]).exit_code == 0
    assert "rows of 1,384 subjects" in RUN.invoke(app, ["validate", str(tmp_path / "sim")]).output


@pytest.mark.long
def test_convert_writes_a_trial_that_validates(tmp_path):
    RUN.invoke(app, ["simulate", "--out", str(tmp_path / "sim"), "--seed", "7"])
    done = RUN.invoke(app, ["convert", str(tmp_path / "sim"), "--out", str(tmp_path / "out"), "--format", "parquet"])
    assert done.exit_code == 0
    assert "subjects.parquet, trial.toml" in done.output
    assert "report: yes" in RUN.invoke(app, ["validate", str(tmp_path / "out")]).output


def test_convert_refuses_an_unknown_format_and_a_folder_with_other_files(folder, tmp_path):
    folder = folder / "trial"
    unknown = RUN.invoke(app, ["convert", str(folder), "--out", str(tmp_path / "out"), "--format", "sav"])
    foreign = RUN.invoke(app, ["convert", str(folder), "--out", str(folder)])
    assert (unknown.exit_code, foreign.exit_code) == (2, 2)
    assert "found --format sav; expected one of csv, parquet" in unknown.output
    assert "not written by write_trial" in foreign.output


def test_help_imports_nothing_heavy():
    heavy = {"numpy", "pandas", "matplotlib", "scipy", "seaborn", "statsmodels"}
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom botox_analysis.cli import app\n"
        f"result = CliRunner().invoke(app, ['--help'])\nsys.exit(result.exit_code or bool({heavy} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_importing_the_library_imports_pandas_at_most():
    heavy = {"scipy", "matplotlib", "statsmodels", "seaborn"}
    code = f"import sys, botox_analysis\nsys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_validate_checks_the_protocol_too(folder):
    (folder / "trial" / "trial.toml").write_text('[protocol]\nendpoint = "pain"\nvisit = "week 99"\n')
    refused = RUN.invoke(app, ["validate", str(folder / "trial")])
    assert refused.exit_code == 2
    assert refused.output.splitlines()[-1] == (
        "report: no, because trial, protocol: found visit = 'week 99'; expected a visit at which every arm has a value of pain: "
        "'week 4'."
    )


NOISY = """
import sys, warnings
from botox_analysis import cli
cli.app = lambda **_: (print(chr(0xdcff)), warnings.warn("of a library", FutureWarning))
cli.main()
"""


@pytest.mark.parametrize(("options", "is_seen"), [([], False), (["-W", "default"], True)])
def test_warnings_of_libraries_are_shown_only_on_request_and_any_name_is_printed(options, is_seen):
    done = subprocess.run([sys.executable, *options, "-c", NOISY], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "\\udcff\n"
    assert ("of a library" in done.stderr) is is_seen


def test_validate_groups_equal_cells_and_ends_with_the_reason(folder):
    rows = "".join(f"s{n % 12},{n // 12 + 1},{'ja' if n > 2 else 'yes'}\n" for n in range(40))
    (folder / "trial" / "diary.csv").write_text(f"subject,day,headache\n{rows}s1,x,yes\n")
    refused = RUN.invoke(app, ["validate", str(folder / "trial")])
    assert refused.exit_code == 2
    grouped = (
        "diary.csv, column 'headache': 'ja' in 37 rows, first in row 5; expected yes or no, or a line of [values.diary.headache]"
    )
    assert any(line.startswith(grouped) for line in refused.output.splitlines())
    assert "diary.csv, row 42, column 'day': 'x'; expected a whole study day" in refused.output
    assert refused.output.splitlines()[-1].startswith("report: no, because diary.csv, row 5")


def test_init_writes_a_missing_draft_and_leaves_an_existing_one(folder):
    trial = folder / "trial"
    drafted = RUN.invoke(app, ["init", str(trial)])
    assert drafted.exit_code == 0
    assert (trial / "trial.toml").read_text(encoding="utf-8") in drafted.output
    (trial / "trial.toml").write_text('name = "mine"\n')
    again = RUN.invoke(app, ["init", str(trial)])
    assert "exists already: nothing was written" in again.output
    assert (trial / "trial.toml").read_text() == 'name = "mine"\n'
    elsewhere = RUN.invoke(app, ["init", str(trial), "--out", str(folder / "drafts" / "a.toml")])
    assert elsewhere.exit_code == 0
    assert (folder / "drafts" / "a.toml").is_file()
    assert RUN.invoke(app, ["init", str(folder / "nowhere")]).exit_code == 2


def test_init_and_validate_take_a_single_file_and_show_what_it_became(tmp_path):
    file = tmp_path / "Klinik.csv"
    rows = [f"s{n},{'ab'[n % 2]},{day},{(n + day) % 5}" for n in range(12) for day in range(-3, 4) if day]
    file.write_text("\n".join(["Patient,Gruppe,Tag,Stunden", *rows]) + "\n")
    assert RUN.invoke(app, ["init", str(file)]).exit_code == 0
    assert (tmp_path / "trial.toml").is_file()
    said = " ".join(RUN.invoke(app, ["validate", str(file)]).stdout.split())
    assert "read subjects from Klinik.csv (one table): 12 rows, 2 columns diary from Klinik.csv (one table): 72 rows" in said


def test_an_analysis_that_is_not_known_is_refused_by_validate_and_report(folder):
    (folder / "trial" / "trial.toml").write_text('[protocol]\nanalysis = "anova"\n')
    for command in (["validate", str(folder / "trial")], ["report", str(folder / "trial"), "--out", str(folder / "out")]):
        refused = RUN.invoke(app, command)
        assert refused.exit_code == 2
        assert "protocol: found analysis = 'anova'; expected one of 'mmrm', 'ancova'" in refused.output

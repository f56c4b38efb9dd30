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


def test_report_then_check_then_check_after_a_change(folder):
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


def test_bad_input_is_one_sentence_and_exit_status_2(folder):
    (folder / "trial" / "assessments.csv").write_text("subject,scale,visit,value\ns0,pain,week 4,ten\ns99,pain,week 4,3\n")
    refused = RUN.invoke(app, ["report", str(folder / "trial"), "--out", str(folder / "out")])
    assert refused.exit_code == 2
    assert "assessments.csv, row 2, column 'value': found 'ten'; expected a number" in refused.output
    assert "s99" in refused.output
    assert "Traceback" not in refused.output
    assert not (folder / "out").exists()


@pytest.mark.parametrize("command", [["report", "nowhere"], ["check", "nowhere"], ["validate", "nowhere"]])
def test_what_is_not_there_is_said(command):
    refused = RUN.invoke(app, command)
    assert refused.exit_code == 2
    assert "found" in refused.output
    assert "nowhere" in refused.output


def test_a_trial_with_one_arm_is_refused(folder):
    (folder / "trial" / "subjects.csv").write_text("subject\n" + "".join(f"s{n}\n" for n in range(12)))
    refused = RUN.invoke(app, ["report", str(folder / "trial"), "--out", str(folder / "out")])
    assert refused.exit_code == 2
    assert "one arm only" in refused.output


def test_validate_says_what_the_files_hold(folder):
    said = RUN.invoke(app, ["validate", str(folder / "trial")])
    assert said.exit_code == 0
    assert "12 subjects" in said.output
    assert "24 rows" in said.output


def test_simulate_writes_a_trial_that_validates(tmp_path):
    assert RUN.invoke(app, ["simulate", "--out", str(tmp_path / "sim"), "--seed", "7"]).exit_code == 0
    assert "1,384 subjects" in RUN.invoke(app, ["validate", str(tmp_path / "sim")]).output


@pytest.mark.parametrize("module", ["numpy", "pandas", "matplotlib", "scipy", "seaborn", "statsmodels"])
def test_help_imports_nothing_heavy(module):
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom botox_analysis.cli import app\n"
        f"result = CliRunner().invoke(app, ['--help'])\nsys.exit(result.exit_code or '{module}' in sys.modules)"
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
    assert "the protocol's visit 'week 99' is not among those of pain: 'week 4'" in refused.output


def test_an_analysis_that_is_not_known_is_refused_by_validate_and_report(folder):
    (folder / "trial" / "trial.toml").write_text('[protocol]\nanalysis = "anova"\n')
    for command in (["validate", str(folder / "trial")], ["report", str(folder / "trial"), "--out", str(folder / "out")]):
        refused = RUN.invoke(app, command)
        assert refused.exit_code == 2
        assert "protocol: found analysis = 'anova'; expected one of 'mmrm', 'ancova'" in refused.output

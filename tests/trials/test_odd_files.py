"""Files of unusual size or shape are read without loss."""

import pytest

import botox_analysis as ba

TWO = "subject,arm\na,P\nb,T\n"


@pytest.mark.long
@pytest.mark.parametrize("n", [2_000, 6_000])
def test_a_header_longer_than_any_other_is_the_header(trial_folder, n):
    names = [f"covariate{number}" for number in range(n)]
    rows = "".join(f"{subject},{arm},{','.join(['7'] * n)}\n" for subject, arm in ("aP", "bT"))
    trial = ba.load_trial(trial_folder(subjects_csv=f"subject,arm,{','.join(names)}\n{rows}"))
    assert trial.covariates == names


@pytest.mark.parametrize(
    ("content", "n"),
    [
        ("subject,arm\n" + "".join(f"s{at},arm {at % 300}\n" for at in range(600)), 300),
        (f"subject,arm\na,{'P' * 10**6}\nb,T\n", 2),
        ("subject,arm\na," + '"' * 10**5 + "\nb,T\n", 2),
        (f"subject,arm\n{'a' * 10**6},P\nb,T\n", 2),
    ],
    ids=["300 arms", "a cell of 1 MB", "a cell of quotes", "an identifier of 1 MB"],
)
def test_many_arms_and_long_cells_are_read(trial_folder, content, n):
    assert len(ba.load_trial(trial_folder(subjects_csv=content)).arms) == n


@pytest.mark.parametrize("name", ["week 1" + "0" * 400, "1" + "0" * 400 + " months", "week " + "1" * 10**5])
def test_a_visit_beyond_all_time_has_no_day(trial_folder, name):
    rows = f"subject,scale,visit,value\na,N,baseline,1\na,N,{name},2\n"
    trial = ba.load_trial(trial_folder(subjects_csv=TWO, assessments_csv=rows))
    assert trial.assessments["visit"].cat.categories[1] == name


def test_columns_set_apart_by_many_spaces_are_refused_by_their_number(trial_folder):
    with pytest.raises(ba.DataError, match=r"subjects\.csv, row 2: found 4 cells; expected 2, as in the header"):
        ba.load_trial(trial_folder(subjects_csv="subject arm\na   P\n", trial_toml='separator = " "'))


@pytest.mark.parametrize("name", ["trial.tml", "trials.toml", "trial.tom", "Trial.Toml", "trial.toml.old"])
def test_settings_of_nearly_that_name_are_not_passed_over(trial_folder, name):
    folder = trial_folder(subjects_csv=TWO)
    (folder / name).write_text('name = "x"')
    with pytest.raises(ba.DataError, match=r"found a name that is nearly 'trial\.toml'"):
        ba.load_trial(folder)


@pytest.mark.parametrize("name", ["trial.csv", "trial.md", "trial.log", "trials.txt", "triage.toml.d.md"])
def test_another_file_about_the_trial_is_no_settings(trial_folder, name):
    folder = trial_folder(subjects_csv=TWO)
    (folder / name).write_text("x")
    assert ba.load_trial(folder).arms == ["P", "T"]


def test_a_name_too_long_for_a_folder_is_refused():
    with pytest.raises(ba.DataError, match=r"found a file that cannot be read .*; expected a folder"):
        ba.open_trial("x" * 5000)

"""The command ``botox-analysis``. Modules that take long to import are imported only by the commands that need them."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from botox_analysis.errors import DataError
    from botox_analysis.report.write import Progress

BAD_INPUT = 2
MOVED = 1

app = typer.Typer(
    help="From a trial's raw diaries to its published figures.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

TrialName = Annotated[
    str,
    typer.Argument(
        metavar="[TRIAL]",
        help="A folder with the trial's files, a file, or simulated, vickers2004, cdystonia. Left out: the bundled trial.",
    ),
]


@app.command()
def report(
    trial: TrialName = "simulated",
    out: Annotated[Path, typer.Option("--out", help="The folder to write; an earlier report in it is replaced.")] = Path(
        "report"
    ),
) -> None:
    """Analyse a trial and write its report: a page, figures, tables, every number."""
    with _one_sentence(), _progress() as progress:
        from botox_analysis import open_trial, write_report
        from botox_analysis.report.draft import mend

        for repaired in mend(out):
            typer.echo(f"botox-analysis: {repaired}", err=True)
        page = write_report(open_trial(trial), out, progress=progress)
    typer.echo(f"The report is at {page}")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a report.")],
    trial: Annotated[str, typer.Option("--trial", help="The trial, if its folder has moved since.")] = "",
) -> None:
    """Make a report again and list the files and numbers that changed, those that differ by rounding, and possible reasons.

    Exit status 0: the same, but for rounding. 1: a file or number changed. 2: the report or its trial is missing or damaged.
    """
    with _one_sentence(), _progress() as progress:
        from botox_analysis import check_report, open_trial
        from botox_analysis.report.check import ROUNDED, reasons_for
        from botox_analysis.report.draft import put_back

        for repaired in put_back(folder):
            typer.echo(f"botox-analysis: {repaired}", err=True)
        found = check_report(folder, trial=open_trial(trial) if trial else None, progress=progress)
    if found.empty:
        typer.echo(f"{folder}: every file and every number is the same.")
        return
    for row in found.itertuples():
        typer.echo(f"{row.file}: {row.what}: {row.reported} -> {row.now}{f' ({ROUNDED})' if row.verdict == ROUNDED else ''}")
    if (found["verdict"] == ROUNDED).all():
        typer.echo(f"{folder}: every number is {ROUNDED}, and every file but for such numbers.")
        return
    for reason in reasons_for(found):
        typer.echo(reason)
    raise typer.Exit(MOVED)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option("--out", help="The folder for the trial's files.")],
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Seed of the random numbers. Left out: that of the bundled trial.")
    ] = None,
) -> None:
    """Write a simulated trial in chronic migraine; the recorded seed gives the bundled files, byte for byte."""
    with _one_sentence():
        from botox_analysis.trials.simulated.trial import SEED, write_simulated_trial

        used = SEED if seed is None else seed
        write_simulated_trial(out, seed=used)
    typer.echo(f"Simulated data (seed {used}) are in {out}")


@app.command()
def convert(
    trial: TrialName = "simulated",
    *,
    out: Annotated[Path, typer.Option("--out", help="The folder to write; an earlier trial written there is replaced.")],
    to: Annotated[str, typer.Option("--format", help="csv, parquet, xlsx, xpt or dataset-json.")] = "csv",
) -> None:
    """Write a trial in another format, with a trial.toml: read again, the files are the same trial."""
    with _one_sentence():
        from botox_analysis import open_trial, write_trial
        from botox_analysis.errors import DataError
        from botox_analysis.trials.writing.write import WRITERS

        if to not in WRITERS:
            raise DataError(f"found --format {to}; expected one of {', '.join(WRITERS)}.")
        written = write_trial(open_trial(trial), out, format=to)
        names = sorted(path.name for path in written.iterdir())
    typer.echo(f"{trial} is in {written}: {', '.join(names)}")


@app.command()
def validate(trial: TrialName = "simulated") -> None:
    """Read a trial's files and list every problem, or the data as understood. The last line states if a report can be made.

    Exit status 0: report: yes. 2: report: no; the command report would end with the same error.
    """
    from botox_analysis import open_trial, validate_trial
    from botox_analysis.errors import DataError

    try:
        opened = open_trial(trial)
    except (DataError, OSError) as error:
        for line in _problem_lines(error) if isinstance(error, DataError) else ():
            typer.echo(line)
        typer.echo(f"report: no, because {error}")
        raise typer.Exit(BAD_INPUT) from None
    found = validate_trial(opened)
    typer.echo(found)
    if found.refusal:
        raise typer.Exit(BAD_INPUT)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder with a trial's files, or a file; names are free.")],
    out: Annotated[Path | None, typer.Option("--out", help="The file to write. Left out: trial.toml beside the files.")] = None,
) -> None:
    """Draft a trial.toml from a folder or a file: guesses are marked as guesses, questions are comments.

    The draft is printed. It is also written to a file, unless that file exists.
    """
    with _one_sentence():
        from botox_analysis import draft_settings

        draft = draft_settings(path)
        typer.echo(draft, nl=False)
        target = (path if path.is_dir() else path.parent) / "trial.toml" if out is None else out
        if target.exists():
            typer.echo(f"{target} exists already: nothing was written.", err=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(draft.encode())
    typer.echo(f"The draft is in {target}. Answer its questions, then: botox-analysis validate {path}", err=True)


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names may contain bytes or letters that this terminal cannot show.
        sys.stdout.reconfigure(errors="backslashreplace")
    if not sys.warnoptions:
        # Libraries warn about their own future versions, which does not concern a user of the command. python -W shows these.
        warnings.simplefilter("ignore")
    app(prog_name="botox-analysis")


@contextmanager
def _one_sentence() -> Iterator[None]:
    """Print an error of the input in one sentence, with a line for each of several problems, without a traceback."""
    from botox_analysis.errors import DataError, FitError

    try:
        yield
    except DataError as error:
        typer.echo(f"botox-analysis: {error}", err=True)
        if len(error.problems) > 1:
            for line in _problem_lines(error):
                typer.echo(f"  {line}", err=True)
        raise typer.Exit(BAD_INPUT) from None
    except (FitError, OSError) as error:
        typer.echo(f"botox-analysis: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from None


def _problem_lines(error: DataError) -> Iterator[str]:
    """Write a line for each problem: its place, the content found, the number of rows, the content expected."""
    import pandas as pd

    for row in error.problems.itertuples():
        column = f", column '{row.column}'" if row.column else ""
        if row.n > 1:
            yield f"{row.file}{column}: {row.found} in {row.n:,} rows, first in row {row.row:.0f}; expected {row.expected}"
        else:
            place = "" if pd.isna(row.row) else f", row {row.row:.0f}"
            yield f"{row.file}{place}{column}: {row.found}; expected {row.expected}"


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a progress bar on the error stream, if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", justify="left"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        def report_step(step: str, n_done: int, n_steps: int) -> None:
            bar.update(task, description=step, completed=n_done, total=n_steps)

        yield report_step


if __name__ == "__main__":
    main()

"""`prosopon bench` and what belongs to it. Only what help texts need is imported here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from serve_app.cli.console import err, out, print_table, reported

if TYPE_CHECKING:
    from benchmarks.sweep.findings import Findings
    from benchmarks.sweep.survey import Verdicts

app = typer.Typer(
    help="Measure this machine: how fast, how long, how many at once, at what cost.",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
survey_app = typer.Typer(help="Ask people what no machine can tell.", no_args_is_help=True)
app.add_typer(survey_app, name="survey")

Folder = Annotated[Path, typer.Option("--output", "-o", help="Where results and report go.")]
Results = Annotated[Path, typer.Argument(help="Folder of a sweep's results.")]
_FOLDER = Path("bench")


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    quick: Annotated[
        bool, typer.Option("--quick", help="A few rounds in minutes, instead of all in hours.")
    ] = False,
    output: Folder = _FOLDER,
    service: Annotated[
        bool, typer.Option(help="Also measure a service of its own, that is started for it.")
    ] = True,
) -> None:
    """Measure the tiers on this machine, in process and through a service; goes on where an earlier run stopped."""
    if context.invoked_subcommand is not None:
        return
    with reported(False):
        from benchmarks.sweep.session import measure

        measure(output, quick, service)
        report(output)


@app.command()
def report(results: Results = _FOLDER) -> None:
    """Write report.html from the results of a sweep."""
    with reported(False):
        from benchmarks.sweep.report import html

        page = results / "report.html"
        page.write_text(html(*_read(results)), encoding="utf-8")
        out.print(escape(str(page)), soft_wrap=True)


@app.command()
def limits(
    results: Results = Path("benchmarks/results"),
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path(
        "docs/limits.md"
    ),
) -> None:
    """Write the limits that a sweep found as a page of the documentation."""
    with reported(False):
        from benchmarks.sweep.limits import markdown

        text = markdown(*_read(results))
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
        out.print(escape(str(output)), soft_wrap=True)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="Results of a sweep (folder or .jsonl).")],
    second: Annotated[Path, typer.Argument(help="Those of another.")],
) -> None:
    """Tell what got better or worse between two sweeps, with 95 % intervals."""
    with reported(False):
        from benchmarks.sweep import compare as compared
        from benchmarks.sweep.plan import difference

        a, b = _findings(first), _findings(second)
        changes = list(compared.changes(a, b))
        colours = {"better": "green", "worse": "red", "no difference": "dim"}
        rows = [
            (
                difference(change.task),
                change.measure,
                f"{change.ratio.value:.2f}",
                f"{change.ratio.low:.2f} to {change.ratio.high:.2f}",
                f"{change.counts[0]}, {change.counts[1]}",
                f"[{colours[change.verdict]}]{change.verdict}[/]",
            )
            for change in changes
        ]
        print_table(("clip", "of", "ratio", "95 %", "clips", ""), rows)
        middle, most = compared.worst(compared.agreements(a, b))
        out.print(
            f"Processor time to the base beside it differs by {middle:.1%} in the median, {most:.1%} at most."
        )


@survey_app.command()
def make(
    clips: Annotated[
        Path,
        typer.Argument(help="Folder of MP4s; NAME@VARIANT.mp4 are compared within each NAME."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path(
        "survey.html"
    ),
) -> None:
    """Make a page, one file, on which people rate clips, choose between them blindly, and wait."""
    with reported(False):
        from benchmarks.sweep.survey_page import make_page

        key = make_page(clips, output)
        out.print(escape(str(output)), soft_wrap=True)
        err.print(f"Keep {escape(str(key))} to yourself: it says which clip is which.")


@survey_app.command()
def read(
    key: Annotated[Path, typer.Argument(help="survey-key.json, from when the page was made.")],
    answers: Annotated[list[Path], typer.Argument(help="Files that the page let people save.")],
    output: Folder = _FOLDER,
) -> None:
    """Count answers: a table, and survey.json for the report."""
    with reported(False):
        from benchmarks.sweep import survey

        found = survey.count(
            survey.read_json(key, survey.Key),
            [survey.read_json(path, survey.Answers) for path in answers],
        )
        output.mkdir(parents=True, exist_ok=True)
        path = output / survey.FILE
        path.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
        for title, columns, rows in survey.tables(found):
            out.print(f"\n[bold]{title}[/]")
            print_table(columns, rows)


def _read(results: Path) -> "tuple[Findings, Verdicts | None]":
    from benchmarks.sweep import survey

    said = results / survey.FILE
    verdicts = survey.read_json(said, survey.Verdicts) if said.exists() else None
    return _findings(results), verdicts


def _findings(results: Path) -> "Findings":
    from benchmarks.sweep import records
    from benchmarks.sweep.findings import findings

    path = results / records.FILE if results.is_dir() else results
    return findings(*records.read(path))

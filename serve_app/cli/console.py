"""What the terminal sees: progress, results, errors and exit codes."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from backends.errors import InputError, ProsoponError
from serve_app.cli import INTERRUPTED
from serve_app.schemas import Report, Stage

INPUT_AT_FAULT, OURS = 2, 1
"""Exit codes beside 0 and INTERRUPTED."""

err = Console(stderr=True, highlight=False)
out = Console(highlight=False)


@contextmanager
def reported(as_json: bool) -> Iterator[None]:
    """Turns errors into one line on standard error and an exit code.

    With `as_json`, standard output gets `{"error": {"code", "message"}}` as well.
    """
    try:
        yield
    except typer.Exit:
        raise
    except KeyboardInterrupt:
        _fail(as_json, "interrupted", "stopped before it was done", INTERRUPTED)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        flag = "--" + "-".join(str(part) for part in first["loc"]).replace("_", "-")
        _fail(as_json, InputError.code, f"{flag}: {first['msg']}", INPUT_AT_FAULT)
    except ProsoponError as error:
        exit_code = INPUT_AT_FAULT if isinstance(error, InputError) else OURS
        _fail(as_json, error.code, error.message, exit_code)
    except Exception as error:
        if as_json:
            print_json(
                {"error": {"code": "internal", "message": f"{type(error).__name__}: {error}"}}
            )
        raise


def _fail(as_json: bool, code: str, message: str, exit_code: int) -> None:
    err.print(f"[bold red]{code}[/]: ", end="")
    err.print(message, markup=False, soft_wrap=True)
    if as_json:
        print_json({"error": {"code": code, "message": message}})
    raise typer.Exit(exit_code)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    if isinstance(value, BaseModel):
        text = value.model_dump_json(indent=2)
    else:
        text = json.dumps(value, indent=2, ensure_ascii=False)
    sys.stdout.write(text + "\n")


def print_table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """The first column names the row, to be copied: it is never broken."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=i == 0)
    for row in rows:
        table.add_row(*row)
    out.print(table)


@contextmanager
def progress() -> Iterator[Report]:
    """A bar on standard error; nothing where that is no terminal."""
    with _bar() as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda stage, done: bar.update(task, description=stage.value, completed=done)


@contextmanager
def batch_progress(rows: int) -> Iterator[Callable[[int], Report]]:
    """A bar for many videos: gives each row its own report."""
    shares: dict[int, float] = {}
    with _bar() as bar:
        task = bar.add_task(f"0/{rows}", total=rows)

        def of_row(row: int) -> Report:
            def report(stage: Stage, done: float) -> None:
                shares[row] = done
                whole = sum(share >= 1.0 for share in shares.values())
                told = f"{whole}/{rows} {stage.value}"
                bar.update(task, description=told, completed=sum(shares.values()))

            return report

        yield of_row


def _bar() -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)

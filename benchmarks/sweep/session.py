"""One run of `prosopon bench`: everything that the results lack, with a bar that says how far it is."""

from pathlib import Path

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from benchmarks.sweep import plan
from benchmarks.sweep.records import FILE, Records, Task, here
from benchmarks.sweep.run import Sweep
from benchmarks.sweep.serving import serve
from serve_app.cli.console import err
from serve_app.config import tier_names


def measure(folder: Path, quick: bool, service: bool) -> None:
    """Adds to the results in `folder`.

    Raises:
        InputError: what lies there is no result of a sweep.
        KeyboardInterrupt: it was stopped; what was measured is kept, and the next run goes on.
    """
    records = Records(folder / FILE, here())
    if records.moved is not None:
        err.print(
            f"Earlier results are of another machine or version; they are now {records.moved}"
        )
    scale = plan.QUICK if quick else plan.FULL
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        steps = bar.add_task("starting", total=plan.steps(scale, tier_names()))

        def tell(task: Task) -> None:
            bar.update(steps, advance=1, description=task.label)

        try:
            with Sweep.open(records, scale, tell) as sweep:
                sweep.rounds()
                sweep.limits()
            if service:
                serve(records, scale, tell)
        except KeyboardInterrupt:
            err.print(
                f"{len(records.rows)} measurements are kept in {records.path}; run it again to go on"
            )
            raise
        bar.update(steps, total=bar.tasks[0].completed, description="done")

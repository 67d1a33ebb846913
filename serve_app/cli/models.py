"""`prosopon models`: weights that are not in packages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from serve_app.cli.catalogue import AsJson
from serve_app.cli.console import OURS, err, out, print_json, print_table, reported

if TYPE_CHECKING:
    from backends.weights import Item
    from backends.weights import Progress as Told

app = typer.Typer(help="Fetch and check weights that are not in packages.", no_args_is_help=True)

Names = Annotated[
    list[str], typer.Argument(help="As `models list` names them: wav2lip, piper:NAME, …")
]


@app.command("list")
def list_models(
    everything: Annotated[
        bool, typer.Option("--all", help="Ask the hub for all that is published.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What can be pulled, and what of it is here."""
    with reported(as_json):
        items = _known(everything)
        if as_json:
            print_json([_facts(item) for item in items])
            return
        rows = [
            (i.id, i.summary, _megabytes(i), _licence(i), "here" if i.here else "") for i in items
        ]
        print_table(("name", "", "size", "licence", ""), rows)
        if not everything:
            err.print("Every published voice: prosopon models list --all")


@app.command()
def pull(names: Names, as_json: AsJson = False) -> None:
    """Fetch weights; what breaks off goes on where it stopped when it is asked for again."""
    from backends import weights

    with reported(as_json), _bars() as told:
        items = _items(names)
        for item in items:
            err.print(f"{item.id}: {_megabytes(item)}, licence: {_licence(item)}", highlight=False)
        found = [(item, weights.pull(item, told)) for item in items]
        if as_json:
            print_json([_facts(item) | {"folder": str(folder)} for item, folder in found])
            return
        for item, folder in found:
            out.print(f"{item.id}: {folder}", highlight=False)
            out.print(f"  {_megabytes(item)}, licence: {_licence(item)}", highlight=False)


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which; without one, all that are here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that weights are what they should be."""
    from backends import weights

    with reported(as_json):
        items = _items(names) if names else [item for item in _known() if item.here]
        found = {item.id: weights.verify(item) for item in items}
        if as_json:
            print_json(found)
        else:
            for name, wrong in found.items():
                out.print(f"{name}: {'wrong: ' + ', '.join(wrong) if wrong else 'right'}")
        if any(found.values()):
            raise typer.Exit(OURS)


@app.command()
def export(
    output: Annotated[Path, typer.Argument(help="NAME.onnx or NAME.safetensors.")],
    weights: Annotated[
        Path | None, typer.Option(help="A Wav2Lip checkpoint; without one, what was pulled.")
    ] = None,
    whole: Annotated[
        bool, typer.Option(help="Also the upper half of faces, for the engine's option whole.")
    ] = False,
    int8: Annotated[bool, typer.Option(help="Convolutions in 8 bits.")] = False,
) -> None:
    """Write Wav2Lip's network as a file that needs no torch; the engine's option weights names it."""
    with reported(False):
        from backends.animation.wav2lip.engine import pulled_weights
        from backends.animation.wav2lip.export import export as write

        write(weights or pulled_weights(), output, whole=whole, int8=int8)
        out.print(f"{output}: {output.stat().st_size / 1e6:.0f} MB", highlight=False)


def _items(names: list[str]) -> "list[Item]":
    """The hub is asked only for what is not known here."""
    from backends import weights

    known = {item.id for item in _known()}
    asks = any(name.startswith("piper:") and name not in known for name in names)
    return [weights.find(_known(asks), name) for name in names]


def _known(everything: bool = False) -> "tuple[Item, ...]":
    """What can be pulled; all of Piper's voices are known to the hub alone."""
    from backends.animation.weights import ITEMS
    from backends.speech import piper_hub
    from backends.speech.xtts_voices import V2

    return (*ITEMS, V2, *(piper_hub.fetch_index() if everything else piper_hub.items()))


def _facts(item: "Item") -> dict[str, object]:
    return {
        "name": item.id,
        "summary": item.summary,
        "bytes": item.size,
        "licence": _licence(item),
        "source": f"{item.repository}@{item.revision}",
        "here": item.here,
    }


def _licence(item: "Item") -> str:
    """What the card says, once it is here."""
    from backends.speech.piper_voices import licence_in

    of_voice = item.here and item.id.startswith("piper:")
    return licence_in(item.folder).weights if of_voice else item.licence


def _megabytes(item: "Item") -> str:
    return f"{item.size / 1e6:.0f} MB"


@contextmanager
def _bars() -> "Iterator[Told]":
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def told(name: str, done: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=size or None)
            bars.update(tasks[name], completed=done)

        yield told

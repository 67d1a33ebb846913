"""`prosopon verify`: how a clip says that it was made, and whether that is to be believed."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from serve_app.cli.catalogue import AsJson
from serve_app.cli.console import INPUT_AT_FAULT, out, print_json, reported

if TYPE_CHECKING:
    from backends.composition.credentials import Credentials


def verify(
    file: Annotated[Path, typer.Argument(help="An MP4, WAV, MP3, FLAC, JPEG or PNG.")],
    as_json: AsJson = False,
) -> None:
    """Show and check a file's content credentials; exit code 2 where it has none or was changed."""
    from backends.composition.credentials import read

    with reported(as_json):
        found = read(file)
        if as_json:
            print_json(asdict(found))
        else:
            _tell(file, found)
        if not found.valid:
            raise typer.Exit(INPUT_AT_FAULT)


def _tell(file: Path, found: "Credentials") -> None:
    if found.valid:
        out.print(f"[green]unchanged[/] {escape(str(file))}", soft_wrap=True)
    else:
        why = ", ".join(found.problems)
        out.print(f"[red]changed[/] {escape(str(file))}: {escape(why)}", soft_wrap=True)
    trust = "" if found.trusted else ", which no authority vouches for"
    _line("signed by", f"{found.signed_by}{trust}")
    _line("made", found.made_at)
    _line("how", found.source_type)
    for name, value in found.facts.items():
        _line(name, value)


def _line(name: str, value: Any) -> None:
    if isinstance(value, dict):
        value = ", ".join(f"{key} {told}" for key, told in value.items())
    out.print(f"  {escape(str(name))}: {escape(str(value))}", highlight=False, soft_wrap=True)

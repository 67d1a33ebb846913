"""The commands of `prosopon`.

Only what help texts need is imported here; engines, Ray and HTTP come with the command that uses them.
"""

from importlib.metadata import version
from typing import Annotated

import typer

from serve_app.cli import audit, catalogue, keys, models, portraits, serve, speak, verify
from serve_app.cli.joined import JoinedCommands

app = typer.Typer(
    name="prosopon",
    help="Text with emotion cues and a portrait become a video of that person speaking.",
    cls=JoinedCommands,
    epilog='Begin with:  prosopon speak "Hello \\[happy] everyone!" --output hello.mp4',
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"prosopon {version('prosopon')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Text with emotion cues and a portrait become a video of that person speaking."""


app.command(epilog=speak.EXAMPLES)(speak.speak)
app.command()(catalogue.voices)
app.add_typer(portraits.app, name="portraits")
app.add_typer(models.app, name="models")
app.command()(catalogue.tiers)
app.command()(catalogue.doctor)
app.command()(serve.serve)
app.add_typer(keys.app, name="keys")
app.command()(audit.audit)
app.command()(verify.verify)

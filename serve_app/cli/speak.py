"""`prosopon speak`: text and a portrait in, an MP4 out, in this process or through a service."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from serve_app.cli.console import err, out, print_json, reported
from serve_app.cli.flags import MORE, VOICE, WHAT, request_flags
from serve_app.cli.inputs import naming, read_pronunciations, read_text
from serve_app.cli.making import Outputs, make, read_request_media
from serve_app.schemas import ClipFacts, VideoRequest

EXAMPLES = "[bold]Examples[/]\n\n" + "\n\n".join(
    escape(f"prosopon speak {example}")
    for example in (
        '"Hello [happy] everyone!" --portrait face.jpg --output hello.mp4',
        "--text-file talk.txt --emotion calm --intensity 0.6 --captions srt",
        "--text-file - --aspect 9:16 --size 1080 --captions burn < talk.txt",
        '"Hello." --portrait clip.mp4',
        "--driving-video me.mp4 --portrait face.jpg",
        '"[surprised:0.5] Wow!" --server http://127.0.0.1:8000 --json',
    )
)


@request_flags
def speak(
    text: Annotated[
        str | None, typer.Argument(help="What to say, with cues in brackets.", show_default=False)
    ] = None,
    *,
    text_file: Annotated[
        Path | None,
        typer.Option(
            help="Read the text from a UTF-8 file; - is standard input.", rich_help_panel=WHAT
        ),
    ] = None,
    portrait: Annotated[
        str,
        typer.Option(
            help="Who says it: a picture (JPEG, PNG, WebP, …), a video of up to 60 seconds that keeps its own head "
            "motion, or preset:NAME.",
            metavar="FILE|preset:NAME",
            rich_help_panel=WHAT,
        ),
    ] = VideoRequest.model_fields["portrait"].default,
    driving_video: Annotated[
        Path | None,
        typer.Option(
            help="A video of up to 60 seconds. The portrait follows its head, gaze, blinks and brows while it speaks; "
            "without a text, its mouth too, with the video's own sound.",
            metavar="FILE",
            rich_help_panel=WHAT,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The MP4 to write.", rich_help_panel=WHAT)
    ] = Path("prosopon.mp4"),
    pronounce: Annotated[
        Path | None,
        typer.Option(
            help="A list of respellings: a line each, word and respelling split by a comma or a tab.",
            rich_help_panel=VOICE,
        ),
    ] = None,
    export_performance: Annotated[
        Path | None,
        typer.Option(
            help="Write what the face does, a row a frame (52 ARKit coefficients, head, gaze): .json or .csv.",
            rich_help_panel=MORE,
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            help="Address of a running service that makes the video; without it, this process does.",
            metavar="URL",
            rich_help_panel=MORE,
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print one JSON object, the facts or the error, and nothing else on standard output.",
            rich_help_panel=MORE,
        ),
    ] = False,
    **fields: Any,
) -> None:
    """Make a video of a person speaking a text."""
    with reported(as_json):
        request = VideoRequest(
            text=read_text(text, text_file, optional=driving_video is not None),
            portrait=portrait,
            driving_video=None if driving_video is None else str(driving_video),
            pronounce=read_pronunciations(pronounce),
            **fields,
        )
        media = read_request_media(request)
        outputs = Outputs.of(request, output, export_performance)
        with naming(portrait, request.driving_video):
            facts = make(request, media, outputs, server)
        if as_json:
            print_json(facts)
        else:
            tell(facts, outputs)


def tell(facts: ClipFacts, outputs: Outputs) -> None:
    """What was made, for people."""
    for warning in facts.warnings:
        where = "" if warning.position is None else f" (at character {warning.position})"
        err.print(f"[yellow]{warning.code}[/]: {escape(warning.message)}{where}", soft_wrap=True)
    width, height = facts.size
    engines = facts.engines
    out.print(
        f"[bold]{escape(facts.path)}[/]  {facts.duration_s:.2f} s, {width}x{height}, {facts.fps} fps, "
        f"{engines.speech} + {engines.animation} + {engines.encoder}, RTF {facts.real_time_factor:.2f}",
        soft_wrap=True,
    )
    for path in (outputs.captions, outputs.performance):
        if path is not None:
            out.print(escape(str(path)), soft_wrap=True)

"""`prosopon speak`: text and a portrait in, an MP4 out, in this process or through a service."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from backends.errors import InputError
from serve_app.cli import INTERRUPTED
from serve_app.cli.console import err, out, print_json, reported
from serve_app.cli.flags import MORE, VOICE, WHAT, request_flags
from serve_app.cli.inputs import naming, read_pronunciations, read_text
from serve_app.cli.making import Outputs, make, read_request_media
from serve_app.schemas import ClipFacts, VideoRequest

OUTPUT = Path("prosopon.mp4")
EXAMPLES = "[bold]Examples[/]\n\n" + "\n\n".join(
    escape(f"prosopon speak {example}")
    for example in (
        '"Hello [happy] everyone!" --portrait face.jpg --output hello.mp4',
        "--text-file talk.txt --emotion calm --intensity 0.6 --captions srt",
        "--text-file - --aspect 9:16 --size 1080 --captions burn < talk.txt",
        '"Hello." --portrait clip.mp4',
        "--driving-video me.mp4 --portrait face.jpg",
        '--audio speech.mp3 --transcript "Hello [happy] everyone!" --portrait face.jpg',
        "--batch talks.csv --portrait face.jpg --language en",
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
    audio: Annotated[
        Path | None,
        typer.Option(
            help="A recording of speech (WAV, FLAC, MP3, OGG, M4A, a video's sound; up to an hour) that is heard and "
            "moves the lips, instead of a text.",
            metavar="FILE",
            rich_help_panel=WHAT,
        ),
    ] = None,
    transcript: Annotated[
        str | None,
        typer.Option(
            help="What is said in the audio, with cues for the face; without one it is recognised by ear.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    transcript_file: Annotated[
        Path | None,
        typer.Option(
            help="Read the transcript from a UTF-8 file; - is standard input.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            help="Make a video of each row of a CSV file: columns text, portrait, output and any other flag; flags "
            "given here hold for empty cells. What is made already is kept.",
            metavar="FILE.csv",
            rich_help_panel=WHAT,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The MP4 to write.",
            show_default=str(OUTPUT),
            rich_help_panel=WHAT,
        ),
    ] = None,
    reference_audio: Annotated[
        Path | None,
        typer.Option(
            help="A recording of at least 6 seconds of one person speaking, whose voice is to speak; for tiers that "
            "clone voices.",
            metavar="FILE",
            rich_help_panel=VOICE,
        ),
    ] = None,
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
    api_key: Annotated[
        str | None,
        typer.Option(
            help="For a service that asks for one; `prosopon keys` makes them.",
            envvar="PROSOPON_API_KEY",
            show_envvar=True,
            metavar="KEY",
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
        if batch is not None:
            _refuse_with_batch(text, text_file, output, export_performance)
            fields |= {"portrait": portrait, "pronounce": read_pronunciations(pronounce)}
            fields["driving_video"] = None if driving_video is None else str(driving_video)
            fields["audio"] = None if audio is None else str(audio)
            fields["reference_audio"] = None if reference_audio is None else str(reference_audio)
            fields["transcript"] = read_text(transcript, transcript_file, True, "transcript")
            _make_batch(batch, fields, server, api_key, as_json)
            return
        request = VideoRequest(
            text=read_text(text, text_file, optional=bool(driving_video or audio)),
            portrait=portrait,
            driving_video=None if driving_video is None else str(driving_video),
            audio=None if audio is None else str(audio),
            reference_audio=None if reference_audio is None else str(reference_audio),
            transcript=read_text(transcript, transcript_file, True, "transcript"),
            pronounce=read_pronunciations(pronounce),
            **fields,
        )
        media = read_request_media(request)
        outputs = Outputs.of(request, output or OUTPUT, export_performance)
        with naming(request):
            facts = make(request, media, outputs, server, api_key)
        if as_json:
            print_json(facts)
        else:
            tell(facts, outputs)


def _refuse_with_batch(*given: object) -> None:
    names = ("a text", "--text-file", "--output", "--export-performance")
    if told := [name for name, value in zip(names, given, strict=True) if value is not None]:
        raise InputError(f"with --batch each row has its own: {told[0]} is not taken beside it")


def _make_batch(
    table: Path, fields: dict[str, Any], server: str | None, key: str | None, as_json: bool
) -> None:
    from serve_app.cli.batch import run_batch, tell_batch

    VideoRequest(**fields)  # flags are at fault here, cells in their rows
    result = run_batch(table, fields, server, key)
    if as_json:
        print_json(result)
    else:
        tell_batch(result)
    interrupted = "stopped" in result.counts
    if code := INTERRUPTED if interrupted else result.exit_code:
        raise typer.Exit(code)


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

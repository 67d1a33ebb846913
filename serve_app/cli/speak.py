"""`prosopon speak`: text and a portrait in, an MP4 out, in this process or through a service."""

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from backends.errors import InputError, MediaTooLargeError, UnreadableMediaError
from serve_app.cli.console import err, out, print_json, progress, reported
from serve_app.cli.files import replacing
from serve_app.cli.flags import MORE, VOICE, request_flags
from serve_app.schemas import ClipFacts, Report, VideoRequest

WHAT = "What"
MAX_TEXT_BYTES = 4 * 2**20
MAX_PORTRAIT_BYTES = 64 * 2**20

EXAMPLES = """
[bold]Examples[/]

prosopon speak "Hello [happy\\\\] everyone!" --portrait face.jpg --output hello.mp4

prosopon speak --text-file talk.txt --emotion calm --intensity 0.6 --captions srt

cat talk.txt | prosopon speak --text-file - --aspect 9:16 --size 1080 --captions burn

prosopon speak "[surprised\\\\] Wow!" --server http://127.0.0.1:8000 --json
"""


@request_flags
def speak(
    text: Annotated[
        str | None, typer.Argument(help="What to say, with cues in brackets.", show_default=False)
    ] = None,
    *,
    text_file: Annotated[
        Path | None,
        typer.Option(help="Read the text from a UTF-8 file; - is standard input.", rich_help_panel=WHAT),
    ] = None,
    portrait: Annotated[
        str,
        typer.Option(
            help="Who says it: a picture (JPEG, PNG, WebP, …), or preset:NAME.",
            metavar="FILE|preset:NAME",
            rich_help_panel=WHAT,
        ),
    ] = VideoRequest.model_fields["portrait"].default,
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
            text=_text(text, text_file),
            portrait=portrait,
            pronounce=_lexicon(pronounce),
            **fields,
        )
        _check_names(output, export_performance)
        picture = None if portrait.startswith("preset:") else _read_picture(Path(portrait))
        with ExitStack() as stack:
            files = _Files(stack, output, request.captions, export_performance)
            report = stack.enter_context(progress())
            if server is None:
                facts = _make_here(request, picture, files, report)
            else:
                facts = _make_there(server, request, picture, files, report)
        facts = facts.model_copy(update={"path": str(output)})
        print_json(facts) if as_json else _tell(facts, files)


def _text(text: str | None, file: Path | None) -> str:
    """The text, wherever it comes from.

    Raises:
        InputError: not exactly one source, or one that cannot be read.
    """
    if (text is None) == (file is None):
        raise InputError("say what to speak: a text, or --text-file FILE, and not both")
    if file is None:
        return text or ""
    name = "standard input" if str(file) == "-" else str(file)
    try:
        if name == str(file):
            with file.open("rb") as stream:
                data = stream.read(MAX_TEXT_BYTES + 1)
        else:
            data = sys.stdin.buffer.read(MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            raise MediaTooLargeError(f"the text in {name} is larger than {MAX_TEXT_BYTES // 2**20} MiB")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read the text in {name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"the text in {name} is not UTF-8; save it as UTF-8") from error


def _lexicon(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    from backends.script.options import read_lexicon

    return read_lexicon(file)


def _read_picture(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_PORTRAIT_BYTES + 1)
    except OSError as error:
        raise UnreadableMediaError(
            f"cannot read the portrait {file}: {error.strerror or error}"
        ) from error
    if len(data) > MAX_PORTRAIT_BYTES:
        raise MediaTooLargeError(
            f"the portrait {file} is larger than {MAX_PORTRAIT_BYTES // 2**20} MiB; make it smaller"
        )
    return data

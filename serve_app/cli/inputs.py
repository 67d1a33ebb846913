"""Texts, pictures and lists that the command line reads; what cannot be read is the caller's error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backends.errors import InputError, MediaTooLargeError, UnreadableMediaError
from serve_app.schemas import VideoRequest

MAX_TEXT_BYTES = 4 * 2**20
MAX_MEDIA_BYTES = 256 * 2**20


def read_text(
    text: str | None, file: Path | None, optional: bool = False, flag: str = "text"
) -> str:
    """The text, wherever it comes from.

    Args:
        optional: there may be none.
        flag: what the text is called.

    Raises:
        InputError: not exactly one source, or one that cannot be read.
    """
    if optional and text is None and file is None:
        return ""
    if (text is None) == (file is None):
        raise InputError(f"say what to speak: a {flag}, or --{flag}-file FILE, and not both")
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
            raise MediaTooLargeError(
                f"the text in {name} is larger than {MAX_TEXT_BYTES // 2**20} MiB"
            )
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read the text in {name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"the text in {name} is not UTF-8; save it as UTF-8") from error


def read_pronunciations(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    from backends.script.options import read_lexicon

    return read_lexicon(file)


def read_media(file: Path, what: str = "portrait") -> bytes:
    """A picture or a video; `what` is what messages call it."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_MEDIA_BYTES + 1)
    except OSError as error:
        raise UnreadableMediaError(
            f"cannot read the {what} {file}: {error.strerror or error}"
        ) from error
    if len(data) > MAX_MEDIA_BYTES:
        raise MediaTooLargeError(
            f"the {what} {file} is larger than {MAX_MEDIA_BYTES // 2**20} MiB; make it smaller"
        )
    return data


def read_background(file: Path) -> bytes:
    try:
        return read_media(file, "background")
    except UnreadableMediaError as error:
        raise UnreadableMediaError(
            f"{error.message}; --background takes source, blur, #rrggbb or a picture"
        ) from error


@contextmanager
def naming(request: VideoRequest) -> Iterator[None]:
    """Errors call the files as the user does: stages and services get their content only."""
    try:
        yield
    except InputError as error:
        from backends.faces.images import UNNAMED
        from backends.faces.video import UNNAMED_CLIP, UNNAMED_DRIVING
        from backends.speech.cloning import UNNAMED_REFERENCE
        from backends.speech.recorded import UNNAMED_SOUND

        names = {
            UNNAMED: request.portrait,
            UNNAMED_CLIP: request.portrait,
            UNNAMED_DRIVING: request.driving_video,
            UNNAMED_SOUND: request.audio,
            UNNAMED_REFERENCE: request.reference_audio,
        }
        message = error.message
        for unnamed, name in names.items():
            message = message.replace(unnamed, name or unnamed)
        raise type(error)(message) from error

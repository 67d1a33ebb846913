"""Texts, pictures and lists that the command line reads; what cannot be read is the caller's error."""

import sys
from pathlib import Path

from backends.errors import InputError, MediaTooLargeError, UnreadableMediaError

MAX_TEXT_BYTES = 4 * 2**20
MAX_PORTRAIT_BYTES = 64 * 2**20


def read_text(text: str | None, file: Path | None) -> str:
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


def read_picture(file: Path) -> bytes:
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

"""Everything that reads bytes from outside, each as a function that reads them to the end.

What it may raise is InputError: any other exception, a hang and a crash are findings.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from backends.errors import InputError

FOLDER = Path(__file__).parent
MOST_BYTES = 65_536


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    """The kept corpus of a decoder: small whole files, and those that once were findings."""
    return tuple(
        path.read_bytes()
        for folder in ("seeds", "findings")
        for path in sorted((FOLDER / folder / name).glob("*"))
    )


def image(data: bytes) -> None:
    from backends.faces.images import read_image

    pixels = read_image(data)
    assert pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == "uint8"


def video(data: bytes) -> None:
    from backends.faces.video import open_video

    footage = open_video(data)
    count = sum(1 for _ in footage.frames(64))
    assert 1 <= count <= 61 * 30
    footage.sound()


def audio(data: bytes) -> None:
    from backends.speech.recorded import open_recording

    recording = open_recording(data)
    assert all(abs(piece).max() <= 1.0 for piece in recording.pieces())


def script(data: bytes) -> None:
    """Read at once and piece by piece, the text is the same."""
    from backends.script import IncrementalParser, ScriptOptions, parse

    text = data.decode("utf-8", "replace")
    if data[:1] < b"\x20":
        text = text.replace("\ufffd", "\ud800")  # JSON can say half of a character
    options = ScriptOptions(cue_style="both", max_characters=MOST_BYTES)
    whole = parse(text, options)
    parser = IncrementalParser(options)
    for place in range(0, len(text), 7):
        parser.push(text[place : place + 7])
    assert parser.finish().utterances == whole.utterances


def lexicon(data: bytes) -> None:
    from backends.script import ScriptOptions, parse
    from backends.script.options import read_lexicon

    with _file(data) as path:
        words = read_lexicon(path)
    parse(" ".join(words) or "Nothing.", ScriptOptions(lexicon=words))


def performance_csv(data: bytes) -> None:
    from backends.performance.exchange import from_csv, to_csv

    to_csv(from_csv(data.decode("utf-8", "replace"), 60))


def performance_json(data: bytes) -> None:
    from backends.performance.exchange import from_json, to_json

    to_json(from_json(data.decode("utf-8", "replace")))


def config(data: bytes) -> None:
    from serve_app.config import check_serve_config, read_serve_config

    with _file(data, ".yaml") as path:
        check_serve_config(read_serve_config(path))


def batch(data: bytes) -> None:
    from serve_app.cli.batch import read_rows

    with _file(data, ".csv") as path:
        for row in read_rows(path):
            row.cells.get("text")


def order(data: bytes) -> None:
    """The body of a request, as JSON."""
    from serve_app.intake import json_object_of, parsed_json, validated, with_pronounce
    from serve_app.schemas import VideoOrder

    wanted = validated(VideoOrder, with_pronounce(json_object_of(parsed_json(data))))
    options = wanted.request().script_options(10_000)
    json.dumps(wanted.model_dump(mode="json"))
    assert options.max_characters == 10_000


def credentials(data: bytes) -> None:
    from backends.composition.credentials import read

    with _file(data, ".mp4") as path:
        read(path)


def clip(data: bytes) -> None:
    """A finished clip, as `prosopon` probes those that it finds."""
    from backends.composition.probe import probe_media

    with _file(data, ".mp4") as path:
        probe_media(path)


_CONTROLS = frozenset(map(chr, range(32))) - {"\n", "\t"} | {"\x7f"}
Decoder = Callable[[bytes], None]
DECODERS: Mapping[str, Decoder] = {
    decoder.__name__: decoder
    for decoder in (
        image, video, audio, script, lexicon, performance_csv, performance_json, config, batch, order, credentials,
        clip,
    )
}  # fmt: skip


def survives(decoder: Decoder, data: bytes) -> None:
    """Raises whatever the decoder may not raise."""
    try:
        decoder(data)
    except InputError as error:
        assert not _CONTROLS.intersection(error.message), "a terminal would obey the message"
        assert len(error.message) < 4000, "the message is for people"


@contextmanager
def _file(data: bytes, suffix: str = "") -> Iterator[Path]:
    number, name = tempfile.mkstemp(suffix)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
        yield Path(name)
    finally:
        Path(name).unlink()

"""Making a video, here or through a service, and putting its files in place."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from backends.errors import UnwritableOutputError
from backends.faces.framing import names_picture
from backends.types import Performance
from serve_app.cli.console import progress
from serve_app.cli.files import replacing
from serve_app.cli.inputs import read_background, read_media
from serve_app.config import read_tier
from serve_app.schemas import ClipFacts, Report, VideoRequest

if TYPE_CHECKING:
    from serve_app.local import Studio
    from serve_app.remote import RemoteService

VIDEO_SUFFIXES = (".mp4", ".m4v")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files to write."""

    video: Path
    captions: Path | None = None
    performance: Path | None = None

    @classmethod
    def of(cls, request: VideoRequest, video: Path, performance: Path | None) -> Self:
        """Raises UnwritableOutputError for a name that promises another format."""
        if video.suffix.lower() not in VIDEO_SUFFIXES:
            raise UnwritableOutputError(f"{video} will be an MP4; give it a name that ends in .mp4")
        if performance is not None and performance.suffix.lower() not in (".json", ".csv"):
            raise UnwritableOutputError(f"{performance}: a performance is written as .json or .csv")
        written = request.captions in ("srt", "vtt")
        captions = video.with_suffix(f".{request.captions}") if written else None
        return cls(video, captions, performance)

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """Partial files beside these, which take their places together when all went well."""
        with ExitStack() as stack:
            yield type(self)(
                *(path and stack.enter_context(replacing(path)) for path in astuple(self))
            )


Media = Mapping[str, bytes]
"""Content of files by the field of the request that they stand in."""


def read_request_media(request: VideoRequest) -> Media:
    """The files that a request names on the command line.

    Raises:
        UnreadableMediaError, MediaTooLargeError: one cannot be read.
    """
    media = {}
    if not request.portrait.startswith("preset:"):
        media["portrait"] = read_media(Path(request.portrait), "portrait")
    if names_picture(request.background):
        media["background"] = read_background(Path(request.background))
    if request.driving_video is not None:
        media["driving_video"] = read_media(Path(request.driving_video), "driving video")
    if request.audio is not None:
        media["audio"] = read_media(Path(request.audio), "recording")
    if request.reference_audio is not None:
        media["reference_audio"] = read_media(Path(request.reference_audio), "reference audio")
    return media


class Maker(Protocol):
    """Makes videos; what it needs for that stays warm between them."""

    parallel: int
    """Videos at a time that are worth beginning."""

    def make(
        self, request: VideoRequest, media: Media, files: Outputs, report: Report
    ) -> ClipFacts:
        """Fills the files; `media` is as `read_request_media` gives it."""
        ...


@contextmanager
def maker(server: str | None, key: str | None = None) -> Iterator[Maker]:
    """Makes videos in this process, or through the service at an address, with an API key where it asks for one."""
    if server is None:
        with ExitStack() as stack:
            yield Here(stack)
    else:
        from serve_app.remote import RemoteService

        with RemoteService(server, key) as service:
            yield There(service)


def make(
    request: VideoRequest,
    media: Media,
    outputs: Outputs,
    server: str | None,
    key: str | None = None,
) -> ClipFacts:
    """Makes one video and writes its files, whole or not at all."""
    with outputs.opened() as partial, progress() as report, maker(server, key) as how:
        facts = how.make(request, media, partial, report)
    return facts.model_copy(update={"path": str(outputs.video)})


class Here:
    """In this process, one after another: each takes all cores."""

    parallel = 1

    def __init__(self, stack: ExitStack) -> None:
        # The loop ends first, and its threads with it: one that still writes would bring a removed folder back.
        self._folders = stack.enter_context(ExitStack())
        self._runner = stack.enter_context(asyncio.Runner())
        self._studios: dict[str, Studio] = {}

    def make(
        self, request: VideoRequest, media: Media, files: Outputs, report: Report
    ) -> ClipFacts:
        from backends.composition.captions import CAPTION_FILES

        _check_text(request)
        studio = self._studio(request.tier)
        # Named by content: what is known of a portrait holds for the next video too, and for no other picture.
        keys = {name: f"media/{sha256(content).hexdigest()}" for name, content in media.items()}
        for name, key in keys.items():
            studio.storage.put(key, media[name])
        request = request.model_copy(update=keys)
        clip = self._runner.run(studio.make(request, files.video, report))
        if files.captions is not None:
            written = CAPTION_FILES[request.captions](clip.captions)
            files.captions.write_text(written, encoding="utf-8")
        if files.performance is not None:
            _write_performance(clip.performance, files.performance)
        return clip.facts

    def _studio(self, tier: str) -> "Studio":
        from serve_app.local import studio

        if tier not in self._studios:
            self._studios[tier] = self._folders.enter_context(studio(read_tier(tier)))
        return self._studios[tier]


class There:
    """Through a service, a few at once: it may have more than one machine."""

    parallel = 4

    def __init__(self, service: "RemoteService") -> None:
        self._service = service

    def make(
        self, request: VideoRequest, media: Media, files: Outputs, report: Report
    ) -> ClipFacts:
        job, facts = self._service.make(request, media, report)
        self._service.download(job, "content", files.video)
        if files.captions is not None:
            self._service.download(job, f"captions.{request.captions}", files.captions)
        if files.performance is not None:
            kind = files.performance.suffix.lower()
            self._service.download(job, f"performance{kind}", files.performance)
        return facts


def _check_text(request: VideoRequest) -> None:
    """Raises what is wrong with the text, before engines are loaded for it."""
    from backends.script import parse

    if request.text.strip():
        parse(request.text, request.script_options(read_tier(request.tier).max_characters))


def _write_performance(performance: Performance, path: Path) -> None:
    from backends.performance.exchange import to_csv, to_json

    write = to_csv if path.suffix.lower() == ".csv" else to_json
    path.write_text(write(performance), encoding="utf-8")

"""Making a video, here or through a service, and putting its files in place."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

from backends.errors import UnwritableOutputError
from backends.faces.framing import names_picture
from backends.types import Performance
from serve_app.cli.console import progress
from serve_app.cli.files import replacing
from serve_app.cli.inputs import read_background, read_media
from serve_app.config import read_tier
from serve_app.schemas import ClipFacts, Report, VideoRequest

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
    return media


def make(request: VideoRequest, media: Media, outputs: Outputs, server: str | None) -> ClipFacts:
    """Makes a video and writes its files, whole or not at all.

    Args:
        media: see `read_request_media`.
        server: address of a service; None makes the video in this process.
    """
    with outputs.opened() as partial, progress() as report:
        if server is None:
            facts = _make_here(request, media, partial, report)
        else:
            facts = _make_there(request, media, partial, report, server)
    return facts.model_copy(update={"path": str(outputs.video)})


def _make_here(request: VideoRequest, media: Media, files: Outputs, report: Report) -> ClipFacts:
    from serve_app.local import studio

    with studio(read_tier(request.tier)) as here:
        for field, content in media.items():
            here.storage.put(field, content)
        request = request.model_copy(update={field: field for field in media})
        clip = asyncio.run(here.make(request, files.video, report))
    if files.captions is not None:
        files.captions.write_text(clip.captions or "", encoding="utf-8")
    if files.performance is not None:
        _write_performance(clip.performance, files.performance)
    return clip.facts


def _make_there(
    request: VideoRequest, media: Media, files: Outputs, report: Report, server: str
) -> ClipFacts:
    from backends.performance.exchange import from_json
    from serve_app.remote import RemoteService

    with RemoteService(server) as service:
        job, facts = service.make(request, media, report)
        service.download(job, "content", files.video)
        if files.captions is not None:
            service.download(job, f"captions.{request.captions}", files.captions)
        if files.performance is not None:
            service.download(job, "performance.json", files.performance)
            if files.performance.suffix.lower() == ".csv":
                performance = from_json(files.performance.read_text(encoding="utf-8"))
                _write_performance(performance, files.performance)
    return facts


def _write_performance(performance: Performance, path: Path) -> None:
    from backends.performance.exchange import to_csv, to_json

    write = to_csv if path.suffix.lower() == ".csv" else to_json
    path.write_text(write(performance), encoding="utf-8")

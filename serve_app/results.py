"""The files of a finished video: those that were made with it, and those that are made when they are asked for."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from serve_app.jobs import job_files
from serve_app.problems import NotFoundError, NotReadyError
from serve_app.runner import CAPTIONS, CLIP, PERFORMANCE
from serve_app.schemas import ClipFacts, Job, JobStatus
from serve_app.storage import Entry, Storage

if TYPE_CHECKING:  # needs c2pa, which only who asks for them waits for
    from backends.composition.credentials import Credentials

_NAME_CHARACTERS = 48


@dataclass(frozen=True, slots=True)
class StoredFile:
    storage: Storage
    entry: Entry

    @property
    def etag(self) -> str:
        """As HTTP writes it, strong."""
        return f'"{self.entry.version}"'

    def stream(self, start: int, stop: int) -> Iterator[bytes]:
        """Bytes [start, stop) in pieces. Blocks."""
        return self.storage.stream(self.entry.key, start, stop)


class Results:
    """Calls block."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def clip(self, job: Job) -> StoredFile:
        """Raises as all of these do: NotReadyError when the video is not finished or did not succeed, NotFoundError
        when its files are gone."""
        return self._stored(job, CLIP)

    def captions(self, job: Job, kind: str) -> StoredFile:
        return self._stored(job, f"{CAPTIONS}.{kind}")

    def performance(self, job: Job, kind: str) -> StoredFile:
        """As "json" or "csv"."""
        if kind == "json":
            return self._stored(job, PERFORMANCE)
        return self._made(job, "performance.csv", PERFORMANCE, _csv)

    def thumbnail(self, job: Job) -> StoredFile:
        return self._made(job, "thumbnail.jpg", CLIP, _jpeg)

    def credentials(self, job: Job) -> "Credentials":
        """As they stand in the MP4 now, and whether it was changed. Raises NoCredentialsError too."""
        from backends.composition.credentials import read

        return read(self._storage.path(self.clip(job).entry.key))

    def _made(self, job: Job, file: str, source: str, make: Callable[[Path], bytes]) -> StoredFile:
        """A file that is made from another one once, and kept beside it."""
        found = self._stored(job, source)
        key = _key(job, file)
        if not self._storage.exists(key):
            self._storage.put(key, make(self._storage.path(found.entry.key)))
        return self._stored(job, file)

    def _stored(self, job: Job, file: str) -> StoredFile:
        if job.status is not JobStatus.SUCCEEDED:
            raise NotReadyError(
                f"job {job.id!r} is {job.status}; only one that succeeded has files"
            )
        key = _key(job, file)
        if not self._storage.exists(key):
            raise NotFoundError(f"job {job.id!r} has no {file}")
        return StoredFile(self._storage, self._storage.entry(key))


def file_name(clip: ClipFacts | None, suffix: str) -> str:
    """What a video's file is called when it is saved: the first words that are spoken in it."""
    spoken = "".join(cue.text for cue in clip.utterances) if clip else ""
    words, name = re.findall(r"[\w'’]+", spoken), ""
    for word in words:
        if len(name) + len(word) >= _NAME_CHARACTERS:
            break
        name = f"{name} {word}" if name else word
    return f"{name or 'prosopon'}.{suffix}"


def _key(job: Job, file: str) -> str:
    return f"{job_files(job.id, job.run)}/{file}"


def _csv(performance: Path) -> bytes:
    from backends.performance.exchange import from_json, to_csv

    return to_csv(from_json(performance.read_text(encoding="utf-8"))).encode()


def _jpeg(clip: Path) -> bytes:
    """It says of itself what the clip does."""
    from backends.composition.credentials import NoCredentialsError, Statement, read, signed
    from backends.composition.thumbnail import thumbnail
    from serve_app.statements import identity

    picture = thumbnail(clip)
    try:
        of_clip = read(clip)
    except NoCredentialsError:  # of an earlier version
        return picture
    return signed(picture, Statement(of_clip.facts, of_clip.made_at or ""), identity())

"""A video as it can be watched by now (HTTP Live Streaming): while it is made from what is drawn, later from the clip.

Nothing is stored for it but the sound's fragments, and these only until the clip is there. All others are made when
they are asked for; those of a segment and of the clip are the same bytes. A run has playlists of its own, which go on
where an attempt broke off; when another version of the service begins anew, they end, and the master names others. So
each playlist only ever grows. What failed or was cancelled is gone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from typing import Literal

from backends.composition.audio import SAMPLE_RATE
from backends.composition.fragments import (
    Mp4,
    audio_fragment,
    audio_init,
    audio_span,
    video_fragment,
    video_init,
)
from backends.composition.hls import Extent, extent, master_playlist, media_playlist
from backends.errors import StorageError, UnreadableMediaError
from backends.types import segment_grid
from serve_app.jobs import job_files
from serve_app.kept import segment_key, sound_key
from serve_app.problems import GoneError, NotFoundError, NotReadyError
from serve_app.runner import CLIP
from serve_app.schemas import Job, JobStatus
from serve_app.storage import Storage

Track = Literal["video", "audio"]

_INIT = "init.mp4"
_FRAGMENT = re.compile(r"(\d{7})\.m4s", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Shown:
    mp4: Mp4
    """The clip, or its first segment."""
    extent: Extent
    pieces: tuple[range, ...]
    """Frames of the grid, from 0 on."""
    whole: bool
    """These are all."""


class Playback:
    """One run of a job's video. Calls block."""

    def __init__(self, storage: Storage, job: Job, run: str | None = None) -> None:
        """
        Raises:
            GoneError: the job failed or was cancelled, and what it had made is removed.
        """
        if job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
            reason = f": {job.error.detail}" if job.error else ""
            raise GoneError(f"job {job.id!r} is {job.status}, there is nothing to watch{reason}")
        self._storage, self._job = storage, job
        self._run = run or job.run
        self._prefix = job_files(job.id, self._run)

    def master(self) -> str:
        """Raises NotReadyError before the first segment is drawn; so does `playlist`."""
        shown = self._shown()
        return master_playlist(shown.mp4, f"{self._run}/video.m3u8", f"{self._run}/audio.m3u8")

    def playlist(self, track: Track) -> str:
        """What is drawn from the beginning on; it ends with the clip, or when the run was given up."""
        shown = self._shown()
        listed: list[tuple[str, Fraction]] = []
        for piece in shown.pieces:
            # The sound of a last piece of a few samples lies in the packet before it.
            if seconds := _seconds(track, piece, shown.extent):
                listed.append((f"{track}/{piece.start:07d}.m4s", seconds))
        return media_playlist(f"{track}/{_INIT}", listed, shown.whole or self._job.run != self._run)

    def file(self, track: Track, name: str) -> bytes:
        """A track's header or one of its fragments, by the name that the playlist gives it.

        Raises:
            NotFoundError: there is none of that name, or not yet.
        """
        if name == _INIT and (shown := self._found()):
            return video_init(shown.mp4) if track == "video" else audio_init()
        if found := _FRAGMENT.fullmatch(name):
            start = int(found[1])
            try:
                return self._drawn_fragment(track, start)
            except StorageError:  # what is drawn goes when the clip is there
                if self._storage.exists(self._clip):
                    return self._clip_fragment(track, start)
        raise NotFoundError(
            f"job {self._job.id!r} has no {track} {name!r}; its playlist tells what it has"
        )

    def _drawn_fragment(self, track: Track, start: int) -> bytes:
        if track == "audio":
            return self._storage.get(sound_key(self._prefix, start))
        return video_fragment(self._segment(start), start, start)

    def _clip_fragment(self, track: Track, start: int) -> bytes:
        cut = video_fragment if track == "video" else audio_fragment
        try:
            return cut(self._storage.path(self._clip), start)
        except UnreadableMediaError as error:
            raise NotFoundError(error.message) from error

    @property
    def _clip(self) -> str:
        return f"{self._prefix}/{CLIP}"

    def _shown(self) -> _Shown:
        if found := self._found():
            return found
        if self._run != self._job.run:
            raise NotFoundError(f"job {self._job.id!r} has no run {self._run!r} to be watched")
        raise NotReadyError(
            f"job {self._job.id!r} is {self._job.status}; it can be watched once its first second is drawn"
        )

    def _found(self) -> _Shown | None:
        if self._run is None:
            return None
        drawn = self._drawn()  # first, because it goes when the clip is there
        if not self._storage.exists(self._clip):
            return drawn
        clip = self._storage.path(self._clip)
        whole = extent(clip)
        return _Shown(clip, whole, tuple(segment_grid(whole.frames, whole.fps)), True)

    def _drawn(self) -> _Shown | None:
        try:
            first = self._segment(0)
            known = extent(first)
            pieces = tuple(takewhile(self._there(), segment_grid(2**31, known.fps)))
            # What is shorter than its place on the grid is the clip's end, and waits for the clip.
            if pieces and extent(self._segment(pieces[-1].start)).frames < len(pieces[-1]):
                pieces = pieces[:-1]
        except StorageError:
            return None
        return _Shown(first, known, pieces, False) if pieces else None

    def _segment(self, start: int) -> bytes:
        return self._storage.get(segment_key(self._prefix, start))

    def _there(self) -> Callable[[range], bool]:
        """Whether picture and sound of a piece are there by now."""
        folders = (f"{self._prefix}/{name}" for name in ("segments", "sound"))
        found = {entry.key for folder in folders for entry in self._storage.list(folder)}
        return lambda piece: found.issuperset(
            (sound_key(self._prefix, piece.start), segment_key(self._prefix, piece.start))
        )


def _seconds(track: Track, piece: range, extent: Extent) -> Fraction:
    if track == "video":
        return Fraction(len(piece), extent.fps)
    return Fraction(len(audio_span(piece, extent.fps, extent.samples)), SAMPLE_RATE)

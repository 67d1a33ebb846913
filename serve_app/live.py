"""Live: text comes in piece by piece, and what is drawn of it goes out while more comes.

The gateway and the Director that speaks are processes of their own: the text goes through storage, what is drawn comes
back as a stream. The files of a session lie where those of a job would, and go with it.
"""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

from backends.errors import EmptyTextError, InputError, StorageError
from backends.script import IncrementalParser, ScriptOptions
from backends.types import Notice, Utterance, segment_grid
from serve_app.catalogue import notice_models
from serve_app.clients import LiveEnd, LivePiece, TierClient
from serve_app.director import Director
from serve_app.jobs import job_files
from serve_app.playback import Playback, Track
from serve_app.problems import NotFoundError
from serve_app.schemas import Job, JobStatus, Stage, VideoRequest
from serve_app.storage import Storage
from serve_app.work import Clip

_POLL_S = 0.05
_PATIENCE_S = 300.0
"""A session in which nothing is said for so long is ended."""
_RUN = "live"
_CODECS = re.compile(r'CODECS="([^",]+),([^"]+)"')
_TRACKS: tuple[Track, ...] = ("video", "audio")


def _text_key(session: str, number: int) -> str:
    return f"{job_files(session)}/text/{number:06d}.json"


class Session:
    """The gateway's end."""

    def __init__(self, tier: TierClient, storage: Storage, request: VideoRequest) -> None:
        self._tier, self._storage, self._request = tier, storage, request
        self._id = secrets.token_hex(16)
        self._sent = 0

    async def say(self, text: str) -> None:
        """Adds text; a sentence is spoken once its end is certain."""
        await self._send(text)

    async def end(self) -> None:
        """There is no more text."""
        await self._send(None)

    async def _send(self, text: str | None) -> None:
        key = _text_key(self._id, self._sent)
        self._sent += 1
        await asyncio.to_thread(self._storage.put, key, json.dumps(text).encode())

    async def pieces(self) -> AsyncGenerator[LivePiece | LiveEnd, None]:
        """What is to be played, in order, as it is made; closing it ends the session at once.

        Raises:
            InputError: the request or the text cannot be carried out.
            EngineError: a stage failed.
        """
        try:
            async with aclosing(self._tier.converse(self._request, self._id)) as made:
                async for piece in made:
                    yield piece
        finally:
            await asyncio.to_thread(self._storage.delete, job_files(self._id))


@dataclass(slots=True)
class _Said:
    """The Director's end of what is said."""

    storage: Storage
    session: str
    options: ScriptOptions
    warnings: tuple[Notice, ...] = ()
    """Of the whole text, once it has ended."""
    _number: int = field(default=0, init=False)

    async def utterances(self) -> AsyncIterator[Utterance]:
        parser, known = IncrementalParser(self.options), 0
        while (text := await self._next()) is not None:
            for utterance in parser.push(text):
                known += 1
                yield utterance
        script = parser.finish()
        self.warnings = script.warnings
        for utterance in script.utterances[known:]:
            yield utterance

    async def _next(self) -> str | None:
        key = _text_key(self.session, self._number)
        self._number += 1
        deadline = time.monotonic() + _PATIENCE_S
        while not await asyncio.to_thread(self.storage.exists, key):
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(_POLL_S)
        text: str | None = json.loads(await asyncio.to_thread(self.storage.get, key))
        return text


async def converse(
    director: Director,
    storage: Storage,
    options: ScriptOptions,
    request: VideoRequest,
    session: str,
) -> AsyncGenerator[LivePiece | LiveEnd, None]:
    """Speaks and draws what a session's gateway sends; leaves no files behind.

    Raises:
        InputError: the request or the text cannot be carried out.
        EngineError: a stage failed.
    """
    said = _Said(storage, session, options)
    utterances = said.utterances()
    making: asyncio.Task[Clip] | None = None
    try:
        first = await anext(utterances)  # raises EmptyTextError where nothing was said
        prefix = job_files(session, _RUN)
        order = await director.prepare(request.model_copy(update={"text": first.text}), _ignored)
        spoken = director.carry_out(order, prefix, _ignored, _chained(first, utterances))
        making = asyncio.create_task(spoken)
        async for piece in _pieces(storage, session, request.fps, making):
            yield piece
        facts = (await making).facts
        warnings = (*notice_models(said.warnings), *facts.warnings)
        yield LiveEnd(facts.model_copy(update={"path": "", "warnings": warnings}))
    except StopAsyncIteration:
        raise EmptyTextError("the session ended before anything was said") from None
    finally:
        if making is not None:
            making.cancel()
            await asyncio.wait({making})
        await asyncio.to_thread(storage.delete, job_files(session))


def _ignored(stage: Stage, done: float) -> None:
    """Nobody asks how far a session is."""


async def _chained(first: Utterance, others: AsyncIterator[Utterance]) -> AsyncIterator[Utterance]:
    yield first
    async for utterance in others:
        yield utterance


async def _pieces(
    storage: Storage, session: str, fps: int, making: "asyncio.Task[Clip]"
) -> AsyncIterator[LivePiece]:
    """Header and fragments of both tracks, in order; ends with the clip, or when making it fails."""
    job = Job(id=session, tier="", status=JobStatus.RUNNING, created_at=0.0, run=_RUN)
    playback = Playback(storage, job)
    begun = False
    for frames in segment_grid(2**31, fps):
        while not (found := await asyncio.to_thread(_fragments, playback, frames.start)):
            if making.done():
                last = None if making.cancelled() or making.exception() else making.result()
                if last is None or frames.start >= last.facts.frames:
                    return
            await asyncio.wait({making}, timeout=_POLL_S)
        if not begun:
            begun = True
            for header in await asyncio.to_thread(_headers, playback):
                yield header
        for track, data in found.items():
            yield LivePiece(track, data, frames.start / fps)


def _headers(playback: Playback) -> list[LivePiece]:
    codecs = _CODECS.search(playback.master())
    assert codecs is not None
    return [
        LivePiece(track, playback.file(track, "init.mp4"), None, f'{track}/mp4; codecs="{codec}"')
        for track, codec in zip(_TRACKS, codecs.groups(), strict=True)
    ]


def _fragments(playback: Playback, start: int) -> dict[Track, bytes]:
    """Both tracks' fragments that begin with a frame; nothing while one is missing."""
    found: dict[Track, bytes] = {}
    for track in _TRACKS:
        with suppress(NotFoundError, StorageError):
            found[track] = playback.file(track, f"{start:07d}.m4s")
    return found if len(found) == len(_TRACKS) else {}


def check_live(request: VideoRequest) -> None:
    """Raises InputError for what a session cannot do."""
    if request.driving_video is not None:
        raise InputError("driving_video: a live session follows none")
    if request.audio is not None or request.transcript:
        raise InputError("audio: a live session speaks by itself; POST /v1/videos takes recordings")
    if request.text:
        raise InputError('text: a live session takes it in messages of its own: {"text": "…"}')

"""The stages and tiers behind Serve's handles, with the same faces as the plain classes.

Calls are idempotent (what they write has a fixed key), so a call whose replica died is made again. Errors come out as
they were raised, not as Ray wraps them.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

from ray.exceptions import (
    NodeDiedError,
    ObjectLostError,
    RayActorError,
    RayTaskError,
    WorkerCrashedError,
)
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from backends.animation.engine import AnimationInfo
from backends.composition.settings import EncoderSettings, Quality
from backends.errors import EngineError, ProsoponError
from backends.faces.framing import Framing
from backends.performance.driving import Driving
from backends.script import ScriptOptions
from backends.speech.engine import SpeechInfo, Voice
from backends.speech.listening import Followed
from backends.types import Performance, Script, Speech, SpeechChunk, Utterance
from serve_app.catalogue import PortraitCheck, TierFacts
from serve_app.clients import (
    ComposeTask,
    DrawTask,
    LiveEnd,
    LivePiece,
    Prepared,
    SpokenPiece,
    Stages,
)
from serve_app.problems import QueueFullError, StageLostError
from serve_app.schemas import NoticeModel, SpeechRequest, VideoRequest
from serve_app.telemetry import carried

ATTEMPTS = 3
"""How often a call is made before its replicas count as broken."""
_PAUSE_S = 0.5
"""Before the second attempt; twice as long before the third. Serve replaces a dead replica in about two seconds and
lets calls wait for it."""

_LOST = (
    RayActorError,  # the replica died, or its node cannot be reached
    NodeDiedError,
    ObjectLostError,  # an argument or an answer went with its node
    WorkerCrashedError,
    DeploymentUnavailableError,  # between two replicas of a deployment that is replaced
)
"""What says nothing of the work: it is done again elsewhere."""

T = TypeVar("T")


class _Client:
    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle
        self._stage = handle.deployment_name
        self._known: dict[Any, Any] = {}

    async def _call(self, method: str, *args: object) -> Any:
        async def once() -> Any:
            response = getattr(self._handle, method).remote(*args, carried=carried())
            try:
                return await response
            except asyncio.CancelledError:
                response.cancel()
                raise

        return await self._persistently(once)

    async def _once(self, method: str) -> Any:
        """What stays as it is: an engine with other options has another TierConfig, and so another Director."""
        if method not in self._known:
            self._known[method] = await self._call(method)
        return self._known[method]

    async def _stream(self, method: str, *args: object) -> AsyncGenerator[Any, None]:
        """What a streaming method yields, as it comes: what breaks off is the caller's to begin anew."""
        response = self._streamed(method, *args)
        try:
            async for item in response:
                yield item
        except (asyncio.CancelledError, GeneratorExit):
            response.cancel()
            raise
        except Exception as error:
            raise self._mapped(_cause(error)) from error

    async def _continued(self, method: str, *args: object) -> AsyncGenerator[Any, None]:
        """As `_stream`, of what is the same whenever it is begun: where it breaks off, it goes on from there."""
        given, attempt = 0, 1
        while True:
            number = 0
            try:
                async with aclosing(self._stream(method, *args)) as items:
                    async for item in items:
                        number += 1
                        if number > given:
                            yield item
                            given = number
                return
            except StageLostError:
                if attempt == ATTEMPTS:
                    raise
            await asyncio.sleep(_PAUSE_S * attempt)
            attempt += 1

    def _streamed(self, method: str, *args: object) -> Any:
        streaming = self._handle.options(stream=True)
        return getattr(streaming, method).remote(*args, carried=carried())

    async def _persistently(self, once: Callable[[], Awaitable[T]]) -> T:
        attempt = 1
        while True:
            try:
                return await once()
            except Exception as error:
                cause = _cause(error)
                if not isinstance(cause, _LOST) or attempt == ATTEMPTS:
                    raise self._mapped(cause) from error
            await asyncio.sleep(_PAUSE_S * attempt)
            attempt += 1

    def _mapped(self, cause: BaseException) -> ProsoponError:
        if isinstance(cause, ProsoponError):
            return cause
        if isinstance(cause, BackPressureError):
            return QueueFullError(f"{self._stage} has too much to do; try again later")
        if isinstance(cause, _LOST):
            return StageLostError(
                f"{self._stage} broke down {ATTEMPTS} times at the same work: {cause}"
            )
        return EngineError(f"{self._stage} failed: {type(cause).__name__}: {cause}")


def _cause(error: BaseException) -> BaseException:
    """What was raised in the replica, without Ray's wrapping."""
    while isinstance(error, RayTaskError) and isinstance(error.cause, BaseException):
        error = error.cause
    return error


class ParserHandle(_Client):
    async def parse(self, text: str, options: ScriptOptions) -> Script:
        script: Script = await self._call("parse", text, options)
        return script


class SpeechHandle(_Client):
    async def describe(self) -> SpeechInfo:
        info: SpeechInfo = await self._once("describe")
        return info

    async def find_voice(
        self, voice: str | None, language: str, reference: str | None = None
    ) -> Voice:
        found: Voice = await self._call("find_voice", voice, language, reference)
        return found

    async def speak(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float
    ) -> AsyncIterator[SpeechChunk]:
        async with aclosing(self._continued("speak", utterance, voice, seed, speed)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def follow(self, audio: str, utterances: tuple[Utterance, ...]) -> Followed:
        followed: Followed = await self._call("follow", audio, utterances)
        return followed


class AnimationHandle(_Client):
    async def describe(self) -> AnimationInfo:
        info: AnimationInfo = await self._once("describe")
        return info

    async def prepare(self, portrait: str, framing: Framing) -> Prepared:
        prepared: Prepared = await self._call("prepare", portrait, framing)
        return prepared

    async def examine(self, portrait: str) -> PortraitCheck:
        check: PortraitCheck = await self._call("examine", portrait)
        return check

    async def encoder(
        self, codec: str, encoder: str, quality: str, fps: int, size: tuple[int, int]
    ) -> EncoderSettings:
        settings: EncoderSettings = self._known.get((codec, encoder)) or await self._call(
            "encoder", codec, encoder, quality, fps, size
        )
        self._known[codec, encoder] = settings
        return replace(settings, quality=Quality(quality), fps=fps, size=size)

    async def capture(self, video: str, fps: int) -> Driving:
        driving: Driving = await self._call("capture", video, fps)
        return driving

    async def plan(
        self, portrait: str, framing: Framing, speech: Speech, performance: Performance, seed: int
    ) -> Any:
        return await self._call("plan", portrait, framing, speech, performance, seed)

    async def draw(self, task: DrawTask) -> None:
        await self._call("draw", task)


class CompositionHandle(_Client):
    async def compose(self, task: ComposeTask) -> None:
        await self._call("compose", task)


class TierHandle(_Client):
    """A tier as the gateway reaches it: its Director replicas."""

    async def describe(self) -> TierFacts:
        facts: TierFacts = await self._call("describe")
        return facts

    async def check(self, request: VideoRequest) -> tuple[NoticeModel, ...]:
        notices: tuple[NoticeModel, ...] = await self._call("check", request)
        return notices

    async def parse(self, text: str, options: ScriptOptions) -> Script:
        script: Script = await self._call("parse", text, options)
        return script

    async def examine(self, portrait: str) -> PortraitCheck:
        check: PortraitCheck = await self._call("examine", portrait)
        return check

    async def speak(self, request: SpeechRequest) -> AsyncIterator[SpokenPiece]:
        async for piece in self._stream("speak", request):
            yield piece

    async def converse(
        self, request: VideoRequest, session: str
    ) -> AsyncGenerator[LivePiece | LiveEnd, None]:
        async with aclosing(self._stream("converse", request, session)) as pieces:
            async for piece in pieces:
                yield piece

    async def wake(self) -> None:
        await self._call("wake")


def remote_stages(
    parser: DeploymentHandle[Any],
    speech: DeploymentHandle[Any],
    animation: DeploymentHandle[Any],
    composition: DeploymentHandle[Any],
) -> Stages:
    return Stages(
        parser=ParserHandle(parser),
        speech=SpeechHandle(speech),
        animation=AnimationHandle(animation),
        composition=CompositionHandle(composition),
    )

"""One tier as a whole: what a replica of its Director does."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import numpy as np

from backends.composition.audio import SAMPLE_RATE
from backends.composition.fragments import SoundFragments
from backends.errors import ProsoponError
from backends.media import HERE, Media
from backends.performance import PerformanceOptions, Planner
from backends.script import ScriptOptions
from backends.speech.timeline import Timeline
from backends.types import PhonemeSpan, Script, SpeechChunk
from serve_app.catalogue import PortraitCheck, TierFacts
from serve_app.clients import LiveEnd, LivePiece, SpokenPiece, Stages
from serve_app.config import TierConfig
from serve_app.director import Director
from serve_app.jobs import Jobs
from serve_app.live import converse
from serve_app.runner import Runner
from serve_app.schemas import NoticeModel, SpeechRequest, VideoRequest
from serve_app.storage import Storage
from serve_app.work import main_language, notices

_log = logging.getLogger(__name__)
_WARM_UP_FPS = 25
_SPEECH_FPS, _TAIL_S = 100, 0.1
"""Speech alone ends on a hundredth of a second, soon behind its last word."""


class Tier:
    """Answers the gateway's questions and, while `run` runs, takes the tier's jobs."""

    def __init__(
        self,
        config: TierConfig,
        stages: Stages,
        storage: Storage,
        jobs: Jobs,
        media: Media = HERE,
    ) -> None:
        self._config = config
        self._stages = stages
        self._storage = storage
        self._director = Director(stages, storage, config, media=media)
        self._runner = Runner(
            self._director, jobs, storage, config.tier, tenant_jobs=config.tenant_jobs
        )
        self._facts: TierFacts | None = None

    async def describe(self) -> TierFacts:
        """Asked of the engines once: they may be scaled to zero later, and a question is no reason to wake them."""
        if self._facts is None:
            self._facts = TierFacts(
                title=self._config.title,
                speech=await self._stages.speech.describe(),
                animation=await self._stages.animation.describe(),
                max_characters=self._config.max_characters,
            )
        return self._facts

    async def check(self, request: VideoRequest) -> tuple[NoticeModel, ...]:
        return notices(await self._director.check(request))

    async def parse(self, text: str, options: ScriptOptions) -> Script:
        return await self._stages.parser.parse(text, options)

    async def examine(self, portrait: str) -> PortraitCheck:
        return await self._stages.animation.examine(portrait)

    async def speak(self, request: SpeechRequest) -> AsyncIterator[SpokenPiece]:
        speech = self._stages.speech
        options = request.script_options(self._config.max_characters)
        script = await self._stages.parser.parse(request.input, options)
        voice = await speech.find_voice(
            request.voice, main_language(script), request.reference_audio
        )
        timeline = Timeline(_SPEECH_FPS, lead_in_s=0.0, tail_s=_TAIL_S)
        for utterance in script.utterances:
            async for chunk in speech.speak(utterance, voice, request.seed, request.speed):
                placed = timeline.place(utterance, chunk)
                yield SpokenPiece(placed.samples, placed.sample_rate, voice.id)
        last = timeline.finish()
        yield SpokenPiece(last.samples, last.sample_rate, voice.id)

    async def converse(
        self, request: VideoRequest, session: str
    ) -> AsyncGenerator[LivePiece | LiveEnd, None]:
        options = request.script_options(self._config.max_characters)
        live = converse(self._director, self._storage, options, request, session)
        async with aclosing(live) as pieces:
            async for piece in pieces:
                yield piece

    async def wake(self) -> None:
        self._runner.wake()

    async def run(self) -> None:
        """Takes jobs until it is cancelled."""
        await asyncio.to_thread(_warm_up)
        try:
            await self.describe()
        except ProsoponError as error:  # it is asked again when somebody wants to know
            _log.warning("the tier's engines do not answer: %s", error)
        await self._runner.run()

    def close(self) -> None:
        """Gives back the jobs that are begun."""
        self._runner.close()


def _warm_up() -> None:
    """Plans a silence, so that no clip waits for the tables of the planner or for its first sound to be encoded."""
    planner, sound = Planner(_WARM_UP_FPS, 0, PerformanceOptions()), SoundFragments(_WARM_UP_FPS)
    silence = SpeechChunk(
        np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE, (PhonemeSpan("_", 0.0, 1.0),), (), ()
    )
    planner.push(silence)
    planner.finish()
    sound.push(silence.samples, silence.sample_rate)
    sound.finish(1.0)

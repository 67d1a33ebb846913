"""The order of the work: text and portrait in, a finished clip in storage out.

Plain async code over the stage protocols; it knows nothing of Ray. Sentences are spoken one after another and planned
as they come; every segment of the fixed grid is drawn as soon as its rows are certain, while later sentences are still
being spoken. What an earlier attempt at the same clip has kept is taken as it is.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import numpy as np

from backends.animation.engine import AnimationInfo
from backends.composition.audio import SAMPLE_RATE
from backends.composition.fragments import SoundFragments
from backends.errors import InputError
from backends.media import HERE, Media
from backends.speech.engine import Voice
from backends.speech.listening import spoken
from backends.speech.recorded import UNNAMED_SOUND, Recording
from backends.speech.timeline import Timeline
from backends.types import (
    NO_CUE,
    Cue,
    Performance,
    PhonemeSpan,
    Script,
    SpeechChunk,
    Utterance,
    segment_grid,
)
from serve_app.clients import ComposeTask, DrawTask, Stages
from serve_app.config import TierConfig
from serve_app.drawing import card_silence, draw_task, label_of, planner_of
from serve_app.heard import Heard
from serve_app.kept import Kept, code_version, source_version
from serve_app.patience import Patience
from serve_app.schemas import Report, Stage, VideoRequest
from serve_app.statements import statement_of
from serve_app.storage import Storage
from serve_app.turns import Turns
from serve_app.work import Checked, Clip, Order, Work, clip_of, languages

_REMEMBERED = 64
"""Requests: those of a second or two of the busiest service."""
_MOST_TRANSCRIBED = 100_000
"""Characters of a transcript: more than can be said in the hour that a recording may last."""


class Director:
    """Makes clips with the stages of one tier."""

    def __init__(
        self,
        stages: Stages,
        storage: Storage,
        tier: TierConfig,
        pause_s: float = 0.5,
        media: Media = HERE,
    ) -> None:
        """
        Args:
            pause_s: before something is made again that failed; then twice as long.
            media: who decodes recordings.
        """
        self._stages = stages
        self._storage = storage
        self._tier = tier
        self._media = media
        self._patience = Patience(pause_s)
        self._speaking = Turns(tier.parallel_sentences)
        self._drawing = Turns(tier.parallel_segments)
        self._checked: OrderedDict[str, Checked] = OrderedDict()
        """Requests that were found good when they came in, until they are carried out."""

    async def check(self, request: VideoRequest) -> Checked:
        """Everything that can be found wrong with a request before work on it begins.

        Raises:
            InputError: text, voice or portrait cannot be used; each has an error of its own.
        """
        script, voice, driving, recording = Script(()), None, None, None
        voices: dict[str, Voice] = {}
        if request.driving_video is not None:
            driving = await self._stages.animation.capture(request.driving_video, request.fps)
        if request.audio is not None or request.transcript.strip():
            recording = await self._recording(request)
            if request.transcript.strip():
                options = request.script_options(_MOST_TRANSCRIBED)
                script = await self._stages.parser.parse(request.transcript, options)
        elif driving is None or request.text.strip():
            script = await self._stages.parser.parse(
                request.text, request.script_options(self._tier.max_characters)
            )
            voices = {
                language: await self._stages.speech.find_voice(
                    request.voice, language, request.reference_audio
                )
                for language in languages(script)
            }
            voice = next(iter(voices.values()))
        if request.reference_audio is not None and voice is None:
            raise InputError(
                "reference_audio: no voice speaks here, a recording is heard as it is; leave it out, or give a text"
            )
        portrait = await self._stages.animation.prepare(request.portrait, request.framing())
        checked = Checked(request, script, voice, portrait, driving, voices, recording)
        if driving is None and recording is None:  # what they hold is too large to be remembered
            self._checked[request.model_dump_json()] = checked
            if len(self._checked) > _REMEMBERED:
                self._checked.popitem(last=False)
        return checked

    async def _recording(self, request: VideoRequest) -> Recording:
        """The request's audio, read and judged."""
        if request.audio is None:
            raise InputError(
                "transcript: there is no audio that it could belong to; give one, or a text"
            )
        if request.text.strip():
            raise InputError(
                "text: the audio is heard instead of one; give what it says as transcript"
            )
        return await asyncio.to_thread(
            lambda audio: self._media.open_recording(self._storage.path(audio), UNNAMED_SOUND),
            request.audio,
        )

    async def make(self, request: VideoRequest, prefix: str, report: Report) -> Clip:
        """`prepare` and `carry_out` in one."""
        return await self.carry_out(await self.prepare(request, report), prefix, report)

    async def prepare(self, request: VideoRequest, report: Report) -> Order:
        """Raises as `check` does, and UnsupportedEncoderError."""
        began = time.perf_counter()
        report(Stage.PARSING, 0.0)
        checked = self._checked.pop(request.model_dump_json(), None) or await self.check(request)
        settings = await self._stages.animation.encoder(
            request.codec, request.encoder, request.quality, request.fps, checked.portrait.size
        )
        return Order(checked, settings, began)

    async def run_of(self, order: Order) -> str:
        """A name for all that decides how the clip turns out, down to the versions of what makes it.

        Pictures and videos count by their storage keys: what lies there never changes.
        """
        engines = await self._stages.speech.describe(), await self._stages.animation.describe()
        version = await asyncio.to_thread(code_version)
        request, tier = order.checked.request, self._tier
        parts = (
            version,
            request.model_dump_json(),
            tier.model_dump_json(),
            order.settings,
            engines,
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]

    async def carry_out(
        self,
        order: Order,
        prefix: str,
        report: Report,
        utterances: AsyncIterator[Utterance] | None = None,
    ) -> Clip:
        """Makes a clip; everything made on the way is kept below `prefix`, and what is there already is not made again.

        Args:
            utterances: what is spoken instead of the order's script, as it comes.

        Raises:
            InputError: the request cannot be carried out.
            EngineError: a stage failed.
        """
        request, settings, checked = order.checked.request, order.settings, order.checked
        characters = sum(len(u.text) for u in checked.script.utterances)
        length_s = checked.recording.duration_s if checked.recording else characters / 14
        expected, sound = max(1, round(length_s * request.fps)), SoundFragments(request.fps)
        kept = await asyncio.to_thread(Kept, self._storage, prefix)
        source = await asyncio.to_thread(source_version)
        label = label_of(checked, self._tier)
        work = Work(
            checked,
            prefix,
            settings,
            report,
            expected,
            sound,
            kept,
            source,
            label,
            began=order.began,
        )
        work.timings["preparing"] = time.perf_counter() - order.began
        await self._perform(work, utterances or _each(checked.script))
        report(Stage.COMPOSING, 0.96)
        animation = await self._stages.animation.describe()
        video = await self._compose(work, animation)
        report(Stage.COMPOSING, 1.0)
        return clip_of(work, video, self._tier.tier, animation)

    async def _perform(self, work: Work, utterances: AsyncIterator[Utterance]) -> None:
        """Speaks, plans and draws, each as soon as the one before lets it."""
        request = work.checked.request
        planner = planner_of(work.checked)
        voice = work.checked.voice
        if work.checked.recording is not None:
            sound = self._listen(work, work.checked.recording)
        else:
            sound = self._speak(work, voice, utterances) if voice else self._replay(work)
        if work.label == "end":
            sound = self._with_card(work, sound)
        heard = Heard((await self._stages.animation.describe()).hears_s)
        plan: Any = None
        grid = segment_grid(2**31, request.fps)
        waiting = next(grid)
        try:
            async with asyncio.TaskGroup() as drawing:
                async for chunk, final in sound:
                    with work.timed("planning"):
                        work.rows += [r for r in [planner.push(chunk)] if r is not None and len(r)]
                        if final:
                            work.rows += [r for r in [planner.finish()] if len(r)]
                    heard.push(chunk)
                    if final:
                        plan = await self._plan(work, heard)
                    planned = work.planned_frames
                    known = planned if final else min(planned, heard.reach_s * request.fps)
                    while waiting.start < planned and (waiting.stop <= known or final):
                        frames = range(waiting.start, min(waiting.stop, planned))
                        drawing.create_task(self._draw(work, draw_task(work, frames, heard, plan)))
                        waiting = next(grid)
                    await self._hear(work, chunk)  # while the picture is drawn elsewhere
                    work.tell()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _plan(self, work: Work, heard: Heard) -> Any:
        """The whole clip's plan, for an engine that makes one."""
        speech, request = heard.whole(), work.checked.request
        if speech is None or not work.rows:
            return None
        rows = Performance.join(work.rows)
        plan = self._stages.animation.plan
        with work.timed("planning"):
            return await self._patience.call(
                lambda: plan(request.portrait, request.framing(), speech, rows, request.seed)
            )

    async def _speak(
        self, work: Work, voice: Voice, utterances: AsyncIterator[Utterance]
    ) -> AsyncIterator[tuple[SpeechChunk, bool]]:
        """The clip's chunks on the clip's clock; the last one comes with True."""
        request = work.checked.request
        timeline = Timeline(request.fps)
        characters = sum(len(u.text) for u in work.checked.script.utterances)
        burned, reached_s = request.captions == "burn", 0.0
        async for utterance in utterances:
            speaker = work.checked.voices.get(utterance.language, voice)
            said: list[SpeechChunk] = []
            await work.draw_after(2 * self._tier.parallel_segments)
            async for chunk in self._spoken(work, utterance, speaker, work.began + reached_s):
                said.append(timeline.place(utterance, chunk))
                if not burned:
                    yield said[-1], False
            reached_s = said[-1].end_s
            work.tell_said(utterance, said)
            work.spoken = min(1.0, work.spoken + len(utterance.text) / characters)
            for chunk in said if burned else ():  # a caption stands from its first word on
                yield chunk, False
        last = timeline.finish()
        work.spoken = 1.0
        yield last, True

    async def _listen(
        self, work: Work, recording: Recording
    ) -> AsyncIterator[tuple[SpeechChunk, bool]]:
        """The recording's own sound, with what is said in it; the last chunk comes with True."""
        request, utterances = work.checked.request, work.checked.script.utterances
        audio = request.audio
        assert audio is not None
        with work.timed("listening"):
            followed = await self._patience.call(
                lambda: self._stages.speech.follow(audio, utterances)
            )
        work.notices += followed.notices
        cue = Cue.of(request.emotion, request.intensity) if request.emotion else NO_CUE
        chunks = spoken(recording, followed, cue, work.checked.language, request.fps)
        following = await asyncio.to_thread(next, chunks, None)
        while following is not None:
            utterance, chunk = following
            following = await asyncio.to_thread(next, chunks, None)
            if utterance is not None:
                work.tell_said(utterance, [chunk])
            work.spoken = min(1.0, chunk.end_s / recording.duration_s)
            yield chunk, following is None

    async def _with_card(
        self, work: Work, sound: AsyncIterator[tuple[SpeechChunk, bool]]
    ) -> AsyncIterator[tuple[SpeechChunk, bool]]:
        """The sound, and silence for as long as the card at the end stands."""
        async for chunk, final in sound:
            yield chunk, False
            if final:
                silence = card_silence(work, chunk)
                yield silence, True

    async def _replay(self, work: Work) -> AsyncIterator[tuple[SpeechChunk, bool]]:
        """The driving video's own sound, as one chunk in which nothing is spoken."""
        driving = work.checked.driving
        assert driving is not None
        end_s = len(driving.performance) / driving.performance.fps
        samples = np.zeros(round(end_s * SAMPLE_RATE), np.float32)
        if driving.sound is not None:
            heard = driving.sound[: len(samples)]
            samples[: len(heard)] = heard
        chunk = SpeechChunk(samples, SAMPLE_RATE, (PhonemeSpan("_", 0.0, end_s),), (), ())
        work.spoken = 1.0
        yield chunk, True

    async def _spoken(
        self, work: Work, utterance: Utterance, voice: Voice, due_s: float
    ) -> AsyncIterator[SpeechChunk]:
        """An utterance on its own clock: each chunk is kept before anything is made of it, and never made again."""
        request, index = work.checked.request, len(work.said)
        kept, whole = await asyncio.to_thread(work.kept.speech, index)
        for chunk in kept:
            yield chunk
        number = len(kept)
        speak = partial(self._stages.speech.speak, utterance, voice, request.seed, request.speed)
        following = self._patience.stream(speak, number)
        while not whole:
            async with self._speaking.place(due_s):
                with work.timed("speaking"):
                    piece = await anext(following, None)
            if whole := piece is None:
                await asyncio.to_thread(work.kept.end_speech, index)
            else:
                yield await asyncio.to_thread(work.kept.keep_speech, index, number, piece)
                number += 1

    async def _hear(self, work: Work, chunk: SpeechChunk) -> None:
        """Adds a chunk to the clip's sound, and keeps that as far as it can be played."""

        def encode() -> None:
            for start, fragment in work.sound.push(chunk.samples, chunk.sample_rate):
                work.kept.keep_sound(start, fragment)

        work.phonemes += chunk.phonemes
        await asyncio.to_thread(encode)

    async def _draw(self, work: Work, task: DrawTask) -> None:
        work.segments.append(task.key)
        start, fps = task.performance.start, work.checked.request.fps
        if not work.kept.has_segment(task.performance.start):
            async with self._drawing.place(work.began + start / fps):
                with work.timed("drawing"):
                    await self._patience.call(lambda: self._stages.animation.draw(task))
        if start == 0:
            work.first_segment_s = time.perf_counter() - work.began
        work.tell_drawn(len(task.performance))

    async def _compose(self, work: Work, animation: AnimationInfo) -> str:
        key = f"{work.prefix}/clip.mp4"
        duration_s = work.planned_frames / work.checked.request.fps
        with work.timed("composing"):
            sound = await asyncio.to_thread(work.sound.finish, duration_s)
            whole = f"{work.prefix}/sound/whole.mp4"
            await asyncio.to_thread(self._storage.put, whole, sound.data)
            statement = await asyncio.to_thread(
                statement_of, work, self._tier.tier, animation, self._storage
            )
            task = ComposeTask(
                segments=tuple(sorted(work.segments)),
                sound=whole,
                samples=sound.samples,
                settings=work.settings,
                frames=work.planned_frames,
                title=work.checked.script.text[:80],
                statement=statement,
                key=key,
            )
            await self._patience.call(lambda: self._stages.composition.compose(task))
        return key


async def _each(script: Script) -> AsyncIterator[Utterance]:
    for utterance in script.utterances:
        yield utterance

"""The order of the work: text and portrait in, a finished clip in storage out.

Plain async code over the stage protocols; it knows nothing of Ray. Sentences are spoken one after another and planned
as they come; every segment of the fixed grid is drawn as soon as its rows are certain, while later sentences are still
being spoken.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from backends.composition.audio import SAMPLE_RATE
from backends.composition.captions import caption_lines, to_srt, to_vtt, until
from backends.composition.fragments import SoundFragments
from backends.composition.settings import EncoderSettings
from backends.performance import Planner
from backends.performance.driving import DrivenPlanner, Driving, Reenactment
from backends.speech.engine import Voice
from backends.speech.timeline import Timeline
from backends.types import (
    CueSpan,
    Notice,
    Performance,
    PhonemeSpan,
    Script,
    Speech,
    SpeechChunk,
    WordSpan,
    segment_grid,
)
from serve_app.clients import ComposeTask, DrawTask, Prepared, Stages
from serve_app.config import TierConfig
from serve_app.schemas import (
    ClipFacts,
    Engines,
    NoticeModel,
    Report,
    SpokenCue,
    SpokenPhoneme,
    Stage,
    VideoRequest,
)
from serve_app.storage import Storage


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that can be carried out."""

    request: VideoRequest
    script: Script
    voice: Voice | None
    """None: nothing is spoken, the driving video has its own sound."""
    portrait: Prepared
    driving: Driving | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    facts: ClipFacts
    video: str
    """Storage key of the MP4."""
    performance: Performance
    captions: str | None
    """SRT or WebVTT text, where the request asked for a file of it."""


@dataclass(slots=True)
class _Work:
    """What one clip gathers on its way."""

    checked: Checked
    prefix: str
    settings: EncoderSettings
    report: Report
    expected_frames: int
    sound: SoundFragments
    timings: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    chunks: list[SpeechChunk] = field(default_factory=list)
    rows: list[Performance] = field(default_factory=list)
    said: list[tuple[str, list[WordSpan]]] = field(default_factory=list)
    """Utterances that are spoken, with their words on the clip's clock."""
    cues: list[CueSpan] = field(default_factory=list)
    """All of them; joined, their texts are what is spoken, with a space between sentences."""
    segments: list[str] = field(default_factory=list)
    drawn_frames: int = 0
    spoken: float = 0.0
    """Share of the text, 0..1."""
    told: float = 0.0
    """Share of the work, as told last: it stays when the clip turns out longer than expected."""

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.timings[stage] += time.perf_counter() - began

    @property
    def planned_frames(self) -> int:
        return self.rows[-1].end if self.rows else 0

    def tell(self) -> None:
        stage = Stage.SPEAKING if self.spoken < 1 else Stage.DRAWING
        total = max(self.expected_frames, self.planned_frames)
        self.told = max(self.told, 0.02 + 0.23 * self.spoken + 0.7 * self.drawn_frames / total)
        self.report(stage, self.told)


class Director:
    """Makes clips with the stages of one tier."""

    def __init__(self, stages: Stages, storage: Storage, tier: TierConfig) -> None:
        self._stages = stages
        self._storage = storage
        self._tier = tier

    async def check(self, request: VideoRequest) -> Checked:
        """Everything that can be found wrong with a request before work on it begins.

        Raises:
            InputError: text, voice or portrait cannot be used; each has an error of its own.
        """
        script, voice, driving = Script(()), None, None
        if request.driving_video is not None:
            driving = await self._stages.animation.capture(request.driving_video, request.fps)
        if driving is None or request.text.strip():
            script = await self._stages.parser.parse(
                request.text, request.script_options(self._tier.max_characters)
            )
            voice = await self._stages.speech.find_voice(request.voice, main_language(script))
        portrait = await self._stages.animation.prepare(request.portrait, request.framing())
        return Checked(request, script, voice, portrait, driving)

    async def make(self, request: VideoRequest, prefix: str, report: Report) -> Clip:
        """Makes the clip of a request; everything made on the way is stored below `prefix`.

        Raises:
            InputError: the request cannot be carried out.
            EngineError: a stage failed.
        """
        began = time.perf_counter()
        report(Stage.PARSING, 0.0)
        checked = await self.check(request)
        prepared = time.perf_counter() - began
        settings = await self._stages.animation.encoder(
            request.codec, request.encoder, request.quality, request.fps, checked.portrait.size
        )
        characters = sum(len(u.text) for u in checked.script.utterances)
        expected, sound = max(1, characters * request.fps // 14), SoundFragments(request.fps)
        work = _Work(checked, prefix, settings, report, expected, sound)
        work.timings["preparing"] = prepared
        await self._perform(work)
        report(Stage.COMPOSING, 0.96)
        video = await self._compose(work)
        elapsed = time.perf_counter() - began
        report(Stage.COMPOSING, 1.0)
        return await self._clip(work, video, elapsed)

    async def _perform(self, work: _Work) -> None:
        """Speaks, plans and draws, each as soon as the one before lets it."""
        request = work.checked.request
        planner = _planner(work.checked)
        voice = work.checked.voice
        sound = self._speak(work, voice) if voice else self._replay(work)
        room = asyncio.Semaphore(self._tier.parallel_segments)
        grid = segment_grid(2**31, request.fps)
        waiting = next(grid)
        try:
            async with asyncio.TaskGroup() as drawing:
                async for chunk, final in sound:
                    with work.timed("planning"):
                        work.rows += [r for r in [planner.push(chunk)] if r is not None and len(r)]
                        if final:
                            work.rows += [r for r in [planner.finish()] if len(r)]
                    planned = work.planned_frames
                    while waiting.start < planned and (waiting.stop <= planned or final):
                        frames = range(waiting.start, min(waiting.stop, planned))
                        drawing.create_task(self._draw(work, _draw_task(work, frames), room))
                        waiting = next(grid)
                    work.tell()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _speak(self, work: _Work, voice: Voice) -> AsyncIterator[tuple[SpeechChunk, bool]]:
        """The clip's chunks on the clip's clock; the last one comes with True."""
        request = work.checked.request
        utterances = work.checked.script.utterances
        timeline = Timeline(request.fps)
        characters = sum(len(u.text) for u in utterances)
        for utterance in utterances:
            with work.timed("speaking"):
                spoken = self._stages.speech.speak(utterance, voice, request.seed, request.speed)
                chunks = [timeline.place(utterance, chunk) async for chunk in spoken]
            work.said.append((utterance.text, [word for c in chunks for word in c.words]))
            if work.cues:
                work.cues[-1] = work.cues[-1]._replace(text=work.cues[-1].text + " ")
            work.cues += [cue for c in chunks for cue in c.cues]
            work.spoken += len(utterance.text) / characters
            for chunk in chunks:
                await self._keep_speech(work, chunk)
                yield chunk, False
        last = timeline.finish()
        await self._keep_speech(work, last)
        work.spoken = 1.0
        yield last, True

    async def _replay(self, work: _Work) -> AsyncIterator[tuple[SpeechChunk, bool]]:
        """The driving video's own sound, as one chunk in which nothing is spoken."""
        driving = work.checked.driving
        assert driving is not None
        end_s = len(driving.performance) / driving.performance.fps
        samples = np.zeros(round(end_s * SAMPLE_RATE), np.float32)
        if driving.sound is not None:
            heard = driving.sound[: len(samples)]
            samples[: len(heard)] = heard
        chunk = SpeechChunk(samples, SAMPLE_RATE, (PhonemeSpan("_", 0.0, end_s),), (), ())
        await self._keep_speech(work, chunk)
        work.spoken = 1.0
        yield chunk, True

    async def _keep_speech(self, work: _Work, chunk: SpeechChunk) -> None:
        """Stores speech as it is, and its sound as far as it can be played."""
        self._storage.put(_speech_key(work, len(work.chunks)), chunk.samples.tobytes())
        work.chunks.append(chunk)
        ready = await asyncio.to_thread(work.sound.push, chunk.samples, chunk.sample_rate)
        for start, fragment in ready:
            self._storage.put(sound_key(work.prefix, start), fragment)

    async def _draw(self, work: _Work, task: DrawTask, room: asyncio.Semaphore) -> None:
        work.segments.append(task.key)
        async with room:
            with work.timed("drawing"):
                await self._stages.animation.draw(task)
        work.drawn_frames += len(task.performance)
        work.tell()

    async def _compose(self, work: _Work) -> str:
        key = f"{work.prefix}/clip.mp4"
        duration_s = work.planned_frames / work.checked.request.fps
        with work.timed("composing"):
            sound = await asyncio.to_thread(work.sound.finish, duration_s)
            whole = f"{work.prefix}/sound/whole.mp4"
            self._storage.put(whole, sound.data)
            task = ComposeTask(
                segments=tuple(sorted(work.segments)),
                sound=whole,
                samples=sound.samples,
                settings=work.settings,
                frames=work.planned_frames,
                title=work.checked.script.text[:80],
                key=key,
            )
            await self._stages.composition.compose(task)
        return key

    async def _clip(self, work: _Work, video: str, elapsed_s: float) -> Clip:
        request, script, voice = work.checked.request, work.checked.script, work.checked.voice
        speech = Speech(tuple(work.chunks))
        speech_info = await self._stages.speech.describe()
        animation_info = await self._stages.animation.describe()
        facts = ClipFacts(
            path=video,
            duration_s=round(work.planned_frames / request.fps, 6),
            frames=work.planned_frames,
            fps=request.fps,
            size=work.checked.portrait.size,
            tier=self._tier.tier,
            engines=Engines(
                speech=speech_info.name if voice else "none",
                animation=animation_info.name,
                encoder=work.settings.encoder.name,
            ),
            voice=voice.id if voice else "none",
            language=main_language(script) if voice else "und",
            seed=request.seed,
            utterances=tuple(
                SpokenCue(
                    text=c.text,
                    emotion=c.cue.emotion,
                    intensity=c.cue.intensity,
                    language=c.language,
                    start_s=round(c.start_s, 4),
                    end_s=round(c.end_s, 4),
                )
                for c in work.cues
            ),
            phonemes=tuple(
                SpokenPhoneme(phoneme=p, start_s=round(a, 4), end_s=round(b, 4))
                for p, a, b in speech.phonemes
            ),
            warnings=notices(work.checked),
            timings={stage: round(s, 4) for stage, s in work.timings.items()},
            real_time_factor=round(elapsed_s * request.fps / work.planned_frames, 4),
        )
        captions = {"srt": to_srt, "vtt": to_vtt}.get(request.captions)
        lines = until(caption_lines(work.said), facts.duration_s)
        written = captions(lines) if captions else None
        return Clip(facts, video, Performance.join(work.rows), written)


def _planner(checked: Checked) -> Planner | DrivenPlanner | Reenactment:
    request, driving = checked.request, checked.driving
    if driving is not None and checked.voice is None:
        return Reenactment(driving.performance)
    planner = Planner(request.fps, request.seed, request.performance_options())
    return DrivenPlanner(planner, driving.performance) if driving is not None else planner


def _draw_task(work: _Work, frames: range) -> DrawTask:
    """What the segment of these frames is drawn from; all of it is known and stays as it is."""
    request = work.checked.request
    burned = caption_lines(work.said) if request.captions == "burn" else ()
    begin_s, end_s = frames.start / request.fps, frames.stop / request.fps
    rows = Performance.join(
        [r for r in work.rows if r.start < frames.stop and r.end > frames.start]
    )
    return DrawTask(
        portrait=request.portrait,
        framing=request.framing(),
        performance=rows.slice(frames.start, frames.stop),
        settings=work.settings,
        captions=tuple(c for c in burned if c.start_s < end_s and c.end_s > begin_s),
        key=segment_key(work.prefix, frames.start),
    )


def _speech_key(work: _Work, index: int) -> str:
    return f"{work.prefix}/speech/{index:05d}.f32"


def segment_key(prefix: str, start: int) -> str:
    """Where the segment that begins with frame `start` is stored while the clip is made."""
    return f"{prefix}/segments/{start:07d}.mp4"


def sound_key(prefix: str, start: int) -> str:
    """Where the fragment of the sound that belongs to this segment is stored meanwhile."""
    return f"{prefix}/sound/{start:07d}.m4s"


def main_language(script: Script) -> str:
    """The language that most of the text is in."""
    length: dict[str, int] = defaultdict(int)
    for utterance in script.utterances:
        length[utterance.language] += len(utterance.text)
    return max(length, key=lambda language: length[language])


def notices(checked: Checked) -> tuple[NoticeModel, ...]:
    """The parser's, one for each language that the voice speaks with an accent, the portrait's."""
    script, voice = checked.script, checked.voice
    foreign = sorted({u.language for u in script.utterances} - {voice.language}) if voice else []
    accents = tuple(
        Notice(
            "foreign_voice",
            f"{voice.id} is a voice for {voice.language!r}; it speaks {language!r} with an accent",
        )
        for language in foreign
        if voice
    )
    return tuple(
        NoticeModel(code=n.code, message=n.message, position=n.position)
        for n in (*script.warnings, *accents, *checked.portrait.notices)
    )


def samples_from(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """(n,) samples as `Director` stores them."""
    return np.frombuffer(data, np.float32)

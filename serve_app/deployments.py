"""The stages as plain classes: each holds one engine and moves values between it and storage.

`serve_app.app` places them on Serve replicas; the command line uses them as they are. Work that computes runs in
threads, so that a replica's event loop stays free.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from backends import types
from backends.animation import load_engine as load_animation_engine
from backends.animation.engine import AnimationEngine, AnimationInfo
from backends.composition.audio import Sound
from backends.composition.credentials import sign
from backends.composition.encoders import probe
from backends.composition.mux import join
from backends.composition.segments import encode_segment
from backends.composition.settings import Codec, EncoderChoice, EncoderSettings, Quality
from backends.errors import AnimationError, InputError
from backends.faces.framing import SOURCE, Framing, names_picture
from backends.faces.presets import PRESETS, preset
from backends.media import HERE, Media
from backends.performance.driving import Driving
from backends.script import ScriptOptions, parse
from backends.speech import find_voice
from backends.speech import load_engine as load_speech_engine
from backends.speech.cloning import UNNAMED_REFERENCE, read_reference
from backends.speech.engine import SpeechEngine, SpeechInfo, Voice, VoiceReference
from backends.speech.listening import Followed, follow
from backends.speech.recorded import UNNAMED_SOUND
from backends.types import (
    COEFFICIENTS,
    POSE,
    FloatArray,
    FrameBatch,
    Performance,
    Portrait,
    Reference,
    Script,
    Segment,
    SpeechChunk,
    Utterance,
    segment_grid,
)
from serve_app.catalogue import PortraitCheck, portrait_check
from serve_app.clients import ComposeTask, DrawTask, Prepared
from serve_app.config import EngineConfig, check_licence
from serve_app.health import Health
from serve_app.kept import source_version
from serve_app.problems import OtherVersionError
from serve_app.statements import identity
from serve_app.storage import Storage

if TYPE_CHECKING:  # these import OpenCV, which only replicas that draw need: methods import them
    from backends.composition.label_painter import LabelPainter
    from backends.composition.painter import CaptionPainter

_WARM_UP_SIZE = 256
_AVATARS = 8
"""Prepared avatars kept in memory by one Animation stage; 10 to 60 MB each, a video's up to 300."""
_TRACKED_SIZE = 960
"""Longer side of a driving video's frames: landmarks do not get better beyond."""


class Parser:
    async def parse(self, text: str, options: ScriptOptions) -> Script:
        return await asyncio.to_thread(parse, text, options)


class Speech:
    def __init__(self, config: EngineConfig, storage: Storage, media: Media = HERE) -> None:
        self._engine: SpeechEngine = load_speech_engine(config.engine, config.options)
        self._config = config
        self._storage = storage
        self._media = media
        self._health = Health()

    def check_health(self) -> None:
        self._health.check()

    def warm_up(self) -> None:
        """Speaks a few words with feeling, so that no clip waits for what an engine does the first time."""
        voice = next((v for v in self._engine.info.voices if not v.cloned), None)
        if voice is None:
            return
        text = (
            "[happy] Α β γ. [sad] Α β." if voice.language == "el" else "[happy] A b c. [sad] A b."
        )
        for utterance in parse(text).utterances:
            own = replace(utterance, language=voice.language)
            for _ in self._engine.synthesize(own, voice, 0):
                pass

    async def describe(self) -> SpeechInfo:
        return self._engine.info

    async def find_voice(
        self, voice: str | None, language: str, reference: str | None = None
    ) -> Voice:
        heard = None
        if reference is not None:
            heard = await asyncio.to_thread(self._reference, reference)
        found = find_voice(self._engine, voice, language, heard)
        check_licence(self._config, found.licence, f"the voice {found.id}")
        return found

    async def speak(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float
    ) -> AsyncIterator[SpeechChunk]:
        with self._health.watching():
            chunks = self._engine.synthesize(utterance, voice, seed, speed)
            while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                yield chunk

    async def follow(self, audio: str, utterances: tuple[Utterance, ...]) -> Followed:
        return await asyncio.to_thread(self._follow, audio, utterances)

    def _follow(self, audio: str, utterances: tuple[Utterance, ...]) -> Followed:
        return follow(
            self._media.open_recording(self._storage.path(audio), UNNAMED_SOUND), utterances
        )

    def _reference(self, audio: str) -> VoiceReference:
        return read_reference(self._storage.path(audio), UNNAMED_REFERENCE, self._media)


class Animation:
    def __init__(
        self, config: EngineConfig, storage: Storage, parallel: int = 1, media: Media = HERE
    ) -> None:
        self._engine: AnimationEngine[Any, Any] = load_animation_engine(
            config.engine, config.options
        )
        check_licence(config, self._engine.info.licence, f"the engine {config.engine}")
        self._health = Health()
        self._storage = storage
        self._media = media
        self._drawers = ThreadPoolExecutor(parallel, thread_name_prefix="draw")
        self._avatars: OrderedDict[tuple[str, Framing], tuple[Any, Prepared]] = OrderedDict()
        self._preparing = Lock()
        self._captured: OrderedDict[tuple[str, int], Driving] = OrderedDict()
        self._capturing = Lock()

    def check_health(self) -> None:
        self._health.check()

    def warm_up(self) -> None:
        """Draws a frame of a preset, so that no clip waits for what an engine does the first time;
        and an engine that cannot draw says so before anybody asks for a clip."""
        avatar, _ = self._avatar(f"preset:{next(iter(PRESETS))}", Framing(size=_WARM_UP_SIZE))
        probe(Codec.H264, EncoderChoice.AUTO)
        plan = self._engine.plan(avatar, _silence(), _still(), 0)
        for batch in self._engine.animate(avatar, plan, range(1)):
            size = batch.frames.shape[2], batch.frames.shape[1]
            software = probe(Codec.H264, EncoderChoice.X264)
            encode_segment(iter([batch]), EncoderSettings(software, Quality.DRAFT, 25, size), 0)

    async def describe(self) -> AnimationInfo:
        return self._engine.info

    async def prepare(self, portrait: str, framing: Framing) -> Prepared:
        _, prepared = await asyncio.to_thread(self._avatar, portrait, framing)
        return prepared

    async def encoder(
        self, codec: str, encoder: str, quality: str, fps: int, size: tuple[int, int]
    ) -> EncoderSettings:
        found = await asyncio.to_thread(probe, Codec(codec), EncoderChoice(encoder))
        return EncoderSettings(found, Quality(quality), fps, size)

    async def draw(self, task: DrawTask) -> None:
        if task.source and task.source != source_version():
            raise OtherVersionError(
                "this replica runs another version than the one that began the clip"
            )
        loop, stop = asyncio.get_running_loop(), Event()
        try:
            with self._health.watching():
                segment = await loop.run_in_executor(self._drawers, self._draw, task, stop)
        finally:
            stop.set()  # when this is cancelled, the thread ends with the batch it is at
        await asyncio.to_thread(self._storage.put, task.key, segment.data)

    async def plan(
        self,
        portrait: str,
        framing: Framing,
        speech: types.Speech,
        performance: Performance,
        seed: int,
    ) -> Any:
        with self._health.watching():
            return await asyncio.to_thread(self._plan, portrait, framing, speech, performance, seed)

    def _plan(
        self,
        portrait: str,
        framing: Framing,
        speech: types.Speech,
        performance: Performance,
        seed: int,
    ) -> Any:
        avatar, _ = self._avatar(portrait, framing)
        return self._engine.plan(avatar, speech, performance, seed)

    async def capture(self, video: str, fps: int) -> Driving:
        return await asyncio.to_thread(self._capture, video, fps)

    async def examine(self, portrait: str) -> PortraitCheck:
        return await asyncio.to_thread(self._examine, portrait)

    def _examine(self, portrait: str) -> PortraitCheck:
        from backends.faces.clip import check_reference

        picture = _picture(portrait, self._storage)
        found = check_reference(picture, "the picture", "the video", self._media)
        return portrait_check(found)

    def _capture(self, video: str, fps: int) -> Driving:
        """Tracked once: a request is checked before it is carried out."""
        from backends.faces.video import UNNAMED_DRIVING
        from backends.performance.capture import capture

        with self._capturing:
            if (video, fps) not in self._captured:
                footage = self._media.open_video(self._storage.get(video), UNNAMED_DRIVING)
                frames = footage.frames(_TRACKED_SIZE)
                rows = capture(frames, fps, footage.fps, UNNAMED_DRIVING)
                self._captured[video, fps] = Driving(rows, footage.sound())
                if len(self._captured) > _AVATARS:
                    self._captured.popitem(last=False)
            return self._captured[video, fps]

    def _draw(self, task: DrawTask, stop: Event) -> Segment:
        avatar, prepared = self._avatar(task.portrait, task.framing)
        rows, plan = task.performance, task.plan
        if plan is None:
            speech = task.speech or types.Speech(())
            plan = self._engine.plan(avatar, speech, rows, task.seed)
        batches = self._engine.animate(avatar, plan, range(rows.start, rows.end))
        if painters := _painters(task, prepared.size):
            batches = _painted(batches, painters)
        return encode_segment(_until(stop, batches), task.settings, rows.start)

    def _avatar(self, portrait: str, framing: Framing) -> tuple[Any, Prepared]:
        """The prepared avatar and what is known of it; prepared once, the least used forgotten."""
        from backends.faces.clip import load_reference

        key = (portrait, framing)
        with self._preparing:
            if key not in self._avatars:
                picture = _picture(portrait, self._storage)
                name = portrait if portrait.startswith("preset:") else "the picture"
                framed = load_reference(picture, framing, name, self._media)
                if framing.background != SOURCE:
                    framed = self._before(framed, framing.background)
                avatar = self._engine.prepare(framed)
                notices = (*framed.notices, *self._engine.notices(avatar))
                self._avatars[key] = (avatar, Prepared(framed.size, notices))
                if len(self._avatars) > _AVATARS:
                    self._avatars.popitem(last=False)
            self._avatars.move_to_end(key)
            return self._avatars[key]

    def _before(self, reference: Reference, background: str) -> Reference:
        """The portrait with another background to be put behind the person."""
        from backends.faces.background import load_backdrop

        if not self._engine.info.backdrops:
            raise InputError(
                f"the engine {self._engine.info.name} shows portraits before their own background "
                f"only; leave the background at {SOURCE}"
            )
        if not isinstance(reference, Portrait):
            raise InputError(
                f"a video keeps its own background; leave the background at {SOURCE}, "
                "or take a picture as the portrait"
            )
        picture = self._storage.get(background) if names_picture(background) else None
        backdrop = load_backdrop(background, picture, reference.size, self._media)
        return replace(reference, backdrop=backdrop)


class Composition:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def warm_up(self) -> None:
        """Loads what signs clips, and makes its key where there is none, so that no clip waits for it."""
        import_module("c2pa")
        identity()

    async def compose(self, task: ComposeTask) -> None:
        await asyncio.to_thread(self._compose, task)

    def _compose(self, task: ComposeTask) -> None:
        sound = Sound(self._storage.get(task.sound), task.samples)
        grid = segment_grid(task.frames, task.settings.fps)
        segments = (
            Segment(self._storage.get(key), frames.start, len(frames))
            for key, frames in zip(task.segments, grid, strict=True)
        )
        with (
            self._storage.writing(task.key) as path,
            NamedTemporaryFile(dir=path.parent, suffix=".part") as unsigned,
        ):
            join(Path(unsigned.name), segments, sound, task.settings, {"title": task.title})
            sign(Path(unsigned.name), path, task.statement, identity())


def _silence() -> types.Speech:
    """One second of it."""
    return types.Speech((SpeechChunk(np.zeros(16_000, np.float32), 16_000, (), (), ()),))


def _still() -> Performance:
    """One frame in which the face does nothing."""

    def nothing(*columns: int) -> FloatArray:
        return np.zeros((1, *columns), np.float32)

    extra = {name: nothing() for name in ("closure", "tongue", "teeth", "relax")}
    return Performance(nothing(len(COEFFICIENTS)), nothing(len(POSE)), nothing(2), extra)


def _picture(portrait: str, storage: Storage) -> bytes | Path:
    return preset(portrait).path if portrait.startswith("preset:") else storage.get(portrait)


def _until(stop: Event, batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
    for batch in batches:
        yield batch
        if stop.is_set():
            raise AnimationError("the segment was cancelled while it was drawn")


def _painters(task: DrawTask, size: tuple[int, int]) -> "list[CaptionPainter | LabelPainter]":
    from backends.composition.label_painter import LabelPainter
    from backends.composition.painter import CaptionPainter

    fps, found = task.performance.fps, list[CaptionPainter | LabelPainter]()
    if task.captions:
        found.append(CaptionPainter(size, fps, task.captions))
    if task.label:
        found.append(LabelPainter(size, fps, task.label))
    return found


def _painted(
    batches: Iterator[FrameBatch], painters: "Sequence[CaptionPainter | LabelPainter]"
) -> Iterator[FrameBatch]:
    """Paints on copies: the memory is the engine's, which draws anew only what its face can change."""
    for batch in batches:
        frames = batch.frames.copy()
        for offset, frame in enumerate(frames):
            for painter in painters:
                painter.paint(frame, batch.start + offset)
        yield FrameBatch(frames, batch.start)

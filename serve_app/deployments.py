"""The stages as plain classes: each holds one engine and moves values between it and storage.

`serve_app.app` places them on Serve replicas; the command line uses them as they are. Work that computes runs in
threads, so that a replica's event loop stays free.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from threading import Lock
from typing import Any

from backends.animation import load_engine as load_animation_engine
from backends.animation.engine import AnimationEngine, AnimationInfo
from backends.composition.audio import AudioTrack
from backends.composition.captions import CaptionPainter
from backends.composition.encoders import EncoderSettings, probe
from backends.composition.mux import join
from backends.composition.segments import encode_segment
from backends.faces.portrait import Framing, load_portrait
from backends.script import ScriptOptions, parse
from backends.speech import find_voice
from backends.speech import load_engine as load_speech_engine
from backends.speech.engine import SpeechEngine, SpeechInfo, Voice
from backends.types import FrameBatch, Script, Segment, SpeechChunk, Utterance
from serve_app.clients import ComposeTask, DrawTask
from serve_app.config import EngineConfig
from serve_app.director import samples_from
from serve_app.storage import Storage

_AVATARS = 8
"""Prepared avatars kept in memory by one Animation stage; 10 to 60 MB each."""


class Parser:
    async def parse(self, text: str, options: ScriptOptions) -> Script:
        return await asyncio.to_thread(parse, text, options)


class Speech:
    def __init__(self, config: EngineConfig) -> None:
        self._engine: SpeechEngine = load_speech_engine(config.engine, config.options)

    async def describe(self) -> SpeechInfo:
        return self._engine.info

    async def find_voice(self, voice: str | None, language: str) -> Voice:
        return find_voice(self._engine, voice, language)

    async def speak(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float
    ) -> AsyncIterator[SpeechChunk]:
        chunks = self._engine.synthesize(utterance, voice, seed, speed)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk


class Animation:
    def __init__(self, config: EngineConfig, storage: Storage, parallel: int = 1) -> None:
        self._engine: AnimationEngine[Any, Any] = load_animation_engine(
            config.engine, config.options
        )
        self._storage = storage
        self._room = asyncio.Semaphore(parallel)
        self._avatars: OrderedDict[tuple[str, Framing], tuple[Any, tuple[int, int]]] = OrderedDict()
        self._preparing = Lock()

    async def describe(self) -> AnimationInfo:
        return self._engine.info

    async def prepare(self, portrait: str, framing: Framing) -> tuple[int, int]:
        _, size = await asyncio.to_thread(self._avatar, portrait, framing)
        return size

    async def encoder(
        self, codec: str, encoder: str, quality: str, fps: int, size: tuple[int, int]
    ) -> EncoderSettings:
        found = await asyncio.to_thread(probe, codec, encoder)
        return EncoderSettings(codec=codec, encoder=found, quality=quality, fps=fps, size=size)

    async def draw(self, task: DrawTask) -> None:
        async with self._room:
            segment = await asyncio.to_thread(self._draw, task)
            await asyncio.to_thread(self._storage.put, task.key, segment.data)

    def _draw(self, task: DrawTask) -> Segment:
        avatar, size = self._avatar(task.portrait, task.framing)
        rows = task.performance
        batches = self._engine.animate(avatar, rows, range(rows.start, rows.end))
        if task.captions:
            batches = _captioned(batches, CaptionPainter(size, rows.fps, task.captions))
        return encode_segment(batches, task.settings, rows.start)

    def _avatar(self, portrait: str, framing: Framing) -> tuple[Any, tuple[int, int]]:
        """The prepared avatar and the clip's size; prepared once, the least used forgotten."""
        key = (portrait, framing)
        with self._preparing:
            if key not in self._avatars:
                source = portrait if portrait.startswith("preset:") else self._storage.get(portrait)
                framed = load_portrait(source, framing)
                height, width = framed.pixels.shape[:2]
                self._avatars[key] = (self._engine.prepare(framed), (width, height))
                if len(self._avatars) > _AVATARS:
                    self._avatars.popitem(last=False)
            self._avatars.move_to_end(key)
            return self._avatars[key]


class Composition:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def compose(self, task: ComposeTask) -> None:
        await asyncio.to_thread(self._compose, task)

    def _compose(self, task: ComposeTask) -> None:
        audio = AudioTrack()
        for key in task.speech:
            audio.push(samples_from(self._storage.get(key)), task.sample_rate)
        segments = (self._storage.get(key) for key in task.segments)
        self._storage.put(task.key, join(segments, audio, task.settings, title=task.title))


def _captioned(batches: Iterator[FrameBatch], painter: CaptionPainter) -> Iterator[FrameBatch]:
    for batch in batches:
        for offset, frame in enumerate(batch.frames):
            painter.paint(frame, batch.start + offset)
        yield batch



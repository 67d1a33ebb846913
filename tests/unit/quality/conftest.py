"""Small clips with sound, made once: true ones, and some that judges have to tell from them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from backends.types import COEFFICIENTS, Emotion, FloatArray, ImageArray, Performance, Speech
from benchmarks.quality import clips
from benchmarks.quality.film import Facts, Film, open_film

FPS, SIZE = 25, 320
SENTENCE = "Could you please tell me where the nearest library is? I would love to borrow a book."
OTHER = "The thin boy bought five big moving vans, and people believe him."
SHORT = "What a day it was."
JUDGES = ("dlib", "face_recognition_models", "fer", "ai_edge_litert", "speechmos", "faster_whisper")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in JUDGES if importlib.util.find_spec(name) is None]
    if missing:
        skip = pytest.mark.skip(reason=f"needs the extra `judge`: no {', '.join(missing)} here")
        for item in items:
            if item.get_closest_marker("judge") is not None:
                item.add_marker(skip)


def save(
    path: Path, frames: Iterable[ImageArray], sound: FloatArray | None = None, rate: int = 16_000
) -> Path:
    """An MP4 of RGB frames and (n,) mono samples."""
    with av.open(path, "w") as container:
        video: Any = None
        for frame in frames:
            if video is None:
                video = container.add_stream("libx264", rate=FPS, options={"crf": "18"})
                video.height, video.width = frame.shape[:2]
                audio: Any = container.add_stream("aac", rate=rate, layout="mono")
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        samples = np.zeros(rate, np.float32) if sound is None else sound
        heard = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
        heard.sample_rate = rate
        container.mux(audio.encode(heard))
        container.mux(audio.encode(None))
    return path


def frozen(plan: Performance) -> Performance:
    """The same, but for a mouth that does not move."""
    coefficients = plan.coefficients.copy()
    mouth = [i for i, name in enumerate(COEFFICIENTS) if name.startswith(("mouth", "jaw"))]
    coefficients[:, mouth] = 0
    return replace(
        plan, coefficients=coefficients, extra={n: np.zeros_like(t) for n, t in plan.extra.items()}
    )


class Films:
    """Draws clips when they are first asked for, and opens them again as the judges do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Film] = {}

    def __getitem__(self, name: str) -> Film:
        """true, frozen (its mouth), other (person and words), surprised, happy."""
        if name not in self._made:
            self._made[name] = self._drawn(name)
        return self._made[name]

    def _drawn(self, name: str) -> Film:
        woman = "preset:astronaut"
        if name in ("true", "frozen"):
            said = clips.spoken(SENTENCE)
            plan = clips.performed(said)
            path = self._file(name, woman, said, frozen(plan) if name == "frozen" else plan)
            return open_film(path, Facts(SENTENCE, "en", tuple(said.phonemes)))
        if name == "other":
            said = clips.spoken(OTHER)
            return open_film(
                self._file(name, "preset:hopper", said, clips.performed(said).slice(0, FPS))
            )
        said = clips.spoken(f"[{name}] {SHORT}")
        path = self._file(name, woman, said, clips.performed(said))
        return open_film(path, Facts(SHORT, "en", (), ((Emotion(name), 0.0, said.duration_s),)))

    def _file(self, name: str, portrait: str, speech: Speech, plan: Performance) -> Path:
        engine = clips.rig()
        frames = clips.drawn(engine, engine.prepare(clips.framed(portrait, SIZE)), plan)
        return save(self._folder / f"{name}.mp4", frames, speech.samples, speech.sample_rate)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(tmp_path_factory.mktemp("films"))

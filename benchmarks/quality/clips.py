"""What the quality measures have in common: portraits, performances, frames, and files of results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np

from backends.animation import load_engine as load_animation_engine
from backends.animation.engine import AnimationEngine
from backends.faces.framing import Framing
from backends.faces.portrait import load_portrait
from backends.performance import PerformanceOptions, plan_speech
from backends.script import parse
from backends.speech import find_voice
from backends.speech import load_engine as load_speech_engine
from backends.speech.timeline import Timeline
from backends.types import ImageArray, Performance, Portrait, Speech
from benchmarks.machine import machine

RESULTS = Path(__file__).parents[1] / "results"
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
PRESETS = ("preset:astronaut", "preset:hopper")
FPS = 25


def portraits(given: Sequence[str]) -> dict[str, str]:
    """Portraits to measure on, by a short name; folders stand for the pictures in them."""
    found: dict[str, str] = {}
    for one in given or PRESETS:
        path = Path(one)
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        if one.startswith("preset:"):
            found[one.removeprefix("preset:")] = one
        else:
            found |= {p.stem: str(p) for p in inside if p.suffix.lower() in PICTURES}
    return found


def framed(source: str, size: int) -> Portrait:
    """A portrait as a clip of this size shows it."""
    return load_portrait(source, Framing(size=size), source)


def spoken(text: str, seed: int = 0, engine: str = "piper", language: str = "en") -> Speech:
    """A text as a speech engine says it, on a clip's clock of FPS."""
    speaker = load_speech_engine(engine)
    voice = find_voice(speaker, None, language)
    timeline = Timeline(FPS)
    chunks = [
        timeline.place(utterance, chunk)
        for utterance in parse(text).utterances
        for chunk in speaker.synthesize(utterance, voice, seed)
    ]
    return Speech((*chunks, timeline.finish()))


def performed(
    speech: Speech, seed: int = 0, options: PerformanceOptions | None = None
) -> Performance:
    """What the face does while it says this."""
    return plan_speech(speech, FPS, seed, options)


def rig() -> AnimationEngine[Any, Any]:
    return load_animation_engine("rig")


def drawn(
    engine: AnimationEngine[Any, Any], avatar: Any, performance: Performance
) -> Iterator[ImageArray]:
    """The frames of a performance before encoding, (h, w, 3); each is valid until the next."""
    frames = range(performance.start, performance.end)
    for batch in engine.animate(avatar, performance, frames):
        yield from batch.frames


def decoded(clip: Path | BinaryIO) -> Iterator[ImageArray]:
    """The frames of a finished clip, (h, w, 3) RGB."""
    with av.open(clip, "r") as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def keep(name: str, settings: Mapping[str, object], rows: Iterable[Mapping[str, object]]) -> Path:
    """Writes a measure's rows, with settings, version and machine, to benchmarks/results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("prosopon"),
        "machine": machine(),
        **settings,
        "rows": list(rows),
    }
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return path

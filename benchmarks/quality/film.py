"""A finished clip as the judges get it: its sound, landmarks found in its frames, and what is known of it.

What a clip is supposed to say and show stands beside it: CLIP.json next to CLIP.mp4 holds what
`prosopon speak --json` printed. Without it the judges look and listen all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import soxr

from backends.types import Emotion, FloatArray, ImageArray, PhonemeSpan
from benchmarks.quality.clips import decoded
from benchmarks.quality.motion import Seen, watch

SOUND_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What a clip was asked for; empty where nobody knows."""

    text: str = ""
    language: str = ""
    phonemes: tuple[PhonemeSpan, ...] = ()
    emotions: tuple[tuple[Emotion, float, float], ...] = ()
    """Which from when to when, seconds, in order."""


@dataclass(frozen=True, slots=True)
class Film:
    """One clip, watched and ready to be judged."""

    name: str
    path: Path
    seen: Seen
    sound: FloatArray
    """(n,) mono at SOUND_HZ; empty without a sound track."""
    facts: Facts

    def frames(self) -> Iterator[ImageArray]:
        """(h, w, 3) RGB, decoded anew."""
        return decoded(self.path)


def open_film(path: Path, facts: Facts | None = None) -> Film:
    """Watches a clip and hears it; its facts are those beside it unless others are given.

    Raises:
        ValueError: not a clip with pictures, or no face in its first frame.
    """
    rate, sound = _tracks(path)
    try:
        seen = watch(decoded(path), rate)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    beside = path.with_suffix(".json")
    if facts is None:
        facts = read_facts(beside) if beside.is_file() else Facts()
    return Film(path.stem, path, seen, sound, facts)


def read_facts(path: Path) -> Facts:
    """The facts of a file that `prosopon speak --json` wrote.

    Raises:
        ValueError: the file holds something else.
    """
    try:
        known: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return Facts(
            text=" ".join(u["text"].strip() for u in known["utterances"]),
            language=known["language"],
            phonemes=tuple(
                PhonemeSpan(p["phoneme"], float(p["start_s"]), float(p["end_s"]))
                for p in known["phonemes"]
            ),
            emotions=tuple(
                (Emotion(u["emotion"]), float(u["start_s"]), float(u["end_s"]))
                for u in known["utterances"]
            ),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not what `prosopon speak --json` prints: {error}") from error


def _tracks(path: Path) -> tuple[float, FloatArray]:
    """Frames a second, and the sound."""
    try:
        with av.open(path) as container:
            if not container.streams.video:
                raise ValueError(f"{path} has no pictures")
            rate = float(container.streams.video[0].average_rate or 0)
        return rate, _sound(path)
    except av.FFmpegError as error:
        raise ValueError(f"{path} is not a video that can be read: {error.strerror}") from error


def _sound(path: Path) -> FloatArray:
    with av.open(path) as container:
        if not container.streams.audio:
            return np.zeros(0, np.float32)
        resampler = av.AudioResampler("fltp", "mono")
        rate = container.streams.audio[0].rate
        pieces = (f for frame in container.decode(audio=0) for f in resampler.resample(frame))
        parts = [np.asarray(frame.to_ndarray()[0], np.float32) for frame in pieces]
    whole = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    return np.asarray(soxr.resample(whole, rate, SOUND_HZ), np.float32)

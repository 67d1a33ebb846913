"""Small sound files for tests, encoded on the spot."""

import io
from functools import cache
from typing import Any

import av
import numpy as np
import soundfile

from backends.speech import find_voice, load_engine
from backends.types import NO_CUE, FloatArray, Speech, TextSpan, Utterance

RATE = 44_100


def tone(seconds: float, start_s: float = 0.0, end_s: float = np.inf) -> FloatArray:
    """440 Hz between two times, silence around them."""
    times = np.arange(round(seconds * RATE)) / RATE
    heard = (times >= start_s) & (times < end_s)
    return (0.5 * np.sin(2 * np.pi * 440 * times) * heard).astype(np.float32)


def encoded(
    samples: FloatArray,
    rate: int = RATE,
    kind: str = "wav",
    codec: str = "pcm_s16le",
    channels: int = 1,
) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        layout = "stereo" if channels == 2 else "mono"
        stream: Any = container.add_stream(codec, rate, layout=layout)
        planes = np.ascontiguousarray(np.tile(samples, (channels, 1)))
        frame = av.AudioFrame.from_ndarray(planes, "fltp", layout)
        frame.sample_rate, frame.pts = rate, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def float_wav(samples: FloatArray, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="FLOAT")
    return file.getvalue()


def utterance(text: str, language: str = "en") -> Utterance:
    return Utterance(text, (TextSpan(0, len(text), NO_CUE, -1),), language)


@cache
def said(text: str, language: str = "en") -> Speech:
    """By Piper, whose timings are exact."""
    engine = load_engine("piper")
    voice = find_voice(engine, None, "en")
    return Speech(tuple(engine.synthesize(utterance(text, language), voice, 0)))

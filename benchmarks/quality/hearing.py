"""How a clip sounds: speech quality by DNSMOS, and how well a recogniser understands it.

DNSMOS P.835 (Reddy, Gopal & Cutler, ICASSP 2022) guesses from 9 s of sound how people would rate
speech, noise and the whole, 1 to 5. Its ONNX file comes with the package `speechmos` (MIT).
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from backends.types import FloatArray
from benchmarks.listening import errors, heard
from benchmarks.quality import judges
from benchmarks.quality.film import SOUND_HZ

WINDOW_S, HOP_S = 9.01, 1.0
# From the network's outputs to opinions, highest power first: its authors' fit, in their package.
_OVERALL = (-0.06766283, 1.11546468, 0.04602535)
_SPEECH = (-0.08397278, 1.22083953, 0.0052439)


class Opinion(NamedTuple):
    """Mean opinion scores, 1..5."""

    speech: float
    overall: float


def opinion(sound: FloatArray) -> Opinion:
    """What people would think of (n,) samples at SOUND_HZ; shorter than 9 s, they are repeated.

    Raises:
        EngineUnavailableError: the package `speechmos` is not installed.
    """
    length = int(WINDOW_S * SOUND_HZ)
    whole = np.resize(sound, max(length, len(sound))).astype(np.float32)
    starts = range(0, len(whole) - length + 1, round(HOP_S * SOUND_HZ))
    windows = np.stack([whole[start : start + length] for start in starts])
    model = _dnsmos()
    raw = np.concatenate([model.run(None, {"input_1": one[None]})[0] for one in windows])
    speech, overall = np.polyval(_SPEECH, raw[:, 0]), np.polyval(_OVERALL, raw[:, 2])
    return Opinion(float(speech.mean()), float(overall.mean()))


def word_error(sound: FloatArray, said: str, language: str) -> float:
    """Share of wrong words in what Whisper base writes down, 0 and up.

    Raises:
        EngineUnavailableError: the recogniser is not installed.
    """
    judges.needed("faster_whisper")
    wrong, words = errors(said, heard(sound, SOUND_HZ, language))[2:]
    return wrong / max(words, 1)


@cache
def _dnsmos() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    path = judges.inside("speechmos", "dnsmos_models/sig_bak_ovr.onnx")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

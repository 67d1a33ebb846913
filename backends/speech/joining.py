"""Pieces of one sentence that were spoken apart, as one sound."""

from collections.abc import Sequence

import numpy as np

from backends.types import FloatArray

_PAUSE_S = 0.12
"""Between two pieces: that of a comma."""
_KEPT_S, _FADE_S = 0.02, 0.005
_AUDIBLE = 0.003
"""Of full scale, about -50 dBFS."""


def joined(sounds: Sequence[FloatArray], sample_rate: int) -> FloatArray:
    """The sounds behind each other, with what is silent at their joins replaced by one short pause."""
    if len(sounds) == 1:
        return sounds[0]
    pause = np.zeros(round(_PAUSE_S * sample_rate), np.float32)
    parts: list[FloatArray] = []
    for i, sound in enumerate(sounds):
        audible = np.flatnonzero(np.abs(sound) > _AUDIBLE)
        if not len(audible):
            continue
        kept = round(_KEPT_S * sample_rate)
        begin = max(int(audible[0]) - kept, 0) if i else 0
        end = int(audible[-1]) + kept if i < len(sounds) - 1 else len(sound)
        parts += [pause] if parts else []
        parts.append(_faded(sound[begin:end], sample_rate, head=i > 0, tail=i < len(sounds) - 1))
    return np.concatenate(parts) if parts else sounds[0]


def _faded(sound: FloatArray, rate: int, *, head: bool, tail: bool) -> FloatArray:
    length = min(round(_FADE_S * rate), len(sound))
    ramp = np.linspace(0.0, 1.0, length, endpoint=False, dtype=np.float32)
    out = sound.copy()
    if head and length:
        out[:length] *= ramp
    if tail and length:
        out[-length:] *= ramp[::-1]
    return out

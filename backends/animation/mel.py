"""The mel spectrogram that Wav2Lip and SadTalker hear: 80 bands, 80 columns a second.

Constants are those that the published weights were trained with (Prajwal et al. 2020).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import soxr

from backends.types import FloatArray

SAMPLE_RATE = 16_000
"""Hertz."""
HOP = 200
"""Samples between two columns."""
COLUMNS_PER_S = SAMPLE_RATE // HOP
BANDS = 80

_WINDOW = 800
_RANGE_HZ = (55.0, 7600.0)
_PRE_EMPHASIS = 0.97
_FLOOR_DB, _REFERENCE_DB = -100.0, 20.0
_LARGEST = 4.0
_BLOCK = 4096
"""Columns computed at a time: an hour of sound needs no more memory than a minute."""


def mel(samples: FloatArray, sample_rate: int) -> FloatArray:
    """(1 + n // 200, 80) in -4..4 of (n,) mono samples in -1..1; silence is -4.

    Column c is centred on sample 200 c at 16 kHz; beyond the ends there is silence. What is not finite is silence, too.
    """
    sound = np.nan_to_num(np.asarray(samples, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if sample_rate != SAMPLE_RATE:
        sound = soxr.resample(sound, sample_rate, SAMPLE_RATE)
    crisp = sound.copy()
    crisp[1:] -= np.float32(_PRE_EMPHASIS) * sound[:-1]
    columns = 1 + len(sound) // HOP
    padded = np.pad(crisp, (_WINDOW // 2, _WINDOW))
    spectrogram = np.empty((columns, BANDS), np.float32)
    for start in range(0, columns, _BLOCK):
        end = min(start + _BLOCK, columns)
        stretch = padded[start * HOP : (end - 1) * HOP + _WINDOW]
        spectrogram[start:end] = _columns(stretch)
    return spectrogram


def _columns(stretch: FloatArray) -> FloatArray:
    frames = np.lib.stride_tricks.sliding_window_view(stretch, _WINDOW)[::HOP]
    amplitude = np.abs(np.fft.rfft(frames * _hann(), axis=1)) @ _filters().T
    level_db = 20 * np.log10(np.maximum(amplitude, 10 ** (_FLOOR_DB / 20))) - _REFERENCE_DB
    share = (level_db - _FLOOR_DB) / -_FLOOR_DB
    return np.clip(2 * _LARGEST * share - _LARGEST, -_LARGEST, _LARGEST).astype(np.float32)


@cache
def _hann() -> FloatArray:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW), np.float32)


@cache
def _filters() -> FloatArray:
    """(80, 401) triangles of equal area on Slaney's mel scale."""
    from librosa.filters import mel as triangles

    low, high = _RANGE_HZ
    table = triangles(sr=SAMPLE_RATE, n_fft=_WINDOW, n_mels=BANDS, fmin=low, fmax=high)
    return np.asarray(table, np.float32)

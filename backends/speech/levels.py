"""How loud a voice is: one constant gain a voice, and a curve that keeps its peaks below full scale."""

import math

import numpy as np

from backends.types import FloatArray

TARGET_LUFS = -19.0
"""Loudness that every voice is brought to: the mono equivalent of -16 LUFS stereo, usual for speech online."""

_KNEE = 0.7
_CEILING = 0.891  # -1 dBFS
_LIMITER_S = 0.002

# ITU-R BS.1770-5, annex 1, tables 1 and 2: the two filters of the K-weighting at 48 kHz.
_SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_RATE = 48_000


def loudness_lufs(samples: FloatArray, sample_rate: int) -> float:
    """Integrated loudness of a mono signal (ITU-R BS.1770-5, annex 1).

    Args:
        samples: (n,) in [-1, 1].

    Returns:
        LUFS; -inf for silence and for less than 0.4 s.
    """
    from scipy.signal import (
        lfilter,
        resample_poly,
    )  # a second of imports, for voices without a known gain

    common = math.gcd(_RATE, sample_rate)
    signal = resample_poly(samples.astype(np.float64), _RATE // common, sample_rate // common)
    for b, a in (_SHELF, _HIGH_PASS):
        signal = lfilter(b, a, signal)
    block, step = _RATE * 4 // 10, _RATE // 10
    if len(signal) < block:
        return -math.inf
    windows = np.lib.stride_tricks.sliding_window_view(signal**2, block)[::step]
    power = windows.mean(axis=1)
    power = power[power > _power(-70.0)]
    if not len(power):
        return -math.inf
    gated = power[power > _power(_lufs(float(power.mean())) - 10.0)]
    return _lufs(float(gated.mean()))


def gain_for(samples: FloatArray, sample_rate: int) -> float:
    """What brings a voice that sounds like these samples to TARGET_LUFS; 1 where nothing is heard."""
    loudness = loudness_lufs(samples, sample_rate)
    return 10 ** ((TARGET_LUFS - loudness) / 20) if math.isfinite(loudness) else 1.0


def levelled(samples: FloatArray, gain: float) -> FloatArray:
    """The samples times the gain, peaks bent smoothly below -1 dBFS.

    Each sample for itself, so that a stretch sounds the same whatever stands beside it: the
    identity up to 0.7, above it a hyperbolic tangent of the same slope.
    """
    out = (samples * np.float32(gain)).astype(np.float32, copy=False)
    peaks = np.flatnonzero(np.abs(out) > _KNEE)
    bent, room = out[peaks], _CEILING - _KNEE
    over = np.tanh((np.abs(bent) - _KNEE) / room) * room
    out[peaks] = np.copysign(_KNEE + over, bent)
    return out


def limited(samples: FloatArray, sample_rate: int) -> FloatArray:
    """The samples with what rises above -1 dBFS turned down, smoothly and with some 4 ms about it.

    For sound that was raised after `levelled`; what stays below comes through as it is.
    """
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    if not len(samples) or float(np.abs(samples).max()) <= _CEILING:
        return samples
    reach = 2 * round(_LIMITER_S * sample_rate) + 1
    need = _CEILING / np.maximum(np.abs(samples.astype(np.float64)), _CEILING)
    gain = uniform_filter1d(minimum_filter1d(need, reach), reach)
    return np.asarray(samples * np.minimum(gain, 1.0), np.float32)


def _lufs(power: float) -> float:
    return -0.691 + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))

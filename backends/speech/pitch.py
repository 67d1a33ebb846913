"""How high a voice is: the pitch track, by autocorrelation.

After Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise
ratio of a sampled sound" (1993), with the costs of its tables. It does not need a fundamental in the
sound: synthetic voices often have a weak one, and trackers that follow it (WORLD's DIO and Harvest)
then name its octave.
"""

import numpy as np
from numpy.typing import NDArray

from backends.types import FloatArray

Floats = NDArray[np.float64]

HOP_S = 0.005
LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0

_RATE = 5_500
"""Hertz, about: what remains of the sound holds ten harmonics and more of any voice."""
_LOBES = 3
"""Of the low-pass filter before that, on either side."""
_WINDOW_S = 3 / LOWEST_HZ
_BLOCK = 1000
"""Frames that are looked at together: some 10 MB."""
_CANDIDATES = 5
_FINER = 2
"""Lags in one sample: the correlation is interpolated."""
_IMPOSSIBLE = -10.0
_VOICING = 0.45
_SILENCE = 0.03
_OCTAVE_COST = 0.01
_JUMP_COST = 0.35 * 0.01 / HOP_S
_VOICING_COST = 0.14 * 0.01 / HOP_S


def pitch_track(samples: FloatArray, sample_rate: int) -> Floats:
    """(frames,) pitch in hertz at 0, HOP_S, 2 HOP_S, …; 0 where the sound has none.

    Args:
        samples: (n,) mono.
    """
    if not len(samples):
        return np.zeros(1)
    sound, rate = _decimated(samples, sample_rate)
    frames = int(len(samples) / sample_rate / HOP_S) + 1
    blocks = [range(a, min(a + _BLOCK, frames)) for a in range(0, frames, _BLOCK)]
    found = [_candidates(*_autocorrelation(sound, rate, block), rate) for block in blocks]
    hertz, strength, level = (np.concatenate(parts) for parts in zip(*found, strict=True))
    loudest = float(level.max(initial=0.0)) or 1.0
    quiet = np.maximum(0.0, 2.0 - (level / loudest) * (1.0 + _VOICING) / _SILENCE)
    strength[:, 0] = _VOICING + quiet
    path = _best_path(np.log2(np.maximum(hertz, 1.0)), hertz > 0, strength)
    return np.asarray(hertz[np.arange(frames), path])


def _decimated(samples: FloatArray, sample_rate: int) -> tuple[Floats, float]:
    factor = max(1, round(sample_rate / _RATE))
    half = _LOBES * factor - 1
    low_pass = (
        np.sinc(np.arange(-half, half + 1) / factor) * np.hanning(2 * half + 3)[1:-1] / factor
    )
    low = np.convolve(samples.astype(np.float64), low_pass)[half : half + len(samples)]
    return low[::factor], sample_rate / factor


def _autocorrelation(sound: Floats, rate: float, frames: range) -> tuple[Floats, Floats]:
    """(frames, lags) of each frame by its own energy, the window's divided out, and (frames,) its peak."""
    size = round(_WINDOW_S * rate)
    lags = int(_FINER * rate / LOWEST_HZ) + 2
    window = np.hanning(size + 2)[1:-1]
    padded = np.pad(sound, size)
    starts = np.rint(np.array(frames) * HOP_S * rate).astype(np.intp) + size - size // 2
    cut = np.lib.stride_tricks.sliding_window_view(padded, size)[np.minimum(starts, len(sound))]
    cut = cut - cut.mean(axis=1, keepdims=True)
    length = 1 << (size + lags // _FINER).bit_length()
    power = np.abs(np.fft.rfft(np.vstack([cut * window, window]), length)) ** 2
    correlation = np.fft.irfft(power, _FINER * length)[:, :lags]
    own = correlation[:, :1]
    normal = correlation / np.where(own > 0, own, 1.0)
    return normal[:-1] / normal[-1], np.abs(cut).max(axis=1)


def _candidates(correlation: Floats, level: Floats, rate: float) -> tuple[Floats, Floats, Floats]:
    """(frames, 1 + _CANDIDATES) pitches and strengths, the first for no pitch at all; the level."""
    inner = correlation[:, 1:-1]
    before, after = correlation[:, :-2], correlation[:, 2:]
    lag = np.arange(1, correlation.shape[1] - 1) / _FINER
    peak = (inner > before) & (inner >= after) & (lag >= rate / HIGHEST_HZ)
    height = np.where(peak, inner - _OCTAVE_COST * np.log2(LOWEST_HZ * lag / rate), -1.0)
    best = np.argpartition(-height, _CANDIDATES, axis=1)[:, :_CANDIDATES]

    def at(values: Floats) -> Floats:
        return np.take_along_axis(values, best, axis=1)

    left, middle, right = at(before), at(inner), at(after)
    bend = left - 2 * middle + right
    offset = 0.5 * (left - right) / np.where(bend < 0, bend, -1.0)
    offset = np.clip(offset, -0.5, 0.5)
    hertz = np.where(at(height) > 0, rate / (lag[best] + offset / _FINER), 0.0)
    strength = np.where(hertz > 0, at(height) + 0.25 * (right - left) * offset, _IMPOSSIBLE)
    none = np.zeros((len(correlation), 1))
    return np.hstack([none, hertz]), np.hstack([none, strength]), level


def _best_path(octaves: Floats, voiced: NDArray[np.bool_], strength: Floats) -> NDArray[np.intp]:
    """(frames,) the candidate of each frame on the strongest path (Viterbi)."""
    jumps = np.abs(octaves[1:, None, :] - octaves[:-1, :, None]) * _JUMP_COST
    both = voiced[1:, None, :] & voiced[:-1, :, None]
    either = voiced[1:, None, :] != voiced[:-1, :, None]
    costs = np.where(both, jumps, np.where(either, _VOICING_COST, 0.0))
    total = strength[0]
    origins = np.zeros((len(strength), strength.shape[1]), np.intp)
    each = np.arange(strength.shape[1])
    for i, cost in enumerate(costs, start=1):
        reached = total[:, None] - cost
        origins[i] = reached.argmax(axis=0)
        total = reached[origins[i], each] + strength[i]
    path = np.zeros(len(strength), np.intp)
    path[-1] = total.argmax()
    for i in range(len(strength) - 1, 0, -1):
        path[i - 1] = origins[i, path[i]]
    return path

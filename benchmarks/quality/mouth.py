"""Whether a clip's mouth fits its sound: offset, agreement, closures, and stillness in silence.

The lips are those of the 68 points (`benchmarks.quality.judges`); the phones are heard by hama's
recogniser. What a mouth does at a phone was fitted to three people filmed while they spoke English,
22 s, with dominance functions (Cohen & Massaro 1993): a sum of targets, each weighed by its phone's
dominance and by exp(-(distance / reach)^1.16). It explained half of the lips' variance there.
Loudness tells little: in filmed people its correlation with the lips is -.3 to .3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.speech.hearing import HEARING_HZ, listen
from backends.speech.recognising import recognised
from backends.types import FloatArray, PhonemeSpan
from benchmarks.quality import motion
from benchmarks.quality.dynamics import CLOSED, rest_gap, smallest
from benchmarks.quality.motion import POINTS, Floats, Seen
from benchmarks.quality.sync import VISUAL_LEAD_S

TARGETS = {
    "p b m": (-0.11, 1.13), "f v": (0.14, 0.93), "θ ð": (0.19, 1.15), "t d n l": (0.48, 0.62),
    "s z": (0.34, 1.12), "ʃ ʒ": (0.64, 0.97), "k g": (0.55, 0.91), "ɹ": (0.41, 0.91),
    "w": (-0.13, 1.31), "a": (1.01, 0.82), "e": (1.04, 1.18), "i": (0.48, 0.92),
    "o": (0.19, 0.97), "u": (0.15, 1.13), "ə": (0.37, 1.03), "_": (0.39, 1.10),
}  # fmt: skip
"""Of each class of phones and of pauses: gap over the speaker's 95th percentile, and dominance."""
BEFORE_S, AFTER_S, SHAPE = 0.078, 0.058, 1.16
"""How far a phone reaches out."""
STEP_S, MOST_LAG_S, DRIFT_S = 0.01, 0.4, 0.5
LEAST_SPEECH_S = 0.5
CHANCES = 8
"""Turns of the sound against the picture that show what agreement chance gives."""
SILENT_DB, SILENCE_S, SETTLED_S = -32.0, 0.5, 0.3
"""Of a silence: against loud speech, its least length, and what the mouth may take to come to rest."""


class Sync(NamedTuple):
    """How lips and phones go together."""

    offset_ms: float
    """By how much the lips are late; talkers' shapes come at the middle of their phones."""
    agreement: float
    """Pearson's r of the gap and what the phones ask for, at that offset."""
    over_chance: float | None
    """The agreement less the mean best one of the same sound turned against the picture; None where
    the clip is too short for that."""


def heard_phones(sound: FloatArray) -> list[PhonemeSpan]:
    """What is said by ear, from samples at `film.SOUND_HZ`; empty without sound."""
    return recognised(listen([sound])) if len(sound) >= HEARING_HZ // 4 else []


def gap_of(seen: Seen) -> Floats:
    """(n,) between the inner lips, io, less what the model reads between closed ones."""
    lips = motion.lips(motion.aligned(seen.points, POINTS)[0], POINTS)
    return np.asarray(lips.gap - rest_gap(lips))


def asked_for(phones: Iterable[PhonemeSpan], times: Floats) -> Floats:
    """(n,) gap that talkers' mouths have while these phones sound, over their 95th percentile."""
    above, below = np.zeros(len(times)), np.full(len(times), 1e-9)
    for phone in phones:
        name = "_" if phone.phoneme == "_" else motion.phone_class(phone.phoneme)
        if name is None:
            continue
        target, dominance = TARGETS[name]
        middle = (phone.start_s + phone.end_s) / 2
        first, last = (phone.start_s, phone.end_s) if name == "_" else (middle, middle)
        away = np.maximum((first - times) / BEFORE_S, (times - last) / AFTER_S).clip(0)
        weight = dominance * np.exp(-(away**SHAPE))
        above += weight * target
        below += weight
    return np.asarray(above / below)


def synchrony(gap: Floats, fps: float, phones: Sequence[PhonemeSpan]) -> Sync:
    """Where the lips fit the phones best within ± MOST_LAG_S, and how well.

    Only while somebody speaks: what a mouth does in silence is its own. Chance is the same sound
    turned in a circle, so far that none of its lags is a true one.
    """
    times = np.arange(0, len(gap) / fps, STEP_S)
    shown = np.interp(times, (np.arange(len(gap)) + 0.5) / fps, gap)
    wanted = asked_for(phones, times)
    spoken = np.zeros(len(times), bool)
    for phone in phones:
        if phone.phoneme != "_":
            around = phone.start_s - AFTER_S, phone.end_s + AFTER_S
            spoken |= (times >= around[0]) & (times <= around[1])
    agreement, lag = _best(shown, wanted, spoken)
    least = 2 * round(MOST_LAG_S / STEP_S)
    turns = np.linspace(least, len(times) - least, CHANCES).astype(int)
    if len(times) <= 2 * least:
        return Sync(lag * STEP_S * 1000, agreement, None)
    by_chance = [_best(shown, np.roll(wanted, t), np.roll(spoken, t))[0] for t in turns]
    return Sync(lag * STEP_S * 1000, agreement, agreement - float(np.mean(by_chance)))


def _best(shown: Floats, wanted: Floats, spoken: NDArray[np.bool_]) -> tuple[float, int]:
    """The largest r, and by how many steps what is shown comes after what is wanted."""
    n, most = len(shown), min(round(MOST_LAG_S / STEP_S), len(shown) // 2)
    flat = _without_drift(wanted, spoken)
    tried = []
    for lag in range(-most, most + 1):
        inside = slice(max(lag, 0), min(n, n + lag))
        there = slice(inside.start - lag, inside.stop - lag)
        heard = spoken[there]
        if heard.sum() * STEP_S >= LEAST_SPEECH_S:
            lips = _without_drift(shown[inside], heard)[heard]
            tried.append((motion.correlation(lips, flat[there][heard]), lag))
    return max(tried, key=lambda one: (one[0], -abs(one[1])), default=(0.0, 0))


def _without_drift(track: Floats, where: NDArray[np.bool_]) -> Floats:
    """Less its own mean over DRIFT_S either way, of what counts: smiles and phrases go, phones stay."""
    window = np.hanning(2 * round(DRIFT_S / STEP_S) + 1)
    weight = np.convolve(where.astype(np.float64), window, "same")
    mean = np.convolve(track * where, window, "same") / np.maximum(weight, 1e-9)
    return np.asarray(track - mean[: len(track)])


def with_loudness(gap: Floats, fps: float, sound: FloatArray, offset_ms: float) -> float:
    """Pearson's r of gap and logarithm of loudness, at an offset of the lips."""
    late = round(offset_ms / 1000 * HEARING_HZ)
    heard = np.concatenate([np.zeros(max(late, 0), np.float32), sound[max(-late, 0) :]])
    return motion.correlation(gap, _loudness(heard, len(gap), fps))


def closed_share(
    gap: Floats, fps: float, phones: Sequence[PhonemeSpan], offset_ms: float
) -> float | None:
    """Share of p, b, m at which the lips meet, the clip's own offset taken out; None without any."""
    late, end_s = offset_ms / 1000 + VISUAL_LEAD_S, len(gap) / fps
    moved = [PhonemeSpan(p, a + late, b + late) for p, a, b in phones]
    minima = smallest(gap, fps, [m for m in moved if m.start_s >= 0 and m.end_s < end_s], "p b m")
    return float((minima < CLOSED).mean()) if len(minima) else None


def silence_leak(gap: Floats, fps: float, sound: FloatArray) -> tuple[float | None, float | None]:
    """How fast the lips move where nobody speaks, io a second, and that over the speed in speech.

    None where there is no silence of SILENCE_S, or no speech beside it.
    """
    speed = np.abs(np.diff(gap)) * fps
    loud = _loudness(sound, len(gap), fps)
    floor = np.quantile(loud, 0.95) + SILENT_DB / 20 * np.log(10)
    if np.quantile(loud, 0.95) < np.log(1e-3):
        return float(speed.mean()), None
    still = np.zeros(len(speed), bool)
    spoken = np.ones(len(speed), bool)
    for first, last in motion.runs(loud < floor):
        spoken[first : last + 1] = False
        if last + 1 - first >= SILENCE_S * fps:
            still[first + round(SETTLED_S * fps) : last - round(SETTLED_S / 3 * fps)] = True
    if not still.any() or not spoken.any():
        return None, None
    leak = float(speed[still].mean())
    return leak, leak / max(float(speed[spoken].mean()), 1e-6)


def _loudness(sound: FloatArray, frames: int, fps: float) -> Floats:
    padded = np.pad(sound, (0, max(0, round(frames / fps * HEARING_HZ) - len(sound))))
    return motion.loudness(padded, HEARING_HZ, frames, fps)

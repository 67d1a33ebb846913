"""The head: a posture for each phrase, slow wandering, beats on stressed words, the jaw, breath.

Sizes follow filmed talkers within what one photo stands. A beat rises about a quarter of a second
before the stressed vowel and is lowest 80 to 240 ms after its onset; many words get none. The head
tilts back a little as the jaw opens (Eriksson, Zafar and Nordh 1998).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from backends.performance.emotion import Mood
from backends.performance.noise import (
    Floats,
    Track,
    drift,
    one_normal,
    one_uniform,
    smoothstep,
    soft_limit,
)
from backends.performance.timeline import FOREVER_S, Frames, Timeline

LIMITS_DEG = (11.0, 8.0, 6.5)
"""Yaw, pitch, roll: beyond, a single photo visibly stretches."""


class Motion(NamedTuple):
    """Sizes of one channel: rms of its parts, in degrees or eye distances."""

    track: Track
    posture: float
    slow: float
    quick: float


MOTIONS = (
    Motion(Track.YAW, 2.1, 4.1, 2.75),
    Motion(Track.PITCH, 1.4, 3.0, 1.2),
    Motion(Track.ROLL, 1.2, 1.9, 1.4),
    Motion(Track.X, 0.020, 0.050, 0.032),
    Motion(Track.Y, 0.0, 0.036, 0.031),
    Motion(Track.Z, 0.0, 0.050, 0.015),
)
"""In the order of `backends.types.POSE`."""
SLOW_PERIOD_S, QUICK_PERIOD_S = 1.0, 0.18
BREATH_S, BREATH_RISE = 3.7, 0.006
FADE_IN_S = 0.6
"""The clip begins in the portrait's own pose."""

PAUSE_S = 0.2
QUIET = 0.35
"""What is left of the quick motion in a pause."""
POSTURE_S, POSTURE_EARLY_S = 0.7, 0.25

JAW_TILTS_DEG = 6.0
"""How far an open jaw takes the head back."""

BEAT_SHARE, BEAT_GAP_S = 0.7, 0.42
BEAT_DEG = (1.5, 6.0)
BEAT_YAW, BEAT_ROLL = 1.2, 0.6
"""At most, of the nod's size."""
BEAT_EARLIEST_S, BEAT_LATEST_S = 0.38, 0.95
BROW_SHARE = 0.5


class Posture(NamedTuple):
    start_s: float
    phrase: int


class Beat(NamedTuple):
    onset_s: float
    """Of the stressed vowel."""
    pitch_deg: float
    yaw_deg: float
    roll_deg: float
    brows: float
    """0..1"""


@dataclass(slots=True)
class Head:
    """Decides postures and beats in the order of time, each once."""

    seed: int
    gain: float
    """Factor on all motion; 0 holds the portrait's own pose."""
    beats: list[Beat] = field(default_factory=list)
    postures: list[Posture] = field(default_factory=list)
    stresses: int = 0
    """Stressed vowels decided upon."""
    last_beat_s: float = -1.0
    phrases: int = 0
    last_start_s: float = -1.0
    """Where the last phrase began."""

    def advance(self, timeline: Timeline) -> None:
        """Decides a beat for each stressed vowel and a posture for each phrase that came in."""
        for _, end_s in timeline.pauses(PAUSE_S):
            if self.last_start_s < end_s < FOREVER_S:
                self.last_start_s = end_s
                self.phrases += 1
                self.postures.append(Posture(end_s - POSTURE_EARLY_S, self.phrases))
        for onset_s in timeline.stresses[self.stresses :]:
            chance, size, side, tilt, brows = (
                one_uniform(self.seed, Track.BEAT, 5 * self.stresses + k) for k in range(5)
            )
            self.stresses += 1
            if chance < BEAT_SHARE and onset_s - self.last_beat_s >= BEAT_GAP_S:
                pitch = BEAT_DEG[0] + (BEAT_DEG[1] - BEAT_DEG[0]) * size * size
                lift = max(0.0, 1.0 - brows / BROW_SHARE)
                yaw, roll = (2 * side - 1) * BEAT_YAW * pitch, (2 * tilt - 1) * BEAT_ROLL * pitch
                self.beats.append(Beat(onset_s, pitch, yaw, roll, lift))
                self.last_beat_s = onset_s

    def pose(self, timeline: Timeline, frames: Frames, feeling: Mood, jaw: Floats) -> Floats:
        """(n, 6) as `backends.types.POSE`.

        Args:
            jaw: (n,) 0..1, how far speech opens it.
        """
        times = frames.times_s
        lively = self.gain * np.maximum(feeling.sum("head_amplitude", 1.0), 0.0)
        lively *= smoothstep(times / FADE_IN_S)
        quiet = QUIET + (1.0 - QUIET) * _speaking(timeline, times)
        yaw, pitch, roll = self._nods(times, feeling)
        channels = []
        for motion in MOTIONS:
            value = motion.slow * drift(self.seed, motion.track, times, SLOW_PERIOD_S)
            value += (
                quiet * motion.quick * drift(self.seed, motion.track + 1, times, QUICK_PERIOD_S)
            )
            if motion.posture:
                value += motion.posture * self._posture(motion.track + 2, times)
            channels.append(value)
        channels[0] += yaw
        channels[1] += pitch - JAW_TILTS_DEG * jaw
        channels[2] += roll
        channels[4] += BREATH_RISE * np.sin(times * (2 * np.pi / BREATH_S))
        asked = min(self.gain, 1.0)
        for k, name in enumerate(("yaw_deg", "pitch_deg", "roll_deg")):
            offset = asked * feeling.sum(name)
            channels[k] = soft_limit(lively * channels[k] + offset, LIMITS_DEG[k])
        for k in (3, 4, 5):
            channels[k] = lively * channels[k]
        return np.stack(channels, axis=1)

    def brows(self, frames: Frames) -> Floats:
        """(n,) 0..1: how far the brows rise with the beats, a little before them."""
        times = frames.times_s
        track = np.zeros(len(times))
        for beat in self.beats:
            since = times - beat.onset_s
            rising = smoothstep((since + 0.30) / 0.18)
            np.maximum(track, beat.brows * rising * smoothstep((0.35 - since) / 0.35), out=track)
        return track

    def forget(self, before_s: float) -> None:
        """Drops what rows from `before_s` on cannot show any more."""
        self.beats = [b for b in self.beats if b.onset_s > before_s - BEAT_LATEST_S]
        while len(self.postures) > 1 and self.postures[1].start_s < before_s - POSTURE_S:
            del self.postures[0]

    def _posture(self, track: int, times: Floats) -> Floats:
        value = np.zeros(len(times))
        for start_s, phrase in self.postures:
            begin = int(np.searchsorted(times, start_s))
            target = one_normal(self.seed, track, phrase)
            done, rest = smoothstep((times[begin:] - start_s) / POSTURE_S), value[begin:]
            value[begin:] = np.where(done >= 1.0, target, rest + (target - rest) * done)
        return value

    def _nods(self, times: Floats, feeling: Mood) -> tuple[Floats, Floats, Floats]:
        """(n,) yaw, pitch and roll of the beats: up before the vowel, lowest after it, then back."""
        tempo = np.clip(feeling.sum("tempo", 1.0), 0.7, 1.4)
        yaw, pitch, roll = (np.zeros(len(times)) for _ in range(3))
        for beat in self.beats:
            since = times - beat.onset_s
            since = np.where(since > 0.0, since * tempo, since)
            up = smoothstep((since + BEAT_EARLIEST_S) / 0.24) * smoothstep((0.10 - since) / 0.24)
            down = smoothstep((since + 0.14) / 0.26) * smoothstep((0.52 - since) / 0.36)
            yaw += beat.yaw_deg * down
            pitch += beat.pitch_deg * (down - 0.45 * up)
            roll += beat.roll_deg * down
        return yaw, pitch, roll


def _speaking(timeline: Timeline, times: Floats) -> Floats:
    """(n,) 1 in speech, 0 in pauses, easing between."""
    track = np.ones(len(times))
    for start_s, end_s in timeline.pauses(PAUSE_S):
        silent = smoothstep((times - start_s) / 0.3) * smoothstep((end_s + 0.05 - times) / 0.3)
        track = np.minimum(track, 1.0 - silent)
    return track

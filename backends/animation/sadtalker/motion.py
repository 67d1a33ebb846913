"""From sound and performance to the coefficients of every frame: what is planned once for a clip."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import savgol_filter

from backends.animation.mel import BANDS, COLUMNS_PER_S, mel
from backends.animation.sadtalker.keypoints import WINDOW
from backends.animation.sadtalker.pose import LATENT, POSE, SEQUENCE, PoseVAE
from backends.animation.sadtalker.sound import EXPRESSION, ExpNet
from backends.performance.emotion import GLIDE_S, mood
from backends.performance.noise import smoothstep
from backends.performance.timeline import CueOnset, Timeline
from backends.types import INDEX, Cue, FloatArray, Performance, Speech

FPS = 25
"""Of the coefficients, whatever the clip's own rate is."""
_COLUMNS = 16
"""Of the mel spectrogram that a frame hears."""
_EARLY = 2
"""Frames by which they begin before it."""
_SMOOTHED, _DEGREE = 13, 2
"""Rows and degree of the filter that smooths poses (Savitzky and Golay 1964)."""
_BATCH = 64
"""Frames that are heard at a time."""
_POSTURE_S = 0.7
"""What of the performance's head is slower than this is posture; it is added."""
_USUAL_DEG = 4.0
"""Root mean square of a natural performance's yaw, pitch and roll together about its posture."""


@dataclass(frozen=True, slots=True)
class Look:
    """An expression that the photo is re-posed into; what a cue asks for."""

    coefficients: FloatArray
    """(52,)"""
    relax: float
    """As `Performance.extra["relax"]`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A clip's motion, or that of some of its frames with the rows around them."""

    rows: FloatArray
    """(n, 70) expression and pose, 25 a second."""
    first: int
    """What row of the clip's the first one is."""
    looks: tuple[Look, ...]
    shares: FloatArray
    """(frames, looks) how much of each look there is; the rest is the photo's own."""
    fps: int
    start: int = 0
    """Frame of the clip that the first of `shares` is."""

    @property
    def end(self) -> int:
        return self.start + len(self.shares)

    def slice(self, start: int, end: int) -> Plan:
        """What frames [start, end) are drawn from; raises IndexError where some of them are not there."""
        self._check(start, end)
        at = np.array([start, max(start, end - 1)]) * FPS // self.fps - self.first
        low = max(0, int(at[0]) - WINDOW // 2)
        high = min(len(self.rows), int(at[1]) + WINDOW // 2 + 2)
        return replace(
            self,
            rows=self.rows[low:high],
            first=self.first + low,
            shares=self.shares[start - self.start : end - self.start],
            start=start,
        )

    def windows(self, frames: range) -> FloatArray:
        """(frames, 70, 27) the rows around each frame; the clip's ends go on."""
        self._check(frames.start, frames.stop)
        row, part = np.divmod(np.arange(frames.start, frames.stop) * FPS, self.fps)
        around = row[:, None] + np.arange(-(WINDOW // 2), WINDOW // 2 + 1) - self.first
        last = len(self.rows) - 1
        share = (part / self.fps).astype(np.float32)[:, None, None]
        at = self.rows[np.clip(around, 0, last)]
        if part.any():
            at = at + share * (self.rows[np.clip(around + 1, 0, last)] - at)
        return np.ascontiguousarray(at.transpose(0, 2, 1))

    def _check(self, start: int, end: int) -> None:
        if not self.start <= start <= end <= self.end:
            raise IndexError(f"frames {start}..{end} outside {self.start}..{self.end}")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a clip moves."""

    style: int
    """Of the head's motion, 0..45."""
    still: bool
    """The head stays as the photo shows it."""
    expression: float
    """Factor on expressions."""
    head: float
    """Factor on the head's own motion."""


def plan_motion(
    expression: ExpNet,
    pose: PoseVAE,
    own: FloatArray,
    speech: Speech,
    performance: Performance,
    seed: int,
    manner: Manner,
) -> Plan:
    """The clip's plan.

    Args:
        own: (70,) expression and pose of the photo.
        performance: all of the clip's rows: blinks, and how the head is held and how lively it is.
    """
    count = max(2, -(-performance.end * FPS // performance.fps))
    heard = hear(speech, count)
    rows = np.empty((count, EXPRESSION + POSE), np.float32)
    lids = np.stack([performance.channel("eyeBlinkLeft"), performance.channel("eyeBlinkRight")], 1)
    blink = at_rate(lids, performance, count).mean(1)
    rows[:, :EXPRESSION] = expressions(expression, heard, own[:EXPRESSION], blink)
    rows[:, :EXPRESSION] *= manner.expression
    rows[:, EXPRESSION:] = own[EXPRESSION:]
    if not manner.still:
        moved = poses(pose, heard, own[EXPRESSION:], seed, manner.style) - own[EXPRESSION:]
        posture, lively = _head(performance, count)
        rows[:, EXPRESSION:] += moved * (lively * manner.head)[:, None]
        rows[:, EXPRESSION : EXPRESSION + 3] += posture
    looks, shares = expressed(speech, performance)
    return Plan(rows, 0, looks, shares, performance.fps)


def hear(speech: Speech, count: int) -> FloatArray:
    """(count, 80, 16) what each of the frames hears; silence behind the end."""
    spectrogram = mel(speech.samples, speech.sample_rate)
    silence = np.full((1, BANDS), spectrogram.min(initial=-4.0), np.float32)
    spectrogram = np.concatenate([spectrogram, silence])
    starts = np.trunc(COLUMNS_PER_S * (np.arange(count) - _EARLY) / FPS).astype(int)
    around = np.clip(starts[:, None] + np.arange(_COLUMNS), 0, len(spectrogram) - 1)
    return np.ascontiguousarray(spectrogram[around].transpose(0, 2, 1))


def expressions(
    network: ExpNet, heard: FloatArray, own: FloatArray, blink: FloatArray
) -> FloatArray:
    """(n, 64) of what is heard, (n, 80, 16), the photo's own expression, (64,), and how far eyes are shut, (n,)."""
    device = next(network.parameters()).device
    found = []
    with torch.inference_mode():
        for start in range(0, len(heard), _BATCH):
            sound = torch.from_numpy(heard[start : start + _BATCH]).to(device)[:, None]
            shut = torch.from_numpy(blink[start : start + _BATCH]).to(device)[:, None]
            rest = torch.from_numpy(own).to(device).expand(len(sound), -1)
            found.append(network(sound, rest, shut).cpu().numpy())
    return np.concatenate(found)


def poses(
    network: PoseVAE, heard: FloatArray, own: FloatArray, seed: int, style: int
) -> FloatArray:
    """(n, 6) smoothed poses of what is heard, (n, 80, 16); the first is the photo's own, (6,)."""
    device = next(network.parameters()).device
    noise = np.random.default_rng(seed)
    motion = [np.zeros((1, POSE), np.float32)]
    after = heard[1:]
    with torch.inference_mode():
        rest = torch.from_numpy(own).to(device)[None]
        kind = torch.tensor([style], device=device)
        for start in range(0, len(after), SEQUENCE):
            count = min(SEQUENCE, len(after) - start)
            piece = after[start : start + SEQUENCE]
            if count < SEQUENCE:  # as many frames as are left, at the end of a whole sequence
                piece = after[-SEQUENCE:]
                piece = np.concatenate([piece[:1].repeat(SEQUENCE - len(piece), 0), piece])
            z = noise.standard_normal((1, LATENT), np.float32)
            sound = torch.from_numpy(piece).to(device)[None, :, None]
            made = network(sound, torch.from_numpy(z).to(device), kind, rest)[0].cpu().numpy()
            motion.append(made[SEQUENCE - count :])
    whole = np.concatenate(motion) + own
    rows = min(_SMOOTHED, (len(whole) - 1) // 2 * 2 + 1)
    if rows <= _DEGREE:
        return np.asarray(whole, np.float32)
    return np.asarray(savgol_filter(whole, rows, _DEGREE, axis=0), np.float32)


def at_rate(values: FloatArray, performance: Performance, count: int) -> FloatArray:
    """(count, …) a performance's rows at 25 a second."""
    times = np.arange(count) * (performance.fps / FPS) - performance.start
    low = np.clip(np.floor(times).astype(int), 0, len(values) - 1)
    part = np.clip(times - low, 0.0, 1.0).reshape(-1, *[1] * (values.ndim - 1))
    high = np.minimum(low + 1, len(values) - 1)
    return np.asarray(values[low] * (1 - part) + values[high] * part, np.float32)


def _head(performance: Performance, count: int) -> tuple[FloatArray, FloatArray]:
    """(n, 3) radians about x, y and z by which the head is held otherwise than in the photo, and (n,) how lively it is:
    1 for a natural performance, 0 for one that does not move."""
    degrees = at_rate(performance.pose[:, :3], performance, count)
    posture = gaussian_filter1d(degrees, _POSTURE_S * FPS, axis=0, mode="nearest")
    away = ((degrees - posture) ** 2).sum(1)
    lively = np.sqrt(gaussian_filter1d(away, 2 * _POSTURE_S * FPS, mode="nearest")) / _USUAL_DEG
    yaw, pitch, roll = np.deg2rad(posture).T
    return np.stack([pitch, yaw, -roll], axis=1), np.asarray(lively, np.float32)


def expressed(speech: Speech, performance: Performance) -> tuple[tuple[Look, ...], FloatArray]:
    """The looks that the cues ask for, and (frames, looks) how much of each there is, gliding from one to the next."""
    timeline = Timeline()
    for chunk in speech.chunks:
        timeline.add(chunk)
    timeline.close()
    asked = list(dict.fromkeys(onset.cue for onset in timeline.cues if onset.cue.weights))
    times = (performance.start + np.arange(len(performance))) / performance.fps
    shares: NDArray[np.float64] = np.zeros((len(times), len(asked)))
    for onset_s, cue in timeline.cues:
        done = smoothstep((times - onset_s) / GLIDE_S + 0.5)[:, None]
        shares += (np.array([cue == other for other in asked], float) - shares) * done
    return tuple(_look(cue) for cue in asked), shares.astype(np.float32)


def _look(cue: Cue) -> Look:
    settled = mood([CueOnset(-60.0, cue)], np.zeros(1))
    face = np.clip(settled.face(np.zeros(1))[0], 0.0, 1.0).astype(np.float32)
    for side in ("Left", "Right"):
        face[INDEX["eyeBlink" + side]] = 0.0  # the eyes are shut by the plan's rows
    return Look(face, float(settled.relax[0]))

"""How lips, head and eyes of a clip move, measured on landmarks that were found again in its frames.

Lengths are in "io", the distance between the outer corners of the eyes. Two models look at every
frame: dlib's 68 points (`benchmarks.quality.judges`), which share nothing with the rig but where
they are looked for, for mouth and nose; MediaPipe's mesh where 68 points in the plane do not tell
(turns in depth, irises, lids).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.faces.detect import FaceTracker
from backends.types import FloatArray, ImageArray, PhonemeSpan
from benchmarks.quality import judges

Floats = NDArray[np.float64]


class Layout(NamedTuple):
    """Where a landmark model has what is measured."""

    eye_corners: tuple[int, int]
    """The outer ones."""
    stable: tuple[int, ...]
    """Points that lips and lids do not move."""
    upper: tuple[int, int, int]
    """Inner border of the upper lip, the middle three."""
    lower: tuple[int, int, int]
    corners: tuple[int, int]
    bridge: tuple[int, ...]
    """Of the nose."""


MESH = Layout(
    (33, 263), (33, 133, 362, 263, 168, 6, 197, 195, 10, 151, 9, 127, 356, 234, 454),
    (81, 13, 311), (178, 14, 402), (61, 291), (168, 6, 197),
)  # fmt: skip
POINTS = Layout(
    (36, 45), (36, 39, 42, 45, 27, 28, 29), (61, 62, 63), (67, 66, 65), (48, 54), (27, 28, 29)
)
IRISES, EYE_CORNERS = (468, 473), (33, 133, 362, 263)
LIDS = (((159, 145), (33, 133)), ((386, 374), (362, 263)))
"""Of each eye: upper and lower lid, both corners."""
HULL = (105, 334, 234, 454, 152)
"""Of the mesh: brows, sides and chin, between which the 68 points lie."""
SETTLING = 3
"""Looks after which the 68 points of a first frame no longer move."""
RESTING = 0.08
"""Share of the frames, those with the smallest gap, that show the lips at rest."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A clip as the judges saw it."""

    fps: float
    mesh: Floats
    """(n, 478, 3) pixels."""
    points: Floats
    """(n, 68, 2) pixels."""
    missed: int
    """Frames in which either model found no face; they repeat the one before."""


def watch(frames: Iterable[ImageArray], fps: float) -> Seen:
    """Both models' landmarks of every frame; the first frame must show a face.

    The 68 points are looked for where the head is by the mesh: a window that follows their own
    answers wanders, and on a face half in the shade it leaves the face.

    Raises:
        ValueError: no face in the first frame.
    """
    meshes: list[FloatArray] = []
    points: list[FloatArray] = []
    missed = 0
    with FaceTracker() as tracker:
        for frame in frames:
            face = tracker.track(frame)
            if face is not None:
                start = points[0] if points else _first_points(frame, face.landmarks)
                meshes.append(face.landmarks)
                expected = carried(start, meshes[0], face.landmarks)
                points.append(judges.follow_landmarks(frame, expected))
            elif meshes:
                missed += 1
                meshes.append(meshes[-1])
                points.append(points[-1])
            else:
                raise ValueError("no face in the clip's first frame")
    return Seen(fps, np.array(meshes, np.float64), np.array(points, np.float64), missed)


def _first_points(frame: ImageArray, mesh: FloatArray) -> FloatArray:
    points = judges.landmarks_in(frame, judges.box_around(mesh[list(HULL), :2]))
    for _ in range(SETTLING):
        points = judges.follow_landmarks(frame, points)
    return points


def carried(points: FloatArray, before: FloatArray, now: FloatArray) -> FloatArray:
    """(68, 2) points moved as the head does between two meshes: a similarity in the plane."""
    stable, plane = list(MESH.stable), np.array([1, 1j])
    old, new = before[stable, :2] @ plane, now[stable, :2] @ plane
    spread = old - old.mean()
    turn = (spread.conj() * (new - new.mean())).sum() / (np.abs(spread) ** 2).sum()
    moved = (points @ plane - old.mean()) * turn + new.mean()
    return np.column_stack([moved.real, moved.imag]).astype(np.float32)


def aligned(landmarks: Floats, layout: Layout) -> tuple[Floats, Floats]:
    """(n, k, d) landmarks with the head's motion taken out, in io, and (n, d, d) its rotations.

    A similarity fitted on the stable points to those of the first frame (Umeyama 1991).
    """
    stable = list(layout.stable)
    first = landmarks[0]
    io = float(np.linalg.norm(first[layout.eye_corners[0]] - first[layout.eye_corners[1]]))
    target = first[stable] - first[stable].mean(0)
    centres = landmarks[:, stable].mean(1, keepdims=True)
    source = landmarks[:, stable] - centres
    u, sizes, vt = np.linalg.svd(np.einsum("nki,kj->nij", source, target))
    flip = np.ones_like(sizes)
    flip[:, -1] = np.sign(np.linalg.det(u @ vt))
    turned_back = (u * flip[:, None]) @ vt
    scale = (sizes * flip).sum(1) / (source**2).sum((1, 2))
    moved = np.einsum("nki,nij->nkj", landmarks - centres, turned_back) * scale[:, None, None]
    return moved / io, turned_back


class Lips(NamedTuple):
    """(n,) each, in io; lifts and width from the lips at rest."""

    gap: Floats
    """Between the inner lips: the mean of three columns."""
    upper: Floats
    """How far the upper lip is raised."""
    lower: Floats
    """How far the lower lip is down."""
    width: Floats
    """Over the width at rest, less 1."""


def lips(face: Floats, layout: Layout) -> Lips:
    """From landmarks without the head's motion."""
    above, below = face[:, list(layout.upper)], face[:, list(layout.lower)]
    gap = np.linalg.norm(above - below, axis=2).mean(1)
    at_rest = gap <= np.quantile(gap, RESTING)

    def from_rest(track: Floats) -> Floats:
        return track - float(np.median(track[at_rest]))

    left, right = (face[:, i] for i in layout.corners)
    width = np.linalg.norm(left - right, axis=1)
    return Lips(
        gap=gap,
        upper=-from_rest(above[:, :, 1].mean(1)),
        lower=from_rest(below[:, :, 1].mean(1)),
        width=width / float(np.median(width[at_rest])) - 1,
    )


def head_turns(rotations: Floats) -> Floats:
    """(n, 3) yaw, pitch, roll in degrees, signs as `backends.types.POSE`, from `aligned` of a mesh."""
    r = rotations
    yaw = np.arcsin(np.clip(r[:, 2, 0], -1, 1))
    pitch = np.arctan2(r[:, 2, 1], r[:, 2, 2])
    roll = np.arctan2(r[:, 1, 0], r[:, 0, 0])
    turns: Floats = np.degrees(np.stack([yaw, pitch, roll], axis=1))
    return turns


def eye_slope(face: Floats, yaw_deg: Floats) -> float:
    """How far, in io, the irises move against the head for each degree that it turns; 0 where it does not."""
    if yaw_deg.std() < 0.2:
        return 0.0
    iris = face[:, list(IRISES), 0].mean(1) - face[:, list(EYE_CORNERS), 0].mean(1)
    return -float(np.polyfit(yaw_deg, iris, 1)[0])


def trembling(landmarks: Floats, layout: Layout) -> float:
    """Root mean square of the nose bridge's second difference in the picture, io a frame²."""
    corners = landmarks[:, list(layout.eye_corners), :2]
    io = float(np.median(np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)))
    bridge = landmarks[:, list(layout.bridge), :2].mean(1) / io
    return float(np.sqrt((np.diff(bridge, 2, axis=0) ** 2).sum(1).mean()))


class Blink(NamedTuple):
    """Milliseconds; closing from 90 % of the open eye to a fifth of the depth, opening back."""

    closing_ms: float
    held_ms: float
    opening_ms: float


def openness(mesh: Floats) -> Floats:
    """(n,) lid gap over eye width, both eyes; 1 is the eye at its 90th percentile."""
    eyes = [
        np.linalg.norm(mesh[:, a] - mesh[:, b], axis=1)
        / np.linalg.norm(mesh[:, c] - mesh[:, d], axis=1)
        for (a, b), (c, d) in LIDS
    ]
    both = np.mean(eyes, axis=0)
    opened: Floats = both / float(np.quantile(both, 0.9))
    return opened


def blinks(opened: Floats, fps: float, open_level: float = 0.9) -> list[Blink]:
    """The dips below half of the open eye, timed between frames by straight lines."""
    fine = np.interp(np.arange(0, len(opened) - 1, 0.1), np.arange(len(opened)), opened)
    step_ms = 100 / fps
    found = []
    for first, last in runs(fine < 0.55):
        bottom = float(fine[first : last + 1].min())
        level = bottom + 0.2 * (open_level - bottom)
        deep = np.flatnonzero(fine[first : last + 1] <= level) + first
        start, end = first, last
        while start > 0 and fine[start] < open_level:
            start -= 1
        while end < len(fine) - 1 and fine[end] < open_level:
            end += 1
        if start and end < len(fine) - 1:
            spans = (deep[0] - start, deep[-1] - deep[0], end - deep[-1])
            found.append(Blink(*(float(s * step_ms) for s in spans)))
    return found


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]


def lengths_below(gap: Floats, fps: float, level: float, moments_s: Sequence[float]) -> list[float]:
    """Milliseconds that the gap stays below a level around each moment; 0 where it is not."""
    fine = np.interp(np.arange(0, len(gap) - 1, 0.1), np.arange(len(gap)), gap)
    stretches = runs(fine < level)
    found = []
    for moment in moments_s:
        at = (moment * fps - 0.5) * 10
        near = [r for r in stretches if r[0] - 10 <= at <= r[1] + 10]
        length = max((b - a + 1 for a, b in near), default=0)
        found.append(length * 100 / fps)
    return found


def loudness(samples: FloatArray, rate: int, frames: int, fps: float) -> Floats:
    """(frames,) natural logarithm of the sound's rms in 40 ms about the middle of each frame."""
    half = round(0.02 * rate)
    padded = np.concatenate([np.zeros(half), samples, np.zeros(half + rate)])
    middles = ((np.arange(frames) + 0.5) / fps * rate).astype(int)
    windows = np.stack([padded[m : m + 2 * half] for m in middles])
    loud: Floats = np.log(np.sqrt((windows.astype(np.float64) ** 2).mean(1)) + 1e-4)
    return loud


def share_below(track: Floats, fps: float, hertz: float) -> float:
    """Share of a track's variance below a frequency, its linear trend taken out."""
    t = np.arange(len(track))
    flat = track - np.polyval(np.polyfit(t, track, 1), t)
    power = np.abs(np.fft.rfft(flat * np.hanning(len(flat)))) ** 2
    rates = np.fft.rfftfreq(len(flat), 1 / fps)
    total = float(power[1:].sum())
    return float(power[1:][rates[1:] < hertz].sum()) / total if total else 1.0


def correlation(a: Floats, b: Floats) -> float:
    """Pearson's r; 0 where either is flat."""
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0


PHONES = {
    "p b m": "p b m", "f v": "f v", "θ ð": "θ ð", "t d n l": "t d n l r ɾ ɫ", "s z": "s z",
    "ʃ ʒ": "ʃ ʒ", "k g": "k ɡ g ŋ x ɣ c ɟ", "ɹ": "ɹ", "w": "w", "a": "a ɑ æ ʌ ɐ", "e": "e ɛ",
    "i": "i ɪ ᵻ", "o": "o ɔ", "u": "u ʊ", "ə": "ə ɚ",
}  # fmt: skip
CLASS_OF = {phone: name for name, phones in PHONES.items() for phone in phones.split()}


def phone_class(phoneme: str) -> str | None:
    """The class of an IPA segment, whatever its stress and length."""
    return CLASS_OF.get(phoneme.strip("ˈˌːʲ"))


def at_phones(
    track: Floats, fps: float, phonemes: Sequence[PhonemeSpan], lead_s: float
) -> list[tuple[str, float]]:
    """The class of each phoneme that has one, and the track at its middle, `lead_s` before it sounds."""
    found = []
    for phoneme, start_s, end_s in phonemes:
        name = phone_class(phoneme)
        if name is not None:
            moment = ((start_s + end_s) / 2 - lead_s) * fps - 0.5
            found.append((name, float(np.interp(moment, np.arange(len(track)), track))))
    return found

"""The face of a video from frame to frame: landmarks, smoothed without lag, and its head's pose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from backends.errors import NoFaceError
from backends.faces.detect import LANDMARKS, Face, FaceTracker, find_faces
from backends.types import Box, ImageArray

Array = NDArray[np.float64]

MOST_LOST = 1 / 3
"""Of the frames: a video with more of them without the face cannot be meshed."""
SEARCH_EVERY = 5
"""Frames between two searches of the whole picture while there is no face."""
WINDOW = 3.0
"""Side of the part that the tracker looks at, in face boxes: other faces stay outside."""
SMOOTHING_FRAMES = 0.5
"""Standard deviation of the smoothing in time; more would lag behind lips and lids."""
RIGID = (
    168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 10, 109, 338, 67, 297, 103, 332, 54, 284, 21, 251,
    162, 389, 127, 356, 234, 454, 93, 323, 33, 133, 263, 362, 8, 9, 151,
)  # fmt: skip
"""Landmarks that expressions hardly move: forehead, temples, bridge and base of the nose, corners of the eyes."""


@dataclass(frozen=True, slots=True)
class Track:
    """One face through a video."""

    landmarks: Array
    """(n, 478, 3) pixels as `Face.landmarks`, smoothed; gaps are filled between their ends."""
    found: NDArray[np.bool_]
    """(n,) where the face was seen."""

    def __len__(self) -> int:
        return len(self.landmarks)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a head is: its own axes in pixels. `pixels = scale · local @ rotation.T + shift`."""

    rotation: Array
    """(3, 3)"""
    scale: float
    shift: Array
    """(3,)"""

    def to_pixels(self, local: Array) -> Array:
        return self.scale * local @ self.rotation.T + self.shift

    def to_local(self, pixels: Array) -> Array:
        local: Array = (pixels - self.shift) @ self.rotation / self.scale
        return local


def track_face(
    frames: Iterable[ImageArray], name: str, near: Box | None = None, most_lost: float = MOST_LOST
) -> Track:
    """Follows one face through a video's frames, (h, w, 3) uint8 RGB each.

    Args:
        name: what messages call the video.
        near: where the face is at first; the largest one otherwise.
        most_lost: share of the frames that it may be missing in.

    Raises:
        NoFaceError: no face, or it is missing in more of the frames than that.
    """
    rows: list[Array | None] = []
    box, search = near, 0
    with FaceTracker() as tracker:
        for frame in frames:
            face = _seen(tracker, frame, box) if box is not None else None
            if face is None and search <= 0:
                found = _nearest(find_faces(frame), box)
                search = SEARCH_EVERY
                if found is not None:
                    face = _seen(tracker, frame, found.box) or found
            search -= 1
            box = face.box if face is not None else box
            rows.append(face.landmarks.astype(np.float64) if face is not None else None)
    return _smoothed(rows, name, most_lost)


def _seen(tracker: FaceTracker, frame: ImageArray, box: Box) -> Face | None:
    """The tracker's face in the window around a box, if it is the one that was there."""
    height, width = frame.shape[:2]
    side = WINDOW * max(box.width, box.height)
    step = max(1, round(side / 6))  # the window stays where it is while the head stirs
    x, y = box.x + box.width / 2 - side / 2, box.y + box.height / 2 - side / 2
    left, top = max(0, round(x / step) * step), max(0, round(y / step) * step)
    right, bottom = min(width, round(left + side)), min(height, round(top + side))
    if side > 0.8 * min(height, width):
        left, top, right, bottom = 0, 0, width, height
    face = tracker.track(np.ascontiguousarray(frame[top:bottom, left:right]))
    if face is None:
        return None
    landmarks = face.landmarks + np.array([left, top, 0], np.float32)
    moved = Face(face.box._replace(x=face.box.x + left, y=face.box.y + top), landmarks, face.score)
    reach = 0.6 * max(box.width, box.height)
    away = np.hypot(moved.box.x - box.x, moved.box.y - box.y)
    return moved if away < reach else None


def _nearest(faces: list[Face], box: Box | None) -> Face | None:
    if not faces or box is None:
        return faces[0] if faces else None
    return min(faces, key=lambda f: abs(f.box.x - box.x) + abs(f.box.y - box.y))


def check_found(found: NDArray[np.bool_], name: str, most_lost: float) -> None:
    """Raises NoFaceError: a video's face is in none of its frames, or missing in more than this share of them."""
    if not found.any():
        raise NoFaceError(
            f"no face found in {name} ({len(found)} frames); use a video in which a person looks "
            "towards the camera, well lit and not covered"
        )
    lost = 1 - found.mean()
    if lost > most_lost:
        raise NoFaceError(
            f"the face in {name} is lost in {lost:.0%} of its frames, at most {most_lost:.0%} may "
            "be missing; use a part where it stays in the picture"
        )


def _smoothed(rows: list[Array | None], name: str, most_lost: float) -> Track:
    found = np.array([row is not None for row in rows], bool)
    check_found(found, name, most_lost)
    seen = np.flatnonzero(found)
    table = np.stack([row for row in rows if row is not None]).reshape(len(seen), -1)
    after = np.searchsorted(seen, np.arange(len(rows))).clip(0, len(seen) - 1)
    before = np.where(seen[after] > np.arange(len(rows)), np.maximum(after - 1, 0), after)
    span = np.maximum(seen[after] - seen[before], 1)
    part = np.clip((np.arange(len(rows)) - seen[before]) / span, 0.0, 1.0)[:, None]
    whole = table[before] * (1 - part) + table[after] * part
    smooth = gaussian_filter1d(whole, SMOOTHING_FRAMES, axis=0, mode="nearest")
    return Track(smooth.reshape(len(rows), LANDMARKS, 3), found)


def place(reference: Array, landmarks: Array) -> Placement:
    """The similarity that takes a reference face, (478 or more, 3), onto landmarks in pixels.

    Least squares over `RIGID` (Umeyama 1991, equations 40 to 42).
    """
    a, b = reference[list(RIGID)], landmarks[list(RIGID)]
    middle_a, middle_b = a.mean(0), b.mean(0)
    u, sizes, vt = np.linalg.svd((b - middle_b).T @ (a - middle_a))
    mirror = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * mirror) @ vt
    scale = float((sizes * mirror).sum() / ((a - middle_a) ** 2).sum())
    return Placement(rotation, scale, middle_b - scale * rotation @ middle_a)


def angles_deg(rotation: Array) -> tuple[float, float, float]:
    """Yaw, pitch and roll as `backends.types.POSE` of a rotation in pixels' axes.

    The order is that of the rig: roll · yaw · pitch.
    """
    yaw = float(np.arcsin(np.clip(rotation[2, 0], -1.0, 1.0)))
    pitch = float(np.arctan2(rotation[2, 1], rotation[2, 2]))
    roll = float(np.arctan2(rotation[1, 0], rotation[0, 0]))
    return float(np.rad2deg(yaw)), float(np.rad2deg(pitch)), float(np.rad2deg(roll))

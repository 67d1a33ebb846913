"""Where the face of a video is and whether it is seen: what engines that draw on frames have to know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.faces.tracking import Track, track_face
from backends.types import Box, FloatArray, ImageArray, Notice

Array = NDArray[np.float64]

HELD_S = 0.2
"""A face that is gone for no longer is taken to be where it must have been."""
FADE_FRAMES = 3
"""Over which drawing ends before a face is gone and begins when it is back."""


@dataclass(frozen=True, slots=True)
class Presence:
    """One face through a video."""

    track: Track
    boxes: Array
    """(n, 4) left, top, width, height of the landmarks, in pixels; between its ends where the face is gone."""
    weights: FloatArray
    """(n,) 1 where the face can be drawn on, 0 where it is gone for longer than HELD_S."""
    notices: tuple[Notice, ...]

    def box(self, frame: int) -> Box:
        return Box(*self.boxes[frame].tolist())


def follow_face(
    frames: Iterable[ImageArray], fps: float, name: str, near: Box | None = None
) -> Presence:
    """Follows one face through a video in which it may be gone now and then; arguments as `track_face`.

    Raises:
        NoFaceError: it is in no frame.
    """
    return presence_of(track_face(frames, name, near, most_lost=1.0), fps, name)


def presence_of(track: Track, fps: float, name: str) -> Presence:
    """Of a face that has been followed."""
    points = track.landmarks[:, :, :2]
    low, high = points.min(1), points.max(1)
    gone = np.zeros(len(track), bool)
    for start, end in _gaps(track.found):
        if end - start > HELD_S * fps:
            gone[start:end] = True
    return Presence(
        track, np.hstack([low, high - low]), _faded(gone), _told(track.found, gone, fps, name)
    )


def _gaps(found: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last frame of every stretch without the face."""
    steps = np.diff(np.concatenate([[False], ~found, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _faded(gone: NDArray[np.bool_]) -> FloatArray:
    """0 where it is gone, rising to 1 over the frames beside."""
    index = np.arange(len(gone))
    away = np.full(len(gone), float(FADE_FRAMES))
    for k in np.flatnonzero(gone):
        np.minimum(away, np.abs(index - k), out=away)
    return np.asarray(away / FADE_FRAMES, np.float32)


def _told(
    found: NDArray[np.bool_], gone: NDArray[np.bool_], fps: float, name: str
) -> tuple[Notice, ...]:
    if found.all():
        return ()
    left = f"; {int(gone.sum())} of them are left as they are" if gone.any() else ""
    first = float(np.flatnonzero(~found)[0]) / fps
    text = (
        f"the face is not seen in {int((~found).sum())} of the {len(found)} frames of {name}, first "
        f"at {first:.1f} s{left}"
    )
    return (Notice("face_missing", text),)

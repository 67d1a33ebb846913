"""What mouths are put on: a still photo, the frames of a video, or what the rig draws of either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from backends.animation.wav2lip.crops import Region, face_input, region_of, smoothed
from backends.animation.wav2lip.mouths import Patch, put
from backends.errors import NoFaceError
from backends.faces.clip import unpack
from backends.faces.detect import face_at
from backends.faces.presence import Presence, follow_face
from backends.faces.video import UNNAMED_CLIP
from backends.types import Box, FloatArray, ImageArray, Performance, Portrait, ReferenceVideo


class Shot(Protocol):
    """One frame, before its mouth is drawn."""

    @property
    def seen(self) -> FloatArray:
        """(6, size, size) as the network takes it."""
        ...

    @property
    def region(self) -> Region:
        """Of the face in the picture that `seen` was cut from."""
        ...

    @property
    def weight(self) -> float:
        """Opacity of the mouth; 0 where there is no face."""
        ...

    def draw(self, frame: ImageArray) -> None:
        """Draws everything but the mouth, (h, w, 3) RGB."""
        ...

    def put(self, patch: Patch, frame: ImageArray) -> None:
        """Puts the mouth on what `draw` has drawn."""
        ...


class Scene(Protocol):
    """A face and what is around it, prepared; nothing in it changes."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        ...

    def shots(self, rows: Performance) -> Iterator[Shot]:
        """The frames of the rows, in order."""
        ...


@dataclass(frozen=True, slots=True)
class PlainShot:
    """A frame that is there already."""

    picture: ImageArray
    seen: FloatArray
    region: Region
    weight: float = 1.0

    def draw(self, frame: ImageArray) -> None:
        np.copyto(frame, self.picture)

    def put(self, patch: Patch, frame: ImageArray) -> None:
        put(patch, frame)


@dataclass(frozen=True, slots=True)
class StillScene:
    """A photo in which only the mouth moves."""

    pixels: ImageArray
    region: Region
    seen: FloatArray
    """(6, size, size) as the network takes it: the same for all frames."""

    @classmethod
    def of(cls, portrait: Portrait, size: int) -> StillScene:
        """
        Args:
            size: Of what the network sees.

        Raises:
            NoFaceError: no face is where the portrait says.
        """
        face = face_at(np.ascontiguousarray(portrait.pixels), portrait.face)
        if face is None:
            raise NoFaceError(
                "no face is found where the portrait has one: use a photo that shows it from the front"
            )
        region = region_of(face.box, portrait.size)
        return cls(portrait.pixels, region, face_input(portrait.pixels, region, size))

    @property
    def size(self) -> tuple[int, int]:
        return self.pixels.shape[1], self.pixels.shape[0]

    def shots(self, rows: Performance) -> Iterator[Shot]:
        shot = PlainShot(self.pixels, self.seen, self.region)
        return (shot for _ in range(len(rows)))


@dataclass(frozen=True, slots=True)
class ClipScene:
    """A video, shown forth and back, in which only the mouth is another."""

    video: ReferenceVideo
    presence: Presence
    regions: tuple[Region, ...]
    face_size: int

    @classmethod
    def of(cls, video: ReferenceVideo, size: int) -> ClipScene:
        """
        Args:
            size: Of what the network sees.

        Raises:
            NoFaceError: the face is in no frame of the video.
        """
        frames = (unpack(frame) for frame in video.frames)
        presence = follow_face(frames, video.fps, UNNAMED_CLIP, video.face)
        boxes = smoothed(presence.boxes)
        regions = tuple(region_of(Box(*box), video.size) for box in boxes.tolist())
        return cls(video, presence, regions, size)

    @property
    def size(self) -> tuple[int, int]:
        return self.video.size

    def shots(self, rows: Performance) -> Iterator[Shot]:
        for frame in range(rows.start, rows.end):
            step = int((frame + 0.5) * self.video.fps / rows.fps)
            yield self.shot(forth_and_back(step, len(self.video.frames)))

    def shot(self, index: int) -> PlainShot:
        """Of a frame of the video."""
        picture, region = unpack(self.video.frames[index]), self.regions[index]
        seen = face_input(picture, region, self.face_size)
        return PlainShot(picture, seen, region, float(self.presence.weights[index]))


def forth_and_back(step: int, count: int) -> int:
    """The frame of a video of `count` that is shown after so many, so that its loop has no cut."""
    at = step % max(2 * count - 2, 1)
    return min(at, 2 * count - 2 - at)

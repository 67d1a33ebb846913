"""The rig around a lip-synced mouth: it draws brows, lids, expression and head, and carries the mouth along.

The network sees the face as the photo or the video's frame has it. What it draws is a texture on the rig's mesh, which
follows the head as it turns and the cheeks and corners of the mouth as the expression moves them. What the performance
says of the mouth's own speech is left out: that is the network's part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig import controls
from backends.animation.rig.deform import FaceRow, FaceShape, deform
from backends.animation.rig.engine import RigAvatar, RigEngine
from backends.animation.rig.moving import MovingAvatar
from backends.animation.rig.pose import HeadPose, project, turn_limits
from backends.animation.rig.raster import painting_order, rasterize
from backends.animation.rig.sampling import Maps, sample
from backends.animation.wav2lip.crops import Region
from backends.animation.wav2lip.mouths import Patch
from backends.animation.wav2lip.scenes import ClipScene, StillScene
from backends.faces.tracking import MOST_LOST, check_found
from backends.faces.video import UNNAMED_CLIP
from backends.types import INDEX, FloatArray, ImageArray, Performance, Portrait

Points = NDArray[np.float64]
Triangles = NDArray[np.int32]

SPOKEN = tuple(
    INDEX[name]
    for name in (
        "jawOpen", "jawForward", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper",
        "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft",
        "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "tongueOut",
    )
)  # fmt: skip
"""Coefficients that are left to the network."""
SPOKEN_EXTRAS = ("closure", "tongue", "teeth")


def without_speech(rows: Performance) -> Performance:
    """The same rows with a mouth that says nothing; its corners stay the expression's."""
    coefficients = rows.coefficients.copy()
    coefficients[:, list(SPOKEN)] = 0.0
    extra = {k: np.zeros_like(v) if k in SPOKEN_EXTRAS else v for k, v in rows.extra.items()}
    return replace(rows, coefficients=coefficients, extra=extra)


@dataclass(frozen=True, slots=True)
class Surface:
    """The part of a mesh that a mouth lies on, where it is in the picture and where it goes."""

    triangles: Triangles
    """From back to front."""
    source: NDArray[np.float32]
    """(n, 2) pixels of the picture that the mouth was drawn for."""
    target: NDArray[np.float32]
    """(n, 2) pixels of the frame."""


@dataclass(frozen=True, slots=True)
class RiggedShot:
    """A frame that the rig draws."""

    drawn: ImageArray
    """Of the rig; valid until the next shot."""
    seen: FloatArray
    region: Region
    weight: float
    surface: Surface

    def draw(self, frame: ImageArray) -> None:
        np.copyto(frame, self.drawn)

    def put(self, patch: Patch, frame: ImageArray) -> None:
        carry(patch, frame, self.surface)


@dataclass(frozen=True, slots=True)
class RiggedStill:
    """A photo that the rig moves."""

    engine: RigEngine
    avatar: RigAvatar
    still: StillScene

    @classmethod
    def of(cls, portrait: Portrait, size: int) -> RiggedStill:
        """Raises as `StillScene.of`."""
        engine = RigEngine()
        return cls(engine, engine.prepare(portrait), StillScene.of(portrait, size))

    @property
    def size(self) -> tuple[int, int]:
        return self.still.size

    def shots(self, rows: Performance) -> Iterator[RiggedShot]:
        silent, avatar, mesh = without_speech(rows), self.avatar, self.avatar.mesh
        limits = turn_limits(mesh.own_turn_deg, avatar.layers.cut)
        source = mesh.pixels[:, :2].astype(np.float32)
        surface = _within(mesh.skin, source, self.still.region)
        triangles = np.concatenate([surface, mesh.fills])
        for index, drawn in enumerate(_frames(self.engine, avatar, silent)):
            points = _expressed(silent, index, avatar.shape)
            head = HeadPose.of(silent.pose[index], limits)
            target = project(mesh, points, head).astype(np.float32)
            ordered = painting_order(triangles, len(surface), target[:, 2])
            moved = Surface(ordered, source, np.ascontiguousarray(target[:, :2]))
            yield RiggedShot(drawn, self.still.seen, self.still.region, 1.0, moved)


@dataclass(frozen=True, slots=True)
class RiggedClip:
    """A video to whose frames the rig adds expressions."""

    engine: RigEngine
    avatar: MovingAvatar
    clip: ClipScene

    @classmethod
    def of(cls, clip: ClipScene) -> RiggedClip:
        """Raises NoFaceError: the face is in too few frames for the rig."""
        engine, track = RigEngine(), clip.presence.track
        check_found(track.found, UNNAMED_CLIP, MOST_LOST)
        return cls(engine, engine.prepare_tracked(clip.video, track), clip)

    @property
    def size(self) -> tuple[int, int]:
        return self.clip.size

    def shots(self, rows: Performance) -> Iterator[RiggedShot]:
        silent, avatar = without_speech(rows), self.avatar
        footing, fps = avatar.footing, avatar.video.fps
        for offset, drawn in enumerate(_frames(self.engine, avatar, silent)):
            index = footing.at(int((rows.start + offset + 0.5) * fps / rows.fps))
            plain = self.clip.shot(index)
            moved = _expressed(silent, offset, avatar.shape) - avatar.shape.rest
            source, face = (
                np.ascontiguousarray(footing.source[index], np.float32),
                footing.faces[index],
            )
            by = (face.to_pixels(moved) - face.to_pixels(np.zeros((1, 3))))[:, :2]
            triangles = np.concatenate([avatar.mesh.fills, avatar.mesh.skin])
            near = _within(triangles, source, plain.region)
            surface = Surface(near, source, (source + by).astype(np.float32))
            picture = drawn
            if (share := plain.weight) < 1.0:
                mixed = cv2.addWeighted(drawn, share, plain.picture, 1.0 - share, 0.0)
                picture = np.asarray(mixed, np.uint8)
            yield RiggedShot(picture, plain.seen, plain.region, plain.weight, surface)


def carry(patch: Patch, frame: ImageArray, surface: Surface) -> None:
    """Draws a patch that lies on a surface onto a frame, where the surface has gone."""
    corner = np.array([patch.left, patch.top], np.float32)
    height, width = patch.pixels.shape[:2]
    lies_on = np.unique(surface.triangles)
    at = surface.source[lies_on] - corner
    on = lies_on[(at > -1).all(1) & (at < [width + 1, height + 1]).all(1)]
    moved = surface.target[on]
    limit = np.array(frame.shape[1::-1])
    low = np.clip(np.floor(moved.min(0)).astype(int) - 2, 0, limit - 2)
    high = np.clip(np.ceil(moved.max(0)).astype(int) + 3, low + 2, limit)
    (left, top), (across, down) = low.tolist(), (high - low).tolist()
    columns, rows, colours = Maps(across * down).clear(down, across)
    rasterize(surface.triangles, surface.target, surface.source - corner, left, top, columns, rows)
    view = frame[top : top + down, left : left + across]
    under = cv2.cvtColor(np.ascontiguousarray(view), cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0]
    texture = np.ascontiguousarray(patch.pixels).view(np.uint32)[..., 0]
    sample(columns, rows, texture, under, 0, 0, colours)
    mixed = colours.view(np.uint8).reshape(down, across, 4)
    np.copyto(view, mixed[..., :3])


def _frames(
    engine: RigEngine, avatar: RigAvatar | MovingAvatar, rows: Performance
) -> Iterator[ImageArray]:
    for batch in engine.animate(avatar, rows, range(rows.start, rows.end)):
        yield from batch.frames


def _expressed(rows: Performance, index: int, shape: FaceShape) -> Points:
    """(n, 3) the face with its expression; its lips as far apart as in the photo."""
    asked = controls.read(rows, index, shape).face
    points, _ = deform(shape, FaceRow(asked.amounts, 0.0, 0.0, 0.0, 0.0))
    return points


def _within(triangles: Triangles, source: NDArray[np.float32], region: Region) -> Triangles:
    """Those with a corner in a region."""
    low, high = [region.left, region.top], [region.right, region.bottom]
    inside = np.all((source >= low) & (source <= high), axis=1)
    return triangles[np.any(inside[triangles], axis=1)]

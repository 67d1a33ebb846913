"""A reference video as avatar: its own frames drawn with another mouth and expression.

The frame itself is the texture; only what the performance moves, and what the frame's own expression had moved, is
warped. Head, body, gaze, blinks and light stay the video's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig import controls
from backends.animation.rig.compose import rgba, words
from backends.animation.rig.deform import ROW, FaceShape, deform
from backends.animation.rig.footage import Footing, best_frame, lay_footing
from backends.animation.rig.glasses import frame_weight
from backends.animation.rig.mesh import Mesh
from backends.animation.rig.mouth import MouthInterior, MouthRow, draw_mouth
from backends.animation.rig.pose import STRAIGHT
from backends.animation.rig.raster import painting_order, rasterize
from backends.animation.rig.relight import apply_gains, sum_layers
from backends.animation.rig.sampling import Maps, sample
from backends.animation.rig.shading import TINT, Shading
from backends.faces.clip import unpack
from backends.faces.tracking import RIGID, Track, track_face
from backends.faces.video import UNNAMED_CLIP
from backends.types import INDEX, Box, FrameBatch, ImageArray, Performance, Portrait, ReferenceVideo

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Region = tuple[int, int, int, int]

BATCH = 4
"""Frames drawn before they are handed out."""
OWN_EYES = tuple(i for name, i in INDEX.items() if name.startswith(("eyeBlink", "eyeLook")))
"""Coefficients that are left to the video."""
LID_ROWS = tuple(
    ROW[f"{name}{side}"] for name in ("eyeWide", "eyeSquint") for side in ("Left", "Right")
)
PARTED = 0.03
"""Eye distances between a frame's own lips from which on nothing of what they show is kept."""


class RestParts(Protocol):
    """What of a still avatar a moving one takes over."""

    @property
    def mesh(self) -> Mesh: ...

    @property
    def shape(self) -> FaceShape: ...

    @property
    def mouth(self) -> MouthInterior: ...

    @property
    def shading(self) -> Shading: ...


@dataclass(frozen=True, slots=True)
class MovingAvatar:
    """A video ready to be drawn; nothing in it changes."""

    video: ReferenceVideo
    mesh: Mesh
    """Of the frame that is nearest to rest; so are shape, mouth and shading."""
    shape: FaceShape
    mouth: MouthInterior
    shading: Shading
    footing: Footing
    movable: NDArray[np.int64]
    """Vertices that a performance can move."""
    triangles: NDArray[np.int32]
    """Those around them, surface first."""
    surface_count: int


def prepare_clip(
    video: ReferenceVideo, prepare: Callable[[Portrait, Array], RestParts], track: Track | None
) -> MovingAvatar:
    """Tracks a video and solves the rig on its best frame.

    Args:
        prepare: Makes mesh, shape, mouth and shading of a still picture with (478, 3) landmarks.
        track: Of the video's face, where it has been followed already.

    Raises:
        NoFaceError: No face, or it is lost too often.
    """
    if track is None:
        track = track_face((unpack(frame) for frame in video.frames), UNNAMED_CLIP, video.face)
    best = best_frame(track)
    points = track.landmarks[best, :, :2]
    (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
    face = Box(left, top, right - left, bottom - top)
    pixels = unpack(video.frames[best])
    parts = prepare(Portrait(pixels, face), track.landmarks[best])
    footing = lay_footing(track, best, parts.mesh, frame_weight(pixels, parts.mesh)[1])
    shape = parts.shape
    moved = np.abs(shape.displacements.reshape(len(shape.displacements), -1, 3)).max((0, 2))
    moved = np.maximum(moved, footing.undone)
    can = (moved > 1e-3) | (shape.jaw_weight > 1e-3)
    surface = parts.mesh.skin[can[parts.mesh.skin].any(1)]
    return MovingAvatar(
        video=video,
        mesh=parts.mesh,
        shape=shape,
        mouth=parts.mouth,
        shading=parts.shading,
        footing=footing,
        movable=np.unique(surface),
        triangles=np.concatenate([surface, parts.mesh.fills]),
        surface_count=len(surface),
    )


def animate_clip(
    avatar: MovingAvatar, plan: Performance, frames: range, folds: float
) -> Iterator[FrameBatch]:
    """Draws the clip's frames as `RigEngine.animate` does."""
    rows = plan.slice(frames.start, frames.stop)
    canvas = _Canvas(avatar, folds)
    for start in range(0, len(rows), BATCH):
        count = min(BATCH, len(rows) - start)
        for slot in range(count):
            row = start + slot
            step = int((frames.start + row + 0.5) * avatar.video.fps / rows.fps)
            control = controls.read(rows, row, avatar.shape)
            canvas.draw(control, avatar.footing.at(step), slot)
        yield FrameBatch(canvas.frames[:count], frames.start + start)


class _Canvas:
    """The memory of one drawing run: frames and scratch, never shared."""

    def __init__(self, avatar: MovingAvatar, folds: float) -> None:
        self.avatar, self.folds = avatar, folds
        width, height = avatar.video.size
        self.frames = np.empty((BATCH, height, width, 3), np.uint8)
        self.maps = Maps(width * height)
        box = avatar.shading.box
        self.gains = np.empty((box[3] // 2, box[2] // 2, 3), np.float32)
        stable = avatar.mesh.pixels[list(RIGID), :2]
        self.stable = np.column_stack([stable, np.ones(len(stable))])

    def draw(self, control: controls.Controls, index: int, slot: int) -> None:
        """Draws one frame of the video with a row's mouth and expression into a slot."""
        avatar, shape, footing = self.avatar, self.avatar.shape, self.avatar.footing
        face = control.face
        amounts = face.amounts.copy()
        amounts[list(OWN_EYES)] = 0.0
        amounts[list(LID_ROWS)] *= footing.awake[index]
        points, gap = deform(shape, replace(face, amounts=amounts))
        local = footing.relaxed[index] + (points - shape.rest)
        target = footing.faces[index].to_pixels(local).astype(np.float32)
        source = footing.source[index]
        texture = unpack(avatar.video.frames[index])
        frame = self.frames[slot]
        np.copyto(frame, texture)
        region = self._region(target, source)
        self._shade(texture, source, region, amounts, control.relax)
        view = self._warp(frame, texture, target, source, region)
        self._mouth(view, control, index, gap, target, region)

    def _region(self, target: Floats, source: Floats) -> tuple[int, int, int, int]:
        """left, top, width, height of what can change, sizes even."""
        at = np.concatenate([target[self.avatar.movable, :2], source[self.avatar.movable]])
        limit = np.array(self.avatar.video.size)
        low = np.clip(np.floor(at.min(0)).astype(int) - 2, 0, limit - 2) // 2 * 2
        high = np.clip(np.ceil(at.max(0)).astype(int) + 3, low + 2, limit) // 2 * 2
        return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])

    def _warp(
        self, frame: ImageArray, texture: ImageArray, target: Floats, source: Floats, region: Region
    ) -> ImageArray:
        """The moved surface, drawn into the region of the frame, which is returned."""
        avatar = self.avatar
        left, top, width, height = region
        columns, rows, colours = self.maps.clear(height, width)
        triangles = painting_order(avatar.triangles, avatar.surface_count, target[:, 2])
        rasterize(triangles, target, source, left, top, columns, rows)
        view = frame[top : top + height, left : left + width]
        sample(columns, rows, words(texture), words(view), 0, 0, colours)
        cv2.cvtColor(rgba(colours), cv2.COLOR_RGBA2RGB, dst=view)
        return view

    def _shade(
        self, texture: ImageArray, source: Floats, region: Region, amounts: Floats, relax: float
    ) -> None:
        """Folds of the expression, laid over the frame's own skin where its head is."""
        shading = self.avatar.shading
        weights = shading.weights(amounts * np.float32(self.folds), relax)
        if not weights.any():
            return
        sum_layers(
            self.gains, shading.values, shading.patches, weights[:-1], shading.headroom,
            shading.eraser, float(weights[-1]), TINT,
        )  # fmt: skip
        left, top, width, height = region
        moved = np.linalg.lstsq(self.stable, source[list(RIGID)], rcond=None)[0].T
        corner = moved[:, :2] @ np.array(shading.box[:2]) + moved[:, 2] - [left, top]
        affine = np.column_stack([moved[:, :2], corner / 2])
        gains = cv2.warpAffine(
            self.gains, affine, (width // 2, height // 2), borderMode=cv2.BORDER_CONSTANT,
            borderValue=(1.0, 1.0, 1.0),
        ).astype(np.float32, copy=False)  # fmt: skip
        rows = (texture.shape[0], -1)
        apply_gains(texture.reshape(rows), texture.reshape(rows), left, top, gains)

    def _mouth(
        self,
        view: ImageArray,
        control: controls.Controls,
        index: int,
        gap: NDArray[np.float64],
        target: Floats,
        region: Region,
    ) -> None:
        avatar, face = self.avatar, control.face
        own = float(self.avatar.footing.own_gap[index])
        other = abs(own - float(avatar.shape.own_gap.max())) / PARTED
        kept = max(0.0, 1.0 - own / PARTED)
        shape = replace(avatar.shape, own_gap=avatar.shape.own_gap * kept)
        mesh = replace(avatar.mesh, frame=avatar.footing.faces[index])
        row = MouthRow(
            gap, face.jaw, max(face.speaking, min(1.0, other)), control.tongue, control.tongue_out,
            pressed=0.0,  # the film's light wanders over the lips: their colours are one frame's
        )  # fmt: skip
        draw_mouth(
            view, avatar.mouth, shape, mesh, row, target.astype(np.float64), STRAIGHT, region[:2]
        )

"""The rig as an animation engine: a portrait prepared once, frames drawn from a performance."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.engine import AnimationInfo
from backends.animation.rig import controls
from backends.animation.rig.deform import FaceShape, build_shape, deform
from backends.animation.rig.eyes import Eyeball, cut_eyeballs, draw_eye, lid_closure
from backends.animation.rig.mesh import Mesh, build_mesh
from backends.animation.rig.mouth import (
    MouthInterior,
    MouthRow,
    as_in_photo,
    build_interior,
    draw_mouth,
)
from backends.animation.rig.patches import Patch, close_lids, close_mouth
from backends.animation.rig.pose import HeadPose, project
from backends.animation.rig.raster import painting_order, rasterize
from backends.animation.rig.shading import Shading, build_shading, shade
from backends.errors import NoFaceError
from backends.faces.detect import Face, face_at, person_mask
from backends.speech.engine import Licence
from backends.types import Box, FrameBatch, ImageArray, Performance, Portrait, Reference, Speech

BATCH = 4
"""Frames drawn before they are handed out."""
STILL = 0.004
"""Head weight below which a vertex never moves visibly."""


@dataclass(frozen=True, slots=True)
class RigOptions:
    folds: float = 1.0
    """Strength of the folds and shades that come with expressions, 0..1.5."""


@dataclass(frozen=True, slots=True)
class RigAvatar:
    """A portrait ready to be drawn; nothing in it changes."""

    portrait: Portrait
    mesh: Mesh
    shape: FaceShape
    closed_lids: tuple[Patch, ...]
    """In the order of the eyes."""
    closed_mouth: Patch | None
    """Where the photo's mouth is open."""
    eyes: tuple[Eyeball, ...]
    mouth: MouthInterior
    shading: Shading
    skin_light: float
    """Brightness of the skin, 0..1."""
    triangles: NDArray[np.int32]
    """Those that can move, surface first."""
    surface_count: int
    region: tuple[int, int, int, int]
    """left, top, width, height of everything that can change."""


class RigEngine:
    """Draws talking portraits on the CPU, without weights."""

    def __init__(self, options: RigOptions | None = None) -> None:
        self._options = options or RigOptions()

    @property
    def info(self) -> AnimationInfo:
        return AnimationInfo(
            name="rig",
            uses_performance=True,
            shardable=True,
            context_frames=(0, 0),
            device="cpu",
            licence=Licence(code="Apache-2.0", weights="none", commercial_use=True),
        )

    def prepare(self, reference: Reference) -> RigAvatar:
        """Meshes the portrait's face and solves everything that frames have in common.

        Raises:
            NoFaceError: No face is found where the portrait says.
        """
        pixels = np.ascontiguousarray(reference.pixels)
        landmarks = _face_at(pixels, reference.face).landmarks.astype(np.float64)
        height, width = pixels.shape[:2]
        mesh = build_mesh(landmarks, person_mask(pixels), width, height)
        shape = build_shape(mesh)
        moving = mesh.head_weight > STILL
        surface = mesh.skin[moving[mesh.skin].any(1)]
        triangles = np.concatenate([surface, mesh.fills])
        interior = build_interior(pixels, mesh, shape)
        return RigAvatar(
            portrait=reference,
            mesh=mesh,
            shape=shape,
            closed_lids=close_lids(pixels, mesh),
            closed_mouth=close_mouth(pixels, mesh) if shape.open_photo else None,
            eyes=cut_eyeballs(pixels, landmarks, mesh),
            mouth=interior,
            shading=build_shading(pixels, mesh, shape.correction.smile),
            skin_light=interior.skin_light,
            triangles=triangles,
            surface_count=len(surface),
            region=_region(mesh.pixels[np.unique(triangles), :2], width, height),
        )

    def plan(
        self, avatar: RigAvatar, speech: Speech, performance: Performance, seed: int
    ) -> Performance:
        """The performance itself: the rig adds nothing."""
        return performance

    def animate(self, avatar: RigAvatar, plan: Performance, frames: range) -> Iterator[FrameBatch]:
        """Draws the clip's frames, a few at a time into the same memory.

        Raises:
            IndexError: The plan does not hold all of the frames.
        """
        rows = plan.slice(frames.start, frames.stop)
        canvas = _Canvas(avatar, self._options.folds)
        for start in range(0, len(rows), BATCH):
            count = min(BATCH, len(rows) - start)
            for k in range(count):
                canvas.draw(controls.read(rows, start + k, avatar.shape), k)
            yield FrameBatch(canvas.frames[:count], frames.start + start)


def _face_at(pixels: ImageArray, box: Box) -> Face:
    face = face_at(pixels, box)
    if face is None:
        raise NoFaceError(
            f"no face was found at {box.width:.0f} x {box.height:.0f} pixels from ({box.x:.0f}, "
            f"{box.y:.0f}) of the portrait: use a photo that shows the face from the front"
        )
    return face


def _region(points: NDArray[np.float64], width: int, height: int) -> tuple[int, int, int, int]:
    low = np.maximum(np.floor(points.min(0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(points.max(0)).astype(int) + 2, [width, height])
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


class _Canvas:
    """The memory of one drawing run: frames and scratch, never shared."""

    def __init__(self, avatar: RigAvatar, folds: float) -> None:
        self.avatar, self.folds = avatar, folds
        self.frames = np.stack([avatar.portrait.pixels] * BATCH)
        left, top, width, height = avatar.region
        columns, rows = np.meshgrid(np.arange(width) + left, np.arange(height) + top)
        self.unmoved = (rows << 16 | columns).astype(np.int32)
        self.whole = np.empty_like(self.unmoved)
        self.fraction = np.empty((height, width), np.uint16)
        self.source = avatar.portrait.pixels.copy()
        self.texture = self.source.copy()
        box = avatar.shading.box
        self.gains = np.empty((box[3] // 2, box[2] // 2, 3), np.float32)
        self.places = np.ascontiguousarray(avatar.mesh.pixels[:, :2], np.float32)
        self.shaded_with: tuple[bytes | float, ...] = ()

    def draw(self, control: controls.Controls, slot: int) -> None:
        """Draws one frame into a slot."""
        avatar, shape, mesh = self.avatar, self.avatar.shape, self.avatar.mesh
        left, top, width, height = avatar.region
        face = control.face
        points, gap = deform(shape, face)
        head = HeadPose.of(control.pose)
        projected = project(mesh, points, head)
        closed = [lid_closure(ball.eye, points, shape.rest) for ball in avatar.eyes]
        self._shade(control, closed, as_in_photo(shape, gap, face.speaking))
        target = projected.astype(np.float32)
        triangles = painting_order(avatar.triangles, avatar.surface_count, target[:, 2])
        np.copyto(self.whole, self.unmoved)  # where no triangle lies
        self.fraction.fill(0)
        rasterize(triangles, target, self.places, left, top, self.whole, self.fraction)
        view = self.frames[slot, top : top + height, left : left + width]
        whole = self.whole.view(np.int16).reshape(height, width, 2)
        cv2.remap(
            self.texture, whole, self.fraction, cv2.INTER_LINEAR, dst=view,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        for ball, shut in zip(avatar.eyes, closed, strict=True):
            draw_eye(
                view, ball, mesh, points, shape.rest, projected, head, control.gaze_deg,
                (left, top), shut, avatar.skin_light,
            )  # fmt: skip
        row = MouthRow(gap, face.jaw, face.speaking, control.tongue, control.tongue_out)
        draw_mouth(view, avatar.mouth, shape, mesh, row, projected, head, (left, top))

    def _shade(self, control: controls.Controls, closed: list[float], unchanged: float) -> None:
        """Brings the texture up to date, unless the last frame left it as it has to be."""
        avatar, shading = self.avatar, self.avatar.shading
        weights = shading.weights(control.face.amounts * np.float32(self.folds), control.relax)
        lids = [float(np.clip((shut - 0.5) / 0.4, 0, 1)) for shut in closed]
        state: tuple[bytes | float, ...] = (weights.tobytes(), *lids, unchanged)
        if state == self.shaded_with:
            return
        self.shaded_with = state
        for patch, amount in zip(avatar.closed_lids, lids, strict=True):
            patch.paint(self.source, amount)
        if avatar.closed_mouth is not None:
            avatar.closed_mouth.paint(self.source, 1 - unchanged)
        shade(self.texture, self.source, shading, weights, self.gains)

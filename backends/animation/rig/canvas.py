"""One drawing run: frames from an avatar, a row at a time."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compose import Compositor, Texture
from backends.animation.rig.controls import Controls
from backends.animation.rig.deform import deform
from backends.animation.rig.eyes import draw_eye, lid_closure
from backends.animation.rig.mouth import MouthRow, as_in_photo, draw_mouth
from backends.animation.rig.pose import HeadPose, project, turn_limits
from backends.animation.rig.raster import painting_order
from backends.animation.rig.shading import Box, shade
from backends.animation.rig.topology import OVAL

if TYPE_CHECKING:
    from backends.animation.rig.engine import RigAvatar

OUTLINE = list(OVAL)
"""Where the face may hide what is beside it, or be hidden."""
BATCH = 4
"""Frames drawn before they are handed out."""


class Canvas:
    """The memory of a run, frames and scratch; never shared."""

    def __init__(self, avatar: "RigAvatar", folds: float) -> None:
        self.avatar, self.folds = avatar, folds
        self.frames = np.stack([avatar.still] * BATCH)
        self.compositor = Compositor(avatar.still)
        self.drawn = np.stack([self.compositor.nothing] * BATCH)
        self.source = avatar.layers.person.copy()
        self.shaded = self.source.copy()
        self.texture = Texture.of(avatar.layers, avatar.margin)
        self.limits = turn_limits(avatar.mesh.own_turn_deg, avatar.layers.cut)
        self.places = np.ascontiguousarray(avatar.mesh.pixels[:, :2] + avatar.margin, np.float32)
        box = avatar.shading.box
        self.gains = np.empty((box[3] // 2, box[2] // 2, 3), np.float32)
        self.weights: NDArray[np.float32] | None = None
        self.patches = (*avatar.closed_lids, *filter(None, [avatar.closed_mouth]))
        self.painted = [0.0] * len(self.patches)

    def draw(self, control: Controls, slot: int) -> None:
        """Draws one frame into a slot."""
        avatar, shape, mesh = self.avatar, self.avatar.shape, self.avatar.mesh
        frame, face = self.frames[slot], control.face
        points, gap = deform(shape, face)
        head = HeadPose.of(control.pose, self.limits)
        projected = project(mesh, points, head)
        closed = [lid_closure(ball.eye, points, shape.rest) for ball in avatar.eyes]
        self._shade(control, closed, as_in_photo(shape, gap, face.speaking))
        target = projected.astype(np.float32)
        triangles = painting_order(avatar.triangles, avatar.surface_count, target[:, 2])
        low, high = target[OUTLINE, :2].min(0), target[OUTLINE, :2].max(0)
        folds = int(low[0]) - 2, int(low[1]) - 2, int(high[0]) + 3, int(high[1]) + 3
        self.compositor.draw(
            frame, self.drawn[slot], self.texture, triangles, target, self.places, folds
        )
        for ball, shut in zip(avatar.eyes, closed, strict=True):
            draw_eye(
                frame, ball, mesh, points, shape.rest, projected, head, control.gaze_deg,
                (0, 0), shut, avatar.skin_light,
            )  # fmt: skip
        row = MouthRow(
            gap, face.jaw, face.speaking, control.tongue, control.tongue_out,
            face.closure * face.speaking,
        )  # fmt: skip
        draw_mouth(frame, avatar.mouth, shape, mesh, row, projected, head, (0, 0))

    def _shade(self, control: Controls, closed: list[float], unchanged: float) -> None:
        """Brings the texture up to date, unless the last frame left it as it has to be."""
        shading = self.avatar.shading
        weights = shading.weights(control.face.amounts * np.float32(self.folds), control.relax)
        lids = [float(np.clip((shut - 0.5) / 0.4, 0, 1)) for shut in closed]
        repainted = self._repaint([*lids, 1 - unchanged])
        changed = shade(
            self.shaded, self.source, shading, weights, self.weights, self.gains, repainted
        )
        self.weights = weights
        if changed is not None:
            self.texture.paint(self.shaded, changed)

    def _repaint(self, amounts: list[float]) -> list[Box]:
        """Closes lids and mouth in the source by these amounts; what has changed."""
        boxes = []
        for k, (patch, amount) in enumerate(zip(self.patches, amounts, strict=False)):
            if amount != self.painted[k]:
                patch.paint(self.source, amount)
                self.painted[k] = amount
                boxes.append(Box(patch.left, patch.top, *patch.photo.shape[1::-1]))
        return boxes

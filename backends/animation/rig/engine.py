"""The rig as an animation engine: a portrait prepared once, frames drawn from a performance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import overload

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.engine import AnimationInfo
from backends.animation.rig import controls
from backends.animation.rig.canvas import BATCH, Canvas
from backends.animation.rig.compose import Compositor, Texture
from backends.animation.rig.deform import FaceShape, build_shape
from backends.animation.rig.eyes import Eyeball, cut_eyeballs
from backends.animation.rig.glasses import frame_weight
from backends.animation.rig.layers import Layers, before, separate
from backends.animation.rig.lids import snap_lids
from backends.animation.rig.matte import find_matte
from backends.animation.rig.mesh import OVERHANG, FaceFrame, Mesh, build_mesh
from backends.animation.rig.mouth import MouthInterior, build_interior
from backends.animation.rig.moving import MovingAvatar, animate_clip, prepare_clip
from backends.animation.rig.patches import Patch, close_lids, close_mouth
from backends.animation.rig.raster import NOWHERE, rasterize
from backends.animation.rig.shading import Shading, build_shading
from backends.animation.rig.topology import OVAL, SKIN_POINTS
from backends.errors import NoFaceError
from backends.faces.detect import Face, face_at
from backends.faces.tracking import Track
from backends.speech.engine import Licence
from backends.types import (
    Box,
    FrameBatch,
    ImageArray,
    Notice,
    Performance,
    Portrait,
    Reference,
    ReferenceVideo,
    Speech,
)

NOTHING = 1e-5
"""Eye distances: less than what neighbouring triangles overlap by."""
NOT_CUT = Notice(
    "background_moves",
    "the person cannot be told from the background in this picture: what is beside the head moves a little with it, "
    "and no other background can be shown; use a picture in which head and shoulders stand out",
)


@dataclass(frozen=True, slots=True)
class RigOptions:
    folds: float = 1.0
    """Strength of the folds and shades that come with expressions, 0..1.5."""


@dataclass(frozen=True, slots=True)
class RigAvatar:
    """A portrait ready to be drawn; nothing in it changes."""

    portrait: Portrait
    layers: Layers
    still: ImageArray
    """(h, w, 3) all that never moves: the background, and the body far below the head before it."""
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

    @property
    def margin(self) -> int:
        """Pixels by which the person's texture goes on beyond the picture."""
        return margin_of(self.mesh.frame)


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
            backdrops=True,
        )

    @overload
    def prepare(self, reference: Portrait) -> RigAvatar: ...

    @overload
    def prepare(self, reference: ReferenceVideo) -> MovingAvatar: ...

    @overload
    def prepare(self, reference: Reference) -> RigAvatar | MovingAvatar: ...

    def prepare(self, reference: Reference) -> RigAvatar | MovingAvatar:
        """Cuts the person out, meshes head and shoulders and solves everything that frames have in common.

        Raises:
            NoFaceError: No face is found where the portrait says.
        """
        if isinstance(reference, ReferenceVideo):
            return self.prepare_tracked(reference, None)
        face = _face_at(np.ascontiguousarray(reference.pixels), reference.face)
        return _at_rest(reference, snap_lids(reference.pixels, face.landmarks.astype(np.float64)))

    def prepare_tracked(self, video: ReferenceVideo, track: Track | None) -> MovingAvatar:
        """As `prepare`, of a video whose face may have been followed already."""
        return prepare_clip(video, _at_rest, track)

    def notices(self, avatar: RigAvatar | MovingAvatar) -> tuple[Notice, ...]:
        if isinstance(avatar, MovingAvatar) or avatar.layers.cut:
            return ()
        return (NOT_CUT,)

    def plan(
        self, avatar: RigAvatar | MovingAvatar, speech: Speech, performance: Performance, seed: int
    ) -> Performance:
        """The performance itself: the rig adds nothing."""
        return performance

    def animate(
        self, avatar: RigAvatar | MovingAvatar, plan: Performance, frames: range
    ) -> Iterator[FrameBatch]:
        """Draws the clip's frames, a few at a time into the same memory.

        Raises:
            IndexError: The plan does not hold all of the frames.
        """
        if isinstance(avatar, MovingAvatar):
            yield from animate_clip(avatar, plan, frames, self._options.folds)
            return
        rows = plan.slice(frames.start, frames.stop)
        canvas = Canvas(avatar, self._options.folds)
        for start in range(0, len(rows), BATCH):
            count = min(BATCH, len(rows) - start)
            for k in range(count):
                canvas.draw(controls.read(rows, start + k, avatar.shape), k)
            yield FrameBatch(canvas.frames[:count], frames.start + start)


def _at_rest(portrait: Portrait, landmarks: NDArray[np.float64]) -> RigAvatar:
    """The avatar of a portrait whose (478, 3) landmarks are known."""
    pixels = np.ascontiguousarray(portrait.pixels)
    frame = FaceFrame.of(landmarks[:SKIN_POINTS])
    own_background = isinstance(portrait.backdrop, str) and portrait.backdrop == "source"
    layers = cut_out(pixels, landmarks, frame.eye_distance, own_background)
    if not own_background:
        layers = before(layers, portrait.backdrop, frame.eye_distance)
    mesh = build_mesh(landmarks, layers)
    frames = frame_weight(pixels, mesh)
    shape = build_shape(mesh, frames)
    person = layers.person
    moving, resting = _visible(mesh, layers, moves(mesh, shape))
    interior = build_interior(person, mesh, shape)
    return RigAvatar(
        portrait=portrait,
        layers=layers,
        still=_still(layers, mesh, resting, moving),
        mesh=mesh,
        shape=shape,
        closed_lids=close_lids(person, mesh),
        closed_mouth=close_mouth(person, mesh) if shape.open_photo else None,
        eyes=cut_eyeballs(person, landmarks, mesh),
        mouth=interior,
        shading=build_shading(person, mesh, shape.correction.smile, bool(frames.any())),
        skin_light=interior.skin_light,
        triangles=np.concatenate([moving, mesh.fills]),
        surface_count=len(moving),
    )


def _face_at(pixels: ImageArray, box: Box) -> Face:
    face = face_at(pixels, box)
    if face is None:
        raise NoFaceError(
            f"no face was found at {box.width:.0f} x {box.height:.0f} pixels from ({box.x:.0f}, "
            f"{box.y:.0f}) of the portrait: use a photo that shows the face from the front"
        )
    return face


def cut_out(
    pixels: ImageArray, landmarks: NDArray[np.float64], eye_distance: float, own_background: bool
) -> Layers:
    """The portrait's layers; a single one where it has no usable edge."""
    matte = find_matte(pixels, landmarks[list(OVAL), :2], eye_distance)
    if matte is None:
        return Layers.uncut(pixels)
    return separate(pixels, matte, eye_distance, traces=own_background)


def margin_of(frame: FaceFrame) -> int:
    return int(OVERHANG * frame.eye_distance) + 2


def moves(mesh: Mesh, shape: FaceShape) -> NDArray[np.bool_]:
    """(n,) vertices that head or face ever move."""
    fields = np.abs(shape.displacements).max(0).reshape(-1, 3).max(1)
    lips = np.maximum(np.abs(shape.closing_upper), np.abs(shape.closing_lower)).max(1)
    most = np.maximum.reduce([fields, lips, shape.jaw_weight])
    moved: NDArray[np.bool_] = (mesh.head_weight > 0) | (most > NOTHING)
    return moved


def _visible(
    mesh: Mesh, layers: Layers, moved: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(k, 3) triangles with something of the person on them: those that can move, and those that never do."""
    height, width = layers.opacity.shape
    counts = cv2.integral((layers.opacity > 0).astype(np.uint8))
    corners = mesh.pixels[mesh.skin, :2]
    low = np.clip(np.floor(corners.min(1)).astype(int) - 1, 0, [width - 1, height - 1])
    high = np.clip(np.ceil(corners.max(1)).astype(int) + 2, 1, [width, height])
    low = np.minimum(low, high - 1)
    (left, top), (right, bottom) = low.T, high.T
    person = counts[bottom, right] - counts[top, right] - counts[bottom, left] + counts[top, left]
    can = moved[mesh.skin].any(1)
    return mesh.skin[(person > 0) & can], mesh.skin[(person > 0) & ~can]


def _still(
    layers: Layers, mesh: Mesh, resting: NDArray[np.int32], moving: NDArray[np.int32]
) -> ImageArray:
    """What stands still: the body's resting triangles over the background, but for pixels that moving ones draw too,
    on the line between them."""
    if not layers.cut:
        return layers.background
    picture = layers.background.copy()
    compositor = Compositor(layers.background)
    margin = margin_of(mesh.frame)
    at = mesh.pixels[:, :2].astype(np.float32)
    texture = Texture.of(layers, margin)
    compositor.draw(picture, compositor.nothing, texture, resting, at, at + np.float32(margin))
    shared = np.full(layers.opacity.shape, NOWHERE, np.int32)
    rasterize(moving, at, at, 0, 0, shared, np.empty_like(shared))
    cv2.copyTo(layers.background, (shared != NOWHERE).astype(np.uint8), picture)
    return picture

"""Where the deformed surface lies in the picture: the turning head and its perspective."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.mesh import Mesh

Array = NDArray[np.float64]

PIVOT = np.array([0.0, 1.55, 0.95])
"""The neck's joint in the face's frame, in eye distances."""
CAMERA_DISTANCE = 11.0
"""From the eyes to the camera, in eye distances."""
TURN_LIMITS_DEG = (15.0, 10.0, 8.0)
"""Yaw, pitch and roll that one frontal photo stands: beyond, cheeks and hair stretch visibly."""
OWN_TURN_SHARE, LEAST_LIMIT_DEG = 0.6, 5.0
"""A head that is turned in the portrait turns less by this share: further away it is cut by its own outline, and back
it shows a side that is not in the picture."""
UNCUT_SHARE = 0.5
"""Of the limits, where the background is stretched with the head."""
SHIFT_LIMITS = (0.16, 0.12, 0.45)
"""Translation limits, in eye distances."""


def soft_limit(value: float, limit: float) -> float:
    """The identity up to 60% of the limit, then bending towards it without reaching it."""
    knee = 0.6 * limit
    over = abs(value) - knee
    if over <= 0.0:
        return value
    rest = limit - knee
    return math.copysign(knee + rest * over / (rest + over), value)


def turn_limits(own_turn_deg: tuple[float, float], cut: bool = True) -> tuple[float, ...]:
    """Yaw, pitch and roll that a portrait stands.

    Args:
        own_turn_deg: Yaw and pitch of the head in it.
        cut: Whether the person is cut out of the background.
    """
    most = [limit * (1.0 if cut else UNCUT_SHARE) for limit in TURN_LIMITS_DEG]
    return tuple(
        max(min(limit, LEAST_LIMIT_DEG), limit - OWN_TURN_SHARE * abs(own))
        for limit, own in zip(most, (*own_turn_deg, 0.0), strict=True)
    )


@dataclass(frozen=True, slots=True)
class HeadPose:
    """A rigid motion of the head about the neck."""

    rotation: Array
    """(3, 3)"""
    shift: Array
    """(3,) eye distances."""

    @classmethod
    def of(
        cls, pose: NDArray[np.float32], limits_deg: tuple[float, ...] = TURN_LIMITS_DEG
    ) -> "HeadPose":
        """From the channels of `backends.types.POSE`, softly limited.

        Args:
            limits_deg: Of the portrait, from `turn_limits`.
        """
        turn = [soft_limit(float(v), m) for v, m in zip(pose[:3], limits_deg, strict=True)]
        shift = [soft_limit(float(v), m) for v, m in zip(pose[3:6], SHIFT_LIMITS, strict=True)]
        return cls(_rotation(*(math.radians(angle) for angle in turn)), np.array(shift))

    def apply(self, points: Array) -> Array:
        """(n, 3) points of the head, seen in perspective; the portrait's own pose is the identity."""
        moved: Array = (points - PIVOT) @ self.rotation.T + PIVOT + self.shift
        scale = (CAMERA_DISTANCE + points[:, 2]) / (CAMERA_DISTANCE + moved[:, 2])
        moved[:, :2] *= scale[:, None]
        return moved


@compiled
def _rotation(yaw: float, pitch: float, roll: float) -> Array:
    """(3, 3): about x, then y, then z."""
    cy, sy, cp, sp = np.cos(yaw), -np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    out = np.empty((3, 3))
    out[0, 0], out[0, 1], out[0, 2] = cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp
    out[1, 0], out[1, 1], out[1, 2] = sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp
    out[2, 0], out[2, 1], out[2, 2] = -sy, cy * sp, cy * cp
    return out


def project(mesh: Mesh, points: Array, head: HeadPose) -> Array:
    """(n, 3) vertices in the face's frame to pixels and depth; far vertices follow the head by their weight."""
    frame = mesh.frame
    return _to_pixels(
        points, mesh.head_weight, head.rotation, head.shift, frame.axes, frame.origin,
        frame.eye_distance,
    )  # fmt: skip


@compiled
def _to_pixels(
    points: Array,
    weight: Array,
    rotation: Array,
    shift: Array,
    axes: Array,
    origin: Array,
    eye_distance: float,
) -> Array:
    """`HeadPose.apply` by a weight of every point, then `FaceFrame.to_pixels`."""
    out = np.empty_like(points)
    moved = np.empty(3)
    for i in range(points.shape[0]):
        for r in range(3):
            moved[r] = PIVOT[r] + shift[r]
            for c in range(3):
                moved[r] += rotation[r, c] * (points[i, c] - PIVOT[c])
        scale = (CAMERA_DISTANCE + points[i, 2]) / (CAMERA_DISTANCE + moved[2])
        for r in range(3):
            place = moved[r] * scale if r < 2 else moved[r]
            moved[r] = points[i, r] + weight[i] * (place - points[i, r])
        for r in range(3):
            out[i, r] = origin[r]
            for c in range(3):
                out[i, r] += moved[c] * axes[c, r] * eye_distance
    return out


@dataclass(frozen=True, slots=True)
class Plane:
    """Pixels of a plane through the head, facing forward: pixel = origin + offset · axes."""

    axes: Array
    """(2, 2): what one eye distance to the face's right and down is in pixels, as columns."""
    origin: Array
    """(2,)"""

    def inverse(self, corner: tuple[int, int]) -> Array:
        """(2, 3) from pixels counted from a corner to offsets in eye distances."""
        return _inverse(self.axes, self.origin, corner[0], corner[1])


@compiled
def _inverse(axes: Array, origin: Array, left: float, top: float) -> Array:
    a, b, c, d = axes[0, 0], axes[0, 1], axes[1, 0], axes[1, 1]
    x, y, area = left - origin[0], top - origin[1], a * d - b * c
    inverse = np.empty((2, 3))
    inverse[0, 0], inverse[0, 1], inverse[0, 2] = d / area, -b / area, (d * x - b * y) / area
    inverse[1, 0], inverse[1, 1], inverse[1, 2] = -c / area, a / area, (a * y - c * x) / area
    return inverse


def head_plane(mesh: Mesh, anchor: Array, head: HeadPose) -> Plane:
    """The plane around a point of the head."""
    frame = mesh.frame
    return Plane(
        *_plane(
            anchor, head.rotation, head.shift, frame.axes, frame.origin, frame.eye_distance
        )
    )  # fmt: skip


PLANE_STEP = 0.2


@compiled
def _plane(
    anchor: Array,
    rotation: Array,
    shift: Array,
    axes: Array,
    origin: Array,
    eye_distance: float,
) -> tuple[Array, Array]:
    points, weight = np.empty((3, 3)), np.empty(3)
    for i in range(3):
        weight[i] = 1.0
        for c in range(3):
            points[i, c] = anchor[c]
    points[1, 0] += PLANE_STEP
    points[2, 1] += PLANE_STEP
    at = _to_pixels(points, weight, rotation, shift, axes, origin, eye_distance)
    plane, corner = np.empty((2, 2)), np.empty(2)
    for r in range(2):
        corner[r] = at[0, r]
        for c in range(2):
            plane[r, c] = (at[1 + c, r] - at[0, r]) / PLANE_STEP
    return plane, corner


STRAIGHT = HeadPose(np.eye(3), np.zeros(3))
"""The portrait's own pose."""

"""Where the deformed surface lies in the picture: the turning head and its perspective."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.mesh import Mesh

Array = NDArray[np.float64]

PIVOT = np.array([0.0, 1.55, 0.95])
"""The neck's joint in the face's frame, in eye distances."""
CAMERA_DISTANCE = 11.0
"""From the eyes to the camera, in eye distances."""
TURN_LIMITS_DEG = (8.0, 7.0, 6.0)
"""Yaw, pitch and roll that one photo stands: beyond, cheeks and hair stretch visibly."""
SHIFT_LIMITS = (0.16, 0.12, 0.45)
"""Translation limits, in eye distances."""


def soft_limit(value: float, limit: float) -> float:
    """The identity up to 60% of the limit, then bending towards it without reaching it."""
    knee = 0.6 * limit
    over = abs(value) - knee
    if over <= 0.0:
        return value
    rest = limit - knee
    return float(np.copysign(knee + rest * over / (rest + over), value))


@dataclass(frozen=True, slots=True)
class HeadPose:
    """A rigid motion of the head about the neck."""

    rotation: Array
    """(3, 3)"""
    shift: Array
    """(3,) eye distances."""

    @classmethod
    def of(cls, pose: NDArray[np.float32]) -> "HeadPose":
        """From the channels of `backends.types.POSE`, softly limited."""
        turn = [soft_limit(float(v), m) for v, m in zip(pose[:3], TURN_LIMITS_DEG, strict=True)]
        yaw, pitch, roll = np.deg2rad(turn)
        cy, sy, cp, sp = np.cos(yaw), -np.sin(yaw), np.cos(pitch), np.sin(pitch)
        cr, sr = np.cos(roll), np.sin(roll)
        about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        shift = [soft_limit(float(v), m) for v, m in zip(pose[3:6], SHIFT_LIMITS, strict=True)]
        return cls(about_z @ about_y @ about_x, np.array(shift))

    def apply(self, points: Array) -> Array:
        """(n, 3) points of the head, seen in perspective; the portrait's own pose is the identity."""
        moved: Array = (points - PIVOT) @ self.rotation.T + PIVOT + self.shift
        scale = (CAMERA_DISTANCE + points[:, 2]) / (CAMERA_DISTANCE + moved[:, 2])
        moved[:, :2] *= scale[:, None]
        return moved


def project(mesh: Mesh, points: Array, head: HeadPose) -> Array:
    """(n, 3) vertices in the face's frame to pixels and depth; far vertices follow the head by their weight."""
    blended = points + (head.apply(points) - points) * mesh.head_weight[:, None]
    return mesh.frame.to_pixels(blended)


@dataclass(frozen=True, slots=True)
class Plane:
    """Pixels of a plane through the head, facing forward: pixel = origin + offset · axes."""

    axes: Array
    """(2, 2): what one eye distance to the face's right and down is in pixels, as columns."""
    origin: Array
    """(2,)"""

    def inverse(self, corner: tuple[int, int]) -> Array:
        """(2, 3) from pixels counted from a corner to offsets in eye distances."""
        (a, b), (c, d) = self.axes
        back = np.array([[d, -b], [-c, a]]) / (a * d - b * c)
        return np.column_stack([back, back @ (corner - self.origin)])


def head_plane(mesh: Mesh, anchor: Array, head: HeadPose) -> Plane:
    """The plane around a point of the head."""
    at = mesh.frame.to_pixels(head.apply(anchor + PLANE_POINTS))[:, :2]
    return Plane((at[1:] - at[0]).T / PLANE_STEP, at[0])


PLANE_STEP = 0.2
PLANE_POINTS = PLANE_STEP * np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
STRAIGHT = HeadPose(np.eye(3), np.zeros(3))
"""The portrait's own pose."""

"""The mesh of a person: the face's landmarks, rings around them, a coarse grid to the picture's edges and beyond.

One mesh without a seam from the skull to the shoulders: how far a vertex goes along with the head is its weight.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from backends.animation.rig.layers import Layers
from backends.animation.rig.topology import (
    CHIN,
    FOREHEAD,
    LEFT_EYE,
    OVAL,
    RIGHT_EYE,
    SKIN_POINTS,
    IntArray,
    fill_triangles,
    skin_triangles,
)
from backends.faces.detect import person_mask
from backends.types import ImageArray

Array = NDArray[np.float64]
Mask = NDArray[np.uint8]

RING_SCALES = (1.13, 1.30, 1.52, 1.8, 2.2)
"""Rings of vertices outside the face, as multiples of its outline."""
GRID_EYE_DISTANCES = 0.65
OVERHANG = 0.5
"""How far the mesh goes on beyond the picture's edges, in eye distances, as all of these: a head that is cut off by
them moves as a whole."""

SKULL_CENTRE = (0.0, 0.2, 1.1)
"""In the face's frame. A round head's outline in a picture, hair included, is as far away as its centre, wherever it is
seen from."""
SKULL_REACH = 1.0
"""Distance from the face's outline over which the surface gets to that depth."""
HEAD_REACH, HEAD_END = 1.4, 2.2
"""Hair this far from the face's outline still turns with the head as one body; beyond, nothing of the head is left."""
NECK_START, NECK_END = 0.05, 1.0
"""Below the chin: where the neck begins to stay behind, and where only the shoulders' share is left."""
NECK_HALF_WIDTH, SHOULDER_SLOPE, SHOULDER_RISE = 0.6, 0.7, 0.6
"""Further sideways than a neck, shoulders and the hair on them begin higher: by this much for each eye distance, up to
so much."""
SHOULDERS, SHOULDERS_END = 0.05, 1.8
"""Share of the head's motion that shoulders take, and how far below the chin it has died down."""

STILL = 0.006
"""Weights below this are nothing."""
LEVEL_PITCH_DEG = 8.0
"""What forehead to chin measures on a head held level: the median over frontal portraits."""

FADE, TAIL, HALF_WIDTH = 0.90, 0.04, 1.75
"""Of a picture that cannot be cut: distance from the head over which its motion fades in the background, weights that
are nothing, and how far sideways from the middle of the face hair is taken to be the head's."""


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """The face's own axes: x to the picture's right, y down, z away from the camera, in eye distances."""

    axes: Array
    """(3, 3), rows x, y, z in pixels' axes."""
    origin: Array
    """(3,) pixels: the middle between the eye centres."""
    eye_distance: float
    """Pixels between the eye centres."""

    @classmethod
    def of(cls, landmarks: Array) -> "FaceFrame":
        right = (landmarks[RIGHT_EYE.outer] + landmarks[RIGHT_EYE.inner]) / 2
        left = (landmarks[LEFT_EYE.outer] + landmarks[LEFT_EYE.inner]) / 2
        distance = float(np.linalg.norm(left - right))
        x = (left - right) / distance
        y = landmarks[CHIN] - landmarks[FOREHEAD]
        y = y - x * (x @ y)
        y /= np.linalg.norm(y)
        return cls(np.stack([x, y, np.cross(x, y)]), (right + left) / 2, distance)

    @property
    def lean(self) -> float:
        """How much higher than on a head held level a point looks for each eye distance behind another; 0 where the
        head is not seen from above."""
        down = np.array([-self.axes[0, 1], self.axes[0, 0]])
        y, z = self.axes[1:, :2] @ down
        return max(0.0, -float(z / y) - math.tan(math.radians(LEVEL_PITCH_DEG)))

    def to_local(self, points: Array) -> Array:
        """(n, 3) pixels to (n, 3) eye distances."""
        return (points - self.origin) @ self.axes.T / self.eye_distance

    def to_pixels(self, points: Array) -> Array:
        """(n, 3) eye distances to (n, 3) pixels, depth included."""
        return points @ self.axes * self.eye_distance + self.origin


@dataclass(frozen=True, slots=True)
class Mesh:
    """Vertices and triangles over a whole picture; the first 468 vertices are the landmarks."""

    frame: FaceFrame
    pixels: Array
    """(n, 3) vertices in pixels, depth behind."""
    local: Array
    """(n, 3) the same in the face's frame."""
    skin: IntArray
    """(k, 3) triangles of the surface."""
    fills: IntArray
    """(f, 3) triangles that close the openings, drawn behind the surface."""
    head_weight: Array
    """(n,) 1 on the head, 0 where nothing moves."""
    border: NDArray[np.bool_]
    """(n,) vertices that end the mesh: on the picture's edge or beyond."""

    @property
    def own_turn_deg(self) -> tuple[float, float]:
        """Yaw and pitch of the head in the portrait, signs as in `backends.types.POSE`."""
        right, down = self.frame.axes[0], self.frame.axes[1]
        yaw = np.degrees(np.arctan2(right[2], np.hypot(right[0], right[1])))
        pitch = np.degrees(np.arctan2(down[2], np.hypot(down[0], down[1]))) - LEVEL_PITCH_DEG
        return float(yaw), float(pitch)


def smoothstep(x: Array) -> Array:
    """3x² - 2x³ between 0 and 1, constant outside."""
    t = np.clip(x, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def build_mesh(landmarks: Array, layers: Layers) -> Mesh:
    """Meshes a picture around a face.

    Args:
        landmarks: (478, 3) pixels, x right, y down, z away from the camera.
    """
    height, width = layers.opacity.shape
    skin_points = landmarks[:SKIN_POINTS].astype(np.float64)
    frame = FaceFrame.of(skin_points)
    outline = skin_points[list(OVAL)]
    outer = _outer_points(outline[:, :2], frame.eye_distance, width, height)
    away = np.linalg.norm(outer[:, None] - outline[None, :, :2], axis=2)
    near, distance = away.argmin(1), away.min(1)
    back = np.minimum(distance / (SKULL_REACH * frame.eye_distance), 1.0)
    back = (back + smoothstep(back)) / 2
    centre = frame.to_pixels(np.array([SKULL_CENTRE]))[0, 2]
    depth = outline[near, 2] + back * (centre - outline[near, 2])
    vertices = np.concatenate([skin_points, np.column_stack([outer, depth])])
    local = frame.to_local(vertices)
    room = _room(vertices[:, :2], width, height)
    if layers.cut:
        border = room < 1.0 - OVERHANG * frame.eye_distance
        weight = _body_weight(local, distance / frame.eye_distance)
    else:
        border = room <= 0.5
        weight = _fading_weight(vertices, layers.person, frame.eye_distance)
        weight[border] = 0.0
    border[:SKIN_POINTS] = False
    weight[:SKIN_POINTS] = 1.0
    return Mesh(
        frame=frame,
        pixels=vertices,
        local=local,
        skin=np.concatenate([skin_triangles(), _outer_triangles(outline[:, :2], outer)]),
        fills=fill_triangles(),
        head_weight=weight,
        border=border,
    )


def _outer_points(outline: Array, eye_distance: float, width: int, height: int) -> Array:
    centre = outline.mean(0)
    points = []
    for k, scale in enumerate(RING_SCALES):
        ring = centre + (outline - centre) * scale
        ring = ring if k < 2 else ring[::2]
        points.append((ring + np.roll(ring, 1, 0)) / 2 if k % 2 else ring)
    step = max(GRID_EYE_DISTANCES * eye_distance, width / 18)
    over = OVERHANG * eye_distance
    columns, rows = _ruler(width, step, over), _ruler(height, step, over)
    grid = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2)
    last_ring = (centre + (outline - centre) * 2.45).astype(np.float32)
    beyond = np.array(
        [cv2.pointPolygonTest(last_ring, (float(x), float(y)), False) < 0 for x, y in grid]
    )
    points = [ring[_room(ring, width, height) > step / 4 - over] for ring in points]
    outer: Array = np.concatenate([*points, grid[beyond | (_room(grid, width, height) < -0.5)]])
    return outer


def _room(points: Array, width: int, height: int) -> Array:
    """(n,) how far points lie inside the picture's edges."""
    room: Array = np.minimum(points, np.array([width - 1, height - 1]) - points).min(1)
    return room


def _ruler(length: int, step: float, over: float) -> Array:
    """Grid lines from beyond one edge to beyond the other; one lies on each edge."""
    inside = np.linspace(0, length - 1, int(length / step) + 2)
    ruler: Array = np.concatenate([[-over], inside, [length - 1 + over]])
    return ruler


def _outer_triangles(outline: Array, outer: Array) -> IntArray:
    points = np.concatenate([outline, outer])
    triangles = Delaunay(points).simplices
    polygon = outline.astype(np.float32)
    outside = np.array(
        [
            cv2.pointPolygonTest(polygon, (float(x), float(y)), False) < 0
            for x, y in points[triangles].mean(1)
        ]
    )
    ids = np.concatenate([np.array(OVAL), SKIN_POINTS + np.arange(len(outer))])
    named: IntArray = ids[triangles[outside]].astype(np.int32)
    return named


def _body_weight(local: Array, from_face: Array) -> Array:
    """(n,) head, hair and hat 1 throughout; the neck follows less and less, shoulders a little.

    Args:
        from_face: (n - 468,) eye distances of the outer vertices from the face's outline.
    """
    away = np.concatenate([np.zeros(SKIN_POINTS), from_face])
    aside = np.abs(local[:, 0] - local[CHIN, 0]) - NECK_HALF_WIDTH
    below = local[:, 1] - local[CHIN, 1] + np.clip(SHOULDER_SLOPE * aside, 0, SHOULDER_RISE)
    head = smoothstep((HEAD_END - away) / (HEAD_END - HEAD_REACH))
    neck = smoothstep((NECK_END - below) / (NECK_END - NECK_START))
    rest = SHOULDERS * smoothstep((SHOULDERS_END - below) / SHOULDERS_END)
    rest *= smoothstep((HEAD_END + 1 - away) / 1.0)
    weight: Array = rest + (1 - rest) * head * neck
    weight[weight < STILL] = 0.0
    return weight


def _fading_weight(vertices: Array, pixels: ImageArray, eye_distance: float) -> Array:
    """(n,) 1 on the head (the person above the chin, and the face), fading with distance through the background."""
    height, width = pixels.shape[:2]
    outline = vertices[list(OVAL), :2]
    head: Mask = (person_mask(pixels) > 0.5).astype(np.uint8)
    head[min(height, max(0, round(float(vertices[CHIN, 1])))) :] = 0
    cv2.fillPoly(head, [outline.astype(np.int32)], (1,))
    sideways = np.abs(np.arange(width) - outline[:, 0].mean())
    head[:, sideways >= HALF_WIDTH * eye_distance] = 0
    away = cv2.distanceTransform(1 - head, cv2.DIST_L2, 5) / eye_distance
    weight = smoothstep(1 - away.astype(np.float64) / FADE)
    soft = cv2.GaussianBlur(weight, (0, 0), 0.06 * eye_distance)
    columns = np.clip(np.rint(vertices[:, 0]), 0, width - 1).astype(int)
    rows = np.clip(np.rint(vertices[:, 1]), 0, height - 1).astype(int)
    sampled: Array = soft[rows, columns].astype(np.float64)
    return np.maximum(0.0, sampled - TAIL) / (1 - TAIL)

"""The mesh of a whole picture: the face's landmarks, rings around them, a coarse grid to the border.

One mesh without a seam: what the head does fades out over neck, hair and background by a weight of every vertex.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

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

Array = NDArray[np.float64]
Mask = NDArray[np.uint8]

RING_SCALES = (1.13, 1.30, 1.52, 1.8, 2.2)
"""Rings of vertices outside the face, as multiples of its outline."""
GRID_EYE_DISTANCES = 0.65
MAX_DEPTH = 0.8
"""How far behind the outline of the face the outer vertices fall back, in eye distances."""
HEAD_HALF_WIDTH = 1.75
"""Hair further sideways than this from the middle of the face does not move along."""
FADE = 0.90
"""Distance from the head, in eye distances, over which its motion fades to nothing."""
TAIL = 0.04
"""Weights below this are nothing: the fade's tail would be stretched over large triangles."""


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
    """(n,) vertices on the picture's edge."""


def smoothstep(x: Array) -> Array:
    """3x² - 2x³ between 0 and 1, constant outside."""
    t = np.clip(x, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def build_mesh(landmarks: Array, person: NDArray[np.float32], width: int, height: int) -> Mesh:
    """Meshes a picture around a face.

    Args:
        landmarks: (478, 3) pixels, x right, y down, z away from the camera.
        person: (height, width) in 0..1, where a person is seen.
    """
    skin_points = landmarks[:SKIN_POINTS].astype(np.float64)
    frame = FaceFrame.of(skin_points)
    outline = skin_points[list(OVAL)]
    outer = _outer_points(outline[:, :2], frame.eye_distance, width, height)
    away = np.linalg.norm(outer[:, None] - outline[None, :, :2], axis=2)
    depth = outline[away.argmin(1), 2] + np.minimum(
        away.min(1) * 0.9, MAX_DEPTH * frame.eye_distance
    )
    vertices = np.concatenate([skin_points, np.column_stack([outer, depth])])
    x, y = vertices[:, 0], vertices[:, 1]
    border = (x <= 0.5) | (x >= width - 1.5) | (y <= 0.5) | (y >= height - 1.5)
    border[:SKIN_POINTS] = False
    weight = _head_weight(vertices, person, frame.eye_distance)
    weight[:SKIN_POINTS] = 1.0
    weight[border] = 0.0
    return Mesh(
        frame=frame,
        pixels=vertices,
        local=frame.to_local(vertices),
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
    columns = np.linspace(0, width - 1, int(width / step) + 2)
    rows = np.linspace(0, height - 1, int(height / step) + 2)
    grid = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2)
    last_ring = (centre + (outline - centre) * 2.45).astype(np.float32)
    on_edge = (grid[:, 0] % (width - 1) == 0) | (grid[:, 1] % (height - 1) == 0)
    beyond = np.array(
        [cv2.pointPolygonTest(last_ring, (float(x), float(y)), False) < 0 for x, y in grid]
    )
    points.append(grid[on_edge | beyond])
    outer: Array = np.concatenate(points)
    inside = np.minimum(outer, [width - 1, height - 1] - outer).min(1)
    kept: Array = outer[(inside >= 0) & ((inside < 0.5) | (inside > 0.18 * eye_distance))]
    return kept


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


def _head_weight(vertices: Array, person: NDArray[np.float32], eye_distance: float) -> Array:
    """1 on the head (the person above the chin, and the face), fading to 0 with distance."""
    height, width = person.shape
    outline = vertices[list(OVAL), :2]
    head: Mask = (person > 0.5).astype(np.uint8)
    head[min(height, max(0, round(float(vertices[CHIN, 1])))) :] = 0
    cv2.fillPoly(head, [outline.astype(np.int32)], (1,))
    sideways = np.abs(np.arange(width) - outline[:, 0].mean())
    head[:, sideways >= HEAD_HALF_WIDTH * eye_distance] = 0
    away = cv2.distanceTransform(1 - head, cv2.DIST_L2, 5) / eye_distance
    weight = smoothstep(1 - away.astype(np.float64) / FADE)
    soft = cv2.GaussianBlur(weight, (0, 0), 0.06 * eye_distance)
    columns = np.clip(np.rint(vertices[:, 0]), 0, width - 1).astype(int)
    rows = np.clip(np.rint(vertices[:, 1]), 0, height - 1).astype(int)
    sampled: Array = soft[rows, columns].astype(np.float64)
    return np.maximum(0.0, sampled - TAIL) / (1 - TAIL)

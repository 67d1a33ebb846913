"""Faces and their landmarks in a picture, by MediaPipe's detectors, face mesh and segmentation.

The detectors look at 128 or 192 pixels, so a small face in a large picture is searched in windows,
coarse to fine; the mesh is then fitted on a crop around each face, so that its precision does not
depend on the picture's size.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

import cv2
import numpy as np

from backends.faces.graphs import Graphs, solutions
from backends.types import Box, FloatArray, ImageArray

LANDMARKS = 478
SMALLEST = 64
"""Width in pixels of the smallest face searched for; smaller ones turn up in small pictures."""
RIGHT_EYE = (33, 133)
"""Outer and inner corner of the person's right eye (picture left)."""
LEFT_EYE = (263, 362)
FOREHEAD, CHIN = 10, 152

_VIEW = 384  # pixels of a window as the detectors get it: twice what they look at
_CROP = 384  # pixels of a face crop as the mesh gets it, whose input is 192 for 3/4 of it
_CONFIDENCE = 0.4  # of a detection; the mesh confirms it
# What forehead to chin measures on a head held level: the median over frontal portraits.
_LEVEL_PITCH_DEG = 8.0
_MARGINS = (2.0, 3.0, 1.4)  # side of that crop in detection boxes, tried in turn


@dataclass(frozen=True, slots=True)
class Face:
    box: Box
    """Around the landmarks: hairline to chin, cheek to cheek; may reach beyond the picture."""
    landmarks: FloatArray
    """(478, 3) x and y in pixels, z in the same unit (smaller is nearer); MediaPipe's topology,
    irises from 468. Read-only."""
    score: float
    """The detector's confidence, 0..1."""

    @property
    def eye_distance(self) -> float:
        """Between the eye centres, in pixels, depth included: hardly changes as the head turns."""
        right, left = (self.landmarks[list(eye)].mean(0) for eye in (RIGHT_EYE, LEFT_EYE))
        return float(np.linalg.norm(left - right))


class HeadAngles(NamedTuple):
    """Degrees, signs as in `backends.types.POSE`: 0, 0, 0 looks straight into the camera."""

    yaw: float
    pitch: float
    roll: float


def find_faces(pixels: ImageArray) -> list[Face]:
    """Every face of the picture, that with the largest part inside the picture first; those below
    half the largest one's width may be left out.

    Args:
        pixels: (h, w, 3) uint8 RGB.
    """
    faces: list[Face] = []
    for side in _levels(max(pixels.shape[:2])):
        if faces and side / 4 < max(f.box.width for f in faces) / 2:
            break  # what this level adds is small beside the faces that are there
        for box, score in _candidates(pixels, side):
            if any(_same(box, face.box) for face in faces):
                continue
            face = _fit(pixels, box, score)
            if face is not None and not any(_same(face.box, other.box) for other in faces):
                faces.append(face)
    return sorted(faces, key=lambda f: _visible_area(f.box, pixels), reverse=True)


def visible_share(box: Box, pixels: ImageArray) -> float:
    """How much of a box lies inside the picture, 0..1."""
    return _visible_area(box, pixels) / (box.width * box.height)


def face_at(pixels: ImageArray, box: Box) -> Face | None:
    """The face whose box is known (as `Portrait.face`), without a search; None where none is."""
    return _fit(pixels, box, 1.0)


def head_angles(face: Face) -> HeadAngles:
    """Where the head points, by the axes eye to eye and forehead to chin; good to a few degrees."""
    points = face.landmarks
    x = points[list(LEFT_EYE)].mean(0) - points[list(RIGHT_EYE)].mean(0)
    y = points[CHIN] - points[FOREHEAD]
    return HeadAngles(
        yaw=math.degrees(math.atan2(x[2], math.hypot(x[0], x[1]))),
        pitch=math.degrees(math.atan2(y[2], math.hypot(y[0], y[1]))) - _LEVEL_PITCH_DEG,
        roll=math.degrees(math.atan2(x[1], x[0])),
    )


def person_mask(pixels: ImageArray) -> FloatArray:
    """(h, w) float32 in 0..1: 1 where the picture shows a person, hair and clothes included."""
    height, width = pixels.shape[:2]
    small = _shrunk(pixels, 512)
    with _segmentation().borrow() as graph:
        mask = np.asarray(graph.process(small).segmentation_mask, np.float32)
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR).clip(0.0, 1.0)


class FaceTracker:
    """Follows the one face of a video; used from one thread, as a context manager."""

    def __init__(self) -> None:
        self._graph = _tracking_mesh().create()

    def __enter__(self) -> FaceTracker:
        return self

    def __exit__(self, *_: object) -> None:
        self._graph.close()

    def track(self, pixels: ImageArray) -> Face | None:
        """The face in the next frame, (h, w, 3) uint8 RGB."""
        return next(_meshes(self._graph, pixels), None)


def _levels(longer: int) -> Iterator[float]:
    """Sides of the search windows: the whole picture, then halves, until faces of SMALLEST pixels
    are an eighth of one, which is what the detectors find surely."""
    side = float(longer)
    yield side
    while side / 8 > SMALLEST:
        side /= 2
        yield side


def _candidates(pixels: ImageArray, side: float) -> Iterator[tuple[Box, float]]:
    """Where a detector sees a face in the windows of a level, best first within a window."""
    height, width = pixels.shape[:2]
    whole = side >= max(height, width)
    # The short-range detector is the better one for faces that fill the picture.
    detectors = (_short_range, _full_range) if whole else (_full_range,)
    for left, top in itertools.product(_steps(width, side), _steps(height, side)):
        window = pixels[top : top + math.ceil(side), left : left + math.ceil(side)]
        view = _shrunk(window, _VIEW)
        for detector in detectors:
            with detector().borrow() as graph:
                found = graph.process(view).detections or ()
            for box, score in sorted((_detection(d, window) for d in found), key=lambda c: -c[1]):
                yield box._replace(x=box.x + left, y=box.y + top), score


def _steps(length: int, side: float) -> list[int]:
    """Where windows begin so that they cover a length and overlap by at least a quarter."""
    count = 1 if length <= side else math.ceil((length - side) / (0.75 * side)) + 1
    return [round(start) for start in np.linspace(0, max(length - side, 0), count)]


def _detection(detection: Any, window: ImageArray) -> tuple[Box, float]:
    """A detection's box in the window's pixels, and its score."""
    height, width = window.shape[:2]
    box = detection.location_data.relative_bounding_box
    pixels = Box(box.xmin * width, box.ymin * height, box.width * width, box.height * height)
    return pixels, float(detection.score[0])


def _fit(pixels: ImageArray, box: Box, score: float) -> Face | None:
    """The face mesh on square crops around the box; None where it sees no face there."""
    for margin in _MARGINS:
        side = max(round(margin * max(box.width, box.height)), 16)
        left = round(box.x + (box.width - side) / 2)
        top = round(box.y + (box.height - side) / 2)
        crop = _resized(_cut(pixels, left, top, side), _CROP, _CROP)
        with _static_mesh().borrow() as graph:
            found = list(_meshes(graph, crop, score))
        scale = np.array([side / _CROP] * 3, np.float32)
        faces = [
            _face(f.landmarks * scale + np.array([left, top, 0], np.float32), score) for f in found
        ]
        faces = [f for f in faces if _same(f.box, box)]
        if faces:
            return max(faces, key=lambda f: _overlap(f.box, box))
    return None


def _meshes(graph: Any, pixels: ImageArray, score: float = 1.0) -> Iterator[Face]:
    """The faces that the mesh graph sees in a picture, in its pixels."""
    height, width = pixels.shape[:2]
    for mesh in graph.process(pixels).multi_face_landmarks or ():
        points = np.array([(p.x, p.y, p.z) for p in mesh.landmark], np.float32)
        # z is scaled as x is: https://ai.google.dev/edge/mediapipe/solutions/vision/face_landmarker
        yield _face(points * np.array([width, height, width], np.float32), score)


def _face(landmarks: FloatArray, score: float) -> Face:
    (left, top), (right, bottom) = (
        landmarks[:, :2].min(0).tolist(),
        landmarks[:, :2].max(0).tolist(),
    )
    landmarks.setflags(write=False)
    return Face(Box(left, top, right - left, bottom - top), landmarks, score)


def _visible_area(box: Box, pixels: ImageArray) -> float:
    height, width = pixels.shape[:2]
    across = min(box.x + box.width, width) - max(box.x, 0.0)
    down = min(box.y + box.height, height) - max(box.y, 0.0)
    return float(max(across, 0.0) * max(down, 0.0))


def _same(a: Box, b: Box) -> bool:
    """Whether two boxes can be of one face; the detectors' and the landmarks' boxes share half."""
    return _overlap(a, b) > 0.25


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union, 0..1."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (a.width * a.height + b.width * b.height - shared)


def _cut(pixels: ImageArray, left: int, top: int, side: int) -> ImageArray:
    """A square of the picture; beyond its edges the edge goes on."""
    height, width = pixels.shape[:2]
    inside = pixels[max(top, 0) : max(top + side, 1), max(left, 0) : max(left + side, 1)]
    missing = (
        max(-top, 0),
        max(top + side - height, 0),
        max(-left, 0),
        max(left + side - width, 0),
    )
    if not any(missing):
        return inside
    return np.asarray(cv2.copyMakeBorder(inside, *missing, cv2.BORDER_REPLICATE), np.uint8)


def _shrunk(pixels: ImageArray, longer: int) -> ImageArray:
    """The picture with its longer side at most this long."""
    height, width = pixels.shape[:2]
    scale = min(1.0, longer / max(height, width))
    return _resized(pixels, max(round(width * scale), 1), max(round(height * scale), 1))


def _resized(pixels: ImageArray, width: int, height: int) -> ImageArray:
    shrinks = width < pixels.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    resized = cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=method)
    return np.asarray(resized, np.uint8)


@cache
def _short_range() -> Graphs:
    make = solutions().face_detection.FaceDetection
    return Graphs(partial(make, model_selection=0, min_detection_confidence=_CONFIDENCE))


@cache
def _full_range() -> Graphs:
    make = solutions().face_detection.FaceDetection
    return Graphs(partial(make, model_selection=1, min_detection_confidence=_CONFIDENCE))


@cache
def _static_mesh() -> Graphs:
    make = solutions().face_mesh.FaceMesh
    return Graphs(
        partial(
            make,
            static_image_mode=True,
            refine_landmarks=True,
            max_num_faces=3,
            min_detection_confidence=0.3,
            min_tracking_confidence=0.8,  # that the mesh lies on a face; at 0.5 patterns pass
        )
    )


@cache
def _tracking_mesh() -> Graphs:
    make = solutions().face_mesh.FaceMesh
    return Graphs(partial(make, refine_landmarks=True, min_detection_confidence=0.3))


@cache
def _segmentation() -> Graphs:
    return Graphs(partial(solutions().selfie_segmentation.SelfieSegmentation, model_selection=0))

"""Judges of finished pictures that share nothing with what drew them: landmarks, identity, emotion.

They come with the extra `judge` and are loaded when first asked:

- dlib's frontal face detector and 68 landmarks (Kazemi & Sullivan, CVPR 2014, trained on iBUG 300-W,
  which is for research: it judges, and is part of nothing that is made),
- dlib's 128-d face embedding (ResNet-29, CC0; two pictures of one person lie closer than 0.6),
- the facial emotion classifier of the package `fer` (mini-Xception trained on FER2013, MIT).

Landmarks are numbered as iBUG does, from 0: jaw line 0-16, brows 17-26, nose 27-35, eyes 36-47,
outer lips 48-59, inner lips 60-67. "Right" and "left" are the picture's: 36-41 is the eye on its left.
"""

from __future__ import annotations

import importlib.util
import math
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.errors import EngineUnavailableError
from backends.types import Box, FloatArray, ImageArray

LABELS = ("angry", "disgusted", "fearful", "happy", "sad", "surprised", "neutral")
"""What the emotion classifier tells apart, in its own order."""
SAME_PERSON = 0.6
"""Embeddings closer than this are of one person, in dlib's own evaluation."""
RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)

_LONGER = 640  # pixels of a picture as the detector gets it; it finds faces of 40 pixels in that
_SURE = -0.5  # the detector's score from which a box is taken: paintings score below 0
_CROP, _BOX = 960, 640  # pixels of the crop landmarks are found in, and of the face box inside it
# Where dlib's box lies, in units of the hull of its landmarks: medians over 24 faces.
_BOX_SIDE, _BOX_LIFT = 1.045, 0.085
# Boxes that landmarks are averaged over, (x, y, growth) in pixels: dlib's trees jump, their mean less.
_BOXES = ((0, 0, 0), (-12, -8, 6), (12, -8, -10), (-8, 12, -6), (8, 12, 10))
# The crop that the classifier's own detector makes, in eye distances: side, and centre below the eyes.
_EMOTION_SIDE, _EMOTION_DROP = 2.9, 0.3
_EMOTION_PIXELS = 64


def find_landmarks(pixels: ImageArray) -> FloatArray | None:
    """(68, 2) landmarks in pixels of the surest face in an (h, w, 3) RGB picture; None without a face."""
    height, width = pixels.shape[:2]
    scale = min(1.0, _LONGER / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    view = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    boxes, scores, _ = _detector().run(view, 1, _SURE)
    if not boxes:
        return None
    best = boxes[int(np.argmax(scores))]
    box = Box(best.left() / scale, best.top() / scale, best.width() / scale, best.height() / scale)
    return follow_landmarks(pixels, landmarks_in(pixels, box))


def landmarks_in(pixels: ImageArray, box: Box) -> FloatArray:
    """(68, 2) landmarks of the face in a box from brows to chin (a square, as dlib's detector gives)."""
    centre = np.array([box.x + box.width / 2, box.y + box.height / 2])
    return _predict(pixels, centre, box.width, 0.0)


def follow_landmarks(pixels: ImageArray, before: FloatArray) -> FloatArray:
    """(68, 2) landmarks of a face whose landmarks in the frame before, or roughly here, are known.

    There is no detector's box to jump. Still, what comes out decides where the next frame is looked
    at: on one picture given again and again landmarks wander by 0.1 to 1 % of the eye distance, more
    on a face turned far.
    Where the head holds still, `landmarks_in` one box does not wander at all.
    """
    eyes = before[LEFT_EYE].mean(0) - before[RIGHT_EYE].mean(0)
    roll = math.atan2(eyes[1], eyes[0])
    turn = np.array([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]])
    upright = before @ turn.T
    low, high = upright.min(0), upright.max(0)
    side = _BOX_SIDE * float((high - low).mean())
    centre = (low + high) / 2 - [0, _BOX_LIFT * side]
    return _predict(pixels, centre @ turn, side, roll)


def box_around(landmarks: FloatArray) -> Box:
    """The box, as dlib's detector gives it, of a face whose 68 landmarks are known."""
    low, high = landmarks.min(0), landmarks.max(0)
    side = _BOX_SIDE * float((high - low).mean())
    x, y = ((low + high) / 2 - side / 2).tolist()
    return Box(x, y - _BOX_LIFT * side, side, side)


def eye_distance(landmarks: FloatArray) -> float:
    """Between the eye centres, pixels."""
    return float(np.linalg.norm(landmarks[LEFT_EYE].mean(0) - landmarks[RIGHT_EYE].mean(0)))


def embedding(pixels: ImageArray, landmarks: FloatArray) -> FloatArray:
    """(128,) of the face whose 68 landmarks are given; Euclidean distance tells people apart."""
    dlib = _dlib()
    (left, top), (right, bottom) = landmarks.min(0).astype(int), landmarks.max(0).astype(int)
    points = [dlib.point(round(x), round(y)) for x, y in landmarks.tolist()]
    shape = dlib.full_object_detection(
        dlib.rectangle(int(left), int(top), int(right), int(bottom)), points
    )
    found = _recogniser().compute_face_descriptor(np.ascontiguousarray(pixels), shape)
    return np.array(found, np.float32)


def emotions(pixels: ImageArray, landmarks: FloatArray) -> dict[str, float]:
    """Probability of each label for the face whose 68 landmarks are given; they add up to 1."""
    side = _EMOTION_SIDE * eye_distance(landmarks)
    centre = (landmarks[LEFT_EYE].mean(0) + landmarks[RIGHT_EYE].mean(0)) / 2
    scale = _EMOTION_PIXELS / side
    left, top = centre[0] - side / 2, centre[1] + (_EMOTION_DROP * side / _EMOTION_SIDE) - side / 2
    small = _shrunk_by(pixels, scale)
    place = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float64)
    place[:, :2] *= pixels.shape[1] / small.shape[1]
    face = cv2.warpAffine(
        cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), place, (_EMOTION_PIXELS, _EMOTION_PIXELS),
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    classifier = _classifier()
    grey = (face.astype(np.float32) / 255 - 0.5) * 2
    classifier.set_tensor(classifier.get_input_details()[0]["index"], grey[None, :, :, None])
    classifier.invoke()
    scores = classifier.get_tensor(classifier.get_output_details()[0]["index"])[0]
    return dict(zip(LABELS, map(float, scores), strict=True))


def _shrunk_by(pixels: ImageArray, scale: float) -> NDArray[Any]:
    """The picture at twice the resolution that a later step of this scale leaves, if that is less."""
    factor = min(1.0, 2 * scale)
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if factor < 1 else pixels


def _predict(
    pixels: ImageArray,
    centre: NDArray[Any],
    side: float,
    roll: float,
) -> FloatArray:
    """Landmarks in a square of the picture that is turned upright; the mean over some boxes in it.

    dlib rounds landmarks to pixels, so it gets the face enlarged.
    """
    zoom = _BOX / side
    cos, sin = zoom * math.cos(roll), zoom * math.sin(roll)
    turn = np.array([[cos, sin], [-sin, cos]])
    place = np.hstack([turn, (_CROP / 2 - turn @ centre)[:, None]])
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    crop = cv2.warpAffine(grey, place, (_CROP, _CROP), flags=cv2.INTER_LINEAR)
    found = np.zeros((68, 2))
    for x, y, growth in _BOXES:
        low, high = (_CROP - _BOX) // 2 - growth, (_CROP + _BOX) // 2 + growth
        box = _dlib().rectangle(low + x, low + y, high + x, high + y)
        found += [(p.x, p.y) for p in _predictor()(crop, box).parts()]
    found /= len(_BOXES)
    return np.asarray((found - place[:, 2]) @ np.linalg.inv(turn).T, np.float32)


@cache
def _detector() -> Any:
    return _dlib().get_frontal_face_detector()


@cache
def _predictor() -> Any:
    return _dlib().shape_predictor(
        needed("face_recognition_models").pose_predictor_model_location()
    )


@cache
def _recogniser() -> Any:
    location = needed("face_recognition_models").face_recognition_model_location()
    return _dlib().face_recognition_model_v1(location)


@cache
def _classifier() -> Any:
    model = inside("fer", "data/emotion_model_quantized.tflite")
    made = needed("ai_edge_litert.interpreter").Interpreter(str(model), num_threads=1)
    made.allocate_tensors()
    return made


@cache
def _dlib() -> Any:
    return needed("dlib")


def inside(package: str, file: str) -> Path:
    """A file of a package, found without importing it, as it would want its own dependencies."""
    spec = importlib.util.find_spec(package)
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder) / file
        if path.is_file():
            return path
    raise _missing(package)


def needed(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise _missing(module) from error


def _missing(name: str) -> EngineUnavailableError:
    return EngineUnavailableError(
        f"the judges want {name.partition('.')[0]}, which is not installed; "
        "run: uv pip install -c requirements.lock -e '.[judge]' in a checkout of Prosopon"
    )

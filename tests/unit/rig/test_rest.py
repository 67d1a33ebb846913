"""What undoes a photo's own expression."""

from dataclasses import replace

import numpy as np
import pytest

from backends.animation.rig.deform import build_shape
from backends.animation.rig.engine import RigAvatar
from backends.animation.rig.eraser import smile_eraser
from backends.animation.rig.mesh import LEVEL_PITCH_DEG, FaceFrame
from backends.animation.rig.rest import lid_rise, own_smile_lift
from backends.animation.rig.topology import MOUTH_LEFT_CORNER, MOUTH_RIGHT_CORNER


def _lips(points: np.ndarray) -> tuple[float, float]:
    """Width of the mouth, and height of both lips."""
    width = points[MOUTH_LEFT_CORNER, 0] - points[MOUTH_RIGHT_CORNER, 0]
    return float(width), float(points[13, 1] - points[0, 1] + points[17, 1] - points[14, 1])


def test_a_relaxed_smile_is_narrower_and_its_lips_are_fuller(smiling: RigAvatar) -> None:
    rest = smiling.shape.rest
    relaxed = rest + smiling.shape.correction.mouth
    width, height = _lips(rest)
    narrow, full = _lips(relaxed)
    assert 1.1 < width / narrow < 1.45
    assert 0.8 < (full * narrow) / (height * width) < 1.15  # the lips' area stays
    assert own_smile_lift(relaxed) < own_smile_lift(rest) - 0.06
    assert relaxed[50, 1] > rest[50, 1] + 0.02  # the cheek falls
    assert relaxed[13, 1] - relaxed[2, 1] > rest[13, 1] - rest[2, 1] + 0.02  # over the teeth
    assert relaxed[358, 0] - relaxed[129, 0] < rest[358, 0] - rest[129, 0] - 0.02  # the nose


def test_a_face_at_rest_stays_what_it_is(closed: RigAvatar) -> None:
    correction = closed.shape.correction
    assert correction.smile == 0.0
    assert np.abs(correction.mouth).max() < 0.03
    assert (
        closed.shading.weights(np.zeros(closed.shading.drivers.shape[1], np.float32), 1.0)[-1] == 0
    )


def _pitched(degrees: float) -> FaceFrame:
    """Of a head whose forehead leans towards the camera."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return FaceFrame(np.array([[1.0, 0, 0], [0, cos, sin], [0, -sin, cos]]), np.zeros(3), 100.0)


@pytest.mark.parametrize("degrees", [-10.0, 0.0, LEVEL_PITCH_DEG, 15.0, 25.0])
def test_what_lies_behind_looks_higher_on_a_head_seen_from_above(degrees: float) -> None:
    frame = _pitched(degrees)
    front, behind = frame.to_pixels(np.array([[0, 1.0, 0], [0, 1.0, 0.3]]))
    level = _pitched(LEVEL_PITCH_DEG).to_pixels(np.array([[0, 1.0, 0], [0, 1.0, 0.3]]))
    looks = (front[1] - behind[1]) / (front[1] / 1.0) - (level[0] - level[1])[1] / level[0, 1]
    assert 0.3 * frame.lean == pytest.approx(max(0.0, looks), abs=1e-6)


def test_corners_that_look_raised_from_above_are_lowered(smiling: RigAvatar) -> None:
    mesh = smiling.mesh
    lowered = []
    for degrees in (LEVEL_PITCH_DEG, 20.0):
        frame = replace(mesh.frame, axes=_pitched(degrees).axes)
        relaxed = mesh.local + build_shape(replace(mesh, frame=frame)).correction.mouth
        lowered.append(own_smile_lift(relaxed))
        assert _lips(relaxed)[0] == pytest.approx(0.77, abs=0.05)  # narrowed no further
    assert lowered[1] < lowered[0] - 0.02


def test_narrow_lids_rise_as_far_as_others(closed: RigAvatar) -> None:
    points = closed.shape.rest.copy()
    for upper, lower, gap in ((159, 145, 0.12), (386, 374, 0.20)):
        points[upper, 1] = points[lower, 1] - gap
    right, left = lid_rise(points)
    assert right * 0.12 == pytest.approx(0.166)
    assert left == 1.0
    points[159, 1] = points[145, 1] - 0.02  # nearly shut: no eye is known behind
    assert lid_rise(points)[0] < 2.0


def test_folds_are_filled_and_plain_skin_is_left_alone(smiling: RigAvatar) -> None:
    box = smiling.shading.box
    points = smiling.mesh.pixels[:468, :2] - box[:2]
    unit = smiling.mesh.frame.eye_distance
    plain = np.full((box[3], box[2], 3), (190, 150, 130), np.uint8)
    everywhere = np.ones((box[3] // 2, box[2] // 2), np.float32)
    assert np.abs(smile_eraser(plain, points, everywhere, unit)).max() < 1e-3
    folded = plain.copy()
    x, y = (round(float(v)) for v in points[205])  # on the cheek
    folded[y - 4 : y + 4, x : x + 2] = (150, 110, 90)
    filled = smile_eraser(folded, points, everywhere, unit)
    assert filled.min() >= 0.0
    there = filled[y // 2, x // 2]
    assert np.all(there > 0.5 * np.log([190 / 150, 150 / 110, 130 / 90]))
    assert filled.max() <= 0.8
    assert not smile_eraser(folded, points, 0 * everywhere, unit).any()

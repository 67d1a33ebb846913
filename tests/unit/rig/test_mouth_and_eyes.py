"""Reach of the mouth, tongue, lids, reflections in the eyes, and glasses."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from backends.animation.rig.controls import read
from backends.animation.rig.deform import ROW, deform
from backends.animation.rig.engine import RigAvatar
from backends.animation.rig.glasses import frame_weight
from backends.animation.rig.lids import snap_lids
from backends.animation.rig.topology import (
    EYES,
    LOWER_LIP,
    MOUTH_LEFT_CORNER,
    MOUTH_RIGHT_CORNER,
)
from backends.faces.detect import face_at
from backends.performance.visemes import FUNNEL_OPENS, JAW_DROPS, LOWER_DROPS, UPPER_LIFTS
from backends.types import Portrait
from tests.unit.rig.conftest import Draw, Row, both, performance

SPREAD: Row = {
    "jawOpen": 0.3,
    **both("mouthUpperUp", 0.4),
    **both("mouthLowerDown", 0.4),
    **both("mouthStretch", 0.4),
}


def moved(avatar: RigAvatar, row: Row) -> np.ndarray:
    return deform(avatar.shape, read(performance([row]), 0, avatar.shape).face)[0]


def middle_gap(points: np.ndarray) -> float:
    return float((points[[178, 14, 402], 1] - points[[81, 13, 311], 1]).mean())


@pytest.mark.parametrize(
    ("row", "opens"),
    [
        (both("mouthUpperUp", 1.0), UPPER_LIFTS),
        (both("mouthLowerDown", 1.0), LOWER_DROPS),
        ({"jawOpen": 1.0}, JAW_DROPS),
        ({"mouthFunnel": 1.0}, FUNNEL_OPENS),
    ],
)
def test_visemes_know_how_far_lips_go(closed: RigAvatar, row: Row, opens: float) -> None:
    assert middle_gap(moved(closed, row)) == pytest.approx(opens, rel=0.12)


@pytest.mark.parametrize("which", ["closed", "smiling"])
def test_both_lips_share_an_opening_whose_corners_go_out(
    which: str, request: pytest.FixtureRequest
) -> None:
    avatar = request.getfixturevalue(which)
    shut = moved(avatar, {"closure": 1.0, "relax": 1.0})
    spread = moved(avatar, {**SPREAD, "relax": 1.0})
    opening = middle_gap(spread) - middle_gap(shut)
    lift = float((shut[[81, 13, 311], 1] - spread[[81, 13, 311], 1]).mean())
    assert 0.11 < lift / opening < 0.45
    widths = [p[MOUTH_LEFT_CORNER, 0] - p[MOUTH_RIGHT_CORNER, 0] for p in (shut, spread)]
    assert widths[1] > 1.05 * widths[0]


def changed_below_the_lip(avatar: RigAvatar, frames: list[np.ndarray]) -> int:
    x, y = avatar.mesh.pixels[LOWER_LIP[3][5], :2]
    reach = int(0.12 * avatar.mesh.frame.eye_distance)
    part = slice(int(y) + reach, int(y) + 3 * reach), slice(int(x) - reach, int(x) + reach)
    difference = np.abs(frames[0][part].astype(int) - frames[1][part].astype(int))
    return int((difference.max(2) > 12).sum())


def test_the_tongue_comes_out_over_the_lower_lip(draw: Draw, closed: RigAvatar) -> None:
    wide: Row = {"jawOpen": 0.4, **both("mouthLowerDown", 0.5)}
    frames = draw(closed, wide, {**wide, "tongueOut": 1.0})
    assert changed_below_the_lip(closed, frames) > 50
    inside = draw(closed, wide, {**wide, "tongue": 1.0})
    assert changed_below_the_lip(closed, inside) == 0
    assert (inside[0] != inside[1]).any()


def test_a_closed_mouth_hides_the_tongue(draw: Draw, closed: RigAvatar) -> None:
    frames = draw(closed, {"closure": 1.0}, {"closure": 1.0, "tongue": 1.0})
    assert np.array_equal(*frames)


PRESSED: Row = {"closure": 1.0, "mouthPucker": 0.2}
"""Lips as they are closed to speak."""


def lower_lip(avatar: RigAvatar, frame: np.ndarray) -> np.ndarray:
    """Brightness of the lower lip's upper half, in its middle."""
    points = avatar.mesh.pixels[:, :2]
    (left, top), (right, low) = points[LOWER_LIP[0][4]], points[LOWER_LIP[0][6]]
    middle = int((points[LOWER_LIP[0][5], 1] + points[LOWER_LIP[3][5], 1]) / 2)
    part = frame[int(min(top, low)) : middle + 1, int(left) : int(right) + 1]
    return np.asarray(part.mean(2))


def test_pressed_lips_do_not_shine(draw: Draw, closed: RigAvatar) -> None:
    rows: tuple[Row, ...] = ({}, {"closure": 1.0}, {**PRESSED, "closure": 0.8}, PRESSED)
    still, silent, parted, pressed = (lower_lip(closed, f).max() for f in draw(closed, *rows))
    assert pressed < parted < still
    assert still - pressed > 2 * (still - silent) + 5


def test_a_line_that_pressed_lips_hide_is_drawn(draw: Draw, closed: RigAvatar) -> None:
    broad = replace(closed, shape=replace(closed.shape, own_gap=np.full(9, 0.04)))
    (plain,), (lined,) = draw(closed, PRESSED), draw(broad, PRESSED)
    darker = plain.astype(int) - lined
    assert darker.max() > 25 > -4 * darker.min()
    np.testing.assert_array_equal(draw(closed, {})[0], draw(broad, {})[0])


@pytest.fixture(scope="module")
def landmarks(hopper: Portrait) -> np.ndarray:
    face = face_at(hopper.pixels, hopper.face)
    assert face is not None
    return face.landmarks.astype(np.float64)


def test_lids_stay_where_no_line_is_seen(hopper: Portrait, landmarks: np.ndarray) -> None:
    plain = np.full_like(hopper.pixels, 180)
    assert np.abs(snap_lids(plain, landmarks) - landmarks).max() < 1e-6


def test_lids_go_to_a_drawn_line(hopper: Portrait, landmarks: np.ndarray) -> None:
    picture = np.full_like(hopper.pixels, 190)
    errors = []
    for eye in EYES:
        contour = landmarks[list(eye.contour), :2]
        middle = contour.mean(0)
        line = middle + (contour - middle) * [1.15, 1.5]
        cv2.polylines(picture, [np.rint(line * 16).astype(np.int32)], True, (40, 30, 30), 2, 8, 4)
    snapped = snap_lids(picture, landmarks)
    dark = cv2.distanceTransform((picture.max(2) > 60).astype(np.uint8), cv2.DIST_L2, 5)
    for places in (landmarks, snapped):
        at = np.rint(places[[i for eye in EYES for i in eye.contour], :2]).astype(int)
        errors.append(float(dark[at[:, 1], at[:, 0]].mean()))
    assert errors[1] < 0.6 * errors[0]


def test_reflections_are_taken_off_the_eyes_and_nothing_is_lost(closed: RigAvatar) -> None:
    for ball in closed.eyes:
        height, width = ball.photo.shape[:2]
        rows, columns = slice(ball.top, ball.top + height), slice(ball.left, ball.left + width)
        assert np.array_equal(ball.photo + ball.glint, closed.portrait.pixels[rows, columns])
        assert ball.glint.max() > 30


def test_a_frame_of_glasses_is_rigid(closed: RigAvatar) -> None:
    frame, glasses = frame_weight(closed.portrait.pixels, closed.mesh)
    assert (frame > 0.99).sum() > 10
    rows = closed.shape.displacements.reshape(len(ROW), -1, 3)
    for name in ("browDownLeft", "browInnerUp", "mouthSmileLeft", "noseSneerRight"):
        assert np.abs(rows[ROW[name]][glasses > 0.99]).max() < 0.01
    lids = [i for eye in EYES for i in eye.upper[2:5]]
    assert np.abs(rows[ROW["eyeBlinkLeft"]] + rows[ROW["eyeBlinkRight"]])[lids].max(1).min() > 0.05


def test_brows_rise_above_a_frame_that_stands_still(closed: RigAvatar) -> None:
    rows = closed.shape.displacements.reshape(len(ROW), -1, 3)
    inner = [107, 66, 336, 296]  # upper borders; the lower ones lie on the rim
    for name, least in (("browInnerUp", 0.05), ("browOblique", 0.05), ("browOuterUpLeft", 0.02)):
        brow = inner[2:] if name.endswith("Left") else inner
        assert rows[ROW[name]][brow, 1].max() < -least
        assert np.abs(rows[ROW[name]][[65, 52, 295, 282], 1]).max() < 0.01
    sunk = rows[ROW["browDownLeft"]] + rows[ROW["browDownRight"]]
    gap = closed.mesh.local[[65, 295], 1] - closed.mesh.local[[66, 296], 1]
    assert np.all(sunk[[66, 296], 1] < gap)  # skin does not fold over the rim


def test_a_face_without_glasses_has_none(smiling: RigAvatar) -> None:
    assert not frame_weight(smiling.portrait.pixels, smiling.mesh).any()


def test_no_shade_is_drawn_on_glasses(closed: RigAvatar, smiling: RigAvatar) -> None:
    amounts = np.zeros(len(ROW), np.float32)
    amounts[[ROW["browDownLeft"], ROW["browDownRight"]]] = 1.0
    worn, bare = (a.shading.weights(amounts, 0.0) for a in (closed, smiling))
    assert 0 < (worn > 0).sum() < (bare > 0).sum()

"""A face through a video: poses that were turned are found, and what cannot be followed is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from backends.errors import NoFaceError
from backends.faces.tracking import RIGID, angles_deg, place, track_face
from backends.types import ImageArray
from tests.unit.faces.face_pictures import grey
from tests.unit.faces.video_files import swaying

DEGREES = st.floats(-30, 30)


def face(seed: int = 0) -> np.ndarray:
    """Points that are no plane."""
    return np.random.default_rng(seed).normal(size=(478, 3))


@settings(max_examples=30, deadline=None)
@given(yaw=DEGREES, pitch=DEGREES, roll=DEGREES, scale=st.floats(0.5, 200), x=DEGREES)
def test_a_moved_face_is_placed_exactly(
    yaw: float, pitch: float, roll: float, scale: float, x: float
) -> None:
    turn = Rotation.from_euler("ZYX", [roll, -yaw, pitch], degrees=True).as_matrix()
    seen = scale * face() @ turn.T + [x, 5.0, -2.0]
    placed = place(face(), seen)
    assert placed.scale == pytest.approx(scale)
    assert placed.to_pixels(face()) == pytest.approx(seen, abs=1e-6 * scale + 1e-6)
    assert placed.to_local(seen) == pytest.approx(face(), abs=1e-6)
    assert angles_deg(placed.rotation) == pytest.approx((yaw, pitch, roll), abs=1e-4)


def test_a_moving_mouth_does_not_move_the_head() -> None:
    seen = 50 * face()
    seen[[i for i in range(478) if i not in RIGID]] += 3.0
    assert angles_deg(place(face(), seen).rotation) == pytest.approx((0, 0, 0), abs=1e-6)


@pytest.fixture(scope="module")
def clip(astronaut: ImageArray) -> list[ImageArray]:
    return swaying(astronaut[:320, 80:400].copy(), 12)


def test_a_swaying_face_is_followed(clip: list[ImageArray]) -> None:
    track = track_face(clip, "me.mp4")
    assert track.found.all()
    nose = track.landmarks[:, 1, 0]
    sway = np.sin(2 * np.pi * np.arange(12) / 12)
    assert np.corrcoef(nose, sway)[0, 1] > 0.95


def test_a_short_gap_is_bridged(clip: list[ImageArray]) -> None:
    gap = [grey(320, 320) if i in (5, 6) else frame for i, frame in enumerate(clip)]
    track = track_face(gap, "me.mp4")
    whole = track_face(clip, "me.mp4")
    assert not track.found[5]
    assert np.abs(track.landmarks - whole.landmarks)[:, :, :2].max() < 12


def test_a_face_that_is_lost_too_often_is_refused(clip: list[ImageArray]) -> None:
    frames = clip[:6] + [grey(320, 320)] * 6
    with pytest.raises(NoFaceError, match=r"me.mp4 is lost in (42|50)% of its frames"):
        track_face(frames, "me.mp4")


def test_a_video_without_a_face_is_refused() -> None:
    with pytest.raises(NoFaceError, match=r"no face found in me.mp4 \(3 frames\)"):
        track_face([grey(320, 240)] * 3, "me.mp4")

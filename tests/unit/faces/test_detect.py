"""Faces are found whatever the picture's size, with the same landmarks, by any thread."""

import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from backends.errors import EngineUnavailableError
from backends.faces.detect import (
    LANDMARKS,
    FaceTracker,
    face_at,
    find_faces,
    head_angles,
    person_mask,
)
from backends.faces.graphs import solutions
from backends.faces.images import read_image
from backends.types import Box, ImageArray
from tests.unit.faces.face_pictures import PORTRAITS, grey, paste


def test_the_astronaut_is_found(astronaut: ImageArray) -> None:
    (face,) = find_faces(astronaut)
    assert 80 < face.box.width < 105
    assert 38 < face.eye_distance < 47
    assert face.landmarks.shape == (LANDMARKS, 3)
    assert face.landmarks.dtype == np.float32
    left_eye, right_eye, chin = face.landmarks[263], face.landmarks[33], face.landmarks[152]
    assert right_eye[0] < left_eye[0]
    assert chin[1] > left_eye[1]
    assert face.landmarks[4, 2] < face.landmarks[234, 2], "the nose is nearer than the ear"


@pytest.mark.parametrize("width", [64, 90, 300])
def test_a_face_is_found_in_a_large_picture_with_precise_landmarks(
    astronaut: ImageArray, width: int
) -> None:
    scale = width / 92.7
    picture = grey(3840, 2160)
    paste(picture, astronaut, scale, 1900, 400)
    (face, *_) = find_faces(picture)
    expected = find_faces(astronaut)[0].landmarks[:, :2] * scale + [1900, 400]
    error = np.linalg.norm(face.landmarks[:, :2] - expected, axis=1)
    assert error.mean() < 0.02 * width


def test_several_faces_come_largest_first(astronaut: ImageArray, hopper: ImageArray) -> None:
    picture = grey(1600, 900)
    paste(picture, astronaut, 0.9, 20, 300)
    paste(picture, hopper, 1.0, 520, 150)
    paste(picture, astronaut[:, ::-1].copy(), 1.1, 1030, 100)
    faces = find_faces(picture)
    assert [round(f.box.width, -1) for f in faces] == [190, 100, 80]


@pytest.mark.parametrize("picture", [grey(1, 1), grey(16, 3000), grey(640, 480)])
def test_nothing_is_found_where_nothing_is(picture: ImageArray) -> None:
    assert find_faces(picture) == []
    assert face_at(picture, Box(0, 0, 1, 1)) is None


def test_a_known_face_is_fitted_without_a_search(astronaut: ImageArray) -> None:
    (found,) = find_faces(astronaut)
    face = face_at(astronaut, found.box)
    assert face is not None
    assert np.abs(face.landmarks[:, :2] - found.landmarks[:, :2]).max() < 1.5
    assert face_at(astronaut, Box(20, 300, 90, 110)) is None


@pytest.mark.parametrize("turn", [-30, 0, 30])
def test_roll_is_clockwise_as_seen(hopper: ImageArray, turn: int) -> None:
    matrix = cv2.getRotationMatrix2D((256, 240), -turn, 1)  # OpenCV turns counter-clockwise
    turned = cv2.warpAffine(hopper, matrix, (512, 600))
    (face, *_) = find_faces(turned)
    assert head_angles(face).roll == pytest.approx(turn, abs=6)


def test_a_mirrored_head_looks_the_other_way() -> None:
    path = PORTRAITS / "donna-velata.jpg"
    if not path.exists():
        pytest.skip("needs the portraits folder (PROSOPON_TEST_PORTRAITS)")
    picture = read_image(path)
    (face,), (mirrored,) = find_faces(picture), find_faces(picture[:, ::-1])
    assert head_angles(face).yaw < -15, "she looks to the left of the picture"
    assert head_angles(mirrored).yaw > 15


def test_every_portrait_at_hand_has_its_face() -> None:
    paths = sorted(p for p in PORTRAITS.glob("*") if p.suffix in (".png", ".jpg"))
    if not paths:
        pytest.skip("needs the portraits folder (PROSOPON_TEST_PORTRAITS)")
    for path in paths:
        (face,) = find_faces(read_image(path))
        assert face.box.width > 64, path


def test_the_person_is_told_from_the_background(hopper: ImageArray) -> None:
    mask = person_mask(hopper)
    assert mask.shape == hopper.shape[:2]
    assert mask.dtype == np.float32
    assert mask.min() >= 0
    assert mask.max() <= 1
    assert mask[200, 265] > 0.9, "face"
    assert mask[60, 265] > 0.9, "hat"
    assert mask[500, 265] > 0.9, "uniform"
    assert mask[120, 470] < 0.1, "sky"


def test_inputs_are_not_written(astronaut: ImageArray) -> None:
    picture = astronaut.copy()
    picture.setflags(write=False)
    find_faces(picture)
    person_mask(picture)
    assert (picture == astronaut).all()


def test_a_view_with_strides_is_read_right(astronaut: ImageArray) -> None:
    (face,) = find_faces(astronaut[:, ::-1])
    (straight,) = find_faces(np.ascontiguousarray(astronaut[:, ::-1]))
    assert (face.landmarks == straight.landmarks).all()


def test_threads_find_what_one_alone_finds(astronaut: ImageArray, hopper: ImageArray) -> None:
    pictures = [astronaut, hopper, astronaut[:, ::-1], hopper[:, ::-1]] * 3
    alone = [find_faces(p)[0].landmarks for p in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = [faces[0].landmarks for faces in pool.map(find_faces, pictures)]
    for one, other in zip(alone, together, strict=True):
        assert np.abs(one - other).max() < 1e-3


def test_a_tracker_follows_a_moving_face(astronaut: ImageArray) -> None:
    with FaceTracker() as tracker:
        assert tracker.track(grey(512, 512)) is None
        for shift in range(0, 60, 10):
            face = tracker.track(np.roll(astronaut, shift, axis=1))
            assert face is not None
            assert face.box.x == pytest.approx(179 + shift, abs=4)


def test_mediapipe_keeps_quiet_and_others_are_heard(
    astronaut: ImageArray, capfd: pytest.CaptureFixture[str]
) -> None:
    with FaceTracker() as tracker:  # builds a graph, which would greet
        tracker.track(astronaut)
    find_faces(astronaut)
    assert capfd.readouterr().err == ""


def test_without_mediapipe_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe.python", None)
    with pytest.raises(EngineUnavailableError, match=r"prosopon\[rig\]"):
        solutions()

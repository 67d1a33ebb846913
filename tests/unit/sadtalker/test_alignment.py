"""Where the face is cut out, and how it is shown to the regressor."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the full set has it")

from backends.animation.sadtalker.alignment import (
    CropBox,
    aligned,
    crop_box,
    cut,
    five_points,
)
from backends.faces.detect import Face, face_at
from backends.types import Portrait


@pytest.fixture(scope="module")
def face(hopper: Portrait) -> Face:
    found = face_at(hopper.pixels, hopper.face)
    assert found is not None
    return found


def test_the_crop_holds_the_head_and_goes_with_it(face: Face, hopper: Portrait) -> None:
    box = crop_box(face.landmarks)
    assert abs(box.width - box.height) <= 2
    assert box.left < face.box.x and box.left + box.width > face.box.x + face.box.width
    assert box.top < face.box.y and 1.1 < box.width / face.box.width < 2.5
    moved = crop_box(face.landmarks + np.array([7, -5, 0], np.float32))
    assert (moved.left, moved.top) == (box.left + 7, box.top - 5)


def test_a_crop_beyond_the_picture_goes_on_with_its_edge() -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, 0], pixels[0] = (200, 0, 0), (0, 100, 0)
    crop = cut(pixels, CropBox(-10, -10, 20, 20), 20)
    assert crop.shape == (20, 20, 3)
    assert (crop[15, :11] == (200, 0, 0)).all() and (crop[:10, 12] == (0, 100, 0)).all()
    assert (crop[15:, 15:] == 0).all()


def test_the_five_points_lie_where_the_standard_face_has_them(face: Face, hopper: Portrait) -> None:
    box = crop_box(face.landmarks)
    points = five_points(face.landmarks, box, 256)
    assert points[0, 0] < points[2, 0] < points[1, 0]  # the person's right eye is on the left
    assert points[0, 1] > points[2, 1] > points[3, 1]  # y is up
    picture, place = aligned(cut(hopper.pixels, box, 256), points)
    assert picture.shape == (3, 224, 224) and picture.min() >= 0 and picture.max() <= 1
    assert 0.3 < place[0] < 3 and abs(place[1] - 128) < 40 and abs(place[2] - 128) < 60


def test_size_and_place_of_the_face_are_taken_out() -> None:
    """A face of any size comes to lie in the same place."""
    standard = np.array([[-0.31, 0.29], [0.31, 0.29], [0, -0.05], [-0.25, -0.38], [0.25, -0.38]])
    found = []
    for size, x, y in ((60, 100, 130), (80, 140, 120)):
        points = standard * size + [x, y]
        crop = np.zeros((256, 256, 3), np.uint8)
        middle = points[:2].mean(0)
        crop[
            255 - round(middle[1]) - 2 : 255 - round(middle[1]) + 3,
            round(middle[0]) - 2 : round(middle[0]) + 3,
        ] = 255
        picture, _ = aligned(crop, points)
        rows, columns = np.nonzero(picture[0] > 0.5)
        found.append((rows.mean(), columns.mean()))
    assert found[0] == pytest.approx(found[1], abs=2.5)

"""From a picture to a portrait: the right face, whole and at the right size, or why not."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from backends.errors import (
    EngineUnavailableError,
    FaceTooSmallError,
    InputError,
    NoFaceError,
    UnknownPortraitError,
    UnreadableMediaError,
)
from backends.faces.detect import find_faces
from backends.faces.framing import ASPECTS, Aspect, Framing
from backends.faces.images import read_image
from backends.faces.portrait import check, frame_portrait, load_portrait
from backends.faces.presets import PRESETS, preset
from backends.types import ImageArray
from tests.unit.faces.face_pictures import grey, paste


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_portrait(name: str) -> None:
    portrait = load_portrait(f"preset:{name}")
    assert max(portrait.pixels.shape) == 720
    assert portrait.face.width > 64
    assert preset(name).credit
    assert "public domain" in preset(name).licence


def test_an_unknown_preset_names_the_known() -> None:
    with pytest.raises(UnknownPortraitError, match="astronaut, hopper"):
        load_portrait("preset:mona-lisa")


def test_a_preset_whose_package_is_absent_names_the_extra() -> None:
    lost = replace(preset("astronaut"), package="no_such_package")
    with pytest.raises(EngineUnavailableError, match=r"no_such_package.*prosopon\[rig\]"):
        _ = lost.path


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("name", PRESETS)
def test_every_aspect_shows_the_face_where_it_says(name: str, aspect: Aspect) -> None:
    portrait = load_portrait(f"preset:{name}", Framing(size=480, aspect=aspect))
    height, width = portrait.pixels.shape[:2]
    assert max(width, height) == 480
    assert width % 2 == height % 2 == 0
    if aspect != "source":
        across, down = map(int, aspect.split(":"))
        assert abs(width - height * across / down) <= 2
    box = portrait.face
    assert box.x >= 0
    assert box.y >= 0
    assert box.x + box.width <= width
    assert box.y + box.height <= height
    (found, *_) = find_faces(portrait.pixels)
    assert found.box == pytest.approx(box, abs=0.05 * box.width)


def test_a_person_far_away_is_brought_near(astronaut: ImageArray) -> None:
    picture = grey(2400, 1600)
    paste(picture, astronaut, 1.0, 1500, 900)
    portrait = frame_portrait(picture, Framing(size=None))
    height, width = portrait.pixels.shape[:2]
    assert abs(width / height - 1.5) < 0.02
    assert 0.18 < portrait.face.height / height < 0.25


def test_a_hat_stays_on() -> None:
    """The hopper's hat begins 100 pixels above her face; a wide crop that can hold it does."""
    wide = cv2.copyMakeBorder(
        load_portrait("preset:hopper", Framing(size=None)).pixels,
        400, 0, 800, 800, cv2.BORDER_CONSTANT, value=(60, 110, 200),
    )  # fmt: skip
    (face,) = find_faces(wide)
    portrait = frame_portrait(wide, Framing(size=None, aspect="1:1"))
    assert portrait.face.y > 0.55 * portrait.face.height
    assert face.box.y - 100 > 400


def test_portraits_are_never_enlarged_beyond_twice(astronaut: ImageArray) -> None:
    assert frame_portrait(astronaut, Framing(size=2000)).pixels.shape == (1024, 1024, 3)
    assert frame_portrait(astronaut[:511, :509], Framing(size=None)).pixels.shape == (510, 508, 3)


def test_the_face_is_chosen_by_number(astronaut: ImageArray, hopper: ImageArray) -> None:
    picture = grey(1100, 600)
    paste(picture, astronaut, 1.0, 0, 40)
    paste(picture, hopper, 1.0, 560, 0)
    first = frame_portrait(picture, Framing(size=None))
    second = frame_portrait(picture, Framing(size=None, face=2))
    assert first.face.width > 1.5 * second.face.width
    with pytest.raises(InputError, match="family has 2 faces"):
        frame_portrait(picture, Framing(face=3), "family")
    with pytest.raises(InputError, match="one face"):
        frame_portrait(hopper, Framing(face=2))


def test_a_picture_without_a_face_is_refused_with_its_size() -> None:
    with pytest.raises(NoFaceError, match=r"no face found in wall\.png \(320 x 200 pixels\)"):
        frame_portrait(grey(320, 200), Framing(), "wall.png")


def test_a_cat_is_refused() -> None:
    cat = preset("astronaut").path.with_name("chelsea.png")
    with pytest.raises(NoFaceError, match=r"chelsea\.png"):
        load_portrait(cat)


def test_a_profile_is_refused_with_its_angle() -> None:
    """The cameraman of scikit-image, enlarged so that only the angle is wrong."""
    picture = cv2.resize(cv2.imread(str(preset("astronaut").path.with_name("camera.png"))), None,
                         fx=3, fy=3, interpolation=cv2.INTER_CUBIC)  # fmt: skip
    with pytest.raises(NoFaceError, match=r"turned [4-9]\d degrees to the side, at most 40"):
        frame_portrait(np.asarray(picture, np.uint8), Framing())


def test_a_tiny_face_is_refused_with_its_width(astronaut: ImageArray) -> None:
    small = cv2.resize(astronaut, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    with pytest.raises(FaceTooSmallError, match=r"is 4[5-7] pixels wide, at least 64"):
        frame_portrait(small, Framing(size=720))


def test_a_picture_lying_on_its_side_is_refused(hopper: ImageArray) -> None:
    with pytest.raises(NoFaceError, match=r"lies \d\d degrees on its side"):
        frame_portrait(np.rot90(hopper).copy(), Framing())


def test_an_aspect_that_would_cut_the_face_is_refused(hopper: ImageArray) -> None:
    close = hopper[90:360, 150:380]
    with pytest.raises(InputError, match=r"16:9 .* would cut the face"):
        frame_portrait(close, Framing(aspect="16:9"))


def test_bytes_paths_and_text_give_the_same_portrait() -> None:
    path = preset("hopper").path
    portraits = [load_portrait(s) for s in (path, str(path), path.read_bytes(), "preset:hopper")]
    assert all((p.pixels == portraits[0].pixels).all() for p in portraits)


def test_reading_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMediaError, match=r"face\.jpg"):
        load_portrait(tmp_path / "face.jpg")


def test_a_check_tells_fit_faces_from_others(astronaut: ImageArray, hopper: ImageArray) -> None:
    picture = grey(1000, 600)
    paste(picture, hopper, 1.0, 0, 0)
    paste(picture, astronaut, 0.5, 600, 100)
    report = check(picture)
    assert report.fit
    assert (report.width, report.height) == (1000, 600)
    assert [face.fit for face in report.faces] == [True, False]
    assert "pixels wide" in report.faces[1].problem
    nobody = check(grey(100, 100))
    assert not nobody.fit
    assert nobody.faces == ()
    assert "no face found" in nobody.problem


@pytest.mark.parametrize("name", PRESETS)
def test_a_check_tells_what_each_aspect_shows(name: str) -> None:
    pixels = read_image(preset(name).path)
    (face,) = check(pixels).faces
    assert set(face.crops) == set(ASPECTS)
    for aspect, crop in face.crops.items():
        shown = frame_portrait(pixels, Framing(size=None, aspect=aspect)).pixels
        cut = pixels[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
        assert cut.shape[:2] == pytest.approx(shown.shape[:2], abs=1)


def test_a_check_leaves_out_an_aspect_that_would_cut_the_face(hopper: ImageArray) -> None:
    (face,) = check(hopper[90:360, 150:380].copy()).faces
    assert "16:9" not in face.crops and "source" in face.crops


def test_portraits_cannot_be_written_into(astronaut: ImageArray) -> None:
    portrait = frame_portrait(astronaut, Framing())
    with pytest.raises(ValueError, match="read-only"):
        portrait.pixels[0] = 0

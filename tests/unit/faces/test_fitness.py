"""What cannot be animated is refused with its numbers; what can is never refused, and its weaknesses are told."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from backends.animation.rig.engine import RigEngine
from backends.errors import NoFaceError
from backends.faces.detect import Face, face_at, find_faces
from backends.faces.features import eye_openings, look_at_mouth
from backends.faces.fitness import notices_of
from backends.faces.framing import Framing
from backends.faces.images import read_image
from backends.faces.portrait import check, frame_portrait, load_portrait
from backends.faces.presets import preset
from backends.types import COEFFICIENTS, INDEX, ImageArray, Performance
from tests.unit.faces.face_pictures import PORTRAITS, as_taken, covered, grey, paste

LIGHTS = ("day", "grey", "dim", "warm", "cold", "glaring")


@pytest.fixture(params=["astronaut", "hopper"])
def portrait(request: pytest.FixtureRequest) -> ImageArray:
    pixels: ImageArray = request.getfixturevalue(request.param)
    return pixels


def beside(picture: ImageArray, face: Face) -> Face:
    """The same face, fitted again in an altered picture."""
    found = face_at(picture, face.box)
    assert found is not None
    return found


@pytest.mark.parametrize("light", LIGHTS)
def test_no_light_makes_a_mouth_look_covered(portrait: ImageArray, light: str) -> None:
    (face,) = find_faces(portrait)
    picture = as_taken(portrait, light)
    assert not look_at_mouth(picture, beside(picture, face)).covered


@pytest.mark.parametrize("width", [64, 300])
def test_no_size_makes_a_mouth_look_covered(portrait: ImageArray, width: int) -> None:
    (face,) = find_faces(portrait)
    scale = width / face.box.width
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=method))
    (again, *_) = find_faces(picture)
    assert not look_at_mouth(picture, again).covered


@pytest.mark.parametrize(
    ("cover", "light"),
    [("mask", "day"), ("mask", "dim"), ("hand", "day"), ("hand", "dim"), ("microphone", "day")],
)
def test_a_covered_mouth_is_noticed(portrait: ImageArray, cover: str, light: str) -> None:
    (face,) = find_faces(portrait)
    picture = as_taken(covered(portrait, face, cover), light)
    assert look_at_mouth(picture, beside(picture, face)).covered


@pytest.mark.parametrize("cover", ["mask", "hand", "microphone"])
def test_a_covered_mouth_is_refused_with_its_numbers(hopper: ImageArray, cover: str) -> None:
    picture = covered(hopper, find_faces(hopper)[0], cover)
    with pytest.raises(
        NoFaceError, match=r"mouth of the face in a\.jpg is covered.*by \d\.\d, at least 1\.0"
    ):
        frame_portrait(picture, Framing(), "a.jpg")
    report = check(picture, "a.jpg")
    assert not report.fit and "covered" in report.problem and report.faces[0].notices == ()


def test_no_portrait_at_hand_is_refused() -> None:
    paths = sorted(p for p in PORTRAITS.glob("*") if p.suffix in (".png", ".jpg"))
    if not paths:
        pytest.skip("needs the portraits folder (PROSOPON_TEST_PORTRAITS)")
    for path in paths:
        picture = read_image(path)
        (face,) = find_faces(picture)
        assert check(picture).fit, path
        for light in LIGHTS:
            taken = as_taken(picture, light)
            assert not look_at_mouth(taken, beside(taken, face)).covered, (path, light)


@pytest.mark.parametrize("light", ["grey", "dim"])
def test_a_beard_around_the_lips_does_not_cover_them(portrait: ImageArray, light: str) -> None:
    (face,) = find_faces(portrait)
    bearded = covered(portrait, face, "beard")
    for picture in (bearded, as_taken(bearded, light)):
        assert not look_at_mouth(picture, beside(picture, face)).covered


def test_a_cat_is_called_an_animal() -> None:
    cat = preset("astronaut").path.with_name("chelsea.png")
    with pytest.raises(NoFaceError, match=r"chelsea\.png \(451 x 300 pixels\): .* animal"):
        load_portrait(cat)


def test_a_chart_taken_for_a_face_is_refused() -> None:
    with pytest.raises(NoFaceError, match=r"color\.png"):
        load_portrait(preset("astronaut").path.with_name("color.png"))


def test_a_profile_that_no_mesh_fits_is_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = read_image(preset("astronaut").path.with_name("camera.png"))
    monkeypatch.setattr("backends.faces.portrait.find_faces", lambda pixels: [])
    with pytest.raises(NoFaceError, match=r"seen from the side; at most 40 degrees"):
        frame_portrait(picture, Framing())


def test_a_face_that_the_edge_cuts_is_refused_with_its_share(hopper: ImageArray) -> None:
    picture = hopper[:, 255:].copy()
    report = check(picture)
    assert report.faces[0].visible < 0.7
    with pytest.raises(
        NoFaceError, match=r"cut by the edge of the image, [3-6]\d% of it is inside"
    ):
        frame_portrait(picture, Framing())


def test_a_cut_face_gives_way_to_a_whole_one(hopper: ImageArray, astronaut: ImageArray) -> None:
    """The largest is the one with the largest part inside the picture."""
    picture = grey(700, 700)
    paste(picture, astronaut, 1.2, 0, 60)
    picture[50:650, 615:] = hopper[:, 140:225]
    first = check(picture).faces[0]
    assert first.fit and first.box.x + first.box.width < 500


def test_a_face_that_works_is_offered_for_one_that_does_not(
    hopper: ImageArray, astronaut: ImageArray
) -> None:
    picture = grey(1100, 600)
    masked = covered(hopper, find_faces(hopper)[0], "mask")
    paste(picture, masked, 1.0, 0, 0)
    paste(picture, astronaut, 1.0, 560, 40)
    with pytest.raises(NoFaceError, match=r"covered.*; or choose face 2 of the 2"):
        frame_portrait(picture, Framing())
    assert frame_portrait(picture, Framing(face=2)).face.width > 64


@pytest.fixture(scope="module")
def acted() -> Callable[..., ImageArray]:
    """Draws the hopper's portrait with some coefficients set."""
    engine = RigEngine()
    avatar = engine.prepare(load_portrait("preset:hopper", Framing(size=512)))

    def act(**coefficients: float) -> ImageArray:
        rows = np.zeros((1, len(COEFFICIENTS)), np.float32)
        for name, value in coefficients.items():
            rows[0, INDEX[name]] = value
        pose, gaze = np.zeros((1, 6), np.float32), np.zeros((1, 2), np.float32)
        extra = {name: np.zeros(1, np.float32) for name in ("closure", "tongue", "teeth", "relax")}
        plan = Performance(rows, pose, gaze, extra)
        return next(engine.animate(avatar, plan, range(1))).frames[0].copy()

    return act


def notices(picture: ImageArray) -> list[str]:
    report = check(picture, "a.jpg")
    assert report.fit, report.problem
    for notice in report.faces[0].notices:
        assert "the face in a.jpg" in notice.message
    return [notice.code for notice in report.faces[0].notices]


def test_of_a_plain_portrait_there_is_nothing_to_tell(portrait: ImageArray) -> None:
    assert notices(portrait) == []


def test_closed_eyes_are_told_not_refused(acted: Callable[..., ImageArray]) -> None:
    picture = acted(eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
    assert notices(picture) == ["eyes_closed"]
    (notice,) = frame_portrait(picture, Framing(size=512), "a.jpg").notices
    assert notice.code == "eyes_closed"
    shut, open_ = (eye_openings(find_faces(p)[0]) for p in (picture, acted()))
    assert max(shut) < min(open_)


def test_a_mouth_wide_open_is_told_not_refused(acted: Callable[..., ImageArray]) -> None:
    picture = acted(jawOpen=1.0, mouthLowerDownLeft=1.0, mouthLowerDownRight=1.0)
    assert notices(picture) == ["mouth_open"]


def test_little_light_is_told_not_refused(portrait: ImageArray) -> None:
    noise = np.random.default_rng(0).normal(0, 3, portrait.shape)
    assert "little_light" in notices(np.asarray((portrait * 0.12 + noise).clip(0, 255), np.uint8))


def test_a_face_turned_far_is_told_with_its_angle(hopper: ImageArray) -> None:
    (face,) = find_faces(hopper)
    depth = face.landmarks.copy()
    turn = np.deg2rad(35)
    depth[:, 2] += np.tan(turn) * (depth[:, 0] - depth[:, 0].mean()) * np.cos(turn)
    turned = Face(face.box, depth, face.score)
    (notice,) = notices_of(hopper, turned, "the face")
    assert notice.code == "turned_away" and "3" in notice.message

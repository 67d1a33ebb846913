"""What the drawn frames show."""

import pickle

import numpy as np
import pytest

from backends.animation.rig.engine import RigAvatar, RigEngine
from backends.animation.rig.topology import INNER_LOWER, INNER_UPPER, LEFT_EYE, RIGHT_EYE
from backends.errors import NoFaceError
from backends.faces.detect import find_faces
from backends.types import Box, ImageArray, Portrait
from tests.unit.rig.conftest import Draw, Row, both, performance

TALK: list[Row] = [
    {
        "jawOpen": 0.1 * k,
        "yaw_deg": k - 4.0,
        "gaze_x": 2.0 * k,
        "relax": 1.0,
        **both("eyeBlink", 0.1 * k),
    }
    for k in range(9)
]


def face(avatar: RigAvatar, picture: ImageArray) -> ImageArray:
    x, y, width, height = (int(v) for v in avatar.portrait.face)
    return picture[max(0, y) : y + height, max(0, x) : x + width]


def difference(a: ImageArray, b: ImageArray) -> np.ndarray:
    return np.abs(a.astype(int) - b.astype(int))


@pytest.mark.parametrize("which", ["closed", "smiling"])
def test_nothing_asked_shows_the_portrait(
    which: str, draw: Draw, request: pytest.FixtureRequest
) -> None:
    avatar = request.getfixturevalue(which)
    (frame,) = draw(avatar, {})
    error = face(avatar, difference(frame, avatar.portrait.pixels)).astype(float)
    assert 10 * np.log10(255**2 / max(1e-9, (error**2).mean())) > 40


def test_pieces_are_the_whole_and_repeat(engine: RigEngine, smiling: RigAvatar) -> None:
    plan = performance(TALK)
    total = len(TALK)

    def frames(start: int, end: int) -> list[ImageArray]:
        batches = engine.animate(smiling, plan, range(start, end))
        return [frame.copy() for batch in batches for frame in batch.frames]

    whole = frames(0, total)
    pieces = frames(0, 1) + frames(1, 6) + frames(6, total)
    backwards = [frames(k, k + 1)[0] for k in reversed(range(total))][::-1]
    for a, b, c in zip(whole, pieces, backwards, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)


def test_a_pickled_avatar_draws_the_same(draw: Draw, closed: RigAvatar) -> None:
    again = pickle.loads(pickle.dumps(closed))
    for a, b in zip(draw(closed, *TALK[:3]), draw(again, *TALK[:3]), strict=True):
        assert np.array_equal(a, b)


def test_the_portrait_is_never_written(engine: RigEngine, astronaut: Portrait) -> None:
    pixels = astronaut.pixels.copy()
    pixels.setflags(write=False)
    before = pixels.copy()
    avatar = engine.prepare(Portrait(pixels, astronaut.face))
    list(engine.animate(avatar, performance(TALK), range(len(TALK))))
    assert np.array_equal(pixels, before)


def openings(
    frames: list[ImageArray], upper: tuple[int, ...], lower: tuple[int, ...]
) -> list[float]:
    """Found again by the landmark model on every frame, in eye distances."""
    found = []
    for frame in frames:
        landmarks, distance = find_faces(frame)[0].landmarks, find_faces(frame)[0].eye_distance
        across = np.linalg.norm(landmarks[list(upper), :2] - landmarks[list(lower), :2], axis=1)
        found.append(float(across.mean()) / distance)
    return found


@pytest.mark.parametrize("which", ["closed", "smiling"])
def test_the_mouth_is_seen_to_open_with_the_jaw(
    which: str, draw: Draw, request: pytest.FixtureRequest
) -> None:
    avatar = request.getfixturevalue(which)
    rows = [
        {"jawOpen": jaw, "relax": 1.0, "closure": float(jaw == 0)} for jaw in (0, 0.25, 0.5, 0.8)
    ]
    seen = openings(draw(avatar, *rows), INNER_UPPER[4:7], INNER_LOWER[4:7])
    assert seen == sorted(seen)
    assert seen[0] < 0.03
    assert seen[-1] > 0.15


def test_the_right_eye_is_seen_to_close(draw: Draw, smiling: RigAvatar) -> None:
    frames = draw(smiling, {}, both("eyeBlink", 1.0))
    for eye in (RIGHT_EYE, LEFT_EYE):
        before, after = openings(frames, eye.upper[2:5], eye.lower[2:5])
        assert after < 0.6 * before


def test_a_wink_changes_its_own_eye_only(draw: Draw, smiling: RigAvatar) -> None:
    (frame,) = draw(smiling, {"eyeBlinkLeft": 1.0})
    change = difference(frame, smiling.portrait.pixels).sum(2)
    middle = int(smiling.mesh.frame.origin[0])
    assert change[:, middle:].sum() > 100 * change[:, :middle].sum()
    assert change[:, middle:].sum() > 1000


def test_gaze_moves_the_irises(draw: Draw, closed: RigAvatar) -> None:
    frames = draw(closed, {"gaze_x": -12.0}, {"gaze_x": 12.0})
    places = []
    for frame in frames:
        found = find_faces(frame)[0]
        for eye in (RIGHT_EYE, LEFT_EYE):
            corners = found.landmarks[[eye.outer, eye.inner], 0]
            places.append(float(found.landmarks[eye.iris[0], 0] - corners.mean()))
    assert places[2] > places[0] + 1
    assert places[3] > places[1] + 1


def test_folds_can_be_turned_off(closed: RigAvatar) -> None:
    from backends.animation.rig.engine import RigOptions

    frown = performance([both("browDown", 1.0)])
    pictures = [
        next(iter(RigEngine(RigOptions(folds=folds)).animate(closed, frown, range(1)))).frames[0]
        for folds in (0.0, 1.0)
    ]
    assert face(closed, pictures[1]).mean() < face(closed, pictures[0]).mean()


def test_a_picture_without_a_face_there(engine: RigEngine) -> None:
    with pytest.raises(NoFaceError, match="no face was found"):
        engine.prepare(Portrait(np.full((128, 128, 3), 127, np.uint8), Box(30, 30, 60, 60)))


def test_frames_outside_of_the_plan(engine: RigEngine, closed: RigAvatar) -> None:
    with pytest.raises(IndexError):
        list(engine.animate(closed, performance([{}]), range(2)))

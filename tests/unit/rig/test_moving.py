"""A reference video drawn with another mouth: its own motion stays, its loop has no cut, drawing is pure."""

import numpy as np
import pytest

from backends.animation.rig.engine import RigEngine
from backends.animation.rig.footage import best_frame
from backends.animation.rig.moving import MovingAvatar
from backends.errors import NoFaceError
from backends.faces.clip import load_clip, unpack
from backends.faces.framing import Framing
from backends.faces.images import read_image
from backends.faces.presets import preset
from backends.faces.tracking import Track, track_face
from backends.types import Box, ImageArray, Performance, ReferenceVideo
from tests.unit.faces.face_pictures import grey
from tests.unit.faces.video_files import encoded, swaying
from tests.unit.rig.conftest import Draw, Row, both, performance

COUNT = 24


@pytest.fixture(scope="module")
def video() -> ReferenceVideo:
    """Hopper, lips closed, swaying."""
    picture = read_image(preset("hopper").path)
    return load_clip(encoded(swaying(picture, COUNT, reach=10.0)), Framing(size=320))


@pytest.fixture(scope="module")
def avatar(engine: RigEngine, video: ReferenceVideo) -> MovingAvatar:
    return engine.prepare(video)


def still(count: int) -> list[Row]:
    return [{}] * count


def change(a: ImageArray, b: ImageArray) -> float:
    return float(np.abs(a.astype(int) - b).mean())


def test_a_face_that_does_nothing_shows_the_video(
    avatar: MovingAvatar, video: ReferenceVideo, draw: Draw
) -> None:
    for index, frame in enumerate(draw(avatar, *still(12))):
        assert change(frame, unpack(video.frames[index])) < 1.0


def test_far_from_the_face_every_pixel_is_the_videos(
    avatar: MovingAvatar, video: ReferenceVideo, draw: Draw
) -> None:
    row = {"jawOpen": 0.8, **both("mouthSmile", 0.8), "browInnerUp": 0.8, "yaw_deg": 8.0}
    for index, frame in enumerate(draw(avatar, *[row] * 6)):
        original = unpack(video.frames[index])
        below = int(video.face.y + 1.8 * video.face.height)
        assert (frame[below:] == original[below:]).all()
        assert (frame[:, :20] == original[:, :20]).all()


def test_the_mouth_is_the_performances(avatar: MovingAvatar, draw: Draw) -> None:
    rows = [{"jawOpen": 0.6} if i % 2 else {"closure": 1.0} for i in range(10)]
    frames = draw(avatar, *rows)
    track = [track_face([frame] * 2, "frame").landmarks[0] for frame in frames]
    gaps = np.array([p[14, 1] - p[13, 1] for p in track])
    assert gaps[1::2].min() > 3 * max(0.5, gaps[0::2].max())


def test_the_videos_own_motion_stays_whatever_the_performance_does(
    avatar: MovingAvatar, video: ReferenceVideo, draw: Draw
) -> None:
    rows = [{"yaw_deg": 8.0 * (-1) ** i, "jawOpen": 0.3 * (i % 3)} for i in range(20)]
    found = track_face(draw(avatar, *rows), "drawn").landmarks[:, 6, 0]
    own = track_face([unpack(f) for f in video.frames[:20]], "video").landmarks[:, 6, 0]
    assert np.corrcoef(found, own)[0, 1] > 0.98


def test_the_loop_turns_without_a_jump(avatar: MovingAvatar) -> None:
    footing = avatar.footing
    shown = np.array([footing.at(step) for step in range(10 * COUNT)])
    assert np.abs(np.diff(shown)).max() <= 1
    assert shown[:10].tolist() == list(range(10))
    nose = footing.source[shown, 1]
    steps = np.linalg.norm(np.diff(nose, axis=0), axis=1)
    first_pass = steps[: int(shown.argmax())]
    assert steps[len(first_pass) :].max() <= np.percentile(first_pass, 99) + 0.1


def test_any_range_of_frames_is_drawn_alike(engine: RigEngine, avatar: MovingAvatar) -> None:
    rows = performance([{"jawOpen": 0.1 * (i % 6), **both("mouthSmile", 0.5)} for i in range(40)])
    whole = drawn(engine, avatar, rows, range(40))
    parts = [drawn(engine, avatar, rows, r) for r in (range(31, 40), range(0, 13), range(13, 31))]
    assert (np.concatenate([parts[1], parts[2], parts[0]]) == whole).all()


def test_another_rate_shows_the_same_motion(engine: RigEngine, avatar: MovingAvatar) -> None:
    slow = performance(still(20))
    fast = Performance(
        np.repeat(slow.coefficients, 2, 0), np.repeat(slow.pose, 2, 0), np.repeat(slow.gaze, 2, 0),
        {k: np.repeat(v, 2) for k, v in slow.extra.items()}, fps=50,
    )  # fmt: skip
    assert (
        drawn(engine, avatar, fast, range(40))[::2] == drawn(engine, avatar, slow, range(20))
    ).all()


def drawn(engine: RigEngine, avatar: MovingAvatar, rows: Performance, frames: range) -> ImageArray:
    return np.concatenate([b.frames.copy() for b in engine.animate(avatar, rows, frames)])


def test_the_rest_is_taken_from_a_frame_with_open_eyes_and_closed_lips() -> None:
    picture = read_image(preset("hopper").path)
    points = track_face([picture] * 2, "hopper").landmarks[:1].repeat(9, axis=0)
    points[:3, 14, 1] += 20.0  # parted lips
    points[3:6, [160, 159, 158], 1] = points[3:6, [144, 145, 153], 1]  # a shut eye
    assert best_frame(Track(points, np.ones(9, bool))) in (6, 7, 8)


def test_a_face_that_leaves_the_video_is_refused(engine: RigEngine, video: ReferenceVideo) -> None:
    import cv2

    gone = bytes(cv2.imencode(".jpg", grey(*video.size))[1])
    frames = (*video.frames[:10], *[gone] * 14)
    lost = ReferenceVideo("x", 25.0, video.size, frames, Box(*video.face))
    with pytest.raises(NoFaceError, match="lost in"):
        engine.prepare(lost)

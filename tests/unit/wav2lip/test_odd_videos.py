"""Videos as people have them: each is drawn, or refused with its reason."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from backends.animation.wav2lip.engine import Wav2LipEngine
from backends.errors import NoFaceError
from backends.faces.clip import load_clip, load_reference
from backends.faces.framing import Framing
from backends.faces.images import read_image
from backends.faces.presets import preset
from backends.types import ImageArray, ReferenceVideo
from tests.unit.faces.face_pictures import grey, paste
from tests.unit.faces.video_files import encoded, swaying
from tests.unit.rig.conftest import performance
from tests.unit.wav2lip.conftest import frames_of, speech

COUNT = 12


@pytest.fixture(scope="session")
def head() -> ImageArray:
    """240 x 200 pixels with a face in the middle."""
    picture = read_image(preset("astronaut").path, "preset")
    return np.ascontiguousarray(picture[:240, 130:330])


def drawn(
    engine: Wav2LipEngine, video: ReferenceVideo, frames: int = 2 * COUNT
) -> list[ImageArray]:
    avatar = engine.prepare(video)
    plan = engine.plan(avatar, speech(frames / 25), performance([{}] * frames), 0)
    return frames_of(engine, avatar, plan, range(frames))


def taller(head: ImageArray) -> bytes:
    """A phone held upright."""
    room = grey(180, 320)
    paste(room, head, 0.8, 10, 60)
    return encoded(swaying(room, COUNT))


def large(head: ImageArray) -> bytes:
    room = grey(3840, 2160)
    paste(room, head, 6.0, 1200, 300)
    return encoded([room] * 8)


def fast(head: ImageArray) -> bytes:
    return encoded(swaying(head, 4 * COUNT, 3.0), fps=60)


def uneven(head: ImageArray) -> bytes:
    times = np.cumsum(np.tile([0.02, 0.09, 0.04], COUNT // 3))
    return encoded(swaying(head, COUNT), fps=50, times_s=times.tolist())


KINDS: dict[str, tuple[Callable[[ImageArray], bytes], int]] = {
    "portrait phone": (taller, 320), "4K": (large, 480), "60 fps": (fast, 200),
    "variable frame rate": (uneven, 200),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_all_kinds_of_videos_are_drawn(kind: str, plain: Wav2LipEngine, head: ImageArray) -> None:
    make, size = KINDS[kind]
    video = load_clip(make(head), Framing(size=size))
    frames = drawn(plain, video)
    assert len(frames) == 2 * COUNT
    assert all(frame.shape == (video.size[1], video.size[0], 3) for frame in frames)
    avatar = plain.prepare(video)
    shown = next(avatar.scene.shots(performance([{}])))
    picture = np.empty_like(frames[0])
    shown.draw(picture)
    changed = np.nonzero(np.abs(frames[0].astype(int) - picture).max(2) > 3)
    left, top, right, bottom = shown.region
    assert len(changed[0]) > 50
    assert top + 0.45 * (bottom - top) <= changed[0].min() < changed[0].max() < bottom
    assert left <= changed[1].min() < changed[1].max() < right


def test_a_name_with_spaces_and_greek_letters(
    tmp_path: Path, plain: Wav2LipEngine, head: ImageArray
) -> None:
    path = tmp_path / "το βίντεό μου (1).mp4"
    path.write_bytes(encoded(swaying(head, COUNT)))
    video = load_reference(path.read_bytes(), Framing(size=200), path.name)
    assert isinstance(video, ReferenceVideo)
    assert len(drawn(plain, video, 5)) == 5


def test_a_video_on_its_side_is_refused_with_the_reason(head: ImageArray) -> None:
    """Without a mark of its rotation nobody knows which way is up; one with a mark is set upright when it is read."""
    turned = [np.ascontiguousarray(np.rot90(frame)) for frame in swaying(head, COUNT)]
    with pytest.raises(NoFaceError, match="my clip"):
        load_clip(encoded(turned), Framing(size=200), "my clip")


@pytest.mark.parametrize("chosen", [1, 2])
def test_of_several_faces_only_the_chosen_one_is_drawn_on(
    chosen: int, plain: Wav2LipEngine, head: ImageArray
) -> None:
    other = read_image(preset("hopper").path, "preset")
    other = np.asarray(cv2.resize(other, (205, 240), interpolation=cv2.INTER_AREA))
    pair = grey(440, 270)
    paste(pair, head, 1.0, 0, 10)
    paste(pair, other, 1.0, 225, 20)
    video = load_clip(encoded(swaying(pair, COUNT, 2.0)), Framing(size=440, face=chosen))
    frames = drawn(plain, video, 6)
    untouched = plain.prepare(video)
    picture = np.empty_like(frames[0])
    shot = next(untouched.scene.shots(performance([{}])))
    shot.draw(picture)
    columns = np.nonzero(np.abs(frames[0].astype(int) - picture).max(2) > 3)[1]
    middle = video.size[0] * 0.53
    on_the_left = columns.max() < middle
    assert on_the_left or columns.min() > middle
    assert on_the_left == (video.face.x + video.face.width / 2 < middle)


@pytest.mark.parametrize("gone", [3, 12])
def test_frames_without_a_face(gone: int, plain: Wav2LipEngine, head: ImageArray) -> None:
    """A short gap is held, a long one is left as it is, and both are told."""
    frames = swaying(head, 30, 3.0)
    for k in range(12, 12 + gone):
        frames[k] = grey(200, 240)
    video = load_clip(encoded(frames), Framing(size=240))
    avatar = plain.prepare(video)
    (notice,) = plain.notices(avatar)
    assert notice.code == "face_missing"
    assert "0.5 s" in notice.message
    shots = list(avatar.scene.shots(performance([{}] * 30)))
    if gone == 3:
        assert all(shot.weight == 1 for shot in shots)
    else:
        assert all(shot.weight == 0 for shot in shots[12:24])
        assert "left as they are" in notice.message
        plan = plain.plan(avatar, speech(1.2), performance([{}] * 30), 0)
        kept = frames_of(plain, avatar, plan, range(15, 20))
        picture = np.empty_like(kept[0])
        shots[17].draw(picture)
        assert (kept[2] == picture).all()


def test_the_rig_adds_expressions_to_a_video(expressive: Wav2LipEngine, head: ImageArray) -> None:
    video = load_clip(encoded(swaying(head, COUNT, 3.0)), Framing(size=240))
    avatar = expressive.prepare(video)
    smile = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "browInnerUp": 0.8, "relax": 1.0}
    still, moved = (
        frames_of(expressive, avatar, expressive.plan(avatar, speech(0.4), performance([row] * 5), 0), range(5))
        for row in ({}, smile)
    )  # fmt: skip
    assert np.abs(still[2].astype(int) - moved[2]).mean() > 0.3
    assert avatar.notices == ()


def test_a_video_that_the_rig_cannot_follow_is_drawn_without_expressions(
    expressive: Wav2LipEngine, head: ImageArray
) -> None:
    frames = swaying(head, 12, 3.0) + [grey(200, 240)] * 12
    video = load_clip(encoded(frames), Framing(size=240))
    avatar = expressive.prepare(video)
    assert {n.code for n in expressive.notices(avatar)} == {"face_missing", "no_expressions"}
    plan = expressive.plan(avatar, speech(0.4), performance([{}] * 5), 0)
    assert len(frames_of(expressive, avatar, plan, range(5))) == 5

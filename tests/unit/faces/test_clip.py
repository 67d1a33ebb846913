"""A video as reference: framed as a picture is, its frames kept small."""

import pytest

from backends.errors import InputError, NoFaceError, UnreadableMediaError
from backends.faces.clip import check_reference, load_clip, load_reference, unpack
from backends.faces.framing import Framing
from backends.faces.presets import preset
from backends.types import ImageArray, Portrait, ReferenceVideo
from tests.unit.faces.face_pictures import grey
from tests.unit.faces.video_files import encoded, swaying


@pytest.fixture(scope="module")
def data(astronaut: ImageArray) -> bytes:
    return encoded(swaying(astronaut[:400, 60:420].copy(), 10), fps=20)


def test_a_clip_keeps_its_frames_and_its_rate(data: bytes) -> None:
    clip = load_clip(data, Framing(size=200))
    assert clip.fps == pytest.approx(20)
    assert len(clip.frames) == 10
    assert clip.size == (180, 200)
    assert unpack(clip.frames[3]).shape == (200, 180, 3)
    assert sum(map(len, clip.frames)) < 10 * 180 * 200


def test_the_face_lies_where_its_box_says(data: bytes, astronaut: ImageArray) -> None:
    clip = load_clip(data, Framing(size=200, aspect="1:1"))
    box = clip.face
    assert 0 < box.x < box.x + box.width < clip.size[0]
    assert box.y + box.height < clip.size[1]
    assert clip.size[0] == clip.size[1]


def test_the_key_follows_content_and_framing(data: bytes) -> None:
    keys = {load_clip(data, Framing(size=size)).key for size in (128, 128, 200)}
    assert len(keys) == 2


def test_pictures_and_videos_are_told_apart_by_content(data: bytes) -> None:
    picture = preset("astronaut").path.read_bytes()
    assert isinstance(load_reference(picture, Framing(size=128), "a"), Portrait)
    assert isinstance(load_reference(data, Framing(size=128), "a"), ReferenceVideo)


def test_a_check_looks_where_the_clip_will(data: bytes, astronaut: ImageArray) -> None:
    found = check_reference(data, "the picture", "the video")
    assert found.fit and len(found.faces) == 1
    blank = [grey(360, 400)] * 20  # the face comes into the picture within the first second
    late = encoded([*blank, *swaying(astronaut[:400, 60:420].copy(), 10)], fps=25)
    assert check_reference(late, "the picture", "the video").fit
    nobody = check_reference(encoded(blank), "the picture", "the video")
    assert not nobody.fit and "the video" in nobody.problem


def test_a_clip_without_a_face_is_refused() -> None:
    with pytest.raises(NoFaceError, match=r"me.mp4"):
        load_clip(encoded([grey(320, 240)] * 30), Framing(), "me.mp4")


def test_a_face_that_does_not_exist_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="face 2 does not exist"):
        load_clip(data, Framing(face=2), "me.mp4")


def test_a_handful_of_frames_is_no_video(astronaut: ImageArray) -> None:
    data = encoded(swaying(astronaut[:400, 60:420].copy(), 3))
    with pytest.raises(UnreadableMediaError, match="only 3 frames"):
        load_clip(data, Framing(size=128), "me.mp4")

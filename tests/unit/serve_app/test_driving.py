"""Requests with a driving video, through the Director on real stages."""

from pathlib import Path

import numpy as np
import pytest

from backends.composition.probe import probe_media
from backends.errors import EmptyTextError, InputError, NoFaceError, UnreadableMediaError
from backends.faces.images import read_image
from backends.faces.presets import preset
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.director import Director
from serve_app.schemas import VideoRequest
from serve_app.storage import FolderStorage
from tests.unit.faces.face_pictures import grey
from tests.unit.faces.video_files import encoded, swaying


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    return swaying(read_image(preset("astronaut").path)[:320, 80:400].copy(), 20)


@pytest.fixture
def director(stages: Stages, shared_storage: FolderStorage, tier: TierConfig) -> Director:
    return Director(stages, shared_storage, tier)


def ignored(stage: object, done: float) -> None:
    pass


async def test_speech_follows_the_head_of_the_video(
    director: Director,
    shared_storage: FolderStorage,
    request_: VideoRequest,
    frames: list[np.ndarray],
) -> None:
    shared_storage.put("driving", encoded(frames))
    with_video = request_.model_copy(update={"driving_video": "driving"})
    clip = await director.make(with_video, "driven", ignored)
    alone = await director.make(request_, "alone", ignored)
    assert np.array_equal(clip.performance.channel("jawOpen"), alone.performance.channel("jawOpen"))
    roll = clip.performance.pose[:20, 2]
    assert np.corrcoef(roll, -np.sin(2 * np.pi * np.arange(20) / 20))[0, 1] > 0.9
    assert clip.facts.voice == alone.facts.voice
    assert clip.facts.frames == alone.facts.frames


async def test_without_a_text_the_video_is_enacted_with_its_own_sound(
    director: Director, shared_storage: FolderStorage, frames: list[np.ndarray]
) -> None:
    shared_storage.put("enacted", encoded(frames, sound_s=0.8))
    request = VideoRequest(driving_video="enacted", tier="test", size=128, quality="draft")
    clip = await director.make(request, "enactment", ignored)
    assert clip.facts.frames == 20
    assert (clip.facts.voice, clip.facts.engines.speech, clip.facts.utterances) == (
        "none",
        "none",
        (),
    )
    facts = probe_media(Path(shared_storage.path(clip.video)))
    assert facts.frames == 20
    assert facts.audio_duration_s == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        (b"no video", UnreadableMediaError, "the driving video is not a video"),
        (encoded([grey(160, 120)] * 10), NoFaceError, "no face found in the driving video"),
    ],
    ids=["no video", "no face"],
)
async def test_a_video_that_cannot_drive_is_refused_before_the_work(
    director: Director,
    shared_storage: FolderStorage,
    request_: VideoRequest,
    content: bytes,
    error: type[InputError],
    reason: str,
) -> None:
    shared_storage.put("bad", content)
    with pytest.raises(error, match=reason):
        await director.check(request_.model_copy(update={"driving_video": "bad", "fps": 24}))
    shared_storage.delete("bad")


async def test_without_text_and_video_there_is_nothing_to_say(director: Director) -> None:
    with pytest.raises(EmptyTextError):
        await director.check(VideoRequest(tier="test", size=128))


async def test_an_engine_that_draws_on_pictures_refuses_a_video_as_portrait(
    director: Director,
    shared_storage: FolderStorage,
    request_: VideoRequest,
    frames: list[np.ndarray],
) -> None:
    shared_storage.put("clip", encoded(frames))
    with pytest.raises(InputError, match="sketch draws on pictures"):
        await director.check(request_.model_copy(update={"portrait": "clip"}))

"""Requests with recorded speech, through the Director and HTTP on real stages."""

import av
import numpy as np
import pytest

from backends.errors import InputError, UnreadableMediaError
from backends.speech import aligners
from backends.types import Emotion
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.director import Director
from serve_app.schemas import VideoRequest
from serve_app.storage import FolderStorage
from tests.unit.faces.face_pictures import grey
from tests.unit.faces.video_files import encoded as video
from tests.unit.serve_app.http_service import Service
from tests.unit.speech.sound_files import encoded, said, tone

TEXT = "Maybe Peter brought them home."


@pytest.fixture(scope="module")
def speech() -> bytes:
    chunk = said(TEXT)
    return encoded(chunk.samples, chunk.sample_rate, "mp3", "mp3")


@pytest.fixture
def director(
    stages: Stages, shared_storage: FolderStorage, tier: TierConfig, speech: bytes
) -> Director:
    shared_storage.put("speech", speech)
    return Director(stages, shared_storage, tier)


def ignored(stage: object, done: float) -> None:
    pass


def listening(**fields: object) -> VideoRequest:
    asked = {"audio": "speech", "tier": "test", "size": 128, "quality": "draft"} | fields
    return VideoRequest.model_validate(asked)


async def test_a_recording_is_heard_and_its_transcript_steers_the_face(
    director: Director, shared_storage: FolderStorage
) -> None:
    request = listening(transcript="[sad] Maybe Peter [happy:0.5] brought them home.")
    clip = await director.make(request, "transcribed", ignored)
    facts, truth = clip.facts, said(TEXT)
    assert (facts.voice, facts.language, facts.engines.speech) == ("none", "en", "recorded")
    assert facts.duration_s == pytest.approx(truth.duration_s, abs=1.01 / facts.fps)
    assert "".join(u.text for u in facts.utterances) == TEXT
    assert [u.emotion for u in facts.utterances] == [Emotion.SAD, Emotion.HAPPY]
    word = next(w for w in truth.words if w.word == "brought")
    assert facts.utterances[1].start_s == pytest.approx(word.start_s, abs=0.05)
    assert [line.text for line in clip.captions] == [TEXT]
    assert facts.warnings == ()
    heard = sound_of(shared_storage.path(clip.video))
    own = np.interp(
        np.arange(len(heard)) / 48_000,
        np.arange(len(truth.samples)) / truth.sample_rate,
        truth.samples,
    )
    assert np.corrcoef(heard[: len(own)], own)[0, 1] > 0.9


def sound_of(path: object) -> np.ndarray:
    with av.open(str(path)) as container:
        planes = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(planes, axis=1)[0]


async def test_without_a_transcript_the_lips_move_by_ear(director: Director) -> None:
    clip = await director.make(listening(emotion="proud", language="el"), "by_ear", ignored)
    assert (clip.facts.language, clip.facts.utterances, clip.captions) == ("el", (), ())
    assert {"p", "b", "m"} <= {phoneme.phoneme for phoneme in clip.facts.phonemes}
    assert clip.performance.extra["closure"].max() > 0.9
    assert clip.performance.extra["relax"].min() > 0.5  # of the emotion
    unknown = await director.check(listening())
    assert unknown.language == "und"


async def test_a_transcript_of_something_else_is_told(director: Director) -> None:
    wrong = listening(transcript="Nobody can say in advance what zebras enjoy.")
    clip = await director.make(wrong, "mismatch", ignored)
    assert "transcript_mismatch" in [warning.code for warning in clip.facts.warnings]


@pytest.mark.parametrize(
    ("fields", "error", "reason"),
    [
        ({"text": "Hello."}, InputError, "text: the audio is heard instead"),
        ({"audio": None, "transcript": "Hello."}, InputError, "no audio"),
        ({"audio": "bad"}, UnreadableMediaError, "the recording is not sound"),
        ({"audio": "short"}, UnreadableMediaError, "0.20 s long"),
        ({"audio": "mute"}, UnreadableMediaError, "no sound"),
    ],
)
async def test_what_cannot_be_heard_is_refused_before_the_work(
    director: Director,
    shared_storage: FolderStorage,
    fields: dict[str, object],
    error: type[InputError],
    reason: str,
) -> None:
    shared_storage.put("bad", b"no sound at all")
    shared_storage.put("short", encoded(tone(0.2)))
    shared_storage.put("mute", video([grey(64, 48)] * 25))
    with pytest.raises(error, match=reason):
        await director.check(listening(**fields))


async def test_a_transcript_too_long_for_its_recording_fails_the_clip(director: Director) -> None:
    request = listening(transcript=TEXT * 20)
    with pytest.raises(InputError, match="more than can be spoken"):
        await director.make(request, "crowded", ignored)


async def test_without_a_recogniser_the_result_says_that_it_is_coarse(
    director: Director, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aligners, "is_installed", lambda: False)
    clip = await director.make(listening(transcript=TEXT), "coarse", ignored)
    assert [warning.code for warning in clip.facts.warnings] == ["coarse_alignment"]


async def test_over_http_the_audio_comes_as_a_file_or_as_an_upload(
    service: Service, speech: bytes
) -> None:
    fields = {"tier": "test", "size": "128", "quality": "draft", "transcript": TEXT}
    posted = await service.http.post("/v1/videos", data=fields, files={"audio": ("a.mp3", speech)})
    assert posted.status_code == 202, posted.text
    uploaded = await service.http.post("/v1/uploads", files={"file": ("a.mp3", speech)})
    job = await service.make(text="", audio=uploaded.json()["id"], transcript=TEXT)
    assert job["status"] == "succeeded", job
    assert job["clip"]["engines"]["speech"] == "recorded"
    assert "".join(u["text"] for u in job["clip"]["utterances"]) == TEXT


async def test_over_http_audio_that_is_none_is_a_problem(service: Service) -> None:
    fields = {"tier": "test", "size": "128"}
    answer = await service.http.post("/v1/videos", data=fields, files={"audio": ("a", b"hm")})
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_media")
    answer = await service.post(text="", audio="0" * 32)
    assert "not the id of an upload" in answer.json()["detail"]

"""A voice cloned from the request's own recording: on its way from flag and field to the engine."""

from dataclasses import replace
from pathlib import Path

import pytest

from backends.errors import InputError, UnknownVoiceError, UnreadableMediaError
from backends.speech.torch_models import is_installed
from serve_app.cli.making import read_request_media
from serve_app.clients import Stages
from serve_app.config import EngineConfig, TierConfig
from serve_app.deployments import Speech
from serve_app.director import Director
from serve_app.schemas import SpeechRequest, VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from serve_app.tier import Tier
from tests.unit.serve_app.http_service import Service
from tests.unit.speech.sound_files import encoded, said

full = pytest.mark.skipif(
    not is_installed("TTS"), reason="the light set is installed; run: make test"
)
STORY = (
    "She asked whether the board of the company had seen it. Nobody answered, and the rain went on "
    "falling on the roof of the house, until somebody opened the door and asked for the way."
)


@pytest.fixture(scope="module")
def speech() -> bytes:
    chunk = said(STORY)
    return encoded(chunk.samples, chunk.sample_rate, "mp3", "mp3")


def cloning(**fields: object) -> VideoRequest:
    asked = {
        "text": "Hello.",
        "reference_audio": "me",
        "tier": "test",
        "size": 128,
        "quality": "draft",
    }
    return VideoRequest.model_validate(asked | fields)


def ignored(stage: object, done: float) -> None:
    pass


@full
async def test_a_clip_is_spoken_by_who_was_recorded(
    stages: Stages,
    shared_storage: FolderStorage,
    tier: TierConfig,
    speech: bytes,
    jobs: SqlJobs,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    from tests.contract.small_xtts import narrow_vocoder, xtts

    shared_storage.put("me", speech)
    with narrow_vocoder():
        folder = xtts(tmp_path_factory.mktemp("xtts"))
        options = {"checkpoint": folder, "accept_licence": True}
        speaker = Speech(EngineConfig(engine="xtts", options=options), shared_storage)
    speaker.warm_up()
    director = Director(replace(stages, speech=speaker), shared_storage, tier)
    clip = await director.make(cloning(), "cloned", ignored)
    assert (clip.facts.voice, clip.facts.engines.speech) == ("xtts:cloned", "xtts")
    with pytest.raises(InputError, match="somebody already"):
        await director.check(cloning(voice="Ann Other"))
    whole = Tier(tier, replace(stages, speech=speaker), shared_storage, jobs)
    alone = SpeechRequest(model="test", input="Hello.", reference_audio="me")
    pieces = [piece async for piece in whole.speak(alone)]
    assert {piece.voice for piece in pieces} == {"xtts:cloned"}


async def test_what_cannot_be_cloned_is_refused_before_the_work(
    stages: Stages, shared_storage: FolderStorage, tier: TierConfig, speech: bytes
) -> None:
    for key, content in {"me": speech, "short": speech[:20_000], "bad": b"no sound"}.items():
        shared_storage.put(key, content)
    director = Director(stages, shared_storage, tier)
    with pytest.raises(UnknownVoiceError, match="cannot clone"):
        await director.check(cloning())
    with pytest.raises(InputError, match=r"the reference audio is [1-5]\.. s long; at least 6 s"):
        await director.check(cloning(reference_audio="short"))
    with pytest.raises(UnreadableMediaError, match="the reference audio is not sound"):
        await director.check(cloning(reference_audio="bad"))
    with pytest.raises(InputError, match="reference_audio: no voice speaks here"):
        await director.check(cloning(text="", audio="me"))


async def test_http_takes_it_as_an_upload_and_as_a_file(service: Service, speech: bytes) -> None:
    file = {"reference_audio": ("me.wav", speech)}
    fields = {"text": "Hello.", "tier": "test", "size": "128"}
    sent = await service.http.post("/v1/videos", data=fields, files=file)
    kept = await service.http.post("/v1/uploads", files={"file": ("me.wav", speech)})
    named = await service.http.post(
        "/v1/videos", json={"text": "Hello.", "tier": "test", "reference_audio": kept.json()["id"]}
    )
    spoken = await service.http.post(
        "/v1/audio/speech",
        json={"input": "Hello.", "model": "test", "reference_audio": kept.json()["id"]},
    )
    for answer in (sent, named, spoken):  # it reached the engine, which cannot clone
        assert answer.status_code == 422 and answer.json()["code"] == "unknown_voice"
    gone = await service.http.post(
        "/v1/videos", json={"text": "Hello.", "tier": "test", "reference_audio": "0" * 32}
    )
    assert gone.status_code == 422 and "reference_audio" in gone.json()["detail"]


def test_the_flag_reads_the_file(tmp_path: Path, speech: bytes) -> None:
    (tmp_path / "me.wav").write_bytes(speech)
    media = read_request_media(cloning(reference_audio=str(tmp_path / "me.wav")))
    assert media == {"reference_audio": speech}
    with pytest.raises(UnreadableMediaError, match="cannot read the reference audio"):
        read_request_media(cloning(reference_audio=str(tmp_path / "gone.wav")))

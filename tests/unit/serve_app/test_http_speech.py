"""Speech alone over HTTP, as OpenAI's clients ask for it, and voices that introduce themselves."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from backends.composition.credentials import read
from backends.speech.engine import Voice
from backends.types import SpeechChunk, Utterance
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.schemas import SpeechRequest
from serve_app.speaking import Speaking
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from serve_app.tier import Tier
from tests.unit.serve_app.http_service import Service, refused

TEXT = "Hello [happy] everyone! This is the second sentence."


def duration_s(data: bytes) -> float:
    with av.open(io.BytesIO(data)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


async def say(service: Service, **fields: Any) -> Any:
    body = {"model": "test", "input": TEXT} | fields
    return await service.http.post("/v1/audio/speech", json=body)


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("mp3", "audio/mpeg"),
        ("wav", "audio/wav"),
        ("opus", "audio/ogg"),
        ("flac", "audio/flac"),
        ("aac", "audio/aac"),
        ("pcm", "audio/pcm"),
    ],
)
async def test_every_format(service: Service, kind: str, media_type: str) -> None:
    spoken = await say(service, response_format=kind)
    assert (spoken.status_code, spoken.headers["content-type"]) == (200, media_type), spoken.text
    assert (spoken.headers["x-voice"], spoken.headers["x-tier"]) == ("tone:en", "test")
    if kind == "pcm":
        samples = np.frombuffer(spoken.content, "<i2")
        assert len(samples) > 24_000 and np.abs(samples).max() > 1000
    else:
        assert duration_s(spoken.content) > 1.0


@pytest.mark.parametrize("kind", ["mp3", "wav", "flac"])
async def test_whole_files_say_that_a_model_made_them(
    service: Service, tmp_path: Path, kind: str
) -> None:
    spoken = await say(service, response_format=kind)
    assert spoken.headers["x-content-credentials"] == "embedded"
    file = tmp_path / "speech"
    file.write_bytes(spoken.content)
    found = read(file)
    assert found.valid and found.source_type == "trainedAlgorithmicMedia"
    assert found.facts["voice"] == "tone:en" and found.facts["engines"] == {"speech": "tone"}
    assert TEXT not in str(found)
    changed = bytearray(spoken.content)
    changed[len(changed) * 3 // 4] ^= 1
    file.write_bytes(changed)
    assert not read(file).valid


@pytest.mark.parametrize(
    ("kind", "stream"), [("opus", False), ("aac", False), ("pcm", False), ("wav", True)]
)
async def test_what_holds_no_credentials_is_told_of_in_headers(
    service: Service, kind: str, stream: bool
) -> None:
    spoken = await say(service, response_format=kind, stream=stream)
    assert spoken.headers["x-content-credentials"] == "none"
    assert spoken.headers["x-digital-source-type"].endswith("/trainedAlgorithmicMedia")


async def test_whole_wav_says_how_long_it_is(service: Service) -> None:
    spoken = await say(service, response_format="wav")
    sound, rate = soundfile.read(io.BytesIO(spoken.content))
    assert len(sound) / rate == pytest.approx(duration_s(spoken.content))
    assert int.from_bytes(spoken.content[4:8], "little") == len(spoken.content) - 8


async def test_what_openais_clients_send(service: Service) -> None:
    """Their models and voices stand for the defaults, and the answer tells what for."""
    spoken = await say(service, model="gpt-4o-mini-tts", voice="alloy")
    assert spoken.headers["content-type"] == "audio/mpeg"
    assert (spoken.headers["x-voice"], spoken.headers["x-tier"]) == ("tone:en", "test")


async def test_speed_and_language(service: Service) -> None:
    slow, fast = [
        duration_s((await say(service, speed=speed, response_format="wav")).content)
        for speed in (0.5, 2.0)
    ]
    assert 2.5 < slow / fast < 4.5
    greek = await say(service, input="Γεια σας.")
    assert greek.headers["x-voice"] == "tone:el"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"input": ""}, 422, "empty_text"),
        ({"input": "word " * 50}, 422, "text_too_long"),
        ({"voice": "nobody"}, 422, "unknown_voice"),
        ({"model": "luxury"}, 422, "unknown_tier"),
        ({"model": "premium"}, 503, "tier_unavailable"),
        ({"language": "fr"}, 422, "unsupported_language"),
        ({"response_format": "midi"}, 422, "invalid_input"),
        ({"speed": 9}, 422, "invalid_input"),
        ({"instructions": "whisper"}, 422, "invalid_input"),
        ({"input": None}, 422, "invalid_input"),
    ],
)
async def test_refusals(service: Service, fields: dict[str, Any], status: int, code: str) -> None:
    refused(await say(service, **fields), status, code)


async def test_body_that_is_no_json(service: Service) -> None:
    for content in (b"{", b"\xff", json.dumps([1]).encode()):
        headers = {"content-type": "application/json"}
        sent = await service.http.post("/v1/audio/speech", content=content, headers=headers)
        refused(sent, 422, "invalid_input")


class _Hesitating:
    """A voice that speaks its second sentence only when it is told to."""

    def __init__(self, stages: Stages) -> None:
        self._speech = stages.speech
        self.describe, self.find_voice = stages.speech.describe, stages.speech.find_voice
        self.sentences = 0
        self.go_on = asyncio.Event()
        self.fails = False

    async def speak(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float
    ) -> AsyncIterator[SpeechChunk]:
        self.sentences += 1
        if self.sentences > 1:
            await self.go_on.wait()
            if self.fails:
                raise RuntimeError("out of breath")
        async for chunk in self._speech.speak(utterance, voice, seed, speed):
            yield chunk


@pytest.fixture
def hesitating(
    service: Service,
    stages: Stages,
    tier: TierConfig,
    shared_storage: FolderStorage,
    jobs: SqlJobs,
) -> _Hesitating:
    speech = _Hesitating(stages)
    local = Tier(tier, replace(stages, speech=speech), shared_storage, jobs)
    service.tiers.clients = {"test": local}
    return speech


@pytest.mark.parametrize("kind", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
async def test_first_sentence_is_heard_before_the_second_is_spoken(
    service: Service, hesitating: _Hesitating, kind: str
) -> None:
    request = SpeechRequest.model_validate(
        {"model": "test", "input": TEXT, "response_format": kind, "stream": True}
    )
    speaking: Speaking = service.gateway.speaking
    async with asyncio.timeout(20):
        spoken = await speaking.speak(request)
        first = await anext(spoken.content)
        assert len(first) > 1000 and not hesitating.go_on.is_set()
        hesitating.go_on.set()
        assert len(b"".join([piece async for piece in spoken.content])) > 1000


async def test_stream_that_fails_is_broken_off(service: Service, hesitating: _Hesitating) -> None:
    hesitating.fails = True
    hesitating.go_on.set()
    request = SpeechRequest(model="test", input=TEXT, stream=True)
    spoken = await service.gateway.speaking.speak(request)
    with pytest.raises(RuntimeError, match="out of breath"):
        async for _ in spoken.content:
            pass


async def test_voices_introduce_themselves_once(service: Service) -> None:
    voices = (await service.get("/v1/voices")).json()
    assert [voice["id"] for voice in voices] == ["tone:en", "tone:el"]
    for voice in voices:
        assert (await service.get(f"/v1/voices/{voice['id']}")).json() == voice
        sound = await service.get(voice["preview"])
        assert sound.headers["content-type"] == "audio/wav"
        assert duration_s(sound.content) > 2.0
        stored = service.stored()
        again = await service.get(voice["preview"])
        assert again.headers["etag"] == sound.headers["etag"] and service.stored() == stored
    assert len(service.stored()) == 2
    for path in ("/v1/voices/nobody", "/v1/voices/nobody/preview"):
        refused(await service.get(path), 404, "not_found", "nobody")

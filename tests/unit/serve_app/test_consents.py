"""Consent: asked for where the service listens to others, noted in the clip, and what is revoked is gone."""

import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from backends.composition.credentials import read
from backends.faces.presets import preset
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from tests.unit.serve_app.http_service import Service, opened, refused
from tests.unit.serve_app.test_tenants import BODY, ONE, TWO, consented, uploaded


@pytest.fixture
async def strict(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
) -> AsyncIterator[Service]:
    async with opened(
        stages, shared_storage, jobs, tier, consent="require", max_upload_bytes=4_000_000
    ) as found:
        yield found


def face() -> bytes:
    return preset("astronaut").path.read_bytes()


async def post(service: Service, who: dict[str, str], **fields: object) -> httpx.Response:
    return await service.http.post("/v1/videos", json=BODY | fields, headers=who)


async def test_own_portraits_need_a_consent_and_presets_none(strict: Service) -> None:
    assert (await strict.get("/")).json()["consent"] == "require"
    assert (await post(strict, ONE)).status_code == 202
    portrait = await uploaded(strict, ONE, face())
    refused(await post(strict, ONE, portrait=portrait), 403, "consent_required", "/v1/consents")
    for field in ("portrait", "reference_audio"):
        sent = await strict.http.post("/v1/videos", data=BODY, files={field: face()})
        refused(sent, 403, "consent_required")
    refused(await post(strict, ONE, reference_audio=portrait), 403, "consent_required", "voice")
    consent = await consented(strict, ONE)
    assert (await post(strict, ONE, portrait=portrait, consent=consent)).status_code == 202
    refused(await post(strict, TWO, consent=consent), 404, "not_found")
    assert strict.stored() == [p for p in strict.stored() if p.startswith("uploads/")]


async def test_speech_in_a_recorded_voice_needs_one_too(strict: Service, tmp_path: Path) -> None:
    async def say(who: dict[str, str], **fields: object) -> httpx.Response:
        body = {"model": "test", "input": "Hello.", "response_format": "wav"} | fields
        return await strict.http.post("/v1/audio/speech", json=body, headers=who)

    assert (await say(ONE)).status_code == 200, "a voice of the service's own"
    voice = await uploaded(strict, ONE)
    refused(await say(ONE, reference_audio=voice), 403, "consent_required", "voice")
    mine, theirs = [await consented(strict, who) for who in (ONE, TWO)]
    refused(await say(ONE, reference_audio=voice, consent=theirs), 404, "not_found", theirs)
    refused(await say(ONE, reference_audio=voice, consent=mine), 422, "unreadable_media")
    told = await say(TWO, reference_audio=voice, consent=theirs)
    refused(told, 422, "invalid_input", f"reference_audio {voice!r} is not the id of an upload")
    file = tmp_path / "speech.wav"
    file.write_bytes((await say(ONE, consent=mine)).content)
    assert read(file).facts["consent"] == mine


async def test_open_service_asks_nothing(service: Service) -> None:
    assert (await service.get("/")).json()["consent"] == "record"
    refused(await post(service, ONE, consent="0" * 32), 404, "not_found", "0" * 32)


async def test_expired_and_revoked_ones_hold_no_longer(strict: Service) -> None:
    over = {"who": "Anna", "purpose": "greetings", "expires_at": time.time() - 1}
    old = (await strict.http.post("/v1/consents", json=over)).json()
    refused(await post(strict, {}, consent=old["id"]), 403, "consent_required", "expired")
    consent = await consented(strict, {})
    assert (await strict.http.delete(f"/v1/consents/{consent}")).status_code == 204
    refused(await post(strict, {}, consent=consent), 403, "consent_required", "revoked")
    listed = (await strict.get("/v1/consents")).json()["consents"]
    assert [(c["id"], c["who"], bool(c["revoked_at"])) for c in listed] == [
        (consent, "Anna", True),
        (old["id"], "Anna", False),
    ]


async def test_clip_names_the_consent_and_revoking_takes_all_of_it(
    strict: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    portrait, kept = [await uploaded(strict, {}, face()) for _ in range(2)]
    consent = await consented(strict, {})
    text = "Xylophone greetings."
    made = await strict.make(text=text, portrait=portrait, consent=consent)
    assert made["status"] == "succeeded", made
    clip = tmp_path / "clip.mp4"
    clip.write_bytes((await strict.get(made["clip"]["path"])).content)
    said = read(clip)
    assert said.valid and said.facts["consent"] == consent
    assert said.facts["engines"] == made["clip"]["engines"] and said.facts["tier"] == "test"
    assert {"script", "portrait", "versions"} <= said.facts.keys()
    other = (await post(strict, {}, portrait=kept)).json()  # refused: without consent
    assert other["code"] == "consent_required"
    waiting = (await post(strict, {}, portrait=portrait, consent=consent)).json()["id"]
    assert (await strict.http.delete(f"/v1/consents/{consent}")).status_code == 204
    for job in (made["id"], waiting):
        refused(await strict.get(f"/v1/videos/{job}"), 404, "not_found")
    assert [p.rpartition("-")[2] for p in strict.stored()] == [kept]
    lines = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("serve_app"))
    metrics = (await strict.get("/metrics")).text
    for private in ("Xylophone", "Anna", "greetings", portrait):
        assert private not in lines + metrics
    assert made["id"] in lines, "ids are what is told"


@pytest.mark.parametrize(
    "wanted",
    [{}, {"who": "", "purpose": "x"}, {"who": "a" * 201, "purpose": "x"}, {"who": "a"},
     {"who": "a", "purpose": "b", "expires_at": "tomorrow"}, {"who": "a", "purpose": "b", "c": 1}],
    ids=str,
)  # fmt: skip
async def test_what_is_no_consent(service: Service, wanted: dict[str, object]) -> None:
    sent = await service.http.post("/v1/consents", json=wanted)
    refused(sent, 422, "invalid_input")

"""The OpenAPI document is valid, and a client that is generated from it works against the service."""

import asyncio
import importlib
import io
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openapi_python_client import Config, generate
from openapi_python_client.config import ConfigFile, MetaType
from openapi_spec_validator import validate

from serve_app.api import create_api
from serve_app.problems import MEDIA_TYPE
from tests.unit.serve_app.http_service import Service


def document(service: Service) -> dict[str, Any]:
    return create_api(service.gateway).openapi()


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method in methods.keys() & {"get", "post", "put", "patch", "delete", "head"}:
            yield f"{method} {path}", methods[method]


def binary_kinds(spec: dict[str, Any]) -> set[str]:
    """The media types of files: the generator knows none by name."""
    answers = [a for _, operation in operations(spec) for a in operation["responses"].values()]
    contents = [item for answer in answers for item in answer.get("content", {}).items()]
    return {kind for kind, told in contents if told["schema"].get("format") == "binary"}


class TestDocument:
    async def test_is_valid(self, service: Service) -> None:
        spec = (await service.get("/openapi.json")).json()
        assert spec["openapi"].startswith("3.1")
        validate(spec)

    async def test_operations_have_names_of_their_own(self, service: Service) -> None:
        names = [operation["operationId"] for _, operation in operations(document(service))]
        assert len(set(names)) == len(names) > 20
        assert {"create_video", "get_video", "create_speech"} <= set(names)

    async def test_every_error_is_told_with_its_schema(self, service: Service) -> None:
        for name, operation in operations(document(service)):
            answers = operation["responses"]
            assert set(answers["default"]["content"]) == {MEDIA_TYPE}, name
            for status, answer in answers.items():
                content = answer.get("content", {})
                if status == "default" or status.startswith(("4", "5")):
                    schema = content[MEDIA_TYPE]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}, (name, status)
                elif status not in ("204", "304"):
                    assert content and all("schema" in kind for kind in content.values()), name

    async def test_every_field_is_described(self, service: Service) -> None:
        order = document(service)["components"]["schemas"]["VideoOrder"]["properties"]
        assert [name for name, field in order.items() if not field.get("description")] == []


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the generated package goes; it is forgotten afterwards."""
    folder = tmp_path_factory.mktemp("client")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "prosopon_client"]:
        del sys.modules[name]


@pytest.fixture
async def client(service: Service, generated: Path) -> AsyncIterator[Any]:
    if not (generated / "prosopon_client").exists():
        source = generated / "openapi.json"
        source.write_text((await service.get("/openapi.json")).text, encoding="utf-8")
        kinds = binary_kinds(document(service))
        config = Config.from_sources(
            ConfigFile(
                package_name_override="prosopon_client",
                content_type_overrides=dict.fromkeys(kinds, "application/octet-stream"),
                post_hooks=[],
            ),
            MetaType.NONE,
            source,
            "utf-8",
            True,
            generated / "prosopon_client",
        )
        told = await asyncio.to_thread(generate, config=config)
        assert not told, [f"{error.header}: {error.detail}" for error in told]
    package = importlib.import_module("prosopon_client")
    made = package.Client(base_url="http://localhost")
    made.set_async_httpx_client(service.http)
    yield made


def part(name: str) -> ModuleType:
    return importlib.import_module(f"prosopon_client.{name}")


class TestGeneratedClient:
    async def test_makes_a_video_and_fetches_it(self, service: Service, client: Any) -> None:
        models = part("models")
        order = models.VideoOrder(
            text="Hello there.", tier="test", size=128, quality=models.VideoOrderQuality.DRAFT
        )
        job = await part("api.videos.create_video").asyncio(
            client=client, body=order, idempotency_key="one"
        )
        again = await part("api.videos.create_video").asyncio(
            client=client, body=order, idempotency_key="one"
        )
        assert job.id == again.id and job.status == models.JobStatus.QUEUED
        running = asyncio.create_task(service.tier.run())
        try:
            async with asyncio.timeout(60):
                while job.status in (models.JobStatus.QUEUED, models.JobStatus.RUNNING):
                    await asyncio.sleep(0.05)
                    job = await part("api.videos.get_video").asyncio(job.id, client=client)
        finally:
            running.cancel()
            await asyncio.wait({running})
        assert job.status == models.JobStatus.SUCCEEDED
        assert job.clip.voice == "tone:en" and job.clip.utterances[0].text == "Hello there."
        listed = await part("api.videos.list_videos").asyncio(client=client, limit=10)
        assert [found.id for found in listed.videos] == [job.id] and listed.next_ is None
        content = await part("api.videos.get_content").asyncio(job.id, client=client)
        assert content.payload.read()[4:8] == b"ftyp"

    async def test_sends_files_and_reads_lists(self, service: Service, client: Any) -> None:
        models, types = part("models"), part("types")
        image = (await service.get("/v1/portraits/astronaut/image")).content
        form = models.PortraitRequestForm(
            tier="test", portrait=types.File(io.BytesIO(image), "face.png", "image/png")
        )
        roomy = service.gateway.config.model_copy(update={"max_upload_bytes": len(image)})
        service.gateway.config = roomy
        check = await part("api.previews.check_portrait").asyncio(client=client, body=form)
        assert check.fit and len(check.faces) == 1
        voices = await part("api.choices.list_voices").asyncio(client=client)
        assert [voice.id for voice in voices] == ["tone:en", "tone:el"]
        tiers = await part("api.choices.list_tiers").asyncio(client=client)
        assert [tier.available for tier in tiers] == [True, False]

    async def test_speaks(self, client: Any) -> None:
        order = part("models").SpeechRequest(input_="Hello.", model="test")
        sound = await part("api.speech.create_speech").asyncio(client=client, body=order)
        assert len(sound.payload.read()) > 500

    async def test_understands_problems(self, client: Any) -> None:
        models = part("models")
        problem = await part("api.videos.get_video").asyncio("none", client=client)
        assert isinstance(problem, models.Problem)
        assert (problem.status, problem.code) == (404, "not_found")
        order = models.VideoOrder(text="", tier="test")
        refused = await part("api.videos.create_video").asyncio(client=client, body=order)
        assert (refused.status, refused.code) == (422, "empty_text") and refused.request_id

"""What every HTTP exchange has: an id, bounds, problem documents; and batches, the system's state, CORS."""

import asyncio
import logging
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from serve_app.api import create_api
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from tests.fuzz.client import Request, ask
from tests.unit.serve_app.http_service import TEXT, Service, opened, refused


class TestRequestIds:
    async def test_given_one_comes_back_in_answers_and_problems(self, service: Service) -> None:
        headers = {"x-request-id": "order-17/a"}
        assert (await service.get("/health", headers=headers)).headers["x-request-id"] == (
            "order-17/a"
        )
        missing = await service.get("/v1/videos/none such", headers=headers)
        refused(missing, 404, "not_found")
        assert missing.headers["x-request-id"] == missing.json()["request_id"] == "order-17/a"
        assert missing.json()["instance"] == "/v1/videos/none%20such"

    @pytest.mark.parametrize("given", ["", "two words", "x" * 129, "a\tb", '"quoted"'])
    async def test_strange_ones_are_replaced(self, service: Service, given: str) -> None:
        answers = [await service.get("/health", headers={"x-request-id": given}) for _ in range(2)]
        names = {answer.headers["x-request-id"] for answer in answers}
        assert len(names) == 2 and given not in names and all(names)

    async def test_surprise_is_logged_under_its_id(
        self, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        from serve_app.telemetry import request_id

        seen = []

        def surprise(*_: object) -> None:
            seen.append(request_id.get())
            raise KeyError("secret")

        monkeypatch.setattr(service.jobs, "get", surprise)
        with caplog.at_level(logging.ERROR):
            failed = await service.get("/v1/videos/x", headers={"x-request-id": "abc"})
        refused(failed, 500, "internal_error")
        assert failed.json()["request_id"] == failed.headers["x-request-id"] == "abc"
        assert seen == ["abc"] and request_id.get() == ""
        assert "/v1/videos/x failed" in caplog.text and "secret" not in failed.text


class TestHostile:
    """Requests that `make fuzz` found answered with 500."""

    @pytest.mark.parametrize("path", ["/nowhere", "/v1/videos/x", "/v1/videos"])
    async def test_query_that_is_no_text(self, service: Service, path: str) -> None:
        answer = await ask(
            create_api(service.gateway),
            Request("POST", path.encode(), b"a=\xff\xfe", {"Host": b"localhost"}, b""),
        )
        assert 400 <= answer.status < 500 and b'"instance":"' in answer.body

    @pytest.mark.parametrize("path", [b"", b"/health/"])
    async def test_redirect_with_a_query_that_is_no_text(
        self, service: Service, path: bytes
    ) -> None:
        asked = Request("GET", path, b"a=\xa8", {"Host": b"localhost"}, b"")
        answer = await ask(create_api(service.gateway), asked)
        assert answer.status == 307 and dict(answer.headers)[b"location"].endswith(b"?a=%A8")

    @pytest.mark.parametrize("name", ["host", "origin"])
    async def test_address_that_is_none(self, service: Service, name: str) -> None:
        headers = {"host": "localhost"} | {name: "[::1" if name == "host" else "http://[::1"}
        answer = await service.http.delete("/v1/videos/x", headers=headers)
        assert answer.status_code in (401, 403)

    async def test_too_large_a_body_where_none_is_read_ends_a_stream_and_nothing_worse(
        self, service: Service
    ) -> None:
        job = (await service.post()).json()["id"]
        await service.http.delete(f"/v1/videos/{job}")
        headers = {"Host": b"localhost", "Content-Length": b"99999999999999999999"}
        request = Request("GET", f"/v1/videos/{job}/events".encode(), b"", headers, b"")
        answer = await ask(create_api(service.gateway), request)
        assert answer.status == 200


async def test_behind_serves_proxy_the_header_is_its_affair(service: Service) -> None:
    transport = httpx.ASGITransport(create_api(service.gateway, proxied=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        missing = await http.get("/v1/videos/x", headers={"x-request-id": "abc"})
    assert "x-request-id" not in missing.headers and missing.json()["request_id"] == "abc"


class TestListing:
    async def test_filters(self, service: Service) -> None:
        first, second = [(await service.post()).json() for _ in range(2)]
        await service.http.delete(f"/v1/videos/{first['id']}")

        async def listed(**params: object) -> list[str]:
            found = await service.get("/v1/videos", params=params)
            assert found.status_code == 200, found.text
            return [job["id"] for job in found.json()["videos"]]

        assert await listed() == [second["id"], first["id"]]
        assert await listed(status="cancelled") == [first["id"]]
        assert await listed(tier="another") == []
        moment = second["created_at"]
        assert await listed(since=moment) == [second["id"]]
        assert await listed(until=moment) == [first["id"]]
        iso = datetime.fromtimestamp(moment + 60, UTC).isoformat()
        assert await listed(since=iso) == []
        for wrong in ({"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}, {"after": "x"}):
            refused(await service.get("/v1/videos", params=wrong), 422, "invalid_input")

    async def test_pages_stay_as_they_were_while_videos_come_and_go(self, service: Service) -> None:
        ids = [(await service.post()).json()["id"] for _ in range(3)]
        page = (await service.get("/v1/videos", params={"limit": 2})).json()
        assert [job["id"] for job in page["videos"]] == [ids[2], ids[1]]
        for job in ids[1:]:
            await service.http.delete(f"/v1/videos/{job}")
            await service.http.delete(f"/v1/videos/{job}")
        await service.post()
        rest = (await service.get("/v1/videos", params={"after": page["next"]})).json()
        assert [job["id"] for job in rest["videos"]] == [ids[0]] and rest["next"] is None


class TestBatches:
    ORDER = {"text": TEXT, "tier": "test", "size": 128, "quality": "draft"}  # noqa: RUF012

    async def test_one_that_is_refused_stops_no_other(self, service: Service) -> None:
        orders = [self.ORDER, self.ORDER | {"text": ""}, self.ORDER | {"sise": 1}, self.ORDER]
        key = {"idempotency-key": "morning"}
        sent = await service.http.post("/v1/videos/batch", json=orders, headers=key)
        assert sent.status_code == 200, sent.text
        entries = sent.json()["videos"]
        codes = [entry["error"] and entry["error"]["code"] for entry in entries]
        assert codes == [None, "empty_text", "invalid_input", None]
        made = [entry["job"]["id"] for entry in entries if entry["job"]]
        assert len(set(made)) == 2
        orders[1] = self.ORDER
        again = await service.http.post("/v1/videos/batch", json=orders, headers=key)
        second = again.json()["videos"]
        assert [second[0]["job"]["id"], second[3]["job"]["id"]] == made
        assert second[1]["job"]["status"] == "queued"

    async def test_full_queue_refuses_what_is_too_much(self, service: Service) -> None:
        sent = await service.http.post("/v1/videos/batch", json=[self.ORDER] * 5)
        entries = sent.json()["videos"]
        assert [bool(entry["job"]) for entry in entries] == [True] * 3 + [False] * 2
        assert {e["error"]["code"] for e in entries if e["error"]} == {"queue_full"}

    @pytest.mark.parametrize("body", ["{}", "[]", "[1]", "null", "[", '[{"text": "a"}, []]'])
    async def test_body_that_is_no_list_of_requests(self, service: Service, body: str) -> None:
        headers = {"content-type": "application/json"}
        sent = await service.http.post("/v1/videos/batch", content=body, headers=headers)
        refused(sent, 422, "invalid_input", "JSON")
        assert service.jobs.list().jobs == ()

    async def test_body_of_another_type(self, service: Service) -> None:
        sent = await service.http.post("/v1/videos/batch", content="[]")
        refused(sent, 415, "unsupported_body")


class TestUploads:
    SIZE = 60 * 2**20

    async def test_large_file_is_never_held_in_memory(
        self, stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
    ) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            for _ in range(self.SIZE // 2**16):
                yield bytes(2**16)
            yield b"\r\n--x--\r\n"

        limit = {"max_upload_bytes": self.SIZE}
        async with opened(stages, shared_storage, jobs, tier, **limit) as service:
            tracemalloc.start()
            try:
                headers = {"content-type": "multipart/form-data; boundary=x"}
                kept = await service.http.post("/v1/uploads", content=body(), headers=headers)
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert kept.status_code == 201, kept.text
            (entry,) = shared_storage.list("uploads")
            assert entry.key.endswith(kept.json()["id"]) and entry.size == self.SIZE
            assert peak < 8 * 2**20
            shared_storage.delete("uploads")

    async def test_announced_length_is_refused_before_anything_is_read(
        self, service: Service
    ) -> None:
        read = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal read
            read += 1
            yield b"never sent"

        headers = {
            "content-type": "multipart/form-data; boundary=x",
            "content-length": str(10**12),
        }
        sent = await service.http.post("/v1/uploads", content=body(), headers=headers)
        refused(sent, 413, "request_too_large")
        assert read == 0


async def test_system_at_a_glance(service: Service) -> None:
    await service.post()
    failed = await service.post(seed=1)
    lease = service.jobs.lease("test", "owner", 60.0)
    assert lease is not None
    from serve_app.problems import problem

    service.jobs.finish(lease, "owner", problem(500, "drawing_failed", "the pencil broke"))
    assert service.jobs.lease("test", "owner", 60.0) is not None
    system = (await service.get("/v1/system")).json()
    tiers = {tier["name"]: tier for tier in system["tiers"]}
    assert (tiers["test"]["running"], tiers["test"]["queued"]) == (1, 0)
    assert not tiers["premium"]["available"] and "models pull" in tiers["premium"]["reason"]
    (failure,) = system["failures"]
    assert failure["job"] == lease.job and failure["error"]["code"] == "drawing_failed"
    assert failed.status_code == 202 and system["max_queued"] == 3


class TestCors:
    ORIGIN = "https://app.example.org"
    PREFLIGHT = {  # noqa: RUF012
        "access-control-request-method": "POST",
        "access-control-request-headers": "idempotency-key",
    }

    async def test_closed_by_default(self, service: Service) -> None:
        answer = await service.get("/health", headers={"origin": self.ORIGIN})
        assert "access-control-allow-origin" not in answer.headers
        asked = await service.http.options(
            "/v1/videos", headers={"origin": self.ORIGIN, **self.PREFLIGHT}
        )
        refused(asked, 405, "method_not_allowed")

    async def test_open_for_those_that_are_named(
        self, stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
    ) -> None:
        named = {"cors_origins": (self.ORIGIN,)}
        async with opened(stages, shared_storage, jobs, tier, **named) as service:
            mine = {"origin": self.ORIGIN}
            asked = await service.http.options("/v1/videos", headers=mine | self.PREFLIGHT)
            assert asked.status_code == 200
            for path, status in (("/health", 200), ("/v1/videos/x", 404)):
                answer = await service.get(path, headers=mine)
                assert answer.status_code == status
                assert answer.headers["access-control-allow-origin"] == self.ORIGIN
                assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
            other = await service.get("/health", headers={"origin": "https://evil.example"})
            assert "access-control-allow-origin" not in other.headers


async def test_requests_at_once_keep_their_own_ids(service: Service) -> None:
    names = [f"r{number}" for number in range(20)]
    answers = await asyncio.gather(
        *(service.get("/v1/videos/x", headers={"x-request-id": name}) for name in names)
    )
    assert [answer.json()["request_id"] for answer in answers] == names

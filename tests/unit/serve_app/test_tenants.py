"""Tenants share a service and nothing else: what is one's, the other never sees."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi.routing import APIRoute

from serve_app.api import create_api
from serve_app.clients import Stages
from serve_app.config import Limits, TierConfig
from serve_app.jobs import Filter, Lease, new_job_id
from serve_app.limits import Rate
from serve_app.problems import LimitError
from serve_app.schemas import VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from tests.unit.serve_app.facts import FACTS
from tests.unit.serve_app.http_service import Service, opened, refused

ONE, TWO = {"Prosopon-Subject": "one"}, {"Prosopon-Subject": "two"}
BODY = {"text": "Hi there.", "tier": "test", "size": 128, "quality": "draft"}
OPEN = {"/v1/voices/{voice}", "/v1/voices/{voice}/preview", "/v1/portraits/{name}/image"}
"""What is named in paths and belongs to all."""


async def asked(service: Service, who: dict[str, str], **fields: object) -> str:
    sent = await service.http.post("/v1/videos", json=BODY | fields, headers=who)
    assert sent.status_code == 202, sent.text
    return str(sent.json()["id"])


async def uploaded(service: Service, who: dict[str, str], content: bytes = b"x") -> str:
    sent = await service.http.post("/v1/uploads", files={"file": content}, headers=who)
    assert sent.status_code == 201, sent.text
    return str(sent.json()["id"])


async def consented(service: Service, who: dict[str, str]) -> str:
    wanted = {"who": "Anna", "purpose": "greetings"}
    sent = await service.http.post("/v1/consents", json=wanted, headers=who)
    assert sent.status_code == 201, sent.text
    return str(sent.json()["id"])


class TestCrossing:
    async def test_every_route_that_names_a_thing_hides_those_of_others(
        self, service: Service
    ) -> None:
        """All routes are asked, so that none that comes later is forgotten."""
        names = {
            "job": await asked(service, ONE),
            "upload": await uploaded(service, ONE),
            "consent": await consented(service, ONE),
            "kind": "json", "run": "0", "track": "video", "name": "init.mp4",
        }  # fmt: skip
        tried = 0
        for route in create_api(service.gateway).routes:
            if not isinstance(route, APIRoute) or "{" not in route.path or route.path in OPEN:
                continue
            captions = "captions" in route.path
            known = names | ({"kind": "vtt"} if captions else {})
            path = re.sub(r"{(\w+)}", lambda found, known=known: known[found[1]], route.path)  # type: ignore[misc]
            for method in sorted(route.methods):
                sent = await service.http.request(method, path, headers=TWO)
                assert sent.status_code == 404, (method, route.path, sent.text)
                tried += 1
        assert tried > 12
        assert (await service.get(f"/v1/videos/{names['job']}", headers=ONE)).is_success

    async def test_upload_of_another_is_none(self, service: Service) -> None:
        upload = await uploaded(service, ONE)
        for field in ("portrait", "driving_video", "audio", "background"):
            more = {"text": ""} if field == "audio" else {}
            sent = await service.http.post(
                "/v1/videos", json=BODY | more | {field: upload}, headers=TWO
            )
            assert (sent.status_code, upload in sent.json()["detail"]) == (422, True)
        checked = {"portrait": upload, "tier": "test"}
        sent = await service.http.post("/v1/portraits/check", json=checked, headers=TWO)
        refused(sent, 422, "unknown_portrait")

    @pytest.mark.parametrize(
        "name",
        ["../jobs/x", "..%2fjobs", "uploads/x", "/etc/passwd", "a\x00b", "0" * 31, "0" * 33,
         "0" * 31 + "/", "٣" * 32, "file:///etc/passwd", "https://example.com/x.png"],
        ids=ascii,
    )  # fmt: skip
    async def test_names_that_lead_elsewhere(self, service: Service, name: str) -> None:
        sent = await service.http.post("/v1/videos", json=BODY | {"portrait": name})
        refused(sent, 422, "unknown_portrait")
        sent = await service.http.post("/v1/videos", json=BODY | {"consent": name})
        assert sent.status_code in (404, 422)

    async def test_lists_and_idempotency_keys_are_each_ones_own(self, service: Service) -> None:
        key = {"Idempotency-Key": "the-same"}
        jobs = [await asked(service, who) for who in (ONE, TWO)]
        twice = [
            (await service.http.post("/v1/videos", json=BODY, headers=ONE | key)).json()["id"]
            for _ in range(2)
        ]
        sent = await service.http.post("/v1/videos", json=BODY | {"seed": 2}, headers=TWO | key)
        assert (sent.status_code, sent.json()["code"]) == (503, "queue_full"), "not that of ONE"
        assert twice[0] == twice[1] not in jobs
        for who, own in ((ONE, {jobs[0], twice[0]}), (TWO, {jobs[1]}), ({}, set())):
            listed = (await service.get("/v1/videos", headers=who)).json()["videos"]
            assert {job["id"] for job in listed} == own

    async def test_file_names_carry_no_headers(self, service: Service) -> None:
        job = await service.make(text='A "b\r\nSet-Cookie: x=1".')
        assert job["status"] == "succeeded", job
        sent = await service.get(job["clip"]["path"])
        assert "set-cookie" not in sent.headers
        assert "\n" not in sent.headers["content-disposition"]


@pytest.fixture
def jobs(url: str) -> Iterator[SqlJobs]:
    store = SqlJobs(url)
    yield store
    store.close()


def create(jobs: SqlJobs, tenant: str) -> str:
    request = VideoRequest(text="Hello.", tier="test")
    return jobs.create(new_job_id(), request, tenant=tenant).id


def served(jobs: SqlJobs, most_running: int | None = None) -> Lease | None:
    return jobs.lease("test", "worker", 60.0, most_running=most_running)


class TestTurns:
    def test_a_long_queue_of_one_holds_no_other_up(self, jobs: SqlJobs) -> None:
        many = [create(jobs, "many") for _ in range(5)]
        few = [create(jobs, "few") for _ in range(2)]
        order = []
        for _ in range(7):  # one at a time
            lease = served(jobs)
            assert lease is not None
            order.append(lease.job)
            assert jobs.finish(lease, "worker", FACTS)
        assert order == [many[0], few[0], many[1], few[1], *many[2:]]

    def test_at_once_too(self, jobs: SqlJobs) -> None:
        many = [create(jobs, "many") for _ in range(4)]
        few, one = create(jobs, "few"), create(jobs, "one")
        found = [served(jobs) for _ in range(4)]
        assert [lease and lease.job for lease in found] == [many[0], few, one, many[1]]

    def test_no_more_than_so_many_of_one(self, jobs: SqlJobs) -> None:
        first, second = (create(jobs, "many") for _ in range(2))
        lease = served(jobs, most_running=1)
        assert lease is not None and lease.job == first
        assert served(jobs, most_running=1) is None
        other = create(jobs, "few")
        found = served(jobs, most_running=1)
        assert found is not None and found.job == other
        assert jobs.finish(lease, "worker", FACTS)
        found = served(jobs, most_running=1)
        assert found is not None and found.job == second

    def test_what_was_used_is_remembered(self, jobs: SqlJobs) -> None:
        for tenant in ("a", "a", "b"):
            job = create(jobs, tenant)
            lease = served(jobs)
            assert lease is not None and jobs.finish(lease, "worker", FACTS)
            jobs.delete(job)
        assert jobs.used_today("a") == pytest.approx(2 * FACTS.duration_s)
        assert jobs.used_today("b") == pytest.approx(FACTS.duration_s)
        assert jobs.used_today("c") == 0
        assert jobs.list(wanted=Filter("a")).jobs == ()


class TestLimits:
    @pytest.fixture
    async def limited(
        self,
        stages: Stages,
        shared_storage: FolderStorage,
        tier: TierConfig,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> AsyncIterator[Service]:
        store = SqlJobs(f"sqlite:///{tmp_path_factory.mktemp('jobs') / 'jobs.sqlite'}")
        limits = Limits(changes_per_minute=4, queued=2, video_s_per_day=FACTS.duration_s)
        async with opened(
            stages, shared_storage, store, tier, limits=limits, max_queued_jobs=50
        ) as found:
            yield found
        store.close()

    async def test_queue(self, limited: Service) -> None:
        for _ in range(2):
            await asked(limited, ONE)
        sent = await limited.http.post("/v1/videos", json=BODY, headers=ONE)
        refused(sent, 429, "limit_reached", "2 of your videos")
        assert int(sent.headers["retry-after"]) >= 1
        await asked(limited, TWO)

    async def test_rate(self, limited: Service) -> None:
        for _ in range(4):
            await uploaded(limited, ONE)
        sent = await limited.http.post("/v1/uploads", files={"file": b"x"}, headers=ONE)
        refused(sent, 429, "limit_reached", "4 changes in a minute")
        assert 1 <= int(sent.headers["retry-after"]) <= 15
        assert (await limited.get("/v1/videos", headers=ONE)).is_success, "reading goes on"
        await uploaded(limited, TWO)

    async def test_seconds_of_video_a_day(self, limited: Service) -> None:
        await asked(limited, ONE)
        lease = limited.jobs.lease("test", "worker", 60.0)
        assert lease is not None and limited.jobs.finish(lease, "worker", FACTS)
        sent = await limited.http.post("/v1/videos", json=BODY, headers=ONE)
        refused(sent, 429, "limit_reached", "0:00 UTC")
        assert 1 <= int(sent.headers["retry-after"]) <= 86_400
        await asked(limited, TWO)


def test_rate_fills_up_again_and_forgets_nobody_too_soon() -> None:
    now = [0.0]
    rate = Rate(2, lambda: now[0])
    for _ in range(2):
        rate.take("a")
    with pytest.raises(LimitError) as refusal:
        rate.take("a")
    assert refusal.value.retry_after_s == 30
    rate.take("b")
    for number in range(12_000):
        rate.take(f"other-{number}")
    with pytest.raises(LimitError):
        rate.take("a")
    now[0] = 30.0
    rate.take("a")
    with pytest.raises(LimitError):
        rate.take("a")

"""The audit log: who did what to what, and who was refused; ids only, and no flood of lines."""

import json
import logging
import re
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backends.errors import StorageError
from serve_app.api import create_api
from serve_app.audit import Audited, Line, Trail
from serve_app.auth import KeyRing
from serve_app.cli.app import app
from serve_app.clients import Stages
from serve_app.config import TierConfig, jobs_url
from serve_app.database import Database
from serve_app.grants import Grants
from serve_app.guard import Authority
from serve_app.housekeeping import Housekeeper
from serve_app.secret import Secret
from serve_app.sql_audit import SqlAudit
from serve_app.sql_jobs import SqlJobs
from serve_app.sql_keys import SqlKeys
from serve_app.storage import FolderStorage
from tests.unit.serve_app.http_service import Service, opened, refused
from tests.unit.serve_app.test_auth import SECRET, issued
from tests.unit.serve_app.test_tenants import BODY

HEX = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def keys(jobs: SqlJobs) -> SqlKeys:
    return SqlKeys(jobs.database)


@pytest.fixture
def log(jobs: SqlJobs) -> SqlAudit:
    return SqlAudit(jobs.database)


@pytest.fixture
async def locked(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig, keys: SqlKeys
) -> AsyncIterator[Service]:
    authority = Authority(Grants(Secret(SECRET)), KeyRing(keys), required=True)
    async with opened(
        stages, shared_storage, jobs, tier, authority, limits={"changes_per_minute": 60}
    ) as found:
        yield found


def told(log: SqlAudit, **wanted: Any) -> list[tuple[str, str, str]]:
    lines = reversed(log.read(100, **wanted).lines)
    return [(line.action, line.object, line.outcome) for line in lines]


async def settled(service: Service) -> None:
    """Writes what would be written in a few seconds."""
    stack = service.http._transport.app.middleware_stack  # type: ignore[attr-defined]
    while not isinstance(stack, Audited):
        stack = getattr(stack, "app", None) or stack._app
    await stack._trail.settle()


async def test_changes_are_noted_with_who_and_what(
    locked: Service, keys: SqlKeys, log: SqlAudit
) -> None:
    shop = issued(keys, "shop", "read", "generate", tenant="acme")
    http = locked.http
    named = shop | {"X-Request-ID": "r-1"}
    first = (await http.post("/v1/videos", json=BODY, headers=named)).json()["id"]
    upload = (await http.post("/v1/uploads", files={"file": b"x"}, headers=shop)).json()["id"]
    agreed = {"who": "Anna Smith", "purpose": "greetings"}
    consent = (await http.post("/v1/consents", json=agreed, headers=shop)).json()["id"]
    under = BODY | {"consent": consent, "text": "Xylophones."}
    second = (await http.post("/v1/videos", json=under, headers=shop)).json()["id"]
    await http.post(f"/v1/videos/{first}/share", headers=shop)
    for path in (f"videos/{first}", f"videos/{first}", f"uploads/{upload}", f"consents/{consent}"):
        assert (await http.delete(f"/v1/{path}", headers=shop)).is_success
    assert told(log) == [
        ("create_video", first, "done"),
        ("create_upload", upload, "done"),
        ("create_consent", consent, "done"),
        ("create_video", second, "done"),
        ("share_video", first, "done"),
        ("cancel_video", first, "done"),
        ("delete_video", first, "done"),
        ("delete_upload", upload, "done"),
        ("revoke_consent", consent, "done"),
        ("cancel_video", second, "done"),
        ("delete_video", second, "done"),
    ]
    lines = log.read(100).lines
    prefix = shop["Authorization"][11:23]
    assert {(line.tenant, line.actor, line.name) for line in lines} == {("acme", prefix, "shop")}
    assert lines[-1].request_id == "r-1" and abs(lines[-1].at - time.time()) < 600
    for private in ("Anna", "greetings", "Xylophones", shop["Authorization"][24:]):
        assert private not in repr(lines)


async def test_batches_are_noted_one_by_one(service: Service, log: SqlAudit) -> None:
    wrong = BODY | {"voice": "nobody"}
    sent = await service.http.post("/v1/videos/batch", json=[BODY, wrong])
    made = sent.json()["videos"][0]["job"]["id"]
    assert told(log) == [("create_video", made, "done"), ("create_video", "", "unknown_voice")]


async def test_reading_writes_nothing(service: Service, log: SqlAudit) -> None:
    job = (await service.post()).json()["id"]
    for path in (f"/v1/videos/{job}", "/v1/videos", "/v1/tiers", "/v1/videos/none", "/v1/audit"):
        await service.get(path)
    await service.http.post("/v1/scripts/parse", json=BODY)
    await settled(service)
    assert told(log) == [("create_video", job, "done")]


async def test_refusals_are_noted(locked: Service, keys: SqlKeys, log: SqlAudit) -> None:
    one, two = issued(keys, "one"), issued(keys, "two", "read")
    http = locked.http
    job = (await http.post("/v1/videos", json=BODY, headers=one)).json()["id"]
    keys.revoke("one", time.time())
    await http.get("/v1/videos", headers=one)
    await http.get(f"/v1/videos/{job}")
    await http.delete(f"/v1/videos/{job}", headers=two)
    await http.get("/v1/system", headers=two)
    await http.get(f"/s/{'A' * 40}/v1/videos/{job}")
    writer = issued(keys, "three", "generate")
    await http.delete(f"/v1/videos/{job}", headers=writer)
    await http.delete("/v1/videos/Anna%0aSmith", headers=writer)
    await settled(locked)
    assert told(log) == [
        ("create_video", job, "done"),
        ("list_videos", "", "unauthorized"),
        ("get_video", "", "unauthorized"),
        ("delete_video", job, "forbidden"),
        ("system", "", "forbidden"),
        ("get_video", "", "not_found"),
        ("delete_video", job, "not_found"),
        ("delete_video", "", "not_found"),
    ]
    lines = log.read(100).lines[::-1]
    assert [line.name for line in lines] == ["one", "one", "", "two", "two", "", "three", "three"]
    assert [line.tenant for line in lines[1:3]] == ["", ""], "nobody knows who sends a dead key"


async def test_own_faults_are_noted(
    service: Service, log: SqlAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(service.gateway, "job", broken)
    assert (await service.http.delete(f"/v1/videos/{'0' * 32}")).status_code == 500
    await settled(service)
    assert told(log) == [("delete_video", "0" * 32, "internal_error")]


async def test_a_flood_of_refusals_is_a_few_lines(locked: Service, log: SqlAudit) -> None:
    for number in range(120):
        key = {"Authorization": f"Bearer psp_{number:012x}_{'x' * 32}"}
        refused(await locked.get(f"/v1/videos/{number:032x}", headers=key), 401, "unauthorized")
    await settled(locked)
    (line,) = log.read(100).lines
    assert (line.action, line.times) == ("get_video", 120)


async def test_so_is_a_flood_for_other_things_each_time(
    locked: Service, keys: SqlKeys, log: SqlAudit
) -> None:
    reader = issued(keys, "reader", "read")
    for number in range(110):
        path = f"/v1/videos/{number:032x}"
        refused(await locked.http.delete(path, headers=reader), 403, "forbidden")
    await settled(locked)
    lines = log.read(1000).lines
    assert len(lines) == 101 and sum(line.times for line in lines) == 110


class Failing:
    def __init__(self, log: SqlAudit) -> None:
        self._log, self.broken = log, True

    def add(self, lines: Sequence[Line]) -> None:
        if self.broken:
            raise StorageError("the disk is full")
        self._log.add(lines)


async def test_lines_wait_for_a_store_that_fails(
    log: SqlAudit, caplog: pytest.LogCaptureFixture
) -> None:
    store = Failing(log)
    trail = Trail(store)  # type: ignore[arg-type]
    line = Line(time.time(), "t", "", "create_video", "a" * 32, "done", "r")
    with caplog.at_level(logging.ERROR):
        await trail.write([line])
    assert "1 lines wait" in caplog.text and told(log) == []
    store.broken = False
    await trail.write([line])
    assert len(told(log)) == 2


def test_pages_keys_and_times(url: str) -> None:
    database = Database(url)
    log, keys = SqlAudit(database), SqlKeys(database)
    prefix = issued(keys, "shop")["Authorization"][11:23]
    log.add(
        [
            Line(float(number), "t", prefix if number % 2 else "oidc:x", "a", str(number), "b", "")
            for number in range(10)
        ]
    )
    page = log.read(4)
    assert [line.object for line in page.lines] == ["9", "8", "7", "6"]
    rest = log.read(100, page.after)
    assert [line.object for line in rest.lines] == ["5", "4", "3", "2", "1", "0"]
    assert rest.after is None
    for name in ("shop", prefix):
        assert [line.object for line in log.read(2, key=name).lines] == ["9", "7"]
    assert [line.object for line in log.read(1, key="oidc:x", since=8.0).lines] == ["8"]
    assert log.read(1, key="nobody").lines == ()
    log.forget(7.0)
    assert [line.object for line in log.read(100).lines] == ["9", "8", "7"]
    database.close()


def test_old_lines_are_swept(jobs: SqlJobs, log: SqlAudit, tmp_path: Path) -> None:
    now = time.time()
    log.add([Line(now - age * 86_400, "t", "", "a", str(age), "b", "") for age in (3, 1)])
    Housekeeper(jobs, FolderStorage(tmp_path), 30, log, keep_audit_days=2).sweep()
    assert [thing for _, thing, _ in told(log)] == ["1"]


async def test_admins_read_it_over_http(locked: Service, keys: SqlKeys) -> None:
    shop, admin = issued(keys, "shop"), issued(keys, "boss", "admin")
    for _ in range(3):
        await locked.http.post("/v1/uploads", files={"file": b"x"}, headers=shop)
    refused(await locked.get("/v1/audit", headers=shop), 403, "forbidden", "admin")
    page = (await locked.get("/v1/audit", params={"limit": 2, "key": "shop"}, headers=admin)).json()
    assert [line["action"] for line in page["lines"]] == ["create_upload"] * 2
    assert page["lines"][0]["name"] == "shop" and HEX.fullmatch(page["lines"][0]["object"])
    rest = await locked.get("/v1/audit", params={"after": page["next"]}, headers=admin)
    assert (len(rest.json()["lines"]), rest.json()["next"]) == (1, None)
    later = {"since": time.time() + 60}
    assert (await locked.get("/v1/audit", params=later, headers=admin)).json()["lines"] == []
    for wrong in ({"key": "a\x00b"}, {"limit": 0}, {"after": "x"}, {"since": "yesterday"}):
        sent = await locked.get("/v1/audit", params=wrong, headers=admin)
        refused(sent, 422, "invalid_input")


def test_every_operation_has_a_name_that_fits(service: Service) -> None:
    names = [getattr(route, "name", "") for route in create_api(service.gateway).routes]
    assert names and max(map(len, names)) <= 64


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, done.output
    return done.stdout


def test_command_line_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSOPON_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PROSOPON_JOBS", raising=False)
    nothing = CliRunner().invoke(app, ["audit"])
    assert nothing.stdout == "" and "Nothing was changed" in nothing.stderr
    made = json.loads(run("keys", "create", "shop", "--tenant", "acme", "--json"))
    prefix = made["begins"][4:-1]
    database = Database(jobs_url())
    old = time.time() - 3 * 86_400
    lines = [
        Line(old, "acme", prefix, "create_video", "a" * 32, "done", "r-1"),
        Line(time.time(), "", prefix, "get_video", "", "unauthorized", "r-2", times=7),
    ]
    SqlAudit(database).add(lines)
    database.close()
    run("keys", "revoke", "shop")
    shown = run("audit").splitlines()
    assert len(shown) == 4 and "create_key" in shown[0] and "operator" in shown[0]
    assert "shop" in shown[1] and f"{'a' * 32} done request=r-1" in shown[1]
    assert "unauthorized x7 request=r-2" in shown[2] and "revoke_key" in shown[3]
    assert len(run("audit", "--since", "1d").splitlines()) == 3
    assert len(run("audit", "--since", "2000-01-01", "--limit", "2").splitlines()) == 2
    for name in ("shop", made["begins"], prefix):
        found = json.loads(run("audit", "--key", name, "--json"))
        assert [line["action"] for line in found] == ["create_video", "get_video"]
    assert found[0]["at"].endswith("+00:00") and found[0]["object"] == "a" * 32
    assert "2026-11-01" in run("audit", "--since", "soon", "--json", code=2)
    assert made["key"] not in run("audit", "--json")

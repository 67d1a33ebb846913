"""Requests that nobody would send by accident, to every endpoint of the service in this process, with work paused.

Schemathesis makes them from the OpenAPI document, right ones and wrong ones; each is sent again a few times, damaged.
The document is told of a few ids that exist, so that what lies behind the checks is reached too.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes, urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from serve_app.api import create_api
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.jobs import Filter, job_files
from serve_app.problems import MEDIA_TYPE
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from serve_app.tier import Tier
from tests.fuzz.client import Answer, Request, ask, converse
from tests.fuzz.decoders import seeds
from tests.fuzz.mutations import mutated
from tests.unit.serve_app.http_service import Service, opened

AGAIN = 9
"""How often each request is sent again, damaged: making one takes longer than answering ten."""
PATIENCE_S, _WAITS_S = 5.0, 1800.0
"""For an answer: of the loop's processor time, and by the clock, as the machine may be busy with other things."""
_BATCH = 500
_MOST_BODY = 250_000
_HEADERS = (
    "Prosopon-Subject", "X-Request-ID", "Idempotency-Key", "Range", "If-None-Match", "If-Range", "Last-Event-ID",
    "Authorization", "Origin", "Host", "Content-Type", "Content-Length", "Accept", "Cookie", "X-Forwarded-For",
    "X-Session-ID", "Serve-Multiplexed-Model-ID", "X-Request-Timeout-Seconds",
)  # fmt: skip
_VALUES = (
    b"", b"*", b"bytes=0-", b"bytes=-1,5-9,99999999999999-", b"bytes=1-0", b"Bearer psp_000000000000_" + b"x" * 32,
    b"Bearer \xff", b"Basic Og==", b"multipart/form-data", b"multipart/form-data; boundary=", b"application/json; a=b",
    b"a\tb", b"\xff\xfe", b"x" * 5000, b"0", b"-1", b"99999999999999999999", b"localhost:x", b"[::1", b'W/"a", "b"',
    b"null", b"http://localhost", b"../../etc", b"%00", b"1-running--0.0000",
)  # fmt: skip


@dataclass
class Endpoints:
    service: Service
    app: Callable[..., Any]
    document: dict[str, Any]
    worker: Callable[[], Tier]
    """One that takes what waits; a tier that was stopped never goes on."""
    _ids: dict[str, Sequence[str]] = field(default_factory=dict)
    _operations: dict[str, "Kind"] = field(default_factory=dict)
    _left: set[Path] = field(default_factory=set)

    async def names(self) -> list[str]:
        """Methods and paths of the document, and three that it cannot tell of."""
        await self._prepare()
        return [*self._operations, *ANYWHERE, "WS /v1/stream"]

    async def attack(self, name: str, count: int, number: int = 0) -> None:
        """Sends at least `count` requests; raises AssertionError at the first answer that is none."""
        sent = 0
        while sent < count:
            await self._prepare()
            random = Random(f"{name} {number} {sent}")
            size = min(_BATCH, -(-(count - sent) // (1 + AGAIN)))
            if name.startswith("WS"):
                for _ in range(size * (1 + AGAIN)):
                    await self._talk(random)
                sent += size * (1 + AGAIN)
                continue
            kind, ids = self._operations.get(name), self._path_ids(name)
            for request in requests_to(name, kind, ids, size, random):
                await self._judged(request)
                sent += 1
            self._tidy()

    async def _judged(self, request: Request) -> None:
        begun = time.thread_time()
        try:
            async with asyncio.timeout(_WAITS_S):
                answer = await ask(self.app, request)
        except TimeoutError:
            raise AssertionError(f"no answer after {_WAITS_S} s to {short(request)}") from None
        assert time.thread_time() - begun < PATIENCE_S, f"too much work for {short(request)}"
        check(answer, request)

    async def _talk(self, random: Random) -> None:
        begin = json.dumps({"tier": "test", "size": 128, "quality": "draft"}).encode()
        messages = [mutated([begin, *seeds("order")], random, 65_536)]
        if random.random() < 0.02:
            messages = [begin]
        said = [b'{"text": "Hello there. "}', b'{"end": true}', b'{"cancel": true}']
        messages += [mutated(said, random, 65_536) for _ in range(random.randrange(3))]
        async with asyncio.timeout(_WAITS_S):  # what fits is spoken and drawn
            code = await converse(self.app, [*messages, said[-1]])
        assert code in (1000, 1008), f"closed with {code} after {messages}"

    async def _prepare(self) -> None:
        """A finished video, an unfinished one, a cancelled one, an upload and a consent, whatever was deleted."""
        if await self._all_there():
            return
        self._ids, self._left = {}, set()
        self.service.storage.delete("uploads")
        self._tidy()
        service = self.service
        service.tier = self.worker()
        finished = (await service.make(captions="vtt", text="Hello there."))["id"]
        queued, cancelled = [(await service.post()).json()["id"] for _ in range(2)]
        await service.http.delete(f"/v1/videos/{cancelled}")
        kept = await service.http.post("/v1/uploads", files={"file": b"no picture"})
        agreed = await service.http.post("/v1/consents", json={"who": "A", "purpose": "b"})
        playlist = await service.get(f"/v1/videos/{finished}/hls/master.m3u8")
        run = next(line for line in playlist.text.splitlines() if line[:1].isalnum()).split("/")[0]
        self._ids = {
            "job": [finished, cancelled, queued],
            "video": [finished],
            "upload": [kept.json()["id"]],
            "consent": [agreed.json()["id"]],
            "voice": ["tone:en", "auto"],
            "tier": ["test"],
            "model": ["test"],
            "portrait": ["preset:astronaut", kept.json()["id"]],
            "run": [run],
            "name": ["astronaut", "init.mp4", "0000000.m4s"],
            "text": ["Hello [happy] there.", "[pause:1] Γεια."],
            "input": ["Hello.", "[sad] Γεια."],
        }
        for made_once in ("thumbnail.jpg", "performance.csv"):
            await service.get(f"/v1/videos/{finished}/{made_once}")
        self._left = self._files()
        self._operations = operations(self.document, self._ids, self._operations)

    async def _all_there(self) -> bool:
        if not self._ids or self._files() != self._left:
            return False
        states = [(await self.service.get(f"/v1/videos/{job}")).json() for job in self._ids["job"]]
        wanted = ["succeeded", "cancelled", "queued"]
        return [state.get("status") for state in states] == wanted

    def _files(self) -> set[Path]:
        root = self.service.storage.root
        return {p for p in root.rglob("*") if p.is_file() and "previews" not in p.parts}

    def _path_ids(self, name: str) -> dict[str, Sequence[str]]:
        """Events of a video that waits have no end."""
        return self._ids | ({"job": self._ids["job"][:2]} if name.endswith("/events") else {})

    def _tidy(self) -> None:
        """Nothing that was asked for is kept, whoever asked, or else each batch would be slower than the one before."""
        jobs, known = self.service.jobs, self._ids.get("job", ())
        while others := [j for j in jobs.list(200, None, Filter()).jobs if j.id not in known]:
            for job in others:
                if not job.status.final:
                    jobs.cancel(job.id)
                jobs.delete(job.id)
                self.service.storage.delete(job_files(job.id))
        uploads = self.service.storage.root / "uploads"
        for path in self._files() - self._left:
            assert path.parent == uploads, f"a file that nobody asked for: {path}"
            path.unlink()


@asynccontextmanager
async def endpoints(
    stages: Stages, storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
) -> AsyncIterator[Endpoints]:
    """The service with one tier that works and whose queue is never worked on by itself."""
    config = {"tiers": ("test",), "max_queued_jobs": 10**9, "generate_wait_s": 0.0}
    async with opened(stages, storage, jobs, tier, **config) as service:
        service.tiers.broken.clear()
        app = create_api(service.gateway)
        yield Endpoints(service, app, app.openapi(), lambda: Tier(tier, stages, storage, jobs))


ANYWHERE = ("ANY path", "ANY link")
"""What the document cannot tell of."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request, and whether Schemathesis makes right ones and wrong ones of it."""

    operation: Any
    modes: list[GenerationMode]
    """Those that it cannot make go when that is known, as finding it out takes a second each time."""


def operations(
    document: dict[str, Any], ids: Mapping[str, Sequence[str]], before: Mapping[str, Kind]
) -> dict[str, Kind]:
    """Schemathesis' operations by method and path.

    Args:
        before: what is known of them, from the last time.
    """
    schema = schemathesis.openapi.from_dict(_told(document, ids))
    found = {each.ok().label: each.ok() for each in schema.get_all_operations()}
    both = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    return {
        label: Kind(each, before[label].modes if label in before else list(both))
        for label, each in found.items()
    }


def requests_to(
    name: str, kind: Kind | None, ids: Mapping[str, Sequence[str]], count: int, random: Random
) -> list[Request]:
    """So many, and each again a few times, damaged.

    Args:
        kind: of that name; None for one of ANYWHERE.
    """
    if kind is None:
        known = [identity for each in ids.values() for identity in each]
        bases = [_anywhere(name, random, known) for _ in range(count)]
    else:
        bases = _made(kind, count, random, ids)
        bases = [bases[i % len(bases)] for i in range(count)]
    again = [_damaged(base, random) for base in bases for _ in range(AGAIN)]
    return [*bases, *again]


def _told(document: dict[str, Any], ids: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The document with values that exist, and without the headers that every path takes."""
    document = json.loads(json.dumps(document))

    def with_known(schema: dict[str, Any], name: str) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(ids[name])}, schema]} if name in ids else schema

    for item in document["paths"].values():
        item.pop("parameters", None)
    for schema in document["components"]["schemas"].values():
        for name, told in schema.get("properties", {}).items():
            schema["properties"][name] = with_known(told, name)
    return document


def _made(
    kind: Kind, count: int, random: Random, ids: Mapping[str, Sequence[str]]
) -> list[Request]:
    """What Schemathesis makes of an operation: half of it right, half of it wrong; two thirds of it of things that
    exist."""
    made: list[Request] = []
    for mode in list(kind.modes):

        @seed(random.getrandbits(32))
        @settings(
            max_examples=-(-count // len(kind.modes)),
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=kind.operation.as_strategy(generation_mode=mode))
        def collect(case: Any) -> None:
            for name in sorted((case.path_parameters or {}).keys() & ids.keys()):
                if random.random() < 2 / 3:
                    case.path_parameters[name] = random.choice(ids[name])
            if request := _prepared(case):
                made.append(request)

        try:
            collect()
        except Unsatisfiable:  # an operation without parameters cannot be asked wrongly
            kind.modes.remove(mode)
        except ValueError as error:
            # Schemathesis stumbles over its own stand-in for a file; what came before it is asked.
            if "'Binary'" not in str(error) or not made:
                raise
    return made


def _prepared(case: Any) -> Request | None:
    """As bytes; None where HTTP has no way to write it."""
    wanted = case.as_transport_kwargs(base_url="http://localhost")
    known = ("method", "url", "params", "headers", "cookies", "json", "data", "files")
    try:
        ready = requests.Request(**{k: v for k, v in wanted.items() if k in known}).prepare()
        address = urlsplit(ready.url or "")
        body = ready.body or b""
        headers = {name: _bytes(value) for name, value in ready.headers.items()}
        return Request(
            ready.method or "GET",
            _bytes(address.path or "/"),
            _bytes(address.query),
            {"Host": b"localhost", **headers},
            body if isinstance(body, bytes) else str(body).encode(),
        )
    except (ValueError, TypeError, AttributeError, requests.RequestException):
        return None


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


def _anywhere(name: str, random: Random, known: Sequence[str]) -> Request:
    paths = [
        f"/v1/{what}/{random.choice(known)}{random.choice(('', '/content', '/hls/x/video.m3u8', '/share'))}"
        for what in ("videos", "uploads", "consents", "voices", "portraits", "../v1", "%2e%2e")
    ]
    path = mutated([b"/", b"/docs", b"/openapi.json", *map(str.encode, paths)], random, 2000)
    if name == "ANY link":
        token = mutated([b"gAAAAABo" + b"A" * 100], random, 2000)
        path = b"/s/" + token + b"/" + path
    method = random.choice(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"))
    return Request(method, path, b"", {"Host": b"localhost"}, b"")


def _damaged(base: Request, random: Random) -> Request:
    headers, body, query, path = dict(base.headers), base.body, base.query, base.path
    if random.random() < 0.25:
        headers[random.choice(_HEADERS)] = random.choice(_VALUES)
    if random.random() < 0.2:
        query = mutated([query, b"limit=1&after=5&status=queued&since=0&download=1"], random, 4000)
    if random.random() < 0.1:
        path = b"/" + quote_from_bytes(mutated([path], random, 4000), safe="/:%").encode()
    if random.random() < 0.4 and (fewer := _with_fewer_fields(body, random)):
        body = fewer
    elif body or random.random() < 0.1:
        body = mutated([body, *seeds("order")[:2]], random, _MOST_BODY)
        if "json" not in headers.get("Content-Type", b"").decode("latin-1"):
            headers.setdefault("Content-Type", b"application/json")
    return Request(base.method, path, query, headers, body)


def _with_fewer_fields(body: bytes, random: Random) -> bytes | None:
    """Some three fields of a JSON object: where only one of them is wrong, the others are looked at."""
    try:
        fields = json.loads(body)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    kept = {
        "text",
        "tier",
        "model",
        "input",
        "who",
        "purpose",
        *random.sample(sorted(fields), min(3, len(fields))),
    }
    return json.dumps({name: value for name, value in fields.items() if name in kept}).encode()


def check(answer: Answer, request: Request) -> None:
    """Raises AssertionError where it is a failure, or none that a client could read."""
    told = f"{answer.status} {answer.body[:300]!r} to {short(request)}"
    assert 200 <= answer.status < 500, told
    for name, value in answer.headers:
        assert b"\r" not in name + value and b"\n" not in name + value, told
    if answer.status >= 400 and request.method != "HEAD":
        assert dict(answer.headers).get(b"content-type", b"").decode() == MEDIA_TYPE, told
        problem = json.loads(answer.body)
        assert problem["code"] and problem["detail"] and problem["status"] == answer.status, told


def short(request: Request) -> str:
    return f"{request.method} {request.path[:300]!r} ?{request.query[:300]!r} {request.headers} {request.body[:300]!r}"

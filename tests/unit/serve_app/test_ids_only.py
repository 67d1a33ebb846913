"""Logs, traces, metrics and the audit log of a small real run: ids are in them, and nothing that callers wrote."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from logging.handlers import MemoryHandler
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from ray._common.formatters import JSONFormatter

from backends.errors import InputError, SynthesisError
from serve_app import tracing
from serve_app.auth import KeyRing
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.director import Director
from serve_app.grants import Grants
from serve_app.guard import Authority
from serve_app.logs import set_up_replica_logs, told
from serve_app.secret import Secret
from serve_app.sql_audit import SqlAudit
from serve_app.sql_jobs import SqlJobs
from serve_app.sql_keys import SqlKeys
from serve_app.storage import FolderStorage
from serve_app.tracing import Traced
from tests.unit.serve_app.http_service import Service, opened
from tests.unit.serve_app.test_auth import SECRET, issued
from tests.unit.serve_app.test_consents import face
from tests.unit.serve_app.test_tenants import BODY

TEXT = "Xylophones [happy] serenade Zanzibar."
WRITTEN = ("Xylophone", "Zanzibar", "Anna", "Smith", "anna-smith", "farewell", "nightingale")
"""What callers wrote: the script, people, purposes, names of files and of voices."""
LOGGERS = ("ray.serve", "serve_app", "backends")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """All that a replica logs, down to the last detail, as Serve has it written."""
    kept = {n: (g.handlers, g.level, g.propagate) for n in LOGGERS if (g := logging.getLogger(n))}
    file = io.StringIO()
    writer = logging.StreamHandler(file)
    writer.setFormatter(JSONFormatter())
    serve = logging.getLogger("ray.serve")
    serve.handlers, serve.propagate = [MemoryHandler(1, target=writer)], False
    serve.setLevel(logging.DEBUG)
    set_up_replica_logs()
    yield file
    for name, (handlers, level, propagate) in kept.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    here = provider.get_tracer("test")
    monkeypatch.setattr(tracing, "tracer", lambda: here)
    return exporter


@pytest.fixture
async def locked(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
) -> AsyncIterator[Service]:
    keys = SqlKeys(jobs.database)
    authority = Authority(Grants(Secret(SECRET)), KeyRing(keys), required=True)
    async with opened(
        stages, shared_storage, jobs, tier, authority, max_upload_bytes=4_000_000
    ) as found:
        transport: Any = found.http._transport
        transport.app = Traced(transport.app)
        found.http.headers.update(issued(keys, "shop", "read", "generate", "admin"))
        yield found


async def made(service: Service) -> tuple[str, str]:
    """Asks for all kinds of things, some of them in vain; the ids of a video and its request, and a link's token."""
    http = service.http
    picture = ("anna-smith-portrait.png", face())
    upload = (await http.post("/v1/uploads", files={"file": picture})).json()["id"]
    agreed = {"who": "Anna Smith", "purpose": "a farewell"}
    consent = (await http.post("/v1/consents", json=agreed)).json()["id"]
    job = await service.make(text=TEXT, portrait=upload, consent=consent, captions="vtt")
    assert job["status"] == "succeeded", job
    video = f"/v1/videos/{job['id']}"
    prefix = str((await http.post(f"{video}/share")).json()["prefix"])
    for path in ("/content", "/captions.vtt", "/hls/master.m3u8", "/credentials"):
        assert (await service.get(f"{prefix}{video}{path}")).is_success
    await service.get(f"{prefix[:-8]}AAAAAAAA{video}")
    await service.get("/v1/videos", headers={"Authorization": "Bearer psp_nightingale"})
    for wrong in ({"voice": "nightingale"}, {"portrait": "anna-smith.png"}, {"consent": "Anna"}):
        assert not (await http.post("/v1/videos", json=BODY | wrong)).is_success
    form = {"portrait": ("anna-smith.svg", b"<svg>Anna</svg>")}
    fields = {"text": TEXT, "tier": "test", "consent": consent}
    assert not (await http.post("/v1/videos", data=fields, files=form)).is_success
    await http.post(
        "/v1/videos", content=b'{"text": "Anna', headers={"Content-Type": "application/json"}
    )
    return str(job["id"]), prefix.removeprefix("/s/")


def of_spans(exporter: InMemorySpanExporter) -> str:
    return "\n".join(span.to_json() for span in exporter.get_finished_spans())


def check(told: str, *secrets: str) -> None:
    found = [word for word in (*WRITTEN, *secrets) if word.lower() in told.lower()]
    assert not found, [line for line in told.splitlines() if found[0].lower() in line.lower()][:3]


async def test_all_that_is_told_of_a_run_holds_ids_only(
    locked: Service, lines: io.StringIO, spans: InMemorySpanExporter, jobs: SqlJobs
) -> None:
    job, token = await made(locked)
    key = locked.http.headers["Authorization"].removeprefix("Bearer ")
    metrics = (await locked.get("/metrics")).text
    audit = repr(SqlAudit(jobs.database).read(1000).lines)
    traced, logged = of_spans(spans), lines.getvalue()
    for everything in (logged, traced, metrics, audit):
        check(everything, key[17:], token[:40], token[-40:])
    assert job in logged and job in traced and job in audit
    assert "prosopon_videos_total" in metrics and "speaking" in traced


@pytest.mark.parametrize(
    "error",
    [
        InputError(f"there is no voice {'nightingale'!r}; {TEXT!r} cannot be spoken"),
        SynthesisError(f"the engine cannot say {TEXT!r}"),
        RuntimeError(f"out of memory at 'Anna's {TEXT}'"),
        KeyError("Anna"),
        ValueError(f'not utf-8: b"{TEXT}'),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_neither_does_what_is_told_of_failures(
    locked: Service,
    lines: io.StringIO,
    spans: InMemorySpanExporter,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    async def broken(*_: object) -> None:
        try:
            raise LookupError(repr(WRITTEN))
        except LookupError as first:
            raise error from first

    monkeypatch.setattr(Director, "prepare", broken)
    monkeypatch.setattr("serve_app.runner.MAX_ATTEMPTS", 1)
    job = await locked.make(text=TEXT)
    assert job["status"] == "failed"
    check(lines.getvalue() + of_spans(spans))
    assert type(error).__name__ in lines.getvalue()
    failed = [json.loads(s.to_json()) for s in spans.get_finished_spans() if s.name == "job"]
    code = getattr(error, "code", type(error).__name__)
    assert failed[-1]["status"] == {"status_code": "ERROR", "description": code}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("CUDA out of memory: 2 GB", "CUDA out of memory: 2 GB"),
        ("the picture's face isn't seen", "the picture's face isn't seen"),
        ("no 'Anna' and no 'Smith'.", "no …."),
        ("b'Anna' is none", "… is none"),
        ("begins with 'Anna and has no", "begins with …"),
    ],
)  # fmt: skip
def test_what_stands_in_quotes_is_left_out(message: str, shown: str) -> None:
    assert told(ValueError(message)) == f"ValueError: {shown}"

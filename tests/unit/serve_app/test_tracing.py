"""One trace from the gateway's request to the stages that work on its job."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from backends.errors import EngineUnavailableError
from serve_app import telemetry, tracing
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.director import Director
from serve_app.jobs import new_job_id
from serve_app.replicas import replica
from serve_app.runner import Runner
from serve_app.schemas import JobStatus, VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    here = provider.get_tracer("test")
    monkeypatch.setattr(tracing, "tracer", lambda: here)
    return exporter


def parents(exporter: InMemorySpanExporter) -> Mapping[str, str | None]:
    """Of each span by name: the name of the one above it."""
    found: tuple[ReadableSpan, ...] = exporter.get_finished_spans()
    names = {s.context.span_id: s.name for s in found if s.context}
    return {s.name: names.get(s.parent.span_id) if s.parent else None for s in found}


@replica
class Stage:
    async def draw(self, task: str) -> str:
        with tracing.span("encoding"):
            return f"{task} for {telemetry.job_id.get()}"

    async def speak(self, words: int) -> AsyncIterator[str]:
        for n in range(words):
            yield f"{n} for {telemetry.job_id.get()}"


async def test_a_job_is_traced_from_the_request_to_its_stages(
    spans: InMemorySpanExporter,
    jobs: SqlJobs,
    stages: Stages,
    shared_storage: FolderStorage,
    tier: TierConfig,
    request_: VideoRequest,
) -> None:
    api = FastAPI()
    job = new_job_id()

    @api.post("/v1/videos")
    async def create() -> None:
        await asyncio.to_thread(jobs.create, job, request_)

    api.add_middleware(tracing.Traced)
    transport = httpx.ASGITransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        caller = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        assert (await http.post("/v1/videos", headers=caller)).is_success
    runner = Runner(
        Director(stages, shared_storage, tier), jobs, shared_storage, "test", poll_s=0.02
    )
    working = asyncio.create_task(runner.run())
    status = jobs.get(job).status
    async with asyncio.timeout(60):
        while not status.final:
            await asyncio.sleep(0.02)
            status = jobs.get(job).status
    working.cancel()
    await asyncio.wait({working})
    assert status is JobStatus.SUCCEEDED
    above = parents(spans)
    assert above["POST /v1/videos"] is None
    assert above["job"] == "POST /v1/videos"
    assert {above[stage] for stage in ("speaking", "drawing", "composing")} == {"job"}
    made = spans.get_finished_spans()
    assert {f"{s.context.trace_id:032x}" for s in made if s.context} == {"a" * 32}
    assert {
        s.attributes["prosopon.job_id"]
        for s in made
        if s.name != "POST /v1/videos" and s.attributes
    } == {job}


async def test_a_call_takes_its_trace_along(spans: InMemorySpanExporter) -> None:
    with telemetry.carrying({"job_id": "j"}), tracing.span("drawing"):
        carried = telemetry.carried()
    assert await Stage().draw("all", carried=carried) == "all for j"  # type: ignore[call-arg]
    assert telemetry.carried() == {}
    above = parents(spans)
    assert above["Stage.draw"] == "drawing"
    assert above["encoding"] == "Stage.draw"


async def test_a_stream_knows_whose_work_it_is_at_every_step() -> None:
    stream = Stage().speak(2, carried={"job_id": "j"})  # type: ignore[call-arg]
    heard = []
    async for word in stream:
        heard.append(word)
        assert telemetry.carried() == {}
    assert heard == ["0 for j", "1 for j"]


async def test_a_plain_call_stays_plain() -> None:
    assert await Stage().draw("all") == "all for "
    assert [word async for word in Stage().speak(1)] == ["0 for "]


def test_nothing_is_traced_unless_the_environment_says_where_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
    ):
        monkeypatch.delenv(name, raising=False)
    assert tracing.destination() is None
    loads = (
        "import sys, serve_app.director\nfrom serve_app.tracing import span\nwith span('x'): pass\n"
        "sys.exit('opentelemetry' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", loads], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
        (
            "APPLICATIONINSIGHTS_CONNECTION_STRING",
            "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=http://127.0.0.1:9",
        ),
    ],
)
def test_environment_names_the_exporter(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    assert tracing.destination() == name
    exporter = tracing.exporter(name)
    exporter.shutdown()
    wanted = "AzureMonitorTraceExporter" if "APPLICATION" in name else "OTLPSpanExporter"
    assert type(exporter).__name__ == wanted


def test_missing_package_is_told_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.json.http.trace_exporter", None)
    with pytest.raises(EngineUnavailableError, match=r"prosopon\[telemetry\]"):
        tracing.exporter("OTEL_EXPORTER_OTLP_ENDPOINT")

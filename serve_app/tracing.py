"""Traces with OpenTelemetry: gateway, job, Director and stages as the spans of one trace.

Off unless the environment names somebody to send them to: OTEL_EXPORTER_OTLP_ENDPOINT (OTLP over HTTP) or
APPLICATIONINSIGHTS_CONNECTION_STRING (Azure Monitor); both need the extra `telemetry`. Off, a span is an `if`, and
OpenTelemetry is not imported. A job waits in the store between the gateway's span and its own, so the parent goes
along as text (`telemetry.traceparent`) there as it does with calls.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from backends.errors import EngineUnavailableError, ProsoponError
from serve_app import telemetry
from serve_app.grants import without_token

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer
    from starlette.types import ASGIApp, Receive, Scope, Send

_OTLP = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_AZURE = "APPLICATIONINSIGHTS_CONNECTION_STRING"
_SENDING_MS = 1000
"""How often spans are sent: a replica that is stopped loses no more than these."""


def destination() -> str | None:
    """The variable that says where traces go; None: nothing is traced."""
    return next((name for name in (*_OTLP, _AZURE) if os.environ.get(name)), None)


@cache
def tracer() -> "Tracer | None":
    """This process's tracer; None: nothing is traced.

    Raises:
        EngineUnavailableError: traces are wanted and the packages that send them are not installed.
    """
    wanted = destination()
    if wanted is None:
        return None
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "prosopon")})
    provider = TracerProvider(resource=resource)
    sending = exporter(wanted)
    provider.add_span_processor(BatchSpanProcessor(sending, schedule_delay_millis=_SENDING_MS))
    return provider.get_tracer("prosopon")


def exporter(wanted: str) -> "SpanExporter":
    """What sends spans where the variable of that name says; raises as `tracer`."""
    try:
        if wanted == _AZURE:
            from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter

            return AzureMonitorTraceExporter(connection_string=os.environ[_AZURE])
        from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter()
    except ImportError as error:
        raise EngineUnavailableError(
            f"{wanted} is set, and what sends traces is not installed ({error}); "
            "run: pip install 'prosopon[telemetry]', or unset it"
        ) from error


@contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[None]:
    """A span while the block runs, below the one that caused this work, and above those of what it calls."""
    here = tracer()
    if here is None:
        yield
        return
    from opentelemetry.propagate import extract, inject
    from opentelemetry.trace import Status, StatusCode

    parent = extract({"traceparent": telemetry.traceparent.get()})
    about: dict[str, Any] = {"prosopon." + k: v for k, v in attributes.items()}
    about |= {f"prosopon.{k}": v for k, v in telemetry.carried().items() if k != "traceparent"}
    with here.start_as_current_span(
        name, parent, attributes=about, record_exception=False, set_status_on_exception=False
    ) as current:
        carrier: dict[str, str] = {}
        inject(carrier)
        with telemetry.carrying(carrier):
            try:
                yield
            except Exception as error:  # its message may name what callers wrote
                code = error.code if isinstance(error, ProsoponError) else type(error).__name__
                current.set_status(Status(StatusCode.ERROR, code))
                raise


class Traced:
    """An ASGI application with a span for each request, below the caller's own where it sends one."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        caller = {"traceparent": headers.get(b"traceparent", b"").decode("latin-1")}
        name = f"{scope['method']} {without_token(scope['path'])}"
        with telemetry.carrying(caller), span(name):
            await self._app(scope, receive, send)

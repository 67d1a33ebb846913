"""The gateway's routes: HTTP in, HTTP out, every error a problem document."""

from importlib.metadata import version
from secrets import token_hex

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from backends.errors import InputError, ProsoponError
from serve_app.audit import Audited, Trail
from serve_app.audit_routes import add_audit
from serve_app.catalogue import SystemModel
from serve_app.choice_routes import add_choices
from serve_app.config import StrictModel
from serve_app.consent_routes import add_consents
from serve_app.consents import Policy
from serve_app.gateway import Gateway
from serve_app.grants import Grants
from serve_app.guard import Authority, Guard
from serve_app.intake import BodyLimit
from serve_app.limits import Rate
from serve_app.link_routes import add_links
from serve_app.middleware import HEADER, RequestIds, http_problem_code
from serve_app.openapi import Api
from serve_app.playback_routes import add_playback
from serve_app.problems import problem
from serve_app.responses import error_response, problem_response
from serve_app.schemas import PortraitRequest, SpeechRequest, VideoOrder, VideoRequest
from serve_app.secret import Secret
from serve_app.stream_routes import add_stream
from serve_app.telemetry import METRICS_TYPE
from serve_app.video_routes import add_videos

_CORS_TAKEN = ("Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "Range", HEADER)
_CORS_SHOWN = (
    "Content-Disposition", "Content-Range", "ETag", "Location", "Retry-After", "X-Content-Credentials",
    "X-Digital-Source-Type", "X-Tier", "X-Voice", HEADER,
)  # fmt: skip


class About(StrictModel):
    name: str
    version: str
    links: dict[str, str]
    consent: Policy
    """Of the person in a portrait that is no preset."""


class Ready(StrictModel):
    tiers: tuple[str, ...]
    """Those that can take work."""


class Health(StrictModel):
    status: str


def create_api(
    gateway: Gateway, authority: Authority | None = None, proxied: bool = False
) -> FastAPI:
    """The ASGI application of a gateway.

    Args:
        authority: knows who asks; without one there are no keys, and whoever is on this machine may ask.
        proxied: see `RequestIds`.
    """
    api = Api(
        VideoOrder,
        VideoRequest,
        PortraitRequest,
        SpeechRequest,
        title="Prosopon",
        summary="Text with emotion cues and a portrait become a video of that person speaking.",
        version=version("prosopon"),
    )
    api.add_middleware(BodyLimit, max_upload_bytes=gateway.config.max_upload_bytes)
    origins = gateway.config.cors_origins
    authority = authority or Authority(Grants(Secret(token_hex(32))), origins=origins)
    rate = gateway.config.limits.changes_per_minute
    api.add_middleware(Guard, authority=authority, changes=Rate(rate) if rate else None)
    api.add_middleware(Audited, trail=Trail(gateway.audit))
    api.add_middleware(RequestIds, proxied=proxied)
    if origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "HEAD", "POST", "DELETE"),
            allow_headers=_CORS_TAKEN,
            expose_headers=_CORS_SHOWN,
        )
    _add_errors(api)
    _add_service(api, gateway)
    add_videos(api, gateway)
    add_playback(api, gateway)
    add_choices(api, gateway)
    add_stream(api, gateway)
    add_consents(api, gateway)
    add_links(api, gateway, authority.grants)
    add_audit(api, gateway)
    return api


def _add_errors(api: FastAPI) -> None:
    @api.exception_handler(RequestValidationError)
    async def invalid_parameters(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        document = problem(422, InputError.code, f"{where}: {first['msg']}")
        return problem_response(document, request.scope["path"])

    @api.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = http_problem_code(error.status_code)
        document = problem(error.status_code, code, str(error.detail))
        return problem_response(document, request.scope["path"], error.headers)

    @api.exception_handler(ProsoponError)
    async def told(request: Request, error: ProsoponError) -> Response:
        return error_response(error, request.scope["path"])


def _add_service(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/", tags=["service"])
    async def about() -> About:
        """Who I am."""
        names = ("videos", "tiers", "voices", "portraits", "emotions", "system")
        links = {name: f"/v1/{name}" for name in names}
        return About(
            name="prosopon",
            version=api.version,
            links={"documentation": "/docs", "ready": "/ready", **links},
            consent=gateway.consent_policy,
        )

    @api.get("/health", tags=["service"])
    async def health() -> Health:
        """Alive."""
        return Health(status="ok")

    @api.get("/ready", tags=["service"])
    async def ready() -> Ready:
        """At least one tier can take work; 503 when none can."""
        return Ready(tiers=await gateway.offers.ready())

    @api.get("/metrics", tags=["service"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """For Prometheus: exact over all replicas and restarts."""
        return Response(await gateway.metrics(), media_type=METRICS_TYPE)

    @api.get("/v1/system", tags=["service"])
    async def system() -> SystemModel:
        """The service at a glance: tiers, replicas, queues, what failed of late."""
        return await gateway.system()

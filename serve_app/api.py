"""The gateway's routes: HTTP in, HTTP out, every error a problem document."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from backends.errors import InputError, UnknownPortraitError
from backends.faces.presets import preset
from serve_app.catalogue import (
    EmotionModel,
    PortraitCheck,
    PortraitModel,
    ScriptModel,
    TierModel,
    VoiceModel,
    emotion_models,
    portrait_models,
)
from serve_app.config import StrictModel
from serve_app.gateway import Gateway, PortraitRequest
from serve_app.intake import BodyLimit, read_form, validated
from serve_app.playback_routes import add_playback
from serve_app.problems import MEDIA_TYPE, NotFoundError, problem, problem_of
from serve_app.schemas import Job, JobStatus, Problem, VideoOrder, VideoRequest

_RETRY_AFTER_S = 10
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[!-~]{1,200}$",
        description="Your own name for this request: sent again, it makes no second video.",
    ),
]
_CODES = {404: "not_found", 405: "method_not_allowed"}


class About(StrictModel):
    name: str
    version: str
    links: dict[str, str]


class Upload(StrictModel):
    id: str


class JobList(StrictModel):
    videos: tuple[Job, ...]


def create_api(gateway: Gateway) -> FastAPI:
    """The ASGI application of a gateway."""
    api = FastAPI(
        title="Prosopon",
        summary="Text with emotion cues and a portrait become a video of that person speaking.",
        version=version("prosopon"),
        responses={"default": {"model": Problem, "content": {MEDIA_TYPE: {}}}},
    )
    api.add_middleware(BodyLimit, max_upload_bytes=gateway.config.max_upload_bytes)
    _add_errors(api)
    _add_service(api, gateway)
    _add_videos(api, gateway)
    _add_results(api, gateway)
    add_playback(api, gateway)
    _add_choices(api, gateway)
    _add_previews(api, gateway)
    return api


def _add_errors(api: FastAPI) -> None:
    @api.exception_handler(RequestValidationError)
    async def invalid_parameters(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _problem_response(problem(422, InputError.code, f"{where}: {first['msg']}"))

    @api.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        code = _CODES.get(status, InputError.code if status < 500 else "internal_error")
        return _problem_response(problem(status, code, str(error.detail)), error.headers)

    @api.exception_handler(Exception)
    async def any_other(_: Request, error: Exception) -> Response:
        return _problem_response(problem_of(error))


def _problem_response(document: Problem, headers: Any = None) -> Response:
    headers = dict(headers or {})
    if document.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    return JSONResponse(document.model_dump(), document.status, headers, MEDIA_TYPE)


def _add_service(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/", tags=["service"])
    async def about() -> About:
        """Who I am."""
        names = ("videos", "tiers", "voices", "portraits", "emotions")
        links = {name: f"/v1/{name}" for name in names}
        return About(
            name="prosopon",
            version=api.version,
            links={"documentation": "/docs", "ready": "/ready", **links},
        )

    @api.get("/health", tags=["service"])
    async def health() -> dict[str, str]:
        """Alive."""
        return {"status": "ok"}

    @api.get("/ready", tags=["service"])
    async def ready() -> dict[str, tuple[str, ...]]:
        """At least one tier can take work; 503 when none can."""
        return {"tiers": await gateway.ready()}


def _add_videos(api: FastAPI, gateway: Gateway) -> None:
    @api.post("/v1/videos", status_code=202, tags=["videos"], openapi_extra=_body(VideoOrder))
    async def create(
        request: Request, response: Response, idempotency_key: IdempotencyKey = None
    ) -> Job:
        """Asks for a video: JSON, or a form that may carry the portrait's file."""
        job = await _created(gateway, request, idempotency_key)
        response.headers["Location"] = f"/v1/videos/{job.id}"
        return job

    @api.post(
        "/generate",
        tags=["videos"],
        openapi_extra=_body(VideoOrder),
        response_class=FileResponse,
        responses={202: {"model": Job, "description": "It takes longer: ask for the job."}},
    )
    async def generate(request: Request, idempotency_key: IdempotencyKey = None) -> Response:
        """Text and portrait in, the MP4 out; what takes long answers 202 with the job instead."""
        job = await gateway.wait((await _created(gateway, request, idempotency_key)).id)
        links = {"Location": f"/v1/videos/{job.id}"}
        if job.status is JobStatus.SUCCEEDED:
            return _file(await gateway.result(job.id), "video/mp4", f"{job.id}.mp4", links)
        if job.error is not None:
            return _problem_response(job.error, links)
        return JSONResponse(job.model_dump(mode="json"), 202, links)

    @api.get("/v1/videos", tags=["videos"])
    async def jobs(
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0, lt=2**31)] = 0,
        status: JobStatus | None = None,
    ) -> JobList:
        """The newest first."""
        return JobList(videos=await gateway.jobs(limit, offset, status))

    @api.get("/v1/videos/{job}", tags=["videos"])
    async def one(job: str) -> Job:
        return await gateway.job(job)

    @api.get(
        "/v1/videos/{job}/events",
        tags=["videos"],
        response_class=EventSourceResponse,
        dependencies=[Depends(one)],  # a job that does not exist is told before the stream begins
    )
    async def events(
        job: str, last_event_id: Annotated[str | None, Header()] = None
    ) -> AsyncIterator[ServerSentEvent]:
        """Every change of a job until it is finished, each with the whole job; resumes behind
        Last-Event-ID."""
        async for state, found in gateway.changes(job, last_event_id):
            yield ServerSentEvent(data=found, event="job", id=state)

    @api.delete(
        "/v1/videos/{job}",
        tags=["videos"],
        response_model=None,
        responses={202: {"model": Job}, 204: {"description": "It is gone."}},
    )
    async def remove(job: str) -> Response:
        """Cancels an unfinished video (202 with the job), deletes a finished one (204)."""
        cancelled = await gateway.remove(job)
        if cancelled is None:
            return Response(status_code=204)
        return JSONResponse(cancelled.model_dump(mode="json"), 202)

    @api.post("/v1/uploads", status_code=201, tags=["videos"], openapi_extra=_body(None, "file"))
    async def upload(request: Request) -> Upload:
        """Keeps a picture for several videos; its id serves as their portrait."""
        async with read_form(request, "file") as (fields, file):
            if file is None or fields:
                raise InputError("send a form with the field 'file' and no other")
            return Upload(id=await gateway.upload(file.file))

    @api.delete("/v1/uploads/{upload}", status_code=204, tags=["videos"])
    async def forget(upload: str) -> None:
        await gateway.forget(upload)


def _add_results(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/v1/videos/{job}/content", tags=["videos"], response_class=FileResponse)
    async def content(job: str) -> FileResponse:
        """The MP4; ranges are served."""
        return _file(await gateway.result(job), "video/mp4", f"{job}.mp4")

    @api.get("/v1/videos/{job}/captions.{kind}", tags=["videos"], response_class=FileResponse)
    async def captions(job: str, kind: Literal["srt", "vtt"]) -> FileResponse:
        """Captions, where the request asked for them."""
        media_type = {"srt": "application/x-subrip", "vtt": "text/vtt"}[kind]
        return _file(await gateway.captions(job, kind), media_type, f"{job}.{kind}")

    @api.get("/v1/videos/{job}/performance.json", tags=["videos"], response_class=FileResponse)
    async def performance(job: str) -> FileResponse:
        """What the face does, frame by frame."""
        return _file(await gateway.performance(job), "application/json", f"{job}.json")


def _add_choices(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/v1/tiers", tags=["choices"])
    async def tiers() -> tuple[TierModel, ...]:
        return await gateway.tiers()

    @api.get("/v1/voices", tags=["choices"])
    async def voices() -> tuple[VoiceModel, ...]:
        return await gateway.voices()

    @api.get("/v1/portraits", tags=["choices"])
    async def portraits() -> list[PortraitModel]:
        return portrait_models()

    @api.get("/v1/portraits/{name}/image", tags=["choices"], response_class=FileResponse)
    async def image(name: str) -> FileResponse:
        try:
            path = preset(name).path
        except UnknownPortraitError as error:
            raise NotFoundError(error.message) from error
        return FileResponse(path)

    @api.get("/v1/emotions", tags=["choices"])
    async def emotions() -> list[EmotionModel]:
        """What cues can ask for, with the names they go by."""
        return emotion_models()


def _add_previews(api: FastAPI, gateway: Gateway) -> None:
    @api.post("/v1/scripts/parse", tags=["previews"], openapi_extra=_body(VideoRequest))
    async def parse(request: Request) -> ScriptModel:
        """What a video of this request would say."""
        async with read_form(request, "portrait") as (fields, _):
            video = validated(VideoRequest, _with_pronounce(fields))
        return await gateway.parse(video)

    @api.post("/v1/portraits/check", tags=["previews"], openapi_extra=_body(PortraitRequest))
    async def examine(request: Request) -> PortraitCheck:
        """The faces of a picture, and whether they can be animated."""
        async with read_form(request, "portrait") as (fields, upload):
            wanted = validated(PortraitRequest, fields)
            return await gateway.examine(wanted, upload.file if upload else None)


async def _created(gateway: Gateway, request: Request, key: str | None) -> Job:
    async with read_form(request, "portrait") as (fields, upload):
        order = validated(VideoOrder, _with_pronounce(fields))
        return await gateway.create(order, upload.file if upload else None, key)


def _file(
    path: Any, media_type: str, name: str, headers: dict[str, str] | None = None
) -> FileResponse:
    return FileResponse(
        path,
        media_type=media_type,
        filename=name,
        content_disposition_type="inline",
        headers=headers,
    )


def _with_pronounce(fields: dict[str, Any]) -> dict[str, Any]:
    """Forms have no objects: there it is a JSON text."""
    if not isinstance(fields.get("pronounce"), str):
        return fields
    try:
        return fields | {"pronounce": from_json(fields["pronounce"])}
    except ValueError as error:
        raise InputError(f"field 'pronounce' is not JSON: {error}") from error


def _body(model: type[StrictModel] | None, file: str = "portrait") -> dict[str, Any]:
    """How OpenAPI tells of a body that is read by hand: JSON, or a form with one file."""
    picture = {"type": "string", "format": "binary"}
    if model is None:
        form = {"type": "object", "properties": {file: picture}, "required": [file]}
        return {
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}
        }
    fields = model.model_json_schema(ref_template="#/components/schemas/{model}")
    fields.pop("$defs", None)
    form = fields | {"properties": fields["properties"] | {file: picture}}
    content = {"application/json": {"schema": fields}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}

"""The routes of videos: asking for them, following them, fetching what came of them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AwareDatetime

from backends.composition.credentials import MADE_BY_AI
from backends.errors import InputError, ProsoponError
from serve_app import audit
from serve_app.auth import Principal
from serve_app.config import StrictModel
from serve_app.gateway import Gateway
from serve_app.guard import Who
from serve_app.intake import json_list_of, read_form, read_json, validated, with_pronounce
from serve_app.jobs import Filter
from serve_app.openapi import FILE_FIELDS, binary, json_list, json_or_form, one_file
from serve_app.problems import problem_of
from serve_app.responses import file_response, made_by_ai, problem_response
from serve_app.results import file_name
from serve_app.schemas import Job, JobStatus, Problem, VideoOrder

_MAX_BATCH = 1000
_SIGNED = made_by_ai(MADE_BY_AI, signed=True)
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[!-~]{1,190}$",
        description="Your own name for this request: sent again, it makes no second video.",
    ),
]
Download = Annotated[bool, Query(description="To be saved rather than shown.")]


class Upload(StrictModel):
    id: str


class CredentialsModel(StrictModel):
    valid: bool
    """Neither the video nor what it says was changed since it was signed."""
    trusted: bool
    """An authority vouches for whose key it is; never so for a development key."""
    signed_by: str
    facts: dict[str, Any]
    """Engines, versions, tier, voice; the script and the portrait as salted digests."""
    made_at: str | None
    """ISO 8601, UTC."""
    source_type: str | None
    """IPTC's word for how it was made."""
    problems: tuple[str, ...]
    """C2PA's codes for what is wrong."""


class JobList(StrictModel):
    videos: tuple[Job, ...]
    next: str | None
    """`after` of the next page; nothing on the last."""


class BatchEntry(StrictModel):
    """What became of one request of a batch: a job, or why there is none."""

    job: Job | None = None
    error: Problem | None = None


class Batch(StrictModel):
    videos: tuple[BatchEntry, ...]
    """In the order of the requests."""


def add_videos(api: FastAPI, gateway: Gateway) -> None:
    _add_requests(api, gateway)
    _add_jobs(api, gateway)
    _add_results(api, gateway)
    _add_uploads(api, gateway)


def _add_requests(api: FastAPI, gateway: Gateway) -> None:
    @api.post(
        "/v1/videos", status_code=202, tags=["videos"], openapi_extra=json_or_form(VideoOrder)
    )
    async def create_video(
        who: Who,
        request: Request,
        response: Response,
        idempotency_key: IdempotencyKey = None,
    ) -> Job:
        """Asks for a video: JSON, or a form that may carry the portrait, the audio and the reference audio as files."""
        job = await _created(gateway, who, request, idempotency_key)
        response.headers["Location"] = f"/v1/videos/{job.id}"
        return job

    @api.post("/v1/videos/batch", tags=["videos"], openapi_extra=json_list(VideoOrder, _MAX_BATCH))
    async def create_videos(
        who: Who, request: Request, idempotency_key: IdempotencyKey = None
    ) -> Batch:
        """Asks for many videos at once; one that is refused stops no other. Sent again under the same key, only those
        are made that were refused."""
        orders = json_list_of(await read_json(request), _MAX_BATCH)
        entries = []
        for number, fields in enumerate(orders):
            key = idempotency_key and f"{idempotency_key}/{number}"
            try:
                order = validated(VideoOrder, fields)
                entries.append(BatchEntry(job=await gateway.create(who, order, {}, key)))
            except ProsoponError as error:
                entries.append(BatchEntry(error=problem_of(error)))
                audit.did("create_video", outcome=error.code)
        return Batch(videos=tuple(entries))

    @api.post(
        "/generate",
        tags=["videos"],
        openapi_extra=json_or_form(VideoOrder),
        response_class=FileResponse,
        responses={
            **binary("video/mp4", ranges=False),
            202: {"model": Job, "description": "It takes longer: ask for the job."},
        },
    )
    async def generate(
        who: Who, request: Request, idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Text or audio and portrait in, the MP4 out; what takes long answers 202 with the job instead."""
        begun = await _created(gateway, who, request, idempotency_key)
        job = await gateway.wait(who, begun.id)
        links = {"Location": f"/v1/videos/{job.id}"}
        if job.status is JobStatus.SUCCEEDED:
            clip = await asyncio.to_thread(gateway.results.clip, job)
            name = file_name(job.clip, "mp4")
            return file_response(request, clip, "video/mp4", name, headers=links | _SIGNED)
        if job.error is not None:
            return problem_response(job.error, request.scope["path"], links)
        return JSONResponse(job.model_dump(mode="json"), 202, links)


def _add_jobs(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/v1/videos", tags=["videos"])
    async def list_videos(
        who: Who,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        after: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
        status: JobStatus | None = None,
        tier: str | None = None,
        since: Annotated[AwareDatetime | None, Query(description="Accepted then or later.")] = None,
        until: Annotated[AwareDatetime | None, Query(description="Accepted before.")] = None,
    ) -> JobList:
        """The newest first, page by page; times are ISO 8601 with a zone, or seconds since the epoch."""
        begin, end = (None if time is None else time.timestamp() for time in (since, until))
        wanted = Filter(None, status, tier, begin, end)
        page = await gateway.jobs(who, limit, None if after is None else int(after), wanted)
        following = None if page.after is None else str(page.after)
        return JobList(videos=page.jobs, next=following)

    @api.get("/v1/videos/{job}", tags=["videos"])
    async def get_video(who: Who, job: str) -> Job:
        return await gateway.job(who, job)

    @api.get(
        "/v1/videos/{job}/events",
        tags=["videos"],
        response_class=EventSourceResponse,
        # A job that does not exist is told before the stream begins.
        dependencies=[Depends(get_video)],
    )
    async def watch_video(
        who: Who, job: str, last_event_id: Annotated[str | None, Header()] = None
    ) -> AsyncIterator[ServerSentEvent]:
        """Every change of a job until it is finished, each with the whole job; resumes behind Last-Event-ID."""
        async for state, found in gateway.changes(who, job, last_event_id):
            yield ServerSentEvent(data=found, event="job", id=state)

    @api.delete(
        "/v1/videos/{job}",
        tags=["videos"],
        response_model=None,
        status_code=204,
        responses={
            202: {"model": Job, "description": "It is cancelled."},
            204: {"description": "It is gone."},
        },
    )
    async def delete_video(who: Who, job: str) -> Response:
        """Cancels an unfinished video (202 with the job), deletes a finished one (204)."""
        cancelled = await gateway.remove(who, job)
        if cancelled is None:
            return Response(status_code=204)
        return JSONResponse(cancelled.model_dump(mode="json"), 202)


def _add_results(api: FastAPI, gateway: Gateway) -> None:
    results = gateway.results

    @api.head("/v1/videos/{job}/content", include_in_schema=False)
    @api.get(
        "/v1/videos/{job}/content",
        tags=["videos"],
        response_class=FileResponse,
        responses=binary("video/mp4"),
    )
    async def get_content(
        who: Who, request: Request, job: str, download: Download = False
    ) -> Response:
        """The MP4; ranges are served."""
        found = await gateway.job(who, job)
        clip = await asyncio.to_thread(results.clip, found)
        name = file_name(found.clip, "mp4")
        return file_response(request, clip, "video/mp4", name, download, _SIGNED)

    @api.head("/v1/videos/{job}/captions.{kind}", include_in_schema=False)
    @api.get(
        "/v1/videos/{job}/captions.{kind}",
        tags=["videos"],
        response_class=FileResponse,
        responses=binary("text/vtt", "application/x-subrip"),
    )
    async def get_captions(
        who: Who,
        request: Request,
        job: str,
        kind: Literal["srt", "vtt"],
        download: Download = False,
    ) -> Response:
        found = await gateway.job(who, job)
        captions = await asyncio.to_thread(results.captions, found, kind)
        media_type = {"srt": "application/x-subrip", "vtt": "text/vtt"}[kind]
        return file_response(request, captions, media_type, file_name(found.clip, kind), download)

    @api.head("/v1/videos/{job}/performance.{kind}", include_in_schema=False)
    @api.get(
        "/v1/videos/{job}/performance.{kind}",
        tags=["videos"],
        response_class=FileResponse,
        responses=binary("application/json", "text/csv"),
    )
    async def get_performance(
        who: Who,
        request: Request,
        job: str,
        kind: Literal["json", "csv"],
        download: Download = False,
    ) -> Response:
        """What the face does, frame by frame; as CSV in the columns of Live Link Face."""
        found = await gateway.job(who, job)
        performance = await asyncio.to_thread(results.performance, found, kind)
        media_type = {"json": "application/json", "csv": "text/csv"}[kind]
        name = file_name(found.clip, kind)
        return file_response(request, performance, media_type, name, download)

    @api.head("/v1/videos/{job}/thumbnail.jpg", include_in_schema=False)
    @api.get(
        "/v1/videos/{job}/thumbnail.jpg",
        tags=["videos"],
        response_class=FileResponse,
        responses=binary("image/jpeg"),
    )
    async def get_thumbnail(who: Who, request: Request, job: str) -> Response:
        found = await gateway.job(who, job)
        picture = await asyncio.to_thread(results.thumbnail, found)
        name = file_name(found.clip, "jpg")
        return file_response(request, picture, "image/jpeg", name, headers=_SIGNED)

    @api.get("/v1/videos/{job}/credentials", tags=["videos"])
    async def get_credentials(who: Who, job: str) -> CredentialsModel:
        """What the MP4 says of how it was made, read from it and checked."""
        found = await gateway.job(who, job)
        told = asdict(await asyncio.to_thread(results.credentials, found))
        return CredentialsModel.model_validate(told)


def _add_uploads(api: FastAPI, gateway: Gateway) -> None:
    @api.post("/v1/uploads", status_code=201, tags=["videos"], openapi_extra=one_file("file"))
    async def create_upload(who: Who, request: Request) -> Upload:
        """Keeps a picture, a video or a recording for several requests, which name it by its id."""
        async with read_form(request, "file") as (fields, files):
            if not files or fields:
                raise InputError("send a form with the field 'file' and no other")
            return Upload(id=await gateway.uploads(who).keep(files["file"]))

    @api.delete("/v1/uploads/{upload}", status_code=204, tags=["videos"])
    async def delete_upload(who: Who, upload: str) -> None:
        await gateway.uploads(who).forget(upload)


async def _created(gateway: Gateway, who: Principal, request: Request, key: str | None) -> Job:
    async with read_form(request, *FILE_FIELDS) as (fields, files):
        order = validated(VideoOrder, with_pronounce(fields))
        return await gateway.create(who, order, files, key)

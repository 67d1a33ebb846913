"""A gateway whose videos are made up: each succeeds after some dozens of events."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

_EVENTS = 40
_PACE_S = 0.002
_STAGES = ("parsing", "speaking", "drawing", "composing")
_SAID = {"emotion": "happy", "intensity": 1.0, "language": "en"}


@contextmanager
def made_up_service(*origins: str) -> Iterator[str]:
    """Listens while the block runs; its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(_app(origins), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join(30)


def _app(origins: tuple[str, ...]) -> Starlette:
    ended: set[str] = set()

    async def grant(request: Request) -> Response:
        return JSONResponse({"prefix": "/granted"}, 201)

    async def video(request: Request) -> Response:
        job = request.path_params["job"]
        return JSONResponse(_job(job, _EVENTS if job in ended else 0))

    async def events(request: Request) -> Response:
        return StreamingResponse(
            _events(request.path_params["job"], ended), media_type="text/event-stream"
        )

    async def nothing(request: Request) -> Response:
        return JSONResponse({"code": "not_found", "detail": "there is nothing"}, 404)

    return Starlette(
        routes=[
            Route("/v1/grants", grant, methods=["POST"]),
            Route("/v1/videos/{job}", video),
            Route("/granted/v1/videos/{job}/events", events),
            Route("/{rest:path}", nothing),
        ],
        middleware=[Middleware(CORSMiddleware, allow_origins=origins)],
    )


async def _events(job: str, ended: set[str]) -> AsyncIterator[str]:
    for number in range(1, _EVENTS + 1):
        if number == _EVENTS:
            ended.add(job)
        yield f"event: job\nid: {number}\ndata: {json.dumps(_job(job, number))}\n\n"
        await asyncio.sleep(_PACE_S)


def _job(job: str, event: int) -> dict[str, Any]:
    """As it is after so many events."""
    done = event == _EVENTS
    return {
        "id": job,
        "tier": "lightweight",
        "status": "succeeded" if done else "running",
        "stage": None if done else _STAGES[event * len(_STAGES) // _EVENTS],
        "progress": event / _EVENTS,
        "queue_position": None,
        "eta_s": 5.0,
        "attempts": 1,
        "created_at": 0.0,
        "warnings": [],
        "error": None,
        "clip": _clip(job) if done else None,
    }


def _clip(job: str) -> dict[str, Any]:
    utterances = [
        {**_SAID, "text": f"Sentence {n} of video {job}. ", "start_s": n, "end_s": n + 1}
        for n in range(20)
    ]
    return {
        "duration_s": 20.0,
        "fps": 25,
        "size": [720, 720],
        "engines": {"speech": "none", "animation": "none", "encoder": "none"},
        "voice": "none:nobody",
        "language": "en",
        "seed": 0,
        "utterances": utterances,
        "warnings": [],
        "real_time_factor": 0.0,
    }

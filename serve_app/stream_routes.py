"""`WS /v1/stream`: text in as it comes, playable fragments out.

The first message holds the fields of a video request, the next ones {"text": …}, {"end": true} or {"cancel": true}. The
answers are JSON events; each header and fragment follows its event as a binary message.
"""

import asyncio
from contextlib import aclosing
from typing import Any, Literal

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import Field

from backends.composition.credentials import MADE_BY_AI
from backends.errors import InputError, ProsoponError
from serve_app import audit
from serve_app.auth import Principal
from serve_app.clients import LiveEnd
from serve_app.config import StrictModel
from serve_app.gateway import Gateway
from serve_app.guard import Who
from serve_app.intake import json_object_of, parsed_json, validated
from serve_app.live import Session
from serve_app.problems import problem_of
from serve_app.responses import made_by_ai
from serve_app.schemas import VideoRequest
from serve_app.telemetry import request_id

_MARK = [
    (name.encode(), value.encode()) for name, value in made_by_ai(MADE_BY_AI, signed=False).items()
]
_DONE, _THEIRS, _OURS = 1000, 1008, 1011
"""Closing codes of RFC 6455, section 7.4.1."""


class LiveMessage(StrictModel):
    text: str = Field(default="", max_length=10_000)
    end: Literal[True] | None = None
    cancel: Literal[True] | None = None


def add_stream(api: FastAPI, gateway: Gateway) -> None:
    @api.websocket("/v1/stream")
    async def stream(who: Who, socket: WebSocket) -> None:
        await socket.accept(headers=_MARK)
        code = _DONE
        try:
            await _converse(socket, gateway, who)
        except WebSocketDisconnect:
            return
        except Exception as error:
            if not isinstance(error, ProsoponError):
                raise
            document = problem_of(error).model_copy(update={"request_id": request_id.get()})
            audit.answered(document.status, document.code)
            await _tell(socket, "error", problem=document.model_dump(exclude_none=True))
            code = _THEIRS if isinstance(error, InputError) else _OURS
        await socket.close(code)


async def _converse(socket: WebSocket, gateway: Gateway, who: Principal) -> None:
    request = validated(VideoRequest, await _received(socket))
    async with gateway.conversing(who, request) as session:
        await _carried_on(socket, session)


async def _carried_on(socket: WebSocket, session: Session) -> None:
    """Until it is finished or cancelled."""
    sending = asyncio.create_task(_play(socket, session))
    hearing = asyncio.create_task(_listen(socket, session))
    both = {sending, hearing}
    try:
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if hearing in done:
            hearing.result()  # raises, unless the session is cancelled
            await _stopped(sending)
            await _tell(socket, "cancelled")
        else:
            sending.result()
    finally:
        for task in both:
            await _stopped(task)


async def _stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait({task})


async def _listen(socket: WebSocket, session: Session) -> None:
    """Returns when the session is cancelled."""
    while True:
        message = validated(LiveMessage, await _received(socket))
        if message.cancel:
            return
        if message.text:
            await session.say(message.text)
        if message.end:
            await session.end()


async def _play(socket: WebSocket, session: Session) -> None:
    async with aclosing(session.pieces()) as pieces:
        async for piece in pieces:
            if isinstance(piece, LiveEnd):
                await _tell(socket, "finished", clip=piece.facts.model_dump(mode="json"))
                return
            if piece.start_s is None:
                await _tell(socket, "header", track=piece.track, media_type=piece.media_type)
            else:
                await _tell(socket, "fragment", track=piece.track, start_s=piece.start_s)
            await socket.send_bytes(piece.data)


async def _received(socket: WebSocket) -> dict[str, Any]:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", _DONE))
    if (text := message.get("text")) is None:
        raise InputError("a message is JSON text")
    return json_object_of(parsed_json(text))


async def _tell(socket: WebSocket, event: str, **more: Any) -> None:
    await socket.send_json({"event": event, **more})

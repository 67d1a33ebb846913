"""A client that sends bytes as they are: those of others mend what they are given."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

_LEAVES_AFTER_S = 2.0
"""With an answer that does not end, as of events, a client goes away."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: bytes
    """Percent-encoded."""
    query: bytes
    headers: Mapping[str, bytes]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


def _scope(kind: str, path: bytes, query: bytes, headers: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower().encode(), value) for name, value in headers.items()],
        "client": ("127.0.0.1", 5),
        "server": ("localhost", 80),
        "state": {},
    }


async def ask(app: Callable[..., Any], request: Request) -> Answer:
    """Raises what the application raises."""
    parts = [request.body[:1000], request.body[1000:]]
    found: dict[str, Any] = {"status": 0, "headers": [], "body": []}
    done = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}
        try:
            async with asyncio.timeout(_LEAVES_AFTER_S):
                await done.wait()
        except TimeoutError:
            pass
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found["status"], found["headers"] = message["status"], message.get("headers", [])
        elif message["type"] == "http.response.body":
            found["body"].append(message.get("body", b""))
            if not message.get("more_body"):
                done.set()

    scope = _scope("http", request.path, request.query, request.headers)
    await app({**scope, "method": request.method}, receive, send)
    return Answer(found["status"], found["headers"], b"".join(found["body"]))


async def converse(app: Callable[..., Any], messages: Sequence[bytes]) -> int:
    """Sends messages over a socket to /v1/stream; the code with which it is closed."""
    waiting: list[dict[str, Any]] = [{"type": "websocket.connect"}]
    for message in messages:
        text = message.decode("utf-8", "replace")
        waiting.append({"type": "websocket.receive", "text": text, "bytes": None})
    closed = asyncio.Event()
    code = 0

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        await closed.wait()
        return {"type": "websocket.disconnect", "code": 1005}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal code
        if message["type"] == "websocket.close":
            code = message.get("code", 1000)
            closed.set()

    await app(_scope("websocket", b"/v1/stream", b"", {"Host": b"localhost"}), receive, send)
    return code

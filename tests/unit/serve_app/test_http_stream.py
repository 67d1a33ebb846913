"""Live sessions over a WebSocket: text in as it comes, playable fragments out."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import av
import pytest

from serve_app.api import create_api
from serve_app.config import GatewayConfig
from tests.unit.serve_app.http_service import Service

START = {"tier": "test", "size": 128, "quality": "draft", "fps": 10}
LONG = "This sentence is long enough to be worth more than a second of video, I would say."


@dataclass
class Socket:
    """The client's end of a WebSocket, without a network."""

    sent: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    received: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    task: asyncio.Task[None] | None = None
    """The server's end."""

    async def send(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self.sent.put({"type": "websocket.receive", "text": text})

    async def leave(self) -> None:
        await self.sent.put({"type": "websocket.disconnect", "code": 1001})

    async def next(self) -> Any:
        """An event, the bytes of a binary message, or the closing code."""
        async with asyncio.timeout(60):
            message = await self.received.get()
        if message["type"] == "websocket.send":
            data = message.get("bytes")
            return json.loads(message["text"]) if data is None else data
        return message.get("code") if message["type"] == "websocket.close" else message["type"]

    async def rest(self) -> list[Any]:
        """Everything up to the closing code."""
        found = [await self.next()]
        while not isinstance(found[-1], int):
            found.append(await self.next())
        return found


Connect = Callable[..., Awaitable[Socket]]


@pytest.fixture
async def connect(service: Service) -> AsyncIterator[Connect]:
    api = create_api(service.gateway)
    running: list[asyncio.Task[None]] = []

    async def opened(*headers: tuple[bytes, bytes]) -> Socket:
        socket = Socket()
        scope = {
            "type": "websocket",
            "path": "/v1/stream",
            "raw_path": b"/v1/stream",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"localhost"), *headers],
            "subprotocols": [],
            "app": api,
        }
        await socket.sent.put({"type": "websocket.connect"})
        serving = api(scope, socket.sent.get, socket.received.put)
        socket.task = asyncio.create_task(serving)
        running.append(socket.task)
        return socket

    yield opened
    for task in running:
        async with asyncio.timeout(20):
            await task


@asynccontextmanager
async def begun(connect: Connect, **fields: Any) -> AsyncIterator[Socket]:
    socket = await connect()
    assert await socket.next() == "websocket.accept"
    await socket.send(START | fields)
    yield socket


async def until_first_fragment(socket: Socket) -> list[Any]:
    found = [await socket.next()]
    while not (isinstance(found[-1], dict) and found[-1]["event"] == "fragment"):
        found.append(await socket.next())
        assert not isinstance(found[-1], int), found
    return found


def played(messages: list[Any], track: str) -> bytes:
    """A track's header and fragments, joined as a player would."""
    own = [
        data
        for event, data in pairwise(messages)
        if isinstance(event, dict) and event.get("track") == track
    ]
    return b"".join(own)


async def test_text_is_drawn_while_more_of_it_comes(service: Service, connect: Connect) -> None:
    async with begun(connect) as socket:
        for piece in (LONG[:20], LONG[20:] + " [hap", "py] And"):
            await socket.send({"text": piece})
        first = await until_first_fragment(socket)
        assert first[0]["event"] == "header" and first[0]["track"] == "video"
        assert first[0]["media_type"].startswith('video/mp4; codecs="avc1.')
        assert first[2]["media_type"] == 'audio/mp4; codecs="mp4a.40.2"'
        await socket.send({"text": " this is [hapy] the end.", "end": True})
        *messages, code = [*first, *await socket.rest()]
    assert code == 1000
    finished = messages[-1]
    assert finished["event"] == "finished"
    clip = finished["clip"]
    spoken = "".join(cue["text"] for cue in clip["utterances"])
    assert spoken.startswith(LONG) and spoken.endswith("the end.")
    assert {cue["emotion"] for cue in clip["utterances"]} == {"neutral", "happy"}
    assert [w["code"] for w in clip["warnings"]] and "hapy" in clip["warnings"][0]["message"]
    starts = [m["start_s"] for m in messages if isinstance(m, dict) and m["event"] == "fragment"]
    assert starts == sorted(starts) and starts[:4] == [0.0, 0.0, 1.0, 1.0]
    with av.open(io.BytesIO(played(messages, "video"))) as video:
        assert sum(1 for _ in video.decode(video=0)) == clip["frames"]
    with av.open(io.BytesIO(played(messages, "audio"))) as audio:
        heard = sum(frame.samples for frame in audio.decode(audio=0)) / 48_000
        assert heard == pytest.approx(clip["duration_s"], abs=0.1)
    assert service.stored() == []


async def test_cancel_ends_it_at_once(service: Service, connect: Connect) -> None:
    async with begun(connect) as socket:
        await socket.send({"text": f"{LONG} {LONG}"})
        await until_first_fragment(socket)
        await socket.send({"cancel": True})
        rest = await socket.rest()
    assert rest[-2:] == [{"event": "cancelled"}, 1000]
    assert service.stored() == []


async def test_whoever_leaves_leaves_nothing(service: Service, connect: Connect) -> None:
    async with begun(connect) as socket:
        await socket.send({"text": LONG + " And"})
        await until_first_fragment(socket)
        await socket.leave()
    early = await connect()
    await early.leave()
    for each in (socket, early):
        assert each.task is not None
        await asyncio.wait({each.task}, timeout=20)
    assert service.stored() == []


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], "invalid_input"),
        (["[]"], "invalid_input"),
        ([{"sise": 1}], "invalid_input"),
        ([START | {"text": "Hello"}], "invalid_input"),
        ([START | {"driving_video": "0" * 32}], "invalid_input"),
        ([START | {"portrait": "0" * 32}], "unknown_portrait"),
        ([START | {"tier": "luxury"}], "unknown_tier"),
        ([START, {"shout": "Hello"}], "invalid_input"),
        ([START, {"text": 5}], "invalid_input"),
        ([START, {"text": "x" * 10_001}], "invalid_input"),
        ([START, {"end": True}], "empty_text"),
        ([START, {"text": "[happy]", "end": True}], "empty_text"),
        ([START, {"text": "word " * 50}], "text_too_long"),
        ([START | {"voice": "nobody"}, {"text": "Hello.", "end": True}], "unknown_voice"),
        ([START | {"face": 2}, {"text": "Hello.", "end": True}], "invalid_input"),
    ],
)
async def test_refusals(
    service: Service, connect: Connect, messages: list[object], code: str
) -> None:
    socket = await connect()
    assert await socket.next() == "websocket.accept"
    for message in messages:
        await socket.send(message)
    told, closed = await socket.rest()
    assert (told["event"], told["problem"]["code"], closed) == ("error", code, 1008)
    assert told["problem"]["request_id"]
    assert service.stored() == []


async def test_tier_that_is_not_there(connect: Connect) -> None:
    socket = await connect()
    await socket.next()
    await socket.send(START | {"tier": "premium"})
    told, closed = await socket.rest()
    assert (told["problem"]["code"], closed) == ("tier_unavailable", 1011)


async def test_pages_of_other_origins_are_turned_away(connect: Connect) -> None:
    assert await (await connect((b"origin", b"https://evil.example"))).next() == 1008
    own = await connect((b"origin", b"http://localhost"))
    assert await own.next() == "websocket.accept"
    await own.leave()


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"max_live_sessions": 1}, "queue_full"), ({"limits": {"live": 1}}, "limit_reached")],
)
async def test_sessions_at_a_time_are_limited(
    service: Service, connect: Connect, limits: dict[str, Any], code: str
) -> None:
    changed = {**service.gateway.config.model_dump(), **limits}
    service.gateway.config = GatewayConfig.model_validate(changed)
    async with begun(connect) as first:
        async with begun(connect) as second:
            found = await second.rest()
            assert found[0]["problem"]["code"] == code and found[-1] != 1000
        await first.send({"cancel": True})
        await first.rest()
    async with begun(connect) as third:  # there is room again
        await third.send({"text": LONG, "end": True})
        assert (await third.rest())[-1] == 1000

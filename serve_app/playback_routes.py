"""The routes of HTTP Live Streaming."""

import asyncio
from typing import Annotated, Any

from fastapi import FastAPI, Path, Response

from backends.composition.credentials import MADE_BY_AI
from serve_app.gateway import Gateway
from serve_app.guard import Who
from serve_app.openapi import binary
from serve_app.playback import Track
from serve_app.responses import made_by_ai

Run = Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")]
_PLAYLIST = "application/vnd.apple.mpegurl"
_MARK = made_by_ai(MADE_BY_AI, signed=False)
_GROWS = {"Cache-Control": "no-cache"} | _MARK
_STAYS = {"Cache-Control": "max-age=31536000, immutable"} | _MARK


class _Playlist(Response):
    media_type = _PLAYLIST


_PLAYLISTS: dict[str, Any] = {
    "tags": ["videos"],
    "response_class": _Playlist,
    "responses": binary(_PLAYLIST, ranges=False),
}
_FRAGMENTS: dict[str, Any] = {
    "tags": ["videos"],
    "response_class": Response,
    "responses": binary("video/mp4", "audio/mp4", ranges=False),
}


def add_playback(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/v1/videos/{job}/hls/master.m3u8", **_PLAYLISTS)
    async def get_master_playlist(who: Who, job: str) -> Response:
        """To be watched while it is made, from the first second on, and later: HTTP Live Streaming."""
        playback = await gateway.playback(who, job)
        return _Playlist(await asyncio.to_thread(playback.master), headers=_GROWS)

    @api.get("/v1/videos/{job}/hls/{run}/{track}.m3u8", **_PLAYLISTS)
    async def get_playlist(who: Who, job: str, run: Run, track: Track) -> Response:
        """What there is of a track by now."""
        playback = await gateway.playback(who, job, run)
        return _Playlist(await asyncio.to_thread(playback.playlist, track), headers=_GROWS)

    @api.get("/v1/videos/{job}/hls/{run}/{track}/{name}", **_FRAGMENTS)
    async def get_fragment(who: Who, job: str, run: Run, track: Track, name: str) -> Response:
        """A track's header or a fragment of it, as the playlists name them."""
        playback = await gateway.playback(who, job, run)
        data = await asyncio.to_thread(playback.file, track, name)
        return Response(data, headers=_STAYS, media_type=f"{track}/mp4")

"""The routes of HTTP Live Streaming."""

import asyncio
from typing import Annotated

from fastapi import FastAPI, Path, Response

from serve_app.gateway import Gateway
from serve_app.playback import Track

_PLAYLIST = "application/vnd.apple.mpegurl"
_GROWS = {"Cache-Control": "no-cache"}
_STAYS = {"Cache-Control": "max-age=31536000, immutable"}


class _Playlist(Response):
    media_type = _PLAYLIST


class _Fragment(Response):
    media_type = "video/mp4"


def add_playback(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/v1/videos/{job}/hls/master.m3u8", tags=["videos"], response_class=_Playlist)
    async def master(job: str) -> Response:
        """To be watched while it is made, from the first second on, and later: HTTP Live Streaming."""
        playback = await gateway.playback(job)
        return _Playlist(await asyncio.to_thread(playback.master), headers=_GROWS)

    @api.get("/v1/videos/{job}/hls/{track}.m3u8", tags=["videos"], response_class=_Playlist)
    async def playlist(job: str, track: Track) -> Response:
        """What there is of a track by now."""
        playback = await gateway.playback(job)
        return _Playlist(await asyncio.to_thread(playback.playlist, track), headers=_GROWS)

    @api.get(
        "/v1/videos/{job}/hls/{attempt}/{track}/{name}", tags=["videos"], response_class=_Fragment
    )
    async def fragment(
        job: str, attempt: Annotated[int, Path(ge=1, le=1000)], track: Track, name: str
    ) -> Response:
        """A track's header or a fragment of it, as the playlists name them."""
        playback = await gateway.playback(job, attempt)
        data = await asyncio.to_thread(playback.file, track, name)
        return Response(data, headers=_STAYS, media_type=f"{track}/mp4")

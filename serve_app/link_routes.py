"""The routes of signed links."""

import time
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Body, FastAPI
from pydantic import Field

from serve_app import audit
from serve_app.auth import Principal, Scope
from serve_app.config import StrictModel
from serve_app.gateway import Gateway
from serve_app.grants import Grants
from serve_app.guard import Who
from serve_app.problems import ForbiddenError

_DAY_S = 86_400


class GrantRequest(StrictModel):
    scope: frozenset[Literal["read", "upload"]] = Field(
        default=frozenset({"read"}), min_length=1, max_length=2
    )
    """What the link is for: fetching, uploading, or both."""
    video: str | None = Field(default=None, max_length=64)
    """The only video that may be fetched; without it, all that you may see."""
    ttl_s: int = Field(default=900, ge=1, le=_DAY_S)
    """How long it holds."""


class ShareRequest(StrictModel):
    ttl_s: int = Field(default=7 * _DAY_S, ge=1, le=90 * _DAY_S)
    """How long the link holds."""


class Grant(StrictModel):
    prefix: str
    """Stands before the path: PREFIX/v1/videos/…"""
    expires_at: datetime


class Share(Grant):
    url: str
    """Path of the MP4."""
    hls: str
    """Path of the master playlist."""


def add_links(api: FastAPI, gateway: Gateway, grants: Grants) -> None:
    @api.post("/v1/grants", status_code=201, tags=["links"])
    async def create_grant(who: Who, wanted: GrantRequest) -> Grant:
        """A path prefix that lets a browser fetch and upload for you for a while, without your key."""
        if "upload" in wanted.scope and Scope.GENERATE not in who.scopes:
            raise ForbiddenError("links for uploading take the scope generate")
        if wanted.video is not None:
            await gateway.job(who, wanted.video)
        audit.did("create_grant", wanted.video or "")
        return _granted(grants, who, wanted.scope, wanted.video, wanted.ttl_s)

    @api.post("/v1/videos/{job}/share", status_code=201, tags=["links"])
    async def share_video(
        who: Who, job: str, wanted: Annotated[ShareRequest | None, Body()] = None
    ) -> Share:
        """A link by which anybody can watch this video, and nothing else, for a while."""
        await gateway.job(who, job)
        audit.did("share_video", job)
        ttl_s = (wanted or ShareRequest()).ttl_s
        grant = _granted(grants, who, {"read"}, job, ttl_s)
        video = f"{grant.prefix}/v1/videos/{job}"
        return Share(
            prefix=grant.prefix,
            expires_at=grant.expires_at,
            url=f"{video}/content",
            hls=f"{video}/hls/master.m3u8",
        )


def _granted(
    grants: Grants,
    who: Principal,
    scope: "frozenset[str] | set[str]",
    video: str | None,
    ttl_s: int,
) -> Grant:
    until = time.time() + ttl_s
    holder = Principal(who.tenant, frozenset(map(Scope, scope)), who.key, video)
    return Grant(
        prefix=grants.issue(holder, until), expires_at=datetime.fromtimestamp(int(until), UTC)
    )

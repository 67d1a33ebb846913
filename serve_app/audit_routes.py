"""The route of the audit log."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import AwareDatetime

from serve_app.audit import Line
from serve_app.config import StrictModel
from serve_app.gateway import Gateway

_KEY = r"^[A-Za-z0-9._:-]{1,128}$"


class AuditLine(StrictModel):
    at: datetime
    tenant: str
    """Empty where nobody knows who it was."""
    actor: str
    """First part of the API key, oidc: and whom a token named, operator, or empty where no key was asked for."""
    name: str
    """Of the API key."""
    action: str
    """As the operations of this interface are called."""
    object: str
    """Id of the video, the upload, the consent or the key."""
    outcome: str
    """done, or the code of a problem."""
    times: int
    """How often the like of it was refused within a few seconds."""
    request_id: str


class AuditPage(StrictModel):
    lines: tuple[AuditLine, ...]
    next: str | None
    """`after` of the next page; nothing on the last."""


def add_audit(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/v1/audit", tags=["service"])
    async def list_audit(
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        after: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
        since: Annotated[AwareDatetime | None, Query(description="Then or later.")] = None,
        key: Annotated[
            str | None,
            Query(pattern=_KEY, description="Name or first part of an API key."),
        ] = None,
    ) -> AuditPage:
        """Who changed what, and who was refused: the newest first, page by page. Takes the scope admin."""
        begin = None if since is None else since.timestamp()
        last = None if after is None else int(after)
        page = await asyncio.to_thread(gateway.audit.read, limit, last, begin, key)
        following = None if page.after is None else str(page.after)
        return AuditPage(lines=tuple(map(audit_line, page.lines)), next=following)


def audit_line(line: Line) -> AuditLine:
    return AuditLine.model_validate(asdict(line) | {"at": datetime.fromtimestamp(line.at, UTC)})

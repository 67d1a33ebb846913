"""The routes of consents."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import AwareDatetime, Field

from serve_app import audit
from serve_app.config import StrictModel
from serve_app.consents import Consent, new_consent
from serve_app.gateway import Gateway
from serve_app.guard import Who
from serve_app.problems import NotFoundError


class ConsentRequest(StrictModel):
    who: str = Field(min_length=1, max_length=200)
    """Whose face it is: a name, or whatever stands for one in your records."""
    purpose: str = Field(min_length=1, max_length=1000)
    """What they agreed to."""
    expires_at: AwareDatetime | None = None


class ConsentModel(StrictModel):
    id: str
    who: str
    purpose: str
    key: str
    """First part of the API key that recorded it; empty where none was asked for."""
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ConsentList(StrictModel):
    consents: tuple[ConsentModel, ...]


def add_consents(api: FastAPI, gateway: Gateway) -> None:
    consents = gateway.consents

    @api.post("/v1/consents", status_code=201, tags=["consents"])
    async def create_consent(who: Who, wanted: ConsentRequest) -> ConsentModel:
        """Records that somebody agreed to be made to speak; its id is `consent` of a video request."""
        until = None if wanted.expires_at is None else wanted.expires_at.timestamp()
        consent = new_consent(who, wanted.who, wanted.purpose, until)
        await asyncio.to_thread(consents.add, consent)
        audit.did("create_consent", consent.id)
        return _model(consent)

    @api.get("/v1/consents", tags=["consents"])
    async def list_consents(
        who: Who, limit: Annotated[int, Query(ge=1, le=1000)] = 200
    ) -> ConsentList:
        """The newest first, revoked ones too."""
        found = await asyncio.to_thread(consents.list, who.tenant, limit)
        return ConsentList(consents=tuple(map(_model, found)))

    @api.get("/v1/consents/{consent}", tags=["consents"])
    async def get_consent(who: Who, consent: str) -> ConsentModel:
        found = await asyncio.to_thread(consents.find, who.tenant, consent)
        if found is None:
            raise NotFoundError(f"there is no consent {consent!r}")
        return _model(found)

    @api.delete("/v1/consents/{consent}", status_code=204, tags=["consents"])
    async def revoke_consent(who: Who, consent: str) -> None:
        """Revokes it, cancels what is being made under it, and deletes the portraits and videos that were."""
        await gateway.revoke(who, consent)


def _model(consent: Consent) -> ConsentModel:
    times = {
        name: None
        if (time_s := getattr(consent, name)) is None
        else datetime.fromtimestamp(time_s, UTC)
        for name in ("created_at", "expires_at", "revoked_at")
    }
    told = {name: value for name, value in asdict(consent).items() if name != "tenant"}
    return ConsentModel.model_validate(told | times)

"""A gateway with its HTTP interface over a real tier in this process, without Ray."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from serve_app.api import create_api
from serve_app.clients import Stages, TierClient, TierState
from serve_app.config import GatewayConfig, TierConfig
from serve_app.gateway import Gateway
from serve_app.guard import Authority
from serve_app.sql_audit import SqlAudit
from serve_app.sql_consents import SqlConsents
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from serve_app.tier import Tier

MAX_UPLOAD = 200_000
TEXT = "Hello [happy] everyone!"


@dataclass
class LocalTiers:
    """Tiers in this process; some may be out of order."""

    clients: Mapping[str, TierClient]
    broken: dict[str, str] = field(default_factory=dict)

    async def states(self) -> Mapping[str, TierState]:
        working = {name: TierState(True) for name in self.clients if name not in self.broken}
        return working | {name: TierState(False, why) for name, why in self.broken.items()}

    async def client(self, name: str) -> TierClient:
        return self.clients[name]


@dataclass
class Service:
    http: httpx.AsyncClient
    gateway: Gateway
    tier: Tier
    tiers: LocalTiers
    storage: FolderStorage
    jobs: SqlJobs

    async def post(self, **fields: Any) -> httpx.Response:
        body = {"text": TEXT, "tier": "test", "size": 128, "quality": "draft"} | fields
        return await self.http.post("/v1/videos", json=body)

    async def make(self, **fields: Any) -> dict[str, Any]:
        """A video that is finished, one way or the other."""
        posted = await self.post(**fields)
        assert posted.status_code == 202, posted.text
        running = asyncio.create_task(self.tier.run())
        try:
            async with asyncio.timeout(60):
                while True:
                    job = (await self.get(posted.headers["location"])).json()
                    if job["status"] not in ("queued", "running"):
                        return dict(job)
                    await asyncio.sleep(0.02)
        finally:
            running.cancel()
            await asyncio.wait({running})

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    def stored(self) -> list[str]:
        root = self.storage.root
        return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


@asynccontextmanager
async def opened(
    stages: Stages,
    storage: FolderStorage,
    jobs: SqlJobs,
    tier: TierConfig,
    authority: Authority | None = None,
    **config: Any,
) -> AsyncIterator[Service]:
    """
    Args:
        authority: without one everybody on this machine may ask.
        config: fields of the gateway's configuration.
    """
    for folder in ("jobs", "uploads", "previews"):
        storage.delete(folder)
    local = Tier(tier, stages, storage, jobs)
    tiers = LocalTiers(
        {"test": local}, {"premium": "WeightsMissingError: run prosopon models pull"}
    )
    usual = {"max_upload_bytes": MAX_UPLOAD, "max_queued_jobs": 3, "generate_wait_s": 20}
    settings = GatewayConfig.model_validate({"tiers": ("test", "premium"), **usual, **config})
    consents, audit = SqlConsents(jobs.database), SqlAudit(jobs.database)
    gateway = Gateway(settings, jobs, storage, tiers, consents, audit)
    transport = httpx.ASGITransport(create_api(gateway, authority), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Service(http, gateway, local, tiers, storage, jobs)


def refused(response: httpx.Response, status: int, code: str, *words: str) -> None:
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert (response.status_code, document["status"], document["code"]) == (status, status, code)
    assert document["type"] == "about:blank" and document["title"]
    for word in words:
        assert word in document["detail"], document["detail"]

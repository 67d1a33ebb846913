"""A service in this process with small engines, for what the one under Ray has no weights for."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn

from backends.speech.tone import ToneEngine
from serve_app.api import create_api
from serve_app.config import EngineConfig, GatewayConfig, TierConfig
from serve_app.deployments import Speech
from serve_app.gateway import Gateway
from serve_app.local import local_stages
from serve_app.sql_audit import SqlAudit
from serve_app.sql_consents import SqlConsents
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from serve_app.tier import Tier
from tests.unit.serve_app.http_service import LocalTiers

_TIER = TierConfig(
    tier="small",
    title="A hum, and a sketch of a face",
    speech=EngineConfig(engine="tone"),
    animation=EngineConfig(engine="sketch"),
    max_characters=300,
)


class _AnybodyEngine(ToneEngine):
    """A hum that calls itself anybody's voice."""

    def __init__(self) -> None:
        super().__init__()
        own = self._info.voices
        anybody = replace(own[0], id="tone:cloned", name="cloned", cloned=True)
        self._info = replace(self._info, voices=(*own, anybody), cloning=True)


@contextmanager
def small_service(folder: Path, port: int, *origins: str) -> Iterator[str]:
    """Runs while the block does; its address.

    Args:
        folder: of its jobs and files.
        origins: whose pages may ask.
    """
    storage, jobs = FolderStorage(folder / "store"), SqlJobs(f"sqlite:///{folder / 'jobs.sqlite'}")
    speech = Speech(_TIER.speech, storage)
    speech._engine = _AnybodyEngine()
    tier = Tier(_TIER, replace(local_stages(_TIER, storage), speech=speech), storage, jobs)
    config = GatewayConfig(tiers=("small",), cors_origins=origins, consent="require")
    tiers, consents = LocalTiers({"small": tier}), SqlConsents(jobs.database)
    api = create_api(Gateway(config, jobs, storage, tiers, consents, SqlAudit(jobs.database)))
    server = uvicorn.Server(uvicorn.Config(api, port=port, log_level="warning", ws="none"))

    async def serve() -> None:
        working = asyncio.create_task(tier.run())
        await server.serve()
        working.cancel()
        await asyncio.wait({working})

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(60)
        jobs.close()

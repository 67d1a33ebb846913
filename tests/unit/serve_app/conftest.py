"""A small real tier in this process: the tone voice and the sketch, on the astronaut's portrait."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from serve_app.clients import Stages
from serve_app.config import EngineConfig, TierConfig
from serve_app.local import local_stages
from serve_app.schemas import VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from tests.unit.serve_app.http_service import Service, opened
from tests.unit.serve_app.postgres import Server, running_server

TIER = TierConfig(
    tier="test",
    title="Tone and sketch",
    speech=EngineConfig(engine="tone"),
    animation=EngineConfig(engine="sketch"),
    max_characters=200,
)


@pytest.fixture
def tier() -> TierConfig:
    return TIER


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a new job store, in each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    server: Server = request.getfixturevalue("server")
    return server.new_database()


@pytest.fixture(scope="module")
def shared_storage(tmp_path_factory: pytest.TempPathFactory) -> FolderStorage:
    return FolderStorage(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def stages(shared_storage: FolderStorage) -> Stages:
    """Shared by the tests of a file, so that the portrait is prepared once."""
    return local_stages(TIER, shared_storage)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[SqlJobs]:
    store = SqlJobs(f"sqlite:///{tmp_path / 'jobs.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def request_() -> VideoRequest:
    return VideoRequest(text="Hello there.", tier="test", size=128, quality="draft")


@pytest.fixture
async def service(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
) -> AsyncIterator[Service]:
    async with opened(stages, shared_storage, jobs, tier) as found:
        yield found

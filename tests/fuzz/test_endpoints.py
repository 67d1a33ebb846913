"""A minute's worth of `make fuzz`: whatever is asked, every endpoint answers, and never by failing."""

from pathlib import Path

import pytest

from serve_app.clients import Stages
from serve_app.local import local_stages
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from tests.fuzz.endpoints import endpoints
from tests.unit.serve_app.conftest import TIER

CASES = 20


# Starlette leaves the file of a part that never ends to Python, which closes it.
@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning")
async def test_no_request_makes_the_service_fail(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "store")
    stages: Stages = local_stages(TIER, storage)
    jobs = SqlJobs(f"sqlite:///{tmp_path / 'jobs.sqlite'}")
    async with endpoints(stages, storage, jobs, TIER) as attacked:
        names = await attacked.names()
        assert len(names) > 30
        for name in names:
            await attacked.attack(name, CASES)
    jobs.close()

"""Two tenants whose videos are made at once, in small: `python -m benchmarks.tenants` is the full form, on Ray."""

import asyncio

import numpy as np
import pytest

from benchmarks.tenants import PATHS, Tenant, Trial, tenants
from serve_app.auth import KeyRing
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.grants import Grants
from serve_app.guard import Authority
from serve_app.secret import Secret
from serve_app.sql_jobs import SqlJobs
from serve_app.sql_keys import SqlKeys
from serve_app.storage import FolderStorage
from tests.unit.serve_app.http_service import Service, opened
from tests.unit.serve_app.test_auth import SECRET

JOBS = 6
FIELDS = {"size": 128, "quality": "draft", "tier": "test"}


async def carried_out(service: Service, trial: Trial, jobs: int) -> None:
    running = asyncio.create_task(service.tier.run())
    try:
        await trial.run(jobs)
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_neither_sees_a_thing_of_the_other(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
) -> None:
    keys = SqlKeys(jobs.database)
    authority = Authority(Grants(Secret(SECRET)), KeyRing(keys), required=True)
    async with opened(
        stages, shared_storage, jobs, tier, authority,
        consent="record", max_upload_bytes=4_000_000, max_queued_jobs=50,
    ) as service:  # fmt: skip
        both = tenants(keys)
        trial = Trial(service.http, both, **FIELDS)
        await carried_out(service, trial, JOBS)
        found = trial.found
        assert found.wrong == []
        assert found.videos == JOBS and found.frames > 10 * JOBS
        assert found.asked_in_vain == 2 * JOBS * (len(PATHS) + 1) + 2
        stored = "\n".join(service.stored())
        assert not any(tenant.word in stored for tenant in both), "file names are ids"


async def test_the_trial_finds_what_is_crossed(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
) -> None:
    """Both with one key, so that everything of the one is seen by the other."""
    keys = SqlKeys(jobs.database)
    authority = Authority(Grants(Secret(SECRET)), KeyRing(keys), required=True)
    async with opened(
        stages, shared_storage, jobs, tier, authority,
        consent="record", max_upload_bytes=4_000_000, max_queued_jobs=50,
    ) as service:  # fmt: skip
        one, two = tenants(keys)
        trial = Trial(service.http, (one, Tenant(two.word, two.red, one.headers)), **FIELDS)
        await carried_out(service, trial, 0)
        wrong = "\n".join(trial.found.wrong)
        assert "took the other's portrait" in wrong


@pytest.mark.parametrize("red", [True, False])
def test_a_frame_of_the_other_is_told(red: bool) -> None:
    frame = np.zeros((4, 4, 3), np.uint8)
    frame[..., 0 if red else 2] = 200
    assert Tenant("a", red, {}).owns(frame) and not Tenant("b", not red, {}).owns(frame)

"""The visible mark in finished videos: in the frames that HLS and the MP4 share, or on a card behind the last word."""

import io

import av
import numpy as np
import pytest

from backends.types import ImageArray
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from tests.unit.serve_app.http_service import Service, opened


async def made(service: Service, **fields: str) -> tuple[dict[str, float], list[ImageArray]]:
    """A clip's facts, and its frames."""
    job = await service.make(text="Hello there.", **fields)
    assert job["status"] == "succeeded", job["error"]
    clip = await service.get(f"/v1/videos/{job['id']}/content")
    with av.open(io.BytesIO(clip.content)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        sound = sum(frame.samples for frame in av.open(io.BytesIO(clip.content)).decode(audio=0))
    assert sound / 48_000 == pytest.approx(len(frames) / 25, abs=0.1)
    return job["clip"], frames


def corner(frame: ImageArray) -> ImageArray:
    return frame[: frame.shape[0] // 6, frame.shape[1] // 3 :].astype(int)


async def test_card_at_the_end_comes_after_all_that_is_said(service: Service) -> None:
    facts, frames = await made(service, label="end")
    assert facts["frames"] == len(frames)
    said_s = facts["utterances"][-1]["end_s"]
    assert len(frames) / 25 >= said_s + 2
    assert frames[-1].mean() < 45 and frames[-1].max() > 220
    assert frames[round(said_s * 25)].mean() > 60


@pytest.mark.parametrize("asked", ["off", "corner"])
async def test_corner_where_the_request_or_the_tier_wants_it(
    stages: Stages,
    shared_storage: FolderStorage,
    jobs: SqlJobs,
    tier: TierConfig,
    asked: str,
) -> None:
    marking = tier.model_copy(update={"label": "off" if asked == "corner" else "corner"})
    async with opened(stages, shared_storage, jobs, marking) as service:
        _, frames = await made(service, label=asked)
    bright = [np.mean(corner(frame).min(axis=2) > 200) for frame in frames]
    assert min(bright) > 0.01, "letters in every frame"


async def test_unknown_label_is_refused(service: Service) -> None:
    assert (await service.post(label="middle")).status_code == 422

"""HTTP Live Streaming of a job that is in work, over the HTTP interface, with real stages in this process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import av
import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.errors import AnimationError, EngineError
from serve_app.api import create_api
from serve_app.clients import DrawTask, Stages, TierClient, TierState
from serve_app.config import GatewayConfig, TierConfig
from serve_app.director import Director
from serve_app.gateway import Gateway
from serve_app.jobs import job_files, new_job_id
from serve_app.runner import Runner
from serve_app.schemas import Job, VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage

TEXT = "Hello everyone! This is a second sentence. And this here is a third one."
GRID = (0, 25, 75)
"""First frames of the pieces that are whole before the clip is."""


class NoTiers:
    async def states(self) -> dict[str, TierState]:
        return {}

    async def client(self, name: str) -> TierClient:
        raise NotImplementedError


class Gated:
    """The sketch, that draws a segment when it is let."""

    def __init__(self, stages: Stages) -> None:
        self._draw = stages.animation.draw
        self.describe, self.prepare = stages.animation.describe, stages.animation.prepare
        self.encoder, self.examine = stages.animation.encoder, stages.animation.examine
        self.capture = stages.animation.capture
        self.gates: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.failures: dict[int, list[Exception]] = {}
        self.open = False

    async def draw(self, task: DrawTask) -> None:
        start = task.performance.start
        if not self.open:
            await self.gates[start].wait()
        if self.failures.get(start):
            raise self.failures[start].pop()
        await self._draw(task)

    def let(self, *starts: int) -> None:
        for start in starts:
            self.gates[start].set()

    def let_all(self) -> None:
        self.open = True
        self.let(*self.gates)


@dataclass
class Theatre:
    http: httpx.AsyncClient
    storage: FolderStorage
    jobs: SqlJobs
    tier: TierConfig
    stages: Stages
    gated: Gated
    job: str = field(default_factory=new_job_id)

    async def get(self, path: str) -> httpx.Response:
        url = f"/v1/videos/{self.job}/hls/{path}"
        return await self.http.get(url, follow_redirects=True)  # one slash too many is forgiven

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        """A job in work, each segment of which waits to be let."""
        request = VideoRequest(text=TEXT, tier="test", size=128, quality="draft")
        self.jobs.create(self.job, request)
        director = Director(replace(self.stages, animation=self.gated), self.storage, self.tier)
        runner = Runner(director, self.jobs, self.storage, "test", beat_s=0.02, poll_s=0.02)
        task = asyncio.create_task(runner.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def until(self, reached: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(60):
            while True:
                if await reached():
                    return
                await asyncio.sleep(0.01)

    async def listed(self, *starts: int) -> None:
        """Waits until the playlists list these and no others."""

        async def reached() -> bool:
            texts = [(await self.get(f"{track}.m3u8")).text for track in ("video", "audio")]
            return all(pieces(text) == list(starts) for text in texts)

        await self.until(reached)

    async def finished(self) -> Job:
        async def final() -> bool:
            return self.jobs.get(self.job).status.final

        await self.until(final)
        return self.jobs.get(self.job)

    async def recorded(self, folder: Path) -> tuple[Path, dict[str, bytes]]:
        """What a player gets that follows the playlists: in a folder, where they end, and by path."""
        master = await self.get("master.m3u8")
        assert master.status_code == 200
        found = {"master.m3u8": master.content}
        for track in ("video", "audio"):
            playlist = await self.get(f"{track}.m3u8")
            found[f"{track}.m3u8"] = playlist.content
            lines = playlist.text.splitlines()
            [init] = [line.split('"')[1] for line in lines if "EXT-X-MAP" in line]
            for path in [init, *(line for line in lines if line[0] != "#")]:
                answer = await self.get(path)
                assert answer.status_code == 200, answer.text
                assert answer.headers["content-type"] == f"{track}/mp4"
                assert "immutable" in answer.headers["cache-control"]
                found[path] = answer.content
        for path, content in found.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            # A player waits for more as long as a playlist does not end.
            more = b"#EXT-X-ENDLIST\n" if path in ("video.m3u8", "audio.m3u8") else b""
            (folder / path).write_bytes(content.removesuffix(more) + more)
        return folder / "master.m3u8", found

    def stored(self) -> set[str]:
        root = self.storage.path(job_files(self.job))
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    @property
    def clip(self) -> Path:
        job = self.jobs.get(self.job)
        return self.storage.path(f"{job_files(job.id, job.attempts)}/clip.mp4")


@pytest.fixture
async def theatre(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
) -> AsyncIterator[Theatre]:
    gateway = Gateway(GatewayConfig(tiers=("test",)), jobs, shared_storage, NoTiers())
    transport = httpx.ASGITransport(create_api(gateway), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield Theatre(http, shared_storage, jobs, tier, stages, Gated(stages))


def pieces(playlist: str) -> list[int]:
    """First frames of the fragments that a playlist lists."""
    lines = (line for line in playlist.splitlines() if line.endswith(".m4s"))
    return [int(Path(line).stem) for line in lines]


def refused(response: httpx.Response, status: int, code: str) -> None:
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["code"]) == (status, code)


def frames(source: Path) -> list[tuple[float | None, bytes]]:
    """Every frame with its time in seconds."""
    with av.open(str(source)) as container:
        return [(f.time, f.to_ndarray().tobytes()) for f in container.decode(video=0)]


def samples(source: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    with av.open(str(source)) as container:
        return np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])


async def test_video_is_played_while_it_is_made_and_after(theatre: Theatre, tmp_path: Path) -> None:
    async with theatre.playing():
        for path in ("master.m3u8", "video.m3u8", "audio.m3u8"):
            refused(await theatre.get(path), 409, "not_ready")
        theatre.gated.let(25)  # what lies before it is missing
        await theatre.until(lambda: has(theatre, "1/segments/0000025.mp4"))
        refused(await theatre.get("master.m3u8"), 409, "not_ready")
        theatre.gated.let(0)
        await theatre.listed(0, 25)
        early, told = await theatre.recorded(tmp_path / "early")
        theatre.gated.let(75)
        await theatre.listed(*GRID)
        _, later = await theatre.recorded(tmp_path / "later")
        theatre.gated.let_all()
        job = await theatre.finished()
    assert job.clip is not None and job.clip.frames > 125
    assert not any(path.split("/")[1] in ("segments", "sound") for path in theatre.stored())
    whole, last = await theatre.recorded(tmp_path / "whole")
    for track in ("video", "audio"):
        for less, more in ((told, later), (later, last)):
            assert b"ENDLIST" not in less[f"{track}.m3u8"]
            assert more[f"{track}.m3u8"].startswith(less[f"{track}.m3u8"])
        assert last[f"{track}.m3u8"].endswith(b"#EXT-X-ENDLIST\n")
    for path, content in {**told, **later}.items():
        assert path.endswith("m3u8") or last[path] == content
    shown, heard = frames(theatre.clip), samples(theatre.clip)
    assert len(shown) == job.clip.frames
    assert frames(whole) == shown and frames(early) == shown[:75]
    assert np.array_equal(samples(whole), heard)
    beginning = samples(early)
    assert len(beginning) >= 3 * 48_000
    assert np.array_equal(beginning, heard[: len(beginning)])


async def has(theatre: Theatre, path: str) -> bool:
    return theatre.storage.exists(f"{job_files(theatre.job)}/{path}")


async def test_playlists_are_asked_for_anew_and_told_as_such(theatre: Theatre) -> None:
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        for path in ("master.m3u8", "video.m3u8", "audio.m3u8"):
            playlist = await theatre.get(path)
            assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
            assert playlist.headers["cache-control"] == "no-cache"


async def test_second_attempt_does_not_mix_with_the_first(theatre: Theatre) -> None:
    theatre.gated.failures[25] = [AnimationError("it slipped")]
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        first = (await theatre.get("video.m3u8")).text
        theatre.gated.let(25)

        async def again() -> bool:
            return theatre.jobs.get(theatre.job).attempts == 2

        await theatre.until(again)
        await theatre.listed(0, 25)
        second = (await theatre.get("video.m3u8")).text
        assert "1/video/" in first and "1/" not in second and "2/video/0000025.m4s" in second
        refused(await theatre.get("1/video/0000000.m4s"), 404, "not_found")
        assert (await theatre.get("2/video/0000000.m4s")).status_code == 200


async def test_playlist_of_a_job_that_failed_ends(theatre: Theatre) -> None:
    theatre.gated.failures[25] = [EngineError("it broke")]
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        theatre.gated.let(25)
        assert (await theatre.finished()).error is not None
        for track in ("video", "audio"):
            assert (await theatre.get(f"{track}.m3u8")).text.endswith("#EXT-X-ENDLIST\n")


async def test_playlist_of_a_cancelled_job_ends(theatre: Theatre) -> None:
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        await theatre.http.delete(f"/v1/videos/{theatre.job}")
        for track in ("video", "audio"):
            assert (await theatre.get(f"{track}.m3u8")).text.endswith("#EXT-X-ENDLIST\n")
        await theatre.until(lambda: gone(theatre))
        refused(await theatre.get("1/video/0000000.m4s"), 404, "not_found")
        refused(await theatre.get("master.m3u8"), 409, "not_ready")


async def gone(theatre: Theatre) -> bool:
    return not await has(theatre, "1/segments/0000000.mp4")


_NAMES = {
    "1/video/0000001.m4s": 404,
    "1/video/0000150.m4s": 404,
    "1/video/9999999.m4s": 404,
    "1/video/25.m4s": 404,
    "1/video/00000000.m4s": 404,
    "1/video/0000000.mp4": 404,
    "1/video/0000000.m4s%0a": 404,
    "1/video/٠٠٠٠٠٠٠.m4s": 404,
    "1/video/clip.mp4": 404,
    "1/video/..%2fclip.mp4": 404,
    "1/audio/whole.mp4": 404,
    "1/captions/init.mp4": 422,
    "2/video/init.mp4": 404,
    "2/audio/init.mp4": 404,
    "0/video/init.mp4": 422,
    "-1/video/init.mp4": 422,
    "1/video/init.mp4/more": 404,
    f"{'9' * 400}/video/init.mp4": 422,
    "subtitles.m3u8": 422,
}
"""Paths that no playlist names, and what they are answered with."""


async def test_what_no_playlist_names_is_not_there(theatre: Theatre) -> None:
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        for path, status in _NAMES.items():
            answer = await theatre.get(path)
            assert answer.status_code == status, path
            assert answer.headers["content-type"] == "application/problem+json"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.one_of(st.text(), st.sampled_from(["..", "../../1/clip.mp4", "%2e%2e/x", "\0"])))
async def test_no_name_leads_out_of_the_playlists(theatre: Theatre, name: str) -> None:
    request = VideoRequest(text=TEXT, tier="test", size=128, quality="draft")
    theatre.job = new_job_id()
    theatre.jobs.create(theatre.job, request)
    for path in (f"1/video/{quote(name, safe='')}", quote(name, safe="")):
        answer = await theatre.get(path)
        # A path that clients shorten may lead to the job itself, which is no file.
        assert answer.status_code in (404, 422) or answer.json()["id"] == theatre.job


async def test_unknown_job(theatre: Theatre) -> None:
    for path in ("master.m3u8", "video.m3u8", "1/video/init.mp4"):
        refused(await theatre.get(path), 404, "not_found")

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
from serve_app.sql_audit import SqlAudit
from serve_app.sql_consents import SqlConsents
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

    @property
    def run(self) -> str:
        """What the job is at now; 0 before it is at any."""
        return self.jobs.get(self.job).run or "0"

    async def playlist(self, track: str) -> httpx.Response:
        return await self.get(f"{self.run}/{track}.m3u8")

    def runner(self) -> Runner:
        animated = replace(self.stages, animation=self.gated)
        director = Director(animated, self.storage, self.tier, pause_s=0.0)
        return Runner(
            director, self.jobs, self.storage, "test", beat_s=0.02, poll_s=0.02, again_s=0.0
        )

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        """A job in work, each segment of which waits to be let."""
        request = VideoRequest(text=TEXT, tier="test", size=128, quality="draft")
        self.jobs.create(self.job, request)
        async with self.working():
            yield

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.runner().run())
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
            texts = [(await self.playlist(track)).text for track in ("video", "audio")]
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
            playlist = await self.playlist(track)
            found[f"{self.run}/{track}.m3u8"] = playlist.content
            lines = playlist.text.splitlines()
            [init] = [line.split('"')[1] for line in lines if "EXT-X-MAP" in line]
            for name in [init, *(line for line in lines if line[0] != "#")]:
                answer = await self.get(path := f"{self.run}/{name}")
                assert answer.status_code == 200, answer.text
                assert answer.headers["content-type"] == f"{track}/mp4"
                assert "immutable" in answer.headers["cache-control"]
                found[path] = answer.content
        for path, content in found.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            # A player waits for more as long as a playlist does not end.
            more = b"#EXT-X-ENDLIST\n" if path.endswith(("video.m3u8", "audio.m3u8")) else b""
            (folder / path).write_bytes(content.removesuffix(more) + more)
        return folder / "master.m3u8", found

    def stored(self) -> set[str]:
        """What is stored of the job, without the name of the run."""
        keys = [entry.key for entry in self.storage.list(job_files(self.job))]
        return {key.split("/", 3)[-1] for key in keys}

    @property
    def clip(self) -> Path:
        return self.storage.path(f"{job_files(self.job, self.run)}/clip.mp4")


@pytest.fixture
async def theatre(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
) -> AsyncIterator[Theatre]:
    config, consents = GatewayConfig(tiers=("test",)), SqlConsents(jobs.database)
    audit = SqlAudit(jobs.database)
    gateway = Gateway(config, jobs, shared_storage, NoTiers(), consents, audit)
    transport = httpx.ASGITransport(create_api(gateway), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
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
        refused(await theatre.get("master.m3u8"), 409, "not_ready")
        theatre.gated.let(25)  # what lies before it is missing
        await theatre.until(lambda: has(theatre, "segments/0000025.mp4"))
        refused(await theatre.get("master.m3u8"), 409, "not_ready")
        for track in ("video", "audio"):
            refused(await theatre.playlist(track), 409, "not_ready")
        theatre.gated.let(0)
        await theatre.listed(0, 25)
        early, told = await theatre.recorded(tmp_path / "early")
        theatre.gated.let(75)
        await theatre.listed(*GRID)
        _, later = await theatre.recorded(tmp_path / "later")
        theatre.gated.let_all()
        job = await theatre.finished()
        await theatre.until(lambda: tidied(theatre))
    assert job.clip is not None and job.clip.frames > 125
    whole, last = await theatre.recorded(tmp_path / "whole")
    for less, more in ((told, later), (later, last)):
        grows(less, more, theatre.run)
    for track in ("video", "audio"):
        assert b"ENDLIST" not in later[f"{theatre.run}/{track}.m3u8"]
        assert last[f"{theatre.run}/{track}.m3u8"].endswith(b"#EXT-X-ENDLIST\n")
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
    return path in theatre.stored()


async def tidied(theatre: Theatre) -> bool:
    return not any(path.startswith(("segments", "sound", "speech")) for path in theatre.stored())


def grows(less: dict[str, bytes], more: dict[str, bytes], run: str) -> None:
    for track in ("video", "audio"):
        assert more[f"{run}/{track}.m3u8"].startswith(less[f"{run}/{track}.m3u8"])


async def test_playlists_are_asked_for_anew_and_told_as_such(theatre: Theatre) -> None:
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        for path in ("master.m3u8", f"{theatre.run}/video.m3u8", f"{theatre.run}/audio.m3u8"):
            playlist = await theatre.get(path)
            assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
            assert playlist.headers["cache-control"] == "no-cache"


async def test_next_attempt_goes_on_with_the_playlists_of_the_first(
    theatre: Theatre, tmp_path: Path
) -> None:
    theatre.gated.failures[75] = [AnimationError("it slipped")] * 3
    async with theatre.playing():
        theatre.gated.let(0, 25)
        await theatre.listed(0, 25)
        _, before = await theatre.recorded(tmp_path / "before")
        theatre.gated.let(75)

        async def again() -> bool:
            return theatre.jobs.get(theatre.job).attempts == 2

        await theatre.until(again)
        _, between = await theatre.recorded(tmp_path / "between")
        theatre.gated.let_all()
        assert (await theatre.finished()).attempts == 2
    _, after = await theatre.recorded(tmp_path / "after")
    assert before["master.m3u8"] == between["master.m3u8"]
    grows(before, between, theatre.run)
    grows(between, after, theatre.run)
    assert all(after[path] == data for path, data in before.items() if path.endswith(".m4s"))


async def test_playlists_of_a_version_that_was_replaced_end_and_others_begin(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        old = theatre.run
        before = (await theatre.playlist("video")).text
    monkeypatch.setattr("serve_app.director.code_version", lambda: "the next one's")
    async with theatre.working():

        async def replaced() -> bool:
            return theatre.run != old

        await theatre.until(replaced)
        await theatre.listed(0)
        ended = (await theatre.get(f"{old}/video.m3u8")).text
        assert ended == before + "#EXT-X-ENDLIST\n"
        assert f"{theatre.run}/video.m3u8" in (await theatre.get("master.m3u8")).text
        theatre.gated.let_all()
        await theatre.finished()
        await theatre.until(lambda: tidied(theatre))
    refused(await theatre.get(f"{old}/video.m3u8"), 404, "not_found")


async def test_what_a_failed_job_had_made_is_gone(theatre: Theatre) -> None:
    theatre.gated.failures[25] = [EngineError("it broke")]
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        theatre.gated.let(25)
        assert (await theatre.finished()).error is not None
        await theatre.until(lambda: nothing(theatre))
    await gone(theatre, "it broke")


async def test_what_a_cancelled_job_had_made_is_gone(theatre: Theatre) -> None:
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        await theatre.http.delete(f"/v1/videos/{theatre.job}")
        await gone(theatre, "cancelled")
        await theatre.until(lambda: nothing(theatre))
    await gone(theatre, "cancelled")


async def nothing(theatre: Theatre) -> bool:
    return not theatre.stored()


async def gone(theatre: Theatre, reason: str) -> None:
    run = theatre.run
    for path in ("master.m3u8", f"{run}/video.m3u8", f"{run}/video/0000000.m4s"):
        answer = await theatre.get(path)
        refused(answer, 410, "gone")
        assert reason in answer.json()["detail"]


_NAMES = {
    "RUN/video/0000001.m4s": 404,
    "RUN/video/0000150.m4s": 404,
    "RUN/video/9999999.m4s": 404,
    "RUN/video/25.m4s": 404,
    "RUN/video/00000000.m4s": 404,
    "RUN/video/0000000.mp4": 404,
    "RUN/video/0000000.m4s%0a": 404,
    "RUN/video/٠٠٠٠٠٠٠.m4s": 404,
    "RUN/video/clip.mp4": 404,
    "RUN/video/..%2fclip.mp4": 404,
    "RUN/audio/whole.mp4": 404,
    "RUN/captions/init.mp4": 422,
    "2/video/init.mp4": 404,
    "2/audio/init.mp4": 404,
    "0/video/init.mp4": 404,
    "0/video.m3u8": 404,
    "-1/video/init.mp4": 422,
    "../video/init.mp4": 404,
    "RUN/video/init.mp4/more": 404,
    f"{'9' * 400}/video/init.mp4": 422,
    "subtitles.m3u8": 404,
    "RUN/subtitles.m3u8": 422,
}
"""Paths that no playlist names, and what they are answered with."""


async def test_what_no_playlist_names_is_not_there(theatre: Theatre) -> None:
    async with theatre.playing():
        theatre.gated.let(0)
        await theatre.listed(0)
        for path, status in _NAMES.items():
            answer = await theatre.get(path.replace("RUN", theatre.run))
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
    for path in (f"RUN/video/{quote(name, safe='')}", quote(name, safe="")):
        answer = await theatre.get(path)
        # A path that clients shorten may lead to the job itself, which is no file.
        assert answer.status_code in (404, 422) or answer.json()["id"] == theatre.job


async def test_unknown_job(theatre: Theatre) -> None:
    for path in ("master.m3u8", "0/video.m3u8", "0/video/init.mp4"):
        refused(await theatre.get(path), 404, "not_found")

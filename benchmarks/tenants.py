"""Two tenants of one service at once: does either ever see a thing of the other?

    python -m benchmarks.tenants [--jobs 200]

Videos of both are asked for in turn, with the same words but one, the same seed, and the same face in another colour.
Of every video each frame is looked at, and everything that is told of it; the other tenant asks for all of it too.
Prints what was found and writes benchmarks/results/tenants.json; ends with 1 where anything was seen.
"""

import argparse
import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
from PIL import Image
from rich.console import Console

from backends.faces.presets import preset
from benchmarks.machine import keep, stamp
from serve_app.auth import new_key
from serve_app.config import read_serve_config
from serve_app.database import Database
from serve_app.service import LocalService
from serve_app.sql_keys import SqlKeys

PATHS = (
    "", "/events", "/content", "/captions.vtt", "/captions.srt", "/performance.json", "/thumbnail.jpg",
    "/credentials", "/hls/master.m3u8",
)  # fmt: skip
_DIMMED = 0.4
_REDDER, _BLUER = 1.15, 0.85
"""Red to blue of a frame: of the one tenant's at least, of the other's at most."""
_PATIENCE_S = 1800.0
"""For an answer, by the clock of a machine that may have other things to do."""


@dataclass(slots=True)
class Tenant:
    word: str
    """That only this one says."""
    red: bool
    """The colour of all that this one sees."""
    headers: dict[str, str]
    upload: str = ""
    jobs: list[str] = field(default_factory=list)

    def portrait(self) -> bytes:
        with Image.open(preset("astronaut").path) as picture:
            pixels = np.asarray(picture.convert("RGB"), np.float32)
        dimmed = [1.0, _DIMMED, _DIMMED] if self.red else [_DIMMED, _DIMMED, 1.0]
        file = io.BytesIO()
        Image.fromarray((pixels * dimmed).astype(np.uint8)).save(file, "PNG")
        return file.getvalue()

    def owns(self, frame: np.ndarray[Any, Any]) -> bool:
        red, _, blue = frame.reshape(-1, 3).mean(0)
        return bool(red > _REDDER * blue if self.red else red < _BLUER * blue)


@dataclass(slots=True)
class Findings:
    videos: int = 0
    frames: int = 0
    asked_in_vain: int = 0
    """Requests for things of the other."""
    took_s: float = 0.0
    wrong: list[str] = field(default_factory=list)
    """What must not be."""

    def expect(self, fine: bool, told: str) -> None:
        if not fine:
            self.wrong.append(told)


class Trial:
    def __init__(self, http: httpx.AsyncClient, tenants: Sequence[Tenant], **fields: Any) -> None:
        """
        Args:
            fields: of each request, beside the text.
        """
        self._http, self._tenants, self._fields = http, tenants, fields
        self.found = Findings()

    async def run(self, jobs: int) -> Findings:
        """Asks for so many videos, and looks at each as soon as it is there, while the others are made."""
        began = time.monotonic()
        for tenant in self._tenants:
            files = {"file": ("face.png", tenant.portrait())}
            sent = await self._http.post("/v1/uploads", files=files, headers=tenant.headers)
            tenant.upload = sent.json()["id"]
        looking = []
        for number in range(jobs):
            tenant, other = self._pair(number)
            job = await self._asked(tenant, number)
            tenant.jobs.append(job)
            looking.append(asyncio.create_task(self._look(tenant, other, job)))
        await asyncio.gather(*looking)
        for number in range(len(self._tenants)):
            await self._lists(*self._pair(number))
        self.found.took_s = round(time.monotonic() - began, 1)
        return self.found

    def _pair(self, number: int) -> tuple[Tenant, Tenant]:
        one, two = self._tenants
        return (one, two) if number % 2 == 0 else (two, one)

    async def _asked(self, tenant: Tenant, number: int) -> str:
        text = f"{tenant.word} says {number // 2}."
        body = {"text": text, "portrait": tenant.upload, "captions": "vtt", **self._fields}
        while True:
            sent = await self._http.post("/v1/videos", json=body, headers=tenant.headers)
            if sent.status_code != 503:
                assert sent.status_code == 202, sent.text
                return str(sent.json()["id"])
            await asyncio.sleep(0.2)

    async def _look(self, tenant: Tenant, other: Tenant, job: str) -> None:
        await self._in_vain(other, job)
        events = await self._get(tenant, job, "/events")
        ended = (await self._get(tenant, job)).json()["status"]
        self.found.expect(ended == "succeeded", f"{job}: {ended}")
        if ended != "succeeded":
            return
        for word in (other.word, other.upload, *other.jobs):
            self.found.expect(word not in events.text, f"{job}: an event holds {word}")
        self.found.videos += 1
        for path in PATHS:
            answer = await self._get(tenant, job, path)
            self.found.expect(answer.is_success, f"{job}{path}: {answer.status_code}")
            everything = answer.content + repr(answer.headers).encode()
            hidden = [other.word, other.upload, *other.jobs]
            for word in hidden:
                self.found.expect(word.encode() not in everything, f"{job}{path} holds {word}")
            if path in ("", "/events", "/captions.vtt"):
                self.found.expect(tenant.word.encode() in everything, f"{job}{path}: not its own")
        clip = (await self._get(tenant, job, "/content")).content
        await asyncio.to_thread(self._frames, tenant, job, clip)
        await self._in_vain(other, job)

    def _frames(self, tenant: Tenant, job: str, clip: bytes) -> None:
        with av.open(io.BytesIO(clip), "r") as container:
            for number, frame in enumerate(container.decode(video=0)):
                own = tenant.owns(frame.to_ndarray(format="rgb24"))
                self.found.expect(own, f"{job}: frame {number} is of another face")
                self.found.frames += 1

    async def _in_vain(self, other: Tenant, job: str) -> None:
        """The other asks for all of it."""
        for path in PATHS:
            answer = await self._get(other, job, path)
            self.found.expect(answer.status_code == 404, f"{job}{path}: {answer.status_code}")
        gone = await self._http.delete(f"/v1/videos/{job}", headers=other.headers)
        self.found.expect(gone.status_code == 404, f"DELETE {job}: {gone.status_code}")
        self.found.asked_in_vain += len(PATHS) + 1

    async def _lists(self, tenant: Tenant, other: Tenant) -> None:
        listed: set[str] = set()
        query: dict[str, Any] = {"limit": 200}
        while True:
            sent = await self._http.get("/v1/videos", params=query, headers=tenant.headers)
            page = sent.json()
            listed |= {job["id"] for job in page["videos"]}
            if page["next"] is None:
                break
            query["after"] = page["next"]
        self.found.expect(listed == set(tenant.jobs), f"{tenant.word} has other videos listed")
        # The other's avatar is prepared and in memory: its id must lead nowhere.
        body = {"text": "Hi.", "portrait": other.upload, **self._fields}
        taken = await self._http.post("/v1/videos", json=body, headers=tenant.headers)
        self.found.expect(taken.status_code == 422, f"{tenant.word} took the other's portrait")
        self.found.asked_in_vain += 1

    async def _get(self, who: Tenant, job: str, path: str = "") -> httpx.Response:
        return await self._http.get(f"/v1/videos/{job}{path}", headers=who.headers)


def tenants(keys: SqlKeys) -> tuple[Tenant, Tenant]:
    """Two, each with a key of its own."""
    made = []
    for name, word, red in (("red", "Rhubarb", True), ("blue", "Bilbury", False)):
        key, kept = new_key(name, ["generate", "read"])
        keys.add(kept)
        made.append(Tenant(word, red, {"Authorization": f"Bearer {key}"}))
    return made[0], made[1]


async def served(url: str, keys: SqlKeys, jobs: int) -> Findings:
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE_S, trust_env=False) as http:
        trial = Trial(http, tenants(keys), size=128, quality="draft")
        return await trial.run(jobs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=200)
    wanted = parser.parse_args()
    head, config = stamp(), read_serve_config("lightweight")
    for application in config["applications"]:
        if application.get("route_prefix") is not None:
            application["args"] |= {"auth": "keys", "consent": "record"}
    with tempfile.TemporaryDirectory(prefix="tenants-") as name:
        database = Database(f"sqlite:///{Path(name) / 'jobs.sqlite'}")
        with LocalService(config, 0, Path(name), patience_s=_PATIENCE_S) as service:
            found = asyncio.run(served(service.url, SqlKeys(database), wanted.jobs))
        database.close()
    told = head | asdict(found) | {"jobs": wanted.jobs}
    keep("tenants", told)
    Console().print_json(data=told)
    return 1 if found.wrong or found.videos != wanted.jobs else 0


if __name__ == "__main__":
    sys.exit(main())

"""The service under an open load: requests come at a constant rate, whether or not the ones before are done.

    python -m benchmarks.load [--minutes 10] [--overload-minutes 2] [--size 512] [--config lightweight]

Measures the capacity of a service of its own on two cores, then asks for videos of mixed lengths at 80 % of it, then at
300 %, then rests. All times count from the moment at which a request was due, so that a service that falls behind
cannot hide it. Prints what it finds against the bars and writes benchmarks/results/load.json.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import psutil
from rich.console import Console

from benchmarks.machine import keep, stamp
from serve_app.config import read_serve_config
from serve_app.service import LocalService

CORES = 2
SENTENCES = (1, 3, 1, 8, 2, 1, 4, 2)
"""Of one video after the other, over and over: so each stretch of the load has the same mixture."""
_SENTENCE = "This is a sentence that somebody wants to see spoken. "
_STATUS_RATE = 4.0
"""Status calls a second."""
_LOOK_S = 0.1
"""Between two looks whether a video can be played."""
_MEMORY_S = 10.0
_PATIENCE_S = 900.0


@dataclass(slots=True)
class Phase:
    """What was measured while requests came at one rate."""

    name: str
    rate: float
    """Requests a second."""
    answers: Counter[str] = field(default_factory=Counter)
    """To the requests: HTTP status and code."""
    without_retry: int = 0
    """503 without Retry-After."""
    ends: Counter[str] = field(default_factory=Counter)
    status_ms: list[float] = field(default_factory=list)
    playable_s: list[float] = field(default_factory=list)
    """From when the request was due until its first second of video had been fetched."""
    finished_s: list[float] = field(default_factory=list)
    longest_queue: int = 0
    memory: list[dict[int, int]] = field(default_factory=list)
    """Proportional set size in bytes of each process, every ten seconds."""

    def figures(self) -> dict[str, Any]:
        return {
            "rate": round(self.rate, 4),
            "answers": dict(self.answers),
            "refused_without_retry_after": self.without_retry,
            "ends": dict(self.ends),
            "status_ms": quantiles(self.status_ms),
            "first_second_s": quantiles(self.playable_s),
            "finished_s": quantiles(self.finished_s),
            "longest_queue": self.longest_queue,
            "memory_mib": [round(sum(each.values()) / 2**20) for each in self.memory],
            "memory_growth": growth(self.memory),
        }


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and largest; nothing of nothing."""
    if not values:
        return {}
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    found = {"p50": statistics.median(ordered), "p95": p95, "max": ordered[-1]}
    return {name: round(value, 3) for name, value in found.items()} | {"count": len(ordered)}


def growth(memory: Sequence[dict[int, int]]) -> float | None:
    """Between the second and the last quarter, of the processes that live in both; the first quarter warms up."""
    quarter = len(memory) // 4
    if not quarter:
        return None
    early, late = memory[quarter : 2 * quarter], memory[-quarter:]
    lasting = set.intersection(*(set(each) for each in (*early, *late)))

    def size(samples: Sequence[dict[int, int]]) -> float:
        return statistics.mean(sum(each[pid] for pid in lasting) for each in samples)

    return round(size(late) / size(early) - 1, 4)


def memory_of_children() -> dict[int, int]:
    found = {}
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            found[process.pid] = process.memory_full_info().pss
    return found


class Load:
    """Requests to one service."""

    def __init__(self, http: httpx.AsyncClient, size: int) -> None:
        self._http, self._size = http, size
        self._numbers, self._sentences = count(), cycle(SENTENCES)
        self._open: set[str] = set()

    async def phase(self, name: str, rate: float, seconds: float) -> Phase:
        """Asks at that rate for so long; then waits until all that was accepted has ended."""
        phase = Phase(name, rate)
        beside = [
            asyncio.create_task(self._every(1 / _STATUS_RATE, self._status, phase)),
            asyncio.create_task(self._every(_MEMORY_S, self._memory, phase)),
        ]
        asked = []
        began = time.perf_counter()
        for number in range(max(1, round(rate * seconds))):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asked.append(asyncio.create_task(self._ask(phase, due)))
        await asyncio.sleep(max(0.0, began + seconds - time.perf_counter()))
        for task in beside:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*asked), _PATIENCE_S)
        return phase

    async def one_by_one(self, number: int) -> Phase:
        """Each when the one before has ended: nothing else is to be done meanwhile."""
        phase = Phase("idle", 0.0)
        for _ in range(number):
            await self._ask(phase, time.perf_counter(), sentences=2)
        return phase

    async def capacity(self, number: int) -> float:
        """Videos a second when there is always one waiting."""
        phase, began = Phase("capacity", 0.0), time.perf_counter()
        await asyncio.gather(*(self._ask(phase, began, watched=False) for _ in range(number)))
        return number / (time.perf_counter() - began)

    async def _ask(
        self, phase: Phase, due: float, sentences: int = 0, watched: bool = True
    ) -> None:
        number = next(self._numbers)
        text = _SENTENCE * (sentences or next(self._sentences))
        body = {"text": text, "size": self._size, "seed": number}
        posted = await self._http.post("/v1/videos", json=body)
        answer = posted.json()
        phase.answers[f"{posted.status_code} {answer.get('code', '')}".strip()] += 1
        if posted.status_code != 202:
            phase.without_retry += "retry-after" not in posted.headers
            return
        job = str(answer["id"])
        self._open.add(job)
        try:
            if watched:
                await self._watch(phase, job, due)
            ended = await self._ended(job)
        finally:
            self._open.discard(job)
        phase.ends[f"{ended['status']} {(ended['error'] or {}).get('code', '')}".strip()] += 1
        phase.finished_s.append(time.perf_counter() - due)

    async def _watch(self, phase: Phase, job: str, due: float) -> None:
        """Until a player has the first second of pictures."""
        for look in count():
            with suppress(httpx.HTTPStatusError):
                url = f"/v1/videos/{job}/hls/master.m3u8"
                for suffix in (".m3u8", ".m4s"):
                    answer = (await self._http.get(url)).raise_for_status()
                    lines = [line for line in answer.text.splitlines() if line and line[0] != "#"]
                    url = urljoin(url, next(line for line in lines if line.endswith(suffix)))
                (await self._http.get(url)).raise_for_status()
                phase.playable_s.append(time.perf_counter() - due)
                return
            if look % 10 == 9 and (await self._job(job))["status"] in ("failed", "cancelled"):
                return
            await asyncio.sleep(_LOOK_S)

    async def _ended(self, job: str) -> dict[str, Any]:
        while True:
            found = await self._job(job)
            if found["status"] not in ("queued", "running"):
                return found
            await asyncio.sleep(0.5)

    async def _job(self, job: str) -> dict[str, Any]:
        answer = await self._http.get(f"/v1/videos/{job}")
        return dict(answer.raise_for_status().json())

    async def _every(
        self, pause_s: float, call: Callable[[Phase, float], Awaitable[None]], phase: Phase
    ) -> None:
        """At a constant rate, however long the calls take."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as calls:
            for number in count():
                due = began + number * pause_s
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                calls.create_task(_told(call(phase, due)))

    async def _status(self, phase: Phase, due: float) -> None:
        for job in list(self._open)[:1]:
            found = await self._job(job)
            phase.status_ms.append((time.perf_counter() - due) * 1000)
            phase.longest_queue = max(phase.longest_queue, found["queue_position"] or 0)

    async def _memory(self, phase: Phase, due: float) -> None:
        phase.memory.append(await asyncio.to_thread(memory_of_children))


async def _told(work: Awaitable[None]) -> None:
    """A status call that fails is a finding of the request that it asked for, which ends."""
    with suppress(httpx.HTTPError):
        await work


def bars(idle: Phase, steady: Phase, over: Phase, after: Phase) -> Iterator[tuple[str, bool]]:
    failed = sum(n for end, n in steady.ends.items() if end != "succeeded")
    clean = {"202", "503 queue_full"}
    grown = growth(steady.memory)
    yield "no failure at 80 %", set(steady.answers) == {"202"} and not failed
    yield "status calls, p95 <= 50 ms", quantiles(steady.status_ms).get("p95", 1e9) <= 50
    yield "first second idle and warm <= 1.0 s", quantiles(idle.playable_s).get("p50", 1e9) <= 1.0
    yield "... under load, p95 <= 2.5 s", quantiles(steady.playable_s).get("p95", 1e9) <= 2.5
    yield "memory grows <= 5 %", grown is not None and grown <= 0.05
    yield "clean refusals at 300 %", set(over.answers) <= clean and not over.without_retry
    yield "what was accepted at 300 % succeeds", set(over.ends) <= {"succeeded"}
    recovered = quantiles(after.playable_s).get("p50", 1e9)
    yield "as quick afterwards", recovered <= max(1.0, 1.5 * quantiles(idle.playable_s)["p50"])


async def run(options: argparse.Namespace, url: str) -> dict[str, Any]:
    told = Console()
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE_S, trust_env=False) as http:
        load = Load(http, options.size)
        await load.one_by_one(3)
        idle = await load.one_by_one(options.idle)
        told.print("idle", idle.figures())
        capacity = await load.capacity(options.saturating)
        told.print(f"capacity: {capacity:.3f} videos a second")
        phases = [idle]
        for name, share, minutes in (
            ("steady", 0.8, options.minutes),
            ("overload", 3.0, options.overload_minutes),
        ):
            phases.append(await load.phase(name, share * capacity, 60 * minutes))
            told.print(name, phases[-1].figures())
        phases.append(await load.one_by_one(options.idle))
        told.print("afterwards", phases[-1].figures())
    judged = dict(bars(*phases))
    told.print(judged)
    names = ("idle", "steady", "overload", "afterwards")
    figures = {name: phase.figures() for name, phase in zip(names, phases, strict=True)}
    return {"capacity": round(capacity, 4), "phases": figures, "bars": judged}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0, help="at 80 %% of the capacity")
    parser.add_argument("--overload-minutes", type=float, default=2.0, help="at 300 %%")
    parser.add_argument("--saturating", type=int, default=24, help="videos to measure capacity by")
    parser.add_argument("--idle", type=int, default=5, help="videos, one by one")
    parser.add_argument("--queue", type=int, default=20, help="most videos that may wait")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--config", default="lightweight")
    options = parser.parse_args()
    head = stamp()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    config = read_serve_config(options.config)
    for application in config["applications"]:
        if "tiers" in application["args"]:
            application["args"]["max_queued_jobs"] = max(options.queue, options.saturating)
    with (
        tempfile.TemporaryDirectory(prefix="prosopon-load-") as folder,
        LocalService(config, port=0, folder=Path(folder)) as service,
    ):
        found = asyncio.run(run(options, service.url))
    row = {
        **head,
        "asked": vars(options),
        **found,
    }
    keep("load", row)
    return int(not all(found["bars"].values()))


if __name__ == "__main__":
    sys.exit(main())

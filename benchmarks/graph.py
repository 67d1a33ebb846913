"""What the graph costs and how it scales, with an engine that takes time and does nothing.

    python -m benchmarks.graph [--replicas 1 4 32] [--service 2] [--rounds 5] [--clips 7]

On a local Ray cluster of three nodes: how much of their time 1, 4 and 32 drawing replicas draw while there is work;
when replicas are added under load and taken away after it; what a clip costs beyond the same work in one process, set
against a warm clip of the lightweight tier in this very run. Prints a table and writes benchmarks/results/graph.json.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ray import serve
from ray.serve.config import AutoscalingConfig
from rich.console import Console

from benchmarks.local_cluster import local_cluster
from benchmarks.machine import keep, stamp
from benchmarks.sleeping import SERVICE, TIMELINE, Drawn, LocalSleeping, ServedSleeping
from benchmarks.speak import TEXT
from serve_app.app import tier_graph
from serve_app.clients import Stages
from serve_app.config import EngineConfig, TierConfig, read_serve_config, read_tier
from serve_app.deployments import Composition, Parser, Speech
from serve_app.director import Director
from serve_app.handles import TierHandle
from serve_app.jobs import new_job_id
from serve_app.local import studio
from serve_app.schemas import VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import open_storage

NODES, CPUS = 3, 100
APP = "bench"
TIER = TierConfig(
    tier=APP,
    speech=EngineConfig(engine="tone"),
    animation=EngineConfig(engine="sketch"),
    max_characters=100_000,
)
SENTENCE_S = 3.6
_SENTENCE = "This sentence is spoken for about two seconds, no more. "
_PATIENCE_S = 400.0
_SCALED_S = 2.0
"""A segment takes where replicas come and go."""
_QUICK_S = 0.2
"""For a segment where the cost is measured: about what the rig takes."""


@dataclass(frozen=True, slots=True)
class Scaling:
    replicas: int
    segments: int
    drew: int
    """Replicas that drew at least one of them."""
    efficiency: float
    """Share of the replicas' time, while there was work to hand out, that they spent drawing."""


@dataclass(frozen=True, slots=True)
class Autoscaling:
    up_s: float
    """From the job's acceptance until the first replica was added."""
    all_s: float
    """... until all drew."""
    down_s: float
    """From the job's end until the first was taken away; the configuration waits `downscale_delay_s` of it."""
    downscale_delay_s: float


@dataclass(frozen=True, slots=True)
class Cost:
    served_s: float
    """A ten-second clip through the graph, from the job's acceptance to its end; the median."""
    local_s: float
    """The same work in this process."""
    warm_clip_s: float
    """A clip as long, of the lightweight tier, in this process."""
    share: float
    """(served - local) / warm clip."""
    hop_ms: float
    commit_ms: float
    segment_ms: float
    """Keeping a segment and reading it again."""


class Bench:
    """The graph with sleeping replicas, its store, and jobs given straight to it."""

    def __init__(self, folder: Path) -> None:
        self.timeline = Path(os.environ[TIMELINE])
        self.storage = open_storage(os.environ["PROSOPON_STORAGE"])
        self.jobs = SqlJobs(os.environ["PROSOPON_JOBS"])
        self._handle: TierHandle | None = None

    def take(self, service_s: float) -> None:
        """From now on a segment takes so long."""
        (self.timeline / SERVICE).write_text(str(service_s))

    def deploy(self, parallel: int, **animation: Any) -> None:
        """Takes the place of what is deployed."""
        config = TIER.model_copy(update={"parallel_segments": parallel})
        options = {"max_ongoing_requests": 2, "ray_actor_options": {"num_cpus": 0.1}, **animation}
        drawing: serve.Deployment = serve.deployment(**options)(ServedSleeping)
        serve.run(tier_graph(config, drawing), name=APP, route_prefix=None)
        self._handle = TierHandle(serve.get_app_handle(APP))

    def ask(self, seconds: float) -> str:
        return self.jobs.create(new_job_id(), asking(seconds)).id

    async def finish(self, job: str, meanwhile: Callable[[], None] = lambda: None) -> float:
        """When the job had ended."""
        assert self._handle is not None
        await self._handle.wake()
        deadline = time.monotonic() + _PATIENCE_S
        while not (found := self.jobs.get(job)).status.final:
            meanwhile()
            await asyncio.sleep(0.02)
            assert time.monotonic() < deadline, f"job {job} does not end: {found}"
        assert found.clip is not None, found.error
        return time.time()

    def drawn(self, since: float) -> list[Drawn]:
        lines = (
            line for file in self.timeline.glob("*.jsonl") for line in file.read_text().splitlines()
        )
        return [d for d in (Drawn(*json.loads(line)) for line in lines) if d.began >= since]

    async def hop_ms(self) -> float:
        assert self._handle is not None
        return statistics.median([await awaited_ms(self._handle.wake) for _ in range(100)])


def asking(seconds: float) -> VideoRequest:
    """A clip about as long."""
    text = _SENTENCE * max(1, round(seconds / SENTENCE_S))
    return VideoRequest(text=text, tier=APP, size=128, quality="draft")


async def awaited_ms(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1000


def called_ms(call: Callable[[], object], times: int = 50) -> float:
    def once() -> float:
        began = time.perf_counter()
        call()
        return (time.perf_counter() - began) * 1000

    return statistics.median(once() for _ in range(times))


async def scaling(bench: Bench, number: int, rounds: int) -> Scaling:
    bench.deploy(2 * number, num_replicas=number)
    await bench.finish(bench.ask(2.0))
    began = time.time()
    await bench.finish(bench.ask(2.0 * number * rounds))
    drawn = bench.drawn(began)
    first, last = min(d.began for d in drawn), max(d.began for d in drawn)
    busy_s = sum(min(d.ended, last) - d.began for d in drawn)
    return Scaling(
        replicas=number,
        segments=len(drawn),
        drew=len({d.process for d in drawn}),
        efficiency=round(busy_s / (number * (last - first)), 4),
    )


def replicas_there() -> int:
    """Of Animation: running and starting."""
    states = serve.status().applications[APP].deployments["Animation"].replica_states
    return sum(n for state, n in states.items() if state in ("RUNNING", "STARTING"))


async def fewer_than(number: int) -> None:
    """Waits until there are."""
    deadline = time.monotonic() + _PATIENCE_S
    while replicas_there() >= number:
        await asyncio.sleep(0.1)
        assert time.monotonic() < deadline, f"there are still {number} replicas"


async def autoscaling(bench: Bench) -> Autoscaling:
    """With the waiting times of the shipped configuration, but an impatient way down."""
    (shipped,) = (
        deployment["autoscaling_config"]
        for application in read_serve_config("lightweight")["applications"]
        for deployment in application["deployments"]
        if deployment["name"] == "Animation"
    )
    delay_s = 5.0
    config = AutoscalingConfig(
        **shipped
        | {
            "min_replicas": 1,
            "initial_replicas": 1,
            "max_replicas": 4,
            "downscale_delay_s": delay_s,
        }
    )
    bench.take(_SCALED_S)
    bench.deploy(8, autoscaling_config=config)
    await bench.finish(bench.ask(2.0))
    await fewer_than(2)
    began, seen = time.time(), dict[int, float]()

    def look() -> None:
        seen.setdefault(replicas_there(), time.time())

    ended = await bench.finish(bench.ask(2.0 * 30 / _SCALED_S), look)
    drawn = bench.drawn(began)
    up = min(at for number, at in seen.items() if number > 1)
    every = max(min(d.began for d in drawn if d.process == p) for p in {d.process for d in drawn})
    await fewer_than(replicas_there())
    down_s = time.time() - ended
    return Autoscaling(*(round(s, 2) for s in (up - began, every - began, down_s, delay_s)))


async def cost(bench: Bench, clips: int) -> Cost:
    bench.take(_QUICK_S)
    bench.deploy(2, num_replicas=1)
    here = local_director(bench)
    served, local = [], []
    prefixes = (f"local/{n}" for n in count())
    for run in range(clips + 1):
        began = time.time()
        ended = await bench.finish(bench.ask(10.0))
        began_here = time.perf_counter()
        await here.make(asking(10.0), next(prefixes), lambda stage, done: None)
        if run:
            served.append(ended - began)
            local.append(time.perf_counter() - began_here)
    served_s, local_s = statistics.median(served), statistics.median(local)
    warm_s = await warm_clip_s()
    data = bytes(60_000)

    def through_storage() -> None:
        bench.storage.put("bench/segment", data)
        bench.storage.get("bench/segment")

    job = bench.jobs.create(new_job_id(), VideoRequest(text="Hi.", tier="nobody"))
    lease = bench.jobs.lease("nobody", "bench", 60.0)
    assert lease is not None and lease.job == job.id
    return Cost(
        served_s=round(served_s, 4),
        local_s=round(local_s, 4),
        warm_clip_s=round(warm_s, 4),
        share=round((served_s - local_s) / warm_s, 4),
        hop_ms=round(await bench.hop_ms(), 2),
        commit_ms=round(
            called_ms(lambda: bench.jobs.heartbeat(lease, "bench", 60.0, None, 0.5)), 2
        ),
        segment_ms=round(called_ms(through_storage), 2),
    )


def local_director(bench: Bench) -> Director:
    """The same graph in this process, with as many drawing threads as there are replicas: one."""
    drawing = LocalSleeping(TIER.animation, bench.storage)
    stages = Stages(
        Parser(), Speech(TIER.speech, bench.storage), drawing, Composition(bench.storage)
    )
    return Director(stages, bench.storage, TIER)


async def warm_clip_s(runs: int = 3) -> float:
    """Of the lightweight tier, on all cores of this machine."""
    request, taken = VideoRequest(text=TEXT), []
    with (
        tempfile.TemporaryDirectory(prefix="prosopon-bench-") as folder,
        studio(read_tier("lightweight")) as here,
    ):
        for run in range(runs + 1):
            began = time.perf_counter()
            output = Path(folder) / "a.mp4"
            await here.make(
                request.model_copy(update={"seed": run}), output, lambda stage, done: None
            )
            if run:
                taken.append(time.perf_counter() - began)
    return statistics.median(taken)


async def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    bench = Bench(folder)
    bench.take(options.service)
    told = Console()
    for number in options.replicas:
        scaled = await scaling(bench, number, options.rounds)
        told.print(scaled)
        found.setdefault("scaling", []).append(asdict(scaled))
    if options.autoscaling:
        scaled_by_load = await autoscaling(bench)
        told.print(scaled_by_load)
        found["autoscaling"] = asdict(scaled_by_load)
    if options.clips:
        costs = await cost(bench, options.clips)
        told.print(costs)
        found["cost"] = asdict(costs)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--replicas", type=int, nargs="*", default=[1, 4, 32])
    parser.add_argument("--service", type=float, default=2.0, help="seconds a segment takes")
    parser.add_argument("--rounds", type=int, default=5, help="segments for each replica")
    parser.add_argument(
        "--clips", type=int, default=7, help="to measure the cost with; 0: not at all"
    )
    parser.add_argument("--autoscaling", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    head = stamp()
    with tempfile.TemporaryDirectory(prefix="prosopon-bench-") as name:
        folder = Path(name)
        (folder / "timeline").mkdir()
        environment = {
            TIMELINE: str(folder / "timeline"),
            "PROSOPON_STORAGE": str(folder / "store"),
            "PROSOPON_JOBS": f"sqlite:///{folder / 'jobs.sqlite'}",
        }
        with local_cluster(NODES, CPUS, environment):
            found = asyncio.run(run(options, folder))
    row = {
        **head,
        "nodes": NODES,
        "service_s": options.service,
        **found,
    }
    keep("graph", row)


if __name__ == "__main__":
    main()

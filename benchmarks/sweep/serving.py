"""How a service of its own answers: alone, always busy, and at rates that rise until it is too slow."""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from backends.errors import EngineError
from benchmarks.load import Load, Phase, quantiles
from benchmarks.sweep.plan import BASE, Scale
from benchmarks.sweep.records import Answered, Records, Served
from benchmarks.sweep.run import Tell
from serve_app.config import read_serve_config

TARGET_S = 2.5
"""Until the first second can be played, for 95 of 100 requests."""
_WARMING = 2
_PATIENCE_S = 900.0
_QUEUE = 1000
_FEW = 6
"""Requests that are asked for at each rate at least, on a slow machine for longer than planned,"""
_LONGEST = 4
"""but for no more than so many times as long."""


def steps(scale: Scale) -> Iterator[Served]:
    size = scale.served_size
    yield Served(kind="served", step="idle", size=size)
    yield Served(kind="served", step="capacity", size=size)
    for share in scale.shares:
        yield Served(kind="served", step="load", share=share, seconds=scale.load_s, size=size)


def serve(records: Records, scale: Scale, tell: Tell) -> None:
    """Measures what the records lack; nothing is started where they lack nothing. A service that does not start is a
    finding."""
    if not _lacking(records, scale):
        return
    try:
        with _service() as url:
            asyncio.run(_measure(url, records, scale, tell))
    except EngineError as error:
        records.add(next(steps(scale)), None, error.message)


def _lacking(records: Records, scale: Scale) -> bool:
    for task in steps(scale):
        row = records.done(task)
        if row is None:
            return True
        if isinstance(row.found, Answered) and broken(task, row.found):
            return False
    return False


def broken(task: Served, answered: Answered) -> bool:
    """Whether the latency target is missed under load."""
    late = answered.first_s.get("p95", TARGET_S + 1) > TARGET_S
    return task.step == "load" and (late or answered.failed > 0)


@contextmanager
def _service() -> Iterator[str]:
    """The base tier's shipped service with a long queue, on a free port; gives its URL."""
    from serve_app.service import LocalService

    config = read_serve_config(BASE.tier)
    for application in config["applications"]:
        if "tiers" in application["args"]:
            application["args"]["max_queued_jobs"] = _QUEUE
    with (
        tempfile.TemporaryDirectory(prefix="prosopon-bench-") as folder,
        LocalService(config, port=0, folder=Path(folder), patience_s=_PATIENCE_S) as service,
    ):
        yield service.url


async def _measure(url: str, records: Records, scale: Scale, tell: Tell) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE_S, trust_env=False) as http:
        load = Load(http, scale.served_size)
        await load.one_by_one(_WARMING)
        capacity = 0.0
        for task in steps(scale):
            tell(task)
            row = records.done(task)
            found = row.found if row else await _step(load, task, scale, capacity)
            assert isinstance(found, Answered)
            if row is None:
                records.add(task, found)
            if task.step == "capacity":
                capacity = found.rate
            if broken(task, found):
                break


async def _step(load: Load, task: Served, scale: Scale, capacity: float) -> Answered:
    if task.step == "capacity":
        number = scale.saturating
        rate = await load.capacity(number)
        return Answered(rate=round(rate, 4), videos=number, failed=0)
    if task.step == "idle":
        return _answered(await load.one_by_one(scale.idle), None)
    rate = task.share * capacity
    seconds = min(max(task.seconds, _FEW / rate), _LONGEST * task.seconds)
    return _answered(await load.phase("load", rate, seconds), seconds)


def _answered(phase: Phase, seconds: float | None) -> Answered:
    """What a phase came to; it lasted `seconds`, where requests came at a rate."""
    asked = sum(phase.answers.values())
    memory = [sum(sample.values()) for sample in phase.memory]
    # Little's law: how many are there is how many come in a second times how long each stays.
    stay_s = statistics.mean(phase.finished_s) if phase.finished_s else 0.0
    under_way = asked / seconds * stay_s if seconds else 1.0
    return Answered(
        rate=round(phase.rate, 4),
        videos=asked,
        failed=asked - sum(n for end, n in phase.ends.items() if end == "succeeded"),
        first_s=quantiles(phase.playable_s),
        finished_s=quantiles(phase.finished_s),
        under_way=round(under_way, 2),
        memory_mib=round(max(memory) / 2**20) if memory else None,
    )

"""One target of `make fuzz`, run in this process until its cases are done or the first finding ends it.

Decoders are guided by the branches of Python that their inputs reach, where atheris is installed; its engine,
libFuzzer, ends the process at an exception, a crash, or 2 GB. Hangs are told by processor time, as the machine may be
busy.
"""

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import psutil

from tests.fuzz.decoders import DECODERS, MOST_BYTES, Decoder, seeds, survives
from tests.fuzz.mutations import mutated

if TYPE_CHECKING:
    from tests.fuzz.endpoints import Endpoints

_MOST_S, _MOST_MB = 5.0, 2048
_PATIENCE_S = 1800
"""By the clock, for what never returns: a machine that is busy otherwise is no hang."""
_ENGINES_SHARE = 0.5
"""Of the cases that libFuzzer damages its own way."""


@dataclass
class Count:
    """Cases until now, and how the process's memory stood half-way."""

    wanted: int
    report: Path
    done: int = 0
    begun: float = field(default_factory=time.process_time)
    half_mb: float = 0.0

    def tick(self) -> None:
        self.done += 1
        if self.done == self.wanted // 2:
            self.half_mb = _memory_mb()
        if self.done == self.wanted:
            grown = round(_memory_mb() - self.half_mb, 1)
            spent = round(time.process_time() - self.begun, 1)
            told = {"cases": self.done, "cpu_s": spent, "grown_mb": grown}
            self.report.write_text(json.dumps(told))


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


def main(name: str, cases: int, report: Path, findings: Path) -> None:
    logging.disable(logging.CRITICAL)
    count = Count(cases, report)
    if name not in DECODERS:
        asyncio.run(_ask(name, count))
    elif find_spec("atheris"):
        _guided(name, count, findings)
    else:
        random, kept = Random(name), seeds(name)
        for _ in range(cases):
            _check(DECODERS[name], mutated(kept, random, MOST_BYTES), count)


def _check(decoder: Decoder, data: bytes, count: Count) -> None:
    begun = time.process_time()
    survives(decoder, data)
    assert time.process_time() - begun < _MOST_S, "a hang"
    count.tick()


def _guided(name: str, count: Count, findings: Path) -> None:
    import atheris

    kept = seeds(name)

    def damage(data: bytes, most: int, number: int) -> bytes:
        random = Random(number)
        if random.random() < _ENGINES_SHARE:
            return bytes(atheris.Mutate(data, most))
        return mutated([data, *kept], random, most)

    followed = ["PIL", "backends", "serve_app", "yaml", "csv", "json"]
    with atheris.instrument_imports(include=followed), suppress(Exception):
        DECODERS[name](kept[0])  # imports what it needs
    corpus = count.report.parent / "corpus"
    corpus.mkdir()
    for number, data in enumerate(kept):
        (corpus / f"{number:03d}").write_bytes(data)
    _libfuzzer(name, count, findings, corpus, damage)


def _libfuzzer(
    name: str,
    count: Count,
    findings: Path,
    corpus: Path,
    damage: Callable[[bytes, int, int], bytes],
) -> None:
    import atheris

    def one(data: bytes) -> None:
        _check(DECODERS[name], data, count)

    flags = [
        f"-runs={count.wanted}", f"-timeout={_PATIENCE_S}", f"-rss_limit_mb={_MOST_MB}", f"-max_len={MOST_BYTES}",
        f"-artifact_prefix={findings}/{name}-", "-seed=1", "-len_control=0", "-reload=0", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *flags, str(corpus)], one, custom_mutator=damage)
    atheris.Fuzz()


async def _ask(name: str, count: Count) -> None:
    async with _endpoints() as attacked:
        await attacked.names()
        step = max(1, count.wanted // 20)
        for number in range(-(-count.wanted // step)):
            await attacked.attack(name, step, number)
            for _ in range(step):
                count.tick()


async def endpoint_names() -> list[str]:
    async with _endpoints() as attacked:
        return await attacked.names()


@asynccontextmanager
async def _endpoints() -> "AsyncIterator[Endpoints]":
    from serve_app.local import local_stages
    from serve_app.sql_jobs import SqlJobs
    from serve_app.storage import FolderStorage
    from tests.fuzz.endpoints import endpoints
    from tests.unit.serve_app.conftest import TIER

    with tempfile.TemporaryDirectory() as folder:
        storage = FolderStorage(Path(folder, "store"))
        jobs = SqlJobs(f"sqlite:///{folder}/jobs.sqlite")
        async with endpoints(local_stages(TIER, storage), storage, jobs, TIER) as attacked:
            yield attacked
        jobs.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))

"""How fast text becomes an MP4 in a warm process: real-time factor, time by stage and peak memory, on one core and two.

    python -m benchmarks.speak [--size 512] [--runs 3] [--tier lightweight] [--portrait preset:astronaut]

Prints a table and appends a line of JSON for each number of cores to benchmarks/results/speak.jsonl. Each number of
cores has a process of its own, bound to them before anything starts threads; its first clip warms it up and does not
count.
"""

import argparse
import asyncio
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.machine import keep_also, stamp
from serve_app.config import read_tier
from serve_app.schemas import ClipFacts, VideoRequest

TEXT = (
    "Hello [happy] everyone! I'm [excited] to share this news with you. "
    "I'm [sad] to inform you that [serious] we need to postpone the meeting. "
    "[Surprised] Wow! That's [amazed] absolutely incredible!"
)


@dataclass(frozen=True, slots=True)
class Setting:
    tier: str
    portrait: str
    size: int
    runs: int


@dataclass(frozen=True, slots=True)
class Measured:
    cores: int
    cold_s: float
    """From an empty process to the first clip."""
    rtf: float
    """Seconds of work for a second of video; the median of the runs, each with a seed of its own."""
    rtf_all: tuple[float, ...]
    duration_s: float
    """Of the last clip."""
    stages: dict[str, float]
    """Seconds in each stage for a second of video, in the median run; drawing is summed over what runs at once."""
    peak_mib: float
    """Largest resident memory of the process."""


def measure(setting: Setting, cores: int, results: Connection) -> None:
    """Makes the clips on so many cores; in a fresh process."""
    began = time.perf_counter()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    os.environ.update(OMP_NUM_THREADS=str(cores), OPENBLAS_NUM_THREADS=str(cores))
    cold_s, clips = asyncio.run(make_clips(setting, began))
    rtf = statistics.median_low(facts.real_time_factor for facts in clips)
    middle = next(facts for facts in clips if facts.real_time_factor == rtf)
    results.send(
        Measured(
            cores=cores,
            cold_s=round(cold_s, 2),
            rtf=rtf,
            rtf_all=tuple(facts.real_time_factor for facts in clips),
            duration_s=middle.duration_s,
            stages={k: round(s / middle.duration_s, 4) for k, s in middle.timings.items()},
            peak_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        )
    )


async def make_clips(setting: Setting, began: float) -> tuple[float, list[ClipFacts]]:
    """Seconds until the first clip was there, and the facts of those that followed."""
    from serve_app.local import studio

    clips: list[ClipFacts] = []
    with (
        tempfile.TemporaryDirectory(prefix="prosopon-bench-") as folder,
        studio(read_tier(setting.tier)) as here,
    ):
        for run in range(setting.runs + 1):
            request = VideoRequest(
                text=TEXT, portrait=setting.portrait, size=setting.size, seed=run
            )
            clip = await here.make(request, Path(folder) / "a.mp4", lambda stage, done: None)
            if run == 0:
                cold_s = time.perf_counter() - began
            else:
                clips.append(clip.facts)
    return cold_s, clips


def in_a_fresh_process(setting: Setting, cores: int) -> Measured:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=measure, args=(setting, cores, sender))
    process.start()
    sender.close()
    try:
        measured: Measured = receiver.recv()
    finally:
        process.join()
    return measured


def keep(setting: Setting, measured: Measured, load: float) -> None:
    """Appends the result with its machine."""
    row = {
        **stamp(load_before=load),
        **asdict(setting),
        **asdict(measured),
    }
    keep_also("speak", row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tier", default="lightweight")
    parser.add_argument("--portrait", default="preset:astronaut")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--runs", type=int, default=3)
    setting = Setting(**vars(parser.parse_args()))
    table = Table("cores", "RTF", "first clip s", "peak MiB", "s of work for a s of video")
    for cores in (1, 2):
        if cores > len(os.sched_getaffinity(0)):
            break
        load = round(os.getloadavg()[0], 2)
        measured = in_a_fresh_process(setting, cores)
        keep(setting, measured, load)
        stages = ", ".join(f"{stage} {share:.3f}" for stage, share in measured.stages.items())
        figures = (f"{measured.rtf:.3f}", f"{measured.cold_s:.1f}", f"{measured.peak_mib:.0f}")
        table.add_row(str(cores), *figures, stages)
    Console().print(table)


if __name__ == "__main__":
    main()

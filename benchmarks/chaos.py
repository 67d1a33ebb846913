"""What becomes of videos when everything dies: the service in a cluster of three nodes, killed at random.

    python -m benchmarks.chaos [--jobs 100] [--deaths 40] [--every 6] [--seed 0]

While videos of many portraits and texts are asked for, replicas of every deployment, gateway, Directors, controller,
proxy, idle workers and whole nodes are killed, and the disk is full once. Then the service is updated in mid-clip, and
at last killed as a whole and started again. Every accepted video has to end as the very clip that is made undisturbed
in one process, or with a true error; prints what happened and writes benchmarks/results/chaos.json.
"""

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from backends.types import segment_grid
from benchmarks.boxes import unsigned
from benchmarks.machine import keep, stamp
from benchmarks.orders import TIER, Order, make
from benchmarks.victim import NODE, PATIENCE_S, ROOT, STAGES, Victim, filled, small_disk, wait_for
from serve_app.housekeeping import Housekeeper
from serve_app.runner import CLIP, PERFORMANCE
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import open_storage

DISK_FULL = "disk full"
KINDS = (
    *(f"ray::ServeReplica:{TIER.tier}:{stage}" for stage in STAGES),
    "ray::ServeReplica:gateway:Gateway",
    "ray::ServeController",
    "ray::ProxyActor",
    "ray::IDLE",
    NODE,
)
_TRUE_ERRORS = {"abandoned", "stage_lost", "storage_failed"}
"""What may become of a video whose makers die again and again, or that finds no room."""
_FULL_S = 2.0
_TOGETHER = 16
"""Videos that are asked for at a time."""
PAUSE = ("        canvas =", "        __import__('time').sleep(0.7)\n        canvas =")
"""To draw a segment takes a while, on any machine."""
LIPS = ("(70, 25, 30)", "(30, 25, 170)")
"""Another colour."""
_DAYS_S = 2 * 86_400.0


@dataclass(slots=True)
class Findings:
    """What a trial came to."""

    took_s: float = 0.0
    killed: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    """Jobs by status, and by the code of their error."""
    attempts: Counter[int] = field(default_factory=Counter)
    drawn_again: int | None = None
    """Segments, beyond those that were not kept when all was killed."""
    versions: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """What must not be."""

    def plain(self) -> dict[str, Any]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {n: dict(v) if isinstance(v, Counter) else v for n, v in values.items()}


class Trial:
    """Orders given to a service, and what has to come of them."""

    def __init__(self, victim: Victim, folder: Path, orders: Sequence[Order]) -> None:
        self.victim, self.orders, self.found = victim, orders, Findings()
        self._folder, self._began = folder, time.monotonic()
        self._pool = ThreadPoolExecutor(_TOGETHER)
        self.ends = [self._pool.submit(self._carry_out, order) for order in orders]

    def _carry_out(self, order: Order) -> dict[str, Any]:
        job = self.begin(order)
        return self.victim.finish(job)

    def begin(self, order: Order) -> str:
        """Its id: accepted once, however often it is asked for."""
        fields = order.request("").model_dump(
            include={"text", "tier", "seed", "size", "fps", "quality"}
        )
        posted = self.victim.insist(
            "POST", "/v1/videos",
            data={name: str(value) for name, value in fields.items()},
            files={"portrait": ("face.png", order.portrait)},
            headers={"Idempotency-Key": f"order-{order.number}-{order.sentences}"},
        )  # fmt: skip
        assert posted.status_code == 202, posted.text
        return str(posted.json()["id"])

    @property
    def going_on(self) -> bool:
        return not all(end.done() for end in self.ends)

    def progress(self) -> list[float]:
        """Of the jobs in work."""
        query = {"status": "running", "limit": 100}
        jobs = self.victim.insist("GET", "/v1/videos", params=query).json()["videos"]
        return [job["progress"] for job in jobs]

    def close(self, versions: dict[str, Path]) -> Findings:
        """Waits for the end, and looks at every clip.

        Args:
            versions: by name, where the clips lie as this version of the modules makes them.
        """
        for order, end in zip(self.orders, self.ends, strict=True):
            job = end.result(PATIENCE_S)
            self.found.attempts[job["attempts"]] += 1
            code = (job["error"] or {}).get("code", "")
            self.found.ended[f"{job['status']} {code}".strip()] += 1
            if job["status"] == "succeeded":
                clip = self.victim.insist("GET", f"/v1/videos/{job['id']}/content").content
                self._look(order, clip, versions)
            elif code not in _TRUE_ERRORS:
                self.found.wrong.append(f"order {order}: {job['status']}, {job['error']}")
        self._pool.shutdown()
        self.found.took_s = round(time.monotonic() - self._began, 1)
        return self.found

    def _look(self, order: Order, clip: bytes, versions: dict[str, Path]) -> None:
        name = f"{order.number}-{order.sentences}.mp4"
        for version_name, folder in versions.items():
            if unsigned(clip) == unsigned((folder / name).read_bytes()):
                self.found.versions[version_name] += 1
                return
        self.found.wrong.append(f"order {order}: another clip than the one that was to be made")


def batter(trial: Trial, strikes: Sequence[str], pause_s: float, chance: random.Random) -> None:
    """Kills one after the other while the trial goes on."""
    wait_for("the first work", lambda: trial.progress() or not trial.going_on)
    for kind in strikes:
        if not trial.going_on:
            return
        if kind == DISK_FULL:
            with filled(trial.victim.home):
                time.sleep(_FULL_S)
            trial.found.killed[kind] += 1
        elif trial.victim.strike(kind, chance.choice):
            trial.found.killed[kind.removeprefix("ray::")] += 1
        time.sleep(chance.uniform(0.5, 1.5) * pause_s)


def stop_and_start(trial: Trial) -> None:
    """Kills everything at once in mid-work; what was kept then is not made again."""
    wait_for("some of the work", lambda: max(trial.progress(), default=0.0) > 0.3)
    trial.victim.kill()
    trial.found.killed["everything"] += 1
    kept = sum(1 for _ in (trial.victim.home / "store" / "jobs").glob("*/*/segments/*.mp4"))
    trial.victim.start()
    wait_for("the end", lambda: not trial.going_on)
    total = sum(segments_of(trial.victim, end.result()) for end in trial.ends)
    trial.found.drawn_again = trial.victim.logged("Animation", "CALL draw OK") - (total - kept)


def segments_of(victim: Victim, job: dict[str, Any]) -> int:
    clip = job["clip"]
    frames, fps = int(clip["frames"]), int(clip["fps"])
    return len(list(segment_grid(frames, fps)))


def update(trial: Trial, changed: Path) -> None:
    """Deploys another version of the modules in mid-clip; the trial ends with it or before."""
    wait_for("some of the work", lambda: max(trial.progress(), default=0.0) > 0.1)
    trial.victim.deploy(changed)


def copied_modules(folder: Path, *changes: tuple[str, str]) -> Path:
    """All that replicas run, with changes in the drawing engine: what is there, and what is to be there instead."""
    for package in ("backends", "serve_app", "configs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    engine = folder / "backends" / "animation" / f"{TIER.animation.engine}.py"
    source = engine.read_text("utf-8")
    for there, instead in changes:
        assert source.count(there) == 1, there
        source = source.replace(there, instead)
    engine.write_text(source, "utf-8")
    return folder


def make_elsewhere(modules: Path, orders: Sequence[Order], folder: Path) -> None:
    """As `benchmarks.orders.make`, with these modules."""
    names = [f"{order.number}-{order.sentences}" for order in orders]
    path = os.pathsep.join((str(modules), str(ROOT)))
    subprocess.run(
        [sys.executable, "-m", "benchmarks.orders", folder, *names],
        check=True, env=os.environ | {"PYTHONPATH": path}, cwd=modules,
    )  # fmt: skip


def leftovers(victim: Victim) -> list[str]:
    """Files that are not of a finished clip, after the service's own tidying two days later; the service is dead."""
    store = victim.home / "store"
    then = time.time() - _DAYS_S
    for path in store.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))
    jobs, storage = SqlJobs(f"sqlite:///{victim.home / 'jobs.sqlite'}"), open_storage(str(store))
    Housekeeper(jobs, storage).sweep()
    belong = {CLIP, PERFORMANCE, "captions.srt", "captions.vtt"}
    listed = {job.id: job for job in jobs.list(10_000).jobs}
    jobs.close()

    def belongs(path: Path) -> bool:
        _, job, run, *rest = path.relative_to(store).parts
        found = listed.get(job)
        return bool(found and found.run == run and found.clip and "/".join(rest) in belong)

    return [str(p.relative_to(store)) for p in store.rglob("*") if p.is_file() and not belongs(p)]


def counted(victim: Victim) -> Counter[str]:
    """Ends of jobs, as the service counts them itself."""
    text = victim.insist("GET", "/metrics").text
    samples = (s for family in text_string_to_metric_families(text) for s in family.samples)
    ends: Counter[str] = Counter()
    for sample in samples:
        if sample.name == "prosopon_videos_total":
            ends[sample.labels["outcome"]] += int(sample.value)
    return ends


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def strikes(deaths: int, chance: random.Random, with_disk: bool) -> list[str]:
    """So many of all kinds, in any order, and the disk full once."""
    found = [*KINDS, *chance.choices(KINDS, k=max(0, deaths - len(KINDS)))][:deaths]
    chance.shuffle(found)
    if with_disk:
        found.insert(len(KINDS) // 2, DISK_FULL)
    return found


def run(options: argparse.Namespace, folder: Path) -> dict[str, Findings]:
    chance, told = random.Random(options.seed), Console()
    many = [Order(n) for n in range(1, options.jobs + 1)]
    long = [Order(n, 20) for n in (201, 202)]
    later = [Order(n, 20) for n in (203, 204)]
    now, changed = folder / "now", folder / "changed"
    told.print(f"Making {options.jobs} clips undisturbed")
    modules = copied_modules(folder / "modules", PAUSE)
    update_of_them = copied_modules(folder / "update", PAUSE, LIPS)
    make([*many, *long], now)
    make_elsewhere(copied_modules(folder / "lips", LIPS), [*long, *later], changed)
    found: dict[str, Findings] = {}
    with (
        small_disk(folder / "home", 2**29) as disk,
        Victim(folder / "home", modules, TIER.model_dump(), free_port(), nodes=3) as victim,
    ):
        trial = Trial(victim, folder, many)
        batter(trial, strikes(options.deaths, chance, disk), options.every, chance)
        found["everything dies"] = trial.close({"now": now})
        told.print(found["everything dies"])
        trial = Trial(victim, folder, long)
        update(trial, update_of_them)
        found["update in mid-clip"] = trial.close({"now": now, "changed": changed})
        told.print(found["update in mid-clip"])
        trial = Trial(victim, folder, later)
        stop_and_start(trial)
        found["stop and start"] = trial.close({"changed": changed})
        told.print(found["stop and start"])
        ends = counted(victim)
        if sum(ends.values()) != len([*many, *long, *later]):
            found["stop and start"].wrong.append(f"the service counted other ends: {dict(ends)}")
        victim.kill()
        found["stop and start"].wrong += [f"left over: {name}" for name in leftovers(victim)]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--deaths", type=int, default=40)
    parser.add_argument("--every", type=float, default=6.0, help="seconds between two of them")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    head = stamp()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the victim ends too
    with tempfile.TemporaryDirectory(prefix="prosopon-chaos-") as folder:
        found = run(options, Path(folder))
    row = {
        **head,
        "seed": options.seed,
        **{name: findings.plain() for name, findings in found.items()},
    }
    keep("chaos", row)
    return int(any(findings.wrong for findings in found.values()))


if __name__ == "__main__":
    sys.exit(main())

"""A small form of `benchmarks.chaos`: parts of the service are killed, then all of it, and no video suffers."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.boxes import unsigned
from benchmarks.chaos import (
    DISK_FULL,
    LIPS,
    PAUSE,
    Trial,
    batter,
    copied_modules,
    counted,
    free_port,
    leftovers,
    make_elsewhere,
    stop_and_start,
    update,
)
from benchmarks.orders import TIER, Order, make
from benchmarks.victim import NODE, Victim, small_disk

pytestmark = pytest.mark.timeout(900)

MANY = [Order(n) for n in range(1, 7)]
UPDATED = [Order(201, 6), Order(202, 6)]
RESTARTED = [Order(203, 4), Order(204, 4)]
PAUSE_S = 1.0


@dataclass(frozen=True)
class Made:
    """Modules of two versions, and every clip as it has to be."""

    modules: Path
    update: Path
    now: Path
    changed: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    found = Made(
        copied_modules(folder / "modules", PAUSE),
        copied_modules(folder / "update", PAUSE, LIPS),
        folder / "now",
        folder / "changed",
    )
    clips = make([*MANY, *UPDATED], found.now)
    assert len({unsigned(clip.read_bytes()) for clip in clips}) == len(clips), (
        "each clip tells whose it is"
    )
    make_elsewhere(copied_modules(folder / "lips", LIPS), [*UPDATED, *RESTARTED], found.changed)
    name = f"{UPDATED[0].number}-{UPDATED[0].sentences}.mp4"
    first, other = ((folder / name).read_bytes() for folder in (found.now, found.changed))
    assert unsigned(first) != unsigned(other)
    return found


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, bool]]:
    home = tmp_path_factory.mktemp("faults") / "home"
    with small_disk(home, 2**27) as limited:
        yield home, limited


@pytest.fixture(scope="module")
def victim(disk: tuple[Path, bool], made: Made) -> Iterator[Victim]:
    with Victim(disk[0], made.modules, TIER.model_dump(), free_port(), nodes=2) as victim:
        yield victim


def test_all_videos_survive_the_death_of_every_part(
    victim: Victim, made: Made, disk: tuple[Path, bool], tmp_path: Path
) -> None:
    parts = [
        "ray::ServeController",
        "ray::ServeReplica:chaos:Speech",
        "ray::ServeReplica:gateway:Gateway",
        *([DISK_FULL] if disk[1] else []),
        "ray::ServeReplica:chaos:Director",
        "ray::ProxyActor",
        "ray::ServeReplica:chaos:Animation",
        NODE,
    ]
    trial = Trial(victim, tmp_path, MANY)
    batter(trial, parts, PAUSE_S, random.Random(0))
    found = trial.close({"now": made.now})
    assert found.wrong == []
    assert sum(found.killed.values()) > 4, "the work lasted while the parts were killed"


def test_update_in_mid_clip_mixes_no_versions(victim: Victim, made: Made, tmp_path: Path) -> None:
    trial = Trial(victim, tmp_path, UPDATED)
    update(trial, made.update)
    found = trial.close({"now": made.now, "changed": made.changed})
    assert found.wrong == []
    assert set(found.ended) == {"succeeded"}
    assert found.versions["changed"], "the clips in work were given to the new version"


def test_all_goes_on_after_everything_was_killed(
    victim: Victim, made: Made, tmp_path: Path
) -> None:
    trial = Trial(victim, tmp_path, RESTARTED)
    stop_and_start(trial)
    found = trial.close({"changed": made.changed})
    assert found.wrong == []
    assert set(found.ended) == {"succeeded"}
    assert found.drawn_again == 0, "beyond what was in work on the replicas when they died"
    assert sum(counted(victim).values()) == len([*MANY, *UPDATED, *RESTARTED])
    victim.kill()
    assert leftovers(victim) == []
